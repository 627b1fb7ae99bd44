//! How a picture looks, in 128 bits: which of two neighbours is the lighter one, on a grid of 9 by 9.

use crate::enrich::images::colour::Raster;
use serde::{Deserialize, Serialize};

/// Fingerprint of a picture's look. Copies in other sizes, formats and qualities have almost the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Look {
    /// One bit for each pair of neighbours: 64 side by side, 64 one above the other.
    pub bits: [u64; 2],
    /// Mean red, green and blue: two colours of one model have the same bits.
    pub mean: [u8; 3],
}

/// Difference of light, of 255, from which on a neighbour is the lighter one: noise in a white background says nothing.
const STEP: u32 = 2;
/// Difference of mean colours up to which pictures are alike.
const SHADE: u8 = 10;
/// Bits that a picture must show: an empty or even picture is like every other.
const LEAST: u32 = 8;

impl Look {
    /// Looks at a flat picture.
    pub fn of(raster: &Raster) -> Look {
        let light = grid(raster);
        let mut bits = [0_u64; 2];
        for y in 0..8 {
            for x in 0..8 {
                let here = light[y][x];
                bits[0] = bits[0] << 1 | u64::from(here > light[y][x + 1] + STEP);
                bits[1] = bits[1] << 1 | u64::from(here > light[y + 1][x] + STEP);
            }
        }
        let pixels = (raster.samples.len() / 3).max(1) as u64;
        let mut sums = [0_u64; 3];
        for pixel in raster.samples.chunks_exact(3) {
            for (sum, sample) in sums.iter_mut().zip(pixel) {
                *sum += u64::from(*sample);
            }
        }
        Look {
            bits,
            mean: sums.map(|sum| (sum / pixels) as u8),
        }
    }

    /// All bits as one number.
    pub fn joined(&self) -> u128 {
        u128::from(self.bits[0]) << 64 | u128::from(self.bits[1])
    }

    /// Bits in which two looks differ.
    pub fn distance(&self, other: &Look) -> u32 {
        (self.bits[0] ^ other.bits[0]).count_ones() + (self.bits[1] ^ other.bits[1]).count_ones()
    }

    /// True where two pictures look the same, up to `most` bits.
    pub fn is_like(&self, other: &Look, most: u32) -> bool {
        let shade = self.mean.iter().zip(&other.mean).all(|(a, b)| a.abs_diff(*b) <= SHADE);
        shade && self.distance(other) <= most && self.says_something() && other.says_something()
    }

    /// True where there is anything to be like.
    pub fn says_something(&self) -> bool {
        self.bits[0].count_ones() + self.bits[1].count_ones() >= LEAST
    }
}

/// Mean light of 9 by 9 fields.
fn grid(raster: &Raster) -> [[u32; 9]; 9] {
    let (width, height) = (raster.width as usize, raster.height as usize);
    let mut sums = [[(0_u64, 0_u64); 9]; 9];
    for (n, pixel) in raster.samples.chunks_exact(3).enumerate() {
        let (x, y) = (n % width.max(1), n / width.max(1));
        let field = &mut sums[y * 9 / height.max(1)][x * 9 / width.max(1)];
        field.0 += u64::from(light(pixel));
        field.1 += 1;
    }
    sums.map(|row| row.map(|(sum, count)| (sum / count.max(1)) as u32))
}

/// How light a pixel is, 0 to 255 (the weights of ITU-R BT.601).
pub fn light(pixel: &[u8]) -> u8 {
    let sum = 77 * u32::from(pixel[0]) + 150 * u32::from(pixel[1]) + 29 * u32::from(pixel[2]);
    (sum >> 8) as u8
}
