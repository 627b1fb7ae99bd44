//! What is wrong with pictures: each kind of defect is told once, with the product it stands at.

use crate::corner::corner_shop;
use crate::images::{images, photograph, supplier};
use crate::support::Shop;
use image::{ImageEncoder, Rgb, RgbImage};

/// The same photograph as other bytes: written anew at another quality.
fn copied(photograph: &[u8], quality: u8) -> Vec<u8> {
    let picture = image::load_from_memory(photograph)
        .expect("it is a picture")
        .into_rgb8();
    let mut out = Vec::new();
    let encoder = image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, quality);
    picture.write_with_encoder(encoder).expect("a picture can be written");
    out
}

/// A picture as JPEG, by the colour at each place.
fn drawn(colour: impl Fn(u32, u32) -> [u8; 3]) -> Vec<u8> {
    let picture = RgbImage::from_fn(600, 600, |x, y| Rgb(colour(x, y)));
    let mut out = Vec::new();
    image::codecs::jpeg::JpegEncoder::new_with_quality(&mut out, 95)
        .write_image(picture.as_raw(), 600, 600, image::ExtendedColorType::Rgb8)
        .expect("a picture can be written");
    out
}

/// A shop whose products have these pictures, and no others.
fn shop(settings: &str, pictures: &[(String, Vec<u8>)]) -> Shop {
    let shop = corner_shop();
    let mut list = "sku;name;brand;mpn;price;stock\n".to_owned();
    for (sku, picture) in pictures {
        list.push_str(&format!("{sku};Pieza {sku};Brontal;M{sku}M;1.00;1\n"));
        shop.write(format!("media/{sku}.jpg"), picture);
    }
    supplier(&shop, "norte", "rank = 10", &list);
    let estante = shop.read("estante.toml");
    shop.write("estante.toml", format!("{estante}\n[images]\n{settings}\n"));
    shop.done(&["import", "norte", "--apply", "-q"]);
    shop
}

/// The findings as `CODE sku: message`.
fn told(document: &serde_json::Value) -> Vec<String> {
    let findings = document["diagnostics"].as_array().into_iter().flatten();
    let text = |finding: &serde_json::Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    findings
        .map(|own| format!("{} {}: {}", text(own, "code"), text(own, "sku"), text(own, "message")))
        .collect()
}

#[test]
fn copies_of_one_look_are_one_finding() {
    let (nothing, shared) = (photograph(1, 600, 600), photograph(2, 600, 600));
    // A stand-in at ten products, each time as other bytes; a picture that three products share; one that stands alone.
    let mut pictures: Vec<(String, Vec<u8>)> = Vec::new();
    for n in 10..20_u8 {
        pictures.push((format!("S{n}"), copied(&nothing, 60 + n)));
    }
    for n in 20..23_u8 {
        pictures.push((format!("S{n}"), copied(&shared, 60 + n)));
    }
    pictures.push(("S24".to_owned(), photograph(3, 600, 600)));
    let found = images(&shop("", &pictures));
    let numbers = ["pictures", "stand_ins", "alike"].map(|key| found[key].as_u64());
    assert_eq!(numbers, [Some(14), Some(1), Some(1)], "{found:#}");
    assert_eq!(
        told(&found),
        [
            "W-IMAGE-STAND-IN S10: 10 pictures that look the same at 10 products",
            "I-IMAGE-ALIKE S20: looks like media/S21.jpg of S21 and 1 more",
        ]
    );
}

#[test]
fn variants_may_share_a_picture() {
    let shop = corner_shop();
    let mut list = "sku;name;brand;mpn;model;color;price;stock\n".to_owned();
    let (model, small) = (photograph(1, 600, 600), photograph(2, 200, 200));
    for n in 10..24 {
        list.push_str(&format!("V{n};Sierra {n};Brontal;M{n}M;SERIE;color {n};1.00;1\n"));
        shop.write(format!("media/V{n}.jpg"), &model);
    }
    // A stand-in that is too small besides.
    for n in 10..20 {
        list.push_str(&format!("S{n};Pieza {n};Brontal;N{n}N;;;1.00;1\n"));
        shop.write(format!("media/S{n}.jpg"), &small);
    }
    supplier(&shop, "norte", "rank = 10", &list);
    let estante = shop.read("estante.toml");
    shop.write("estante.toml", format!("{estante}\n[images]\n"));
    shop.done(&["import", "norte", "--apply", "-q"]);
    let found = images(&shop);
    assert_eq!(
        told(&found),
        [
            "W-IMAGE-SMALL S10: 200 x 200 pixels",
            "W-IMAGE-STAND-IN S10: the same picture at 10 products",
        ]
    );
    // At something else it is told.
    shop.write("media/S10_2.jpg", &model);
    let found = images(&shop);
    assert_eq!(
        told(&found)[2..],
        ["I-IMAGE-DUPLICATE S10: also at V10, V11, V12, …"],
        "{found:#}"
    );
    assert_eq!(found["duplicates"], 1);
}

#[test]
fn what_is_soft_or_dark_or_inked_is_told() {
    let soft = |x: u32, y: u32| {
        let far = (x.abs_diff(300).pow(2) + y.abs_diff(300).pow(2)).min(90_000);
        [105 + (far / 600) as u8; 3]
    };
    // A thing that is cut out of a dark ground.
    let dark = |x: u32, y: u32| match (200..400).contains(&x) && (150..450).contains(&y) {
        true => [200, (x % 97) as u8, 90],
        false => [20, 30, 40],
    };
    let mut inked = Vec::new();
    let ink: Vec<u8> = (0..600_u32 * 600)
        .flat_map(|n| match (n % 600 / 60 + n / 36_000) % 2 {
            0 => [255, 255, 255, 255],
            _ => [40, 200, 90, 250],
        })
        .collect();
    jpeg_encoder::Encoder::new(&mut inked, 90)
        .encode(&ink, 600, 600, jpeg_encoder::ColorType::Cmyk)
        .expect("a picture can be written");
    let pictures = [("DARK", drawn(dark)), ("INK", inked), ("SOFT", drawn(soft))];
    let pictures = pictures.map(|(sku, picture)| (sku.to_owned(), picture));
    let found = images(&shop("defects = { background = 50 }", &pictures));
    let codes: Vec<String> = told(&found)
        .iter()
        .map(|own| own.split(':').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(
        codes,
        [
            "W-IMAGE-BLURRED SOFT",
            "W-IMAGE-BACKGROUND DARK",
            "W-IMAGE-BACKGROUND INK",
            "I-IMAGE-NO-PROFILE INK"
        ],
        "{found:#}"
    );
}
