//! The readers against files made to break them, and against real ones: every verdict, no panic, no hang.
//!
//! The files lie in the shared data folder and are read in place; where it is absent the tests say so and pass.

use estante::feed;
use estante::feed::failure::FeedError;
use estante::feed::settings::{FileSettings, Format};
use estante::product::record::{Cell, Records};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// The shared data folder, if it is there.
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

/// Everything that came out of a file.
struct Outcome {
    /// Cells of accepted records, and codes of refused ones.
    rows: Vec<Result<Vec<String>, String>>,
    lines: Vec<u64>,
    report: feed::report::FileReport,
}

impl Outcome {
    fn accepted(&self) -> usize {
        self.rows.iter().filter(|row| row.is_ok()).count()
    }

    /// The rows in one line: `A|1.00, !E-ROW-WIDTH@3`.
    fn show(&self) -> String {
        let rows = self.rows.iter().zip(&self.lines).map(|(row, line)| match row {
            Ok(cells) => cells.join("|"),
            Err(code) => format!("!{code}@{line}"),
        });
        rows.collect::<Vec<_>>().join(", ")
    }
}

fn show(cell: Cell<'_>) -> String {
    match cell {
        Cell::Absent => String::new(),
        Cell::Text(text) => text.to_string(),
        Cell::Number(text) => format!("#{text}"),
        Cell::Boolean(value) => format!("?{value}"),
        Cell::Moment(text) => format!("@{text}"),
        Cell::Error(text) => format!("!{text}"),
        Cell::List(cells) => format!("[{}]", cells.iter().map(show).collect::<Vec<_>>().join(", ")),
    }
}

fn read(path: &Path, settings: &FileSettings, wanted: &[&str]) -> Result<Outcome, FeedError> {
    let wanted: Vec<String> = wanted.iter().map(|field| field.to_string()).collect();
    let mut reading = feed::open(path, &path.display().to_string(), 0, settings, &wanted)?;
    let mut batch = Records::default();
    let (mut rows, mut lines) = (Vec::new(), Vec::new());
    while reading.next(&mut batch)? {
        for record in batch.iter() {
            lines.push(record.line());
            rows.push(match record.fault() {
                Some(fault) => Err(fault.code.to_string()),
                None => Ok((0..record.len()).map(|n| show(record.cell(n))).collect()),
            });
        }
    }
    let report = reading.finish();
    assert_eq!(report.rows, rows.len() as u64, "{}", path.display());
    Ok(Outcome { rows, lines, report })
}

/// What a reader has to make of a file of `expected.csv`.
enum Verdict {
    /// The whole file is refused with this code.
    Refused(&'static str),
    /// The same, in this line.
    RefusedAt(&'static str, u64),
    /// So many records, none refused.
    Accepted(usize),
    /// These rows, as `Outcome::show` writes them.
    Rows(&'static str),
    /// As for rows, and the file does not end with a line end: for the guards to weigh.
    NoLineEnd(&'static str),
}

use Verdict::{Accepted, NoLineEnd, Refused, RefusedAt, Rows};

/// File, wanted fields, verdict. Every row of `expected.csv` that a reader can judge.
const VERDICTS: &[(&str, &[&str], Verdict)] = &[
    ("xml/bmecat_ok_50.xml", &["SUPPLIER_AID"], Accepted(50)),
    (
        "xml/bmecat_truncated_mid_article.xml",
        &["SUPPLIER_AID"],
        Refused("E-FILE-TRUNCATED"),
    ),
    (
        "xml/bmecat_doctype_internal_subset.xml",
        &["SUPPLIER_AID"],
        Accepted(50),
    ),
    (
        "xml/bmecat_doctype_external_id_only.xml",
        &["SUPPLIER_AID"],
        Accepted(50),
    ),
    ("xml/xxe_file.xml", &["."], Refused("E-XML-ENTITY")),
    ("xml/xxe_http_loopback.xml", &["."], Refused("E-XML-ENTITY")),
    ("xml/deep_100k.xml.gz", &["."], Refused("E-XML-DEPTH")),
    ("xml/attrs_80k_one_tag.xml.gz", &["."], Refused("E-XML-ATTRIBUTES")),
    ("xml/xmlns_5000_one_tag.xml.gz", &["."], Refused("E-XML-ATTRIBUTES")),
    // Without any markup it is no XML but a table whose header never ends.
    ("xml/text_node_64MiB.xml.gz", &["."], Refused("E-RECORD-SIZE")),
    ("zip/gz_bomb_256MiB.csv.gz", &["sku"], Refused("E-ARCHIVE-RATIO")),
    ("zip/gz_in_gz_2GiB.csv.gz.gz", &["sku"], Refused("E-ARCHIVE-NESTED")),
    ("zip/gz_truncated.csv.gz", &["sku"], Refused("E-FILE-TRUNCATED")),
    ("zip/gz_trailing_garbage.csv.gz", &["sku"], Refused("E-GZIP-DAMAGED")),
    ("zip/gz_two_members.csv.gz", &["sku", "price"], Rows("A|1.00, B|2.00")),
    ("zip/zip_bomb_256MiB.zip", &["sku"], Refused("E-ARCHIVE-RATIO")),
    (
        "zip/zip_overlap_500x16MiB.zip",
        &["sku"],
        Refused("E-ARCHIVE-DUPLICATE"),
    ),
    // The names before the contents are another than those of the directory.
    ("zip/zip_overlap_500_names.zip", &["sku"], Refused("E-ARCHIVE-LIES")),
    ("zip/zip_nested_5_levels.zip", &["sku"], Refused("E-ARCHIVE-NESTED")),
    ("zip/zip_slip.zip", &["sku"], Refused("E-ARCHIVE-NAME")),
    ("zip/zip_symlink_then_file.zip", &["sku"], Refused("E-ARCHIVE-LINK")),
    ("zip/zip_device_fifo.zip", &["sku"], Refused("E-ARCHIVE-LINK")),
    ("zip/zip_lying_size.zip", &["sku"], Refused("E-ARCHIVE-SIZE")),
    ("zip/zip_bad_crc.zip", &["sku"], Refused("E-ARCHIVE-CRC")),
    ("zip/zip_truncated.zip", &["sku"], Refused("E-ARCHIVE-DAMAGED")),
    ("zip/zip_two_feeds.zip", &["sku"], Refused("E-ARCHIVE-AMBIGUOUS")),
    ("xlsx/ok_2x2.xlsx", &["sku", "price"], Accepted(1)),
    ("xlsx/sparse_A1_XFD1048576.xlsx", &[], Refused("E-SHEET-LIMIT")),
    ("xlsx/dimension_lie.xlsx", &["1"], Accepted(1)),
    ("xlsx/sheet_bomb_256MiB.xlsx", &["sku"], Refused("E-ARCHIVE-RATIO")),
    ("xlsx/dtd_in_sheet.xlsx", &[], Refused("E-WORKBOOK-DTD")),
    (
        "xlsx/formula_and_error_cells.xlsx",
        &["1", "2", "3", "4", "5"],
        Rows("!#DIV/0!|!#N/A|!formula without a value|!1E+400|#45000"),
    ),
    ("csv/empty.csv", &["sku"], Refused("E-FILE-EMPTY")),
    ("csv/header_only.csv", &["sku"], Accepted(0)),
    ("csv/bom_only.csv", &["sku"], Refused("E-FILE-EMPTY")),
    ("csv/html_error_page.csv", &["sku"], Refused("E-FILE-HTML")),
    (
        "csv/truncated_mid_record.csv",
        &["sku"],
        RefusedAt("E-FILE-TRUNCATED", 4),
    ),
    (
        "csv/price_cut_at_eof.csv",
        &["sku", "price"],
        NoLineEnd("A|10.00, B|1234"),
    ),
    ("csv/unclosed_quote.csv", &["sku"], RefusedAt("E-CSV-OPEN-QUOTE", 2)),
    ("csv/field_2MiB.csv.gz", &["sku"], Rows("!E-ROW-FIELD-SIZE@2")),
    ("csv/columns_10000.csv", &["sku"], Refused("E-COLUMNS")),
    (
        "csv/ragged.csv",
        &["sku", "price", "stock"],
        Rows("A|1.00|5, !E-ROW-WIDTH@3, !E-ROW-WIDTH@4"),
    ),
    (
        "csv/duplicate_header.csv",
        &["sku", "price"],
        RefusedAt("E-HEADER-DUPLICATE", 1),
    ),
    ("csv/header_reordered.csv", &["sku", "price", "stock"], Rows("A|1.00|5")),
    (
        "csv/column_shift.csv",
        &["sku", "price"],
        Rows("A|10.00, !E-ROW-WIDTH@3"),
    ),
    ("csv/latin1.csv", &["sku", "name"], Rows("A|Größe 5 m²")),
    (
        "csv/invalid_utf8.csv",
        &["sku", "name"],
        Rows("!E-ROW-ENCODING@2, B|ok"),
    ),
    ("csv/nul_bytes.csv", &["sku"], Rows("!E-ROW-CONTROL@2")),
    (
        "csv/mixed_eol_lone_cr.csv",
        &["sku", "price"],
        Rows("A|1.00, B|2.00, C|3.00"),
    ),
    (
        "csv/formula_cells.csv",
        &["sku", "price"],
        Rows("=1+1|-5.00, +49|1.00, -A|2.00, ＝1|3.00"),
    ),
    ("csv/price_zoo.csv", &["sku"], Accepted(36)),
    ("csv/unicode_skus.csv", &["sku"], Accepted(9)),
    ("csv/log_injection.csv", &["name"], Rows("x, x, x")),
    (
        "csv/log_injection.csv",
        &["sku"],
        Rows("A\n2026-01-01 ERROR forged line, !E-ROW-CONTROL@4, C%0d%0aSet-Cookie: a=b"),
    ),
    ("csv/html_xss_descriptions.csv", &["sku"], Accepted(6)),
    ("csv/template_injection.csv", &["sku", "name"], Accepted(5)),
    // One address holds the delimiter.
    (
        "csv/image_urls_ssrf.csv",
        &["sku"],
        Rows(
            "U00, U01, U02, U03, U04, U05, U06, U07, U08, U09, U10, U11, U12, U13, U14, U15, U16, U17, !E-ROW-WIDTH@20, U19, U20, U21, U22, U23, U24, U25, U26, U27",
        ),
    ),
    ("csv/image_names_traversal.csv", &["sku"], Accepted(10)),
    ("json/deep_100k.json.gz", &["sku"], Refused("E-JSON-DEPTH")),
    ("json/duplicate_keys.json", &["sku"], Rows("!E-ROW-DUPLICATE-KEY@1")),
    (
        "json/number_zoo.json",
        &["sku", "price"],
        Rows("a|!1e400, b|#0.1, c|#9007199254740993, d|#-0, e|#1.10, f|#0.0000001, g|#12345678901234567890.123456789"),
    ),
    ("json/lone_surrogate.json", &["sku"], Rows("!E-ROW-JSON@1")),
    ("json/truncated.json", &["sku"], Refused("E-FILE-TRUNCATED")),
    ("json/ndjson_bad_line.ndjson", &["sku"], Rows("A, !E-ROW-JSON@2, C")),
];

#[test]
fn every_verdict_on_hostile_files_holds() {
    let Some(folder) = shared("hostile/generated") else {
        return;
    };
    let mut wrong = Vec::new();
    for (file, wanted, verdict) in VERDICTS {
        let headless = ["xlsx/dimension_lie.xlsx", "xlsx/formula_and_error_cells.xlsx"].contains(file);
        let settings = FileSettings {
            header_row: headless.then_some(0),
            ..FileSettings::default()
        };
        let started = Instant::now();
        let outcome = read(&folder.join(file), &settings, wanted);
        let right = match (verdict, &outcome) {
            (Refused(code), Err(error)) => error.code() == *code,
            (RefusedAt(code, line), Err(error)) => error.code() == *code && error.line() == Some(*line),
            (Accepted(count), Ok(outcome)) => outcome.accepted() == *count && outcome.rows.len() == *count,
            (Rows(rows), Ok(outcome)) => outcome.show() == *rows,
            (NoLineEnd(rows), Ok(outcome)) => outcome.show() == *rows && !outcome.report.ends_with_newline,
            _ => false,
        };
        if !right || started.elapsed() > Duration::from_secs(10) {
            let found = outcome.map_or_else(|error| error.diagnostic().to_string(), |outcome| outcome.show());
            wrong.push(format!("{file} after {:?}: {found}", started.elapsed()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Reads every file of the folders as each of the formats and counts what happened; a panic or a hang fails the test.
fn attack(folders: &[&str], formats: &[Option<Format>]) -> Option<(usize, usize)> {
    let (mut read_whole, mut refused) = (0, 0);
    for folder in folders {
        let folder = shared(folder)?;
        for entry in walkdir::WalkDir::new(folder).sort_by_file_name().into_iter().flatten() {
            if !entry.file_type().is_file() {
                continue;
            }
            for format in formats {
                let settings = FileSettings {
                    format: *format,
                    ..FileSettings::default()
                };
                let wanted: &[&str] = match format {
                    Some(Format::Bmecat) => &[
                        "number",
                        "scale:*",
                        "content_price:*",
                        "feature:a",
                        "class_name:*",
                        "mime:*",
                        "udx:a",
                    ],
                    Some(Format::Xml) => &["a", ":a", "a[b=1]/c", "^/a"],
                    Some(Format::Json | Format::Jsonl) => &["a", "a[b=1].c", "a[2]", "^.a"],
                    _ => &["a", "sku"],
                };
                let settings = FileSettings {
                    items: wanted
                        .iter()
                        .any(|field| field.starts_with('^'))
                        .then(|| "a".to_owned()),
                    ..settings
                };
                let started = Instant::now();
                let result = std::panic::catch_unwind(|| {
                    read(entry.path(), &settings, wanted).map(|outcome| outcome.rows.len())
                });
                match result {
                    Ok(Ok(_)) => read_whole += 1,
                    Ok(Err(error)) => {
                        assert!(error.code().starts_with("E-") && !error.help().is_empty());
                        refused += 1;
                    }
                    Err(_) => panic!("{} as {format:?} panicked", entry.path().display()),
                }
                let elapsed = started.elapsed();
                assert!(
                    elapsed < Duration::from_secs(10),
                    "{} as {format:?} took {elapsed:?}",
                    entry.path().display()
                );
            }
        }
    }
    Some((read_whole, refused))
}

#[test]
fn no_hostile_table_breaks_the_reader() {
    let folders = [
        "hostile/arrow-csv-fuzz",
        "hostile/csv-spectrum",
        "hostile/duckdb-csv",
        "hostile/kuhn-utf8",
        "hostile/utf8tests",
        "hostile/blns",
    ];
    if let Some((whole, refused)) = attack(&folders, &[Some(Format::Csv), None]) {
        assert!(whole > 100 && refused > 0, "{whole} read, {refused} refused");
    }
}

#[test]
fn no_hostile_document_breaks_the_readers() {
    let folders = [
        "hostile/libxml2-xml",
        "hostile/defusedxml",
        "hostile/json-testsuite",
        "hostile/payloadbox",
        "hostile/dompurify-xss",
    ];
    let formats = [
        None,
        Some(Format::Xml),
        Some(Format::Bmecat),
        Some(Format::Json),
        Some(Format::Jsonl),
    ];
    if let Some((whole, refused)) = attack(&folders, &formats) {
        assert!(whole > 100 && refused > 100, "{whole} read, {refused} refused");
    }
}

#[test]
fn no_hostile_container_breaks_the_readers() {
    let folders = [
        "hostile/apache-poi-xlsx",
        "hostile/safearchive",
        "hostile/zip-rs-invalid",
        "hostile/calamine-xls",
        "hostile/seed-corpora",
    ];
    if let Some((whole, refused)) = attack(&folders, &[None]) {
        assert!(whole > 0 && refused > 0, "{whole} read, {refused} refused");
    }
}

/// Real files with bytes changed, cut out and doubled at random, the same on every run: an error or records, never a panic.
#[test]
fn no_damaged_file_breaks_the_readers() {
    const FILES: [&str; 9] = [
        "bagisto/tax-rates.csv",
        "bagisto/tax-rates.xls",
        "bagisto/tax-rates.xlsx",
        "bagisto/tax-rates.xml",
        "csv-edge/messytables/simple.ods",
        "xlsx/calamine/biff5_write.xls",
        "bmecat/olivere-golden/bmecat12_new_catalog.golden.xml",
        "product-feed-protocol/tests__e2e__fixtures__shopify_bulk_input.jsonl",
        "hostile/generated/json/number_zoo.json",
    ];
    let folder = tempfile::tempdir().unwrap();
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = move |below: usize| {
        seed ^= seed << 13;
        seed ^= seed >> 7;
        seed ^= seed << 17;
        (seed % below.max(1) as u64) as usize
    };
    for file in FILES {
        let Some(path) = shared(file) else { return };
        let whole = std::fs::read(&path).unwrap();
        let damaged = folder.path().join(path.file_name().unwrap());
        for round in 0..300 {
            let mut bytes = whole.clone();
            for _ in 0..1 + random(8) {
                let at = random(bytes.len());
                match random(4) {
                    0 => bytes[at] = random(256) as u8,
                    1 => bytes[at] ^= 1 << random(8),
                    2 => drop(bytes.drain(at..(at + random(64)).min(bytes.len()))),
                    _ => {
                        let part = bytes[at..(at + random(64)).min(bytes.len())].to_vec();
                        bytes.splice(at..at, part);
                    }
                }
                if bytes.is_empty() {
                    bytes.push(b'x');
                }
            }
            std::fs::write(&damaged, &bytes).unwrap();
            let started = Instant::now();
            let result = std::panic::catch_unwind(|| {
                read(&damaged, &FileSettings::default(), &["a", "@id", "group_path"]).is_ok()
            });
            assert!(result.is_ok(), "{file}, round {round}");
            assert!(
                started.elapsed() < Duration::from_secs(10),
                "{file}, round {round} took {:?}",
                started.elapsed()
            );
        }
    }
}
