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
    /// Looks at a flat picture, of which each pixel's light is known.
    pub fn of(raster: &Raster, lights: &[u8]) -> Look {
        let light = grid(lights, raster.width as usize, raster.height as usize);
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
        for row in raster.samples.chunks(3 * 4096) {
            let mut own = [0_u32; 3];
            for pixel in row.chunks_exact(3) {
                for (sum, sample) in own.iter_mut().zip(pixel) {
                    *sum += u32::from(*sample);
                }
            }
            for (sum, own) in sums.iter_mut().zip(own) {
                *sum += u64::from(own);
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
fn grid(lights: &[u8], width: usize, height: usize) -> [[u32; 9]; 9] {
    let mut sums = [[(0_u64, 0_u64); 9]; 9];
    // The first column of each field, and the end of the last.
    let starts: [usize; 10] = std::array::from_fn(|field| (field * width).div_ceil(9));
    for (y, row) in lights.chunks_exact(width.max(1)).enumerate() {
        let fields = &mut sums[(y * 9 / height.max(1)).min(8)];
        for (field, part) in fields.iter_mut().zip(starts.windows(2)) {
            let part = &row[part[0]..part[1]];
            field.0 += part.iter().map(|light| u64::from(*light)).sum::<u64>();
            field.1 += part.len() as u64;
        }
    }
    sums.map(|row| row.map(|(sum, count)| (sum / count.max(1)) as u32))
}

/// How light a pixel is, 0 to 255 (the weights of ITU-R BT.601).
pub fn light(pixel: &[u8]) -> u8 {
    let sum = 77 * u32::from(pixel[0]) + 150 * u32::from(pixel[1]) + 29 * u32::from(pixel[2]);
    (sum >> 8) as u8
}
