//! The prices of a BMEcat article: by type, for one order unit, of the smallest quantity; and the scale above it.
//!
//! An amount holds for PRICE_QUANTITY order units, times PRICE_FACTOR, from LOWER_BOUND on (BMEcat 1.2, 2001, and 2005). What is
//! in another currency than the catalogue's is written with its code. Where prices differ in currency or territory alone, the
//! catalogue's own is taken; which of several others is meant is never guessed.

use crate::feed::decimal::plain;
use crate::feed::tree::{Element, Name, Tree, first};
use rust_decimal::Decimal;
use std::collections::HashSet;

/// Steps of a scale.
const MOST_STEPS: usize = 4_096;

/// A value found; numbers are plain decimal text.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Found {
    Text(String),
    Number(String),
    Error(String),
}

/// Which prices are asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Wanted {
    /// `net_list`; `*`: any type.
    kind: String,
    currency: Option<String>,
    territory: Option<String>,
}

impl Wanted {
    /// Reads `net_list`, `net_list[PRICE_CURRENCY=CHF]`, `net_list[TERRITORY=AT]` or both conditions.
    pub fn of(text: &str) -> Wanted {
        let (kind, conditions) = text.split_once('[').unwrap_or((text, ""));
        let mut wanted = Wanted {
            kind: kind.trim().to_string(),
            currency: None,
            territory: None,
        };
        for condition in conditions.split('[').filter(|condition| !condition.is_empty()) {
            let parts = condition
                .trim()
                .strip_suffix(']')
                .and_then(|inside| inside.split_once('='));
            let value = |text: &str| Some(text.trim().trim_matches(['"', '\'']).to_string());
            match parts.map(|(name, text)| (name.trim(), value(text))) {
                Some(("PRICE_CURRENCY", text)) => wanted.currency = text,
                Some(("TERRITORY", text)) => wanted.territory = text,
                // No type is called so, and a field that nothing has is told.
                _ => wanted.kind = text.to_string(),
            }
        }
        wanted
    }
}

/// What a field says of prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PricePart {
    /// The amount for one order unit, of the smallest quantity.
    Amount,
    /// Its currency.
    Currency,
    /// The factor of its tax.
    Tax,
    /// Quantity, amount and currency of all quantities, as rows of a table.
    Scale,
    /// The amount for one content unit.
    Content,
}

/// What the header of the catalogue says for prices that do not say it themselves.
#[derive(Debug, Default)]
pub struct Defaults {
    pub currency: Option<String>,
    pub territories: Vec<String>,
}

/// What was done to the prices of the record at hand beyond reading them.
#[derive(Debug, Clone, Copy, Default)]
pub struct Done {
    /// They were for several order units.
    pub divided: bool,
    /// They were for one content unit.
    pub multiplied: bool,
    /// Prices in other currencies or territories were left out.
    pub left: bool,
    /// There are prices of larger quantities, which this field does not give.
    pub scaled: bool,
}

/// The names of the standard, as the tree knows them.
pub struct Prices {
    prices: [Name; 2],
    kind: Name,
    amount: Name,
    factor: Name,
    quantity: Name,
    bound: Name,
    currency: Name,
    territory: Name,
    tax: Name,
    daily: Name,
    formula: Name,
    base: Name,
    base_unit: Name,
    base_factor: Name,
    order: [Name; 2],
    order_unit: Name,
    content_unit: Name,
    contents: Name,
}

/// A price of the record.
struct Price<'t> {
    element: Element,
    bound: Result<Decimal, &'t str>,
    currency: Option<&'t str>,
    territories: Vec<&'t str>,
}

/// What an article says of all its prices.
#[derive(Default)]
struct Order<'t> {
    quantity: Option<&'t str>,
    unit: Option<&'t str>,
    content_unit: Option<&'t str>,
    /// Content units in an order unit.
    contents: Option<&'t str>,
    is_daily: bool,
}

impl Prices {
    pub fn new(tree: &mut Tree) -> Prices {
        let mut name = |text: &str| tree.name(text);
        Prices {
            prices: [name("ARTICLE_PRICE"), name("PRODUCT_PRICE")],
            kind: name("price_type"),
            amount: name("PRICE_AMOUNT"),
            factor: name("PRICE_FACTOR"),
            quantity: name("PRICE_QUANTITY"),
            bound: name("LOWER_BOUND"),
            currency: name("PRICE_CURRENCY"),
            territory: name("TERRITORY"),
            tax: name("TAX"),
            daily: name("DAILY_PRICE"),
            formula: name("PRICE_FORMULA"),
            base: name("PRICE_BASE"),
            base_unit: name("PRICE_UNIT"),
            base_factor: name("PRICE_UNIT_FACTOR"),
            order: [name("ARTICLE_ORDER_DETAILS"), name("PRODUCT_ORDER_DETAILS")],
            order_unit: name("ORDER_UNIT"),
            content_unit: name("CONTENT_UNIT"),
            contents: name("NO_CU_PER_OU"),
        }
    }

    /// What a part of the wanted prices says, and what was done to find it.
    pub fn find(&self, tree: &Tree, part: PricePart, wanted: &Wanted, defaults: &Defaults) -> (Vec<Found>, Done) {
        let mut done = Done::default();
        let mut prices = self.prices(tree, wanted, defaults);
        if part != PricePart::Scale {
            self.narrow(&mut prices, wanted, defaults, &mut done);
        }
        prices.sort_by_key(|price| price.bound.unwrap_or(Decimal::ZERO));
        let least = prices.first().map(|price| price.bound.unwrap_or(Decimal::ZERO));
        let is_least = |price: &&Price<'_>| Some(price.bound.unwrap_or(Decimal::ZERO)) == least;
        done.scaled = part != PricePart::Scale && prices.iter().any(|price| !is_least(&price));
        let order = self.order(tree, &prices, part);
        let mut found: Vec<Found> = match part {
            PricePart::Scale if prices.len() > MOST_STEPS => {
                vec![Found::Error(format!("a scale of {} steps", prices.len()))]
            }
            PricePart::Scale => (prices.iter())
                .filter_map(|price| self.step(tree, price, &order, &mut done))
                .collect(),
            PricePart::Amount | PricePart::Content => (prices.iter().filter(is_least))
                .filter_map(|price| {
                    let amount = self.amount(tree, price, &order, &mut done)?;
                    let amount = amount.and_then(|amount| match part {
                        PricePart::Content => order.of_content(amount),
                        _ => Ok(Some(amount)),
                    });
                    Some(match amount.transpose()? {
                        Ok(amount) => written(amount, price.currency, defaults),
                        Err(text) => Found::Error(text),
                    })
                })
                .collect(),
            PricePart::Currency => (prices.iter().filter(is_least))
                .filter_map(|price| price.currency.map(|text| Found::Text(text.to_string())))
                .collect(),
            PricePart::Tax => (prices.iter().filter(is_least))
                .filter_map(|price| tree.inside(price.element, self.tax).next())
                .map(|tax| match plain(tree.text_of(tax).trim()) {
                    Some(number) => Found::Number(number.into_owned()),
                    None => Found::Error(tree.text_of(tax).trim().to_string()),
                })
                .collect(),
        };
        if found.len() > 1 {
            // The same price said twice is one.
            let mut seen = HashSet::new();
            let new: Vec<bool> = found.iter().map(|value| seen.insert(value)).collect();
            let mut new = new.into_iter();
            found.retain(|_| new.next().unwrap_or(true));
        }
        (found, done)
    }

    /// What the article says of all its prices; nothing where no amount is asked for.
    fn order<'t>(&self, tree: &'t Tree, prices: &[Price<'_>], part: PricePart) -> Order<'t> {
        if prices.is_empty() || matches!(part, PricePart::Currency | PricePart::Tax) {
            return Order::default();
        }
        let details: Vec<Element> = self.order.iter().flat_map(|order| tree.anywhere(*order)).collect();
        let said = |name| {
            let found = details.iter().find_map(|details| first(tree, *details, name));
            found.map(str::trim)
        };
        let mut daily = tree.anywhere(self.daily).map(|daily| tree.text_of(daily).trim());
        Order {
            quantity: said(self.quantity),
            unit: said(self.order_unit),
            content_unit: said(self.content_unit),
            contents: said(self.contents).filter(|text| !text.is_empty()),
            is_daily: daily.any(|daily| daily.eq_ignore_ascii_case("true")),
        }
    }

    /// The prices of a type, those of the asked currency and territory where one is asked for.
    fn prices<'t>(&self, tree: &'t Tree, wanted: &'t Wanted, defaults: &'t Defaults) -> Vec<Price<'t>> {
        let same = |text: &str, asked: &Option<String>| {
            asked
                .as_deref()
                .is_none_or(|asked| asked.eq_ignore_ascii_case(text.trim()))
        };
        let is_default = || defaults.territories.iter().any(|text| same(text, &wanted.territory));
        let is_default = defaults.territories.is_empty() || wanted.territory.is_some() && is_default();
        let of_kind = (tree.any_of(self.prices))
            .filter(|price| wanted.kind == "*" || tree.attribute_of(*price, self.kind) == Some(&wanted.kind));
        of_kind
            .map(|element| Price {
                element,
                bound: match first(tree, element, self.bound).map(str::trim) {
                    None | Some("") => Ok(Decimal::ONE),
                    Some(text) => number(text).ok_or(text),
                },
                currency: (first(tree, element, self.currency).map(str::trim))
                    .filter(|text| !text.is_empty())
                    .or(defaults.currency.as_deref()),
                territories: (tree.named(element, self.territory))
                    .map(|territory| tree.text_of(territory).trim())
                    .collect(),
            })
            .filter(|price| {
                let everywhere = price.territories.is_empty();
                same(price.currency.unwrap_or(""), &wanted.currency)
                    && (wanted.territory.is_none()
                        || everywhere && is_default
                        || price.territories.iter().any(|text| same(text, &wanted.territory)))
            })
            .collect()
    }

    /// Of prices in several currencies or territories those of the catalogue itself, where it says which.
    fn narrow(&self, prices: &mut Vec<Price<'_>>, wanted: &Wanted, defaults: &Defaults, done: &mut Done) {
        let before = prices.len();
        if let (None, Some(own)) = (&wanted.currency, &defaults.currency) {
            let is_own = |price: &Price<'_>| {
                price
                    .currency
                    .is_some_and(|currency| currency.eq_ignore_ascii_case(own.trim()))
            };
            if prices.iter().any(is_own) {
                prices.retain(is_own);
            }
        }
        if wanted.territory.is_none() {
            let is_everywhere = |price: &Price<'_>| price.territories.is_empty();
            let is_own = |price: &Price<'_>| matches!(&defaults.territories[..], [own] if price.territories.contains(&own.trim()));
            if prices.iter().any(is_everywhere) {
                prices.retain(is_everywhere);
            } else if prices.iter().any(is_own) {
                prices.retain(is_own);
            }
        }
        done.left = prices.len() < before;
    }

    /// One row of the scale.
    fn step(&self, tree: &Tree, price: &Price<'_>, order: &Order<'_>, done: &mut Done) -> Option<Found> {
        let amount = self.amount(tree, price, order, done)?;
        Some(match (amount, price.bound) {
            (Ok(amount), Ok(bound)) => {
                let currency = price.currency.map_or(String::new(), |text| format!(" | {text}"));
                Found::Text(format!("{} | {amount}{currency}", bound.normalize()))
            }
            (Err(text), _) => Found::Error(text),
            (_, Err(text)) => Found::Error(format!("LOWER_BOUND {text}")),
        })
    }

    /// The amount of a price for one order unit; the error is what cannot be counted with. None where it has no amount.
    fn amount(
        &self,
        tree: &Tree,
        price: &Price<'_>,
        order: &Order<'_>,
        done: &mut Done,
    ) -> Option<Result<Decimal, String>> {
        let Some(text) = first(tree, price.element, self.amount)
            .map(str::trim)
            .filter(|text| !text.is_empty())
        else {
            let formula = first(tree, price.element, self.formula).is_some();
            return formula.then(|| Err("PRICE_FORMULA".to_string()));
        };
        if let Err(bound) = price.bound {
            return Some(Err(format!("LOWER_BOUND {bound}")));
        }
        // Only the decimal point is allowed by the standard, without group marks.
        let Some(amount) = number(text) else {
            return Some(Err(text.to_string()));
        };
        if amount.is_zero() && order.is_daily {
            // A daily price of nothing is a price on request.
            return None;
        }
        let factor = match first(tree, price.element, self.factor).map(str::trim) {
            None | Some("") => Some(Decimal::ONE),
            Some(text) => number(text),
        };
        // Files write the quantity beside the amount too, where the standard has it in the order details.
        let quantity = first(tree, price.element, self.quantity)
            .map(str::trim)
            .or(order.quantity);
        let quantity = match quantity {
            None | Some("") => Some(Decimal::ONE),
            Some(text) => number(text),
        };
        let (Some(factor), Some(quantity)) = (factor, quantity) else {
            return Some(Err(format!("{text} with a factor or quantity that is no number")));
        };
        let bases = match self.bases(tree, price, order) {
            Ok(bases) => bases,
            Err(base) => return Some(Err(base)),
        };
        done.divided |= quantity != Decimal::ONE;
        done.multiplied |= bases != Decimal::ONE;
        let product = amount
            .checked_mul(factor)
            .and_then(|product| product.checked_mul(bases));
        let exact = product.and_then(|product| product.checked_div(quantity));
        let (Some(product), Some(exact)) = (product, exact) else {
            return Some(Err(format!("{amount} x {factor} / {quantity}")));
        };
        // What does not divide is kept to ten decimals, far below any cent.
        let kept = match exact.checked_mul(quantity) == Some(product) {
            true => exact,
            false => exact.round_dp(10),
        };
        Some(Ok(kept.normalize()))
    }

    /// How many of the units that a price holds for are in an order unit (PRICE_BASE, 2005): one, or the content units of the order
    /// unit. The schema names a factor without a word on what is multiplied; one that says anything else than NO_CU_PER_OU is an
    /// error, as is a third unit.
    fn bases(&self, tree: &Tree, price: &Price<'_>, order: &Order<'_>) -> Result<Decimal, String> {
        let base = tree.named(price.element, self.base).next();
        let Some((base, unit)) = base.and_then(|base| Some((base, first(tree, base, self.base_unit)?.trim()))) else {
            return Ok(Decimal::ONE);
        };
        let text = first(tree, base, self.base_factor)
            .map(str::trim)
            .filter(|text| !text.is_empty());
        let factor = text.map(|text| number(text).ok_or(text));
        let contents = order
            .contents
            .and_then(number)
            .filter(|contents| *contents > Decimal::ZERO);
        match (factor, contents) {
            (None, _) if order.unit == Some(unit) => return Ok(Decimal::ONE),
            (Some(Ok(factor)), _) if order.unit == Some(unit) && factor == Decimal::ONE => return Ok(Decimal::ONE),
            (None, Some(contents)) if order.content_unit == Some(unit) => return Ok(contents),
            (Some(Ok(factor)), Some(contents)) if order.content_unit == Some(unit) => {
                let is_inverse = factor.checked_mul(contents) == Some(Decimal::ONE);
                if factor == contents || is_inverse {
                    return Ok(contents);
                }
            }
            _ => {}
        }
        Err(format!(
            "a price for {}{unit} of an article ordered by {}",
            text.map_or(String::new(), |text| format!("{text} ")),
            order.unit.unwrap_or("another unit")
        ))
    }
}

impl Order<'_> {
    /// The amount for one content unit; none where the article does not say how many there are in an order unit.
    fn of_content(&self, amount: Decimal) -> Result<Option<Decimal>, String> {
        let Some(text) = self.contents else {
            return Ok(None);
        };
        let divided = number(text).and_then(|contents| amount.checked_div(contents));
        match divided {
            Some(divided) => Ok(Some(divided.round_dp(10).normalize())),
            None => Err(format!("{amount} / {text}")),
        }
    }
}

fn number(text: &str) -> Option<Decimal> {
    plain(text).and_then(|plain| plain.parse::<Decimal>().ok())
}

/// An amount, with its currency where that is not the catalogue's.
fn written(amount: Decimal, currency: Option<&str>, defaults: &Defaults) -> Found {
    let is_own = |own: &String| currency.is_some_and(|currency| currency.eq_ignore_ascii_case(own.trim()));
    match currency {
        Some(currency) if !defaults.currency.as_ref().is_some_and(is_own) => {
            // Three decimals could be thousands to a reader of texts; four could not.
            let mut amount = amount;
            if amount.scale() == 3 {
                amount.rescale(4);
            }
            Found::Text(format!("{amount} {}", currency.to_ascii_uppercase()))
        }
        _ => Found::Number(amount.to_string()),
    }
}
