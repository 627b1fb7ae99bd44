//! What a suggestion is made of: columns with what they were taken for, settings, reasons and questions.

use crate::mapping::settings::{FieldSettings, ReadSettings, ValueMap};
use std::collections::BTreeMap;

/// A first mapping.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Suggestion {
    /// One for each column, in the order of the feed.
    pub columns: Vec<Proposed>,
    pub read: ReadSettings,
    /// The fields by the name they get, `sku` among them.
    pub fields: BTreeMap<String, FieldSettings>,
    /// Value maps to be completed.
    pub maps: BTreeMap<String, ValueMap>,
    /// What was found out of the feed as a whole, and by what.
    pub evidence: Vec<(String, String)>,
    /// What a person should decide, by field (`""`: of the feed).
    pub questions: Vec<(String, String)>,
    /// The shop system whose export this looks like.
    pub preset: Option<&'static str>,
}

/// What one column was taken for.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposed {
    pub header: String,
    /// Position in the feed, from 0.
    pub index: usize,
    /// Attribute key (`name@es`) or `sku`; `None` where nothing fits.
    pub attribute: Option<String>,
    /// From 0 to 1, two decimals.
    pub confidence: f32,
    pub reason: String,
    /// One of the values, shortened.
    pub sample: String,
}

impl Suggestion {
    /// Notes what was found out, and by what.
    pub fn found(&mut self, what: &str, how: String) {
        self.evidence.push((what.to_string(), how));
    }

    /// Notes what a person should decide of a field; of the feed where it is `""`.
    pub fn ask(&mut self, field: &str, question: String) {
        self.questions.push((field.to_string(), question));
    }
}
