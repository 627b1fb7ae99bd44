//! Examples of a rule: a product made of what is given, the rule tried on it alone, the result held against what is expected.

use crate::declaration::Declaration;
use crate::diagnostic::{Diagnostic, excerpt};
use crate::enrich::rules::file::{ExampleFile, RuleFile};
use crate::enrich::rules::text::Terms;
use crate::enrich::rules::written::{key_of, value};
use crate::enrich::rules::{Event, Outcome, Rule};
use crate::product::origin::Origin;
use crate::product::{By, Product, Resolved};
use crate::schema::Schema;
use crate::schema::scope::Key;
use crate::value::mismatch::Mismatch;
use crate::value::price::Currency;
use std::collections::BTreeMap;

/// What is wrong with the examples of a rule, and with the rule beside them.
pub fn check(
    rule: &Rule,
    written: &RuleFile,
    declaration: &Declaration,
    number: &str,
    schema: &Schema,
    currency: Currency,
) -> Vec<Diagnostic> {
    let mut faults = Vec::new();
    for (n, example) in written.examples.iter().enumerate() {
        let n = n.to_string();
        let mut fault = |path: &[&str], mismatch: Mismatch| {
            let whole: Vec<&str> = ["rule", number, "example", &n]
                .into_iter()
                .chain(path.iter().copied())
                .collect();
            let found = declaration.fault(&whole, mismatch.code, mismatch.message);
            faults.push(match mismatch.help {
                Some(help) => found.with_help(help),
                None => found,
            });
        };
        let product = given(example, schema, currency, &mut fault);
        let expected = expected(example, schema, currency, &mut fault);
        if let (Some(product), Some(expected)) = (product, expected) {
            tried(rule, product, &expected, schema, &mut fault);
        }
    }
    faults
}

type Fault<'f> = dyn FnMut(&[&str], Mismatch) + 'f;

fn given(example: &ExampleFile, schema: &Schema, currency: Currency, fault: &mut Fault<'_>) -> Option<Product> {
    let mut product = Product {
        sku: "EXAMPLE".to_owned(),
        active: true,
        ..Product::default()
    };
    let mut family = None;
    let mut whole = true;
    for (name, text) in &example.given {
        if name == "sku" {
            product.sku.clone_from(text);
            continue;
        }
        if name == "family" && schema.known().family.is_none() {
            family = schema.family_by_code(text);
            if family.is_none() {
                whole = false;
                fault(
                    &["given", name],
                    Mismatch::new("E-UNKNOWN-FAMILY", "there is no such family"),
                );
            }
            continue;
        }
        match key_of(schema, name).and_then(|key| Ok((key, value(schema, key, text, currency)?))) {
            Ok((key, _)) if product.values.iter().any(|resolved| resolved.key == key) => {
                whole = false;
                fault(&["given", name], twice(key, schema));
            }
            Ok((key, value)) => product.values.push(Resolved {
                key,
                value,
                by: By::Layer(0),
                origin: Origin::default(),
            }),
            Err(mismatch) => {
                whole = false;
                fault(&["given", name], mismatch);
            }
        }
    }
    product.values.sort_by_key(|resolved| resolved.key);
    product.family = family.or_else(|| product.told_family(schema));
    whole.then_some(product)
}

fn twice(key: Key, schema: &Schema) -> Mismatch {
    let message = format!("the example says `{}` twice", schema.key_text(key));
    Mismatch::new("E-RULE-TWICE", message).with_help("keep one: without a locale, the catalog's first is meant")
}

/// What is expected under each key, by the name that the example has for it.
type Expected<'e> = BTreeMap<Key, (&'e str, String)>;

fn expected<'e>(
    example: &'e ExampleFile,
    schema: &Schema,
    currency: Currency,
    fault: &mut Fault<'_>,
) -> Option<Expected<'e>> {
    let mut expected = BTreeMap::new();
    let mut whole = true;
    for (name, text) in &example.expect {
        let read = key_of(schema, name).and_then(|key| match text.trim() {
            "" => Ok((key, String::new())),
            text => Ok((key, value(schema, key, text, currency)?.to_text().into_owned())),
        });
        match read {
            Ok((key, _)) if expected.contains_key(&key) => {
                whole = false;
                fault(&["expect", name], twice(key, schema));
            }
            Ok((key, text)) => {
                expected.insert(key, (name.as_str(), text));
            }
            Err(mismatch) => {
                whole = false;
                fault(&["expect", name], mismatch);
            }
        }
    }
    whole.then_some(expected)
}

fn tried(rule: &Rule, mut product: Product, expected: &Expected<'_>, schema: &Schema, fault: &mut Fault<'_>) {
    let mut reason = None;
    let mut changed = Vec::new();
    let mut terms = Terms::default();
    let is_for = rule.is_for(&product, schema, &mut terms);
    if is_for {
        rule.apply(0, &mut product, schema, &mut terms, &mut |event| match event {
            Event::Stops { reason: why, .. } => reason = Some(why.text(schema)),
            Event::Says {
                key,
                outcome: Outcome::Wins,
                ..
            } => changed.push(key),
            Event::Says { .. } => {}
        });
    }
    let help = match (is_for, reason) {
        (false, _) => "the rule is not for this product: look at `when` and `families`".to_owned(),
        (true, Some(reason)) => format!("the rule does nothing: {reason}"),
        (true, None) => "correct the rule, or the example".to_owned(),
    };
    let shown = |text: &str| match text {
        "" => "nothing".to_owned(),
        text => format!("`{}`", excerpt(text)),
    };
    for (key, (name, wanted)) in expected {
        let found = product
            .exact(*key)
            .map(|resolved| resolved.value.to_text().into_owned());
        let found = found.unwrap_or_default();
        if found != *wanted {
            let message = format!("the example expects {} and gets {}", shown(wanted), shown(&found));
            fault(
                &["expect", name],
                Mismatch::new("E-RULE-EXAMPLE", message).with_help(help.clone()),
            );
        }
    }
    if expected.is_empty()
        && let Some(key) = changed.first()
    {
        let message = format!(
            "the example expects no change, and the rule says `{}`",
            schema.key_text(*key)
        );
        fault(&[], Mismatch::new("E-RULE-EXAMPLE", message).with_help(help));
    }
}
