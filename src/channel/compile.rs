//! The fields of a channel file compiled: names to attributes, units to exchanges, templates to pieces, every fault told
//! with its place.
//!
//! Running them is left to `compose`; the channel as a whole is put together in `mod.rs`.

use crate::channel::compose::{Axes, Fill};
use crate::channel::format::column::Column;
use crate::channel::pack::Pack;
use crate::channel::pack::field::{FieldKind, Required, Row};
use crate::channel::settings::{CategorySource, ChannelFile, DetailsSource, FieldSource, MeasureSource};
use crate::channel::spell::Form;
use crate::channel::template::Templates;
use crate::channel::variable::{Names, Reading, Variable, Words};
use crate::declaration::Declaration;
use crate::declaration::nearest::suggestion;
use crate::diagnostic::Diagnostic;
use crate::schema::category::CategoryId;
use crate::schema::family::FamilyId;
use crate::value::Kind;
use crate::value::mismatch::Mismatch;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Deepest nesting of sources in sources.
const DEEPEST: usize = 8;
/// Decimals of a measure that says none.
const DECIMALS: u32 = 4;

/// Compiles fields and keeps what was wrong.
pub struct FieldCompiler<'a> {
    /// Finds attributes.
    pub names: Names<'a>,
    /// The pack, to which columns of one's own are added.
    pub pack: &'a mut Pack,
    /// The channel's file, for places.
    pub declaration: &'a Declaration,
    /// The engine of the templates.
    pub templates: Templates,
    /// What was wrong.
    pub faults: Vec<Diagnostic>,
}

impl FieldCompiler<'_> {
    /// Compiles all fields; gives what fills them, and the columns they are written to.
    pub fn fields(&mut self, file: &ChannelFile) -> (Vec<(u16, Fill)>, Vec<Column>) {
        let (mut fills, mut columns) = (Vec::new(), Vec::new());
        for (name, source) in &file.fields {
            let number = match self.pack.column(name, file.custom.contains(name)) {
                Ok(number) => number,
                Err(fault) => {
                    let place = self.declaration.place_of_key(&["fields", name]);
                    self.faults.push(fault.at(place));
                    continue;
                }
            };
            if let Some(fill) = self.fill(number, &["fields", name], source) {
                let mut parts = parts(source);
                // In the pack's order, which is that of the channel's own description.
                if let Some(field) = self.pack.field(number) {
                    let place = |name: &String| field.parts.iter().position(|part| part.name == *name);
                    parts.sort_by_key(place);
                }
                columns.push(Column { field: number, parts });
                fills.push((number, fill));
            }
        }
        for (number, field) in self.pack.fields.iter().enumerate() {
            let filled = fills.iter().any(|(own, _)| usize::from(*own) == number);
            if field.row == Row::PictureNumber {
                columns.push(Column {
                    field: number as u16,
                    parts: Vec::new(),
                });
            }
            if field.required == Required::Always && !filled && !file.fields.contains_key(&field.name) {
                let message = format!("{} is required and comes from nowhere", field.name);
                let help = format!("add it: \"{}\" = {{ attribute = \"…\" }}", field.name);
                self.faults.push(
                    self.declaration
                        .fault(&["fields"], "E-CHANNEL-REQUIRED", message)
                        .with_help(help),
                );
            }
        }
        fills.sort_by_key(|(number, _)| *number);
        (fills, columns)
    }

    /// Tells a mismatch at a path.
    pub fn told(&mut self, path: &[&str], mismatch: Mismatch) {
        let mut fault = self.declaration.fault(path, mismatch.code, mismatch.message);
        fault.help = mismatch.help;
        self.faults.push(fault);
    }

    fn fault(&mut self, path: &[&str], code: &'static str, message: String, help: &str) {
        self.faults
            .push(self.declaration.fault(path, code, message).with_help(help));
    }

    fn reading(&mut self, path: &[&str], name: &str) -> Option<Reading> {
        match self.names.reading(name) {
            Ok(reading) => Some(reading),
            Err(mismatch) => {
                self.told(path, mismatch);
                None
            }
        }
    }

    fn form(&self, number: u16, unit: Option<&str>) -> Form {
        match self.pack.field(number) {
            Some(field) => Form::new(field, unit, self.names.schema.units()),
            None => Form::prose(),
        }
    }

    fn kind(&self, number: u16) -> FieldKind {
        self.pack.field(number).map_or(FieldKind::String, |field| field.kind)
    }

    fn fill(&mut self, number: u16, path: &[&str], source: &FieldSource) -> Option<Fill> {
        if path.len() > 2 + 2 * DEEPEST {
            self.fault(
                path,
                "E-CHANNEL-DEPTH",
                format!("sources stand more than {DEEPEST} deep"),
                "say it in one template",
            );
            return None;
        }
        let at = |inner: &'static str| [path, &[inner]].concat();
        Some(match source {
            FieldSource::Value(text) => Fill::Constant(text.clone()),
            FieldSource::Attribute(name) => return self.attribute(number, &at("attribute"), name),
            FieldSource::Template(source) => match self.templates.compile(source, &self.names) {
                Ok(template) => Fill::Template(template, self.form(number, None), self.kind(number)),
                Err(mismatch) => {
                    self.told(&at("template"), mismatch);
                    return None;
                }
            },
            FieldSource::Category(which) => self.category(*which),
            FieldSource::Availability(name) => {
                let reading = self.reading(&at("availability"), name)?;
                let counts = matches!(reading.kind, Kind::Integer | Kind::Decimal | Kind::Measure);
                let stated = match self.names.schema.known().availability {
                    Some(own) if counts => {
                        let code = self.names.schema.attribute(own).code.to_string();
                        self.reading(path, &code)
                    }
                    _ => None,
                };
                let words = Arc::new(self.pack.file.availability.clone());
                if counts {
                    Fill::Availability(Some(reading), stated, words)
                } else {
                    Fill::Availability(None, Some(reading), words)
                }
            }
            FieldSource::Condition(name) => {
                let reading = self.reading(&at("condition"), name)?;
                let words = &self.pack.file.condition;
                Fill::Words(reading, Arc::new(words_of(words)))
            }
            FieldSource::Words(words) => {
                let reading = self.reading(&[path, &["words", "attribute"]].concat(), &words.attribute)?;
                Fill::Words(reading, Arc::new(words_of(&words.to)))
            }
            FieldSource::Image(which) => {
                let image = self.names.schema.known().image;
                let code = image.map(|image| self.names.schema.attribute(image).code.to_string());
                let reading = code.and_then(|code| self.reading(path, &code));
                Fill::Image(reading, self.form(number, None), *which)
            }
            FieldSource::AxisName(place) => Fill::AxisName(self.place(&at("axis_name"), *place)?, self.axes()),
            FieldSource::AxisValue(place) => Fill::AxisValue(
                self.place(&at("axis_value"), *place)?,
                self.axes(),
                self.form(number, None),
            ),
            FieldSource::Measure(source) => return self.measure(number, &at("measure"), source),
            FieldSource::When(source) => {
                let reading = self.reading(&[path, &["when", "filled"]].concat(), &source.filled)?;
                let fill = self.fill(number, &[path, &["when", "then"]].concat(), &source.then)?;
                Fill::When(reading, Box::new(fill))
            }
            FieldSource::Drafted(source) => Fill::Drafted(Box::new(self.fill(number, &at("drafted"), source)?), true),
            FieldSource::Undrafted(source) => {
                Fill::Drafted(Box::new(self.fill(number, &at("undrafted"), source)?), false)
            }
            FieldSource::FirstOf(sources) => Fill::FirstOf(self.several(number, &at("first_of"), sources)),
            FieldSource::List(sources) => Fill::List(self.several(number, &at("list"), sources)),
            FieldSource::Groups(groups) => self.groups(number, &at("groups"), groups),
            FieldSource::Details(source) => self.details(number, &at("details"), source),
        })
    }

    fn several(&mut self, number: u16, path: &[&str], sources: &[FieldSource]) -> Vec<Fill> {
        let places: Vec<String> = (0..sources.len()).map(|place| place.to_string()).collect();
        let fills = sources.iter().zip(&places);
        fills
            .filter_map(|(source, place)| self.fill(number, &[path, &[place]].concat(), source))
            .collect()
    }

    fn attribute(&mut self, number: u16, path: &[&str], name: &str) -> Option<Fill> {
        let reading = match self.names.find(name) {
            Ok(Variable::Sku) => return Some(Fill::Sku),
            Ok(Variable::Model) => return Some(Fill::Model),
            Ok(Variable::Family(codes)) => return Some(Fill::Family(codes)),
            Ok(Variable::Domain) => return Some(Fill::Constant(self.templates.domain().to_string())),
            Ok(Variable::Attribute(reading) | Variable::Label(reading)) => reading,
            Err(mismatch) => {
                self.told(path, mismatch);
                return None;
            }
        };
        if self.kind(number) == FieldKind::Money && reading.kind != Kind::Money {
            let message = format!(
                "`{name}` is of kind {} and the field wants an amount with its currency",
                reading.kind
            );
            self.fault(path, "E-CHANNEL-KIND", message, "name an attribute of kind money");
            return None;
        }
        let form = self.form(number, reading.unit.as_deref());
        Some(Fill::Attribute(reading, form))
    }

    fn category(&mut self, which: CategorySource) -> Fill {
        let schema = self.names.schema;
        let locale = self.names.locale;
        let reading = schema
            .known()
            .category
            .map(|category| schema.attribute(category).code.to_string());
        let reading = reading.and_then(|code| self.reading(&["fields"], &code));
        let words = schema.categories().iter().enumerate().filter_map(|(number, category)| {
            let text: Box<str> = match which {
                CategorySource::Code => category.code.clone(),
                CategorySource::Label => category.labels.text(locale).into(),
                CategorySource::Path => schema
                    .category_path(CategoryId(number as u32), locale)
                    .join(" > ")
                    .into(),
                CategorySource::Google => category.google?.to_string().into(),
                CategorySource::Shopify => category.shopify.clone()?,
            };
            Some((category.code.clone(), text))
        });
        Fill::Category(reading, Arc::new(Words::new(words.collect())))
    }

    fn place(&mut self, path: &[&str], place: u8) -> Option<u8> {
        if place == 0 {
            self.fault(
                path,
                "E-CHANNEL-AXIS",
                "axes are counted from 1".to_string(),
                "write 1, 2 or 3",
            );
            return None;
        }
        Some(place)
    }

    /// The axes of every family, as this channel reads and calls them.
    fn axes(&mut self) -> Arc<Axes> {
        let schema = self.names.schema;
        let mut out = Axes::new();
        for (number, family) in schema.families().iter().enumerate() {
            let mut axes = Vec::with_capacity(family.axes.len());
            for id in &family.axes {
                let attribute = schema.attribute(*id);
                let label = attribute.labels.text(self.names.locale).to_string();
                if let Some(reading) = self.reading(&["fields"], &attribute.code) {
                    axes.push((label, reading));
                }
            }
            out.insert(FamilyId(number as u16), axes);
        }
        Arc::new(out)
    }

    fn measure(&mut self, number: u16, path: &[&str], source: &MeasureSource) -> Option<Fill> {
        let reading = self.reading(&[path, &["attribute"]].concat(), &source.attribute)?;
        let kind = self.kind(number);
        let exchange = match &reading.unit {
            Some(own) => match self.names.schema.units().exchange(own, &source.unit) {
                Ok(exchange) => Some(exchange),
                Err(mismatch) => {
                    self.told(&[path, &["unit"]].concat(), mismatch);
                    return None;
                }
            },
            None => None,
        };
        let whole = kind == FieldKind::Integer;
        Some(Fill::Measure {
            reading,
            exchange,
            word: source.unit.clone(),
            bare: whole || kind == FieldKind::Decimal,
            decimals: source.decimals.unwrap_or(if whole { 0 } else { DECIMALS }).min(28),
        })
    }

    fn groups(&mut self, number: u16, path: &[&str], groups: &[BTreeMap<String, FieldSource>]) -> Fill {
        let known = self.pack.field(number).map_or(Vec::new(), |field| field.parts.clone());
        let mut out = Vec::with_capacity(groups.len());
        for (place, group) in groups.iter().enumerate() {
            let place = place.to_string();
            for name in group
                .keys()
                .filter(|name| !known.iter().any(|part| part.name == **name))
            {
                let names = known.iter().map(|part| part.name.as_str());
                let help = suggestion(name, names);
                let path = [path, &[&place, name]].concat();
                let message = format!("the field has no part `{name}`");
                self.faults.push(
                    self.declaration
                        .fault_of_key(&path, "E-CHANNEL-PART", message)
                        .with_help(help),
                );
            }
            let mut parts = Vec::with_capacity(group.len());
            for part in &known {
                let Some(source) = group.get(&part.name) else { continue };
                let path = [path, &[&place, &part.name]].concat();
                let Some(fill) = self.fill(number, &path, source) else {
                    continue;
                };
                parts.push((
                    part.name.clone(),
                    with_form(fill, &Form::part(part.kind, &part.words), part.kind),
                ));
            }
            out.push(parts);
        }
        Fill::Groups(out)
    }

    fn details(&mut self, number: u16, path: &[&str], source: &DetailsSource) -> Fill {
        let known = self.pack.field(number).map_or(Vec::new(), |field| field.parts.clone());
        let constant = source.also.keys().map(|name| ("also", name));
        for (key, name) in [("label", &source.label), ("value", &source.value)]
            .into_iter()
            .chain(constant)
        {
            if !known.iter().any(|part| part.name == *name) {
                let help = suggestion(name, known.iter().map(|part| part.name.as_str()));
                let path = [path, &[key]].concat();
                let message = format!("the field has no part `{name}`");
                self.faults
                    .push(self.declaration.fault(&path, "E-CHANNEL-PART", message).with_help(help));
            }
        }
        let mut attributes = Vec::with_capacity(source.attributes.len());
        for (place, name) in source.attributes.iter().enumerate() {
            let place = place.to_string();
            let Some(reading) = self.reading(&[path, &["attributes", &place]].concat(), name) else {
                continue;
            };
            let label = self
                .names
                .schema
                .attribute(reading.attribute)
                .labels
                .text(self.names.locale)
                .to_string();
            attributes.push((label, reading));
        }
        Fill::Details {
            attributes,
            label: source.label.clone(),
            value: source.value.clone(),
            also: source.also.clone().into_iter().collect(),
            form: Form::prose(),
        }
    }
}

/// The same source in the form of a part.
fn with_form(fill: Fill, form: &Form, kind: FieldKind) -> Fill {
    match fill {
        Fill::Attribute(reading, _) => Fill::Attribute(reading, form.clone()),
        Fill::Template(template, _, _) => Fill::Template(template, form.clone(), kind),
        Fill::Measure {
            reading,
            exchange,
            word,
            decimals,
            ..
        } => Fill::Measure {
            reading,
            exchange,
            word,
            bare: matches!(kind, FieldKind::Integer | FieldKind::Decimal),
            decimals,
        },
        Fill::When(reading, fill) => Fill::When(reading, Box::new(with_form(*fill, form, kind))),
        Fill::Drafted(fill, wanted) => Fill::Drafted(Box::new(with_form(*fill, form, kind)), wanted),
        Fill::FirstOf(fills) => Fill::FirstOf(fills.into_iter().map(|fill| with_form(fill, form, kind)).collect()),
        other => other,
    }
}

/// The parts that a source fills, in the order of the first group that names them.
fn parts(source: &FieldSource) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    if let FieldSource::Drafted(source) | FieldSource::Undrafted(source) = source {
        return parts(source);
    }
    if let FieldSource::Groups(groups) = source {
        for name in groups.iter().flat_map(BTreeMap::keys) {
            if !out.contains(name) {
                out.push(name.clone());
            }
        }
    }
    out
}

fn words_of(words: &BTreeMap<String, String>) -> Words {
    Words::new(
        words
            .iter()
            .map(|(code, word)| (code.as_str().into(), word.as_str().into()))
            .collect(),
    )
}
