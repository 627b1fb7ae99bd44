//! Conditions in the paths of JSON values: `attributes[name=Color].value`, `images[1].src`.
//!
//! As in paths of XML: a value inside the object is this text, spaces at the ends aside, or the member has this number, counted
//! from 1.

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
    let mut depth = 0u32;
    let mut quote = None;
    let end = inside.char_indices().find_map(|(at, c)| {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            (_, Some(_)) => {}
            ('"' | '\'', None) => quote = Some(c),
            ('[', None) => depth += 1,
            (']', None) if depth == 0 => return Some(at),
            (']', None) => depth -= 1,
            _ => {}
        }
        None
    })?;
    let (inside, rest) = (&inside[..end], &inside[end + 1..]);
    let rest = rest.strip_prefix('.').unwrap_or(rest);
    if let Ok(number) = inside.trim().parse() {
        return Some((Condition::Number(number), rest));
    }
    let (path, value) = inside.split_once('=')?;
    let value = value.trim();
    let quoted = |quote| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    let value = quoted('"').or_else(|| quoted('\'')).unwrap_or(value);
    Some((Condition::Equals(path.trim(), value), rest))
}

/// What of a path is asked of the `n`-th member of a list; none where it asks for another.
pub fn of_member(path: &str, n: usize) -> Option<&str> {
    match read(path) {
        Some((Condition::Number(number), rest)) => (number == n + 1).then_some(rest),
        _ => Some(path),
    }
}
