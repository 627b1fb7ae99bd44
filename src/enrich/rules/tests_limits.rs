//! Where rules end: how much they may hold, and what is refused as written twice or for nothing.

use crate::enrich::rules::Event;
use crate::enrich::rules::tests::{SCHEMA, check, compile, product, shown};
use crate::product::By;

/// One rule of these actions.
fn rule(actions: &str) -> String {
    format!("[[rule]]\nid = \"a\"\nthen = [{actions}]\n")
}

/// What a product of these values says after the rules, and why a rule did nothing.
fn derived(text: &str, said: &[(&str, &str)]) -> String {
    let rules = compile(&[("a.toml", text)]).unwrap_or_else(|faults| panic!("{text}\n{faults:?}"));
    let said: Vec<(&str, &str, By)> = said.iter().map(|(name, text)| (*name, *text, By::Layer(0))).collect();
    let mut one = product(&said);
    let mut stopped = String::new();
    rules.follow(&mut one, &SCHEMA, &mut |event| {
        if let Event::Stops { reason, .. } = event {
            stopped = format!(" ({})", reason.text(&SCHEMA));
        }
    });
    shown(&one) + &stopped
}

#[test]
fn patterns_share_one_purse_and_equal_ones_one_place() {
    let rules = |count: usize, differ: bool| {
        let rules = (0..count).map(|n| {
            let own = if differ { n } else { 0 };
            format!("[[rule]]\nid = \"r{n}\"\nwhen = 'brand:/\\pL{{14}}{own}/ missing:note'\nthen = [{{ clear = \"brand\" }}]\n")
        });
        rules.collect::<String>()
    };
    assert!(compile(&[("a.toml", &rules(300, false))]).is_ok());
    let faults = compile(&[("a.toml", &rules(40, true))]).expect_err("that is too much");
    assert_eq!(faults[0].code, "E-RULE-SIZE");
    assert_eq!(
        faults[0].message,
        "with this one, the regular expressions compile to more than 32 MiB together"
    );
    assert_eq!(faults[0].place.column.as_deref(), Some("15"));
    // Small ones are many.
    let small: String = (0..400)
        .map(|n| format!("[[rule]]\nid = \"r{n}\"\nwhen = 'mpn:/^A{n}-[0-9]+$/'\nthen = [{{ clear = \"note\" }}]\n"))
        .collect();
    assert!(compile(&[("a.toml", &small)]).is_ok());
}

#[test]
fn lists_of_members_end() {
    let members = |count: usize| {
        let names: Vec<String> = (0..count).map(|n| format!("\"n{n}.jpg\"")).collect();
        names.join(", ")
    };
    for verb in ["add", "remove"] {
        let text = |count| {
            rule(&format!(
                "{{ {verb} = {{ attribute = \"image\", values = [{}] }} }}",
                members(count)
            ))
        };
        assert!(compile(&[("a.toml", &text(1_000))]).is_ok());
        let faults = compile(&[("a.toml", &text(1_001))]).expect_err("that is too much");
        assert_eq!(
            (&*faults[0].code, faults[0].message.as_str()),
            ("E-RULE-SIZE", "there are more than 1000 members")
        );
    }
    let add = rule("{ add = { attribute = \"image\", values = [\"b.jpg\", \"z.jpg\", \"b.jpg\", \"a.jpg\"] } }");
    assert_eq!(
        derived(&add, &[("image", "c.jpg|a.jpg")]),
        "image=c.jpg, a.jpg, b.jpg, z.jpg"
    );
    let remove = rule("{ remove = { attribute = \"image\", values = [\"z.jpg\", \"a.jpg\"] } }");
    assert_eq!(
        derived(&remove, &[("image", "c.jpg|a.jpg|b.jpg|z.jpg")]),
        "image=c.jpg, b.jpg"
    );
    // A list that would pass its end stays as it is; one that gains nothing is no fault.
    let long = (0..9_999)
        .map(|n| format!("{n}.jpg"))
        .collect::<Vec<String>>()
        .join("|");
    let after = derived(&add, &[("image", &long)]);
    assert!(after.ends_with("9998.jpg (the result is larger than a value may be)"));
    let known = rule("{ add = { attribute = \"image\", values = [\"7.jpg\"] } }");
    assert!(derived(&known, &[("image", &long)]).ends_with("9998.jpg"));
}

#[test]
fn a_table_is_looked_up_by_what_its_words_mean() {
    let map = |from: &str, values: &str| {
        rule(&format!(
            "{{ map = {{ from = \"{from}\", to = \"note\", values = {{ {values} }} }} }}"
        ))
    };
    for (from, values, said, expected) in [
        ("cordless", "yes = \"a\", no = \"b\"", "yes", "cordless=true note=a"),
        ("cordless", "yes = \"a\", no = \"b\"", "no", "cordless=false note=b"),
        ("weight", "\"2kg\" = \"a\"", "2000 g", "note=a weight=2 kg"),
        ("weight", "\"2000 g\" = \"a\"", "2.00 kg", "note=a weight=2 kg"),
        ("pieces", "\"-5\" = \"a\", 5 = \"b\"", "-5", "note=a pieces=-5"),
        ("pieces", "\"-5\" = \"a\", 5 = \"b\"", "5", "note=b pieces=5"),
        ("price", "\"5 EUR\" = \"a\"", "5.00", "note=a price=5.00 EUR"),
        (
            "released",
            "\"2026-01-31\" = \"a\"",
            "2026-01-31",
            "note=a released=2026-01-31",
        ),
        ("color", "\"Azul marino\" = \"a\"", "navy", "color=navy note=a"),
        ("brand", "Acmé = \"a\", ACME = \"a\"", "acme!", "brand=acme! note=a"),
    ] {
        // A key of a table that is not plain stands in quotes.
        let values = values.replace("Acmé", "\"Acmé\"");
        assert_eq!(
            derived(&map(from, &values), &[(from, said)]),
            expected,
            "{from} {values}"
        );
    }
    check(&map("cordless", "maybe = \"a\""), "E-BOOLEAN 3:62 neither yes nor no");
    check(
        &map("weight", "\"3 V\" = \"a\", \"2 kg\" = \"b\", \"2000 g\" = \"c\""),
        "
E-RULE-TWICE 3:87 the table says something else of the same value
E-MEASURE-DIMENSION 3:60 V is a unit of voltage, where mass is asked for",
    );
    check(
        &map("brand", "Acme = \"a\", ACME = \"b\""),
        "E-RULE-TWICE 3:59 the table says something else of the same value",
    );
    check(
        &map("color", "pink = \"a\""),
        "E-UNKNOWN-OPTION 3:59 `color` has no such option",
    );
    check(
        &map("features", "\"light|cordless\" = \"a\""),
        "E-RULE-KIND 3:62 each member of `features` is looked up by itself",
    );
}

#[test]
fn degrees_are_computed_as_numbers() {
    let text =
        rule("{ calculate = { attribute = \"heat\", formula = \"max((amount(heat, °F) + 9) * 1 °F, -5 °C)\" } }");
    assert_eq!(derived(&text, &[("heat", "20 °C")]), "heat=25 °C");
    assert_eq!(derived(&text, &[("heat", "-40 °F")]), "heat=-5 °C");
}

#[test]
fn what_says_nothing_or_too_much_is_refused() {
    let joined = |parts: &str| rule(&format!("{{ concatenate = {{ to = \"note\", parts = [{parts}] }} }}"));
    check(
        &joined("{ text = \"x\" }, { text = \"y\" }"),
        "E-RULE-EMPTY 3:48 a text stands only where the value of an attribute does",
    );
    let many = "{ attribute = \"brand\" }, ".repeat(101);
    check(&joined(&many), "E-RULE-SIZE 3:48 there are more than 100 parts");
    let many = "{ clear = \"note\" }, ".repeat(101);
    check(&rule(&many), "E-RULE-SIZE 3:8 the rule has more than 100 actions");
    let examples = r#"
[[rule.example]]
given = { name = "a", "name@es" = "b" }
[[rule.example]]
given = { "name@en" = "a", "name@es" = "b" }
expect = { name = "a", "name@es" = "b" }
"#;
    check(
        &(rule("{ clear = \"note\" }") + examples),
        "
E-RULE-TWICE 6:35 the example says `name@es` twice
E-RULE-TWICE 9:36 the example says `name@es` twice",
    );
}

/// A price of zero is refused of a rule as it is of a feed and of a person, after rounding, in every way that a value is made.
#[test]
fn no_rule_makes_a_price_of_zero() {
    let calculate = |formula: &str| {
        rule(&format!(
            "{{ calculate = {{ attribute = \"price\", formula = \"{formula}\" }} }}"
        ))
    };
    let zero = " (it would make a price of zero, which is never published)";
    let of = |text: &str| derived(text, &[("cost", "0.04 EUR"), ("price", "3.00 EUR")]);
    for formula in ["cost * 0", "cost / 10", "price - 3 EUR"] {
        assert!(
            of(&calculate(formula)).ends_with(zero),
            "{formula}: {}",
            of(&calculate(formula))
        );
    }
    assert!(
        of(&calculate("cost / 2")).contains("price=0.02 EUR"),
        "{}",
        of(&calculate("cost / 2"))
    );
    let copy = rule("{ copy = { from = \"cost\", to = \"price\" } }");
    assert!(derived(&copy, &[("cost", "0.00 EUR"), ("price", "3.00 EUR")]).ends_with(zero));
    // Of other amounts, zero is one.
    let cost = rule("{ calculate = { attribute = \"cost\", formula = \"cost * 0\" } }");
    assert!(of(&cost).contains("cost=0.00 EUR"), "{}", of(&cost));
}
