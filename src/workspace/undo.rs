//! A batch taken back: first as a plan, which is the taking back itself, looked at and let go; then for good.
//!
//! The plan of an undo waits as any other does. Applied, it takes the batch back once more and holds only where that is what was shown.

use crate::catalog::Reader;
use crate::catalog::change::{BatchRecord, Change};
use crate::catalog::stored::{SourceId, StoredLayer};
use crate::catalog::undo::{Asked, Past, Undone};
use crate::diagnostic::Diagnostic;
use crate::plan::diff::differences;
use crate::plan::{Entry, EntryKind, PlanReader, PlanWriter, Summary, Undoes, Verdict};
use crate::product::batch::{Batch, Tally};
use crate::product::layer::Layer;
use crate::product::origin::Source;
use crate::schema::Schema;
use crate::schema::scope::Key;
use crate::workspace::Workspace;
use crate::workspace::apply::remodel;
use crate::workspace::difference::{ShownDifference, ShownEntry};
use crate::workspace::failure::Failure;
use crate::workspace::identity::Identity;
use crate::workspace::shelving::SETTINGS;
use crate::workspace::stale::stale;
use crate::workspace::unsettled::DISMISS;
use crate::workspace::weave::woven;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// Layers whose differences are told at once; the plan has them all.
const SHOWN: usize = 10_000;

/// A batch that was taken back.
#[derive(Debug, Default)]
pub struct TakenBack {
    pub of: i64,
    pub undone: Undone,
    /// What others said since of the values that are as before: it stays. At most 10,000.
    pub said_since: Vec<SaidSince>,
}

/// A value that another source said since.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct SaidSince {
    /// The product's.
    pub sku: String,
    /// With its scope, as people write it.
    pub attribute: String,
    pub source: String,
    pub batch: i64,
}

/// What taking a batch back would change.
#[derive(Debug)]
pub struct Planned {
    pub of: i64,
    pub undone: Undone,
    /// The batch that took it back already.
    pub by: Option<i64>,
    /// The plan that waits, where there is something to take back.
    pub plan: Option<String>,
    /// The layers that change, by product, then source; the reason names product and source. At most 10,000.
    pub changes: Vec<ShownEntry>,
    /// How many more there are.
    pub more: u64,
    /// What others said since of the values that would be as before: it stays. At most 10,000.
    pub said_since: Vec<SaidSince>,
}

/// Takes a batch back as a batch of its own. Undoing what was undone changes nothing.
pub fn undo(workspace: &mut Workspace, batch: i64) -> Result<TakenBack, Failure> {
    let Some(found) = standing(workspace, batch)? else {
        return Ok(TakenBack {
            of: batch,
            ..TakenBack::default()
        });
    };
    let reader = workspace.reader()?;
    let schema = workspace.settings.schema.clone();
    let moment = workspace.moment.clone();
    let (change, undone) = taken_back(workspace, &found)?;
    let said_since = said_since(&reader, &change, &undone, batch, &schema)?;
    commit(change, found, moment, undone, said_since)
}

fn commit(
    change: Change<'_>,
    found: Batch,
    moment: String,
    undone: Undone,
    said_since: Vec<SaidSince>,
) -> Result<TakenBack, Failure> {
    if undone.batch.is_some() {
        let tally = Tally {
            changed: undone.restored,
            missing: undone.removed,
            ..Tally::default()
        };
        change.commit(&BatchRecord {
            at: moment,
            source: found.source,
            kind: "undo".into(),
            tally,
            ..BatchRecord::default()
        })?;
    }
    Ok(TakenBack {
        of: found.id,
        undone,
        said_since,
    })
}

/// What `undo` would do, by doing it and letting go of it; it waits as a plan.
pub fn plan(workspace: &mut Workspace, batch: i64) -> Result<Planned, Failure> {
    let mut planned = Planned {
        of: batch,
        undone: Undone::default(),
        by: None,
        plan: None,
        changes: Vec::new(),
        more: 0,
        said_since: Vec::new(),
    };
    let standing = standing(workspace, batch)?;
    let reader = workspace.reader()?;
    let Some(found) = standing else {
        planned.by = reader.batch(batch)?.and_then(|batch| batch.undone_by);
        return Ok(planned);
    };
    let schema = workspace.settings.schema.clone();
    let name = workspace.next_plan()?;
    let path = workspace.plan_path(&name)?;
    let mut summary = Summary {
        plan: name.clone(),
        supplier: found.source.clone(),
        base: reader.sequence()?,
        fingerprint: schema.fingerprint(),
        at: workspace.moment.clone(),
        ..Summary::default()
    };
    let (change, undone) = taken_back(workspace, &found)?;
    planned.undone = undone;
    if planned.undone.batch.is_none() {
        return Ok(planned);
    }
    planned.said_since = said_since(&reader, &change, &planned.undone, batch, &schema)?;
    let sources = reader.sources()?;
    summary.undoes = Some(Undoes {
        batch,
        decisions: planned.undone.decisions,
        sources: sources.iter().map(|(_, name)| name.clone()).collect(),
    });
    let mut plan = PlanWriter::create(&path)?;
    each(&reader, &change, &planned.undone, &sources, &mut |entry, verdict| {
        let number = plan.add(&entry)?;
        plan.judge(number, verdict);
        match (verdict, entry.kind) {
            (Verdict::Go, EntryKind::New) => summary.tally.new += 1,
            (Verdict::Go, EntryKind::Missing) => summary.tally.missing += 1,
            (Verdict::Go, _) => summary.tally.changed += 1,
            (_, _) => summary.tally.held += 1,
        }
        match verdict {
            Verdict::Go if planned.changes.len() < SHOWN => {
                planned.changes.push(shown(&summary, &entry, &reader, &schema)?)
            }
            Verdict::Go => planned.more += 1,
            Verdict::Held(_) | Verdict::Rejected => {}
        }
        Ok(())
    })?;
    summary.tally.read = u64::from(plan.len());
    if !planned.undone.kept.is_empty() {
        summary.reasons = vec![kept()];
    }
    plan.finish(&mut summary)?;
    planned.plan = Some(name);
    Ok(planned)
}

/// Applies the plan of an undo: only if taking the batch back is still what was shown. The plan file is gone afterwards.
pub fn apply(workspace: &mut Workspace, path: &Path) -> Result<TakenBack, Failure> {
    let (mut plan, summary) = PlanReader::open(path)?;
    let Some(undoes) = &summary.undoes else {
        return Err(Failure::usage(format!("plan {} takes nothing back", summary.plan)));
    };
    let found = standing(workspace, undoes.batch)?;
    let reader = workspace.reader()?;
    let since = reader.batches_since(summary.base)?;
    let since: Vec<String> = since
        .iter()
        .map(|batch| format!("batch {} ({} of {})", batch.id, batch.kind, batch.source))
        .collect();
    let Some(found) = found else {
        return Err(stale(&reader, &summary, &since)?);
    };
    if summary.fingerprint != workspace.settings.schema.fingerprint() {
        return Err(stale(&reader, &summary, &[])?);
    }
    let moment = workspace.moment.clone();
    let schema = workspace.settings.schema.clone();
    let (change, undone) = taken_back(workspace, &found)?;
    let mut holds = undone.batch.is_some() && undone.decisions == undoes.decisions;
    let sources = reader.sources()?;
    each(&reader, &change, &undone, &sources, &mut |entry, verdict| {
        holds = holds && plan.entry()? == Some((entry, verdict));
        Ok(())
    })?;
    if !holds || plan.entry()?.is_some() {
        return Err(stale(&reader, &summary, &since)?);
    }
    let said_since = said_since(&reader, &change, &undone, found.id, &schema)?;
    let done = commit(change, found, moment, undone, said_since)?;
    std::fs::remove_file(path).map_err(|error| Failure::io("remove the applied plan", path, &error))?;
    Ok(done)
}

/// What others said since a batch of the values that are as they were before it: the product may go on saying that.
fn said_since(
    reader: &Reader,
    change: &Change<'_>,
    undone: &Undone,
    batch: i64,
    schema: &Schema,
) -> Result<Vec<SaidSince>, Failure> {
    let read = |layer: &StoredLayer| {
        Layer::read_body(&layer.body, schema).map_err(|error| Failure::damaged(&layer.sku, &error.to_string()))
    };
    if reader.sequence()? == batch {
        return Ok(Vec::new());
    }
    let sources: BTreeMap<SourceId, String> = reader.sources()?.into_iter().collect();
    let products: BTreeSet<i64> = undone.products.iter().copied().collect();
    let mut told = Vec::new();
    for product in products {
        let after = change.layers(product)?;
        // What this change writes itself has its number.
        let newer = |layer: &&StoredLayer| layer.origin.batch > batch && layer.origin.batch != change.batch();
        let newer: Vec<&StoredLayer> = after.iter().filter(newer).collect();
        if newer.is_empty() {
            continue;
        }
        let mut keys: BTreeSet<Key> = BTreeSet::new();
        for before in reader.layers(product)? {
            let after = after.iter().find(|layer| layer.source == before.source);
            if after.is_some_and(|after| after.body == before.body) {
                continue;
            }
            let after = after.map_or(Ok(Layer::default()), read)?;
            keys.extend(
                differences(&read(&before)?, &after)
                    .into_iter()
                    .map(|change| change.key),
            );
        }
        for layer in newer {
            let said = read(layer)?;
            for key in keys.iter().filter(|key| said.value(**key).is_some()) {
                let origin = said.origin(*key, layer.origin);
                if origin.batch <= batch || told.len() >= SHOWN {
                    continue;
                }
                told.push(SaidSince {
                    sku: reader.sku_of(product)?.unwrap_or_default(),
                    attribute: schema.key_text(*key),
                    source: sources.get(&layer.source).cloned().unwrap_or_default(),
                    batch: origin.batch,
                });
            }
        }
    }
    Ok(told)
}

fn kept() -> Diagnostic {
    Diagnostic::info(
        "I-UNDO-KEPT",
        "a later batch changed it, or what was before is past retention: it stays as it is",
    )
}

/// The layers that taking a batch back changes, by product, then source, then those that it leaves alone.
fn each(
    reader: &Reader,
    change: &Change<'_>,
    undone: &Undone,
    sources: &[(SourceId, String)],
    take: &mut dyn FnMut(Entry, Verdict) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut products = undone.products.clone();
    products.sort_unstable();
    products.dedup();
    for product in products {
        let by_source = |layers: Vec<StoredLayer>| -> BTreeMap<_, _> {
            layers.into_iter().map(|layer| (layer.source, layer)).collect()
        };
        let (before, after) = (by_source(reader.layers(product)?), by_source(change.layers(product)?));
        let all: BTreeSet<SourceId> = before.keys().chain(after.keys()).copied().collect();
        for source in all {
            // It is the store's own list.
            let at = sources.iter().position(|(id, _)| *id == source).unwrap_or_default();
            if let Some(entry) = entry(before.get(&source), after.get(&source), product, at as u32) {
                take(entry, Verdict::Go)?;
            }
        }
    }
    for sku in &undone.kept {
        take(bare(EntryKind::Same, sku.clone()), Verdict::Held(0))?;
    }
    Ok(())
}

fn bare(kind: EntryKind, sku: String) -> Entry {
    Entry {
        kind,
        product: None,
        sku,
        file: 0,
        line: 0,
        row_hash: 0,
        gtin: 0,
        mpn: String::new(),
        model: String::new(),
        before: String::new(),
        after: String::new(),
    }
}

/// What becomes of a layer; none where it stays.
fn entry(before: Option<&StoredLayer>, after: Option<&StoredLayer>, product: i64, source: u32) -> Option<Entry> {
    let kind = match (before, after) {
        (None, None) => return None,
        (None, Some(_)) => EntryKind::New,
        (Some(_), None) => EntryKind::Missing,
        (Some(before), Some(after)) if before.withdrawn && !after.withdrawn => EntryKind::New,
        (Some(before), Some(after)) if !before.withdrawn && after.withdrawn => EntryKind::Missing,
        (Some(before), Some(after)) if before.body == after.body => return None,
        (Some(_), Some(_)) => EntryKind::Changed,
    };
    let body = |layer: Option<&StoredLayer>| layer.map_or_else(String::new, |layer| layer.body.clone());
    let sku = before.or(after).map_or_else(String::new, |layer| layer.sku.clone());
    Some(Entry {
        product: Some(product),
        file: source,
        before: body(before),
        after: body(after),
        ..bare(kind, sku)
    })
}

/// What becomes of a layer, as plans call it.
pub fn becomes(kind: EntryKind) -> &'static str {
    match kind {
        EntryKind::New => "new",
        EntryKind::Missing => "missing",
        EntryKind::Changed | EntryKind::Same => "changed",
    }
}

/// Product and source of a layer that the plan of an undo changes.
pub fn whose(summary: &Summary, entry: &Entry, reader: &Reader) -> Result<String, Failure> {
    let product = entry.product.map_or(Ok(None), |product| reader.sku_of(product))?;
    let sources = summary.undoes.as_ref().map(|undoes| undoes.sources.as_slice());
    let source = sources.and_then(|sources| sources.get(entry.file as usize));
    Ok(format!(
        "{} {}",
        product.unwrap_or_default(),
        source.map_or("", String::as_str)
    ))
}

fn shown(summary: &Summary, entry: &Entry, reader: &Reader, schema: &Schema) -> Result<ShownEntry, Failure> {
    let read = |body: &str| match body {
        "" => Ok(Layer::default()),
        body => Layer::read_body(body, schema).map_err(|error| Failure::damaged(&entry.sku, &error.to_string())),
    };
    let changes = differences(&read(&entry.before)?, &read(&entry.after)?).into_iter();
    Ok(ShownEntry {
        sku: entry.sku.clone(),
        kind: becomes(entry.kind).to_owned(),
        values: changes.map(|change| ShownDifference::of(change, schema)).collect(),
        reason: Some(whose(summary, entry, reader)?),
    })
}

/// The batch, unless it was taken back. Errors where there is none, or it cannot be.
fn standing(workspace: &mut Workspace, batch: i64) -> Result<Option<Batch>, Failure> {
    workspace.open_catalog()?;
    let Some(found) = workspace.reader()?.batch(batch)? else {
        return Err(Failure::usage(format!("there is no batch {batch}")).with_help("`estante batches` lists them"));
    };
    if found.undone_by.is_some() {
        return Ok(None);
    }
    let forgotten = workspace.reader()?.forgotten()?;
    if batch <= forgotten {
        let history = &workspace.settings.history;
        let limits = match history.is_limited() {
            true => format!("`{}`", history.shown()),
            false => "an earlier limit".to_owned(),
        };
        let message = format!("batch {batch} cannot be taken back any more: its history is past retention");
        let told = Diagnostic::error("E-PAST-RETENTION", format!("history up to batch {forgotten} was let go by {limits}"))
            .with_value(&batch.to_string())
            .with_help("`[history]` in estante.toml says for how long it is kept; import a delivery again (`estante import SUPPLIER --again BATCH`) or set values by hand");
        return Err(Failure::usage(message).with_diagnostic(told));
    }
    if found.kind == SETTINGS {
        return Err(Failure::usage(format!("batch {batch} follows the settings"))
            .with_help("change them back, and the next command that writes puts products where they were"));
    }
    if found.kind == "undo" {
        return Err(Failure::usage(format!("batch {batch} is itself an undo"))
            .with_help("import the delivery again to have its changes back"));
    }
    Ok(Some(found))
}

/// The change that takes a batch back, to be committed or dropped.
fn taken_back<'w>(workspace: &'w mut Workspace, found: &Batch) -> Result<(Change<'w>, Undone), Failure> {
    let trust = workspace.trust()?;
    let (catalog, settings) = workspace.catalog_and_settings()?;
    let identity = Identity::new(&settings.schema);
    let keys = |body: &str| {
        Layer::read_body(body, &settings.schema)
            .map(|layer| identity.keys(&layer))
            .unwrap_or_default()
    };
    let mut change = catalog.begin()?;
    if found.kind == DISMISS {
        // It changed no product: what it settled waits again.
        change.take_back(found.id)?;
        let undone = Undone {
            batch: Some(change.batch()),
            ..Undone::default()
        };
        return Ok((change, undone));
    }
    let weave = |past: &Past| woven(past, &settings.schema);
    let by_hand = [
        change.source(&Source::Editor.to_string())?,
        change.source(&Source::Draft.to_string())?,
    ];
    let by_hand: Vec<SourceId> = by_hand.into_iter().flatten().collect();
    let asked = Asked {
        batch: found.id,
        // An import makes layers of what is new, and of nothing else.
        has_made: found.kind != "import" || found.tally.new > 0,
        by_hand: &by_hand,
        weave: &weave,
    };
    let undone = change.undo(&asked, keys)?;
    if undone.batch.is_some() {
        orphans(&mut change, &undone.products)?;
        remodel(
            &mut change,
            &undone.products.iter().copied().collect(),
            settings,
            &trust,
        )?;
    }
    Ok((change, undone))
}

/// What was found for a product goes with the last layer that somebody else has of it.
fn orphans(change: &mut Change<'_>, products: &[i64]) -> Result<(), Failure> {
    let own = Source::Images.to_string();
    let Some(own) = change.source(&own)? else { return Ok(()) };
    for product in products {
        let layers = change.layers(*product)?;
        if let [only] = layers.as_slice()
            && only.source == own
        {
            change.remove_layer(*product, own)?;
        }
    }
    Ok(())
}
