//! Verdicts on the cells that real feeds hold in their GTIN columns, and on own codes.

use super::*;
use proptest::prelude::*;

/// The good codes of a cell of several, as the shared vectors write them.
fn all(text: &str) -> String {
    let codes = repair::several(text.trim()).unwrap();
    let digits = codes.filter_map(|code| Some(Gtin::parse(code).ok()?.digits14().to_string()));
    digits.collect::<Vec<String>>().join("|")
}

/// The verdict on a cell, in the words of the shared vectors.
fn verdict(text: &str) -> (&'static str, String) {
    match Gtin::read(text) {
        Ok((gtin, remark)) => {
            let status = match remark.map(|remark| remark.code) {
                None => "valid",
                Some("W-GTIN-REPAIRED") => "repairable",
                Some("W-GTIN-AMBIGUOUS") => "ambiguous",
                Some("W-GTIN-RESTRICTED") => "restricted",
                Some("W-GTIN-ISBN10") => "convertible",
                Some("W-GTIN-MULTIPLE") => return ("multiple", all(text)),
                Some(other) => other,
            };
            (status, gtin.digits14().to_string())
        }
        Err(mismatch) => {
            let status = match mismatch.code {
                "E-GTIN-AMBIGUOUS" => "ambiguous",
                "E-GTIN-SCIENTIFIC" => "damaged",
                "E-GTIN-FILLER" => "filler",
                "E-GTIN-MULTIPLE" => "none",
                "I-NO-VALUE" => "missing",
                _ => "invalid",
            };
            (status, String::new())
        }
    }
}

#[test]
fn a_dozen_cells_and_their_verdicts() {
    let cases = [
        ("8412345678905", "valid", "08412345678905"),
        ("036000291452", "valid", "00036000291452"),
        ("96385074", "valid", "00000096385074"),
        ("18412345678902", "valid", "18412345678902"),
        ("8 412345 678905", "repairable", "08412345678905"),
        ("=\"8412345678905\"", "repairable", "08412345678905"),
        ("8412345678905,0", "repairable", "08412345678905"),
        ("8,412345678905E+12", "repairable", "08412345678905"),
        ("EAN-13: 8412345678905", "repairable", "08412345678905"),
        ("12345678905", "repairable", "00012345678905"),
        ("1234565", "ambiguous", ""),
        ("8,41234E+12", "damaged", ""),
        ("7503040000000", "invalid", ""),
        ("8412345678906", "invalid", ""),
        ("sin código", "filler", ""),
        ("0", "filler", ""),
        ("2001234567893", "restricted", "02001234567893"),
        (
            "8412345678905;8412345678912",
            "multiple",
            "08412345678905|08412345678912",
        ),
        ("8412345678906 / 8412345678912", "multiple", "08412345678912"),
        ("8412345678906;8412345678907", "none", ""),
        ("8412345678905;8412345678905", "repairable", "08412345678905"),
        ("0-306-40615-2", "convertible", "09780306406157"),
        ("384123456789012344", "invalid", ""),
        ("  ", "missing", ""),
    ];
    for (text, status, digits) in cases {
        assert_eq!(verdict(text), (status, digits.to_string()), "{text:?}");
    }
}

#[test]
fn every_shared_vector_gets_its_verdict() {
    let shared =
        std::env::var("ESTANTE_SHARED").unwrap_or_else(|_| format!("{}/../shared", env!("CARGO_MANIFEST_DIR")));
    let Ok(bytes) = std::fs::read(format!("{shared}/data/gtin-vectors/gtin-vectors.tsv")) else {
        println!("skipped: ../shared is absent");
        return;
    };
    let mut reader = csv::ReaderBuilder::new().delimiter(b'\t').from_reader(bytes.as_slice());
    let mut seen = 0;
    let mut wrong = Vec::new();
    for row in reader.records() {
        let row = row.unwrap();
        let (text, status, digits) = (&row[0], &row[1], &row[2]);
        // The list has a longer word for what only holds a place.
        let status = if status.ends_with("holder") { "filler" } else { status };
        let got = verdict(text);
        if got != (status, digits.to_string()) {
            wrong.push(format!(
                "{text:?}: {status} {digits} expected, {} {} given",
                got.0, got.1
            ));
        }
        seen += 1;
    }
    assert_eq!(wrong, Vec::<String>::new());
    assert_eq!(seen, 83);
}

#[test]
fn spellings_of_one_item_are_equal() {
    let short = Gtin::parse("036000291452").unwrap();
    let long = Gtin::parse("0036000291452").unwrap();
    assert_eq!(short, long);
    assert_eq!(short.to_string(), "036000291452");
    assert_eq!(long.to_string(), "0036000291452");
    assert_eq!(short.key(), long.key());
}

#[test]
fn codes_eaten_by_a_spreadsheet_are_known() {
    for text in ["8,43E+12", "8.41234E+12", "1.5E3", "8E+12"] {
        assert!(scientific(text), "{text}");
    }
    for text in ["0503E000", "12E5", "8E12", "E+12", "1.E3", "ABC"] {
        assert!(!scientific(text), "{text}");
    }
}

#[test]
fn own_codes_live_as_they_stand() {
    assert_eq!(read(" 00123 ").unwrap(), "00123");
    assert_eq!(read("=\"00123\"").unwrap(), "00123");
    assert_eq!(read("'00123").unwrap(), "00123");
    assert_eq!(read("cafe\u{301}").unwrap(), "café");
    assert_eq!(read("ABC\u{200b}-1").unwrap_err().code, "E-IDENTIFIER-INVISIBLE");
    assert_eq!(read("\u{202e}CBA-1").unwrap_err().code, "E-IDENTIFIER-INVISIBLE");
    assert_eq!(read("8,43E+12").unwrap_err().code, "E-IDENTIFIER-SCIENTIFIC");
    assert_eq!(read(&"x".repeat(256)).unwrap_err().code, "E-IDENTIFIER-LENGTH");
}

#[test]
fn part_numbers_compare_without_their_marks() {
    assert_eq!(fold_mpn("GSR 18V-55"), "gsr18v55");
    assert_eq!(fold_mpn("0601.9H5.200"), "06019h5200");
    assert_eq!(fold_mpn("---"), "");
}

#[test]
fn of_several_codes_the_first_good_one_is_taken_and_the_others_are_told() {
    let read = |text: &str| Gtin::read(text).map(|(gtin, remark)| (gtin.to_string(), remark.unwrap().message));
    assert_eq!(
        read("8412345678906|8412345678912 8412345678905"),
        Ok((
            "8412345678912".to_string(),
            "several codes in one cell: the first good one is taken, not 8412345678906, 8412345678905".to_string()
        ))
    );
    let many = read("8412345678905,8412345678912,96385074,036000291452,18412345678902");
    assert!(
        many.unwrap()
            .1
            .ends_with("not 8412345678912, 96385074, 036000291452, …")
    );
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,30}") {
        if let Ok((gtin, _)) = Gtin::read(&text) {
            prop_assert_eq!(Gtin::parse(&gtin.digits()), Ok(gtin));
        }
    }

    #[test]
    fn one_wrong_digit_is_always_seen(front in 100_000_000_000u64..999_999_999_999, at in 0usize..13, by in 1u8..=9) {
        let front = front.to_string();
        let sum: u32 = front.bytes().rev().enumerate().map(|(n, b)| u32::from(b - b'0') * if n % 2 == 0 { 3 } else { 1 }).sum();
        let mut digits = format!("{front}{}", (10 - sum % 10) % 10).into_bytes();
        prop_assert!(check_fits(&digits));
        digits[at] = b'0' + (digits[at] - b'0' + by) % 10;
        prop_assert!(!check_fits(&digits));
    }
}
