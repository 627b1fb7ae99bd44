//! Every step on its cases, and what holds for all of them.

use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::time::{Duration, Instant};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Cases {
    case: Vec<Case>,
    fault: Vec<Faulty>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    steps: Vec<Step>,
    given: toml::Value,
    #[serde(default)]
    numbers: Notation,
    expected: Option<toml::Value>,
    refused: Option<String>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Faulty {
    steps: Vec<Step>,
    told: Vec<String>,
}

fn cases() -> Cases {
    toml::from_str(include_str!("../../tests/cases/transforms/steps.toml")).unwrap()
}

fn texts(value: &toml::Value) -> Texts<'_> {
    match value {
        toml::Value::Array(members) => Texts::Many(
            members
                .iter()
                .map(|member| Cow::Borrowed(member.as_str().unwrap()))
                .collect(),
        ),
        value => Texts::one(value.as_str().unwrap()),
    }
}

#[test]
fn every_step_does_what_its_cases_say() {
    for case in cases().case {
        let chain = Chain::compile(&case.steps, Units::builtin()).unwrap();
        // The same from owned texts: a step must not depend on how its text is held.
        let owned = |texts: Texts<'_>| match texts {
            Texts::One(text) => Texts::One(Cow::Owned(text.into_owned())),
            Texts::Many(texts) => Texts::Many(texts.into_iter().map(|text| Cow::Owned(text.into_owned())).collect()),
        };
        for given in [texts(&case.given), owned(texts(&case.given))] {
            let got = chain
                .apply(given, case.numbers)
                .map_err(|mismatch| mismatch.code.to_string());
            let expected = match (&case.expected, &case.refused) {
                (Some(expected), None) => Ok(texts(expected)),
                (None, Some(code)) => Err(code.clone()),
                _ => panic!("a case has either `expected` or `refused`: {:?}", case.steps),
            };
            assert_eq!(got, expected, "{:?} on {:?}", case.steps, case.given);
        }
    }
}

#[test]
fn every_step_has_two_cases() {
    let cases = cases().case;
    let schema = serde_json::to_value(schemars::schema_for!(Step)).unwrap();
    let mut names = BTreeSet::new();
    for variant in schema["oneOf"].as_array().unwrap() {
        match variant.get("properties") {
            Some(properties) => names.extend(properties.as_object().unwrap().keys().cloned()),
            None => names.extend(variant["const"].as_str().map(String::from)),
        }
        let text = variant["description"].as_str().unwrap();
        assert!(text.contains("Why:") && text.contains("Example:"), "{text}");
    }
    assert_eq!(names.len(), 40);
    for name in names {
        let count = cases
            .iter()
            .filter(|case| case.steps.iter().any(|step| step.name() == name))
            .count();
        assert!(count >= 2, "{name} has {count}");
    }
}

#[test]
fn faults_are_told_all_at_once_with_their_step() {
    for case in cases().fault {
        let faults = Chain::compile(&case.steps, Units::builtin()).unwrap_err();
        let told: Vec<String> = faults.iter().map(|fault| fault.message.clone()).collect();
        assert_eq!(told, case.told);
        assert!(faults.iter().all(|fault| fault.help.is_some()));
    }
}

#[test]
fn a_chain_that_changes_nothing_borrows() {
    let steps = [
        Step::Trim,
        Step::Squeeze,
        Step::PlainText,
        Step::FixMojibake,
        Step::Truncate(200),
        Step::Before(";".into()),
    ];
    let chain = Chain::compile(&steps, Units::builtin()).unwrap();
    let got = chain.apply(Texts::one("  Piña colada; 5 "), Notation::Plain).unwrap();
    let Texts::One(Cow::Borrowed(text)) = got else {
        panic!("{got:?}")
    };
    assert_eq!(text, "Piña colada");
}

#[test]
fn steps_read_as_settings_write_them() {
    let written = r#"steps = ["trim", { replace = { from = "€" } }, { split = "|" }, "first"]"#;
    #[derive(serde::Deserialize)]
    struct Field {
        steps: Vec<Step>,
    }
    let field: Field = toml::from_str(written).unwrap();
    let names: Vec<&str> = field.steps.iter().map(Step::name).collect();
    assert_eq!(names, ["trim", "replace", "split", "first"]);
    let unknown = toml::from_str::<Field>(r#"steps = [{ replace = { from = "€", by = "" } }]"#)
        .map(|_| ())
        .unwrap_err();
    assert!(
        unknown.message().contains("unknown field `by`"),
        "{}",
        unknown.message()
    );
}

#[test]
fn no_step_grows_a_text_without_limit() {
    let long = "a".repeat(1024 * 1024);
    let refused = |steps: &[Step]| {
        let chain = Chain::compile(steps, Units::builtin()).unwrap();
        chain.apply(Texts::one(&long), Notation::Plain).unwrap_err().code
    };
    let replace = Step::Replace(Replace {
        from: "a".into(),
        to: "x".repeat(1000),
    });
    assert_eq!(refused(&[replace]), "E-STEP-SIZE");
    let replace = Step::ReplaceRegex(ReplaceRegex {
        pattern: "a".into(),
        to: "$0".repeat(1000),
    });
    assert_eq!(refused(&[replace]), "E-STEP-SIZE");
    let doubled = Step::ReplaceRegex(ReplaceRegex {
        pattern: "^.*$".into(),
        to: "$0$0$0$0$0".into(),
    });
    assert_eq!(refused(&[doubled]), "E-STEP-SIZE");
    let chain = Chain::compile(&[Step::Split(",".into())], Units::builtin()).unwrap();
    assert_eq!(
        chain
            .apply(Texts::one(&",".repeat(20_000)), Notation::Plain)
            .unwrap_err()
            .code,
        "E-STEP-SIZE"
    );
    let many = vec![Step::Trim; 101];
    assert_eq!(
        Chain::compile(&many, Units::builtin()).unwrap_err()[0].message,
        "a field of more than 100 steps"
    );
}

#[test]
fn patterns_that_explode_elsewhere_run_in_linear_time() {
    let chain = Chain::compile(&[Step::Extract("((?:a+)+$)".into())], Units::builtin()).unwrap();
    let text = format!("{}!", "a".repeat(20_000));
    let start = Instant::now();
    assert_eq!(chain.apply(Texts::one(&text), Notation::Plain).unwrap().first(), "");
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
}

proptest! {
    #[test]
    fn tidying_steps_are_done_once(text in "\\PC{0,40}") {
        for step in [Step::Trim, Step::Squeeze, Step::Upper, Step::Digits, Step::Dedupe, Step::FixMojibake] {
            let chain = Chain::compile(std::slice::from_ref(&step), Units::builtin()).unwrap();
            let once = chain.apply(Texts::one(&text), Notation::Plain).unwrap();
            let twice = chain.apply(once.clone(), Notation::Plain).unwrap();
            if step != Step::FixMojibake {
                prop_assert_eq!(once, twice);
            }
        }
    }

    /// A side is what the text says, or it is refused; none comes from anywhere else.
    #[test]
    fn sides_and_packs_are_parts_of_their_text(text in "([0-9]{1,4}|[.,/]|[x×X*]| |cm|mm|\"|ñ|PZ|latas de|Ø|\\PC){0,12}", n in 1u8..=4) {
        for step in [Step::Dimension(n), Step::Pack(parts::PackPart::Count), Step::Pack(parts::PackPart::Content)] {
            let chain = Chain::compile(std::slice::from_ref(&step), Units::builtin()).unwrap();
            if let Ok(got) = chain.apply(Texts::one(&text), Notation::Plain) {
                let product = matches!(step, Step::Pack(parts::PackPart::Count)) && got.first().parse::<u64>().is_ok();
                let parts = got.first().split(' ').all(|part| text.contains(part));
                prop_assert!(product || parts, "{:?} of {:?}", got, text);
            }
        }
    }

    #[test]
    fn squeezed_texts_have_single_spaces(text in "[aé \\n\\t\\u{b}\\u{85}\\u{a0}\\u{1680}\\u{2003}\\u{3000}€]{0,10}") {
        let chain = Chain::compile(&[Step::Squeeze], Units::builtin()).unwrap();
        let mut expected = String::new();
        for c in text.chars() {
            match c.is_whitespace() {
                true if expected.ends_with(' ') => {}
                true => expected.push(' '),
                false => expected.push(c),
            }
        }
        let got = chain.apply(Texts::one(&text), Notation::Plain).unwrap();
        prop_assert_eq!(got.first(), expected);
    }

    #[test]
    fn truncated_texts_are_never_longer(text in "\\PC{0,60}", most in 1u32..40) {
        let chain = Chain::compile(&[Step::Truncate(most)], Units::builtin()).unwrap();
        let got = chain.apply(Texts::one(&text), Notation::Plain).unwrap();
        prop_assert!(got.first().chars().count() <= most as usize);
        prop_assert!(text.starts_with(got.first()));
    }
}
