//! Capitals and small letters: at the beginning of a text, and where a text shouts.
//!
//! Which texts are mended is left to the templates.

use crate::value::text::fold;

/// Words in capitals that are no shouting: signs and abbreviations of the trade.
const SIGNS: &[&str] = &[
    "LED", "USB", "PVC", "HDMI", "SDS", "TX", "PH", "PZ", "LCD", "TV", "DVD", "CD", "WC", "UV", "SPF", "HSS", "CE",
    "EPI", "RGB", "IP", "DIN", "ISO", "NFC", "GPS", "SSD", "HDD", "RAM", "UHT", "DOP", "IGP", "XL", "XXL", "XS", "EVA",
    "ABS", "PLA", "MDF", "EPDM", "PTFE", "WLAN", "LAN", "AC", "DC", "CA", "CC", "EU", "II", "III", "IV", "AAA", "AA",
    "PET", "PP", "PE", "LR",
];

/// Units as they stand behind a number, whose letters tell them apart.
const UNITS: &[&str] = &[
    "W", "kW", "V", "A", "Ah", "mAh", "Nm", "N", "J", "K", "Hz", "MHz", "GHz", "mm", "cm", "m", "kg", "g", "mg", "l",
    "ml", "cl", "bar", "rpm", "lm", "dB", "GB", "TB", "MB",
];

/// The text with a capital at its beginning.
pub fn capital(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// The text with a small letter at its beginning, unless the first word is a sign (`LED`, `USB-C`) or a name in capitals.
pub fn small(text: &str) -> String {
    let first = text.split(|c: char| !c.is_alphanumeric()).next().unwrap_or_default();
    if first.chars().skip(1).any(|c| c.is_uppercase() || c.is_numeric()) || first.chars().count() < 2 {
        return text.to_owned();
    }
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_lowercase().chain(chars).collect(),
        None => String::new(),
    }
}

/// A text in capitals as a sentence: `TALADRO PERCUTOR BOSCH 18V` gives `Taladro percutor Bosch 18V`, where `names` are `["Bosch"]`.
/// Words with digits, signs of the trade and words without a vowel stay; texts that are not in capitals stay whole.
pub fn sentence(text: &str, names: &[&str]) -> String {
    if !is_shouted(text) {
        return text.to_owned();
    }
    let known = names.iter().flat_map(|name| name.split_whitespace());
    let mut known: Vec<(String, &str)> = known.map(|name| (fold(name), name)).collect();
    // Of names that fold alike the first counts, which the order keeps.
    known.sort_by(|a, b| a.0.cmp(&b.0));
    let mut out = String::with_capacity(text.len());
    let (mut begun, mut measured) = (false, false);
    for (n, word) in text.split(' ').enumerate() {
        if n > 0 {
            out.push(' ');
        }
        let bare = word.trim_matches(|c: char| !c.is_alphanumeric());
        let folded = fold(bare);
        let at = known.partition_point(|(own, _)| *own < folded);
        let name = known.get(at).filter(|(own, _)| !folded.is_empty() && *own == folded);
        let vowels = folded.contains(['a', 'e', 'i', 'o', 'u']);
        let keeps = bare.contains(|c: char| c.is_ascii_digit())
            || SIGNS.contains(&bare)
            || (!vowels && bare.chars().count() > 1 && folded != "y")
            || bare.is_empty();
        let unit = measured
            .then(|| UNITS.iter().find(|unit| fold(unit) == folded))
            .flatten();
        measured = bare.ends_with(|c: char| c.is_ascii_digit());
        match name.map(|(_, name)| name).or(unit) {
            Some(name) => out.push_str(&word.replacen(bare, name, 1)),
            None if keeps => out.push_str(word),
            None if begun => out.push_str(&word.to_lowercase()),
            None => out.push_str(&capital(&word.to_lowercase())),
        }
        begun |= !bare.is_empty();
    }
    out
}

/// True for a text of at least two words in capitals, signs and codes apart, that has no small letter worth the name.
pub fn is_shouted(text: &str) -> bool {
    let (mut shouted, mut small) = (0_usize, 0_usize);
    let mut left = text.len() + 1;
    for word in text.split(|c: char| !c.is_alphanumeric()) {
        // Even if all that is left were shouted, in the shortest words, most would be small: nearly always the second word tells.
        if small * 4 > shouted + left / 4 {
            return false;
        }
        left = left.saturating_sub(word.len() + 1);
        let letters = word.chars().filter(|c| c.is_alphabetic()).count();
        if letters < 3 || SIGNS.contains(&word) || word.contains(|c: char| c.is_ascii_digit()) {
            continue;
        }
        if word.chars().any(char::is_lowercase) {
            small += 1;
        } else {
            shouted += 1;
        }
    }
    shouted >= 2 && small * 4 <= shouted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shouting_becomes_a_sentence() {
        assert_eq!(
            sentence("TALADRO PERCUTOR BOSCH GSB 18V-55 LED DE 600 W Y 13 MM", &["Bosch"]),
            "Taladro percutor Bosch GSB 18V-55 LED de 600 W y 13 mm"
        );
        assert_eq!(sentence("Taladro BOSCH", &[]), "Taladro BOSCH");
        assert!(!is_shouted("BOSCH") && !is_shouted("Juego TX USB"));
        assert_eq!(small("Taladro LED"), "taladro LED");
        assert_eq!(small("LED frontal"), "LED frontal");
    }
}
