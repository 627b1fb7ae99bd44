//! `product`: one product, where each value comes from, and values said by hand.

use crate::cli::batch::change_text;
use crate::cli::output::{Output, Table, Tone};
use crate::diagnostic::excerpt;
use crate::workspace::Workspace;
use crate::workspace::edit::{self, Edited};
use crate::workspace::failure::Failure;
use crate::workspace::inspect::{self, Beside, ShownProduct, ShownValue};
use crate::workspace::models::{self, Target};
use clap::Subcommand;
use serde_json::json;
use std::fmt::Write as _;

#[derive(Debug, Subcommand)]
pub enum ProductCommand {
    /// A product with the origin of every value.
    Show {
        sku: String,
        /// What each source says, and why it wins or loses.
        #[arg(long)]
        layers: bool,
        /// How it came to be.
        #[arg(long)]
        history: bool,
    },
    /// Put variants into another model, by hand; no import moves them back. `product clear SKU model` does.
    #[command(group(clap::ArgGroup::new("target").required(true).args(["model", "with", "alone"])))]
    Move {
        #[arg(required = true, value_name = "SKU")]
        skus: Vec<String>,
        /// Code of the model; a new one is made.
        #[arg(long, value_name = "CODE")]
        model: Option<String>,
        /// The model that this product is of.
        #[arg(long, value_name = "SKU")]
        with: Option<String>,
        /// A model of its own for each.
        #[arg(long)]
        alone: bool,
    },
    /// Say values by hand; no import overwrites them.
    Set {
        sku: String,
        /// ATTR=VALUE, ATTR@LOCALE=VALUE or ATTR@LOCALE@CHANNEL=VALUE.
        #[arg(required = true, value_name = "ATTR=VALUE")]
        values: Vec<String>,
        /// What it says as far as you know; nothing is written where it says something else by now. Once for each value, in their order; ""
        /// where nobody says anything.
        #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
        was: Vec<String>,
    },
    /// Take back values said by hand.
    Clear {
        sku: String,
        #[arg(required = true, value_name = "ATTR")]
        attributes: Vec<String>,
        /// What it says as far as you know; nothing is written where it says something else by now. Once for each value, in their order; ""
        /// where nobody says anything.
        #[arg(long, value_name = "VALUE", allow_hyphen_values = true)]
        was: Vec<String>,
    },
    /// Make B part of A: its suppliers' SKUs lead to A from then on.
    Merge { a: String, b: String },
    /// Take what one supplier says out of a product, into one of its own; undoes a merge.
    Split {
        /// The supplier's own SKU, or that of a product that was merged.
        sku: String,
        /// The supplier whose SKU it is, where several have it.
        #[arg(long, value_name = "S")]
        supplier: Option<String>,
    },
}

/// `product show SKU [--layers|--history]`
pub fn show(workspace: &Workspace, sku: &str, layers: bool, history: bool, output: &Output) -> Result<u8, Failure> {
    let beside = Beside {
        layers: layers || output.json,
        history: history && (output.json || !layers),
    };
    let shown = inspect::show(workspace, sku, beside)?;
    if output.json {
        output.document(serde_json::to_value(&shown).unwrap_or_default());
        return Ok(0);
    }
    let mut text = head(&shown, output);
    match (layers, history) {
        (true, _) => text.push_str(&layers_text(&shown, output)),
        (false, true) => {
            for change in &shown.history {
                let _ = writeln!(
                    text,
                    "  batch {:<5} {:24} {}",
                    change.batch,
                    change.source,
                    change_text(change, output)
                );
            }
        }
        (false, false) => {
            let mut table = Table::new(&["attribute", "value", "source", "from"]);
            for value in &shown.values {
                table.row(vec![
                    key(value),
                    value.value.clone(),
                    value.source.clone(),
                    place(value),
                ]);
            }
            text.push_str(&table.render(output));
        }
    }
    output.text(&text);
    Ok(0)
}

fn head(shown: &ShownProduct, output: &Output) -> String {
    let mut text = output.paint(Tone::Strong, &excerpt(&shown.sku));
    if let Some(model) = &shown.model {
        let _ = write!(text, "  model {}", excerpt(model));
    }
    let _ = write!(text, "  family {}", shown.family.as_deref().unwrap_or("–"));
    if !shown.active {
        let _ = write!(
            text,
            "  {}",
            output.paint(Tone::Doubtful, "withdrawn by every supplier")
        );
    }
    text.push('\n');
    for part in &shown.merged {
        let _ = writeln!(
            text,
            "  {} is part of it since batch {}",
            excerpt(&part.sku),
            part.batch
        );
    }
    for complete in &shown.completeness {
        let Some(channel) = &complete.channel else { continue };
        let missing = match complete.missing.is_empty() {
            true => String::new(),
            false => format!(", missing {}", complete.missing.join(", ")),
        };
        let _ = writeln!(
            text,
            "  {channel} {}: {} % complete{missing}",
            complete.locale, complete.percent
        );
    }
    text
}

fn layers_text(shown: &ShownProduct, output: &Output) -> String {
    let mut text = String::new();
    for layer in &shown.layers {
        let withdrawn = if layer.withdrawn { ", withdrawn" } else { "" };
        let _ = writeln!(
            text,
            "{} (SKU {}, batch {}{withdrawn})",
            output.paint(Tone::Strong, &layer.source),
            excerpt(&layer.sku),
            layer.batch
        );
        for claim in &layer.values {
            let mark = if claim.wins {
                output.paint(Tone::Good, "✓")
            } else {
                output.paint(Tone::Faint, "·")
            };
            let reason = claim.reason.as_deref().map_or_else(String::new, |reason| {
                output.paint(Tone::Faint, &format!("  ({reason})"))
            });
            let _ = writeln!(
                text,
                "  {mark} {}: {}{reason}  {}",
                key(&claim.value),
                excerpt(&claim.value.value),
                output.paint(Tone::Faint, &place(&claim.value))
            );
        }
    }
    text
}

fn key(value: &ShownValue) -> String {
    match (&value.locale, &value.channel) {
        (None, None) => value.attribute.clone(),
        (locale, None) => format!("{}@{}", value.attribute, locale.as_deref().unwrap_or_default()),
        (locale, Some(channel)) => format!(
            "{}@{}@{channel}",
            value.attribute,
            locale.as_deref().unwrap_or_default()
        ),
    }
}

fn place(value: &ShownValue) -> String {
    let mut place = match (&value.file, value.line) {
        (Some(file), Some(line)) => format!("{file}:{line}"),
        _ => format!("batch {}", value.batch),
    };
    if let Some(column) = &value.column {
        let _ = write!(place, " `{column}`");
    }
    if let Some(rule) = &value.rule {
        let _ = write!(place, " {rule}");
    }
    if value.inherited {
        place.push_str(" (from the model)");
    }
    place
}

/// `product set SKU ATTR=VALUE… [--was VALUE]…`
pub fn set(
    mut workspace: Workspace,
    sku: &str,
    values: &[String],
    was: &[String],
    output: &Output,
) -> Result<u8, Failure> {
    let edited = edit::set_seen(&mut workspace, sku, values, was)?;
    output.close(workspace)?;
    tell(&edited, output);
    Ok(0)
}

/// `product clear SKU ATTR… [--was VALUE]…`
pub fn clear(
    mut workspace: Workspace,
    sku: &str,
    attributes: &[String],
    was: &[String],
    output: &Output,
) -> Result<u8, Failure> {
    let edited = edit::clear_seen(&mut workspace, sku, attributes, was)?;
    output.close(workspace)?;
    tell(&edited, output);
    Ok(0)
}

/// `product move SKU… --model CODE | --with SKU | --alone`
pub fn move_to(
    mut workspace: Workspace,
    skus: &[String],
    model: Option<&str>,
    with: Option<&str>,
    output: &Output,
) -> Result<u8, Failure> {
    let target = match (model, with) {
        (Some(code), _) => Target::Model(code.to_owned()),
        (None, Some(sku)) => Target::With(sku.to_owned()),
        (None, None) => Target::Alone,
    };
    let moved = models::move_to(&mut workspace, skus, &target)?;
    output.close(workspace)?;
    if output.json {
        let to = moved
            .moved
            .iter()
            .map(|(sku, model)| json!({ "sku": sku, "model": model }));
        output
            .document(json!({ "batch": moved.batch, "moved": to.collect::<Vec<_>>(), "diagnostics": moved.findings }));
        return Ok(0);
    }
    let mut text = String::new();
    for (sku, model) in &moved.moved {
        let _ = writeln!(text, "{} is of model {}", excerpt(sku), excerpt(model));
    }
    text.push_str(&output.findings(moved.findings.iter(), &Default::default()));
    match moved.batch {
        Some(batch) => output.text(&format!("{text}batch {batch}; `estante undo {batch}` takes it back\n")),
        None => output.text("nothing to change\n"),
    }
    Ok(0)
}

fn tell(edited: &Edited, output: &Output) {
    if output.json {
        return output.document(json!({ "sku": edited.sku, "batch": edited.batch, "changed": edited.changed }));
    }
    match edited.batch {
        Some(batch) => output.text(&format!(
            "{}: {} (batch {batch}; `estante undo {batch}` takes it back)\n",
            edited.sku,
            edited.changed.join(", ")
        )),
        None => output.text(&format!("{}: nothing to change\n", edited.sku)),
    }
}
