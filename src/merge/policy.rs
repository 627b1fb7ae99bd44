//! Survivorship: who is trusted for what.
//!
//! The order of trust is settled once for all sources (`Trust`); which voice wins for one attribute follows its policy.
//! The editor wins under every policy. Ties break by trust, so that the order of arrival never matters.

use crate::product::origin::{Origin, Source};
use crate::schema::attribute::AttributeId;
use crate::schema::policy::Policy;
use crate::value::{Value, compare};
use std::cmp::Ordering;
use std::collections::BTreeSet;

/// Position of each source in the order of trust: lower is trusted more. Indexed by the source's number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trust {
    places: Vec<u32>,
    /// The same for attributes for which a supplier has a rank of its own, sorted by attribute.
    places_for: Vec<(AttributeId, Vec<u32>)>,
    additions: Vec<bool>,
    /// The supplier that each counts together with: itself, or the one that it adds to. None for what is no supplier.
    houses: Vec<Option<u16>>,
    /// The source that each adds to.
    bases: Vec<Option<u16>>,
    /// Attributes with the sources that own them, by attribute, the best trusted first.
    owners: Vec<(AttributeId, u16)>,
    offer: Option<BestOffer>,
    editor: Option<usize>,
    draft: Option<usize>,
}

/// How a supplier stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Standing<'a> {
    /// The lower, the more trusted.
    pub rank: u32,
    /// The source whose products its feeds add to, where they do: they alone keep nothing on sale, and count together with it.
    pub adds_to: Option<&'a str>,
    /// The attributes that it owns.
    pub owns: &'a [AttributeId],
    /// Ranks for single attributes, sorted.
    pub ranks: &'a [(AttributeId, u32)],
}

impl Standing<'_> {
    fn rank_for(&self, attribute: Option<AttributeId>) -> u32 {
        let own = attribute.and_then(|attribute| self.ranks.binary_search_by_key(&attribute, |(known, _)| *known).ok());
        own.and_then(|at| self.ranks.get(at))
            .map_or(self.rank, |(_, rank)| *rank)
    }
}

/// Whose offer is taken as a whole, where several suppliers offer a product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BestOffer {
    /// The attribute that decides.
    pub by: AttributeId,
    /// `Rank`, `Newest`, `Lowest` or `LowestInStock`; any other is taken as `Rank`.
    pub policy: Policy,
}

impl Trust {
    /// Orders the sources: the editor first, then accepted drafts, then suppliers by rank and id, those without a rank (their
    /// folder is gone), and what was found by the program. `sources[n]` is the name of source `n`, `standing` tells how a
    /// supplier stands.
    pub fn new<'a>(sources: &[String], standing: impl Fn(&str) -> Option<Standing<'a>>) -> Trust {
        let supplier = |name: &str| match Source::parse(name) {
            Some(Source::Supplier(id)) => standing(&id),
            _ => None,
        };
        let order = |attribute: Option<AttributeId>| {
            let class = |name: &str| match Source::parse(name) {
                Some(Source::Editor) => (0, 0),
                Some(Source::Draft) => (1, 0),
                Some(Source::Supplier(_)) => supplier(name).map_or((3, 0), |known| (2, known.rank_for(attribute))),
                Some(Source::Images) => (4, 0),
                None => (5, 0),
            };
            let mut order: Vec<usize> = (0..sources.len()).collect();
            order.sort_by(|a, b| {
                class(&sources[*a])
                    .cmp(&class(&sources[*b]))
                    .then(sources[*a].cmp(&sources[*b]))
            });
            let mut places = vec![0; sources.len()];
            for (place, source) in order.iter().enumerate() {
                places[*source] = place as u32;
            }
            places
        };
        let places = order(None);
        let ranked = sources.iter().filter_map(|name| Some(supplier(name)?.ranks));
        let ranked: BTreeSet<AttributeId> = ranked.flatten().map(|(attribute, _)| *attribute).collect();
        let places_for: Vec<(AttributeId, Vec<u32>)> = ranked
            .into_iter()
            .map(|attribute| (attribute, order(Some(attribute))))
            .collect();
        let editor = sources.iter().position(|name| name == "editor");
        let draft = sources.iter().position(|name| name == "draft");
        // A text that was drafted for a product does not put it on sale either.
        let additions = sources
            .iter()
            .map(|name| match Source::parse(name) {
                Some(Source::Images | Source::Draft) => true,
                _ => supplier(name).is_some_and(|standing| standing.adds_to.is_some()),
            })
            .collect();
        let above = |source: usize| {
            let base = supplier(sources.get(source)?)?.adds_to?;
            sources.iter().position(|name| name == base)
        };
        let house = |source: usize, name: &str| match Source::parse(name) {
            Some(Source::Editor | Source::Draft | Source::Images) => None,
            // A supplier may add to one that adds to another. More steps than sources are a circle.
            _ => {
                let mut steps = std::iter::successors(Some(source), |source| above(*source)).take(sources.len() + 1);
                let last = steps.by_ref().last().unwrap_or(source);
                u16::try_from(last).ok()
            }
        };
        let mut owners: Vec<(AttributeId, u16)> = Vec::new();
        for (n, name) in sources.iter().enumerate() {
            let owned = supplier(name).map_or(&[][..], |standing| standing.owns);
            owners.extend(owned.iter().map(|attribute| (*attribute, n as u16)));
        }
        owners.sort_by_key(|(attribute, source)| {
            let own = places_for.iter().find(|(known, _)| known == attribute);
            let places = own.map_or(&places, |(_, places)| places);
            (*attribute, places.get(usize::from(*source)).copied())
        });
        owners.dedup();
        let base = |source: usize| above(source).and_then(|base| u16::try_from(base).ok());
        Trust {
            bases: (0..sources.len()).map(base).collect(),
            owners,
            houses: sources.iter().enumerate().map(|(n, name)| house(n, name)).collect(),
            places,
            places_for,
            additions,
            offer: None,
            editor,
            draft,
        }
    }

    /// The same, with offers taken as a whole.
    pub fn with_offer(self, offer: Option<BestOffer>) -> Trust {
        Trust { offer, ..self }
    }

    /// How offers are taken as a whole, where they are.
    pub fn offer(&self) -> Option<BestOffer> {
        self.offer
    }

    /// The supplier that a source counts together with; none for what is no supplier.
    pub fn house(&self, source: u16) -> Option<u16> {
        self.houses.get(usize::from(source)).copied().unwrap_or(Some(source))
    }

    /// True where suppliers own attributes.
    pub fn has_owners(&self) -> bool {
        !self.owners.is_empty()
    }

    /// Attributes that a supplier owns, with their owners; by attribute, the best trusted first.
    pub fn owners(&self) -> &[(AttributeId, u16)] {
        &self.owners
    }

    /// The sources that own an attribute, the best trusted first.
    pub fn owners_of(&self, attribute: AttributeId) -> &[(AttributeId, u16)] {
        let from = self.owners.partition_point(|(owned, _)| *owned < attribute);
        let to = self.owners.partition_point(|(owned, _)| *owned <= attribute);
        self.owners.get(from..to).unwrap_or_default()
    }

    /// True where a source is this owner, or adds to it.
    pub fn speaks_for(&self, source: u16, owner: u16) -> bool {
        let above = |source: &u16| self.bases.get(usize::from(*source)).copied().flatten();
        // More steps than sources are a circle.
        std::iter::successors(Some(source), above)
            .take(self.bases.len() + 1)
            .any(|source| source == owner)
    }

    /// True for what a person says, or accepted of a draft.
    pub fn is_person(&self, source: u16) -> bool {
        self.is_editor(source) || self.is_draft(source)
    }

    /// Place of a source; unknown ones come last.
    pub fn place(&self, source: u16) -> u32 {
        self.places.get(usize::from(source)).copied().unwrap_or(u32::MAX)
    }

    /// Place of a source for one attribute.
    pub fn place_for(&self, source: u16, attribute: AttributeId) -> u32 {
        if self.places_for.is_empty() {
            return self.place(source);
        }
        match self.places_for.binary_search_by_key(&attribute, |(known, _)| *known) {
            Ok(at) => self.places_for[at]
                .1
                .get(usize::from(source))
                .copied()
                .unwrap_or(u32::MAX),
            Err(_) => self.place(source),
        }
    }

    /// True where the source alone keeps nothing on sale.
    pub fn is_addition(&self, source: u16) -> bool {
        self.additions.get(usize::from(source)).copied().unwrap_or(false)
    }

    pub fn is_editor(&self, source: u16) -> bool {
        self.editor == Some(usize::from(source))
    }

    /// True for the layer of accepted drafts.
    pub fn is_draft(&self, source: u16) -> bool {
        self.draft == Some(usize::from(source))
    }
}

/// What one layer says of one attribute, in the contest for the golden record.
#[derive(Debug, Clone, Copy)]
pub struct Voice<'a> {
    pub value: &'a Value,
    pub origin: Origin,
    /// Place in the order of trust.
    pub place: u32,
    /// A person said it, or accepted it of a draft.
    pub is_person: bool,
    /// True while its supplier has the product in stock.
    pub in_stock: bool,
}

/// What a policy decides.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// The voice at this position wins.
    Winner(usize),
    /// Several voices speak together; the position is that of the most trusted.
    Together(usize, Value),
}

/// The winner among voices sorted by trust, the most trusted first. There must be at least one.
pub fn decide(policy: Policy, voices: &[Voice<'_>]) -> Verdict {
    if voices.len() == 1 || voices[0].is_person {
        return Verdict::Winner(0);
    }
    let best = |better: &dyn Fn(&Voice<'_>, &Voice<'_>) -> bool| {
        let mut winner = 0;
        for n in 1..voices.len() {
            if better(&voices[n], &voices[winner]) {
                winner = n;
            }
        }
        Verdict::Winner(winner)
    };
    let length = |voice: &Voice<'_>| match voice.value {
        Value::Media(list) | Value::Options(list) | Value::Reference(list) => list.len(),
        Value::Table(rows) => rows.len(),
        value => value.to_text().chars().count(),
    };
    let order = |a: &Voice<'_>, b: &Voice<'_>| compare(a.value, b.value);
    match policy {
        Policy::Rank => Verdict::Winner(0),
        Policy::Newest => best(&|a, b| a.origin.batch > b.origin.batch),
        Policy::Longest => best(&|a, b| length(a) > length(b)),
        Policy::Shortest => best(&|a, b| length(a) < length(b)),
        Policy::Lowest => best(&|a, b| order(a, b) == Some(Ordering::Less)),
        Policy::Highest => best(&|a, b| order(a, b) == Some(Ordering::Greater)),
        Policy::LowestInStock => best(&|a, b| match (a.in_stock, b.in_stock) {
            (true, false) => true,
            (false, true) => false,
            _ => order(a, b) == Some(Ordering::Less),
        }),
        Policy::Union => union(voices),
    }
}

/// The lists of all voices, one after the other, each member once. Kinds that are no lists follow trust.
fn union(voices: &[Voice<'_>]) -> Verdict {
    fn gather<'a>(lists: impl Iterator<Item = &'a Vec<String>>) -> Vec<String> {
        let mut all: Vec<String> = Vec::new();
        for member in lists.flatten() {
            if !all.contains(member) {
                all.push(member.clone());
            }
        }
        all
    }
    macro_rules! together {
        ($kind:path) => {
            gather(voices.iter().filter_map(|voice| match voice.value {
                $kind(list) => Some(list),
                _ => None,
            }))
        };
    }
    match voices[0].value {
        Value::Media(_) => Verdict::Together(0, Value::Media(together!(Value::Media))),
        Value::Options(_) => Verdict::Together(0, Value::Options(together!(Value::Options))),
        Value::Reference(_) => Verdict::Together(0, Value::Reference(together!(Value::Reference))),
        _ => Verdict::Winner(0),
    }
}
