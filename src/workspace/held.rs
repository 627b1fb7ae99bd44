//! What the guards held in a batch: looked at, and accepted or rejected one by one or by cause.
//!
//! What is accepted becomes a batch of its own, which `undo` takes back like any other. What is rejected stays as it was and waits no
//! longer; that is a batch too. What nobody settles is compared anew with the next delivery.

use crate::catalog::Reader;
use crate::catalog::change::{BatchRecord, Change, NewLayer};
use crate::catalog::history::Held;
use crate::catalog::stored::{SourceId, StoredLayer};
use crate::diagnostic::Diagnostic;
use crate::plan::guard::files::ACCEPTED;
use crate::product::batch::{Batch, DeliveredFile, Tally};
use crate::product::layer::Layer;
use crate::workspace::Workspace;
use crate::workspace::apply::{Newcomers, remodel};
use crate::workspace::decisions::Decisions;
use crate::workspace::failure::Failure;
use crate::workspace::identity::Identity;
use crate::workspace::newcomers::{Newcomer, identify};
use crate::workspace::settings::Settings;
use crate::workspace::supplier_settings::Supplier;
use crate::workspace::unsettled::{DISMISS, Later};
use std::collections::{BTreeMap, BTreeSet};

/// Something a guard held.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ShownHeld {
    pub sku: String,
    pub line: u64,
    pub reason: Diagnostic,
    /// The batch that settled it since: one that accepted or rejected it, another that changed the same item or held a later word of
    /// it, or a later delivery of all there is.
    pub settled: Option<i64>,
}

/// What came of accepting or rejecting.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct Settled {
    /// `None` where there was nothing left to settle.
    pub batch: Option<i64>,
    /// Supplier SKUs whose held change is in the catalog now, or will not come into it.
    pub settled: Vec<String>,
    /// Supplier SKUs that stay as they are, with the reason.
    pub left: Vec<(String, String)>,
    /// What was noticed about who new products are.
    pub findings: Vec<Diagnostic>,
}

/// What the guards held in a batch, in the order it was met.
pub fn held(workspace: &Workspace, batch: i64) -> Result<Vec<ShownHeld>, Failure> {
    let reader = workspace.reader()?;
    let found = batch_of(&reader, batch)?;
    let source = source_of(&reader, &found)?;
    let later = Later::of(&reader, &workspace.settings, &found.source)?;
    (reader.held(batch)?.into_iter())
        .map(|held| {
            let by = layer_of(&reader, source, &held.sku)?.map_or(0, |layer| layer.origin.batch);
            Ok(ShownHeld {
                settled: later.settled(batch, &held.sku, by),
                sku: held.sku,
                line: held.line,
                reason: held.reason,
            })
        })
        .collect()
}

/// Puts what a guard held into the catalog after all. `wanted` names supplier SKUs and codes of guards. What a later batch changed
/// stays.
pub fn accept(workspace: &mut Workspace, batch: i64, wanted: &[String]) -> Result<Settled, Failure> {
    workspace.open_catalog()?;
    let reader = workspace.reader()?;
    let found = standing(&reader, batch)?;
    let held = chosen(reader.held(batch)?, batch, wanted)?;
    let later = Later::of(&reader, &workspace.settings, &found.source)?;
    if let Some(whole) = later.whole.filter(|whole| *whole > batch) {
        let message = format!("batch {whole} is a later delivery of the same supplier");
        return Err(Failure::usage(message).with_help(format!(
            "what was held before was compared anew with it: `estante batches --held {whole}`"
        )));
    }
    let source = workspace.catalog()?.source(&found.source)?;
    let trust = workspace.trust()?;
    let moment = workspace.moment.clone();
    let (catalog, settings) = workspace.catalog_and_settings()?;
    let mut outcome = Settled::default();
    // Of an item that was held for two reasons the last word counts, as in its delivery.
    let mut by_sku: BTreeMap<&str, &Held> = held.iter().map(|held| (held.sku.as_str(), held)).collect();
    by_sku.retain(|sku, _| {
        let why = match (later.rejected(batch, sku), later.held_again(batch, sku)) {
            (None, None) => return true,
            (Some(by), _) => format!("batch {by} has rejected it; `estante undo {by}` lets it wait again"),
            (None, Some(by)) => format!("batch {by} holds a later word: `estante batches --held {by}`"),
        };
        outcome.left.push(((*sku).to_owned(), why));
        false
    });
    let newcomers = newcomers(&reader, settings, &found, source, &by_sku, &mut outcome)?;
    let mut change = catalog.begin()?;
    let mut accepting = Accepting {
        source,
        batch,
        settings,
        identity: Identity::new(&settings.schema),
        tally: Tally::default(),
        products: BTreeSet::new(),
    };
    for (sku, held) in by_sku {
        let done = match (layer_of(&reader, Some(source), sku)?, newcomers.get(sku)) {
            (Some(stored), _) => accepting.known(&mut change, held, &stored)?,
            (None, Some(product)) => {
                let supplier = supplier_of(settings, &found)?;
                let bringing = Newcomers {
                    source,
                    supplier: &supplier.id,
                    prefix: &supplier.sku_prefix,
                    trust: &trust,
                };
                accepting.newcomer(&mut change, held, *product, &bringing)?;
                Ok(())
            }
            // Why was told when it was looked for.
            (None, None) => continue,
        };
        match done {
            Ok(()) => outcome.settled.push(sku.to_owned()),
            Err(why) => outcome.left.push((sku.to_owned(), why)),
        }
    }
    outcome.left.sort();
    let Accepting {
        mut tally, products, ..
    } = accepting;
    tally.read = outcome.settled.len() as u64;
    if outcome.settled.is_empty() {
        return Ok(outcome);
    }
    remodel(&mut change, &products, settings, &trust)?;
    let told = |code, what: &str| Diagnostic::info(code, what.to_owned()).with_value(&batch.to_string());
    let mut findings = vec![told("I-HELD-ACCEPTED", &format!("what batch {batch} held is accepted"))];
    if is_settled(&reader, &found, &later, &outcome.settled)? {
        findings.push(told(
            ACCEPTED,
            &format!("all that batch {batch} held is in the catalog"),
        ));
    }
    findings.extend(outcome.findings.iter().cloned());
    outcome.batch = Some(change.commit(&BatchRecord {
        at: moment,
        source: found.source,
        kind: "accept".into(),
        tally,
        files: found.files.into_iter().map(named).collect(),
        columns: reader.batch_columns(batch)?,
        diagnostics: findings,
    })?);
    Ok(outcome)
}

/// Whether all that a batch held is in the catalog, with what was accepted last. Then its files are what a delivery looks like.
fn is_settled(reader: &Reader, of: &Batch, later: &Later, accepted: &[String]) -> Result<bool, Failure> {
    let source = source_of(reader, of)?;
    let accepted: BTreeSet<&str> = accepted.iter().map(String::as_str).collect();
    for held in reader.held(of.id)? {
        if accepted.contains(&*held.sku) {
            continue;
        }
        let by = layer_of(reader, source, &held.sku)?.map_or(0, |layer| layer.origin.batch);
        if later.rejected(of.id, &held.sku).is_some() || by <= of.id {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Lets what a guard held stay as it is: it waits no longer.
pub fn reject(workspace: &mut Workspace, batch: i64, wanted: &[String]) -> Result<Settled, Failure> {
    workspace.open_catalog()?;
    let reader = workspace.reader()?;
    let found = standing(&reader, batch)?;
    let mut wanted: BTreeSet<String> = (chosen(reader.held(batch)?, batch, wanted)?.into_iter())
        .map(|held| held.sku)
        .collect();
    let mut outcome = Settled::default();
    let mut told = Vec::new();
    for held in held(workspace, batch)? {
        // Held for two reasons, it is settled once.
        if !wanted.remove(&held.sku) {
            continue;
        }
        match held.settled {
            Some(by) => outcome.left.push((held.sku, format!("batch {by} has settled it"))),
            None => {
                let finding = Diagnostic::info("I-HELD-REJECTED", format!("what batch {batch} held is rejected"));
                told.push(finding.with_value(&batch.to_string()).of(&*held.sku));
                outcome.settled.push(held.sku);
            }
        }
    }
    if told.is_empty() {
        return Ok(outcome);
    }
    let moment = workspace.moment.clone();
    let (catalog, _) = workspace.catalog_and_settings()?;
    let change = catalog.begin()?;
    outcome.batch = Some(change.commit(&BatchRecord {
        at: moment,
        source: found.source,
        kind: DISMISS.into(),
        diagnostics: told,
        ..BatchRecord::default()
    })?);
    Ok(outcome)
}

struct Accepting<'a> {
    source: SourceId,
    /// The batch that held.
    batch: i64,
    settings: &'a Settings,
    identity: Identity,
    tally: Tally,
    products: BTreeSet<i64>,
}

impl Accepting<'_> {
    fn read(&self, sku: &str, body: &str) -> Result<Layer, Failure> {
        Layer::read_body(body, &self.settings.schema).map_err(|error| Failure::damaged(sku, &error.to_string()))
    }

    /// An item that has a layer; says why where that stays.
    fn known(
        &mut self,
        change: &mut Change<'_>,
        held: &Held,
        stored: &StoredLayer,
    ) -> Result<Result<(), String>, Failure> {
        if stored.origin.batch > self.batch {
            return Ok(Err(format!("batch {} has changed it since", stored.origin.batch)));
        }
        if held.body.is_empty() {
            if stored.withdrawn {
                return Ok(Err("it is withdrawn already".to_owned()));
            }
            let row = (held.line > 0).then_some((held.file, held.line));
            change.withdraw(stored.product, self.source, row)?;
            self.tally.missing += 1;
        } else {
            let (before, after) = (self.read(&held.sku, &stored.body)?, self.read(&held.sku, &held.body)?);
            let (before, after) = (self.identity.keys(&before), self.identity.keys(&after));
            change.replace_layer(self.layer(held, stored.product), &before, &after)?;
            self.tally.changed += 1;
        }
        self.products.insert(stored.product);
        Ok(Ok(()))
    }

    /// An item that is new; `product` is the one it was found to be.
    fn newcomer(
        &mut self,
        change: &mut Change<'_>,
        held: &Held,
        product: Option<i64>,
        newcomers: &Newcomers<'_>,
    ) -> Result<(), Failure> {
        let layer = self.read(&held.sku, &held.body)?;
        let model = self.identity.model(&layer).unwrap_or_default();
        let product = newcomers.bring(change, &held.sku, product, &model)?;
        change.insert_layer(self.layer(held, product), &self.identity.keys(&layer))?;
        self.tally.new += 1;
        self.products.insert(product);
        Ok(())
    }

    fn layer<'h>(&self, held: &'h Held, product: i64) -> NewLayer<'h> {
        NewLayer {
            product,
            source: self.source,
            sku: &held.sku,
            file: held.file,
            line: held.line,
            // The next delivery tells again what its row is.
            row_hash: 0,
            body: &held.body,
        }
    }
}

/// The products that held items which are new would be: those that others describe already, by supplier SKU, or none.
fn newcomers(
    reader: &Reader,
    settings: &Settings,
    found: &Batch,
    source: SourceId,
    by_sku: &BTreeMap<&str, &Held>,
    outcome: &mut Settled,
) -> Result<BTreeMap<String, Option<i64>>, Failure> {
    let identity = Identity::new(&settings.schema);
    let (mut brought, mut candidates) = (BTreeMap::new(), Vec::new());
    for (sku, held) in by_sku {
        if layer_of(reader, Some(source), sku)?.is_some() {
            continue;
        }
        if held.body.is_empty() {
            outcome.left.push(((*sku).to_owned(), "it is gone already".to_owned()));
            continue;
        }
        let Ok(supplier) = supplier_of(settings, found) else {
            let why = "it is new, and its supplier stands in the settings no longer";
            outcome.left.push(((*sku).to_owned(), why.to_owned()));
            continue;
        };
        if let Some(base) = &supplier.adds_to {
            let bases = reader.sources()?;
            let base = bases.iter().find(|(_, name)| name == base).map(|(id, _)| *id);
            match layer_of(reader, base, sku)? {
                Some(layer) => {
                    brought.insert((*sku).to_owned(), Some(layer.product));
                }
                None => outcome
                    .left
                    .push(((*sku).to_owned(), "nobody sells such a product any more".to_owned())),
            }
            continue;
        }
        let layer = Layer::read_body(&held.body, &settings.schema)
            .map_err(|error| Failure::damaged(sku, &error.to_string()))?;
        let keys = identity.keys(&layer);
        candidates.push(Newcomer {
            entry: candidates.len() as u32,
            sku: (*sku).into(),
            gtin: keys.gtin.unwrap_or(0),
            mpn: keys.mpn.unwrap_or_default().into(),
        });
        brought.insert((*sku).to_owned(), None);
    }
    let skus: Vec<Box<str>> = candidates.iter().map(|newcomer| newcomer.sku.clone()).collect();
    let decisions = Decisions::open(reader)?;
    let identified = identify(candidates, Some(reader), Some(source), &decisions, &settings.schema)?;
    for (entry, product) in identified.joins {
        if let Some(sku) = skus.get(entry as usize) {
            brought.insert(sku.to_string(), Some(product));
        }
    }
    outcome.findings = identified.findings.into_iter().map(|(_, finding)| finding).collect();
    Ok(brought)
}

/// The supplier of a batch; errors where the settings have it no longer.
fn supplier_of<'s>(settings: &'s Settings, found: &Batch) -> Result<&'s Supplier, Failure> {
    settings.supplier(found.source.strip_prefix("supplier:").unwrap_or(&found.source))
}

/// A batch that was not taken back.
fn standing(reader: &Reader, batch: i64) -> Result<Batch, Failure> {
    let found = batch_of(reader, batch)?;
    match found.undone_by {
        None => Ok(found),
        Some(by) => Err(Failure::usage(format!("batch {batch} was taken back by batch {by}"))
            .with_help("import the delivery again; what is held then can be settled")),
    }
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
        table: file.table,
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
