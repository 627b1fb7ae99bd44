//! A corner shop: a workspace of a dozen attributes with one channel, whose suppliers each test writes itself; and the
//! sample workspace after its first run, made once for all tests.

use crate::support::{Answer, Shop, project};
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::OnceLock;

const ESTANTE: &str = r#"name = "Corner shop"
locales = ["es", "en"]
currency = "EUR"
suppliers = "suppliers"
"#;

const SCHEMA: &str = r#"
[attributes]
gtin = { kind = "gtin" }
brand = { kind = "text" }
mpn = { kind = "identifier" }
model = { kind = "identifier" }
name = { kind = "text", localizable = true, max_length = 200 }
description = { kind = "rich_text", localizable = true }
color = { kind = "text" }
size = { kind = "text" }
image = { kind = "media", policy = "union" }
price = { kind = "money", role = "offer" }
stock = { kind = "integer", role = "offer", min = "0" }
"#;

/// One line a product, so that a test reads it with `offers`.
const WEB: &str = r#"name = "Web"
pack = "google-merchant"
format = "tsv"
locale = "es"
currency = "EUR"
country = "ES"
domain = "https://shop.example"
file = "web.tsv"
filter = "price != none"

[fields]
id = { attribute = "sku" }
title = { first_of = [{ attribute = "name" }, { template = "Item {{ sku }}" }] }
description = { first_of = [{ attribute = "description" }, { template = "About {{ sku }}" }] }
link = { template = "{{ domain }}/p/{{ sku }}" }
image_link = { value = "https://shop.example/picture.jpg" }
availability = { availability = "stock" }
price = { attribute = "price" }
condition = { value = "new" }
brand = { first_of = [{ attribute = "brand" }, { value = "Noname" }] }
gtin = { attribute = "gtin" }
mpn = { first_of = [{ attribute = "mpn" }, { attribute = "sku" }] }
color = { attribute = "color" }
item_group_id = { attribute = "model" }
"#;

/// A supplier of `sku;name;price;stock` and more, told apart by what is put below.
pub const LIST: &str = r##"name = "List"
[file]
path = ["list.csv"]
[read]
currency = "EUR"
clear = ["#BORRAR"]
[fields]
sku = { column = "sku" }
name = { column = "name", optional = true }
description = { column = "description", optional = true }
brand = { column = "brand", optional = true }
mpn = { column = "mpn", optional = true }
gtin = { column = "gtin", optional = true }
model = { column = "model", optional = true }
color = { column = "color", optional = true }
price = { column = "price", optional = true }
stock = { column = "stock", optional = true }
"##;

/// The workspace without a supplier, with the channel `web`.
pub fn corner_shop() -> Shop {
    let shop = bare_shop();
    let pack = project().join("channels/packs/google-merchant.toml");
    shop.write(
        "channels/packs/google-merchant.toml",
        std::fs::read(pack).expect("the pack is there"),
    );
    shop.write("channels/web.toml", WEB);
    shop
}

/// The workspace without a supplier and without a channel.
pub fn bare_shop() -> Shop {
    let shop = Shop::new();
    shop.write("estante.toml", ESTANTE);
    shop.write("schemas/all.toml", SCHEMA);
    shop
}

/// Adds a supplier with `LIST` as its settings, `top` above them, and a delivery.
pub fn supplier(shop: &Shop, id: &str, top: &str, list: &str) {
    shop.write(format!("suppliers/{id}/supplier.toml"), format!("{top}\n{LIST}"));
    deliver(shop, id, list);
}

/// The next delivery of a supplier.
pub fn deliver(shop: &Shop, id: &str, list: &str) {
    shop.write(format!("suppliers/{id}/list.csv"), list);
}

/// Imports and applies; gives the JSON document.
#[track_caller]
pub fn import(shop: &Shop, id: &str) -> Value {
    shop.done(&["import", id, "--apply", "--json"]).json()
}

/// Exports the channel `web`; gives what its file says.
#[track_caller]
pub fn export(shop: &Shop) -> Offers {
    shop.done(&["channel", "export", "web", "--quiet"]);
    offers(&shop.read("out/web/web.tsv"))
}

/// What the channel `web` was told: by id, the cells by column.
pub type Offers = BTreeMap<String, BTreeMap<String, String>>;

/// Reads the file of the channel `web`.
pub fn offers(text: &str) -> Offers {
    let mut lines = text.lines().map(|line| line.split('\t').map(str::to_owned));
    let head: Vec<String> = lines.next().map(Iterator::collect).unwrap_or_default();
    lines
        .map(|cells| {
            let cells: BTreeMap<String, String> = head.iter().cloned().zip(cells).collect();
            (cells["id"].clone(), cells)
        })
        .collect()
}

/// What `product show` says of one attribute.
#[track_caller]
pub fn value(shop: &Shop, sku: &str, attribute: &str) -> Option<String> {
    let whole = shop.done(&["product", "show", sku, "--json"]).json();
    let values = whole["values"].as_array().expect("a product has values");
    let found = values.iter().find(|value| value["attribute"] == attribute)?;
    found["value"].as_str().map(str::to_owned)
}

/// A number out of a document.
#[track_caller]
pub fn number(document: &Value, key: &str) -> u64 {
    document[key]
        .as_u64()
        .unwrap_or_else(|| panic!("`{key}` is no number in {document:#}"))
}

/// The numbers of a delivery in one line; `read` must be what they add up to.
#[track_caller]
pub fn tally(document: &Value) -> String {
    let parts = ["new", "changed", "unchanged", "held", "rejected"].map(|key| (key, number(document, key)));
    let sum: u64 = parts.iter().map(|(_, count)| count).sum();
    assert_eq!(
        number(document, "read"),
        sum,
        "read is not what became of it: {document:#}"
    );
    let mut told: Vec<String> = parts
        .iter()
        .filter(|(_, n)| *n > 0)
        .map(|(key, n)| format!("{n} {key}"))
        .collect();
    for key in ["missing", "missing_held"] {
        if number(document, key) > 0 {
            told.push(format!("{} {key}", number(document, key)));
        }
    }
    told.join(", ")
}

/// Codes of the findings in a document, each as `CODE` or `CODE@line`, in their order.
pub fn codes(document: &Value) -> Vec<String> {
    let findings = document["diagnostics"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    findings
        .iter()
        .map(|finding| {
            let code = finding["code"].as_str().unwrap_or_default();
            match finding["line"].as_u64() {
                Some(line) => format!("{code}@{line}"),
                None => code.to_owned(),
            }
        })
        .collect()
}

/// The sample workspace after its first run, and what `run --json` said. Tests look at it, or work on `twin`.
pub struct Prepared {
    pub shop: Shop,
    pub answer: Answer,
    pub document: Value,
}

/// Runs the sample workspace once, with one thread for each core.
pub fn prepared() -> &'static Prepared {
    static PREPARED: OnceLock<Prepared> = OnceLock::new();
    let prepared = PREPARED.get_or_init(|| {
        let shop = Shop::sample();
        let answer = shop.run(&["run", "--json"]);
        let document = answer.json();
        Prepared { shop, answer, document }
    });
    let told = || prepared.document["suppliers"].as_array().into_iter().flatten();
    let refused: Vec<String> = told()
        .filter(|told| !told["error"].is_null())
        .map(|told| format!("{:#}", told["error"]))
        .collect();
    assert_eq!(
        prepared.answer.code,
        Some(0),
        "the first run of the sample workspace fails\n{}",
        refused.join("\n")
    );
    prepared
}

/// The demonstration made by a program with one thread: another folder, the same suppliers.
pub fn demonstrated() -> &'static (Shop, Answer) {
    static DEMONSTRATED: OnceLock<(Shop, Answer)> = OnceLock::new();
    let made = DEMONSTRATED.get_or_init(|| {
        let shop = Shop::new();
        let answer = shop.run(&["demo", "here", "--threads", "1"]);
        (shop, answer)
    });
    made.1.clone().ended(0);
    made
}

/// What a run said of one supplier.
#[track_caller]
pub fn of_supplier<'d>(document: &'d Value, id: &str) -> &'d Value {
    let suppliers = document["suppliers"].as_array().expect("a run tells of suppliers");
    suppliers
        .iter()
        .find(|told| told["supplier"] == id)
        .unwrap_or_else(|| panic!("the run is silent on {id}"))
}

/// A product of the catalog: values by attribute.
#[track_caller]
pub fn product(shop: &Shop, sku: &str) -> BTreeMap<String, String> {
    let shown = shop.done(&["product", "show", "--json", "--", sku]).json();
    let values = shown["values"].as_array().expect("a product has values");
    values
        .iter()
        .map(|value| {
            (
                value["attribute"].as_str().unwrap_or_default().to_owned(),
                value["value"].as_str().unwrap_or_default().to_owned(),
            )
        })
        .collect()
}
