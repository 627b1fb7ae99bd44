//! What all texts of a product say together: one value an attribute, or a suggestion where they are torn.
//!
//! What a single text says is left to `read`.

use crate::enrich::specs::found::{Found, Joined, What, sure};
use crate::enrich::specs::lexicon::Lexicon;
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::value::measurement::Measurement;
use crate::value::{Kind, Value};
use rust_decimal::Decimal;

/// Findings less sure than the best by this much do not cast doubt on it.
const CLEAR: u8 = 8;
/// Measures that differ by less than this share are one measure, written in two units or rounded.
const NEAR: Decimal = Decimal::from_parts(3, 0, 0, false, 2);

/// Decimals of a measure that does not convert exactly.
const MOST_DECIMALS: u32 = 6;

/// Different values of one attribute that are weighed: texts that say more of them say nothing for certain, and each finding
/// is compared with all.
const MOST_CLAIMS: usize = 64;

/// A value that the texts say.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    pub attribute: AttributeId,
    pub value: Value,
    /// Percent.
    pub confidence: u8,
    /// Where it is said: position of the text, and bytes in it.
    pub text: u16,
    pub start: u32,
    pub end: u32,
}

/// One value with all that speak for it.
struct Claim {
    found: Found,
    score: u8,
    texts: u64,
    /// Mentions in a text that has it already.
    times: u8,
    /// Byte of the first mention in its text.
    first: u32,
}

/// The outcomes of a product's findings, in order of attribute. `texts` are its texts; `threshold` is in percent. With
/// `suggestions`, outcomes below the threshold are given too.
pub fn decide(
    found: &mut [Found],
    texts: &[&str],
    schema: &Schema,
    lexicon: &Lexicon,
    (threshold, suggestions): (u8, bool),
    outcomes: &mut Vec<Outcome>,
) {
    found.sort_by_key(|found| (found.attribute, found.text, found.start));
    let mut claims: Vec<Claim> = Vec::new();
    for group in found.chunk_by(|a, b| a.attribute == b.attribute) {
        let attribute = group[0].attribute;
        claims.clear();
        for found in group {
            let bit = 1u64 << found.text.min(63);
            let room = claims.len() < MOST_CLAIMS;
            match claims.iter_mut().find(|claim| same(&claim.found, found, texts)) {
                Some(claim) => {
                    claim.times = claim.times.saturating_add(u8::from(claim.texts & bit != 0));
                    claim.texts |= bit;
                    claim.found.joined = claim.found.joined.max(found.joined);
                    if found.confidence > claim.found.confidence {
                        let joined = claim.found.joined;
                        claim.found = Found { joined, ..*found };
                    }
                }
                None if room => claims.push(Claim {
                    found: *found,
                    score: 0,
                    texts: bit,
                    times: 0,
                    first: found.start,
                }),
                None => {}
            }
        }
        for claim in &mut claims {
            let again = (claim.texts.count_ones() - 1).min(4) as u8 * sure::AGAIN;
            claim.score = (claim.found.confidence + again + claim.times.min(2)).min(sure::MOST);
        }
        // What is named comes first; equals keep the order of the texts, the title first.
        claims.sort_by_key(|claim| std::cmp::Reverse((claim.found.named, claim.score)));
        let known = schema.attribute(attribute);
        if known.kind == Kind::Options {
            let (least, named) = (threshold.min(claims[0].score), claims[0].found.named);
            let beside = |claim: &&Claim| claim.score >= least && claim.found.named == named;
            let together: Vec<&Claim> = claims.iter().filter(beside).collect();
            let score = together.iter().map(|claim| claim.score).min().unwrap_or(0);
            if score >= threshold || suggestions {
                let mut codes: Vec<String> = Vec::with_capacity(together.len());
                codes.extend(together.iter().filter_map(|claim| option(claim.found.what, schema)));
                push(attribute, Value::Options(codes), score, &together[0].found, outcomes);
            }
            continue;
        }
        let options = matches!(claims[0].found.what, What::Option(..));
        let rival = claims.get(1).filter(|second| is_near(second, &claims[0]));
        let chosen = match rival {
            None => Some((&claims[0], 0)),
            Some(_) if !options => None,
            Some(_) => most_exact(&claims, lexicon)
                .or_else(|| foremost(&claims).filter(|_| known.specs.audience))
                .map(|chosen| (chosen, sure::FIRST)),
        };
        let (best, doubt) = chosen.unwrap_or((&claims[0], sure::TORN));
        let confidence = best.score.saturating_sub(doubt);
        if confidence < threshold && !suggestions {
            continue;
        }
        if let Some(value) = value(&best.found, schema, texts) {
            push(attribute, value, confidence, &best.found, outcomes);
        }
    }
}

/// Whom or what a thing is for is often said of several (`Running Shorts Men Yoga`): the one that is said first, unless
/// another is said most often and stands beside the family's name. None where the signs point apart, or where several are
/// meant (`men and women`).
fn foremost(claims: &[Claim]) -> Option<&Claim> {
    let near: Vec<&Claim> = claims.iter().filter(|claim| is_near(claim, &claims[0])).collect();
    let first = near.iter().min_by_key(|claim| (claim.found.text, claim.first))?;
    let joined = near.iter().map(|claim| claim.found.joined).max()?;
    let most = alone(&near, |claim| claim.times);
    let head = alone(&near, |claim| claim.found.confidence);
    let is_first = |other: Option<&Claim>| other.is_none_or(|other| std::ptr::eq(other, *first));
    match (most, head) {
        (Some(most), Some(head)) if std::ptr::eq(most, head) => Some(most),
        (None, Some(head)) if joined == Joined::Apart => Some(head),
        _ if !is_first(most) || !is_first(head) => None,
        (None, None) if joined == Joined::Linked || (joined == Joined::Row && near.len() > 2) => None,
        _ => Some(first),
    }
}

/// The one of whose words all others are part: `extra soft` among `soft`, `unisex` (`men and women`) among `men`, `women`.
fn most_exact<'a>(claims: &'a [Claim], lexicon: &Lexicon) -> Option<&'a Claim> {
    let near = || claims.iter().filter(|claim| is_near(claim, &claims[0]));
    let within = |one: &Claim, other: &Claim| match (one.found.what, other.found.what) {
        (What::Option(list, one), What::Option(_, other)) => one == other || lexicon.is_within(list, one, other),
        _ => false,
    };
    near().find(|other| near().all(|one| within(one, other)))
}

/// It casts doubt on the best.
fn is_near(claim: &Claim, best: &Claim) -> bool {
    claim.found.named == best.found.named && claim.score + CLEAR >= best.score
}

/// The one that passes all others.
fn alone<'a>(claims: &[&'a Claim], rank: fn(&Claim) -> u8) -> Option<&'a Claim> {
    let most = claims.iter().map(|claim| rank(claim)).max()?;
    let mut of = claims.iter().filter(|claim| rank(claim) == most);
    of.next().filter(|_| of.next().is_none()).copied()
}

fn push(attribute: AttributeId, value: Value, confidence: u8, found: &Found, outcomes: &mut Vec<Outcome>) {
    if !value.is_empty() {
        outcomes.push(Outcome {
            attribute,
            value,
            confidence,
            text: found.text,
            start: found.start,
            end: found.end,
        });
    }
}

/// Two findings say the same.
fn same(a: &Found, b: &Found, texts: &[&str]) -> bool {
    match (a.what, b.what) {
        (What::Measure(a), What::Measure(b)) => near(a, b),
        (What::Text(..), What::Text(..)) => match (slice(a, texts), slice(b, texts)) {
            (Some(a), Some(b)) => a.eq_ignore_ascii_case(b),
            _ => false,
        },
        (a, b) => a == b,
    }
}

/// True for measures that differ by no more than rounding.
pub fn near(a: Decimal, b: Decimal) -> bool {
    let most = a.abs().max(b.abs());
    a == b || most.checked_mul(NEAR).is_some_and(|most| (a - b).abs() <= most)
}

fn slice<'a>(found: &Found, texts: &[&'a str]) -> Option<&'a str> {
    match found.what {
        What::Text(start, end) => texts.get(usize::from(found.text))?.get(start as usize..end as usize),
        _ => None,
    }
}

fn option(what: What, schema: &Schema) -> Option<String> {
    match what {
        What::Option(list, option) => schema
            .list(list)
            .options
            .get(option as usize)
            .map(|option| option.code.to_string()),
        _ => None,
    }
}

/// The value in its attribute's form; none where it passes the attribute's limits.
fn value(found: &Found, schema: &Schema, texts: &[&str]) -> Option<Value> {
    let attribute = schema.attribute(found.attribute);
    let value = match found.what {
        What::Measure(amount) => Value::Measure(Measurement {
            // Twenty minutes are a third of an hour, which no decimal says exactly.
            amount: attribute.rounded(amount).round_dp(MOST_DECIMALS).normalize(),
            unit: attribute.unit.clone()?,
        }),
        What::Integer(number) => Value::Integer(number),
        What::Decimal(number) => Value::Decimal(attribute.rounded(number).normalize()),
        What::Boolean(truth) => Value::Boolean(truth),
        What::Option(..) => Value::Option(option(found.what, schema)?),
        What::Text(..) => {
            let text = slice(found, texts)?.trim();
            match attribute.kind {
                Kind::Identifier => Value::Identifier(text.to_owned()),
                _ => Value::Text(text.to_owned()),
            }
        }
    };
    attribute.check_limits(&value).is_ok().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schema::load::load_texts;

    /// Compared with each other, these would take minutes.
    #[test]
    fn a_text_of_nothing_but_values_costs_its_length() {
        let schema = "[attributes]\ndoors = { kind = \"integer\" }\n";
        let schema = load_texts(&[("schema.toml", schema)], &["es".to_owned()], &[]).unwrap();
        let attribute = schema.by_code("doors").unwrap();
        let finding = |n: u32| Found {
            attribute,
            what: What::Integer(i64::from(n)),
            confidence: sure::NAMED,
            text: 0,
            start: n,
            end: n,
            named: false,
            joined: Joined::Apart,
        };
        let mut found: Vec<Found> = (0..400_000).map(finding).collect();
        let mut outcomes = Vec::new();
        decide(
            &mut found,
            &[""],
            &schema,
            &Lexicon::default(),
            (80, true),
            &mut outcomes,
        );
        let said: Vec<(&Value, u8)> = outcomes.iter().map(|own| (&own.value, own.confidence)).collect();
        assert_eq!(said, [(&Value::Integer(0), sure::NAMED - sure::TORN)]);
    }
}
