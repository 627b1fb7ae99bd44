//! Where a value was read: file, line, column and rule, looked up once for each batch.

use crate::catalog::Reader;
use crate::product::origin::Origin;
use crate::schema::scope::Key;
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use std::collections::BTreeMap;

/// The place of a value in what was delivered; empty where a person said it, or it was derived.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct ShownPlace {
    pub file: Option<String>,
    /// From 1.
    pub line: Option<u64>,
    pub column: Option<String>,
    /// The rule of the mapping; where an item went, the cause of it.
    pub rule: Option<String>,
}

/// What a batch brought.
#[derive(Default)]
struct Delivered {
    files: Vec<String>,
    /// The first so many of them were read, the others only looked up.
    read: usize,
    /// By attribute key, the column and rule that filled it.
    columns: BTreeMap<String, (String, String)>,
}

/// Batches that are remembered at once; the files of a folder may be thousands.
const REMEMBERED: usize = 256;

/// Names sources, batches and places for people; remembers what it looked up.
pub struct Shower<'w> {
    pub workspace: &'w Workspace,
    pub reader: &'w Reader,
    sources: BTreeMap<u16, String>,
    batches: BTreeMap<i64, Delivered>,
}

impl<'w> Shower<'w> {
    pub fn new(workspace: &'w Workspace, reader: &'w Reader) -> Result<Shower<'w>, Failure> {
        let sources = reader.sources()?.into_iter().map(|(id, name)| (id.0, name)).collect();
        Ok(Shower {
            workspace,
            reader,
            sources,
            batches: BTreeMap::new(),
        })
    }

    /// The name of a source, e.g. `supplier:aranda`.
    pub fn source(&self, source: u16) -> String {
        self.sources.get(&source).cloned().unwrap_or_default()
    }

    /// Where a value under this key was read.
    pub fn place(&mut self, key: Key, origin: Origin) -> Result<ShownPlace, Failure> {
        let key = self.workspace.settings.schema.key_text(key);
        let row = self.row(origin)?;
        let told = self.delivered(origin.batch)?.columns.get(&key);
        Ok(ShownPlace {
            column: told
                .map(|(column, _)| column.clone())
                .filter(|column| !column.is_empty()),
            rule: told.map(|(_, rule)| rule.clone()).filter(|rule| !rule.is_empty()),
            ..row
        })
    }

    /// The row where an item was read.
    pub fn row(&mut self, origin: Origin) -> Result<ShownPlace, Failure> {
        let files = &self.delivered(origin.batch)?.files;
        Ok(ShownPlace {
            file: files.get(origin.file as usize).filter(|_| origin.line > 0).cloned(),
            line: Some(origin.line).filter(|line| *line > 0),
            ..ShownPlace::default()
        })
    }

    /// Where a layer says that its item is sold no more: the row that took it off, or the delivery that did not have it, by its file
    /// where it is one. Nothing where the batch delivered nothing.
    pub fn end(&mut self, origin: Origin, is_taken_off: bool) -> Result<ShownPlace, Failure> {
        let row = self.row(origin)?;
        let delivered = self.delivered(origin.batch)?;
        let read = delivered.files.get(..delivered.read).unwrap_or_default();
        Ok(match (read, is_taken_off) {
            ([], _) => ShownPlace::default(),
            (_, true) => ShownPlace {
                rule: Some("taken off by its row".to_owned()),
                ..row
            },
            (files, false) => ShownPlace {
                file: files.first().filter(|_| files.len() == 1).cloned(),
                rule: Some("not in the delivery".to_owned()),
                ..ShownPlace::default()
            },
        })
    }

    fn delivered(&mut self, batch: i64) -> Result<&Delivered, Failure> {
        if !self.batches.contains_key(&batch) {
            if self.batches.len() >= REMEMBERED {
                self.batches.clear();
            }
            let files = self.reader.batch(batch)?.map(|batch| batch.files).unwrap_or_default();
            let delivered = Delivered {
                read: files.iter().take_while(|file| file.table.is_none()).count(),
                files: files.into_iter().map(|file| file.path).collect(),
                columns: self.reader.batch_columns(batch)?,
            };
            self.batches.insert(batch, delivered);
        }
        Ok(self.batches.entry(batch).or_default())
    }
}
