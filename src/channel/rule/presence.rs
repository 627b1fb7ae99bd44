//! Which fields are filled, alone, together, and in a situation.

use crate::channel::pack::check::{Check, When};
use crate::channel::rule::compiler::{Compiler, ELSEWHERE, Skip};
use crate::channel::rule::fault::Fault;
use crate::channel::rule::finding::{Sink, content, each, filled, first};
use crate::product::listing::Listing;
use regex::Regex;
use serde_json::value::RawValue;
use std::collections::BTreeMap;

/// The 27 states of the European Union and Iceland, Liechtenstein and Norway (Regulation (EU) 2023/988 has EEA relevance).
const EEA: [&str; 30] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IS", "IT", "LI", "LT",
    "LU", "LV", "MT", "NL", "NO", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// A rule about which fields are filled.
#[derive(Debug, Clone)]
pub enum PresenceTest {
    /// Every one.
    Required(Vec<u16>),
    /// At least so many.
    AtLeast(Vec<u16>, usize),
    /// One in a situation.
    RequiredIf(u16, Situation),
    /// None in a situation.
    ForbiddenIf(u16, Situation),
    /// The others beside this one.
    Requires(u16, Vec<u16>),
    /// All or none.
    AllOrNone(Vec<u16>),
    /// At most one.
    NotTogether(Vec<u16>),
    /// At least one of some columns.
    Family(Vec<u16>),
    /// The maker, and the responsible person of a foreign maker.
    Gpsr {
        maker: u16,
        person: Vec<u16>,
        country: Option<u16>,
    },
    /// The properties of a structured value.
    Json(u16, Vec<String>),
}

/// A field that holds one of some words, or matches.
#[derive(Debug, Clone)]
pub struct Situation {
    field: u16,
    words: Vec<String>,
    matches: Option<Regex>,
}

impl Situation {
    fn compile(when: &When, compiler: &mut Compiler<'_>) -> Situation {
        if when.words.is_empty() && when.matches.is_none() {
            compiler.fault(
                "has a situation without words".to_string(),
                "say `in = [\"…\"]` or `matches = \"…\"`",
            );
        }
        let matches = when.matches.as_deref().and_then(|pattern| compiler.regex(pattern));
        Situation {
            field: compiler.field(&when.field),
            words: when.words.clone(),
            matches,
        }
    }

    fn holds(&self, listing: &Listing) -> bool {
        let mut holds = false;
        each(content(listing, self.field), |text| {
            holds |=
                self.words.iter().any(|word| word == text) || self.matches.as_ref().is_some_and(|m| m.is_match(text));
        });
        holds
    }
}

impl PresenceTest {
    /// Compiles a check of this topic.
    pub fn compile(check: &Check, compiler: &mut Compiler<'_>) -> Result<PresenceTest, Skip> {
        Ok(match check {
            Check::Required { fields } => PresenceTest::Required(compiler.fields(fields)),
            Check::OneOfRequired { fields } => PresenceTest::AtLeast(compiler.fields(fields), 1),
            Check::MinPresent { fields, value } => PresenceTest::AtLeast(compiler.fields(fields), *value as usize),
            Check::RequiredIf { field, when } => {
                PresenceTest::RequiredIf(compiler.field(field), Situation::compile(when, compiler))
            }
            Check::ForbiddenIf {
                field,
                when: Some(when),
            } => PresenceTest::ForbiddenIf(compiler.field(field), Situation::compile(when, compiler)),
            Check::ForbiddenIf { when: None, .. } => {
                return Err(Skip::Unchecked("its text says when, a person checks it"));
            }
            Check::Requires { field, fields } => PresenceTest::Requires(compiler.field(field), compiler.fields(fields)),
            Check::AllOrNone { fields } => PresenceTest::AllOrNone(compiler.fields(fields)),
            Check::NotTogether { fields } => PresenceTest::NotTogether(compiler.fields(fields)),
            Check::FamilyRequired { pattern } => {
                let parts: Vec<String> = pattern.split('*').map(regex::escape).collect();
                let regex = compiler.regex(&format!("^{}$", parts.join(".*")));
                let columns = compiler.pack().fields.iter().enumerate();
                PresenceTest::Family(
                    columns
                        .filter(|(_, field)| regex.as_ref().is_some_and(|regex| regex.is_match(&field.name)))
                        .map(|(number, _)| number as u16)
                        .collect(),
                )
            }
            Check::GpsrComplete { fields, country } => {
                let Some((maker, person)) = fields.split_first() else {
                    compiler.fault("names no fields".to_string(), "name the maker's field first");
                    return Err(ELSEWHERE);
                };
                PresenceTest::Gpsr {
                    maker: compiler.field(maker),
                    person: compiler.fields(person),
                    country: country.as_deref().map(|name| compiler.field(name)),
                }
            }
            Check::JsonRequired { field, value } => PresenceTest::Json(compiler.field(field), value.clone()),
            _ => return Err(ELSEWHERE),
        })
    }

    /// Runs the rule on a listing.
    pub fn run(&self, listing: &Listing, sink: &mut Sink<'_>) {
        match self {
            PresenceTest::Required(fields) => {
                for field in fields.iter().filter(|field| !filled(listing, **field)) {
                    sink.found(Fault::Missing, Some(*field), None);
                }
            }
            PresenceTest::AtLeast(fields, least) => {
                if fields.iter().filter(|field| filled(listing, **field)).count() < *least {
                    let fault = if *least == 1 {
                        Fault::NoneFilled
                    } else {
                        Fault::TooFewFilled
                    };
                    sink.found(fault, fields.first().copied(), None);
                }
            }
            PresenceTest::RequiredIf(field, when) => {
                if !filled(listing, *field) && when.holds(listing) {
                    sink.found(Fault::Missing, Some(*field), Some(first(listing, when.field)));
                }
            }
            PresenceTest::ForbiddenIf(field, when) => {
                if filled(listing, *field) && when.holds(listing) {
                    sink.found(Fault::Forbidden, Some(*field), Some(first(listing, *field)));
                }
            }
            PresenceTest::Requires(field, others) => {
                if filled(listing, *field) {
                    for other in others.iter().filter(|other| !filled(listing, **other)) {
                        sink.found(Fault::NeedsOther, Some(*other), Some(first(listing, *field)));
                    }
                }
            }
            PresenceTest::AllOrNone(fields) => {
                if fields.iter().any(|field| filled(listing, *field)) {
                    for field in fields.iter().filter(|field| !filled(listing, **field)) {
                        sink.found(Fault::NotAllFilled, Some(*field), None);
                    }
                }
            }
            PresenceTest::NotTogether(fields) => {
                let mut present = fields.iter().filter(|field| filled(listing, **field));
                if let (Some(_), Some(second)) = (present.next(), present.next()) {
                    sink.found(Fault::FilledTogether, Some(*second), Some(first(listing, *second)));
                }
            }
            PresenceTest::Family(columns) => {
                if !columns.iter().any(|column| filled(listing, *column)) {
                    sink.found(Fault::NoColumnFilled, None, None);
                }
            }
            PresenceTest::Gpsr { maker, person, country } => {
                if !filled(listing, *maker) {
                    sink.found(Fault::Missing, Some(*maker), None);
                }
                let country = country.map_or("", |country| first(listing, country));
                if !country.is_empty() && !EEA.contains(&country) {
                    for field in person.iter().filter(|field| !filled(listing, **field)) {
                        sink.found(Fault::PersonMissing, Some(*field), Some(country));
                    }
                }
            }
            PresenceTest::Json(field, properties) => each(content(listing, *field), |text| {
                if let Err(missing) = has_properties(text, properties) {
                    sink.found(Fault::PropertyMissing, Some(*field), Some(missing));
                }
            }),
        }
    }
}

/// Has an object, or each object of a list, the properties. What is no object lacks the first of them.
fn has_properties<'a>(text: &str, properties: &'a [String]) -> Result<(), &'a str> {
    let lacks = |object: &BTreeMap<String, &RawValue>| properties.iter().find(|name| !object.contains_key(*name));
    let missing = match serde_json::from_str::<BTreeMap<String, &RawValue>>(text) {
        Ok(object) => lacks(&object),
        Err(_) => match serde_json::from_str::<Vec<BTreeMap<String, &RawValue>>>(text) {
            Ok(objects) => objects.iter().find_map(lacks),
            Err(_) => properties.first(),
        },
    };
    missing.map_or(Ok(()), |name| Err(name.as_str()))
}
