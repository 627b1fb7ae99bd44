//! The handbook says what the program does: links lead somewhere, every key and command stands on its page, commands and
//! SQL that are shown can be run.

use crate::support::{Shop, project};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The pages that people read, with their texts.
fn pages() -> Vec<(PathBuf, String)> {
    let root = project();
    let mut found = Vec::new();
    for folder in [root.to_owned(), root.join("docs"), root.join("sample_feeds")] {
        let entries = std::fs::read_dir(&folder).expect("the folder is readable");
        let paths = entries.map(|entry| entry.expect("the folder is readable").path());
        found.extend(paths.filter(|path| path.extension().is_some_and(|ending| ending == "md")));
    }
    found.sort();
    found
        .into_iter()
        .map(|path| (path.clone(), std::fs::read_to_string(&path).expect("a page is text")))
        .collect()
}

fn page(name: &str) -> String {
    std::fs::read_to_string(project().join(name)).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// The lines inside code blocks of a language, block by block.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut inside: Option<(bool, String)> = None;
    for line in text.lines() {
        match (&mut inside, line.trim_start().strip_prefix("```")) {
            (None, Some(said)) => inside = Some((said.trim() == language, String::new())),
            (Some(_), Some(_)) => {
                if let Some((true, block)) = inside.take() {
                    found.push(block);
                }
                inside = None;
            }
            (Some((_, block)), None) => {
                block.push_str(line);
                block.push('\n');
            }
            (None, None) => {}
        }
    }
    found
}

/// The anchor that a heading gets: small letters, digits, `_` and `-`; spaces become `-`.
fn anchor(heading: &str) -> String {
    heading
        .trim()
        .to_lowercase()
        .chars()
        .filter_map(|c| match c {
            ' ' => Some('-'),
            c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
            _ => None,
        })
        .collect()
}

/// Why a link leads nowhere, or nothing. Addresses on the net are not asked.
fn broken(from: &Path, text: &str, link: &str) -> Option<String> {
    if link.starts_with("http://") || link.starts_with("https://") {
        return None;
    }
    let (file, heading) = link.split_once('#').unwrap_or((link, ""));
    let target = match file {
        "" => from.to_owned(),
        file => from.parent().unwrap_or(Path::new("")).join(file),
    };
    if !target.exists() {
        return Some(format!("{}: `{link}` is not there", from.display()));
    }
    if heading.is_empty() {
        return None;
    }
    let text = if file.is_empty() {
        text.to_owned()
    } else {
        std::fs::read_to_string(&target).unwrap_or_default()
    };
    let anchors = text
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(|line| anchor(line.trim_start_matches('#')));
    let found = anchors.into_iter().any(|known| known == heading);
    (!found).then(|| format!("{}: `{link}` names no heading", from.display()))
}

#[test]
fn links_lead_somewhere() {
    let link = regex::Regex::new(r"\]\(([^)\s]+)\)").expect("the pattern is sound");
    let mut checked = 0;
    let mut faults = Vec::new();
    for (path, text) in pages() {
        for found in link.captures_iter(&text) {
            checked += 1;
            faults.extend(broken(&path, &text, &found[1]));
        }
    }
    assert!(checked > 20, "only {checked} links were found");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn broken_links_are_seen() {
    let here = project().join("docs/README.md");
    assert!(broken(&here, "", "nowhere.md").is_some());
    assert!(broken(&here, "# One heading", "#another").is_some());
    assert!(broken(&here, "# One `heading`, here", "#one-heading-here").is_none());
    assert!(broken(&here, "", "../README.md").is_none());
}

/// Names of keys, and words that a key may have, of a JSON Schema.
fn words(schema: &Value, found: &mut BTreeSet<String>) {
    match schema {
        Value::Object(members) => {
            if let Some(Value::Object(properties)) = members.get("properties") {
                found.extend(properties.keys().cloned());
            }
            for key in ["const", "enum"] {
                match members.get(key) {
                    Some(Value::String(word)) => drop(found.insert(word.clone())),
                    Some(Value::Array(list)) => {
                        found.extend(list.iter().filter_map(|word| word.as_str().map(str::to_owned)))
                    }
                    _ => {}
                }
            }
            members.values().for_each(|member| words(member, found));
        }
        Value::Array(list) => list.iter().for_each(|member| words(member, found)),
        _ => {}
    }
}

#[test]
fn every_key_stands_on_its_page() {
    let shop = Shop::new();
    shop.done(&["schema", "json-schema", "schemas"]);
    let mut faults = Vec::new();
    for (schema, names) in [
        (
            "estante.json",
            &[
                "docs/workspace.md",
                "docs/guards.md",
                "docs/matching.md",
                "docs/enrichment.md",
                "docs/images.md",
                "docs/drafts.md",
                "docs/survivorship.md",
            ][..],
        ),
        ("supplier.json", &["docs/supplier.md", "docs/guards.md"]),
        ("schema.json", &["docs/schema.md"]),
        ("channel.json", &["docs/channels.md"]),
        ("pack.json", &["docs/packs.md"]),
        ("synonyms.json", &["docs/search.md"]),
        ("copy.json", &["docs/copy.md"]),
        ("rules.json", &["docs/rules.md"]),
    ] {
        let text: String = names.iter().map(|name| page(name)).collect();
        let schema_text = shop.read(format!("schemas/{schema}"));
        let mut keys = BTreeSet::new();
        words(
            &serde_json::from_str(&schema_text).expect("a schema is JSON"),
            &mut keys,
        );
        assert!(!keys.is_empty(), "{schema} names only {keys:?}");
        for key in keys {
            // Within backticks, alone or with what is around it in an example.
            let shown = regex::Regex::new(&format!(
                r"`[^`\n]*(^|[^\w-]){}([^\w-]|$)[^`\n]*`|`{0}`",
                regex::escape(&key)
            ));
            let known = text.contains(&format!("`{key}`"))
                || text.contains(&format!("`{key} "))
                || shown.is_ok_and(|shown| shown.is_match(&text));
            if !known {
                faults.push(format!("`{key}` of {schema} is not on {}", names.join(" or ")));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Every committed JSON Schema is what the program writes.
#[test]
fn schemas_for_editors_are_fresh() {
    let shop = Shop::new();
    shop.done(&["schema", "json-schema", "schemas"]);
    let written = shop.files("schemas");
    assert!(written.len() >= 5, "{:?}", written.keys());
    for (name, bytes) in written {
        let file = name.trim_start_matches("schemas/");
        let kept = std::fs::read(project().join("docs/schema").join(file)).unwrap_or_default();
        assert!(
            kept == bytes,
            "docs/schema/{file} is not fresh: `cargo run -- schema json-schema docs/schema` writes it"
        );
    }
}

/// Names of commands and of flags in the help of a command.
fn helped(shop: &Shop, command: &[&str]) -> (Vec<String>, Vec<String>) {
    let help = shop.done(&[command, &["--help"]].concat()).out;
    let (mut commands, mut flags, mut list) = (Vec::new(), Vec::new(), false);
    for line in help.lines() {
        if !line.starts_with(' ') && !line.is_empty() {
            list = line.starts_with("Commands:");
        }
        let word = line.split_whitespace().next().unwrap_or_default();
        if list && line.starts_with("  ") && !line.starts_with("   ") && word != "help" {
            commands.push(word.to_owned());
        }
        if word.starts_with('-') {
            let long = line.split([' ', ',', '=', '[']).find(|word| word.starts_with("--"));
            flags.extend(
                long.filter(|flag| !matches!(*flag, "--help" | "--version"))
                    .map(str::to_owned),
            );
        }
    }
    (commands, flags)
}

#[test]
fn every_command_stands_on_its_page() {
    let shop = Shop::new();
    let page = page("docs/commands.md");
    let mut faults = Vec::new();
    let mut next: Vec<Vec<String>> = vec![Vec::new()];
    let mut seen = 0;
    while let Some(command) = next.pop() {
        let words: Vec<&str> = command.iter().map(String::as_str).collect();
        let (commands, flags) = helped(&shop, &words);
        let name = words.join(" ");
        if commands.is_empty() {
            seen += 1;
            let shown = [format!("`{name}`"), format!("`{name} ")];
            if !shown.iter().any(|shown| page.contains(shown)) {
                faults.push(format!("`{name}` is not on docs/commands.md"));
            }
        }
        for flag in flags {
            if !page.contains(&flag) {
                faults.push(format!("{flag} of `{name}` is not on docs/commands.md"));
            }
        }
        next.extend(
            commands
                .into_iter()
                .map(|deeper| [command.clone(), vec![deeper]].concat()),
        );
    }
    assert!(seen > 15, "only {seen} commands were found");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn commands_that_are_shown_exist() {
    let shop = Shop::new();
    let (top, _) = helped(&shop, &[]);
    let mut checked = 0;
    let mut faults = Vec::new();
    for (path, text) in pages() {
        let shown = text
            .split(['`', '\n'])
            .filter_map(|part| part.trim().trim_start_matches("$ ").strip_prefix("estante "));
        for line in shown {
            let mut words = line
                .split_whitespace()
                .filter(|word| !word.starts_with('-') && !word.starts_with('.'));
            let first = words.next().unwrap_or_default();
            checked += 1;
            if !top.iter().any(|known| known == first) {
                // `estante -C DIR run` names a folder first.
                let later = words.any(|word| top.iter().any(|known| known == word));
                if !later && !first.is_empty() {
                    faults.push(format!("{}: `estante {line}` is no command", path.display()));
                }
                continue;
            }
            let (deeper, _) = helped(&shop, &[first]);
            let second = words.next().unwrap_or_default();
            if !deeper.is_empty() && !second.is_empty() && !deeper.iter().any(|known| known == second) {
                faults.push(format!("{}: `estante {line}` is no command", path.display()));
            }
        }
    }
    assert!(checked > 20, "only {checked} commands were found");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_sql_of_the_handbook_runs() {
    let shop = Shop::sample_of(&["ferreteria-aranda"]);
    shop.done(&["run", "--channel", "google-es"]);
    let store = rusqlite::Connection::open_with_flags(
        shop.path(".estante/catalog.sqlite"),
        rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY,
    )
    .expect("the store opens");
    let queries = blocks(&page("docs/store.md"), "sql");
    assert!(queries.len() >= 4, "only {} queries were found", queries.len());
    let mut rows = 0;
    for query in queries {
        let mut statement = store.prepare(&query).unwrap_or_else(|e| panic!("{e}\n{query}"));
        let mut answer = statement.query([]).unwrap_or_else(|e| panic!("{e}\n{query}"));
        while answer.next().unwrap_or_else(|e| panic!("{e}\n{query}")).is_some() {
            rows += 1;
        }
    }
    assert!(rows > 0, "no query found anything");
}
