//! A first mapping for a supplier nobody knows: which column is which attribute, and how the feed writes things.
//!
//! Every guess carries its reason. What is not sure is said and left to a person; `draft` writes the suggestion as a
//! supplier's file.

use crate::mapping::candidates::Candidate;
use crate::mapping::columns::{Column, Surroundings};
use crate::mapping::habits::Findings;
use crate::mapping::header;
use crate::mapping::settings::{FieldSettings, PriceBasis, Unknown};
use crate::mapping::shape::{ColumnSample, Shape};
use crate::mapping::suggestion::{Proposed, Suggestion};
use crate::mapping::words::unknown_words;
use crate::schema::Schema;
use crate::schema::scope::Key;
use crate::transform::Step;
use crate::value::Kind;
use crate::value::number::{self, Notation, Proof};
use crate::value::price::{self, Currency};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// Below this a guess is told, not made.
const ENOUGH: f32 = 0.5;
/// More columns than this are not looked at.
const MOST_COLUMNS: usize = 2_048;

/// What is known before a feed is looked at.
#[derive(Debug, Clone, Copy, Default)]
pub struct Given {
    /// The column of the key, by its place.
    pub sku: Option<usize>,
    /// The catalog's currency: of prices in several the ones in this are taken.
    pub currency: Option<Currency>,
}

/// Proposes a mapping for the columns of a feed.
pub fn suggest(columns: &[ColumnSample], schema: &Schema, given: Given) -> Suggestion {
    let samples = &columns[..columns.len().min(MOST_COLUMNS)];
    let channels = header::channels(samples.iter().map(|sample| sample.header.as_str()));
    let read: Vec<Column<'_>> = samples
        .iter()
        .map(|sample| Column {
            text: &sample.header,
            header: header::read(&sample.header, &channels),
            shape: Shape::of(sample),
        })
        .collect();
    let around = Surroundings {
        columns: &read,
        schema,
        currency: given.currency,
    };
    let mut candidates: Vec<Vec<Candidate>> = (0..read.len()).map(|n| around.candidates(n)).collect();
    if let Some(sku) = given.sku.filter(|sku| *sku < candidates.len()) {
        candidates
            .iter_mut()
            .for_each(|list| list.retain(|candidate| candidate.key.is_some()));
        candidates[sku] = vec![Candidate {
            key: None,
            score: 1.0,
            reason: "named as the key".to_string(),
            field: "sku",
        }];
    }
    let mut chosen = assign(&candidates, &read, schema);
    let suggestion = Suggestion {
        columns: proposed(samples, &candidates, &chosen, schema),
        ..Suggestion::default()
    };
    let mut findings = Findings {
        samples,
        read: &read,
        schema,
        suggestion,
    };
    findings.habits(&candidates, &chosen);
    findings.tell_twins_apart(&candidates, &mut chosen);
    let mut sku = None;
    for (n, choice) in chosen.iter().enumerate() {
        let Some(candidate) = choice.map(|m| &candidates[n][m]) else {
            continue;
        };
        match candidate.key {
            None => sku = Some(n),
            Some(key) => findings.field(n, key, candidate),
        }
    }
    match sku.or_else(|| key_of_last_resort(&read)) {
        Some(n) => findings.sku(n),
        None => findings.sku_of_several(),
    }
    findings.sides();
    findings.suggestion
}

/// Gives each attribute to the column that it fits best, each column one attribute. Pictures may have several columns.
fn assign(candidates: &[Vec<Candidate>], columns: &[Column<'_>], schema: &Schema) -> Vec<Option<usize>> {
    let mut order: Vec<(usize, usize)> = candidates
        .iter()
        .enumerate()
        .flat_map(|(n, list)| (0..list.len()).map(move |m| (n, m)))
        .collect();
    let score = |(n, m): (usize, usize)| candidates[n][m].score;
    // Of equals the one that says more.
    let filled = |(n, _): (usize, usize)| columns[n].shape.filled;
    order.sort_by(|a, b| {
        let scores = score(*b).total_cmp(&score(*a));
        scores.then(filled(*b).total_cmp(&filled(*a))).then(a.cmp(b))
    });
    let mut taken: BTreeSet<Option<Key>> = BTreeSet::new();
    let mut chosen: Vec<Option<usize>> = vec![None; candidates.len()];
    for (n, m) in order {
        let candidate = &candidates[n][m];
        let media = candidate
            .key
            .is_some_and(|key| schema.attribute(key.attribute).kind == Kind::Media);
        let many = media && (columns[n].header.number.is_some() || candidate.field == "additional_images");
        if candidate.score < ENOUGH || chosen[n].is_some() || (taken.contains(&candidate.key) && !many) {
            continue;
        }
        taken.insert(candidate.key);
        chosen[n] = Some(m);
    }
    chosen
}

fn proposed(
    samples: &[ColumnSample],
    candidates: &[Vec<Candidate>],
    chosen: &[Option<usize>],
    schema: &Schema,
) -> Vec<Proposed> {
    let name = |candidate: &Candidate| candidate.key.map_or("sku".to_string(), |key| schema.key_text(key));
    samples
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let made = chosen[index].map(|m| &candidates[index][m]);
            let (attribute, score, reason) = match (made, candidates[index].first()) {
                (Some(candidate), _) => (Some(name(candidate)), candidate.score, candidate.reason.clone()),
                (None, Some(best)) if best.score >= ENOUGH => {
                    let other = chosen.iter().enumerate().find_map(|(n, m)| {
                        m.filter(|m| candidates[n][*m].key == best.key)
                            .map(|_| samples[n].header.as_str())
                    });
                    let other = other.map_or(String::new(), |other| format!(": `{other}` fits better"));
                    (None, 0.0, format!("could be `{}`{other}", name(best)))
                }
                (None, Some(best)) => (
                    None,
                    0.0,
                    format!("`{}` is not sure enough: {}", name(best), best.reason),
                ),
                (None, None) => (None, 0.0, "neither header nor values are known".to_string()),
            };
            Proposed {
                header: column.header.clone(),
                index,
                attribute,
                confidence: (score.clamp(0.0, 1.0) * 100.0).round() / 100.0,
                reason,
                sample: column
                    .samples
                    .first()
                    .map(|sample| shortened(sample))
                    .unwrap_or_default(),
            }
        })
        .collect()
}

fn shortened(sample: &str) -> String {
    let flat: String = sample
        .trim()
        .chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(81)
        .collect();
    if flat.chars().count() > 80 {
        flat.chars().take(79).chain(['…']).collect()
    } else {
        flat
    }
}

/// The column that differs in every record, where no header names a key: one of codes before one of trade item numbers
/// before any other, and none whose header names something else.
fn key_of_last_resort(columns: &[Column<'_>]) -> Option<usize> {
    let fits = |column: &Column<'_>| {
        let shape = &column.shape;
        let named = column
            .header
            .hits
            .iter()
            .any(|hit| !matches!(hit.field, "sku" | "supplier_sku" | "gtin"));
        shape.is_unique()
            && shape.filled > 0.95
            && shape.length <= 40
            && shape.addresses < 0.5
            && shape.pictures < 0.5
            && !shape.cents
            && !(named && shape.gtins < 0.8)
    };
    let keys: Vec<(usize, &Shape)> = columns
        .iter()
        .enumerate()
        .filter(|(_, column)| fits(column))
        .map(|(n, column)| (n, &column.shape))
        .collect();
    let codes =
        |shape: &Shape| shape.digits > 0.5 && shape.spaces < 0.2 && shape.gtins < 0.2 && shape.notation.is_none();
    let first = |is: &dyn Fn(&Shape) -> bool| keys.iter().find(|(_, shape)| is(shape)).map(|(n, _)| *n);
    first(&codes)
        .or_else(|| first(&|shape| shape.gtins > 0.8))
        .or_else(|| first(&|_| true))
}

/// Two or three columns of codes that differ together in every record, where none does alone.
fn key_of_several(columns: &[Column<'_>], samples: &[ColumnSample]) -> Option<Vec<usize>> {
    /// Fewer records than these prove nothing.
    const ENOUGH_ROWS: usize = 10;
    /// Columns that are tried.
    const TRIED: usize = 12;
    let fits = |n: &usize| {
        let (shape, rows) = (&columns[*n].shape, samples[*n].cells.len());
        rows >= ENOUGH_ROWS
            && rows == samples[*n].rows
            && shape.filled > 0.95
            && shape.digits > 0.5
            && shape.spaces < 0.2
            && shape.length <= 20
            && shape.days < 0.5
            && !shape.cents
            && shape.distinct > 1
    };
    let tried: Vec<usize> = (0..columns.len()).filter(fits).take(TRIED).collect();
    let unique = |several: &[usize]| {
        let rows = samples[several[0]].cells.len();
        let cell = |n: &usize, row: usize| samples[*n].cells.get(row).copied().unwrap_or(0);
        let row = |row: usize| several.iter().map(|n| cell(n, row)).collect::<Vec<u64>>();
        // One row in twenty may be a fault of the list.
        (0..rows).map(row).collect::<BTreeSet<Vec<u64>>>().len() * 20 >= rows * 19
    };
    let pairs = tried
        .iter()
        .enumerate()
        .flat_map(|(at, a)| tried[at + 1..].iter().map(move |b| vec![*a, *b]));
    let triples = tried.iter().enumerate().flat_map(|(at, a)| {
        let rest = &tried[at + 1..];
        rest.iter()
            .enumerate()
            .flat_map(move |(at, b)| rest[at + 1..].iter().map(move |c| vec![*a, *b, *c]))
    });
    pairs.chain(triples).find(|several| unique(several))
}

/// The unit of a column, said by another one.
enum Beside {
    /// The same for all records.
    One(String),
    /// The header of the column that says it for each.
    Several(String),
}

/// A column's name as a template writes it.
pub fn in_template(column: &str) -> String {
    format!("'{}'", column.replace('\\', "\\\\").replace('\'', "\\'"))
}

impl Findings<'_> {
    /// Two columns are one value where one names the locale that the other is read in: the surer of them is taken.
    fn tell_twins_apart(&mut self, candidates: &[Vec<Candidate>], chosen: &mut [Option<usize>]) {
        let read = self.suggestion.read.locale.as_deref();
        // Without a word the texts are in the catalog's first locale.
        let locale = read.and_then(|read| self.schema.locale_number(read)).unwrap_or(1);
        let mut taken: BTreeMap<Key, usize> = BTreeMap::new();
        for n in 0..chosen.len() {
            let Some(key) = chosen[n].and_then(|m| candidates[n][m].key) else {
                continue;
            };
            let attribute = self.schema.attribute(key.attribute);
            if !attribute.localizable || attribute.kind == Kind::Media {
                continue;
            }
            let key = if key.locale == 0 { Key { locale, ..key } } else { key };
            let score = |n: usize| chosen[n].map_or(0.0, |m| candidates[n][m].score);
            let loser = match taken.get(&key) {
                None => {
                    taken.insert(key, n);
                    continue;
                }
                Some(first) if score(*first) >= score(n) => n,
                Some(first) => {
                    let first = *first;
                    taken.insert(key, n);
                    first
                }
            };
            chosen[loser] = None;
            let other = self.samples[taken[&key]].header.clone();
            let proposed = &mut self.suggestion.columns[loser];
            proposed.reason = format!("says the same as `{other}`, which fits better");
            proposed.attribute = None;
            proposed.confidence = 0.0;
        }
    }

    /// A key of several columns, where there is one.
    fn sku_of_several(&mut self) {
        let Some(several) = key_of_several(self.read, self.samples) else {
            self.suggestion.ask(
                "sku",
                "no column differs in every record: say which is the supplier's own key".to_string(),
            );
            return;
        };
        let names: Vec<String> = several.iter().map(|n| self.samples[*n].header.clone()).collect();
        for n in several {
            let proposed = &mut self.suggestion.columns[n];
            if proposed.attribute.is_none() {
                proposed.attribute = Some("sku".to_string());
                proposed.confidence = 0.3;
                proposed.reason = "part of a key: no column alone differs in every record".to_string();
            }
        }
        let question = format!(
            "no column is a key by itself; {} together differ in every record",
            names.join(" and ")
        );
        self.suggestion.ask("sku", question);
        let parts: Vec<String> = names
            .iter()
            .map(|name| format!("{{{{ row[{}] }}}}", in_template(name)))
            .collect();
        let settings = FieldSettings {
            template: Some(parts.join("-")),
            ..FieldSettings::default()
        };
        self.suggestion.fields.insert("sku".to_string(), settings);
    }

    fn sku(&mut self, n: usize) {
        let taken = self.suggestion.columns[n].attribute.clone();
        let settings = FieldSettings {
            column: Some(self.samples[n].header.clone()),
            ..FieldSettings::default()
        };
        match taken.as_deref() {
            Some("sku") => {}
            Some(other) => {
                let question = format!(
                    "no column is named as a key; `{}` differs in every record and is `{other}` too",
                    self.samples[n].header
                );
                self.suggestion.ask("sku", question);
            }
            None => {
                let proposed = &mut self.suggestion.columns[n];
                proposed.attribute = Some("sku".to_string());
                proposed.confidence = 0.4;
                proposed.reason = "no header names a key; every record has another value".to_string();
                let question = format!(
                    "no column is named as a key; `{}` differs in every record",
                    self.samples[n].header
                );
                self.suggestion.ask("sku", question);
            }
        }
        self.suggestion.fields.insert("sku".to_string(), settings);
    }

    /// The settings of one column.
    fn field(&mut self, n: usize, key: Key, candidate: &Candidate) {
        let name = self.schema.key_text(key);
        let header = self.samples[n].header.clone();
        if let Some(known) = self.suggestion.fields.get_mut(&name) {
            // One more column of pictures.
            if let Some(first) = known.column.take() {
                known.columns.push(first);
            }
            known.columns.push(header);
            return;
        }
        let column = &self.read[n];
        let shape = &column.shape;
        let attribute = self.schema.attribute(key.attribute);
        let mut settings = FieldSettings {
            column: Some(header.clone()),
            ..FieldSettings::default()
        };
        if shape.mojibake {
            settings.steps.push(Step::FixMojibake);
        }
        let mut questions = Vec::new();
        match attribute.kind {
            Kind::Text if shape.markup > 0.0 => settings.steps.push(Step::PlainText),
            Kind::Measure => {
                let wanted = attribute.unit.as_deref();
                let grams = header.to_lowercase().contains("grams").then(|| "g".to_string());
                let said = column.header.unit.clone().or(grams);
                match said.filter(|unit| fits(self.schema, unit, wanted)) {
                    Some(unit) => settings.unit = Some(unit),
                    None => match self.units_beside(n, wanted) {
                        Some(Beside::One(unit)) => settings.unit = Some(unit),
                        Some(Beside::Several(other)) => {
                            settings.column = None;
                            settings.template = Some(format!(
                                "{{{{ row[{}] }}}} {{{{ row[{}] }}}}",
                                in_template(&header),
                                in_template(&other)
                            ));
                        }
                        None if shape.measures > 0.95 => {}
                        None => {
                            // Nobody sends a hundred things that weigh a hundred kilograms each.
                            let heavy = wanted == Some("kg")
                                && shape.middle.is_some_and(|middle| middle >= Decimal::ONE_HUNDRED);
                            let unit = if heavy { "g" } else { wanted.unwrap_or_default() };
                            settings.unit = Some(unit.to_string());
                            questions.push(format!("nothing says the unit of bare numbers; {unit} is a guess"));
                        }
                    },
                }
            }
            Kind::Media | Kind::Options | Kind::Reference => settings.split = shape.split.map(str::to_string),
            Kind::Integer if shape.assigned => settings.steps.push(Step::After("=".to_string())),
            Kind::Decimal if shape.percent => settings.steps.push(Step::StripSuffix("%".to_string())),
            Kind::Money => {
                settings.currency = column
                    .header
                    .currency
                    .or(shape.currency)
                    .filter(|found| self.suggestion.read.currency != Some(*found));
                // A catalogue's prices bear their code where it is not the catalogue's own.
                if column.header.currency.or(shape.currency).is_none()
                    && !column.text.starts_with("price:")
                    && let Some(currencies) = self.currencies_beside()
                {
                    settings.column = None;
                    settings.template = Some(format!(
                        "{{% if row[{price}] %}}{{{{ row[{price}] }}}} {{{{ row[{}] }}}}{{% endif %}}",
                        in_template(&currencies),
                        price = in_template(&header)
                    ));
                }
                let net = column.header.net.unwrap_or(candidate.field == "price_net");
                let gross = column.header.net == Some(false) || candidate.field == "price_gross";
                if self.suggestion.read.prices == PriceBasis::Net && gross && !net {
                    settings.prices = Some(PriceBasis::Gross);
                }
            }
            _ => {}
        }
        if attribute.kind.is_amount()
            && let Some(Proof::One(notation)) = shape.notation
            && self
                .suggestion
                .read
                .numbers
                .is_some_and(|read| !reads_alike(read, &self.samples[n].samples))
        {
            settings.numbers = Some(notation);
        }
        self.words(n, key, &name, &mut settings, &mut questions);
        for question in questions {
            self.suggestion.ask(&name, question);
        }
        self.suggestion.fields.insert(name, settings);
    }

    /// The column that says the currency of each record, where they differ.
    fn currencies_beside(&self) -> Option<String> {
        let is_currencies = |column: &&Column<'_>| {
            let words = &column.shape.words;
            words.len() > 1
                && words.iter().all(|word| Currency::parse(word).is_ok())
                && column.header.hits.iter().any(|hit| hit.field == "currency")
        };
        self.read
            .iter()
            .find(is_currencies)
            .map(|column| column.text.to_string())
    }

    /// What a column beside says of the unit: `weight_unit`, `weight.unit`.
    fn units_beside(&self, n: usize, wanted: Option<&str>) -> Option<Beside> {
        let name = &self.read[n].header.name;
        let beside = self.read.iter().find(|column| {
            let other = &column.header.name;
            (other.ends_with("unit") || other.ends_with("unidad"))
                && (other.starts_with(name.as_str()) || other.starts_with("dimensions"))
                && !column.shape.words.is_empty()
                && column.shape.words.iter().all(|word| fits(self.schema, word, wanted))
        })?;
        let words: Vec<&String> = beside.shape.words.iter().collect();
        match words[..] {
            [unit] => self
                .schema
                .units()
                .find(unit)
                .map(|unit| Beside::One(unit.code.to_string())),
            _ => Some(Beside::Several(beside.text.to_string())),
        }
    }

    /// A value map of the words that the attribute does not know by itself.
    fn words(&mut self, n: usize, key: Key, name: &str, settings: &mut FieldSettings, questions: &mut Vec<String>) {
        let Some(unknown) = unknown_words(&self.read[n], key, self.schema, settings.split.as_deref()) else {
            return;
        };
        questions.push(format!(
            "words that are no {}: {}; fill them in below, or leave them silent",
            unknown.what,
            unknown.words.len()
        ));
        let map = name.replace('@', "_");
        // Words that the schema knows, and numbers, need no line in the map.
        settings.unknown = Some(Unknown::Keep);
        settings.map = Some(map.clone());
        self.suggestion.maps.insert(map, unknown.words);
    }
}

/// True where the unit measures what the attribute's unit does.
fn fits(schema: &Schema, unit: &str, wanted: Option<&str>) -> bool {
    let dimension = |unit: &str| schema.units().find(unit).map(|unit| unit.dimension.clone());
    wanted.is_some_and(|wanted| dimension(unit) == dimension(wanted))
}

fn reads_alike(notation: Notation, samples: &[String]) -> bool {
    let numbers = samples.iter().filter_map(|sample| price::split(sample));
    numbers
        .into_iter()
        .all(|parts| number::parse(parts.number, notation).is_ok())
}
