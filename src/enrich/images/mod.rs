//! Pictures: what they are, how good they are, which product they name, and how a channel wants them.
//!
//! Functions from bytes and names to values. Files, addresses and the catalog are left to `workspace`.

pub mod alike;
pub mod colour;
pub mod contact_sheet;
pub mod decode;
pub mod derive;
pub mod encode;
pub mod half;
pub mod inks;
pub mod kind;
pub mod look;
pub mod measure;
pub mod name;
pub mod refusal;
pub mod resize;
pub mod settings;
#[cfg(test)]
mod tests;
