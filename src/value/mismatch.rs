//! Why a text is not a value of a kind, and what a reader of the finding does next.
//!
//! A mismatch knows the text only; file, line, column and SKU are added where it becomes a
//! `diagnostic::Diagnostic`, with the severity that the place asks for.

/// Code of a text that says nothing (blank, `0000-00-00`): no opinion, and nothing to report.
pub const NO_VALUE: &str = "I-NO-VALUE";

/// Why a text is not a value of a kind. Also used for remarks on values that were repaired.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Mismatch {
    /// Stable code: `E-…` refused, `W-…` accepted with a remark.
    pub code: &'static str,
    /// Lower-case fragment; it does not repeat the text itself.
    pub message: String,
    /// The next step.
    pub help: Option<String>,
}

impl Mismatch {
    /// A mismatch without help.
    pub fn new(code: &'static str, message: impl Into<String>) -> Mismatch {
        Mismatch {
            code,
            message: message.into(),
            help: None,
        }
    }

    /// The same with the next step.
    pub fn with_help(mut self, help: impl Into<String>) -> Mismatch {
        self.help = Some(help.into());
        self
    }

    /// The mismatch of a text that says nothing.
    pub fn no_value() -> Mismatch {
        Mismatch::new(NO_VALUE, "no value")
    }

    /// True where the text said nothing: treat it as a blank cell.
    pub fn is_no_value(&self) -> bool {
        self.code == NO_VALUE
    }
}
