//! OpenDocument spreadsheets. An input is their content, or a whole file.
#![no_main]

const KIND: (&str, &str) = ("mimetype", "application/vnd.oasis.opendocument.spreadsheet");

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let book = estante_fuzz::zipped(data, &["content.xml"], &[KIND]);
    estante_fuzz::attack(&book, "feed.ods", &[]);
});
