//! The search index: products found by words, identifiers, values and what is missing.
//!
//! It is derived and can be thrown away: each commit notes the catalog's change sequence it holds and a fingerprint of all
//! that decides its content. What products are is left to the floors below, where their layers lie to the workspace.

pub mod collect;
pub mod directory;
pub mod document;
pub mod facet;
pub mod filter;
pub mod id_set;
pub mod layout;
pub mod matching;
pub mod novelty;
pub mod range;
pub mod scoring;
pub mod search;
pub mod synonyms;
#[cfg(test)]
mod tests;
pub mod tokenizer;
pub mod typo;
pub mod worth;

use crate::index::directory::Folder;
use crate::index::layout::{ID, Layout};
use crate::index::tokenizer::tokenizers;
use crate::schema::Schema;
use serde::{Deserialize, Serialize};
use std::path::{Path, PathBuf};
use tantivy::indexer::{IndexWriterOptions, LogMergePolicy, NoMergePolicy, UserOperation};
use tantivy::{IndexReader, IndexWriter, ReloadPolicy, TantivyDocument, Term};

/// Memory in which a thread gathers documents before it writes them, in bytes.
const GATHERED: usize = 96 << 20;
/// The same where little changes.
const GATHERED_FEW: usize = 16 << 20;
/// So many changed products are few.
const FEW: usize = 5_000;
/// Parts of more products are not made one.
const LARGE: usize = 25_000;
/// An index of up to so many bytes is compared with its checksums whenever it is opened: that takes milliseconds.
const SMALL: u64 = 16 << 20;
/// Present while the index is being written; what is left of it after a kill asks for a look at the checksums.
const WRITING: &str = "estante.writing";

/// Why the index cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    #[error("cannot use the folder of the search index {path}: {cause}")]
    Io { path: PathBuf, cause: std::io::Error },
    #[error("the search index is being written by another process")]
    InUse,
    #[error("the search index failed: {0}")]
    Engine(#[from] tantivy::TantivyError),
}

/// What a commit remembers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Holding {
    /// The catalog's change sequence up to which every product is in.
    pub sequence: i64,
    /// Of all that decides what documents hold.
    pub fingerprint: u64,
    /// Number of products.
    pub products: u64,
}

/// An index on disk.
pub struct Index {
    pub layout: Layout,
    pub holding: Holding,
    folder: PathBuf,
    index: tantivy::Index,
}

impl Index {
    /// Opens the index in a folder; nothing where there is none, where it is damaged, or where it was made for another
    /// `fingerprint`: it is to be made anew then.
    pub fn open(folder: &Path, schema: &Schema, fingerprint: u64) -> Result<Option<Index>, IndexError> {
        if !folder.join("meta.json").is_file() {
            return Ok(None);
        }
        let layout = Layout::new(schema);
        let Ok(index) = Folder::open(folder).and_then(tantivy::Index::open) else {
            return Ok(None);
        };
        let holding = index.load_metas().ok().and_then(|metas| metas.payload);
        let holding = holding.and_then(|payload| serde_json::from_str::<Holding>(&payload).ok());
        let Some(holding) = holding.filter(|holding| holding.fingerprint == fingerprint) else {
            return Ok(None);
        };
        if index.schema() != layout.fields {
            return Ok(None);
        }
        let mut index = Index {
            layout,
            holding,
            folder: folder.to_owned(),
            index,
        };
        index.index.set_tokenizers(tokenizers());
        if size(folder) <= SMALL && !index.is_whole() {
            return Ok(None);
        }
        Ok(Some(index))
    }

    /// Makes an empty index, in place of what is there.
    pub fn create(folder: &Path, schema: &Schema, fingerprint: u64) -> Result<Index, IndexError> {
        let failed = |cause| IndexError::Io {
            path: folder.to_owned(),
            cause,
        };
        match std::fs::remove_dir_all(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        std::fs::create_dir_all(folder).map_err(failed)?;
        let layout = Layout::new(schema);
        let directory = Folder::open(folder)?;
        let index = tantivy::Index::builder()
            .schema(layout.fields.clone())
            .tokenizers(tokenizers())
            .open_or_create(directory)?;
        Ok(Index {
            layout,
            holding: Holding {
                sequence: -1,
                fingerprint,
                products: 0,
            },
            folder: folder.to_owned(),
            index,
        })
    }

    /// Do all files match their checksums.
    pub fn is_whole(&self) -> bool {
        self.index.validate_checksum().is_ok_and(|damaged| damaged.is_empty())
    }

    /// Makes the next who may write this index look at its checksums.
    pub fn distrust(&self) {
        // Where even this cannot be written, the index could not be made anew either.
        let _ = std::fs::write(self.folder.join(WRITING), b"");
    }

    /// Is an index being written, or was it left so: whoever may write knows that it is the latter.
    pub fn is_doubtful(folder: &Path) -> bool {
        folder.join(WRITING).exists()
    }

    /// Takes the doubt away, once it was looked at and is whole.
    pub fn trust(&self) {
        // Where the mark stays, it is looked at again.
        let _ = std::fs::remove_file(self.folder.join(WRITING));
    }

    /// Is there an index in a folder that reads and is whole, whatever it was made for.
    pub fn is_readable(folder: &Path) -> bool {
        Folder::open(folder)
            .and_then(tantivy::Index::open)
            .is_ok_and(|index| index.validate_checksum().is_ok_and(|damaged| damaged.is_empty()))
    }

    /// Begins to write so many documents into an index. Errors with `InUse` where another process writes.
    pub fn writer(&self, threads: usize, documents: usize) -> Result<Writer<'_>, IndexError> {
        let few = documents <= FEW;
        let (threads, memory) = match few {
            true => (1, GATHERED_FEW),
            false => (threads.clamp(1, 8), GATHERED),
        };
        let options = IndexWriterOptions::builder()
            .num_worker_threads(threads)
            .memory_budget_per_thread(memory)
            .num_merge_threads(if few { 1 } else { threads.min(2) })
            .build();
        let writer = self.index.writer_with_options(options).map_err(|error| match error {
            tantivy::TantivyError::LockFailure(..) => IndexError::InUse,
            error => IndexError::Engine(error),
        })?;
        if self.holding.products == 0 {
            writer.set_merge_policy(Box::new(NoMergePolicy));
        } else {
            let mut policy = LogMergePolicy::default();
            // An edit must not wait until large parts are written anew, nor a day's delivery until those of the first load are:
            // they have some 60,000 products each, and eight of them take half a minute.
            policy.set_max_docs_before_merge(if few { 2 * FEW } else { LARGE });
            if !few {
                policy.set_del_docs_ratio_before_merge(0.3);
            }
            writer.set_merge_policy(Box::new(policy));
        }
        let mark = self.folder.join(WRITING);
        std::fs::write(&mark, b"").map_err(|cause| IndexError::Io { path: mark, cause })?;
        Ok(Writer { index: self, writer })
    }

    /// Opens the index for searching, `threads` sharing the work of one search.
    pub fn searcher(&mut self, threads: usize) -> Result<tantivy::Searcher, IndexError> {
        if threads > 1 {
            self.index.set_multithread_executor(threads)?;
        }
        let opened = || -> Result<IndexReader, tantivy::TantivyError> {
            self.index
                .reader_builder()
                .reload_policy(ReloadPolicy::Manual)
                .doc_store_cache_num_blocks(1)
                .try_into()
        };
        // Who may not lock the folder may see files go while they are opened; what took their place is there then.
        let reader = opened().or_else(|_| opened())?;
        Ok(reader.searcher())
    }

    /// The numbers of all products, sorted.
    pub fn ids(&self) -> Result<Vec<i64>, IndexError> {
        let reader: IndexReader = self
            .index
            .reader_builder()
            .reload_policy(ReloadPolicy::Manual)
            .try_into()?;
        let mut ids = Vec::new();
        for segment in reader.searcher().segment_readers() {
            let column = segment.fast_fields().u64(ID)?;
            ids.extend(
                segment
                    .doc_ids_alive()
                    .filter_map(|document| column.first(document))
                    .map(|id| id as i64),
            );
        }
        ids.sort_unstable();
        Ok(ids)
    }
}

/// Writes into an index. Nothing is seen before `commit`; dropped without it, all stays as it was.
pub struct Writer<'i> {
    index: &'i Index,
    writer: IndexWriter<TantivyDocument>,
}

impl Writer<'_> {
    /// Adds documents of products that are not in yet.
    pub fn add(&self, documents: Vec<TantivyDocument>) -> Result<(), IndexError> {
        self.writer.run(documents.into_iter().map(UserOperation::Add))?;
        Ok(())
    }

    /// Puts a document in place of a product's last one.
    pub fn replace(&self, product: i64, document: TantivyDocument) -> Result<(), IndexError> {
        let term = Term::from_field_u64(self.index.layout.id, product.unsigned_abs());
        self.writer
            .run([UserOperation::Delete(term), UserOperation::Add(document)])?;
        Ok(())
    }

    /// Takes a product out.
    pub fn remove(&self, product: i64) {
        let term = Term::from_field_u64(self.index.layout.id, product.unsigned_abs());
        self.writer.delete_term(term);
    }

    /// Makes it all visible at once, with what the index holds then.
    pub fn commit(mut self, holding: Holding) -> Result<(), IndexError> {
        let mut prepared = self.writer.prepare_commit()?;
        prepared.set_payload(&serde_json::to_string(&holding).unwrap_or_default());
        prepared.commit()?;
        self.writer.wait_merging_threads()?;
        self.index.trust();
        Ok(())
    }
}

/// Bytes of the files in a folder.
fn size(folder: &Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return 0;
    };
    entries
        .flatten()
        .filter_map(|entry| entry.metadata().ok())
        .map(|found| found.len())
        .sum()
}
