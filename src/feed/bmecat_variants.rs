//! Articles of BMEcat that stand for several: the variants of their features, each with what it adds to the article's number.
//!
//! A FEATURE with VARIANTS has a value and a SUPPLIER_AID_SUPPLEMENT for each. The number of a variant is the article's number
//! and the supplements of all such features in the order of VORDER (BMEcat 1.2, 2001); every combination is sold.

use crate::feed::tree::{Element, Name, Tree, first};
use std::collections::BTreeSet;

/// Variants that one article may stand for.
pub const MOST: usize = 2_048;
/// Elements that they may have together.
const ELEMENTS: usize = 20_000_000;
/// Bytes of the supplements of one.
const LONGEST: usize = 1_000;

/// The names of the standard, as the tree knows them.
pub struct Variants {
    list: Name,
    variant: Name,
    order: Name,
    supplements: [Name; 2],
}

/// One of the articles that an article stands for.
#[derive(Debug, PartialEq)]
pub struct Variant {
    /// What is added to the article's number.
    pub supplement: String,
    /// The variants of features that are those of others.
    pub others: Vec<Element>,
}

/// What an article stands for.
#[derive(Debug, PartialEq)]
pub enum Apart {
    /// Itself.
    One,
    Several(Vec<Variant>),
    /// Variants without supplements, which nothing tells apart.
    Unnamed,
    /// More than [`MOST`], or larger ones than are made.
    TooMany,
    /// Two of them have this supplement.
    Alike(String),
}

impl Variants {
    pub fn new(tree: &mut Tree) -> Variants {
        let mut name = |text: &str| tree.name(text);
        Variants {
            list: name("VARIANTS"),
            variant: name("VARIANT"),
            order: name("VORDER"),
            supplements: [name("SUPPLIER_AID_SUPPLEMENT"), name("SUPPLIER_PID_SUPPLEMENT")],
        }
    }

    /// What the article in the tree stands for.
    pub fn of(&self, tree: &Tree) -> Apart {
        let mut lists: Vec<(u64, Vec<(&str, Element)>)> = Vec::new();
        for list in tree.anywhere(self.list) {
            let order = first(tree, list, self.order).and_then(|text| text.trim().parse().ok());
            let variants: Vec<(&str, Element)> = (tree.named(list, self.variant))
                .map(|variant| {
                    let mut texts = self.supplements.iter().filter_map(|name| first(tree, variant, *name));
                    (texts.next().unwrap_or("").trim(), variant)
                })
                .collect();
            if variants.len() > 1 && variants.iter().any(|(supplement, _)| supplement.is_empty()) {
                return Apart::Unnamed;
            }
            if !variants.is_empty() {
                lists.push((order.unwrap_or(u64::MAX), variants));
            }
        }
        if lists.is_empty() {
            return Apart::One;
        }
        // Features of the same order, or of none, follow each other as they stand.
        lists.sort_by_key(|(order, _)| *order);
        let count = lists
            .iter()
            .try_fold(1usize, |count, (_, variants)| count.checked_mul(variants.len()));
        let fits = |count: &usize| *count <= MOST && count.saturating_mul(tree.len()) <= ELEMENTS;
        let lengths = lists
            .iter()
            .filter_map(|(_, variants)| variants.iter().map(|(text, _)| text.len()).max());
        let Some(count) = count.filter(fits).filter(|_| lengths.sum::<usize>() <= LONGEST) else {
            return Apart::TooMany;
        };
        let mut seen = BTreeSet::new();
        let mut all = Vec::with_capacity(count);
        for n in 0..count {
            let mut rest = n;
            let mut parts = vec![""; lists.len()];
            let mut others = Vec::new();
            // The last list changes fastest.
            for (place, (_, variants)) in lists.iter().enumerate().rev() {
                let chosen = rest % variants.len();
                rest /= variants.len();
                for (at, (supplement, element)) in variants.iter().enumerate() {
                    match at == chosen {
                        true => parts[place] = supplement,
                        false => others.push(*element),
                    }
                }
            }
            let supplement = parts.concat();
            if !seen.insert(supplement.clone()) {
                return Apart::Alike(supplement);
            }
            all.push(Variant { supplement, others });
        }
        Apart::Several(all)
    }
}
