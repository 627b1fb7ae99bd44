//! What can be told of a product from what it says already: the steps, in order.
//!
//! A step is a pure function of products and configuration. Nothing it finds is stored: whoever looks at a product derives it
//! anew, so taking back a batch takes back what was derived from it, and a changed setting is seen at once. A step speaks
//! only where nobody else does; rules alone speak over suppliers, and never over people.

pub mod copy;
pub mod draft;
pub mod images;
pub mod rules;
pub mod specs;

use crate::enrich::copy::Copy;
use crate::enrich::rules::{Event, Rules};
use crate::enrich::specs::settings::{SpecsSettings, UnknownName};
use crate::enrich::specs::{Doubts, Finding, Specs};
use crate::product::Product;
use crate::schema::Schema;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[enrich]` of `estante.toml`: what is derived from what products say already.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EnrichSettings {
    /// Attribute values read out of texts.
    pub specs: SpecsSettings,
}

/// The steps of a workspace, compiled.
#[derive(Debug, Default)]
pub struct Enrichment {
    specs: Specs,
    /// What rules say, over what suppliers say.
    pub rules: Option<Rules>,
    /// Texts for what nobody wrote.
    pub copy: Option<Copy>,
    fingerprint: u64,
}

impl Enrichment {
    /// Compiles the steps. Fails with every name that the schema does not have.
    pub fn new(
        settings: &EnrichSettings,
        rules: Option<Rules>,
        copy: Option<Copy>,
        schema: &Schema,
    ) -> Result<Enrichment, Vec<UnknownName>> {
        let unknown = settings.specs.unknown(schema);
        if !unknown.is_empty() {
            return Err(unknown);
        }
        // Maps of texts and numbers always serialize.
        let bytes = serde_json::to_vec(settings).unwrap_or_default();
        let mut hash = xxhash_rust::xxh3::Xxh3::new();
        hash.update(&bytes);
        hash.update(&rules.as_ref().map_or(0, Rules::fingerprint).to_le_bytes());
        hash.update(&copy.as_ref().map_or(0, Copy::fingerprint).to_le_bytes());
        Ok(Enrichment {
            specs: Specs::new(&settings.specs),
            rules,
            copy,
            fingerprint: hash.digest(),
        })
    }

    /// A hash of the settings: what is derived changes with them, and with the schema.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    /// Do steps look at all variants of a model to tell something of one.
    pub fn compares_siblings(&self) -> bool {
        self.specs.compares_siblings()
    }

    /// Gives the products of one shelf place (the variants of a model, or a single product) what the steps derive: specs
    /// first, then what rules say, then copy, which is written from both.
    pub fn derive(&self, products: &mut [Product], schema: &Schema) {
        self.specs.derive(products, schema);
        self.write(products, schema);
    }

    /// The same, with what the texts of each product say and is no value of it.
    pub fn derive_doubted(&self, products: &mut [Product], schema: &Schema) -> Vec<Doubts> {
        let doubts = self.specs.derive_doubted(products, schema);
        self.write(products, schema);
        doubts
    }

    fn write(&self, products: &mut [Product], schema: &Schema) {
        if let Some(rules) = &self.rules {
            products.iter_mut().for_each(|product| rules.derive(product, schema));
        }
        if let Some(copy) = &self.copy {
            products.iter_mut().for_each(|product| copy.derive(product));
        }
    }

    /// Follows what rules do of each of these products, which must not be derived yet; `see` is told whose rules work. They are
    /// derived then as far as rules.
    pub fn follow_rules(&self, products: &mut [Product], schema: &Schema, see: &mut dyn FnMut(i64, Event<'_>)) {
        let Some(rules) = &self.rules else { return };
        self.specs.derive(products, schema);
        for product in products {
            let id = product.id;
            rules.follow(product, schema, &mut |event| see(id, event));
        }
    }

    /// What specs finds of each of these products, which must not be derived yet, with its evidence.
    pub fn explain_specs(&self, products: &[Product], schema: &Schema) -> Vec<Vec<Finding>> {
        self.specs.explain(products, schema)
    }

    /// From which confidence on a finding in a text is a value, in percent.
    pub fn specs_threshold(&self) -> u8 {
        self.specs.threshold()
    }
}
