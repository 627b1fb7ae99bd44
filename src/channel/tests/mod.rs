//! Rules and writers tried on the cases under `tests/cases`, and the packs that ship with the program.
//!
//! A rule case holds a small pack and listings; what is found is compared whole. A format case holds a pack and listings
//! beside the file they must become.

mod carried;
mod compose;
mod faults;
mod pass;
mod shipped;

use crate::channel::chunk::{Chunk, Draft, Preflight, Step};
use crate::channel::format::Writer;
use crate::channel::format::column::Column;
use crate::channel::pack::Pack;
use crate::channel::pack::file::PackFile;
use crate::channel::rule::Rules;
use crate::channel::rule::compiler::Market;
use crate::channel::rule::outside::{Outside, Picture};
use crate::product::listing::{Content, Listing};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    pack: toml::Table,
    #[serde(default)]
    country: Option<String>,
    #[serde(default)]
    domain: Option<String>,
    #[serde(default)]
    language: String,
    /// Head of the file, for formats.
    #[serde(default)]
    head: BTreeMap<String, String>,
    /// Columns written, for formats; default: all.
    #[serde(default)]
    columns: Vec<String>,
    case: Vec<Case>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// The product model of all listings, so that they are one group.
    #[serde(default)]
    model: Option<String>,
    listings: Vec<toml::Table>,
    /// Keys of the primary channel.
    #[serde(default)]
    primary: Option<Vec<String>>,
    #[serde(default)]
    pictures: Option<BTreeMap<String, PictureCase>>,
    #[serde(default)]
    findings: Vec<String>,
    /// Rules that nobody checks.
    #[serde(default)]
    unchecked: Vec<String>,
    /// What the listings hold afterwards, where the fields' demands mend them.
    #[serde(default)]
    mended: Option<Vec<toml::Table>>,
}

#[derive(serde::Deserialize)]
struct PictureCase {
    format: String,
    width: u32,
    height: u32,
    bytes: u64,
}

fn cases(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(folder)
}

/// A pack of a case: what every pack has to say is filled in.
fn pack(table: &toml::Table) -> Pack {
    let mut table = table.clone();
    for (key, value) in [("title", "case"), ("class", "feed"), ("seen", "never")] {
        table
            .entry(key)
            .or_insert_with(|| toml::Value::String(value.to_string()));
    }
    let formats: toml::Table = toml::from_str("formats = [{ id = \"csv\", kind = \"csv\" }]").expect("TOML");
    table.entry("formats").or_insert_with(|| formats["formats"].clone());
    let file: PackFile = table.try_into().expect("a pack");
    Pack::compile("case", file).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

fn content(value: &toml::Value) -> Content {
    let text = |value: &toml::Value| value.as_str().map_or_else(|| value.to_string(), String::from);
    let group = |table: &toml::Table| {
        table
            .iter()
            .map(|(name, part)| (name.clone(), text(part)))
            .collect::<Vec<_>>()
    };
    match value {
        toml::Value::Array(members) if members.iter().any(toml::Value::is_table) => Content::Groups(
            members
                .iter()
                .filter_map(|member| member.as_table())
                .map(group)
                .collect(),
        ),
        toml::Value::Array(members) => Content::Many(members.iter().map(text).collect()),
        toml::Value::Table(table) => Content::Groups(vec![group(table)]),
        other => Content::One(text(other)),
    }
}

fn listings(pack: &Pack, model: &Option<String>, tables: &[toml::Table]) -> Vec<Listing> {
    let listing = |(place, table): (usize, &toml::Table)| {
        let mut contents = vec![Content::Empty; pack.fields.len()];
        for (name, value) in table {
            let number = pack.number(name).unwrap_or_else(|| panic!("no field {name}"));
            contents[usize::from(number)] = content(value);
        }
        // What says a group is a variant of it.
        let group = pack.group.and_then(|group| contents.get(usize::from(group)));
        let own = group.map(Content::first).filter(|group| !group.is_empty());
        Listing {
            product: place as i64 + 1,
            sku: format!("{}", place + 1),
            model: model.clone().or_else(|| own.map(str::to_owned)),
            contents,
        }
    };
    tables.iter().enumerate().map(listing).collect()
}

fn drafts(listings: Vec<Listing>) -> Vec<Draft> {
    listings
        .into_iter()
        .map(|listing| Draft {
            listing,
            findings: Vec::new(),
        })
        .collect()
}

/// Runs a whole preflight over one chunk, and gives the chunk with its final verdicts and the bytes written.
fn settle(preflight: &Preflight<'_>, listings: Vec<Listing>) -> (Chunk, Vec<u8>, usize) {
    let mut chunk = preflight.chunk(drafts(listings));
    let (mut out, mut rows) = (Vec::new(), 0);
    let mut write = |step: Step<'_>| -> Result<(), std::convert::Infallible> {
        match step {
            Step::Write(bytes, count) | Step::Carry(bytes, count) => {
                out.extend_from_slice(bytes);
                rows += count;
            }
            Step::Between(bytes) => out.extend_from_slice(bytes),
            Step::NextFile => {}
        }
        Ok(())
    };
    preflight
        .pass()
        .settle(&mut chunk, &|_, _| true, &mut |_| Ok(Vec::new()), &mut write)
        .unwrap_or_else(|never| match never {});
    (chunk, out, rows)
}

fn found(preflight: &Preflight<'_>, chunk: &Chunk) -> Vec<String> {
    let mut out = Vec::new();
    for item in &chunk.items {
        for finding in &item.findings {
            let mut diagnostic = preflight.rules.diagnostic(preflight.pack, &item.listing.sku, finding);
            diagnostic.help = None;
            let severity = format!("{:?}", diagnostic.severity).to_lowercase();
            out.push(format!("{severity} {diagnostic}"));
        }
    }
    out
}

fn check_rules(path: &Path) {
    let text = std::fs::read_to_string(path).expect("a case file");
    let file: CaseFile = toml::from_str(&text).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
    let pack = pack(&file.pack);
    let market = Market {
        country: file.country,
        domain: file.domain,
        language: file.language,
    };
    let rules = Rules::compile(&pack, &market).unwrap_or_else(|faults| panic!("{}: {faults:#?}", path.display()));
    let (mut good, mut bad) = (0, 0);
    for case in &file.case {
        let place = format!("{}: {}", path.display(), case.name);
        let known = case.primary.clone().unwrap_or_default();
        let primary = |key: &str| known.iter().any(|own| own == key);
        let picture = |address: &str| {
            let picture = case.pictures.as_ref()?.get(address)?;
            let PictureCase {
                format,
                width,
                height,
                bytes,
            } = picture;
            Some(Picture {
                format: format.clone(),
                width: *width,
                height: *height,
                bytes: *bytes,
            })
        };
        let outside = Outside {
            primary: case.primary.is_some().then_some(&primary),
            picture: case.pictures.is_some().then_some(&picture),
        };
        let columns: Vec<Column> = (0..pack.fields.len() as u16)
            .map(|field| Column {
                field,
                parts: Vec::new(),
            })
            .collect();
        let writer = Writer::new(&pack, &pack.file.formats[0], &columns, &file.head).expect("a writer");
        let preflight = Preflight {
            pack: &pack,
            rules: &rules,
            writer: Some(&writer),
            form: &writer,
            outside,
        };
        let (chunk, _, _) = settle(&preflight, listings(&pack, &case.model, &case.listings));
        let found = found(&preflight, &chunk);
        assert_eq!(found, case.findings, "{place}");
        let unchecked: Vec<String> = rules
            .unchecked(&pack, &outside)
            .into_iter()
            .map(|diagnostic| diagnostic.code.into_owned())
            .collect();
        assert_eq!(unchecked, case.unchecked, "{place}");
        if let Some(mended) = &case.mended {
            let expected = listings(&pack, &case.model, mended);
            let actual: Vec<Listing> = chunk.items.iter().map(|item| item.listing.clone()).collect();
            assert_eq!(actual, expected, "{place}");
        }
        good += usize::from(found.is_empty());
        bad += usize::from(!found.is_empty() || !unchecked.is_empty());
    }
    assert!(bad > 0, "{} has no bad case", path.display());
    assert!(good > 0, "{} has no good case", path.display());
}

#[test]
fn rules_find_what_their_cases_say() {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(cases("rules"))
        .expect("cases")
        .map(|entry| entry.expect("entry").path())
        .collect();
    paths.sort();
    for path in &paths {
        check_rules(path);
    }
    let names: BTreeSet<String> = paths
        .iter()
        .filter_map(|path| Some(path.file_stem()?.to_str()?.to_string()))
        .collect();
    for op in ops() {
        assert!(names.contains(&op), "no case for {op}");
    }
}

/// The names of all checks, as the generated schema lists them.
fn ops() -> Vec<String> {
    let schema = schemars::schema_for!(crate::channel::pack::check::Check).to_value();
    let variants = schema["oneOf"].as_array().expect("variants").clone();
    let names = variants
        .iter()
        .map(|variant| variant["required"][0].as_str().expect("a name").to_string());
    let names: Vec<String> = names.collect();
    assert!(names.len() > 50, "{names:?}");
    names
}

#[test]
fn files_are_written_as_their_cases_say() {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(cases("formats"))
        .expect("cases")
        .map(|entry| entry.expect("entry").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    paths.sort();
    assert!(!paths.is_empty());
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a case file");
        let file: CaseFile = toml::from_str(&text).unwrap_or_else(|fault| panic!("{}: {fault}", path.display()));
        let pack = pack(&file.pack);
        let rules = Rules::compile(&pack, &Market::default()).unwrap_or_else(|faults| panic!("{faults:#?}"));
        for format in &pack.file.formats {
            let names: Vec<String> = match file.columns.as_slice() {
                [] => pack.fields.iter().map(|field| field.name.clone()).collect(),
                columns => columns.to_vec(),
            };
            let column = |name: &String| Column {
                field: pack.number(name).expect("a field"),
                parts: Vec::new(),
            };
            let columns: Vec<Column> = names.iter().map(column).collect();
            let writer = Writer::new(&pack, format, &columns, &file.head).expect("a writer");
            let preflight = Preflight {
                pack: &pack,
                rules: &rules,
                writer: Some(&writer),
                form: &writer,
                outside: Outside::default(),
            };
            let mut out = writer.head();
            let mut rows = 0;
            for case in &file.case {
                if rows > 0 {
                    out.extend_from_slice(writer.separator());
                }
                let (chunk, bytes, count) = settle(&preflight, listings(&pack, &case.model, &case.listings));
                assert_eq!(
                    found(&preflight, &chunk),
                    case.findings,
                    "{}: {}",
                    path.display(),
                    case.name
                );
                out.extend_from_slice(&bytes);
                rows += count;
            }
            out.extend_from_slice(&writer.tail());
            let expected = path.with_extension(format!("{}.expected", format.id));
            let text = String::from_utf8(out.clone()).expect("UTF-8");
            if std::env::var_os("ESTANTE_BLESS").is_some() {
                std::fs::write(&expected, &out).expect("written");
            }
            let wanted = std::fs::read_to_string(&expected).unwrap_or_default();
            assert!(text == wanted, "{} is now\n{text}", expected.display());
            let found = writer.read_back(out.as_slice(), &expected).expect("a valid file");
            assert_eq!(found, rows as u64);
            // A file that lost its end, or an item, is no valid file.
            let cut = &out[..out.len() - out.len() / 3];
            assert!(
                !matches!(writer.read_back(cut, &expected), Ok(found) if found == rows as u64),
                "{} cut by a third",
                expected.display()
            );
        }
    }
}

/// What a format leaves out of a text, or writes as a blank.
fn as_written(format: &str, text: &str) -> String {
    let control = |c: char| c < ' ' && !matches!(c, '\t' | '\n' | '\r');
    match format {
        "csv" => text.replace(control, ""),
        "tsv" => text.replace(control, "").replace(['\t', '\n', '\r'], " "),
        "xml" => text.replace(|c| control(c) || matches!(c, '\u{fffe}' | '\u{ffff}'), ""),
        _ => text.to_string(),
    }
}

fn two_columns() -> toml::Table {
    let text = r#"
        formats = [{ id = "csv", kind = "csv" }, { id = "tsv", kind = "tsv" }, { id = "xml", kind = "xml" },
            { id = "json", kind = "json" }, { id = "jsonl", kind = "jsonl" }]
        fields = [{ name = "a", type = "text" }, { name = "b", type = "text" }]
    "#;
    toml::from_str(text).expect("TOML")
}

fn read_back(kind: &str, bytes: &[u8]) -> Vec<(String, String)> {
    match kind {
        "csv" | "tsv" => {
            let delimiter = if kind == "tsv" { b'\t' } else { b',' };
            let mut reader = ::csv::ReaderBuilder::new().delimiter(delimiter).from_reader(bytes);
            reader
                .records()
                .map(|row| row.expect("a row"))
                .map(|row| (row[0].to_string(), row[1].to_string()))
                .collect()
        }
        "xml" => {
            let text = std::str::from_utf8(bytes).expect("UTF-8");
            let mut reader = quick_xml::Reader::from_str(text);
            let (mut out, mut name) = (Vec::new(), String::new());
            loop {
                match reader.read_event().expect("well formed") {
                    quick_xml::events::Event::Start(tag) => {
                        name = tag.name().as_ref().to_string();
                        if name == "item" {
                            out.push((String::new(), String::new()));
                        }
                    }
                    quick_xml::events::Event::End(_) => name.clear(),
                    quick_xml::events::Event::Eof => return out,
                    event => {
                        let piece = match event {
                            quick_xml::events::Event::Text(text) => text.to_string(),
                            quick_xml::events::Event::GeneralRef(name) => {
                                match name.resolve_char_ref().expect("a reference") {
                                    Some(c) => c.to_string(),
                                    None => quick_xml::escape::resolve_predefined_entity(&name)
                                        .expect("known")
                                        .to_string(),
                                }
                            }
                            _ => continue,
                        };
                        match (name.as_str(), out.last_mut()) {
                            ("a", Some((a, _))) => a.push_str(&piece),
                            ("b", Some((_, b))) => b.push_str(&piece),
                            _ => {}
                        }
                    }
                }
            }
        }
        _ => {
            let objects: Vec<serde_json::Value> = if kind == "json" {
                serde_json::from_slice(bytes).expect("JSON")
            } else {
                bytes
                    .split(|byte| *byte == b'\n')
                    .filter(|line| !line.is_empty())
                    .map(|line| serde_json::from_slice(line).expect("JSON"))
                    .collect()
            };
            let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_string();
            objects
                .iter()
                .map(|object| (text(&object["a"]), text(&object["b"])))
                .collect()
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    /// What is written is what is read, in every format, but for characters that no format takes.
    #[test]
    fn what_is_written_is_read_back(texts in prop::collection::vec((".*", "[\\x00-\\x7f\u{80}-\u{9f}\u{fff0}-\u{ffff}]{0,12}"), 1..6)) {
        let pack = pack(&two_columns());
        let listings: Vec<Listing> = texts.iter().enumerate().map(|(place, (a, b))| Listing {
            product: place as i64,
            sku: place.to_string(),
            model: None,
            contents: vec![Content::One(a.clone()), Content::One(b.clone())],
        }).collect();
        let columns: Vec<Column> = (0..2).map(|field| Column { field, parts: Vec::new() }).collect();
        for format in &pack.file.formats {
            let writer = Writer::new(&pack, format, &columns, &BTreeMap::new()).expect("a writer");
            let mut bytes = writer.head();
            for (place, listing) in listings.iter().enumerate() {
                if place > 0 {
                    bytes.extend_from_slice(writer.separator());
                }
                writer.listing(listing, &mut bytes);
            }
            bytes.extend_from_slice(&writer.tail());
            let expected: Vec<(String, String)> =
                texts.iter().map(|(a, b)| (as_written(&format.id, a), as_written(&format.id, b))).collect();
            let found = read_back(&format.id, &bytes);
            prop_assert_eq!(found, expected, "{}", format.id);
        }
    }
}
