//! The inks of a printed picture as its file holds them, since the profile of a press is about inks: what is not turned into
//! light here is left to `colour`. 0 is no ink, 255 is full.

use crate::enrich::images::refusal::Refusal;
use std::io::Cursor;
use tiff::TiffError;
use tiff::decoder::{Decoder, DecodingResult, Limits};
use tiff::tags::{Tag, Type, ValueBuffer};

/// Inks of Adobe's JPEG files, and of all that follow them: they hold what is left white.
pub fn of_cmyk(samples: &mut [u8]) {
    samples.iter_mut().for_each(|sample| *sample = 255 - *sample);
}

/// Y, Cb, Cr and the white left by black, in place to the four inks (ITU-T T.871; the inks of Adobe's files are inverted).
pub fn of_ycck(samples: &mut [u8]) {
    for pixel in samples.chunks_exact_mut(4) {
        let (y, cb, cr) = (
            i32::from(pixel[0]),
            i32::from(pixel[1]) - 128,
            i32::from(pixel[2]) - 128,
        );
        let fixed = |sum: i32| ((sum + 32_768) >> 16).clamp(0, 255) as u8;
        pixel[0] = fixed((y << 16) + 91_881 * cr);
        pixel[1] = fixed((y << 16) - 22_554 * cb - 46_802 * cr);
        pixel[2] = fixed((y << 16) + 116_130 * cb);
        pixel[3] = 255 - pixel[3];
    }
}

/// The colour profile of a TIFF, as its bytes (ICC.1:2022, annex B.4). It may be larger than the picture itself.
pub fn profile_of_tiff(bytes: &[u8], largest: usize) -> Option<Vec<u8>> {
    let mut limits = Limits::default();
    limits.decoding_buffer_size = largest;
    let mut decoder = Decoder::new(Cursor::new(bytes)).ok()?.with_limits(limits);
    let mut value = ValueBuffer::empty(Type::UNDEFINED);
    decoder.image_ifd().find_tag_buf(Tag::IccProfile, &mut value).ok()??;
    Some(value.as_bytes().to_vec())
}

/// Inks of a TIFF in CMYK of 8 or 16 bits, whose size was found to be within limits (TIFF 6.0, section 16). `beside` is what
/// its tables may take in bytes.
pub fn of_tiff(bytes: &[u8], pixels: u64, beside: u64) -> Result<Vec<u8>, Refusal> {
    let failed = |error: TiffError| match error {
        TiffError::LimitsExceeded => Refusal::size("more than the limits allow".to_owned()),
        TiffError::UnsupportedError(error) => Refusal::form("TIFF", &error),
        error => Refusal::damaged(&error.to_string()),
    };
    let most = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    let mut limits = Limits::default();
    limits.decoding_buffer_size = most(pixels.saturating_mul(8));
    limits.intermediate_buffer_size = most(pixels.saturating_mul(8).saturating_add(beside));
    limits.ifd_value_size = most(beside);
    let mut decoder = Decoder::new(Cursor::new(bytes)).map_err(failed)?.with_limits(limits);
    let mut read = DecodingResult::U8(Vec::new());
    let planes = decoder.read_image_to_buffer(&mut read).map_err(failed)?.planes;
    let samples = match read {
        DecodingResult::U8(samples) => samples,
        DecodingResult::U16(samples) => samples
            .iter()
            .map(|sample| ((u32::from(*sample) + 128) / 257) as u8)
            .collect(),
        _ => return Err(Refusal::form("TIFF", &"inks that are no whole numbers")),
    };
    if samples.len() as u64 != pixels.saturating_mul(4) {
        return Err(Refusal::damaged("another number of pixels than declared"));
    }
    if planes <= 1 {
        return Ok(samples);
    }
    // One plane for each ink.
    let plane = samples.len() / 4;
    let pixels = (0..plane).flat_map(|at| [0, 1, 2, 3].map(|ink| samples[ink * plane + at]));
    Ok(pixels.collect())
}
