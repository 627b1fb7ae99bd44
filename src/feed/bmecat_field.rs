//! What a mapping asks a BMEcat catalogue for beyond paths: the short names of its fields.

use crate::feed::bmecat_groups::GroupPart;
use crate::feed::bmecat_prices::{PricePart, Wanted};

/// A field that is no path.
#[derive(Debug, Clone, PartialEq)]
pub enum Field {
    /// `price:net_list`: amount for one order unit, of the smallest quantity. `price:*`: of any type. Also `currency:…`, `tax:…`,
    /// `scale:…` (quantity, amount and currency of all quantities) and `content_price:…` (for one content unit).
    Price(PricePart, Wanted),
    /// `feature:Farbe`: values of the feature of that name or number; `feature@eng:Colour`: in that language.
    Feature(String, Option<String>),
    /// `feature_unit:Länge`: its unit.
    FeatureUnit(String),
    /// `class:ETIM`: number of the group in the system whose name begins so; `class_name:ETIM`: its name.
    Class(String, bool),
    /// `mime:normal`: addresses of the pictures and documents of that purpose. `mime:*`: of any.
    Mime(String),
    /// `reference:accessories`: numbers of the articles it refers to by this type. `reference:*`: by any.
    Reference(String),
    /// `group`, `group_name`, `group_path`: ids, names, names from the root on, of the groups it stands in.
    Group(GroupPart),
    /// `number`: the article's number, with its supplement where it is a variant; `base_number`: without it, of variants only.
    Number(bool),
    /// `details:EAN`, `order:ORDER_UNIT`: an element of the details, by its name in 1.2 or 2005; `details@eng:…`: in that language.
    Details(&'static str, String, Option<String>),
    /// `udx:BRAND_NAME`: an extension, by its name or the last part of it.
    Extension(String),
    /// `header:CURRENCY`: an element of the header; `header:CATALOG/CURRENCY`: by path.
    Header(String),
}

impl Field {
    /// The field that a text names; none where it is a path.
    pub fn of(text: &str) -> Option<Field> {
        let text = text.trim();
        match text {
            "group" => return Some(Field::Group(GroupPart::Id)),
            "group_name" => return Some(Field::Group(GroupPart::Name)),
            "group_path" => return Some(Field::Group(GroupPart::Path)),
            "number" => return Some(Field::Number(false)),
            "base_number" => return Some(Field::Number(true)),
            _ => {}
        }
        let (kind, name) = text.split_once(':')?;
        let name = name.trim().to_string();
        let (kind, language) = match kind.split_once('@') {
            Some((kind, language)) => (kind, Some(language.to_string())),
            None => (kind, None),
        };
        if language.is_some() && !matches!(kind, "feature" | "details") {
            return None;
        }
        let price = |part| Field::Price(part, Wanted::of(&name));
        Some(match kind {
            "price" => price(PricePart::Amount),
            "currency" => price(PricePart::Currency),
            "tax" => price(PricePart::Tax),
            "scale" => price(PricePart::Scale),
            "content_price" => price(PricePart::Content),
            "feature" => Field::Feature(name, language),
            "feature_unit" => Field::FeatureUnit(name),
            "class" => Field::Class(name, false),
            "class_name" => Field::Class(name, true),
            "mime" => Field::Mime(name),
            "reference" => Field::Reference(name),
            "details" => Field::Details("DETAILS", name, language),
            "order" => Field::Details("ORDER_DETAILS", name, None),
            "udx" => Field::Extension(name),
            "header" => Field::Header(name),
            _ => return None,
        })
    }
}

/// What an element is called in 1.2 and in 2005.
pub fn both_names(name: &str) -> [String; 2] {
    match name {
        "EAN" | "INTERNATIONAL_PID" => ["EAN".to_string(), "INTERNATIONAL_PID".to_string()],
        name if name.contains("_AID") => [name.to_string(), name.replace("_AID", "_PID")],
        name if name.contains("_PID") => [name.replace("_PID", "_AID"), name.to_string()],
        name if name.starts_with("ARTICLE_") => [name.to_string(), name.replacen("ARTICLE_", "PRODUCT_", 1)],
        name if name.starts_with("PRODUCT_") => [name.replacen("PRODUCT_", "ARTICLE_", 1), name.to_string()],
        name => [name.to_string(), name.to_string()],
    }
}
