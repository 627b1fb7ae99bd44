//! What the words of a title are: plain words, part numbers, quantities, colours, packs.
//!
//! The rules are general: shapes of letters and digits, unit signs, and the names of colours in the languages that feeds
//! come in. Nothing here knows a brand or a shop.

use crate::merge::candidate::amount::{
    Dimension, LONGEST_NUMBER, Number, Quantity, crossed, is_cross, leading_number, number, read, unit,
};
use crate::merge::candidate::figure::Figure;
use crate::merge::candidate::spelling::spelled;
use crate::merge::candidate::vocabulary::{COUNTED, PACKS, SECOND, SEVERAL, colour};
use crate::transform::parts::OF;
use crate::value::text::{fold, fold_into};

/// Words that are read of one text; more tell nothing new and cost time.
const MOST_WORDS: usize = 128;
/// Numbers that are kept of one text.
const MOST_FIGURES: usize = 64;
/// Bytes that are read of one text.
const LONGEST: usize = 4_096;
/// A part number has at least so many signs, and one of digits alone more.
const SHORTEST_CODE: usize = 4;
const SHORTEST_DIGITS: usize = 5;
const LONGEST_CODE: usize = 32;

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
    /// Every number of the text but those in part numbers, in its order; one piece is not told.
    pub tally: Vec<Figure>,
    /// Nothing of the text was left out.
    pub is_whole: bool,
    /// Capitals that stand for a size (`XL`, `S`), folded.
    pub sizes: Vec<String>,
}

/// A number that waits for the word behind it.
struct Pending {
    number: Number,
    /// It stands at the beginning of the text.
    is_first: bool,
    /// The words before it say that it counts pieces.
    is_pack: bool,
    /// Its place in the tally.
    figure: usize,
}

/// What the words before a number make of it.
#[derive(Clone, Copy, PartialEq)]
enum Opens {
    Nothing,
    /// `box`: a pack only with `of`.
    Box,
    /// `pack`, `lote`: a pack with `of` or without.
    Pack,
    /// `pack of`.
    Of,
    /// `500 ml x`.
    Cross,
}

impl Words {
    /// Takes a text apart.
    pub fn of(text: &str) -> Words {
        let read_to = text.floor_char_boundary(LONGEST);
        let mut found = Words {
            is_whole: read_to == text.len(),
            ..Words::default()
        };
        let text = &*spelled(&text[..read_to]);
        let mut pending: Option<Pending> = None;
        // Numbers parted by a cross that wait for their unit, with their places in the tally and among the words.
        let mut crossing: Option<(Vec<Number>, usize, usize)> = None;
        let mut opens = Opens::Nothing;
        // The word before is what one piece of a pack may hold.
        let mut is_content = false;
        for (n, (at, raw)) in raw_words(text).enumerate() {
            if n >= MOST_WORDS * 2 || found.tally.len() > MOST_FIGURES {
                found.is_whole = false;
                break;
            }
            let raw = raw.trim_matches(|c: char| !c.is_alphanumeric() && c != '"' && c != '″' && c != '\'');
            if raw.is_empty() {
                continue;
            }
            if found.words.len() >= MOST_WORDS {
                found.is_whole = false;
                break;
            }
            let (body, inches) = match raw.strip_suffix(['"', '″', '”']).or_else(|| raw.strip_suffix("''")) {
                Some(body) if body.ends_with(|c: char| c.is_ascii_digit()) => (body, true),
                _ => (raw, false),
            };
            let joined = join(body);
            if joined.is_empty() {
                continue;
            }
            let was_content = std::mem::take(&mut is_content);
            let opened = std::mem::replace(&mut opens, Opens::Nothing);
            if let Some(waiting) = pending.take() {
                if let Some(quantity) = Quantity::of(waiting.number, &joined) {
                    found.measure(quantity, waiting.figure);
                    is_content = holds(quantity.dimension);
                    // The number was taken for a word of its own; with its unit it is one, and no part number.
                    let taken = found.words.pop();
                    found.codes.retain(|code| Some(code) != taken.as_ref());
                    found.words.push(format!("{}{joined}", plain(waiting.number.value)));
                    continue;
                }
                if waiting.is_first && joined == "x" {
                    found.pack(waiting.number, waiting.figure);
                    found.words.push(joined);
                    continue;
                }
                found.stands_before(waiting.figure, &joined);
                if waiting.is_pack {
                    found.pack(waiting.number, waiting.figure);
                }
            }
            if let Some((numbers, figure, word)) = crossing.take() {
                if let Some(last) = last_of(&numbers, &joined) {
                    found.words.truncate(word);
                    is_content = found.measure_crossed(&numbers, figure, &joined, last);
                    continue;
                }
                found.stands_before(figure + numbers.len() - 1, &joined);
            }
            let sides = crossed(body).map(|(numbers, rest)| {
                let tail = if inches { "in".to_owned() } else { join(rest) };
                let last = last_of(&numbers, &tail);
                (numbers, rest, tail, last)
            });
            // `6X4-1430A-00` is a part number.
            let are_sides = |(_, _, tail, _): &(_, _, String, _)| {
                tail.is_empty()
                    || unit(tail).is_some()
                    || is_multiple(body)
                    || COUNTED.contains(&&**tail)
                    || !is_code(&joined)
            };
            if let Some((numbers, rest, tail, last)) = sides.filter(are_sides) {
                let figure = found.tally.len();
                found
                    .tally
                    .extend(numbers.iter().map(|number| Figure::new(*number, &joined)));
                let word = found.words.len();
                if let Some(last) = last {
                    is_content = found.measure_crossed(&numbers, figure, &tail, last);
                    continue;
                }
                let folded = fold(body);
                let parts = folded.split(' ').filter(|word| !word.is_empty());
                found.words.extend(parts.map(str::to_owned));
                match tail.is_empty() {
                    true => crossing = Some((numbers, figure, word)),
                    false => found.count(rest, &joined),
                }
                continue;
            }
            let (number, rest) = leading_number(body);
            let tail = join(rest);
            if let Some(number) = number {
                let figure = found.tally.len();
                let of = if inches { "in" } else { &tail };
                if let Some(quantity) = Quantity::of(number, of) {
                    found.tally.push(Figure::new(number, &joined));
                    found.measure(quantity, figure);
                    is_content = holds(quantity.dimension);
                    found.words.push(match inches {
                        true => joined,
                        false => format!("{}{tail}", plain(number.value)),
                    });
                    continue;
                }
                let of_pack = tail.strip_prefix("er").filter(|of| of.is_empty() || PACKS.contains(of));
                if tail.is_empty() || of_pack.is_some() || is_first_of_pack(&tail, found.words.is_empty()) {
                    found.tally.push(Figure::new(number, &joined));
                    pending = Some(Pending {
                        number,
                        is_first: found.words.is_empty(),
                        is_pack: !tail.is_empty() || matches!(opened, Opens::Pack | Opens::Of | Opens::Cross),
                        figure,
                    });
                    found.words.push(joined.clone());
                    if tail.is_empty() && is_code(&joined) && !body.contains(',') {
                        found.codes.push(joined);
                    }
                    continue;
                }
            }
            opens = match (joined.as_str(), opened) {
                ("x", _) if was_content => Opens::Cross,
                ("box" | "case", _) => Opens::Box,
                (word, _) if PACKS.contains(&word) => Opens::Pack,
                (word, Opens::Box | Opens::Pack) if OF.contains(&word) => Opens::Of,
                _ => Opens::Nothing,
            };
            if is_code(&joined) && !is_multiple(body) {
                found.words.push(joined.clone());
                found.codes.push(joined);
                continue;
            }
            let figure = found.tally.len();
            found.count(body, &joined);
            // `(x6)`, and `500 ml x6`.
            if let Some(number) = body.strip_prefix(is_cross).and_then(read)
                && (was_content || text[..at].trim_end().ends_with('('))
            {
                found.pack(number, figure);
            }
            if let Some(pieces) = several(&joined) {
                found.tally.push(Figure::new(pieces, &joined));
                found.pack(pieces, figure);
            }
            if is_size(raw) {
                found.sizes.push(joined.clone());
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
        found.is_whole &= found.tally.len() <= MOST_FIGURES;
        if let Some(waiting) = pending.filter(|waiting| waiting.is_pack) {
            found.pack(waiting.number, waiting.figure);
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
        found.tally.retain(|figure| !figure.is_one_piece());
        found
    }

    /// Keeps the letters behind a number that stands alone.
    fn stands_before(&mut self, figure: usize, word: &str) {
        if let Some(figure) = self.tally.get_mut(figure)
            && !word.contains(|c: char| c.is_ascii_digit())
        {
            *figure = figure.among(word);
        }
    }

    /// Keeps a quantity, and that a figure says it.
    fn measure(&mut self, quantity: Quantity, figure: usize) {
        self.quantities.push(quantity);
        if let Some(figure) = self.tally.get_mut(figure) {
            figure.measure(&quantity);
        }
    }

    /// A number of pieces, where it can be one.
    fn pack(&mut self, number: Number, figure: usize) {
        if let Some(quantity) = number.pieces().and_then(|pieces| Quantity::of(pieces, "pack")) {
            self.measure(quantity, figure);
        }
    }

    /// `6x1,5 L` are six of one and a half, `10x20 cm` two sides; of anything else the last number has the unit. The figures stand
    /// one behind the other. Gives whether one piece holds it.
    fn measure_crossed(&mut self, numbers: &[Number], figure: usize, unit: &str, last: Quantity) -> bool {
        let before = numbers.len().saturating_sub(1);
        self.words
            .extend(numbers[..before].iter().map(|number| plain(number.value)));
        self.words.extend(
            numbers[before..]
                .iter()
                .map(|number| format!("{}{unit}", plain(number.value))),
        );
        self.measure(last, figure + before);
        for (n, number) in numbers[..before].iter().enumerate() {
            if last.dimension == Dimension::Length {
                if let Some(side) = Quantity::of(*number, unit) {
                    self.measure(side, figure + n);
                }
            } else if holds(last.dimension) || last.dimension == Dimension::Pack {
                self.pack(*number, figure + n);
            }
        }
        holds(last.dimension)
    }

    /// Keeps the numbers inside of a word: `M8`, `100-240`, `12h`. The exponent of `mm2` is none.
    fn count(&mut self, body: &str, word: &str) {
        if unit(word).is_some() {
            return;
        }
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, '.' | ',');
        for part in body.split(|c| !is_part(c)) {
            let digits = part.trim_matches(['.', ',']);
            if digits.is_empty() {
                continue;
            }
            match read(digits) {
                Some(number) => self.tally.push(Figure::new(number, word).among(word)),
                None => self.tally.push(Figure::long(digits, word).among(word)),
            }
            if self.tally.len() > MOST_FIGURES {
                return;
            }
        }
    }
}

/// What the last of several numbers says with the unit behind them.
fn last_of(numbers: &[Number], unit: &str) -> Option<Quantity> {
    numbers.last().and_then(|number| Quantity::of(*number, unit))
}

/// Whether a piece of a pack is sold by this: `6 x 500 ml` are six, `3 x 1.5 mm2` is one cable.
fn holds(dimension: Dimension) -> bool {
    use Dimension::{Charge, Mass, Memory, Volume};
    matches!(dimension, Volume | Mass | Memory | Charge)
}

/// `6x` at the beginning of a title; elsewhere it is a zoom or a speed.
fn is_first_of_pack(tail: &str, is_first: bool) -> bool {
    is_first && tail == "x"
}

/// `Doppelpack`: words that count by themselves.
fn several(word: &str) -> Option<Number> {
    let pieces = SEVERAL.iter().find(|(_, words)| words.contains(&word))?.0;
    Some(Number {
        value: f64::from(pieces),
        other: None,
    })
}

/// `XL`, `S`, or one capital alone: a size, a class, a version.
fn is_size(raw: &str) -> bool {
    let is_capital = |c: char| c.is_ascii_uppercase();
    let letter = raw.trim_start_matches('X');
    raw.len() <= 5
        && (raw.len() == 1 || raw.len() > letter.len())
        && matches!(letter.len(), 1)
        && letter.chars().all(is_capital)
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

/// A text's words as they stand: parted by blanks, brackets and commas, but not by the comma inside of a number; with
/// their places.
fn raw_words(text: &str) -> impl Iterator<Item = (usize, &str)> {
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
        Some((start, &rest[..at]))
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
        check(
            "Agua 6 x 1,5 L, caja de 6",
            "agua 6 1_5l caja de 6 |  | pack=6000 volume=1500000 | ",
        );
        check(
            "Caja 45 x 30 x 20 cm",
            "caja 45 30 20cm |  | size=200000 size=300000 size=450000 | ",
        );
        check("Cable 3x1,5 mm²", "cable 3 1_5mm2 |  | area=1500 | ");
        check("Disc 16x writer", "disc 16x writer |  |  | ");
        check("Tapa Yamaha 6X4-1430A-00", "tapa yamaha 6x41430a00 | 6x41430a00 |  | ");
        check("Monitor 1920x1080p", "monitor 1920x1080p |  |  | ");
        check("Tapa 10x0 cm azul", "tapa 10x0 cm azul |  |  | blue");
        check("Tapa 10x0cm azul", "tapa 10x0cm azul |  |  | blue");
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
            assert!(spanish.quantities[0].agrees(&english.quantities[0]), "{spanish:?}");
            assert_eq!((spanish.quantities.len(), spanish.codes.len()), (1, 0), "{spanish:?}");
        }
        assert!(!Words::of("1,5 L").quantities[0].agrees(&Words::of("2,5 L").quantities[0]));
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
    #[test]
    fn what_is_not_read_is_told() {
        let long = |word: &str, times: usize| word.repeat(times);
        for (text, is_whole) in [
            (long("ab ", 100), true),
            (long("ab ", 200), false),
            (long("7 ", 60), true),
            (long("7 ", 70), false),
            (long("a", LONGEST), true),
            (long("a", LONGEST + 1), false),
            (long("1-", 2_000), false),
            (long("1", 4_000_000), false),
            (long("½", 4_000_000), false),
            (long("1x", 4_000_000), false),
        ] {
            assert_eq!(Words::of(&text).is_whole, is_whole, "{}", &text[..8]);
        }
    }
}
