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
    /// Blocks with bytes, and one without at the end.
    blocks: Receiver<io::Result<Vec<u8>>>,
    block: Vec<u8>,
    taken: usize,
    ended: bool,
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
                if ended {
                    let _ = sender.send(read.map(|_| Vec::new()));
                    return;
                }
            }
        };
        std::thread::Builder::new().spawn(fill)?;
        Ok(Ahead {
            blocks,
            block: Vec::new(),
            taken: 0,
            ended: false,
        })
    }
}

impl Read for Ahead {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.taken == self.block.len() && !self.ended {
            self.taken = 0;
            self.block.clear();
            // A thread that ends without a word has not come to the end.
            let block = self.blocks.recv();
            self.block = block.map_err(|_| io::Error::other("unpacking was broken off"))??;
            self.ended = self.block.is_empty();
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

    /// Never ends; tells when it is let go of.
    struct Endless(#[expect(dead_code, reason = "its end is what is heard")] std::sync::mpsc::Sender<()>);

    impl Read for Endless {
        fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
            out.fill(7);
            Ok(out.len())
        }
    }

    #[test]
    fn who_stops_reading_stops_the_thread() {
        let (alive, ended) = std::sync::mpsc::channel();
        let mut first = [0; 10];
        let mut ahead = Ahead::of(Box::new(Endless(alive))).unwrap();
        ahead.read_exact(&mut first).unwrap();
        assert_eq!(first, [7; 10]);
        drop(ahead);
        let told = ended.recv_timeout(std::time::Duration::from_secs(60));
        assert_eq!(told, Err(std::sync::mpsc::RecvTimeoutError::Disconnected));
    }

    /// Fails as no reader should.
    struct Lost;

    impl Read for Lost {
        fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
            std::panic::resume_unwind(Box::new("lost"))
        }
    }

    #[test]
    fn a_thread_that_is_lost_is_no_end() {
        let mut ahead = Ahead::of(Box::new(Lost)).unwrap();
        let error = ahead.read_to_end(&mut Vec::new()).unwrap_err();
        assert_eq!(error.to_string(), "unpacking was broken off");
    }
}
