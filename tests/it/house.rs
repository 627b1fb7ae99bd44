//! The walls of the house: who may import whom, read from the sources themselves.
//!
//! A file imports its own folder and lower floors, nothing beside or above; inside a folder no circle of files; no
//! re-exports; every file opens with what it is for; none is past 600 lines. ARCHITECTURE.md shows the same map to people.

mod paths;

use paths::{Reading, read};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The floors from the ground up. Rooms on one floor do not know each other.
const FLOORS: &[&[&str]] = &[
    &["diagnostic"],
    &["declaration", "value"],
    &["schema", "transform"],
    &["product", "query"],
    &[
        "feed", "mapping", "plan", "catalog", "merge", "enrich", "channel", "index", "sheet",
    ],
    &["workspace"],
    &["cli"],
];

/// Rooms that look at fewer lower floors than the rest: the faces use the one door.
const NARROW: &[(&str, &[&str])] = &[("cli", &["workspace", "diagnostic"])];

const LONGEST: usize = 600;

/// All sources under `src/`: path with `/`, relative to `src/`, and text.
fn sources() -> BTreeMap<String, String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = BTreeMap::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("src is readable") {
            let path = entry.expect("src is readable").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|ending| ending == "rs") {
                let name = path
                    .strip_prefix(&root)
                    .expect("it was found under src")
                    .to_string_lossy()
                    .replace('\\', "/");
                found.insert(name, std::fs::read_to_string(&path).expect("a source is text"));
            }
        }
    }
    found
}

/// Module path of a file: `feed/csv.rs` and `feed/csv/mod.rs` are `feed::csv`; `lib.rs` is the root.
fn module(file: &str) -> Vec<String> {
    let name = file.strip_suffix(".rs").unwrap_or(file);
    let name = name.strip_suffix("/mod").unwrap_or(name);
    match name {
        "lib" | "main" => Vec::new(),
        name => name.split('/').map(str::to_owned).collect(),
    }
}

/// The faults of a set of sources, sorted, one line each: `file:line: what is wrong`.
fn faults(sources: &BTreeMap<String, String>) -> Vec<String> {
    let files: BTreeMap<Vec<String>, &str> = sources
        .keys()
        .filter(|file| !matches!(file.as_str(), "lib.rs" | "main.rs"))
        .map(|file| (module(file), file.as_str()))
        .collect();
    let mut faults = Vec::new();
    // From file to file inside one room, with the first line that says so.
    let mut steps: BTreeMap<&str, BTreeMap<&str, usize>> = BTreeMap::new();
    for (file, text) in sources {
        let mut fault = |line: usize, what: String| faults.push(format!("src/{file}:{line}: {what}"));
        if !text.starts_with("//!") {
            fault(1, "the file does not open with `//!` and what it is for".to_owned());
        }
        let lines = text.lines().count();
        if lines > LONGEST {
            fault(lines, format!("{lines} lines are past {LONGEST}; look for the seam"));
        }
        let here = module(file);
        let reading: Reading = read(text, &here, &|names| files.contains_key(names));
        for line in &reading.reexports {
            fault(
                *line,
                "`pub use` hides the floor a thing lives on; import it from its own file".to_owned(),
            );
        }
        if matches!(file.as_str(), "lib.rs" | "main.rs") {
            continue;
        }
        let room = here[0].as_str();
        if floor(room).is_none() {
            fault(
                1,
                format!("`{room}` stands on no floor; give it one in tests/it/house.rs and ARCHITECTURE.md"),
            );
            continue;
        }
        for path in &reading.paths {
            // The longest beginning that is a file is where the path leads.
            let target = (1..=path.names.len())
                .rev()
                .find_map(|n| files.get(&path.names[..n]).map(|file| (n, *file)));
            let named = format!("crate::{}", path.names.join("::"));
            let Some((depth, target)) = target else {
                fault(
                    path.line,
                    format!("`{named}` leads to no file under src; things live in rooms, not in lib.rs"),
                );
                continue;
            };
            let theirs = path.names[0].as_str();
            if theirs == room {
                let own = target == file;
                let test = here.last().is_some_and(|last| last == "tests");
                if path.glob && depth == path.names.len() && !own && !test {
                    fault(path.line, format!("`{named}::*` does not show what is used; name it"));
                }
                if !own {
                    let (from, to) = (files[&here], target);
                    steps.entry(from).or_default().entry(to).or_insert(path.line);
                }
                continue;
            }
            if path.glob && depth == path.names.len() {
                fault(path.line, format!("`{named}::*` does not show what is used; name it"));
            }
            if let Some(wrong) = wrong(room, theirs) {
                fault(path.line, format!("`{named}`: {wrong}"));
            }
        }
    }
    faults.extend(circles(&steps));
    faults.sort();
    faults
}

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room)).map(|n| n + 1)
}

/// Why one room must not import another.
fn wrong(room: &str, theirs: &str) -> Option<String> {
    let (own, other) = (floor(room)?, floor(theirs).unwrap_or(FLOORS.len() + 1));
    if other > own {
        return Some(format!(
            "{room} (floor {own}) imports upward, from {theirs} (floor {other})"
        ));
    }
    if other == own {
        return Some(format!(
            "{room} and {theirs} stand beside each other on floor {own} and do not know each other"
        ));
    }
    let (_, allowed) = NARROW.iter().find(|(narrow, _)| *narrow == room)?;
    (!allowed.contains(&theirs)).then(|| format!("{room} imports {} only, not {theirs}", allowed.join(" and ")))
}

/// One fault for each knot of files that import each other, shown as one way round it.
fn circles(steps: &BTreeMap<&str, BTreeMap<&str, usize>>) -> Vec<String> {
    let mut told: BTreeSet<&str> = BTreeSet::new();
    let mut faults = Vec::new();
    for start in steps.keys() {
        if told.contains(start) {
            continue;
        }
        let Some(way) = way_back(steps, start) else { continue };
        told.extend(way.iter().copied());
        let shown: Vec<String> = way
            .iter()
            .zip(way.iter().cycle().skip(1))
            .map(|(from, to)| format!("src/{from}:{} -> src/{to}", steps[from][to]))
            .collect();
        faults.push(format!("src/{start}: imports itself in a circle: {}", shown.join(", ")));
    }
    faults
}

/// The shortest way from a file back to itself, as the files passed.
fn way_back<'f>(steps: &BTreeMap<&'f str, BTreeMap<&'f str, usize>>, start: &'f str) -> Option<Vec<&'f str>> {
    let mut ways: Vec<Vec<&str>> = vec![vec![start]];
    let mut seen: BTreeSet<&str> = BTreeSet::new();
    while !ways.is_empty() {
        let mut longer = Vec::new();
        for way in ways {
            let last = way[way.len() - 1];
            for next in steps.get(last).into_iter().flat_map(|to| to.keys()) {
                if *next == start {
                    return Some(way);
                }
                if seen.insert(next) {
                    longer.push(way.iter().copied().chain([*next]).collect());
                }
            }
        }
        ways = longer;
    }
    None
}

#[test]
fn the_house_stands() {
    let sources = sources();
    assert!(sources.len() > 40, "the walls of {} files say nothing", sources.len());
    let faults = faults(&sources);
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// Checks the made-up sources against the faults they must show; each is said by a part of its text.
fn check(made_up: &[(&str, &str)], expected: &[&str]) {
    let sources = made_up
        .iter()
        .map(|(file, text)| (file.to_string(), format!("//! For a test.\n{text}")))
        .collect();
    let found = faults(&sources);
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!(found.contains(expected), "{found} does not say {expected}");
    }
}

#[test]
fn downward_imports_and_own_folder_are_allowed() {
    check(
        &[
            ("lib.rs", "pub mod value;"),
            ("diagnostic.rs", ""),
            ("value/mod.rs", "pub mod text;\nuse crate::value::text::fold;"),
            (
                "value/text.rs",
                "use crate::diagnostic::Diagnostic;\nmod tests { use super::*; }",
            ),
            ("feed/mod.rs", "use crate::value::Kind; mod csv; fn f() { csv::open() }"),
            (
                "feed/csv.rs",
                "use crate::value::text::fold; use crate::value::Kind::*; mod tests;",
            ),
            ("feed/csv/tests.rs", "use super::*;"),
            (
                "workspace/mod.rs",
                "use crate::{feed, value::{Kind, text}}; fn f() { feed::open(text::fold()) }",
            ),
            (
                "cli/mod.rs",
                "use crate::workspace::Workspace; use crate::diagnostic::Severity;",
            ),
            ("main.rs", "fn main() { estante::cli::main() }"),
        ],
        &[],
    );
}

#[test]
fn upward_and_sideways_imports_are_faults() {
    check(
        &[
            ("diagnostic.rs", ""),
            ("value/mod.rs", "\nuse crate::feed::Feed;"),
            ("declaration.rs", "fn f(x: crate::value::Kind) {}"),
            (
                "feed/mod.rs",
                "use crate::{diagnostic::Diagnostic, mapping::{self, Mapping}};",
            ),
            ("mapping/mod.rs", "mod tests {\n  use crate::workspace::Workspace;\n}"),
            ("workspace/mod.rs", ""),
            (
                "cli/mod.rs",
                "use crate::workspace::Workspace;\nuse crate::value::Kind;",
            ),
        ],
        &[
            "src/cli/mod.rs:3: `crate::value::Kind`: cli imports workspace and diagnostic only, not value",
            "src/declaration.rs:2: `crate::value::Kind`: declaration and value stand beside each other on floor 2",
            "src/feed/mod.rs:2: `crate::mapping::Mapping`: feed and mapping stand beside each other on floor 5",
            "src/feed/mod.rs:2: `crate::mapping`: feed and mapping stand beside each other on floor 5",
            "src/mapping/mod.rs:3: `crate::workspace::Workspace`: mapping (floor 5) imports upward",
            "src/value/mod.rs:3: `crate::feed::Feed`: value (floor 2) imports upward, from feed (floor 5)",
        ],
    );
}

#[test]
fn circles_in_a_folder_are_faults() {
    check(
        &[
            ("value/mod.rs", "pub mod a; use crate::value::a::A;"),
            ("value/a.rs", "use crate::value::b::B;"),
            ("value/b.rs", "\nuse crate::value::Value;"),
            ("value/c.rs", "use crate::value::Value;"),
        ],
        &[
            "circle: src/value/a.rs:2 -> src/value/b.rs, src/value/b.rs:3 -> src/value/mod.rs, src/value/mod.rs:2 -> src/value/a.rs",
        ],
    );
    check(
        &[
            ("value/mod.rs", "mod a; fn f() { a::g() }"),
            ("value/a.rs", "fn g() { super::f() }"),
        ],
        &["circle: src/value/a.rs:2 -> src/value/mod.rs, src/value/mod.rs:2 -> src/value/a.rs"],
    );
}

#[test]
fn hidden_floors_are_faults() {
    check(
        &[
            ("value/mod.rs", "pub mod text;\npub use crate::value::text::fold;"),
            ("value/text.rs", ""),
            ("attic/mod.rs", ""),
            ("feed/mod.rs", "use crate::value::*;\nuse crate::fold;"),
        ],
        &[
            "src/attic/mod.rs:1: `attic` stands on no floor",
            "src/feed/mod.rs:2: `crate::value::*` does not show",
            "src/feed/mod.rs:3: `crate::fold` leads to no file",
            "src/value/mod.rs:3: `pub use`",
        ],
    );
}

#[test]
fn long_and_unnamed_files_are_faults() {
    let sources = BTreeMap::from([
        (
            "value/mod.rs".to_owned(),
            format!("//! For a test.\n{}", "\n".repeat(LONGEST)),
        ),
        ("value/text.rs".to_owned(), "fn f() {}".to_owned()),
    ]);
    let found = faults(&sources);
    assert_eq!(found.len(), 2, "{found:#?}");
    assert!(
        found[0].contains("src/value/mod.rs:601: 601 lines are past 600"),
        "{found:#?}"
    );
    assert!(
        found[1].contains("src/value/text.rs:1: the file does not open"),
        "{found:#?}"
    );
}
