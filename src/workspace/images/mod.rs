//! Pictures found, measured, deduplicated, given to their products, and derived for every channel.
//!
//! The order of it: files and lists, the products they mean, what suppliers name themselves, the work on bytes, the layer,
//! the channels' folders, the defects. What did not change is only looked at.

pub mod defects;
pub mod derivations;
pub mod fetch;
pub mod layers;
pub mod lists;
pub mod media;
pub mod outcome;
pub mod owners;
pub mod pictures;
pub mod sources;
pub mod state;
pub mod whole;
pub mod work;

use crate::catalog::stored::{ProductName, SourceId};
use crate::diagnostic::{Diagnostic, Place};
use crate::enrich::images::name::{Key, Place as Position, Reading, compare};
use crate::enrich::images::settings::Images;
use crate::product::origin::Source;
use crate::value::identifier::fold_mpn;
use crate::value::media::place;
use crate::workspace::Workspace;
use crate::workspace::failure::{Failure, FailureKind};
use crate::workspace::images::fetch::Fetcher;
use crate::workspace::images::layers::{Preparing, Wanted};
use crate::workspace::images::lists::Listed;
use crate::workspace::images::media::Media;
use crate::workspace::images::outcome::Imaged;
use crate::workspace::images::owners::{Owner, Owners, Question};
use crate::workspace::images::sources::{Found, Sources};
use crate::workspace::images::state::{Content, Fetched, Picture, State};
use crate::workspace::images::work::{Job, Work};
use crate::workspace::progress::{Progress, Step};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;
use std::time::Instant;
use xxhash_rust::xxh3::Xxh3;

/// Pictures that are worked on before the state is written: what a killed run loses.
const SLICE: usize = 1_000;
/// Names that one finding of many tells.
const SAMPLES: usize = 5;

/// The image step. Fails where no pictures are configured.
pub fn enrich(workspace: &mut Workspace, progress: &dyn Progress) -> Result<Imaged, Failure> {
    let begun = Instant::now();
    let Some(images) = workspace.settings.images.clone() else {
        return Err(Failure::usage("no pictures are configured")
            .with_help("an [images] table in estante.toml says where they lie; docs/images.md has an example"));
    };
    workspace.open_catalog()?;
    let mut state = State::read(&workspace.settings.store);
    let sources = sources::find(&workspace.settings, &images.settings.folders)?;
    let now = Looked::at(workspace, &images, &sources)?;
    if now.is_as(&state) && outputs_stand(workspace, &state) {
        return Ok(Imaged {
            untouched: true,
            seconds: begun.elapsed().as_secs_f64(),
            ..state.outcome
        });
    }
    let mut outcome = step(workspace, &images, sources, &mut state, progress)?;
    state.sequence = workspace.reader()?.sequence()?;
    state.files_seen = now.files;
    state.settings = now.settings;
    state.outcome = outcome.clone();
    state.write(&workspace.settings.store)?;
    outcome.seconds = begun.elapsed().as_secs_f64();
    Ok(outcome)
}

/// What the outcome depends on, in short.
struct Looked {
    sequence: i64,
    files: u64,
    settings: u64,
    fetches: bool,
}

impl Looked {
    fn at(workspace: &Workspace, images: &Images, sources: &Sources) -> Result<Looked, Failure> {
        let mut files = Xxh3::new();
        for (path, found) in &sources.files {
            files.update(path.as_bytes());
            files.update(&[0]);
            files.update(&found.stamp.bytes.to_le_bytes());
            files.update(&found.stamp.changed.to_le_bytes());
        }
        for list in &images.settings.lists {
            files.update(&std::fs::read(workspace.settings.root.join(list)).unwrap_or_default());
        }
        let mut settings = Xxh3::new();
        settings.update(env!("CARGO_PKG_VERSION").as_bytes());
        settings.update(serde_json::to_string(&images.settings).unwrap_or_default().as_bytes());
        for (channel, recipe) in derivations::recipes(&workspace.settings, images) {
            settings.update(channel.as_bytes());
            settings.update(recipe.code().as_bytes());
        }
        settings.update(&workspace.settings.schema.fingerprint().to_le_bytes());
        for supplier in &workspace.settings.suppliers {
            settings.update(supplier.id.as_bytes());
            settings.update(&supplier.rank.to_le_bytes());
        }
        Ok(Looked {
            sequence: workspace.reader()?.sequence()?,
            files: files.digest(),
            settings: settings.digest(),
            fetches: images.settings.fetch.enabled,
        })
    }

    fn is_as(&self, state: &State) -> bool {
        let failed = |fetched: &Fetched| matches!(fetched, Fetched::Failed(_));
        let again = self.fetches && state.addresses.values().any(failed);
        let same = state.sequence == self.sequence && state.files_seen == self.files && state.settings == self.settings;
        same && !again && state.version != 0
    }
}

/// True where every file that the state names is where it was, and none has come that suppliers name.
fn outputs_stand(workspace: &Workspace, state: &State) -> bool {
    let settings = &workspace.settings;
    let media = Media::new(&settings.store);
    let seen = state.files.values().all(|seen| {
        let stamp = std::fs::metadata(&seen.on_disk).ok().and_then(|there| sources::stamp(&there));
        stamp.is_some_and(|stamp| stamp.changed == seen.stamp.changed)
    });
    let originals = state.contents.iter().all(|(content, what)| {
        let bytes = std::fs::metadata(media.original(content)).map(|there| there.len());
        match what {
            Content::Picture(measures) => bytes.is_ok_and(|bytes| bytes == measures.bytes),
            Content::Refused(_) => true,
        }
    });
    let derived = state.channels.iter().all(|(channel, derived)| {
        let folder = derivations::folder(&settings.out, channel);
        derived.files.iter().all(|(name, file)| {
            std::fs::metadata(folder.join(name)).is_ok_and(|there| there.len() == file.bytes)
        })
    });
    let sheet = state.outcome.sheet.as_ref().is_none_or(|sheet| settings.root.join(sheet).is_file());
    seen && originals && derived && sheet && !state.absent.iter().any(|path| path.exists())
}

/// What one product has here.
struct Shown {
    product: ProductName,
    /// Found by name: path and place among them.
    found: Vec<(Position, String)>,
    /// Named by a supplier: value -> path in the state, or the address itself.
    said: BTreeMap<String, String>,
}

fn step(
    workspace: &mut Workspace,
    images: &Images,
    sources: Sources,
    state: &mut State,
    progress: &dyn Progress,
) -> Result<Imaged, Failure> {
    let mut outcome = Imaged {
        files: sources.files.len() as u64,
        diagnostics: sources.findings,
        ..Imaged::default()
    };
    let mut files = sources.files;
    let own = own_source(workspace)?;
    let (listed, findings) = lists::read(&workspace.settings, &images.settings.lists)?;
    outcome.diagnostics.extend(findings);
    let mut shown = owned(workspace, images, &mut files, &listed, own, state, &mut outcome, progress)?;

    let recipes = derivations::recipes(&workspace.settings, images);
    let by_code = recipes.iter().map(|(_, recipe)| (recipe.code(), *recipe)).collect();
    let fetcher = images.settings.fetch.enabled.then(|| Fetcher::new(&images.settings.fetch));
    let jobs = jobs(&shown, &files, fetcher.is_some());
    forget(state, &jobs);
    let media = Media::new(&workspace.settings.store);
    let work = Work {
        limits: images.settings.limits,
        recipes: &by_code,
        media: &media,
        fetcher: fetcher.as_ref(),
        threads: workspace.threads,
    };
    if !jobs.is_empty() {
        progress.begin(&Step::Picturing, jobs.len() as u64);
    }
    for slice in jobs.chunks(SLICE) {
        let worked = work.run(slice, state, progress)?;
        outcome.diagnostics.extend(worked.findings);
        outcome.fetched += worked.fetched;
        outcome.made += worked.made;
        if jobs.len() > SLICE {
            state.write(&workspace.settings.store)?;
        }
    }
    if !jobs.is_empty() {
        progress.end();
    }

    settle(workspace, &mut shown, state, &mut outcome)?;
    let current: BTreeSet<&String> = recipes.iter().map(|(channel, _)| channel).collect();
    for channel in workspace.settings.channels.iter().filter(|channel| !current.contains(&channel.code)) {
        if let Some(gone) = state.channels.remove(&channel.code) {
            let folder = derivations::folder(&workspace.settings.out, &channel.code);
            gone.files.keys().for_each(|name| drop(std::fs::remove_file(folder.join(name))));
        }
    }
    for (channel, recipe) in &recipes {
        let placed = derivations::place(&workspace.settings, channel, recipe, state, &mut outcome.diagnostics)?;
        outcome.channels.push(placed);
    }
    outcome.refused = state.contents.values().filter(|what| matches!(what, Content::Refused(_))).count() as u64;
    let found = defects::find(&images.settings, state, &mut outcome);
    outcome.sheet = Some(defects::write_sheet(&workspace.settings, found, state)?);
    Ok(outcome)
}

/// The number of the step's own source, where it has one.
fn own_source(workspace: &Workspace) -> Result<Option<SourceId>, Failure> {
    let name = Source::Images.to_string();
    let sources = workspace.reader()?.sources()?;
    Ok(sources.into_iter().find(|(_, known)| *known == name).map(|(id, _)| id))
}

/// Who owns which picture. Files that suppliers name are added to `files`.
#[allow(clippy::too_many_arguments, reason = "the step's own state, once")]
fn owned(
    workspace: &Workspace,
    images: &Images,
    files: &mut BTreeMap<String, Found>,
    listed: &[Listed],
    own: Option<SourceId>,
    state: &mut State,
    outcome: &mut Imaged,
    progress: &dyn Progress,
) -> Result<BTreeMap<i64, Shown>, Failure> {
    let settings = &workspace.settings;
    let reader = workspace.reader()?;
    let by_list: HashSet<&str> = listed.iter().map(|row| row.file.as_str()).collect();
    let readings: BTreeMap<String, Vec<Reading>> = files
        .keys()
        .filter(|path| !by_list.contains(path.as_str()))
        .map(|path| (path.clone(), images.names.read(path)))
        .collect();
    let mut keys: HashSet<Key> = readings.values().flatten().map(|reading| reading.key.clone()).collect();
    keys.extend(listed.iter().map(|row| Key::Sku(fold_mpn(&row.sku))));
    let names = reader.shelf(None)?;
    let question = Question {
        schema: &settings.schema,
        store: &settings.store,
        threads: workspace.threads,
        own,
        addresses: images.settings.fetch.enabled,
        keys: &keys,
    };
    progress.begin(&Step::Naming, names.len() as u64);
    let owners = Owners::find(&question, &names, progress)?;
    progress.end();
    let source_names: BTreeMap<SourceId, String> = reader.sources()?.into_iter().collect();
    let mut shown: BTreeMap<i64, Shown> = BTreeMap::new();
    let mut unmatched = Vec::new();
    for (path, readings) in &readings {
        match owners.owner(readings, &home(workspace, &source_names, path)) {
            Owner::One(product, position) => {
                if place(path).map_or(true, |kept| kept != path.as_str()) {
                    let finding = Diagnostic::warning("W-IMAGE-NAME", "a file name that is no address");
                    let finding = finding.at(Place::file(path.as_str())).with_help("rename it: letters, digits, `-` and `_`");
                    outcome.diagnostics.push(finding);
                    outcome.unmatched += 1;
                } else if let Some(name) = owners.names.get(&product) {
                    entry(&mut shown, name).found.push((position, path.clone()));
                    outcome.matched += 1;
                }
            }
            Owner::Several(products) => {
                outcome.ambiguous += 1;
                let skus: Vec<&str> = products
                    .iter()
                    .filter_map(|product| owners.names.get(product))
                    .map(|name| name.sku.as_str())
                    .take(SAMPLES)
                    .collect();
                let message = format!("the name means {} products: {}", products.len(), skus.join(", "));
                let finding = Diagnostic::warning("W-IMAGE-AMBIGUOUS", message).at(Place::file(path.as_str()));
                outcome.diagnostics.push(finding.with_help("rename it, or name its product in a list under [images]"));
            }
            Owner::None => unmatched.push(path.as_str()),
        }
    }
    by_lists(workspace, files, listed, &owners, &source_names, &mut shown, outcome);
    outcome.unmatched += unmatched.len() as u64;
    if !unmatched.is_empty() {
        let help = "names are read by `names` under [images]; a list there can say what they mean";
        outcome.diagnostics.push(many(
            "I-IMAGE-UNMATCHED",
            &format!("{} pictures whose names mean no product", unmatched.len()),
            unmatched.iter().copied(),
            help,
        ));
    }
    said(workspace, images, files, &owners, &source_names, &mut shown, state, outcome);
    // A product that has lost its pictures loses its layer's words too.
    if let Some(own) = own {
        for item in reader.known(own)?.iter() {
            if let Some(name) = reader.product_by_id(item.product)? {
                entry(&mut shown, &name);
            }
        }
    }
    Ok(shown)
}

fn entry<'s>(shown: &'s mut BTreeMap<i64, Shown>, product: &ProductName) -> &'s mut Shown {
    shown.entry(product.id).or_insert_with(|| Shown {
        product: product.clone(),
        found: Vec::new(),
        said: BTreeMap::new(),
    })
}

/// One finding for many: how many, and the first names.
fn many<'n>(code: &'static str, message: &str, names: impl Iterator<Item = &'n str>, help: &str) -> Diagnostic {
    let mut names: Vec<&str> = names.take(SAMPLES + 1).collect();
    if names.len() > SAMPLES {
        names[SAMPLES] = "…";
    }
    Diagnostic::info(code, message).with_value(&names.join(", ")).with_help(help)
}

/// The sources in whose supplier's folder a file lies.
fn home(workspace: &Workspace, names: &BTreeMap<SourceId, String>, path: &str) -> Vec<SourceId> {
    let full = workspace.settings.root.join(path);
    let supplier = workspace.settings.suppliers.iter().find(|supplier| full.starts_with(&supplier.folder));
    let Some(supplier) = supplier else { return Vec::new() };
    let is_own = |name: &String| *name == supplier.source || Some(name) == supplier.adds_to.as_ref();
    names.iter().filter(|(_, name)| is_own(name)).map(|(id, _)| *id).collect()
}

/// What lists say.
fn by_lists(
    workspace: &Workspace,
    files: &mut BTreeMap<String, Found>,
    listed: &[Listed],
    owners: &Owners,
    sources: &BTreeMap<SourceId, String>,
    shown: &mut BTreeMap<i64, Shown>,
    outcome: &mut Imaged,
) {
    for row in listed {
        let fault = |message: String| Diagnostic::warning("W-IMAGE-LIST", message).at(row.place.clone());
        if !files.contains_key(&row.file) {
            let root = workspace.settings.root.clone();
            let there = place(&row.file).ok().and_then(|path| crate::workspace::images::sources::said(&[root], &path));
            let Some((path, stamp)) = there else {
                let finding = fault("there is no such file".to_owned()).with_value(&row.file);
                outcome.diagnostics.push(finding.with_help("files are named relative to the workspace, with /"));
                continue;
            };
            let found = Found {
                inside: None,
                path,
                stamp,
            };
            files.insert(row.file.clone(), found);
        }
        let reading = Reading {
            key: Key::Sku(fold_mpn(&row.sku)),
            place: Position {
                view: 0,
                number: row.position,
            },
        };
        match owners.owner(std::slice::from_ref(&reading), &home(workspace, sources, &row.file)) {
            Owner::One(product, position) => {
                if let Some(name) = owners.names.get(&product) {
                    entry(shown, name).found.push((position, row.file.clone()));
                    outcome.matched += 1;
                }
            }
            Owner::Several(_) => {
                let finding = fault("several products have this SKU".to_owned()).with_value(&row.sku);
                outcome.diagnostics.push(finding.with_help("write the catalog's own SKU"));
            }
            Owner::None => {
                let finding = fault("no product has this SKU".to_owned()).with_value(&row.sku);
                outcome.diagnostics.push(finding.with_help("write the catalog's own SKU, or the supplier's"));
            }
        }
    }
}

/// What suppliers name by a path or, where it is allowed to fetch, by an address.
#[allow(clippy::too_many_arguments, reason = "the step's own state, once")]
fn said(
    workspace: &Workspace,
    images: &Images,
    files: &mut BTreeMap<String, Found>,
    owners: &Owners,
    sources: &BTreeMap<SourceId, String>,
    shown: &mut BTreeMap<i64, Shown>,
    state: &mut State,
    outcome: &mut Imaged,
) {
    let settings = &workspace.settings;
    let common = images.settings.folders.iter().filter(|folder| !folder.contains(['*', '?', '[']));
    let common: Vec<PathBuf> = common.map(|folder| settings.root.join(folder)).collect();
    let mut absent: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    state.absent.clear();
    for naming in &owners.naming {
        for (source, places) in &naming.said {
            let name = sources.get(source).map_or("", String::as_str);
            let own = settings
                .suppliers
                .iter()
                .find(|supplier| supplier.source == name)
                .map(|supplier| supplier.folder.clone());
            let folders: Vec<PathBuf> = own.into_iter().chain(common.iter().cloned()).collect();
            for value in places {
                if value.contains("://") {
                    entry(shown, &naming.product).said.insert(value.clone(), value.clone());
                    continue;
                }
                let Some((path, stamp)) = sources::said(&folders, value) else {
                    absent.entry(name).or_default().insert(value);
                    state.absent.extend(folders.iter().map(|folder| folder.join(value)));
                    continue;
                };
                let path_shown = settings.shown(&path);
                let found = Found {
                    inside: None,
                    path,
                    stamp,
                };
                files.insert(path_shown.clone(), found);
                entry(shown, &naming.product).said.insert(value.clone(), path_shown);
                outcome.said += 1;
            }
        }
    }
    for (source, values) in absent {
        outcome.absent += values.len() as u64;
        let message = format!("{} pictures that {source} names are not here", values.len());
        let help = "put them into the supplier's folder, below the path that it says";
        let finding = many("W-IMAGE-ABSENT", &message, values.into_iter(), help);
        outcome.diagnostics.push(Diagnostic {
            severity: crate::diagnostic::Severity::Warning,
            ..finding
        });
    }
}

/// One job for each picture that a product shows.
fn jobs(shown: &BTreeMap<i64, Shown>, files: &BTreeMap<String, Found>, fetching: bool) -> Vec<Job> {
    let mut wanted: BTreeSet<&str> = BTreeSet::new();
    for shown in shown.values() {
        wanted.extend(shown.found.iter().map(|(_, path)| path.as_str()));
        wanted.extend(shown.said.values().map(String::as_str));
    }
    let mut jobs = Vec::new();
    for path in wanted {
        match files.get(path) {
            Some(found) => jobs.push(Job::File(path.to_owned(), found.clone())),
            None if fetching && path.contains("://") => jobs.push(Job::Address(path.to_owned())),
            None => {}
        }
    }
    jobs
}

/// Drops what no job is about any more.
fn forget(state: &mut State, jobs: &[Job]) {
    let (mut files, mut addresses) = (HashSet::new(), HashSet::new());
    for job in jobs {
        match job {
            Job::File(path, _) => files.insert(path.as_str()),
            Job::Address(address) => addresses.insert(address.as_str()),
        };
    }
    state.files.retain(|path, _| files.contains(path.as_str()));
    state.addresses.retain(|address, _| addresses.contains(address.as_str()));
}

/// The contents behind the values of each product, the layers, and what the products show then.
fn settle(
    workspace: &mut Workspace,
    shown: &mut BTreeMap<i64, Shown>,
    state: &mut State,
    outcome: &mut Imaged,
) -> Result<(), Failure> {
    let Some(image) = workspace.settings.schema.known().image else {
        return Err(Failure::new(FailureKind::Broken, "the schema has no pictures"));
    };
    // Contents by product and value. A name that a supplier says may mean another file at another supplier's product.
    let mut contents: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut wanted = Vec::new();
    for shown in shown.values_mut() {
        let own = contents.entry(shown.product.sku.clone()).or_default();
        let mut taken: BTreeSet<String> = BTreeSet::new();
        for (value, path) in &shown.said {
            if let Some(content) = usable(state, path) {
                taken.insert(content.clone());
                own.insert(value.clone(), content);
            }
        }
        shown.found.sort_by(|a, b| compare((&a.0, &a.1), (&b.0, &b.1)));
        let mut found = Vec::new();
        for (_, path) in &shown.found {
            if let Some(content) = usable(state, path)
                && taken.insert(content.clone())
            {
                own.insert(path.clone(), content);
                found.push(path.clone());
            }
        }
        wanted.push(Wanted {
            product: shown.product.clone(),
            found,
        });
    }
    state.products.clear();
    if wanted.is_empty() {
        prune(state);
        return Ok(());
    }
    let source = workspace.catalog()?.source(&Source::Images.to_string())?;
    let trust = workspace.trust()?;
    let reader = workspace.reader()?;
    let content = |sku: &str, value: &str| contents.get(sku)?.get(value).cloned();
    let preparing = Preparing {
        schema: &workspace.settings.schema,
        trust: &trust,
        source,
        image,
        content: &content,
    };
    let mut prepared = Vec::with_capacity(wanted.len());
    for wanted in wanted {
        let sku = wanted.product.sku.clone();
        let layer = preparing.prepare(&reader, wanted)?;
        let pictures: Vec<Picture> = layer
            .pictures
            .iter()
            .enumerate()
            .filter_map(|(n, value)| {
                Some(Picture {
                    value: value.clone(),
                    content: content(&sku, value)?,
                    position: n + 1,
                })
            })
            .collect();
        if !pictures.is_empty() {
            state.products.insert(sku, pictures);
        }
        prepared.push(layer);
    }
    drop(reader);
    outcome.changed = prepared.iter().filter(|layer| layer.differs).count() as u64;
    outcome.batch = layers::write(workspace, source, &prepared)?;
    outcome.products = state.products.len() as u64;
    prune(state);
    let used: BTreeSet<&str> = state.products.values().flatten().map(|picture| picture.content.as_str()).collect();
    outcome.pictures = used.len() as u64;
    Ok(())
}

/// The content behind a path or an address, where it is a picture that can be used.
fn usable(state: &State, path: &str) -> Option<String> {
    let content = match (state.files.get(path), state.addresses.get(path)) {
        (Some(seen), _) => &seen.content,
        (None, Some(Fetched::Content(content))) => content,
        _ => return None,
    };
    state.measures(content).map(|_| content.clone())
}

/// Drops what is known of contents that no file and no address has any more. Their bytes stay in the store.
fn prune(state: &mut State) {
    let mut used: HashSet<&str> = state.files.values().map(|seen| seen.content.as_str()).collect();
    for fetched in state.addresses.values() {
        if let Fetched::Content(content) = fetched {
            used.insert(content);
        }
    }
    state.contents.retain(|content, _| used.contains(content.as_str()));
    for made in state.made.values_mut() {
        made.retain(|content, _| used.contains(content.as_str()));
    }
}
