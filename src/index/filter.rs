//! Conditions (`attr:value`, `stock>0`, `google-es:blocked`) to the engine's questions.
//!
//! An entry here is a search filter. What channels and batches know of products comes from outside, as lists of numbers.

use crate::declaration::nearest::suggestion;
use crate::index::document::{cut, present_key};
use crate::index::id_set::IdSet;
use crate::index::layout::{Column, Form, Mark, mark_key, value_key};
use crate::index::matching::{Matcher, begins};
use crate::index::novelty::{Columns, unseen};
use crate::index::range::within;
use crate::query::fault::Fault;
use crate::query::lexer::Comparison;
use crate::query::meaning::{Meaning, Patterns, attribute, mean};
use crate::query::number::ONE;
use crate::query::range::{Span, compared};
use crate::query::words::compact;
use crate::query::{Condition, value_fault};
use crate::schema::attribute::AttributeId;
use crate::value::text::fold;
use std::collections::BTreeSet;
use std::ops::Bound;
use std::sync::Arc;
use tantivy::Term;
use tantivy::query::{AllQuery, BooleanQuery, EmptyQuery, ExistsQuery, Occur, Query, TermQuery};
use tantivy::schema::IndexRecordOption;

/// What imports left for a person, by the name of its condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Waits {
    /// `held`: what guards held.
    Held,
    /// `unknown`: words that nothing knows.
    Unknown,
    /// `conflict`: products whose identity is in doubt.
    Conflict,
}

/// What of it is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cause<'v> {
    Any,
    /// By the id of a supplier.
    Supplier(&'v str),
    /// By the code of the finding.
    Code(&'v str),
    Attribute(AttributeId),
}

/// What is known of products elsewhere, by their numbers. An `Err` tells what is wrong and the next step.
pub trait Outside {
    /// Ids of the suppliers.
    fn suppliers(&self) -> Vec<String>;
    /// Products of a verdict (`ready`, `degraded`, `blocked`) on a channel.
    fn verdict(&self, channel: &str, verdict: &str) -> Result<Vec<i64>, (String, String)>;
    /// Products of which any channel found this code.
    fn code(&self, code: &str) -> Result<Vec<i64>, (String, String)>;
    /// Products that a batch changed, beside those whose values still are that batch's.
    fn touched(&self, batch: i64) -> Result<Vec<i64>, (String, String)>;
    /// The batches whose products are new: what the last deliveries brought.
    fn fresh(&self) -> Result<BTreeSet<i64>, (String, String)>;
    /// Had a product, by its number, a value of an attribute before the batches that are `fresh`. Where that is not known, yes.
    fn said_before(
        &self,
        product: i64,
        attribute: AttributeId,
        value: &str,
        fresh: &dyn Fn(i64) -> bool,
    ) -> Result<bool, (String, String)>;
    /// Products of which an import left something for a person that nothing has settled.
    fn left(&self, waits: Waits, cause: &Cause<'_>) -> Result<Vec<i64>, (String, String)>;
    /// By number of the product, how many channels block it; those beyond the end are blocked by none.
    fn blocking(&self) -> Arc<Vec<u8>>;
}

const VERDICTS: [&str; 3] = ["ready", "degraded", "blocked"];

type Question = Result<Box<dyn Query>, Fault>;

/// Asks for conditions.
pub struct Filters<'a> {
    pub matcher: &'a Matcher<'a>,
    pub outside: &'a dyn Outside,
}

impl Filters<'_> {
    /// The question of a condition. Faults: those of `query::meaning::mean`, `E-QUERY-VERDICT`.
    pub fn condition(&self, condition: &Condition) -> Question {
        match mean(self.matcher.schema, condition, &mut Patterns::new("E-QUERY-PATTERN"))? {
            Some(meaning) => self.said(meaning, condition),
            None => self.kept(condition),
        }
    }

    /// What products say.
    fn said(&self, meaning: Meaning, condition: &Condition) -> Question {
        let (layout, schema) = (self.matcher.layout, self.matcher.schema);
        let column = |id: AttributeId| layout.columns.get(&id);
        Ok(match meaning {
            Meaning::Present(id, locale) => self.present(id, locale),
            Meaning::Absent(id, locale) => not(self.present(id, locale)),
            Meaning::Within(id, span) => match column(id) {
                Some(column) => within(column, span),
                None => Box::new(EmptyQuery),
            },
            Meaning::Truth(id, yes) => self.value(id, if yes { "1" } else { "0" }),
            Meaning::Options(id, codes) => any(codes.iter().map(|code| self.value(id, code)).collect()),
            Meaning::Code(id, value) => {
                let mut front = Vec::new();
                value_key(id, "", &mut front);
                self.code(layout.key, &front, &value)
            }
            Meaning::Sku(value) => self.code(layout.code, &[], &value),
            Meaning::Gtin(id, number) => match column(id) {
                Some(column) => within(column, Span::Between(Bound::Included(number), Bound::Included(number))),
                None => Box::new(EmptyQuery),
            },
            Meaning::Exactly(id, value) => self.value(id, &fold(cut(&value))),
            Meaning::Words(id, locale, value) => {
                let attribute = schema.attribute(id);
                if !attribute.searchable {
                    return Err(value_fault(
                        "E-QUERY-KIND",
                        condition,
                        format!("the texts of `{}` are not searched", attribute.code),
                        format!(
                            "`has:{0}` and `missing:{0}` ask whether there is one; the schema says `searchable = false`",
                            attribute.code
                        ),
                    ));
                }
                self.matcher.text_of(id, locale, &value)
            }
            Meaning::Matches(..) | Meaning::SkuMatches(_) => {
                let message = "regular expressions are for rules; a search would read every text for them";
                let help = "ask for words, or for their beginning: `name:tala*`";
                return Err(value_fault("E-QUERY-PATTERN", condition, message, help));
            }
            Meaning::Family(ids) => any(ids
                .into_iter()
                .map(|id| self.mark(Mark::Family, &schema.family(id).code))
                .collect()),
            Meaning::Category(codes) => any(codes.iter().map(|code| self.mark(Mark::Category, code)).collect()),
            Meaning::Active(true) => self.mark(Mark::Active, ""),
            Meaning::Active(false) => not(self.mark(Mark::Active, "")),
        })
    }

    /// What only the index and those around it know.
    fn kept(&self, condition: &Condition) -> Question {
        let value = condition.value.as_str();
        let name = condition.name.split('@').next().unwrap_or_default();
        match name {
            "unseen" => self.unseen(condition),
            "held" => self.left(Waits::Held, condition),
            "unknown" => self.left(Waits::Unknown, condition),
            "conflict" => self.left(Waits::Conflict, condition),
            "suggested" | "contradicted" | "overridden" | "unrated" => {
                let mark = match name {
                    "suggested" => Mark::Suggested,
                    "contradicted" => Mark::Contradicted,
                    "unrated" => Mark::Unrated,
                    _ => Mark::Overridden,
                };
                match value {
                    "any" | "*" => Ok(self.mark(mark, "")),
                    "none" => Ok(not(self.mark(mark, ""))),
                    _ if mark == Mark::Unrated => Err(value_fault(
                        "E-QUERY-VALUE",
                        condition,
                        "a price has a rate, or none",
                        "write `unrated:any` or `unrated:none`",
                    )),
                    value => {
                        let id = attribute(self.matcher.schema, value, condition, condition.value_start)?;
                        Ok(self.mark(mark, &id.0.to_string()))
                    }
                }
            }
            "supplier" => {
                let known = self.outside.suppliers();
                if !known.iter().any(|id| id == value) {
                    let help = suggestion(value, known.iter().map(String::as_str));
                    let message = "there is no such supplier";
                    return Err(value_fault("E-QUERY-VALUE", condition, message, help));
                }
                Ok(self.mark(Mark::Supplier, value))
            }
            "batch" => {
                let Ok(batch) = value.parse::<i64>() else {
                    return Err(value_fault(
                        "E-QUERY-VALUE",
                        condition,
                        "a batch is named by its number",
                        "`estante batches` lists them",
                    ));
                };
                let touched = self
                    .outside
                    .touched(batch)
                    .map_err(|told| from_outside(condition, told))?;
                Ok(any(vec![self.mark(Mark::Batch, value), Box::new(IdSet::new(touched))]))
            }
            "complete" => self.complete(condition),
            "code" => {
                let found = self.outside.code(value).map_err(|told| from_outside(condition, told))?;
                Ok(Box::new(IdSet::new(found)))
            }
            channel => {
                if !VERDICTS.contains(&value) {
                    let help = suggestion(value, VERDICTS);
                    let message = "a channel finds products ready, degraded or blocked";
                    return Err(value_fault("E-QUERY-VALUE", condition, message, help));
                }
                let found = self.outside.verdict(channel, value);
                let found = found.map_err(|told| from_outside(condition, told))?;
                Ok(Box::new(IdSet::new(found)))
            }
        }
    }

    /// Products with any value of an attribute; in a locale, if it is said.
    fn present(&self, id: AttributeId, locale: u8) -> Box<dyn Query> {
        let (layout, schema) = (self.matcher.layout, self.matcher.schema);
        if schema.known().family == Some(id) {
            return Box::new(ExistsQuery::new(layout.family.name.clone(), false));
        }
        if schema.known().category == Some(id) {
            return Box::new(ExistsQuery::new(layout.category.name.clone(), false));
        }
        match layout.columns.get(&id) {
            Some(column) => Box::new(ExistsQuery::new(column.name.clone(), false)),
            None => {
                let locales = match locale {
                    0 => 0..=schema.locales().len() as u8,
                    locale => locale..=locale,
                };
                let mut key = Vec::new();
                any(locales
                    .map(|locale| {
                        present_key(id, locale, &mut key);
                        self.key(&key)
                    })
                    .collect())
            }
        }
    }

    fn mark(&self, mark: Mark, value: &str) -> Box<dyn Query> {
        let mut key = Vec::new();
        mark_key(mark, value, &mut key);
        self.key(&key)
    }

    fn key(&self, key: &[u8]) -> Box<dyn Query> {
        let term = Term::from_field_bytes(self.matcher.layout.key, key);
        Box::new(TermQuery::new(term, IndexRecordOption::Basic))
    }

    fn value(&self, id: AttributeId, value: &str) -> Box<dyn Query> {
        let mut key = Vec::new();
        value_key(id, value, &mut key);
        self.key(&key)
    }

    /// Identifiers that are this, or begin with what stands before `*`; `front` comes before them in the field.
    fn code(&self, field: tantivy::schema::Field, front: &[u8], value: &str) -> Box<dyn Query> {
        let bytes = |text: &str| [front, compact(text).as_bytes()].concat();
        match value.strip_suffix('*') {
            Some(beginning) => begins(field, &bytes(beginning), true),
            None => Box::new(TermQuery::new(
                Term::from_field_bytes(field, &bytes(value)),
                IndexRecordOption::Basic,
            )),
        }
    }

    /// `held:any`, `held:norte`, `held:G-PRICE-RATIO`, `held:price`.
    fn left(&self, waits: Waits, condition: &Condition) -> Question {
        let value = condition.value.as_str();
        let cause = match value {
            "any" | "*" | "none" => Cause::Any,
            value => {
                let suppliers = self.outside.suppliers();
                let is_code = matches!(value.as_bytes(), [b'A'..=b'Z', b'-', ..]);
                match attribute(self.matcher.schema, value, condition, condition.value_start) {
                    _ if suppliers.iter().any(|id| id == value) => Cause::Supplier(value),
                    _ if is_code => Cause::Code(value),
                    Ok(_) if waits == Waits::Conflict => {
                        let message = "who a product is stands in doubt as a whole, not by attribute";
                        let help = "write `conflict:any`, `conflict:SUPPLIER` or `conflict:W-GTIN-SHARED`";
                        return Err(value_fault("E-QUERY-VALUE", condition, message, help));
                    }
                    Ok(id) => Cause::Attribute(id),
                    Err(_) => {
                        let attributes = self.matcher.schema.attributes();
                        let attributes = attributes.map(|(_, attribute)| &*attribute.code);
                        let help = suggestion(value, suppliers.iter().map(String::as_str).chain(attributes));
                        let message = "there is neither a supplier nor an attribute of this name";
                        return Err(value_fault("E-QUERY-VALUE", condition, message, help));
                    }
                }
            }
        };
        let found = self.outside.left(waits, &cause);
        let found: Box<dyn Query> = Box::new(IdSet::new(found.map_err(|told| from_outside(condition, told))?));
        Ok(match value {
            "none" => not(found),
            _ => found,
        })
    }

    /// `unseen:brand`, `unseen:brand>12`, `unseen>12`.
    fn unseen(&self, condition: &Condition) -> Question {
        let layout = self.matcher.layout;
        let (asked, comparison, batch) = match condition.comparison {
            Comparison::Holds => parted(&condition.value),
            comparison => ("", Some(comparison), condition.value.as_str()),
        };
        let batch = batch.parse::<i64>().ok();
        let from = match (comparison, batch) {
            (None, _) => None,
            (Some(Comparison::More), Some(batch)) => Some(batch.saturating_add(1)),
            (Some(Comparison::AtLeast), Some(batch)) => Some(batch),
            (Some(_), _) => {
                return Err(value_fault(
                    "E-QUERY-VALUE",
                    condition,
                    "what was never seen is asked for since a batch, by its number",
                    "write `unseen:brand`, `unseen:brand>12` or `unseen>12`; `estante batches` lists them",
                ));
            }
        };
        if asked.is_empty() {
            let from = from.unwrap_or(i64::MAX);
            return Ok(within(
                &layout.born,
                Span::Between(Bound::Included(from), Bound::Unbounded),
            ));
        }
        let (id, column) = self.words_of(asked, condition)?;
        let last = match from {
            Some(_) => BTreeSet::new(),
            None => self.outside.fresh().map_err(|told| from_outside(condition, told))?,
        };
        let fresh = |batch: i64| match from {
            Some(from) => batch >= from,
            None => last.contains(&batch),
        };
        let columns = Columns {
            values: column,
            born: &layout.born,
            changed: &layout.changed,
        };
        let said_before = |product, value: &str| {
            let told = self.outside.said_before(product, id, value, &fresh);
            told.map_err(|(message, help)| Unanswered(message, help))
        };
        match unseen(&columns, &fresh, &said_before, self.matcher.searcher) {
            Ok(found) => Ok(Box::new(IdSet::new(found))),
            Err(Unanswered(message, help)) => Err(from_outside(condition, (message, help))),
        }
    }

    /// The column of an attribute whose values are words or codes.
    fn words_of(&self, asked: &str, condition: &Condition) -> Result<(AttributeId, &Column), Fault> {
        let (layout, schema) = (self.matcher.layout, self.matcher.schema);
        let id = attribute(schema, asked, condition, condition.value_start)?;
        let column = match schema.known() {
            known if known.category == Some(id) => Some(&layout.category),
            known if known.family == Some(id) => Some(&layout.family),
            _ => layout.columns.get(&id).filter(|column| column.form == Form::Text),
        };
        column.map(|column| (id, column)).ok_or_else(|| {
            let attribute = schema.attribute(id);
            value_fault(
                "E-QUERY-KIND",
                condition,
                format!("`{}` is of kind {}, of which no word is new", attribute.code, attribute.kind),
                "ask for a brand, a category, or another attribute of words or options that are the same in every locale",
            )
        })
    }

    /// `complete:google-es<80`, `complete:google-es`, `complete<80`.
    fn complete(&self, condition: &Condition) -> Question {
        let schema = self.matcher.schema;
        let value = condition.value.as_str();
        let (channel, comparison, number) = match condition.comparison {
            Comparison::Holds => {
                let (channel, comparison, number) = parted(value);
                match comparison {
                    Some(comparison) => (channel, comparison, number),
                    None => (channel, Comparison::Equals, "100"),
                }
            }
            comparison => ("", comparison, value),
        };
        let number = schema_channel(channel, schema.channels()).and_then(|channel| {
            number
                .trim_end_matches('%')
                .parse::<u8>()
                .ok()
                .map(|number| (channel, number))
        });
        let column = number.and_then(|(channel, number)| Some((self.matcher.layout.complete.get(channel)?, number)));
        let Some((column, number)) = column else {
            let known: Vec<&str> = schema.channels().iter().map(String::as_str).collect();
            return Err(value_fault(
                "E-QUERY-VALUE",
                condition,
                "completeness is asked for by channel and percent",
                format!("write `complete:CHANNEL<80`; channels are {}", known.join(", ")),
            ));
        };
        let number = i64::from(number) * ONE;
        Ok(within(column, compared(comparison, number)))
    }
}

fn schema_channel(channel: &str, channels: &[String]) -> Option<usize> {
    match channel {
        "" => Some(0),
        channel => channels.iter().position(|known| known == channel).map(|n| n + 1),
    }
}

/// A name with a comparison and what stands behind it: `google-es<80`.
fn parted(value: &str) -> (&str, Option<Comparison>, &str) {
    let (name, rest) = value.split_at(value.find(['<', '>', '=']).unwrap_or(value.len()));
    let signs = [
        (">=", Comparison::AtLeast),
        ("<=", Comparison::AtMost),
        ("<", Comparison::Less),
        (">", Comparison::More),
        ("=", Comparison::Equals),
    ];
    let mut found = signs.into_iter();
    match found.find_map(|(sign, comparison)| rest.strip_prefix(sign).map(|behind| (comparison, behind))) {
        Some((comparison, behind)) => (name, Some(comparison), behind),
        None => (name, None, rest),
    }
}

/// Why what was never seen cannot be told, with the next step.
struct Unanswered(String, String);

impl From<tantivy::TantivyError> for Unanswered {
    fn from(error: tantivy::TantivyError) -> Unanswered {
        let help = "the index can always be made anew: remove `index` in the store";
        Unanswered(
            format!("the values of the index cannot be read: {error}"),
            help.to_owned(),
        )
    }
}

/// Everything but what a question finds.
pub fn not(question: Box<dyn Query>) -> Box<dyn Query> {
    Box::new(BooleanQuery::new(vec![
        (Occur::Must, Box::new(AllQuery)),
        (Occur::MustNot, question),
    ]))
}

/// What any of the questions finds.
pub fn any(mut questions: Vec<Box<dyn Query>>) -> Box<dyn Query> {
    match questions.len() {
        0 => Box::new(EmptyQuery),
        1 => questions.remove(0),
        _ => Box::new(BooleanQuery::union(questions)),
    }
}

fn from_outside(condition: &Condition, (message, help): (String, String)) -> Fault {
    value_fault("E-QUERY-VERDICT", condition, message, help)
}
