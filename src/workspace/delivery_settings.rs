//! The `[deliveries]` table of `estante.toml`: how many deliveries are kept, and the limits of fetching.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Deliveries: how many of the applied ones are kept, and what holds where they are fetched from addresses.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliverySettings {
    /// For how many batches of each supplier the delivered files are kept, compressed. 0: none is. Default 10.
    #[serde(default = "keep")]
    pub keep: u32,
    /// Hosts that deliveries may be fetched from although their addresses are private, or at another port than 80 and 443:
    /// `files.lan`, `127.0.0.1:8080`. All other private, loopback and link-local addresses are refused.
    #[serde(default)]
    pub allow: Vec<String>,
    /// Largest file that is fetched, in bytes. Default 2,147,483,648.
    #[serde(default = "max_bytes")]
    pub max_bytes: u64,
    /// Seconds that fetching one file may take, redirects included. Default 600.
    #[serde(default = "seconds")]
    pub seconds: u64,
    /// Redirects that are followed, each checked like the first address. Default 5, at most 10.
    #[serde(default = "redirects")]
    pub redirects: u32,
}

fn keep() -> u32 {
    10
}
fn max_bytes() -> u64 {
    2 * 1024 * 1024 * 1024
}
fn seconds() -> u64 {
    600
}
fn redirects() -> u32 {
    5
}

impl Default for DeliverySettings {
    fn default() -> DeliverySettings {
        DeliverySettings {
            keep: keep(),
            allow: Vec::new(),
            max_bytes: max_bytes(),
            seconds: seconds(),
            redirects: redirects(),
        }
    }
}
