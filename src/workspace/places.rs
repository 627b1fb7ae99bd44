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
    pub rule: Option<String>,
}

/// The files of a batch, and by attribute key the column and rule that filled it.
type Delivered = (Vec<String>, BTreeMap<String, (String, String)>);

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
        if !self.batches.contains_key(&origin.batch) {
            if self.batches.len() >= REMEMBERED {
                self.batches.clear();
            }
            let files = self
                .reader
                .batch(origin.batch)?
                .map(|batch| batch.files)
                .unwrap_or_default();
            let files = files.into_iter().map(|file| file.path).collect();
            self.batches
                .insert(origin.batch, (files, self.reader.batch_columns(origin.batch)?));
        }
        let Some((files, columns)) = self.batches.get(&origin.batch) else {
            return Ok(ShownPlace::default());
        };
        let told = columns.get(&self.workspace.settings.schema.key_text(key));
        Ok(ShownPlace {
            file: files.get(origin.file as usize).filter(|_| origin.line > 0).cloned(),
            line: Some(origin.line).filter(|line| *line > 0),
            column: told
                .map(|(column, _)| column.clone())
                .filter(|column| !column.is_empty()),
            rule: told.map(|(_, rule)| rule.clone()).filter(|rule| !rule.is_empty()),
        })
    }
}
