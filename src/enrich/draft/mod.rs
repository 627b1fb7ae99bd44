//! Drafts by a language model, as far as they need neither file nor network: what the model is told of a product, what it is
//! asked, how the exchange is kept, and whether each claim of its answer stands on a fact.
//!
//! Calling the model, keeping drafts and deciding on them is left to `workspace`.

pub mod claim;
pub mod fact;
pub mod finding;
pub mod name;
pub mod option;
pub mod prompt;
pub mod quantity;
pub mod recording;
pub mod standard;
#[cfg(test)]
mod tests;
pub mod vocabulary;
pub mod word;
