//! Laws of the sheet: whatever a catalog says goes out and comes back as nothing to change.

use crate::support::law;
use estante::feed::archive::Archive;
use estante::feed::grid::{GridRow, Value as Held};
use estante::feed::xlsx::Workbook;
use estante::product::origin::Origin;
use estante::product::record::Cell;
use estante::product::{By, Product, Resolved};
use estante::schema::Schema;
use estante::schema::load::load;
use estante::schema::scope::Key;
use estante::sheet::TOLD;
use estante::sheet::cell::{Style, said};
use estante::sheet::columns::{Column, Layout};
use estante::sheet::judge::{Touched, Verdict, judge};
use estante::sheet::read::{Row, heading, layout, row};
use estante::sheet::words::Words;
use estante::sheet::write::{Line, SheetWriter};
use estante::value::measurement::Measurement;
use estante::value::price::{Currency, Price};
use estante::value::{KINDS, Kind, Value};
use jiff::civil::Date;
use proptest::collection::vec;
use proptest::prelude::*;
use rust_decimal::Decimal;
use std::sync::{Arc, OnceLock};

/// Catalogs of every day; `ESTANTE_CASES` sets another number.
const CASES: u32 = 1_000;

/// A schema with an attribute of every kind, called like it.
fn schema() -> &'static Schema {
    static SCHEMA: OnceLock<Schema> = OnceLock::new();
    SCHEMA.get_or_init(|| {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let mut text = String::from("[attributes]\n");
        for kind in KINDS {
            let more = match kind {
                Kind::Measure => ", unit = \"kg\"",
                Kind::Option | Kind::Options => ", options = \"words\", open = true",
                _ => "",
            };
            text.push_str(&format!("a_{kind} = {{ kind = \"{kind}\"{more} }}\n"));
        }
        text.push_str("[options.words.values]\nred = { labels = { es = \"Rojo | vivo\" } }\nblue = { labels = { es = \"Azul\" } }\n");
        text.push_str("\"1\" = { labels = { es = \"Uno\" } }\n");
        std::fs::write(folder.path().join("all.toml"), text).expect("the schema is written");
        load(folder.path(), folder.path(), &["es".to_owned()], &[]).unwrap_or_else(|faults| panic!("{faults:#?}"))
    })
}

fn words() -> impl Strategy<Value = String> {
    prop_oneof![
        "\\PC{1,12}",
        "[=+@'\t\n\r-]{1,2}\\PC{0,6}",
        "[_x0-9A-F]{1,16}",
        "[ \u{0}-\u{1f}\u{7f}-\u{9f}\u{2028}\u{fffe}\u{ffff}a]{1,6}x",
        "[0-9]{1,20}",
        "[0-9.,|]{1,8}",
        Just("n/a".to_owned()),
        Just("#CLEAR".to_owned()),
        Just("TRUE".to_owned()),
    ]
}

fn decimals() -> impl Strategy<Value = Decimal> {
    prop_oneof![
        (-100_000_i64..100_000, 0_u32..5).prop_map(|(digits, scale)| Decimal::new(digits, scale)),
        (any::<i64>(), 0_u32..28).prop_map(|(digits, scale)| Decimal::new(digits, scale)),
    ]
}

fn value(kind: Kind) -> BoxedStrategy<Value> {
    let currency = |code: &str| Currency::parse(code).expect("a currency");
    let list = || vec(words(), 1..4);
    match kind {
        Kind::Text => words().prop_map(Value::Text).boxed(),
        Kind::RichText => words().prop_map(Value::RichText).boxed(),
        Kind::Integer => any::<i64>().prop_map(Value::Integer).boxed(),
        Kind::Decimal => decimals().prop_map(Value::Decimal).boxed(),
        Kind::Measure => (decimals(), prop_oneof![Just("kg"), Just("g")])
            .prop_map(|(amount, unit)| {
                Value::Measure(Measurement {
                    amount,
                    unit: unit.into(),
                })
            })
            .boxed(),
        Kind::Money => (decimals(), prop_oneof![Just("EUR"), Just("USD")])
            .prop_map(move |(amount, code)| {
                Value::Money(Price {
                    amount,
                    currency: currency(code),
                })
            })
            .boxed(),
        Kind::Boolean => any::<bool>().prop_map(Value::Boolean).boxed(),
        Kind::Date => (1_i16..9999, 1_i8..13, 1_i8..29)
            .prop_map(|(year, month, day)| Value::Date(Date::new(year, month, day).expect("a day")))
            .boxed(),
        Kind::DateTime => (0_i64..4_000_000_000)
            .prop_map(|second| Value::DateTime(jiff::Timestamp::from_second(second).expect("a moment")))
            .boxed(),
        Kind::Option => prop_oneof![
            Just("red".to_owned()),
            Just("blue".to_owned()),
            Just("1".to_owned()),
            words()
        ]
        .prop_map(Value::Option)
        .boxed(),
        Kind::Options => prop_oneof![Just(vec!["red".to_owned(), "blue".to_owned()]), list()]
            .prop_map(Value::Options)
            .boxed(),
        Kind::Gtin => Just(Value::from_json(Kind::Gtin, "\"04006381333931\"").expect("a GTIN")).boxed(),
        Kind::Identifier => words().prop_map(Value::Identifier).boxed(),
        Kind::Url => words().prop_map(Value::Url).boxed(),
        Kind::Media => list().prop_map(Value::Media).boxed(),
        Kind::Reference => list().prop_map(Value::Reference).boxed(),
        Kind::Table => vec(list(), 1..3).prop_map(Value::Table).boxed(),
    }
}

/// Values of one product: some attributes have none.
fn values() -> impl Strategy<Value = Vec<(Key, Value)>> {
    let each: Vec<_> = schema()
        .attributes()
        .map(|(id, attribute)| {
            proptest::option::weighted(0.8, value(attribute.kind).prop_map(move |value| (Key::of(id), value)))
        })
        .collect();
    each.prop_map(|values| values.into_iter().flatten().collect())
}

fn cell(row: &GridRow, at: u32) -> Cell<'_> {
    match row.cell(at) {
        None => Cell::Absent,
        Some(Held::Text(start, len)) => Cell::Text(row.text(start, len)),
        Some(Held::Number(start, len)) => Cell::Number(row.text(start, len)),
        Some(Held::Boolean(truth)) => Cell::Boolean(truth),
        Some(Held::Moment(start, len)) => Cell::Moment(row.text(start, len)),
        Some(Held::Error(start, len)) => Cell::Error(row.text(start, len)),
    }
}

/// Writes products, reads them back: no cell is touched, and none would be changed if it were looked at.
fn check(catalog: &[Vec<(Key, Value)>]) -> Result<(), TestCaseError> {
    let schema = schema();
    let style = Style {
        schema,
        locale: "es",
        words: Words::of("es"),
        currency: Currency::parse("EUR").expect("a currency"),
    };
    let columns = schema
        .attributes()
        .map(|(id, _)| Column::new(schema, Key::of(id), "es", style.currency));
    let written = Layout {
        locale: "es".to_owned(),
        columns: columns.collect(),
    };
    let folder = std::env::temp_dir();
    let mut writer = SheetWriter::begin(&style, &written, catalog.len(), &folder).expect("it begins");
    let products: Vec<Product> = (catalog.iter().enumerate())
        .map(|(n, values)| Product {
            sku: format!("={n}"),
            values: (values.iter())
                .map(|(key, value)| Resolved {
                    key: *key,
                    value: value.clone(),
                    by: By::Specs,
                    origin: Origin::default(),
                })
                .collect(),
            ..Product::default()
        })
        .collect();
    for product in &products {
        writer
            .line(Line::new(&style, &written, product, String::new()))
            .expect("it is written");
    }
    let mut bytes = Vec::new();
    writer.finish(&mut bytes).expect("it is packed");

    let shown: Arc<str> = "sheet.xlsx".into();
    let book =
        Workbook::open(Archive::of_memory(bytes, &shown).expect("it is a zip"), &shown).expect("it is a workbook");
    let rows = |name: &str| {
        let info = book
            .sheets
            .iter()
            .find(|sheet| (sheet.name == TOLD) == (name == TOLD))
            .expect("it is there");
        let mut sheet = book.sheet(info).expect("it opens");
        let (mut rows, mut row) = (Vec::new(), GridRow::default());
        while sheet.read(&mut row).expect("it reads") {
            rows.push(row.clone());
        }
        rows
    };
    let told: Vec<Vec<String>> = rows(TOLD).iter().map(|row| row.texts(8)).collect();
    let read = layout(&told, schema).expect("it is a sheet");
    prop_assert_eq!(&read, &written);
    let rows = rows("");
    let heads: Vec<(u32, &str)> = rows[0]
        .cells
        .iter()
        .filter_map(|(at, _)| Some((*at, said(cell(&rows[0], *at)).ok()?)))
        .collect();
    let heading = heading(&read, &heads)
        .expect("each column once")
        .expect("it is a header");
    prop_assert_eq!(row(&heading, &|at| cell(&rows[1], at)), Row::Nothing);
    prop_assert_eq!(rows.len(), products.len() + 2);
    for (product, grid) in products.iter().zip(&rows[2..]) {
        let Row::Product(edited) = row(&heading, &|at| cell(grid, at)) else {
            return Err(TestCaseError::fail("the row is no product"));
        };
        prop_assert_eq!(&edited.sku, &product.sku);
        prop_assert_eq!(&edited.touched, &vec![]);
        for (place, column) in read.columns.iter().enumerate() {
            let text = said(cell(grid, place as u32 + 3));
            let now = column
                .key
                .and_then(|key| product.exact(key))
                .map(|resolved| &resolved.value);
            let touched = Touched {
                column,
                place,
                text,
                revision: &edited.revision,
                now,
                own: None,
            };
            let verdict = judge(&style, &touched);
            // A blank text went out as one, and that says nothing either way.
            let blank = text.is_ok_and(|text| text.trim().is_empty());
            prop_assert!(
                verdict == Verdict::Nothing || blank,
                "{}: {:?} {:?}",
                column.code,
                now,
                verdict
            );
        }
    }
    Ok(())
}

#[test]
fn what_goes_out_comes_back_as_nothing_to_change() {
    let outcome = law(CASES, 1_000).run(&vec(values(), 0..3), |catalog| check(&catalog));
    if let Err(error) = outcome {
        panic!("{error}");
    }
}

#[test]
fn the_longest_text_of_a_cell_goes_out_and_a_longer_one_is_only_shown() {
    let key = Key::of(schema().by_code("a_text").expect("it is there"));
    for length in [32_766, 32_767, 40_000] {
        check(&[vec![(key, Value::Text("é".repeat(length)))]]).expect("it comes back");
        check(&[vec![(key, Value::Text("=".repeat(length)))]]).expect("it comes back");
    }
}
