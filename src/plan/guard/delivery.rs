//! What too many items of a delivery do together.

use crate::diagnostic::Diagnostic;
use crate::plan::PlanWriter;
use crate::plan::guard::factor::common_factor;
use crate::plan::guard::moves::{Moves, Shift};
use crate::plan::guard::settings::{AttributeGuard, Guards};
use crate::plan::guard::share::Share;
use rust_decimal::Decimal;
use std::collections::BTreeMap;

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

/// As many missing items as this are held where they are more than half, however small the catalog.
const FEW: usize = 5;

/// Judges the moves of a delivery: writes verdicts into the plan and gives the findings, which are the held entries' reasons,
/// in the same order.
pub fn judge(moves: &Moves, extent: Extent, guards: &Guards, plan: &mut PlanWriter) -> Vec<Diagnostic> {
    let mut reasons: Vec<Diagnostic> = Vec::new();
    let whole = extent.seen.max(1);
    for guard in &guards.attributes {
        let judging = Judging {
            guard,
            whole,
            least: guards.least_items,
            shifts: shifts(moves, guard),
        };
        judging.numbers(plan, &mut reasons);
        judging.lost(moves, plan, &mut reasons);
    }
    let fallen = moves.fallen();
    // What is out of stock cannot fall.
    let stocked = extent.in_stock.unwrap_or(whole).max(fallen);
    if fallen >= guards.least_items && guards.stock_drop.exceeded(fallen, stocked) {
        let finding = Diagnostic::error(
            "G-STOCK-COLLAPSE",
            format!("{fallen} of {stocked} items that are in stock would go out of it at once"),
        )
        .with_help("all stock changes of the delivery are held; an export of zeros looks just like this");
        hold(
            &mut moves.stock.iter().map(|(entry, ..)| *entry),
            Some(finding),
            plan,
            &mut reasons,
        );
    }
    reasons
}

/// Holds entries for what many do together, which is told also where an earlier reason holds them all.
fn hold(
    entries: &mut dyn Iterator<Item = u32>,
    finding: Option<Diagnostic>,
    plan: &mut PlanWriter,
    reasons: &mut Vec<Diagnostic>,
) {
    if let Some(finding) = finding {
        plan.hold(entries, reasons.len());
        reasons.push(finding);
    }
}

fn shifts(moves: &Moves, guard: &AttributeGuard) -> Vec<Shift> {
    let own = moves.shifts.iter().filter(|shift| shift.attribute == guard.attribute);
    own.copied().collect()
}

/// One attribute of a delivery under its guard.
struct Judging<'g> {
    guard: &'g AttributeGuard,
    /// Items that the delivery has.
    whole: usize,
    /// From how many items on shares are judged.
    least: usize,
    shifts: Vec<Shift>,
}

impl Judging<'_> {
    fn enough(&self, count: usize) -> bool {
        count >= self.least
    }

    /// The code of a finding: the price has its own.
    fn code(&self, price: &'static str, other: &'static str) -> &'static str {
        match self.guard.is_price {
            true => price,
            false => other,
        }
    }

    /// The attribute in words: one, or many.
    fn name(&self, price: &str) -> String {
        match self.guard.is_price {
            true => price.to_owned(),
            false => format!("`{}`", self.guard.code),
        }
    }

    /// The setting of a supplier that says how far is too far.
    fn setting(&self, price: &str, other: &str) -> String {
        match self.guard.is_price {
            true => format!("`{price}`"),
            false => format!("`attributes.{}.{other}`", self.guard.code),
        }
    }

    /// The more a guard explains, the earlier it speaks: the first to hold an entry is its reason.
    fn numbers(&self, plan: &mut PlanWriter, reasons: &mut Vec<Diagnostic>) {
        let all = || self.shifts.iter().map(|shift| shift.entry);
        hold(&mut all(), self.one_factor(), plan, reasons);
        let mut by_number: BTreeMap<Decimal, usize> = BTreeMap::new();
        for shift in self.shifts.iter().filter(|_| self.guard.same.is_some()) {
            *by_number.entry(shift.after.normalize()).or_default() += 1;
        }
        for (number, count) in by_number {
            let finding = self.one_number(number, count);
            let fallen = self.shifts.iter().filter(|shift| shift.after == number);
            hold(&mut fallen.map(|shift| shift.entry), finding, plan, reasons);
        }
        let Some(ratio) = self.guard.ratio else {
            return hold(&mut all(), self.many_move(), plan, reasons);
        };
        let tripped: Vec<u32> = self
            .shifts
            .iter()
            .filter(|shift| trips(shift, ratio))
            .map(|shift| shift.entry)
            .collect();
        hold(&mut all(), self.many_trip(tripped.len(), ratio), plan, reasons);
        hold(&mut all(), self.many_move(), plan, reasons);
        if plan.hold(&mut tripped.into_iter(), reasons.len()) {
            reasons.push(self.one_trips(ratio));
        }
    }

    fn one_factor(&self) -> Option<Diagnostic> {
        let share = self.guard.common_factor?;
        let all = self.shifts.len();
        let (name, count) = common_factor(&self.shifts, self.guard.kind)?;
        (self.enough(count) && share.reached(count, all)).then(|| {
            let (what, cause) = match self.guard.is_price {
                true => (
                    "price changes".to_owned(),
                    "a decimal mark or the tax basis was misread or changed; correct `numbers`, `prices` or `vat`",
                ),
                false => (
                    format!("changes of `{}`", self.guard.code),
                    "a decimal mark or the unit was misread or changed; correct `numbers` or `unit`",
                ),
            };
            let setting = self.setting("common_factor", "common_factor");
            Diagnostic::error("G-COMMON-FACTOR", format!("{count} of {all} {what} share {name}"))
                .with_help(format!("{cause}; if it is meant, loosen {setting} for this supplier"))
        })
    }

    fn one_number(&self, number: Decimal, count: usize) -> Option<Diagnostic> {
        let share = self.guard.same?;
        (self.enough(count) && share.exceeded(count, self.whole)).then(|| {
            let what = match self.guard.is_price {
                true => "price".to_owned(),
                false => format!("number in `{}`", self.guard.code),
            };
            let setting = self.setting("same_price", "same");
            let code = self.code("G-SAME-PRICE", "G-SAME-VALUE");
            Diagnostic::error(code, format!("{count} items fall together on one {what}"))
                .with_value(&number.to_string())
                .with_help(format!(
                    "ask the supplier; if it is meant, loosen {setting} for this supplier"
                ))
        })
    }

    fn many_trip(&self, count: usize, ratio: Decimal) -> Option<Diagnostic> {
        let share = self.guard.trips?;
        (self.enough(count) && share.exceeded(count, self.whole)).then(|| {
            let (what, setting) = (self.name("prices"), self.setting("price_trips", "trips"));
            let message = match self.guard.is_price {
                true => format!("{count} of {} {what} move by more than a factor of {ratio}", self.whole),
                false => format!(
                    "{what} moves by more than a factor of {ratio} in {count} of {} items",
                    self.whole
                ),
            };
            Diagnostic::error(self.code("G-PRICES-TRIP", "G-VALUES-TRIP"), message).with_help(format!(
                "all its changes of the delivery are held; if they are meant, loosen {setting} for this supplier"
            ))
        })
    }

    fn many_move(&self) -> Option<Diagnostic> {
        let share = self.guard.moves?;
        let tenth = |shift: &&Shift| (shift.after - shift.before).abs() > shift.before.abs() / Decimal::TEN;
        let count = self.shifts.iter().filter(tenth).count();
        (self.enough(count) && share.exceeded(count, self.whole)).then(|| {
            let (what, setting) = (self.name("prices"), self.setting("price_moves", "moves"));
            let message = match self.guard.is_price {
                true => format!("{count} of {} {what} move by more than a tenth", self.whole),
                false => format!("{what} moves by more than a tenth in {count} of {} items", self.whole),
            };
            Diagnostic::error(self.code("G-PRICES-MOVE", "G-VALUES-MOVE"), message).with_help(format!(
                "all its changes of the delivery are held; raise {setting} if this supplier does that"
            ))
        })
    }

    fn one_trips(&self, ratio: Decimal) -> Diagnostic {
        let what = self.name("the price");
        let message = format!("{what} moves by more than a factor of {ratio}");
        Diagnostic::warning(self.code("G-PRICE-RATIO", "G-RATIO"), message).with_help(
            "the item keeps its old values; if it is right, take it in: `estante batches --held BATCH --accept SKU`",
        )
    }

    fn lost(&self, moves: &Moves, plan: &mut PlanWriter, reasons: &mut Vec<Diagnostic>) {
        let Some(share) = self.guard.blank else { return };
        let lost = moves.lost.iter().filter(|(_, of)| *of == self.guard.attribute);
        let count = lost.clone().count();
        if !self.enough(count) || !share.exceeded(count, self.whole) {
            return;
        }
        let whole = self.whole;
        let finding = match self.guard.is_price {
            true => Diagnostic::error("G-PRICE-BLANK", format!("{count} of {whole} items lost their price"))
                .with_help("a blank is no price: the old prices stay; ask the supplier for a complete file"),
            false => Diagnostic::error(
                "G-VALUE-BLANK",
                format!("{count} of {whole} items lost `{}`", self.guard.code),
            )
            .with_help(format!(
                "they keep their old values; ask the supplier for a complete file, or loosen {} for this supplier",
                self.setting("blank_price", "blank")
            )),
        };
        hold(&mut lost.map(|(entry, _)| *entry), Some(finding), plan, reasons);
    }
}

/// True where a number moves by more than a factor, up or down.
fn trips(shift: &Shift, ratio: Decimal) -> bool {
    let (before, after) = (shift.before, shift.after);
    before > Decimal::ZERO && (after > before.saturating_mul(ratio) || after.saturating_mul(ratio) < before)
}

/// True where so many items go out of stock that it must be known how many are in it.
pub fn asks_for_stock(moves: &Moves, guards: &Guards) -> bool {
    moves.fallen() >= guards.least_items
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
