//! A table that records look up, held by the names of its rows, within limits.

use crate::diagnostic::Diagnostic;
use crate::feed::failure::{FeedError, Refusal};
use crate::feed::settings::JoinSettings;
use crate::feed::source::{Source, is_blank, text_of};
use crate::product::record::{Cell, Record, Records};
use regex::Regex;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Rows that a table may have.
const MOST_ROWS: usize = 2_000_000;
/// Bytes of the cells that are held of a table.
const MOST_BYTES: usize = 256 << 20;
/// Cells that are held of a table.
const MOST_CELLS: usize = 20_000_000;
/// Names that the rows of a table may have, or of a feed may give to others.
const MOST_NAMES: usize = 8_000_000;
/// Items that one record may make, and members that a list of one may have.
pub const MOST_ITEMS: usize = 4_096;
/// Parents of parents that are asked.
const DEEPEST: usize = 4;
/// Rows of a table that are refused and told.
const TOLD: usize = 20;

/// What names the rows of a table.
pub struct Keys {
    cells: Vec<KeyCell>,
    pattern: Option<Regex>,
}

/// A name made of one cell.
struct KeyCell {
    before: String,
    cell: usize,
    after: String,
}

/// Rows by name.
#[derive(Default)]
pub struct Table {
    pub rows: Records,
    by_name: HashMap<Box<str>, Vec<u32>>,
    /// Rows that are refused, by name, with their lines: nothing is known of what they lend.
    broken: HashMap<Box<str>, u64>,
    /// The same by names in small letters, where these are others. Systems that do not tell them apart write both.
    by_small_name: HashMap<Box<str>, Vec<u32>>,
    /// Cells of its own rows that name further ones.
    on: Vec<usize>,
    pub columns: Vec<String>,
    pub found: Vec<bool>,
    pub header: Vec<String>,
    /// Rows of it that are refused.
    pub findings: Vec<Diagnostic>,
}

/// `id:{ID}` in three.
pub fn key_column(pattern: &str) -> (&str, &str, &str) {
    let parts = pattern
        .split_once('{')
        .and_then(|(before, rest)| Some((before, rest.split_once('}')?)));
    match parts {
        Some((before, (column, after))) if !column.is_empty() => (before, column, after),
        _ => ("", pattern, ""),
    }
}

impl Keys {
    /// Of the columns that are asked for.
    pub fn of(join: &JoinSettings, columns: &[String]) -> Keys {
        let of = |pattern: &String| {
            let (before, column, after) = key_column(pattern);
            Some(KeyCell {
                before: before.to_owned(),
                cell: columns.iter().position(|known| known == column)?,
                after: after.to_owned(),
            })
        };
        Keys {
            cells: join.key.iter().filter_map(of).collect(),
            // What is no pattern was refused before.
            pattern: join.key_pattern.as_deref().and_then(|text| key_pattern(text).ok()),
        }
    }

    /// The names that a row has.
    pub fn names(&self, row: Record<'_>) -> Vec<String> {
        let mut names = Vec::new();
        for key in &self.cells {
            let text = text_of(row.cell(key.cell));
            match &self.pattern {
                None if text.is_empty() => {}
                None => names.push(format!("{}{text}{}", key.before, key.after)),
                Some(pattern) => {
                    let found = pattern.captures_iter(text).filter_map(|found| found.get(1));
                    let found = found.map(|name| format!("{}{}{}", key.before, name.as_str().trim(), key.after));
                    names.extend(found.take(MOST_ITEMS));
                }
            }
        }
        names
    }
}

/// A pattern with one group, or what is wrong with it.
pub fn key_pattern(text: &str) -> Result<Regex, String> {
    let pattern = regex::RegexBuilder::new(text).size_limit(1 << 20).build();
    match pattern {
        Err(_) => Err("`key_pattern` is no pattern".to_owned()),
        Ok(pattern) if pattern.captures_len() != 2 => Err("`key_pattern` needs one group, in brackets".to_owned()),
        Ok(pattern) => Ok(pattern),
    }
}

/// The names of rows that a record asks for.
pub fn asked_names<'r>(row: Record<'r>, on: &[usize]) -> Vec<&'r str> {
    let Some(cell) = on.iter().map(|cell| row.cell(*cell)).find(|cell| !is_blank(*cell)) else {
        return Vec::new();
    };
    let mut names: Vec<&str> = match cell {
        Cell::List(cells) => cells.iter().map(text_of_member).collect(),
        cell => vec![text_of(cell)],
    };
    names.retain(|name| !name.is_empty());
    names.truncate(MOST_ITEMS);
    names
}

fn text_of_member<'r>(cell: Cell<'r>) -> &'r str {
    match cell {
        Cell::Text(text) | Cell::Number(text) | Cell::Moment(text) => text.trim(),
        _ => "",
    }
}

/// The names that the rows of a feed give to others.
pub fn named(
    source: &mut dyn Source,
    join: &JoinSettings,
    asked: &[String],
    shown: &Arc<str>,
) -> Result<HashSet<Box<str>>, FeedError> {
    let on = places(&join.on, asked);
    let keys = Keys::of(join, asked);
    let mut named = HashSet::new();
    let mut batch = Records::default();
    while source.next(&mut batch)? {
        // A refused row names its parent, too, as far as its cells are there: that one is no item for it.
        for row in batch.iter() {
            let names = asked_names(row, &on);
            if names.is_empty() {
                continue;
            }
            let own: HashSet<String> = keys.names(row).into_iter().collect();
            // Who names itself has no parent.
            let others = names.into_iter().filter(|name| !own.contains(*name));
            named.extend(others.map(Box::from));
            if named.len() > MOST_NAMES {
                return Err(too_large(shown, row.line()));
            }
        }
    }
    Ok(named)
}

/// Where names stand among columns.
pub fn places(names: &[String], columns: &[String]) -> Vec<usize> {
    let at = |name: &String| columns.iter().position(|known| known == name);
    names.iter().filter_map(at).collect()
}

impl Table {
    /// Of the columns that it is asked for.
    pub fn of(join: &JoinSettings, columns: Vec<String>) -> Table {
        Table {
            on: match join.inherit.is_empty() {
                true => Vec::new(),
                false => places(&join.on, &columns),
            },
            found: vec![false; columns.len()],
            columns,
            ..Table::default()
        }
    }

    /// Adds the rows of a source; of those that `only` names, if it is there.
    pub fn add(
        &mut self,
        mut source: Box<dyn Source>,
        join: &JoinSettings,
        only: Option<&HashSet<Box<str>>>,
        shown: &Arc<str>,
    ) -> Result<(), FeedError> {
        let keys = Keys::of(join, &self.columns);
        self.header.extend_from_slice(source.header());
        let mut batch = Records::default();
        while source.next(&mut batch)? {
            for row in batch.iter() {
                let mut names = keys.names(row);
                names.retain(|name| only.is_none_or(|only| only.contains(name.as_str())));
                if let Some(fault) = row.fault() {
                    // Of a table that is the feed itself they come by again.
                    if self.findings.len() < TOLD && only.is_none() {
                        self.findings.push(fault.clone());
                    }
                    self.broken
                        .extend(names.into_iter().map(|name| (name.into(), row.line())));
                    continue;
                }
                names.dedup();
                if !names.is_empty() {
                    self.keep(row, names, only.is_some());
                }
                let cells = self.rows.len().saturating_mul(self.columns.len());
                let is_large = self.rows.len() > MOST_ROWS || self.rows.bytes() > MOST_BYTES || cells > MOST_CELLS;
                if is_large || self.by_name.len() > MOST_NAMES {
                    return Err(too_large(shown, row.line()));
                }
            }
        }
        for (found, is) in self.found.iter_mut().zip(source.found()) {
            *found |= *is;
        }
        Ok(())
    }

    fn keep(&mut self, row: Record<'_>, names: Vec<String>, with_bytes: bool) {
        let is_twin = |at: &u32| {
            let twin = self.rows.get(*at as usize);
            twin.is_some_and(|twin| (0..self.columns.len()).all(|n| twin.cell(n) == row.cell(n)))
        };
        // A row that stands there twice says nothing more.
        if names.iter().all(|name| {
            self.by_name
                .get(name.as_str())
                .is_some_and(|rows| rows.iter().take(8).any(is_twin))
        }) {
            return;
        }
        let at = self.rows.len() as u32;
        self.rows.begin(row.line(), if with_bytes { row.raw() } else { b"" });
        for n in 0..self.columns.len() {
            self.rows.push_cell(row.cell(n));
        }
        for name in names {
            let small = name.to_lowercase();
            if small != name {
                add(self.by_small_name.entry(small.into()).or_default(), at);
            }
            add(self.by_name.entry(name.into()).or_default(), at);
        }
    }

    /// Line of a refused row of this name.
    pub fn broken(&self, name: &str) -> Option<u64> {
        self.broken.get(name).copied()
    }

    /// A row has exactly this name.
    pub fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    /// The rows of a name; where there are none, those whose name only differs in the case of its letters.
    pub fn find(&self, name: &str) -> &[u32] {
        let exact = self.by_name.get(name);
        let found = exact.or_else(|| {
            let small = name.to_lowercase();
            self.by_small_name
                .get(small.as_str())
                .or_else(|| self.by_name.get(small.as_str()))
        });
        found.map_or(&[], Vec::as_slice)
    }

    /// A row, the one that it names, and so on.
    pub fn line_of(&self, row: u32) -> Vec<u32> {
        let mut line = vec![row];
        while line.len() <= DEEPEST {
            let next = (line.last().and_then(|last| self.rows.get(*last as usize)))
                .and_then(|row| asked_names(row, &self.on).first().copied())
                .and_then(|name| self.find(name).first().copied());
            match next.filter(|next| !line.contains(next)) {
                Some(next) => line.push(next),
                None => break,
            }
        }
        line
    }

    /// A cell of a row.
    pub fn cell(&self, row: u32, column: usize) -> Cell<'_> {
        self.rows.get(row as usize).map_or(Cell::Absent, |row| row.cell(column))
    }
}

fn too_large(shown: &Arc<str>, line: u64) -> FeedError {
    let message = "the table is larger than 2,000,000 rows or 256 MiB of cells that are used";
    let help = "join the larger file as the feed, and the smaller one to it";
    Refusal::new("E-JOIN-SIZE", shown, message, help).at_line(line).into()
}

/// Adds a row to those of a name; more than a record may take are only counted.
fn add(rows: &mut Vec<u32>, row: u32) {
    if rows.len() <= MOST_ITEMS {
        rows.push(row);
    }
}
