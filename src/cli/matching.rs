//! `match`: products of different suppliers that may be one, listed, accepted, rejected; and `product merge` and `split`.

use crate::cli::output::{Output, Table, Tone, count};
use crate::cli::progress::Drawn;
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::matches;
use crate::workspace::merging::{self, Merged};
use serde_json::json;
use std::fmt::Write as _;

#[derive(Debug, clap::Subcommand)]
pub enum MatchCommand {
    /// What may be one product, the surest first.
    List {
        /// Candidates to show.
        #[arg(long, value_name = "N", default_value_t = 50)]
        limit: usize,
    },
    /// Make both products of each candidate one, as one batch; `undo` takes it back.
    Accept {
        #[arg(required = true, value_name = "ID")]
        ids: Vec<String>,
    },
    /// Remember that a candidate is two products.
    Reject { id: String },
    /// Merge what is sure, where `[match] automatic` in estante.toml allows it.
    Merge,
}

/// `match [list [--limit N] | accept ID… | reject ID | merge]`
pub fn dispatch(workspace: Workspace, command: &MatchCommand, output: &Output) -> Result<u8, Failure> {
    match command {
        MatchCommand::List { limit } => list(&workspace, *limit, output),
        MatchCommand::Accept { ids } => accept(workspace, ids, output),
        MatchCommand::Reject { id } => reject(workspace, id, output),
        MatchCommand::Merge => merge_sure(workspace, output),
    }
}

fn list(workspace: &Workspace, limit: usize, output: &Output) -> Result<u8, Failure> {
    let listed = matches::list(workspace, limit, &Drawn::new(output))?;
    if output.json {
        output.document(serde_json::to_value(&listed).unwrap_or_default());
        return Ok(0);
    }
    if listed.candidates.is_empty() {
        output.text("no candidates\n");
        return Ok(0);
    }
    let mut table = Table::new(&["id", ">score", "one", "other", "for it", "against it"]);
    for candidate in &listed.candidates {
        table.row(vec![
            candidate.id.clone(),
            format!("{:.1}", candidate.score),
            candidate.a.clone(),
            candidate.b.clone(),
            candidate.reasons.join(", "),
            candidate.contradictions.join(", "),
        ]);
    }
    let mut text = table.render(output);
    let more = listed.total - listed.candidates.len();
    if more > 0 {
        let told = format!("and {} more (--limit shows them)", count(more as u64));
        let _ = writeln!(text, "  {}", output.paint(Tone::Faint, &told));
    }
    text.push_str("`estante match accept ID…` makes both one, `estante match reject ID` remembers that they are two\n");
    output.text(&text);
    Ok(0)
}

fn accept(mut workspace: Workspace, ids: &[String], output: &Output) -> Result<u8, Failure> {
    let merged = matches::accept(&mut workspace, ids, &Drawn::new(output))?;
    output.close(workspace)?;
    tell(&merged, output);
    Ok(0)
}

fn reject(mut workspace: Workspace, id: &str, output: &Output) -> Result<u8, Failure> {
    let (a, b, batch) = matches::reject(&mut workspace, id)?;
    output.close(workspace)?;
    if output.json {
        output.document(json!({ "a": a, "b": b, "batch": batch }));
        return Ok(0);
    }
    output.text(&format!(
        "{a} and {b} stay two (batch {batch}; `estante undo {batch}` takes it back)\n"
    ));
    Ok(0)
}

fn merge_sure(mut workspace: Workspace, output: &Output) -> Result<u8, Failure> {
    if workspace.settings.matching.automatic.is_none() {
        return Err(
            Failure::usage("the program merges nothing by itself: estante.toml says no `[match] automatic`")
                .with_help("docs/matching.md tells what it would merge; `estante match list` shows it"),
        );
    }
    let merged = matches::merge_sure(&mut workspace, &Drawn::new(output))?;
    output.close(workspace)?;
    tell(&merged, output);
    Ok(0)
}

/// `product merge A B`
pub fn merge(mut workspace: Workspace, a: &str, b: &str, output: &Output) -> Result<u8, Failure> {
    let merged = merging::merge(&mut workspace, a, b)?;
    output.close(workspace)?;
    tell(&merged, output);
    Ok(0)
}

/// `product split SKU [--supplier S]`
pub fn split(mut workspace: Workspace, sku: &str, supplier: Option<&str>, output: &Output) -> Result<u8, Failure> {
    let split = merging::split(&mut workspace, sku, supplier)?;
    output.close(workspace)?;
    if output.json {
        let moved: Vec<_> = split
            .moved
            .iter()
            .map(|(source, sku)| json!({ "source": source, "sku": sku }))
            .collect();
        output.document(json!({ "from": split.from, "sku": split.sku, "batch": split.batch, "moved": moved }));
        return Ok(0);
    }
    let moved: Vec<String> = split
        .moved
        .iter()
        .map(|(source, sku)| format!("{source} {sku}"))
        .collect();
    output.text(&format!(
        "{} left {} and is {} (batch {}; `estante undo {}` takes it back)\n",
        moved.join(", "),
        split.from,
        split.sku,
        split.batch,
        split.batch
    ));
    Ok(0)
}

fn tell(merged: &Merged, output: &Output) {
    if output.json {
        let pairs: Vec<_> = merged
            .merged
            .iter()
            .map(|(sku, part)| json!({ "sku": sku, "merged": part }))
            .collect();
        return output.document(json!({ "batch": merged.batch, "merged": pairs }));
    }
    let mut text = String::new();
    for (sku, part) in &merged.merged {
        let _ = writeln!(text, "{part} is part of {sku}");
    }
    match merged.batch {
        Some(batch) => {
            let _ = writeln!(text, "batch {batch}; `estante undo {batch}` takes it back");
        }
        None => text.push_str("nothing to merge\n"),
    }
    output.text(&text);
}
