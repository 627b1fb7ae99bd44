//! Findings of a sheet as they come: all of them counted, few of them kept.
//!
//! A sheet has up to a million rows with a finding for every cell, so that nothing here grows with it. What is found is left to
//! `sheet_file` and `sheet_in`.

use crate::diagnostic::Diagnostic;
use std::collections::BTreeMap;

/// Findings that are told word for word: the first of the sheet.
pub const MOST: usize = 10_000;

/// Findings by code, and the first of them in the order of their places.
#[derive(Debug, Default)]
pub struct Findings {
    kept: Vec<Diagnostic>,
    by_code: BTreeMap<String, u64>,
}

impl Findings {
    pub fn push(&mut self, finding: Diagnostic) {
        match self.by_code.get_mut(&*finding.code) {
            Some(count) => *count += 1,
            None => drop(self.by_code.insert(finding.code.to_string(), 1)),
        }
        self.kept.push(finding);
        // Cut at twice the number only, so that sorting costs little for each of them.
        if self.kept.len() >= 2 * MOST {
            self.cut();
        }
    }

    pub fn extend(&mut self, findings: impl IntoIterator<Item = Diagnostic>) {
        findings.into_iter().for_each(|finding| self.push(finding));
    }

    /// The first `MOST` in the order of their places, those of one place as they came; and the number of all by code.
    pub fn told(mut self) -> (Vec<Diagnostic>, BTreeMap<String, u64>) {
        self.cut();
        (self.kept, self.by_code)
    }

    fn cut(&mut self) {
        self.kept.sort_by(|a, b| a.place.cmp(&b.place));
        self.kept.truncate(MOST);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnostic::Place;
    use std::sync::Arc;

    #[test]
    fn all_are_counted_and_the_first_of_the_sheet_kept() {
        let file: Arc<str> = "edit.xlsx".into();
        let mut findings = Findings::default();
        // The later half of the sheet comes first, and the most that are held never exceed twice the number.
        let lines = (20_000..40_000).chain(0..20_000);
        for line in lines {
            for code in ["E-NUMBER", "W-SHEET-EMPTIED"] {
                findings.push(Diagnostic::error(code, "").at(Place::line(file.clone(), line)));
                assert!(findings.kept.len() < 2 * MOST);
            }
        }
        let (kept, by_code) = findings.told();
        assert_eq!(
            by_code,
            BTreeMap::from([("E-NUMBER".to_owned(), 40_000), ("W-SHEET-EMPTIED".to_owned(), 40_000)])
        );
        assert_eq!(kept.len(), MOST);
        for (n, two) in kept.chunks(2).enumerate() {
            let place = Place::line(file.clone(), n as u64);
            assert_eq!([&two[0].place, &two[1].place], [&place, &place]);
            assert_eq!([&*two[0].code, &*two[1].code], ["E-NUMBER", "W-SHEET-EMPTIED"]);
        }
    }
}
