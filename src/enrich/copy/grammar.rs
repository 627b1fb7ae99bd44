//! What a template needs of Spanish and English grammar: number, gender, articles, lists.
//!
//! Rules with their common exceptions, no dictionary: what they do not know stays as it is written. Which word stands where is
//! left to the templates.
//!
//! Sources: Real Academia Española, Nueva gramática (2009), 2.4 (gender of nouns), 13.7 (colour adjectives and compounds), 14.2
//! (el before stressed a), 31.9 (e and u for y and o).

use crate::value::text::fold;
use rust_decimal::Decimal;

/// Languages whose rules are known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    Spanish,
    English,
    /// Templates may be written, grammar helpers do what is common to all.
    Other,
}

/// Gender and number of a noun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noun {
    pub feminine: bool,
    pub plural: bool,
}

/// Spanish nouns that do not follow their ending, folded. Only such as name goods.
const FEMININE: &[&str] = &[
    "mano",
    "foto",
    "moto",
    "radio",
    "llave",
    "fuente",
    "torre",
    "nube",
    "carne",
    "leche",
    "nieve",
    "sangre",
    "base",
    "clave",
    "red",
    "pared",
    "flor",
    "miel",
    "sal",
    "piel",
    "col",
    "imagen",
    "sarten",
    "cruz",
    "luz",
    "voz",
    "nariz",
    "tablet",
    "superficie",
    "serie",
    "noche",
    "parte",
    "suerte",
    "hoz",
    "dinamo",
];
const MASCULINE: &[&str] = &[
    "dia",
    "mapa",
    "sofa",
    "problema",
    "sistema",
    "tema",
    "programa",
    "idioma",
    "pijama",
    "clima",
    "crucigrama",
    "planeta",
    "cometa",
    "panorama",
    "diagrama",
    "telegrama",
    "paraguas",
    "abrelatas",
    "sacacorchos",
    "cortaunas",
    "portabrocas",
    "cubata",
    "tequila",
    "vodka",
    "pasamontanas",
    "portafolios",
    "quitamanchas",
    "aroma",
    "enigma",
    "esquema",
    "emblema",
    "prisma",
    "drama",
    "plasma",
    "magma",
    "karma",
    "yoga",
    "chai",
    "cava",
    "parabrisas",
    "cortacesped",
    "cortasetos",
];
/// Begin with a stressed a: feminine, and yet `el` and `un` in the singular.
const STRESSED_A: &[&str] = &[
    "agua", "aguila", "ala", "alma", "ancla", "arca", "area", "arma", "arpa", "aula", "ave", "haba", "hacha", "hada",
];
/// Colours in -o that are nouns and do not agree.
const COLOUR_NOUNS: &[&str] = &[
    "oro",
    "grafito",
    "topo",
    "vino",
    "plomo",
    "cobalto",
    "chocolate",
    "humo",
    "hielo",
    "cuero",
    "oxido",
    "titanio",
    "acero",
    "cromo",
    "cemento",
    "terracota",
];
impl Language {
    /// The language of a locale.
    pub fn of(locale: &str) -> Language {
        match locale.split(['-', '_']).next() {
            Some("es") => Language::Spanish,
            Some("en") => Language::English,
            _ => Language::Other,
        }
    }
}

/// One or several: exactly one is one, everything else (0, 1.5) several.
pub fn plural<'a>(count: Decimal, one: &'a str, many: &'a str) -> &'a str {
    if count == Decimal::ONE { one } else { many }
}

/// Gender and number of the first word of a Spanish text; `m`, `f`, `mp` and `fp` say them outright.
pub fn noun(text: &str) -> Noun {
    match text.trim() {
        "m" => {
            return Noun {
                feminine: false,
                plural: false,
            };
        }
        "f" => {
            return Noun {
                feminine: true,
                plural: false,
            };
        }
        "mp" => {
            return Noun {
                feminine: false,
                plural: true,
            };
        }
        "fp" => {
            return Noun {
                feminine: true,
                plural: true,
            };
        }
        _ => {}
    }
    let folded = fold(text);
    let word = folded.split(' ').next().unwrap_or_default();
    if MASCULINE.contains(&word) {
        return Noun {
            feminine: false,
            plural: false,
        };
    }
    let single = singular(word);
    // Compounds of verb and noun have an s in the singular too, and those that name goods are masculine.
    let plural = single != word && !is_compound(word);
    let by_ending = || {
        let endings = [
            "a", "cion", "sion", "gion", "dad", "tad", "tud", "umbre", "itis", "ez", "triz",
        ];
        endings.iter().any(|ending| single.ends_with(ending))
    };
    let feminine = !is_compound(word)
        && !MASCULINE.contains(&single.as_str())
        && (FEMININE.contains(&single.as_str()) || by_ending());
    Noun { feminine, plural }
}

/// `cortaúñas`, `sacacorchos`, `portabrocas`: folded beginnings of verbs before a plural noun.
fn is_compound(word: &str) -> bool {
    let verbs = [
        "abre", "corta", "cuenta", "cubre", "guarda", "lava", "limpia", "para", "pasa", "pela", "porta", "posa",
        "quita", "reposa", "saca", "salva", "tapa", "rompe", "cascan",
    ];
    word.ends_with('s')
        && verbs
            .iter()
            .any(|verb| word.len() > verb.len() + 3 && word.starts_with(verb))
}

/// A folded Spanish word in the singular, as far as its ending tells.
fn singular(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ces") {
        return format!("{stem}z");
    }
    if let Some(stem) = word.strip_suffix("es") {
        let consonant = stem.ends_with(['d', 'l', 'n', 'r', 'y', 'j']);
        if consonant && stem.len() > 2 {
            return stem.to_owned();
        }
    }
    match word.strip_suffix('s') {
        Some(stem) if stem.len() > 2 && stem.ends_with(['a', 'e', 'i', 'o', 'u']) => stem.to_owned(),
        _ => word.to_owned(),
    }
}

/// A Spanish colour or other adjective in -o as the noun wants it; compounds (`azul marino`) and nouns do not change.
///
/// `Rojo` beside `camisetas` is `Rojas`; `gris` is `grises`.
pub fn agree(adjective: &str, noun: Noun) -> String {
    let word = adjective.trim();
    let folded = fold(word);
    if word.is_empty() || word.contains(char::is_whitespace) || COLOUR_NOUNS.contains(&folded.as_str()) {
        return adjective.to_owned();
    }
    let mut out = word.to_owned();
    if noun.feminine && folded.ends_with('o') {
        out.pop();
        out.push(if word.ends_with('O') { 'A' } else { 'a' });
    }
    if noun.plural {
        match folded.bytes().last() {
            // `rosas`, `violetas` are heard as often as `rosa`; the unchanged form is right everywhere.
            Some(b'a') => {}
            Some(b'o' | b'e') => out.push('s'),
            Some(b'l' | b'n' | b'r' | b's') if !out.ends_with("és") => {
                // `marrón` loses its accent with the second syllable behind it.
                if let Some(stem) = out.strip_suffix("ón") {
                    out = format!("{stem}on");
                }
                out.push_str("es");
            }
            _ => {}
        }
    }
    out
}

/// The article before a text: `el`, `la`, `los`, `las`, or `un`…; in English `the`, or `a` and `an`.
pub fn article(text: &str, indefinite: bool, language: Language) -> &'static str {
    match language {
        Language::Spanish => {
            let folded = fold(text);
            let stressed = STRESSED_A.contains(&folded.split(' ').next().unwrap_or_default());
            let noun = noun(text);
            match (indefinite, noun.feminine && (noun.plural || !stressed), noun.plural) {
                (false, false, false) => "el",
                (false, true, false) => "la",
                (false, false, true) => "los",
                (false, true, true) => "las",
                (true, false, false) => "un",
                (true, true, false) => "una",
                (true, false, true) => "unos",
                (true, true, true) => "unas",
            }
        }
        Language::English if indefinite => {
            let folded = fold(text);
            let silent = ["hour", "honest", "heir"].iter().any(|word| folded.starts_with(word));
            let spoken_y = ["uni", "use", "usb", "eu", "one"]
                .iter()
                .any(|word| folded.starts_with(word));
            let vowel =
                folded.starts_with(['a', 'e', 'i', 'o', 'u']) || folded.starts_with('8') || folded.starts_with("11 ");
            if (vowel && !spoken_y) || silent { "an" } else { "a" }
        }
        Language::English => "the",
        Language::Other => "",
    }
}

/// Texts in a row, the last joined by `and`: `algodón, lino y seda`; `y` is `e` before the sound of i.
pub fn listed(texts: &[impl AsRef<str>], language: Language) -> String {
    let Some((last, first)) = texts.split_last() else {
        return String::new();
    };
    let last = last.as_ref();
    if first.is_empty() {
        return last.to_owned();
    }
    let word = match language {
        Language::Spanish => {
            let folded = fold(last);
            let sounds_i = folded.starts_with('i') && !folded.starts_with("ia") && !folded.starts_with("io")
                || folded.starts_with("hi") && !folded.starts_with("hie") && !folded.starts_with("hia");
            if sounds_i { " e " } else { " y " }
        }
        Language::English => " and ",
        Language::Other => ", ",
    };
    let mut out = String::new();
    for (n, text) in first.iter().enumerate() {
        if n > 0 {
            out.push_str(", ");
        }
        out.push_str(text.as_ref());
    }
    out.push_str(word);
    out.push_str(last);
    out
}

/// Spanish things that are named in the plural, folded.
const PAIRS: &[&str] = &[
    "gafas",
    "tijeras",
    "tenazas",
    "alicates",
    "auriculares",
    "zapatos",
    "zapatillas",
    "botas",
    "botines",
    "sandalias",
    "guantes",
    "calcetines",
    "pendientes",
    "medias",
    "leggings",
    "vaqueros",
    "prismaticos",
    "dulces",
    "cereales",
    "frutos",
    "especias",
    "chanclas",
    "mocasines",
    "deportivas",
    "zuecos",
    "bermudas",
];

/// A Spanish name of a category as the name of one thing: `Sierras circulares` gives `Sierra circular`, up to the first `de`,
/// `para`, `con` or `y`. Things named in the plural stay.
pub fn singular_es(text: &str) -> String {
    let first = fold(text);
    if PAIRS.contains(&first.split(' ').next().unwrap_or_default()) {
        return text.to_owned();
    }
    let mut done = false;
    let words: Vec<String> = text
        .split(' ')
        .map(|word| {
            done |= matches!(
                fold(word).as_str(),
                "de" | "del" | "para" | "con" | "y" | "e" | "en" | "a" | ""
            );
            if done { word.to_owned() } else { singular_word_es(word) }
        })
        .collect();
    words.join(" ")
}

fn singular_word_es(word: &str) -> String {
    if let Some(stem) = word.strip_suffix("ces") {
        return format!("{stem}z");
    }
    if word.chars().count() > 5 && !word.contains(['á', 'é', 'í', 'ó', 'ú']) {
        // The accent comes back with the stress: `pantalones`, `calcetines`, `cinturones`.
        for (plural, single) in [("iones", "ión"), ("ones", "ón"), ("ines", "ín"), ("anes", "án")] {
            if let Some(stem) = word.strip_suffix(plural) {
                return format!("{stem}{single}");
            }
        }
    }
    if let Some(stem) = word.strip_suffix("es") {
        let mut last = stem.chars().rev();
        let (one, two) = (last.next(), last.next());
        let vowel = |c: Option<char>| c.is_some_and(|c| "aeiouáéíóú".contains(c.to_ascii_lowercase()));
        // `cables`, `sables`, `cofres` keep their e: two consonants do not end a word.
        if one.is_some_and(|c| "dlnry".contains(c)) && vowel(two) && stem.chars().count() > 2 {
            return stem.to_owned();
        }
    }
    match word.strip_suffix('s') {
        Some(stem) if stem.chars().count() > 2 && stem.ends_with(['a', 'e', 'o', 'á', 'é', 'ó']) => stem.to_owned(),
        _ => word.to_owned(),
    }
}

/// An English name of a category as the name of one thing: `Phone cases` gives `Phone case`, the last word before `and`, `for`,
/// `of` or `with`. Things named in the plural stay.
pub fn singular_en(text: &str) -> String {
    let words: Vec<&str> = text.split(' ').collect();
    let end = words
        .iter()
        .position(|word| matches!(*word, "and" | "for" | "of" | "with" | "&"))
        .unwrap_or(words.len());
    let mut out: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
    if let Some(head) = end.checked_sub(1).and_then(|at| out.get_mut(at)) {
        let folded = fold(head);
        let pairs = [
            "headphones",
            "earphones",
            "earbuds",
            "glasses",
            "sunglasses",
            "scissors",
            "pliers",
            "shoes",
            "boots",
            "trainers",
            "sandals",
            "gloves",
            "socks",
            "earrings",
            "jeans",
            "trousers",
            "shorts",
            "leggings",
            "sweets",
            "electronics",
            "plumbing",
            "pincers",
        ];
        if !pairs.contains(&folded.as_str()) {
            let single = if let Some(stem) = head.strip_suffix("ies") {
                format!("{stem}y")
            } else if ["ches", "shes", "xes", "sses"]
                .iter()
                .any(|ending| head.ends_with(ending))
            {
                head.strip_suffix("es").unwrap_or(head).to_owned()
            } else if head.ends_with("ss") || head.chars().count() < 4 {
                head.clone()
            } else {
                head.strip_suffix('s').unwrap_or(head).to_owned()
            };
            *head = single;
        }
    }
    out.join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nouns_are_known_by_their_ending_and_by_exception() {
        for (text, feminine, plural) in [
            ("Camiseta básica", true, false),
            ("Camisetas", true, true),
            ("Taladro percutor", false, false),
            ("Pantalones vaqueros", false, true),
            ("Llaves de vaso", true, true),
            ("Sofá", false, false),
            ("Luces LED", true, true),
            ("Pijama", false, false),
            ("Cortaúñas", false, false),
            ("Protección laboral", true, false),
            ("fp", true, true),
        ] {
            assert_eq!(noun(text), Noun { feminine, plural }, "{text}");
        }
    }

    #[test]
    fn colours_agree() {
        for (colour, beside, expected) in [
            ("Rojo", "Camiseta", "Roja"),
            ("rojo", "camisetas", "rojas"),
            ("Azul", "Camisas", "Azules"),
            ("Azul marino", "Camisas", "Azul marino"),
            ("marrón", "zapatos", "marrones"),
            ("Gris", "Bolsa", "Gris"),
            ("Oro", "Pulsera", "Oro"),
            ("Rosa", "Zapatos", "Rosa"),
            ("Verde", "Botas", "Verdes"),
        ] {
            assert_eq!(agree(colour, noun(beside)), expected, "{colour} {beside}");
        }
    }

    #[test]
    fn articles_and_lists() {
        assert_eq!(article("agua mineral", false, Language::Spanish), "el");
        assert_eq!(article("aguas", false, Language::Spanish), "las");
        assert_eq!(article("botella", true, Language::Spanish), "una");
        assert_eq!(article("hour", true, Language::English), "an");
        assert_eq!(article("USB hub", true, Language::English), "a");
        assert_eq!(listed(&["lana", "hilo"], Language::Spanish), "lana e hilo");
        assert_eq!(listed(&["acero", "hierro"], Language::Spanish), "acero y hierro");
        assert_eq!(
            listed(&["wool", "silk", "linen"], Language::English),
            "wool, silk and linen"
        );
        assert_eq!(listed(&[""; 0], Language::Spanish), "");
    }

    #[test]
    fn one_thing_is_named() {
        for (many, one) in [
            ("Taladros", "Taladro"),
            ("Cables", "Cable"),
            ("Sierras circulares", "Sierra circular"),
            ("Fundas de móvil", "Funda de móvil"),
            ("Pantalones", "Pantalón"),
            ("Altavoces", "Altavoz"),
            ("Gafas de sol", "Gafas de sol"),
            ("Ropa", "Ropa"),
            ("Bases", "Base"),
            ("Llaves de vaso", "Llave de vaso"),
        ] {
            assert_eq!(singular_es(many), one);
        }
        for (many, one) in [
            ("Drills", "Drill"),
            ("Phone cases", "Phone case"),
            ("Batteries and chargers", "Battery and chargers"),
            ("Headphones", "Headphones"),
            ("Boxes", "Box"),
            ("Glass", "Glass"),
        ] {
            assert_eq!(singular_en(many), one);
        }
    }
}
