//! Products out to a sheet: found, resolved on all cores, written in order, put in place only when whole.

use crate::catalog::Reader;
use crate::catalog::stored::ProductName;
use crate::diagnostic::Diagnostic;
use crate::product::Product;
use crate::schema::Schema;
use crate::schema::family::FamilyId;
use crate::schema::scope::Key;
use crate::sheet::MOST_ROWS;
use crate::sheet::cell::Style;
use crate::sheet::columns::{self, Column, Layout};
use crate::sheet::notes::notes;
use crate::sheet::words::Words;
use crate::sheet::write::{Line, SheetWriter, WriteError};
use crate::workspace::Workspace;
use crate::workspace::failure::{Failure, FailureKind};
use crate::workspace::parallel::in_order;
use crate::workspace::products::{Shelf, chunks, places};
use crate::workspace::progress::{Progress, Silent, Step};
use crate::workspace::refresh::locales;
use crate::workspace::search::named;
use crate::workspace::sheet_file::Book;
use crate::workspace::sheet_in::unread;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// Products that one thread prepares at a time.
const CHUNK: usize = 256;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct Wanted<'w> {
    /// A query or SKUs; nothing for all products.
    pub query: &'w [String],
    pub file: &'w Path,
    /// Attributes, with or without their scope; nothing for all that the products' families have.
    pub columns: &'w [String],
    /// Locale of labels and words; the catalog's first where none is said.
    pub locale: Option<&'w str>,
    /// Replace what lies there, also a sheet whose edits have not come in and a file that is none.
    pub force: bool,
}

/// A sheet that was written.
#[derive(Debug, Clone, serde::Serialize)]
pub struct SheetOut {
    pub file: String,
    pub rows: u64,
    /// Columns of values.
    pub columns: u64,
    pub seconds: f64,
}

/// Writes the products that a query means into a workbook.
pub fn sheet_out(workspace: &Workspace, wanted: &Wanted<'_>, progress: &dyn Progress) -> Result<SheetOut, Failure> {
    let begun = Instant::now();
    let settings = &workspace.settings;
    let schema = &settings.schema;
    let locale = locale(schema, wanted.locale)?;
    refuse_place(wanted.file)?;
    refuse_edited(workspace, wanted)?;
    let said = match wanted.columns {
        [] => None,
        names => Some(columns::named(schema, names).map_err(unknown_columns)?),
    };
    let names = products(workspace, wanted.query, progress)?;
    let trust = workspace.trust()?;
    let shelf = Shelf::new(settings, &trust);
    let parts = chunks(&names, CHUNK);
    progress.begin(&Step::Sheet, names.len() as u64);
    let keys = match said {
        Some(keys) => keys,
        None => usual(workspace, &shelf, &parts)?,
    };
    if keys.len() > columns::MOST {
        let message = format!(
            "the sheet would have {} columns of values, it may have {}",
            keys.len(),
            columns::MOST
        );
        return Err(Failure::usage(message).with_help("name those you need with --columns"));
    }
    let layout = Layout {
        locale: locale.to_owned(),
        columns: (keys.iter())
            .map(|key| Column::new(schema, *key, locale, settings.currency))
            .collect(),
    };
    let style = Style {
        schema,
        locale,
        words: Words::of(locale),
        currency: settings.currency,
    };
    let measured = measured(workspace);
    let folder = folder_of(wanted.file);
    let store = &settings.store;
    let broken = |error: WriteError| Failure::new(FailureKind::Broken, error.to_string());
    let mut writer = SheetWriter::begin(&style, &layout, names.len(), &folder).map_err(broken)?;
    in_order(
        workspace.threads,
        parts.len(),
        || Ok(Reader::open(store)?),
        |reader, n| {
            let products = whole(&shelf, reader, parts[n])?;
            let line = |product: &Product| Line::new(&style, &layout, product, notes(&style, product, &measured));
            Ok(products.iter().map(line).collect::<Vec<Line>>())
        },
        |lines| {
            let count = lines.len() as u64;
            for line in lines {
                writer.line(line).map_err(broken)?;
            }
            progress.advance(count);
            Ok(())
        },
    )?;
    let failed = |error: std::io::Error| Failure::io("write", wanted.file, &error);
    let mut maker = tempfile::Builder::new();
    maker.prefix(".sheet-").suffix(".part");
    // A passing file is its maker's alone, and a sheet is handed round.
    #[cfg(unix)]
    maker.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let part = maker.tempfile_in(&folder).map_err(failed)?;
    let mut out = std::io::BufWriter::with_capacity(1 << 18, part);
    writer.finish(&mut out).map_err(broken)?;
    out.flush().map_err(failed)?;
    let part = out.into_inner().map_err(|error| failed(error.into_error()))?;
    part.persist(wanted.file).map_err(|error| failed(error.error))?;
    progress.end();
    Ok(SheetOut {
        file: settings.shown(wanted.file),
        rows: names.len() as u64,
        columns: keys.len() as u64,
        seconds: begun.elapsed().as_secs_f64(),
    })
}

/// A sheet is an .xlsx in a folder that is there.
fn refuse_place(file: &Path) -> Result<(), Failure> {
    let is_xlsx = file.extension().is_some_and(|end| end.eq_ignore_ascii_case("xlsx"));
    if !is_xlsx {
        return Err(
            Failure::usage(format!("a sheet is an .xlsx, and {} would be none", file.display()))
                .with_help("give it a name that ends in .xlsx; channels write .csv"),
        );
    }
    let folder = folder_of(file);
    if !folder.is_dir() {
        return Err(Failure::usage(format!(
            "there is no folder {} to write {} into",
            folder.display(),
            file.file_name().unwrap_or_default().display()
        ))
        .with_help("make it, or name another"));
    }
    Ok(())
}

/// Edits that have not come in are somebody's work, and so is a file that is none of our sheets, or no longer reads as one.
fn refuse_edited(workspace: &Workspace, wanted: &Wanted<'_>) -> Result<(), Failure> {
    // A folder is never replaced: putting the sheet in place fails.
    if wanted.force || !wanted.file.exists() || wanted.file.is_dir() {
        return Ok(());
    }
    let shown = workspace.settings.shown(wanted.file);
    let unreadable = |failure: Failure| Failure {
        diagnostics: failure.diagnostics,
        ..Failure::conflict(format!("{shown} lies there and is no sheet that can be read"))
            .with_help("write to another file; --force replaces it")
    };
    let book = Book::open(workspace, wanted.file).map_err(unreadable)?;
    let rows = book.rows(&Silent::default()).map_err(unreadable)?;
    let edited = unread(workspace, &book, rows)?;
    if edited == 0 {
        return Ok(());
    }
    let message = format!("{shown} holds edits that are not in the catalog (rows: {edited})");
    let help = format!("`estante sheet in {shown}` reads them; write to another file, or over it with --force");
    Err(Failure::conflict(message).with_help(help))
}

fn folder_of(file: &Path) -> PathBuf {
    match file.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

fn locale<'s>(schema: &'s Schema, asked: Option<&'s str>) -> Result<&'s str, Failure> {
    let known = schema.locales();
    match asked {
        None => Ok(known.first().map_or("en", String::as_str)),
        Some(asked) if known.iter().any(|locale| locale == asked) => Ok(asked),
        Some(asked) => {
            let message = format!("the catalog has no locale `{}`", crate::diagnostic::excerpt(asked));
            Err(Failure::usage(message).with_help(format!("it has: {}", known.join(", "))))
        }
    }
}

fn unknown_columns(faults: Vec<crate::value::mismatch::Mismatch>) -> Failure {
    let told = faults.into_iter().map(|mismatch| {
        let finding = Diagnostic::error(mismatch.code, mismatch.message);
        match mismatch.help {
            Some(help) => finding.with_help(help),
            None => finding,
        }
    });
    Failure {
        diagnostics: told.collect(),
        ..Failure::usage("no sheet was written: --columns names what is not there")
    }
}

/// The products of a sheet in the order of the shelf.
fn products(workspace: &Workspace, query: &[String], progress: &dyn Progress) -> Result<Vec<ProductName>, Failure> {
    let all = query.iter().all(|word| matches!(word.trim(), "" | "*"));
    let (mut names, beyond) = match all {
        true => (workspace.reader()?.shelf(None)?, 0),
        false => {
            let found = named(workspace, query, MOST_ROWS, progress)?;
            (found.names, found.beyond)
        }
    };
    if beyond > 0 || names.len() > MOST_ROWS {
        return Err(
            Failure::usage(format!("a sheet has at most {MOST_ROWS} products")).with_help("narrow the query down")
        );
    }
    names.sort_by(|a, b| (a.place(), &a.sku).cmp(&(b.place(), &b.sku)));
    names.dedup_by_key(|name| name.id);
    Ok(names)
}

/// The columns that the products themselves ask for: one pass over what sources say, without what is derived.
fn usual(workspace: &Workspace, shelf: &Shelf<'_>, parts: &[&[ProductName]]) -> Result<Vec<Key>, Failure> {
    let (mut families, mut said): (BTreeSet<FamilyId>, BTreeSet<Key>) = Default::default();
    let store = &workspace.settings.store;
    in_order(
        workspace.threads,
        parts.len(),
        || Ok(Reader::open(store)?),
        |reader, n| {
            let (mut families, mut said): (BTreeSet<FamilyId>, BTreeSet<Key>) = Default::default();
            for place in places(parts[n]) {
                for product in shelf.said(reader, place)? {
                    families.extend(product.family);
                    said.extend(product.values.iter().map(|resolved| resolved.key));
                }
            }
            Ok((families, said))
        },
        |(some, keys)| {
            families.extend(some);
            said.extend(keys);
            Ok(())
        },
    )?;
    Ok(columns::usual(&workspace.settings.schema, &families, &said))
}

/// Channels and the locale each is measured in; the catalog's own where there is no channel.
fn measured(workspace: &Workspace) -> Vec<(u8, u8)> {
    let all = locales(workspace).into_iter().enumerate();
    let mut measured: Vec<(u8, u8)> = all.map(|(channel, locale)| (channel as u8, locale)).collect();
    if measured.len() > 1 {
        measured.remove(0);
    }
    measured
}

/// The products of these names, each as all of its place tell it, in their order.
pub fn whole(shelf: &Shelf<'_>, reader: &Reader, names: &[ProductName]) -> Result<Vec<Product>, Failure> {
    let mut products = Vec::with_capacity(names.len());
    for place in places(names) {
        let (variants, single): (Vec<ProductName>, Vec<ProductName>) =
            place.iter().cloned().partition(|name| name.model.is_some());
        let mut made = Vec::with_capacity(place.len());
        for name in &single {
            made.push(shelf.product(reader, name)?);
        }
        if let Some(first) = variants.first() {
            // Variants tell something of each other, also those that are not asked for.
            let siblings = shelf.siblings(reader, first)?;
            let all = if siblings.len() > variants.len() {
                siblings
            } else {
                variants
            };
            made.extend(shelf.group(reader, &all)?);
        }
        for name in place {
            if let Some(at) = made.iter().position(|product| product.id == name.id) {
                products.push(made.swap_remove(at));
            }
        }
    }
    Ok(products)
}
