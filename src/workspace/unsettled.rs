//! What a supplier's imports left for a person, as far as nothing has settled it: items that guards held, words that nothing knows,
//! products whose identity is in doubt.
//!
//! A delivery tells it once, when it reads a row; the row that comes unchanged the day after is not read again. So all imports are
//! gone through that nobody took back, and what became of their rows since says what still holds.

use crate::catalog::Reader;
use crate::catalog::stored::{SourceId, StoredLayer};
use crate::catalog::unsettled::ToldRow;
use crate::diagnostic::Diagnostic;
use crate::product::layer::Layer;
use crate::workspace::decisions::Decisions;
use crate::workspace::failure::Failure;
use crate::workspace::identity::Identity;
use crate::workspace::settings::Settings;
use crate::workspace::supplier_settings::Mode;
use std::collections::{BTreeMap, BTreeSet};

/// Kind of the batches that reject what was held.
pub const DISMISS: &str = "dismiss";

/// Codes of words that nothing knows.
const WORDS: [&str; 2] = ["E-UNKNOWN-WORD", "E-UNKNOWN-OPTION"];
/// Codes of products whose identity is in doubt.
pub const CONFLICTS: [&str; 2] = ["W-IDENTITY-CONFLICT", "W-GTIN-SHARED"];

/// What standing batches of a source say of what its guards held before them.
#[derive(Debug, Default)]
pub struct Later {
    /// The last delivery of all there is: with it everything held before was compared anew.
    pub whole: Option<i64>,
    /// The batch that rejected, by the batch that held, and SKU.
    rejected: BTreeMap<(i64, String), i64>,
    /// The batches that hold something of an item, by SKU: the last word is the newest.
    held: BTreeMap<String, BTreeSet<i64>>,
}

impl Later {
    /// What the store knows of it. `source` is named as batches name it.
    pub fn of(reader: &Reader, settings: &Settings, source: &str) -> Result<Later, Failure> {
        let mut later = Later {
            whole: whole(reader, settings, source)?,
            ..Later::default()
        };
        for (by, of, sku) in reader.named_by(source, DISMISS)? {
            later.rejected.insert((of, sku), by);
        }
        for row in reader.held_since(source, None, 0)? {
            later.held.entry(row.sku).or_default().insert(row.batch);
        }
        Ok(later)
    }

    /// The batch that rejected what another held of an item.
    pub fn rejected(&self, of: i64, sku: &str) -> Option<i64> {
        self.rejected.get(&(of, sku.to_owned())).copied()
    }

    /// The last batch after `of` that holds something of the item.
    pub fn held_again(&self, of: i64, sku: &str) -> Option<i64> {
        self.held.get(sku)?.last().copied().filter(|last| *last > of)
    }

    /// The batch that settled what `of` held of an item, where one did. `by` is the batch that changed the item's layer last.
    pub fn settled(&self, of: i64, sku: &str, by: i64) -> Option<i64> {
        let changed = Some(by).filter(|by| *by > of);
        let by_hand = changed.max(self.rejected(of, sku));
        by_hand
            .or_else(|| self.held_again(of, sku))
            .or_else(|| self.whole.filter(|whole| *whole > of))
    }
}

/// The last delivery of a source that listed all there is; none of a supplier whose deliveries are parts.
fn whole(reader: &Reader, settings: &Settings, source: &str) -> Result<Option<i64>, Failure> {
    let id = source.strip_prefix("supplier:").unwrap_or(source);
    match settings.supplier(id) {
        Ok(supplier) if supplier.mode == Mode::Snapshot => Ok(reader.last_whole(source)?),
        Ok(_) | Err(_) => Ok(None),
    }
}

/// Something that waits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Left {
    pub batch: i64,
    /// The supplier's SKU, where the row told one.
    pub sku: Option<String>,
    /// The product that has it; nothing where none came of it: a new item that was held, a row that was rejected.
    pub product: Option<i64>,
    /// Code of the finding.
    pub code: String,
    /// Where in the row, in the supplier's words.
    pub column: Option<String>,
}

/// What waits of one source.
#[derive(Debug, Default)]
pub struct Unsettled {
    /// What guards held, in the order it was met.
    pub held: Vec<Left>,
    /// Each word that nothing knows.
    pub words: Vec<Left>,
    /// Each product whose identity is in doubt.
    pub conflicts: Vec<Left>,
}

impl Unsettled {
    /// What waits of a source, named as batches name it.
    pub fn of(reader: &Reader, settings: &Settings, source: &str) -> Result<Unsettled, Failure> {
        let id = number(reader, source)?;
        Ok(Unsettled {
            held: held(reader, settings, source, id)?,
            words: words(reader, settings, source)?,
            conflicts: conflicts(reader, settings, source)?,
        })
    }

    /// The SKUs of what was held, and of the rows with words that nothing knows.
    pub fn skus(self) -> impl Iterator<Item = String> {
        self.held.into_iter().chain(self.words).filter_map(|left| left.sku)
    }
}

fn number(reader: &Reader, source: &str) -> Result<Option<SourceId>, Failure> {
    let mut sources = reader.sources()?.into_iter();
    Ok(sources.find(|(_, name)| name == source).map(|(id, _)| id))
}

/// The supplier SKUs of rows with a word that nothing knows.
pub fn words_in(findings: &[Diagnostic]) -> BTreeSet<&str> {
    let words = findings.iter().filter(|finding| WORDS.contains(&&*finding.code));
    words.filter_map(|finding| finding.sku.as_deref()).collect()
}

/// What guards held and nothing has settled.
pub fn held(reader: &Reader, settings: &Settings, source: &str, id: Option<SourceId>) -> Result<Vec<Left>, Failure> {
    let later = Later::of(reader, settings, source)?;
    let rows = reader.held_since(source, id, later.whole.unwrap_or(0))?.into_iter();
    let open = rows.filter(|row| later.settled(row.batch, &row.sku, row.by).is_none());
    Ok(open
        .map(|row| Left {
            batch: row.batch,
            sku: Some(row.sku),
            product: row.product,
            code: row.code,
            column: None,
        })
        .collect())
}

/// The words that nothing knows, of rows that stand as they were read. What was told of a row last counts.
pub fn words(reader: &Reader, settings: &Settings, source: &str) -> Result<Vec<Left>, Failure> {
    let told = reader.told_rows(source, &WORDS)?;
    if told.is_empty() {
        return Ok(Vec::new());
    }
    let asking = Asking {
        reader,
        settings,
        id: number(reader, source)?,
        whole: whole(reader, settings, source)?,
    };
    let last_delivery = reader.last_delivery(source)?.unwrap_or(0);
    // The oldest come first.
    let last: BTreeMap<String, i64> = (told.iter())
        .filter_map(|row| Some((row.sku.clone()?, row.batch)))
        .collect();
    let mut standing: BTreeMap<(i64, String), Option<i64>> = BTreeMap::new();
    for (sku, batch) in last {
        let layer = asking.layer(&sku)?;
        if asking.stands(batch, layer.as_ref()) {
            standing.insert((batch, sku), layer.map(|layer| layer.product));
        }
    }
    let open = told.into_iter().filter_map(|row| {
        let product = match &row.sku {
            Some(sku) => *standing.get(&(row.batch, sku.clone()))?,
            None if row.batch >= last_delivery => None,
            None => return None,
        };
        Some(left(row, product))
    });
    Ok(open.collect())
}

/// The products whose identity is in doubt: nobody decided on them, they are on sale, and their codes are what they were.
pub fn conflicts(reader: &Reader, settings: &Settings, source: &str) -> Result<Vec<Left>, Failure> {
    let told = reader.told_rows(source, &CONFLICTS)?;
    if told.is_empty() {
        return Ok(Vec::new());
    }
    let asking = Asking {
        reader,
        settings,
        id: number(reader, source)?,
        whole: None,
    };
    let decisions = Decisions::open(reader)?;
    let mut open = Vec::new();
    for row in told {
        let Some(sku) = &row.sku else { continue };
        if decisions.know(asking.id, sku) {
            continue;
        }
        let Some(layer) = asking.layer(sku)?.filter(|layer| !layer.withdrawn) else {
            continue;
        };
        if layer.origin.batch <= row.batch || asking.has_same_codes(row.batch, &layer)? {
            open.push(left(row, Some(layer.product)));
        }
    }
    Ok(open)
}

fn left(row: ToldRow, product: Option<i64>) -> Left {
    Left {
        batch: row.batch,
        sku: row.sku,
        product,
        code: row.code,
        column: row.column,
    }
}

struct Asking<'a> {
    reader: &'a Reader,
    settings: &'a Settings,
    id: Option<SourceId>,
    whole: Option<i64>,
}

impl Asking<'_> {
    /// Whether a row is still the one that a batch read. The layer of a row that was taken is of that batch; a row that was rejected
    /// or held is read again with every delivery, so a later one of all there is would have told it again.
    fn stands(&self, batch: i64, layer: Option<&StoredLayer>) -> bool {
        match layer {
            Some(layer) if layer.withdrawn || layer.origin.batch > batch => false,
            Some(layer) if layer.origin.batch == batch => true,
            Some(_) | None => self.whole.is_none_or(|whole| whole <= batch),
        }
    }

    /// Whether a layer has the codes that it had after a batch. What is past retention is taken to be the same.
    fn has_same_codes(&self, batch: i64, layer: &StoredLayer) -> Result<bool, Failure> {
        let past = self.reader.past_layers(layer.product)?.into_iter();
        // The newest come first.
        let mut after = past.filter(|past| past.layer.source == layer.source && past.of > batch);
        let Some(then) = after.next_back() else { return Ok(true) };
        let identity = Identity::new(&self.settings.schema);
        let keys = |layer: &StoredLayer| {
            Layer::read_body(&layer.body, &self.settings.schema)
                .map(|body| identity.keys(&body))
                .map_err(|error| Failure::damaged(&layer.sku, &error.to_string()))
        };
        Ok(keys(&then.layer)? == keys(layer)?)
    }

    fn layer(&self, sku: &str) -> Result<Option<StoredLayer>, Failure> {
        let mut layers = self.reader.layers_with_sku(sku)?.into_iter();
        Ok(layers.find(|layer| Some(layer.source) == self.id))
    }
}
