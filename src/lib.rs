//! Estante: supplier feeds in, one checked catalog in the middle, channel feeds out.
//!
//! The modules in reading order, lowest floor first; a file imports its own folder and lower floors only
//! (ARCHITECTURE.md has the map, `tests/it/house.rs` the wall).

// Floor 1
pub mod diagnostic;
// Floor 2
pub mod value;
pub mod declaration;
// Floor 4
pub mod product;
// Floor 5
pub mod feed;
