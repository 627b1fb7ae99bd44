//! Templates tried on the cases under `tests/cases/copy`: a product's values and a template in, a text out.
//!
//! The laws that hold for every template stand below the cases.

use crate::declaration::Declaration;
use crate::enrich::copy::Copy;
use crate::product::origin::Origin;
use crate::product::{By, Product, Resolved};
use crate::schema::Schema;
use crate::schema::load::load_texts;
use crate::schema::scope::Key;
use crate::value::ValueSeed;
use proptest::prelude::*;
use serde::de::DeserializeSeed;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::LazyLock;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseFile {
    /// Templates that all cases of the file share.
    #[serde(default)]
    copy: String,
    case: Vec<Case>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    name: String,
    /// A file of templates; that of all cases where it is not said.
    #[serde(default)]
    copy: Option<String>,
    /// One template, for `attribute` in `locale`.
    #[serde(default)]
    template: Option<String>,
    #[serde(default = "name")]
    attribute: String,
    #[serde(default = "es")]
    locale: String,
    #[serde(default)]
    max_chars: Option<u32>,
    #[serde(default)]
    max_bytes: Option<u32>,
    #[serde(default)]
    min_chars: Option<u32>,
    #[serde(default = "sku")]
    sku: String,
    #[serde(default)]
    family: Option<String>,
    #[serde(default)]
    model: Option<String>,
    /// By key (`name@es`): what a supplier says; what a person says begins with `editor:`.
    #[serde(default)]
    product: BTreeMap<String, toml::Value>,
    /// What the template writes; nothing where it is not said.
    #[serde(default)]
    text: Option<String>,
    /// All that is written, by key.
    #[serde(default)]
    written: Option<BTreeMap<String, String>>,
    /// Faults of the templates.
    #[serde(default)]
    faults: Vec<String>,
    /// Findings on the product's texts.
    #[serde(default)]
    findings: Option<Vec<String>>,
}

fn name() -> String {
    "name".into()
}
fn es() -> String {
    "es".into()
}
fn sku() -> String {
    "SKU-1".into()
}

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let text = std::fs::read_to_string(cases().join("schema.toml")).expect("the cases have a schema");
    let locales = ["es", "en", "de"].map(String::from);
    let channels = ["google-es".to_owned()];
    load_texts(&[("schema.toml", &text)], &locales, &channels).unwrap_or_else(|faults| panic!("{faults:#?}"))
});

fn cases() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/copy")
}

fn compiled(text: &str) -> Result<Copy, Vec<String>> {
    let declaration = Declaration::parse(text.to_owned(), "copy/case.toml")
        .map_err(|faults| faults.iter().map(ToString::to_string).collect::<Vec<_>>())?;
    Copy::compile(&[declaration], &SCHEMA).map_err(|faults| faults.iter().map(ToString::to_string).collect())
}

/// A product of keys and texts in JSON.
fn product(sku: &str, family: Option<&str>, model: Option<&str>, said: &BTreeMap<String, toml::Value>) -> Product {
    let mut values: Vec<Resolved> = said
        .iter()
        .map(|(text, value)| {
            let (by, text) = match text.strip_prefix("editor:") {
                Some(text) => (By::Editor(0), text),
                None => (By::Layer(0), text.as_str()),
            };
            let key = Key::parse(&SCHEMA, text).unwrap_or_else(|mismatch| panic!("{text}: {mismatch}"));
            let kind = SCHEMA.attribute(key.attribute).kind;
            let json = serde_json::to_value(value).expect("TOML is JSON");
            let value = ValueSeed(kind)
                .deserialize(json)
                .unwrap_or_else(|error| panic!("{text}: {error}"));
            Resolved {
                key,
                value,
                by,
                origin: Origin {
                    batch: 1,
                    file: 0,
                    line: 7,
                },
            }
        })
        .collect();
    values.sort_by_key(|resolved| resolved.key);
    Product {
        id: 1,
        sku: sku.to_owned(),
        model: model.map(str::to_owned),
        family: family.map(|code| {
            SCHEMA
                .family_by_code(code)
                .unwrap_or_else(|| panic!("no family {code}"))
        }),
        active: true,
        values,
        ..Product::default()
    }
}

/// What copy writes of a product, by key.
fn written(copy: &Copy, product: &Product) -> BTreeMap<String, String> {
    let mut product = product.clone();
    copy.derive(&mut product);
    assert!(product.values.is_sorted_by_key(|resolved| resolved.key));
    let own = product
        .values
        .iter()
        .filter(|resolved| matches!(resolved.by, By::Copy(_)));
    own.map(|resolved| (SCHEMA.key_text(resolved.key), resolved.value.to_text().into_owned()))
        .collect()
}

fn check(case: &Case, shared: &str) -> Result<(), String> {
    let key = format!("{}@{}", case.attribute, case.locale);
    let source = match &case.template {
        Some(template) => {
            let limit =
                |name: &str, most: Option<u32>| most.map_or_else(String::new, |most| format!("{name} = {most}\n"));
            format!(
                "[[sets]]\nlocale = \"{}\"\n[sets.write.{}]\n{}{}{}template = {}\n",
                case.locale,
                case.attribute,
                limit("max_chars", case.max_chars),
                limit("max_bytes", case.max_bytes),
                limit("min_chars", case.min_chars),
                toml::Value::String(template.clone())
            )
        }
        None => case.copy.clone().unwrap_or_else(|| shared.to_owned()),
    };
    let copy = match compiled(&source) {
        Ok(copy) if case.faults.is_empty() => copy,
        Ok(_) => return Err("compiles, and should not".to_owned()),
        Err(faults) if faults == case.faults => return Ok(()),
        Err(faults) => return Err(format!("faults: {faults:#?}")),
    };
    let product = product(&case.sku, case.family.as_deref(), case.model.as_deref(), &case.product);
    let written = written(&copy, &product);
    if let Some(expected) = &case.written {
        if *expected != written {
            return Err(format!("writes {written:#?}"));
        }
    } else if case.template.is_some() && written.get(&key) != case.text.as_ref() {
        return Err(format!("writes {:?}\n  expected {:?}", written.get(&key), case.text));
    }
    if let Some(expected) = &case.findings {
        let mut product = product;
        copy.derive(&mut product);
        let found = copy
            .lint()
            .check(&product, &SCHEMA, |template| copy.place(template).cloned());
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        if *expected != found {
            return Err(format!("finds {found:#?}"));
        }
    }
    Ok(())
}

#[test]
fn every_case_comes_out_as_it_says() {
    let mut paths: Vec<_> = std::fs::read_dir(cases())
        .expect("the cases are there")
        .map(|entry| entry.expect("readable").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "toml") && !path.ends_with("schema.toml"))
        .collect();
    paths.sort();
    let (mut count, mut wrong) = (0, Vec::new());
    for path in paths {
        let text = std::fs::read_to_string(&path).expect("a case is text");
        let file: CaseFile = toml::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        for case in &file.case {
            count += 1;
            if let Err(why) = check(case, &file.copy) {
                let file = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
                wrong.push(format!("{file}: {}: {why}", case.name));
            }
        }
    }
    assert!(count >= 40, "only {count} cases were found");
    assert!(wrong.is_empty(), "{} of {count}:\n{}", wrong.len(), wrong.join("\n"));
}

/// The same template, once as it is and once with a remark that only the engine reads.
fn both_ways(template: &str, attribute: &str, said: &BTreeMap<String, toml::Value>) -> [Option<String>; 2] {
    [template.to_owned(), format!("{{% set unused = 1 %}}{template}")].map(|template| {
        let source = format!(
            "[[sets]]\nlocale = \"es\"\n[sets.write.{attribute}]\ntemplate = {}\n",
            toml::Value::String(template)
        );
        let copy = compiled(&source).unwrap_or_else(|faults| panic!("{source}\n{faults:#?}"));
        written(&copy, &product("SKU-1", None, None, said)).remove(&format!("{attribute}@es"))
    })
}

fn any_product() -> impl Strategy<Value = BTreeMap<String, toml::Value>> {
    let text = |key: &'static str| {
        proptest::option::of("[A-Za-zñé<&,]{1,8}( [a-z(),.]{1,9}){0,3}")
            .prop_map(move |text| text.map(|text| (key.to_owned(), toml::Value::String(text))))
    };
    let pieces = proptest::option::of(0_i64..3).prop_map(|n| n.map(|n| ("pieces".to_owned(), toml::Value::Integer(n))));
    let power = proptest::option::of(1_u32..30_000)
        .prop_map(|n| n.map(|n| ("power".to_owned(), toml::Value::String(format!("{n} W")))));
    let color = proptest::option::of("(red|white|navy)")
        .prop_map(|code| code.map(|code| ("color".to_owned(), toml::Value::String(code))));
    (text("brand"), text("mpn"), text("keywords@es"), pieces, power, color).prop_map(|(a, b, c, d, e, f)| {
        let mut said: BTreeMap<_, _> = [a, b, c, d, e, f].into_iter().flatten().collect();
        said.insert("stock".to_owned(), toml::Value::Integer(1));
        said
    })
}

const TEMPLATES: &[&str] = &[
    "{{ keywords }}[[ {{ brand }}]][[, {{ power }}]][[ ({{ color|small }})]]",
    "[[{{ brand|unless_in(keywords) }} ]]{{ keywords }}[[ - {{ pieces }} {{ plural(pieces, \"pieza\", \"piezas\") }}]]",
    "{{ parts([brand, mpn, color], \", \") }}[[ de {{ power }}]]",
    "{% if power and brand %}{{ brand }} de {{ power }}{% elif brand %}{{ brand }}{% else %}Otro[[ {{ mpn }}]]{% endif %}",
    "{{ brand if power else mpn }}[[ [[{{ color }}]][[, {{ keywords|lower }}]]]]",
];
const HTML: &[&str] = &[
    "<p>{{ keywords }}[[ de {{ brand }}]].</p>[[<ul>[[<li>{{ power }}</li>]][[<li>{{ color }}, {{ mpn }}</li>]]</ul>]]",
    "[[<p>{{ brand }}</p>]][[<ul>{{ facts(\"power\", \"color\", \"pieces\") }}</ul>]]",
];

proptest! {
    #[test]
    fn the_engine_writes_the_same(said in any_product(), n in 0..TEMPLATES.len()) {
        let [plain, engine] = both_ways(TEMPLATES[n], "name", &said);
        prop_assert_eq!(plain, engine);
    }

    #[test]
    fn the_engine_writes_the_same_html(said in any_product(), n in 0..HTML.len()) {
        let [plain, engine] = both_ways(HTML[n], "description", &said);
        prop_assert_eq!(plain, engine);
    }

    #[test]
    fn no_text_passes_its_budget_or_breaks_a_word(said in any_product(), n in 0..TEMPLATES.len(), most in 1_usize..40) {
        let template = toml::Value::String(TEMPLATES[n].to_owned());
        let source = |limit: &str| format!("[[sets]]\nlocale = \"es\"\n[sets.write.name]\n{limit}\ntemplate = {template}\n");
        let product = product("SKU-1", None, None, &said);
        let text = |limit: &str| written(&compiled(&source(limit)).expect("it compiles"), &product).remove("name@es");
        let (cut, whole) = (text(&format!("max_chars = {most}")), text(""));
        if let Some(cut) = cut {
            prop_assert!(cut.chars().count() <= most);
            let whole = whole.expect("what is cut was there");
            let words: Vec<&str> = whole.split(|c: char| !c.is_alphanumeric()).collect();
            for word in cut.split(|c: char| !c.is_alphanumeric()) {
                prop_assert!(words.contains(&word), "{cut:?} of {whole:?}");
            }
        }
        let bytes = text(&format!("max_bytes = {most}"));
        prop_assert!(bytes.is_none_or(|text| text.len() <= most));
    }

    #[test]
    fn html_stays_on_the_allow_list(said in any_product(), n in 0..HTML.len(), most in 1_usize..120) {
        let template = toml::Value::String(HTML[n].to_owned());
        let source = format!("[[sets]]\nlocale = \"es\"\n[sets.write.description]\nmax_chars = {most}\ntemplate = {template}\n");
        let copy = compiled(&source).expect("it compiles");
        if let Some(text) = written(&copy, &product("SKU-1", None, None, &said)).remove("description@es") {
            prop_assert!(text.chars().count() <= most);
            prop_assert_eq!(crate::value::text::clean(&text), text);
        }
    }

    #[test]
    fn any_source_is_a_template_or_a_fault(source in "([a-z {}%\\[\\]()|\",.<>/]|\\{\\{|\\}\\}|\\[\\[|\\]\\]|brand|power|if |endif|%\\}|\\{%){0,24}") {
        let source = format!("[[sets]]\nlocale = \"es\"\n[sets.write.description]\ntemplate = {}\n", toml::Value::String(source));
        if let Ok(copy) = compiled(&source) {
            let said = BTreeMap::from([("brand".to_owned(), toml::Value::String("Bosch".to_owned()))]);
            let product = product("SKU-1", None, None, &said);
            prop_assert_eq!(written(&copy, &product), written(&copy, &product));
        }
    }
}
