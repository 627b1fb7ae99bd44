//! Chains of steps: text in, text out, checked before the first row.
//!
//! A field's steps are compiled once; applying them to a cell allocates only where a text changes. What the text means as
//! a value is left to `value` and `mapping`, which read it afterwards.

pub mod list;
pub mod lookup;
pub mod number;
pub mod parts;
pub mod text;
pub mod texts;

#[cfg(test)]
mod tests;

use crate::transform::lookup::Word;
use crate::transform::number::Calculation;
use crate::transform::parts::PackPart;
use crate::transform::texts::Texts;
use crate::value::mismatch::Mismatch;
use crate::value::number::Notation;
use crate::value::unit::Units;
use regex::Regex;
use rust_decimal::Decimal;
use std::borrow::Cow;

/// One step of a field. Steps on text work on each text where a cell holds several.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Step {
    /// Takes white space off both ends.
    ///
    /// Why: padded cells compare as different values. Example: `" Bosch "` gives `"Bosch"`.
    Trim,
    /// Makes every run of white space, line breaks too, one space.
    ///
    /// Why: names typed in a spreadsheet hold doubled blanks. Example: `"Taladro  GSR"` gives `"Taladro GSR"`.
    Squeeze,
    /// Makes all letters small.
    ///
    /// Why: codes and words of a list come in any case. Example: `"ROJO"` gives `"rojo"`.
    Lower,
    /// Makes all letters capitals.
    ///
    /// Why: some codes are capitals by convention. Example: `"gsr18v"` gives `"GSR18V"`.
    Upper,
    /// Gives each word a capital; small words stay small, words with digits stay as they are.
    ///
    /// Why: shouted names are refused by channels. Example: `"LLAVE DE TUBO 10MM"` gives `"Llave de Tubo 10MM"`.
    TitleCase,
    /// Gives each sentence a capital and makes the rest small; words with digits stay as they are.
    ///
    /// Why: shouted descriptions are refused by channels. Example: `"TALADRO 18V. NUEVO."` gives `"Taladro 18V. Nuevo."`.
    SentenceCase,
    /// Replaces a text wherever it stands.
    ///
    /// Why: abbreviations of a price list are none of the shop's. Example: `{ replace = { from = "C/", to = "con " } }`.
    Replace(Replace),
    /// Replaces what a pattern matches; `$1` or `${name}` put in what its groups matched.
    ///
    /// Why: order within a text differs. Example: `{ replace_regex = { pattern = "(\\d+)x(\\d+)", to = "$1 x $2" } }`.
    ReplaceRegex(ReplaceRegex),
    /// Takes a text off the front, where it stands there.
    ///
    /// Why: codes carry the supplier's letters. Example: `{ strip_prefix = "REF-" }` on `"REF-123"` gives `"123"`.
    StripPrefix(String),
    /// Takes a text off the end, where it stands there.
    ///
    /// Why: units and signs trail numbers. Example: `{ strip_suffix = "%" }` on `"21 %"` gives `"21"`.
    StripSuffix(String),
    /// Puts a text before one that says something; blank texts stay blank.
    ///
    /// Why: picture columns hold names without their folder. Example: `{ prefix = "fotos/" }`.
    Prefix(String),
    /// Puts a text behind one that says something; blank texts stay blank.
    ///
    /// Why: picture columns hold codes without an ending. Example: `{ suffix = ".jpg" }`.
    Suffix(String),
    /// Makes plain text of HTML: markup gone, references resolved, ends of paragraphs made line breaks.
    ///
    /// Why: markup in a name is shown as it stands. Example: `"<b>Uno</b> &amp; dos"` gives `"Uno & dos"`.
    PlainText,
    /// Keeps HTML to plain paragraphs, lists, headings and tables, well-formed and without attributes.
    ///
    /// Why: foreign markup breaks pages and may carry scripts. Example: `"<p onclick=x>Uno"` gives `"<p>Uno</p>"`.
    CleanHtml,
    /// Resolves character references, also where they were escaped more than once.
    ///
    /// Why: exports escape what was escaped. Example: `"10&amp;quot;"` gives `"10\""`.
    Unescape,
    /// Repairs UTF-8 that was once read as windows-1252, where the way back proves it.
    ///
    /// Why: one wrong export stays in a catalog for years. Example: `"PiÃ±a"` gives `"Piña"`.
    FixMojibake,
    /// Cuts after so many characters, between words.
    ///
    /// Why: channels refuse long titles. Example: `{ truncate = 12 }` on `"Taladro percutor"` gives `"Taladro"`.
    Truncate(u32),
    /// Keeps what stands before the first mark; all where there is none.
    ///
    /// Why: one cell holds a name and more. Example: `{ before = "," }` on `"Rojo, mate"` gives `"Rojo"`.
    Before(String),
    /// Keeps what stands behind the first mark; all where there is none.
    ///
    /// Why: one cell holds a label and a value. Example: `{ after = ":" }` on `"Color: rojo"` gives `"rojo"`.
    After(String),
    /// Keeps what the pattern's one group matches; blank where it does not match.
    ///
    /// Why: specifications hide in names. Example: `{ extract = "(\\d+) ?W" }` on `"Taladro 650 W"` gives `"650"`.
    Extract(String),
    /// Keeps the value of a name in a text of names and values; blank where the name is not there.
    ///
    /// Why: exports put all that has no column of its own into one cell. Example: `{ pair = { name = "color" } }` on
    /// `"size=XS,color=Black"` gives `"Black"`.
    Pair(Pair),
    /// Keeps the digits 0 to 9.
    ///
    /// Why: codes are printed in groups. Example: `"8 412345 678905"` gives `"8412345678905"`.
    Digits,
    /// Keeps one of the sides in a text, counted from 1, with its unit; blank where there are fewer.
    ///
    /// Why: one cell holds all sides. Example: `{ dimension = 2 }` on `"10x20x30 cm"` gives `"20 cm"`.
    Dimension(u8),
    /// Keeps how many pieces a pack has (`count`), or what one of them holds (`content`); blank where it is not said.
    ///
    /// Why: one cell holds both. Example: `{ pack = "count" }` on `"12PZ X 300ML"` gives `"12"`, `"content"` gives `"300ML"`.
    Pack(PackPart),
    /// Parts a text into several: trimmed, blank ones dropped.
    ///
    /// Why: one cell holds many pictures or colours. Example: `{ split = "|" }`.
    Split(String),
    /// Joins several texts into one.
    ///
    /// Why: a description is spread over columns. Example: `{ join = ", " }`.
    Join(String),
    /// Keeps the first of several texts.
    ///
    /// Why: an attribute holds one value. Example: `["a", "b"]` gives `"a"`.
    First,
    /// Keeps the last of several texts.
    ///
    /// Why: of a category path the last part counts. Example: `[{ split = ">" }, "last"]`.
    Last,
    /// Keeps one of several texts, counted from 1, or from the end with negative numbers; blank where there are fewer.
    ///
    /// Why: parts of a code have meanings of their own. Example: `[{ split = "-" }, { pick = 2 }]`.
    Pick(i32),
    /// Drops texts that were said before, and blank ones.
    ///
    /// Why: picture columns repeat the first picture. Example: `["a", "b", "a"]` gives `["a", "b"]`.
    Dedupe,
    /// Multiplies the number in a text, exactly.
    ///
    /// Why: a price per piece is wanted where the list says per hundred. Example: `{ multiply = "0.01" }`.
    Multiply(String),
    /// Divides the number in a text.
    ///
    /// Why: prices come in cents. Example: `{ divide = "100" }` on `"1250"` gives `"12.5"`.
    Divide(String),
    /// Adds to the number in a text; a negative number takes away.
    ///
    /// Why: a safety margin stays off the stock. Example: `{ add = "-2" }` on `"10"` gives `"8"`.
    Add(String),
    /// Adds several numbers up, exactly.
    ///
    /// Why: a price is a base and what a variant costs more. Example: `["99.90", "40"]` gives `"139.90"`.
    Sum,
    /// Rounds the number in a text to so many decimals, halves away from zero.
    ///
    /// Why: feeds leak calculation errors. Example: `{ round = 2 }` on `"27369.999999999996"` gives `"27370"`.
    Round(u32),
    /// Converts the number in a text from one unit to another of its dimension.
    ///
    /// Why: the supplier weighs in grams. Example: `{ convert = { from = "g", to = "kg" } }` on `"500"` gives `"0.5"`.
    Convert(Convert),
    /// Drops the sign of the number in a text.
    ///
    /// Why: returns are booked as negative stock. Example: `"-3"` gives `"3"`.
    Absolute,
    /// Says something where nothing is said.
    ///
    /// Why: a supplier leaves out what goes without saying. Example: `{ default = "new" }`.
    Default(String),
    /// Says one text where another is said; what is not that text may get its own.
    ///
    /// Why: flags stand for words. Example: `{ when_equals = { is = "S", then = "in stock", otherwise = "out of stock" } }`.
    WhenEquals(WhenEquals),
    /// Makes texts blank that say nothing in this column.
    ///
    /// Why: fillers are no values. Example: `{ blank_if = ["-", "sin definir"] }`.
    BlankIf(Vec<String>),
}

/// What to replace, and by what.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Replace {
    /// The text to look for, as it stands.
    pub from: String,
    /// What takes its place; blank to take it out.
    #[serde(default)]
    pub to: String,
}

/// A pattern to replace, and by what.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReplaceRegex {
    /// Pattern in the syntax of the Rust regex crate; `(?i)` in front makes it blind to case.
    pub pattern: String,
    /// What takes the place of each match, with `$1` or `${name}` for its groups; `$$` is a dollar sign.
    #[serde(default)]
    pub to: String,
}

/// A name whose value is wanted, in a text of names and values.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pair {
    /// The name, compared without regard to case.
    pub name: String,
    /// What stands between one pair and the next; default `,`.
    #[serde(default = "comma")]
    pub between: String,
    /// What stands between a name and its value; default `=`.
    #[serde(default = "equals")]
    pub is: String,
}

fn comma() -> String {
    ",".to_owned()
}

fn equals() -> String {
    "=".to_owned()
}

/// Two units of one dimension.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Convert {
    /// Unit of the number as it comes.
    pub from: String,
    /// Unit that is wanted.
    pub to: String,
}

/// A condition on the whole text, compared without surrounding spaces and without regard to case.
#[derive(Debug, Clone, PartialEq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WhenEquals {
    /// The text to compare with.
    pub is: String,
    /// What is said where it is equal.
    pub then: String,
    /// What is said where it is not; the text itself without this. Blank texts stay blank.
    #[serde(default)]
    pub otherwise: Option<String>,
}

/// Most steps of one field.
const MOST_STEPS: usize = 100;

/// Checked steps, ready to be applied to any number of cells.
#[derive(Debug, Clone, Default)]
pub struct Chain {
    actions: Vec<Action>,
}

/// A step with its patterns, numbers and words compiled.
#[derive(Debug, Clone)]
enum Action {
    Change(for<'a> fn(Cow<'a, str>) -> Cow<'a, str>),
    Replace(Box<str>, Box<str>),
    ReplaceRegex(Box<Regex>, Box<str>),
    StripPrefix(Box<str>),
    StripSuffix(Box<str>),
    Prefix(Box<str>),
    Suffix(Box<str>),
    Truncate(usize),
    Before(Box<str>),
    After(Box<str>),
    Extract(Box<Regex>),
    Pair(Box<Pair>),
    Dimension(usize),
    Pack(PackPart),
    Split(Box<str>),
    Join(Box<str>),
    Pick(i32),
    Dedupe,
    Sum,
    Calculate(Calculation),
    Default(Box<str>),
    WhenEquals(Word, Box<str>, Option<Box<str>>),
    BlankIf(Vec<Word>),
}

impl Chain {
    /// Checks steps whole and compiles them. Every fault is told, with the number of its step.
    pub fn compile(steps: &[Step], units: &Units) -> Result<Chain, Vec<Mismatch>> {
        let mut actions = Vec::with_capacity(steps.len());
        let mut faults = Vec::new();
        if steps.len() > MOST_STEPS {
            faults.push(fault(
                format!("a field of more than {MOST_STEPS} steps"),
                "join them, or prepare the feed",
            ));
        }
        // A cell may hold one text or several; after these steps it certainly holds one.
        let mut single: Option<&str> = None;
        for (n, step) in steps.iter().enumerate().take(MOST_STEPS) {
            let name = step.name();
            if let (Some(before), Step::Join(_) | Step::First | Step::Last | Step::Pick(_) | Step::Sum | Step::Dedupe) =
                (single, step)
            {
                let mismatch = fault(
                    format!("{name} wants several texts, and {before} left one"),
                    "take one of the two away",
                );
                faults.push(numbered(n, name, mismatch));
            }
            match step {
                Step::Join(_) | Step::First | Step::Last | Step::Pick(_) | Step::Sum => single = Some(name),
                Step::Split(_) => single = None,
                _ => {}
            }
            match action(step, units) {
                Ok(action) => actions.push(action),
                Err(mismatch) => faults.push(numbered(n, name, mismatch)),
            }
        }
        if faults.is_empty() {
            Ok(Chain { actions })
        } else {
            Err(faults)
        }
    }

    /// True where several numbers are added up.
    pub fn sums(&self) -> bool {
        self.actions.iter().any(|action| matches!(action, Action::Sum))
    }

    /// True where there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.actions.is_empty()
    }

    /// Applies the steps to a cell's texts. Numbers are read and written in the given notation.
    pub fn apply<'a>(&'a self, mut texts: Texts<'a>, numbers: Notation) -> Result<Texts<'a>, Mismatch> {
        for action in &self.actions {
            texts = match action {
                Action::Change(change) => texts.each(|text| Ok(change(text)))?,
                Action::Replace(from, to) => texts.each(|text| text::replace(text, from, to))?,
                Action::ReplaceRegex(pattern, to) => texts.each(|text| text::replace_regex(text, pattern, to))?,
                Action::StripPrefix(prefix) => texts.each(|text| Ok(text::strip_prefix(text, prefix)))?,
                Action::StripSuffix(suffix) => texts.each(|text| Ok(text::strip_suffix(text, suffix)))?,
                Action::Prefix(prefix) => texts.each(|text| text::prefix(text, prefix))?,
                Action::Suffix(suffix) => texts.each(|text| text::suffix(text, suffix))?,
                Action::Truncate(most) => texts.each(|text| Ok(text::truncate(text, *most)))?,
                Action::Before(mark) => texts.each(|text| Ok(text::before(text, mark)))?,
                Action::After(mark) => texts.each(|text| Ok(text::after(text, mark)))?,
                Action::Extract(pattern) => texts.each(|text| Ok(text::extract(text, pattern)))?,
                Action::Pair(pair) => texts.each(|text| Ok(text::pair(text, &pair.name, &pair.between, &pair.is)))?,
                Action::Dimension(n) => texts.each(|text| parts::side(text, *n))?,
                Action::Pack(wanted) => texts.each(|text| parts::pack(text, *wanted))?,
                Action::Split(mark) => list::split(texts, mark)?,
                Action::Join(mark) => list::join(texts, mark)?,
                Action::Pick(n) => list::pick(texts, *n),
                Action::Dedupe => list::dedupe(texts),
                Action::Sum => number::sum(texts, numbers)?,
                Action::Calculate(what) => texts.each(|text| number::calculate(text, what, numbers))?,
                Action::Default(default) => lookup::default(texts, default),
                Action::WhenEquals(is, then, otherwise) => {
                    texts.each(|text| Ok(lookup::when_equals(text, is, then, otherwise.as_deref())))?
                }
                Action::BlankIf(words) => texts.each(|text| Ok(lookup::blank_if(text, words)))?,
            };
        }
        Ok(texts)
    }
}

fn fault(message: impl Into<String>, help: &str) -> Mismatch {
    Mismatch::new("E-STEP", message).with_help(help)
}

fn numbered(n: usize, name: &str, mismatch: Mismatch) -> Mismatch {
    Mismatch {
        message: format!("step {} ({name}): {}", n + 1, mismatch.message),
        ..mismatch
    }
}

fn action(step: &Step, units: &Units) -> Result<Action, Mismatch> {
    let mark = |mark: &str| -> Result<Box<str>, Mismatch> {
        if mark.is_empty() {
            Err(fault("an empty text to look for", "write the text, in quotes"))
        } else {
            Ok(mark.into())
        }
    };
    Ok(match step {
        Step::Trim => Action::Change(text::trim),
        Step::Squeeze => Action::Change(text::squeeze),
        Step::Lower => Action::Change(text::lower),
        Step::Upper => Action::Change(text::upper),
        Step::TitleCase => Action::Change(text::title_case),
        Step::SentenceCase => Action::Change(text::sentence_case),
        Step::PlainText => Action::Change(text::plain_text),
        Step::CleanHtml => Action::Change(text::clean_html),
        Step::Unescape => Action::Change(text::unescape),
        Step::FixMojibake => Action::Change(text::fix_mojibake),
        Step::Digits => Action::Change(text::digits),
        Step::Replace(replace) => Action::Replace(mark(&replace.from)?, replace.to.as_str().into()),
        Step::ReplaceRegex(replace) => {
            let pattern = text::pattern(&replace.pattern)?;
            if let Some(group) = text::unknown_group(&pattern, &replace.to) {
                return Err(fault(
                    format!("the replacement names the group {group}, which the pattern does not have"),
                    "write ${1}x where a letter follows the number of a group, and $$ for a dollar sign",
                ));
            }
            Action::ReplaceRegex(Box::new(pattern), replace.to.as_str().into())
        }
        Step::StripPrefix(prefix) => Action::StripPrefix(mark(prefix)?),
        Step::StripSuffix(suffix) => Action::StripSuffix(mark(suffix)?),
        Step::Prefix(prefix) => Action::Prefix(mark(prefix)?),
        Step::Suffix(suffix) => Action::Suffix(mark(suffix)?),
        Step::Truncate(0) => {
            return Err(fault(
                "no character would be left",
                "say how many characters stay, from 1",
            ));
        }
        Step::Truncate(most) => Action::Truncate(*most as usize),
        Step::Before(text) => Action::Before(mark(text)?),
        Step::After(text) => Action::After(mark(text)?),
        Step::Pair(pair) => {
            mark(&pair.between)?;
            mark(&pair.is)?;
            Action::Pair(Box::new(Pair {
                name: pair.name.trim().to_lowercase(),
                ..pair.clone()
            }))
        }
        Step::Extract(pattern) => {
            let pattern = text::pattern(pattern)?;
            if pattern.captures_len() != 2 {
                return Err(fault(
                    format!(
                        "a pattern with {} groups, where one is wanted",
                        pattern.captures_len() - 1
                    ),
                    "put parentheses around what to keep; (?:…) groups without keeping",
                ));
            }
            Action::Extract(Box::new(pattern))
        }
        Step::Dimension(n) if !(1..=parts::MOST).contains(&usize::from(*n)) => {
            return Err(fault(
                format!("there is no side number {n}"),
                "sides are counted from 1 to 4, in the order in which the text says them",
            ));
        }
        Step::Dimension(n) => Action::Dimension(usize::from(*n)),
        Step::Pack(wanted) => Action::Pack(*wanted),
        Step::Split(text) => Action::Split(mark(text)?),
        Step::Join(mark) => Action::Join(mark.as_str().into()),
        Step::First => Action::Pick(1),
        Step::Last => Action::Pick(-1),
        Step::Pick(0) => {
            return Err(fault(
                "there is no text number 0",
                "texts are counted from 1, or from the end with -1",
            ));
        }
        Step::Pick(n) => Action::Pick(*n),
        Step::Dedupe => Action::Dedupe,
        Step::Sum => Action::Sum,
        Step::Multiply(factor) => Action::Calculate(Calculation::Multiply(number::setting(factor)?)),
        Step::Divide(divisor) => {
            let divisor = number::setting(divisor)?;
            if divisor == Decimal::ZERO {
                return Err(fault("a division by zero", "write the number to divide by"));
            }
            Action::Calculate(Calculation::Divide(divisor))
        }
        Step::Add(term) => Action::Calculate(Calculation::Add(number::setting(term)?)),
        Step::Round(decimals) if *decimals > 28 => {
            return Err(fault(
                "more decimals than the 28 that are kept exactly",
                "round to fewer decimals",
            ));
        }
        Step::Round(decimals) => Action::Calculate(Calculation::Round(*decimals)),
        Step::Convert(convert) => Action::Calculate(Calculation::Convert(number::conversion(
            units,
            &convert.from,
            &convert.to,
        )?)),
        Step::Absolute => Action::Calculate(Calculation::Absolute),
        Step::Default(text) => Action::Default(mark(text)?),
        Step::WhenEquals(when) => Action::WhenEquals(
            Word::new(&when.is),
            when.then.as_str().into(),
            when.otherwise.as_deref().map(Into::into),
        ),
        Step::BlankIf(words) => Action::BlankIf(words.iter().map(|word| Word::new(word)).collect()),
    })
}

impl Step {
    /// The step as settings write it.
    pub fn name(&self) -> &'static str {
        match self {
            Step::Trim => "trim",
            Step::Squeeze => "squeeze",
            Step::Lower => "lower",
            Step::Upper => "upper",
            Step::TitleCase => "title_case",
            Step::SentenceCase => "sentence_case",
            Step::Replace(_) => "replace",
            Step::ReplaceRegex(_) => "replace_regex",
            Step::StripPrefix(_) => "strip_prefix",
            Step::StripSuffix(_) => "strip_suffix",
            Step::Prefix(_) => "prefix",
            Step::Suffix(_) => "suffix",
            Step::PlainText => "plain_text",
            Step::CleanHtml => "clean_html",
            Step::Unescape => "unescape",
            Step::FixMojibake => "fix_mojibake",
            Step::Truncate(_) => "truncate",
            Step::Before(_) => "before",
            Step::After(_) => "after",
            Step::Pair(_) => "pair",
            Step::Extract(_) => "extract",
            Step::Digits => "digits",
            Step::Dimension(_) => "dimension",
            Step::Pack(_) => "pack",
            Step::Split(_) => "split",
            Step::Join(_) => "join",
            Step::First => "first",
            Step::Last => "last",
            Step::Pick(_) => "pick",
            Step::Dedupe => "dedupe",
            Step::Sum => "sum",
            Step::Multiply(_) => "multiply",
            Step::Divide(_) => "divide",
            Step::Add(_) => "add",
            Step::Round(_) => "round",
            Step::Convert(_) => "convert",
            Step::Absolute => "absolute",
            Step::Default(_) => "default",
            Step::WhenEquals(_) => "when_equals",
            Step::BlankIf(_) => "blank_if",
        }
    }
}
