//! Some rows of a workbook as a workbook of their own: what stands above the first row of data, then the rows that are wanted, each
//! cell of its kind, so that they are read as they were.
//!
//! Formulas leave their values, formats leave dates and texts. Errors stay errors.

use crate::feed::chosen;
use crate::feed::decode::{self, Content};
use crate::feed::failure::FeedError;
use crate::feed::grid::{GridRow, Value};
use crate::feed::number_format::read_number;
use crate::feed::own_column;
use crate::feed::settings::FileSettings;
use crate::feed::workbook::Book;
use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Formula, Workbook, Worksheet, XlsxError};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

/// Why there is no such workbook.
#[derive(Debug, thiserror::Error)]
pub enum PartError {
    #[error(transparent)]
    Feed(#[from] FeedError),
    #[error("{0}")]
    Write(#[from] XlsxError),
    #[error("it is no workbook, or holds what another would not")]
    Other,
}

/// How cells look.
struct Looks {
    text: Format,
    day: Format,
    moment: Format,
}

impl Looks {
    fn new() -> Looks {
        Looks {
            text: Format::new().set_num_format("@"),
            day: Format::new().set_num_format("yyyy-mm-dd"),
            moment: Format::new().set_num_format("yyyy-mm-dd hh:mm:ss"),
        }
    }
}

/// Writes the rows with these numbers, and those down to the header, to `to`. Read as `settings` say they are the same records, with
/// row numbers of their own. Errors where the file is no workbook, or its sheet has a name that only other programs allow.
pub fn write(
    (path, shown): (&Path, &Arc<str>),
    settings: &FileSettings,
    wanted: &[String],
    rows: &BTreeSet<u64>,
    to: &Path,
) -> Result<(), PartError> {
    let book = match decode::open(path, shown, settings.inside.as_deref())? {
        Content::Workbook(archive) => Book::of_archive(archive, shown)?,
        Content::OldWorkbook(bytes) => Book::of_compound(&bytes, shown)?,
        Content::Stream(_) => return Err(PartError::Other),
    };
    let own: Vec<String> = (wanted.iter())
        .filter_map(|name| own_column(settings, name).map(str::to_owned))
        .collect();
    // The sheet is chosen by all that is asked for.
    let asked = match settings.only.is_empty() && settings.removed.is_empty() {
        true => own,
        false => chosen::asked(settings, &own),
    };
    let (mut sheet, name, head) = book.table(shown, &settings.plain(), &asked)?;
    let mut out = Workbook::new();
    // No clock shows in what is written.
    let never = ExcelDateTime::from_ymd(2000, 1, 1)?;
    out.set_properties(&DocProperties::new().set_creation_datetime(&never));
    let looks = Looks::new();
    let page = out.add_worksheet_with_constant_memory()?;
    page.set_name(&name)?;
    let mut row = GridRow::default();
    let mut next = 0;
    let mut passed = 0;
    while sheet.read(&mut row)? {
        passed += 1;
        if passed <= head {
            next = row.number.saturating_sub(1) as u32;
        } else if !rows.contains(&row.number) {
            continue;
        }
        write_row(page, next, &row, &looks)?;
        next += 1;
    }
    out.save(to)?;
    Ok(())
}

fn write_row(page: &mut Worksheet, at: u32, row: &GridRow, looks: &Looks) -> Result<(), PartError> {
    for (column, value) in &row.cells {
        let column = *column as u16;
        match *value {
            Value::Text(start, length) => {
                page.write_string_with_format(at, column, row.text(start, length), &looks.text)?;
            }
            Value::Boolean(is) => {
                page.write_boolean(at, column, is)?;
            }
            Value::Number(start, length) => {
                // Other programs write more digits than a number in a cell has, and zeros before them: neither may change.
                let text = row.text(start, length);
                let number = text.parse::<f64>().ok();
                let number = number.filter(|number| read_number(&number.to_string()).as_deref() == Some(text));
                page.write_number(at, column, number.ok_or(PartError::Other)?)?;
            }
            Value::Moment(start, length) => {
                let text = row.text(start, length);
                let look = if text.contains('T') { &looks.moment } else { &looks.day };
                match ExcelDateTime::parse_from_str(text) {
                    Ok(moment) => _ = page.write_datetime_with_format(at, column, &moment, look)?,
                    Err(_) => _ = page.write_string_with_format(at, column, text, &looks.text)?,
                }
            }
            Value::Error(start, length) => {
                let known = ["#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!"];
                let text = row.text(start, length);
                let text = known.into_iter().find(|known| *known == text).unwrap_or("#VALUE!");
                page.write_formula(at, column, Formula::new("=NA()").set_result(text))?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_number_becomes_another() {
        let looks = Looks::new();
        for (text, is_kept) in [
            ("12.5", true),
            ("0", true),
            ("-3", true),
            ("123456789012345", true),
            ("8412345678905", true),
            ("0.1", true),
            ("840123456789012345", false),
            ("0001", false),
            ("12.50", false),
        ] {
            let mut row = GridRow::default();
            row.begin(2);
            row.push(0, Value::Number, text);
            let mut book = Workbook::new();
            let written = write_row(book.add_worksheet(), 1, &row, &looks);
            assert_eq!(written.is_ok(), is_kept, "{text}");
        }
    }
}
