//! Pieces at hand as stock lists say them: `>50`, `50+`, `más de 50`, `10-20`, `50 uds`, `agotado`.
//!
//! What is read is what is surely there, never more: nobody can be sold what a list only hopes for. Plain numbers are read by
//! `number`; what else a list says (`consultar`) is left to the supplier's own words.

use crate::value::mismatch::Mismatch;
use crate::value::number::{self, Notation};
use crate::value::text::fold_into;
use rust_decimal::prelude::ToPrimitive;

/// What a text says beside the number that is taken from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bound {
    /// So many or more: `>50`.
    AtLeast,
    /// So many or fewer, perhaps none: `<5`.
    AtMost,
}

impl Bound {
    /// What a person should know of it, once for a column.
    pub fn remark(self) -> Mismatch {
        match self {
            Bound::AtLeast => Mismatch::new("I-STOCK-AT-LEAST", "a stock of so many or more, read as so many")
                .with_help("say in a value map what it should count as, if that is too few"),
            Bound::AtMost => Mismatch::new(
                "I-STOCK-AT-MOST",
                "a stock of so many or fewer, read as 0: none is sure",
            )
            .with_help("say in a value map what it should count as, such as \"<5\" = \"1\", if one is always there"),
        }
    }
}

/// Said before or behind a number: so many or more. Folded; es, en, de, fr, it, pt.
const OR_MORE: &[&str] = &[
    "mas de",
    "mas que",
    "al menos",
    "minimo",
    "min",
    "o mas",
    "y mas",
    "mas",
    "more than",
    "over",
    "at least",
    "or more",
    "and more",
    "plus",
    "mehr als",
    "uber",
    "ueber",
    "mindestens",
    "mind",
    "oder mehr",
    "und mehr",
    "plus de",
    "au moins",
    "superieur a",
    "ou plus",
    "et plus",
    "piu di",
    "oltre",
    "almeno",
    "o piu",
    "e piu",
    "mais de",
    "mais que",
    "acima de",
    "pelo menos",
    "ou mais",
    "e mais",
];

/// Said before or behind a number: so many or fewer.
const OR_FEWER: &[&str] = &[
    "menos de",
    "menos que",
    "hasta",
    "maximo",
    "max",
    "o menos",
    "less than",
    "fewer than",
    "under",
    "up to",
    "or less",
    "or fewer",
    "weniger als",
    "unter",
    "bis",
    "bis zu",
    "hochstens",
    "oder weniger",
    "moins de",
    "jusqu a",
    "ou moins",
    "meno di",
    "fino a",
    "o meno",
    "menos do que",
    "ate",
    "ou menos",
];

/// Words for pieces, which change nothing.
const PIECES: &[&str] = &[
    "u",
    "ud",
    "uds",
    "un",
    "und",
    "unid",
    "unids",
    "unidad",
    "unidades",
    "pz",
    "pza",
    "pzas",
    "pzs",
    "pieza",
    "piezas",
    "pc",
    "pcs",
    "piece",
    "pieces",
    "unit",
    "units",
    "items",
    "stk",
    "stck",
    "st",
    "stuck",
    "stueck",
    "unite",
    "unites",
    "pezzo",
    "pezzi",
    "unita",
    "unidade",
    "peca",
    "pecas",
    "en stock",
    "in stock",
    "auf lager",
    "disponibles",
    "available",
    "disponibili",
    "disponiveis",
    "em stock",
];

/// Ways to say that there is none.
const NONE_LEFT: &[&str] = &[
    // Spanish.
    "agotado",
    "agotada",
    "agotados",
    "agotadas",
    "sin stock",
    "sin existencias",
    "no hay stock",
    "no disponible",
    "no disponibles",
    "fuera de stock",
    "stock agotado",
    "ninguno",
    "nada",
    "rotura de stock",
    "rotura",
    // English.
    "out of stock",
    "outofstock",
    "sold out",
    "soldout",
    "no stock",
    "none",
    "unavailable",
    "not available",
    "not in stock",
    "no",
    // German.
    "ausverkauft",
    "vergriffen",
    "nicht lieferbar",
    "nicht verfugbar",
    "nicht vorratig",
    "nicht auf lager",
    "nein",
    "keine",
    // French.
    "epuise",
    "epuisee",
    "epuises",
    "rupture",
    "rupture de stock",
    "en rupture",
    "en rupture de stock",
    "hors stock",
    "indisponible",
    "non disponible",
    "pas en stock",
    "non",
    // Italian.
    "esaurito",
    "esaurita",
    "esauriti",
    "terminato",
    "non disponibile",
    "non disponibili",
    "non in stock",
    "nessuno",
    // Portuguese.
    "esgotado",
    "esgotada",
    "esgotados",
    "indisponivel",
    "sem stock",
    "sem estoque",
    "nao disponivel",
    "nao",
    "ruptura",
    "ruptura de stock",
];

/// Ways to say that there is some, and not how many.
const SOME_LEFT: &[&str] = &[
    "en stock",
    "hay stock",
    "con stock",
    "disponible",
    "disponibles",
    "si",
    "s",
    "in stock",
    "instock",
    "available",
    "yes",
    "y",
    "true",
    "x",
    "auf lager",
    "lieferbar",
    "sofort lieferbar",
    "verfugbar",
    "vorratig",
    "lagernd",
    "ja",
    "j",
    "en stock",
    "oui",
    "in magazzino",
    "disponibile",
    "disponibili",
    "em stock",
    "em estoque",
    "disponivel",
    "sim",
];

/// Ranges that are hours until the goods leave, and no pieces.
const HOURS: &[(&str, &str)] = &[("24", "48"), ("24", "72"), ("48", "72"), ("12", "24")];

/// Reads what stands in a stock column instead of a plain number. `None`: it says nothing that is known. The error is of texts
/// that say that there is some, which is no number: `E-STOCK-WORD`.
///
/// Of a lower bound (`>50`, `50+`, `10-20`) the bound is read, of an upper one (`<5`) nothing is sure, so 0. `folded` is
/// scratch space.
pub fn read(text: &str, notation: Notation, folded: &mut String) -> Option<Result<(i64, Option<Bound>), Mismatch>> {
    let mut fold = |text: &str| {
        folded.clear();
        fold_into(text, folded);
    };
    let Some(first) = text.find(|c: char| c.is_ascii_digit()) else {
        fold(text);
        return match folded.as_str() {
            word if NONE_LEFT.contains(&word) => Some(Ok((0, None))),
            word if SOME_LEFT.contains(&word) => {
                let mismatch = Mismatch::new("E-STOCK-WORD", "a text that says that there is some, and not how many")
                    .with_help("give it a number in a value map ([maps]), or map the column to `availability`");
                Some(Err(mismatch))
            }
            _ => None,
        };
    };
    let last = text.rfind(|c: char| c.is_ascii_digit())?;
    let (head, number, tail) = (&text[..first], &text[first..=last], &text[last + 1..]);
    let sign = match head.trim() {
        "" => None,
        "+" | ">" | ">=" | "=>" | "≥" | "> =" => Some(Bound::AtLeast),
        "<" | "<=" | "=<" | "≤" | "< =" => Some(Bound::AtMost),
        _ => {
            fold(head);
            Some(bound_of(folded)?)
        }
    };
    let (plus, tail) = match tail.trim_start().strip_prefix('+') {
        Some(tail) => (Some(Bound::AtLeast), tail),
        None => (None, tail),
    };
    let mut fold = |text: &str| {
        folded.clear();
        fold_into(text, folded);
    };
    fold(tail);
    let behind = match folded.as_str() {
        "" if tail.trim_matches([' ', '\u{a0}', '.']).is_empty() => None,
        word if PIECES.contains(&word) => None,
        word => Some(bound_of(word)?),
    };
    // `10-20`: the fewer of the two are there.
    let range = number.split_once(['-', '\u{2013}']).filter(|_| sign.is_none());
    if range.is_some_and(|range| HOURS.contains(&range)) {
        return None;
    }
    let (number, upper) = range.map_or((number, None), |(from, to)| (from, Some(to)));
    let whole = |text: &str| {
        let number = number::parse(text, notation).ok()?;
        number.fract().is_zero().then(|| number.to_i64())?
    };
    let pieces = whole(number)?;
    if let Some(upper) = upper
        && whole(upper)? <= pieces
    {
        return None;
    }
    let said = sign.or(plus).or(behind).or(upper.map(|_| Bound::AtLeast));
    Some(Ok(match said {
        Some(Bound::AtMost) => (0, said),
        said => (pieces, said),
    }))
}

fn bound_of(folded: &str) -> Option<Bound> {
    if OR_MORE.contains(&folded) {
        Some(Bound::AtLeast)
    } else {
        OR_FEWER.contains(&folded).then_some(Bound::AtMost)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Case {
        texts: Vec<String>,
        #[serde(default)]
        numbers: Notation,
        pieces: Option<i64>,
        bound: Option<String>,
        refused: Option<String>,
    }

    #[derive(serde::Deserialize)]
    struct Cases {
        case: Vec<Case>,
    }

    #[test]
    fn stock_is_what_is_surely_there() {
        let cases: Cases = toml::from_str(include_str!("../../tests/cases/values/stock.toml")).unwrap();
        let mut folded = String::new();
        for case in cases.case {
            for text in &case.texts {
                let (mut pieces, mut bound, mut refused) = (None, None, None);
                match read(text, case.numbers, &mut folded) {
                    None => {}
                    Some(Ok((number, said))) => {
                        pieces = Some(number);
                        bound = said.map(|bound| match bound {
                            Bound::AtLeast => "at-least".to_string(),
                            Bound::AtMost => "at-most".to_string(),
                        });
                    }
                    Some(Err(mismatch)) => refused = Some(mismatch.code.to_string()),
                }
                assert_eq!(
                    (pieces, bound, refused),
                    (case.pieces, case.bound.clone(), case.refused.clone()),
                    "{text}"
                );
            }
        }
    }

    proptest::proptest! {
        /// What is read is never more than the largest number that the text says.
        #[test]
        fn no_text_gives_more_than_it_says(text in "([0-9]{1,20}|[<>=+≥≤.,-]| |más de|uds|ñ|\\PC){0,8}") {
            if let Some(Ok((pieces, _))) = read(&text, Notation::Plain, &mut String::new()) {
                let numbers = text.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse::<i64>().ok());
                proptest::prop_assert!(pieces >= 0 && pieces <= numbers.max().unwrap_or(0), "{pieces}");
            }
        }
    }

    #[test]
    fn words_are_written_as_they_are_compared() {
        for word in [OR_MORE, OR_FEWER, PIECES, NONE_LEFT, SOME_LEFT].concat() {
            assert_eq!(crate::value::text::fold(word), word);
        }
    }
}
