//! Candidates: products that may be one and share no exact key. Found, scored and ordered; deciding is left to people, or to
//! a threshold that a workspace sets.

pub mod amount;
pub mod block;
pub mod contradiction;
pub mod features;
pub mod figure;
pub mod find;
pub mod number;
pub mod rarity;
pub mod reason;
pub mod score;
pub mod spelling;
pub mod view;
pub mod vocabulary;
pub mod wall;
pub mod word;
