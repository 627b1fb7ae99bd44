//! The line from a declared thing up to its root, for families and categories alike: parents known, not too many, no circle.

use crate::schema::report::Report;
use std::collections::BTreeMap;

/// Families and categories stand at most this deep.
pub const DEEPEST: usize = 32;

/// The codes from the root down to `code` itself, along `parents`. It ends where a parent is unknown, or where the line
/// would not end.
///
/// Faults, at the `parent` of `code`: the given code for unknown parents, `E-CIRCLE` (told once a circle), `E-TOO-DEEP`.
pub fn line<'a>(
    code: &'a str,
    parents: &BTreeMap<&'a str, Option<&'a str>>,
    what: &'static str,
    unknown: &'static str,
    report: &mut Report<'_>,
) -> Vec<&'a str> {
    let mut line = vec![code];
    let mut at = code;
    while let Some(parent) = parents.get(at).copied().flatten() {
        if !parents.contains_key(parent) {
            // The fault is the child's own; those below inherit it silently.
            if at == code {
                report.unknown(
                    &["parent"],
                    unknown,
                    what,
                    parent,
                    parents.keys().copied().filter(|known| *known != code),
                );
            }
            break;
        }
        if parent == code {
            if line.iter().all(|member| code <= *member) {
                let circle: Vec<String> = line.iter().chain([&code]).map(|member| format!("`{member}`")).collect();
                let message = format!("the {what} is above itself: {}", circle.join(" under "));
                report.fault(&["parent"], "E-CIRCLE", message, "take one `parent` out of the circle");
            }
            break;
        }
        if line.contains(&parent) {
            break;
        }
        if line.len() == DEEPEST {
            let message = format!("the {what} stands more than {DEEPEST} deep");
            report.fault(&["parent"], "E-TOO-DEEP", message, "put it higher in the tree");
            break;
        }
        line.push(parent);
        at = parent;
    }
    line.reverse();
    line
}
