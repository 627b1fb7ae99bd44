//! Products made one, and taken apart again, each as a batch that `undo` takes back and that the next delivery respects.

use crate::catalog::Reader;
use crate::catalog::change::{BatchRecord, Change, NewLayer};
use crate::catalog::identity::ItemName;
use crate::catalog::stored::{ProductName, SourceId, StoredLayer};
use crate::diagnostic::Diagnostic;
use crate::product::batch::Tally;
use crate::product::item::{Item, Said};
use crate::product::layer::Layer;
use crate::product::origin::Source;
use crate::workspace::Workspace;
use crate::workspace::apply::remodel;
use crate::workspace::failure::Failure;
use crate::workspace::identity::Identity;
use crate::workspace::inspect::find;
use crate::workspace::settings::Settings;
use std::collections::{BTreeMap, BTreeSet};

/// What a merge did.
#[derive(Debug, Default)]
pub struct Merged {
    /// `None` where nothing could be merged.
    pub batch: Option<i64>,
    /// SKU of each product that stays, with that of the one that became part of it.
    pub merged: Vec<(String, String)>,
}

/// What a split did.
#[derive(Debug)]
pub struct Split {
    pub batch: i64,
    /// SKU of the product that was split.
    pub from: String,
    /// SKU of the product that the layers went to.
    pub sku: String,
    /// Source and SKU of each layer that went.
    pub moved: Vec<(String, String)>,
}

/// Makes `b` part of `a`: all that was said of it is said of `a`, and its suppliers' SKUs lead there.
pub fn merge(workspace: &mut Workspace, a: &str, b: &str) -> Result<Merged, Failure> {
    workspace.open_catalog()?;
    let reader = workspace.reader()?;
    let (a, b) = (find(&reader, a)?, find(&reader, b)?);
    if a.id == b.id {
        return Err(Failure::usage(format!(
            "both are {}: they are one product already",
            a.sku
        )));
    }
    let clash = |source: &str| {
        let fault = Diagnostic::error(
            "E-MERGE-SUPPLIER",
            format!("{source} sells both {} and {}", a.sku, b.sku),
        )
        .with_help(
            "a supplier has one SKU for a product: wait until it takes one off and its layer is undone, or keep two",
        );
        Failure::usage(fault.message.clone()).with_diagnostic(fault)
    };
    if let Some(source) = clashing(&reader, &a, &b)? {
        return Err(clash(&source));
    }
    merge_all(workspace, &[(a, b)], &Source::Editor.to_string())
}

/// A supplier that has a layer of both products.
pub fn clashing(reader: &Reader, a: &ProductName, b: &ProductName) -> Result<Option<String>, Failure> {
    let names = names(reader)?;
    let own: BTreeSet<SourceId> = reader.layers(a.id)?.iter().map(|layer| layer.source).collect();
    let theirs = reader.layers(b.id)?;
    let both = theirs.iter().filter(|layer| own.contains(&layer.source));
    Ok(both
        .filter_map(|layer| names.get(&layer.source))
        .find(|name| is_supplier(name))
        .cloned())
}

/// Makes the second of each pair part of the first, as one batch of a source. Pairs that cannot be one any more, since an earlier
/// pair made one of them another's or brought a supplier to both, are passed over.
pub fn merge_all(
    workspace: &mut Workspace,
    pairs: &[(ProductName, ProductName)],
    source: &str,
) -> Result<Merged, Failure> {
    workspace.open_catalog()?;
    let names = names(&workspace.reader()?)?;
    let trust = workspace.trust()?;
    let moment = workspace.moment.clone();
    let (catalog, settings) = workspace.catalog_and_settings()?;
    let mut change = catalog.begin()?;
    let mut joining = Joining {
        settings,
        identity: Identity::new(&settings.schema),
        names: &names,
        moved: 0,
    };
    let mut gone: BTreeMap<i64, ProductName> = BTreeMap::new();
    let mut merged = Vec::new();
    let mut remade = BTreeSet::new();
    let mut findings = Vec::new();
    for (a, b) in pairs {
        let now = |name: &ProductName| {
            let mut name = name;
            while let Some(next) = gone.get(&name.id) {
                name = next;
            }
            name.clone()
        };
        let ((mut a, mut b), asked) = ((now(a), now(b)), (a.id, b.id));
        // What an earlier pair made of them may be the other way round: the older one stays.
        if asked != (a.id, b.id) && a.id > b.id {
            std::mem::swap(&mut a, &mut b);
        }
        if a.id == b.id || !joining.join(&mut change, &a, &b)? {
            continue;
        }
        findings.push(Diagnostic::info("I-MERGED", format!("{} is part of {} from now on", b.sku, a.sku)).of(&a.sku));
        merged.push((a.sku.clone(), b.sku.clone()));
        remade.insert(a.id);
        gone.insert(b.id, a);
    }
    if merged.is_empty() {
        return Ok(Merged { batch: None, merged });
    }
    remade.retain(|product| !gone.contains_key(product));
    remodel(&mut change, &remade, settings, &trust)?;
    let record = record(moment, source, "merge", joining.moved, findings);
    Ok(Merged {
        batch: Some(change.commit(&record)?),
        merged,
    })
}

/// Takes what one supplier says out of a product, into a product of its own: the one it was before a merge, with all that came
/// along, or a new one. `sku` is the supplier's SKU, or that of a product that was merged; `supplier` tells which supplier's.
pub fn split(workspace: &mut Workspace, sku: &str, supplier: Option<&str>) -> Result<Split, Failure> {
    workspace.open_catalog()?;
    let reader = workspace.reader()?;
    let names = names(&reader)?;
    let leaving = leaving(workspace, &reader, &names, sku, supplier)?;
    let trust = workspace.trust()?;
    let moment = workspace.moment.clone();
    let (catalog, settings) = workspace.catalog_and_settings()?;
    let identity = Identity::new(&settings.schema);
    let from = leaving.product;
    let mut change = catalog.begin()?;
    let home = match leaving.home {
        Some(home) => {
            change.restore(home)?;
            home
        }
        None => {
            let first = &leaving.layers[0];
            let id = names
                .get(&first.source)
                .and_then(|name| name.strip_prefix("supplier:"))
                .unwrap_or_default();
            let prefix = settings
                .supplier(id)
                .map(|supplier| supplier.sku_prefix.clone())
                .unwrap_or_default();
            let other = format!("{id}-{}", first.sku);
            change.create_product(first.source, &format!("{prefix}{}", first.sku), &other, None)?
        }
    };
    let staying: Vec<StoredLayer> = change
        .layers(from.id)?
        .into_iter()
        .filter(|layer| !leaving.layers.iter().any(|other| other.source == layer.source))
        .collect();
    let mut moved = Vec::new();
    let own_sku = change.sku(home)?;
    for layer in &leaving.layers {
        let keys = identity.keys(&read(layer, settings)?);
        let supplied = names.get(&layer.source).is_some_and(|name| is_supplier(name));
        let renamed = own_sku.as_deref().filter(|_| !supplied);
        if change.move_layer(layer.source, from.id, home, renamed, &keys)? {
            moved.push((names.get(&layer.source).cloned().unwrap_or_default(), layer.sku.clone()));
        }
    }
    decide(&mut change, &names, &leaving.layers, &staying, false)?;
    remodel(&mut change, &BTreeSet::from([from.id, home]), settings, &trust)?;
    let told = format!(
        "{} left it for a product of its own",
        moved
            .iter()
            .map(|(source, sku)| format!("{source} {sku}"))
            .collect::<Vec<_>>()
            .join(", ")
    );
    let finding = Diagnostic::info("I-SPLIT", told).of(&from.sku);
    let batch = change.commit(&record(
        moment,
        &Source::Editor.to_string(),
        "split",
        moved.len() as u64,
        vec![finding],
    ))?;
    let sku = workspace.reader()?.sku_of(home)?.unwrap_or_default();
    Ok(Split {
        batch,
        from: from.sku,
        sku,
        moved,
    })
}

/// Remembers that two products are two, as a batch.
pub fn keep_apart(workspace: &mut Workspace, a: &ProductName, b: &ProductName) -> Result<i64, Failure> {
    workspace.open_catalog()?;
    let names = names(&workspace.reader()?)?;
    let moment = workspace.moment.clone();
    let mut change = workspace.catalog()?.begin()?;
    let (mine, theirs) = (change.layers(a.id)?, change.layers(b.id)?);
    decide(&mut change, &names, &mine, &theirs, false)?;
    let finding = Diagnostic::info("I-APART", format!("{} and {} are two products", a.sku, b.sku)).of(&a.sku);
    Ok(change.commit(&record(moment, &Source::Editor.to_string(), "reject", 0, vec![finding]))?)
}

fn record(at: String, source: &str, kind: &str, changed: u64, diagnostics: Vec<Diagnostic>) -> BatchRecord {
    BatchRecord {
        at,
        source: source.to_owned(),
        kind: kind.to_owned(),
        tally: Tally {
            read: changed,
            changed,
            ..Tally::default()
        },
        diagnostics,
        ..BatchRecord::default()
    }
}

fn names(reader: &Reader) -> Result<BTreeMap<SourceId, String>, Failure> {
    Ok(reader.sources()?.into_iter().collect())
}

fn is_supplier(name: &str) -> bool {
    matches!(Source::parse(name), Some(Source::Supplier(_)))
}

fn read(layer: &StoredLayer, settings: &Settings) -> Result<Layer, Failure> {
    Layer::read_body(&layer.body, &settings.schema).map_err(|error| Failure::damaged(&layer.sku, &error.to_string()))
}

/// Remembers of every supplier's item of the one side with every one of the other whether they are one.
fn decide(
    change: &mut Change<'_>,
    names: &BTreeMap<SourceId, String>,
    one: &[StoredLayer],
    other: &[StoredLayer],
    same: bool,
) -> Result<(), Failure> {
    let items = |layers: &[StoredLayer]| -> Vec<ItemName> {
        let supplied = layers
            .iter()
            .filter(|layer| names.get(&layer.source).is_some_and(|name| is_supplier(name)));
        supplied.map(|layer| (layer.source, layer.sku.clone())).collect()
    };
    for mine in items(one) {
        for theirs in items(other) {
            change.decide(&mine, &theirs, same)?;
        }
    }
    Ok(())
}

struct Joining<'w> {
    settings: &'w Settings,
    identity: Identity,
    names: &'w BTreeMap<SourceId, String>,
    /// Layers that went to another product.
    moved: u64,
}

impl Joining<'_> {
    /// Makes `b` part of `a`; false where a supplier has both.
    fn join(&mut self, change: &mut Change<'_>, a: &ProductName, b: &ProductName) -> Result<bool, Failure> {
        let (own, theirs) = (change.layers(a.id)?, change.layers(b.id)?);
        let supplied = |source: &SourceId| self.names.get(source).is_some_and(|name| is_supplier(name));
        let mine = |source: SourceId| own.iter().find(|layer| layer.source == source);
        if own.is_empty()
            || theirs.is_empty()
            || theirs
                .iter()
                .any(|layer| supplied(&layer.source) && mine(layer.source).is_some())
        {
            return Ok(false);
        }
        decide(change, self.names, &own, &theirs, true)?;
        for layer in &theirs {
            let said = read(layer, self.settings)?;
            let keys = self.identity.keys(&said);
            match mine(layer.source) {
                Some(kept) => {
                    self.add(change, a, kept, said)?;
                    change.absorb_layer(b.id, layer.source, &keys)?;
                }
                None => {
                    let renamed = (!supplied(&layer.source)).then_some(a.sku.as_str());
                    change.move_layer(layer.source, b.id, a.id, renamed, &keys)?;
                }
            }
            self.moved += 1;
        }
        change.retire(b.id, a.id)?;
        Ok(true)
    }

    /// Adds what a layer does not say to it: what a person said of the product that stays wins.
    fn add(&self, change: &mut Change<'_>, a: &ProductName, kept: &StoredLayer, more: Layer) -> Result<(), Failure> {
        let before = read(kept, self.settings)?;
        let new = more.values.into_iter().filter(|(key, _)| before.value(*key).is_none());
        let said: Vec<_> = new.map(|(key, value)| (key, Said::Value(value))).collect();
        if said.is_empty() {
            return Ok(());
        }
        let item = Item {
            sku: kept.sku.clone(),
            line: 0,
            file: 0,
            said,
        };
        let after = before.overlaid(item, kept.origin);
        let mut body = String::new();
        after.write_body(&self.settings.schema, &mut body);
        let layer = NewLayer {
            product: a.id,
            source: kept.source,
            sku: &kept.sku,
            file: 0,
            line: 0,
            row_hash: 0,
            body: &body,
        };
        Ok(change.replace_layer(layer, &self.identity.keys(&before), &self.identity.keys(&after))?)
    }
}

/// What is to leave a product.
struct Leaving {
    product: ProductName,
    /// The product that it was before a merge.
    home: Option<i64>,
    /// At least one.
    layers: Vec<StoredLayer>,
}

fn leaving(
    workspace: &Workspace,
    reader: &Reader,
    names: &BTreeMap<SourceId, String>,
    sku: &str,
    supplier: Option<&str>,
) -> Result<Leaving, Failure> {
    let settings = &workspace.settings;
    let wanted = supplier
        .map(|id| settings.supplier(id).map(|supplier| supplier.source.clone()))
        .transpose()?;
    let adds_to = |source: &SourceId| {
        let name = names.get(source);
        let supplier = settings
            .suppliers
            .iter()
            .find(|supplier| Some(&supplier.source) == name);
        supplier.and_then(|supplier| supplier.adds_to.clone())
    };
    let is_own = |layer: &StoredLayer| {
        let name = names.get(&layer.source);
        name.is_some_and(|name| is_supplier(name) && wanted.as_ref().is_none_or(|wanted| wanted == name))
            && adds_to(&layer.source).is_none()
    };
    let retired = reader.part_as(sku)?.map(|part| part.product);
    let mut found: Vec<StoredLayer> = match retired.filter(|_| wanted.is_none()) {
        Some(_) => Vec::new(),
        None => reader.layers_with_sku(sku)?.into_iter().filter(is_own).collect(),
    };
    if found.is_empty() && retired.is_none() {
        // The SKU of the product: the supplier must be named, or be the only one that did not give it.
        let product = find(reader, sku)?;
        let layers = reader.layers(product.id)?;
        found = layers
            .into_iter()
            .filter(is_own)
            .filter(|layer| wanted.is_some() || layer.sku != product.sku)
            .collect();
    }
    let home = match (retired, found.as_slice()) {
        (Some(home), []) => Some(home),
        (_, [one]) => home_of(reader, one)?,
        (_, []) => {
            return Err(
                Failure::usage(format!("nothing can leave `{sku}`: it is one supplier's product"))
                    .with_help("`estante product show SKU --layers` tells who says what"),
            );
        }
        (_, many) => {
            let told: Vec<String> = many
                .iter()
                .map(|layer| {
                    format!(
                        "{} ({})",
                        layer.sku,
                        names.get(&layer.source).map_or("", String::as_str)
                    )
                })
                .collect();
            return Err(Failure::usage(format!("`{sku}` may mean several: {}", told.join(", ")))
                .with_help("name the supplier's own SKU, or add --supplier S"));
        }
    };
    let product = match (&home, found.first()) {
        (_, Some(layer)) => reader.product_by_id(layer.product)?,
        (Some(home), None) => reader.successor(*home)?,
        (None, None) => None,
    };
    let product = product.ok_or_else(|| Failure::usage(format!("there is no product with the SKU `{sku}`")))?;
    let mut layers = reader.layers(product.id)?;
    let own: Vec<(String, String)> = found
        .iter()
        .map(|layer| (names.get(&layer.source).cloned().unwrap_or_default(), layer.sku.clone()))
        .collect();
    // A supplier's own item, and what another adds to it.
    let is_named = |layer: &StoredLayer| {
        let name = adds_to(&layer.source).or_else(|| names.get(&layer.source).cloned());
        own.contains(&(name.unwrap_or_default(), layer.sku.clone()))
    };
    match home {
        Some(home) => {
            let batch = reader.part(home)?.map_or(0, |part| part.batch);
            let came = reader.moves_in(batch)?;
            layers.retain(|layer| {
                let supplied = names.get(&layer.source).is_some_and(|name| is_supplier(name));
                let came = came.iter().any(|moved| {
                    moved.from == home && moved.source == layer.source && (!supplied || moved.sku == layer.sku)
                });
                // Where an item was named, its supplier alone leaves, with what no supplier said.
                came && (!supplied || own.is_empty()) || is_named(layer)
            });
        }
        None => layers.retain(is_named),
    }
    // The product of its own takes its name from the supplier's own layer, not from one that adds to it.
    layers.sort_by_key(|layer| adds_to(&layer.source).is_some());
    let others = reader.layers(product.id)?;
    let stays = others
        .iter()
        .filter(|layer| names.get(&layer.source).is_some_and(|name| is_supplier(name)));
    if layers.is_empty() || !stays.into_iter().any(|layer| !layers.contains(layer)) {
        return Err(Failure::usage(format!(
            "nothing can leave {}: it is one supplier's product",
            product.sku
        ))
        .with_help("`estante product show SKU --layers` tells who says what"));
    }
    Ok(Leaving { product, home, layers })
}

/// The product that an item was of first, where that is part of another by now and has its SKU from the item's supplier.
fn home_of(reader: &Reader, item: &StoredLayer) -> Result<Option<i64>, Failure> {
    for from in reader.origins(&(item.source, item.sku.clone()))? {
        if reader
            .part(from)?
            .is_some_and(|part| part.minted == i64::from(item.source.0))
        {
            return Ok(Some(from));
        }
    }
    Ok(None)
}
