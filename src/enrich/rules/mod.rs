//! Rules: what products say beside what their sources say, in a fixed order.
//!
//! A rule stands above suppliers and below people: what an editor said, and what was accepted of a draft, it never touches. What
//! rules say is a pure function of the product and the files, and is never stored. How files become rules is left to `compile`,
//! whether they get in each other's way to `order`, their examples to `example`.

pub mod action;
pub mod compile;
pub mod condition;
pub mod example;
pub mod file;
pub mod formula;
pub mod knot;
pub mod order;
pub mod reason;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tests_limits;
pub mod text;
pub mod written;

use crate::diagnostic::{Diagnostic, Place};
use crate::enrich::rules::action::Action;
use crate::enrich::rules::condition::Test;
use crate::enrich::rules::reason::Reason;
use crate::enrich::rules::text::Terms;
use crate::product::{By, Product, Resolved};
use crate::schema::Schema;
use crate::schema::family::FamilyId;
use crate::schema::scope::Key;
use crate::value::Value;

/// A checked rule.
#[derive(Debug)]
pub struct Rule {
    pub id: String,
    pub description: Option<String>,
    /// File and line.
    pub place: Place,
    /// With those below them; none for every product.
    pub families: Option<Vec<FamilyId>>,
    pub when: Option<Test>,
    pub actions: Vec<Action>,
    /// How many examples it was tried on.
    pub examples: usize,
    /// The query as it is written.
    pub asked: Option<String>,
}

/// The rules of a workspace, in their order.
#[derive(Debug)]
pub struct Rules {
    rules: Vec<Rule>,
    /// What a person should look at, though it is no fault.
    pub remarks: Vec<Diagnostic>,
    fingerprint: u64,
}

/// What becomes of what a rule says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is the product's value.
    Wins,
    /// The product said so already.
    Same,
    /// A person said the value.
    Editor,
    /// A person accepted a draft of it.
    Draft,
}

/// What a rule does of a product, as it happens.
#[derive(Debug)]
pub enum Event<'e> {
    /// A rule says a value, or takes it away.
    Says {
        rule: u16,
        key: Key,
        before: Option<&'e Resolved>,
        after: Option<&'e Value>,
        outcome: Outcome,
    },
    /// A rule is for the product and can do nothing.
    Stops { rule: u16, reason: &'e Reason },
}

impl Rules {
    /// Puts the parts together.
    pub fn new(rules: Vec<Rule>, remarks: Vec<Diagnostic>, fingerprint: u64) -> Rules {
        Rules {
            rules,
            remarks,
            fingerprint,
        }
    }

    /// A hash of what the files say.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// A rule by its number in `By::Rule`.
    pub fn rule(&self, number: u16) -> Option<&Rule> {
        self.rules.get(usize::from(number))
    }

    /// All of them, in their order.
    pub fn all(&self) -> &[Rule] {
        &self.rules
    }

    /// Gives a product what its rules say.
    pub fn derive(&self, product: &mut Product, schema: &Schema) {
        self.follow(product, schema, &mut |_| {});
    }

    /// The same, while `see` looks at what each rule does.
    pub fn follow(&self, product: &mut Product, schema: &Schema, see: &mut dyn FnMut(Event<'_>)) {
        let mut terms = Terms::default();
        for (number, rule) in self.rules.iter().enumerate() {
            if rule.is_for(product, schema, &mut terms) {
                // There are no more rules than numbers: `compile` sees to it.
                rule.apply(number as u16, product, schema, &mut terms, see);
            }
        }
    }
}

impl Rule {
    fn is_for(&self, product: &Product, schema: &Schema, terms: &mut Terms) -> bool {
        let of_family = |ids: &Vec<FamilyId>| product.family.is_some_and(|family| ids.contains(&family));
        self.families.as_ref().is_none_or(of_family)
            && self.when.as_ref().is_none_or(|when| when.holds(product, schema, terms))
    }

    /// Does all of it, or nothing where one of its actions can do nothing.
    fn apply(
        &self,
        number: u16,
        product: &mut Product,
        schema: &Schema,
        terms: &mut Terms,
        see: &mut dyn FnMut(Event<'_>),
    ) {
        let mut values = Vec::with_capacity(self.actions.len());
        for action in &self.actions {
            match action.value(product, schema) {
                Ok(value) => values.push((action.to, value)),
                Err(reason) => {
                    return see(Event::Stops {
                        rule: number,
                        reason: &reason,
                    });
                }
            }
        }
        let known = schema.known();
        let mut moved = false;
        for (key, value) in values {
            let before = product.exact(key);
            let outcome = outcome(before, value.as_ref());
            see(Event::Says {
                rule: number,
                key,
                before,
                after: value.as_ref(),
                outcome,
            });
            if outcome == Outcome::Wins {
                say(product, key, value, By::Rule(number));
                terms.forget(key.attribute);
                moved |= [known.family, known.category].contains(&Some(key.attribute));
            }
        }
        if moved {
            product.family = product.told_family(schema).or(product.family);
        }
    }
}

fn outcome(before: Option<&Resolved>, after: Option<&Value>) -> Outcome {
    match before {
        Some(before) if Some(&before.value) == after => Outcome::Same,
        Some(before) if before.by.is_editor() => Outcome::Editor,
        Some(before) if before.by.is_draft() => Outcome::Draft,
        None if after.is_none() => Outcome::Same,
        _ => Outcome::Wins,
    }
}

fn say(product: &mut Product, key: Key, value: Option<Value>, by: By) {
    let at = product.values.binary_search_by_key(&key, |resolved| resolved.key);
    match (at, value) {
        (Ok(at), Some(value)) => {
            let place = &mut product.values[at];
            (place.value, place.by) = (value, by);
        }
        (Ok(at), None) => {
            product.values.remove(at);
        }
        (Err(at), Some(value)) => {
            let origin = product.values.first().map(|first| first.origin).unwrap_or_default();
            product.values.insert(at, Resolved { key, value, by, origin });
        }
        (Err(_), None) => {}
    }
}
