//! What is read out of the texts of products: shown with its evidence, counted over the catalog.
//!
//! The reading itself is left to `enrich::specs`.

use crate::catalog::Reader;
use crate::catalog::stored::ProductName;
use crate::diagnostic::{Diagnostic, excerpt};
use crate::workspace::Workspace;
use crate::workspace::evidence::{ShownSpec, shown};
use crate::workspace::failure::Failure;
use crate::workspace::parallel::in_order;
use crate::workspace::products::{Shelf, chunks, places, sold};
use crate::workspace::progress::Progress;
use crate::workspace::search::named;
use crate::workspace::settings::Settings;
use std::collections::BTreeMap;

/// Products that one thread reads at a time.
const CHUNK: usize = 512;
/// Contradictions that are listed of a whole catalog.
const MOST_LISTED: usize = 1_000;

/// All findings of one product.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ShownSpecs {
    pub sku: String,
    pub family: Option<String>,
    pub specs: Vec<ShownSpec>,
}

/// How often an attribute was found.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Counted {
    pub attribute: String,
    pub accepted: u64,
    pub suggestions: u64,
    pub agrees: u64,
    pub contradicts: u64,
}

/// What was found.
#[derive(Debug, Clone, serde::Serialize)]
pub struct SpecsReport {
    /// Products looked at.
    pub looked_at: u64,
    /// Products that the query finds beside these, which are not looked at.
    pub beyond: u64,
    /// From which confidence on a finding is a value, 0 to 1.
    pub threshold: f64,
    /// By attribute, in order of code.
    pub attributes: Vec<Counted>,
    /// The products that were asked for.
    pub products: Vec<ShownSpecs>,
    /// Contradictions.
    pub diagnostics: Vec<Diagnostic>,
}

/// Products of a query that are shown and counted at most.
const MOST_NAMED: usize = 10_000;

/// The findings of the products that are named (SKUs, or a query), or the counts of the whole catalog where none is named.
pub fn specs(workspace: &Workspace, words: &[String], progress: &dyn Progress) -> Result<SpecsReport, Failure> {
    let mut counts: BTreeMap<String, Counted> = BTreeMap::new();
    let mut report = SpecsReport {
        looked_at: 0,
        beyond: 0,
        threshold: f64::from(workspace.settings.enrichment.specs_threshold()) / 100.0,
        attributes: Vec::new(),
        products: Vec::new(),
        diagnostics: Vec::new(),
    };
    let settings = &workspace.settings;
    let trust = workspace.trust()?;
    let shelf = Shelf::new(settings, &trust);
    if words.is_empty() {
        let Some(reader) = workspace.reader_if_any()? else {
            return Ok(report);
        };
        let names = reader.shelf(None)?;
        let chunks = chunks(&names, CHUNK);
        let store = settings.store.as_path();
        let threads = workspace.threads;
        in_order(
            threads,
            chunks.len(),
            || Ok(Reader::open(store)?.steady()?),
            |reader: &mut Reader, job| {
                let mut shown = Vec::new();
                for siblings in places(chunks[job]) {
                    shown.extend(explained(settings, &shelf, reader, &sold(siblings))?);
                }
                Ok(shown)
            },
            |shown: Vec<ShownSpecs>| {
                for product in &shown {
                    add(product, &mut counts, &mut report);
                }
                Ok(())
            },
        )?;
    } else {
        let reader = workspace.reader()?;
        let named = named(workspace, words, MOST_NAMED, progress)?;
        report.beyond = named.beyond;
        for name in named.names {
            let siblings = shelf.siblings(&reader, &name)?;
            let shown = explained(settings, &shelf, &reader, &siblings)?;
            for product in shown.into_iter().filter(|product| product.sku == name.sku) {
                add(&product, &mut counts, &mut report);
                report.products.push(product);
            }
        }
    }
    report.attributes = counts.into_values().collect();
    Ok(report)
}

fn explained(
    settings: &Settings,
    shelf: &Shelf<'_>,
    reader: &Reader,
    names: &[ProductName],
) -> Result<Vec<ShownSpecs>, Failure> {
    let schema = &settings.schema;
    let products = shelf.said(reader, names)?;
    let found = settings.enrichment.explain_specs(&products, schema);
    let shown = products.iter().zip(found).map(|(product, findings)| ShownSpecs {
        sku: product.sku.clone(),
        family: product.family.map(|family| schema.family(family).code.to_string()),
        specs: findings.iter().map(|finding| shown(schema, finding)).collect(),
    });
    Ok(shown.collect())
}

fn add(product: &ShownSpecs, counts: &mut BTreeMap<String, Counted>, report: &mut SpecsReport) {
    report.looked_at += 1;
    for spec in &product.specs {
        let counted = counts.entry(spec.attribute.clone()).or_insert_with(|| Counted {
            attribute: spec.attribute.clone(),
            ..Counted::default()
        });
        match spec.standing.as_str() {
            "accepted" => counted.accepted += 1,
            "suggestion" => counted.suggestions += 1,
            "agrees" => counted.agrees += 1,
            _ => counted.contradicts += 1,
        }
        if let Some(said) = spec.said.as_ref().filter(|_| report.diagnostics.len() < MOST_LISTED) {
            let message = format!(
                "`{}` is {}, but `{}` says {}",
                spec.attribute,
                excerpt(said),
                spec.told_by,
                excerpt(&spec.value)
            );
            let contradiction = Diagnostic::warning("W-SPEC-CONTRADICTS", message)
                .of(&product.sku)
                .with_value(&spec.words)
                .with_help("what the source says stands; correct it, or the text, where it is wrong");
            report.diagnostics.push(contradiction);
        }
    }
}
