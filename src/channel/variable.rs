//! What fields, templates and filters read of a product, looked up once: attribute, locale, channel, labels.
//!
//! How a value is spelled for a field is left to `spell`.

use crate::declaration::nearest::suggestion;
use crate::diagnostic::excerpt;
use crate::product::Product;
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::schema::scope::Key;
use crate::value::mismatch::Mismatch;
use crate::value::{Kind, Value};
use std::sync::Arc;

/// Something a product is asked for.
#[derive(Debug, Clone, PartialEq)]
pub enum Variable {
    /// The SKU.
    Sku,
    /// Code of the product model.
    Model,
    /// Code of the family, out of all families' codes.
    Family(Arc<[Box<str>]>),
    /// The shop's address, the same for all products.
    Domain,
    /// The value of an attribute.
    Attribute(Reading),
    /// The name of an option in the channel's locale, in the place of its code.
    Label(Reading),
}

impl Variable {
    /// The attribute it reads, where it reads one.
    pub fn reading(&self) -> Option<&Reading> {
        match self {
            Variable::Attribute(reading) | Variable::Label(reading) => Some(reading),
            _ => None,
        }
    }
}

/// An attribute as one channel reads it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// The attribute.
    pub attribute: AttributeId,
    /// Its code.
    pub code: Arc<str>,
    /// Kind of its values.
    pub kind: Kind,
    /// Locale and channel, as in `Key`.
    pub locale: u8,
    pub channel: u8,
    /// Names of its options, for options.
    pub labels: Option<Arc<Words>>,
    /// Price rules apply.
    pub priced: bool,
    /// Code of the unit of its measures.
    pub unit: Option<Arc<str>>,
}

/// Names by code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Words(Vec<(Box<str>, Box<str>)>);

impl Words {
    /// Words by code, in any order.
    pub fn new(mut words: Vec<(Box<str>, Box<str>)>) -> Words {
        words.sort();
        Words(words)
    }

    /// The word of a code.
    pub fn get(&self, code: &str) -> Option<&str> {
        let at = self.0.binary_search_by(|(own, _)| (**own).cmp(code)).ok()?;
        Some(&self.0[at].1)
    }
}

impl Reading {
    /// What the product says, as the channel's scope sees it.
    pub fn of<'a>(&self, product: &'a Product) -> Option<&'a Value> {
        product
            .value(self.attribute, self.locale, self.channel)
            .filter(|value| !value.is_empty())
    }

    /// True where a language model wrote what the product says.
    pub fn is_draft(&self, product: &Product) -> bool {
        product
            .resolved(self.attribute, self.locale, self.channel)
            .is_some_and(|resolved| resolved.by.is_draft() && !resolved.value.is_empty())
    }

    /// The name of an option, its code where it has none.
    pub fn label<'a>(&'a self, code: &'a str) -> &'a str {
        self.labels.as_ref().and_then(|labels| labels.get(code)).unwrap_or(code)
    }
}

/// Finds variables by their names in one channel.
pub struct Names<'a> {
    /// The workspace's schema.
    pub schema: &'a Schema,
    /// Locale of the channel's texts.
    pub locale: &'a str,
    /// The channel's code.
    pub channel: &'a str,
    /// Attributes that price rules apply to.
    pub priced: &'a [AttributeId],
}

/// Names that are no attributes.
const OTHERS: [&str; 4] = ["domain", "family", "model", "sku"];

impl Names<'_> {
    /// The variable of a name: an attribute's code, with `@locale` for another locale, or `sku`, `model`, `family`, `domain`.
    pub fn find(&self, name: &str) -> Result<Variable, Mismatch> {
        match name {
            "sku" => return Ok(Variable::Sku),
            "domain" => return Ok(Variable::Domain),
            // A schema may have these as attributes too; the product itself knows them better.
            "model" => return Ok(Variable::Model),
            "family" => {
                let codes = self.schema.families().iter().map(|family| family.code.clone());
                return Ok(Variable::Family(codes.collect()));
            }
            _ => {}
        }
        if self.schema.by_code(name).is_none()
            && let Some(code) = name.strip_suffix(LABEL)
        {
            return Ok(Variable::Label(self.reading(code)?));
        }
        Ok(Variable::Attribute(self.reading(name)?))
    }

    /// The reading of an attribute.
    pub fn reading(&self, name: &str) -> Result<Reading, Mismatch> {
        let code = name.split('@').next().unwrap_or(name);
        if self.schema.by_code(code).is_none() {
            let known = self
                .schema
                .attributes()
                .map(|(_, attribute)| &*attribute.code)
                .chain(OTHERS);
            let mut known: Vec<&str> = known.collect();
            known.sort_unstable();
            let message = format!("unknown attribute `{}`", excerpt(code));
            return Err(Mismatch::new("E-UNKNOWN-ATTRIBUTE", message).with_help(suggestion(code, known)));
        }
        let key = Key::parse(self.schema, name)?;
        let attribute = self.schema.attribute(key.attribute);
        let own = |said: u8, number: Option<u8>| if said == 0 { number.unwrap_or(0) } else { said };
        let said = self.schema.locale_code(key.locale).unwrap_or(self.locale);
        let labels = self.schema.list_of(key.attribute).map(|list| {
            let label = |option: &crate::schema::option_list::OptionValue| {
                (option.code.clone(), Box::from(option.labels.text(said)))
            };
            Arc::new(Words::new(list.options.iter().map(label).collect()))
        });
        Ok(Reading {
            attribute: key.attribute,
            code: Arc::from(code),
            kind: attribute.kind,
            locale: own(key.locale, self.schema.locale_number(self.locale)),
            channel: own(key.channel, self.schema.channel_number(self.channel)),
            labels,
            priced: self.priced.contains(&key.attribute),
            unit: attribute.unit.as_deref().map(Arc::from),
        })
    }
}

/// What a template's `color|label` becomes behind the scenes: the engine's filters see a value and not whose it is.
pub const LABEL: &str = "__label";
