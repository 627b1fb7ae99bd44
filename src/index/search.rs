//! A question asked and answered: exactly first, then forgiving slips, then with a word left out.

use crate::declaration::nearest::suggestion;
use crate::index::collect::{Found, Order, Page, PageCollector};
use crate::index::facet::{Counted, Facet as Counting};
use crate::index::filter::{Filters, Outside, any, not};
use crate::index::layout::{Column, Layout, TextField};
use crate::index::matching::{Matcher, Vocabulary, constant, names_things};
use crate::index::scoring::Steady;
use crate::index::synonyms::Synonyms;
use crate::index::typo::{Correction, Corrections, Slips, may_slip};
use crate::query::fault::Fault;
use crate::query::number::shown;
use crate::query::{Node, Word, parse, plain_words};
use crate::schema::Schema;
use crate::value::Kind;
use std::cell::Cell;
use std::cell::RefCell;
use std::collections::BTreeMap;
use tantivy::Searcher;
use tantivy::query::{AllQuery, BooleanQuery, Occur, Query};

/// The name of the order by what is at stake: stock times price times the channels that block the product.
pub const WORTH: &str = "worth";

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct Request<'q> {
    pub query: &'q str,
    /// Products to pass over.
    pub offset: usize,
    /// Products to give.
    pub limit: usize,
    /// A name as in conditions, with `-` before it for descending; the best first without.
    pub sort: Option<&'q str>,
    /// Names of what is counted.
    pub facets: &'q [String],
    /// Only texts of this locale (and those of none) are searched.
    pub locale: Option<&'q str>,
}

/// Values and how many of the products found have them, the most first.
pub type Facet = (String, Vec<(String, u64)>);

/// What was found.
#[derive(Debug, Default)]
pub struct Answer {
    pub total: u64,
    pub found: Vec<Found>,
    pub facets: Vec<Facet>,
    /// Where words were corrected: what they were taken for.
    pub corrections: Vec<Correction>,
    /// True where no product has all the words, and those with most of them are given.
    pub relaxed: bool,
    /// How often the index was asked until there was an answer.
    pub rounds: usize,
    /// How often its dictionaries were read through for corrections.
    pub passes: usize,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    #[error("{}", .0.message)]
    Query(Fault),
    #[error("the search index failed: {0}")]
    Engine(#[from] tantivy::TantivyError),
}

impl From<Fault> for SearchError {
    fn from(fault: Fault) -> SearchError {
        SearchError::Query(fault)
    }
}

/// An index opened for many questions.
pub struct Engine<'a> {
    layout: &'a Layout,
    schema: &'a Schema,
    searcher: Searcher,
    vocabulary: Vocabulary,
    synonyms: &'a Synonyms,
    /// Fields that hold any text.
    spoken: Vec<&'a TextField>,
    /// What was counted before, by the names of the columns.
    facets: RefCell<BTreeMap<String, Counting>>,
}

impl<'a> Engine<'a> {
    pub fn new(
        layout: &'a Layout,
        schema: &'a Schema,
        searcher: Searcher,
        synonyms: &'a Synonyms,
    ) -> Result<Engine<'a>, SearchError> {
        let mut spoken = Vec::new();
        for field in &layout.texts {
            for segment in searcher.segment_readers() {
                if segment.inverted_index(field.field)?.terms().num_terms() > 0 {
                    spoken.push(field);
                    break;
                }
            }
        }
        Ok(Engine {
            layout,
            schema,
            searcher,
            vocabulary: Vocabulary::new(schema),
            synonyms,
            spoken,
            facets: RefCell::default(),
        })
    }

    /// Answers a question. Faults: those of `query::parse` and `filter::Filters::condition`, `E-QUERY-NAME` for what is
    /// sorted or counted by.
    pub fn search(&self, request: &Request<'_>, outside: &dyn Outside) -> Result<Answer, SearchError> {
        let node = parse(request.query)?;
        let fields = self.fields(request.locale)?;
        let order = self.order(request.sort, outside)?;
        let mut facets = Vec::new();
        for name in request.facets {
            let (column, kind) = self.column(name)?;
            facets.push((self.facet(column)?, kind));
        }
        let rounds = Cell::new(0);
        let asked = |corrections: &Corrections, least: Option<usize>| -> Result<Page, SearchError> {
            rounds.set(rounds.get() + 1);
            let matcher = self.matcher(&fields, corrections);
            let filters = Filters {
                matcher: &matcher,
                outside,
            };
            let question = compile(&node, &filters, least)?;
            let scored = has_words(&node);
            let order = match &order {
                Some(order) => order.clone(),
                None if scored => Order::Score,
                None => Order::Sku { descending: false },
            };
            let collector = PageCollector {
                scored: scored && matches!(order, Order::Score),
                order,
                keep: request.offset.saturating_add(request.limit),
                facets: facets.iter().map(|(facet, _)| facet.clone()).collect(),
            };
            Ok(self
                .searcher
                .search_with_statistics_provider(&*question, &collector, &Steady)?)
        };
        let mut corrections = Corrections::default();
        let mut page = asked(&corrections, None)?;
        let mut relaxed = false;
        let short = fields.iter().copied().filter(|field| names_things(self.schema, field));
        let mut slips = Slips::new(short.collect(), &self.searcher);
        if page.total == 0 && has_words(&node) {
            let mut words = Vec::new();
            gather(&node, &mut words);
            let plain = Corrections::default();
            let matcher = self.matcher(&fields, &plain);
            words.retain(|word| may_slip(&word.text) && !matcher.is_stop_word(&word.text));
            // Words that nothing has are likelier slips than words that only nothing has together.
            let unknown: Vec<&Word> = words.iter().copied().filter(|word| !matcher.knows(word)).collect();
            for words in [unknown, words] {
                let more = slips.of(words.into_iter())?;
                if more.is_empty() {
                    continue;
                }
                let found = asked(&more, None)?;
                corrections = more;
                if found.total > 0 {
                    page = found;
                    break;
                }
            }
            if page.total == 0 {
                let words = matcher.speaking(&side_by_side(&node)).len();
                let ask = |least| {
                    let page = asked(&corrections, Some(least))?;
                    Ok::<_, SearchError>((page.total > 0).then_some(page))
                };
                if let Some(found) = most_of(words, ask)? {
                    (page, relaxed) = (found, true);
                }
            }
        }
        let corrected = page.total > 0;
        let mut counted = Vec::with_capacity(facets.len());
        for ((name, (facet, kind)), counts) in request.facets.iter().zip(&facets).zip(page.facets) {
            let values = facet.leading(counts)?.into_iter().map(|(value, count)| match value {
                Counted::Text(text) => (text, count),
                Counted::Number(number) => (shown(number, *kind), count),
            });
            counted.push((name.clone(), values.collect()));
        }
        Ok(Answer {
            total: page.total,
            found: page.found.into_iter().skip(request.offset).collect(),
            facets: counted,
            corrections: corrections.first().filter(|_| corrected).cloned().collect(),
            relaxed,
            rounds: rounds.get(),
            passes: slips.passes,
        })
    }

    fn matcher<'m>(&'m self, fields: &[&'m TextField], corrections: &'m Corrections) -> Matcher<'m> {
        Matcher {
            layout: self.layout,
            schema: self.schema,
            searcher: &self.searcher,
            vocabulary: &self.vocabulary,
            synonyms: self.synonyms,
            fields: fields.to_vec(),
            corrections,
        }
    }

    fn facet(&self, column: &Column) -> Result<Counting, SearchError> {
        let known = self.facets.borrow().get(&column.name).cloned();
        Ok(match known {
            Some(facet) => facet,
            None => {
                let facet = Counting::new(column, &self.searcher)?;
                self.facets.borrow_mut().insert(column.name.clone(), facet.clone());
                facet
            }
        })
    }

    fn fields(&self, locale: Option<&str>) -> Result<Vec<&'a TextField>, Fault> {
        let Some(locale) = locale else {
            return Ok(self.spoken.clone());
        };
        let Some(number) = self.schema.locale_number(locale) else {
            let known = self.schema.locales().iter().map(String::as_str);
            return Err(Fault::new(
                "E-QUERY-NAME",
                0,
                0,
                format!("there is no locale `{}`", crate::diagnostic::excerpt(locale)),
                suggestion(locale, known),
            ));
        };
        let fields = self.spoken.iter();
        Ok(fields
            .filter(|field| field.locale == 0 || field.locale == number)
            .copied()
            .collect())
    }

    fn order(&self, sort: Option<&str>, outside: &dyn Outside) -> Result<Option<Order>, Fault> {
        let Some(sort) = sort.filter(|sort| !matches!(*sort, "score" | "relevance")) else {
            return Ok(None);
        };
        let (name, descending) = match sort.strip_prefix('-') {
            Some(name) => (name, true),
            None => (sort, false),
        };
        if name == "sku" {
            return Ok(Some(Order::Sku { descending }));
        }
        if name == WORTH && self.schema.by_code(name).is_none() {
            let Some(column) = self.layout.worth.clone() else {
                let message = "products have no worth where the schema has no `stock` or no `price`";
                let help = "sort by another attribute, or declare both";
                return Err(Fault::new("E-QUERY-NAME", 0, 0, message, help));
            };
            return Ok(Some(Order::Worth {
                column,
                blocking: outside.blocking(),
                descending,
            }));
        }
        let column = self.column(name)?.0.clone();
        Ok(Some(Order::By { column, descending }))
    }

    /// What can be sorted and counted by.
    fn column(&self, name: &str) -> Result<(&'a Column, Kind), Fault> {
        let layout = self.layout;
        match name {
            "family" => return Ok((&layout.family, Kind::Text)),
            "category" => return Ok((&layout.category, Kind::Text)),
            "supplier" => return Ok((&layout.supplier, Kind::Text)),
            _ => {}
        }
        let complete = match name.split_once(':') {
            Some(("complete", channel)) => self.schema.channel_number(channel).map(usize::from),
            None if name == "complete" => Some(0),
            _ => None,
        };
        if let Some(column) = complete.and_then(|channel| layout.complete.get(channel)) {
            return Ok((column, Kind::Integer));
        }
        let id = self.schema.by_code(name);
        if let Some((id, column)) = id.and_then(|id| Some((id, layout.columns.get(&id)?))) {
            return Ok((column, self.schema.attribute(id).kind));
        }
        let known = layout.columns.keys().map(|id| &*self.schema.attribute(*id).code);
        let help = suggestion(name, known.chain(["family", "category", "supplier", "complete", WORTH]));
        let message = match id {
            Some(id) => {
                let kind = self.schema.attribute(id).kind;
                format!("`{name}` is of kind {kind}, by which products are neither sorted nor counted")
            }
            None => format!(
                "there is no attribute `{}` to sort or count by",
                crate::diagnostic::excerpt(name)
            ),
        };
        Err(Fault::new("E-QUERY-NAME", 0, 0, message, help))
    }
}

/// The answer with most of the words, at least half of them, where any product has as many. The more words are asked for,
/// the fewer products have them, so a few questions settle it.
fn most_of<P, E>(words: usize, mut ask: impl FnMut(usize) -> Result<Option<P>, E>) -> Result<Option<P>, E> {
    if words < 2 {
        return Ok(None);
    }
    let (mut some, mut none) = (words.div_ceil(2), words - 1);
    // Mostly it is one word that is too much.
    if let Some(page) = ask(none)? {
        return Ok(Some(page));
    }
    if none == some {
        return Ok(None);
    }
    let Some(mut best) = ask(some)? else {
        return Ok(None);
    };
    while some + 1 < none {
        let middle = some.midpoint(none);
        match ask(middle)? {
            Some(page) => (best, some) = (page, middle),
            None => none = middle,
        }
    }
    Ok(Some(best))
}

/// The words that are all required, each with its place.
fn side_by_side(node: &Node) -> Vec<(&str, usize)> {
    let words = plain_words(node).into_iter();
    words.map(|word| (word.text.as_str(), word.start)).collect()
}

/// Every word that is looked for.
fn gather<'n>(node: &'n Node, into: &mut Vec<&'n Word>) {
    match node {
        Node::Word(word) => into.push(word),
        Node::All(nodes) | Node::Any(nodes) => nodes.iter().for_each(|node| gather(node, into)),
        Node::Not(_) | Node::Phrase(_) | Node::Condition(_) => {}
    }
}

fn has_words(node: &Node) -> bool {
    match node {
        Node::Word(_) | Node::Phrase(_) => true,
        Node::All(nodes) | Node::Any(nodes) => nodes.iter().any(has_words),
        Node::Not(_) | Node::Condition(_) => false,
    }
}

/// The engine's question of a tree. `least`: of the words at the top, so many are enough.
fn compile(node: &Node, filters: &Filters<'_>, least: Option<usize>) -> Result<Box<dyn Query>, Fault> {
    match node {
        Node::All(nodes) if nodes.is_empty() => Ok(Box::new(AllQuery)),
        Node::All(nodes) => {
            let mut clauses: Vec<(Occur, Box<dyn Query>)> = Vec::new();
            let words = side_by_side(node);
            if !words.is_empty() {
                clauses.push((Occur::Must, filters.matcher.words(&words, least)));
            }
            for node in nodes {
                match node {
                    Node::Word(_) => {}
                    Node::Not(inner) => clauses.push((Occur::MustNot, compile(inner, filters, None)?)),
                    node => clauses.push((Occur::Must, compile(node, filters, None)?)),
                }
            }
            if clauses.iter().all(|(occur, _)| *occur == Occur::MustNot) {
                clauses.push((Occur::Must, Box::new(AllQuery)));
            }
            Ok(Box::new(BooleanQuery::new(clauses)))
        }
        Node::Any(nodes) => {
            let questions: Result<Vec<_>, Fault> = nodes.iter().map(|node| compile(node, filters, None)).collect();
            Ok(any(questions?))
        }
        Node::Not(inner) => Ok(not(compile(inner, filters, None)?)),
        Node::Word(word) => Ok(filters.matcher.words(&[(&word.text, word.start)], None)),
        Node::Phrase(word) => Ok(filters.matcher.phrase(&word.text)),
        // Conditions say what belongs, not how well.
        Node::Condition(condition) => Ok(constant(filters.condition(condition)?, 0.0)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_words_are_found_in_a_few_questions() {
        for words in 0..=32 {
            for have in 0..words {
                let mut asked = 0;
                let found = most_of(words, |least| {
                    asked += 1;
                    Ok::<_, ()>((least <= have).then_some(least))
                });
                let expected = (have > 0 && have * 2 >= words).then_some(have);
                assert_eq!(found, Ok(expected), "{have} of {words}");
                assert!(asked <= 6, "{asked} questions for {have} of {words}");
            }
        }
    }
}
