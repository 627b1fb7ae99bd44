//! `todo`: what waits for a person, as a table or one document.

use crate::cli::output::{Output, Table, count};
use crate::cli::progress::Drawn;
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::todo;

/// `todo`
pub fn todo(workspace: &Workspace, output: &Output) -> Result<u8, Failure> {
    let found = todo::todo(workspace, &Drawn::new(output))?;
    if output.json {
        output.document(serde_json::to_value(&found).unwrap_or_default());
        return Ok(0);
    }
    let mut table = Table::new(&["waiting", ">count", "see it with"]);
    for list in found.lists.iter().filter(|list| list.count > 0) {
        table.row(vec![list.name.clone(), count(list.count), list.command.clone()]);
    }
    match table.is_empty() {
        true => output.text("nothing waits\n"),
        false => output.text(&table.render(output)),
    }
    for note in &found.notes {
        output.say(note);
    }
    Ok(0)
}
