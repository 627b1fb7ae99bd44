//! Exports of known shop systems: how their rows belong together, and what their columns mean beyond what the headers say.
//!
//! A preset is data: one file in `presets/` for each system and language. It is recognised by headers that only this system
//! writes together, laid over the proposed mapping, and written out with it, so that a person can change all of it.

use crate::feed::settings::{FileSettings, GroupSettings, JoinSettings};
use crate::feed::sniff::{Discovery, discover};
use crate::feed::source::names;
use crate::mapping::settings::FieldSettings;
use crate::mapping::suggest::in_template;
use crate::mapping::suggestion::Suggestion;
use crate::schema::Schema;
use crate::schema::scope::Key;
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// The presets by name.
const PRESETS: [(&str, &str); 17] = [
    ("akeneo", include_str!("presets/akeneo.toml")),
    ("bagisto", include_str!("presets/bagisto.toml")),
    ("google", include_str!("presets/google.toml")),
    ("google", include_str!("presets/google-text.toml")),
    ("icecat", include_str!("presets/icecat.toml")),
    ("magento", include_str!("presets/magento.toml")),
    ("openfoodfacts", include_str!("presets/openfoodfacts.toml")),
    ("prestashop", include_str!("presets/prestashop.toml")),
    (
        "product-feed-protocol",
        include_str!("presets/product-feed-protocol.toml"),
    ),
    ("shopify", include_str!("presets/shopify.toml")),
    ("shopify", include_str!("presets/shopify-json.toml")),
    ("spree", include_str!("presets/spree.toml")),
    ("unopim", include_str!("presets/unopim.toml")),
    ("vendure", include_str!("presets/vendure.toml")),
    ("woocommerce", include_str!("presets/woocommerce.toml")),
    ("woocommerce-de", include_str!("presets/woocommerce-de.toml")),
    ("woocommerce-es", include_str!("presets/woocommerce-es.toml")),
];
/// Files beside a feed that are looked at.
const MOST_BESIDE: usize = 50;
/// Records of them that are looked at.
const LOOK: usize = 5;
/// Records of a file of translations that are looked at for their locales.
const LOCALES: usize = 500;
/// Confidence in what a preset says.
const CONFIDENCE: f32 = 0.99;
/// Stands for a number in the names of numbered columns.
const NUMBER: &str = "{n}";
/// Name of the map of Google's product taxonomy.
const TAXONOMY: &str = "google";
/// Stands for a locale as the feed writes it.
const LOCALE: &str = "{locale}";

/// What is known of the exports of one system.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Preset {
    /// Headers that only this system writes together, one list for each kind of export.
    has: Vec<Vec<String>>,
    /// The format of the feed: a table, or a tree. Default: any.
    #[serde(default)]
    kind: Option<Shape>,
    /// Where the items of a record stand, and paths by which such records are recognised; all other names are those that the items
    /// give.
    #[serde(default)]
    inside: Option<Inside>,
    /// Columns that hold nothing of the product, whatever they are called; `*` stands for any text.
    #[serde(default)]
    aside: Vec<String>,
    /// The names of the columns are English whatever the language of the texts, so that they tell nothing of it.
    #[serde(default)]
    english: bool,
    /// Columns that are called otherwise in some exports, each with its names; the first that is there is the column.
    #[serde(default)]
    called: BTreeMap<String, Vec<String>>,
    /// Column of ids of Google's product taxonomy, by which the category is known where the catalog's categories have them.
    #[serde(default)]
    taxonomy: Option<String>,
    /// Sign before the names of columns where they are attributes of XML elements.
    #[serde(default)]
    prefix: Option<String>,
    /// Words that columns must say, as `[file] only` has them.
    #[serde(default)]
    only: BTreeMap<String, Vec<String>>,
    /// What a person should decide, by field.
    #[serde(default)]
    ask: BTreeMap<String, String>,
    /// Columns of which only the word that stands there first is wanted: rows that say another repeat products.
    #[serde(default)]
    only_first: Vec<String>,
    #[serde(default)]
    group: Option<GroupSettings>,
    #[serde(default)]
    joined: BTreeMap<String, JoinSettings>,
    /// How the files of joined tables are recognised, which lie beside the feed.
    #[serde(default)]
    beside: BTreeMap<String, Beside>,
    /// `name@*` stands for the locales of the catalog that the feed has.
    #[serde(default)]
    fields: BTreeMap<String, FieldSettings>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Inside {
    items: String,
    has: Vec<String>,
}

#[derive(Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Shape {
    Table,
    Tree,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Beside {
    has: Vec<String>,
}

/// A feed that a preset may know.
pub struct Seen<'a> {
    pub found: &'a Discovery,
    /// The feed itself.
    pub path: &'a Path,
    /// How a file is named in the supplier's settings.
    pub named: &'a dyn Fn(&Path) -> String,
    pub schema: &'a Schema,
}

/// Path of the items inside of each record of a feed, where a system is known to write them so.
pub fn items_inside(found: &Discovery) -> Option<String> {
    let has = |path: &String| found.columns.iter().any(|column| column.header == *path);
    PRESETS.iter().find_map(|(_, text)| {
        let inside = toml::from_str::<Preset>(text).ok()?.inside?;
        inside.has.iter().all(has).then_some(inside.items)
    })
}

/// Lays what is known of the system that wrote a feed over its proposed mapping and the settings of its file.
pub fn lay_over(seen: &Seen<'_>, suggestion: &mut Suggestion, file: &mut FileSettings) {
    let headers: Vec<&str> = seen.found.columns.iter().map(|column| column.header.as_str()).collect();
    for (name, text) in PRESETS {
        let Ok(mut preset) = toml::from_str::<Preset>(text) else {
            continue;
        };
        preset.rename(&headers);
        let shape = match seen.found.format {
            "xml" | "bmecat" | "json" | "jsonl" => Shape::Tree,
            _ => Shape::Table,
        };
        let is_known = |wanted: &&Vec<String>| wanted.iter().all(|header| headers.contains(&header.as_str()));
        let is_shaped = preset.kind.as_ref().is_none_or(|kind| *kind == shape);
        let Some(known) = preset.has.iter().filter(|_| is_shaped).find(is_known) else {
            continue;
        };
        let prefix = preset
            .prefix
            .clone()
            .filter(|prefix| known.iter().all(|header| header.starts_with(&**prefix)));
        if let Some(prefix) = prefix {
            preset.prefixed(&prefix);
        }
        suggestion.preset = Some(name);
        preset.keep_present(seen, &headers);
        let locales = preset.locales(seen);
        let told: Vec<(String, FieldSettings)> = preset.fields(&locales, &headers, seen.schema);
        release(suggestion, &told);
        preset.put_aside(suggestion, name);
        if preset.english {
            unlearn_language(suggestion, name);
        }
        for (attribute, field) in told {
            replace(suggestion, name, attribute, field);
        }
        let column = preset.taxonomy.as_deref();
        if let Some(column) = column.filter(|column| has_numbers(seen.found, column)) {
            by_taxonomy(suggestion, name, column, seen.schema);
        }
        let used: BTreeSet<&String> = suggestion
            .fields
            .values()
            .filter_map(|field| field.map.as_ref())
            .collect();
        suggestion.maps.retain(|map, _| used.contains(map));
        for (field, question) in &preset.ask {
            if suggestion.fields.contains_key(field) {
                suggestion.ask(field, question.clone());
            }
        }
        let only = preset
            .only
            .iter()
            .filter(|(column, _)| headers.contains(&column.as_str()));
        file.only
            .extend(only.map(|(column, words)| (column.clone(), words.clone())));
        for column in &preset.only_first {
            let column = seen.found.columns.iter().find(|known| known.header == *column);
            if let Some((column, word)) = column.and_then(|column| Some((column, column.samples.first()?)))
                && column.distinct > 1
            {
                file.only.insert(column.header.clone(), vec![word.clone()]);
            }
        }
        file.group = preset.group;
        file.joined = preset.joined;
        return;
    }
}

/// Takes away what was proposed for columns that the preset knows for other attributes.
fn release(suggestion: &mut Suggestion, told: &[(String, FieldSettings)]) {
    let known: BTreeSet<String> = told.iter().flat_map(|(_, field)| columns_of(field)).collect();
    let is_told = |name: &String| told.iter().any(|(told, _)| told == name);
    suggestion.fields.retain(|name, field| {
        let columns = columns_of(field);
        let elsewhere = !columns.is_empty() && columns.iter().all(|column| known.contains(column));
        is_told(name) || !elsewhere
    });
}

/// Takes back a language that was known by the names of the columns alone.
fn unlearn_language(suggestion: &mut Suggestion, preset: &str) {
    let by_names = |(what, how): &(String, String)| what == "language" && how.ends_with("by the headers");
    if !suggestion.evidence.iter().any(by_names) {
        return;
    }
    suggestion.evidence.retain(|found| !by_names(found));
    suggestion.read.locale = None;
    let question = format!(
        "the names of {preset} are English in every language, and the texts are too few to tell theirs: say `locale` under [read]"
    );
    suggestion.ask("", question);
}

/// Whether a column says numbers, as ids are; some feeds write the path of the category in their place.
fn has_numbers(found: &Discovery, column: &str) -> bool {
    let is_number = |sample: &String| sample.trim().bytes().all(|byte| byte.is_ascii_digit());
    let known = found.columns.iter().find(|known| known.header == column);
    known.is_some_and(|known| !known.samples.is_empty() && known.samples.iter().all(is_number))
}

/// Knows categories by their ids in Google's product taxonomy.
fn by_taxonomy(suggestion: &mut Suggestion, preset: &'static str, column: &str, schema: &Schema) {
    let mut codes: BTreeMap<u32, Vec<&str>> = BTreeMap::new();
    for category in schema.categories() {
        let above = category.parent().map(|parent| schema.category(parent));
        // Of a line of categories with one id the first is meant.
        if let Some(id) = category.google
            && above.is_none_or(|above| above.google != Some(id))
        {
            codes.entry(id).or_default().push(&category.code);
        }
    }
    let map: BTreeMap<String, String> = codes
        .into_iter()
        .filter_map(|(id, codes)| match codes[..] {
            [code] => Some((id.to_string(), code.to_string())),
            _ => None,
        })
        .collect();
    if map.is_empty() || Key::parse(schema, "category").is_err() {
        return;
    }
    suggestion.maps.insert(TAXONOMY.to_owned(), map);
    let field = FieldSettings {
        column: Some(column.to_owned()),
        map: Some(TAXONOMY.to_owned()),
        ..FieldSettings::default()
    };
    replace(suggestion, preset, "category".to_owned(), field);
}

/// Takes the preset's word for one attribute.
fn replace(suggestion: &mut Suggestion, preset: &'static str, attribute: String, field: FieldSettings) {
    let columns = columns_of(&field);
    for proposed in &mut suggestion.columns {
        if field.named.is_some() && columns.contains(&proposed.header) {
            proposed.attribute = None;
            proposed.confidence = CONFIDENCE;
            proposed.reason = format!("so in exports of {preset}: `{attribute}` and others, by the names beside");
        } else if columns
            .iter()
            .any(|column| column.split('@').next() == Some(&proposed.header) || *column == proposed.header)
        {
            proposed.attribute = Some(attribute.clone());
            proposed.confidence = CONFIDENCE;
            proposed.reason = format!("so in exports of {preset}");
        } else if field
            .template
            .as_ref()
            .is_some_and(|template| template.contains(&in_template(&proposed.header)))
        {
            // One of the columns that make the value: what it was taken for still holds.
        } else if proposed.attribute.as_deref() == Some(&attribute) {
            proposed.attribute = None;
            proposed.confidence = 0.0;
            proposed.reason = format!("exports of {preset} say `{attribute}` elsewhere");
        }
    }
    let is_of = |name: &str| name == attribute || attribute.split('@').next() == Some(name);
    suggestion.questions.retain(|(name, _)| !is_of(name));
    // A table of translations stands beside the feed's own language.
    if attribute.contains('@') && !columns.iter().any(|column| column.contains(':')) {
        // The columns of the locales stand for the column without one.
        suggestion
            .fields
            .remove(attribute.split('@').next().unwrap_or_default());
    }
    let before = suggestion.fields.insert(attribute.clone(), field);
    // The values are the same, so what was found out about them still holds.
    if let (Some(before), Some(now)) = (before, suggestion.fields.get_mut(&attribute)) {
        now.map = now.map.take().or(before.map);
        now.unknown = now.unknown.or(before.unknown);
        now.split = now
            .split
            .take()
            .or(before.split.filter(|_| now.column == before.column));
        if now.steps.is_empty() && now.column == before.column {
            now.steps = before.steps;
        }
    }
}

/// The columns that a field reads, but those of its template and of names.
fn columns_of(field: &FieldSettings) -> Vec<String> {
    let mut columns = field.columns.clone();
    columns.extend(field.column.clone());
    if let Some(named) = &field.named {
        for n in 1..=24 {
            columns.push(named.values.replace(NUMBER, &n.to_string()));
        }
    }
    columns
}

impl Preset {
    /// Takes away what was proposed for columns that hold nothing of the product.
    fn put_aside(&self, suggestion: &mut Suggestion, preset: &str) {
        let is_aside = |column: &String| self.aside.iter().any(|pattern| names(pattern, column));
        suggestion.fields.retain(|_, field| {
            let columns = columns_of(field);
            columns.is_empty() || !columns.iter().all(is_aside)
        });
        for proposed in suggestion
            .columns
            .iter_mut()
            .filter(|proposed| is_aside(&proposed.header))
        {
            proposed.attribute = None;
            proposed.confidence = 0.0;
            proposed.reason = format!("nothing of the product in exports of {preset}");
        }
    }

    /// With the names that columns have in this export.
    fn rename(&mut self, headers: &[&str]) {
        let called = std::mem::take(&mut self.called);
        let rename = |name: &mut String| {
            let is_there = |other: &&String| headers.contains(&other.as_str());
            if let Some(other) = called.get(name).and_then(|others| others.iter().find(is_there)) {
                name.clone_from(other);
            }
        };
        self.has.iter_mut().flatten().for_each(rename);
        self.taxonomy.iter_mut().for_each(rename);
        for field in self.fields.values_mut() {
            field.column.iter_mut().for_each(rename);
            field.columns.iter_mut().for_each(rename);
        }
    }

    /// With a sign before every name of a column.
    fn prefixed(&mut self, prefix: &str) {
        let before = |name: &mut String| name.insert_str(0, prefix);
        if let Some(group) = &mut self.group {
            group.by.iter_mut().for_each(before);
            group.inherit.iter_mut().for_each(before);
            group.item.iter_mut().for_each(before);
            group.lists.iter_mut().for_each(before);
            group.locale.iter_mut().for_each(before);
        }
        for join in self.joined.values_mut() {
            join.on.iter_mut().for_each(before);
            join.key.iter_mut().for_each(before);
            join.inherit.iter_mut().for_each(before);
        }
        for field in self.fields.values_mut() {
            field.column.iter_mut().for_each(before);
            field.columns.iter_mut().for_each(before);
        }
    }

    /// Without what this export does not have: columns, and files beside it.
    fn keep_present(&mut self, seen: &Seen<'_>, headers: &[&str]) {
        let is_there = |pattern: &String| {
            headers
                .iter()
                .any(|header| names(pattern, header) || names(pattern, &format!("{header}@")))
        };
        if let Some(group) = &mut self.group {
            for list in [&mut group.by, &mut group.inherit, &mut group.item, &mut group.lists] {
                list.retain(is_there);
            }
        }
        self.group = self.group.take().filter(|group| !group.by.is_empty());
        let mut gone = Vec::new();
        for (name, join) in &mut self.joined {
            join.on.retain(is_there);
            if let Some(beside) = self.beside.get(name) {
                match file_beside(seen, &beside.has) {
                    Some(path) => join.path = vec![path],
                    None => gone.push(name.clone()),
                }
            } else {
                join.inherit.retain(is_there);
            }
            if join.on.is_empty() {
                gone.push(name.clone());
            }
        }
        for name in gone {
            self.joined.remove(&name);
        }
    }

    /// Locales of the catalog, each with the feed's name for it.
    fn locales(&self, seen: &Seen<'_>) -> Vec<(String, String)> {
        let own = self.group.as_ref().and_then(|group| group.locale.as_ref());
        let mut written: BTreeSet<String> = BTreeSet::new();
        let mut take = |found: &Discovery, column: &String| {
            let samples = found.columns.iter().find(|known| known.header == *column);
            written.extend(samples.into_iter().flat_map(|column| column.samples.iter().cloned()));
        };
        if let Some(column) = own {
            take(seen.found, column);
        }
        // A file of translations beside the feed.
        for (name, join) in &self.joined {
            let Some((column, beside)) = join.locale.as_ref().zip(self.beside.get(name)) else {
                continue;
            };
            let path = path_beside(seen, &beside.has);
            let found =
                path.map(|path| discover(&path, &path.display().to_string(), &FileSettings::default(), LOCALES));
            if let Some(Ok(found)) = found {
                take(&found, column);
            }
        }
        let language = |locale: &str| locale.split(['-', '_']).next().unwrap_or(locale).to_lowercase();
        let mut locales = Vec::new();
        for locale in seen.schema.locales() {
            let same = written
                .iter()
                .find(|written| written.replace('_', "-").eq_ignore_ascii_case(locale));
            let like = || written.iter().find(|written| language(written) == language(locale));
            if let Some(written) = same.or_else(like) {
                locales.push((locale.to_string(), written.to_string()));
            }
        }
        locales
    }

    /// The fields of attributes that the schema has, made of columns that are there.
    fn fields(&self, locales: &[(String, String)], headers: &[&str], schema: &Schema) -> Vec<(String, FieldSettings)> {
        let mut fields = Vec::new();
        for (name, field) in &self.fields {
            match name.strip_suffix("@*") {
                None => fields.push((name.clone(), field.clone())),
                Some(name) => fields.extend(locales.iter().map(|(locale, written)| {
                    let mut field = field.clone();
                    for column in field.column.iter_mut().chain(&mut field.columns) {
                        *column = column.replace(LOCALE, written);
                    }
                    (format!("{name}@{locale}"), field)
                })),
            }
        }
        let is_there = |column: &String| {
            if let Some((table, _)) = column.split_once(':')
                && self.joined.contains_key(table)
            {
                return true;
            }
            let column = without_conditions(&column.replace(NUMBER, "1"));
            headers.contains(&&*column)
                || column
                    .rsplit_once('@')
                    .is_some_and(|(column, _)| headers.contains(&column))
        };
        for (_, field) in &mut fields {
            // Of several columns those that are there will do.
            if field.columns.iter().any(is_there) {
                field.columns.retain(is_there);
            }
        }
        fields.retain(|(name, field)| {
            let is_known = name == "sku" || Key::parse(schema, name).is_ok();
            let named = field.named.iter().flat_map(|named| [&named.names, &named.values]);
            let template = field.template.iter().all(|template| {
                let tables = template.split("row['").skip(1).filter_map(|rest| rest.split_once("']"));
                tables
                    .map(|(column, _)| column.to_owned())
                    .any(|column| is_there(&column))
                    && self.tables_of(template)
            });
            is_known && template && field.column.iter().chain(&field.columns).chain(named).all(is_there)
        });
        fields
    }

    /// All tables that a template names are joined.
    fn tables_of(&self, template: &str) -> bool {
        let columns = template.split("row['").skip(1).filter_map(|rest| rest.split_once("']"));
        let mut tables = columns.filter_map(|(column, _)| column.split_once(':').map(|(table, _)| table));
        tables.all(|table| self.joined.contains_key(table) || !self.beside.contains_key(table))
    }
}

/// A path as it is found: `options[1].name` is `options.name`.
fn without_conditions(path: &str) -> String {
    let mut depth = 0;
    let outside = path.chars().filter(|c| {
        depth += i32::from(*c == '[');
        let is_outside = depth == 0;
        depth -= i32::from(*c == ']');
        is_outside
    });
    outside.collect()
}

/// The file beside a feed that has certain headers, as the supplier's settings name it.
fn file_beside(seen: &Seen<'_>, wanted: &[String]) -> Option<String> {
    path_beside(seen, wanted).map(|path| (seen.named)(&path))
}

/// The file beside a feed that has certain headers.
fn path_beside(seen: &Seen<'_>, wanted: &[String]) -> Option<PathBuf> {
    let folder = seen.path.parent()?;
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .ok()?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| path.is_file() && path != seen.path)
        .collect();
    files.sort();
    files.truncate(MOST_BESIDE);
    let has_all = |path: &&PathBuf| {
        let found = discover(path, &path.display().to_string(), &FileSettings::default(), LOOK);
        found.is_ok_and(|found| {
            let mut wanted = wanted.iter();
            wanted.all(|wanted| found.columns.iter().any(|column| column.header == *wanted))
        })
    };
    files.iter().find(has_all).cloned()
}

#[cfg(test)]
mod tests {
    use super::{PRESETS, Preset};
    use crate::feed::joined::fault;
    use crate::feed::settings::FileSettings;

    #[test]
    fn every_preset_reads() {
        for (name, text) in PRESETS {
            let preset: Preset = toml::from_str(text).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert!(preset.has.iter().all(|headers| headers.len() > 1), "{name}");
            let file = FileSettings {
                group: preset.group,
                joined: preset.joined,
                ..FileSettings::default()
            };
            assert_eq!(fault(&file), None, "{name}");
        }
    }
}
