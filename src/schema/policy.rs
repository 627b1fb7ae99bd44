//! Which source wins where several say a value, and whose an attribute is: words that schema files write.
//!
//! Who wins is decided in `merge`.

use crate::value::Kind;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which source wins where several say a value. Ties go to the better rank, then to the supplier's id.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// The source with the best rank.
    #[default]
    Rank,
    /// What changed last.
    Newest,
    /// The longest text, or the list with most members.
    Longest,
    /// The shortest text.
    Shortest,
    /// The least number, amount, measure or date.
    Lowest,
    /// The greatest number, amount, measure or date.
    Highest,
    /// The least amount of the suppliers that have the product in stock.
    LowestInStock,
    /// All members of all lists, the best rank's first.
    Union,
}

impl Policy {
    /// The kinds that it is for; none where it is for all.
    pub fn kinds(self) -> Option<&'static [Kind]> {
        use Kind::*;
        match self {
            Policy::Rank | Policy::Newest => None,
            Policy::Longest => Some(&[Text, RichText, Options, Media, Reference, Table]),
            Policy::Shortest => Some(&[Text, RichText]),
            Policy::Lowest | Policy::Highest => Some(&[Integer, Decimal, Measure, Money, Date, DateTime]),
            Policy::LowestInStock => Some(&[Integer, Decimal, Money]),
            Policy::Union => Some(&[Options, Media, Reference]),
        }
    }

    /// True where values of the kind can be judged by it.
    pub fn is_for(self, kind: Kind) -> bool {
        self.kinds().is_none_or(|kinds| kinds.contains(&kind))
    }

    /// The kinds that it is for, in words.
    pub fn kinds_text(self) -> String {
        let names: Vec<&str> = self
            .kinds()
            .unwrap_or_default()
            .iter()
            .map(|kind| kind.name())
            .collect();
        names.join(", ")
    }
}

/// Whose an attribute is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// The product's: true whoever sells it.
    #[default]
    Content,
    /// One supplier's (price, cost, stock): gone when the supplier withdraws the product.
    Offer,
}
