//! Pictures to products: by the names of files, by lists, and by what suppliers say themselves. What means several products
//! is told, not guessed.

use crate::catalog::stored::{ProductName, SourceId};
use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::enrich::images::name::{Key, Place as Position, Reading};
use crate::enrich::images::settings::Images;
use crate::value::identifier::fold_mpn;
use crate::value::media::place;
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::images::lists::Listed;
use crate::workspace::images::outcome::Imaged;
use crate::workspace::images::owners::{Note, Notes, Owner, Owners, Question};
use crate::workspace::images::sources;
use crate::workspace::images::sources::Found;
use crate::workspace::images::state::State;
use crate::workspace::progress::Progress;
use std::borrow::Cow;
use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::path::PathBuf;

/// Names that one finding of many tells.
const SAMPLES: usize = 5;

/// What one product has here.
pub struct Shown {
    pub product: ProductName,
    /// Found by name: path and place among them.
    pub found: Vec<(Position, String)>,
    /// Named by a supplier: value -> path in the state, or the address itself.
    pub said: BTreeMap<String, String>,
}

/// What all products have here.
pub struct Owned {
    pub shown: BTreeMap<i64, Shown>,
    /// Products that may have changed: the others are as they were.
    pub changed: BTreeSet<i64>,
}

/// Who owns which picture. Files that suppliers name are added to `files`. With `since`, only what changed in the catalog after
/// that batch is looked at.
#[allow(clippy::too_many_arguments, reason = "the step's own state, once")]
pub fn owned(
    workspace: &Workspace,
    images: &Images,
    files: &mut BTreeMap<String, Found>,
    listed: &[Listed],
    own: Option<SourceId>,
    since: Option<i64>,
    state: &mut State,
    outcome: &mut Imaged,
    progress: &dyn Progress,
) -> Result<Owned, Failure> {
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
    let question = Question {
        schema: &settings.schema,
        store: &settings.store,
        threads: workspace.threads,
        own,
        addresses: images.settings.fetch.enabled,
        keys: &keys,
    };
    let looked_at = state.notes.update(&question, &reader, since, progress)?;
    let changed: BTreeSet<i64> = looked_at.iter().map(|name| name.id).collect();
    let notes = &state.notes;
    let owners = Owners::of(notes);
    let source_names: BTreeMap<SourceId, String> = reader.sources()?.into_iter().collect();
    let mut shown: BTreeMap<i64, Shown> = BTreeMap::new();
    let mut unmatched = Vec::new();
    for (path, readings) in &readings {
        match owners.owner(readings, &home(workspace, &source_names, path)) {
            Owner::One(product, position) => {
                if !place(path).is_ok_and(|kept| kept == path.as_str()) {
                    let finding = Diagnostic::warning("W-IMAGE-NAME", "a file name that is no address");
                    let finding = finding
                        .at(Place::file(path.as_str()))
                        .with_help("rename it: letters, digits, `-` and `_`");
                    outcome.diagnostics.push(finding);
                    outcome.unmatched += 1;
                } else if let Some(note) = notes.products.get(&product) {
                    entry(&mut shown, product, note).found.push((position, path.clone()));
                    outcome.matched += 1;
                }
            }
            Owner::Several(products) => {
                outcome.ambiguous += 1;
                let skus: Vec<&str> = products
                    .iter()
                    .filter_map(|product| notes.products.get(product))
                    .map(|note| note.sku.as_str())
                    .take(SAMPLES)
                    .collect();
                let message = format!("the name means {} products: {}", products.len(), skus.join(", "));
                let finding = Diagnostic::warning("W-IMAGE-AMBIGUOUS", message).at(Place::file(path.as_str()));
                outcome
                    .diagnostics
                    .push(finding.with_help("rename it, or name its product in a list under [images]"));
            }
            Owner::None => unmatched.push(path.as_str()),
        }
    }
    let known = Known {
        notes,
        owners: &owners,
        source_names: &source_names,
    };
    let mut absent = by_lists(workspace, files, listed, &known, &mut shown, outcome);
    said(workspace, images, files, &known, &mut shown, &mut absent, outcome);
    state.absent = absent;
    // What a supplier names is shown, whatever its name says.
    let named: HashSet<&str> = shown
        .values()
        .flat_map(|shown| shown.said.values())
        .map(String::as_str)
        .collect();
    unmatched.retain(|path| !named.contains(path));
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
    // A product that has lost its pictures loses its layer's words too.
    if let Some(own) = own {
        for item in reader.known(own)?.iter() {
            if let Entry::Vacant(free) = shown.entry(item.product)
                && let Some(product) = reader.product_by_id(item.product)?
            {
                free.insert(Shown {
                    product,
                    found: Vec::new(),
                    said: BTreeMap::new(),
                });
            }
        }
    }
    Ok(Owned { shown, changed })
}

/// Paths that are no file, by the folder in which they were looked for.
type Absent = BTreeMap<PathBuf, BTreeSet<String>>;

/// What is known of the catalog.
struct Known<'a> {
    notes: &'a Notes,
    owners: &'a Owners<'a>,
    source_names: &'a BTreeMap<SourceId, String>,
}

/// A product with nothing yet, or with what was given to it.
fn entry<'s>(shown: &'s mut BTreeMap<i64, Shown>, product: i64, note: &Note) -> &'s mut Shown {
    shown.entry(product).or_insert_with(|| Shown {
        product: note.name(product),
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
    Diagnostic::info(code, message)
        .with_value(&names.join(", "))
        .with_help(help)
}

/// The sources in whose supplier's folder a file lies.
fn home(workspace: &Workspace, names: &BTreeMap<SourceId, String>, path: &str) -> Vec<SourceId> {
    let full = workspace.settings.root.join(path);
    let supplier = workspace
        .settings
        .suppliers
        .iter()
        .find(|supplier| full.starts_with(&supplier.folder));
    let Some(supplier) = supplier else { return Vec::new() };
    let is_own = |name: &String| *name == supplier.source || Some(name) == supplier.adds_to.as_ref();
    names
        .iter()
        .filter(|(_, name)| is_own(name))
        .map(|(id, _)| *id)
        .collect()
}

/// What lists say. Gives the paths that are no file, by the folder in which they were looked for.
fn by_lists(
    workspace: &Workspace,
    files: &mut BTreeMap<String, Found>,
    listed: &[Listed],
    known: &Known<'_>,
    shown: &mut BTreeMap<i64, Shown>,
    outcome: &mut Imaged,
) -> Absent {
    let mut absent = Absent::new();
    for row in listed {
        let fault = |message: String| Diagnostic::warning("W-IMAGE-LIST", message).at(row.place.clone());
        if !files.contains_key(&row.file) {
            let root = workspace.settings.root.clone();
            let path = place(&row.file).ok().map(Cow::into_owned);
            let there = path.as_ref().and_then(|path| sources::said(&root, path));
            let Some((path, stamp)) = there else {
                absent.entry(root).or_default().extend(path);
                let finding = fault("there is no such file".to_owned()).with_value(&row.file);
                outcome
                    .diagnostics
                    .push(finding.with_help("files are named relative to the workspace, with /"));
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
        let home = home(workspace, known.source_names, &row.file);
        match known.owners.owner(std::slice::from_ref(&reading), &home) {
            Owner::One(product, position) => {
                if let Some(note) = known.notes.products.get(&product) {
                    entry(shown, product, note).found.push((position, row.file.clone()));
                    outcome.matched += 1;
                }
            }
            Owner::Several(_) => {
                let finding = fault("several products have this SKU".to_owned()).with_value(&row.sku);
                outcome
                    .diagnostics
                    .push(finding.with_help("write the catalog's own SKU"));
            }
            Owner::None => {
                let finding = fault("no product has this SKU".to_owned()).with_value(&row.sku);
                outcome
                    .diagnostics
                    .push(finding.with_help("write the catalog's own SKU, or the supplier's"));
            }
        }
    }
    absent
}

/// What suppliers name by a path or, where it is allowed to fetch, by an address. Notes in `looked_for` the folders in which a
/// path was looked for in vain, those before the one where it lies too.
fn said(
    workspace: &Workspace,
    images: &Images,
    files: &mut BTreeMap<String, Found>,
    known: &Known<'_>,
    shown: &mut BTreeMap<i64, Shown>,
    looked_for: &mut Absent,
    outcome: &mut Imaged,
) {
    let settings = &workspace.settings;
    let common = images
        .settings
        .folders
        .iter()
        .filter(|folder| !folder.contains(sources::WILD));
    let common: Vec<PathBuf> = common.map(|folder| settings.root.join(folder)).collect();
    let mut absent: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    // Put in at the end, so that the order of the products does not show.
    let mut more: BTreeMap<String, Found> = BTreeMap::new();
    for (product, note) in &known.notes.products {
        for (source, places) in &note.said {
            let name = known.source_names.get(&SourceId(*source)).map_or("", String::as_str);
            let own = settings
                .suppliers
                .iter()
                .find(|supplier| supplier.source == name)
                .map(|supplier| supplier.folder.clone());
            let folders: Vec<PathBuf> = own.into_iter().chain(common.iter().cloned()).collect();
            for value in places {
                // A person who orders pictures names them as the catalog does.
                if value.contains("://") || files.contains_key(value) {
                    let said = &mut entry(shown, *product, note).said;
                    said.insert(value.clone(), value.clone());
                    continue;
                }
                let there = folders.iter().find_map(|folder| {
                    let there = sources::said(folder, value);
                    if there.is_none() {
                        looked_for.entry(folder.clone()).or_default().insert(value.clone());
                    }
                    there
                });
                let Some((path, stamp)) = there else {
                    absent.entry(name).or_default().insert(value);
                    continue;
                };
                let path_shown = settings.shown(&path);
                let found = Found {
                    inside: None,
                    path,
                    stamp,
                };
                more.insert(path_shown.clone(), found);
                let said = &mut entry(shown, *product, note).said;
                said.insert(value.clone(), path_shown);
                outcome.said += 1;
            }
        }
    }
    files.append(&mut more);
    for (source, values) in absent {
        outcome.absent += values.len() as u64;
        let message = format!("{} pictures that {source} names are not here", values.len());
        let help = "put them into the supplier's folder, below the path that it says";
        let finding = many("W-IMAGE-ABSENT", &message, values.into_iter(), help);
        outcome.diagnostics.push(Diagnostic {
            severity: Severity::Warning,
            ..finding
        });
    }
}
