//! The folder of the index as the engine sees it: one that may only be read is read.
//!
//! To open its files, the engine locks the folder against those who would clear them away, and a lock is a file that is written.
//! Where nothing may be written, none of this user's processes clears anything away either, and the lock is left out.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tantivy::directory::error::{DeleteError, LockError, OpenReadError, OpenWriteError};
use tantivy::directory::{
    Directory, DirectoryLock, FileHandle, Lock, META_LOCK, MmapDirectory, WatchCallback, WatchHandle, WritePtr,
};

/// A folder on the disk.
#[derive(Debug, Clone)]
pub struct Folder {
    inner: MmapDirectory,
    path: PathBuf,
}

impl Folder {
    /// Errors where there is none.
    pub fn open(path: &Path) -> tantivy::Result<Folder> {
        Ok(Folder {
            inner: MmapDirectory::open(path)?,
            path: path.to_owned(),
        })
    }
}

/// Whether an error says that nothing may be written there.
pub fn is_unwritable(error: &io::Error) -> bool {
    use io::ErrorKind::{PermissionDenied, ReadOnlyFilesystem};
    matches!(error.kind(), PermissionDenied | ReadOnlyFilesystem)
}

impl Directory for Folder {
    fn get_file_handle(&self, path: &Path) -> Result<Arc<dyn FileHandle>, OpenReadError> {
        self.inner.get_file_handle(path)
    }

    fn delete(&self, path: &Path) -> Result<(), DeleteError> {
        self.inner.delete(path)
    }

    fn exists(&self, path: &Path) -> Result<bool, OpenReadError> {
        self.inner.exists(path)
    }

    fn open_write(&self, path: &Path) -> Result<WritePtr, OpenWriteError> {
        self.inner.open_write(path)
    }

    fn atomic_read(&self, path: &Path) -> Result<Vec<u8>, OpenReadError> {
        self.inner.atomic_read(path)
    }

    fn atomic_write(&self, path: &Path, data: &[u8]) -> io::Result<()> {
        // The engine would make a file that only its owner reads; all others of the index have the usual rights.
        let (new, path) = (self.path.join("estante.new"), self.path.join(path));
        let mut file = File::create(&new)?;
        file.write_all(data)?;
        file.sync_data()?;
        std::fs::rename(&new, &path)
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.inner.sync_directory()
    }

    fn acquire_lock(&self, lock: &Lock) -> Result<DirectoryLock, LockError> {
        match self.inner.acquire_lock(lock) {
            // Only who reads takes this one and nothing else.
            Err(LockError::IoError(error)) if is_unwritable(&error) && lock.filepath == META_LOCK.filepath => {
                Ok(DirectoryLock::from(Box::new(())))
            }
            taken => taken,
        }
    }

    fn watch(&self, callback: WatchCallback) -> tantivy::Result<WatchHandle> {
        self.inner.watch(callback)
    }
}
