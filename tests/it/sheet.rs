//! The sheet round trip as an editor lives it: products out to a workbook, edited as a spreadsheet program saves it, and back in.

use crate::corner::{bare_shop, codes, deliver, import, product};
use crate::support::Shop;
use calamine::{CellErrorType, Data, Reader, Xlsx, open_workbook};
use estante::feed::archive::Archive;
use rust_xlsxwriter::{Format, Formula, Workbook};
use serde_json::Value;

mod property;

const SCHEMA: &str = r#"
[attributes]
gtin = { kind = "gtin" }
brand = { kind = "text" }
mpn = { kind = "identifier" }
name = { kind = "text", localizable = true, labels = { es = "Nombre", en = "Name" } }
description = { kind = "rich_text", localizable = true }
color = { kind = "option", options = "colors", labels = { es = "Color" } }
weight = { kind = "measure", unit = "kg" }
boxed = { kind = "boolean", labels = { es = "En caja" } }
launched = { kind = "date" }
image = { kind = "media", policy = "union" }
price = { kind = "money", role = "offer", labels = { es = "Precio" } }
stock = { kind = "integer", role = "offer", min = "0" }
family = { kind = "identifier" }

[options.colors.values]
red = { labels = { es = "Rojo", en = "Red" } }
blue = { labels = { es = "Azul marino", en = "Navy" } }

[families.tools]
labels = { es = "Herramientas", en = "Tools" }
attributes = ["gtin", "brand", "mpn", "name", "description", "color", "weight", "boxed", "launched", "image", "price", "stock"]
required = ["name", "brand", "color"]
"#;

const SUPPLIER: &str = r##"name = "Norte"
[file]
path = ["list.csv"]
[read]
currency = "EUR"
clear = ["#BORRAR"]
[fields]
sku = { column = "sku" }
family = { value = "tools" }
name = { column = "name", optional = true }
brand = { column = "brand", optional = true }
mpn = { column = "mpn", optional = true }
color = { column = "color", optional = true }
weight = { column = "weight", optional = true }
boxed = { column = "boxed", optional = true }
launched = { column = "launched", optional = true }
image = { column = "image", optional = true }
price = { column = "price", optional = true }
stock = { column = "stock", optional = true }
"##;

const LIST: &str = "sku;name;brand;mpn;color;weight;boxed;launched;image;price;stock
A-1;Taladro;Brontal;007;red;2.5 kg;yes;2026-03-01;https://shop.example/a.jpg;12.50;5
A-2;=1+1;;;blue;;no;;;20.00;0
A-3;'Sierra';Kremora;+34 600;;;;;;0.10;3
";

/// A shop with three tools, imported.
fn shop() -> Shop {
    let shop = bare_shop();
    shop.write("schemas/all.toml", SCHEMA);
    shop.write("suppliers/norte/supplier.toml", SUPPLIER);
    deliver(&shop, "norte", LIST);
    import(&shop, "norte");
    shop
}

fn out(shop: &Shop) -> Value {
    shop.done(&["sheet", "out", "-o", "edit.xlsx", "--json"]).json()
}

/// Over whatever lies there.
fn anew(shop: &Shop) {
    shop.done(&["sheet", "out", "-o", "edit.xlsx", "--force"]);
}

fn come_in(shop: &Shop) -> Value {
    shop.done(&["sheet", "in", "edit.xlsx", "--apply", "--json"]).json()
}

/// A workbook as a spreadsheet program holds it: names of sheets with their cells.
pub struct Edited {
    sheets: Vec<(String, Vec<Vec<Data>>)>,
}

impl Edited {
    pub fn open(shop: &Shop) -> Edited {
        let mut book: Xlsx<_> = open_workbook(shop.path("edit.xlsx")).expect("the workbook opens");
        let names = book.sheet_names();
        let sheets = names.into_iter().map(|name| {
            let range = book.worksheet_range(&name).expect("the sheet reads");
            (name, range.rows().map(<[Data]>::to_vec).collect())
        });
        Edited {
            sheets: sheets.collect(),
        }
    }

    fn rows(&mut self) -> &mut Vec<Vec<Data>> {
        &mut self.sheets[0].1
    }

    /// Column of a code.
    fn column(&self, code: &str) -> usize {
        let codes = &self.sheets[0].1[0];
        codes
            .iter()
            .position(|cell| *cell == Data::String(code.to_owned()))
            .unwrap_or_else(|| panic!("no column {code} in {codes:?}"))
    }

    fn row(&self, sku: &str) -> usize {
        let rows = &self.sheets[0].1;
        rows.iter()
            .position(|row| row[0] == Data::String(sku.to_owned()))
            .unwrap_or_else(|| panic!("no row {sku}"))
    }

    fn cell(&self, sku: &str, code: &str) -> &Data {
        &self.sheets[0].1[self.row(sku)][self.column(code)]
    }

    fn set(&mut self, sku: &str, code: &str, value: Data) -> &mut Edited {
        let (row, column) = (self.row(sku), self.column(code));
        self.rows()[row][column] = value;
        self
    }

    /// Takes the cells of values over from a sheet with the same products and columns, as somebody would who copies them there.
    pub fn take_over(&mut self, other: &Edited) {
        let values = self.column("#notes") + 1..self.column("#revision");
        for (row, theirs) in self.rows().iter_mut().zip(&other.sheets[0].1).skip(2) {
            assert_eq!(row[0], theirs[0], "the products stand in another order");
            row[values.clone()].clone_from_slice(&theirs[values.clone()]);
        }
    }

    pub fn write(&mut self, sku: &str, code: &str, text: &str) -> &mut Edited {
        self.set(sku, code, Data::String(text.to_owned()))
    }

    /// Saves it as another program would: no style, no hidden column kept, texts shared.
    pub fn save(&self, shop: &Shop) {
        let mut book = Workbook::new();
        let day = Format::new().set_num_format("dd/mm/yyyy");
        for (name, rows) in &self.sheets {
            let sheet = book.add_worksheet();
            sheet.set_name(name).expect("it was a name");
            for (r, row) in rows.iter().enumerate() {
                for (c, cell) in row.iter().enumerate() {
                    let (r, c) = (r as u32, c as u16);
                    match cell {
                        Data::Empty => {}
                        Data::String(text) => drop(sheet.write_string(r, c, text).map(|_| ())),
                        Data::Float(number) => drop(sheet.write_number(r, c, *number).map(|_| ())),
                        Data::Int(number) => drop(sheet.write_number(r, c, *number as f64).map(|_| ())),
                        Data::Bool(truth) => drop(sheet.write_boolean(r, c, *truth).map(|_| ())),
                        Data::DateTime(moment) => {
                            drop(sheet.write_number_with_format(r, c, moment.as_f64(), &day).map(|_| ()))
                        }
                        Data::Error(error) => {
                            let formula = Formula::new("=1/0").set_result(error.to_string());
                            drop(sheet.write_formula(r, c, formula).map(|_| ()))
                        }
                        other => panic!("{other:?} was not expected"),
                    }
                }
            }
        }
        book.save(shop.path("edit.xlsx")).expect("the workbook is saved");
    }
}

/// Edits the sheet as it lies there.
fn edit(shop: &Shop, how: impl FnOnce(&mut Edited)) {
    let mut book = Edited::open(shop);
    how(&mut book);
    book.save(shop);
}

fn text(text: &str) -> Data {
    Data::String(text.to_owned())
}

#[test]
fn a_sheet_shows_what_an_editor_needs() {
    let shop = shop();
    let told = out(&shop);
    assert_eq!(
        (&told["file"], told["rows"].as_u64()),
        (&Value::from("edit.xlsx"), Some(3))
    );
    assert_eq!(told["columns"], 14);
    let book = Edited::open(&shop);
    assert_eq!(book.sheets[0].0, "productos");
    let heads: Vec<String> = book.sheets[0].1[1].iter().map(ToString::to_string).collect();
    assert_eq!(
        heads.join("|"),
        "SKU|Familia|Por completar|Nombre (es)|Nombre (en)|brand|gtin|mpn|Precio (EUR)|stock|En caja|Color|\
         description (es)|description (en)|image|launched|weight (kg)|#revision"
    );
    // Identifiers are texts, numbers numbers, truth a word, options their labels, formulas harmless.
    assert_eq!(book.cell("A-1", "mpn"), &text("007"));
    assert_eq!(book.cell("A-1", "price"), &Data::Float(12.5));
    assert_eq!(book.cell("A-1", "weight"), &Data::Float(2.5));
    assert_eq!(book.cell("A-1", "boxed"), &text("sí"));
    assert_eq!(book.cell("A-2", "color"), &text("Azul marino"));
    assert_eq!(book.cell("A-2", "name@es"), &text("'=1+1"));
    assert_eq!(book.cell("A-3", "mpn"), &text("'+34 600"));
    assert_eq!(book.cell("A-3", "name@es"), &text("''Sierra'"));
    assert!(matches!(book.cell("A-1", "launched"), Data::DateTime(day) if day.as_f64() == 46082.0));
    assert_eq!(book.cell("A-1", "#notes"), &Data::Empty);
    assert_eq!(book.cell("A-2", "#notes"), &text("catálogo: falta brand"));
    assert_eq!(book.cell("A-1", "#family"), &text("Herramientas"));
    // The same products make the same bytes.
    let first = shop.bytes("edit.xlsx");
    out(&shop);
    assert!(first == shop.bytes("edit.xlsx"));
    // Narrower: two columns of one product, in English.
    let told = shop.done(&[
        "sheet",
        "out",
        "A-1",
        "-o",
        "edit.xlsx",
        "--columns",
        "name@en,color",
        "--locale",
        "en",
        "--json",
    ]);
    assert_eq!(
        (told.json()["rows"].as_u64(), told.json()["columns"].as_u64()),
        (Some(1), Some(2))
    );
    let book = Edited::open(&shop);
    assert_eq!(
        (book.sheets[0].0.as_str(), book.cell("A-1", "color")),
        ("products", &text("Red"))
    );
    let refused = shop
        .run(&["sheet", "out", "-o", "edit.xlsx", "--columns", "nme", "--json"])
        .ended(2);
    assert_eq!(codes(&refused.json()), ["E-UNKNOWN-ATTRIBUTE"]);
    shop.run(&["sheet", "out", "-o", "edit.xlsx", "--locale", "fr"])
        .ended(2);
}

/// The rules of the products' sheet that refuse whatever is typed: where each holds, and what it says.
fn refusals(shop: &Shop) -> Vec<(String, String)> {
    let archive = Archive::of_memory(shop.bytes("edit.xlsx"), &"edit.xlsx".into()).expect("it is a zip");
    let sheet = archive.entry("xl/worksheets/sheet1.xml").expect("it has a sheet");
    let text = String::from_utf8(archive.read_all(sheet, 1 << 20).expect("it reads")).expect("it is text");
    let rules = text.split("<dataValidation ").skip(1);
    let said = |rule: &str, name: &str| {
        let rest = rule.split_once(&format!(" {name}=\"")).map_or("", |(_, rest)| rest);
        rest.split('"').next().unwrap_or_default().to_owned()
    };
    let refusing = rules.filter(|rule| rule.contains("type=\"custom\"")).map(|rule| {
        // Stopping is what a rule does that says no style, and blanks are not let through where nothing says that they are.
        assert!(
            rule.contains("<formula1>FALSE</formula1>") && rule.contains(" showErrorMessage=\"1\""),
            "{rule}"
        );
        assert!(!rule.contains("errorStyle") && !rule.contains("allowBlank"), "{rule}");
        (said(rule, "sqref"), said(rule, "error"))
    });
    refusing.collect()
}

#[test]
fn what_is_only_to_be_looked_at_refuses_typing() {
    let shop = shop();
    out(&shop);
    let es = "Esta columna es solo de consulta: lo que se escriba aquí no entra en el catálogo.";
    // SKU, family and notes are one run; `image` unites what several say.
    assert_eq!(
        refusals(&shop),
        [("A3:C5", es), ("O3:O5", es)].map(|(range, text)| (range.to_owned(), text.to_owned()))
    );
    assert_eq!(Edited::open(&shop).column("image"), 14);
    let narrow = |columns: &str| {
        let (file, force) = ("edit.xlsx", "--force");
        shop.done(&[
            "sheet",
            "out",
            "-o",
            file,
            "--columns",
            columns,
            "--locale",
            "en",
            force,
        ]);
        refusals(&shop)
    };
    let en = "This column is only to be looked at: what is written here does not come into the catalog.";
    assert_eq!(narrow("image,brand"), [("A3:D5".to_owned(), en.to_owned())]);
    assert_eq!(narrow("brand"), [("A3:C5".to_owned(), en.to_owned())]);
}

#[test]
fn an_untouched_sheet_changes_nothing() {
    let shop = shop();
    out(&shop);
    let mut told = come_in(&shop);
    let members = ["read", "changed", "unchanged", "held", "rejected"];
    assert_eq!(
        members.map(|key| told[key].as_u64()),
        [3, 0, 3, 0, 0].map(Some),
        "{told:#}"
    );
    assert!(told["batch"].is_null() && told["plan"].is_null() && shop.files(".estante/plans").is_empty());
    // So it is as another program saves it, without styles and with texts shared, and after the catalog has moved.
    edit(&shop, |_| {});
    deliver(
        &shop,
        "norte",
        &LIST.replace("Taladro", "Taladro percutor").replace("12.50", "13.00"),
    );
    import(&shop, "norte");
    told = come_in(&shop);
    assert_eq!(
        (told["unchanged"].as_u64(), codes(&told)),
        (Some(3), vec![]),
        "{told:#}"
    );
    assert_eq!(product(&shop, "A-1")["price"], "13.00 EUR");
}

#[test]
fn edits_become_a_batch_of_the_editor_that_undo_takes_back() {
    let shop = shop();
    out(&shop);
    edit(&shop, |book| {
        book.write("A-1", "name@es", "Taladro de mano")
            .write("A-1", "name@en", "Hand drill")
            .set("A-1", "price", Data::Float(0.1 + 0.2))
            .set("A-1", "boxed", Data::Bool(false))
            .write("A-1", "color", "azul MARINO")
            .write("A-2", "brand", "Kremora")
            .set("A-2", "mpn", Data::Float(8412345.0))
            .set("A-2", "stock", Data::Float(7.0))
            .write("A-3", "weight", "500 g");
        let day = book.cell("A-1", "launched").clone();
        book.set("A-3", "launched", day);
    });
    // A plan first: nothing is written, and `plan` knows it.
    let planned = shop.done(&["sheet", "in", "edit.xlsx", "--json"]).json();
    assert_eq!(
        (planned["changed"].as_u64(), &planned["batch"]),
        (Some(3), &Value::Null),
        "{planned:#}"
    );
    let plan = planned["plan"].as_str().expect("it waits").to_owned();
    assert_eq!(product(&shop, "A-1")["name"], "Taladro");
    let shown = shop.done(&["plan", "show", &plan, "--sku", "A-1", "--json"]).json();
    assert_eq!(
        (&shown["supplier"], &shown["changes"][0]["kind"]),
        (&Value::from("editor"), &Value::from("changed"))
    );
    assert_eq!(
        shown["changes"][0]["values"].as_array().map(Vec::len),
        Some(5),
        "{shown:#}"
    );
    let listed = shop.done(&["plan", "list", "--json"]).json();
    assert_eq!(listed["plans"][0]["plan"], plan.as_str());
    let applied = shop.done(&["apply", &plan, "--json"]).json();
    let batch = applied["batch"].as_i64().expect("it is a number");
    let told = product(&shop, "A-1");
    assert_eq!(
        (told["price"].as_str(), told["boxed"].as_str(), told["color"].as_str()),
        ("0.30 EUR", "false", "blue")
    );
    let told = product(&shop, "A-2");
    assert_eq!(
        (told["brand"].as_str(), told["mpn"].as_str(), told["stock"].as_str()),
        ("Kremora", "8412345", "7")
    );
    let told = product(&shop, "A-3");
    assert_eq!(
        (told["weight"].as_str(), told["launched"].as_str()),
        ("0.5 kg", "2026-03-01")
    );
    // Where it came from: file, row, column.
    let whole = shop.done(&["product", "show", "A-2", "--json"]).json();
    let values = whole["values"].as_array().expect("a product has values");
    let brand = values
        .iter()
        .find(|value| value["attribute"] == "brand")
        .expect("it has a brand");
    assert_eq!(
        (&brand["source"], &brand["file"], &brand["line"], &brand["column"]),
        (&"editor".into(), &"edit.xlsx".into(), &4.into(), &"brand".into())
    );
    let log = shop.done(&["log", &batch.to_string(), "--json"]).json();
    assert_eq!((&log["kind"], &log["source"]), (&"sheet".into(), &"editor".into()));
    // The same sheet again says what the catalog says.
    let again = come_in(&shop);
    assert_eq!(
        (again["changed"].as_u64(), again["conflicts"].as_array().map(Vec::len)),
        (Some(0), Some(0)),
        "{again:#}"
    );
    shop.done(&["undo", &batch.to_string()]);
    assert_eq!(
        (
            product(&shop, "A-1")["name"].as_str(),
            product(&shop, "A-2").get("brand")
        ),
        ("Taladro", None)
    );
    shop.done(&["verify"]);
}

#[test]
fn a_conflict_stops_its_cell_and_no_other() {
    let shop = shop();
    out(&shop);
    edit(&shop, |book| {
        book.write("A-1", "name@es", "Taladro de mano")
            .write("A-1", "brand", "Kremora");
        book.set("A-2", "price", Data::Float(21.0))
            .set("A-3", "price", Data::Float(9.0));
    });
    deliver(
        &shop,
        "norte",
        &LIST
            .replace("Taladro", "Taladro percutor")
            .replace("20.00", "21.00")
            .replace("0.10", "0.11"),
    );
    import(&shop, "norte");
    let answer = shop
        .run(&["sheet", "in", "edit.xlsx", "--apply", "--fail-on", "blocked", "--json"])
        .ended(4);
    let told = answer.json();
    assert_eq!(codes(&told), ["E-SHEET-CONFLICT@3", "E-SHEET-CONFLICT@5"], "{told:#}");
    assert_eq!(
        told["conflicts"][0],
        serde_json::json!({"sku": "A-1", "attribute": "name", "locale": "es", "channel": null,
            "sheet": "Taladro de mano", "catalog": "Taladro percutor", "batch": 2})
    );
    let members = ["read", "changed", "unchanged", "held", "rejected"];
    assert_eq!(
        members.map(|key| told[key].as_u64()),
        [3, 1, 1, 1, 0].map(Some),
        "{told:#}"
    );
    let one = product(&shop, "A-1");
    assert_eq!(
        (one["name"].as_str(), one["brand"].as_str()),
        ("Taladro percutor", "Kremora")
    );
    assert_eq!(product(&shop, "A-3")["price"], "0.11 EUR");
}

#[test]
fn a_plan_of_a_sheet_is_stale_once_its_products_move() {
    let shop = shop();
    out(&shop);
    edit(&shop, |book| {
        book.write("A-1", "brand", "Kremora");
    });
    let plan = shop.done(&["sheet", "in", "edit.xlsx", "--json"]).json();
    let plan = plan["plan"].as_str().expect("it waits").to_owned();
    // Another product may change.
    shop.done(&["product", "set", "A-2", "brand=Torvanda"]);
    let other = shop.twin();
    other.done(&["apply", &plan]);
    assert_eq!(product(&other, "A-1")["brand"], "Kremora");
    shop.done(&["product", "set", "A-1", "stock=9"]);
    let refused = shop.run(&["apply", &plan]).ended(5);
    assert!(refused.err.contains("estante sheet in edit.xlsx"), "{}", refused.err);
    shop.done(&["plan", "discard", &plan]);
}

#[test]
fn emptied_cleared_and_looked_at() {
    let shop = shop();
    shop.done(&["product", "set", "A-1", "brand=Kremora", "stock=9"]);
    out(&shop);
    edit(&shop, |book| {
        book.set("A-1", "name@es", Data::Empty)
            .write("A-1", "brand", "#borrar")
            .write("A-1", "mpn", "#CLEAR");
        book.write("A-1", "image", "https://shop.example/b.jpg")
            .write("A-1", "gtin", "#BORRAR");
    });
    let told = come_in(&shop);
    let mut found = codes(&told);
    found.sort();
    assert_eq!(
        found,
        ["W-SHEET-EMPTIED@3", "W-SHEET-NOT-SAID@3", "W-SHEET-READ-ONLY@3"],
        "{told:#}"
    );
    let one = product(&shop, "A-1");
    assert_eq!(
        (one["name"].as_str(), one["brand"].as_str(), one["mpn"].as_str()),
        ("Taladro", "Brontal", "007")
    );
    assert_eq!(
        (one["image"].as_str(), one["stock"].as_str()),
        ("https://shop.example/a.jpg", "9")
    );
}

#[test]
fn every_bad_cell_is_told_and_the_good_ones_pass() {
    let shop = shop();
    out(&shop);
    edit(&shop, |book| {
        book.write("A-1", "color", "Fucsia")
            .write("A-1", "stock", "muchos")
            .write("A-1", "brand", "Kremora");
        book.set("A-2", "stock", Data::Float(-1.0))
            .write("A-2", "gtin", "8412345678900");
    });
    let told = come_in(&shop);
    let finding = &told["diagnostics"][0];
    assert_eq!(
        (
            &finding["file"],
            &finding["line"],
            &finding["column"],
            &finding["sku"],
            &finding["value"]
        ),
        (
            &"edit.xlsx".into(),
            &3.into(),
            &"Color".into(),
            &"A-1".into(),
            &"Fucsia".into()
        )
    );
    let mut found = codes(&told);
    found.sort();
    assert_eq!(
        found,
        [
            "E-GTIN-CHECK-DIGIT@4",
            "E-NUMBER@3",
            "E-TOO-SMALL@4",
            "E-UNKNOWN-OPTION@3"
        ],
        "{told:#}"
    );
    let members = ["read", "changed", "unchanged", "held", "rejected"];
    assert_eq!(
        members.map(|key| told[key].as_u64()),
        [3, 1, 1, 0, 1].map(Some),
        "{told:#}"
    );
    let one = product(&shop, "A-1");
    assert_eq!((one["brand"].as_str(), one["color"].as_str()), ("Kremora", "red"));
}

#[test]
fn columns_may_be_moved_deleted_and_sorted() {
    let shop = shop();
    out(&shop);
    let mut book = Edited::open(&shop);
    book.write("A-3", "brand", "Torvanda");
    let gone = book.column("description@es");
    for row in book.rows() {
        row.remove(gone);
        row.reverse();
    }
    // Sorted from the last product to the first; a blank row between; the row of codes deleted.
    book.rows().swap(2, 4);
    book.rows().insert(3, Vec::new());
    book.save(&shop);
    let told = come_in(&shop);
    assert_eq!(
        (told["read"].as_u64(), told["changed"].as_u64(), codes(&told)),
        (Some(3), Some(1), vec![]),
        "{told:#}"
    );
    assert_eq!(product(&shop, "A-3")["brand"], "Torvanda");
    // Without its hidden row of codes the header that people read does.
    book.rows().remove(0);
    book.save(&shop);
    let told = come_in(&shop);
    assert_eq!(
        (told["read"].as_u64(), told["changed"].as_u64(), codes(&told)),
        (Some(3), Some(0), vec![]),
        "{told:#}"
    );
}

#[test]
fn rows_that_name_no_product_of_the_sheet_are_refused_alone() {
    let shop = shop();
    out(&shop);
    edit(&shop, |book| {
        book.write("A-1", "brand", "Kremora");
        let rows = book.rows();
        let (one, two) = (rows[2].clone(), rows[3].clone());
        let width = one.len();
        let mut new = vec![Data::Empty; width];
        (new[0], new[3]) = (text("B-9"), text("Nuevo"));
        let mut added = vec![Data::Empty; width];
        (added[0], added[3]) = (text("A-2"), text("Otro"));
        let mut nameless = two.clone();
        nameless[0] = Data::Empty;
        let mut twice = one.clone();
        twice[3] = text("Taladro dos");
        // A-2 stands twice and says the same; that is no fault.
        rows.extend([new, added, nameless, twice, two]);
    });
    let told = come_in(&shop);
    assert_eq!(
        codes(&told),
        [
            "E-SHEET-NEW-SKU@6",
            "E-SHEET-REVISION@7",
            "E-SHEET-NO-SKU@8",
            "E-SHEET-TWICE@9"
        ],
        "{told:#}"
    );
    let members = ["read", "changed", "unchanged", "held", "rejected"];
    assert_eq!(
        members.map(|key| told[key].as_u64()),
        [8, 0, 3, 0, 5].map(Some),
        "{told:#}"
    );
    assert_eq!(product(&shop, "A-1")["brand"], "Brontal");
}

#[test]
fn rows_of_one_product_that_differ_are_all_refused() {
    let shop = shop();
    out(&shop);
    edit(&shop, |book| {
        let untouched = book.rows()[2].clone();
        let mut other = untouched.clone();
        other[3] = text("Taladro dos");
        let edited = book.write("A-2", "brand", "Kremora").rows()[3].clone();
        // A-1 untouched, edited, and untouched again; A-2 edited in the same way twice.
        book.rows().extend([other, untouched, edited]);
    });
    let told = come_in(&shop);
    assert_eq!(codes(&told), ["E-SHEET-TWICE@6"], "{told:#}");
    let members = ["read", "changed", "unchanged", "held", "rejected"];
    assert_eq!(
        members.map(|key| told[key].as_u64()),
        [6, 1, 2, 0, 3].map(Some),
        "{told:#}"
    );
    assert_eq!(product(&shop, "A-1")["name"], "Taladro");
    assert_eq!(product(&shop, "A-2")["brand"], "Kremora");
}

#[test]
fn the_error_of_a_cell_is_named() {
    let shop = shop();
    out(&shop);
    edit(&shop, |book| {
        book.set("A-1", "price", Data::Error(CellErrorType::Div0));
    });
    let told = come_in(&shop);
    assert_eq!(codes(&told), ["E-CELL-ERROR@3"], "{told:#}");
    let found = &told["diagnostics"][0];
    assert_eq!(
        (&found["column"], &found["value"]),
        (&Value::from("Precio (EUR)"), &Value::from("#DIV/0!"))
    );
}

#[test]
fn what_is_no_sheet_is_refused_and_changes_nothing() {
    let shop = shop();
    let refused = |code: &str| {
        let answer = shop.run(&["sheet", "in", "edit.xlsx", "--apply", "--json"]).ended(3);
        assert_eq!(codes(&answer.json()), [code], "{}", answer.out);
    };
    refused("E-FILE-UNREADABLE");
    shop.write("edit.xlsx", "sku;name\nA-1;x\n");
    let answer = shop.run(&["sheet", "in", "edit.xlsx", "--json"]).ended(3);
    assert_eq!(codes(&answer.json()).len(), 1);
    let mut other = Workbook::new();
    other.add_worksheet().write_string(0, 0, "sku").expect("it is written");
    other.save(shop.path("edit.xlsx")).expect("it is saved");
    refused("E-SHEET-FOREIGN");
    anew(&shop);
    edit(&shop, |book| {
        book.sheets
            .iter_mut()
            .filter(|(name, _)| name == "estante")
            .for_each(|(_, rows)| rows[0][1] = text("2"))
    });
    refused("E-SHEET-VERSION");
    anew(&shop);
    edit(&shop, |book| book.rows().iter_mut().for_each(|row| drop(row.pop())));
    refused("E-SHEET-HEADER");
    anew(&shop);
    edit(&shop, |book| {
        let brand = book.column("brand");
        book.rows().iter_mut().for_each(|row| row.insert(1, row[brand].clone()));
    });
    refused("E-SHEET-COLUMN-TWICE");
    for own in ["sku", "#revision"] {
        anew(&shop);
        edit(&shop, |book| {
            let own = book.column(own);
            book.rows().iter_mut().for_each(|row| row.push(row[own].clone()));
        });
        refused("E-SHEET-COLUMN-TWICE");
    }
    assert_eq!(
        shop.done(&["batches", "--json"]).json()["batches"]
            .as_array()
            .map(Vec::len),
        Some(1)
    );
}

#[test]
fn formulas_go_out_harmless_and_come_back_as_they_were() {
    let shop = shop();
    let names = [
        "=cmd|' /C calc'!A0",
        "+1+1",
        "-5 grados",
        "@SUM(A1)",
        "'quoted'",
        "a\nb",
    ];
    let mut list = String::from("sku;name\n");
    for (n, name) in names.iter().enumerate() {
        list.push_str(&format!("F-{n};\"{name}\"\n"));
    }
    deliver(&shop, "norte", &list);
    import(&shop, "norte");
    out(&shop);
    edit(&shop, |book| {
        for n in 0..names.len() {
            let cell = book.cell(&format!("F-{n}"), "name@es").to_string();
            assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
            // Copied into another column, they mean what they mean here.
            book.write(&format!("F-{n}"), "name@en", &cell);
        }
        book.write("F-5", "brand", "'=HYPERLINK(1)");
    });
    let told = come_in(&shop);
    assert_eq!((told["changed"].as_u64(), codes(&told)), (Some(6), vec![]), "{told:#}");
    for (n, name) in names.iter().enumerate() {
        let whole = shop.done(&["product", "show", &format!("F-{n}"), "--json"]).json();
        let values = whole["values"].as_array().expect("a product has values").iter();
        let said: Vec<&str> = values
            .filter(|value| value["attribute"] == "name")
            .filter_map(|value| value["value"].as_str())
            .collect();
        assert_eq!(said, [*name, *name]);
    }
    assert_eq!(product(&shop, "F-5")["brand"], "=HYPERLINK(1)");
}

#[test]
fn edits_that_have_not_come_in_are_not_written_over() {
    let shop = shop();
    out(&shop);
    edit(&shop, |book| {
        book.write("A-1", "brand", "Kremora");
    });
    let before = shop.bytes("edit.xlsx");
    let refused = shop.run(&["sheet", "out", "-o", "edit.xlsx"]).ended(5);
    assert!(
        refused.err.contains("edits that are not in the catalog (rows: 1)"),
        "{}",
        refused.err
    );
    assert!(before == shop.bytes("edit.xlsx"));
    shop.done(&["sheet", "in", "edit.xlsx", "--apply"]);
    out(&shop);
    assert_eq!(Edited::open(&shop).cell("A-1", "brand"), &text("Kremora"));
    edit(&shop, |book| {
        book.write("A-1", "brand", "Torvanda");
    });
    shop.done(&["sheet", "out", "-o", "edit.xlsx", "--force"]);
    // Nothing lies about beside it.
    let beside = std::fs::read_dir(shop.folder()).expect("it is readable").flatten();
    assert!(
        beside
            .into_iter()
            .all(|entry| !entry.file_name().to_string_lossy().contains("part"))
    );
}

#[test]
fn what_is_no_readable_sheet_is_not_written_over() {
    let shop = shop();
    let kept = |file: &str| {
        let before = shop.bytes(file);
        let refused = shop.run(&["sheet", "out", "-o", file]).ended(5);
        let expected = format!("{file} lies there and is no sheet that can be read");
        assert!(refused.err.contains(&expected), "{}", refused.err);
        assert!(before == shop.bytes(file), "{file} was written over");
        refused.err
    };
    shop.write("list.xlsx", "sku;name");
    kept("list.xlsx");
    shop.write("notes.xlsx", "PK\u{3}\u{4} letters");
    kept("notes.xlsx");
    out(&shop);
    edit(&shop, |book| {
        let revision = book.column("#revision");
        book.write("A-1", "brand", "Kremora").rows()[0][revision] = text("revision");
        book.rows()[1][revision] = text("revision");
    });
    assert!(kept("edit.xlsx").contains("[E-SHEET-HEADER]"));
    anew(&shop);
    edit(&shop, |book| {
        let brand = book.write("A-1", "brand", "Kremora").column("brand");
        book.rows().iter_mut().for_each(|row| row.push(row[brand].clone()));
    });
    assert!(kept("edit.xlsx").contains("[E-SHEET-COLUMN-TWICE]"));
    anew(&shop);
    out(&shop);
}

#[test]
fn edits_that_were_refused_are_not_written_over() {
    let shop = shop();
    let kept = |rows: u64, how: &dyn Fn(&mut Edited)| {
        anew(&shop);
        edit(&shop, how);
        let refused = shop.run(&["sheet", "out", "-o", "edit.xlsx"]).ended(5);
        let expected = format!("edits that are not in the catalog (rows: {rows})");
        assert!(refused.err.contains(&expected), "{}", refused.err);
    };
    // Out of its limits; a damaged revision; none; a doubled row that differs, and the first with it; an unknown SKU; no SKU.
    kept(1, &|book| {
        book.set("A-2", "stock", Data::Float(-1.0));
    });
    kept(1, &|book| {
        book.write("A-1", "brand", "Kremora").write("A-1", "#revision", "x");
    });
    kept(3, &|book| {
        let revision = book.column("#revision");
        book.rows()[2..].iter_mut().for_each(|row| row[revision] = Data::Empty);
    });
    kept(2, &|book| {
        let mut twice = book.rows()[2].clone();
        twice[3] = text("Taladro dos");
        book.rows().push(twice);
    });
    kept(1, &|book| {
        book.rows()
            .push(vec![text("B-9"), Data::Empty, Data::Empty, text("Nuevo")])
    });
    kept(1, &|book| book.rows()[2][0] = Data::Empty);
    // One good cell and one that was refused: once the good one is in, the other still stands nowhere else.
    kept(1, &|book| {
        book.write("A-1", "brand", "Kremora").write("A-1", "color", "Fucsia");
    });
    shop.done(&["sheet", "in", "edit.xlsx", "--apply"]);
    assert_eq!(product(&shop, "A-1")["brand"], "Kremora");
    shop.run(&["sheet", "out", "-o", "edit.xlsx"]).ended(5);
    edit(&shop, |book| {
        book.write("A-1", "color", "Rojo");
    });
    out(&shop);
}

#[test]
fn a_sheet_tells_people_what_it_changes() {
    let shop = shop();
    let told = shop.done(&["sheet", "out", "A-1", "A-2", "-o", "edit.xlsx"]).out;
    assert!(told.starts_with("edit.xlsx: 2 products, 14 columns ("), "{told}");
    edit(&shop, |book| {
        book.write("A-1", "brand", "Kremora").write("A-2", "color", "Fucsia");
    });
    let told = shop.done(&["sheet", "in", "edit.xlsx"]).out;
    let told: Vec<&str> = told
        .lines()
        .filter(|line| !line.contains(" ms)") && !line.contains(" s)"))
        .collect();
    assert_eq!(
        told,
        [
            "edit.xlsx: 2 products",
            "  read  changed  unchanged  conflicts  rejected",
            "     2        1          0          0         1",
            "  values that change: brand 1",
            "error[E-UNKNOWN-OPTION] edit.xlsx:4:Color: A-2: `color` has no such option (found \"Fucsia\")",
            "  known are `blue`, `red`",
            "changed  A-1",
            "           brand: Brontal → Kremora",
            "rejected A-2  `color` has no such option [E-UNKNOWN-OPTION]",
            "p2 of an edited sheet: 2 entries",
        ]
    );
    shop.run(&["sheet", "in", "edit.xlsx", "--fail-on", "blocked"]).ended(4);
}

#[test]
fn what_is_no_place_for_a_sheet_and_what_is_no_sheet_says_so() {
    let shop = shop();
    let before = shop.bytes("estante.toml");
    for (args, told) in [
        (&["-o", "list.csv"][..], ["a sheet is an .xlsx", "list.csv"]),
        (
            &["-o", "estante.toml", "--force"],
            ["a sheet is an .xlsx", "estante.toml"],
        ),
        (
            &["-o", "nowhere/list.xlsx"],
            ["there is no folder nowhere", "list.xlsx"],
        ),
    ] {
        let refused = shop.run(&[&["sheet", "out"], args].concat()).ended(2);
        for told in told {
            assert!(refused.err.contains(told), "{}", refused.err);
        }
    }
    assert!(before == shop.bytes("estante.toml") && !shop.path("list.csv").exists());
    shop.write("README.md", "# A shop\n").write("empty.xlsx", "");
    shop.write("cut.xlsx", "PK\u{3}\u{4} cut off");
    for file in ["README.md", "empty.xlsx", "cut.xlsx"] {
        let refused = shop.run(&["sheet", "in", file]).ended(3);
        assert!(
            refused.err.contains("sheet out") && !refused.err.contains("supplier"),
            "{}",
            refused.err
        );
    }
    assert!(shop.run(&["sheet", "in", "README.md"]).err.contains("E-SHEET-FOREIGN"));
}
