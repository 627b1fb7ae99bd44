//! What a delivery says, what it leaves unsaid, and what a person said: nothing is overwritten, everything is told apart.

use crate::corner::{codes, corner_shop, deliver, export, import, number, supplier, tally, value};
use crate::support::Shop;
use std::fmt::Write as _;

/// Thirty items of a supplier, so that shares mean something.
fn items(skus: impl IntoIterator<Item = u32>) -> String {
    let mut text = String::from("sku;name;description;price;stock\n");
    for n in skus {
        writeln!(text, "A{n:02};Item {n};About {n};{}.50;{}", 10 + n, 3 + n % 4).expect("a text takes all");
    }
    text
}

fn stocked() -> Shop {
    let shop = corner_shop();
    supplier(&shop, "norte", "", &items(0..30));
    assert_eq!(tally(&import(&shop, "norte")), "30 new");
    shop
}

#[test]
fn what_a_person_says_survives_every_import_and_leaves_the_house() {
    let shop = stocked();
    let set = shop
        .done(&["product", "set", "A05", "name=Said by hand", "--json"])
        .json();
    assert_eq!(export(&shop)["A05"]["title"], "Said by hand");

    deliver(
        &shop,
        "norte",
        &items(0..30)
            .replace("Item 5;", "Another name;")
            .replace("15.50", "15.90"),
    );
    assert_eq!(tally(&import(&shop, "norte")), "1 changed, 29 unchanged");
    let offer = &export(&shop)["A05"];
    assert_eq!(
        (offer["title"].as_str(), offer["price"].as_str()),
        ("Said by hand", "15.90 EUR")
    );

    // What the supplier said meanwhile is not lost, and comes forth when the editor takes the word back.
    let layers = shop.done(&["product", "show", "A05", "--layers"]).out;
    assert!(
        layers.contains("Another name") && layers.contains("the editor wins"),
        "{layers}"
    );
    shop.done(&["product", "clear", "A05", "name"]);
    assert_eq!(export(&shop)["A05"]["title"], "Another name");
    // An edit is a batch like any other.
    let batch = number(&set, "batch").to_string();
    shop.done(&["undo", &batch]);
    assert_eq!(value(&shop, "A05", "name").as_deref(), Some("Another name"));
}

#[test]
fn faults_of_an_edit_are_told_together_and_nothing_is_changed() {
    let shop = stocked();
    let refused = shop
        .run(&[
            "product",
            "set",
            "A05",
            "nome=x",
            "price=cheap",
            "name",
            "stock=-3",
            "name=Good",
        ])
        .ended(3);
    for part in ["nome", "cheap", "E-BAD-ASSIGNMENT", "-3"] {
        assert!(refused.err.contains(part), "no {part} in\n{}", refused.err);
    }
    assert_eq!(value(&shop, "A05", "name").as_deref(), Some("Item 5"));
    shop.run(&["product", "set", "NOBODY", "name=x"]).ended(2);
    let same = shop.done(&["product", "set", "A05", "name=One", "--json"]).json();
    assert!(same["batch"].is_u64());
    assert_eq!(
        shop.done(&["product", "set", "A05", "name=One", "--json"]).json()["batch"],
        serde_json::Value::Null
    );
}

#[test]
fn blank_says_nothing_and_borrar_clears() {
    let shop = stocked();
    deliver(
        &shop,
        "norte",
        &items(0..30)
            .replace("Item 4;About 4;", ";#BORRAR;")
            .replace("Item 6;About 6", "#borrar;"),
    );
    let document = import(&shop, "norte");
    assert_eq!(tally(&document), "2 changed, 28 unchanged");
    assert_eq!(
        document["attributes"],
        serde_json::json!({ "description": 1, "name": 1 })
    );
    assert_eq!(
        value(&shop, "A04", "name").as_deref(),
        Some("Item 4"),
        "a blank cell took the name away"
    );
    assert_eq!(value(&shop, "A04", "description"), None);
    assert_eq!(value(&shop, "A06", "name"), None);
    assert_eq!(value(&shop, "A06", "description").as_deref(), Some("About 6"));
    // A value keeps the place where it was said, not that of the row that was silent on it.
    let whole = shop.done(&["product", "show", "A04", "--json"]).json();
    let name = whole["values"]
        .as_array()
        .and_then(|values| values.iter().find(|value| value["attribute"] == "name"))
        .expect("a name");
    assert_eq!(name["batch"], 1, "{name:#}");
}

#[test]
fn a_column_that_is_not_there_says_nothing() {
    let shop = stocked();
    let mut text = String::from("stock;sku\n");
    for n in 0..30 {
        writeln!(text, "{};A{n:02}", 9 + n).expect("a text takes all");
    }
    deliver(&shop, "norte", &text);
    let document = import(&shop, "norte");
    assert_eq!(tally(&document), "30 changed");
    assert_eq!(document["attributes"], serde_json::json!({ "stock": 30 }));
    let offer = &export(&shop)["A07"];
    assert_eq!(
        (offer["title"].as_str(), offer["price"].as_str()),
        ("Item 7", "17.50 EUR")
    );
}

#[test]
fn a_delta_leaves_what_it_does_not_name_and_a_snapshot_withdraws_it() {
    let shop = stocked();
    assert_eq!(export(&shop).len(), 30);
    deliver(&shop, "norte", &items([3]).replace("13.50", "13.75"));
    shop.edit(
        "suppliers/norte/supplier.toml",
        "name = \"List\"",
        "name = \"List\"\nmode = \"delta\"",
    );
    assert_eq!(tally(&import(&shop, "norte")), "1 changed");
    let offers = export(&shop);
    assert_eq!((offers.len(), offers["A03"]["price"].as_str()), (30, "13.75 EUR"));

    shop.edit(
        "suppliers/norte/supplier.toml",
        "mode = \"delta\"",
        "mode = \"snapshot\"",
    );
    deliver(&shop, "norte", &items((0..30).filter(|n| ![8, 9].contains(n))));
    let document = import(&shop, "norte");
    assert_eq!(tally(&document), "1 changed, 27 unchanged, 2 missing");
    let offers = export(&shop);
    assert_eq!(offers.len(), 28);
    assert!(!offers.contains_key("A08") && !offers.contains_key("A09"));
    // Withdrawn, not forgotten; and back on the list, back on sale.
    assert!(shop.done(&["product", "show", "A08"]).out.contains("withdrawn"));
    deliver(&shop, "norte", &items(0..30));
    assert_eq!(tally(&import(&shop, "norte")), "2 changed, 28 unchanged");
    assert_eq!(export(&shop).len(), 30);
}

#[test]
fn a_withdrawn_offer_leaves_and_another_supplier_s_stays() {
    let shop = corner_shop();
    let list = |price: u32, skus: &[u32]| {
        let mut text = String::from("sku;gtin;name;price;stock\n");
        for n in skus {
            let gtin = estante_gtin(*n);
            writeln!(text, "A{n:02};{gtin};Item {n};{price}.00;5").expect("a text takes all");
        }
        text
    };
    let all: Vec<u32> = (0..25).collect();
    supplier(&shop, "norte", "rank = 10", &list(20, &all));
    supplier(&shop, "sur", "rank = 20\nsku_prefix = \"S-\"", &list(30, &all));
    shop.done(&["run", "--quiet"]);
    assert_eq!(export(&shop).len(), 25, "one product, two offers");
    assert_eq!(export(&shop)["A04"]["price"], "20.00 EUR");
    deliver(&shop, "norte", &list(20, &all[..24]));
    import(&shop, "norte");
    let offers = export(&shop);
    assert_eq!(offers.len(), 25);
    assert_eq!(
        offers["A24"]["price"], "30.00 EUR",
        "a withdrawn offer still has its price"
    );
}

/// A GTIN-13 of the demonstration range.
fn estante_gtin(n: u32) -> String {
    let body = format!("952{n:09}");
    let sum: u32 = body
        .bytes()
        .enumerate()
        .map(|(at, digit)| u32::from(digit - b'0') * if at % 2 == 0 { 1 } else { 3 })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

/// A list of which two rows are bad, in an old encoding: their bytes are kept.
fn with_rejects(count: u32) -> (Shop, Vec<u8>, Vec<u8>) {
    let shop = corner_shop();
    supplier(&shop, "norte", "", "");
    let text = items(0..count)
        .replace("Item 2;", "Lámpara única;")
        .replace("12.50", "doce")
        .replace("A07;Item 7;About 7;17.50", "A07;Año;Sí;0");
    let (bytes, _, lossy) = encoding_rs::WINDOWS_1252.encode(&text);
    assert!(!lossy);
    let row = |sku: &[u8]| {
        bytes
            .split_inclusive(|byte| *byte == b'\n')
            .find(|line| line.starts_with(sku))
            .expect("it is there")
            .to_vec()
    };
    let rejected = [row(b"sku;"), row(b"A02"), row(b"A07")].concat();
    shop.write("suppliers/norte/list.csv", &bytes);
    (shop, bytes.to_vec(), rejected)
}

#[test]
fn rejected_rows_are_kept_byte_for_byte_and_come_back_corrected() {
    for count in [12, 30] {
        let (shop, _, rejected) = with_rejects(count);
        let document = import(&shop, "norte");
        assert_eq!(tally(&document), format!("{} new, 2 rejected", count - 2));
        assert_eq!(codes(&document), ["E-PRICE@4", "E-PRICE-ZERO@9"]);
        let folder = document["rejects"].as_str().expect("rejected rows lie somewhere");
        let file = format!("{folder}/list.csv");
        let text = |bytes: &[u8]| encoding_rs::WINDOWS_1252.decode(bytes).0.into_owned();
        assert_eq!(
            text(&shop.bytes(&file)),
            text(&rejected),
            "{count} items: the rejected rows are not what was delivered"
        );

        let (text, _, _) = encoding_rs::WINDOWS_1252.decode(&rejected);
        let mended = text.replace("doce", "12.50").replace(";0;", ";17.50;");
        shop.write(&file, &*encoding_rs::WINDOWS_1252.encode(&mended).0);
        let document = shop.done(&["import", "norte", &file, "--apply", "--json"]).json();
        assert_eq!(number(&document, "new"), 2, "{}", tally(&document));
        let offers = export(&shop);
        assert_eq!(
            offers.len(),
            count as usize,
            "{count} items: importing the corrected rows withdrew the others"
        );
        assert_eq!(offers["A02"]["title"], "Lámpara única");
        assert_eq!(offers["A07"]["price"], "17.50 EUR");
    }
}

#[test]
fn corrected_rows_withdraw_nothing_of_a_small_list() {
    let shop = corner_shop();
    supplier(&shop, "norte", "", &items(0..12));
    assert_eq!(tally(&import(&shop, "norte")), "12 new");
    deliver(&shop, "norte", &items(0..12).replace("15.50", "quince"));
    let document = import(&shop, "norte");
    assert_eq!(tally(&document), "11 unchanged, 1 rejected");
    let file = format!(
        "{}/list.csv",
        document["rejects"].as_str().expect("rejected rows lie somewhere")
    );
    shop.edit(&file, "quince", "15.90");
    let document = shop.done(&["import", "norte", &file, "--apply", "--json"]).json();
    assert_eq!(tally(&document), "1 changed", "a part of a list is no snapshot");
    assert_eq!(export(&shop).len(), 12);
}

#[test]
fn rejected_rows_of_two_files_of_one_name_are_all_kept() {
    let shop = corner_shop();
    supplier(&shop, "norte", "", "");
    shop.edit("suppliers/norte/supplier.toml", "list.csv", "*/list.csv");
    shop.write(
        "suppliers/norte/a/list.csv",
        "sku;name;price;stock\nA;One;doce;1\nB;Two;1.00;1\n",
    );
    shop.write("suppliers/norte/b/list.csv", "sku;name;price;stock\nC;Three;trece;1\n");
    let document = import(&shop, "norte");
    assert_eq!(tally(&document), "1 new, 2 rejected");
    let folder = document["rejects"].as_str().expect("rejected rows lie somewhere");
    let kept: Vec<u8> = shop.files(folder).into_values().flatten().collect();
    let kept = String::from_utf8(kept).expect("it was UTF-8");
    assert!(
        kept.contains("A;One;doce;1\n") && kept.contains("C;Three;trece;1\n"),
        "{kept}"
    );
}

#[test]
fn a_row_that_cannot_be_read_is_no_missing_row() {
    let shop = stocked();
    deliver(&shop, "norte", &items(0..30).replace("19.50", "nineteen"));
    assert_eq!(tally(&import(&shop, "norte")), "29 unchanged, 1 rejected");
    assert_eq!(export(&shop)["A09"]["price"], "19.50 EUR");
}

#[test]
fn two_rows_of_one_sku_are_both_rejected_unless_they_say_the_same() {
    let shop = stocked();
    let twice = items(0..30) + "A03;Item 3;About 3;13.50;6\nA04;Item 4;About 4;14.99;3\n";
    deliver(&shop, "norte", &twice);
    let document = import(&shop, "norte");
    assert_eq!(tally(&document), "30 unchanged, 2 rejected");
    assert_eq!(codes(&document), ["E-DUPLICATE-SKU@33"]);
    assert_eq!(export(&shop)["A04"]["price"], "14.50 EUR");
    let rejects = document["rejects"].as_str().expect("both rows are kept");
    let kept = shop.read(format!("{rejects}/list.csv"));
    assert_eq!(
        kept.lines().filter(|line| line.starts_with("A04;")).count(),
        2,
        "{kept}"
    );
}

#[test]
fn an_addition_speaks_of_its_supplier_s_products_only() {
    let shop = stocked();
    supplier(
        &shop,
        "norte-stock",
        "rank = 5\nmode = \"delta\"\nadds_to = \"norte\"",
        "sku;stock\nA01;99\nB77;1\n",
    );
    let document = import(&shop, "norte-stock");
    assert_eq!(tally(&document), "1 new, 1 rejected");
    assert_eq!(codes(&document), ["E-UNKNOWN-SKU@3"]);
    assert_eq!(value(&shop, "A01", "stock").as_deref(), Some("99"));
    assert_eq!(export(&shop).len(), 30);
}

#[test]
fn a_delta_export_names_what_changed_and_what_left() {
    let shop = stocked();
    export(&shop);
    deliver(
        &shop,
        "norte",
        &items((0..30).filter(|n| *n != 9)).replace("13.50", "13.75"),
    );
    import(&shop, "norte");
    let document = shop.done(&["channel", "export", "web", "--delta", "--json"]).json();
    assert_eq!(document["mode"], "delta");
    assert_eq!(number(&document, "removed"), 1);
    let changed = crate::corner::offers(&shop.read("out/web/web-delta.tsv"));
    assert_eq!(changed.keys().collect::<Vec<_>>(), ["A03"]);
    assert_eq!(shop.read("out/web/web-removed.txt"), "A09\n");
    // Nothing more has changed since.
    let document = shop.done(&["channel", "export", "web", "--delta", "--json"]).json();
    assert_eq!(
        (document["files"][0]["items"].as_u64(), number(&document, "removed")),
        (Some(0), 0)
    );
}
