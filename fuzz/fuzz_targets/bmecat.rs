//! BMEcat: articles, prices, features, groups behind the articles, updates.
#![no_main]
use estante::feed::settings::Format;

libfuzzer_sys::fuzz_target!(|data: &[u8]| estante_fuzz::attack(data, "feed.xml", &[Format::Bmecat]));
