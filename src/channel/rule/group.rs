//! Rules about the listings of one group and the rows they make: variants differ, rows stand in order.

use crate::channel::pack::check::Check;
use crate::channel::row::Row;
use crate::channel::rule::compiler::{Compiler, ELSEWHERE, Skip};
use crate::channel::rule::fault::Fault;
use crate::channel::rule::finding::{content, each, filled, first};
use crate::channel::rule::quantity::leading_number;
use crate::product::listing::{Content, Listing};
use rust_decimal::Decimal;
use std::collections::BTreeSet;
use xxhash_rust::xxh3::Xxh3;

/// Takes a finding: the place of the listing in its group, the fault, the field, the value.
pub type Note<'a> = &'a mut dyn FnMut(usize, Fault, Option<u16>, Option<&str>);

/// A rule about one group.
#[derive(Debug, Clone)]
pub enum GroupTest {
    /// No value twice among the rows.
    Unique { field: u16 },
    /// The variants differ and fill the same fields.
    Distinct { group: u16, fields: Vec<u16> },
    /// A group has so many members.
    Size { field: u16, least: usize },
    /// A row that is named comes first.
    ParentFirst { field: u16, key: u16, inverse: bool },
    /// Filled on the first row alone.
    FirstRow { field: u16 },
    /// A range holds all prices.
    Encloses { field: u16, price: u16 },
    /// Parents and children have their shape.
    Family {
        field: u16,
        parent: Vec<String>,
        child: Vec<String>,
        parent_empty: Vec<u16>,
        child_required: Vec<u16>,
    },
}

impl GroupTest {
    /// Compiles a check of this topic.
    pub fn compile(check: &Check, compiler: &mut Compiler<'_>) -> Result<GroupTest, Skip> {
        Ok(match check {
            Check::UniqueWithinGroup { field, group } => {
                compiler.group(group);
                GroupTest::Unique {
                    field: compiler.field(field),
                }
            }
            Check::DistinctWithinGroup { group, fields } => {
                let group = compiler.group(group);
                GroupTest::Distinct {
                    group,
                    fields: compiler.fields(fields),
                }
            }
            Check::GroupSizeMin { field, value } => GroupTest::Size {
                field: compiler.group(field),
                least: *value as usize,
            },
            Check::ParentBeforeChild { field, key, inverse } => {
                let field = compiler.field(field);
                let key = match key {
                    Some(name) => compiler.field(name),
                    None => match compiler.pack().key.first() {
                        Some(key) => *key,
                        None => {
                            compiler.fault("knows no field that names a row".to_string(), "name it with `key`");
                            return Err(ELSEWHERE);
                        }
                    },
                };
                GroupTest::ParentFirst {
                    field,
                    key,
                    inverse: *inverse,
                }
            }
            Check::FirstRowOfGroup { field, group } => {
                compiler.group(group);
                GroupTest::FirstRow {
                    field: compiler.field(field),
                }
            }
            Check::RangeEncloses { field, price } => GroupTest::Encloses {
                field: compiler.field(field),
                price: compiler.field(price),
            },
            Check::VariationFamily {
                field,
                parent,
                child,
                parent_empty,
                child_required,
            } => {
                let field = compiler.field(field);
                if parent.is_empty() && child.is_empty() {
                    return Err(Skip::Unchecked("its text says the shape, a person checks it"));
                }
                GroupTest::Family {
                    field,
                    parent: parent.clone(),
                    child: child.clone(),
                    parent_empty: compiler.fields(parent_empty),
                    child_required: compiler.fields(child_required),
                }
            }
            _ => return Err(ELSEWHERE),
        })
    }

    /// Does the rule look at rows; the others look at listings alone.
    pub fn looks_at_rows(&self) -> bool {
        matches!(
            self,
            GroupTest::Unique { .. } | GroupTest::ParentFirst { .. } | GroupTest::FirstRow { .. }
        )
    }

    /// Runs the rule on the listings of one group, and on the rows they make.
    pub fn run(&self, listings: &[&Listing], rows: &[Row<'_>], note: Note<'_>) {
        match self {
            GroupTest::Unique { field } => {
                let mut seen = BTreeSet::new();
                for row in rows {
                    let text = row.text(*field);
                    if !text.is_empty() && !seen.insert(text.clone()) {
                        note(row.of, Fault::Duplicate, Some(*field), Some(&text));
                    }
                }
            }
            GroupTest::Distinct { group, fields } => distinct(listings, *group, fields, note),
            GroupTest::Size { field, least } => {
                if listings.len() < *least {
                    for (of, listing) in listings.iter().enumerate() {
                        if filled(listing, *field) {
                            note(of, Fault::GroupTooSmall, Some(*field), Some(first(listing, *field)));
                        }
                    }
                }
            }
            GroupTest::ParentFirst { field, key, inverse } => parent_first(rows, *field, *key, *inverse, note),
            GroupTest::FirstRow { field } => {
                for (place, row) in rows.iter().enumerate() {
                    match (place, row.text(*field)) {
                        (0, text) if text.is_empty() => note(row.of, Fault::FirstRowEmpty, Some(*field), None),
                        (1.., text) if !text.is_empty() => {
                            note(row.of, Fault::LaterRowFilled, Some(*field), Some(&text))
                        }
                        _ => {}
                    }
                }
            }
            GroupTest::Encloses { field, price } => {
                for (of, listing) in listings.iter().enumerate() {
                    let Some((least, greatest)) = limits(content(listing, *field)) else {
                        continue;
                    };
                    let outside = |member: &&&Listing| {
                        leading_number(first(member, *price)).is_some_and(|p| p < least || p > greatest)
                    };
                    if let Some(member) = listings.iter().find(outside) {
                        note(of, Fault::RangeTooNarrow, Some(*field), Some(first(member, *price)));
                    }
                }
            }
            GroupTest::Family {
                field,
                parent,
                child,
                parent_empty,
                child_required,
            } => {
                let (mut parents, mut child_at) = (0, None);
                for (of, listing) in listings.iter().enumerate() {
                    let word = first(listing, *field);
                    if parent.iter().any(|own| own == word) {
                        parents += 1;
                        if parents > 1 {
                            note(of, Fault::SeveralParents, Some(*field), Some(word));
                        }
                        for other in parent_empty.iter().filter(|other| filled(listing, **other)) {
                            note(of, Fault::ParentFilled, Some(*other), Some(first(listing, *other)));
                        }
                    } else if child.iter().any(|own| own == word) {
                        child_at.get_or_insert(of);
                        for other in child_required.iter().filter(|other| !filled(listing, **other)) {
                            note(of, Fault::ChildEmpty, Some(*other), None);
                        }
                    }
                }
                if let (0, Some(of)) = (parents, child_at) {
                    note(of, Fault::NoParent, Some(*field), None);
                }
            }
        }
    }
}

fn distinct(listings: &[&Listing], group: u16, fields: &[u16], note: Note<'_>) {
    if listings.len() < 2 || listings.iter().any(|listing| !filled(listing, group)) {
        return;
    }
    for field in fields {
        let holders = listings.iter().filter(|listing| filled(listing, *field)).count();
        if holders > 0 && holders < listings.len() {
            for (of, listing) in listings.iter().enumerate() {
                if !filled(listing, *field) {
                    note(of, Fault::AxisMissing, Some(*field), None);
                }
            }
        }
    }
    let mut hashes: Vec<(u64, usize)> = Vec::with_capacity(listings.len());
    for (of, listing) in listings.iter().enumerate() {
        let mut hasher = Xxh3::new();
        for field in fields {
            each(content(listing, *field), |text| {
                hasher.update(text.as_bytes());
                hasher.update(&[0]);
            });
            hasher.update(&[1]);
        }
        hashes.push((hasher.digest(), of));
    }
    // The first of equal variants may leave; sorting keeps a group of thousands from costing millions of comparisons.
    hashes.sort_unstable();
    let mut again: Vec<usize> = hashes
        .windows(2)
        .filter(|pair| pair[0].0 == pair[1].0)
        .map(|pair| pair[1].1)
        .collect();
    again.sort_unstable();
    for of in again {
        let text = fields
            .iter()
            .map(|field| first(listings[of], *field))
            .filter(|text| !text.is_empty());
        note(
            of,
            Fault::NotDistinct,
            Some(group),
            Some(&text.collect::<Vec<_>>().join(", ")),
        );
    }
}

fn parent_first(rows: &[Row<'_>], field: u16, key: u16, inverse: bool, note: Note<'_>) {
    let mut seen = BTreeSet::new();
    for row in rows {
        let named = row.text(field);
        if inverse {
            // `sku=A-1,color=red|sku=A-2,color=blue`, or a list of keys.
            let entries = named.split(['|', ',']).map(str::trim);
            let keyed = named.contains('=');
            let children = entries.filter_map(|entry| if keyed { entry.strip_prefix("sku=") } else { Some(entry) });
            for child in children.filter(|child| !child.is_empty()) {
                if !seen.contains(child) {
                    note(row.of, Fault::ParentAfterChild, Some(field), Some(child));
                }
            }
        } else if !named.is_empty() && !seen.contains(named.as_ref()) {
            note(row.of, Fault::ParentAfterChild, Some(field), Some(&named));
        }
        let key = row.text(key);
        if !key.is_empty() {
            seen.insert(key.into_owned());
        }
    }
}

/// Least and greatest of a range: `10 - 20`, two values, or two parts.
fn limits(content: &Content) -> Option<(Decimal, Decimal)> {
    let mut numbers = Vec::with_capacity(2);
    each(content, |text| match text.split_once(" - ") {
        Some((least, greatest)) => numbers.extend([leading_number(least), leading_number(greatest)]),
        None => numbers.push(leading_number(text)),
    });
    match numbers.as_slice() {
        [Some(least), Some(greatest)] => Some((*least, *greatest)),
        _ => None,
    }
}
