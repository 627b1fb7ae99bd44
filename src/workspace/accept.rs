//! Meanings that are clear, written into a supplier's file; everything else in it stays as it stands.

use crate::declaration::Declaration;
use crate::mapping::Mapping;
use crate::workspace::Workspace;
use crate::workspace::check::{Checked, UnknownWord, line, quoted_key};
use crate::workspace::drift::key;
use crate::workspace::failure::{Failure, FailureKind};
use crate::workspace::feed_file::put;
use crate::workspace::supplier_settings::{SUPPLIER_FILE, SupplierFile};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use toml_edit::{Document, DocumentMut, Item, Table, TableLike, value};

/// Comments left for the person in one file.
const MOST_COMMENTS: usize = 200;

/// What was written.
#[derive(Debug, Clone, serde::Serialize)]
pub struct Accepted {
    pub file: String,
    /// `maps.colores: "ROJOS" = "red"`, in the order written.
    pub written: Vec<String>,
    /// Words that were left as comments for a person.
    pub commented: Vec<String>,
}

/// Writes the clear meanings of a check, and what is not clear as comments, each once. The file is only replaced by one that
/// is a sound mapping.
pub fn accept(workspace: &Workspace, checked: &Checked) -> Result<Accepted, Failure> {
    let supplier = workspace.settings.supplier(&checked.supplier)?;
    let path = supplier.folder.join(SUPPLIER_FILE);
    let shown = workspace.settings.shown(&path);
    let before = std::fs::read_to_string(&path).map_err(|error| Failure::io("read", &path, &error))?;
    let (plain, ending) = plain_lines(&before);
    let broken = |what: String| Failure::new(FailureKind::Broken, format!("failed to edit {shown}: {what}"));
    let mut document: DocumentMut = plain.parse().map_err(|error| broken(format!("{error}")))?;
    let mut written = Vec::new();
    for word in checked.unknown.iter().filter(|word| word.clear) {
        let Some(best) = word.nearest.first() else { continue };
        let map = map_of(&mut document, word).ok_or_else(|| broken("`maps` or `fields` is no table".to_owned()))?;
        if map.contains_key(&word.word) {
            continue;
        }
        map.insert(&word.word, value(&best.value));
        written.push(format!(
            "maps.{}: {} = \"{}\"",
            key(&word.map),
            quoted_key(&word.word),
            best.value
        ));
    }
    let mut text = document.to_string();
    let commented = leave_comments(&mut text, &document, &checked.unknown);
    if text != plain {
        let declaration = Declaration::parse(text.clone(), &shown);
        let sound = declaration.and_then(|declaration| {
            let file: SupplierFile = declaration.check()?;
            Mapping::compile(
                &file.read,
                &file.fields,
                &file.maps,
                &workspace.settings.schema,
                &declaration,
            )
        });
        sound.map_err(|faults| {
            Failure::invalid(format!("{shown} stays as it is: the proposal is no mapping"), faults)
        })?;
        let mark = if before.starts_with(MARK) { MARK } else { "" };
        put(&path, format!("{mark}{}", text.replace('\n', ending)).as_bytes())?;
    }
    Ok(Accepted {
        file: shown,
        written,
        commented,
    })
}

/// The map that a word belongs in, made and named by its field where it is not there.
fn map_of<'d>(document: &'d mut DocumentMut, word: &UnknownWord) -> Option<&'d mut dyn TableLike> {
    if !word.map_exists {
        let fields = document.get_mut("fields")?.as_table_like_mut()?;
        let item = fields.get_mut(&word.field)?;
        let field = item.as_table_like_mut()?;
        if !field.contains_key("map") {
            field.insert("map", value(&word.map));
            // What the list knows already goes on past the new map.
            if !field.contains_key("unknown") {
                field.insert("unknown", value("keep"));
            }
            if let Some(inline) = item.as_inline_table_mut() {
                inline.fmt();
            }
        }
    }
    let maps = document.entry("maps").or_insert_with(|| {
        let mut table = Table::new();
        table.set_implicit(true);
        Item::Table(table)
    });
    maps.as_table_like_mut()?
        .entry(&word.map)
        .or_insert_with(|| Item::Table(Table::new()))
        .as_table_like_mut()
}

/// A byte order mark.
const MARK: &str = "\u{feff}";

/// The text with plain line ends and without a byte order mark, and the line end that most of its lines have.
fn plain_lines(text: &str) -> (String, &'static str) {
    let plain = text.strip_prefix(MARK).unwrap_or(text).replace("\r\n", "\n");
    let lines = plain.matches('\n').count();
    match text.matches("\r\n").count() * 2 > lines {
        true => (plain, "\r\n"),
        false => (plain, "\n"),
    }
}

/// Leaves a line for the person for each word that is not clear, once a map: below the head of the map, or at the end of the
/// file where the map has none. Returns the words.
fn leave_comments(text: &mut String, document: &DocumentMut, unknown: &[UnknownWord]) -> Vec<String> {
    let mut by_map: BTreeMap<&str, Vec<&UnknownWord>> = BTreeMap::new();
    let mut seen: BTreeSet<(&str, &str)> = BTreeSet::new();
    let has = |word: &UnknownWord| {
        let map = document.get("maps").and_then(|maps| maps.get(&word.map));
        map.is_some_and(|map| map.get(&word.word).is_some())
    };
    for word in unknown.iter().filter(|word| !word.clear && !has(word)) {
        if seen.insert((&word.map, &word.word)) {
            by_map.entry(&word.map).or_default().push(word);
        }
    }
    let mut commented = Vec::new();
    for (map, words) in by_map {
        let body = body_of(text, map);
        let room = MOST_COMMENTS.saturating_sub(commented.len());
        let (at, there) = match &body {
            Some(body) => (body.start, text.get(body.clone()).unwrap_or_default().to_owned()),
            None => (text.len(), text.clone()),
        };
        let comment = |word: &UnknownWord| match &body {
            Some(_) => line(word),
            None => {
                let plain = line(word);
                let plain = plain.trim_start_matches("# ");
                format!("# for a map of [fields.{}]: {plain}", key(&word.field))
            }
        };
        // What was asked before is found by what stands before its count.
        let is_asked = |comment: &str| {
            let question = comment
                .rsplit_once(" = \"\"  # ")
                .map_or(comment, |(question, _)| question);
            let question = format!("{question} = ");
            there.lines().any(|line| line.trim_start().starts_with(&question))
        };
        let lines = words.into_iter().map(|word| (word, comment(word)));
        let mut added = String::new();
        for (word, comment) in lines.filter(|(_, comment)| !is_asked(comment)).take(room) {
            added.push_str(&comment);
            commented.push(word.word.clone());
        }
        let ends = text.get(..at).is_some_and(|head| head.ends_with('\n'));
        if !added.is_empty() && !ends {
            added.insert(0, '\n');
        }
        text.insert_str(at, &added);
    }
    commented
}

/// Where the lines of a map lie that has a head of its own: behind the head's line, before the next head. Texts that only look
/// like a head do not count.
fn body_of(text: &str, map: &str) -> Option<Range<usize>> {
    let document = Document::parse(text).ok()?;
    let mut heads: Vec<usize> = Vec::new();
    let mut tables: Vec<&Table> = vec![document.as_table()];
    while let Some(table) = tables.pop() {
        heads.extend(head_of(table, text).map(|head| head.start));
        for (_, item) in table.iter() {
            match item {
                Item::Table(table) => tables.push(table),
                Item::ArrayOfTables(several) => tables.extend(several.iter()),
                Item::None | Item::Value(_) => {}
            }
        }
    }
    let head = head_of(document.get("maps")?.get(map)?.as_table()?, text)?;
    let start = match text.get(head.end..)?.find('\n') {
        Some(end) => head.end + end + 1,
        None => text.len(),
    };
    let next = heads.into_iter().filter(|next| *next >= start).min();
    Some(start..next.unwrap_or(text.len()))
}

/// Where `[a.table]` stands, of tables that have such a head.
fn head_of(table: &Table, text: &str) -> Option<Range<usize>> {
    let span = table.span()?;
    text.get(span.clone())?.starts_with('[').then_some(span)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn word(field: &str, map: &str, word: &str) -> UnknownWord {
        UnknownWord {
            field: field.to_owned(),
            map: map.to_owned(),
            map_exists: true,
            word: word.to_owned(),
            rows: 2,
            nearest: Vec::new(),
            clear: false,
        }
    }

    #[track_caller]
    fn check(before: &str, unknown: &[UnknownWord], expected: &str) {
        let mut text = before.to_owned();
        let document: DocumentMut = before.parse().unwrap();
        let commented = leave_comments(&mut text, &document, unknown);
        assert_eq!(text, expected);
        assert_eq!(commented.is_empty(), before == expected);
        assert_eq!(leave_comments(&mut text, &document, unknown), [""; 0], "asked once");
        assert_eq!(text, expected);
    }

    #[test]
    fn comments_stand_below_their_head_and_in_no_text() {
        let fake = "note = \"\"\"\n[maps.tones]\n\"\"\"\n";
        check(
            &format!("{fake}[maps.tones] # mine\na = \"b\""),
            &[word("tone", "tones", "LILA"), word("tone", "tones", "OCRE")],
            &format!("{fake}[maps.tones] # mine\n# \"LILA\" = \"\"  # 2 rows\n# \"OCRE\" = \"\"  # 2 rows\na = \"b\""),
        );
        check(
            "[maps.\"á b\"]",
            &[word("x", "á b", "LILA")],
            "[maps.\"á b\"]\n# \"LILA\" = \"\"  # 2 rows\n",
        );
        let inline = "maps = { tones = { a = \"b\" } }\n";
        let end = "# for a map of [fields.tone]: \"LILA\" = \"\"  # 2 rows\n";
        check(inline, &[word("tone", "tones", "LILA")], &format!("{inline}{end}"));
    }

    #[test]
    fn a_word_is_asked_once_in_each_map() {
        check(
            "[maps.a]\nx = \"1\"\n[maps.b]\nLILA = \"2\"\n[maps.c]\n",
            &[
                word("one", "a", "LILA"),
                word("two", "a", "LILA"),
                word("b", "b", "LILA"),
                word("c", "c", "LILA"),
            ],
            "[maps.a]\n# \"LILA\" = \"\"  # 2 rows\nx = \"1\"\n[maps.b]\nLILA = \"2\"\n[maps.c]\n# \"LILA\" = \"\"  # 2 rows\n",
        );
    }

    #[test]
    fn most_lines_say_how_lines_end() {
        assert_eq!(plain_lines("\u{feff}a\r\nb\r\nc\n"), ("a\nb\nc\n".to_owned(), "\r\n"));
        assert_eq!(plain_lines("a\nb\r\n"), ("a\nb\n".to_owned(), "\n"));
        assert_eq!(plain_lines(""), (String::new(), "\n"));
    }
}
