//! BMEcat catalogues of other programs, read by the short names that both versions share.

use crate::support::shared;
use estante::feed;
use estante::feed::settings::FileSettings;
use estante::product::record::{Cell, Records};

fn text(cell: Cell<'_>) -> String {
    match cell {
        Cell::Absent => "–".to_owned(),
        Cell::Text(text) | Cell::Number(text) | Cell::Moment(text) => text.trim().to_owned(),
        Cell::Error(text) => format!("!{text}"),
        Cell::Boolean(is) => is.to_string(),
        Cell::List(cells) => cells.iter().map(text).collect::<Vec<String>>().join(" + "),
    }
}

/// What the first article of a catalogue says.
fn said(file: &str, wanted: &[&str]) -> Option<Vec<String>> {
    let path = shared()?.join("data/bmecat").join(file);
    let wanted: Vec<String> = wanted.iter().map(|name| name.to_string()).collect();
    let mut reading = feed::open(&path, file, 0, &FileSettings::default(), &wanted).expect("a catalogue");
    let mut batch = Records::default();
    reading.next(&mut batch).expect("a record");
    let record = batch.get(0)?;
    Some((0..record.len()).map(|n| text(record.cell(n))).collect())
}

#[track_caller]
fn check(file: &str, cases: &[(&str, &str)]) {
    let (wanted, expected): (Vec<&str>, Vec<&str>) = cases.iter().copied().unzip();
    if let Some(said) = said(file, &wanted) {
        assert_eq!(said, expected, "{file}: {wanted:?}");
    }
}

#[test]
fn real_catalogues_keep_their_scales_and_systems() {
    let both = [
        ("number", "1000"),
        ("price:net_customer", "1499.5"),
        ("scale:net_customer", "1 | 1499.5 | EUR + 100 | 1300.9 | EUR"),
        ("price:net_customer[TERRITORY=AT]", "1499.5"),
        ("price:net_customer[TERRITORY=FR]", "–"),
        ("tax:net_customer", "0.19"),
        ("content_price:net_customer", "249.9166666667"),
        ("order:ORDER_UNIT", "BOX"),
        ("order:CONTENT_UNIT", "PCE"),
        ("details:EAN", "8712670911213"),
        ("details:MANUFACTURER_AID", "MPN"),
        ("feature:Netzspannung", "110 + 220"),
        ("feature_unit:Netzspannung", "VLT"),
        ("class:ECLASS", "19010203"),
        ("class_name:udf_Supplier", "Mac"),
        ("mime:normal", "https://example.com/images/55-K-31.jpg"),
        ("reference:similar", "2000"),
    ];
    check("olivere-golden/bmecat2005_new_catalog.golden.xml", &both);
    check("olivere-golden/bmecat12_new_catalog.golden.xml", &both);
    check(
        "naugrimm/document_without_null_values.xml",
        &[
            ("price:gros_list", "10.5 EUR + 7.3 GBP"),
            ("price:gros_list[PRICE_CURRENCY=GBP]", "7.3 GBP"),
            ("order:PRICE_QUANTITY", "1.0"),
            ("mime:thumbnail", "http://w.x/y/z.bmp"),
        ],
    );
}
