//! Pictures made here, decoded and derived: colours, orientation, limits, weight, measures.

use crate::enrich::images::colour::{Layout, Raster};
use crate::enrich::images::decode::{Decoded, decode};
use crate::enrich::images::derive::{Recipe, derive};
use crate::enrich::images::encode::encode;
use crate::enrich::images::kind::Kind;
use crate::enrich::images::measure::measure;
use crate::enrich::images::refusal::Refusal;
use crate::enrich::images::resize::{Filter, copy, flattened, inside, turned};
use crate::enrich::images::settings::{Fit, Format, LimitSettings};
use image::metadata::Orientation;
use image::{DynamicImage, RgbImage};
use std::cell::OnceCell;

/// A picture with an edge, a gradient and noise that no two rows share.
fn drawn(width: u32, height: u32) -> RgbImage {
    RgbImage::from_fn(width, height, |x, y| {
        let noise = (x.wrapping_mul(2_654_435_761) ^ y.wrapping_mul(40_503)) >> 13;
        let inner = x * 4 > width && x * 4 < width * 3 && y * 4 > height && y * 4 < height * 3;
        match inner {
            true => image::Rgb([(x * 255 / width) as u8, (y * 255 / height) as u8, (noise % 64) as u8]),
            false => image::Rgb([255, 255, 255]),
        }
    })
}

fn decoded(picture: RgbImage, orientation: Orientation) -> Decoded {
    Decoded {
        kind: Kind::Png,
        width: picture.width(),
        height: picture.height(),
        layout: Layout::Rgb,
        samples: picture.into_raw(),
        profile: None,
        orientation,
        animated: false,
        half: OnceCell::new(),
    }
}

fn recipe(side: u32, fit: Fit, format: Format) -> Recipe {
    Recipe {
        side,
        pixels: 100_000_000,
        fit,
        format,
        quality: 85,
        max_bytes: None,
    }
}

#[test]
fn orientations_turn_as_the_reference_does() {
    for code in 1..=8 {
        let orientation = Orientation::from_exif(code).unwrap();
        let picture = drawn(7, 5);
        let mut reference = DynamicImage::ImageRgb8(picture.clone());
        reference.apply_orientation(orientation);
        let raster = Raster {
            width: 7,
            height: 5,
            channels: 3,
            samples: picture.into_raw(),
        };
        let turned = turned(raster, orientation);
        assert_eq!(
            (turned.width, turned.height),
            (reference.width(), reference.height()),
            "{code}"
        );
        assert_eq!(turned.samples, reference.into_rgb8().into_raw(), "{code}");
    }
}

#[test]
fn pictures_fit_as_asked_and_are_never_enlarged() {
    let check = |width, height, side, fit, expected| {
        let picture = decoded(drawn(width, height), Orientation::Rotate90);
        let derived = derive(&picture, &recipe(side, fit, Format::Png)).unwrap();
        assert_eq!((derived.width, derived.height), expected, "{width}x{height} {fit:?}");
    };
    // Lying pictures: width and height are exchanged.
    check(300, 100, 60, Fit::Inside, (20, 60));
    check(300, 100, 60, Fit::Pad, (60, 60));
    check(300, 100, 60, Fit::Crop, (60, 60));
    check(30, 10, 60, Fit::Inside, (10, 30));
    check(30, 10, 60, Fit::Pad, (30, 30));
    check(30, 10, 60, Fit::Crop, (10, 10));
    check(3000, 1, 60, Fit::Inside, (1, 60));
    assert_eq!(inside(1, 16_384, 500), (1, 500));
}

/// Going over halves is not to be seen: neither at once, nor as a shift of an odd picture.
#[test]
fn much_smaller_copies_are_as_if_made_at_once() {
    for (width, height, crop) in [(1200, 804, false), (1201, 803, false), (1199, 905, true)] {
        let smooth = RgbImage::from_fn(width, height, |x, y| {
            let wave = |at: u32, length: f32| ((at as f32 / length).sin() * 120.0 + 128.0) as u8;
            image::Rgb([wave(x, 23.0), wave(y, 17.0), wave(x + y, 40.0)])
        });
        let size = if crop { (100, 100) } else { inside(width, height, 100) };
        let own = decoded(smooth, Orientation::NoTransforms);
        let halves = copy(&own, size, crop, Filter::Lanczos).unwrap();
        let used = own.half.get().is_some();
        let mut whole = decoded(RgbImage::new(1, 1), Orientation::NoTransforms);
        (whole.width, whole.height) = (width, height);
        // Transparent pictures are never halved.
        whole.layout = Layout::Rgba;
        whole.samples = own
            .samples
            .chunks_exact(3)
            .flat_map(|rgb| [rgb[0], rgb[1], rgb[2], 255])
            .collect();
        let at_once = flattened(copy(&whole, size, crop, Filter::Lanczos).unwrap());
        assert!(used && whole.half.get().is_none());
        let apart = halves.samples.iter().zip(&at_once.samples).map(|(a, b)| a.abs_diff(*b));
        let (sum, most) = apart.fold((0_u64, 0), |(sum, most), apart| {
            (sum + u64::from(apart), most.max(apart))
        });
        let mean = sum as f64 / halves.samples.len() as f64;
        assert!(
            mean < 1.0 && most < 8,
            "{width} x {height}: {mean} in the mean, {most} at most"
        );
    }
}

#[test]
fn too_many_pixels_make_a_smaller_picture() {
    let picture = decoded(drawn(400, 400), Orientation::NoTransforms);
    let few = Recipe {
        pixels: 10_000,
        ..recipe(400, Fit::Inside, Format::Png)
    };
    let derived = derive(&picture, &few).unwrap();
    assert!(
        derived.width * derived.height <= 10_000 && derived.width > 80,
        "{}",
        derived.width
    );
}

#[test]
fn weight_is_kept_by_quality_then_by_size() {
    let picture = decoded(drawn(600, 600), Orientation::NoTransforms);
    let whole = derive(&picture, &recipe(600, Fit::Inside, Format::Jpeg)).unwrap();
    let mut last = whole.bytes.len() as u64;
    for part in [2, 3, 6] {
        let most = whole.bytes.len() as u64 / part;
        let light = Recipe {
            max_bytes: Some(most),
            ..recipe(600, Fit::Inside, Format::Jpeg)
        };
        let derived = derive(&picture, &light).unwrap();
        assert!(derived.bytes.len() as u64 <= most, "{} of {most}", derived.bytes.len());
        assert!((derived.bytes.len() as u64) < last);
        last = derived.bytes.len() as u64;
    }
    let never = Recipe {
        max_bytes: Some(100),
        ..recipe(600, Fit::Inside, Format::Jpeg)
    };
    assert_eq!(derive(&picture, &never).unwrap_err().code, "E-IMAGE-WEIGHT");
}

#[test]
fn the_same_pixels_give_the_same_bytes() {
    for format in [Format::Jpeg, Format::Png, Format::Webp] {
        let once = derive(
            &decoded(drawn(90, 60), Orientation::Rotate180),
            &recipe(50, Fit::Inside, format),
        )
        .unwrap();
        let again = derive(
            &decoded(drawn(90, 60), Orientation::Rotate180),
            &recipe(50, Fit::Inside, format),
        )
        .unwrap();
        assert_eq!(once, again);
        let back = decode(&once.bytes, &LimitSettings::default()).unwrap();
        assert_eq!((back.kind, back.width, back.height), (once.kind, 50, 33));
    }
}

#[test]
fn transparency_comes_on_white() {
    let mut png = Vec::new();
    let picture = image::RgbaImage::from_fn(4, 4, |x, _| image::Rgba([200, 0, 0, [0, 51, 255, 255][x as usize]]));
    picture
        .write_to(&mut std::io::Cursor::new(&mut png), image::ImageFormat::Png)
        .unwrap();
    let read = decode(&png, &LimitSettings::default()).unwrap();
    let flat = derive(&read, &recipe(4, Fit::Inside, Format::Png)).unwrap();
    let pixels = image::load_from_memory(&flat.bytes).unwrap().into_rgb8();
    let row: Vec<[u8; 3]> = (0..4).map(|x| pixels.get_pixel(x, 1).0).collect();
    assert_eq!(row, [[255, 255, 255], [244, 204, 204], [200, 0, 0], [200, 0, 0]]);
    let measures = measure(&read, png.len() as u64).unwrap();
    assert!(measures.alpha && measures.colours == "RGB");
}

#[test]
fn blurred_pictures_are_less_sharp() {
    let sharp = drawn(800, 600);
    let soft = image::imageops::blur(&sharp, 12.0);
    let of = |picture: RgbImage| measure(&decoded(picture, Orientation::NoTransforms), 1).unwrap();
    let (sharp, soft) = (of(sharp), of(soft));
    assert!(
        sharp.sharpness > 30 && soft.sharpness < 8,
        "{} {}",
        sharp.sharpness,
        soft.sharpness
    );
    assert_eq!((sharp.white, sharp.width, sharp.height), (100, 800, 600));
}

#[test]
fn copies_look_alike_and_others_do_not() {
    let look = |picture: &DynamicImage, quality: u8| {
        let rgb = picture.to_rgb8();
        let raster = Raster {
            width: rgb.width(),
            height: rgb.height(),
            channels: 3,
            samples: rgb.into_raw(),
        };
        let bytes = encode(&raster, Format::Jpeg, quality).unwrap();
        measure(&decode(&bytes, &LimitSettings::default()).unwrap(), 1)
            .unwrap()
            .look
    };
    let picture = DynamicImage::ImageRgb8(drawn(800, 600));
    let small = picture.resize(300, 300, image::imageops::FilterType::Triangle);
    let other = picture.fliph();
    let own = look(&picture, 95);
    assert!(own.is_like(&look(&small, 60), 6), "{}", own.distance(&look(&small, 60)));
    assert!(
        !own.is_like(&look(&other, 95), 6),
        "{}",
        own.distance(&look(&other, 95))
    );
    let white = look(
        &DynamicImage::ImageRgb8(RgbImage::from_pixel(50, 50, image::Rgb([255; 3]))),
        90,
    );
    assert!(!white.is_like(&white, 6), "an empty picture is like no other");
}

#[test]
fn what_is_too_large_or_no_picture_is_refused() {
    let check = |bytes: &[u8], code: &str| {
        let refusal = decode(bytes, &LimitSettings::default()).unwrap_err();
        assert_eq!(refusal.code, code, "{}", refusal.message);
    };
    check(b"", "E-IMAGE-KIND");
    check(b"<svg xmlns='http://www.w3.org/2000/svg'/>", "E-IMAGE-KIND");
    check(b"\xff\xd8\xff", "E-IMAGE-DAMAGED");
    check(&[b"GIF89a".as_slice(), &[0xff; 30]].concat(), "E-IMAGE-DAMAGED");
    let mut jpeg = encode(
        &Raster {
            width: 64,
            height: 64,
            channels: 3,
            samples: drawn(64, 64).into_raw(),
        },
        Format::Jpeg,
        85,
    )
    .unwrap();
    let few = LimitSettings {
        max_side: 63,
        ..LimitSettings::default()
    };
    assert_eq!(decode(&jpeg, &few).unwrap_err().code, "E-IMAGE-SIZE");
    let light = LimitSettings {
        max_bytes: 100,
        ..LimitSettings::default()
    };
    assert_eq!(decode(&jpeg, &light).unwrap_err().code, "E-IMAGE-SIZE");
    jpeg.truncate(jpeg.len() - 20);
    check(&jpeg, "E-IMAGE-DAMAGED");
}

#[test]
fn inks_become_light() {
    let inks = vec![0, 0, 0, 0, 255, 0, 0, 0, 0, 255, 255, 0, 0, 0, 0, 255];
    let picture = Decoded {
        kind: Kind::Jpeg,
        width: 4,
        height: 1,
        layout: Layout::Cmyk,
        samples: inks,
        profile: None,
        orientation: Orientation::NoTransforms,
        animated: false,
        half: OnceCell::new(),
    };
    let raster = copy(&picture, (4, 1), false, Filter::Lanczos).unwrap();
    assert_eq!(raster.samples, [255, 255, 255, 0, 255, 255, 255, 0, 0, 0, 0, 0]);
}

/// A header of a hundred bytes may promise sixty thousand samples, each named in the decoder's words.
#[test]
fn a_refusal_is_short_whatever_the_file_says() {
    let refusal = Refusal::form("TIFF", &"8, ".repeat(60_000));
    assert!(refusal.message.len() < 400, "{} bytes", refusal.message.len());
}
