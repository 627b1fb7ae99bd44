//! What is wrong with a query, and where in it.

use crate::diagnostic::{Diagnostic, Place, excerpt};

/// Characters of a query that are drawn on each side of a fault, and of the fault itself.
const AROUND: usize = 40;
const MARKED: usize = 60;

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

    /// The fault as a finding; its column is the number of the character in the query, counted from 1. What is wrong with
    /// something beside the query (what is sorted by) has no place in it.
    pub fn diagnostic(&self, query: &str) -> Diagnostic {
        let found = Diagnostic::error(self.code, self.message.clone()).with_help(self.help.clone());
        if self.end == 0 {
            return found;
        }
        let [before, value, _] = self.cut(query);
        let found = found.at(Place::file("query").at_column((before.chars().count() + 1).to_string()));
        match value.is_empty() {
            true => found,
            false => found.with_value(value),
        }
    }

    /// The part of the query around the fault with a mark under it, for a terminal: nothing in it moves a cursor, and however
    /// long the query is, it fits two short lines. Nothing where the fault is not in the query.
    pub fn drawn(&self, query: &str) -> Option<String> {
        if self.end == 0 {
            return None;
        }
        let [before, value, behind] = self.cut(query);
        let hidden = before.chars().count().saturating_sub(AROUND);
        let shown: String = before.chars().skip(hidden).collect();
        let before = format!("{}{}", if hidden > 0 { "…" } else { "" }, excerpt(&shown));
        let value = start_of(value, MARKED);
        let behind = start_of(behind, AROUND);
        let width = |text: &str| text.chars().count();
        Some(format!(
            "{before}{value}{behind}\n{}{}",
            " ".repeat(width(&before)),
            "^".repeat(width(&value).max(1))
        ))
    }

    /// What stands before the fault, where it is, and behind.
    fn cut<'q>(&self, query: &'q str) -> [&'q str; 3] {
        let (before, rest) = query.split_at_checked(self.start).unwrap_or((query, ""));
        let length = self.end.saturating_sub(self.start);
        let (value, behind) = rest.split_at_checked(length).unwrap_or((rest, ""));
        [before, value, behind]
    }
}

/// So many characters of a text, fit for a terminal.
fn start_of(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        Some((end, _)) => format!("{}…", excerpt(&text[..end])),
        None => excerpt(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(query: &str, at: &str, expected: &str) {
        let start = query.find(at).unwrap();
        let fault = Fault::new("E-QUERY-NAME", start, start + at.len(), "no such thing", "take it out");
        assert_eq!(fault.drawn(query).unwrap(), expected, "{query:?}");
    }

    #[test]
    fn the_mark_stands_under_the_fault() {
        check("taladro colr:rojo", "colr", "taladro colr:rojo\n        ^^^^");
        check(
            "a\tñ\u{1b}[31m colr:x",
            "colr",
            "a\\tñ\\u{1b}[31m colr:x\n               ^^^^",
        );
        check("colr\u{202e}:x", "colr\u{202e}", "colr\\u{202e}:x\n^^^^^^^^^^^^");
        let long = format!("{} colr:rojo {}", "palabra ".repeat(60), "otra ".repeat(60));
        let drawn = format!(
            "…{} colr:rojo {}…\n{}^^^^",
            &"palabra ".repeat(60)[480 - 39..],
            &"otra ".repeat(60)[..34],
            " ".repeat(41)
        );
        check(&long, "colr", &drawn);
        let wide = "x".repeat(500);
        check(&wide, &wide, &format!("{}…\n{}", "x".repeat(60), "^".repeat(61)));
    }
}
