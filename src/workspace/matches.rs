//! Products of different suppliers that may be one: listed with their reasons, accepted, rejected, or merged by themselves where
//! the workspace says so.

use crate::catalog::Reader;
use crate::catalog::stored::ProductName;
use crate::merge::candidate::features::Features;
use crate::merge::candidate::find::{Candidate, Found, find};
use crate::merge::candidate::reason::reasons;
use crate::merge::candidate::view::{Spec, View};
use crate::product::Product;
use crate::product::origin::Source;
use crate::schema::attribute::AttributeId;
use crate::schema::policy::Role;
use crate::value::{Kind, Value};
use crate::workspace::Workspace;
use crate::workspace::decisions::Decisions;
use crate::workspace::failure::Failure;
use crate::workspace::merging::{Merged, clashing, keep_apart, merge_all};
use crate::workspace::parallel::in_order;
use crate::workspace::products::{self, Shelf, chunks, places};
use crate::workspace::progress::{Progress, Step};
use crate::workspace::settings::Settings;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use std::collections::{BTreeMap, BTreeSet};

/// Products that a thread reads at a time.
const PORTION: usize = 512;
/// Characters of a longer text that are read for part numbers.
const LONGEST_TEXT: usize = 4_000;

/// A candidate as it is shown.
#[derive(Debug, Clone, serde::Serialize)]
pub struct ShownCandidate {
    /// `m` and the numbers of both products, the older first.
    pub id: String,
    pub a: String,
    pub b: String,
    /// 0 to 100, with one decimal.
    pub score: f64,
    pub reasons: Vec<String>,
    pub contradictions: Vec<String>,
    /// True where the program may merge them by itself, once `[match] automatic` allows it.
    pub sure: bool,
}

/// The candidates of a catalog.
#[derive(Debug, Default, serde::Serialize)]
pub struct Listed {
    /// The surest first, as many as were asked for.
    pub candidates: Vec<ShownCandidate>,
    pub total: usize,
    /// Products that were compared with others, and pairs.
    pub products: usize,
    pub compared: usize,
}

/// Score at which pairs are called sure where no setting says another, as measured in docs/matching.md.
const SURE: u16 = 900;

/// Compares all products and lists what may be one.
pub fn list(workspace: &Workspace, limit: usize, progress: &dyn Progress) -> Result<Listed, Failure> {
    let Some(reader) = workspace.reader_if_any()? else {
        return Ok(Listed::default());
    };
    let compared = compare(workspace, &reader, progress)?;
    let listed = compared.listed(workspace);
    let viewer = Viewer::new(&workspace.settings, &reader)?;
    let trust = workspace.trust()?;
    let shelf = Shelf::new(&workspace.settings, &trust);
    let threshold = workspace
        .settings
        .matching
        .automatic
        .map_or(SURE, |score| u16::from(score) * 10);
    let name = |attribute: u32| viewer.code(attribute);
    let mut shown = Vec::new();
    for candidate in listed.iter().take(limit) {
        let (a, b) = compared.pair(candidate);
        let view = |name: &ProductName| -> Result<View, Failure> {
            let views = viewer.views(&shelf, &reader, std::slice::from_ref(name))?;
            Ok(views.into_iter().next().map(|(_, view)| view).unwrap_or_default())
        };
        let (reasons, contradictions) = reasons(&view(a)?, &view(b)?, &compared.found.rarity, &name);
        shown.push(ShownCandidate {
            id: format!("m{}-{}", a.id, b.id),
            a: a.sku.clone(),
            b: b.sku.clone(),
            score: f64::from(candidate.score) / 10.0,
            reasons,
            contradictions,
            sure: candidate.is_sure(threshold),
        });
    }
    Ok(Listed {
        candidates: shown,
        total: listed.len(),
        products: compared.names.len(),
        compared: compared.found.compared,
    })
}

/// Makes the newer product of each candidate part of the older one, as one batch and after one comparison. What is not listed is
/// refused, and nothing is merged then: an id with a mistyped digit names two products as well. So is what would make two products of
/// one supplier one.
pub fn accept(workspace: &mut Workspace, ids: &[String], progress: &dyn Progress) -> Result<Merged, Failure> {
    workspace.open_catalog()?;
    let pairs = ids
        .iter()
        .map(|id| candidate(workspace, id))
        .collect::<Result<Vec<_>, Failure>>()?;
    let compared = compare(workspace, &workspace.reader()?, progress)?;
    let listed: BTreeSet<(i64, i64)> = compared
        .listed(workspace)
        .iter()
        .map(|candidate| compared.pair(candidate))
        .map(|(older, newer)| (older.id, newer.id))
        .collect();
    for (id, (a, b)) in ids.iter().zip(&pairs) {
        if !listed.contains(&(a.id, b.id)) {
            let help = format!(
                "`estante match list` shows what is; where they are one all the same: estante product merge {} {}",
                a.sku, b.sku
            );
            return Err(Failure::usage(format!("`{id}` is no candidate: {} and {}", a.sku, b.sku)).with_help(help));
        }
    }
    no_clash(&workspace.reader()?, ids, &pairs)?;
    merge_all(workspace, &pairs, &Source::Editor.to_string())
}

/// Refuses pairs that together would make two products of one supplier one, A with B, and B with another of A's supplier; or two that
/// a person told apart.
fn no_clash<'p>(reader: &Reader, ids: &[String], pairs: &'p [(ProductName, ProductName)]) -> Result<(), Failure> {
    // The products that each product would be one with, itself included.
    let mut parts: BTreeMap<i64, Vec<&'p ProductName>> = BTreeMap::new();
    let apart = Decisions::open(reader)?.apart(reader)?;
    for (id, (a, b)) in ids.iter().zip(pairs) {
        let of = |name: &'p ProductName| parts.get(&name.id).cloned().unwrap_or_else(|| vec![name]);
        let (mine, theirs) = (of(a), of(b));
        if mine.iter().any(|part| part.id == b.id) {
            continue;
        }
        for (one, other) in mine.iter().flat_map(|one| theirs.iter().map(move |other| (one, other))) {
            let why = match clashing(reader, one, other)? {
                Some(source) => Some(format!("{source} sells both")),
                None if apart.contains(&(one.id.min(other.id), one.id.max(other.id))) => {
                    Some("a person said that they are two".to_owned())
                }
                None => None,
            };
            if let Some(why) = why {
                let told = format!("with `{id}`, {} and {} become one, and {why}", one.sku, other.sku);
                return Err(Failure::usage(told)
                    .with_help("accept one of the candidates after the other, and look at the list between"));
            }
        }
        let all: Vec<&ProductName> = mine.into_iter().chain(theirs).collect();
        for part in &all {
            parts.insert(part.id, all.clone());
        }
    }
    Ok(())
}

/// Remembers that a candidate is two products. Gives both SKUs and the batch.
pub fn reject(workspace: &mut Workspace, id: &str) -> Result<(String, String, i64), Failure> {
    workspace.open_catalog()?;
    let (a, b) = candidate(workspace, id)?;
    if let Some(source) = clashing(&workspace.reader()?, &a, &b)? {
        let told = format!("`{id}` is no candidate: {source} sells both {} and {}", a.sku, b.sku);
        return Err(Failure::usage(told).with_help("`estante match list` shows what is"));
    }
    let batch = keep_apart(workspace, &a, &b)?;
    Ok((a.sku, b.sku, batch))
}

/// Merges what is sure, as one batch, where `[match] automatic` says from which score on; otherwise nothing.
pub fn merge_sure(workspace: &mut Workspace, progress: &dyn Progress) -> Result<Merged, Failure> {
    let Some(threshold) = workspace.settings.matching.automatic else {
        return Ok(Merged::default());
    };
    let Some(reader) = workspace.reader_if_any()? else {
        return Ok(Merged::default());
    };
    let compared = compare(workspace, &reader, progress)?;
    drop(reader);
    workspace.open_catalog()?;
    let candidates = compared.found.candidates.iter();
    let sure = candidates.filter(|found| found.is_sure(u16::from(threshold) * 10));
    let pairs: Vec<(ProductName, ProductName)> = sure
        .map(|candidate| compared.pair(candidate))
        .map(|(a, b)| (a.clone(), b.clone()))
        .collect();
    let merged = match pairs.is_empty() {
        true => Merged::default(),
        false => merge_all(workspace, &pairs, "match")?,
    };
    let seen = seen(workspace)?;
    workspace.catalog()?.mark_matched(&seen)?;
    Ok(merged)
}

/// Whether all was merged that is sure, by these settings and of the catalog as it is.
pub fn is_merged(workspace: &Workspace) -> Result<bool, Failure> {
    Ok(workspace.reader()?.matched()? == Some(seen(workspace)?))
}

/// What decides on what is sure: the catalog as far as it has come, and the settings.
fn seen(workspace: &Workspace) -> Result<String, Failure> {
    let settings = &workspace.settings;
    let told = products::fingerprint(settings);
    let threshold = settings.matching.automatic.unwrap_or_default();
    Ok(format!("{} {threshold} {told:016x}", workspace.reader()?.sequence()?))
}

/// The two products that an id names.
fn candidate(workspace: &Workspace, id: &str) -> Result<(ProductName, ProductName), Failure> {
    let reader = workspace.reader()?;
    let numbers = id.strip_prefix('m').and_then(|numbers| numbers.split_once('-'));
    let product = |number: &str| -> Result<Option<ProductName>, Failure> {
        let Ok(number) = number.parse::<i64>() else {
            return Ok(None);
        };
        let found = reader.product_by_id(number)?;
        Ok(match found {
            Some(found) if !reader.layers(found.id)?.is_empty() => Some(found),
            _ => None,
        })
    };
    let found = match numbers {
        Some((a, b)) => product(a)?.zip(product(b)?).filter(|(a, b)| a.id < b.id),
        None => None,
    };
    found.ok_or_else(|| {
        Failure::usage(format!("there is no candidate `{id}`"))
            .with_help("`estante match list` shows them; what was merged or taken off since is none any more")
    })
}

/// All products compared.
struct Compared {
    names: Vec<ProductName>,
    found: Found,
}

impl Compared {
    /// Those that a list shows.
    fn listed(&self, workspace: &Workspace) -> &[Candidate] {
        let lowest = u16::from(workspace.settings.matching.list.max(1)) * 10;
        let candidates = &self.found.candidates;
        &candidates[..candidates.partition_point(|candidate| candidate.score >= lowest)]
    }

    /// The products of a candidate, the older first.
    fn pair(&self, candidate: &Candidate) -> (&ProductName, &ProductName) {
        let (a, b) = (&self.names[candidate.a as usize], &self.names[candidate.b as usize]);
        if a.id < b.id { (a, b) } else { (b, a) }
    }
}

fn compare(workspace: &Workspace, reader: &Reader, progress: &dyn Progress) -> Result<Compared, Failure> {
    let shelf_names = reader.shelf(None)?;
    progress.begin(&Step::Comparing, shelf_names.len() as u64);
    let trust = workspace.trust()?;
    let shelf = Shelf::new(&workspace.settings, &trust);
    let settings = &workspace.settings;
    let viewer = Viewer::new(settings, reader)?;
    let parts = chunks(&shelf_names, PORTION);
    let mut all: Vec<(ProductName, Features)> = Vec::with_capacity(shelf_names.len());
    in_order(
        workspace.threads,
        parts.len(),
        || Ok(Reader::open(&settings.store)?.steady()?),
        |reader, part| {
            let mut read = Vec::new();
            for place in places(parts[part]) {
                let views = viewer.views(&shelf, reader, place)?;
                read.extend(views.into_iter().map(|(name, view)| (name, Features::of(&view))));
            }
            progress.advance(parts[part].len() as u64);
            Ok(read)
        },
        |read| {
            all.extend(read);
            Ok(())
        },
    )?;
    // By age, so that what comes out does not depend on names.
    all.sort_by_key(|(name, _)| name.id);
    let (names, features): (Vec<ProductName>, Vec<Features>) = all.into_iter().unzip();
    let apart: BTreeSet<(i64, i64)> = Decisions::open(reader)?.apart(reader)?;
    let is_decided = |a: u32, b: u32| {
        let (a, b) = (names[a as usize].id, names[b as usize].id);
        !apart.is_empty() && apart.contains(&(a.min(b), a.max(b)))
    };
    // What a run may merge is found even where a list asks for more.
    let matching = &workspace.settings.matching;
    let lowest = matching.list.min(matching.automatic.unwrap_or(matching.list)).max(1);
    let found = find(&features, &is_decided, u16::from(lowest) * 10, workspace.threads);
    progress.end();
    Ok(Compared { names, found })
}

/// Makes views of products.
struct Viewer<'w> {
    settings: &'w Settings,
    /// Numbers of the suppliers' sources.
    suppliers: BTreeSet<u16>,
    /// What is compared of attributes: whether different values tell products apart.
    specs: BTreeMap<AttributeId, bool>,
}

impl<'w> Viewer<'w> {
    fn new(settings: &'w Settings, reader: &Reader) -> Result<Viewer<'w>, Failure> {
        let schema = &settings.schema;
        let sources = reader.sources()?.into_iter();
        let suppliers = sources.filter(|(_, name)| matches!(Source::parse(name), Some(Source::Supplier(_))));
        let own = schema.known().own();
        let axes: BTreeSet<AttributeId> = schema
            .families()
            .iter()
            .flat_map(|family| family.axes.iter().copied())
            .collect();
        let compared = schema.attributes().filter(|(id, attribute)| {
            let kinds = [Kind::Option, Kind::Measure, Kind::Integer, Kind::Decimal, Kind::Boolean];
            let says = kinds.contains(&attribute.kind) || axes.contains(id);
            says && attribute.role != Role::Offer && !own.contains(id)
        });
        Ok(Viewer {
            settings,
            suppliers: suppliers.map(|(id, _)| id.0).collect(),
            specs: compared.map(|(id, _)| (id, axes.contains(&id))).collect(),
        })
    }

    fn code(&self, attribute: u32) -> String {
        let found = self.specs.keys().find(|id| u32::from(id.0) == attribute);
        found
            .map(|id| self.settings.schema.attribute(*id).code.to_string())
            .unwrap_or_default()
    }

    /// The products of one place of the shelf that are on sale.
    fn views(
        &self,
        shelf: &Shelf<'_>,
        reader: &Reader,
        place: &[ProductName],
    ) -> Result<Vec<(ProductName, View)>, Failure> {
        let mut sellers: Vec<Vec<u16>> = Vec::with_capacity(place.len());
        let products = shelf.said_seen(reader, place, &mut |layers| {
            let own = layers.iter().map(|layer| layer.source.0);
            sellers.push(own.filter(|source| self.suppliers.contains(source)).collect());
        })?;
        let all = place.iter().zip(products).zip(sellers);
        Ok(all
            .filter(|((_, product), _)| product.active)
            .map(|((name, product), sellers)| (name.clone(), self.view(name, &product, sellers)))
            .collect())
    }

    fn view(&self, name: &ProductName, product: &Product, sellers: Vec<u16>) -> View {
        let settings = self.settings;
        let known = settings.schema.known();
        let text = |id: Option<AttributeId>| {
            let value = id.and_then(|id| product.value(id, 1, 0).or_else(|| product.any(id)));
            value.map(|value| value.to_text().into_owned()).unwrap_or_default()
        };
        let mut longer = text(known.description);
        if let Some((end, _)) = longer.char_indices().nth(LONGEST_TEXT) {
            longer.truncate(end);
        }
        let gtin = match known.gtin.and_then(|id| product.any(id)) {
            Some(Value::Gtin(gtin)) => Some(gtin.key()),
            _ => None,
        };
        let price = match known.price.and_then(|id| product.any(id)) {
            Some(Value::Money(price)) if price.currency == settings.currency => price
                .amount
                .checked_mul(Decimal::from(10_000))
                .and_then(|amount| amount.round().to_i64()),
            _ => None,
        };
        let specs = self.specs.iter().filter_map(|(id, telling)| {
            let value = product.any(*id)?.to_text();
            let value = crate::value::text::fold(&value);
            (!value.is_empty()).then_some(Spec {
                attribute: u32::from(id.0),
                value,
                telling: *telling,
            })
        });
        View {
            sellers,
            model: name.place().to_owned(),
            title: text(known.name),
            text: longer,
            brand: text(known.brand),
            numbers: Some(text(known.mpn))
                .filter(|number| !number.is_empty())
                .into_iter()
                .collect(),
            gtins: gtin.into_iter().collect(),
            price,
            specs: specs.collect(),
        }
    }
}
