//! What the words of a title are: plain words, part numbers, quantities, colours, packs.
//!
//! The rules are general: shapes of letters and digits, unit signs, and the names of colours in the languages that feeds
//! come in. Nothing here knows a brand or a shop.

use crate::merge::candidate::vocabulary::{COUNTED, SECOND, colour};
use crate::value::number::{Notation, parse};
use crate::value::text::{fold, fold_into};
use rust_decimal::prelude::ToPrimitive;

/// Words that are read of one text; more tell nothing new and cost time.
const MOST_WORDS: usize = 128;
/// A part number has at least so many signs, and one of digits alone more.
const SHORTEST_CODE: usize = 4;
const SHORTEST_DIGITS: usize = 5;
const LONGEST_CODE: usize = 32;

/// What a quantity measures. Two titles with different values of one of these are titles of different products.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Dimension {
    Pack,
    Memory,
    Length,
    Mass,
    Volume,
    Power,
    Voltage,
    Charge,
    Frequency,
    Pixels,
}

impl Dimension {
    /// As a person calls it.
    pub fn name(self) -> &'static str {
        match self {
            Dimension::Pack => "pack",
            Dimension::Memory => "capacity",
            Dimension::Length => "size",
            Dimension::Mass => "weight",
            Dimension::Volume => "volume",
            Dimension::Power => "power",
            Dimension::Voltage => "voltage",
            Dimension::Charge => "charge",
            Dimension::Frequency => "frequency",
            Dimension::Pixels => "megapixels",
        }
    }
}

/// Units as titles write them: dimension, and thousandths of its base unit.
fn unit(word: &str) -> Option<(Dimension, f64)> {
    use Dimension::*;
    Some(match word {
        "gb" | "gig" | "gigabyte" | "gbyte" => (Memory, 1e3),
        "tb" => (Memory, 1.024e6),
        "mb" | "megabyte" => (Memory, 1e3 / 1024.0),
        "mm" => (Length, 1e3),
        "cm" => (Length, 1e4),
        "in" | "inch" | "inches" | "zoll" | "pulgadas" | "pouces" | "pollici" | "polegadas" => (Length, 25.4e3),
        "ft" | "foot" | "feet" => (Length, 304.8e3),
        "m" | "meter" | "metre" | "metro" | "metros" => (Length, 1e6),
        "g" | "gr" | "gram" | "grams" | "gramos" => (Mass, 1e3),
        "kg" | "kilo" | "kilos" => (Mass, 1e6),
        "lb" | "lbs" | "pound" | "pounds" => (Mass, 453.592e3),
        "oz" | "ounce" | "ounces" => (Mass, 28.3495e3),
        "ml" => (Volume, 1e3),
        "cl" => (Volume, 1e4),
        "l" | "litre" | "liter" | "litro" | "litros" => (Volume, 1e6),
        "w" | "watt" | "watts" | "vatios" => (Power, 1e3),
        "kw" => (Power, 1e6),
        "v" | "volt" | "volts" | "voltios" => (Voltage, 1e3),
        "mah" => (Charge, 1e3),
        "ah" => (Charge, 1e6),
        "mhz" => (Frequency, 1e3),
        "ghz" => (Frequency, 1e6),
        "mp" | "megapixel" | "megapixels" | "mpix" => (Pixels, 1e3),
        "pack" | "packs" | "pk" | "ct" | "count" | "pcs" | "pieces" | "uds" | "unidades" | "ud" | "stuck" | "stk"
        | "pezzi" => (Pack, 1e3),
        _ => return None,
    })
}

/// A quantity in thousandths of the base unit of its dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity {
    pub dimension: Dimension,
    pub amount: i64,
}

/// A text taken apart.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Words {
    /// Folded, in the order of the text: plain words, numbers, and part numbers with their inner signs dropped.
    pub words: Vec<String>,
    /// Those that look like part numbers, sorted, each once.
    pub codes: Vec<String>,
    /// Sorted, each once.
    pub quantities: Vec<Quantity>,
    /// One bit a colour.
    pub colours: u32,
    /// True where it says that it is used, refilled, or made by others in place of the original.
    pub is_second: bool,
    /// Small numbers, alone or with letters behind (`7`, `8port`): sizes, versions, counts. Sorted, each once.
    pub figures: Vec<String>,
}

impl Words {
    /// Takes a text apart.
    pub fn of(text: &str) -> Words {
        let mut found = Words::default();
        let mut pending: Option<f64> = None;
        // `pack of 3`, `set of 25`: the number comes behind.
        let mut pack_of = 0;
        for raw in raw_words(text).take(MOST_WORDS * 2) {
            let raw = raw.trim_matches(|c: char| !c.is_alphanumeric() && c != '"' && c != '″' && c != '\'');
            if raw.is_empty() || found.words.len() >= MOST_WORDS {
                continue;
            }
            let (body, inches) = match raw.strip_suffix(['"', '″', '”']).or_else(|| raw.strip_suffix("''")) {
                Some(body) if body.ends_with(|c: char| c.is_ascii_digit()) => (body, true),
                _ => (raw, false),
            };
            let joined = join(body);
            if joined.is_empty() {
                continue;
            }
            let (number, rest) = leading_number(body);
            let tail = join(rest);
            if inches && let Some(number) = number {
                found.measure(number, "in");
                found.words.push(joined);
                pending = None;
                continue;
            }
            if let Some(number) = number {
                if unit(&tail).is_some() {
                    found.measure(number, &tail);
                    found.words.push(format!("{}{tail}", plain(number)));
                    pending = None;
                    continue;
                }
                if tail.is_empty() {
                    if pack_of == 2 {
                        found.measure(number, "pack");
                    }
                    pending = Some(number);
                    pack_of = 0;
                    found.words.push(joined.clone());
                    if is_code(&joined) && !body.contains(',') {
                        found.codes.push(joined);
                    }
                    continue;
                }
            }
            if let Some(number) = pending.take()
                && unit(&joined).is_some()
            {
                found.measure(number, &joined);
                // The number was taken for a word of its own; with its unit it is one, and no part number.
                let taken = found.words.pop();
                found.codes.retain(|code| Some(code) != taken.as_ref());
                found.words.push(format!("{}{joined}", plain(number)));
                continue;
            }
            pack_of = match (joined.as_str(), pack_of) {
                ("pack" | "set" | "box" | "case" | "paquete" | "juego" | "lote", _) => 1,
                ("of" | "de", 1) => 2,
                _ => 0,
            };
            if is_code(&joined) && !is_multiple(body) {
                found.words.push(joined.clone());
                found.codes.push(joined);
                continue;
            }
            // A word with inner signs and no number is several words. It names colours where all of them do: `Blu-ray` is none.
            let folded = fold(body);
            let parts = || folded.split(' ').filter(|word| !word.is_empty());
            if parts().all(|word| colour(word).is_some()) {
                found.colours |= parts().filter_map(colour).fold(0, |all, colour| all | 1 << colour);
            }
            for word in parts() {
                found.is_second |= SECOND.contains(&word);
                if word == "ray" && found.words.last().is_some_and(|last| last == "blu") {
                    found.colours &= !colour("blu").map_or(0, |colour| 1 << colour);
                }
                found.words.push(word.to_owned());
            }
        }
        let starts = |word: &&String| word.starts_with(|c: char| c.is_ascii_digit());
        found.figures = found
            .words
            .iter()
            .filter(starts)
            .filter(|word| !found.codes.contains(word))
            .cloned()
            .collect();
        found.figures.sort();
        found.figures.dedup();
        found.codes.sort();
        found.codes.dedup();
        found.quantities.sort();
        found.quantities.dedup();
        found
    }

    fn measure(&mut self, number: f64, word: &str) {
        if let Some((dimension, factor)) = unit(word) {
            let amount = (number * factor).round();
            // Nobody sells what is heavier than the earth.
            if amount > 0.0 && amount < 1e15 {
                let amount = amount as i64;
                self.quantities.push(Quantity { dimension, amount });
            }
        }
    }
}

/// Part numbers as they are compared, out of what an attribute says: folded, without inner signs; the whole, and the words
/// in it that look like one (`NB-2LH Battery`).
pub fn codes(text: &str) -> Vec<String> {
    let whole = join(text);
    let mut found = Vec::new();
    if text.split_whitespace().nth(1).is_some() {
        found = Words::of(text).codes;
    }
    let has_digit = whole.bytes().any(|byte| byte.is_ascii_digit());
    if whole.len() <= LONGEST_CODE && whole.len() >= if has_digit { 3 } else { SHORTEST_CODE } {
        found.push(whole);
    }
    found
}

/// Folded, without gaps.
fn join(text: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    fold_into(text, &mut joined);
    joined.retain(|c| c != ' ');
    joined
}

/// Letters and digits together, or a long number.
fn is_code(word: &str) -> bool {
    let digits = word.bytes().filter(u8::is_ascii_digit).count();
    let letters = word.len() - digits;
    word.len() <= LONGEST_CODE
        && match letters {
            0 => digits >= SHORTEST_DIGITS,
            _ => digits >= 1 && word.len() >= SHORTEST_CODE && !is_counted(word),
        }
}

/// `1080p`, `16x`, `2nd`, `8puertos`: digits with what they count.
fn is_counted(word: &str) -> bool {
    let head = word.bytes().take_while(u8::is_ascii_digit).count();
    head > 0 && COUNTED.contains(&&word[head..])
}

/// `1920x1080`, `7.6x4.8`, `7,6x4,8`, `10/100`, `100-240`: several numbers, no part number.
fn is_multiple(word: &str) -> bool {
    let only = |c: char| c.is_ascii_digit() || matches!(c, 'x' | 'X' | '.' | ',' | '/' | '-' | '×' | '*' | '+' | ':');
    word.contains(['x', 'X', '/', '×', ':', '.', ',']) && word.chars().all(only)
}

/// A text's words as they stand: parted by blanks, brackets and commas, but not by the comma inside of a number.
fn raw_words(text: &str) -> impl Iterator<Item = &str> {
    let mut from = 0;
    std::iter::from_fn(move || {
        let rest = text.get(from..).filter(|rest| !rest.is_empty())?;
        let start = from;
        let parts = |(at, c): &(usize, char)| match c {
            ',' => !is_inside_number(text, start + at),
            ';' | '|' | '(' | ')' | '[' | ']' => true,
            c => c.is_whitespace(),
        };
        let (at, width) = match rest.char_indices().find(parts) {
            Some((at, c)) => (at, c.len_utf8()),
            None => (rest.len(), 0),
        };
        from += at + width;
        Some(&rest[..at])
    })
}

/// Whether the comma at a place of a text stands inside of a number, which begins a word or follows the `x` of a size.
fn is_inside_number(text: &str, at: usize) -> bool {
    let bytes = text.as_bytes();
    let is_part = |byte: &&u8| byte.is_ascii_digit() || matches!(byte, b',' | b'.');
    let from = at
        - bytes[..at]
            .iter()
            .rev()
            .take(LONGEST_NUMBER)
            .take_while(is_part)
            .count();
    let to = at + bytes[at..].iter().take(LONGEST_NUMBER).take_while(is_part).count();
    let before = text[..from].chars().next_back();
    let begins = before.is_none_or(|c| !c.is_alphanumeric() && c != '-' || matches!(c, 'x' | 'X'));
    begins && number(text[from..to].trim_end_matches(['.', ','])).is_some_and(|_| at + 1 < to)
}

/// Signs of a longer number are not read.
const LONGEST_NUMBER: usize = 12;

/// A number as titles write it, of which nobody knows the language: a comma before three digits parts thousands, any other is the
/// decimal sign.
fn number(text: &str) -> Option<f64> {
    if text.len() > LONGEST_NUMBER || !text.contains(',') {
        return text.parse().ok().filter(|_| text.len() <= LONGEST_NUMBER);
    }
    let grouped = match text.starts_with("0,") {
        true => None,
        false => parse(text, Notation::GroupedByComma).ok(),
    };
    let read = grouped.or_else(|| parse(text, Notation::GroupedByPoint).ok());
    read.and_then(|number| number.to_f64())
}

/// A number at the beginning of a word, and what follows it without a dash.
fn leading_number(word: &str) -> (Option<f64>, &str) {
    let end = word
        .char_indices()
        .find(|(_, c)| !c.is_ascii_digit() && !matches!(c, '.' | ','))
        .map_or(word.len(), |(at, _)| at);
    let (head, rest) = word.split_at(end);
    (number(head.trim_end_matches(['.', ','])), rest.trim_start_matches('-'))
}

fn plain(number: f64) -> String {
    if number.fract() == 0.0 && number.abs() < 1e12 {
        return format!("{}", number as i64);
    }
    format!("{number}").replace('.', "_")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::candidate::vocabulary::colour_name;

    fn check(text: &str, expected: &str) {
        let words = Words::of(text);
        let quantities: Vec<String> = words
            .quantities
            .iter()
            .map(|quantity| format!("{}={}", quantity.dimension.name(), quantity.amount))
            .collect();
        let colours: Vec<&str> = (0..32)
            .filter(|n| words.colours & (1 << n) != 0)
            .map(colour_name)
            .collect();
        let told = format!(
            "{} | {} | {} | {}",
            words.words.join(" "),
            words.codes.join(" "),
            quantities.join(" "),
            colours.join(" ")
        );
        assert_eq!(told, expected, "{text}");
    }

    #[test]
    fn words_of_titles_are_told_apart() {
        check(
            "Sony PS-LX350H Turntable (Black)",
            "sony pslx350h turntable black | pslx350h |  | black",
        );
        check(
            "Kingston 2GB DDR2 KTC-D320/1G",
            "kingston 2gb ddr2 ktcd3201g | ddr2 ktcd3201g | capacity=2000 | ",
        );
        check(
            "Samsung 46\" LCD 1080p, 120 Hz",
            "samsung 46 lcd 1080p 120 hz |  | size=1168400 | ",
        );
        check(
            "Taladro 18 V 2,0 Ah azul",
            "taladro 18v 2ah azul |  | voltage=18000 charge=2000000 | blue",
        );
        check("Ink 3-Pack 1163641", "ink 3pack 1163641 | 1163641 | pack=3000 | ");
        check("Jack set of 25 10/100", "jack set of 25 10 100 |  | pack=25000 | ");
        check("", " |  |  | ");
    }

    /// What the same number looks like in Spanish and in English.
    #[test]
    fn a_comma_inside_of_a_number_is_part_of_it() {
        for (spanish, english) in [
            ("Botella 1,5 L", "Bottle 1.5 L"),
            ("Batería 2,5 Ah", "Battery 2.5Ah"),
            ("Depósito 0,125 l", "Tank 125 ml"),
            ("Depósito 1.234,5 ml", "Tank 1,234.5 ml"),
            ("Motor 1500 W", "Motor 1,500 W"),
            ("Monitor de 23,8\"", "23.8\" monitor"),
            ("Cable 2,50m", "Cable 2.5 m"),
            ("Batería 10000 mAh", "Battery 10,000mAh"),
        ] {
            let (spanish, english) = (Words::of(spanish), Words::of(english));
            assert_eq!(spanish.quantities, english.quantities, "{spanish:?}");
            assert_eq!((spanish.quantities.len(), spanish.codes.len()), (1, 0), "{spanish:?}");
        }
        assert_ne!(Words::of("1,5 L").quantities, Words::of("2,5 L").quantities);
        // Lists are lists, with a blank or without.
        check("Ink HP 10,20,30 black", "ink hp 10 20 30 black |  |  | black");
        check("Torx 10, 20 and 30", "torx 10 20 and 30 |  |  | ");
        check("Filter AB-12,34", "filter ab12 34 | ab12 |  | ");
        check("Caja 7,5x10,25", "caja 7 5x10 25 |  |  | ");
        check("Box 7.5x10.25", "box 7 5x10 25 |  |  | ");
    }

    #[test]
    fn colours_are_words_of_their_own() {
        check("Sony Blu-ray player", "sony blu ray player |  |  | ");
        check("Sony Blu Ray player", "sony blu ray player |  |  | ");
        check("Camicia blu", "camicia blu |  |  | blue");
        check("Camiseta negro/rojo", "camiseta negro rojo |  |  | black red");
    }
}
