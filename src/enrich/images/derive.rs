//! A picture as a channel wants it: size, shape, format, weight.

use crate::enrich::images::colour::Raster;
use crate::enrich::images::decode::Decoded;
use crate::enrich::images::encode::encode;
use crate::enrich::images::kind::Kind;
use crate::enrich::images::refusal::Refusal;
use crate::enrich::images::resize::{Filter, copy, flattened, inside, padded};
use crate::enrich::images::settings::{Fit, Format};

/// Lowest quality of JPEG that is tried before the picture is made smaller.
const LOWEST: u8 = 45;
/// How often a picture that stays too heavy is made smaller, each time to four fifths.
const SHRINKS: usize = 6;
/// To be raised where the same recipe gives other bytes than before.
const VERSION: u32 = 2;

/// What is made of a picture. Two equal recipes make equal bytes of equal contents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Recipe {
    /// Longest side in pixels.
    pub side: u32,
    /// Most pixels in all.
    pub pixels: u64,
    pub fit: Fit,
    pub format: Format,
    /// Of JPEG, 1 to 100.
    pub quality: u8,
    /// Largest file.
    pub max_bytes: Option<u64>,
}

impl Recipe {
    /// A short name: equal for equal recipes only.
    pub fn code(&self) -> String {
        let Recipe {
            side,
            pixels,
            fit,
            format,
            quality,
            max_bytes,
        } = self;
        let all = format!("{VERSION} {side} {pixels} {fit:?} {format:?} {quality} {max_bytes:?}");
        blake3::hash(all.as_bytes()).to_hex()[..12].to_owned()
    }

    /// The ending of what it makes.
    pub fn ending(&self) -> &'static str {
        kind(self.format).ending()
    }
}

/// A derivation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Derived {
    pub kind: Kind,
    pub width: u32,
    pub height: u32,
    pub bytes: Vec<u8>,
}

/// Follows a recipe. The picture is turned upright, brought to sRGB, put on white; nothing of its metadata is left.
pub fn derive(picture: &Decoded, recipe: &Recipe) -> Result<Derived, Refusal> {
    let mut side = side(picture, recipe);
    for _ in 0..SHRINKS {
        let raster = shaped(picture, recipe, side)?;
        if let Some(bytes) = light_enough(&raster, recipe)? {
            return Ok(Derived {
                kind: kind(recipe.format),
                width: raster.width,
                height: raster.height,
                bytes,
            });
        }
        side = (side * 4 / 5).max(1);
    }
    Err(Refusal::weight(recipe.max_bytes.unwrap_or(0)))
}

/// The longest side under both limits.
fn side(picture: &Decoded, recipe: &Recipe) -> u32 {
    let (width, height) = picture.upright();
    let (mut width, mut height) = inside(width, height, recipe.side.max(1));
    if recipe.fit == Fit::Pad {
        (width, height) = (width.max(height), width.max(height));
    }
    let mut side = width.max(height);
    while side > 1 && u64::from(width) * u64::from(height) > recipe.pixels {
        side = side * 15 / 16;
        (width, height) = inside(width, height, side);
    }
    side
}

fn shaped(picture: &Decoded, recipe: &Recipe, side: u32) -> Result<Raster, Refusal> {
    let (width, height) = picture.upright();
    match recipe.fit {
        Fit::Inside => copy(picture, inside(width, height, side), false, Filter::Lanczos).map(flattened),
        Fit::Pad => {
            let raster = flattened(copy(picture, inside(width, height, side), false, Filter::Lanczos)?);
            let longest = raster.width.max(raster.height);
            Ok(padded(raster, longest))
        }
        Fit::Crop => {
            let square = side.min(width.min(height)).max(1);
            copy(picture, (square, square), true, Filter::Lanczos).map(flattened)
        }
    }
}

/// The picture's file at the highest quality that keeps it light enough; none where no quality does.
fn light_enough(raster: &Raster, recipe: &Recipe) -> Result<Option<Vec<u8>>, Refusal> {
    let best = encode(raster, recipe.format, recipe.quality)?;
    let Some(most) = recipe.max_bytes else {
        return Ok(Some(best));
    };
    if best.len() as u64 <= most {
        return Ok(Some(best));
    }
    if recipe.format != Format::Jpeg {
        return Ok(None);
    }
    // `low` is known to be light enough once `found` is said, `high` is known to be too heavy.
    let (mut low, mut high) = (LOWEST.min(recipe.quality), recipe.quality);
    let mut found = None;
    while low < high {
        let middle = low + (high - low) / 2;
        let bytes = encode(raster, recipe.format, middle)?;
        if bytes.len() as u64 <= most {
            found = Some(bytes);
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    Ok(found)
}

fn kind(format: Format) -> Kind {
    match format {
        Format::Jpeg => Kind::Jpeg,
        Format::Png => Kind::Png,
        Format::Webp => Kind::Webp,
    }
}
