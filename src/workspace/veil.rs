//! The text of a configuration file as it may be shown beside a fault: what could be a secret is covered.
//!
//! Passwords belong in the environment, and a file that holds one is refused; telling so must not spread it. Which lines are
//! shown is left to the faces.

use crate::declaration::Declaration;
use crate::feed::settings::FileSettings;

/// Keys that hold secrets where they belong; elsewhere they were meant to.
const SECRET: [&str; 3] = ["user", "password", "headers"];

/// The text with stars for what may be a secret: values of user, password, headers and addresses, and under `[file]` those of
/// keys that are none, since a misspelt `password` is one. Lines and columns stay.
pub fn veiled(text: &str) -> String {
    let open = open_keys();
    let is_secret = |path: &[&str]| match path {
        ["file", key, ..] if !open.iter().any(|open| open == key) => true,
        path => path.iter().any(|key| SECRET.contains(key)),
    };
    match Declaration::parse(text.to_owned(), "") {
        Ok(declaration) => declaration.covered(is_secret),
        Err(_) => by_line(text, &open),
    }
}

/// The keys of `[file]` that everybody may read.
fn open_keys() -> Vec<String> {
    let schema = schemars::schema_for!(FileSettings);
    let properties = schema.get("properties").and_then(|properties| properties.as_object());
    let names = properties.into_iter().flatten().map(|(name, _)| name.clone());
    names
        .filter(|name| name != "url" && !SECRET.contains(&name.as_str()))
        .collect()
}

/// The same for a text that is no TOML: all under `[file]` but for the keys, and the values of those that are no secret.
fn by_line(text: &str, open: &[String]) -> String {
    let mut veiled = String::with_capacity(text.len());
    let mut is_file = false;
    for line in text.split_inclusive('\n') {
        let trimmed = line.trim_start();
        if let Some(name) = header(trimmed) {
            is_file = name == "file" || name.starts_with("file.");
            veiled.push_str(line);
            continue;
        }
        let key = line.split_once('=').map(|(key, _)| key).filter(|key| is_name(key));
        let (before, value) = line.split_at(key.map_or(0, |key| key.len() + 1));
        let is_open = key.is_some_and(|key| {
            let key = key.trim().trim_matches(['"', '\'']);
            open.iter().any(|open| open == key)
        });
        let names_secret = || trimmed.starts_with("file") || SECRET.iter().any(|secret| line.contains(secret));
        veiled.push_str(before);
        match (is_file && !is_open) || names_secret() {
            true => veiled.extend(value.chars().map(cover)),
            false => veiled.push_str(value),
        }
    }
    veiled
}

/// The name in a table's header; the end of a broken one is not needed.
fn header(line: &str) -> Option<String> {
    let inner = line.strip_prefix('[')?.trim_start_matches('[');
    let name = inner.split([']', '#', '\n']).next()?;
    Some(name.replace(['"', '\'', ' '], "")).filter(|_| is_name(name))
}

/// True of what may be a key, or the path of one.
fn is_name(text: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || " \t_-.\"'".contains(c);
    !text.trim().is_empty() && text.chars().all(is_part)
}

fn cover(c: char) -> char {
    if c.is_whitespace() { c } else { '*' }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(veiled(text), expected);
    }

    #[test]
    fn what_may_be_a_secret_is_covered() {
        check(
            "name = \"Ñandú\"\n[file]\nurl = [\"https://a/?t=s\", \"b\"]\npasword = \"S é\"\nencoding = 5\nheaders.X = 'k'\n",
            "name = \"Ñandú\"\n[file]\nurl = [****************, ***]\npasword = ** **\nencoding = 5\nheaders.X = ***\n",
        );
        check(
            "file = { url = \"u\", user = 12, skip_footer = true }\nread.password = \"\"\"a\nb\"\"\"\n",
            "file = { url = ***, user = **, skip_footer = true }\nread.password = ****\n****\n",
        );
    }

    #[test]
    fn it_is_covered_in_what_is_no_toml_too() {
        check(
            "name = \"N\n[file]\nencoding = \"utf-8\"\npasword = \"S\nurl = [\n  \"http://a/?t=s\",\n]\n[fields]\nsku = \"a\"\n",
            "name = \"N\n[file]\nencoding = \"utf-8\"\npasword = **\nurl = *\n  ****************\n*\n[fields]\nsku = \"a\"\n",
        );
        check(
            "[file\npath = [\"a\"]\nkey = \"S\"\n[ \"file\" . headers ]\nX = \"k\"\n",
            "[file\npath = [\"a\"]\nkey = ***\n[ \"file\" . headers ]\nX = ***\n",
        );
        check(
            "file = { password = \"S\nfile.x = 1\n",
            "file = * ******** * **\nfile.x = *\n",
        );
    }
}
