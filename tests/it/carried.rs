//! The next day's whole file takes what nobody touched from the last one, and nobody can tell.

use crate::corner::{corner_shop, deliver, supplier};
use crate::support::Shop;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;

const CHANNELS: [&str; 4] = ["google-es", "mirakl", "shopify", "tienda-jsonld"];

/// Runs, and compares all that was exported and remembered with a twin in which everything is written anew. Gives how many
/// listings were carried, by channel.
#[track_caller]
fn run_and_compare(shop: &Shop, channels: &[&str]) -> BTreeMap<String, u64> {
    let twin = shop.twin();
    let document = shop.done(&["run", "--json"]).json();
    // The twin imports and writes no file, since it has forgotten its exports.
    std::fs::remove_dir_all(twin.path(".estante/channels")).expect("a run has left it");
    std::fs::remove_dir_all(twin.path("out")).expect("a run has left it");
    twin.done(&["run", "--quiet"]);
    for folder in ["out", ".estante/channels"] {
        let (own, anew) = (shop.files(folder), twin.files(folder));
        assert!(own.keys().eq(anew.keys()), "{:?} {:?}", own.keys(), anew.keys());
        for (name, bytes) in &own {
            assert!(bytes == &anew[name], "{name} shows what was carried");
        }
    }
    let exports = document["channels"].as_array().into_iter().flatten();
    let carried = exports.map(|export| {
        let name = export["channel"].as_str().unwrap_or_default().to_owned();
        assert_eq!(export["untouched"], false, "{name}: {export:#}");
        (name, export["carried"].as_u64().unwrap_or_default())
    });
    let carried: BTreeMap<String, u64> = carried.collect();
    assert!(carried.keys().eq(channels), "{document:#}");
    carried
}

fn skus(shop: &Shop, query: &str) -> Vec<String> {
    let found = shop.done(&["search", query, "--limit", "5", "--json"]).json();
    let found = found["products"]
        .as_array()
        .or(found["hits"].as_array())
        .cloned()
        .unwrap_or_default();
    let skus: Vec<String> = found
        .iter()
        .filter_map(|hit| hit["sku"].as_str())
        .map(str::to_owned)
        .collect();
    assert!(!skus.is_empty(), "{query} finds nothing");
    skus
}

#[test]
fn the_sample_of_the_next_day() {
    let shop = Shop::sample_of(&["moda-levante", "stahlberg-werkzeuge"]);
    shop.done(&["run", "--quiet"]);
    for sku in skus(&shop, "supplier:moda-levante") {
        shop.done(&["product", "set", &sku, "price=12.34 EUR"]);
    }
    for sku in skus(&shop, "supplier:stahlberg-werkzeuge") {
        shop.done(&["product", "set", &sku, "name=Herramienta de hoy"]);
    }
    let carried = run_and_compare(&shop, &CHANNELS);
    assert!(carried.values().all(|count| *count > 300), "{carried:?}");
}

/// A list in which numbers, models and colours are few, so that they often meet.
fn list(day: u64) -> String {
    let mut text = String::from("sku;name;gtin;brand;mpn;model;color;price;stock\n");
    for n in 0..120_u64 {
        // What a product says changes on few days.
        let turn = match (n * 7 + day * 13) % 23 {
            0 => day,
            _ => 0,
        };
        if (n + turn) % 11 == 5 {
            continue;
        }
        let model = match (n + turn) % 3 {
            0 => format!("M{}", (n + turn * 5) / 9),
            _ => String::new(),
        };
        let price = if (n + turn).is_multiple_of(17) {
            String::new()
        } else {
            format!("{}.50", 10 + n + turn)
        };
        writeln!(
            text,
            "S{n:03};Artículo {n};;Brontal;B{};{model};c{};{price};{}",
            (n + turn) % 60,
            (n + turn) % 4,
            (n + turn) % 5
        )
        .expect("a text takes all");
    }
    text
}

#[test]
fn many_days_of_a_shop_whose_products_come_go_and_change_places() {
    let shop = corner_shop();
    supplier(&shop, "norte", "guards = { price_ratio = \"100\" }", &list(0));
    shop.done(&["run", "--quiet"]);
    let mut carried = 0;
    for day in 1..12 {
        deliver(&shop, "norte", &list(day));
        carried += run_and_compare(&shop, &["web"])["web"];
    }
    assert!(carried > 400, "{carried}");
}

#[test]
fn a_file_that_somebody_changed_is_not_believed() {
    let shop = corner_shop();
    supplier(&shop, "norte", "", &list(0));
    shop.done(&["run", "--quiet"]);
    let text = shop.read("out/web/web.tsv");
    assert!(text.contains("Artículo 7\t") && text.contains("Artículo 8\t"));
    // As long as before.
    shop.write(
        "out/web/web.tsv",
        text.replace("Artículo 7\t", "Articulo! 7\t").replace("Artículo 7", "X"),
    );
    shop.write("out/web/web.tsv", text.replace("Artículo 7\t", "Articulo  7\t"));
    shop.done(&["product", "set", "S010", "name=Otro"]);
    let carried = run_and_compare(&shop, &["web"])["web"];
    assert!(carried > 50, "{carried}");
    assert!(shop.read("out/web/web.tsv").contains("Artículo 7\t"));
    // And a list of pieces that is damaged is none.
    let mut pieces = shop.bytes(".estante/channels/web.pieces");
    let middle = pieces.len() / 2;
    pieces[middle] ^= 1;
    shop.write(".estante/channels/web.pieces", pieces);
    shop.done(&["product", "set", "S010", "name=Otra vez"]);
    assert_eq!(run_and_compare(&shop, &["web"])["web"], 0);
    // Whoever wants all of it anew says so.
    shop.done(&["product", "set", "S010", "name=Y otra"]);
    let told = shop.done(&["channel", "export", "web", "--full", "--json"]).json();
    assert_eq!(told["carried"], Value::from(0));
}
