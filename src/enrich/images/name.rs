//! What a file's name says: which product, and at which place among its pictures.
//!
//! Which products there are is left to the caller: a name gives candidates, the most exact first.

use crate::diagnostic::Diagnostic;
use crate::value::identifier::{Gtin, fold_mpn};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

/// What a name can say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Field {
    Sku,
    Gtin,
    Mpn,
}

/// A key that a name holds, spelled for comparing: letters and digits only, lower case; a GTIN as its number.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Key {
    Sku(String),
    Gtin(u64),
    Mpn(String),
}

/// The place of a picture among those of its product.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// Position of the view's word, counted from 1; 0 without one.
    pub view: usize,
    pub number: u32,
}

/// One way to read a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reading {
    pub key: Key,
    pub place: Place,
}

/// The rules of a workspace, compiled.
#[derive(Debug, Clone, Default)]
pub struct NameRules {
    patterns: Vec<Pattern>,
    views: Vec<String>,
}

#[derive(Debug, Clone)]
struct Pattern {
    /// Folders above, the nearest last, then the name without its ending.
    parts: Vec<Part>,
    field: Field,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Part {
    before: String,
    hole: Hole,
    after: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hole {
    None,
    Any,
    Key,
}

/// Marks between a name and what is added to it.
const MARKS: [char; 8] = [' ', '_', '-', '.', '~', '(', ')', '+'];
/// Additions that are taken off a name: `SKU_front_2`.
const ADDITIONS: usize = 3;

impl NameRules {
    /// Checks the patterns; gives every fault.
    pub fn compile(patterns: &[String], views: &[String]) -> Result<NameRules, Vec<Diagnostic>> {
        let mut faults = Vec::new();
        let mut rules = NameRules {
            patterns: Vec::new(),
            views: views.iter().map(|view| fold_mpn(view)).collect(),
        };
        for text in patterns {
            match pattern(text) {
                Ok(pattern) => rules.patterns.push(pattern),
                Err(message) => faults.push(
                    Diagnostic::error("E-IMAGE-PATTERN", message)
                        .with_value(text)
                        .with_help("write one of {sku}, {gtin} and {mpn} in it, as in `foto-{sku}` or `{gtin}/*`"),
                ),
            }
        }
        if faults.is_empty() { Ok(rules) } else { Err(faults) }
    }

    /// The ways to read a path (with `/`), the most exact first: whole names before names with their additions taken off.
    pub fn read(&self, path: &str) -> Vec<Reading> {
        let lower = path.to_lowercase();
        let mut folders: Vec<&str> = lower.split('/').collect();
        let name = folders.pop().unwrap_or_default();
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let mut found: Vec<(usize, usize, Reading)> = Vec::new();
        for (rank, pattern) in self.patterns.iter().enumerate() {
            for (off, reading) in self.by(pattern, &folders, stem) {
                found.push((off, rank, reading));
            }
        }
        found.sort_by_key(|(off, rank, _)| (*off, *rank));
        found.into_iter().map(|(_, _, reading)| reading).collect()
    }

    /// The readings by one pattern, each with the number of additions taken off.
    fn by(&self, pattern: &Pattern, folders: &[&str], stem: &str) -> Vec<(usize, Reading)> {
        let Some((last, above)) = pattern.parts.split_last() else {
            return Vec::new();
        };
        let Some(first) = folders.len().checked_sub(above.len()) else {
            return Vec::new();
        };
        let mut held = None;
        for (part, folder) in above.iter().zip(&folders[first..]) {
            match (part.matched(folder), part.hole) {
                (None, _) => return Vec::new(),
                (Some(text), Hole::Key) => held = Some(text),
                (Some(_), _) => {}
            }
        }
        if let Some(text) = held {
            // The folder names the product, the file its view.
            let Some(rest) = last.matched(stem) else {
                return Vec::new();
            };
            let (_, place, _) = self.additions(rest).pop().unwrap_or((rest, Place::default(), 0));
            let bare = self.place(rest);
            let place = if bare != Place::default() { bare } else { place };
            return key(pattern.field, text)
                .map(|key| (0, Reading { key, place }))
                .into_iter()
                .collect();
        }
        let mut found = Vec::new();
        for (rest, place, off) in self.additions(stem) {
            if let Some(key) = last.matched(rest).and_then(|text| key(pattern.field, text)) {
                found.push((off, Reading { key, place }));
            }
        }
        found
    }

    /// A name as it is, then with one addition after the other taken off its end.
    fn additions<'s>(&self, stem: &'s str) -> Vec<(&'s str, Place, usize)> {
        let mut found = vec![(stem, Place::default(), 0)];
        let (mut rest, mut place) = (stem, Place::default());
        for off in 1..=ADDITIONS {
            let trimmed = rest.trim_end_matches(MARKS);
            let Some(at) = trimmed.rfind(MARKS) else { break };
            let word = trimmed[at..].trim_start_matches(MARKS);
            let own = self.place(word);
            let is_zero = !word.is_empty() && word.len() <= 3 && word.bytes().all(|byte| byte == b'0');
            if own == Place::default() && !is_zero {
                break;
            }
            // What stands nearer to the name counts less: `_front_2` is the second of the front.
            place = Place {
                view: place.view.max(own.view),
                number: if place.number == 0 { own.number } else { place.number },
            };
            rest = trimmed[..at].trim_end_matches(MARKS);
            if rest.is_empty() {
                break;
            }
            found.push((rest, place.clone(), off));
        }
        found
    }

    /// What one word says of the place.
    fn place(&self, word: &str) -> Place {
        let number = (word.len() <= 3)
            .then(|| word.parse::<u32>().ok())
            .flatten()
            .unwrap_or(0);
        let folded = fold_mpn(word);
        let view = self
            .views
            .iter()
            .position(|view| *view == folded)
            .map_or(0, |at| at + 1);
        Place { view, number }
    }
}

impl Part {
    /// What fills the hole, where the text fits.
    fn matched<'t>(&self, text: &'t str) -> Option<&'t str> {
        match self.hole {
            Hole::None => (text == self.before).then_some(text),
            Hole::Any | Hole::Key => {
                let inner = text
                    .strip_prefix(self.before.as_str())?
                    .strip_suffix(self.after.as_str())?;
                Some(inner)
            }
        }
    }
}

fn key(field: Field, text: &str) -> Option<Key> {
    match field {
        Field::Sku => Some(fold_mpn(text)).filter(|key| !key.is_empty()).map(Key::Sku),
        Field::Mpn => Some(fold_mpn(text)).filter(|key| key.len() >= 2).map(Key::Mpn),
        Field::Gtin => {
            let digits: String = text.chars().filter(|c| !MARKS.contains(c)).collect();
            Gtin::parse(&digits).ok().map(|gtin| Key::Gtin(gtin.key()))
        }
    }
}

fn pattern(text: &str) -> Result<Pattern, String> {
    let mut field = None;
    let mut parts = Vec::new();
    for part in text.to_lowercase().split('/') {
        let (before, hole, after) = if let Some((before, rest)) = part.split_once('{') {
            let Some((name, after)) = rest.split_once('}') else {
                return Err("a `{` that is not closed".into());
            };
            let named = match name {
                "sku" => Field::Sku,
                "gtin" => Field::Gtin,
                "mpn" => Field::Mpn,
                other => return Err(format!("`{{{other}}}` is nothing that a name can say")),
            };
            if field.replace(named).is_some() {
                return Err("it asks for two keys".into());
            }
            (before, Hole::Key, after)
        } else if let Some((before, after)) = part.split_once('*') {
            (before, Hole::Any, after)
        } else {
            (part, Hole::None, "")
        };
        if before.contains(['*', '}']) || after.contains(['*', '{', '}']) {
            return Err("more than one key or `*` between two `/`".into());
        }
        parts.push(Part {
            before: before.to_owned(),
            hole,
            after: after.to_owned(),
        });
    }
    match field {
        Some(field) => Ok(Pattern { parts, field }),
        None => Err("it asks for no key".into()),
    }
}

/// Order of two pictures of one product: by view, by number, by path with numbers in it read as numbers.
pub fn compare(a: (&Place, &str), b: (&Place, &str)) -> Ordering {
    a.0.cmp(b.0).then_with(|| natural(a.1, b.1))
}

/// `x2` before `x10`.
fn natural(a: &str, b: &str) -> Ordering {
    let key = |text: &str| -> Vec<(bool, String)> {
        let mut runs: Vec<(bool, String)> = Vec::new();
        for c in text.chars() {
            let digit = c.is_ascii_digit();
            match runs.last_mut() {
                Some((is, run)) if *is == digit => run.push(c),
                _ => runs.push((digit, c.to_string())),
            }
        }
        for (digit, run) in &mut runs {
            if *digit {
                let bare = run.trim_start_matches('0');
                *run = format!("{:04}{bare}", bare.len());
            }
        }
        runs
    };
    key(a).cmp(&key(b)).then_with(|| a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads a path by a pattern; shows the readings, one after the other.
    fn check(pattern: &str, path: &str, expected: &str) {
        let views = ["main", "front", "back"].map(String::from);
        let rules = NameRules::compile(&[pattern.to_owned()], &views).unwrap();
        let shown: Vec<String> = rules
            .read(path)
            .into_iter()
            .map(|reading| {
                let key = match reading.key {
                    Key::Sku(key) | Key::Mpn(key) => key,
                    Key::Gtin(key) => key.to_string(),
                };
                format!("{key}:{}.{}", reading.place.view, reading.place.number)
            })
            .collect();
        assert_eq!(shown.join(" "), expected, "{pattern} on {path}");
    }

    #[test]
    fn names_say_product_and_place() {
        check("{sku}", "media/AR-100 12.JPG", "ar10012:0.0 ar100:0.12 ar:0.12");
        check("{sku}", "media/AR-100_front.jpg", "ar100front:0.0 ar100:2.0 ar:2.100");
        check("{sku}", "ar100_back_2.jpg", "ar100back2:0.0 ar100back:0.2 ar100:3.2");
        check("{sku}", "ar100-big.jpg", "ar100big:0.0");
        check("{sku}", "AR100 (3).png", "ar1003:0.0 ar100:0.3");
        check("{sku}", "AR100_0.png", "ar1000:0.0 ar100:0.0");
        check("foto-{sku}", "Foto-AR1.png", "ar1:0.0");
        check("foto-{sku}", "AR1.png", "");
        check("{gtin}", "8410-0766-04873_2.jpg", "8410076604873:0.2");
        check("{gtin}", "IMG_2041.jpg", "");
        check("{sku}/*", "a/AR 100/IMG_3.jpg", "ar100:0.3");
        check("{sku}/*", "a/AR 100/back.jpg", "ar100:3.0");
        check("{sku}/*", "x.jpg", "");
        check("web/{mpn}", "WEB/GSB-18V.webp", "gsb18v:0.0");
    }

    #[test]
    fn patterns_without_sense_are_faults() {
        for (pattern, message) in [
            ("{name}", "`{name}` is nothing that a name can say"),
            ("foto", "it asks for no key"),
            ("{sku}_{mpn}", "more than one key or `*` between two `/`"),
            ("{sku}/{mpn}", "it asks for two keys"),
            ("{sku", "a `{` that is not closed"),
        ] {
            let faults = NameRules::compile(&[pattern.to_owned()], &[]).unwrap_err();
            assert_eq!(faults[0].message, message, "{pattern}");
        }
    }

    #[test]
    fn numbers_in_names_count_as_numbers() {
        let mut paths = vec!["x10", "x9", "x009a", "x"];
        paths.sort_by(|a, b| compare((&Place::default(), a), (&Place::default(), b)));
        assert_eq!(paths, ["x", "x9", "x009a", "x10"]);
    }
}
