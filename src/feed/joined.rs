//! Records with what other tables say of them: a second file of the delivery, or the parents that stand in the same one.
//!
//! A table that is looked up is held in memory (`joined_table`); the feed itself streams past it. Which columns are asked for is
//! said by the mapping; what they mean is left to it.

use crate::diagnostic::{Diagnostic, Place, excerpt};
use crate::feed::failure::FeedError;
use crate::feed::joined_table::{Keys, MOST_ITEMS, Table, asked_names, key_column, key_pattern, places};
use crate::feed::report::FileReport;
use crate::feed::settings::{FileSettings, JoinSettings, Several};
use crate::feed::source::{Source, Upstream, in_locale, is_blank, names, place, text_of};
use crate::product::record::{Cell, Record, Records};

/// Records of a feed joined with tables.
pub struct Joined {
    rows: Upstream,
    joins: Vec<Join>,
    cells: Vec<Wanted>,
    found: Vec<bool>,
    header: Vec<String>,
    /// Rows that others name.
    parents: u64,
}

/// Where a cell comes from.
enum Wanted {
    /// The record, or the first of these columns of tables that says something.
    Own(usize, Vec<(usize, usize)>),
    /// The table, the column, and the locale of the row.
    Table(usize, usize, Option<String>),
}

/// A table and how records find their rows in it.
struct Join {
    name: String,
    /// Cells of the record that name rows.
    on: Vec<usize>,
    /// Of a table that is the feed itself: what names a record.
    own: Option<Keys>,
    /// Column of the table that says the locale of a row.
    locale: Option<usize>,
    optional: bool,
    several: Several,
    table: Table,
    missing: u64,
    first_missing: Option<(String, u64)>,
}

/// What the feed itself is asked for, of what the mapping asks for.
pub fn asked(settings: &FileSettings, wanted: &[String]) -> Vec<String> {
    let mut asked = Vec::new();
    for name in wanted {
        if parted(settings, name).is_none() {
            place(&mut asked, name);
        }
    }
    for join in settings.joined.values() {
        for name in &join.on {
            place(&mut asked, name);
        }
        if join.path.is_empty() {
            for pattern in &join.key {
                place(&mut asked, key_column(pattern).1);
            }
        }
    }
    asked
}

/// What a table is asked for: what the mapping takes of it, what the feed inherits of it, and its names.
pub fn asked_of(settings: &FileSettings, name: &str, join: &JoinSettings, wanted: &[String]) -> Vec<String> {
    let mut asked = Vec::new();
    for wanted in wanted {
        match parted(settings, wanted) {
            Some((table, column)) if table == name => {
                place(&mut asked, in_locale(&join.locale, column).0);
            }
            None if inherits(join, wanted) => {
                place(&mut asked, wanted);
            }
            Some(_) | None => {}
        }
    }
    for pattern in &join.key {
        place(&mut asked, key_column(pattern).1);
    }
    if !join.inherit.is_empty() {
        for name in &join.on {
            place(&mut asked, name);
        }
    }
    if let Some(name) = &join.locale {
        place(&mut asked, name);
    }
    asked
}

fn inherits(join: &JoinSettings, column: &str) -> bool {
    join.inherit.iter().any(|pattern| names(pattern, column))
}

/// `NAME:column` in two, where a table has that name.
pub fn parted<'n>(settings: &FileSettings, name: &'n str) -> Option<(&'n str, &'n str)> {
    name.split_once(':')
        .filter(|(table, _)| settings.joined.contains_key(*table))
}

/// What one record found in one table.
struct Hit {
    /// Its rows: one, or those of which each is an item or gives to lists.
    rows: Vec<u32>,
    /// A row and those that it inherits from.
    line: Vec<u32>,
}

impl Joined {
    /// `rows` deliver what [`asked`] says; `tables` are those of the settings, in their order.
    pub fn new(rows: Upstream, settings: &FileSettings, wanted: &[String], tables: Vec<Table>) -> Joined {
        let asked = asked(settings, wanted);
        let mut header = rows.header().to_vec();
        let joins: Vec<Join> = (settings.joined.iter().zip(tables))
            .map(|((name, join), table)| {
                header.extend(table.header.iter().map(|column| format!("{name}:{column}")));
                Join {
                    name: name.clone(),
                    on: places(&join.on, &asked),
                    own: join.path.is_empty().then(|| Keys::of(join, &asked)),
                    locale: (join.locale.as_ref())
                        .and_then(|name| table.columns.iter().position(|known| known == name)),
                    optional: join.optional,
                    several: join.several,
                    table,
                    missing: 0,
                    first_missing: None,
                }
            })
            .collect();
        let table_at = |name: &str| joins.iter().position(|join| join.name == name);
        let column_at = |table: usize, column: &str| {
            let columns = &joins[table].table.columns;
            columns.iter().position(|known| known == column)
        };
        let own_at = |name: &String| asked.iter().position(|known| known == name).unwrap_or(usize::MAX);
        let cells: Vec<Wanted> = (wanted.iter())
            .map(|name| match parted(settings, name) {
                Some((name, column)) => {
                    let (column, locale) = match settings.joined.get(name) {
                        Some(join) => in_locale(&join.locale, column),
                        None => (column, None),
                    };
                    let place = table_at(name).and_then(|table| Some((table, column_at(table, column)?)));
                    let (table, column) = place.unwrap_or((usize::MAX, usize::MAX));
                    Wanted::Table(table, column, locale.map(str::to_owned))
                }
                None => {
                    let of = |(n, join): (usize, &JoinSettings)| {
                        inherits(join, name)
                            .then(|| column_at(n, name))
                            .flatten()
                            .map(|at| (n, at))
                    };
                    Wanted::Own(
                        own_at(name),
                        settings.joined.values().enumerate().filter_map(of).collect(),
                    )
                }
            })
            .collect();
        let table_has = |(table, column): &(usize, usize)| {
            let table = joins.get(*table).map(|join| &join.table);
            table
                .and_then(|table| table.found.get(*column))
                .copied()
                .unwrap_or(false)
        };
        let is_found = |cell: &Wanted| match cell {
            Wanted::Own(cell, lent) => rows.found().get(*cell).copied().unwrap_or(false) || lent.iter().any(table_has),
            Wanted::Table(table, column, _) => table_has(&(*table, *column)),
        };
        Joined {
            found: cells.iter().map(is_found).collect(),
            rows,
            joins,
            cells,
            header,
            parents: 0,
        }
    }

    /// Adds what the record at hand makes.
    fn make(&mut self, batch: &mut Records) {
        let Some(row) = self.rows.row() else {
            return;
        };
        let names: Vec<Vec<String>> = (self.joins.iter())
            .map(|join| join.own.as_ref().map_or_else(Vec::new, |keys| keys.names(row)))
            .collect();
        let mut hits: Vec<Hit> = Vec::with_capacity(self.joins.len());
        let mut fault = row.fault().cloned();
        for (join, own) in self.joins.iter_mut().zip(&names) {
            let mut rows: Vec<u32> = Vec::new();
            for name in asked_names(row, &join.on) {
                let found = join.table.find(name);
                let room = (MOST_ITEMS + 1).saturating_sub(rows.len());
                rows.extend_from_slice(&found[..found.len().min(room)]);
                if !found.is_empty() || own.iter().any(|own| own == name) {
                    continue;
                }
                if let Some(line) = join.table.broken(name) {
                    let message = format!(
                        "a record that takes from the row in line {line} of `{}`, which is refused",
                        join.name
                    );
                    let finding = Diagnostic::error("E-JOIN-BROKEN", message)
                        .at(Place::line(self.rows.shown.clone(), row.line()))
                        .with_help("correct that row; what it says of this record is not known without it");
                    fault.get_or_insert(finding);
                } else if !join.optional && fault.is_none() {
                    join.missing += 1;
                    join.first_missing.get_or_insert((name.to_owned(), row.line()));
                }
            }
            let is_choice = join.several == Several::Refuse && join.locale.is_none();
            if rows.len() > 1 && (is_choice || rows.len() > MOST_ITEMS) {
                let message = format!("several rows of `{}` have the name this record asks for", join.name);
                let help = format!(
                    "name under `[file.joined.{}] key` a column that differs, or say with `several` what they are",
                    join.name
                );
                let finding = Diagnostic::error("E-JOIN-SEVERAL", message)
                    .at(Place::line(self.rows.shown.clone(), row.line()))
                    .with_help(help);
                fault.get_or_insert(finding);
            }
            hits.push(Hit {
                line: rows.first().map_or_else(Vec::new, |row| join.table.line_of(*row)),
                rows,
            });
        }
        let is_named = (self.joins.iter().zip(&names)).any(|(join, own)| own.iter().any(|name| join.table.has(name)));
        if is_named && fault.is_none() {
            if !self.is_own_parent(&names, &hits) {
                self.parents += 1;
                return;
            }
            let finding = Diagnostic::error("E-JOIN-CYCLE", "a row that is its own parent, by way of others")
                .at(Place::line(self.rows.shown.clone(), row.line()))
                .with_help("correct which row is whose parent");
            fault = Some(finding);
        }
        let raw = self.raw(row, &hits);
        if let Some(fault) = fault {
            batch.begin(row.line(), &raw);
            for cell in &self.cells {
                match cell {
                    Wanted::Own(cell, _) => batch.push_cell(row.cell(*cell)),
                    Wanted::Table(..) => batch.push_absent(),
                }
            }
            batch.refuse(fault);
            return;
        }
        // One table at most makes several items of a record.
        let many = (self.joins.iter()).position(|join| join.several == Several::Items);
        let count = many.map_or(1, |table| hits[table].rows.len().max(1));
        let first = batch.len();
        for n in 0..count {
            match n {
                0 => batch.begin(row.line(), &raw),
                _ => batch.begin_same(row.line()),
            }
            if row.removes() {
                batch.say_removed();
            }
            for (at, cell) in self.cells.iter().enumerate() {
                // What does not differ among the items of a record is held once.
                let differs = matches!(cell, Wanted::Table(table, ..) if many == Some(*table));
                if n > 0 && !differs {
                    batch.push_same(first, at);
                    continue;
                }
                match cell {
                    Wanted::Own(cell, lent) => {
                        let own = row.cell(*cell);
                        let lends = |(table, column): &(usize, usize)| {
                            let line = hits[*table].line.iter();
                            line.map(|row| self.joins[*table].table.cell(*row, *column))
                                .find(|cell| !is_blank(*cell))
                        };
                        let lent = is_blank(own).then(|| lent.iter().find_map(lends)).flatten();
                        batch.push_cell(lent.unwrap_or(own));
                    }
                    Wanted::Table(table, column, locale) => {
                        let (Some(join), Some(hit)) = (self.joins.get(*table), hits.get(*table)) else {
                            batch.push_absent();
                            continue;
                        };
                        if let (Some(locale), Some(place)) = (locale, join.locale) {
                            let is = |row: &&u32| text_of(join.table.cell(**row, place)) == locale.as_str();
                            match hit.rows.iter().find(is) {
                                Some(row) => batch.push_cell(join.table.cell(*row, *column)),
                                None => batch.push_absent(),
                            }
                            continue;
                        }
                        match join.several {
                            Several::Lists => push_lists(&join.table, &hit.rows, *column, batch),
                            _ => match hit.rows.get(if many == Some(*table) { n } else { 0 }) {
                                Some(row) => batch.push_cell(join.table.cell(*row, *column)),
                                None => batch.push_absent(),
                            },
                        }
                    }
                }
            }
        }
    }

    /// The row at hand is among those that it inherits from.
    fn is_own_parent(&self, names: &[Vec<String>], hits: &[Hit]) -> bool {
        self.joins.iter().zip(names).zip(hits).any(|((join, own), hit)| {
            let is_it = |row: &u32| own.iter().any(|name| join.table.find(name).contains(row));
            join.own.is_some() && hit.line.iter().any(is_it)
        })
    }

    /// The bytes of a record, after those of the parents in the same file that lend it something: what is rejected is complete.
    fn raw(&self, row: Record<'_>, hits: &[Hit]) -> Vec<u8> {
        let mut raw = Vec::with_capacity(row.raw().len());
        for (join, hit) in self.joins.iter().zip(hits).filter(|(join, _)| join.own.is_some()) {
            for parent in hit.line.iter().rev() {
                raw.extend_from_slice(join.table.rows.get(*parent as usize).map_or(b"", |row| row.raw()));
            }
        }
        raw.extend_from_slice(row.raw());
        raw
    }
}

fn push_lists(table: &Table, rows: &[u32], column: usize, batch: &mut Records) {
    let mut members: Vec<Cell<'_>> = Vec::new();
    for row in rows {
        match table.cell(*row, column) {
            Cell::List(cells) => members.extend(cells.iter()),
            cell if is_blank(cell) => {}
            cell => members.push(cell),
        }
    }
    members.truncate(MOST_ITEMS);
    batch.push_list(&members);
}

impl Source for Joined {
    fn found(&self) -> &[bool] {
        &self.found
    }

    fn header(&self) -> &[String] {
        &self.header
    }

    fn next(&mut self, batch: &mut Records) -> Result<bool, FeedError> {
        self.rows.begin(batch);
        while !batch.is_full() && self.rows.load()? {
            self.make(batch);
            self.rows.pass();
        }
        Ok(self.rows.end(batch))
    }

    fn finish(self: Box<Self>) -> FileReport {
        let place = || Place::file(self.rows.shown.clone());
        let mut findings = Vec::new();
        for join in self.joins {
            findings.extend(join.table.findings);
            let Some((name, line)) = join.first_missing else {
                continue;
            };
            let message = format!(
                "no row of `{}` has the name that a record asks for, \"{}\" in line {line} first: {} times",
                join.name,
                excerpt(&name),
                join.missing
            );
            let help = format!("check `on` and `key` of [file.joined.{}], or the files", join.name);
            findings.push(
                Diagnostic::warning("W-JOIN-MISSING", message)
                    .at(place())
                    .with_help(help),
            );
        }
        if self.parents > 0 {
            let count = self.parents;
            let message = format!("rows that others name as their parents, which are no items: {count}");
            findings.push(Diagnostic::info("I-JOIN-PARENTS", message).at(place()));
        }
        self.rows.finish(findings)
    }
}

/// What is wrong with the settings of rows that are made of others, if anything.
pub fn fault(settings: &FileSettings) -> Option<String> {
    if settings.group.as_ref().is_some_and(|group| group.by.is_empty()) {
        return Some("`[file.group] by` names no column".to_owned());
    }
    let mut makes_items = None;
    for (name, join) in &settings.joined {
        let is_name = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !is_name {
            return Some(format!(
                "a joined table is called \"{}\", which is no word",
                excerpt(name)
            ));
        }
        if join.on.is_empty() || join.key.is_empty() {
            return Some(format!("[file.joined.{name}] needs `on` and `key`"));
        }
        if let Some(Err(fault)) = join.key_pattern.as_deref().map(key_pattern) {
            return Some(format!("[file.joined.{name}]: {fault}"));
        }
        if join.several == Several::Items
            && let Some(other) = makes_items.replace(name)
        {
            return Some(format!(
                "`several = \"items\"` is said of `{other}` and of `{name}`: one table only can make items"
            ));
        }
    }
    None
}
