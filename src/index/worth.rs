//! What a product is worth to the shop: its stock times its price, in the catalog's currency.
//!
//! Whom it matters to, and how many channels refuse the product, is left to those who sort by it. No float is involved.

use crate::product::Product;
use crate::query::number::sortable;
use crate::schema::Schema;
use crate::value::Value;
use crate::value::price::Currency;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::hash::{Hash, Hasher};

/// Most digits behind the point of a rate, so that products of it stay exact.
const RATE_DECIMALS: u32 = 10;

/// The `[worth]` table of `estante.toml`: how prices of several currencies are compared where products are sorted by worth.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WorthSettings {
    /// By currency (ISO 4217), what one of it is in the catalog's currency: `USD = "0.92"`. A product whose price is of a
    /// currency without a rate has no worth, and comes last; no rate is ever guessed or fetched.
    #[serde(default)]
    pub rates: BTreeMap<String, String>,
}

/// The same, checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worth {
    currency: Currency,
    rates: BTreeMap<Currency, Decimal>,
}

/// What is known of a product's worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Known {
    /// Millionths of the catalog's currency; what is below nothing is nothing.
    Worth(i64),
    /// Its price is of a currency without a rate.
    Unrated,
    /// It has no stock or no price.
    Unsaid,
}

impl Worth {
    /// Checks the table. Fails with the key and what is wrong with it, once for each.
    pub fn new(settings: &WorthSettings, currency: Currency) -> Result<Worth, Vec<(String, String)>> {
        let (mut rates, mut faults) = (BTreeMap::new(), Vec::new());
        for (code, text) in &settings.rates {
            let other = match Currency::parse(code) {
                Ok(other) => other,
                Err(mismatch) => {
                    faults.push((code.clone(), mismatch.message));
                    continue;
                }
            };
            let rate = text.parse::<Decimal>().ok().map(|rate| rate.normalize());
            let rate = rate.filter(|rate| *rate > Decimal::ZERO && rate.scale() <= RATE_DECIMALS);
            match rate {
                Some(_) if other == currency => {
                    faults.push((
                        code.clone(),
                        "it is the catalog's own currency, whose rate is 1".to_owned(),
                    ));
                }
                Some(rate) => {
                    rates.insert(other, rate);
                }
                None => {
                    let message = format!("a rate is more than 0 and has at most {RATE_DECIMALS} decimals");
                    faults.push((code.clone(), message));
                }
            }
        }
        match faults.is_empty() {
            true => Ok(Worth { currency, rates }),
            false => Err(faults),
        }
    }

    /// No rates: what is not of this currency has no worth.
    pub fn of_currency(currency: Currency) -> Worth {
        Worth {
            currency,
            rates: BTreeMap::new(),
        }
    }

    /// The worth of a product: stock and price as no channel sees them, and as the catalog's first locale does.
    pub fn of(&self, product: &Product, schema: &Schema) -> Known {
        let known = schema.known();
        let said = |id| product.value(id, 1, 0).or_else(|| product.any(id));
        let (Some(Value::Integer(stock)), Some(Value::Money(price))) =
            (known.stock.and_then(said), known.price.and_then(said))
        else {
            return Known::Unsaid;
        };
        let rate = match self.rates.get(&price.currency) {
            _ if price.currency == self.currency => Decimal::ONE,
            Some(rate) => *rate,
            None => return Known::Unrated,
        };
        let stock = Decimal::from((*stock).max(0));
        let amount = price.amount.max(Decimal::ZERO);
        // What no decimal holds is more than any column does.
        let worth = amount.checked_mul(rate).and_then(|amount| amount.checked_mul(stock));
        Known::Worth(worth.map_or(i64::MAX, sortable))
    }

    /// Takes part in a fingerprint.
    pub fn note(&self, hasher: &mut impl Hasher) {
        self.currency.hash(hasher);
        for (currency, rate) in &self.rates {
            currency.hash(hasher);
            rate.hash(hasher);
        }
    }
}

/// Half of what a number holds: above it stands what a channel blocks.
const HALF: i64 = 1 << 62;

/// What is at stake with a product, as a number that sorts: its worth times the channels that block it, and below all of
/// these, what none blocks by its worth alone.
pub fn at_stake(worth: i64, blocking: u8) -> i64 {
    let worth = worth.max(0);
    match worth.saturating_mul(i64::from(blocking)) {
        0 => worth.min(HALF - 1),
        lost => HALF + lost.min(HALF - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn eur() -> Currency {
        Currency::parse("EUR").unwrap()
    }

    fn settings(rates: &[(&str, &str)]) -> WorthSettings {
        let rates = rates
            .iter()
            .map(|(code, rate)| ((*code).to_owned(), (*rate).to_owned()));
        WorthSettings { rates: rates.collect() }
    }

    #[test]
    fn what_is_blocked_comes_before_what_is_not_and_times_its_channels() {
        let order = [
            (0, 3),
            (7, 0),
            (9, 0),
            (i64::MAX, 0),
            (1, 1),
            (2, 1),
            (1, 3),
            (4, 1),
            (i64::MAX, 2),
        ];
        let stakes: Vec<i64> = order
            .iter()
            .map(|(worth, blocking)| at_stake(*worth, *blocking))
            .collect();
        assert!(stakes.is_sorted(), "{stakes:?}");
        assert_eq!(at_stake(-5, 2), 0);
        assert!(at_stake(i64::MAX, u8::MAX) > at_stake(i64::MAX, 0));
    }

    #[test]
    fn rates_are_checked_each_with_its_key() {
        assert!(Worth::new(&settings(&[("USD", "0.92"), ("GBP", "1.1700")]), eur()).is_ok());
        for (code, rate) in [
            ("EUR", "1"),
            ("XXL", "1"),
            ("USD", "0"),
            ("USD", "-1"),
            ("USD", "0,92"),
            ("USD", "0.00000000001"),
        ] {
            let faults = Worth::new(&settings(&[(code, rate)]), eur()).unwrap_err();
            assert_eq!(faults.len(), 1, "{code} {rate}");
            assert_eq!(faults[0].0, code);
        }
    }
}
