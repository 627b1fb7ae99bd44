//! A known supplier's next file: what is laid out otherwise than the last one is told before its first row is planned.

use crate::corner::{bare_shop, codes, tally};
use crate::support::Shop;
use rust_xlsxwriter::{Workbook, XlsxError};
use serde_json::Value;

/// A supplier whose columns must be there, but for the colour.
const SHOP: &str = r#"name = "Norte"
[file]
path = ["list.csv"]
[read]
currency = "EUR"
numbers = "1234,56"
[fields]
sku = { column = "Ref" }
name = { column = "Descripción" }
price = { column = "PVP" }
color = { column = "Color", optional = true }
"#;

const FIRST: &str =
    "Ref;Descripción;PVP;Color;Nota\nA1;Taladro;12,50;rojo;x\nA2;Martillo;8,25;azul;y\nA3;Sierra;9,95;;z\n";

/// A shop with one applied delivery of a supplier whose settings begin with `top`.
fn shop_with(top: &str, settings: &str, first: &[u8]) -> Shop {
    let shop = bare_shop();
    shop.write("suppliers/norte/supplier.toml", format!("{top}\n{settings}"));
    shop.write("suppliers/norte/list.csv", first);
    let applied = shop.done(&["import", "norte", "--apply", "--json"]).json();
    assert!(
        codes(&applied).iter().all(|code| !code.contains("DRIFT")),
        "the first delivery has nothing before it: {applied:#}"
    );
    shop
}

/// The codes of drift in a document, each once with its message.
fn drift(document: &Value) -> Vec<String> {
    let findings = document["diagnostics"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let drift = findings
        .iter()
        .filter(|finding| finding["code"].as_str().unwrap_or_default().contains("-DRIFT-"));
    drift
        .map(|finding| {
            format!(
                "{}: {}",
                finding["code"].as_str().unwrap(),
                finding["message"].as_str().unwrap()
            )
        })
        .collect()
}

/// What the next delivery is told; with the exit code of its plan.
#[track_caller]
fn check(top: &str, next: &[u8], code: i32, expected: &[&str]) {
    check_of(&shop_with(top, SHOP, FIRST.as_bytes()), next, code, expected);
}

#[track_caller]
fn check_of(shop: &Shop, next: &[u8], code: i32, expected: &[&str]) {
    let before = plans(shop);
    shop.write("suppliers/norte/list.csv", next);
    let told = shop.run(&["import", "norte", "--json"]).ended(code).json();
    assert_eq!(drift(&told), expected, "{told:#}");
    for finding in told["diagnostics"].as_array().unwrap() {
        assert!(
            finding["help"].as_str().is_some_and(|help| !help.is_empty()),
            "{finding:#}"
        );
        assert_eq!(finding["file"], "suppliers/norte/list.csv");
    }
    if code == 3 {
        assert_eq!(plans(shop), before, "nothing is planned");
    }
}

/// How many plans wait.
fn plans(shop: &Shop) -> usize {
    shop.files(".estante/plans").len()
}

#[test]
fn an_unchanged_layout_says_nothing() {
    check("", FIRST.as_bytes(), 0, &[]);
    let prices = FIRST.replace("12,50", "13,50").replace("Taladro", "Taladro percutor");
    check("on_drift = \"stop\"", prices.as_bytes(), 0, &[]);
    // What no column of numbers holds and no text shows is no change.
    check("on_drift = \"stop\"", FIRST.replace("8,25", "8").as_bytes(), 0, &[]);
}

#[test]
fn a_renamed_column_stops_unless_it_may() {
    let renamed = FIRST.replace("PVP", "P.V.P.");
    let message = "column `PVP`, read as `price`, is now `P.V.P.` by its name, place and values";
    check("", renamed.as_bytes(), 3, &[&format!("E-DRIFT-RENAMED: {message}")]);
    check(
        "on_drift = \"stop\"",
        renamed.as_bytes(),
        3,
        &[&format!("E-DRIFT-RENAMED: {message}")],
    );
    check(
        "on_drift = \"warn\"",
        renamed.as_bytes(),
        0,
        &[&format!("W-DRIFT-RENAMED: {message}")],
    );
    let moved = "Ref;Descripción;Color;Nota;Precio venta\nA1;Taladro;rojo;x;12,50\nA2;Martillo;azul;y;8,25\nA3;Sierra;;z;9,95\n";
    check(
        "",
        moved.as_bytes(),
        3,
        &[
            "E-DRIFT-MISSING: column `PVP` is gone, so `price` would say nothing",
            "W-DRIFT-NEW: column `Precio venta` is new, and nothing reads it",
        ],
    );
    // A field that may be silent stops nothing.
    let color = FIRST.replace("Color", "Colores");
    let message = "column `Color`, read as `color`, is now `Colores` by its name, place and values";
    check("", color.as_bytes(), 0, &[&format!("W-DRIFT-RENAMED: {message}")]);
}

#[test]
fn a_refused_delivery_says_what_to_write_and_how_to_go_on() {
    let shop = shop_with("", SHOP, FIRST.as_bytes());
    shop.write("suppliers/norte/list.csv", FIRST.replace("PVP", "P.V.P."));
    let refused = shop.run(&["import", "norte", "--apply"]).ended(3).err;
    assert!(
        refused.contains("write `column = \"P.V.P.\"` in [fields.price] of supplier.toml"),
        "{refused}"
    );
    assert!(refused.contains("estante supplier check norte"), "{refused}");
    assert!(refused.contains("--on-drift warn"), "{refused}");
    // Corrected as it says, the delivery is read, and what is applied is what the next one is compared with.
    let settings = SHOP.replace("\"PVP\"", "\"P.V.P.\"");
    shop.write("suppliers/norte/supplier.toml", &settings);
    let applied = shop.done(&["import", "norte", "--apply", "--json"]).json();
    assert_eq!(drift(&applied), ["I-DRIFT-GONE: gone, and not read before: `PVP`"]);
}

#[test]
fn one_delivery_is_taken_as_it_is() {
    let shop = shop_with("on_drift = \"stop\"", SHOP, FIRST.as_bytes());
    let more = "Ref;Descripción;PVP;Color;Nota;EAN\nA1;Taladro;13,50;rojo;x;8412345678905\nA2;Martillo;8,25;azul;y;\nA3;Sierra;9,95;;z;\n";
    check_of(
        &shop,
        more.as_bytes(),
        3,
        &["E-DRIFT-NEW: column `EAN` is new, and nothing reads it"],
    );
    let taken = shop
        .done(&["import", "norte", "--apply", "--on-drift", "warn", "--json"])
        .json();
    assert_eq!(
        drift(&taken),
        ["W-DRIFT-NEW: column `EAN` is new, and nothing reads it"]
    );
    assert_eq!(taken["diagnostics"][0]["value"], "8412345678905");
    // It is the last delivery now; taken back, the one before is it again.
    check_of(&shop, more.replace("13,50", "14,50").as_bytes(), 0, &[]);
    shop.done(&["undo", &taken["batch"].to_string()]);
    check_of(
        &shop,
        more.as_bytes(),
        3,
        &["E-DRIFT-NEW: column `EAN` is new, and nothing reads it"],
    );
}

#[test]
fn a_layout_that_changes_no_product_is_settled_by_applying_it_once() {
    for (top, refused) in [("on_drift = \"stop\"", 3), ("", 0)] {
        let shop = shop_with(top, SHOP, FIRST.as_bytes());
        let more = FIRST
            .replace(";x\n", ";x;8412345678905\n")
            .replace("Nota\n", "Nota;EAN\n");
        let more = more.replace(";y\n", ";y;\n").replace(";z\n", ";z;\n");
        shop.write("suppliers/norte/list.csv", &more);
        let told = shop.run(&["import", "norte", "--json"]).ended(refused).json();
        assert!(codes(&told).iter().any(|code| code.contains("DRIFT-NEW")), "{told:#}");
        let taken = shop
            .done(&["import", "norte", "--apply", "--on-drift", "warn", "--json"])
            .json();
        assert_eq!(tally(&taken), "3 unchanged");
        assert_eq!(taken["batch"], 2, "{taken:#}");
        let again = shop.done(&["import", "norte", "--apply", "--json"]).json();
        assert_eq!(drift(&again), [""; 0]);
        assert_eq!(again["batch"], Value::Null, "the same file makes no batch");
        let list = shop.done(&["batches"]).out;
        assert_eq!(list.matches("nothing changed").count(), 1, "{list}");
        // Another size alone is nothing that was told.
        shop.write("suppliers/norte/list.csv", more.replace(";x", ";a longer note"));
        let again = shop.done(&["import", "norte", "--apply", "--json"]).json();
        assert_eq!(again["batch"], Value::Null, "{again:#}");
    }
}

#[test]
fn a_lost_column_is_told_once() {
    let shop = shop_with("on_drift = \"warn\"", SHOP, FIRST.as_bytes());
    for (next, code) in [
        ("Ref;PVP;Color\nA1;12,50;rojo\n", "W-DRIFT-MISSING"),
        (
            "Ref;Descripciones;PVP;Color\nA1;Taladro;12,50;rojo\n",
            "W-DRIFT-RENAMED",
        ),
    ] {
        shop.write("suppliers/norte/list.csv", next);
        let told = shop.done(&["import", "norte", "--json"]).json();
        let codes = codes(&told);
        assert!(codes.iter().any(|told| told == code), "{codes:?}");
        assert!(!codes.iter().any(|told| told == "W-COLUMN-MISSING"), "{codes:?}");
        let checked = shop.done(&["supplier", "check", "norte", "--json"]).json();
        assert_eq!(checked["drift"][0]["code"], code);
        assert_eq!(checked["findings"]["W-COLUMN-MISSING"], Value::Null, "{checked:#}");
    }
    // What is accepted is no difference any more, and is still missing.
    shop.done(&["import", "norte", "--apply"]);
    let told = shop.done(&["import", "norte", "--json"]).json();
    assert!(codes(&told).iter().any(|told| told == "W-COLUMN-MISSING"), "{told:#}");
}

#[test]
fn columns_that_nobody_reads_and_moved_ones_are_remarks() {
    let moved = "Descripción;Ref;PVP;Color\nTaladro;A1;12,50;rojo\nMartillo;A2;8,25;azul\nSierra;A3;9,95;\n";
    check(
        "on_drift = \"stop\"",
        moved.as_bytes(),
        0,
        &[
            "I-DRIFT-GONE: gone, and not read before: `Nota`",
            "I-DRIFT-MOVED: columns stand in another order: `Descripción`, `Ref`",
        ],
    );
    let without = "Ref;Descripción;PVP;Nota\nA1;Taladro;12,50;x\n";
    check(
        "",
        without.as_bytes(),
        0,
        &["I-DRIFT-GONE: column `Color` is gone, so `color` says nothing"],
    );
}

#[test]
fn another_encoding_is_told_and_stops_where_it_would_be_misread() {
    let latin: Vec<u8> = FIRST.chars().map(|c| c as u8).collect();
    check(
        "",
        &latin,
        0,
        &["W-DRIFT-ENCODING: the encoding was UTF-8 and is windows-1252"],
    );
    check(
        "on_drift = \"stop\"",
        &latin,
        3,
        &["E-DRIFT-ENCODING: the encoding was UTF-8 and is windows-1252"],
    );
    let declared = SHOP.replace("[read]", "encoding = \"windows-1252\"\n[read]");
    let shop = shop_with("", &declared, &latin);
    // Read as declared, the accents of UTF-8 are two signs each; the header's too, so a column is missed first.
    let plain = declared.replace("Descripción", "Nombre");
    let (first, next) = (
        FIRST.replace("Descripción", "Nombre"),
        FIRST.replace("Descripción", "Nombre").replace("Sierra", "Cañón"),
    );
    let bytes: Vec<u8> = first.replace("Sierra", "Avión").chars().map(|c| c as u8).collect();
    let shop_2 = shop_with("", &plain, &bytes);
    check_of(
        &shop_2,
        next.as_bytes(),
        3,
        &["E-DRIFT-ENCODING: the encoding was windows-1252 and is UTF-8"],
    );
    let told = shop.run(&["import", "norte", "--json"]).ended(0).json();
    assert_eq!(drift(&told), [""; 0]);
}

#[test]
fn another_delimiter_is_told_and_stops_where_it_is_declared() {
    let commas = "Ref,Descripción,PVP,Color,Nota\nA1,Taladro,\"12,50\",rojo,x\nA2,Martillo,\"8,25\",azul,y\nA3,Sierra,\"9,95\",,z\n";
    check(
        "",
        commas.as_bytes(),
        0,
        &["W-DRIFT-DELIMITER: the delimiter was \";\" and is \",\""],
    );
    let declared = SHOP.replace("[read]", "delimiter = \";\"\n[read]");
    let shop = shop_with("", &declared, FIRST.as_bytes());
    check_of(
        &shop,
        commas.as_bytes(),
        3,
        &["E-DRIFT-DELIMITER: the delimiter was \";\" and is \",\""],
    );
}

#[test]
fn another_notation_of_numbers_is_told() {
    let points = FIRST
        .replace("12,50", "12.50")
        .replace("8,25", "8.25")
        .replace("9,95", "9.95");
    let message = "numbers of `PVP` were written 1234,56 and are written 1234.56";
    check("", points.as_bytes(), 0, &[&format!("W-DRIFT-NUMBERS: {message}")]);
    let open = SHOP.replace("numbers = \"1234,56\"\n", "");
    let shop = shop_with("on_drift = \"stop\"", &open, points.as_bytes());
    check_of(
        &shop,
        FIRST.as_bytes(),
        3,
        &["E-DRIFT-NUMBERS: numbers of `PVP` were written 1234.56 and are written 1234,56"],
    );
}

#[test]
fn a_much_shorter_snapshot_is_told_before_it_is_read() {
    let rows = |count: usize| {
        let row = |n: usize| format!("A{n};Taladro percutor {n};12,50;rojo;x\n");
        format!(
            "Ref;Descripción;PVP;Color;Nota\n{}",
            (0..count).map(row).collect::<String>()
        )
    };
    let shop = shop_with("on_drift = \"stop\"", SHOP, rows(40).as_bytes());
    let short = rows(10);
    let message = format!(
        "the delivery has {} bytes, the last one had {}",
        short.len(),
        rows(40).len()
    );
    check_of(&shop, short.as_bytes(), 3, &[&format!("E-DRIFT-SHORTER: {message}")]);
    check_of(&shop, rows(36).as_bytes(), 0, &[]);
    // A list of changes is as long as there are changes.
    shop.write(
        "suppliers/norte/supplier.toml",
        format!("mode = \"delta\"\non_drift = \"stop\"\n{SHOP}"),
    );
    check_of(&shop, short.as_bytes(), 0, &[]);
}

#[test]
fn a_table_without_a_header_keeps_its_width() {
    let settings = r#"name = "Norte"
[file]
path = ["list.csv"]
header_row = 0
[read]
currency = "EUR"
numbers = "1234,56"
[fields]
sku = { column = "1" }
name = { column = "2" }
price = { column = "3" }
"#;
    let shop = shop_with("", settings, "A1;Taladro;12,50\nA2;Sierra;9,95\n".as_bytes());
    check_of(&shop, "A1;Taladro;12,60\nA2;Sierra;9,95\n".as_bytes(), 0, &[]);
    let wider = "A1;Bosch;Taladro;12,50\nA2;Bosch;Sierra;9,95\n";
    check_of(
        &shop,
        wider.as_bytes(),
        3,
        &["E-DRIFT-WIDTH: the table without a header had 3 columns and has 4"],
    );
}

#[test]
fn a_path_of_a_tree_that_nearly_all_records_had_is_missed() {
    let settings = r#"name = "Norte"
[file]
path = ["list.csv"]
format = "json"
[read]
currency = "EUR"
[fields]
sku = { column = "id" }
price = { column = "price" }
color = { column = "color" }
"#;
    let first = r#"[{"id":"A1","price":"12.50","color":"rojo"},{"id":"A2","price":"8.25"},{"id":"A3","price":"9.95"}]"#;
    let shop = shop_with("", settings, first.as_bytes());
    // A colour that few had says nothing by its absence.
    check_of(&shop, first.replace(",\"color\":\"rojo\"", "").as_bytes(), 0, &[]);
    check_of(
        &shop,
        first.replace("\"price\"", "\"priceNet\"").as_bytes(),
        3,
        &["E-DRIFT-RENAMED: column `price`, read as `price`, is now `priceNet` by its name, place and values"],
    );
}

#[test]
fn rejected_rows_that_come_back_are_no_new_delivery() {
    let shop = shop_with("on_drift = \"stop\"", SHOP, FIRST.replace("9,95", "caro").as_bytes());
    let rejects = ".estante/rejects/norte/p1/list.csv";
    let corrected = shop.read(rejects).replace("caro", "9,95");
    shop.write(rejects, corrected);
    let applied = shop.done(&["import", "norte", rejects, "--apply", "--json"]).json();
    assert_eq!(tally(&applied), "1 new");
    assert_eq!(drift(&applied), [""; 0]);
    check_of(&shop, FIRST.as_bytes(), 0, &[]);
}

/// The same shop in a file of another name.
fn shop_in(name: &str, settings: &str, first: &[u8]) -> Shop {
    let shop = bare_shop();
    shop.write("suppliers/norte/supplier.toml", settings.replace("list.csv", name));
    shop.write(format!("suppliers/norte/{name}"), first);
    shop.done(&["import", "norte", "--apply"]);
    shop
}

/// What the next file of that name is told.
fn told_in(shop: &Shop, name: &str, next: &[u8]) -> Vec<String> {
    shop.write(format!("suppliers/norte/{name}"), next);
    drift(&shop.run(&["import", "norte", "--json"]).ended(3).json())
}

fn sheet(rows: &[[&str; 4]]) -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    let page = book.add_worksheet();
    for (r, row) in rows.iter().enumerate() {
        for (c, cell) in row.iter().enumerate() {
            match cell.parse::<f64>() {
                Ok(number) => page.write_number(r as u32, c as u16, number)?,
                Err(_) => page.write_string(r as u32, c as u16, *cell)?,
            };
        }
    }
    book.save_to_buffer()
}

#[test]
fn a_workbook_that_is_laid_out_otherwise_is_told() {
    let rows = |price: &'static str| {
        [
            ["Ref", "Descripción", price, "Color"],
            ["A1", "Taladro", "12.5", "rojo"],
            ["A2", "Martillo", "8.25", "azul"],
            ["A3", "Sierra", "9.95", "verde"],
        ]
    };
    let first = sheet(&rows("PVP")).expect("a workbook");
    let shop = shop_in("list.xlsx", SHOP, &first);
    let next = sheet(&rows("Precio venta")).expect("a workbook");
    assert_eq!(
        told_in(&shop, "list.xlsx", &next),
        ["E-DRIFT-RENAMED: column `PVP`, read as `price`, is now `Precio venta` by its place and values"]
    );
}

#[test]
fn an_xml_file_that_is_laid_out_otherwise_is_told() {
    let list = |price: &str| {
        let item = |sku: &str, amount: &str| {
            format!("<p><Ref>{sku}</Ref><Descripción>Item {sku}</Descripción><{price}>{amount}</{price}></p>")
        };
        let items = [("A1", "12,50"), ("A2", "8,25"), ("A3", "9,95")].map(|(sku, amount)| item(sku, amount));
        format!("<shop>{}</shop>", items.concat())
    };
    let shop = shop_in("list.xml", SHOP, list("PVP").as_bytes());
    assert_eq!(
        told_in(&shop, "list.xml", list("PrecioVenta").as_bytes()),
        ["E-DRIFT-RENAMED: column `PVP`, read as `price`, is now `PrecioVenta` by its place and values"]
    );
}
