//! What a plan would do to the products themselves: a value that a supplier changes is the product's only where that supplier's
//! word wins.

use crate::catalog::Reader;
use crate::catalog::stored::{SourceId, StoredLayer};
use crate::merge::policy::Trust;
use crate::plan::Entry;
use crate::plan::diff::ValueChange;
use crate::product::origin::{Origin, Source};
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::losing::{Losing, Loss};
use crate::workspace::products::Shelf;

/// Batch of what is not applied yet: newer than all there is.
const NEXT: i64 = i64::MAX;

/// The catalog as it would be after an entry of a supplier's plan.
pub struct Outlook<'a> {
    workspace: &'a Workspace,
    reader: &'a Reader,
    trust: Trust,
    source: SourceId,
    /// Names of all sources, by number.
    names: Vec<String>,
}

impl<'a> Outlook<'a> {
    /// The outlook for a supplier, of which the store may not know yet.
    pub fn new(workspace: &'a Workspace, reader: &'a Reader, supplier: &str) -> Result<Outlook<'a>, Failure> {
        let (trust, number, names) = workspace.trust_beside(&Source::Supplier(supplier.to_owned()))?;
        Ok(Outlook {
            trust,
            source: SourceId(number),
            workspace,
            reader,
            names,
        })
    }

    /// For each change of an entry, why its value would not be the product's; none where it would, or where the product says
    /// the same anyhow. Nothing where nothing is known: the product is to be made.
    pub fn losses(&self, entry: &Entry, changes: &[ValueChange]) -> Result<Option<Vec<Option<Loss>>>, Failure> {
        let Some(id) = entry.product else { return Ok(None) };
        let Some(name) = self.reader.product_by_id(id)? else {
            return Ok(None);
        };
        let mut stored = self.reader.layers(id)?;
        let at = stored.partition_point(|layer| layer.source < self.source);
        let is_known = stored.get(at).is_some_and(|layer| layer.source == self.source);
        if !is_known {
            stored.insert(at, self.made(id, entry));
        }
        let Some(layer) = stored.get_mut(at) else {
            return Ok(None);
        };
        layer.body.clone_from(&entry.after);
        layer.withdrawn = false;
        layer.origin = Origin {
            batch: NEXT,
            file: entry.file,
            line: entry.line,
        };
        let settings = &self.workspace.settings;
        let shelf = Shelf::new(settings, &self.trust);
        let product = shelf.product_saying(self.reader, &name, &stored)?;
        let lent = shelf.lent_family(self.reader, &name)?;
        let losing = Losing::new(settings, &self.trust, &product, lent, &stored)?;
        let named = |source: u16| self.names.get(usize::from(source)).cloned().unwrap_or_default();
        let losses = changes.iter().map(|change| {
            let loss = losing.loss(at, change.key, change.after.as_ref()?, &named);
            loss.filter(|loss| loss.cause != "same")
        });
        Ok(Some(losses.collect()))
    }

    fn made(&self, product: i64, entry: &Entry) -> StoredLayer {
        StoredLayer {
            product,
            source: self.source,
            sku: entry.sku.clone(),
            origin: Origin::default(),
            created: NEXT,
            withdrawn: false,
            row_hash: entry.row_hash,
            body: String::new(),
        }
    }
}
