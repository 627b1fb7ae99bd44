//! One product as the index takes it.
//!
//! Only what is searched, filtered, sorted or counted by goes in; everything that is shown comes from the catalog.

use crate::index::layout::{Form, Layout, Mark, mark_key, value_key};
use crate::index::worth::{Known, Worth};
use crate::product::{By, Product, completeness};
use crate::query::number;
use crate::query::words::compact;
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::value::text::{fold_into, plain};
use crate::value::{Kind, Value};
use std::collections::BTreeSet;
use std::io::Write;
use tantivy::TantivyDocument;

/// Longest text that a column keeps, in bytes: longer ones are no names to sort or count by.
const LONGEST_NAME: usize = 160;
/// Longest text of an attribute that is read for words, in bytes.
const LONGEST_TEXT: usize = 200_000;

/// What is told of a product beside its values: one layer of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Note {
    /// The supplier's id; nothing for other sources.
    pub supplier: Option<String>,
    /// The source's own key for the product.
    pub sku: String,
    /// The batches whose values the layer holds.
    pub batches: Vec<i64>,
    /// The batch that made the layer.
    pub created: i64,
}

/// The attributes of which a product's texts say something that is no value of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Doubted<'a> {
    /// Nobody says them, and the texts not surely enough.
    pub suggested: &'a [AttributeId],
    /// A source says something else.
    pub contradicted: &'a [AttributeId],
    /// A person said them, and a supplier changed since what it says.
    pub overridden: &'a [AttributeId],
}

/// Makes documents; each thread has its own.
pub struct Documents<'a> {
    layout: &'a Layout,
    schema: &'a Schema,
    /// The locale in which completeness for no channel (first) and each channel is measured.
    locales: &'a [u8],
    worth: &'a Worth,
    key: Vec<u8>,
    folded: String,
}

impl<'a> Documents<'a> {
    pub fn new(layout: &'a Layout, schema: &'a Schema, locales: &'a [u8], worth: &'a Worth) -> Documents<'a> {
        Documents {
            layout,
            schema,
            locales,
            worth,
            key: Vec::new(),
            folded: String::new(),
        }
    }

    /// The document of a product.
    pub fn document(&mut self, product: &Product, notes: &[Note], doubted: Doubted<'_>) -> TantivyDocument {
        let layout = self.layout;
        let mut document = TantivyDocument::default();
        document.add_u64(layout.id, product.id.unsigned_abs());
        document.add_text(layout.sku, &product.sku);
        let mut codes = BTreeSet::from([compact(&product.sku)]);
        let mut suppliers = BTreeSet::new();
        let mut batches = BTreeSet::new();
        for note in notes {
            codes.insert(compact(&note.sku));
            suppliers.extend(note.supplier.as_deref());
            batches.extend(note.batches.iter().copied());
        }
        if let Some(model) = &product.model {
            codes.insert(compact(model));
        }
        for supplier in suppliers {
            document.add_text(layout.supplier.field, supplier);
            self.mark(&mut document, Mark::Supplier, supplier);
        }
        // A variant changes with what its model lends it.
        let lent =
            (product.values.iter()).filter(|value| matches!(value.by, By::Model | By::ModelEditor | By::ModelDraft));
        let mut changed: BTreeSet<i64> = lent.map(|value| value.origin.batch).collect();
        for batch in batches {
            changed.insert(batch);
            self.mark(&mut document, Mark::Batch, &batch.to_string());
        }
        for batch in changed {
            document.add_i64(layout.changed.field, batch);
        }
        if product.active {
            self.mark(&mut document, Mark::Active, "");
        }
        for (mark, attributes) in [
            (Mark::Suggested, doubted.suggested),
            (Mark::Contradicted, doubted.contradicted),
            (Mark::Overridden, doubted.overridden),
        ] {
            for attribute in attributes {
                self.mark(&mut document, mark, &attribute.0.to_string());
            }
            if !attributes.is_empty() {
                self.mark(&mut document, mark, "");
            }
        }
        if let Some(family) = product.family {
            let code = &self.schema.family(family).code;
            document.add_text(layout.family.field, code);
            self.mark(&mut document, Mark::Family, code);
        }
        if let Some(code) = product.category(self.schema) {
            document.add_text(layout.category.field, code);
            match self.schema.category_by_code(code) {
                Some(id) => {
                    for above in &self.schema.category(id).line {
                        self.mark(&mut document, Mark::Category, &self.schema.category(*above).code);
                    }
                }
                None => self.mark(&mut document, Mark::Category, code),
            }
        }
        self.values(&mut document, product, &mut codes);
        for code in codes.iter().filter(|code| !code.is_empty()) {
            document.add_bytes(layout.code, code.as_bytes());
            // A GTIN is the same with and without leading zeros.
            let bare = code.trim_start_matches('0');
            if bare.len() < code.len() && !bare.is_empty() && code.bytes().all(|byte| byte.is_ascii_digit()) {
                document.add_bytes(layout.code, bare.as_bytes());
            }
        }
        if let Some(born) = notes.iter().map(|note| note.created).min() {
            document.add_i64(layout.born.field, born);
        }
        if let Some(column) = &layout.worth {
            match self.worth.of(product, self.schema) {
                Known::Worth(worth) => document.add_i64(column.field, worth),
                Known::Unrated => self.mark(&mut document, Mark::Unrated, ""),
                Known::Unsaid => {}
            }
        }
        for (channel, column) in layout.complete.iter().enumerate() {
            let locale = self.locales.get(channel).copied().unwrap_or(1);
            if let Some(found) = completeness::of(product, self.schema, locale, channel as u8) {
                document.add_i64(column.field, i64::from(found.percent()) * number::ONE);
            }
        }
        document
    }

    /// Texts go in for every locale; columns and keys hold each attribute once, as the catalog's first locale sees it.
    fn values(&mut self, document: &mut TantivyDocument, product: &Product, codes: &mut BTreeSet<String>) {
        let mut values = product.values.as_slice();
        while let Some(first) = values.first() {
            let id = first.key.attribute;
            let count = values.partition_point(|resolved| resolved.key.attribute == id);
            let (same, rest) = values.split_at(count);
            values = rest;
            let attribute = self.schema.attribute(id);
            if matches!(attribute.kind, Kind::Text | Kind::RichText) {
                for resolved in same {
                    self.text(document, &resolved.value, id, resolved.key.locale);
                }
                if attribute.localizable || attribute.kind == Kind::RichText {
                    continue;
                }
            }
            let value = match same {
                [only] => Some(&only.value),
                _ => product.value(id, 1, 0).or(Some(&first.value)),
            };
            let Some(value) = value.filter(|value| !value.is_empty()) else {
                continue;
            };
            let Some(column) = self.layout.columns.get(&id) else {
                self.present(document, id, 0);
                continue;
            };
            match (column.form, value) {
                (Form::Number, value) => {
                    if let Value::Gtin(gtin) = value {
                        codes.insert(gtin.digits().to_string());
                    }
                    if let Some(found) = number::column(value, attribute, self.schema.units()) {
                        document.add_i64(column.field, found);
                        if matches!(value, Value::Measure(_) | Value::Boolean(_)) {
                            value_key(id, &found.to_string(), &mut self.key);
                            document.add_bytes(self.layout.key, &self.key);
                        }
                    }
                }
                (Form::Text, Value::Options(members)) => {
                    for member in members {
                        document.add_text(column.field, member);
                        value_key(id, member, &mut self.key);
                        document.add_bytes(self.layout.key, &self.key);
                    }
                }
                (Form::Text, Value::Option(code)) => {
                    document.add_text(column.field, code);
                    value_key(id, code, &mut self.key);
                    document.add_bytes(self.layout.key, &self.key);
                }
                (Form::Text, Value::Identifier(text)) => {
                    document.add_text(column.field, cut(text));
                    let code = compact(text);
                    value_key(id, &code, &mut self.key);
                    document.add_bytes(self.layout.key, &self.key);
                    codes.insert(code);
                }
                (Form::Text, Value::Text(text)) => {
                    document.add_text(column.field, cut(text));
                    self.folded.clear();
                    fold_into(cut(text), &mut self.folded);
                    value_key(id, &self.folded, &mut self.key);
                    document.add_bytes(self.layout.key, &self.key);
                }
                (Form::Text, _) => {}
            }
        }
    }

    fn text(&mut self, document: &mut TantivyDocument, value: &Value, id: AttributeId, locale: u8) {
        let (Value::Text(text) | Value::RichText(text)) = value else {
            return;
        };
        if text.trim().is_empty() {
            return;
        }
        if let Some(field) = self.layout.text(id, locale) {
            match value {
                Value::RichText(_) => document.add_text(field.field, plain(head(text))),
                _ => document.add_text(field.field, head(text)),
            }
        }
        self.present(document, id, locale);
    }

    fn present(&mut self, document: &mut TantivyDocument, id: AttributeId, locale: u8) {
        present_key(id, locale, &mut self.key);
        document.add_bytes(self.layout.key, &self.key);
    }

    fn mark(&mut self, document: &mut TantivyDocument, mark: Mark, value: &str) {
        mark_key(mark, value, &mut self.key);
        document.add_bytes(self.layout.key, &self.key);
    }
}

/// The key of presence of an attribute in a locale (0 for none).
pub fn present_key(id: AttributeId, locale: u8, out: &mut Vec<u8>) {
    mark_key(Mark::Present, "", out);
    // A vector takes all that is written.
    let _ = write!(out, "{}@{locale}", id.0);
}

/// As much of a name as a column keeps.
pub fn cut(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST_NAME)]
}

fn head(text: &str) -> &str {
    &text[..text.floor_char_boundary(LONGEST_TEXT)]
}
