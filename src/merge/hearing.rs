//! Who is heard of what, settled for one product before its values are: the owner of an attribute, the supplier whose offer is
//! taken as a whole.
//!
//! Which of the heard voices wins is left to `policy`.

use crate::merge::claim::{Claim, Spoken, claims, first_of};
use crate::merge::policy::{Trust, Verdict, Voice, decide};
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::schema::family::FamilyId;
use crate::schema::policy::{Policy, Role};
use crate::value::{Value, compare};
use rust_decimal::Decimal;
use std::cmp::Ordering;

/// What the layers of one product settle before its values.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Hearing {
    /// The supplier whose offer is taken as a whole, where several offer the product.
    offer: Option<u16>,
    /// The product's family, where families have policies of their own: as its own sources say it, or else its model.
    family: Option<FamilyId>,
}

/// Who is heard of one attribute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Heard {
    /// Every source.
    All,
    /// The attribute's owner with the feeds that add to it, and people.
    Owner(u16),
    /// People, and whoever owns the attribute: it is locked.
    People(AttributeId),
    /// This supplier with the feeds that add to it, and people: its offer is the best.
    Offer(u16),
}

impl Heard {
    /// True where the source's word counts.
    pub fn admits(self, source: u16, trust: &Trust) -> bool {
        match self {
            Heard::All => true,
            Heard::Owner(owner) => trust.is_person(source) || trust.speaks_for(source, owner),
            Heard::People(attribute) => {
                let mut owners = trust.owners_of(attribute).iter();
                trust.is_person(source) || owners.any(|(_, owner)| trust.speaks_for(source, *owner))
            }
            Heard::Offer(best) => trust.house(source).is_none_or(|house| house == best),
        }
    }
}

impl Hearing {
    /// Settles it from the layers alone. `lent` is the family of the product's model.
    pub fn new(layers: &[Spoken], lent: Option<FamilyId>, schema: &Schema, trust: &Trust) -> Hearing {
        let claims = claims(layers, schema, trust);
        Hearing::of(&claims, layers, lent, schema, trust, &mut Vec::new())
    }

    /// The same of claims that are in order already. `voices` is room to work in.
    pub fn of<'a>(
        claims: &[Claim<'a>],
        layers: &[Spoken],
        lent: Option<FamilyId>,
        schema: &Schema,
        trust: &Trust,
        voices: &mut Vec<Voice<'a>>,
    ) -> Hearing {
        let mut around = Around {
            layers,
            family: None,
            schema,
            trust,
        };
        if schema.has_family_policies() {
            around.family = around.told_family(claims, voices).or(lent);
        }
        Hearing {
            offer: around.best_offer(claims, voices),
            family: around.family,
        }
    }

    /// The family by whose policies the product is resolved; none where no family has any.
    pub fn family(&self) -> Option<FamilyId> {
        self.family
    }

    /// Who is heard of an attribute.
    pub fn heard(&self, attribute: AttributeId, layers: &[Spoken], schema: &Schema, trust: &Trust) -> Heard {
        match (kept(attribute, layers, schema, trust), self.offer) {
            (Heard::All, Some(best)) if schema.attribute(attribute).role == Role::Offer => Heard::Offer(best),
            (kept, _) => kept,
        }
    }
}

/// What owners leave blank of a product of these layers, sorted. `says` tells whether there is a value.
pub fn blank(
    layers: &[Spoken],
    schema: &Schema,
    trust: &Trust,
    says: impl Fn(AttributeId) -> bool,
) -> Vec<AttributeId> {
    let mut blank = Vec::new();
    for (attribute, _) in trust.owners().iter().copied() {
        let owned = matches!(kept(attribute, layers, schema, trust), Heard::Owner(_));
        if owned && blank.last() != Some(&attribute) && !says(attribute) {
            blank.push(attribute);
        }
    }
    blank
}

/// True where only people and owners say the attribute.
pub fn is_locked(attribute: AttributeId, schema: &Schema) -> bool {
    schema.has_locked() && schema.attribute(attribute).locked
}

/// Who is heard by what is said of the attribute alone: its best trusted owner that has the product, or people.
fn kept(attribute: AttributeId, layers: &[Spoken], schema: &Schema, trust: &Trust) -> Heard {
    let has = |owner: u16| layers.iter().any(|spoken| !spoken.withdrawn && spoken.source == owner);
    if trust.has_owners()
        && let Some((_, owner)) = trust.owners_of(attribute).iter().find(|(_, owner)| has(*owner))
    {
        return Heard::Owner(*owner);
    }
    match is_locked(attribute, schema) {
        true => Heard::People(attribute),
        false => Heard::All,
    }
}

/// Fills `stocked`, by position of the layer, with whether its supplier has the product in stock: what it says itself, or
/// what a feed says that adds to it. `voices` is room to work in.
pub fn stock<'a>(
    claims: &[Claim<'a>],
    layers: &[Spoken],
    hearing: &Hearing,
    schema: &Schema,
    trust: &Trust,
    voices: &mut Vec<Voice<'a>>,
    stocked: &mut Vec<bool>,
) {
    let around = Around {
        layers,
        family: hearing.family,
        schema,
        trust,
    };
    stocked.clear();
    for spoken in layers {
        let house = trust.house(spoken.source);
        let has = house.is_some_and(|house| !spoken.withdrawn && around.has_stock(claims, house, voices));
        stocked.push(has);
    }
}

/// What a product is judged by.
struct Around<'s> {
    layers: &'s [Spoken],
    family: Option<FamilyId>,
    schema: &'s Schema,
    trust: &'s Trust,
}

/// One supplier's offer.
struct Offer<'a> {
    house: u16,
    /// False where the supplier took the product off, and only a feed that adds to it still speaks of it.
    sells: bool,
    in_stock: bool,
    /// What it says of the deciding attribute.
    voice: Voice<'a>,
}

impl Around<'_> {
    /// The family that the sources say, or that the category brings which they say: as `Product::told_family` finds it.
    fn told_family<'a>(&self, claims: &[Claim<'a>], voices: &mut Vec<Voice<'a>>) -> Option<FamilyId> {
        let known = self.schema.known();
        let said = known.family.and_then(|family| self.wins(claims, family, voices));
        if let Some(family) = said.and_then(|code| self.schema.family_by_code(&code.to_text())) {
            return Some(family);
        }
        let code = self.wins(claims, known.category?, voices)?.to_text();
        self.schema.category(self.schema.category_by_code(&code)?).family
    }

    /// The value of an attribute that no family and no offer has a say in.
    fn wins<'a>(&self, claims: &[Claim<'a>], attribute: AttributeId, voices: &mut Vec<Voice<'a>>) -> Option<&'a Value> {
        let heard = kept(attribute, self.layers, self.schema, self.trust);
        let said = || {
            first_of(claims, attribute)
                .iter()
                .filter(|claim| heard.admits(claim.source, self.trust))
        };
        let first = said().next()?;
        let live = said().take_while(|claim| claim.withdrawn == first.withdrawn);
        voices.clear();
        voices.extend(live.map(|claim| claim.voice(self.layers, self.trust, false)));
        let (Verdict::Winner(n) | Verdict::Together(n, _)) = decide(self.schema.attribute(attribute).policy, voices);
        voices.get(n).map(|voice| voice.value)
    }

    /// The supplier whose offer is taken; none where offers are not taken as a whole, or only one supplier offers.
    fn best_offer<'a>(&self, claims: &[Claim<'a>], voices: &mut Vec<Voice<'a>>) -> Option<u16> {
        let terms = self.trust.offer()?;
        if !self.several_offer() {
            return None;
        }
        let said = first_of(claims, terms.by);
        let heard = kept(terms.by, self.layers, self.schema, self.trust);
        let mut best: Option<Offer<'a>> = None;
        // Sorted by trust, so that the first of equals is the most trusted, and of amounts in several currencies those in its
        // currency are compared.
        for (n, claim) in said.iter().enumerate() {
            let Some(house) = self.trust.house(claim.source) else {
                continue;
            };
            let before = said.get(..n).unwrap_or_default();
            if !heard.admits(claim.source, self.trust)
                || before.iter().any(|claim| self.trust.house(claim.source) == Some(house))
            {
                continue;
            }
            let Some(voice) = self.word(said, house, voices) else {
                continue;
            };
            let offer = Offer {
                house,
                sells: self.sells(house),
                in_stock: terms.policy == Policy::LowestInStock && self.has_stock(claims, house, voices),
                voice,
            };
            if best.as_ref().is_none_or(|best| is_better(terms.policy, &offer, best)) {
                best = Some(offer);
            }
        }
        let best = best.map(|best| best.house);
        // An owner that says nothing of the deciding attribute owns it all the same.
        let best = best.or_else(|| match heard {
            Heard::Owner(owner) => self.trust.house(owner),
            _ => None,
        });
        best.or_else(|| self.most_trusted(claims))
    }

    /// Where nobody says the deciding attribute: the most trusted supplier that offers anything.
    fn most_trusted(&self, claims: &[Claim<'_>]) -> Option<u16> {
        let offers = claims.iter().filter_map(|claim| {
            let house = self.trust.house(claim.source)?;
            let is_offer = self.schema.attribute(claim.key.attribute).role == Role::Offer;
            is_offer.then(|| (!self.sells(house), self.trust.place(claim.source), claim.source, house))
        });
        offers.min().map(|(_, _, _, house)| house)
    }

    /// True where layers of different suppliers stand.
    fn several_offer(&self) -> bool {
        let live = self.layers.iter().filter(|spoken| !spoken.withdrawn);
        let mut houses = live.filter_map(|spoken| self.trust.house(spoken.source));
        let first = houses.next();
        houses.any(|house| Some(house) != first)
    }

    /// True where one of the supplier's own feeds has the product, and not only one that adds to it.
    fn sells(&self, house: u16) -> bool {
        self.layers.iter().any(|spoken| {
            !spoken.withdrawn
                && self.trust.house(spoken.source) == Some(house)
                && !self.trust.is_addition(spoken.source)
        })
    }

    /// What a supplier says under one key, its feeds together.
    fn word<'a>(&self, said: &[Claim<'a>], house: u16, voices: &mut Vec<Voice<'a>>) -> Option<Voice<'a>> {
        let own = said
            .iter()
            .filter(|claim| self.trust.house(claim.source) == Some(house));
        voices.clear();
        voices.extend(own.map(|claim| claim.voice(self.layers, self.trust, false)));
        let attribute = said.first()?.key.attribute;
        if voices.is_empty() {
            return None;
        }
        let (Verdict::Winner(n) | Verdict::Together(n, _)) = decide(self.schema.policy(attribute, self.family), voices);
        voices.get(n).copied()
    }

    /// True where a supplier says that there is stock.
    fn has_stock<'a>(&self, claims: &[Claim<'a>], house: u16, voices: &mut Vec<Voice<'a>>) -> bool {
        let Some(stock) = self.schema.known().stock else {
            return false;
        };
        match self
            .word(first_of(claims, stock), house, voices)
            .map(|voice| voice.value)
        {
            Some(Value::Integer(amount)) => *amount > 0,
            Some(Value::Decimal(amount)) => *amount > Decimal::ZERO,
            _ => false,
        }
    }
}

/// True where an offer beats one of a supplier that is trusted more.
fn is_better(policy: Policy, offer: &Offer<'_>, best: &Offer<'_>) -> bool {
    if offer.sells != best.sells {
        return offer.sells;
    }
    let is_less = || compare(offer.voice.value, best.voice.value) == Some(Ordering::Less);
    match policy {
        Policy::Newest => offer.voice.origin.batch > best.voice.origin.batch,
        Policy::Lowest => is_less(),
        Policy::LowestInStock if offer.in_stock != best.in_stock => offer.in_stock,
        Policy::LowestInStock => is_less(),
        Policy::Rank | Policy::Longest | Policy::Shortest | Policy::Highest | Policy::Union => false,
    }
}
