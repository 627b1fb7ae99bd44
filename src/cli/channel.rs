//! `channel`: what a channel would refuse, and its files.

use crate::cli::fail_on::FailOn;
use crate::cli::output::{Output, Table, Tone, bytes, count, rounded, seconds};
use crate::cli::progress::Drawn;
use crate::diagnostic::{Severity, excerpt};
use crate::workspace::Workspace;
use crate::workspace::export::{self, Exported, Mode};
use crate::workspace::failure::Failure;
use serde_json::json;
use std::fmt::Write as _;
use std::time::Instant;

/// `channel list`
pub fn list(workspace: &Workspace, output: &Output) -> Result<u8, Failure> {
    let channels = export::channels(workspace);
    if output.json {
        output.document(json!({ "channels": channels }));
        return Ok(0);
    }
    let mut table = Table::new(&["channel", "name", "pack", "file"]);
    for channel in channels {
        table.row(vec![channel.channel, channel.name, channel.pack, channel.file]);
    }
    output.text(&table.render(output));
    Ok(0)
}

/// `channel check C`
pub fn check(workspace: &Workspace, channel: &str, fail_on: FailOn, output: &Output) -> Result<u8, Failure> {
    let begun = Instant::now();
    let progress = Drawn::new(output);
    let checked = export::check(workspace, channel, &progress)?;
    if output.json {
        let mut document = checked_document(&checked);
        document["seconds"] = rounded(begun.elapsed().as_secs_f64()).into();
        output.document(document);
    } else {
        let mut text = counts(&checked);
        text.push_str(&causes_text(&checked, usize::MAX, output));
        text.push_str(&unchecked_text(&checked, output));
        output.text(&text);
    }
    Ok(match fail_on {
        FailOn::Never => 0,
        FailOn::Blocked if checked.blocked > 0 => 4,
        FailOn::Degraded if checked.blocked + checked.degraded > 0 => 4,
        FailOn::Blocked | FailOn::Degraded => 0,
    })
}

/// `channel export C [--full|--delta]`
pub fn export(
    mut workspace: Workspace,
    channel: &str,
    full: bool,
    delta: bool,
    output: &Output,
) -> Result<u8, Failure> {
    let begun = Instant::now();
    let mode = match (full, delta) {
        (true, _) => Mode::Full,
        (_, true) => Mode::Delta,
        _ => Mode::Current,
    };
    let progress = Drawn::new(output);
    let exported = export::export(&mut workspace, channel, mode, &progress)?;
    output.close(workspace)?;
    if output.json {
        let mut document = exported_document(&exported);
        document["seconds"] = rounded(begun.elapsed().as_secs_f64()).into();
        output.document(document);
        return Ok(0);
    }
    let mut text = counts(&exported);
    text.push_str(&causes_text(&exported, 10, output));
    for file in &exported.files {
        let _ = writeln!(
            text,
            "{} ({} items, {})",
            output.paint(Tone::Strong, &file.path),
            count(file.items),
            bytes(file.bytes)
        );
    }
    if exported.untouched {
        text.push_str("nothing changed since the last export\n");
    }
    if let Some(removed) = exported.removed {
        let _ = writeln!(text, "{} to be removed", count(removed));
    }
    let _ = writeln!(text, "{}", seconds(begun.elapsed().as_secs_f64()));
    output.text(&text);
    Ok(0)
}

/// `channel explain C SKU`
pub fn explain(workspace: &Workspace, channel: &str, sku: &str, output: &Output) -> Result<u8, Failure> {
    let explained = export::explain(workspace, channel, sku)?;
    if output.json {
        output.document(serde_json::to_value(&explained).unwrap_or_default());
        return Ok(0);
    }
    let tone = match explained.verdict.as_str() {
        "ready" => Tone::Good,
        "degraded" => Tone::Doubtful,
        _ => Tone::Bad,
    };
    let mut text = format!(
        "{} on {channel}: {}\n",
        excerpt(&explained.sku),
        output.paint(tone, &explained.verdict)
    );
    let mut table = Table::new(&["field", "content"]);
    for (field, contents) in &explained.fields {
        table.row(vec![field.clone(), contents.join(" | ")]);
    }
    text.push_str(&table.render(output));
    for diagnostic in &explained.diagnostics {
        text.push_str(&output.diagnostic(diagnostic));
    }
    output.text(&text);
    Ok(0)
}

fn counts(checked: &Exported) -> String {
    format!(
        "{}: {} products, {} ready, {} degraded, {} blocked\n",
        checked.channel,
        count(checked.products),
        count(checked.ready),
        count(checked.degraded),
        count(checked.blocked)
    )
}

/// The causes in the order of weight, at most `most`.
pub fn causes_text(checked: &Exported, most: usize, output: &Output) -> String {
    let (channel, causes) = (&checked.channel, &checked.causes);
    let mut text = String::new();
    for cause in causes.iter().take(most) {
        let (tone, word) = match cause.severity {
            Severity::Error => (Tone::Bad, "blocked"),
            Severity::Warning => (Tone::Doubtful, "degraded"),
            Severity::Info => (Tone::Faint, "note"),
        };
        let sample: Vec<String> = cause.sample.iter().take(3).map(|sku| excerpt(sku)).collect();
        let sample = if sample.is_empty() {
            String::new()
        } else {
            format!("  e.g. {}", sample.join(", "))
        };
        let _ = writeln!(
            text,
            "  {channel} {} {:>6}  {} [{}]{}",
            output.paint(tone, &format!("{word:8}")),
            count(cause.count),
            cause.text,
            cause.code,
            output.paint(Tone::Faint, &sample)
        );
        if let Some(help) = cause.help.as_ref().filter(|_| output.verbose) {
            let _ = writeln!(text, "           {}", output.paint(Tone::Faint, help));
        }
    }
    if causes.len() > most {
        let _ = writeln!(
            text,
            "  {channel} and {} more causes: estante channel check {channel}",
            causes.len() - most
        );
    }
    text
}

/// What the program could not look at: counted, and in full where asked for.
fn unchecked_text(checked: &Exported, output: &Output) -> String {
    if checked.unchecked.is_empty() {
        return String::new();
    }
    let mut text = format!(
        "  {} {} rules were not checked{}\n",
        checked.channel,
        checked.unchecked.len(),
        if output.verbose {
            ":"
        } else {
            ": they need pictures, a crawl or a person (-v lists them)"
        }
    );
    if output.verbose {
        for diagnostic in &checked.unchecked {
            text.push_str(&output.diagnostic(diagnostic));
        }
    }
    text
}

fn checked_document(checked: &Exported) -> serde_json::Value {
    json!({
        "channel": checked.channel,
        "pack": checked.pack,
        "products": checked.products,
        "ready": checked.ready,
        "degraded": checked.degraded,
        "blocked": checked.blocked,
        "causes": checked.causes,
        "unchecked": checked.unchecked,
    })
}

/// The JSON of an export, as the contract has it.
pub fn exported_document(exported: &Exported) -> serde_json::Value {
    let mut document = checked_document(exported);
    document["files"] = serde_json::to_value(&exported.files).unwrap_or_default();
    document["removed"] = exported.removed.unwrap_or(0).into();
    document["mode"] = exported.mode.clone().into();
    document["carried"] = exported.carried.into();
    document["untouched"] = exported.untouched.into();
    document
}
