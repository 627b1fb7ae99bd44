//! Findings: what is wrong with a listing, in numbers, and what becomes of it.
//!
//! The words are left to `fault` and to `Rules::words`.

use crate::channel::rule::fault::Fault;
use crate::diagnostic::Severity;
use crate::product::listing::{Content, Listing};

/// The rule number of a finding that a field's own declaration demands.
pub const OF_THE_FIELD: u16 = u16::MAX;
/// The field number of a finding that stands in no field.
pub const NO_FIELD: u16 = u16::MAX;
/// Longest excerpt of a value that a finding keeps, in characters.
const EXCERPT: usize = 200;

/// What becomes of a listing on the channel. Ordered: `Ready < Degraded < Blocked`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// It leaves as it is.
    #[default]
    Ready,
    /// It leaves, but a value is lost or the channel likely shows it less.
    Degraded,
    /// The channel would refuse it: it does not leave.
    Blocked,
}

impl Verdict {
    /// `ready`, `degraded` or `blocked`.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::Ready => "ready",
            Verdict::Degraded => "degraded",
            Verdict::Blocked => "blocked",
        }
    }
}

/// What was done about a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum Outcome {
    /// The channel would refuse the item.
    Refused,
    /// The value was left out.
    LeftOut,
    /// The text was cut, or values beyond the limit were left out.
    Cut,
    /// Sent as it is.
    Sent,
    /// Worth knowing only.
    Noted,
}

impl Outcome {
    /// What it makes of the listing.
    pub fn verdict(self) -> Verdict {
        match self {
            Outcome::Refused => Verdict::Blocked,
            Outcome::LeftOut | Outcome::Cut | Outcome::Sent => Verdict::Degraded,
            Outcome::Noted => Verdict::Ready,
        }
    }

    /// How it weighs as a diagnostic.
    pub fn severity(self) -> Severity {
        match self {
            Outcome::Refused => Severity::Error,
            Outcome::LeftOut | Outcome::Cut | Outcome::Sent => Severity::Warning,
            Outcome::Noted => Severity::Info,
        }
    }
}

/// One finding about one listing, in numbers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The rule's number, or `OF_THE_FIELD`.
    pub rule: u16,
    /// The field's number, or `NO_FIELD`.
    pub field: u16,
    /// What is wrong.
    pub fault: Fault,
    /// What was done about it.
    pub outcome: Outcome,
    /// The value, shortened.
    pub value: Option<Box<str>>,
}

/// What some findings make of a listing.
pub fn verdict(findings: &[Finding]) -> Verdict {
    findings
        .iter()
        .map(|finding| finding.outcome.verdict())
        .max()
        .unwrap_or_default()
}

/// Takes the findings of one rule.
pub struct Sink<'a> {
    /// The rule's number.
    pub rule: u16,
    /// What its findings make.
    pub outcome: Outcome,
    /// Where they go.
    pub out: &'a mut Vec<Finding>,
}

impl Sink<'_> {
    /// Notes a finding.
    pub fn found(&mut self, fault: Fault, field: Option<u16>, value: Option<&str>) {
        self.out.push(finding(self.rule, self.outcome, fault, field, value));
    }
}

/// A finding with a shortened value.
pub fn finding(rule: u16, outcome: Outcome, fault: Fault, field: Option<u16>, value: Option<&str>) -> Finding {
    let value = value.filter(|value| !value.is_empty()).map(|value| {
        let end = value.char_indices().nth(EXCERPT + 1).map_or(value.len(), |(at, _)| at);
        Box::from(&value[..end])
    });
    Finding {
        rule,
        field: field.unwrap_or(NO_FIELD),
        fault,
        outcome,
        value,
    }
}

/// The content of a field of a listing; nothing past its end.
pub fn content(listing: &Listing, field: u16) -> &Content {
    listing.contents.get(usize::from(field)).unwrap_or(&Content::Empty)
}

/// Is the field filled.
pub fn filled(listing: &Listing, field: u16) -> bool {
    !content(listing, field).is_empty()
}

/// The first text of a field, or `""`.
pub fn first(listing: &Listing, field: u16) -> &str {
    content(listing, field).first()
}

/// Runs over the texts of a content that are not empty, without allocating.
pub fn each<'a>(content: &'a Content, mut then: impl FnMut(&'a str)) {
    match content {
        Content::Empty => {}
        Content::One(text) => {
            if !text.is_empty() {
                then(text);
            }
        }
        Content::Many(texts) => texts.iter().filter(|text| !text.is_empty()).for_each(|text| then(text)),
        Content::Groups(groups) => {
            groups
                .iter()
                .flatten()
                .filter(|(_, text)| !text.is_empty())
                .for_each(|(_, text)| then(text));
        }
    }
}
