//! The paths at which the records of an unknown XML or JSON file hold values.
//!
//! What the values look like is left to `sniff`, which asks the reader for them by these paths.

use crate::feed::Reading;
use crate::feed::failure::FeedError;
use crate::feed::icecat;
use crate::feed::xml_events::{character, local};
use crate::product::record::Records;
use quick_xml::escape::unescape;
use quick_xml::events::Event;
use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

/// Paths that are looked for in a tree.
const PATHS: usize = 2_000;
/// Bytes of a path, from which on it is no column that a person would name, and of all paths together.
const LONGEST: usize = 1_000;
const ALL: usize = 1 << 20;
/// Bytes of a name of BMEcat's own: a kind of price, a feature, a purpose.
const NAME: usize = 200;
/// Bytes of an element's text that are looked at.
const SAMPLE: usize = 2_000;

/// Every path that holds a value in the first records, in the order of the file; of BMEcat files also the fields that are no
/// paths.
pub fn tree_paths(reading: &mut Reading, items: Option<&str>, sample_records: usize) -> Result<Vec<String>, FeedError> {
    let mut paths = Paths::default();
    let mut batch = Records::default();
    let mut records = 0;
    // The items of a record have its bytes: each is looked at once.
    let mut last: Vec<u8> = Vec::new();
    'reading: while reading.next(&mut batch)? {
        for record in batch.iter() {
            if records >= sample_records {
                break 'reading;
            }
            records += 1;
            if items.is_some() && record.raw() == last {
                continue;
            }
            last.clear();
            last.extend_from_slice(record.raw());
            match reading {
                Reading::Xml(_) => xml_paths(record.raw(), &mut paths),
                _ => json_paths(record.raw(), &mut paths),
            }
        }
    }
    let is_bmecat = match reading {
        Reading::Xml(xml) if xml.is_bmecat() => {
            let name = |number: &String| xml.feature_name(number).unwrap_or(number).to_string();
            paths.features = paths.features.iter().map(name).collect();
            true
        }
        _ => false,
    };
    let list = paths.list(is_bmecat);
    let is_xml = matches!(reading, Reading::Xml(_));
    Ok(match items {
        Some(items) => list.iter().map(|path| of_item(path, items, is_xml)).collect(),
        None => list,
    })
}

/// A path of a record as the items inside of it call it.
fn of_item(path: &str, items: &str, is_xml: bool) -> String {
    let between = if is_xml { '/' } else { '.' };
    let items = items.trim().trim_matches(between);
    match path.strip_prefix(items).and_then(|rest| rest.strip_prefix(between)) {
        Some(inside) => inside.to_string(),
        None if path == items => ".".to_string(),
        None => format!("^{between}{path}"),
    }
}

#[derive(Default)]
struct Paths {
    /// Path with prefixes, and its place among them.
    found: BTreeMap<String, usize>,
    /// Bytes of them.
    bytes: usize,
    prices: BTreeSet<String>,
    features: BTreeSet<String>,
    mimes: BTreeSet<String>,
    references: BTreeSet<String>,
    systems: BTreeSet<String>,
    extensions: BTreeSet<String>,
    /// Articles stand for several.
    variants: bool,
}

impl Paths {
    fn add(&mut self, path: &str) {
        let next = self.found.len();
        let fits = path.len() <= LONGEST && self.bytes + path.len() <= ALL;
        if next < PATHS && fits && !path.is_empty() && !self.found.contains_key(path) {
            self.bytes += path.len();
            self.found.insert(path.to_string(), next);
        }
    }

    /// A feature of Icecat's.
    fn feature(&mut self, name: &str) {
        let name = name.trim();
        if self.features.len() < PATHS / 2 && name.len() <= NAME && !name.is_empty() {
            self.features.insert(name.to_string());
        }
    }

    fn list(self, is_bmecat: bool) -> Vec<String> {
        let mut found: Vec<(usize, String)> = self.found.into_iter().map(|(path, place)| (place, path)).collect();
        found.sort_unstable();
        let without: Vec<String> = found.iter().map(|(_, path)| without_prefixes(path)).collect();
        let mut times: BTreeMap<&str, usize> = BTreeMap::new();
        for path in &without {
            *times.entry(path).or_default() += 1;
        }
        // The prefix is named only where two elements differ in nothing else.
        let mut out: Vec<String> = Vec::new();
        for ((_, path), plain) in found.iter().zip(&without) {
            out.push(match times.get(plain.as_str()) {
                Some(1) => plain.clone(),
                _ if path == plain => bare(plain),
                _ => path.clone(),
            });
        }
        if is_bmecat {
            out.extend(self.prices.iter().map(|kind| format!("price:{kind}")));
            out.extend(self.prices.iter().map(|kind| format!("currency:{kind}")));
            out.extend(self.features.iter().map(|name| format!("feature:{name}")));
            out.extend(self.features.iter().map(|name| format!("feature_unit:{name}")));
            out.extend(self.mimes.iter().map(|purpose| format!("mime:{purpose}")));
            out.extend(self.references.iter().map(|kind| format!("reference:{kind}")));
            out.extend(self.systems.iter().map(|system| format!("class:{system}")));
            out.extend(self.extensions.iter().map(|name| format!("udx:{name}")));
            out.extend(["group", "group_name", "group_path"].map(str::to_string));
            out.extend(self.variants.then(|| "base_number".to_string()));
        } else {
            // Of Icecat's sheets.
            out.extend(self.features.iter().map(|name| format!("feature:{name}")));
        }
        out
    }
}

/// A path of names without prefixes, beside which another one has some: so that it means none.
fn bare(path: &str) -> String {
    let parts = path.split('/').map(|part| match part.strip_prefix('@') {
        Some(name) => format!("@:{name}"),
        None => format!(":{part}"),
    });
    parts.collect::<Vec<_>>().join("/")
}

fn without_prefixes(path: &str) -> String {
    let parts = path.split('/').map(|part| match part.strip_prefix('@') {
        Some(name) => format!("@{}", local(name)),
        None => local(part).to_string(),
    });
    parts.collect::<Vec<_>>().join("/")
}

/// The paths of values in one record, whose XML a reader has found sound.
fn xml_paths(raw: &[u8], paths: &mut Paths) {
    let mut reader = quick_xml::Reader::from_reader(raw);
    reader.config_mut().expand_empty_elements = true;
    // Path (of what is not too long), text, and whether elements are inside.
    let mut open: Vec<(Option<String>, String, bool)> = Vec::new();
    let mut names: Vec<String> = Vec::new();
    while let Ok(event) = reader.read_event() {
        match event {
            Event::Start(tag) => {
                let path = match open.last_mut() {
                    None => Some(String::new()),
                    Some((parent, _, filled)) => {
                        *filled = true;
                        parent.as_ref().and_then(|parent| joined(parent, '/', tag.name().0))
                    }
                };
                for attribute in tag.attributes().with_checks(false).flatten() {
                    let name = attribute.key.0;
                    if let Some(path) = path.as_ref().filter(|_| name.len() <= LONGEST)
                        && !name.starts_with("xmlns")
                        && !name.starts_with("xsi:")
                    {
                        let slash = if path.is_empty() { "" } else { "/" };
                        paths.add(&format!("{path}{slash}@{name}"));
                    }
                    // A reference that cannot be resolved is told by the reader.
                    let Ok(value) = unescape(&attribute.value) else {
                        continue;
                    };
                    let few = paths.prices.len() < PATHS / 10 && value.len() <= NAME;
                    if path.as_deref() == Some(icecat::XML_NAME.0) && name == icecat::XML_NAME.1 {
                        paths.feature(&value);
                    }
                    if local(name) == "price_type" && few {
                        paths.prices.insert(value.to_string());
                    }
                    let element = local(tag.name().0);
                    if name == "type" && few && matches!(element, "ARTICLE_REFERENCE" | "PRODUCT_REFERENCE") {
                        paths.references.insert(value.to_string());
                    }
                }
                open.push((path, String::new(), false));
            }
            Event::Text(text) => {
                if let Some((_, kept, _)) = open.last_mut().filter(|(_, kept, _)| kept.len() < SAMPLE) {
                    kept.push_str(&text);
                }
            }
            Event::GeneralRef(name) => {
                if let (Some((_, kept, _)), Ok(Some(c))) = (open.last_mut(), character(&name))
                    && kept.len() < SAMPLE
                {
                    kept.push(c);
                }
            }
            Event::CData(text) => {
                if let Some((_, kept, _)) = open.last_mut().filter(|(_, kept, _)| kept.len() < SAMPLE) {
                    kept.push_str(&text.into_inner());
                }
            }
            Event::End(_) => {
                let Some((path, text, filled)) = open.pop() else { break };
                let text = text.trim().to_string();
                let Some(path) = path else { continue };
                names.clear();
                names.extend(path.rsplit('/').take(2).map(|name| local(name).to_string()));
                match (names.first().map(String::as_str), names.get(1).map(String::as_str)) {
                    (Some("FNAME" | "FT_IDREF"), Some("FEATURE"))
                        if paths.features.len() < PATHS / 10 && text.len() <= NAME =>
                    {
                        paths.features.insert(text.clone());
                    }
                    (Some("MIME_PURPOSE"), Some("MIME")) if paths.mimes.len() < 50 && text.len() <= NAME => {
                        paths.mimes.insert(text.to_ascii_lowercase());
                    }
                    (Some("REFERENCE_FEATURE_SYSTEM_NAME"), _) if paths.systems.len() < 50 && text.len() <= NAME => {
                        paths.systems.insert(text.clone());
                    }
                    (Some("SUPPLIER_AID_SUPPLEMENT" | "SUPPLIER_PID_SUPPLEMENT"), _) => paths.variants = true,
                    (Some(name), _) if name.starts_with("UDX.") && !filled && !text.is_empty() => {
                        let last = name.rsplit('.').next().unwrap_or(name);
                        if paths.extensions.len() < PATHS / 10 {
                            paths.extensions.insert(last.to_string());
                        }
                    }
                    _ => {}
                }
                if path.is_empty() {
                    if !filled {
                        paths.add(".");
                    }
                } else if !filled || !text.is_empty() {
                    paths.add(&path);
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
}

/// A path with one more name; none where it gets too long.
fn joined(parent: &str, between: char, name: &str) -> Option<String> {
    if parent.len() + name.len() >= LONGEST {
        return None;
    }
    Some(match parent.is_empty() {
        true => name.to_owned(),
        false => format!("{parent}{between}{name}"),
    })
}

fn json_paths(raw: &[u8], paths: &mut Paths) {
    let mut deserializer = serde_json::Deserializer::from_slice(raw);
    let seed = JsonPaths {
        path: Some(String::new()),
        paths,
    };
    // A record that is no JSON has no paths; the reader refuses it.
    let _ = seed.deserialize(&mut deserializer);
}

/// Collects the paths of scalars; members of lists have the path of the list.
struct JsonPaths<'a> {
    /// None where it is too long.
    path: Option<String>,
    paths: &'a mut Paths,
}

impl<'de> DeserializeSeed<'de> for JsonPaths<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for JsonPaths<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key::<String>()? {
            let path = self.path.as_ref().and_then(|parent| joined(parent, '.', &key));
            map.next_value_seed(JsonPaths {
                path,
                paths: self.paths,
            })?;
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq
            .next_element_seed(JsonPaths {
                path: self.path.clone(),
                paths: self.paths,
            })?
            .is_some()
        {}
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.add()
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.add()
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.add()
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.add()
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        if self.path.as_deref() == Some(icecat::JSON_NAME) {
            self.paths.feature(text);
        }
        self.add()
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.add()
    }
}

impl JsonPaths<'_> {
    /// Here is a value.
    fn add<E>(self) -> Result<(), E> {
        if let Some(path) = &self.path {
            self.paths.add(path);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(raw: &str, expected: &[&str]) {
        let mut paths = Paths::default();
        match raw.starts_with('<') {
            true => xml_paths(raw.as_bytes(), &mut paths),
            false => json_paths(raw.as_bytes(), &mut paths),
        }
        assert_eq!(paths.list(false), expected);
    }

    #[test]
    fn paths_that_nobody_would_name_take_no_room() {
        let long = "k".repeat(LONGEST);
        check(
            &format!(r#"{{"a":1,"{long}":{{"b":1,"c":[2]}},"d":{{"e":2}}}}"#),
            &["a", "d.e"],
        );
        check(
            &format!("<p a='1'><{long} x='2'><b>1</b></{long}><d>2</d></p>"),
            &["@a", "d"],
        );
    }

    #[test]
    fn names_of_features_are_read_as_the_reader_reads_them() {
        check(
            "<p><ProductFeature><Feature><Name Value='3.5&quot; &amp; more'/></Feature></ProductFeature>\
             <FEATURE><FNAME>L&#228;nge &amp; Breite</FNAME></FEATURE></p>",
            &[
                "ProductFeature/Feature/Name/@Value",
                "ProductFeature/Feature/Name",
                "FEATURE/FNAME",
                "feature:3.5\" & more",
                "feature:Länge & Breite",
            ],
        );
    }

    #[test]
    fn names_that_differ_by_their_prefix_are_told_apart() {
        check(
            "<e><id>1</id><g:id>2</g:id><g:a><b>3</b></g:a><a><b>4</b></a><g:c>5</g:c></e>",
            &[":id", "g:id", "g:a/b", ":a/:b", "c"],
        );
    }

    #[test]
    fn all_paths_together_are_bounded() {
        let mut paths = Paths::default();
        for n in 0..PATHS {
            paths.add(&format!("{n:0>900}"));
        }
        assert_eq!(paths.found.len(), ALL / 900);
    }
}
