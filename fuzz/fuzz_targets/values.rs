//! Texts of cells read as numbers, measures, days, prices, stocks and codes, in every notation; what is read is written and read
//! again, and must be the same.
#![no_main]
use estante::value::date::{self, DATE_ORDERS, DateOrder, day, moment};
use estante::value::identifier::Gtin;
use estante::value::measurement::{self, Measurement};
use estante::value::number::{self, NOTATIONS, Notation};
use estante::value::price::{Currency, Price};
use estante::value::unit::Units;
use estante::value::{identifier, option, quantity, text};

libfuzzer_sys::fuzz_target!(|data: &str| {
    let euro = Currency::parse("EUR").ok();
    let units = Units::builtin();
    // A unit that nobody knows is compared with all that are, which takes its time: once is enough.
    let (_, word) = measurement::split(data);
    let is_known = word.is_empty() || units.find(word).is_some();
    let _ = Measurement::read(data, Notation::Plain, units, None, None);
    for notation in NOTATIONS {
        if let Ok(value) = number::parse(data, notation) {
            let written = number::to_text_in(value, notation);
            assert_eq!(
                number::parse(&written, notation).ok(),
                Some(value),
                "{data:?} > {written:?}"
            );
        }
        if let Ok(price) = Price::read(data, notation, euro) {
            let mut written = String::new();
            price.write(&mut written);
            assert_eq!(Price::parse(&written).ok(), Some(price), "{data:?} > {written:?}");
        }
        if is_known && let Ok(measure) = Measurement::read(data, notation, units, Some("kg"), None) {
            assert_eq!(Measurement::parse(&measure.to_string()).ok(), Some(measure), "{data:?}");
        }
        let _ = quantity::read(data, notation, &mut String::new());
    }
    for order in DATE_ORDERS {
        if let Ok(day) = day(data, order) {
            assert_eq!(date::day(&day.to_string(), DateOrder::Iso).ok(), Some(day), "{data:?}");
        }
        if let Ok(moment) = moment(data, order) {
            assert_eq!(date::moment(&moment.to_string(), order).ok(), Some(moment), "{data:?}");
        }
    }
    let _ = number::prove(data.split('\n'));
    if let Ok((gtin, _)) = Gtin::read(data) {
        assert!(gtin.length() <= 14);
        let _ = (gtin.digits14(), gtin.is_restricted(), gtin.is_isbn());
    }
    let _ = (
        identifier::read(data),
        identifier::fold_mpn(data),
        identifier::scientific(data),
    );
    let _ = (option::table(data), option::truth(data));
    let _ = (text::plain(data), text::tidy(data), text::clean(data));
});
