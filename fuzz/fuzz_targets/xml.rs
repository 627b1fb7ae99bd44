//! XML: record path, elements, attributes, entities, encodings.
#![no_main]
use estante::feed::settings::Format;

libfuzzer_sys::fuzz_target!(|data: &[u8]| estante_fuzz::attack(data, "feed.xml", &[Format::Xml]));
