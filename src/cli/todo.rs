//! `todo`: what waits for a person, as a table or one document.

use crate::cli::output::{Output, Table, count};
use crate::cli::progress::Drawn;
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::todo;

/// `todo [--since BATCH]`
pub fn todo(workspace: &Workspace, since: Option<i64>, output: &Output) -> Result<u8, Failure> {
    let found = todo::todo(workspace, since, &Drawn::new(output))?;
    if output.json {
        output.document(serde_json::to_value(&found).unwrap_or_default());
        return Ok(0);
    }
    let mut table = Table::new(&["waiting", ">count", "first", "see it with"]);
    let waits = |list: &&todo::Worklist| list.count + list.without_product > 0;
    for list in found.lists.iter().filter(waits) {
        let first = list.first.first().cloned().unwrap_or_default();
        let counted = match list.without_product {
            0 => count(list.count),
            more => format!("{} +{}", count(list.count), count(more)),
        };
        table.row(vec![list.name.clone(), counted, first, list.command.clone()]);
        // Where the command tells why, the search finds the products.
        if let Some(query) = list.query.iter().find(|query| !list.command.contains(*query))
            && list.count > 0
        {
            let search = format!("estante search \"{query}\"");
            table.row(vec![String::new(), String::new(), String::new(), search]);
        }
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
