//! Product models after a change: whether their variants can still be told apart.

use crate::diagnostic::Diagnostic;
use crate::merge::model::check_axes;
use crate::product::Product;
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::products::Shelf;

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
