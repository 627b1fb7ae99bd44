//! The shapes a product takes on its way: record, item, layer, batch, product, listing.
//!
//! This file holds none of its own yet beside the modules; stages turn one shape into the next.

pub mod listing;
pub mod record;
