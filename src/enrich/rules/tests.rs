//! Rules as files: cases that hold, faults with their places, and laws of what rules may not do.

use crate::declaration::Declaration;
use crate::diagnostic::Diagnostic;
use crate::enrich::rules::Rules;
use crate::enrich::rules::written::key_of;
use crate::product::origin::Origin;
use crate::product::{By, Product, Resolved};
use crate::schema::Schema;
use crate::schema::load::load_texts;
use crate::schema::typed::typed;
use crate::value::price::Currency;
use proptest::prelude::*;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

pub static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let text = std::fs::read_to_string(folder().join("schema.toml")).expect("the schema is there");
    let locales = ["es".to_owned(), "en".to_owned()];
    load_texts(
        &[("schema.toml", &text)],
        &locales,
        &["shop".to_owned(), "outlet".to_owned()],
    )
    .expect("the schema has no fault")
});

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/rules_of_values")
}

fn euro() -> Currency {
    Currency::parse("EUR").expect("it is a currency")
}

pub fn compile(files: &[(&str, &str)]) -> Result<Rules, Vec<Diagnostic>> {
    let files: Vec<Declaration> = files
        .iter()
        .map(|(name, text)| Declaration::parse((*text).to_owned(), name).expect("it is TOML"))
        .collect();
    Rules::compile(&files, &SCHEMA, euro())
}

pub fn product(said: &[(&str, &str, By)]) -> Product {
    let mut values: Vec<Resolved> = said
        .iter()
        .map(|(name, text, by)| {
            let key = key_of(&SCHEMA, name).unwrap_or_else(|mismatch| panic!("{name}: {mismatch}"));
            let value = typed(&SCHEMA, key, text, euro()).unwrap_or_else(|mismatch| panic!("{text}: {mismatch}"));
            let origin = Origin::default();
            let by = *by;
            Resolved { key, value, by, origin }
        })
        .collect();
    values.sort_by_key(|resolved| resolved.key);
    let mut product = Product {
        sku: "A1".to_owned(),
        active: true,
        values,
        ..Product::default()
    };
    product.family = product.told_family(&SCHEMA);
    product
}

pub fn shown(product: &Product) -> String {
    let values = product.values.iter();
    let values = values.map(|resolved| format!("{}={}", SCHEMA.key_text(resolved.key), resolved.value.to_text()));
    values.collect::<Vec<String>>().join(" ")
}

/// The faults of a file, one a line.
pub fn check(text: &str, expected: &str) {
    let told = match compile(&[("a.toml", text)]) {
        Ok(rules) => rules.remarks,
        Err(faults) => faults,
    };
    let told: Vec<String> = told
        .iter()
        .map(|fault| format!("{} {}", fault.code, place(fault)))
        .collect();
    assert_eq!(told.join("\n"), expected.trim(), "{text}");
}

fn place(fault: &Diagnostic) -> String {
    let line = fault.place.line.unwrap_or_default();
    let column = fault.place.column.as_deref().unwrap_or("–");
    format!("{line}:{column} {}", fault.message)
}

#[test]
fn cases_hold() {
    let mut files = 0;
    let mut examples = 0;
    for entry in std::fs::read_dir(folder()).expect("cases are there") {
        let path = entry.expect("cases are readable").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name == "schema.toml" {
            continue;
        }
        let text = std::fs::read_to_string(&path).expect("a case is text");
        // Each rule by itself: cases say the same values again and again.
        let parts: Vec<&str> = text.split("[[rule]]").skip(1).collect();
        for part in parts {
            let one = format!("[[rule]]{part}");
            let rules = compile(&[(&name, &one)]).unwrap_or_else(|faults| {
                let told: Vec<String> = faults.iter().map(ToString::to_string).collect();
                panic!("{name}{part}\n{}", told.join("\n"))
            });
            examples += rules.all().iter().map(|rule| rule.examples).sum::<usize>();
        }
        files += 1;
    }
    assert!(files >= 3 && examples > 50, "{files} files, {examples} examples");
}

#[test]
fn faults_are_told_at_once_with_their_places() {
    check(
        r#"[[rule]]
id = "One"
when = "colr:red"
then = [{ set = { attribute = "colour", value = "x" } }, { set = { attribute = "color", value = "pink" } }]
[[rule]]
id = "two"
families = ["toolz"]
when = "weight:<2V"
then = [{ clear = "model" }, { set = { attribute = "category", value = "toys" } }]
[[rule]]
id = "two"
when = "taladro"
then = [{ add = { attribute = "color", values = ["red"] } }, { copy = { from = "voltage", to = "weight" } }]
[[rule]]
id = "three"
when = "stock:>0 shop:blocked"
then = [{ map = { from = "brand", to = "weight", values = { a = "3 V" } } }, { concatenate = { to = "stock", parts = [{ attribute = "nam" }] } }]
[[rule]]
id = "four"
when = "brand:/(/"
then = [{ set = { attribute = "note", value = "more than twenty letters" } }]
"#,
        r#"
E-RULE-ID 2:7 not a name for a rule
E-QUERY-NAME 3:9 there is no attribute `colr` to ask for
E-UNKNOWN-ATTRIBUTE 4:31 unknown attribute `colour`
E-UNKNOWN-OPTION 4:97 `color` has no such option
E-UNKNOWN-FAMILY 7:13 unknown family `toolz`
E-QUERY-VALUE 8:17 V is a unit of voltage, where mass is asked for
E-RULE-TARGET 9:19 a rule cannot move a product to another model
E-UNKNOWN-CATEGORY 9:72 unknown category `toys`
E-RULE-ID 11:7 another rule has this id: a.toml:6
E-RULE-CONDITION 12:9 a rule asks of attributes, not of words anywhere
E-RULE-KIND 13:31 `color` is of kind option, which is no list
E-RULE-KIND 13:71 `voltage` is of kind measure, and `weight` of kind measure, which does not take it
E-RULE-CONDITION 16:18 a rule sees what a product says; what channels found is told by searches alone
E-MEASURE-DIMENSION 17:65 V is a unit of voltage, where mass is asked for
E-RULE-KIND 17:101 `stock` is of kind integer, which is no text
E-QUERY-PATTERN 20:15 not a regular expression: unclosed group
E-TOO-LONG 21:47 has 24 characters, `note` allows 20
"#,
    );
}

#[test]
fn units_are_checked_before_the_first_product() {
    for (attribute, formula, expected) in [
        (
            "weight",
            "weight + voltage",
            "E-RULE-UNITS cannot add a measure of mass and a measure of voltage",
        ),
        (
            "price",
            "cost * price",
            "E-RULE-UNITS money cannot be multiplied by money",
        ),
        ("price", "5 EUR + 3 USD", "E-RULE-UNITS cannot add EUR and USD"),
        (
            "weight",
            "2 * 3",
            "E-RULE-UNITS the formula gives a number, and `weight` is a measure of mass",
        ),
        (
            "volume",
            "length * width * 1 cm",
            "E-RULE-UNITS a measure of length cannot be multiplied by a measure of length",
        ),
        (
            "ratio",
            "amount(weight, V)",
            "E-RULE-UNITS V is a unit of voltage, and this is a measure of mass",
        ),
        ("ratio", "2 furlongs", "E-RULE-UNITS there is no unit `furlongs`"),
        (
            "ratio",
            "name * 2",
            "E-RULE-UNITS `name` is of kind text, which is no number",
        ),
        ("ratio", "rato * 2", "E-UNKNOWN-ATTRIBUTE unknown attribute `rato`"),
        (
            "ratio",
            "1 / weight",
            "E-RULE-UNITS a number cannot be divided by a measure of mass",
        ),
        (
            "ratio",
            "amount(20 °C + 10 °F, K)",
            "E-RULE-UNITS degrees do not add or multiply: 10 °C is a point, and no difference",
        ),
        (
            "heat",
            "heat * 1.1",
            "E-RULE-UNITS degrees do not add or multiply: 10 °C is a point, and no difference",
        ),
        (
            "ratio",
            "heat / 2 K",
            "E-RULE-UNITS degrees do not add or multiply: 10 °C is a point, and no difference",
        ),
        ("ratio", "sqrt(ratio)", "E-RULE-FORMULA there is no function `sqrt`"),
        ("ratio", "round(ratio, 99)", "E-RULE-FORMULA `)` is not expected here"),
        (
            "ratio",
            "(ratio",
            "E-RULE-FORMULA the formula ends where a number or an attribute is expected",
        ),
        (
            "ratio",
            "1,5 * ratio",
            "E-RULE-FORMULA `,5 * ratio` is not expected here",
        ),
        (
            "ratio",
            "",
            "E-RULE-FORMULA the formula ends where a number or an attribute is expected",
        ),
    ] {
        let text = format!(
            "[[rule]]\nid = \"a\"\nthen = [{{ calculate = {{ attribute = \"{attribute}\", formula = \"{formula}\" }} }}]\n"
        );
        let faults = compile(&[("a.toml", &text)]).expect_err(formula);
        let told: Vec<String> = faults
            .iter()
            .map(|fault| format!("{} {}", fault.code, fault.message))
            .collect();
        assert_eq!(told.join("\n"), expected, "{formula}");
        assert_eq!(faults[0].place.line, Some(3), "{formula}");
        assert!(faults[0].help.is_some(), "{formula}");
    }
    for text in [
        "(".repeat(60) + "1" + &")".repeat(60),
        "-".repeat(60) + "1",
        "1+".repeat(300) + "1",
    ] {
        let file = format!(
            "[[rule]]\nid = \"a\"\nthen = [{{ calculate = {{ attribute = \"ratio\", formula = \"{text}\" }} }}]\n"
        );
        assert_eq!(
            compile(&[("a.toml", &file)]).expect_err("too deep")[0].code,
            "E-RULE-FORMULA"
        );
    }
}

#[test]
fn circles_and_lost_words_are_found() {
    let rule = |id: &str, when: &str, to: &str| {
        format!(
            "[[rule]]\nid = \"{id}\"\nwhen = \"{when}\"\nthen = [{{ set = {{ attribute = \"{to}\", value = \"x\" }} }}]\n"
        )
    };
    let circle =
        rule("one", "has:note", "brand") + &rule("two", "has:brand", "mpn") + &rule("three", "has:mpn", "note");
    check(
        &circle,
        "E-RULE-CYCLE 2:– rules read each other in a circle: `one` reads note of `three`, `three` reads mpn of `two`, `two` reads brand of `one`",
    );
    check(
        &(rule("one", "has:note", "brand") + &rule("two", "stock>0", "note")),
        "W-RULE-LATE 2:– `one` reads note, which `two` says further down (a.toml:6): it sees what was before",
    );
    check(
        &(rule("one", "stock>0", "brand") + &rule("two", "stock<9", "brand")),
        "W-RULE-OVERWRITES 6:– `two` says brand over what `one` said (a.toml:2), where both are for a product",
    );
    // The next of a chain heeds what was said; conditions that no product meets both part them.
    for (first, second) in [
        ("stock>0", "missing:brand"),
        ("stock>5", "stock<=5"),
        ("color:red", "color:navy"),
        ("cordless:yes", "cordless:no"),
        ("category:tools", "category:food"),
        ("has:mpn", "missing:mpn"),
        ("stock>0 color:red", "cordless:yes -color:red"),
    ] {
        check(&(rule("one", first, "brand") + &rule("two", second, "brand")), "");
    }
    check(
        &(rule("one", "category:tools", "brand") + &rule("two", "category:drills", "brand")),
        "W-RULE-OVERWRITES 6:– `two` says brand over what `one` said (a.toml:2), where both are for a product",
    );
}

#[test]
fn a_value_of_a_channel_is_read_in_that_channel_alone() {
    let rule = |id: &str, when: &str, to: &str, formula: &str| {
        format!(
            "[[rule]]\nid = \"{id}\"\nwhen = \"{when}\"\nthen = [{{ calculate = {{ attribute = \"{to}\", formula = \"{formula}\" }} }}]\n"
        )
    };
    // Both look at the price of no channel, also where their conditions ask for a price.
    for when in ["*", "price>0", "has:price stock>0"] {
        check(
            &(rule("one", when, "price@@shop", "price + 1 EUR") + &rule("two", when, "price@@outlet", "price + 2 EUR")),
            "",
        );
    }
    // A condition that no action backs finds the price of any channel.
    check(
        &(rule("one", "price>0", "price@@shop", "cost + 1 EUR")
            + &rule("two", "price>0", "price@@outlet", "cost + 2 EUR")),
        "E-RULE-CYCLE 2:– rules read each other in a circle: `one` reads price@@outlet of `two`, `two` reads price@@shop of `one`",
    );
    check(
        &(rule("one", "*", "price@@shop", "price@@outlet + 1 EUR")
            + &rule("two", "*", "price@@outlet", "price@@shop + 1 EUR")),
        "E-RULE-CYCLE 2:– rules read each other in a circle: `one` reads price@@outlet of `two`, `two` reads price@@shop of `one`",
    );
    // Where a channel has no price, its readers see that of no channel.
    check(
        &(rule("one", "*", "cost", "price@@shop + 1 EUR") + &rule("two", "*", "price", "cost + 1 EUR")),
        "E-RULE-CYCLE 2:– rules read each other in a circle: `one` reads price of `two`, `two` reads cost of `one`",
    );
    // The second does not read the price of the shop, so that it says its own over the first one's.
    check(
        &(rule("one", "*", "price@@shop", "price + 1 EUR") + &rule("two", "*", "price@@shop", "price + 2 EUR")),
        "W-RULE-OVERWRITES 6:– `two` says price@@shop over what `one` said (a.toml:2), where both are for a product",
    );
}

#[test]
fn a_rule_between_two_circles_is_in_neither() {
    let rule = |id: &str, when: &str, to: &str| {
        format!(
            "[[rule]]\nid = \"{id}\"\nwhen = \"{when}\"\nthen = [{{ set = {{ attribute = \"{to}\", value = \"7\" }} }}]\n"
        )
    };
    check(
        &[
            rule("between", "has:brand", "note"),
            rule("one", "has:mpn", "brand"),
            rule("two", "has:brand", "mpn"),
            rule("three", "has:pieces has:note", "stock"),
            rule("four", "has:stock", "pieces"),
        ]
        .concat(),
        "
E-RULE-CYCLE 6:– rules read each other in a circle: `one` reads mpn of `two`, `two` reads brand of `one`
E-RULE-CYCLE 14:– rules read each other in a circle: `three` reads pieces of `four`, `four` reads stock of `three`",
    );
}

#[test]
fn where_comparing_rules_ends_is_told() {
    let when = "stock>1 ".repeat(150);
    let many: Vec<String> = (0..120)
        .map(|n| {
            format!(
                "[[rule]]\nid = \"r{n}\"\nwhen = \"{when}\"\nthen = [{{ set = {{ attribute = \"brand\", value = \"x\" }} }}]\n"
            )
        })
        .collect();
    let told = compile(&[("a.toml", &many.concat())])
        .expect("the rules have no fault")
        .remarks;
    let (last, before) = told.split_last().expect("something is told");
    assert!(before.iter().all(|remark| remark.code == "W-RULE-OVERWRITES"));
    assert_eq!(
        format!("{} {}", last.code, place(last)),
        "W-RULE-UNCHECKED 54:– these rules have too many conditions to compare them all: from `r13` on nobody looks for values that a \
         rule says over an earlier one's"
    );
    // Conditions of one value each: the remarks end first.
    let many: Vec<String> = (0..25)
        .map(|n| format!("[[rule]]\nid = \"r{n}\"\nthen = [{{ set = {{ attribute = \"brand\", value = \"x\" }} }}]\n"))
        .collect();
    let told = compile(&[("a.toml", &many.concat())])
        .expect("the rules have no fault")
        .remarks;
    assert_eq!(told.len(), 201);
    assert_eq!(
        told.last().map(|last| format!("{} {}", last.code, last.message)),
        Some("W-RULE-UNCHECKED more than 200 remarks on rules: from `r20` on none is told".to_owned())
    );
}

#[test]
fn an_example_that_fails_is_a_fault() {
    let text = r#"[[rule]]
id = "one"
when = "stock>0"
then = [{ calculate = { attribute = "weight", formula = "weight * 2" } }]
[[rule.example]]
given = { stock = "1", weight = "2 kg" }
expect = { weight = "5 kg" }
[[rule.example]]
given = { stock = "0", weight = "2 kg" }
expect = { weight = "4 kg" }
[[rule.example]]
given = { stock = "1" }
expect = { weight = "4 kg", note = "" }
[[rule.example]]
given = { stock = "1", weight = "2 kg" }
[[rule.example]]
given = { stok = "1" }
expect = { weigt = "1 kg" }
"#;
    check(
        text,
        "
E-RULE-EXAMPLE 7:21 the example expects `5 kg` and gets `4 kg`
E-RULE-EXAMPLE 10:21 the example expects `4 kg` and gets `2 kg`
E-RULE-EXAMPLE 13:21 the example expects `4 kg` and gets nothing
E-RULE-EXAMPLE 14:1 the example expects no change, and the rule says `weight`
E-UNKNOWN-ATTRIBUTE 17:18 unknown attribute `stok`
E-UNKNOWN-ATTRIBUTE 18:20 unknown attribute `weigt`",
    );
}

const CHAIN: &str = r#"
[[rule]]
id = "a"
when = "brand:acme"
then = [{ set = { attribute = "category", value = "drills" } }]
[[rule]]
id = "b"
families = ["drills"]
then = [{ set = { attribute = "note", value = "a drill" } }, { clear = "mpn" }]
[[rule]]
id = "c"
when = "note:drill missing:mpn"
then = [{ set = { attribute = "color", value = "red" } }]
"#;

#[test]
fn a_rule_sees_what_those_before_it_said() {
    let rules = compile(&[("a.toml", CHAIN)]).expect("the rules have no fault");
    let mut one = product(&[("brand", "Acme", By::Layer(0)), ("mpn", "X", By::Layer(1))]);
    rules.derive(&mut one, &SCHEMA);
    assert_eq!(shown(&one), "brand=Acme category=drills color=red note=a drill");
    assert_eq!(one.family, SCHEMA.family_by_code("drills"));
    assert_eq!(
        one.value(SCHEMA.by_code("color").expect("it is there"), 1, 0)
            .map(|value| value.to_text().into_owned()),
        Some("red".to_owned())
    );
    // A person's word and an accepted draft stand, and what follows heeds them.
    for by in [By::Editor(3), By::ModelEditor, By::Draft(2), By::ModelDraft] {
        let mut one = product(&[
            ("brand", "Acme", By::Layer(0)),
            ("mpn", "X", by),
            ("category", "food", by),
        ]);
        rules.derive(&mut one, &SCHEMA);
        assert_eq!(shown(&one), "brand=Acme category=food mpn=X");
    }
    // Files work in the order in which they are given.
    let last =
        "[[rule]]\nid = \"d\"\nwhen = \"color:red\"\nthen = [{ set = { attribute = \"tone\", value = \"navy\" } }]";
    let rules = compile(&[("a.toml", CHAIN), ("b.toml", last)]).expect("the rules have no fault");
    let mut one = product(&[("brand", "Acme", By::Layer(0))]);
    rules.derive(&mut one, &SCHEMA);
    assert_eq!(
        shown(&one),
        "brand=Acme category=drills color=red note=a drill tone=navy"
    );
}

#[test]
fn words_are_looked_for_in_what_is_said_by_then() {
    let rule = |id: &str, when: &str, to: &str, value: &str| {
        format!(
            "[[rule]]\nid = \"{id}\"\nwhen = '{when}'\nthen = [{{ set = {{ attribute = \"{to}\", value = \"{value}\" }} }}]\n"
        )
    };
    let text = [
        rule("a", "name:\"taladros percutores\"", "brand", "one"),
        rule("b", "name@en:drill", "mpn", "two"),
        rule("c", "name:perc*", "name", "Un martillo de peso"),
        rule("d", "name:taladro", "note", "never"),
        rule(
            "e",
            "name:\"martillos peso\" -name:\"martillo de peso\"",
            "note",
            "nor this",
        ),
        rule("f", "name:\"martillos de peso\" name:/MARTI+LLO/", "stock", "3"),
        rule("g", "name@en:martillo", "note", "nor that"),
    ];
    let rules = compile(&[("a.toml", &text.concat())]).expect("the rules have no fault");
    let mut one = product(&[
        ("name", "Taladro percutor 18V", By::Layer(0)),
        ("name@en", "Hammer drills", By::Layer(0)),
    ]);
    rules.derive(&mut one, &SCHEMA);
    assert_eq!(
        shown(&one),
        "brand=one mpn=two name@es=Un martillo de peso name@en=Hammer drills stock=3"
    );
}

const ALL: &str = r#"
[[rule]]
id = "a"
when = "stock>2 OR -color:red"
then = [{ set = { attribute = "color", value = "navy" } }, { add = { attribute = "features", values = ["light"] } }]
[[rule]]
id = "b"
when = "weight:>1kg"
then = [{ calculate = { attribute = "weight", formula = "weight * stock" } }, { clear = "brand" }]
[[rule]]
id = "c"
then = [{ concatenate = { to = "note", parts = [{ attribute = "brand" }, { attribute = "color" }] } }]
"#;

fn values() -> impl Strategy<Value = Vec<(usize, usize, By)>> {
    let by = prop_oneof![
        Just(By::Layer(0)),
        Just(By::Editor(1)),
        Just(By::Draft(2)),
        Just(By::Model),
        Just(By::Specs)
    ];
    proptest::collection::vec((0_usize..6, 0_usize..3, by), 0..8)
}

proptest! {
    /// What a person said stands, whatever the rules; and what rules say is a function of the product alone.
    #[test]
    fn rules_never_touch_a_persons_word(said in values()) {
        const SAID: [(&str, [&str; 3]); 6] = [
            ("stock", ["0", "3", "-7"]),
            ("color", ["red", "navy", "red"]),
            ("weight", ["1 kg", "2500 g", "900 kg"]),
            ("brand", ["Acme", "x", "Á"]),
            ("features", ["light", "cordless", "light|cordless"]),
            ("note", ["a", "b", "c"]),
        ];
        static RULES: LazyLock<Rules> = LazyLock::new(|| compile(&[("a.toml", ALL)]).expect("the rules have no fault"));
        let mut texts: Vec<(&str, &str, By)> = Vec::new();
        for (attribute, value, by) in said {
            let (name, all) = SAID[attribute];
            if !texts.iter().any(|(other, ..)| *other == name) {
                texts.push((name, all[value], by));
            }
        }
        let before = product(&texts);
        let mut after = before.clone();
        RULES.derive(&mut after, &SCHEMA);
        for resolved in before.values.iter().filter(|resolved| resolved.by.is_editor() || resolved.by.is_draft()) {
            prop_assert_eq!(after.exact(resolved.key), Some(resolved));
        }
        prop_assert!(after.values.is_sorted_by_key(|resolved| resolved.key));
        texts.reverse();
        let mut again = product(&texts);
        RULES.derive(&mut again, &SCHEMA);
        prop_assert_eq!(after, again);
    }

    #[test]
    fn no_formula_panics(text in r#"([a-z0-9.+*/() ,"@-]|weight|stock|round\(|amount\(|kg|EUR|\PC){0,40}"#) {
        let file = format!("[[rule]]\nid = \"a\"\nthen = [{{ calculate = {{ attribute = \"ratio\", formula = {} }} }}]\n", toml::Value::String(text));
        if let Ok(declaration) = Declaration::parse(file, "a.toml") {
            let one = std::slice::from_ref(&declaration);
            if let Ok(rules) = Rules::compile(one, &SCHEMA, euro()) {
                let mut one = product(&[("stock", "3", By::Layer(0)), ("weight", "2 kg", By::Layer(0))]);
                rules.derive(&mut one, &SCHEMA);
            }
        }
    }
}
