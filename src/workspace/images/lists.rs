//! Lists of pictures for names that say nothing: `file,sku` or `file,sku,position`.

use crate::diagnostic::{Diagnostic, Place};
use crate::workspace::settings::Settings;
use std::sync::Arc;

/// Largest list in bytes.
const LARGEST: u64 = 64 << 20;

/// A row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// Path relative to the workspace.
    pub file: String,
    pub sku: String,
    pub position: u32,
    pub place: Place,
}

/// Reads the lists; what does not read is a finding.
pub fn read(settings: &Settings, lists: &[String]) -> (Vec<Listed>, Vec<Diagnostic>) {
    let (mut rows, mut findings) = (Vec::new(), Vec::new());
    for list in lists {
        let path = settings.root.join(list);
        let shown: Arc<str> = Arc::from(list.as_str());
        let fault = |message: String, line: u64| {
            Diagnostic::warning("W-IMAGE-LIST", message)
                .at(Place::line(shown.clone(), line))
                .with_help("a list has the header file,sku or file,sku,position; files relative to the workspace")
        };
        let Ok(size) = std::fs::metadata(&path).map(|there| there.len()) else {
            findings.push(fault("there is no such list".to_owned(), 1));
            continue;
        };
        if size > LARGEST {
            findings.push(fault(format!("a list of {size} bytes, the limit is {LARGEST}"), 1));
            continue;
        }
        let mut reader = match csv::ReaderBuilder::new()
            .trim(csv::Trim::All)
            .flexible(true)
            .from_path(&path)
        {
            Ok(reader) => reader,
            Err(error) => {
                findings.push(fault(error.to_string(), 1));
                continue;
            }
        };
        let header = reader.headers().cloned().unwrap_or_default();
        let column = |name: &str| {
            header
                .iter()
                .position(|cell| cell.trim_start_matches('\u{feff}').eq_ignore_ascii_case(name))
        };
        let (Some(file), Some(sku)) = (column("file"), column("sku")) else {
            findings.push(fault("the columns `file` and `sku` are missing".to_owned(), 1));
            continue;
        };
        let position = column("position");
        for record in reader.records() {
            let record = match record {
                Ok(record) => record,
                Err(error) => {
                    let line = error.position().map_or(1, csv::Position::line);
                    findings.push(fault(error.to_string(), line));
                    continue;
                }
            };
            let line = record.position().map_or(1, csv::Position::line);
            let cell = |at: Option<usize>| at.and_then(|at| record.get(at)).unwrap_or_default().to_owned();
            let number = cell(position);
            let Ok(position) = (if number.is_empty() { Ok(0) } else { number.parse() }) else {
                findings.push(fault("the position is no number".to_owned(), line).with_value(&number));
                continue;
            };
            rows.push(Listed {
                file: cell(Some(file)),
                sku: cell(Some(sku)),
                position,
                place: Place::line(shown.clone(), line),
            });
        }
    }
    (rows, findings)
}
