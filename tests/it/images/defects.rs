//! What is wrong with pictures: each kind of defect is told once, with the product it stands at.

use crate::corner::corner_shop;
use crate::images::{images, photograph, supplier};
use crate::support::Shop;

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
