//! One attribute: what its values are, what they are called, and the limits they keep.
//!
//! Which source wins is named here and decided in `merge`; who has the attribute is left to `family`.

use crate::diagnostic::excerpt;
use crate::schema::file::AttributeFile;
use crate::schema::labels::Labels;
use crate::schema::option_list::{OptionsId, OptionsIds};
use crate::schema::policy::{Policy, Role};
use crate::schema::report::Report;
use crate::schema::specs::SpecsHints;
use crate::value::mismatch::Mismatch;
use crate::value::unit::Units;
use crate::value::{Kind, Value};
use rust_decimal::Decimal;

/// Most attributes of a schema.
pub const MOST_ATTRIBUTES: usize = 4_000;
/// A pattern may compile to this many bytes.
const PATTERN_BYTES: usize = 1024 * 1024;

/// An attribute's position among all, sorted by code: order by id is order by code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AttributeId(pub u16);

/// A checked attribute.
#[derive(Debug, Clone)]
pub struct Attribute {
    pub code: Box<str>,
    pub kind: Kind,
    pub labels: Labels,
    /// It has a value per locale.
    pub localizable: bool,
    /// It has a value per channel.
    pub scopable: bool,
    /// Its texts are looked through for words.
    pub searchable: bool,
    pub group: Option<Box<str>>,
    pub limits: Limits,
    /// What `rounded` rounds to.
    pub decimals: Option<u32>,
    /// Code of the unit that a measure is kept in; every measure attribute has one.
    pub unit: Option<Box<str>>,
    /// The dimension of that unit.
    pub dimension: Option<Box<str>>,
    /// The list of an option or of options; both kinds have one.
    pub options: Option<OptionsId>,
    /// Unknown options are kept.
    pub open: bool,
    pub policy: Policy,
    pub role: Role,
    /// Only people say it, and the suppliers that own it.
    pub locked: bool,
    /// How its values are read out of texts; `shape` is known to compile.
    pub specs: SpecsHints,
}

/// What values may not pass.
#[derive(Debug, Clone, Default)]
pub struct Limits {
    /// Most characters.
    pub max_length: Option<usize>,
    /// Least number, in the attribute's unit.
    pub min: Option<Decimal>,
    /// Greatest number, in the attribute's unit.
    pub max: Option<Decimal>,
    pub pattern: Option<regex::Regex>,
}

impl Attribute {
    /// Whether a value of the attribute's kind keeps its limits. Measures are taken in the unit they have, so convert first.
    ///
    /// Codes: `E-TOO-LONG`, `E-TOO-SMALL`, `E-TOO-LARGE`, `E-PATTERN`.
    pub fn check_limits(&self, value: &Value) -> Result<(), Mismatch> {
        match value {
            Value::Text(text) | Value::RichText(text) | Value::Identifier(text) | Value::Url(text) => {
                self.check_text(text)
            }
            Value::Integer(number) => self.check_number(Decimal::from(*number)),
            Value::Decimal(number) => self.check_number(*number),
            Value::Measure(measure) => self.check_number(measure.amount),
            Value::Money(price) => self.check_number(price.amount),
            Value::Boolean(_)
            | Value::Date(_)
            | Value::DateTime(_)
            | Value::Option(_)
            | Value::Options(_)
            | Value::Gtin(_)
            | Value::Media(_)
            | Value::Reference(_)
            | Value::Table(_) => Ok(()),
        }
    }

    fn check_text(&self, text: &str) -> Result<(), Mismatch> {
        // A character has at least one byte, so that most texts need no counting.
        if let Some(most) = self.limits.max_length
            && text.len() > most
        {
            let length = text.chars().count();
            if length > most {
                let message = format!("has {length} characters, `{}` allows {most}", self.code);
                return Err(Mismatch::new("E-TOO-LONG", message)
                    .with_help("shorten it where it is written, or raise `max_length`"));
            }
        }
        match &self.limits.pattern {
            Some(pattern) if !pattern.is_match(text) => {
                let message = format!("does not match the pattern of `{}`", self.code);
                Err(Mismatch::new("E-PATTERN", message).with_help(format!("it must match `{pattern}`")))
            }
            _ => Ok(()),
        }
    }

    fn check_number(&self, number: Decimal) -> Result<(), Mismatch> {
        let unit = self.unit.as_ref().map(|unit| format!(" {unit}")).unwrap_or_default();
        if let Some(least) = self.limits.min.filter(|least| number < *least) {
            let message = format!("is less than {least}{unit}, the least that `{}` allows", self.code);
            return Err(Mismatch::new("E-TOO-SMALL", message).with_help("check number format and unit, or lower `min`"));
        }
        if let Some(most) = self.limits.max.filter(|most| number > *most) {
            let message = format!("is more than {most}{unit}, the most that `{}` allows", self.code);
            return Err(Mismatch::new("E-TOO-LARGE", message).with_help("check number format and unit, or raise `max`"));
        }
        Ok(())
    }

    /// A number with the attribute's decimals: half away from zero, as prices are rounded.
    pub fn rounded(&self, number: Decimal) -> Decimal {
        match self.decimals {
            Some(decimals) if number.scale() > decimals => {
                number.round_dp_with_strategy(decimals, rust_decimal::RoundingStrategy::MidpointAwayFromZero)
            }
            _ => number,
        }
    }

    /// The checked form of what was written. Faults: `E-KEY-OF-OTHER-KIND`, `E-MISSING-KEY`, `E-UNKNOWN-UNIT`, `E-UNKNOWN-LIST`,
    /// `E-BAD-NUMBER`, `E-BAD-LIMITS`, `E-BAD-PATTERN`, `E-POLICY-KIND`, `E-BAD-LOCALE`.
    pub fn checked(
        written: &AttributeFile,
        lists: &OptionsIds,
        units: &Units,
        default_locale: &str,
        report: &mut Report<'_>,
    ) -> Attribute {
        let kind = written.kind;
        let code = report.path[1];
        check_keys(written, report);
        let limit = |name: &str, text: &Option<String>, report: &mut Report<'_>| {
            let text = text.as_deref()?;
            let number = Decimal::from_str_exact(text.trim()).ok();
            if number.is_none_or(|number| kind == Kind::Integer && !number.is_integer()) {
                let message = format!("`{name}` is `{}`, which is no {}", excerpt(text), kind_of_number(kind));
                let help = if kind == Kind::Integer {
                    "write digits: \"5\""
                } else {
                    "write digits with a decimal point: \"0.5\""
                };
                report.fault(&[name], "E-BAD-NUMBER", message, help);
            }
            number
        };
        let min = limit("min", &written.min, report);
        let max = limit("max", &written.max, report);
        if let (Some(min), Some(max)) = (min, max)
            && min > max
        {
            report.fault(
                &["max"],
                "E-BAD-LIMITS",
                format!("`max` {max} is less than `min` {min}"),
                "exchange them",
            );
        }
        let pattern = written.pattern.as_deref().and_then(|pattern| {
            let compiled = regex::RegexBuilder::new(pattern).size_limit(PATTERN_BYTES).build();
            compiled
                .map_err(|error| report.fault(&["pattern"], "E-BAD-PATTERN", bad_pattern(&error), PATTERN_HELP))
                .ok()
        });
        if let Some(shape) = &written.specs.shape
            && let Err(error) = regex::RegexBuilder::new(shape).size_limit(PATTERN_BYTES).build()
        {
            report.fault(&["specs", "shape"], "E-BAD-PATTERN", bad_pattern(&error), PATTERN_HELP);
        }
        let options = written.options.as_deref().and_then(|list| {
            let found = lists.get(list).copied();
            if found.is_none() {
                let known = lists.keys().map(String::as_str);
                report.unknown(&["options"], "E-UNKNOWN-LIST", "option list", list, known);
            }
            found
        });
        let unit = written
            .unit
            .as_deref()
            .filter(|_| kind == Kind::Measure)
            .and_then(|unit| {
                let found = units.find(unit);
                if found.is_none() && report.complete {
                    let help = match units.nearest(unit) {
                        Some(code) => format!("did you mean `{code}`?"),
                        None => "declare it as [units.…], with its dimension and factor".to_string(),
                    };
                    report.fault(
                        &["unit"],
                        "E-UNKNOWN-UNIT",
                        format!("unknown unit `{}`", excerpt(unit)),
                        help,
                    );
                }
                found
            });
        Attribute {
            code: code.into(),
            kind,
            labels: Labels::checked(&written.labels, default_locale, report),
            localizable: written.localizable,
            scopable: written.scopable,
            searchable: written.searchable.unwrap_or(true),
            group: written.group.as_deref().map(Box::from),
            limits: Limits {
                max_length: written.max_length.map(|most| most as usize),
                min,
                max,
                pattern,
            },
            decimals: written.decimals.map(u32::from),
            unit: unit.map(|unit| unit.code.clone()),
            dimension: unit.map(|unit| unit.dimension.clone()),
            options,
            open: written.open,
            policy: written.policy,
            role: written.role,
            locked: written.locked,
            specs: written.specs.clone(),
        }
    }
}

const PATTERN_HELP: &str = "see https://docs.rs/regex for what a pattern may hold (no look-around, no back-references)";

/// The last line of what the compiler says; those above draw an arrow.
fn bad_pattern(error: &regex::Error) -> String {
    let text = error.to_string();
    let reason = text.lines().last().unwrap_or_default().trim_start_matches("error: ");
    format!("`pattern` is no regular expression: {reason}")
}

fn kind_of_number(kind: Kind) -> &'static str {
    if kind == Kind::Integer {
        "whole number"
    } else {
        "number"
    }
}

/// Keys that only some kinds have, and keys that some kinds need.
fn check_keys(written: &AttributeFile, report: &mut Report<'_>) {
    use Kind::*;
    let kind = written.kind;
    let numbers: &[Kind] = &[Integer, Decimal, Measure, Money];
    let lists: &[Kind] = &[Option, Options];
    let keys: [(&str, bool, &[Kind]); 9] = [
        ("searchable", written.searchable.is_some(), &[Text, RichText]),
        (
            "max_length",
            written.max_length.is_some(),
            &[Text, RichText, Identifier, Url],
        ),
        ("min", written.min.is_some(), numbers),
        ("max", written.max.is_some(), numbers),
        ("pattern", written.pattern.is_some(), &[Text, Identifier, Url]),
        ("unit", written.unit.is_some(), &[Measure]),
        ("decimals", written.decimals.is_some(), &[Decimal, Measure, Money]),
        ("options", written.options.is_some(), lists),
        ("open", written.open, lists),
    ];
    for (key, said, kinds) in keys {
        if said && !kinds.contains(&kind) {
            let message = format!("`{key}` is not for attributes of kind {}", kind);
            report.fault_of_key(
                &[key],
                "E-KEY-OF-OTHER-KIND",
                message,
                format!("it is for {}", names(kinds)),
            );
        }
    }
    let missing = match kind {
        Measure if written.unit.is_none() => Some(("unit", "name the unit that its values are kept in: unit = \"kg\"")),
        Option | Options if written.options.is_none() => {
            Some(("options", "name the list that its values are of: options = \"colors\""))
        }
        _ => None,
    };
    if let Some((key, help)) = missing {
        let message = format!("missing key `{key}`, which attributes of kind {} need", kind);
        report.fault(&[], "E-MISSING-KEY", message, help);
    }
    check_policy(&["policy"], written.policy, kind, report);
}

/// Whether a policy can judge values of a kind. Fault: `E-POLICY-KIND`.
pub fn check_policy(path: &[&str], policy: Policy, kind: Kind, report: &mut Report<'_>) {
    if !policy.is_for(kind) {
        let message = format!("this policy is not for attributes of kind {kind}");
        report.fault(
            path,
            "E-POLICY-KIND",
            message,
            format!("it is for {}", policy.kinds_text()),
        );
    }
}

fn names(kinds: &[Kind]) -> String {
    kinds.iter().map(|kind| kind.name()).collect::<Vec<_>>().join(", ")
}
