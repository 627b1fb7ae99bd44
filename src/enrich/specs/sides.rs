//! Which side of a thing each number of `A x B x C cm` is: by the marks beside them, or by custom.

use crate::enrich::specs::found::sure;
use crate::enrich::specs::token::{Kind, Token};
use crate::schema::specs::Side;
use crate::value::text::fold;

/// The custom where a workspace says nothing: a suggestion only.
const USUAL: [Side; 3] = [Side::Length, Side::Width, Side::Height];

/// The letters and words that name the sides in front of or behind their numbers (`L 30 x W 20`, `(LxAnxAl)`), folded.
const SIDES: &[(Side, &str)] = &[
    (
        Side::Length,
        "l largo longitud length long lange laenge longueur lunghezza comprimento",
    ),
    (
        Side::Width,
        "an w b ancho anchura width wide breite largeur larghezza largura",
    ),
    (Side::Height, "al h alto altura height high hohe hoehe hauteur altezza"),
    (
        Side::Depth,
        "f d p t fo fondo profundidad depth deep tiefe profondeur profondita profundidade",
    ),
    (
        Side::Thickness,
        "e espesor grosor thickness dicke epaisseur spessore espessura",
    ),
    (Side::Diameter, "dm diametro diameter durchmesser diametre"),
];

/// The sides in the order of `count` numbers and how sure that is. `(before, from, to)` are tokens: where a head such as
/// `(LxAnxAl)` may begin, and the numbers themselves.
pub fn sides(
    text: &str,
    tokens: &[Token],
    (before, from, to): (u32, u32, u32),
    count: usize,
    order: &[Side],
) -> Option<(Vec<Side>, u8)> {
    let all = tokens.get(from as usize..to as usize)?;
    let marked = marks(text, all);
    // `L30 x W20` puts the first mark before the numbers.
    if marked.len() == count {
        return different(marked).map(|sides| (sides, sure::NAMED));
    }
    let behind: Vec<Token> = tokens
        .get(from as usize..)
        .unwrap_or_default()
        .iter()
        .take(all.len() + 3)
        .copied()
        .collect();
    let marked = marks(text, &behind);
    if marked.len() == count {
        return different(marked).map(|sides| (sides, sure::NAMED_BEHIND));
    }
    let head = tokens.get(before as usize..from as usize)?;
    let last = head
        .iter()
        .rposition(|token| token.kind == Kind::Stop)
        .map_or(0, |n| n + 1);
    let marked = marks(text, &head[last..]);
    if marked.len() == count {
        return different(marked).map(|sides| (sides, sure::NAMED));
    }
    if count != 3 {
        return None;
    }
    match order.len() {
        3 => Some((order.to_vec(), sure::BY_ORDER)),
        _ => Some((USUAL.to_vec(), sure::UNMARKED)),
    }
}

fn different(sides: Vec<Side>) -> Option<Vec<Side>> {
    let mut sorted = sides.clone();
    sorted.sort_unstable();
    sorted.dedup();
    (sorted.len() == sides.len()).then_some(sides)
}

/// The sides that words name in order; `LxAnxAl` is three words.
fn marks(text: &str, tokens: &[Token]) -> Vec<Side> {
    let mut found = Vec::new();
    for token in tokens.iter().filter(|token| token.kind == Kind::Word) {
        let Some(word) = text.get(token.start as usize..token.end as usize) else {
            continue;
        };
        let word = fold(word);
        for part in word.split('x').filter(|part| !part.is_empty()) {
            let side = SIDES
                .iter()
                .find(|(_, names)| names.split(' ').any(|name| name == part))
                .map(|(side, _)| *side);
            found.extend(side);
        }
    }
    found
}
