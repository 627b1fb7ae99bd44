//! What a value looks like from outside: text in, canonical text and JSON out, and back.

use super::*;
use proptest::prelude::*;

fn spanish() -> Reading<'static> {
    Reading {
        numbers: Notation::GroupedByPoint,
        dates: DateOrder::DayMonthSlash,
        currency: Currency::parse("EUR").ok(),
        unit: Some("g"),
        ..Reading::default()
    }
}

/// Canonical text and JSON of a foreign text, or the code of its mismatch.
fn check(kind: Kind, text: &str, expected: &str) {
    let got = match read(kind, text, &spanish()) {
        Ok(value) => {
            let mut json = String::new();
            value.write_json(&mut json);
            assert_eq!(Value::from_json(kind, &json), Ok(value.clone()), "{json}");
            assert_eq!(value.kind(), kind);
            format!("{} {json}", value.to_text())
        }
        Err(mismatch) => mismatch.code.to_string(),
    };
    assert_eq!(got, expected, "{kind} of {text:?}");
}

#[test]
fn every_kind_reads_writes_and_reads_back() {
    check(
        Kind::Text,
        "  Taladro \"Pro\"\n ",
        "Taladro \"Pro\" \"Taladro \\\"Pro\\\"\"",
    );
    check(Kind::RichText, "<p>Uno<script>x</script>", "<p>Uno</p> \"<p>Uno</p>\"");
    check(Kind::Integer, "26.067,00", "26067 26067");
    check(Kind::Integer, "-3", "-3 -3");
    check(Kind::Decimal, "1.234,50", "1234.5 \"1234.5\"");
    check(Kind::Measure, "2,5 kg", "2.5 kg \"2.5 kg\"");
    check(Kind::Measure, "250", "250 g \"250 g\"");
    check(Kind::Money, "1.234,50 €", "1234.50 EUR \"1234.50 EUR\"");
    check(Kind::Boolean, "Sí", "true true");
    check(Kind::Date, "31/12/2026", "2026-12-31 \"2026-12-31\"");
    check(
        Kind::DateTime,
        "31/12/2026 14:30",
        "2026-12-31T14:30:00Z \"2026-12-31T14:30:00Z\"",
    );
    check(Kind::Option, "Rojo", "Rojo \"Rojo\"");
    check(Kind::Options, "Rojo", "Rojo [\"Rojo\"]");
    check(Kind::Gtin, "036000291452", "036000291452 \"036000291452\"");
    check(Kind::Identifier, "00123", "00123 \"00123\"");
    check(
        Kind::Url,
        "https://a.example/x y",
        "https://a.example/x%20y \"https://a.example/x%20y\"",
    );
    check(Kind::Media, "img/x.jpg", "img/x.jpg [\"img/x.jpg\"]");
    check(Kind::Reference, "A-1", "A-1 [\"A-1\"]");
    check(Kind::Table, "a|b\n\nc|d", "a | b\nc | d [[\"a\",\"b\"],[\"c\",\"d\"]]");
}

#[test]
fn what_a_kind_cannot_hold_is_refused_with_its_code() {
    for kind in KINDS {
        check(kind, " \u{a0} ", "I-NO-VALUE");
    }
    check(Kind::Integer, "1,5", "E-INTEGER");
    check(Kind::Integer, "99999999999999999999", "E-NUMBER-SIZE");
    check(Kind::Decimal, "12.50", "E-NUMBER-NOTATION");
    check(Kind::Boolean, "puede", "E-BOOLEAN");
    check(Kind::Date, "12/31/2026", "E-DATE");
    check(Kind::Url, "javascript:alert(1)", "E-URL");
    check(Kind::Identifier, "8,43E+12", "E-IDENTIFIER-SCIENTIFIC");
    check(Kind::RichText, "<p></p><script>x</script>", "I-NO-VALUE");
    check(Kind::Text, "\u{1}\u{2}", "I-NO-VALUE");
}

#[test]
fn typed_numbers_do_not_know_the_notation() {
    let value = |kind| read_number(kind, "1234.5", &spanish()).map(|value| value.to_text().into_owned());
    assert_eq!(value(Kind::Decimal).unwrap(), "1234.5");
    assert_eq!(value(Kind::Money).unwrap(), "1234.50 EUR");
    assert_eq!(value(Kind::Measure).unwrap(), "1234.5 g");
    assert_eq!(value(Kind::Identifier).unwrap(), "1234.5");
    assert_eq!(value(Kind::Integer).unwrap_err().code, "E-INTEGER");
    assert_eq!(value(Kind::Date).unwrap_err().code, "E-DATE");
}

#[test]
fn values_compare_by_meaning() {
    let value = |kind, text| read(kind, text, &spanish()).unwrap();
    let of = |a: &Value, b: &Value| compare(a, b);
    assert_eq!(
        of(&value(Kind::Integer, "3"), &value(Kind::Decimal, "2,5")),
        Some(Ordering::Greater)
    );
    assert_eq!(
        of(&value(Kind::Measure, "500 g"), &value(Kind::Measure, "0,5 kg")),
        Some(Ordering::Equal)
    );
    assert_eq!(of(&value(Kind::Measure, "500 g"), &value(Kind::Measure, "1 m")), None);
    assert_eq!(
        of(&value(Kind::Money, "5 €"), &value(Kind::Money, "4,99 €")),
        Some(Ordering::Greater)
    );
    assert_eq!(of(&value(Kind::Money, "5 €"), &value(Kind::Money, "5 USD")), None);
    assert_eq!(of(&value(Kind::Text, "a"), &value(Kind::Integer, "1")), None);
}

#[test]
fn json_of_another_kind_is_refused() {
    for (kind, json) in [
        (Kind::Integer, "\"1\""),
        (Kind::Integer, "1.5"),
        (Kind::Integer, "9223372036854775808"),
        (Kind::Text, "1"),
        (Kind::Money, "\"12\""),
        (Kind::Gtin, "\"8412345678906\""),
        (Kind::Options, "[1]"),
        (Kind::Table, "[\"a\"]"),
        (Kind::Boolean, "null"),
        (Kind::Text, "\"a\" \"b\""),
    ] {
        assert_eq!(
            Value::from_json(kind, json).unwrap_err().code,
            "E-JSON",
            "{kind} {json}"
        );
    }
}

proptest! {
    #[test]
    fn any_string_escapes_to_json_that_reads_back(text in any::<String>()) {
        let mut out = String::new();
        escape_json(&text, &mut out);
        prop_assert_eq!(serde_json::from_str::<String>(&out).unwrap(), text);
    }

    #[test]
    fn any_text_of_any_kind_is_read_or_refused(text in "\\PC{0,30}", kind in prop::sample::select(&KINDS[..])) {
        if let Ok(value) = read(kind, &text, &spanish()) {
            let mut json = String::new();
            value.write_json(&mut json);
            prop_assert_eq!(Value::from_json(kind, &json), Ok(value));
        }
    }
}
