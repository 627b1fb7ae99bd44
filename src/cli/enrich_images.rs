//! `enrich images`: pictures found, measured, derived.

use crate::cli::output::{Output, Table, Tone, bytes, count, rounded, seconds};
use crate::cli::progress::Drawn;
use crate::workspace::Workspace;
use crate::workspace::failure::Failure;
use crate::workspace::images;
use crate::workspace::images::outcome::Imaged;
use serde_json::json;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// `enrich images`
pub fn enrich(mut workspace: Workspace, output: &Output) -> Result<u8, Failure> {
    let progress = Drawn::new(output);
    let imaged = images::enrich(&mut workspace, &progress)?;
    output.close(workspace)?;
    match output.json {
        true => output.document(document(&imaged)),
        false => output.text(&text(&imaged, output)),
    }
    Ok(0)
}

/// The document of the step, also part of a run's.
pub fn document(imaged: &Imaged) -> serde_json::Value {
    let channels: Vec<_> = imaged
        .channels
        .iter()
        .map(|channel| {
            json!({ "channel": channel.channel, "folder": channel.folder, "files": channel.files, "bytes": channel.bytes })
        })
        .collect();
    json!({
        "files": imaged.files,
        "matched": imaged.matched,
        "unmatched": imaged.unmatched,
        "ambiguous": imaged.ambiguous,
        "said": imaged.said,
        "absent": imaged.absent,
        "fetched": imaged.fetched,
        "products": imaged.products,
        "pictures": imaged.pictures,
        "refused": imaged.refused,
        "duplicates": imaged.duplicates,
        "alike": imaged.alike,
        "stand_ins": imaged.stand_ins,
        "made": imaged.made,
        "changed": imaged.changed,
        "batch": imaged.batch,
        "channels": channels,
        "sheet": imaged.sheet,
        "diagnostics": imaged.diagnostics,
        "changed_nothing": imaged.batch.is_none() && imaged.made == 0,
        "seconds": rounded(imaged.seconds),
    })
}

fn text(imaged: &Imaged, output: &Output) -> String {
    let mut text = line(imaged, output);
    if !imaged.channels.is_empty() {
        let mut table = Table::new(&["channel", "folder", ">pictures", ">size"]);
        for channel in &imaged.channels {
            table.row(vec![
                channel.channel.clone(),
                channel.folder.clone(),
                count(channel.files),
                bytes(channel.bytes),
            ]);
        }
        text.push_str(&table.render(output));
    }
    text.push_str(&output.findings(imaged.diagnostics.iter(), &BTreeMap::new()));
    if let Some(sheet) = &imaged.sheet {
        let _ = writeln!(text, "the defects are shown in {sheet}");
    }
    text
}

/// The line of a run's summary.
pub fn line(imaged: &Imaged, output: &Output) -> String {
    let mut parts = vec![format!(
        "{} at {} products",
        plural(imaged.pictures, "picture"),
        count(imaged.products)
    )];
    let other = [
        (imaged.made, "made for channels"),
        (imaged.fetched, "fetched"),
        (imaged.unmatched, "of no product"),
        (imaged.ambiguous, "of several products"),
        (imaged.absent, "named but not here"),
        (imaged.refused, "not usable"),
        (imaged.stand_ins, "stand-ins"),
    ];
    for (number, what) in other.into_iter().filter(|(number, _)| *number > 0) {
        parts.push(format!("{} {what}", count(number)));
    }
    let said = match imaged.batch {
        Some(batch) => format!(" (batch {batch})"),
        None => String::new(),
    };
    format!(
        "{} {}{said} {}\n",
        output.paint(Tone::Strong, "images:"),
        parts.join(", "),
        seconds(imaged.seconds)
    )
}

fn plural(number: u64, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        number => format!("{} {what}s", count(number)),
    }
}
