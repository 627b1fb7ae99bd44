//! The category tree, and where each category stands in the taxonomies of Google and Shopify.
//!
//! Which category a product has is left to `mapping` and the editor.

use crate::schema::family::FamilyId;
use crate::schema::file::CategoryFile;
use crate::schema::labels::Labels;
use crate::schema::report::Report;
use std::collections::BTreeMap;

/// Most categories of a schema; the largest taxonomy we know (Shopify's) has some 12,000.
pub const MOST_CATEGORIES: usize = 100_000;

/// A category's position among all, sorted by code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CategoryId(pub u32);

/// A checked category with what it inherits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Category {
    pub code: Box<str>,
    pub labels: Labels,
    /// From the root down to the category itself.
    pub line: Box<[CategoryId]>,
    /// Its own family, or that of the nearest category above that has one.
    pub family: Option<FamilyId>,
    /// Id in Google's product taxonomy, its own or the nearest above.
    pub google: Option<u32>,
    /// Id or full path in Shopify's product taxonomy, its own or the nearest above.
    pub shopify: Option<Box<str>>,
}

impl Category {
    /// The category above.
    pub fn parent(&self) -> Option<CategoryId> {
        self.line.len().checked_sub(2).and_then(|n| self.line.get(n)).copied()
    }

    /// The checked form of what was written, `line` being all categories from the root down to it, with their ids.
    ///
    /// Faults: `E-UNKNOWN-FAMILY`, `E-BAD-LOCALE`.
    pub fn checked(
        written: &CategoryFile,
        line: &[(CategoryId, &CategoryFile)],
        families: &BTreeMap<String, FamilyId>,
        default_locale: &str,
        report: &mut Report<'_>,
    ) -> Category {
        if let Some(family) = written
            .family
            .as_deref()
            .filter(|family| !families.contains_key(*family))
        {
            let known = families.keys().map(String::as_str);
            report.unknown(&["family"], "E-UNKNOWN-FAMILY", "family", family, known);
        }
        let upward = || line.iter().rev().map(|(_, category)| *category);
        Category {
            code: report.path[1].into(),
            labels: Labels::checked(&written.labels, default_locale, report),
            line: line.iter().map(|(id, _)| *id).collect(),
            family: upward()
                .find_map(|category| category.family.as_deref())
                .and_then(|code| families.get(code))
                .copied(),
            google: upward().find_map(|category| category.google),
            shopify: upward().find_map(|category| category.shopify.as_deref()).map(Box::from),
        }
    }
}
