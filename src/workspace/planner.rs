//! Every record of a delivery accounted for: what is new, what changes, what is missing, what is held.
//!
//! Outcomes come in the order of the files; what can only be said at the end (who a newcomer is, what is missing, what the
//! guards think of the whole) is said in `finish`.

use crate::catalog::Reader;
use crate::diagnostic::{Diagnostic, Place};
use crate::mapping::once::Once;
use crate::plan::guard::delivery::{Extent, judge, too_many_missing};
use crate::plan::guard::files::{ACCEPTED, OF_FILES, judge_files};
use crate::plan::guard::item::{Alarm, judge_items};
use crate::plan::guard::moves::Moves;
use crate::plan::{Entry, EntryKind, PlanWriter, Summary, Verdict};
use crate::product::batch::{DeliveredFile, Layout, Tally};
use crate::product::record::Spot;
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::workspace::before::{Store, in_stock};
use crate::workspace::delivery::DeliveryFile;
use crate::workspace::failure::Failure;
use crate::workspace::newcomers::{Newcomer, identify};
use crate::workspace::progress::Progress;
use crate::workspace::reading::{Changed, Outcome, Told};
use crate::workspace::rejects::Rejects;
use crate::workspace::settings::Settings;
use crate::workspace::supplier_settings::{Mode, Supplier};
use std::collections::{BTreeMap, HashMap};
use xxhash_rust::xxh3::xxh3_128;

/// Findings kept word for word; beyond them only their number by code is.
const KEPT_FINDINGS: usize = 10_000;

/// Where a SKU was met in this delivery.
#[derive(Clone, Copy)]
enum Met {
    Not,
    /// Unchanged, or rejected; there is no entry.
    Bare {
        spot: Spot,
        rejected: bool,
    },
    Entry(u32),
    /// By a row that takes its product off.
    Removed(Spot),
}

/// What is remembered of an entry until the end.
#[derive(Clone, Copy)]
struct Noted {
    kind: EntryKind,
    /// None of missing ones.
    spot: Option<Spot>,
    row_hash: u64,
}

/// A plan in the making.
pub struct Planner<'w> {
    supplier: &'w Supplier,
    mode: Mode,
    store: &'w Store,
    reader: Option<&'w Reader>,
    plan: PlanWriter,
    rejects: Rejects<'w>,
    met: Vec<Met>,
    met_new: HashMap<u128, Met>,
    noted: Vec<Noted>,
    newcomers: Vec<Newcomer>,
    moves: Moves,
    /// What is wrong with items by themselves, by entry.
    alarms: Vec<(u32, Alarm)>,
    attributes: Vec<(u32, AttributeId)>,
    files: Vec<DeliveredFile>,
    /// Those that records were only looked up in.
    tables: Vec<DeliveredFile>,
    /// How the files of the delivery are laid out, in their order.
    layouts: Vec<Option<Layout>>,
    file_reasons: Vec<Diagnostic>,
    diagnostics: Vec<Diagnostic>,
    /// What is told once for a column, at the end.
    once: Once,
    findings: BTreeMap<String, u64>,
    /// Files that only name what changes, whatever the supplier's other files do.
    updates: usize,
    read: u64,
    unchanged: u64,
    rejected: u64,
}

impl<'w> Planner<'w> {
    /// Begins; nothing is met yet. `mode` says what this delivery lists, which may be less than its supplier usually does.
    pub fn new(
        supplier: &'w Supplier,
        mode: Mode,
        store: &'w Store,
        reader: Option<&'w Reader>,
        plan: PlanWriter,
        rejects: Rejects<'w>,
        layouts: Vec<Option<Layout>>,
    ) -> Planner<'w> {
        Planner {
            supplier,
            mode,
            store,
            reader,
            plan,
            rejects,
            met: vec![Met::Not; store.known.len()],
            met_new: HashMap::new(),
            noted: Vec::new(),
            newcomers: Vec::new(),
            moves: Moves::default(),
            alarms: Vec::new(),
            attributes: Vec::new(),
            files: Vec::new(),
            tables: Vec::new(),
            layouts,
            file_reasons: Vec::new(),
            diagnostics: Vec::new(),
            once: Once::default(),
            findings: BTreeMap::new(),
            updates: 0,
            read: 0,
            unchanged: 0,
            rejected: 0,
        }
    }

    /// Takes what was told.
    pub fn take(&mut self, told: Told, progress: &dyn Progress) -> Result<(), Failure> {
        match told {
            Told::Opened { diagnostics } => self.find(diagnostics),
            Told::Closed { report, cut } => {
                if cut && self.supplier.guards.cut_short {
                    self.file_reasons.push(
                        Diagnostic::error("G-CUT-SHORT", "the file ends in the middle of a record")
                            .at(Place::file(report.path.clone()))
                            .with_help("fetch the file again; nothing of it was taken"),
                    );
                }
                let report = *report;
                let layout = self.layouts.get_mut(self.files.len()).and_then(Option::take);
                self.find(report.diagnostics);
                self.updates += usize::from(report.transaction.is_some_and(|transaction| transaction.is_update));
                self.files.push(DeliveredFile {
                    path: report.path.to_string(),
                    format: report.format.to_owned(),
                    encoding: report.encoding,
                    delimiter: report.delimiter,
                    rows: report.rows,
                    bytes: report.bytes,
                    ends_with_newline: report.ends_with_newline,
                    layout,
                    blake3: None,
                    fetched: None,
                    table: None,
                });
            }
            Told::Outcomes {
                outcomes,
                diagnostics,
                once,
                ..
            } => {
                self.once.merge(once);
                progress.advance(outcomes.len() as u64);
                self.find(diagnostics);
                for outcome in outcomes {
                    // A row that takes a product off offers nothing: it is counted with what is missing.
                    self.read += u64::from(!matches!(outcome, Outcome::Removed { .. }));
                    match outcome {
                        Outcome::Removed { sku, known, spot } => self.remove(&sku, known, spot)?,
                        Outcome::Unchanged { known, spot } => self.unchanged(known, spot)?,
                        Outcome::Rejected { sku, spot, raw } => self.reject(sku.as_deref(), spot, &raw)?,
                        Outcome::Entry(changed) => self.change(*changed)?,
                    }
                }
            }
        }
        Ok(())
    }

    /// Notes the contents of the files that were read and where they came from, in their order; the tables that records were looked
    /// up in stand behind the others.
    pub fn delivered(&mut self, contents: Vec<Option<String>>, files: &[DeliveryFile]) {
        for (n, (content, file)) in contents.into_iter().zip(files).enumerate() {
            if file.table.is_some() {
                self.tables.push(file.looked_up(content));
            } else if let Some(noted) = self.files.get_mut(n) {
                noted.blake3 = content;
                noted.fetched.clone_from(&file.fetched);
            }
        }
    }

    /// Holds the whole delivery for this reason.
    pub fn doubt(&mut self, reason: Diagnostic) {
        self.file_reasons.push(reason);
    }

    fn find(&mut self, diagnostics: Vec<Diagnostic>) {
        for diagnostic in diagnostics {
            match self.findings.get_mut(diagnostic.code.as_ref()) {
                Some(count) => *count += 1,
                None => {
                    self.findings.insert(diagnostic.code.clone().into_owned(), 1);
                }
            }
            if self.diagnostics.len() < KEPT_FINDINGS {
                self.diagnostics.push(diagnostic);
            }
        }
    }

    fn unchanged(&mut self, known: u32, spot: Spot) -> Result<(), Failure> {
        match self.met[known as usize] {
            // The same row twice says nothing new.
            Met::Not => self.met[known as usize] = Met::Bare { spot, rejected: false },
            Met::Bare { rejected: false, .. } => {}
            met => {
                self.conflict(met, None, spot)?;
                self.met[known as usize] = Met::Bare { spot, rejected: true };
                return Ok(());
            }
        }
        self.unchanged += 1;
        Ok(())
    }

    fn remove(&mut self, sku: &str, known: Option<u32>, spot: Spot) -> Result<(), Failure> {
        let hash = xxh3_128(sku.as_bytes());
        let met = match known {
            Some(at) => self.met[at as usize],
            None => self.met_new.get(&hash).copied().unwrap_or(Met::Not),
        };
        let now = match met {
            Met::Not | Met::Removed(_) => Met::Removed(spot),
            met => {
                self.read += 1;
                self.conflict(met, Some(sku), spot)?;
                Met::Bare { spot, rejected: true }
            }
        };
        let is_sold = known.is_some_and(|at| self.store.known.get(at as usize).is_some_and(|item| !item.withdrawn));
        if matches!(met, Met::Not) && !is_sold {
            let finding = Diagnostic::info("I-REMOVED-UNKNOWN", "a product is taken off that is not on sale here")
                .at(self.place(spot))
                .of(sku);
            self.find(vec![finding]);
        }
        match known {
            Some(at) => self.met[at as usize] = now,
            None => {
                self.met_new.insert(hash, now);
            }
        }
        Ok(())
    }

    fn reject(&mut self, sku: Option<&str>, spot: Spot, raw: &[u8]) -> Result<(), Failure> {
        self.rejected += 1;
        self.rejects.keep(spot, raw)?;
        // A row that could not be read is still there: its item is not missing, and another row of its SKU contradicts it.
        let dead = Met::Bare { spot, rejected: true };
        let Some(sku) = sku else {
            return Ok(());
        };
        match self.store.known.find(sku) {
            Some((at, _)) if matches!(self.met[at], Met::Not) => self.met[at] = dead,
            Some(_) => {}
            None => {
                self.met_new.entry(xxh3_128(sku.as_bytes())).or_insert(dead);
            }
        }
        Ok(())
    }

    fn change(&mut self, changed: Changed) -> Result<(), Failure> {
        let Changed {
            known,
            spot,
            entry,
            attributes,
            moved,
            alarm,
        } = changed;
        let hash = xxh3_128(entry.sku.as_bytes());
        let met = match known {
            Some(at) => self.met[at as usize],
            None => self.met_new.get(&hash).copied().unwrap_or(Met::Not),
        };
        match met {
            Met::Not => {}
            Met::Entry(first) if self.noted[first as usize].row_hash == entry.row_hash => {
                self.unchanged += 1;
                return Ok(());
            }
            met => {
                self.conflict(met, Some(&entry.sku), spot)?;
                let dead = Met::Bare { spot, rejected: true };
                match known {
                    Some(at) => self.met[at as usize] = dead,
                    None => {
                        self.met_new.insert(hash, dead);
                    }
                }
                return Ok(());
            }
        }
        if let Some(base) = self.store.base.as_ref().filter(|_| entry.kind == EntryKind::New) {
            return match base.find(&entry.sku) {
                Some((_, item)) => {
                    let product = item.product;
                    self.alarms.extend(alarm.map(|alarm| (self.plan.len(), alarm)));
                    self.add(
                        Entry {
                            product: Some(product),
                            ..entry
                        },
                        spot,
                        hash,
                        None,
                    )
                }
                None => self.unknown_sku(&entry.sku, spot),
            };
        }
        let number = self.plan.len();
        self.alarms.extend(alarm.map(|alarm| (number, alarm)));
        self.attributes
            .extend(attributes.into_iter().map(|attribute| (number, attribute)));
        if entry.kind != EntryKind::New {
            self.moves.add(number, moved);
        }
        self.add(entry, spot, hash, known)
    }

    fn unknown_sku(&mut self, sku: &str, spot: Spot) -> Result<(), Failure> {
        let other = self.supplier.adds_to.as_deref().unwrap_or_default();
        let other = other.strip_prefix("supplier:").unwrap_or(other);
        let place = self.place(spot);
        self.find(vec![
            Diagnostic::error("E-UNKNOWN-SKU", format!("{other} has no such SKU"))
                .at(place)
                .of(sku)
                .with_help("import that supplier's catalog first, or ask which product this is"),
        ]);
        self.rejected += 1;
        self.rejects.later(spot);
        Ok(())
    }

    fn add(&mut self, entry: Entry, spot: Spot, hash: u128, known: Option<u32>) -> Result<(), Failure> {
        let number = self.plan.add(&entry)?;
        self.noted.push(Noted {
            kind: entry.kind,
            spot: Some(spot),
            row_hash: entry.row_hash,
        });
        match known {
            Some(at) => self.met[at as usize] = Met::Entry(number),
            None => {
                self.met_new.insert(hash, Met::Entry(number));
            }
        }
        if entry.kind == EntryKind::New
            && entry.product.is_none()
            && (entry.gtin != 0 || !entry.mpn.is_empty() || self.store.decisions.know(self.store.source, &entry.sku))
        {
            self.newcomers.push(Newcomer {
                entry: number,
                sku: entry.sku.into_boxed_str(),
                gtin: entry.gtin,
                mpn: entry.mpn.into_boxed_str(),
            });
        }
        Ok(())
    }

    /// One SKU with two different rows: nobody can tell which holds, so both are rejected.
    fn conflict(&mut self, first: Met, sku: Option<&str>, spot: Spot) -> Result<(), Failure> {
        let first = match first {
            Met::Entry(entry) => {
                let noted = self.noted[entry as usize].spot;
                self.plan.judge(entry, Verdict::Rejected);
                noted.into_iter().for_each(|spot| self.rejects.later(spot));
                noted.unwrap_or(spot)
            }
            Met::Bare { spot, rejected } => {
                if !rejected {
                    self.unchanged -= 1;
                    self.rejected += 1;
                    self.rejects.later(spot);
                }
                spot
            }
            Met::Removed(spot) => {
                self.read += 1;
                self.rejected += 1;
                self.rejects.later(spot);
                spot
            }
            Met::Not => spot,
        };
        self.rejected += 1;
        self.rejects.later(spot);
        let other = if first.file != spot.file {
            format!("in {} too", self.place(first))
        } else if first.line == spot.line {
            // All records may lie on one line.
            format!("in record {} too", first.ordinal + 1)
        } else {
            format!("on line {} too", first.line)
        };
        let message = format!("the SKU stands {other}, with other values");
        let mut finding = Diagnostic::error("E-DUPLICATE-SKU", message)
            .at(self.place(spot))
            .with_help("both rows are rejected and the item keeps its old values: ask the supplier which holds");
        finding.sku = sku.map(str::to_owned);
        self.find(vec![finding]);
        Ok(())
    }

    fn place(&self, spot: Spot) -> Place {
        Place {
            file: self.rejects.name(spot.file),
            line: Some(spot.line),
            column: None,
        }
    }

    /// The end of the delivery: who the newcomers are, what is missing, what the guards say.
    pub fn finish(mut self, summary: &mut Summary, settings: &Settings) -> Result<(), Failure> {
        self.identify(&settings.schema)?;
        let earlier = match self.reader {
            Some(reader) => reader.deliveries(&self.supplier.source, 5, &OF_FILES, ACCEPTED)?,
            None => Vec::new(),
        };
        if self.updates > 0 && self.updates == self.files.len() {
            self.mode = Mode::Delta;
        }
        let guards = &self.supplier.guards;
        let of_files = judge_files(&self.files, &earlier, self.mode == Mode::Snapshot, guards);
        self.file_reasons.extend(of_files);
        let withdrawals = self.missing();
        let known = self.store.known.iter().filter(|item| !item.withdrawn).count();
        let in_stock = in_stock(self.store, self.reader, &settings.schema, &self.moves, guards)?;
        let extent = Extent {
            known,
            seen: known - withdrawals.len(),
            in_stock,
            missing: withdrawals.len(),
        };
        let mut reasons = judge(&self.moves, extent, guards, &mut self.plan);
        judge_items(&self.alarms, guards, &mut self.plan, &mut reasons);
        let mut held_missing = None;
        if !withdrawals.is_empty() {
            if let Some(finding) = too_many_missing(extent, guards) {
                held_missing = Some(reasons.len() as u16);
                reasons.push(finding);
            }
            let reader = self.reader.zip(self.store.source);
            for (product, (file, line)) in withdrawals {
                let stored = match reader {
                    Some((reader, source)) => reader.layer(product, source)?,
                    None => None,
                };
                let Some(stored) = stored else { continue };
                let number = self.plan.add(&Entry {
                    kind: EntryKind::Missing,
                    product: Some(product),
                    sku: stored.sku,
                    file,
                    line,
                    row_hash: 0,
                    gtin: 0,
                    mpn: String::new(),
                    model: String::new(),
                    before: stored.body,
                    after: String::new(),
                })?;
                self.noted.push(Noted {
                    kind: EntryKind::Missing,
                    spot: None,
                    row_hash: 0,
                });
                if let Some(reason) = held_missing {
                    self.plan.judge(number, Verdict::Held(reason));
                }
            }
        }
        // What is wrong with a whole file holds everything, whatever else was said.
        if let Some(reason) = self.file_reasons.first().cloned() {
            let number = reasons.len() as u16;
            reasons.push(reason);
            for entry in 0..self.plan.len() {
                self.plan.judge(entry, Verdict::Held(number));
            }
            reasons.extend(self.file_reasons.drain(..).skip(1));
        }
        let tally = self.tally(summary, &settings.schema);
        let mut files = std::mem::take(&mut self.files);
        files.append(&mut self.tables);
        if let Some(kept) = self.rejects.finish()? {
            summary.rejects = Some(settings.shown(&kept.folder));
            summary.rejects_readable = kept.readable;
            self.find(kept.findings);
        }
        // They are few, and say more than the ten-thousandth refusal does.
        for finding in std::mem::take(&mut self.once).findings() {
            *self.findings.entry(finding.code.clone().into_owned()).or_default() += 1;
            self.diagnostics.push(finding);
        }
        self.diagnostics
            .sort_by(|a, b| (&a.place.file, a.place.line).cmp(&(&b.place.file, b.place.line)));
        summary.tally = tally;
        summary.files = files;
        summary.reasons = reasons;
        summary.diagnostics = std::mem::take(&mut self.diagnostics);
        summary.findings = std::mem::take(&mut self.findings);
        self.plan.finish(summary)?;
        Ok(())
    }

    /// Finds out which new items are products that others describe.
    fn identify(&mut self, schema: &Schema) -> Result<(), Failure> {
        let mut newcomers = std::mem::take(&mut self.newcomers);
        newcomers.retain(|newcomer| self.plan.verdict(newcomer.entry) == Verdict::Go);
        let reader = self.reader.filter(|_| self.store.products > 0);
        let identified = identify(newcomers, reader, self.store.source, &self.store.decisions, schema)?;
        for (entry, product) in identified.joins {
            self.plan.join(entry, product);
        }
        for (entry, finding) in identified.findings {
            let finding = match self.noted[entry as usize].spot {
                Some(spot) => finding.at(self.place(spot)),
                None => finding,
            };
            self.find(vec![finding]);
        }
        Ok(())
    }

    fn tally(&self, summary: &mut Summary, schema: &Schema) -> Tally {
        let mut tally = Tally {
            read: self.read,
            unchanged: self.unchanged,
            rejected: self.rejected,
            ..Tally::default()
        };
        for (number, noted) in self.noted.iter().enumerate() {
            match (noted.kind, self.plan.verdict(number as u32)) {
                (EntryKind::Missing, Verdict::Go) => tally.missing += 1,
                (EntryKind::Missing, _) => summary.missing_held += 1,
                (_, Verdict::Rejected) => tally.rejected += 1,
                (EntryKind::Same, Verdict::Held(_)) if self.moves.is_lossy(number as u32) => tally.held += 1,
                (EntryKind::Same, _) => tally.unchanged += 1,
                (_, Verdict::Held(_)) => tally.held += 1,
                (EntryKind::New, Verdict::Go) => tally.new += 1,
                (EntryKind::Changed, Verdict::Go) => tally.changed += 1,
            }
        }
        let mut counts: BTreeMap<AttributeId, u64> = BTreeMap::new();
        for (entry, attribute) in &self.attributes {
            if self.plan.verdict(*entry) == Verdict::Go {
                *counts.entry(*attribute).or_default() += 1;
            }
        }
        tally.attributes = counts
            .into_iter()
            .map(|(attribute, count)| (schema.attribute(attribute).code.to_string(), count))
            .collect();
        tally
    }

    /// The products that are taken off by name, and those whose item a snapshot no longer has.
    fn missing(&self) -> Vec<(i64, (u32, u64))> {
        let row = |met: &Met| match met {
            Met::Removed(spot) => Some((spot.file, spot.line)),
            Met::Not => (self.mode == Mode::Snapshot).then_some((0, 0)),
            Met::Bare { .. } | Met::Entry(_) => None,
        };
        let mut missing: Vec<(i64, (u32, u64))> = (self.store.known.iter().zip(&self.met))
            .filter(|(item, _)| !item.withdrawn)
            .filter_map(|(item, met)| Some((item.product, row(met)?)))
            .collect();
        missing.sort_unstable();
        missing
    }
}
