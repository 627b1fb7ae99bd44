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
    let high = foreign.iter().filter(|byte| **byte >= 0x80).count() as i64;
    let usual = Page::windows_1252();
    let plain = likeness(&foreign, &usual, |_| true);
    // Of equals the first is taken.
    let mut rivals = Vec::from_iter(Page::of_encoding(ISO_8859_15));
    rivals.extend([Page::cp850(), Page::cp437()]);
    rivals.extend(Page::of_encoding(MACINTOSH));
    if detected != WINDOWS_1252 {
        rivals.extend(Page::of_encoding(detected));
    }
    let mut best: Option<(i64, Page)> = None;
    for page in rivals {
        let score = likeness(&foreign, &page, |_| true);
        // More than a point a foreign character: mostly letters inside words.
        if score > high && best.as_ref().is_none_or(|(top, _)| score > *top) {
            best = Some((score, page));
        }
    }
    match best.filter(|(score, page)| outdoes(&foreign, &usual, page, score - plain)) {
        Some((_, page)) => Some(Charset::Page(Arc::new(page))),
        None if plain > high => Some(Charset::Page(Arc::new(usual))),
        // One character or two look like anything.
        None if !detected.is_single_byte() && detected != UTF_8 && high >= 6 => {
            let (_, malformed) = detected.decode_without_bom_handling(&foreign);
            // The sample may end inside a character.
            (!malformed || foreign.len() >= SAMPLE / 2).then_some(Charset::Wide(detected))
        }
        None if detected.is_single_byte() && detected != WINDOWS_1252 => {
            let page = Page::of_encoding(detected)?;
            is_foreign_script(&foreign, &page).then(|| Charset::Page(Arc::new(page)))
        }
        None => None,
    }
}

/// Whether a page reads so much better than the usual one that it is taken instead, `lead` being its points beyond those of
/// the usual one: a point for each character that they read differently, and two different letters among these, unless the
/// usual page makes nothing of them.
fn outdoes(foreign: &[u8], usual: &Page, page: &Page, lead: i64) -> bool {
    let differs = |byte: u8| usual.char(byte) != page.char(byte);
    let mut letters = [false; 256];
    let mut different = 0;
    for byte in foreign.iter().filter(|byte| differs(**byte)) {
        different += 1;
        letters[*byte as usize] = page.char(*byte).is_some_and(char::is_alphabetic);
    }
    let letters = letters.iter().filter(|is_there| **is_there).count();
    lead > different && (letters >= 2 || likeness(foreign, usual, differs) <= 0)
}

/// Whether the bytes read like Cyrillic, Greek and the like: nearly nothing but letters, side by side in words, or many
/// different ones. A letter alone says nothing.
fn is_foreign_script(foreign: &[u8], page: &Page) -> bool {
    let is_letter = |byte: &u8| *byte >= 0x80 && page.char(*byte).is_some_and(char::is_alphabetic);
    let high = foreign.iter().filter(|byte| **byte >= 0x80).count();
    let letters = foreign.iter().filter(|byte| is_letter(byte)).count();
    let beside = foreign
        .windows(2)
        .filter(|two| is_letter(&two[0]) && is_letter(&two[1]))
        .count();
    let mut different: Vec<u8> = foreign.iter().copied().filter(|byte| is_letter(byte)).collect();
    different.sort_unstable();
    different.dedup();
    letters * 10 > high * 9 && (beside * 2 >= letters || different.len() >= 4)
}

/// The letters beyond ASCII of a language: the usual ones, those that are met, and the rare ones.
type Letters = [&'static str; 3];

/// Languages written in Latin script, first those that feeds are expected in.
const LANGUAGES: [Letters; 12] = [
    ["áéíóúñ", "", "üïçà"],
    ["ãçáéíóú", "êõâ", "àôü"],
    ["éèàçœ", "êôîûâ", "ùëïüÿæ"],
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

/// How much those of the bytes that are asked for read like a text in the page, in the language that they read best in.
fn likeness(bytes: &[u8], page: &Page, asked: impl Fn(u8) -> bool) -> i64 {
    let text: Vec<char> = bytes.iter().map(|byte| page.char(*byte).unwrap_or(NONE)).collect();
    let written = LANGUAGES.map(|[usual, ..]| usual.chars().all(|letter| page.has(letter)));
    let mut scores = [0i64; LANGUAGES.len()];
    let mut common = 0;
    for (n, c) in text.iter().copied().enumerate() {
        if bytes[n] < 0x80 || !asked(bytes[n]) {
            continue;
        }
        if c == NONE {
            common -= 8;
            continue;
        }
        let around = Around::of(&text, n);
        match around.of_sign() {
            Some(score) => common += score,
            None => {
                let small = small_of(c);
                for (n, (score, letters)) in scores.iter_mut().zip(LANGUAGES).enumerate() {
                    let points = around.of_letter(small, letters);
                    *score += match points > 0 && n >= EXPECTED {
                        // Nobody writes Czech in a page that lacks half of its letters.
                        true if !written[n] => 0,
                        true => points / 2,
                        false => points,
                    };
                }
            }
        }
    }
    common + scores.into_iter().max().unwrap_or(0)
}

/// Stands for a byte that has no character.
const NONE: char = '\u{fffd}';
/// Points for a sign that stands where it is usual: as much as the best letter.
const SIGN: i64 = POINTS[0];
/// Characters within which a quotation ends.
const QUOTATION: usize = 120;
/// Characters of a word that are looked at.
const WORD: usize = 24;

/// A character beyond ASCII and what stands around it.
struct Around<'t> {
    /// Up to it, and behind it, in its line.
    head: &'t [char],
    tail: &'t [char],
    before: char,
    c: char,
    after: char,
}

impl<'t> Around<'t> {
    fn of(text: &'t [char], n: usize) -> Around<'t> {
        let (head, tail) = (&text[n.saturating_sub(QUOTATION)..n], &text[n + 1..]);
        let tail = &tail[..tail.len().min(QUOTATION)];
        let is_end = |c: &char| matches!(c, '\n' | '\r');
        let head = &head[head.iter().rposition(is_end).map_or(0, |at| at + 1)..];
        let tail = &tail[..tail.iter().position(is_end).unwrap_or(tail.len())];
        let known = |c: Option<&char>| c.copied().filter(|c| *c != NONE).unwrap_or(' ');
        Around {
            head,
            tail,
            before: known(head.last()),
            c: text[n],
            after: known(tail.first()),
        }
    }

    /// The letters before it, the nearest first, and those behind it, all in lower case.
    fn words(&self) -> (Vec<char>, Vec<char>) {
        let letters = |c: &&char| c.is_alphabetic();
        let head = self.head.iter().rev().take_while(letters).take(WORD);
        let tail = self.tail.iter().take_while(letters).take(WORD);
        let small = |c: &char| small_of(*c);
        (head.map(small).collect(), tail.map(small).collect())
    }

    /// What speaks for a sign; `None` of letters.
    fn of_sign(&self) -> Option<i64> {
        let (before, after) = (self.before, self.after);
        let letters = (before.is_alphabetic(), after.is_alphabetic());
        let digits = (before.is_ascii_digit(), after.is_ascii_digit());
        let plain = |c: char| c.is_ascii() && !c.is_ascii_alphanumeric();
        Some(match self.c {
            '’' | '‘' => self.of_apostrophe(),
            // Many write the accent for it: `l´huile`.
            '´' if letters == (true, true) => self.of_apostrophe(),
            '\u{a0}' => self.of_hard_space(),
            // `l·l`.
            '·' if letters == (true, true) => SIGN * (before == after) as i64,
            '®' | '™' if (letters.0 || digits.0) && !letters.1 => SIGN,
            '™' => -2 * letters.1 as i64,
            '·' | '®' | '©' => 2,
            '…' if letters == (true, true) || before == ' ' => 0,
            '…' if (letters.0 || digits.0) && !self.ends_like_citta() => SIGN,
            '•' if !letters.0 && !letters.1 => SIGN,
            '•' => 2 - 4 * letters.0 as i64,
            // `Ø 20`, `ø8`: what looks like a letter is the sign for a diameter.
            'Ø' if !letters.0 && (digits.1 || after == ' ') => SIGN,
            'ø' if !letters.0 && !digits.0 && self.is_before_number() => SIGN,
            '´' | '`' | '¨' | '…' if before != ' ' => 0,
            '€' | '£' | '°' if letters == (true, true) => -2,
            '€' | '£' | '°' => 2,
            // Words that end in a small letter above the line are short: `nº`, `Mª`, `1ª`.
            'º' | 'ª' if letters.1 || self.words().0.len() > 2 => -2,
            'º' | 'ª' => 2,
            // An amount has digits or nothing before it, a unit has letters: `½ kg`, `m²`.
            '½' | '¼' | '¾' | '×' if !digits.0 && !plain(before) => -2,
            '±' if letters.0 || !(digits.1 || after == ' ') => -2,
            '²' | '³' if letters.1 => -2,
            'µ' if letters.0 => -2,
            '²' | '³' | '½' | '¼' | '¾' | '×' | '±' | 'µ' => 2,
            '“' | '”' | '„' | '«' | '»' if letters == (true, true) => -2,
            '”' if digits.0 && !letters.1 => SIGN,
            '“' | '”' | '„' | '«' | '»' if self.is_of_quotation() => SIGN,
            '“' | '«' if after != ' ' && !letters.0 => 2,
            '”' | '»' if before != ' ' && !letters.1 => 2,
            '¿' if !letters.0 && self.tail.contains(&'?') => SIGN,
            '¡' if !letters.0 && self.tail.contains(&'!') => SIGN,
            '–' | '—' if letters == (false, false) => 4,
            '–' | '—' | '”' | '»' | '“' | '«' | '„' | '¿' | '¡' | '…' | '§' | '†' | '´' | '`' | '¨' => {
                match letters {
                    (true, true) => -2,
                    _ => 0,
                }
            }
            c if c.is_alphabetic() => return None,
            _ => -6,
        })
    }

    /// `d’un`, `dell’acqua`, `Levi’s`, `5’`, `‘so’`.
    fn of_apostrophe(&self) -> i64 {
        let (head, tail) = self.words();
        let vowel = |c: &char| "aeiouyhàáâäèéêëíîïòóôöúùûüœæ".contains(*c);
        let tail: String = tail.into_iter().collect();
        let shortened = matches!(
            head[..],
            [_] | [_, 'l', ..] | ['u', 'q', ..] | ['n', 'u', ..] | ['t', ..]
        );
        match (head.len(), tail.len()) {
            (1.., 1..) if shortened && self.after.is_alphabetic() && vowel(&small_of(self.after)) => SIGN,
            (1.., 1..) if matches!(tail.as_str(), "s" | "t" | "re" | "ll" | "ve" | "d" | "m") => SIGN,
            (1.., 1..) if self.before.is_uppercase() && self.after.is_uppercase() => 4,
            (1.., 1..) => 0,
            _ if self.before.is_ascii_digit() || self.after.is_ascii_digit() => SIGN,
            _ if self.is_of_quotation() => SIGN,
            (1.., 0) => 2 * (head.len() <= 2 || head[0] == 's') as i64,
            _ => 2,
        }
    }

    /// A space that does not break stands between a number and its unit, or between words, each of which has a vowel.
    fn of_hard_space(&self) -> i64 {
        let is_word = |word: &[char]| word.len() >= 2 && word.iter().any(|c| "aeiouyáéíóúàèò".contains(*c));
        let (head, tail) = self.words();
        match (head.is_empty(), tail.is_empty()) {
            (false, false) if is_word(&head) && (is_word(&tail) || tail.len() == 1 && is_word(&tail.repeat(2))) => 4,
            (false, false) => -2,
            _ if self.before.is_ascii_digit() || self.after.is_ascii_digit() => SIGN,
            _ => 2,
        }
    }

    /// Whether a number follows, behind a space or not.
    fn is_before_number(&self) -> bool {
        let mut next = self.tail.iter().skip_while(|c| matches!(c, ' ' | '\u{a0}'));
        next.next().is_some_and(char::is_ascii_digit)
    }

    /// Whether the other mark of a quotation stands where it has to.
    fn is_of_quotation(&self) -> bool {
        let (head, tail) = (self.head, self.tail);
        match self.c {
            '“' => tail.contains(&'”') || head.contains(&'„'),
            '”' => head.contains(&'“') || head.contains(&'„'),
            '„' => tail.contains(&'“') || tail.contains(&'”'),
            '«' => tail.contains(&'»') || head.contains(&'»'),
            '»' => head.contains(&'«') || tail.contains(&'«'),
            '‘' => tail.contains(&'’'),
            '’' => head.contains(&'‘'),
            _ => false,
        }
    }

    /// Whether it ends a value, as the `à` of Italian nouns does: `città`, `libertà`, `velocità`. Words that are cut off
    /// seldom look like these.
    fn ends_like_citta(&self) -> bool {
        let ends = !matches!(self.after, ' ' | '.') || self.tail.is_empty();
        let (head, _) = self.words();
        ends && head.len() >= 4 && matches!(head[..], ['t', 't' | 'r' | 'i' | 'e', ..])
    }

    /// What speaks for a letter in a language; `small` is the letter in lower case.
    fn of_letter(&self, small: char, letters: Letters) -> i64 {
        let (before, after) = (self.before, self.after);
        // Letters beyond ASCII seldom stand side by side.
        let pair = |a: char, b: char| {
            let pair = (small_of(a), small_of(b));
            matches!(
                pair,
                ('ç', 'ã' | 'õ' | 'à' | 'á' | 'é' | 'í' | 'ó' | 'ú')
                    | ('ñ', 'á' | 'é' | 'í' | 'ó' | 'ú' | 'ü')
                    | ('á' | 'é' | 'í' | 'ó' | 'ú', 'ñ')
                    | ('ä' | 'ö' | 'ü', 'ß')
                    | ('é', 'é')
            )
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
            // Names and words of other languages: `Häagen`.
            true => points.min(2),
            // `à`, `é`, `ó` are words.
            false => 2 * "àèéóò".contains(small) as i64,
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
            'à' => ends,
            'è' => !vowel(after),
            'ì' | 'ò' | 'ù' => ends || after == 's' || small == 'ò',
            'â' | 'î' | 'ô' | 'û' | 'ê' => !vowel(after) || small == 'ê' && after == 'i',
            'ï' | 'ë' => vowel(before),
            'œ' => "ui".contains(after),
            'á' => !"ao".contains(before) && !"aeo".contains(after),
            'ú' => !"u".contains(before) && !"ui".contains(after),
            'í' => before != 'i' && after != 'i',
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

    /// How a text is read where that is not as it was written.
    fn misread(text: &str, bytes: &[u8]) -> Option<String> {
        let mut read = String::new();
        let found = guess(bytes);
        if let Some(Charset::Page(found)) = &found {
            found.decode_into(bytes, &mut read);
        }
        let name = found.map_or("-", |found| found.name());
        (read != text).then(|| format!("as {name}: {read}"))
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

    /// What a short file in the usual encoding may hold alone.
    const PLAIN: [&str; 20] = [
        "cañón de luz",
        "piñón",
        "montañés",
        "The “big” drill",
        "BRAND™",
        "Soft… read more",
        "• Potencia • Peso",
        "Tamaño • Ø 20 mm • acero…",
        "Cœur",
        "L’œil",
        "Tubo Ø 20 mm",
        "Compañía Española",
        "MARCA® CAÑÓN",
        "Häagen-Dazs",
        "Müesli",
        "Taladro percutor 750 W con maletín…",
        "Sacapuntas de Levi’s, ½ docena, ± 3 mm",
        "“Niño” – ¡oferta!",
        "Thon à l´huile",
        "É a nova",
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
                wrong.extend(misread(text, &bytes).map(|read| format!("{} {read}", page.name)));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn a_short_file_in_the_usual_encoding_is_read_as_it_is() {
        let page = Page::windows_1252();
        let mut wrong = Vec::new();
        for text in PLAIN {
            for file in [
                format!("sku;name;price\nA-1;{text};12,50\nA-2;Martillo;3,00\n"),
                format!("sku,name\r\nA-1,\"{text}\"\r\n"),
                format!("sku;name;price\nA-1;Martillo;3,00\nA-2;{text};12,50\nA-3;{text};7,00\n"),
                format!("{text};1"),
            ] {
                let bytes = encoded(&file, &page).unwrap();
                wrong.extend(misread(&file, &bytes));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }
}
