//! Guards: what is likely a mistake of the sender is held for a person, the rest goes on.
//!
//! Each guard answers an incident that has happened to somebody (docs/guards.md names them). A guard looks at one item (`item`), at
//! the share of a delivery's items that move together (`delivery`), or at its files (`files`); it never changes a value.

pub mod delivery;
pub mod factor;
pub mod files;
pub mod item;
pub mod moves;
pub mod settings;
pub mod share;
