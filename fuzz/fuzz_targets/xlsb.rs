//! Binary workbooks. An input is the sheet, the workbook, the shared texts, the styles and the relations, parted by lines of `=====`;
//! or a whole file.
#![no_main]

const NAMES: [&str; 5] = [
    "xl/worksheets/sheet1.bin",
    "xl/workbook.bin",
    "xl/sharedStrings.bin",
    "xl/styles.bin",
    "xl/_rels/workbook.bin.rels",
];

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let book = estante_fuzz::zipped(data, &NAMES, &[("[Content_Types].xml", "<Types/>")]);
    estante_fuzz::attack(&book, "feed.xlsb", &[]);
});
