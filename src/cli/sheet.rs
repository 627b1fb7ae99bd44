//! `sheet`: products out to a workbook, and the workbook back in.

use crate::cli::fail_on::FailOn;
use crate::cli::import;
use crate::cli::output::{Output, Table, Tone, count, rounded, seconds};
use crate::cli::progress::Drawn;
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::sheet_in::{SheetIn, sheet_in};
use crate::workspace::sheet_out::{Wanted, sheet_out};
use clap::Subcommand;
use serde_json::json;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Changed products up to which the difference is shown at once.
const SHOWN: u64 = 20;

#[derive(Debug, Subcommand)]
pub enum SheetCommand {
    /// Write products into a workbook that an editor fills in.
    Out {
        /// SKUs, or a search; without it, everything.
        #[arg(value_name = "QUERY|SKU")]
        query: Vec<String>,
        /// The workbook to write.
        #[arg(short, long, value_name = "F.xlsx")]
        output: PathBuf,
        /// Only these attributes, by commas: `name@es,price`. An attribute without its locale stands for all of them.
        #[arg(long, value_name = "ATTR,…", value_delimiter = ',')]
        columns: Vec<String>,
        /// Locale of headers, options and notes; the catalog's first by default.
        #[arg(long, value_name = "L")]
        locale: Option<String>,
        /// Replace what lies there, even a sheet whose edits have not come in, or a file that is no sheet.
        #[arg(long)]
        force: bool,
    },
    /// Read an edited workbook: plan what it changes; with --apply, change it.
    In {
        /// The workbook.
        #[arg(value_name = "F.xlsx")]
        file: PathBuf,
        /// Apply the plan at once.
        #[arg(long)]
        apply: bool,
        /// From which findings on to end with exit code 4.
        #[arg(long, value_enum, default_value = "never")]
        fail_on: FailOn,
    },
}

/// `sheet out QUERY -o F.xlsx [--columns ATTR,…] [--locale L] [--force]` and `sheet in F.xlsx [--apply]`
pub fn dispatch(mut workspace: Workspace, command: &SheetCommand, output: &Output) -> Result<u8, Failure> {
    let progress = Drawn::new(output);
    match command {
        SheetCommand::Out {
            query,
            output: file,
            columns,
            locale,
            force,
        } => {
            let wanted = Wanted {
                query,
                file,
                columns,
                locale: locale.as_deref(),
                force: *force,
            };
            let written = sheet_out(&workspace, &wanted, &progress)?;
            match output.json {
                true => output.document(json!({
                    "file": written.file,
                    "rows": written.rows,
                    "columns": written.columns,
                    "seconds": rounded(written.seconds),
                })),
                false => output.text(&format!(
                    "{}: {} products, {} columns ({}); `estante sheet in {}` reads it back\n",
                    written.file,
                    count(written.rows),
                    count(written.columns),
                    seconds(written.seconds),
                    written.file
                )),
            }
            Ok(0)
        }
        SheetCommand::In { file, apply, fail_on } => {
            let came = sheet_in(&mut workspace, file, *apply, &progress)?;
            tell(&workspace, &came, output)?;
            output.close(workspace)?;
            Ok(code(&came, *fail_on))
        }
    }
}

/// 4 where something was refused or in conflict at or above what `--fail-on` says.
fn code(came: &SheetIn, fail_on: FailOn) -> u8 {
    // Not each finding is told, but each is counted.
    let refused = came.rejected + came.held > 0 || came.findings.keys().any(|code| code.starts_with("E-"));
    match fail_on {
        FailOn::Never => 0,
        FailOn::Blocked if refused => 4,
        FailOn::Degraded if refused || !came.findings.is_empty() => 4,
        FailOn::Blocked | FailOn::Degraded => 0,
    }
}

fn tell(workspace: &Workspace, came: &SheetIn, output: &Output) -> Result<(), Failure> {
    if output.json {
        let mut document = serde_json::to_value(came).unwrap_or_default();
        document["seconds"] = json!(rounded(came.seconds));
        output.document(document);
        return Ok(());
    }
    let mut text = format!("{}: {} products\n", came.file, count(came.read));
    let mut table = Table::new(&[">read", ">changed", ">unchanged", ">conflicts", ">rejected"]);
    let conflicts = came.findings.get("E-SHEET-CONFLICT").copied().unwrap_or(0);
    table.row(
        [came.read, came.changed, came.unchanged, conflicts, came.rejected]
            .map(count)
            .to_vec(),
    );
    text.push_str(&table.render(output));
    if !came.attributes.is_empty() {
        let changes: Vec<String> = (came.attributes.iter())
            .map(|(code, n)| format!("{code} {}", count(*n)))
            .collect();
        let _ = writeln!(text, "  values that change: {}", changes.join(", "));
    }
    text.push_str(&output.findings(came.diagnostics.iter(), &came.findings));
    output.text(&text);
    if let Some(plan) = came.plan.as_deref().filter(|_| came.changed <= SHOWN) {
        import::show(workspace, plan, (None, None), false, output)?;
    }
    let next = match (came.batch, &came.plan) {
        (Some(batch), _) => format!("applied as batch {batch}; `estante undo {batch}` takes it back"),
        (None, Some(plan)) => {
            format!("nothing was changed; `estante apply {plan}` applies it, `estante plan show {plan}` shows it")
        }
        (None, None) => "nothing to change".to_owned(),
    };
    output.text(&format!(
        "{} ({})\n",
        output.paint(Tone::Strong, &next),
        seconds(came.seconds)
    ));
    Ok(())
}
