//! Paths of values inside an XML record: `A/B`, `@attr`, `A/@attr`, `.`, `A[B=value]/C`, `A[@x=value]/C`, `A[2]`.
//!
//! Names are local names; `prefix:name` asks for that prefix, `:name` for none. A path that meets several elements gives them all.

use crate::feed::tree::{Element, Name, Tree};

/// A path, read and ready to be followed.
#[derive(Debug, Clone, PartialEq)]
pub struct Path {
    steps: Vec<Step>,
    attribute: Option<Name>,
}

#[derive(Debug, Clone, PartialEq)]
struct Step {
    name: Name,
    conditions: Vec<Condition>,
}

#[derive(Debug, Clone, PartialEq)]
enum Condition {
    /// The n-th of its name, counted from 0.
    Number(usize),
    /// A value inside the element is this text, spaces at the ends aside.
    Equals(Path, String),
}

impl Path {
    /// Reads a path relative to the record. The error says what is wrong with it.
    pub fn read(text: &str, tree: &mut Tree) -> Result<Path, String> {
        Path::read_nested(text, tree, 0)
    }

    fn read_nested(text: &str, tree: &mut Tree, depth: u32) -> Result<Path, String> {
        if depth > 4 {
            return Err("conditions stand too deep inside each other".to_string());
        }
        let mut path = Path {
            steps: Vec::new(),
            attribute: None,
        };
        let text = text.trim();
        let text = text.strip_prefix("./").unwrap_or(text);
        if text.is_empty() {
            return Err("the path is empty".to_string());
        }
        for part in split(text)? {
            if path.attribute.is_some() {
                return Err("nothing can follow an attribute".to_string());
            }
            if let Some(name) = part.strip_prefix('@') {
                tree.wants_attributes = true;
                path.attribute = Some(tree.name(checked(name)?));
                continue;
            }
            if part == "." {
                continue;
            }
            let (name, mut rest) = part.split_at(part.find('[').unwrap_or(part.len()));
            let mut step = Step {
                name: tree.name(checked(name)?),
                conditions: Vec::new(),
            };
            while let Some(inside) = rest.strip_prefix('[') {
                let end = closing(inside).ok_or("a bracket does not close")?;
                step.conditions.push(Condition::read(&inside[..end], tree, depth)?);
                rest = &inside[end + 1..];
            }
            if !rest.is_empty() {
                return Err(format!("\"{rest}\" cannot stand after a bracket"));
            }
            path.steps.push(step);
        }
        Ok(path)
    }

    /// The path to what stands at `end` in those elements of a name in which `inside` is this text, whatever is in it.
    pub fn holding(name: &str, inside: &str, text: &str, end: &str, tree: &mut Tree) -> Result<Path, String> {
        let condition = Condition::Equals(Path::read(inside, tree)?, text.trim().to_string());
        let mut path = Path::read(end, tree)?;
        let step = Step {
            name: tree.name(name),
            conditions: vec![condition],
        };
        path.steps.insert(0, step);
        Ok(path)
    }

    /// The elements found, in the order of the file; those that have the attribute, where the path ends in one.
    pub fn elements(&self, tree: &Tree) -> Vec<Element> {
        let mut found = vec![0];
        for step in &self.steps {
            let mut next = Vec::new();
            for element in found {
                let inside = tree.named(element, step.name).enumerate();
                let held = inside.filter(|(n, child)| {
                    step.conditions
                        .iter()
                        .all(|condition| condition.holds(tree, *child, *n))
                });
                next.extend(held.map(|(_, child)| child));
            }
            found = next;
        }
        found.retain(|element| {
            self.attribute
                .is_none_or(|name| tree.attribute_of(*element, name).is_some())
        });
        found
    }

    /// The values found, in the order of the file.
    pub fn follow<'t>(&self, tree: &'t Tree, from: Element, each: &mut dyn FnMut(&'t str)) {
        self.follow_from(tree, from, &self.steps, each);
    }

    fn follow_from<'t>(&self, tree: &'t Tree, from: Element, steps: &[Step], each: &mut dyn FnMut(&'t str)) {
        let Some((step, rest)) = steps.split_first() else {
            match self.attribute {
                Some(name) => {
                    if let Some(value) = tree.attribute_of(from, name) {
                        each(value);
                    }
                }
                None => each(tree.text_of(from)),
            }
            return;
        };
        for (n, child) in tree.named(from, step.name).enumerate() {
            if step.conditions.iter().all(|condition| condition.holds(tree, child, n)) {
                self.follow_from(tree, child, rest, each);
            }
        }
    }
}

impl Condition {
    fn read(text: &str, tree: &mut Tree, depth: u32) -> Result<Condition, String> {
        if let Ok(number) = text.trim().parse::<usize>() {
            return number
                .checked_sub(1)
                .map(Condition::Number)
                .ok_or("elements are counted from 1".to_string());
        }
        let (path, value) = equals(text).ok_or(format!("the condition \"{text}\" has no `=`"))?;
        Ok(Condition::Equals(
            Path::read_nested(path, tree, depth + 1)?,
            value.to_string(),
        ))
    }

    fn holds(&self, tree: &Tree, element: Element, n: usize) -> bool {
        match self {
            Condition::Number(number) => n == *number,
            Condition::Equals(path, expected) => {
                let mut equal = false;
                let mut found = false;
                path.follow(tree, element, &mut |value| {
                    found = true;
                    equal |= value.trim() == expected.as_str();
                });
                let presumed = || path.attribute.and_then(|name| tree.presumed(name));
                equal || !found && path.steps.is_empty() && presumed() == Some(expected)
            }
        }
    }
}

/// Splits at slashes outside of brackets.
fn split(text: &str) -> Result<Vec<&str>, String> {
    let mut parts = Vec::new();
    let (mut depth, mut start) = (0u32, 0);
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            (_, Some(_)) => {}
            ('"' | '\'', None) if depth > 0 => quote = Some(c),
            ('[', None) => depth += 1,
            (']', None) => depth = depth.checked_sub(1).ok_or("a bracket closes that never opened")?,
            ('/', None) if depth == 0 => {
                parts.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    if depth > 0 || quote.is_some() {
        return Err("a bracket or quote does not close".to_string());
    }
    parts.push(text[start..].trim());
    Ok(parts)
}

/// The sides of a condition such as `name = "Color"`, the right one without its quotes. The left one may have conditions itself.
pub fn equals(condition: &str) -> Option<(&str, &str)> {
    let mut depth = 0u32;
    let between = condition.find(|c| {
        match c {
            '[' => depth += 1,
            ']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        c == '=' && depth == 0
    });
    let at = between.or_else(|| condition.find('='))?;
    let (path, value) = (&condition[..at], &condition[at + 1..]);
    let value = value.trim();
    let quoted = |quote| value.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
    Some((path.trim(), quoted('"').or_else(|| quoted('\'')).unwrap_or(value)))
}

/// Where the bracket closes whose inside begins the text.
pub fn closing(text: &str) -> Option<usize> {
    let mut depth = 0u32;
    let mut quote = None;
    for (at, c) in text.char_indices() {
        match (c, quote) {
            (c, Some(open)) if c == open => quote = None,
            (_, Some(_)) => {}
            ('"' | '\'', None) => quote = Some(c),
            ('[', None) => depth += 1,
            (']', None) if depth == 0 => return Some(at),
            (']', None) => depth -= 1,
            _ => {}
        }
    }
    None
}

fn checked(name: &str) -> Result<&str, String> {
    let name = name.trim();
    let bad = |c: char| c.is_whitespace() || "[]@=<>&'\"/".contains(c);
    if name.is_empty() || name.contains(bad) {
        Err(format!("\"{name}\" is no name of an element"))
    } else {
        Ok(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(text: &str) -> String {
        Path::read(text, &mut Tree::default()).unwrap_err()
    }

    #[test]
    fn faulty_paths_are_explained() {
        assert_eq!(faults("A/"), "\"\" is no name of an element");
        assert_eq!(faults("A[B"), "a bracket or quote does not close");
        assert_eq!(faults("A[B]"), "the condition \"B\" has no `=`");
        assert_eq!(faults("@a/b"), "nothing can follow an attribute");
        assert_eq!(faults("A[0]"), "elements are counted from 1");
        assert_eq!(faults(" "), "the path is empty");
    }

    #[test]
    fn values_are_found_by_path() {
        let mut tree = Tree::default();
        let paths = [
            "A/B",
            "@id",
            "A/@x",
            ".",
            "A[B='2']/C",
            "A[@x=u]/B",
            "A[2]/B",
            "g:D",
            "D",
            ":D",
        ];
        let paths: Vec<Path> = paths.iter().map(|path| Path::read(path, &mut tree).unwrap()).collect();
        tree.open("r");
        tree.attribute("id", "7");
        for (x, b, c) in [("t", "1", "one"), ("u", " 2 ", "two")] {
            tree.open("n:A");
            tree.attribute("x", x);
            for (name, text) in [("B", b), ("C", c)] {
                tree.open(name);
                tree.text(text);
                tree.close();
            }
            tree.close();
        }
        for name in ["g:D", "D"] {
            tree.open(name);
            tree.text(name);
            tree.close();
        }
        tree.close();
        let mut found = Vec::new();
        for path in &paths {
            let mut values = Vec::new();
            path.follow(&tree, 0, &mut |value| values.push(value));
            found.push(values.join("|"));
        }
        assert_eq!(
            found,
            [
                "1| 2 ",
                "7",
                "t|u",
                "1one 2 twog:DD",
                "two",
                " 2 ",
                " 2 ",
                "g:D",
                "g:D|D",
                "D"
            ]
        );
    }
}
