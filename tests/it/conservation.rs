//! No row is lost: of any small dirty delivery, `new + changed + unchanged + held + rejected = read`, the rejected rows are
//! kept character for character, and once they are corrected nothing of them is rejected.
//!
//! Deliveries are made at random with what suppliers do to them. They go through the library, two of them in a row to a store,
//! in each of the formats whose rejected rows can be corrected. `ESTANTE_CASES` sets how many a format; the default is small
//! enough for every day, with most of them in the format of most suppliers.

use crate::corner::bare_shop;
use crate::support::{Shop, law};
use calamine::{Data, Reader, Xlsx, open_workbook};
use estante::plan::Summary;
use estante::product::batch::Tally;
use estante::workspace::Workspace;
use estante::workspace::apply::apply;
use estante::workspace::delivery::Which;
use estante::workspace::import::plan;
use estante::workspace::progress::Silent;
use proptest::prelude::*;
use proptest::test_runner::{TestCaseError, TestError};
use rust_xlsxwriter::{Formula, Workbook, Worksheet, XlsxError};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Cases as tables in text.
const CASES: u32 = 1_000;
/// Cases of each other format; there are six, and only their readers and their files of rejected rows are others.
const OF_OTHERS: u32 = 250;
/// Cases that share a store, each with a supplier of its own.
const SHARED: u32 = 50;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Format {
    Csv,
    Jsonl,
    Json,
    Xml,
    Xlsx,
    Bmecat12,
    Bmecat2005,
}

impl Format {
    fn is_bmecat(self) -> bool {
        matches!(self, Format::Bmecat12 | Format::Bmecat2005)
    }

    /// What the names of its files end with.
    fn ending(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Jsonl => "jsonl",
            Format::Json => "json",
            Format::Xml | Format::Bmecat12 | Format::Bmecat2005 => "xml",
            Format::Xlsx => "xlsx",
        }
    }
}

/// What happened to a row on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Harm {
    None,
    /// The last cells are missing; in JSON lines the end of the line. Two variants of a BMEcat article have one number.
    Short,
    /// It has cells that no column names; in JSON a key twice. The price of a BMEcat article is one of another unit.
    Long,
    /// The header, printed again.
    Header,
    /// Nothing stands there.
    Blank,
}

/// A row as the supplier wrote it. Its name, `Item-N`, tells it from all others of the delivery.
#[derive(Debug, Clone)]
struct Row {
    sku: String,
    price: String,
    stock: String,
    state: &'static str,
    harm: Harm,
}

impl Row {
    /// True of what a reader has to give as a record.
    fn is_record(&self) -> bool {
        !matches!(self.harm, Harm::Header | Harm::Blank)
    }
}

#[derive(Debug, Clone)]
struct Delivery {
    rows: Vec<Row>,
    /// The last line has its end.
    ended: bool,
    /// Cells stand in quotes; in XML and JSON the records are indented; numbers of a workbook are numbers.
    quoted: bool,
    delimiter: char,
    /// In a workbook: a title stands above the header.
    bom: bool,
    /// In a workbook: there is another sheet.
    latin1: bool,
}

fn row() -> impl Strategy<Value = Row> {
    let sku = prop_oneof![
        24 => (0..40_u8).prop_map(|n| format!("A-{n}")),
        1 => Just(String::new()),
        1 => Just("8,43E+12".to_owned()),
        1 => Just("A\u{200b}1".to_owned()),
    ];
    let price = prop_oneof![
        20 => (1..400_u32).prop_map(|n| format!("{n}.50")),
        1 => Just(String::new()),
        2 => prop::sample::select(vec!["dos", "-5.00", "1.2.3", "12.345.678.9", "€", "9 99 9", "0"]).prop_map(str::to_owned),
    ];
    let stock = prop_oneof![
        20 => (0..50_u32).prop_map(|n| n.to_string()),
        1 => Just(String::new()),
        1 => prop::sample::select(vec!["muchos", "1.5.5", "-", "99999999999999999999999"]).prop_map(str::to_owned),
    ];
    let state = prop_oneof![14 => Just("alta"), 1 => Just("baja"), 1 => Just("")];
    let harm = prop_oneof![
        40 => Just(Harm::None),
        1 => Just(Harm::Short),
        1 => Just(Harm::Long),
        1 => Just(Harm::Header),
        1 => Just(Harm::Blank),
    ];
    (sku, price, stock, state, harm).prop_map(|(sku, price, stock, state, harm)| Row {
        sku,
        price,
        stock,
        state,
        harm,
    })
}

fn delivery() -> impl Strategy<Value = Delivery> {
    let rows = prop::collection::vec(row(), 0..14);
    let delimiter = prop::sample::select(vec![';', ',', '\t', '|']);
    (
        rows,
        any::<bool>(),
        any::<bool>(),
        delimiter,
        any::<bool>(),
        any::<bool>(),
    )
        .prop_map(|(rows, ended, quoted, delimiter, bom, latin1)| Delivery {
            rows,
            ended,
            quoted,
            delimiter,
            bom,
            latin1,
        })
}

/// Two deliveries of a supplier: the second is another, or the first with some rows of another.
fn deliveries() -> impl Strategy<Value = (Delivery, Delivery)> {
    (delivery(), delivery(), any::<bool>()).prop_map(|(first, mut second, anew)| {
        if !anew {
            let mut rows = first.rows.clone();
            for (at, row) in second.rows.into_iter().enumerate().filter(|(at, _)| at % 2 == 0) {
                match rows.get_mut(at) {
                    // The same product with other words, or another product.
                    Some(before) if at % 4 == 0 => {
                        let sku = before.sku.clone();
                        *before = Row { sku, ..row };
                    }
                    Some(before) => *before = row,
                    None => rows.push(row),
                }
            }
            second = Delivery { rows, ..first.clone() };
        }
        (first, second)
    })
}

impl Delivery {
    /// What the cells of row `n` say.
    fn cells(&self, n: usize, row: &Row) -> [(&'static str, String); 5] {
        [
            ("name", format!("Item-{n} señal")),
            ("sku", row.sku.clone()),
            ("price", row.price.clone()),
            ("stock", row.stock.clone()),
            ("state", row.state.to_owned()),
        ]
    }

    fn line(&self, cells: &[&str]) -> String {
        let cells: Vec<String> = cells
            .iter()
            .map(|cell| match self.quoted || cell.contains(self.delimiter) {
                true => format!("\"{cell}\""),
                false => (*cell).to_owned(),
            })
            .collect();
        cells.join(&self.delimiter.to_string())
    }

    /// Row `n` as it stands in the file, without the end of its line.
    fn written(&self, format: Format, n: usize, row: &Row) -> String {
        let cells = self.cells(n, row);
        let harm = row.harm;
        match format {
            Format::Csv => {
                let mut texts: Vec<&str> = cells.iter().map(|(_, text)| text.as_str()).collect();
                match harm {
                    Harm::None => {}
                    Harm::Short => texts.truncate(3),
                    Harm::Long => texts.extend(["x", "y"]),
                    Harm::Header => texts = cells.iter().map(|(name, _)| *name).collect(),
                    Harm::Blank => return String::new(),
                }
                self.line(&texts)
            }
            Format::Jsonl | Format::Json => {
                let mut members: Vec<String> = cells
                    .iter()
                    .map(|(name, text)| format!("\"{name}\":\"{text}\""))
                    .collect();
                match harm {
                    Harm::Long => members.push("\"price\":\"1.00\"".to_owned()),
                    Harm::Short if format == Format::Jsonl => return format!("{{{}", members[..3].join(",")),
                    Harm::Header | Harm::Blank => return String::new(),
                    Harm::None | Harm::Short => {}
                }
                format!("{{{}}}", members.join(","))
            }
            Format::Xlsx => {
                let mut texts: Vec<&str> = cells.iter().map(|(_, text)| text.as_str()).collect();
                match harm {
                    Harm::None => {}
                    Harm::Short => texts.truncate(3),
                    Harm::Long => texts.extend(["x", "y"]),
                    Harm::Header => texts = cells.iter().map(|(name, _)| *name).collect(),
                    Harm::Blank => return String::new(),
                }
                let texts: Vec<String> = texts.into_iter().map(|text| self.typed(text).shown()).collect();
                texts.join("\t").trim_end_matches('\t').to_owned()
            }
            Format::Bmecat12 | Format::Bmecat2005 => {
                let (tag, number) = match format {
                    Format::Bmecat12 => ("ARTICLE", "SUPPLIER_AID"),
                    _ => ("PRODUCT", "SUPPLIER_PID"),
                };
                let [(_, name), (_, sku), (_, price), (_, stock), (_, state)] = &cells;
                let (mut features, mut base) = (String::new(), "");
                match harm {
                    Harm::None => {}
                    Harm::Short => {
                        let variant = format!(
                            "<VARIANT><FVALUE>v</FVALUE><{number}_SUPPLEMENT>1</{number}_SUPPLEMENT></VARIANT>"
                        );
                        features = format!(
                            "<{tag}_FEATURES><FEATURE><FNAME>Farbe</FNAME><VARIANTS>{variant}{variant}</VARIANTS></FEATURE></{tag}_FEATURES>"
                        );
                    }
                    Harm::Long => {
                        base = "<PRICE_BASE><PRICE_UNIT>KGM</PRICE_UNIT><PRICE_UNIT_FACTOR>0.2</PRICE_UNIT_FACTOR></PRICE_BASE>";
                    }
                    Harm::Header | Harm::Blank => return String::new(),
                }
                format!(
                    "<{tag}><{number}>{sku}</{number}><{tag}_DETAILS><DESCRIPTION_SHORT>{name}</DESCRIPTION_SHORT></{tag}_DETAILS>{features}\
                     <{tag}_ORDER_DETAILS><ORDER_UNIT>MTR</ORDER_UNIT></{tag}_ORDER_DETAILS><{tag}_PRICE_DETAILS>\
                     <{tag}_PRICE price_type=\"net_list\"><PRICE_AMOUNT>{price}</PRICE_AMOUNT>{base}</{tag}_PRICE></{tag}_PRICE_DETAILS>\
                     <USER_DEFINED_EXTENSIONS><UDX.X.STOCK>{stock}</UDX.X.STOCK><UDX.X.STATE>{state}</UDX.X.STATE>\
                     </USER_DEFINED_EXTENSIONS></{tag}>"
                )
            }
            Format::Xml => {
                let elements = cells.iter().map(|(name, text)| format!("<{name}>{text}</{name}>"));
                match harm {
                    Harm::Header | Harm::Blank => String::new(),
                    _ => format!("<product>{}</product>", elements.collect::<String>()),
                }
            }
        }
    }

    /// A cell of a workbook.
    fn typed(&self, text: &str) -> Typed {
        match text.parse::<f64>() {
            _ if text == NO_VALUE => Typed::Error,
            Ok(number) if self.quoted && text.len() < 10 && text.starts_with(|c: char| c.is_ascii_digit()) => {
                Typed::Number(number)
            }
            _ => Typed::Text(text.to_owned()),
        }
    }

    /// A workbook of these rows, as `written` gives them.
    fn workbook(&self, rows: &[String]) -> Result<Vec<u8>, XlsxError> {
        let mut book = Workbook::new();
        let page = book.add_worksheet();
        let title = if self.bom {
            &["Tarifa de noviembre", ""][..]
        } else {
            &[]
        };
        let head = title.iter().copied().chain(["name\tsku\tprice\tstock\tstate"]);
        for (at, row) in head.chain(rows.iter().map(String::as_str)).enumerate() {
            self.put(page, at as u32, row)?;
        }
        if self.latin1 {
            book.add_worksheet().write_string(0, 0, "Notas")?;
        }
        book.save_to_buffer()
    }

    /// A workbook of what `sheet` gave, as somebody saves it who corrected it.
    fn saved(&self, sheet: &str) -> Result<Vec<u8>, XlsxError> {
        let mut book = Workbook::new();
        let page = book.add_worksheet();
        for (at, row) in sheet.lines().enumerate() {
            self.put(page, at as u32, row)?;
        }
        book.save_to_buffer()
    }

    /// Writes a row, as `written` gives it.
    fn put(&self, page: &mut Worksheet, at: u32, row: &str) -> Result<(), XlsxError> {
        for (n, text) in row.split('\t').enumerate().filter(|(_, text)| !text.is_empty()) {
            match self.typed(text) {
                Typed::Error => {
                    page.write_formula(at, n as u16, Formula::new("=VLOOKUP(1,A1:B2,2)").set_result("#N/A"))?
                }
                Typed::Number(number) => page.write_number(at, n as u16, number)?,
                Typed::Text(text) => page.write_string(at, n as u16, text)?,
            };
        }
        Ok(())
    }

    /// Row `n` as somebody corrects it.
    fn corrected(&self, format: Format, n: usize) -> String {
        let good = Row {
            sku: format!("C-{n}"),
            price: "7.50".to_owned(),
            stock: "3".to_owned(),
            state: "alta",
            harm: Harm::None,
        };
        self.written(format, n, &good)
    }

    /// The whole file.
    fn file(&self, format: Format) -> Vec<u8> {
        let rows = self.rows.iter().enumerate();
        let written: Vec<String> = rows.map(|(n, row)| self.written(format, n, row)).collect();
        let records: Vec<&str> = written
            .iter()
            .map(String::as_str)
            .filter(|text| !text.is_empty())
            .collect();
        let indent = if self.quoted { "\n  " } else { "\n" };
        let mut text = match format {
            Format::Csv => {
                let head = self.line(&["name", "sku", "price", "stock", "state"]);
                let lines: Vec<&str> = [head.as_str()]
                    .into_iter()
                    .chain(written.iter().map(String::as_str))
                    .collect();
                lines.join(if self.bom { "\r\n" } else { "\n" })
            }
            Format::Jsonl => written.join("\n"),
            Format::Json => format!("{{\"list\":[{indent}{}\n]}}", records.join(&format!(",{indent}"))),
            Format::Xml => format!("<shop><list>{indent}{}\n</list></shop>", records.join(indent)),
            Format::Xlsx => return self.workbook(&written).expect("a workbook"),
            Format::Bmecat12 | Format::Bmecat2005 => self.catalogue(format, &records, indent),
        };
        // A last line that is cut off refuses its file: the delivery broke off there.
        let broken = self.rows.last().is_some_and(|row| row.harm == Harm::Short);
        if self.ended || broken {
            text.push('\n');
        }
        if self.latin1 && (format == Format::Csv || format.is_bmecat()) && is_latin(&text) {
            return text.chars().map(|c| c as u8).collect();
        }
        match self.bom {
            true => format!("\u{feff}{text}").into_bytes(),
            false => text.into_bytes(),
        }
    }

    /// A catalogue in BMEcat. Its groups stand before the articles and their maps behind them.
    fn catalogue(&self, format: Format, records: &[&str], indent: &str) -> String {
        let (version, space, tag, id) = match format {
            Format::Bmecat12 => ("1.2", "", "ARTICLE", "ART_ID"),
            _ => (
                "2005",
                " xmlns=\"http://www.bmecat.org/bmecat/2005fd\"",
                "PRODUCT",
                "PROD_ID",
            ),
        };
        let maps = self.rows.iter().filter(|row| self.ended && row.is_record()).map(|row| {
            let sku = &row.sku;
            format!("<{tag}_TO_CATALOGGROUP_MAP><{id}>{sku}</{id}><CATALOG_GROUP_ID>7</CATALOG_GROUP_ID></{tag}_TO_CATALOGGROUP_MAP>\n")
        });
        let body = format!(
            "<BMECAT version=\"{version}\"{space}><HEADER><CATALOG><LANGUAGE>spa</LANGUAGE><CURRENCY>EUR</CURRENCY></CATALOG></HEADER>\
             <T_NEW_CATALOG><CATALOG_GROUP_SYSTEM><CATALOG_STRUCTURE type=\"leaf\"><GROUP_ID>7</GROUP_ID><GROUP_NAME>Rojo</GROUP_NAME>\
             <PARENT_ID>0</PARENT_ID></CATALOG_STRUCTURE></CATALOG_GROUP_SYSTEM>{indent}{}\n{}</T_NEW_CATALOG></BMECAT>",
            records.join(indent),
            maps.collect::<String>()
        );
        let encoding = if self.latin1 && is_latin(&body) {
            "ISO-8859-1"
        } else {
            "UTF-8"
        };
        format!("<?xml version=\"1.0\" encoding=\"{encoding}\"?>\n{body}")
    }

    /// The file as a person looks at it.
    fn told(&self, format: Format) -> String {
        let rows = self.rows.iter().enumerate();
        match format {
            Format::Xlsx => rows.map(|(n, row)| self.written(format, n, row) + "\n").collect(),
            _ => String::from_utf8_lossy(&self.file(format)).into_owned(),
        }
    }

    fn has_no_sku_twice(&self) -> bool {
        let mut met = BTreeSet::new();
        self.rows
            .iter()
            .filter(|row| row.is_record())
            .all(|row| met.insert(&row.sku))
    }

    fn records(&self) -> u64 {
        self.rows.iter().filter(|row| row.is_record()).count() as u64
    }

    /// Rows that take a product off: they are counted with the missing, unless another row says otherwise.
    fn removals(&self, format: Format) -> u64 {
        let whole = |row: &&Row| match format {
            Format::Csv => !matches!(row.harm, Harm::Short | Harm::Long),
            Format::Xlsx | Format::Bmecat12 | Format::Bmecat2005 => row.harm != Harm::Short,
            Format::Jsonl | Format::Json | Format::Xml => true,
        };
        let rows = self.rows.iter().filter(|row| row.is_record() && row.state == "baja");
        rows.filter(whole).count() as u64
    }
}

/// Every letter of it has a byte in ISO-8859-1.
fn is_latin(text: &str) -> bool {
    text.chars().all(|c| u32::from(c) < 256)
}

/// What a person typed into a price where a formula finds nothing.
const NO_VALUE: &str = "9 99 9";

/// A cell of a workbook.
enum Typed {
    Text(String),
    Number(f64),
    Error,
}

impl Typed {
    /// As `calamine` shows it.
    fn shown(&self) -> String {
        match self {
            Typed::Text(text) => text.clone(),
            Typed::Number(number) => number.to_string(),
            Typed::Error => "#N/A".to_owned(),
        }
    }
}

/// The first sheet of a workbook: cells between tabs, blank ones at the end of a row left out.
fn sheet(path: &Path) -> String {
    let mut book: Xlsx<_> = open_workbook(path).expect("rejected rows lie in a workbook");
    let (_, range) = book.worksheets().remove(0);
    let rows = range.rows().map(|row| {
        let cells: Vec<String> = row.iter().map(Data::to_string).collect();
        format!("{}\n", cells.join("\t").trim_end_matches('\t'))
    });
    rows.collect()
}

/// A store with a supplier for each case.
struct Bench {
    shop: Shop,
    workspace: Workspace,
    cases: u32,
    plans: u32,
    /// What all first plans of deliveries came to.
    sum: Tally,
}

impl Bench {
    fn new(format: Format) -> Bench {
        let shop = bare_shop();
        let record = match format {
            Format::Csv | Format::Jsonl | Format::Xlsx | Format::Bmecat12 | Format::Bmecat2005 => "",
            Format::Json => "record = \"list\"",
            Format::Xml => "record = \"/shop/list/product\"",
        };
        let ([name, sku, price, stock, state], more) = match format.is_bmecat() {
            true => (
                [
                    "details:DESCRIPTION_SHORT",
                    "number",
                    "price:net_list",
                    "udx:STOCK",
                    "udx:STATE",
                ],
                "color = { column = \"group_name\" }\n",
            ),
            false => (["name", "sku", "price", "stock", "state"], ""),
        };
        shop.write(
            "suppliers/x/supplier.toml",
            format!(
                "name = \"X\"\non_drift = \"warn\"\n[file]\npath = [\"none\"]\n{record}\nremoved = {{ \"{state}\" = [\"baja\"] }}\n\
                 [read]\ncurrency = \"EUR\"\nnumbers = \"1234.56\"\n[fields]\nsku = {{ column = \"{sku}\" }}\n\
                 name = {{ column = \"{name}\" }}\nprice = {{ column = \"{price}\" }}\n\
                 stock = {{ column = \"{stock}\" }}\n{more}"
            ),
        );
        let mut workspace = shop.workspace();
        workspace.open_catalog().expect("nobody else writes");
        Bench {
            shop,
            workspace,
            cases: 0,
            plans: 0,
            sum: Tally::default(),
        }
    }

    /// The next case: a supplier that nobody heard of.
    fn supplier(&mut self) {
        self.cases += 1;
        let supplier = &mut self.workspace.settings.suppliers[0];
        supplier.id = format!("x{}", self.cases);
        supplier.source = format!("supplier:x{}", self.cases);
        supplier.sku_prefix = format!("x{}-", self.cases);
    }

    /// Plans an import of a file; nothing of it may be lost.
    fn plan(&mut self, path: &Path) -> Result<(PathBuf, Summary), TestCaseError> {
        self.plans += 1;
        let name = format!("p{}", self.plans);
        let supplier = &self.workspace.settings.suppliers[0];
        let which = Which::Files(vec![path.to_owned()]);
        let planned = plan(&self.workspace, supplier, &which, &name, &Silent::default())
            .map_err(|failure| TestCaseError::fail(format!("{failure}: {:?}", failure.diagnostics)))?;
        let tally = &planned.summary.tally;
        let sum = tally.new + tally.changed + tally.unchanged + tally.held + tally.rejected;
        prop_assert_eq!(tally.read, sum, "{:?}", &planned.summary);
        Ok((planned.path, planned.summary))
    }

    fn count(&mut self, tally: &Tally) {
        self.sum.read += tally.read;
        self.sum.new += tally.new;
        self.sum.changed += tally.changed;
        self.sum.unchanged += tally.unchanged;
        self.sum.missing += tally.missing;
        self.sum.held += tally.held;
        self.sum.rejected += tally.rejected;
    }

    fn apply(&mut self, path: &Path) -> Result<(), TestCaseError> {
        let applied = apply(&mut self.workspace, path, &[], &Silent::default());
        applied.map_err(|failure| TestCaseError::fail(format!("{failure}: {:?}", failure.diagnostics)))?;
        Ok(())
    }

    /// The file of rejected rows, if there are any.
    fn rejects(&self, summary: &Summary) -> Option<PathBuf> {
        let folder = summary.rejects.as_ref()?;
        let files: Vec<String> = self.shop.files(folder).into_keys().collect();
        assert_eq!(files.len(), 1, "{files:?}");
        Some(self.shop.path(&files[0]))
    }
}

/// The numbers of the rows whose names stand in a text, each as often as it stands there.
fn items(text: &str) -> Vec<usize> {
    let rest = text.split("Item-").skip(1);
    rest.filter_map(|rest| rest.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok())
        .collect()
}

fn check(bench: &mut Bench, format: Format, deliveries: &(Delivery, Delivery)) -> Result<(), TestCaseError> {
    bench.supplier();
    for (round, delivery) in [&deliveries.0, &deliveries.1].into_iter().enumerate() {
        if delivery.records() == 0 && format != Format::Csv {
            continue;
        }
        let name = format!("in/list-{round}.{}", format.ending());
        bench.shop.write(&name, delivery.file(format));
        let path = bench.shop.path(&name);
        let (planned, summary) = bench.plan(&path)?;
        let Tally { read, rejected, .. } = summary.tally;
        bench.count(&summary.tally);
        let (records, removals) = (delivery.records(), delivery.removals(format));
        prop_assert!(
            read <= records && read + removals >= records,
            "{records} records, {removals} of them removals, {read} read: {:?}",
            summary
        );
        bench.apply(&planned)?;

        // The same again says nothing new, where nothing was held that a second look lets go, and the delivery does not
        // contradict itself on what is known by then.
        let (again, same) = bench.plan(&path)?;
        std::fs::remove_file(again).expect("a plan can be discarded");
        if summary.tally.held + summary.missing_held == 0 && delivery.has_no_sku_twice() {
            let before = &summary.tally;
            let quiet = (before.new + before.changed + before.unchanged, before.rejected);
            prop_assert_eq!((same.tally.new, same.tally.changed), (0, 0), "{:?}", same);
            prop_assert_eq!((same.tally.unchanged, same.tally.rejected), quiet, "{:?}", same);
        }

        let Some(kept) = bench.rejects(&summary) else {
            prop_assert_eq!(rejected, 0, "{:?}", summary);
            continue;
        };
        let mut text = match format {
            Format::Xlsx => sheet(&kept),
            _ => std::fs::read_to_string(&kept).expect("rejected rows are UTF-8"),
        };
        let found = items(&text);
        let each: BTreeSet<usize> = found.iter().copied().collect();
        prop_assert_eq!(each.len(), found.len(), "a row is kept twice: {}", text);
        prop_assert_eq!(found.len() as u64, rejected, "{}\n{:?}", text, summary);
        for n in found {
            let written = delivery.written(format, n, &delivery.rows[n]);
            prop_assert!(text.contains(&written), "{written} is not kept as it was: {text}");
            text = text.replace(&written, &delivery.corrected(format, n));
        }
        prop_assert!(summary.rejects_readable, "{:?}", summary);
        let saved = match format {
            Format::Xlsx => delivery.saved(&text).expect("a workbook"),
            _ => text.clone().into_bytes(),
        };
        std::fs::write(&kept, saved).expect("rejected rows can be corrected");
        let (planned, corrected) = bench.plan(&kept)?;
        prop_assert_eq!(corrected.tally.rejected, 0, "{}\n{:?}", text, corrected);
        prop_assert_eq!(corrected.tally.read, rejected, "{}\n{:?}", text, corrected);
        prop_assert_eq!(corrected.tally.missing, 0, "{}\n{:?}", text, corrected);
        bench.apply(&planned)?;
    }
    Ok(())
}

fn nothing_is_lost(format: Format) {
    let mut runner = law(if format == Format::Csv { CASES } else { OF_OTHERS }, 300);
    let bench = std::cell::RefCell::new(Bench::new(format));
    let outcome = runner.run(&deliveries(), |deliveries| {
        let mut bench = bench.borrow_mut();
        if bench.cases == SHARED {
            let sum = std::mem::take(&mut bench.sum);
            *bench = Bench::new(format);
            bench.sum = sum;
        }
        check(&mut bench, format, &deliveries)
    });
    let sum = bench.into_inner().sum;
    println!("{format:?}: {sum:?}");
    match outcome {
        Ok(()) => {
            let kinds = [sum.new, sum.changed, sum.unchanged, sum.missing, sum.held, sum.rejected];
            assert!(kinds.iter().all(|count| *count > 0), "not everything was met: {sum:?}");
        }
        Err(TestError::Fail(why, (first, second))) => panic!(
            "{why}\n--- first delivery\n{}\n--- second delivery\n{}\n{first:?}\n{second:?}",
            first.told(format),
            second.told(format)
        ),
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn no_row_of_a_table_is_lost() {
    nothing_is_lost(Format::Csv);
}

#[test]
fn no_line_of_json_is_lost() {
    nothing_is_lost(Format::Jsonl);
}

#[test]
fn no_record_of_json_is_lost() {
    nothing_is_lost(Format::Json);
}

#[test]
fn no_record_of_xml_is_lost() {
    nothing_is_lost(Format::Xml);
}

#[test]
fn no_row_of_a_workbook_is_lost() {
    nothing_is_lost(Format::Xlsx);
}

#[test]
fn no_article_of_bmecat_1_2_is_lost() {
    nothing_is_lost(Format::Bmecat12);
}

#[test]
fn no_product_of_bmecat_2005_is_lost() {
    nothing_is_lost(Format::Bmecat2005);
}
