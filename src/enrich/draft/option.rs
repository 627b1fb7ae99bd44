//! Options of the schema that a text names: a colour, a power source, a material of the workspace's own lists.

use crate::enrich::draft::word::{Word, forms};
use crate::product::Product;
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::schema::option_list::OptionsId;
use crate::value::{Kind, Value};

/// Most words of an option's name that are compared.
const LONGEST: usize = 4;
/// Shorter names (`S`, `M`, `rot`) are mostly something else in running text.
const SHORTEST: usize = 4;

/// An option named in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Named {
    pub start: usize,
    pub end: usize,
    /// Code of the attribute that has such options.
    pub attribute: String,
    /// What the option is called, in all locales.
    pub labels: Vec<String>,
    /// The product says this option.
    pub said: bool,
}

/// The options of the product's family that a text names, the longest name at each place.
pub fn options(text: &str, words: &[Word<'_>], product: &Product, schema: &Schema) -> Vec<Named> {
    let lists = lists(product, schema);
    let mut found: Vec<Named> = Vec::new();
    for (n, word) in words.iter().enumerate() {
        if found.last().is_some_and(|last| word.start < last.end) {
            continue;
        }
        'longest: for count in (1..=LONGEST).rev() {
            let Some(last) = words.get(n + count - 1) else { continue };
            let span = &text[word.start..last.end];
            // A name does not run over the end of a sentence.
            if span.chars().count() < SHORTEST
                || span.contains(['.', ';', ':', '\n'])
                || !span.contains(char::is_alphabetic)
            {
                continue;
            }
            for (list, attributes) in &lists {
                let spellings = match count {
                    1 => forms(&word.folded).map(str::to_owned).collect(),
                    _ => vec![span.to_owned()],
                };
                let Some(option) = spellings.iter().find_map(|spelling| schema.list(*list).find(spelling)) else {
                    continue;
                };
                let attribute = attributes.first().map(|id| schema.attribute(*id).code.to_string());
                found.push(Named {
                    start: word.start,
                    end: last.end,
                    attribute: attribute.unwrap_or_default(),
                    labels: option.labels.iter().map(|(_, label)| label.to_owned()).collect(),
                    said: attributes.iter().any(|id| says(product, *id, &option.code)),
                });
                break 'longest;
            }
        }
    }
    found
}

/// The lists of the family's attributes, with the attributes that choose from each. States of the offer are left out.
fn lists(product: &Product, schema: &Schema) -> Vec<(OptionsId, Vec<AttributeId>)> {
    let known = schema.known();
    let mut lists: Vec<(OptionsId, Vec<AttributeId>)> = Vec::new();
    for (id, attribute) in schema.attributes() {
        let Some(list) = attribute.options else { continue };
        let has = product.family.is_none_or(|family| schema.family(family).has(id)) || product.any(id).is_some();
        let offer = [known.condition, known.availability].contains(&Some(id));
        if !has || offer || !matches!(attribute.kind, Kind::Option | Kind::Options) {
            continue;
        }
        match lists.iter_mut().find(|(own, _)| *own == list) {
            Some((_, attributes)) => attributes.push(id),
            None => lists.push((list, vec![id])),
        }
    }
    lists
}

fn says(product: &Product, id: AttributeId, code: &str) -> bool {
    product
        .values
        .iter()
        .filter(|resolved| resolved.key.attribute == id && !resolved.by.is_draft())
        .any(|resolved| match &resolved.value {
            Value::Option(own) => own == code,
            Value::Options(own) => own.iter().any(|own| own == code),
            _ => false,
        })
}
