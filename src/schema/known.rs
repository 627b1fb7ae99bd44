//! The attributes that the program itself reads, where a schema has them.
//!
//! What is done with them is left to the stages.

use crate::schema::attribute::{Attribute, AttributeId};
use crate::schema::report::Report;
use crate::value::Kind;
use std::collections::BTreeSet;

/// Ids of well-known attributes.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Known {
    /// Trade item number: the first key of identity.
    pub gtin: Option<AttributeId>,
    /// With `mpn`, the second key of identity.
    pub brand: Option<AttributeId>,
    /// The maker's part number.
    pub mpn: Option<AttributeId>,
    /// Code of the product model, which groups variants.
    pub model: Option<AttributeId>,
    /// Code of the product's family.
    pub family: Option<AttributeId>,
    /// Code of the product's category.
    pub category: Option<AttributeId>,
    pub name: Option<AttributeId>,
    pub description: Option<AttributeId>,
    /// Price to customers, VAT included.
    pub price: Option<AttributeId>,
    /// What the product costs the shop.
    pub cost: Option<AttributeId>,
    /// Pieces at hand.
    pub stock: Option<AttributeId>,
    pub image: Option<AttributeId>,
    pub condition: Option<AttributeId>,
    pub availability: Option<AttributeId>,
}

/// Codes that no attribute may have: what they name is not a value of the product.
pub const RESERVED: &[&str] = &["sku"];

impl Known {
    /// The attributes by which the program itself knows products and names them: they are nobody's guess, and tell no two apart
    /// as other values do.
    pub fn own(&self) -> BTreeSet<AttributeId> {
        let own = [
            self.gtin,
            self.brand,
            self.mpn,
            self.model,
            self.family,
            self.category,
            self.name,
            self.description,
            self.condition,
            self.availability,
        ];
        own.into_iter().flatten().collect()
    }

    /// Takes note of an attribute, and checks that a well-known one is what the program takes it for.
    ///
    /// Faults: `E-WRONG-KIND`, `E-NO-SCOPE`, `E-RESERVED-CODE`.
    pub fn note(&mut self, id: AttributeId, attribute: &Attribute, report: &mut Report<'_>) {
        use Kind::*;
        let text_or_option: &[Kind] = &[Text, Option];
        // The third says that it identifies or places the product, so that it is the same in every locale and channel.
        let (place, kinds, one): (&mut std::option::Option<AttributeId>, &[Kind], bool) = match &*attribute.code {
            "gtin" => (&mut self.gtin, &[Gtin], true),
            "brand" => (&mut self.brand, text_or_option, true),
            "mpn" => (&mut self.mpn, &[Identifier], true),
            "model" => (&mut self.model, &[Identifier], true),
            "family" => (&mut self.family, &[Identifier], true),
            "category" => (&mut self.category, &[Identifier], true),
            "name" => (&mut self.name, &[Text], false),
            "description" => (&mut self.description, &[RichText, Text], false),
            "price" => (&mut self.price, &[Money], false),
            "cost" => (&mut self.cost, &[Money], false),
            "stock" => (&mut self.stock, &[Integer], false),
            "image" => (&mut self.image, &[Media], false),
            "condition" => (&mut self.condition, text_or_option, false),
            "availability" => (&mut self.availability, text_or_option, false),
            code => {
                if RESERVED.contains(&code) {
                    let message = format!("`{code}` is no attribute: every product has one");
                    report.fault_of_key(
                        &[],
                        "E-RESERVED-CODE",
                        message,
                        "take it out; feeds and channels know it without",
                    );
                }
                return;
            }
        };
        *place = Some(id);
        if !kinds.contains(&attribute.kind) {
            let expected: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
            let message = format!("`{}` must be of kind {}", attribute.code, expected.join(" or "));
            report.fault(
                &["kind"],
                "E-WRONG-KIND",
                message,
                "the program reads this attribute; give another thing another code",
            );
        }
        for (said, key) in [(attribute.localizable, "localizable"), (attribute.scopable, "scopable")] {
            if said && one {
                let message = format!("`{}` is the same everywhere, so it cannot be {key}", attribute.code);
                report.fault(&[key], "E-NO-SCOPE", message, format!("take `{key}` out"));
            }
        }
    }
}
