//! Workbooks as suppliers lay them out: headers of two rows with merged cells, totals and notes below the table.

use estante::feed;
use estante::feed::settings::FileSettings;
use estante::product::record::{Cell, Records};
use rust_xlsxwriter::{Format, Workbook, Worksheet, XlsxError};
use serde::Deserialize;

#[derive(Deserialize)]
struct Settings {
    file: FileSettings,
}

/// Reads the only sheet of a workbook: header names, then a line for each row with what the wanted columns say, then the findings.
fn read(settings: &str, wanted: &[&str], fill: impl Fn(&mut Worksheet) -> Result<(), XlsxError>) -> String {
    let mut book = Workbook::new();
    fill(book.add_worksheet()).expect("the sheet is filled");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("list.xlsx");
    book.save(&path).expect("the workbook is written");
    let Settings { file } = toml::from_str(settings).expect("settings");
    let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
    let mut reading = feed::open(&path, "list.xlsx", 0, &file, &wanted).expect("it is read");
    let mut out = format!("{}\n", reading.header().join(" | "));
    let mut batch = Records::default();
    while reading.next(&mut batch).expect("it is read") {
        for record in batch.iter() {
            let text = |n: usize| match record.cell(n) {
                Cell::Text(text) | Cell::Number(text) | Cell::Moment(text) => text.to_owned(),
                _ => "–".to_owned(),
            };
            let cells: Vec<String> = (0..record.len()).map(text).collect();
            out.push_str(&format!("{} {}\n", record.line(), cells.join(" | ")));
        }
    }
    for finding in reading.finish().diagnostics {
        out.push_str(&format!("{} {}\n", finding.code, finding.message));
    }
    out
}

#[test]
fn a_header_of_two_rows_with_merged_cells_names_each_column() {
    let told = read(
        "[file]\nheader_row = 2\nheader_rows = 2\n",
        &["Ref", "Precio / neto", "Precio / PVP"],
        |page| {
            page.write_string(0, 0, "Tarifa 2026")?;
            page.merge_range(1, 0, 2, 0, "Ref", &Format::new())?;
            page.merge_range(1, 1, 1, 2, "Precio", &Format::new())?;
            page.write_string(2, 1, "neto")?;
            page.write_string(2, 2, "PVP")?;
            for (n, sku) in ["A", "B"].into_iter().enumerate() {
                page.write_string(3 + n as u32, 0, sku)?;
                page.write_number(3 + n as u32, 1, 10.5 + n as f64)?;
                page.write_number(3 + n as u32, 2, 20.5 + n as f64)?;
            }
            Ok(())
        },
    );
    assert_eq!(
        told,
        "Ref | Precio / neto | Precio / PVP\n4 A | 10.5 | 20.5\n5 B | 11.5 | 21.5\n"
    );
}

#[test]
fn the_footer_of_a_sheet_is_left_out_where_asked() {
    let fill = |page: &mut Worksheet| {
        for (r, row) in [
            ["sku", "price"],
            ["A", "1"],
            ["B", "2"],
            ["", ""],
            ["Total", "3"],
            ["Sin IVA", ""],
        ]
        .into_iter()
        .enumerate()
        {
            for (c, cell) in row.into_iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
                page.write_string(r as u32, c as u16, cell)?;
            }
        }
        Ok(())
    };
    let wanted = ["sku", "price"];
    assert_eq!(
        read("[file]\nskip_footer = true\n", &wanted, fill),
        "sku | price\n2 A | 1\n3 B | 2\nI-FOOTER 2 rows after the table were left out\n"
    );
    assert_eq!(
        read("[file]\n", &wanted, fill),
        "sku | price\n2 A | 1\n3 B | 2\n5 Total | 3\n6 Sin IVA | –\n"
    );
}
