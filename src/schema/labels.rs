//! What a thing of the schema is called, per locale.

use crate::schema::report::Report;
use std::collections::BTreeMap;

/// Names by locale. There is always one: the code, where nothing else is said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labels {
    by_locale: BTreeMap<Box<str>, Box<str>>,
    default: Box<str>,
}

impl Labels {
    /// Labels as they were written; `default` is the locale to fall back to, then any, then `code`.
    pub fn new(code: &str, written: &BTreeMap<String, String>, default: &str) -> Labels {
        let by_locale: BTreeMap<Box<str>, Box<str>> = written
            .iter()
            .map(|(locale, label)| (locale.as_str().into(), label.as_str().into()))
            .collect();
        let fallback = find(&by_locale, default).or(by_locale.values().next().map(|label| &**label));
        let default = fallback.unwrap_or(code).into();
        Labels { by_locale, default }
    }

    /// Labels whose locales are checked: `es`, `es-MX`. Faults: `E-BAD-LOCALE`.
    pub fn checked(written: &BTreeMap<String, String>, default: &str, report: &mut Report<'_>) -> Labels {
        Labels::checked_at(&[], report.path[1], written, default, report)
    }

    /// The same for a thing inside the table.
    pub fn checked_at(
        inner: &[&str],
        code: &str,
        written: &BTreeMap<String, String>,
        default: &str,
        report: &mut Report<'_>,
    ) -> Labels {
        for locale in written.keys().filter(|locale| !is_locale(locale)) {
            let path = [inner, &["labels", locale]].concat();
            let message = format!("`{}` is no locale", crate::diagnostic::excerpt(locale));
            report.fault_of_key(
                &path,
                "E-BAD-LOCALE",
                message,
                "write a language (`es`) or a language and a region (`es-MX`)",
            );
        }
        Labels::new(code, written, default)
    }

    /// The label for a locale; of its language (`es` for `es-MX`); of the default locale; any; the code.
    pub fn text(&self, locale: &str) -> &str {
        find(&self.by_locale, locale).unwrap_or(&self.default)
    }

    /// Every label with its locale.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.by_locale.iter().map(|(locale, label)| (&**locale, &**label))
    }
}

fn find<'a>(by_locale: &'a BTreeMap<Box<str>, Box<str>>, locale: &str) -> Option<&'a str> {
    let language = locale.split(['-', '_']).next().unwrap_or(locale);
    by_locale
        .get(locale)
        .or_else(|| by_locale.get(language))
        .map(|label| &**label)
}

/// A language of two or three letters, then parts of two to eight letters or digits (BCP 47, as far as catalogs use it).
pub fn is_locale(text: &str) -> bool {
    let mut parts = text.split('-');
    let language = parts.next().unwrap_or_default();
    (2..=3).contains(&language.len())
        && language.bytes().all(|byte| byte.is_ascii_lowercase())
        && parts.all(|part| (2..=8).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}
