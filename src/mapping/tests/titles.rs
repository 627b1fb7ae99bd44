//! Models made of titles: which items come to one, and which stay alone.

use crate::mapping::titles::Titles;
use crate::product::item::Said;
use crate::schema::Schema;
use crate::schema::load::load_texts;
use crate::schema::scope::Key;
use crate::value::{Kind, Value};
use std::collections::BTreeMap;

const SCHEMA: &str = r#"
[attributes]
name = { kind = "text", localizable = true }
brand = { kind = "text" }
model = { kind = "identifier" }
family = { kind = "identifier" }
category = { kind = "identifier" }
color = { kind = "option", options = "colors" }
size = { kind = "text" }
[options.colors.values.red]
labels = { es = "Rojo", en = "Red" }
synonyms = ["granate"]
[options.colors.values.blue]
labels = { es = "Azul", en = "Blue" }
[options.colors.values.navy]
labels = { es = "Azul marino", en = "Navy" }
[families.shirts]
attributes = ["name", "color", "size"]
axes = ["color", "size"]
[families.mugs]
attributes = ["name", "color"]
axes = ["color"]
[families.drills]
attributes = ["name"]
[categories.tees]
labels = { es = "Camisetas" }
family = "shirts"
"#;

fn schema() -> Schema {
    load_texts(&[("schema.toml", SCHEMA)], &["es".to_owned(), "en".to_owned()], &[]).expect("a schema")
}

/// The model of an item that says `key=value` things; `-` for none, `clear` where an earlier one goes.
fn model(schema: &Schema, supplier: &str, item: &str) -> String {
    let titles = Titles::new(supplier, schema, true).expect("a schema with axes");
    let mut said: Vec<(Key, Said)> = item
        .split('|')
        .map(|part| {
            let (key, text) = part.split_once('=').expect("key=value");
            let key = Key::parse(schema, key).expect("a key");
            let value = match schema.attribute(key.attribute).kind {
                Kind::Option => Value::Option(text.to_owned()),
                Kind::Identifier => Value::Identifier(text.to_owned()),
                _ => Value::Text(text.to_owned()),
            };
            (key, Said::Value(value))
        })
        .collect();
    said.sort_by_key(|(key, _)| *key);
    titles.put(&mut said, None);
    assert!(said.is_sorted_by_key(|(key, _)| *key));
    let own = said.iter().find(|(key, _)| Some(key.attribute) == schema.known().model);
    match own {
        Some((_, Said::Value(value))) => value.to_text().into_owned(),
        Some((_, Said::Clear)) => "clear".to_owned(),
        None => "-".to_owned(),
    }
}

/// Items by the model they come to, in their order, `a` for the first.
fn groups(items: &[&str]) -> String {
    let schema = schema();
    let mut known: BTreeMap<String, char> = BTreeMap::new();
    let mut text = String::new();
    for item in items {
        let model = model(&schema, "norte", item);
        let next = char::from(b'a' + known.len() as u8);
        text.push(match model.as_str() {
            "clear" | "-" => '.',
            _ => *known.entry(model).or_insert(next),
        });
    }
    text
}

#[test]
fn titles_that_differ_in_their_axes_alone_are_one_model() {
    let items = [
        "category=tees|name@es=Camiseta básica roja M|color=red|size=M",
        "category=tees|name@es=Camiseta básica azul, talla L|color=blue|size=L",
        "category=tees|name@es=CAMISETA BASICA Azul L|color=blue|size=L",
        // What the item does not say, its title does: the option of the most words.
        "category=tees|name@es=Camiseta básica azul marino XL|size=XL",
        "family=shirts|name@es=Camiseta básica granate XXL|size=XXL",
        // Another brand, another family, another text.
        "category=tees|name@es=Camiseta básica roja M|color=red|size=M|brand=Levante",
        "family=mugs|name@es=Camiseta básica roja M|color=red",
        "category=tees|name@es=Camiseta premium roja M|color=red|size=M",
        // The last place is the value's: the name keeps its own.
        "family=mugs|name@es=Taza Red Bull roja|color=red",
        "family=mugs|name@es=Taza Red Bull azul|color=blue",
        // Titles that say none of it are alike too.
        "family=mugs|name@es=Taza|color=red",
        "family=mugs|name@es=Taza|color=blue",
    ];
    assert_eq!(groups(&items), "abaaacdeffgg");
}

#[test]
fn what_is_not_told_apart_stays_alone() {
    let items = [
        // An axis that nobody tells, and a title that tells two.
        "category=tees|name@es=Camiseta básica roja|color=red",
        "family=mugs|name@es=Taza roja y azul",
        // No axes, no family, nothing but axes.
        "family=drills|name@es=Taladro rojo|color=red",
        "name@es=Camiseta básica roja M|color=red|size=M",
        "family=mugs|name@es=Roja|color=red",
    ];
    assert_eq!(groups(&items), ".....");
    let schema = schema();
    assert_eq!(model(&schema, "norte", "family=mugs|name@es=Roja"), "clear");
    // Without a title nothing is said at all; what the feed says stands.
    assert_eq!(model(&schema, "norte", "family=mugs|color=red"), "-");
    assert_eq!(
        model(&schema, "norte", "family=mugs|name@es=Taza roja|model=grupo-1"),
        "grupo-1"
    );
}

#[test]
fn a_code_is_readable_short_and_its_suppliers_own() {
    let schema = schema();
    let long = "category=tees|name@es=Camiseta técnica de manga larga para correr por la montaña en invierno roja M|color=red|size=M";
    let code = model(&schema, "norte", long);
    assert!(code.starts_with("camiseta-tecnica-de-manga-larga-"), "{code}");
    assert!(code.len() <= 50, "{code}");
    assert_eq!(code, model(&schema, "norte", long));
    assert_ne!(code, model(&schema, "sur", long));
}
