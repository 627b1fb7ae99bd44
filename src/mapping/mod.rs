//! Records to items: which column is which attribute, and how its texts become values.
//!
//! A `Mapping` is compiled once (`check`), told which columns a delivery has, and then applied to every record (`apply`).
//! Reading the feed is left to `feed`, comparing items with what was known to `plan`.

pub mod apply;
mod candidates;
mod catalogue;
pub mod check;
mod columns;
pub mod draft;
mod faults;
mod field;
mod habits;
mod header;
pub mod models;
pub mod once;
mod reading;
pub mod settings;
pub mod shape;
mod sides;
pub mod suggest;
pub mod suggestion;
mod synonyms;
mod template;
#[cfg(test)]
mod tests;
mod titles;
pub mod unknown;
mod vocabulary;
mod words;

use crate::diagnostic::{Diagnostic, Place};
use crate::mapping::field::{Field, Source};
use crate::mapping::titles::Titles;
use crate::mapping::vocabulary::Words;
use crate::product::record::{Cell, Record};
use crate::schema::scope::Key;
use crate::transform::Chain;
use crate::transform::texts::Texts;
use crate::value::identifier;
use crate::value::mismatch::Mismatch;
use crate::value::number::Notation;
use crate::value::text::nearest;
use crate::value::unit::Units;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;
use xxhash_rust::xxh3::Xxh3;

/// Most bytes of a SKU.
const LONGEST_SKU: usize = 256;

/// A checked mapping of one supplier.
#[derive(Debug)]
pub struct Mapping {
    /// What the reader must deliver, each once.
    wanted: Vec<Wanted>,
    names: Vec<String>,
    sku: SkuField,
    /// Sorted by key, each key once.
    fields: Vec<Field>,
    habits: Habits,
    rules: BTreeMap<String, (String, String)>,
    fingerprint: u64,
    /// Where models are made of titles.
    titles: Option<Titles>,
    /// What is put before the codes of models that the feed says.
    own_models: Option<(Key, Box<str>)>,
}

/// What holds for all fields of a supplier.
#[derive(Debug)]
struct Habits {
    /// Cells that say nothing.
    empty: Words,
    /// Cells that take a value away.
    clear: Words,
    units: Arc<Units>,
}

/// A column that the mapping uses.
#[derive(Debug, Clone, Default)]
struct Wanted {
    /// The fields that use it, as the settings call them.
    fields: Vec<String>,
    /// True where all of them are optional.
    optional: bool,
    /// The SKU cannot be made without it.
    sku: bool,
}

/// How the mapping uses a column.
#[derive(Debug, Clone, Copy)]
pub struct Use<'m> {
    pub column: &'m str,
    /// The fields that read it, as the settings call them.
    pub fields: &'m [String],
    /// The feed may come without it.
    pub optional: bool,
    /// Of columns of numbers: the notation that is declared for them, if one is.
    pub amount: Option<Option<Notation>>,
}

/// How the supplier's own key is made.
#[derive(Debug)]
struct SkuField {
    source: Source,
    chain: Option<Chain>,
    column: Arc<str>,
}

impl Mapping {
    /// The columns or paths that the reader must deliver: cell `n` of a record is `wanted()[n]`.
    pub fn wanted(&self) -> &[String] {
        &self.names
    }

    /// How each of the `wanted` columns is used, in the same order.
    pub fn uses(&self) -> Vec<Use<'_>> {
        let amount = |n: usize| {
            let reads = |field: &&Field| matches!(field.source, Source::Column(column) if column == n);
            let field = self
                .fields
                .iter()
                .filter(reads)
                .find(|field| field.attribute.kind.is_amount())?;
            Some(field.how.numbers)
        };
        self.names
            .iter()
            .zip(&self.wanted)
            .enumerate()
            .map(|(n, (name, wanted))| Use {
                column: name,
                fields: &wanted.fields,
                optional: wanted.optional && !wanted.sku,
                amount: amount(n),
            })
            .collect()
    }

    /// Attribute key (`name@es`) -> the column it comes from and the rule in words, to show where a value came from.
    pub fn columns(&self) -> &BTreeMap<String, (String, String)> {
        &self.rules
    }

    /// Equal for equal settings, schema and rules of this program: rows that were mapped under another fingerprint are
    /// mapped again.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// What a delivered file lacks: `found[n]` says whether `wanted()[n]` is there, `header` what stands there instead.
    ///
    /// Errors refuse the file: no column of the mapping is there (`E-NO-COLUMNS`: another file, a login page), or one that the
    /// SKU needs is not (`E-COLUMN-SKU`). Any other missing column is a warning (`W-COLUMN-MISSING`): its attributes are silent.
    pub fn check_header(&self, found: &[bool], header: &[String], file: &str) -> Vec<Diagnostic> {
        let file: Arc<str> = file.into();
        let is_found = |n: usize| found.get(n).copied().unwrap_or(false);
        let spelled = |names: &[String]| {
            names
                .iter()
                .take(8)
                .map(|name| format!("`{name}`"))
                .collect::<Vec<_>>()
                .join(", ")
        };
        if !self.names.is_empty() && !(0..self.names.len()).any(is_found) {
            let message = "the file has none of the columns that the mapping names";
            let help = if header.is_empty() {
                format!(
                    "it is asked for {}; check `format` and `record` in [file]",
                    spelled(&self.names)
                )
            } else {
                format!(
                    "it has {}; check that this is the right file, and `header_row` and `delimiter` in [file]",
                    spelled(header)
                )
            };
            return vec![
                Diagnostic::error("E-NO-COLUMNS", message)
                    .at(Place::file(file))
                    .with_help(help),
            ];
        }
        let mut findings = Vec::new();
        for (n, (name, wanted)) in self.names.iter().zip(&self.wanted).enumerate() {
            if is_found(n) || (wanted.optional && !wanted.sku) {
                continue;
            }
            let free = header
                .iter()
                .map(String::as_str)
                .filter(|known| !self.names.iter().any(|name| name == known));
            let near = nearest(name, free);
            let help = match near {
                Some(near) => format!("did the supplier rename it to `{near}`?"),
                None if wanted.sku => "correct `column` of [fields.sku]".to_string(),
                None => "correct the field, or say `optional = true`".to_string(),
            };
            let place = Place::file(file.clone()).at_column(name.as_str());
            let finding = if wanted.sku {
                Diagnostic::error("E-COLUMN-SKU", format!("no column `{name}`, which the SKU is made of"))
            } else {
                let fields = spelled(&wanted.fields);
                Diagnostic::warning(
                    "W-COLUMN-MISSING",
                    format!("no column `{name}`, so {fields} says nothing"),
                )
            };
            findings.push(finding.at(place).with_help(help));
        }
        findings
    }

    /// A hash of what the mapping reads of a record. Columns that nothing uses, their order, and how the format writes a cell
    /// do not count; settings and schema do.
    pub fn row_hash(&self, record: &Record<'_>) -> u64 {
        let mut hasher = Xxh3::new();
        hasher.update(&self.fingerprint.to_le_bytes());
        for n in 0..self.names.len() {
            hash_cell(record.cell(n), &mut hasher);
        }
        hasher.digest()
    }

    /// The supplier's own key of a record: trimmed, in composed Unicode (NFC), without a spreadsheet's quoting.
    ///
    /// Refused: blank keys (`E-SKU-BLANK`), keys of more than 256 bytes (`E-SKU-LENGTH`), several (`E-SKU-SEVERAL`), dates, error
    /// cells and truth values (`E-SKU-CELL`), invisible characters and scientific notation (as `value::identifier::read` has
    /// it). The finding names line and column; the file is added by the caller.
    #[allow(clippy::result_large_err)] // a refused record is told, and that costs more than the copy
    pub fn sku<'r>(&self, record: &Record<'r>) -> Result<Cow<'r, str>, Diagnostic> {
        let mut value = None;
        let read = self.raw_sku(record).and_then(|text| {
            let read = plain_sku(&text);
            value = Some(text.to_string());
            match read? {
                None => Ok(text),
                Some(read) => Ok(Cow::Owned(read)),
            }
        });
        read.map_err(|mismatch| {
            let place = Place {
                file: None,
                line: Some(record.line()),
                column: Some(self.sku.column.clone()),
            };
            let mut finding = Diagnostic::error(mismatch.code, mismatch.message).at(place);
            finding.help = mismatch.help;
            match value {
                Some(value) => finding.with_value(&value),
                None => finding,
            }
        })
    }

    /// The text that the SKU is made of, trimmed.
    fn raw_sku<'r>(&self, record: &Record<'r>) -> Result<Cow<'r, str>, Mismatch> {
        let text = match &self.sku.source {
            Source::Column(n) => self.sku_cell(record.cell(*n))?,
            Source::Template(template, columns) => {
                let mut out = String::new();
                self.habits
                    .render(template, columns, record, Notation::Plain, &mut out)?;
                Cow::Owned(out)
            }
            // The check refuses several columns and constants.
            Source::Columns(_) | Source::Named(_) | Source::Constant(_) => "".into(),
        };
        match &self.sku.chain {
            None => Ok(text),
            Some(chain) => {
                let texts = chain.apply(Texts::One(text.into_owned().into()), Notation::Plain)?;
                let mut said = texts.iter().map(str::trim).filter(|text| !text.is_empty());
                match (said.next(), said.next()) {
                    (Some(one), None) => Ok(Cow::Owned(one.to_string())),
                    (None, _) => Ok("".into()),
                    _ => Err(several_skus()),
                }
            }
        }
    }

    fn sku_cell<'r>(&self, cell: Cell<'r>) -> Result<Cow<'r, str>, Mismatch> {
        let help = "format the column as text in the source";
        match cell {
            Cell::Absent => Ok("".into()),
            Cell::Text(text) => {
                let text = text.trim();
                let silent = self.habits.empty.has(text) || self.habits.clear.has(text);
                Ok(if silent { "".into() } else { text.into() })
            }
            Cell::Number(text) => Ok(text.into()),
            Cell::Boolean(_) => Err(Mismatch::new("E-SKU-CELL", "a truth value instead of a SKU").with_help(help)),
            Cell::Moment(text) => {
                Err(Mismatch::new("E-SKU-CELL", format!("a date instead of a SKU ({text})")).with_help(help))
            }
            Cell::Error(text) => Err(
                Mismatch::new("E-SKU-CELL", format!("an error instead of a SKU ({text})"))
                    .with_help("correct the cell in the source"),
            ),
            Cell::List(_) => Err(several_skus()),
        }
    }
}

fn several_skus() -> Mismatch {
    Mismatch::new("E-SKU-SEVERAL", "several SKUs in one record")
        .with_help("name one of them in [fields.sku], or choose one with a step")
}

/// The key read, where it differs from its text.
fn plain_sku(text: &str) -> Result<Option<String>, Mismatch> {
    // Most keys are short ASCII without anything to take off.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'/');
    if !text.is_empty() && text.len() <= LONGEST_SKU && text.bytes().all(plain) && !text.contains(['e', 'E']) {
        return Ok(None);
    }
    let blank = || {
        Mismatch::new("E-SKU-BLANK", "a record without a SKU")
            .with_help("give it one in the feed, or check `column` of [fields.sku]")
    };
    let read = identifier::read(text).map_err(|mismatch| if mismatch.is_no_value() { blank() } else { mismatch })?;
    if read.len() > LONGEST_SKU {
        return Err(
            Mismatch::new("E-SKU-LENGTH", format!("a SKU of more than {LONGEST_SKU} bytes"))
                .with_help("check that [fields.sku] names the right column"),
        );
    }
    Ok((read != text).then_some(read))
}

fn hash_cell(cell: Cell<'_>, hasher: &mut Xxh3) {
    let mut tagged = |tag: u8, text: &str| {
        let mut head = [tag; 9];
        head[1..].copy_from_slice(&(text.len() as u64).to_le_bytes());
        hasher.update(&head);
        hasher.update(text.as_bytes());
    };
    match cell {
        Cell::Absent => tagged(0, ""),
        Cell::Text(text) => tagged(1, text),
        Cell::Number(text) => tagged(2, text),
        Cell::Boolean(value) => tagged(3, if value { "1" } else { "0" }),
        Cell::Moment(text) => tagged(4, text),
        Cell::Error(text) => tagged(5, text),
        Cell::List(cells) => {
            tagged(6, "");
            for cell in cells.iter() {
                // Lists hold no lists (`Records::push_list`), so this ends.
                hash_cell(cell, hasher);
            }
            hasher.update(&[7]);
        }
    }
}
