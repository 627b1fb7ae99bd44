//! Cells as the tests of the readers write them.

use crate::product::record::Cell;

/// `∅` for nothing, `#` before numbers, `?` before truths, `@` before moments, `!` before errors, lists in brackets.
pub fn show(cell: Cell<'_>) -> String {
    match cell {
        Cell::Absent => "∅".to_string(),
        Cell::Text(text) => text.to_string(),
        Cell::Number(text) => format!("#{text}"),
        Cell::Boolean(value) => format!("?{value}"),
        Cell::Moment(text) => format!("@{text}"),
        Cell::Error(text) => format!("!{text}"),
        Cell::List(cells) => format!("[{}]", cells.iter().map(show).collect::<Vec<_>>().join(", ")),
    }
}
