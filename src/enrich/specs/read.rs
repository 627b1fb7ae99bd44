//! One text read: which attribute each phrase and quantity fills, and how sure that is.
//!
//! What several texts say together is weighed in `decide`.

use crate::enrich::specs::events::{Event, Source, UNDENIED, What as Kept, Whose, gather};
use crate::enrich::specs::found::{Found, Joined, What, sure};
use crate::enrich::specs::lexicon::{Meaning, Where};
use crate::enrich::specs::names::{Names, OptionName, Tables, Text};
use crate::enrich::specs::plan::Plan;
use crate::enrich::specs::quantity::Said;
use crate::enrich::specs::sides::sides;
use crate::enrich::specs::token::{Kind, Token, cut};
use crate::enrich::specs::unit_words::UnitId;
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::schema::option_list::OptionsId;
use crate::schema::specs::{Pack, RangeEnd};
use crate::value;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::cell::Cell;

/// Characters of a value that stands behind a name up to the end of its clause.
const LONGEST_CLAUSE: usize = 160;

/// Room for reading, used again from text to text.
#[derive(Debug, Default)]
pub struct Scratch {
    folded: String,
    tokens: Vec<Token>,
    events: Vec<Event>,
    used: Vec<Cell<bool>>,
}

/// A name beside a value.
#[derive(Debug, Clone, Copy)]
struct Named {
    attribute: AttributeId,
    confidence: u8,
    /// Byte where the words of the evidence begin or end.
    start: u32,
    end: u32,
}

/// Appends what a text says of the attributes that are `open` (by attribute of the schema).
pub fn read(
    tables: &Tables,
    plan: &Plan,
    schema: &Schema,
    open: &[bool],
    text: Text<'_>,
    scratch: &mut Scratch,
    found: &mut Vec<Found>,
) {
    let Scratch {
        folded,
        tokens,
        events,
        used,
    } = scratch;
    tokens.clear();
    events.clear();
    used.clear();
    cut(text.text, &tables.lexicon.vocabulary, folded, tokens);
    let source = Source {
        text: text.text,
        tokens,
        lexicon: &tables.lexicon,
        relevant: &plan.relevant,
        units: &tables.units,
        languages: text.languages,
        decimal_comma: text.decimal_comma,
    };
    gather(source, events);
    used.resize(events.len(), Cell::new(false));
    let names = Names {
        tables,
        plan,
        schema,
        text,
        tokens,
        events,
        used,
    };
    let mut reading = Reading { names, open, found };
    for at in 0..reading.names.events.len() {
        match reading.names.events[at].what {
            Kept::Quantity(said) => reading.quantity(at, said),
            Kept::Phrase(entry) => reading.phrase(at, entry),
        }
    }
    reading.shapes();
}

struct Reading<'a> {
    names: Names<'a>,
    open: &'a [bool],
    found: &'a mut Vec<Found>,
}

impl Reading<'_> {
    fn is_open(&self, attribute: AttributeId) -> bool {
        self.open.get(usize::from(attribute.0)) == Some(&true)
    }

    fn say(&mut self, at: usize, attribute: AttributeId, what: What, confidence: u8, start: u32, end: u32) {
        if self.is_open(attribute) {
            let (joined, named) = match what {
                What::Option(list, _) => {
                    let event = self.names.events[at];
                    let named = start < event.start || end > event.end;
                    (self.names.joined(at, list), named)
                }
                _ => (Joined::Apart, false),
            };
            self.found.push(Found {
                named,
                joined,
                attribute,
                what,
                confidence,
                text: self.names.text.number,
                start,
                end,
            });
        }
    }

    // ---- quantities

    fn quantity(&mut self, at: usize, said: Said) {
        let event = self.names.events[at];
        if event.denied == 0 || event.like || self.names.is_as_if(at) {
            return;
        }
        match said {
            Said::Nothing => {}
            Said::One(number, Some(unit)) => self.measure(at, (number, number), unit, sure::TITLE),
            Said::Range(low, high, Some(unit)) => self.measure(at, (low, high), unit, sure::TITLE),
            Said::One(number, None) | Said::Percent(number) => self.number(at, number),
            Said::Range(..) => {}
            Said::Pack(count, amount, unit) => {
                if event.whose != Whose::Own {
                    return;
                }
                if let (Some(counted), Some(count)) = (self.names.plan.count, count.to_i64()) {
                    self.say(
                        at,
                        counted,
                        What::Integer(count),
                        sure::NAMED_BEHIND,
                        event.start,
                        event.end,
                    );
                }
                self.measure(at, (amount, amount), unit, sure::TITLE);
            }
            Said::Sides(numbers, count, unit) => self.sides(at, &numbers[..usize::from(count)], unit),
        }
    }

    fn measure(&mut self, at: usize, ends: (Decimal, Decimal), unit: UnitId, title: u8) {
        let event = self.names.events[at];
        let dimension = self.names.tables.units.units[usize::from(unit)].dimension;
        let Some((targets, alone)) = self.names.plan.measures.get(usize::from(dimension)) else {
            return;
        };
        let named = self.named(at, &|attribute| {
            targets.contains(&attribute) || self.names.schema.attribute(attribute).kind == value::Kind::Decimal
        });
        // `Drill for walls, 18 V`: in a title what a comma sets apart is the thing's again.
        let apart = self.names.text.title && self.names.begins_part(at);
        let doubtful = event.whose == Whose::Doubtful && !apart;
        if event.whose == Whose::Others || (doubtful && named.is_none()) {
            return;
        }
        let (attribute, confidence, start, end) = match named {
            Some(named) => (named.attribute, named.confidence, named.start, named.end),
            None if self.names.is_anothers(at) => return,
            None => {
                let Some(alone) = *alone else { return };
                (
                    alone,
                    if self.names.text.title { title } else { sure::TEXT },
                    event.start,
                    event.end,
                )
            }
        };
        if !self.is_open(attribute) {
            return;
        }
        let known = self.names.schema.attribute(attribute);
        let bound = self.names.is_bound(at) && known.specs.range.is_none();
        let confidence = if bound {
            confidence.saturating_sub(sure::BOUND)
        } else {
            confidence
        };
        let number = match (ends.0 == ends.1, known.specs.range) {
            (true, _) | (false, Some(RangeEnd::Low)) => ends.0,
            (false, Some(RangeEnd::High)) => ends.1,
            (false, None) => return,
        };
        if known.kind == value::Kind::Decimal {
            return self.say(at, attribute, What::Decimal(number), confidence, start, end);
        }
        let exchanges = &self.names.tables.exchanges[usize::from(attribute.0)];
        let Some((_, exchange)) = exchanges.iter().find(|(id, _)| *id == unit) else {
            return;
        };
        let pack = match self.names.events[at].what {
            Kept::Quantity(Said::Pack(count, ..)) if known.specs.pack == Some(Pack::Total) => count,
            _ => Decimal::ONE,
        };
        let Some(Ok(amount)) = number.checked_mul(pack).map(|number| exchange.apply(number)) else {
            return;
        };
        self.say(at, attribute, What::Measure(amount), confidence, start, end);
    }

    fn number(&mut self, at: usize, number: Decimal) {
        let event = self.names.events[at];
        if event.whose == Whose::Others {
            return;
        }
        let percent = matches!(event.what, Kept::Quantity(Said::Percent(_)));
        let schema = self.names.schema;
        let fits = |attribute| {
            let known = schema.attribute(attribute);
            match known.kind {
                value::Kind::Integer => !percent,
                value::Kind::Decimal => true,
                value::Kind::Measure => percent && known.dimension.as_deref() == Some("ratio"),
                _ => false,
            }
        };
        let whole = |attribute| !percent && schema.attribute(attribute).kind == value::Kind::Integer;
        let Some(named) = self.named(at, &fits).or_else(|| self.counted(at, &whole)) else {
            return;
        };
        let what = match self.names.schema.attribute(named.attribute).kind {
            value::Kind::Integer => match number.to_i64().filter(|_| number.is_integer()) {
                Some(number) => What::Integer(number),
                None => return,
            },
            value::Kind::Decimal => What::Decimal(number),
            _ => What::Measure(number),
        };
        let bound = if self.names.is_bound(at) { sure::BOUND } else { 0 };
        self.say(
            at,
            named.attribute,
            what,
            named.confidence.saturating_sub(bound),
            named.start,
            named.end,
        );
    }

    fn sides(&mut self, at: usize, numbers: &[Decimal], unit: UnitId) {
        let event = self.names.events[at];
        if event.whose != Whose::Own || self.names.plan.sides.is_empty() {
            return;
        }
        let before = at
            .checked_sub(1)
            .map_or(0, |n| self.names.events[n].from.min(event.from.saturating_sub(12)));
        let order = sides(
            self.names.text.text,
            self.names.tokens,
            (before, event.from, event.to),
            numbers.len(),
            &self.names.tables.dimension_order,
        );
        let Some((order, confidence)) = order else { return };
        for (side, number) in order.iter().zip(numbers) {
            let Some((_, attribute)) = self.names.plan.sides.iter().find(|(known, _)| known == side).copied() else {
                continue;
            };
            let exchanges = &self.names.tables.exchanges[usize::from(attribute.0)];
            let Some((_, exchange)) = exchanges.iter().find(|(id, _)| *id == unit) else {
                continue;
            };
            if let Ok(amount) = exchange.apply(*number) {
                self.say(at, attribute, What::Measure(amount), confidence, event.start, event.end);
            }
        }
    }

    // ---- names

    /// The name of an attribute that stands before the value, or else behind it; a name serves one value.
    fn named(&mut self, at: usize, fits: &dyn Fn(AttributeId) -> bool) -> Option<Named> {
        let event = self.names.events[at];
        if let Some((cue, attribute, colon)) = self.names.name_before(at, fits) {
            self.names.used[cue].set(true);
            let confidence = if colon { sure::NAMED } else { sure::NAMED - 2 };
            return Some(Named {
                attribute,
                confidence,
                start: self.names.events[cue].start,
                end: event.end,
            });
        }
        let (cue, attribute) = self.names.name_behind(at, fits)?;
        self.names.used[cue].set(true);
        Some(Named {
            attribute,
            confidence: sure::NAMED_BEHIND,
            start: event.start,
            end: self.names.events[cue].end,
        })
    }

    /// The thing that a bare number counts, a word or two behind it.
    fn counted(&mut self, at: usize, fits: &dyn Fn(AttributeId) -> bool) -> Option<Named> {
        let (cue, attribute) = self.names.counted(at, fits)?;
        self.names.used[cue].set(true);
        Some(Named {
            attribute,
            confidence: sure::COUNTED,
            start: self.names.events[at].start,
            end: self.names.events[cue].end,
        })
    }

    // ---- phrases

    fn phrase(&mut self, at: usize, entry: u32) {
        let tables = self.names.tables;
        let event = self.names.events[at];
        let meanings = tables.lexicon.meanings(entry);
        let spared = |attribute: AttributeId| meanings.contains(&Meaning::Except(attribute));
        for meaning in meanings {
            match *meaning {
                Meaning::Option {
                    list,
                    option,
                    weak,
                    languages,
                    ..
                } if languages & self.names.text.languages != 0 => {
                    let of_list = self.names.plan.of_list(list);
                    let open = |(attribute, _): &&(AttributeId, bool)| self.is_open(*attribute) && !spared(*attribute);
                    if !of_list.iter().any(|of| open(&of)) {
                        continue;
                    }
                    let name = self.names.option_name(at, list);
                    for (attribute, alone) in of_list {
                        if self.is_open(*attribute) && !spared(*attribute) {
                            self.option(at, *attribute, (list, option), name, *alone, weak);
                        }
                    }
                }
                Meaning::Yes(attribute) | Meaning::No(attribute)
                    if self.names.plan.has(attribute) && !spared(attribute) =>
                {
                    // `sin batería` does not say that it has a cable: what says no is told by the schema.
                    if event.whose == Whose::Others || event.like || event.denied <= 1 {
                        continue;
                    }
                    let truth = matches!(meaning, Meaning::Yes(_));
                    let confidence = if self.names.text.title {
                        sure::TITLE + 2
                    } else {
                        sure::TITLE - 5
                    };
                    self.say(at, attribute, What::Boolean(truth), confidence, event.start, event.end);
                }
                Meaning::Cue(attribute, _)
                    if self.names.plan.has(attribute) && self.names.schema.attribute(attribute).specs.clause =>
                {
                    self.clause(at, attribute);
                }
                _ => {}
            }
        }
    }

    fn option(
        &mut self,
        at: usize,
        attribute: AttributeId,
        (list, option): (OptionsId, u32),
        name: Option<OptionName>,
        alone: bool,
        weak: bool,
    ) {
        let event = self.names.events[at];
        let hints = &self.names.schema.attribute(attribute).specs;
        if event.denied <= 1 || event.like || (weak && self.names.goes_on(at)) {
            return;
        }
        let what = What::Option(list, option);
        let own = name.filter(|name| self.names.is_name_of(name.cue, name.side, attribute));
        if let Some(name) = own.filter(|name| name.side == Where::Before) {
            let confidence = if name.colon { sure::NAMED } else { sure::NAMED - 2 };
            let start = self.names.events[name.cue].start;
            return self.say(at, attribute, what, confidence, start, event.end);
        }
        let others = event.whose == Whose::Others && !hints.audience;
        if weak || others {
            return;
        }
        let share = self
            .names
            .near(at, -1)
            .filter(|before| matches!(self.names.events[*before].what, Kept::Quantity(Said::Percent(_))));
        if let Some(share) = share.filter(|_| event.denied == UNDENIED) {
            let start = self.names.events[share].start;
            return self.say(at, attribute, what, sure::SHARE, start, event.end);
        }
        if let Some(name) = own {
            let end = self.names.events[name.cue].end;
            return self.say(at, attribute, what, sure::NAMED_BEHIND - 3, event.start, end);
        }
        // What is named for another attribute is not free to be taken for this one.
        if name.is_some() || self.names.is_look(at) || self.names.is_of_part(at) {
            return;
        }
        if alone {
            let title = self.names.text.title;
            let place = match self.names.is_its_own(at) {
                true if title && !hints.audience => sure::ITS_OWN,
                _ if self.names.is_at_head(at) => sure::HEAD,
                _ => 0,
            };
            let confidence = place + if title { sure::TITLE } else { sure::TEXT };
            self.say(at, attribute, what, confidence, event.start, event.end);
        }
    }

    /// What follows a name up to the end of its clause.
    fn clause(&mut self, at: usize, attribute: AttributeId) {
        let event = self.names.events[at];
        if event.denied <= 1 {
            return;
        }
        let mut from = event.to as usize;
        while self
            .names
            .tokens
            .get(from)
            .is_some_and(|token| matches!(token.kind, Kind::Colon | Kind::Dash))
        {
            from += 1;
        }
        let rest = self.names.tokens.get(from..).unwrap_or_default();
        let ends = |token: &&Token| matches!(token.kind, Kind::Stop | Kind::Open | Kind::Close);
        // Each token has a character: more of them than a value may have are no value, and need not be looked through.
        let taken = rest
            .iter()
            .take(LONGEST_CLAUSE + 1)
            .take_while(|token| !ends(token))
            .count();
        let Some((first, last)) = rest
            .first()
            .zip(rest.get(taken.saturating_sub(1)))
            .filter(|_| taken > 0)
        else {
            return;
        };
        // A name begins it; what small letters begin is a sentence.
        let text = self
            .names
            .text
            .text
            .get(first.start as usize..last.end as usize)
            .unwrap_or_default();
        let telling = || text.chars().any(|c| c.is_uppercase() || c.is_ascii_digit());
        let most = self
            .names
            .schema
            .attribute(attribute)
            .limits
            .max_length
            .unwrap_or(80)
            .min(LONGEST_CLAUSE);
        if text.chars().nth(most).is_none() && telling() {
            let confidence = if self.names.text.title {
                sure::TITLE
            } else {
                sure::TITLE - 5
            };
            self.say(
                at,
                attribute,
                What::Text(first.start, last.end),
                confidence,
                event.start,
                last.end,
            );
        }
    }

    // ---- words of a telling shape

    fn shapes(&mut self) {
        let plan = self.names.plan;
        if plan.shapes.iter().all(|(attribute, _)| !self.is_open(*attribute)) {
            return;
        }
        let is_word = |token: &Token| matches!(token.kind, Kind::Word | Kind::Number);
        let mut at = 0;
        while at < self.names.tokens.len() {
            // A shape begins with a letter or a digit; a line of signs is passed over one by one.
            if !is_word(&self.names.tokens[at]) {
                at += 1;
                continue;
            }
            let mut to = at + 1;
            let inside = |token: &Token| {
                token.glued
                    && matches!(
                        token.kind,
                        Kind::Word | Kind::Number | Kind::Slash | Kind::Dash | Kind::Other
                    )
            };
            while self.names.tokens.get(to).is_some_and(inside) {
                to += 1;
            }
            let last = self.names.tokens[at..to].iter().rposition(is_word);
            let next = to;
            to = at + 1 + last.unwrap_or(0);
            let (start, end) = (self.names.tokens[at].start, self.names.tokens[to - 1].end);
            let digits = self.names.tokens[at..to].iter().any(|token| token.kind == Kind::Number);
            let events = self.names.events;
            let foreign = || {
                let behind = events.partition_point(|event| event.start <= start);
                let event = behind.checked_sub(1).and_then(|n| events.get(n));
                event.is_some_and(|event| event.whose != Whose::Own)
            };
            if digits && end - start <= 24 {
                let word = &self.names.text.text[start as usize..end as usize];
                for (attribute, shape) in &plan.shapes {
                    if self.is_open(*attribute) && shape.is_match(word) && !foreign() {
                        self.say(at, *attribute, What::Text(start, end), sure::SHAPE, start, end);
                    }
                }
            }
            at = next;
        }
    }
}
