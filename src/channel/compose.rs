//! Product to listing: each field filled from where the channel says, in the form the pack wants.
//!
//! Everything is compiled once, so that a product costs look-ups and texts. What the result is worth is left to `rule`; a
//! value that cannot be spelled (a price in another currency) is left out and told.

use crate::channel::chunk::Draft;
use crate::channel::pack::Pack;
use crate::channel::pack::field::{FieldKind, Required};
use crate::channel::pack::file::Availability;
use crate::channel::rule::fault::Fault;
use crate::channel::rule::finding::{Finding, OF_THE_FIELD, Outcome, finding};
use crate::channel::settings::ImageSource;
use crate::channel::spell::{Form, Spelling, Unspelled, many, one_line};
use crate::channel::template::{Template, Templates};
use crate::channel::variable::{Reading, Words};
use crate::product::Product;
use crate::product::listing::{Content, Listing};
use crate::schema::family::FamilyId;
use crate::value::unit::Exchange;
use crate::value::{Value, number};
use rust_decimal::{Decimal, RoundingStrategy};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Fills the fields of one channel.
#[derive(Debug, Clone)]
pub struct Composer {
    /// What each field of the pack is filled from, by its number.
    pub fields: Vec<(u16, Fill)>,
    /// Number of fields of the pack.
    pub width: usize,
    /// How values are spelled.
    pub spelling: Spelling,
    /// The engine of the templates.
    pub templates: Templates,
}

/// Where a field comes from, compiled.
#[derive(Debug, Clone)]
pub enum Fill {
    /// The SKU, model or family, as a text.
    Constant(String),
    Sku,
    Model,
    Attribute(Reading, Form),
    Template(Template, Form, FieldKind),
    /// The category's text by its code.
    Category(Option<Reading>, Arc<Words>),
    Family(Arc<[Box<str>]>),
    /// Stock, the attribute that tells other states, and the pack's words for them.
    Availability(Option<Reading>, Option<Reading>, Arc<Availability>),
    /// The pack's words by the value's code.
    Words(Reading, Arc<Words>),
    Image(Option<Reading>, Form, ImageSource),
    /// The n-th axis of each family: label and reading.
    AxisName(u8, Arc<Axes>),
    AxisValue(u8, Arc<Axes>, Form),
    Measure {
        reading: Reading,
        exchange: Option<Exchange>,
        word: String,
        bare: bool,
        decimals: u32,
    },
    When(Reading, Box<Fill>),
    /// Asked only where what it gives was drafted by a language model (`true`), or was not.
    Drafted(Box<Fill>, bool),
    FirstOf(Vec<Fill>),
    List(Vec<Fill>),
    Groups(Vec<Vec<(String, Fill)>>),
    Details {
        attributes: Vec<(String, Reading)>,
        label: String,
        value: String,
        /// Parts that are the same in each.
        also: Vec<(String, String)>,
        form: Form,
    },
}

/// The axes of every family, by its id: label and reading.
pub type Axes = BTreeMap<FamilyId, Vec<(String, Reading)>>;

/// What a field could not be filled with.
struct Loss {
    fault: Fault,
    value: String,
}

impl Composer {
    /// Fills all fields of a product.
    pub fn compose(&self, pack: &Pack, product: &Product) -> Draft {
        let mut contents = vec![Content::Empty; self.width];
        let mut findings = Vec::new();
        for (number, fill) in &self.fields {
            let content = match self.fill(fill, product) {
                Ok(content) => content,
                Err(loss) => {
                    findings.push(lost(pack, *number, &loss));
                    continue;
                }
            };
            if let Some(place) = contents.get_mut(usize::from(*number)) {
                *place = content;
            }
        }
        let listing = Listing {
            product: product.id,
            sku: product.sku.clone(),
            model: product.model.clone(),
            contents,
        };
        Draft { listing, findings }
    }

    fn fill(&self, fill: &Fill, product: &Product) -> Result<Content, Loss> {
        Ok(match fill {
            Fill::Constant(text) => Content::One(text.clone()),
            Fill::Sku => Content::One(product.sku.clone()),
            Fill::Model => product.model.clone().map_or(Content::Empty, Content::One),
            Fill::Family(codes) => {
                let code = product.family.and_then(|family| codes.get(usize::from(family.0)));
                code.map_or(Content::Empty, |code| Content::One(code.to_string()))
            }
            Fill::Attribute(reading, form) => match reading.of(product) {
                Some(value) => form
                    .content(value, reading, &self.spelling)
                    .map_err(|why| unspelled(why, value))?,
                None => Content::Empty,
            },
            Fill::Template(template, form, kind) => {
                let text = self.templates.render(template, product, &self.spelling);
                let text = text.map_err(|value| Loss {
                    fault: Fault::TemplateFailed,
                    value,
                })?;
                let text = match kind {
                    FieldKind::Html | FieldKind::Json => text,
                    FieldKind::Text => text.trim().to_string(),
                    FieldKind::Url | FieldKind::ImageUrl => form.plain_text(&text).into_owned(),
                    _ => one_line(&text).into_owned(),
                };
                if text.is_empty() {
                    Content::Empty
                } else {
                    Content::One(text)
                }
            }
            Fill::Category(reading, words) => {
                let code = reading.as_ref().and_then(|reading| reading.of(product)).and_then(code);
                word(code.and_then(|code| words.get(code)))
            }
            Fill::Availability(stock, stated, words) => {
                let stock = stock.as_ref().and_then(|reading| reading.of(product)).and_then(pieces);
                let stated = stated.as_ref().and_then(|reading| reading.of(product)).and_then(code);
                word(state(stock, stated, words))
            }
            Fill::Words(reading, words) => match reading.of(product) {
                Some(Value::Options(codes)) => many(
                    codes
                        .iter()
                        .filter_map(|code| words.get(code))
                        .map(String::from)
                        .collect(),
                ),
                Some(value) => word(words.get(&value.to_text())),
                None => Content::Empty,
            },
            Fill::Image(reading, form, which) => {
                let Some(Value::Media(pictures)) = reading.as_ref().and_then(|reading| reading.of(product)) else {
                    return Ok(Content::Empty);
                };
                let chosen = match which {
                    ImageSource::First => pictures.get(..1),
                    ImageSource::Others => pictures.get(1..),
                    ImageSource::All => Some(pictures.as_slice()),
                };
                many(form.pictures(chosen.unwrap_or_default(), &self.spelling))
            }
            Fill::AxisName(place, axes) => {
                axis(*place, axes, product).map_or(Content::Empty, |(label, _, _)| Content::One(label.to_string()))
            }
            Fill::AxisValue(place, axes, form) => match axis(*place, axes, product) {
                Some((_, reading, value)) => form
                    .content(value, reading, &self.spelling)
                    .map_err(|why| unspelled(why, value))?,
                None => Content::Empty,
            },
            Fill::Measure {
                reading,
                exchange,
                word,
                bare,
                decimals,
            } => {
                let Some(value) = reading.of(product) else {
                    return Ok(Content::Empty);
                };
                measure(value, exchange.as_ref(), word, *bare, *decimals)
                    .ok_or_else(|| unspelled(Unspelled::TooLarge, value))?
            }
            Fill::When(reading, fill) => match reading.of(product) {
                Some(_) => self.fill(fill, product)?,
                None => Content::Empty,
            },
            Fill::Drafted(fill, wanted) => match self.is_draft(fill, product)? == *wanted {
                true => self.fill(fill, product)?,
                false => Content::Empty,
            },
            Fill::FirstOf(fills) => {
                for fill in fills {
                    let content = self.fill(fill, product)?;
                    if !content.is_empty() {
                        return Ok(content);
                    }
                }
                Content::Empty
            }
            Fill::List(fills) => {
                let mut texts = Vec::new();
                for fill in fills {
                    let content = self.fill(fill, product)?;
                    texts.extend(content.texts().filter(|text| !text.is_empty()).map(String::from));
                }
                many(texts)
            }
            Fill::Groups(groups) => {
                let mut out = Vec::with_capacity(groups.len());
                for parts in groups {
                    let mut filled = Vec::with_capacity(parts.len());
                    for (name, fill) in parts {
                        let content = self.fill(fill, product)?;
                        if !content.is_empty() {
                            filled.push((name.clone(), content.first().to_string()));
                        }
                    }
                    out.push(filled);
                }
                Content::Groups(out)
            }
            Fill::Details {
                attributes,
                label,
                value,
                also,
                form,
            } => {
                let mut out = Vec::new();
                for (name, reading) in attributes {
                    let Some(said) = reading.of(product) else { continue };
                    let content = form
                        .content(said, reading, &self.spelling)
                        .map_err(|why| unspelled(why, said))?;
                    let text = content.texts().collect::<Vec<_>>().join(", ");
                    let mut parts = also.clone();
                    parts.extend([(label.clone(), name.clone()), (value.clone(), text)]);
                    out.push(parts);
                }
                if out.is_empty() {
                    Content::Empty
                } else {
                    Content::Groups(out)
                }
            }
        })
    }

    /// True where a language model wrote any of what a source gives. Of several sources only those count that are used.
    fn is_draft(&self, fill: &Fill, product: &Product) -> Result<bool, Loss> {
        // Most products have no draft, and are not looked into further.
        if !product.values.iter().any(|resolved| resolved.by.is_draft()) {
            return Ok(false);
        }
        let any = |fills: &mut dyn Iterator<Item = &Fill>| -> Result<bool, Loss> {
            for fill in fills {
                if self.is_draft(fill, product)? {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        Ok(match fill {
            Fill::Constant(_) | Fill::Sku | Fill::Model | Fill::Family(_) | Fill::AxisName(..) => false,
            Fill::Attribute(reading, _) | Fill::Words(reading, _) | Fill::Measure { reading, .. } => {
                reading.is_draft(product)
            }
            Fill::Template(template, _, _) => template.readings().iter().any(|reading| reading.is_draft(product)),
            Fill::Category(reading, _) | Fill::Image(reading, _, _) => {
                reading.as_ref().is_some_and(|reading| reading.is_draft(product))
            }
            Fill::Availability(stock, stated, _) => [stock, stated]
                .into_iter()
                .flatten()
                .any(|reading| reading.is_draft(product)),
            Fill::AxisValue(place, axes, _) => {
                axis(*place, axes, product).is_some_and(|(_, reading, _)| reading.is_draft(product))
            }
            Fill::When(reading, fill) => reading.of(product).is_some() && self.is_draft(fill, product)?,
            Fill::Drafted(fill, wanted) => self.is_draft(fill, product)? && *wanted,
            Fill::FirstOf(fills) => {
                for fill in fills {
                    if !self.fill(fill, product)?.is_empty() {
                        return self.is_draft(fill, product);
                    }
                }
                false
            }
            Fill::List(fills) => any(&mut fills.iter())?,
            Fill::Groups(groups) => any(&mut groups.iter().flatten().map(|(_, fill)| fill))?,
            Fill::Details { attributes, .. } => attributes.iter().any(|(_, reading)| reading.is_draft(product)),
        })
    }
}

/// The n-th axis by which this variant is told apart: its label, its reading, its value.
fn axis<'a>(place: u8, axes: &'a Axes, product: &'a Product) -> Option<(&'a str, &'a Reading, &'a Value)> {
    product.model.as_ref()?;
    let axes = axes.get(&product.family?)?;
    let mut said = axes
        .iter()
        .filter_map(|(label, reading)| Some((label.as_str(), reading, reading.of(product)?)));
    said.nth(usize::from(place).checked_sub(1)?)
}

/// The stock state in the pack's words. The number of pieces decides between in stock and out of stock; a stated state tells
/// what no number shows, and everything where the number is not known.
fn state<'a>(stock: Option<Decimal>, stated: Option<&str>, words: &'a Availability) -> Option<&'a str> {
    let counted = stock.map(|pieces| {
        if pieces > Decimal::ZERO {
            "in_stock"
        } else {
            "out_of_stock"
        }
    });
    let state = match (counted, stated) {
        (_, Some(state @ ("preorder" | "backorder" | "made_to_order" | "discontinued"))) => state,
        (Some("in_stock"), Some("limited")) => "limited",
        (Some(counted), _) => counted,
        (None, Some(state)) => state,
        (None, None) => "unknown",
    };
    let word = match state {
        "in_stock" => &words.in_stock,
        "limited" => &words.limited,
        "out_of_stock" => &words.out_of_stock,
        "preorder" => &words.preorder,
        "backorder" => &words.backorder,
        "made_to_order" => &words.made_to_order,
        "discontinued" => &words.discontinued,
        _ => &words.unknown,
    };
    word.as_deref()
}

fn pieces(value: &Value) -> Option<Decimal> {
    match value {
        Value::Integer(number) => Some(Decimal::from(*number)),
        Value::Decimal(number) => Some(*number),
        Value::Measure(measure) => Some(measure.amount),
        _ => None,
    }
}

fn code(value: &Value) -> Option<&str> {
    match value {
        Value::Option(text) | Value::Identifier(text) | Value::Text(text) => Some(text),
        _ => None,
    }
}

fn measure(value: &Value, exchange: Option<&Exchange>, word: &str, bare: bool, decimals: u32) -> Option<Content> {
    let mut amount = pieces(value)?;
    if let Some(exchange) = exchange {
        amount = exchange.apply(amount).ok()?;
    }
    amount = amount.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
    let mut out = number::to_text(amount);
    if !bare {
        out.push(' ');
        out.push_str(word);
    }
    Some(Content::One(out))
}

fn word(word: Option<&str>) -> Content {
    word.map_or(Content::Empty, |word| Content::One(word.to_string()))
}

fn unspelled(why: Unspelled, value: &Value) -> Loss {
    let fault = match why {
        Unspelled::ForeignCurrency => Fault::ForeignCurrency,
        Unspelled::TooLarge => Fault::TooLarge,
    };
    Loss {
        fault,
        value: value.to_text().into_owned(),
    }
}

/// The finding about a field that could not be filled: an optional one is left out, any other blocks the item.
fn lost(pack: &Pack, number: u16, loss: &Loss) -> Finding {
    let optional = pack
        .field(number)
        .is_none_or(|field| field.required == Required::Optional);
    let outcome = if optional { Outcome::LeftOut } else { Outcome::Refused };
    finding(OF_THE_FIELD, outcome, loss.fault, Some(number), Some(&loss.value))
}
