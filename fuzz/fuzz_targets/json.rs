//! JSON documents and lines.
#![no_main]
use estante::feed::settings::Format;

libfuzzer_sys::fuzz_target!(|data: &[u8]| estante_fuzz::attack(data, "feed.json", &[Format::Json, Format::Jsonl]));
