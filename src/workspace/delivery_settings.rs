//! The `[deliveries]` table of `estante.toml`: how many deliveries are kept.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Deliveries that were applied: kept so that they can be read again under another mapping.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DeliverySettings {
    /// For how many batches of each supplier the delivered files are kept, compressed. 0: none is. Default 10.
    #[serde(default = "keep")]
    pub keep: u32,
}

fn keep() -> u32 {
    10
}

impl Default for DeliverySettings {
    fn default() -> DeliverySettings {
        DeliverySettings { keep: keep() }
    }
}
