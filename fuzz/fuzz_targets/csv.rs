//! Text tables: dialect, encoding, header, rows.
#![no_main]
use estante::feed::settings::Format;

libfuzzer_sys::fuzz_target!(|data: &[u8]| estante_fuzz::attack(data, "feed.csv", &[Format::Csv, Format::Tsv]));
