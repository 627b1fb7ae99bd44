//! A law of the whole way: what a catalog says leaves as a JSONL feed, and a catalog that is made of that feed says the same and
//! leaves as the same bytes.
//!
//! `ESTANTE_CASES` sets how many catalogs; each has up to `MOST` products.

use crate::corner::bare_shop;
use crate::support::{Shop, law};
use estante::workspace::export::{Mode, export};
use estante::workspace::inspect::show;
use estante::workspace::progress::Silent;
use estante::workspace::run::import_one;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::{Map, Value, json};

/// Catalogs of every day.
const CASES: u32 = 40;
/// Products of a catalog, at most.
const MOST: usize = 50;

const SCHEMA: &str = r#"
[attributes]
gtin = { kind = "gtin" }
brand = { kind = "text" }
mpn = { kind = "identifier" }
name = { kind = "text", localizable = true, max_length = 200 }
description = { kind = "rich_text", localizable = true }
image = { kind = "media" }
weight = { kind = "measure", unit = "kg" }
boxed = { kind = "boolean" }
launched = { kind = "date" }
tags = { kind = "options", options = "tags", open = true }
price = { kind = "money", role = "offer" }
stock = { kind = "integer", role = "offer", min = "0" }
[options.tags.values.red]
labels = { es = "Rojo" }
[options.tags.values.blue]
labels = { es = "Azul" }
"#;

const PACK: &str = r#"title = "All that the catalog says"
class = "feed"
status = "active"
seen = "2026"
regions = "all"
update_modes = ["files"]
[[sources]]
id = "own"
url = "https://shop.example"
what = "everything"
seen = "2026"
official = true
[identity]
key = ["sku"]
[localisation]
language = "in the names of fields"
[price]
template = "{amount} {currency}"
amount_pattern = "^[0-9]+([.][0-9]{1,4})?$"
decimals = 4
decimal_mark = "."
example = "1.00 EUR"
[dates]
format = "ISO 8601"
examples = ["2026-11-22"]
[[formats]]
id = "jsonl"
kind = "jsonl"
extensions = ["jsonl"]
encoding = "UTF-8"
"#;

/// The fields: name in the file, its type, the key in the catalog.
const FIELDS: [(&str, &str, &str); 14] = [
    ("sku", "string", "sku"),
    ("gtin", "gtin", "gtin"),
    ("brand", "text", "brand"),
    ("mpn", "string", "mpn"),
    ("name_es", "text", "name@es"),
    ("name_en", "text", "name@en"),
    ("description_es", "html", "description@es"),
    ("image", "image_url", "image"),
    ("weight", "measure", "weight"),
    ("boxed", "bool", "boxed"),
    ("launched", "date", "launched"),
    ("tags", "list", "tags"),
    ("price", "money", "price"),
    ("stock", "integer", "stock"),
];

fn shop() -> Shop {
    let shop = bare_shop();
    shop.write("schemas/all.toml", SCHEMA);
    let (mut pack, mut channel, mut supplier) = (PACK.to_owned(), String::new(), String::new());
    for (name, kind, key) in FIELDS {
        let required = if name == "sku" { "always" } else { "optional" };
        pack.push_str(&format!(
            "[[fields]]\nname = \"{name}\"\nrequired = \"{required}\"\ntype = \"{kind}\"\n"
        ));
        if kind == "measure" {
            pack.push_str("measure = { units = [\"kg\"] }\n");
        }
        if name == "image" || name == "tags" {
            pack.push_str("max_values = 20\n");
        }
        channel.push_str(&format!("{name} = {{ attribute = \"{key}\" }}\n"));
        supplier.push_str(&format!(
            "\"{key}\" = {{ column = \"{name}\"{} }}\n",
            if name == "sku" { "" } else { ", optional = true" }
        ));
    }
    shop.write("channels/packs/own.toml", pack);
    shop.write(
        "channels/all.toml",
        format!("name = \"All\"\npack = \"own\"\nformat = \"jsonl\"\nlocale = \"es\"\ncurrency = \"EUR\"\nfile = \"all.jsonl\"\n[fields]\n{channel}"),
    );
    shop.write(
        "suppliers/own/supplier.toml",
        format!("name = \"Own\"\n[file]\npath = [\"all.jsonl\"]\n[read]\nlocale = \"en\"\nnumbers = \"1234.56\"\ncurrency = \"EUR\"\n[fields]\n{supplier}"),
    );
    shop
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[a-zñáü0-9 ]{1,20}",
        2 => "\\PC{1,12}",
        1 => "[\"'\\\\/{}:,;|\t\n =+@-]{1,6}[a-z]{1,4}",
        1 => "(<b>)?[a-z]{1,6}&(amp;)?[a-z]{0,4}",
    ]
}

/// One object of a feed; what is null is not said.
fn record() -> impl Strategy<Value = Map<String, Value>> {
    let codes = prop_oneof![Just(Value::Null), (0..100_000_u64).prop_map(|n| json!(gtin(n)))];
    let maybe = |strategy: BoxedStrategy<Value>| proptest::option::weighted(0.7, strategy);
    let text = || words().prop_map(Value::String).boxed();
    let amount = (1_i64..10_000_000, 0_u32..3).prop_map(|(digits, scale)| rust_decimal::Decimal::new(digits, scale));
    let list = |strategy: BoxedStrategy<String>| vec(strategy, 1..4).prop_map(|list| json!(list)).boxed();
    let pictures = "[a-z]{1,8}"
        .prop_map(|name| format!("https://shop.example/{name}.jpg"))
        .boxed();
    let tags = prop_oneof![Just("red".to_owned()), Just("blue".to_owned()), "[a-z]{3,8}"].boxed();
    (
        (
            codes,
            maybe(text()),
            maybe("[A-Z0-9-]{1,10}".prop_map(Value::String).boxed()),
        ),
        (maybe(text()), maybe(text()), maybe(text())),
        (maybe(list(pictures)), maybe(list(tags))),
        (
            maybe(
                (1_i64..100_000, 0_u32..4)
                    .prop_map(|(n, scale)| json!(format!("{} kg", rust_decimal::Decimal::new(n, scale))))
                    .boxed(),
            ),
            maybe(any::<bool>().prop_map(Value::Bool).boxed()),
            maybe(
                (1990_i16..2040, 1_i8..13, 1_i8..29)
                    .prop_map(|(y, m, d)| json!(format!("{y}-{m:02}-{d:02}")))
                    .boxed(),
            ),
        ),
        (
            maybe(amount.prop_map(|amount| json!(format!("{amount} EUR"))).boxed()),
            maybe((0..10_000_u32).prop_map(|n| json!(n)).boxed()),
        ),
    )
        .prop_map(
            |((code, brand, mpn), (es, en, description), (image, tags), (weight, boxed, launched), (price, stock))| {
                let pairs = [
                    ("gtin", Some(code)),
                    ("brand", brand),
                    ("mpn", mpn),
                    ("name_es", es),
                    ("name_en", en),
                    ("description_es", description),
                    ("image", image),
                    ("tags", tags),
                    ("weight", weight),
                    ("boxed", boxed),
                    ("launched", launched),
                    ("price", price),
                    ("stock", stock),
                ];
                let said = pairs
                    .into_iter()
                    .filter_map(|(name, value)| Some((name.to_owned(), value.filter(|value| !value.is_null())?)));
                said.collect()
            },
        )
}

/// A code with its check digit (GS1 General Specifications, 7.9).
fn gtin(n: u64) -> String {
    let digits = format!("8412345{n:05}");
    let weighed = digits.bytes().rev().zip([3, 1].into_iter().cycle());
    let sum: u32 = weighed.map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
    format!("{digits}{}", (10 - sum % 10) % 10)
}

/// Imports the feed; gives what the catalog says of each product, and its own feed.
fn taken_in(shop: &Shop, feed: &[u8]) -> Result<(Vec<String>, Vec<u8>), TestCaseError> {
    shop.write("suppliers/own/all.jsonl", feed);
    let mut workspace = shop.workspace();
    let failed = |failure: estante::workspace::failure::Failure| {
        TestCaseError::fail(format!("{failure}: {:?}", failure.diagnostics))
    };
    import_one(&mut workspace, "own", &Silent::default()).map_err(failed)?;
    export(&mut workspace, "all", Mode::Full, &Silent::default()).map_err(failed)?;
    let names = workspace
        .reader()
        .map_err(failed)?
        .shelf(None)
        .map_err(|error| TestCaseError::fail(error.to_string()))?;
    let mut told = Vec::new();
    for name in names {
        let shown = show(&workspace, &name.sku).map_err(failed)?;
        for value in shown.values {
            told.push(format!(
                "{} {} {:?}: {}",
                name.sku, value.attribute, value.locale, value.value
            ));
        }
    }
    Ok((told, shop.bytes("out/all/all.jsonl")))
}

#[test]
fn what_leaves_as_jsonl_comes_in_as_the_same_catalog() {
    let mut runner = law(CASES, 200);
    let met = std::cell::Cell::new((0, 0));
    let outcome = runner.run(&vec(record(), 1..=MOST), |records| {
        let mut feed = String::new();
        for (n, record) in records.iter().enumerate() {
            let mut record = record.clone();
            record.insert("sku".to_owned(), json!(format!("N{n:03}")));
            // Two products never share a code here: what becomes of those is the law of others.
            if record.contains_key("gtin") {
                record.insert("gtin".to_owned(), json!(gtin(n as u64)));
            }
            feed.push_str(&Value::Object(record).to_string());
            feed.push('\n');
        }
        let (said, file) = taken_in(&shop(), feed.as_bytes())?;
        let (again, same) = taken_in(&shop(), &file)?;
        met.set((met.get().0 + records.len(), met.get().1 + said.len()));
        prop_assert_eq!(said, again);
        prop_assert_eq!(String::from_utf8_lossy(&file), String::from_utf8_lossy(&same));
        Ok(())
    });
    let (products, values) = met.get();
    println!("{products} products, {values} values");
    if let Err(error) = outcome {
        panic!("{error}");
    }
    assert!(
        products > 100 && values > products * 5,
        "{products} products say {values} values: the law is about nothing"
    );
}
