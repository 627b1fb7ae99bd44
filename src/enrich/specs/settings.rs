//! What a workspace says of reading specs out of texts: `[enrich.specs]` in `estante.toml`.

use crate::declaration::nearest::suggestion;
use crate::diagnostic::excerpt;
use crate::schema::Schema;
use crate::schema::specs::Side;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A name in the settings that nothing bears: the keys that lead to it, the code of the fault, what is wrong, what to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownName {
    pub path: Vec<String>,
    pub code: &'static str,
    pub message: String,
    pub help: String,
}

/// Attribute values read out of titles, descriptions and feature texts.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct SpecsSettings {
    /// Whether texts are read at all.
    pub enabled: bool,
    /// Attributes whose texts are read, the most telling first: the first is the title. Those that the schema lacks are passed over.
    pub texts: Vec<String>,
    /// From which confidence (0 to 1) on a finding is a value; below it is a suggestion.
    #[schemars(range(min = 0.0, max = 1.0))]
    pub threshold: f64,
    /// Attributes that are never read out of texts.
    pub attributes_off: Vec<String>,
    /// Families whose products' texts are never read.
    pub families_off: Vec<String>,
    /// Variants of one model lend each other what cannot differ between them.
    pub siblings: bool,
    /// The sides that the three numbers of `A x B x C cm` are, where the text does not say it. Without it they are suggestions.
    pub dimension_order: Vec<Side>,
}

impl Default for SpecsSettings {
    fn default() -> SpecsSettings {
        SpecsSettings {
            enabled: true,
            texts: [
                "name",
                "short_description",
                "features_text",
                "description",
                "dimensions",
                "composition",
            ]
            .map(str::to_owned)
            .to_vec(),
            threshold: 0.75,
            attributes_off: Vec::new(),
            families_off: Vec::new(),
            siblings: true,
            dimension_order: Vec::new(),
        }
    }
}

impl SpecsSettings {
    /// The names of attributes and families that the schema does not have: the keys that lead to them, and help. Texts that
    /// the schema lacks are passed over, since the usual ones are named for every schema.
    pub fn unknown(&self, schema: &Schema) -> Vec<UnknownName> {
        let mut unknown = Vec::new();
        let attributes = schema
            .attributes()
            .map(|(_, attribute)| &*attribute.code)
            .collect::<Vec<_>>();
        let families = schema.families().iter().map(|family| &*family.code).collect::<Vec<_>>();
        let lists = [
            (
                "attributes_off",
                &self.attributes_off,
                "E-UNKNOWN-ATTRIBUTE",
                "attribute",
                attributes,
            ),
            (
                "families_off",
                &self.families_off,
                "E-UNKNOWN-FAMILY",
                "family",
                families,
            ),
        ];
        for (key, names, code, what, known) in lists {
            for (n, name) in names
                .iter()
                .enumerate()
                .filter(|(_, name)| !known.contains(&name.as_str()))
            {
                unknown.push(UnknownName {
                    path: ["enrich", "specs", key]
                        .map(str::to_owned)
                        .into_iter()
                        .chain([n.to_string()])
                        .collect(),
                    code,
                    message: format!("unknown {what} `{}`", excerpt(name)),
                    help: suggestion(name, known.iter().copied()),
                });
            }
        }
        unknown
    }
}
