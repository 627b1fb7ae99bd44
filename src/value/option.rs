//! One or many of a list, and yes or no: how a cell says several values, and how it says a truth.
//!
//! Which options a list has is the schema's; here texts are only parted and compared.

use crate::value::mismatch::Mismatch;
use crate::value::text::fold;

/// Parts one cell into its values: trimmed, blank ones dropped, repetitions dropped, in the order said.
pub fn split<'a>(text: &'a str, separator: &str) -> Vec<&'a str> {
    if separator.is_empty() {
        let text = text.trim();
        return if text.is_empty() { Vec::new() } else { vec![text] };
    }
    let mut parts: Vec<&str> = text
        .split(separator)
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    dedupe(&mut parts);
    parts
}

/// Drops repetitions and keeps the first of each, in order.
pub fn dedupe<T: Ord + Clone>(values: &mut Vec<T>) {
    if values.len() < 2 {
        return;
    }
    if values.len() <= 16 {
        let mut kept = 0;
        for n in 0..values.len() {
            if !values[..kept].contains(&values[n]) {
                values.swap(kept, n);
                kept += 1;
            }
        }
        values.truncate(kept);
        return;
    }
    // A hostile cell may hold a hundred thousand values, so long lists are not compared each with each.
    let mut seen = std::collections::BTreeSet::new();
    values.retain(|value| seen.insert(value.clone()));
}

/// Parts a cell into the rows of a table (by lines) and their cells (by tabs, or else by `|`).
pub fn table(text: &str) -> Vec<Vec<String>> {
    let row = |line: &str| -> Vec<String> {
        let mark = if line.contains('\t') { '\t' } else { '|' };
        line.split(mark).map(|cell| cell.trim().to_string()).collect()
    };
    text.lines().filter(|line| !line.trim().is_empty()).map(row).collect()
}

/// The words for yes and no in the languages of the feeds we know (es, en, de, fr, it, pt), folded.
const YES: &[&str] = &[
    "1",
    "true",
    "verdadero",
    "wahr",
    "vrai",
    "vero",
    "si",
    "s",
    "yes",
    "y",
    "ja",
    "j",
    "oui",
    "sim",
    "x",
];
const NO: &[&str] = &["0", "false", "falso", "falsch", "faux", "no", "n", "nein", "non", "nao"];

/// Reads a truth value: `sí`, `Yes`, `WAHR`, `1`, `x` and their opposites.
pub fn truth(text: &str) -> Result<bool, Mismatch> {
    let text = text.trim();
    match text {
        "1" | "true" => return Ok(true),
        "0" | "false" => return Ok(false),
        "" => return Err(Mismatch::no_value()),
        _ => {}
    }
    let word = fold(text);
    if YES.contains(&word.as_str()) {
        return Ok(true);
    }
    if NO.contains(&word.as_str()) {
        return Ok(false);
    }
    Err(Mismatch::new("E-BOOLEAN", "neither yes nor no")
        .with_help("write yes or no, or map the supplier's words with a value map"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_says_several_values_once_each() {
        assert_eq!(split(" red | blue||red ", "|"), ["red", "blue"]);
        assert_eq!(split(" red ", ""), ["red"]);
        assert_eq!(split("  ", "|"), [""; 0]);
        let long: Vec<String> = (0..100).map(|n| (n % 20).to_string()).collect();
        let joined = long.join(";");
        let expected: Vec<String> = (0..20).map(|n| n.to_string()).collect();
        assert_eq!(split(&joined, ";"), expected);
    }

    #[test]
    fn yes_and_no_in_six_languages() {
        for yes in [
            "1",
            "TRUE",
            "Sí",
            "si",
            "S",
            "yes",
            "Y",
            "ja",
            "oui",
            "sim",
            "x",
            "VERDADERO",
        ] {
            assert_eq!(truth(yes), Ok(true), "{yes}");
        }
        for no in ["0", "false", "NO", "nein", "non", "Não", "FALSCH"] {
            assert_eq!(truth(no), Ok(false), "{no}");
        }
        assert_eq!(truth("quizás").unwrap_err().code, "E-BOOLEAN");
        assert!(truth("  ").unwrap_err().is_no_value());
    }
}
