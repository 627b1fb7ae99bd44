//! How values of an attribute are found in texts, as schema files say it: the words that name it, and what counts without.
//!
//! Finding them is left to `enrich::specs`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How values of an attribute are read out of titles and descriptions. All keys are optional: labels, units and options do
/// most of the work.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpecsHints {
    /// False: it is never read out of texts.
    #[serde(default = "yes")]
    pub read: bool,
    /// Words beside its labels that name it, in any language. `{}` stands for the value where only one side will do:
    /// `{} piezas`, `pack of {}`.
    #[serde(default)]
    pub cues: Vec<String>,
    /// Its values count without a word that names it. By default: measures of a dimension that is rarely said of something
    /// else (power, voltage…), and options in families that list the attribute themselves, need it or have it as an axis.
    #[serde(default)]
    pub bare: Option<bool>,
    /// Families where values count without a word that names it; in the others they need one. Overrides `bare`.
    #[serde(default)]
    pub bare_in: Vec<String>,
    /// Phrases that hold one of its words and say nothing of it (`vino tinto` of a colour).
    #[serde(default)]
    pub except: Vec<String>,
    /// Of a boolean: phrases that say yes, beside its labels.
    #[serde(default)]
    pub yes: Vec<String>,
    /// Of a boolean: phrases that say no.
    #[serde(default)]
    pub no: Vec<String>,
    /// Its values stand behind `para` and `for` (`para mujer`). What else stands there belongs to another thing.
    #[serde(default)]
    pub audience: bool,
    /// Which side of `A x B x C cm` it is.
    #[serde(default)]
    pub side: Option<Side>,
    /// Which end of a range (`1,5-13 mm`) is its value. A range is no value where this is not said.
    #[serde(default)]
    pub range: Option<RangeEnd>,
    /// What it is of a multipack (`12 x 330 ml`): the count, or the content of one or of all. One by default.
    #[serde(default)]
    pub pack: Option<Pack>,
    /// Of a text or identifier: regular expression of the words that are its values (`IP[0-9X]{2}`); a whole word must match.
    #[serde(default)]
    pub shape: Option<String>,
    /// Of a text: what follows its cue, up to the end of the clause, is its value (`compatible con …`).
    #[serde(default)]
    pub clause: bool,
    /// Variants of one model never differ in it, so that siblings may lend it. By default: options and booleans.
    #[serde(default)]
    pub shared: Option<bool>,
}

fn yes() -> bool {
    true
}

impl Default for SpecsHints {
    fn default() -> SpecsHints {
        SpecsHints {
            read: true,
            cues: Vec::new(),
            bare: None,
            bare_in: Vec::new(),
            except: Vec::new(),
            yes: Vec::new(),
            no: Vec::new(),
            audience: false,
            side: None,
            range: None,
            pack: None,
            shape: None,
            clause: false,
            shared: None,
        }
    }
}

/// A side of a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Side {
    /// Largo, longitud.
    Length,
    /// Ancho.
    Width,
    /// Alto.
    Height,
    /// Fondo, profundidad.
    Depth,
    /// Espesor, grosor.
    Thickness,
    /// Diámetro.
    Diameter,
}

/// An end of a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum RangeEnd {
    /// The lesser number.
    Low,
    /// The greater number.
    High,
}

/// A part of a multipack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Pack {
    /// How many there are.
    Count,
    /// The content of one.
    Each,
    /// The content of all.
    Total,
}
