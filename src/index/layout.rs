//! The fields of the index, made from the schema: texts by locale, identifiers, exact keys, columns of numbers and codes.
//!
//! An index belongs to one layout: another schema, other locales or channels make another fingerprint, and it is rebuilt.

use crate::query::words::Language;
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::value::Kind;
use std::collections::BTreeMap;
use tantivy::schema::{
    BytesOptions, Field, IndexRecordOption, NumericOptions, Schema as Fields, SchemaBuilder, TextFieldIndexing,
    TextOptions,
};

/// A text of an attribute in one locale.
#[derive(Debug, Clone)]
pub struct TextField {
    pub attribute: AttributeId,
    /// As in `schema::scope::Key`: 0 for none.
    pub locale: u8,
    pub language: Language,
    pub field: Field,
    /// What a word found here is worth.
    pub weight: f32,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// Whole numbers, as `number::column` makes them.
    Number,
    /// Texts and codes.
    Text,
}

/// A column of values, for ranges, sorting and facets.
#[derive(Debug, Clone)]
pub struct Column {
    pub field: Field,
    /// Its name in the index.
    pub name: String,
    pub form: Form,
}

/// What the index keeps of a product beside its attributes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Mark {
    Family,
    Category,
    Supplier,
    Batch,
    Active,
    /// An attribute without a column says something.
    Present,
    /// Texts say something of an attribute, by its number, and not surely enough; without a number, of any.
    Suggested,
    /// Texts say something else of an attribute than a source.
    Contradicted,
    /// A supplier changed what it says of an attribute after a person said it.
    Overridden,
    /// The price is of a currency without a rate.
    Unrated,
}

/// All fields.
#[derive(Debug, Clone)]
pub struct Layout {
    pub fields: Fields,
    /// Number of the product.
    pub id: Field,
    /// SKU as a column: ties break by it.
    pub sku: Field,
    /// Identifiers, compact.
    pub code: Field,
    /// Exact values: `Layout::value_key` and `Layout::mark_key`.
    pub key: Field,
    /// Sorted by attribute, then locale.
    pub texts: Vec<TextField>,
    /// By attribute.
    pub columns: BTreeMap<AttributeId, Column>,
    pub family: Column,
    pub category: Column,
    pub supplier: Column,
    /// Percent of completeness, of no channel (first) and of each.
    pub complete: Vec<Column>,
    /// The first batch that made a layer of the product.
    pub born: Column,
    /// The batch of what each source says of it, and of what its model's sources do.
    pub changed: Column,
    /// Stock times price, as `number::column` has amounts; none where the schema lacks either.
    pub worth: Option<Column>,
}

/// Names of the columns that every index has.
pub const ID: &str = "id";
pub const SKU: &str = "sku";

impl Layout {
    /// The fields for a schema.
    pub fn new(schema: &Schema) -> Layout {
        let mut builder = Fields::builder();
        let number = || NumericOptions::default().set_fast();
        let id = builder.add_u64_field(ID, number().set_indexed());
        let sku = builder.add_text_field(SKU, TextOptions::default().set_fast("raw"));
        let code = builder.add_bytes_field("code", BytesOptions::default().set_indexed());
        let key = builder.add_bytes_field("key", BytesOptions::default().set_indexed());
        let text_column = |builder: &mut SchemaBuilder, name: &str| Column {
            field: builder.add_text_field(name, TextOptions::default().set_fast("raw")),
            name: name.to_owned(),
            form: Form::Text,
        };
        let number_column = |builder: &mut SchemaBuilder, name: &str| Column {
            field: builder.add_i64_field(name, number()),
            name: name.to_owned(),
            form: Form::Number,
        };
        let family = text_column(&mut builder, "family");
        let category = text_column(&mut builder, "category");
        let supplier = text_column(&mut builder, "supplier");
        let complete = (0..=schema.channels().len())
            .map(|channel| number_column(&mut builder, &format!("complete{channel}")))
            .collect();
        let born = number_column(&mut builder, "born");
        let changed = number_column(&mut builder, "changed");
        let known = schema.known();
        let priced = known.stock.is_some() && known.price.is_some();
        let worth = priced.then(|| number_column(&mut builder, "worth"));
        let (mut texts, mut columns) = (Vec::new(), BTreeMap::new());
        for (id, attribute) in schema.attributes() {
            if known.family == Some(id) || known.category == Some(id) {
                continue;
            }
            if matches!(attribute.kind, Kind::Text | Kind::RichText) && attribute.searchable {
                let locales = if attribute.localizable {
                    schema.locales().len()
                } else {
                    0
                };
                for locale in 0..=locales as u8 {
                    let language = schema.locale_code(locale).map_or(Language::Neutral, Language::of);
                    let indexing = TextFieldIndexing::default()
                        .set_tokenizer(language.tokenizer())
                        .set_index_option(IndexRecordOption::WithFreqsAndPositions);
                    let name = format!("t{}_{locale}", id.0);
                    texts.push(TextField {
                        attribute: id,
                        locale,
                        language,
                        field: builder.add_text_field(&name, TextOptions::default().set_indexing_options(indexing)),
                        weight: weight(schema, id),
                    });
                }
            }
            let name = format!("c{}", id.0);
            let form = match attribute.kind {
                Kind::Text if !attribute.localizable => Form::Text,
                Kind::Option | Kind::Options | Kind::Identifier => Form::Text,
                Kind::Integer
                | Kind::Decimal
                | Kind::Measure
                | Kind::Money
                | Kind::Boolean
                | Kind::Date
                | Kind::DateTime
                | Kind::Gtin
                | Kind::Media
                | Kind::Reference => Form::Number,
                Kind::Text | Kind::RichText | Kind::Url | Kind::Table => continue,
            };
            let column = match form {
                Form::Text => text_column(&mut builder, &name),
                Form::Number => Column {
                    field: builder.add_i64_field(&name, number()),
                    name,
                    form,
                },
            };
            columns.insert(id, column);
        }
        Layout {
            fields: builder.build(),
            id,
            sku,
            code,
            key,
            texts,
            columns,
            family,
            category,
            supplier,
            complete,
            born,
            changed,
            worth,
        }
    }

    /// The text fields of an attribute, by locale.
    pub fn texts_of(&self, attribute: AttributeId) -> &[TextField] {
        let from = self.texts.partition_point(|text| text.attribute < attribute);
        let count = self.texts[from..].partition_point(|text| text.attribute == attribute);
        &self.texts[from..from + count]
    }

    /// The text field of an attribute in a locale, 0 for none.
    pub fn text(&self, attribute: AttributeId, locale: u8) -> Option<&TextField> {
        self.texts_of(attribute).iter().find(|text| text.locale == locale)
    }
}

/// A name counts most, then the brand; short texts count more than long ones.
fn weight(schema: &Schema, id: AttributeId) -> f32 {
    let known = schema.known();
    let attribute = schema.attribute(id);
    match attribute.kind {
        _ if known.name == Some(id) => 6.0,
        _ if known.brand == Some(id) => 4.0,
        _ if known.description == Some(id) => 1.0,
        Kind::Text => 2.0,
        _ => 1.0,
    }
}

/// The key of a value of an attribute: options by code, texts folded, measures and numbers as their column has them.
pub fn value_key(attribute: AttributeId, value: &str, out: &mut Vec<u8>) {
    out.clear();
    out.extend_from_slice(&attribute.0.to_be_bytes());
    out.extend_from_slice(value.as_bytes());
}

/// The key of what is kept beside the attributes.
pub fn mark_key(mark: Mark, value: &str, out: &mut Vec<u8>) {
    out.clear();
    // No schema has that many attributes.
    out.extend_from_slice(&u16::MAX.to_be_bytes());
    out.push(match mark {
        Mark::Family => b'f',
        Mark::Category => b'c',
        Mark::Supplier => b's',
        Mark::Batch => b'b',
        Mark::Active => b'a',
        Mark::Present => b'p',
        Mark::Suggested => b'g',
        Mark::Contradicted => b'x',
        Mark::Overridden => b'o',
        Mark::Unrated => b'u',
    });
    out.extend_from_slice(value.as_bytes());
}
