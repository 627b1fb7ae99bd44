//! Pictures: what one photograph of 4 megapixels costs to decode, to measure, and to make into 1,000 pixels at quality 85.

use divan::counter::ItemsCount;
use divan::{Bencher, black_box};
use estante::enrich::images::decode::{Decoded, decode};
use estante::enrich::images::derive::{Recipe, derive};
use estante::enrich::images::measure::measure;
use estante::enrich::images::settings::{Fit, Format, LimitSettings};
use std::sync::LazyLock;

const RECIPE: Recipe = Recipe {
    side: 1000,
    pixels: 64_000_000,
    fit: Fit::Inside,
    format: Format::Jpeg,
    quality: 85,
    max_bytes: Some(16_777_216),
};

/// Smooth shapes with the noise of a camera, 2,448 by 1,632 pixels.
static PHOTOGRAPH: LazyLock<Vec<u8>> = LazyLock::new(|| {
    let picture = image::RgbImage::from_fn(2448, 1632, |x, y| {
        let noise = ((x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)) >> 13) % 12;
        let shape = (x as f32 * 0.004).sin() * 90.0 + (y as f32 * 0.011).cos() * 60.0 + 128.0;
        let light = shape.clamp(0.0, 243.0) as u32;
        let part = |light: u32| (light * 3 / 4 + noise) as u8;
        image::Rgb([(light + noise) as u8, part(light), part(255 - light)])
    });
    let mut out = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, 90);
    picture.write_with_encoder(encoder).expect("a picture can be written");
    out
});

fn decoded() -> Decoded {
    decode(&PHOTOGRAPH, &LimitSettings::default()).expect("it is a picture")
}

/// From the file to the file a channel gets, on one thread and on two.
#[divan::bench(threads = [1, 2])]
fn photograph_to_channel(bencher: Bencher) {
    LazyLock::force(&PHOTOGRAPH);
    bencher
        .counter(ItemsCount::new(1_u32))
        .bench(|| derive(&decoded(), &RECIPE).expect("it can be derived"));
}

/// Decoding alone.
#[divan::bench]
fn photograph_decoded(bencher: Bencher) {
    bencher.counter(ItemsCount::new(1_u32)).bench(decoded);
}

/// Background, sharpness and look.
#[divan::bench]
fn photograph_measured(bencher: Bencher) {
    let picture = decoded();
    bencher
        .counter(ItemsCount::new(1_u32))
        .bench_local(|| black_box(measure(&picture, 1).is_ok()));
}
