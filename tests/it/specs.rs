//! What is read out of texts: `tests/cases/specs/*.toml` with the sample workspace's own schema.

use crate::corner::{corner_shop, deliver, export, import, number, offers, supplier};
use crate::support::{Shop, project};
use estante::enrich::specs::Standing;
use estante::product::origin::Origin;
use estante::product::{By, Product, Resolved};
use estante::schema::Schema;
use estante::schema::scope::Key;
use estante::value::Value;
use estante::workspace::settings::Settings;
use proptest::prelude::{Strategy, prop_assert, prop_assert_eq, prop_oneof, proptest};
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

/// A shop of drills and shirts whose feed says little beside names.
fn shop() -> Shop {
    let shop = corner_shop();
    shop.edit("schemas/all.toml", "[attributes]\n", SCHEMA);
    shop.edit(
        "channels/web.toml",
        "[fields]\n",
        "[fields]\nsize = { attribute = \"voltage\" }\nmaterial = { attribute = \"fabric\" }\n",
    );
    let list = "sku;name;description;family;voltage;model;colour;price;stock\n\
                T1;Taladro 18V, par 60 Nm;;drills;;;;99.00;3\n\
                T2;Taladro 18V;;drills;12 V;;;99.00;3\n\
                T3;Taladro;Funciona con 18 V.;drills;;;;99.00;3\n\
                S1;Camisa de lino roja;;shirts;;S;red;20.00;1\n\
                S2;Camisa de lino negra;;shirts;;S;black;20.00;1\n\
                S3;Camisa verde;;shirts;;S;;20.00;1\n";
    supplier(&shop, "norte", "", list);
    shop.edit(
        "suppliers/norte/supplier.toml",
        "color = { column = \"color\", optional = true }\n",
        "colour = { column = \"colour\" }\nfamily = { column = \"family\" }\nvoltage = { column = \"voltage\" }\n",
    );
    shop.done(&["run", "--quiet"]);
    shop
}

const SCHEMA: &str = r#"
[families.drills]
attributes = ["name", "description", "voltage", "torque", "family", "price", "stock", "model"]
[families.shirts]
attributes = ["name", "description", "fabric", "colour", "family", "price", "stock", "model"]
axes = ["colour"]
[options.fabrics.values.linen]
labels = { es = "Lino", en = "Linen" }
[options.fabrics.values.cotton]
labels = { es = "Algodón", en = "Cotton" }
[options.colours.values.red]
labels = { es = "Rojo", en = "Red" }
[options.colours.values.black]
labels = { es = "Negro", en = "Black" }
[options.colours.values.green]
labels = { es = "Verde", en = "Green" }
[attributes]
family = { kind = "identifier" }
voltage = { kind = "measure", unit = "V", labels = { es = "Tensión", en = "Voltage" } }
torque = { kind = "measure", unit = "Nm", labels = { es = "Par", en = "Torque" } }
fabric = { kind = "option", options = "fabrics", labels = { es = "Tejido", en = "Fabric" } }
colour = { kind = "option", options = "colours", labels = { es = "Color", en = "Colour" } }
"#;

#[test]
fn what_texts_say_leaves_through_channels_and_shows_its_words() {
    let shop = shop();
    let offers = export(&shop);
    assert_eq!(offers["T1"]["size"], "18 V", "said by the name");
    assert_eq!(offers["T2"]["size"], "12 V", "what a source says stands");
    assert_eq!(offers["T3"]["size"], "", "a description alone is a suggestion");
    let sibling = shop.done(&["product", "show", "S3", "--json"]).json();
    let values = sibling["values"].as_array().expect("values");
    let lent = values.iter().find(|value| value["attribute"] == "fabric");
    assert_eq!(lent.expect("two siblings agree")["value"], "linen");
    let own = values.iter().find(|value| value["attribute"] == "colour");
    assert_eq!(own.expect("an axis is its own")["value"], "green");

    let shown = shop.done(&["product", "show", "T1", "--json"]).json();
    let values = shown["values"].as_array().expect("values");
    let voltage = values
        .iter()
        .find(|value| value["attribute"] == "voltage")
        .expect("it is derived");
    assert_eq!(
        (voltage["value"].as_str(), voltage["source"].as_str()),
        (Some("18 V"), Some("specs"))
    );
    let layers = shop.done(&["product", "show", "T1", "--layers"]).out;
    assert!(
        layers.contains("specs") && layers.contains("`par 60 Nm` in name"),
        "{layers}"
    );

    let told = shop.done(&["enrich", "specs", "T2", "T3", "--json"]).json();
    assert_eq!(told["products"][0]["specs"][0]["standing"], "contradicts", "{told:#}");
    assert_eq!(told["products"][0]["specs"][0]["said"], "12 V");
    assert_eq!(told["diagnostics"][0]["code"], "W-SPEC-CONTRADICTS");
    assert_eq!(told["products"][1]["specs"][0]["standing"], "suggestion");
    assert_eq!(told["products"][1]["specs"][0]["words"], "18 V");

    let counted = shop.done(&["enrich", "specs", "--json"]).json();
    assert_eq!(counted["looked_at"], 6);
    let row = |code: &str| {
        let rows = counted["attributes"].as_array().expect("attributes");
        rows.iter()
            .find(|row| row["attribute"] == code)
            .cloned()
            .unwrap_or_default()
    };
    assert_eq!(
        (
            row("voltage")["accepted"].as_u64(),
            row("voltage")["contradicts"].as_u64()
        ),
        (Some(1), Some(1))
    );
    assert_eq!(row("fabric")["accepted"].as_u64(), Some(3), "one is lent by siblings");

    // The record of a model is not sold beside its variants, and not counted either.
    shop.done(&["product", "set", "T3", "model=T2"]);
    let counted = shop.done(&["enrich", "specs", "--json"]).json();
    assert_eq!(counted["looked_at"], 5);
}

#[test]
fn what_is_said_more_exactly_is_no_contradiction() {
    let schema = &SETTINGS.schema;
    let material = schema.by_code("material").expect("the sample has it");
    let check = |said: &str, title: &str, expected: Standing| {
        let mut product = product(schema, "apparel", &[("name", Some("es"), title)]);
        let value = match schema.attribute(material).kind {
            estante::value::Kind::Options => Value::Options(vec![said.to_owned()]),
            _ => Value::Option(said.to_owned()),
        };
        let at = product.values.partition_point(|value| value.key.attribute < material);
        let resolved = Resolved {
            key: Key::of(material),
            value,
            by: By::Layer(0),
            origin: Origin::default(),
        };
        product.values.insert(at, resolved);
        let found = SETTINGS.enrichment.explain_specs(&[product], schema);
        let of = found[0].iter().find(|finding| finding.key.attribute == material);
        let found = &of.unwrap_or_else(|| panic!("{title} says no material")).standing;
        assert_eq!(
            std::mem::discriminant(found),
            std::mem::discriminant(&expected),
            "{said}, {title}: {found:?}"
        );
    };
    check("polyester", "Camiseta de poliéster reciclado", Standing::Agrees);
    check("recycled_polyester", "Camiseta de poliéster", Standing::Agrees);
    check(
        "cotton",
        "Camiseta de poliéster",
        Standing::Contradicts(Value::Boolean(true)),
    );
}

fn skus(shop: &Shop, query: &str) -> Vec<String> {
    let told = shop.done(&["search", query, "--json"]).json();
    let hits = told["hits"].as_array().expect("hits").iter();
    hits.map(|hit| hit["sku"].as_str().expect("a SKU").to_owned()).collect()
}

#[test]
fn suggestions_and_contradictions_are_found_and_listed_until_a_person_decides() {
    let shop = shop();
    assert_eq!(skus(&shop, "suggested:voltage"), ["T3"]);
    assert_eq!(skus(&shop, "suggested:any"), ["T3"]);
    assert_eq!(skus(&shop, "suggested:torque"), [""; 0]);
    assert_eq!(skus(&shop, "contradicted:any"), ["T2"]);
    assert_eq!(skus(&shop, "family:drills suggested:none"), ["T1", "T2"]);
    let refused = shop.run(&["search", "suggested:voltag"]).ended(2);
    assert!(refused.err.contains("did you mean `voltage`"), "{}", refused.err);

    let shown = shop.done(&["todo"]).out;
    for command in [
        "estante search \"active:yes suggested:any\"",
        "estante search \"active:yes contradicted:any\"",
    ] {
        assert!(shown.contains(command), "{shown}");
    }
    let told = shop.done(&["enrich", "specs", "suggested:any", "--json"]).json();
    assert_eq!(told["products"][0]["sku"], "T3");

    // The editor takes the suggestion, and what the text says against the feed.
    shop.done(&["product", "set", "T3", "voltage=18 V"]);
    shop.done(&["product", "set", "T2", "voltage=18 V"]);
    assert_eq!(skus(&shop, "suggested:any OR contradicted:any"), [""; 0]);
    let shown = shop.done(&["todo"]).out;
    assert!(
        !shown.contains("suggested") && !shown.contains("contradicted"),
        "{shown}"
    );
    // Another threshold makes other suggestions.
    let settings = shop.read("estante.toml");
    shop.write("estante.toml", format!("{settings}[enrich.specs]\nthreshold = 0.98\n"));
    assert_eq!(skus(&shop, "suggested:voltage"), ["T1"]);
}

#[test]
fn settings_and_undo_take_what_was_derived_along() {
    let shop = shop();
    assert_eq!(export(&shop)["T1"]["size"], "18 V");
    // Less is accepted of a description, more of nothing: the export is made anew though no product changed.
    let settings = shop.read("estante.toml");
    shop.write("estante.toml", format!("{settings}[enrich.specs]\nthreshold = 0.6\n"));
    assert_eq!(export(&shop)["T3"]["size"], "18 V");
    shop.write(
        "estante.toml",
        format!("{settings}[enrich.specs]\nattributes_off = [\"voltage\"]\n"),
    );
    assert_eq!(export(&shop)["T1"]["size"], "");
    // A family whose texts are left alone says nothing, and is no suggestion either.
    shop.write(
        "estante.toml",
        format!("{settings}[enrich.specs]\nfamilies_off = [\"drills\"]\n"),
    );
    assert_eq!(export(&shop)["T1"]["size"], "");
    assert_eq!(skus(&shop, "suggested:any OR contradicted:any"), [""; 0]);
    shop.write(
        "estante.toml",
        format!("{settings}[enrich.specs]\nfamilies_off = [\"drils\"]\n"),
    );
    let refused = shop.run(&["schema", "check"]).ended(3);
    assert!(
        refused.err.contains("E-UNKNOWN-FAMILY") && refused.err.contains("drills"),
        "{}",
        refused.err
    );
    shop.write("estante.toml", &settings);

    // A batch that changes the name changes what is derived; undone, it is what it was.
    let changed = shop
        .done(&["product", "set", "T1", "name@es=Taladro 24V", "--json"])
        .json();
    assert_eq!(export(&shop)["T1"]["size"], "24 V");
    shop.done(&["undo", &changed["batch"].to_string()]);
    assert_eq!(export(&shop)["T1"]["size"], "18 V");
}

/// SKUs that a search finds, in order.
fn found(shop: &Shop, query: &str) -> String {
    let document = shop
        .done(&["search", query, "--sort", "sku", "--json", "--quiet"])
        .json();
    let hits = document["hits"].as_array().expect("hits");
    let skus: Vec<&str> = hits.iter().filter_map(|hit| hit["sku"].as_str()).collect();
    skus.join(" ")
}

/// What is found must be what an index made anew finds, and the delta must lead to the whole file.
#[track_caller]
fn follows(shop: &Shop, query: &str, expected: &str) {
    assert_eq!(found(shop, query), expected, "{query}");
    let fresh = shop.twin();
    std::fs::remove_dir_all(fresh.path(".estante/index")).expect("there is an index");
    assert_eq!(found(&fresh, query), expected, "{query} in a fresh index");
    shop.done(&["verify"]);
}

#[test]
fn who_leaves_a_model_takes_along_what_it_lent() {
    let shop = shop();
    let mut have = export(&shop);
    let mut adds_up = |shop: &Shop| {
        shop.done(&["channel", "export", "web", "--delta", "--quiet"]);
        have.extend(offers(&shop.read("out/web/web-delta.tsv")));
        for sku in shop.read("out/web/web-removed.txt").lines() {
            have.remove(sku);
        }
        let twin = shop.twin();
        twin.done(&["channel", "export", "web", "--full", "--quiet"]);
        assert_eq!(have, offers(&twin.read("out/web/web.tsv")));
    };
    follows(&shop, "fabric:linen", "S1 S2 S3");
    // One that says it goes: the one that says nothing has none to lend it.
    shop.done(&["product", "set", "S1", "model=OTHER"]);
    follows(&shop, "fabric:linen", "S1 S2");
    adds_up(&shop);
    // The record of a model is sold as long as it has no variants, and lends them what it says.
    shop.done(&["product", "set", "T3", "model=T2"]);
    follows(&shop, "voltage:12V", "T2 T3");
    adds_up(&shop);
    shop.done(&["product", "clear", "T3", "model"]);
    follows(&shop, "voltage:12V", "T2");
    adds_up(&shop);
    shop.done(&["product", "set", "S1", "model=S"]);
    follows(&shop, "fabric:linen", "S1 S2 S3");
    adds_up(&shop);

    // What an undo takes away does not stay with its siblings either.
    let batch = |row: &str| {
        let list = shop.read("suppliers/norte/list.csv") + row;
        deliver(&shop, "norte", &list);
        number(&import(&shop, "norte"), "batch").to_string()
    };
    batch("U1;Camisa de algodón roja;;shirts;;U;red;20.00;1\nU3;Camisa verde;;shirts;;U;;20.00;1\n");
    let last = batch("U2;Camisa de algodón negra;;shirts;;U;black;20.00;1\n");
    follows(&shop, "fabric:cotton", "U1 U2 U3");
    shop.done(&["undo", &last]);
    follows(&shop, "fabric:cotton", "U1");
}

fn words() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[0-9]{1,6}([.,][0-9]{1,4}){0,2}",
        proptest::sample::select(vec![
            "V",
            "kg",
            "mm",
            "x",
            "-",
            "/",
            "\"",
            "½",
            "%",
            "€",
            "para",
            "sin",
            "no",
            "hasta",
            "talla",
            "M",
            "negro",
            "y",
            ",",
            ".",
            ":",
            "(",
            ")",
            "\n",
            "potencia",
            "E27",
            "IP65",
            "compatible con",
            "12 x 330 ml",
            "<b>",
            "&amp;",
            "º",
            "ß",
            "\u{301}",
        ])
        .prop_map(str::to_owned),
        "\\PC{0,6}",
    ];
    (proptest::collection::vec((piece, proptest::sample::select(vec!["", " "])), 0..30))
        .prop_map(|pieces| pieces.into_iter().map(|(piece, gap)| piece + gap).collect())
}

proptest! {
    #[test]
    fn any_text_is_read_twice_alike(name in words(), description in words(), family in 0..SETTINGS.schema.families().len()) {
        let schema = &SETTINGS.schema;
        let family = &schema.families()[family].code;
        let made = product(schema, family, &[("name", Some("es"), &name), ("description", Some("en"), &description)]);
        let mut one = [made.clone()];
        SETTINGS.enrichment.derive(&mut one, schema);
        let mut two = [made.clone()];
        SETTINGS.enrichment.derive(&mut two, schema);
        prop_assert_eq!(&one, &two);
        // What is accepted is what is explained, each key stands once and in order.
        let explained = SETTINGS.enrichment.explain_specs(&[made], schema);
        let accepted = explained[0].iter().filter(|finding| finding.standing == estante::enrich::specs::Standing::Accepted);
        let accepted: Vec<String> =
            accepted.map(|finding| format!("{} = {}", schema.key_text(finding.key), finding.value.to_text())).collect();
        prop_assert_eq!(derived(&one[0], schema), accepted);
        prop_assert!(one[0].values.windows(2).all(|pair| pair[0].key < pair[1].key));
    }
}
