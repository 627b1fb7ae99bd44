//! What was found becomes a layer of its own: one batch, where anything changed, that `undo` takes back like any other.

use crate::catalog::Reader;
use crate::catalog::change::{BatchRecord, NewLayer};
use crate::catalog::stored::{Keys, ProductName, SourceId};
use crate::merge::claim::Spoken;
use crate::merge::policy::Trust;
use crate::merge::resolve::resolve_lent;
use crate::product::batch::Tally;
use crate::product::layer::Layer;
use crate::product::origin::{Origin, Source};
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::schema::scope::Key;
use crate::value::Value;
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::products::Shelf;
use xxhash_rust::xxh3::Xxh3;

/// What one product's layer is to say.
pub struct Wanted {
    pub product: ProductName,
    /// The pictures found by name, in order.
    pub found: Vec<String>,
}

/// A layer as it is to stand, with what the product shows then.
pub struct Prepared {
    product: ProductName,
    body: String,
    row_hash: u64,
    /// The product's pictures, all layers heard. Empty where nobody offers the product.
    pub pictures: Vec<String>,
    /// True where the store says otherwise.
    pub differs: bool,
    /// The layer that stands there.
    before: bool,
}

/// How layers are prepared.
pub struct Preparing<'a> {
    pub schema: &'a Schema,
    pub trust: &'a Trust,
    pub shelf: Shelf<'a>,
    pub source: SourceId,
    pub image: AttributeId,
    /// The content behind a value of a product, where it is known.
    pub content: &'a (dyn Fn(&str, &str) -> Option<String> + 'a),
}

impl Preparing<'_> {
    /// The layer of one product. Its hash covers order and contents of all pictures that are known of the product, so that a
    /// changed file under an old name is a change of the product.
    pub fn prepare(&self, reader: &Reader, wanted: Wanted) -> Result<Prepared, Failure> {
        let name = wanted.product;
        let mut layer = Layer::default();
        if !wanted.found.is_empty() {
            layer.values.push((self.key(), Value::Media(wanted.found)));
        }
        let mut body = String::new();
        layer.write_body(self.schema, &mut body);
        let mut before = None;
        let mut spoken = Vec::new();
        for stored in reader.layers(name.id)? {
            if stored.source == self.source {
                before = Some((stored.row_hash, stored.body));
                continue;
            }
            let layer = Layer::read_body(&stored.body, self.schema)
                .map_err(|error| Failure::damaged(&stored.sku, &error.to_string()))?;
            spoken.push(Spoken {
                source: stored.source.0,
                origin: stored.origin,
                withdrawn: stored.withdrawn,
                layer,
            });
        }
        let says = !layer.values.is_empty();
        spoken.push(Spoken {
            source: self.source.0,
            origin: Origin::default(),
            withdrawn: false,
            layer,
        });
        // A family that the model lends may say who wins among pictures.
        let lent = match self.schema.has_family_policies() {
            true => self.shelf.lent_family(reader, &name)?,
            false => None,
        };
        let product = resolve_lent(name.id, name.sku.clone(), spoken, lent, self.schema, self.trust);
        let pictures = match product.any(self.image) {
            Some(Value::Media(pictures)) if product.active => pictures.clone(),
            _ => Vec::new(),
        };
        let mut hash = Xxh3::new();
        let mut known = false;
        for picture in &pictures {
            if let Some(content) = (self.content)(&name.sku, picture) {
                known = true;
                hash.update(picture.as_bytes());
                hash.update(&[0]);
                hash.update(content.as_bytes());
            } else {
                hash.update(&[1]);
            }
        }
        let row_hash = if known { hash.digest() } else { 0 };
        let differs = match &before {
            Some((hash, old)) => *hash != row_hash || *old != body,
            None => known || says,
        };
        Ok(Prepared {
            product: name,
            body,
            row_hash,
            pictures,
            differs,
            before: before.is_some(),
        })
    }

    fn key(&self) -> Key {
        let mut key = Key::of(self.image);
        if self.schema.attribute(self.image).localizable {
            key.locale = 1;
        }
        key
    }
}

/// Writes the layers that differ as one batch; none where none does.
pub fn write(workspace: &mut Workspace, source: SourceId, prepared: &[Prepared]) -> Result<Option<i64>, Failure> {
    let moment = workspace.moment.clone();
    let schema = &workspace.settings.schema;
    let image = schema
        .known()
        .image
        .map(|image| schema.attribute(image).code.to_string());
    let mut tally = Tally::default();
    let catalog = workspace.catalog()?;
    if !prepared.iter().any(|layer| layer.differs) {
        return Ok(None);
    }
    let mut change = catalog.begin()?;
    for layer in prepared {
        tally.read += 1;
        if !layer.differs {
            tally.unchanged += 1;
            continue;
        }
        let new = NewLayer {
            product: layer.product.id,
            source,
            sku: &layer.product.sku,
            file: 0,
            line: 0,
            row_hash: layer.row_hash,
            body: &layer.body,
        };
        match layer.before {
            true => change.replace_layer(new, &Keys::default(), &Keys::default())?,
            false => {
                change.insert_layer(new, &Keys::default())?;
                change.touch(layer.product.id)?;
            }
        }
        tally.changed += 1;
        *tally.attributes.entry(image.clone().unwrap_or_default()).or_default() += 1;
    }
    let record = BatchRecord {
        at: moment,
        source: Source::Images.to_string(),
        kind: "images".into(),
        tally,
        ..BatchRecord::default()
    };
    Ok(Some(change.commit(&record)?))
}
