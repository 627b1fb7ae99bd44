//! What a delivery does to the values that guards look at: numbers that move, values that are lost, stock that comes and goes.

use crate::plan::guard::settings::Guards;
use crate::product::item::{Item, Said};
use crate::product::layer::Layer;
use crate::schema::attribute::AttributeId;
use crate::schema::scope::Key;
use crate::value::Value;
use rust_decimal::Decimal;

/// A number that one item changes. Prices are amounts in one currency, measures are in their attribute's unit.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shift {
    /// Number of the entry in the plan.
    pub entry: u32,
    pub attribute: AttributeId,
    pub before: Decimal,
    pub after: Decimal,
}

/// What one item does to what is known of it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Moved {
    /// Numbers that change, before and after, each attribute once.
    pub numbers: Vec<(AttributeId, Decimal, Decimal)>,
    /// Attributes that lose their value: the cell that fills them is there and blank, or clears them.
    pub lost: Vec<AttributeId>,
    /// In stock before and after, where both are said.
    pub stock: Option<(bool, bool)>,
}

impl Moved {
    /// What an item does to its layer, as far as the guards ask for it. `blank` is true where the cell for an attribute is there and
    /// says nothing.
    pub fn of(
        guards: &Guards,
        stock: Option<AttributeId>,
        before: &Layer,
        item: &Item,
        blank: impl Fn(AttributeId) -> bool,
    ) -> Moved {
        let mut moved = Moved::default();
        for guard in &guards.attributes {
            let id = guard.attribute;
            if guard.compares_numbers() {
                let shift = said(item, id).find_map(|(key, said)| {
                    let (was, is) = pair(before.value(key)?, said?)?;
                    (was != is).then_some((id, was, is))
                });
                moved.numbers.extend(shift);
            }
            if guard.blank.is_some() {
                let is_cleared = said(item, id).any(|(key, said)| said.is_none() && before.value(key).is_some());
                let is_blank = || before.value(Key::of(id)).is_some() && said(item, id).next().is_none() && blank(id);
                if is_cleared || is_blank() {
                    moved.lost.push(id);
                }
            }
        }
        moved.stock = stock.and_then(|stock| {
            let key = Key::of(stock);
            Some((is_positive(before.value(key)?), is_positive(item.value(key)?)))
        });
        moved
    }
}

/// What an item says of an attribute in all its locales and channels; nothing where it clears it.
pub fn said(item: &Item, attribute: AttributeId) -> impl Iterator<Item = (Key, Option<&Value>)> {
    let from = item.said.partition_point(|(key, _)| key.attribute < attribute);
    let own = item.said.get(from..).unwrap_or_default();
    let own = own.iter().take_while(move |(key, _)| key.attribute == attribute);
    own.map(|(key, said)| match said {
        Said::Value(value) => (*key, Some(value)),
        Said::Clear => (*key, None),
    })
}

/// The number of a value that is one; measures of one attribute have its unit.
pub fn number(value: &Value) -> Option<Decimal> {
    match value {
        Value::Integer(number) => Some(Decimal::from(*number)),
        Value::Decimal(number) => Some(*number),
        Value::Measure(measure) => Some(measure.amount),
        Value::Money(price) => Some(price.amount),
        _ => None,
    }
}

/// Two values as numbers that can be compared.
fn pair(was: &Value, is: &Value) -> Option<(Decimal, Decimal)> {
    match (was, is) {
        (Value::Money(was), Value::Money(is)) if was.currency != is.currency => None,
        _ => Some((number(was)?, number(is)?)),
    }
}

fn is_positive(value: &Value) -> bool {
    match value {
        Value::Integer(amount) => *amount > 0,
        Value::Decimal(amount) => *amount > Decimal::ZERO,
        Value::Boolean(there) => *there,
        _ => false,
    }
}

/// What a delivery's changed items do, in the order of their entries.
#[derive(Debug, Default)]
pub struct Moves {
    pub shifts: Vec<Shift>,
    pub lost: Vec<(u32, AttributeId)>,
    /// In stock before and after, of items whose stock is said.
    pub stock: Vec<(u32, bool, bool)>,
}

impl Moves {
    /// Adds what the item of an entry does; entries come in their order.
    pub fn add(&mut self, entry: u32, moved: Moved) {
        self.shifts
            .extend(moved.numbers.into_iter().map(|(attribute, before, after)| Shift {
                entry,
                attribute,
                before,
                after,
            }));
        self.lost
            .extend(moved.lost.into_iter().map(|attribute| (entry, attribute)));
        self.stock.extend(moved.stock.map(|(was, is)| (entry, was, is)));
    }

    /// True where the item of an entry loses a value.
    pub fn is_lossy(&self, entry: u32) -> bool {
        self.lost.binary_search_by_key(&entry, |(lost, _)| *lost).is_ok()
    }

    /// How many more items go out of stock than come in.
    pub fn fallen(&self) -> usize {
        let count = |was, is| self.stock.iter().filter(|(_, a, b)| (*a, *b) == (was, is)).count();
        count(true, false).saturating_sub(count(false, true))
    }
}
