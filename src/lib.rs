//! Estante: supplier feeds in, one checked catalog in the middle, channel feeds out.
//!
//! The modules in reading order, lowest floor first; a file imports its own folder and lower floors only
//! (ARCHITECTURE.md has the map, `tests/it/house.rs` the wall).

// Floor 1: nothing of ours.
pub mod diagnostic;
// Floor 2: what can be said, and the files that say it.
pub mod declaration;
pub mod value;
// Floor 3: what a product can have, and how texts become it.
pub mod schema;
pub mod transform;
// Floor 4: the shapes a product takes, and the language in which they are asked for.
pub mod product;
pub mod query;
// Floor 5: the stages, none knowing another.
pub mod catalog;
pub mod channel;
pub mod enrich;
pub mod feed;
pub mod index;
pub mod mapping;
pub mod merge;
pub mod plan;
pub mod sheet;
// Floor 6: the one door.
pub mod workspace;
// Floor 7: the faces.
pub mod cli;
