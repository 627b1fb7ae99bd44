//! A new supplier from a file: what is proposed loads, reads the file as it was looked at, and nothing else is written.

use crate::corner::{bare_shop, codes, tally};
use crate::support::Shop;

/// A workspace with a supplier made of this file.
#[track_caller]
fn added(name: &str, content: impl AsRef<[u8]>, args: &[&str]) -> (Shop, serde_json::Value) {
    let shop = bare_shop();
    shop.write(name, content);
    let document = shop
        .done(&[&["supplier", "add", name, "--name", "norte", "--json"], args].concat())
        .json();
    (shop, document)
}

/// What an import of the proposed mapping says.
#[track_caller]
fn imported(shop: &Shop) -> String {
    let document = shop.done(&["import", "norte", "--json"]).json();
    format!("{} {}", tally(&document), codes(&document).join(" "))
}

#[test]
fn a_file_without_a_key_is_refused_and_nothing_is_written() {
    let shop = bare_shop();
    shop.write("list.csv", "color,price\nred,1.00\nred,1.00\nblue,2.00\n");
    let refused = shop.run(&["supplier", "add", "list.csv"]).ended(3);
    assert!(refused.err.contains("E-NO-SKU"), "{}", refused.err);
    assert!(
        refused.err.contains("color, price") && refused.err.contains("--sku COLUMN"),
        "{}",
        refused.err
    );
    assert!(!shop.path("suppliers/list").exists());
    shop.done(&["supplier", "list"]);

    // A person knows better.
    let refused = shop.run(&["supplier", "add", "list.csv", "--sku", "colour"]).ended(2);
    assert!(refused.err.contains("there are: color, price"), "{}", refused.err);
    let document = shop
        .done(&["supplier", "add", "list.csv", "--sku", "color", "--json"])
        .json();
    assert_eq!(document["columns"][0]["attribute"], "sku");
    shop.done(&["supplier", "list"]);
}

#[test]
fn guesses_are_told_in_whole_percents_and_not_at_all_where_nobody_asks() {
    let (shop, document) = added("list.csv", "sku,name,price\nA1,One,1.00\nA2,Two,2.50\n", &[]);
    for column in document["columns"].as_array().expect("there are columns") {
        let text = column["confidence"].to_string();
        assert!(text.len() <= 4, "{text} is no number of two decimals");
    }
    let quiet = shop.done(&["-q", "supplier", "add", "list.csv", "--name", "sur"]);
    assert_eq!((quiet.out.as_str(), quiet.err.as_str()), ("", ""));
}

/// What the settings declare does not turn off what is found otherwise.
#[test]
fn a_file_is_read_as_it_was_looked_at() {
    let padded =
        "sku   , name             , price\nA1    , \"Paper, white\"   , 1.50\nA2    , \"Paper, red\"     , 2.50\n";
    let escaped = "sku,name,price\nA1,\"5\\\" pipe, steel\",1.50\nA2,\"Pipe \\\"big\\\"\",2.50\n";
    let sign = "sku;name;price\nA1;\";1.50\nA2;rad;2.50\n";
    for (content, name) in [(padded, "Paper, white"), (escaped, "5\" pipe, steel"), (sign, "\"")] {
        let (shop, document) = added("list.csv", content, &[]);
        assert_eq!(document["columns"][1]["sample"], name, "{content}");
        assert_eq!(imported(&shop).trim(), "2 new", "{content}");
    }
}
