//! Smaller copies: scaled in the file's own samples, then coloured, then turned upright, so that the costly steps meet few pixels.
//! Much smaller ones are scaled from halves, which all copies of a picture share.

use crate::enrich::images::colour::{Layout, Raster, to_srgb};
use crate::enrich::images::decode::Decoded;
use crate::enrich::images::half::Level;
use crate::enrich::images::refusal::Refusal;
use fast_image_resize::images::{TypedImage, TypedImageRef};
use fast_image_resize::pixels::{InnerPixel, U8, U8x3, U8x4};
use fast_image_resize::{FilterType, PixelTrait, ResizeAlg, ResizeOptions, Resizer};
use image::metadata::Orientation;
use std::borrow::Cow;

/// How many times as many pixels as are wanted, on each side, a half must have to be scaled by Lanczos' filter in the whole's
/// place: nearer by, the mean of four pixels would be seen as softness.
const SPARE: f64 = 1.2;

/// How pixels are weighed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filter {
    /// For people to look at.
    Lanczos,
    /// For measuring: each pixel counts once.
    Mean,
}

/// The size that fits into a square of `side` pixels, never larger than it is, at least one pixel.
pub fn inside(width: u32, height: u32, side: u32) -> (u32, u32) {
    let longest = width.max(height).max(1);
    if longest <= side {
        return (width.max(1), height.max(1));
    }
    let scaled = |length: u32| {
        let rounded = (u64::from(length) * u64::from(side) + u64::from(longest) / 2) / u64::from(longest);
        (rounded as u32).clamp(1, side.max(1))
    };
    (scaled(width), scaled(height))
}

/// A copy in sRGB, upright, of this upright size. With `crop`, what does not fit the shape is cut off evenly.
pub fn copy(picture: &Decoded, size: (u32, u32), crop: bool, filter: Filter) -> Result<Raster, Refusal> {
    let (width, height) = match picture.is_lying() {
        true => (size.1, size.0),
        false => size,
    };
    let samples = scaled(picture, width, height, crop, filter)?;
    let raster = to_srgb(
        samples.into_owned(),
        width,
        height,
        picture.layout,
        picture.profile.as_ref(),
    )?;
    Ok(turned(raster, picture.orientation))
}

fn scaled(picture: &Decoded, width: u32, height: u32, crop: bool, filter: Filter) -> Result<Cow<'_, [u8]>, Refusal> {
    if (width, height) == (picture.width, picture.height) {
        return Ok(Cow::Borrowed(&picture.samples));
    }
    let (weigh, spare) = match filter {
        Filter::Lanczos => (FilterType::Lanczos3, SPARE),
        Filter::Mean => (FilterType::Box, 1.0),
    };
    let level = picture.level(width, height, spare);
    let (mut left, mut top, mut wide, mut high) = (0.0, 0.0, level.wide, level.high);
    if crop {
        // A hair less, so that no rounding leads out of the picture.
        let scale = (wide / f64::from(width)).min(high / f64::from(height)) * (1.0 - 1e-9);
        (wide, high) = (f64::from(width) * scale, f64::from(height) * scale);
        (left, top) = ((level.wide - wide) / 2.0, (level.high - high) / 2.0);
    }
    let options = ResizeOptions::new()
        .resize_alg(ResizeAlg::Convolution(weigh))
        .use_alpha(picture.layout == Layout::Rgba)
        .crop(left, top, wide, high);
    Ok(Cow::Owned(match picture.layout {
        Layout::Gray => resized::<U8>(level, width, height, &options),
        Layout::Rgb => resized::<U8x3>(level, width, height, &options),
        Layout::Rgba | Layout::Cmyk => resized::<U8x4>(level, width, height, &options),
    }?))
}

/// For one kind of pixels: a call for any kind would compile all thirteen that the library knows, each for every set of
/// processor instructions.
fn resized<P: PixelTrait + InnerPixel>(
    level: Level<'_>,
    width: u32,
    height: u32,
    options: &ResizeOptions,
) -> Result<Vec<u8>, Refusal> {
    let failed = |what: &dyn std::fmt::Display| Refusal::damaged(&what.to_string());
    let from =
        TypedImageRef::<P>::from_buffer(level.width, level.height, level.samples).map_err(|error| failed(&error))?;
    let mut samples = vec![0; width as usize * height as usize * P::size()];
    let mut to = TypedImage::<P>::from_buffer(width, height, &mut samples).map_err(|error| failed(&error))?;
    Resizer::new()
        .resize_typed(&from, &mut to, options)
        .map_err(|error| failed(&error))?;
    Ok(samples)
}

/// The picture as EXIF says it is to be seen (CIPA DC-008-2019, tag 0x0112).
pub fn turned(raster: Raster, orientation: Orientation) -> Raster {
    use Orientation::{
        FlipHorizontal, FlipVertical, NoTransforms, Rotate90, Rotate90FlipH, Rotate180, Rotate270, Rotate270FlipH,
    };
    let (width, height, channels) = (raster.width as usize, raster.height as usize, raster.channels);
    let lying = matches!(orientation, Rotate90 | Rotate270 | Rotate90FlipH | Rotate270FlipH);
    let (wide, high) = if lying { (height, width) } else { (width, height) };
    if orientation == NoTransforms {
        return raster;
    }
    let mut out = Vec::with_capacity(raster.samples.len());
    for y in 0..high {
        for x in 0..wide {
            let (from_x, from_y) = match orientation {
                NoTransforms => (x, y),
                FlipHorizontal => (width - 1 - x, y),
                Rotate180 => (width - 1 - x, height - 1 - y),
                FlipVertical => (x, height - 1 - y),
                Rotate90FlipH => (y, x),
                Rotate90 => (y, height - 1 - x),
                Rotate270FlipH => (width - 1 - y, height - 1 - x),
                Rotate270 => (width - 1 - y, x),
            };
            let at = (from_y * width + from_x) * channels;
            out.extend_from_slice(&raster.samples[at..at + channels]);
        }
    }
    Raster {
        width: wide as u32,
        height: high as u32,
        channels,
        samples: out,
    }
}

/// The picture on white, without alpha.
pub fn flattened(raster: Raster) -> Raster {
    if raster.channels == 3 {
        return raster;
    }
    let samples = raster
        .samples
        .chunks_exact(4)
        .flat_map(|pixel| {
            let alpha = u32::from(pixel[3]);
            let on_white = |light: u8| ((u32::from(light) * alpha + 255 * (255 - alpha) + 127) / 255) as u8;
            [on_white(pixel[0]), on_white(pixel[1]), on_white(pixel[2])]
        })
        .collect();
    Raster {
        channels: 3,
        samples,
        ..raster
    }
}

/// A flat picture in the middle of a white square.
pub fn padded(raster: Raster, side: u32) -> Raster {
    if raster.width >= side && raster.height >= side {
        return raster;
    }
    let wide = side.max(raster.width);
    let high = side.max(raster.height);
    let row = wide as usize * 3;
    let mut samples = vec![255; row * high as usize];
    let (left, top) = ((wide - raster.width) as usize / 2, (high - raster.height) as usize / 2);
    let length = raster.width as usize * 3;
    for (n, line) in raster.samples.chunks_exact(length).enumerate() {
        let at = (top + n) * row + left * 3;
        samples[at..at + length].copy_from_slice(line);
    }
    Raster {
        width: wide,
        height: high,
        channels: 3,
        samples,
    }
}
