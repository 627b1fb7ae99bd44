//! Whether the part numbers of two products are the same.

use crate::merge::candidate::features::Features;
use crate::merge::candidate::rarity::Rarity;
use xxhash_rust::xxh3::xxh3_64;

/// How the part numbers stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Agreement {
    /// At least one of the two names none.
    Unsaid,
    /// Both name some, of different kinds: an article number here, a part number there.
    Other,
    /// Both name some of one kind and none is alike.
    Differ,
    /// Both begin alike, up to their last digit: often colours, countries or sizes of one thing.
    Stem,
    /// One begins with the other: often a letter for a colour or a country is appended.
    Near,
    /// The title or the number of one is named in the longer text of the other.
    Told,
    /// The same, of at least one.
    Same,
}

/// Products that may carry a number before it is taken for the name of a range (`49ers`, `Cinema235`).
const RARE: u32 = 5;

/// The agreement of two products, with the numbers that show it.
pub fn agreement<'f>(a: &'f Features, b: &'f Features, rarity: &Rarity) -> (Agreement, Option<(&'f str, &'f str)>) {
    let of = |features: &'f Features| features.numbers.iter().chain(features.codes.iter()).map(|code| &**code);
    // The rarest shared number says the most, and among equals the longest.
    let count = |code: &str| rarity.count(xxh3_64(code.as_bytes()));
    let shared = of(a).filter(|code| of(b).any(|other| other == *code));
    let same = shared.min_by_key(|code| (count(code), std::cmp::Reverse(code.len())));
    if let Some(code) = same.filter(|code| count(code) <= RARE) {
        return (Agreement::Same, Some((code, code)));
    }
    let told = |codes: &'f Features, text: &Features| {
        of(codes).find(|code| !text.told.is_empty() && text.told.binary_search(&xxh3_64(code.as_bytes())).is_ok())
    };
    if let Some(code) = told(a, b).or_else(|| told(b, a)) {
        return (Agreement::Told, Some((code, code)));
    }
    if let Some(code) = same {
        return (Agreement::Near, Some((code, code)));
    }
    for code in of(a) {
        if let Some(other) = of(b).find(|other| is_near(code, other)) {
            return (Agreement::Near, Some((code, other)));
        }
    }
    let mut told = (Agreement::Unsaid, None);
    for code in of(a) {
        for other in of(b) {
            let how = match is_stem(code, other) {
                true => Agreement::Stem,
                false if kind(code) == kind(other) && kind(code) != Kind::Trade => Agreement::Differ,
                false => Agreement::Other,
            };
            if how > told.0 {
                told = (how, Some((code, other)));
            }
        }
    }
    told
}

/// True where the part number that each says of itself, where it says one, is among those of the other: what a machine may
/// merge by itself.
pub fn is_agreed(a: &Features, b: &Features, rarity: &Rarity) -> bool {
    let has = |features: &Features, code: &str| {
        features
            .numbers
            .iter()
            .chain(features.codes.iter())
            .any(|other| **other == *code)
            || features.told.binary_search(&xxh3_64(code.as_bytes())).is_ok()
    };
    let all =
        |one: &Features, other: &Features| one.numbers.is_empty() || one.numbers.iter().any(|code| has(other, code));
    agreement(a, b, rarity).0 >= Agreement::Told && all(a, b) && all(b, a)
}

#[derive(PartialEq)]
enum Kind {
    /// A trade item number by its length.
    Trade,
    Digits,
    Mixed,
}

fn kind(code: &str) -> Kind {
    match code.bytes().all(|byte| byte.is_ascii_digit()) {
        true if code.len() >= 11 => Kind::Trade,
        true => Kind::Digits,
        false => Kind::Mixed,
    }
}

/// What both begin with ends with the last digit of both, and holds at least three digits.
fn is_stem(a: &str, b: &str) -> bool {
    let shared = a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let digits = a.bytes().take(shared).filter(u8::is_ascii_digit).count();
    let rest = |code: &str| code.bytes().skip(shared).any(|byte| byte.is_ascii_digit());
    digits >= 3 && shared >= 5 && !rest(a) && !rest(b)
}

/// One begins or ends with the other, which is long enough to mean something, and what is over is short.
fn is_near(a: &str, b: &str) -> bool {
    let (short, long) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    // A trade item number holds the maker's number.
    if kind(long) == Kind::Trade && kind(short) == Kind::Digits && short.len() >= 5 && long.contains(short) {
        return true;
    }
    short.len() >= 4
        && long.len() - short.len() <= 4
        && short.bytes().any(|byte| byte.is_ascii_digit())
        && (long.starts_with(short) || long.ends_with(short))
}
