//! Bytes to samples, with limits checked before memory is spent. Colours and orientation are settled later, on smaller copies.

use crate::enrich::images::colour::{LARGEST, Layout, Profile};
use crate::enrich::images::half::{Half, Level};
use crate::enrich::images::inks;
use crate::enrich::images::kind::{Kind, sniff};
use crate::enrich::images::refusal::Refusal;
use crate::enrich::images::settings::LimitSettings;
use image::metadata::Orientation;
use image::{ColorType, DynamicImage, ExtendedColorType, ImageDecoder, ImageFormat, ImageReader};
use std::cell::OnceCell;
use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};
use zune_core::bytestream::ZCursor;
use zune_core::colorspace::ColorSpace;
use zune_core::options::DecoderOptions;

/// Bytes that a decoder may take beside the picture itself: text chunks, colour profiles, tables.
const BESIDE: u64 = 16 << 20;

/// A picture as its file holds it: not turned, in its own colours.
#[derive(Debug)]
pub struct Decoded {
    pub kind: Kind,
    /// In pixels, before it is turned.
    pub width: u32,
    pub height: u32,
    pub layout: Layout,
    /// Row by row, without padding.
    pub samples: Vec<u8>,
    pub profile: Option<Profile>,
    /// How it is to be turned to stand upright.
    pub orientation: Orientation,
    /// True where there are further frames; the first one is read.
    pub animated: bool,
    /// The picture at half its size, once somebody wanted it.
    pub half: OnceCell<Box<Half>>,
}

impl Decoded {
    /// Width and height once it stands upright.
    pub fn upright(&self) -> (u32, u32) {
        match self.is_lying() {
            true => (self.height, self.width),
            false => (self.width, self.height),
        }
    }

    /// The picture, or the smallest of its halves that has at least `spare` times as many pixels as are wanted on each side.
    pub fn level(&self, width: u32, height: u32, spare: f64) -> Level<'_> {
        let mut level = Level::whole(self.width, self.height, &self.samples, &self.half);
        // The mean of colours that are more or less there is no mean.
        let divisible = self.layout != Layout::Rgba;
        let enough = |sides: f64, wanted: u32| sides / 2.0 >= f64::from(wanted) * spare;
        while divisible && enough(level.wide, width) && enough(level.high, height) {
            level = level.half(self.layout.channels());
        }
        level
    }

    /// True where turning it exchanges width and height.
    pub fn is_lying(&self) -> bool {
        use Orientation::{Rotate90, Rotate90FlipH, Rotate270, Rotate270FlipH};
        matches!(self.orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH)
    }
}

/// Decodes a picture within limits. A decoder that panics has met a damaged file.
pub fn decode(bytes: &[u8], limits: &LimitSettings) -> Result<Decoded, Refusal> {
    if bytes.len() as u64 > limits.max_bytes {
        return Err(Refusal::size(format!(
            "a file of {} bytes, the limit is {}",
            bytes.len(),
            limits.max_bytes
        )));
    }
    let kind = sniff(bytes)?;
    let work = || match kind {
        Kind::Jpeg => jpeg(bytes, limits),
        _ => other(bytes, kind, limits),
    };
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(Refusal::damaged("its decoder gave up")))
}

/// Refuses a picture for the width and height its header says.
fn check_size(width: u64, height: u64, limits: &LimitSettings) -> Result<(), Refusal> {
    if width == 0 || height == 0 {
        return Err(Refusal::damaged("a side of no pixels"));
    }
    let most = u64::from(limits.max_megapixels) * 1_000_000;
    let side = u64::from(limits.max_side);
    if width > side || height > side || width.saturating_mul(height) > most {
        return Err(Refusal::size(format!(
            "a picture of {width} x {height} pixels, the limits are {side} a side and {} million in all",
            limits.max_megapixels
        )));
    }
    Ok(())
}

/// JPEG by its own decoder: the only way to the inks of a CMYK picture.
fn jpeg(bytes: &[u8], limits: &LimitSettings) -> Result<Decoded, Refusal> {
    let damaged = |error: zune_jpeg::errors::DecodeErrors| Refusal::damaged(&format!("{error:?}"));
    let options = DecoderOptions::default()
        .set_strict_mode(false)
        .set_max_width(usize::MAX)
        .set_max_height(usize::MAX);
    let mut decoder = zune_jpeg::JpegDecoder::new_with_options(ZCursor::new(bytes), options);
    decoder.decode_headers().map_err(damaged)?;
    let Some((width, height)) = decoder.dimensions() else {
        return Err(Refusal::damaged("it has no size"));
    };
    check_size(width as u64, height as u64, limits)?;
    if !is_whole(bytes) {
        return Err(Refusal::damaged("the end of the picture is missing"));
    }
    let from = decoder
        .input_colorspace()
        .ok_or_else(|| Refusal::damaged("it has no colours"))?;
    let to = match from {
        ColorSpace::Luma | ColorSpace::CMYK | ColorSpace::YCCK | ColorSpace::RGB => from,
        _ => ColorSpace::RGB,
    };
    decoder.set_options(options.jpeg_set_out_colorspace(to));
    let size = decoder
        .output_buffer_size()
        .ok_or_else(|| Refusal::damaged("it has no size"))?;
    let mut samples = vec![0; size];
    decoder.decode_into(&mut samples).map_err(damaged)?;
    let layout = match to {
        ColorSpace::Luma => Layout::Gray,
        ColorSpace::CMYK => {
            inks::of_cmyk(&mut samples);
            Layout::Cmyk
        }
        ColorSpace::YCCK => {
            inks::of_ycck(&mut samples);
            Layout::Cmyk
        }
        _ => Layout::Rgb,
    };
    if samples.len() != width * height * layout.channels() {
        return Err(Refusal::damaged("another number of pixels than declared"));
    }
    let orientation = decoder.exif().and_then(|exif| Orientation::from_exif_chunk(exif));
    Ok(Decoded {
        kind: Kind::Jpeg,
        width: width as u32,
        height: height as u32,
        layout,
        samples,
        profile: decoder
            .icc_profile()
            .and_then(|profile| Profile::read(&profile, layout)),
        orientation: orientation.unwrap_or(Orientation::NoTransforms),
        animated: false,
        half: OnceCell::new(),
    })
}

/// True where an end marker follows the beginning of the picture's data. Decoders fill what is missing with grey.
fn is_whole(bytes: &[u8]) -> bool {
    let mut at = 2;
    let data = loop {
        match bytes.get(at..at + 4) {
            Some([0xff, 0xda, ..]) => break at,
            Some([0xff, 0xff, ..]) => at += 1,
            Some([0xff, 0x01 | 0xd0..=0xd9, ..]) => at += 2,
            Some([0xff, _, high, low]) => at += 2 + usize::from(u16::from_be_bytes([*high, *low])),
            // Not the usual order of segments: the decoder has the last word.
            _ => return true,
        }
    };
    memchr::memmem::rfind(&bytes[data..], b"\xff\xd9").is_some()
}

/// All other kinds.
fn other(bytes: &[u8], kind: Kind, limits: &LimitSettings) -> Result<Decoded, Refusal> {
    let format = match kind {
        Kind::Png => ImageFormat::Png,
        Kind::Gif => ImageFormat::Gif,
        Kind::Webp => ImageFormat::WebP,
        Kind::Tiff => ImageFormat::Tiff,
        Kind::Bmp | Kind::Jpeg => ImageFormat::Bmp,
    };
    let failed = |error: image::ImageError| match error {
        image::ImageError::Limits(error) => Refusal::size(format!("more than the limits allow: {error}")),
        image::ImageError::Unsupported(error) => Refusal::form(kind.name(), &error),
        error => Refusal::damaged(&error.to_string()),
    };
    // What a file's header and its texts may take does not depend on what the header promises.
    let mut most = image::Limits::no_limits();
    most.max_alloc = Some(BESIDE);
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    reader.limits(most.clone());
    let mut decoder = match reader.into_decoder() {
        Ok(decoder) => decoder,
        Err(error) => return Err(too_large(bytes, kind, limits).unwrap_or_else(|| failed(error))),
    };
    let (width, height) = decoder.dimensions();
    check_size(u64::from(width), u64::from(height), limits)?;
    let pixels = u64::from(width) * u64::from(height);
    most.max_alloc = Some(BESIDE + pixels * 16);
    decoder.set_limits(most).map_err(failed)?;
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let icc = match kind {
        Kind::Tiff => inks::profile_of_tiff(bytes, LARGEST),
        _ => decoder.icc_profile().ok().flatten(),
    };
    let printed = matches!(
        decoder.original_color_type(),
        ExtendedColorType::Cmyk8 | ExtendedColorType::Cmyk16
    );
    let (layout, samples) = if printed && kind == Kind::Tiff {
        (Layout::Cmyk, inks::of_tiff(bytes, pixels, BESIDE)?)
    } else {
        let picture = DynamicImage::from_decoder(decoder).map_err(failed)?;
        match picture.color() {
            ColorType::L8 | ColorType::L16 => (Layout::Gray, picture.into_luma8().into_raw()),
            ColorType::Rgb8 | ColorType::Rgb16 | ColorType::Rgb32F => (Layout::Rgb, picture.into_rgb8().into_raw()),
            _ => (Layout::Rgba, picture.into_rgba8().into_raw()),
        }
    };
    if samples.len() as u64 != pixels * layout.channels() as u64 {
        return Err(Refusal::damaged("another number of pixels than declared"));
    }
    Ok(Decoded {
        kind,
        width,
        height,
        layout,
        samples,
        profile: icc.and_then(|profile| Profile::read(&profile, layout)),
        orientation,
        animated: is_animated(bytes, kind),
        half: OnceCell::new(),
    })
}

/// Where a header cannot be read for its size alone, its own words are the better reason.
fn too_large(bytes: &[u8], kind: Kind, limits: &LimitSettings) -> Option<Refusal> {
    let number = |at: usize| -> Option<u64> {
        let four: [u8; 4] = bytes.get(at..at + 4)?.try_into().ok()?;
        Some(u64::from(u32::from_be_bytes(four)))
    };
    match kind {
        Kind::Png => check_size(number(16)?, number(20)?, limits).err(),
        _ => None,
    }
}

fn is_animated(bytes: &[u8], kind: Kind) -> bool {
    match kind {
        Kind::Png => image::codecs::png::PngDecoder::new(Cursor::new(bytes))
            .and_then(|decoder| decoder.is_apng())
            .unwrap_or(false),
        Kind::Webp => {
            image::codecs::webp::WebPDecoder::new(Cursor::new(bytes)).is_ok_and(|decoder| decoder.has_animation())
        }
        // The second frame is asked for, no further one.
        Kind::Gif => memchr::memmem::find_iter(bytes, b"\x21\xf9\x04").nth(1).is_some(),
        _ => false,
    }
}
