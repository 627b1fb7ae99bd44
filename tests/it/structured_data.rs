//! What leaves as JSON-LD uses the words of schema.org: every type and property is in its vocabulary, and belongs together.

use crate::corner::prepared;
use crate::support::shared;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;

/// Properties by name: the types they belong to. Types by name: the types above them.
struct Vocabulary {
    properties: BTreeMap<String, Vec<String>>,
    above: BTreeMap<String, Vec<String>>,
}

impl Vocabulary {
    fn read(bytes: &[u8]) -> Vocabulary {
        let mut text = String::new();
        let mut unpacked = flate2::read::GzDecoder::new(bytes);
        unpacked.read_to_string(&mut text).expect("the vocabulary unpacks");
        let document: Value = serde_json::from_str(&text).expect("the vocabulary is JSON");
        let (mut properties, mut above) = (BTreeMap::new(), BTreeMap::new());
        for node in document["@graph"].as_array().expect("a graph") {
            let names = |key: &str| -> Vec<String> {
                let one = std::slice::from_ref(&node[key]);
                let all = node[key].as_array().map_or(one, Vec::as_slice);
                all.iter()
                    .filter_map(|name| Some(short(name["@id"].as_str()?).to_owned()))
                    .collect()
            };
            let Some(id) = node["@id"].as_str() else { continue };
            properties.insert(short(id).to_owned(), names("schema:domainIncludes"));
            above.insert(short(id).to_owned(), names("rdfs:subClassOf"));
        }
        Vocabulary { properties, above }
    }

    fn check(&self, path: &str, object: &Value, faults: &mut BTreeSet<String>) {
        let Some(members) = object.as_object() else { return };
        let kind = members.get("@type").and_then(Value::as_str).unwrap_or("");
        if !self.above.contains_key(kind) {
            faults.insert(format!("{path}: `{kind}` is no type"));
        }
        let mut kinds = vec![kind.to_owned()];
        let mut at = 0;
        while at < kinds.len() {
            let more = self.above.get(&kinds[at]).cloned().unwrap_or_default();
            kinds.extend(more);
            at += 1;
        }
        for (name, value) in members.iter().filter(|(name, _)| !name.starts_with('@')) {
            let domains = self.properties.get(name);
            if !domains.is_some_and(|domains| domains.iter().any(|domain| kinds.contains(domain))) {
                faults.insert(format!("{path}: `{kind}` has no property `{name}`"));
            }
            match value {
                Value::Array(members) => members
                    .iter()
                    .for_each(|member| self.check(&format!("{path}.{name}"), member, faults)),
                member => self.check(&format!("{path}.{name}"), member, faults),
            }
        }
    }
}

fn short(id: &str) -> &str {
    id.strip_prefix("schema:").unwrap_or(id)
}

#[test]
fn structured_data_speaks_the_vocabulary() {
    let Some(shared) = shared() else {
        println!("skipped: ../shared is absent");
        return;
    };
    let packed = std::fs::read(shared.join("specs/validators/schema-org/schemaorg-all-https.jsonld.gz"));
    let vocabulary = Vocabulary::read(&packed.expect("the vocabulary is there"));
    let text = prepared().shop.read("out/tienda-jsonld/products.jsonl");
    let mut faults = BTreeSet::new();
    let mut properties = BTreeSet::new();
    for line in text.lines() {
        let object: Value = serde_json::from_str(line).expect("each line is a whole object");
        assert_eq!(object["@context"], "https://schema.org/");
        assert!(!line.contains("</"), "it would end the script it stands in: {line}");
        properties.extend(object.as_object().into_iter().flatten().map(|(name, _)| name.clone()));
        vocabulary.check("Product", &object, &mut faults);
    }
    assert!(text.lines().count() > 1_000 && properties.len() > 15, "{properties:?}");
    assert!(faults.is_empty(), "{faults:#?}");
}
