//! Conditions in the paths of JSON values: `attributes[name=Color].value`, `images[1].src`.
//!
//! As in paths of XML: a value inside the object is this text, spaces at the ends aside, or the member has this number, counted
//! from 1.

use crate::feed::path::{closing, equals};

/// A condition, and what of the path follows it.
pub enum Condition<'p> {
    /// The member of this number, counted from 1.
    Number(usize),
    /// What stands at the path is this text.
    Equals(&'p str, &'p str),
}

/// Parts the condition that a path begins with from the rest.
pub fn read(path: &str) -> Option<(Condition<'_>, &str)> {
    let inside = path.strip_prefix('[')?;
    let end = closing(inside)?;
    let (inside, rest) = (&inside[..end], &inside[end + 1..]);
    let rest = rest.strip_prefix('.').unwrap_or(rest);
    if let Ok(number) = inside.trim().parse() {
        return Some((Condition::Number(number), rest));
    }
    let (path, value) = equals(inside)?;
    Some((Condition::Equals(path, value), rest))
}

/// What of a path is asked of the `n`-th member of a list; none where it asks for another.
pub fn of_member(path: &str, n: usize) -> Option<&str> {
    match read(path) {
        Some((Condition::Number(number), rest)) => (number == n + 1).then_some(rest),
        _ => Some(path),
    }
}
