//! What a text may say: a value with the words it stands in and how sure that is.

use crate::schema::attribute::AttributeId;
use crate::schema::option_list::OptionsId;
use rust_decimal::Decimal;

/// How sure a finding is, in percent. They were set by hand and checked against texts with known values
/// (docs/enrichment.md): what its name stands before is surest, what stands alone in a description least.
pub mod sure {
    /// `Potencia: 500 W`.
    pub const NAMED: u8 = 96;
    /// `500 W de potencia`.
    pub const NAMED_BEHIND: u8 = 91;
    /// `120 vegetarian capsules`.
    pub const COUNTED: u8 = 88;
    /// `80 % algodón`.
    pub const SHARE: u8 = 92;
    /// In the title, without its name.
    pub const TITLE: u8 = 85;
    /// A whole word of a telling shape (`IP65`).
    pub const SHAPE: u8 = 88;
    /// Elsewhere, without its name: a suggestion.
    pub const TEXT: u8 = 65;
    /// `A x B x C` whose sides only custom tells, and whose custom only the program supposes.
    pub const UNMARKED: u8 = 60;
    /// The same where the workspace names the order.
    pub const BY_ORDER: u8 = 80;
    /// What siblings agree on.
    pub const SIBLINGS: u8 = 82;
    /// Taken off where the number is a bound (`hasta`, `from`).
    pub const BOUND: u8 = 15;
    /// Added where it stands beside the name of its family (`running shorts`).
    pub const HEAD: u8 = 6;
    /// Added where nothing else stands between commas, brackets or dashes (`Sandals, Pewter, 6 US`).
    pub const ITS_OWN: u8 = 9;
    /// Taken off the first of several options that stand apart in a title: the first is the thing's most often.
    pub const FIRST: u8 = 8;
    /// Taken off where a text says two things.
    pub const TORN: u8 = 30;
    /// Added where another text says the same.
    pub const AGAIN: u8 = 4;
    /// Nothing is surer.
    pub const MOST: u8 = 99;
}

/// A value as found; measures are in their attribute's unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    Measure(Decimal),
    Integer(i64),
    Decimal(Decimal),
    Boolean(bool),
    Option(OptionsId, u32),
    /// Bytes of the text.
    Text(u32, u32),
}

/// One finding in one text.
#[derive(Debug, Clone, Copy)]
pub struct Found {
    pub attribute: AttributeId,
    pub what: What,
    /// Percent.
    pub confidence: u8,
    /// Position of the text among those of the product.
    pub text: u16,
    /// Bytes of the words that say it.
    pub start: u32,
    pub end: u32,
    /// An option with its attribute's name beside it.
    pub named: bool,
    /// How it stands to the other options of its list.
    pub joined: Joined,
}

/// How options of one list stand to each other in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Joined {
    /// Other words part them, or there is one only.
    Apart,
    /// Side by side with nothing between (`Men Women`).
    Row,
    /// Joined by a sign or an `and` (`rojo/negro`), or for several (`for men women`).
    Linked,
}
