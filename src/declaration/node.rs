//! A TOML file as a tree that knows where each key and value stands.
//!
//! It owns its text, so that it can be kept beside the source. Reading TOML is left to the `toml` crate, what the keys
//! mean to the type that is asked for.

use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Tables and lists may stand in each other this deep (the `toml` crate allows 80 brackets, and dotted keys within each).
pub const DEEPEST: usize = 100;

/// One value and the bytes it stands at. For `[a.b]` tables the bytes of the header.
#[derive(Debug, Clone)]
pub struct Node {
    pub start: usize,
    pub end: usize,
    pub shape: Shape,
}

/// What TOML itself says of a value.
#[derive(Debug, Clone)]
pub enum Shape {
    Text(String),
    /// `None` past 128 bits.
    Integer(Option<i128>),
    Float(f64),
    Boolean(bool),
    /// A date, a time, or both, written without quotes.
    Moment,
    List(Vec<Node>),
    /// Sorted by key.
    Table(Vec<Entry>),
}

/// A key with its place, and its value.
#[derive(Debug, Clone)]
pub struct Entry {
    pub key: String,
    pub at: usize,
    pub node: Node,
}

impl Node {
    /// The tree of a parsed file; the place of the first value that stands too deep where one does.
    pub fn of_table(table: &DeTable<'_>) -> Result<Node, usize> {
        Ok(Node {
            start: 0,
            end: 0,
            shape: Shape::Table(entries(table, 0)?),
        })
    }

    /// The bytes of the values below this one, lists and tables apart, whose path is asked for. As deep as the tree is.
    pub fn places<'n>(
        &'n self,
        path: &mut Vec<&'n str>,
        is_asked: &impl Fn(&[&str]) -> bool,
        places: &mut Vec<(usize, usize)>,
    ) {
        match &self.shape {
            Shape::Table(entries) => {
                for entry in entries {
                    path.push(&entry.key);
                    entry.node.places(path, is_asked, places);
                    path.pop();
                }
            }
            Shape::List(members) => members.iter().for_each(|member| member.places(path, is_asked, places)),
            _ if is_asked(path) => places.push((self.start, self.end)),
            _ => {}
        }
    }

    /// The entry with this key, in a table.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        let Shape::Table(entries) = &self.shape else {
            return None;
        };
        entries
            .binary_search_by(|entry| entry.key.as_str().cmp(key))
            .ok()
            .and_then(|n| entries.get(n))
    }
}

fn entries(table: &DeTable<'_>, depth: usize) -> Result<Vec<Entry>, usize> {
    let mut entries = Vec::with_capacity(table.len());
    for (key, value) in table.iter() {
        let at = key.span().start;
        entries.push(Entry {
            key: key.get_ref().to_string(),
            at,
            node: node(value, depth + 1)?,
        });
    }
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(entries)
}

fn node(value: &Spanned<DeValue<'_>>, depth: usize) -> Result<Node, usize> {
    let span = value.span();
    if depth > DEEPEST {
        return Err(span.start);
    }
    let shape = match value.get_ref() {
        DeValue::String(text) => Shape::Text(text.to_string()),
        DeValue::Integer(number) => Shape::Integer(i128::from_str_radix(number.as_str(), number.radix()).ok()),
        DeValue::Float(number) => Shape::Float(number.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(is_so) => Shape::Boolean(*is_so),
        DeValue::Datetime(_) => Shape::Moment,
        DeValue::Array(members) => Shape::List(
            members
                .iter()
                .map(|member| node(member, depth + 1))
                .collect::<Result<_, _>>()?,
        ),
        DeValue::Table(table) => Shape::Table(entries(table, depth)?),
    };
    Ok(Node {
        start: span.start,
        end: span.end,
        shape,
    })
}
