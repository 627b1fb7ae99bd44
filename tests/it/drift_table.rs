//! Each kind of drift in each format that can have it: what it is told by default, with `on_drift = "stop"` and with `"warn"`; that
//! what is refused writes nothing, and that what goes on is imported.

use crate::corner::{bare_shop, number};
use crate::support::Shop;
use rust_xlsxwriter::{Workbook, XlsxError};
use serde_json::Value;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Format {
    Csv,
    Workbook,
    Xml,
    Json,
    Jsonl,
}

use Format::{Csv, Json, Jsonl, Xml};

const ALL: [Format; 5] = [Csv, Format::Workbook, Xml, Json, Jsonl];
const TABLES: [Format; 2] = [Csv, Format::Workbook];
const TREES: [Format; 3] = [Xml, Json, Jsonl];

/// How its text stands in a file.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Letters {
    Utf8,
    /// ISO-8859-1, and XML says so.
    Latin,
    /// UTF-16 with a mark.
    Wide,
    /// ISO-8859-1, and XML says UTF-8.
    Lying,
}

/// A list; its first row are the names of its columns.
#[derive(Clone)]
struct List {
    rows: Vec<Vec<String>>,
    delimiter: char,
    letters: Letters,
    /// The names stand in the file.
    named: bool,
    /// Prices are numbers where the format has numbers.
    typed: bool,
}

impl List {
    fn new(items: usize) -> List {
        let names = ["Ref", "Nombre", "PVP", "Color", "Nota"].map(str::to_owned);
        let item = |n: usize| {
            let price = format!("{},{:02}", n % 90 + 5, n % 9 + 11);
            [
                format!("A{n}"),
                format!("Señal número {n}"),
                price,
                "rojo".to_owned(),
                format!("x{n}"),
            ]
            .to_vec()
        };
        List {
            rows: std::iter::once(names.to_vec()).chain((0..items).map(item)).collect(),
            delimiter: ';',
            letters: Letters::Utf8,
            named: true,
            typed: false,
        }
    }

    /// Every row with its cells rearranged.
    fn each(mut self, change: impl Fn(&mut Vec<String>)) -> List {
        self.rows.iter_mut().for_each(change);
        self
    }

    fn with(self, change: impl FnOnce(&mut List)) -> List {
        let mut list = self;
        change(&mut list);
        list
    }

    fn bytes(&self, format: Format) -> Vec<u8> {
        let (names, items) = self.rows.split_first().expect("a list has names");
        let pairs =
            |item: &Vec<String>| -> Vec<(String, String)> { names.iter().cloned().zip(item.iter().cloned()).collect() };
        let object = |item: &Vec<String>| {
            let members = pairs(item)
                .into_iter()
                .map(|(name, text)| match self.typed && name == "PVP" {
                    true => format!("\"{name}\":{}", text.replace(',', ".")),
                    false => format!("\"{name}\":\"{text}\""),
                });
            format!("{{{}}}", members.collect::<Vec<_>>().join(","))
        };
        let text = match format {
            Format::Workbook => return self.workbook().expect("a workbook"),
            Csv => {
                let rows = self.rows.iter().skip(usize::from(!self.named));
                rows.map(|row| row.join(&self.delimiter.to_string()) + "\n").collect()
            }
            Json => format!("[{}]\n", items.iter().map(object).collect::<Vec<_>>().join(",\n")),
            Jsonl => items.iter().map(|item| object(item) + "\n").collect(),
            Xml => {
                let item = |item: &Vec<String>| {
                    let elements = pairs(item)
                        .into_iter()
                        .map(|(name, text)| format!("<{name}>{text}</{name}>"));
                    format!("<p>{}</p>\n", elements.collect::<String>())
                };
                let encoding = match self.letters {
                    Letters::Latin => "ISO-8859-1",
                    Letters::Wide => "UTF-16",
                    Letters::Utf8 | Letters::Lying => "UTF-8",
                };
                let items: String = items.iter().map(item).collect();
                format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>\n<shop>\n{items}</shop>\n")
            }
        };
        match self.letters {
            Letters::Utf8 => text.into_bytes(),
            Letters::Latin | Letters::Lying => text.chars().map(|c| c as u8).collect(),
            Letters::Wide => format!("\u{feff}{text}")
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect(),
        }
    }

    fn workbook(&self) -> Result<Vec<u8>, XlsxError> {
        let mut book = Workbook::new();
        let page = book.add_worksheet();
        for (r, row) in self.rows.iter().skip(usize::from(!self.named)).enumerate() {
            for (c, cell) in row.iter().enumerate() {
                match cell.replace(',', ".").parse::<f64>() {
                    Ok(number) if self.typed => page.write_number(r as u32, c as u16, number)?,
                    _ => page.write_string(r as u32, c as u16, cell)?,
                };
            }
        }
        book.save_to_buffer()
    }
}

/// The settings of a supplier of such lists, with `file` under [file].
fn settings(name: &str, file: &str) -> String {
    let columns = match file.contains("header_row = 0") {
        true => ["1", "2", "3", "4"],
        false => ["Ref", "Nombre", "PVP", "Color"],
    };
    let [sku, title, price, color] = columns;
    format!(
        "name = \"Norte\"\n[file]\npath = [\"{name}\"]\n{file}\n[read]\ncurrency = \"EUR\"\nnumbers = \"1234,56\"\n[fields]\nsku.column = \"{sku}\"\n\
         name.column = \"{title}\"\nprice.column = \"{price}\"\ncolor = {{ column = \"{color}\", optional = true }}\n"
    )
}

/// The codes of drift in a document.
fn drift(document: &Value) -> String {
    let findings = document["diagnostics"]
        .as_array()
        .map(Vec::as_slice)
        .unwrap_or_default();
    let codes = findings.iter().filter_map(|finding| finding["code"].as_str());
    codes
        .filter(|code| code.contains("-DRIFT-"))
        .collect::<Vec<_>>()
        .join(" ")
}

/// What the workspace wrote.
fn written(shop: &Shop) -> Vec<String> {
    let kept = ["plans", "deliveries", "rejects"].map(|part| shop.files(&format!(".estante/{part}")).into_keys());
    let batches = shop.done(&["batches", "--json"]).out;
    kept.into_iter().flatten().chain([batches]).collect()
}

/// `told`: the codes by default, with `stop`, with `warn`.
#[track_caller]
fn check(formats: &[Format], file: &str, first: &List, next: &List, told: [&str; 3]) {
    for format in formats {
        let name = match format {
            Csv => "list.csv",
            Format::Workbook => "list.xlsx",
            Xml => "list.xml",
            Json => "list.json",
            Jsonl => "list.jsonl",
        };
        let shop = bare_shop();
        let feed = format!("suppliers/norte/{name}");
        shop.write("suppliers/norte/supplier.toml", settings(name, file));
        shop.write(&feed, first.bytes(*format));
        let applied = shop.done(&["import", "norte", "--apply", "--json"]).json();
        assert_eq!(
            number(&applied, "new") as usize,
            first.rows.len() - 1,
            "{format:?}: {applied:#}"
        );
        // The same again is no drift, whatever is on.
        let stop = format!("on_drift = \"stop\"\n{}", settings(name, file));
        shop.write("suppliers/norte/supplier.toml", &stop);
        assert_eq!(
            drift(&shop.done(&["import", "norte", "--json"]).json()),
            "",
            "{format:?}"
        );
        shop.write(&feed, next.bytes(*format));
        for (told, top) in told.iter().zip(["", "on_drift = \"stop\"\n", "on_drift = \"warn\"\n"]) {
            let settings = format!("{top}{}", settings(name, file));
            shop.write("suppliers/norte/supplier.toml", settings);
            let before = written(&shop);
            let refused = told.starts_with("E-");
            let answer = shop
                .run(&["import", "norte", "--json"])
                .ended(if refused { 3 } else { 0 })
                .json();
            assert_eq!(drift(&answer), *told, "{format:?} {top}: {answer:#}");
            match refused {
                true => assert_eq!(written(&shop), before, "{format:?} {top}: something was written"),
                // What goes on reads every row before it is looked at again.
                false => assert_eq!(
                    number(&answer, "read") as usize,
                    next.rows.len() - 1,
                    "{format:?} {top}: {answer:#}"
                ),
            }
        }
        // As it stands now it goes on, and is what the next one is compared with.
        shop.done(&["import", "norte", "--apply", "--json"]);
        shop.write("suppliers/norte/supplier.toml", stop);
        let again = shop.done(&["import", "norte", "--json"]).json();
        assert!(!drift(&again).contains("E-"), "{format:?}: {again:#}");
    }
}

fn list() -> List {
    List::new(6)
}

#[test]
fn a_renamed_column_in_each_format() {
    let next = list().with(|list| list.rows[0][2] = "PVP2026".to_owned());
    let told = ["E-DRIFT-RENAMED", "E-DRIFT-RENAMED", "W-DRIFT-RENAMED"];
    check(&ALL, "", &list(), &next, told);
    // Of a field that may be silent it is a warning.
    let next = list().with(|list| list.rows[0][3] = "Colores".to_owned());
    let told = ["W-DRIFT-RENAMED", "E-DRIFT-RENAMED", "W-DRIFT-RENAMED"];
    check(&ALL, "", &list(), &next, told);
}

#[test]
fn a_missing_column_in_each_format() {
    let next = list().each(|row| {
        row.remove(2);
    });
    let told = ["E-DRIFT-MISSING", "E-DRIFT-MISSING", "W-DRIFT-MISSING"];
    check(&ALL, "", &list(), &next, told);
}

#[test]
fn a_new_column_in_each_format() {
    let next = list()
        .each(|row| row.push(format!("{}-caja", row[0])))
        .with(|list| list.rows[0][5] = "Envase".to_owned());
    check(
        &TABLES,
        "",
        &list(),
        &next,
        ["W-DRIFT-NEW", "E-DRIFT-NEW", "W-DRIFT-NEW"],
    );
    // Elements and members come and go.
    check(&TREES, "", &list(), &next, [""; 3]);
}

#[test]
fn a_moved_column_in_each_format() {
    let next = list().each(|row| row.swap(0, 2));
    check(&TABLES, "", &list(), &next, ["I-DRIFT-MOVED"; 3]);
    check(&TREES, "", &list(), &next, [""; 3]);
}

#[test]
fn another_notation_of_numbers_in_each_format() {
    let next = list().each(|row| row[2] = row[2].replace(',', "."));
    check(
        &ALL,
        "",
        &list(),
        &next,
        ["W-DRIFT-NUMBERS", "E-DRIFT-NUMBERS", "W-DRIFT-NUMBERS"],
    );
    // What the format itself called numbers are texts now.
    let typed = list().with(|list| list.typed = true);
    let told = ["W-DRIFT-NUMBERS", "E-DRIFT-NUMBERS", "W-DRIFT-NUMBERS"];
    check(&[Format::Workbook, Json, Jsonl], "", &typed, &list(), told);
    check(&[Format::Workbook, Json, Jsonl], "", &list(), &typed, [""; 3]);
}

#[test]
fn another_encoding_in_each_format() {
    let told = ["W-DRIFT-ENCODING", "E-DRIFT-ENCODING", "W-DRIFT-ENCODING"];
    let latin = list().with(|list| list.letters = Letters::Latin);
    let wide = list().with(|list| list.letters = Letters::Wide);
    check(&[Csv, Xml], "", &list(), &latin, told);
    check(&[Csv, Xml], "", &latin, &list(), told);
    check(&[Csv, Xml, Json, Jsonl], "", &list(), &wide, told);
    // What is declared would misread the new file.
    let told = ["E-DRIFT-ENCODING", "E-DRIFT-ENCODING", "W-DRIFT-ENCODING"];
    let declared = "encoding = \"windows-1252\"";
    let lying = list().with(|list| list.letters = Letters::Lying);
    check(&[Csv, Xml, Json, Jsonl], declared, &lying, &list(), told);
}

#[test]
fn another_delimiter() {
    let next = list()
        .each(|row| row[2] = row[2].replace(',', ""))
        .with(|list| list.delimiter = '|');
    let first = list().each(|row| row[2] = row[2].replace(',', ""));
    check(
        &[Csv],
        "",
        &first,
        &next,
        ["W-DRIFT-DELIMITER", "E-DRIFT-DELIMITER", "W-DRIFT-DELIMITER"],
    );
}

#[test]
fn another_width_without_a_header() {
    let bare = |list: List| list.with(|list| list.named = false);
    let next = list().each(|row| row.push("caja".to_owned()));
    let told = ["E-DRIFT-WIDTH", "E-DRIFT-WIDTH", "W-DRIFT-WIDTH"];
    check(&TABLES, "header_row = 0", &bare(list()), &bare(next), told);
}

#[test]
fn a_much_shorter_list_in_each_format() {
    let told = ["W-DRIFT-SHORTER", "E-DRIFT-SHORTER", "W-DRIFT-SHORTER"];
    check(&ALL, "", &List::new(200), &List::new(40), told);
    // A small workbook has nearly the size of an empty one.
    check(&[Format::Workbook], "", &List::new(60), &List::new(6), told);
}
