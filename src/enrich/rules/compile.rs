//! Files of rules to `Rules`: names looked up, conditions, formulas and values read, every fault told at once with its place.

use crate::declaration::Declaration;
use crate::declaration::nearest::suggestion;
use crate::diagnostic::{Diagnostic, excerpt};
use crate::enrich::rules::action::{Action, Part, Work, can_copy, entry};
use crate::enrich::rules::example;
use crate::enrich::rules::file::{ActionFile, PartFile, RuleFile, RulesFile};
use crate::enrich::rules::formula::{self, Sort};
use crate::enrich::rules::written::{key_of, value};
use crate::enrich::rules::{Rule, Rules, condition, order};
use crate::query::meaning::{Patterns, families_under};
use crate::schema::Schema;
use crate::schema::scope::Key;
use crate::value::mismatch::Mismatch;
use crate::value::price::Currency;
use crate::value::text::fold;
use crate::value::{Kind, Value};
use std::collections::{BTreeMap, BTreeSet};
use xxhash_rust::xxh3::Xxh3;

/// Most rules of a workspace.
const MOST_RULES: usize = 2_000;
/// Most entries of a table.
const MOST_ENTRIES: usize = 50_000;
/// Most members that a rule adds to a list or takes out of it.
const MOST_MEMBERS: usize = 1_000;
/// Most actions of a rule, and most parts of a joined text.
const MOST_PARTS: usize = 100;

impl Rules {
    /// The rules of all files, which are given in the order of their names. Faults: those of the files, `E-RULE-ID`, `E-RULE-SIZE`,
    /// `E-RULE-CONDITION` and those of queries, `E-RULE-TARGET`, `E-RULE-KIND`, `E-RULE-EMPTY`, `E-RULE-TWICE`, `E-RULE-FORMULA`,
    /// `E-RULE-UNITS`, `E-RULE-CYCLE`, `E-RULE-EXAMPLE`, `E-UNKNOWN-FAMILY`, `E-UNKNOWN-CATEGORY`, and those of `Key::parse` and `typed`.
    pub fn compile(files: &[Declaration], schema: &Schema, currency: Currency) -> Result<Rules, Vec<Diagnostic>> {
        let mut faults = Vec::new();
        let mut hash = Xxh3::new();
        hash.update(currency.code().as_bytes());
        let mut rules: Vec<Rule> = Vec::new();
        let mut parts: Vec<(&Declaration, String, RuleFile)> = Vec::new();
        for declaration in files {
            hash.update(declaration.shown().as_bytes());
            hash.update(&[0]);
            hash.update(declaration.text().as_bytes());
            match declaration.check::<RulesFile>() {
                Ok(file) => {
                    let numbered = file.rules.into_iter().enumerate();
                    parts.extend(numbered.map(|(n, rule)| (declaration, n.to_string(), rule)));
                }
                Err(mut more) => faults.append(&mut more),
            }
        }
        if parts.len() > MOST_RULES {
            let message = format!("there are more than {MOST_RULES} rules");
            let help = "a `map` with many values takes the place of many rules";
            faults.push(Diagnostic::error("E-RULE-SIZE", message).with_help(help));
            parts.truncate(MOST_RULES);
        }
        let mut patterns = Patterns::new("E-RULE-SIZE");
        for (declaration, number, written) in &parts {
            let mut reader = Reader {
                schema,
                currency,
                declaration,
                number,
                patterns: &mut patterns,
                faults: &mut faults,
            };
            reader.id(&written.id, &rules);
            rules.push(reader.rule(written));
        }
        let remarks = if faults.is_empty() {
            let (cycles, remarks) = order::check(&rules, schema);
            faults.extend(cycles);
            remarks
        } else {
            Vec::new()
        };
        // An example of a rule that does not read would only repeat its faults.
        if faults.is_empty() {
            for ((declaration, number, written), rule) in parts.iter().zip(&rules) {
                faults.extend(example::check(rule, written, declaration, number, schema, currency));
            }
        }
        match faults.is_empty() {
            true => Ok(Rules::new(rules, remarks, hash.digest())),
            false => Err(faults),
        }
    }
}

struct Reader<'r> {
    schema: &'r Schema,
    currency: Currency,
    declaration: &'r Declaration,
    /// Place of the rule in its file.
    number: &'r str,
    patterns: &'r mut Patterns,
    faults: &'r mut Vec<Diagnostic>,
}

impl Reader<'_> {
    fn fault(&mut self, path: &[&str], mismatch: Mismatch, words: &str) {
        let whole: Vec<&str> = ["rule", self.number].into_iter().chain(path.iter().copied()).collect();
        let place = self.declaration.place_of_words(&whole, words);
        let fault = Diagnostic::error(mismatch.code, mismatch.message).at(place);
        let fault = match mismatch.help {
            Some(help) => fault.with_help(help),
            None => fault,
        };
        self.faults.push(match words.is_empty() {
            true => fault,
            false => fault.with_value(words),
        });
    }

    fn fault_of_key(&mut self, path: &[&str], mismatch: Mismatch) {
        let whole: Vec<&str> = ["rule", self.number].into_iter().chain(path.iter().copied()).collect();
        let fault = self.declaration.fault_of_key(&whole, mismatch.code, mismatch.message);
        self.faults.push(match mismatch.help {
            Some(help) => fault.with_help(help),
            None => fault,
        });
    }

    fn id(&mut self, id: &str, before: &[Rule]) {
        let good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_');
        if id.is_empty() || id.len() > 64 || !id.chars().all(good) {
            let help = "write small letters, digits, `-` and `_`, at most 64; what people read stands in `description`";
            let mismatch = Mismatch::new("E-RULE-ID", "not a name for a rule").with_help(help);
            self.fault(&["id"], mismatch, id);
        }
        if let Some(other) = before.iter().find(|rule| rule.id == id) {
            let message = format!("another rule has this id: {}", other.place);
            let mismatch = Mismatch::new("E-RULE-ID", message).with_help("give each rule a name of its own");
            self.fault(&["id"], mismatch, id);
        }
    }

    fn rule(&mut self, written: &RuleFile) -> Rule {
        let mut families = Vec::new();
        for (n, name) in written.families.iter().enumerate() {
            match self.schema.family_by_code(name) {
                Some(family) => families.extend(families_under(self.schema, family)),
                None => {
                    let mismatch = self.unknown_family(name);
                    self.fault(&["families", &n.to_string()], mismatch, "");
                }
            }
        }
        let when = written
            .when
            .as_ref()
            .and_then(|query| match condition::read(query, self.schema, self.patterns) {
                Ok(test) => Some(test),
                Err(fault) => {
                    let words = query.get(fault.start..fault.end).unwrap_or_default();
                    let mismatch = Mismatch::new(fault.code, fault.message).with_help(fault.help);
                    self.fault(&["when"], mismatch, words);
                    None
                }
            });
        let mut actions = Vec::new();
        if written.then.len() > MOST_PARTS {
            let message = format!("the rule has more than {MOST_PARTS} actions");
            self.size_fault(&["then"], message, "make several rules of it");
        }
        for (n, action) in written.then.iter().take(MOST_PARTS).enumerate() {
            actions.extend(self.action(action, &n.to_string()));
        }
        let mut place = self.declaration.place(&["rule", self.number, "id"]);
        place.column = None;
        Rule {
            id: written.id.clone(),
            description: written.description.clone(),
            place,
            families: (!written.families.is_empty()).then_some(families),
            when,
            actions,
            examples: written.examples.len(),
            asked: written.when.clone(),
        }
    }

    fn unknown_family(&self, name: &str) -> Mismatch {
        let known = self.schema.families().iter().map(|family| &*family.code);
        let message = format!("unknown family `{}`", excerpt(name));
        Mismatch::new("E-UNKNOWN-FAMILY", message).with_help(suggestion(name, known))
    }

    /// The value that is said, which the rule may say.
    fn target(&mut self, name: &str, path: &[&str]) -> Option<Key> {
        let key = self.key(name, path)?;
        if self.schema.known().model == Some(key.attribute) {
            let help = "a feed, or `model` in its mapping, says which products are variants of one model";
            let mismatch = Mismatch::new("E-RULE-TARGET", "a rule cannot move a product to another model");
            self.fault(path, mismatch.with_help(help), "");
            return None;
        }
        Some(key)
    }

    fn key(&mut self, name: &str, path: &[&str]) -> Option<Key> {
        key_of(self.schema, name)
            .map_err(|mismatch| self.fault(path, mismatch, ""))
            .ok()
    }

    fn value(&mut self, key: Key, text: &str, path: &[&str]) -> Option<Value> {
        match value(self.schema, key, text, self.currency) {
            Ok(value) => Some(value),
            Err(mismatch) => {
                let words = if path.last() == Some(&"values") { text } else { "" };
                self.fault(path, mismatch, words);
                None
            }
        }
    }

    /// How the value that a word of a table means is looked up.
    fn entry(&mut self, from: Key, word: &str, path: &[&str]) -> Option<String> {
        let attribute = self.schema.attribute(from.attribute);
        match attribute.kind {
            Kind::Text | Kind::RichText | Kind::Media | Kind::Reference | Kind::Table => return Some(fold(word)),
            _ => {}
        }
        match value(self.schema, from, word, self.currency) {
            // Of a list, each member is looked up by itself.
            Ok(Value::Options(members)) if members.len() != 1 => {
                let mismatch = Mismatch::new(
                    "E-RULE-KIND",
                    format!("each member of `{}` is looked up by itself", attribute.code),
                );
                self.fault_of_key(path, mismatch.with_help("make an entry for each"));
                None
            }
            Ok(value) => Some(entry(&value).into_owned()),
            Err(mismatch) => {
                self.fault_of_key(path, mismatch);
                None
            }
        }
    }

    fn kind_fault(&mut self, path: &[&str], message: String, help: &str) {
        self.fault(path, Mismatch::new("E-RULE-KIND", message).with_help(help), "");
    }

    fn size_fault(&mut self, path: &[&str], message: String, help: &str) {
        self.fault(path, Mismatch::new("E-RULE-SIZE", message).with_help(help), "");
    }

    fn action(&mut self, written: &ActionFile, n: &str) -> Option<Action> {
        match written {
            ActionFile::Set(set) => {
                let to = self.target(&set.attribute, &["then", n, "set", "attribute"])?;
                let value = self.value(to, &set.value, &["then", n, "set", "value"])?;
                let work = Work::Set(value);
                Some(Action { to, work })
            }
            ActionFile::Copy(copy) => {
                let from = self.key(&copy.from, &["then", n, "copy", "from"]);
                let to = self.target(&copy.to, &["then", n, "copy", "to"])?;
                let work = Work::Copy(from?);
                let (one, other) = (
                    self.schema.attribute(from?.attribute),
                    self.schema.attribute(to.attribute),
                );
                if !can_copy(one, other) {
                    let message = format!(
                        "`{}` is of kind {}, and `{}` of kind {}, which does not take it",
                        one.code, one.kind, other.code, other.kind
                    );
                    let help = "copy between one kind (units of one dimension, one list of options), or into a text; `map` translates";
                    self.kind_fault(&["then", n, "copy"], message, help);
                    return None;
                }
                Some(Action { to, work })
            }
            ActionFile::Concatenate(joined) => {
                let to = self.target(&joined.to, &["then", n, "concatenate", "to"])?;
                let attribute = self.schema.attribute(to.attribute);
                if !matches!(attribute.kind, Kind::Text | Kind::RichText | Kind::Identifier) {
                    let message = format!("`{}` is of kind {}, which is no text", attribute.code, attribute.kind);
                    self.kind_fault(&["then", n, "concatenate", "to"], message, "join parts into a text");
                    return None;
                }
                let path = ["then", n, "concatenate", "parts"];
                if joined.parts.len() > MOST_PARTS {
                    let message = format!("there are more than {MOST_PARTS} parts");
                    self.size_fault(&path, message, "join them in several rules");
                    return None;
                }
                if !joined.parts.iter().any(|part| matches!(part, PartFile::Attribute(_))) {
                    let mismatch = Mismatch::new(
                        "E-RULE-EMPTY",
                        "a text stands only where the value of an attribute does",
                    );
                    let help = "name at least one attribute; `set` says a text that is always the same";
                    self.fault(&path, mismatch.with_help(help), "");
                    return None;
                }
                let mut parts = Vec::new();
                let mut whole = true;
                for (m, part) in joined.parts.iter().enumerate() {
                    match part {
                        PartFile::Text(text) => parts.push(Part::Text(text.clone())),
                        PartFile::Attribute(name) => {
                            let m = m.to_string();
                            match self.key(name, &["then", n, "concatenate", "parts", &m, "attribute"]) {
                                Some(key) => parts.push(Part::Attribute(key)),
                                None => whole = false,
                            }
                        }
                    }
                }
                let work = Work::Concatenate(parts, joined.separator.clone());
                whole.then_some(Action { to, work })
            }
            ActionFile::Calculate(calculated) => {
                let to = self.target(&calculated.attribute, &["then", n, "calculate", "attribute"])?;
                self.calculated(to, &calculated.formula, &["then", n, "calculate", "formula"])
            }
            ActionFile::Map(map) => {
                let from = self.key(&map.from, &["then", n, "map", "from"]);
                let to = self.target(&map.to, &["then", n, "map", "to"])?;
                let path = ["then", n, "map", "values"];
                if map.values.len() > MOST_ENTRIES {
                    let message = format!("the table has more than {MOST_ENTRIES} values");
                    let help = "do it where the feed is read: `map` in supplier.toml";
                    self.size_fault(&path, message, help);
                    return None;
                }
                let mut table: BTreeMap<String, Value> = BTreeMap::new();
                for (word, text) in &map.values {
                    let path = ["then", n, "map", "values", word];
                    let entry = from.and_then(|from| self.entry(from, word, &path));
                    let value = self.value(to, text, &path);
                    let (Some(entry), Some(value)) = (entry, value) else {
                        continue;
                    };
                    if table.get(&entry).is_some_and(|other| *other != value) {
                        let mismatch = Mismatch::new("E-RULE-TWICE", "the table says something else of the same value");
                        let help = "keep one of them: case, accents, signs and ways to write a value do not count";
                        self.fault_of_key(&path, mismatch.with_help(help));
                        continue;
                    }
                    table.insert(entry, value);
                }
                let otherwise = map.otherwise.as_ref();
                let otherwise = otherwise.and_then(|text| self.value(to, text, &["then", n, "map", "otherwise"]));
                let work = Work::Map(from?, table, otherwise);
                Some(Action { to, work })
            }
            ActionFile::Clear(name) => {
                let to = self.target(name, &["then", n, "clear"])?;
                let work = Work::Clear;
                Some(Action { to, work })
            }
            ActionFile::Add(members) => {
                let (to, values) = self.members(&members.attribute, &members.values, ["then", n, "add"])?;
                let work = Work::Add(values);
                Some(Action { to, work })
            }
            ActionFile::Remove(members) => {
                let (to, mut values) = self.members(&members.attribute, &members.values, ["then", n, "remove"])?;
                values.sort_unstable();
                let work = Work::Remove(values);
                Some(Action { to, work })
            }
        }
    }

    fn calculated(&mut self, to: Key, text: &str, path: &[&str]) -> Option<Action> {
        let schema = self.schema;
        let (formula, sort) = match formula::read(text, schema, &|name| key_of(schema, name)) {
            Ok(found) => found,
            Err(fault) => {
                self.fault(path, fault.mismatch, &fault.words);
                return None;
            }
        };
        let attribute = schema.attribute(to.attribute);
        let fits = match (attribute.kind, &sort) {
            (Kind::Integer | Kind::Decimal, Sort::Number) | (Kind::Money, Sort::Money(_)) => true,
            (Kind::Measure, Sort::Measure(dimension)) => attribute.dimension.as_ref() == Some(dimension),
            _ => false,
        };
        if !fits {
            let of = match &attribute.dimension {
                Some(dimension) => format!("a measure of {dimension}"),
                None => format!("of kind {}", attribute.kind),
            };
            let message = format!("the formula gives {sort}, and `{}` is {of}", attribute.code);
            let help =
                "multiply a number by 1 of a unit, as in `… * 1 L`; `amount(x, unit)` makes a number of a measure";
            self.fault(path, Mismatch::new("E-RULE-UNITS", message).with_help(help), "");
            return None;
        }
        let work = Work::Calculate(formula);
        Some(Action { to, work })
    }

    fn members(&mut self, name: &str, texts: &[String], path: [&str; 3]) -> Option<(Key, Vec<String>)> {
        let [then, n, verb] = path;
        let to = self.target(name, &[then, n, verb, "attribute"])?;
        let attribute = self.schema.attribute(to.attribute);
        if !attribute.kind.is_list() {
            let message = format!("`{}` is of kind {}, which is no list", attribute.code, attribute.kind);
            self.kind_fault(
                &[then, n, verb, "attribute"],
                message,
                "use `set` and `clear` for single values",
            );
            return None;
        }
        let mut values = Vec::new();
        // One more than may be, so that a list of too many is not read to its end.
        for (m, text) in texts.iter().take(MOST_MEMBERS + 1).enumerate() {
            match self.value(to, text, &[then, n, verb, "values", &m.to_string()])? {
                Value::Options(list) | Value::Media(list) | Value::Reference(list) => values.extend(list),
                _ => {}
            }
        }
        if values.len() > MOST_MEMBERS {
            let message = format!("there are more than {MOST_MEMBERS} members");
            self.size_fault(&[then, n, verb, "values"], message, "say them in several rules");
            return None;
        }
        let mut known = BTreeSet::new();
        values.retain(|value| known.insert(value.clone()));
        Some((to, values))
    }
}
