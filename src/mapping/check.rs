//! Settings to a mapping: every fault at once, with its place, before the first row is read.
//!
//! What the settings say of the schema is checked against it: attributes, locales, units, options, categories. What only
//! the feed can show (a missing column) is left to `Mapping::check_header`.

use crate::declaration::Declaration;
use crate::declaration::nearest::suggestion;
use crate::diagnostic::{Diagnostic, excerpt};
use crate::mapping::apply::constant;
use crate::mapping::field::{Field, How, Source, Vocabulary, Written};
use crate::mapping::settings::{FieldSettings, PriceBasis, ReadSettings, Unknown, ValueMap};
use crate::mapping::template::RowTemplate;
use crate::mapping::vocabulary::{Codes, WordMap, Words};
use crate::mapping::{Habits, Mapping, SkuField, Wanted};
use crate::schema::Schema;
use crate::schema::attribute::Attribute;
use crate::schema::scope::Key;
use crate::transform::{Chain, Step};
use crate::value::mismatch::Mismatch;
use crate::value::number::{self, Notation};
use crate::value::{Kind, Value};
use rust_decimal::Decimal;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Raised when the same settings would make other items than before, so that all rows are mapped again.
const RULES: u32 = 1;
/// Most fields of one mapping.
const MOST_FIELDS: usize = 4_000;

impl Mapping {
    /// Compiles the settings of one supplier, or tells everything that is wrong with them.
    ///
    /// `declaration` is the supplier's file, to place the faults. Codes: `E-NO-SKU`, `E-FIELD-SOURCE`, `E-FIELD-TWICE`,
    /// `E-FIELD-SEVERAL`, `E-FIELD-VALUE`, `E-KEY-OF-OTHER-KIND`, `E-UNKNOWN-MAP`, `E-MAP-VALUE`, `E-MAP-TWICE`, `E-UNKNOWN-UNIT`,
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
        let (faults, names, wanted) = (Vec::new(), Vec::new(), Vec::new());
        let mut check = Check {
            read,
            maps,
            schema,
            declaration,
            habits: &habits,
            faults,
            names,
            wanted,
        };
        check.read();
        let sku = check.sku(fields.get("sku"));
        let mut checked: Vec<Field> = Vec::with_capacity(fields.len());
        let mut rules = BTreeMap::new();
        for (name, settings) in fields.iter().filter(|(name, _)| *name != "sku").take(MOST_FIELDS) {
            let Some(field) = check.field(name, settings) else {
                continue;
            };
            let key = schema.key_text(field.key);
            rules.insert(key, (field.column.to_string(), words_of(&field, settings)));
            checked.push(field);
        }
        if fields.len() > MOST_FIELDS {
            check.fault(
                &["fields"],
                Mismatch::new("E-FIELD-SOURCE", format!("more than {MOST_FIELDS} fields")),
            );
        }
        checked.sort_by_key(|field| field.key);
        for pair in checked.windows(2) {
            if let [first, second] = pair
                && first.key == second.key
            {
                let key = schema.key_text(first.key);
                let same = |name: &&String| check.key(name, &fields[*name]).ok() == Some(first.key);
                let name = fields.keys().filter(|name| *name != "sku").filter(same).next_back();
                let name = name.map_or(key.as_str(), String::as_str);
                let mismatch = Mismatch::new(
                    "E-FIELD-TWICE",
                    format!("`{key}` is already another field of this file"),
                )
                .with_help("one of them has to name another locale, or go");
                check.faults.push(check.placed(&["fields", name], mismatch));
            }
        }
        let Check {
            faults, names, wanted, ..
        } = check;
        let Some(sku) = sku.filter(|_| faults.is_empty()) else {
            return Err(faults);
        };
        Ok(Mapping {
            wanted,
            names,
            sku,
            fields: checked,
            habits,
            rules,
            fingerprint: fingerprint(read, fields, maps, schema),
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
    declaration: &'a Declaration,
    habits: &'a Habits,
    faults: Vec<Diagnostic>,
    names: Vec<String>,
    wanted: Vec<Wanted>,
}

impl Check<'_> {
    fn placed(&self, path: &[&str], mismatch: Mismatch) -> Diagnostic {
        let fault = self.declaration.fault(path, mismatch.code, mismatch.message);
        match mismatch.help {
            Some(help) => fault.with_help(help),
            None => fault,
        }
    }

    fn fault(&mut self, path: &[&str], mismatch: Mismatch) {
        let fault = self.placed(path, mismatch);
        self.faults.push(fault);
    }

    /// `[read]` by itself.
    fn read(&mut self) {
        let read = self.read;
        if let Some(locale) = &read.locale
            && self.schema.locale_number(locale).is_none()
        {
            let mismatch = unknown_locale(locale, self.schema);
            self.fault(&["read", "locale"], mismatch);
        }
        if let Some(vat) = &read.vat
            && let Err(mismatch) = percent(vat)
        {
            self.fault(&["read", "vat"], mismatch);
        }
        let clear = Words::new(&read.clear);
        for word in read.empty.iter().filter(|word| clear.has(word.trim())) {
            let message = format!("`{}` stands in `empty` and in `clear`", excerpt(word));
            let mismatch = Mismatch::new("E-EMPTY-AND-CLEAR", message)
                .with_help("a cell either says nothing or takes a value away");
            self.fault(&["read", "clear"], mismatch);
        }
    }

    fn sku(&mut self, settings: Option<&FieldSettings>) -> Option<SkuField> {
        let Some(settings) = settings else {
            let mismatch = Mismatch::new("E-NO-SKU", "no field `sku`, the supplier's own key")
                .with_help("add [fields.sku] with the column of the article number");
            self.fault(&["fields"], mismatch);
            return None;
        };
        let path = ["fields", "sku"];
        let others = [
            ("columns", !settings.columns.is_empty()),
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
            self.fault(&[path[0], path[1], key], mismatch);
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
        let column = shown(settings);
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
                let mut fault = self
                    .declaration
                    .fault_of_key(&["fields", name], mismatch.code, mismatch.message);
                fault.help = mismatch.help;
                self.faults.push(fault);
                None
            }
            Err((part, mismatch)) => {
                self.fault(&["fields", name, part], mismatch);
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
            Step::Join(_) | Step::First | Step::Last | Step::Pick(_) => false,
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
            self.fault(&["fields", name, part], mismatch);
        }
        let how = self.how(name, settings, &attribute, key);
        let vocabulary = self.vocabulary(&attribute, key);
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
            key,
            attribute,
            source: source.unwrap_or(Source::Columns(Vec::new())),
            split: settings.split.as_deref().map(Box::from),
            chain: chain?,
            map: None,
            vocabulary,
            unknown,
            how: how?,
            column: shown(settings),
        };
        self.map(name, settings, &mut field);
        if let Some(text) = constant_text {
            match constant(self.habits, &field, text) {
                Ok(Some(value)) => field.source = Source::Constant(value),
                Ok(None) => {
                    let mismatch =
                        Mismatch::new("E-FIELD-VALUE", "the value says nothing").with_help("leave the field out");
                    self.fault(&["fields", name, "value"], mismatch);
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
                        self.fault(&["fields", name, "value"], mismatch);
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
                .with_help("say exactly one of `column`, `columns`, `value` and `template`");
            self.fault(&path, mismatch);
            return None;
        }
        if let Some(column) = &settings.column {
            return Some(Source::Column(self.want(name, column, settings.optional)));
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
                    self.fault(
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
                    self.fault(&["fields", name, "steps"], mismatch);
                }
                None
            }
        }
    }

    /// Notation, currency, unit and VAT of a field.
    fn how(&mut self, name: &str, settings: &FieldSettings, attribute: &Attribute, key: Key) -> Option<How> {
        let kind = attribute.kind;
        let before = self.faults.len();
        let only: [(&str, bool, Kind); 4] = [
            ("unit", settings.unit.is_some(), Kind::Measure),
            ("currency", settings.currency.is_some(), Kind::Money),
            ("prices", settings.prices.is_some(), Kind::Money),
            ("vat", settings.vat.is_some(), Kind::Money),
        ];
        for (part, _, other) in only.into_iter().filter(|(_, said, only)| *said && kind != *only) {
            let message = format!("`{part}` is for {other}, `{}` is {kind}", attribute.code);
            self.fault(
                &["fields", name, part],
                Mismatch::new("E-KEY-OF-OTHER-KIND", message).with_help("take it out"),
            );
        }
        let dimension = attribute
            .unit
            .as_deref()
            .and_then(|unit| self.schema.units().find(unit))
            .map(|unit| unit.dimension.clone());
        let mut unit = None;
        if let Some(said) = settings.unit.as_deref().filter(|_| kind == Kind::Measure) {
            match self.schema.units().find(said) {
                Some(found) if dimension.as_ref().is_none_or(|dimension| found.dimension == *dimension) => {
                    unit = Some(found.code.clone());
                }
                Some(found) => {
                    let wanted = dimension.as_deref().unwrap_or_default();
                    let message = format!(
                        "{} is a unit of {}, `{}` is a {wanted}",
                        found.code, found.dimension, attribute.code
                    );
                    let mismatch =
                        Mismatch::new("E-UNIT-DIMENSION", message).with_help(format!("name a unit of {wanted}"));
                    self.fault(&["fields", name, "unit"], mismatch);
                }
                None => {
                    let help = suggestion(said, self.schema.units().iter().map(|unit| &*unit.code));
                    let mismatch =
                        Mismatch::new("E-UNKNOWN-UNIT", format!("unknown unit `{}`", excerpt(said))).with_help(help);
                    self.fault(&["fields", name, "unit"], mismatch);
                }
            }
        }
        let known = self.schema.known();
        let mut gross = None;
        if kind == Kind::Money {
            let cost = known.cost == Some(key.attribute);
            let basis = settings
                .prices
                .unwrap_or(if cost { PriceBasis::Gross } else { self.read.prices });
            let (vat, path): (_, &[&str]) = match &settings.vat {
                Some(vat) => (Some(vat), &["fields", name, "vat"]),
                None => (self.read.vat.as_ref(), &["read", "vat"]),
            };
            match (basis, vat) {
                (PriceBasis::Gross, _) => {}
                (PriceBasis::Net, None) => {
                    let mismatch =
                        Mismatch::new("E-VAT", "the prices are net, and no `vat` says how to make them gross")
                            .with_help("say `vat = \"21\"`, or what the percentage is");
                    let path: &[&str] = if settings.prices.is_some() {
                        &["fields", name, "prices"]
                    } else {
                        &["read", "prices"]
                    };
                    let fault = self.placed(path, mismatch);
                    // Many fields, one fault.
                    if !self.faults.contains(&fault) {
                        self.faults.push(fault);
                    }
                }
                (PriceBasis::Net, Some(vat)) => match percent(vat) {
                    Ok(percent) => gross = Some(Decimal::ONE + percent / Decimal::ONE_HUNDRED),
                    // A fault of [read] is told there.
                    Err(mismatch) if settings.vat.is_some() => self.fault(path, mismatch),
                    Err(_) => {}
                },
            }
        }
        (self.faults.len() == before).then(|| How {
            numbers: settings.numbers.or(self.read.numbers),
            dates: settings.dates.unwrap_or(self.read.dates),
            currency: settings.currency.or(self.read.currency),
            unit,
            dimension,
            gross,
            sells: known.price == Some(key.attribute),
        })
    }

    fn vocabulary(&self, attribute: &Attribute, key: Key) -> Vocabulary {
        let known = self.schema.known();
        let codes = if known.category == Some(key.attribute) {
            Codes::of_categories(self.schema).map(|codes| Vocabulary::Codes(codes, "category"))
        } else if known.family == Some(key.attribute) {
            Codes::of_families(self.schema).map(|codes| Vocabulary::Codes(codes, "family"))
        } else {
            attribute
                .options
                .map(|list| Vocabulary::Options(self.schema.list(list).clone()))
        };
        codes.unwrap_or(Vocabulary::Free)
    }

    /// The value map, each meaning read as the field reads it.
    fn map(&mut self, name: &str, settings: &FieldSettings, field: &mut Field) {
        let Some(map_name) = &settings.map else { return };
        let Some(written) = self.maps.get(map_name) else {
            let help = suggestion(map_name, self.maps.keys().map(String::as_str));
            let mismatch =
                Mismatch::new("E-UNKNOWN-MAP", format!("no value map `{}`", excerpt(map_name))).with_help(help);
            self.fault(&["fields", name, "map"], mismatch);
            return;
        };
        let mut map = WordMap::default();
        let mut folded = String::new();
        for (word, meaning) in written {
            let path = ["maps", map_name, word];
            let text = meaning.trim();
            let value = if text.is_empty() {
                None
            } else {
                // What the map says must be good now: an unknown option is a fault whatever `unknown` says of the feed.
                let unknown = std::mem::replace(&mut field.unknown, Unknown::RejectValue);
                let read = field.read(text, Written::Plain, self.schema.units(), &mut folded);
                field.unknown = unknown;
                match read {
                    Ok((Some(value), _)) => Some(value),
                    Ok((None, _)) => None,
                    Err(refusal) => {
                        let help = match &field.vocabulary {
                            Vocabulary::Options(list) => {
                                Some(suggestion(text, list.options.iter().map(|option| &*option.code)))
                            }
                            Vocabulary::Codes(_, "category") => Some(suggestion(
                                text,
                                self.schema.categories().iter().map(|category| &*category.code),
                            )),
                            Vocabulary::Codes(..) => Some(suggestion(
                                text,
                                self.schema.families().iter().map(|family| &*family.code),
                            )),
                            Vocabulary::Free => refusal.mismatch.help,
                        };
                        let message = format!(
                            "`{}` is no value of `{}`: {}",
                            excerpt(text),
                            field.attribute.code,
                            refusal.mismatch.message
                        );
                        self.fault(
                            &path,
                            Mismatch {
                                code: "E-MAP-VALUE",
                                message,
                                help,
                            },
                        );
                        continue;
                    }
                }
            };
            if !map.add(word, value) {
                let message = format!(
                    "`{}` reads like another word of this map that means something else",
                    excerpt(word)
                );
                let mismatch = Mismatch::new("E-MAP-TWICE", message)
                    .with_help("accents, case and punctuation do not count; take one of them out");
                self.fault(&path, mismatch);
            }
        }
        field.map = Some(map);
    }
}

/// What findings call the source of a field.
fn shown(settings: &FieldSettings) -> Arc<str> {
    match (&settings.column, settings.columns.as_slice(), &settings.template) {
        (Some(column), ..) => column.as_str().into(),
        (None, [], Some(template)) => template.as_str().into(),
        (None, [], None) => settings.value.as_deref().unwrap_or_default().into(),
        (None, columns, _) => columns.join(", ").into(),
    }
}

/// The rule of a field as a person reads it: `steps trim, squeeze; map colores; read as option`.
fn words_of(field: &Field, settings: &FieldSettings) -> String {
    let mut words = Vec::new();
    match &field.source {
        Source::Template(..) => words.push("template".to_string()),
        Source::Constant(_) => words.push("the same for all".to_string()),
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

fn percent(text: &str) -> Result<Decimal, Mismatch> {
    let read = number::parse(text.trim_end_matches(['%', ' ']), Notation::Plain);
    match read {
        Ok(percent) if (Decimal::ZERO..=Decimal::ONE_HUNDRED).contains(&percent) => Ok(percent),
        _ => {
            Err(Mismatch::new("E-VAT", format!("`{}` is no percentage", excerpt(text))).with_help("write it as \"21\""))
        }
    }
}

fn unknown_locale(locale: &str, schema: &Schema) -> Mismatch {
    Mismatch::new("E-UNKNOWN-LOCALE", format!("unknown locale `{}`", excerpt(locale)))
        .with_help(suggestion(locale, schema.locales().iter().map(String::as_str)))
}
