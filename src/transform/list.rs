//! Steps between one text and several: part, join, pick, and drop repetitions.

use crate::transform::texts::{MOST, Texts, fits};
use crate::value::mismatch::Mismatch;
use crate::value::option;
use std::borrow::Cow;

/// Parts each text at the mark: members trimmed, blank ones dropped.
pub fn split<'a>(texts: Texts<'a>, mark: &str) -> Result<Texts<'a>, Mismatch> {
    let mut members: Vec<Cow<'a, str>> = Vec::new();
    for text in texts.into_vec() {
        let room = MOST - members.len();
        if text.matches(mark).take(room + 1).count() >= room {
            return Err(
                Mismatch::new("E-STEP-SIZE", format!("a cell of more than {MOST} values"))
                    .with_help("check the mark that the `split` step parts it at"),
            );
        }
        match text {
            Cow::Borrowed(text) => members.extend(parts(text, mark).map(Cow::Borrowed)),
            Cow::Owned(text) => members.extend(parts(&text, mark).map(|part| Cow::Owned(part.to_string()))),
        }
    }
    Ok(Texts::Many(members))
}

fn parts<'t, 'm>(text: &'t str, mark: &'m str) -> impl Iterator<Item = &'t str> + use<'t, 'm> {
    text.split(mark).map(str::trim).filter(|part| !part.is_empty())
}

/// Joins the texts that say something.
pub fn join<'a>(texts: Texts<'a>, mark: &str) -> Result<Texts<'a>, Mismatch> {
    let mut members = match texts {
        Texts::One(text) => return Ok(Texts::One(text)),
        Texts::Many(members) => members,
    };
    members.retain(|member| !member.trim().is_empty());
    if members.len() < 2 {
        return Ok(Texts::One(members.pop().unwrap_or_default()));
    }
    fits(members.iter().map(|member| member.len() + mark.len()).sum())?;
    Ok(Texts::One(Cow::Owned(members.join(mark))))
}

/// The `n`-th text, counted from 1, or from the end with negative numbers; blank past the ends.
pub fn pick<'a>(texts: Texts<'a>, n: i32) -> Texts<'a> {
    let mut members = match texts {
        Texts::One(text) => return Texts::One(if n == 1 || n == -1 { text } else { Cow::Borrowed("") }),
        Texts::Many(members) => members,
    };
    let away = n.unsigned_abs() as usize;
    let at = if n > 0 {
        away.checked_sub(1)
    } else {
        members.len().checked_sub(away)
    };
    match at.filter(|at| *at < members.len()) {
        Some(at) => Texts::One(members.swap_remove(at)),
        None => Texts::One(Cow::Borrowed("")),
    }
}

/// Drops texts that were said before, and blank ones; the first of each stays in its place.
pub fn dedupe<'a>(texts: Texts<'a>) -> Texts<'a> {
    match texts {
        Texts::One(text) => Texts::One(text),
        Texts::Many(mut members) => {
            members.retain(|member| !member.trim().is_empty());
            option::dedupe(&mut members);
            Texts::Many(members)
        }
    }
}
