//! Laws of the whole way: what a catalog says leaves as a JSONL feed, and a catalog that is made of that feed says the same and
//! leaves as the same bytes; what leaves as a sheet comes in as nothing to change, and another catalog that takes the cells of
//! that sheet says the same.
//!
//! `ESTANTE_CASES` sets how many catalogs; most are small, some have up to `MOST` products.

use crate::corner::bare_shop;
use crate::sheet::Edited;
use crate::support::{Shop, law, on_the_shelf};
use estante::workspace::Workspace;
use estante::workspace::export::{Mode, export};
use estante::workspace::failure::Failure;
use estante::workspace::progress::Silent;
use estante::workspace::run::import_one;
use estante::workspace::sheet_in::{SheetIn, sheet_in};
use estante::workspace::sheet_out::{Wanted, sheet_out};
use estante::workspace::undo::undo;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use serde_json::{Map, Value, json};
use std::cell::{Cell, RefCell};

/// Catalogs of every day.
const CASES: u32 = 1_000;
/// Catalogs that come into a workspace one after the other.
const SHARED: u32 = 25;
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

/// Products of a catalog, each with what is said of it.
fn catalog() -> impl Strategy<Value = Vec<Map<String, Value>>> {
    prop_oneof![30 => vec(record(), 1..=3), 1 => vec(record(), 1..=MOST)]
}

/// The products as a feed; with `names_only`, nothing is said of them.
fn feed(records: &[Map<String, Value>], names_only: bool) -> String {
    let mut feed = String::new();
    for (n, record) in records.iter().enumerate() {
        let mut record = if names_only { Map::new() } else { record.clone() };
        record.insert("sku".to_owned(), json!(format!("N{n:03}")));
        // Two products never share a code here: what becomes of those is the law of others.
        if record.contains_key("gtin") {
            record.insert("gtin".to_owned(), json!(gtin(n as u64)));
        }
        feed.push_str(&Value::Object(record).to_string());
        feed.push('\n');
    }
    feed
}

fn failed(failure: Failure) -> TestCaseError {
    TestCaseError::fail(format!("{failure}: {:?}", failure.diagnostics))
}

/// A workspace that takes one catalog after the other: each is taken back once it was looked at.
struct Bench {
    shop: Shop,
    workspace: Workspace,
    /// The batches of this catalog.
    batches: Vec<i64>,
}

impl Bench {
    fn new() -> Bench {
        let shop = shop();
        let mut workspace = shop.workspace();
        workspace.open_catalog().expect("nobody else writes");
        Bench {
            shop,
            workspace,
            batches: Vec::new(),
        }
    }

    fn take_in(&mut self, feed: &[u8]) -> Result<(), TestCaseError> {
        self.shop.write("suppliers/own/all.jsonl", feed);
        let done = import_one(&mut self.workspace, "own", &Silent::default()).map_err(failed)?;
        prop_assert!(done.failure.is_none(), "{:?}", done.failure);
        prop_assert_eq!(done.summary.tally.new, done.summary.tally.read, "{:?}", done.summary);
        self.batches.extend(done.batch);
        Ok(())
    }

    /// What the catalog says of each product, a line a value.
    fn said(&self) -> Result<Vec<String>, TestCaseError> {
        let schema = &self.workspace.settings.schema;
        let mut told = Vec::new();
        for (product, _) in on_the_shelf(&self.workspace, |_| true).map_err(failed)? {
            let values = product.values.iter();
            told.extend(values.map(|said| {
                let value = said.value.to_text();
                format!("{} {}: {value}", product.sku, schema.key_text(said.key))
            }));
        }
        Ok(told)
    }

    fn exported(&mut self) -> Result<Vec<u8>, TestCaseError> {
        export(&mut self.workspace, "all", Mode::Full, &Silent::default()).map_err(failed)?;
        Ok(self.shop.bytes("out/all/all.jsonl"))
    }

    fn sheet_out(&self) -> Result<(), TestCaseError> {
        let columns: Vec<String> = FIELDS[1..].iter().map(|(.., key)| (*key).to_owned()).collect();
        let wanted = Wanted {
            query: &[],
            file: &self.shop.path("edit.xlsx"),
            columns: &columns,
            locale: None,
            force: true,
        };
        sheet_out(&self.workspace, &wanted, &Silent::default())
            .map(drop)
            .map_err(failed)
    }

    fn sheet_in(&mut self) -> Result<SheetIn, TestCaseError> {
        let file = self.shop.path("edit.xlsx");
        let came = sheet_in(&mut self.workspace, &file, true, &Silent::default()).map_err(failed)?;
        self.batches.extend(came.batch);
        Ok(came)
    }

    /// Nothing of the catalog is left.
    fn take_back(&mut self) -> Result<(), TestCaseError> {
        while let Some(batch) = self.batches.pop() {
            undo(&mut self.workspace, batch).map_err(failed)?;
        }
        prop_assert_eq!(self.said()?, Vec::<String>::new());
        Ok(())
    }
}

/// Tries a law on catalogs in two workspaces; it gives what the catalog says.
fn hold(law_of: impl Fn(&mut Bench, &mut Bench, &[Map<String, Value>]) -> Result<Vec<String>, TestCaseError>) {
    let mut runner = law(CASES, 200);
    let met = Cell::new((0, 0));
    let benches = RefCell::new(Vec::new());
    let outcome = runner.run(&catalog(), |records| {
        let mut benches = benches.borrow_mut();
        // A case that failed leaves its catalog behind.
        let (uses, mut here, mut there) = match benches.pop() {
            Some((uses, here, there)) if uses < SHARED => (uses, here, there),
            _ => (0, Bench::new(), Bench::new()),
        };
        let said = law_of(&mut here, &mut there, &records)?;
        here.take_back()?;
        there.take_back()?;
        benches.push((uses + 1, here, there));
        met.set((met.get().0 + records.len(), met.get().1 + said.len()));
        Ok(())
    });
    let (products, values) = met.get();
    println!("{products} products, {values} values");
    if let Err(error) = outcome {
        panic!("{error}");
    }
    assert!(
        products > 10 && values > products * 5,
        "{products} products say {values} values: the law is about nothing"
    );
}

#[test]
fn what_leaves_as_jsonl_comes_in_as_the_same_catalog() {
    hold(|here, there, records| {
        here.take_in(feed(records, false).as_bytes())?;
        let (said, file) = (here.said()?, here.exported()?);
        there.take_in(&file)?;
        let (again, same) = (there.said()?, there.exported()?);
        prop_assert_eq!(&said, &again);
        prop_assert_eq!(String::from_utf8_lossy(&file), String::from_utf8_lossy(&same));
        Ok(said)
    });
}

#[test]
fn what_leaves_as_a_sheet_comes_in_as_the_same_catalog() {
    hold(|here, there, records| {
        here.take_in(feed(records, false).as_bytes())?;
        let said = here.said()?;
        here.sheet_out()?;
        let came = here.sheet_in()?;
        let all = records.len() as u64;
        prop_assert_eq!((came.read, came.unchanged, came.batch), (all, all, None));
        prop_assert_eq!(came.findings.len(), 0, "{:?}", came.diagnostics);
        // The same products, of which nothing is said yet.
        there.take_in(feed(records, true).as_bytes())?;
        there.sheet_out()?;
        let mut sheet = Edited::open(&there.shop);
        sheet.take_over(&Edited::open(&here.shop));
        sheet.save(&there.shop);
        let came = there.sheet_in()?;
        prop_assert_eq!(came.findings.len(), 0, "{:?}", came.diagnostics);
        prop_assert_eq!(&there.said()?, &said);
        Ok(said)
    });
}
