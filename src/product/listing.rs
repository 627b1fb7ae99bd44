//! What one channel gets of one product: the fields of its pack, filled.
//!
//! A listing knows fields by their number in the pack; what a field demands is left to `channel`.

/// The content of one field of a listing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Content {
    /// Nothing said.
    #[default]
    Empty,
    /// One text, already spelled as the channel wants it.
    One(String),
    /// Several texts, in order.
    Many(Vec<String>),
    /// One or more groups of named parts (`shipping`: country, price).
    Groups(Vec<Vec<(String, String)>>),
}

impl Content {
    /// True where nothing, or only empty texts, are said.
    pub fn is_empty(&self) -> bool {
        match self {
            Content::Empty => true,
            Content::One(text) => text.is_empty(),
            Content::Many(texts) => texts.iter().all(String::is_empty),
            Content::Groups(groups) => groups.iter().all(|parts| parts.iter().all(|(_, text)| text.is_empty())),
        }
    }

    /// The first text, or `""`.
    pub fn first(&self) -> &str {
        match self {
            Content::Empty => "",
            Content::One(text) => text,
            Content::Many(texts) => texts.first().map_or("", String::as_str),
            Content::Groups(groups) => groups
                .first()
                .and_then(|parts| parts.first())
                .map_or("", |(_, text)| text),
        }
    }

    /// The texts one by one; the parts of groups in order.
    pub fn texts(&self) -> Box<dyn Iterator<Item = &str> + '_> {
        match self {
            Content::Empty => Box::new(std::iter::empty()),
            Content::One(text) => Box::new(std::iter::once(text.as_str())),
            Content::Many(texts) => Box::new(texts.iter().map(String::as_str)),
            Content::Groups(groups) => Box::new(groups.iter().flatten().map(|(_, text)| text.as_str())),
        }
    }

    /// Number of values: 0, 1, or the length of the list.
    pub fn count(&self) -> usize {
        match self {
            Content::Empty => 0,
            Content::One(_) => 1,
            Content::Many(texts) => texts.len(),
            Content::Groups(groups) => groups.len(),
        }
    }
}

/// One product as one channel will get it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing {
    /// The product's number in the store.
    pub product: i64,
    /// The product's SKU.
    pub sku: String,
    /// Code of the product model that groups variants, if it has one.
    pub model: Option<String>,
    /// Contents by the field's number in the pack.
    pub contents: Vec<Content>,
}
