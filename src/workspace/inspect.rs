//! One product looked at: its values with their origins, its layers, its history, how complete it is.

use crate::catalog::Reader;
use crate::catalog::stored::{ProductName, StoredLayer};
use crate::enrich::rules::Outcome;
use crate::enrich::specs::Standing;
use crate::merge::policy::Trust;
use crate::product::batch::{Batch, DeliveredFile, Tally};
use crate::product::origin::Origin;
use crate::product::{By, Product};
use crate::schema::scope::Key;
use crate::workspace::Workspace;
use crate::workspace::changes::{ShownChange, history};
use crate::workspace::complete::{ShownCompleteness, complete};
use crate::workspace::evidence::shown;
use crate::workspace::failure::Failure;
use crate::workspace::losing::{Losing, Loss};
use crate::workspace::places::{Shower, ShownPlace};
use crate::workspace::products::Shelf;
use crate::workspace::rule_layer;
use std::collections::BTreeMap;

/// One value as a person sees it.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ShownValue {
    pub attribute: String,
    pub locale: Option<String>,
    pub channel: Option<String>,
    pub value: String,
    /// Source of the value, e.g. `supplier:aranda`.
    pub source: String,
    pub batch: i64,
    pub file: Option<String>,
    pub line: Option<u64>,
    pub column: Option<String>,
    pub rule: Option<String>,
    /// True where the value is the product model's.
    pub inherited: bool,
}

/// One layer with all it says, and whether each value is the one that counts.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ShownLayer {
    pub source: String,
    pub sku: String,
    pub batch: i64,
    pub withdrawn: bool,
    pub values: Vec<ShownClaim>,
}

/// What a layer says of one attribute.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ShownClaim {
    #[serde(flatten)]
    pub value: ShownValue,
    pub wins: bool,
    /// Why it does not win.
    pub reason: Option<String>,
    /// The same for scripts: `same`, `withdrawn`, `owned`, `locked`, `offer`, `editor`, `draft`, `policy`, `template`,
    /// `rule`, `suggested` or `contradicts`.
    pub cause: Option<&'static str>,
}

impl ShownClaim {
    fn new(value: ShownValue, loss: Option<Loss>) -> ShownClaim {
        ShownClaim {
            value,
            wins: loss.is_none(),
            cause: loss.as_ref().map(|loss| loss.cause),
            reason: loss.map(|loss| loss.words),
        }
    }
}

/// A product as it is shown.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ShownProduct {
    pub sku: String,
    pub model: Option<String>,
    pub family: Option<String>,
    pub active: bool,
    pub values: Vec<ShownValue>,
    pub completeness: Vec<ShownCompleteness>,
    /// Products that became part of it.
    pub merged: Vec<ShownPart>,
    pub layers: Vec<ShownLayer>,
    pub history: Vec<ShownChange>,
}

/// A product that became part of another.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct ShownPart {
    pub sku: String,
    /// The batch that made it so.
    pub batch: i64,
}

/// Finds a product by its SKU, or by a supplier's.
pub fn find(reader: &Reader, sku: &str) -> Result<ProductName, Failure> {
    let found = reader.product(sku)?;
    if let Some(found) = &found
        && !reader.layers(found.id)?.is_empty()
    {
        return Ok(found.clone());
    }
    // What became part of another product leads there.
    if let Some(part) = reader.part_as(sku)?
        && let Some(found) = reader.successor(part.product)?
    {
        return Ok(found);
    }
    let layers = reader.layers_with_sku(sku)?;
    let mut products: Vec<i64> = layers.iter().map(|layer| layer.product).collect();
    products.dedup();
    match products.as_slice() {
        // One that left the house and that nobody describes any more.
        [] => found.ok_or_else(|| Failure::usage(format!("there is no product with the SKU `{sku}`"))),
        [one] => reader
            .product_by_id(*one)?
            .ok_or_else(|| Failure::usage(format!("there is no product with the SKU `{sku}`"))),
        many => {
            let mut names = Vec::new();
            for id in many {
                names.extend(reader.product_by_id(*id)?.map(|name| name.sku));
            }
            Err(Failure::usage(format!(
                "`{sku}` is a supplier's SKU of several products: {}",
                names.join(", ")
            )))
        }
    }
}

/// Whether a product, or several, are found by this SKU.
pub fn is_product(workspace: &Workspace, sku: &str) -> Result<bool, Failure> {
    let Some(reader) = workspace.reader_if_any()? else {
        return Ok(false);
    };
    Ok(reader.product(sku)?.is_some() || reader.part_as(sku)?.is_some() || !reader.layers_with_sku(sku)?.is_empty())
}

/// The product of a SKU, resolved.
pub fn resolved(workspace: &Workspace, sku: &str) -> Result<Product, Failure> {
    let reader = workspace.reader()?.steady()?;
    let name = find(&reader, sku)?;
    let trust = workspace.trust_seen(&reader)?;
    Shelf::new(&workspace.settings, &trust).product(&reader, &name)
}

/// What of a product is shown beside its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Beside {
    pub layers: bool,
    pub history: bool,
}

impl Beside {
    pub const ALL: Beside = Beside {
        layers: true,
        history: true,
    };
    pub const HISTORY: Beside = Beside {
        layers: false,
        history: true,
    };
}

/// The product of a SKU with what there is to show of it.
pub fn show(workspace: &Workspace, sku: &str, beside: Beside) -> Result<ShownProduct, Failure> {
    let reader = workspace.reader()?.steady()?;
    let name = find(&reader, sku)?;
    let trust = workspace.trust_seen(&reader)?;
    let schema = &workspace.settings.schema;
    let product = Shelf::new(&workspace.settings, &trust).product(&reader, &name)?;
    let mut shower = Shower::new(workspace, &reader)?;
    let stored = reader.layers(name.id)?;
    let mut values = Vec::new();
    for resolved in &product.values {
        let source = match resolved.by {
            By::Model | By::ModelEditor | By::ModelDraft => "model".to_owned(),
            By::Specs => "specs".to_owned(),
            By::Rule(_) => "rules".to_owned(),
            By::Copy(_) => "copy".to_owned(),
            By::Layer(n) | By::Editor(n) | By::Draft(n) => stored
                .get(usize::from(n))
                .map_or_else(String::new, |layer| shower.source(layer.source.0)),
        };
        let text = resolved.value.to_text().into_owned();
        let inherited = resolved.by.is_inherited();
        let mut value = value_shown(&mut shower, resolved.key, text, source, resolved.origin, inherited)?;
        match resolved.by {
            By::Copy(template) => show_template(workspace, template, &mut value),
            By::Rule(rule) => show_rule(workspace, rule, &mut value),
            _ => {}
        }
        values.push(value);
    }
    let mut layers = Vec::new();
    if beside.layers {
        let lent = Shelf::new(&workspace.settings, &trust).lent_family(&reader, &name)?;
        let losing = Losing::new(&workspace.settings, &trust, &product, lent, &stored)?;
        layers = stored_layers(&mut shower, &losing, &stored)?;
        let copied = values.iter().filter(|value| value.source == "copy");
        let copied: Vec<ShownClaim> = copied.map(|value| ShownClaim::new(value.clone(), None)).collect();
        if let Some(first) = copied.first() {
            layers.push(ShownLayer {
                source: "copy".to_owned(),
                sku: product.sku.clone(),
                batch: first.value.batch,
                withdrawn: false,
                values: copied,
            });
        }
        layers.extend(rules_layer(&mut shower, &trust, &name, &product)?);
        layers.extend(specs_layer(&mut shower, &trust, &name)?);
    }
    let history = match beside.history {
        true => history(&mut shower, &name, &stored)?,
        false => Vec::new(),
    };
    Ok(ShownProduct {
        completeness: complete(schema, &product),
        sku: product.sku,
        model: product.model,
        family: product.family.map(|family| schema.family(family).code.to_string()),
        active: product.active,
        values,
        merged: merged(&reader, name.id)?,
        layers,
        history,
    })
}

/// The products that became part of one, in the order they did.
fn merged(reader: &Reader, product: i64) -> Result<Vec<ShownPart>, Failure> {
    let parts = reader.parts_of(product)?.into_iter();
    Ok(parts
        .map(|part| ShownPart {
            sku: part.sku,
            batch: part.batch,
        })
        .collect())
}

/// A text that a template wrote came from there, not from a feed.
fn show_template(workspace: &Workspace, template: u16, value: &mut ShownValue) {
    let copy = workspace.settings.enrichment.copy.as_ref();
    let place = copy.and_then(|copy| copy.place(template));
    value.file = place.and_then(|place| place.file.as_deref().map(str::to_owned));
    value.line = place.and_then(|place| place.line);
    value.column = None;
    value.rule = Some("template".to_owned());
}

/// What a rule says came from there.
fn show_rule(workspace: &Workspace, rule: u16, value: &mut ShownValue) {
    let rules = workspace.settings.enrichment.rules.as_ref();
    let rule = rules.and_then(|rules| rules.rule(rule));
    value.file = rule.and_then(|rule| rule.place.file.as_deref().map(str::to_owned));
    value.line = rule.and_then(|rule| rule.place.line);
    value.column = None;
    value.rule = rule.map(|rule| rule.id.clone());
}

fn stored_layers(
    shower: &mut Shower<'_>,
    losing: &Losing<'_>,
    stored: &[StoredLayer],
) -> Result<Vec<ShownLayer>, Failure> {
    let mut shown = Vec::new();
    for (n, (layer, spoken)) in stored.iter().zip(losing.layers()).enumerate() {
        let source = shower.source(layer.source.0);
        let mut values = Vec::new();
        for (key, value) in &spoken.layer.values {
            let loss = losing.loss(n, *key, value, &|source| shower.source(source));
            let origin = spoken.layer.origin(*key, layer.origin);
            let value = value_shown(
                shower,
                *key,
                value.to_text().into_owned(),
                source.clone(),
                origin,
                false,
            )?;
            values.push(ShownClaim::new(value, loss));
        }
        shown.push(ShownLayer {
            source,
            sku: layer.sku.clone(),
            batch: layer.origin.batch,
            withdrawn: layer.withdrawn,
            values,
        });
    }
    shown.sort_by_key(|layer| layer.source.clone());
    Ok(shown)
}

/// What rules say, as a layer: followed again, so that it also shows what stands below a person's word.
fn rules_layer(
    shower: &mut Shower<'_>,
    trust: &Trust,
    name: &ProductName,
    product: &Product,
) -> Result<Option<ShownLayer>, Failure> {
    let mut values = Vec::new();
    let origin = product.values.first().map(|value| value.origin).unwrap_or_default();
    for said in rule_layer::said(shower.workspace, shower.reader, trust, name)? {
        let own = product.exact(said.key).map(|resolved| resolved.by);
        let loss = match said.outcome {
            Outcome::Editor => Some(Loss::new("editor", "the editor wins")),
            Outcome::Draft => Some(Loss::new("draft", "the accepted draft wins")),
            Outcome::Same => Some(Loss::new("same", "says the same")),
            Outcome::Wins if said.after.is_none() && own.is_none() => None,
            Outcome::Wins if own == Some(By::Rule(said.rule)) => None,
            Outcome::Wins => Some(Loss::new("rule", "said otherwise further down")),
        };
        let text = said.after.unwrap_or_default();
        let mut value = value_shown(shower, said.key, text, "rules".to_owned(), origin, false)?;
        show_rule(shower.workspace, said.rule, &mut value);
        values.push(ShownClaim::new(value, loss));
    }
    Ok((!values.is_empty()).then(|| ShownLayer {
        source: "rules".to_owned(),
        sku: name.sku.clone(),
        batch: origin.batch,
        withdrawn: false,
        values,
    }))
}

/// What the product's texts and siblings say, as a layer: derived again, with its evidence.
fn specs_layer(shower: &mut Shower<'_>, trust: &Trust, name: &ProductName) -> Result<Option<ShownLayer>, Failure> {
    let settings = &shower.workspace.settings;
    let shelf = Shelf::new(settings, trust);
    let siblings = shelf.siblings(shower.reader, name)?;
    let products = shelf.said(shower.reader, &siblings)?;
    let found = settings.enrichment.explain_specs(&products, &settings.schema);
    let own = products.iter().zip(found).find(|(product, _)| product.id == name.id);
    let findings = own.map(|(_, findings)| findings).unwrap_or_default();
    let mut values = Vec::with_capacity(findings.len());
    for finding in &findings {
        let spec = shown(&settings.schema, finding);
        let evidence = format!("`{}` in {}, {:.2} sure", spec.words, spec.told_by, spec.confidence);
        let loss = match &finding.standing {
            Standing::Accepted => None,
            Standing::Suggested => Some(Loss::new("suggested", "a suggestion: not sure enough")),
            Standing::Agrees => Some(Loss::new("same", "a source says the same")),
            Standing::Contradicts(said) => Some(Loss::new("contradicts", format!("a source says {}", said.to_text()))),
        };
        let text = finding.value.to_text().into_owned();
        let mut value = value_shown(shower, finding.key, text, "specs".to_owned(), finding.origin, false)?;
        value.column = None;
        value.rule = Some(evidence);
        values.push(ShownClaim::new(value, loss));
    }
    Ok((!values.is_empty()).then(|| ShownLayer {
        source: "specs".to_owned(),
        sku: name.sku.clone(),
        batch: findings
            .iter()
            .map(|finding| finding.origin.batch)
            .max()
            .unwrap_or_default(),
        withdrawn: false,
        values,
    }))
}

/// A value with its place, as a person sees it.
fn value_shown(
    shower: &mut Shower<'_>,
    key: Key,
    value: String,
    source: String,
    origin: Origin,
    inherited: bool,
) -> Result<ShownValue, Failure> {
    let ShownPlace {
        file,
        line,
        column,
        rule,
    } = shower.place(key, origin)?;
    let schema = &shower.workspace.settings.schema;
    Ok(ShownValue {
        attribute: schema.attribute(key.attribute).code.to_string(),
        locale: schema.locale_code(key.locale).map(str::to_owned),
        channel: schema.channel_code(key.channel).map(str::to_owned),
        value,
        source,
        batch: origin.batch,
        file,
        line,
        column,
        rule,
        inherited,
    })
}

/// A batch with the moment it was made.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ShownBatch {
    /// RFC 3339.
    pub at: String,
    #[serde(flatten)]
    pub batch: Batch,
    /// How often each code was found; nothing in a list.
    pub findings: BTreeMap<String, u64>,
}

/// A batch as a list shows it, with its findings counted.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ListedBatch {
    pub id: i64,
    /// RFC 3339.
    pub at: String,
    pub kind: String,
    pub source: String,
    pub tally: Tally,
    /// Without their layouts.
    pub files: Vec<DeliveredFile>,
    /// How often each code was found.
    pub findings: BTreeMap<String, u64>,
    pub undone_by: Option<i64>,
}

/// All batches, the newest first.
pub fn batches(workspace: &Workspace) -> Result<Vec<ListedBatch>, Failure> {
    let Some(reader) = workspace.reader_if_any()? else {
        return Ok(Vec::new());
    };
    let mut listed = Vec::new();
    for (batch, findings) in reader.listed()? {
        listed.push(ListedBatch {
            id: batch.id,
            at: reader.batch_moment(batch.id)?.unwrap_or_default(),
            kind: batch.kind,
            source: batch.source,
            tally: batch.tally,
            files: batch.files,
            findings,
            undone_by: batch.undone_by,
        });
    }
    Ok(listed)
}

/// The same without their files and findings: for tables, which a year of bad deliveries would fill with gigabytes.
pub fn tallies(workspace: &Workspace) -> Result<Vec<ShownBatch>, Failure> {
    let Some(reader) = workspace.reader_if_any()? else {
        return Ok(Vec::new());
    };
    dated(&reader, reader.tallies()?)
}

/// One batch; none where there is none of this number.
pub fn batch(workspace: &Workspace, id: i64) -> Result<Option<ShownBatch>, Failure> {
    let Some(reader) = workspace.reader_if_any()? else {
        return Ok(None);
    };
    let Some(mut shown) = dated(&reader, reader.batch(id)?.into_iter().collect())?.pop() else {
        return Ok(None);
    };
    shown.findings = reader.findings(id)?;
    Ok(Some(shown))
}

fn dated(reader: &Reader, batches: Vec<Batch>) -> Result<Vec<ShownBatch>, Failure> {
    let mut shown = Vec::with_capacity(batches.len());
    for batch in batches {
        let at = reader.batch_moment(batch.id)?.unwrap_or_default();
        shown.push(ShownBatch {
            at,
            batch,
            findings: BTreeMap::new(),
        });
    }
    Ok(shown)
}
