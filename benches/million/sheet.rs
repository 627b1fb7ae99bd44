//! The sheet round trip: all products out to a workbook, back in untouched, and back in with one row in ten edited as a
//! spreadsheet program saves it.

use crate::child::{self, Cost};
use calamine::{Data, Reader, Xlsx, open_workbook};
use rust_xlsxwriter::{Format, Workbook};
use serde_json::Value;
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

/// One product in so many is edited.
const EVERY: usize = 10;

/// Measures the round trip of a workspace that was imported; gives the steps with what they cost.
pub fn measure(folder: &Path, threads: Option<u64>, rows: u64) -> Result<Vec<(String, Cost)>, String> {
    let sheet = folder.join("all.xlsx");
    let shown = sheet.to_string_lossy().into_owned();
    let mut figures = Vec::new();
    let mut step = |name: &str, args: &[&str], expected: &[(&str, u64)]| -> Result<Value, String> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_estante"));
        command.arg("-C").arg(folder).args(["--json", "--quiet"]);
        if let Some(threads) = threads {
            command.args(["--threads", &threads.to_string()]);
        }
        let cost = child::run(command.args(args)).map_err(|e| format!("{name}: {e}"))?;
        let answer: Value =
            serde_json::from_str(&cost.out).map_err(|e| format!("{name}: no JSON: {e}: {}", cost.out))?;
        for (key, count) in expected {
            if answer[*key].as_u64() != Some(*count) {
                return Err(format!("{name}: `{key}` should be {count}: {answer:#}"));
            }
        }
        figures.push((name.to_owned(), cost));
        Ok(answer)
    };
    let out = step("sheet out", &["sheet", "out", "-o", &shown], &[("rows", rows)])?;
    let bytes = std::fs::metadata(&sheet).map_or(0, |there| there.len());
    println!(
        "{rows} rows, {} columns of values, {:.1} MB",
        out["columns"],
        bytes as f64 / 1e6
    );
    step(
        "sheet in, untouched",
        &["sheet", "in", &shown],
        &[("unchanged", rows), ("changed", 0)],
    )?;
    let edited = edit(&sheet).map_err(|e| format!("{shown}: {e}"))?;
    let changed = [("changed", edited), ("unchanged", rows - edited)];
    step("sheet in, one row in ten edited", &["sheet", "in", &shown], &changed)?;
    step("the same, applied", &["sheet", "in", &shown, "--apply"], &changed)?;
    Ok(figures)
}

/// Gives a shop seven more attributes with values, out of columns that its list has, so that a sheet of it has thirty columns of values.
pub fn widen(folder: &Path) -> std::io::Result<()> {
    const MORE: [(&str, &str, &str); 7] = [
        ("long_name", "text", "Nombre"),
        ("pitch", "text", "Descripción"),
        ("inner_material", "text", "Material"),
        ("grams", "integer", "Peso (g)"),
        ("reach", "integer", "Largo"),
        ("depth", "integer", "Ancho"),
        ("support_months", "integer", "Garantía"),
    ];
    let (schema, supplier) = (
        folder.join("schemas/products.toml"),
        folder.join("suppliers/norte/supplier.toml"),
    );
    let mut names = String::new();
    let (mut attributes, mut fields) = (String::new(), std::fs::read_to_string(&supplier)?);
    for (code, kind, column) in MORE {
        let _ = write!(names, " \"{code}\",");
        let _ = write!(
            attributes,
            "\n[attributes.{code}]\nkind = \"{kind}\"\nlabels = {{ es = \"{code}\" }}\n"
        );
        let _ = write!(fields, "\n[fields.{code}]\ncolumn = \"{column}\"\n");
    }
    let last = "\"country_of_origin\",";
    let text = std::fs::read_to_string(&schema)?.replace(last, &format!("{last}{names}"));
    std::fs::write(&schema, text + &attributes)?;
    std::fs::write(&supplier, fields)
}

/// Changes a name in every tenth row and saves the workbook as another program does; gives the number of edits.
pub fn edit(sheet: &Path) -> Result<u64, Box<dyn std::error::Error>> {
    let mut book: Xlsx<_> = open_workbook(sheet)?;
    let mut saved = Workbook::new();
    let day = Format::new().set_num_format("yyyy-mm-dd");
    let mut edits = 0;
    for (n, name) in book.sheet_names().into_iter().enumerate() {
        let range = book.worksheet_range(&name)?;
        let codes: Vec<String> = range
            .rows()
            .next()
            .unwrap_or_default()
            .iter()
            .map(ToString::to_string)
            .collect();
        let column = codes
            .iter()
            .position(|code| code.starts_with("name"))
            .filter(|_| n == 0);
        let sheet = saved.add_worksheet();
        sheet.set_name(&name)?;
        for (r, row) in range.rows().enumerate() {
            for (c, cell) in row.iter().enumerate() {
                let (at, place) = (r as u32, c as u16);
                match cell {
                    Data::String(text) if Some(c) == column && r >= 2 && (r - 2).is_multiple_of(EVERY) => {
                        sheet.write_string(at, place, format!("{text} (editado)"))?;
                        edits += 1;
                    }
                    Data::String(text) => {
                        sheet.write_string(at, place, text)?;
                    }
                    Data::Float(number) => {
                        sheet.write_number(at, place, *number)?;
                    }
                    Data::Int(number) => {
                        sheet.write_number(at, place, *number as f64)?;
                    }
                    Data::Bool(truth) => {
                        sheet.write_boolean(at, place, *truth)?;
                    }
                    Data::DateTime(moment) => {
                        sheet.write_number_with_format(at, place, moment.as_f64(), &day)?;
                    }
                    _ => {}
                }
            }
        }
    }
    saved.save(sheet)?;
    Ok(edits)
}
