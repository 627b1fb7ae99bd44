//! Records to items, row by row: the hot path.
//!
//! Every finding of a row is told, not the first. A cell that says nothing leaves the attribute in silence, a `clear` word
//! takes its value away, and what cannot be read costs what `field` says. Which rows are mapped at all (unchanged ones are
//! not) is left to the caller.

use crate::diagnostic::{Diagnostic, Place, Severity};
use crate::mapping::field::{Cost, Field, Refusal, Remark, Source, Written};
use crate::mapping::once::Once;
use crate::mapping::template::{Part, RowTemplate};
use crate::mapping::unknown::{UnknownWords, is_word};
use crate::mapping::{Habits, Mapping};
use crate::product::item::{Item, Said};
use crate::product::record::{Cell, Record};
use crate::transform::Chain;
use crate::transform::texts::Texts;
use crate::value::mismatch::Mismatch;
use crate::value::number::{self, Notation};
use crate::value::text::trimmed;
use crate::value::{Kind, Value, option};
use std::borrow::Cow;
use std::sync::Arc;

/// Memory that rows share, one for each thread.
#[derive(Debug, Default)]
pub struct Scratch {
    folded: String,
    rendered: String,
    /// Words that no map and no list knows, where somebody wants them counted.
    pub unknown: Option<UnknownWords>,
    /// What is told once for a column.
    pub once: Once,
}

/// What one field of one row came to.
enum Outcome {
    Silent,
    Said(Said),
    /// The row is refused.
    Refused,
}

/// One row while it is mapped.
struct Row<'a> {
    line: u64,
    sku: &'a str,
    file: &'a Arc<str>,
    diagnostics: &'a mut Vec<Diagnostic>,
}

impl Row<'_> {
    fn tell(&mut self, field: &Field, severity: Severity, mismatch: Mismatch, value: Option<&str>) {
        let code: Cow<'static, str> = match mismatch.code.strip_prefix("E-") {
            Some(rest) if severity == Severity::Warning => format!("W-{rest}").into(),
            _ => mismatch.code.into(),
        };
        let place = Place {
            file: Some(self.file.clone()),
            line: Some(self.line),
            column: Some(field.column.clone()),
        };
        let mut finding = Diagnostic::new(severity, code, mismatch.message).at(place).of(self.sku);
        finding.help = mismatch.help;
        if let Some(value) = value {
            finding = finding.with_value(value);
        }
        self.diagnostics.push(finding);
    }

    /// Tells a refusal; true where it costs the row.
    fn refuse(&mut self, field: &Field, refusal: Refusal, value: Option<&str>) -> bool {
        let severity = if refusal.cost == Cost::Remark {
            Severity::Warning
        } else {
            Severity::Error
        };
        self.tell(field, severity, refusal.mismatch, value);
        refusal.cost == Cost::Row
    }
}

impl Mapping {
    /// The item of a record, or `None` where the row is refused. All findings of the row are added to `diagnostics`.
    ///
    /// `sku` is what `Mapping::sku` gave. Records with a `fault()` of the reader are refused before they come here.
    pub fn apply(
        &self,
        record: Record<'_>,
        sku: &str,
        file_name: &Arc<str>,
        scratch: &mut Scratch,
        diagnostics: &mut Vec<Diagnostic>,
    ) -> Option<Item> {
        let mut row = Row {
            line: record.line(),
            sku,
            file: file_name,
            diagnostics,
        };
        let mut said = Vec::with_capacity(self.fields.len());
        let mut refused = false;
        for field in &self.fields {
            match self.habits.field(field, record, scratch, &mut row) {
                Outcome::Silent => {}
                Outcome::Said(value) => said.push((field.key, value)),
                Outcome::Refused => refused = true,
            }
        }
        (!refused).then(|| Item {
            sku: sku.to_string(),
            line: record.line(),
            file: record.file(),
            said,
        })
    }
}

impl Habits {
    fn field(&self, field: &Field, record: Record<'_>, scratch: &mut Scratch, row: &mut Row<'_>) -> Outcome {
        match &field.source {
            Source::Constant(value) => Outcome::Said(Said::Value(value.clone())),
            Source::Column(n) => match record.cell(*n) {
                Cell::Absent => Outcome::Silent,
                Cell::List(cells) => self.several(field, cells.iter(), scratch, row),
                cell if field.split.is_some() => self.several(field, std::iter::once(cell), scratch, row),
                cell => self.one(field, cell, scratch, row),
            },
            // A surcharge without what it is added to is no price.
            Source::Columns(columns)
                if field.attribute.kind == Kind::Money
                    && field.chain.as_ref().is_some_and(Chain::sums)
                    && columns.first().is_some_and(|n| self.is_silent(record.cell(*n))) =>
            {
                Outcome::Silent
            }
            Source::Columns(columns) => {
                let cells = columns.iter().flat_map(|n| {
                    let (one, many) = match record.cell(*n) {
                        Cell::List(cells) => (None, Some(cells.iter())),
                        cell => (Some(cell), None),
                    };
                    one.into_iter().chain(many.into_iter().flatten())
                });
                self.several(field, cells, scratch, row)
            }
            Source::Named(named) => {
                let values = named.values(record, &mut scratch.folded);
                self.several(field, values.into_iter(), scratch, row)
            }
            Source::Template(template, columns) => {
                let mut rendered = std::mem::take(&mut scratch.rendered);
                rendered.clear();
                // What the format typed is written as the supplier writes, for that is how the whole is read.
                let numbers = match field.attribute.kind.is_amount() {
                    true => field.notation(Written::Local),
                    false => Notation::Plain,
                };
                let outcome = match self.render(template, columns, &record, numbers, &mut rendered) {
                    Ok(()) if field.split.is_some() => {
                        self.several(field, std::iter::once(Cell::Text(&rendered)), scratch, row)
                    }
                    Ok(()) => self.one(field, Cell::Text(&rendered), scratch, row),
                    Err(mismatch) => {
                        let refused = row.refuse(field, field.refused(mismatch), None);
                        if refused { Outcome::Refused } else { Outcome::Silent }
                    }
                };
                scratch.rendered = rendered;
                outcome
            }
        }
    }

    /// One cell, read as it stands: the way of most cells.
    fn one(&self, field: &Field, cell: Cell<'_>, scratch: &mut Scratch, row: &mut Row<'_>) -> Outcome {
        let (text, written) = match text_of(field, cell) {
            Ok(Some(read)) => read,
            Ok(None) => return Outcome::Silent,
            Err(mismatch) => {
                let refused = row.refuse(field, field.refused(mismatch), shown(cell));
                return if refused { Outcome::Refused } else { Outcome::Silent };
            }
        };
        let silent = text.is_empty() || self.empty.has(text);
        if !silent && self.clear.has(text) {
            return Outcome::Said(Said::Clear);
        }
        let read = match &field.chain {
            None if silent => return Outcome::Silent,
            None => self.read(field, text, written, scratch, row),
            Some(_) => {
                // Steps may say something of a blank cell (`default`).
                let texts = Texts::one(if silent { "" } else { text });
                return self.stepped(field, texts, written, text, scratch, row);
            }
        };
        said_of(read)
    }

    /// One text that says something. `Err`: the row is refused.
    fn read(
        &self,
        field: &Field,
        text: &str,
        written: Written,
        scratch: &mut Scratch,
        row: &mut Row<'_>,
    ) -> Result<Option<Value>, ()> {
        match field.read(text, written, &self.units, &mut scratch.folded) {
            Ok((value, remark)) => {
                match remark {
                    None => {}
                    Some(Remark::Cell(remark)) => row.tell(field, Severity::Warning, remark, Some(text)),
                    Some(Remark::Column(bound)) => scratch.once.add(bound, &field.column, row.file, row.line, text),
                }
                Ok(value)
            }
            Err(refusal) => {
                if let Some(unknown) = &mut scratch.unknown
                    && is_word(field, text, &refusal)
                {
                    unknown.add(&field.name, text, 1);
                }
                if row.refuse(field, refusal, Some(text)) {
                    return Err(());
                }
                Ok(None)
            }
        }
    }

    /// Several cells, or one that is parted or goes through steps.
    fn several<'r>(
        &self,
        field: &Field,
        cells: impl Iterator<Item = Cell<'r>>,
        scratch: &mut Scratch,
        row: &mut Row<'_>,
    ) -> Outcome {
        let mut refused = false;
        let mut cleared = false;
        // What the format typed is in plain notation. One notation must do for all cells of a field.
        let mut typed = true;
        let mut blank = false;
        let mut first: Option<&'r str> = None;
        let mut parts: Vec<Cow<'r, str>> = Vec::new();
        // Which of the parts the format typed.
        let mut plain: Vec<usize> = Vec::new();
        for cell in cells {
            let (text, written) = match text_of(field, cell) {
                Ok(Some(read)) => read,
                Ok(None) => continue,
                Err(mismatch) => {
                    refused |= row.refuse(field, field.refused(mismatch), shown(cell));
                    continue;
                }
            };
            if text.is_empty() || self.empty.has(text) {
                blank = true;
                continue;
            }
            if self.clear.has(text) {
                cleared = true;
                continue;
            }
            first = first.or(Some(text));
            typed &= written == Written::Plain;
            if written == Written::Plain {
                plain.push(parts.len());
            }
            match &field.split {
                Some(separator) => {
                    let said = option::split(text, separator)
                        .into_iter()
                        .filter(|part| !self.empty.has(part));
                    parts.extend(said.map(Cow::Borrowed));
                }
                None => parts.push(Cow::Borrowed(text)),
            }
        }
        if refused {
            return Outcome::Refused;
        }
        let written = if typed { Written::Plain } else { Written::Local };
        if !typed && field.attribute.kind.is_amount() {
            for at in plain {
                if let Some(part) = parts.get_mut(at)
                    && let Some(local) = in_notation(part, field.notation(Written::Local))
                {
                    *part = Cow::Owned(local);
                }
            }
        }
        let texts = match (parts.is_empty(), &field.chain) {
            (true, _) if cleared => return Outcome::Said(Said::Clear),
            // Steps may say something of a blank cell, not of one that is not there.
            (true, Some(_)) if blank => Texts::one(""),
            (true, _) => return Outcome::Silent,
            (false, _) => Texts::Many(parts),
        };
        self.stepped(field, texts, written, first.unwrap_or_default(), scratch, row)
    }

    /// Texts that go through the field's steps, if it has any. `shown` is what a finding of the steps shows.
    fn stepped(
        &self,
        field: &Field,
        texts: Texts<'_>,
        written: Written,
        shown: &str,
        scratch: &mut Scratch,
        row: &mut Row<'_>,
    ) -> Outcome {
        let Some(chain) = &field.chain else {
            return self.collect(field, &texts, written, scratch, row);
        };
        match chain.apply(texts, field.notation(written)) {
            Ok(texts) => self.collect(field, &texts, written, scratch, row),
            Err(mismatch) => {
                let refused = row.refuse(field, field.refused(mismatch), Some(shown));
                if refused { Outcome::Refused } else { Outcome::Silent }
            }
        }
    }

    /// The value of several texts: a list, or the one that a kind of one value asks for.
    fn collect(
        &self,
        field: &Field,
        texts: &Texts<'_>,
        written: Written,
        scratch: &mut Scratch,
        row: &mut Row<'_>,
    ) -> Outcome {
        let kind = field.attribute.kind;
        if !kind.is_list() && kind != Kind::Table {
            let mut said = texts.iter().map(str::trim).filter(|text| !text.is_empty());
            let Some(text) = said.next() else {
                return Outcome::Silent;
            };
            if said.next().is_some() {
                let all: Vec<&str> = texts.iter().collect();
                let mismatch = Mismatch::new("E-VALUE-SEVERAL", "several values where the attribute holds one")
                    .with_help("choose one with the step `first`, or join them with the step `join`");
                let refused = row.refuse(field, field.refused(mismatch), Some(&all.join(" | ")));
                return if refused { Outcome::Refused } else { Outcome::Silent };
            }
            return said_of(self.read(field, text, written, scratch, row));
        }
        let mut whole: Option<Value> = None;
        let mut refused = false;
        for text in texts.iter().map(str::trim).filter(|text| !text.is_empty()) {
            match self.read(field, text, written, scratch, row) {
                Err(()) => refused = true,
                Ok(None) => {}
                Ok(Some(value)) => match (&mut whole, value) {
                    (Some(Value::Options(all)), Value::Options(more)) => all.extend(more),
                    (Some(Value::Media(all)), Value::Media(more)) => all.extend(more),
                    (Some(Value::Reference(all)), Value::Reference(more)) => all.extend(more),
                    (Some(Value::Table(all)), Value::Table(more)) => all.extend(more),
                    (whole, value) => *whole = Some(value),
                },
            }
        }
        if let Some(Value::Options(all) | Value::Media(all) | Value::Reference(all)) = &mut whole {
            option::dedupe(all);
        }
        match whole {
            _ if refused => Outcome::Refused,
            Some(value) => Outcome::Said(Said::Value(value)),
            None => Outcome::Silent,
        }
    }

    /// Appends what the template makes of a row; nothing where all columns it names say nothing.
    pub(super) fn render(
        &self,
        template: &RowTemplate,
        columns: &[usize],
        record: &Record<'_>,
        numbers: Notation,
        out: &mut String,
    ) -> Result<(), Mismatch> {
        let local = |n: &usize| match record.cell(*n) {
            Cell::Number(text) => in_notation(text, numbers),
            _ => None,
        };
        let typed: Vec<Option<String>> = match numbers {
            Notation::Plain => Vec::new(),
            _ => columns.iter().map(local).collect(),
        };
        let mut parts = Vec::with_capacity(columns.len());
        for (at, n) in columns.iter().enumerate() {
            parts.push(match typed.get(at) {
                Some(Some(text)) => Part::Text(text),
                _ => self.part(record.cell(*n))?,
            });
        }
        if !columns.is_empty() && parts.iter().all(|part| *part == Part::Silent) {
            return Ok(());
        }
        template.render(&parts, out).map_err(|reason| {
            Mismatch::new("E-TEMPLATE", reason).with_help("correct the template, or the row in the feed")
        })
    }

    /// A cell that is not there, is blank, or holds a word for nothing.
    fn is_silent(&self, cell: Cell<'_>) -> bool {
        match cell {
            Cell::Absent => true,
            Cell::Text(text) => text.trim().is_empty() || self.empty.has(text.trim()),
            _ => false,
        }
    }

    fn part<'r>(&self, cell: Cell<'r>) -> Result<Part<'r>, Mismatch> {
        let text = |text: &'r str| {
            let text = text.trim();
            let silent = text.is_empty() || self.empty.has(text) || self.clear.has(text);
            if silent { Part::Silent } else { Part::Text(text) }
        };
        Ok(match cell {
            Cell::Absent => Part::Silent,
            Cell::Text(cell) | Cell::Number(cell) | Cell::Moment(cell) => text(cell),
            Cell::Boolean(value) => Part::Boolean(value),
            Cell::Error(_) => return Err(error_cell()),
            Cell::List(cells) => {
                let mut members = Vec::with_capacity(cells.len());
                for cell in cells.iter() {
                    match cell {
                        Cell::Text(cell) | Cell::Number(cell) | Cell::Moment(cell) => match text(cell) {
                            Part::Text(text) => members.push(text),
                            _ => continue,
                        },
                        Cell::Boolean(value) => members.push(if value { "true" } else { "false" }),
                        Cell::Error(_) => return Err(error_cell()),
                        Cell::Absent | Cell::List(_) => {}
                    }
                }
                if members.is_empty() {
                    Part::Silent
                } else {
                    Part::List(members)
                }
            }
        })
    }
}

/// A number that a format typed, as it is written in another notation.
fn in_notation(plain: &str, notation: Notation) -> Option<String> {
    let number = number::parse(plain, Notation::Plain).ok()?;
    Some(number::to_text_in(number, notation))
}

/// What a reading came to.
fn said_of(read: Result<Option<Value>, ()>) -> Outcome {
    match read {
        Ok(Some(value)) => Outcome::Said(Said::Value(value)),
        Ok(None) => Outcome::Silent,
        Err(()) => Outcome::Refused,
    }
}

/// The value of a constant, which goes the way of a cell: split, steps, map, kind. `None` where it says nothing, or clears.
pub(super) fn constant(habits: &Habits, field: &Field, text: &str) -> Result<Option<Value>, Vec<Diagnostic>> {
    let mut diagnostics = Vec::new();
    let file: Arc<str> = "".into();
    let mut row = Row {
        line: 0,
        sku: "",
        file: &file,
        diagnostics: &mut diagnostics,
    };
    // Settings write plain notation, as formats with types do.
    let cell = std::iter::once(Cell::Number(text.trim()));
    let outcome = habits.several(field, cell, &mut Scratch::default(), &mut row);
    match outcome {
        Outcome::Said(Said::Value(value)) => Ok(Some(value)),
        _ if diagnostics.is_empty() => Ok(None),
        _ => Err(diagnostics),
    }
}

/// The trimmed text of a cell and how it is written; `None` where there is none.
fn text_of<'r>(field: &Field, cell: Cell<'r>) -> Result<Option<(&'r str, Written)>, Mismatch> {
    let kind = field.attribute.kind;
    Ok(Some(match cell {
        Cell::Absent => return Ok(None),
        Cell::Text(text) => (trimmed(text), Written::Local),
        Cell::Number(text) => (text, Written::Plain),
        Cell::Boolean(value) => (if value { "true" } else { "false" }, Written::Plain),
        Cell::Moment(text) => {
            // A spreadsheet makes dates of `1-2` and `3/8`, and then the code or number is gone.
            let lost =
                kind.is_amount() || matches!(kind, Kind::Identifier | Kind::Gtin | Kind::Reference | Kind::Boolean);
            if lost {
                return Err(
                    Mismatch::new("E-CELL-DATE", format!("a date where a {kind} is asked for"))
                        .with_help("format the column as text in the source, and write the value again"),
                );
            }
            (text, Written::Plain)
        }
        Cell::Error(_) => return Err(error_cell()),
        Cell::List(_) => return Ok(None),
    }))
}

fn error_cell() -> Mismatch {
    Mismatch::new("E-CELL-ERROR", "an error, or a number that its format does not allow")
        .with_help("correct the cell in the source")
}

/// What a finding shows of a cell without a readable text.
fn shown<'r>(cell: Cell<'r>) -> Option<&'r str> {
    match cell {
        Cell::Text(text) | Cell::Number(text) | Cell::Moment(text) | Cell::Error(text) => Some(text),
        Cell::Absent | Cell::Boolean(_) | Cell::List(_) => None,
    }
}
