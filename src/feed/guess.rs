//! The encoding that the bytes of a text suggest where nothing declares it and they are not UTF-8.
//!
//! Every byte is a letter in some encoding, so that a detector alone reads `piña` of one as `piûa` of another without a word.
//! What decides here is which reading looks like a language: its letters, between the neighbours they have there, in the case
//! of the word.

use crate::feed::encoding::{Charset, Page};
use encoding_rs::{ISO_8859_15, MACINTOSH, UTF_8, WINDOWS_1252};
use std::sync::Arc;

/// How much of a file is looked at to guess its encoding: chardetng reads about 8 MB/s.
pub const SAMPLE: usize = 64 * 1024;

/// The encoding that the bytes themselves suggest where they are not UTF-8. `None`: they look like no text in any encoding
/// that the project knows, and had better be refused.
///
/// Only the lines that are not UTF-8 are looked at, so that a file of both kinds is seen for what it is.
pub fn guess(sample: &[u8]) -> Option<Charset> {
    let sample = &sample[..sample.len().min(SAMPLE)];
    let mut foreign: Vec<u8> = Vec::new();
    for line in sample.split_inclusive(|&byte| byte == b'\n' || byte == b'\r') {
        if std::str::from_utf8(line).is_err() {
            foreign.extend_from_slice(line);
        }
    }
    if foreign.is_empty() {
        return None;
    }
    let mut detector = chardetng::EncodingDetector::new(chardetng::Iso2022JpDetection::Deny);
    detector.feed(&foreign, true);
    let detected = detector.guess(None, chardetng::Utf8Detection::Deny);
    // Of equals the first is taken.
    let mut pages = vec![Page::windows_1252()];
    pages.extend(Page::of_encoding(ISO_8859_15));
    pages.extend([Page::cp850(), Page::cp437()]);
    pages.extend(Page::of_encoding(MACINTOSH));
    if detected != WINDOWS_1252 {
        pages.extend(Page::of_encoding(detected));
    }
    let mut best: Option<(i64, Page)> = None;
    for page in pages {
        let score = likeness(&foreign, &page);
        if best.as_ref().is_none_or(|(top, _)| score > *top) {
            best = Some((score, page));
        }
    }
    let high = foreign.iter().filter(|byte| **byte >= 0x80).count() as i64;
    match best {
        // More than a point a foreign character: mostly letters inside words.
        Some((score, page)) if score > high => Some(Charset::Page(Arc::new(page))),
        _ if !detected.is_single_byte() && detected != UTF_8 => {
            let (_, malformed) = detected.decode_without_bom_handling(&foreign);
            // The sample may end inside a character.
            (!malformed || foreign.len() >= SAMPLE / 2).then_some(Charset::Wide(detected))
        }
        // Cyrillic, Greek and the like: whole words of foreign letters.
        _ if detected != WINDOWS_1252 => {
            let page = Page::of_encoding(detected)?;
            let letters = foreign.iter().filter(|byte| **byte >= 0x80);
            let letters = letters
                .filter(|byte| page.char(**byte).is_some_and(char::is_alphabetic))
                .count() as i64;
            (letters * 10 > high * 9).then(|| Charset::Page(Arc::new(page)))
        }
        _ => None,
    }
}

/// The letters beyond ASCII of a language: the usual ones, those that are met, and the rare ones.
type Letters = [&'static str; 3];

/// Languages written in Latin script, first those that feeds are expected in.
const LANGUAGES: [Letters; 12] = [
    ["áéíóúñ", "", "üïçà"],
    ["ãçáéíóú", "êõâ", "àôü"],
    ["éèàç", "êôîûâ", "ùëïüœÿæ"],
    ["àèéìòù", "", "îó"],
    ["äöüß", "", "éàèê"],
    // Catalan.
    ["àèéíòóúç", "", "ïü"],
    // Danish, Norwegian, Swedish, Finnish.
    ["åäöæø", "", "éü"],
    ["ąćęłńóśźż", "", ""],
    // Czech and Slovak.
    ["áčéěíňóřšúůýž", "", "ďťĺľŕôä"],
    // Hungarian.
    ["áéíóöőúüű", "", ""],
    ["çğıöşüİ", "", "âîû"],
    // Romanian.
    ["ăşţșț", "", "âî"],
];
/// How many of the languages are expected.
const EXPECTED: usize = 6;
/// Points for a letter that is usual, met or rare in its language, half of them where the language is not expected.
const POINTS: [i64; 3] = [6, 4, 2];

/// How much the bytes read like a text in the page, in the language that they read best in.
fn likeness(bytes: &[u8], page: &Page) -> i64 {
    let chars: Vec<Option<char>> = bytes.iter().map(|byte| page.char(*byte)).collect();
    let at = |n: Option<usize>| n.and_then(|n| chars.get(n).copied().flatten()).unwrap_or(' ');
    let mut scores = [0i64; LANGUAGES.len()];
    let mut common = 0;
    for (n, c) in chars.iter().enumerate().filter(|(n, _)| bytes[*n] >= 0x80) {
        let Some(c) = *c else {
            common -= 8;
            continue;
        };
        let around = Around {
            before: at(n.checked_sub(1)),
            c,
            after: at(Some(n + 1)),
        };
        match around.of_sign() {
            Some(score) => common += score,
            None => {
                let small = c.to_lowercase().next().unwrap_or(c);
                for (n, (score, letters)) in scores.iter_mut().zip(LANGUAGES).enumerate() {
                    let points = around.of_letter(small, letters);
                    *score += if points > 0 && n >= EXPECTED {
                        points / 2
                    } else {
                        points
                    };
                }
            }
        }
    }
    common + scores.into_iter().max().unwrap_or(0)
}

/// A character beyond ASCII and what stands around it.
struct Around {
    before: char,
    c: char,
    after: char,
}

impl Around {
    /// What speaks for a sign; `None` of letters.
    fn of_sign(&self) -> Option<i64> {
        let (before, after) = (self.before, self.after);
        let letters = (before.is_alphabetic(), after.is_alphabetic());
        Some(match self.c {
            // `d’un`, `l·l`, and what may stand anywhere.
            '’' | '‘' | '·' | '®' | '™' | '\u{a0}' | '©' => 2,
            '´' | '`' | '¨' | '…' if before != ' ' => 0,
            '€' | '£' | '°' | '²' | '³' | '½' | '¼' | '¾' | '×' | '±' | 'µ' | 'º' | 'ª' => {
                match letters {
                    (true, true) => -2,
                    // `1 µm`, `nº`, `m²` have a letter on one side, an amount has digits or nothing.
                    _ => 2,
                }
            }
            '¿' | '¡' | '“' | '«' | '„' if after != ' ' && !letters.0 => 2,
            '”' | '»' if before != ' ' && !letters.1 => 2,
            '–' | '—' if letters == (false, false) => 2,
            '–' | '—' | '•' | '”' | '»' | '“' | '«' | '„' | '¿' | '¡' | '…' | '§' | '†' | '´' | '`' | '¨' => {
                match letters {
                    (true, true) => -2,
                    _ => 0,
                }
            }
            c if c.is_alphabetic() => return None,
            _ => -6,
        })
    }

    /// What speaks for a letter in a language; `small` is the letter in lower case.
    fn of_letter(&self, small: char, letters: Letters) -> i64 {
        let (before, after) = (self.before, self.after);
        // Letters beyond ASCII seldom stand side by side.
        let pair = |a: char, b: char| {
            let pair = (small_of(a), small_of(b));
            matches!(pair, ('ç', 'ã' | 'õ' | 'à') | ('ä' | 'ö' | 'ü', 'ß') | ('é', 'é'))
        };
        let beside = |other: char| !other.is_ascii() && other.is_alphabetic();
        if (beside(before) && !pair(before, self.c)) || (beside(after) && !pair(self.c, after)) {
            return -4;
        }
        let known = letters.iter().position(|letters| letters.contains(small));
        if self.c.is_uppercase() && (before.is_lowercase() || (before.is_uppercase() && after.is_lowercase())) {
            return -6;
        }
        let Some(points) = known.map(|rank| POINTS[rank]) else {
            return 0;
        };
        if self.c.is_lowercase() && after.is_uppercase() && !before.is_lowercase() && self.c != 'ß' {
            // Old programs made capitals of plain letters only: `CAñERIA`.
            return 1;
        }
        match before.is_alphabetic() || after.is_alphabetic() {
            true if self.has_its_neighbours(small) => points,
            true => 0,
            // `à`, `é`, `ó` are words.
            false => 2 * (self.c == small && "àèéóòáêâôù".contains(small)) as i64,
        }
    }

    /// Whether the letters beside are those that the letter has in words of its languages.
    fn has_its_neighbours(&self, small: char) -> bool {
        let (before, after) = (small_of(self.before), small_of(self.after));
        let vowel = |c: char| "aeiouáéíóúàèìòùâêîôûäëïöüãõyœæ".contains(c);
        let ends = !self.after.is_alphabetic();
        match small {
            'ñ' => vowel(after) && (vowel(before) || !before.is_alphabetic()),
            'ç' => "aouãõâáóúôàèéş".contains(after) || ends,
            'ã' => "oes".contains(after) || ends,
            'õ' => after == 'e',
            'ß' => vowel(before),
            'ä' => !vowel(after) || after == 'u',
            'ö' => !vowel(after),
            'ü' => !vowel(after) || before == 'g',
            'ì' | 'ò' | 'ù' => ends || after == 's' || small == 'ò',
            'â' | 'î' | 'ô' | 'û' | 'ê' => !vowel(after) || small == 'ê' && after == 'i',
            'ï' | 'ë' => vowel(before),
            'œ' => "ui".contains(after),
            'á' => before != 'a' && after != 'a',
            _ => true,
        }
    }
}

fn small_of(c: char) -> char {
    c.to_lowercase().next().unwrap_or(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check_guess(bytes: &[u8], expected: Option<&str>) {
        assert_eq!(guess(bytes).map(|charset| charset.name()), expected, "{bytes:?}");
    }

    #[test]
    fn bytes_suggest_their_encoding() {
        check_guess(b"sku;name\nA;Gr\xf6\xdfe 5 m\xb2\n", Some("windows-1252"));
        check_guess(b"PU\xa5O AMERICANO\nCA\xa5ER\xd6A", Some("cp850"));
        check_guess(b"ok\xff\xfe\xc0\xaf", None);
        let (greek, ..) = encoding_rs::WINDOWS_1253.encode("Δράπανο κρουστικό; Κατσαβίδι μπαταρίας");
        check_guess(&greek, Some("windows-1253"));
        let (russian, ..) = encoding_rs::WINDOWS_1251.encode("Дрель ударная;Отвёртка крестовая, набор инструментов");
        check_guess(&russian, Some("windows-1251"));
        let (polish, ..) =
            encoding_rs::WINDOWS_1250.encode("Wiertarka udarowa z głowicą; wkrętarka; śruba żółta, źródło");
        check_guess(&polish, Some("windows-1250"));
        let (japanese, ..) = encoding_rs::SHIFT_JIS.encode("電動ドリル、ドライバーセット、工具箱、日本語の説明");
        check_guess(&japanese, Some("Shift_JIS"));
    }

    /// The bytes of a text in a page; `None` where the page lacks a character.
    fn encoded(text: &str, page: &Page) -> Option<Vec<u8>> {
        let byte = |c: char| (0..=255u8).find(|byte| page.char(*byte) == Some(c));
        text.chars().map(byte).collect()
    }

    /// What shops write in five languages, a line of a feed each; several words, then one alone.
    const TEXTS: [&str; 30] = [
        "REF1;Destornillador de estrella para pared y jardín, tamaño pequeño;12,50;caña",
        "REF2;Año nuevo: cañería de latón, máxima presión, según catálogo;3,00;piñón",
        "REF3;PIÑÓN DE LATÓN PARA CAÑERÍA;4,00;AÑO",
        "R4;champán;1;2",
        "R5;piña;1;2",
        "R6;Ñoquis;1;2",
        "REF1;Chave de fenda em aço, não contém níquel, proteção até 40 graus;12,50;mão",
        "REF2;Lâmpada LED, iluminação de segurança, três posições;3,00;pão",
        "REF3;PROTEÇÃO DE AÇO PARA IRMÃOS;4,00;ÁGUA",
        "R4;coração;1;2",
        "R5;câmara;1;2",
        "REF1;Clé à molette chromée, idéale pour les accès étroits, réglage précis;12,50;août",
        "REF2;Perceuse sans fil très légère, livrée complète, garantie à vie, goût fraîche;3,00;là",
        "REF3;CLÉ À MOLETTE CHROMÉE RÉGLABLE;4,00;ÉTÉ",
        "R4;École;1;2",
        "R5;garçon;1;2",
        "R6;goût;1;2",
        "REF1;Trapano a percussione, la qualità è più alta, perché così si può lavorare;12,50;città",
        "REF2;Avvitatore: più velocità, capacità e qualità, è già carico;3,00;però",
        "R4;caffè;1;2",
        "R5;libertà;1;2",
        "REF1;Schraubenschlüssel für Füße und Größe 10, drehbar, auch für große Räder;12,50;Tür",
        "REF2;Bürste für Küche und Bäder, schützt Möbel;3,00;Öl",
        "REF3;SCHLÜSSEL FÜR TÜREN;4,00;ÖL",
        "R4;Größe;1;2",
        "R5;Münze;1;2",
        "R6;Käse für Brot;1;2",
        "REF7;Jamón ibérico 12 € el kilo;1;2",
        "REF8;Eintopf mit Würstchen 3,50 €;1;2",
        "REF9;Crème brûlée 4 € la pièce;1;2",
    ];

    #[test]
    fn five_languages_are_read_in_five_encodings() {
        let pages = [
            Page::windows_1252(),
            Page::of_encoding(ISO_8859_15).unwrap(),
            Page::cp850(),
            Page::cp437(),
            Page::of_encoding(MACINTOSH).unwrap(),
        ];
        let mut wrong = Vec::new();
        for page in &pages {
            for text in TEXTS {
                let Some(bytes) = encoded(text, page) else { continue };
                let mut read = String::new();
                let found = guess(&bytes);
                if let Some(Charset::Page(found)) = &found {
                    found.decode_into(&bytes, &mut read);
                }
                if read != text {
                    let found = found.map(|found| found.name());
                    wrong.push(format!("{} as {}: {read}", page.name, found.unwrap_or("-")));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
