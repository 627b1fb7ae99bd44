//! The texts that the cells of a workbook share: the first ones in memory, the rest in a passing file, so that a workbook of any size
//! takes the same memory.
//!
//! A sheet mostly asks for texts in the order in which they stand, and again and again for a few: a small window over each place asked
//! for answers nearly all of it.

use std::fs::File;
use std::io::{self, BufWriter, Read, Seek, SeekFrom, Write};
use std::sync::Mutex;

/// Bytes of texts that stay in memory.
const IN_MEMORY: usize = 32 << 20;
/// Bytes that are read from the file at a time.
const WINDOW: u64 = 16 << 10;
/// Windows that are remembered.
const WINDOWS: u64 = 512;
/// Bytes of all texts, and eight times their number.
pub const MOST: u64 = 1 << 30;

/// Texts being gathered, in their order.
#[derive(Debug, Default)]
pub struct Gathering {
    text: String,
    /// Where each ends, counted over all.
    ends: Vec<u32>,
    length: u64,
    rest: Option<BufWriter<File>>,
}

impl Gathering {
    /// Adds the next text. Errors where the passing file cannot be written.
    pub fn push(&mut self, text: &str) -> io::Result<()> {
        self.length += text.len() as u64;
        match &mut self.rest {
            Some(rest) => rest.write_all(text.as_bytes())?,
            None if self.text.len() + text.len() > IN_MEMORY => {
                let mut rest = BufWriter::with_capacity(1 << 18, tempfile::tempfile()?);
                rest.write_all(text.as_bytes())?;
                self.rest = Some(rest);
            }
            None => self.text.push_str(text),
        }
        // Bounded by `MOST`, which whoever gathers looks at.
        self.ends.push(u32::try_from(self.length).unwrap_or(u32::MAX));
        Ok(())
    }

    /// There are more texts, or longer ones, than a workbook may have.
    pub fn is_full(&self) -> bool {
        self.length > MOST || self.ends.len() as u64 > MOST / 8
    }

    /// All texts, to be asked for.
    pub fn finish(mut self) -> io::Result<SharedTexts> {
        self.text.shrink_to_fit();
        self.ends.shrink_to_fit();
        let rest = match self.rest {
            Some(rest) => Some(Mutex::new(rest.into_inner().map_err(io::IntoInnerError::into_error)?)),
            None => None,
        };
        Ok(SharedTexts {
            text: self.text,
            ends: self.ends,
            rest,
        })
    }
}

/// All shared texts of a workbook.
#[derive(Debug, Default)]
pub struct SharedTexts {
    text: String,
    ends: Vec<u32>,
    rest: Option<Mutex<File>>,
}

/// What one sheet has looked at last.
#[derive(Debug, Default)]
pub struct Windows {
    /// By place: the number of the window, counted from 1, and its bytes.
    kept: Vec<(u64, Vec<u8>)>,
    /// A text that no window holds whole.
    long: Vec<u8>,
}

impl SharedTexts {
    /// The text of a number; none where there is no such text, or its file does not read.
    pub fn get<'t>(&'t self, n: usize, windows: &'t mut Windows) -> Option<&'t str> {
        let end = *self.ends.get(n)? as usize;
        let start = n.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        if end <= self.text.len() {
            return self.text.get(start..end);
        }
        let rest = self.rest.as_ref()?;
        let from = start.checked_sub(self.text.len())? as u64;
        let bytes = windows.read(rest, from, end - start).ok()?;
        std::str::from_utf8(bytes).ok()
    }
}

impl Windows {
    fn read(&mut self, file: &Mutex<File>, from: u64, length: usize) -> io::Result<&[u8]> {
        let window = from / WINDOW;
        let inside = (from % WINDOW) as usize;
        if inside + length > WINDOW as usize {
            self.long.clear();
            read_at(file, from, length as u64, &mut self.long)?;
            return self
                .long
                .get(..length)
                .ok_or_else(|| io::ErrorKind::UnexpectedEof.into());
        }
        if self.kept.is_empty() {
            self.kept.resize_with(WINDOWS as usize, Default::default);
        }
        let (number, bytes) = &mut self.kept[(window % WINDOWS) as usize];
        if *number != window + 1 {
            *number = 0;
            bytes.clear();
            read_at(file, window * WINDOW, WINDOW, bytes)?;
            *number = window + 1;
        }
        bytes
            .get(inside..inside + length)
            .ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
    }
}

fn read_at(file: &Mutex<File>, from: u64, length: u64, out: &mut Vec<u8>) -> io::Result<()> {
    // A thread that died with the lock has left no half-read state behind: each reading begins with its place.
    let mut file = file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    file.seek(SeekFrom::Start(from))?;
    (&mut *file).take(length).read_to_end(out)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_beyond_what_memory_holds_come_back() {
        let text = |n: usize| format!("{n} {}", "é".repeat(n * 7919 % 20_000));
        let mut gathering = Gathering::default();
        let mut count = 0;
        while gathering.length < (IN_MEMORY as u64) * 2 {
            gathering.push(&text(count)).expect("it is written");
            count += 1;
        }
        gathering.push("").expect("it is written");
        let texts = gathering.finish().expect("it is written");
        assert!(texts.rest.is_some() && texts.text.len() <= IN_MEMORY);
        let mut windows = Windows::default();
        // In order, and in no order.
        for n in (0..count).chain((0..count).map(|n| n * 7_901 % count)) {
            assert_eq!(texts.get(n, &mut windows), Some(&*text(n)), "text {n}");
        }
        assert_eq!(texts.get(count, &mut windows), Some(""));
        assert_eq!(texts.get(count + 1, &mut windows), None);
    }
}
