//! A buffer for the XML parser that bounds every token before memory is spent on it, and keeps the bytes that were read.

use crate::feed::decode::Stream;
use crate::feed::failure::Refusal;
use crate::feed::window::RECORD;
use std::io::{self, BufRead, Read};

/// Bytes a tag, a text or a comment may have.
pub const TOKEN: usize = 1024 * 1024;

/// A stream whose reader says where a token begins.
pub struct Metered {
    stream: Stream,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    token: usize,
    /// Bytes read since [`Metered::forget`].
    pub kept: Vec<u8>,
    /// Line of what comes next, counted from 1.
    pub line: u64,
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
            kept: Vec::new(),
            line: 1,
            offset: 0,
            ended: false,
        }
    }

    /// A new token begins.
    pub fn token(&mut self) {
        self.token = 0;
    }

    /// Drops the bytes kept.
    pub fn forget(&mut self) {
        self.kept.clear();
    }

    fn refuse(&self, code: &'static str, message: String, help: &str) -> io::Error {
        Refusal::new(code, &self.stream.shown, message, help)
            .at_line(self.line)
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
        if self.kept.len() > RECORD {
            let help = "the file is damaged, or `record` under [file] names an element that holds the products";
            return Err(self.refuse(
                "E-RECORD-SIZE",
                "a single record is longer than 32 MiB".to_string(),
                help,
            ));
        }
        if self.start == self.end {
            self.start = 0;
            self.end = self.stream.read(&mut self.buffer)?;
            self.ended = self.end == 0;
        }
        Ok(&self.buffer[self.start..self.end])
    }

    fn consume(&mut self, n: usize) {
        let n = n.min(self.end - self.start);
        let bytes = &self.buffer[self.start..self.start + n];
        self.kept.extend_from_slice(bytes);
        self.line += memchr::memchr_iter(b'\n', bytes).count() as u64;
        self.start += n;
        self.token += n;
        self.offset += n as u64;
    }
}
