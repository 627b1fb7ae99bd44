//! A product as far as it is compared with others: light, and made of what it says itself.
//!
//! Where the values come from is left to `workspace`.

/// What is compared of one product.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct View {
    /// Who sells it, as numbers in ascending order. Two products of one seller are two products.
    pub sellers: Vec<u16>,
    /// Code of its product model: variants of one model are never one product. Empty for none.
    pub model: String,
    pub title: String,
    /// A longer text, read only for part numbers that the other's title names.
    pub text: String,
    /// Empty where nobody says it.
    pub brand: String,
    /// Part and model numbers, as they are written.
    pub numbers: Vec<String>,
    /// GTINs as numbers of 14 digits.
    pub gtins: Vec<u64>,
    /// In ten-thousandths of the catalog's currency.
    pub price: Option<i64>,
    /// Sorted by attribute, each attribute once.
    pub specs: Vec<Spec>,
}

/// A value that both may say.
#[derive(Debug, Clone, PartialEq)]
pub struct Spec {
    /// Number of the attribute.
    pub attribute: u32,
    /// In canonical form: equal text, equal value.
    pub value: String,
    /// True where different values mean different products (colour, size, capacity, pack).
    pub telling: bool,
}
