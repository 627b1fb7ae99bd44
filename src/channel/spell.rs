//! A value as a field's type wants it: texts, amounts, measures, words, addresses.
//!
//! Whether the result keeps the field's limits is left to `rule`.

use crate::channel::pack::Field;
use crate::channel::pack::field::FieldKind;
use crate::channel::price::{PriceRules, PriceSpelling};
use crate::channel::variable::Reading;
use crate::product::listing::Content;
use crate::value::price::{Currency, Price};
use crate::value::unit::{Exchange, Units};
use crate::value::{Value, number, text};
use rust_decimal::{Decimal, RoundingStrategy};
use std::borrow::Cow;
use std::sync::Arc;

/// Decimals of a measure that was converted.
const CONVERTED_DECIMALS: u32 = 4;

/// How one channel spells values, the same for all fields.
#[derive(Debug, Clone)]
pub struct Spelling {
    /// What is done to prices.
    pub rules: PriceRules,
    /// How prices are written.
    pub prices: PriceSpelling,
    /// The only currency of the channel.
    pub currency: Option<Currency>,
    /// Numbers in prose have a decimal comma.
    pub comma: bool,
    /// Where pictures stand that have no address of their own.
    pub media: Option<String>,
}

/// Why a value cannot be spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unspelled {
    /// The amount is in another currency than the channel's.
    ForeignCurrency,
    /// The number grows too large.
    TooLarge,
}

/// The form of a field's contents.
#[derive(Debug, Clone)]
pub struct Form {
    kind: FieldKind,
    /// The field's own words, for truth values and options.
    words: Arc<[String]>,
    /// Names of the parts of a group.
    parts: Arc<[String]>,
    /// The unit measures are written in: its spelling, and the exchange from the attribute's unit.
    unit: Option<(Arc<str>, Option<Exchange>)>,
}

impl Form {
    /// The form of a field that is filled from an attribute whose measures have a unit (`None`: from anything else).
    pub fn new(field: &Field, unit: Option<&str>, units: &Units) -> Form {
        let allowed = field
            .measure
            .as_ref()
            .map_or(&[][..], |measure| measure.units.as_slice());
        let unit = unit.and_then(|own| {
            let same = |word: &&String| word.as_str() == own || units.find(word).is_some_and(|unit| *unit.code == *own);
            if let Some(word) = allowed.iter().find(same) {
                return Some((Arc::from(word.as_str()), None));
            }
            let other = allowed
                .iter()
                .find_map(|word| Some((word, units.exchange(own, word).ok()?)));
            other.map(|(word, exchange)| (Arc::from(word.as_str()), Some(exchange)))
        });
        Form {
            kind: field.kind,
            words: field.words.clone().into(),
            parts: field.parts.iter().map(|part| part.name.clone()).collect(),
            unit,
        }
    }

    /// The form of a part of a group.
    pub fn part(kind: FieldKind, words: &[String]) -> Form {
        Form {
            kind,
            words: words.into(),
            parts: Arc::new([]),
            unit: None,
        }
    }

    /// The form of plain text.
    pub fn prose() -> Form {
        Form::part(FieldKind::String, &[])
    }

    /// A value of an attribute in this form.
    pub fn content(&self, value: &Value, reading: &Reading, spelling: &Spelling) -> Result<Content, Unspelled> {
        Ok(match value {
            Value::Options(codes) => many(
                codes
                    .iter()
                    .map(|code| self.option(code, reading).to_string())
                    .collect::<Vec<_>>(),
            ),
            Value::Media(places) => many(self.pictures(places, spelling)),
            Value::Reference(texts) => many(texts.clone()),
            Value::Table(rows) if self.kind == FieldKind::Group => {
                let group = |cells: &Vec<String>| self.parts.iter().cloned().zip(cells.iter().cloned()).collect();
                Content::Groups(rows.iter().map(group).collect())
            }
            Value::Table(rows) => many(rows.iter().map(|cells| cells.join(": ")).collect()),
            other => Content::One(self.text(other, reading, spelling)?.into_owned()),
        })
    }

    /// A value that is one text.
    pub fn text<'a>(
        &'a self,
        value: &'a Value,
        reading: &'a Reading,
        spelling: &Spelling,
    ) -> Result<Cow<'a, str>, Unspelled> {
        Ok(match value {
            Value::Text(text) => self.plain_text(text),
            Value::Identifier(text) => Cow::Borrowed(text),
            Value::RichText(html) => self.rich_text(html),
            Value::Url(address) => self.plain_text(address),
            Value::Option(code) => Cow::Borrowed(self.option(code, reading)),
            Value::Integer(number) => Cow::Owned(number.to_string()),
            Value::Decimal(number) => Cow::Owned(self.number(*number, spelling)),
            Value::Measure(measure) => Cow::Owned(self.measure(measure.amount, &measure.unit, reading, spelling)?),
            Value::Money(price) => {
                let price = spelling.price(*price, reading.priced)?;
                Cow::Owned(match self.kind {
                    FieldKind::MoneyPlain | FieldKind::Decimal => spelling.prices.write_amount(price),
                    FieldKind::Money => spelling.prices.write(price),
                    _ => {
                        let mut out = number::to_text(price.rounded().amount);
                        spelling.localize(&mut out);
                        format!("{out} {}", price.currency.code())
                    }
                })
            }
            Value::Boolean(truth) => Cow::Borrowed(self.truth(*truth)),
            Value::Date(day) if self.kind == FieldKind::Datetime => Cow::Owned(format!("{day}T00:00Z")),
            Value::Date(day) => Cow::Owned(day.to_string()),
            Value::DateTime(moment) => Cow::Owned(moment.to_string()),
            Value::Gtin(gtin) => Cow::Owned(gtin.digits().to_string()),
            Value::Options(_) | Value::Media(_) | Value::Reference(_) | Value::Table(_) => value.to_text(),
        })
    }

    /// A text that is already there, as the field takes it: one line, no markup, an encoded address.
    pub fn plain_text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match self.kind {
            FieldKind::Url | FieldKind::ImageUrl => encoded(text),
            FieldKind::Html => escaped(text),
            FieldKind::Text | FieldKind::Json => Cow::Borrowed(text),
            _ => one_line(text),
        }
    }

    /// Pictures by their addresses; those that have none, and no address to stand below, are left out.
    pub fn pictures(&self, places: &[String], spelling: &Spelling) -> Vec<String> {
        let address = |place: &String| {
            if place.contains("://") {
                return Some(encoded(place).into_owned());
            }
            let below = spelling.media.as_deref()?.trim_end_matches('/');
            Some(encoded(&format!("{below}/{place}")).into_owned())
        };
        places.iter().filter_map(address).collect()
    }

    fn rich_text<'a>(&self, html: &'a str) -> Cow<'a, str> {
        match self.kind {
            FieldKind::Html => Cow::Borrowed(html),
            FieldKind::Text => text::plain(html),
            _ => Cow::Owned(one_line(&text::plain(html)).into_owned()),
        }
    }

    /// The word of an option: in fields with words of their own the one that is spelled like the code or the name, else the
    /// name in the channel's locale.
    fn option<'a>(&'a self, code: &'a str, reading: &'a Reading) -> &'a str {
        let label = reading.label(code);
        if self.words.is_empty() && self.kind != FieldKind::Enum {
            return label;
        }
        let alike = |word: &&String| word.eq_ignore_ascii_case(code) || word.eq_ignore_ascii_case(label);
        self.words.iter().find(alike).map_or(code, String::as_str)
    }

    fn truth(&self, truth: bool) -> &str {
        let pair = if truth { ["true", "yes"] } else { ["false", "no"] };
        let own = |word: &&String| pair.iter().any(|own| word.eq_ignore_ascii_case(own));
        self.words.iter().find(own).map_or(pair[0], String::as_str)
    }

    fn number(&self, number: Decimal, spelling: &Spelling) -> String {
        let mut out = number::to_text(number);
        if matches!(self.kind, FieldKind::String | FieldKind::Text | FieldKind::Html) {
            spelling.localize(&mut out);
        }
        out
    }

    fn measure(
        &self,
        amount: Decimal,
        unit: &str,
        reading: &Reading,
        spelling: &Spelling,
    ) -> Result<String, Unspelled> {
        let (mut amount, mut word) = (amount, unit);
        if let Some((spelled, exchange)) = &self.unit
            && reading.unit.as_deref() == Some(unit)
        {
            if let Some(exchange) = exchange {
                amount = exchange.apply(amount).map_err(|_| Unspelled::TooLarge)?;
                amount = amount.round_dp_with_strategy(CONVERTED_DECIMALS, RoundingStrategy::MidpointAwayFromZero);
            }
            word = spelled;
        }
        let mut out = self.number(amount, spelling);
        if !matches!(self.kind, FieldKind::Integer | FieldKind::Decimal) {
            out.push(' ');
            out.push_str(word);
        }
        Ok(out)
    }
}

impl Spelling {
    /// A price after the channel's rules, which must be in its currency.
    pub fn price(&self, price: Price, priced: bool) -> Result<Price, Unspelled> {
        if self.currency.is_some_and(|own| own != price.currency) {
            return Err(Unspelled::ForeignCurrency);
        }
        if priced {
            self.rules.apply(price).ok_or(Unspelled::TooLarge)
        } else {
            Ok(price)
        }
    }

    /// Puts the comma of the channel's language into a number.
    pub fn localize(&self, number: &mut String) {
        if self.comma
            && let Some(at) = number.find('.')
        {
            number.replace_range(at..=at, ",");
        }
    }
}

/// Several texts; one alone is one.
pub fn many(mut texts: Vec<String>) -> Content {
    match texts.len() {
        0 => Content::Empty,
        1 => texts.pop().map_or(Content::Empty, Content::One),
        _ => Content::Many(texts),
    }
}

/// The text in one line: every run of blanks and line ends is one blank, none at the ends.
pub fn one_line(text: &str) -> Cow<'_, str> {
    let mut before = b' ';
    let plain = text.bytes().all(|byte| {
        let doubled = byte == b' ' && before == b' ';
        before = byte;
        !doubled && byte >= b' ' && byte != 0xc2 && byte != 0xe2 && byte != 0xe3
    });
    if plain && !text.ends_with(' ') {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        out.push_str(word);
    }
    Cow::Owned(out)
}

/// A plain text as markup.
fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '\n']) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\n' => out.push_str("<br>"),
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// An address with blanks and foreign letters percent-encoded behind its host (RFC 3986, 2.1); a host in foreign letters
/// stays, so that the check finds it.
pub fn encoded(address: &str) -> Cow<'_, str> {
    let address = address.trim();
    let safe = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"' | b'\\' | b'^' | b'`' | b'|');
    if address.bytes().all(safe) {
        return Cow::Borrowed(address);
    }
    let host = address.find("://").map_or(0, |at| at + 3);
    let path = address[host..]
        .find(['/', '?', '#'])
        .map_or(address.len(), |at| host + at);
    let mut out = String::with_capacity(address.len() + 16);
    out.push_str(&address[..path]);
    for byte in address[path..].bytes() {
        if safe(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_joined_and_addresses_encoded() {
        for (text, expected) in [
            ("Taladro percutor", "Taladro percutor"),
            (" Taladro\n\tpercutor  18 V ", "Taladro percutor 18 V"),
            ("Taladro\u{a0}18 V", "Taladro 18 V"),
            ("Año ñandú", "Año ñandú"),
            ("", ""),
        ] {
            assert_eq!(one_line(text), expected);
        }
        for (address, expected) in [
            (
                "https://tienda.example/a.jpg?x=%20",
                "https://tienda.example/a.jpg?x=%20",
            ),
            (
                " https://tienda.example/taladro ñ.jpg",
                "https://tienda.example/taladro%20%C3%B1.jpg",
            ),
            ("https://tiendañ.example/ñ", "https://tiendañ.example/%C3%B1"),
            ("ñ", "ñ"),
        ] {
            assert_eq!(encoded(address), expected);
        }
        assert_eq!(escaped("a < b & c\nd"), "a &lt; b &amp; c<br>d");
    }
}
