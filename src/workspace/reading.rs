//! A delivery read on all cores: records in, what each would change out, in the order of the files.
//!
//! One thread reads, the others map and compare, the caller gets the outcomes in order. Every queue between them is
//! bounded, so a delivery of any size takes the same memory. What the outcomes add up to is left to `import`.

use crate::catalog::Reader;
use crate::catalog::stored::{Known, SourceId};
use crate::diagnostic::{Diagnostic, Place, excerpt};
use crate::feed::failure::FeedError;
use crate::feed::report::FileReport;
use crate::feed::settings::FileSettings;
use crate::mapping::apply::Scratch;
use crate::mapping::once::Once;
use crate::mapping::unknown::UnknownWords;
use crate::plan::diff::changed_keys;
use crate::plan::guard::item::Alarm;
use crate::plan::guard::moves::Moved;
use crate::plan::{Entry, EntryKind};
use crate::product::item::Item;
use crate::product::layer::Layer;
use crate::product::record::{Cell, Record, Records, Spot};
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::workspace::delivery::DeliveryFile;
use crate::workspace::failure::Failure;
use crate::workspace::identity::Identity;
use crate::workspace::parents::{House, Parents};
use crate::workspace::supplier_settings::Supplier;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

/// What one record turned out to be.
pub enum Outcome {
    /// Its row is the one already known; the number is a position in `Known`.
    Unchanged { known: u32, spot: Spot },
    /// It changes something, or speaks for the first time.
    Entry(Box<Changed>),
    /// It says that its product is no longer sold; the number is a position in `Known`, where it is known.
    Removed {
        sku: String,
        known: Option<u32>,
        spot: Spot,
    },
    /// It cannot be taken; its bytes go to the rejects file. The SKU is told where it could be read. Items made of the same rows
    /// share their bytes: they come with the first of them that is rejected.
    Rejected {
        sku: Option<String>,
        spot: Spot,
        raw: Vec<u8>,
    },
}

/// A record that is not known as it stands.
pub struct Changed {
    /// Position in `Known`, for a SKU seen before.
    pub known: Option<u32>,
    pub spot: Spot,
    pub entry: Entry,
    /// Attributes whose value changes, each once, in order; empty for new ones.
    pub attributes: Vec<AttributeId>,
    /// What it does to the values that the guards compare; nothing of new ones.
    pub moved: Moved,
    /// What is wrong with it, whatever the others do.
    pub alarm: Option<Alarm>,
}

/// One batch of outcomes, or what happened between batches.
pub enum Told {
    /// A file was opened; its header may have findings.
    Opened { diagnostics: Vec<Diagnostic> },
    Outcomes {
        outcomes: Vec<Outcome>,
        diagnostics: Vec<Diagnostic>,
        /// Words that nothing knows, where they are counted.
        unknown: Option<UnknownWords>,
        /// What is told once for a column.
        once: Once,
    },
    /// A file was read to its end. `cut` is true where its last record is not whole.
    Closed { report: Box<FileReport>, cut: bool },
}

/// What a reading needs to know.
pub struct Readers<'w> {
    pub supplier: &'w Supplier,
    /// How the files are read: as the supplier's settings say, with the joined tables where they lie now.
    pub file: &'w FileSettings,
    pub schema: &'w Schema,
    pub files: &'w [DeliveryFile],
    pub known: &'w Known,
    /// Folder of the store, for fetching what is to be compared, and the supplier's source in it, where it was imported before.
    pub store: Option<(&'w Path, Option<SourceId>)>,
    /// The supplier's house.
    pub house: House,
    pub threads: usize,
    /// Count the words that no map and no list knows.
    pub count_unknown: bool,
}

/// Why a reading stopped.
enum Stop {
    Feed(FeedError),
    Header(Vec<Diagnostic>),
    Other(Failure),
}

enum Job {
    Batch(u64, Records),
}

enum Done {
    /// What is to be told under this number.
    Told(u64, Result<Told, Stop>),
    /// A working thread could not begin.
    Failed(Failure),
}

/// Reads the whole delivery and hands what is told to `each`, in order. Stops with the first file that must be refused.
pub fn read(readers: &Readers<'_>, mut each: impl FnMut(Told) -> Result<(), Failure>) -> Result<(), Failure> {
    let workers = readers.threads.max(1);
    let (jobs, jobs_in) = sync_channel::<Job>(workers * 2);
    let (done, done_in) = sync_channel::<Done>(workers * 4);
    let (spare, spares) = sync_channel::<Records>(workers * 4);
    let jobs_in = Mutex::new(jobs_in);
    let (jobs_in, stopped) = (&jobs_in, &AtomicBool::new(false));
    std::thread::scope(|scope| {
        let reader_done = done.clone();
        scope.spawn(move || read_files(readers, jobs, reader_done, spares, stopped));
        for _ in 0..workers {
            let (done, spare) = (done.clone(), spare.clone());
            scope.spawn(move || work(readers, jobs_in, done, spare, stopped));
        }
        drop((done, spare));
        // Outcomes arrive in any order and are handed on in theirs. What arrives early is bounded by the queues.
        let mut early: BTreeMap<u64, Result<Told, Stop>> = BTreeMap::new();
        let mut next = 0;
        for told in done_in {
            match told {
                Done::Told(number, told) => early.insert(number, told),
                Done::Failed(failure) => return Err(failure),
            };
            while let Some(told) = early.remove(&next) {
                next += 1;
                match told {
                    Ok(told) => each(told)?,
                    Err(stop) => return Err(stop.failure()),
                }
            }
        }
        Ok(())
    })
}

impl Stop {
    fn failure(self) -> Failure {
        match self {
            Stop::Feed(error) => {
                let finding = error.diagnostic();
                Failure::invalid("the delivery is refused; nothing was changed", vec![finding])
            }
            Stop::Header(findings) => Failure::invalid("the delivery is refused; nothing was changed", findings),
            Stop::Other(failure) => failure,
        }
    }
}

/// The reading thread: every file in order, batch after batch. Ends early when nobody listens any more.
fn read_files(
    readers: &Readers<'_>,
    jobs: SyncSender<Job>,
    done: SyncSender<Done>,
    spares: Receiver<Records>,
    stopped: &AtomicBool,
) {
    let mut number = 0;
    let tell = |number: &mut u64, told: Result<Told, Stop>| {
        *number += 1;
        done.send(Done::Told(*number - 1, told)).is_ok()
    };
    let mapping = &readers.supplier.mapping;
    for (n, file) in readers.files.iter().enumerate() {
        let opened = crate::feed::open(&file.path, &file.shown, n as u32, readers.file, mapping.wanted());
        let mut reading = match opened {
            Ok(reading) => reading,
            Err(error) => {
                tell(&mut number, Err(Stop::Feed(error)));
                return;
            }
        };
        let findings = mapping.check_header(reading.found(), reading.header(), &file.shown);
        if findings
            .iter()
            .any(|finding| finding.severity == crate::diagnostic::Severity::Error)
        {
            tell(&mut number, Err(Stop::Header(findings)));
            return;
        }
        if !tell(&mut number, Ok(Told::Opened { diagnostics: findings })) {
            return;
        }
        let mut cut = false;
        loop {
            let mut batch = spares.try_recv().unwrap_or_default();
            batch.clear();
            batch.file = n as u32;
            if stopped.load(Ordering::Relaxed) {
                return;
            }
            match reading.next(&mut batch) {
                Ok(true) => {
                    cut = batch
                        .len()
                        .checked_sub(1)
                        .and_then(|last| batch.get(last))
                        .is_some_and(|last| last.fault().is_some());
                    if jobs.send(Job::Batch(number, batch)).is_err() {
                        return;
                    }
                    number += 1;
                }
                Ok(false) => break,
                Err(error) => {
                    tell(&mut number, Err(Stop::Feed(error)));
                    return;
                }
            }
        }
        let report = reading.finish();
        let cut = cut && !report.ends_with_newline;
        if !tell(
            &mut number,
            Ok(Told::Closed {
                report: Box::new(report),
                cut,
            }),
        ) {
            return;
        }
    }
}

/// A working thread: maps and compares batches until there are no more. When nobody listens any more it says so and takes
/// what is left off the queue, so that the reading thread does not wait for room in it.
fn work(
    readers: &Readers<'_>,
    jobs: &Mutex<Receiver<Job>>,
    done: SyncSender<Done>,
    spare: SyncSender<Records>,
    stopped: &AtomicBool,
) {
    let next = || jobs.lock().ok().and_then(|jobs| jobs.recv().ok());
    let drain = || {
        stopped.store(true, Ordering::Relaxed);
        while next().is_some() {}
    };
    let reader = match readers
        .store
        .map(|(folder, source)| Reader::open(folder).map(|reader| (reader, source)))
    {
        None => None,
        Some(Ok(reader)) => Some(reader),
        Some(Err(error)) => {
            let _ = done.send(Done::Failed(error.into()));
            return drain();
        }
    };
    let mut worker = Worker {
        readers,
        reader,
        parents: Parents::new(&readers.house),
        identity: Identity::new(readers.schema),
        scratch: Scratch::default(),
        cells: watched_cells(readers),
        rejected: None,
    };
    while let Some(Job::Batch(number, batch)) = next() {
        let told = worker.batch(&batch).map_err(Stop::Other);
        if done.send(Done::Told(number, told)).is_err() {
            return drain();
        }
        // A full shelf of spare batches is no loss.
        let _ = spare.try_send(batch);
    }
}

struct Worker<'w> {
    readers: &'w Readers<'w>,
    reader: Option<(Reader, Option<SourceId>)>,
    parents: Parents<'w>,
    identity: Identity,
    scratch: Scratch,
    /// Attributes whose loss is watched, and which cell of a record fills each, where one alone does.
    cells: Vec<(AttributeId, usize)>,
    /// Where the bytes of the record rejected last in this batch stand.
    rejected: Option<*const u8>,
}

impl Worker<'_> {
    fn batch(&mut self, batch: &Records) -> Result<Told, Failure> {
        let mut outcomes = Vec::with_capacity(batch.len());
        let mut diagnostics = Vec::new();
        self.rejected = None;
        self.scratch.unknown = self.readers.count_unknown.then(UnknownWords::default);
        for record in batch.iter() {
            outcomes.push(self.record(record, &mut diagnostics)?);
        }
        let unknown = self.scratch.unknown.take();
        Ok(Told::Outcomes {
            outcomes,
            diagnostics,
            unknown,
            once: std::mem::take(&mut self.scratch.once),
        })
    }

    fn record(&mut self, record: Record<'_>, diagnostics: &mut Vec<Diagnostic>) -> Result<Outcome, Failure> {
        let mapping = &self.readers.supplier.mapping;
        let shown = &self.readers.files[record.file() as usize].shown;
        let last = &mut self.rejected;
        let mut rejected = |sku: Option<String>| {
            let bytes = record.raw();
            let is_told = last.replace(bytes.as_ptr()) == Some(bytes.as_ptr());
            Outcome::Rejected {
                sku,
                spot: record.spot(),
                raw: if is_told { Vec::new() } else { bytes.to_vec() },
            }
        };
        if let Some(fault) = record.fault() {
            let sku = mapping.sku(&record).ok().map(|sku| sku.into_owned());
            let mut fault = fault.clone();
            fault.sku = fault.sku.or_else(|| sku.clone());
            diagnostics.push(fault);
            return Ok(rejected(sku));
        }
        let sku = match mapping.sku(&record) {
            Ok(sku) => sku,
            Err(mut fault) => {
                // The mapping knows the line and column, not the file's name.
                fault.place.file = Some(shown.clone());
                diagnostics.push(fault);
                return Ok(rejected(None));
            }
        };
        if record.removes() {
            return Ok(Outcome::Removed {
                known: self.readers.known.find(&sku).map(|(at, _)| at as u32),
                sku: sku.into_owned(),
                spot: record.spot(),
            });
        }
        let row_hash = mapping.row_hash(&record);
        let known = self.readers.known.find(&sku);
        if let Some((at, item)) = known
            && item.row_hash == row_hash
            && !item.withdrawn
        {
            return Ok(Outcome::Unchanged {
                known: at as u32,
                spot: record.spot(),
            });
        }
        let Some(item) = mapping.apply(record, &sku, shown, &mut self.scratch, diagnostics) else {
            return Ok(rejected(Some(sku.into_owned())));
        };
        let changed = match known {
            None => self.new_entry(item, (record.spot(), row_hash), diagnostics)?,
            Some((at, known)) => {
                let (product, withdrawn) = (known.product, known.withdrawn);
                let mut changed = self.changed_entry(item, record, (product, withdrawn, row_hash), diagnostics)?;
                changed.known = Some(at as u32);
                changed
            }
        };
        Ok(Outcome::Entry(Box::new(changed)))
    }

    /// True where the record has the cell for an attribute, filled or not. A column that is not there says nothing.
    fn is_there(&self, attribute: AttributeId, record: Record<'_>) -> bool {
        let cell = self.cells.iter().find(|(of, _)| *of == attribute);
        cell.is_some_and(|(_, cell)| record.cell(*cell) != Cell::Absent)
    }

    /// Completes the model of an item, `before` being its layer.
    fn put_model(
        &mut self,
        item: &mut Item,
        before: Option<&Layer>,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<(), Failure> {
        let mapping = &self.readers.supplier.mapping;
        mapping.put_model(item, before);
        if let Some((reader, _)) = &self.reader {
            let refused = self
                .parents
                .refuse(item, before, reader, mapping, self.readers.schema)?;
            diagnostics.extend(refused.map(|mut finding| {
                let file = self.readers.files.get(item.file as usize);
                finding.place.file = file.map(|file| file.shown.clone());
                finding
            }));
        }
        Ok(())
    }

    fn new_entry(
        &mut self,
        mut item: Item,
        (spot, row_hash): (Spot, u64),
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<Changed, Failure> {
        self.put_model(&mut item, None, diagnostics)?;
        let alarm = self.alarm(None, &item);
        let (sku, file, line) = (item.sku.clone(), item.file, item.line);
        let layer = Layer::first(item);
        let entry = self.entry(EntryKind::New, None, (sku, file, line, row_hash), String::new(), &layer);
        Ok(Changed {
            known: None,
            spot,
            entry,
            attributes: Vec::new(),
            moved: Moved::default(),
            alarm,
        })
    }

    fn alarm(&self, before: Option<&Layer>, item: &Item) -> Option<Alarm> {
        let known = self.readers.schema.known();
        Alarm::of(&self.readers.supplier.guards, known, before, item)
    }

    fn changed_entry(
        &mut self,
        mut item: Item,
        record: Record<'_>,
        (product, withdrawn, row_hash): (i64, bool, u64),
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Result<Changed, Failure> {
        let stored = match &self.reader {
            Some((reader, Some(source))) => reader.layer(product, *source)?,
            _ => None,
        };
        let stored = stored.ok_or_else(|| {
            Failure::conflict("the catalog changed while the delivery was read").with_help("run it again")
        })?;
        let schema = self.readers.schema;
        let before = Layer::read_body(&stored.body, schema)
            .map_err(|error| Failure::damaged(&stored.sku, &error.to_string()))?;
        self.put_model(&mut item, Some(&before), diagnostics)?;
        let keys = changed_keys(&item, &before);
        let kind = match keys.is_empty() && !withdrawn {
            true => EntryKind::Same,
            false => EntryKind::Changed,
        };
        let moved = Moved::of(
            &self.readers.supplier.guards,
            schema.known().stock,
            &before,
            &item,
            |attribute| self.is_there(attribute, record),
        );
        let alarm = self.alarm(Some(&before), &item);
        let mut attributes: Vec<AttributeId> = keys.iter().map(|key| key.attribute).collect();
        attributes.dedup();
        let (sku, file, line) = (item.sku.clone(), item.file, item.line);
        let was = self.identity.keys(&before).gtin;
        let after = before.overlaid(item, stored.origin);
        let entry = self.entry(kind, Some(product), (sku, file, line, row_hash), stored.body, &after);
        if entry.gtin != 0 && was != Some(entry.gtin) {
            diagnostics.extend(self.taken_code(&entry, product)?);
        }
        Ok(Changed {
            known: None,
            spot: record.spot(),
            entry,
            attributes,
            moved,
            alarm,
        })
    }

    /// Tells of a known item that comes with the GTIN of another product: it stays the product that it is.
    fn taken_code(&self, entry: &Entry, product: i64) -> Result<Option<Diagnostic>, Failure> {
        let Some((reader, _)) = &self.reader else {
            return Ok(None);
        };
        let others = reader.by_gtin(entry.gtin)?.into_iter().map(|(id, _)| id);
        let Some(other) = others.filter(|id| *id != product).min() else {
            return Ok(None);
        };
        let other = reader.product_by_id(other)?.map_or_else(String::new, |name| name.sku);
        let place = Place {
            file: self
                .readers
                .files
                .get(entry.file as usize)
                .map(|file| file.shown.clone()),
            line: Some(entry.line),
            column: None,
        };
        Ok(Some(
            Diagnostic::warning(
                "W-IDENTITY-CONFLICT",
                format!("the item has the GTIN of {} now", excerpt(&other)),
            )
            .at(place)
            .of(&entry.sku)
            .with_value(&format!("{:013}", entry.gtin))
            .with_help("it stays the product that it was: ask which code is right, or `estante product merge` them"),
        ))
    }

    fn entry(
        &mut self,
        kind: EntryKind,
        product: Option<i64>,
        (sku, file, line, row_hash): (String, u32, u64, u64),
        before: String,
        after: &Layer,
    ) -> Entry {
        let keys = self.identity.keys(after);
        let model = self.identity.model(after).unwrap_or_default();
        let mut body = String::with_capacity(before.len().max(512));
        after.write_body(self.readers.schema, &mut body);
        Entry {
            kind,
            product,
            sku,
            file,
            line,
            row_hash,
            gtin: keys.gtin.unwrap_or(0),
            mpn: keys.mpn.unwrap_or_default(),
            model,
            before,
            after: body,
        }
    }
}

fn watched_cells(readers: &Readers<'_>) -> Vec<(AttributeId, usize)> {
    let mapping = &readers.supplier.mapping;
    let watched = readers.supplier.guards.attributes.iter();
    let cell = |code: &str| {
        let (column, _) = mapping.columns().get(code)?;
        mapping.wanted().iter().position(|wanted| wanted == column)
    };
    watched
        .filter(|guard| guard.blank.is_some())
        .filter_map(|guard| Some((guard.attribute, cell(&guard.code)?)))
        .collect()
}
