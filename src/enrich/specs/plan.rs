//! What is looked for in the texts of each family, worked out once.
//!
//! Which words say it stands in `lexicon`.

use crate::enrich::specs::lexicon::Lexicon;
use crate::enrich::specs::unit_words::{UnitId, UnitWords};
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::schema::family::{Family, FamilyId};
use crate::schema::option_list::OptionsId;
use crate::schema::policy::Role;
use crate::schema::specs::{Pack, Side};
use crate::value::Kind;
use crate::value::unit::Exchange;

/// Dimensions that texts mention of many things: an attribute is meant only where its name stands beside the measure.
const EVERYDAY: &[&str] = &[
    "length",
    "area",
    "mass",
    "volume",
    "time",
    "ratio",
    "temperature",
    "count",
    "angle",
    "speed",
    "density",
    "linear_density",
    "grammage",
];

/// What all plans are made of.
#[derive(Clone, Copy)]
pub struct Reads<'a> {
    /// The attributes that are read out of texts, sorted.
    pub wanted: &'a [AttributeId],
    /// Codes of those that the workspace leaves alone.
    pub off: &'a [String],
    pub lexicon: &'a Lexicon,
    pub units: &'a UnitWords,
}

/// What is looked for in one family.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    pub family: Option<FamilyId>,
    /// Sorted.
    pub attributes: Vec<AttributeId>,
    /// By dimension: the measures, and the one that counts without its name.
    pub measures: Vec<(Vec<AttributeId>, Option<AttributeId>)>,
    /// The attributes of each list, and whether they count without their name.
    pub lists: Vec<(OptionsId, Vec<(AttributeId, bool)>)>,
    pub shapes: Vec<(AttributeId, regex::Regex)>,
    pub sides: Vec<(Side, AttributeId)>,
    /// What variants of one model never differ in.
    pub shared: Vec<AttributeId>,
    /// What `12 x` of a multipack fills.
    pub count: Option<AttributeId>,
    /// By entry of the lexicon: it means something here.
    pub relevant: Box<[bool]>,
}

impl Plan {
    pub fn has(&self, attribute: AttributeId) -> bool {
        self.attributes.binary_search(&attribute).is_ok()
    }

    /// The attributes of a list with whether they count without their name.
    pub fn of_list(&self, list: OptionsId) -> &[(AttributeId, bool)] {
        let at = self.lists.binary_search_by_key(&list, |(known, _)| *known).ok();
        at.map_or(&[], |at| &self.lists[at].1)
    }

    /// What a family's products (none: products without one) are read for.
    pub fn new(schema: &Schema, family: Option<FamilyId>, reads: &Reads<'_>) -> Plan {
        let Reads {
            wanted,
            off,
            lexicon,
            units,
        } = *reads;
        let common = schema.family_by_code(crate::schema::family::COMMON);
        let Some(known) = family.or(common).map(|id| schema.family(id)) else {
            return Plan::default();
        };
        let root = root(schema, family.or(common));
        // A product without a family shows nothing of its kind: only what is named counts.
        let telling = family.is_some();
        let attributes: Vec<AttributeId> = wanted.iter().copied().filter(|id| known.has(*id)).collect();
        let bare = |id: AttributeId, usual: bool| {
            let hints = &schema.attribute(id).specs;
            match hints.bare_in.is_empty() {
                false => hints.bare_in.iter().any(|code| in_line(schema, family, code)),
                true => telling && hints.bare.unwrap_or(usual),
            }
        };
        let explicit = |id: AttributeId| {
            let hints = &schema.attribute(id).specs;
            hints.bare == Some(true) || !hints.bare_in.is_empty()
        };
        let mut measures = vec![(Vec::new(), None); units.dimensions().len()];
        for id in attributes.iter().copied() {
            let Some(dimension) = schema
                .attribute(id)
                .dimension
                .as_deref()
                .and_then(|name| units.dimension(name))
            else {
                continue;
            };
            measures[usize::from(dimension)].0.push(id);
        }
        for (n, (of, alone)) in measures.iter_mut().enumerate() {
            let usual = !EVERYDAY.contains(&&*units.dimensions()[n]);
            let counting: Vec<AttributeId> = of.iter().copied().filter(|id| bare(*id, usual)).collect();
            let said: Vec<AttributeId> = counting.iter().copied().filter(|id| explicit(*id)).collect();
            *alone = match (said.as_slice(), counting.as_slice()) {
                ([one], _) | ([], [one]) => Some(*one),
                _ => None,
            };
        }
        let mut lists: Vec<(OptionsId, Vec<(AttributeId, bool)>)> = Vec::new();
        for id in attributes.iter().copied() {
            let Some(list) = schema.attribute(id).options else {
                continue;
            };
            let alone = bare(id, is_its_own(known, root, schema.channels().len(), id));
            match lists.binary_search_by_key(&list, |(known, _)| *known) {
                Ok(at) => lists[at].1.push((id, alone)),
                Err(at) => lists.insert(at, (list, vec![(id, alone)])),
            }
        }
        let hints = |id: &AttributeId| &schema.attribute(*id).specs;
        let shape = |id: &AttributeId| {
            let shape = hints(id).shape.as_ref()?;
            Some((*id, regex::Regex::new(&format!("^(?:{shape})$")).ok()?))
        };
        let uses = |list: OptionsId| lists.binary_search_by_key(&list, |(known, _)| *known).is_ok();
        let has = |id: AttributeId| attributes.binary_search(&id).is_ok();
        let own = schema.known().own();
        let shared = known.attributes.iter().copied().filter(|id| {
            let attribute = schema.attribute(*id);
            let usual =
                matches!(attribute.kind, Kind::Option | Kind::Options | Kind::Boolean) && !known.axes.is_empty();
            family.is_some()
                && attribute.specs.shared.unwrap_or(usual)
                && attribute.role == Role::Content
                && !attribute.localizable
                && !attribute.scopable
                && !known.axes.contains(id)
                && !own.contains(id)
                && !off.iter().any(|code| **code == *attribute.code)
        });
        Plan {
            family,
            shared: shared.collect(),
            measures,
            shapes: attributes.iter().filter_map(shape).collect(),
            sides: attributes
                .iter()
                .filter_map(|id| Some((hints(id).side?, *id)))
                .collect(),
            count: attributes
                .iter()
                .copied()
                .find(|id| hints(id).pack == Some(Pack::Count)),
            relevant: lexicon.relevant(&has, &uses),
            lists,
            attributes,
        }
    }
}

/// True where a family has the attribute by its own right, and not only because every product may have it.
fn is_its_own(family: &Family, root: Option<&Family>, channels: usize, id: AttributeId) -> bool {
    let needed = || (0..=channels.min(255)).any(|channel| family.required(channel as u8).contains(&id));
    root.is_none_or(|root| !root.has(id)) || family.axes.contains(&id) || needed()
}

fn root(schema: &Schema, family: Option<FamilyId>) -> Option<&Family> {
    let mut at = schema.family(family?);
    while let Some(parent) = at.parent {
        at = schema.family(parent);
    }
    // A family without parents has all its attributes by its own right.
    (Some(&at.code) != family.map(|id| &schema.family(id).code)).then_some(at)
}

fn in_line(schema: &Schema, family: Option<FamilyId>, code: &str) -> bool {
    let mut at = family;
    while let Some(id) = at {
        let known = schema.family(id);
        if *known.code == *code {
            return true;
        }
        at = known.parent;
    }
    false
}

/// The attributes that are read out of texts: what a product has and no supplier's offer, of kinds that texts can say, but
/// not those by which the program itself knows products, and none that is locked.
pub fn wanted(schema: &Schema, off: &[String]) -> Vec<AttributeId> {
    let own = schema.known().own();
    let wanted = schema.attributes().filter(|(id, attribute)| {
        let readable = match attribute.kind {
            Kind::Measure | Kind::Integer | Kind::Decimal | Kind::Boolean | Kind::Option | Kind::Options => {
                !attribute.localizable
            }
            Kind::Text | Kind::Identifier => attribute.specs.shape.is_some() || attribute.specs.clause,
            _ => false,
        };
        readable
            && attribute.role == Role::Content
            && attribute.specs.read
            && !attribute.locked
            && !own.contains(id)
            && !off.iter().any(|code| **code == *attribute.code)
    });
    wanted.map(|(id, _)| id).collect()
}

/// By attribute of the schema: the ways from the units of its dimension to its own.
pub fn exchanges(schema: &Schema, units: &UnitWords) -> Vec<Vec<(UnitId, Exchange)>> {
    let of = |(_, attribute): (AttributeId, &crate::schema::attribute::Attribute)| {
        let Some(unit) = attribute.unit.as_deref() else {
            return Vec::new();
        };
        let dimension = attribute.dimension.as_deref().and_then(|name| units.dimension(name));
        let same = units
            .units
            .iter()
            .enumerate()
            .filter(|(_, word)| Some(word.dimension) == dimension);
        same.filter_map(|(n, word)| Some((n as UnitId, schema.units().exchange(&word.code, unit).ok()?)))
            .collect()
    };
    schema.attributes().map(of).collect()
}
