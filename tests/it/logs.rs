//! `log`: who changed what, when, and where it was read; of a product and of a batch.

use crate::corner::{corner_shop, deliver, import, supplier};
use crate::support::Shop;
use serde_json::{Value, json};
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

/// Products that go off sale and come back change no value, and are told with the delivery that had them not, or the row that said so.
#[test]
fn a_batch_lists_what_goes_off_sale_and_comes_back() {
    let shop = corner_shop();
    let all = [("A", "10.00"), ("B", "20.00"), ("C", "30.00")];
    supplier(&shop, "norte", "", &list(&all));
    import(&shop, "norte");
    deliver(&shop, "norte", &list(&[all[0], all[2]]));
    import(&shop, "norte");
    deliver(&shop, "norte", &list(&all));
    import(&shop, "norte");
    let file = "suppliers/norte/list.csv";
    let rows = |args: &[&str]| changes(&shop, args).iter().map(row).collect::<Vec<_>>();
    let gone = ["B", "active", "yes", "no", file, "–", "–"];
    let back = ["B", "active", "no", "yes", file, "3", "–"];
    assert_eq!(
        (rows(&["2"]), rows(&["3"])),
        (vec![gone.map(str::to_owned)], vec![back.map(str::to_owned)])
    );
    let told = &changes(&shop, &["2"])[0];
    assert_eq!(
        (&told["rule"], &told["source"], &told["batch"], told["at"].is_string()),
        (&"not in the delivery".into(), &"supplier:norte".into(), &2.into(), true)
    );
    let text = shop.done(&["log", "2"]).out;
    assert!(
        text.contains("B  active: yes → no  suppliers/norte/list.csv not in the delivery"),
        "{text}"
    );
    // Of the product, too; taken back, it is the other way round.
    assert_eq!(rows(&["B", "--field", "active"]).len(), 2);
    assert!(rows(&["2", "--field", "price"]).is_empty());
    shop.done(&["undo", "3"]);
    assert_eq!(rows(&["4"]), [["B", "active", "yes", "no", "–", "–", "–"]]);
    shop.done(&["undo", "2"]);
    assert_eq!(rows(&["5"]), [["B", "active", "no", "yes", "–", "–", "–"]]);
    assert_eq!(rows(&["2"]), [gone]);
    // A row may take its product off, in its own line.
    let settings = shop.read("suppliers/norte/supplier.toml");
    let removed = settings.replace("[read]", "removed = { stock = [\"baja\"] }\n[read]");
    shop.write("suppliers/norte/supplier.toml", removed);
    deliver(&shop, "norte", &list(&all).replace("20.00;3", "20.00;baja"));
    import(&shop, "norte");
    let told = changes(&shop, &["6", "--field", "active"]);
    assert_eq!(
        told.iter().map(row).collect::<Vec<_>>(),
        [["B", "active", "yes", "no", file, "3", "–"]]
    );
    assert_eq!(told[0]["rule"], "taken off by its row");
    shop.done(&["undo", "6"]);
    shop.done(&["verify"]);
}

/// Merges, splits and moves between models are listed, each way, also where they were taken back.
#[test]
fn a_batch_lists_who_products_became() {
    let shop = corner_shop();
    supplier(
        &shop,
        "norte",
        "",
        "sku;name;model;price;stock\nA;Uno;M;10.00;1\nB;Dos;M;10.00;1\n",
    );
    supplier(&shop, "sur", "", "sku;name;price;stock\nS;Tres;11.00;1\n");
    import(&shop, "norte");
    import(&shop, "sur");
    let rows = |args: &[&str]| {
        let told = changes(&shop, args);
        let row = |change: &Value| row(change)[..4].join(" ");
        told.iter().map(row).collect::<Vec<_>>()
    };
    shop.done(&["product", "merge", "A", "S"]);
    assert_eq!(rows(&["3"]), ["S product S A", "S part_of – A"]);
    shop.done(&["product", "split", "S"]);
    assert_eq!(rows(&["4"]), ["S product A S", "S part_of A –"]);
    assert_eq!(rows(&["3", "--field", "part_of"]), ["S part_of – A"]);
    assert_eq!(rows(&["4", "--field", "product"]), ["S product A S"]);
    shop.done(&["product", "merge", "A", "S"]);
    shop.done(&["undo", "5"]);
    assert_eq!(
        (rows(&["5"]), rows(&["6"])),
        (vec!["S product S A".to_owned()], vec!["S product A S".to_owned()])
    );
    shop.done(&["product", "move", "B", "--model", "N"]);
    assert_eq!(rows(&["7"]), ["B model – N"]);
    deliver(
        &shop,
        "norte",
        "sku;name;model;price;stock\nA;Uno;K;10.00;1\nB;Dos;M;10.00;1\n",
    );
    import(&shop, "norte");
    assert_eq!(rows(&["8"]), ["A model M K"]);
}

/// The first 10,000 findings are kept word for word; all are counted, wherever they are told, also those of which none is kept.
#[test]
fn findings_beyond_those_that_are_listed_are_counted() {
    let shop = corner_shop();
    let bad = |range: std::ops::Range<u32>, price: &str, stock: &str| -> String {
        range.map(|n| format!("P{n:05};{price};{stock}\n")).collect()
    };
    let rows = [bad(0..10_002, "dear", "1"), bad(10_002..10_005, "5.00", "-1")].concat();
    supplier(&shop, "norte", "", &format!("sku;price;stock\n{rows}GOOD;5.00;1\n"));
    let all = json!({ "E-PRICE": 10_002, "E-TOO-SMALL": 3 });
    let listed = |document: &Value| document["diagnostics"].as_array().map(Vec::len);

    let told = shop.done(&["import", "norte", "--json"]).json();
    assert_eq!((&told["findings"], listed(&told)), (&all, Some(10_000)));
    let plan = told["plan"].as_str().expect("a plan waits").to_owned();
    let shown = shop.done(&["plan", "show", &plan, "--json"]).json();
    let unlisted = json!({ "E-PRICE": 2, "E-TOO-SMALL": 3 });
    assert_eq!((&shown["findings"], &shown["unlisted"]), (&all, &unlisted));
    let text = shop.done(&["plan", "show", &plan]).out;
    let line = "beyond the findings that are listed, and what they reject: 2 E-PRICE, 3 E-TOO-SMALL";
    assert!(text.ends_with(&format!("{line}\n")), "{text}");

    let text = shop.done(&["apply", &plan]).out;
    let counted = [
        "and 10,001 more E-PRICE (-v shows 9,999 of them)",
        "and 3 E-TOO-SMALL, counted and not listed",
    ];
    assert!(counted.iter().all(|line| text.contains(line)), "{text}");
    let told = shop.done(&["log", "1", "--json"]).json();
    assert_eq!((&told["findings"], listed(&told)), (&all, Some(10_000)));
    let text = shop.done(&["log", "1"]).out;
    assert!(counted.iter().all(|line| text.contains(line)), "{text}");
    let text = shop.done(&["log", "1", "-v"]).out;
    assert!(text.contains("and 2 more E-PRICE, counted and not listed"));
    let batches = shop.done(&["batches", "--json"]).json();
    assert_eq!(batches["batches"][0]["findings"], all);
    // Where all are listed, nothing is said of more.
    deliver(&shop, "norte", "sku;price;stock\nGOOD;6.00;1\nP1;dear;1\n");
    let plan = shop.done(&["import", "norte", "--json"]).json();
    let plan = plan["plan"].as_str().expect("a plan waits");
    assert!(!shop.done(&["plan", "show", plan]).out.contains("beyond"));
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

/// What is asked for must be there: nothing is not an answer.
#[track_caller]
fn refused(shop: &Shop, args: &[&str], told: &[&str]) {
    let refused = shop.run(args).ended(2);
    for told in told {
        assert!(refused.err.contains(told), "{args:?}: {}", refused.err);
    }
}

#[test]
fn an_attribute_or_an_item_that_is_not_there_is_refused_with_the_nearest() {
    let shop = shop_of_two();
    for args in [&["log", "B", "--field", "prise"][..], &["log", "1", "--field", "prise"]] {
        refused(&shop, args, &["prise", "did you mean `price`?"]);
    }
    refused(&shop, &["log", "--field", "prise"], &["did you mean `price`?"]);
    refused(&shop, &["log", "--field", "price"], &["a product or of a batch"]);
    // By its scope, too.
    assert!(!changes(&shop, &["B", "--field", "name@es"]).is_empty());
    refused(&shop, &["log", "B", "--field", "name@fr"], &["fr"]);
    deliver(&shop, "norte", &list(&[("A", "10.50"), ("B", "21.00")]));
    let plan = shop.done(&["import", "norte", "--json"]).json();
    let plan = plan["plan"].as_str().expect("a plan waits");
    for html in [&[][..], &["--html"]] {
        for (args, told) in [
            (["--attribute", "prise"], "did you mean `price`?"),
            (["--sku", "NOPE"], "no item with the SKU `NOPE`"),
        ] {
            refused(&shop, &[&["plan", "show", plan], &args[..], html].concat(), &[told]);
        }
    }
    let one = shop
        .done(&["plan", "show", plan, "--sku", "A", "--attribute", "price", "--json"])
        .json();
    assert_eq!(one["changes"].as_array().map(Vec::len), Some(1), "{one:#}");
}

#[test]
fn a_batch_that_is_none_is_told_in_words() {
    let shop = shop_of_two();
    refused(&shop, &["undo", "p7"], &["p7 is a plan", "estante plan discard p7"]);
    refused(
        &shop,
        &["todo", "--since", "x"],
        &["named by its number", "estante batches"],
    );
    refused(&shop, &["batches", "--held", "x"], &["named by its number"]);
    refused(&shop, &["import", "norte", "--again", "x"], &["named by its number"]);
    refused(&shop, &["log", "999"], &["neither a batch 999 nor a product"]);
    refused(&shop, &["log", "NOPE"], &["no product with the SKU `NOPE`"]);
}

#[test]
fn a_sku_that_is_the_number_of_a_batch_is_not_hidden() {
    let shop = corner_shop();
    supplier(&shop, "norte", "", &list(&[("1", "10.00"), ("77", "20.00")]));
    import(&shop, "norte");
    let told = shop.done(&["log", "1"]);
    assert!(told.out.starts_with("batch 1: import"), "{}", told.out);
    let both = [told.out, told.err].concat();
    assert!(both.contains("`estante product show 1 --history`"), "{both}");
    assert!(
        shop.done(&["product", "show", "1", "--history"])
            .out
            .contains("price: – → 10.00 EUR")
    );
    // One that is of no batch is the product.
    assert_eq!(shop.done(&["log", "77", "--json"]).json()["sku"], "77");
}

#[test]
fn a_product_moves_in_one_of_three_ways() {
    let shop = shop_of_two();
    refused(&shop, &["product", "move", "A"], &["--model", "--with", "--alone"]);
    refused(
        &shop,
        &["product", "move", "A", "--alone", "--with", "B"],
        &["cannot be used with"],
    );
    for args in [
        &["product", "move", "A", "--model", ""][..],
        &["product", "set", "A", "name="],
    ] {
        let refused = shop.run(args).ended(3);
        assert!(
            refused.err.contains("E-EMPTY") && !refused.err.contains("I-NO-VALUE"),
            "{}",
            refused.err
        );
    }
}

#[test]
fn a_rule_to_try_that_is_none_is_told_so() {
    let shop = shop_of_two();
    shop.write(
        "rules/prices.toml",
        "[[rule]]\nid = \"own-brand\"\nwhen = \"missing:brand\"\nthen = [{ set = { attribute = \"brand\", value = \"Acme\" } }]\n",
    );
    let told = "there is neither a rule `nope-nope` nor a product with this SKU";
    refused(&shop, &["rules", "try", "nope-nope"], &[told, "own-brand"]);
}
