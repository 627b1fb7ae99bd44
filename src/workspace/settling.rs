//! A file put on the disk while more of it is written, so that its end does not wait for all of it.

use std::fs::File;
use std::io;
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::JoinHandle;

/// Bytes after which the disk is asked.
const PART: u64 = 64 << 20;

/// A thread that asks the disk to keep what was written so far.
pub struct Settling {
    wake: Option<SyncSender<()>>,
    thread: Option<JoinHandle<io::Result<()>>>,
    /// Bytes since the last time.
    waiting: u64,
}

impl Settling {
    /// Begins to look after a file that is being written.
    pub fn begin(file: &File) -> io::Result<Settling> {
        let file = file.try_clone()?;
        let (wake, woken) = sync_channel(1);
        let thread = std::thread::Builder::new().spawn(move || {
            while woken.recv().is_ok() {
                // Told once, an error is not told again: it must not get lost here.
                file.sync_data()?;
            }
            Ok(())
        })?;
        Ok(Settling {
            wake: Some(wake),
            thread: Some(thread),
            waiting: 0,
        })
    }

    /// So many bytes more were written.
    pub fn grown(&mut self, bytes: u64) {
        self.waiting += bytes;
        if self.waiting >= PART {
            self.waiting = 0;
            // Where it is at it still, it is asked again soon enough.
            if let Some(wake) = &self.wake {
                let _ = wake.try_send(());
            }
        }
    }

    /// Waits for it; what is left is for the writer to put on the disk. Errors where the disk could not keep something.
    pub fn finish(&mut self) -> io::Result<()> {
        self.wake = None;
        let broken = |_| io::Error::other("writing to the disk was broken off");
        match self.thread.take() {
            Some(thread) => thread.join().map_err(broken)?,
            None => Ok(()),
        }
    }
}

impl Drop for Settling {
    fn drop(&mut self) {
        let _ = self.finish();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    #[test]
    fn what_is_written_is_there() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list");
        let mut file = File::create(&path).unwrap();
        let mut settling = Settling::begin(&file).unwrap();
        for _ in 0..5 {
            file.write_all(&[7; 1_000]).unwrap();
            settling.grown(PART / 2);
        }
        settling.finish().unwrap();
        settling.finish().unwrap();
        assert_eq!(std::fs::read(&path).unwrap(), [7; 5_000]);
    }

    /// A pipe cannot be asked.
    #[cfg(unix)]
    #[test]
    fn what_the_disk_says_is_heard() {
        let (_reader, writer) = io::pipe().unwrap();
        let file = File::from(std::os::fd::OwnedFd::from(writer));
        let mut settling = Settling::begin(&file).unwrap();
        settling.grown(PART);
        assert!(settling.finish().is_err());
    }
}
