//! The folder on disk, checked whole: `estante.toml`, the schema, every supplier and channel, all faults at once.
//!
//! The types of the tables belong to the stages that read them; this file only puts them together.

use crate::channel::Channel;
use crate::declaration::{Declaration, sound};
use crate::diagnostic::Diagnostic;
use crate::enrich::images::settings::{ImageSettings, Images};
use crate::enrich::{EnrichSettings, Enrichment};
use crate::index::synonyms::{Synonyms, SynonymsFile};
use crate::index::worth::{Worth, WorthSettings};
use crate::merge::policy::BestOffer;
use crate::plan::guard::settings::{GuardSettings, Guards};
use crate::schema::Schema;
use crate::schema::load::load;
use crate::value::price::Currency;
use crate::workspace::channel_files;
use crate::workspace::delivery_settings::DeliverySettings;
use crate::workspace::draft_settings::{DraftSettings, Drafting};
use crate::workspace::failure::Failure;
use crate::workspace::folder::{declarations, gather, load_copy, load_rules, names, shown};
use crate::workspace::match_settings::MatchSettings;
use crate::workspace::offer_settings::OfferSettings;
use crate::workspace::parallel::both;
use crate::workspace::retention::HistorySettings;
use crate::workspace::supplier_settings::{OnDrift, Supplier, bad_guard, compile_suppliers, supplier_files};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Name of the file that makes a folder a workspace.
pub const WORKSPACE_FILE: &str = "estante.toml";
/// In the store: which files of the configuration were found sound.
pub const SOUND: &str = "sound";
/// Name of the file of words that mean the same; a workspace can do without.
pub const SYNONYMS_FILE: &str = "synonyms.toml";
/// `estante.toml`: what holds for the whole workspace.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorkspaceFile {
    /// Name of the catalog, for people.
    pub name: String,
    /// Locales of the catalog's texts; the first is the default.
    #[schemars(length(min = 1))]
    pub locales: Vec<String>,
    /// Currency of the catalog (ISO 4217), used where neither feed nor channel says another.
    pub currency: String,
    /// Folder of the schema files.
    #[serde(default = "schemas")]
    pub schemas: String,
    /// Folder with one folder per supplier.
    #[serde(default = "suppliers")]
    pub suppliers: String,
    /// Folder of the channel files; packs lie in `packs` below it.
    #[serde(default = "channels")]
    pub channels: String,
    /// Folder of the copy templates; without it no texts are written.
    #[serde(default = "copy")]
    pub copy: String,
    /// Folder of the rules; without it nothing is said but by sources.
    #[serde(default = "rules")]
    pub rules: String,
    /// Folder of the store: catalog, plans, rejected rows, export states.
    #[serde(default = "store")]
    pub store: String,
    /// Folder of the exported files.
    #[serde(default = "out")]
    pub out: String,
    /// The guards' settings for every supplier; a supplier's own win.
    #[serde(default)]
    pub guards: GuardSettings,
    /// What is derived from what products say already.
    #[serde(default)]
    pub enrich: EnrichSettings,
    /// Pictures: where they lie, what their names say, what is made of them. Without it they are only addresses.
    #[serde(default)]
    pub images: Option<ImageSettings>,
    /// Deliveries: how many of the applied ones are kept, and what holds where they are fetched.
    #[serde(default)]
    pub deliveries: DeliverySettings,
    /// History: for how long batches can be taken back. Without it, always.
    #[serde(default)]
    pub history: HistorySettings,
    /// Candidates: which products that may be one are listed, and what the program merges by itself.
    #[serde(default, rename = "match")]
    pub matching: MatchSettings,
    /// Worth: how prices of several currencies are compared where worklists are sorted by what is at stake.
    #[serde(default)]
    pub worth: WorthSettings,
    /// Offers: whose a product has where several suppliers sell it.
    #[serde(default)]
    pub offer: OfferSettings,
    /// Drafts of missing texts by a language model; off where this table is absent.
    #[serde(default)]
    pub drafts: Option<DraftSettings>,
}

fn schemas() -> String {
    "schemas".into()
}
fn suppliers() -> String {
    "suppliers".into()
}
fn channels() -> String {
    "channels".into()
}
fn copy() -> String {
    "copy".into()
}
fn rules() -> String {
    "rules".into()
}
fn store() -> String {
    ".estante".into()
}
fn out() -> String {
    "out".into()
}

/// How much of a configuration is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extent {
    /// All of it.
    Whole,
    /// What products are made of: everything but the channels' files, their packs, the synonyms of searches and what suppliers' columns
    /// mean. Of channels only the names are known; what is wrong in what is not looked at is not told.
    Products,
}

/// The configuration, checked.
pub struct Settings {
    pub root: PathBuf,
    pub name: String,
    pub schema: Schema,
    pub currency: Currency,
    /// In the order in which a run imports them: by rank, then by id, what adds to others last.
    pub suppliers: Vec<Supplier>,
    /// By id; none where only what products are made of was read.
    pub channels: Vec<Channel>,
    pub enrichment: Enrichment,
    pub synonyms: Synonyms,
    /// Where pictures are configured.
    pub images: Option<Images>,
    pub deliveries: DeliverySettings,
    pub history: HistorySettings,
    pub matching: MatchSettings,
    pub worth: Worth,
    /// Whose offer is taken as a whole; `None` where none is.
    pub offer: Option<BestOffer>,
    /// How drafts are made; `None` where they are off.
    pub drafts: Option<Drafting>,
    pub store: PathBuf,
    pub out: PathBuf,
    pub suppliers_folder: PathBuf,
}

impl Settings {
    /// Reads and checks the workspace in `root`. Fails with every fault that was found in any file.
    pub fn load(root: &Path) -> Result<Settings, Failure> {
        Settings::load_to(root, Extent::Whole)
    }

    /// The same to that extent; faults of files that are not read are not told.
    pub fn load_to(root: &Path, extent: Extent) -> Result<Settings, Failure> {
        let file = root.join(WORKSPACE_FILE);
        if !file.is_file() {
            return Err(Failure::usage(format!(
                "{} is no workspace: it has no {WORKSPACE_FILE}",
                root.display()
            ))
            .with_help("`estante init` makes one, `-C DIR` names another folder"));
        }
        let mut faults = Vec::new();
        let Some(declaration) = gather(Declaration::read(&file, WORKSPACE_FILE), &mut faults) else {
            return Err(invalid(faults));
        };
        let folder = declaration.word("store").map_or_else(store, str::to_owned);
        sound::recall(&root.join(folder).join(SOUND));
        let Some(mut workspace) = gather(declaration.check::<WorkspaceFile>(), &mut faults) else {
            return Err(invalid(faults));
        };
        let currency = Currency::parse(&workspace.currency).map_err(|mismatch| {
            faults.push(declaration.fault(&["currency"], "E-BAD-VALUE", mismatch.message));
        });

        let (channel_files, channel_ids): (_, Vec<String>) = match extent {
            Extent::Whole => {
                let files = declarations(root, &workspace.channels, &mut faults);
                let ids = files.iter().map(|(id, _)| id.clone()).collect();
                (files, ids)
            }
            Extent::Products => {
                let names = names(root, &workspace.channels, &mut faults).into_iter();
                (Vec::new(), names.map(|(id, _)| id).collect())
            }
        };
        let schemas = root.join(&workspace.schemas);
        // Two cores read a whole configuration in little more than half the time.
        let is_whole = extent == Extent::Whole;
        let ((supplier_files, channel_files, mut more), schema) = both(
            is_whole,
            || {
                let mut faults = Vec::new();
                let suppliers = supplier_files(root, &workspace.suppliers, &mut faults);
                (suppliers, channel_files::checked(channel_files, &mut faults), faults)
            },
            || load(&schemas, root, &workspace.locales, &channel_ids),
        );
        let schema = gather(schema, &mut faults);
        faults.append(&mut more);
        let synonyms = match extent {
            Extent::Whole => synonyms(root, &mut faults),
            Extent::Products => None,
        };
        // What the files say of attributes can only be judged by a whole schema; everything else was told by now.
        let (Some(schema), Ok(currency)) = (schema, currency) else {
            return Err(invalid(faults));
        };

        if let Err(bad) = Guards::new(&workspace.guards, &GuardSettings::default(), &schema) {
            faults.push(bad_guard(&declaration, &bad));
            workspace.guards = GuardSettings::default();
        }
        let offer = workspace.offer.compile(&schema, &declaration);
        let offer = offer.unwrap_or_else(|fault| {
            faults.push(*fault);
            None
        });
        let images = load_images(&workspace, &declaration, &schema, &channel_ids, &mut faults);
        let ((channels, mut more), suppliers) = both(
            is_whole,
            || {
                let mut faults = Vec::new();
                let channels = channel_files::compile(root, &workspace.channels, &channel_files, &schema, &mut faults);
                (channels, faults)
            },
            || compile_suppliers(&workspace.guards, is_whole, supplier_files, &schema, &mut faults),
        );
        faults.append(&mut more);
        let copy = load_copy(root, &workspace.copy, &schema, &mut faults);
        let rules = load_rules(root, &workspace.rules, &schema, currency, &mut faults);
        let enrichment = Enrichment::new(&workspace.enrich, rules, copy, &schema).map_err(|unknown| {
            faults.extend(unknown.into_iter().map(|name| {
                let path: Vec<&str> = name.path.iter().map(String::as_str).collect();
                declaration.fault(&path, name.code, name.message).with_help(name.help)
            }));
        });
        let worth = Worth::new(&workspace.worth, currency).map_err(|wrong| {
            faults.extend(wrong.into_iter().map(|(code, message)| {
                let fault = declaration.fault(&["worth", "rates", &code], "E-BAD-VALUE", message);
                fault.with_help("write by ISO code what one of it is in the catalog's currency: `USD = \"0.92\"`")
            }));
        });
        let store = root.join(&workspace.store);
        let drafts = workspace.drafts.as_ref().and_then(|drafts| {
            gather(
                Drafting::compile(drafts, root, &store, &schema, &declaration),
                &mut faults,
            )
        });
        let (Ok(enrichment), Ok(worth), true) = (enrichment, worth, faults.is_empty()) else {
            return Err(invalid(faults));
        };
        Ok(Settings {
            root: root.to_owned(),
            name: workspace.name,
            schema,
            currency,
            suppliers,
            channels,
            enrichment,
            synonyms: synonyms.unwrap_or_default(),
            images,
            deliveries: workspace.deliveries,
            history: workspace.history,
            matching: workspace.matching,
            worth,
            offer,
            drafts,
            store,
            out: root.join(&workspace.out),
            suppliers_folder: root.join(&workspace.suppliers),
        })
    }

    /// The supplier of this id.
    pub fn supplier(&self, id: &str) -> Result<&Supplier, Failure> {
        self.suppliers.iter().find(|supplier| supplier.id == id).ok_or_else(|| {
            let known: Vec<&str> = self.suppliers.iter().map(|supplier| supplier.id.as_str()).collect();
            Failure::usage(format!("there is no supplier `{id}`")).with_help(format!("known are: {}", known.join(", ")))
        })
    }

    /// Takes a supplier's deliveries as `on_drift` says, whatever its file says.
    pub fn on_drift(&mut self, id: &str, on_drift: OnDrift) {
        if let Some(supplier) = self.suppliers.iter_mut().find(|supplier| supplier.id == id) {
            supplier.on_drift = Some(on_drift);
        }
    }

    /// The channel of this id.
    pub fn channel(&self, id: &str) -> Result<&Channel, Failure> {
        self.channels.iter().find(|channel| channel.code == id).ok_or_else(|| {
            let known: Vec<&str> = self.channels.iter().map(|channel| channel.code.as_str()).collect();
            Failure::usage(format!("there is no channel `{id}`")).with_help(format!("known are: {}", known.join(", ")))
        })
    }

    /// A path as the user knows it: relative to the workspace where it lies inside.
    pub fn shown(&self, path: &Path) -> String {
        shown(&self.root, path)
    }
}

/// `synonyms.toml`, where there is one.
fn synonyms(root: &Path, faults: &mut Vec<Diagnostic>) -> Option<Synonyms> {
    let path = root.join(SYNONYMS_FILE);
    if !path.exists() {
        return None;
    }
    let declaration = gather(Declaration::read(&path, SYNONYMS_FILE), faults)?;
    let file = gather(declaration.check::<SynonymsFile>(), faults)?;
    Some(Synonyms::new(&file))
}

fn invalid(faults: Vec<Diagnostic>) -> Failure {
    let count = faults.len();
    let message = format!(
        "the configuration has {count} fault{}",
        if count == 1 { "" } else { "s" }
    );
    Failure::invalid(message, faults)
}

fn load_images(
    workspace: &WorkspaceFile,
    declaration: &Declaration,
    schema: &Schema,
    channels: &[String],
    faults: &mut Vec<Diagnostic>,
) -> Option<Images> {
    let settings = workspace.images.as_ref()?;
    let mut fault = |path: &[&str], code: &'static str, message: String, help: String| {
        faults.push(declaration.fault(path, code, message).with_help(help));
    };
    if schema.known().image.is_none() {
        let help = "give the schema an attribute `image` of kind `media`, or take [images] out".to_owned();
        fault(&["images"], "E-NO-IMAGE", "the schema has no pictures".to_owned(), help);
    }
    for id in settings.channels.keys().filter(|id| !channels.contains(id)) {
        let message = format!("there is no channel `{id}`");
        let help = format!("known are: {}", channels.join(", "));
        fault(&["images", "channels", id], "E-UNKNOWN-CHANNEL", message, help);
    }
    match Images::compile(settings) {
        Ok(images) => Some(images),
        Err(found) => {
            for (key, found) in found {
                faults.push(found.at(declaration.place(&["images", key])));
            }
            None
        }
    }
}
