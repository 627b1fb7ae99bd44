//! Words out of texts: folded, cut where letters meet digits, stemmed by language, stop words passed over.
//!
//! The same function reads what is indexed, what is asked, and what rules look at, so that all come to the same terms.

use crate::value::text::fold_into;
use tantivy::tokenizer::{Language as Snowball, RawTokenizer, Stemmer, TextAnalyzer};
use xxhash_rust::xxh3::xxh3_64;

/// Longer words are no words; in bytes.
const LONGEST_WORD: usize = 80;
/// Words a tokenizer remembers. A shop's vocabulary has some tens of thousands, of which few make most of the text.
const REMEMBERED: usize = 1 << 15;

/// How words of a locale are brought to their stem.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// Names, codes, and languages without a stemmer here: words are folded only.
    Neutral,
    Spanish,
    English,
    German,
    French,
    Italian,
    Portuguese,
}

/// Every language, in the order of its declaration.
pub const LANGUAGES: [Language; 7] = [
    Language::Neutral,
    Language::Spanish,
    Language::English,
    Language::German,
    Language::French,
    Language::Italian,
    Language::Portuguese,
];

impl Language {
    /// The language of a locale such as `es` or `es-MX`.
    pub fn of(locale: &str) -> Language {
        match locale.split('-').next().unwrap_or_default() {
            "es" => Language::Spanish,
            "en" => Language::English,
            "de" => Language::German,
            "fr" => Language::French,
            "it" => Language::Italian,
            "pt" => Language::Portuguese,
            _ => Language::Neutral,
        }
    }

    /// Name of the tokenizer, as the index remembers it.
    pub fn tokenizer(self) -> &'static str {
        match self {
            Language::Neutral => "words",
            Language::Spanish => "words_es",
            Language::English => "words_en",
            Language::German => "words_de",
            Language::French => "words_fr",
            Language::Italian => "words_it",
            Language::Portuguese => "words_pt",
        }
    }

    fn snowball(self) -> Option<Snowball> {
        match self {
            Language::Neutral => None,
            Language::Spanish => Some(Snowball::Spanish),
            Language::English => Some(Snowball::English),
            Language::German => Some(Snowball::German),
            Language::French => Some(Snowball::French),
            Language::Italian => Some(Snowball::Italian),
            Language::Portuguese => Some(Snowball::Portuguese),
        }
    }

    /// Words that say nothing of a product, folded. `sin`, `without` and their kin stay: they decide (`sin gluten`).
    fn stop_words(self) -> &'static [&'static str] {
        match self {
            Language::Neutral => &[],
            Language::Spanish => &[
                "a", "al", "con", "de", "del", "e", "el", "en", "es", "la", "las", "lo", "los", "o", "para", "por",
                "que", "se", "su", "sus", "un", "una", "unas", "unos", "y",
            ],
            Language::English => &[
                "a", "an", "and", "are", "as", "at", "by", "for", "from", "in", "is", "it", "its", "of", "on", "or",
                "that", "the", "this", "to", "with",
            ],
            Language::German => &[
                "am", "an", "auf", "aus", "bei", "das", "dem", "den", "der", "des", "die", "ein", "eine", "einem",
                "einen", "einer", "fur", "im", "in", "ist", "mit", "oder", "und", "von", "zu", "zum", "zur",
            ],
            Language::French => &[
                "a", "au", "aux", "avec", "d", "de", "des", "du", "en", "et", "l", "la", "le", "les", "ou", "par",
                "pour", "sur", "un", "une",
            ],
            Language::Italian => &[
                "a", "al", "alla", "con", "d", "da", "dal", "dei", "del", "della", "delle", "di", "e", "gli", "i",
                "il", "in", "la", "le", "lo", "o", "per", "un", "una", "uno",
            ],
            Language::Portuguese => &[
                "a", "ao", "as", "com", "da", "das", "de", "do", "dos", "e", "em", "na", "no", "o", "os", "ou", "para",
                "por", "um", "uma",
            ],
        }
    }

    /// Is a folded word one that says nothing in this language.
    pub fn stops(self, folded: &str) -> bool {
        self.stop_words().binary_search(&folded).is_ok()
    }
}

/// A run of letters or of digits in a text, with where it stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Run<'t> {
    pub text: &'t str,
    pub start: usize,
}

/// The runs of a text: letters and digits part from each other, so that `18V` and `18 V` are the same two words.
#[derive(Debug, Clone)]
pub struct Runs<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Runs<'t> {
    pub fn of(text: &'t str) -> Runs<'t> {
        Runs { text, at: 0 }
    }
}

/// What a character is to a word.
#[derive(PartialEq, Eq, Clone, Copy)]
enum Class {
    Letter,
    Digit,
    /// Joins what stands around it: accents written on their own.
    Mark,
    Gap,
}

fn class(c: char) -> Class {
    match c {
        'a'..='z' | 'A'..='Z' => Class::Letter,
        '0'..='9' => Class::Digit,
        c if c.is_ascii() => Class::Gap,
        '\u{300}'..='\u{36f}' | '\u{ad}' | '\u{200c}' | '\u{200d}' => Class::Mark,
        c if c.is_numeric() => Class::Digit,
        c if c.is_alphabetic() => Class::Letter,
        _ => Class::Gap,
    }
}

impl<'t> Iterator for Runs<'t> {
    type Item = Run<'t>;

    fn next(&mut self) -> Option<Run<'t>> {
        let rest = self.text.get(self.at..)?;
        let mut begun: Option<(usize, Class)> = None;
        let mut end = rest.len();
        for (at, c) in rest.char_indices() {
            let class = class(c);
            match begun {
                None if matches!(class, Class::Gap | Class::Mark) => {}
                None => begun = Some((at, class)),
                Some(_) if class == Class::Mark => {}
                Some((_, first)) if class == first => {}
                Some(_) => {
                    end = at;
                    break;
                }
            }
        }
        let (start, _) = begun?;
        let from = self.at + start;
        self.at += end;
        Some(Run {
            text: &self.text[from..self.at],
            start: from,
        })
    }
}

/// Brings words to their terms and remembers the last ones.
pub struct Stems {
    language: Language,
    stemmer: Option<TextAnalyzer>,
    remembered: Vec<Remembered>,
    folded: String,
    /// The term last made; what `make` answers tells whether there is one.
    last: String,
}

/// A word and its term side by side, so that finding both looks at one place of memory.
#[derive(Clone, Copy)]
struct Remembered {
    /// The word's bytes, then the term's.
    bytes: [u8; ROOM],
    /// Length of the word; 0 where nothing is remembered.
    word: u8,
    /// Length of the term; `PASSED_OVER` for a word that has none.
    term: u8,
}

/// Bytes for a word and its term; longer ones are rare, and made each time.
const ROOM: usize = 46;
const PASSED_OVER: u8 = u8::MAX;

impl Remembered {
    const NOTHING: Remembered = Remembered {
        bytes: [0; ROOM],
        word: 0,
        term: PASSED_OVER,
    };

    fn is_of(&self, raw: &str) -> bool {
        usize::from(self.word) == raw.len() && self.bytes.get(..raw.len()) == Some(raw.as_bytes())
    }

    /// Keeps a word and its term where there is room for both.
    fn keep(&mut self, raw: &str, term: Option<&str>) -> bool {
        let made = term.unwrap_or_default();
        let end = raw.len() + made.len();
        if end > ROOM {
            return false;
        }
        self.bytes[..raw.len()].copy_from_slice(raw.as_bytes());
        self.bytes[raw.len()..end].copy_from_slice(made.as_bytes());
        self.word = raw.len() as u8;
        self.term = term.map_or(PASSED_OVER, |term| term.len() as u8);
        true
    }

    fn term(&self) -> Option<&str> {
        if self.term == PASSED_OVER {
            return None;
        }
        let from = usize::from(self.word);
        std::str::from_utf8(&self.bytes[from..from + usize::from(self.term)]).ok()
    }
}

impl Stems {
    pub fn new(language: Language) -> Stems {
        Stems {
            language,
            stemmer: language.snowball().map(|language| {
                TextAnalyzer::builder(RawTokenizer::default())
                    .filter(Stemmer::new(language))
                    .build()
            }),
            remembered: Vec::new(),
            folded: String::new(),
            last: String::new(),
        }
    }

    /// The language of these words.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The term of a run; nothing for stop words and for what is too long to be a word.
    pub fn term<'s>(&'s mut self, raw: &'s str) -> Option<&'s str> {
        if raw.len() > LONGEST_WORD {
            return None;
        }
        // A number is its own term.
        if raw.bytes().all(|byte| byte.is_ascii_digit()) && !raw.is_empty() {
            return Some(raw);
        }
        if self.remembered.is_empty() {
            self.remembered.resize(REMEMBERED, Remembered::NOTHING);
        }
        // A place per hash, the later word drives the earlier out: no input makes it grow or slow.
        let place = xxh3_64(raw.as_bytes()) as usize & (REMEMBERED - 1);
        if !self.remembered[place].is_of(raw) {
            let made = self.make(raw, true);
            let term = made.then_some(self.last.as_str());
            if !self.remembered[place].keep(raw, term) {
                return made.then_some(&self.last);
            }
        }
        self.remembered[place].term()
    }

    /// The term of a word even where it is a stop word.
    pub fn term_of_any(&mut self, raw: &str) -> Option<&str> {
        self.make(raw, false).then_some(&self.last)
    }

    /// Makes the term of a word; false where it has none.
    fn make(&mut self, raw: &str, stopping: bool) -> bool {
        if raw.len() > LONGEST_WORD {
            return false;
        }
        self.folded.clear();
        fold_into(raw, &mut self.folded);
        self.folded.retain(|c| c != ' ');
        if self.folded.is_empty() || stopping && self.language.stops(&self.folded) {
            return false;
        }
        self.last.clear();
        let digits = self.folded.starts_with(|c: char| c.is_ascii_digit());
        match &mut self.stemmer {
            Some(stemmer) if !digits => match stemmer.token_stream(&self.folded).next() {
                Some(token) => self.last.push_str(&token.text),
                None => return false,
            },
            _ => self.last.push_str(&self.folded),
        }
        true
    }
}

/// The terms of a text with their positions, for questions; a word that is passed over leaves its position empty.
pub fn terms(text: &str, language: Language) -> Vec<(usize, String)> {
    let mut stems = Stems::new(language);
    let mut found = Vec::new();
    for (position, run) in Runs::of(text).enumerate() {
        // A few words are not worth the memory that documents' words are kept in.
        if stems.make(run.text, true) {
            found.push((position, stems.last.clone()));
        }
    }
    found
}

/// An identifier for comparing: letters and digits only, small, without accents. `GSB-18V` and `gsb 18v` come out alike.
pub fn compact(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    fold_into(text, &mut out);
    out.retain(|c| c != ' ');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(language: Language, text: &str, expected: &str) {
        let found: Vec<String> = terms(text, language).into_iter().map(|(_, term)| term).collect();
        assert_eq!(found.join(" "), expected, "{text}");
    }

    #[test]
    fn letters_and_digits_part() {
        check(Language::Neutral, "GSB-18V  gsb18v", "gsb 18 v gsb 18 v");
        check(Language::Neutral, "Ø 6,5 mm", "o 6 5 mm");
    }

    #[test]
    fn accents_and_number_do_not_count() {
        for pair in [
            ["Taladros percutores", "taladro percutor"],
            ["Baterías inalámbricas", "bateria inalambrica"],
            ["Camisetas de algodón", "camiseta algodon"],
        ] {
            let [a, b] = pair.map(|text| {
                terms(text, Language::Spanish)
                    .into_iter()
                    .map(|(_, t)| t)
                    .collect::<Vec<_>>()
            });
            assert_eq!(a, b, "{pair:?}");
        }
        check(
            Language::English,
            "Cordless drills for the workshop",
            "cordless drill workshop",
        );
        check(Language::German, "Die Schläuche", "schlauch");
    }

    #[test]
    fn stop_words_leave_a_gap() {
        let found = terms("juego de brocas", Language::Spanish);
        assert_eq!(found.iter().map(|(at, _)| *at).collect::<Vec<_>>(), [0, 2]);
    }

    #[test]
    fn stop_words_are_sorted() {
        for language in LANGUAGES {
            assert!(language.stop_words().is_sorted(), "{language:?}");
        }
    }
}
