//! What the variants of one model share: where two of them agree and none says otherwise, the silent ones have it too.

use crate::enrich::specs::found::sure;
use crate::enrich::specs::plan::Plan;
use crate::product::Product;
use crate::schema::attribute::AttributeId;
use crate::value::Value;

/// Agreeing siblings that it takes.
const ENOUGH: usize = 2;

/// A value that siblings lend.
#[derive(Debug, Clone, PartialEq)]
pub struct Lent {
    /// Position of the product among its siblings.
    pub product: usize,
    pub attribute: AttributeId,
    pub value: Value,
    /// Percent.
    pub confidence: u8,
    /// How many say it.
    pub agreeing: usize,
}

/// What the products of one model, all of one plan, lend each other.
pub fn lent(products: &[Product], plan: &Plan) -> Vec<Lent> {
    let mut lent = Vec::new();
    if products.len() <= ENOUGH || products.iter().any(|product| product.family != products[0].family) {
        return lent;
    }
    for attribute in plan.shared.iter().copied() {
        let mut value: Option<&Value> = None;
        let (mut agreeing, mut silent, mut torn) = (0, false, false);
        for product in products {
            match (product.any(attribute), value) {
                (None, _) => silent = true,
                (Some(said), None) => {
                    value = Some(said);
                    agreeing = 1;
                }
                (Some(said), Some(known)) if said == known => agreeing += 1,
                (Some(_), Some(_)) => torn = true,
            }
        }
        let Some(value) = value.filter(|_| silent && !torn && agreeing >= ENOUGH) else {
            continue;
        };
        for (n, product) in products.iter().enumerate() {
            if product.any(attribute).is_none() && !product.keeps_blank(attribute) {
                lent.push(Lent {
                    product: n,
                    attribute,
                    value: value.clone(),
                    confidence: sure::SIBLINGS,
                    agreeing,
                });
            }
        }
    }
    lent
}
