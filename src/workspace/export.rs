//! Products to channel feeds: composed and checked on all cores, written in order, put in place only when whole.
//!
//! A file is written beside its place, read back, and renamed, so the last good export stays until the next is good. The
//! manifest beside the files tells counts and hashes; the state in the store remembers what left, for deltas.

use crate::catalog::Reader;
use crate::catalog::stored::ProductName;
use crate::channel::Channel;
use crate::channel::chunk::{Chunk, Draft, Preflight, Step as Written};
use crate::channel::delta::State;
use crate::channel::preflight::{Cause, Report};
use crate::diagnostic::Diagnostic;
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::feed_file::{FeedFile, FeedFiles};
use crate::workspace::inspect::find;
use crate::workspace::parallel::in_order;
use crate::workspace::products::{group, product};
use crate::workspace::progress::{Progress, Step};
use serde::{Deserialize, Serialize};
use std::ops::Range;
use std::path::PathBuf;
use xxhash_rust::xxh3::Xxh3;

/// Products that one thread composes at a time.
const CHUNK: usize = 512;

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
    pub files: Vec<FeedFile>,
    /// Of a delta: listings that left before and leave no more.
    pub removed: Option<u64>,
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
    pub format: String,
    pub file: String,
}

/// The channels by id.
pub fn channels(workspace: &Workspace) -> Vec<ShownChannel> {
    let shown = |channel: &Channel| ShownChannel {
        channel: channel.id().to_owned(),
        name: channel.name().to_owned(),
        pack: channel.pack().code.clone(),
        format: channel.format().to_owned(),
        file: workspace.settings.shown(&folder(workspace, channel).join(channel.file())),
    };
    workspace.settings.channels.iter().map(shown).collect()
}

/// Composes and checks everything, writes nothing.
pub fn check(workspace: &Workspace, id: &str, progress: &dyn Progress) -> Result<Exported, Failure> {
    let channel = workspace.settings.channel(id)?;
    let names = names(workspace, None)?;
    let preflight = Preflight { writer: None, ..channel.preflight() };
    let mut leaving = Vec::new();
    let report = pass(workspace, channel, &preflight, &names, progress, &mut leaving, &|_, _| false, &mut |_| Ok(()))?;
    Ok(exported(channel, "check", &report))
}

/// Writes a channel's files.
pub fn export(workspace: &mut Workspace, id: &str, mode: Mode, progress: &dyn Progress) -> Result<Exported, Failure> {
    workspace.open_catalog()?;
    let sequence = workspace.reader()?.sequence()?;
    let configuration = configuration(workspace, workspace.settings.channel(id)?)?;
    let channel = workspace.settings.channel(id)?;
    let state_path = state_path(workspace, channel);
    // A state that does not read is as good as none: the next full export makes it anew.
    let state = State::read(&state_path).ok().flatten().filter(|state| state.configuration == configuration);
    let done = match (mode, state) {
        (Mode::Current, Some(state)) if state.full_sequence == sequence => match manifest(workspace, channel) {
            Some(manifest) => return Ok(Exported { untouched: true, ..manifest }),
            None => write_full(workspace, channel, sequence, configuration, progress)?,
        },
        (Mode::Delta, Some(state)) => write_delta(workspace, channel, state, sequence, progress)?,
        (Mode::Delta, None) => {
            return Err(Failure::usage(format!("{id} has no last export that a delta could be made against"))
                .with_help(format!("`estante channel export {id} --full` makes one; a changed channel or schema asks for it too")));
        }
        _ => write_full(workspace, channel, sequence, configuration, progress)?,
    };
    workspace.catalog()?.mark_published()?;
    Ok(done)
}

fn write_full(
    workspace: &Workspace,
    channel: &Channel,
    sequence: i64,
    configuration: u64,
    progress: &dyn Progress,
) -> Result<Exported, Failure> {
    let names = names(workspace, None)?;
    let preflight = channel.preflight();
    let mut files = FeedFiles::begin(&folder(workspace, channel), channel.file(), channel.writer(), &workspace.settings.root)?;
    let mut leaving = Vec::with_capacity(names.len());
    let report =
        pass(workspace, channel, &preflight, &names, progress, &mut leaving, &|_, _| true, &mut |step| files.step(step))?;
    let mut done = exported(channel, Mode::Full.name(), &report);
    done.files = files.finish()?;
    leaving.sort_unstable();
    State { configuration, sequence, full_sequence: sequence, listings: leaving }
        .write(&state_path(workspace, channel))
        .map_err(|error| Failure::io("write", &state_path(workspace, channel), &error))?;
    write_manifest(workspace, channel, &done)?;
    Ok(done)
}

fn write_delta(
    workspace: &Workspace,
    channel: &Channel,
    state: State,
    sequence: i64,
    progress: &dyn Progress,
) -> Result<Exported, Failure> {
    let names = names(workspace, Some(state.sequence))?;
    let preflight = channel.preflight();
    let file = delta_name(channel.file());
    let mut files = FeedFiles::begin(&folder(workspace, channel), &file, channel.writer(), &workspace.settings.root)?;
    let mut leaving = Vec::with_capacity(names.len());
    let wanted = |product: i64, hash: u64| state.hash(product) != Some(hash);
    let report =
        pass(workspace, channel, &preflight, &names, progress, &mut leaving, &wanted, &mut |step| files.step(step))?;
    let mut done = exported(channel, Mode::Delta.name(), &report);
    done.files = files.finish()?;
    leaving.sort_unstable();
    // What left before and leaves no more stands among the products looked at: nothing that left is ever deleted.
    let mut looked: Vec<i64> = names.iter().map(|name| name.id).collect();
    looked.sort_unstable();
    let mut removed = Vec::new();
    let mut listings = Vec::with_capacity(state.listings.len() + leaving.len());
    for (product, hash) in &state.listings {
        if looked.binary_search(product).is_err() {
            listings.push((*product, *hash));
        } else if leaving.binary_search_by_key(product, |(id, _)| *id).is_err() {
            removed.push(*product);
        }
    }
    listings.append(&mut leaving);
    listings.sort_unstable();
    done.removed = Some(removed.len() as u64);
    let removed: Vec<&str> =
        names.iter().filter(|name| removed.binary_search(&name.id).is_ok()).map(|name| name.sku.as_str()).collect();
    let path = folder(workspace, channel).join(format!("{}-removed.txt", stem(channel.file())));
    let written = crate::workspace::feed_file::write_list(&path, &removed, &workspace.settings.root)?;
    done.files.push(written);
    State { listings, sequence, ..state }
        .write(&state_path(workspace, channel))
        .map_err(|error| Failure::io("write", &state_path(workspace, channel), &error))?;
    Ok(done)
}

/// The products to look at, in the order of the shelf; with `since`, only those that changed later and their siblings.
fn names(workspace: &Workspace, since: Option<i64>) -> Result<Vec<ProductName>, Failure> {
    match workspace.reader_if_any()? {
        Some(reader) => Ok(reader.shelf(since)?),
        None => Ok(Vec::new()),
    }
}

/// Composes, checks and renders products on all cores and settles them in order. `leaving` gets the number and hash of each
/// listing that leaves.
#[allow(clippy::too_many_arguments)]
fn pass(
    workspace: &Workspace,
    channel: &Channel,
    preflight: &Preflight<'_>,
    names: &[ProductName],
    progress: &dyn Progress,
    leaving: &mut Vec<(i64, u64)>,
    wanted: &dyn Fn(i64, u64) -> bool,
    write: &mut dyn FnMut(Written<'_>) -> Result<(), Failure>,
) -> Result<Report, Failure> {
    progress.begin(&Step::Exporting { channel: channel.id().to_owned() }, names.len() as u64);
    let trust = workspace.trust()?;
    let schema = &workspace.settings.schema;
    let chunks = chunks(names);
    let mut settling = preflight.pass();
    in_order(
        workspace.threads,
        chunks.len(),
        || workspace.reader(),
        |reader: &mut Reader, job| {
            let mut drafts: Vec<Draft> = Vec::with_capacity(CHUNK);
            for siblings in names[chunks[job].clone()].chunk_by(|a, b| a.model.is_some() && a.model == b.model) {
                for product in group(reader, siblings, schema, &trust)? {
                    drafts.extend(channel.compose(&product, schema));
                }
            }
            Ok((preflight.chunk(drafts), chunks[job].len()))
        },
        |(mut chunk, count): (Chunk, usize)| {
            settling.settle(&mut chunk, wanted, write)?;
            leaving.extend(chunk.items.iter().filter(|item| item.hash != 0).map(|item| (item.listing.product, item.hash)));
            progress.advance(count as u64);
            Ok(())
        },
    )?;
    progress.end();
    Ok(settling.finish())
}

/// Cuts the shelf into parts of about `CHUNK` products, never between the variants of one model.
fn chunks(names: &[ProductName]) -> Vec<Range<usize>> {
    let mut chunks = Vec::with_capacity(names.len() / CHUNK + 1);
    let mut start = 0;
    while start < names.len() {
        let mut end = (start + CHUNK).min(names.len());
        while end < names.len() && names[end].model.is_some() && names[end].model == names[end - 1].model {
            end += 1;
        }
        chunks.push(start..end);
        start = end;
    }
    chunks
}

fn exported(channel: &Channel, mode: &str, report: &Report) -> Exported {
    Exported {
        channel: channel.id().to_owned(),
        pack: channel.pack().code.clone(),
        mode: mode.to_owned(),
        products: report.products,
        ready: report.ready,
        degraded: report.degraded,
        blocked: report.blocked,
        causes: channel.causes(report),
        files: Vec::new(),
        removed: None,
        untouched: false,
    }
}

/// All that a channel's file depends on beside the catalog: its own settings and pack, the schema, the order of trust.
fn configuration(workspace: &Workspace, channel: &Channel) -> Result<u64, Failure> {
    let mut hash = Xxh3::new();
    hash.update(env!("CARGO_PKG_VERSION").as_bytes());
    hash.update(&channel.fingerprint().to_le_bytes());
    hash.update(&workspace.settings.schema.fingerprint().to_le_bytes());
    for supplier in &workspace.settings.suppliers {
        hash.update(supplier.id.as_bytes());
        hash.update(&supplier.rank.to_le_bytes());
        hash.update(&[0, u8::from(supplier.adds_to.is_some())]);
    }
    Ok(hash.digest())
}

fn folder(workspace: &Workspace, channel: &Channel) -> PathBuf {
    workspace.settings.out.join(channel.id())
}

fn state_path(workspace: &Workspace, channel: &Channel) -> PathBuf {
    workspace.settings.store.join("channels").join(format!("{}.state", channel.id()))
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
        match State::read(&path) {
            Ok(None) => continue,
            Ok(Some(_)) => {}
            Err(error) => {
                faults.push(format!("{}: {error}; the next full export makes it anew", workspace.settings.shown(&path)));
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
    let schema = &workspace.settings.schema;
    let reader = workspace.reader()?;
    let name = find(&reader, sku)?;
    let trust = workspace.trust()?;
    let siblings = match &name.model {
        Some(model) => reader.variants(model)?,
        None => vec![name.clone()],
    };
    let preflight = Preflight { writer: None, ..channel.preflight() };
    let products = group(&reader, &siblings, schema, &trust)?;
    let chunk = preflight.chunk(products.iter().filter_map(|product| channel.compose(product, schema)).collect());
    let Some(item) = chunk.items.iter().find(|item| item.listing.product == name.id) else {
        let product = product(&reader, &name, schema, &trust)?;
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
        let texts: Vec<String> = content.texts().filter(|text| !text.is_empty()).map(str::to_owned).collect();
        if !texts.is_empty() {
            fields.push((channel.pack().name(number as u16).to_owned(), texts));
        }
    }
    Ok(Explained {
        sku: name.sku,
        verdict: channel.verdict_name(item.verdict).to_owned(),
        fields,
        diagnostics: channel.diagnostics(&item.listing.sku, &item.findings),
    })
}
