//! How far a stage has come. The faces draw it; the stages only count.

use std::sync::atomic::{AtomicU64, Ordering};

/// What is going on, in words a person knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Step {
    /// A supplier's delivery is being read.
    Reading { supplier: String },
    /// A plan is being written into the catalog.
    Applying { supplier: String },
    /// The texts of all products are being looked at.
    Texts,
    /// The catalog is asked which product the pictures' names mean.
    Naming,
    /// Pictures are being read, measured and derived.
    Picturing,
    /// A channel's products are being composed, checked and written.
    Exporting { channel: String },
    /// Changed products are put into the search index.
    Indexing,
    /// A language model is being asked for drafts.
    Drafting,
    /// A sheet is being written or read.
    Sheet,
    /// Rules are tried on products.
    Trying,
    /// Products are compared with each other.
    Comparing,
}

/// Receives progress. All methods may be called from several threads.
pub trait Progress: Sync {
    /// A step begins. `total` is in the unit of `advance`, 0 where it is unknown.
    fn begin(&self, step: &Step, total: u64);
    /// So much more is done: records, products.
    fn advance(&self, by: u64);
    /// The step is over.
    fn end(&self);
}

/// Counts and shows nothing.
#[derive(Debug, Default)]
pub struct Silent {
    done: AtomicU64,
}

impl Progress for Silent {
    fn begin(&self, _: &Step, _: u64) {}

    fn advance(&self, by: u64) {
        self.done.fetch_add(by, Ordering::Relaxed);
    }

    fn end(&self) {}
}
