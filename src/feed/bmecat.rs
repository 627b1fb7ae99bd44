//! What BMEcat 1.2 (2003) and 2005 need beyond paths: prices by type, features by name, pictures by purpose, the groups of the
//! catalogue, and what its header says for all.
//!
//! The records are the ARTICLE or PRODUCT elements of the one transaction; names count without prefix and namespace, as files
//! mix those of both versions. The fields are named in
//! `bmecat_field`; how prices are counted stands in `bmecat_prices`; groups, systems and variants in files of their own.

use crate::diagnostic::Diagnostic;
use crate::feed::bmecat_field::{Field, both_names};
use crate::feed::bmecat_groups::Groups;
use crate::feed::bmecat_prices::{Defaults, Done, Found, PricePart, Prices};
use crate::feed::bmecat_systems::{Section, Systems};
use crate::feed::bmecat_variants::{Apart, Variants};
use crate::feed::path::Path;
use crate::feed::tree::{Element, Name, Tree, first};
use std::collections::BTreeMap;

/// Bytes of what the header says for all articles: the currency, the address of the pictures.
const LONGEST: usize = 1_000;

/// The names of the standard, as the tree knows them.
struct Names {
    feature: Name,
    feature_names: [Name; 3],
    value: Name,
    value_number: Name,
    unit: Name,
    blocks: [Name; 2],
    system: Name,
    group: [Name; 2],
    group_name: Name,
    mime: Name,
    purpose: Name,
    source: Name,
    mime_type: Name,
    mime_order: Name,
    description: Name,
    references: [Name; 2],
    referred: [Name; 2],
    kind: Name,
    ids: [Name; 2],
    codes: [Name; 2],
    lang: Name,
    language: Name,
    default: Name,
    territory: Name,
    catalog: Name,
    currency: Name,
    root: Name,
}

/// Articles for which something was done, each counted once.
#[derive(Default)]
struct Count {
    articles: u64,
    last: u64,
}

impl Count {
    fn add(&mut self, record: u64) {
        self.articles += u64::from(self.last != record);
        self.last = record;
    }
}

/// An element of the details: the elements it stands in, and its own names, in 1.2 and in 2005.
struct Part {
    parents: [Name; 2],
    names: [Name; 2],
}

/// What the reader of a catalogue knows beside the record at hand.
pub struct Catalogue {
    names: Names,
    prices: Prices,
    variants: Variants,
    pub systems: Systems,
    groups: Groups,
    /// Elements of the details and of the orders that are asked for.
    details: BTreeMap<(&'static str, String), Part>,
    extensions: BTreeMap<String, [Name; 2]>,
    /// What the wanted parts of the header are called, where they stand, and what they say.
    header: BTreeMap<String, (Place, Vec<String>)>,
    defaults: Defaults,
    /// Language of texts that name none, and of fields that ask for none.
    language: Option<String>,
    /// Address of the pictures, where it is one.
    root: Option<String>,
    /// Number of the record at hand, counted from 1, and the article's own where it is a variant.
    record: u64,
    base: Option<String>,
    wants_scale: bool,
    divided: Count,
    multiplied: Count,
    left: Count,
    scaled: Count,
    /// Articles that stand for several, the items they make, those that nothing tells apart, and those with a code of one.
    several: u64,
    items: u64,
    unnamed: u64,
    coded: u64,
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
        let mut details = BTreeMap::new();
        let mut extensions = BTreeMap::new();
        let mut wants_scale = false;
        for field in fields {
            match field {
                Field::Header(name) => {
                    let place = match name.contains(['/', '@', '[']) {
                        true => Place::Path(Path::read(name, tree)?),
                        false => Place::Anywhere(tree.name(name)),
                    };
                    header.insert(name.clone(), (place, Vec::new()));
                }
                Field::Details(part, name, _) => {
                    let parents = [format!("ARTICLE_{part}"), format!("PRODUCT_{part}")].map(|name| tree.name(&name));
                    let names = both_names(name).map(|name| tree.name(&name));
                    details.insert((*part, name.clone()), Part { parents, names });
                }
                Field::Extension(name) => {
                    extensions.insert(name.clone(), [tree.name(name), tree.extension_name(name)]);
                }
                Field::Price(part, _) => wants_scale |= *part == PricePart::Scale,
                _ => {}
            }
        }
        tree.wants_attributes = true;
        let mut name = |text: &str| tree.name(text);
        let names = Names {
            feature: name("FEATURE"),
            feature_names: [name("FNAME"), name("FT_IDREF"), name("FTEMPLATE")],
            value: name("FVALUE"),
            value_number: name("VALUE_IDREF"),
            unit: name("FUNIT"),
            blocks: [name("ARTICLE_FEATURES"), name("PRODUCT_FEATURES")],
            system: name("REFERENCE_FEATURE_SYSTEM_NAME"),
            group: [name("REFERENCE_FEATURE_GROUP_ID"), name("REFERENCE_FEATURE_GROUP_ID2")],
            group_name: name("REFERENCE_FEATURE_GROUP_NAME"),
            mime: name("MIME"),
            purpose: name("MIME_PURPOSE"),
            source: name("MIME_SOURCE"),
            mime_type: name("MIME_TYPE"),
            mime_order: name("MIME_ORDER"),
            description: name("MIME_DESCR"),
            references: [name("ARTICLE_REFERENCE"), name("PRODUCT_REFERENCE")],
            referred: [name("ART_ID_TO"), name("PROD_ID_TO")],
            kind: name("type"),
            ids: [name("SUPPLIER_AID"), name("SUPPLIER_PID")],
            codes: [name("EAN"), name("INTERNATIONAL_PID")],
            lang: name("lang"),
            language: name("LANGUAGE"),
            default: name("default"),
            territory: name("TERRITORY"),
            catalog: name("CATALOG"),
            currency: name("CURRENCY"),
            root: name("MIME_ROOT"),
        };
        Ok(Catalogue {
            names,
            prices: Prices::new(tree),
            variants: Variants::new(tree),
            systems: Systems::new(tree),
            groups,
            details,
            extensions,
            header,
            defaults: Defaults::default(),
            language: None,
            root: None,
            record: 0,
            base: None,
            wants_scale,
            divided: Count::default(),
            multiplied: Count::default(),
            left: Count::default(),
            scaled: Count::default(),
            several: 0,
            items: 0,
            unnamed: 0,
            coded: 0,
        })
    }

    /// Takes over what the header in the tree says.
    pub fn read_header(&mut self, tree: &mut Tree) {
        for (place, values) in self.header.values_mut() {
            match place {
                Place::Anywhere(name) => {
                    values.extend(tree.anywhere(*name).map(|element| tree.text_of(element).to_string()))
                }
                Place::Path(path) => path.follow(tree, 0, &mut |value| values.push(value.to_string())),
            }
        }
        let text = |element: Element| tree.text_of(element).trim().to_string();
        // A text of any length would be said again for every price, text and picture.
        let word = |name: Name| {
            let found = tree.anywhere(name).next().map(text);
            found.filter(|text| text.len() <= LONGEST)
        };
        self.defaults.currency = word(self.names.currency);
        let catalog = tree.anywhere(self.names.catalog).next().unwrap_or(0);
        self.defaults.territories = tree.named(catalog, self.names.territory).map(text).collect();
        let languages: Vec<Element> = tree.named(catalog, self.names.language).collect();
        let is_default = |language: &&Element| {
            tree.attribute_of(**language, self.names.default)
                .is_some_and(|text| text.trim() == "true")
        };
        let language = languages.iter().find(is_default).or(languages.first());
        self.language = language.map(|language| text(*language)).filter(|text| !text.is_empty());
        self.root = word(self.names.root).filter(|root| root.starts_with("https://") || root.starts_with("http://"));
        if let Some(language) = &self.language {
            // "A missing lang means the default" (BMEcat 2005): so that paths can ask for it.
            let language = language.clone();
            tree.presume(self.names.lang, &language);
        }
    }

    /// Takes over a part of a system in the tree. The error says which limit is passed.
    pub fn read_system(&mut self, tree: &Tree, section: Section) -> Result<(), String> {
        self.systems.read(tree, section)
    }

    /// What the article in the tree stands for; called once for each, before its values are asked for.
    pub fn look_at(&mut self, tree: &Tree) -> Apart {
        self.record += 1;
        self.base = None;
        let apart = self.variants.of(tree);
        match &apart {
            Apart::Several(all) if all.len() > 1 => {
                self.several += 1;
                self.items += all.len() as u64;
                let mut codes = self.names.codes.iter().flat_map(|code| tree.anywhere(*code));
                self.coded += u64::from(codes.next().is_some());
            }
            Apart::Unnamed => self.unnamed += 1,
            _ => {}
        }
        apart
    }

    /// The article looked at last is refused with all that it stands for.
    pub fn forget_variants(&mut self, count: usize) {
        self.several = self.several.saturating_sub(1);
        self.items = self.items.saturating_sub(count as u64);
    }

    /// Makes the article in the tree one of those it stands for: its number is longer, other values are not there, and so are
    /// codes, of which each article has its own.
    pub fn turn_into(&mut self, tree: &mut Tree, supplement: &str, others: &[Element], is_one_of_several: bool) {
        let mut hidden = others.to_vec();
        tree.hide(&[]);
        if is_one_of_several {
            hidden.extend(self.names.codes.iter().flat_map(|code| tree.anywhere(*code)));
        }
        let number = self.names.ids.iter().find_map(|id| tree.named(0, *id).next());
        if let Some(number) = number {
            let base = match &self.base {
                Some(base) => base.clone(),
                None => tree.text_of(number).trim().to_string(),
            };
            tree.replace(number, &format!("{base}{supplement}"));
            self.base = Some(base);
        }
        tree.hide(&hidden);
    }

    /// What is to be told of the whole file.
    pub fn findings(&self) -> Vec<Diagnostic> {
        let mut all = Vec::new();
        if self.several > 0 {
            let message = format!("{} articles stand for {} items by VARIANTS", self.several, self.items);
            let help = "`number` is the number of each, `base_number` the one they share";
            all.push(Diagnostic::info("I-BMECAT-VARIANTS", message).with_help(help));
        }
        if self.coded > 0 {
            let message = format!(
                "{} articles with VARIANTS have a code (EAN), which can be that of one variant only and is left out",
                self.coded
            );
            let help = "ask the supplier for one article each, or for the codes of the variants";
            all.push(Diagnostic::warning("W-BMECAT-VARIANT-CODE", message).with_help(help));
        }
        if self.unnamed > 0 {
            let message = format!(
                "{} articles have VARIANTS without numbers of their own; each was read as one record",
                self.unnamed
            );
            let help = "ask the supplier for SUPPLIER_AID_SUPPLEMENT in each variant, or for one article each";
            all.push(Diagnostic::warning("W-BMECAT-VARIANTS", message).with_help(help));
        }
        if self.divided.articles > 0 {
            let message = format!(
                "prices of {} articles are for several order units (PRICE_QUANTITY) and were divided",
                self.divided.articles
            );
            let help = "the prices are those of one order unit; `order:PRICE_QUANTITY` is what they were divided by";
            all.push(Diagnostic::info("I-BMECAT-QUANTITY", message).with_help(help));
        }
        if self.multiplied.articles > 0 {
            let message = format!(
                "prices of {} articles are for one content unit (PRICE_BASE) and were multiplied by those of an order unit",
                self.multiplied.articles
            );
            let help = "the prices are those of one order unit; `content_price:TYPE` is that of one content unit";
            all.push(Diagnostic::info("I-BMECAT-BASE", message).with_help(help));
        }
        if self.left.articles > 0 {
            let message = format!(
                "prices of {} articles in other currencies or territories than the catalogue's are left out",
                self.left.articles
            );
            let help = "ask for them with `price:TYPE[PRICE_CURRENCY=…]` or `price:TYPE[TERRITORY=…]`";
            all.push(Diagnostic::info("I-BMECAT-PRICES", message).with_help(help));
        }
        if self.scaled.articles > 0 && !self.wants_scale {
            let message = format!(
                "{} articles have other prices for larger quantities, which no field asks for",
                self.scaled.articles
            );
            let help = "`scale:TYPE` is a table of all quantities; `price:TYPE` is that of the smallest";
            all.push(Diagnostic::info("I-BMECAT-SCALES", message).with_help(help));
        }
        all
    }

    /// The values of a field of the record in the tree.
    pub fn find(&mut self, tree: &Tree, field: &Field) -> Vec<Found> {
        if let Field::Price(part, wanted) = field {
            let (found, done) = self.prices.find(tree, *part, wanted, &self.defaults);
            if *part == PricePart::Amount {
                self.count(done);
            }
            return found;
        }
        let text = |text: &str| Found::Text(text.to_string());
        match field {
            Field::Price(..) => Vec::new(),
            Field::Feature(name, language) => self.feature(tree, name, language.as_deref()),
            Field::FeatureUnit(name) => {
                let unit = |feature: Element| match first(tree, feature, self.names.unit) {
                    Some(unit) if !unit.trim().is_empty() => Some(unit),
                    _ => self.named(tree, feature).find_map(|name| self.systems.unit(name)),
                };
                let mut units = self.features(tree, name).into_iter().filter_map(unit);
                units.next().map(text).into_iter().collect()
            }
            Field::Class(system, is_name) => self.class(tree, system, *is_name),
            Field::Mime(purpose) => self.mimes(tree, purpose),
            Field::Reference(kind) => {
                let references = self.names.references.iter().flat_map(|name| tree.anywhere(*name));
                let of_kind = references.filter(|reference| {
                    kind == "*" || tree.attribute_of(*reference, self.names.kind).map(str::trim) == Some(kind)
                });
                let to = |reference| (self.names.referred.iter()).find_map(|name| first(tree, reference, *name));
                of_kind.filter_map(to).map(text).collect()
            }
            Field::Group(part) => {
                let own = || self.names.ids.iter().find_map(|id| first(tree, 0, *id));
                let id = self.base.as_deref().or_else(own).unwrap_or("");
                self.groups.of(id, *part).into_iter().map(Found::Text).collect()
            }
            Field::Number(false) => {
                let own = self.names.ids.iter().find_map(|id| first(tree, 0, *id));
                own.map(text).into_iter().collect()
            }
            Field::Number(true) => self.base.as_deref().map(text).into_iter().collect(),
            Field::Details(part, name, language) => {
                let Some(Part { parents, names }) = self.details.get(&(*part, name.clone())) else {
                    return Vec::new();
                };
                let parents: Vec<Element> = parents.iter().flat_map(|parent| tree.named(0, *parent)).collect();
                let mut found: Vec<Element> = Vec::new();
                for (n, name) in names.iter().enumerate() {
                    if n == 0 || names[0] != *name {
                        found.extend(parents.iter().flat_map(|parent| tree.named(*parent, *name)));
                    }
                }
                let found = self.in_language(tree, found, language.as_deref());
                found.into_iter().map(|element| text(tree.text_of(element))).collect()
            }
            Field::Extension(name) => {
                let Some(names) = self.extensions.get(name) else {
                    return Vec::new();
                };
                let all = tree.any_of(*names);
                all.map(|element| text(tree.text_of(element))).collect()
            }
            Field::Header(name) => {
                let values = self.header.get(name).map(|(_, values)| values);
                values.into_iter().flatten().map(|value| text(value)).collect()
            }
        }
    }

    fn count(&mut self, done: Done) {
        for (is_done, count) in [
            (done.divided, &mut self.divided),
            (done.multiplied, &mut self.multiplied),
            (done.left, &mut self.left),
            (done.scaled, &mut self.scaled),
        ] {
            if is_done {
                count.add(self.record);
            }
        }
    }

    /// The names and numbers of a feature.
    fn named<'t>(&'t self, tree: &'t Tree, feature: Element) -> impl Iterator<Item = &'t str> {
        let names = self.names.feature_names.iter();
        names
            .flat_map(move |kind| tree.named(feature, *kind))
            .map(|element| tree.text_of(element).trim())
    }

    /// The features of a name or number, or whose number has this name in a system of the catalogue.
    fn features(&self, tree: &Tree, name: &str) -> Vec<Element> {
        let numbers = self.systems.numbers(name);
        let is_asked = |text: &str| text == name || numbers.is_some_and(|numbers| numbers.contains(text));
        (tree.anywhere(self.names.feature))
            .filter(|feature| self.named(tree, *feature).any(is_asked))
            .collect()
    }

    fn feature(&self, tree: &Tree, name: &str, language: Option<&str>) -> Vec<Found> {
        let mut found = Vec::new();
        for feature in self.features(tree, name) {
            let is_numbered = self
                .named(tree, feature)
                .any(|name| self.systems.feature(name).is_some());
            for value in self.in_language(tree, self.values(tree, feature), language) {
                let text = tree.text_of(value);
                let by_number = is_numbered || tree.is(value, self.names.value_number);
                let text = match by_number {
                    true => self.systems.value(text.trim()).unwrap_or(text),
                    false => text,
                };
                // A dash means not applicable or unknown (ETIM guideline for BMEcat 3.1, 2015); it is never a value.
                if text.trim() != "-" {
                    found.push(Found::Text(text.to_string()));
                }
            }
        }
        found
    }

    /// The values of a feature, also those of its variants.
    fn values(&self, tree: &Tree, feature: Element) -> Vec<Element> {
        let mut out = Vec::new();
        let mut open = vec![feature];
        while let Some(element) = open.pop() {
            if tree.is(element, self.names.value) || tree.is(element, self.names.value_number) {
                out.push(element);
            } else if element == feature || !tree.is(element, self.names.feature) {
                let before = open.len();
                open.extend(tree.children(element));
                open[before..].reverse();
            }
        }
        out
    }

    /// Of texts in several languages those in one: the asked one, else the catalogue's, else the first. Texts without a language
    /// are in the catalogue's.
    fn in_language(&self, tree: &Tree, mut texts: Vec<Element>, asked: Option<&str>) -> Vec<Element> {
        let own = self.language.as_deref();
        let language = |text: Element| tree.attribute_of(text, self.names.lang).or(own).map(str::trim);
        let wanted = match asked {
            Some(asked) => Some(asked),
            None if texts.iter().any(|text| language(*text) == own) => own,
            None => texts.first().and_then(|text| language(*text)),
        };
        texts.retain(|text| match (wanted, language(*text)) {
            (Some(wanted), Some(language)) => wanted.eq_ignore_ascii_case(language),
            // No language is known of anything.
            (_, language) => asked.is_none() && language.is_none(),
        });
        texts
    }

    /// The groups of the systems whose names begin so.
    fn class(&self, tree: &Tree, wanted: &str, is_name: bool) -> Vec<Found> {
        let begins = |system: &str| {
            let head = system.get(..wanted.len());
            wanted == "*" || head.is_some_and(|head| head.eq_ignore_ascii_case(wanted))
        };
        let mut found = Vec::new();
        for block in self.names.blocks.iter().flat_map(|block| tree.anywhere(*block)) {
            let system = first(tree, block, self.names.system).unwrap_or("").trim();
            if !begins(system) {
                continue;
            }
            let id = (self.names.group.iter()).find_map(|name| first(tree, block, *name));
            let name = first(tree, block, self.names.group_name);
            let text = match is_name {
                true => name.or_else(|| id.and_then(|id| self.systems.group(system, id.trim()))),
                false => id,
            };
            found.extend(text.map(|text| Found::Text(text.trim().to_string())));
        }
        found
    }

    /// Pictures and documents of a purpose, or of a kind that MIME_DESCR names (`MD01`, ETIM guideline for BMEcat 3.1), in the order
    /// that MIME_ORDER says; below the catalogue's address, where it has one.
    fn mimes(&self, tree: &Tree, purpose: &str) -> Vec<Found> {
        let is = |mime, name, expected: &str| {
            first(tree, mime, name).is_some_and(|text| text.trim().eq_ignore_ascii_case(expected))
        };
        let mut mimes: Vec<(u64, Element)> = Vec::new();
        for mime in tree.anywhere(self.names.mime) {
            let wanted =
                purpose == "*" || is(mime, self.names.purpose, purpose) || is(mime, self.names.description, purpose);
            // A MIME of type `url` is a web page.
            if wanted && !is(mime, self.names.mime_type, "url") {
                let order = first(tree, mime, self.names.mime_order).and_then(|text| text.trim().parse().ok());
                mimes.push((order.unwrap_or(u64::MAX), mime));
            }
        }
        mimes.sort_by_key(|(order, _)| *order);
        let sources = mimes
            .iter()
            .filter_map(|(_, mime)| first(tree, *mime, self.names.source));
        sources
            .map(|source| {
                let source = source.trim();
                let is_whole = source.contains("://") || source.starts_with("//") || source.is_empty();
                Found::Text(match &self.root {
                    Some(root) if !is_whole => {
                        format!("{}/{}", root.trim_end_matches('/'), source.trim_start_matches('/'))
                    }
                    _ => source.to_string(),
                })
            })
            .collect()
    }
}

#[cfg(test)]
mod tests;
