//! Faults of a supplier's file, gathered with their places.

use crate::declaration::Declaration;
use crate::diagnostic::Diagnostic;
use crate::value::mismatch::Mismatch;

/// What is wrong with one file so far.
pub struct Faults<'a> {
    declaration: &'a Declaration,
    found: Vec<Diagnostic>,
}

impl<'a> Faults<'a> {
    pub fn new(declaration: &'a Declaration) -> Faults<'a> {
        Faults {
            declaration,
            found: Vec::new(),
        }
    }

    /// Tells a fault of the value at a path. What was told already is not told twice.
    pub fn tell(&mut self, path: &[&str], mismatch: Mismatch) {
        let mut fault = self.declaration.fault(path, mismatch.code, mismatch.message);
        fault.help = mismatch.help;
        if !self.found.contains(&fault) {
            self.found.push(fault);
        }
    }

    /// Tells a fault of the key at a path.
    pub fn tell_of_key(&mut self, path: &[&str], mismatch: Mismatch) {
        let mut fault = self.declaration.fault_of_key(path, mismatch.code, mismatch.message);
        fault.help = mismatch.help;
        self.found.push(fault);
    }

    /// How many were told.
    pub fn count(&self) -> usize {
        self.found.len()
    }

    /// All of them, in the order of the file.
    pub fn told(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|fault| fault.place.line);
        self.found
    }
}
