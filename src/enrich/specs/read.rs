//! One text read: which attribute each phrase and quantity fills, and how sure that is.
//!
//! What several texts say together is weighed in `decide`.

use crate::enrich::specs::events::{Event, UNDENIED, What as Kept, Whose, gather};
use crate::enrich::specs::found::{Found, What, sure};
use crate::enrich::specs::language::{Languages, Marker};
use crate::enrich::specs::lexicon::{Lexicon, Meaning, Where};
use crate::enrich::specs::plan::Plan;
use crate::enrich::specs::quantity::Said;
use crate::enrich::specs::sides::sides;
use crate::enrich::specs::token::{Kind, Token, cut};
use crate::enrich::specs::unit_words::{UnitId, UnitWords};
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::schema::option_list::OptionsId;
use crate::schema::specs::{Pack, RangeEnd, Side};
use crate::value;
use crate::value::unit::Exchange;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// What reading needs beside the text.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    pub lexicon: Lexicon,
    pub units: UnitWords,
    /// By attribute.
    pub exchanges: Vec<Vec<(UnitId, Exchange)>>,
    pub dimension_order: Vec<Side>,
}

/// One text of a product.
#[derive(Debug, Clone, Copy)]
pub struct Text<'a> {
    pub text: &'a str,
    /// Position among the product's texts.
    pub number: u16,
    /// It is the title: what stands there alone is the product's.
    pub title: bool,
    pub languages: Languages,
    pub decimal_comma: bool,
}

/// Room for reading, used again from text to text.
#[derive(Debug, Default)]
pub struct Scratch {
    folded: String,
    tokens: Vec<Token>,
    events: Vec<Event>,
    used: Vec<bool>,
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
    gather(
        text.text,
        tokens,
        &tables.lexicon,
        &plan.relevant,
        &tables.units,
        text.languages,
        text.decimal_comma,
        events,
    );
    used.resize(events.len(), false);
    let mut reading = Reading {
        tables,
        plan,
        schema,
        open,
        text,
        tokens,
        events,
        used,
        found,
    };
    for at in 0..reading.events.len() {
        match reading.events[at].what {
            Kept::Quantity(said) => reading.quantity(at, said),
            Kept::Phrase(entry) => reading.phrase(at, entry),
        }
    }
    reading.shapes();
}

struct Reading<'a> {
    tables: &'a Tables,
    plan: &'a Plan,
    schema: &'a Schema,
    open: &'a [bool],
    text: Text<'a>,
    tokens: &'a [Token],
    events: &'a [Event],
    used: &'a mut [bool],
    found: &'a mut Vec<Found>,
}

impl Reading<'_> {
    fn is_open(&self, attribute: AttributeId) -> bool {
        self.open.get(usize::from(attribute.0)) == Some(&true)
    }

    fn say(&mut self, attribute: AttributeId, what: What, confidence: u8, start: u32, end: u32) {
        if self.is_open(attribute) {
            self.found.push(Found {
                attribute,
                what,
                confidence,
                text: self.text.number,
                start,
                end,
            });
        }
    }

    // ---- quantities

    fn quantity(&mut self, at: usize, said: Said) {
        let event = self.events[at];
        if event.denied == 0 || event.like || self.is_as_if(at) {
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
                if let (Some(counted), Some(count)) = (self.plan.count, count.to_i64()) {
                    self.say(
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
        let event = self.events[at];
        let dimension = self.tables.units.units[usize::from(unit)].dimension;
        let Some((targets, alone)) = self.plan.measures.get(usize::from(dimension)) else {
            return;
        };
        let named = self.named(at, &|attribute| {
            targets.contains(&attribute) || self.schema.attribute(attribute).kind == value::Kind::Decimal
        });
        if event.whose == Whose::Others || (event.whose == Whose::Doubtful && named.is_none()) {
            return;
        }
        let (attribute, confidence, start, end) = match named {
            Some(named) => (named.attribute, named.confidence, named.start, named.end),
            None if self.is_anothers(at) => return,
            None => {
                let Some(alone) = *alone else { return };
                (
                    alone,
                    if self.text.title { title } else { sure::TEXT },
                    event.start,
                    event.end,
                )
            }
        };
        if !self.is_open(attribute) {
            return;
        }
        let known = self.schema.attribute(attribute);
        let bound = self.is_bound(at) && known.specs.range.is_none();
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
            return self.say(attribute, What::Decimal(number), confidence, start, end);
        }
        let exchanges = &self.tables.exchanges[usize::from(attribute.0)];
        let Some((_, exchange)) = exchanges.iter().find(|(id, _)| *id == unit) else {
            return;
        };
        let pack = match self.events[at].what {
            Kept::Quantity(Said::Pack(count, ..)) if known.specs.pack == Some(Pack::Total) => count,
            _ => Decimal::ONE,
        };
        let Some(Ok(amount)) = number.checked_mul(pack).map(|number| exchange.apply(number)) else {
            return;
        };
        self.say(attribute, What::Measure(amount), confidence, start, end);
    }

    fn number(&mut self, at: usize, number: Decimal) {
        let event = self.events[at];
        if event.whose == Whose::Others {
            return;
        }
        let percent = matches!(event.what, Kept::Quantity(Said::Percent(_)));
        let named = self.named(at, &|attribute| {
            let known = self.schema.attribute(attribute);
            match known.kind {
                value::Kind::Integer => !percent,
                value::Kind::Decimal => true,
                value::Kind::Measure => percent && known.dimension.as_deref() == Some("ratio"),
                _ => false,
            }
        });
        let Some(named) = named else { return };
        let what = match self.schema.attribute(named.attribute).kind {
            value::Kind::Integer => match number.to_i64().filter(|_| number.is_integer()) {
                Some(number) => What::Integer(number),
                None => return,
            },
            value::Kind::Decimal => What::Decimal(number),
            _ => What::Measure(number),
        };
        let bound = if self.is_bound(at) { sure::BOUND } else { 0 };
        self.say(
            named.attribute,
            what,
            named.confidence.saturating_sub(bound),
            named.start,
            named.end,
        );
    }

    fn sides(&mut self, at: usize, numbers: &[Decimal], unit: UnitId) {
        let event = self.events[at];
        if event.whose != Whose::Own || self.plan.sides.is_empty() {
            return;
        }
        let before = at
            .checked_sub(1)
            .map_or(0, |n| self.events[n].from.min(event.from.saturating_sub(12)));
        let order = sides(
            self.text.text,
            self.tokens,
            (before, event.from, event.to),
            numbers.len(),
            &self.tables.dimension_order,
        );
        let Some((order, confidence)) = order else { return };
        for (side, number) in order.iter().zip(numbers) {
            let Some((_, attribute)) = self.plan.sides.iter().find(|(known, _)| known == side).copied() else {
                continue;
            };
            let exchanges = &self.tables.exchanges[usize::from(attribute.0)];
            let Some((_, exchange)) = exchanges.iter().find(|(id, _)| *id == unit) else {
                continue;
            };
            if let Ok(amount) = exchange.apply(*number) {
                self.say(attribute, What::Measure(amount), confidence, event.start, event.end);
            }
        }
    }

    /// `60 W equivalent`
    fn is_as_if(&self, at: usize) -> bool {
        self.near(at, 1)
            .is_some_and(|next| self.marks(next, Marker::AsIf) || self.marks(next, Marker::Like))
    }

    /// A bound stands right before it, perhaps with a link between.
    fn is_bound(&self, at: usize) -> bool {
        let mut here = at;
        for _ in 0..3 {
            let Some(before) = self.near(here, -1) else {
                return false;
            };
            if self.marks(before, Marker::Most) {
                return true;
            }
            if !self.marks(before, Marker::Link) {
                return false;
            }
            here = before;
        }
        false
    }

    // ---- names

    /// The name of an attribute that stands before the value, or else behind it; a name serves one value.
    fn named(&mut self, at: usize, fits: &dyn Fn(AttributeId) -> bool) -> Option<Named> {
        let event = self.events[at];
        if let Some((cue, attribute, colon)) = self.name_before(at, fits) {
            self.used[cue] = true;
            let confidence = if colon { sure::NAMED } else { sure::NAMED - 2 };
            return Some(Named {
                attribute,
                confidence,
                start: self.events[cue].start,
                end: event.end,
            });
        }
        let (cue, attribute) = self.name_behind(at, fits)?;
        self.used[cue] = true;
        Some(Named {
            attribute,
            confidence: sure::NAMED_BEHIND,
            start: event.start,
            end: self.events[cue].end,
        })
    }

    fn name_before(&self, at: usize, fits: &dyn Fn(AttributeId) -> bool) -> Option<(usize, AttributeId, bool)> {
        let mut here = at;
        let mut colon = false;
        for _ in 0..5 {
            let before = here.checked_sub(1)?;
            colon |= self.gap(before, here)?;
            if let Kept::Phrase(entry) = self.events[before].what {
                if !self.used[before]
                    && let Some(attribute) = self.cue(entry, Where::Before, fits)
                {
                    return Some((before, attribute, colon));
                }
                if self.connects(before) {
                    here = before;
                    continue;
                }
            }
            return None;
        }
        None
    }

    fn name_behind(&self, at: usize, fits: &dyn Fn(AttributeId) -> bool) -> Option<(usize, AttributeId)> {
        let mut here = at;
        for _ in 0..3 {
            let next = self.near(here, 1)?;
            let Kept::Phrase(entry) = self.events[next].what else {
                return None;
            };
            if let Some(attribute) = self.cue(entry, Where::Behind, fits) {
                let after = self.tokens.get(self.events[next].to as usize).map(|token| token.kind);
                // `Peso:` begins something of its own.
                return (after != Some(Kind::Colon)).then_some((next, attribute));
            }
            if !self.marks(next, Marker::Link) {
                return None;
            }
            here = next;
        }
        None
    }

    /// The attribute that a phrase names and that fits; a name on the wrong side names nothing.
    fn cue(&self, entry: u32, side: Where, fits: &dyn Fn(AttributeId) -> bool) -> Option<AttributeId> {
        self.tables
            .lexicon
            .meanings(entry)
            .iter()
            .find_map(|meaning| match meaning {
                Meaning::Cue(attribute, place)
                    if (*place == side || *place == Where::Either) && self.plan.has(*attribute) && fits(*attribute) =>
                {
                    Some(*attribute)
                }
                _ => None,
            })
    }

    /// The value has a name beside it that is none of this family's: it is not free to be taken for another.
    fn is_anothers(&self, at: usize) -> bool {
        let names = |n: usize| match self.events[n].what {
            Kept::Phrase(entry) => self.tables.lexicon.meanings(entry).iter().any(|meaning| match meaning {
                Meaning::Cue(attribute, _) => self.schema.attribute(*attribute).kind.is_amount(),
                _ => false,
            }),
            Kept::Quantity(_) => false,
        };
        let mut here = at;
        for _ in 0..4 {
            let Some(before) = self.near(here, -1) else { break };
            if names(before) && !self.used[before] {
                return true;
            }
            if !self.connects(before) {
                break;
            }
            here = before;
        }
        let behind = self
            .near(at, 1)
            .filter(|next| self.marks(*next, Marker::Link))
            .and_then(|next| self.near(next, 1));
        behind.is_some_and(names)
    }

    /// The neighbour with nothing but signs between.
    fn near(&self, at: usize, step: isize) -> Option<usize> {
        let other = at.checked_add_signed(step).filter(|n| *n < self.events.len())?;
        let (left, right) = if step < 0 { (other, at) } else { (at, other) };
        self.gap(left, right).map(|_| other)
    }

    /// Whether a colon stands between two neighbours; none where something parts them.
    fn gap(&self, left: usize, right: usize) -> Option<bool> {
        let mut colon = false;
        for token in self
            .tokens
            .get(self.events[left].to as usize..self.events[right].from as usize)?
        {
            match token.kind {
                Kind::Colon => colon = true,
                Kind::Dash | Kind::Other | Kind::Open | Kind::Percent => {}
                _ => return None,
            }
        }
        Some(colon)
    }

    fn marks(&self, at: usize, asked: Marker) -> bool {
        let Kept::Phrase(entry) = self.events[at].what else {
            return false;
        };
        self.tables.lexicon.meanings(entry).iter().any(|meaning| match meaning {
            Meaning::Marker(marker, of) => *marker == asked && of & self.text.languages != 0,
            _ => false,
        })
    }

    fn connects(&self, at: usize) -> bool {
        [Marker::Link, Marker::Most, Marker::With]
            .iter()
            .any(|marker| self.marks(at, *marker))
    }

    // ---- phrases

    fn phrase(&mut self, at: usize, entry: u32) {
        let tables = self.tables;
        let event = self.events[at];
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
                } if languages & self.text.languages != 0 => {
                    let plan = self.plan;
                    for (attribute, alone) in plan.of_list(list) {
                        if self.is_open(*attribute) && !spared(*attribute) {
                            self.option(at, *attribute, (list, option), *alone, weak);
                        }
                    }
                }
                Meaning::Yes(attribute) | Meaning::No(attribute) if self.plan.has(attribute) && !spared(attribute) => {
                    // `sin batería` does not say that it has a cable: what says no is told by the schema.
                    if event.whose == Whose::Others || event.like || event.denied <= 1 {
                        continue;
                    }
                    let truth = matches!(meaning, Meaning::Yes(_));
                    let confidence = if self.text.title {
                        sure::TITLE + 2
                    } else {
                        sure::TITLE - 5
                    };
                    self.say(attribute, What::Boolean(truth), confidence, event.start, event.end);
                }
                Meaning::Cue(attribute, _)
                    if self.plan.has(attribute) && self.schema.attribute(attribute).specs.clause =>
                {
                    self.clause(at, attribute);
                }
                _ => {}
            }
        }
    }

    fn option(&mut self, at: usize, attribute: AttributeId, (list, option): (OptionsId, u32), alone: bool, weak: bool) {
        let event = self.events[at];
        let hints = &self.schema.attribute(attribute).specs;
        if event.denied <= 1 || event.like || (weak && self.goes_on(at)) {
            return;
        }
        let what = What::Option(list, option);
        if let Some((cue, attribute, colon)) = self.name_before_list(at, list, &|named| named == attribute) {
            let confidence = if colon { sure::NAMED } else { sure::NAMED - 2 };
            let start = self.events[cue].start;
            return self.say(attribute, what, confidence, start, event.end);
        }
        let others = event.whose == Whose::Others && !hints.audience;
        if weak || others {
            return;
        }
        let share = self
            .near(at, -1)
            .filter(|before| matches!(self.events[*before].what, Kept::Quantity(Said::Percent(_))));
        if let Some(share) = share.filter(|_| event.denied == UNDENIED) {
            let start = self.events[share].start;
            return self.say(attribute, what, sure::SHARE, start, event.end);
        }
        if let Some((cue, attribute)) = self.name_behind(at, &|named| named == attribute) {
            let end = self.events[cue].end;
            return self.say(attribute, what, sure::NAMED_BEHIND - 3, event.start, end);
        }
        if alone {
            let confidence = if self.text.title { sure::TITLE } else { sure::TEXT };
            self.say(attribute, what, confidence, event.start, event.end);
        }
    }

    /// The name before an option, or before the options of the same list that stand before it (`negro, rojo y azul`).
    fn name_before_list(
        &self,
        at: usize,
        list: OptionsId,
        fits: &dyn Fn(AttributeId) -> bool,
    ) -> Option<(usize, AttributeId, bool)> {
        let mut here = at;
        for _ in 0..8 {
            if let Some(named) = self.name_before(here, fits) {
                return Some(named);
            }
            let mut before = here.checked_sub(1)?;
            for token in self
                .tokens
                .get(self.events[before].to as usize..self.events[here].from as usize)?
            {
                if !matches!(
                    token.kind,
                    Kind::Comma | Kind::Slash | Kind::Percent | Kind::Dash | Kind::Plus
                ) {
                    return None;
                }
            }
            let skip = |n: usize| {
                self.marks(n, Marker::And) || matches!(self.events[n].what, Kept::Quantity(Said::Percent(_)))
            };
            while skip(before) {
                let earlier = before.checked_sub(1)?;
                let between = self
                    .tokens
                    .get(self.events[earlier].to as usize..self.events[before].from as usize)?;
                if between
                    .iter()
                    .any(|token| !matches!(token.kind, Kind::Comma | Kind::Slash | Kind::Percent))
                {
                    return None;
                }
                before = earlier;
            }
            let Kept::Phrase(entry) = self.events[before].what else {
                return None;
            };
            let same = |meaning: &Meaning| matches!(meaning, Meaning::Option { list: other, .. } if *other == list);
            if !self.tables.lexicon.meanings(entry).iter().any(same) {
                return None;
            }
            here = before;
        }
        None
    }

    /// A short option is part of something longer: `A+`, `A-G`, `M/L`.
    fn goes_on(&self, at: usize) -> bool {
        let joined = |n: usize| {
            let sign = self.tokens.get(n);
            sign.is_some_and(|sign| matches!(sign.kind, Kind::Plus | Kind::Dash | Kind::Slash) && sign.glued)
        };
        let event = self.events[at];
        let before = (event.from as usize)
            .checked_sub(1)
            .is_some_and(|n| joined(n) && self.tokens.get(event.from as usize).is_some_and(|token| token.glued));
        let behind = joined(event.to as usize) && {
            let next = self.tokens.get(event.to as usize + 1);
            self.tokens[event.to as usize].kind == Kind::Plus
                || next.is_some_and(|next| next.glued && matches!(next.kind, Kind::Word | Kind::Number))
        };
        before || behind
    }

    /// What follows a name up to the end of its clause.
    fn clause(&mut self, at: usize, attribute: AttributeId) {
        let event = self.events[at];
        if event.denied <= 1 {
            return;
        }
        let mut from = event.to as usize;
        while self
            .tokens
            .get(from)
            .is_some_and(|token| matches!(token.kind, Kind::Colon | Kind::Dash))
        {
            from += 1;
        }
        let rest = self.tokens.get(from..).unwrap_or_default();
        let ends = |token: &&Token| matches!(token.kind, Kind::Stop | Kind::Open | Kind::Close);
        let taken = rest.iter().take_while(|token| !ends(token)).count();
        let Some((first, last)) = rest
            .first()
            .zip(rest.get(taken.saturating_sub(1)))
            .filter(|_| taken > 0)
        else {
            return;
        };
        // A name begins it; what small letters begin is a sentence.
        let text = self
            .text
            .text
            .get(first.start as usize..last.end as usize)
            .unwrap_or_default();
        let telling = text.chars().any(|c| c.is_uppercase() || c.is_ascii_digit());
        let most = self
            .schema
            .attribute(attribute)
            .limits
            .max_length
            .unwrap_or(80)
            .min(160);
        if telling && text.chars().count() <= most {
            let confidence = if self.text.title { sure::TITLE } else { sure::TITLE - 5 };
            self.say(
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
        let plan = self.plan;
        if plan.shapes.iter().all(|(attribute, _)| !self.is_open(*attribute)) {
            return;
        }
        let mut at = 0;
        while at < self.tokens.len() {
            let mut to = at + 1;
            let inside = |token: &Token| {
                token.glued
                    && matches!(
                        token.kind,
                        Kind::Word | Kind::Number | Kind::Slash | Kind::Dash | Kind::Other
                    )
            };
            while self.tokens.get(to).is_some_and(inside) {
                to += 1;
            }
            while to > at + 1 && !matches!(self.tokens[to - 1].kind, Kind::Word | Kind::Number) {
                to -= 1;
            }
            let (start, end) = (self.tokens[at].start, self.tokens[to - 1].end);
            let digits = self.tokens[at..to].iter().any(|token| token.kind == Kind::Number);
            let foreign = || {
                self.events
                    .iter()
                    .rev()
                    .find(|event| event.start <= start)
                    .is_some_and(|event| event.whose != Whose::Own)
            };
            if digits && end - start <= 24 && matches!(self.tokens[at].kind, Kind::Word | Kind::Number) {
                let word = &self.text.text[start as usize..end as usize];
                for (attribute, shape) in &plan.shapes {
                    if self.is_open(*attribute) && shape.is_match(word) && !foreign() {
                        self.say(*attribute, What::Text(start, end), sure::SHAPE, start, end);
                    }
                }
            }
            at = to;
        }
    }
}
