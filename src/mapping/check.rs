//! Settings to a mapping: every fault at once, with its place, before the first row is read.
//!
//! What the settings say of the schema is checked against it: attributes, locales, units, options, categories. What only
//! the feed can show (a missing column) is left to `Mapping::check_header`.

use crate::declaration::Declaration;
use crate::declaration::nearest::suggestion;
use crate::diagnostic::{Diagnostic, excerpt};
use crate::mapping::apply::constant;
use crate::mapping::faults::Faults;
use crate::mapping::field::{Field, Named, Source};
use crate::mapping::reading::{how, percent, vocabulary, word_map};
use crate::mapping::settings::{FieldSettings, NamedSettings, ReadSettings, Unknown, ValueMap};
use crate::mapping::template::RowTemplate;
use crate::mapping::vocabulary::Words;
use crate::mapping::{Habits, Mapping, SkuField, Wanted};
use crate::schema::Schema;
use crate::schema::scope::Key;
use crate::transform::{Chain, Step};
use crate::value::mismatch::Mismatch;
use crate::value::number::{self, Notation};
use crate::value::text::fold;
use crate::value::{Kind, Value};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Raised when the same settings would make other items than before, so that all rows are mapped again.
const RULES: u32 = 1;
/// Most fields of one mapping.
const MOST_FIELDS: usize = 4_000;
/// Stands for a number in the names of numbered columns.
const NUMBER: &str = "{n}";
/// Most numbered columns of names.
const MOST_NUMBERED: usize = 24;

impl Mapping {
    /// Compiles the settings of one supplier, or tells everything that is wrong with them.
    ///
    /// `declaration` is the supplier's file, to place the faults. Codes: `E-NO-SKU`, `E-FIELD-SOURCE`, `E-FIELD-TWICE`,
    /// `E-FIELD-SEVERAL`, `E-FIELD-VALUE`, `E-KEY-OF-OTHER-KIND`, `E-UNKNOWN-MAP`, `E-MAP-VALUE`, `E-MAP-TWICE`, `E-MAP-WILD`, `E-UNKNOWN-UNIT`,
    /// `E-UNIT-DIMENSION`, `E-TEMPLATE`, `E-VAT`, `E-EMPTY-AND-CLEAR`, those of `Key::parse` and of `Chain::compile`.
    pub fn compile(
        read: &ReadSettings,
        fields: &BTreeMap<String, FieldSettings>,
        maps: &BTreeMap<String, ValueMap>,
        schema: &Schema,
        declaration: &Declaration,
    ) -> Result<Mapping, Vec<Diagnostic>> {
        let habits = Habits {
            empty: Words::new(&read.empty),
            clear: Words::new(&read.clear),
            units: schema.units().clone(),
        };
        let mut check = Check {
            read,
            maps,
            schema,
            habits: &habits,
            faults: Faults::new(declaration),
            names: Vec::new(),
            wanted: Vec::new(),
        };
        check.read();
        let sku = check.sku(fields.get("sku"));
        let mut checked: Vec<(&str, Field)> = Vec::with_capacity(fields.len());
        let mut rules = BTreeMap::new();
        for (name, settings) in fields.iter().filter(|(name, _)| *name != "sku").take(MOST_FIELDS) {
            let Some(field) = check.field(name, settings) else {
                continue;
            };
            let rule = (field.column.to_string(), words_of(&field, settings));
            rules.insert(schema.key_text(field.key), rule);
            checked.push((name, field));
        }
        if fields.len() > MOST_FIELDS {
            let mismatch = Mismatch::new("E-FIELD-SOURCE", format!("more than {MOST_FIELDS} fields"));
            check.faults.tell(&["fields"], mismatch);
        }
        checked.sort_by_key(|(_, field)| field.key);
        for pair in checked.windows(2) {
            if let [(first, field), (second, other)] = pair
                && field.key == other.key
            {
                let mismatch = Mismatch::new("E-FIELD-TWICE", format!("`{first}` and `{second}` are one value"))
                    .with_help("one of them has to name another locale, or go");
                check.faults.tell_of_key(&["fields", second], mismatch);
            }
        }
        let Check {
            faults, names, wanted, ..
        } = check;
        let Some(sku) = sku.filter(|_| faults.count() == 0) else {
            return Err(faults.told());
        };
        Ok(Mapping {
            wanted,
            names,
            sku,
            fields: checked.into_iter().map(|(_, field)| field).collect(),
            habits,
            rules,
            fingerprint: fingerprint(read, fields, maps, schema),
            titles: None,
            own_models: None,
        })
    }
}

/// What the settings and the schema say, as one number.
fn fingerprint(
    read: &ReadSettings,
    fields: &BTreeMap<String, FieldSettings>,
    maps: &BTreeMap<String, ValueMap>,
    schema: &Schema,
) -> u64 {
    // The texts are JSON of sorted maps, so equal settings give equal texts whatever the file looks like.
    let settings = serde_json::to_string(&(RULES, read, fields, maps)).unwrap_or_default();
    xxhash_rust::xxh3::xxh3_64_with_seed(settings.as_bytes(), schema.fingerprint())
}

struct Check<'a> {
    read: &'a ReadSettings,
    maps: &'a BTreeMap<String, ValueMap>,
    schema: &'a Schema,
    habits: &'a Habits,
    faults: Faults<'a>,
    names: Vec<String>,
    wanted: Vec<Wanted>,
}

impl Check<'_> {
    /// `[read]` by itself.
    fn read(&mut self) {
        let read = self.read;
        if let Some(locale) = &read.locale
            && self.schema.locale_number(locale).is_none()
        {
            let mismatch = unknown_locale(locale, self.schema);
            self.faults.tell(&["read", "locale"], mismatch);
        }
        if let Some(vat) = &read.vat
            && let Err(mismatch) = percent(vat)
        {
            self.faults.tell(&["read", "vat"], mismatch);
        }
        let clear = Words::new(&read.clear);
        for word in read.empty.iter().filter(|word| clear.has(word.trim())) {
            let message = format!("`{}` stands in `empty` and in `clear`", excerpt(word));
            let mismatch = Mismatch::new("E-EMPTY-AND-CLEAR", message)
                .with_help("a cell either says nothing or takes a value away");
            self.faults.tell(&["read", "clear"], mismatch);
        }
    }

    fn sku(&mut self, settings: Option<&FieldSettings>) -> Option<SkuField> {
        let Some(settings) = settings else {
            let mismatch = Mismatch::new("E-NO-SKU", "no field `sku`, the supplier's own key")
                .with_help("add [fields.sku] with the column of the article number");
            self.faults.tell(&["fields"], mismatch);
            return None;
        };
        let path = ["fields", "sku"];
        let others = [
            ("columns", !settings.columns.is_empty()),
            ("named", settings.named.is_some()),
            ("value", settings.value.is_some()),
            ("split", settings.split.is_some()),
            ("map", settings.map.is_some()),
            ("unit", settings.unit.is_some()),
            ("locale", settings.locale.is_some()),
        ];
        let mut whole = true;
        for (key, _) in others.iter().filter(|(_, said)| *said) {
            let mismatch = Mismatch::new("E-FIELD-SOURCE", format!("`{key}` is not for the SKU"))
                .with_help("it is made of one `column`, or of a `template`, and `steps`");
            self.faults.tell(&[path[0], path[1], key], mismatch);
            whole = false;
        }
        if !whole {
            return None;
        }
        let first = self.wanted.len();
        let source = self.source("sku", settings)?;
        for wanted in &mut self.wanted[first..] {
            wanted.sku = true;
        }
        let chain = self.chain("sku", settings)?;
        let column = shown(settings, Some(&source));
        Some(SkuField { source, chain, column })
    }

    /// The key a field's name and locale mean.
    fn key(&self, name: &str, settings: &FieldSettings) -> Result<Key, (&'static str, Mismatch)> {
        let mut key = Key::parse(self.schema, name).map_err(|mismatch| ("", mismatch))?;
        if let Some(locale) = &settings.locale {
            let number = self.schema.locale_number(locale);
            let number = number.ok_or_else(|| ("locale", unknown_locale(locale, self.schema)))?;
            if key.locale != 0 && key.locale != number {
                let message = format!("`locale` is `{}`, the field's name says another", excerpt(locale));
                let mismatch = Mismatch::new("E-FIELD-LOCALE", message).with_help("leave one of them out");
                return Err(("locale", mismatch));
            }
            key.locale = number;
            key.check(self.schema).map_err(|mismatch| ("locale", mismatch))?;
        }
        if key.locale == 0 && self.schema.attribute(key.attribute).localizable {
            // The first locale is the catalog's default.
            let said = self
                .read
                .locale
                .as_deref()
                .and_then(|locale| self.schema.locale_number(locale));
            key.locale = said.unwrap_or(u8::from(!self.schema.locales().is_empty()));
        }
        Ok(key)
    }

    fn field(&mut self, name: &str, settings: &FieldSettings) -> Option<Field> {
        let key = match self.key(name, settings) {
            Ok(key) => Some(key),
            Err(("", mismatch)) => {
                self.faults.tell_of_key(&["fields", name], mismatch);
                None
            }
            Err((part, mismatch)) => {
                self.faults.tell(&["fields", name, part], mismatch);
                None
            }
        };
        // A fault of the name does not hide the others.
        let source = self.source(name, settings);
        let key = key?;
        let attribute = self.schema.attribute(key.attribute).clone();
        let several = settings.split.is_some() || settings.columns.len() > 1;
        let list = attribute.kind.is_list() || attribute.kind == Kind::Table;
        let chain = self.chain(name, settings);
        let many = settings.steps.iter().fold(several, |many, step| match step {
            Step::Split(_) => true,
            Step::Join(_) | Step::First | Step::Last | Step::Pick(_) | Step::Sum => false,
            _ => many,
        });
        if many && !list && chain.is_some() {
            let message = format!("`{}` holds one value, the field gives several", attribute.code);
            let mismatch =
                Mismatch::new("E-FIELD-SEVERAL", message).with_help("choose one with the step `first`, or `join` them");
            let part = if !settings.columns.is_empty() {
                "columns"
            } else if settings.split.is_some() {
                "split"
            } else {
                "steps"
            };
            self.faults.tell(&["fields", name, part], mismatch);
        }
        let how = how(
            name,
            settings,
            self.read,
            &attribute,
            key,
            self.schema,
            &mut self.faults,
        );
        let vocabulary = vocabulary(&attribute, key, self.schema);
        let unknown = settings.unknown.unwrap_or_else(|| {
            // Numbers and days beside a map (`"bajo pedido" = "0"`) stand for themselves.
            let itself = attribute.kind.is_amount() || matches!(attribute.kind, Kind::Date | Kind::DateTime);
            if itself { Unknown::Keep } else { Unknown::RejectValue }
        });
        let constant_text = settings
            .value
            .as_deref()
            .filter(|_| matches!(source, Some(Source::Constant(_))));
        let mut field = Field {
            name: name.into(),
            key,
            attribute,
            column: shown(settings, source.as_ref()),
            source: source.unwrap_or(Source::Columns(Vec::new())),
            split: settings.split.as_deref().map(Box::from),
            chain: chain.flatten(),
            map: None,
            vocabulary,
            unknown,
            how: how?,
        };
        word_map(name, settings, self.maps, &mut field, self.schema, &mut self.faults);
        if let Some(text) = constant_text {
            field.how.gross = None;
            match constant(self.habits, &field, text) {
                Ok(Some(value)) => field.source = Source::Constant(value),
                Ok(None) => {
                    let mismatch =
                        Mismatch::new("E-FIELD-VALUE", "the value says nothing").with_help("leave the field out");
                    self.faults.tell(&["fields", name, "value"], mismatch);
                }
                Err(findings) => {
                    for finding in findings {
                        let message = format!(
                            "`{}` is no value of `{}`: {}",
                            excerpt(text),
                            field.attribute.code,
                            finding.message
                        );
                        let mismatch = Mismatch {
                            code: "E-FIELD-VALUE",
                            message,
                            help: finding.help,
                        };
                        self.faults.tell(&["fields", name, "value"], mismatch);
                    }
                }
            }
        }
        Some(field)
    }

    /// Exactly one of the four sources; `None` where a fault was told.
    fn source(&mut self, name: &str, settings: &FieldSettings) -> Option<Source> {
        let said: Vec<&str> = [
            ("column", settings.column.is_some()),
            ("columns", !settings.columns.is_empty()),
            ("named", settings.named.is_some()),
            ("value", settings.value.is_some()),
            ("template", settings.template.is_some()),
        ]
        .into_iter()
        .filter_map(|(key, said)| said.then_some(key))
        .collect();
        if said.len() != 1 {
            let (message, path) = match said.as_slice() {
                [] => (
                    format!("the field `{}` does not say where its value comes from", excerpt(name)),
                    vec!["fields", name],
                ),
                [.., last] => (
                    format!("the field says {} at once", said.join(" and ")),
                    vec!["fields", name, last],
                ),
            };
            let mismatch = Mismatch::new("E-FIELD-SOURCE", message)
                .with_help("say exactly one of `column`, `columns`, `named`, `value` and `template`");
            self.faults.tell(&path, mismatch);
            return None;
        }
        if let Some(column) = &settings.column {
            return Some(Source::Column(self.want(name, column, settings.optional)));
        }
        if let Some(named) = &settings.named {
            return self.named(name, named);
        }
        if let Some(source) = &settings.template {
            return match RowTemplate::compile(source) {
                Ok(template) => {
                    let columns = template
                        .columns()
                        .iter()
                        .map(|column| self.want(name, column, settings.optional))
                        .collect();
                    Some(Source::Template(template, columns))
                }
                Err(bad) => {
                    self.faults.tell(
                        &["fields", name, "template"],
                        Mismatch::new("E-TEMPLATE", bad.message).with_help(bad.help),
                    );
                    None
                }
            };
        }
        if settings.value.is_some() {
            // The value itself follows when the field can read it.
            return Some(Source::Constant(Value::Boolean(false)));
        }
        let columns = settings
            .columns
            .iter()
            .map(|column| self.want(name, column, settings.optional))
            .collect();
        Some(Source::Columns(columns))
    }

    /// Names beside values. A feed has as many numbered columns as its products need, so none of them is missed.
    fn named(&mut self, name: &str, named: &NamedSettings) -> Option<Source> {
        let mut fault = |message: String, help: &str| {
            let mismatch = Mismatch::new("E-FIELD-NAMED", message).with_help(help);
            self.faults.tell(&["fields", name, "named"], mismatch);
            None
        };
        let is_numbered = named.names.contains(NUMBER);
        if is_numbered != named.values.contains(NUMBER) {
            let message = "one of `names` and `values` is numbered, the other is not".to_owned();
            return fault(message, "write `{n}` in both, or in none");
        }
        let is: Vec<Box<str>> = (named.is.iter().map(|name| fold(name)))
            .filter(|name| !name.is_empty())
            .map(|name| Box::from(&*name))
            .collect();
        let signs = [&named.between, &named.until];
        if is.is_empty() || signs.into_iter().flatten().any(String::is_empty) {
            let message = "no name is wanted, or a sign is empty".to_owned();
            return fault(
                message,
                "`is` lists names such as \"Color\"; leave out the signs that are not needed",
            );
        }
        let pairs = match is_numbered {
            false => vec![(
                self.want(name, &named.names, false),
                self.want(name, &named.values, false),
            )],
            true => (1..=MOST_NUMBERED)
                .map(|n| {
                    let numbered = |column: &str| column.replace(NUMBER, &n.to_string());
                    // The first pair is there, if any is.
                    let optional = n > 1;
                    let names = self.want(name, &numbered(&named.names), optional);
                    (names, self.want(name, &numbered(&named.values), optional))
                })
                .collect(),
        };
        Some(Source::Named(Box::new(Named {
            pairs,
            is,
            between: named.between.as_deref().map(Box::from),
            until: named.until.as_deref().map(Box::from),
        })))
    }

    /// The position of a column among those wanted.
    fn want(&mut self, field: &str, column: &str, optional: bool) -> usize {
        let at = self.names.iter().position(|known| known == column).unwrap_or_else(|| {
            self.names.push(column.to_string());
            self.wanted.push(Wanted {
                optional: true,
                ..Wanted::default()
            });
            self.names.len() - 1
        });
        let wanted = &mut self.wanted[at];
        wanted.optional &= optional;
        wanted.sku |= field == "sku";
        wanted.fields.push(field.to_string());
        at
    }

    /// The steps as a chain; `Some(None)` where there are none, `None` where a fault was told.
    fn chain(&mut self, name: &str, settings: &FieldSettings) -> Option<Option<Chain>> {
        if settings.steps.is_empty() {
            return Some(None);
        }
        match Chain::compile(&settings.steps, self.schema.units()) {
            Ok(chain) => Some(Some(chain)),
            Err(faults) => {
                for mismatch in faults {
                    self.faults.tell(&["fields", name, "steps"], mismatch);
                }
                None
            }
        }
    }
}

/// What findings call the source of a field: the columns it is made of, or the constant.
fn shown(settings: &FieldSettings, source: Option<&Source>) -> Arc<str> {
    if let Some(named) = &settings.named {
        return format!("{}, {}", named.names, named.values).into();
    }
    match (&settings.column, settings.columns.as_slice(), source) {
        (Some(column), ..) => column.as_str().into(),
        (None, [], Some(Source::Template(template, _))) => template.columns().join(", ").into(),
        (None, [], _) => settings.value.as_deref().unwrap_or_default().into(),
        (None, columns, _) => columns.join(", ").into(),
    }
}

/// The rule of a field as a person reads it: `steps trim, squeeze; map colores; read as option`.
fn words_of(field: &Field, settings: &FieldSettings) -> String {
    let mut words = Vec::new();
    match &field.source {
        Source::Template(..) => words.push("template".to_string()),
        Source::Constant(_) => words.push("the same for all".to_string()),
        Source::Named(named) => words.push(format!("named {}", named.is.join(", "))),
        Source::Column(_) | Source::Columns(_) => {}
    }
    if let Some(split) = &field.split {
        words.push(format!("split at `{split}`"));
    }
    if !settings.steps.is_empty() {
        let steps: Vec<&str> = settings.steps.iter().map(Step::name).collect();
        words.push(format!("steps {}", steps.join(", ")));
    }
    if let Some(map) = &settings.map {
        words.push(format!("map {map}"));
    }
    let kind = field.attribute.kind;
    let mut read = format!("read as {kind}");
    if kind.is_amount() && !matches!(field.source, Source::Constant(_)) {
        read.push_str(&format!(" {}", field.how.numbers.unwrap_or(Notation::Plain).name()));
    }
    if matches!(kind, Kind::Date | Kind::DateTime) {
        read.push_str(&format!(" {}", field.how.dates.name()));
    }
    words.push(read);
    if let Some(gross) = field.how.gross {
        let percent = (gross - Decimal::ONE) * Decimal::ONE_HUNDRED;
        words.push(format!("plus {} % VAT", number::to_text(percent)));
    }
    words.join("; ")
}

fn unknown_locale(locale: &str, schema: &Schema) -> Mismatch {
    Mismatch::new("E-UNKNOWN-LOCALE", format!("unknown locale `{}`", excerpt(locale)))
        .with_help(suggestion(locale, schema.locales().iter().map(String::as_str)))
}
