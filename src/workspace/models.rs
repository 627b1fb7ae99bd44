//! Product models by a person's hand, and after any change: whether their variants can still be told apart, and are not too many.

use crate::catalog::Reader;
use crate::catalog::stored::{ProductName, StoredLayer};
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
use crate::workspace::products::{Shelf, resolve_stored};
use std::collections::{BTreeMap, BTreeSet};

/// Variants of one model from which on it is told to be too large.
const MOST_VARIANTS: usize = 2_000;

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
    /// SKU and model of each that moved, as it is stored.
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
        let code = match &code {
            Some(code) => code.clone(),
            None => free_code(&reader, &product)?,
        };
        match typed(schema, Key::of(model), &code, workspace.settings.currency) {
            Ok(value) => {
                let code = value.to_text().into_owned();
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
    let records = records(workspace, &reader, sayings.values().map(|(_, code)| code.as_str()))?;
    let codes: BTreeMap<String, String> = sayings
        .values()
        .map(|(saying, code)| (saying.product.sku.clone(), code.clone()))
        .collect();
    let sayings = sayings.into_values().map(|(saying, _)| saying).collect();
    let spoken = say(workspace, &Source::Editor, "edit", sayings, Vec::new())?;
    let code_of = |sku: &String| codes.get(sku).cloned().unwrap_or_default();
    let mut findings = match spoken.batch {
        Some(_) => records,
        None => Vec::new(),
    };
    findings.extend(check(workspace, before)?);
    Ok(Moved {
        batch: spoken.batch,
        moved: spoken
            .changed
            .iter()
            .map(|(sku, _)| (sku.clone(), code_of(sku)))
            .collect(),
        findings,
    })
}

/// A code for a model of one: its SKU, or where that is the code of others' model, the first free one beside it.
fn free_code(reader: &Reader, product: &ProductName) -> Result<String, Failure> {
    let others = |code: &str| -> Result<bool, Failure> {
        Ok(reader.variants(code)?.iter().any(|variant| variant.id != product.id))
    };
    if product.model.is_none() && others(&product.sku)? {
        let message = format!("{} is the record of a model, not one of its variants", product.sku);
        return Err(Failure::usage(message).with_help("move its variants instead: `estante product move SKU… --alone`"));
    }
    let mut code = product.sku.clone();
    let mut n = 2_u32;
    while others(&code)? || (code != product.sku && reader.product(&code)?.is_some()) {
        code = format!("{}-{n}", product.sku);
        n += 1;
    }
    Ok(code)
}

/// What becomes of products that are sold by themselves and whose SKU is now the code of a model.
fn records<'a>(
    workspace: &Workspace,
    reader: &Reader,
    codes: impl Iterator<Item = &'a str>,
) -> Result<Vec<Diagnostic>, Failure> {
    let codes: BTreeSet<&str> = codes.collect();
    let trust = workspace.trust()?;
    let mut found = Vec::new();
    for code in codes {
        let Some(record) = reader.product(code)?.filter(|record| record.model.is_none()) else {
            continue;
        };
        if !reader.variants(code)?.is_empty() {
            continue;
        }
        let stored = reader.layers(record.id)?;
        let product = resolve_stored(record.id, record.sku, stored, &workspace.settings.schema, &trust)?;
        if product.active {
            found.push(
                Diagnostic::warning("W-MODEL-RECORD", "the product is the record of the model now: it is not sold by itself any more")
                    .of(&product.sku)
                    .with_help("its values are lent to its variants; if it is sold, take the batch back and give the model a code that is no SKU"),
            );
        }
    }
    Ok(found)
}

/// Suppliers whose variants stand in one model though nobody sells some of both: their codes may mean different things.
fn strangers(houses: &[(&str, BTreeSet<u16>)], name: impl Fn(u16) -> String) -> Option<Diagnostic> {
    let mut rooms: Vec<(&str, BTreeSet<u16>)> = Vec::new();
    for (sku, houses) in houses.iter().filter(|(_, houses)| !houses.is_empty()) {
        let mut joined = (*sku, houses.clone());
        rooms.retain(|(first, room)| {
            let is_apart = room.is_disjoint(&joined.1);
            if !is_apart {
                joined.0 = first;
                joined.1.extend(room);
            }
            is_apart
        });
        rooms.push(joined);
    }
    let [first, second, ..] = rooms.as_slice() else {
        return None;
    };
    let named = |(sku, houses): &(&str, BTreeSet<u16>)| {
        let of = houses.first().map_or_else(String::new, |house| name(*house));
        format!("{sku} of {of}")
    };
    let message = format!(
        "the model has variants of suppliers that sell nothing of it together: {} and {}",
        named(first),
        named(second)
    );
    Some(
        Diagnostic::warning("W-MODEL-SHARED", message)
            .of(first.0)
            .with_help("if their codes mean different things, give one supplier a `sku_prefix`, which its models share; `estante product move` puts single ones right"),
    )
}

/// Says of a model with more variants than any shop shows what comes of it.
fn too_large(model: &str, variants: usize) -> Option<Diagnostic> {
    let message =
        format!("the model has {variants} variants, more than {MOST_VARIANTS}: they are read together, in one piece");
    let help = "it takes memory and time for each look at one of them: see whether the feed says `0` or the like where there is no model, \
                and clear that in the mapping; or split the model";
    let found = Diagnostic::warning("W-MODEL-LARGE", message);
    (variants > MOST_VARIANTS).then(|| found.with_value(model).with_help(help))
}

/// Checks the size and the axes of every model that has a product changed in a batch after `since`.
pub fn check(workspace: &Workspace, since: i64) -> Result<Vec<Diagnostic>, Failure> {
    let reader = workspace.reader()?;
    let trust = workspace.trust()?;
    let names = workspace.source_names()?;
    let schema = &workspace.settings.schema;
    let shelf = Shelf::new(&workspace.settings, &trust);
    let mut found = Vec::new();
    for model in reader.changed_models(since)? {
        let variants = reader.variants(&model)?;
        found.extend(too_large(&model, variants.len()));
        if variants.len() > 1 {
            let mut houses: Vec<BTreeSet<u16>> = Vec::with_capacity(variants.len());
            let (products, _) = shelf.group_seen(&reader, &variants, &mut |layers| {
                let house = |layer: &StoredLayer| trust.house(layer.source.0);
                houses.push(layers.iter().filter_map(house).collect());
            })?;
            // A person who puts a variant there knows why.
            for (product, houses) in products.iter().zip(&mut houses) {
                let word = schema.known().model.and_then(|model| product.exact(Key::of(model)));
                if word.is_some_and(|word| word.by.is_editor()) {
                    houses.clear();
                }
            }
            let sold: Vec<(&str, BTreeSet<u16>)> = variants.iter().map(|name| name.sku.as_str()).zip(houses).collect();
            let told = |house: u16| names.get(usize::from(house)).cloned().unwrap_or_default();
            found.extend(strangers(&sold, told).map(|finding| finding.with_value(&model)));
            let variants: Vec<&Product> = products.iter().collect();
            found.extend(check_axes(&variants, schema));
        }
    }
    Ok(found)
}
