//! Why a picture is not taken.

use crate::diagnostic::{Diagnostic, Place};

/// Why a picture is not taken: a stable code, what is wrong, what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, serde::Serialize, serde::Deserialize)]
#[error("{message}")]
pub struct Refusal {
    /// `E-IMAGE-KIND`, `E-IMAGE-SIZE`, `E-IMAGE-DAMAGED` or `E-IMAGE-WEIGHT`.
    pub code: String,
    /// A lower-case fragment.
    pub message: String,
    /// The next step.
    pub help: String,
}

impl Refusal {
    /// A file that is no picture, or one of a kind that is not read.
    pub fn kind(what: &str) -> Refusal {
        Refusal {
            code: "E-IMAGE-KIND".into(),
            message: format!("{what}, by its content"),
            help: "send it as JPEG, PNG, WebP, GIF, TIFF or BMP; the ending of the name decides nothing".into(),
        }
    }

    /// A picture of a kind that is read, in a form that is not.
    pub fn form(kind: &str, what: &dyn std::fmt::Display) -> Refusal {
        let mut refusal = Refusal::kind("");
        refusal.message = format!(
            "a form of {kind} that is not read: {}",
            crate::diagnostic::excerpt(&what.to_string())
        );
        refusal
    }

    /// A picture larger than the limits.
    pub fn size(message: String) -> Refusal {
        Refusal {
            code: "E-IMAGE-SIZE".into(),
            message,
            help: "make it smaller; the limits stand under [images.limits]".into(),
        }
    }

    /// A picture that does not decode.
    pub fn damaged(what: &str) -> Refusal {
        Refusal {
            code: "E-IMAGE-DAMAGED".into(),
            message: format!("damaged or cut off: {}", crate::diagnostic::excerpt(what)),
            help: "fetch it again, or ask for the file again".into(),
        }
    }

    /// A derivation that cannot be made light enough.
    pub fn weight(limit: u64) -> Refusal {
        Refusal {
            code: "E-IMAGE-WEIGHT".into(),
            message: format!("no quality brings it below {limit} bytes"),
            help: "allow more bytes, or a smaller `side`".into(),
        }
    }

    /// As a finding about a file or an address.
    pub fn finding(&self, shown: &str) -> Diagnostic {
        Diagnostic::error(self.code.clone(), self.message.clone())
            .at(Place::file(shown))
            .with_help(self.help.clone())
    }
}
