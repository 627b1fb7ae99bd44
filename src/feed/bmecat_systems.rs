//! The feature and classification systems that a BMEcat catalogue brings along: names of features, values, units and groups that
//! its articles name by number alone.
//!
//! ETIM and ECLASS number what they know (`EF000007`, `EC001234`); catalogues with the system itself before their articles say
//! the names too (BMEcat 1.2: FEATURE_SYSTEM, 2005: CLASSIFICATION_SYSTEM).

use crate::feed::tree::{Element, Name, Tree, first};
use std::collections::BTreeMap;

/// Names that are kept of all systems together.
pub const NAMES: usize = 500_000;

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
#[derive(Default)]
pub struct Systems {
    names: Option<Names>,
    /// The system whose parts are read.
    system: String,
    /// Name and unit of a feature by its number; of features without one, the unit by the name.
    features: BTreeMap<String, (String, String)>,
    /// Numbers of the features of a name.
    numbers: BTreeMap<String, Vec<String>>,
    values: BTreeMap<String, String>,
    units: BTreeMap<String, String>,
    /// By system and number.
    groups: BTreeMap<(String, String), String>,
}

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
            names: Some(names),
            ..Systems::default()
        }
    }

    /// Takes over the part in the tree.
    pub fn read(&mut self, tree: &Tree, section: Section) {
        let Some(names) = self.names.take() else { return };
        let one_of = |element: Element, kinds: &[Name]| -> String {
            let mut found = kinds.iter().filter_map(|kind| first(tree, element, *kind));
            found.next().map_or(String::new(), |text| text.trim().to_string())
        };
        match section {
            Section::System => self.system = tree.text_of(0).trim().to_string(),
            Section::Group => {
                let (id, name) = (one_of(0, &names.group), one_of(0, &names.group_name));
                if !id.is_empty() && !name.is_empty() {
                    self.groups.insert((self.system.clone(), id), name);
                }
                let templates = names.template.iter().flat_map(|template| tree.anywhere(*template));
                for template in templates {
                    let named = one_of(template, &[names.feature_name]);
                    let id = one_of(template, &names.feature);
                    let key = if id.is_empty() { named } else { id };
                    self.unit_of_feature(key, one_of(template, &names.unit));
                }
            }
            Section::Feature => {
                let (id, name) = (one_of(0, &names.feature), one_of(0, &[names.feature_name]));
                // The unit stands inside the description of its content.
                let mut units = names.unit.iter().flat_map(|unit| tree.anywhere(*unit));
                let unit = units.next().map_or("", |unit| tree.text_of(unit).trim()).to_string();
                if !id.is_empty() && !name.is_empty() {
                    let numbers = self.numbers.entry(name.clone()).or_default();
                    if !numbers.contains(&id) {
                        numbers.push(id.clone());
                    }
                    self.features.entry(id.clone()).or_default().0 = name;
                    self.unit_of_feature(id, unit);
                }
            }
            Section::Value => {
                let (id, name) = (one_of(0, &[names.value]), one_of(0, &[names.value_name]));
                if !id.is_empty() && !name.is_empty() {
                    self.values.insert(id, name);
                }
            }
            Section::Unit => {
                let (id, name) = (one_of(0, &[names.unit_id]), one_of(0, &names.unit_names));
                if !id.is_empty() && !name.is_empty() {
                    self.units.insert(id, name);
                }
            }
        }
        self.names = Some(names);
    }

    fn unit_of_feature(&mut self, key: String, unit: String) {
        if !key.is_empty() && !unit.is_empty() {
            self.features.entry(key).or_default().1 = unit;
        }
    }

    /// How many names are kept.
    pub fn len(&self) -> usize {
        self.features.len() + self.values.len() + self.units.len() + self.groups.len()
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The numbers of the features of a name.
    pub fn numbers(&self, name: &str) -> &[String] {
        self.numbers.get(name).map_or(&[], |numbers| numbers)
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
        let key = (system.to_string(), number.to_string());
        self.groups.get(&key).map(String::as_str)
    }
}
