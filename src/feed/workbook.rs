//! Sheets of workbooks as tables: the sheet and its header are found, rows become records with typed cells.
//!
//! How a workbook stores its rows is left to `xlsx` and its kin.

use crate::diagnostic::{Diagnostic, Place, excerpt};
use crate::feed::archive::{Archive, SEND_AGAIN};
use crate::feed::failure::{FeedError, Refusal};
use crate::feed::grid::{COLUMNS, FULL, GridRow, Value};
use crate::feed::header::{self, Columns, Heading};
use crate::feed::report::FileReport;
use crate::feed::settings::FileSettings;
use crate::feed::text::{has_control, is_control};
use crate::feed::{ods, xls, xlsb, xlsx, xlsx_sheet};
use crate::product::record::Records;
use std::collections::VecDeque;
use std::sync::Arc;

/// Rows after a blank row that may be the footer.
const FOOTER: usize = 20;
/// Sheets that are looked at for the header.
const SHEETS: usize = 64;

/// A workbook of any kind.
pub enum Book {
    Xlsx(Box<xlsx::Workbook>),
    Xls(xls::Workbook),
    Ods(Box<ods::Workbook>),
}

/// A sheet of any kind.
pub enum Sheet {
    Xlsx(Box<xlsx_sheet::Sheet>),
    Xlsb(Box<xlsb::Sheet>),
    Xls(xls::Sheet),
    Ods(Box<ods::Sheet>),
}

impl Book {
    /// Opens the workbook in a zip container.
    pub fn of_archive(archive: Archive, shown: &Arc<str>) -> Result<Book, FeedError> {
        if archive.entry("mimetype").is_some() && archive.entry("content.xml").is_some() {
            return Ok(Book::Ods(Box::new(ods::Workbook::open(archive, shown)?)));
        }
        Ok(Book::Xlsx(Box::new(xlsx::Workbook::open(archive, shown)?)))
    }

    /// Opens the workbook in a compound file.
    pub fn of_compound(bytes: &[u8], shown: &Arc<str>) -> Result<Book, FeedError> {
        Ok(Book::Xls(xls::Workbook::open(bytes, shown)?))
    }

    /// Names of the sheets, and whether each is hidden.
    pub fn sheets(&self) -> Vec<(String, bool)> {
        match self {
            Book::Xlsx(book) => book
                .sheets
                .iter()
                .map(|sheet| (sheet.name.clone(), sheet.hidden))
                .collect(),
            Book::Xls(book) => book
                .sheets
                .iter()
                .map(|sheet| (sheet.name.clone(), sheet.hidden))
                .collect(),
            Book::Ods(book) => book.sheets.iter().map(|name| (name.clone(), false)).collect(),
        }
    }

    fn sheet(&self, n: usize) -> Result<Sheet, FeedError> {
        match self {
            Book::Xlsx(book) if book.is_binary => Ok(Sheet::Xlsb(Box::new(book.binary_sheet(&book.sheets[n])?))),
            Book::Xlsx(book) => Ok(Sheet::Xlsx(Box::new(book.sheet(&book.sheets[n])?))),
            Book::Xls(book) => Ok(Sheet::Xls(book.sheet(&book.sheets[n]))),
            Book::Ods(book) => Ok(Sheet::Ods(Box::new(book.sheet(n)?))),
        }
    }

    fn format(&self) -> &'static str {
        match self {
            Book::Xlsx(book) if book.is_binary => "xlsb",
            Book::Xlsx(_) => "xlsx",
            Book::Xls(_) => "xls",
            Book::Ods(_) => "ods",
        }
    }

    /// The sheet that is read as a table, from its first row on, with its name and the number of rows down to the end of its header.
    pub fn table(
        &self,
        shown: &Arc<str>,
        settings: &FileSettings,
        wanted: &[String],
    ) -> Result<(Sheet, String, usize), FeedError> {
        let (chosen, _) = choose(self, shown, settings, wanted)?;
        let (_, heading) = read_header(&self.first_rows(chosen)?, shown, settings, wanted)?;
        let head = heading.map_or(0, |heading| heading.at + heading.height);
        Ok((self.sheet(chosen)?, self.sheets().swap_remove(chosen).0, head))
    }

    /// The first rows of a sheet that hold something.
    pub fn first_rows(&self, sheet: usize) -> Result<Vec<GridRow>, FeedError> {
        let mut sheet = self.sheet(sheet)?;
        let mut rows = Vec::new();
        let mut row = GridRow::default();
        while rows.len() < header::SEARCH && sheet.read(&mut row)? {
            rows.push(row.clone());
        }
        Ok(rows)
    }
}

impl Sheet {
    /// Reads the next row that holds something; `false` when none is left.
    pub fn read(&mut self, row: &mut GridRow) -> Result<bool, FeedError> {
        match self {
            Sheet::Xlsx(sheet) => sheet.read(row),
            Sheet::Xlsb(sheet) => sheet.read(row),
            Sheet::Xls(sheet) => sheet.read(row),
            Sheet::Ods(sheet) => sheet.read(row),
        }
    }

    fn offset(&self) -> u64 {
        match self {
            Sheet::Xlsx(sheet) => sheet.offset(),
            Sheet::Xlsb(sheet) => sheet.offset(),
            Sheet::Xls(sheet) => sheet.offset(),
            Sheet::Ods(sheet) => sheet.offset(),
        }
    }
}

/// A sheet that is being read as a table.
pub struct Grid {
    sheet: Sheet,
    name: String,
    format: &'static str,
    shown: Arc<str>,
    file: u32,
    columns: Columns,
    found: Vec<bool>,
    header: Vec<Vec<u8>>,
    header_row: Option<u64>,
    height: usize,
    /// Rows read ahead: those that were looked at for the header, or those that may be the footer.
    ahead: VecDeque<GridRow>,
    skip_footer: bool,
    row: GridRow,
    last: u64,
    rows: u64,
    repeated: u64,
    footer: Option<(u64, usize)>,
    rendered: Vec<u8>,
    diagnostics: Vec<Diagnostic>,
}

impl Grid {
    /// Finds the sheet and its header.
    pub fn open(
        book: Book,
        shown: &Arc<str>,
        file: u32,
        settings: &FileSettings,
        wanted: &[String],
    ) -> Result<Grid, FeedError> {
        let (chosen, diagnostics) = choose(&book, shown, settings, wanted)?;
        let first = book.first_rows(chosen)?;
        let (columns, heading) = read_header(&first, shown, settings, wanted)?;
        let mut sheet = book.sheet(chosen)?;
        let mut row = GridRow::default();
        let mut header = Vec::new();
        // Rows down to the header are passed; what follows is data.
        let mut header_row = None;
        if let Some(Heading { at, height }) = heading {
            for _ in 0..at {
                sheet.read(&mut row)?;
            }
            for _ in 0..height {
                sheet.read(&mut row)?;
                let mut rendered = Vec::new();
                row.render(&mut rendered);
                header.push(rendered);
                header_row.get_or_insert(row.number);
            }
        }
        let found: Vec<bool> = columns.places.iter().map(|place| place.is_some()).collect();
        if !found.contains(&true) {
            // A header without a wanted name may be a row of data, whose like are no repetitions.
            header.clear();
        }
        Ok(Grid {
            sheet,
            name: book.sheets().swap_remove(chosen).0,
            format: book.format(),
            shown: shown.clone(),
            file,
            columns,
            found,
            header,
            header_row,
            height: heading.map_or(0, |heading| heading.height),
            ahead: VecDeque::new(),
            skip_footer: settings.skip_footer,
            last: if header_row.is_some() { row.number } else { 0 },
            row,
            rows: 0,
            repeated: 0,
            footer: None,
            rendered: Vec::new(),
            diagnostics,
        })
    }

    /// Which wanted fields the header names.
    pub fn found(&self) -> &[bool] {
        &self.found
    }

    /// Header names in order.
    pub fn header(&self) -> &[String] {
        &self.columns.names
    }

    /// From now on each record has a cell for each column of the sheet, whatever was asked for.
    pub fn take_all(&mut self) {
        self.columns.places = (0..self.columns.names.len()).map(Some).collect();
        self.found = vec![true; self.columns.names.len()];
    }

    /// Rows that the header takes.
    pub fn header_rows(&self) -> usize {
        self.height
    }

    /// Name of the sheet.
    pub fn sheet_name(&self) -> &str {
        &self.name
    }

    /// Reads the next rows; `false` when none are left.
    pub fn next(&mut self, batch: &mut Records) -> Result<bool, FeedError> {
        batch.clear();
        batch.file = self.file;
        batch.before = self.rows;
        while !batch.is_full() {
            let mut row = std::mem::take(&mut self.row);
            let more = self.advance(&mut row)?;
            if more {
                self.emit(&row, batch);
            }
            self.row = row;
            if !more {
                if self.format != "ods" && FULL.contains(&self.last) {
                    let message = format!(
                        "the sheet ends at row {}, the last that a sheet can have: rows may be lost",
                        self.last
                    );
                    let help = "ask for a CSV, or for the products in several files";
                    return Err(Refusal::new("E-SHEET-FULL", &self.shown, message, help)
                        .at_line(self.last)
                        .into());
                }
                break;
            }
        }
        Ok(!batch.is_empty())
    }

    pub fn finish(mut self) -> FileReport {
        let place = Place::file(self.shown.clone());
        if self.repeated > 0 {
            let message = format!(
                "the header is repeated {} times in the sheet, and was left out",
                self.repeated
            );
            self.diagnostics
                .push(Diagnostic::info("I-HEADER-REPEATED", message).at(place));
        }
        if let Some((line, count)) = self.footer {
            let message = format!("{count} rows after the table were left out");
            self.diagnostics
                .push(Diagnostic::info("I-FOOTER", message).at(Place::line(self.shown.clone(), line)));
        }
        FileReport {
            path: self.shown,
            format: self.format,
            encoding: "UTF-8".to_string(),
            delimiter: None,
            header_row: self.header_row,
            rows: self.rows,
            bytes: self.sheet.offset(),
            ends_with_newline: true,
            diagnostics: self.diagnostics,
            transaction: None,
        }
    }

    /// The next row; where the footer is left out, rows after a blank row only once more rows follow than a footer has.
    fn advance(&mut self, row: &mut GridRow) -> Result<bool, FeedError> {
        if let Some(next) = self.ahead.pop_front() {
            *row = next;
            return Ok(true);
        }
        let last = self.last;
        if !self.sheet.read(row)? {
            return Ok(false);
        }
        self.last = row.number;
        if !self.skip_footer || row.number <= last + 1 || self.rows == 0 {
            return Ok(true);
        }
        let first = row.number;
        self.ahead.push_back(std::mem::take(row));
        while self.ahead.len() <= FOOTER {
            let mut next = GridRow::default();
            if !self.sheet.read(&mut next)? {
                self.footer = Some((first, self.ahead.len()));
                self.ahead.clear();
                return Ok(false);
            }
            self.last = next.number;
            self.ahead.push_back(next);
        }
        match self.ahead.pop_front() {
            Some(next) => {
                *row = next;
                Ok(true)
            }
            None => Ok(false),
        }
    }

    fn emit(&mut self, row: &GridRow, batch: &mut Records) {
        self.rendered.clear();
        row.render(&mut self.rendered);
        if let Some(row) = self.header.iter().position(|row| *row == self.rendered) {
            self.repeated += (row == 0) as u64;
            return;
        }
        batch.begin(row.number, &self.rendered);
        self.rows += 1;
        let mut control = None;
        for place in &self.columns.places {
            let value = place.and_then(|place| row.cell(place as u32));
            match value {
                None => batch.push_absent(),
                Some(Value::Text(start, len)) => {
                    let text = row.text(start, len);
                    if has_control(text.as_bytes()) {
                        control = control.or(text.bytes().find(|byte| is_control(*byte)));
                    }
                    batch.push_text(text);
                }
                Some(Value::Number(start, len)) => batch.push_number(row.text(start, len)),
                Some(Value::Boolean(value)) => batch.push_boolean(value),
                Some(Value::Moment(start, len)) => batch.push_moment(row.text(start, len)),
                Some(Value::Error(start, len)) => batch.push_error(row.text(start, len)),
            }
        }
        if let Some(control) = control {
            let message = format!("the row holds the control character U+{control:04X}");
            let place = Place::line(self.shown.clone(), row.number);
            let help = "remove the character from the cell";
            batch.refuse(Diagnostic::error("E-ROW-CONTROL", message).at(place).with_help(help));
        }
    }
}

/// The sheet to read: the one that is named, or the first that shows the most wanted columns, or the first that is a table.
fn choose(
    book: &Book,
    shown: &Arc<str>,
    settings: &FileSettings,
    wanted: &[String],
) -> Result<(usize, Vec<Diagnostic>), FeedError> {
    let sheets = book.sheets();
    let names = || {
        sheets
            .iter()
            .take(12)
            .map(|(name, _)| excerpt(name))
            .collect::<Vec<_>>()
            .join(", ")
    };
    if let Some(wanted) = &settings.sheet {
        let same = |(name, _): &&(String, bool)| header::tidy(name) == header::tidy(wanted);
        return match sheets.iter().position(|sheet| same(&sheet)) {
            Some(n) => Ok((n, Vec::new())),
            None => {
                let message = format!("the workbook has no sheet \"{}\"", excerpt(wanted));
                let help = format!("it has: {}; correct `sheet` under [file]", names());
                Err(Refusal::new("E-SHEET-MISSING", shown, message, help).into())
            }
        };
    }
    let height = header::height(settings, shown)?;
    // How many wanted columns a sheet shows, and whether it is a table at all: a cover or a note is none.
    let looks = |rows: &[GridRow]| -> (usize, bool) {
        let rows: Vec<Vec<String>> = rows.iter().map(|row| row.texts(COLUMNS)).collect();
        let heading = header::find(&rows, wanted, height);
        let end = heading.map_or(0, |heading| heading.at + heading.height);
        let cells = heading.map(|heading| header::names(&rows[heading.at..end]));
        let cells = cells.unwrap_or_default();
        let named = wanted
            .iter()
            .filter(|field| cells.contains(&header::tidy(field)))
            .count();
        let filled = |row: &Vec<String>| row.iter().filter(|cell| !cell.trim().is_empty()).count();
        let width = cells.iter().filter(|cell| !cell.is_empty()).count();
        let below = rows.iter().skip(end);
        let is_table = width > 1 && below.filter(|row| filled(row) > 1 && filled(row) * 2 >= width).count() > 1;
        (named, is_table)
    };
    let mut best: Option<(usize, (usize, bool), bool)> = None;
    let mut rivals = Vec::new();
    for (n, (name, hidden)) in sheets.iter().enumerate().take(SHEETS) {
        let rows = book.first_rows(n)?;
        if rows.is_empty() {
            continue;
        }
        let named = looks(&rows);
        // A visible sheet goes before a hidden one.
        let better = best.is_none_or(|(_, top, top_hidden)| (named, !hidden) > (top, !top_hidden));
        if better {
            best = Some((n, named, *hidden));
            rivals.clear();
        } else if named.0 > 0 && best.is_some_and(|(_, top, top_hidden)| (top, top_hidden) == (named, *hidden)) {
            rivals.push(excerpt(name));
        }
    }
    let Some((chosen, ..)) = best else {
        let message = if sheets.is_empty() {
            "the workbook has no sheet"
        } else {
            "no sheet of the workbook holds data"
        };
        return Err(Refusal::new("E-FILE-EMPTY", shown, message, SEND_AGAIN).into());
    };
    let mut diagnostics = Vec::new();
    if !rivals.is_empty() {
        let name = excerpt(&sheets[chosen].0);
        let message = format!(
            "the sheet \"{name}\" was read; the header also stands in {}",
            rivals.join(", ")
        );
        let diagnostic = Diagnostic::warning("W-SHEETS", message).at(Place::file(shown.clone()));
        diagnostics.push(diagnostic.with_help("name the right one with `sheet` under [file]"));
    }
    Ok((chosen, diagnostics))
}

/// The columns, and where the header stands among the first rows; none where there is no header.
fn read_header(
    first: &[GridRow],
    shown: &Arc<str>,
    settings: &FileSettings,
    wanted: &[String],
) -> Result<(Columns, Option<Heading>), FeedError> {
    let rows: Vec<Vec<String>> = first.iter().map(|row| row.texts(COLUMNS)).collect();
    let height = header::height(settings, shown)?;
    let heading = match settings.header_row {
        Some(0) => None,
        Some(number) => {
            let at = first.iter().position(|row| row.number == number);
            let height = height.unwrap_or(1);
            let at = at.filter(|at| at + height <= first.len()).ok_or_else(|| {
                let message = format!("row {number}, where the header should be, is blank or not there");
                Refusal::new("E-HEADER-MISSING", shown, message, "correct `header_row` under [file]")
            })?;
            Some(Heading { at, height })
        }
        // A table of values alone has no header; but where names are asked for, the first row must be it.
        None => header::find(&rows, wanted, height)
            .or((!wanted.is_empty() && !rows.is_empty()).then_some(Heading { at: 0, height: 1 })),
    };
    let names = match heading {
        Some(Heading { at, height }) => header::names(&rows[at..at + height]),
        None if first.is_empty() => {
            return Err(Refusal::new("E-FILE-EMPTY", shown, "the sheet is empty", SEND_AGAIN).into());
        }
        None => Columns::numbered(rows.iter().map(Vec::len).max().unwrap_or(0)),
    };
    if let Some(expected) = settings.columns.filter(|expected| *expected != names.len() as u64) {
        let message = format!("the header has {} columns, {expected} are expected", names.len());
        let help = "the supplier changed the layout: check the mapping, then correct `columns` under [file]";
        return Err(Refusal::new("E-COLUMNS", shown, message, help).into());
    }
    let columns = Columns::resolve(names, wanted)
        .map_err(|ambiguous| ambiguous.refusal(shown, heading.map(|heading| first[heading.at].number)))?;
    Ok((columns, heading))
}
