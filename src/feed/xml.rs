//! XML feeds: every element at the record's path is a record, whose values are found by path.
//!
//! One record at a time is held as a small tree. The document must be well formed up to its last tag, or the whole file is
//! refused. BMEcat is read here as well; what it adds stands in `bmecat`.

use crate::diagnostic::{Diagnostic, Place, excerpt};
use crate::feed::bmecat::Catalogue;
use crate::feed::bmecat_field::Field;
use crate::feed::bmecat_groups::{Groups, SMALLER};
use crate::feed::bmecat_prices::Found;
use crate::feed::bmecat_systems::Section;
use crate::feed::bmecat_variants::{Apart, MOST, Variant};
use crate::feed::decode::Stream;
use crate::feed::failure::{FeedError, Refusal};
use crate::feed::icecat::{self, Feature};
use crate::feed::items::{MOST_BYTES, around, fits, too_many_items, without_items};
use crate::feed::path::Path;
use crate::feed::report::{FileReport, Transaction};
use crate::feed::settings::Format;
use crate::feed::text::{has_control, is_control};
use crate::feed::tree::{ELEMENTS, Element, Tree};
use crate::feed::xml_events::{Event, Events, local};
use crate::feed::xml_rule::{Rule, find_record};
use crate::product::record::{Cell, Records};
use std::sync::Arc;

/// An XML feed that is being read.
pub struct Xml {
    events: Events,
    tree: Tree,
    picks: Vec<Pick>,
    /// The items inside of each record, where they are not the records themselves.
    items: Option<Path>,
    /// Records without an item.
    without: u64,
    found: Vec<bool>,
    seen: Vec<bool>,
    rule: Rule,
    /// Local names of the elements that are open around the record.
    around: Vec<String>,
    inside: Inside,
    catalogue: Option<Catalogue>,
    shown: Arc<str>,
    file: u32,
    encoding: &'static str,
    rows: u64,
    /// Where the first record begins.
    first: Option<u64>,
    done: bool,
    diagnostics: Vec<Diagnostic>,
    transaction: Option<Transaction>,
    /// The record at hand says that its product is no longer sold.
    removes: bool,
}

/// How a wanted field is found.
enum Pick {
    Path(Path),
    /// Of the record around an item.
    Around(Path),
    Catalogue(Field),
}

/// What is being collected.
enum Inside {
    Nothing,
    /// A record that began at this line, and what is wrong with it.
    Record(u64, Option<Diagnostic>),
    /// The header of a BMEcat file.
    Header,
    /// A part of a feature or classification system of a BMEcat file.
    System(Section),
}

impl Xml {
    /// Opens a document that is UTF-8 by now; `encoding` is what it was. `record` is the path of the records; none where it is
    /// to be found. `groups`: what [`Groups::read`] found, of BMEcat files whose groups are wanted.
    pub fn open(
        stream: Stream,
        encoding: &'static str,
        file: u32,
        format: Format,
        (record, items): (Option<&str>, Option<&str>),
        wanted: &[String],
        groups: Option<Groups>,
    ) -> Result<Xml, FeedError> {
        let shown = stream.shown.clone();
        let rule = match (format, record.map(str::trim).filter(|path| !path.is_empty())) {
            (Format::Bmecat, None) => Rule::Articles,
            (_, Some(path)) => Rule::of(path),
            (_, None) => match find_record(stream.head()) {
                Some(path) => Rule::of(&path),
                None => {
                    // The document may be broken before any record is whole.
                    let mut events = Events::new(stream);
                    loop {
                        match events.read()? {
                            Event::Unresolved(name) => return Err(events.entity(&name)),
                            Event::End => break,
                            _ => {}
                        }
                    }
                    let message = "no element repeats in the file that could be a record";
                    let help = "write the path of the records as `record` under [file], such as `/catalog/product`";
                    return Err(Refusal::new("E-RECORD-PATH", &shown, message, help).into());
                }
            },
        };
        let mut tree = Tree::default();
        let fault = |field: &str, reason: String| {
            let message = format!("\"{}\" is no path: {reason}", excerpt(field));
            let help = "write a path such as `A/B`, `@attr`, `A/@attr` or `A[B=value]/C`, relative to the record";
            FeedError::from(Refusal::new("E-FIELD-PATH", &shown, message, help))
        };
        let mut picks = Vec::with_capacity(wanted.len());
        let items = items.map(|path| Path::read(path, &mut tree).map_err(|reason| fault(path, reason)));
        let items = items.transpose()?;
        for field in wanted {
            if let Some(outside) = around(field).filter(|_| items.is_some()) {
                let path = Path::read(outside, &mut tree).map_err(|reason| fault(field, reason))?;
                picks.push(Pick::Around(path));
                continue;
            }
            let known = Field::of(field).filter(|_| format == Format::Bmecat);
            picks.push(match known {
                Some(field) => Pick::Catalogue(field),
                None => {
                    let path = match icecat::feature(field, true).filter(|_| rule.is_below(icecat::ROOT)) {
                        Some(Feature {
                            list,
                            inside,
                            name,
                            end,
                        }) => Path::holding(list, inside, name, end, &mut tree),
                        None => Path::read(field, &mut tree),
                    };
                    Pick::Path(path.map_err(|reason| fault(field, reason))?)
                }
            });
        }
        let catalogue = if format == Format::Bmecat {
            let fields = picks.iter().filter_map(|pick| match pick {
                Pick::Catalogue(field) => Some(field),
                Pick::Path(_) | Pick::Around(_) => None,
            });
            let catalogue = Catalogue::new(&mut tree, fields, groups.unwrap_or_default());
            Some(catalogue.map_err(|reason| fault("header:…", reason))?)
        } else {
            None
        };
        Ok(Xml {
            events: Events::new(stream),
            tree,
            picks,
            items,
            without: 0,
            found: vec![true; wanted.len()],
            seen: vec![false; wanted.len()],
            rule,
            around: Vec::new(),
            inside: Inside::Nothing,
            catalogue,
            shown,
            file,
            encoding,
            rows: 0,
            first: None,
            done: false,
            diagnostics: Vec::new(),
            transaction: None,
            removes: false,
        })
    }

    /// All of them until the end is read; then those that had a value anywhere.
    pub fn found(&self) -> &[bool] {
        &self.found
    }

    pub fn is_bmecat(&self) -> bool {
        self.catalogue.is_some()
    }

    /// The name of a feature that a BMEcat file names by number, where a system in it says so.
    pub fn feature_name(&self, number: &str) -> Option<&str> {
        self.catalogue.as_ref()?.systems.feature(number)
    }

    /// Path of the records; none of BMEcat files, where the standard says it.
    pub fn record_path(&self) -> Option<String> {
        self.rule.path()
    }

    /// Bytes of the content before the first record, once one has been read.
    pub fn first(&self) -> Option<u64> {
        self.first
    }

    /// Reads the next records; `false` when none are left.
    pub fn next(&mut self, batch: &mut Records) -> Result<bool, FeedError> {
        batch.clear();
        batch.file = self.file;
        batch.before = self.rows;
        while !batch.is_full() && !self.done {
            self.step(batch)?;
        }
        if self.done && self.rows > 0 {
            self.found.clone_from(&self.seen);
        }
        Ok(!batch.is_empty())
    }

    pub fn finish(mut self) -> FileReport {
        let findings = self.catalogue.iter().flat_map(Catalogue::findings);
        let findings = findings.map(|finding| finding.at(Place::file(self.shown.clone())));
        self.diagnostics.extend(findings);
        self.diagnostics.extend(without_items(self.without, &self.shown));
        FileReport {
            path: self.shown,
            format: if self.catalogue.is_some() {
                Format::Bmecat.name()
            } else {
                Format::Xml.name()
            },
            encoding: self.encoding.to_string(),
            delimiter: None,
            header_row: None,
            rows: self.rows,
            bytes: self.events.offset(),
            // What is cut off is refused: the elements that never close tell.
            ends_with_newline: true,
            diagnostics: self.diagnostics,
            transaction: self.transaction,
        }
    }

    /// Takes the next event.
    fn step(&mut self, batch: &mut Records) -> Result<(), FeedError> {
        if matches!(self.inside, Inside::Nothing) {
            self.events.forget();
        }
        let is_bmecat = self.catalogue.is_some();
        let begins = self.events.offset();
        let (mut unresolved, mut broken, mut ends) = (None, false, false);
        match self.events.read()? {
            Event::Open(tag) => {
                if matches!(self.inside, Inside::Nothing) {
                    let name = tag.local();
                    if self.rule.is_record(&self.around, name) {
                        self.inside = Inside::Record(0, None);
                        self.first.get_or_insert(begins);
                        self.removes = false;
                        if self.transaction.is_some_and(|transaction| transaction.is_update) {
                            let removes = &mut self.removes;
                            let read = tag.attributes(|key, value| {
                                *removes |= local(key) == "mode" && value.trim().eq_ignore_ascii_case("delete");
                            });
                            broken = read == Err(None);
                        }
                    } else if is_bmecat && name == "HEADER" && self.around.len() == 1 {
                        self.inside = Inside::Header;
                    } else if let Some(section) = Section::of(name).filter(|_| is_bmecat && self.around.len() > 1) {
                        self.inside = Inside::System(section);
                    } else {
                        if let Some(transaction) =
                            name.strip_prefix("T_").filter(|_| is_bmecat && self.around.len() == 1)
                        {
                            let mut previous = String::new();
                            let mut number = None;
                            let read = tag.attributes(|key, value| {
                                if local(key) == "prev_version" {
                                    previous = format!(" after version {}", excerpt(value));
                                    number = value.trim().parse().ok();
                                }
                            });
                            broken = read.is_err();
                            self.transaction = Some(Transaction {
                                is_update: transaction != "NEW_CATALOG",
                                previous: number,
                            });
                            let message = format!("the transaction is T_{}{previous}", excerpt(transaction));
                            let diagnostic = Diagnostic::info("I-BMECAT-TRANSACTION", message);
                            self.diagnostics.push(diagnostic.at(Place::file(self.shown.clone())));
                        }
                        self.around.push(name.to_string());
                    }
                    self.tree.clear();
                }
                if !matches!(self.inside, Inside::Nothing) {
                    self.tree.open(tag.name());
                    if self.tree.wants_attributes {
                        let tree = &mut self.tree;
                        match tag.attributes(|name, value| tree.attribute(name, value)) {
                            Ok(()) => {}
                            Err(Some(name)) => unresolved = Some(name),
                            Err(None) => broken = true,
                        }
                    }
                }
            }
            Event::Text(text) => {
                if !matches!(self.inside, Inside::Nothing) {
                    self.tree.text(&text);
                }
            }
            Event::Unresolved(name) => unresolved = Some(name),
            Event::Close => match self.inside {
                Inside::Nothing => {
                    self.around.pop();
                }
                _ => ends = self.tree.close(),
            },
            Event::Other => {}
            Event::End => self.done = true,
        }
        if broken {
            return Err(self.events.broken_tag());
        }
        if let Inside::Record(line @ 0, _) = &mut self.inside {
            *line = self.events.line();
        }
        if let Some(name) = unresolved {
            match &mut self.inside {
                Inside::Record(_, fault) if !self.events.is_declared(&name) => {
                    let message = format!(
                        "the record refers to the entity \"{}\", which XML does not know",
                        excerpt(&name)
                    );
                    let help = "ask for plain characters, or write the character by its number (`&#160;`)";
                    let place = Place::line(self.shown.clone(), self.events.line());
                    fault.get_or_insert(Diagnostic::error("E-ROW-ENTITY", message).at(place).with_help(help));
                }
                _ => return Err(self.events.entity(&name)),
            }
        }
        if self.tree.len() > ELEMENTS {
            let message = format!("a single record has more than {ELEMENTS} elements");
            let help = "`record` under [file] names an element that holds the products";
            return Err(self.events.refuse("E-RECORD-SIZE", &message, help));
        }
        if ends {
            match std::mem::replace(&mut self.inside, Inside::Nothing) {
                Inside::Record(line, fault) => self.emit(batch, line, fault),
                Inside::Header => {
                    if let Some(catalogue) = &mut self.catalogue {
                        catalogue.read_header(&mut self.tree);
                    }
                }
                Inside::System(section) => {
                    if let Some(catalogue) = &mut self.catalogue
                        && let Err(message) = catalogue.read_system(&self.tree, section)
                    {
                        return Err(self.events.refuse("E-BMECAT-LIMIT", &message, SMALLER));
                    }
                }
                Inside::Nothing => {}
            }
        }
        Ok(())
    }

    /// Adds the record in the tree to the batch; of an article that stands for several, each.
    fn emit(&mut self, batch: &mut Records, line: u64, mut fault: Option<Diagnostic>) {
        for text in [self.tree.all_text(), self.tree.all_values()] {
            if has_control(text.as_bytes()) && fault.is_none() {
                let control = text.bytes().find(|byte| is_control(*byte)).unwrap_or(0);
                let message = format!("the record holds the control character U+{control:04X}");
                let place = Place::line(self.shown.clone(), line);
                let help = "remove the character from the text";
                fault = Some(Diagnostic::error("E-ROW-CONTROL", message).at(place).with_help(help));
            }
        }
        let apart = match &mut self.catalogue {
            Some(catalogue) => catalogue.look_at(&self.tree),
            None => Apart::One,
        };
        let variants = match apart {
            Apart::One | Apart::Unnamed => Vec::new(),
            Apart::Several(variants) => variants,
            Apart::TooMany => {
                fault.get_or_insert(self.too_many_variants(line));
                Vec::new()
            }
            Apart::Alike(supplement) => {
                let message = format!(
                    "two variants of the article have the supplement \"{}\"",
                    excerpt(&supplement)
                );
                fault.get_or_insert(self.variants_fault(line, message));
                Vec::new()
            }
        };
        if let Some(items) = self.items.as_ref().map(|items| items.elements(&self.tree)) {
            self.emit_items(batch, line, &items, fault);
            return;
        }
        let (mark, rows) = (batch.mark(), self.rows);
        batch.begin(line, self.events.kept());
        self.rows += 1;
        if variants.is_empty() {
            self.fill(batch, &fault);
            return;
        }
        let is_one_of_several = variants.len() > 1;
        for (n, Variant { supplement, others }) in variants.iter().enumerate() {
            if n > 0 {
                batch.begin_same(line);
                self.rows += 1;
            }
            if let Some(catalogue) = &mut self.catalogue {
                catalogue.turn_into(&mut self.tree, supplement, others, is_one_of_several);
            }
            self.fill(batch, &fault);
            // Each says all that the article says: a long one with many variants swells.
            if is_one_of_several && batch.since(mark) > MOST_BYTES {
                batch.back_to(mark);
                batch.begin(line, self.events.kept());
                batch.refuse(self.too_many_variants(line));
                self.rows = rows + 1;
                if let Some(catalogue) = &mut self.catalogue {
                    catalogue.forget_variants(variants.len());
                }
                return;
            }
        }
    }

    /// Adds the items inside of the record in the tree; each has what the record around says.
    fn emit_items(&mut self, batch: &mut Records, line: u64, items: &[Element], fault: Option<Diagnostic>) {
        let (mut cells, mut bytes) = (0, 0);
        for pick in &self.picks {
            if let Pick::Around(path) = pick {
                path.follow(&self.tree, 0, &mut |value| {
                    cells += 1;
                    bytes += value.len();
                });
            }
        }
        let fault = fault.or_else(|| (!fits(items.len(), cells, bytes)).then(|| too_many_items(&self.shown, line)));
        if let Some(fault) = fault {
            // Nothing is known of a record that is refused, so that it is one.
            batch.begin(line, self.events.kept());
            batch.refuse(fault);
            self.rows += 1;
            return;
        }
        self.without += u64::from(items.is_empty());
        let first = batch.len();
        let mut cells = Vec::new();
        for (n, item) in items.iter().enumerate() {
            match n {
                0 => batch.begin(line, self.events.kept()),
                _ => batch.begin_same(line),
            }
            self.rows += 1;
            for (cell, (pick, seen)) in self.picks.iter().zip(&mut self.seen).enumerate() {
                cells.clear();
                match pick {
                    // What the record around says is held once.
                    Pick::Around(_) if n > 0 => {
                        batch.push_same(first, cell);
                        continue;
                    }
                    Pick::Around(path) => path.follow(&self.tree, 0, &mut |value| cells.push(Cell::Text(value))),
                    Pick::Path(path) => path.follow(&self.tree, *item, &mut |value| cells.push(Cell::Text(value))),
                    // A BMEcat catalogue has no items inside of its articles: `items` is refused when it is opened.
                    Pick::Catalogue(_) => {}
                }
                *seen |= !cells.is_empty();
                batch.push_list(&cells);
            }
        }
    }

    fn too_many_variants(&self, line: u64) -> Diagnostic {
        let message = format!("the article stands for more than {MOST} others by VARIANTS, or is too large for them");
        self.variants_fault(line, message)
    }

    fn variants_fault(&self, line: u64, message: String) -> Diagnostic {
        Diagnostic::error("E-BMECAT-VARIANTS", message)
            .at(Place::line(self.shown.clone(), line))
            .with_help("ask the supplier for one article each")
    }

    /// Gives the record begun last its cells.
    fn fill(&mut self, batch: &mut Records, fault: &Option<Diagnostic>) {
        let mut cells = Vec::new();
        for (pick, seen) in self.picks.iter().zip(&mut self.seen) {
            match (pick, &mut self.catalogue) {
                (Pick::Path(path) | Pick::Around(path), _) => {
                    cells.clear();
                    path.follow(&self.tree, 0, &mut |value| cells.push(Cell::Text(value)));
                    *seen |= !cells.is_empty();
                    batch.push_list(&cells);
                }
                (Pick::Catalogue(field), Some(catalogue)) => {
                    let values = catalogue.find(&self.tree, field);
                    let cells = values.iter().map(|found| match found {
                        Found::Text(text) => Cell::Text(text),
                        Found::Number(text) => Cell::Number(text),
                        Found::Error(text) => Cell::Error(text),
                    });
                    *seen |= !values.is_empty();
                    batch.push_list(&cells.collect::<Vec<_>>());
                }
                (Pick::Catalogue(_), None) => batch.push_absent(),
            }
        }
        if self.removes {
            batch.say_removed();
        }
        if let Some(fault) = fault {
            batch.refuse(fault.clone());
        }
    }
}

#[cfg(test)]
mod tests;
