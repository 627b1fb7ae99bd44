//! `supplier check`: a mapping held against the newest feed.

use crate::cli::fail_on::FailOn;
use crate::cli::output::{Output, Table, Tone, count};
use crate::diagnostic::Severity;
use crate::workspace::Workspace;
use crate::workspace::accept::{Accepted, accept};
use crate::workspace::check::{self, Checked};
use crate::workspace::failure::Failure;
use std::fmt::Write as _;

/// Words shown without `-v`.
const MOST_WORDS: usize = 20;

/// `supplier check S [--accept]`
pub fn check(
    workspace: &Workspace,
    supplier: &str,
    accept_it: bool,
    fail_on: FailOn,
    output: &Output,
) -> Result<u8, Failure> {
    let checked = check::check(workspace, supplier)?;
    let accepted = accept_it.then(|| accept(workspace, &checked)).transpose()?;
    if output.json {
        let mut document = serde_json::to_value(&checked).unwrap_or_default();
        if let Some(members) = document.as_object_mut() {
            members.insert("accepted".into(), serde_json::to_value(&accepted).unwrap_or_default());
        }
        output.document(document);
    } else {
        output.text(&text(&checked, accepted.as_ref(), output));
    }
    let stopped = checked.rejected > 0
        || !checked.refused.is_empty()
        || checked.drift.iter().any(|finding| finding.severity == Severity::Error);
    let warned = !checked.unknown.is_empty()
        || !checked.findings.is_empty()
        || checked
            .drift
            .iter()
            .any(|finding| finding.severity == Severity::Warning);
    Ok(match fail_on {
        FailOn::Never => 0,
        FailOn::Blocked if stopped => 4,
        FailOn::Degraded if stopped || warned => 4,
        FailOn::Blocked | FailOn::Degraded => 0,
    })
}

fn text(checked: &Checked, accepted: Option<&Accepted>, output: &Output) -> String {
    let mut text = format!(
        "{}: {} rows, {} rejected\n",
        checked.files.join(" "),
        count(checked.read),
        count(checked.rejected)
    );
    for finding in checked.refused.iter().chain(&checked.drift) {
        text.push_str(&output.diagnostic(finding));
    }
    if !checked.unmapped.is_empty() {
        let mut table = Table::new(&["not mapped", ">filled", "for example"]);
        for column in &checked.unmapped {
            table.row(vec![
                column.column.clone(),
                count(column.filled),
                column.samples.join(" · "),
            ]);
        }
        text.push_str(&table.render(output));
    }
    if !checked.unknown.is_empty() {
        let mut table = Table::new(&["unknown word", "field", ">rows", "nearest"]);
        let shown = if output.verbose {
            checked.unknown.len()
        } else {
            MOST_WORDS
        };
        for word in checked.unknown.iter().take(shown) {
            let nearest: Vec<String> = word
                .nearest
                .iter()
                .map(|near| format!("{} ({})", near.value, near.because))
                .collect();
            table.row(vec![
                word.word.clone(),
                word.field.clone(),
                count(word.rows),
                nearest.join(", "),
            ]);
        }
        text.push_str(&table.render(output));
        if let Some(more) = checked.unknown.len().checked_sub(shown).filter(|more| *more > 0) {
            let _ = writeln!(
                text,
                "  {}",
                output.paint(Tone::Faint, &format!("and {more} more (-v shows them)"))
            );
        }
    }
    if checked.unknown_beyond > 0 {
        let _ = writeln!(
            text,
            "  {} values are words that are not listed: too many different ones, or too long",
            count(checked.unknown_beyond)
        );
    }
    match accepted {
        Some(accepted) => {
            for written in &accepted.written {
                let _ = writeln!(text, "{written}");
            }
            let _ = writeln!(
                text,
                "{}",
                output.paint(
                    Tone::Strong,
                    &format!(
                        "{}: {} written, {} left as comments for you",
                        accepted.file,
                        accepted.written.len(),
                        accepted.commented.len()
                    )
                )
            );
        }
        None if !checked.paste.is_empty() => {
            let _ = write!(
                text,
                "for supplier.toml (`--accept` writes what is clear):\n\n{}",
                checked.paste
            );
        }
        None => {}
    }
    let nothing = checked.unmapped.is_empty() && checked.unknown.is_empty() && checked.unknown_beyond == 0;
    if nothing && checked.drift.is_empty() && checked.refused.is_empty() {
        text.push_str("every column is mapped, every word is known, nothing changed\n");
    }
    text
}
