//! `history`: how much is kept so that batches can be taken back, and letting go of what is past retention.

use crate::cli::output::{Output, bytes, count};
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::kept_history::{self, KeptHistory};
use serde_json::{Value, json};

/// `history`
pub fn show(workspace: &Workspace, output: &Output) -> Result<u8, Failure> {
    let standing = kept_history::kept(workspace)?;
    if output.json {
        output.document(document(&standing));
        return Ok(0);
    }
    output.text(&text(&standing));
    Ok(0)
}

/// `history prune [--apply] [--compact]`: without `--apply` nothing goes.
pub fn prune(workspace: Workspace, apply: bool, compact: bool, output: &Output) -> Result<u8, Failure> {
    let gone = match apply {
        true => kept_history::prune(workspace, compact)?,
        false => kept_history::kept(&workspace)?.past,
    };
    if output.json {
        output.document(json!({
            "applied": apply,
            "through": gone.through,
            "batches": gone.batches,
            "states": gone.states,
            "bytes": gone.bytes,
        }));
        return Ok(0);
    }
    let what = format!(
        "history of {} batches up to {}: {} past states, {}",
        count(gone.batches),
        gone.through,
        count(gone.states),
        bytes(gone.bytes)
    );
    output.text(&match (gone.batches, apply) {
        (0, _) => "nothing is past retention\n".to_owned(),
        (_, true) => format!("let go of the {what}\n"),
        (_, false) => {
            format!("would let go of the {what}; nothing was changed: `estante history prune --apply` does it\n")
        }
    });
    Ok(0)
}

fn document(standing: &KeptHistory) -> Value {
    json!({
        "limits": standing.limits,
        "batches": standing.batches,
        "oldest": standing.oldest,
        "states": standing.states,
        "changed_values": standing.values,
        "bytes": standing.bytes,
        "stayed": { "states": standing.stayed.states, "bytes": standing.stayed.bytes },
        "bytes_per_changed_value": standing.per_value(),
        "file_bytes": standing.file,
        "free_bytes": standing.free,
        "past": { "through": standing.past.through, "batches": standing.past.batches, "states": standing.past.states, "bytes": standing.past.bytes },
    })
}

fn text(standing: &KeptHistory) -> String {
    let since = standing
        .oldest
        .map_or_else(String::new, |oldest| format!(" (from {oldest} on)"));
    let per_value = standing.per_value().map_or_else(String::new, |number| {
        format!(", {} a changed value of {}", bytes(number), count(standing.values))
    });
    let limits = match standing.limits.as_str() {
        "" => "no limit: `[history]` in estante.toml sets one",
        limits => limits,
    };
    let mut text = format!(
        "{} batches can be taken back{since}: {} past states, {}{per_value}\nthe store is {}, of which {} are free for what comes next\n\
         retention: {limits}\n",
        count(standing.batches),
        count(standing.states),
        bytes(standing.bytes),
        bytes(standing.file),
        bytes(standing.free),
    );
    if standing.stayed.states > 0 {
        text.push_str(&format!(
            "{} of the past states, {}, are of older batches: what people said is compared with them\n",
            count(standing.stayed.states),
            bytes(standing.stayed.bytes),
        ));
    }
    if standing.past.batches > 0 {
        text.push_str(&format!(
            "past it are {} batches up to {}: the next command that writes lets go of their history\n",
            count(standing.past.batches),
            standing.past.through
        ));
    }
    text
}
