//! Which product an unknown item is: exact keys only. What is not certain is a task for a person, never a silent merge.

use crate::diagnostic::Diagnostic;

/// A product that shares a key with the item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    pub product: i64,
    /// True where the same source already describes this product under another SKU.
    pub taken: bool,
    /// True where the product is known under another GTIN than the item's.
    pub other_gtin: bool,
}

/// What an item turns out to be.
#[derive(Debug, Clone, PartialEq)]
pub enum Decision {
    /// One more layer of this product.
    Same(i64),
    /// A product of its own. The finding says why a likely partner was not taken.
    New(Option<Diagnostic>),
}

/// Decides by GTIN, then by brand and MPN. `by_gtin` and `by_mpn` hold each product once.
pub fn decide(by_gtin: &[Candidate], by_mpn: &[Candidate]) -> Decision {
    let task = |message: &str, help: &str| {
        Decision::New(Some(
            Diagnostic::warning("W-IDENTITY-CONFLICT", message).with_help(help),
        ))
    };
    match by_gtin {
        [] => {}
        [one] if one.taken => {
            return task(
                "the GTIN belongs to another SKU of the same supplier; the item became a product of its own",
                "one of the two codes is wrong: ask the supplier which",
            );
        }
        [one] if by_mpn.is_empty() || by_mpn.iter().any(|other| other.product == one.product) => {
            return Decision::Same(one.product);
        }
        [_] => {
            return task(
                "GTIN and brand with part number point at two different products; the item became a product of its own",
                "look at the three and merge the two that are one",
            );
        }
        _ => {
            return task(
                "the GTIN belongs to several products; the item became a product of its own",
                "merge the products that are one, then import again",
            );
        }
    }
    match by_mpn {
        [one] if !one.taken && !one.other_gtin => Decision::Same(one.product),
        [one] if one.other_gtin && !one.taken => task(
            "brand and part number are those of a product with another GTIN; the item became a product of its own",
            "pack sizes often share a part number: merge them only if they are one",
        ),
        _ => Decision::New(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FREE: Candidate = Candidate {
        product: 1,
        taken: false,
        other_gtin: false,
    };

    fn check(by_gtin: &[Candidate], by_mpn: &[Candidate], expected: &str) {
        let told = match decide(by_gtin, by_mpn) {
            Decision::Same(product) => format!("same as {product}"),
            Decision::New(None) => "new".to_owned(),
            Decision::New(Some(task)) => format!("new, {}", task.code),
        };
        assert_eq!(told, expected, "{by_gtin:?} {by_mpn:?}");
    }

    #[test]
    fn exact_keys_decide_and_conflicts_never_merge() {
        check(&[], &[], "new");
        check(&[FREE], &[], "same as 1");
        check(&[FREE], &[FREE], "same as 1");
        check(&[FREE], &[Candidate { product: 2, ..FREE }], "new, W-IDENTITY-CONFLICT");
        check(
            &[FREE, Candidate { product: 2, ..FREE }],
            &[],
            "new, W-IDENTITY-CONFLICT",
        );
        check(&[Candidate { taken: true, ..FREE }], &[], "new, W-IDENTITY-CONFLICT");
        check(&[], &[FREE], "same as 1");
        check(
            &[],
            &[Candidate {
                other_gtin: true,
                ..FREE
            }],
            "new, W-IDENTITY-CONFLICT",
        );
        check(&[], &[Candidate { taken: true, ..FREE }], "new");
    }
}
