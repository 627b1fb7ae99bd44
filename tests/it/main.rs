//! One integration binary: what a user sees, and the rules of the house.

mod support;

mod errors;
mod house;
mod licenses;
