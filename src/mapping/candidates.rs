//! Which attributes a column may be: its header's synonyms and the schema's own names, weighed against its values.
//!
//! Headers that mean several things are settled by `columns`. Which column gets which attribute is left to `suggest`.

use crate::mapping::catalogue::Meaning;
use crate::mapping::columns::{Column, Surroundings};
use crate::mapping::shape::Shape;
use crate::mapping::synonyms;
use crate::mapping::vocabulary::Codes;
use crate::schema::scope::Key;
use crate::value::Kind;
use crate::value::text::fold;
use rust_decimal::Decimal;

/// What a column may be.
#[derive(Debug, Clone, PartialEq)]
pub struct Candidate {
    /// `None` for the SKU.
    pub key: Option<Key>,
    /// From 0 to 1.
    pub score: f32,
    pub reason: String,
    /// Field of the synonyms, or `""` where the schema's own name fits.
    pub field: &'static str,
}

/// Codes that a schema may have for a field of the synonyms, the best first. Fields that are not here are called as they are.
const CODES: &[(&str, &[&str])] = &[
    ("title", &["name", "title"]),
    ("description", &["description", "long_description"]),
    ("short_description", &["short_description", "summary"]),
    ("features_text", &["features_text", "features"]),
    ("parent_sku", &["model"]),
    ("model", &["model_name"]),
    ("manufacturer", &["manufacturer", "brand"]),
    ("subcategory", &["subcategory", "category"]),
    ("price_net", &["price"]),
    ("price_gross", &["price"]),
    ("list_price", &["list_price", "compare_at_price", "msrp"]),
    ("vat_rate", &["vat_rate", "vat"]),
    ("unit_of_measure", &["sales_unit", "unit_of_measure"]),
    ("moq", &["min_order", "moq", "order_quantity"]),
    ("order_multiple", &["order_multiple"]),
    ("net_content", &["net_content", "capacity", "net_weight"]),
    ("weight_net", &["weight_net", "net_weight", "weight"]),
    ("weight_gross", &["weight_gross", "gross_weight", "weight"]),
    ("additional_images", &["image"]),
    ("depth", &["depth", "length"]),
    ("document", &["document", "documents"]),
    ("keywords", &["keywords", "tags"]),
    ("lead_time", &["lead_time", "lead_time_days"]),
    ("updated_at", &["list_date"]),
    ("release_date", &["release_date", "availability_date", "list_date"]),
];

/// Fields that a column may name and that are no attribute: they say how others are read.
const ASIDE: &[&str] = &[
    "currency",
    "locale",
    "gtin_type",
    "product_type",
    "content_unit",
    "tax_class",
    "supplier",
    "status",
    "change",
    "place_on_earth",
];

impl Surroundings<'_> {
    /// All that a column may be, the likeliest first.
    pub fn candidates(&self, n: usize) -> Vec<Candidate> {
        let Some(column) = self.columns.get(n) else {
            return Vec::new();
        };
        if self.is_bmecat()
            && let Some(found) = self.of_bmecat(column)
        {
            return found;
        }
        let settled = self.settled(n, column);
        let mut found: Vec<Candidate> = Vec::new();
        for hit in &column.header.hits {
            let (score, why) = match &settled {
                Some((field, why)) if *field == hit.field => (0.95f32.min(hit.score + 0.04), *why),
                Some(_) => (hit.score - 0.5, "the header may mean it, the values speak for another"),
                None => (hit.score, ""),
            };
            self.add(
                column,
                hit.field,
                score,
                &words_of(hit.languages.iter().copied(), why),
                &mut found,
            );
        }
        if let Some((field, why)) = settled
            && column.header.hits.iter().all(|hit| hit.field != field)
        {
            self.add(column, field, 0.8, why, &mut found);
        }
        self.by_own_name(column, &mut found);
        self.by_shape(column, &mut found);
        found.sort_by(|a, b| b.score.total_cmp(&a.score));
        found
    }

    /// What a column may be that only a BMEcat catalogue has; `None` of all others.
    fn of_bmecat(&self, column: &Column<'_>) -> Option<Vec<Candidate>> {
        let mut found = Vec::new();
        if let Meaning::Field(field, score, why) = self.meaning(column)? {
            self.add(column, field, score, why, &mut found);
        }
        Some(found)
    }

    /// Adds the attribute of a field, where the schema has one, weighed by the values.
    fn add(&self, column: &Column<'_>, field: &'static str, score: f32, why: &str, found: &mut Vec<Candidate>) {
        // What the supplier calls its own number is the key, where no other column is.
        let own = field == "supplier_sku" && !self.columns.iter().any(|other| names_key(other));
        if field == "sku" || own {
            let (score, words) = weigh_sku(&column.shape, score, self.repeats_by_locale());
            found.push(Candidate {
                key: None,
                score,
                reason: said(why, &words),
                field: "sku",
            });
            return;
        }
        if ASIDE.contains(&field) {
            return;
        }
        // Keywords for search engines are worse than those for people.
        let score = if field == "keywords" && column.header.name.starts_with("meta") {
            score - 0.06
        } else {
            score
        };
        let own = [field];
        let codes = CODES
            .iter()
            .find(|(known, _)| *known == field)
            .map_or(&own[..], |(_, codes)| codes);
        // The maker is the brand, where no other column is.
        let codes = match field == "manufacturer" && !self.has_any("brand") {
            true => &["brand", "manufacturer"],
            false => codes,
        };
        let Some(attribute) = codes.iter().find_map(|code| self.schema.by_code(code)) else {
            return;
        };
        let kind = self.schema.attribute(attribute).kind;
        // A text is no table, and words that were only alike are no proof of one in few records.
        if kind == Kind::Table {
            return;
        }
        let sparse = score < 0.65 && column.shape.count > 0 && column.shape.filled < 0.5;
        let score = if sparse { score - 0.15 } else { score };
        let score = match (kind, column.header.currency, self.currency) {
            (Kind::Money, Some(said), Some(own)) if said == own => score + 0.01,
            (Kind::Money, Some(_), Some(_)) => score - 0.02,
            _ => score,
        };
        let (score, words) = match field {
            // Sizes are words of a list, even where all are numbers.
            "size" => (score, String::new()),
            _ => weigh(synonyms::type_of(field), &column.shape, score),
        };
        let Some(key) = self.key(Key::of(attribute), column) else {
            return;
        };
        let candidate = Candidate {
            key: Some(key),
            score,
            reason: said(why, &words),
            field,
        };
        match found.iter_mut().find(|known| known.key == Some(key)) {
            Some(known) if known.score < score => *known = candidate,
            Some(_) => {}
            None => found.push(candidate),
        }
    }

    /// The key with the header's locale, where the attribute has locales. `None` where the catalog does not have that locale.
    fn key(&self, key: Key, column: &Column<'_>) -> Option<Key> {
        if !self.schema.attribute(key.attribute).localizable {
            return Some(key);
        }
        let Some(locale) = &column.header.locale else {
            return Some(key);
        };
        let language = locale.split('-').next().unwrap_or(locale);
        let locale = self
            .schema
            .locale_number(locale)
            .or_else(|| self.schema.locale_number(language))?;
        Some(Key { locale, ..key })
    }

    /// Attributes whose code or label is the header.
    fn by_own_name(&self, column: &Column<'_>, found: &mut Vec<Candidate>) {
        let names = [column.header.name.clone(), fold(column.text)];
        for (id, attribute) in self.schema.attributes() {
            let code = fold(&attribute.code);
            let (score, why) = if names.contains(&code) {
                (0.9, "the attribute's code")
            } else if attribute.labels.iter().any(|(_, label)| names.contains(&fold(label))) {
                (0.87, "the attribute's label")
            } else {
                continue;
            };
            let kind = match attribute.kind {
                Kind::Money => "money",
                Kind::Integer => "integer",
                Kind::Decimal => "percent",
                Kind::Measure => "measure",
                Kind::Gtin => "gtin",
                Kind::Date | Kind::DateTime => "date",
                Kind::Media | Kind::Url => "url",
                _ => "text",
            };
            // A model groups variants, a column called so names one; and families are the schema's, not the supplier's.
            let known = self.schema.known();
            if known.model == Some(id) || (known.family == Some(id) && !self.knows_families(column)) {
                continue;
            }
            let (score, words) = weigh(kind, &column.shape, score);
            let Some(key) = self.key(Key::of(id), column) else {
                continue;
            };
            if found.iter().all(|candidate| candidate.key != Some(key)) {
                found.push(Candidate {
                    key: Some(key),
                    score,
                    reason: said(why, &words),
                    field: "",
                });
            }
        }
    }

    /// True where half of the values are families of the schema.
    fn knows_families(&self, column: &Column<'_>) -> bool {
        let Some(codes) = Codes::of_families(self.schema) else {
            return false;
        };
        let mut folded = String::new();
        let words = &column.shape.words;
        !words.is_empty()
            && words
                .iter()
                .filter(|word| codes.find(word, &mut folded).is_some())
                .count()
                * 2
                >= words.len()
    }

    /// What the values say where the header says nothing.
    fn by_shape(&self, column: &Column<'_>, found: &mut Vec<Candidate>) {
        let (shape, known) = (&column.shape, self.schema.known());
        let nameless = column.text.bytes().all(|byte| byte.is_ascii_digit());
        if shape.count < if nameless { 2 } else { 3 } {
            return;
        }
        let mut add = |key: Option<Key>, score: f32, reason: &str, field: &'static str| {
            if found.iter().all(|candidate| candidate.key != key) {
                found.push(Candidate {
                    key,
                    score,
                    reason: reason.to_string(),
                    field,
                });
            }
        };
        if let Some(gtin) = known
            .gtin
            .filter(|_| shape.gtins >= 0.9 && shape.distinct * 2 > shape.count)
        {
            add(
                Some(Key::of(gtin)),
                0.8,
                "nearly all values are codes with a good check digit",
                "gtin",
            );
        }
        if let Some(image) = known.image.filter(|_| shape.pictures >= 0.9) {
            add(Some(Key::of(image)), 0.7, "the values are pictures", "image");
        }
        if !column.header.hits.is_empty() {
            return;
        }
        let marked = shape.notation.is_some() || shape.cents;
        if let Some(price) = known
            .price
            .filter(|_| shape.numbers >= 0.9 && (shape.currency.is_some() || nameless && marked))
        {
            add(Some(Key::of(price)), 0.55, "the values are amounts", "price");
        }
        // Counts of pieces: whole numbers some of which are small; codes are long, and years are alike.
        let small = shape.length <= 4 && shape.middle.is_some_and(|middle| middle < Decimal::ONE_THOUSAND);
        if let Some(stock) = known.stock.filter(|_| nameless && shape.whole >= 0.95 && small) {
            add(Some(Key::of(stock)), 0.51, "the values are counts", "stock");
        }
        let texts =
            shape.addresses < 0.2 && shape.numbers < 0.2 && shape.distinct * 2 > shape.count && shape.spaces > 0.5;
        if let Some(description) = known
            .description
            .filter(|_| texts && (shape.length >= 100 && shape.prose || shape.markup > 0.3))
        {
            add(Some(Key::of(description)), 0.53, "long texts", "description");
        }
        if let Some(name) = known
            .name
            .filter(|_| texts && nameless && (8..100).contains(&shape.length))
        {
            add(Some(Key::of(name)), 0.52, "short texts that differ", "title");
        }
    }
}

/// The score of a field of a type, given the values.
fn weigh(kind: &str, shape: &Shape, score: f32) -> (f32, String) {
    if shape.count == 0 {
        let less = if shape.rows == 0 { 0.2 } else { 0.35 };
        return ((score - less).max(0.0), "no values to confirm it".to_string());
    }
    let percent = |share: f32| format!("{:.0} %", share * 100.0);
    match kind {
        "gtin" if shape.gtins >= 0.8 => (
            (score + 0.04).min(0.99),
            format!("{} good check digits", percent(shape.gtins)),
        ),
        "gtin" if shape.gtins > 0.0 => (score - 0.1, format!("{} good check digits only", percent(shape.gtins))),
        "gtin" => (score - 0.33, "no good check digit".to_string()),
        "money" | "integer" | "measure" | "percent" => {
            let numbers = if kind == "measure" {
                shape.numbers.max(shape.measures)
            } else {
                shape.numbers
            };
            match numbers {
                0.8.. => ((score + 0.02).min(0.99), format!("{} numbers", percent(numbers))),
                0.4.. => (score - 0.1, format!("{} numbers only", percent(numbers))),
                _ if shape.assigned => (score - 0.2, "a name and a number".to_string()),
                _ => (score - 0.5, "the values are no numbers".to_string()),
            }
        }
        "date" if !shape.dates.is_empty() => ((score + 0.02).min(0.99), "days".to_string()),
        "date" => (score - 0.3, "the values are not all days of one order".to_string()),
        "url" | "url-list" if shape.addresses.max(shape.pictures) >= 0.8 => {
            ((score + 0.02).min(0.99), "addresses".to_string())
        }
        "url" | "url-list" => (score - 0.5, "the values are no addresses or pictures".to_string()),
        "text" | "html" | "path" if shape.addresses > 0.8 => (score - 0.4, "the values are addresses".to_string()),
        "text" | "html" if shape.numbers > 0.9 && shape.length < 12 => {
            (score - 0.2, "the values are numbers".to_string())
        }
        _ => (score, String::new()),
    }
}

/// True of a column whose header says that it is the key.
fn names_key(column: &Column<'_>) -> bool {
    let hits = &column.header.hits;
    hits.iter().any(|hit| hit.field == "sku" && hit.score > 0.8) && hits.iter().all(|hit| hit.field != "supplier_sku")
}

/// A key differs in every record.
fn weigh_sku(shape: &Shape, score: f32, by_locale: bool) -> (f32, String) {
    if shape.count == 0 {
        // A column that is named so is the key until the first records come; blank in those that came, it is the last choice.
        let less = if shape.rows == 0 { 0.2 } else { 0.42 };
        return (score - less, "no values".to_string());
    }
    let share = shape.distinct as f32 / shape.count as f32;
    match (shape.is_unique(), shape.filled) {
        (true, 0.95..) => ((score + 0.03).min(0.99), "every record has another value".to_string()),
        (true, filled) => (
            score - if filled < 0.5 { 0.3 } else { 0.05 },
            format!("{:.0} % of the records have one", filled * 100.0),
        ),
        _ if by_locale => (score, "a record for each locale".to_string()),
        _ if share > 0.8 => (score - 0.1, "some values repeat".to_string()),
        _ => (score - 0.35, "many values repeat".to_string()),
    }
}

fn words_of<'a>(languages: impl Iterator<Item = &'a str>, why: &str) -> String {
    let languages: Vec<&str> = languages.collect();
    let head = if languages.is_empty() {
        "header".to_string()
    } else {
        format!("header ({})", languages.join(" "))
    };
    said(&head, why)
}

fn said(first: &str, second: &str) -> String {
    match (first.is_empty(), second.is_empty()) {
        (true, _) => second.to_string(),
        (_, true) => first.to_string(),
        _ => format!("{first}; {second}"),
    }
}
