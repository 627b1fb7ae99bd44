//! Which elements of an XML document are its records: those at a path, or the articles of a BMEcat catalogue.
//!
//! Where no path is said, the element that repeats is looked for in the beginning of the document.

use crate::feed::icecat;
use crate::feed::xml_events::{DEPTH, local};
use quick_xml::events::Event;
use std::cmp::Reverse;
use std::collections::BTreeMap;

/// Which elements are records.
pub enum Rule {
    Path {
        absolute: bool,
        names: Vec<String>,
    },
    /// ARTICLE and PRODUCT of the transaction of a BMEcat file.
    Articles,
}

impl Rule {
    /// That of a path.
    pub fn of(path: &str) -> Rule {
        let absolute = path.starts_with('/') && !path.starts_with("//");
        let names = path
            .split('/')
            .filter(|name| !name.is_empty())
            .map(|name| local(name.trim()).to_string());
        Rule::Path {
            absolute,
            names: names.collect(),
        }
    }

    /// Path of the records; none of BMEcat files, where the standard says it.
    pub fn path(&self) -> Option<String> {
        match self {
            Rule::Articles => None,
            Rule::Path { absolute, names } => Some(format!("{}{}", if *absolute { "/" } else { "" }, names.join("/"))),
        }
    }

    /// Whether the records stand below this root.
    pub fn is_below(&self, root: &str) -> bool {
        matches!(self, Rule::Path { names, .. } if names.first().is_some_and(|name| name == root))
    }

    /// Whether an element of this local name is a record; `around` are those that are open around it.
    pub fn is_record(&self, around: &[String], name: &str) -> bool {
        match self {
            Rule::Articles => {
                matches!(name, "ARTICLE" | "PRODUCT") && around.last().is_some_and(|parent| parent.starts_with("T_"))
            }
            Rule::Path { absolute, names } => {
                let Some((last, parents)) = names.split_last() else {
                    return false;
                };
                last == name && around.ends_with(parents) && (!absolute || around.len() == parents.len())
            }
        }
    }
}

/// Path of the records in a document that begins with `head`: the element that repeats, holds other elements or several
/// attributes, and lies least deep; of several the most frequent.
pub fn find_record(head: &[u8]) -> Option<String> {
    let mut reader = quick_xml::Reader::from_reader(head);
    reader.config_mut().expand_empty_elements = true;
    let mut open: Vec<(String, bool)> = Vec::new();
    // Depth, place among the paths, times seen, times with something inside.
    let mut paths: BTreeMap<String, (usize, usize, usize, usize)> = BTreeMap::new();
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(tag) if open.is_empty() && local(tag.name().0) == icecat::ROOT => {
                return Some(icecat::RECORD.to_string());
            }
            Event::Start(tag) => {
                if let Some((_, has_children)) = open.last_mut() {
                    *has_children = true;
                }
                let parent = open.last().map_or("", |(path, _)| path.as_str());
                let path = format!("{parent}/{}", local(tag.name().0));
                let several = tag.attributes().with_checks(false).take(2).count() == 2;
                open.push((path, several));
                if open.len() > DEPTH {
                    break;
                }
            }
            Event::End(_) => {
                if let Some((path, filled)) = open.pop() {
                    let first = (open.len(), paths.len(), 0, 0);
                    let entry = paths.entry(path).or_insert(first);
                    entry.2 += 1;
                    entry.3 += filled as usize;
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let key = |seen: &(usize, usize, usize, usize)| (seen.0, Reverse(seen.2), seen.1);
    let filled = || paths.iter().filter(|(_, seen)| seen.3 > 0 && seen.0 > 0);
    let repeated = filled()
        .filter(|(_, seen)| seen.2 > 1)
        .min_by_key(|(_, seen)| key(seen));
    // A single record: the last element right below the root that holds others, else what repeats without holding any.
    let single = || filled().filter(|(_, seen)| seen.0 == 1).max_by_key(|(_, seen)| seen.1);
    let plain = || {
        paths
            .iter()
            .filter(|(_, seen)| seen.2 > 1 && seen.0 > 0)
            .min_by_key(|(_, seen)| key(seen))
    };
    repeated.or_else(single).or_else(plain).map(|(path, _)| path.clone())
}
