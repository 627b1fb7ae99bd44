//! An edited cell against what went out and what the catalog says now.
//!
//! Untouched cells never come here: whatever happened to the catalog since, their editor said nothing.

use crate::diagnostic::Severity;
use crate::product::item::Said;
use crate::schema::scope::Key;
use crate::schema::typed::typed;
use crate::sheet::cell::{Form, Style};
use crate::sheet::columns::Column;
use crate::sheet::revision::Revision;
use crate::sheet::words::clears;
use crate::value::Value;
use crate::value::mismatch::Mismatch;

/// What becomes of an edited cell.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It says what it said, or what the catalog says by now.
    Nothing,
    /// The editor's layer says this from now on.
    Change(Key, Said),
    /// The catalog says something else than when the sheet went out, and the editor did too.
    Conflict(Key),
    /// It changes nothing, and a person should know why.
    Told(Severity, Mismatch),
}

/// A cell that was touched, with all it is held against.
#[derive(Debug, Clone, Copy)]
pub struct Touched<'t> {
    pub column: &'t Column,
    /// Place of the column among the layout's.
    pub place: usize,
    /// What the cell says now, or the error it holds.
    pub text: Result<&'t str, &'t str>,
    /// What its row said when it went out.
    pub revision: &'t Revision,
    /// What the catalog says now.
    pub now: Option<&'t Value>,
    /// What the editor's own layer says now.
    pub own: Option<&'t Value>,
}

/// Judges a touched cell.
pub fn judge(style: &Style<'_>, touched: &Touched<'_>) -> Verdict {
    let warning = |code, message: &str, help: &str| {
        Verdict::Told(Severity::Warning, Mismatch::new(code, message).with_help(help))
    };
    let Some(key) = touched.column.key else {
        return warning(
            "W-SHEET-COLUMN",
            "the schema no longer has this column",
            "take a fresh sheet, or put the attribute back into the schema",
        );
    };
    let Ok(text) = touched.text else {
        let mismatch = Mismatch::new("E-CELL-ERROR", "an error, or a number that its format does not allow");
        return Verdict::Told(
            Severity::Error,
            mismatch.with_help("write the value itself into the cell"),
        );
    };
    let now = style.form(key, touched.now);
    let has_moved = !touched.revision.said(touched.place, &now.text());
    let emptied = || {
        warning(
            "W-SHEET-EMPTIED",
            "an emptied cell says nothing: the value stays",
            "write #CLEAR or #BORRAR to take your own value back",
        )
    };
    if text.trim().is_empty() {
        return match now {
            Form::Blank => Verdict::Nothing,
            _ => emptied(),
        };
    }
    if text == now.text() {
        return Verdict::Nothing;
    }
    if touched.column.is_read_only || matches!(now, Form::Fixed(_)) {
        return warning(
            "W-SHEET-READ-ONLY",
            "this cell is for looking at only",
            "`estante product set` says such a value",
        );
    }
    if clears(text) {
        return match (touched.own, touched.now) {
            (None, None) => Verdict::Nothing,
            (None, Some(_)) => warning(
                "W-SHEET-NOT-SAID",
                "the value is not the editor's, so that nothing can be taken back",
                "`estante product show SKU --layers` tells who says it",
            ),
            (Some(_), _) if has_moved => Verdict::Conflict(key),
            (Some(_), _) => Verdict::Change(key, Said::Clear),
        };
    }
    let value = match typed(style.schema, key, text, style.currency) {
        Ok(value) => value,
        Err(mismatch) if mismatch.is_no_value() => return emptied(),
        Err(mismatch) => return Verdict::Told(Severity::Error, mismatch),
    };
    let written = style.form(key, Some(&value));
    if touched.now == Some(&value) || touched.revision.said(touched.place, &written.text()) {
        return Verdict::Nothing;
    }
    match has_moved {
        true => Verdict::Conflict(key),
        false => Verdict::Change(key, Said::Value(value)),
    }
}
