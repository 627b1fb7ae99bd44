//! `init`: a workspace that works as it is.

use crate::cli::output::Output;
use crate::workspace::failure::Failure;
use crate::workspace::new;
use serde_json::json;
use std::path::Path;

/// `init [DIR]`
pub fn init(folder: &Path, output: &Output) -> Result<u8, Failure> {
    let written = new::init(folder)?;
    if output.json {
        output.document(json!({ "folder": folder.display().to_string(), "files": written }));
        return Ok(0);
    }
    let inside = if folder == Path::new(".") {
        String::new()
    } else {
        format!("cd {} && ", folder.display())
    };
    output.text(&format!(
        "{}\n\nA workspace stands in {}. Next, with any file of a supplier:\n  {inside}estante supplier add FILE\n  estante run\n",
        written.join("\n"),
        folder.display()
    ));
    Ok(0)
}
