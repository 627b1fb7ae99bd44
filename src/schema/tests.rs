//! Schemas that are right and schemas that are not.

mod faults;

use crate::declaration::{Declaration, json_schema};
use crate::diagnostic::Diagnostic;
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::schema::file::SchemaFile;
use crate::schema::load::{load, load_texts};
use crate::schema::scope::Key;
use crate::schema::starter::STARTER;
use crate::value::Value;
use crate::value::measurement::Measurement;
use crate::value::price::{Currency, Price};
use std::path::Path;

fn strings(texts: &[&str]) -> Vec<String> {
    texts.iter().map(|text| text.to_string()).collect()
}

fn read(texts: &[(&str, &str)]) -> Result<Schema, Vec<Diagnostic>> {
    load_texts(texts, &strings(&["es", "en"]), &strings(&["google-es", "shopify"]))
}

fn starter() -> Schema {
    match read(&STARTER) {
        Ok(schema) => schema,
        Err(faults) => panic!(
            "{}",
            faults.iter().map(|fault| fault.to_string() + "\n").collect::<String>()
        ),
    }
}

#[test]
fn the_starter_is_good_and_fits_its_own_json_schema() {
    let schema = starter();
    assert!(schema.attributes().len() >= 35);
    assert!(json_schema::<SchemaFile>("Estante schema").contains("\"localizable\""));
    for (name, text) in STARTER {
        let file = Declaration::parse(text.to_string(), name).unwrap();
        assert!(file.check::<SchemaFile>().is_ok(), "{name}");
    }
    let known = schema.known();
    for id in [
        known.gtin,
        known.brand,
        known.mpn,
        known.model,
        known.family,
        known.category,
        known.name,
        known.description,
        known.price,
        known.cost,
        known.stock,
        known.image,
        known.condition,
        known.availability,
    ] {
        assert!(id.is_some(), "{known:?}");
    }
    for (_, attribute) in schema.attributes() {
        for locale in ["es", "en"] {
            assert_ne!(attribute.labels.text(locale), &*attribute.code, "no label for {locale}");
        }
    }
}

const SMALL: &str = r#"
[attributes.brand]
kind = "text"
max_length = 5
[attributes.color]
kind = "option"
options = "colors"
[attributes.country]
kind = "identifier"
pattern = "^[A-Z]{2}$"
[attributes.name]
kind = "text"
localizable = true
scopable = true
labels = { es = "Nombre", en = "Name", pt-BR = "Nome" }
[attributes.price]
kind = "money"
scopable = true
min = "0.01"
max = "1000"
decimals = 2
[attributes.weight]
kind = "measure"
unit = "kilo"
min = "0"
policy = "highest"
[attributes.zone]
kind = "text"
localizable = true

[options.colors.values]
dark-blue = { labels = { es = "Azul marino", en = "Navy" } }
red = { labels = { es = "Rojo", en = "Red" }, synonyms = ["rojo pasión", "rot"] }

[families.common]
attributes = ["name", "price"]
required = ["name"]
[families.clothing]
attributes = ["color", "brand"]
required_for = { shopify = ["color"] }
axes = ["color"]
[families.shirts]
parent = "clothing"
attributes = ["weight"]
required = ["weight"]
required_for = { google-es = ["brand"] }

[categories.clothing]
labels = { es = "Ropa", en = "Clothing" }
family = "clothing"
google = 1604
[categories.shirts]
labels = { es = "Camisas" }
parent = "clothing"
family = "shirts"
shopify = "aa-1-13"
[categories.blouses]
parent = "shirts"
"#;

fn small() -> Schema {
    read(&[("small.toml", SMALL)]).unwrap()
}

fn codes(schema: &Schema, ids: &[AttributeId]) -> Vec<String> {
    ids.iter().map(|id| schema.attribute(*id).code.to_string()).collect()
}

#[test]
fn a_family_has_and_needs_what_those_above_do() {
    let schema = small();
    let shirts = schema.family_by_code("shirts").unwrap();
    let family = schema.family(shirts);
    assert_eq!(
        codes(&schema, &family.attributes),
        ["brand", "color", "name", "price", "weight"]
    );
    assert_eq!(codes(&schema, &family.axes), ["color"]);
    assert_eq!(family.parent, schema.family_by_code("clothing"));
    assert_eq!(
        schema.family(family.parent.unwrap()).parent,
        schema.family_by_code("common")
    );
    assert!(family.has(schema.by_code("color").unwrap()) && !family.has(schema.by_code("zone").unwrap()));
    assert_eq!(codes(&schema, schema.required(shirts, 0)), ["name", "weight"]);
    assert_eq!(codes(&schema, schema.required(shirts, 1)), ["brand", "name", "weight"]);
    assert_eq!(codes(&schema, schema.required(shirts, 2)), ["color", "name", "weight"]);
    assert_eq!(
        codes(&schema, schema.required(schema.family_by_code("common").unwrap(), 2)),
        ["name"]
    );
}

#[test]
fn a_category_inherits_family_and_taxonomies() {
    let schema = small();
    let id = schema.category_by_code("blouses").unwrap();
    let blouses = schema.category(id);
    assert_eq!(schema.category_path(id, "es"), ["Ropa", "Camisas", "blouses"]);
    assert_eq!(schema.category_path(id, "en-GB"), ["Clothing", "Camisas", "blouses"]);
    assert_eq!(blouses.parent(), schema.category_by_code("shirts"));
    assert_eq!(blouses.family, schema.family_by_code("shirts"));
    assert_eq!(
        (blouses.google, blouses.shopify.as_deref()),
        (Some(1604), Some("aa-1-13"))
    );
    let root = schema.category(schema.category_by_code("clothing").unwrap());
    assert_eq!(
        (root.parent(), root.google, root.shopify.as_deref()),
        (None, Some(1604), None)
    );
}

#[test]
fn options_are_found_as_feeds_write_them() {
    let schema = small();
    let colors = schema.list_of(schema.by_code("color").unwrap()).unwrap();
    for (text, code) in [
        ("red", Some("red")),
        (" Rojo ", Some("red")),
        ("ROJO PASION", Some("red")),
        ("Rot", Some("red")),
        ("dark-blue", Some("dark-blue")),
        ("DARK BLUE", Some("dark-blue")),
        ("azul  marino", Some("dark-blue")),
        ("azul", None),
        ("", None),
        ("???", None),
    ] {
        assert_eq!(colors.find(text).map(|option| &*option.code), code, "{text}");
    }
    assert_eq!(
        (
            colors.label("red", "es"),
            colors.label("red", "fr"),
            colors.label("lila", "es")
        ),
        ("Rojo", "Rojo", "lila")
    );
    let classes = starter();
    let classes = classes.list_of(classes.by_code("energy_class").unwrap()).unwrap();
    let found = ["A", "a+", "A++", " A+++ ", "A++++"].map(|text| classes.find(text).map(|option| &*option.code));
    assert_eq!(
        found,
        [
            Some("a"),
            Some("a_plus"),
            Some("a_plus_plus"),
            Some("a_plus_plus_plus"),
            None
        ]
    );
}

#[test]
fn values_keep_the_limits() {
    let schema = small();
    let check = |code: &str, value: Value| {
        let attribute = schema.attribute(schema.by_code(code).unwrap());
        attribute.check_limits(&value).map_or_else(
            |mismatch| format!("{}: {}", mismatch.code, mismatch.message),
            |()| String::new(),
        )
    };
    let money = |amount: &str| {
        Value::Money(Price {
            amount: amount.parse().unwrap(),
            currency: Currency::parse("EUR").unwrap(),
        })
    };
    assert_eq!(check("brand", Value::Text("Ñandú".to_string())), "");
    assert_eq!(
        check("brand", Value::Text("Ñandús".to_string())),
        "E-TOO-LONG: has 6 characters, `brand` allows 5"
    );
    assert_eq!(check("country", Value::Identifier("ES".to_string())), "");
    assert_eq!(
        check("country", Value::Identifier("ESP".to_string())),
        "E-PATTERN: does not match the pattern of `country`"
    );
    assert_eq!(check("price", money("0.01")), "");
    assert_eq!(
        check("price", money("0")),
        "E-TOO-SMALL: is less than 0.01, the least that `price` allows"
    );
    assert_eq!(
        check("price", money("1000.01")),
        "E-TOO-LARGE: is more than 1000, the most that `price` allows"
    );
    let weight = Value::Measure(Measurement::parse("-1 kg").unwrap());
    assert_eq!(
        check("weight", weight),
        "E-TOO-SMALL: is less than 0 kg, the least that `weight` allows"
    );
    let weight = schema.attribute(schema.by_code("weight").unwrap());
    assert_eq!(
        (weight.unit.as_deref(), weight.dimension.as_deref()),
        (Some("kg"), Some("mass"))
    );
    let price = schema.attribute(schema.by_code("price").unwrap());
    assert_eq!(price.rounded("2.345".parse().unwrap()).to_string(), "2.35");
    assert_eq!(weight.rounded("2.345".parse().unwrap()).to_string(), "2.345");
}

#[test]
fn keys_are_read_and_refused() {
    let schema = small();
    let read = |text: &str| match Key::parse(&schema, text) {
        Ok(key) => schema.key_text(key),
        Err(mismatch) => format!(
            "{}: {}; {}",
            mismatch.code,
            mismatch.message,
            mismatch.help.unwrap_or_default()
        ),
    };
    for text in ["name", "name@es", "name@en@google-es", "price@@shopify", "zone@es"] {
        assert_eq!(read(text), text);
    }
    assert_eq!(read("name@"), "name");
    assert_eq!(
        read("nmae"),
        "E-UNKNOWN-ATTRIBUTE: unknown attribute `nmae`; did you mean `name`? known are `brand`, `color`, `country`, `name`, \
         `price`, `weight`, `zone`"
    );
    assert_eq!(
        read("name@fr"),
        "E-UNKNOWN-LOCALE: unknown locale `fr`; known are `es`, `en`"
    );
    assert_eq!(
        read("name@es@google"),
        "E-UNKNOWN-CHANNEL: unknown channel `google`; did you mean `google-es`? known are `google-es`, `shopify`"
    );
    assert_eq!(
        read("price@es"),
        "E-NOT-LOCALIZABLE: `price` has no value per locale; leave the locale out, or say `localizable = true` of `price`"
    );
    assert_eq!(
        read("zone@es@shopify"),
        "E-NOT-SCOPABLE: `zone` has no value per channel; leave the channel out, or say `scopable = true` of `zone`"
    );
    assert_eq!(
        read("name@es@shopify@x"),
        "E-BAD-KEY: `name@es@shopify@x` has more than two `@`; write attribute@locale@channel"
    );
    let name = schema.by_code("name").unwrap();
    let order: Vec<String> = Key::fallbacks(name, 1, 2)
        .iter()
        .map(|key| schema.key_text(*key))
        .collect();
    assert_eq!(order, ["name@es@shopify", "name@es", "name@@shopify", "name"]);
}

proptest::proptest! {
    /// Locales and channels that the schema does not have are written as none.
    #[test]
    fn a_key_is_read_as_it_is_written(attribute in 0u16..7, locale in 0u8..5, channel in 0u8..5) {
        let schema = small();
        let key = Key { attribute: AttributeId(attribute), locale, channel };
        let text = schema.key_text(key);
        let within = locale <= 2 && channel <= 2;
        if within && key.check(&schema).is_ok() {
            proptest::prop_assert_eq!(Key::parse(&schema, &text), Ok(key));
        }
    }

    #[test]
    fn no_text_breaks_the_schema(text in "\\PC{0,20}", code in "[a-zA-Z0-9_@. \"\\[\\]={}-]{0,60}") {
        let schema = small();
        let _ = Key::parse(&schema, &text);
        let _ = schema.list_of(AttributeId(1)).map(|list| list.find(&text).is_some());
        let _ = read(&[("a.toml", &format!("[attributes.{code}]\nkind = '{text}'\n"))]);
    }
}

#[test]
fn ids_are_in_the_order_of_codes() {
    let schema = starter();
    let mut before = "";
    for (id, attribute) in schema.attributes() {
        assert!(before < &*attribute.code);
        assert_eq!(schema.by_code(&attribute.code), Some(id));
        before = &attribute.code;
    }
    assert_eq!(schema.by_code("nothing"), None);
}

#[test]
fn the_fingerprint_is_of_what_is_said() {
    let print = |texts: &[(&str, &str)]| read(texts).unwrap().fingerprint();
    let a = ("a.toml", "[attributes.a]\nkind = 'text'\n");
    let b = ("b.toml", "# a comment\n[attributes.b]\nkind = 'url'\n");
    let both = (
        "c.toml",
        "attributes.b.kind = \"url\"\nattributes.a = { kind = 'text' }\n",
    );
    assert_eq!(print(&[a, b]), print(&[b, a]));
    assert_eq!(print(&[a, b]), print(&[both]));
    assert_ne!(print(&[a]), print(&[a, b]));
    let locales = load_texts(&[a, b], &strings(&["es"]), &[]).unwrap().fingerprint();
    assert_ne!(print(&[a, b]), locales);
}

#[test]
fn a_folder_is_read_in_the_order_of_names() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("schemas");
    std::fs::create_dir_all(folder.join("tools")).unwrap();
    std::fs::write(folder.join("tools/z.toml"), "[attributes.name]\nkind = 'text'\n").unwrap();
    std::fs::write(folder.join("a.toml"), "[families.x]\nattributes = ['name', 'brand']\n").unwrap();
    std::fs::write(folder.join("notes.md"), "not a schema").unwrap();
    let read = |folder: &Path| match load(folder, root.path(), &[], &[]) {
        Ok(schema) => format!("{} attributes", schema.attributes().len()),
        Err(faults) => faults
            .iter()
            .map(|fault| fault.to_string())
            .collect::<Vec<_>>()
            .join("\n"),
    };
    assert_eq!(
        read(&folder),
        "schemas/a.toml:2:23: unknown attribute `brand` [E-UNKNOWN-ATTRIBUTE]; known are `name`"
    );
    std::fs::write(folder.join("b.toml"), "[attributes.brand]\nkind = 'text'\n").unwrap();
    assert_eq!(read(&folder), "2 attributes");
    assert!(read(&root.path().join("none")).starts_with("none: cannot read the schema: "));
    std::fs::create_dir(root.path().join("empty")).unwrap();
    assert!(read(&root.path().join("empty")).contains("[E-NO-SCHEMA]"));
}

#[test]
fn the_schema_of_the_samples_is_good() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = load(
        &root.join("schemas"),
        root,
        &strings(&["es", "en"]),
        &strings(&["google-es", "shopify"]),
    );
    let told: Vec<String> = read
        .err()
        .unwrap_or_default()
        .iter()
        .map(|fault| fault.to_string())
        .collect();
    assert_eq!(told, [""; 0]);
}
