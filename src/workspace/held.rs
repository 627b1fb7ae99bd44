//! What the guards held in a batch: looked at, and accepted one by one or by cause.
//!
//! What is accepted becomes a batch of its own, which `undo` takes back like any other. What nobody accepts stays as it was, and is
//! compared anew with the next delivery.

use crate::catalog::Reader;
use crate::catalog::change::{BatchRecord, NewLayer};
use crate::catalog::history::Held;
use crate::catalog::stored::{SourceId, StoredLayer};
use crate::diagnostic::Diagnostic;
use crate::product::batch::{Batch, DeliveredFile, Tally};
use crate::product::layer::Layer;
use crate::workspace::Workspace;
use crate::workspace::apply::remodel;
use crate::workspace::failure::Failure;
use crate::workspace::identity::Identity;
use std::collections::{BTreeMap, BTreeSet};

/// Something a guard held.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ShownHeld {
    pub sku: String,
    pub line: u64,
    pub reason: Diagnostic,
    /// The batch that settled it since: one that accepted it, or another that changed the same item.
    pub settled: Option<i64>,
}

/// What came of accepting.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Accepted {
    /// `None` where there was nothing left to accept.
    pub batch: Option<i64>,
    /// Supplier SKUs whose held change is in the catalog now.
    pub accepted: Vec<String>,
    /// Supplier SKUs that stay as they are, with the reason.
    pub left: Vec<(String, String)>,
}

/// What the guards held in a batch, in the order it was met.
pub fn held(workspace: &Workspace, batch: i64) -> Result<Vec<ShownHeld>, Failure> {
    let reader = workspace.reader()?;
    let found = batch_of(&reader, batch)?;
    let source = source_of(&reader, &found)?;
    (reader.held(batch)?.into_iter())
        .map(|held| {
            let settled = match layer_of(&reader, source, &held.sku)? {
                Some(layer) => Some(layer.origin.batch).filter(|by| *by > batch),
                None => None,
            };
            Ok(ShownHeld {
                sku: held.sku,
                line: held.line,
                reason: held.reason,
                settled,
            })
        })
        .collect()
}

/// Puts what a guard held into the catalog after all. `wanted` names supplier SKUs and codes of guards. What a later batch changed
/// stays, and so does what is new: a product that nobody has seen comes with its delivery.
pub fn accept(workspace: &mut Workspace, batch: i64, wanted: &[String]) -> Result<Accepted, Failure> {
    workspace.open_catalog()?;
    let reader = workspace.reader()?;
    let found = batch_of(&reader, batch)?;
    if let Some(by) = found.undone_by {
        return Err(Failure::usage(format!("batch {batch} was taken back by batch {by}"))
            .with_help("import the delivery again; what is held then can be accepted"));
    }
    let held = chosen(reader.held(batch)?, batch, wanted)?;
    let source = workspace.catalog()?.source(&found.source)?;
    let trust = workspace.trust()?;
    let moment = workspace.moment.clone();
    let (catalog, settings) = workspace.catalog_and_settings()?;
    let (schema, identity) = (&settings.schema, Identity::new(&settings.schema));
    let mut outcome = Accepted::default();
    let (mut tally, mut products) = (Tally::default(), BTreeSet::new());
    let mut change = catalog.begin()?;
    // Of an item that was held for two reasons the last word counts, as in its delivery.
    let by_sku: BTreeMap<&str, &Held> = held.iter().map(|held| (held.sku.as_str(), held)).collect();
    for (sku, held) in by_sku {
        let mut leave = |why: String| outcome.left.push((sku.to_owned(), why));
        let Some(stored) = layer_of(&reader, Some(source), sku)? else {
            leave("it is new: raise the guard for one import, and it comes with its delivery".to_owned());
            continue;
        };
        if stored.origin.batch > batch {
            leave(format!("batch {} has changed it since", stored.origin.batch));
            continue;
        }
        if held.body.is_empty() {
            if stored.withdrawn {
                leave("it is withdrawn already".to_owned());
                continue;
            }
            change.withdraw(stored.product, source)?;
            tally.missing += 1;
        } else {
            let read =
                |body: &str| Layer::read_body(body, schema).map_err(|error| Failure::damaged(sku, &error.to_string()));
            let (before, after) = (read(&stored.body)?, read(&held.body)?);
            let layer = NewLayer {
                product: stored.product,
                source,
                sku,
                file: held.file,
                line: held.line,
                // The next delivery tells again what its row is.
                row_hash: 0,
                body: &held.body,
            };
            change.replace_layer(layer, &identity.keys(&before), &identity.keys(&after))?;
            tally.changed += 1;
        }
        products.insert(stored.product);
        outcome.accepted.push(sku.to_owned());
    }
    tally.read = outcome.accepted.len() as u64;
    if outcome.accepted.is_empty() {
        return Ok(outcome);
    }
    remodel(&mut change, &products, settings, &trust)?;
    outcome.batch = Some(change.commit(&BatchRecord {
        at: moment,
        source: found.source,
        kind: "accept".into(),
        tally,
        files: found.files.into_iter().map(named).collect(),
        columns: reader.batch_columns(batch)?,
        ..BatchRecord::default()
    })?);
    Ok(outcome)
}

fn batch_of(reader: &Reader, batch: i64) -> Result<Batch, Failure> {
    reader
        .batch(batch)?
        .ok_or_else(|| Failure::usage(format!("there is no batch {batch}")).with_help("`estante batches` lists them"))
}

fn source_of(reader: &Reader, batch: &Batch) -> Result<Option<SourceId>, Failure> {
    let mut sources = reader.sources()?.into_iter();
    Ok(sources
        .find(|(_, name)| *name == batch.source)
        .map(|(source, _)| source))
}

/// The layer of a source under a supplier SKU.
fn layer_of(reader: &Reader, source: Option<SourceId>, sku: &str) -> Result<Option<StoredLayer>, Failure> {
    let mut layers = reader.layers_with_sku(sku)?.into_iter();
    Ok(layers.find(|layer| Some(layer.source) == source))
}

/// What origins of values need of a delivered file: its name. What is compared with the next delivery stays with the batch that
/// brought it.
fn named(file: DeliveredFile) -> DeliveredFile {
    DeliveredFile {
        path: file.path,
        format: file.format,
        ..DeliveredFile::default()
    }
}

/// What is asked for; every word must name something.
fn chosen(held: Vec<Held>, batch: i64, wanted: &[String]) -> Result<Vec<Held>, Failure> {
    let is = |held: &Held, word: &String| held.sku == *word || held.reason.code == *word;
    for word in wanted {
        if !held.iter().any(|held| is(held, word)) {
            let codes: BTreeSet<&str> = held.iter().map(|held| &*held.reason.code).collect();
            let codes: Vec<&str> = codes.into_iter().collect();
            return Err(
                Failure::usage(format!("batch {batch} holds nothing with the SKU or the code `{word}`")).with_help(
                    match codes.is_empty() {
                        true => "nothing was held in it".to_owned(),
                        false => format!(
                            "held by {}; `estante batches --held {batch}` lists the items",
                            codes.join(", ")
                        ),
                    },
                ),
            );
        }
    }
    Ok(held
        .into_iter()
        .filter(|held| wanted.iter().any(|word| is(held, word)))
        .collect())
}
