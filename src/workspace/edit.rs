//! Values said and taken back by hand: a layer of their own, which no import touches. The editor's, or another source's
//! that a person answers for (accepted drafts).

use crate::catalog::change::{BatchRecord, NewLayer};
use crate::catalog::stored::ProductName;
use crate::diagnostic::Diagnostic;
use crate::product::batch::Tally;
use crate::product::item::{Item, Said};
use crate::product::layer::Layer;
use crate::product::origin::{Origin, Source};
use crate::schema::Schema;
use crate::schema::scope::Key;
use crate::schema::typed::typed;
use crate::value::mismatch::Mismatch;
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::identity::Identity;
use crate::workspace::inspect::find;
use crate::workspace::products::resolve_stored;
use crate::workspace::seen::{Seen, hold_against};
use std::collections::BTreeMap;

/// What an edit did.
#[derive(Debug)]
pub struct Edited {
    pub sku: String,
    /// `None` where the values stood so already.
    pub batch: Option<i64>,
    /// Keys that changed.
    pub changed: Vec<String>,
}

/// Says values of a product: `ATTR=VALUE`, `ATTR@LOCALE=VALUE`, `ATTR@LOCALE@CHANNEL=VALUE`. Every fault is told at once.
pub fn set(workspace: &mut Workspace, sku: &str, assignments: &[String]) -> Result<Edited, Failure> {
    set_seen(workspace, sku, assignments, &[])
}

/// The same, where each value is still what a person saw: `was` has one for each assignment, in their order, or none at all.
/// A conflict otherwise, and nothing is written.
pub fn set_seen(
    workspace: &mut Workspace,
    sku: &str,
    assignments: &[String],
    was: &[String],
) -> Result<Edited, Failure> {
    refuse_uneven(assignments, was)?;
    let schema = &workspace.settings.schema;
    let currency = workspace.settings.currency;
    let mut said: BTreeMap<Key, Said> = BTreeMap::new();
    let (mut seen, mut faults) = (Vec::new(), Vec::new());
    for (n, assignment) in assignments.iter().enumerate() {
        let Some((key, text)) = assignment.split_once('=') else {
            faults.push(
                Diagnostic::error("E-BAD-ASSIGNMENT", "there is no `=`")
                    .with_value(assignment)
                    .with_help("write ATTR=VALUE"),
            );
            continue;
        };
        match key_of(schema, key.trim()).and_then(|key| Ok((key, typed(schema, key, text, currency)?))) {
            Ok((key, value)) => {
                seen.extend(was.get(n).map(|was| Seen {
                    key,
                    was: was.clone(),
                    wanted: Some(value.clone()),
                }));
                said.insert(key, Said::Value(value));
            }
            Err(mismatch) => faults.push(fault(mismatch, assignment)),
        }
    }
    edit(workspace, sku, said, &seen, faults)
}

/// Takes back what was said by hand.
pub fn clear(workspace: &mut Workspace, sku: &str, keys: &[String]) -> Result<Edited, Failure> {
    clear_seen(workspace, sku, keys, &[])
}

/// The same, where each value is still what a person saw, as for `set_seen`.
pub fn clear_seen(workspace: &mut Workspace, sku: &str, keys: &[String], was: &[String]) -> Result<Edited, Failure> {
    refuse_uneven(keys, was)?;
    let schema = &workspace.settings.schema;
    let mut said = BTreeMap::new();
    let (mut seen, mut faults) = (Vec::new(), Vec::new());
    for (n, key) in keys.iter().enumerate() {
        match key_of(schema, key) {
            Ok(key) => {
                seen.extend(was.get(n).map(|was| Seen {
                    key,
                    was: was.clone(),
                    wanted: None,
                }));
                said.insert(key, Said::Clear);
            }
            Err(mismatch) => faults.push(fault(mismatch, key)),
        }
    }
    edit(workspace, sku, said, &seen, faults)
}

/// What was seen is told of every value, so that none is taken for another's.
fn refuse_uneven(named: &[String], was: &[String]) -> Result<(), Failure> {
    match was.len() {
        0 => Ok(()),
        n if n == named.len() => Ok(()),
        n => Err(
            Failure::usage(format!("--was stands {n} times for {} values", named.len())).with_help(
                "write --was VALUE once for each of them, in their order; --was \"\" where nobody said anything",
            ),
        ),
    }
}

/// A key as a person names it: an attribute with a value per locale means the workspace's first one where none is said.
fn key_of(schema: &Schema, text: &str) -> Result<Key, Mismatch> {
    let mut key = Key::parse(schema, text)?;
    if key.locale == 0 && schema.attribute(key.attribute).localizable {
        key.locale = 1;
    }
    Ok(key)
}

/// A value that a person typed and that cannot be.
pub fn fault(mismatch: Mismatch, text: &str) -> Diagnostic {
    let fault = Diagnostic::error(mismatch.code, mismatch.message).with_value(text);
    match mismatch.help {
        Some(help) => fault.with_help(help),
        None => fault,
    }
}

fn edit(
    workspace: &mut Workspace,
    sku: &str,
    said: BTreeMap<Key, Said>,
    seen: &[Seen],
    faults: Vec<Diagnostic>,
) -> Result<Edited, Failure> {
    if !faults.is_empty() {
        return Err(Failure::invalid("nothing was changed", faults));
    }
    workspace.open_catalog()?;
    let product = find(&workspace.reader()?, sku)?;
    hold_against(workspace, &product, seen)?;
    let name = product.sku.clone();
    let spoken = say(
        workspace,
        &Source::Editor,
        "edit",
        vec![Saying { product, said }],
        Vec::new(),
    )?;
    Ok(Edited {
        sku: name,
        batch: spoken.batch,
        changed: spoken.changed.into_iter().flat_map(|(_, keys)| keys).collect(),
    })
}

/// What a source says of one product by a person's hand.
#[derive(Debug)]
pub struct Saying {
    pub product: ProductName,
    pub said: BTreeMap<Key, Said>,
}

/// What came of several sayings.
#[derive(Debug, Default)]
pub struct Spoken {
    /// `None` where all values stood so already.
    pub batch: Option<i64>,
    /// Products with the keys that changed, in the order of the sayings; none without a change.
    pub changed: Vec<(String, Vec<String>)>,
}

/// Lays sayings over a source's own layer of each product, as one batch of a kind. Each product may stand there once;
/// `findings` are kept with the batch.
pub fn say(
    workspace: &mut Workspace,
    source: &Source,
    kind: &str,
    sayings: Vec<Saying>,
    findings: Vec<Diagnostic>,
) -> Result<Spoken, Failure> {
    workspace.open_catalog()?;
    let source_name = source.to_string();
    let source = workspace.catalog()?.source(&source_name)?;
    let reader = workspace.reader()?;
    let trust = workspace.trust()?;
    let moment = workspace.moment.clone();
    let (catalog, settings) = workspace.catalog_and_settings()?;
    let schema = &settings.schema;
    let identity = Identity::new(schema);
    let mut tally = Tally::default();
    let mut spoken = Spoken::default();
    let mut change = catalog.begin()?;
    for Saying { product, said } in sayings {
        let stored = reader.layer(product.id, source)?;
        let before = match &stored {
            Some(stored) => Layer::read_body(&stored.body, schema)
                .map_err(|error| Failure::damaged(&product.sku, &error.to_string()))?,
            None => Layer::default(),
        };
        let item = Item {
            sku: product.sku.clone(),
            line: 0,
            file: 0,
            said: said.into_iter().collect(),
        };
        let changed = crate::plan::diff::changed_keys(&item, &before);
        if changed.is_empty() {
            continue;
        }
        let own = stored.as_ref().map_or(Origin::default(), |stored| stored.origin);
        let after = before.overlaid(item, own);
        let mut body = String::new();
        after.write_body(schema, &mut body);
        let layer = NewLayer {
            product: product.id,
            source,
            sku: &product.sku,
            file: 0,
            line: 0,
            row_hash: 0,
            body: &body,
        };
        match stored {
            Some(_) => change.replace_layer(layer, &identity.keys(&before), &identity.keys(&after))?,
            None => {
                change.insert_layer(layer, &identity.keys(&after))?;
                change.touch(product.id)?;
            }
        }
        let layers = change.layers(product.id)?;
        let resolved = resolve_stored(product.id, product.sku.clone(), layers, schema, &trust)?;
        change.set_model(product.id, resolved.model.as_deref())?;
        tally.read += 1;
        tally.changed += 1;
        for key in &changed {
            *tally
                .attributes
                .entry(schema.attribute(key.attribute).code.to_string())
                .or_default() += 1;
        }
        let keys = changed.iter().map(|key| schema.key_text(*key)).collect();
        spoken.changed.push((product.sku, keys));
    }
    // A change that is not committed leaves nothing behind.
    if !spoken.changed.is_empty() {
        let record = BatchRecord {
            at: moment,
            source: source_name,
            kind: kind.to_owned(),
            tally,
            diagnostics: findings,
            ..BatchRecord::default()
        };
        spoken.batch = Some(change.commit(&record)?);
    }
    Ok(spoken)
}
