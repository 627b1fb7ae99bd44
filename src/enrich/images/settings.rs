//! The `[images]` table of `estante.toml`: where pictures lie, what their names say, what is a defect, what channels get.

use crate::diagnostic::Diagnostic;
use crate::enrich::images::name::NameRules;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// `[images]`: where pictures lie, how they are told apart, and what is made of them. Without the table, pictures are only
/// addresses.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImageSettings {
    /// Folders and zip archives that are searched, with what lies below them, relative to the workspace; `*` stands for any
    /// one folder name, as in `sample_feeds/*/images`.
    #[serde(default = "folders")]
    pub folders: Vec<String>,
    /// What a file's name says, without its ending: `{sku}`, `{gtin}`, `{mpn}`, with `*` for anything and `/` for the folders
    /// above, as in `{sku}/*` or `foto-{gtin}`. Upper case and separators do not count.
    #[serde(default = "names")]
    pub names: Vec<String>,
    /// Words at the end of a name, in the order in which the pictures are to stand. Numbers (`_1`, `-2`) count before them.
    #[serde(default = "views")]
    pub views: Vec<String>,
    /// CSV lists of `file,sku` or `file,sku,position`, relative to the workspace, for names that say nothing. What a list says
    /// of a file, its name says no more.
    #[serde(default)]
    pub lists: Vec<String>,
    /// What is never decoded.
    #[serde(default)]
    pub limits: LimitSettings,
    /// What is told as a defect.
    #[serde(default)]
    pub defects: DefectSettings,
    /// Pictures at http(s) addresses: fetched only where this says so.
    #[serde(default)]
    pub fetch: FetchSettings,
    /// What is made for every channel; what the channel's pack demands comes first.
    #[serde(default)]
    pub derive: DeriveSettings,
    /// What is made for one channel, by its id, in the place of `derive`.
    #[serde(default)]
    pub channels: BTreeMap<String, DeriveSettings>,
}

/// The table, checked.
#[derive(Debug, Clone)]
pub struct Images {
    pub settings: ImageSettings,
    pub names: NameRules,
}

impl Images {
    /// Checks what can be checked of the table alone; gives every fault with the key it is about.
    pub fn compile(settings: &ImageSettings) -> Result<Images, Vec<(&'static str, Diagnostic)>> {
        let mut faults = Vec::new();
        for (key, paths) in [("folders", &settings.folders), ("lists", &settings.lists)] {
            for path in paths {
                let first = path.split('/').next().unwrap_or_default();
                let leaves = path.split('/').any(|part| part == "..");
                if first.is_empty() || first.contains(':') || leaves || path.contains('\\') {
                    let fault = Diagnostic::error("E-IMAGE-FOLDER", "not a path below the workspace").with_value(path);
                    faults.push((
                        key,
                        fault.with_help("write it with /, relative to the workspace, as in `media`"),
                    ));
                }
            }
        }
        let names = NameRules::compile(&settings.names, &settings.views).map_err(|more| {
            faults.extend(more.into_iter().map(|fault| ("names", fault)));
        });
        match names {
            Ok(names) if faults.is_empty() => Ok(Images {
                settings: settings.clone(),
                names,
            }),
            _ => Err(faults),
        }
    }

    /// What is made for a channel.
    pub fn derivation(&self, channel: &str) -> DeriveSettings {
        *self.settings.channels.get(channel).unwrap_or(&self.settings.derive)
    }
}

fn folders() -> Vec<String> {
    vec!["media".into()]
}

fn names() -> Vec<String> {
    ["{sku}", "{gtin}", "{mpn}"].map(String::from).to_vec()
}

fn views() -> Vec<String> {
    [
        "main",
        "front",
        "principal",
        "frontal",
        "frente",
        "vorne",
        "side",
        "lateral",
        "left",
        "right",
        "top",
        "back",
        "rear",
        "trasera",
        "detras",
        "hinten",
        "detail",
        "detalle",
        "zoom",
        "pack",
        "packaging",
        "embalaje",
        "ambiente",
        "lifestyle",
    ]
    .map(String::from)
    .to_vec()
}

/// `[images.limits]`: checked before a picture is decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct LimitSettings {
    /// Largest file in bytes. Default 50,000,000.
    #[serde(default = "max_bytes")]
    pub max_bytes: u64,
    /// Longest side in pixels. Default 16,384.
    #[serde(default = "max_side")]
    pub max_side: u32,
    /// Most millions of pixels. Default 100. Decoding takes up to 12 bytes a pixel, on each working thread.
    #[serde(default = "max_megapixels")]
    pub max_megapixels: u32,
}

fn max_bytes() -> u64 {
    50_000_000
}
fn max_side() -> u32 {
    16_384
}
fn max_megapixels() -> u32 {
    100
}

impl Default for LimitSettings {
    fn default() -> LimitSettings {
        LimitSettings {
            max_bytes: max_bytes(),
            max_side: max_side(),
            max_megapixels: max_megapixels(),
        }
    }
}

/// `[images.defects]`: from where on a picture is told as a defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DefectSettings {
    /// Too small: the longer side has fewer pixels. Default 500.
    #[serde(default = "small")]
    pub small: u32,
    /// Blurred: the sharpness (0 to 100) is lower. Default 8.
    #[serde(default = "blurred")]
    pub blurred: u8,
    /// Wrong background: less of the border (in percent) is white, on the first picture of a product. Default 0: not told.
    #[serde(default)]
    pub background: u8,
    /// Alike: pictures whose fingerprints of 128 bits differ in no more bits. Default 6.
    #[serde(default = "alike")]
    pub alike: u32,
    /// A stand-in: the same picture at so many products, a model and its variants counted once. Default 10.
    #[serde(default = "stand_in")]
    pub stand_in: u32,
}

fn small() -> u32 {
    500
}
fn blurred() -> u8 {
    8
}
fn alike() -> u32 {
    6
}
fn stand_in() -> u32 {
    10
}

impl Default for DefectSettings {
    fn default() -> DefectSettings {
        DefectSettings {
            small: small(),
            blurred: blurred(),
            background: 0,
            alike: alike(),
            stand_in: stand_in(),
        }
    }
}

/// `[images.fetch]`: pictures at http(s) addresses.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FetchSettings {
    /// Fetch pictures that suppliers name by their address. Default: no connection is ever made.
    #[serde(default)]
    pub enabled: bool,
    /// Hosts that may be asked although their addresses are private, or at another port than 80 and 443: `pim.lan`,
    /// `127.0.0.1:8080`. All other private, loopback and link-local addresses are refused.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Largest answer in bytes. Default 20,000,000.
    #[serde(default = "fetch_bytes")]
    pub max_bytes: u64,
    /// Seconds that one picture may take, redirects included. Default 10.
    #[serde(default = "seconds")]
    pub seconds: u64,
    /// Redirects that are followed, each checked like the first address. Default 3.
    #[serde(default = "redirects")]
    pub redirects: u32,
}

fn fetch_bytes() -> u64 {
    20_000_000
}
fn seconds() -> u64 {
    10
}
fn redirects() -> u32 {
    3
}

impl Default for FetchSettings {
    fn default() -> FetchSettings {
        FetchSettings {
            enabled: false,
            allow: Vec::new(),
            max_bytes: fetch_bytes(),
            seconds: seconds(),
            redirects: redirects(),
        }
    }
}

/// `[images.derive]` and `[images.channels.ID]`: what is made of a picture.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeriveSettings {
    /// Make derivations at all. Default: yes.
    #[serde(default = "yes")]
    pub enabled: bool,
    /// Longest side in pixels. Smaller pictures are never enlarged. Default 1600.
    #[serde(default = "side")]
    pub side: u32,
    /// How a picture comes into the square of `side`. Default: `inside`.
    #[serde(default)]
    pub fit: Fit,
    /// File format. Default: JPEG where the pack takes it, else what it takes.
    #[serde(default)]
    pub format: Option<Format>,
    /// Quality of JPEG, 1 to 100; lower where the pack's limit of bytes asks for it. Default 85.
    #[serde(default = "quality")]
    #[schemars(range(min = 1, max = 100))]
    pub quality: u8,
}

fn yes() -> bool {
    true
}
fn side() -> u32 {
    1600
}
fn quality() -> u8 {
    85
}

impl Default for DeriveSettings {
    fn default() -> DeriveSettings {
        DeriveSettings {
            enabled: true,
            side: side(),
            fit: Fit::default(),
            format: None,
            quality: quality(),
        }
    }
}

/// How a picture comes into a square.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Fit {
    /// Made small enough, in its own shape.
    #[default]
    Inside,
    /// The same, with white around it up to the square.
    Pad,
    /// Cut to a square from its middle.
    Crop,
}

/// File formats that are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    Jpeg,
    /// Without loss.
    Png,
    /// Without loss.
    Webp,
}
