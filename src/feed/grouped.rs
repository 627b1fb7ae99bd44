//! Rows below each other that belong to one product, made items that each say all that is said of them.
//!
//! Shops export a product as several rows: variants that leave the product's own cells blank, rows that only add a picture, a
//! row per locale. What the cells mean is left to `mapping`.

use crate::diagnostic::{Diagnostic, Place, excerpt};
use crate::feed::failure::{FeedError, Refusal};
use crate::feed::report::FileReport;
use crate::feed::settings::GroupSettings;
use crate::feed::source::{Source, Upstream, in_locale, is_blank, names, place, text_of};
use crate::product::record::{Cell, Record, Records};
use std::collections::HashSet;
use xxhash_rust::xxh3::xxh3_64;

/// Rows that one product may have. Shopify allows 2,048 variants and 250 pictures (help.shopify.com, November 2026).
const MOST_ROWS: usize = 4_096;
/// Bytes that the rows of one product may have.
const MOST_BYTES: usize = 16 << 20;
/// Members that the lists of all items of a product may have together.
const MOST_MEMBERS: usize = 1_000_000;

/// Items made of the rows of a feed.
pub struct Grouped {
    rows: Upstream,
    /// Cells of the rows, by their place.
    by: Vec<usize>,
    item: Vec<usize>,
    lists: Vec<usize>,
    locale: Option<usize>,
    cells: Vec<Wanted>,
    found: Vec<bool>,
    group: Group,
    /// Line of a refused row right above that does not say whose it is: it may be the first of the next product.
    unsure: Option<u64>,
    /// Names of the products that were met, as hashes.
    met: HashSet<u64>,
    joined: u64,
}

/// Where a cell of an item comes from.
struct Wanted {
    cell: usize,
    inherits: bool,
    is_list: bool,
    /// Of the row in this locale.
    locale: Option<String>,
}

/// The rows of one product, as far as they are read.
#[derive(Default)]
struct Group {
    rows: Records,
    name: String,
    /// Line of a row that was refused among them, so that nothing is known of the product.
    broken: Option<u64>,
    /// The product's other rows stand elsewhere in the file.
    scattered: bool,
}

/// What the rows are asked for, of what the items are asked for.
pub fn asked(group: &GroupSettings, wanted: &[String]) -> Vec<String> {
    let mut asked = Vec::new();
    for name in wanted {
        place(&mut asked, in_locale(&group.locale, name).0);
    }
    for name in group
        .by
        .iter()
        .chain(&group.item)
        .chain(&group.lists)
        .chain(&group.locale)
    {
        place(&mut asked, name);
    }
    asked
}

impl Grouped {
    /// `rows` deliver what [`asked`] says; the items have a cell for each of `wanted`.
    pub fn new(rows: Upstream, group: &GroupSettings, wanted: &[String]) -> Grouped {
        let asked = asked(group, wanted);
        let at = |name: &String| asked.iter().position(|known| known == name);
        let all = |list: &[String]| list.iter().filter_map(at).collect::<Vec<usize>>();
        let lists = all(&group.lists);
        let cells: Vec<Wanted> = (wanted.iter())
            .map(|name| {
                let (column, locale) = in_locale(&group.locale, name);
                let cell = asked.iter().position(|known| known == column).unwrap_or(usize::MAX);
                Wanted {
                    cell,
                    inherits: group.inherit.iter().any(|pattern| names(pattern, column)),
                    is_list: lists.contains(&cell),
                    locale: locale.map(str::to_owned),
                }
            })
            .collect();
        let is_found = |cell: &Wanted| rows.found().get(cell.cell).copied().unwrap_or(false);
        Grouped {
            found: cells.iter().map(is_found).collect(),
            by: all(&group.by),
            item: all(&group.item),
            locale: group.locale.as_ref().and_then(at),
            lists,
            cells,
            rows,
            group: Group::default(),
            unsure: None,
            met: HashSet::new(),
            joined: 0,
        }
    }

    /// Puts the next row to its product; true where a product is complete.
    fn take(&mut self) -> Result<bool, FeedError> {
        if !self.rows.load()? {
            return Ok(true);
        }
        let Some(row) = self.rows.row() else {
            return Ok(true);
        };
        let name = first_filled(row, &self.by);
        let is_next = !name.is_empty() && name != self.group.name;
        if is_next && !self.group.rows.is_empty() {
            return Ok(true);
        }
        if is_next {
            self.group.name = name.to_owned();
            self.group.scattered = !self.met.insert(xxh3_64(name.as_bytes()));
            self.group.broken = self.unsure;
        }
        self.unsure = (row.fault().is_some() && name.is_empty()).then_some(row.line());
        if row.fault().is_some() && self.group.broken.is_none() {
            self.group.broken = Some(row.line());
        }
        let rows = &mut self.group.rows;
        rows.begin_like(row);
        (0..row.len()).for_each(|n| rows.push_cell(row.cell(n)));
        if rows.len() > MOST_ROWS || rows.bytes() > MOST_BYTES {
            return Err(self.too_large(row.line()));
        }
        self.rows.pass();
        Ok(false)
    }

    fn too_large(&self, line: u64) -> FeedError {
        let message = format!(
            "the product \"{}\" has more than {MOST_ROWS} rows or 16 MiB",
            excerpt(&self.group.name)
        );
        let help = "name under `[file.group] by` the column that differs from product to product";
        Refusal::new("E-GROUP-SIZE", &self.rows.shown, message, help)
            .at_line(line)
            .into()
    }

    /// Adds the items of the product that is complete.
    fn give(&mut self, batch: &mut Records) -> Result<(), FeedError> {
        let group = std::mem::take(&mut self.group);
        if group.rows.is_empty() {
            return Ok(());
        }
        if group.broken.is_some() || group.scattered {
            self.refuse(&group, batch);
        } else {
            self.items(&group, batch)?;
        }
        self.joined += group.rows.len() as u64;
        self.group = group;
        self.group.rows.clear();
        self.group.name.clear();
        self.group.broken = None;
        self.group.scattered = false;
        Ok(())
    }

    /// Every row of a product that cannot be known as a whole is refused.
    fn refuse(&self, group: &Group, batch: &mut Records) {
        for row in group.rows.iter() {
            batch.begin(row.line(), row.raw());
            for wanted in &self.cells {
                batch.push_cell(row.cell(wanted.cell));
            }
            batch.refuse(match (row.fault(), group.broken) {
                (Some(fault), _) => fault.clone(),
                (None, Some(line)) => self.fault(
                    "E-GROUP-BROKEN",
                    format!("a row of a product to which the refused row in line {line} may belong"),
                    "correct that row; what it says of the product is not known without it",
                    row.line(),
                ),
                (None, None) => self.fault(
                    "E-GROUP-SCATTERED",
                    format!(
                        "a row of the product \"{}\", whose other rows stand elsewhere",
                        excerpt(&group.name)
                    ),
                    "put the rows of a product below each other",
                    row.line(),
                ),
            });
        }
    }

    fn fault(&self, code: &'static str, message: String, help: &str, line: u64) -> Diagnostic {
        Diagnostic::error(code, message)
            .at(Place::line(self.rows.shown.clone(), line))
            .with_help(help)
    }

    fn items(&self, group: &Group, batch: &mut Records) -> Result<(), FeedError> {
        let Some(first) = group.rows.get(0) else {
            return Ok(());
        };
        let mut items: Vec<Record<'_>> = match (self.locale, self.item.is_empty()) {
            (Some(_), _) => Vec::new(),
            (None, true) => group.rows.iter().collect(),
            (None, false) => {
                let is_item = |row: &Record<'_>| !first_filled(*row, &self.item).is_empty();
                group.rows.iter().filter(is_item).collect()
            }
        };
        if items.is_empty() {
            items.push(first);
        }
        // A row that is an item for itself is told as its own; what is made of several is told as all of them.
        let is_alone = self.lists.is_empty() && self.locale.is_none() && group.rows.len() == items.len();
        let raw: Vec<u8> = match is_alone && items.len() == 1 {
            true => first.raw().to_vec(),
            false => group.rows.iter().flat_map(|row| row.raw().iter().copied()).collect(),
        };
        let lists: Vec<Vec<Cell<'_>>> = self.lists.iter().map(|cell| gathered(&group.rows, *cell)).collect();
        if lists.iter().map(Vec::len).sum::<usize>() * items.len() > MOST_MEMBERS {
            return Err(self.too_large(first.line()));
        }
        // What the product says of all is held once: which record of the batch has it, by cell.
        let mut said: Vec<Option<usize>> = vec![None; self.cells.len()];
        for (n, row) in items.iter().enumerate() {
            match n {
                0 => batch.begin(row.line(), &raw),
                _ => batch.begin_same(row.line()),
            }
            if row.removes() {
                batch.say_removed();
            }
            for (cell, wanted) in self.cells.iter().enumerate() {
                let is_own = !wanted.is_list && (!wanted.inherits || !is_blank(row.cell(wanted.cell)));
                match said[cell].filter(|_| !is_own) {
                    Some(before) => {
                        batch.push_same(before, cell);
                        continue;
                    }
                    None if is_own => {}
                    None => said[cell] = batch.len().checked_sub(1),
                }
                if wanted.is_list
                    && let Some(n) = self.lists.iter().position(|cell| *cell == wanted.cell)
                {
                    batch.push_list(&lists[n]);
                    continue;
                }
                let row = match (&wanted.locale, self.locale) {
                    (Some(locale), Some(cell)) => {
                        let says = |row: &Record<'_>| text_of(row.cell(cell)) == locale.as_str();
                        match group.rows.iter().find(says) {
                            Some(row) => row,
                            None => {
                                batch.push_absent();
                                continue;
                            }
                        }
                    }
                    _ => *row,
                };
                let cell = row.cell(wanted.cell);
                batch.push_cell(match wanted.inherits && is_blank(cell) {
                    true => first.cell(wanted.cell),
                    false => cell,
                });
            }
        }
        Ok(())
    }
}

impl Source for Grouped {
    fn found(&self) -> &[bool] {
        &self.found
    }

    fn header(&self) -> &[String] {
        self.rows.header()
    }

    fn next(&mut self, batch: &mut Records) -> Result<bool, FeedError> {
        self.rows.begin(batch);
        while !batch.is_full() {
            if self.take()? {
                self.give(batch)?;
                if !self.rows.load()? {
                    break;
                }
            }
        }
        Ok(self.rows.end(batch))
    }

    fn finish(self: Box<Self>) -> FileReport {
        let made = self.rows.made;
        let message = format!("items made of the {} rows: {made}", self.joined);
        let finding = Diagnostic::info("I-GROUPED", message)
            .at(Place::file(self.rows.shown.clone()))
            .with_help("which rows belong together is said under [file.group]");
        self.rows.finish((self.joined > made).then_some(finding))
    }
}

/// The different values of a cell in all rows, in order.
fn gathered(rows: &Records, cell: usize) -> Vec<Cell<'_>> {
    let mut seen: HashSet<&str> = HashSet::new();
    let mut all = Vec::new();
    for row in rows.iter() {
        let (one, many) = match row.cell(cell) {
            Cell::List(cells) => (None, Some(cells.iter())),
            cell => (Some(cell), None),
        };
        for cell in one.into_iter().chain(many.into_iter().flatten()) {
            if !is_blank(cell) && seen.insert(text_of(cell)) {
                all.push(cell);
            }
        }
    }
    all
}

/// The text of the first of some cells that is not blank, trimmed; empty where all are.
pub fn first_filled<'r>(row: Record<'r>, cells: &[usize]) -> &'r str {
    let mut texts = cells.iter().map(|cell| text_of(row.cell(*cell)));
    texts.find(|text| !text.is_empty()).unwrap_or("")
}
