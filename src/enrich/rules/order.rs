//! Whether rules get in each other's way: circles of what they read and say, and values that a later rule says over an earlier.
//!
//! Their order is fixed, so that nothing here is undecided; but a rule that reads what one further down says sees the value before
//! it, which is hardly meant, and no order can please two that read each other.

use crate::diagnostic::Diagnostic;
use crate::enrich::rules::Rule;
use crate::enrich::rules::condition::Test;
use crate::enrich::rules::knot::{knots, way_back};
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::schema::family::FamilyId;
use crate::schema::scope::Key;
use crate::value::Kind;
use std::collections::{BTreeMap, BTreeSet};

/// Most findings that are told.
const MOST_TOLD: usize = 200;
/// Most pairs of conditions that are compared: thousands of rules may say one value, each under hundreds of conditions.
const MOST_COMPARED: usize = 2_000_000;
/// Most edges that are walked for the second circle of a knot and those after it.
const MOST_STEPS: usize = 20_000_000;

/// What a rule reads and says.
struct Sides {
    /// What its actions look up, each as its scope sees it.
    reads: BTreeSet<Key>,
    /// What its condition asks for. Locale 0 and channel 0 stand for all.
    asks: BTreeSet<Key>,
    says: BTreeSet<Key>,
}

impl Sides {
    /// Whether a value that is said here or elsewhere can change what the rule sees.
    fn heeds(&self, said: Key) -> bool {
        self.reads.iter().any(|read| sees(*read, said)) || self.asks.iter().any(|asked| touches(*asked, said))
    }
}

/// Who heeds whom: rules lead to the values that they heed, values to the rules that say them.
struct Heeds {
    /// Every value that rules say.
    said: Vec<Key>,
    /// The rules first, then the values of `said`.
    edges: Vec<Vec<u32>>,
    rules: usize,
}

/// The circles, and what a person should look at.
pub fn check(rules: &[Rule], schema: &Schema) -> (Vec<Diagnostic>, Vec<Diagnostic>) {
    let sides: Vec<Sides> = rules.iter().map(|rule| of(rule, schema)).collect();
    let heeds = Heeds::of(&sides);
    let cycles = cycles(rules, &heeds, schema);
    let mut remarks = Vec::new();
    if cycles.is_empty() {
        late(rules, &heeds, schema, &mut remarks);
        overwritten(rules, &sides, &heeds, schema, &mut remarks);
    }
    (cycles, remarks)
}

fn of(rule: &Rule, schema: &Schema) -> Sides {
    let reads: BTreeSet<Key> = rule.actions.iter().flat_map(|action| action.reads()).collect();
    let mut asked = Vec::new();
    if let Some(when) = &rule.when {
        when.reads(schema, &mut asked);
    }
    if rule.families.is_some() {
        let known = schema.known();
        asked.extend([known.family, known.category].into_iter().flatten().map(|id| (id, 0)));
    }
    // A number that an action cannot do without is seen where the action sees it: only where that is missing would the condition look
    // at what is said for channels, and then the rule does nothing.
    let needed = |id: AttributeId| {
        matches!(
            schema.attribute(id).kind,
            Kind::Integer | Kind::Decimal | Kind::Measure | Kind::Money
        ) && rule.actions.iter().any(|action| action.needs(Key::of(id)))
    };
    asked.retain(|(id, _)| !needed(*id));
    Sides {
        reads,
        asks: asked
            .into_iter()
            .map(|(id, locale)| Key { locale, ..Key::of(id) })
            .collect(),
        says: rule.actions.iter().map(|action| action.to).collect(),
    }
}

/// Whether who looks a value up in a scope can come upon what is said under a key.
fn sees(read: Key, said: Key) -> bool {
    let fits = |said: u8, read: u8| said == 0 || said == read;
    read.attribute == said.attribute && fits(said.locale, read.locale) && fits(said.channel, read.channel)
}

/// Whether a condition, whose 0 stands for all, can come upon what is said under a key.
fn touches(asked: Key, said: Key) -> bool {
    let meets = |a: u8, b: u8| a == 0 || b == 0 || a == b;
    asked.attribute == said.attribute && meets(asked.locale, said.locale) && meets(asked.channel, said.channel)
}

impl Heeds {
    fn of(sides: &[Sides]) -> Heeds {
        let said: BTreeSet<Key> = sides.iter().flat_map(|side| side.says.iter().copied()).collect();
        let said: Vec<Key> = said.into_iter().collect();
        let rules = sides.len();
        let mut edges: Vec<Vec<u32>> = vec![Vec::new(); rules + said.len()];
        for (n, side) in sides.iter().enumerate() {
            for key in &side.says {
                if let Ok(at) = said.binary_search(key) {
                    edges[rules + at].push(n as u32);
                }
            }
            let mut heeded = BTreeSet::new();
            for (look, meets) in side
                .reads
                .iter()
                .map(|key| (key, sees as fn(Key, Key) -> bool))
                .chain(side.asks.iter().map(|key| (key, touches as fn(Key, Key) -> bool)))
            {
                let from = said.partition_point(|key| key.attribute < look.attribute);
                let of_attribute = said[from..].iter().take_while(|key| key.attribute == look.attribute);
                // Who says the value itself only adds to what was said before: `price = price * 2`, `missing:color`.
                let met = of_attribute
                    .enumerate()
                    .filter(|(_, key)| meets(*look, **key) && !side.says.contains(key));
                heeded.extend(met.map(|(at, _)| (rules + from + at) as u32));
            }
            edges[n].extend(heeded);
        }
        Heeds { said, edges, rules }
    }

    /// The rules that say a value, in order.
    fn sayers(&self, key: Key) -> &[u32] {
        match self.said.binary_search(&key) {
            Ok(at) => &self.edges[self.rules + at],
            Err(_) => &[],
        }
    }
}

/// The circles of each knot of rules, each at its first rule.
fn cycles(rules: &[Rule], heeds: &Heeds, schema: &Schema) -> Vec<Diagnostic> {
    let knots = knots(&heeds.edges);
    let mut told: BTreeSet<usize> = BTreeSet::new();
    let mut told_knots: BTreeSet<u32> = BTreeSet::new();
    let mut left = MOST_STEPS;
    let mut members: BTreeMap<u32, usize> = BTreeMap::new();
    for knot in &knots {
        *members.entry(*knot).or_default() += 1;
    }
    let mut faults = Vec::new();
    for start in 0..rules.len() {
        if told.contains(&start) || members.get(&knots[start]).is_none_or(|members| *members == 1) {
            continue;
        }
        // The first circle of a knot is always looked for: over all knots, no edge is walked twice for them.
        let mut all = usize::MAX;
        let first = told_knots.insert(knots[start]);
        let chain = way_back(
            start as u32,
            &heeds.edges,
            &knots,
            if first { &mut all } else { &mut left },
        );
        let Some(chain) = chain else { continue };
        let chain: Vec<usize> = chain.into_iter().map(|node| node as usize).collect();
        // Rule, value, rule, value, …: each value is read by the rule before it and said by the one behind.
        let mut steps = Vec::new();
        for (n, pair) in chain.chunks(2).enumerate() {
            let next = chain.get(2 * n + 2).unwrap_or(&start);
            let key = pair.get(1).and_then(|value| heeds.said.get(value - heeds.rules));
            let (Some(one), Some(key), Some(next)) = (rules.get(pair[0]), key, rules.get(*next)) else {
                continue;
            };
            told.insert(pair[0]);
            steps.push(format!("`{}` reads {} of `{}`", one.id, schema.key_text(*key), next.id));
        }
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

/// That not all was looked at or told.
fn unchecked(message: String, help: &str) -> Diagnostic {
    Diagnostic::warning("W-RULE-UNCHECKED", message).with_help(help)
}

/// Rules that read what one further down says.
fn late(rules: &[Rule], heeds: &Heeds, schema: &Schema, remarks: &mut Vec<Diagnostic>) {
    for (n, rule) in rules.iter().enumerate() {
        let later = heeds.edges[n].iter().filter_map(|value| {
            let sayers = heeds.edges.get(*value as usize)?;
            let after = sayers.partition_point(|sayer| *sayer as usize <= n);
            Some((*sayers.get(after)?, *value))
        });
        let Some((other, value)) = later.min() else { continue };
        let (Some(other), Some(key)) = (rules.get(other as usize), heeds.said.get(value as usize - heeds.rules)) else {
            continue;
        };
        if remarks.len() >= MOST_TOLD {
            let message = format!(
                "more than {MOST_TOLD} remarks on rules: from `{}` on none is told",
                rule.id
            );
            let found = unchecked(message, "heed those above first");
            return remarks.push(found.at(rule.place.clone()));
        }
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

/// The conditions of a rule that must all hold, as far as they can part it from another.
struct Parting<'r> {
    families: Option<&'r Vec<FamilyId>>,
    all: Vec<&'r Test>,
    /// Those that do not ask for what the rule says itself: they show what a product said before it and after it.
    lasting: Vec<&'r Test>,
}

impl<'r> Parting<'r> {
    fn of(rule: &'r Rule, schema: &Schema) -> Parting<'r> {
        let all = rule.when.as_ref().map(Test::required).unwrap_or_default();
        let says = |test: &Test| {
            let mut read = Vec::new();
            test.reads(schema, &mut read);
            let said = |id| rule.actions.iter().any(|action| action.to.attribute == id);
            read.into_iter().any(|(id, _)| said(id))
        };
        Parting {
            families: rule.families.as_ref(),
            lasting: all.iter().copied().filter(|test| !says(test)).collect(),
            all,
        }
    }
}

/// How many values conditions and families hold, each of which is compared with each of the other side.
fn weight(families: Option<&Vec<FamilyId>>, tests: &[&Test]) -> usize {
    let tests: usize = tests.iter().map(|test| test.weight()).sum();
    tests.saturating_add(families.map_or(1, Vec::len))
}

/// Values that a later rule says whatever an earlier one said.
fn overwritten(rules: &[Rule], sides: &[Sides], heeds: &Heeds, schema: &Schema, remarks: &mut Vec<Diagnostic>) {
    let parting: Vec<Parting<'_>> = rules.iter().map(|rule| Parting::of(rule, schema)).collect();
    let weights: Vec<(usize, usize)> = parting
        .iter()
        .map(|part| (weight(part.families, &part.lasting), weight(part.families, &part.all)))
        .collect();
    let mut compared = 0_usize;
    for (later, side) in sides.iter().enumerate() {
        for key in &side.says {
            // What it reads itself it heeds: the earlier word is not lost.
            if side.heeds(*key) {
                continue;
            }
            let before = heeds.sayers(*key).iter().map(|earlier| *earlier as usize);
            for earlier in before.take_while(|earlier| *earlier < later) {
                compared = compared.saturating_add(weights[earlier].0.saturating_mul(weights[later].1));
                let (one, other) = (&rules[earlier], &rules[later]);
                if compared > MOST_COMPARED {
                    let message = format!(
                        "these rules have too many conditions to compare them all: from `{}` on nobody looks for values that a rule says \
                         over an earlier one's",
                        other.id
                    );
                    let found = unchecked(message, "one `map` takes the place of many rules that say one value");
                    return remarks.push(found.at(other.place.clone()));
                }
                if exclude(&parting[earlier], &parting[later], schema) {
                    continue;
                }
                if remarks.len() >= MOST_TOLD {
                    // `late` may have come to the same end.
                    if remarks.len() == MOST_TOLD {
                        let message = format!(
                            "more than {MOST_TOLD} remarks on rules: from `{}` on none is told",
                            other.id
                        );
                        let found = unchecked(message, "heed those above first");
                        remarks.push(found.at(other.place.clone()));
                    }
                    return;
                }
                let message = format!(
                    "`{}` says {} over what `{}` said ({}), where both are for a product",
                    other.id,
                    schema.key_text(*key),
                    one.id,
                    one.place
                );
                let missing = format!(
                    "ask for `missing:{}`, or part their products",
                    schema.attribute(key.attribute).code
                );
                let found = Diagnostic::warning("W-RULE-OVERWRITES", message).at(other.place.clone());
                remarks.push(found.with_help(missing));
            }
        }
    }
}

/// Whether no product can be for both, as far as their conditions show it: two values of one attribute, two families, two categories.
/// A condition on what the earlier rule says itself shows nothing.
fn exclude(one: &Parting<'_>, other: &Parting<'_>, schema: &Schema) -> bool {
    if let (Some(ours), Some(theirs)) = (one.families, other.families)
        && !ours.iter().any(|family| theirs.contains(family))
    {
        return true;
    }
    one.lasting
        .iter()
        .any(|test| other.all.iter().any(|their| contradict(test, their, schema)))
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
