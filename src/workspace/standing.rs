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
