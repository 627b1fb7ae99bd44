//! The `[match]` table of `estante.toml`: which candidates are listed, and whether the program merges by itself.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Candidates: products of different suppliers that may be one.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MatchSettings {
    /// Score from which on a candidate is listed, 1 to 100. Default 50.
    #[serde(default = "list")]
    #[schemars(range(min = 1, max = 100))]
    pub list: u8,
    /// Score from which on `match merge` and a run merge by themselves what has the same part number and no contradiction, 50 to
    /// 100; 90 is what was measured. Without it the program merges nothing by itself.
    #[serde(default)]
    #[schemars(range(min = 50, max = 100))]
    pub automatic: Option<u8>,
}

fn list() -> u8 {
    50
}

impl Default for MatchSettings {
    fn default() -> MatchSettings {
        MatchSettings {
            list: list(),
            automatic: None,
        }
    }
}
