//! A batch taken back: first as a plan, which is the taking back itself, looked at and let go; then for good.

use crate::catalog::change::{BatchRecord, Change, Undone};
use crate::catalog::stored::StoredLayer;
use crate::diagnostic::Diagnostic;
use crate::plan::diff::differences;
use crate::product::batch::{Batch, Tally};
use crate::product::layer::Layer;
use crate::product::origin::Source;
use crate::schema::Schema;
use crate::workspace::Workspace;
use crate::workspace::apply::remodel;
use crate::workspace::failure::Failure;
use crate::workspace::identity::Identity;
use crate::workspace::plans::{ShownDifference, ShownEntry};
use crate::workspace::shelving::SETTINGS;
use crate::workspace::unsettled::DISMISS;
use std::collections::BTreeMap;

/// Layers whose differences a plan shows; the rest is counted.
const SHOWN: usize = 10_000;

/// A batch that was taken back.
#[derive(Debug)]
pub struct TakenBack {
    pub of: i64,
    pub undone: Undone,
}

/// What taking a batch back would change.
#[derive(Debug)]
pub struct Planned {
    pub of: i64,
    pub undone: Undone,
    /// The batch that took it back already.
    pub by: Option<i64>,
    /// The layers that change, by product, then source; the reason names product and source. At most 10,000.
    pub changes: Vec<ShownEntry>,
    /// How many more there are.
    pub more: u64,
}

/// Takes a batch back as a batch of its own. Undoing what was undone changes nothing.
pub fn undo(workspace: &mut Workspace, batch: i64) -> Result<TakenBack, Failure> {
    let Some(found) = standing(workspace, batch)? else {
        return Ok(TakenBack {
            of: batch,
            undone: Undone::default(),
        });
    };
    let moment = workspace.moment.clone();
    let (change, undone) = taken_back(workspace, &found)?;
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
    Ok(TakenBack { of: batch, undone })
}

/// What `undo` would do, by doing it and letting go of it.
pub fn plan(workspace: &mut Workspace, batch: i64) -> Result<Planned, Failure> {
    let mut planned = Planned {
        of: batch,
        undone: Undone::default(),
        by: None,
        changes: Vec::new(),
        more: 0,
    };
    let standing = standing(workspace, batch)?;
    let reader = workspace.reader()?;
    let Some(found) = standing else {
        planned.by = reader.batch(batch)?.and_then(|batch| batch.undone_by);
        return Ok(planned);
    };
    let schema = workspace.settings.schema.clone();
    let (change, undone) = taken_back(workspace, &found)?;
    let mut products = undone.products.clone();
    products.sort_unstable();
    products.dedup();
    let sources: BTreeMap<_, _> = reader.sources()?.into_iter().collect();
    for product in products {
        let by_source = |layers: Vec<StoredLayer>| -> BTreeMap<_, _> {
            layers.into_iter().map(|layer| (layer.source, layer)).collect()
        };
        let (before, after) = (by_source(reader.layers(product)?), by_source(change.layers(product)?));
        let name = reader.sku_of(product)?.unwrap_or_default();
        let mut all: Vec<_> = before.keys().chain(after.keys()).copied().collect();
        all.sort_unstable();
        all.dedup();
        for source in all {
            let source_name = sources.get(&source).map_or("", String::as_str);
            let of = format!("{name} {source_name}");
            let Some(entry) = entry(before.get(&source), after.get(&source), &of, &schema)? else {
                continue;
            };
            match planned.changes.len() < SHOWN {
                true => planned.changes.push(entry),
                false => planned.more += 1,
            }
        }
    }
    planned.undone = undone;
    Ok(planned)
}

/// What becomes of a layer; none where it stays.
fn entry(
    before: Option<&StoredLayer>,
    after: Option<&StoredLayer>,
    of: &str,
    schema: &Schema,
) -> Result<Option<ShownEntry>, Failure> {
    let read = |layer: Option<&StoredLayer>| match layer {
        Some(layer) => {
            Layer::read_body(&layer.body, schema).map_err(|error| Failure::damaged(&layer.sku, &error.to_string()))
        }
        None => Ok(Layer::default()),
    };
    let kind = match (before, after) {
        (None, None) => return Ok(None),
        (None, Some(_)) => "new",
        (Some(_), None) => "missing",
        (Some(before), Some(after)) if before.withdrawn && !after.withdrawn => "new",
        (Some(before), Some(after)) if !before.withdrawn && after.withdrawn => "missing",
        (Some(before), Some(after)) if before.body == after.body => return Ok(None),
        (Some(_), Some(_)) => "changed",
    };
    let changes = differences(&read(before)?, &read(after)?).into_iter();
    Ok(Some(ShownEntry {
        sku: before.or(after).map_or_else(String::new, |layer| layer.sku.clone()),
        kind: kind.to_owned(),
        values: changes.map(|change| ShownDifference::of(change, schema)).collect(),
        reason: Some(of.to_owned()),
    }))
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
    let undone = change.undo(found.id, keys)?;
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
