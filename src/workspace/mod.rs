//! The one door: a workspace opened, with its settings, catalog and the order in which things happen.
//!
//! Faces ask here and nowhere else. What the stages do is theirs; this floor knows their order and owns files, clock
//! and threads.

pub mod accept;
pub mod apply;
pub mod backup;
pub mod before;
pub mod changes;
mod channel_files;
pub mod check;
pub mod complete;
pub mod composing;
pub mod copy;
pub mod decisions;
pub mod deliveries;
pub mod delivery;
pub mod delivery_settings;
pub mod difference;
pub mod download;
pub mod draft_call;
pub mod draft_review;
pub mod draft_settings;
pub mod draft_store;
pub mod drafts;
pub mod drift;
pub mod edit;
pub mod evidence;
pub mod export;
pub mod export_state;
pub mod failure;
pub mod feed_file;
pub mod folder;
pub mod follow;
pub mod held;
pub mod identity;
pub mod images;
pub mod import;
pub mod inspect;
pub mod kept_history;
pub mod last_file;
pub mod last_imports;
pub mod layout;
pub mod losing;
pub mod match_settings;
pub mod matches;
pub mod merging;
pub mod models;
pub mod net;
pub mod new;
pub mod newcomers;
pub mod offer_settings;
mod outlook;
pub mod overridden;
pub mod parallel;
mod parents;
pub mod passing;
pub mod places;
pub mod planner;
pub mod plans;
pub mod presets;
pub mod products;
pub mod progress;
pub mod proposal;
pub mod reading;
pub mod reference;
pub mod refresh;
pub mod rejects;
pub mod retention;
pub mod rule_layer;
pub mod rules;
pub mod run;
pub mod search;
pub mod seen;
pub mod settings;
pub mod settling;
pub mod sheet_file;
pub mod sheet_findings;
pub mod sheet_in;
pub mod sheet_out;
mod shelving;
pub mod specs;
pub mod stale;
pub mod standing;
pub mod supplier;
pub mod supplier_settings;
pub mod todo;
pub mod turn;
pub mod undo;
pub mod unsettled;
pub mod veil;
pub mod verdicts;
pub mod verify;
pub mod waiting;
mod weave;

use crate::catalog::stored::SourceId;
use crate::catalog::{Catalog, Reader};
use crate::declaration::sound;
use crate::diagnostic::Diagnostic;
use crate::merge::policy::{Standing, Trust};
use crate::product::origin::Source;
use crate::workspace::failure::Failure;
use crate::workspace::passing::KINDS;
use crate::workspace::retention::retain;
use crate::workspace::settings::{Extent, SOUND, Settings};
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Ending of a plan that is made and that nobody sees: what it was made of is not kept yet, or it is being applied.
pub const UNSEEN: &str = "made";

/// A plan that is unfinished for so long was given up.
const ABANDONED: Duration = Duration::from_secs(24 * 60 * 60);

/// An opened workspace.
pub struct Workspace {
    pub settings: Settings,
    /// Working threads.
    pub threads: usize,
    /// The moment of this command in RFC 3339, noted with what it writes for people to read; nothing is decided by it.
    pub moment: String,
    catalog: Option<Catalog>,
}

impl Workspace {
    /// Opens the workspace in a folder; reads and checks its whole configuration. The store is opened when it is needed.
    pub fn open(root: &Path, threads: Option<usize>) -> Result<Workspace, Failure> {
        Workspace::open_to(root, threads, Extent::Whole)
    }

    /// The same for looking at one product: channels' files, packs and synonyms are neither read nor checked.
    pub fn open_for_product(root: &Path, threads: Option<usize>) -> Result<Workspace, Failure> {
        Workspace::open_to(root, threads, Extent::Products)
    }

    fn open_to(root: &Path, threads: Option<usize>, extent: Extent) -> Result<Workspace, Failure> {
        let settings = Settings::load_to(root, extent)?;
        // To ask for the cores reads files; one product is looked at by one thread.
        let available = || match extent {
            Extent::Whole => std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            Extent::Products => 1,
        };
        let threads = threads.unwrap_or_else(available).clamp(1, 64);
        let moment = jiff::Timestamp::now()
            .round(jiff::Unit::Second)
            .unwrap_or_else(|_| jiff::Timestamp::now())
            .to_string();
        Ok(Workspace {
            settings,
            threads,
            moment,
            catalog: None,
        })
    }

    /// Opens the catalog for writing, where it is not open yet.
    pub fn open_catalog(&mut self) -> Result<(), Failure> {
        if self.catalog.is_none() {
            let mut catalog = Catalog::open(&self.settings.store)?;
            if let Some(due) = shelving::due(&catalog.reader()?, &self.settings)? {
                shelving::settle(&mut catalog, &self.settings, &self.trust()?, &due, &self.moment)?;
            }
            self.catalog = Some(catalog);
        }
        Ok(())
    }

    /// The catalog, open for writing.
    pub fn catalog(&mut self) -> Result<&mut Catalog, Failure> {
        Ok(self.catalog_and_settings()?.0)
    }

    /// Catalog and settings side by side.
    pub fn catalog_and_settings(&mut self) -> Result<(&mut Catalog, &Settings), Failure> {
        self.open_catalog()?;
        match &mut self.catalog {
            Some(catalog) => Ok((catalog, &self.settings)),
            None => Err(Failure::new(failure::FailureKind::Broken, "the catalog is not open")),
        }
    }

    /// A connection for reading; errors where nothing was ever imported.
    pub fn reader(&self) -> Result<Reader, Failure> {
        Ok(Reader::open(&self.settings.store)?)
    }

    /// A connection for reading, or none where nothing was ever imported.
    pub fn reader_if_any(&self) -> Result<Option<Reader>, Failure> {
        use crate::catalog::store::CatalogError;
        match Reader::open(&self.settings.store) {
            Ok(reader) => Ok(Some(reader)),
            Err(CatalogError::Absent { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// The order of trust among the sources that the store knows.
    pub fn trust(&self) -> Result<Trust, Failure> {
        Ok(self.trust_among(&self.source_names()?))
    }

    /// The same, as a reader sees them that is there already.
    pub fn trust_seen(&self, reader: &Reader) -> Result<Trust, Failure> {
        Ok(self.trust_among(&by_number(reader.sources()?)))
    }

    /// The names of the sources that the store knows, by number; empty where a number has none.
    pub fn source_names(&self) -> Result<Vec<String>, Failure> {
        let Some(reader) = self.reader_if_any()? else {
            return Ok(Vec::new());
        };
        Ok(by_number(reader.sources()?))
    }

    /// The order of trust among the sources that the store knows and one that it may not know yet, with that one's number and the
    /// names of all.
    pub fn trust_beside(&self, source: &Source) -> Result<(Trust, u16, Vec<String>), Failure> {
        let mut names = self.source_names()?;
        let name = source.to_string();
        let number = names.iter().position(|known| *known == name).unwrap_or_else(|| {
            names.push(name);
            names.len() - 1
        });
        let number = u16::try_from(number).unwrap_or(u16::MAX);
        Ok((self.trust_among(&names), number, names))
    }

    /// The order of trust among sources, named by number.
    pub fn trust_among(&self, names: &[String]) -> Trust {
        if names.is_empty() {
            return Trust::default();
        }
        let trust = Trust::new(names, |id| {
            let supplier = self.settings.suppliers.iter().find(|supplier| supplier.id == id)?;
            Some(Standing {
                rank: supplier.rank,
                adds_to: supplier.adds_to.as_deref(),
                owns: &supplier.owns,
                ranks: &supplier.ranks,
            })
        });
        trust.with_offer(self.settings.offer)
    }

    /// Gives everything back: lets go of history that is past retention, writes the store's log into its file, and notes which files
    /// of the configuration are sound. The command's own work stands before that, so what fails here is a finding; the next command
    /// that writes tries it again.
    pub fn close(mut self) -> Option<Diagnostic> {
        let catalog = self.catalog.as_mut()?;
        let pruned = retain(catalog, &self.settings.history, &self.moment).map(|_| ());
        // One finding is enough: what keeps the one from being done keeps the other.
        let settled = catalog.settle().map_err(Failure::from);
        sound::keep(&self.settings.store.join(SOUND));
        let failure = pruned.and(settled).err()?;
        let message = format!("the command is done; what the store keeps could not be tidied up after it: {failure}");
        Some(
            Diagnostic::warning("W-NOT-TIDIED", message)
                .with_help("nothing is lost: the next command that writes tries again; see whether the disk is full"),
        )
    }

    /// Where a plan of this name lies; makes the folder.
    pub fn plan_path(&self, name: &str) -> Result<PathBuf, Failure> {
        let folder = self.plans();
        std::fs::create_dir_all(&folder).map_err(|error| Failure::io("make the folder", &folder, &error))?;
        Ok(folder.join(format!("{name}.plan")))
    }

    /// Where a plan of this name lies once it is made and before anybody sees it; makes the folder.
    pub fn unseen_plan_path(&self, name: &str) -> Result<PathBuf, Failure> {
        Ok(self.plan_path(name)?.with_extension(UNSEEN))
    }

    /// Folder of the plans.
    pub fn plans(&self) -> PathBuf {
        self.settings.store.join("plans")
    }

    /// Folder for the rejected rows of one delivery.
    pub fn rejects_path(&self, supplier: &str, plan: &str) -> PathBuf {
        self.settings.store.join("rejects").join(supplier).join(plan)
    }
}

impl Workspace {
    /// A name for the next plan: `p` and the next number that nothing has, neither a plan that waits nor a file that a plan left.
    pub fn next_plan(&self) -> Result<String, Failure> {
        let mut last = 0;
        let mut heed = |name: &str| {
            let number = name.strip_prefix('p').and_then(|rest| rest.split(['-', '.']).next());
            // Nobody makes four milliards of plans; a folder that somebody called so is none.
            let number = number.and_then(|number| number.parse::<u32>().ok());
            last = last.max(number.map_or(0, u64::from));
        };
        // Rejected rows outlive their plan, and a person may be correcting them; what is read at this moment has its number too.
        let store = &self.settings.store;
        let mut folders: Vec<PathBuf> = KINDS.iter().map(|kind| store.join(kind)).collect();
        folders.push(self.plans());
        folders.extend(entries(&store.join("rejects"))?.iter().map(|entry| entry.path()));
        for folder in folders {
            for entry in entries(&folder)? {
                heed(&entry.file_name().to_string_lossy());
            }
        }
        // Plans that were applied are gone; their numbers live on as those of their batches.
        if let Some(reader) = self.reader_if_any()? {
            last = last.max(reader.sequence()?.unsigned_abs());
        }
        Ok(format!("p{}", last.saturating_add(1)))
    }

    /// Names of the plans that wait, in order.
    pub fn plan_names(&self) -> Result<Vec<String>, Failure> {
        let mut names: Vec<String> = entries(&self.plans())?
            .iter()
            .filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".plan").map(str::to_owned))
            .collect();
        names.sort_by_key(|name| (name.len(), name.clone()));
        Ok(names)
    }

    /// The files of the plans that wait, and of those that nobody sees yet. What was left unfinished a day ago is taken away.
    pub fn plan_files(&self) -> Result<Vec<PathBuf>, Failure> {
        let is_old = |entry: &std::fs::DirEntry| {
            let changed = entry.metadata().and_then(|there| there.modified());
            changed.is_ok_and(|changed| changed.elapsed().is_ok_and(|age| age > ABANDONED))
        };
        let mut files = Vec::new();
        for entry in entries(&self.plans())? {
            let path = entry.path();
            match path.extension().and_then(std::ffi::OsStr::to_str) {
                Some("part" | UNSEEN) if is_old(&entry) => _ = std::fs::remove_file(&path),
                Some("plan" | UNSEEN) => files.push(path),
                Some(_) | None => {}
            }
        }
        Ok(files)
    }

    /// The file of a waiting plan.
    pub fn find_plan(&self, name: &str) -> Result<PathBuf, Failure> {
        let names = self.plan_names()?;
        match names.iter().any(|known| known == name) {
            true => self.plan_path(name),
            false => Err(
                Failure::usage(format!("there is no plan `{name}`")).with_help(match names.as_slice() {
                    [] => "`estante import SUPPLIER` makes one".to_owned(),
                    names => format!("waiting are: {}", names.join(", ")),
                }),
            ),
        }
    }
}

/// Names of sources, each at its number.
fn by_number(sources: Vec<(SourceId, String)>) -> Vec<String> {
    let mut names = vec![String::new(); sources.last().map_or(0, |(id, _)| usize::from(id.0) + 1)];
    for (id, name) in sources {
        names[usize::from(id.0)] = name;
    }
    names
}

/// What lies in a folder; nothing where it is none.
fn entries(folder: &Path) -> Result<Vec<std::fs::DirEntry>, Failure> {
    use std::io::ErrorKind::{NotADirectory, NotFound};
    match std::fs::read_dir(folder) {
        Ok(entries) => Ok(entries.flatten().collect()),
        Err(error) if matches!(error.kind(), NotFound | NotADirectory) => Ok(Vec::new()),
        Err(error) => Err(Failure::io("read", folder, &error)),
    }
}
