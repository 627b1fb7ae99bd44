//! Why a command stops: sorted into kinds once, for exit codes and (later) pages alike.

use crate::catalog::store::CatalogError;
use crate::diagnostic::Diagnostic;
use crate::plan::PlanError;
use std::path::Path;

/// The kinds of failure, each with its exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FailureKind {
    /// Something broke on the way.
    Broken,
    /// The command asks for what is not there, or in a way that means nothing.
    Usage,
    /// Configuration or an input file is invalid.
    Invalid,
    /// The store is in use, or a plan is stale.
    Conflict,
}

impl FailureKind {
    /// The exit code of the command line's contract.
    pub fn exit_code(self) -> u8 {
        match self {
            FailureKind::Broken => 1,
            FailureKind::Usage => 2,
            FailureKind::Invalid => 3,
            FailureKind::Conflict => 5,
        }
    }
}

/// What stopped a command.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    pub kind: FailureKind,
    pub message: String,
    /// The next step, where there is one.
    pub help: Option<String>,
    /// The findings behind it: all faults of a configuration, the reason a file is refused.
    pub diagnostics: Vec<Diagnostic>,
    /// The place of the finding with a mark under it, where it stands in no file but in what was asked; for terminals.
    pub drawn: Option<String>,
}

impl Failure {
    pub fn new(kind: FailureKind, message: impl Into<String>) -> Failure {
        Failure {
            kind,
            message: message.into(),
            help: None,
            diagnostics: Vec::new(),
            drawn: None,
        }
    }

    pub fn usage(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::Usage, message)
    }

    pub fn conflict(message: impl Into<String>) -> Failure {
        Failure::new(FailureKind::Conflict, message)
    }

    pub fn with_help(mut self, help: impl Into<String>) -> Failure {
        self.help = Some(help.into());
        self
    }

    /// The same with one more finding behind it.
    pub fn with_diagnostic(mut self, diagnostic: Diagnostic) -> Failure {
        self.diagnostics.push(diagnostic);
        self
    }

    /// Invalid configuration or input, with its faults.
    pub fn invalid(message: impl Into<String>, diagnostics: Vec<Diagnostic>) -> Failure {
        Failure {
            diagnostics,
            ..Failure::new(FailureKind::Invalid, message)
        }
    }

    /// A file or folder that does not do what is asked.
    pub fn io(doing: &str, path: &Path, cause: &std::io::Error) -> Failure {
        Failure::new(
            FailureKind::Broken,
            format!("failed to {doing} {}: {cause}", path.display()),
        )
    }

    /// A layer whose body this program did not write, or that was damaged since.
    pub fn damaged(sku: &str, what: &str) -> Failure {
        Failure::new(FailureKind::Broken, format!("the layer of {sku} does not read: {what}"))
            .with_help("`estante verify` tells how far the damage goes")
    }

    /// The exit code of the command line's contract.
    pub fn exit_code(&self) -> u8 {
        self.kind.exit_code()
    }
}

impl From<CatalogError> for Failure {
    fn from(error: CatalogError) -> Failure {
        let kind = match error {
            CatalogError::InUse { .. } => FailureKind::Conflict,
            CatalogError::Absent { .. } => FailureKind::Usage,
            _ => FailureKind::Broken,
        };
        Failure::new(kind, error.to_string())
    }
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Failure {
        Failure::new(FailureKind::Broken, error.to_string())
    }
}
