//! Items inside of each record, of JSON and of XML: how many there may be, and what is told of them.
//!
//! How they are found is left to the readers.

use crate::diagnostic::{Diagnostic, Place};
use crate::product::record::Cell;
use std::sync::Arc;

/// Items of one record.
const MOST: usize = 100_000;
/// Bytes of what the items that one record makes say together.
pub const MOST_BYTES: usize = 64 << 20;

/// The path of the record around an item that a field asks for; none where it asks for one inside of the item.
pub fn around(field: &str) -> Option<&str> {
    let path = field.trim().strip_prefix('^')?;
    path.strip_prefix(['.', '/'])
}

/// Whether a record may have so many items that each say this of the record around: so many cells (members of lists counted),
/// with so many bytes of text. A reader holds them once, but what reads its records makes values of them for each item.
pub fn fits(items: usize, cells: usize, bytes: usize) -> bool {
    let each = bytes.saturating_add(cells.saturating_mul(size_of::<Cell<'_>>()));
    items <= MOST && items.saturating_mul(each) <= MOST_BYTES
}

/// What is told of records without an item.
pub fn without_items(count: u64, shown: &Arc<str>) -> Vec<Diagnostic> {
    let message = format!("records without a member of the list that `items` under [file] names: {count}");
    let finding = Diagnostic::info("I-ITEMS-NONE", message).at(Place::file(shown.clone()));
    (count > 0).then_some(finding).into_iter().collect()
}

/// Why a record with too many items is refused.
pub fn too_many_items(shown: &Arc<str>, line: u64) -> Diagnostic {
    let message = format!("the record has more than {MOST} items, or what they say is more than is read");
    Diagnostic::error("E-ITEMS-SIZE", message)
        .at(Place::line(shown.clone(), line))
        .with_help(
            "correct `record` and `items` under [file]: a record is one product with its variants, or one category",
        )
}
