//! Workbooks of Excel 5 to 2003. An input is the records of the workbook, or a whole compound file.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| estante_fuzz::attack(&estante_fuzz::compound(data), "feed.xls", &[]));
