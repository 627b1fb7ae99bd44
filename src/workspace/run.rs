//! The whole journey, in order: every supplier imported, pictures found, what changed indexed, every channel exported.
//!
//! A supplier whose delivery must be refused does not stop the others; its last good data stay on sale.

use crate::diagnostic::Diagnostic;
use crate::plan::Summary;
use crate::workspace::Workspace;
use crate::workspace::apply::apply;
use crate::workspace::delivery::Which;
use crate::workspace::export::{Exported, Mode, export};
use crate::workspace::failure::{Failure, FailureKind};
use crate::workspace::images::enrich;
use crate::workspace::images::outcome::Imaged;
use crate::workspace::import::plan;
use crate::workspace::matches::{is_merged, merge_sure};
use crate::workspace::merging::Merged;
use crate::workspace::models;
use crate::workspace::progress::Progress;
use crate::workspace::refresh::{PATIENCE, Refreshed, refresh};
use std::time::Instant;

/// What became of one supplier's delivery.
#[derive(Debug)]
pub struct SupplierOutcome {
    pub id: String,
    pub name: String,
    /// What was planned and, where `batch` is said, applied.
    pub summary: Summary,
    pub batch: Option<i64>,
    /// Why nothing of the delivery could be taken.
    pub failure: Option<Failure>,
    pub seconds: f64,
}

/// What became of one channel.
#[derive(Debug)]
pub struct ChannelOutcome {
    pub id: String,
    pub exported: Option<Exported>,
    pub failure: Option<Failure>,
    pub seconds: f64,
}

/// The whole run.
#[derive(Debug)]
pub struct RunReport {
    pub suppliers: Vec<SupplierOutcome>,
    pub channels: Vec<ChannelOutcome>,
    /// Variants of changed models that cannot be told apart.
    pub models: Vec<Diagnostic>,
    /// What was put into the search index.
    pub index: Option<Refreshed>,
    /// Why the search index could not be brought up.
    pub index_failure: Option<Failure>,
    pub index_seconds: f64,
    /// What became of the pictures, where they are configured.
    pub images: Option<Imaged>,
    /// What was merged without a person, where the workspace lets it.
    pub merged: Option<Merged>,
    pub products: u64,
    pub seconds: f64,
}

impl RunReport {
    /// True where the run changed neither the catalog nor any exported file.
    pub fn changed_nothing(&self) -> bool {
        let pictures = |images: &Imaged| images.batch.is_none() && images.made == 0;
        self.suppliers.iter().all(|supplier| supplier.batch.is_none())
            && self.images.as_ref().is_none_or(pictures)
            && self.merged.as_ref().is_none_or(|merged| merged.batch.is_none())
            && self
                .channels
                .iter()
                .all(|channel| channel.exported.as_ref().is_none_or(|exported| exported.untouched))
    }

    /// What the run could not do: the kind of its first failure, and that something broke before all that is invalid.
    pub fn failed(&self) -> Option<FailureKind> {
        let suppliers = self.suppliers.iter().filter_map(|supplier| supplier.failure.as_ref());
        if suppliers.clone().any(|failure| failure.kind == FailureKind::Broken) {
            return Some(FailureKind::Broken);
        }
        let channels = self.channels.iter().filter_map(|channel| channel.failure.as_ref());
        suppliers.chain(channels).next().map(|_| FailureKind::Invalid)
    }
}

/// Imports the suppliers and exports the channels; an empty list means all.
pub fn run(
    workspace: &mut Workspace,
    suppliers: &[String],
    channels: &[String],
    progress: &dyn Progress,
) -> Result<RunReport, Failure> {
    let begun = Instant::now();
    for id in suppliers {
        workspace.settings.supplier(id)?;
    }
    for id in channels {
        workspace.settings.channel(id)?;
    }
    workspace.open_catalog()?;
    let before = workspace.reader()?.sequence()?;
    let ids: Vec<String> = workspace
        .settings
        .suppliers
        .iter()
        .map(|supplier| supplier.id.clone())
        .collect();
    let mut report = RunReport {
        suppliers: Vec::new(),
        channels: Vec::new(),
        models: Vec::new(),
        index: None,
        index_failure: None,
        index_seconds: 0.0,
        images: None,
        merged: None,
        products: 0,
        seconds: 0.0,
    };
    for id in ids
        .into_iter()
        .filter(|id| suppliers.is_empty() || suppliers.contains(id))
    {
        report.suppliers.push(import_one(workspace, &id, progress)?);
    }
    if workspace.settings.matching.automatic.is_some() {
        // Where nothing came since the last look, there is nothing new to see.
        report.merged = Some(match is_merged(workspace)? {
            true => Merged::default(),
            false => merge_sure(workspace, progress)?,
        });
    }
    report.models = models::check(workspace, before)?;
    if workspace.settings.images.is_some() {
        report.images = Some(enrich(workspace, progress)?);
    }
    let indexing = Instant::now();
    match refresh(workspace, PATIENCE, progress).refreshed {
        Ok(refreshed) => report.index = Some(refreshed),
        // Finding products can wait, selling them cannot: the next search catches up.
        Err(failure) => report.index_failure = Some(failure),
    }
    report.index_seconds = indexing.elapsed().as_secs_f64();
    let ids: Vec<String> = workspace
        .settings
        .channels
        .iter()
        .map(|channel| channel.code.clone())
        .collect();
    for id in ids
        .into_iter()
        .filter(|id| channels.is_empty() || channels.contains(id))
    {
        let begun = Instant::now();
        let (exported, failure) = match export(workspace, &id, Mode::Current, progress) {
            Ok(exported) => (Some(exported), None),
            Err(failure) if failure.exit_code() == 5 => return Err(failure),
            Err(failure) => (None, Some(failure)),
        };
        report.channels.push(ChannelOutcome {
            id,
            exported,
            failure,
            seconds: begun.elapsed().as_secs_f64(),
        });
    }
    report.products = workspace.reader()?.count()?;
    report.seconds = begun.elapsed().as_secs_f64();
    Ok(report)
}

/// Plans a supplier's delivery and applies it, where it changes anything. Refused deliveries are told, not raised.
pub fn import_one(workspace: &mut Workspace, id: &str, progress: &dyn Progress) -> Result<SupplierOutcome, Failure> {
    let begun = Instant::now();
    let name = workspace.next_plan()?;
    let supplier = workspace.settings.supplier(id)?;
    let mut outcome = SupplierOutcome {
        id: id.to_owned(),
        name: supplier.name.clone(),
        summary: Summary::default(),
        batch: None,
        failure: None,
        seconds: 0.0,
    };
    match plan(workspace, supplier, &Which::Newest, &name, progress) {
        Ok(planned) if planned.brings_news(workspace)? => {
            let applied = apply(workspace, &planned.path, &planned.delivery.paths(), progress)?;
            outcome.batch = Some(applied.batch);
            outcome.summary = applied.summary;
        }
        Ok(planned) => {
            std::fs::remove_file(&planned.path)
                .map_err(|error| Failure::io("remove the plan", &planned.path, &error))?;
            outcome.summary = planned.summary;
        }
        // Nothing was changed yet, so the others can go on; what holds for all of them comes up again.
        Err(failure) if matches!(failure.kind, FailureKind::Invalid | FailureKind::Broken) => {
            outcome.failure = Some(failure);
        }
        Err(failure) => return Err(failure),
    }
    outcome.seconds = begun.elapsed().as_secs_f64();
    Ok(outcome)
}

/// The findings a person should see of a delivery: why items are held, then the rest.
pub fn findings(summary: &Summary) -> impl Iterator<Item = &Diagnostic> {
    summary.reasons.iter().chain(&summary.diagnostics)
}
