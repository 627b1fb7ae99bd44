//! Which value is meant: attribute, locale, channel; written `name@es@google-es`.
//!
//! How a feed's fields or a person's command come to such a key is left to `mapping` and the faces.

use crate::declaration::nearest::suggestion;
use crate::diagnostic::excerpt;
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::value::mismatch::Mismatch;

/// One value of a product: attribute, locale and channel. Order by key is order by attribute code, locale, channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key {
    pub attribute: AttributeId,
    /// 0: none; n: the n-th locale of the schema, counted from 1.
    pub locale: u8,
    /// 0: none; n: the n-th channel of the schema, counted from 1.
    pub channel: u8,
}

impl Key {
    /// The key of a value that is the same in all locales and channels.
    pub fn of(attribute: AttributeId) -> Key {
        Key {
            attribute,
            locale: 0,
            channel: 0,
        }
    }

    /// Reads `name`, `name@es`, `name@es@google-es` or `price@@google-es`.
    ///
    /// Codes: `E-UNKNOWN-ATTRIBUTE`, `E-UNKNOWN-LOCALE`, `E-UNKNOWN-CHANNEL`, `E-NOT-LOCALIZABLE`, `E-NOT-SCOPABLE`, `E-BAD-KEY`.
    pub fn parse(schema: &Schema, text: &str) -> Result<Key, Mismatch> {
        if let Some(attribute) = schema.by_code(text) {
            return Ok(Key::of(attribute));
        }
        let mut parts = text.split('@');
        let (code, locale, channel) = (
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
            parts.next().unwrap_or_default(),
        );
        if parts.next().is_some() {
            let message = format!("`{}` has more than two `@`", excerpt(text));
            return Err(Mismatch::new("E-BAD-KEY", message).with_help("write attribute@locale@channel"));
        }
        let Some(attribute) = schema.by_code(code) else {
            let known = schema.attributes().map(|(_, attribute)| &*attribute.code);
            return Err(unknown("E-UNKNOWN-ATTRIBUTE", "attribute", code, known));
        };
        let position = |part: &str, known: &[String], code, what| {
            if part.is_empty() {
                return Ok(0);
            }
            let found = known
                .iter()
                .position(|name| name == part)
                .and_then(|n| u8::try_from(n + 1).ok());
            found.ok_or_else(|| unknown(code, what, part, known.iter().map(String::as_str)))
        };
        let key = Key {
            attribute,
            locale: position(locale, schema.locales(), "E-UNKNOWN-LOCALE", "locale")?,
            channel: position(channel, schema.channels(), "E-UNKNOWN-CHANNEL", "channel")?,
        };
        key.check(schema)?;
        Ok(key)
    }

    /// Whether the attribute has values per locale and per channel as far as the key names them.
    ///
    /// Codes: `E-NOT-LOCALIZABLE`, `E-NOT-SCOPABLE`.
    pub fn check(self, schema: &Schema) -> Result<(), Mismatch> {
        let attribute = schema.attribute(self.attribute);
        if self.locale != 0 && !attribute.localizable {
            let message = format!("`{}` has no value per locale", attribute.code);
            let help = format!(
                "leave the locale out, or say `localizable = true` of `{}`",
                attribute.code
            );
            return Err(Mismatch::new("E-NOT-LOCALIZABLE", message).with_help(help));
        }
        if self.channel != 0 && !attribute.scopable {
            let message = format!("`{}` has no value per channel", attribute.code);
            let help = format!(
                "leave the channel out, or say `scopable = true` of `{}`",
                attribute.code
            );
            return Err(Mismatch::new("E-NOT-SCOPABLE", message).with_help(help));
        }
        Ok(())
    }

    /// Where to look for a value, first to last: channel and locale, locale, channel, neither. Keys may repeat.
    pub fn fallbacks(attribute: AttributeId, locale: u8, channel: u8) -> [Key; 4] {
        let key = |locale, channel| Key {
            attribute,
            locale,
            channel,
        };
        [key(locale, channel), key(locale, 0), key(0, channel), key(0, 0)]
    }
}

impl Schema {
    /// A key as `Key::parse` reads it.
    pub fn key_text(&self, key: Key) -> String {
        let mut text = String::new();
        self.write_key(key, &mut text);
        text
    }

    /// The same, appended to `out`.
    pub fn write_key(&self, key: Key, out: &mut String) {
        out.push_str(&self.attribute(key.attribute).code);
        let locale = self.locale_code(key.locale);
        let channel = self.channel_code(key.channel);
        if locale.is_some() || channel.is_some() {
            out.push('@');
            out.push_str(locale.unwrap_or_default());
        }
        if let Some(channel) = channel {
            out.push('@');
            out.push_str(channel);
        }
    }

    /// The locale of a key; `None` for 0.
    pub fn locale_code(&self, locale: u8) -> Option<&str> {
        usize::from(locale)
            .checked_sub(1)
            .and_then(|n| self.locales().get(n))
            .map(String::as_str)
    }

    /// The channel of a key; `None` for 0.
    pub fn channel_code(&self, channel: u8) -> Option<&str> {
        usize::from(channel)
            .checked_sub(1)
            .and_then(|n| self.channels().get(n))
            .map(String::as_str)
    }

    /// A locale's number in keys; `None` where the catalog does not have it.
    pub fn locale_number(&self, code: &str) -> Option<u8> {
        self.locales()
            .iter()
            .position(|known| known == code)
            .and_then(|n| u8::try_from(n + 1).ok())
    }

    /// A channel's number in keys; `None` where the workspace does not have it.
    pub fn channel_number(&self, code: &str) -> Option<u8> {
        self.channels()
            .iter()
            .position(|known| known == code)
            .and_then(|n| u8::try_from(n + 1).ok())
    }
}

fn unknown<'a>(code: &'static str, what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Mismatch {
    Mismatch::new(code, format!("unknown {what} `{}`", excerpt(name))).with_help(suggestion(name, known))
}
