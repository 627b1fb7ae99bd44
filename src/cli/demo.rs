//! `demo`: the sample workspace, imported and exported, and what to try next.

use crate::cli::fail_on::FailOn;
use crate::cli::output::Output;
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::new;
use std::path::Path;

/// `demo [DIR]`
pub fn demo(folder: &Path, threads: Option<usize>, output: &Output) -> Result<u8, Failure> {
    let written = new::demo(folder)?;
    output.say(&format!("{} files written to {}", written.len(), folder.display()));
    let workspace = Workspace::open(folder, threads)?;
    let tries = new::tries(&workspace);
    let code = crate::cli::run::run(workspace, &[], &[], FailOn::Never, output)?;
    if !output.json {
        let mut text = format!("\nTry next:\n  cd {}\n", folder.display());
        for attempt in tries {
            text.push_str(&format!("  {attempt}\n"));
        }
        output.text(&text);
    }
    Ok(code)
}
