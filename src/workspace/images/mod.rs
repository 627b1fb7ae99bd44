//! Pictures found, measured, deduplicated, given to their products, and derived for every channel.
//!
//! The order of it: files and lists, the products they mean, what suppliers name themselves, the work on bytes, the layer,
//! the channels' folders, the defects. What did not change is only looked at.

pub mod archives;
pub mod assign;
pub mod defects;
pub mod derivations;
pub mod fetch;
pub mod journal;
pub mod layers;
pub mod lists;
pub mod media;
pub mod outcome;
pub mod owners;
pub mod pictures;
pub mod sheet;
pub mod sources;
pub mod state;
pub mod whole;
pub mod work;

use crate::catalog::stored::SourceId;
use crate::enrich::images::derive::Recipe;
use crate::enrich::images::name::compare;
use crate::enrich::images::settings::Images;
use crate::product::origin::Source;
use crate::workspace::Workspace;
use crate::workspace::failure::{Failure, FailureKind};
use crate::workspace::feed_file;
use crate::workspace::images::archives::Archives;
use crate::workspace::images::assign::{Owned, Shown, owned};
use crate::workspace::images::fetch::Fetcher;
use crate::workspace::images::journal::Journal;
use crate::workspace::images::layers::{Preparing, Wanted};
use crate::workspace::images::media::Media;
use crate::workspace::images::outcome::Imaged;
use crate::workspace::images::sheet::Sheet;
use crate::workspace::images::sources::{Found, Sources};
use crate::workspace::images::state::{Content, Fetched, Made, Picture, State};
use crate::workspace::images::work::{Job, Work};
use crate::workspace::products::Shelf;
use crate::workspace::progress::{Progress, Step};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs::File;
use std::time::Instant;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// Pictures that are worked on before the state takes over what came of them: of equal ones in two slices, the second is known.
const SLICE: usize = 1_000;

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
    // What the catalog said under other settings was read otherwise.
    let since = (state.version != 0 && state.settings == now.settings).then_some(state.sequence);
    if state.settings != now.settings {
        // Other limits may take what these refused.
        state.contents.retain(|_, what| matches!(what, Content::Picture(_)));
        for made in state.made.values_mut() {
            made.retain(|_, what| matches!(what, Made::File(_)));
        }
    }
    let mut journal = Journal::new(&workspace.settings.store, now.settings);
    let mut outcome = step(workspace, &images, sources, since, &mut state, &mut journal, progress)?;
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
        for finding in &sources.findings {
            files.update(&serde_json::to_vec(finding).unwrap_or_default());
        }
        for list in &images.settings.lists {
            let hash = feed_file::blake3(&workspace.settings.root.join(list));
            files.update(hash.unwrap_or_default().as_bytes());
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
            // In whose folder a file lies, and whose SKUs are spoken of there.
            settings.update(workspace.settings.shown(&supplier.folder).as_bytes());
            settings.update(&[0]);
            settings.update(&[u8::from(supplier.adds_to.is_some())]);
            settings.update(supplier.adds_to.as_deref().unwrap_or_default().as_bytes());
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
        same && !again && !state.unfinished && state.version != 0
    }
}

/// True where every file that the state names is where it was, and none has come that suppliers name.
fn outputs_stand(workspace: &Workspace, state: &State) -> bool {
    let settings = &workspace.settings;
    let media = Media::new(&settings.store);
    let seen = state.files.values().all(|seen| {
        let stamp = std::fs::metadata(&seen.on_disk)
            .ok()
            .and_then(|there| sources::stamp(&there));
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
        derived
            .files
            .iter()
            .all(|(name, file)| std::fs::metadata(folder.join(name)).is_ok_and(|there| there.len() == file.bytes))
    });
    let sheet = state
        .outcome
        .sheet
        .as_ref()
        .is_none_or(|sheet| settings.root.join(sheet).is_file());
    let absent = state
        .absent
        .iter()
        .all(|(folder, places)| places.iter().all(|place| sources::said(folder, place).is_none()));
    let unread = state
        .unread
        .values()
        .all(|path| !path.is_file() || File::open(path).is_err());
    seen && originals && derived && sheet && absent && unread
}

fn step(
    workspace: &mut Workspace,
    images: &Images,
    sources: Sources,
    since: Option<i64>,
    state: &mut State,
    journal: &mut Journal,
    progress: &dyn Progress,
) -> Result<Imaged, Failure> {
    let mut outcome = Imaged {
        files: sources.files.len() as u64,
        diagnostics: sources.findings,
        ..Imaged::default()
    };
    let mut files = sources.files;
    let own = own_source(workspace)?;
    let (listed, findings) = lists::read(&workspace.settings, &images.settings.lists);
    outcome.diagnostics.extend(findings);
    let mut owned = owned(
        workspace,
        images,
        &mut files,
        &listed,
        own,
        since,
        state,
        &mut outcome,
        progress,
    )?;

    let recipes = derivations::recipes(&workspace.settings, images);
    let by_code: BTreeMap<String, Recipe> = recipes.iter().map(|(_, recipe)| (recipe.code(), *recipe)).collect();
    let fetcher = images
        .settings
        .fetch
        .enabled
        .then(|| Fetcher::new(&images.settings.fetch));
    let jobs = jobs(&owned.shown, &files, fetcher.is_some());
    forget(state, &jobs);
    let media = Media::new(&workspace.settings.store);
    let archives = Archives::default();
    let work = Work {
        limits: images.settings.limits,
        recipes: &by_code,
        media: &media,
        fetcher: fetcher.as_ref(),
        archives: &archives,
        threads: workspace.threads,
    };
    if !jobs.is_empty() {
        progress.begin(&Step::Picturing, jobs.len() as u64);
    }
    for slice in jobs.chunks(SLICE) {
        let results = work.run(slice, state, journal, progress)?;
        outcome.diagnostics.extend(results.findings);
        outcome.fetched += results.fetched;
        outcome.made += results.made;
    }
    if !jobs.is_empty() {
        progress.end();
    }
    outcome
        .diagnostics
        .extend(fetcher.iter().flat_map(Fetcher::silent_hosts));

    settle(workspace, &mut owned, state, &mut outcome)?;
    state.made.retain(|recipe, _| by_code.contains_key(recipe));
    media.keep_recipes(&by_code.keys().map(String::as_str).collect());
    let current: BTreeSet<&String> = recipes.iter().map(|(channel, _)| channel).collect();
    for (channel, derived) in &state.channels {
        if !current.contains(channel) {
            derivations::take_away(&workspace.settings.out, channel, &derived.files, &BTreeMap::new())?;
        }
    }
    state.channels.retain(|channel, _| current.contains(channel));
    for (channel, recipe) in &recipes {
        let placed = derivations::place(&workspace.settings, channel, recipe, state, &mut outcome.diagnostics)?;
        outcome.channels.push(placed);
    }
    outcome.refused = state
        .contents
        .values()
        .filter(|what| matches!(what, Content::Refused(_)))
        .count() as u64;
    let found = defects::find(&images.settings, state, &mut outcome);
    let sheet = Sheet {
        settings: &workspace.settings,
        limits: images.settings.limits,
        recipes: &by_code,
        threads: workspace.threads,
    };
    outcome.sheet = Some(sheet.write(found, state)?);
    Ok(outcome)
}

/// The number of the step's own source, where it has one.
fn own_source(workspace: &Workspace) -> Result<Option<SourceId>, Failure> {
    let name = Source::Images.to_string();
    let sources = workspace.reader()?.sources()?;
    Ok(sources.into_iter().find(|(_, known)| *known == name).map(|(id, _)| id))
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
    state.unread.retain(|path, _| files.contains(path.as_str()));
    state
        .addresses
        .retain(|address, _| addresses.contains(address.as_str()));
}

/// The contents behind the values of each product, the layers, and what the products show then. Of a product that did not change,
/// and has the same pictures as before, nothing is read.
fn settle(
    workspace: &mut Workspace,
    owned: &mut Owned,
    state: &mut State,
    outcome: &mut Imaged,
) -> Result<(), Failure> {
    let Some(image) = workspace.settings.schema.known().image else {
        return Err(Failure::new(FailureKind::Broken, "the schema has no pictures"));
    };
    // Contents by product and value. A name that a supplier says may mean another file at another supplier's product.
    let mut contents: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut wanted = Vec::new();
    let before = std::mem::take(&mut state.products);
    let settled_before = std::mem::take(&mut state.settled);
    for (product, shown) in &mut owned.shown {
        let mut own: BTreeMap<String, String> = BTreeMap::new();
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
        let from = serde_json::to_vec(&(&found, &own)).map_or(0, |from| xxh3_64(&from));
        state.settled.insert(*product, from);
        let sku = &shown.product.sku;
        if settled_before.get(product) == Some(&from) && !owned.changed.contains(product) {
            if let Some(pictures) = before.get(sku) {
                state.products.insert(sku.clone(), pictures.clone());
            }
            continue;
        }
        contents.insert(sku.clone(), own);
        wanted.push(Wanted {
            product: shown.product.clone(),
            found,
        });
    }
    if !wanted.is_empty() {
        let source = workspace.catalog()?.source(&Source::Images.to_string())?;
        let trust = workspace.trust()?;
        let reader = workspace.reader()?;
        let content = |sku: &str, value: &str| contents.get(sku)?.get(value).cloned();
        let preparing = Preparing {
            schema: &workspace.settings.schema,
            trust: &trust,
            shelf: Shelf::new(&workspace.settings, &trust),
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
    }
    outcome.products = state.products.len() as u64;
    let used: BTreeSet<&str> = state
        .products
        .values()
        .flatten()
        .map(|picture| picture.content.as_str())
        .collect();
    outcome.pictures = used.len() as u64;
    prune(state, &Media::new(&workspace.settings.store));
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

/// Drops what is known of contents that no file and no address has any more, with what was made of them. The originals stay in
/// the store: some have no other copy.
fn prune(state: &mut State, media: &Media) {
    let mut used: HashSet<&str> = state.files.values().map(|seen| seen.content.as_str()).collect();
    for fetched in state.addresses.values() {
        if let Fetched::Content(content) = fetched {
            used.insert(content);
        }
    }
    state.contents.retain(|content, _| used.contains(content.as_str()));
    for (recipe, made) in &mut state.made {
        made.retain(|content, _| {
            let stays = used.contains(content.as_str());
            if !stays {
                // What cannot be removed takes room, no more.
                let _ = std::fs::remove_file(media.derived(recipe, content));
            }
            stays
        });
    }
}
