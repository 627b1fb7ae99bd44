//! Amounts, numbers, dates and quantities: what is lower, above, and in which unit.

use crate::channel::pack::check::Check;
use crate::channel::rule::compiler::{Compiler, ELSEWHERE, Skip};
use crate::channel::rule::fault::Fault;
use crate::channel::rule::finding::{Sink, content, each, filled, first};
use crate::channel::rule::quantity::{amount_and_currency, compare, leading_number, split_measure};
use crate::product::listing::{Content, Listing};
use rust_decimal::Decimal;
use std::cmp::Ordering;

/// A rule about numbers.
#[derive(Debug, Clone)]
pub enum PriceTest {
    /// a < b, or a <= b.
    Below { a: u16, b: u16, or_equal: bool },
    /// a differs from b.
    Differ(u16, u16),
    /// Above a constant, unless a field is filled.
    Above {
        field: u16,
        value: Decimal,
        unless: Option<u16>,
    },
    /// Between two constants.
    Between(u16, Decimal, Decimal),
    /// Parts of a group in order: least, price, greatest.
    Ordered { field: u16, parts: [String; 3] },
    /// Discounts in a group: price, discount, start, end.
    Discount { field: u16, parts: [String; 4] },
    /// The currency is named.
    HasCurrency(u16),
    /// A whole number.
    MinorUnits(u16),
    /// One unit.
    SameUnit(Vec<u16>),
    /// In stock means that there is a quantity.
    Stock {
        availability: u16,
        quantity: u16,
        words: Vec<String>,
    },
}

impl PriceTest {
    /// Compiles a check of this topic.
    pub fn compile(check: &Check, compiler: &mut Compiler<'_>) -> Result<PriceTest, Skip> {
        Ok(match check {
            Check::Lt { a, b } => PriceTest::Below {
                a: compiler.field(a),
                b: compiler.field(b),
                or_equal: false,
            },
            Check::Le { a, b } => PriceTest::Below {
                a: compiler.field(a),
                b: compiler.field(b),
                or_equal: true,
            },
            Check::Ne { a, b } => PriceTest::Differ(compiler.field(a), compiler.field(b)),
            Check::GtConst { field, value, unless } => PriceTest::Above {
                field: compiler.field(field),
                value: *value,
                unless: unless.as_deref().map(|name| compiler.field(name)),
            },
            Check::Range {
                field,
                value: [least, greatest],
            } => {
                if least > greatest {
                    compiler.fault(
                        "has a range that holds nothing".to_string(),
                        "write the smaller number first",
                    );
                }
                PriceTest::Between(compiler.field(field), *least, *greatest)
            }
            Check::RangeFields {
                field,
                minimum,
                price,
                maximum,
            } => PriceTest::Ordered {
                field: compiler.field(field),
                parts: [minimum.clone(), price.clone(), maximum.clone()],
            },
            Check::ScheduleLt {
                field,
                price,
                discount,
                start,
                end,
            } => PriceTest::Discount {
                field: compiler.field(field),
                parts: [price.clone(), discount.clone(), start.clone(), end.clone()],
            },
            Check::HasCurrency { field } => PriceTest::HasCurrency(compiler.field(field)),
            Check::MinorUnits { field } => PriceTest::MinorUnits(compiler.field(field)),
            Check::SameUnit { fields } => PriceTest::SameUnit(compiler.fields(fields)),
            Check::StockConsistent {
                fields: [availability, quantity],
                in_stock,
            } => {
                let mut words = in_stock.clone();
                if words.is_empty() {
                    let spelled = &compiler.pack().file.availability;
                    words.extend(spelled.in_stock.iter().chain(&spelled.limited).cloned());
                }
                PriceTest::Stock {
                    availability: compiler.field(availability),
                    quantity: compiler.field(quantity),
                    words,
                }
            }
            _ => return Err(ELSEWHERE),
        })
    }

    /// Runs the rule on a listing.
    pub fn run(&self, listing: &Listing, sink: &mut Sink<'_>) {
        match self {
            PriceTest::Below { a, b, or_equal } => {
                let (low, high) = (first(listing, *a), first(listing, *b));
                if low.is_empty() || high.is_empty() {
                    return;
                }
                let fault = match compare(low, high) {
                    None => Fault::NotComparable,
                    Some(Ordering::Greater) if *or_equal => Fault::Above,
                    Some(Ordering::Equal | Ordering::Greater) if !*or_equal => Fault::NotLower,
                    Some(_) => return,
                };
                sink.found(fault, Some(*a), Some(&format!("{low}, {high}")));
            }
            PriceTest::Differ(a, b) => {
                let (one, other) = (first(listing, *a), first(listing, *b));
                if !one.is_empty() && one == other {
                    sink.found(Fault::Equal, Some(*a), Some(one));
                }
            }
            PriceTest::Above { field, value, unless } => {
                if unless.is_some_and(|unless| filled(listing, unless)) {
                    return;
                }
                each(content(listing, *field), |text| {
                    if leading_number(text).is_some_and(|number| number <= *value) {
                        sink.found(Fault::NotAbove, Some(*field), Some(text));
                    }
                });
            }
            PriceTest::Between(field, least, greatest) => each(content(listing, *field), |text| {
                if leading_number(text).is_none_or(|number| number < *least || number > *greatest) {
                    sink.found(Fault::OutOfRange, Some(*field), Some(text));
                }
            }),
            PriceTest::Ordered {
                field,
                parts: [minimum, price, maximum],
            } => each_group(listing, *field, |parts| {
                let [low, middle, high] = [minimum, price, maximum].map(|name| leading_number(part(parts, name)));
                let broken = |low: Option<Decimal>, high: Option<Decimal>| matches!((low, high), (Some(low), Some(high)) if low > high);
                if broken(low, middle) || broken(middle, high) || broken(low, high) {
                    sink.found(Fault::RangeBroken, Some(*field), Some(part(parts, price)));
                }
            }),
            PriceTest::Discount {
                field,
                parts: [price, discount, start, end],
            } => each_group(listing, *field, |parts| {
                let lower = part(parts, discount);
                if lower.is_empty() {
                    return;
                }
                if compare(lower, part(parts, price)) != Some(Ordering::Less) {
                    sink.found(Fault::DiscountNotLower, Some(*field), Some(lower));
                }
                if part(parts, start).is_empty() || part(parts, end).is_empty() {
                    sink.found(Fault::PeriodMissing, Some(*field), Some(lower));
                }
            }),
            PriceTest::HasCurrency(field) => each(content(listing, *field), |text| {
                if amount_and_currency(text).is_none_or(|(_, currency)| currency.is_empty()) {
                    sink.found(Fault::NoCurrency, Some(*field), Some(text));
                }
            }),
            PriceTest::MinorUnits(field) => each(content(listing, *field), |text| {
                let amount = amount_and_currency(text).map_or(text, |(amount, _)| amount);
                if amount.is_empty() || !amount.bytes().all(|byte| byte.is_ascii_digit()) {
                    sink.found(Fault::NotMinorUnits, Some(*field), Some(text));
                }
            }),
            PriceTest::SameUnit(fields) => {
                let mut unit = None;
                for field in fields {
                    let text = first(listing, *field);
                    let Some((_, own)) = split_measure(text) else {
                        continue;
                    };
                    if *unit.get_or_insert(own) != own {
                        sink.found(Fault::UnitsDiffer, Some(*field), Some(text));
                    }
                }
            }
            PriceTest::Stock {
                availability,
                quantity,
                words,
            } => {
                let said = first(listing, *availability);
                let count = leading_number(first(listing, *quantity));
                if words.iter().any(|word| word == said) && count.is_some_and(|count| count <= Decimal::ZERO) {
                    sink.found(Fault::NoStock, Some(*availability), Some(said));
                }
            }
        }
    }
}

fn each_group<'a>(listing: &'a Listing, field: u16, mut then: impl FnMut(&'a [(String, String)])) {
    if let Content::Groups(groups) = content(listing, field) {
        groups.iter().for_each(|parts| then(parts));
    }
}

/// The text of a part of a group, or `""`.
pub fn part<'a>(parts: &'a [(String, String)], name: &str) -> &'a str {
    parts.iter().find(|(own, _)| own == name).map_or("", |(_, text)| text)
}
