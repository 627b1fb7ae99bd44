//! What an export knows of the pictures: the files made for its channel, and the measures of all others.

use crate::channel::Channel;
use crate::channel::rule::outside::Picture;
use crate::channel::spell::encoded;
use crate::product::{By, Product};
use crate::schema::Schema;
use crate::value::Value;
use crate::workspace::Workspace;
use crate::workspace::images::state::{DerivedFile, State};
use std::collections::{BTreeMap, HashMap};
use xxhash_rust::xxh3::Xxh3;

/// The pictures of one channel.
#[derive(Debug, Default)]
pub struct Pictures {
    recipe: String,
    /// SKU -> (value, file name).
    products: BTreeMap<String, Vec<(String, String)>>,
    /// By the address that a listing gives them.
    known: HashMap<String, Picture>,
}

impl Pictures {
    /// The pictures of a channel; none where no pictures are configured, or none were looked at yet.
    pub fn of(workspace: &Workspace, channel: &Channel) -> Option<Pictures> {
        workspace.settings.images.as_ref()?;
        let state = State::try_read(&workspace.settings.store).ok()??;
        let mut pictures = Pictures::default();
        let base = channel.media.as_deref().map(|media| media.trim_end_matches('/'));
        let address = |place: &str| match (place.contains("://"), base) {
            (true, _) => Some(encoded(place).into_owned()),
            (false, Some(base)) => Some(encoded(&format!("{base}/{place}")).into_owned()),
            (false, None) => None,
        };
        for picture in state.products.values().flatten() {
            let Some(measures) = state.measures(&picture.content) else {
                continue;
            };
            let Some(address) = address(&picture.value) else {
                continue;
            };
            let known = Picture {
                format: measures.kind.name().to_owned(),
                width: measures.width,
                height: measures.height,
                bytes: measures.bytes,
            };
            pictures.known.insert(address, known);
        }
        let derived = state.channels.get(&channel.code).filter(|_| base.is_some());
        if let Some(derived) = derived {
            pictures.recipe = derived.recipe.clone();
            for (name, file) in &derived.files {
                if let Some(address) = address(name) {
                    pictures.known.insert(address, shown(file));
                }
            }
            pictures.products = derived.products.clone();
        }
        Some(pictures)
    }

    /// The fingerprint of an export that shows these pictures: what is made of them counts, which ones there are is told by
    /// the catalog's changes.
    pub fn fingerprint(&self, export: u64) -> u64 {
        let mut hash = Xxh3::new();
        hash.update(&export.to_le_bytes());
        hash.update(self.recipe.as_bytes());
        hash.digest()
    }

    /// Puts the files made for the channel in the place of what they were made from. A value means the picture of the product
    /// that says it: a name that two suppliers give to two pictures is not the same picture.
    pub fn dress(&self, product: &mut Product, schema: &Schema) {
        let Some(image) = schema.known().image.filter(|_| !self.products.is_empty()) else {
            return;
        };
        let own = self.products.get(&product.sku);
        let model = product.model.as_ref().and_then(|model| self.products.get(model));
        for resolved in product
            .values
            .iter_mut()
            .filter(|resolved| resolved.key.attribute == image)
        {
            let Value::Media(places) = &mut resolved.value else {
                continue;
            };
            let made = if matches!(resolved.by, By::Model | By::ModelEditor) {
                model
            } else {
                own
            };
            for place in places {
                if let Some((_, name)) = made.and_then(|pairs| pairs.iter().find(|(value, _)| value == place)) {
                    place.clone_from(name);
                }
            }
        }
    }

    /// The picture behind an address of a listing.
    pub fn picture(&self, address: &str) -> Option<Picture> {
        self.known.get(address).cloned()
    }
}

fn shown(file: &DerivedFile) -> Picture {
    Picture {
        format: file.format.clone(),
        width: file.width,
        height: file.height,
        bytes: file.bytes,
    }
}
