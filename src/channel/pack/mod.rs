//! A pack in its checked form: fields by number, patterns and word lists compiled once.
//!
//! `Pack::compile` tells every fault of a pack at once. The rules are compiled by `channel::rule`, which needs to know the
//! market too; the files are written by `channel::format`.

pub mod check;
pub mod field;
pub mod file;
pub mod format;

use crate::channel::pack::field::{
    Demand, FieldFile, FieldKind, LengthUnit, MeasureFile, PartFile, Required, Row, TooLong,
};
use crate::channel::pack::file::{FamilyFile, PackFile, Status};
use crate::channel::pack::format::FormatFile;
use crate::declaration::Declaration;
use crate::declaration::nearest::nearest;
use crate::diagnostic::{Diagnostic, Place};
use regex::{Regex, RegexBuilder};
use rust_decimal::Decimal;
use std::collections::{BTreeMap, BTreeSet};

/// Most fields a pack may have; a field's number is a `u16`.
const MAX_FIELDS: usize = 4_000;
/// Largest compiled regular expression, in bytes.
const MAX_PROGRAM: usize = 1 << 20;

/// What one channel type demands, ready to run.
#[derive(Debug, Clone)]
pub struct Pack {
    /// The pack's name: its file's name without the ending.
    pub code: String,
    /// The pack as it was written: sources, price format, availability words, rules.
    pub file: PackFile,
    /// The fields; a listing's contents stand in the same order.
    pub fields: Vec<Field>,
    /// The fields that name an item.
    pub key: Vec<u16>,
    /// The field that variants of one product share.
    pub group: Option<u16>,
    /// The pattern of amounts without their currency.
    pub amount: Option<Regex>,
    names: BTreeMap<String, u16>,
    families: Vec<Family>,
}

/// One field, ready to run.
#[derive(Debug, Clone)]
pub struct Field {
    /// Name in the file.
    pub name: String,
    /// What it holds.
    pub kind: FieldKind,
    /// Must it be filled.
    pub required: Required,
    /// Which line of a grouped file it stands on.
    pub row: Row,
    /// Shortest text.
    pub min_length: usize,
    /// Longest text.
    pub max_length: usize,
    /// What lengths count.
    pub unit: LengthUnit,
    /// Longest sum of all values.
    pub max_total: usize,
    /// What happens to a text that is too long.
    pub too_long: TooLong,
    /// Least number.
    pub min: Option<Decimal>,
    /// Greatest number.
    pub max: Option<Decimal>,
    /// Pattern of each value.
    pub pattern: Option<Regex>,
    /// The allowed words; empty: any.
    pub words: Vec<String>,
    /// Units and limits of a measure.
    pub measure: Option<MeasureFile>,
    /// Most values.
    pub max_values: usize,
    /// What joins several values.
    pub separator: Option<String>,
    /// Several values are one joined text in every format.
    pub joined: bool,
    /// The parts of a group.
    pub parts: Vec<PartFile>,
    /// When it must be filled, or what else the channel says, for help texts.
    pub help: Option<String>,
    uncertain: Vec<Demand>,
}

impl Field {
    /// Is this demand not confirmed, so that it may only warn.
    pub fn doubts(&self, demand: Demand) -> bool {
        !self.uncertain.is_empty() && self.uncertain.contains(&demand)
    }
}

#[derive(Debug, Clone)]
struct Family {
    name: Regex,
    file: FamilyFile,
}

impl Pack {
    /// Reads a pack's file: its shape, then what it says. Every fault names the file.
    pub fn read(code: &str, declaration: &Declaration) -> Result<Pack, Vec<Diagnostic>> {
        let file = declaration.check()?;
        let at = |fault: Diagnostic| fault.at(Place::file(declaration.shown().clone()));
        Pack::compile(code, file).map_err(|faults| faults.into_iter().map(at).collect())
    }

    /// Checks a pack and compiles it. Every fault is told: a name used twice, a pattern that is none, a key that is no field.
    pub fn compile(code: &str, file: PackFile) -> Result<Pack, Vec<Diagnostic>> {
        let mut faults = Vec::new();
        let mut fields = Vec::with_capacity(file.fields.len());
        let mut names = BTreeMap::new();
        if file.fields.len() > MAX_FIELDS {
            let message = format!("{} fields; at most {MAX_FIELDS} are read", file.fields.len());
            return Err(vec![Diagnostic::error("E-PACK-FIELDS", message)]);
        }
        for (number, field) in file.fields.iter().enumerate() {
            for name in std::iter::once(&field.name).chain(&field.aliases) {
                // An alias may differ from another field's name in nothing but what the channel itself confuses.
                if names
                    .insert(name.clone(), number as u16)
                    .is_some_and(|before| before != number as u16)
                {
                    let message = format!("the name {name} belongs to two fields");
                    faults.push(Diagnostic::error("E-PACK-FIELD-TWICE", message).with_help("rename one of them"));
                }
            }
            fields.push(compile_field(field, file.status, &mut faults));
        }
        let mut families = Vec::new();
        for family in file.families.iter().filter(|family| !family.described_only) {
            match regex(&family_pattern(&family.pattern)) {
                Ok(name) => families.push(Family {
                    name,
                    file: family.clone(),
                }),
                Err(fault) => faults.push(bad_pattern(&format!("the family {}", family.pattern), &fault)),
            }
        }
        let amount = match file.price.amount_pattern.as_deref().map(regex).transpose() {
            Ok(amount) => amount,
            Err(fault) => {
                faults.push(bad_pattern("price.amount_pattern", &fault));
                None
            }
        };
        let mut formats = BTreeSet::new();
        for format in &file.formats {
            if !formats.insert(format.id.as_str()) {
                let message = format!("the format {} is described twice", format.id);
                faults.push(Diagnostic::error("E-PACK-FORMAT-TWICE", message).with_help("rename one of them"));
            }
        }
        let mut pack = Pack {
            code: code.to_string(),
            key: Vec::new(),
            group: None,
            amount,
            fields,
            names,
            families,
            file,
        };
        let identity = pack.file.identity.clone();
        for name in &identity.key {
            match pack.number(name) {
                Some(number) => pack.key.push(number),
                None => faults.push(pack.unknown_field(name, "identity.key")),
            }
        }
        if let Some(name) = &identity.group {
            pack.group = pack.number(name);
            if pack.group.is_none() {
                faults.push(pack.unknown_field(name, "identity.group"));
            }
        }
        if faults.is_empty() { Ok(pack) } else { Err(faults) }
    }

    /// The number of a field by its name or another spelling of it.
    pub fn number(&self, name: &str) -> Option<u16> {
        self.names.get(name).copied()
    }

    /// The field of a number that this pack gave out.
    pub fn field(&self, number: u16) -> Option<&Field> {
        self.fields.get(usize::from(number))
    }

    /// The name of a field, `?` for a number that this pack did not give out.
    pub fn name(&self, number: u16) -> &str {
        self.field(number).map_or("?", |field| field.name.as_str())
    }

    /// The number of a field, or of an open-ended column, which is added behind the fields; `custom` takes any name.
    pub fn column(&mut self, name: &str, custom: bool) -> Result<u16, Box<Diagnostic>> {
        if let Some(number) = self.number(name) {
            return Ok(number);
        }
        let family = self
            .families
            .iter()
            .find(|family| family.name.is_match(name))
            .map(|family| family.file.clone());
        if family.is_none() && !custom {
            return Err(Box::new(self.unknown_field(name, "fields")));
        }
        if self.fields.len() >= MAX_FIELDS {
            return Err(Box::new(Diagnostic::error(
                "E-PACK-FIELDS",
                format!("more than {MAX_FIELDS} fields"),
            )));
        }
        let number = self.fields.len() as u16;
        let kind = family
            .as_ref()
            .and_then(|family| family.kind)
            .unwrap_or(FieldKind::String);
        self.fields.push(Field {
            name: name.to_string(),
            kind,
            required: Required::Optional,
            row: Row::Variant,
            min_length: 0,
            max_length: family
                .as_ref()
                .and_then(|family| family.max_length)
                .map_or(usize::MAX, |n| n as usize),
            unit: LengthUnit::Characters,
            max_total: usize::MAX,
            too_long: TooLong::Reject,
            min: None,
            max: None,
            pattern: None,
            words: Vec::new(),
            measure: None,
            max_values: if kind == FieldKind::List { usize::MAX } else { 1 },
            separator: None,
            joined: false,
            parts: Vec::new(),
            help: family.map(|family| family.meaning),
            uncertain: Vec::new(),
        });
        self.names.insert(name.to_string(), number);
        Ok(number)
    }

    /// The description of a format by its short name.
    pub fn format(&self, id: &str) -> Option<&FormatFile> {
        self.file.formats.iter().find(|format| format.id == id)
    }

    /// A fault that names a field the pack does not have, with the nearest one it has.
    pub fn unknown_field(&self, name: &str, place: &str) -> Diagnostic {
        let fault = Diagnostic::error(
            "E-PACK-FIELD",
            format!(
                "{place} names the field {name}, which the pack {} does not have",
                self.code
            ),
        );
        match nearest(name, self.names.keys().map(String::as_str)) {
            Some(near) => fault.with_help(format!("did you mean `{near}`?")),
            None => fault.with_help("see the fields of the pack, or say `custom = true` for a column of your own"),
        }
    }
}

/// Compiles a regular expression of a pack, within the program's limits.
pub fn regex(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(MAX_PROGRAM).build()
}

/// A fault that names a pattern which is no regular expression.
pub fn bad_pattern(place: &str, fault: &regex::Error) -> Diagnostic {
    Diagnostic::error(
        "E-PACK-PATTERN",
        format!("{place} holds no regular expression: {fault}"),
    )
    .with_help("see https://docs.rs/regex for what a pattern may hold")
}

fn compile_field(file: &FieldFile, status: Status, faults: &mut Vec<Diagnostic>) -> Field {
    let pattern = match file.pattern.as_deref().map(regex).transpose() {
        Ok(pattern) => pattern,
        Err(fault) => {
            faults.push(bad_pattern(&format!("the field {}", file.name), &fault));
            None
        }
    };
    if file.required == Required::Conditional && file.condition.is_none() {
        let message = format!("the field {} is required in a condition that is not named", file.name);
        faults.push(Diagnostic::error("E-PACK-CONDITION", message).with_help("say it with condition = \"…\""));
    }
    if file.kind == FieldKind::Enum && file.words.is_empty() {
        let message = format!("the field {} is an enum without words", file.name);
        faults.push(Diagnostic::error("E-PACK-ENUM", message).with_help("list them with enum = [\"…\"]"));
    }
    if file.kind == FieldKind::Group && file.parts.is_empty() {
        let message = format!("the field {} is a group without parts", file.name);
        faults.push(Diagnostic::error("E-PACK-PARTS", message).with_help("list them with parts = [{ name = \"…\" }]"));
    }
    let uncertain = match status {
        Status::Uncertain => vec![
            Demand::Required,
            Demand::Type,
            Demand::Length,
            Demand::Range,
            Demand::Pattern,
            Demand::Enum,
            Demand::MaxValues,
            Demand::Syntax,
            Demand::Notes,
        ],
        _ => file.uncertain.clone(),
    };
    Field {
        name: file.name.clone(),
        kind: file.kind,
        required: file.required,
        row: file.row,
        min_length: file.min_length.map_or(0, |n| n as usize),
        max_length: file.max_length.map_or(usize::MAX, |n| n as usize),
        unit: file.length_unit,
        max_total: file.max_total_length.map_or(usize::MAX, |n| n as usize),
        too_long: file.too_long,
        min: file.min_value,
        max: file.max_value,
        pattern,
        words: file.words.clone(),
        measure: file.measure.clone(),
        max_values: (file.max_values as usize).max(1),
        separator: file.separator.clone(),
        joined: file.joined,
        parts: file.parts.clone(),
        help: file
            .condition
            .clone()
            .map(|condition| format!("needed: {condition}"))
            .or_else(|| file.notes.clone()),
        uncertain,
    }
}

/// `Price / {market}` as a regular expression: the parts in braces stand for any text.
fn family_pattern(pattern: &str) -> String {
    let mut out = String::from("^");
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(&regex::escape(before));
        match after.split_once('}') {
            Some((_, behind)) => {
                out.push_str("(.+)");
                rest = behind;
            }
            None => {
                out.push_str(&regex::escape("{"));
                rest = after;
            }
        }
    }
    out.push_str(&regex::escape(rest));
    out.push('$');
    out
}
