//! A delivery becomes a plan: every record accounted for, the guards heard, nothing written but the plan.
//!
//! `read = new + changed + unchanged + held + rejected`, always. Applying is left to `apply`.

use crate::catalog::Reader;
use crate::diagnostic::{Diagnostic, Place};
use crate::plan::{EntryKind, PlanReader, PlanWriter, Summary, Verdict};
use crate::product::batch::Layout;
use crate::workspace::Workspace;
use crate::workspace::before::Store;
use crate::workspace::deliveries::Stamp;
use crate::workspace::delivery::{Contents, DeliveryFile, DeliveryFiles, Which, find, stamps, unchanged};
use crate::workspace::drift::{drifts, judged, not_told_twice};
use crate::workspace::failure::Failure;
use crate::workspace::layout::{Look, last_layouts, look_at};
use crate::workspace::parents::house;
use crate::workspace::planner::Planner;
use crate::workspace::progress::{Progress, Step};
use crate::workspace::reading::{Readers, Told, read};
use crate::workspace::rejects::{Rejects, is_of_workbook};
use crate::workspace::supplier_settings::{Mode, Supplier};
use crate::workspace::unsettled::{Unsettled, words_in};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

/// A plan that was made, and that nobody sees yet.
#[derive(Debug)]
pub struct Planned {
    pub path: PathBuf,
    pub summary: Summary,
    /// What it was made of; files of a passing delivery go away with it.
    pub delivery: DeliveryFiles,
    /// The files are laid out otherwise than those that are remembered, in a way that was told.
    pub laid_out_anew: bool,
}

impl Planned {
    /// True where applying it would leave a trace: a change, a layout that the next delivery is to be compared with, something that
    /// waited and waits no longer, or other items held than by the supplier's last batch, none included. The same bad file every morning makes one entry in the list
    /// of batches, and the good one after it settles what was held.
    pub fn brings_news(&self, workspace: &Workspace) -> Result<bool, Failure> {
        let tally = &self.summary.tally;
        if self.laid_out_anew || tally.new + tally.changed + tally.missing > 0 {
            return Ok(true);
        }
        let source = &workspace.settings.supplier(&self.summary.supplier)?.source;
        let Some(reader) = workspace.reader_if_any()? else {
            return Ok(tally.held + self.summary.missing_held > 0);
        };
        if self.settles(&Unsettled::of(&reader, &workspace.settings, source)?)? {
            return Ok(true);
        }
        let before = reader.held_last(source)?;
        if tally.held + self.summary.missing_held == 0 {
            return Ok(!before.is_empty());
        }
        let mut before = before.into_iter();
        let (mut plan, _) = PlanReader::open(&self.path)?;
        while let Some((entry, verdict)) = plan.entry()? {
            if matches!(verdict, Verdict::Held(_)) && before.next() != Some((entry.sku, entry.after)) {
                return Ok(true);
            }
        }
        Ok(before.next().is_some())
    }

    /// True where a row that was read anew says what it said, and something of it that waited waits no longer.
    fn settles(&self, open: &Unsettled) -> Result<bool, Failure> {
        let still = words_in(&self.summary.diagnostics);
        let held = open.held.iter().filter_map(|left| left.sku.as_deref());
        let words = open.words.iter().filter_map(|left| left.sku.as_deref());
        let settled: BTreeSet<&str> = held.chain(words.filter(|sku| !still.contains(sku))).collect();
        if settled.is_empty() {
            return Ok(false);
        }
        let (mut plan, _) = PlanReader::open(&self.path)?;
        while let Some((entry, verdict)) = plan.entry()? {
            if entry.kind == EntryKind::Same && verdict == Verdict::Go && settled.contains(&*entry.sku) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// The file of a plan that is being made; once it is, nothing has this name.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

/// Makes a plan of a supplier's delivery.
pub fn plan(
    workspace: &Workspace,
    supplier: &Supplier,
    which: &Which,
    name: &str,
    progress: &dyn Progress,
) -> Result<Planned, Failure> {
    let settings = &workspace.settings;
    let delivery = find(workspace, supplier, which, name)?;
    let (files, all) = (delivery.own(), delivery.files.as_slice());
    let stamps = stamps(all);
    let hashing = match settings.deliveries.keep {
        0 => None,
        _ => Some(Contents::begin(all, &stamps)?),
    };
    let file = delivery.settings(supplier);
    let reader = workspace.reader_if_any()?;
    let store = match &reader {
        None => Store::empty(),
        Some(reader) => Store::open(reader, settings, supplier)?,
    };
    progress.begin(
        &Step::Reading {
            supplier: supplier.id.clone(),
        },
        0,
    );
    refuse_sheets(files)?;
    let is_part = delivery.is_part();
    // Rejected rows that come back are laid out as their file was, and are no new delivery.
    let compared = match is_part {
        true => Compared::default(),
        false => compared(supplier, files, reader.as_ref())?,
    };
    let path = workspace.unseen_plan_path(name)?;
    let _unfinished = Unfinished(path.with_extension("part"));
    let rejects = Rejects::new(workspace.rejects_path(&supplier.id, name), files, supplier);
    let mode = match is_part {
        true => Mode::Delta,
        false => supplier.mode,
    };
    let mut planner = Planner::new(
        supplier,
        mode,
        &store,
        reader.as_ref(),
        PlanWriter::create(&path)?,
        rejects,
        compared.layouts,
    );
    let drift = compared.drift;
    let diagnostics = delivery.findings.iter().chain(&drift).cloned().collect();
    planner.take(Told::Opened { diagnostics }, progress)?;
    if let (Which::Newest, Some(reason)) = (which, stale(files, &stamps, supplier.guards.stale_after_hours)) {
        planner.doubt(reason);
    }
    let readers = Readers {
        supplier,
        file: &file,
        schema: &settings.schema,
        files,
        known: &store.known,
        store: reader.as_ref().map(|_| (settings.store.as_path(), store.source)),
        house: house(workspace, supplier)?,
        threads: workspace.threads,
        count_unknown: false,
    };
    let outcome = read(&readers, |told| {
        let told = match told {
            Told::Opened { diagnostics } => Told::Opened {
                diagnostics: not_told_twice(diagnostics, &drift),
            },
            told => told,
        };
        planner.take(told, progress)
    });
    progress.end();
    outcome?;
    let contents = hashing.map(Contents::finish).transpose()?.unwrap_or_default();
    // Without keeping, only where they came from is noted.
    let contents = match contents.is_empty() {
        true => all.iter().map(|_| None).collect(),
        false => contents,
    };
    let (contents, diagnostics) = unchanged(all, &stamps, contents);
    planner.take(Told::Opened { diagnostics }, progress)?;
    planner.delivered(contents, all);
    let mut summary = Summary {
        plan: name.to_owned(),
        supplier: supplier.id.clone(),
        base: store.sequence,
        fingerprint: supplier.mapping.fingerprint(),
        at: workspace.moment.clone(),
        columns: supplier.mapping.columns().clone(),
        ..Summary::default()
    };
    planner.finish(&mut summary, settings)?;
    Ok(Planned {
        path,
        summary,
        delivery,
        laid_out_anew: compared.laid_out_anew,
    })
}

/// Says that the files of a delivery have lain there for too long. What was fetched tells no age here: its server was asked just now.
fn stale(files: &[DeliveryFile], stamps: &[Option<Stamp>], after_hours: Option<u32>) -> Option<Diagnostic> {
    let after = Duration::from_secs(u64::from(after_hours?) * 60 * 60);
    let written = files.iter().zip(stamps).filter(|(file, _)| file.fetched.is_none());
    let newest = written.filter_map(|(_, stamp)| stamp.as_ref()?.written()).max()?;
    let age = newest.elapsed().ok().filter(|age| *age > after)?;
    let message = format!("the newest file was written {} hours ago", age.as_secs() / 3600);
    Some(
        Diagnostic::error("G-STALE-FILE", message)
            .at(Place::file(files.first().map_or("", |file| &file.shown)))
            .with_help(
                "what it would change is held: fetch today's file, or raise `stale_after_hours` for this supplier",
            ),
    )
}

/// The files of a delivery beside those of the last one.
#[derive(Default)]
struct Compared {
    layouts: Vec<Option<Layout>>,
    drift: Vec<Diagnostic>,
    laid_out_anew: bool,
}

/// How the files are laid out, and what that changes since the last delivery. Errors where the supplier's settings say that such
/// a delivery is not to be read.
fn compared(supplier: &Supplier, files: &[DeliveryFile], reader: Option<&Reader>) -> Result<Compared, Failure> {
    let looks: Vec<Option<Look>> = files
        .iter()
        .map(|file| look_at(supplier, &file.path, &file.shown))
        .collect();
    let before = match reader {
        Some(reader) => last_layouts(reader, supplier)?,
        None => Vec::new(),
    };
    let drift = judged(drifts(supplier, &looks, &before), supplier)?;
    let layouts: Vec<Option<Layout>> = looks.into_iter().map(|look| look.map(|look| look.layout)).collect();
    let remembered: Vec<&Layout> = before.iter().filter_map(|file| file.layout.as_ref()).collect();
    let now: Vec<&Layout> = layouts.iter().flatten().collect();
    let transfers = |layouts: &[&Layout]| layouts.iter().map(|layout| layout.transfer).collect::<Vec<_>>();
    // What is told once is remembered, so that it is not told again; the same file again is no news whatever was told of it.
    // Updates of a catalogue count on from each other, whatever they change.
    let laid_out_anew =
        !drift.is_empty() && now != remembered || !remembered.is_empty() && transfers(&now) != transfers(&remembered);
    Ok(Compared {
        layouts,
        drift,
        laid_out_anew,
    })
}

/// Rows of a workbook lie among the rejected ones to be looked at: their numbers and dates are texts there, and another notation
/// would read them as other numbers.
fn refuse_sheets(files: &[DeliveryFile]) -> Result<(), Failure> {
    match files.iter().find(|file| file.is_reject && is_of_workbook(&file.path)) {
        None => Ok(()),
        Some(sheet) => Err(
            Failure::usage(format!("{} only shows what was rejected of a workbook", sheet.shown))
                .with_help("correct the rows in the workbook itself and import that"),
        ),
    }
}
