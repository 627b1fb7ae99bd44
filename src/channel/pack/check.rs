//! The vocabulary of checks that a pack's rules are written in.
//!
//! Each check names fields by their names in the pack. Compiling a check to field numbers and running it is left to
//! `channel::rule`, where each topic has its file; what the program cannot see from here (`external` and kin) is reported
//! once per channel as unchecked.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a rule is checked. A field counts as filled when it holds at least one text that is not empty.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Check {
    /// Every field is filled.
    Required {
        /// The fields.
        fields: Vec<String>,
    },
    /// At least one of the fields is filled: `title` or `structured_title`.
    OneOfRequired {
        /// The fields.
        fields: Vec<String>,
    },
    /// The field is filled in a situation: `availability_date` when `availability` is `preorder`.
    RequiredIf {
        /// The field.
        field: String,
        /// The situation.
        #[serde(rename = "if")]
        when: When,
    },
    /// The fields are filled when the item stands in a category or below it, and the channel's country is listed.
    RequiredIfCategory {
        /// The fields.
        fields: Vec<String>,
        /// The field that holds the item's category; default: the first field of type `taxonomy`.
        #[serde(default)]
        taxonomy: Option<String>,
        /// Ids of categories, each described under `categories`.
        category: Vec<String>,
        /// Countries (ISO 3166-1) where it applies; empty: everywhere.
        #[serde(default)]
        countries: Vec<String>,
    },
    /// Where the field is filled, all the others are too: `sale_price_effective_date` needs `sale_price`.
    Requires {
        /// The field.
        field: String,
        /// The others.
        fields: Vec<String>,
    },
    /// The fields are all filled or all empty: the three sides of a parcel.
    AllOrNone {
        /// The fields.
        fields: Vec<String>,
    },
    /// At most one of the fields is filled: discount as an amount or as a percentage.
    NotTogether {
        /// The fields.
        fields: Vec<String>,
    },
    /// The field is empty in a situation; without `if` the rule's text says which, and a person checks it.
    ForbiddenIf {
        /// The field.
        field: String,
        /// The situation.
        #[serde(default, rename = "if")]
        when: Option<When>,
    },
    /// At least so many of the fields are filled: two of length, width, height.
    MinPresent {
        /// The fields.
        fields: Vec<String>,
        /// How many.
        value: u32,
    },
    /// At least one column whose name matches is filled; `*` stands for any text: `deliveryCosts_*`.
    FamilyRequired {
        /// The columns.
        pattern: String,
    },
    /// No two items of the file share a value of the field. The first item keeps it.
    Unique {
        /// The field.
        field: String,
    },
    /// No two items of the file share the values of all the fields. The first item keeps them.
    UniqueTuple {
        /// The fields.
        fields: Vec<String>,
    },
    /// No two rows of a group share a value: the positions of pictures.
    UniqueWithinGroup {
        /// The field.
        field: String,
        /// The field that groups.
        group: String,
    },
    /// The items of a group fill the same ones of the fields, and no two hold the same in all of them: variants.
    DistinctWithinGroup {
        /// The field that groups.
        group: String,
        /// The fields.
        fields: Vec<String>,
    },
    /// A group has at least so many items: `item_group_id` is not for single products.
    GroupSizeMin {
        /// The field that groups.
        field: String,
        /// How many.
        value: u32,
    },
    /// The row that a field names comes before the row that names it (with `inverse`, rows named in a list come first).
    ParentBeforeChild {
        /// The field that names another row.
        field: String,
        /// The field by which a row is named; default: the first of the pack's key.
        #[serde(default)]
        key: Option<String>,
        /// The field stands on the parent and names its children.
        #[serde(default)]
        inverse: bool,
    },
    /// Rows with the same value stand together.
    Contiguous {
        /// The field.
        field: String,
    },
    /// The field is filled on the first row of a group, and on no other.
    FirstRowOfGroup {
        /// The field.
        field: String,
        /// The field that groups.
        group: String,
    },
    /// The value stood in the last full export of the primary channel.
    ExistsInPrimary {
        /// The field.
        field: String,
    },
    /// a is below b, as amounts, dates or numbers; two amounts need one currency. Skipped when either is empty.
    Lt {
        /// The lower one.
        a: String,
        /// The higher one.
        b: String,
    },
    /// a is at most b, with the same handling.
    Le {
        /// The lower one.
        a: String,
        /// The higher one.
        b: String,
    },
    /// a differs from b. Skipped when either is empty.
    Ne {
        /// One.
        a: String,
        /// The other.
        b: String,
    },
    /// The number is above a constant.
    GtConst {
        /// The field.
        field: String,
        /// The constant.
        #[schemars(with = "String")]
        value: Decimal,
        /// Not checked when this field is filled.
        #[serde(default)]
        unless: Option<String>,
    },
    /// The number lies between two constants, both included.
    Range {
        /// The field.
        field: String,
        /// Least and greatest.
        #[schemars(with = "[String; 2]")]
        value: [Decimal; 2],
    },
    /// Inside a group field, the least price is at most the price, and that at most the greatest.
    RangeFields {
        /// The group field.
        field: String,
        /// Name of the part that holds the least price.
        #[serde(default = "minimum")]
        minimum: String,
        /// Name of the part that holds the price.
        #[serde(default = "price")]
        price: String,
        /// Name of the part that holds the greatest price.
        #[serde(default = "maximum")]
        maximum: String,
    },
    /// A range field, written `least - greatest` or as two parts, encloses the prices of all members of the group.
    RangeEncloses {
        /// The range field.
        field: String,
        /// The field of the members' prices.
        #[serde(default = "price")]
        price: String,
    },
    /// Inside a group field, a discount is below the price and has a start and an end.
    ScheduleLt {
        /// The group field.
        field: String,
        /// Name of the part that holds the price.
        #[serde(default = "price")]
        price: String,
        /// Name of the part that holds the discounted price.
        #[serde(default = "discount")]
        discount: String,
        /// Name of the part that holds the start.
        #[serde(default = "start")]
        start: String,
        /// Name of the part that holds the end.
        #[serde(default = "end")]
        end: String,
    },
    /// Each text of the field has at most so many characters.
    MaxLength {
        /// The field.
        field: String,
        /// How many.
        value: u32,
    },
    /// The field has at most so many values.
    MaxCount {
        /// The field.
        field: String,
        /// How many.
        value: u32,
    },
    /// The field, where it is filled, has at least so many values.
    MinCount {
        /// The field.
        field: String,
        /// How many.
        value: u32,
    },
    /// The fields have the same number of values.
    SameCount {
        /// The fields.
        fields: Vec<String>,
    },
    /// The measures, where they are filled, have one unit.
    SameUnit {
        /// The fields.
        fields: Vec<String>,
    },
    /// Each text of the field matches a regular expression.
    Pattern {
        /// The field.
        field: String,
        /// The expression.
        value: String,
    },
    /// A text does not occur in the fields: no comma in addresses that a comma separates.
    NotContains {
        /// The fields.
        fields: Vec<String>,
        /// The text.
        value: String,
    },
    /// The value of the field does not occur among the values of the others.
    NotIn {
        /// The field.
        field: String,
        /// The others.
        fields: Vec<String>,
    },
    /// No value occurs in two of the fields.
    Disjoint {
        /// The fields.
        fields: Vec<String>,
    },
    /// Each value has 8, 12, 13 or 14 digits, the right check digit, and none of the prefixes. Prefixes are compared with
    /// the 13-digit form (12 digits get a leading 0, 14 digits lose the indicator); 8-digit numbers as they are.
    GtinValid {
        /// The field.
        field: String,
        /// Prefixes the channel refuses: numbers for use inside a shop, coupons.
        #[serde(default)]
        reject_prefixes: Vec<String>,
    },
    /// A GTIN, or brand and MPN, or the statement that no identifier exists; the statement beside an identifier is an error.
    IdentifierRule {
        /// GTIN, brand, MPN, statement, in this order.
        fields: [String; 4],
    },
    /// The amount names its currency.
    HasCurrency {
        /// The field.
        field: String,
    },
    /// The amount is a whole number of the currency's smallest unit: 19.99 EUR is 1999.
    MinorUnits {
        /// The field.
        field: String,
    },
    /// Each address begins with a scheme.
    UrlScheme {
        /// The field.
        field: String,
        /// The scheme: `https`.
        value: String,
    },
    /// The addresses are on the channel's own domain or below it.
    SameDomain {
        /// The fields.
        fields: Vec<String>,
    },
    /// The addresses hold no user and password.
    NoCredentials {
        /// The fields.
        fields: Vec<String>,
    },
    /// The address has a path: a product's page, not the shop's first page.
    NotDomainRoot {
        /// The field.
        field: String,
    },
    /// What texts must not look like.
    TextPolicy {
        /// The fields.
        fields: Vec<String>,
        /// The policies.
        policy: Vec<Policy>,
    },
    /// An item in stock has a quantity above 0.
    StockConsistent {
        /// Availability and quantity, in this order.
        fields: [String; 2],
        /// The words that say that there is stock; default: the pack's spelling of `in_stock` and `limited`.
        #[serde(default)]
        in_stock: Vec<String>,
    },
    /// The pictures keep to the pack's `images`; checked on pictures that were loaded.
    Image {
        /// The field.
        field: String,
    },
    /// Parent and child rows have their shape; what is not said here is for a person.
    VariationFamily {
        /// The field that tells parents from children.
        field: String,
        /// Its words for a parent.
        #[serde(default)]
        parent: Vec<String>,
        /// Its words for a child.
        #[serde(default)]
        child: Vec<String>,
        /// Fields that a parent leaves empty.
        #[serde(default)]
        parent_empty: Vec<String>,
        /// Fields that a child fills.
        #[serde(default)]
        child_required: Vec<String>,
    },
    /// The maker is named, and for a maker outside the EU and EEA the responsible person (Regulation (EU) 2023/988, article 16).
    GpsrComplete {
        /// The maker's field, then those of the responsible person.
        fields: Vec<String>,
        /// The field that holds the maker's country (ISO 3166-1); without it only the maker's name is checked.
        #[serde(default)]
        country: Option<String>,
    },
    /// The structured value has the properties.
    JsonRequired {
        /// The field.
        field: String,
        /// The properties.
        value: Vec<String>,
    },
    /// The output validates against somebody's JSON Schema; not checked here.
    JsonSchema {
        /// Which.
        name: String,
    },
    /// The output validates against somebody's XML Schema; not checked here.
    Xsd {
        /// Which.
        name: String,
    },
    /// The file has at most so many bytes.
    MaxFileBytes {
        /// How many.
        value: u64,
    },
    /// No line of the file is longer.
    MaxLineBytes {
        /// How many bytes.
        value: u64,
    },
    /// It needs data from outside, or a visit to a page; not checked here.
    External {
        /// Which.
        name: String,
    },
}

/// A situation: the field holds one of some words, or matches a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct When {
    /// The field.
    pub field: String,
    /// The words.
    #[serde(default, rename = "in")]
    pub words: Vec<String>,
    /// A regular expression.
    #[serde(default)]
    pub matches: Option<String>,
}

/// What a text must not look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Policy {
    /// No HTML tags or entities.
    Html,
    /// Not all in capitals.
    AllCaps,
    /// No emoji.
    Emoji,
    /// None of the pack's promotional words of the channel's language.
    PromoWords,
    /// No addresses of pages or mailboxes.
    Links,
}

fn minimum() -> String {
    "minimum".to_string()
}

fn maximum() -> String {
    "maximum".to_string()
}

fn price() -> String {
    "price".to_string()
}

fn discount() -> String {
    "discount".to_string()
}

fn start() -> String {
    "start".to_string()
}

fn end() -> String {
    "end".to_string()
}
