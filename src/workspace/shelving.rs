//! Under which model a product stands on the shelf is decided when its layers change. Where settings change who is believed, products
//! are put where they belong by then.

use crate::catalog::change::BatchRecord;
use crate::catalog::{Catalog, Reader};
use crate::diagnostic::Diagnostic;
use crate::merge::policy::Trust;
use crate::product::batch::Tally;
use crate::schema::attribute::AttributeId;
use crate::workspace::failure::Failure;
use crate::workspace::products::resolve_stored;
use crate::workspace::settings::Settings;
use xxhash_rust::xxh3::Xxh3;

/// Kind and source of a batch that settings make.
pub const SETTINGS: &str = "settings";
/// How what was seen begins where `model` is locked, and where not.
const LOCKED: char = 'l';
const OPEN: char = 'o';
/// Findings of a batch that name products.
const MOST_TOLD: usize = 1_000;

/// Settings that products were not put under their models by yet.
pub struct Due {
    model: AttributeId,
    seen: String,
    /// Nobody but people is heard now, or was before.
    is_locked: bool,
}

/// Whether the settings of now say other models than the last time, maybe.
pub fn due(reader: &Reader, settings: &Settings) -> Result<Option<Due>, Failure> {
    let Some(model) = settings.schema.known().model else {
        return Ok(None);
    };
    let is_locked = settings.schema.attribute(model).locked;
    let mark = if is_locked { LOCKED } else { OPEN };
    let seen = format!("{mark}{:016x}", fingerprint(settings, model));
    let before = reader.shelved()?;
    if before.as_ref() == Some(&seen) {
        return Ok(None);
    }
    Ok(Some(Due {
        is_locked: is_locked || before.is_some_and(|before| before.starts_with(LOCKED)),
        model,
        seen,
    }))
}

/// Puts products under the models that the settings of now say, as a batch where any moves.
pub fn settle(
    catalog: &mut Catalog,
    settings: &Settings,
    trust: &Trust,
    due: &Due,
    moment: &str,
) -> Result<(), Failure> {
    let (reader, schema, model) = (catalog.reader()?, &settings.schema, due.model);
    // One voice alone is heard, unless nobody but people is.
    let products = match due.is_locked {
        true => reader.ids()?,
        false => reader.ids_of_many()?,
    };
    let mut change = catalog.begin()?;
    let mut tally = Tally::default();
    let mut diagnostics = Vec::new();
    for id in products {
        let Some(name) = reader.product_by_id(id)? else {
            continue;
        };
        let now = resolve_stored(id, String::new(), change.layers(id)?, schema, trust)?.model;
        if now == name.model {
            continue;
        }
        change.set_model(id, now.as_deref())?;
        tally.read += 1;
        tally.changed += 1;
        if diagnostics.len() < MOST_TOLD {
            let told = |model: &Option<String>| {
                model
                    .as_deref()
                    .map_or_else(|| "no model".to_owned(), |code| format!("`{code}`"))
            };
            let message = format!("is of {} now, and was of {}", told(&now), told(&name.model));
            diagnostics.push(Diagnostic::info("I-MODEL-MOVED", message).of(&name.sku));
        }
    }
    match tally.changed {
        // What is not committed leaves nothing behind.
        0 => drop(change),
        changed => {
            tally
                .attributes
                .insert(schema.attribute(model).code.to_string(), changed);
            change.commit(&BatchRecord {
                at: moment.to_owned(),
                source: SETTINGS.into(),
                kind: SETTINGS.into(),
                tally,
                diagnostics,
                ..BatchRecord::default()
            })?;
        }
    }
    catalog.mark_shelved(&due.seen)?;
    Ok(())
}

/// A hash of all settings that decide which model a product is of.
fn fingerprint(settings: &Settings, model: AttributeId) -> u64 {
    let mut hash = Xxh3::new();
    hash.update(&[settings.schema.policy(model, None) as u8]);
    for supplier in &settings.suppliers {
        hash.update(supplier.id.as_bytes());
        let own = supplier.ranks.iter().find(|(attribute, _)| *attribute == model);
        hash.update(&[0, u8::from(supplier.owns.contains(&model))]);
        hash.update(&own.map_or(supplier.rank, |(_, rank)| *rank).to_le_bytes());
        hash.update(supplier.adds_to.as_deref().unwrap_or_default().as_bytes());
    }
    hash.digest()
}
