//! Rules tried on the catalog: what each does of which products, before and after. Nothing is written.
//!
//! What rules are and do is `enrich::rules`'; this file walks the shelf.

use crate::catalog::Reader;
use crate::catalog::stored::ProductName;
use crate::declaration::nearest::suggestion;
use crate::diagnostic::{Diagnostic, excerpt};
use crate::enrich::rules::{Event, Outcome, Rules};
use crate::schema::Schema;
use crate::workspace::Workspace;
use crate::workspace::failure::{Failure, FailureKind};
use crate::workspace::parallel::in_order;
use crate::workspace::products::{Shelf, chunks, places, sold};
use crate::workspace::progress::{Progress, Step};
use crate::workspace::rule_layer::{RuleSaid, told};
use crate::workspace::search::{LAST_PLACE, named};
use crate::workspace::settings::Settings;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

/// Products that one thread looks at at a time.
const CHUNK: usize = 512;

/// A rule as the list shows it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ShownRule {
    pub rule: String,
    pub description: Option<String>,
    pub file: Option<String>,
    pub line: Option<u64>,
    /// The query as it is written.
    pub when: Option<String>,
    /// What it does, as in `set shipping`.
    pub then: Vec<String>,
    pub examples: usize,
}

/// All rules in their order, and what a person should look at.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct RuleList {
    pub rules: Vec<ShownRule>,
    pub diagnostics: Vec<Diagnostic>,
}

/// What a rule did in a dry run.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct RuleCounts {
    pub rule: String,
    pub file: Option<String>,
    pub line: Option<u64>,
    /// Products that it is for.
    pub products: u64,
    /// Those of which it changes something.
    pub changed: u64,
    /// Values that it changes.
    pub values: u64,
    /// Values that a person said, which stay.
    pub kept: u64,
    /// Products of which it could do nothing, by reason.
    pub stopped: BTreeMap<String, u64>,
}

/// A value before and after.
#[derive(Debug, Clone, serde::Serialize)]
pub struct TriedValue {
    pub rule: String,
    /// `name@es`.
    pub attribute: String,
    pub before: Option<String>,
    pub after: Option<String>,
    /// Why it stays as it was.
    pub kept: Option<String>,
}

/// What rules do of one product.
#[derive(Debug, Clone, serde::Serialize)]
pub struct TriedProduct {
    pub sku: String,
    pub values: Vec<TriedValue>,
}

/// A dry run.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Tried {
    /// Products looked at.
    pub looked_at: u64,
    /// Those of which some rule changes something.
    pub changed: u64,
    pub rules: Vec<RuleCounts>,
    /// The first of them.
    pub products: Vec<TriedProduct>,
}

fn rules(workspace: &Workspace) -> Result<&Rules, Failure> {
    workspace.settings.enrichment.rules.as_ref().ok_or_else(|| {
        Failure::usage("the workspace has no rules")
            .with_help("write them into rules/*.toml; docs/rules.md begins with an example")
    })
}

/// The rules.
pub fn list(workspace: &Workspace) -> RuleList {
    let Some(rules) = &workspace.settings.enrichment.rules else {
        return RuleList::default();
    };
    let schema = &workspace.settings.schema;
    let shown = rules.all().iter().map(|rule| ShownRule {
        rule: rule.id.clone(),
        description: rule.description.clone(),
        file: rule.place.file.as_deref().map(str::to_owned),
        line: rule.place.line,
        when: rule.asked.clone(),
        then: rule
            .actions
            .iter()
            .map(|action| format!("{} {}", action.name(), schema.key_text(action.to)))
            .collect(),
        examples: rule.examples,
    });
    RuleList {
        rules: shown.collect(),
        diagnostics: rules.remarks.clone(),
    }
}

/// What a job saw of one product.
struct Looked {
    sku: String,
    said: Vec<RuleSaid>,
    stopped: Vec<(u16, String)>,
}

/// Tries the rules on the products of a query (or SKUs), of the whole catalog without one; the first of which they change something are shown,
/// `limit` of them. `words` may begin with the id of the rule that is meant: the others work too, and only this one is told.
pub fn try_rules(
    workspace: &Workspace,
    words: &[String],
    limit: usize,
    progress: &dyn Progress,
) -> Result<Tried, Failure> {
    let rules = rules(workspace)?;
    let rules_known: Vec<&str> = rules.all().iter().map(|rule| rule.id.as_str()).collect();
    let only = words
        .first()
        .and_then(|word| rules.all().iter().position(|rule| rule.id == *word));
    let words = if only.is_some() { &words[1..] } else { words };
    let telling = Telling {
        only,
        full: AtomicBool::new(limit == 0),
    };
    let mut trial = Trial::new(rules, &telling, limit, &workspace.settings.schema);
    let settings = &workspace.settings;
    let trust = workspace.trust()?;
    let shelf = Shelf::new(settings, &trust);
    if words.is_empty() {
        let Some(reader) = workspace.reader_if_any()? else {
            return Ok(trial.tried);
        };
        let names = reader.shelf(None)?;
        let chunks = chunks(&names, CHUNK);
        let store = settings.store.as_path();
        progress.begin(&Step::Trying, names.len() as u64);
        let walked = in_order(
            workspace.threads,
            chunks.len(),
            || Ok(Reader::open(store)?.steady()?),
            |reader: &mut Reader, job| {
                let mut looked = Vec::new();
                for siblings in places(chunks[job]) {
                    looked.extend(look(settings, &shelf, reader, &sold(siblings), &telling)?);
                }
                Ok((looked, chunks[job].len() as u64))
            },
            |(looked, count): (Vec<Looked>, u64)| {
                looked.into_iter().for_each(|looked| trial.count(looked));
                progress.advance(count);
                Ok(())
            },
        );
        progress.end();
        walked?;
    } else {
        let reader = workspace.reader()?;
        let of = match named(workspace, words, LAST_PLACE, progress) {
            Ok(of) => of,
            Err(failure) if failure.kind == FailureKind::Usage && only.is_none() => {
                return Err(unknown(&rules_known, words, failure));
            }
            Err(failure) => return Err(failure),
        };
        for name in of.names {
            let siblings = shelf.siblings(&reader, &name)?;
            let looked = look(settings, &shelf, &reader, &siblings, &telling)?;
            let own = looked.into_iter().filter(|looked| looked.sku == name.sku);
            own.for_each(|looked| trial.count(looked));
        }
    }
    Ok(trial.tried)
}

/// A first word that is neither a rule nor leads to a product.
fn unknown(rules: &[&str], words: &[String], failure: Failure) -> Failure {
    let [word] = words else { return failure };
    if failure.drawn.is_some() || !failure.diagnostics.is_empty() {
        return failure;
    }
    let message = format!(
        "there is neither a rule `{0}` nor a product with this SKU, and the search finds none for it",
        excerpt(word)
    );
    Failure::usage(message).with_help(format!(
        "rules: {}; `estante search` finds products",
        suggestion(word, rules.iter().copied())
    ))
}

/// What of a dry run is told.
struct Telling {
    /// One rule, or all of them.
    only: Option<usize>,
    /// As many products are shown as shall be: of those that follow, values are counted and not written out.
    full: AtomicBool,
}

impl Telling {
    fn tells(&self, rule: u16) -> bool {
        self.only.is_none_or(|only| only == usize::from(rule))
    }
}

fn look(
    settings: &Settings,
    shelf: &Shelf<'_>,
    reader: &Reader,
    names: &[ProductName],
    telling: &Telling,
) -> Result<Vec<Looked>, Failure> {
    let schema = &settings.schema;
    let mut products = shelf.said(reader, names)?;
    let mut looked: Vec<Looked> = Vec::with_capacity(products.len());
    let mut at = BTreeMap::new();
    for product in &products {
        at.insert(product.id, looked.len());
        looked.push(Looked {
            sku: product.sku.clone(),
            said: Vec::new(),
            stopped: Vec::new(),
        });
    }
    settings
        .enrichment
        .follow_rules(&mut products, schema, &mut |product, event| {
            let Some(looked) = at.get(&product).and_then(|n| looked.get_mut(*n)) else {
                return;
            };
            let (Event::Says { rule, .. } | Event::Stops { rule, .. }) = event;
            if !telling.tells(rule) {
                return;
            }
            let shown = match event {
                Event::Says { outcome, .. } => outcome != Outcome::Same && !telling.full.load(Ordering::Relaxed),
                Event::Stops { .. } => false,
            };
            match told(event, shown) {
                Ok(said) => looked.said.push(said),
                Err((rule, reason)) => looked.stopped.push((rule, reason.text(schema))),
            }
        });
    Ok(looked)
}

/// A dry run as it is counted.
struct Trial<'t> {
    schema: &'t Schema,
    telling: &'t Telling,
    limit: usize,
    tried: Tried,
}

impl<'t> Trial<'t> {
    fn new(rules: &'t Rules, telling: &'t Telling, limit: usize, schema: &'t Schema) -> Trial<'t> {
        let told = rules.all().iter().map(|rule| RuleCounts {
            rule: rule.id.clone(),
            file: rule.place.file.as_deref().map(str::to_owned),
            line: rule.place.line,
            ..RuleCounts::default()
        });
        let told = told.enumerate().filter(|(n, _)| telling.tells(*n as u16));
        Trial {
            schema,
            telling,
            limit,
            tried: Tried {
                rules: told.map(|(_, counts)| counts).collect(),
                ..Tried::default()
            },
        }
    }

    /// The counts of a rule, where it is told.
    fn counts(&mut self, rule: u16) -> Option<&mut RuleCounts> {
        let rule = usize::from(rule);
        match self.telling.only {
            Some(only) if only == rule => self.tried.rules.first_mut(),
            Some(_) => None,
            None => self.tried.rules.get_mut(rule),
        }
    }

    fn count(&mut self, looked: Looked) {
        self.tried.looked_at += 1;
        for (rule, reason) in looked.stopped {
            if let Some(counts) = self.counts(rule) {
                counts.products += 1;
                *counts.stopped.entry(reason).or_default() += 1;
            }
        }
        let shows = self.tried.products.len() < self.limit;
        let mut values = Vec::new();
        let mut any = false;
        for of_rule in looked.said.chunk_by(|a, b| a.rule == b.rule) {
            let schema = self.schema;
            let Some(counts) = self.counts(of_rule[0].rule) else {
                continue;
            };
            counts.products += 1;
            let wins = of_rule.iter().filter(|said| said.outcome == Outcome::Wins).count() as u64;
            counts.values += wins;
            counts.changed += u64::from(wins > 0);
            any |= wins > 0;
            for said in of_rule.iter().filter(|said| said.outcome != Outcome::Same) {
                let kept = match said.outcome {
                    Outcome::Editor => Some("a person said it"),
                    Outcome::Draft => Some("a person accepted a draft of it"),
                    _ => None,
                };
                counts.kept += u64::from(kept.is_some());
                if !shows {
                    continue;
                }
                values.push(TriedValue {
                    rule: counts.rule.clone(),
                    attribute: schema.key_text(said.key),
                    before: said.before.clone(),
                    after: said.after.clone(),
                    kept: kept.map(str::to_owned),
                });
            }
        }
        self.tried.changed += u64::from(any);
        if !values.is_empty() {
            let sku = looked.sku;
            self.tried.products.push(TriedProduct { sku, values });
            let full = self.tried.products.len() >= self.limit;
            self.telling.full.store(full, Ordering::Relaxed);
        }
    }
}
