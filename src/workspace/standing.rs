//! How a supplier stands beside the others, as far as it is said attribute by attribute.

use crate::declaration::Declaration;
use crate::declaration::nearest::suggestion;
use crate::diagnostic::{Diagnostic, excerpt};
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;

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
            None => faults.push(unknown(&["owns", &n.to_string()], name, schema, declaration)),
        }
    }
    owned.sort_unstable();
    owned.dedup();
    owned
}

fn unknown(path: &[&str], name: &str, schema: &Schema, declaration: &Declaration) -> Diagnostic {
    let known = schema.attributes().map(|(_, attribute)| &*attribute.code);
    let message = format!("unknown attribute `{}`", excerpt(name));
    declaration
        .fault(path, "E-UNKNOWN-ATTRIBUTE", message)
        .with_help(suggestion(name, known))
}
