//! `run`: the main job and its summary.

use crate::cli::channel::{causes_text, exported_document};
use crate::cli::enrich_images;
use crate::cli::fail_on::FailOn;
use crate::cli::import::document;
use crate::cli::output::{Output, Table, Tone, bytes, count, rounded, seconds};
use crate::cli::progress::Drawn;
use crate::diagnostic::Severity;
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::plans::Delivery;
use crate::workspace::run::{self, RunReport, SupplierOutcome, findings};
use serde_json::json;
use std::fmt::Write as _;

/// `run [--supplier S]… [--channel C]…`
pub fn run(
    mut workspace: Workspace,
    suppliers: &[String],
    channels: &[String],
    fail_on: FailOn,
    output: &Output,
) -> Result<u8, Failure> {
    let progress = Drawn::new(output);
    let report = run::run(&mut workspace, suppliers, channels, &progress)?;
    let name = workspace.settings.name.clone();
    output.close(workspace)?;
    match output.json {
        true => output.document(whole(&report)),
        false => output.text(&text(&name, &report, output)),
    }
    if let Some(kind) = report.failed() {
        return Ok(kind.exit_code());
    }
    Ok(code(&report, fail_on))
}

fn code(report: &RunReport, fail_on: FailOn) -> u8 {
    let stopped = report.suppliers.iter().any(|supplier| {
        let summary = &supplier.summary;
        summary.tally.held + summary.tally.rejected + summary.missing_held > 0
    });
    let reports = || report.channels.iter().filter_map(|channel| channel.exported.as_ref());
    let blocked = stopped || reports().any(|exported| exported.blocked > 0);
    match fail_on {
        FailOn::Never => 0,
        FailOn::Blocked if blocked => 4,
        FailOn::Degraded if blocked || reports().any(|exported| exported.degraded > 0) => 4,
        FailOn::Blocked | FailOn::Degraded => 0,
    }
}

fn whole(report: &RunReport) -> serde_json::Value {
    let suppliers: Vec<_> = report
        .suppliers
        .iter()
        .map(|supplier| {
            let mut told = document(&Delivery {
                summary: supplier.summary.clone(),
                plan: None,
                batch: supplier.batch,
                seconds: supplier.seconds,
            });
            told["supplier"] = supplier.id.clone().into();
            told["error"] = match &supplier.failure {
                Some(failure) => json!({ "message": failure.message, "diagnostics": failure.diagnostics }),
                None => serde_json::Value::Null,
            };
            told
        })
        .collect();
    let channels: Vec<_> = report
        .channels
        .iter()
        .map(|channel| match (&channel.exported, &channel.failure) {
            (Some(exported), _) => {
                let mut told = exported_document(exported);
                told["seconds"] = rounded(channel.seconds).into();
                told
            }
            (None, failure) => {
                json!({ "channel": channel.id, "error": failure.as_ref().map(|failure| &failure.message) })
            }
        })
        .collect();
    json!({
        "suppliers": suppliers,
        "channels": channels,
        "models": report.models,
        "index": {
            "indexed": report.index.map(|index| index.indexed),
            "rebuilt": report.index.is_some_and(|index| index.rebuilt),
            "seconds": rounded(report.index_seconds),
            "error": report.index_failure.as_ref().map(|failure| &failure.message),
        },
        "merged": report.merged.as_ref().map_or(0, |merged| merged.merged.len()),
        "images": report.images.as_ref().map(enrich_images::document),
        "products": report.products,
        "changed_nothing": report.changed_nothing(),
        "seconds": rounded(report.seconds),
    })
}

fn text(name: &str, report: &RunReport, output: &Output) -> String {
    let mut text = String::new();
    let _ = writeln!(text, "{}", output.paint(Tone::Strong, name));
    let mut table = Table::new(&[
        "supplier",
        ">read",
        ">new",
        ">changed",
        ">unchanged",
        ">missing",
        ">held",
        ">rejected",
        ">time",
    ]);
    for supplier in &report.suppliers {
        let tally = &supplier.summary.tally;
        let mut row = vec![supplier.id.clone()];
        row.extend(
            [
                tally.read,
                tally.new,
                tally.changed,
                tally.unchanged,
                tally.missing,
                tally.held,
                tally.rejected,
            ]
            .map(count),
        );
        row.push(seconds(supplier.seconds));
        table.row(row);
    }
    text.push_str(&table.render(output));
    for supplier in &report.suppliers {
        text.push_str(&troubles(supplier, output));
    }
    text.push_str(&output.findings(report.models.iter(), &Default::default()));
    if let Some((merged, batch)) = report.merged.as_ref().and_then(|merged| Some((merged, merged.batch?))) {
        let told = merged.merged.len();
        let _ = writeln!(
            text,
            "{told} products became part of others (batch {batch}; `estante undo {batch}` takes it back)"
        );
    }
    if let Some(images) = &report.images {
        text.push_str(&enrich_images::line(images, output));
        // What costs a picture is told here; what is only worth a look is on the contact sheet.
        let lost = images
            .diagnostics
            .iter()
            .filter(|finding| finding.severity == Severity::Error);
        text.push_str(&output.findings(lost, &Default::default()));
    }
    let mut table = Table::new(&[
        "channel",
        ">products",
        ">ready",
        ">degraded",
        ">blocked",
        "file",
        ">items",
        ">size",
        ">time",
    ]);
    for channel in &report.channels {
        let Some(exported) = &channel.exported else { continue };
        let mut row = vec![channel.id.clone()];
        row.extend([exported.products, exported.ready, exported.degraded, exported.blocked].map(count));
        let items = exported.files.iter().map(|file| file.items).sum();
        let size = exported.files.iter().map(|file| file.bytes).sum();
        let file = exported
            .files
            .first()
            .map_or_else(String::new, |file| file.path.clone());
        let file = match exported.files.len() {
            0 | 1 => file,
            many => format!("{file} and {} more", many - 1),
        };
        row.extend([file, count(items), bytes(size), seconds(channel.seconds)]);
        table.row(row);
    }
    text.push('\n');
    text.push_str(&table.render(output));
    for channel in &report.channels {
        match (&channel.exported, &channel.failure) {
            (Some(exported), _) => text.push_str(&causes_text(exported, 4, output)),
            (None, Some(failure)) => {
                let _ = writeln!(
                    text,
                    "{} {}: {}",
                    output.paint(Tone::Bad, "not exported:"),
                    channel.id,
                    failure.message
                );
                for diagnostic in &failure.diagnostics {
                    text.push_str(&output.diagnostic(diagnostic));
                }
            }
            (None, None) => {}
        }
    }
    if let Some(failure) = &report.index_failure {
        let _ = writeln!(
            text,
            "{} {}",
            output.paint(Tone::Doubtful, "not indexed:"),
            failure.message
        );
    }
    let end = match report.changed_nothing() {
        true => "Nothing changed since the last run.".to_owned(),
        false => format!("{} products in the catalog.", count(report.products)),
    };
    let _ = writeln!(
        text,
        "\n{} {}",
        output.paint(Tone::Strong, &end),
        seconds(report.seconds)
    );
    text
}

fn troubles(supplier: &SupplierOutcome, output: &Output) -> String {
    let mut text = String::new();
    if let Some(failure) = &supplier.failure {
        let _ = writeln!(
            text,
            "{} {}: {}",
            output.paint(Tone::Bad, "not imported:"),
            supplier.id,
            failure.message
        );
        for diagnostic in &failure.diagnostics {
            text.push_str(&output.diagnostic(diagnostic));
        }
        return text;
    }
    let summary = &supplier.summary;
    if output.verbose {
        text.push_str(&output.findings(findings(summary), &summary.findings));
    } else if !summary.findings.is_empty() || !summary.reasons.is_empty() {
        let found: Vec<String> = summary
            .findings
            .iter()
            .map(|(code, n)| format!("{} {code}", count(*n)))
            .collect();
        for reason in &summary.reasons {
            let _ = writeln!(
                text,
                "  {} {}: {} [{}]",
                output.paint(Tone::Doubtful, "held"),
                supplier.id,
                reason.message,
                reason.code
            );
        }
        if !found.is_empty() {
            let _ = writeln!(text, "  {}: {}", supplier.id, found.join(", "));
        }
    }
    if let Some(rejects) = &summary.rejects {
        let _ = writeln!(text, "  {}: rejected rows lie in {rejects}", supplier.id);
    }
    text
}
