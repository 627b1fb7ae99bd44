//! Precision and recall of what is read out of titles, against the values that people found in them: AE-110k and OA-Mine, read
//! in place in the shared data folder. docs/enrichment.md has the figures and how they were made.

use crate::specs::product;
use crate::support::{project, shared};
use estante::enrich::specs::Finding;
use estante::product::{By, Product, Resolved};
use estante::schema::Schema;
use estante::schema::attribute::AttributeId;
use estante::value::number::{Notation, parse};
use estante::value::{Kind, Value};
use estante::workspace::settings::Settings;
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::sync::LazyLock;

/// One title with its truth: by attribute of the data, the texts that people marked; none where it was asked and is not there.
struct Title {
    text: String,
    family: String,
    truth: BTreeMap<String, Vec<String>>,
    /// Attributes that are not named are not there (OA-Mine); else nobody asked (AE-110k).
    whole: bool,
}

fn titles(file: &str, whole: bool) -> Option<Vec<Title>> {
    let path = shared()?.join("data/attr-extraction").join(file);
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("skipped: ../shared is absent");
        return None;
    };
    let title = |line: &str| {
        let json: serde_json::Value = serde_json::from_str(line).expect("the data is JSON");
        let mut truth = BTreeMap::new();
        for (attribute, values) in json["target_scores"].as_object().expect("values by attribute") {
            let values = values.as_object().expect("texts of an attribute").keys();
            truth.insert(
                attribute.clone(),
                values.filter(|text| *text != "n/a").cloned().collect(),
            );
        }
        Title {
            // The step `unescape` of any mapping.
            text: estante::value::text::resolve(json["input"].as_str().expect("a title")).into_owned(),
            family: json["category"]
                .as_str()
                .expect("a category")
                .to_lowercase()
                .replace(' ', "_"),
            truth,
            whole,
        }
    };
    Some(text.lines().map(title).collect())
}

/// A value as it is compared: an option's code, or a number in the attribute's unit.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Said {
    Option(String),
    Number(Decimal),
}

/// What people marked, as values of an attribute. Not by the scanner that is measured: whole words of the list's options, or
/// the number in front with its unit.
fn meant(schema: &Schema, attribute: AttributeId, text: &str) -> BTreeSet<Said> {
    let known = schema.attribute(attribute);
    let mut said = BTreeSet::new();
    if let Some(list) = schema.list_of(attribute) {
        match list.find(text) {
            Some(option) => drop(said.insert(Said::Option(option.code.to_string()))),
            None => {
                let text = estante::value::text::fold(text);
                let words: Vec<&str> = text.split(' ').collect();
                let mut from = 0;
                while from < words.len() {
                    let longest = (from + 1..=words.len())
                        .rev()
                        .find_map(|to| Some((to, list.find(&words[from..to].join(" "))?)));
                    from = match longest {
                        Some((to, option)) => {
                            said.insert(Said::Option(option.code.to_string()));
                            to
                        }
                        None => from + 1,
                    };
                }
            }
        }
        return said;
    }
    static NUMBERS: LazyLock<regex::Regex> =
        LazyLock::new(|| regex::Regex::new(r"([0-9][0-9.,]*)[ -]*([^0-9]*)").expect("the pattern is sound"));
    for found in NUMBERS.captures_iter(text) {
        let digits = found[1].trim_end_matches(['.', ',']);
        let Ok(number) = parse(digits, Notation::GroupedByComma) else {
            continue;
        };
        let words: Vec<&str> = found[2]
            .split([' ', '.', '-', '/', '(', ')', ','])
            .filter(|word| !word.is_empty())
            .collect();
        let unit = [2, 1]
            .iter()
            .find_map(|n| schema.units().find(&words.get(..*n)?.join(" ").to_lowercase()));
        match (&known.unit, unit) {
            (Some(own), Some(unit)) => {
                if let Ok(number) = schema.units().convert(number, &unit.code, own) {
                    said.insert(Said::Number(number.round_dp(1)));
                }
            }
            // A number of ounces is no count.
            (None, unit) if known.kind == Kind::Integer && unit.is_none_or(|unit| *unit.dimension == *"count") => {
                said.insert(Said::Number(number));
            }
            _ => {}
        }
    }
    said
}

fn said(value: &Value) -> Vec<Said> {
    match value {
        Value::Measure(measure) => vec![Said::Number(measure.amount.round_dp(1))],
        Value::Integer(number) => vec![Said::Number(Decimal::from(*number))],
        Value::Decimal(number) => vec![Said::Number(*number)],
        Value::Options(codes) => codes.iter().map(|code| Said::Option(code.to_string())).collect(),
        value => vec![Said::Option(value.to_text().into_owned())],
    }
}

/// Looks options up by their labels and synonyms (whole words, the first in the title, or all of them where the attribute takes
/// several), and numbers by a name or unit of the attribute that stands beside them: what a list of keywords finds without
/// judging.
struct Keywords {
    patterns: BTreeMap<AttributeId, regex::Regex>,
    labels_only: bool,
}

impl Keywords {
    fn new(schema: &Schema, labels_only: bool) -> Keywords {
        let escaped = |words: Vec<String>| {
            let mut words: Vec<String> = words.iter().map(|word| regex::escape(&word.to_lowercase())).collect();
            words.sort_by_key(|word| std::cmp::Reverse(word.len()));
            words.dedup();
            words.join("|")
        };
        let mut patterns = BTreeMap::new();
        for (id, attribute) in schema.attributes() {
            let pattern = match (schema.list_of(id), &attribute.unit) {
                (Some(list), _) => {
                    let mut words = Vec::new();
                    for option in &list.options {
                        words.extend(option.labels.iter().map(|(_, label)| label.to_owned()));
                        if !labels_only {
                            words.extend(option.synonyms.iter().cloned());
                        }
                    }
                    format!(r"\b(?P<o>{})\b", escaped(words))
                }
                (None, Some(unit)) => {
                    let words = match labels_only {
                        true => vec![unit.to_string()],
                        false => {
                            let dimension = attribute.dimension.as_deref();
                            let units = schema.units().iter().filter(|unit| Some(&*unit.dimension) == dimension);
                            units
                                .flat_map(|unit| schema.units().spellings(&unit.code))
                                .map(str::to_owned)
                                .collect()
                        }
                    };
                    format!(r"(?P<n>[0-9][0-9.,]*)[ -]?(?P<u>{})\b", escaped(words))
                }
                (None, None) if attribute.kind == Kind::Integer => {
                    let names: Vec<String> = attribute
                        .specs
                        .cues
                        .iter()
                        .map(|cue| cue.replace("{}", "").trim().to_owned())
                        .collect();
                    let names = escaped(if labels_only {
                        names.into_iter().take(1).collect()
                    } else {
                        names
                    });
                    format!(r"\b(?:(?P<n>[0-9]+)[ -]?(?:{names})|(?:{names})[ -]?(?P<m>[0-9]+))\b")
                }
                _ => continue,
            };
            patterns.insert(id, regex::Regex::new(&pattern).expect("escaped words are sound"));
        }
        Keywords { patterns, labels_only }
    }

    fn find(&self, schema: &Schema, attribute: AttributeId, title: &str) -> Vec<Said> {
        let title = title.to_lowercase();
        let Some(pattern) = self.patterns.get(&attribute) else {
            return Vec::new();
        };
        let several = schema.attribute(attribute).kind == Kind::Options;
        let found = pattern.captures_iter(&title).take(if several { usize::MAX } else { 1 });
        found.filter_map(|found| self.said(schema, attribute, &found)).collect()
    }

    fn said(&self, schema: &Schema, attribute: AttributeId, found: &regex::Captures<'_>) -> Option<Said> {
        let text = ["o", "n", "m"]
            .iter()
            .find_map(|name| Some((*name, found.name(name)?.as_str())))?;
        let known = schema.attribute(attribute);
        match (text, &known.unit) {
            (("o", word), _) => Some(Said::Option(schema.list_of(attribute)?.find(word)?.code.to_string())),
            ((_, digits), Some(unit)) => {
                let number = parse(digits.trim_end_matches(['.', ',']), Notation::GroupedByComma).ok()?;
                let word = if self.labels_only {
                    unit
                } else {
                    found.name("u")?.as_str()
                };
                let number = schema.units().convert(number, word, unit).ok()?;
                Some(Said::Number(number.round_dp(1)))
            }
            ((_, digits), None) => Some(Said::Number(parse(digits, Notation::Plain).ok()?)),
        }
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Score {
    right: usize,
    wrong: usize,
    /// Values that people found.
    truth: usize,
}

impl Score {
    fn precision(self) -> f64 {
        self.right as f64 / (self.right + self.wrong).max(1) as f64
    }

    fn recall(self) -> f64 {
        self.right as f64 / self.truth.max(1) as f64
    }

    /// F1.
    fn both(self) -> f64 {
        let (precision, recall) = (self.precision(), self.recall());
        2.0 * precision * recall / (precision + recall).max(f64::EPSILON)
    }

    fn add(&mut self, other: Score) {
        self.right += other.right;
        self.wrong += other.wrong;
        self.truth += other.truth;
    }
}

/// Hears of an attribute what people found and what a finder did.
type Told<'a> = dyn FnMut(&str, &BTreeSet<Said>, &BTreeSet<Said>) + 'a;

/// What a finder finds of an attribute in the title at hand.
type Find<'a> = dyn Fn(AttributeId) -> Vec<Said> + 'a;

/// One title under one finder: by attribute of the data.
fn score(schema: &Schema, title: &Title, find: &Find<'_>, told: &mut Told<'_>) -> BTreeMap<String, Score> {
    let mut scores: BTreeMap<String, Score> = BTreeMap::new();
    let family = schema.family(schema.family_by_code(&title.family).expect("each category is a family"));
    let mut asked: BTreeMap<&str, Vec<AttributeId>> = BTreeMap::new();
    for id in &family.attributes {
        if let Some(group) = schema.attribute(*id).group.as_deref() {
            asked.entry(group).or_default().push(*id);
        }
    }
    for (attribute, ids) in asked {
        let texts = title.truth.get(attribute);
        if texts.is_none() && !title.whole {
            continue;
        }
        let texts = texts.map_or(&[] as &[String], Vec::as_slice);
        let truth: BTreeSet<Said> = ids
            .iter()
            .flat_map(|id| texts.iter().flat_map(|text| meant(schema, *id, text)))
            .collect();
        let found: BTreeSet<Said> = ids.iter().flat_map(|id| find(*id)).collect();
        // What people marked and no value can say counts as missed. Numbers of measures may agree within rounding.
        let near = |said: &Said| {
            truth.iter().any(|meant| match (said, meant) {
                (Said::Number(a), Said::Number(b)) => (a - b).abs() <= a.abs().max(b.abs()) * Decimal::new(1, 2),
                (a, b) => a == b,
            })
        };
        // Options that people marked are one value: all of them, or it is not what they meant. Of several numbers (`8 oz
        // (237 ml)`) each is right, and each that nobody marked is wrong.
        let options = truth.iter().chain(&found).any(|said| matches!(said, Said::Option(_)));
        let (hits, misses) = match options {
            true => (
                usize::from(!found.is_empty() && found == truth),
                usize::from(!found.is_empty() && found != truth),
            ),
            false => (
                usize::from(found.iter().any(near)),
                found.iter().filter(|said| !near(said)).count(),
            ),
        };
        told(attribute, &truth, &found);
        scores.entry(attribute.to_owned()).or_default().add(Score {
            right: hits,
            wrong: misses,
            truth: usize::from(!texts.is_empty()),
        });
    }
    scores
}

fn ours(settings: &Settings, title: &Title) -> Product {
    let schema = &settings.schema;
    let mut products = [product(schema, &title.family, &[("name", None, &title.text)])];
    settings.enrichment.derive(&mut products, schema);
    let [product] = products;
    product
}

/// Thresholds of acceptance that are compared, in percent.
const THRESHOLDS: [u8; 7] = [30, 40, 50, 60, 70, 75, 80];

/// All that is found, sure or not.
fn findings(settings: &Settings, title: &Title) -> Vec<Finding> {
    let product = product(&settings.schema, &title.family, &[("name", None, &title.text)]);
    let explained = settings
        .enrichment
        .explain_specs(std::slice::from_ref(&product), &settings.schema);
    explained.into_iter().flatten().collect()
}

#[test]
fn titles_with_known_values_are_read_with_precision() {
    let settings = match Settings::load(&project().join("tests/cases/specs-truth")) {
        Ok(settings) => settings,
        Err(failure) => panic!("{failure}: {:#?}", failure.diagnostics),
    };
    let schema = &settings.schema;
    let (labels, synonyms) = (Keywords::new(schema, true), Keywords::new(schema, false));
    let mut report = String::new();
    let mut all = [Score::default(); 3];
    // Values that the lists and units can say at all.
    let mut sayable = 0;
    let mut at = THRESHOLDS.map(|threshold| (threshold, Score::default()));
    for (file, whole) in [("ae-110k_train.jsonl", false), ("oa-mine_train.jsonl", true)] {
        let Some(titles) = titles(file, whole) else { return };
        for (half, parity) in [("tuned on", 0), ("reported", 1)] {
            let mut sums = [Score::default(); 3];
            let mut by_attribute: BTreeMap<String, Score> = BTreeMap::new();
            for title in titles.iter().skip(parity).step_by(2) {
                let product = ours(&settings, title);
                let own = |id: AttributeId| {
                    let found = |value: &&Resolved| value.key.attribute == id && value.by == By::Specs;
                    let found = product.values.iter().find(found);
                    found.map_or_else(Vec::new, |found| said(&found.value))
                };
                if parity == 1 {
                    let findings = findings(&settings, title);
                    for (threshold, sum) in &mut at {
                        let find = |id: AttributeId| {
                            let found = (findings.iter())
                                .find(|finding| finding.key.attribute == id && finding.confidence >= *threshold);
                            found.map_or_else(Vec::new, |found| said(&found.value))
                        };
                        (score(schema, title, &find, &mut |_, _, _| {}).into_values()).for_each(|one| sum.add(one));
                    }
                }
                let finders: [&Find<'_>; 3] = [&own, &|id| labels.find(schema, id, &title.text), &|id| {
                    synonyms.find(schema, id, &title.text)
                }];
                for (n, find) in finders.iter().enumerate() {
                    let trace = n == 0 && parity == 0 && std::env::var_os("ESTANTE_TRACE").is_some();
                    let mut told = |attribute: &str, truth: &BTreeSet<Said>, found: &BTreeSet<Said>| {
                        sayable += usize::from(n == 0 && parity == 1 && !truth.is_empty());
                        if trace && truth != found {
                            println!(
                                "{attribute}: meant {truth:?} found {found:?} in {}: {}",
                                title.family, title.text
                            );
                        }
                    };
                    for (attribute, one) in score(schema, title, find, &mut told) {
                        sums[n].add(one);
                        if n == 0 {
                            by_attribute.entry(attribute).or_default().add(one);
                        }
                    }
                }
            }
            writeln!(report, "{file}, {half}").expect("a text takes all");
            for (name, sum) in ["specs", "labels", "labels and synonyms"].iter().zip(sums) {
                let (precision, recall, both) = (sum.precision(), sum.recall(), sum.both());
                writeln!(
                    report,
                    "  {name:20} precision {precision:.3} recall {recall:.3} F1 {both:.3} ({} right, {} wrong, {} values)",
                    sum.right, sum.wrong, sum.truth
                )
                .expect("a text takes all");
            }
            for (attribute, score) in by_attribute {
                writeln!(
                    report,
                    "    {attribute:26} {:.2} {:.2}  {} right {} wrong {} values",
                    score.precision(),
                    score.recall(),
                    score.right,
                    score.wrong,
                    score.truth
                )
                .expect("a text takes all");
            }
            if parity == 1 {
                for (whole, sum) in all.iter_mut().zip(sums) {
                    whole.add(sum);
                }
            }
        }
    }
    let [own, labels, synonyms] = all;
    for (name, sum) in [("specs", own), ("labels", labels), ("labels and synonyms", synonyms)] {
        writeln!(
            report,
            "both, reported: {name:20} precision {:.3} recall {:.3} F1 {:.3} ({} wrong)",
            sum.precision(),
            sum.recall(),
            sum.both(),
            sum.wrong
        )
        .expect("a text takes all");
    }
    for (threshold, sum) in at {
        writeln!(
            report,
            "both, reported, accepted from {threshold} percent: precision {:.3} recall {:.3} F1 {:.3} ({} wrong)",
            sum.precision(),
            sum.recall(),
            sum.both(),
            sum.wrong
        )
        .expect("a text takes all");
    }
    writeln!(report, "both, reported: {sayable} of {} values can be said", own.truth).expect("a text takes all");
    println!("{report}");
    // What accepts as freely as the look-up finds more, and is wrong less often.
    let free = at[2].1;
    assert!(
        free.recall() > synonyms.recall() && free.wrong < synonyms.wrong,
        "{report}"
    );
    assert!(own.precision() >= 0.94 && own.recall() >= 0.85, "{report}");
    assert!(own.recall() > labels.recall() + 0.15, "{report}");
    // What takes all it knows finds as much, and is wrong almost twice as often.
    assert!(own.recall() > synonyms.recall() - 0.01, "{report}");
    assert!(
        own.wrong * 7 < synonyms.wrong * 4 && own.both() > synonyms.both(),
        "{report}"
    );
    assert!(own.both() > labels.both(), "{report}");
}
