//! `enrich copy`: the texts that templates write, and the check of all texts.

use crate::cli::output::{Output, Table, Tone, count};
use crate::cli::progress::Drawn;
use crate::diagnostic::excerpt;
use crate::workspace::Workspace;
use crate::workspace::copy;
use crate::workspace::failure::Failure;
use serde_json::json;
use std::fmt::Write as _;

/// `enrich copy [--preview] [--lint] [QUERY|SKU…]`
pub fn copy(workspace: &Workspace, of: &[String], preview: bool, lint: bool, output: &Output) -> Result<u8, Failure> {
    match (lint, preview || !of.is_empty()) {
        (true, _) => check(workspace, output),
        (false, true) => show(workspace, of, output),
        (false, false) => totals(workspace, output),
    }
}

fn totals(workspace: &Workspace, output: &Output) -> Result<u8, Failure> {
    let totals = copy::totals(workspace, &Drawn::new(output))?;
    if output.json {
        output.document(serde_json::to_value(&totals).unwrap_or_default());
        return Ok(0);
    }
    let mut table = Table::new(&["text", ">written"]);
    for (text, number) in &totals.texts {
        table.row(vec![text.clone(), count(*number)]);
    }
    let mut text = format!(
        "templates write something of {} of {} products\n",
        count(totals.touched),
        count(totals.products)
    );
    if !table.is_empty() {
        text.push_str(&table.render(output));
        text.push_str("`estante enrich copy --preview SKU` shows what they write\n");
    }
    output.text(&text);
    Ok(0)
}

fn show(workspace: &Workspace, of: &[String], output: &Output) -> Result<u8, Failure> {
    let products = copy::preview(workspace, of, &Drawn::new(output))?;
    if output.json {
        output.document(json!({ "products": products }));
        return Ok(0);
    }
    let mut text = String::new();
    for product in &products {
        let family = product.family.as_deref().unwrap_or("–");
        let _ = writeln!(
            text,
            "{}  family {family}",
            output.paint(Tone::Strong, &excerpt(&product.sku))
        );
        if product.texts.is_empty() {
            text.push_str("  no template writes anything\n");
        }
        for written in &product.texts {
            let mut key = written.attribute.clone();
            for scope in [&written.locale, &written.channel].into_iter().flatten() {
                key.push('@');
                key.push_str(scope);
            }
            let _ = writeln!(text, "  {key}  {}", output.paint(Tone::Faint, &written.template));
            if let Some(before) = &written.before {
                let _ = writeln!(text, "    {} {}", output.paint(Tone::Bad, "-"), excerpt(before));
            }
            for line in written.after.lines() {
                let _ = writeln!(text, "    {} {}", output.paint(Tone::Good, "+"), shown(line));
            }
        }
    }
    if products.is_empty() {
        text.push_str("templates write nothing of these products\n");
    } else if products.len() == copy::MOST_SHOWN {
        let _ = writeln!(text, "the first {} products are shown", copy::MOST_SHOWN);
    }
    output.text(&text);
    Ok(0)
}

/// A text whole, without signs that a terminal would obey.
fn shown(line: &str) -> String {
    line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}

fn check(workspace: &Workspace, output: &Output) -> Result<u8, Failure> {
    let report = copy::lint(workspace, &Drawn::new(output))?;
    let found: u64 = report.counts.values().sum();
    if output.json {
        output.document(json!({
            "products": report.products,
            "texts": report.texts,
            "findings": found,
            "codes": report.counts,
            "diagnostics": report.diagnostics,
        }));
        return Ok(0);
    }
    let mut text = output.findings(report.diagnostics.iter(), &report.counts);
    let _ = writeln!(
        text,
        "{} findings on {} texts of {} products",
        count(found),
        count(report.texts),
        count(report.products)
    );
    output.text(&text);
    Ok(0)
}
