//! Layers to products: identity, survivorship, models.
//!
//! Functions from values to values; reading and writing layers is left to `catalog`, the order of steps to `workspace`.

pub mod candidate;
pub mod claim;
pub mod hearing;
pub mod identity;
pub mod model;
pub mod policy;
pub mod resolve;
#[cfg(test)]
mod tests;
