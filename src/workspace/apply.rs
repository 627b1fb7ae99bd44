//! A plan applied as one batch: all of it or nothing.

use crate::catalog::Reader;
use crate::catalog::change::{BatchRecord, Change, NewLayer};
use crate::catalog::stored::{Keys, SourceId};
use crate::diagnostic::Diagnostic;
use crate::merge::policy::Trust;
use crate::plan::{Entry, EntryKind, PlanError, PlanReader, Summary, Verdict};
use crate::product::batch::DeliveredFile;
use crate::product::layer::Layer;
use crate::product::origin::Source;
use crate::workspace::Workspace;
use crate::workspace::deliveries::Deliveries;
use crate::workspace::delivery::changed;
use crate::workspace::failure::{Failure, FailureKind};
use crate::workspace::identity::Identity;
use crate::workspace::passing::sweep;
use crate::workspace::products::resolve_stored;
use crate::workspace::progress::{Progress, Step};
use crate::workspace::settings::Settings;
use crate::workspace::stale::{again, refuse_if_moved};
use crate::workspace::unsettled::{Unsettled, words_in};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;

/// Entries that are read at a time.
const AHEAD: usize = 1024;

/// A batch that was applied.
#[derive(Debug)]
pub struct Applied {
    pub batch: i64,
    pub summary: Summary,
}

/// Applies a plan, unless what it was made from has moved. The plan file is gone afterwards. `files` are those that it was made
/// of, in their order, where they are at hand: they are kept beside the applying, and what is kept already needs none.
pub fn apply(
    workspace: &mut Workspace,
    path: &Path,
    files: &[PathBuf],
    progress: &dyn Progress,
) -> Result<Applied, Failure> {
    let (mut plan, mut summary) = PlanReader::open(path)?;
    let target = Target::of(&workspace.settings, &summary)?;
    if target.fingerprint != summary.fingerprint {
        return Err(
            Failure::conflict(format!("plan {} was made with another mapping or schema", summary.plan))
                .with_help(again(&summary)),
        );
    }
    workspace.open_catalog()?;
    refuse_if_moved(workspace, path, &summary, &target.source)?;
    let Target {
        source: source_name,
        prefix,
        ..
    } = target;
    let id = summary.supplier.clone();
    progress.begin(&Step::Applying { supplier: id.clone() }, summary.entries);
    let source = workspace.catalog()?.source(&source_name)?;
    let trust = workspace.trust()?;
    let moment = workspace.moment.clone();
    let reader = workspace.reader()?;
    let (catalog, settings) = workspace.catalog_and_settings()?;
    let mut change = catalog.begin()?;
    let (applied, kept) = std::thread::scope(|scope| {
        let keeping = scope.spawn(|| keep(settings, &summary.files, files));
        let applied = Applying {
            newcomers: Newcomers {
                source,
                supplier: &id,
                prefix: &prefix,
                trust: &trust,
            },
            source,
            source_name: &source_name,
            identity: Identity::new(&settings.schema),
            settings,
            reader,
            summary: &summary,
            waiting: None,
            remodel: BTreeSet::new(),
        }
        .run(&mut plan, &mut change, progress);
        let broken = |_| Failure::new(FailureKind::Broken, "failed to keep the delivery");
        (applied, keeping.join().map_err(broken).flatten())
    });
    remodel(&mut change, &applied?, settings, &trust)?;
    // What the batch says is kept lies on the disk before the batch can be seen.
    let lost = forget(&mut summary.files, &kept?);
    if settings.deliveries.keep > 0 {
        summary.diagnostics.extend(lost);
    }
    let record = BatchRecord {
        at: moment,
        source: source_name,
        kind: if summary.is_sheet { "sheet" } else { "import" }.into(),
        tally: summary.tally.clone(),
        files: summary.files.clone(),
        columns: summary.columns.clone(),
        diagnostics: summary.reasons.iter().chain(&summary.diagnostics).cloned().collect(),
    };
    let batch = change.commit(&record)?;
    progress.end();
    std::fs::remove_file(path).map_err(|error| Failure::io("remove the applied plan", path, &error))?;
    // The batch stands, whatever becomes of old deliveries.
    let _ = prune(workspace);
    Ok(Applied { batch, summary })
}

/// Keeps the files of a delivery, as far as their contents are known; says which of them are kept now.
pub fn keep(settings: &Settings, delivered: &[DeliveredFile], files: &[PathBuf]) -> Result<Vec<bool>, Failure> {
    let archive = Deliveries::new(&settings.store);
    let keep = |(n, file): (usize, &DeliveredFile)| match &file.blake3 {
        Some(content) if settings.deliveries.keep > 0 => archive.keep(content, files.get(n).map(PathBuf::as_path)),
        _ => Ok(false),
    };
    delivered.iter().enumerate().map(keep).collect()
}

/// Takes the content off files that are not kept, with a finding for each.
pub fn forget(files: &mut [DeliveredFile], kept: &[bool]) -> Vec<Diagnostic> {
    let lost = files.iter_mut().zip(kept).filter(|(_, kept)| !**kept);
    let told = lost.filter_map(|(file, _)| file.blake3.take().map(|_| changed(&file.path)));
    told.collect()
}

/// Takes deliveries away that are older than the settings ask for, and what killed processes left; those of plans that wait stay.
pub fn prune(workspace: &Workspace) -> Result<(), Failure> {
    sweep(&workspace.settings.store);
    // A plan is there from before its files are kept until after its batch is, so that who asks in this order misses none.
    Deliveries::new(&workspace.settings.store).prune(|| {
        let mut wanted = BTreeSet::new();
        for path in workspace.plan_files()? {
            // A plan that does not read says so where it is asked for.
            if let Ok((_, summary)) = PlanReader::open(&path) {
                wanted.extend(summary.files.into_iter().filter_map(|file| file.blake3));
            }
        }
        if let Some(reader) = workspace.reader_if_any()? {
            wanted.extend(reader.contents(workspace.settings.deliveries.keep)?);
        }
        Ok(wanted)
    })
}

/// Whose layers a plan fills.
struct Target {
    source: String,
    /// Put before the source's SKUs.
    prefix: String,
    /// Of what the plan must have been made with.
    fingerprint: u64,
}

impl Target {
    fn of(settings: &Settings, summary: &Summary) -> Result<Target, Failure> {
        if summary.is_sheet {
            return Ok(Target {
                source: Source::Editor.to_string(),
                prefix: String::new(),
                fingerprint: settings.schema.fingerprint(),
            });
        }
        let supplier = settings.supplier(&summary.supplier)?;
        Ok(Target {
            source: supplier.source.clone(),
            prefix: supplier.sku_prefix.clone(),
            fingerprint: supplier.mapping.fingerprint(),
        })
    }
}

/// How items that a supplier speaks of for the first time become products.
pub struct Newcomers<'a> {
    pub source: SourceId,
    /// The supplier's id.
    pub supplier: &'a str,
    /// Put before its own SKUs.
    pub prefix: &'a str,
    pub trust: &'a Trust,
}

impl Newcomers<'_> {
    /// The product that an item is put with: a new one, or that which it was found to be. Its layer is still to be put there.
    pub fn bring(&self, change: &mut Change<'_>, own: &str, product: Option<i64>, model: &str) -> Result<i64, Failure> {
        let sku = format!("{}{own}", self.prefix);
        let Some(product) = product else {
            let other = format!("{}-{own}", self.supplier);
            let model = Some(model).filter(|model| !model.is_empty());
            return Ok(change.create_product(self.source, &sku, &other, model)?);
        };
        let better =
            |a: SourceId, b: SourceId| !self.trust.is_addition(a.0) && self.trust.place(a.0) < self.trust.place(b.0);
        change.offer_sku(product, self.source, &sku, better)?;
        change.touch(product)?;
        Ok(product)
    }
}

struct Applying<'a> {
    newcomers: Newcomers<'a>,
    source: SourceId,
    source_name: &'a str,
    identity: Identity,
    settings: &'a Settings,
    /// The store as it was before.
    reader: Reader,
    summary: &'a Summary,
    /// Supplier SKUs of which something waits for a person; looked up when the first row says what it said.
    waiting: Option<BTreeSet<String>>,
    /// Products whose model may have changed.
    remodel: BTreeSet<i64>,
}

impl Applying<'_> {
    fn run(
        mut self,
        plan: &mut PlanReader,
        change: &mut Change<'_>,
        progress: &dyn Progress,
    ) -> Result<BTreeSet<i64>, Failure> {
        // Reading and checking the plan keeps a second core busy while the store writes.
        std::thread::scope(|scope| {
            let (send, batches) = sync_channel(2);
            scope.spawn(move || {
                loop {
                    let batch = read_ahead(plan);
                    let last = !matches!(&batch, Ok(entries) if entries.len() == AHEAD);
                    // Sending fails when a failure ended it all.
                    if send.send(batch).is_err() || last {
                        return;
                    }
                }
            });
            for batch in batches {
                let batch = batch?;
                for (entry, verdict) in &batch {
                    match verdict {
                        Verdict::Go => self.entry(entry, change)?,
                        Verdict::Held(reason) => self.hold(entry, *reason, change)?,
                        Verdict::Rejected => {}
                    }
                }
                progress.advance(batch.len() as u64);
            }
            Ok(self.remodel)
        })
    }

    fn entry(&mut self, entry: &Entry, change: &mut Change<'_>) -> Result<(), Failure> {
        let keys = Keys {
            gtin: Some(entry.gtin).filter(|gtin| *gtin != 0),
            mpn: Some(&entry.mpn).filter(|mpn| !mpn.is_empty()).cloned(),
        };
        match (entry.kind, entry.product) {
            // A person edits a product under the SKU that it has.
            (EntryKind::New, Some(product)) if self.summary.is_sheet => {
                change.insert_layer(self.layer(entry, product), &keys)?;
                change.touch(product)?;
                self.remodel.insert(product);
            }
            (EntryKind::New, product) => {
                self.remodel.extend(product);
                let product = self.newcomers.bring(change, &entry.sku, product, &entry.model)?;
                change.insert_layer(self.layer(entry, product), &keys)?;
            }
            (EntryKind::Changed, Some(product)) => {
                let before = self.before(entry)?;
                let model = self.identity.model(&before).unwrap_or_default();
                change.replace_layer(self.layer(entry, product), &self.identity.keys(&before), &keys)?;
                if model != entry.model {
                    self.remodel.insert(product);
                }
            }
            // What waited of the row was about another reading of it: its layer tells that this batch read it.
            (EntryKind::Same, Some(product)) if self.waits(&entry.sku)? => {
                let keys = self.identity.keys(&self.before(entry)?);
                change.replace_layer(self.layer(entry, product), &keys, &keys)?;
            }
            (EntryKind::Same, Some(product)) => change.rehash(product, self.source, entry.row_hash)?,
            (EntryKind::Missing, Some(product)) => {
                let row = (entry.line > 0).then_some((entry.file, entry.line));
                change.withdraw(product, self.source, row)?;
            }
            (_, None) => {}
        }
        Ok(())
    }

    fn hold(&mut self, entry: &Entry, reason: u16, change: &mut Change<'_>) -> Result<(), Failure> {
        let unknown = Diagnostic::error("G-HELD", "held");
        let reason = self.summary.reasons.get(usize::from(reason)).unwrap_or(&unknown);
        let layer = self.layer(entry, entry.product.unwrap_or(0));
        Ok(change.hold(layer, self.source_name, reason)?)
    }

    fn waits(&mut self, sku: &str) -> Result<bool, Failure> {
        let waiting = match &mut self.waiting {
            Some(waiting) => waiting,
            none => {
                let open = Unsettled::of(&self.reader, self.settings, self.source_name)?;
                let told = words_in(&self.summary.diagnostics).into_iter().map(str::to_owned);
                none.insert(open.skus().chain(told).collect())
            }
        };
        Ok(waiting.contains(sku))
    }

    fn before(&self, entry: &Entry) -> Result<Layer, Failure> {
        Layer::read_body(&entry.before, &self.settings.schema)
            .map_err(|error| Failure::damaged(&entry.sku, &error.to_string()))
    }

    fn layer<'e>(&self, entry: &'e Entry, product: i64) -> NewLayer<'e> {
        NewLayer {
            product,
            source: self.source,
            sku: &entry.sku,
            file: entry.file,
            line: entry.line,
            row_hash: entry.row_hash,
            body: &entry.after,
        }
    }
}

/// The next entries of a plan; fewer than `AHEAD` at its end.
fn read_ahead(plan: &mut PlanReader) -> Result<Vec<(Entry, Verdict)>, PlanError> {
    let mut entries = Vec::with_capacity(AHEAD);
    while entries.len() < AHEAD
        && let Some(entry) = plan.entry()?
    {
        entries.push(entry);
    }
    Ok(entries)
}

/// Settles the model of products whose layers changed: it is a value like any other, and the best voice wins.
pub fn remodel(
    change: &mut Change<'_>,
    products: &BTreeSet<i64>,
    settings: &Settings,
    trust: &Trust,
) -> Result<(), Failure> {
    for product in products {
        let layers = change.layers(*product)?;
        let resolved = resolve_stored(*product, String::new(), layers, &settings.schema, trust)?;
        change.set_model(*product, resolved.model.as_deref())?;
    }
    Ok(())
}
