//! What the catalog knows of a supplier before its delivery is compared with it.

use crate::catalog::Reader;
use crate::catalog::stored::{Known, SourceId};
use crate::plan::guard::delivery::asks_for_stock;
use crate::plan::guard::moves::Moves;
use crate::plan::guard::settings::Guards;
use crate::schema::Schema;
use crate::workspace::decisions::Decisions;
use crate::workspace::failure::Failure;
use crate::workspace::settings::Settings;
use crate::workspace::supplier_settings::Supplier;
use crate::workspace::unsettled::held;

/// What the store knows of the supplier before the delivery.
pub struct Store {
    pub known: Known,
    pub source: Option<SourceId>,
    /// The items of the supplier that this one adds to.
    pub base: Option<Known>,
    /// The catalog's change sequence.
    pub sequence: i64,
    pub products: u64,
    /// What people decided on who is who.
    pub decisions: Decisions,
}

impl Store {
    /// Before the first import.
    pub fn empty() -> Store {
        Store {
            known: Known::default(),
            source: None,
            base: None,
            sequence: 0,
            products: 0,
            decisions: Decisions::default(),
        }
    }

    /// As the store stands now.
    pub fn open(reader: &Reader, settings: &Settings, supplier: &Supplier) -> Result<Store, Failure> {
        let sources = reader.sources()?;
        let number = |name: &str| sources.iter().find(|(_, known)| known == name).map(|(id, _)| *id);
        let known = |source: Option<SourceId>| source.map_or(Ok(Known::default()), |source| reader.known(source));
        let source = number(&supplier.source);
        let base = supplier
            .adds_to
            .as_deref()
            .map(|other| known(number(other)))
            .transpose()?;
        let mut own = known(source)?;
        // A row of which something was held waits for the supplier's next word, be it the old one.
        for left in held(reader, settings, &supplier.source, source)? {
            left.sku.iter().for_each(|sku| own.reread(sku));
        }
        Ok(Store {
            known: own,
            source,
            base,
            sequence: reader.sequence()?,
            products: reader.count()?,
            decisions: Decisions::open(reader)?,
        })
    }
}

/// How many of the supplier's items are in stock, where moves make that a question.
pub fn in_stock(
    store: &Store,
    reader: Option<&Reader>,
    schema: &Schema,
    moves: &Moves,
    guards: &Guards,
) -> Result<Option<usize>, Failure> {
    let (Some(reader), Some(source), Some(stock)) = (reader, store.source, schema.known().stock) else {
        return Ok(None);
    };
    Ok(match asks_for_stock(moves, guards) {
        true => Some(reader.count_with(source, &schema.attribute(stock).code)? as usize),
        false => None,
    })
}
