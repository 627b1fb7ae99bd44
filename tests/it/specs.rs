//! What is read out of texts: `tests/cases/specs/*.toml` with the sample workspace's own schema.

use crate::support::project;
use estante::product::origin::Origin;
use estante::product::{By, Product, Resolved};
use estante::schema::Schema;
use estante::schema::scope::Key;
use estante::value::Value;
use estante::workspace::settings::Settings;
use serde::Deserialize;
use std::sync::LazyLock;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    case: Vec<Case>,
}

/// One product, and all that is found in its texts.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    family: String,
    #[serde(default)]
    locale: Option<String>,
    name: String,
    #[serde(default)]
    description: Option<String>,
    /// `attribute = value`, in order of attribute.
    #[serde(default)]
    found: Vec<String>,
}

static SETTINGS: LazyLock<Settings> = LazyLock::new(|| match Settings::load(project()) {
    Ok(settings) => settings,
    Err(failure) => panic!("{failure}: {:#?}", failure.diagnostics),
});

pub fn product(schema: &Schema, family: &str, texts: &[(&str, Option<&str>, &str)]) -> Product {
    let value = |(code, locale, text): &(&str, Option<&str>, &str)| {
        let attribute = schema.by_code(code).expect("the attribute is there");
        let locale = locale.and_then(|locale| schema.locale_number(locale)).unwrap_or(0);
        let value = match schema.attribute(attribute).kind {
            estante::value::Kind::RichText => Value::RichText(text.to_string()),
            _ => Value::Text(text.to_string()),
        };
        Resolved {
            key: Key {
                locale,
                ..Key::of(attribute)
            },
            value,
            by: By::Layer(0),
            origin: Origin::default(),
        }
    };
    let mut values: Vec<Resolved> = texts.iter().map(value).collect();
    values.sort_by_key(|value| value.key);
    Product {
        sku: "P".to_owned(),
        family: Some(
            schema
                .family_by_code(family)
                .unwrap_or_else(|| panic!("there is no family {family}")),
        ),
        active: true,
        values,
        ..Product::default()
    }
}

/// What was derived, `attribute = value`.
pub fn derived(product: &Product, schema: &Schema) -> Vec<String> {
    let own = product.values.iter().filter(|value| value.by == By::Specs);
    own.map(|value| format!("{} = {}", schema.key_text(value.key), value.value.to_text()))
        .collect()
}

fn check(case: &Case) -> Result<(), String> {
    let schema = &SETTINGS.schema;
    let locale = case.locale.as_deref();
    // Locales that the sample does not keep are given with a schema that has them by the caller.
    let mut texts = vec![("name", locale, case.name.as_str())];
    texts.extend(case.description.as_deref().map(|text| ("description", locale, text)));
    let mut products = [product(schema, &case.family, &texts)];
    SETTINGS.enrichment.derive(&mut products, schema);
    let found = derived(&products[0], schema);
    if found == case.found {
        return Ok(());
    }
    let all = SETTINGS
        .enrichment
        .explain_specs(&[product(schema, &case.family, &texts)], schema);
    let all: Vec<String> = all
        .iter()
        .flatten()
        .map(|finding| {
            format!(
                "{} = {} {} `{}`",
                schema.key_text(finding.key),
                finding.value.to_text(),
                finding.confidence,
                finding.words
            )
        })
        .collect();
    Err(format!(
        "{}\n  expected {:?}\n  found    {:?}\n  all      {all:?}",
        case.name, case.found, found
    ))
}

#[test]
fn texts_say_what_they_say_and_no_more() {
    let mut count = 0;
    let mut faults = Vec::new();
    let mut files: Vec<_> = std::fs::read_dir(project().join("tests/cases/specs"))
        .expect("the cases are there")
        .map(|entry| entry.expect("the folder is readable").path())
        .collect();
    files.sort();
    for path in files {
        let text = std::fs::read_to_string(&path).expect("a case is text");
        let file: File = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        count += file.case.len();
        faults.extend(file.case.iter().filter_map(|case| check(case).err()));
    }
    assert!(count >= 40, "only {count} cases");
    assert!(
        faults.is_empty(),
        "{} of {count} fail:\n{}",
        faults.len(),
        faults.join("\n")
    );
}
