//! Whether rules get in each other's way: circles of what they read and say, and values that a later rule says over an earlier.
//!
//! Their order is fixed, so that nothing here is undecided; but a rule that reads what one further down says sees the value before
//! it, which is hardly meant, and no order can please two that read each other.

use crate::diagnostic::Diagnostic;
use crate::enrich::rules::Rule;
use crate::enrich::rules::condition::Test;
use crate::schema::Schema;
use crate::schema::scope::Key;
use crate::value::Kind;
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// Most findings that are told.
const MOST_TOLD: usize = 200;
/// Most pairs of rules whose conditions are compared: thousands of rules may say one value.
const MOST_PAIRS: usize = 200_000;

/// What a rule reads and says.
struct Sides {
    /// Locale 0 and channel 0 stand for all.
    reads: Vec<Key>,
    says: BTreeSet<Key>,
}

/// The circles, and what a person should look at.
pub fn check(rules: &[Rule], schema: &Schema) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    let sides: Vec<Sides> = rules.iter().map(|rule| of(rule, schema)).collect();
    // Who says a value of an attribute, in order.
    let mut sayers: BTreeMap<u16, Vec<usize>> = BTreeMap::new();
    for (n, side) in sides.iter().enumerate() {
        for key in &side.says {
            let known = sayers.entry(key.attribute.0).or_default();
            if known.last() != Some(&n) {
                known.push(n);
            }
        }
    }
    // The rules whose word each rule reads, with the value that it reads.
    let mut heeds: Vec<BTreeMap<usize, Key>> = vec![BTreeMap::new(); rules.len()];
    for (n, side) in sides.iter().enumerate() {
        for read in &side.reads {
            for other in sayers.get(&read.attribute.0).into_iter().flatten() {
                let said = sides[*other].says.iter().find(|said| overlap(**said, *read));
                // Who says the value itself only adds to what was said before: `price = price * 2`, `missing:color`.
                if let Some(said) = said.filter(|said| *other != n && !side.says.contains(*said)) {
                    heeds[n].entry(*other).or_insert(*said);
                }
            }
        }
    }
    let cycles = cycles(rules, &heeds, schema);
    let mut remarks = Vec::new();
    if cycles.is_empty() {
        late(rules, &heeds, schema, &mut remarks);
        overwritten(rules, &sides, &sayers, schema, &mut remarks);
    }
    (cycles, remarks)
}

fn of(rule: &Rule, schema: &Schema) -> Sides {
    let mut reads: Vec<Key> = rule.actions.iter().flat_map(|action| action.reads()).collect();
    let mut asked = Vec::new();
    if let Some(when) = &rule.when {
        when.reads(schema, &mut asked);
    }
    if rule.families.is_some() {
        let known = schema.known();
        asked.extend([known.family, known.category].into_iter().flatten().map(|id| (id, 0)));
    }
    reads.extend(asked.into_iter().map(|(id, locale)| Key { locale, ..Key::of(id) }));
    Sides {
        reads,
        says: rule.actions.iter().map(|action| action.to).collect(),
    }
}

fn overlap(one: Key, other: Key) -> bool {
    let meets = |a: u8, b: u8| a == 0 || b == 0 || a == b;
    one.attribute == other.attribute && meets(one.locale, other.locale) && meets(one.channel, other.channel)
}

/// One fault for each knot of rules, at its first rule.
fn cycles(rules: &[Rule], heeds: &[BTreeMap<usize, Key>], schema: &Schema) -> Vec<Diagnostic> {
    let open = unsettled(heeds);
    let mut told: BTreeSet<usize> = BTreeSet::new();
    let mut faults = Vec::new();
    for start in 0..rules.len() {
        if told.contains(&start) || !open[start] {
            continue;
        }
        let Some(chain) = way_back(start, heeds, &open) else {
            continue;
        };
        told.extend(&chain);
        let steps: Vec<String> = chain
            .iter()
            .zip(chain.iter().cycle().skip(1))
            .filter_map(|(one, next)| {
                let key = heeds[*one].get(next)?;
                Some(format!(
                    "`{}` reads {} of `{}`",
                    rules[*one].id,
                    schema.key_text(*key),
                    rules[*next].id
                ))
            })
            .collect();
        faults.push(
            Diagnostic::error(
                "E-RULE-CYCLE",
                format!("rules read each other in a circle: {}", steps.join(", ")),
            )
            .at(rules[start].place.clone())
            .with_help("let one of them read a value that no rule says, or say all of it in one rule"),
        );
        if faults.len() == MOST_TOLD {
            break;
        }
    }
    faults
}

/// The rules that stand in a circle or before one: those are left when whoever heeds only settled ones is settled.
fn unsettled(heeds: &[BTreeMap<usize, Key>]) -> Vec<bool> {
    let mut heeded_by: Vec<Vec<usize>> = vec![Vec::new(); heeds.len()];
    let mut waits: Vec<usize> = heeds.iter().map(BTreeMap::len).collect();
    for (n, heeded) in heeds.iter().enumerate() {
        heeded.keys().for_each(|other| heeded_by[*other].push(n));
    }
    let mut open = vec![true; heeds.len()];
    let mut settled: Vec<usize> = (0..heeds.len()).filter(|n| waits[*n] == 0).collect();
    while let Some(n) = settled.pop() {
        open[n] = false;
        for other in &heeded_by[n] {
            waits[*other] -= 1;
            if waits[*other] == 0 {
                settled.push(*other);
            }
        }
    }
    open
}

/// The shortest way from a rule back to itself.
fn way_back(start: usize, heeds: &[BTreeMap<usize, Key>], open: &[bool]) -> Option<Vec<usize>> {
    let mut from: BTreeMap<usize, usize> = BTreeMap::new();
    let mut queue = VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for next in heeds[at].keys().filter(|next| open[**next]) {
            if *next == start {
                let mut chain = vec![at];
                while let Some(before) = chain
                    .last()
                    .filter(|last| **last != start)
                    .and_then(|last| from.get(last))
                {
                    chain.push(*before);
                }
                chain.reverse();
                return Some(chain);
            }
            if !from.contains_key(next) {
                from.insert(*next, at);
                queue.push_back(*next);
            }
        }
    }
    None
}

/// Rules that read what one further down says.
fn late(rules: &[Rule], heeds: &[BTreeMap<usize, Key>], schema: &Schema, remarks: &mut Vec<Diagnostic>) {
    for (n, heeded) in heeds.iter().enumerate() {
        let Some((other, key)) = heeded.iter().find(|(other, _)| **other > n) else {
            continue;
        };
        if remarks.len() >= MOST_TOLD {
            return;
        }
        let (rule, other) = (&rules[n], &rules[*other]);
        let message = format!(
            "`{}` reads {}, which `{}` says further down ({}): it sees what was before",
            rule.id,
            schema.key_text(*key),
            other.id,
            other.place
        );
        let help = "exchange them; files work in the order of their names";
        remarks.push(
            Diagnostic::warning("W-RULE-LATE", message)
                .at(rule.place.clone())
                .with_help(help),
        );
    }
}

/// Values that a later rule says whatever an earlier one said.
fn overwritten(
    rules: &[Rule],
    sides: &[Sides],
    sayers: &BTreeMap<u16, Vec<usize>>,
    schema: &Schema,
    remarks: &mut Vec<Diagnostic>,
) {
    let required = rules
        .iter()
        .map(|rule| rule.when.as_ref().map(Test::required).unwrap_or_default());
    let required: Vec<Vec<&Test>> = required.collect();
    let mut pairs = 0;
    for (later, side) in sides.iter().enumerate() {
        for key in &side.says {
            // What it reads itself it heeds: the earlier word is not lost.
            if side.reads.iter().any(|read| overlap(*read, *key)) {
                continue;
            }
            let before = sayers.get(&key.attribute.0).into_iter().flatten();
            let before = before.take_while(|earlier| **earlier < later);
            for earlier in before.filter(|earlier| sides[**earlier].says.contains(key)) {
                pairs += 1;
                if pairs > MOST_PAIRS || remarks.len() >= MOST_TOLD {
                    return;
                }
                let (one, other) = (&rules[*earlier], &rules[later]);
                if exclude((one, &required[*earlier]), (other, &required[later]), schema) {
                    continue;
                }
                let message = format!(
                    "`{}` says {} over what `{}` said ({}), where both are for a product",
                    rules[later].id,
                    schema.key_text(*key),
                    rules[*earlier].id,
                    rules[*earlier].place
                );
                let missing = format!(
                    "ask for `missing:{}`, or part their products",
                    schema.attribute(key.attribute).code
                );
                let found = Diagnostic::warning("W-RULE-OVERWRITES", message).at(rules[later].place.clone());
                remarks.push(found.with_help(missing));
            }
        }
    }
}

/// Whether no product can be for both, as far as their conditions show it: two values of one attribute, two families, two categories.
/// A condition on what the earlier rule says itself shows nothing.
fn exclude(one: (&Rule, &[&Test]), other: (&Rule, &[&Test]), schema: &Schema) -> bool {
    if let (Some(ours), Some(theirs)) = (&one.0.families, &other.0.families)
        && !ours.iter().any(|family| theirs.contains(family))
    {
        return true;
    }
    let says = |test: &Test| {
        let mut read = Vec::new();
        test.reads(schema, &mut read);
        let said = |id| one.0.actions.iter().any(|action| action.to.attribute == id);
        read.into_iter().any(|(id, _)| said(id))
    };
    one.1
        .iter()
        .filter(|test| !says(test))
        .any(|test| other.1.iter().any(|their| contradict(test, their, schema)))
}

fn contradict(one: &Test, other: &Test, schema: &Schema) -> bool {
    use std::ops::Bound::{Excluded, Included};
    let single = |id| schema.attribute(id).kind == Kind::Option;
    match (one, other) {
        (Test::Options(a, ours), Test::Options(b, theirs)) => {
            a == b && single(*a) && !ours.iter().any(|code| theirs.contains(code))
        }
        (Test::Truth(a, yes), Test::Truth(b, no)) => a == b && yes != no,
        (Test::Active(yes), Test::Active(no)) => yes != no,
        (Test::Present(a, x), Test::Absent(b, y)) | (Test::Absent(a, x), Test::Present(b, y)) => a == b && x == y,
        (Test::Exactly(a, ours), Test::Exactly(b, theirs)) => a == b && ours != theirs,
        (Test::Family(ours), Test::Family(theirs)) => !ours.iter().any(|family| theirs.contains(family)),
        (Test::Category(ours), Test::Category(theirs)) => {
            let above = |code: &String, of: &[String]| {
                let line = schema.category_by_code(code).map(|id| &schema.category(id).line);
                line.is_none_or(|line| {
                    line.iter()
                        .any(|id| of.iter().any(|other| **other == *schema.category(*id).code))
                })
            };
            !ours.iter().any(|code| above(code, theirs)) && !theirs.iter().any(|code| above(code, ours))
        }
        (Test::Within(a, ours), Test::Within(b, theirs)) if a == b => {
            use crate::query::range::Span::Between;
            let (Between(low, high), Between(other_low, other_high)) = (ours, theirs) else {
                return false;
            };
            let below = |high: &std::ops::Bound<i64>, low: &std::ops::Bound<i64>| match (high, low) {
                (Included(high), Included(low)) => high < low,
                (Included(high) | Excluded(high), Included(low) | Excluded(low)) => high <= low,
                _ => false,
            };
            below(high, other_low) || below(other_high, low)
        }
        (Test::Not(inner), test) | (test, Test::Not(inner)) => same(inner, test),
        _ => false,
    }
}

/// The same question, as far as it is easily seen.
fn same(one: &Test, other: &Test) -> bool {
    match (one, other) {
        (Test::Options(a, ours), Test::Options(b, theirs)) => a == b && ours == theirs,
        (Test::Category(ours), Test::Category(theirs)) => ours == theirs,
        (Test::Family(ours), Test::Family(theirs)) => ours == theirs,
        (Test::Within(a, ours), Test::Within(b, theirs)) => a == b && ours == theirs,
        (Test::Present(a, x), Test::Present(b, y)) => a == b && x == y,
        _ => false,
    }
}
