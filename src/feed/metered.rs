//! A buffer for the XML parser that bounds every token before memory is spent on it, and keeps the bytes that were read.

use crate::feed::decode::Stream;
use crate::feed::failure::Refusal;
use crate::feed::window::RECORD;
use std::cell::Cell;
use std::io::{self, BufRead, Read};

/// Bytes a tag, a text or a comment may have.
pub const TOKEN: usize = 1024 * 1024;

/// A stream whose reader says where a token begins. Tokens are short and many, so that what only few ask for, the line and the bytes
/// that were read, is worked out when they do.
pub struct Metered {
    stream: Stream,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    token: usize,
    /// Bytes read since [`Metered::forget`] that are in the buffer no more.
    spilled: Vec<u8>,
    /// Where the others begin.
    keep: usize,
    /// A place in the buffer and its line.
    counted: Cell<(usize, u64)>,
    /// Where the token began, unless its beginning is in the buffer no more.
    mark: Option<usize>,
    /// The line of a token whose beginning is in the buffer no more.
    marked: u64,
    /// Bytes read so far.
    pub offset: u64,
    /// The stream has ended.
    pub ended: bool,
}

impl Metered {
    pub fn new(stream: Stream) -> Metered {
        let buffer = vec![0; 64 * 1024].into_boxed_slice();
        Metered {
            stream,
            buffer,
            start: 0,
            end: 0,
            token: 0,
            spilled: Vec::new(),
            keep: 0,
            counted: Cell::new((0, 1)),
            mark: Some(0),
            marked: 1,
            offset: 0,
            ended: false,
        }
    }

    /// A new token begins.
    pub fn token(&mut self) {
        self.token = 0;
        self.mark = Some(self.start);
    }

    /// Drops the bytes kept.
    pub fn forget(&mut self) {
        self.spilled.clear();
        self.keep = self.start;
    }

    /// Bytes read since [`Metered::forget`].
    pub fn kept(&mut self) -> &[u8] {
        if self.spilled.is_empty() {
            return &self.buffer[self.keep..self.start];
        }
        self.spill();
        &self.spilled
    }

    /// Line of what comes next, counted from 1.
    pub fn line(&self) -> u64 {
        self.line_at(self.start)
    }

    /// Line where the token begins.
    pub fn token_line(&self) -> u64 {
        self.mark.map_or(self.marked, |mark| self.line_at(mark))
    }

    fn line_at(&self, place: usize) -> u64 {
        let (counted, line) = self.counted.get();
        let lines = |from: usize, to: usize| memchr::memchr_iter(b'\n', &self.buffer[from..to]).count() as u64;
        match place < counted {
            // Asked for a place before the last one: rare, and never far.
            true => line - lines(place, counted),
            false => {
                let line = line + lines(counted, place);
                self.counted.set((place, line));
                line
            }
        }
    }

    fn spill(&mut self) {
        self.spilled.extend_from_slice(&self.buffer[self.keep..self.start]);
        self.keep = self.start;
    }

    fn refuse(&self, code: &'static str, message: String, help: &str) -> io::Error {
        Refusal::new(code, &self.stream.shown, message, help)
            .at_line(self.line())
            .at_offset(self.offset)
            .into()
    }
}

impl Read for Metered {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.fill_buf()?.read(out)?;
        self.consume(n);
        Ok(n)
    }
}

impl BufRead for Metered {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.token > TOKEN {
            let message = format!("a tag or text is longer than {TOKEN} bytes");
            return Err(self.refuse(
                "E-XML-TOKEN",
                message,
                "shorten the text; pictures belong in files of their own",
            ));
        }
        if self.spilled.len() + (self.start - self.keep) > RECORD {
            let help = "the file is damaged, or `record` under [file] names an element that holds the products";
            return Err(self.refuse(
                "E-RECORD-SIZE",
                "a single record is longer than 32 MiB".to_string(),
                help,
            ));
        }
        if self.start == self.end {
            self.marked = self.token_line();
            self.mark = None;
            self.counted.set((0, self.line()));
            self.spill();
            self.keep = 0;
            self.start = 0;
            self.end = 0;
            self.end = self.stream.read(&mut self.buffer)?;
            self.ended = self.end == 0;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn consume(&mut self, n: usize) {
        let n = n.min(self.end - self.start);
        self.start += n;
        self.token += n;
        self.offset += n as u64;
    }
}
