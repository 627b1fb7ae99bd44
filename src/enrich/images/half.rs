//! A picture at half its size, and at half of that: made once, and looked at by all who want a much smaller copy.

use std::cell::OnceCell;

/// Half a picture, in its own colours.
#[derive(Debug, Default)]
pub struct Half {
    /// In pixels; the last column and row of an odd picture are half empty, and count as if they were full.
    pub width: u32,
    pub height: u32,
    /// How much of it is picture, in pixels.
    pub wide: f64,
    pub high: f64,
    pub samples: Vec<u8>,
    half: OnceCell<Box<Half>>,
}

/// A picture at one of its sizes.
#[derive(Debug, Clone, Copy)]
pub struct Level<'p> {
    pub width: u32,
    pub height: u32,
    pub wide: f64,
    pub high: f64,
    pub samples: &'p [u8],
    half: &'p OnceCell<Box<Half>>,
}

impl<'p> Level<'p> {
    /// The picture itself; `half` keeps what is made of it.
    pub fn whole(width: u32, height: u32, samples: &'p [u8], half: &'p OnceCell<Box<Half>>) -> Level<'p> {
        Level {
            width,
            height,
            wide: f64::from(width),
            high: f64::from(height),
            samples,
            half,
        }
    }

    /// Half of it, of so many samples a pixel: each pixel is the mean of four.
    pub fn half(self, channels: usize) -> Level<'p> {
        let half = self.half.get_or_init(|| {
            let samples = match channels {
                1 => halved::<1>(self.samples, self.width as usize),
                3 => halved::<3>(self.samples, self.width as usize),
                _ => halved::<4>(self.samples, self.width as usize),
            };
            Box::new(Half {
                width: self.width.div_ceil(2),
                height: self.height.div_ceil(2),
                wide: self.wide / 2.0,
                high: self.high / 2.0,
                samples,
                half: OnceCell::new(),
            })
        });
        Level {
            width: half.width,
            height: half.height,
            wide: half.wide,
            high: half.high,
            samples: &half.samples,
            half: &half.half,
        }
    }
}

/// Means of two by two pixels; what an odd picture lacks at its end is said twice. Three plain passes over a row, of which the
/// compiler makes many samples at a time, are faster than one over pixels.
fn halved<const CHANNELS: usize>(samples: &[u8], width: usize) -> Vec<u8> {
    let row = (width * CHANNELS).max(1);
    let narrow = (width.div_ceil(2) * CHANNELS).max(1);
    let mut out = vec![0; narrow * (samples.len() / row).div_ceil(2)];
    // One pixel more than there are, for the last one of an odd picture to be paired with itself.
    let mut sums = vec![0_u16; row + CHANNELS];
    let mut means = vec![0_u8; row];
    for (pair, out) in samples.chunks(2 * row).zip(out.chunks_exact_mut(narrow)) {
        let (above, below) = pair.split_at(row.min(pair.len()));
        let below = if below.len() == row { below } else { above };
        for ((sum, above), below) in sums.iter_mut().zip(above).zip(below) {
            *sum = u16::from(*above) + u16::from(*below);
        }
        sums.copy_within(row - CHANNELS..row, row);
        for ((mean, sum), next) in means.iter_mut().zip(&sums).zip(&sums[CHANNELS..]) {
            *mean = ((*sum + *next + 2) >> 2) as u8;
        }
        for (pixel, two) in out.chunks_exact_mut(CHANNELS).zip(means.chunks(2 * CHANNELS)) {
            pixel.copy_from_slice(&two[..CHANNELS]);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_pixel_is_the_mean_of_four() {
        let check = |width: u32, samples: &[u8], channels: usize, expected: &[u8]| {
            let height = (samples.len() / channels) as u32 / width;
            let kept = OnceCell::new();
            let half = Level::whole(width, height, samples, &kept).half(channels);
            assert_eq!(half.samples, expected);
            assert_eq!(
                (half.wide, half.high),
                (f64::from(width) / 2.0, f64::from(height) / 2.0)
            );
            assert_eq!(
                half.samples.len(),
                half.width as usize * half.height as usize * channels
            );
        };
        check(4, &[0, 4, 10, 10, 8, 4, 11, 11], 1, &[4, 11]);
        check(3, &[0, 4, 10, 8, 4, 11, 255, 255, 9], 1, &[4, 11, 255, 9]);
        check(2, &[1, 2, 3, 3, 4, 5], 3, &[2, 3, 4]);
        check(2, &[0, 0, 0, 255, 0, 0, 0, 255], 4, &[0, 0, 0, 255]);
    }
}
