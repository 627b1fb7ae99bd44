//! `log`: who changed what, when, and where it was read; of a product and of a batch.

use crate::corner::{corner_shop, deliver, import, supplier};
use crate::support::Shop;
use serde_json::Value;
use std::fmt::Write as _;

fn list(rows: &[(&str, &str)]) -> String {
    let mut text = String::from("sku;name;price;stock\n");
    for (sku, price) in rows {
        writeln!(text, "{sku};Taladro;{price};3").expect("a text takes all");
    }
    text
}

/// Batch 1 makes A and B, batch 2 changes the price of B, which stands in line 3.
fn shop_of_two() -> Shop {
    let shop = corner_shop();
    supplier(&shop, "norte", "", &list(&[("A", "10.00"), ("B", "20.00")]));
    import(&shop, "norte");
    deliver(&shop, "norte", &list(&[("A", "10.00"), ("B", "21.00")]));
    import(&shop, "norte");
    shop
}

fn changes(shop: &Shop, args: &[&str]) -> Vec<Value> {
    let args = [&["log", "--json"], args].concat();
    let told = shop.done(&args).json();
    told["changes"].as_array().cloned().unwrap_or_default()
}

/// SKU, attribute, before, after, file, line, column.
fn row(change: &Value) -> [String; 7] {
    ["sku", "attribute", "before", "after", "file", "line", "column"].map(|member| match &change[member] {
        Value::String(text) => text.clone(),
        Value::Null => "–".to_owned(),
        other => other.to_string(),
    })
}

#[test]
fn a_change_says_where_it_was_read() {
    let shop = shop_of_two();
    let told = changes(&shop, &["B", "--field", "price"]);
    let file = "suppliers/norte/list.csv";
    assert_eq!(
        told.iter().map(row).collect::<Vec<_>>(),
        [
            ["–", "price", "20.00 EUR", "21.00 EUR", file, "3", "price"],
            ["–", "price", "–", "20.00 EUR", file, "3", "price"]
        ]
    );
    assert!(
        told[0]["rule"].is_string() && told[0]["at"].is_string(),
        "{:#}",
        told[0]
    );
    let text = shop.done(&["log", "B", "--field", "price"]).out;
    assert!(
        text.contains("20.00 EUR → 21.00 EUR  suppliers/norte/list.csv:3 `price`"),
        "{text}"
    );
    let text = shop.done(&["product", "show", "B", "--history"]).out;
    assert!(text.contains("list.csv:3 `price`"), "{text}");
    // By hand there is no file.
    shop.done(&["product", "set", "B", "name@es=Otro"]);
    let by_hand = &changes(&shop, &["B", "--field", "name"])[0];
    assert_eq!(
        row(by_hand),
        ["–", "name@es", "–", "Otro", "–", "–", "–"],
        "{by_hand:#}"
    );
}

#[test]
fn a_batch_lists_its_changes() {
    let shop = shop_of_two();
    let file = "suppliers/norte/list.csv";
    let second = [["B", "price", "20.00 EUR", "21.00 EUR", file, "3", "price"]];
    let rows = |args: &[&str]| changes(&shop, args).iter().map(row).collect::<Vec<_>>();
    assert_eq!(rows(&["2"]), second);
    let text = shop.done(&["log", "2"]).out;
    assert!(
        text.contains("B  price: 20.00 EUR → 21.00 EUR  suppliers/norte/list.csv:3 `price`"),
        "{text}"
    );
    // The first one says what it said, not what its products say by now.
    let first = [
        ["A", "price", "–", "10.00 EUR", file, "2", "price"],
        ["B", "price", "–", "20.00 EUR", file, "3", "price"],
    ];
    let mut found = rows(&["1", "--field", "price"]);
    found.sort();
    assert_eq!(found, first);
    // Taken back, a batch still did what it did; the undo did the opposite.
    shop.done(&["undo", "2"]);
    assert_eq!(rows(&["2"]), second);
    assert_eq!(
        rows(&["3"]),
        [["B", "price", "21.00 EUR", "20.00 EUR", file, "3", "price"]]
    );
    shop.done(&["undo", "1"]);
    let mut found = rows(&["1", "--field", "price"]);
    found.sort();
    assert_eq!(found, first);
    let gone = rows(&["4", "--field", "price"]);
    assert_eq!(gone.len(), 2, "{gone:?}");
    assert!(gone.iter().all(|row| row[3] == "–" && row[4] == "–"), "{gone:?}");
}

#[test]
fn a_large_batch_is_listed_as_far_as_it_is_read() {
    let shop = corner_shop();
    let skus: Vec<String> = (0..2_500).map(|n| format!("S{n:05}")).collect();
    let rows: Vec<(&str, &str)> = skus.iter().map(|sku| (sku.as_str(), "10.00")).collect();
    supplier(&shop, "norte", "", &list(&rows));
    import(&shop, "norte");
    deliver(&shop, "norte", &list(&rows).replace(";3\n", ";4\n"));
    import(&shop, "norte");
    for batch in ["1", "2"] {
        let told = shop.done(&["log", batch, "--field", "stock", "--json"]).json();
        assert_eq!(told["changes"].as_array().map(Vec::len), Some(1_000), "batch {batch}");
        assert_eq!(told["more"], 1_500, "batch {batch}");
        let text = shop.done(&["log", batch, "--field", "stock"]).out;
        assert_eq!(text.matches("→").count(), 200, "batch {batch}");
        assert!(text.contains("of 2,300 items"), "{text}");
    }
    // Nothing but the stock changed, however many there are.
    assert!(changes(&shop, &["2", "--field", "price"]).is_empty());
}

#[test]
fn of_a_batch_past_retention_only_what_stands_is_listed() {
    let shop = shop_of_two();
    let settings = shop.read("estante.toml");
    shop.write("estante.toml", format!("{settings}\n[history]\nkeep_batches = 1\n"));
    shop.done(&["product", "set", "A", "brand=Acme"]);
    let told = shop.done(&["log", "2", "--json"]).json();
    assert_eq!(told["past_retention"], true, "{told:#}");
    assert_eq!(told["changes"][0]["forgotten"], true, "{told:#}");
    assert!(shop.done(&["log", "1"]).out.contains("past retention"));
}
