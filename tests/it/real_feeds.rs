//! The readers on real files, in place in the shared data folder: counts, and agreement with another reader of workbooks.

use calamine::{Data, Reader as _};
use estante::feed;
use estante::feed::settings::FileSettings;
use estante::product::record::{Cell, Records};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

fn shared(inside: &str) -> Option<PathBuf> {
    let root = std::env::var_os("ESTANTE_SHARED").map(PathBuf::from);
    let root = root.unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"));
    let folder = root.join("data").join(inside);
    if !folder.exists() {
        println!("skipped: ../shared is absent");
        return None;
    }
    Some(folder)
}

/// Row and column, both counted from 1, and the cell as text with a mark of its type.
type Cells = BTreeMap<(u64, usize), String>;

fn ours(path: &Path, sheet: &str, width: usize) -> Result<Cells, String> {
    let settings = FileSettings {
        sheet: Some(sheet.to_string()),
        header_row: Some(0),
        ..FileSettings::default()
    };
    let wanted: Vec<String> = (1..=width).map(|n| n.to_string()).collect();
    let mut reading = feed::open(path, "book", 0, &settings, &wanted).map_err(|error| error.code().to_string())?;
    let mut batch = Records::default();
    let mut cells = Cells::new();
    while reading.next(&mut batch).map_err(|error| error.code().to_string())? {
        for record in batch.iter() {
            for n in 0..record.len() {
                let text = match record.cell(n) {
                    Cell::Absent => continue,
                    Cell::Text(text) => text.replace("\r\n", "\n"),
                    Cell::Number(text) => format!("#{text}"),
                    Cell::Boolean(value) => format!("?{value}"),
                    Cell::Moment(text) => format!("@{text}"),
                    Cell::Error(text) => format!("!{text}"),
                    Cell::List(_) => "list".to_string(),
                };
                cells.insert((record.line(), n + 1), text);
            }
        }
    }
    Ok(cells)
}

fn theirs(range: &calamine::Range<Data>) -> Cells {
    let mut cells = Cells::new();
    let (top, left) = range.start().unwrap_or((0, 0));
    for (row, column, value) in range.used_cells() {
        let text = match value {
            Data::Empty => continue,
            Data::String(text) if text.is_empty() => continue,
            Data::String(text) => text.replace("\r\n", "\n"),
            Data::Float(number) => {
                estante::feed::decimal::fifteen(*number).map_or("!".to_string(), |text| format!("#{text}"))
            }
            Data::Int(number) => format!("#{number}"),
            Data::Bool(value) => format!("?{value}"),
            Data::Error(error) => format!("!{error}"),
            Data::DateTime(moment) if moment.is_duration() => "duration".to_string(),
            Data::DateTime(moment) => {
                let (year, month, day, hour, minute, second, _) = moment.to_ymd_hms_milli();
                format!("@{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}").replace("T00:00:00", "")
            }
            Data::DateTimeIso(text) => format!("@{text}"),
            Data::DurationIso(text) => text.clone(),
        };
        cells.insert((u64::from(top) + row as u64 + 1, left as usize + column + 1), text);
    }
    cells
}

#[test]
fn workbooks_are_read_as_another_reader_reads_them() {
    let mut books = 0;
    let mut differences = Vec::new();
    for folder in ["xlsx", "csv-edge", "bagisto", "unopim", "ch-oddb2xml", "unece"] {
        let Some(folder) = shared(folder) else { return };
        for entry in walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().flatten() {
            let path = entry.path();
            let extension = path
                .extension()
                .map(|end| end.to_string_lossy().into_owned())
                .unwrap_or_default();
            // The other reader allocates what issue_594_dos.ods declares.
            if !matches!(extension.as_str(), "xlsx" | "xlsb" | "xls" | "ods") || path.ends_with("issue_594_dos.ods") {
                continue;
            }
            let Ok(mut book) = calamine::open_workbook_auto(path) else {
                continue;
            };
            books += 1;
            for sheet in book.sheets_metadata().to_vec() {
                let Ok(range) = book.worksheet_range(&sheet.name) else {
                    continue;
                };
                if sheet.typ != calamine::SheetType::WorkSheet || range.is_empty() {
                    continue;
                }
                let theirs = theirs(&range);
                let width = theirs.keys().map(|(_, column)| *column).max().unwrap_or(1).min(512);
                let ours = ours(path, &sheet.name, width).unwrap_or_default();
                let keys: BTreeSet<_> = ours.keys().chain(theirs.keys()).collect();
                for key in keys {
                    let (our, their) = (ours.get(key), theirs.get(key));
                    // Times are written in another way: `10:10:10` for `PT10H10M10S`.
                    let time = their.is_some_and(|text| text == "duration" || text.starts_with("PT"));
                    if our != their && !(time && our.is_some_and(|text| text.contains(':'))) {
                        differences.push(format!(
                            "{} {} {key:?}: {our:?}, not {their:?}",
                            path.display(),
                            sheet.name
                        ));
                    }
                }
            }
        }
    }
    assert!(books > 50, "{books} workbooks");
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

#[test]
fn the_same_products_come_from_four_formats() {
    let Some(folder) = shared("bagisto") else { return };
    let columns = ["sku", "type", "name", "url_key", "price", "weight", "categories"];
    let read = |file: &str, mark: &str| {
        let wanted: Vec<String> = columns.iter().map(|column| format!("{mark}{column}")).collect();
        let mut reading = feed::open(&folder.join(file), file, 0, &FileSettings::default(), &wanted).unwrap();
        let mut batch = Records::default();
        let mut rows = Vec::new();
        while reading.next(&mut batch).unwrap() {
            for record in batch.iter() {
                let cells = (0..record.len()).map(|n| match record.cell(n) {
                    Cell::Text(text) | Cell::Number(text) => match text.parse::<rust_decimal::Decimal>() {
                        Ok(number) => number.normalize().to_string(),
                        Err(_) => text.to_string(),
                    },
                    Cell::Absent => String::new(),
                    other => format!("{other:?}"),
                });
                rows.push(cells.collect::<Vec<_>>());
            }
        }
        rows
    };
    let csv = read("products.csv", "");
    assert_eq!(csv.len(), 26);
    assert_eq!(read("products.xlsx", ""), csv);
    assert_eq!(read("products.xls", ""), csv);
    assert_eq!(read("products.xml", "@"), csv);
}

/// File, rows accepted, rows refused, and what the reader found: format, encoding, delimiter, line of the header. The numbers
/// are those of the folder's README, which counts in its own way.
const COUNTS: &[(&str, usize, usize, &str)] = &[
    ("bagisto/products.csv", 26, 0, "csv UTF-8 , 1"),
    ("openfoodfacts/products.csv", 1000, 0, "csv UTF-8 \t 1"),
    ("openfoodfacts-iberia-it/products-es.tsv", 8242, 0, "tsv UTF-8 \t 1"),
    ("openfoodfacts-iberia-it/products-pt.tsv", 2008, 0, "tsv UTF-8 \t 1"),
    ("openfoodfacts-iberia-it/products-it.tsv", 2645, 0, "tsv UTF-8 \t 1"),
    ("spree/products.csv", 211, 0, "csv UTF-8 , 1"),
    ("spree/product_translations.csv", 74, 0, "csv UTF-8 , 1"),
    ("spree/products_import.csv", 2, 15, "csv UTF-8 , 1"),
    ("vendure/products.csv", 88, 0, "csv UTF-8 , 1"),
    ("vendure/invalid-row-length.csv", 2, 1, "csv UTF-8 , 1"),
    ("woocommerce/sample_products.csv", 25, 0, "csv UTF-8 , 1"),
    ("prestashop/products_import.csv", 7, 0, "csv UTF-8 ; 1"),
    ("prestashop/combinations_import.csv", 27, 0, "csv UTF-8 ; 1"),
    (
        "magento2/ConfigurableSampleData__products.csv",
        1994,
        0,
        "csv UTF-8 , 1",
    ),
    ("akeneo-icecat-demo/products.csv", 1239, 0, "csv UTF-8 ; 1"),
    ("akeneo-icecat-demo/product_models.csv", 81, 0, "csv UTF-8 ; 1"),
    ("er-pyjedai/D8_amazon.csv", 22074, 0, "csv UTF-8 | 1"),
    ("unopim/1k_products.xlsx", 1000, 0, "xlsx UTF-8  1"),
    ("unopim/products-with-images.zip", 6, 0, "csv UTF-8 , 1"),
    ("ch-oddb2xml/swissmedic_package.xlsx", 43, 0, "xlsx UTF-8  6"),
    ("csv-edge/messytables/utf-16le_encoded.csv", 327, 0, "csv UTF-16LE , 1"),
    ("csv-edge/messytables/spanish_chars.csv", 115, 0, "csv windows-1252 , 1"),
    ("csv-edge/messytables/characters.csv", 382, 0, "csv Big5 , 1"),
    ("csv-edge/messytables/simple.psv", 28, 0, "csv UTF-8 | 1"),
    ("csv-edge/messytables/simple.zip", 6, 0, "csv UTF-8 , 1"),
    (
        "csv-edge/frictionless/table-with-accents.csv",
        638,
        0,
        "csv windows-1252 ; 1",
    ),
    ("csv-edge/frictionless/doublequote.csv.zip", 5, 0, "csv UTF-8 , 1"),
    (
        "bmecat/olivere-golden/bmecat12_new_catalog.golden.xml",
        1,
        0,
        "bmecat UTF-8  -",
    ),
    (
        "bmecat/olivere-golden/bmecat12_update_products.golden.xml",
        2,
        0,
        "bmecat UTF-8  -",
    ),
    (
        "bmecat/olivere-golden/bmecat2005_new_catalog.golden.xml",
        1,
        0,
        "bmecat UTF-8  -",
    ),
    (
        "bmecat/naugrimm/document_without_null_values.xml",
        3,
        0,
        "bmecat UTF-8  -",
    ),
    ("bmecat/schemas/new_catalog_ok.xml", 2, 0, "bmecat UTF-8  -"),
    (
        "product-feed-protocol/examples__07_streaming_jsonl__input__input.jsonl",
        50,
        0,
        "jsonl UTF-8  -",
    ),
    ("typesense-ecommerce/ecommerce.json", 3291, 0, "json UTF-8  -"),
    ("attr-extraction/oa-mine_train.jsonl", 1452, 0, "jsonl UTF-8  -"),
];

#[test]
fn real_files_are_read_whole() {
    let mut wrong = Vec::new();
    for (file, accepted, refused, what) in COUNTS {
        let Some(path) = shared(file) else { return };
        let mut batch = Records::default();
        let mut counts = (0, 0);
        let found = feed::open(&path, file, 0, &FileSettings::default(), &[]).and_then(|mut reading| {
            while reading.next(&mut batch)? {
                for record in batch.iter() {
                    if record.fault().is_none() {
                        counts.0 += 1
                    } else {
                        counts.1 += 1
                    }
                }
            }
            let report = reading.finish();
            let header = report.header_row.map_or("-".to_string(), |row| row.to_string());
            Ok(format!(
                "{} {} {} {header}",
                report.format,
                report.encoding,
                report.delimiter.unwrap_or_default()
            ))
        });
        let found = found.unwrap_or_else(|error| error.diagnostic().to_string());
        if counts != (*accepted, *refused) || found != *what {
            wrong.push(format!("{file}: {counts:?} {found:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
