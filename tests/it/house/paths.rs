//! Finds the module paths that a Rust source names, without compiling it.
//!
//! It reads tokens, not text: comments, strings and characters are passed over, nested braces of `use` are unfolded, names
//! that a `use` gives to a module are followed where they are used. What a path may point at is left to `house`.

use std::collections::BTreeMap;

/// One path from the crate's root, as a source names it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Named {
    /// Line, counted from 1.
    pub line: usize,
    /// Names from the crate's root; the last ones may be a type, a function or a variant.
    pub names: Vec<String>,
    /// True where the path ends in `*`.
    pub glob: bool,
}

/// What a source says about other modules.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Reading {
    pub paths: Vec<Named>,
    /// Lines of `pub use`, of any visibility.
    pub reexports: Vec<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    Name(String),
    /// `::`
    Colons,
    Other(char),
}

/// Reads a source that is the module `here` (names from the crate's root, empty for the root itself).
/// `is_module` says whether names from the root are a module of the crate.
pub fn read(text: &str, here: &[String], is_module: &dyn Fn(&[String]) -> bool) -> Reading {
    let tokens = tokens(text);
    let mut reader = Reader {
        tokens: &tokens,
        is_module,
        reading: Reading::default(),
        bound: BTreeMap::new(),
    };
    reader.bind_children(here);
    reader.walk(here);
    reader.follow_bound();
    reader.reading.paths.sort();
    reader.reading.paths.dedup();
    reader.reading
}

struct Reader<'t> {
    tokens: &'t [(usize, Token)],
    is_module: &'t dyn Fn(&[String]) -> bool,
    reading: Reading,
    /// Names that stand for a module in this file.
    bound: BTreeMap<String, Vec<String>>,
}

impl Reader<'_> {
    fn token(&self, at: usize) -> Option<&Token> {
        self.tokens.get(at).map(|(_, token)| token)
    }

    fn name(&self, at: usize) -> Option<&str> {
        match self.token(at) {
            Some(Token::Name(name)) => Some(name),
            _ => None,
        }
    }

    fn is(&self, at: usize, c: char) -> bool {
        self.token(at) == Some(&Token::Other(c))
    }

    /// `mod child;` makes `child::…` a path to that file.
    fn bind_children(&mut self, here: &[String]) {
        for at in 0..self.tokens.len() {
            let declares = self.name(at) == Some("mod") && self.is(at + 2, ';');
            if let Some(child) = self.name(at + 1).filter(|_| declares) {
                let mut path = here.to_vec();
                path.push(child.to_owned());
                self.bound.insert(child.to_owned(), path);
            }
        }
    }

    /// Walks the tokens, knowing inside which inline modules it stands, and collects `crate::`, `super::`, `self::` paths.
    fn walk(&mut self, here: &[String]) {
        let mut inside: Vec<String> = here.to_vec();
        let mut braces: Vec<bool> = Vec::new();
        let mut at = 0;
        while at < self.tokens.len() {
            if self.name(at) == Some("mod") && self.is(at + 2, '{') {
                inside.push(self.name(at + 1).unwrap_or_default().to_owned());
                braces.push(true);
                at += 3;
                continue;
            }
            if self.is(at, '{') {
                braces.push(false);
            } else if self.is(at, '}') && braces.pop() == Some(true) {
                inside.pop();
            }
            if self.name(at) == Some("use") {
                if self.visible(at) {
                    self.reading.reexports.push(self.tokens[at].0);
                }
                at = self.tree(at + 1, &Prefix::Nothing, &inside);
                continue;
            }
            let begins =
                self.token(at + 1) == Some(&Token::Colons) && (at == 0 || self.token(at - 1) != Some(&Token::Colons));
            if begins && matches!(self.name(at), Some("crate" | "super" | "self")) {
                at = self.tree(at, &Prefix::Nothing, &inside);
                continue;
            }
            at += 1;
        }
    }

    /// True where the `use` at this token has a visibility before it.
    fn visible(&self, at: usize) -> bool {
        if at > 0 && self.name(at - 1) == Some("pub") {
            return true;
        }
        // `pub(crate) use`, `pub(in crate::feed) use`
        if at > 0 && self.is(at - 1, ')') {
            let open = (0..at).rev().find(|n| self.is(*n, '('));
            return open.is_some_and(|open| open > 0 && self.name(open - 1) == Some("pub"));
        }
        false
    }

    /// Reads a path or a tree of `use` from this token on; gives the token after it.
    fn tree(&mut self, mut at: usize, prefix: &Prefix, inside: &[String]) -> usize {
        let mut path = prefix.clone();
        let line = self.tokens.get(at).map_or(0, |(line, _)| *line);
        if self.token(at) == Some(&Token::Colons) {
            path = Prefix::Foreign;
            at += 1;
        }
        loop {
            match self.token(at) {
                Some(Token::Name(name)) => {
                    path = path.then(name, inside, &self.bound);
                    at += 1;
                }
                Some(Token::Other('{')) => {
                    at += 1;
                    while at < self.tokens.len() && !self.is(at, '}') {
                        at = self.tree(at, &path, inside);
                        if self.is(at, ',') {
                            at += 1;
                        } else if !self.is(at, '}') {
                            return at;
                        }
                    }
                    return at + 1;
                }
                Some(Token::Other('*')) => {
                    self.keep(line, &path, true, None);
                    return at + 1;
                }
                _ => return at,
            }
            if self.token(at) == Some(&Token::Colons) {
                // A turbofish (`Vec::<T>::new`) ends what we want to know.
                if self.is(at + 1, '<') {
                    self.keep(line, &path, false, None);
                    return at + 1;
                }
                at += 1;
                continue;
            }
            let renamed = (self.name(at) == Some("as")).then(|| self.name(at + 1).unwrap_or_default().to_owned());
            at += if renamed.is_some() { 2 } else { 0 };
            self.keep(line, &path, false, renamed);
            return at;
        }
    }

    fn keep(&mut self, line: usize, path: &Prefix, glob: bool, renamed: Option<String>) {
        let Prefix::Ours(names) = path else { return };
        if !glob && (self.is_module)(names) && !names.is_empty() {
            let bound = renamed.unwrap_or_else(|| names.last().cloned().unwrap_or_default());
            self.bound.insert(bound, names.clone());
        }
        let names = names.clone();
        self.reading.paths.push(Named { line, names, glob });
    }

    /// Paths that begin with a name bound to a module: `csv::open()` after `mod csv;` or `use crate::feed::csv;`.
    fn follow_bound(&mut self) {
        for at in 0..self.tokens.len() {
            let begins = self.token(at + 1) == Some(&Token::Colons)
                && (at == 0 || !matches!(self.token(at - 1), Some(Token::Colons | Token::Other('.'))));
            let Some(module) = self.name(at).filter(|_| begins).and_then(|name| self.bound.get(name)) else {
                continue;
            };
            let mut names = module.clone();
            let mut next = at + 1;
            while self.token(next) == Some(&Token::Colons) {
                let Some(name) = self.name(next + 1) else { break };
                names.push(name.to_owned());
                next += 2;
            }
            self.reading.paths.push(Named {
                line: self.tokens[at].0,
                names,
                glob: false,
            });
        }
    }
}

/// Where a path has led so far.
#[derive(Debug, Clone)]
enum Prefix {
    Nothing,
    Ours(Vec<String>),
    Foreign,
}

impl Prefix {
    fn then(&self, name: &str, inside: &[String], bound: &BTreeMap<String, Vec<String>>) -> Prefix {
        match (self, name) {
            (Prefix::Foreign, _) => Prefix::Foreign,
            (Prefix::Nothing, "crate") => Prefix::Ours(Vec::new()),
            (Prefix::Nothing, "self") => Prefix::Ours(inside.to_vec()),
            (Prefix::Nothing, "super") => Prefix::Ours(inside[..inside.len().saturating_sub(1)].to_vec()),
            (Prefix::Nothing, name) => bound
                .get(name)
                .map_or(Prefix::Foreign, |module| Prefix::Ours(module.clone())),
            (Prefix::Ours(names), "self") => Prefix::Ours(names.clone()),
            (Prefix::Ours(names), "super") => Prefix::Ours(names[..names.len().saturating_sub(1)].to_vec()),
            (Prefix::Ours(names), name) => {
                let mut names = names.clone();
                names.push(name.to_owned());
                Prefix::Ours(names)
            }
        }
    }
}

/// Names, `::` and single marks with their lines; comments, strings, characters, numbers and lifetimes are left out.
fn tokens(text: &str) -> Vec<(usize, Token)> {
    let chars: Vec<char> = text.chars().collect();
    let mut found = Vec::new();
    let mut line = 1;
    let mut at = 0;
    let get = |at: usize| chars.get(at).copied().unwrap_or('\0');
    while at < chars.len() {
        let from = at;
        match get(at) {
            '/' if get(at + 1) == '/' => at = (at..chars.len()).find(|n| chars[*n] == '\n').unwrap_or(chars.len()),
            '/' if get(at + 1) == '*' => at = after_block_comment(&chars, at),
            '"' => at = after_string(&chars, at),
            '\'' => at = after_quote(&chars, at),
            c if c == '_' || c.is_alphanumeric() => {
                while get(at) == '_' || get(at).is_alphanumeric() {
                    at += 1;
                }
                let name: String = chars[from..at].iter().collect();
                let hashes = (at..chars.len()).take_while(|n| chars[*n] == '#').count();
                let prefix = matches!(name.as_str(), "r" | "b" | "br" | "c" | "cr");
                if prefix && name.ends_with('r') && get(at + hashes) == '"' {
                    at = after_raw_string(&chars, at, hashes);
                } else if prefix && hashes == 0 && get(at) == '"' {
                    at = after_string(&chars, at);
                } else if name == "b" && get(at) == '\'' {
                    at = after_quote(&chars, at);
                } else if name == "r" && hashes == 1 {
                    at += 1; // r#type: the name itself follows
                } else {
                    found.push((line, Token::Name(name)));
                }
            }
            ':' if get(at + 1) == ':' => {
                found.push((line, Token::Colons));
                at += 2;
            }
            c => {
                if !c.is_whitespace() {
                    found.push((line, Token::Other(c)));
                }
                at += 1;
            }
        }
        line += chars[from..at.min(chars.len())].iter().filter(|c| **c == '\n').count();
    }
    found
}

fn after_block_comment(chars: &[char], mut at: usize) -> usize {
    let mut depth = 0;
    while at < chars.len() {
        match (chars[at], chars.get(at + 1)) {
            ('/', Some('*')) => {
                depth += 1;
                at += 2;
            }
            ('*', Some('/')) => {
                depth -= 1;
                at += 2;
                if depth == 0 {
                    return at;
                }
            }
            _ => at += 1,
        }
    }
    at
}

/// `at` is the opening quote.
fn after_string(chars: &[char], mut at: usize) -> usize {
    at += 1;
    while at < chars.len() {
        match chars[at] {
            '\\' => at += 2,
            '"' => return at + 1,
            _ => at += 1,
        }
    }
    chars.len()
}

/// `at` is the first hash or the opening quote.
fn after_raw_string(chars: &[char], at: usize, hashes: usize) -> usize {
    let mut at = at + hashes + 1;
    while at < chars.len() {
        if chars[at] == '"' && chars[at + 1..].iter().take_while(|c| **c == '#').count() >= hashes {
            return at + 1 + hashes;
        }
        at += 1;
    }
    chars.len()
}

/// A character (`'x'`, `'\''`) or a lifetime (`'static`); `at` is the quote.
fn after_quote(chars: &[char], at: usize) -> usize {
    match chars.get(at + 1) {
        Some('\\') => {
            let end = (at + 3..chars.len()).find(|n| chars[*n] == '\'');
            end.map_or(chars.len(), |end| end + 1)
        }
        Some(_) if chars.get(at + 2) == Some(&'\'') => at + 3,
        _ => {
            let end = (at + 1..chars.len()).find(|n| chars[*n] != '_' && !chars[*n].is_alphanumeric());
            end.unwrap_or(chars.len())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, here: &str, expected: &[&str]) {
        let modules = [
            "feed",
            "feed::csv",
            "feed::row",
            "value",
            "value::text",
            "feed::csv::tests",
        ];
        let here: Vec<String> = here.split("::").map(str::to_owned).collect();
        let reading = read(text, &here, &|names| modules.contains(&names.join("::").as_str()));
        let found: Vec<String> = reading
            .paths
            .iter()
            .map(|path| {
                format!(
                    "{} {}{}",
                    path.line,
                    path.names.join("::"),
                    if path.glob { "::*" } else { "" }
                )
            })
            .collect();
        assert_eq!(found, expected, "in {text}");
    }

    #[test]
    fn plain_nested_and_renamed_uses_are_unfolded() {
        check("use crate::value::text::fold;", "feed", &["1 value::text::fold"]);
        check(
            "use crate::{value::{self, Kind, text::{fold as f}}, feed::row::*};\nuse std::io;",
            "feed",
            &["1 feed::row::*", "1 value", "1 value::Kind", "1 value::text::fold"],
        );
    }

    #[test]
    fn paths_inside_code_and_macros_are_seen() {
        check(
            "fn f() -> crate::value::Kind {\n  format!(\"{}\", crate::value::text::fold(x));\n  <crate::feed::Row>::new()\n}",
            "feed",
            &["1 value::Kind", "2 value::text::fold", "3 feed::Row"],
        );
    }

    #[test]
    fn comments_strings_and_characters_are_not_code() {
        check(
            "// use crate::a::B;\n/* crate::a /* crate::b */ crate::c */\nconst A: &str = \"crate::d\";\nconst B: &str = r#\"\"crate::e\"#;\n\
             const C: char = '\"'; const D: char = '\\''; fn f<'a>(x: &'a str) -> crate::value::Kind {}",
            "feed",
            &["5 value::Kind"],
        );
    }

    #[test]
    fn super_and_self_lead_to_the_module_they_name() {
        check("use super::row::Row;", "feed::csv", &["1 feed::row::Row"]);
        check(
            "mod tests {\n  use super::*;\n  use super::super::row::Row;\n}",
            "feed::csv",
            &["2 feed::csv::*", "3 feed::row::Row"],
        );
        check("fn f() { self::csv::open() }", "feed", &["1 feed::csv::open"]);
    }

    #[test]
    fn a_name_bound_to_a_module_is_followed() {
        check(
            "mod csv;\nfn f() { csv::open(); other::open(); x.csv::<u8>() }",
            "feed",
            &["2 feed::csv::open"],
        );
        check(
            "use crate::value::text;\nfn f() { text::fold(\"\") }",
            "feed",
            &["1 value::text", "2 value::text::fold"],
        );
        check(
            "use crate::value as v;\nfn f() { v::text::fold(\"\") }",
            "feed",
            &["1 value", "2 value::text::fold"],
        );
    }

    #[test]
    fn reexports_of_any_visibility_are_seen() {
        let text =
            "pub use a::b;\nuse c::d;\npub(crate) use e::f;\npub(in crate::feed) use g::h;\nfn f(x: u8) {}\nuse i::j;";
        assert_eq!(read(text, &[], &|_| false).reexports, [1, 3, 4]);
    }
}
