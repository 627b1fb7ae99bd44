//! What BMEcat 1.2 (2003) and 2005 need beyond paths: prices by type, features by name, pictures by purpose, the groups of the
//! catalogue, and what its header says for all.
//!
//! The records are the ARTICLE or PRODUCT elements of the one transaction; names count without prefix and namespace, as files
//! mix those of both versions. Groups are named in the document after the articles, so that they are collected beforehand.

use crate::feed::archive::SEND_AGAIN;
use crate::feed::failure::FeedError;
use crate::feed::path::Path;
use crate::feed::tree::{Element, Name, Tree};
use crate::feed::xml_events::{Event, Events};
use rust_decimal::Decimal;
use std::collections::BTreeMap;

/// Maps of articles to groups that are kept: 32 bytes each.
const MAPS: usize = 10_000_000;
/// Groups of a catalogue.
const GROUPS: usize = 200_000;
/// Parents of a group.
const LEVELS: usize = 32;

/// A field that is no path.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    /// `price:net_list`: amount by factor and quantity, of the lowest bound. `price:*`: of any type.
    Price(String),
    /// `currency:net_list`: currency of that price, or of the header.
    Currency(String),
    /// `feature:Farbe`: values of the feature of that name.
    Feature(String),
    /// `feature_unit:Länge`: its unit.
    FeatureUnit(String),
    /// `mime:normal`: addresses of the pictures and documents of that purpose. `mime:*`: of any.
    Mime(String),
    /// `group`, `group_name`, `group_path`: ids, names, names from the root on, of the groups it stands in.
    Group(GroupPart),
    /// `header:CURRENCY`: an element of the header; `header:CATALOG/CURRENCY`: by path.
    Header(String),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GroupPart {
    Id,
    Name,
    Path,
}

impl Field {
    /// The field that a text names; none where it is a path.
    pub fn of(text: &str) -> Option<Field> {
        let text = text.trim();
        match text {
            "group" => return Some(Field::Group(GroupPart::Id)),
            "group_name" => return Some(Field::Group(GroupPart::Name)),
            "group_path" => return Some(Field::Group(GroupPart::Path)),
            _ => {}
        }
        let (kind, name) = text.split_once(':')?;
        let name = name.trim().to_string();
        Some(match kind {
            "price" => Field::Price(name),
            "currency" => Field::Currency(name),
            "feature" => Field::Feature(name),
            "feature_unit" => Field::FeatureUnit(name),
            "mime" => Field::Mime(name),
            "header" => Field::Header(name),
            _ => return None,
        })
    }
}

/// The names of the standard, as the tree knows them.
struct Names {
    price: [Name; 2],
    price_type: Name,
    amount: Name,
    factor: Name,
    quantity: Name,
    bound: Name,
    currency: Name,
    daily: Name,
    feature: Name,
    feature_names: [Name; 3],
    value: Name,
    unit: Name,
    mime: Name,
    purpose: Name,
    source: Name,
    mime_type: Name,
    ids: [Name; 2],
    variants: Name,
}

/// A value found; numbers are plain decimal text.
pub enum Found {
    Text(String),
    Number(String),
    Error(String),
}

/// What the reader of a catalogue knows beside the record at hand.
pub struct Catalogue {
    names: Names,
    groups: Groups,
    /// What the wanted parts of the header are called, where they stand, and what they say.
    header: BTreeMap<String, (Place, Vec<String>)>,
    header_currency: Name,
    /// Currency of prices that name none.
    default_currency: Option<String>,
    /// Articles that stand for several, by variants of their features.
    pub with_variants: u64,
}

/// Where a part of the header stands.
enum Place {
    Anywhere(Name),
    Path(Path),
}

impl Catalogue {
    /// Makes the names of the standard, and those in `fields`, known to the tree. The error says what is wrong with a path.
    pub fn new<'f>(
        tree: &mut Tree,
        fields: impl Iterator<Item = &'f Field>,
        groups: Groups,
    ) -> Result<Catalogue, String> {
        let mut header = BTreeMap::new();
        for field in fields {
            if let Field::Header(name) = field {
                let place = match name.contains(['/', '@', '[']) {
                    true => Place::Path(Path::read(name, tree)?),
                    false => Place::Anywhere(tree.name(name)),
                };
                header.insert(name.clone(), (place, Vec::new()));
            }
        }
        let header_currency = tree.name("CURRENCY");
        tree.wants_attributes = true;
        let mut name = |text: &str| tree.name(text);
        let names = Names {
            price: [name("ARTICLE_PRICE"), name("PRODUCT_PRICE")],
            price_type: name("price_type"),
            amount: name("PRICE_AMOUNT"),
            factor: name("PRICE_FACTOR"),
            quantity: name("PRICE_QUANTITY"),
            bound: name("LOWER_BOUND"),
            currency: name("PRICE_CURRENCY"),
            daily: name("DAILY_PRICE"),
            feature: name("FEATURE"),
            feature_names: [name("FNAME"), name("FT_IDREF"), name("FTEMPLATE")],
            value: name("FVALUE"),
            unit: name("FUNIT"),
            mime: name("MIME"),
            purpose: name("MIME_PURPOSE"),
            source: name("MIME_SOURCE"),
            mime_type: name("MIME_TYPE"),
            ids: [name("SUPPLIER_AID"), name("SUPPLIER_PID")],
            variants: name("VARIANT"),
        };
        Ok(Catalogue {
            names,
            groups,
            header,
            header_currency,
            default_currency: None,
            with_variants: 0,
        })
    }

    /// Counts what cannot be taken over from the record in the tree.
    pub fn look_at(&mut self, tree: &Tree) {
        self.with_variants += tree.anywhere(self.names.variants).next().is_some() as u64;
    }

    /// Takes over what the header in the tree says.
    pub fn read_header(&mut self, tree: &Tree) {
        for (place, values) in self.header.values_mut() {
            match place {
                Place::Anywhere(name) => {
                    values.extend(tree.anywhere(*name).map(|element| tree.text_of(element).to_string()))
                }
                Place::Path(path) => path.follow(tree, 0, &mut |value| values.push(value.to_string())),
            }
        }
        let currency = tree.anywhere(self.header_currency).next();
        self.default_currency = currency.map(|element| tree.text_of(element).trim().to_string());
    }

    /// The values of a field of the record in the tree.
    pub fn find(&self, tree: &Tree, field: &Field) -> Vec<Found> {
        let text = |text: &str| Found::Text(text.to_string());
        match field {
            Field::Price(kind) => self
                .price(tree, kind)
                .and_then(|price| self.amount(tree, price))
                .into_iter()
                .collect(),
            Field::Currency(kind) => {
                let own = self
                    .price(tree, kind)
                    .map(|price| first(tree, price, self.names.currency));
                let currency = own.and_then(|own| own.or(self.default_currency.as_deref()));
                currency.map(text).into_iter().collect()
            }
            Field::Feature(name) => {
                let features = self.features(tree, name);
                // A dash means not applicable or unknown (ETIM guideline for BMEcat 3.1, 2015); it is never a value.
                features
                    .flat_map(|feature| self.values(tree, feature))
                    .filter(|value| value.trim() != "-")
                    .map(text)
                    .collect()
            }
            Field::FeatureUnit(name) => {
                let mut units = self
                    .features(tree, name)
                    .filter_map(|feature| first(tree, feature, self.names.unit));
                units.next().map(text).into_iter().collect()
            }
            Field::Mime(purpose) => self.mimes(tree, purpose).map(text).collect(),
            Field::Group(part) => {
                let id = self.names.ids.iter().find_map(|id| first(tree, 0, *id)).unwrap_or("");
                self.groups.of(id, *part).into_iter().map(Found::Text).collect()
            }
            Field::Header(name) => {
                let values = self.header.get(name).map(|(_, values)| values);
                values.into_iter().flatten().map(|value| text(value)).collect()
            }
        }
    }

    /// The price of a type, of the lowest bound.
    fn price(&self, tree: &Tree, kind: &str) -> Option<Element> {
        let prices = (0..tree.len()).filter(|element| self.names.price.iter().any(|name| tree.is(*element, *name)));
        let of_kind =
            prices.filter(|price| kind == "*" || tree.attribute_of(*price, self.names.price_type) == Some(kind));
        let bound = |price: &Element| {
            let bound = first(tree, *price, self.names.bound).and_then(|text| text.trim().parse::<Decimal>().ok());
            bound.unwrap_or(Decimal::ONE)
        };
        // Of equal bounds the first.
        of_kind.min_by_key(bound)
    }

    /// The amount of a price for one order unit.
    fn amount(&self, tree: &Tree, price: Element) -> Option<Found> {
        let read = |name: Name, default: Decimal| match first(tree, price, name).map(str::trim) {
            None | Some("") => Ok(default),
            // Only the decimal point is allowed by the standard, without group marks.
            Some(text) => crate::feed::decimal::plain(text)
                .and_then(|plain| plain.parse::<Decimal>().ok())
                .ok_or_else(|| Found::Error(text.to_string())),
        };
        let amount_text = first(tree, price, self.names.amount)?.trim();
        if amount_text.is_empty() {
            return None;
        }
        let parts = read(self.names.amount, Decimal::ZERO).and_then(|amount| {
            Ok((
                amount,
                read(self.names.factor, Decimal::ONE)?,
                read(self.names.quantity, Decimal::ONE)?,
            ))
        });
        let (amount, factor, quantity) = match parts {
            Ok(parts) => parts,
            Err(error) => return Some(error),
        };
        let daily = tree
            .anywhere(self.names.daily)
            .any(|daily| tree.text_of(daily).trim().eq_ignore_ascii_case("true"));
        if amount.is_zero() && daily {
            // A daily price of nothing is a price on request.
            return None;
        }
        let error = || Found::Error(format!("{amount} x {factor} / {quantity}"));
        let Some(product) = amount.checked_mul(factor) else {
            return Some(error());
        };
        let Some(exact) = product.checked_div(quantity) else {
            return Some(error());
        };
        // What does not divide is kept to ten decimals, far below any cent.
        let kept = if exact.checked_mul(quantity) == Some(product) {
            exact
        } else {
            exact.round_dp(10)
        };
        Some(Found::Number(kept.normalize().to_string()))
    }

    fn features<'t>(&'t self, tree: &'t Tree, name: &'t str) -> impl Iterator<Item = Element> + 't {
        tree.anywhere(self.names.feature).filter(move |feature| {
            let mut names = self
                .names
                .feature_names
                .iter()
                .flat_map(|kind| tree.named(*feature, *kind));
            names.any(|element| tree.text_of(element).trim() == name)
        })
    }

    /// The values of a feature, also those of its variants.
    fn values<'t>(&'t self, tree: &'t Tree, feature: Element) -> Vec<&'t str> {
        let mut out = Vec::new();
        let mut open = vec![feature];
        while let Some(element) = open.pop() {
            let mut inside: Vec<Element> = tree.children(element).collect();
            inside.reverse();
            if tree.is(element, self.names.value) {
                out.push(tree.text_of(element));
            } else if element == feature || !tree.is(element, self.names.feature) {
                open.extend(inside);
            }
        }
        out
    }

    fn mimes<'t>(&'t self, tree: &'t Tree, purpose: &'t str) -> impl Iterator<Item = &'t str> + 't {
        tree.anywhere(self.names.mime).filter_map(move |mime| {
            let is = |name, expected: &str| {
                first(tree, mime, name).is_some_and(|text| text.trim().eq_ignore_ascii_case(expected))
            };
            let wanted = purpose == "*" || is(self.names.purpose, purpose);
            // A MIME of type `url` is a web page.
            (wanted && !is(self.names.mime_type, "url"))
                .then(|| first(tree, mime, self.names.source))
                .flatten()
        })
    }
}

fn first(tree: &Tree, element: Element, name: Name) -> Option<&str> {
    tree.named(element, name).next().map(|element| tree.text_of(element))
}

/// The groups of the catalogue and which articles stand in them.
#[derive(Debug, Default)]
pub struct Groups {
    names: BTreeMap<String, u32>,
    groups: Vec<Group>,
    /// Hash of the article's number and the group, sorted.
    maps: Vec<(u128, u32)>,
}

#[derive(Debug, Default)]
struct Group {
    id: String,
    name: String,
    parent: Option<String>,
}

impl Groups {
    /// Reads the whole document for its groups and maps.
    pub fn read(mut events: Events) -> Result<Groups, FeedError> {
        let mut groups = Groups::default();
        let mut tree = Tree::default();
        let [id, name, parent, article, product, group] = [
            "GROUP_ID",
            "GROUP_NAME",
            "PARENT_ID",
            "ART_ID",
            "PROD_ID",
            "CATALOG_GROUP_ID",
        ]
        .map(|text| tree.name(text));
        let mut inside = None;
        loop {
            events.forget();
            let mut ends = false;
            match events.read()? {
                Event::Open(tag) => {
                    if inside.is_none() {
                        inside = match tag.local() {
                            "CATALOG_STRUCTURE" => Some(false),
                            "ARTICLE_TO_CATALOGGROUP_MAP" | "PRODUCT_TO_CATALOGGROUP_MAP" => Some(true),
                            _ => None,
                        };
                        tree.clear();
                    }
                    if inside.is_some() {
                        tree.open(tag.name());
                    }
                }
                Event::Text(text) if inside.is_some() => tree.text(&text),
                Event::Close if inside.is_some() => ends = tree.close(),
                Event::Unresolved(name) => return Err(events.entity(&name)),
                Event::End => break,
                _ => {}
            }
            if let (true, Some(is_map)) = (ends, inside) {
                inside = None;
                let text = |name| first(&tree, 0, name).map(|text| text.trim().to_string());
                if is_map {
                    let Some(group) = text(group) else { continue };
                    let Some(article) = text(article).or_else(|| text(product)) else {
                        continue;
                    };
                    let place = groups.place(&group);
                    groups
                        .maps
                        .push((xxhash_rust::xxh3::xxh3_128(article.as_bytes()), place));
                } else if let Some(id) = text(id) {
                    let place = groups.place(&id) as usize;
                    groups.groups[place].name = text(name).unwrap_or_default();
                    groups.groups[place].parent = text(parent);
                }
                if groups.maps.len() > MAPS || groups.groups.len() > GROUPS {
                    let message = format!("the catalogue has more than {MAPS} maps or {GROUPS} groups");
                    return Err(events.refuse("E-BMECAT-LIMIT", &message, SEND_AGAIN));
                }
            }
        }
        groups.maps.sort_unstable();
        groups.maps.dedup();
        Ok(groups)
    }

    fn place(&mut self, id: &str) -> u32 {
        if let Some(place) = self.names.get(id) {
            return *place;
        }
        let place = self.groups.len() as u32;
        self.names.insert(id.to_string(), place);
        self.groups.push(Group {
            id: id.to_string(),
            ..Group::default()
        });
        place
    }

    /// The groups of an article, in the order in which the document names them first.
    fn of(&self, article: &str, part: GroupPart) -> Vec<String> {
        let hash = xxhash_rust::xxh3::xxh3_128(article.trim().as_bytes());
        let start = self.maps.partition_point(|map| map.0 < hash);
        let places = self.maps[start..]
            .iter()
            .take_while(|map| map.0 == hash)
            .map(|map| map.1);
        let groups = places.filter_map(|place| self.groups.get(place as usize));
        groups
            .map(|group| match part {
                GroupPart::Id => group.id.clone(),
                GroupPart::Name => group.name.clone(),
                GroupPart::Path => self.path(group),
            })
            .filter(|text| !text.is_empty())
            .collect()
    }

    /// Names from the root on, joined by ` > `. The root itself is the catalogue and is left out where something is below it.
    fn path(&self, group: &Group) -> String {
        let mut names = vec![group.name.as_str()];
        let mut parent = group.parent.as_deref();
        while let Some(group) = parent
            .filter(|_| names.len() < LEVELS)
            .and_then(|id| self.names.get(id))
        {
            let group = &self.groups[*group as usize];
            let root = group.parent.as_deref().is_none_or(|id| id == "0");
            if !root {
                names.push(group.name.as_str());
            }
            parent = group.parent.as_deref();
        }
        names.reverse();
        names.join(" > ")
    }
}
