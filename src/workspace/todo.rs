//! What waits for a person: worklists with their counts.
//!
//! A list is a query wherever the search can say it, so that what is counted can be looked at, sorted and narrowed down; the
//! rest names the command that shows it.

use crate::index::filter::Waits;
use crate::index::search::WORTH;
use crate::product::batch::Batch;
use crate::workspace::Workspace;
use crate::workspace::draft_review::{State, list as drafts};
use crate::workspace::failure::{Failure, FailureKind};
use crate::workspace::inspect::tallies;
use crate::workspace::last_imports::last_imports;
use crate::workspace::progress::Progress;
use crate::workspace::search::{Opened, Session};
use std::collections::BTreeSet;

/// Products, and batches, that are named of each list.
const NAMED: usize = 3;

/// Work of one kind.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Worklist {
    /// What it is, with what it is of behind a colon: `blocked:google-es`.
    pub name: String,
    /// The search that finds its products; nothing for what is no product.
    pub query: Option<String>,
    /// How many products the search finds; of what is no product, how much waits.
    pub count: u64,
    /// What waits beside them and is no product, so that no search finds it: new items that were held, rows that were rejected.
    pub without_product: u64,
    /// The SKUs of the first products of it, in the order of the command.
    pub first: Vec<String>,
    /// The command that shows it, with its reasons where there are any.
    pub command: String,
}

/// All worklists, what costs most first.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct Worklists {
    pub lists: Vec<Worklist>,
    /// What a person should know of the counts.
    pub notes: Vec<String>,
}

/// Counts the worklists. `since`: what is new is what came after this batch; otherwise, what the last deliveries brought.
pub fn todo(workspace: &Workspace, since: Option<i64>, progress: &dyn Progress) -> Result<Worklists, Failure> {
    let batches: Vec<Batch> = tallies(workspace)?.into_iter().map(|shown| shown.batch).collect();
    if let Some(since) = since
        && since != 0
        && !batches.iter().any(|batch| batch.id == since)
    {
        return Err(Failure::usage(format!("there is no batch {since}")).with_help("`estante batches` lists them"));
    }
    let mut notes = BTreeSet::new();
    let mut opened = Opened::new(workspace, progress)?;
    let session = opened.session(workspace)?;
    let schema = &workspace.settings.schema;
    let known = schema.known();
    let mut counting = Counting {
        session: &session,
        sorted: known.stock.is_some() && known.price.is_some() && schema.by_code(WORTH).is_none(),
        lists: Vec::new(),
        notes: &mut notes,
    };
    counting.left(workspace, &batches, &[Waits::Held])?;
    for verdict in ["blocked", "degraded"] {
        for channel in &workspace.settings.channels {
            counting.add(
                format!("{verdict}:{}", channel.code),
                format!("{}:{verdict}", channel.code),
            )?;
        }
    }
    for channel in &workspace.settings.channels {
        counting.add(
            format!("incomplete:{}", channel.code),
            format!("active:yes complete:{}<100", channel.code),
        )?;
    }
    for (name, attribute) in [
        ("no-picture", known.image),
        ("no-category", known.category),
        ("no-price", known.price),
    ] {
        if let Some(id) = attribute {
            counting.add(
                name.to_owned(),
                format!("active:yes missing:{}", schema.attribute(id).code),
            )?;
        }
    }
    for (name, query) in [
        ("suggested", "active:yes suggested:any"),
        ("contradicted", "active:yes contradicted:any"),
        ("overridden", "active:yes overridden:any"),
    ] {
        counting.add(name.to_owned(), query.to_owned())?;
    }
    let behind = since.map_or_else(String::new, |since| format!(">{since}"));
    for (name, attribute) in [("unseen-brand", known.brand), ("unseen-category", known.category)] {
        if let Some(id) = attribute {
            let query = format!("active:yes unseen:{}{behind}", schema.attribute(id).code);
            counting.add(name.to_owned(), query)?;
        }
    }
    if let Some(since) = since {
        counting.add(format!("new-since:{since}"), format!("unseen>{since}"))?;
    }
    if counting.sorted {
        counting.add("unrated".to_owned(), "active:yes unrated:any".to_owned())?;
    }
    if let Some(last) = batches.iter().map(|batch| batch.id).max() {
        counting.add(format!("last-batch:{last}"), format!("batch:{last}"))?;
    }
    counting.left(workspace, &batches, &[Waits::Unknown, Waits::Conflict])?;
    let mut lists = counting.lists;
    lists.extend(waiting_drafts(workspace)?);
    Ok(Worklists {
        lists,
        notes: notes.into_iter().collect(),
    })
}

struct Counting<'c> {
    session: &'c Session<'c>,
    /// Whether products have a worth to sort by.
    sorted: bool,
    lists: Vec<Worklist>,
    notes: &'c mut BTreeSet<String>,
}

impl Counting<'_> {
    fn add(&mut self, name: String, query: String) -> Result<(), Failure> {
        let counted = self.counted(name, query)?;
        self.lists.extend(counted);
        Ok(())
    }

    /// The list of a query; nothing where nobody can say what is in it yet.
    fn counted(&mut self, name: String, query: String) -> Result<Option<Worklist>, Failure> {
        let sort = self.sorted.then(|| format!("-{WORTH}"));
        match self.session.count(&query, sort.as_deref(), NAMED) {
            Ok((count, first, notes)) => {
                self.notes.extend(notes);
                let sort = sort.map_or_else(String::new, |sort| format!(" --sort {sort}"));
                Ok(Some(Worklist {
                    name,
                    count,
                    without_product: 0,
                    first,
                    command: format!("estante search \"{query}\"{sort}"),
                    query: Some(query),
                }))
            }
            // A channel that never judged has no list yet, and says how it gets one.
            Err(failure) if failure.kind == FailureKind::Usage => {
                let help = failure.diagnostics.iter().find_map(|told| told.help.clone());
                let help = help.map_or_else(String::new, |help| format!("; {help}"));
                self.notes.insert(format!("{failure}{help}"));
                Ok(None)
            }
            Err(failure) => Err(failure),
        }
    }

    /// What the imports of each supplier left for a person, as far as nothing has settled it.
    fn left(&mut self, workspace: &Workspace, batches: &[Batch], kinds: &[Waits]) -> Result<(), Failure> {
        for (source, last) in last_imports(&workspace.reader()?, batches)? {
            for kind in kinds {
                let all = self.session.waiting(*kind)?;
                let Some(of) = all.iter().find(|of| of.source == source) else {
                    continue;
                };
                let supplier = of.supplier();
                let of_batches: BTreeSet<i64> = of.left.iter().map(|left| left.batch).collect();
                let (name, condition, command) = match kind {
                    Waits::Held => ("held", "held", commands("batches --held", &of_batches, last.id)),
                    Waits::Unknown => ("unknown-words", "unknown", format!("estante supplier check {supplier}")),
                    Waits::Conflict => ("conflicts", "conflict", commands("log", &of_batches, last.id)),
                };
                // Whether something is held of each supplier is told, be it nothing.
                if of.left.is_empty() && *kind != Waits::Held {
                    continue;
                }
                let query = format!("{condition}:{supplier}");
                let Some(mut list) = self.counted(format!("{name}:{supplier}"), query)? else {
                    continue;
                };
                list.without_product = of.without_product();
                if list.without_product > 0 {
                    let what = match kind {
                        Waits::Held => "held and not made yet",
                        Waits::Unknown => "of rows that were rejected",
                        Waits::Conflict => "in doubt",
                    };
                    self.notes.insert(format!(
                        "{}: {} more {what}, of which there is no product and which no search finds; `{command}`",
                        list.name, list.without_product
                    ));
                }
                self.lists.push(Worklist { command, ..list });
            }
        }
        Ok(())
    }
}

/// A command for the newest of these batches, one after the other; for `last` where there is none.
fn commands(command: &str, batches: &BTreeSet<i64>, last: i64) -> String {
    let batches = batches.iter().rev().take(NAMED);
    let commands: Vec<String> = batches.map(|batch| format!("estante {command} {batch}")).collect();
    match commands.is_empty() {
        true => format!("estante {command} {last}"),
        false => commands.join(" && "),
    }
}

fn waiting_drafts(workspace: &Workspace) -> Result<Option<Worklist>, Failure> {
    if workspace.settings.drafts.is_none() {
        return Ok(None);
    }
    let (drafts, _) = drafts(workspace)?;
    Ok(Some(Worklist {
        name: "drafts".to_owned(),
        query: None,
        first: Vec::new(),
        without_product: 0,
        count: drafts.iter().filter(|draft| draft.state == State::Waiting).count() as u64,
        command: "estante draft list".to_owned(),
    }))
}
