//! One integration binary: what a user sees, and the rules of the house.

mod support;

mod errors;
mod hostile_feed;
mod house;
mod licenses;
mod real_feeds;
