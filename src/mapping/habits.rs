//! How a feed as a whole is written: language, notation of numbers and days, currency, VAT, words that stand for nothing.
//!
//! Each finding names its evidence; what is not proven is asked. Single columns are left to `suggest`.

use crate::mapping::candidates::Candidate;
use crate::mapping::columns::Column;
use crate::mapping::settings::PriceBasis;
use crate::mapping::shape::{ColumnSample, fitting, language_of};
use crate::mapping::suggestion::Suggestion;
use crate::mapping::synonyms::LANGUAGES;
use crate::schema::Schema;
use crate::value::Kind;
use crate::value::date::{DATE_ORDERS, DateOrder};
use crate::value::number::{self, Notation, Proof};
use crate::value::price::{self, Currency};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// A feed nobody has mapped yet, and the suggestion that grows out of it.
pub struct Findings<'a> {
    pub samples: &'a [ColumnSample],
    pub read: &'a [Column<'a>],
    pub schema: &'a Schema,
    pub suggestion: Suggestion,
}

impl Findings<'_> {
    /// How the feed as a whole is written: language, notation, days, currency, VAT, words for nothing.
    pub fn habits(&mut self, candidates: &[Vec<Candidate>], chosen: &[Option<usize>]) {
        let picked: Vec<(usize, &Candidate)> = chosen
            .iter()
            .enumerate()
            .filter_map(|(n, m)| m.map(|m| (n, &candidates[n][m])))
            .collect();
        self.language(&picked);
        self.notation(&picked);
        self.dates(&picked);
        self.money(&picked);
        let nothing: BTreeSet<&String> = self.read.iter().flat_map(|column| &column.shape.nothing).collect();
        let nothing: Vec<String> = nothing.into_iter().cloned().collect();
        if !nothing.is_empty() {
            self.suggestion
                .found("empty", format!("cells that hold only {}", nothing.join(" ")));
        }
        self.suggestion.read.empty = nothing;
    }

    fn language(&mut self, picked: &[(usize, &Candidate)]) {
        let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
        for (n, _) in picked {
            let hit = self.read[*n].header.hits.first();
            // A word of several languages is no vote.
            if let Some(hit) = hit.filter(|hit| hit.languages.len() == 1) {
                hit.languages
                    .iter()
                    .for_each(|language| *votes.entry(language).or_default() += 3);
            }
        }
        let mut words: BTreeMap<&str, usize> = BTreeMap::new();
        for (column, sample) in self.read.iter().zip(self.samples) {
            if column.shape.length >= 15
                && column.shape.addresses < 0.5
                && column.header.locale.is_none()
                && let Some((language, count)) = language_of(&sample.samples)
            {
                *words.entry(language).or_default() += count;
            }
        }
        let best = |counts: &BTreeMap<&'static str, usize>| {
            counts
                .iter()
                .max_by_key(|(_, count)| **count)
                .map(|(language, _)| *language)
        };
        let votes: BTreeMap<&'static str, usize> = known(&votes);
        let words: BTreeMap<&'static str, usize> = known(&words);
        let (language, how) = match (best(&words), best(&votes)) {
            (Some(language), _) => (language, "small words of the texts"),
            (None, Some(language)) => (language, "the headers"),
            (None, None) => return,
        };
        self.suggestion.found("language", format!("{language}, by {how}"));
        if self.schema.locale_number(language).is_some() {
            self.suggestion.read.locale = Some(language.to_string());
        } else {
            self.suggestion.ask("", format!("the texts seem to be in `{language}`, which is no locale of the catalog; they are read as its default"));
        }
    }

    fn kind(&self, candidate: &Candidate) -> Option<Kind> {
        candidate.key.map(|key| self.schema.attribute(key.attribute).kind)
    }

    fn notation(&mut self, picked: &[(usize, &Candidate)]) {
        let marked: Vec<usize> = picked
            .iter()
            .filter(|(n, candidate)| {
                self.kind(candidate).is_some_and(Kind::is_amount) && self.read[*n].shape.notation.is_some()
            })
            .map(|(n, _)| *n)
            .collect();
        let headers = |columns: &[usize]| {
            columns
                .iter()
                .take(4)
                .map(|n| format!("`{}`", self.samples[*n].header))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let all = marked
            .iter()
            .flat_map(|n| &self.samples[*n].samples)
            .filter_map(|sample| price::split(sample));
        let all: Vec<&str> = all.map(|parts| parts.number).collect();
        match number::prove(all.iter().copied()) {
            Proof::None if marked.is_empty() => {}
            Proof::One(notation) => {
                let notation = widened(notation);
                let how = format!("{}, proven by {}", notation.name(), headers(&marked));
                self.suggestion.read.numbers = Some(notation);
                self.suggestion.found("numbers", how);
            }
            Proof::Ambiguous(several) => {
                let names: Vec<&str> = several.iter().map(|notation| notation.name()).collect();
                let which = headers(&marked);
                self.suggestion
                    .found("numbers", format!("ambiguous: {} in {which}", names.join(" or ")));
                self.suggestion.ask(
                    "",
                    format!(
                        "numbers in {which} could be written {}: say `numbers`; until then they are refused",
                        names.join(" or ")
                    ),
                );
            }
            Proof::None => {
                // A few values are written otherwise: the notation that nearly all fit is the supplier's, the others are faults.
                let best = widened(fitting(&all));
                let fits = all.iter().filter(|number| number::parse(number, best).is_ok()).count();
                let share = fits * 100 / all.len().max(1);
                if share >= 80 {
                    self.suggestion.read.numbers = Some(best);
                    self.suggestion.found(
                        "numbers",
                        format!(
                            "{}, which {share} % of the values of {} fit",
                            best.name(),
                            headers(&marked)
                        ),
                    );
                } else {
                    self.suggestion.found(
                        "numbers",
                        format!("no notation fits the values of {}", headers(&marked)),
                    );
                    self.suggestion.ask(
                        "",
                        "numbers are written in several ways: say `numbers` in each field".to_string(),
                    );
                }
            }
        }
    }

    fn dates(&mut self, picked: &[(usize, &Candidate)]) {
        let dated = picked
            .iter()
            .filter(|(_, candidate)| matches!(self.kind(candidate), Some(Kind::Date | Kind::DateTime)));
        let Some((n, orders)) = dated
            .map(|(n, _)| (*n, &self.read[*n].shape.dates))
            .find(|(_, orders)| !orders.is_empty())
        else {
            return;
        };
        let header = self.samples[n].header.clone();
        let order = match orders.as_slice() {
            [one] => *one,
            // Names of months are read in any order.
            all if all.len() == DATE_ORDERS.len() => return,
            several if several.contains(&DateOrder::DayMonthSlash) => DateOrder::DayMonthSlash,
            several if several.contains(&DateOrder::DayMonthSlashShort) => DateOrder::DayMonthSlashShort,
            [first, ..] => *first,
            [] => return,
        };
        let sure = orders.len() == 1;
        self.suggestion.read.dates = order;
        self.suggestion
            .found("dates", format!("{} in `{header}`", order.name()));
        if !sure {
            self.suggestion.ask(
                "",
                format!("days in `{header}` could also be written month first: check `dates`"),
            );
        }
    }

    fn money(&mut self, picked: &[(usize, &Candidate)]) {
        let priced: Vec<usize> = picked
            .iter()
            .filter(|(_, candidate)| self.kind(candidate) == Some(Kind::Money))
            .map(|(n, _)| *n)
            .collect();
        let mut currencies: BTreeMap<Currency, String> = BTreeMap::new();
        for n in &priced {
            let column = &self.read[*n];
            if let Some(currency) = column.header.currency {
                currencies
                    .entry(currency)
                    .or_insert_with(|| format!("the header `{}`", column.text));
            }
            if let Some(currency) = column.shape.currency {
                currencies
                    .entry(currency)
                    .or_insert_with(|| format!("the values of `{}`", column.text));
            }
        }
        for column in self
            .read
            .iter()
            .filter(|column| column.header.hits.iter().any(|hit| hit.field == "currency"))
        {
            if let [word] = column.shape.words.iter().collect::<Vec<_>>()[..]
                && let Ok(currency) = Currency::parse(word)
            {
                currencies
                    .entry(currency)
                    .or_insert_with(|| format!("the column `{}`", column.text));
            }
        }
        let several: Vec<String> = currencies
            .iter()
            .map(|(currency, how)| format!("{currency}, by {how}"))
            .collect();
        match (currencies.keys().next(), several.as_slice()) {
            (Some(currency), [how]) => {
                self.suggestion.read.currency = Some(*currency);
                self.suggestion.found("currency", how.clone());
            }
            (Some(_), _) => self.suggestion.ask(
                "",
                format!(
                    "prices are in several currencies ({}): check `currency`, that of prices which name none",
                    several.join("; ")
                ),
            ),
            (None, _) if self.is_mixed(&priced) => self.suggestion.ask(
                "",
                "some prices name a currency and others none: check `currency`, that of those which name none"
                    .to_owned(),
            ),
            (None, _) => {}
        }
        let net = priced.iter().find(|n| {
            let header = &self.read[**n].header;
            header.net == Some(true) || header.hits.first().is_some_and(|hit| hit.field == "price_net")
        });
        let Some(net) = net else { return };
        let header = self.samples[*net].header.clone();
        self.suggestion.read.prices = PriceBasis::Net;
        self.suggestion
            .found("prices", format!("net, by the header `{header}`"));
        let language = self
            .suggestion
            .evidence
            .iter()
            .find(|(what, _)| what == "language")
            .map(|(_, how)| how.get(..2).unwrap_or("").to_string());
        // The standard rates of 2026 of the countries that speak it; a person confirms.
        let standard = match language.as_deref() {
            Some("es") => "21",
            Some("de") => "19",
            Some("fr") => "20",
            Some("it") => "22",
            Some("pt") => "23",
            _ => "21",
        };
        let said = self.vat_said();
        if said.is_none() {
            self.suggestion.ask(
                "",
                format!("`{header}` is without VAT; {standard} % is a guess: correct `vat`"),
            );
        }
        self.suggestion.read.vat = Some(said.unwrap_or_else(|| standard.to_string()));
    }

    /// Some amounts of a price column name a currency, others name another or none.
    fn is_mixed(&self, priced: &[usize]) -> bool {
        let names_one = |sample: &String| {
            let parts = price::split(sample);
            parts.is_some_and(|parts| !parts.before.is_empty() || !parts.after.is_empty())
        };
        priced.iter().any(|n| self.samples[*n].samples.iter().any(names_one))
    }

    /// The rate that most records say, where a column says it.
    fn vat_said(&mut self) -> Option<String> {
        let at = self
            .read
            .iter()
            .position(|column| column.header.hits.first().is_some_and(|hit| hit.field == "vat_rate"))?;
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        for sample in &self.samples[at].samples {
            *counts.entry(sample.trim().trim_end_matches(['%', ' '])).or_default() += 1;
        }
        let rate = counts
            .iter()
            .max_by_key(|(_, count)| **count)
            .map(|(rate, _)| rate.to_string())?;
        let rate = number::parse(&rate.replace(',', "."), Notation::Plain).ok()?;
        let percent = if rate < Decimal::ONE {
            rate * Decimal::ONE_HUNDRED
        } else {
            rate
        };
        let text = number::to_text(percent);
        let several = counts.len() > 1;
        let header = self.samples[at].header.clone();
        self.suggestion
            .found("vat", format!("{text}, the commonest in `{header}`"));
        if several {
            self.suggestion.ask(
                "",
                format!(
                    "`{header}` has several rates; `vat` holds one: give the others fields or suppliers of their own"
                ),
            );
        }
        Some(text)
    }
}

/// Who writes decimal commas parts thousands with points, though the first rows may have none. Decimal points come from
/// machines, which part nothing.
fn widened(notation: Notation) -> Notation {
    if notation == Notation::Comma {
        Notation::GroupedByPoint
    } else {
        notation
    }
}

/// The counts of languages that the synonyms know.
fn known(counts: &BTreeMap<&str, usize>) -> BTreeMap<&'static str, usize> {
    LANGUAGES
        .into_iter()
        .filter_map(|language| counts.get(language).map(|count| (language, *count)))
        .collect()
}
