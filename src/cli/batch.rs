//! `batches`, `log`: what was done.

use crate::cli::output::{Output, Table, Tone, count};
use crate::diagnostic::excerpt;
use crate::workspace::Workspace;
use crate::workspace::changes::{self, ShownChange};
use crate::workspace::failure::{Failure, FailureKind};
use crate::workspace::held;
use crate::workspace::inspect::{self, Beside, ShownBatch};
use crate::workspace::places::ShownPlace;
use serde_json::json;
use std::fmt::Write as _;

/// The number of a batch as a command names it. A plan's name is told from it.
pub fn number(text: &str) -> Result<i64, String> {
    if let Ok(number) = text.parse::<i64>()
        && number >= 0
    {
        return Ok(number);
    }
    let is_plan = text.strip_prefix('p').is_some_and(|rest| rest.parse::<u64>().is_ok());
    Err(match is_plan {
        true => format!(
            "{text} is a plan: nothing of it is applied yet; `estante plan discard {text}` throws it away, `estante batches` \
             lists batches"
        ),
        false => "a batch is named by its number, such as 12; `estante batches` lists them".to_owned(),
    })
}

/// `batches`
pub fn list(workspace: &Workspace, output: &Output) -> Result<u8, Failure> {
    if output.json {
        output.document(json!({ "batches": inspect::batches(workspace)? }));
        return Ok(0);
    }
    let batches = inspect::tallies(workspace)?;
    if batches.is_empty() {
        output.say("no batch yet");
        return Ok(0);
    }
    let mut table = Table::new(&[
        ">batch",
        "at",
        "kind",
        "source",
        ">new",
        ">changed",
        ">missing",
        ">held",
        ">rejected",
        "",
    ]);
    for shown in batches {
        let tally = &shown.batch.tally;
        let tallied = tally.new + tally.changed + tally.missing + tally.held;
        // It settled how the files are laid out, or that nothing is held any more.
        let is_quiet = shown.batch.kind == "import" && tallied == 0;
        let undone = match shown.batch.undone_by {
            Some(by) => format!("taken back by {by}"),
            None if is_quiet => "nothing changed".to_owned(),
            None => String::new(),
        };
        let mut row = vec![
            shown.batch.id.to_string(),
            shown.at,
            shown.batch.kind,
            shown.batch.source,
        ];
        row.extend([tally.new, tally.changed, tally.missing, tally.held, tally.rejected].map(count));
        row.push(undone);
        table.row(row);
    }
    output.text(&table.render(output));
    Ok(0)
}

/// `batches --held BATCH`
pub fn held(workspace: &Workspace, batch: i64, output: &Output) -> Result<u8, Failure> {
    let held = held::held(workspace, batch)?;
    if output.json {
        output.document(json!({ "batch": batch, "held": held }));
        return Ok(0);
    }
    let mut table = Table::new(&["sku", "reason", ">line", "settled"]);
    for entry in &held {
        table.row(vec![
            entry.sku.clone(),
            format!("{} [{}]", entry.reason.message, entry.reason.code),
            entry.line.to_string(),
            entry.settled.map_or_else(String::new, |by| format!("by batch {by}")),
        ]);
    }
    match table.is_empty() {
        true => output.say("nothing was held"),
        false => output.text(&table.render(output)),
    }
    Ok(0)
}

/// What becomes of what was held.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Accept,
    Reject,
}

/// `batches --held BATCH --accept SKU|CODE…` and `--reject SKU|CODE…`
pub fn settle(
    mut workspace: Workspace,
    batch: i64,
    verdict: Verdict,
    wanted: &[String],
    output: &Output,
) -> Result<u8, Failure> {
    let (settled, done) = match verdict {
        Verdict::Accept => (held::accept(&mut workspace, batch, wanted)?, "accepted"),
        Verdict::Reject => (held::reject(&mut workspace, batch, wanted)?, "rejected"),
    };
    output.close(workspace)?;
    if output.json {
        let left: Vec<_> = (settled.left.iter())
            .map(|(sku, why)| json!({ "sku": sku, "why": why }))
            .collect();
        output.document(json!({
            "of": batch,
            "batch": settled.batch,
            done: settled.settled,
            "left": left,
            "diagnostics": settled.findings,
        }));
        return Ok(0);
    }
    for (sku, why) in &settled.left {
        output.say(&format!("{sku} stays as it is: {why}"));
    }
    let findings = output.findings(settled.findings.iter(), &Default::default());
    match settled.batch {
        Some(made) => output.text(&format!(
            "{findings}{done} {} as batch {made}; `estante undo {made}` takes it back\n",
            count(settled.settled.len() as u64)
        )),
        None => output.say(&format!("nothing was {done}")),
    }
    Ok(0)
}

/// Changes of a batch that a terminal is shown, and that a document holds.
const SHOWN: usize = 200;
const LISTED: usize = 1_000;

/// `log [SKU|BATCH] [--field ATTR]`
pub fn log(workspace: &Workspace, of: Option<&str>, field: Option<&str>, output: &Output) -> Result<u8, Failure> {
    if let Some(field) = field {
        changes::known_attribute(&workspace.settings.schema, field)?;
    }
    let of = match (of, field) {
        (Some(of), _) => of,
        (None, None) => return list(workspace, output),
        (None, Some(field)) => {
            return Err(
                Failure::usage("`--field` narrows down the log of a product or of a batch, and none is named")
                    .with_help(format!("`estante log SKU --field {field}`, or the number of a batch")),
            );
        }
    };
    if let Ok(number) = of.parse::<i64>()
        && let Some(shown) = inspect::batch(workspace, number)?
    {
        log_batch(workspace, shown, field, output)?;
        if inspect::is_product(workspace, of)? {
            output.say(&format!(
                "{of} is a product, too: `estante product show {of} --history` tells of it"
            ));
        }
        return Ok(0);
    }
    let mut history = match inspect::show(workspace, of, Beside::HISTORY) {
        Err(failure) if failure.kind == FailureKind::Usage && of.parse::<i64>().is_ok() => {
            if inspect::is_product(workspace, of)? {
                return Err(failure);
            }
            return Err(Failure::usage(format!(
                "there is neither a batch {of} nor a product with the SKU `{of}`"
            ))
            .with_help("`estante batches` lists batches, `estante search` finds products"));
        }
        shown => shown?.history,
    };
    history.retain(|change| changes::is_of(change, field));
    if output.json {
        output.document(json!({ "sku": of, "changes": history }));
        return Ok(0);
    }
    let mut text = String::new();
    for change in history {
        let at = change.at.clone().unwrap_or_default();
        let head = format!("batch {} {at} {}", change.batch, change.source);
        let _ = writeln!(
            text,
            "{}  {}",
            output.paint(Tone::Faint, &head),
            change_text(&change, output)
        );
    }
    output.text(&text);
    Ok(0)
}

fn log_batch(
    workspace: &Workspace,
    mut shown: ShownBatch,
    field: Option<&str>,
    output: &Output,
) -> Result<u8, Failure> {
    let most = if output.json { LISTED } else { SHOWN };
    let told = changes::of_batch(workspace, &shown.batch, field, most)?;
    // What the next delivery is compared with is the store's affair.
    shown.batch.files.iter_mut().for_each(|file| file.layout = None);
    if output.json {
        let mut document = serde_json::to_value(&shown).unwrap_or_default();
        if let (Some(members), Ok(serde_json::Value::Object(told))) =
            (document.as_object_mut(), serde_json::to_value(&told))
        {
            members.extend(told);
        }
        output.document(document);
        return Ok(0);
    }
    let mut text = format!(
        "batch {}: {} of {} at {}\n",
        shown.batch.id, shown.batch.kind, shown.batch.source, shown.at
    );
    for file in &shown.batch.files {
        let _ = match &file.table {
            Some(table) => writeln!(text, "  {} (looked up as `{table}`)", file.path),
            None => writeln!(text, "  {} ({}, {} rows)", file.path, file.format, count(file.rows)),
        };
    }
    for (attribute, changes) in &shown.batch.tally.attributes {
        let _ = writeln!(text, "  {attribute}: {} changed", count(*changes));
    }
    for found in &told.changes {
        let _ = writeln!(text, "{}  {}", excerpt(&found.sku), change_text(&found.change, output));
    }
    if told.more > 0 {
        let _ = writeln!(
            text,
            "and more, of {} items; `--json` lists {} changes, `estante log SKU` all of a product",
            count(told.more),
            count(LISTED as u64)
        );
    }
    if told.past_retention {
        text.push_str("its history is past retention: only what still stands is listed\n");
    }
    text.push_str(&output.findings(shown.batch.diagnostics.iter(), &shown.findings));
    output.text(&text);
    Ok(0)
}

/// A change with its place: `price: 1 EUR → 2 EUR  list.csv:3 `price` copied`.
pub fn change_text(change: &ShownChange, output: &Output) -> String {
    let (before, after) = (before(change), side(change.after.as_deref()));
    let mut text = format!("{}: {before} → {after}", change.attribute);
    if let Some(place) = place(&change.place) {
        let _ = write!(text, "  {}", output.paint(Tone::Faint, &place));
    }
    text
}

/// File, line, column and rule, where a file says the value.
fn place(place: &ShownPlace) -> Option<String> {
    let mut text = match (&place.file, place.line) {
        (Some(file), Some(line)) => format!("{}:{line}", excerpt(file)),
        (Some(file), None) => excerpt(file),
        // What is in none of several files has a cause and no place.
        (None, _) => return place.rule.as_deref().filter(|_| place.column.is_none()).map(excerpt),
    };
    if let Some(column) = &place.column {
        let _ = write!(text, " `{}`", excerpt(column));
    }
    if let Some(rule) = &place.rule {
        let _ = write!(text, " {}", excerpt(rule));
    }
    Some(text)
}

/// What a value was before a change.
fn before(change: &ShownChange) -> String {
    match change.forgotten {
        true => "… (past retention)".to_owned(),
        false => side(change.before.as_deref()),
    }
}

/// One side of a change.
fn side(value: Option<&str>) -> String {
    value.map_or_else(|| "–".to_owned(), excerpt)
}
