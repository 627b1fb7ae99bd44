//! `rules`: the rules of the workspace, and what they do of products before a run does it.

use crate::cli::output::{Output, Table, Tone, count};
use crate::cli::progress::Drawn;
use crate::diagnostic::excerpt;
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::rules::{self, Tried};
use clap::Subcommand;
use std::collections::BTreeMap;
use std::fmt::Write as _;

#[derive(Debug, Subcommand)]
pub enum RulesCommand {
    /// The rules in their order, and where they get in each other's way.
    List,
    /// Try the rules: values before and after, with counts. Writes nothing.
    Try {
        /// The rule that is meant, all without one; then SKUs or a query, the whole catalog without them.
        #[arg(value_name = "RULE|QUERY|SKU")]
        of: Vec<String>,
        /// Products to show.
        #[arg(long, value_name = "N", default_value_t = 20)]
        limit: usize,
    },
}

/// `rules list`, `rules try [RULE] [QUERY|SKU…] [--limit N]`
pub fn dispatch(workspace: &Workspace, command: &RulesCommand, output: &Output) -> Result<u8, Failure> {
    match command {
        RulesCommand::List => list(workspace, output),
        RulesCommand::Try { of, limit } => {
            let tried = rules::try_rules(workspace, of, *limit, &Drawn::new(output))?;
            match output.json {
                true => output.document(serde_json::to_value(&tried).unwrap_or_default()),
                false => output.text(&text(&tried, output)),
            }
            Ok(0)
        }
    }
}

fn list(workspace: &Workspace, output: &Output) -> Result<u8, Failure> {
    let list = rules::list(workspace);
    if output.json {
        output.document(serde_json::to_value(&list).unwrap_or_default());
        return Ok(0);
    }
    let mut table = Table::new(&["rule", "when", "then", "from"]);
    for rule in &list.rules {
        table.row(vec![
            rule.rule.clone(),
            rule.when.clone().unwrap_or_default(),
            rule.then.join(", "),
            place(rule.file.as_deref(), rule.line),
        ]);
    }
    let mut text = match list.rules.len() {
        0 => "there are no rules; docs/rules.md begins with an example\n".to_owned(),
        _ => table.render(output),
    };
    let mut counts = BTreeMap::new();
    for found in &list.diagnostics {
        *counts.entry(found.code.to_string()).or_insert(0) += 1;
    }
    text.push_str(&output.findings(list.diagnostics.iter(), &counts));
    output.text(&text);
    Ok(0)
}

fn place(file: Option<&str>, line: Option<u64>) -> String {
    let line = line.map_or_else(String::new, |line| format!(":{line}"));
    format!("{}{line}", file.unwrap_or_default())
}

fn text(tried: &Tried, output: &Output) -> String {
    let mut text = String::new();
    let side = |side: &Option<String>| side.as_deref().map_or_else(|| "–".to_owned(), excerpt);
    for product in &tried.products {
        let _ = writeln!(text, "{}", output.paint(Tone::Strong, &excerpt(&product.sku)));
        for value in &product.values {
            let kept = match &value.kept {
                Some(why) => output.paint(Tone::Doubtful, &format!("  stays: {why}")),
                None => String::new(),
            };
            let _ = writeln!(
                text,
                "  {}: {} → {}  {}{kept}",
                value.attribute,
                side(&value.before),
                side(&value.after),
                output.paint(Tone::Faint, &value.rule)
            );
        }
    }
    let mut table = Table::new(&[
        "rule",
        ">products",
        ">changed",
        ">values",
        ">kept",
        ">nothing done",
        "from",
    ]);
    for rule in &tried.rules {
        table.row(vec![
            rule.rule.clone(),
            count(rule.products),
            count(rule.changed),
            count(rule.values),
            count(rule.kept),
            count(rule.stopped.values().sum()),
            place(rule.file.as_deref(), rule.line),
        ]);
    }
    text.push_str(&table.render(output));
    for rule in &tried.rules {
        for (reason, number) in &rule.stopped {
            let _ = writeln!(text, "  {}: {} × {}", rule.rule, count(*number), excerpt(reason));
        }
    }
    let _ = writeln!(
        text,
        "rules change something of {} of {} products; nothing was written",
        count(tried.changed),
        count(tried.looked_at)
    );
    text
}
