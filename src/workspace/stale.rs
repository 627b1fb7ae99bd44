//! Whether a plan that waited still holds against the catalog, and the words where it does not.

use crate::catalog::Reader;
use crate::diagnostic::Diagnostic;
use crate::plan::{EntryKind, PlanReader, Summary, Verdict};
use crate::product::batch::Batch;
use crate::workspace::Workspace;
use crate::workspace::decisions::Decisions;
use crate::workspace::failure::Failure;
use crate::workspace::newcomers::{Newcomer, identify};
use crate::workspace::unsettled::CONFLICTS;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Changed products that are looked up where a plan is stale, and those that are named.
const TOLD_PLACES: usize = 10_000;
const TOLD: usize = 5;

/// A plan holds against the catalog it was made from: batches of the same source since then make it stale, and those that moved layers;
/// any others only where a new item would find another product now, or that of a sheet where they changed one of its products.
pub fn refuse_if_moved(workspace: &Workspace, path: &Path, summary: &Summary, source: &str) -> Result<(), Failure> {
    let reader = workspace.reader()?.steady()?;
    let since = reader.batches_since(summary.base)?;
    if since.is_empty() {
        return Ok(());
    }
    // Where layers went to other products, the plan may speak of the wrong ones.
    let moves = reader.moved_since(summary.base)?;
    let mut moved: Vec<&Batch> = since
        .iter()
        .filter(|batch| (batch.source == source && !summary.is_sheet) || moves.contains(&batch.id))
        .collect();
    if moved.is_empty()
        && match summary.is_sheet {
            true => sheet_moved(&reader, path, summary.base)?,
            false => summary.tally.new > 0 && newcomers_moved(workspace, &reader, path, summary)?,
        }
    {
        moved = since.iter().collect();
    }
    let moved: Vec<String> = moved
        .iter()
        .map(|batch| format!("batch {} ({} of {})", batch.id, batch.kind, batch.source))
        .collect();
    match moved.is_empty() {
        true => Ok(()),
        false => Err(stale(&reader, summary, &moved)?),
    }
}

/// Whether the new items of a delivery would be other products by now than the plan says, or another finding be told of one.
fn newcomers_moved(workspace: &Workspace, reader: &Reader, path: &Path, summary: &Summary) -> Result<bool, Failure> {
    let settings = &workspace.settings;
    let supplier = settings.supplier(&summary.supplier)?;
    // What speaks of another supplier's items found its products by their SKUs; and of findings that are not listed nobody knows.
    if supplier.adds_to.is_some() || summary.tally.unlisted.keys().any(|code| CONFLICTS.contains(&&**code)) {
        return Ok(true);
    }
    let sources = reader.sources()?;
    let own = sources
        .iter()
        .find(|(_, name)| *name == supplier.source)
        .map(|(id, _)| *id);
    let decisions = Decisions::open(reader)?;
    let (mut plan, _) = PlanReader::open(path)?;
    let told = told(&summary.diagnostics);
    let (mut newcomers, mut planned, mut planned_told) = (Vec::new(), BTreeMap::new(), BTreeMap::new());
    let mut number = 0;
    while let Some((entry, verdict)) = plan.entry()? {
        let is_known = entry.gtin != 0 || !entry.mpn.is_empty() || decisions.know(own, &entry.sku);
        if entry.kind == EntryKind::New && verdict != Verdict::Rejected && (is_known || entry.product.is_some()) {
            planned.extend(entry.product.map(|product| (number, product)));
            // Of known items other things are told under the same codes.
            planned_told.extend(
                told.get_key_value(&*entry.sku)
                    .map(|(sku, codes)| (*sku, codes.clone())),
            );
            newcomers.push(Newcomer {
                entry: number,
                sku: entry.sku.into_boxed_str(),
                gtin: entry.gtin,
                mpn: entry.mpn.into_boxed_str(),
            });
        }
        number += 1;
    }
    let now = identify(newcomers, Some(reader), own, &decisions, &settings.schema)?;
    let findings: Vec<Diagnostic> = now.findings.into_iter().map(|(_, finding)| finding).collect();
    Ok(now.joins.into_iter().collect::<BTreeMap<_, _>>() != planned || self::told(&findings) != planned_told)
}

/// By SKU, the codes of what is told of items and the products that they may be.
fn told(findings: &[Diagnostic]) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut told: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for finding in findings.iter().filter(|finding| CONFLICTS.contains(&&*finding.code)) {
        if let Some(sku) = finding.sku.as_deref() {
            told.entry(sku).or_default().insert(&finding.code);
        }
    }
    told
}

/// The batches since a sheet was read that changed one of its products: what was no conflict then may be one now.
fn sheet_moved(reader: &Reader, path: &Path, base: i64) -> Result<bool, Failure> {
    let changed: BTreeSet<i64> = reader.shelf(Some(base))?.into_iter().map(|name| name.id).collect();
    let (mut plan, _) = PlanReader::open(path)?;
    while let Some((entry, _)) = plan.entry()? {
        if entry.product.is_some_and(|product| changed.contains(&product)) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Says that a plan does not hold any more, and what came since.
pub fn stale(reader: &Reader, summary: &Summary, moved: &[String]) -> Result<Failure, Failure> {
    let since = match moved {
        [] => "the settings changed".to_owned(),
        moved => format!("came {}{}", moved.join(", "), touched(reader, summary.base)?),
    };
    let message = format!("plan {} is stale: since it was made {since}", summary.plan);
    Ok(Failure::conflict(message).with_help(again(summary)))
}

/// The first products that changed since a batch, for the words of a refusal.
fn touched(reader: &Reader, base: i64) -> Result<String, Failure> {
    let places = reader.touched_places(base, TOLD_PLACES)?;
    let Some(places) = places.filter(|places| !places.is_empty()) else {
        return Ok(String::new());
    };
    let mut places: Vec<String> = places.into_iter().collect();
    places.sort_unstable();
    let more = places.len().saturating_sub(TOLD);
    places.truncate(TOLD);
    let more = if more > 0 {
        format!(" and {more} more")
    } else {
        String::new()
    };
    Ok(format!("; changed since: {}{more}", places.join(", ")))
}

/// How such a plan is made again.
pub fn again(summary: &Summary) -> String {
    if let Some(undoes) = &summary.undoes {
        return format!("plan again: estante undo {} --plan", undoes.batch);
    }
    match (summary.is_sheet, summary.files.first()) {
        (true, Some(file)) => format!("plan again: estante sheet in {}", file.path),
        _ => format!("plan again: estante import {}", summary.supplier),
    }
}
