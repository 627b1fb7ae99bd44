//! The names that templates use, looked up once: attributes, the SKU, the names of family and category.
//!
//! How their values are written is left to `spell`.

use crate::declaration::nearest::suggestion;
use crate::diagnostic::excerpt;
use crate::enrich::copy::spell::{Locale, Reading, Term};
use crate::product::Product;
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::value::Value;
use crate::value::mismatch::Mismatch;
use std::cell::RefCell;
use std::sync::Arc;

/// A name in a template.
#[derive(Debug, Clone)]
pub enum Variable {
    /// The SKU.
    Sku,
    /// Code of the product model.
    Model,
    /// Name of the family.
    Family,
    /// Name of the category.
    Category,
    /// What the product says of an attribute.
    Attribute(Reading),
    /// The codes of options, not their names.
    Code(Reading),
    /// What an attribute is called.
    Label(Box<str>),
    /// `Power: 1100 W` for every attribute that the product says.
    Facts(Vec<(Box<str>, Reading)>),
}

/// What templates of one locale share.
#[derive(Debug)]
pub struct Vocabulary {
    pub locale: Locale,
    /// By the family's id.
    families: Vec<Box<str>>,
    /// By code, sorted, with the category's own attribute.
    categories: Vec<(Box<str>, Box<str>)>,
    category: Option<AttributeId>,
}

impl Vocabulary {
    pub fn new(schema: &Schema, locale: &str) -> Vocabulary {
        Vocabulary {
            locale: Locale::new(locale),
            families: schema
                .families()
                .iter()
                .map(|family| family.labels.text(locale).into())
                .collect(),
            categories: schema
                .categories()
                .iter()
                .map(|category| (category.code.clone(), category.labels.text(locale).into()))
                .collect(),
            category: schema.known().category,
        }
    }

    fn category<'a>(&'a self, product: &'a Product) -> Option<&'a str> {
        let code = match product.any(self.category?)? {
            Value::Identifier(code) | Value::Text(code) | Value::Option(code) => code,
            _ => return None,
        };
        let at = self.categories.binary_search_by(|(own, _)| (**own).cmp(code)).ok()?;
        Some(&self.categories[at].1)
    }
}

/// Finds variables by their names for one locale and channel; notes which attributes are read.
pub struct Names<'a> {
    pub schema: &'a Schema,
    pub vocabulary: Arc<Vocabulary>,
    /// Locale and channel, as in `Key`.
    pub locale: u8,
    pub channel: u8,
    /// The template writes HTML.
    pub html: bool,
    /// Attributes read so far.
    pub read: RefCell<Vec<AttributeId>>,
}

/// Names that are no attributes, or that the product itself knows better.
const OTHERS: [&str; 4] = ["category", "family", "model", "sku"];
/// Functions of names, which are looked up when the template is read.
pub const FORMS: [&str; 3] = ["code", "facts", "label"];

impl Names<'_> {
    /// The variable of a name. Faults: `E-UNKNOWN-ATTRIBUTE`.
    pub fn find(&self, name: &str) -> Result<Variable, Mismatch> {
        Ok(match name {
            "sku" => Variable::Sku,
            "model" => Variable::Model,
            "family" => Variable::Family,
            "category" => Variable::Category,
            name => Variable::Attribute(self.reading(name)?.1),
        })
    }

    /// `code("color")`, `label("power")`, `facts("power", "voltage")`. Faults: `E-UNKNOWN-ATTRIBUTE`, `E-TEMPLATE`.
    pub fn form(&self, form: &str, names: &[String]) -> Result<Variable, Mismatch> {
        let fault = |message: String| Err(Mismatch::new("E-TEMPLATE", message));
        match (form, names) {
            (_, []) => fault(format!("`{form}` names no attribute")),
            ("facts", names) => {
                let fact = |name: &String| self.reading(name);
                Ok(Variable::Facts(names.iter().map(fact).collect::<Result<_, _>>()?))
            }
            ("code", [name]) => Ok(Variable::Code(self.reading(name)?.1)),
            ("label", [name]) => Ok(Variable::Label(self.reading(name)?.0)),
            _ => fault(format!("`{form}` takes one name")),
        }
    }

    fn reading(&self, name: &str) -> Result<(Box<str>, Reading), Mismatch> {
        let Some(id) = self.schema.by_code(name) else {
            let known = self.schema.attributes().map(|(_, attribute)| &*attribute.code);
            let mut known: Vec<&str> = known.chain(OTHERS).collect();
            known.sort_unstable();
            known.dedup();
            let message = format!("unknown attribute `{}`", excerpt(name));
            return Err(Mismatch::new("E-UNKNOWN-ATTRIBUTE", message).with_help(suggestion(name, known)));
        };
        self.read.borrow_mut().push(id);
        let label = self.schema.attribute(id).labels.text(&self.vocabulary.locale.code);
        Ok((label.into(), Reading::new(self.schema, id, self.locale, self.channel)))
    }
}

impl Variable {
    /// Its values may hold markup that a source wrote.
    pub fn is_rich(&self) -> bool {
        matches!(self, Variable::Attribute(reading) if reading.is_rich)
    }

    /// What it gives for a product; `html` where the text is markup.
    pub fn term<'a>(&'a self, product: &'a Product, vocabulary: &'a Vocabulary, html: bool) -> Term<'a> {
        let text = |text: Option<&'a str>| text.map_or(Term::Nothing, |text| Term::Text(text.into()));
        match self {
            Variable::Sku => Term::Text(product.sku.as_str().into()),
            Variable::Model => text(product.model.as_deref()),
            Variable::Family => {
                let family = product
                    .family
                    .and_then(|family| vocabulary.families.get(usize::from(family.0)));
                text(family.map(|label| &**label))
            }
            Variable::Category => text(vocabulary.category(product)),
            Variable::Attribute(reading) => reading.term(product, &vocabulary.locale),
            Variable::Code(reading) => reading.code(product),
            Variable::Label(label) => Term::Text((&**label).into()),
            Variable::Facts(facts) => {
                let said = facts.iter().filter_map(|(label, reading)| {
                    let term = reading.term(product, &vocabulary.locale);
                    // A weight of 0 kg is a gap in a list, not a fact.
                    let zero = matches!(&term, Term::Number(number, _) if number.is_zero());
                    (!zero && !term.is_blank()).then(|| format!("{label}: {}", term.plain()))
                });
                if !html {
                    return Term::List(said.map(Into::into).collect());
                }
                let mut out = String::new();
                for fact in said {
                    out.push_str("<li>");
                    crate::enrich::copy::words::escape(&fact, &mut out);
                    out.push_str("</li>");
                }
                if out.is_empty() {
                    Term::Nothing
                } else {
                    Term::Html(out.into())
                }
            }
        }
    }
}
