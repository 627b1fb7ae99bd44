//! Unpacking on a thread of its own, a few blocks ahead of whoever reads: parsing takes one core, and need not wait.
//!
//! What is read is the same, errors too, each at its place. Limits are those of the reader behind it.

use std::io::{self, Read};
use std::sync::mpsc::{Receiver, sync_channel};

/// Bytes of a block.
const BLOCK: usize = 64 * 1024;
/// Blocks that wait at most.
const AHEAD: usize = 4;

/// A reader that another thread fills.
pub struct Ahead {
    blocks: Receiver<io::Result<Vec<u8>>>,
    block: Vec<u8>,
    taken: usize,
}

impl Ahead {
    /// Begins to read. The thread ends with the content, at the first error, or when nobody reads any more.
    pub fn of(mut reader: Box<dyn Read + Send>) -> io::Result<Ahead> {
        let (sender, blocks) = sync_channel(AHEAD);
        let fill = move || {
            loop {
                let mut block = Vec::with_capacity(BLOCK);
                let read = (&mut reader).take(BLOCK as u64).read_to_end(&mut block);
                let ended = read.as_ref().map_or(true, |n| *n < BLOCK);
                // What came before an error is whole.
                if !block.is_empty() && sender.send(Ok(block)).is_err() {
                    return;
                }
                if let Err(error) = read {
                    let _ = sender.send(Err(error));
                }
                if ended {
                    return;
                }
            }
        };
        std::thread::Builder::new().spawn(fill)?;
        Ok(Ahead {
            blocks,
            block: Vec::new(),
            taken: 0,
        })
    }
}

impl Read for Ahead {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.block.len() {
            self.taken = 0;
            self.block.clear();
            match self.blocks.recv() {
                Ok(block) => self.block = block?,
                // The other thread has ended.
                Err(_) => return Ok(0),
            }
        }
        let n = out.len().min(self.block.len() - self.taken);
        out[..n].copy_from_slice(&self.block[self.taken..self.taken + n]);
        self.taken += n;
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ends with an error after its bytes.
    struct Broken(io::Cursor<Vec<u8>>);

    impl Read for Broken {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            match self.0.read(out)? {
                0 => Err(io::Error::other("the line broke")),
                n => Ok(n),
            }
        }
    }

    #[test]
    fn the_same_is_read_and_errors_stay_where_they_are() {
        for length in [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 5 * BLOCK + 7] {
            let content: Vec<u8> = (0..length).map(|n| (n % 251) as u8).collect();
            let mut read = Vec::new();
            let ahead = Ahead::of(Box::new(io::Cursor::new(content.clone())));
            assert_eq!(ahead.unwrap().read_to_end(&mut read).unwrap(), length);
            assert!(read == content);
            let mut read = Vec::new();
            let ahead = Ahead::of(Box::new(Broken(io::Cursor::new(content.clone()))));
            let error = ahead.unwrap().read_to_end(&mut read).unwrap_err();
            assert_eq!((error.to_string().as_str(), read == content), ("the line broke", true));
        }
    }

    #[test]
    fn who_stops_reading_stops_the_thread() {
        let mut first = [0; 10];
        let mut ahead = Ahead::of(Box::new(io::repeat(7))).unwrap();
        ahead.read_exact(&mut first).unwrap();
        assert_eq!(first, [7; 10]);
    }
}
