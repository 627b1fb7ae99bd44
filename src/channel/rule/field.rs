//! What a field's own declaration demands: presence, number of values, type, words, pattern, length.
//!
//! A fault is dealt with where it stands, so that one bad value does not cost the item:
//! - what the pack marks `uncertain` is sent as it is, with a warning;
//! - values beyond `max_values` are left out, a text with `too_long = "cut"` is cut behind the last word that fits;
//! - in an optional field the bad value is left out;
//! - in any other field the item is blocked.
//!
//! The pack's rules run afterwards, on what is left.

use crate::channel::pack::field::{Demand, LengthUnit, Required, Row, TooLong};
use crate::channel::pack::{Field, Pack};
use crate::channel::rule::fault::Fault;
use crate::channel::rule::finding::{Finding, OF_THE_FIELD, Outcome, finding};
use crate::channel::rule::shape;
use crate::product::listing::{Content, Listing};

/// Checks and mends all fields of a listing.
pub fn check(pack: &Pack, listing: &mut Listing, out: &mut Vec<Finding>) {
    if listing.contents.len() < pack.fields.len() {
        listing.contents.resize(pack.fields.len(), Content::Empty);
    }
    for (number, (field, content)) in pack.fields.iter().zip(&mut listing.contents).enumerate() {
        let mut work = Work {
            pack,
            field,
            number: number as u16,
            out,
        };
        if content.is_empty() {
            if field.required == Required::Always {
                let outcome = if field.doubts(Demand::Required) {
                    Outcome::Sent
                } else {
                    Outcome::Refused
                };
                work.note(Fault::Missing, outcome, "");
            }
            continue;
        }
        work.content(content);
    }
}

/// The limit behind a fault, for the sentence about it.
pub fn limit(field: &Field, fault: Fault) -> Option<String> {
    let unit = if field.unit == LengthUnit::Bytes {
        "bytes"
    } else {
        "characters"
    };
    match fault {
        // A part of a group has limits of its own, which the field's do not tell.
        Fault::TooLong | Fault::TotalTooLong if field.max_length == usize::MAX && field.max_total == usize::MAX => None,
        Fault::NotInList if field.words.is_empty() => None,
        Fault::TooLong => Some(format!(" (at most {} {unit})", field.max_length)),
        Fault::TooShort => Some(format!(" (at least {} {unit})", field.min_length)),
        Fault::TotalTooLong => Some(format!(" (at most {} {unit})", field.max_total.min(field.max_length))),
        Fault::TooManyValues => Some(format!(" (at most {})", field.max_values)),
        Fault::NotInList => {
            let words: Vec<&str> = field.words.iter().take(12).map(String::as_str).collect();
            let more = if field.words.len() > words.len() { ", …" } else { "" };
            Some(format!(" ({}{more})", words.join(", ")))
        }
        Fault::OutOfRange => match (&field.measure, field.min, field.max) {
            (Some(measure), _, _) if !measure.numbers.is_empty() => {
                let numbers: Vec<String> = measure.numbers.iter().map(u32::to_string).collect();
                Some(format!(" (one of {})", numbers.join(", ")))
            }
            (_, Some(min), Some(max)) => Some(format!(" ({min} to {max})")),
            (_, Some(min), None) => Some(format!(" (at least {min})")),
            (_, None, Some(max)) => Some(format!(" (at most {max})")),
            (_, None, None) => None,
        },
        Fault::UnknownUnit => field
            .measure
            .as_ref()
            .map(|measure| format!(" ({})", measure.units.join(", "))),
        Fault::PatternDiffers => field.pattern.as_ref().map(|pattern| format!(" ({})", pattern.as_str())),
        _ => None,
    }
}

struct Work<'a> {
    pack: &'a Pack,
    field: &'a Field,
    number: u16,
    out: &'a mut Vec<Finding>,
}

impl Work<'_> {
    fn note(&mut self, fault: Fault, outcome: Outcome, value: &str) {
        self.out
            .push(finding(OF_THE_FIELD, outcome, fault, Some(self.number), Some(value)));
    }

    fn content(&mut self, content: &mut Content) {
        match content {
            Content::Empty => return,
            Content::One(text) => {
                if !self.text(text) {
                    *content = Content::Empty;
                }
                return;
            }
            Content::Many(texts) => {
                let empty = texts.iter().any(String::is_empty);
                if empty && self.field.row != Row::Picture {
                    texts.retain(|text| !text.is_empty());
                }
                if self.too_many(texts.len()) {
                    texts.truncate(self.field.max_values);
                }
                texts.retain_mut(|text| text.is_empty() || self.text(text));
                if self.field.joined {
                    self.joined(texts);
                }
            }
            Content::Groups(groups) => {
                if self.too_many(groups.len()) {
                    groups.truncate(self.field.max_values);
                }
                groups.retain(|parts| self.group(parts));
            }
        }
        self.total(content);
        if content.count() == 0 {
            *content = Content::Empty;
        }
    }

    /// Tells of too many values; true where they are to be cut off.
    fn too_many(&mut self, count: usize) -> bool {
        if count <= self.field.max_values {
            return false;
        }
        let doubted = self.field.doubts(Demand::MaxValues);
        self.note(
            Fault::TooManyValues,
            if doubted { Outcome::Sent } else { Outcome::Cut },
            &count.to_string(),
        );
        !doubted
    }

    /// Checks one text and cuts it where it may be cut; false where it is to be left out.
    fn text(&mut self, text: &mut String) -> bool {
        if let Some(fault) = self.length(text) {
            if fault == Fault::TooLong && self.field.too_long == TooLong::Cut && !self.field.doubts(Demand::Length) {
                self.note(fault, Outcome::Cut, text);
                cut(text, self.field.max_length, self.field.unit);
            } else if !self.keeps(fault, Demand::Length, text) {
                return false;
            }
        }
        let words = &self.field.words;
        if !words.is_empty()
            && !words.iter().any(|word| word == text)
            && !self.keeps(Fault::NotInList, Demand::Enum, text)
        {
            return false;
        }
        if let Some(fault) = shape::fault(self.pack, self.field, text) {
            let demand = if fault == Fault::OutOfRange {
                Demand::Range
            } else {
                Demand::Type
            };
            if !self.keeps(fault, demand, text) {
                return false;
            }
        }
        match &self.field.pattern {
            Some(pattern) if !pattern.is_match(text) => self.keeps(Fault::PatternDiffers, Demand::Pattern, text),
            _ => true,
        }
    }

    /// Notes a fault that cannot be mended in place; false where the value is to be left out.
    fn keeps(&mut self, fault: Fault, demand: Demand, value: &str) -> bool {
        let outcome = if self.field.doubts(demand) {
            Outcome::Sent
        } else if self.field.required == Required::Optional {
            Outcome::LeftOut
        } else {
            Outcome::Refused
        };
        self.note(fault, outcome, value);
        outcome != Outcome::LeftOut
    }

    fn length(&self, text: &str) -> Option<Fault> {
        let field = self.field;
        // A text never has more characters than bytes, so that most texts need no counting.
        if text.len() <= field.max_length && field.min_length <= 1 {
            return (text.len() < field.min_length).then_some(Fault::TooShort);
        }
        let length = length(text, field.unit);
        if length > field.max_length {
            Some(Fault::TooLong)
        } else if length < field.min_length {
            Some(Fault::TooShort)
        } else {
            None
        }
    }

    /// Values that the channel takes as one text are as long as the whole.
    fn joined(&mut self, texts: &mut Vec<String>) {
        let separator = self.field.separator.as_deref().unwrap_or(",").len();
        let sum = |texts: &[String]| {
            texts
                .iter()
                .map(|text| length(text, self.field.unit) + separator)
                .sum::<usize>()
                .saturating_sub(separator)
        };
        if sum(texts) <= self.field.max_length {
            return;
        }
        let doubted = self.field.doubts(Demand::Length);
        let value = texts.join("/");
        if !doubted {
            while texts.len() > 1 && sum(texts) > self.field.max_length {
                texts.pop();
            }
        }
        self.note(
            Fault::TotalTooLong,
            if doubted { Outcome::Sent } else { Outcome::Cut },
            &value,
        );
    }

    fn total(&mut self, content: &mut Content) {
        if self.field.max_total == usize::MAX {
            return;
        }
        let sum = |content: &Content| content.texts().map(|text| length(text, self.field.unit)).sum::<usize>();
        if sum(content) <= self.field.max_total {
            return;
        }
        let doubted = self.field.doubts(Demand::Length);
        if !doubted {
            while content.count() > 0 && sum(content) > self.field.max_total {
                match content {
                    Content::Many(texts) => drop(texts.pop()),
                    Content::Groups(groups) => drop(groups.pop()),
                    Content::Empty | Content::One(_) => break,
                }
            }
        }
        self.note(
            Fault::TotalTooLong,
            if doubted { Outcome::Sent } else { Outcome::Cut },
            "",
        );
    }

    /// Checks the parts of one group; false where the whole group is to be left out.
    fn group(&mut self, parts: &[(String, String)]) -> bool {
        let mut keep = true;
        for (name, text) in parts.iter().filter(|(_, text)| !text.is_empty()) {
            let Some(part) = self.field.parts.iter().find(|part| part.name == *name) else {
                keep &= self.keeps(Fault::UnknownPart, Demand::Syntax, name);
                continue;
            };
            if part
                .max_length
                .is_some_and(|most| length(text, LengthUnit::Characters) > most as usize)
            {
                keep &= self.keeps(Fault::TooLong, Demand::Length, text);
            }
            if !part.words.is_empty() && !part.words.contains(text) {
                keep &= self.keeps(Fault::NotInList, Demand::Enum, text);
            } else if let Some(fault) = shape::part_fault(self.pack, part.kind, text) {
                keep &= self.keeps(fault, Demand::Type, text);
            }
        }
        keep
    }
}

/// The length of a text in the unit.
pub fn length(text: &str, unit: LengthUnit) -> usize {
    match unit {
        LengthUnit::Characters => text.chars().count(),
        LengthUnit::Bytes => text.len(),
    }
}

/// Cuts a text behind the last word that fits, and the marks that would hang behind it.
pub fn cut(text: &mut String, most: usize, unit: LengthUnit) {
    let end = match unit {
        LengthUnit::Characters => text.char_indices().nth(most).map_or(text.len(), |(at, _)| at),
        LengthUnit::Bytes => (0..=most.min(text.len()))
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or(0),
    };
    if end >= text.len() {
        return;
    }
    let head = &text[..end];
    let whole = text[end..].starts_with(char::is_whitespace);
    // Half of the text is never given up for the sake of a whole word.
    let at = match head.rfind(char::is_whitespace) {
        Some(at) if !whole && at * 2 >= end => at,
        _ => end,
    };
    let kept = text[..at]
        .trim_end_matches(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ':' | '-' | '–' | '(' | '/' | '&'));
    text.truncate(kept.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_behind_a_word() {
        let check = |text: &str, most, expected: &str| {
            let mut text = text.to_string();
            cut(&mut text, most, LengthUnit::Characters);
            assert_eq!(text, expected);
        };
        check("Taladro percutor", 30, "Taladro percutor");
        check("Taladro percutor 18 V", 16, "Taladro percutor");
        check("Taladro percutor 18 V", 14, "Taladro");
        check("Taladro, percutor", 9, "Taladro");
        check("Año ñandú niño", 9, "Año ñandú");
        check("Schlagbohrmaschinenkoffer", 10, "Schlagbohr");
        check("a Schlagbohrmaschinenkoffer", 10, "a Schlagbo");
        let mut text = "añadido".to_string();
        cut(&mut text, 2, LengthUnit::Bytes);
        assert_eq!(text, "a");
    }
}
