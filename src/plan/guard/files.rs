//! What is wrong with a delivery's files as a whole.

use crate::diagnostic::{Diagnostic, Place};
use crate::plan::guard::settings::Guards;
use crate::product::batch::DeliveredFile;

/// What is wrong with a file as a whole: a delivery with one of these is no measure for the next.
pub const OF_FILES: [&str; 6] = [
    "G-CUT-SHORT",
    "G-FEW-ROWS",
    "G-NO-LAST-LINE-END",
    "G-NO-ROWS",
    "G-SMALL-FILE",
    "G-STALE-FILE",
];
/// What a batch says that takes in the last of what another held, whose number is the value: its files are a measure after all.
pub const ACCEPTED: &str = "I-DELIVERY-ACCEPTED";

/// Says what is wrong with the files of a delivery as a whole, looking at those of the last deliveries, the newest first.
pub fn judge_files(
    files: &[DeliveredFile],
    earlier: &[Vec<DeliveredFile>],
    snapshot: bool,
    guards: &Guards,
) -> Vec<Diagnostic> {
    let mut reasons = Vec::new();
    let place = || Place::file(files.first().map_or("", |file| file.path.as_str()));
    if guards.no_rows && files.iter().all(|file| file.rows == 0) {
        reasons.push(
            Diagnostic::error("G-NO-ROWS", "the delivery has a header and no rows")
                .at(place())
                .with_help("nothing is withdrawn; ask the supplier for the whole file"),
        );
    }
    let rows: u64 = files.iter().map(|file| file.rows).sum();
    if let Some(least) = guards
        .least_rows
        .filter(|least| snapshot && (1..*least).contains(&rows))
    {
        reasons.push(
            Diagnostic::error(
                "G-FEW-ROWS",
                format!("the delivery has {rows} rows, and at least {least} are expected"),
            )
            .at(place())
            .with_help(
                "nothing of it is taken: ask the supplier for the whole file, or lower `least_rows` for this supplier",
            ),
        );
    }
    let newline = |files: &[DeliveredFile]| files.iter().all(|file| file.ends_with_newline);
    if guards.last_line_end && earlier.first().is_some_and(|files| newline(files)) && !newline(files) {
        let message = "the file does not end with a line end, and its predecessor did";
        reasons.push(
            Diagnostic::error("G-NO-LAST-LINE-END", message)
                .at(place())
                .with_help("the last row may be cut short: fetch the file again, or add the line end if it is whole; where it comes like that, say `last_line_end = false`"),
        );
    }
    if snapshot && earlier.len() >= 2 {
        let whole = |files: &[DeliveredFile]| files.iter().map(|file| file.bytes).sum::<u64>();
        let mut sizes: Vec<u64> = earlier.iter().map(|files| whole(files)).collect();
        sizes.sort_unstable();
        let (median, size) = (sizes[sizes.len() / 2], whole(files));
        if size < median && !guards.least_size.exceeded(size as usize, median as usize) {
            let message = format!("the delivery has {size} bytes, its predecessors had {median} in the median");
            reasons.push(
                Diagnostic::error("G-SMALL-FILE", message)
                    .at(place())
                    .with_help("it is likely cut short: fetch it again, or lower `least_size` for this supplier"),
            );
        }
    }
    reasons
}
