//! Products to listings: what channel files say, tried on a small schema; and faults of channel files, told with their places.

use crate::channel::Channel;
use crate::channel::pack::Pack;
use crate::channel::settings::ChannelFile;
use crate::declaration::Declaration;
use crate::product::listing::Content;
use crate::product::origin::Origin;
use crate::product::{By, Product, Resolved};
use crate::schema::Schema;
use crate::schema::load::load_texts;
use crate::schema::scope::Key;
use crate::value::{Reading, read};

const SCHEMA: &str = r#"
[attributes]
name = { kind = "text", localizable = true, labels = { es = "Nombre" } }
brand = { kind = "text" }
gtin = { kind = "gtin" }
model = { kind = "identifier" }
category = { kind = "identifier" }
description = { kind = "rich_text", localizable = true }
price = { kind = "money", scopable = true }
sale_price = { kind = "money" }
stock = { kind = "integer" }
availability = { kind = "option", options = "availability" }
condition = { kind = "option", options = "conditions" }
image = { kind = "media" }
color = { kind = "option", options = "colors", labels = { es = "Color" } }
size = { kind = "option", options = "sizes", labels = { es = "Talla" } }
material = { kind = "options", options = "colors" }
weight = { kind = "measure", unit = "kg", labels = { es = "Peso" } }
length = { kind = "measure", unit = "mm", labels = { es = "Largo" } }
ratio = { kind = "decimal" }
cordless = { kind = "boolean" }
since = { kind = "date" }
url = { kind = "url" }
specs = { kind = "table" }

[options.colors.values]
red = { labels = { es = "Rojo", en = "Red" } }
navy = { labels = { es = "Azul marino", en = "Navy" } }

[options.sizes.values]
m = { labels = { es = "M" } }

[options.availability.values]
in_stock = {}
preorder = {}
discontinued = {}

[options.conditions.values]
new = {}
open_box = {}

[families.gloves]
attributes = ["color", "size", "name"]
axes = ["color", "size"]

[categories.tools]
labels = { es = "Herramientas", en = "Tools" }
google = 1167

[categories.gloves]
labels = { es = "Guantes", en = "Gloves" }
parent = "tools"
family = "gloves"
"#;

const PACK: &str = r#"
title = "case"
class = "feed"
seen = "never"
identity = { key = ["id"], group = "group" }
price = { template = "{amount} {currency}" }
availability = { in_stock = "in stock", out_of_stock = "out of stock", preorder = "preorder" }
condition = { new = "new", open_box = "used" }
formats = [{ id = "csv", kind = "csv", extensions = ["csv"] }, { id = "api", kind = "api" }]
families = [{ pattern = "price_{market}", meaning = "price in a market", type = "money_plain" }]
fields = [
    { name = "id", type = "string", required = "always" },
    { name = "title", type = "string" },
    { name = "text", type = "text" },
    { name = "html", type = "html" },
    { name = "link", type = "url" },
    { name = "money", type = "money" },
    { name = "plain", type = "money_plain" },
    { name = "gtin", type = "gtin" },
    { name = "word", type = "enum", enum = ["RED", "BLUE", "in stock", "out of stock", "preorder", "new", "used"] },
    { name = "truth", type = "bool", enum = ["TRUE", "FALSE"] },
    { name = "whole", type = "integer" },
    { name = "number", type = "decimal" },
    { name = "size", type = "measure", measure = { units = ["g", "cm"] } },
    { name = "moment", type = "datetime" },
    { name = "many", type = "string", max_values = 10 },
    { name = "pictures", type = "image_url", max_values = 10 },
    { name = "taxonomy", type = "taxonomy" },
    { name = "group", type = "string" },
    { name = "pairs", type = "group", max_values = 9, parts = [{ name = "name", type = "string" }, { name = "value", type = "string" }, { name = "cost", type = "money" }] },
]
"#;

pub(super) fn schema() -> Schema {
    let locales = ["es".to_string(), "en".to_string()];
    let channels = ["shop".to_string()];
    load_texts(&[("schema.toml", SCHEMA)], &locales, &channels).unwrap_or_else(|faults| panic!("{faults:#?}"))
}

pub(super) fn channel(text: &str, schema: &Schema) -> Result<Channel, Vec<String>> {
    let told = |faults: Vec<crate::diagnostic::Diagnostic>| faults.iter().map(ToString::to_string).collect::<Vec<_>>();
    let pack = Declaration::parse(PACK.to_string(), "pack.toml").and_then(|pack| Pack::read("case", &pack));
    let pack = pack.map_err(told)?;
    let declaration = Declaration::parse(text.to_string(), "shop.toml").map_err(told)?;
    let file: ChannelFile = declaration.check().map_err(told)?;
    Channel::compile("shop", &file, &declaration, pack, schema).map_err(told)
}

/// A product of texts by key: `name`, `name@en`, `price@@shop`; `model` and `family` stand by themselves, `~name` was drafted.
fn product(schema: &Schema, values: &[(&str, &str)]) -> Product {
    let mut out = Product {
        id: 1,
        sku: "A-1".to_string(),
        active: true,
        ..Product::default()
    };
    for (key, text) in values {
        match *key {
            "model" => out.model = Some(text.to_string()),
            "family" => out.family = schema.family_by_code(text),
            key => {
                let (key, by) = match key.strip_prefix('~') {
                    Some(key) => (key, By::Draft(0)),
                    None => (key, By::Layer(0)),
                };
                let key = Key::parse(schema, key).expect("a key");
                let kind = schema.attribute(key.attribute).kind;
                let value = match kind {
                    crate::value::Kind::Options | crate::value::Kind::Media | crate::value::Kind::Table => {
                        crate::value::Value::from_json(kind, text).expect("a value")
                    }
                    _ => read(kind, text, &Reading::default()).expect("a value"),
                };
                out.values.push(Resolved {
                    key,
                    value,
                    by,
                    origin: Origin::default(),
                });
            }
        }
    }
    out.values.sort_by_key(|resolved| resolved.key);
    out
}

/// The filled fields of a listing but `id`, and the findings, a line each.
fn shown(channel: &Channel, product: &Product) -> String {
    let Some(draft) = channel.draft(product) else {
        return "outside".to_string();
    };
    let mut lines = Vec::new();
    for (number, content) in draft.listing.contents.iter().enumerate() {
        let name = channel.pack.name(number as u16);
        let text = match content {
            Content::Groups(groups) => format!("{groups:?}"),
            other => other.texts().collect::<Vec<_>>().join(" | "),
        };
        if !content.is_empty() && name != "id" {
            lines.push(format!("{name}: {text}"));
        }
    }
    for finding in &draft.findings {
        lines.push(format!("! {}", channel.rules.diagnostic(&channel.pack, "A-1", finding)));
    }
    lines.join("\n")
}

fn check(fields: &str, values: &[(&str, &str)], expected: &str) {
    let schema = schema();
    let text = format!(
        "name = \"Shop\"\npack = \"case\"\nlocale = \"es\"\ncurrency = \"EUR\"\ndomain = \"https://tienda.example/\"\n{fields}"
    );
    let channel = channel(&text, &schema).unwrap_or_else(|faults| panic!("{faults:#?}"));
    let expected: Vec<&str> = expected
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty())
        .collect();
    assert_eq!(
        shown(&channel, &product(&schema, values)),
        expected.join("\n"),
        "{fields}"
    );
}

#[test]
fn drafted_texts_go_where_they_are_asked_for() {
    let fields = r#"
        [fields]
        id = { attribute = "sku" }
        title = { undrafted = { template = "{% if brand %}{{ brand }} {% endif %}{{ name }}" } }
        text = { drafted = { first_of = [{ attribute = "description" }, { attribute = "name" }] } }
        html = { undrafted = { first_of = [{ attribute = "description" }, { attribute = "name" }] } }
        pairs = { drafted = { groups = [{ cost = { value = "4.90 EUR" }, name = { attribute = "name" } }] } }
    "#;
    let (name, brand) = (("name@es", "Taladro"), ("brand", "Brontal"));
    check(fields, &[name, brand], "title: Brontal Taladro\nhtml: Taladro");
    let drafted = "text: Taladro\npairs: [[(\"name\", \"Taladro\"), (\"cost\", \"4.90 EUR\")]]";
    check(fields, &[("~name@es", "Taladro"), brand], drafted);
    // Of several sources the one counts that is used.
    let (said, own) = (("description@es", "Potente"), ("~description@es", "Potente"));
    check(fields, &[name, own], "title: Taladro\ntext: Potente");
    let mixed = "html: Potente\npairs: [[(\"name\", \"Taladro\"), (\"cost\", \"4.90 EUR\")]]";
    check(fields, &[("~name@es", "Taladro"), said], mixed);
}

#[test]
fn values_are_spelled_as_the_field_wants_them() {
    let fields = r#"
        media = "https://cdn.example/m/"
        [fields]
        id = { attribute = "sku" }
        title = { attribute = "name" }
        text = { attribute = "description" }
        html = { attribute = "description" }
        link = { attribute = "url" }
        money = { attribute = "price" }
        plain = { attribute = "price" }
        gtin = { attribute = "gtin" }
        word = { attribute = "color" }
        truth = { attribute = "cordless" }
        whole = { attribute = "stock" }
        number = { attribute = "ratio" }
        size = { attribute = "weight" }
        moment = { attribute = "since" }
        many = { attribute = "material" }
        pictures = { attribute = "image" }
        pairs = { attribute = "specs" }
    "#;
    let values = [
        ("name", "Taladro\n  percutor"),
        ("name@en", "Hammer drill"),
        ("description", "<p>Potente &amp; <b>ligero</b></p><p>18 V</p>"),
        ("url", "https://tienda.example/p/1"),
        ("price", "99.9 EUR"),
        ("gtin", "4006381333931"),
        ("color", "red"),
        ("cordless", "true"),
        ("stock", "7"),
        ("ratio", "2.50"),
        ("weight", "1.25 kg"),
        ("since", "2026-11-24"),
        ("material", r#"["red","navy"]"#),
        ("image", r#"["https://img.example/año 1.jpg","fotos/2.jpg"]"#),
        ("specs", r#"[["Motor","sin escobillas"]]"#),
    ];
    check(
        fields,
        &values,
        r#"title: Taladro percutor
        text: Potente & ligero
18 V
        html: <p>Potente &amp; <b>ligero</b></p><p>18 V</p>
        link: https://tienda.example/p/1
        money: 99.90 EUR
        plain: 99.90
        gtin: 4006381333931
        word: RED
        truth: TRUE
        whole: 7
        number: 2.5
        size: 1250 g
        moment: 2026-11-24T00:00Z
        many: Rojo | Azul marino
        pictures: https://img.example/a%C3%B1o%201.jpg | https://cdn.example/m/fotos/2.jpg
        pairs: [[("name", "Motor"), ("value", "sin escobillas")]]"#,
    );
}

#[test]
fn scopes_fall_back_and_prices_keep_their_rules() {
    let fields = r#"
        [price]
        multiply = "1.1"
        add = "1"
        round = "0.95"
        [fields]
        id = { attribute = "sku" }
        title = { attribute = "name@en" }
        text = { template = "{{ name }}: {{ price }}, {{ weight }}, {{ sale_price }}" }
        money = { attribute = "price" }
        plain = { attribute = "sale_price" }
        price_es = { attribute = "price" }
    "#;
    let values = [
        ("name", "Taladro"),
        ("name@es", "Taladro percutor"),
        ("name@en", "Hammer drill"),
        ("price", "10 EUR"),
        ("price@@shop", "20 EUR"),
        ("sale_price", "5 EUR"),
        ("weight", "1.25 kg"),
    ];
    check(
        fields,
        &values,
        "title: Hammer drill
        text: Taladro percutor: 23,95 EUR, 1,25 kg, 5 EUR
        money: 23.95 EUR
        plain: 5.00
        price_es: 23.95",
    );
    // An amount in another currency, and one that grows too large, are told and left out.
    check(
        "[price]\nmultiply = \"10\"\n[fields]\nid = { attribute = \"sku\" }\nmoney = { attribute = \"price\" }\nplain = { attribute = \"sale_price\" }",
        &[("price", "70000000000000000000000000000 EUR"), ("sale_price", "5 USD")],
        "! A-1: money is too large a number; it is left out (found \"70000000000000000000000000000.00 EUR\") [W-FIELD-TYPE]
        ! A-1: plain is in another currency than the channel's; it is left out (found \"5.00 USD\") [W-CURRENCY]",
    );
}

#[test]
fn states_words_axes_and_categories_come_from_the_pack_and_the_schema() {
    let fields = r#"
        [fields]
        id = { attribute = "sku" }
        word = { availability = "stock" }
        title = { condition = "condition" }
        taxonomy = { category = "google" }
        group = { attribute = "model" }
        many = { list = [{ axis_name = 1 }, { axis_value = 1 }, { axis_name = 2 }, { axis_value = 2 }, { category = "path" }] }
        text = { first_of = [{ axis_name = 1 }, { value = "Title" }] }
        size = { measure = { attribute = "length", unit = "cm", decimals = 1 } }
        whole = { measure = { attribute = "weight", unit = "g" } }
        html = { words = { attribute = "color", to = { red = "Female" } } }
        pairs = { groups = [{ cost = { value = "4.90 EUR" }, name = { value = "ES" } }, { name = { attribute = "color" } }] }
    "#;
    let glove = [
        ("model", "guante"),
        ("family", "gloves"),
        ("category", "gloves"),
        ("condition", "open_box"),
        ("size", "m"),
        ("color", "red"),
        ("stock", "3"),
        ("length", "1234.56 mm"),
        ("weight", "0.0126 kg"),
    ];
    check(
        fields,
        &glove,
        r#"title: used
        text: Color
        html: Female
        word: in stock
        whole: 13
        size: 123.5 cm
        many: Color | Rojo | Talla | M | Herramientas > Guantes
        taxonomy: 1167
        group: guante
        pairs: [[("name", "ES"), ("cost", "4.90 EUR")], [("name", "Rojo")]]"#,
    );
    // A state the pack cannot say is nothing; a product without a model has no axes.
    check(
        fields,
        &[
            ("family", "gloves"),
            ("size", "m"),
            ("color", "navy"),
            ("stock", "0"),
            ("availability", "discontinued"),
            ("category", "tools"),
        ],
        r#"text: Title
        many: Herramientas
        taxonomy: 1167
        pairs: [[("name", "ES"), ("cost", "4.90 EUR")], [("name", "Azul marino")]]"#,
    );
    check(
        "[fields]\nid = { attribute = \"sku\" }\nword = { availability = \"stock\" }",
        &[("stock", "0")],
        "word: out of stock",
    );
    check(
        "[fields]\nid = { attribute = \"sku\" }\nword = { availability = \"stock\" }",
        &[("stock", "0"), ("availability", "preorder")],
        "word: preorder",
    );
}

#[test]
fn conditions_details_and_pictures() {
    let fields = r#"
        [fields]
        id = { attribute = "sku" }
        title = { when = { filled = "sale_price", then = { attribute = "name" } } }
        pictures = { image = "others" }
        link = { image = "first" }
        pairs = { details = { attributes = ["weight", "color", "length", "material"], label = "name", value = "value" } }
    "#;
    check(
        fields,
        &[
            ("name", "Taladro"),
            ("sale_price", "5 EUR"),
            ("weight", "1.5 kg"),
            ("color", "red"),
            ("material", r#"["red","navy"]"#),
            (
                "image",
                r#"["https://img.example/1.jpg","local.jpg","https://img.example/2.jpg"]"#,
            ),
        ],
        r#"title: Taladro
        link: https://img.example/1.jpg
        pictures: https://img.example/2.jpg
        pairs: [[("name", "Peso"), ("value", "1,5 kg")], [("name", "Color"), ("value", "Rojo")], [("name", "material"), ("value", "Rojo, Azul marino")]]"#,
    );
    check(fields, &[("name", "Taladro")], "");
}

#[test]
fn templates_say_the_same_here_and_in_the_engine() {
    let values = [
        ("name", "Taladro <b>percutor</b>"),
        ("brand", "Bosch"),
        ("color", "navy"),
        ("stock", "7"),
        ("cordless", "false"),
        ("material", r#"["red","navy"]"#),
        ("description", "<p>Potente &amp; ligero</p>"),
        ("ratio", "1.5"),
        ("model", "M ñ/1"),
    ];
    for (template, expected) in [
        ("{{ brand }} {{ name }}", "Bosch Taladro <b>percutor</b>"),
        (
            "{{ color }} {{ color|label }} {{ color | label|upper }}",
            "navy Azul marino AZUL MARINO",
        ),
        ("{{ material|label }} / {{ material }}", "Rojo, Azul marino / red, navy"),
        ("{% if size %}Talla {{ size|label }}{% else %}única{% endif %}", "única"),
        (
            "{% if color %}en {{ color|label }}{% endif %}{% if cordless %} a batería{% endif %}",
            "en Azul marino",
        ),
        (
            "{{ domain }}/p/{{ model|urlencode }}?s={{ sku|slug }}",
            "https://tienda.example/p/M%20%C3%B1/1?s=a-1",
        ),
        ("{{ model|slug }} {{ size }}{{ stock }} {{ ratio }}", "m-n-1 7 1,5"),
        ("{{ description|plain|lower|trim }}", "potente & ligero"),
        ("100 % { label } |label", "100 % { label } |label"),
        (
            "{% if brand and brand|lower not in name|lower %}{{ brand }} {% endif %}x",
            "Bosch x",
        ),
        (
            "{% if 'cutor' in name and not size or cordless %}a{% else %}b{% endif %}",
            "a",
        ),
        (
            "{% if color == 'navy' and color != \"red\" %}a{% endif %}{% if brand != 'Bosch' %}b{% endif %}",
            "a",
        ),
        (
            "{% if size in name %}a{% endif %}{% if brand in size %}b{% endif %}{% if size == sku %}c{% endif %}",
            "a",
        ),
        (
            "{% if size != brand %}a{% endif %}{% if size == gtin %}b{% endif %}{% if size not in brand %}c{% endif %}",
            "ab",
        ),
        (
            "{% if stock in name %}a{% endif %}{% if 'red' in material %}b{% endif %}{% if not cordless %}c{% endif %}",
            "bc",
        ),
        (
            "{% if color|label == 'Azul marino' %}a{% endif %}{% if name|plain|upper %}b{% endif %}",
            "ab",
        ),
        (
            "{{ brand|upper }}{% if stock %}{% if color %}!{% endif %}{% endif %}",
            "BOSCH!",
        ),
    ] {
        let quoted = toml::Value::String(template.to_string()).to_string();
        check(
            &format!("[fields]\nid = {{ attribute = \"sku\" }}\ntext = {{ template = {quoted} }}"),
            &values,
            &format!("text: {expected}"),
        );
        // Every condition but those of numbers and lists is decided without the engine; a comment sends it there.
        let quoted = toml::Value::String(format!("{{# engine #}}{template}")).to_string();
        check(
            &format!("[fields]\nid = {{ attribute = \"sku\" }}\ntext = {{ template = {quoted} }}"),
            &values,
            &format!("text: {expected}"),
        );
    }
    check(
        "[fields]\nid = { attribute = \"sku\" }\ntitle = { template = '{% if brand and brand|lower not in name|lower %}{{ brand }} {% endif %}{{ name }}' }",
        &[("name", "Bosch GSB"), ("brand", "BOSCH")],
        "title: Bosch GSB",
    );
    check(
        "[fields]\nid = { attribute = \"sku\" }\ntitle = { template = '{% for x in range(100000) %}{{ x }}{% endfor %}' }",
        &[],
        "! A-1: the template of title failed; it is left out (found \"engine ran out of fuel\") [W-TEMPLATE]",
    );
}

#[test]
fn filters_decide_which_products_belong() {
    let schema = schema();
    let values = [
        ("brand", "Bosch"),
        ("price", "12.50 EUR"),
        ("stock", "3"),
        ("color", "red"),
        ("family", "gloves"),
        ("weight", "0.5 kg"),
        ("cordless", "true"),
    ];
    let product = product(&schema, &values);
    for (filter, expected) in [
        ("stock > 0 and price != none", true),
        ("stock > 3 or price == none", false),
        ("stock >= 3 and stock <= 3", true),
        ("price < 12.51 and price > 12.49", true),
        ("weight == 0.50", true),
        ("brand == \"Bosch\"", true),
        ("brand != 'bosch'", true),
        ("color in ['red', 'navy'] and family in ['gloves']", true),
        ("color not in ['navy']", true),
        ("not (cordless or stock == 0)", false),
        ("not cordless", false),
        ("size == none", true),
        ("size == 'm' or size < 'm' or size > 'm'", false),
        ("size != 'm'", true),
        ("size in ['m']", false),
        ("brand > 3", false),
        ("-1 < stock", true),
        ("sku == 'A-1'", true),
        ("", true),
        // These are the engine's.
        ("stock + 1 > 3", true),
        ("brand|lower == 'bosch'", true),
        ("(stock) == 3", true),
        ("size is none and color is not none", true),
        ("price * 2 == 25", true),
        ("stock > 0 and (brand|length > 9)", false),
    ] {
        let filter = toml::Value::String(filter.to_string()).to_string();
        let text = format!(
            "name = \"Shop\"\npack = \"case\"\nlocale = \"es\"\nfilter = {filter}\nfields = {{ id = {{ attribute = \"sku\" }} }}"
        );
        let channel = channel(&text, &schema).unwrap_or_else(|faults| panic!("{faults:#?}"));
        assert_eq!(channel.draft(&product).is_some(), expected, "{filter}");
        let withdrawn = Product {
            active: false,
            ..product.clone()
        };
        assert!(channel.draft(&withdrawn).is_none());
    }
}
