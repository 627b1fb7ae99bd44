//! What is wrong with a query, and where in it.

use crate::diagnostic::{Diagnostic, Place};

/// One fault of a query. It points at the characters from `start` on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Stable code: `E-QUERY-…`.
    pub code: &'static str,
    /// Lower-case fragment.
    pub message: String,
    /// The next step.
    pub help: String,
    /// Bytes of the query.
    pub start: usize,
    pub end: usize,
}

impl Fault {
    pub fn new(
        code: &'static str,
        start: usize,
        end: usize,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Fault {
        Fault {
            code,
            message: message.into(),
            help: help.into(),
            start,
            end,
        }
    }

    /// The fault as a finding; its column is the number of the character in the query, counted from 1.
    pub fn diagnostic(&self, query: &str) -> Diagnostic {
        let before = query.get(..self.start).unwrap_or(query);
        let value = query.get(self.start..self.end).unwrap_or_default();
        let place = Place::file("query").at_column((before.chars().count() + 1).to_string());
        let found = Diagnostic::error(self.code, self.message.clone())
            .at(place)
            .with_help(self.help.clone());
        match value.is_empty() {
            true => found,
            false => found.with_value(value),
        }
    }

    /// The query with a mark under the place, for a terminal.
    pub fn drawn(&self, query: &str) -> String {
        let width = |text: &str| text.chars().count();
        let before = query.get(..self.start).unwrap_or(query);
        let value = query.get(self.start..self.end).unwrap_or_default();
        format!(
            "{query}\n{}{}",
            " ".repeat(width(before)),
            "^".repeat(width(value).max(1))
        )
    }
}
