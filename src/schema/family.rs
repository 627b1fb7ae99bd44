//! Families: the attributes that a kind of product has, those that it needs, and those that tell its variants apart.
//!
//! Whether a product has what its family needs is left to `product::completeness`.

use crate::diagnostic::excerpt;
use crate::schema::attribute::{Attribute, AttributeId, check_policy};
use crate::schema::file::FamilyFile;
use crate::schema::labels::Labels;
use crate::schema::policy::Policy;
use crate::schema::report::Report;
use crate::value::Kind;
use std::collections::{BTreeMap, BTreeSet};

/// A family's position among all, sorted by code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FamilyId(pub u16);

/// The family that is the parent of all that name none, where it is declared.
pub const COMMON: &str = "common";
/// Most axes of variants, as shops and marketplaces have it (Shopify allows three options).
pub const MOST_AXES: usize = 3;

/// The attributes that say of which family a product is.
const DECIDES: [&str; 3] = ["category", "family", "model"];

/// A checked family with what it inherits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Family {
    pub code: Box<str>,
    pub labels: Labels,
    pub parent: Option<FamilyId>,
    /// Sorted.
    pub attributes: Box<[AttributeId]>,
    /// What no channel (first) and each channel (in the workspace's order) requires; each sorted.
    required: Box<[Box<[AttributeId]>]>,
    /// In the order in which variants are told apart.
    pub axes: Box<[AttributeId]>,
    /// Which source wins in this family, where it is said; sorted.
    pub policies: Box<[(AttributeId, Policy)]>,
}

/// What the checks of a family look up.
pub struct Surroundings<'a> {
    pub attributes: &'a BTreeMap<String, AttributeId>,
    /// The attributes that could be checked; the others' faults are told already.
    pub checked: &'a BTreeMap<AttributeId, Attribute>,
    pub channels: &'a [String],
    pub default_locale: &'a str,
}

impl Family {
    /// What a channel (0: every channel) requires, sorted.
    pub fn required(&self, channel: u8) -> &[AttributeId] {
        self.required
            .get(usize::from(channel))
            .or(self.required.first())
            .map_or(&[], |ids| ids)
    }

    /// True where products of the family have the attribute.
    pub fn has(&self, attribute: AttributeId) -> bool {
        self.attributes.binary_search(&attribute).is_ok()
    }

    /// Which source wins an attribute of its products, where the family says so.
    pub fn policy(&self, attribute: AttributeId) -> Option<Policy> {
        let at = self
            .policies
            .binary_search_by_key(&attribute, |(known, _)| *known)
            .ok()?;
        self.policies.get(at).map(|(_, policy)| *policy)
    }

    /// The checked form of what was written of a family, `line` being all families from the root down to it.
    ///
    /// Faults: `E-UNKNOWN-ATTRIBUTE`, `E-UNKNOWN-CHANNEL`, `E-NOT-IN-FAMILY`, `E-TOO-MANY-AXES`, `E-AXIS-TWICE`, `E-AXIS-KIND`,
    /// `E-POLICY-KIND`, `E-POLICY-OF-FAMILY`, `E-BAD-LOCALE`.
    pub fn checked(
        written: &FamilyFile,
        parent: Option<FamilyId>,
        line: &[&FamilyFile],
        around: &Surroundings<'_>,
        report: &mut Report<'_>,
    ) -> Family {
        let known = |names: &[String]| -> Vec<AttributeId> {
            names
                .iter()
                .filter_map(|name| around.attributes.get(name).copied())
                .collect()
        };
        let mut attributes = BTreeSet::new();
        let mut required = vec![BTreeSet::new(); around.channels.len() + 1];
        let mut axes: &[String] = &[];
        let mut policies = BTreeMap::new();
        for family in line {
            attributes.extend(known(&family.attributes));
            for ids in &mut required {
                ids.extend(known(&family.required));
            }
            for (channel, names) in &family.required_for {
                if let Some(n) = around.channels.iter().position(|known| known == channel) {
                    required[n + 1].extend(known(names));
                }
            }
            axes = family.axes.as_deref().unwrap_or(axes);
            let known = |(name, policy): (&String, &Policy)| Some((*around.attributes.get(name)?, *policy));
            policies.extend(family.policy.iter().filter_map(known));
        }
        check_names(written, &attributes, around, report);
        Family {
            code: report.path[1].into(),
            labels: Labels::checked(&written.labels, around.default_locale, report),
            parent,
            attributes: attributes.into_iter().collect(),
            required: required.into_iter().map(|ids| ids.into_iter().collect()).collect(),
            axes: known(axes).into(),
            policies: policies.into_iter().collect(),
        }
    }
}

/// The names that a family itself says; what it inherits is told where it stands.
fn check_names(written: &FamilyFile, has: &BTreeSet<AttributeId>, around: &Surroundings<'_>, report: &mut Report<'_>) {
    check_list(&["attributes"], &written.attributes, None, around, report);
    check_list(&["required"], &written.required, Some(has), around, report);
    for (channel, names) in &written.required_for {
        if !around.channels.contains(channel) {
            let channels = around.channels.iter().map(String::as_str);
            report.unknown(
                &["required_for", channel],
                "E-UNKNOWN-CHANNEL",
                "channel",
                channel,
                channels,
            );
        }
        check_list(&["required_for", channel], names, Some(has), around, report);
    }
    check_policies(written, around, report);
    let axes = written.axes.as_deref().unwrap_or_default();
    check_list(&["axes"], axes, Some(has), around, report);
    if axes.len() > MOST_AXES {
        let message = format!("has {} axes, at most {MOST_AXES} tell variants apart", axes.len());
        report.fault(
            &["axes"],
            "E-TOO-MANY-AXES",
            message,
            "channels take no more; put the others into the name",
        );
    }
    for (n, name) in axes.iter().enumerate() {
        if axes.iter().take(n).any(|before| before == name) {
            let message = format!("the axis `{}` stands twice", excerpt(name));
            report.fault(&["axes", &n.to_string()], "E-AXIS-TWICE", message, "keep one");
        }
        let attribute = around.attributes.get(name).and_then(|id| around.checked.get(id));
        if let Some(attribute) =
            attribute.filter(|known| !matches!(known.kind, Kind::Option | Kind::Text | Kind::Measure))
        {
            let message = format!(
                "`{name}` is of kind {}, by which variants are not told apart",
                attribute.kind
            );
            report.fault(
                &["axes", &n.to_string()],
                "E-AXIS-KIND",
                message,
                "an axis is an option, a text or a measure",
            );
        }
    }
}

/// Faults of the policies that a family says: of attributes that are there, and that do not decide which family it is.
fn check_policies(written: &FamilyFile, around: &Surroundings<'_>, report: &mut Report<'_>) {
    for (name, policy) in &written.policy {
        let Some(id) = around.attributes.get(name) else {
            let known = around.attributes.keys().map(String::as_str);
            report.unknown_key(&["policy", name], "E-UNKNOWN-ATTRIBUTE", "attribute", name, known);
            continue;
        };
        if DECIDES.contains(&name.as_str()) {
            let message = format!("`{name}` decides of which family a product is, so that no family has a say in it");
            let help = format!("write the policy into [attributes.{name}]");
            report.fault_of_key(&["policy", name], "E-POLICY-OF-FAMILY", message, help);
        } else if let Some(attribute) = around.checked.get(id) {
            check_policy(&["policy", name], *policy, attribute.kind, report);
        }
    }
}

/// Faults of a list of attributes, which must be among those the family has where `has` is given.
fn check_list(
    path: &[&str],
    names: &[String],
    has: Option<&BTreeSet<AttributeId>>,
    around: &Surroundings<'_>,
    report: &mut Report<'_>,
) {
    for (n, name) in names.iter().enumerate() {
        let n = n.to_string();
        let path = [path, &[n.as_str()]].concat();
        match around.attributes.get(name) {
            None => {
                let known = around.attributes.keys().map(String::as_str);
                report.unknown(&path, "E-UNKNOWN-ATTRIBUTE", "attribute", name, known);
            }
            Some(id) if has.is_some_and(|has| !has.contains(id)) => {
                let message = format!("the family does not have the attribute `{}`", excerpt(name));
                report.fault(&path, "E-NOT-IN-FAMILY", message, "add it to the family's `attributes`");
            }
            Some(_) => {}
        }
    }
}
