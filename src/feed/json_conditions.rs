//! Paths of JSON values with the conditions in them, read once: `attributes[name=Color].value`, `images[1].src`.
//!
//! As in paths of XML: a value inside the object is this text, spaces at the ends aside, or the member has this number, counted
//! from 1. What else stands in brackets belongs to a key (`w [kg]`). How paths are followed is left to `json_record`.

use crate::feed::path::{closing, equals};
use std::sync::Arc;

/// The paths of some fields.
#[derive(Debug, Clone, Default)]
pub struct Paths {
    all: Vec<Path>,
    /// What the conditions in them ask for.
    inside: Option<Arc<Paths>>,
}

#[derive(Debug, Clone)]
struct Path {
    text: String,
    conditions: Vec<Placed>,
}

/// A condition, and where it stands: bytes of the path from its bracket on, and of what follows it.
#[derive(Debug, Clone)]
struct Placed {
    from: usize,
    after: usize,
    condition: Condition,
}

#[derive(Debug, Clone)]
pub enum Condition {
    /// The member of this number, counted from 1.
    Number(usize),
    /// What stands at the path of this place among those [`Paths::inside`] is this text.
    Equals(usize, String),
}

impl Paths {
    /// Adds a path as it is written.
    pub fn add(&mut self, path: &str) {
        let text = path.trim().to_string();
        let mut conditions = Vec::new();
        for Bracket { start, end, inside } in brackets(&text) {
            let condition = match (inside.trim().parse(), equals(inside)) {
                (Ok(number), _) => Condition::Number(number),
                (Err(_), Some((path, value))) => Condition::Equals(self.place_inside(path), value.to_string()),
                (Err(_), None) => continue,
            };
            conditions.push(Placed {
                from: text.len() - start,
                after: text.len() - end,
                condition,
            });
        }
        self.all.push(Path { text, conditions });
    }

    /// Adds the path to what stands at `end` in those members of a list in which `inside` is this text, whatever is in it.
    pub fn add_holding(&mut self, list: &str, inside: &str, text: &str, end: &str) {
        let condition = Placed {
            from: "[].".len() + end.len(),
            after: end.len(),
            condition: Condition::Equals(self.place_inside(inside), text.trim().to_string()),
        };
        self.all.push(Path {
            text: format!("{list}[].{end}"),
            conditions: vec![condition],
        });
    }

    fn place_inside(&mut self, path: &str) -> usize {
        let inside = Arc::make_mut(self.inside.get_or_insert_default());
        let known = inside.all.iter().position(|known| known.text == path.trim());
        known.unwrap_or_else(|| {
            inside.add(path);
            inside.all.len() - 1
        })
    }

    pub fn len(&self) -> usize {
        self.all.len()
    }

    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// The paths as texts, in the order in which they were added; what is left of one is always its end.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        self.all.iter().map(|path| path.text.as_str())
    }

    /// The paths that conditions ask for, from the object on that must fulfil them.
    pub fn inside(&self) -> Option<&Arc<Paths>> {
        self.inside.as_ref()
    }

    /// The condition with which the rest of a path begins, and what follows it.
    pub fn condition<'p>(&self, path: u32, rest: &'p str) -> Option<(&Condition, &'p str)> {
        let conditions = &self.all.get(path as usize)?.conditions;
        let placed = conditions.iter().find(|placed| placed.from == rest.len())?;
        Some((&placed.condition, rest.get(rest.len() - placed.after..)?))
    }

    /// What of the rest of a path is asked of the `n`-th member of a list; none where it asks for another.
    pub fn of_member<'p>(&self, path: u32, rest: &'p str, n: usize) -> Option<&'p str> {
        match self.condition(path, rest) {
            Some((Condition::Number(number), rest)) => (*number == n + 1).then_some(rest),
            _ => Some(rest),
        }
    }
}

/// Conditions inside of conditions that are read, as in paths of XML.
const DEPTH: u32 = 4;

/// Whether conditions of a path stand deeper inside each other than is read.
pub fn is_nested(path: &str) -> bool {
    is_below(path, DEPTH)
}

fn is_below(path: &str, left: u32) -> bool {
    let conditions = brackets(path);
    let mut inner = conditions.iter().filter_map(|bracket| equals(bracket.inside));
    inner.any(|(path, _)| match left.checked_sub(1) {
        Some(left) => is_below(path, left),
        None => true,
    })
}

/// The name in a path that asks for a member number 0, with its bracket: `images[0]`.
pub fn from_zero(path: &str) -> Option<&str> {
    let is_zero = |bracket: &Bracket<'_>| bracket.inside.trim().parse() == Ok(0usize);
    let Bracket { start, inside, .. } = brackets(path).into_iter().find(is_zero)?;
    let name = path[..start].rfind('.').map_or(0, |dot| dot + 1);
    path.get(name..start + inside.len() + 2)
}

/// A pair of brackets that may be a condition: where it starts, where what follows it starts, and what is inside.
struct Bracket<'p> {
    start: usize,
    end: usize,
    inside: &'p str,
}

fn brackets(path: &str) -> Vec<Bracket<'_>> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = path[at..].find('[').map(|start| at + start) {
        at = start + 1;
        let Some(len) = closing(&path[at..]) else { continue };
        let inside = &path[at..at + len];
        if inside.contains('=') || inside.trim().parse::<usize>().is_ok() {
            at += len + 1;
            let end = at + usize::from(path[at..].starts_with('.'));
            found.push(Bracket { start, end, inside });
        }
    }
    found
}
