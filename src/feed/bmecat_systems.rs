//! The feature and classification systems that a BMEcat catalogue brings along: names of features, values, units and groups that
//! its articles name by number alone.
//!
//! ETIM and ECLASS number what they know (`EF000007`, `EC001234`); catalogues with the system itself before their articles say
//! the names too (BMEcat 1.2: FEATURE_SYSTEM, 2005: CLASSIFICATION_SYSTEM).

use crate::feed::tree::{Element, Name, Tree, first};
use std::collections::{BTreeMap, BTreeSet};

/// Names that are kept of all systems together.
const NAMES: usize = 500_000;
/// Bytes of a number or name, and of all that are kept.
const LONGEST: usize = 1_000;
const ALL: usize = 64 << 20;

/// A part of a system that is read whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Section {
    System,
    Group,
    Feature,
    Value,
    Unit,
}

impl Section {
    /// The part that an element of this name is.
    pub fn of(element: &str) -> Option<Section> {
        Some(match element {
            "FEATURE_SYSTEM_NAME" | "CLASSIFICATION_SYSTEM_NAME" => Section::System,
            "FEATURE_GROUP" | "CLASSIFICATION_GROUP" => Section::Group,
            "CLASSIFICATION_SYSTEM_FEATURE_TEMPLATE" => Section::Feature,
            "ALLOWED_VALUE" => Section::Value,
            "UNIT" => Section::Unit,
            _ => return None,
        })
    }
}

/// Names by number.
pub struct Systems {
    names: Names,
    /// The system whose parts are read.
    system: String,
    /// Name and unit of a feature by its number; of features without one, the unit by the name.
    features: BTreeMap<String, (String, String)>,
    /// Numbers of the features of a name: no more than there are features.
    numbers: BTreeMap<String, BTreeSet<String>>,
    values: BTreeMap<String, String>,
    units: BTreeMap<String, String>,
    /// By number, of each system.
    groups: BTreeMap<String, BTreeMap<String, String>>,
    held: Held,
}

#[derive(Clone, Copy)]
struct Names {
    group: [Name; 2],
    group_name: [Name; 2],
    template: [Name; 2],
    feature: [Name; 2],
    feature_name: Name,
    unit: [Name; 2],
    value: Name,
    value_name: Name,
    unit_id: Name,
    unit_names: [Name; 3],
}

impl Systems {
    /// Makes the names of the standard known to the tree.
    pub fn new(tree: &mut Tree) -> Systems {
        let mut name = |text: &str| tree.name(text);
        let names = Names {
            group: [name("FEATURE_GROUP_ID"), name("CLASSIFICATION_GROUP_ID")],
            group_name: [name("FEATURE_GROUP_NAME"), name("CLASSIFICATION_GROUP_NAME")],
            template: [name("FEATURE_TEMPLATE"), name("CLASSIFICATION_GROUP_FEATURE_TEMPLATE")],
            feature: [name("FT_ID"), name("FT_IDREF")],
            feature_name: name("FT_NAME"),
            unit: [name("FT_UNIT"), name("FT_UNIT_IDREF")],
            value: name("ALLOWED_VALUE_ID"),
            value_name: name("ALLOWED_VALUE_NAME"),
            unit_id: name("UNIT_ID"),
            unit_names: [name("UNIT_CODE"), name("UNIT_SHORTNAME"), name("UNIT_NAME")],
        };
        Systems {
            names,
            system: String::new(),
            features: BTreeMap::new(),
            numbers: BTreeMap::new(),
            values: BTreeMap::new(),
            units: BTreeMap::new(),
            groups: BTreeMap::new(),
            held: Held::default(),
        }
    }

    /// Takes over the part in the tree. The error says which limit is passed.
    pub fn read(&mut self, tree: &Tree, section: Section) -> Result<(), String> {
        let names = self.names;
        let one_of = |element: Element, kinds: &[Name]| {
            let found = kinds.iter().find_map(|kind| first(tree, element, *kind));
            short(found.unwrap_or(""))
        };
        match section {
            Section::System => self.system = short(tree.text_of(0))?,
            Section::Group => {
                let (id, name) = (one_of(0, &names.group)?, one_of(0, &names.group_name)?);
                if !id.is_empty() && !name.is_empty() {
                    let system = self.held.at(&mut self.groups, &self.system);
                    let known = self.held.at(system, &id);
                    self.held.set(known, name);
                }
                for template in names.template.iter().flat_map(|template| tree.anywhere(*template)) {
                    let named = one_of(template, &[names.feature_name])?;
                    let id = one_of(template, &names.feature)?;
                    let key = if id.is_empty() { named } else { id };
                    self.unit_of_feature(&key, one_of(template, &names.unit)?);
                }
            }
            Section::Feature => {
                let (id, name) = (one_of(0, &names.feature)?, one_of(0, &[names.feature_name])?);
                // The unit stands inside the description of its content.
                let mut units = names.unit.iter().flat_map(|unit| tree.anywhere(*unit));
                let unit = short(units.next().map_or("", |unit| tree.text_of(unit)))?;
                if !id.is_empty() && !name.is_empty() {
                    self.name_feature(&id, name);
                    self.unit_of_feature(&id, unit);
                }
            }
            Section::Value => {
                let (id, name) = (one_of(0, &[names.value])?, one_of(0, &[names.value_name])?);
                if !id.is_empty() && !name.is_empty() {
                    let known = self.held.at(&mut self.values, &id);
                    self.held.set(known, name);
                }
            }
            Section::Unit => {
                let (id, name) = (one_of(0, &[names.unit_id])?, one_of(0, &names.unit_names)?);
                if !id.is_empty() && !name.is_empty() {
                    let known = self.held.at(&mut self.units, &id);
                    self.held.set(known, name);
                }
            }
        }
        if self.held.names > NAMES || self.held.bytes > ALL {
            let most = ALL >> 20;
            return Err(format!(
                "the systems of the catalogue have more than {NAMES} names or {most} MiB of them"
            ));
        }
        Ok(())
    }

    fn name_feature(&mut self, id: &str, name: String) {
        let (known, _) = self.held.at(&mut self.features, id);
        // What is named anew is no longer found by the name before.
        if let Some(numbers) = self.numbers.get_mut(known) {
            numbers.remove(id);
            if numbers.is_empty() {
                self.numbers.remove(known);
            }
        }
        self.numbers.entry(name.clone()).or_default().insert(id.to_string());
        self.held.set(known, name);
    }

    fn unit_of_feature(&mut self, key: &str, unit: String) {
        if !key.is_empty() && !unit.is_empty() {
            let (_, known) = self.held.at(&mut self.features, key);
            self.held.set(known, unit);
        }
    }

    /// The numbers of the features of a name.
    pub fn numbers(&self, name: &str) -> Option<&BTreeSet<String>> {
        self.numbers.get(name)
    }

    /// The name of a feature by its number.
    pub fn feature(&self, number: &str) -> Option<&str> {
        let (name, _) = self.features.get(number)?;
        (!name.is_empty()).then_some(name.as_str())
    }

    /// The unit of a feature by its number, or by its name.
    pub fn unit(&self, feature: &str) -> Option<&str> {
        let (_, unit) = self.features.get(feature)?;
        let named = self.units.get(unit).unwrap_or(unit);
        (!named.is_empty()).then_some(named.as_str())
    }

    /// The name of an allowed value by its number.
    pub fn value(&self, number: &str) -> Option<&str> {
        self.values.get(number).map(String::as_str)
    }

    /// The name of a group of a system.
    pub fn group(&self, system: &str, number: &str) -> Option<&str> {
        self.groups.get(system)?.get(number).map(String::as_str)
    }
}

/// What is kept, counted where it comes in.
#[derive(Default)]
struct Held {
    names: usize,
    bytes: usize,
}

impl Held {
    /// What a map has under a key, which it gets where it has it not.
    fn at<'m, V: Default>(&mut self, map: &'m mut BTreeMap<String, V>, key: &str) -> &'m mut V {
        if !map.contains_key(key) {
            self.names += 1;
            self.bytes += key.len();
        }
        map.entry(key.to_string()).or_default()
    }

    fn set(&mut self, place: &mut String, text: String) {
        self.bytes = (self.bytes + text.len()).saturating_sub(place.len());
        *place = text;
    }
}

/// A number or name, trimmed.
fn short(text: &str) -> Result<String, String> {
    let text = text.trim();
    match text.len() > LONGEST {
        true => Err(format!(
            "a number or name in the systems of the catalogue has more than {LONGEST} bytes"
        )),
        false => Ok(text.to_string()),
    }
}
