//! Claims against facts, text by text (`tests/cases/claims/`): what is unsupported is told exactly, and blocks.

use crate::enrich::draft::claim::Evidence;
use crate::enrich::draft::fact::FactSheet;
use crate::enrich::draft::finding::{Limits, check};
use crate::enrich::draft::prompt::{Parameters, Wish, body, hash};
use crate::enrich::draft::recording::{Answer, Recording, Usage, answer, id};
use crate::product::layer::Layer;
use crate::product::origin::Origin;
use crate::product::{By, Product, Resolved};
use crate::schema::Schema;
use crate::schema::load::load_texts;
use crate::schema::scope::Key;
use proptest::prelude::*;
use std::path::Path;

const SCHEMA: &str = r#"
[attributes]
brand = { kind = "text", labels = { es = "Marca", en = "Brand" } }
mpn = { kind = "identifier", labels = { es = "Referencia", en = "Part number" } }
name = { kind = "text", localizable = true, labels = { es = "Nombre", en = "Name" } }
description = { kind = "text", localizable = true, labels = { es = "Descripción", en = "Description" } }
features_text = { kind = "rich_text", localizable = true, labels = { es = "Características", en = "Features" } }
color = { kind = "option", options = "colours", labels = { es = "Color", en = "Colour" } }
material = { kind = "options", options = "materials", labels = { es = "Material", en = "Material" } }
country_of_origin = { kind = "option", options = "countries", labels = { es = "País de origen", en = "Country of origin" } }
power_source = { kind = "option", options = "sources", labels = { es = "Alimentación", en = "Power source" } }
weight = { kind = "measure", unit = "kg", labels = { es = "Peso", en = "Weight" } }
length = { kind = "measure", unit = "mm", labels = { es = "Largo", en = "Length" } }
width = { kind = "measure", unit = "mm", labels = { es = "Ancho", en = "Width" } }
voltage = { kind = "measure", unit = "V", labels = { es = "Tensión", en = "Voltage" } }
torque = { kind = "measure", unit = "Nm", labels = { es = "Par", en = "Torque" } }
speeds = { kind = "integer", labels = { es = "Velocidades", en = "Speeds" } }
warranty_years = { kind = "measure", unit = "a", labels = { es = "Garantía", en = "Warranty" } }
energy_class = { kind = "text", labels = { es = "Clase energética", en = "Energy class" } }
protection = { kind = "text", labels = { es = "Protección", en = "Protection" } }
standard = { kind = "text", labels = { es = "Norma", en = "Standard" } }
rechargeable = { kind = "boolean", labels = { es = "Recargable", en = "Rechargeable" } }
price = { kind = "money", role = "offer" }

[options.colours.values]
blue = { labels = { es = "azul", en = "blue" }, synonyms = ["añil"] }
black = { labels = { es = "negro", en = "black" } }
[options.materials.values]
steel = { labels = { es = "acero", en = "steel" } }
abs_plastic = { labels = { es = "plástico ABS", en = "ABS plastic" } }
canvas = { labels = { es = "loneta", en = "duck cloth" } }
[options.countries.values]
de = { labels = { es = "Alemania", en = "Germany" } }
cn = { labels = { es = "China", en = "China" } }
[options.sources.values]
battery = { labels = { es = "batería", en = "battery" }, synonyms = ["acumulador"] }
mains = { labels = { es = "red eléctrica", en = "mains" } }
"#;

fn schema() -> Schema {
    let locales = ["es".to_owned(), "en".to_owned()];
    load_texts(&[("schema.toml", SCHEMA)], &locales, &[]).unwrap_or_else(|faults| panic!("{faults:?}"))
}

fn product(schema: &Schema, facts: &str) -> Product {
    let layer = Layer::read_body(facts, schema).unwrap();
    let resolved = |(key, value)| Resolved {
        key,
        value,
        by: By::Layer(0),
        origin: Origin::default(),
    };
    Product {
        sku: "A".into(),
        active: true,
        values: layer.values.into_iter().map(resolved).collect(),
        ..Product::default()
    }
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    /// The body of the product's only layer.
    facts: String,
    locale: String,
    case: Vec<Case>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    text: String,
    /// Claims that some fact says; others may be supported too.
    #[serde(default)]
    supported: Vec<String>,
    /// All claims that no fact says, in order.
    #[serde(default)]
    unsupported: Vec<String>,
    /// Codes of what else stands against the text.
    #[serde(default)]
    against: Vec<String>,
}

#[test]
fn claims_stand_on_facts_or_block() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/claims");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    let schema = schema();
    let (mut count, mut faults) = (0, Vec::new());
    for file in files {
        let cases: Cases = toml::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let product = product(&schema, &cases.facts);
        let target = Key::parse(&schema, &format!("description@{}", cases.locale)).unwrap();
        let sheet = FactSheet::of(&product, &schema, target);
        let evidence = Evidence::new(&sheet, &product, &schema);
        let limits = Limits {
            locale: &cases.locale,
            max_chars: 300,
            markup: false,
        };
        for case in cases.case {
            count += 1;
            let (claims, findings) = check(&case.text, &evidence, &limits);
            let of = |wanted: bool| -> Vec<&str> {
                let own = claims.iter().filter(|claim| claim.supported == wanted);
                own.map(|claim| claim.text.as_str()).collect()
            };
            for claim in &claims {
                let there: String = case.text.chars().skip(claim.from).take(claim.to - claim.from).collect();
                assert_eq!(there, claim.text, "the place of a claim in {}", case.text);
            }
            let against: Vec<&str> = findings
                .iter()
                .map(|own| &*own.code)
                .filter(|code| *code != "E-DRAFT-CLAIM")
                .collect();
            if of(false) != case.unsupported || against != case.against {
                faults.push(format!("{}\n  unsupported: {:?} {against:?}", case.text, of(false)));
            }
            for text in case.supported.iter().filter(|text| !of(true).contains(&text.as_str())) {
                faults.push(format!(
                    "{}\n  `{text}` is not among the supported: {:?}",
                    case.text,
                    of(true)
                ));
            }
            let blocks = !case.unsupported.is_empty() || !case.against.is_empty();
            if blocks == findings.is_empty() {
                faults.push(format!("{}\n  blocks: {}", case.text, !blocks));
            }
        }
    }
    assert!(count >= 40, "only {count} cases");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

const FACTS: &str = r#"{"brand":"Brontal","name@es":"Taladro B-18","description@en":"A drill","description@es":"viejo","color":"blue",
 "weight":"1.5 kg","rechargeable":true,"price":"12.00 EUR"}"#;

#[test]
fn a_fact_sheet_is_spelled_for_its_reader() {
    let schema = schema();
    let mut product = product(&schema, FACTS);
    let sheet =
        |product: &Product, target: &str| FactSheet::of(product, &schema, Key::parse(&schema, target).unwrap()).text();
    let spanish =
        "Marca: Brontal\nColor: azul\nDescripción (en): A drill\nNombre: Taladro B-18\nRecargable: sí\nPeso: 1,5 kg\n";
    assert_eq!(sheet(&product, "description@es"), spanish);
    assert_eq!(
        sheet(&product, "name@en"),
        "Brand: Brontal\nColour: blue\nDescription: A drill\nName (es): Taladro B-18\nRechargeable: yes\nWeight: 1.5 kg\n"
    );
    // What a model wrote is no fact.
    for resolved in &mut product.values {
        if resolved.key.locale == 2 {
            resolved.by = By::Draft(0);
        }
    }
    assert!(!sheet(&product, "description@es").contains("drill"));
}

#[test]
fn the_request_is_the_same_bytes_for_the_same_facts() {
    let schema = schema();
    let product = product(&schema, FACTS);
    let request = |max_chars| {
        let sheet = FactSheet::of(&product, &schema, Key::parse(&schema, "description@es").unwrap());
        let wish = Wish {
            label: "Descripción",
            max_chars,
            markup: false,
            instructions: "Trata de usted.",
        };
        let parameters = Parameters {
            model: "m",
            temperature: 0.0,
            max_tokens: 100,
            seed: Some(7),
        };
        body(&wish, &sheet, &parameters)
    };
    assert_eq!(request(100), request(100));
    assert_ne!(hash(&request(100)), hash(&request(101)));
    let json: serde_json::Value = serde_json::from_str(&request(100)).unwrap();
    assert_eq!(
        (&json["model"], &json["seed"], &json["max_tokens"]),
        (&"m".into(), &7.into(), &100.into())
    );
    assert_eq!(json["messages"][0]["role"], "system");
    assert!(
        json["messages"][0]["content"]
            .as_str()
            .unwrap()
            .ends_with("\n\nTrata de usted.")
    );
}

#[test]
fn a_recording_reads_back_and_shows_what_was_changed() {
    let answer = Answer {
        content: " \"Un taladro.\" ".into(),
        finish_reason: Some("stop".into()),
        model: None,
        usage: Usage::default(),
    };
    let recording = Recording::new("A", "description@es", "http://127.0.0.1/v1", r#"{"model":"m"}"#, answer).unwrap();
    let bytes = recording.write().unwrap();
    let read = Recording::read(&bytes).unwrap();
    assert_eq!(read.write().unwrap(), bytes);
    assert_eq!((read.text(), read.id.len()), ("Un taladro.", 12));
    assert_eq!(read.id, id("A", "description@es", &hash(r#"{"model":"m"}"#)));
    let text = String::from_utf8(bytes).unwrap();
    for (from, to, why) in [
        (r#"{"model":"m"}"#, r#"{"model":"n"}"#, "its request was changed"),
        ("Un taladro.", "Un martillo.", "its answer was changed"),
        (r#""stop""#, "null", "its answer was changed"),
        (r#""sku": "A""#, r#""sku": "B""#, "its id is that of another"),
        (r#""format": 1"#, r#""format": 9"#, "its format is 9"),
        (r#""sku": "A","#, "", "it does not read"),
    ] {
        assert!(text.contains(from));
        let error = Recording::read(text.replace(from, to).as_bytes())
            .unwrap_err()
            .to_string();
        assert!(error.starts_with(why), "{error}");
    }
}

#[test]
fn answers_that_are_none_are_refused() {
    for (body, why) in [
        ("", "the answer is no chat completion"),
        ("<html>", "the answer is no chat completion"),
        ("{}", "the answer holds no choice"),
        (r#"{"choices":[]}"#, "the answer holds no choice"),
        (
            r#"{"choices":[{"message":{"content":null}}]}"#,
            "the answer holds no text",
        ),
        (
            r#"{"choices":[{"message":{"content":"  "}}]}"#,
            "the answer holds no text",
        ),
        (r#"{"choices":[{"text":"x"}]}"#, "the answer is no chat completion"),
    ] {
        let error = answer(body.as_bytes()).unwrap_err();
        assert!(error.starts_with(why), "{body}: {error}");
    }
    let whole = answer(br#"{"choices":[{"message":{"content":"x","role":"assistant"},"index":0}],"id":"1"}"#).unwrap();
    assert_eq!((whole.content.as_str(), whole.usage), ("x", Usage::default()));
    for (usage, tokens) in [
        (
            r#"{"prompt_tokens":7,"completion_tokens":2,"total_tokens":null}"#,
            (7, 2, 0),
        ),
        (
            r#"{"prompt_tokens":-1,"completion_tokens":"two","total_tokens":9.0}"#,
            (0, 0, 0),
        ),
        ("null", (0, 0, 0)),
        ("12", (0, 0, 0)),
    ] {
        let body = format!(r#"{{"choices":[{{"message":{{"content":"x"}}}}],"usage":{usage}}}"#);
        let own = answer(body.as_bytes()).unwrap().usage;
        assert_eq!(
            (own.prompt_tokens, own.completion_tokens, own.total_tokens),
            tokens,
            "{usage}"
        );
    }
}

/// The places of sixty thousand claims took as many readings of the text.
#[test]
fn a_long_answer_is_told_as_too_long_and_nothing_else() {
    let schema = schema();
    let product = product(&schema, FACTS);
    let sheet = FactSheet::of(&product, &schema, Key::parse(&schema, "description@es").unwrap());
    let evidence = Evidence::new(&sheet, &product, &schema);
    let check = |text: &str, max_chars| {
        let limits = Limits {
            locale: "es",
            max_chars,
            markup: false,
        };
        let (claims, findings) = check(text, &evidence, &limits);
        let codes: Vec<String> = findings.iter().map(|own| own.code.to_string()).collect();
        (claims.len(), codes)
    };
    let many = "Con 987 W. ".repeat(60_000);
    assert_eq!(check(&many, 200), (0, vec!["E-DRAFT-LENGTH".to_owned()]));
    assert_eq!(check(&many, usize::MAX), (0, vec!["E-DRAFT-LENGTH".to_owned()]));
    // Each of the claims, that it is too long, and that it is no Spanish.
    let (claims, codes) = check(&many[..60_005], 60_000);
    assert_eq!((claims, codes.len()), (5_455, 5_455 + 2));
    // Numbers joined without a blank looked through the rest for a unit.
    let (claims, _) = check(&["1-".repeat(29_999), "1".to_owned()].concat(), 60_000);
    assert!(claims > 1);
}

#[test]
fn where_the_words_are_not_known_a_person_must_look() {
    let locales = ["es", "de", "en-GB", "pt"].map(str::to_owned);
    let schema = load_texts(&[("schema.toml", SCHEMA)], &locales, &[]).unwrap();
    let product = product(&schema, FACTS);
    let mut told = Vec::new();
    for (locale, text) in [
        ("es", "Taladro azul."),
        ("en-GB", "A blue drill."),
        ("de", "Wasserdichte Bohrmaschine, die beste der Welt."),
        ("pt", "O melhor berbequim do mundo."),
    ] {
        let sheet = FactSheet::of(
            &product,
            &schema,
            Key::parse(&schema, &format!("description@{locale}")).unwrap(),
        );
        let limits = Limits {
            locale: &sheet.locale,
            max_chars: 500,
            markup: false,
        };
        let (_, findings) = check(text, &Evidence::new(&sheet, &product, &schema), &limits);
        told.push(
            findings
                .iter()
                .map(|own| own.code.to_string())
                .collect::<Vec<_>>()
                .join(" "),
        );
    }
    assert_eq!(told, ["", "", "E-DRAFT-UNCHECKED", "E-DRAFT-UNCHECKED"]);
}

proptest! {
    /// No text breaks the check, and every claim stands where it says.
    #[test]
    fn any_text_can_be_checked(text in "(\\PC|[0-9.,x/\" \n<>&;€%°½½-]){0,80}") {
        let schema = schema();
        let product = product(&schema, FACTS);
        let sheet = FactSheet::of(&product, &schema, Key::parse(&schema, "description@es").unwrap());
        let limits = Limits { locale: "es", max_chars: 500, markup: true };
        let evidence = Evidence::new(&sheet, &product, &schema);
        let (claims, _) = check(&text, &evidence, &limits);
        let mut last = 0;
        for claim in &claims {
            prop_assert!(claim.from >= last && claim.to >= claim.from && claim.to <= text.chars().count());
            last = claim.from;
        }
    }

    /// Digits that no fact holds never pass.
    #[test]
    fn invented_numbers_block(number in 100_u32..99_999) {
        let schema = schema();
        let product = product(&schema, FACTS);
        let sheet = FactSheet::of(&product, &schema, Key::parse(&schema, "description@es").unwrap());
        let limits = Limits { locale: "es", max_chars: 500, markup: false };
        let evidence = Evidence::new(&sheet, &product, &schema);
        let (_, findings) = check(&format!("Con {number} W de potencia"), &evidence, &limits);
        prop_assert!(findings.iter().any(|own| own.code == "E-DRAFT-CLAIM"));
    }
}
