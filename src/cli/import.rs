//! `import`, `apply`, `plan`: a delivery's difference, seen before it is made.

use crate::cli::fail_on::FailOn;
use crate::cli::output::{Output, Table, Tone, count, rounded, seconds};
use crate::cli::progress::Drawn;
use crate::cli::undo;
use crate::workspace::Workspace;
use crate::workspace::delivery::Which;
use crate::workspace::difference::ShownEntry;
use crate::workspace::failure::Failure;
use crate::workspace::plans::{self, Delivery, Done, ShownPlan};
use serde_json::json;
use std::fmt::Write as _;

/// Held items that an import names; `plan show` has them all.
const MOST_OUTLIERS: usize = 1_000;

/// `import S [FILE]… [--again [BATCH]] [--apply]`
pub fn import(
    mut workspace: Workspace,
    supplier: &str,
    which: &Which,
    apply: bool,
    fail_on: FailOn,
    output: &Output,
) -> Result<u8, Failure> {
    let progress = Drawn::new(output);
    let delivery = plans::import(&mut workspace, supplier, which, apply, &progress)?;
    let outliers = match &delivery.plan {
        Some(plan) if held(&delivery) > 0 => plans::outliers(&workspace, plan, MOST_OUTLIERS)?,
        _ => Vec::new(),
    };
    output.close(workspace)?;
    tell(&delivery, &outliers, output);
    Ok(code(&delivery, fail_on))
}

/// `apply P`
pub fn apply(mut workspace: Workspace, plan: &str, output: &Output) -> Result<u8, Failure> {
    let progress = Drawn::new(output);
    let done = plans::apply_named(&mut workspace, plan, &progress)?;
    output.close(workspace)?;
    match done {
        Done::Taken(delivery) => tell(&delivery, &[], output),
        Done::TakenBack(taken) => undo::tell(&taken, output),
    }
    Ok(0)
}

/// How many items the guards hold.
fn held(delivery: &Delivery) -> u64 {
    delivery.summary.tally.held + delivery.summary.missing_held
}

/// 4 where something was held or rejected at or above what `--fail-on` says.
pub fn code(delivery: &Delivery, fail_on: FailOn) -> u8 {
    let tally = &delivery.summary.tally;
    let stopped = tally.held + tally.rejected + delivery.summary.missing_held > 0;
    match fail_on {
        FailOn::Never => 0,
        FailOn::Blocked if stopped => 4,
        FailOn::Degraded if stopped || !delivery.summary.findings.is_empty() => 4,
        FailOn::Blocked | FailOn::Degraded => 0,
    }
}

/// The JSON of a delivery, as the contract has it.
pub fn document(delivery: &Delivery) -> serde_json::Value {
    let summary = &delivery.summary;
    let tally = &summary.tally;
    let mut files = summary.files.clone();
    // What the next delivery is compared with is the store's affair.
    files.iter_mut().for_each(|file| file.layout = None);
    let diagnostics: Vec<_> = summary.reasons.iter().chain(&summary.diagnostics).collect();
    let mut document = json!({
        "supplier": summary.supplier,
        "files": files,
        "read": tally.read,
        "new": tally.new,
        "changed": tally.changed,
        "unchanged": tally.unchanged,
        "missing": tally.missing,
        "missing_held": summary.missing_held,
        "held": tally.held,
        "rejected": tally.rejected,
        "attributes": tally.attributes,
        "rejects": summary.rejects,
        "findings": summary.findings,
        "diagnostics": diagnostics,
        "seconds": rounded(delivery.seconds),
    });
    if let Some(members) = document.as_object_mut() {
        match delivery.batch {
            Some(batch) => members.insert("batch".into(), batch.into()),
            None => members.insert("plan".into(), delivery.plan.clone().into()),
        };
    }
    document
}

fn tell(delivery: &Delivery, outliers: &[ShownEntry], output: &Output) {
    if output.json {
        let mut document = document(delivery);
        if let (Some(members), Some(_)) = (document.as_object_mut(), &delivery.plan) {
            members.insert("outliers".into(), json!(outliers));
        }
        return output.document(document);
    }
    let summary = &delivery.summary;
    let tally = &summary.tally;
    let mut text = String::new();
    for file in &summary.files {
        let encoding = if file.encoding.is_empty() {
            String::new()
        } else {
            format!(", {}", file.encoding)
        };
        let _ = match &file.table {
            Some(table) => writeln!(text, "{} (looked up as `{table}`)", file.path),
            None => writeln!(
                text,
                "{} ({}{encoding}): {} rows",
                file.path,
                file.format,
                count(file.rows)
            ),
        };
    }
    let mut table = Table::new(&[
        ">read",
        ">new",
        ">changed",
        ">unchanged",
        ">missing",
        ">held",
        ">rejected",
    ]);
    table.row(
        [
            tally.read,
            tally.new,
            tally.changed,
            tally.unchanged,
            tally.missing,
            tally.held,
            tally.rejected,
        ]
        .map(count)
        .to_vec(),
    );
    text.push_str(&table.render(output));
    if !tally.attributes.is_empty() {
        let changes: Vec<String> = tally
            .attributes
            .iter()
            .map(|(code, n)| format!("{code} {}", count(*n)))
            .collect();
        let _ = writeln!(text, "  values that change: {}", changes.join(", "));
    }
    text.push_str(&output.findings(summary.reasons.iter().chain(&summary.diagnostics), &summary.findings));
    for outlier in outliers {
        text.push_str(&output.change(outlier));
    }
    let more = held(delivery).saturating_sub(outliers.len() as u64);
    if more > 0 && !outliers.is_empty() {
        let _ = writeln!(text, "held     and {} more", count(more));
    }
    if let Some(rejects) = &summary.rejects {
        let what = match summary.rejects_readable {
            true => "correct them and import that file",
            false => "correct them in the supplier's file and import that",
        };
        let _ = writeln!(text, "rejected rows lie in {rejects}: {what}");
    }
    let nothing = tally.new + tally.changed + tally.missing + tally.held + summary.missing_held == 0;
    let next = match (delivery.batch, &delivery.plan) {
        (Some(batch), _) if nothing => format!("nothing to change; the next delivery is compared with batch {batch}"),
        (Some(batch), _) => format!("applied as batch {batch}; `estante undo {batch}` takes it back"),
        (None, Some(plan)) => {
            format!("nothing was changed; `estante apply {plan}` applies it, `estante plan show {plan}` shows it")
        }
        (None, None) => "nothing to change".to_owned(),
    };
    let _ = writeln!(
        text,
        "{} ({})",
        output.paint(Tone::Strong, &next),
        seconds(delivery.seconds)
    );
    output.text(&text);
}

/// `plan list`
pub fn list(workspace: &Workspace, output: &Output) -> Result<u8, Failure> {
    let waiting = plans::waiting(workspace)?;
    if output.json {
        let plans: Vec<_> = waiting
            .iter()
            .map(|summary| {
                let undoes = summary.undoes.as_ref().map(|undoes| undoes.batch);
                json!({"plan": summary.plan, "supplier": summary.supplier, "undoes": undoes, "at": summary.at, "tally": summary.tally})
            })
            .collect();
        output.document(json!({ "plans": plans }));
        return Ok(0);
    }
    if waiting.is_empty() {
        output.say("no plan waits");
    }
    let mut table = Table::new(&[
        "plan",
        "supplier",
        "made",
        ">new",
        ">changed",
        ">missing",
        ">held",
        ">rejected",
    ]);
    for summary in waiting {
        let tally = summary.tally;
        let of = match summary.undoes {
            Some(undoes) => format!("undo of batch {}", undoes.batch),
            None => summary.supplier,
        };
        let mut row = vec![summary.plan, of, summary.at];
        row.extend([tally.new, tally.changed, tally.missing, tally.held, tally.rejected].map(count));
        table.row(row);
    }
    if !table.is_empty() {
        output.text(&table.render(output));
    }
    Ok(0)
}

/// `plan show P`, with `html` as a page
pub fn show(
    workspace: &Workspace,
    plan: &str,
    (sku, attribute): (Option<&str>, Option<&str>),
    html: bool,
    output: &Output,
) -> Result<u8, Failure> {
    if html {
        output.text(&plans::page(workspace, plan, sku, attribute)?);
        return Ok(0);
    }
    let shown = plans::show(workspace, plan, sku, attribute)?;
    if output.json {
        output.document(serde_json::to_value(&shown).unwrap_or_default());
        return Ok(0);
    }
    output.text(&text(&shown, output));
    Ok(0)
}

fn text(shown: &ShownPlan, output: &Output) -> String {
    let mut text = String::new();
    for change in &shown.changes {
        text.push_str(&output.change(change));
    }
    let of = match (shown.undoes, shown.is_sheet) {
        (Some(batch), _) => format!("the undo of batch {batch}"),
        (None, true) => "an edited sheet".to_owned(),
        (None, false) => format!("supplier {}", shown.supplier),
    };
    let entries = count(shown.changes.len() as u64);
    let _ = writeln!(text, "{} of {of}: {entries} entries", shown.plan);
    if !shown.unlisted.is_empty() {
        let codes: Vec<String> = (shown.unlisted.iter())
            .map(|(code, n)| format!("{} {code}", count(*n)))
            .collect();
        let _ = writeln!(
            text,
            "beyond the findings that are listed, and what they reject: {}",
            codes.join(", ")
        );
    }
    text
}

/// `plan discard P`
pub fn discard(workspace: &Workspace, plan: &str, output: &Output) -> Result<u8, Failure> {
    plans::discard(workspace, plan)?;
    match output.json {
        true => output.document(json!({ "plan": plan, "discarded": true })),
        false => output.say(&format!("{plan} is gone")),
    }
    Ok(0)
}
