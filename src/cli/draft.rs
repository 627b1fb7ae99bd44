//! `draft`: texts by a language model, asked for, looked at, accepted or rejected.

use crate::cli::output::{Output, Table, Tone, count};
use crate::cli::progress::Drawn;
use crate::diagnostic::excerpt;
use crate::workspace::Workspace;
use crate::workspace::draft_review::{self, Decided, ShownDraft, State};
use crate::workspace::drafts;
use crate::workspace::failure::Failure;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// A state to list, as it is written behind `--state`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Wanted {
    Waiting,
    Stale,
    Accepted,
    Rejected,
}

impl Wanted {
    fn state(self) -> State {
        match self {
            Wanted::Waiting => State::Waiting,
            Wanted::Stale => State::Stale,
            Wanted::Accepted => State::Accepted,
            Wanted::Rejected => State::Rejected,
        }
    }
}

/// `draft make [SKU]… [--attribute A] [--limit N]`: exit code 4 where a request got no answer.
pub fn make(
    workspace: &Workspace,
    skus: &[String],
    attribute: Option<&str>,
    limit: Option<u64>,
    output: &Output,
) -> Result<u8, Failure> {
    let progress = Drawn::new(output);
    let made = drafts::make(workspace, skus, attribute, limit, &progress)?;
    let code = if made.failed > 0 { 4 } else { 0 };
    if output.json {
        output.document(serde_json::to_value(&made).unwrap_or_default());
        return Ok(code);
    }
    let mut text = output.findings(made.diagnostics.iter(), &BTreeMap::new());
    let _ = writeln!(
        text,
        "{} drafts made in {} calls and {} tokens; {} were there, {} products say too little, {} failed, {} not asked for",
        output.paint(Tone::Strong, &count(made.made)),
        count(made.calls),
        count(made.tokens),
        count(made.replayed),
        count(made.thin),
        count(made.failed),
        count(made.left)
    );
    if made.made > 0 {
        text.push_str("`estante draft list` shows them\n");
    }
    output.text(&text);
    Ok(code)
}

/// `draft list [--state S]`
pub fn list(workspace: &Workspace, state: Option<Wanted>, output: &Output) -> Result<u8, Failure> {
    let (mut drafts, faults) = draft_review::list(workspace)?;
    drafts.retain(|draft| state.is_none_or(|wanted| draft.state == wanted.state()));
    if output.json {
        output.document(json!({ "drafts": drafts, "diagnostics": faults }));
        return Ok(0);
    }
    let mut text = output.findings(faults.iter(), &BTreeMap::new());
    if drafts.is_empty() {
        text.push_str("no drafts; `estante draft make` asks for what is missing\n");
    } else {
        let mut table = Table::new(&["id", "SKU", "text", "state", ">against it", "begins"]);
        for draft in &drafts {
            table.row(vec![
                draft.id.clone(),
                draft.sku.clone(),
                draft.target.clone(),
                word(draft.state).to_owned(),
                draft.findings.len().to_string(),
                draft.text.clone(),
            ]);
        }
        text.push_str(&table.render(output));
    }
    output.text(&text);
    Ok(0)
}

/// `draft show ID`
pub fn show(workspace: &Workspace, id: &str, output: &Output) -> Result<u8, Failure> {
    let drafts = draft_review::chosen(workspace, &[id.to_owned()])?;
    let Some(draft) = drafts.first() else { return Ok(0) };
    if output.json {
        output.document(serde_json::to_value(draft).unwrap_or_default());
        return Ok(0);
    }
    output.text(&told(draft, output));
    Ok(0)
}

/// `draft accept ID… | --all-clean [--override REASON]`: exit code 4 where a draft cannot be accepted as it is.
pub fn accept(
    mut workspace: Workspace,
    ids: &[String],
    all_clean: bool,
    reason: Option<&str>,
    output: &Output,
) -> Result<u8, Failure> {
    if reason.is_some_and(|reason| reason.trim().is_empty()) {
        return Err(Failure::usage(
            "--override needs a reason, which is kept with the batch",
        ));
    }
    let decided = draft_review::accept(&mut workspace, ids, all_clean, reason)?;
    output.close(workspace)?;
    let code = if decided.blocked.is_empty() { 0 } else { 4 };
    if output.json {
        document("accepted", &decided, output);
        return Ok(code);
    }
    let mut text = String::new();
    for draft in &decided.blocked {
        text.push_str(&told(draft, output));
    }
    match decided.batch {
        Some(batch) => {
            let _ = writeln!(
                text,
                "{} drafts accepted (batch {batch}; `estante undo {batch}` takes them back)",
                count(decided.done.len() as u64)
            );
        }
        None => text.push_str("nothing was accepted\n"),
    }
    output.text(&text);
    Ok(code)
}

/// `draft reject ID… [--reason R]`
pub fn reject(workspace: &Workspace, ids: &[String], reason: Option<&str>, output: &Output) -> Result<u8, Failure> {
    let decided = draft_review::reject(workspace, ids, reason)?;
    if output.json {
        document("rejected", &decided, output);
    } else {
        output.text(&format!("{} drafts rejected\n", count(decided.done.len() as u64)));
    }
    Ok(0)
}

fn document(done: &str, decided: &Decided, output: &Output) {
    let mut document = json!({ "batch": decided.batch, "blocked": decided.blocked });
    if let Some(members) = document.as_object_mut() {
        members.insert(done.to_owned(), json!(decided.done));
    }
    output.document(document);
}

fn told(draft: &ShownDraft, output: &Output) -> String {
    let mut text = format!(
        "{}  {} {}  {}\n",
        output.paint(Tone::Strong, &draft.id),
        excerpt(&draft.sku),
        excerpt(&draft.target),
        word(draft.state)
    );
    for line in draft.text.lines() {
        // A model's words are as foreign as a feed's.
        for part in line.chars().collect::<Vec<char>>().chunks(200) {
            let _ = writeln!(text, "  {}", excerpt(&part.iter().collect::<String>()));
        }
    }
    for finding in &draft.findings {
        text.push_str(&output.diagnostic(finding));
    }
    for claim in draft.claims.iter().filter(|claim| claim.supported) {
        let _ = writeln!(text, "  {} {}", output.paint(Tone::Good, "✓"), excerpt(&claim.text));
    }
    if let Some(reason) = draft.review.as_ref().and_then(|review| review.reason.as_deref()) {
        let _ = writeln!(text, "  reason: {}", excerpt(reason));
    }
    text
}

fn word(state: State) -> &'static str {
    match state {
        State::Waiting => "waiting",
        State::Stale => "stale",
        State::Accepted => "accepted",
        State::Rejected => "rejected",
    }
}
