//! A text as a row of phrases and quantities, each with whose it is: the product's, another thing's, or nobody's.
//!
//! Which attribute they fill is left to `read`.

use crate::enrich::specs::language::{ALL, Languages, Marker};
use crate::enrich::specs::lexicon::{Lexicon, Meaning, Phrase};
use crate::enrich::specs::quantity::{Numbers, Quantity, Said};
use crate::enrich::specs::token::{Kind, Token};
use crate::enrich::specs::unit_words::UnitWords;

/// Whose a phrase or quantity is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Whose {
    /// The product's.
    Own,
    /// Behind a comma after `for …`: an amount may still be the other thing's.
    Doubtful,
    /// Another thing's.
    Others,
}

/// A phrase or a quantity.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum What {
    Phrase(u32),
    Quantity(Said),
}

/// One of them at its place.
#[derive(Debug, Clone, Copy)]
pub struct Event {
    pub what: What,
    /// Tokens.
    pub from: u32,
    pub to: u32,
    /// Bytes.
    pub start: u32,
    pub end: u32,
    pub whose: Whose,
    /// Words between a negation and this; 255 where nothing denies it.
    pub denied: u8,
    /// It is what another thing would have.
    pub like: bool,
    /// Behind `with`, in the same part of the text.
    pub with: bool,
}

/// Nothing denies it.
pub const UNDENIED: u8 = u8::MAX;

/// A text with its tokens, and what they are compared with.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    pub text: &'a str,
    pub tokens: &'a [Token],
    pub lexicon: &'a Lexicon,
    /// By entry of the lexicon: it means something here.
    pub relevant: &'a [bool],
    pub units: &'a UnitWords,
    pub languages: Languages,
    pub decimal_comma: bool,
}

/// Appends the events of a text.
pub fn gather(source: Source<'_>, events: &mut Vec<Event>) {
    let Source {
        text,
        tokens,
        lexicon,
        relevant,
        units,
        languages,
        decimal_comma,
    } = source;
    let numbers = Numbers {
        text,
        tokens,
        units,
        decimal_comma,
    };
    let marker = |at: usize, asked: Marker| {
        let says = |phrase: Phrase| {
            lexicon.meanings(phrase.entry).iter().any(|meaning| match meaning {
                Meaning::Marker(marker, of) => *marker == asked && of & languages != 0,
                _ => false,
            })
        };
        tokens.get(at).is_some_and(|token| token.word != 0) && lexicon.word(tokens, at, relevant).is_some_and(says)
    };
    let mut scope = Scope::default();
    // The first event of the clause under way.
    let mut clause = 0;
    let mut at = 0;
    while at < tokens.len() {
        let token = &tokens[at];
        match token.kind {
            Kind::Word | Kind::Number => {}
            kind => {
                let spaced = !token.glued || tokens.get(at + 1).is_none_or(|next| !next.glued);
                scope.mark(kind, spaced);
                if matches!(kind, Kind::Stop | Kind::Comma | Kind::Open) || (kind == Kind::Dash && spaced) {
                    clause = events.len();
                }
                at += 1;
                continue;
            }
        }
        let phrase = lexicon.longest(tokens, at, relevant);
        let quantity = match token.kind {
            Kind::Number => Some(numbers.read(at, is_named(events, at), &marker)),
            _ => None,
        };
        // A number with a unit is a quantity whatever else its digits may mean; one without may be an option (a size).
        let counts = |quantity: &Quantity| {
            phrase.is_none() || !matches!(quantity.said, Said::One(_, None) | Said::Nothing | Said::Percent(_))
        };
        if let Some(quantity) = quantity.filter(counts) {
            events.push(scope.event(
                What::Quantity(quantity.said),
                quantity.from,
                quantity.to,
                quantity.start,
                quantity.end,
            ));
            scope.word();
            at = quantity.to.max(at + 1);
            continue;
        }
        let Some(phrase) = phrase else {
            scope.word();
            at += 1;
            continue;
        };
        let (from, to) = (phrase.from as usize, phrase.to as usize);
        let end = tokens[to - 1].end as usize;
        events.push(scope.event(What::Phrase(phrase.entry), from, to, token.start as usize, end));
        let meanings = lexicon.meanings(phrase.entry);
        if meanings.contains(&Meaning::Marker(Marker::NotThere, ALL)) {
            events[clause..].iter_mut().for_each(|event| event.denied = 0);
        }
        scope.phrase(meanings, languages);
        at = to;
    }
}

/// A phrase ends right where the number begins: letters that digits are glued to name it (`SPF30`).
fn is_named(events: &[Event], at: usize) -> bool {
    events
        .last()
        .is_some_and(|last| last.to as usize == at && matches!(last.what, What::Phrase(_)))
}

/// What holds at a place of the text.
struct Scope {
    whose: Whose,
    depth: u8,
    opened: u8,
    denied: u8,
    like: bool,
    than: bool,
    with: bool,
    /// The last word was `for`.
    just: bool,
}

impl Default for Scope {
    fn default() -> Scope {
        Scope {
            whose: Whose::Own,
            depth: 0,
            opened: 0,
            denied: UNDENIED,
            like: false,
            than: false,
            with: false,
            just: false,
        }
    }
}

impl Scope {
    fn event(&self, what: What, from: usize, to: usize, start: usize, end: usize) -> Event {
        Event {
            what,
            from: from as u32,
            to: to as u32,
            start: start as u32,
            end: end as u32,
            whose: self.whose,
            denied: self.denied,
            with: self.with,
            like: self.like || (self.than && matches!(what, What::Quantity(_))),
        }
    }

    fn mark(&mut self, kind: Kind, spaced: bool) {
        match kind {
            Kind::Stop => {
                *self = Scope {
                    depth: self.depth,
                    ..Scope::default()
                }
            }
            Kind::Dash if spaced => {
                *self = Scope {
                    depth: self.depth,
                    ..Scope::default()
                }
            }
            Kind::Comma => {
                if self.whose == Whose::Others {
                    self.whose = Whose::Doubtful;
                }
                self.denied = UNDENIED;
                self.like = false;
                self.than = false;
                self.with = false;
            }
            Kind::Open => {
                self.depth = self.depth.saturating_add(1);
                self.denied = UNDENIED;
            }
            Kind::Close => {
                if self.depth > 0 && self.opened >= self.depth {
                    self.whose = Whose::Own;
                    self.like = false;
                    self.than = false;
                }
                self.depth = self.depth.saturating_sub(1);
                self.denied = UNDENIED;
            }
            _ => {}
        }
    }

    /// A word that means nothing, or a value.
    fn word(&mut self) {
        self.just = false;
        if self.denied < 8 {
            self.denied += 1;
        } else {
            self.denied = UNDENIED;
        }
    }

    fn phrase(&mut self, meanings: &[Meaning], languages: Languages) {
        let mut linking = false;
        let just = std::mem::take(&mut self.just);
        for meaning in meanings {
            match meaning {
                Meaning::Marker(marker, of) if of & languages != 0 => match marker {
                    Marker::Not => {
                        self.denied = 0;
                        linking = true;
                    }
                    Marker::For => {
                        self.whose = Whose::Others;
                        self.opened = self.depth;
                        self.just = true;
                        linking = true;
                    }
                    Marker::With => {
                        self.whose = Whose::Own;
                        self.with = true;
                        linking = true;
                    }
                    Marker::Like => self.like = true,
                    Marker::Than => self.than = true,
                    Marker::Link | Marker::And => linking = true,
                    _ => {}
                },
                Meaning::Cue(..) => linking = true,
                // `para mujer` says whom it is for; what follows is its own again.
                Meaning::Option { audience: true, .. } if just && self.whose == Whose::Others => {
                    self.whose = Whose::Own
                }
                _ => {}
            }
        }
        if !linking {
            self.word();
        }
    }
}
