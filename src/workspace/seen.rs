//! What a person saw of a product when an edit was decided, held against what the catalog says now: an edit that rests on a
//! value of yesterday is refused, so that nobody's newer word is overwritten unseen.

use crate::catalog::stored::ProductName;
use crate::diagnostic::{Diagnostic, excerpt};
use crate::product::Resolved;
use crate::schema::scope::Key;
use crate::schema::typed::typed;
use crate::value::Value;
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::inspect::{Beside, ShownProduct, resolved, show};

/// A value as a person saw it.
#[derive(Debug, Clone)]
pub struct Seen {
    pub key: Key,
    /// As `product show` writes it, or as `product set` takes it; blank where nobody said anything.
    pub was: String,
    /// What is to be said instead; none where a word is taken back.
    pub wanted: Option<Value>,
}

/// Refuses an edit where a value is not what was seen: all of them are told, each with what it is now, who says so and since when.
/// What is as wanted already is no conflict. The caller holds the catalog, so that nothing moves before the edit is written.
pub fn hold_against(workspace: &Workspace, product: &ProductName, seen: &[Seen]) -> Result<(), Failure> {
    if seen.is_empty() {
        return Ok(());
    }
    let now = resolved(workspace, &product.sku)?;
    let has_moved = |seen: &&Seen| {
        let now = now.exact(seen.key);
        let is_done = seen.wanted.is_some() && seen.wanted.as_ref() == now.map(|now| &now.value);
        !is_done && !is_as_seen(workspace, seen, now)
    };
    let moved: Vec<&Seen> = seen.iter().filter(has_moved).collect();
    if moved.is_empty() {
        return Ok(());
    }
    let shown = show(workspace, &product.sku, Beside::HISTORY)?;
    let message = format!("nothing was changed: {} is not what was seen", product.sku);
    let mut failure = Failure::conflict(message);
    for seen in moved {
        failure = failure.with_diagnostic(told(workspace, &shown, seen, now.exact(seen.key))?);
    }
    Err(failure)
}

fn is_as_seen(workspace: &Workspace, seen: &Seen, now: Option<&Resolved>) -> bool {
    let Some(now) = now else {
        return seen.was.trim().is_empty();
    };
    let settings = &workspace.settings;
    let is_meant = || typed(&settings.schema, seen.key, &seen.was, settings.currency).is_ok_and(|was| was == now.value);
    now.value.to_text() == seen.was || is_meant()
}

fn told(
    workspace: &Workspace,
    shown: &ShownProduct,
    seen: &Seen,
    now: Option<&Resolved>,
) -> Result<Diagnostic, Failure> {
    let schema = &workspace.settings.schema;
    let name = schema.key_text(seen.key);
    let before = match seen.was.trim() {
        "" => "said nothing".to_owned(),
        _ => format!("was \"{}\"", excerpt(&seen.was)),
    };
    let (says, again) = match now {
        Some(now) => {
            let value = now.value.to_text();
            let (locale, channel) = (
                schema.locale_code(seen.key.locale),
                schema.channel_code(seen.key.channel),
            );
            let attribute = &*schema.attribute(seen.key.attribute).code;
            let said = shown.values.iter().find(|said| {
                said.attribute == attribute && said.locale.as_deref() == locale && said.channel.as_deref() == channel
            });
            let place = said.and_then(|said| Some(format!(" ({}:{})", said.file.as_deref()?, said.line?)));
            let says = format!(
                "{} says \"{}\" since batch {}{}{}",
                said.map_or("a source", |said| said.source.as_str()),
                excerpt(&value),
                now.origin.batch,
                moment(workspace, now.origin.batch)?,
                place.unwrap_or_default()
            );
            (says, excerpt(&value))
        }
        None => {
            let last = shown.history.iter().find(|change| change.attribute == name);
            let says = match last.filter(|change| change.after.is_none()) {
                Some(last) => format!(
                    "nobody says anything since batch {}{}, by {}",
                    last.batch,
                    moment(workspace, last.batch)?,
                    last.source
                ),
                None => "nobody says anything".to_owned(),
            };
            (says, String::new())
        }
    };
    let help = format!(
        "`estante product show {} --history` tells what happened; then repeat it with --was \"{again}\", or without --was",
        shown.sku
    );
    let finding = Diagnostic::error("E-CHANGED-SINCE", format!("{name} {before}, and by now {says}"));
    Ok(finding.of(&shown.sku).with_value(&seen.was).with_help(help))
}

/// When a batch was made, behind its number.
fn moment(workspace: &Workspace, batch: i64) -> Result<String, Failure> {
    let at = workspace.reader()?.batch_moment(batch)?;
    Ok(at.map_or_else(String::new, |at| format!(" of {at}")))
}
