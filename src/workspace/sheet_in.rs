//! A sheet that comes back: what was touched is held against the catalog, and becomes a plan of the editor's own layer.
//!
//! What an edited cell means is the sheet's (`sheet::judge`); the plan waits, or is applied as one batch.

use crate::catalog::Reader;
use crate::catalog::stored::{ProductName, SourceId};
use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::plan::{Entry, EntryKind, PlanWriter, Summary};
use crate::product::Product;
use crate::product::batch::{DeliveredFile, Tally};
use crate::product::item::{Item, Said};
use crate::product::layer::Layer;
use crate::product::origin::{Origin, Source};
use crate::schema::scope::Key;
use crate::sheet::cell::Style;
use crate::sheet::columns::Layout;
use crate::sheet::judge::{Touched, Verdict, judge};
use crate::sheet::read::Edited;
use crate::sheet::words::Words;
use crate::workspace::Workspace;
use crate::workspace::apply::apply;
use crate::workspace::failure::Failure;
use crate::workspace::identity::Identity;
use crate::workspace::inspect::find;
use crate::workspace::parallel::in_order;
use crate::workspace::products::Shelf;
use crate::workspace::progress::{Progress, Step};
use crate::workspace::sheet_file::{Book, Rows};
use crate::workspace::sheet_findings;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Rows that one thread judges at a time.
const CHUNK: usize = 128;
/// Most bytes of texts in conflicts that are kept.
const MOST_IN_CONFLICT: usize = 64 << 20;

/// A cell that both the editor and the catalog changed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ShownConflict {
    pub sku: String,
    pub attribute: String,
    pub locale: Option<String>,
    pub channel: Option<String>,
    /// What the sheet says.
    pub sheet: String,
    /// What the catalog says by now.
    pub catalog: Option<String>,
    /// The batch that made it so.
    pub batch: Option<i64>,
}

/// What came of a sheet. `read = changed + unchanged + held + rejected`: rows with a change; without one; of the others those in
/// conflict; and those that were refused, whole or in each cell that was edited.
#[derive(Debug, Clone, Default, serde::Serialize)]
pub struct SheetIn {
    pub file: String,
    pub read: u64,
    pub changed: u64,
    pub unchanged: u64,
    pub held: u64,
    pub rejected: u64,
    /// How many products change each attribute.
    pub attributes: BTreeMap<String, u64>,
    /// The first of them; `findings` counts all.
    pub conflicts: Vec<ShownConflict>,
    /// The first of them.
    pub diagnostics: Vec<Diagnostic>,
    /// Number of all findings by code.
    pub findings: BTreeMap<String, u64>,
    /// Name of the plan that waits.
    pub plan: Option<String>,
    pub batch: Option<i64>,
    pub seconds: f64,
}

/// Reads a sheet and plans its difference; with `apply_it`, applies it.
pub fn sheet_in(
    workspace: &mut Workspace,
    path: &Path,
    apply_it: bool,
    progress: &dyn Progress,
) -> Result<SheetIn, Failure> {
    let begun = Instant::now();
    if apply_it {
        // Taken before anything is read, so that a second writer hears at once that it must wait.
        workspace.open_catalog()?;
    }
    let base = workspace.reader()?.sequence()?;
    progress.begin(&Step::Sheet, 0);
    let book = Book::open(workspace, path)?;
    let rows = book.rows(progress)?;
    let name = workspace.next_plan()?;
    let unseen = workspace.unseen_plan_path(&name)?;
    let _unfinished = Unfinished(unseen.with_extension("part"));
    let mut writer = PlanWriter::create(&unseen)?;
    let mut outcome = judged(workspace, &book, rows, &mut writer)?;
    progress.end();
    if !writer.is_empty() {
        let mut summary = summary(workspace, &book, &outcome, &name, base);
        writer.finish(&mut summary)?;
        match apply_it {
            true => outcome.batch = Some(apply(workspace, &unseen, &[], progress)?.batch),
            false => {
                let place = workspace.plan_path(&name)?;
                std::fs::rename(&unseen, &place).map_err(|error| Failure::io("write the plan", &place, &error))?;
                outcome.plan = Some(name);
            }
        }
    }
    outcome.seconds = begun.elapsed().as_secs_f64();
    Ok(outcome)
}

/// How many rows of a sheet say what the catalog does not: what would come in, what is in conflict, and what is refused.
pub fn unread(workspace: &Workspace, book: &Book, rows: Rows) -> Result<u64, Failure> {
    let folder =
        tempfile::tempdir().map_err(|error| Failure::io("make a folder for", Path::new(&*book.shown), &error))?;
    let mut plan = PlanWriter::create(&folder.path().join("unread.plan"))?;
    let outcome = judged(workspace, book, rows, &mut plan)?;
    Ok(outcome.changed + outcome.held + outcome.rejected)
}

/// The file of a plan that is being made; once it is, nothing has this name.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

fn summary(workspace: &Workspace, book: &Book, outcome: &SheetIn, name: &str, base: i64) -> Summary {
    let columns = book.layout.columns.iter();
    let column = |header: &str| (header.to_owned(), "sheet".to_owned());
    Summary {
        plan: name.to_owned(),
        supplier: Source::Editor.to_string(),
        is_sheet: true,
        base,
        fingerprint: workspace.settings.schema.fingerprint(),
        at: workspace.moment.clone(),
        tally: Tally {
            read: outcome.read,
            changed: outcome.changed,
            unchanged: outcome.unchanged,
            held: outcome.held,
            rejected: outcome.rejected,
            attributes: outcome.attributes.clone(),
            ..Tally::default()
        },
        files: vec![DeliveredFile {
            path: outcome.file.clone(),
            format: "xlsx".to_owned(),
            rows: outcome.read,
            bytes: book.bytes,
            ends_with_newline: true,
            ..DeliveredFile::default()
        }],
        columns: columns.map(|one| (one.code.clone(), column(&one.header))).collect(),
        diagnostics: outcome.diagnostics.clone(),
        findings: outcome.findings.clone(),
        ..Summary::default()
    }
}

/// What came of one edited row.
#[derive(Default)]
struct Judged {
    entry: Option<Entry>,
    changed: Vec<Key>,
    conflicts: Vec<ShownConflict>,
    findings: Vec<Diagnostic>,
}

impl Judged {
    /// Something was refused in it.
    fn is_refused(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Error)
    }
}

/// Holds the edited rows against the catalog; what they change goes into the plan.
fn judged(workspace: &Workspace, book: &Book, rows: Rows, plan: &mut PlanWriter) -> Result<SheetIn, Failure> {
    let settings = &workspace.settings;
    let reader = workspace.reader()?;
    let trust = workspace.trust()?;
    let store = &settings.store;
    let own = reader
        .sources()?
        .into_iter()
        .find(|(_, name)| *name == Source::Editor.to_string());
    let judging = Judging {
        shown: &book.shown,
        layout: &book.layout,
        style: Style {
            schema: &settings.schema,
            locale: &book.layout.locale,
            words: Words::of(&book.layout.locale),
            currency: settings.currency,
        },
        shelf: Shelf::new(settings, &trust),
        identity: Identity::new(&settings.schema),
        own: own.map(|(id, _)| id),
    };
    let mut outcome = SheetIn {
        file: book.shown.to_string(),
        read: rows.read,
        rejected: rows.rejected,
        ..SheetIn::default()
    };
    let mut findings = rows.findings;
    for (n, (line, sku)) in rows.unrevised.iter().enumerate() {
        outcome.rejected += 1;
        // After these none is told word for word, so that nobody asks where its SKU leads.
        let is_told = n < sheet_findings::MOST;
        findings.push(judging.unrevised(&reader, *line, sku, is_told)?);
    }
    let mut in_conflict = 0;
    let chunks: Vec<&[(u64, Edited)]> = rows.edited.chunks(CHUNK).collect();
    in_order(
        workspace.threads,
        chunks.len(),
        || Ok(Reader::open(store)?),
        |reader, n| {
            let rows = chunks[n].iter();
            rows.map(|(line, edited)| judging.row(reader, *line, edited))
                .collect::<Result<Vec<Judged>, Failure>>()
        },
        |chunk| {
            for judged in chunk {
                match &judged {
                    Judged { entry: Some(_), .. } => outcome.changed += 1,
                    judged if !judged.conflicts.is_empty() => outcome.held += 1,
                    judged if judged.is_refused() => outcome.rejected += 1,
                    _ => {}
                }
                for key in judged.changed {
                    let code = settings.schema.attribute(key.attribute).code.to_string();
                    *outcome.attributes.entry(code).or_default() += 1;
                }
                if let Some(entry) = judged.entry {
                    plan.add(&entry)?;
                }
                for conflict in judged.conflicts {
                    in_conflict += conflict.sheet.len() + conflict.catalog.as_ref().map_or(0, String::len);
                    if outcome.conflicts.len() < sheet_findings::MOST && in_conflict <= MOST_IN_CONFLICT {
                        outcome.conflicts.push(conflict);
                    }
                }
                findings.extend(judged.findings);
            }
            Ok(())
        },
    )?;
    outcome.unchanged = outcome
        .read
        .saturating_sub(outcome.changed + outcome.held + outcome.rejected);
    (outcome.diagnostics, outcome.findings) = findings.told();
    Ok(outcome)
}

struct Judging<'j> {
    shown: &'j Arc<str>,
    layout: &'j Layout,
    style: Style<'j>,
    shelf: Shelf<'j>,
    identity: Identity,
    own: Option<SourceId>,
}

impl Judging<'_> {
    /// A row that says nothing of what it said when it went out.
    fn unrevised(&self, reader: &Reader, line: u64, sku: &str, is_told: bool) -> Result<Diagnostic, Failure> {
        let (code, message, help) = match known(reader, sku)? {
            Some(_) => (
                "E-SHEET-REVISION",
                "the row's hidden revision is gone or another product's: it was added, or the sheet was sorted in part",
                "take a fresh sheet with this product, and edit that".to_owned(),
            ),
            None => self.unknown(reader, sku, is_told),
        };
        let finding = Diagnostic::error(code, message).at(Place::line(self.shown.clone(), line));
        Ok(finding.of(sku).with_help(help))
    }

    fn unknown(&self, reader: &Reader, sku: &str, is_told: bool) -> (&'static str, &'static str, String) {
        let other = if is_told { find(reader, sku).ok() } else { None };
        let help = match other {
            Some(other) => format!("`{}` leads to `{}`: take a fresh sheet", sku, other.sku),
            None => "a sheet makes no products: let a supplier bring it, or correct the SKU".to_owned(),
        };
        ("E-SHEET-NEW-SKU", "the catalog has no product with this SKU", help)
    }

    fn row(&self, reader: &Reader, line: u64, edited: &Edited) -> Result<Judged, Failure> {
        let mut judged = Judged::default();
        let Some(name) = known(reader, &edited.sku)? else {
            let (code, message, help) = self.unknown(reader, &edited.sku, true);
            let finding = Diagnostic::error(code, message).at(Place::line(self.shown.clone(), line));
            judged.findings.push(finding.of(&edited.sku).with_help(help));
            return Ok(judged);
        };
        let product = self.shelf.product(reader, &name)?;
        let stored = match self.own {
            Some(own) => reader.layer(name.id, own)?,
            None => None,
        };
        let schema = self.style.schema;
        let damaged = |error: crate::product::layer::DamagedBody| Failure::damaged(&name.sku, &error.to_string());
        let before = stored
            .as_ref()
            .map(|stored| Layer::read_body(&stored.body, schema))
            .transpose()
            .map_err(damaged)?;
        let before = before.unwrap_or_default();
        let mut said: BTreeMap<Key, Said> = BTreeMap::new();
        for (place, text) in &edited.touched {
            self.cell(
                &mut judged,
                &mut said,
                line,
                &product,
                &before,
                edited,
                *place,
                text.as_deref().map_err(String::as_str),
            );
        }
        if said.is_empty() {
            return Ok(judged);
        }
        let item = Item {
            sku: name.sku.clone(),
            line,
            file: 0,
            said: said.into_iter().collect(),
        };
        judged.changed = crate::plan::diff::changed_keys(&item, &before);
        if judged.changed.is_empty() {
            return Ok(judged);
        }
        let origin = stored.as_ref().map_or(Origin::default(), |stored| stored.origin);
        let after = before.overlaid(item, origin);
        let keys = self.identity.keys(&after);
        let mut body = String::new();
        after.write_body(schema, &mut body);
        judged.entry = Some(Entry {
            kind: if stored.is_some() {
                EntryKind::Changed
            } else {
                EntryKind::New
            },
            product: Some(name.id),
            sku: name.sku.clone(),
            file: 0,
            line,
            row_hash: 0,
            gtin: keys.gtin.unwrap_or(0),
            mpn: keys.mpn.unwrap_or_default(),
            model: self.identity.model(&after).unwrap_or_default(),
            before: stored.map_or_else(String::new, |stored| stored.body),
            after: body,
        });
        Ok(judged)
    }

    #[allow(clippy::too_many_arguments, reason = "a cell is held against all of them")]
    fn cell(
        &self,
        judged: &mut Judged,
        said: &mut BTreeMap<Key, Said>,
        line: u64,
        product: &Product,
        before: &Layer,
        edited: &Edited,
        place: usize,
        text: Result<&str, &str>,
    ) {
        let Some(column) = self.layout.columns.get(place) else {
            return;
        };
        let now = column.key.and_then(|key| product.exact(key));
        let touched = Touched {
            column,
            place,
            text,
            revision: &edited.revision,
            now: now.map(|resolved| &resolved.value),
            own: column.key.and_then(|key| before.value(key)),
        };
        let at = |finding: Diagnostic| {
            let finding = finding
                .at(Place::line(self.shown.clone(), line).at_column(column.header.as_str()))
                .of(&edited.sku);
            match text {
                Ok("") | Err("") => finding,
                Ok(text) | Err(text) => finding.with_value(text),
            }
        };
        match judge(&self.style, &touched) {
            Verdict::Nothing => {}
            Verdict::Change(key, change) => drop(said.insert(key, change)),
            Verdict::Told(severity, mismatch) => {
                let mut finding = at(Diagnostic::new(severity, mismatch.code, mismatch.message));
                finding.help = mismatch.help;
                judged.findings.push(finding);
            }
            Verdict::Conflict(key) => {
                let schema = self.style.schema;
                let conflict = ShownConflict {
                    sku: edited.sku.clone(),
                    attribute: schema.attribute(key.attribute).code.to_string(),
                    locale: schema.locale_code(key.locale).map(str::to_owned),
                    channel: schema.channel_code(key.channel).map(str::to_owned),
                    sheet: text.unwrap_or_default().to_owned(),
                    catalog: now.map(|resolved| resolved.value.to_text().into_owned()),
                    batch: now.map(|resolved| resolved.origin.batch),
                };
                let by = conflict
                    .batch
                    .map_or_else(String::new, |batch| format!(" (batch {batch})"));
                let says = conflict.catalog.as_deref().map_or("nothing".to_owned(), |value| {
                    format!("\"{}\"", crate::diagnostic::excerpt(value))
                });
                let message = format!("the catalog changed since the sheet went out and says {says}{by}");
                let finding = Diagnostic::new(Severity::Error, "E-SHEET-CONFLICT", message);
                let help = "decide with `estante product set`, or take a fresh sheet";
                judged.findings.push(at(finding).with_help(help));
                judged.conflicts.push(conflict);
            }
        }
    }
}

/// The product of a SKU that has not become part of another.
fn known(reader: &Reader, sku: &str) -> Result<Option<ProductName>, Failure> {
    match reader.product(sku)? {
        Some(found) if reader.successor(found.id)?.is_none() => Ok(Some(found)),
        _ => Ok(None),
    }
}
