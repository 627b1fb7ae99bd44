//! Products to channel feeds: composed and checked on all cores, written in order, put in place only when whole.
//!
//! A file is written beside its place, read back, and renamed, so the last good export stays until the next is good. The
//! manifest beside the files tells counts and hashes; the state in the store remembers what left, for deltas.

use crate::catalog::stored::ProductName;
use crate::channel::Channel;
use crate::channel::chunk::{Chunk, Preflight};
use crate::channel::delta::State;
use crate::channel::preflight::{Cause, Report};
use crate::channel::rule::finding::Verdict;
use crate::channel::rule::outside::{LookUp, Outside};
use crate::diagnostic::Diagnostic;
use crate::workspace::Workspace;
use crate::workspace::composing::Composing;
use crate::workspace::export_state::ExportState;
use crate::workspace::failure::{Failure, FailureKind};
use crate::workspace::feed_file::{FeedFile, FeedFiles, write_list};
use crate::workspace::images::pictures::Pictures;
use crate::workspace::inspect::find;
use crate::workspace::last_file::{self, Asking, PiecesFile};
use crate::workspace::products::{self, Shelf};
use crate::workspace::progress::Progress;
use crate::workspace::verdicts::{Noting, Verdicts};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::Xxh3;

/// What to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The whole file, where anything changed since it was written.
    Current,
    /// The whole file.
    Full,
    /// What changed since the last export of either kind, and what is to be removed.
    Delta,
}

impl Mode {
    fn name(self) -> &'static str {
        match self {
            Mode::Current | Mode::Full => "full",
            Mode::Delta => "delta",
        }
    }
}

/// What was checked and written. The manifest of a full export has this form too.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Exported {
    pub channel: String,
    pub pack: String,
    /// `full`, `delta`, or `check` where nothing was written.
    pub mode: String,
    pub products: u64,
    pub ready: u64,
    pub degraded: u64,
    pub blocked: u64,
    pub causes: Vec<Cause>,
    /// Rules that nobody checked, and what that would need.
    #[serde(default)]
    pub unchecked: Vec<Diagnostic>,
    pub files: Vec<FeedFile>,
    /// Of a delta: listings that left before and leave no more.
    pub removed: Option<u64>,
    /// Of a whole export: listings that nobody touched, taken from the last one.
    #[serde(skip)]
    pub carried: u64,
    /// True where the files on disk were already those.
    #[serde(skip)]
    pub untouched: bool,
}

/// A channel as the list shows it.
#[derive(Debug, Clone, Serialize)]
pub struct ShownChannel {
    pub channel: String,
    pub name: String,
    pub pack: String,
    pub file: String,
}

/// The channels by id.
pub fn channels(workspace: &Workspace) -> Vec<ShownChannel> {
    let shown = |channel: &Channel| ShownChannel {
        channel: channel.code.clone(),
        name: channel.name.clone(),
        pack: channel.pack.code.clone(),
        file: workspace
            .settings
            .shown(&folder(workspace, channel).join(&channel.file)),
    };
    workspace.settings.channels.iter().map(shown).collect()
}

/// Composes and checks everything, writes nothing.
pub fn check(workspace: &Workspace, id: &str, progress: &dyn Progress) -> Result<Exported, Failure> {
    let channel = workspace.settings.channel(id)?;
    let sequence = match workspace.reader_if_any()? {
        Some(reader) => reader.sequence()?,
        None => 0,
    };
    let names = names(workspace, None)?;
    let pictures = Pictures::of(workspace, channel);
    let look = |address: &str| pictures.as_ref()?.picture(address);
    let outside = outside(pictures.as_ref(), &look);
    let preflight = Preflight {
        writer: None,
        ..channel.preflight(outside)
    };
    let mut noting = Noting::new(channel, sequence, told_by(workspace, channel, pictures.as_ref()));
    let composing = Composing {
        workspace,
        channel,
        preflight: &preflight,
        pictures: pictures.as_ref(),
    };
    let settled = composing.walk(
        &names,
        None,
        preflight.pass(),
        progress,
        &mut |pass, mut chunk, anew| {
            pass.settle(&mut chunk, &|_, _| false, anew, &mut |_| Ok(()))?;
            noting.note(&chunk.items);
            Ok(())
        },
    )?;
    let report = settled.finish();
    if sequence > 0 {
        noting.finish().write(&Verdicts::path(&workspace.settings.store, id))?;
    }
    Ok(exported(channel, "check", &report, &outside))
}

/// Writes a channel's files.
pub fn export(workspace: &mut Workspace, id: &str, mode: Mode, progress: &dyn Progress) -> Result<Exported, Failure> {
    workspace.open_catalog()?;
    let sequence = workspace.reader()?.sequence()?;
    let channel = workspace.settings.channel(id)?;
    let pictures = Pictures::of(workspace, channel);
    let fingerprint = told_by(workspace, channel, pictures.as_ref());
    // A state that does not read is as good as none: a full export makes it anew.
    let state = ExportState::read(&state_path(workspace, channel)).ok().flatten();
    let state = state.filter(|state| state.listings.fingerprint == fingerprint);
    let exporting = Exporting {
        workspace,
        channel,
        sequence,
        fingerprint,
        pictures,
        progress,
    };
    let done = match (mode, state) {
        (Mode::Current, Some(state)) if state.full_sequence == sequence => match manifest(workspace, channel) {
            Some(manifest) => {
                return Ok(Exported {
                    untouched: true,
                    ..manifest
                });
            }
            None => exporting.full(None)?,
        },
        (Mode::Current, Some(state)) => exporting.full(Some(&state))?,
        (Mode::Delta, Some(state)) => exporting.delta(&state)?,
        (Mode::Delta, None) => {
            let help =
                format!("`estante channel export {id} --full` makes one; a changed channel or schema asks for it too");
            let message = format!("{id} has no last export that a delta could be made against");
            return Err(Failure::usage(message).with_help(help));
        }
        (Mode::Current | Mode::Full, _) => exporting.full(None)?,
    };
    workspace.catalog()?.mark_published()?;
    Ok(done)
}

/// One export under way.
struct Exporting<'w> {
    workspace: &'w Workspace,
    channel: &'w Channel,
    sequence: i64,
    fingerprint: u64,
    pictures: Option<Pictures>,
    progress: &'w dyn Progress,
}

/// A listing that leaves: product, hash of what it says, SKU.
type Leaving = (i64, u64, String);

impl Exporting<'_> {
    /// Writes the whole file. What nobody touched since the last one is taken from there, where `last` tells of it.
    fn full(&self, last: Option<&ExportState>) -> Result<Exported, Failure> {
        let asking = last.map(|state| self.asking(state)).transpose()?.flatten();
        // Both are read whole, and neither needs the other.
        let (names, last) = std::thread::scope(|scope| {
            let last = scope.spawn(move || asking.map_or(Ok(None), Asking::read));
            let names = names(self.workspace, None);
            let broken = |_| Failure::new(FailureKind::Broken, "failed to read the last export");
            (names, last.join().map_err(broken).flatten())
        });
        let (names, last) = (names?, last?);
        let mut files = self.files(&self.channel.file, last.is_some())?;
        let mut leaving = Vec::with_capacity(names.len());
        let mut noting = Noting::new(self.channel, self.sequence, self.fingerprint);
        let mut pieces = PiecesFile::begin(self.pieces(), self.fingerprint, self.sequence)?;
        let mut carried = 0;
        let pictures = self.pictures.as_ref();
        let look = |address: &str| pictures?.picture(address);
        let preflight = self.channel.preflight(outside(pictures, &look));
        let settled = self.composing(&preflight).walk(
            &names,
            last.as_ref(),
            preflight.recorded_pass(),
            self.progress,
            &mut |pass, mut chunk, anew| {
                carried += chunk.carried() as u64;
                pass.settle(&mut chunk, &|_, _| true, anew, &mut |step| files.step(step))?;
                pieces.write(&pass.pieces())?;
                noting.note(&chunk.items);
                leaving.extend(left(chunk));
                Ok(())
            },
        )?;
        let tail = settled.pieces_tail();
        let mut done = Exported {
            carried,
            ..self.exported(Mode::Full, &settled.finish())
        };
        // Between the first file put in place and the manifest that tells of it, nothing may claim that they agree: killed
        // there, the next run finds no state and exports again.
        let path = state_path(self.workspace, self.channel);
        done.files = files.finish(|| forget(&path))?;
        pieces.finish(&tail)?;
        noting.finish().write(&self.verdicts())?;
        write_manifest(self.workspace, self.channel, &done)?;
        let mut listings = State::new(self.fingerprint);
        for (product, hash, sku) in &leaving {
            listings.push(*product, *hash, sku);
        }
        listings.sort();
        ExportState {
            sequence: self.sequence,
            full_sequence: self.sequence,
            listings,
        }
        .write(&path)?;
        Ok(done)
    }

    /// What is to be asked of the last whole export; `None` where there is none.
    fn asking(&self, state: &ExportState) -> Result<Option<Asking>, Failure> {
        let Some(manifest) = manifest(self.workspace, self.channel) else {
            return Ok(None);
        };
        let root = &self.workspace.settings.root;
        Ok(Some(Asking {
            reader: self.workspace.reader()?,
            pieces: self.pieces(),
            files: manifest.files.iter().map(|file| root.join(&file.path)).collect(),
            of: (self.fingerprint, state.full_sequence),
        }))
    }

    fn delta(&self, state: &ExportState) -> Result<Exported, Failure> {
        let names = names(self.workspace, Some(state.sequence))?;
        let mut files = self.files(&delta_name(&self.channel.file), false)?;
        let mut leaving = Vec::with_capacity(names.len());
        let wanted = |product: i64, hash: u64| state.listings.differs(product, hash);
        let mut noting = Noting::new(self.channel, self.sequence, self.fingerprint);
        let pictures = self.pictures.as_ref();
        let look = |address: &str| pictures?.picture(address);
        let preflight = self.channel.preflight(outside(pictures, &look));
        let settled = self.composing(&preflight).walk(
            &names,
            None,
            preflight.pass(),
            self.progress,
            &mut |pass, mut chunk, anew| {
                pass.settle(&mut chunk, &wanted, anew, &mut |step| files.step(step))?;
                noting.note(&chunk.items);
                leaving.extend(left(chunk));
                Ok(())
            },
        )?;
        let mut done = self.exported(Mode::Delta, &settled.finish());
        done.files = files.finish(|| Ok(()))?;
        let mut looked_at: Vec<i64> = names.iter().map(|name| name.id).collect();
        // What became part of another product stands on no shelf.
        looked_at.extend(self.workspace.reader()?.parts_with_rows(Some(state.sequence))?);
        // Verdicts that are no older than the last export, and of the same settings, can be carried on.
        let before = Verdicts::read(&self.verdicts());
        if let Some(before) =
            before.filter(|before| before.fingerprint == self.fingerprint && before.sequence >= state.sequence)
        {
            before
                .updated(noting.finish(), looked_at.iter().copied())
                .write(&self.verdicts())?;
        }
        // What left before and leaves no more stands among the products looked at: nothing that left is ever deleted.
        let mut changes: BTreeMap<i64, Option<(u64, &str)>> = looked_at.iter().map(|id| (*id, None)).collect();
        for (product, hash, sku) in &leaving {
            changes.insert(*product, Some((*hash, sku)));
        }
        let gone = changes.iter().filter(|(_, said)| said.is_none());
        let mut removed: Vec<&str> = gone.filter_map(|(product, _)| state.listings.key(*product)).collect();
        removed.sort_unstable();
        done.removed = Some(removed.len() as u64);
        let list = folder(self.workspace, self.channel).join(format!("{}-removed.txt", stem(&self.channel.file)));
        done.files
            .push(write_list(&list, &removed, &self.workspace.settings.root)?);
        let changes: Vec<_> = changes.into_iter().collect();
        let listings = state.listings.updated(self.fingerprint, &changes);
        ExportState {
            sequence: self.sequence,
            full_sequence: state.full_sequence,
            listings,
        }
        .write(&state_path(self.workspace, self.channel))?;
        Ok(done)
    }

    fn verdicts(&self) -> PathBuf {
        Verdicts::path(&self.workspace.settings.store, &self.channel.code)
    }

    fn exported(&self, mode: Mode, report: &Report) -> Exported {
        let pictures = self.pictures.as_ref();
        let look = |address: &str| pictures?.picture(address);
        exported(self.channel, mode.name(), report, &outside(pictures, &look))
    }

    fn files(&self, name: &str, carrying: bool) -> Result<FeedFiles<'_>, Failure> {
        FeedFiles::begin(
            &folder(self.workspace, self.channel),
            name,
            &self.channel.writer,
            &self.workspace.settings.root,
            carrying,
        )
    }

    fn composing<'c>(&'c self, preflight: &'c Preflight<'c>) -> Composing<'c> {
        Composing {
            workspace: self.workspace,
            channel: self.channel,
            preflight,
            pictures: self.pictures.as_ref(),
        }
    }

    fn pieces(&self) -> PathBuf {
        last_file::path(&self.workspace.settings.store, &self.channel.code)
    }
}

/// What leaves of a part.
fn left(chunk: Chunk) -> impl Iterator<Item = Leaving> {
    let left = chunk.items.into_iter().filter(|item| item.hash != 0);
    left.map(|item| (item.listing.product, item.hash, item.listing.sku))
}

/// What the rules may know beside the listings: the pictures, where any were looked at.
fn outside<'a>(pictures: Option<&Pictures>, look: &'a LookUp<'a>) -> Outside<'a> {
    Outside {
        picture: pictures.map(|_| look),
        ..Outside::default()
    }
}

fn forget(state: &Path) -> Result<(), Failure> {
    match std::fs::remove_file(state) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(Failure::io("remove", state, &error)),
        _ => Ok(()),
    }
}

/// The products to look at, in the order of the shelf; with `since`, only those that changed later and their siblings.
fn names(workspace: &Workspace, since: Option<i64>) -> Result<Vec<ProductName>, Failure> {
    match workspace.reader_if_any()? {
        Some(reader) => Ok(reader.shelf(since)?),
        None => Ok(Vec::new()),
    }
}

fn exported(channel: &Channel, mode: &str, report: &Report, outside: &Outside<'_>) -> Exported {
    Exported {
        channel: channel.code.clone(),
        pack: channel.pack.code.clone(),
        mode: mode.to_owned(),
        products: report.products,
        ready: report.ready,
        degraded: report.degraded,
        blocked: report.blocked,
        causes: report.causes(&channel.pack, &channel.rules),
        unchecked: channel.rules.unchecked(&channel.pack, outside),
        files: Vec::new(),
        removed: None,
        carried: 0,
        untouched: false,
    }
}

/// All that a channel's file depends on beside the catalog: its own settings and pack, what products say, the pictures that
/// were looked at.
pub fn fingerprint(workspace: &Workspace, channel: &Channel) -> u64 {
    told_by(workspace, channel, Pictures::of(workspace, channel).as_ref())
}

fn told_by(workspace: &Workspace, channel: &Channel, pictures: Option<&Pictures>) -> u64 {
    let mut hash = Xxh3::new();
    hash.update(&channel.fingerprint().to_le_bytes());
    hash.update(&products::fingerprint(&workspace.settings).to_le_bytes());
    let settings = hash.digest();
    pictures.map_or(settings, |pictures| pictures.fingerprint(settings))
}

fn folder(workspace: &Workspace, channel: &Channel) -> PathBuf {
    workspace.settings.out.join(&channel.code)
}

fn state_path(workspace: &Workspace, channel: &Channel) -> PathBuf {
    workspace
        .settings
        .store
        .join("channels")
        .join(format!("{}.state", &channel.code))
}

fn manifest_path(workspace: &Workspace, channel: &Channel) -> PathBuf {
    folder(workspace, channel).join("manifest.json")
}

/// `google-es.xml` -> `google-es`
fn stem(file: &str) -> &str {
    file.split_once('.').map_or(file, |(stem, _)| stem)
}

/// `google-es.xml` -> `google-es-delta.xml`
fn delta_name(file: &str) -> String {
    match file.split_once('.') {
        Some((stem, extension)) => format!("{stem}-delta.{extension}"),
        None => format!("{file}-delta"),
    }
}

fn write_manifest(workspace: &Workspace, channel: &Channel, done: &Exported) -> Result<(), Failure> {
    let path = manifest_path(workspace, channel);
    let mut text = serde_json::to_string_pretty(done).unwrap_or_default();
    text.push('\n');
    crate::workspace::feed_file::put(&path, text.as_bytes())
}

/// The manifest of the last full export, where all its files are still there in their sizes.
fn manifest(workspace: &Workspace, channel: &Channel) -> Option<Exported> {
    let text = std::fs::read(manifest_path(workspace, channel)).ok()?;
    let manifest: Exported = serde_json::from_slice(&text).ok()?;
    let whole = manifest.files.iter().all(|file| {
        let found = std::fs::metadata(workspace.settings.root.join(&file.path));
        found.is_ok_and(|found| found.len() == file.bytes)
    });
    whole.then_some(manifest)
}

/// Compares every exported file with its manifest; gives their number and what is wrong.
pub fn verify_files(workspace: &Workspace) -> Result<(u64, Vec<String>), Failure> {
    let (mut count, mut faults) = (0, Vec::new());
    for channel in &workspace.settings.channels {
        let path = state_path(workspace, channel);
        match ExportState::read(&path) {
            Ok(None) => continue,
            Ok(Some(_)) => {}
            Err(error) => {
                faults.push(format!(
                    "{}: {error}; the next full export makes it anew",
                    workspace.settings.shown(&path)
                ));
                continue;
            }
        }
        let manifest_path = manifest_path(workspace, channel);
        let manifest: Exported = match std::fs::read(&manifest_path).map(|text| serde_json::from_slice(&text)) {
            Ok(Ok(manifest)) => manifest,
            Ok(Err(error)) => {
                faults.push(format!("{}: {error}", workspace.settings.shown(&manifest_path)));
                continue;
            }
            Err(error) => {
                faults.push(format!("{}: {error}", workspace.settings.shown(&manifest_path)));
                continue;
            }
        };
        for file in &manifest.files {
            count += 1;
            let path = workspace.settings.root.join(&file.path);
            match crate::workspace::feed_file::blake3(&path) {
                Ok(found) if found == file.blake3 => {}
                Ok(_) => faults.push(format!("{} is not the file that was exported", file.path)),
                Err(error) => faults.push(format!("{}: {error}", file.path)),
            }
        }
    }
    Ok((count, faults))
}

/// What a channel gets of one product, and what is wrong with it.
#[derive(Debug, Clone, Serialize)]
pub struct Explained {
    pub sku: String,
    /// `ready`, `degraded`, `blocked`, or `outside` where the product does not belong to the channel.
    pub verdict: String,
    /// Fields that say something, in the order of the pack.
    pub fields: Vec<(String, Vec<String>)>,
    pub diagnostics: Vec<Diagnostic>,
}

/// Composes and checks one product together with its siblings. What must be unique in the whole file is not compared.
pub fn explain(workspace: &Workspace, id: &str, sku: &str) -> Result<Explained, Failure> {
    let channel = workspace.settings.channel(id)?;
    let reader = workspace.reader()?;
    let name = find(&reader, sku)?;
    let trust = workspace.trust()?;
    let siblings = match &name.model {
        Some(model) => reader.variants(model)?,
        None => vec![name.clone()],
    };
    let pictures = Pictures::of(workspace, channel);
    let look = |address: &str| pictures.as_ref()?.picture(address);
    let preflight = Preflight {
        writer: None,
        ..channel.preflight(outside(pictures.as_ref(), &look))
    };
    let shelf = Shelf::new(&workspace.settings, &trust);
    let mut products = shelf.group(&reader, &siblings)?;
    if let Some(pictures) = &pictures {
        let schema = &workspace.settings.schema;
        products.iter_mut().for_each(|product| pictures.dress(product, schema));
    }
    let chunk = preflight.chunk(products.iter().filter_map(|product| channel.draft(product)).collect());
    let Some(item) = chunk.items.iter().find(|item| item.listing.product == name.id) else {
        let product = shelf.product(&reader, &name)?;
        let why = match product.active {
            false => "every supplier withdrew it",
            true => "the channel's filter leaves it out",
        };
        return Ok(Explained {
            sku: name.sku,
            verdict: "outside".to_owned(),
            fields: Vec::new(),
            diagnostics: vec![Diagnostic::info("I-OUTSIDE", why)],
        });
    };
    let mut fields = Vec::new();
    for (number, content) in item.listing.contents.iter().enumerate() {
        let texts: Vec<String> = content
            .texts()
            .filter(|text| !text.is_empty())
            .map(str::to_owned)
            .collect();
        if !texts.is_empty() {
            fields.push((channel.pack.name(number as u16).to_owned(), texts));
        }
    }
    Ok(Explained {
        sku: name.sku,
        verdict: match item.verdict {
            Verdict::Ready => "ready",
            Verdict::Degraded => "degraded",
            Verdict::Blocked => "blocked",
        }
        .to_owned(),
        fields,
        diagnostics: item
            .findings
            .iter()
            .map(|finding| channel.rules.diagnostic(&channel.pack, &item.listing.sku, finding))
            .collect(),
    })
}
