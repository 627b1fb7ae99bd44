//! `[drafts]` of `estante.toml`: which model is asked for which texts, and how much it may cost.
//!
//! Off where the table is absent. What is asked is left to `enrich::draft`, asking to `draft_call`.

use crate::channel::filter::Filter;
use crate::channel::variable::Names;
use crate::declaration::Declaration;
use crate::declaration::nearest::suggestion;
use crate::diagnostic::{Diagnostic, excerpt};
use crate::product::Product;
use crate::schema::Schema;
use crate::schema::family::FamilyId;
use crate::schema::scope::Key;
use crate::value::Kind;
use crate::value::mismatch::Mismatch;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};

/// Drafts of missing texts by a language model behind an OpenAI-compatible endpoint.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DraftSettings {
    /// Base address of the endpoint, hosted or local: `http://127.0.0.1:8080/v1`. `/chat/completions` is put behind it.
    pub endpoint: String,
    /// The model, as the endpoint names it.
    pub model: String,
    /// Name of the environment variable that holds the endpoint's key; the key itself never stands in a file.
    #[serde(default)]
    pub api_key_env: Option<String>,
    /// Folder of the drafts, to keep them in git; default: `drafts` in the store's folder.
    #[serde(default)]
    pub folder: Option<String>,
    /// 0 asks for the likeliest words, 2 for surprises.
    #[serde(default)]
    #[schemars(range(min = 0.0, max = 2.0))]
    pub temperature: f64,
    /// Passed on to endpoints that know it.
    #[serde(default)]
    pub seed: Option<i64>,
    /// Most tokens of one answer.
    #[serde(default = "max_tokens")]
    #[schemars(range(min = 16, max = 8192))]
    pub max_tokens: u32,
    /// Products of which fewer facts are known get no draft.
    #[serde(default = "least_facts")]
    pub least_facts: u32,
    /// Most calls of one run, repeated ones included.
    #[serde(default = "most_calls")]
    pub most_calls: u64,
    /// Most tokens of one run. A call is only made where it fits even at its longest.
    #[serde(default = "most_tokens")]
    pub most_tokens: u64,
    /// Seconds until an answer must be there.
    #[serde(default = "timeout_seconds")]
    #[schemars(range(min = 1, max = 600))]
    pub timeout_seconds: u64,
    /// How often a call is repeated after an overload, a fault of the server or a lost connection.
    #[serde(default = "retries")]
    #[schemars(range(max = 8))]
    pub retries: u32,
    /// Calls at the same time.
    #[serde(default = "concurrency")]
    #[schemars(range(min = 1, max = 16))]
    pub concurrency: u32,
    /// The texts that are asked for.
    #[schemars(length(min = 1))]
    pub targets: Vec<TargetSettings>,
}

/// A text that is asked for where nobody says it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TargetSettings {
    /// The attribute with its locale: `description@es`.
    pub attribute: String,
    /// Only products of these families and those below them; default: all.
    #[serde(default)]
    pub families: Vec<String>,
    /// Only products that this expression over the attributes holds for: `stock > 0`.
    #[serde(default)]
    pub filter: Option<String>,
    /// Tone, and what to say first, in words for the model.
    #[serde(default)]
    pub instructions: String,
    /// Most characters; default: what the attribute allows, at most 1,000.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub max_chars: Option<u32>,
}

fn max_tokens() -> u32 {
    700
}
fn least_facts() -> u32 {
    4
}
fn most_calls() -> u64 {
    100
}
fn most_tokens() -> u64 {
    200_000
}
fn timeout_seconds() -> u64 {
    60
}
fn retries() -> u32 {
    3
}
fn concurrency() -> u32 {
    2
}

/// Characters of a text where nobody says how many.
const MAX_CHARS: usize = 1_000;

/// The settings, checked.
pub struct Drafting {
    pub settings: DraftSettings,
    /// Where requests go.
    pub url: String,
    /// The endpoint is on this machine.
    pub local: bool,
    pub folder: PathBuf,
    pub targets: Vec<Target>,
}

/// A text that is asked for, checked.
pub struct Target {
    pub key: Key,
    /// `description@es`.
    pub name: String,
    pub markup: bool,
    pub max_chars: usize,
    pub instructions: String,
    /// Empty: all.
    families: Vec<FamilyId>,
    filter: Option<Filter>,
}

impl Target {
    /// Is the text asked for of this product, as far as its family and the filter go.
    pub fn wants(&self, product: &Product, schema: &Schema) -> bool {
        let mut family = product.family;
        let mut among = self.families.is_empty();
        while let (false, Some(own)) = (among, family) {
            among = self.families.contains(&own);
            family = schema.family(own).parent;
        }
        // A filter that breaks on a product does not hold for it.
        among
            && self
                .filter
                .as_ref()
                .is_none_or(|filter| filter.wants(product).unwrap_or(false))
    }
}

impl Drafting {
    /// Checks the settings against the schema. Faults: `E-DRAFTS-ENDPOINT`, `E-DRAFTS-KEY`, `E-DRAFTS-TARGET`,
    /// `E-UNKNOWN-FAMILY`, `E-FILTER`, and those of `Key::parse`.
    pub fn compile(
        settings: &DraftSettings,
        root: &Path,
        store: &Path,
        schema: &Schema,
        declaration: &Declaration,
    ) -> Result<Drafting, Vec<Diagnostic>> {
        let mut faults = Vec::new();
        let base = settings.endpoint.trim().trim_end_matches('/');
        let mut local = false;
        match endpoint(base, settings.api_key_env.is_some()) {
            Ok(own) => local = own,
            Err(why) => {
                let fault = declaration.fault(&["drafts", "endpoint"], "E-DRAFTS-ENDPOINT", why);
                faults.push(fault.with_help("write it as https://api.example/v1 or http://127.0.0.1:8080/v1"));
            }
        }
        if let Some(name) = &settings.api_key_env
            && !is_variable(name)
        {
            // The value is not told: who writes the key itself here should not find it in a log.
            let message = "not the name of an environment variable";
            let fault = declaration.fault(&["drafts", "api_key_env"], "E-DRAFTS-KEY", message);
            faults.push(fault.with_help("name a variable (`DRAFTS_KEY`) and put the key into it, not into the file"));
        }
        let mut targets = Vec::new();
        for (n, written) in settings.targets.iter().enumerate() {
            let place = n.to_string();
            match target(written, schema) {
                Ok(target) => targets.push(target),
                Err(wrong) => faults.extend(wrong.into_iter().map(|(key, mismatch)| {
                    let path = ["drafts", "targets", &place, key];
                    let mut fault = declaration.fault(&path, mismatch.code, mismatch.message);
                    fault.help = mismatch.help;
                    fault
                })),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        Ok(Drafting {
            url: format!("{base}/chat/completions"),
            local,
            folder: settings
                .folder
                .as_ref()
                .map_or_else(|| store.join("drafts"), |folder| root.join(folder)),
            settings: settings.clone(),
            targets,
        })
    }
}

fn target(written: &TargetSettings, schema: &Schema) -> Result<Target, Vec<(&'static str, Mismatch)>> {
    let mut faults = Vec::new();
    let mut key = Key::parse(schema, &written.attribute).map_err(|mismatch| vec![("attribute", mismatch)])?;
    let attribute = schema.attribute(key.attribute);
    if key.locale == 0 && attribute.localizable {
        key.locale = 1;
    }
    if !matches!(attribute.kind, Kind::Text | Kind::RichText) || key.channel != 0 {
        let message = format!("`{}` is no text that can be drafted", excerpt(&written.attribute));
        let mismatch = Mismatch::new("E-DRAFTS-TARGET", message);
        faults.push((
            "attribute",
            mismatch.with_help("name an attribute of kind text or rich_text, without a channel"),
        ));
    }
    let mut families = Vec::new();
    for family in &written.families {
        match schema.family_by_code(family) {
            Some(id) => families.push(id),
            None => {
                let known = schema.families().iter().map(|family| &*family.code);
                let message = format!("unknown family `{}`", excerpt(family));
                let mismatch = Mismatch::new("E-UNKNOWN-FAMILY", message).with_help(suggestion(family, known));
                faults.push(("families", mismatch));
            }
        }
    }
    let names = Names {
        schema,
        locale: schema.locale_code(key.locale.max(1)).unwrap_or_default(),
        channel: "",
        priced: &[],
    };
    let filter = written.filter.as_ref().and_then(|source| {
        Filter::compile(source, &names)
            .map_err(|mismatch| faults.push(("filter", mismatch)))
            .ok()
    });
    if !faults.is_empty() {
        return Err(faults);
    }
    let allowed = attribute.limits.max_length.unwrap_or(MAX_CHARS);
    Ok(Target {
        key,
        name: schema.key_text(key),
        markup: attribute.kind == Kind::RichText,
        max_chars: written.max_chars.map_or(allowed.min(MAX_CHARS), |most| {
            (most as usize).min(attribute.limits.max_length.unwrap_or(usize::MAX))
        }),
        instructions: written.instructions.clone(),
        families,
        filter,
    })
}

/// Checks that requests may go to an address; tells whether it is on this machine. A key does not go over the net in the clear.
fn endpoint(base: &str, has_key: bool) -> Result<bool, String> {
    let (secure, rest) = match (base.strip_prefix("https://"), base.strip_prefix("http://")) {
        (Some(rest), _) => (true, rest),
        (_, Some(rest)) => (false, rest),
        _ => return Err("the endpoint is no http(s) address".to_owned()),
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err("the endpoint holds a name or password; keys belong into the environment".to_owned());
    }
    if authority.is_empty() || base.contains(char::is_whitespace) || rest.contains(['?', '#']) {
        return Err("the endpoint is no http(s) address without query".to_owned());
    }
    let host = match authority.strip_prefix('[') {
        Some(six) => six.split(']').next().unwrap_or_default(),
        None => authority.rsplit_once(':').map_or(authority, |(host, _)| host),
    };
    let local = host == "localhost"
        || host
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback());
    if has_key && !secure && !local {
        return Err("a key would go over the net in the clear: the endpoint must be https".to_owned());
    }
    Ok(local)
}

fn is_variable(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes
        .next()
        .is_some_and(|first| first.is_ascii_uppercase() || first == b'_')
        && bytes.all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
        && name.len() <= 64
}
