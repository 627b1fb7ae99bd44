//! The known name nearest to one that nobody knows, for the help of a finding.
//!
//! It compares spelling only. What a name means, and whether two names are the same thing, is left to the caller.

use crate::diagnostic::excerpt;
use rapidfuzz::distance::osa;

/// Longer words are no slips of the pen, and comparing them costs.
const LONGEST_WORD: usize = 64;
/// More names than this are not listed in one line.
const MOST_NAMES: usize = 40;
/// More than this are not listed where one of them is likely meant.
const MOST_BESIDE_GUESS: usize = 20;

/// The name that `word` most likely means: the same but for case, `-`, `_` and blanks; or at most three slips away (one per
/// three characters); or the only one that begins with it. The first of equals.
pub fn nearest<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = plain(word);
    if wanted.is_empty() || wanted.len() > LONGEST_WORD {
        return None;
    }
    let allowed = (wanted.len() / 3).clamp(1, 3);
    let mut best: Option<(usize, &'a str)> = None;
    let mut begun: Option<&'a str> = None;
    let mut begun_many = false;
    for name in names {
        let known = plain(name);
        // A slip brings one letter and takes one away at most, which costs less to see than the distance.
        let letters_apart = (letters(&known) ^ letters(&wanted)).count_ones() as usize;
        if known.len().abs_diff(wanted.len()) <= allowed && letters_apart <= 2 * allowed {
            let distance = osa::distance(wanted.iter().copied(), known.iter().copied());
            // A word of two letters has nothing left to be recognised by once both are wrong.
            if distance <= allowed && distance < wanted.len() && best.is_none_or(|(least, _)| distance < least) {
                best = Some((distance, name));
            }
        }
        if wanted.len() >= 3 && known.starts_with(&wanted) {
            begun_many = begun.is_some();
            begun = Some(name);
        }
    }
    best.map(|(_, name)| name).or(begun.filter(|_| !begun_many))
}

/// The help for an unknown name: the nearest known one, and all of them where they fit in a line.
///
/// `` did you mean `color`? known are `brand`, `color` ``
pub fn suggestion<'a>(word: &str, names: impl IntoIterator<Item = &'a str>) -> String {
    let names: Vec<&'a str> = names.into_iter().collect();
    let guess = nearest(word, names.iter().copied()).map(|name| format!("did you mean `{}`?", excerpt(name)));
    match guess {
        Some(guess) if names.len() > MOST_BESIDE_GUESS => guess,
        Some(guess) => format!("{guess} known are {}", list(&names)),
        None if names.is_empty() => "none is known here".to_string(),
        None => format!("known are {}", list(&names)),
    }
}

/// Names in a row, each in backquotes, the first forty of them.
pub fn list(names: &[&str]) -> String {
    let shown: Vec<String> = names
        .iter()
        .take(MOST_NAMES)
        .map(|name| format!("`{}`", excerpt(name)))
        .collect();
    let row = shown.join(", ");
    match names.len().checked_sub(MOST_NAMES) {
        Some(more) if more > 0 => format!("{row} and {more} more"),
        _ => row,
    }
}

fn plain(text: &str) -> Vec<char> {
    text.chars()
        .take(LONGEST_WORD + 1)
        .filter(|c| !matches!(c, '-' | '_' | ' '))
        .flat_map(char::to_lowercase)
        .collect()
}

/// The letters of a word, as bits.
fn letters(word: &[char]) -> u64 {
    word.iter().fold(0, |letters, c| letters | 1 << (u32::from(*c) % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_meant_is_found() {
        let names = ["max_length", "min", "max", "labels", "localizable", "description"];
        for (word, meant) in [
            ("max_lenght", Some("max_length")),
            ("maxLength", Some("max_length")),
            ("MAX", Some("max")),
            ("label", Some("labels")),
            ("localisable", Some("localizable")),
            ("desc", Some("description")),
            ("l", None),
            ("unit", None),
            ("", None),
        ] {
            assert_eq!(nearest(word, names), meant, "{word}");
        }
    }

    #[test]
    fn a_long_list_is_cut() {
        let names: Vec<String> = (0..45).map(|n| format!("attribute{n:02}")).collect();
        let help = suggestion("zzzzzz", names.iter().map(String::as_str));
        assert!(help.starts_with("known are `attribute00`, "), "{help}");
        assert!(help.ends_with("`attribute39` and 5 more"), "{help}");
        assert_eq!(
            suggestion("atribute07", names.iter().map(String::as_str)),
            "did you mean `attribute07`?"
        );
        assert_eq!(
            suggestion("colour", ["brand", "color"]),
            "did you mean `color`? known are `brand`, `color`"
        );
    }
}
