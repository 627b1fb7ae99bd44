//! `search`: products found, as a table or one document.

use crate::cli::output::{Output, Table, Tone, count};
use crate::cli::progress::Drawn;
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::search::{self, Question, Searched};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;

/// Values of a facet that are shown to people; `--json` has more.
const SHOWN_VALUES: usize = 10;

/// `search QUERY [--limit N] [--offset N] [--sort F] [--facet F]… [--locale L]`
pub fn search(workspace: &Workspace, question: &Question<'_>, output: &Output) -> Result<u8, Failure> {
    let progress = Drawn::new(output);
    let searched = search::search(workspace, question, &progress)?;
    match output.json {
        true => output.document(document(&searched)),
        false => {
            output.text(&text(&searched, question, output));
            for note in &searched.notes {
                output.say(note);
            }
        }
    }
    Ok(0)
}

fn document(searched: &Searched) -> Value {
    let facets: Map<String, Value> = searched
        .facets
        .iter()
        .map(|(name, values)| (name.clone(), json!(values)))
        .collect();
    json!({
        "query": searched.query,
        "total": searched.total,
        "took_ms": searched.took_ms,
        "hits": searched.hits,
        "facets": facets,
        "suggestion": searched.suggestion,
        "relaxed": searched.relaxed,
        "notes": searched.notes,
    })
}

fn text(searched: &Searched, question: &Question<'_>, output: &Output) -> String {
    let mut text = String::new();
    if let Some(suggestion) = &searched.suggestion {
        let _ = writeln!(text, "nothing for `{}`; shown for `{suggestion}`", searched.query);
    }
    let products = match searched.total {
        1 => "1 product".to_owned(),
        total => format!("{} products", count(total)),
    };
    let mut head = output.paint(Tone::Strong, &products);
    let first = question.offset + 1;
    if !searched.hits.is_empty() && (searched.hits.len() as u64) < searched.total {
        let _ = write!(head, ", {first} to {}", question.offset + searched.hits.len());
    }
    let _ = writeln!(text, "{head}, {:.1} ms", searched.took_ms);
    if !searched.hits.is_empty() {
        let mut table = Table::new(&["sku", "title", "brand", ">price", ">stock"]);
        for hit in &searched.hits {
            let field = |name: &str| hit.fields.get(name).cloned().unwrap_or_default();
            table.row(vec![
                hit.sku.clone(),
                hit.title.clone(),
                field("brand"),
                field("price"),
                field("stock"),
            ]);
        }
        text.push_str(&table.render(output));
    }
    for (name, values) in &searched.facets {
        let _ = writeln!(text, "{}", output.paint(Tone::Strong, name));
        let mut table = Table::new(&["value", ">products"]);
        for (value, number) in values.iter().take(SHOWN_VALUES) {
            table.row(vec![value.clone(), count(*number)]);
        }
        text.push_str(&table.render(output));
        if values.len() > SHOWN_VALUES {
            let _ = writeln!(
                text,
                "  {}",
                output.paint(Tone::Faint, &format!("and {} more", values.len() - SHOWN_VALUES))
            );
        }
    }
    text
}
