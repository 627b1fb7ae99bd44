//! What templates write in the whole catalog: counted, shown before and after, and checked together with all other texts.
//!
//! The templates and the checks of one text are `enrich::copy`'s; this file walks the shelf.

use crate::catalog::Reader;
use crate::catalog::stored::ProductName;
use crate::diagnostic::Diagnostic;
use crate::enrich::copy::Copy;
use crate::product::{By, Product};
use crate::schema::Schema;
use crate::schema::scope::Key;
use crate::value::Value;
use crate::value::text::{fold, plain};
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::parallel::in_order;
use crate::workspace::products::{Shelf, chunks, places, sold};
use crate::workspace::progress::{Progress, Step};
use crate::workspace::search::{LAST_PLACE, named};
use std::collections::{BTreeMap, HashMap};
use xxhash_rust::xxh3::xxh3_64;

/// Products a job looks at.
const CHUNK: usize = 256;
/// Products that are shown where the question means many.
pub const MOST_SHOWN: usize = 20;
/// Findings of one code that are kept; all are counted.
const MOST_KEPT: u64 = 1_000;

/// One text that a template writes.
#[derive(Debug, Clone, serde::Serialize)]
pub struct WrittenText {
    pub attribute: String,
    pub locale: Option<String>,
    pub channel: Option<String>,
    /// What a supplier said, where a flawed text is written anew.
    pub before: Option<String>,
    pub after: String,
    /// File and line of the template.
    pub template: String,
}

/// What templates write of one product.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Preview {
    pub sku: String,
    pub family: Option<String>,
    pub texts: Vec<WrittenText>,
}

/// How many texts templates write.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Totals {
    /// Products looked at.
    pub products: u64,
    /// Those that a template writes something of.
    pub touched: u64,
    /// By value (`name@es`).
    pub texts: BTreeMap<String, u64>,
}

/// What is wrong with the catalog's texts.
#[derive(Debug, Clone, Default)]
pub struct LintReport {
    pub products: u64,
    pub texts: u64,
    /// By code.
    pub counts: BTreeMap<String, u64>,
    /// The first of each code, in the order of the shelf.
    pub diagnostics: Vec<Diagnostic>,
}

fn copy(workspace: &Workspace) -> Result<&Copy, Failure> {
    workspace.settings.enrichment.copy.as_ref().ok_or_else(|| {
        Failure::usage("the workspace has no copy templates")
            .with_help("write them into copy/*.toml; docs/copy.md begins with an example")
    })
}

/// What templates write of the products that are named: SKUs, or a query. Of a query, and without one, the first twenty that a
/// template writes something of.
pub fn preview(workspace: &Workspace, words: &[String], progress: &dyn Progress) -> Result<Vec<Preview>, Failure> {
    copy(workspace)?;
    let reader = workspace.reader()?;
    let trust = workspace.trust()?;
    let shelf = Shelf::new(&workspace.settings, &trust);
    let mut shown = Vec::new();
    if !words.is_empty() {
        let names = named(workspace, words, LAST_PLACE, progress)?.names;
        for name in &names {
            let product = shelf.product(&reader, name)?;
            if names.len() <= words.len() || product.values.iter().any(is_written) {
                shown.push(shown_texts(workspace, &shelf, &reader, &product)?);
            }
            if shown.len() == MOST_SHOWN {
                break;
            }
        }
        return Ok(shown);
    }
    let names = reader.shelf(None)?;
    for siblings in places(&names) {
        for product in shelf.group(&reader, &sold(siblings))? {
            if product.values.iter().any(is_written) {
                shown.push(shown_texts(workspace, &shelf, &reader, &product)?);
            }
            if shown.len() == MOST_SHOWN {
                return Ok(shown);
            }
        }
    }
    Ok(shown)
}

fn is_written(value: &crate::product::Resolved) -> bool {
    matches!(value.by, By::Copy(_))
}

fn shown_texts(
    workspace: &Workspace,
    shelf: &Shelf<'_>,
    reader: &Reader,
    product: &Product,
) -> Result<Preview, Failure> {
    let schema = &workspace.settings.schema;
    let copy = copy(workspace)?;
    // Without what the templates write, with what the model lends.
    let names: Vec<ProductName> = reader.product_by_id(product.id)?.into_iter().collect();
    let said = shelf.said(reader, &names)?;
    let mut texts = Vec::new();
    for value in &product.values {
        let By::Copy(template) = value.by else { continue };
        texts.push(WrittenText {
            attribute: schema.attribute(value.key.attribute).code.to_string(),
            locale: schema.locale_code(value.key.locale).map(str::to_owned),
            channel: schema.channel_code(value.key.channel).map(str::to_owned),
            before: said
                .iter()
                .find_map(|said| Some(said.exact(value.key)?.value.to_text().into_owned())),
            after: value.value.to_text().into_owned(),
            template: copy.place(template).map(ToString::to_string).unwrap_or_default(),
        });
    }
    Ok(Preview {
        sku: product.sku.clone(),
        family: product.family.map(|family| schema.family(family).code.to_string()),
        texts,
    })
}

/// Counts what templates write in the whole catalog.
pub fn totals(workspace: &Workspace, progress: &dyn Progress) -> Result<Totals, Failure> {
    copy(workspace)?;
    let schema = &workspace.settings.schema;
    let mut totals = Totals::default();
    let mut counts: BTreeMap<Key, u64> = BTreeMap::new();
    walk(
        workspace,
        progress,
        |products| {
            let written = |product: &Product| {
                product
                    .values
                    .iter()
                    .filter(|value| is_written(value))
                    .map(|value| value.key)
                    .collect()
            };
            products.iter().map(written).collect::<Vec<Vec<Key>>>()
        },
        |products| {
            for keys in products {
                totals.products += 1;
                totals.touched += u64::from(!keys.is_empty());
                for key in keys {
                    *counts.entry(key).or_default() += 1;
                }
            }
        },
    )?;
    totals.texts = counts
        .into_iter()
        .map(|(key, count)| (schema.key_text(key), count))
        .collect();
    Ok(totals)
}

/// A text to compare with those of other products.
struct Compared {
    key: Key,
    hash: u64,
}

/// What a job found of one product.
struct Looked {
    sku: String,
    model: Option<String>,
    texts: u64,
    findings: Vec<Diagnostic>,
    compared: Vec<Compared>,
}

/// Checks every text of the catalog that templates write or the settings name, whoever wrote it.
pub fn lint(workspace: &Workspace, progress: &dyn Progress) -> Result<LintReport, Failure> {
    let copy = copy(workspace)?;
    let schema = &workspace.settings.schema;
    let mut report = LintReport::default();
    // The first product that says a text, and its model: siblings may say the same.
    let mut first: HashMap<(Key, u64), (String, Option<String>)> = HashMap::new();
    walk(
        workspace,
        progress,
        |products| {
            let active = products.iter().filter(|product| product.active);
            active
                .map(|product| look(copy, product, schema))
                .collect::<Vec<Looked>>()
        },
        |products| {
            for product in products {
                report.products += 1;
                report.texts += product.texts;
                let mut findings = product.findings;
                for Compared { key, hash } in product.compared {
                    match first.get(&(key, hash)) {
                        None => {
                            first.insert((key, hash), (product.sku.clone(), product.model.clone()));
                        }
                        Some((_, model)) if model.is_some() && *model == product.model => {}
                        Some((other, _)) => findings.push(
                            Diagnostic::warning(
                                "W-COPY-DUPLICATE",
                                format!("{} says the same as that of {other}", schema.key_text(key)),
                            )
                            .of(&product.sku)
                            .with_help("tell the products apart; or name the attribute in `repeatable`"),
                        ),
                    }
                }
                for finding in findings {
                    let count = report.counts.entry(finding.code.to_string()).or_default();
                    *count += 1;
                    if *count <= MOST_KEPT {
                        report.diagnostics.push(finding);
                    }
                }
            }
        },
    )?;
    Ok(report)
}

fn look(copy: &Copy, product: &Product, schema: &Schema) -> Looked {
    let lint = copy.lint();
    let mut compared = Vec::new();
    let mut texts = 0;
    for value in &product.values {
        let attribute = value.key.attribute;
        if lint.attributes.binary_search(&attribute).is_err() {
            continue;
        }
        let folded = match &value.value {
            Value::Text(text) => fold(text),
            Value::RichText(html) => fold(&plain(html)),
            _ => continue,
        };
        texts += 1;
        if lint.is_unique(attribute) && !folded.is_empty() {
            compared.push(Compared {
                key: value.key,
                hash: xxh3_64(folded.as_bytes()),
            });
        }
    }
    Looked {
        sku: product.sku.clone(),
        model: product.model.clone(),
        texts,
        findings: lint.check(product, schema, |template| copy.place(template).cloned()),
        compared,
    }
}

/// Walks the whole shelf on all cores; `each` gets the results in its order.
fn walk<R: Send>(
    workspace: &Workspace,
    progress: &dyn Progress,
    work: impl Fn(Vec<Product>) -> R + Sync,
    mut each: impl FnMut(R),
) -> Result<(), Failure> {
    let Some(reader) = workspace.reader_if_any()? else {
        return Ok(());
    };
    let names = reader.shelf(None)?;
    progress.begin(&Step::Texts, names.len() as u64);
    let trust = workspace.trust()?;
    let shelf = Shelf::new(&workspace.settings, &trust);
    let store = workspace.settings.store.as_path();
    let jobs = chunks(&names, CHUNK);
    in_order(
        workspace.threads,
        jobs.len(),
        || Ok(Reader::open(store)?.steady()?),
        |reader: &mut Reader, job| {
            let mut products = Vec::with_capacity(jobs[job].len());
            for siblings in places(jobs[job]) {
                products.extend(shelf.group(reader, &sold(siblings))?);
            }
            Ok((work(products), jobs[job].len() as u64))
        },
        |(result, count)| {
            each(result);
            progress.advance(count);
            Ok(())
        },
    )?;
    progress.end();
    Ok(())
}
