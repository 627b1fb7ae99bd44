//! Product models and variants: what a variant inherits, and whether its axes tell it from its siblings.

use crate::diagnostic::Diagnostic;
use crate::product::{By, Product, Resolved};
use crate::schema::Schema;
use crate::schema::family::FamilyId;
use crate::schema::policy::Role;
use std::collections::HashMap;

/// Gives a variant the values of its model that it does not say itself. Offers (price, stock…) and what makes the model
/// a record of its own (its codes) are never inherited.
pub fn inherit(variant: &mut Product, model: &Product, schema: &Schema) {
    let known = schema.known();
    let own = [known.gtin, known.mpn, known.model];
    let mut inherited: Vec<Resolved> = model
        .values
        .iter()
        .filter(|value| {
            let attribute = value.key.attribute;
            schema.attribute(attribute).role != Role::Offer
                && !own.contains(&Some(attribute))
                && variant.exact(value.key).is_none()
        })
        .map(|value| Resolved {
            by: match value.by {
                by if by.is_editor() => By::ModelEditor,
                by if by.is_draft() => By::ModelDraft,
                _ => By::Model,
            },
            ..value.clone()
        })
        .collect();
    if inherited.is_empty() {
        return;
    }
    variant.values.append(&mut inherited);
    variant.values.sort_by_key(|value| value.key);
    variant.family = variant.family.or(model.family);
}

/// Says which variants of one model cannot be told apart by the axes of their family, and which leave an axis empty.
/// `variants` are all products of the model, in order of SKU.
pub fn check_axes(variants: &[&Product], schema: &Schema) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    // Never iterated.
    let mut seen: HashMap<(FamilyId, Vec<String>), &str> = HashMap::new();
    for variant in variants.iter().filter(|variant| variant.active) {
        let Some(family) = variant.family else { continue };
        let axes = &schema.family(family).axes;
        if axes.is_empty() {
            continue;
        }
        let mut values = Vec::with_capacity(axes.len());
        for axis in axes {
            match variant.any(*axis) {
                Some(value) => values.push(value.to_text().into_owned()),
                None => {
                    let code = &*schema.attribute(*axis).code;
                    found.push(
                        Diagnostic::warning("W-AXIS-EMPTY", format!("the variant says nothing on its axis `{code}`"))
                            .of(&variant.sku)
                            .with_help(format!("fill `{code}`: without it the variant cannot be chosen")),
                    );
                }
            }
        }
        if values.len() < axes.len() {
            continue;
        }
        // Where families differ, so may their axes.
        let told = values.join(" / ");
        let place = (family, values);
        match seen.get(&place) {
            Some(other) => found.push(
                Diagnostic::warning(
                    "W-AXES-EQUAL",
                    format!("the variant has the same axis values as {other}"),
                )
                .of(&variant.sku)
                .with_value(&told)
                .with_help("two variants of one model must differ: correct one, or give it a model of its own"),
            ),
            None => _ = seen.insert(place, &variant.sku),
        }
    }
    found
}
