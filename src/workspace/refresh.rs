//! The search index brought up to the catalog: only what changed since the sequence it holds, or all of it where it must.
//!
//! Killed at any moment it stands as before or as after: a commit holds its sequence. One process writes at a time.

use crate::catalog::Reader;
use crate::catalog::stored::{ProductName, StoredLayer};
use crate::index::directory::is_unwritable;
use crate::index::document::{Documents, Doubted, Note};
use crate::index::{Holding, Index, IndexError};
use crate::product::origin::Source;
use crate::workspace::Workspace;
use crate::workspace::failure::{Failure, FailureKind};
use crate::workspace::overridden::Overridden;
use crate::workspace::parallel::in_order;
use crate::workspace::products::{self, Shelf, chunks, places, sold};
use crate::workspace::progress::{Progress, Step};
use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use tantivy::TantivyDocument;
use xxhash_rust::xxh3::Xxh3;

/// Raised where the same settings make other documents than an earlier program did.
const FORM: u32 = 7;
/// Products that one thread reads at a time.
const CHUNK: usize = 256;
/// Longest wait for another process that is writing the index.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// What a refresh did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Refreshed {
    /// Products read and indexed.
    pub indexed: u64,
    /// Products in the index.
    pub products: u64,
    /// True where the index was made anew.
    pub rebuilt: bool,
}

/// Folder of the index.
pub fn folder(workspace: &Workspace) -> PathBuf {
    workspace.settings.store.join("index")
}

/// Opens the index as it stands; nothing where there is none that fits.
pub fn open(workspace: &Workspace) -> Result<Option<Index>, Failure> {
    Ok(Index::open(
        &folder(workspace),
        &workspace.settings.schema,
        fingerprint(workspace),
    )?)
}

/// The index after a refresh.
pub struct Standing {
    /// As it is now; nothing where there is none that can be asked.
    pub index: Option<Index>,
    /// What was done to bring it up to the catalog, or why it is behind.
    pub refreshed: Result<Refreshed, Failure>,
}

/// Brings the index up to the catalog. Nothing is written where nothing changed. Where another process writes the index, one
/// that can be asked is waited for as long as `patience` says, and one that is not there as long as it may take.
pub fn refresh(workspace: &Workspace, patience: Duration, progress: &dyn Progress) -> Standing {
    let mut index = None;
    let refreshed = catch_up(workspace, patience, progress, &mut index);
    Standing { index, refreshed }
}

fn catch_up(
    workspace: &Workspace,
    patience: Duration,
    progress: &dyn Progress,
    held: &mut Option<Index>,
) -> Result<Refreshed, Failure> {
    let Some(reader) = workspace.reader_if_any()? else {
        return Ok(Refreshed::default());
    };
    // What a killed writer left is looked at once. Of who is writing now, the mark tells nothing.
    let store = &workspace.settings.store;
    let mut right = None;
    if Index::is_doubtful(&folder(workspace)) {
        right = lock(store, Duration::ZERO).ok();
    }
    *held = match right {
        Some(_) => open_trusted(workspace)?,
        None => open(workspace)?,
    };
    if let Some(index) = held
        && index.holding.sequence == reader.sequence()?
        && index.holding.products == reader.count()?
    {
        return Ok(Refreshed {
            products: index.holding.products,
            ..Refreshed::default()
        });
    }
    if right.is_none() {
        right = Some(lock(store, if held.is_some() { patience } else { PATIENCE })?);
        // Another process may have done the work while this one waited.
        *held = open_trusted(workspace)?;
    }
    // What is seen from here on is what will be held, as long as the right to write is.
    let reader = reader.steady()?;
    let holding = Holding {
        sequence: reader.sequence()?,
        fingerprint: fingerprint(workspace),
        products: reader.count()?,
    };
    let since = held.as_ref().map(|index| index.holding.sequence);
    // One that is ahead is of another catalog.
    let since = since.filter(|since| *since <= holding.sequence);
    let mut names = match since {
        Some(since) if since == holding.sequence => Vec::new(),
        since => reader.shelf(since)?,
    };
    // Taking most documents out and in again costs more than beginning anew.
    let few = |index: &&mut Index| names.len() as u64 <= index.holding.products / 2 + 100;
    let rebuilt = match held.as_mut().filter(few) {
        Some(index) if since.is_some() => {
            progress.begin(&Step::Indexing, names.len() as u64);
            write(workspace, index, &names, false, progress, |writer| {
                remove_gone(index, &reader, writer)?;
                Ok(holding)
            })?;
            index.holding = holding;
            false
        }
        _ => {
            // What stood there is gone, and what is made is none before it is whole.
            *held = None;
            if since.is_some() {
                names = reader.shelf(None)?;
            }
            let mut index = Index::create(&folder(workspace), &workspace.settings.schema, holding.fingerprint)?;
            progress.begin(&Step::Indexing, names.len() as u64);
            write(workspace, &index, &names, true, progress, |_| Ok(holding))?;
            index.holding = holding;
            *held = Some(index);
            true
        }
    };
    progress.end();
    drop(right);
    Ok(Refreshed {
        indexed: names.len() as u64,
        products: holding.products,
        rebuilt,
    })
}

/// Opens the index for one who has the right to write it: where it was left half written, it is whole, or none.
fn open_trusted(workspace: &Workspace) -> Result<Option<Index>, Failure> {
    let index = open(workspace)?;
    if !Index::is_doubtful(&folder(workspace)) {
        return Ok(index);
    }
    let whole = index.filter(Index::is_whole);
    if let Some(index) = &whole {
        index.trust();
    }
    Ok(whole)
}

/// Reads products on all cores and puts them into the index; `before_commit` tells what it holds then.
fn write(
    workspace: &Workspace,
    index: &Index,
    names: &[ProductName],
    fresh: bool,
    progress: &dyn Progress,
    before_commit: impl FnOnce(&crate::index::Writer<'_>) -> Result<Holding, Failure>,
) -> Result<(), Failure> {
    let trust = workspace.trust()?;
    let shelf = Shelf::new(&workspace.settings, &trust);
    let schema = &workspace.settings.schema;
    let suppliers = suppliers(&workspace.reader()?)?;
    let overridden = Overridden::new(&workspace.reader()?, schema, &trust)?;
    let locales = locales(workspace);
    let writer = index.writer(workspace.threads, names.len())?;
    let store = workspace.settings.store.as_path();
    let worth = &workspace.settings.worth;
    let chunks = chunks(names, CHUNK);
    in_order(
        workspace.threads,
        chunks.len(),
        || {
            Ok((
                Reader::open(store)?.steady()?,
                Documents::new(&index.layout, schema, &locales, worth),
            ))
        },
        |(reader, documents), job| {
            let mut made: Vec<(i64, TantivyDocument)> = Vec::with_capacity(CHUNK);
            for siblings in places(chunks[job]) {
                for group in groups(siblings) {
                    let reader = &*reader;
                    let mut notes: Vec<(Vec<Note>, _)> = Vec::with_capacity(group.len());
                    let mut see = |layers: &[StoredLayer]| {
                        let told = layers.iter().map(|layer| note(layer, &suppliers)).collect();
                        notes.push((told, overridden.of(reader, layers)));
                    };
                    let (products, doubts) = shelf.group_seen(reader, &group, &mut see)?;
                    for ((product, (notes, overridden)), doubts) in products.iter().zip(notes).zip(&doubts) {
                        let notes = notes.as_slice();
                        let doubted = Doubted {
                            suggested: &doubts.suggested,
                            contradicted: &doubts.contradicted,
                            overridden: &overridden?,
                        };
                        made.push((product.id, documents.document(product, notes, doubted)));
                    }
                }
            }
            let count = made.len() as u64;
            if fresh {
                writer.add(made.into_iter().map(|(_, document)| document).collect())?;
            } else {
                for (product, document) in made {
                    writer.replace(product, document)?;
                }
            }
            Ok(count)
        },
        |count| {
            progress.advance(count);
            Ok(())
        },
    )?;
    let holding = before_commit(&writer)?;
    Ok(writer.commit(holding)?)
}

/// What is sold of a place is read together, a model's own record alone: it is found too.
fn groups(siblings: &[ProductName]) -> Vec<Cow<'_, [ProductName]>> {
    let mut groups = vec![sold(siblings)];
    if groups[0].len() < siblings.len() {
        let own = siblings.iter().filter(|name| name.model.is_none());
        groups.extend(own.map(|own| Cow::Borrowed(std::slice::from_ref(own))));
    }
    groups
}

/// Takes out what an undone batch had made, and no other batch kept, and what became part of another product.
fn remove_gone(index: &Index, reader: &Reader, writer: &crate::index::Writer<'_>) -> Result<(), Failure> {
    let batches = reader.batches_since(index.holding.sequence)?;
    if !batches
        .iter()
        .any(|batch| matches!(batch.kind.as_str(), "undo" | "merge"))
    {
        return Ok(());
    }
    let there: BTreeSet<i64> = reader.shelf(None)?.into_iter().map(|name| name.id).collect();
    for gone in index.ids()?.into_iter().filter(|id| !there.contains(id)) {
        writer.remove(gone);
    }
    Ok(())
}

/// Ids of the suppliers by their number in the store.
fn suppliers(reader: &Reader) -> Result<Vec<Option<String>>, Failure> {
    let mut suppliers = Vec::new();
    for (id, name) in reader.sources()? {
        let at = usize::from(id.0);
        if suppliers.len() <= at {
            suppliers.resize(at + 1, None);
        }
        if let Some(Source::Supplier(id)) = Source::parse(&name) {
            suppliers[at] = Some(id);
        }
    }
    Ok(suppliers)
}

fn note(layer: &StoredLayer, suppliers: &[Option<String>]) -> Note {
    let mut batches = vec![layer.origin.batch, layer.created];
    batches.dedup();
    Note {
        supplier: suppliers.get(usize::from(layer.source.0)).cloned().flatten(),
        sku: layer.sku.clone(),
        batches,
        created: layer.created,
    }
}

/// The locale in which completeness for no channel (first) and each channel is measured.
pub fn locales(workspace: &Workspace) -> Vec<u8> {
    let schema = &workspace.settings.schema;
    let mut locales = vec![1];
    for code in schema.channels() {
        let channel = workspace.settings.channels.iter().find(|channel| channel.code == *code);
        let locale = channel.and_then(|channel| schema.locale_number(&channel.locale));
        locales.push(locale.unwrap_or(1));
    }
    locales
}

/// All that decides what documents hold beside the catalog: what products say, the channels' locales, rates of currencies, and their form.
pub fn fingerprint(workspace: &Workspace) -> u64 {
    let mut hash = Xxh3::new();
    hash.update(&FORM.to_le_bytes());
    hash.update(&products::fingerprint(&workspace.settings).to_le_bytes());
    hash.update(&locales(workspace));
    workspace.settings.worth.note(&mut hash);
    hash.digest()
}

/// The right to write the index, which the operating system takes back when the process ends, however it ends.
fn lock(store: &Path, patience: Duration) -> Result<File, Failure> {
    let path = store.join("index.lock");
    let failed = |error: std::io::Error| {
        let failure = Failure::io("lock", &path, &error);
        match is_unwritable(&error) {
            true => failure
                .with_help("nothing may be written there; a search where it may be brings the index up to the catalog"),
            false => failure,
        }
    };
    let file = OpenOptions::new()
        .create(true)
        .truncate(false)
        .write(true)
        .open(&path)
        .map_err(failed)?;
    let until = Instant::now() + patience;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if Instant::now() < until => std::thread::sleep(Duration::from_millis(20)),
            Err(TryLockError::WouldBlock) => return Err(IndexError::InUse.into()),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
    }
}

impl From<IndexError> for Failure {
    fn from(error: IndexError) -> Failure {
        let message = error.to_string();
        match error {
            IndexError::InUse => Failure::conflict(message),
            _ => Failure::new(FailureKind::Broken, message)
                .with_help("the index can always be made anew: remove `index` in the store"),
        }
    }
}

/// Compares the index with the catalog: gives the number of products in it and what is wrong. An index that is only
/// behind is none of it.
pub fn verify(workspace: &Workspace) -> Result<(u64, Vec<String>), Failure> {
    let Some(reader) = workspace.reader_if_any()? else {
        return Ok((0, Vec::new()));
    };
    let folder = folder(workspace);
    if !folder.join("meta.json").is_file() {
        return Ok((0, Vec::new()));
    }
    let shown = workspace.settings.shown(&folder);
    let again = "the next search or run makes it anew";
    let Some(index) = open(workspace)? else {
        return match Index::is_readable(&folder) {
            // It was made with other settings, which the next search sees.
            true => Ok((0, Vec::new())),
            false => Ok((0, vec![format!("{shown}: the search index is damaged; {again}")])),
        };
    };
    if !index.is_whole() {
        // What is damaged is not read further; without its mark the next search finds the damage itself.
        index.distrust();
        return Ok((0, vec![format!("{shown}: the search index is damaged; {again}")]));
    }
    let mut faults = Vec::new();
    let sequence = reader.sequence()?;
    let ids = index.ids()?;
    if index.holding.sequence > sequence {
        faults.push(format!(
            "{shown}: the search index holds batch {}, the catalog ends with {sequence}; {again}",
            index.holding.sequence
        ));
    } else if index.holding.sequence == sequence {
        let mut there: Vec<i64> = reader.shelf(None)?.into_iter().map(|name| name.id).collect();
        there.sort_unstable();
        if there != ids {
            faults.push(format!(
                "{shown}: the search index holds {} products that are not those of the catalog ({})",
                ids.len(),
                there.len()
            ));
        }
    }
    Ok((ids.len() as u64, faults))
}
