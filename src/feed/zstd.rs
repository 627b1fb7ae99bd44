//! The content of a zstd file: all its frames, each with its checksum and length checked, counted while they unpack.
//!
//! Format: RFC 8878 (February 2021). What a container may grow to is `archive`'s word.

use crate::feed::archive::{self, SEND_AGAIN};
use crate::feed::failure::Refusal;
use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use std::io::{self, BufRead, BufReader, Read};
use std::sync::Arc;

/// Bytes that a frame may look back: what the largest level of the usual program asks for (`--ultra -22`, `--long`).
pub const WINDOW: u64 = 128 * 1024 * 1024;

/// True where a file begins with a frame, or with one of those that are to be skipped.
pub fn is_zstd(head: &[u8]) -> bool {
    matches!(head, [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..])
}

/// A zstd file, unpacked while it is read.
pub struct Unzstd<R> {
    source: BufReader<Source<R>>,
    decoder: FrameDecoder,
    in_frame: bool,
    /// Bytes that came out of this frame.
    of_frame: u64,
    /// Bytes that came out of all frames.
    out: u64,
    shown: Arc<str>,
}

impl<R: Read> Unzstd<R> {
    pub fn new(file: R, shown: &Arc<str>) -> Unzstd<R> {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WINDOW);
        let source = Source {
            inner: file,
            count: 0,
            ended: false,
            failed: None,
        };
        Unzstd {
            source: BufReader::with_capacity(64 * 1024, source),
            decoder,
            in_frame: false,
            of_frame: 0,
            out: 0,
            shown: shown.clone(),
        }
    }

    /// Goes to the next frame; `false` at the end of the file.
    fn begin(&mut self) -> io::Result<bool> {
        loop {
            if self.source.fill_buf()?.is_empty() {
                return Ok(false);
            }
            match self.decoder.reset(&mut self.source) {
                Ok(()) => {
                    (self.in_frame, self.of_frame) = (true, 0);
                    return Ok(true);
                }
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame { length, .. })) => {
                    let mut skipped = (&mut self.source).take(u64::from(length));
                    if io::copy(&mut skipped, &mut io::sink())? < u64::from(length) {
                        return Err(self.cut());
                    }
                }
                Err(error) => return Err(self.fault(&error)),
            }
        }
    }

    /// Errors where the frame is not what its head and its end say.
    fn end(&mut self) -> io::Result<()> {
        self.in_frame = false;
        let declared = self.decoder.content_size();
        let sum = self.decoder.get_checksum_from_data();
        if declared != 0 && declared != self.of_frame {
            return Err(self.damaged("it holds another number of bytes than it declares"));
        }
        if sum.is_some() && sum != self.decoder.get_calculated_checksum() {
            return Err(self.damaged("its checksum does not match"));
        }
        Ok(())
    }

    fn fault(&mut self, error: &FrameDecoderError) -> io::Error {
        let source = self.source.get_mut();
        match (source.failed.take(), error) {
            (Some(failed), _) => failed,
            (None, FrameDecoderError::WindowSizeTooBig { requested, .. }) => {
                let message = format!("the zstd file asks for {requested} bytes of memory, the limit is {WINDOW}");
                let help = "ask for a file packed without `--long`, or unpack it by hand if you trust it";
                Refusal::new("E-ARCHIVE-RATIO", &self.shown, message, help).into()
            }
            (None, _) if source.ended => self.cut(),
            (None, error) => self.damaged(&format!("or something else follows it: {error}")),
        }
    }

    fn cut(&self) -> io::Error {
        let message = "the zstd file is cut off: its end is missing";
        let refusal = Refusal::new("E-FILE-TRUNCATED", &self.shown, message, SEND_AGAIN);
        refusal.at_offset(self.out).into()
    }

    fn damaged(&self, why: &str) -> io::Error {
        let message = format!("the zstd file is damaged, {why}");
        let refusal = Refusal::new("E-ZSTD-DAMAGED", &self.shown, message, SEND_AGAIN);
        refusal.at_offset(self.out).into()
    }
}

impl<R: Read> Read for Unzstd<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if out.is_empty() {
            return Ok(0);
        }
        loop {
            if !self.in_frame && !self.begin()? {
                return Ok(0);
            }
            // What the window holds back comes with the end of the frame.
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let decoded = self
                    .decoder
                    .decode_blocks(&mut self.source, BlockDecodingStrategy::UptoBlocks(1));
                if let Err(error) = decoded {
                    return Err(self.fault(&error));
                }
            }
            let n = self.decoder.read(out)?;
            if n == 0 {
                self.end()?;
                continue;
            }
            self.of_frame += n as u64;
            self.out += n as u64;
            if archive::has_outgrown(self.out, self.source.get_ref().count) {
                return Err(archive::bomb(&self.shown, &self.shown).into());
            }
            return Ok(n);
        }
    }
}

/// The file, with what the decoder's own errors do not say: how much was read, and whether it ended or failed.
struct Source<R> {
    inner: R,
    count: u64,
    ended: bool,
    failed: Option<io::Error>,
}

impl<R: Read> Read for Source<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self.inner.read(out) {
            Ok(n) => {
                self.count += n as u64;
                self.ended |= n == 0 && !out.is_empty();
                Ok(n)
            }
            Err(error) => {
                let kind = error.kind();
                if kind != io::ErrorKind::Interrupted {
                    self.failed = Some(error);
                }
                Err(kind.into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};

    fn unpacked(bytes: &[u8]) -> Result<Vec<u8>, String> {
        let mut out = Vec::new();
        let mut reader = Unzstd::new(bytes, &Arc::from("feed.zst"));
        match reader.read_to_end(&mut out) {
            Ok(_) => Ok(out),
            Err(error) => Err(
                match error.get_ref().and_then(|inner| inner.downcast_ref::<Refusal>()) {
                    Some(refusal) => refusal.code.to_owned(),
                    None => error.to_string(),
                },
            ),
        }
    }

    fn text() -> Vec<u8> {
        (0..5_000)
            .flat_map(|n| format!("SKU-{n};Taladro {};12,50\n", n % 7).into_bytes())
            .collect()
    }

    fn packed(text: &[u8]) -> Vec<u8> {
        compress_to_vec(text, CompressionLevel::Fastest)
    }

    /// A frame of blocks that each repeat one byte, as RFC 8878, 3.1.1 has it; `window` is its descriptor.
    fn frame_of_repeats(window: u8, blocks: u32) -> Vec<u8> {
        let mut frame = vec![0x28, 0xb5, 0x2f, 0xfd, 0, window];
        for n in 1..=blocks {
            let head = u32::from(n == blocks) | 1 << 1 | (128 * 1024) << 3;
            frame.extend(&head.to_le_bytes()[..3]);
            frame.push(b'a');
        }
        frame
    }

    #[test]
    fn all_frames_are_read_and_others_skipped() {
        let (text, packed) = (text(), packed(&text()));
        assert_eq!(unpacked(&packed).as_deref(), Ok(&*text));
        let skipped = [0x5a, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3];
        let several = [&skipped[..], &packed, &skipped, &packed].concat();
        assert!(is_zstd(&several) && is_zstd(&packed) && !is_zstd(b"sku;name"));
        assert_eq!(unpacked(&several), Ok([&text[..], &text].concat()));
    }

    #[test]
    fn a_cut_file_is_known_wherever_it_is_cut() {
        let packed = packed(&text());
        for end in (1..packed.len()).step_by(97).chain(packed.len() - 5..packed.len()) {
            assert_eq!(unpacked(&packed[..end]), Err("E-FILE-TRUNCATED".to_owned()), "{end}");
        }
        assert_eq!(
            unpacked(&[0x5a, 0x2a, 0x4d, 0x18, 9, 0, 0, 0, 1]),
            Err("E-FILE-TRUNCATED".to_owned())
        );
    }

    #[test]
    fn a_damaged_file_never_reads_as_another() {
        let (text, packed) = (text(), packed(&text()));
        for at in (4..packed.len()).step_by(31) {
            let mut other = packed.clone();
            other[at] ^= 0x24;
            let read = unpacked(&other);
            assert!(read.as_ref().is_err() || read.as_ref() == Ok(&text), "{at}");
        }
        let garbage = [&packed[..], b"<html>"].concat();
        assert_eq!(unpacked(&garbage), Err("E-ZSTD-DAMAGED".to_owned()));
    }

    #[test]
    fn a_bomb_is_stopped() {
        let bomb = frame_of_repeats(0x50, 2_048);
        assert!(bomb.len() < 10_000);
        assert_eq!(unpacked(&bomb), Err("E-ARCHIVE-RATIO".to_owned()));
        // 128 MiB may be looked back, and not more.
        assert_eq!(
            unpacked(&frame_of_repeats(17 << 3, 10)).map(|out| out.len()),
            Ok(10 * 128 * 1024)
        );
        assert_eq!(
            unpacked(&frame_of_repeats(18 << 3, 10)),
            Err("E-ARCHIVE-RATIO".to_owned())
        );
    }
}
