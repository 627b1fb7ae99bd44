//! Certificates, standards and classes by their shapes: CE, IP67, ISO 9001, EN 388, FFP2, energy class A+.
//!
//! Certificates that are words stand in `vocabulary`.

use regex::Regex;
use std::sync::OnceLock;

/// A standard named in a text, and the words that the facts must say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standard {
    pub start: usize,
    pub end: usize,
    /// What must be said: the whole, or of an energy class its letter.
    pub core: String,
    pub energy: bool,
}

fn patterns() -> &'static [(Regex, bool)] {
    static PATTERNS: OnceLock<Vec<(Regex, bool)>> = OnceLock::new();
    PATTERNS.get_or_init(|| {
        let energy = r"(?i)\b(?:clase(?: de)? (?:energética|eficiencia(?: energética)?)|(?:eficiencia|calificación|clasificación|etiqueta) energética(?: de)?(?: clase)?|energy (?:efficiency )?(?:class|rating|label)|(?:class|rated))[ :]+((?-i:[A-G])(?:\+{1,3}|\b))";
        let shapes = [
            // Ingress and impact protection (IEC 60529, IEC 62262).
            r"\bIPX?[ -]?[0-9X]{1,2}[A-DKHMSW]?\b",
            r"\bIK ?[0-9]{2}\b",
            // Standards by their body and number.
            r"\b(?:UNE[- ]?)?(?:EN[- ]?)?(?:ISO|IEC|DIN|ANSI|ASTM|BS|NF|UL|VDE|UNE|EN)(?:[/ -](?:ISO|IEC|EN))*[ -]?[0-9][0-9A-Z./:-]*[0-9A-Z]\b",
            // Marks; in capitals, since the letters are words elsewhere.
            r"\b(?:CE|UKCA|GS|UL|ETL|CSA|CCC|EAC)\b",
            // Protective equipment (EN 149, EN ISO 20345).
            r"\bFFP ?[1-3]\b",
            r"\bS[1-7](?:PL|PS|P|L|S)?(?: SR[AC]| SRC| ESD)+\b",
        ];
        let mut all = Vec::new();
        all.extend(Regex::new(energy).ok().map(|pattern| (pattern, true)));
        all.extend(shapes.iter().filter_map(|shape| Some((Regex::new(shape).ok()?, false))));
        all
    })
}

/// The standards that a text names, in order, none inside another.
pub fn standards(text: &str) -> Vec<Standard> {
    let mut found: Vec<Standard> = Vec::new();
    for (pattern, energy) in patterns() {
        for captures in pattern.captures_iter(text) {
            let Some(whole) = captures.get(0) else { continue };
            if found
                .iter()
                .any(|other| whole.start() < other.end && other.start < whole.end())
            {
                continue;
            }
            let core = captures.get(1).unwrap_or(whole);
            found.push(Standard {
                start: whole.start(),
                end: whole.end(),
                core: core.as_str().to_owned(),
                energy: *energy,
            });
        }
    }
    found.sort_by_key(|standard| standard.start);
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn standards_are_found_by_their_shapes() {
        assert_eq!(patterns().len(), 7);
        for (text, expected) in [
            ("Protección IP67 e IPX4, marcado CE.", "IP67|IPX4|CE"),
            ("Según EN 388:2016 y UNE-EN ISO 20345", "EN 388:2016|UNE-EN ISO 20345"),
            ("ISO 9001, DIN 912", "ISO 9001|DIN 912"),
            (
                "Clase energética A++ y clase de eficiencia E",
                "Clase energética A++|clase de eficiencia E",
            ),
            ("energy class: A", "energy class: A"),
            ("Mascarilla FFP2, botas S3 SRC", "FFP2|S3 SRC"),
            ("Cerca de la ceja en isla", ""),
        ] {
            let shown: Vec<&str> = standards(text).iter().map(|own| &text[own.start..own.end]).collect();
            assert_eq!(shown.join("|"), expected, "{text}");
        }
    }
}
