//! What is measured of a picture: size, background, sharpness, transparency, colours, look.

use crate::enrich::images::colour::{Layout, Raster};
use crate::enrich::images::decode::Decoded;
use crate::enrich::images::kind::Kind;
use crate::enrich::images::look::{Look, light};
use crate::enrich::images::refusal::Refusal;
use crate::enrich::images::resize::{Filter, copy, flattened, inside};
use serde::{Deserialize, Serialize};

/// Longest side of the copy that is measured.
const STUDY: u32 = 768;
/// Light from which on red, green and blue together are white.
const WHITE: u8 = 245;

/// The measures of a picture.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measures {
    pub kind: Kind,
    /// In pixels, upright.
    pub width: u32,
    pub height: u32,
    /// Size of the file.
    pub bytes: u64,
    /// EXIF orientation, 1 to 8.
    pub orientation: u8,
    /// `RGB`, `GRAY` or `CMYK`.
    pub colours: String,
    /// True where a colour profile was followed.
    pub profile: bool,
    /// True where anything is transparent.
    pub alpha: bool,
    /// True where there are further frames.
    pub animated: bool,
    /// How much of the border is white, in percent. What is transparent counts as white.
    pub white: u8,
    /// How sharp the sharpest edges are, 0 to 100: the steepest step from pixel to pixel, on a copy of at most 768 pixels,
    /// of the picture's range of light. Good product photographs have 25 and more.
    pub sharpness: u8,
    pub look: Look,
}

/// Measures a picture.
pub fn measure(picture: &Decoded, bytes: u64) -> Result<Measures, Refusal> {
    let (width, height) = picture.upright();
    let study = copy(picture, inside(width, height, STUDY), false, Filter::Mean)?;
    let alpha = study.channels == 4 && study.samples.chunks_exact(4).any(|pixel| pixel[3] < 250);
    let study = flattened(study);
    let lights: Vec<u8> = study.samples.chunks_exact(3).map(light).collect();
    Ok(Measures {
        kind: picture.kind,
        width,
        height,
        bytes,
        orientation: picture.orientation.to_exif(),
        colours: match picture.layout {
            Layout::Gray => "GRAY",
            Layout::Rgb | Layout::Rgba => "RGB",
            Layout::Cmyk => "CMYK",
        }
        .to_owned(),
        profile: picture.profile.is_some(),
        alpha,
        animated: picture.animated,
        white: white(&study),
        sharpness: sharpness(&lights, study.width as usize),
        look: Look::of(&study, &lights),
    })
}

/// Percent of the outer fiftieth that is white.
fn white(raster: &Raster) -> u8 {
    let (width, height) = (raster.width as usize, raster.height as usize);
    let edge = (width.min(height) / 50).max(1);
    let (mut all, mut white) = (0_u64, 0_u64);
    let mut count = |pixels: &[u8]| {
        let light = pixels
            .chunks_exact(3)
            .filter(|pixel| pixel.iter().all(|sample| *sample >= WHITE));
        white += light.count() as u64;
        all += pixels.len() as u64 / 3;
    };
    for (y, row) in raster.samples.chunks_exact(width.max(1) * 3).enumerate() {
        match y >= edge && y + edge < height && 2 * edge < width {
            true => {
                count(&row[..edge * 3]);
                count(&row[(width - edge) * 3..]);
            }
            false => count(row),
        }
    }
    (white * 100 / all.max(1)) as u8
}

/// The step that one pixel in 1000 reaches, against the range between the darkest and the lightest hundredth.
fn sharpness(lights: &[u8], width: usize) -> u8 {
    let width = width.max(1);
    let mut levels = Counts::default();
    let mut steps = Counts::default();
    let mut own = vec![0_u8; width];
    let mut rows = lights.chunks_exact(width).peekable();
    while let Some(row) = rows.next() {
        own.fill(0);
        for (step, pair) in own.iter_mut().zip(row.windows(2)) {
            *step = pair[0].abs_diff(pair[1]);
        }
        if let Some(below) = rows.peek() {
            for ((step, here), below) in own.iter_mut().zip(row).zip(*below) {
                *step = (*step).max(here.abs_diff(*below));
            }
        }
        levels.add(row);
        steps.add(&own);
    }
    let (levels, steps) = (levels.sum(), steps.sum());
    let all = lights.len() as u64;
    let range = below_which(&levels, all - all / 100).saturating_sub(below_which(&levels, all / 100));
    let step = below_which(&steps, all - all / 1000);
    (u64::from(step) * 100 / u64::from(range).max(24)).min(100) as u8
}

/// How often each level was met. Neighbours are counted apart: in an even ground, each would wait for the one before.
struct Counts([[u32; 256]; 4]);

impl Default for Counts {
    fn default() -> Counts {
        Counts([[0; 256]; 4])
    }
}

impl Counts {
    fn add(&mut self, levels: &[u8]) {
        let fours = levels.chunks_exact(4);
        for level in fours.remainder() {
            self.0[0][usize::from(*level)] += 1;
        }
        for four in fours {
            for (counts, level) in self.0.iter_mut().zip(four) {
                counts[usize::from(*level)] += 1;
            }
        }
    }

    fn sum(&self) -> [u64; 256] {
        std::array::from_fn(|level| self.0.iter().map(|counts| u64::from(counts[level])).sum())
    }
}

/// The level below or at which so many of the counted lie.
fn below_which(counts: &[u64; 256], wanted: u64) -> u8 {
    let mut sum = 0;
    for (level, count) in counts.iter().enumerate() {
        sum += count;
        if sum >= wanted {
            return level as u8;
        }
    }
    255
}
