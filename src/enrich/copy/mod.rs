//! Copy: titles, bullets, descriptions and their like, written by templates per family, locale and channel.
//!
//! A template speaks only where nobody else does, unless it is told to write a channel's text in any case or to improve a
//! supplier's; a person's text is never touched. What is written is a pure function of the product and the templates, and is
//! never stored. How files become templates is left to `compile`, what is wrong with texts to `lint`.

pub mod budget;
pub mod casing;
pub mod compile;
pub mod engine;
pub mod expression;
pub mod file;
pub mod grammar;
pub mod lint;
pub mod spell;
pub mod template;
#[cfg(test)]
mod tests;
pub mod tidy;
pub mod variable;
pub mod words;

use crate::diagnostic::Place;
use crate::enrich::copy::budget::Budget;
use crate::enrich::copy::casing::is_shouted;
use crate::enrich::copy::file::{Flaw, When};
use crate::enrich::copy::lint::Lint;
use crate::enrich::copy::template::Template;
use crate::product::{By, Product, Resolved};
use crate::schema::family::FamilyId;
use crate::schema::scope::Key;
use crate::value::{Value, text};
use std::borrow::Cow;

/// A template with what stands around it in its file.
#[derive(Debug)]
pub struct Written {
    pub template: Template,
    /// File and line.
    pub place: Place,
    pub key: Key,
    /// The attribute holds HTML.
    pub html: bool,
    pub when: When,
    pub improve: Vec<Flaw>,
    pub budget: Budget,
    pub min_chars: usize,
}

/// One value that may be written, and the templates to try, the nearest family's first.
#[derive(Debug, Clone)]
pub struct Task {
    pub key: Key,
    /// Numbers of templates.
    pub tries: Vec<u16>,
}

/// The templates of a workspace, compiled.
#[derive(Debug)]
pub struct Copy {
    templates: Vec<Written>,
    /// What to write, in order: by family, and last for products without one.
    plans: Vec<Vec<Task>>,
    lint: Lint,
    fingerprint: u64,
}

impl Copy {
    /// Puts the parts together; `plans` has one list for each family, and one more.
    pub fn new(templates: Vec<Written>, plans: Vec<Vec<Task>>, lint: Lint, fingerprint: u64) -> Copy {
        Copy {
            templates,
            plans,
            lint,
            fingerprint,
        }
    }

    /// A hash of what the files say.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Where a template stands, by its number in `By::Copy`.
    pub fn place(&self, template: u16) -> Option<&Place> {
        self.templates.get(usize::from(template)).map(|written| &written.place)
    }

    /// What texts are checked for.
    pub fn lint(&self) -> &Lint {
        &self.lint
    }

    /// Every value that some template writes, in order.
    pub fn keys(&self) -> Vec<Key> {
        let mut keys: Vec<Key> = self.templates.iter().map(|written| written.key).collect();
        keys.sort_unstable();
        keys.dedup();
        keys
    }

    fn plan(&self, family: Option<FamilyId>) -> &[Task] {
        let at = family.map_or(usize::MAX, |family| usize::from(family.0));
        self.plans.get(at).or(self.plans.last()).map_or(&[], |plan| plan)
    }

    /// Gives a product the texts that its templates write.
    pub fn derive(&self, product: &mut Product) {
        for task in self.plan(product.family) {
            let standing = standing(product, task.key);
            // Nearly always there is a text and nothing to be done: no template is asked then.
            let written = task.tries.iter().find_map(|number| {
                let written = self.templates.get(usize::from(*number))?;
                let speaks = standing.is_none_or(|standing| written.speaks_over(standing));
                let text = speaks.then(|| written.write(product)).flatten()?;
                Some((*number, written.html, text))
            });
            let Some((number, html, text)) = written else { continue };
            let value = if html { Value::RichText(text) } else { Value::Text(text) };
            let Some(first) = product.values.first() else { continue };
            let resolved = Resolved {
                key: task.key,
                value,
                by: By::Copy(number),
                origin: first.origin,
            };
            match product.values.binary_search_by_key(&task.key, |resolved| resolved.key) {
                Ok(at) if product.values[at].value == resolved.value => {}
                Ok(at) => product.values[at] = resolved,
                Err(at) => product.values.insert(at, resolved),
            }
        }
    }
}

impl Written {
    /// Whether it speaks although there is a text.
    fn speaks_over(&self, standing: &Resolved) -> bool {
        let general = standing.key != self.key;
        match standing.by {
            // A template for this channel or locale is nearer than one for all.
            By::Copy(_) => general,
            By::Specs | By::Rule(_) => general && self.when == When::Always,
            By::Layer(_) | By::Editor(_) | By::Draft(_) | By::Model | By::ModelEditor | By::ModelDraft => {
                // A person's word stands, and so does what a person accepted.
                let person = standing.by.is_editor() || standing.by.is_draft();
                (general && self.when == When::Always) || (!person && self.finds_flawed(&standing.value))
            }
        }
    }

    fn finds_flawed(&self, value: &Value) -> bool {
        if self.improve.is_empty() {
            return false;
        }
        let (Value::Text(own) | Value::RichText(own)) = value else {
            return false;
        };
        self.improve.iter().any(|flaw| match flaw {
            Flaw::Capitals => is_shouted(&plain(own)),
            Flaw::Short => plain(own).chars().count() < self.min_chars,
            Flaw::Long => !self.budget.holds(own),
        })
    }

    fn write(&self, product: &Product) -> Option<String> {
        let text = self.template.render(product, self.budget)?;
        let long_enough = self.min_chars == 0 || plain(&text).chars().count() >= self.min_chars;
        long_enough.then_some(text)
    }
}

fn plain(text: &str) -> Cow<'_, str> {
    if text.contains(['<', '&']) {
        text::plain(text)
    } else {
        Cow::Borrowed(text)
    }
}

/// The value that a locale and channel see now, with who said it.
fn standing(product: &Product, key: Key) -> Option<&Resolved> {
    let from = product
        .values
        .partition_point(|resolved| resolved.key.attribute < key.attribute);
    let of = product.values[from..]
        .iter()
        .take_while(|resolved| resolved.key.attribute == key.attribute);
    of.filter(|resolved| {
        let (locale, channel) = (resolved.key.locale, resolved.key.channel);
        (locale == 0 || locale == key.locale) && (channel == 0 || channel == key.channel) && !resolved.value.is_empty()
    })
    .max_by_key(|resolved| u8::from(resolved.key.locale != 0) * 2 + u8::from(resolved.key.channel != 0))
}
