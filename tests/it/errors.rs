//! docs/errors.md names every code that the program can say, and none that it cannot.

use crate::support::project;
use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The codes in string literals of a source, without those of its tests. Channels put the severity before `FIELD-…`.
fn codes(text: &str) -> BTreeSet<String> {
    let code = Regex::new(r#""((?:[EWIG]|FIELD)-[A-Z0-9]+(?:-[A-Z0-9]+)*)""#).expect("the pattern is sound");
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let lines = text.lines().filter(|line| !line.trim_start().starts_with("//"));
    lines
        .flat_map(|line| {
            code.captures_iter(line)
                .map(|found| found[1].to_owned())
                .collect::<Vec<_>>()
        })
        .collect()
}

/// All codes of the sources, with a file that says each.
fn said(folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in std::fs::read_dir(folder).expect("src is readable") {
        let path = entry.expect("src is readable").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            said(&path, found);
        } else if name.ends_with(".rs") && name != "tests.rs" {
            for code in codes(&std::fs::read_to_string(&path).expect("a source is text")) {
                found.insert(code, path.display().to_string());
            }
        }
    }
}

/// The rows of the page: code, meaning, next step.
fn told(page: &str) -> Vec<(String, String, String)> {
    page.lines()
        .filter(|line| line.starts_with("| `"))
        .map(|line| {
            let mut cells = line
                .trim_matches('|')
                .splitn(3, " | ")
                .map(|cell| cell.trim().to_owned());
            let mut next = || cells.next().unwrap_or_default();
            (next().trim_matches('`').to_owned(), next(), next())
        })
        .collect()
}

#[test]
fn the_page_of_codes_is_whole() {
    let mut said_by = BTreeMap::new();
    said(&project().join("src"), &mut said_by);
    assert!(said_by.len() > 100, "only {} codes were found in src", said_by.len());
    let page = std::fs::read_to_string(project().join("docs/errors.md")).expect("docs/errors.md is there");
    let rows = told(&page);
    let mut faults = Vec::new();
    let mut seen = BTreeSet::new();
    for (code, meaning, step) in &rows {
        if !seen.insert(code.as_str()) {
            faults.push(format!("{code} stands twice on the page"));
        }
        if meaning.is_empty() || step.is_empty() {
            faults.push(format!("{code} has no meaning or no next step"));
        }
        if !said_by.contains_key(code) {
            faults.push(format!("{code} is on the page and nowhere in src"));
        }
    }
    for (code, file) in &said_by {
        if !seen.contains(code.as_str()) {
            faults.push(format!("{code} ({file}) is missing from docs/errors.md"));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn codes_are_found_where_the_program_says_them() {
    let source = "//! `E-COMMENT`\nfn f() { g(\"E-ONE\", \"no E-CODE here\", \"W-TWO-3\"); }\n#[cfg(test)]\nmod tests { \"E-TEST\" }";
    assert_eq!(
        codes(source),
        BTreeSet::from(["E-ONE".to_owned(), "W-TWO-3".to_owned()])
    );
}
