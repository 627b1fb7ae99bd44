//! Product models by a person's hand, and after any change: whether their variants can still be told apart.

use crate::diagnostic::Diagnostic;
use crate::merge::model::check_axes;
use crate::product::Product;
use crate::product::item::Said;
use crate::product::origin::Source;
use crate::schema::scope::Key;
use crate::schema::typed::typed;
use crate::workspace::Workspace;
use crate::workspace::edit::{Saying, fault, say};
use crate::workspace::failure::Failure;
use crate::workspace::inspect::find;
use crate::workspace::products::Shelf;
use std::collections::BTreeMap;

/// Where a person puts variants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The model of this code, which need not be there yet.
    Model(String),
    /// The model of the product with this SKU.
    With(String),
    /// A model of its own for each.
    Alone,
}

/// What moving variants did.
#[derive(Debug)]
pub struct Moved {
    /// `None` where all of them were there already by a person's hand.
    pub batch: Option<i64>,
    /// SKU and model of each that moved.
    pub moved: Vec<(String, String)>,
    /// Variants that cannot be told apart now, or say nothing on an axis.
    pub findings: Vec<Diagnostic>,
}

/// Puts variants into another model, as one batch. It is the editor's word, which no import changes; clearing `model` takes it back.
pub fn move_to(workspace: &mut Workspace, skus: &[String], target: &Target) -> Result<Moved, Failure> {
    workspace.open_catalog()?;
    let reader = workspace.reader()?;
    let schema = &workspace.settings.schema;
    let Some(model) = schema.known().model else {
        return Err(
            Failure::usage("the schema has no models").with_help("declare an attribute `model` of kind `identifier`")
        );
    };
    let code = match target {
        Target::Model(code) => Some(code.clone()),
        Target::With(sku) => {
            let other = find(&reader, sku)?;
            let help = "`--model CODE` makes one: say it of all that belong together";
            let none = || Failure::usage(format!("{} is of no model", other.sku)).with_help(help);
            Some(other.model.clone().ok_or_else(none)?)
        }
        Target::Alone => None,
    };
    let mut sayings: BTreeMap<i64, (Saying, String)> = BTreeMap::new();
    let mut faults = Vec::new();
    for sku in skus {
        let product = find(&reader, sku)?;
        let code = code.clone().unwrap_or_else(|| product.sku.clone());
        match typed(schema, Key::of(model), &code, workspace.settings.currency) {
            Ok(value) => {
                let said = BTreeMap::from([(Key::of(model), Said::Value(value))]);
                sayings.insert(product.id, (Saying { product, said }, code));
            }
            Err(mismatch) => faults.push(fault(mismatch, &code)),
        }
    }
    if !faults.is_empty() {
        return Err(Failure::invalid("nothing was changed", faults));
    }
    let before = reader.sequence()?;
    let codes: BTreeMap<String, String> = sayings
        .values()
        .map(|(saying, code)| (saying.product.sku.clone(), code.clone()))
        .collect();
    let sayings = sayings.into_values().map(|(saying, _)| saying).collect();
    let spoken = say(workspace, &Source::Editor, "edit", sayings, Vec::new())?;
    let code_of = |sku: &String| codes.get(sku).cloned().unwrap_or_default();
    Ok(Moved {
        batch: spoken.batch,
        moved: spoken
            .changed
            .iter()
            .map(|(sku, _)| (sku.clone(), code_of(sku)))
            .collect(),
        findings: check(workspace, before)?,
    })
}

/// Checks the axes of every model that has a product changed in a batch after `since`.
pub fn check(workspace: &Workspace, since: i64) -> Result<Vec<Diagnostic>, Failure> {
    let reader = workspace.reader()?;
    let trust = workspace.trust()?;
    let shelf = Shelf::new(&workspace.settings, &trust);
    let mut found = Vec::new();
    for model in reader.changed_models(since)? {
        let variants = reader.variants(&model)?;
        if variants.len() > 1 {
            let products = shelf.group(&reader, &variants)?;
            let variants: Vec<&Product> = products.iter().collect();
            found.extend(check_axes(&variants, &workspace.settings.schema));
        }
    }
    Ok(found)
}
