//! A tree of TOML values against the JSON Schema of the type it should become: every fault, not the first.
//!
//! It knows the part of JSON Schema 2020-12 that `schemars` writes for types with `deny_unknown_fields` and externally
//! tagged enums. What the values mean together is left to the checks of each folder.

use crate::declaration::nearest::{list, suggestion};
use crate::declaration::node::{DEEPEST, Entry, Node, Shape};
use crate::diagnostic::excerpt;
use serde_json::{Map, Value};

/// One fault at a byte of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Fault {
    pub at: usize,
    pub code: &'static str,
    pub message: String,
    pub help: Option<String>,
}

type Rules = Map<String, Value>;

/// All faults of `node` under `schema`, whose `$ref`s point into `schema` itself. `text` is the source, to quote from.
pub fn faults(node: &Node, schema: &Value, text: &str) -> Vec<Fault> {
    let mut walk = Walk {
        root: schema,
        text,
        path: Vec::new(),
        faults: Vec::new(),
        depth: 0,
        is_hidden: false,
    };
    walk.check(node, schema);
    walk.faults
}

struct Walk<'a> {
    root: &'a Value,
    text: &'a str,
    path: Vec<String>,
    faults: Vec<Fault>,
    depth: usize,
    /// The value is not to be told (`writeOnly`: passwords).
    is_hidden: bool,
}

impl<'a> Walk<'a> {
    fn check(&mut self, node: &Node, schema: &'a Value) {
        let Some(rules) = schema.as_object() else { return };
        // A schema that refers to itself without a value in between would not end.
        if self.depth > 3 * DEEPEST {
            return;
        }
        let was_hidden = self.is_hidden;
        self.is_hidden |= rules.get("writeOnly") == Some(&Value::Bool(true));
        self.depth += 1;
        self.check_rules(node, rules);
        self.depth -= 1;
        self.is_hidden = was_hidden;
    }

    fn check_rules(&mut self, node: &Node, rules: &'a Rules) {
        if let Some(target) = self.target(rules) {
            self.check(node, target);
        }
        for part in array(rules, "allOf") {
            self.check(node, part);
        }
        let mut leaves = Vec::new();
        if self.leaves(rules, &mut leaves, 0) {
            self.choose(node, &leaves);
        }
        if !admits(rules, &node.shape) {
            self.wrong_type(node, &kinds(rules));
            return;
        }
        match &node.shape {
            Shape::Text(text) => self.check_text(node, text, rules),
            Shape::Integer(Some(number)) => self.check_integer(node, *number, rules),
            Shape::Integer(None) => self.bad_value(node, "is too large a number".to_string(), None),
            Shape::Float(number) => self.check_float(node, *number, rules),
            Shape::Boolean(_) | Shape::Moment => {}
            Shape::List(members) => self.check_list(node, members, rules),
            Shape::Table(entries) => self.check_table(node, entries, rules),
        }
    }

    fn check_text(&mut self, node: &Node, text: &str, rules: &'a Rules) {
        if words(rules).next().is_some() && !words(rules).any(|word| word == text) {
            let words: Vec<&str> = words(rules).collect();
            self.unknown_word(node.start, text, &words);
            return;
        }
        let length = text.chars().count() as u64;
        if number(rules, "minLength").is_some_and(|least| length < least) {
            let message = if text.is_empty() {
                "must not be empty"
            } else {
                "is too short"
            };
            self.bad_value(node, message.to_string(), None);
        }
        if let Some(most) = number(rules, "maxLength").filter(|most| length > *most) {
            self.bad_value(
                node,
                format!("has {length} characters, at most {most} are allowed"),
                None,
            );
        }
        if let Some(pattern) = rules.get("pattern").and_then(Value::as_str)
            && regex::Regex::new(pattern).is_ok_and(|pattern| !pattern.is_match(text))
        {
            let help = rules.get("description").and_then(Value::as_str).map(str::to_string);
            self.bad_value(
                node,
                format!("is `{}`, which does not match `{pattern}`", excerpt(text)),
                help,
            );
        }
    }

    fn check_integer(&mut self, node: &Node, number: i128, rules: &'a Rules) {
        let (mut least, mut most) = format_limits(rules);
        least = least.max(whole(rules, "minimum").unwrap_or(least));
        most = most.min(whole(rules, "maximum").unwrap_or(most));
        if number < least || number > most {
            let allowed = match (least, most) {
                (i128::MIN, most) => format!("at most {most}"),
                (least, i128::MAX) => format!("at least {least}"),
                (least, most) => format!("from {least} to {most}"),
            };
            self.bad_value(node, format!("is {number}, allowed is {allowed}"), None);
        }
    }

    fn check_float(&mut self, node: &Node, number: f64, rules: &'a Rules) {
        let limit = |name| rules.get(name).and_then(Value::as_f64);
        if !number.is_finite() {
            self.bad_value(node, "is not a finite number".to_string(), None);
        } else if let Some(least) = limit("minimum").filter(|least| number < *least) {
            self.bad_value(node, format!("is {number}, allowed is at least {least}"), None);
        } else if let Some(most) = limit("maximum").filter(|most| number > *most) {
            self.bad_value(node, format!("is {number}, allowed is at most {most}"), None);
        }
    }

    fn check_list(&mut self, node: &Node, members: &[Node], rules: &'a Rules) {
        let count = members.len() as u64;
        if let Some(least) = number(rules, "minItems").filter(|least| count < *least) {
            self.bad_value(node, format!("has {count} elements, at least {least} are needed"), None);
        }
        if let Some(most) = number(rules, "maxItems").filter(|most| count > *most) {
            self.bad_value(node, format!("has {count} elements, at most {most} are allowed"), None);
        }
        let first = array(rules, "prefixItems");
        for (n, member) in members.iter().enumerate() {
            if let Some(schema) = first.get(n).or_else(|| rules.get("items")) {
                self.path.push(format!("[{n}]"));
                self.check(member, schema);
                self.path.pop();
            }
        }
    }

    fn check_table(&mut self, node: &Node, entries: &[Entry], rules: &'a Rules) {
        let known = rules.get("properties").and_then(Value::as_object);
        let patterns = rules.get("patternProperties").and_then(Value::as_object);
        for entry in entries {
            let by_pattern = || {
                let mut patterns = patterns?.iter();
                patterns.find(|(pattern, _)| regex::Regex::new(pattern).is_ok_and(|p| p.is_match(&entry.key)))
            };
            let schema = known
                .and_then(|known| known.get(&entry.key))
                .or_else(|| by_pattern().map(|(_, schema)| schema))
                .or_else(|| rules.get("additionalProperties"));
            match schema {
                Some(Value::Bool(false)) => {
                    let names: Vec<&str> = known.into_iter().flatten().map(|(name, _)| name.as_str()).collect();
                    let message = format!("unknown key `{}`{}", excerpt(&entry.key), self.context());
                    let help = suggestion(&entry.key, names);
                    self.push(entry.at, "E-UNKNOWN-KEY", message, Some(help));
                }
                Some(schema) => {
                    self.path.push(key_text(&entry.key));
                    self.check(&entry.node, schema);
                    self.path.pop();
                }
                None => {}
            }
        }
        for name in array(rules, "required").iter().filter_map(Value::as_str) {
            if node.entry(name).is_none() {
                let what = known
                    .and_then(|known| known.get(name))
                    .and_then(|schema| self.described(name, schema));
                let message = format!("missing key `{name}`{}", self.context());
                self.push(node.start, "E-MISSING-KEY", message, what);
            }
        }
        if let Some(most) = number(rules, "maxProperties").filter(|most| entries.len() as u64 > *most) {
            self.bad_value(
                node,
                format!("has {} keys, at most {most} are allowed", entries.len()),
                None,
            );
        }
    }

    /// The branches of a choice, with the branches of their branches, without `null`, which TOML does not have. False where
    /// there is no choice.
    fn leaves(&self, rules: &'a Rules, leaves: &mut Vec<&'a Rules>, depth: usize) -> bool {
        let (any, one) = (array(rules, "anyOf"), array(rules, "oneOf"));
        for branch in any.iter().chain(one) {
            let mut rules = branch.as_object();
            for _ in 0..16 {
                match rules.and_then(|rules| self.target(rules)) {
                    Some(target) => rules = target.as_object(),
                    None => break,
                }
            }
            let Some(rules) = rules else { continue };
            let is_choice = depth < 16 && self.leaves(rules, leaves, depth + 1);
            if !is_choice && rules.get("type").and_then(Value::as_str) != Some("null") {
                leaves.push(rules);
            }
        }
        !(any.is_empty() && one.is_empty())
    }

    /// Checks a value that may take one of several forms, and tells the faults under the form that was most likely meant.
    fn choose(&mut self, node: &Node, leaves: &[&'a Rules]) {
        let fitting: Vec<&'a Rules> = leaves
            .iter()
            .copied()
            .filter(|rules| admits(rules, &node.shape))
            .collect();
        if fitting.is_empty() {
            let mut expected: Vec<&'static str> = leaves.iter().flat_map(|rules| kinds(rules)).collect();
            expected.dedup();
            return self.wrong_type(node, &expected);
        }
        if let Shape::Text(word) = &node.shape
            && fitting.iter().all(|rules| words(rules).next().is_some())
        {
            if fitting.iter().any(|rules| words(rules).any(|known| known == word)) {
                return;
            }
            if leaves
                .iter()
                .any(|rules| tag(rules).is_some_and(|(tag, _)| tag == word))
            {
                let help = format!("write it as a table: {{ {word} = … }}");
                return self.bad_value(node, format!("says `{word}` without its settings"), Some(help));
            }
            return self.unknown_word(node.start, word, &choices(leaves));
        }
        if let Shape::Table(entries) = &node.shape
            && fitting.iter().all(|rules| tag(rules).is_some())
        {
            return self.choose_tag(node, entries, leaves);
        }
        let tried = fitting.iter().map(|rules| {
            let before = self.faults.len();
            self.check_rules(node, rules);
            self.faults.split_off(before)
        });
        if let Some(best) = tried.min_by_key(Vec::len) {
            self.faults.extend(best);
        }
    }

    /// Checks `{ replace = { … } }` where one key chooses the form.
    fn choose_tag(&mut self, node: &Node, entries: &[Entry], leaves: &[&'a Rules]) {
        let all = choices(leaves);
        let [entry] = entries else {
            let help = Some(format!("known are {}", list(&all)));
            return self.bad_value(
                node,
                format!("has {} keys, exactly one chooses what it is", entries.len()),
                help,
            );
        };
        let chosen = leaves
            .iter()
            .filter_map(|rules| tag(rules))
            .find(|(tag, _)| *tag == entry.key);
        match chosen {
            Some((_, schema)) => {
                self.path.push(key_text(&entry.key));
                self.check(&entry.node, schema);
                self.path.pop();
            }
            None if all.contains(&entry.key.as_str()) => {
                let help = format!("write \"{}\", it has no settings", entry.key);
                self.bad_value(node, format!("gives `{}` settings", entry.key), Some(help));
            }
            None => self.unknown_word(entry.at, &entry.key, &all),
        }
    }

    fn target(&self, rules: &'a Rules) -> Option<&'a Value> {
        let pointer = rules.get("$ref")?.as_str()?.strip_prefix('#')?;
        match pointer.strip_prefix("/$defs/") {
            // A type's name; `pointer` copies it to look for what is escaped.
            Some(name) if !name.contains(['/', '~']) => self.root.get("$defs")?.get(name),
            _ => self.root.pointer(pointer),
        }
    }

    /// The first paragraph of what the schema says about a key, for the help of a missing one.
    fn described(&self, name: &str, schema: &'a Value) -> Option<String> {
        let rules = schema.as_object()?;
        let own = rules
            .get("description")
            .or_else(|| self.target(rules)?.get("description"));
        let text = own?.as_str()?.split("\n\n").next()?;
        Some(format!("add `{name}`: {}", text.replace('\n', " ")))
    }

    fn wrong_type(&mut self, node: &Node, expected: &[&'static str]) {
        let found = match &node.shape {
            Shape::Text(_) => TEXT,
            Shape::Integer(_) => INTEGER,
            Shape::Float(_) => NUMBER,
            Shape::Boolean(_) => BOOLEAN,
            Shape::Moment => "a date",
            Shape::List(_) => LIST,
            Shape::Table(_) => TABLE,
        };
        let written = self.text.get(node.start..node.end).unwrap_or_default();
        let help = match &node.shape {
            Shape::Integer(_) | Shape::Float(_) | Shape::Boolean(_) | Shape::Moment if expected.contains(&TEXT) => {
                Some(format!("write it in quotes: \"{}\"", excerpt(written)))
            }
            Shape::Text(text) => {
                let fits = |kind: &&str| match *kind {
                    INTEGER => text.parse::<i64>().is_ok(),
                    NUMBER => text.parse::<f64>().is_ok_and(f64::is_finite),
                    BOOLEAN => text == "true" || text == "false",
                    _ => false,
                };
                let bare = expected
                    .iter()
                    .any(fits)
                    .then(|| format!("write it without quotes: {text}"));
                bare.or((expected == [LIST]).then(|| "write it in brackets: [ … ]".to_string()))
            }
            Shape::Integer(_) | Shape::Table(_) if expected == [LIST] => {
                Some("write it in brackets: [ … ]".to_string())
            }
            _ => None,
        };
        let subject = self.subject();
        let help = help.filter(|_| !self.is_hidden);
        self.push(
            node.start,
            "E-WRONG-TYPE",
            format!("{subject} must be {}, not {found}", expected.join(" or ")),
            help,
        );
    }

    fn unknown_word(&mut self, at: usize, word: &str, words: &[&str]) {
        let message = format!("unknown word `{}` for {}", excerpt(word), self.subject());
        self.push(
            at,
            "E-UNKNOWN-WORD",
            message,
            Some(suggestion(word, words.iter().copied())),
        );
    }

    fn bad_value(&mut self, node: &Node, message: String, help: Option<String>) {
        let message = format!("{} {message}", self.subject());
        self.push(node.start, "E-BAD-VALUE", message, help);
    }

    fn push(&mut self, at: usize, code: &'static str, message: String, help: Option<String>) {
        self.faults.push(Fault {
            at,
            code,
            message,
            help,
        });
    }

    fn subject(&self) -> String {
        if self.path.is_empty() {
            "the file".to_string()
        } else {
            format!("`{}`", self.path_text())
        }
    }

    fn context(&self) -> String {
        if self.path.is_empty() {
            String::new()
        } else {
            format!(" in `{}`", self.path_text())
        }
    }

    fn path_text(&self) -> String {
        let mut text = String::new();
        for part in &self.path {
            if !text.is_empty() && !part.starts_with('[') {
                text.push('.');
            }
            text.push_str(part);
        }
        text
    }
}

const TEXT: &str = "text";
const INTEGER: &str = "a whole number";
const NUMBER: &str = "a number";
const BOOLEAN: &str = "true or false";
const LIST: &str = "a list";
const TABLE: &str = "a table";

fn key_text(key: &str) -> String {
    let bare = !key.is_empty() && key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if bare {
        key.to_string()
    } else {
        format!("\"{}\"", excerpt(key))
    }
}

fn array<'a>(rules: &'a Rules, name: &str) -> &'a [Value] {
    rules.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn number(rules: &Rules, name: &str) -> Option<u64> {
    rules.get(name).and_then(Value::as_u64)
}

fn whole(rules: &Rules, name: &str) -> Option<i128> {
    let limit = rules.get(name)?;
    limit
        .as_i64()
        .map(i128::from)
        .or_else(|| limit.as_u64().map(i128::from))
        .or_else(|| limit.as_f64().map(|f| f as i128))
}

/// `schemars` names the integer type, and writes its limits only where they are narrow.
fn format_limits(rules: &Rules) -> (i128, i128) {
    match rules.get("format").and_then(Value::as_str) {
        Some("int8") => (i8::MIN.into(), i8::MAX.into()),
        Some("int16") => (i16::MIN.into(), i16::MAX.into()),
        Some("int32") => (i32::MIN.into(), i32::MAX.into()),
        Some("int64" | "int") => (i64::MIN.into(), i64::MAX.into()),
        Some("uint8") => (0, u8::MAX.into()),
        Some("uint16") => (0, u16::MAX.into()),
        Some("uint32") => (0, u32::MAX.into()),
        Some("uint64" | "uint") => (0, u64::MAX.into()),
        _ => (i128::MIN, i128::MAX),
    }
}

fn type_names(rules: &Rules) -> impl Iterator<Item = &str> {
    let names = match rules.get("type") {
        Some(Value::Array(names)) => names.as_slice(),
        Some(name) => std::slice::from_ref(name),
        None => &[],
    };
    names.iter().filter_map(Value::as_str)
}

fn admits(rules: &Rules, shape: &Shape) -> bool {
    let mut types = type_names(rules).peekable();
    types.peek().is_none()
        || types.any(|name| match shape {
            Shape::Text(_) => name == "string",
            Shape::Integer(_) => matches!(name, "integer" | "number"),
            Shape::Float(_) => name == "number",
            Shape::Boolean(_) => name == "boolean",
            Shape::Moment => false,
            Shape::List(_) => name == "array",
            Shape::Table(_) => name == "object",
        })
}

fn kinds(rules: &Rules) -> Vec<&'static str> {
    let kind = |name: &str| match name {
        "string" => Some(TEXT),
        "integer" => Some(INTEGER),
        "number" => Some(NUMBER),
        "boolean" => Some(BOOLEAN),
        "array" => Some(LIST),
        "object" => Some(TABLE),
        _ => None,
    };
    type_names(rules).filter_map(kind).collect()
}

/// The texts that a schema allows, where it lists them.
fn words(rules: &Rules) -> impl Iterator<Item = &str> {
    let words = match rules.get("const") {
        Some(word) => std::slice::from_ref(word),
        None => array(rules, "enum"),
    };
    words.iter().filter_map(Value::as_str)
}

/// The single key of a variant with content, and the schema of the content.
fn tag(rules: &Rules) -> Option<(&str, &Value)> {
    let required = array(rules, "required");
    let properties = rules.get("properties")?.as_object()?;
    let (name, schema) = properties.iter().next()?;
    let single = properties.len() == 1 && required.len() == 1 && required.first()?.as_str() == Some(name);
    let closed = rules.get("additionalProperties") == Some(&Value::Bool(false));
    (single && closed).then_some((name.as_str(), schema))
}

/// All words and tags of a choice, in order.
fn choices<'a>(leaves: &[&'a Rules]) -> Vec<&'a str> {
    leaves
        .iter()
        .flat_map(|rules| words(rules).chain(tag(rules).map(|(tag, _)| tag)))
        .collect()
}
