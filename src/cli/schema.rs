//! `schema`: the configuration checked, and its JSON Schemas written for editors.

use crate::cli::output::{Output, count};
use crate::workspace::failure::Failure;
use crate::workspace::reference;
use crate::workspace::settings::Settings;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// `schema check`
pub fn check(root: &Path, output: &Output) -> Result<u8, Failure> {
    let settings = Settings::load(root)?;
    let schema = &settings.schema;
    let rules = settings.enrichment.rules.as_ref();
    let remarks = rules.map_or(&[][..], |rules| &rules.remarks);
    let counts = [
        ("attributes", schema.attributes().len()),
        ("families", schema.families().len()),
        ("categories", schema.categories().len()),
        ("suppliers", settings.suppliers.len()),
        ("channels", settings.channels.len()),
        ("rules", rules.map_or(0, |rules| rules.all().len())),
    ];
    if output.json {
        let counts: serde_json::Map<String, serde_json::Value> = counts
            .iter()
            .map(|(what, n)| ((*what).to_owned(), (*n).into()))
            .collect();
        output.document(json!({ "valid": true, "counts": counts, "diagnostics": remarks }));
        return Ok(0);
    }
    let told: Vec<String> = counts
        .iter()
        .map(|(what, n)| format!("{} {what}", count(*n as u64)))
        .collect();
    let mut codes = BTreeMap::new();
    for remark in remarks {
        *codes.entry(remark.code.to_string()).or_insert(0) += 1;
    }
    let findings = output.findings(remarks.iter(), &codes);
    output.text(&format!("{findings}no faults: {}\n", told.join(", ")));
    Ok(0)
}

/// `schema json-schema DIR`
pub fn json_schema(folder: &Path, output: &Output) -> Result<u8, Failure> {
    let written = reference::write_json_schemas(folder)?;
    if output.json {
        output.document(json!({ "files": written }));
        return Ok(0);
    }
    output.text(&format!("{}\n", written.join("\n")));
    Ok(0)
}
