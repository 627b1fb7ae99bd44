//! What can be told of a product from what it says already: the steps, in order.
//!
//! A step is a pure function of products and configuration. Nothing it finds is stored: whoever looks at a product derives it
//! anew, so taking back a batch takes back what was derived from it, and a changed setting is seen at once. A step speaks
//! only where nobody else does.

use crate::product::Product;
use crate::schema::Schema;

/// The steps of a workspace, compiled.
#[derive(Debug, Default)]
pub struct Enrichment {}

impl Enrichment {
    /// Do steps look at all variants of a model to tell something of one.
    pub fn compares_siblings(&self) -> bool {
        false
    }

    /// Gives the products of one shelf place (the variants of a model, or a single product) what the steps derive.
    pub fn derive(&self, _products: &mut [Product], _schema: &Schema) {}
}
