//! What a column's header says: the field it names in one of six languages, and its unit, currency, tax, locale and number.
//!
//! A header is evidence, not proof; the values confirm it in `suggest`. The synonyms are data (`synonyms.toml` beside this
//! file, which names where each was seen).

use crate::value::price::Currency;
use crate::value::text::{fold, likeness};
use crate::value::unit::Units;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

/// The languages of the synonyms.
pub const LANGUAGES: [&str; 6] = ["es", "en", "de", "fr", "it", "pt"];

/// What a header says.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Header {
    /// Fields it may name, the likeliest first.
    pub hits: Vec<Hit>,
    /// The header without its parts, folded.
    pub name: String,
    /// Code of the unit it names.
    pub unit: Option<String>,
    pub currency: Option<Currency>,
    /// `Some(true)`: tax excluded; `Some(false)`: included.
    pub net: Option<bool>,
    /// Language or locale it names, such as `en` or `en-US`.
    pub locale: Option<String>,
    /// Number of the column among several alike.
    pub number: Option<u32>,
}

/// One field that a header may name.
#[derive(Debug, Clone, PartialEq)]
pub struct Hit {
    /// Name of the field in the synonyms: `title`, `price_net`.
    pub field: &'static str,
    /// Languages in which it is called so.
    pub languages: BTreeSet<&'static str>,
    /// From 0 to 1.
    pub score: f32,
}

/// One synonym's meanings: field, language, and whether it was only thought of, never seen.
type Meanings = Vec<(&'static str, &'static str, bool)>;

struct Synonyms {
    by_text: BTreeMap<String, Meanings>,
    /// What the values of a field are, as the synonyms call it.
    types: BTreeMap<&'static str, &'static str>,
}

fn synonyms() -> &'static Synonyms {
    static SYNONYMS: OnceLock<Synonyms> = OnceLock::new();
    SYNONYMS.get_or_init(|| {
        static TABLE: OnceLock<toml::Table> = OnceLock::new();
        // A test proves that the table reads.
        let table = TABLE.get_or_init(|| include_str!("synonyms.toml").parse().unwrap_or_default());
        let mut synonyms = Synonyms {
            by_text: BTreeMap::new(),
            types: BTreeMap::new(),
        };
        let mut add = |text: &str, field: &'static str, language: &'static str, plausible: bool| {
            let folded = fold(text);
            let joined = folded.replace(' ', "");
            for text in [folded, joined] {
                let meanings = synonyms.by_text.entry(text).or_default();
                if !meanings.contains(&(field, language, plausible)) {
                    meanings.push((field, language, plausible));
                }
            }
        };
        let fields = table.get("field").and_then(toml::Value::as_table);
        for (field, entry) in fields.into_iter().flatten() {
            for language in LANGUAGES {
                let texts = entry.get(language).and_then(toml::Value::as_array);
                texts
                    .into_iter()
                    .flatten()
                    .filter_map(toml::Value::as_str)
                    .for_each(|text| add(text, field, language, false));
            }
            if let Some(kind) = entry.get("type").and_then(toml::Value::as_str) {
                synonyms.types.insert(field, kind);
            }
        }
        let plausible = table.get("plausible").and_then(toml::Value::as_table);
        for (field, texts) in plausible.into_iter().flatten() {
            let texts = texts.as_array().into_iter().flatten().filter_map(toml::Value::as_str);
            texts.for_each(|text| add(text, field, "", true));
        }
        synonyms
    })
}

/// What the values of a field are: `money`, `gtin`, `text`, …
pub fn type_of(field: &str) -> &'static str {
    synonyms().types.get(field).copied().unwrap_or("text")
}

/// Takes a header apart. Paths of XML and JSON (`price.amount`, `textos/es/nombre`) are headers too.
pub fn read(header: &str) -> Header {
    let header = header.trim_start_matches('\u{feff}').trim();
    let mut read = Header {
        name: fold(header),
        ..Header::default()
    };
    let whole = read.name.clone();
    gather(&whole, 0.95, &mut read.hits);
    take_parts(header, &mut read);
    if read.name != whole {
        let name = read.name.clone();
        gather(&name, 0.88, &mut read.hits);
    }
    let spaced = fold(&camel_spaced(header));
    gather(&spaced, 0.88, &mut read.hits);
    if let Some((first, second)) = header.split_once(" or ") {
        gather(&fold(first), 0.8, &mut read.hits);
        gather(&fold(second), 0.8, &mut read.hits);
        // One column for both ways to price: which it is, the header does not say.
        let either = read.hits.iter().any(|hit| hit.field == "price_net")
            && read.hits.iter().any(|hit| hit.field == "price_gross");
        if either {
            read.hits
                .retain(|hit| !matches!(hit.field, "price_net" | "price_gross"));
            gather("price", 0.8, &mut read.hits);
            read.net = None;
        }
    }
    if header.contains(['/', '.', '[', ':']) && !header.contains(' ') {
        path(header, &mut read);
    }
    if read.hits.is_empty() {
        gather_alike(&whole, &mut read.hits);
    }
    read.hits.sort_by(|a, b| b.score.total_cmp(&a.score));
    read
}

/// Adds fields whose synonyms are nearly the text: one slip away, longer by a word, or shorter by one.
fn gather_alike(text: &str, hits: &mut Vec<Hit>) {
    if text.len() < 4 {
        return;
    }
    let table = &synonyms().by_text;
    // Texts of too different lengths cannot be alike; comparing them all would be felt in feeds of a thousand columns.
    let near = |known: &str| known.len() >= 6 && known.len().abs_diff(text.len()) * 8 <= known.len() + text.len();
    let mut nearest: Option<(f64, &String)> = None;
    for known in table.keys().filter(|known| near(known)) {
        let likeness = likeness(text, known);
        if likeness >= 0.88 && nearest.is_none_or(|(best, _)| likeness > best) {
            nearest = Some((likeness, known));
        }
    }
    if let Some((_, known)) = nearest {
        gather(known, 0.7, hits);
        return;
    }
    let mut front = text;
    while let Some((shorter, _)) = front.rsplit_once(' ') {
        front = shorter;
        if front.len() >= 5 && table.contains_key(front) {
            gather(front, 0.62, hits);
            return;
        }
    }
    let longer = format!("{text} ");
    if let Some(longer) = table
        .range(longer.clone()..)
        .next()
        .map(|(known, _)| known)
        .filter(|known| known.starts_with(&longer))
    {
        gather(longer, 0.62, hits);
        // One word is no proof where money is at stake: the `Sale` of an Italian is salt.
        hits.retain(|hit| text.contains(' ') || type_of(hit.field) != "money");
    }
}

/// Adds the fields that a folded text names, each once with its best score.
fn gather(text: &str, score: f32, hits: &mut Vec<Hit>) {
    if text.is_empty() {
        return;
    }
    let table = &synonyms().by_text;
    let joined = text.replace(' ', "");
    let Some(meanings) = table.get(text).or_else(|| table.get(&joined)) else {
        return;
    };
    for (field, language, plausible) in meanings {
        let score = if *plausible { score - 0.15 } else { score };
        match hits.iter_mut().find(|hit| hit.field == *field) {
            Some(hit) => {
                hit.score = hit.score.max(score);
                if score + 0.01 > hit.score {
                    hit.languages.insert(language);
                }
            }
            None => hits.push(Hit {
                field,
                languages: BTreeSet::from([*language]),
                score,
            }),
        }
    }
    for hit in hits {
        hit.languages.remove("");
    }
}

/// Takes unit, currency, tax, locale and number off, and leaves the bare name.
fn take_parts(header: &str, read: &mut Header) {
    let mut rest = String::with_capacity(header.len());
    let mut inside = String::new();
    let mut depth = 0u32;
    for c in header.chars() {
        match c {
            '(' | '[' => depth += 1,
            ')' | ']' if depth > 0 => {
                depth -= 1;
                if depth == 0 {
                    part_in_brackets(&inside, read);
                    inside.clear();
                    rest.push(' ');
                }
            }
            c if depth > 0 => inside.push(c),
            '€' => {
                read.currency = Currency::parse("EUR").ok();
                rest.push(' ');
            }
            '*' | '#' | '?' => rest.push(' '),
            c => rest.push(c),
        }
    }
    if let Some((name, locale)) = locale_behind(&rest) {
        let name = name.to_string();
        read.locale = Some(locale);
        rest = name;
    }
    let folded = fold(&rest);
    let mut words: Vec<&str> = folded.split(' ').filter(|word| !word.is_empty()).collect();
    for (phrase, net) in TAX {
        let phrase: Vec<&str> = phrase.split(' ').collect();
        if words.len() > phrase.len()
            && let Some(at) = words.windows(phrase.len()).position(|window| window == phrase)
        {
            words.drain(at..at + phrase.len());
            read.net = if read.net.is_some_and(|known| known != *net) {
                None
            } else {
                Some(*net)
            };
        }
    }
    if words.len() > 1
        && let Some(currency) = words.iter().position(|word| CURRENCIES.contains(word))
    {
        let word = words.remove(currency);
        read.currency = read
            .currency
            .or(Currency::parse(if word == "euro" { "EUR" } else { word }).ok());
    }
    // `foto2`, `image1 src`, `Price_10`.
    let mut bare: Vec<String> = Vec::with_capacity(words.len());
    for word in &words {
        let name = word.trim_end_matches(|c: char| c.is_ascii_digit());
        if name.len() < word.len() && read.number.is_none() && (!name.is_empty() || words.len() > 1) && *word != "ean13"
        {
            read.number = word[name.len()..].parse().ok();
            if !name.is_empty() {
                bare.push(name.to_string());
            }
        } else {
            bare.push(word.to_string());
        }
    }
    if bare.len() > 1
        && read.unit.is_none()
        && let Some(unit) = bare.last().and_then(|word| unit(word))
    {
        let without = bare[..bare.len() - 1].join(" ");
        if synonyms().by_text.contains_key(&without) {
            read.unit = Some(unit);
            bare.pop();
        }
    }
    if !bare.is_empty() {
        read.name = bare.join(" ");
    }
}

/// Ways to say whether tax is inside, folded; `true`: excluded.
const TAX: &[(&str, bool)] = &[
    ("sin iva", true),
    ("s iva", true),
    ("iva no incluido", true),
    ("sem iva", true),
    ("tax excluded", true),
    ("excl tax", true),
    ("excl vat", true),
    ("ex vat", true),
    ("ohne mwst", true),
    ("exkl mwst", true),
    ("iva esclusa", true),
    ("ht", true),
    ("netto", true),
    ("neto", true),
    ("net", true),
    ("con iva", false),
    ("c iva", false),
    ("iva incluido", false),
    ("iva incl", false),
    ("com iva", false),
    ("tax included", false),
    ("incl tax", false),
    ("incl vat", false),
    ("inkl mwst", false),
    ("iva inclusa", false),
    ("ttc", false),
    ("brutto", false),
    ("ivato", false),
    ("gross", false),
];

const CURRENCIES: &[&str] = &[
    "eur", "euro", "usd", "gbp", "chf", "brl", "mxn", "pln", "sek", "dkk", "czk",
];

fn part_in_brackets(inside: &str, read: &mut Header) {
    let text = inside.trim();
    let folded = fold(text);
    if text == "€" || folded == "euro" {
        read.currency = Currency::parse("EUR").ok();
    } else if text.len() == 3
        && text.bytes().all(|byte| byte.is_ascii_uppercase())
        && let Ok(currency) = Currency::parse(text)
    {
        read.currency = Some(currency);
    } else if let Some((_, net)) = TAX.iter().find(|(phrase, _)| *phrase == folded) {
        read.net = Some(*net);
    } else if LANGUAGES.contains(&folded.as_str()) && text.len() == 2 && folded != "in" {
        read.locale = Some(folded);
    } else if let Some(unit) = unit(text) {
        read.unit = Some(unit);
    } else if folded.contains("multiplied by 1000") || folded.contains("multiplicado por 1000") {
        read.unit = unit("g");
    }
}

fn unit(text: &str) -> Option<String> {
    let text = text.trim();
    // A column called so says the unit in its values.
    if matches!(text, "unit" | "units" | "unidad")
        || text.is_empty()
        || text.len() > 12
        || text.bytes().all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    Units::builtin().find(text).map(|unit| unit.code.to_string())
}

/// The locale at the end of a header: `name-de_DE-ecommerce`, `name:en`, `nombre_es`, `NameDe`.
fn locale_behind(header: &str) -> Option<(&str, String)> {
    let header = header.trim();
    // Akeneo puts the channel behind the locale.
    if let [name, locale, channel] = header.split('-').collect::<Vec<&str>>()[..]
        && let Some(locale) = locale_of(locale)
        && !channel.is_empty()
    {
        return Some((name, locale));
    }
    for mark in ['-', ':', '@', '_', ' ', '.'] {
        if let Some((name, code)) = header.rsplit_once(mark)
            && !name.is_empty()
            && let Some(locale) = locale_of(code)
        {
            return Some((name, locale));
        }
        // `name_en_US`
        if let Some((front, region)) = header.rsplit_once(mark)
            && region.len() == 2
            && region.bytes().all(|byte| byte.is_ascii_uppercase())
            && let Some((name, language)) = front.rsplit_once(mark)
            && !name.is_empty()
            && LANGUAGES.contains(&language)
        {
            return Some((name, format!("{language}-{region}")));
        }
    }
    let (name, tail) = header.split_at_checked(header.len().checked_sub(2)?)?;
    let camel = tail.starts_with(|c: char| c.is_ascii_uppercase()) && tail.ends_with(|c: char| c.is_ascii_lowercase());
    let language = tail.to_ascii_lowercase();
    let ends_small = name.ends_with(|c: char| c.is_lowercase());
    (camel && ends_small && LANGUAGES.contains(&language.as_str())).then_some((name, language))
}

fn locale_of(text: &str) -> Option<String> {
    if LANGUAGES.contains(&text) {
        return Some(text.to_string());
    }
    let (language, region) = text.split_once(['_', '-'])?;
    let region_fits = region.len() == 2 && region.bytes().all(|byte| byte.is_ascii_uppercase());
    (LANGUAGES.contains(&language) && region_fits).then(|| format!("{language}-{region}"))
}

fn camel_spaced(header: &str) -> String {
    let mut out = String::with_capacity(header.len() + 4);
    let mut small = false;
    for c in header.chars() {
        if small && c.is_uppercase() {
            out.push(' ');
        }
        small = c.is_lowercase();
        out.push(c);
    }
    out
}

/// Segments that only say that a value stands there.
const CARRIERS: &[&str] = &[
    "value", "amount", "text", "name", "code", "id", "src", "url", "state", "quantity", "@value", "#text",
];

/// A path names its field in its last segment, or in the one before where the last only carries the value.
fn path(header: &str, read: &mut Header) {
    let segments: Vec<&str> = header
        .split(['/', '.', '[', ']', '='])
        .map(|part| part.trim_start_matches('@'))
        .collect();
    let mut segments: Vec<&str> = segments.into_iter().filter(|part| !part.is_empty()).collect();
    if segments.len() < 2 {
        return;
    }
    if let Some(at) = segments.iter().rposition(|part| locale_of(part).is_some()) {
        read.locale = locale_of(segments[at]);
        segments.remove(at);
    }
    let Some(last) = segments.pop() else { return };
    let before = segments.pop();
    let named = |segment: &str, score: f32, hits: &mut Vec<Hit>| {
        gather(&fold(segment), score, hits);
        gather(&fold(&camel_spaced(segment)), score, hits);
    };
    if let Some(before) = before {
        named(&format!("{before} {last}"), 0.87, &mut read.hits);
        if CARRIERS.contains(&last) {
            named(before, 0.86, &mut read.hits);
        } else {
            named(last, 0.85, &mut read.hits);
        }
    } else {
        named(last, 0.85, &mut read.hits);
    }
    if !read.hits.is_empty() {
        read.name = fold(if CARRIERS.contains(&last) {
            before.unwrap_or(last)
        } else {
            last
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &str, expected: &str) {
        let read = read(header);
        let mut got = read.hits.first().map_or("-".to_string(), |hit| hit.field.to_string());
        let said = [
            read.unit.map(|unit| format!("unit {unit}")),
            read.currency.map(|currency| currency.to_string()),
            read.net
                .map(|net| if net { "net".to_string() } else { "gross".to_string() }),
            read.locale,
            read.number.map(|number| format!("#{number}")),
        ];
        for part in said.into_iter().flatten() {
            got.push_str(&format!(", {part}"));
        }
        assert_eq!(got, expected, "{header}");
    }

    #[test]
    fn headers_name_fields_in_six_languages() {
        check("Descripción corta", "short_description");
        check("CÓDIGO DE BARRAS", "gtin");
        check("Artikelnummer", "sku");
        check("Prix d'achat", "cost");
        check("Giacenza", "stock");
        check("Preço Promocional", "sale_price");
        check("\u{feff}Variant SKU", "sku");
        check("imageUrl", "image");
        check("nobody knows", "-");
    }

    #[test]
    fn parts_of_a_header_are_taken_off() {
        check("Weight (lbs)", "weight, unit lb");
        check("Peso (kg)", "weight, unit kg");
        check("altura_em_cm", "height");
        check("Price (EUR)", "price, EUR");
        check("Precio € sin IVA", "price, EUR, net");
        check("Prix TTC", "price_gross, gross");
        check("PVP s/IVA", "list_price, net");
        check("name-de_DE-ecommerce", "title, de-DE");
        check("description:en", "description, en");
        check("Nombre_es", "title, es");
        check("NameDe", "title, de");
        check("Foto2", "image, #2");
        check("image1_src", "image, #1");
        check("Categories (x,y,z...)", "category");
        check("Name *", "title");
        check("price.amount", "price");
        check("title.en", "title, en");
        check("textos/es/nombre", "title, es");
        check("ARTICLE_DETAILS/EAN", "gtin");
        check("@codigo", "sku");
        check("Uds/caja", "pack_quantity");
        check("Descripción ampliada", "description");
        check("Compare at", "list_price");
        check("Price tax excluded or Price tax included", "price");
        check("weight_unit", "weight");
        check("Sale", "-");
    }

    #[test]
    fn every_synonym_is_known() {
        let count = synonyms().by_text.len();
        assert!(count > 1000, "{count}");
        assert_eq!(type_of("price_net"), "money");
    }
}
