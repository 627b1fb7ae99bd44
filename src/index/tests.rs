//! What a search finds, over small catalogs.
