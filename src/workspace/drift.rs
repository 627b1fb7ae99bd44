//! What changed in the layout of a delivery since the last one that was applied, told before its first row is planned.
//!
//! How a file is laid out is looked at by `layout`. Values that move too far are left to the guards.

use crate::declaration::nearest::nearest;
use crate::diagnostic::{Diagnostic, Place, Severity, excerpt};
use crate::mapping::Use;
use crate::product::batch::{DeliveredFile, LaidColumn, Layout};
use crate::value::text::{self, fold};
use crate::workspace::failure::Failure;
use crate::workspace::layout::{Look, RECORDS, predecessor};
use crate::workspace::supplier_settings::{Mode, OnDrift, Supplier};
use crate::workspace::turn::{OutOfTurn, Turn};
use std::collections::{BTreeMap, BTreeSet};

/// New columns that are told one by one.
const MOST_NEW: usize = 20;
/// Names listed in one message.
const MOST_NAMES: usize = 6;
/// Pairs of an old and a new name whose spelling is compared in one file. Beyond them only place and values tell an heir.
const MOST_COMPARED: usize = 50_000;
/// Records from which on a path that nearly all had, and none has now, is missing.
const SURE: u64 = 3;

/// One difference.
pub struct Drift {
    /// As it is told where the import goes on.
    finding: Diagnostic,
    /// Its code where it stops the import; none of remarks, which never do.
    stop: Option<&'static str>,
    /// It stops the import unless the settings say otherwise: values would be lost or misread.
    touches: bool,
}

impl Drift {
    fn new(codes: (&'static str, &'static str), touches: bool, message: String, help: String) -> Drift {
        Drift {
            finding: Diagnostic::warning(codes.0, message).with_help(help),
            stop: Some(codes.1),
            touches,
        }
    }

    fn remark(code: &'static str, message: String, help: &str) -> Drift {
        Drift {
            finding: Diagnostic::info(code, message).with_help(help),
            stop: None,
            touches: false,
        }
    }

    fn at(mut self, place: Place) -> Drift {
        self.finding.place = place;
        self
    }

    /// True where the supplier's settings say that it stops the import.
    fn stops(&self, on_drift: Option<OnDrift>) -> bool {
        self.stop.is_some()
            && match on_drift {
                None => self.touches,
                Some(OnDrift::Warn) => false,
                Some(OnDrift::Stop) => true,
            }
    }
}

/// The findings as they are told, each an error where it would stop an import.
pub fn told(drifts: Vec<Drift>, on_drift: Option<OnDrift>) -> Vec<Diagnostic> {
    let told = |drift: Drift| match (drift.stops(on_drift), drift.stop) {
        (true, Some(code)) => Diagnostic {
            code: code.into(),
            severity: Severity::Error,
            ..drift.finding
        },
        _ => drift.finding,
    };
    drifts.into_iter().map(told).collect()
}

/// The findings where the import goes on; the failure where it does not.
pub fn judged(drifts: Vec<Drift>, supplier: &Supplier) -> Result<Vec<Diagnostic>, Failure> {
    let findings = told(drifts, supplier.on_drift);
    if findings.iter().all(|finding| finding.severity != Severity::Error) {
        return Ok(findings);
    }
    let message = "the delivery is laid out otherwise than the last one and is refused; nothing was changed";
    Err(Failure::invalid(message, findings).with_help(format!(
        "correct supplier.toml (`estante supplier check {0}` shows what stands there), or take the delivery as it is: \
         estante import {0} --on-drift warn",
        supplier.id
    )))
}

/// What is found of a header, without the columns that `drift` says are gone or renamed: one lost column is one finding.
pub fn not_told_twice(header: Vec<Diagnostic>, drift: &[Diagnostic]) -> Vec<Diagnostic> {
    let is_lost = |finding: &&Diagnostic| {
        let codes = [
            "W-DRIFT-MISSING",
            "E-DRIFT-MISSING",
            "W-DRIFT-RENAMED",
            "E-DRIFT-RENAMED",
        ];
        codes.contains(&finding.code.as_ref())
    };
    let lost: BTreeSet<_> = (drift.iter().filter(is_lost))
        .map(|finding| (&finding.place.file, &finding.place.column))
        .collect();
    let is_told = |finding: &Diagnostic| {
        finding.code == "W-COLUMN-MISSING" && lost.contains(&(&finding.place.file, &finding.place.column))
    };
    header.into_iter().filter(|finding| !is_told(finding)).collect()
}

/// What changed since the files of the last delivery, in the order of the files. Nothing where there was none.
pub fn drifts(supplier: &Supplier, looks: &[Option<Look>], before: &[DeliveredFile]) -> Vec<Drift> {
    let mut drifts = Vec::new();
    let mut turn = Turn::after(before);
    for look in looks.iter().flatten() {
        drifts.extend(turn.take(look).map(out_of_turn));
        if look.follows.is_some() {
            // An update only has what changes, so that its columns and its size say nothing.
            continue;
        }
        if let Some(before) = predecessor(look, before) {
            let mut compared = Compared {
                supplier,
                look,
                before,
                uses: supplier.mapping.uses(),
                drifts: &mut drifts,
            };
            compared.writing();
            compared.columns();
            compared.numbers();
        }
    }
    drifts.extend(turn.end().map(out_of_turn));
    drifts.extend(much_shorter(supplier, looks, before));
    drifts
}

/// An update that does not follow what was taken before it.
fn out_of_turn(found: OutOfTurn) -> Drift {
    let help = "ask the supplier for what lies in between, or for a whole catalogue (T_NEW_CATALOG)".to_owned();
    let codes = ("W-DRIFT-UPDATE", "E-DRIFT-UPDATE");
    Drift::new(codes, found.is_lost, found.message, help).at(Place::file(found.shown))
}

/// A snapshot whose files are much smaller than those of the last delivery, or hold much fewer records where all of them were looked
/// at: a small workbook is hardly smaller for holding nothing.
fn much_shorter(supplier: &Supplier, looks: &[Option<Look>], before: &[DeliveredFile]) -> Option<Drift> {
    let looks: Vec<&Look> = looks.iter().map(Option::as_ref).collect::<Option<_>>()?;
    let first = looks.first()?;
    let layouts: Vec<&Layout> = before.iter().map(|file| file.layout.as_ref()).collect::<Option<_>>()?;
    let ending = |path: &str| path.rsplit_once('.').map(|(_, ending)| ending.to_lowercase());
    // A packed file is no shorter for being packed.
    let alike = before
        .first()
        .is_some_and(|file| ending(&file.path) == ending(&first.shown));
    let rows: u64 = before.iter().map(|file| file.rows).sum();
    let (size, last) = (
        looks.iter().map(|look| look.layout.size).sum::<u64>(),
        layouts.iter().map(|layout| layout.size).sum::<u64>(),
    );
    let guards = &supplier.guards;
    if looks.iter().any(|look| look.follows.is_some()) {
        return None;
    }
    let is_much_less =
        |now: u64, before: u64| now < before && !guards.least_size.exceeded(now as usize, before as usize);
    if supplier.mode != Mode::Snapshot || !alike || rows < guards.least_items as u64 {
        return None;
    }
    let is_whole = looks.iter().all(|look| look.layout.records < RECORDS as u64);
    let (records, known) = (
        looks.iter().map(|look| look.layout.records).sum::<u64>(),
        layouts.iter().map(|layout| layout.records).sum::<u64>(),
    );
    let message = if is_much_less(size, last) {
        format!("the delivery has {size} bytes, the last one had {last}")
    } else if is_whole && is_much_less(records, known) {
        let more = if layouts.iter().any(|layout| layout.records >= RECORDS as u64) {
            " or more"
        } else {
            ""
        };
        format!("the delivery has {records} records, the last one had {known}{more}")
    } else {
        return None;
    };
    let help = "it may be cut short, or list only changes (`mode = \"delta\"`): look at it before it is applied";
    Some(
        Drift::new(("W-DRIFT-SHORTER", "E-DRIFT-SHORTER"), false, message, help.to_owned())
            .at(Place::file(first.shown.as_str())),
    )
}

/// One file beside its predecessor.
struct Compared<'c> {
    supplier: &'c Supplier,
    look: &'c Look,
    before: &'c Layout,
    uses: Vec<Use<'c>>,
    drifts: &'c mut Vec<Drift>,
}

impl Compared<'_> {
    fn place(&self) -> Place {
        Place::file(self.look.shown.as_str())
    }

    fn tell(&mut self, drift: Drift) {
        self.drifts.push(drift);
    }

    /// Encoding and delimiter.
    fn writing(&mut self) {
        let (now, was) = (&self.look.layout, self.before);
        let known = |name: &str| !name.is_empty() && name != "mixed";
        if known(&now.encoding) && known(&was.encoding) && now.encoding != was.encoding {
            // Between UTF-8 and the rest there is proof; among pages of one byte a character there is only likelihood.
            let proven = now.encoding == "UTF-8" || was.encoding == "UTF-8";
            let declared = self.supplier.file.encoding.is_some();
            if proven || !declared {
                let help = match declared {
                    true => "correct `encoding` in [file] of supplier.toml, or take it out: accents would be misread",
                    false => "nothing to do where the texts look right; `encoding` in [file] settles it",
                };
                let message = format!("the encoding was {} and is {}", was.encoding, now.encoding);
                let codes = ("W-DRIFT-ENCODING", "E-DRIFT-ENCODING");
                let drift = Drift::new(codes, declared && proven, message, help.to_owned()).at(self.place());
                self.tell(drift);
            }
        }
        if let (Some(is), Some(was)) = (&now.delimiter, &was.delimiter)
            && is != was
        {
            let help = match self.look.other_delimiter {
                true => format!("write `delimiter = {}` in [file] of supplier.toml", quoted(is)),
                false => "nothing to do where the columns look right; `delimiter` in [file] settles it".to_owned(),
            };
            let message = format!("the delimiter was {} and is {}", quoted(was), quoted(is));
            let codes = ("W-DRIFT-DELIMITER", "E-DRIFT-DELIMITER");
            let drift = Drift::new(codes, self.look.other_delimiter, message, help).at(self.place());
            self.tell(drift);
        }
    }

    /// Columns that are renamed, gone, new or moved.
    fn columns(&mut self) {
        let (now, was) = (&self.look.layout.columns, &self.before.columns);
        if self.look.is_table && self.look.header_row.is_none() {
            return self.width(was.len(), now.len());
        }
        let mapped: BTreeSet<&str> = self.uses.iter().map(|used| used.column).collect();
        let places = by_name(was);
        let mut new: Vec<NewColumn<'_>> = (now.iter().enumerate())
            .filter(|(_, column)| !places.contains_key(column.name.as_str()) && !mapped.contains(column.name.as_str()))
            .map(|(at, column)| NewColumn::new(at, column))
            .collect();
        let mut compared = 0;
        let mut drifts = Vec::new();
        for (used, found) in self.uses.iter().zip(&self.look.found) {
            let Some((at, column)) = places.get(used.column).copied().filter(|_| !found) else {
                continue;
            };
            // A record of a tree may lack a path.
            let rare = column.filled * 5 < self.before.records * 4;
            if !self.look.is_table && (rare || self.before.records < SURE || self.look.layout.records < SURE) {
                continue;
            }
            let heir = heir((at, column), was.len(), &new, now.len(), &mut compared);
            if let Some((n, _)) = heir {
                new.retain(|other| other.at != n);
            }
            drifts.push(self.lost(used, at, heir.map(|(n, why)| (n, &now[n], why))));
        }
        if self.look.is_table {
            for column in new.iter().take(MOST_NEW) {
                drifts.push(self.appeared(column.at, column.column));
            }
            if let Some(more) = new.len().checked_sub(MOST_NEW).filter(|more| *more > 0) {
                let message = format!("{more} more columns are new");
                let help = "`estante supplier check` lists what is not mapped";
                drifts
                    .push(Drift::new(("W-DRIFT-NEW", "E-DRIFT-NEW"), false, message, help.to_owned()).at(self.place()));
            }
            let gone = gone(was, now, &mapped, fold);
            if !gone.is_empty() {
                let message = format!("gone, and not read before: {}", names(&gone));
                drifts.push(Drift::remark("I-DRIFT-GONE", message, "nothing to do").at(self.place()));
            }
            if let Some(moved) = moved(was, now) {
                let message = format!("columns stand in another order: {}", names(&moved));
                let help = "nothing to do: columns are read by their name";
                drifts.push(Drift::remark("I-DRIFT-MOVED", message, help).at(self.place()));
            }
        }
        self.drifts.append(&mut drifts);
    }

    /// A table without a header is read by the place of its columns.
    fn width(&mut self, was: usize, now: usize) {
        if was != now {
            let message = format!("the table without a header had {was} columns and has {now}");
            let help = "its columns are read by their number: check each `column` of supplier.toml";
            let drift = Drift::new(("W-DRIFT-WIDTH", "E-DRIFT-WIDTH"), true, message, help.to_owned()).at(self.place());
            self.tell(drift);
        }
    }

    /// A column that the mapping reads is not there any more.
    fn lost(&self, used: &Use<'_>, at: usize, heir: Option<(usize, &LaidColumn, &'static str)>) -> Drift {
        let fields: Vec<&str> = used.fields.iter().map(String::as_str).collect();
        let (place, name) = (self.place().at_column(used.column), excerpt(used.column));
        let first = fields.first().copied().unwrap_or_default();
        match heir {
            Some((n, heir, why)) => {
                let now = excerpt(&heir.name);
                let there = match n == at {
                    true => String::new(),
                    false => format!(", column {} and not {}", n + 1, at + 1),
                };
                let message = format!(
                    "column `{name}`, read as {}, is now `{now}` by {why}{there}",
                    names(&fields)
                );
                let help = format!(
                    "write `column = {}` in [fields.{}] of supplier.toml",
                    quoted(&heir.name),
                    key(first)
                );
                Drift::new(("W-DRIFT-RENAMED", "E-DRIFT-RENAMED"), !used.optional, message, help).at(place)
            }
            None if used.optional => {
                let message = format!("column `{name}` is gone, so {} says nothing", names(&fields));
                Drift::remark(
                    "I-DRIFT-GONE",
                    message,
                    "nothing to do: its field says `optional = true`",
                )
                .at(place)
            }
            None => {
                let message = format!("column `{name}` is gone, so {} would say nothing", names(&fields));
                let help = format!(
                    "ask the supplier; if it stays away, name another column in [fields.{0}], or say `optional = true` there",
                    key(first)
                );
                Drift::new(("W-DRIFT-MISSING", "E-DRIFT-MISSING"), true, message, help).at(place)
            }
        }
    }

    fn appeared(&self, at: usize, column: &LaidColumn) -> Drift {
        let message = format!("column `{}` is new, and nothing reads it", excerpt(&column.name));
        let help = format!(
            "map it in supplier.toml (`column = {}`), or leave it",
            quoted(&column.name)
        );
        let mut drift = Drift::new(("W-DRIFT-NEW", "E-DRIFT-NEW"), false, message, help)
            .at(self.place().at_column(column.name.as_str()));
        drift.finding.value = self
            .look
            .columns
            .get(at)
            .and_then(|column| column.samples.first())
            .map(|text| excerpt(text));
        drift
    }

    /// Numbers with another decimal mark than before, and texts where the format itself said that they are numbers.
    fn numbers(&mut self) {
        let amounts: BTreeSet<&str> = (self.uses.iter())
            .filter(|used| used.amount.is_some())
            .map(|used| used.column)
            .collect();
        let was = by_name(&self.before.columns);
        let now = self.look.layout.columns.iter().zip(&self.look.columns);
        let texts: Vec<&str> = now
            .filter(|(column, _)| amounts.contains(column.name.as_str()) && !column.typed && column.shape == "number")
            .filter(|(_, seen)| seen.numbers == 0 && seen.samples.iter().any(|text| text.contains(['.', ','])))
            .map(|(column, _)| column.name.as_str())
            .filter(|name| was.get(name).is_some_and(|(_, before)| before.typed))
            .collect();
        if !texts.is_empty() {
            let message = format!("numbers of {} were numbers and are texts", names(&texts));
            let help = "look whether `numbers` in supplier.toml is how they are written: a text has no decimal mark of its own";
            let codes = ("W-DRIFT-NUMBERS", "E-DRIFT-NUMBERS");
            let drift = Drift::new(codes, false, message, help.to_owned()).at(self.place());
            self.drifts.push(drift);
        }
        let mut changed: Vec<(&str, &str, &str)> = Vec::new();
        let columns = self.look.layout.columns.iter();
        for column in columns.filter(|column| amounts.contains(column.name.as_str())) {
            let before = was.get(column.name.as_str()).map(|(_, before)| before);
            if let (Some(is), Some(was)) = (&column.numbers, before.and_then(|before| before.numbers.as_ref()))
                && decimal_mark(is) != decimal_mark(was)
            {
                changed.push((&column.name, was, is));
            }
        }
        let Some((name, was, is)) = changed.first().copied() else {
            return;
        };
        let all: Vec<&str> = changed.iter().map(|(name, ..)| *name).collect();
        let declared = self
            .uses
            .iter()
            .any(|used| used.column == name && used.amount.flatten().is_some());
        let message = format!("numbers of {} were written {was} and are written {is}", names(&all));
        let help = match declared {
            true => format!(
                "correct `numbers` in supplier.toml to {}: the new numbers would be refused or misread",
                quoted(is)
            ),
            false => format!("write `numbers = {}` under [read] of supplier.toml", quoted(is)),
        };
        let drift = Drift::new(("W-DRIFT-NUMBERS", "E-DRIFT-NUMBERS"), false, message, help).at(self.place());
        self.tell(drift);
    }
}

/// Columns with their places, by name; of several of one name the first.
fn by_name(columns: &[LaidColumn]) -> BTreeMap<&str, (usize, &LaidColumn)> {
    let placed = columns.iter().enumerate().rev();
    placed
        .map(|(at, column)| (column.name.as_str(), (at, column)))
        .collect()
}

/// The columns that nothing reads and that are not there any more, not even under another spelling. Each name is made plain for
/// comparing once.
fn gone<'n>(
    was: &'n [LaidColumn],
    now: &[LaidColumn],
    mapped: &BTreeSet<&str>,
    mut plain: impl FnMut(&str) -> String,
) -> Vec<&'n str> {
    let there: BTreeSet<String> = now.iter().map(|column| plain(&column.name)).collect();
    was.iter()
        .map(|column| column.name.as_str())
        .filter(|name| !mapped.contains(name) && !there.contains(&plain(name)))
        .collect()
}

/// A column that was not there before.
struct NewColumn<'l> {
    at: usize,
    column: &'l LaidColumn,
    folded: String,
}

impl NewColumn<'_> {
    fn new(at: usize, column: &LaidColumn) -> NewColumn<'_> {
        NewColumn {
            at,
            column,
            folded: fold(&column.name),
        }
    }
}

/// The new column that most likely is the old one at a place under another name, and by what. `width` and `now` are the numbers
/// of columns before and now; `compared` counts names whose spelling was compared.
fn heir(
    (at, old): (usize, &LaidColumn),
    width: usize,
    new: &[NewColumn<'_>],
    now: usize,
    compared: &mut usize,
) -> Option<(usize, &'static str)> {
    let same_shape = |new: &NewColumn<'_>| new.column.shape == old.shape && old.shape != "blank";
    // Counted from the front or from the end, since other columns come and go.
    let same_place = |new: &NewColumn<'_>| new.at == at || now.checked_sub(new.at) == width.checked_sub(at);
    let folded = fold(&old.name);
    let mut is_near = |new: &NewColumn<'_>| {
        if new.folded == folded {
            return true;
        }
        if *compared >= MOST_COMPARED {
            return false;
        }
        *compared += 1;
        let candidate = || std::iter::once(new.column.name.as_str());
        nearest(&old.name, candidate()).is_some() || text::nearest(&old.name, candidate()).is_some()
    };
    // Spelling costs most, so it is looked at last.
    let near = new
        .iter()
        .find(|new| (same_place(new) || same_shape(new)) && is_near(new));
    if let Some(new) = near {
        let why = match (same_place(new), same_shape(new)) {
            (true, true) => "its name, place and values",
            (true, false) => "its name and place",
            _ => "its name and values",
        };
        return Some((new.at, why));
    }
    let stands_there = new.iter().find(|new| same_place(new) && same_shape(new));
    stands_there.map(|new| (new.at, "its place and values"))
}

/// The columns whose place among those that both have is another.
fn moved<'n>(was: &[LaidColumn], now: &'n [LaidColumn]) -> Option<Vec<&'n str>> {
    let before: Vec<&str> = was.iter().map(|column| column.name.as_str()).collect();
    let after: Vec<&str> = now.iter().map(|column| column.name.as_str()).collect();
    let (in_before, in_after): (BTreeSet<&str>, BTreeSet<&str>) =
        (before.iter().copied().collect(), after.iter().copied().collect());
    let old = before.into_iter().filter(|name| in_after.contains(name));
    let new = after.into_iter().filter(|name| in_before.contains(name));
    let moved: Vec<&str> = old
        .zip(new)
        .filter(|(old, new)| old != new)
        .map(|(_, new)| new)
        .collect();
    (!moved.is_empty()).then_some(moved)
}

fn decimal_mark(notation: &str) -> Option<char> {
    notation.chars().rev().find(|c| !c.is_ascii_digit())
}

/// Names in a row, the first of them.
fn names(all: &[&str]) -> String {
    let shown: Vec<String> = all
        .iter()
        .take(MOST_NAMES)
        .map(|name| format!("`{}`", excerpt(name)))
        .collect();
    match all.len().checked_sub(MOST_NAMES).filter(|more| *more > 0) {
        Some(more) => format!("{} and {more} more", shown.join(", ")),
        None => shown.join(", "),
    }
}

/// A text as TOML writes it.
pub fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

/// A key as TOML writes it.
pub fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    match !name.is_empty() && name.chars().all(bare) {
        true => name.to_owned(),
        false => quoted(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn columns(names: impl Iterator<Item = String>, shape: &str) -> Vec<LaidColumn> {
        let column = |name| LaidColumn {
            name,
            shape: shape.to_owned(),
            ..LaidColumn::default()
        };
        names.map(column).collect()
    }

    #[test]
    fn a_name_is_made_plain_once_however_wide_the_file_is() {
        let was = columns((0..300).map(|n| format!("Old {n}")).chain(["Nota".into()]), "text");
        let now = columns((0..300).map(|n| format!("New {n}")).chain(["NOTA".into()]), "text");
        let mut made = 0;
        let gone = gone(&was, &now, &BTreeSet::from(["Old 7"]), |name| {
            made += 1;
            fold(name)
        });
        assert_eq!(gone.len(), 299, "all but the mapped one and the one spelled otherwise");
        assert!(made <= was.len() + now.len(), "{made}");
    }

    #[test]
    fn spelling_is_compared_where_place_or_values_agree_and_not_without_end() {
        let old = &columns(["Precio".to_owned()].into_iter(), "number")[0];
        let texts = columns((0..100).map(|n| format!("Text {n}")), "text");
        let others: Vec<NewColumn<'_>> = texts.iter().enumerate().map(|(at, c)| NewColumn::new(at, c)).collect();
        let mut compared = 0;
        assert_eq!(heir((150, old), 151, &others, 400, &mut compared), None);
        assert_eq!(compared, 0, "neither place nor values agree");
        let numbers = columns((0..100).map(|n| format!("{n}")).chain(["Precios".into()]), "number");
        let likely: Vec<NewColumn<'_>> = numbers
            .iter()
            .enumerate()
            .map(|(at, c)| NewColumn::new(at, c))
            .collect();
        let found = heir((150, old), 151, &likely, 400, &mut compared);
        assert_eq!(found, Some((100, "its name and values")));
        assert_eq!(compared, 101);
        compared = MOST_COMPARED;
        assert_eq!(heir((150, old), 151, &likely, 400, &mut compared), None);
        assert_eq!(compared, MOST_COMPARED);
    }
}
