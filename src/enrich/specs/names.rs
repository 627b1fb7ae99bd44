//! What stands beside a value: the name of an attribute, a bound, a sign that it goes on.
//!
//! What a value with such neighbours fills is left to `read`.

use crate::enrich::specs::events::{Event, What as Kept};
use crate::enrich::specs::found::Joined;
use crate::enrich::specs::language::{Languages, Marker, of_locale};
use crate::enrich::specs::lexicon::{Lexicon, Meaning, Where};
use crate::enrich::specs::plan::Plan;
use crate::enrich::specs::quantity::Said;
use crate::enrich::specs::token::{Kind, Token};
use crate::enrich::specs::unit_words::{UnitId, UnitWords};
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::schema::option_list::OptionsId;
use crate::schema::specs::Side;
use crate::value::unit::Exchange;
use std::cell::Cell;

/// Words that may stand between a number and what it counts.
const MOST_BETWEEN: u32 = 2;

/// What reading needs beside the text.
#[derive(Debug, Clone, Default)]
pub struct Tables {
    pub lexicon: Lexicon,
    pub units: UnitWords,
    /// By attribute.
    pub exchanges: Vec<Vec<(UnitId, Exchange)>>,
    pub dimension_order: Vec<Side>,
}

/// The name beside an option.
#[derive(Debug, Clone, Copy)]
pub struct OptionName {
    /// The phrase.
    pub cue: usize,
    /// Before or behind the option.
    pub side: Where,
    /// A colon stands between.
    pub colon: bool,
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

/// The events of a text with their neighbours.
#[derive(Clone, Copy)]
pub struct Names<'a> {
    pub tables: &'a Tables,
    pub plan: &'a Plan,
    pub schema: &'a Schema,
    pub text: Text<'a>,
    pub tokens: &'a [Token],
    pub events: &'a [Event],
    /// By event: a name that has served a value.
    pub used: &'a [Cell<bool>],
}

impl Names<'_> {
    pub fn name_before(&self, at: usize, fits: &dyn Fn(AttributeId) -> bool) -> Option<(usize, AttributeId, bool)> {
        let mut here = at;
        let mut colon = false;
        for _ in 0..5 {
            let before = here.checked_sub(1)?;
            colon |= self.gap(before, here)?;
            if let Kept::Phrase(entry) = self.events[before].what {
                if !self.used[before].get()
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

    pub fn name_behind(&self, at: usize, fits: &dyn Fn(AttributeId) -> bool) -> Option<(usize, AttributeId)> {
        let mut here = at;
        for _ in 0..3 {
            let next = self.near(here, 1)?;
            let Kept::Phrase(entry) = self.events[next].what else {
                return None;
            };
            if let Some(attribute) = self.cue(entry, Where::Behind, fits) {
                // `Peso:` and `SPF50` begin something of their own.
                return (!self.begins(next)).then_some((next, attribute));
            }
            // `mahogany guitar body`
            if !self.marks(next, Marker::Link) && !self.is_head(next) {
                return None;
            }
            here = next;
        }
        None
    }

    /// A colon or digits stand right behind a name.
    fn begins(&self, cue: usize) -> bool {
        self.tokens
            .get(self.events[cue].to as usize)
            .is_some_and(|token| token.kind == Kind::Colon || (token.kind == Kind::Number && token.glued))
    }

    /// The count noun behind a number, with at most two words between that say more of it (`120 vegetarian capsules`), in
    /// languages that put them there.
    pub fn counted(&self, at: usize, fits: &dyn Fn(AttributeId) -> bool) -> Option<(usize, AttributeId)> {
        if self.text.languages & !(of_locale("en") | of_locale("de")) != 0 {
            return None;
        }
        let mut words = 0;
        let mut from = self.events[at].to;
        for next in at + 1..self.events.len() {
            let event = self.events[next];
            for token in self.tokens.get(from as usize..event.from as usize)? {
                match token.kind {
                    Kind::Word => words += 1,
                    Kind::Dash if token.glued => {}
                    _ => return None,
                }
            }
            let Kept::Phrase(entry) = event.what else { return None };
            if words > MOST_BETWEEN {
                return None;
            }
            let meanings = self.tables.lexicon.meanings(entry);
            let counts = meanings.iter().find_map(|meaning| match meaning {
                Meaning::Cue(attribute, Where::Behind) if self.plan.has(*attribute) && fits(*attribute) => {
                    Some(*attribute)
                }
                _ => None,
            });
            if let Some(attribute) = counts {
                return (!self.begins(next)).then_some((next, attribute));
            }
            let parts = |meaning: &Meaning| match meaning {
                Meaning::Marker(_, of) => of & self.text.languages != 0,
                Meaning::Cue(..) => true,
                _ => false,
            };
            if meanings.iter().any(parts) {
                return None;
            }
            words += event.to - event.from;
            from = event.to;
        }
        None
    }

    /// The attribute that a phrase names and that fits; a name on the wrong side names nothing.
    pub fn cue(&self, entry: u32, side: Where, fits: &dyn Fn(AttributeId) -> bool) -> Option<AttributeId> {
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
    pub fn is_anothers(&self, at: usize) -> bool {
        let names = |n: usize, side: Where| match self.events[n].what {
            Kept::Phrase(entry) => self.tables.lexicon.meanings(entry).iter().any(|meaning| match meaning {
                Meaning::Cue(attribute, place) => {
                    (*place == side || *place == Where::Either) && self.schema.attribute(*attribute).kind.is_amount()
                }
                _ => false,
            }),
            Kept::Quantity(_) => false,
        };
        let mut here = at;
        for _ in 0..4 {
            let Some(before) = self.near(here, -1) else { break };
            if names(before, Where::Before) && !self.used[before].get() {
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
        behind.is_some_and(|next| names(next, Where::Behind))
    }

    /// The neighbour with nothing but signs between.
    pub fn near(&self, at: usize, step: isize) -> Option<usize> {
        let other = at.checked_add_signed(step).filter(|n| *n < self.events.len())?;
        let (left, right) = if step < 0 { (other, at) } else { (at, other) };
        self.gap(left, right).map(|_| other)
    }

    /// Whether a colon stands between two neighbours; none where something parts them.
    pub fn gap(&self, left: usize, right: usize) -> Option<bool> {
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

    pub fn marks(&self, at: usize, asked: Marker) -> bool {
        let Kept::Phrase(entry) = self.events[at].what else {
            return false;
        };
        self.tables.lexicon.meanings(entry).iter().any(|meaning| match meaning {
            Meaning::Marker(marker, of) => *marker == asked && of & self.text.languages != 0,
            _ => false,
        })
    }

    pub fn connects(&self, at: usize) -> bool {
        [Marker::Link, Marker::Most, Marker::With]
            .iter()
            .any(|marker| self.marks(at, *marker))
    }

    /// The name before an option, or before the options of the same list that stand before it (`negro, rojo y azul`).
    pub fn name_before_list(
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
            if !self.is_of_list(before, list) {
                return None;
            }
            here = before;
        }
        None
    }

    /// The name beside an option, of any attribute with its list: the one in front, unless that is the name of the option
    /// before (`basswood body, rosewood fingerboard`).
    pub fn option_name(&self, at: usize, list: OptionsId) -> Option<OptionName> {
        let of_list = self.plan.of_list(list);
        let fits = |attribute: AttributeId| of_list.iter().any(|(of, _)| *of == attribute);
        let behind = self.name_behind(at, &fits).map(|(cue, _)| OptionName {
            cue,
            side: Where::Behind,
            colon: false,
        });
        let Some((cue, _, colon)) = self.name_before_list(at, list, &fits) else {
            return behind;
        };
        let taken = !colon && self.near(cue, -1).is_some_and(|before| self.is_of_list(before, list));
        match taken && (behind.is_some() || self.text.languages == of_locale("en")) {
            true => behind,
            false => Some(OptionName {
                cue,
                side: Where::Before,
                colon,
            }),
        }
    }

    /// The phrase names the attribute on this side of a value.
    pub fn is_name_of(&self, cue: usize, side: Where, attribute: AttributeId) -> bool {
        match self.events[cue].what {
            Kept::Phrase(entry) => self.cue(entry, side, &|named| named == attribute).is_some(),
            Kept::Quantity(_) => false,
        }
    }

    fn is_of_list(&self, at: usize, list: OptionsId) -> bool {
        let same = |meaning: &Meaning| matches!(meaning, Meaning::Option { list: other, .. } if *other == list);
        match self.events[at].what {
            Kept::Phrase(entry) => self.tables.lexicon.meanings(entry).iter().any(same),
            Kept::Quantity(_) => false,
        }
    }

    /// `leather look`, `retro style`: it only looks so.
    pub fn is_look(&self, at: usize) -> bool {
        self.near(at, 1).is_some_and(|next| self.marks(next, Marker::Look))
    }

    /// `with wooden handle`, `con mango de madera`: it is said of a part.
    pub fn is_of_part(&self, at: usize) -> bool {
        if !self.events[at].with {
            return false;
        }
        let part = |n: usize| self.marks(n, Marker::Part);
        let before = self
            .near(at, -1)
            .is_some_and(|one| part(one) || (self.marks(one, Marker::Link) && self.near(one, -1).is_some_and(part)));
        before || self.near(at, 1).is_some_and(part)
    }

    /// The name of the product's family stands right beside it.
    pub fn is_at_head(&self, at: usize) -> bool {
        let beside = |step: isize| self.near(at, step).is_some_and(|beside| self.is_head(beside));
        // In English what says more of a thing stands in front of it.
        beside(1) || (self.text.languages != of_locale("en") && beside(-1))
    }

    fn is_head(&self, at: usize) -> bool {
        match (self.events[at].what, self.plan.family) {
            (Kept::Phrase(entry), Some(family)) => self.tables.lexicon.meanings(entry).contains(&Meaning::Head(family)),
            _ => false,
        }
    }

    /// How it stands to an option of the list right beside it, with at most a sign or an `and` between.
    pub fn joined(&self, at: usize, list: OptionsId) -> Joined {
        let of_list = |n: usize| self.is_of_list(n, list);
        let beside = |from: usize, step: isize| {
            let other = from.checked_add_signed(step).filter(|n| *n < self.events.len())?;
            let (left, right) = if step < 0 { (other, from) } else { (from, other) };
            let between = self
                .tokens
                .get(self.events[left].to as usize..self.events[right].from as usize)?;
            let signs = |token: &Token| !matches!(token.kind, Kind::Word | Kind::Number | Kind::Stop);
            between.iter().all(signs).then_some((other, between.is_empty()))
        };
        let joined = |step: isize| match beside(at, step) {
            Some((other, true)) if of_list(other) => Joined::Row,
            Some((other, false)) if of_list(other) => Joined::Linked,
            Some((and, _)) if self.marks(and, Marker::And) => match beside(and, step) {
                Some((other, _)) if of_list(other) => Joined::Linked,
                _ => Joined::Apart,
            },
            _ => Joined::Apart,
        };
        match joined(-1).max(joined(1)) {
            Joined::Row if self.near(at, -1).is_some_and(|before| self.marks(before, Marker::For)) => Joined::Linked,
            joined => joined,
        }
    }

    /// A comma, a bracket or a spaced dash stands right before it.
    pub fn begins_part(&self, at: usize) -> bool {
        let from = self.events[at].from as usize;
        from.checked_sub(1).is_none_or(|before| parts(self.tokens, before))
    }

    /// It stands alone between commas, brackets or spaced dashes, or at an end of the text.
    pub fn is_its_own(&self, at: usize) -> bool {
        let event = self.events[at];
        let (from, to) = (event.from as usize, event.to as usize);
        let ends = to == self.tokens.len() || parts(self.tokens, to);
        to - from < self.tokens.len() && ends && self.begins_part(at)
    }

    /// A short option is part of something longer: `A+`, `A-G`, `M/L`.
    pub fn goes_on(&self, at: usize) -> bool {
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

    /// `60 W equivalent`
    pub fn is_as_if(&self, at: usize) -> bool {
        self.near(at, 1)
            .is_some_and(|next| self.marks(next, Marker::AsIf) || self.marks(next, Marker::Like))
    }

    /// A bound stands right before it, perhaps with a link between.
    pub fn is_bound(&self, at: usize) -> bool {
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
}

/// The token parts a text: a comma, a bracket, a dash with space, the end of a sentence.
fn parts(tokens: &[Token], n: usize) -> bool {
    let Some(token) = tokens.get(n) else { return false };
    match token.kind {
        Kind::Comma | Kind::Stop | Kind::Open | Kind::Close => true,
        Kind::Dash => !token.glued || tokens.get(n + 1).is_none_or(|next| !next.glued),
        _ => false,
    }
}
