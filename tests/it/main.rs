//! One integration binary: what a user sees, and the rules of the house.

mod corner;
mod support;

mod catalogues;
mod conservation;
mod contract;
mod deliveries;
mod determinism;
mod drafts;
mod drift;
mod errors;
mod formats;
mod gold;
mod golden;
mod guards;
mod handbook;
mod hostile;
mod hostile_feed;
mod house;
mod images;
mod joined_rows;
mod journey;
mod licenses;
mod real_feeds;
mod rejects;
mod samples;
mod search;
mod specs;
mod specs_truth;
mod structured_data;
mod supplier_add;
mod supplier_check;
mod sweep;
mod todo;
mod updates;
mod values;
