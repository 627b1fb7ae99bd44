//! What the words of a title are: plain words, part numbers, quantities, colours, packs.
//!
//! The rules are general: shapes of letters and digits, unit signs, and the names of colours in the languages that feeds
//! come in. Nothing here knows a brand or a shop.

use crate::value::text::{fold, fold_into};

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
        | "pezzi" | "pieces/pack" => (Pack, 1e3),
        _ => return None,
    })
}

/// Names of colours; equal numbers are one colour in several languages.
const COLOURS: &[(u8, &[&str])] = &[
    (
        0,
        &[
            "black", "negro", "negra", "noir", "noire", "schwarz", "nero", "nera", "preto",
        ],
    ),
    (
        1,
        &[
            "white", "blanco", "blanca", "blanc", "blanche", "weiss", "bianco", "branco",
        ],
    ),
    (
        2,
        &["silver", "plata", "plateado", "argent", "silber", "argento", "prata"],
    ),
    (
        3,
        &[
            "grey", "gray", "gris", "grau", "grigio", "cinza", "graphite", "charcoal",
        ],
    ),
    (4, &["red", "rojo", "roja", "rouge", "rot", "rosso", "vermelho"]),
    (5, &["blue", "azul", "bleu", "blau", "blu", "navy"]),
    (6, &["green", "verde", "vert", "grun"]),
    (
        7,
        &["yellow", "amarillo", "amarilla", "jaune", "gelb", "giallo", "amarelo"],
    ),
    (8, &["orange", "naranja", "arancione", "laranja"]),
    (9, &["pink", "rosa"]),
    (
        10,
        &[
            "purple", "morado", "morada", "violet", "violeta", "lila", "viola", "roxo",
        ],
    ),
    (11, &["brown", "marron", "braun", "marrone", "castanho"]),
    (12, &["beige"]),
    (13, &["gold", "oro", "dorado", "dore", "ouro"]),
    (14, &["cyan", "turquoise", "turquesa"]),
    (15, &["magenta"]),
];

/// What is said of goods that are not the new original.
const SECOND: &[&str] = &[
    "refurbished",
    "remanufactured",
    "renewed",
    "reconditioned",
    "refilled",
    "compatible",
    "replica",
    "used",
    "reacondicionado",
    "reacondicionada",
    "remanufacturado",
    "remanufacturada",
    "usado",
    "usada",
    "refurbie",
    "reconditionne",
    "gebraucht",
    "generaluberholt",
    "kompatibel",
    "ricondizionato",
    "rigenerato",
    "compativel",
    "recondicionado",
];

/// English name of a colour.
pub fn colour_name(number: u8) -> &'static str {
    let named = COLOURS.iter().find(|(colour, _)| *colour == number);
    named.and_then(|(_, names)| names.first()).copied().unwrap_or_default()
}

fn colour(word: &str) -> Option<u8> {
    COLOURS
        .iter()
        .find(|(_, names)| names.contains(&word))
        .map(|(colour, _)| *colour)
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
        for raw in text
            .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | '|' | '(' | ')' | '[' | ']'))
            .take(MOST_WORDS * 2)
        {
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
                    if is_code(&joined) {
                        found.codes.push(joined);
                    }
                    continue;
                }
            }
            if let Some(number) = pending.take()
                && unit(&joined).is_some()
            {
                found.measure(number, &joined);
                // The number was taken for a word of its own; with its unit it is one.
                found.words.pop();
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
            // A word with inner signs and no number is several words.
            for word in fold(body).split(' ').filter(|word| !word.is_empty()) {
                found.is_second |= SECOND.contains(&word);
                if let Some(colour) = colour(word) {
                    found.colours |= 1 << colour;
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

/// `1080p`, `16x`, `2nd`, `mp3`: digits with a sign or two that are no part number, whatever stands around them.
fn is_counted(word: &str) -> bool {
    let head = word.bytes().take_while(u8::is_ascii_digit).count();
    let tail = &word[head..];
    head > 0
        && matches!(
            tail,
            "p" | "i"
                | "x"
                | "nd"
                | "rd"
                | "th"
                | "st"
                | "hz"
                | "ch"
                | "k"
                | "way"
                | "port"
                | "pin"
                | "bit"
                | "btu"
                | "rpm"
                | "ohm"
                | "dpi"
                | "hr"
                | "hour"
                | "hours"
                | "min"
                | "year"
                | "yr"
                | "piece"
                | "disc"
                | "channel"
                | "point"
                | "button"
                | "outlet"
                | "cup"
                | "speed"
                | "sheet"
                | "page"
                | "pages"
                | "month"
                | "day"
                | "sq"
                | "cuft"
                | "mbps"
                | "gbps"
                | "d"
                | "band"
                | "line"
                | "lines"
                | "megapixel"
                | "user"
                | "users"
                | "key"
                | "amp"
                | "volt"
                | "watt"
                | "game"
                | "slice"
                | "quart"
                | "qt"
                | "cubic"
        )
}

/// `1920x1080`, `7.6x4.8`, `10/100`, `100-240`: several numbers, no part number.
fn is_multiple(word: &str) -> bool {
    let only = |c: char| c.is_ascii_digit() || matches!(c, 'x' | 'X' | '.' | '/' | '-' | '×' | '*' | '+' | ':');
    word.contains(['x', 'X', '/', '×', ':', '.']) && word.chars().all(only)
}

/// A number at the beginning of a word, in plain notation, and what follows it without a dash.
fn leading_number(word: &str) -> (Option<f64>, &str) {
    let end = word
        .char_indices()
        .find(|(_, c)| !c.is_ascii_digit() && *c != '.')
        .map_or(word.len(), |(at, _)| at);
    let (head, rest) = word.split_at(end);
    let number = head
        .trim_end_matches('.')
        .parse::<f64>()
        .ok()
        .filter(|_| head.len() <= 12);
    (number, rest.trim_start_matches('-'))
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
            "taladro 18v 2 0ah azul |  | voltage=18000 | blue",
        );
        check("Ink 3-Pack 1163641", "ink 3pack 1163641 | 1163641 | pack=3000 | ");
        check("Jack set of 25 10/100", "jack set of 25 10 100 |  | pack=25000 | ");
        check("", " |  |  | ");
    }
}
