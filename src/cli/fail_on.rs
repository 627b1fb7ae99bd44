//! From which findings on a command ends with exit code 4.

use clap::ValueEnum;

/// From which findings on a command ends with exit code 4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub enum FailOn {
    /// Whatever was found, the exit code is 0.
    Never,
    /// Something was blocked, held or rejected.
    Blocked,
    /// The same, or something was degraded or warned of.
    Degraded,
}
