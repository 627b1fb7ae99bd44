//! A suggestion written as a supplier's file, ready to be corrected: every guess with its reason beside it.
//!
//! The text reads back as the settings it was made of. Where the file is put is left to the caller.

use crate::mapping::settings::{FieldSettings, PriceBasis, Unknown};
use crate::mapping::suggest::in_template;
use crate::mapping::suggestion::{Proposed, Suggestion};
use crate::value::date::DateOrder;
use crate::value::price::Currency;
use std::fmt::Write;

/// What the caller knows beside the suggestion.
#[derive(Debug, Clone, Default)]
pub struct Draft<'a> {
    /// Name of the supplier.
    pub name: &'a str,
    /// The lines below `[file]`, as TOML.
    pub file: &'a str,
    /// Currency of the workspace, for prices that name none.
    pub currency: Option<Currency>,
}

/// Writes `supplier.toml`.
pub fn write_supplier_toml(suggestion: &Suggestion, draft: &Draft<'_>) -> String {
    let mut out = String::with_capacity(4096);
    out.push_str("#:schema ../../docs/schema/supplier.json\n");
    out.push_str(
        "# A first mapping, proposed from the headers and the first values. Correct it, then `estante import`.\n",
    );
    line(&mut out, "name", &quoted(draft.name), "");
    out.push_str(
        "mode = \"snapshot\"                # the delivery lists all that is sold; \"delta\": only what changed\n",
    );
    for (_, question) in suggestion.questions.iter().filter(|(field, _)| field.is_empty()) {
        comment(&mut out, &format!("? {question}"));
    }
    out.push_str("\n[file]\n");
    out.push_str(draft.file.trim_end());
    out.push('\n');
    read(&mut out, suggestion, draft);
    let mut written: Vec<&str> = Vec::new();
    field(&mut out, "sku", suggestion, &mut written);
    for proposed in &suggestion.columns {
        if let Some(attribute) = &proposed.attribute {
            field(&mut out, attribute, suggestion, &mut written);
        }
    }
    for name in suggestion.fields.keys() {
        field(&mut out, name, suggestion, &mut written);
    }
    for (name, map) in &suggestion.maps {
        let _ = write!(
            out,
            "\n[maps.{}]  # the supplier's word = the catalog's; \"\" says nothing\n",
            key(name)
        );
        for (word, meaning) in map {
            let _ = writeln!(out, "{} = {}", quoted(word), quoted(meaning));
        }
    }
    let left: Vec<&Proposed> = suggestion
        .columns
        .iter()
        .filter(|column| !uses(suggestion, &column.header))
        .collect();
    if !left.is_empty() {
        out.push_str("\n# Columns that nothing uses:\n");
        for column in left {
            let sample = if column.sample.is_empty() {
                String::new()
            } else {
                format!(" ({})", flat(&column.sample))
            };
            comment(
                &mut out,
                &format!("  {}{sample}: {}", flat(&column.header), column.reason),
            );
        }
    }
    out
}

fn read(out: &mut String, suggestion: &Suggestion, draft: &Draft<'_>) {
    let settings = &suggestion.read;
    let why = |what: &str| {
        suggestion
            .evidence
            .iter()
            .find(|(known, _)| known == what)
            .map_or("", |(_, how)| how.as_str())
    };
    out.push_str("\n[read]\n");
    if let Some(locale) = &settings.locale {
        line(out, "locale", &quoted(locale), why("language"));
    }
    match (settings.currency, draft.currency) {
        (Some(currency), _) => line(out, "currency", &quoted(currency.code()), why("currency")),
        (None, Some(currency)) => line(
            out,
            "currency",
            &quoted(currency.code()),
            "the feed does not say it; the workspace's",
        ),
        (None, None) => comment(
            out,
            "currency = \"EUR\"  # the feed does not say it; prices are refused until it is declared",
        ),
    }
    match settings.numbers {
        Some(notation) => line(out, "numbers", &quoted(notation.name()), why("numbers")),
        None if !why("numbers").is_empty() => comment(out, &format!("numbers = \"1.234,56\"  # {}", why("numbers"))),
        None => {}
    }
    if settings.dates != DateOrder::Iso {
        line(out, "dates", &quoted(settings.dates.name()), why("dates"));
    }
    if settings.prices == PriceBasis::Net {
        line(out, "prices", "\"net\"", why("prices"));
    }
    if let Some(vat) = &settings.vat {
        line(out, "vat", &quoted(vat), why("vat"));
    }
    if !settings.empty.is_empty() {
        line(out, "empty", &list(&settings.empty), "");
    }
    out.push_str("clear = [\"#CLEAR\", \"#BORRAR\"]    # cells that take a value away\n");
}

/// What the settings of a field say, as the values of TOML.
fn said(settings: &FieldSettings) -> Vec<(String, String)> {
    let table = toml::Table::try_from(settings).unwrap_or_default();
    let says = |value: &toml::Value| match value {
        toml::Value::Array(list) => !list.is_empty(),
        toml::Value::Boolean(is) => *is,
        _ => true,
    };
    let lines = table.into_iter().filter(|(_, value)| says(value));
    lines.map(|(key, value)| (key, value.to_string())).collect()
}

/// One field with its reason, once.
fn field<'s>(out: &mut String, name: &'s str, suggestion: &'s Suggestion, written: &mut Vec<&'s str>) {
    let Some(settings) = suggestion.fields.get(name) else {
        return;
    };
    if written.contains(&name) {
        return;
    }
    written.push(name);
    let proposed = suggestion
        .columns
        .iter()
        .find(|column| column.attribute.as_deref() == Some(name));
    let _ = write!(out, "\n[fields.{}]\n", key(name));
    for (_, question) in suggestion.questions.iter().filter(|(field, _)| field == name) {
        comment(out, &format!("? {question}"));
    }
    let known = || {
        suggestion
            .preset
            .map_or(String::new(), |preset| format!("so in exports of {preset}"))
    };
    let reason = proposed.map_or_else(known, |column| {
        let sample = if column.sample.is_empty() {
            String::new()
        } else {
            format!(", e.g. {}", flat(&column.sample))
        };
        format!("{:.0} %: {}{sample}", column.confidence * 100.0, column.reason)
    });
    let source = ["column", "template", "named", "columns", "value"];
    let rest = ["split", "map", "unit", "steps"];
    let all = said(settings);
    for (n, key) in source.iter().chain(&rest).enumerate() {
        if let Some((_, value)) = all.iter().find(|(known, _)| known == key) {
            line(out, key, value, if n < source.len() { &reason } else { "" });
        }
    }
    habits(out, settings);
}

fn habits(out: &mut String, settings: &FieldSettings) {
    if settings.unknown == Some(Unknown::Keep) {
        line(
            out,
            "unknown",
            "\"keep\"",
            "words that the map does not have are looked up in the schema",
        );
    }
    if let Some(currency) = settings.currency {
        line(out, "currency", &quoted(currency.code()), "");
    }
    if let Some(notation) = settings.numbers {
        line(
            out,
            "numbers",
            &quoted(notation.name()),
            "this column differs from the others",
        );
    }
    if settings.prices == Some(PriceBasis::Gross) {
        line(out, "prices", "\"gross\"", "the header says that VAT is inside");
    }
}

fn uses(suggestion: &Suggestion, header: &str) -> bool {
    suggestion.fields.values().any(|field| {
        let template = field
            .template
            .as_deref()
            .is_some_and(|template| template.contains(&in_template(header)));
        let named = field.named.as_ref().is_some_and(|named| {
            let mut numbers = 1..=24;
            let is = |pattern: &str, n: usize| pattern.replace("{n}", &n.to_string()) == header;
            numbers.any(|n| is(&named.names, n) || is(&named.values, n))
        });
        template
            || named
            || field.column.as_deref() == Some(header)
            || field.columns.iter().any(|column| column == header)
    })
}

fn line(out: &mut String, key: &str, value: &str, why: &str) {
    let start = out.len();
    let _ = write!(out, "{key} = {value}");
    if !why.is_empty() {
        let width = out[start..].chars().count();
        let gap = 32usize.saturating_sub(width).max(1);
        let _ = write!(out, "{:gap$} # {}", "", flat(why));
    }
    out.push('\n');
}

fn comment(out: &mut String, text: &str) {
    let _ = writeln!(out, "# {}", flat(text));
}

/// A text of a feed on one line, without signs that would end a comment or hide something.
fn flat(text: &str) -> String {
    crate::diagnostic::excerpt(text)
}

/// A key of a table: bare where TOML allows it.
fn key(text: &str) -> String {
    let bare = !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    if bare { text.to_string() } else { quoted(text) }
}

fn list(texts: &[String]) -> String {
    format!(
        "[{}]",
        texts.iter().map(|text| quoted(text)).collect::<Vec<_>>().join(", ")
    )
}

/// A basic string of TOML 1.0.
fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
