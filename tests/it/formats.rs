//! What workbooks hold beside plain cells, on real files; and the table of formats in the handbook, each row of which names a
//! sample that is there and a test that is there.

use crate::support::{project, shared};
use estante::feed;
use estante::feed::settings::FileSettings;
use estante::feed::sniff::discover;
use estante::product::record::{Cell, Records};
use std::path::{Path, PathBuf};

fn show(cell: Cell<'_>) -> String {
    match cell {
        Cell::Absent => "-".to_owned(),
        Cell::Text(text) => text.to_string(),
        Cell::Number(text) => format!("#{text}"),
        Cell::Boolean(value) => format!("?{value}"),
        Cell::Moment(text) => format!("@{text}"),
        Cell::Error(text) => format!("!{text}"),
        Cell::List(cells) => cells.iter().map(show).collect::<Vec<_>>().join(", "),
    }
}

/// The first rows of a file of the shared data folder as `supplier add` finds them: sheet, line of the header, cells; or the
/// code of the refusal.
fn rows(path: &Path, whole: bool) -> Result<String, String> {
    let refused = |error: feed::failure::FeedError| {
        assert!(!error.help().is_empty(), "{error}");
        format!("{}: {}", error.code(), error.message())
    };
    let settings = FileSettings {
        header_row: whole.then_some(0),
        ..FileSettings::default()
    };
    let found = discover(path, "book", &settings, 100).map_err(refused)?;
    let mut out = found.sheet.clone().unwrap_or_default();
    let names: Vec<String> = found
        .columns
        .iter()
        .map(|column| column.header.clone())
        .take(6)
        .collect();
    if let Some(row) = found.header_row {
        out.push_str(&format!(" {row}: {}", names.join("|")));
    }
    let mut reading = feed::open(path, "book", 0, &found.settings("book"), &names).map_err(refused)?;
    let mut batch = Records::default();
    let mut count = 0;
    while reading.next(&mut batch).map_err(refused)? {
        for record in batch.iter().take(4 - count) {
            let cells: Vec<String> = (0..record.len()).map(|n| show(record.cell(n))).collect();
            out.push_str(&format!("\n{} {}", record.line(), cells.join("|")));
            count += 1;
        }
    }
    Ok(out)
}

/// Files, whether they have no header, and what comes out of them.
fn check(cases: &[(&str, bool, &str)]) {
    let Some(shared) = shared() else { return };
    let mut wrong = Vec::new();
    for (file, headless, expected) in cases {
        let found = rows(&shared.join("data").join(file), *headless).unwrap_or_else(|refused| refused);
        if found != *expected {
            wrong.push(format!("{file}:\n{found}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_first_visible_sheet_with_a_table_is_read() {
    check(&[
        (
            "csv-edge/frictionless/sheet2.xlsx",
            false,
            "Sheet2 1: id|name\n2 #1|english\n3 #2|中国人",
        ),
        (
            "csv-edge/frictionless/sheet2.xls",
            false,
            "Sheet2 1: id|name\n2 #1|english\n3 #2|中国人",
        ),
        (
            "xlsx/calamine/any_sheets.xlsx",
            true,
            "Visible\n1 #1|#2\n2 #3|#4\n3 #5|#6\n5 This workbook contains 4 sheets: Visible, Hidden, VeryHidden and Chart|-",
        ),
        (
            "xlsx/calamine/any_sheets.ods",
            true,
            "Visible\n1 #1|#2\n2 #3|#4\n3 #5|#6\n5 This workbook contains 4 sheets: Visible, Hidden, VeryHidden and Chart|-",
        ),
        (
            "xlsx/calamine/header-row.xlsx",
            false,
            "Sheet1 9: Columns|Column A|Column B|Column C\n10 put data here|#1|#2|#3",
        ),
    ]);
}

#[test]
fn days_of_both_systems_are_the_same_days() {
    check(&[
        (
            "xlsx/calamine/date.xlsx",
            true,
            "Sheet1\n1 @2021-01-01|#15\n2 @2021-01-02|#16\n3 255:10:10|#17",
        ),
        (
            "xlsx/calamine/date.xls",
            true,
            "Sheet1\n1 @2021-01-01|#15\n2 @2021-01-02|#16\n3 255:10:10|#17",
        ),
        (
            "xlsx/calamine/date.ods",
            true,
            "Sheet1\n1 @2021-01-01|#15\n2 @2021-01-01T10:10:10|#16\n3 10:10:10|#17\n4 10:10:10.12|#18",
        ),
        (
            "xlsx/calamine/date_1904.xlsx",
            true,
            "Sheet1\n1 @2021-01-01|#15\n2 @2021-01-02|#16\n3 255:10:10|#17",
        ),
        (
            "xlsx/calamine/date_1904.xls",
            true,
            "Sheet1\n1 @2021-01-01|#15\n2 @2021-01-02|#16\n3 255:10:10|#17",
        ),
        (
            "xlsx/calamine/date_iso.xlsx",
            true,
            "Sheet\n1 @2021-01-01\n2 @2021-01-01T10:10:10\n3 @10:10:10\n4 This workbook contains datetime in ISO 8601",
        ),
    ]);
}

#[test]
fn merged_cells_say_their_value_once() {
    check(&[
        (
            "xlsx/calamine/merge_cells.xlsx",
            true,
            "Sheet1\n1 Row Merge|-|Not Merged\n2 Column Merge|Chunk Merged|-",
        ),
        (
            "xlsx/calamine/merge_cells.xls",
            true,
            "Sheet1\n1 Row Merge|-|Not Merged\n2 Column Merge|Chunk Merged|-",
        ),
        (
            "xlsx/calamine/merged_cells.ods",
            true,
            "Sheet1\n1 A|B|C\n2 A|B|C\n3 -|-|C",
        ),
    ]);
}

#[test]
fn formulas_give_what_was_last_computed_and_errors_are_errors() {
    check(&[
        (
            "xlsx/calamine/errors.xlsx",
            true,
            "Feuil1\n1 !#DIV/0!\n2 !#NAME?\n3 !#VALUE!\n4 !#NULL!",
        ),
        (
            "xlsx/calamine/formula-date-format.xls",
            true,
            "Sheet1\n1 @2017-02-27\n2 @2017-02-28",
        ),
        (
            "hostile/generated/xlsx/formula_and_error_cells.xlsx",
            true,
            "S\n1 !#DIV/0!|!#N/A|!formula without a value|!1E+400|#45000",
        ),
    ]);
}

#[test]
fn binary_workbooks_hold_what_others_hold() {
    check(&[
        (
            "xlsx/calamine/any_sheets.xlsb",
            true,
            "Visible\n1 #1|#2\n2 #3|#4\n3 #5|#6\n5 This workbook contains 4 sheets: Visible, Hidden, VeryHidden and Chart|-",
        ),
        (
            "xlsx/calamine/date.xlsb",
            true,
            "Sheet1\n1 @2021-01-01|#15\n2 @2021-01-02|#16\n3 255:10:10|#17",
        ),
        (
            "xlsx/calamine/date_1904.xlsb",
            true,
            "Sheet1\n1 @2021-01-01|#15\n2 @2021-01-02|#16\n3 255:10:10|#17",
        ),
    ]);
}

#[test]
fn workbooks_that_cannot_be_read_are_refused_by_name() {
    check(&[
        (
            "xlsx/calamine/pass_protected.xlsx",
            false,
            "E-WORKBOOK-PASSWORD: the workbook is encrypted",
        ),
        (
            "xlsx/calamine/pass_protected.xlsb",
            false,
            "E-WORKBOOK-PASSWORD: the workbook is encrypted",
        ),
        (
            "xlsx/calamine/pass_protected.ods",
            false,
            "E-WORKBOOK-PASSWORD: the workbook is encrypted",
        ),
    ]);
}

/// All sources that may hold tests, as one text.
fn sources() -> String {
    let folders = ["src", "tests"].map(|folder| project().join(folder));
    let files = folders
        .iter()
        .flat_map(|folder| walkdir::WalkDir::new(folder).into_iter().flatten());
    files
        .filter(|entry| entry.path().extension().is_some_and(|ending| ending == "rs"))
        .map(|entry| std::fs::read_to_string(entry.path()).expect("a source is text"))
        // Tests stand indented in modules.
        .map(|text| {
            text.lines()
                .map(|line| format!("{}\n", line.trim_start()))
                .collect::<String>()
        })
        .collect()
}

/// What stands in backticks in a cell of a table.
fn quoted(cell: &str) -> Vec<&str> {
    cell.split('`').skip(1).step_by(2).collect()
}

/// Where a sample lies: in the project, or in the shared data folder, where that is there.
fn place(sample: &str) -> Option<PathBuf> {
    match sample.strip_prefix("../shared/") {
        Some(inside) => shared().map(|shared| shared.join(inside)),
        None => Some(project().join(sample)),
    }
}

/// Faults of a table whose last two columns name samples and tests, and the number of its rows.
fn faults(page: &str, sources: &str) -> (usize, Vec<String>) {
    let (mut rows, mut faults) = (0, Vec::new());
    for line in page
        .lines()
        .filter(|line| line.starts_with("| ") && !line.starts_with("| feature"))
    {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
        let [feature, .., samples, tests] = &cells[..] else {
            faults.push(format!("no row of four cells: {line}"));
            continue;
        };
        rows += 1;
        let (samples, tests) = (quoted(samples), quoted(tests));
        if cells.len() != 4 || samples.is_empty() || tests.is_empty() {
            faults.push(format!("{feature}: a sample or a test is missing"));
        }
        let is_absent = |sample: &&&str| place(sample).is_some_and(|path| !path.exists());
        let absent = samples.iter().filter(is_absent);
        faults.extend(absent.map(|sample| format!("{feature}: the sample {sample} is not there")));
        let is_unknown = |test: &&&str| !sources.contains(&format!("#[test]\nfn {test}("));
        let unknown = tests.iter().filter(is_unknown);
        faults.extend(unknown.map(|test| format!("{feature}: there is no test {test}")));
    }
    (rows, faults)
}

#[test]
fn every_row_of_the_table_of_formats_has_its_sample_and_its_test() {
    let page = std::fs::read_to_string(project().join("docs/formats.md")).expect("the page is there");
    let (rows, faults) = faults(&page, &sources());
    assert!(rows > 60, "only {rows} rows were found");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn rows_without_a_proof_are_seen() {
    let sources = "#[test]\nfn one_is_read() {}";
    let of = |row: &str| faults(row, sources).1.len();
    assert_eq!(of("| one | read | `README.md` | `one_is_read` |"), 0);
    assert_eq!(of("| one | read | `nowhere.csv` | `two_are_read` |"), 2);
    assert_eq!(of("| one | read | README.md | one_is_read |"), 1);
    assert_eq!(of("| one | read |"), 1);
}
