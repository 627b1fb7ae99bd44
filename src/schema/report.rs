//! Where the checks of one declared thing put the faults that they find.
//!
//! It adds file and place; what a fault is, is left to the checks.

use crate::declaration::Declaration;
use crate::declaration::nearest::suggestion;
use crate::diagnostic::{Diagnostic, excerpt};

/// After so many faults no nearest names are looked for.
const MOST_SUGGESTIONS: usize = 500;
/// So many names are compared for the help of a whole schema, all its faults together.
const MOST_COMPARED: usize = 200_000;

/// Faults with the number of the file that they stand in.
pub type Faults = Vec<(usize, Diagnostic)>;

/// The faults of one table, `[attributes.name]` say.
pub struct Report<'a> {
    /// Number of the file.
    pub number: usize,
    pub file: &'a Declaration,
    /// `attributes`, and the code.
    pub path: [&'a str; 2],
    /// False where some file could not be read: what seems unknown may stand there.
    pub complete: bool,
    pub faults: &'a mut Faults,
}

impl Report<'_> {
    /// A fault at the value of a path inside the table.
    pub fn fault(&mut self, inner: &[&str], code: &'static str, message: impl Into<String>, help: impl Into<String>) {
        let path = [&self.path[..], inner].concat();
        self.faults
            .push((self.number, self.file.fault(&path, code, message).with_help(help)));
    }

    /// A fault at the key of a path inside the table; at the table's own name where the path is empty.
    pub fn fault_of_key(
        &mut self,
        inner: &[&str],
        code: &'static str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let path = [&self.path[..], inner].concat();
        self.faults.push((
            self.number,
            self.file.fault_of_key(&path, code, message).with_help(help),
        ));
    }

    /// A name that is declared nowhere, as a value.
    pub fn unknown<'n>(
        &mut self,
        inner: &[&str],
        code: &'static str,
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        if self.complete {
            let help = self.nearest(name, known);
            self.fault(inner, code, format!("unknown {what} `{}`", excerpt(name)), help);
        }
    }

    /// The same, as a key.
    pub fn unknown_key<'n>(
        &mut self,
        inner: &[&str],
        code: &'static str,
        what: &str,
        name: &str,
        known: impl IntoIterator<Item = &'n str>,
    ) {
        if self.complete {
            let help = self.nearest(name, known);
            self.fault_of_key(inner, code, format!("unknown {what} `{}`", excerpt(name)), help);
        }
    }

    fn nearest<'n>(&self, name: &str, known: impl IntoIterator<Item = &'n str>) -> String {
        // The nearest of thousands of names for each of thousands of faults would take minutes.
        let told = self.faults.len();
        let known: Vec<&str> = if told < MOST_SUGGESTIONS {
            known.into_iter().collect()
        } else {
            Vec::new()
        };
        if told < MOST_SUGGESTIONS && told.saturating_mul(known.len()) < MOST_COMPARED {
            suggestion(name, known)
        } else {
            "declare it, or take it out".to_string()
        }
    }
}
