//! The structured product schema: attributes, option lists, families, categories and units, looked up by code or id.
//!
//! A schema is checked whole when it is read (`load`) and never changes after. What products hold is left to `product`.

pub mod attribute;
pub mod category;
pub mod family;
pub mod file;
pub mod known;
pub mod labels;
pub mod load;
pub mod option_list;
pub mod policy;
mod report;
pub mod scope;
pub mod specs;
pub mod starter;
#[cfg(test)]
mod tests;
mod tree;
pub mod typed;

use crate::schema::attribute::{Attribute, AttributeId};
use crate::schema::category::{Category, CategoryId};
use crate::schema::family::{Family, FamilyId};
use crate::schema::known::Known;
use crate::schema::option_list::{OptionList, OptionsId};
use crate::schema::policy::Policy;
use crate::value::unit::Units;
use std::sync::Arc;

/// A checked schema with the locales and channels of its workspace.
#[derive(Debug, Clone)]
pub struct Schema {
    /// Each sorted by code, so that an id is a position and order by id is order by code.
    attributes: Box<[Attribute]>,
    lists: Box<[OptionList]>,
    families: Box<[Family]>,
    categories: Box<[Category]>,
    units: Arc<Units>,
    locales: Box<[String]>,
    channels: Box<[String]>,
    known: Known,
    /// Some attribute is locked.
    locked: bool,
    /// Some family says who wins.
    family_policies: bool,
    fingerprint: u64,
}

impl Schema {
    /// The attribute of an id, which must be this schema's. So for the other ids.
    pub fn attribute(&self, id: AttributeId) -> &Attribute {
        &self.attributes[usize::from(id.0)]
    }

    /// The attribute with exactly this code.
    pub fn by_code(&self, code: &str) -> Option<AttributeId> {
        let n = self
            .attributes
            .binary_search_by(|attribute| (*attribute.code).cmp(code))
            .ok()?;
        u16::try_from(n).ok().map(AttributeId)
    }

    /// Every attribute in the order of codes.
    pub fn attributes(&self) -> impl ExactSizeIterator<Item = (AttributeId, &Attribute)> {
        self.attributes
            .iter()
            .enumerate()
            .map(|(n, attribute)| (AttributeId(n as u16), attribute))
    }

    /// The option list of an id.
    pub fn list(&self, id: OptionsId) -> &OptionList {
        &self.lists[usize::from(id.0)]
    }

    /// Every option list in the order of codes.
    pub fn lists(&self) -> &[OptionList] {
        &self.lists
    }

    /// The option list that an attribute chooses from; `None` for other kinds.
    pub fn list_of(&self, attribute: AttributeId) -> Option<&OptionList> {
        self.attribute(attribute).options.map(|id| self.list(id))
    }

    /// The family of an id.
    pub fn family(&self, id: FamilyId) -> &Family {
        &self.families[usize::from(id.0)]
    }

    /// The family with exactly this code.
    pub fn family_by_code(&self, code: &str) -> Option<FamilyId> {
        let n = self.families.binary_search_by(|family| (*family.code).cmp(code)).ok()?;
        u16::try_from(n).ok().map(FamilyId)
    }

    /// Every family in the order of codes.
    pub fn families(&self) -> &[Family] {
        &self.families
    }

    /// The category of an id.
    pub fn category(&self, id: CategoryId) -> &Category {
        &self.categories[id.0 as usize]
    }

    /// The category with exactly this code.
    pub fn category_by_code(&self, code: &str) -> Option<CategoryId> {
        let n = self
            .categories
            .binary_search_by(|category| (*category.code).cmp(code))
            .ok()?;
        u32::try_from(n).ok().map(CategoryId)
    }

    /// Every category in the order of codes.
    pub fn categories(&self) -> &[Category] {
        &self.categories
    }

    /// The labels from the root down to a category.
    pub fn category_path<'a>(&'a self, id: CategoryId, locale: &str) -> Vec<&'a str> {
        self.category(id)
            .line
            .iter()
            .map(|id| self.category(*id).labels.text(locale))
            .collect()
    }

    /// The program's units and the workspace's.
    pub fn units(&self) -> &Arc<Units> {
        &self.units
    }

    /// The catalog's locales, the default first. Locale `n` of a `scope::Key` is the `n - 1`-th.
    pub fn locales(&self) -> &[String] {
        &self.locales
    }

    /// The workspace's channels. Channel `n` of a `scope::Key` is the `n - 1`-th.
    pub fn channels(&self) -> &[String] {
        &self.channels
    }

    /// The attributes that products of a family need on a channel (0: on every channel), sorted.
    pub fn required(&self, family: FamilyId, channel: u8) -> &[AttributeId] {
        self.family(family).required(channel)
    }

    /// The attributes that the program itself reads.
    pub fn known(&self) -> &Known {
        &self.known
    }

    /// True where some attribute is locked.
    pub fn has_locked(&self) -> bool {
        self.locked
    }

    /// True where some family has policies of its own.
    pub fn has_family_policies(&self) -> bool {
        self.family_policies
    }

    /// Which source wins an attribute of a product of this family.
    pub fn policy(&self, attribute: AttributeId, family: Option<FamilyId>) -> Policy {
        let of_family = match self.family_policies {
            true => family.and_then(|family| self.family(family).policy(attribute)),
            false => None,
        };
        of_family.unwrap_or(self.attribute(attribute).policy)
    }

    /// True where several sources may make a value of the attribute together, in whatever family.
    pub fn unites(&self, attribute: AttributeId) -> bool {
        let mut families = self.families.iter();
        self.attribute(attribute).policy == Policy::Union
            || (self.family_policies && families.any(|family| family.policy(attribute) == Some(Policy::Union)))
    }

    /// A hash of what the files say, with locales and channels; order of files, comments and spelling of TOML do not count.
    pub fn fingerprint(&self) -> u64 {
        self.fingerprint
    }
}
