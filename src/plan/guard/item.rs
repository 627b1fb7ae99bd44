//! What is wrong with one item, whatever the others do.

use crate::diagnostic::Diagnostic;
use crate::plan::PlanWriter;
use crate::plan::guard::moves::{number, said};
use crate::plan::guard::settings::{AttributeGuard, Guards};
use crate::product::item::Item;
use crate::product::layer::Layer;
use crate::schema::attribute::AttributeId;
use crate::schema::known::Known;
use crate::schema::scope::Key;
use crate::value::Value;
use rust_decimal::Decimal;
use std::collections::BTreeSet;

/// What is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Wrong {
    /// A number comes below the floor.
    Floor,
    /// A number comes above the ceiling.
    Ceiling,
    /// An amount of money comes below the cost.
    BelowCost,
    /// An amount of money is in another currency than before.
    Currency,
}

/// What is wrong with one item; `guard` is the position of the attribute among the guards'.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Alarm {
    guard: usize,
    wrong: Wrong,
}

impl Alarm {
    /// What is wrong with an item, `before` being what was known. Only what changes is judged.
    pub fn of(guards: &Guards, known: &Known, before: Option<&Layer>, item: &Item) -> Option<Alarm> {
        let judged = |guard: &AttributeGuard| wrong(guard, known.cost, before, item);
        let alarms = guards.attributes.iter().enumerate();
        // A price in another currency is no number to compare.
        let mut alarms = alarms.filter_map(|(guard, judge)| {
            let wrong = judged(judge)?;
            Some(Alarm { guard, wrong })
        });
        alarms.next()
    }

    fn finding(self, guards: &Guards) -> Option<Diagnostic> {
        let guard = guards.attributes.get(self.guard)?;
        let amount = |amount: Option<Decimal>| amount.unwrap_or_default().normalize();
        let what = match guard.is_price {
            true => "the price".to_owned(),
            false => format!("`{}`", guard.code),
        };
        let (code, message) = match self.wrong {
            Wrong::Floor => (
                if guard.is_price {
                    "G-PRICE-FLOOR"
                } else {
                    "G-VALUE-FLOOR"
                },
                format!("{what} is below {}", amount(guard.floor)),
            ),
            Wrong::Ceiling => (
                if guard.is_price {
                    "G-PRICE-CEILING"
                } else {
                    "G-VALUE-CEILING"
                },
                format!("{what} is above {}", amount(guard.ceiling)),
            ),
            Wrong::BelowCost => ("G-BELOW-COST", format!("{what} is below the cost")),
            Wrong::Currency => ("G-CURRENCY", format!("{what} is in another currency than before")),
        };
        let accept = "the item is held; if it is right, take it in: `estante batches --held BATCH --accept SKU`";
        Some(Diagnostic::warning(code, message).with_help(accept))
    }
}

fn wrong(guard: &AttributeGuard, cost: Option<AttributeId>, before: Option<&Layer>, item: &Item) -> Option<Wrong> {
    let was = |key: Key| before.and_then(|before| before.value(key));
    let changes = || {
        let said = said(item, guard.attribute).filter_map(|(key, said)| Some((was(key), said?)));
        said.filter(|(was, is)| *was != Some(*is))
    };
    let is_foreign = |(was, is): (Option<&Value>, &Value)| match (was, is) {
        (Some(Value::Money(was)), Value::Money(is)) => was.currency != is.currency,
        _ => false,
    };
    if guard.currency && changes().any(is_foreign) {
        return Some(Wrong::Currency);
    }
    let out = |far: &dyn Fn(Decimal) -> bool| changes().filter_map(|(_, is)| number(is)).any(far);
    if guard.floor.is_some_and(|floor| out(&|number| number < floor)) {
        return Some(Wrong::Floor);
    }
    if guard.ceiling.is_some_and(|ceiling| out(&|number| number > ceiling)) {
        return Some(Wrong::Ceiling);
    }
    let lossy = |price: Option<&Value>, cost: Option<&Value>| match (price, cost) {
        (Some(Value::Money(price)), Some(Value::Money(cost))) => {
            price.currency == cost.currency && price.amount < cost.amount
        }
        _ => false,
    };
    let (price, cost) = (Key::of(guard.attribute), Key::of(cost?));
    let is = |key: Key| item.value(key).or(was(key));
    let comes = guard.below_cost && lossy(is(price), is(cost)) && !lossy(was(price), was(cost));
    comes.then_some(Wrong::BelowCost)
}

/// Holds the items that something is wrong with, by entry in ascending order; the findings follow `reasons`, which are the held
/// entries' reasons.
pub fn judge_items(alarms: &[(u32, Alarm)], guards: &Guards, plan: &mut PlanWriter, reasons: &mut Vec<Diagnostic>) {
    let kinds: BTreeSet<Alarm> = alarms.iter().map(|(_, alarm)| *alarm).collect();
    for kind in kinds {
        let entries = alarms.iter().filter(|(_, alarm)| *alarm == kind);
        if plan.hold(&mut entries.map(|(entry, _)| *entry), reasons.len()) {
            reasons.extend(kind.finding(guards));
        }
    }
}
