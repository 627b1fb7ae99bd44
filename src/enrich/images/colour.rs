//! Samples in a file's own colours to sRGB: by its ICC profile where it has one.

use crate::enrich::images::refusal::Refusal;
use moxcms::{ColorProfile, DataColorSpace, ParsingOptions, TransformOptions};

/// Largest colour profile in bytes. Profiles of printing presses have 0.5 to 2 MB.
pub const LARGEST: usize = 4 << 20;

/// What the samples of a pixel are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Layout {
    Gray,
    Rgb,
    Rgba,
    /// Ink: 0 is none, 255 is full.
    Cmyk,
}

impl Layout {
    /// Samples a pixel.
    pub fn channels(self) -> usize {
        match self {
            Layout::Gray => 1,
            Layout::Rgb => 3,
            Layout::Rgba | Layout::Cmyk => 4,
        }
    }
}

/// A colour profile that fits its picture.
pub struct Profile(Box<ColorProfile>);

impl std::fmt::Debug for Profile {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Profile({:?})", self.0.color_space)
    }
}

impl Profile {
    /// Reads an ICC profile; none where it is damaged, too large, or not about such samples.
    pub fn read(bytes: &[u8], layout: Layout) -> Option<Profile> {
        if bytes.len() > LARGEST {
            return None;
        }
        let options = ParsingOptions {
            max_profile_size: LARGEST,
            ..ParsingOptions::default()
        };
        let profile = ColorProfile::new_from_slice_with_options(bytes, options).ok()?;
        let fits = match layout {
            Layout::Gray => profile.color_space == DataColorSpace::Gray,
            Layout::Rgb | Layout::Rgba => profile.color_space == DataColorSpace::Rgb,
            Layout::Cmyk => profile.color_space == DataColorSpace::Cmyk,
        };
        fits.then(|| Profile(Box::new(profile)))
    }
}

/// A picture in sRGB, upright or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raster {
    pub width: u32,
    pub height: u32,
    /// 3 (red, green, blue) or 4 (with alpha).
    pub channels: usize,
    pub samples: Vec<u8>,
}

/// Samples to sRGB. Where a profile cannot be followed, the samples are taken as if they had none.
pub fn to_srgb(
    samples: Vec<u8>,
    width: u32,
    height: u32,
    layout: Layout,
    profile: Option<&Profile>,
) -> Result<Raster, Refusal> {
    let channels = if layout == Layout::Rgba { 4 } else { 3 };
    let followed = profile.and_then(|profile| follow(&samples, layout, channels, &profile.0));
    let samples = match (followed, layout) {
        (Some(samples), _) => samples,
        (None, Layout::Rgb | Layout::Rgba) => samples,
        (None, Layout::Gray) => samples.iter().flat_map(|gray| [*gray; 3]).collect(),
        (None, Layout::Cmyk) => samples.chunks_exact(4).flat_map(naive).collect(),
    };
    if samples.len() != width as usize * height as usize * channels {
        return Err(Refusal::damaged("another number of pixels than declared"));
    }
    Ok(Raster {
        width,
        height,
        channels,
        samples,
    })
}

fn follow(samples: &[u8], layout: Layout, channels: usize, profile: &ColorProfile) -> Option<Vec<u8>> {
    let from = match layout {
        Layout::Gray => moxcms::Layout::Gray,
        Layout::Rgb => moxcms::Layout::Rgb,
        Layout::Rgba | Layout::Cmyk => moxcms::Layout::Rgba,
    };
    let to = match channels {
        4 => moxcms::Layout::Rgba,
        _ => moxcms::Layout::Rgb,
    };
    let transform = profile
        .create_transform_8bit(from, &ColorProfile::new_srgb(), to, TransformOptions::default())
        .ok()?;
    let mut out = vec![0; samples.len() / layout.channels() * channels];
    transform.transform(samples, &mut out).ok()?;
    Some(out)
}

/// Inks to light without a profile: each ink and black take their part away.
fn naive(pixel: &[u8]) -> [u8; 3] {
    let left = |ink: u8| {
        let product = u32::from(255 - ink) * u32::from(255 - pixel[3]);
        ((product + 127) / 255) as u8
    };
    [left(pixel[0]), left(pixel[1]), left(pixel[2])]
}
