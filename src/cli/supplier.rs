//! `supplier`: who delivers, and a new one from a file.

use crate::cli::output::{Output, Table, Tone};
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::supplier;
use serde_json::json;
use std::fmt::Write as _;
use std::path::Path;

/// `supplier list`
pub fn list(workspace: &Workspace, output: &Output) -> Result<u8, Failure> {
    let suppliers = supplier::list(workspace);
    if output.json {
        output.document(json!({ "suppliers": suppliers }));
        return Ok(0);
    }
    let mut table = Table::new(&["supplier", "name", ">rank", "mode", "files"]);
    for shown in suppliers {
        table.row(vec![
            shown.supplier,
            shown.name,
            shown.rank.to_string(),
            shown.mode.to_owned(),
            shown.files.join(" "),
        ]);
    }
    output.text(&table.render(output));
    Ok(0)
}

/// `supplier add FILE [--name S] [--sku COLUMN]`
pub fn add(
    workspace: Workspace,
    file: &Path,
    name: Option<&str>,
    sku: Option<&str>,
    output: &Output,
) -> Result<u8, Failure> {
    let added = supplier::add(&workspace, file, name, sku)?;
    if output.json {
        output.document(serde_json::to_value(&added).unwrap_or_default());
    }
    if output.json || output.quiet {
        return Ok(0);
    }
    let mut text = String::new();
    for (what, why) in &added.evidence {
        let _ = writeln!(text, "{what:12} {why}");
    }
    let mut table = Table::new(&["column", "attribute", ">sure", "because", "for example"]);
    for column in &added.columns {
        let sample: String = column.sample.chars().take(32).collect();
        let attribute = column.attribute.clone().unwrap_or_else(|| "–".to_owned());
        table.row(vec![
            column.header.clone(),
            attribute,
            format!("{:.0} %", column.confidence * 100.0),
            column.reason.clone(),
            sample,
        ]);
    }
    text.push_str(&table.render(output));
    let _ = writeln!(text, "written: {}", output.paint(Tone::Strong, &added.file));
    let _ = writeln!(
        text,
        "correct it, then see what it would do: estante import {}",
        added.supplier
    );
    output.text(&text);
    Ok(0)
}
