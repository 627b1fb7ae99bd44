//! The golden record: all layers of one product, resolved, with the source of each value.
//!
//! How layers become a product is left to `merge`.

pub mod batch;
pub mod completeness;
pub mod item;
pub mod layer;
pub mod listing;
pub mod origin;
pub mod record;

use crate::product::origin::Origin;
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::schema::family::FamilyId;
use crate::schema::scope::Key;
use crate::value::Value;

/// One value of a product and who said it.
#[derive(Debug, Clone, PartialEq)]
pub struct Resolved {
    pub key: Key,
    pub value: Value,
    pub by: By,
    /// Where the value came from; of a derived value, where the product itself did.
    pub origin: Origin,
}

/// Who gave a product a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum By {
    /// One of the product's layers, as a position in the list it was resolved from.
    Layer(u16),
    /// The editor's layer, likewise: a person said it.
    Editor(u16),
    /// The layer of accepted drafts, likewise: a language model wrote it.
    Draft(u16),
    /// The product model, which lends it to its variants.
    Model,
    /// The same, of what a person said of the product model.
    ModelEditor,
    /// The same, of a text that a language model wrote for the product model.
    ModelDraft,
    /// Read out of the product's own texts.
    Specs,
    /// Said by the rule of this number.
    Rule(u16),
    /// Written from the product's own values, by the template of this number.
    Copy(u16),
}

impl By {
    /// The layer that said it, where one of the product's own did.
    pub fn layer(self) -> Option<usize> {
        match self {
            By::Layer(n) | By::Editor(n) | By::Draft(n) => Some(usize::from(n)),
            _ => None,
        }
    }

    /// True for what the product model lends.
    pub fn is_inherited(self) -> bool {
        matches!(self, By::Model | By::ModelEditor | By::ModelDraft)
    }

    /// True for what a person said.
    pub fn is_editor(self) -> bool {
        matches!(self, By::Editor(_) | By::ModelEditor)
    }

    /// True for what a language model wrote.
    pub fn is_draft(self) -> bool {
        matches!(self, By::Draft(_) | By::ModelDraft)
    }
}

/// The golden record. A view: nothing stores it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Product {
    /// Number in the store.
    pub id: i64,
    pub sku: String,
    /// Code of the product model, for variants.
    pub model: Option<String>,
    pub family: Option<FamilyId>,
    /// True while a supplier offers it or an editor made it; withdrawn products leave every channel.
    pub active: bool,
    /// Values sorted by key, each key once.
    pub values: Vec<Resolved>,
    /// What its owner leaves blank, sorted: nothing is read out of texts for it.
    pub blank: Vec<AttributeId>,
}

impl Product {
    /// The value under exactly this key.
    pub fn exact(&self, key: Key) -> Option<&Resolved> {
        let at = self.values.binary_search_by_key(&key, |resolved| resolved.key).ok()?;
        Some(&self.values[at])
    }

    /// The value of an attribute as a locale and channel see it: channel and locale, locale, channel, none.
    /// `locale` and `channel` are numbers as in `Key`, 0 for none.
    pub fn value(&self, attribute: AttributeId, locale: u8, channel: u8) -> Option<&Value> {
        self.resolved(attribute, locale, channel)
            .map(|resolved| &resolved.value)
    }

    /// The same with who said it.
    pub fn resolved(&self, attribute: AttributeId, locale: u8, channel: u8) -> Option<&Resolved> {
        let from = self
            .values
            .partition_point(|resolved| resolved.key.attribute < attribute);
        let of = self.values[from..]
            .iter()
            .take_while(|resolved| resolved.key.attribute == attribute);
        // The more a value's scope says, the better it fits; a scope that says something else does not fit at all.
        of.filter(|resolved| {
            let Key {
                locale: l, channel: c, ..
            } = resolved.key;
            (l == 0 || l == locale) && (c == 0 || c == channel)
        })
        .max_by_key(|resolved| u8::from(resolved.key.locale != 0) * 2 + u8::from(resolved.key.channel != 0))
    }

    /// The value of an attribute in any scope, the first by key: for uses that only ask whether there is one.
    pub fn any(&self, attribute: AttributeId) -> Option<&Value> {
        let at = self
            .values
            .partition_point(|resolved| resolved.key.attribute < attribute);
        self.values
            .get(at)
            .filter(|resolved| resolved.key.attribute == attribute)
            .map(|resolved| &resolved.value)
    }

    /// True where the attribute's owner leaves it blank.
    pub fn keeps_blank(&self, attribute: AttributeId) -> bool {
        self.blank.binary_search(&attribute).is_ok()
    }

    /// The code of the product's category, if it is said.
    pub fn category<'a>(&'a self, schema: &Schema) -> Option<&'a str> {
        match self.any(schema.known().category?)? {
            Value::Identifier(code) | Value::Text(code) | Value::Option(code) => Some(code),
            _ => None,
        }
    }

    /// The family that the values say, or else the one that their category brings.
    pub fn told_family(&self, schema: &Schema) -> Option<FamilyId> {
        let said = schema.known().family.and_then(|family| self.any(family));
        said.and_then(|code| schema.family_by_code(&code.to_text()))
            .or_else(|| schema.category(schema.category_by_code(self.category(schema)?)?).family)
    }
}
