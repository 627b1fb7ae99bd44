//! Lists of options: their codes, labels, and what else feeds write for them.
//!
//! What a feed's mapping says of a text comes first and is left to `mapping`.

use crate::diagnostic::excerpt;
use crate::schema::file::OptionListFile;
use crate::schema::labels::Labels;
use crate::schema::report::Report;
use crate::value::text::fold;
use std::collections::{BTreeMap, HashMap};

/// A list's position among all, sorted by code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OptionsId(pub u16);

/// The lists' ids by code.
pub type OptionsIds = BTreeMap<String, OptionsId>;

/// One option.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OptionValue {
    pub code: Box<str>,
    pub labels: Labels,
    /// What else stands for it.
    pub synonyms: Box<[String]>,
}

/// A checked list.
#[derive(Debug, Clone)]
pub struct OptionList {
    pub code: Box<str>,
    pub labels: Labels,
    /// Sorted by code.
    pub options: Box<[OptionValue]>,
    /// Folded codes, labels and synonyms. Never iterated, so that its order cannot show.
    by_text: HashMap<Box<str>, u32>,
}

impl OptionList {
    /// The option that a text means, by its code, a label or a synonym; accents, case and punctuation do not
    /// count, but for `+` at the end (`A+`).
    pub fn find(&self, text: &str) -> Option<&OptionValue> {
        // Most cells stand as they fold, or are codes; the others pay for folding.
        let n = self
            .by_text
            .get(text)
            .or_else(|| self.by_text.get(comparable(text).as_str()))?;
        self.options.get(*n as usize)
    }

    /// The option with exactly this code.
    pub fn by_code(&self, code: &str) -> Option<&OptionValue> {
        self.options.get(self.place_of(code)? as usize)
    }

    /// The place of an option in the list.
    pub fn place_of(&self, code: &str) -> Option<u32> {
        let n = self.options.binary_search_by(|option| (*option.code).cmp(code)).ok()?;
        u32::try_from(n).ok()
    }

    /// The label of an option; the code itself where the list does not have it (an open list's, say).
    pub fn label<'a>(&'a self, code: &'a str, locale: &str) -> &'a str {
        self.by_code(code).map_or(code, |option| option.labels.text(locale))
    }

    /// The checked form of what was written. Faults: `E-BAD-CODE`, `E-SAME-OPTION` (a text that means two options),
    /// `E-BAD-SYNONYM` (nothing is left of it when folded), `E-BAD-LOCALE`.
    pub fn checked(written: &OptionListFile, default_locale: &str, report: &mut Report<'_>) -> OptionList {
        let mut by_text: HashMap<Box<str>, u32> = HashMap::new();
        let mut options = Vec::with_capacity(written.values.len());
        for (code, option) in &written.values {
            if !is_option_code(code) {
                let message = format!("`{}` is no code of an option", excerpt(code));
                let help =
                    "write small letters, digits, `_`, `-` and `.`, at most 64; what people read stands in `labels`";
                report.fault_of_key(&["values", code], "E-BAD-CODE", message, help);
            }
            let labels = Labels::checked_at(&["values", code], code, &option.labels, default_locale, report);
            options.push(OptionValue {
                code: code.as_str().into(),
                labels,
                synonyms: option.synonyms.as_slice().into(),
            });
        }
        // Codes come first: they mean themselves whatever else is said.
        for (n, code) in written.values.keys().enumerate() {
            by_text.insert(code.as_str().into(), n as u32);
        }
        for (n, (code, option)) in written.values.iter().enumerate() {
            let code_text = (vec!["values", code], code.as_str());
            let labels = option
                .labels
                .iter()
                .map(|(locale, label)| (vec!["values", code, "labels", locale], label.as_str()));
            let numbers: Vec<String> = (0..option.synonyms.len()).map(|n| n.to_string()).collect();
            let synonyms = numbers.iter().zip(&option.synonyms);
            let synonyms = synonyms.map(|(n, text)| (vec!["values", code, "synonyms", n], text.as_str()));
            for (path, text) in std::iter::once(code_text).chain(labels).chain(synonyms) {
                let folded = comparable(text);
                if folded.is_empty() {
                    let message = format!("`{}` has no letter or digit to be compared by", excerpt(text));
                    report.fault(
                        &path,
                        "E-BAD-SYNONYM",
                        message,
                        "take it out, or map it in the supplier's file",
                    );
                    continue;
                }
                let other = *by_text.entry(folded.into()).or_insert(n as u32);
                if let Some(other) = options.get(other as usize).filter(|_| other as usize != n) {
                    let message = format!("`{}` means `{code}` and `{}`", excerpt(text), other.code);
                    report.fault(
                        &path,
                        "E-SAME-OPTION",
                        message,
                        "let one of them have it; accents, case and punctuation do not count",
                    );
                }
            }
        }
        OptionList {
            code: report.path[1].into(),
            labels: Labels::checked(&written.labels, default_locale, report),
            options: options.into(),
            by_text,
        }
    }
}

/// A text as options are compared. What ends in plus signs is another class than what does not (`A++`, `18+`).
fn comparable(text: &str) -> String {
    let trimmed = text.trim();
    let bare = trimmed.trim_end_matches('+');
    let mut folded = fold(bare);
    for _ in 0..(trimmed.len() - bare.len()).min(8) {
        folded.push_str(" plus");
    }
    folded
}

fn is_option_code(code: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    (1..=64).contains(&code.len())
        && code.bytes().next().is_some_and(allowed)
        && code
            .bytes()
            .all(|byte| allowed(byte) || matches!(byte, b'_' | b'-' | b'.'))
}
