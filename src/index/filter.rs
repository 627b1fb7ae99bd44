//! Conditions (`attr:value`, `stock>0`, `google-es:blocked`) to the engine's questions.
//!
//! An entry here is a search filter. What channels and batches know of products comes from outside, as lists of numbers.

use crate::declaration::nearest::suggestion;
use crate::diagnostic::excerpt;
use crate::index::document::{cut, present_key};
use crate::index::fault::Fault;
use crate::index::id_set::IdSet;
use crate::index::layout::{Mark, mark_key, value_key};
use crate::index::lexer::Comparison;
use crate::index::matching::{Matcher, begins};
use crate::index::number::ONE;
use crate::index::query::{Condition, value_fault};
use crate::index::range::{between, compared, range};
use crate::index::words::compact;
use crate::schema::attribute::{Attribute, AttributeId};
use crate::value::Kind;
use crate::value::text::fold;
use std::ops::Bound;
use tantivy::Term;
use tantivy::query::{AllQuery, BooleanQuery, EmptyQuery, ExistsQuery, Occur, Query, TermQuery};
use tantivy::schema::IndexRecordOption;

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
}

/// Names of conditions beside attributes and channels.
pub const NAMES: &[&str] = &[
    "active",
    "batch",
    "category",
    "code",
    "complete",
    "contradicted",
    "overridden",
    "family",
    "has",
    "missing",
    "sku",
    "suggested",
    "supplier",
];
const VERDICTS: [&str; 3] = ["ready", "degraded", "blocked"];

type Question = Result<Box<dyn Query>, Fault>;

/// Asks for conditions.
pub struct Filters<'a> {
    pub matcher: &'a Matcher<'a>,
    pub outside: &'a dyn Outside,
}

impl Filters<'_> {
    /// The question of a condition. Faults: `E-QUERY-NAME`, `E-QUERY-VALUE`, `E-QUERY-KIND`, `E-QUERY-OPTION`,
    /// `E-QUERY-VERDICT`.
    pub fn condition(&self, condition: &Condition) -> Question {
        let schema = self.matcher.schema;
        let (name, locale) = match condition.name.split_once('@') {
            Some((name, locale)) => (name, self.locale(condition, locale)?),
            None => (condition.name.as_str(), 0),
        };
        let value = condition.value.as_str();
        match name {
            "missing" | "has" => {
                let (name, locale) = match value.split_once('@') {
                    Some((name, locale)) => (name, self.locale(condition, locale)?),
                    None => (value, locale),
                };
                let id = self.attribute(name, condition, condition.value_start)?;
                let present = self.present(id, locale);
                Ok(if condition.name.starts_with('m') {
                    not(present)
                } else {
                    present
                })
            }
            "suggested" | "contradicted" | "overridden" => {
                let mark = match name {
                    "suggested" => Mark::Suggested,
                    "contradicted" => Mark::Contradicted,
                    _ => Mark::Overridden,
                };
                match value {
                    "any" | "*" => Ok(self.mark(mark, "")),
                    "none" => Ok(not(self.mark(mark, ""))),
                    value => {
                        let id = self.attribute(value, condition, condition.value_start)?;
                        Ok(self.mark(mark, &id.0.to_string()))
                    }
                }
            }
            "supplier" => {
                let known = self.outside.suppliers();
                if !known.iter().any(|id| id == value) {
                    let help = suggestion(value, known.iter().map(String::as_str));
                    return Err(value_fault(
                        "E-QUERY-VALUE",
                        condition,
                        "there is no such supplier",
                        help,
                    ));
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
            "active" => match yes_or_no(value) {
                Some(true) => Ok(self.mark(Mark::Active, "")),
                Some(false) => Ok(not(self.mark(Mark::Active, ""))),
                None => Err(not_boolean(condition)),
            },
            "sku" => Ok(self.code(self.matcher.layout.code, &[], value)),
            "family" => self.family(condition),
            "category" => self.category(condition),
            "complete" => self.complete(condition),
            "code" => {
                let found = self.outside.code(value).map_err(|told| from_outside(condition, told))?;
                Ok(Box::new(IdSet::new(found)))
            }
            name if schema.by_code(name).is_none() && schema.channel_number(name).is_some() => {
                if !VERDICTS.contains(&value) {
                    let help = suggestion(value, VERDICTS);
                    let message = "a channel finds products ready, degraded or blocked";
                    return Err(value_fault("E-QUERY-VALUE", condition, message, help));
                }
                let found = self.outside.verdict(name, value);
                let found = found.map_err(|told| from_outside(condition, told))?;
                Ok(Box::new(IdSet::new(found)))
            }
            name => {
                let id = self.attribute(name, condition, condition.start)?;
                self.values(id, locale, condition)
            }
        }
    }

    fn locale(&self, condition: &Condition, locale: &str) -> Result<u8, Fault> {
        self.matcher.schema.locale_number(locale).ok_or_else(|| {
            let known = self.matcher.schema.locales().iter().map(String::as_str);
            Fault::new(
                "E-QUERY-NAME",
                condition.start,
                condition.end,
                format!("there is no locale `{}`", excerpt(locale)),
                suggestion(locale, known),
            )
        })
    }

    /// The attribute of a code, or of a label in any locale.
    fn attribute(&self, name: &str, condition: &Condition, start: usize) -> Result<AttributeId, Fault> {
        let schema = self.matcher.schema;
        if let Some(id) = schema.by_code(name) {
            return Ok(id);
        }
        let folded = fold(name);
        let labelled = |attribute: &Attribute| attribute.labels.iter().any(|(_, label)| fold(label) == folded);
        let mut found = schema.attributes().filter(|(_, attribute)| labelled(attribute));
        if let (Some((id, _)), None) = (found.next(), found.next()) {
            return Ok(id);
        }
        let known = schema.attributes().map(|(_, attribute)| &*attribute.code);
        let known = known
            .chain(NAMES.iter().copied())
            .chain(schema.channels().iter().map(String::as_str));
        let end = if start == condition.start {
            start + condition.name.len()
        } else {
            condition.end
        };
        Err(Fault::new(
            "E-QUERY-NAME",
            start,
            end,
            format!("there is no attribute `{}` to ask for", excerpt(name)),
            suggestion(name, known),
        ))
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

    /// A family by code or label, with the families under it.
    fn family(&self, condition: &Condition) -> Question {
        let schema = self.matcher.schema;
        if let Some(question) = self.presence(condition, schema.known().family) {
            return Ok(question);
        }
        let folded = fold(&condition.value);
        let found = schema.families().iter().position(|family| {
            *family.code == *condition.value || family.labels.iter().any(|(_, label)| fold(label) == folded)
        });
        let Some(found) = found else {
            let known = schema.families().iter().map(|family| &*family.code);
            let help = suggestion(&condition.value, known);
            return Err(value_fault(
                "E-QUERY-OPTION",
                condition,
                "there is no such family",
                help,
            ));
        };
        let mut under = Vec::new();
        for family in schema.families() {
            let mut at = Some(family);
            // A tree of families has no more steps than families.
            for _ in 0..=schema.families().len() {
                let Some(this) = at else { break };
                if this.code == schema.families()[found].code {
                    under.push(self.mark(Mark::Family, &family.code));
                    break;
                }
                at = this.parent.map(|parent| schema.family(parent));
            }
        }
        Ok(any(under))
    }

    /// A category by code or label, with all below it.
    fn category(&self, condition: &Condition) -> Question {
        let schema = self.matcher.schema;
        if let Some(question) = self.presence(condition, schema.known().category) {
            return Ok(question);
        }
        if schema.category_by_code(&condition.value).is_some() {
            return Ok(self.mark(Mark::Category, &condition.value));
        }
        let folded = fold(&condition.value);
        let labelled = schema
            .categories()
            .iter()
            .filter(|category| category.labels.iter().any(|(_, label)| fold(label) == folded));
        let found: Vec<_> = labelled
            .map(|category| self.mark(Mark::Category, &category.code))
            .collect();
        if found.is_empty() {
            let known = schema.categories().iter().map(|category| &*category.code);
            let help = suggestion(&condition.value, known);
            return Err(value_fault(
                "E-QUERY-OPTION",
                condition,
                "there is no such category",
                help,
            ));
        }
        Ok(any(found))
    }

    /// `complete:google-es<80`, `complete:google-es`, `complete<80`.
    fn complete(&self, condition: &Condition) -> Question {
        let schema = self.matcher.schema;
        let value = condition.value.as_str();
        let (channel, comparison, number) = match condition.comparison {
            Comparison::Holds => {
                let at = value.find(['<', '>', '=']).unwrap_or(value.len());
                let (channel, rest) = value.split_at(at);
                let signs = [
                    (">=", Comparison::AtLeast),
                    ("<=", Comparison::AtMost),
                    ("<", Comparison::Less),
                    (">", Comparison::More),
                    ("=", Comparison::Equals),
                ];
                match signs
                    .into_iter()
                    .find_map(|(sign, comparison)| rest.strip_prefix(sign).map(|number| (comparison, number)))
                {
                    Some((comparison, number)) => (channel, comparison, number),
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
        Ok(compared(column, comparison, number))
    }

    /// `attr:none` and `attr:any`.
    fn presence(&self, condition: &Condition, id: Option<AttributeId>) -> Option<Box<dyn Query>> {
        if condition.quoted || !matches!(condition.comparison, Comparison::Holds | Comparison::Equals) {
            return None;
        }
        let locale = condition
            .name
            .split_once('@')
            .map_or(0, |(_, locale)| self.matcher.schema.locale_number(locale).unwrap_or(0));
        match condition.value.as_str() {
            "none" => Some(not(self.present(id?, locale))),
            "any" | "*" => Some(self.present(id?, locale)),
            _ => None,
        }
    }

    /// A condition on the values of an attribute.
    fn values(&self, id: AttributeId, locale: u8, condition: &Condition) -> Question {
        if let Some(question) = self.presence(condition, Some(id)) {
            return Ok(question);
        }
        let attribute = self.matcher.schema.attribute(id);
        let units = self.matcher.schema.units();
        let value = condition.value.as_str();
        let ordered = !matches!(condition.comparison, Comparison::Holds | Comparison::Equals);
        let column = self.matcher.layout.columns.get(&id);
        match (attribute.kind, column) {
            (
                Kind::Integer
                | Kind::Decimal
                | Kind::Measure
                | Kind::Money
                | Kind::Date
                | Kind::DateTime
                | Kind::Media
                | Kind::Reference,
                Some(column),
            ) => range(units, attribute, column, condition),
            (kind, _) if ordered => Err(value_fault(
                "E-QUERY-KIND",
                condition,
                format!("`{}` is of kind {kind}, which is not more or less", attribute.code),
                "ask for a value with `:`",
            )),
            (Kind::Boolean, Some(_)) => match yes_or_no(value) {
                Some(yes) => Ok(self.value(id, if yes { "1" } else { "0" })),
                None => Err(not_boolean(condition)),
            },
            (Kind::Option | Kind::Options, Some(_)) => self.options(id, attribute, condition),
            (Kind::Identifier, Some(_)) => {
                let mut front = Vec::new();
                value_key(id, "", &mut front);
                Ok(self.code(self.matcher.layout.key, &front, value))
            }
            (Kind::Gtin, Some(column)) => match value.parse::<u64>().ok().and_then(|number| i64::try_from(number).ok())
            {
                Some(number) => Ok(between(column, Bound::Included(number), Bound::Included(number))),
                None => Err(value_fault(
                    "E-QUERY-VALUE",
                    condition,
                    "a GTIN has digits only",
                    "write all its digits; a word in the query also finds its beginning",
                )),
            },
            (Kind::Text, Some(_)) if condition.comparison == Comparison::Equals => {
                Ok(self.value(id, &fold(cut(value))))
            }
            (Kind::Text | Kind::RichText, _) if attribute.searchable => Ok(self.matcher.text_of(id, locale, value)),
            (Kind::Text | Kind::RichText, _) => Err(value_fault(
                "E-QUERY-KIND",
                condition,
                format!("the texts of `{}` are not searched", attribute.code),
                format!(
                    "`has:{0}` and `missing:{0}` ask whether there is one; the schema says `searchable = false`",
                    attribute.code
                ),
            )),
            (kind, _) => Err(value_fault(
                "E-QUERY-KIND",
                condition,
                format!("`{}` is of kind {kind}, whose values are not searched", attribute.code),
                format!("`has:{0}` and `missing:{0}` ask whether there is one", attribute.code),
            )),
        }
    }

    /// Options by code, label or synonym in any locale; a comma stands for `OR`.
    fn options(&self, id: AttributeId, attribute: &Attribute, condition: &Condition) -> Question {
        let Some(list) = self.matcher.schema.list_of(id) else {
            return Ok(Box::new(EmptyQuery));
        };
        let mut questions = Vec::new();
        for text in condition
            .value
            .split(',')
            .map(str::trim)
            .filter(|text| !text.is_empty())
        {
            match list.find(text) {
                Some(option) => questions.push(self.value(id, &option.code)),
                None if attribute.open => questions.push(self.value(id, text)),
                None => {
                    let known = list.options.iter().flat_map(|option| {
                        std::iter::once(&*option.code).chain(option.labels.iter().map(|(_, label)| label))
                    });
                    let help = crate::declaration::nearest::nearest(text, known).map_or_else(
                        || suggestion(text, list.options.iter().map(|option| &*option.code)),
                        |near| format!("did you mean `{near}`?"),
                    );
                    let message = format!("`{}` is no option of `{}`", excerpt(text), attribute.code);
                    return Err(value_fault("E-QUERY-OPTION", condition, message, help));
                }
            }
        }
        Ok(any(questions))
    }
}

fn schema_channel(channel: &str, channels: &[String]) -> Option<usize> {
    match channel {
        "" => Some(0),
        channel => channels.iter().position(|known| known == channel).map(|n| n + 1),
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

/// `sí`, `no` and their kin in the languages of the shop.
fn yes_or_no(text: &str) -> Option<bool> {
    match fold(text).as_str() {
        "yes" | "y" | "true" | "1" | "si" | "s" | "verdadero" | "ja" | "oui" | "vrai" | "vero" | "sim" => Some(true),
        "no" | "n" | "false" | "0" | "falso" | "nein" | "non" | "faux" | "nao" => Some(false),
        _ => None,
    }
}

fn not_boolean(condition: &Condition) -> Fault {
    value_fault("E-QUERY-VALUE", condition, "neither yes nor no", "write `yes` or `no`")
}

fn from_outside(condition: &Condition, (message, help): (String, String)) -> Fault {
    value_fault("E-QUERY-VERDICT", condition, message, help)
}
