//! Price rules of a channel, and how the pack spells an amount.

use crate::channel::pack::file::PriceFormat;
use crate::value::price::Currency;
use crate::value::{number, price::Price};
use rust_decimal::{Decimal, RoundingStrategy};

/// What a channel does to prices, checked.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct PriceRules {
    /// Factor.
    pub multiply: Option<Decimal>,
    /// Amount added.
    pub add: Option<Decimal>,
    /// Ending the amount is raised to, and the step between two such endings.
    pub ending: Option<(Decimal, Decimal)>,
}

impl PriceRules {
    /// The step of an ending: 1 for `0.95`, 10 for `9.90`, 100 for `49`.
    pub fn step(ending: Decimal) -> Decimal {
        let mut step = Decimal::ONE;
        while step <= ending {
            step *= Decimal::TEN;
        }
        step
    }

    /// The price after the rules; none where the number grows too large. Zero and less stay as they are: a price of nothing
    /// must not become one.
    pub fn apply(&self, price: Price) -> Option<Price> {
        let mut amount = price.amount;
        if amount <= Decimal::ZERO || *self == PriceRules::default() {
            return Some(price);
        }
        if let Some(factor) = self.multiply {
            amount = amount.checked_mul(factor)?;
        }
        if let Some(more) = self.add {
            amount = amount.checked_add(more)?;
        }
        let decimals = price.currency.decimals();
        amount = amount.round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
        if let Some((ending, step)) = self.ending {
            let steps = amount.checked_sub(ending)?.checked_div(step)?.ceil();
            amount = steps.checked_mul(step)?.checked_add(ending)?;
        }
        Some(Price { amount, ..price })
    }
}

/// Spells amounts as a pack wants them.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceSpelling {
    /// What stands before, between and behind amount and currency.
    template: Vec<Part>,
    decimals: u32,
    comma: bool,
}

#[derive(Debug, Clone, PartialEq)]
enum Part {
    Text(String),
    Amount,
    Currency,
}

impl PriceSpelling {
    /// Reads a pack's price format.
    pub fn new(format: &PriceFormat) -> PriceSpelling {
        let mut template = Vec::new();
        let mut rest = format.template.as_str();
        while let Some(at) = rest.find('{') {
            let (before, behind) = rest.split_at(at);
            let (part, length) = if behind.starts_with("{amount}") {
                (Part::Amount, "{amount}".len())
            } else if behind.starts_with("{currency}") {
                (Part::Currency, "{currency}".len())
            } else {
                (Part::Text("{".to_string()), 1)
            };
            if !before.is_empty() {
                template.push(Part::Text(before.to_string()));
            }
            template.push(part);
            rest = &behind[length..];
        }
        if !rest.is_empty() {
            template.push(Part::Text(rest.to_string()));
        }
        PriceSpelling {
            template,
            decimals: format.decimals,
            comma: format.decimal_mark == ",",
        }
    }

    /// The whole price: `15.00 EUR`.
    pub fn write(&self, price: Price) -> String {
        let mut out = String::with_capacity(16);
        for part in &self.template {
            match part {
                Part::Text(text) => out.push_str(text),
                Part::Amount => self.push_amount(price, &mut out),
                Part::Currency => out.push_str(price.currency.code()),
            }
        }
        out
    }

    /// The amount alone: `15.00`.
    pub fn write_amount(&self, price: Price) -> String {
        let mut out = String::with_capacity(12);
        self.push_amount(price, &mut out);
        out
    }

    fn push_amount(&self, price: Price, out: &mut String) {
        let decimals = decimals(price.currency, self.decimals);
        let amount = price
            .amount
            .round_dp_with_strategy(decimals, RoundingStrategy::MidpointAwayFromZero);
        let start = out.len();
        number::write(amount, decimals, out);
        if self.comma
            && let Some(at) = out[start..].find('.')
        {
            out.replace_range(start + at..=start + at, ",");
        }
    }
}

/// The currency's decimals, as far as the channel writes so many.
fn decimals(currency: Currency, most: u32) -> u32 {
    currency.decimals().min(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decimal(text: &str) -> Decimal {
        text.parse().expect("a number")
    }

    #[test]
    fn prices_are_multiplied_raised_and_rounded_up_to_their_ending() {
        let check = |price: &str, multiply: &str, add: &str, ending: &str, expected: &str| {
            let some = |text: &str| (!text.is_empty()).then(|| decimal(text));
            let ending = some(ending).map(|ending| (ending, PriceRules::step(ending)));
            let rules = PriceRules {
                multiply: some(multiply),
                add: some(add),
                ending,
            };
            let price = Price::parse(price).expect("a price");
            assert_eq!(
                rules.apply(price).map(|price| price.to_string()).unwrap_or_default(),
                expected
            );
        };
        check("10.00 EUR", "", "", "", "10.00 EUR");
        check("10.00 EUR", "1.05", "", "", "10.50 EUR");
        check("9.99 EUR", "1.05", "0.50", "", "10.99 EUR");
        check("12.10 EUR", "", "", "0.95", "12.95 EUR");
        check("12.95 EUR", "", "", "0.95", "12.95 EUR");
        check("12.96 EUR", "", "", "0.95", "13.95 EUR");
        check("0.10 EUR", "", "", "0.95", "0.95 EUR");
        check("12.10 EUR", "", "", "9.90", "19.90 EUR");
        check("112.10 EUR", "", "", "49", "149.00 EUR");
        check("1200 JPY", "1.055", "", "", "1266 JPY");
        check("0.00 EUR", "1.05", "1", "0.95", "0.00 EUR");
        check("70000000000000000000000000000 EUR", "10", "", "", "");
    }

    #[test]
    fn amounts_are_spelled_as_the_pack_wants_them() {
        let check = |template: &str, mark: &str, price: &str, whole: &str, amount: &str| {
            let format = PriceFormat {
                template: template.to_string(),
                decimal_mark: mark.to_string(),
                ..PriceFormat::default()
            };
            let spelling = PriceSpelling::new(&format);
            let price = Price::parse(price).expect("a price");
            assert_eq!(
                (spelling.write(price).as_str(), spelling.write_amount(price).as_str()),
                (whole, amount)
            );
        };
        check("{amount} {currency}", ".", "15 EUR", "15.00 EUR", "15.00");
        check("{currency}{amount}!", ",", "15.5 EUR", "EUR15,50!", "15,50");
        check("{amount}", ".", "15.005 EUR", "15.01", "15.01");
        check("{amount} {x}", ".", "1500 JPY", "1500 {x}", "1500");
        check("{amount}", ".", "1.234 KWD", "1.23", "1.23");
    }
}
