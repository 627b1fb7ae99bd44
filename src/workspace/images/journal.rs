//! What was worked out since the state was last written, one line for each picture, so that a killed run loses none of it and
//! the state is written once, however many pictures there are.

use crate::workspace::failure::Failure;
use crate::workspace::images::state::{Line, VERSION, Worked, as_json, journal};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The journal of a run. Nothing is written before there is something to say.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    settings: u64,
    file: Option<File>,
}

impl Journal {
    /// For a store, and for the settings under which the pictures are looked at.
    pub fn new(store: &Path, settings: u64) -> Journal {
        Journal {
            path: journal(store),
            settings,
            file: None,
        }
    }

    /// Notes one picture. A line that a killed run left unfinished ends here.
    pub fn note(&mut self, worked: &Worked) -> Result<(), Failure> {
        let failed = |error: std::io::Error| Failure::io("write", &self.path, &error);
        let mut text = Vec::new();
        let file = match &mut self.file {
            Some(file) => file,
            none => {
                if let Some(folder) = self.path.parent() {
                    std::fs::create_dir_all(folder).map_err(failed)?;
                }
                let opened = OpenOptions::new().create(true).append(true).open(&self.path);
                text.push(b'\n');
                let (version, settings) = (VERSION, self.settings);
                line(&mut text, &Line::Begun { version, settings })?;
                none.insert(opened.map_err(failed)?)
            }
        };
        line(&mut text, &Line::Worked(Box::new(worked.clone())))?;
        file.write_all(&text).map_err(failed)
    }
}

fn line(text: &mut Vec<u8>, what: &Line) -> Result<(), Failure> {
    text.extend(as_json(what)?);
    text.push(b'\n');
    Ok(())
}
