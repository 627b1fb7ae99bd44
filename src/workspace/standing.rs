//! How a supplier stands beside the others, as far as it is said attribute by attribute.

use crate::declaration::Declaration;
use crate::declaration::nearest::suggestion;
use crate::diagnostic::{Diagnostic, excerpt};
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use std::collections::BTreeMap;

/// The attributes of `owns`, sorted. Fault: `E-UNKNOWN-ATTRIBUTE`.
pub fn owned(
    names: &[String],
    schema: &Schema,
    declaration: &Declaration,
    faults: &mut Vec<Diagnostic>,
) -> Vec<AttributeId> {
    let mut owned = Vec::with_capacity(names.len());
    for (n, name) in names.iter().enumerate() {
        match schema.by_code(name) {
            Some(attribute) => owned.push(attribute),
            None => {
                let (message, help) = unknown(name, schema);
                let fault = declaration.fault(&["owns", &n.to_string()], "E-UNKNOWN-ATTRIBUTE", message);
                faults.push(fault.with_help(help));
            }
        }
    }
    owned.sort_unstable();
    owned.dedup();
    owned
}

/// The ranks of `rank_for`, sorted by attribute. Fault: `E-UNKNOWN-ATTRIBUTE`.
pub fn ranks(
    written: &BTreeMap<String, u32>,
    schema: &Schema,
    declaration: &Declaration,
    faults: &mut Vec<Diagnostic>,
) -> Vec<(AttributeId, u32)> {
    let mut ranks = Vec::with_capacity(written.len());
    for (name, rank) in written {
        match schema.by_code(name) {
            Some(attribute) => ranks.push((attribute, *rank)),
            None => {
                let (message, help) = unknown(name, schema);
                let fault = declaration.fault_of_key(&["rank_for", name], "E-UNKNOWN-ATTRIBUTE", message);
                faults.push(fault.with_help(help));
            }
        }
    }
    ranks.sort_unstable();
    ranks
}

fn unknown(name: &str, schema: &Schema) -> (String, String) {
    let known = schema.attributes().map(|(_, attribute)| &*attribute.code);
    (
        format!("unknown attribute `{}`", excerpt(name)),
        suggestion(name, known),
    )
}

/// What is wrong with whom a supplier adds to: nobody, or in the end itself. `bases` are all suppliers with whom they add to.
pub fn addition(id: &str, bases: &BTreeMap<String, Option<String>>, declaration: &Declaration) -> Option<Diagnostic> {
    let mut way = vec![id];
    let is_circle = loop {
        let next = bases.get(*way.last()?)?.as_deref()?;
        if way.len() == 1 && !bases.contains_key(next) {
            let fault = declaration.fault(
                &["adds_to"],
                "E-UNKNOWN-SUPPLIER",
                format!("there is no supplier `{next}`"),
            );
            let help = "`adds_to` names the folder of the supplier whose products this delivery speaks of";
            return Some(fault.with_help(help));
        }
        // A circle that begins further on is told of its own members.
        let is_met = way.contains(&next);
        way.push(next);
        if is_met {
            break next == id;
        }
    };
    is_circle.then(|| {
        let message = format!("suppliers add to each other in a circle: {}", way.join(" -> "));
        let fault = declaration.fault(&["adds_to"], "E-ADDS-TO-CIRCLE", message);
        fault.with_help("one of them must have products of its own: take its `adds_to` out")
    })
}
