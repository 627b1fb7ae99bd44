//! A window on a stream of bytes that grows until it holds the whole of a row or record, up to a limit.

use crate::feed::decode::Stream;
use crate::feed::failure::{FeedError, Refusal};
use std::io::{self, Read};
use std::sync::Arc;

/// Bytes a single record may have.
pub const RECORD: usize = 32 * 1024 * 1024;
const FIRST: usize = 256 * 1024;

/// The bytes of a stream that are at hand, from the record that is being read on.
pub struct Window {
    stream: Stream,
    buffer: Vec<u8>,
    start: usize,
    end: usize,
    ended: bool,
    taken: u64,
    last: Option<u8>,
}

impl Window {
    pub fn new(stream: Stream) -> Window {
        Window {
            stream,
            buffer: vec![0; FIRST],
            start: 0,
            end: 0,
            ended: false,
            taken: 0,
            last: None,
        }
    }

    /// What is at hand.
    pub fn data(&self) -> &[u8] {
        &self.buffer[self.start..self.end]
    }

    /// Nothing follows what is at hand.
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// Byte offset of what is at hand.
    pub fn offset(&self) -> u64 {
        self.taken
    }

    pub fn shown(&self) -> &Arc<str> {
        &self.stream.shown
    }

    /// Whether the last byte taken was a line end.
    pub fn ends_with_newline(&self) -> bool {
        matches!(self.last, Some(b'\n' | b'\r'))
    }

    /// Leaves the first `n` bytes behind.
    pub fn take(&mut self, n: usize) {
        let n = n.min(self.end - self.start);
        if n > 0 {
            self.last = Some(self.buffer[self.start + n - 1]);
            self.start += n;
            self.taken += n as u64;
        }
    }

    /// Reads more, or finds the end. Past 32 MiB in one record the file is refused.
    pub fn more(&mut self) -> Result<(), FeedError> {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            if self.end >= RECORD {
                let message = "a single record is longer than 32 MiB";
                let help = "the file is damaged, or its quotes and brackets do not match";
                return Err(Refusal::new("E-RECORD-SIZE", self.shown(), message, help)
                    .at_offset(self.taken)
                    .into());
            }
            self.buffer.resize((self.buffer.len() * 2).min(RECORD), 0);
        }
        loop {
            match self.stream.read(&mut self.buffer[self.end..]) {
                Ok(0) => self.ended = true,
                Ok(n) => self.end += n,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(FeedError::from_io(&self.stream.shown, &error)),
            }
            return Ok(());
        }
    }
}
