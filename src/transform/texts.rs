//! One text or several, on their way through a chain of steps, borrowed as long as nothing changes them.
//!
//! What a step does to them is left to the files beside this one.

use crate::value::mismatch::Mismatch;
use std::borrow::Cow;

/// Longest text that a step may make, in bytes. Checked before the memory is spent: a replacement in a feed's text must not
/// grow a megabyte into a gigabyte.
pub const LONGEST: usize = 4 * 1024 * 1024;

/// Most values that one cell may be parted into.
pub const MOST: usize = 10_000;

/// One text or several. A blank text says nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Texts<'a> {
    One(Cow<'a, str>),
    Many(Vec<Cow<'a, str>>),
}

impl<'a> Texts<'a> {
    /// A single text, borrowed.
    pub fn one(text: &'a str) -> Texts<'a> {
        Texts::One(Cow::Borrowed(text))
    }

    /// The texts in order.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.as_slice().iter().map(|text| &**text)
    }

    /// The texts in order, as they are held.
    pub fn as_slice(&self) -> &[Cow<'a, str>] {
        match self {
            Texts::One(text) => std::slice::from_ref(text),
            Texts::Many(texts) => texts,
        }
    }

    /// True where nothing is said: no text, or blank ones only.
    pub fn is_blank(&self) -> bool {
        self.iter().all(|text| text.trim().is_empty())
    }

    /// The first text, or `""`.
    pub fn first(&self) -> &str {
        self.as_slice().first().map_or("", |text| text)
    }

    /// Takes the texts out, in order.
    pub fn into_vec(self) -> Vec<Cow<'a, str>> {
        match self {
            Texts::One(text) => vec![text],
            Texts::Many(texts) => texts,
        }
    }

    /// Changes each text by itself.
    pub fn each(self, change: impl Fn(Cow<'a, str>) -> Result<Cow<'a, str>, Mismatch>) -> Result<Texts<'a>, Mismatch> {
        Ok(match self {
            Texts::One(text) => Texts::One(change(text)?),
            Texts::Many(mut texts) => {
                for text in &mut texts {
                    *text = change(std::mem::take(text))?;
                }
                Texts::Many(texts)
            }
        })
    }
}

/// A part of the text, borrowed where the text is.
pub fn narrow<'a>(text: Cow<'a, str>, cut: impl for<'b> Fn(&'b str) -> &'b str) -> Cow<'a, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(cut(text)),
        Cow::Owned(text) => {
            let kept = cut(&text);
            if kept.len() == text.len() {
                Cow::Owned(text)
            } else {
                Cow::Owned(kept.to_string())
            }
        }
    }
}

/// The text made anew where `change` gives one.
pub fn renew<'a>(text: Cow<'a, str>, change: impl Fn(&str) -> Option<String>) -> Cow<'a, str> {
    match change(&text) {
        Some(changed) => Cow::Owned(changed),
        None => text,
    }
}

/// Refuses a text that would become longer than the longest.
pub fn fits(bytes: usize) -> Result<(), Mismatch> {
    if bytes <= LONGEST {
        return Ok(());
    }
    Err(Mismatch::new(
        "E-STEP-SIZE",
        format!("a step would make a text of more than {} MiB", LONGEST / 1024 / 1024),
    )
    .with_help("check the replacements of the field's steps"))
}
