//! `undo`: a batch taken back, or first the plan of it.

use crate::cli::output::{Output, count};
use crate::diagnostic::excerpt;
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::undo::{self, SaidSince, TakenBack};
use serde_json::json;
use std::fmt::Write as _;

/// `undo BATCH --plan`
pub fn plan(mut workspace: Workspace, batch: i64, output: &Output) -> Result<u8, Failure> {
    let planned = undo::plan(&mut workspace, batch)?;
    // Nothing was written but the plan, so nothing is let go either.
    drop(workspace);
    let undone = &planned.undone;
    if output.json {
        output.document(json!({
            "of": planned.of,
            "undone_by": planned.by,
            "plan": planned.plan,
            "restored": undone.restored,
            "removed": undone.removed,
            "decisions": undone.decisions,
            "kept": undone.kept,
            "kept_values": kept_values(&undone.kept_values),
            "said_since": planned.said_since,
            "changes": planned.changes,
            "more": planned.more,
        }));
        return Ok(0);
    }
    let mut text = String::new();
    for change in &planned.changes {
        text.push_str(&output.change(change));
    }
    if planned.more > 0 {
        let _ = writeln!(text, "and {} more", count(planned.more));
    }
    text.push_str(&since(&planned.said_since));
    let _ = match (planned.by, &planned.plan) {
        (Some(by), _) => writeln!(text, "batch {batch} was taken back by batch {by}"),
        (None, None) => writeln!(
            text,
            "nothing to take back: it changed nothing, all of it was changed again since, or what was before is past retention"
        ),
        (None, Some(plan)) => {
            let what = match undone.restored + undone.removed + undone.decisions {
                0 => "what it decided would be open again".to_owned(),
                _ => format!(
                    "{} layers would be as they were, {} would go, {} decisions would be open again, {} stay since later batches \
                     changed them",
                    count(undone.restored),
                    count(undone.removed),
                    count(undone.decisions),
                    count(undone.kept.len() as u64)
                ),
            };
            writeln!(
                text,
                "{what}; nothing was changed: `estante apply {plan}` does it, `estante plan show {plan}` shows it"
            )
        }
    };
    output.text(&text);
    Ok(0)
}

/// `undo BATCH`
pub fn undo(mut workspace: Workspace, batch: i64, output: &Output) -> Result<u8, Failure> {
    let taken = undo::undo(&mut workspace, batch)?;
    output.close(workspace)?;
    tell(&taken, output);
    Ok(0)
}

/// What was taken back.
pub fn tell(taken: &TakenBack, output: &Output) {
    let undone = &taken.undone;
    if output.json {
        output.document(json!({
            "undone": taken.of,
            "batch": undone.batch,
            "restored": undone.restored,
            "removed": undone.removed,
            "kept": undone.kept,
            "kept_values": kept_values(&undone.kept_values),
            "said_since": taken.said_since,
        }));
        return;
    }
    let mut text = String::new();
    match undone.batch {
        None if undone.kept.is_empty() => {
            text.push_str("it changed no product, or was taken back before; nothing changed\n")
        }
        None => text.push_str("nothing to take back\n"),
        Some(by) => {
            let _ = writeln!(
                text,
                "batch {} is taken back by batch {by}: {} layers as they were, {} gone",
                taken.of,
                count(undone.restored),
                count(undone.removed)
            );
        }
    }
    if !undone.kept.is_empty() {
        let shown = undone.kept.iter().take(10).map(|sku| {
            let of = undone.kept_values.iter().filter(|(kept, _)| kept == sku);
            match of.map(|(_, key)| key.as_str()).collect::<Vec<&str>>() {
                keys if keys.is_empty() => excerpt(sku),
                keys => format!("{} ({})", excerpt(sku), keys.join(", ")),
            }
        });
        let shown: Vec<String> = shown.collect();
        let more = undone.kept.len().saturating_sub(10);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let _ = writeln!(
            text,
            "kept, since later batches changed them or what was before is past retention: {}{more}",
            shown.join(", ")
        );
    }
    text.push_str(&since(&taken.said_since));
    output.text(&text);
}

/// What others said since, the first of it.
fn since(said: &[SaidSince]) -> String {
    if said.is_empty() {
        return String::new();
    }
    let shown = said.iter().take(10);
    let shown: Vec<String> = shown
        .map(|said| {
            format!(
                "{} {} ({}, batch {})",
                excerpt(&said.sku),
                said.attribute,
                said.source,
                said.batch
            )
        })
        .collect();
    let more = match said.len().saturating_sub(10) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("said by others since, which stays: {}{more}\n", shown.join(", "))
}

/// The values that stay since later batches changed them.
fn kept_values(kept: &[(String, String)]) -> Vec<serde_json::Value> {
    kept.iter()
        .map(|(sku, attribute)| json!({ "sku": sku, "attribute": attribute }))
        .collect()
}
