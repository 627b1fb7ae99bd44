//! Whether the store is sound, its layers read, the search index agrees, and the exported files, pictures and kept deliveries are
//! those that were written.

use crate::product::layer::Layer;
use crate::workspace::Workspace;
use crate::workspace::deliveries::Deliveries;
use crate::workspace::export;
use crate::workspace::failure::Failure;
use crate::workspace::images::whole;
use crate::workspace::refresh;

/// What was looked at and what is wrong.
#[derive(Debug, Default)]
pub struct Verified {
    pub products: u64,
    pub layers: u64,
    pub files: u64,
    /// Products in the search index.
    pub indexed: u64,
    /// Pictures in the store and in the channels' folders.
    pub pictures: u64,
    /// Originals in the store that nothing shows any more, and their bytes.
    pub unused_pictures: u64,
    pub unused_bytes: u64,
    /// Files of deliveries that are kept.
    pub deliveries: u64,
    pub faults: Vec<String>,
}

/// Looks at the whole store and at every exported file. An empty workspace is sound.
pub fn verify(workspace: &Workspace) -> Result<Verified, Failure> {
    let mut verified = Verified::default();
    if let Some(reader) = workspace.reader_if_any()? {
        let schema = &workspace.settings.schema;
        let mut layers = 0;
        let faults = reader.verify(|stored| {
            layers += 1;
            let read = Layer::read_body(&stored.body, schema);
            read.err()
                .map(|error| format!("layer of {} in product {}: {error}", stored.sku, stored.product))
        })?;
        verified.faults.extend(faults);
        verified.layers = layers;
        verified.products = reader.count()?;
    }
    let (files, faults) = export::verify_files(workspace)?;
    verified.files = files;
    verified.faults.extend(faults);
    let (indexed, faults) = refresh::verify(workspace)?;
    verified.indexed = indexed;
    verified.faults.extend(faults);
    let whole = whole::verify(workspace);
    verified.pictures = whole.pictures;
    verified.unused_pictures = whole.unused;
    verified.unused_bytes = whole.unused_bytes;
    verified.faults.extend(whole.faults);
    let settings = &workspace.settings;
    let (deliveries, faults) = Deliveries::new(&settings.store).verify(|path| settings.shown(path));
    verified.deliveries = deliveries;
    verified.faults.extend(faults);
    Ok(verified)
}
