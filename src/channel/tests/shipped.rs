//! The packs and channels that ship with the program: they load, and the packs hold what they were made from.

use crate::channel::Channel;
use crate::channel::pack::Pack;
use crate::channel::rule::Rules;
use crate::channel::rule::compiler::Market;
use crate::channel::rule::outside::Outside;
use crate::channel::settings::{ChannelFile, FieldSource};
use crate::channel::template::Templates;
use crate::channel::variable::Names;
use crate::declaration::Declaration;
use crate::diagnostic::Diagnostic;
use crate::schema::load::load;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn whole<T>(result: Result<T, Vec<Diagnostic>>) -> T {
    result.unwrap_or_else(|faults| {
        panic!(
            "{}",
            faults.iter().map(|fault| format!("{fault}\n")).collect::<String>()
        )
    })
}

fn shipped(name: &str) -> Pack {
    let shown = format!("channels/packs/{name}.toml");
    whole(Pack::read(
        name,
        &whole(Declaration::read(&root().join(&shown), &shown)),
    ))
}

#[test]
fn shipped_channels_fit_the_shipped_schema() {
    let ids = ["google-es", "mirakl", "shopify", "tienda-jsonld"];
    let locales = ["es", "en", "de", "it"].map(String::from);
    let schema = whole(load(&root().join("schemas"), root(), &locales, &ids.map(String::from)));
    for id in ids {
        let shown = format!("channels/{id}.toml");
        let declaration = whole(Declaration::read(&root().join(&shown), &shown));
        let file: ChannelFile = whole(declaration.check());
        let channel = whole(Channel::compile(id, &file, &declaration, shipped(&file.pack), &schema));
        assert_eq!(
            (channel.code.as_str(), channel.file.as_str()),
            (id, file.file.as_deref().unwrap_or(""))
        );
        // Every product pays for every template.
        let names = Names {
            schema: &schema,
            locale: "es",
            channel: id,
            priced: &[],
        };
        for source in file.fields.values() {
            if let FieldSource::Template(source) = source {
                let template = Templates::new("").compile(source, &names).expect("a template");
                assert!(!template.needs_engine(), "{source}");
            }
        }
    }
}

#[test]
fn shipped_packs_compile_in_any_market() {
    for name in ["google-merchant", "mirakl-offers", "schema-org", "shopify"] {
        let pack = shipped(name);
        for country in [None, Some("ES".to_string()), Some("FR".to_string())] {
            let market = Market {
                country,
                domain: Some("tienda.example".to_string()),
                language: "es".to_string(),
            };
            let rules = Rules::compile(&pack, &market).unwrap_or_else(|faults| panic!("{faults:#?}"));
            assert!(!rules.unchecked(&pack, &Outside::default()).is_empty());
        }
    }
}

/// The packs hold every field, rule and source of the specifications they were made from.
#[test]
fn shipped_packs_lose_nothing() {
    let shared = std::env::var_os("ESTANTE_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared"),
        PathBuf::from,
    );
    for name in ["google-merchant", "shopify"] {
        let path = shared.join("specs/channels").join(format!("{name}.json"));
        let Ok(text) = std::fs::read_to_string(&path) else {
            println!("skipped: ../shared is absent");
            return;
        };
        let spec: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let pack = shipped(name);
        let names = |value: &serde_json::Value, key: &str| -> Vec<String> {
            value
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|one| Some(one[key].as_str()?.to_string()))
                .collect()
        };
        for (number, field) in spec["fields"].as_array().into_iter().flatten().enumerate() {
            let own = &pack.file.fields[number];
            assert_eq!(own.name, field["name"].as_str().unwrap_or_default());
            assert_eq!(
                own.max_length.map(u64::from),
                field["max_length"].as_u64(),
                "{}",
                own.name
            );
            assert_eq!(own.words, names_of(&field["enum"]), "{}", own.name);
            assert_eq!(own.pattern.as_deref(), field["pattern"].as_str(), "{}", own.name);
            assert_eq!(
                own.parts.len(),
                field["sub_attributes"].as_object().map_or(0, serde_json::Map::len),
                "{}",
                own.name
            );
            assert_eq!(
                !own.uncertain.is_empty(),
                field["uncertain"].as_bool().unwrap_or(false),
                "{}",
                own.name
            );
        }
        let sources: Vec<String> = pack.file.sources.iter().map(|source| source.id.clone()).collect();
        assert_eq!(sources, names(&spec["sources"], "id"));
        for (own, key) in [(&pack.file.rules, "item_rules"), (&pack.file.file_rules, "file_rules")] {
            for rule in spec[key].as_array().into_iter().flatten() {
                let id = rule["id"].as_str().unwrap_or_default();
                let own = own
                    .iter()
                    .find(|own| own.id == id)
                    .unwrap_or_else(|| panic!("no rule {id}"));
                assert_eq!(own.text, rule["text"].as_str().unwrap_or_default());
                assert_eq!(own.check.is_some(), rule.get("check").is_some(), "{id}");
                assert_eq!(own.uncertain, rule["uncertain"].as_bool().unwrap_or(false), "{id}");
            }
        }
    }
}

fn names_of(value: &serde_json::Value) -> Vec<String> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|one| one.as_str().map(String::from))
        .collect()
}
