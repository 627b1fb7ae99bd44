//! A file read back while it is still being written, so that checking it takes no time of its own.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// A thread that reads what is written. Dropped, it reads to what is there and ends.
pub struct Follower<T> {
    shared: Arc<Shared>,
    thread: Option<JoinHandle<T>>,
}

#[derive(Default)]
struct Shared {
    progress: Mutex<Progress>,
    changed: Condvar,
}

#[derive(Clone, Copy, Default)]
struct Progress {
    written: u64,
    ended: bool,
}

/// The file as its reader sees it: its end is only the end once the writer said so.
pub struct Growing {
    file: File,
    read: u64,
    shared: Arc<Shared>,
}

impl<T: Send + 'static> Follower<T> {
    /// Begins to read the file, which must be there; `work` gets its bytes as they come.
    pub fn begin(path: &Path, work: impl FnOnce(Growing) -> T + Send + 'static) -> io::Result<Follower<T>> {
        let shared = Arc::new(Shared::default());
        let growing = Growing {
            file: File::open(path)?,
            read: 0,
            shared: shared.clone(),
        };
        let thread = std::thread::Builder::new().spawn(move || work(growing))?;
        Ok(Follower {
            shared,
            thread: Some(thread),
        })
    }

    /// So many bytes more stand in the file.
    pub fn grown(&self, bytes: u64) {
        self.shared.lock().written += bytes;
        self.shared.changed.notify_all();
    }

    /// Nothing more will be written.
    pub fn end(&self) {
        self.shared.lock().ended = true;
        self.shared.changed.notify_all();
    }

    /// Waits for what the reading came to; `None` where it broke down, or was asked for before.
    pub fn finish(&mut self) -> Option<T> {
        self.end();
        self.thread.take()?.join().ok()
    }
}

impl<T> Drop for Follower<T> {
    fn drop(&mut self) {
        self.shared.lock().ended = true;
        self.shared.changed.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until more than `read` bytes are written, or no more will be.
    fn beyond(&self, read: u64) -> Progress {
        let waiting = |progress: &mut Progress| progress.written <= read && !progress.ended;
        *self
            .changed
            .wait_while(self.lock(), waiting)
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Read for Growing {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let progress = self.shared.beyond(self.read);
        let there = progress.written.saturating_sub(self.read).min(buffer.len() as u64);
        if there == 0 {
            return Ok(0);
        }
        // A file that is shorter than what was written to it ends early, and its reader will say so.
        let count = self.file.read(&mut buffer[..there as usize])?;
        self.read += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn a_file_is_read_as_it_grows() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        let mut file = File::create(&path).unwrap();
        let mut follower = Follower::begin(&path, |mut input| {
            let mut text = String::new();
            input.read_to_string(&mut text).map(|_| text)
        })
        .unwrap();
        for piece in ["one ", "two ", "three"] {
            file.write_all(piece.as_bytes()).unwrap();
            follower.grown(piece.len() as u64);
            std::thread::sleep(std::time::Duration::from_millis(2));
        }
        follower.end();
        assert_eq!(follower.finish().unwrap().unwrap(), "one two three");
        assert!(follower.finish().is_none());
    }

    #[test]
    fn a_file_that_was_cut_is_seen_shorter() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "one").unwrap();
        let mut follower = Follower::begin(&path, |mut input| io::copy(&mut input, &mut io::sink())).unwrap();
        follower.grown(10);
        assert_eq!(follower.finish().unwrap().unwrap(), 3);
    }
}
