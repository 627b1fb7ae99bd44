//! What changed: of a product over its history, and of many products in one batch, each with the place that says so.

use crate::catalog::identity::Moved;
use crate::catalog::stored::{ProductName, StoredLayer};
use crate::plan::diff::differences;
use crate::product::batch::Batch;
use crate::product::layer::Layer;
use crate::product::origin::Origin;
use crate::schema::Schema;
use crate::schema::scope::Key;
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::places::{Shower, ShownPlace};
use std::collections::BTreeMap;

/// What stands for an attribute where a layer went from one product to another.
const MOVED: &str = "product";
/// What stands for one where a source took its item off, or offers it again: `yes` and `no`, as in a search.
const ACTIVE: &str = "active";
/// What stands for one where a product became part of another, or one of its own again.
const PART: &str = "part_of";

/// One change in a product's history.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ShownChange {
    pub batch: i64,
    /// Moment of the batch, RFC 3339.
    pub at: Option<String>,
    pub source: String,
    pub attribute: String,
    pub before: Option<String>,
    pub after: Option<String>,
    /// Where the new value was read; where a value went, the row that says so.
    #[serde(flatten)]
    pub place: ShownPlace,
    /// True where what was before is past retention: the batch said it so, or one before did.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub forgotten: bool,
}

/// One change of a batch.
#[derive(Debug, Clone, serde::Serialize)]
pub struct BatchChange {
    pub sku: String,
    #[serde(flatten)]
    pub change: ShownChange,
}

/// The changes of a batch, as many as were asked for.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct BatchChanges {
    pub changes: Vec<BatchChange>,
    /// Items that the batch wrote whose changes are not among them.
    pub more: u64,
    /// True where only what the catalog says until today is known of it: its history is past retention.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub past_retention: bool,
}

/// A layer at one time: what it says, and where it as a whole was read.
#[derive(Debug, Clone, Default)]
struct State {
    layer: Layer,
    origin: Origin,
    /// Whether the source offers the item; nothing where it says nothing of it.
    offered: Option<bool>,
    is_taken_off: bool,
}

impl State {
    fn read(stored: &StoredLayer, workspace: &Workspace) -> Result<State, Failure> {
        let layer = Layer::read_body(&stored.body, &workspace.settings.schema)
            .map_err(|error| Failure::damaged(&stored.sku, &error.to_string()))?;
        Ok(State {
            layer,
            origin: stored.origin,
            offered: Some(!stored.withdrawn),
            is_taken_off: stored.is_taken_off(),
        })
    }
}

/// What a batch made of a layer, as changes.
fn tell(
    shower: &mut Shower<'_>,
    batch: i64,
    source: u16,
    before: &State,
    after: &State,
) -> Result<Vec<ShownChange>, Failure> {
    let schema = &shower.workspace.settings.schema;
    let at = shower.reader.batch_moment(batch)?;
    let source = shower.source(source);
    let mut changes = Vec::new();
    for change in differences(&before.layer, &after.layer) {
        let place = match &change.after {
            Some(_) => shower.place(change.key, after.layer.origin(change.key, after.origin))?,
            None if after.origin.batch == batch => shower.place(change.key, after.origin)?,
            None => ShownPlace::default(),
        };
        changes.push(ShownChange {
            batch,
            at: at.clone(),
            source: source.clone(),
            attribute: schema.key_text(change.key),
            before: change.before.map(|value| value.to_text().into_owned()),
            after: change.after.map(|value| value.to_text().into_owned()),
            place,
            forgotten: false,
        });
    }
    if let Some(now) = after.offered.filter(|now| *now != before.offered.unwrap_or(true)) {
        let said = |offered: bool| if offered { "yes" } else { "no" }.to_owned();
        changes.push(ShownChange {
            batch,
            at,
            source,
            attribute: ACTIVE.to_owned(),
            before: Some(said(!now)),
            after: Some(said(now)),
            place: match (after.origin.batch == batch, now) {
                (true, true) => shower.row(after.origin)?,
                (true, false) => shower.end(after.origin, after.is_taken_off)?,
                // An undo says it.
                (false, _) => ShownPlace::default(),
            },
            forgotten: false,
        });
    }
    Ok(changes)
}

/// The changes of a product, the newest batch first; `stored` are its layers as they are now.
pub fn history(
    shower: &mut Shower<'_>,
    name: &ProductName,
    stored: &[StoredLayer],
) -> Result<Vec<ShownChange>, Failure> {
    let (workspace, reader) = (shower.workspace, shower.reader);
    let mut changes = Vec::new();
    // What each layer is now, going back in time change by change.
    let mut now: BTreeMap<u16, State> = BTreeMap::new();
    // The batch that made each, and the one that said its oldest state that is kept.
    let mut made: BTreeMap<u16, (i64, i64)> = BTreeMap::new();
    for layer in stored {
        now.insert(layer.source.0, State::read(layer, workspace)?);
        made.insert(layer.source.0, (layer.created, layer.origin.batch));
    }
    let forgotten = reader.forgotten()?;
    // What is kept beyond retention, for the words of people, tells no story without its gaps.
    let past = reader.past_layers(name.id)?.into_iter();
    for past in past.filter(|past| past.of > forgotten) {
        let source = past.layer.source.0;
        made.entry(source).and_modify(|made| made.1 = past.layer.origin.batch);
        let before = State::read(&past.layer, workspace)?;
        let after = now.get(&source).cloned().unwrap_or_default();
        changes.extend(tell(shower, past.of, source, &before, &after)?);
        now.insert(source, before);
    }
    for (source, (created, said)) in made {
        let first = now.remove(&source).unwrap_or_default();
        let is_forgotten = created <= forgotten && said != created;
        let batch = if is_forgotten { said } else { created };
        let mut told = tell(shower, batch, source, &State::default(), &first)?;
        told.iter_mut().for_each(|change| change.forgotten = is_forgotten);
        changes.extend(told);
    }
    for moved in reader.moves_of(name.id)? {
        changes.push(moved_change(shower, &moved)?);
    }
    changes.sort_by_key(|change| std::cmp::Reverse(change.batch));
    Ok(changes)
}

fn moved_change(shower: &Shower<'_>, moved: &Moved) -> Result<ShownChange, Failure> {
    let reader = shower.reader;
    Ok(ShownChange {
        batch: moved.batch,
        at: reader.batch_moment(moved.batch)?,
        source: shower.source(moved.source.0),
        attribute: MOVED.to_owned(),
        before: reader.sku_of(moved.from)?,
        after: reader.sku_of(moved.to)?,
        place: ShownPlace::default(),
        forgotten: false,
    })
}

/// The first changes of a batch, at most `most`: layers that it replaced in the order they were, then those it made, then those that
/// went to another product, then products that became part of others. Only those of an attribute where one is named: `name`, or
/// `name@es`. Reads layer by layer and holds what it gives, however large the batch was.
pub fn of_batch(
    workspace: &Workspace,
    batch: &Batch,
    attribute: Option<&str>,
    most: usize,
) -> Result<BatchChanges, Failure> {
    let reader = workspace.reader()?;
    let mut shower = Shower::new(workspace, &reader)?;
    let mut found = BatchChanges {
        past_retention: batch.id <= reader.forgotten()?,
        ..BatchChanges::default()
    };
    let mut place = Some(reader.written_first());
    while let Some(from) = place.filter(|_| found.more == 0) {
        let page = reader.written(batch.id, batch.undone_by, from)?;
        for id in &page.layers {
            if found.changes.len() >= most {
                found.more += 1;
                continue;
            }
            let changes = of_layer(&mut shower, batch, *id, found.past_retention)?;
            let wanted: Vec<BatchChange> = changes
                .into_iter()
                .filter(|found| is_of(&found.change, attribute))
                .collect();
            let room = most - found.changes.len();
            found.more += u64::from(wanted.len() > room);
            found.changes.extend(wanted.into_iter().take(room));
        }
        place = page.next;
    }
    if let Some(from) = place {
        found.more += reader.written_after(batch.id, batch.undone_by, from)?;
    }
    add_moves(&mut shower, batch.id, attribute, most, &mut found)?;
    add_parts(&shower, batch, attribute, most, &mut found)?;
    Ok(found)
}

/// The layers that a batch moved to another product, page by page.
fn add_moves(
    shower: &mut Shower<'_>,
    batch: i64,
    attribute: Option<&str>,
    most: usize,
    found: &mut BatchChanges,
) -> Result<(), Failure> {
    if !is_key(MOVED, attribute) {
        return Ok(());
    }
    let mut after = 0;
    while found.changes.len() < most {
        let page = shower.reader.moves_page(batch, after, most - found.changes.len())?;
        let Some((last, _)) = page.last() else { return Ok(()) };
        after = *last;
        for (_, moved) in page {
            let change = moved_change(shower, &moved)?;
            found.changes.push(BatchChange { sku: moved.sku, change });
        }
    }
    found.more += shower.reader.moves_after(batch, after)?;
    Ok(())
}

/// The products that a batch made part of others, or took out of them.
fn add_parts(
    shower: &Shower<'_>,
    batch: &Batch,
    attribute: Option<&str>,
    most: usize,
    found: &mut BatchChanges,
) -> Result<(), Failure> {
    if !is_key(PART, attribute) {
        return Ok(());
    }
    let reader = shower.reader;
    let (parted, count) = reader.parted(batch.id, most - found.changes.len())?;
    found.more += count - parted.len() as u64;
    let at = reader.batch_moment(batch.id)?;
    for parted in parted {
        let whole = parted.whole.map_or(Ok(None), |whole| reader.sku_of(whole))?;
        let (before, after) = match parted.taken_out {
            true => (whole, None),
            false => (None, whole),
        };
        let change = ShownChange {
            batch: batch.id,
            at: at.clone(),
            source: batch.source.clone(),
            attribute: PART.to_owned(),
            before,
            after,
            place: ShownPlace::default(),
            forgotten: false,
        };
        found.changes.push(BatchChange {
            sku: parted.sku,
            change,
        });
    }
    Ok(())
}

/// The name of an attribute to narrow a log or a plan down by, with or without its scope; `product` is where a layer belongs, `active`
/// whether a source offers its item, `part_of` what a product is part of.
/// Errors where the catalog has none of this name, with the nearest.
pub fn known_attribute(schema: &Schema, name: &str) -> Result<(), Failure> {
    if [MOVED, ACTIVE, PART].contains(&name) {
        return Ok(());
    }
    match Key::parse(schema, name) {
        Ok(_) => Ok(()),
        Err(mismatch) => {
            let failure = Failure::usage(mismatch.message);
            Err(match mismatch.help {
                Some(help) => failure.with_help(help),
                None => failure,
            })
        }
    }
}

/// Whether a change is of an attribute, in any scope where none is named; any change where no attribute is.
pub fn is_of(change: &ShownChange, attribute: Option<&str>) -> bool {
    is_key(&change.attribute, attribute)
}

/// The same of a key as people write it.
pub fn is_key(key: &str, attribute: Option<&str>) -> bool {
    attribute.is_none_or(|attribute| {
        let rest = key.strip_prefix(attribute);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('@'))
    })
}

/// What a batch made of one layer.
fn of_layer(shower: &mut Shower<'_>, batch: &Batch, id: i64, forgotten: bool) -> Result<Vec<BatchChange>, Failure> {
    let (workspace, reader) = (shower.workspace, shower.reader);
    let before = reader.before(id, batch.id)?;
    // What is there next was said by this batch, or the layer was taken away. An undo puts back what others said.
    let next = reader.after(id, batch.id)?;
    let after = next.filter(|next| match batch.kind.as_str() {
        "undo" => next.created <= batch.id,
        _ => next.origin.batch == batch.id,
    });
    let Some(stored) = after.as_ref().or(before.as_ref()) else {
        return Ok(Vec::new());
    };
    let (product, source, own_sku) = (stored.product, stored.source.0, stored.sku.clone());
    let state = |stored: &Option<StoredLayer>| match stored {
        Some(stored) => State::read(stored, workspace),
        None => Ok(State::default()),
    };
    let told = tell(shower, batch.id, source, &state(&before)?, &state(&after)?)?;
    let sku = reader.sku_of(product)?.unwrap_or(own_sku);
    let is_forgotten = forgotten && before.is_none() && after.as_ref().is_some_and(|after| after.created != batch.id);
    let told = told.into_iter().map(|change| BatchChange {
        sku: sku.clone(),
        change: ShownChange {
            forgotten: is_forgotten,
            ..change
        },
    });
    Ok(told.collect())
}
