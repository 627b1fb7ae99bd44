//! Tables in, records out, through the door that everybody uses.

use crate::feed;
use crate::feed::decode::Stream;
use crate::feed::settings::FileSettings;
use crate::product::record::{Cell, Records};

/// Reads a table and writes what came out, one record a line: `line: cells`, with the code of its fault, if any; the end is
/// what the report says, or the error.
fn read(content: &[u8], settings: &FileSettings, wanted: &[&str]) -> String {
    let wanted: Vec<String> = wanted.iter().map(|field| field.to_string()).collect();
    let stream = Stream::of_bytes(content, "feed.csv").unwrap();
    let mut out = String::new();
    let mut batch = Records::default();
    let end = feed::open_stream(stream, 0, settings, &wanted).and_then(|mut reading| {
        while reading.next(&mut batch)? {
            for record in batch.iter() {
                let cells = (0..record.len()).map(|n| match record.cell(n) {
                    Cell::Absent => "∅".to_string(),
                    Cell::Text(text) => text.replace('\n', "␊"),
                    other => format!("{other:?}"),
                });
                let fault = record
                    .fault()
                    .map(|fault| format!(" !{}", fault.code))
                    .unwrap_or_default();
                out.push_str(&format!(
                    "{}: {}{fault}\n",
                    record.line(),
                    cells.collect::<Vec<_>>().join("|")
                ));
            }
        }
        Ok(reading.finish())
    });
    match end {
        Ok(report) => {
            let delimiter = report.delimiter.unwrap_or_default();
            let header = report.header_row.map_or("-".to_string(), |row| row.to_string());
            let ends = if report.ends_with_newline {
                ""
            } else {
                ", no final line end"
            };
            let codes: Vec<String> = report
                .diagnostics
                .iter()
                .map(|diagnostic| format!(" {}", diagnostic.code))
                .collect();
            out.push_str(&format!(
                "{} {delimiter} header {header}, {} rows{ends}{}",
                report.encoding,
                report.rows,
                codes.concat()
            ));
        }
        Err(error) => out.push_str(&format!("{} {:?}: {}", error.code(), error.line(), error.message())),
    }
    out
}

fn check(content: impl AsRef<[u8]>, wanted: &[&str], expected: &str) {
    check_with(content, &FileSettings::default(), wanted, expected);
}

fn check_with(content: impl AsRef<[u8]>, settings: &FileSettings, wanted: &[&str], expected: &str) {
    assert_eq!(read(content.as_ref(), settings, wanted), expected.trim());
}

#[test]
fn fields_come_in_the_order_asked_for() {
    check(
        "sku;name;price\nA;One, red;1,50\nB;\"Two \"\"x\"\"\nmore\";\n",
        &["price", "sku", "stock", "name"],
        r#"
2: 1,50|A|∅|One, red
3: |B|∅|Two "x"␊more
UTF-8 ; header 1, 2 rows"#,
    );
}

#[test]
fn bad_rows_are_refused_alone() {
    check(
        "sku;name;price\nA;1\nB;b;2\nC;c;3;4\nD;\"d\"x;5\nE;e\0;6\nF;f;7",
        &["sku", "price"],
        r#"
2: A|∅ !E-ROW-WIDTH
3: B|2
4: C|3 !E-ROW-WIDTH
5: D|5 !E-ROW-QUOTE
6: E|6 !E-ROW-CONTROL
7: F|7
UTF-8 ; header 1, 6 rows, no final line end"#,
    );
}

#[test]
fn cut_off_files_are_refused_whole() {
    check(
        "sku;name\nA;a\nB",
        &["sku"],
        r#"
E-FILE-TRUNCATED Some(3): the last row is cut off: it has 1 of 2 fields and no line end"#,
    );
    check(
        "sku;name\nA;a\nB;\"b\nC;c\n",
        &["sku"],
        r#"
E-CSV-OPEN-QUOTE Some(3): a quote opens here and never closes"#,
    );
    check(
        "sku;name;p\nA;\"19 inch;1\nB;b;2\nC;\"c\";3\n",
        &["sku"],
        r#"
E-CSV-OPEN-QUOTE Some(2): a quote opens in this row and swallows the rows after it"#,
    );
    check(
        "sku;name;p\nA;\"19 inch;1\nB;24 inch\";2\nC;c;3\n",
        &["sku"],
        r#"
2: A !E-ROW-QUOTE
4: C
UTF-8 ; header 1, 2 rows"#,
    );
    check("\u{feff}", &[], "E-FILE-EMPTY None: the file is empty");
}

#[test]
fn the_header_is_found_and_its_repetitions_left_out() {
    check(
        "Tarifa 2026\n\nRef.;Nombre;PVP\nA;a;1\n;;\nRef.;Nombre;PVP\nB;b;2\n",
        &["Ref.", "PVP"],
        r#"
4: A|1
7: B|2
UTF-8 ; header 3, 2 rows I-HEADER-REPEATED"#,
    );
    let settings = FileSettings {
        header_row: Some(0),
        ..FileSettings::default()
    };
    check_with(
        "A;a;1\nB;b;2\n",
        &settings,
        &["1", "3"],
        "1: A|1\n2: B|2\nUTF-8 ; header -, 2 rows",
    );
    let settings = FileSettings {
        header_row: Some(3),
        ..FileSettings::default()
    };
    check_with(
        "\"oops\nx\nsku,p\nA,1\n",
        &settings,
        &["sku"],
        "4: A\nUTF-8 , header 3, 1 rows",
    );
    check(
        "sku;price;price\nA;1;9\n",
        &["price"],
        r#"
E-HEADER-DUPLICATE Some(1): the column "price" is there 2 times: 2, 3"#,
    );
}

#[test]
fn one_nameless_column_more_or_less_is_settled_from_the_rows() {
    check(
        "sku;p\nA;1;\nB;2;\n",
        &["sku", "p"],
        "2: A|1\n3: B|2\nUTF-8 ; header 1, 2 rows",
    );
    check(
        "sku;p;\nA;1\nB;2\n",
        &["sku", "p"],
        "2: A|1\n3: B|2\nUTF-8 ; header 1, 2 rows",
    );
    check(
        "sku;p\nA;x;1\nB;2;\n",
        &["sku"],
        "2: A !E-ROW-WIDTH\n3: B !E-ROW-WIDTH\nUTF-8 ; header 1, 2 rows",
    );
    let settings = FileSettings {
        columns: Some(3),
        ..FileSettings::default()
    };
    check_with(
        "sku;p\nA;1;x\n",
        &settings,
        &["sku", "3"],
        "2: A|x\nUTF-8 ; header 1, 1 rows",
    );
}

#[test]
fn the_footer_is_left_out_where_asked() {
    let settings = FileSettings {
        skip_footer: true,
        ..FileSettings::default()
    };
    check_with(
        "sku;p\nA;1\nodd\nB;2\n\nTotal\nPrices without VAT;;\n",
        &settings,
        &["sku"],
        r#"
2: A
3:  !E-ROW-WIDTH
4: B
UTF-8 ; header 1, 3 rows I-FOOTER"#,
    );
}

#[test]
fn utf_16_is_known_without_its_mark() {
    let text = "sku;n\nA;ñandú\nB;cigüeña\n";
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    check(little, &["n"], "2: ñandú\n3: cigüeña\nUTF-16LE ; header 1, 2 rows");
    check(big, &["n"], "2: ñandú\n3: cigüeña\nUTF-16BE ; header 1, 2 rows");
}

#[test]
fn encodings_are_found_row_by_row() {
    check(
        b"sku;n\nA;Gr\xf6\xdfe\n",
        &["n"],
        "2: Größe\nwindows-1252 ; header 1, 1 rows",
    );
    check(
        b"sku;n\nA;PU\xa5O\nB;CA\xa4A\n",
        &["n"],
        "2: PUÑO\n3: CAñA\ncp850 ; header 1, 2 rows",
    );
    check(
        b"sku;n\nA;ni\xf1o\nB;ni\xc3\xb1a\n",
        &["n"],
        "2: niño\n3: niña\nmixed ; header 1, 2 rows W-ENCODING-MIXED",
    );
    check(
        b"sku;n\nA;\xff\xfe\xc0\xaf\nB;b\n",
        &["n"],
        "2: ∅ !E-ROW-ENCODING\n3: b\nUTF-8 ; header 1, 2 rows",
    );
    let utf16: Vec<u8> = "\u{feff}sku;n\r\nA;niño\r\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    check(utf16, &["n"], "2: niño\nUTF-16LE ; header 1, 1 rows");
    let settings = FileSettings {
        encoding: Some("utf-8".to_string()),
        ..FileSettings::default()
    };
    check_with(
        b"sku;n\nA;ni\xf1o\nB;b\n",
        &settings,
        &["n"],
        "2: ∅ !E-ROW-ENCODING\n3: b\nUTF-8 ; header 1, 2 rows",
    );
}

#[test]
fn any_line_end_ends_a_row() {
    check(
        "sku;p\rA;1\r\nB;2\nC;3\r",
        &["sku"],
        "2: A\n3: B\n4: C\nUTF-8 ; header 1, 3 rows",
    );
    check(
        "sep=;\r\nsku;p\r\nA,x;1\r\n",
        &["sku"],
        "3: A,x\nUTF-8 ; header 2, 1 rows",
    );
}

#[test]
fn raw_bytes_are_those_of_the_file() {
    let content = b"sku;n\r\nA;\"a\r\nb\"\r\nB;\xf1\n";
    let stream = Stream::of_bytes(content, "feed.csv").unwrap();
    let wanted = ["sku".to_string(), "n".to_string()];
    let mut reading = feed::open_stream(stream, 0, &FileSettings::default(), &wanted).unwrap();
    let mut batch = Records::default();
    assert!(reading.next(&mut batch).unwrap());
    let raw: Vec<&[u8]> = batch.iter().map(|record| record.raw()).collect();
    assert_eq!(raw, [&b"A;\"a\r\nb\"\r\n"[..], &b"B;\xf1\n"[..]]);
}

#[test]
fn a_table_as_long_as_a_sheet_is_refused() {
    let end = |rows: usize| {
        let table = format!("sku;n\n{}", "A;1\n".repeat(rows));
        read(table.as_bytes(), &FileSettings::default(), &[])
            .lines()
            .last()
            .map(str::to_string)
    };
    let refused =
        "E-SHEET-FULL Some(65537): the table ends at row 65536, the last that a spreadsheet can have: rows may be lost";
    assert_eq!(end(65_535).as_deref(), Some(refused));
    assert_eq!(end(65_534).as_deref(), Some("UTF-8 ; header 1, 65534 rows"));
}
