//! Every crate that ends up in the binary, or builds it, has a license that lets anybody use Estante under MIT or
//! Apache-2.0. Crates that only tests use are not distributed and are not judged.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

/// Permissive licenses: they ask for a notice at most.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    // The list of trusted certificate authorities, which is data.
    "CDLA-Permissive-2.0",
    // The Independent JPEG Group's own, which wants to be named in the papers: NOTICE does.
    "IJG",
    "ISC",
    "MIT",
    "MIT-0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Crates that may be used under a license that is not for all: the file-level copyleft of MPL-2.0 binds changes to
/// these files only, and we change none (both come with ammonia).
const EXCEPTIONS: &[(&str, &str)] = &[("cssparser", "MPL-2.0"), ("dtoa-short", "MPL-2.0")];

/// True where an SPDX expression (`MIT OR (Apache-2.0 AND ISC)`, also the old `MIT/Apache-2.0`) can be met with
/// licenses that pass. An expression that cannot be read is not met.
fn met(expression: &str, passes: &dyn Fn(&str) -> bool) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ").replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let verdict = either(&words, &mut at, passes);
    verdict == Some(true) && at == words.len()
}

fn either(words: &[&str], at: &mut usize, passes: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut verdict = both(words, at, passes)?;
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        verdict |= both(words, at, passes)?;
    }
    Some(verdict)
}

fn both(words: &[&str], at: &mut usize, passes: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut verdict = one(words, at, passes)?;
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        verdict &= one(words, at, passes)?;
    }
    Some(verdict)
}

fn one(words: &[&str], at: &mut usize, passes: &dyn Fn(&str) -> bool) -> Option<bool> {
    let word = *words.get(*at)?;
    *at += 1;
    match word {
        "(" => {
            let verdict = either(words, at, passes)?;
            let closed = words.get(*at) == Some(&")");
            *at += 1;
            closed.then_some(verdict)
        }
        ")" | "OR" | "AND" | "WITH" => None,
        name if words.get(*at) == Some(&"WITH") => {
            let whole = format!("{name} WITH {}", words.get(*at + 1)?);
            *at += 2;
            Some(passes(&whole))
        }
        name => Some(passes(name)),
    }
}

/// Why a crate may not be used, or nothing.
fn objection(name: &str, license: Option<&str>) -> Option<String> {
    let Some(license) = license else {
        return Some(format!("{name} names no license"));
    };
    let excepted: BTreeSet<&str> = EXCEPTIONS
        .iter()
        .filter(|(of, _)| *of == name)
        .map(|(_, license)| *license)
        .collect();
    let passes = |license: &str| ALLOWED.contains(&license) || excepted.contains(license);
    (!met(license, &passes))
        .then(|| format!("{name} is under `{license}`, which is not on the list in tests/it/licenses.rs"))
}

/// Name with version and license of every crate that a user's binary is made of or built by.
fn crates() -> BTreeMap<String, (String, Option<String>)> {
    let cargo = std::env::var("CARGO").unwrap_or_else(|_| "cargo".to_owned());
    let host = Command::new("rustc").arg("-vV").output().expect("rustc answers");
    let host = String::from_utf8_lossy(&host.stdout);
    let host = host
        .lines()
        .find_map(|line| line.strip_prefix("host: "))
        .expect("rustc names its host")
        .to_owned();
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--format-version",
            "1",
            "--offline",
            "--locked",
            "--filter-platform",
            &host,
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo answers");
    assert!(
        output.status.success(),
        "cargo metadata: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let metadata: serde_json::Value = serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON");
    let list = |value: &serde_json::Value| value.as_array().cloned().unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();

    let nodes: BTreeMap<String, serde_json::Value> = list(&metadata["resolve"]["nodes"])
        .into_iter()
        .map(|node| (text(&node["id"]), node))
        .collect();
    let root = text(&metadata["resolve"]["root"]);
    let mut used = BTreeSet::new();
    let mut next = vec![root.clone()];
    while let Some(id) = next.pop() {
        if !used.insert(id.clone()) {
            continue;
        }
        for dependency in list(&nodes[&id]["deps"]) {
            if list(&dependency["dep_kinds"])
                .iter()
                .any(|kind| kind["kind"].is_null() || kind["kind"] == "build")
            {
                next.push(text(&dependency["pkg"]));
            }
        }
    }
    used.remove(&root);
    list(&metadata["packages"])
        .iter()
        .filter(|package| used.contains(&text(&package["id"])))
        .map(|package| {
            let name = text(&package["name"]);
            let shown = format!("{name} {}", text(&package["version"]));
            (shown, (name, package["license"].as_str().map(str::to_owned)))
        })
        .collect()
}

#[test]
fn every_dependency_has_a_license_on_the_list() {
    let crates = crates();
    assert!(
        crates.len() > 50,
        "a tree of {} crates was not read whole",
        crates.len()
    );
    let objections: Vec<String> = crates
        .values()
        .filter_map(|(name, license)| objection(name, license.as_deref()))
        .collect();
    assert!(objections.is_empty(), "{}", objections.join("\n"));
    for (name, _) in EXCEPTIONS {
        assert!(
            crates.values().any(|(used, _)| used == name),
            "{name} is no longer used; take its exception away"
        );
    }
}

#[test]
fn expressions_are_judged_as_written() {
    let check = |expression: &str, expected: bool| {
        assert_eq!(
            objection("some-crate", Some(expression)).is_none(),
            expected,
            "{expression}"
        );
    };
    check("MIT", true);
    check("MIT OR GPL-3.0-only", true);
    check("MIT/Apache-2.0", true);
    check("MIT AND GPL-3.0-only", false);
    check("(MIT OR GPL-3.0-only) AND ISC", true);
    check("MIT OR GPL-3.0-only AND AGPL-3.0-only", true);
    check("GPL-3.0-only AND MIT OR AGPL-3.0-only", false);
    check("Apache-2.0 WITH LLVM-exception", true);
    check("GPL-2.0 WITH Classpath-exception-2.0", false);
    check("MPL-2.0", false);
    for broken in ["", "MIT OR", "(MIT", "MIT)", "MIT Apache-2.0", "OR MIT"] {
        check(broken, false);
    }
    assert!(objection("cssparser", Some("MPL-2.0")).is_none());
    assert!(objection("some-crate", None).is_some());
}
