//! Values as prose writes them in a locale: decimal signs, units, names of options, days.
//!
//! Where a value stands in a text is left to the templates.

use crate::enrich::copy::grammar::{Language, plural};
use crate::product::Product;
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::value::number::{has_comma, to_text};
use crate::value::price::Price;
use crate::value::{Kind, Value, text};
use rust_decimal::Decimal;
use std::borrow::Cow;

/// What an expression of a template gives.
#[derive(Debug, Clone, PartialEq)]
pub enum Term<'a> {
    /// The product does not say it.
    Nothing,
    Text(Cow<'a, str>),
    /// Allow-listed HTML.
    Html(Cow<'a, str>),
    /// A number (of a measure: its amount), and how it is written.
    Number(Decimal, Cow<'a, str>),
    /// Yes or no, and the word for it.
    Truth(bool, &'static str),
    List(Vec<Cow<'a, str>>),
}

impl<'a> Term<'a> {
    /// As it is printed.
    pub fn text(&self) -> Cow<'_, str> {
        match self {
            Term::Nothing => Cow::Borrowed(""),
            Term::Text(text) | Term::Html(text) | Term::Number(_, text) => Cow::Borrowed(text),
            Term::Truth(_, word) => Cow::Borrowed(word),
            Term::List(texts) => Cow::Owned(texts.join(", ")),
        }
    }

    /// The same without markup.
    pub fn plain(&self) -> Cow<'_, str> {
        match self {
            Term::Html(html) if html.contains(['<', '&']) => text::plain(html),
            other => other.text(),
        }
    }

    /// Neither nothing, nor blank, nor false, nor 0.
    pub fn is_true(&self) -> bool {
        match self {
            Term::Number(number, _) => !number.is_zero(),
            Term::Truth(truth, _) => *truth,
            other => !other.is_blank(),
        }
    }

    /// Prints nothing that one could see.
    pub fn is_blank(&self) -> bool {
        match self {
            Term::Nothing => true,
            Term::Text(text) | Term::Html(text) => text.trim().is_empty(),
            Term::Number(..) | Term::Truth(..) => false,
            Term::List(texts) => texts.iter().all(|text| text.trim().is_empty()),
        }
    }

    /// A text that is made, or nothing where it is blank.
    pub fn made(text: String) -> Term<'a> {
        if text.is_empty() {
            Term::Nothing
        } else {
            Term::Text(Cow::Owned(text))
        }
    }
}

/// How a locale writes.
#[derive(Debug, Clone)]
pub struct Locale {
    pub code: Box<str>,
    pub language: Language,
    comma: bool,
}

/// Names of options by code.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Names(Vec<(Box<str>, Box<str>)>);

/// An attribute as templates of one locale and channel read it.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    pub attribute: AttributeId,
    pub locale: u8,
    pub channel: u8,
    /// Its values are HTML.
    pub is_rich: bool,
    /// Names of its options.
    names: Names,
}

impl Reading {
    /// The reading of an attribute.
    pub fn new(schema: &Schema, attribute: AttributeId, locale: u8, channel: u8) -> Reading {
        let said = schema.locale_code(locale).unwrap_or_default();
        let options = schema.list_of(attribute).map_or(&[][..], |list| &list.options);
        let names = options
            .iter()
            .map(|option| (option.code.clone(), Box::from(option.labels.text(said))))
            .collect();
        Reading {
            attribute,
            locale,
            channel,
            is_rich: schema.attribute(attribute).kind == Kind::RichText,
            names: Names(names),
        }
    }

    /// What the product says.
    pub fn of<'a>(&self, product: &'a Product) -> Option<&'a Value> {
        product
            .value(self.attribute, self.locale, self.channel)
            .filter(|value| !value.is_empty())
    }

    fn name<'a>(&'a self, code: &'a str) -> &'a str {
        // Options are sorted by code in their list.
        let at = self.names.0.binary_search_by(|(own, _)| (**own).cmp(code));
        at.map_or(code, |at| &self.names.0[at].1)
    }

    /// What the product says, as the locale writes it.
    pub fn term<'a>(&'a self, product: &'a Product, locale: &Locale) -> Term<'a> {
        let Some(value) = self.of(product) else {
            return Term::Nothing;
        };
        match value {
            Value::Text(text) | Value::Identifier(text) | Value::Url(text) => Term::Text(Cow::Borrowed(text.trim())),
            Value::RichText(html) => Term::Html(Cow::Borrowed(html)),
            Value::Integer(number) => {
                let number = Decimal::from(*number);
                Term::Number(number, Cow::Owned(locale.number(number)))
            }
            Value::Decimal(number) => Term::Number(*number, Cow::Owned(locale.number(*number))),
            Value::Measure(measure) => Term::Number(
                measure.amount,
                Cow::Owned(locale.measure(measure.amount, &measure.unit)),
            ),
            Value::Money(price) => Term::Number(price.amount, Cow::Owned(locale.price(*price))),
            Value::Boolean(truth) => Term::Truth(*truth, locale.truth(*truth)),
            Value::Option(code) => Term::Text(Cow::Borrowed(self.name(code))),
            Value::Options(codes) => Term::List(codes.iter().map(|code| Cow::Borrowed(self.name(code))).collect()),
            Value::Date(day) => Term::Text(Cow::Owned(locale.day(*day))),
            Value::Media(texts) | Value::Reference(texts) => {
                Term::List(texts.iter().map(|text| Cow::Borrowed(text.as_str())).collect())
            }
            Value::DateTime(_) | Value::Gtin(_) | Value::Table(_) => Term::Text(value.to_text()),
        }
    }

    /// The code behind an option's name; the text of anything else.
    pub fn code<'a>(&'a self, product: &'a Product) -> Term<'a> {
        match self.of(product) {
            Some(Value::Options(codes)) => Term::List(codes.iter().map(|code| Cow::Borrowed(code.as_str())).collect()),
            Some(value) => Term::Text(value.to_text()),
            None => Term::Nothing,
        }
    }
}

/// Units that prose writes as words: code, then one and several in Spanish and in English.
const WORDS: &[(&str, [&str; 4])] = &[
    ("month", ["mes", "meses", "month", "months"]),
    ("week", ["semana", "semanas", "week", "weeks"]),
    ("a", ["año", "años", "year", "years"]),
    ("d", ["día", "días", "day", "days"]),
    ("in", ["pulgada", "pulgadas", "inch", "inches"]),
];
/// Units whose code is not how people write them.
const SIGNS: &[(&str, &str)] = &[
    ("m2", "m²"),
    ("cm2", "cm²"),
    ("mm2", "mm²"),
    ("m3", "m³"),
    ("cm3", "cm³"),
    ("fl_oz", "fl oz"),
];

impl Locale {
    pub fn new(code: &str) -> Locale {
        Locale {
            code: code.into(),
            language: Language::of(code),
            comma: has_comma(code),
        }
    }

    /// A number in the locale's notation; from 10,000 on its thousands stand apart.
    pub fn number(&self, number: Decimal) -> String {
        let plain = to_text(number);
        let digits = plain.trim_start_matches('-');
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let mut out = String::with_capacity(plain.len() + 4);
        out.push_str(&plain[..plain.len() - digits.len()]);
        for (n, digit) in whole.chars().enumerate() {
            if whole.len() > 4 && n > 0 && (whole.len() - n).is_multiple_of(3) {
                out.push(if self.comma { '.' } else { ',' });
            }
            out.push(digit);
        }
        if !fraction.is_empty() {
            out.push(if self.comma { ',' } else { '.' });
            out.push_str(fraction);
        }
        out
    }

    fn measure(&self, amount: Decimal, unit: &str) -> String {
        let mut out = self.number(amount);
        out.push(' ');
        let words = WORDS.iter().find(|(code, _)| *code == unit).map(|(_, words)| words);
        out.push_str(match (words, self.language) {
            (Some([one, many, ..]), Language::Spanish) => plural(amount, one, many),
            (Some([_, _, one, many]), Language::English) => plural(amount, one, many),
            _ => SIGNS
                .iter()
                .find(|(code, _)| *code == unit)
                .map_or(unit, |(_, sign)| sign),
        });
        out
    }

    fn price(&self, price: Price) -> String {
        let rounded = price.rounded();
        let mut amount = rounded.amount;
        if amount.scale() < 2 && !amount.is_integer() {
            amount.rescale(2);
        }
        let text = if amount.is_integer() {
            self.number(amount)
        } else {
            // Cents have two places: `2,50`, not `2,5`.
            let text = format!("{amount:.2}");
            if self.comma { text.replace('.', ",") } else { text }
        };
        let sign = match rounded.currency.code() {
            "EUR" => "€",
            "GBP" => "£",
            other => other,
        };
        format!("{text} {sign}")
    }

    fn truth(&self, truth: bool) -> &'static str {
        match (self.language, truth) {
            (Language::Spanish, true) => "sí",
            (Language::English, true) => "yes",
            (_, false) => "no",
            (Language::Other, true) => "✓",
        }
    }

    fn day(&self, day: jiff::civil::Date) -> String {
        match self.language {
            Language::Spanish => format!("{:02}/{:02}/{}", day.day(), day.month(), day.year()),
            _ => day.to_string(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_the_locale_has_it() {
        let (es, en) = (Locale::new("es"), Locale::new("en"));
        let decimal = |text: &str| Decimal::from_str_exact(text).unwrap();
        for (number, spanish, english) in [
            ("2.775", "2,775", "2.775"),
            ("1100", "1100", "1100"),
            ("25000", "25.000", "25,000"),
            ("-1234567.5", "-1.234.567,5", "-1,234,567.5"),
            ("0", "0", "0"),
        ] {
            assert_eq!(es.number(decimal(number)), spanish);
            assert_eq!(en.number(decimal(number)), english);
        }
        assert_eq!(es.measure(decimal("1"), "month"), "1 mes");
        assert_eq!(es.measure(decimal("36"), "month"), "36 meses");
        assert_eq!(en.measure(decimal("1.5"), "a"), "1.5 years");
        assert_eq!(en.measure(decimal("2"), "m2"), "2 m²");
        assert_eq!(es.price(Price::parse("1234.5 EUR").unwrap()), "1234,50 €");
        assert_eq!(es.price(Price::parse("12 EUR").unwrap()), "12 €");
    }
}
