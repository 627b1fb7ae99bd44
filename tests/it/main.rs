//! One integration binary: what a user sees, and the rules of the house.

mod support;

mod house;
mod licenses;
