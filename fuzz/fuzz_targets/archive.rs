//! Containers: gzip, zstd and zip as they come.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| estante_fuzz::attack(data, "feed.csv.zip", &[]));
