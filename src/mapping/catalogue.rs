//! What the fields of a BMEcat catalogue are: those that its reader makes of several elements, and the elements that these stand
//! for.
//!
//! BMEcat 1.2 and 2005 (BMEcat e.V., specifications of 2001 and 2005) name types of prices and purposes of pictures in the
//! document; the reader gives each its own column, such as `price:net_list`.

use crate::mapping::columns::{Column, Surroundings};

/// Types of prices, the first that a catalogue has is the price: lists are for everybody, a customer's price is what the shop
/// pays.
const PRICES: [&str; 5] = ["gros_list", "net_list", "nrp", "net_customer", "net_customer_exp"];

/// What a column of a catalogue is.
pub enum Meaning {
    /// A field of the synonyms, how sure that is, and why.
    Field(&'static str, f32, &'static str),
    /// Nothing by itself: another column says it better.
    Nothing,
}

impl Surroundings<'_> {
    /// The meaning of a column that only BMEcat has; `None` of all others.
    pub fn meaning(&self, column: &Column<'_>) -> Option<Meaning> {
        if let Some((kind, name)) = column.text.split_once(':') {
            return match kind {
                "price" => Some(self.price(name)),
                "mime" => Some(match name {
                    "normal" => Meaning::Field("image", 0.9, "pictures of the product"),
                    "detail" => Meaning::Field("additional_images", 0.88, "pictures of its details"),
                    "data_sheet" => Meaning::Field("document", 0.9, "data sheets"),
                    _ => Meaning::Nothing,
                }),
                "currency" | "feature_unit" | "reference" | "class" => Some(Meaning::Nothing),
                _ => None,
            };
        }
        let has = |prefix: &str| self.columns.iter().any(|other| other.text.starts_with(prefix));
        let last = column.text.rsplit('/').next().unwrap_or(column.text);
        match last {
            "@mode" | "SUPPLIER_AID_SUPPLEMENT" | "SUPPLIER_PID_SUPPLEMENT" | "VORDER" => Some(Meaning::Nothing),
            "base_number" => Some(Meaning::Field(
                "parent_sku",
                0.9,
                "the number that the variants of an article share",
            )),
            "group_path" => Some(Meaning::Field("category", 0.9, "the groups that lead to the product")),
            "group" | "group_name" if has("group_path") => Some(Meaning::Nothing),
            "PRICE_AMOUNT" | "PRICE_CURRENCY" | "PRICE_FACTOR" if has("price:") => Some(Meaning::Nothing),
            "MIME_SOURCE" if has("mime:") => Some(Meaning::Nothing),
            _ if last.starts_with('@') => Some(Meaning::Nothing),
            _ => None,
        }
    }

    fn price(&self, name: &str) -> Meaning {
        let has = |name: &str| {
            let price = |text: &str| text.strip_prefix("price:") == Some(name);
            self.columns.iter().any(|other| price(other.text))
        };
        let first = PRICES.into_iter().find(|name| has(name));
        match name {
            _ if first == Some(name) || first.is_none() => match name.starts_with("net_") {
                true => Meaning::Field("price_net", 0.9, "prices of this type, without VAT"),
                false => Meaning::Field("price", 0.9, "prices of this type"),
            },
            "net_customer" => Meaning::Field("cost", 0.9, "what the customer of the catalogue pays"),
            "nrp" => Meaning::Field("list_price", 0.9, "the recommended price"),
            _ => Meaning::Nothing,
        }
    }
}
