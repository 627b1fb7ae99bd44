//! Plans that wait: made, listed, shown, applied, thrown away.

use crate::declaration::nearest::suggestion;
use crate::diagnostic::{Diagnostic, excerpt};
use crate::plan::diff::{ValueChange, differences};
use crate::plan::page::{Page, PageEntry, PageValue};
use crate::plan::{EntryKind, PlanReader, Summary, Verdict};
use crate::product::layer::Layer;
use crate::workspace::Workspace;
use crate::workspace::apply::{apply, forget, keep, prune};
use crate::workspace::changes::{is_key, known_attribute};
use crate::workspace::delivery::Which;
use crate::workspace::difference::{ShownDifference, ShownEntry};
use crate::workspace::failure::Failure;
use crate::workspace::import::plan;
use crate::workspace::models;
use crate::workspace::outlook::Outlook;
use crate::workspace::products::Shelf;
use crate::workspace::progress::Progress;
use crate::workspace::undo::{self, TakenBack};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Instant;

/// Entries of a plan whose products are resolved to say who wins; it takes some 70 µs each.
const MOST_RESOLVED: usize = 10_000;

/// What became of a delivery.
#[derive(Debug)]
pub struct Delivery {
    pub summary: Summary,
    /// Name of the plan that waits, where one does.
    pub plan: Option<String>,
    /// Number of the batch, where it was applied.
    pub batch: Option<i64>,
    pub seconds: f64,
}

/// Plans a supplier's delivery and, where asked for, applies it. A plan that would change nothing is not kept.
pub fn import(
    workspace: &mut Workspace,
    supplier: &str,
    which: &Which,
    apply_it: bool,
    progress: &dyn Progress,
) -> Result<Delivery, Failure> {
    let begun = Instant::now();
    if apply_it {
        // Taken before anything is read, so that a second writer hears at once that it must wait.
        workspace.open_catalog()?;
    }
    let name = workspace.next_plan()?;
    let planned = plan(
        workspace,
        workspace.settings.supplier(supplier)?,
        which,
        &name,
        progress,
    )?;
    let changes = apply_it && planned.brings_news(workspace)?;
    let mut delivery = Delivery {
        plan: None,
        batch: None,
        seconds: 0.0,
        summary: Summary::default(),
    };
    match (apply_it, changes) {
        (true, true) => {
            let applied = apply(workspace, &planned.path, &planned.delivery.paths(), progress)?;
            delivery.batch = Some(applied.batch);
            delivery.summary = applied.summary;
        }
        // Held entries are worth looking at, so a plan of nothing else is kept until it is applied or discarded.
        (false, _) if planned.summary.entries > 0 => {
            // Whenever it is applied, what it was made of is at hand; so nobody sees it before.
            let place = workspace.plan_path(&name)?;
            let kept = keep(&workspace.settings, &planned.summary.files, &planned.delivery.paths());
            let seen = kept.and_then(|kept| {
                let seen = std::fs::rename(&planned.path, &place);
                seen.map_err(|error| Failure::io("write the plan", &place, &error))?;
                Ok(kept)
            });
            if seen.is_err() {
                let _ = std::fs::remove_file(&planned.path);
            }
            let mut summary = planned.summary;
            for finding in forget(&mut summary.files, &seen?) {
                *summary.findings.entry(finding.code.clone().into_owned()).or_default() += 1;
                summary.diagnostics.push(finding);
            }
            delivery.plan = Some(name);
            delivery.summary = summary;
        }
        _ => {
            std::fs::remove_file(&planned.path)
                .map_err(|error| Failure::io("remove the plan", &planned.path, &error))?;
            delivery.summary = planned.summary;
        }
    }
    delivery.check_models(workspace)?;
    delivery.seconds = begun.elapsed().as_secs_f64();
    Ok(delivery)
}

impl Delivery {
    /// Tells of variants that cannot be told apart since this was applied.
    fn check_models(&mut self, workspace: &Workspace) -> Result<(), Failure> {
        let Some(batch) = self.batch else { return Ok(()) };
        for finding in models::check(workspace, batch - 1)? {
            *self
                .summary
                .findings
                .entry(finding.code.clone().into_owned())
                .or_default() += 1;
            self.summary.diagnostics.push(finding);
        }
        Ok(())
    }
}

/// What a plan that was applied has done.
#[derive(Debug)]
pub enum Done {
    /// A delivery or a sheet came in.
    Taken(Box<Delivery>),
    /// A batch was taken back.
    TakenBack(TakenBack),
}

/// Applies a waiting plan.
pub fn apply_named(workspace: &mut Workspace, name: &str, progress: &dyn Progress) -> Result<Done, Failure> {
    let begun = Instant::now();
    let path = workspace.find_plan(name)?;
    if PlanReader::open(&path)?.1.undoes.is_some() {
        return Ok(Done::TakenBack(undo::apply(workspace, &path)?));
    }
    let applied = apply(workspace, &path, &[], progress)?;
    let mut delivery = Delivery {
        summary: applied.summary,
        plan: None,
        batch: Some(applied.batch),
        seconds: 0.0,
    };
    delivery.check_models(workspace)?;
    delivery.seconds = begun.elapsed().as_secs_f64();
    Ok(Done::Taken(Box::new(delivery)))
}

/// The summaries of the plans that wait, in order.
pub fn waiting(workspace: &Workspace) -> Result<Vec<Summary>, Failure> {
    let mut summaries = Vec::new();
    for name in workspace.plan_names()? {
        summaries.push(PlanReader::open(&workspace.plan_path(&name)?)?.1);
    }
    Ok(summaries)
}

/// Throws a plan away, and what was kept for it alone.
pub fn discard(workspace: &Workspace, name: &str) -> Result<(), Failure> {
    let path = workspace.find_plan(name)?;
    std::fs::remove_file(&path).map_err(|error| Failure::io("remove", &path, &error))?;
    // The plan is gone, whatever becomes of what was kept.
    let _ = prune(workspace);
    Ok(())
}

/// A plan as it is shown.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ShownPlan {
    pub plan: String,
    /// The supplier, or `editor` where the plan is of a sheet.
    pub supplier: String,
    #[serde(skip)]
    pub is_sheet: bool,
    /// The batch that it would take back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undoes: Option<i64>,
    pub changes: Vec<ShownEntry>,
    /// How often each code was found in the delivery.
    pub findings: BTreeMap<String, u64>,
    /// How many of them are not listed, so that what they reject is no entry, by code.
    pub unlisted: BTreeMap<String, u64>,
}

/// The exact difference a plan would make, in the order of the delivery; `sku` and `attribute` narrow it down.
pub fn show(
    workspace: &Workspace,
    name: &str,
    sku: Option<&str>,
    attribute: Option<&str>,
) -> Result<ShownPlan, Failure> {
    let mut changes = Vec::new();
    let wanted = Wanted {
        sku,
        attribute,
        held: None,
    };
    let summary = each(workspace, name, &wanted, |entry| changes.push(entry))?;
    Ok(ShownPlan {
        plan: name.to_owned(),
        is_sheet: summary.is_sheet,
        undoes: summary.undoes.map(|undoes| undoes.batch),
        supplier: summary.supplier,
        changes,
        findings: summary.findings,
        unlisted: summary.tally.unlisted,
    })
}

/// The same as one HTML file that needs nothing else, what the guards held first.
pub fn page(workspace: &Workspace, name: &str, sku: Option<&str>, attribute: Option<&str>) -> Result<String, Failure> {
    let mut page = Page::default();
    let wanted = Wanted {
        sku,
        attribute,
        held: None,
    };
    let summary = each(workspace, name, &wanted, |entry| {
        let values = entry.values.into_iter().map(|value| PageValue {
            key: value.key,
            before: value.before,
            after: value.after,
            loss: value.loss.map(|loss| loss.words),
        });
        page.add(PageEntry {
            sku: entry.sku,
            kind: entry.kind,
            reason: entry.reason,
            values: values.collect(),
        });
    })?;
    let files: Vec<&str> = summary.files.iter().map(|file| file.path.as_str()).collect();
    let title = match &summary.undoes {
        Some(undoes) => format!("{name}: undo {}", undoes.batch),
        None => format!("{name}: {}", summary.supplier),
    };
    let about = format!("{} · {}", summary.at, files.join(", "));
    Ok(page.html(&title, &about, &summary.reasons))
}

/// Which entries of a plan are looked at.
#[derive(Default)]
struct Wanted<'a> {
    sku: Option<&'a str>,
    attribute: Option<&'a str>,
    /// Only what the guards hold, and no more than so many.
    held: Option<usize>,
}

/// What the guards hold of a plan, the first `most`.
pub fn outliers(workspace: &Workspace, name: &str, most: usize) -> Result<Vec<ShownEntry>, Failure> {
    let mut shown = Vec::new();
    let wanted = Wanted {
        held: Some(most),
        ..Wanted::default()
    };
    each(workspace, name, &wanted, |entry| shown.push(entry))?;
    Ok(shown)
}

/// Hands the entries of a plan that change something on, in the order of the delivery, then the rows that were rejected.
fn each(
    workspace: &Workspace,
    name: &str,
    wanted: &Wanted<'_>,
    mut take: impl FnMut(ShownEntry),
) -> Result<Summary, Failure> {
    let Wanted { sku, attribute, held } = *wanted;
    let schema = &workspace.settings.schema;
    let (mut reader, summary) = PlanReader::open(&workspace.find_plan(name)?)?;
    if let Some(attribute) = attribute {
        known_attribute(schema, attribute)?;
    }
    let mut looked = Looked::new(sku);
    let read = |body: &str, sku: &str| match body {
        "" => Ok(Layer::default()),
        body => Layer::read_body(body, schema).map_err(|error| Failure::damaged(sku, &error.to_string())),
    };
    let trust = workspace.trust()?;
    let shelf = Shelf::new(&workspace.settings, &trust);
    let catalog = workspace.reader_if_any()?;
    let outlook = match &catalog {
        Some(catalog) if !summary.is_sheet && summary.undoes.is_none() => {
            Some(Outlook::new(workspace, catalog, &summary.supplier)?)
        }
        _ => None,
    };
    // A product that passes may have findings of single cells; it is no rejected one.
    let mut told_of: BTreeSet<String> = summary
        .diagnostics
        .iter()
        .filter_map(|finding| finding.sku.clone())
        .collect();
    let mut left = held.unwrap_or(usize::MAX);
    let mut resolved = 0;
    while left > 0
        && let Some((entry, verdict)) = reader.entry()?
    {
        told_of.remove(&entry.sku);
        looked.at(&entry.sku);
        if sku.is_some_and(|sku| sku != entry.sku) || (entry.kind == EntryKind::Same && verdict == Verdict::Go) {
            continue;
        }
        if held.is_some() && !matches!(verdict, Verdict::Held(_)) {
            continue;
        }
        // An editor saw the product and not the editor's own layer of it.
        let seen = match (&catalog, entry.product) {
            (Some(catalog), Some(id)) if summary.is_sheet => match catalog.product_by_id(id)? {
                Some(name) => Some(shelf.product(catalog, &name)?),
                None => None,
            },
            _ => None,
        };
        let before = |change: &ValueChange| match &seen {
            Some(product) => product
                .exact(change.key)
                .map(|resolved| resolved.value.to_text().into_owned()),
            None => change.before.as_ref().map(|value| value.to_text().into_owned()),
        };
        let changes = match entry.kind {
            EntryKind::Missing if summary.undoes.is_none() => Vec::new(),
            _ => differences(&read(&entry.before, &entry.sku)?, &read(&entry.after, &entry.sku)?)
                .into_iter()
                .filter(|change| is_key(&schema.key_text(change.key), attribute))
                .collect(),
        };
        let losses = match &outlook {
            Some(outlook) if !changes.is_empty() && resolved < MOST_RESOLVED => {
                resolved += 1;
                outlook.losses(&entry, &changes)?
            }
            _ => None,
        };
        let mut losses = losses.map(Vec::into_iter);
        let values: Vec<ShownDifference> = changes
            .into_iter()
            .map(|change| {
                let loss = losses.as_mut().and_then(Iterator::next);
                ShownDifference {
                    before: before(&change),
                    wins: loss.as_ref().filter(|_| change.after.is_some()).map(Option::is_none),
                    loss: loss.flatten(),
                    ..ShownDifference::of(change, schema)
                }
            })
            .collect();
        if attribute.is_some() && values.is_empty() {
            continue;
        }
        let (kind, reason) = match verdict {
            Verdict::Held(reason) => ("held", summary.reasons.get(usize::from(reason)).map(told)),
            Verdict::Rejected => (
                "rejected",
                Some("its SKU stands twice in the delivery, with different values".to_owned()),
            ),
            Verdict::Go if summary.undoes.is_some() => {
                let whose = catalog.as_ref().map(|catalog| undo::whose(&summary, &entry, catalog));
                (undo::becomes(entry.kind), whose.transpose()?)
            }
            Verdict::Go => match (entry.kind, entry.product) {
                (EntryKind::New, Some(_)) if summary.is_sheet => ("changed", None),
                (EntryKind::New, Some(product)) => ("new", joins(workspace, product)?),
                (EntryKind::New, None) => ("new", None),
                (EntryKind::Missing, _) => ("missing", Some("the delivery no longer has it".to_owned())),
                (EntryKind::Changed | EntryKind::Same, _) => ("changed", None),
            },
        };
        left -= 1;
        take(ShownEntry {
            sku: entry.sku,
            kind: kind.to_owned(),
            values,
            reason,
        });
    }
    for diagnostic in summary
        .diagnostics
        .iter()
        .filter(|finding| finding.severity == crate::diagnostic::Severity::Error)
    {
        let Some(named) = &diagnostic.sku else { continue };
        looked.at(named);
        if held.is_none() && sku.is_none_or(|sku| sku == named) && attribute.is_none() && told_of.remove(named) {
            take(ShownEntry {
                sku: named.clone(),
                kind: "rejected".into(),
                values: Vec::new(),
                reason: Some(told(diagnostic)),
            });
        }
    }
    looked.found(name)?;
    Ok(summary)
}

/// SKUs of a plan that are remembered for a suggestion.
const REMEMBERED: usize = 10_000;

/// Whether the SKU that was asked for stands in a plan at all.
struct Looked<'a> {
    sku: Option<&'a str>,
    is_there: bool,
    others: BTreeSet<String>,
}

impl<'a> Looked<'a> {
    fn new(sku: Option<&'a str>) -> Looked<'a> {
        Looked {
            sku,
            is_there: false,
            others: BTreeSet::new(),
        }
    }

    fn at(&mut self, sku: &str) {
        let Some(wanted) = self.sku else { return };
        self.is_there |= wanted == sku;
        if !self.is_there && self.others.len() < REMEMBERED {
            self.others.insert(sku.to_owned());
        }
    }

    fn found(&self, plan: &str) -> Result<(), Failure> {
        match self.sku {
            Some(sku) if !self.is_there => Err(Failure::usage(format!(
                "the plan {plan} changes, holds and rejects no item with the SKU `{}`",
                excerpt(sku)
            ))
            .with_help(suggestion(sku, self.others.iter().map(String::as_str)))),
            _ => Ok(()),
        }
    }
}

fn told(diagnostic: &Diagnostic) -> String {
    format!("{} [{}]", diagnostic.message, diagnostic.code)
}

fn joins(workspace: &Workspace, product: i64) -> Result<Option<String>, Failure> {
    let name = workspace.reader()?.product_by_id(product)?;
    Ok(name.map(|name| format!("one more source of {}", name.sku)))
}
