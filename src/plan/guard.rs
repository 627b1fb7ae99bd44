//! Guards: what is likely a mistake of the sender is held for a person, the rest goes on.
//!
//! Each guard answers an incident that has happened to somebody (docs/guards.md names them). A guard looks at one item, or
//! at the share of a delivery's items that move together; it never changes a value.

use crate::diagnostic::{Diagnostic, Place};
use crate::plan::{PlanWriter, Verdict};
use crate::product::batch::DeliveredFile;
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::schema::known::Known;
use crate::value::{Kind, Value};
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A share written in percent (`10%`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = r"^[0-9]{1,3}(\.[0-9]{1,2})?%$"))]
pub struct Share(Decimal);

impl Share {
    /// A share in whole percent.
    pub const fn percent(percent: u32) -> Share {
        Share(Decimal::from_parts(percent, 0, 0, false, 2))
    }

    /// True where `part` of `whole` is more than this share.
    pub fn exceeded(self, part: usize, whole: usize) -> bool {
        Decimal::from(part) > self.0 * Decimal::from(whole)
    }
}

impl TryFrom<String> for Share {
    type Error = String;

    fn try_from(text: String) -> Result<Share, String> {
        let number = text
            .trim()
            .strip_suffix('%')
            .and_then(|number| number.trim().parse::<Decimal>().ok());
        match number {
            Some(number) if number >= Decimal::ZERO && number <= Decimal::ONE_HUNDRED => {
                Ok(Share(number / Decimal::ONE_HUNDRED))
            }
            _ => Err(format!("`{text}` is not a share such as \"10%\"")),
        }
    }
}

impl From<Share> for String {
    fn from(share: Share) -> String {
        format!("{}%", (share.0 * Decimal::ONE_HUNDRED).normalize())
    }
}

/// The guards' settings: in `estante.toml` for all, in `supplier.toml` for one supplier.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GuardSettings {
    /// Hold all withdrawals when more than this share of the known items is missing from a snapshot. Default 10%.
    pub missing_share: Option<Share>,
    /// Shares are only judged from this many items on. Default 20.
    pub least_items: Option<u32>,
    /// Hold a snapshot with fewer rows than this. Not judged by default.
    pub least_rows: Option<u64>,
    /// Hold an item whose price moves by more than this factor, up or down. Default "2".
    pub price_ratio: Option<String>,
    /// Hold every price change when more than this share of the items trips `price_ratio`. Default 5%.
    pub price_trips: Option<Share>,
    /// Hold every price change when more than this share of the items moves by more than a tenth. Default 20%.
    pub price_moves: Option<Share>,
    /// Hold every price change when at least this share of the changes has one factor: 10, 100, 1,000 or a VAT rate. Default 30%.
    pub common_factor: Option<Share>,
    /// Hold items that fall together on one new price when they are more than this share. Default 5%.
    pub same_price: Option<Share>,
    /// Hold items that lose their price when they are more than this share. Default 5%.
    pub blank_price: Option<Share>,
    /// Hold every stock change when the share of items in stock falls by more than this. Default 30%.
    pub stock_drop: Option<Share>,
    /// Hold a delivery whose files are smaller than this share of the median of the last five. Default 70%.
    pub least_size: Option<Share>,
    /// Hold an item, new ones too, whose price comes below this amount, whatever its currency. Not judged by default.
    pub price_floor: Option<String>,
    /// Hold an item, new ones too, whose price comes above this amount, whatever its currency. Not judged by default.
    pub price_ceiling: Option<String>,
    /// Hold an item, new ones too, whose price comes below its cost, where both are said in one currency. Default true.
    pub below_cost: Option<bool>,
    /// Factors for other numbers than the price, by attribute: an item is held where one of them moves by more than its factor.
    #[serde(default)]
    pub ratios: BTreeMap<String, String>,
    /// Hold a delivery whose newest file was written more than so many hours ago. Not judged by default.
    pub stale_after_hours: Option<u32>,
}

/// The settings in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Guards {
    pub missing_share: Share,
    pub least_items: usize,
    pub least_rows: Option<u64>,
    pub price_ratio: Decimal,
    pub price_trips: Share,
    pub price_moves: Share,
    pub common_factor: Share,
    pub same_price: Share,
    pub blank_price: Share,
    pub stock_drop: Share,
    pub least_size: Share,
    pub price_floor: Option<Decimal>,
    pub price_ceiling: Option<Decimal>,
    pub below_cost: bool,
    /// Sorted by attribute.
    pub ratios: Vec<(AttributeId, Decimal)>,
    pub stale_after_hours: Option<u32>,
}

/// A setting that cannot be: its keys under `[guards]`, what is wrong with it, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadSetting {
    pub keys: Vec<String>,
    pub message: &'static str,
    pub text: String,
}

impl Guards {
    /// The supplier's settings, else the workspace's, else the defaults.
    pub fn new(workspace: &GuardSettings, supplier: &GuardSettings, schema: &Schema) -> Result<Guards, BadSetting> {
        let bad = |keys: &[&str], message, text: &str| BadSetting {
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            message,
            text: text.to_owned(),
        };
        let factor = |keys: &[&str], text: &String| match text.trim().parse::<Decimal>() {
            Ok(ratio) if ratio > Decimal::ONE => Ok(ratio),
            _ => Err(bad(keys, "not a factor above 1", text)),
        };
        let amount = |key: &str, own: &Option<String>, all: &Option<String>| {
            let text = own.as_ref().or(all.as_ref());
            text.map(|text| match text.trim().parse::<Decimal>() {
                Ok(amount) if amount >= Decimal::ZERO => Ok(amount),
                _ => Err(bad(&[key], "not an amount", text)),
            })
            .transpose()
        };
        let ratio = supplier.price_ratio.as_ref().or(workspace.price_ratio.as_ref());
        let price_ratio = ratio.map_or(Ok(Decimal::TWO), |text| factor(&["price_ratio"], text))?;
        let mut ratios = BTreeMap::new();
        for (code, text) in workspace.ratios.iter().chain(&supplier.ratios) {
            let keys = ["ratios", code.as_str()];
            let numbers = [Kind::Integer, Kind::Decimal, Kind::Measure, Kind::Money];
            let id = schema
                .by_code(code)
                .filter(|id| numbers.contains(&schema.attribute(*id).kind))
                .ok_or_else(|| bad(&keys, "not an attribute that is a number", code))?;
            ratios.insert(id, factor(&keys, text)?);
        }
        let share = |own: Option<Share>, all: Option<Share>, percent| own.or(all).unwrap_or(Share::percent(percent));
        Ok(Guards {
            missing_share: share(supplier.missing_share, workspace.missing_share, 10),
            least_items: supplier.least_items.or(workspace.least_items).unwrap_or(20) as usize,
            least_rows: supplier.least_rows.or(workspace.least_rows),
            price_ratio,
            price_trips: share(supplier.price_trips, workspace.price_trips, 5),
            price_moves: share(supplier.price_moves, workspace.price_moves, 20),
            common_factor: share(supplier.common_factor, workspace.common_factor, 30),
            same_price: share(supplier.same_price, workspace.same_price, 5),
            blank_price: share(supplier.blank_price, workspace.blank_price, 5),
            stock_drop: share(supplier.stock_drop, workspace.stock_drop, 30),
            least_size: share(supplier.least_size, workspace.least_size, 70),
            price_floor: amount("price_floor", &supplier.price_floor, &workspace.price_floor)?,
            price_ceiling: amount("price_ceiling", &supplier.price_ceiling, &workspace.price_ceiling)?,
            below_cost: supplier.below_cost.or(workspace.below_cost).unwrap_or(true),
            ratios: ratios.into_iter().collect(),
            stale_after_hours: supplier.stale_after_hours.or(workspace.stale_after_hours),
        })
    }
}

/// What is wrong with one item, whatever the others do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Alarm {
    /// The price comes below the floor.
    Floor,
    /// The price comes above the ceiling.
    Ceiling,
    /// The price comes below the cost.
    BelowCost,
    /// The price is in another currency than before.
    Currency,
    /// A number moves by more than its factor.
    Ratio(AttributeId),
}

impl Alarm {
    /// What is wrong with an item; `said` gives what it says of an attribute, `before` what was known. Only what changes is judged.
    pub fn of<'v>(
        guards: &Guards,
        known: &Known,
        before: &dyn Fn(AttributeId) -> Option<&'v Value>,
        said: &dyn Fn(AttributeId) -> Option<&'v Value>,
    ) -> Option<Alarm> {
        let price = |of: &dyn Fn(AttributeId) -> Option<&'v Value>| known.price.and_then(of);
        let cost = |of: &dyn Fn(AttributeId) -> Option<&'v Value>| known.cost.and_then(of);
        let (was, is) = (price(before), price(said));
        if let (Some(Value::Money(was)), Some(Value::Money(is))) = (was, is)
            && was.currency != is.currency
        {
            return Some(Alarm::Currency);
        }
        if let Some(amount) = is.filter(|is| was != Some(*is)).and_then(number) {
            if guards.price_floor.is_some_and(|floor| amount < floor) {
                return Some(Alarm::Floor);
            }
            if guards.price_ceiling.is_some_and(|ceiling| amount > ceiling) {
                return Some(Alarm::Ceiling);
            }
        }
        let lossy = |price: Option<&Value>, cost: Option<&Value>| match (price, cost) {
            (Some(Value::Money(price)), Some(Value::Money(cost))) => {
                price.currency == cost.currency && price.amount < cost.amount
            }
            _ => false,
        };
        if guards.below_cost && lossy(is.or(was), cost(said).or(cost(before))) && !lossy(was, cost(before)) {
            return Some(Alarm::BelowCost);
        }
        let moved = |(id, factor): &(AttributeId, Decimal)| {
            let (was, is) = (number(before(*id)?)?, number(said(*id)?)?);
            let far = was > Decimal::ZERO && (is > was.saturating_mul(*factor) || is.saturating_mul(*factor) < was);
            far.then_some(Alarm::Ratio(*id))
        };
        guards.ratios.iter().find_map(moved)
    }

    fn finding(self, guards: &Guards, schema: &Schema) -> Diagnostic {
        let accept = "the item is held; if it is right, take it in: `estante batches --held BATCH --accept SKU`";
        let amount = |amount: Option<Decimal>| amount.unwrap_or_default().normalize().to_string();
        let (code, message) = match self {
            Alarm::Floor => (
                "G-PRICE-FLOOR",
                format!("the price is below {}", amount(guards.price_floor)),
            ),
            Alarm::Ceiling => (
                "G-PRICE-CEILING",
                format!("the price is above {}", amount(guards.price_ceiling)),
            ),
            Alarm::BelowCost => ("G-BELOW-COST", "the price is below the cost".to_owned()),
            Alarm::Currency => ("G-CURRENCY", "the price is in another currency than before".to_owned()),
            Alarm::Ratio(id) => {
                let factor = guards
                    .ratios
                    .iter()
                    .find(|(of, _)| *of == id)
                    .map(|(_, factor)| *factor);
                let code = &schema.attribute(id).code;
                (
                    "G-RATIO",
                    format!("`{code}` moves by more than a factor of {}", amount(factor)),
                )
            }
        };
        Diagnostic::warning(code, message).with_help(accept)
    }
}

/// The number of a value that is one; measures of one attribute have its unit.
fn number(value: &Value) -> Option<Decimal> {
    match value {
        Value::Integer(number) => Some(Decimal::from(*number)),
        Value::Decimal(number) => Some(*number),
        Value::Measure(measure) => Some(measure.amount),
        Value::Money(price) => Some(price.amount),
        _ => None,
    }
}

/// Holds the items that something is wrong with, by entry in ascending order; the findings follow `reasons`, which are the held
/// entries' reasons.
pub fn judge_items(
    alarms: &[(u32, Alarm)],
    guards: &Guards,
    schema: &Schema,
    plan: &mut PlanWriter,
    reasons: &mut Vec<Diagnostic>,
) {
    let kinds: BTreeSet<Alarm> = alarms.iter().map(|(_, alarm)| *alarm).collect();
    for kind in kinds {
        let reason = reasons.len() as u16;
        let mut holds = false;
        for (entry, _) in alarms.iter().filter(|(_, alarm)| *alarm == kind) {
            if plan.verdict(*entry) == Verdict::Go {
                plan.judge(*entry, Verdict::Held(reason));
                holds = true;
            }
        }
        if holds {
            reasons.push(kind.finding(guards, schema));
        }
    }
}

/// What the guards look at of one changed item. Prices are amounts in one currency.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Move {
    /// Number of the entry in the plan.
    pub entry: u32,
    /// Price before and after, where both are said in one currency.
    pub price: Option<(Decimal, Decimal)>,
    /// True where there was a price and the record is silent on it.
    pub price_lost: bool,
    /// In stock before and after, where both are said.
    pub stock: Option<(bool, bool)>,
    /// True where the record changes the stock.
    pub stock_changed: bool,
}

/// The delivery as a whole.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Extent {
    /// Items known before and not withdrawn.
    pub known: usize,
    /// Known items that the delivery still has.
    pub seen: usize,
    /// Known items that are in stock, where that was asked for.
    pub in_stock: Option<usize>,
    /// Items the delivery no longer has.
    pub missing: usize,
}

/// VAT rates in force in the European Union and its neighbours (European Commission, Taxes in Europe database, 2026), as factors.
/// Those below a tenth are not told from a price list that rises, and harm less.
const VAT: [&str; 16] = [
    "1.1", "1.12", "1.13", "1.14", "1.15", "1.17", "1.18", "1.19", "1.2", "1.21", "1.22", "1.23", "1.24", "1.25",
    "1.255", "1.27",
];
/// As many missing items as this are held where they are more than half, however small the catalog.
const FEW: usize = 5;

/// Judges the moves of a delivery: writes verdicts into the plan and gives the findings, which are the held entries' reasons,
/// in the same order.
pub fn judge(moves: &[Move], extent: Extent, guards: &Guards, plan: &mut PlanWriter) -> Vec<Diagnostic> {
    let mut reasons: Vec<Diagnostic> = Vec::new();
    let mut hold = |finding: Diagnostic, entries: &mut dyn Iterator<Item = u32>| {
        let reason = reasons.len() as u16;
        reasons.push(finding);
        for entry in entries {
            if plan.verdict(entry) == Verdict::Go {
                plan.judge(entry, Verdict::Held(reason));
            }
        }
    };
    let whole = extent.seen.max(1);
    let enough = |count: usize| count >= guards.least_items;
    let prices: Vec<(u32, Decimal, Decimal)> = moves
        .iter()
        .filter_map(|m| m.price.map(|(before, after)| (m.entry, before, after)))
        .filter(|(_, before, after)| before != after)
        .collect();
    let all_prices = || prices.iter().map(|(entry, ..)| *entry);

    // The more a guard explains, the earlier it speaks: the first to hold an entry is its reason.
    if let Some((name, count)) = common_factor(&prices).filter(|(_, count)| {
        enough(*count) && !Share(Decimal::ONE - guards.common_factor.0).exceeded(prices.len() - count, prices.len())
    }) {
        let finding = Diagnostic::error("G-COMMON-FACTOR", format!("{count} of {} price changes share {name}", prices.len()))
            .with_help("a decimal mark or the tax basis was misread or changed; correct `numbers`, `prices` or `vat`; if it is meant, loosen `common_factor` for this supplier");
        hold(finding, &mut all_prices());
    }
    let mut by_price: BTreeMap<Decimal, usize> = BTreeMap::new();
    for (_, _, after) in &prices {
        *by_price.entry(after.normalize()).or_default() += 1;
    }
    for (price, count) in by_price {
        if enough(count) && guards.same_price.exceeded(count, whole) {
            let finding = Diagnostic::error("G-SAME-PRICE", format!("{count} items fall together on one price"))
                .with_value(&price.to_string())
                .with_help("ask the supplier; if it is a real promotion, loosen `same_price` for this supplier");
            hold(
                finding,
                &mut prices
                    .iter()
                    .filter(|(_, _, after)| *after == price)
                    .map(|(entry, ..)| *entry),
            );
        }
    }
    let trips = |before: Decimal, after: Decimal| {
        before > Decimal::ZERO
            && (after > before.saturating_mul(guards.price_ratio) || after.saturating_mul(guards.price_ratio) < before)
    };
    let tripped: Vec<u32> = prices
        .iter()
        .filter(|(_, b, a)| trips(*b, *a))
        .map(|(entry, ..)| *entry)
        .collect();
    if enough(tripped.len()) && guards.price_trips.exceeded(tripped.len(), whole) {
        let finding = Diagnostic::error(
            "G-PRICES-TRIP",
            format!(
                "{} of {whole} prices move by more than a factor of {}",
                tripped.len(),
                guards.price_ratio
            ),
        )
        .with_help(
            "all price changes of the delivery are held; if they are meant, loosen `price_trips` for this supplier",
        );
        hold(finding, &mut all_prices());
    }
    let tenth = |before: Decimal, after: Decimal| (after - before).abs() > before.abs() / Decimal::TEN;
    let moved = prices.iter().filter(|(_, b, a)| tenth(*b, *a)).count();
    if enough(moved) && guards.price_moves.exceeded(moved, whole) {
        let finding = Diagnostic::error(
            "G-PRICES-MOVE",
            format!("{moved} of {whole} prices move by more than a tenth"),
        )
        .with_help("all price changes of the delivery are held; raise `price_moves` if this supplier does that");
        hold(finding, &mut all_prices());
    }
    if !tripped.is_empty() {
        let finding = Diagnostic::warning(
            "G-PRICE-RATIO",
            format!("the price moves by more than a factor of {}", guards.price_ratio),
        )
        .with_help("the item keeps its old values; if the price is right, take it in: `estante batches --held BATCH --accept SKU`");
        hold(finding, &mut tripped.iter().copied());
    }
    let lost = moves.iter().filter(|m| m.price_lost).count();
    if enough(lost) && guards.blank_price.exceeded(lost, whole) {
        let finding = Diagnostic::error("G-PRICE-BLANK", format!("{lost} of {whole} items lost their price"))
            .with_help("a blank is no price: the old prices stay; ask the supplier for a complete file");
        hold(finding, &mut moves.iter().filter(|m| m.price_lost).map(|m| m.entry));
    }
    let fallen = fallen(moves);
    // What is out of stock cannot fall.
    let stocked = extent.in_stock.unwrap_or(whole).max(fallen);
    if enough(fallen) && guards.stock_drop.exceeded(fallen, stocked) {
        let finding = Diagnostic::error(
            "G-STOCK-COLLAPSE",
            format!("{fallen} of {stocked} items that are in stock would go out of it at once"),
        )
        .with_help("all stock changes of the delivery are held; an export of zeros looks just like this");
        hold(finding, &mut moves.iter().filter(|m| m.stock_changed).map(|m| m.entry));
    }
    reasons
}

/// How many more items go out of stock than come in.
fn fallen(moves: &[Move]) -> usize {
    let count = |stock| moves.iter().filter(|m| m.stock == Some(stock)).count();
    count((true, false)).saturating_sub(count((false, true)))
}

/// True where so many items go out of stock that it must be known how many are in it.
pub fn asks_for_stock(moves: &[Move], guards: &Guards) -> bool {
    fallen(moves) >= guards.least_items
}

/// Says whether a snapshot's withdrawals are to be held.
pub fn too_many_missing(extent: Extent, guards: &Guards) -> Option<Diagnostic> {
    let trips = extent.missing >= guards.least_items.min(extent.known.max(1))
        && guards.missing_share.exceeded(extent.missing, extent.known);
    // A delivery that lacks most of what is known is no snapshot, however small the catalog.
    let nothing = extent.known > 0 && extent.missing == extent.known;
    let most = extent.missing >= FEW && extent.missing * 2 > extent.known && guards.missing_share < Share::percent(100);
    (trips || nothing || most).then(|| {
        Diagnostic::error(
            "G-MISSING-SHARE",
            format!(
                "{} of {} known items are missing from the delivery",
                extent.missing, extent.known
            ),
        )
        .with_help("nothing is withdrawn; ask for a complete file, or set mode = \"delta\" if it only lists changes")
    })
}

/// What is wrong with a file as a whole: a delivery with one of these is no measure for the next.
pub const OF_FILES: [&str; 6] = [
    "G-CUT-SHORT",
    "G-FEW-ROWS",
    "G-NO-LAST-LINE-END",
    "G-NO-ROWS",
    "G-SMALL-FILE",
    "G-STALE-FILE",
];
/// What a batch says that takes in the last of what another held, whose number is the value: its files are a measure after all.
pub const ACCEPTED: &str = "I-DELIVERY-ACCEPTED";

/// Says what is wrong with the files of a delivery as a whole, looking at those of the last deliveries, the newest first.
pub fn judge_files(
    files: &[DeliveredFile],
    earlier: &[Vec<DeliveredFile>],
    snapshot: bool,
    guards: &Guards,
) -> Vec<Diagnostic> {
    let mut reasons = Vec::new();
    let place = || Place::file(files.first().map_or("", |file| file.path.as_str()));
    if files.iter().all(|file| file.rows == 0) {
        reasons.push(
            Diagnostic::error("G-NO-ROWS", "the delivery has a header and no rows")
                .at(place())
                .with_help("nothing is withdrawn; ask the supplier for the whole file"),
        );
    }
    let rows: u64 = files.iter().map(|file| file.rows).sum();
    if let Some(least) = guards
        .least_rows
        .filter(|least| snapshot && (1..*least).contains(&rows))
    {
        reasons.push(
            Diagnostic::error(
                "G-FEW-ROWS",
                format!("the delivery has {rows} rows, and at least {least} are expected"),
            )
            .at(place())
            .with_help(
                "nothing of it is taken: ask the supplier for the whole file, or lower `least_rows` for this supplier",
            ),
        );
    }
    let newline = |files: &[DeliveredFile]| files.iter().all(|file| file.ends_with_newline);
    if earlier.first().is_some_and(|files| newline(files)) && !newline(files) {
        let message = "the file does not end with a line end, and its predecessor did";
        reasons.push(
            Diagnostic::error("G-NO-LAST-LINE-END", message)
                .at(place())
                .with_help("the last row may be cut short: fetch the file again, or add the line end if it is whole"),
        );
    }
    if snapshot && earlier.len() >= 2 {
        let whole = |files: &[DeliveredFile]| files.iter().map(|file| file.bytes).sum::<u64>();
        let mut sizes: Vec<u64> = earlier.iter().map(|files| whole(files)).collect();
        sizes.sort_unstable();
        let (median, size) = (sizes[sizes.len() / 2], whole(files));
        if size < median && !guards.least_size.exceeded(size as usize, median as usize) {
            let message = format!("the delivery has {size} bytes, its predecessors had {median} in the median");
            reasons.push(
                Diagnostic::error("G-SMALL-FILE", message)
                    .at(place())
                    .with_help("it is likely cut short: fetch it again, or lower `least_size` for this supplier"),
            );
        }
    }
    reasons
}

/// The factor that most price changes share, in words, and how many do.
fn common_factor(prices: &[(u32, Decimal, Decimal)]) -> Option<(String, usize)> {
    let mut best: Option<(String, usize)> = None;
    let mut offer = |name: String, count: usize| {
        if count > best.as_ref().map_or(0, |(_, most)| *most) {
            best = Some((name, count));
        }
    };
    let cent = Decimal::new(11, 3);
    let count = |factor: Decimal, up: bool| {
        prices
            .iter()
            .filter(|(_, before, after)| {
                let (small, large) = if up { (before, after) } else { (after, before) };
                // Rounding happened on the side that was calculated: half a cent there, with a little air.
                let expected = small.saturating_mul(factor);
                let slack = if up { cent } else { cent.saturating_mul(factor) };
                let slack = slack.min(large.abs() / Decimal::ONE_HUNDRED);
                *small > Decimal::ZERO && (expected - *large).abs() <= slack
            })
            .count()
    };
    for power in [10_i64, 100, 1_000] {
        offer(format!("the factor {power}"), count(Decimal::from(power), true));
        offer(format!("the factor 1/{power}"), count(Decimal::from(power), false));
    }
    for rate in VAT {
        if let Ok(factor) = rate.parse::<Decimal>() {
            let percent = ((factor - Decimal::ONE) * Decimal::ONE_HUNDRED).normalize();
            offer(
                format!("the factor {rate}, as if {percent}% VAT were added"),
                count(factor, true),
            );
            offer(
                format!("the factor 1/{rate}, as if {percent}% VAT were taken out"),
                count(factor, false),
            );
        }
    }
    best
}
