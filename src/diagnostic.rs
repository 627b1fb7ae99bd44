//! One finding about the data or the configuration: code, severity, place, help.
//!
//! Diagnostics are collected and never stop anything by themselves; what stops a run is an error of the
//! folder that raises it. How a diagnostic is printed is left to the faces.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// How much a finding weighs, from a remark to a refusal. Ordered: `Info < Warning < Error`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing, nothing is lost.
    Info,
    /// Accepted, but a value is lost or likely wrong. On a channel: degraded.
    Warning,
    /// The row, value or file is refused. On a channel: blocked.
    Error,
}

/// Where a finding stands. Every part may be unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub struct Place {
    /// Path as the user knows it (relative to the workspace where it lies inside).
    #[serde(with = "shared_text")]
    pub file: Option<Arc<str>>,
    /// Line in the file, counted from 1; the spreadsheet row in workbooks.
    pub line: Option<u64>,
    /// Column header, path of the element, or (in TOML) the number of the character, counted from 1.
    #[serde(with = "shared_text")]
    pub column: Option<Arc<str>>,
}

impl Place {
    /// A place that only names a file.
    pub fn file(file: impl Into<Arc<str>>) -> Place {
        Place {
            file: Some(file.into()),
            line: None,
            column: None,
        }
    }

    /// A line of a file.
    pub fn line(file: impl Into<Arc<str>>, line: u64) -> Place {
        Place {
            file: Some(file.into()),
            line: Some(line),
            column: None,
        }
    }

    /// The same place with a column.
    pub fn at_column(mut self, column: impl Into<Arc<str>>) -> Place {
        self.column = Some(column.into());
        self
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{file}")?;
        }
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ":{column}")?;
        }
        Ok(())
    }
}

/// One finding. `code` is stable (`E-…` refused, `W-…` warning, `I-…` remark, `G-…` guard, and a channel's own rule ids);
/// `message` is a lower-case fragment; `help` is the next step.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Diagnostic {
    pub code: Cow<'static, str>,
    pub severity: Severity,
    #[serde(flatten)]
    pub place: Place,
    pub sku: Option<String>,
    /// The raw value, shortened to 200 characters, control characters escaped.
    pub value: Option<String>,
    pub message: String,
    pub help: Option<String>,
}

impl Diagnostic {
    /// A finding without a place; add what is known with the `at`, `of`, `with_…` methods.
    pub fn new(severity: Severity, code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Diagnostic {
        Diagnostic {
            code: code.into(),
            severity,
            place: Place::default(),
            sku: None,
            value: None,
            message: message.into(),
            help: None,
        }
    }

    pub fn error(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Error, code, message)
    }

    pub fn warning(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Warning, code, message)
    }

    pub fn info(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Diagnostic {
        Diagnostic::new(Severity::Info, code, message)
    }

    pub fn at(mut self, place: Place) -> Diagnostic {
        self.place = place;
        self
    }

    pub fn of(mut self, sku: impl Into<String>) -> Diagnostic {
        self.sku = Some(sku.into());
        self
    }

    pub fn with_value(mut self, value: &str) -> Diagnostic {
        self.value = Some(excerpt(value));
        self
    }

    pub fn with_help(mut self, help: impl Into<String>) -> Diagnostic {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = self.place.to_string();
        if !place.is_empty() {
            write!(f, "{place}: ")?;
        }
        if let Some(sku) = &self.sku {
            write!(f, "{}: ", excerpt(sku))?;
        }
        write!(f, "{}", self.message)?;
        if let Some(value) = &self.value {
            write!(f, " (found \"{value}\")")?;
        }
        write!(f, " [{}]", self.code)?;
        if let Some(help) = &self.help {
            write!(f, "; {help}")?;
        }
        Ok(())
    }
}

/// The first 200 characters of a foreign text, with control characters escaped, so that it fits one line of a log.
pub fn excerpt(text: &str) -> String {
    let mut out = String::with_capacity(text.len().min(208));
    for (n, c) in text.chars().enumerate() {
        if n == 200 {
            out.push('…');
            break;
        }
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => out.extend(c.escape_unicode()),
            // Marks that reorder or hide text would let a feed rewrite what a reader sees.
            '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => {
                out.extend(c.escape_unicode())
            }
            c => out.push(c),
        }
    }
    out
}

/// Shared texts in JSON, without asking serde for its `rc` feature.
mod shared_text {
    use std::sync::Arc;

    pub fn serialize<S: serde::Serializer>(text: &Option<Arc<str>>, serializer: S) -> Result<S::Ok, S::Error> {
        serde::Serialize::serialize(&text.as_deref(), serializer)
    }

    pub fn deserialize<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<Arc<str>>, D::Error> {
        let text: Option<String> = serde::Deserialize::deserialize(deserializer)?;
        Ok(text.map(Arc::from))
    }
}
