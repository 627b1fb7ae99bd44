//! Why a channel's file cannot be written, or is not what was written.

/// Why a file could not be written or is not what was written.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    #[error("the format {0} is described only and cannot be written to a file")]
    DescribedOnly(String),
    #[error("the head of the format {0} needs the text {1}; say it under [head] of the channel")]
    Head(String, String),
    #[error("the field {0} cannot be the name of an element; leave it out of XML files")]
    Name(String),
    #[error("the format {0} has a delimiter that is no single ASCII character")]
    Delimiter(String),
    #[error("failed to read back {path}: {reason}")]
    Unreadable { path: String, reason: String },
    #[error("{path} is not as it was written: {reason}")]
    Broken { path: String, reason: String },
}
