//! An amount with its currency, read from what price lists write.
//!
//! The currency is said by the cell or by the supplier's settings, never guessed: `$` names no currency by itself. Whether a
//! price includes VAT, and whether it may be negative or zero, is left to `mapping` and `plan`.

use crate::value::mismatch::Mismatch;
use crate::value::number::{self, Notation, is_minus};
use crate::value::text;
use rust_decimal::{Decimal, RoundingStrategy};
use std::fmt;

/// An active currency of ISO 4217.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Currency([u8; 3]);

/// An amount of a currency. Negative amounts are values too; who forbids them says so.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Price {
    pub amount: Decimal,
    pub currency: Currency,
}

// ISO 4217, list one, by number of decimals, as published in datasets/currency-codes (PDDL) at ab9b0ae, January 2026.
// Metals, bond units and codes for testing are no currencies of a price and are left out.
#[rustfmt::skip]
const DECIMALS_2: &[&str] = &[
    "AED", "AFN", "ALL", "AMD", "AOA", "ARS", "AUD", "AWG", "AZN", "BAM", "BBD", "BDT", "BMD", "BND", "BOB", "BOV", "BRL", "BSD",
    "BTN", "BWP", "BYN", "BZD", "CAD", "CDF", "CHE", "CHF", "CHW", "CNY", "COP", "COU", "CRC", "CUP", "CVE", "CZK", "DKK", "DOP",
    "DZD", "EGP", "ERN", "ETB", "EUR", "FJD", "FKP", "GBP", "GEL", "GHS", "GIP", "GMD", "GTQ", "GYD", "HKD", "HNL", "HTG", "HUF",
    "IDR", "ILS", "INR", "IRR", "JMD", "KES", "KGS", "KHR", "KPW", "KYD", "KZT", "LAK", "LBP", "LKR", "LRD", "LSL", "MAD", "MDL",
    "MGA", "MKD", "MMK", "MNT", "MOP", "MRU", "MUR", "MVR", "MWK", "MXN", "MXV", "MYR", "MZN", "NAD", "NGN", "NIO", "NOK", "NPR",
    "NZD", "PAB", "PEN", "PGK", "PHP", "PKR", "PLN", "QAR", "RON", "RSD", "RUB", "SAR", "SBD", "SCR", "SDG", "SEK", "SGD", "SHP",
    "SLE", "SOS", "SRD", "SSP", "STN", "SVC", "SYP", "SZL", "THB", "TJS", "TMT", "TOP", "TRY", "TTD", "TWD", "TZS", "UAH", "USD",
    "USN", "UYU", "UZS", "VED", "VES", "WST", "XAD", "XCD", "XCG", "YER", "ZAR", "ZMW", "ZWG",
];
const DECIMALS_0: &[&str] = &[
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
    "XPF",
];
const DECIMALS_3: &[&str] = &["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"];
const DECIMALS_4: &[&str] = &["CLF", "UYW"];

/// Withdrawn codes that old price lists still carry, with what took their place.
#[rustfmt::skip]
const WITHDRAWN: &[(&str, &str)] = &[
    ("ANG", "XCG"), ("ATS", "EUR"), ("BEF", "EUR"), ("BGL", "EUR"), ("BGN", "EUR"), ("BYR", "BYN"), ("CSK", "CZK"),
    ("CUC", "CUP"), ("CYP", "EUR"), ("DEM", "EUR"), ("EEK", "EUR"), ("ESP", "EUR"), ("FIM", "EUR"), ("FRF", "EUR"),
    ("GHC", "GHS"), ("GRD", "EUR"), ("HRK", "EUR"), ("IEP", "EUR"), ("ITL", "EUR"), ("LTL", "EUR"), ("LUF", "EUR"),
    ("LVL", "EUR"), ("MRO", "MRU"), ("MTL", "EUR"), ("MXP", "MXN"), ("NLG", "EUR"), ("PLZ", "PLN"), ("PTE", "EUR"),
    ("ROL", "RON"), ("RUR", "RUB"), ("SIT", "EUR"), ("SKK", "EUR"), ("SLL", "SLE"), ("STD", "STN"), ("TRL", "TRY"),
    ("VEB", "VES"), ("VEF", "VES"), ("XEU", "EUR"), ("YUM", "RSD"), ("ZMK", "ZMW"), ("ZWD", "ZWG"), ("ZWL", "ZWG"),
];

/// What else than a code names a currency. Several candidates: only the one that the supplier's settings name is meant.
/// Compared in lower case; the first candidate is taken only where it is the only one.
#[rustfmt::skip]
const NAMES: &[(&str, &[&str])] = &[
    ("€", &["EUR"]), ("euro", &["EUR"]), ("euros", &["EUR"]), ("eur.", &["EUR"]),
    ("$", &["USD", "ARS", "AUD", "CAD", "CLP", "COP", "CUP", "DOP", "HKD", "MXN", "NZD", "SGD", "TWD", "UYU"]),
    ("us$", &["USD"]), ("u$s", &["USD"]), ("$us", &["USD"]), ("a$", &["AUD"]), ("c$", &["CAD"]), ("ca$", &["CAD"]),
    ("mx$", &["MXN"]), ("r$", &["BRL"]), ("hk$", &["HKD"]), ("nz$", &["NZD"]),
    ("£", &["GBP", "EGP", "FKP", "GIP", "LBP", "SHP", "SYP"]), ("¥", &["JPY", "CNY"]), ("円", &["JPY"]), ("元", &["CNY"]),
    ("fr.", &["CHF"]), ("sfr.", &["CHF"]), ("sfr", &["CHF"]), ("fr", &["CHF", "XAF", "XOF", "XPF"]),
    ("fcfa", &["XOF", "XAF"]), ("f cfa", &["XOF", "XAF"]), ("cfa", &["XOF", "XAF"]),
    ("kr", &["SEK", "NOK", "DKK", "ISK"]), ("kr.", &["DKK", "SEK", "NOK", "ISK"]),
    ("zł", &["PLN"]), ("zl", &["PLN"]), ("kč", &["CZK"]), ("ft", &["HUF"]), ("lei", &["RON", "MDL"]), ("leu", &["RON", "MDL"]),
    ("₺", &["TRY"]), ("tl", &["TRY"]), ("₴", &["UAH"]), ("₽", &["RUB"]), ("₹", &["INR"]), ("₪", &["ILS"]), ("₩", &["KRW"]),
    ("s/", &["PEN"]), ("s/.", &["PEN"]), ("bs", &["BOB", "VES"]), ("₡", &["CRC"]), ("₲", &["PYG"]), ("q", &["GTQ"]),
    ("dh", &["MAD", "AED"]), ("dhs", &["MAD", "AED"]), ("rmb", &["CNY"]),
];

impl Currency {
    /// The currency of an ISO 4217 code, in any case. Withdrawn codes are refused by name.
    pub fn parse(code: &str) -> Result<Currency, Mismatch> {
        let code = code.trim();
        if let Ok(bytes) = <[u8; 3]>::try_from(code.as_bytes()) {
            let bytes = bytes.map(|byte| byte.to_ascii_uppercase());
            let currency = Currency(bytes);
            if currency.known_decimals().is_some() {
                return Ok(currency);
            }
            if let Some((_, next)) = WITHDRAWN.iter().find(|(old, _)| old.as_bytes() == bytes) {
                return Err(Mismatch::new(
                    "E-CURRENCY",
                    format!("{} is no longer a currency", currency.code_lossy()),
                )
                .with_help(format!(
                    "its successor is {next}; convert the amounts where the feed is made"
                )));
            }
        }
        Err(Mismatch::new("E-CURRENCY", "not a currency").with_help("write a code of ISO 4217, such as EUR"))
    }

    /// The code, as in `EUR`.
    pub fn code(&self) -> &str {
        // Only codes of the table are ever made, and they are ASCII.
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    fn code_lossy(&self) -> String {
        String::from_utf8_lossy(&self.0).into_owned()
    }

    /// How many decimals amounts of the currency have: 2 for EUR, 0 for JPY, 3 for KWD.
    pub fn decimals(self) -> u32 {
        self.known_decimals().unwrap_or(2)
    }

    fn known_decimals(self) -> Option<u32> {
        if matches!(&self.0, b"EUR" | b"USD" | b"GBP") {
            return Some(2);
        }
        let code = std::str::from_utf8(&self.0).ok()?;
        let lists = [(DECIMALS_2, 2), (DECIMALS_0, 0), (DECIMALS_3, 3), (DECIMALS_4, 4)];
        lists
            .into_iter()
            .find_map(|(codes, decimals)| codes.binary_search(&code).is_ok().then_some(decimals))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl fmt::Debug for Currency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}

impl serde::Serialize for Currency {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }
}

impl<'de> serde::Deserialize<'de> for Currency {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Currency, D::Error> {
        let code = String::deserialize(deserializer)?;
        Currency::parse(&code).map_err(|mismatch| {
            serde::de::Error::custom(match mismatch.help {
                Some(help) => format!("{}; {help}", mismatch.message),
                None => mismatch.message,
            })
        })
    }
}

impl schemars::JsonSchema for Currency {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Currency".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({ "type": "string", "pattern": "^[A-Z]{3}$", "description": "A currency code of ISO 4217." })
    }
}

impl Price {
    /// Reads a price as price lists write it: `1.234,50 €`, `EUR 12.50`, `$ 12,668.70`, `167`.
    ///
    /// The cell's own currency wins; a bare number takes `assumed`; a sign that several currencies share (`$`, `kr`) is
    /// taken only where `assumed` is one of them. Blank cells give the mismatch of no value.
    pub fn read(text: &str, notation: Notation, assumed: Option<Currency>) -> Result<Price, Mismatch> {
        let text = text::trimmed(text);
        let (first, last) = match (text.as_bytes().first(), text.as_bytes().last()) {
            (Some(first), Some(last)) => (first, last),
            _ => return Err(Mismatch::no_value()),
        };
        if first.is_ascii_digit() && last.is_ascii_digit() {
            let amount = number::parse(text, notation)?;
            return assumed.map(|currency| Price { amount, currency }).ok_or_else(unsaid);
        }
        let Some(parts) = split(text) else {
            return Err(Mismatch::new("E-PRICE", "not a price: it holds no digit")
                .with_help("add the text to `empty` if it stands for no price"));
        };
        let currency = match (parts.before, parts.after) {
            ("", "") => assumed.ok_or_else(unsaid)?,
            (word, "") | ("", word) => named(word, assumed)?,
            (before, after) => {
                let currency = named(before, assumed)?;
                if named(after, assumed)? != currency {
                    return Err(Mismatch::new("E-PRICE", "a price that names two currencies")
                        .with_help("take one of them off with a step"));
                }
                currency
            }
        };
        let amount = number::parse(parts.number, notation)?;
        let amount = if parts.negative { -amount } else { amount };
        Ok(Price { amount, currency })
    }

    /// Reads the canonical text, `12.50 EUR`.
    pub fn parse(text: &str) -> Result<Price, Mismatch> {
        let Some((amount, currency)) = text.rsplit_once(' ') else {
            return Err(Mismatch::new("E-PRICE", "not a price").with_help("write it as 12.50 EUR"));
        };
        Ok(Price {
            amount: number::parse(amount, Notation::Plain)?,
            currency: Currency::parse(currency)?,
        })
    }

    /// The amount rounded to the decimals of its currency, halves away from zero.
    pub fn rounded(self) -> Price {
        let amount = self
            .amount
            .round_dp_with_strategy(self.currency.decimals(), RoundingStrategy::MidpointAwayFromZero);
        Price { amount, ..self }
    }

    /// True for amounts below zero.
    pub fn is_negative(self) -> bool {
        self.amount.is_sign_negative() && !self.amount.is_zero()
    }

    /// Appends `12.50 EUR`: at least the decimals of the currency, more where the amount has them.
    pub fn write(self, out: &mut String) {
        number::write(self.amount, self.currency.decimals(), out);
        out.push(' ');
        out.push_str(self.currency.code());
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut out = String::with_capacity(16);
        self.write(&mut out);
        f.write_str(&out)
    }
}

fn unsaid() -> Mismatch {
    Mismatch::new("E-PRICE-CURRENCY", "a price without a currency")
        .with_help("declare `currency` in the supplier's [read]")
}

/// The currency that a word beside an amount names.
fn named(word: &str, assumed: Option<Currency>) -> Result<Currency, Mismatch> {
    if word == "€" {
        return Ok(Currency(*b"EUR"));
    }
    if word.len() == 3 && word.is_ascii() {
        match Currency::parse(word) {
            Ok(currency) => return Ok(currency),
            Err(mismatch) if mismatch.message.ends_with("no longer a currency") => return Err(mismatch),
            Err(_) => {}
        }
    }
    let lower = word.to_lowercase();
    let Some((_, codes)) = NAMES.iter().find(|(name, _)| *name == lower) else {
        return Err(
            Mismatch::new("E-PRICE", "a price with a word beside it that names no currency")
                .with_help("take it off with a step, or write a code of ISO 4217"),
        );
    };
    match (codes, assumed) {
        (_, Some(currency)) if codes.contains(&currency.code()) => Ok(currency),
        ([one], _) => Currency::parse(one),
        _ => Err(
            Mismatch::new("E-PRICE-CURRENCY", format!("{word} stands for more than one currency")).with_help(format!(
                "declare `currency` in the supplier's [read], for example {}",
                codes[0]
            )),
        ),
    }
}

/// A price text taken apart; nothing is read yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Parts<'a> {
    /// What stands before the number, without spaces and sign.
    pub before: &'a str,
    /// The number without its sign, in whatever notation.
    pub number: &'a str,
    /// What stands behind the number.
    pub after: &'a str,
    /// A minus before the number, or before the sign of the currency.
    pub negative: bool,
}

/// Parts a price text into words and number; `None` where it holds no digit. Also serves to prove the notation of a column.
pub fn split(text: &str) -> Option<Parts<'_>> {
    let text = text::trimmed(text);
    let first = text.find(|c: char| c.is_ascii_digit())?;
    let end = text.rfind(|c: char| c.is_ascii_digit())? + 1;
    let (head, number, tail) = (&text[..first], &text[first..end], &text[end..]);
    // The decimal mark of `.50` belongs to the number, those of `Fr.` and `S/.` do not.
    let (head, number) = match head.strip_suffix(['.', ',']) {
        Some(front) if front.is_empty() || front.ends_with(|c: char| !c.is_alphabetic() && c != '/') => {
            (front, &text[first - 1..end])
        }
        _ => (head, number),
    };
    let mut head = head.trim();
    let mut negative = false;
    if let Some(rest) = head.strip_suffix(is_minus).or_else(|| head.strip_prefix(is_minus)) {
        negative = true;
        head = rest.trim();
    } else if let Some(rest) = head.strip_suffix('+').or_else(|| head.strip_prefix('+')) {
        head = rest.trim();
    }
    Some(Parts {
        before: head,
        number,
        after: tail.trim(),
        negative,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, notation: Notation, assumed: &str, expected: &str) {
        let assumed = (!assumed.is_empty()).then(|| Currency::parse(assumed).unwrap());
        let got = Price::read(text, notation, assumed)
            .map_or_else(|mismatch| mismatch.code.to_string(), |price| price.to_string());
        assert_eq!(got, expected, "{text:?} as {} with {assumed:?}", notation.name());
    }

    #[test]
    fn prices_of_price_lists() {
        check("1.234,50 €", Notation::GroupedByPoint, "", "1234.50 EUR");
        check("EUR 12.50", Notation::Plain, "", "12.50 EUR");
        check(" $  12,668.70 ", Notation::GroupedByComma, "USD", "12668.70 USD");
        check("$12.50", Notation::Plain, "MXN", "12.50 MXN");
        check("167 €", Notation::Plain, "EUR", "167.00 EUR");
        check("00,60€", Notation::Comma, "EUR", "0.60 EUR");
        check("15 000 Fcfa", Notation::GroupedBySpace, "XOF", "15000 XOF");
        check("12.345", Notation::Plain, "EUR", "12.345 EUR");
        check("1299", Notation::Plain, "JPY", "1299 JPY");
        check("-5.00", Notation::Plain, "EUR", "-5.00 EUR");
        check("-$5", Notation::Plain, "USD", "-5.00 USD");
        check("€ −5", Notation::Plain, "", "-5.00 EUR");
        check("Fr. 12.50", Notation::Plain, "", "12.50 CHF");
        check("€.50", Notation::Plain, "", "0.50 EUR");
        check("S/.12.50", Notation::Plain, "", "12.50 PEN");
        check("€ .50", Notation::Plain, "", "0.50 EUR");
        check("€ 12,00 EUR", Notation::Comma, "", "12.00 EUR");
        check("12.50 usd", Notation::Plain, "EUR", "12.50 USD");
        check("0", Notation::Plain, "EUR", "0.00 EUR");
    }

    #[test]
    fn what_is_no_price_is_refused() {
        check("", Notation::Plain, "EUR", "I-NO-VALUE");
        check("12.50", Notation::Plain, "", "E-PRICE-CURRENCY");
        check("$12.50", Notation::Plain, "EUR", "E-PRICE-CURRENCY");
        check("12 kr", Notation::Plain, "", "E-PRICE-CURRENCY");
        check("N/A", Notation::Plain, "EUR", "E-PRICE");
        check("12,- €", Notation::Comma, "EUR", "E-PRICE");
        check("12.50 EUR/100", Notation::Plain, "EUR", "E-NUMBER");
        check("€ 12 USD", Notation::Plain, "EUR", "E-PRICE");
        check("100 ESP", Notation::Plain, "EUR", "E-CURRENCY");
        check("1.234,50", Notation::GroupedByComma, "EUR", "E-NUMBER-NOTATION");
        check("1e3", Notation::Plain, "EUR", "E-NUMBER-EXPONENT");
        let mismatch = Currency::parse("HRK").unwrap_err();
        assert_eq!(mismatch.to_string(), "HRK is no longer a currency");
    }

    #[test]
    fn currency_tables_are_sorted_for_their_search() {
        for list in [DECIMALS_0, DECIMALS_2, DECIMALS_3, DECIMALS_4] {
            assert!(list.is_sorted());
        }
        for (_, codes) in NAMES {
            assert!(codes.iter().all(|code| Currency::parse(code).is_ok()), "{codes:?}");
        }
        assert!(
            WITHDRAWN
                .iter()
                .all(|(old, new)| Currency::parse(old).is_err() && Currency::parse(new).is_ok())
        );
    }

    #[test]
    fn halves_round_away_from_zero() {
        let rounded = |text: &str| Price::parse(text).unwrap().rounded().to_string();
        assert_eq!(rounded("12.345 EUR"), "12.35 EUR");
        assert_eq!(rounded("-12.345 EUR"), "-12.35 EUR");
        assert_eq!(rounded("12.5 JPY"), "13 JPY");
        assert_eq!(rounded("1.0005 KWD"), "1.001 KWD");
    }

    proptest! {
        #[test]
        fn canonical_text_reads_back(mantissa in -(1i128 << 96) + 1..1i128 << 96, scale in 0u32..=28) {
            let amount = Decimal::from_i128_with_scale(mantissa, scale);
            let price = Price { amount, currency: Currency(*b"EUR") };
            prop_assert_eq!(Price::parse(&price.to_string()), Ok(price));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,20}") {
            let _ = Price::read(&text, Notation::GroupedByPoint, Some(Currency(*b"EUR")));
        }
    }
}
