//! `enrich specs`: what texts say of attributes, with its evidence.

use crate::cli::output::{Output, Table, Tone, count, rounded};
use crate::cli::progress::Drawn;
use crate::diagnostic::excerpt;
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::specs::{self, SpecsReport};
use std::fmt::Write as _;
use std::time::Instant;

/// Contradictions that are listed where all are not asked for.
const FIRST: usize = 10;

/// `enrich specs [QUERY|SKU…]`
pub fn specs(workspace: &Workspace, of: &[String], output: &Output) -> Result<u8, Failure> {
    let begun = Instant::now();
    let report = specs::specs(workspace, of, &Drawn::new(output))?;
    if output.json {
        let mut document = serde_json::to_value(&report).unwrap_or_default();
        document["seconds"] = rounded(begun.elapsed().as_secs_f64()).into();
        output.document(document);
        return Ok(0);
    }
    let mut text = String::new();
    if of.is_empty() {
        counts(&report, output, &mut text);
    } else {
        products(&report, output, &mut text);
    }
    if report.beyond > 0 {
        let _ = writeln!(
            text,
            "the query finds {} products more, which are not looked at; narrow it down",
            count(report.beyond)
        );
    }
    let most = if output.verbose { usize::MAX } else { FIRST };
    for diagnostic in report.diagnostics.iter().take(most) {
        text.push_str(&output.diagnostic(diagnostic));
    }
    if report.diagnostics.len() > most {
        let _ = writeln!(text, "and {} more; -v lists them", report.diagnostics.len() - most);
    }
    output.text(&text);
    Ok(0)
}

fn counts(report: &SpecsReport, output: &Output, text: &mut String) {
    let mut table = Table::new(&["attribute", "accepted", "suggestions", "agrees", "contradicts"]);
    for counted in &report.attributes {
        let numbers = [
            counted.accepted,
            counted.suggestions,
            counted.agrees,
            counted.contradicts,
        ];
        let mut row = vec![counted.attribute.clone()];
        row.extend(numbers.map(count));
        table.row(row);
    }
    if !table.is_empty() {
        text.push_str(&table.render(output));
    }
    let sum = |of: fn(&specs::Counted) -> u64| count(report.attributes.iter().map(of).sum());
    let _ = writeln!(
        text,
        "{} products: {} values read out of texts, {} suggestions below {}, {} contradictions",
        count(report.looked_at),
        sum(|counted| counted.accepted),
        sum(|counted| counted.suggestions),
        report.threshold,
        sum(|counted| counted.contradicts),
    );
}

fn products(report: &SpecsReport, output: &Output, text: &mut String) {
    for product in &report.products {
        let family = product.family.as_deref().unwrap_or("–");
        let _ = writeln!(
            text,
            "{}  family {family}",
            output.paint(Tone::Strong, &excerpt(&product.sku))
        );
        if product.specs.is_empty() {
            text.push_str("  its texts say nothing that its family has\n");
            continue;
        }
        let mut table = Table::new(&["attribute", "value", "confidence", "", "words", "in"]);
        for spec in &product.specs {
            let standing = match &spec.said {
                Some(said) => format!("contradicts {}", excerpt(said)),
                None => spec.standing.clone(),
            };
            table.row(vec![
                spec.attribute.clone(),
                excerpt(&spec.value),
                format!("{:.2}", spec.confidence),
                standing,
                spec.words.clone(),
                spec.told_by.clone(),
            ]);
        }
        text.push_str(&table.render(output));
    }
}
