//! Why a rule does nothing of a product that it is for. Told in a dry run; nothing is written for it while products are made.

use crate::schema::Schema;
use crate::schema::scope::Key;
use crate::value::mismatch::Mismatch;
use crate::value::price::Currency;

/// Why an action gives nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// A value that it reads is not there.
    Missing(Key),
    /// None of the parts is there.
    AllMissing,
    /// The table has no entry for the value.
    NoEntry(Key),
    /// The value does not read as one of the other attribute.
    Unreadable(Mismatch),
    DivisionByZero,
    /// More digits than a decimal holds, or more members or text than a rule makes.
    TooLarge,
    Currencies(Currency, Currency),
    /// A whole number is asked for.
    NotWhole(Key),
    /// The attribute's limits.
    Limits(Mismatch),
    /// A price of zero, which is never published.
    ZeroPrice,
}

impl Reason {
    /// A lower-case fragment.
    pub fn text(&self, schema: &Schema) -> String {
        match self {
            Reason::Missing(key) => format!("`{}` says nothing", schema.key_text(*key)),
            Reason::AllMissing => "none of the parts says anything".to_owned(),
            Reason::NoEntry(key) => format!("the table has no entry for `{}`", schema.key_text(*key)),
            Reason::Unreadable(mismatch) | Reason::Limits(mismatch) => format!("the value {}", mismatch.message),
            Reason::DivisionByZero => "it would divide by zero".to_owned(),
            Reason::TooLarge => "the result is larger than a value may be".to_owned(),
            Reason::Currencies(one, other) => format!("{} and {} do not mix", one.code(), other.code()),
            Reason::ZeroPrice => "it would make a price of zero, which is never published".to_owned(),
            Reason::NotWhole(key) => format!("`{}` takes whole numbers; round the result", schema.key_text(*key)),
        }
    }
}
