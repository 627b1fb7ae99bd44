//! What a column's header says: the field it names in one of six languages, and its unit, currency, tax, locale and number.
//!
//! A header is evidence, not proof; the values confirm it in `suggest`. The words are left to `synonyms`.

use crate::mapping::synonyms::{Hit, LANGUAGES, gather, gather_alike, gather_both, is_known};
use crate::value::price::Currency;
use crate::value::text::fold;
use crate::value::unit::Units;
use std::collections::BTreeSet;

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

/// The channels that headers name behind attribute and locale, as Akeneo writes them: `name-de_DE-ecommerce`.
pub fn channels<'h>(headers: impl Iterator<Item = &'h str>) -> BTreeSet<&'h str> {
    let channel = |header: &'h str| match header.split('-').collect::<Vec<&str>>()[..] {
        [name, locale, channel] if !name.is_empty() && locale_of(locale).is_some() => Some(channel),
        _ => None,
    };
    headers
        .filter_map(channel)
        .filter(|channel| !channel.is_empty())
        .collect()
}

/// Takes a header apart. Paths of XML and JSON (`price.amount`, `textos/es/nombre`) are headers too. `channels` are those of
/// the feed.
pub fn read(header: &str, channels: &BTreeSet<&str>) -> Header {
    let header = header.trim_start_matches('\u{feff}').trim();
    let header = match header.rsplit_once('-') {
        Some((name, channel)) if channels.contains(channel) && !name.contains('-') => name,
        _ => header,
    };
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
    if let Some((above, below)) = header.rsplit_once(" / ") {
        // Two lines of a header, the group above the name; or two words for one thing.
        take_line(below, &mut read);
        if read.hits.is_empty() {
            take_line(above.rsplit(" / ").next().unwrap_or(above), &mut read);
        }
    }
    if read.hits.is_empty() {
        gather_both(&whole, &mut read.hits);
    }
    if read.hits.is_empty() {
        gather_alike(&whole, &mut read.hits);
    }
    read.hits.sort_by(|a, b| b.score.total_cmp(&a.score));
    read
}

/// Adds what one line of a header says by itself.
fn take_line(line: &str, read: &mut Header) {
    let mut own = Header {
        name: fold(line),
        ..Header::default()
    };
    gather(&own.name.clone(), 0.92, &mut read.hits);
    take_parts(line, &mut own);
    gather(&own.name, 0.86, &mut read.hits);
    if !read.hits.is_empty() {
        read.name = own.name;
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
        if is_known(&without) {
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

/// `de`, `de_DE`, `zh_Hans`: of languages that the synonyms do not know only with region or script.
fn locale_of(text: &str) -> Option<String> {
    if LANGUAGES.contains(&text) {
        return Some(text.to_string());
    }
    let (language, region) = text.split_once(['_', '-'])?;
    let small = |text: &str| text.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_region = region.len() == 2 && region.bytes().all(|byte| byte.is_ascii_uppercase());
    let is_script = region.len() == 4 && region.starts_with(|c: char| c.is_ascii_uppercase()) && small(&region[1..]);
    let fits = language.len() == 2 && small(language) && (is_region || is_script);
    fits.then(|| format!("{language}-{region}"))
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
    let parts: Vec<&str> = header.split(['/', '.', '[', ']', '=', ':']).collect();
    // The attribute of an inner element describes that element, not the product.
    let describes = parts.len() > 1
        && parts
            .last()
            .and_then(|last| last.strip_prefix('@'))
            .is_some_and(|last| {
                matches!(
                    fold(last).as_str(),
                    "type" | "mode" | "name" | "lang" | "system" | "status"
                )
            });
    let parts = parts.into_iter().map(|part| part.trim_start_matches('@'));
    let mut segments: Vec<&str> = parts.filter(|part| !part.is_empty()).collect();
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
        if describes {
            return;
        }
        if CARRIERS.contains(&last) {
            named(before, 0.86, &mut read.hits);
        } else {
            named(last, 0.85, &mut read.hits);
        }
    } else {
        named(last, 0.85, &mut read.hits);
    }
    let carries = CARRIERS.contains(&last);
    if !read.hits.is_empty() {
        read.name = fold(if carries { before.unwrap_or(last) } else { last });
    } else if !carries && !describes {
        // The schema may know the name, without the unit behind it: `attributes.power_w`.
        let name = fold(last);
        let parted = name.rsplit_once(' ').and_then(|(name, word)| Some((name, unit(word)?)));
        read.unit = parted.as_ref().map(|(_, unit)| unit.clone()).or(read.unit.take());
        read.name = parted.map_or(name.clone(), |(name, _)| name.to_string());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(header: &str, expected: &str) {
        let read = read(header, &BTreeSet::new());
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
        check("product:keywords:en", "keywords, en");
        check("variant:weight", "weight");
        check("description:zh_Hans", "description, zh-Hans");
        check("ARTICLE_DETAILS/BUYER_AID/@type", "-");
        check("Precios / Coste sin IVA", "cost, net");
        check("Zulassungsinhaberin / Hersteller", "manufacturer");
        check("Zulassungsinhaberin Titulaire de l'autorisation", "manufacturer");
        check("Sale", "salt");
        check("Verkauf", "-");
    }
}
