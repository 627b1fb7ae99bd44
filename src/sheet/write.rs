//! Products to a workbook: typed cells, drop-downs, what is only to be looked at in grey, and hidden what the way back needs.
//!
//! Rows are written one after the other into a passing file, so that a sheet of any length takes the same memory. What the
//! cells say is left to `cell`.

use crate::product::Product;
use crate::sheet::cell::{Form, Style};
use crate::sheet::columns::{Column, Layout};
use crate::sheet::neutral::neutralised;
use crate::sheet::revision::Revision;
use crate::sheet::{FAMILY, LISTS, MARK, NOTES, REVISION, SKU, TOLD, VERSION};
use crate::value::Kind;
use rust_xlsxwriter::{
    DataValidation, DataValidationErrorStyle, DocProperties, ExcelDateTime, Format, FormatAlign, Formula, IgnoreError,
    Workbook, Worksheet, XlsxError,
};
use std::io::Write;
use std::path::Path;

/// Columns before those of values: SKU, family, notes.
const BEFORE: usize = 3;
/// First row of products, counted from 0: below the hidden codes and the header.
const FIRST: u32 = 2;
/// What is only to be looked at.
const GREY: u32 = 0x00F2_F2F2;
const GREY_TEXT: u32 = 0x0059_5959;

/// Why a sheet cannot be written.
#[derive(Debug, thiserror::Error)]
#[error("failed to write the sheet: {0}")]
pub struct WriteError(#[from] XlsxError);

/// One cell, ready to be written.
#[derive(Debug, Clone, PartialEq)]
enum Written {
    Blank,
    Text(String),
    Number(f64),
    /// Day of the calendar as year, month, day.
    Day(u16, u8, u8),
    Fixed(String),
}

/// One product, ready to be written; made where there are cores to spare.
#[derive(Debug, Clone)]
pub struct Line {
    sku: String,
    family: String,
    notes: String,
    cells: Vec<Written>,
    revision: String,
}

impl Line {
    /// The line of a product.
    pub fn new(style: &Style<'_>, layout: &Layout, product: &Product, notes: String) -> Line {
        let mut revision = Revision::of(&product.sku, layout.columns.len());
        let mut cells = Vec::with_capacity(layout.columns.len());
        for column in &layout.columns {
            let value = column.key.and_then(|key| Some((key, product.exact(key)?)));
            let form = value.map_or(Form::Blank, |(key, resolved)| style.form(key, Some(&resolved.value)));
            revision.cell(&form.text());
            cells.push(written(form));
        }
        let family = product.family.map(|family| &style.schema.family(family).labels);
        Line {
            sku: product.sku.clone(),
            family: family.map_or("", |labels| labels.text(style.locale)).to_owned(),
            notes,
            cells,
            revision: revision.text().to_owned(),
        }
    }
}

fn written(form: Form<'_>) -> Written {
    match form {
        Form::Blank => Written::Blank,
        Form::Text(text) => Written::Text(neutralised(&text).into_owned()),
        // Decimals of up to fifteen digits and their floats lead to each other through their shortest texts.
        Form::Number(amount) => match amount.to_string().parse() {
            Ok(number) => Written::Number(number),
            Err(_) => Written::Text(amount.to_string()),
        },
        Form::Day(day) => match (
            u16::try_from(day.year()),
            u8::try_from(day.month()),
            u8::try_from(day.day()),
        ) {
            (Ok(year), Ok(month), Ok(day)) => Written::Day(year, month, day),
            _ => Written::Text(day.to_string()),
        },
        Form::Fixed(text) => Written::Fixed(neutralised(&text).into_owned()),
    }
}

/// The looks of cells.
struct Looks {
    head: Format,
    head_grey: Format,
    text: Format,
    number: Format,
    money: Format,
    day: Format,
    grey: Format,
}

impl Looks {
    fn new() -> Looks {
        let head = Format::new()
            .set_bold()
            .set_text_wrap()
            .set_align(FormatAlign::Top)
            .set_num_format("@");
        let text = Format::new().set_num_format("@").set_align(FormatAlign::Top);
        let grey = text.clone().set_background_color(GREY).set_font_color(GREY_TEXT);
        Looks {
            head_grey: head.clone().set_background_color(GREY).set_font_color(GREY_TEXT),
            number: Format::new().set_align(FormatAlign::Top),
            money: Format::new().set_num_format("#,##0.00##").set_align(FormatAlign::Top),
            day: Format::new().set_num_format("yyyy-mm-dd").set_align(FormatAlign::Top),
            head,
            text,
            grey,
        }
    }
}

/// How the cells of a column look unless they say otherwise.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    Text,
    Number,
    Money,
    Day,
    Grey,
}

impl Look {
    fn of(style: &Style<'_>, column: &Column) -> Look {
        let kind = column.key.map(|key| style.schema.attribute(key.attribute).kind);
        match kind {
            _ if column.is_read_only => Look::Grey,
            Some(Kind::Money) => Look::Money,
            Some(kind) if kind.is_amount() => Look::Number,
            Some(Kind::Date) => Look::Day,
            _ => Look::Text,
        }
    }
}

/// A sheet that is being written.
pub struct SheetWriter {
    book: Workbook,
    looks: Looks,
    columns: Vec<Look>,
    next: u32,
}

impl SheetWriter {
    /// Begins a sheet for so many products; passing files lie in `folder`.
    pub fn begin(style: &Style<'_>, layout: &Layout, rows: usize, folder: &Path) -> Result<SheetWriter, WriteError> {
        let looks = Looks::new();
        let mut book = Workbook::new();
        book.set_tempdir(folder)?;
        // The same products make the same file, whenever it is written.
        let never = ExcelDateTime::from_ymd(2000, 1, 1)?;
        book.set_properties(&DocProperties::new().set_creation_datetime(&never));
        let lists = Lists::new(style, layout);
        let last = FIRST + u32::try_from(rows).unwrap_or(u32::MAX).saturating_sub(1);
        let sheet = book.add_worksheet_with_constant_memory()?;
        sheet.set_name(style.words.products)?;
        dress(sheet, style, layout, &looks, last)?;
        if rows > 0 {
            lists.bind(sheet, style, last)?;
            shield(sheet, style, layout, last)?;
        }
        lists.write(book.add_worksheet_with_constant_memory()?)?;
        tell(book.add_worksheet_with_constant_memory()?, layout)?;
        Ok(SheetWriter {
            book,
            looks,
            columns: layout.columns.iter().map(|column| Look::of(style, column)).collect(),
            next: FIRST,
        })
    }

    /// Writes the next product. A cell looks like its column unless it is given a look, which costs as much as the cell itself.
    pub fn line(&mut self, line: Line) -> Result<(), WriteError> {
        let row = self.next;
        self.next += 1;
        let sheet = self.book.worksheet_from_index(0)?;
        let looks = &self.looks;
        for (at, text) in [line.sku, line.family, line.notes].into_iter().enumerate() {
            sheet.write_string(row, at as u16, neutralised(&text))?;
        }
        for (n, cell) in line.cells.into_iter().enumerate() {
            let at = (BEFORE + n) as u16;
            let look = self.columns.get(n).copied().unwrap_or(Look::Text);
            match (cell, look) {
                (Written::Blank, _) => {}
                (Written::Text(text), Look::Text | Look::Grey) => {
                    sheet.write_string(row, at, text)?;
                }
                (Written::Text(text), Look::Number | Look::Money | Look::Day) => {
                    sheet.write_string_with_format(row, at, text, &looks.text)?;
                }
                (Written::Number(number), _) => {
                    sheet.write_number(row, at, number)?;
                }
                (Written::Day(year, month, day), _) => {
                    let date = ExcelDateTime::from_ymd(year, month, day)?;
                    sheet.write_datetime_with_format(row, at, &date, &looks.day)?;
                }
                (Written::Fixed(text), _) => {
                    sheet.write_string_with_format(row, at, text, &looks.grey)?;
                }
            }
        }
        sheet.write_string(row, (BEFORE + self.columns.len()) as u16, line.revision)?;
        Ok(())
    }

    /// Packs the workbook.
    pub fn finish(mut self, out: impl Write + Send) -> Result<(), WriteError> {
        Ok(self.book.save_to_writer(out)?)
    }
}

/// Everything of the products' sheet but the products.
fn dress(
    sheet: &mut Worksheet,
    style: &Style<'_>,
    layout: &Layout,
    looks: &Looks,
    last: u32,
) -> Result<(), WriteError> {
    let revision = (BEFORE + layout.columns.len()) as u16;
    sheet.set_freeze_panes(FIRST, 1)?;
    sheet.autofilter(FIRST - 1, 0, last.max(FIRST), revision)?;
    sheet.set_row_hidden(0)?;
    // Two lines, as headers in Spanish need.
    sheet.set_row_height(FIRST - 1, 30)?;
    let own = [
        (SKU, "SKU", 18.0),
        (FAMILY, style.words.family, 16.0),
        (NOTES, style.words.notes, 36.0),
    ];
    for (at, (_, _, width)) in own.iter().enumerate() {
        sheet.set_column_width(at as u16, *width)?;
        sheet.set_column_format(at as u16, &looks.grey)?;
    }
    for (n, column) in layout.columns.iter().enumerate() {
        let at = (BEFORE + n) as u16;
        let kind = column.key.map(|key| style.schema.attribute(key.attribute).kind);
        sheet.set_column_width(at, width(kind, column))?;
        let look = match Look::of(style, column) {
            Look::Text => &looks.text,
            Look::Number => &looks.number,
            Look::Money => &looks.money,
            Look::Day => &looks.day,
            Look::Grey => &looks.grey,
        };
        sheet.set_column_format(at, look)?;
    }
    sheet.set_column_hidden(revision)?;
    // A code of digits in a cell of text is meant so.
    sheet.ignore_error_range(FIRST, 0, last.max(FIRST), revision, IgnoreError::NumberStoredAsText)?;
    let values = || layout.columns.iter();
    let codes = own
        .iter()
        .map(|(code, ..)| *code)
        .chain(values().map(|column| column.code.as_str()));
    for (at, code) in codes.chain([REVISION]).enumerate() {
        sheet.write_string_with_format(0, at as u16, code, &looks.grey)?;
    }
    let heads = own.iter().map(|(_, head, _)| (*head, true));
    let heads = heads.chain(values().map(|column| (column.header.as_str(), column.is_read_only)));
    for (at, (head, grey)) in heads.chain([(REVISION, true)]).enumerate() {
        let look = if grey { &looks.head_grey } else { &looks.head };
        sheet.write_string_with_format(FIRST - 1, at as u16, neutralised(head), look)?;
    }
    Ok(())
}

/// Lets the grey columns refuse what is typed, so that nobody learns on the way in that it does not count. One rule for each run of
/// them; what is pasted passes, and is told on the way in.
fn shield(sheet: &mut Worksheet, style: &Style<'_>, layout: &Layout, last: u32) -> Result<(), WriteError> {
    let rule = DataValidation::new()
        .allow_custom(Formula::new("FALSE"))
        .ignore_blank(false)
        .set_error_style(DataValidationErrorStyle::Stop)
        .set_error_message(style.words.read_only)?;
    let values = layout.columns.iter().map(|column| column.is_read_only);
    let mut begun: Option<u16> = None;
    // The last column is nobody's, and ends what was begun.
    for (at, is_grey) in [true; BEFORE].into_iter().chain(values).chain([false]).enumerate() {
        let at = at as u16;
        match (begun, is_grey) {
            (None, true) => begun = Some(at),
            (Some(first), false) => {
                sheet.add_data_validation(FIRST, first, last, at - 1, &rule)?;
                begun = None;
            }
            _ => {}
        }
    }
    Ok(())
}

/// Characters that a column shows.
fn width(kind: Option<Kind>, column: &Column) -> f64 {
    let least = match kind {
        Some(Kind::RichText) => 48.0,
        Some(Kind::Text | Kind::Url | Kind::Media | Kind::Table) => 32.0,
        Some(Kind::Options | Kind::Option | Kind::Reference | Kind::DateTime) => 20.0,
        Some(Kind::Gtin | Kind::Identifier) => 16.0,
        _ => 11.0,
    };
    // A header may take two lines, and the button of its filter some room.
    f64::max(least, (column.header.chars().count() / 2) as f64 + 4.0)
}

/// What columns choose from, each list once.
struct Lists {
    lists: Vec<Vec<String>>,
    /// Column of the sheet, number of its list, whether other words count too.
    bound: Vec<(u16, usize, bool)>,
}

impl Lists {
    fn new(style: &Style<'_>, layout: &Layout) -> Lists {
        let (mut lists, mut bound): (Vec<Vec<String>>, Vec<_>) = (Vec::new(), Vec::new());
        for (n, column) in layout.columns.iter().enumerate() {
            let Some(key) = column.key.filter(|_| !column.is_read_only) else {
                continue;
            };
            let choices = style.choices(key);
            if choices.is_empty() {
                continue;
            }
            let list = lists.iter().position(|known| *known == choices).unwrap_or_else(|| {
                lists.push(choices);
                lists.len() - 1
            });
            bound.push(((BEFORE + n) as u16, list, style.schema.attribute(key.attribute).open));
        }
        Lists { lists, bound }
    }

    /// Gives the columns their drop-downs. A list within the rule itself may have 255 characters, so they are on a sheet.
    fn bind(&self, sheet: &mut Worksheet, style: &Style<'_>, last: u32) -> Result<(), WriteError> {
        for (column, list, open) in &self.bound {
            let letters = letters(*list);
            let end = self.lists.get(*list).map_or(1, Vec::len);
            let range = Formula::new(format!("='{LISTS}'!${letters}$1:${letters}${end}"));
            let rule = DataValidation::new()
                .allow_list_formula(range)
                .show_error_message(!open);
            // A warning lets `#BORRAR` pass; what is no option is refused on the way in.
            let rule = rule
                .set_error_style(DataValidationErrorStyle::Warning)
                .set_error_message(style.words.no_option)?;
            sheet.add_data_validation(FIRST, *column, last, *column, &rule)?;
        }
        Ok(())
    }

    fn write(&self, sheet: &mut Worksheet) -> Result<(), WriteError> {
        sheet.set_name(LISTS)?;
        sheet.set_hidden(true);
        let height = self.lists.iter().map(Vec::len).max().unwrap_or(0);
        for row in 0..height {
            for (at, list) in self.lists.iter().enumerate() {
                if let Some(name) = list.get(row) {
                    sheet.write_string(row as u32, at as u16, neutralised(name))?;
                }
            }
        }
        Ok(())
    }
}

/// Letters of a column: `A` for 0.
fn letters(column: usize) -> String {
    let (mut rest, mut letters) = (column + 1, Vec::new());
    while rest > 0 {
        rest -= 1;
        letters.push(b'A' + (rest % 26) as u8);
        rest /= 26;
    }
    letters.iter().rev().map(|letter| char::from(*letter)).collect()
}

/// What the way back needs to know of the sheet.
fn tell(sheet: &mut Worksheet, layout: &Layout) -> Result<(), WriteError> {
    sheet.set_name(TOLD)?;
    sheet.set_very_hidden(true);
    let version = VERSION.to_string();
    let about = [[MARK, &version, ""], ["locale", &layout.locale, ""]];
    let columns = (layout.columns.iter()).map(|column| ["column", column.code.as_str(), column.header.as_str()]);
    for (row, cells) in about.into_iter().chain(columns).enumerate() {
        for (at, text) in cells.into_iter().enumerate().filter(|(_, text)| !text.is_empty()) {
            sheet.write_string(row as u32, at as u16, text)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_letters() {
        for (column, expected) in [(0, "A"), (25, "Z"), (26, "AA"), (701, "ZZ"), (702, "AAA")] {
            assert_eq!(letters(column), expected);
        }
    }
}
