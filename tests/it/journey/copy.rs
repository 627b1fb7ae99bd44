//! Texts that nobody wrote: shown before they leave, told apart from those that somebody wrote, checked with them.

use crate::corner::{corner_shop, export, import, supplier};
use crate::support::Shop;

const TEMPLATES: &str = r#"
[[sets]]
locale = "es"
[sets.write.description]
template = "<p>{{ name|sentence }} por fin aquí.</p>"
improve = ["short"]
min_chars = 12
[sets.write.name]
template = "{{ name|sentence }}"
improve = ["capitals"]
[lint]
repeatable = ["description"]
[[lint.forbidden]]
words = ["ganga*"]
why = "no advertising"
"#;

/// Four products: one whole, one without a description, one that shouts, one with a forbidden word.
fn shop() -> Shop {
    let shop = corner_shop();
    shop.write("copy/all.toml", TEMPLATES);
    let items = "sku;name;description;price;stock\nA01;Martillo;Un martillo de carpintero;10.50;3\nA02;Sierra;;11.50;3\nA03;LLAVE INGLESA GRANDE;Una llave que abre todo;12.50;3\nA04;Gangazo;Una ganga de verdad;13.50;3\n";
    supplier(&shop, "norte", "", items);
    import(&shop, "norte");
    shop
}

fn written(shop: &Shop, sku: &str) -> Vec<(String, Option<String>, String)> {
    let document = shop.done(&["enrich", "copy", "--preview", sku, "--json"]).json();
    let texts = document["products"][0]["texts"]
        .as_array()
        .expect("texts are a list")
        .clone();
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    texts
        .iter()
        .map(|written| {
            assert!(text(&written["template"]).is_some_and(|place| place.starts_with("copy/all.toml:")));
            let attribute = text(&written["attribute"]).expect("it is named");
            (
                attribute,
                text(&written["before"]),
                text(&written["after"]).expect("a text"),
            )
        })
        .collect()
}

#[test]
fn texts_are_shown_before_and_after() {
    let shop = shop();
    assert_eq!(written(&shop, "A01"), []);
    let own = |attribute: &str, before: Option<&str>, after: &str| {
        (attribute.to_owned(), before.map(str::to_owned), after.to_owned())
    };
    assert_eq!(
        written(&shop, "A02"),
        [own("description", None, "<p>Sierra por fin aquí.</p>")]
    );
    assert_eq!(
        written(&shop, "A03"),
        [own("name", Some("LLAVE INGLESA GRANDE"), "Llave inglesa grande")]
    );
    let totals = shop.done(&["enrich", "copy", "--json"]).json();
    assert_eq!(
        (totals["products"].as_u64(), totals["touched"].as_u64()),
        (Some(4), Some(2))
    );
    let shown = shop.done(&["enrich", "copy", "--preview"]).out;
    assert!(
        shown.contains("- LLAVE INGLESA GRANDE") && shown.contains("+ Llave inglesa grande"),
        "{shown}"
    );
    // Where a text came from stands beside it.
    let layers = shop.done(&["product", "show", "A02", "--layers"]).out;
    assert!(
        layers.contains("copy (SKU A02") && layers.contains("copy/all.toml:5 template"),
        "{layers}"
    );
}

#[test]
fn a_persons_text_always_wins() {
    let shop = shop();
    assert_eq!(export(&shop)["A03"]["title"], "Llave inglesa grande");
    shop.done(&[
        "product",
        "set",
        "A03",
        "name@es=LLAVE GRITADA A MANO",
        "description@es=Corta",
    ]);
    assert_eq!(written(&shop, "A03"), []);
    assert_eq!(export(&shop)["A03"]["title"], "LLAVE GRITADA A MANO");
    let undone = shop.done(&["batches", "--json"]).json();
    let batch = undone["batches"][0]["id"].as_i64().expect("a batch").to_string();
    shop.done(&["undo", &batch]);
    assert_eq!(export(&shop)["A03"]["title"], "Llave inglesa grande");
}

#[test]
fn a_changed_template_is_exported_anew() {
    let shop = shop();
    assert_eq!(export(&shop)["A03"]["title"], "Llave inglesa grande");
    shop.edit(
        "copy/all.toml",
        "template = \"{{ name|sentence }}\"",
        "template = \"{{ name|sentence }} nueva\"",
    );
    assert_eq!(export(&shop)["A03"]["title"], "Llave inglesa grande nueva");
}

#[test]
fn all_texts_are_checked_whoever_wrote_them() {
    let shop = shop();
    let report = shop.done(&["enrich", "copy", "--lint", "--json"]).json();
    let found: Vec<(&str, &str)> = report["diagnostics"]
        .as_array()
        .expect("findings are a list")
        .iter()
        .map(|finding| {
            (
                finding["sku"].as_str().unwrap_or_default(),
                finding["code"].as_str().unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(found, [("A04", "W-COPY-FORBIDDEN"), ("A04", "W-COPY-FORBIDDEN")]);
    assert_eq!(report["products"].as_u64(), Some(4));
}

#[test]
fn a_workspace_without_templates_says_so() {
    let shop = corner_shop();
    let answer = shop.run(&["enrich", "copy"]);
    assert_eq!(answer.code, Some(2), "{}", answer.err);
    assert!(answer.err.contains("docs/copy.md"), "{}", answer.err);
}

#[test]
fn one_text_at_two_products_is_told_but_not_at_variants() {
    let shop = corner_shop();
    let templates = "[lint]\nattributes = [\"description\", \"name\"]\nrepeatable = [\"name\"]\n";
    shop.write("copy/all.toml", templates);
    let items = "sku;name;description;model;price;stock\n\
         A1;Taladro;Taladra de todo, y bien;;10.50;3\n\
         A2;Taladro;¡Taladra de TODO y bien!;;11.50;3\n\
         A3;Taladro;Otro taladro;;12.50;3\n\
         V1;Sierra;Una sierra en varios tamaños;SERIE;13.50;3\n\
         V2;Sierra;Una sierra en varios tamaños;SERIE;14.50;3\n";
    supplier(&shop, "norte", "", items);
    import(&shop, "norte");
    let report = shop.done(&["enrich", "copy", "--lint", "--json"]).json();
    let findings = report["diagnostics"].as_array().expect("findings are a list");
    let told: Vec<String> = findings
        .iter()
        .map(|own| format!("{} {} {}", own["code"], own["sku"], own["message"]).replace('"', ""))
        .collect();
    assert_eq!(told, ["W-COPY-DUPLICATE A2 description@es says the same as that of A1"]);
}
