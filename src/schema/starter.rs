//! The schema that `estante init` ships: what almost every product has, for a supplier that nobody knows yet.

/// File names below `schemas/` with their texts.
pub const STARTER: [(&str, &str); 3] = [
    ("attributes.toml", include_str!("starter/attributes.toml")),
    ("options.toml", include_str!("starter/options.toml")),
    ("families.toml", include_str!("starter/families.toml")),
];
