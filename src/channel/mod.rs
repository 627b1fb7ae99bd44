//! A channel: what a pack demands, filled from products, checked, and written.

pub mod chunk;
pub mod format;
pub mod pack;
pub mod preflight;
pub mod row;
pub mod rule;

#[cfg(test)]
mod tests;
