//! Who the new items of a delivery are: one more source of a known product, or a product of their own.
//!
//! Nothing here depends on the order of the rows: codes that two rows of one delivery share identify neither.

use crate::catalog::Reader;
use crate::catalog::identity::ItemName;
use crate::catalog::stored::SourceId;
use crate::diagnostic::Diagnostic;
use crate::merge::identity::{Candidate, Decision, decide};
use crate::product::layer::Layer;
use crate::schema::Schema;
use crate::workspace::decisions::Decisions;
use crate::workspace::failure::Failure;
use crate::workspace::identity::Identity;
use std::collections::{BTreeMap, BTreeSet};

/// A new entry that may be a product others already describe.
pub struct Newcomer {
    /// Number of its entry in the plan.
    pub entry: u32,
    pub sku: Box<str>,
    /// GTIN as a number of 14 digits, 0 for none.
    pub gtin: u64,
    /// Folded brand and part number, empty for none.
    pub mpn: Box<str>,
}

/// What was found out.
#[derive(Default)]
pub struct Identified {
    /// Entry and the product it joins.
    pub joins: Vec<(u32, i64)>,
    /// Entry and what a person should look at, without its place.
    pub findings: Vec<(u32, Diagnostic)>,
}

/// Looks every newcomer up by its exact keys. Without a reader there is nobody to join; `own` is the source they come from.
pub fn identify(
    mut newcomers: Vec<Newcomer>,
    reader: Option<&Reader>,
    own: Option<SourceId>,
    decisions: &Decisions,
    schema: &Schema,
) -> Result<Identified, Failure> {
    let identity = Identity::new(schema);
    let candidates = |reader: &Reader, layers, gtin| candidates(reader, own, layers, gtin, &identity, schema);
    let mut identified = Identified::default();
    newcomers.sort_by_key(|newcomer| (newcomer.gtin, newcomer.entry));
    for group in newcomers.chunk_by_mut(|a, b| a.gtin == b.gtin && a.gtin != 0) {
        if group.len() < 2 {
            continue;
        }
        for newcomer in group {
            let finding = Diagnostic::warning("W-GTIN-SHARED", "the GTIN is given to several SKUs of the delivery")
                .of(&*newcomer.sku)
                .with_value(&format!("{:013}", newcomer.gtin))
                .with_help("each became a product of its own, none is merged by this GTIN: ask the supplier which it belongs to");
            identified.findings.push((newcomer.entry, finding));
            newcomer.gtin = 0;
        }
    }
    let Some(reader) = reader else { return Ok(identified) };
    newcomers.sort_by_key(|newcomer| newcomer.entry);
    let mut found: BTreeMap<i64, Vec<(u32, Box<str>)>> = BTreeMap::new();
    for newcomer in newcomers {
        let decided = own
            .filter(|_| decisions.know(own, &newcomer.sku))
            .map(|own| (own, newcomer.sku.to_string()));
        if let Some(item) = &decided
            && let Some(product) = decided_on(reader, item, decisions)?
        {
            found.entry(product).or_default().push((newcomer.entry, newcomer.sku));
            continue;
        }
        let by_gtin = match newcomer.gtin {
            0 => Vec::new(),
            gtin => candidates(reader, reader.by_gtin(gtin)?, gtin)?,
        };
        let by_mpn = match &*newcomer.mpn {
            "" => Vec::new(),
            mpn => candidates(reader, reader.by_mpn(mpn)?, newcomer.gtin)?,
        };
        let (by_gtin, by_mpn) = match &decided {
            Some(item) => (
                but_others(reader, item, decisions, by_gtin)?,
                but_others(reader, item, decisions, by_mpn)?,
            ),
            None => (by_gtin, by_mpn),
        };
        match decide(&by_gtin, &by_mpn) {
            Decision::Same(product) => found.entry(product).or_default().push((newcomer.entry, newcomer.sku)),
            Decision::New(None) => {}
            Decision::New(Some(task)) => identified.findings.push((newcomer.entry, task.of(&*newcomer.sku))),
        }
    }
    for (product, claims) in found {
        if let [(entry, _)] = claims.as_slice() {
            identified.joins.push((*entry, product));
            continue;
        }
        for (entry, sku) in claims {
            let message = "several SKUs of the delivery are the same known product by their codes; each became a product of its own";
            let finding = Diagnostic::warning("W-IDENTITY-CONFLICT", message)
                .of(&*sku)
                .with_help("ask the supplier which SKU the GTIN or part number belongs to");
            identified.findings.push((entry, finding));
        }
    }
    identified.findings.sort_by_key(|(entry, _)| *entry);
    Ok(identified)
}

/// The product that an item is part of by a decision; none where that has an item of the same source, or there are several.
fn decided_on(reader: &Reader, item: &ItemName, decisions: &Decisions) -> Result<Option<i64>, Failure> {
    let mut products = BTreeSet::new();
    for other in decisions.same(item) {
        products.extend(reader.product_of(other)?);
    }
    match products.first() {
        Some(product) if products.len() == 1 && reader.layer(*product, item.0)?.is_none() => Ok(Some(*product)),
        _ => Ok(None),
    }
}

/// The candidates without those that are other products by a decision.
fn but_others(
    reader: &Reader,
    item: &ItemName,
    decisions: &Decisions,
    candidates: Vec<Candidate>,
) -> Result<Vec<Candidate>, Failure> {
    let mut left = Vec::with_capacity(candidates.len());
    for candidate in candidates {
        let layers = reader.layers(candidate.product)?;
        if !layers
            .iter()
            .any(|layer| decisions.are_two(item, &(layer.source, layer.sku.clone())))
        {
            left.push(candidate);
        }
    }
    Ok(left)
}

/// The products behind some layers, each once, as identity wants to see them.
fn candidates(
    reader: &Reader,
    own: Option<SourceId>,
    layers: Vec<(i64, SourceId)>,
    gtin: u64,
    identity: &Identity,
    schema: &Schema,
) -> Result<Vec<Candidate>, Failure> {
    let mut found: Vec<Candidate> = Vec::new();
    for (product, _) in layers {
        if found.iter().any(|candidate| candidate.product == product) {
            continue;
        }
        let taken = match own {
            Some(own) => reader.layer(product, own)?.is_some(),
            None => false,
        };
        let mut other_gtin = false;
        if gtin != 0 {
            for stored in reader.layers(product)? {
                let layer = Layer::read_body(&stored.body, schema)
                    .map_err(|error| Failure::damaged(&stored.sku, &error.to_string()))?;
                other_gtin |= identity.keys(&layer).gtin.is_some_and(|known| known != gtin);
            }
        }
        found.push(Candidate {
            product,
            taken,
            other_gtin,
        });
    }
    Ok(found)
}
