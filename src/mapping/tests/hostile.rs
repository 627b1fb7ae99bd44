//! Hostile feeds of the shared data folder: what their `expected.csv` says of mapping.

use super::{compile, mapped, records};

/// A file of the shared data folder, or a word that it is absent.
fn shared(path: &str) -> Option<Vec<u8>> {
    let root = std::env::var("ESTANTE_SHARED").unwrap_or_else(|_| format!("{}/../shared", env!("CARGO_MANIFEST_DIR")));
    let bytes = std::fs::read(format!("{root}/{path}")).ok();
    if bytes.is_none() {
        println!("skipped: ../shared is absent");
    }
    bytes
}

#[test]
fn every_price_of_the_zoo_is_exact_or_refused() {
    let Some(zoo) = shared("data/hostile/generated/csv/price_zoo.csv") else {
        return;
    };
    let check = |numbers: &str, expected: &str| {
        let read = if numbers.is_empty() {
            String::new()
        } else {
            format!("numbers = \"{numbers}\"")
        };
        let mapping = compile(&format!(
            "[read]\ncurrency = \"EUR\"\n{read}\n[fields]\nsku = {{ column = \"sku\" }}\nprice = {{ column = \"price\" }}"
        ))
        .unwrap();
        let got = mapped(&mapping, &records(&mapping, &zoo, b';'));
        let accepted: Vec<&str> = got.lines().filter_map(|line| line.strip_suffix(" EUR")).collect();
        let refused = got.lines().filter(|line| line.ends_with(" refused")).count();
        let silent = got.lines().filter(|line| line.len() == 3).count();
        assert_eq!(
            format!(
                "{}; {refused} refused, {silent} silent",
                accepted.join(", ").replace(" | price=", " ")
            ),
            expected
        );
    };
    check(
        "",
        "p16 0.01, p17 99999999999999999999.99, p21 12.50, p22 12.50, p29 12.50, p31 0.50; 29 refused, 1 silent",
    );
    check(
        "1.234,56",
        "p01 1234.56, p03 1234.00, p04 1.234, p08 12.50, p09 12.505, p36 12345.00; 29 refused, 1 silent",
    );
    check(
        "1,234.56",
        "p02 1234.56, p03 1.234, p04 1234.00, p09 12505.00, p16 0.01, p17 99999999999999999999.99, p21 12.50, \
         p22 12.50, p29 12.50, p31 0.50, p36 12.345; 24 refused, 1 silent",
    );
    check(
        "1 234,56",
        "p04 1.234, p06 1234.50, p07 1234.50, p08 12.50, p09 12.505; 30 refused, 1 silent",
    );
    check(
        "1'234.56",
        "p03 1.234, p05 1234.50, p16 0.01, p17 99999999999999999999.99, p21 12.50, p22 12.50, p29 12.50, p31 0.50, \
         p36 12.345; 26 refused, 1 silent",
    );
}

#[test]
fn keys_of_the_unicode_feed_are_clean_or_refused() {
    let Some(feed) = shared("data/hostile/generated/csv/unicode_skus.csv") else {
        return;
    };
    let mapping = compile("[fields]\nsku = { column = \"sku\" }\nname = { column = \"name\" }").unwrap();
    let got = mapped(&mapping, &records(&mapping, &feed, b';'));
    assert_eq!(
        got,
        "ABC-1 | name@es=base\n\u{410}BC-1 | name@es=cyrillic A\nABC\u{2011}-1 | name@es=nb hyphen\nABC-1 | name@es=trailing space\n\
         abc-1 | name@es=case\ncafé | name@es=nfc\ncafé | name@es=nfd\n\
         :4:sku: a code with control or invisible characters (found \"ABC\\u{200b}-1\") [E-IDENTIFIER-INVISIBLE]\n\
         :8:sku: a code with control or invisible characters (found \"\\u{202e}CBA-1\") [E-IDENTIFIER-INVISIBLE]\n"
    );
}

#[test]
fn formulas_are_stored_as_they_stand() {
    let Some(feed) = shared("data/hostile/generated/csv/formula_cells.csv") else {
        return;
    };
    let supplier = "[read]\ncurrency = \"EUR\"\n[fields]\nsku = { column = \"sku\" }\nname = { column = \"name\" }\nprice = { column = \"price\" }";
    let mapping = compile(supplier).unwrap();
    let got = mapped(&mapping, &records(&mapping, &feed, b';'));
    assert_eq!(
        got,
        "=1+1 refused\n+49 | name@es=@SUM(1) | price=1.00 EUR\n-A | name@es==1 | price=2.00 EUR\n＝1 | name@es==1 | price=3.00 EUR\n\
         :2:price: =1+1: an amount below zero (found \"-5.00\") [E-PRICE-NEGATIVE]\n"
    );
}

#[test]
fn no_script_of_a_description_is_kept() {
    let Some(feed) = shared("data/hostile/generated/csv/html_xss_descriptions.csv") else {
        return;
    };
    let mapping = compile("[fields]\nsku = { column = \"sku\" }\ndescription = { column = \"description\" }").unwrap();
    let got = mapped(&mapping, &records(&mapping, &feed, b';'));
    assert_eq!(got, "A\nB\nC\nD | description@es=x\nE | description@es=<p>x</p>\nF\n");
}

#[test]
fn keys_that_forge_lines_are_refused() {
    let Some(feed) = shared("data/hostile/generated/csv/log_injection.csv") else {
        return;
    };
    let mapping = compile("[fields]\nsku = { column = \"sku\" }\nname = { column = \"name\" }").unwrap();
    let got = mapped(&mapping, &records(&mapping, &feed, b';'));
    assert_eq!(
        got,
        "C%0d%0aSet-Cookie: a=b | name@es=x\n\
         :2:sku: a code with control or invisible characters (found \"A\\n2026-01-01 ERROR forged line\") [E-IDENTIFIER-INVISIBLE]\n\
         :4:sku: a code with control or invisible characters (found \"B\\u{1b}[2J\\u{1b}[31mred\") [E-IDENTIFIER-INVISIBLE]\n"
    );
}
