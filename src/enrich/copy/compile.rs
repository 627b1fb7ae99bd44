//! Files of templates to `Copy`: names looked up, templates compiled, every fault told at once with its place.

use crate::declaration::Declaration;
use crate::declaration::nearest::suggestion;
use crate::diagnostic::{Diagnostic, excerpt};
use crate::enrich::copy::budget::Budget;
use crate::enrich::copy::file::{CopyFile, Flaw, ForbiddenFile, SetFile, TargetFile, When};
use crate::enrich::copy::lint::{Forbidden, Length, Lint};
use crate::enrich::copy::template::Template;
use crate::enrich::copy::variable::{Names, Vocabulary};
use crate::enrich::copy::{Copy, Task, Written};
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::schema::family::FamilyId;
use crate::schema::scope::Key;
use crate::value::Kind;
use crate::value::mismatch::Mismatch;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use xxhash_rust::xxh3::Xxh3;

/// Most templates of a workspace.
const MOST_TEMPLATES: usize = 20_000;

/// Which template writes a value of a family (`None`: of every product).
type Places = BTreeMap<(Option<FamilyId>, Key), u16>;

impl Copy {
    /// The templates of all files. Faults: those of the files, `E-UNKNOWN-FAMILY`, `E-UNKNOWN-LOCALE`, `E-UNKNOWN-CHANNEL`,
    /// `E-UNKNOWN-ATTRIBUTE`, `E-NOT-LOCALIZABLE`, `E-NOT-SCOPABLE`, `E-TEMPLATE`, `E-COPY-TAG`, `E-COPY-KIND`, `E-COPY-TWICE`,
    /// `E-COPY-WHEN`, `E-COPY-SELF`, `E-COPY-SIZE`.
    pub fn compile(files: &[Declaration], schema: &Schema) -> Result<Copy, Vec<Diagnostic>> {
        let mut compiler = Compiler {
            schema,
            vocabularies: BTreeMap::new(),
            templates: Vec::new(),
            places: Places::new(),
            lint: Lint::default(),
            faults: Vec::new(),
        };
        let mut hash = Xxh3::new();
        for declaration in files {
            hash.update(declaration.shown().as_bytes());
            hash.update(&[0]);
            hash.update(declaration.text().as_bytes());
            match declaration.check::<CopyFile>() {
                Ok(file) => compiler.file(&file, declaration),
                Err(mut faults) => compiler.faults.append(&mut faults),
            }
        }
        if !compiler.faults.is_empty() {
            return Err(compiler.faults);
        }
        let plans = compiler.plans();
        let lint = compiler.lint();
        Ok(Copy::new(compiler.templates, plans, lint, hash.digest()))
    }
}

struct Compiler<'a> {
    schema: &'a Schema,
    vocabularies: BTreeMap<u8, Arc<Vocabulary>>,
    templates: Vec<Written>,
    places: Places,
    lint: Lint,
    faults: Vec<Diagnostic>,
}

/// One set as it is compiled: the numbers of what it names.
struct Set<'a> {
    declaration: &'a Declaration,
    number: String,
    families: Vec<Option<FamilyId>>,
    locale: u8,
    channel: u8,
}

impl Compiler<'_> {
    fn file(&mut self, file: &CopyFile, declaration: &Declaration) {
        for (n, set) in file.sets.iter().enumerate() {
            self.set(set, declaration, n.to_string());
        }
        for (n, name) in file.lint.attributes.iter().enumerate() {
            let found = self.attribute(name, declaration, &["lint", "attributes", &n.to_string()]);
            self.lint.attributes.extend(found);
        }
        for (n, name) in file.lint.repeatable.iter().enumerate() {
            let found = self.attribute(name, declaration, &["lint", "repeatable", &n.to_string()]);
            self.lint.repeatable.extend(found);
        }
        for (n, forbidden) in file.lint.forbidden.iter().enumerate() {
            self.forbidden(forbidden, declaration, &n.to_string());
        }
    }

    fn set(&mut self, set: &SetFile, declaration: &Declaration, number: String) {
        let path = |key| ["sets", &number, key];
        let Some(locale) = self.locale(&set.locale, declaration, &path("locale")) else {
            return;
        };
        let channel = match &set.channel {
            Some(channel) => self.channel(channel, declaration, &path("channel")),
            None => Some(0),
        };
        let Some(channel) = channel else { return };
        let mut families = Vec::new();
        for (n, name) in set.families.iter().enumerate() {
            match self.schema.family_by_code(name) {
                Some(family) => families.push(Some(family)),
                None => {
                    let known = self.schema.families().iter().map(|family| &*family.code);
                    let fault = declaration
                        .fault(
                            &["sets", &number, "families", &n.to_string()],
                            "E-UNKNOWN-FAMILY",
                            format!("unknown family `{}`", excerpt(name)),
                        )
                        .with_help(suggestion(name, known));
                    self.faults.push(fault);
                }
            }
        }
        if set.families.is_empty() {
            families.push(None);
        }
        let set_of = Set {
            declaration,
            number,
            families,
            locale,
            channel,
        };
        for (name, target) in &set.write {
            self.target(&set_of, name, target);
        }
    }

    fn target(&mut self, set: &Set<'_>, name: &str, target: &TargetFile) {
        let path = ["sets", &set.number, "write", name];
        let of_key = |mismatch: Mismatch| {
            let fault = set.declaration.fault_of_key(&path, mismatch.code, mismatch.message);
            match mismatch.help {
                Some(help) => fault.with_help(help),
                None => fault,
            }
        };
        let Some(id) = self.schema.by_code(name) else {
            let fault = self.unknown_attribute(name);
            return self.faults.push(of_key(fault));
        };
        let attribute = self.schema.attribute(id);
        let html = match attribute.kind {
            Kind::Text => false,
            Kind::RichText => true,
            other => {
                let message = format!("`{name}` is of kind {other}, and templates write texts");
                let fault =
                    Mismatch::new("E-COPY-KIND", message).with_help("write an attribute of kind text or rich_text");
                return self.faults.push(of_key(fault));
            }
        };
        // A text that is the same in all locales is written in the shop's own.
        let key = Key {
            attribute: id,
            locale: if !attribute.localizable && set.locale == 1 {
                0
            } else {
                set.locale
            },
            channel: set.channel,
        };
        if let Err(mismatch) = key.check(self.schema) {
            return self.faults.push(of_key(mismatch));
        }
        self.check_conditions(set, name, target);
        let vocabulary = Arc::clone(self.vocabulary(set.locale));
        let names = Names {
            schema: self.schema,
            vocabulary,
            locale: set.locale,
            channel: set.channel,
            html,
            read: RefCell::new(Vec::new()),
        };
        let path = ["sets", &set.number, "write", name, "template"];
        let template = match Template::compile(&target.template, &names) {
            Ok(template) => template,
            Err(fault) => {
                let place = set.declaration.place_of_words(&path, &fault.words);
                let diagnostic = Diagnostic::error(fault.mismatch.code, fault.mismatch.message).at(place);
                return self.faults.push(match fault.mismatch.help {
                    Some(help) => diagnostic.with_help(help),
                    None => diagnostic,
                });
            }
        };
        if template.reads.contains(&id) && target.improve.is_empty() && target.when == When::Missing {
            let message = format!("reads `{name}`, which it writes only where nobody says it");
            let fault = set
                .declaration
                .fault(&path, "E-COPY-SELF", message)
                .with_help("take it out, or say which flaws of a text it improves");
            return self.faults.push(fault);
        }
        if self.templates.len() >= MOST_TEMPLATES {
            let fault = set
                .declaration
                .fault(
                    &path,
                    "E-COPY-SIZE",
                    format!("there are more than {MOST_TEMPLATES} templates"),
                )
                .with_help("let families inherit them");
            return self.faults.push(fault);
        }
        let number = self.templates.len() as u16;
        let own = |most: Option<u32>| most.map(|most| most as usize);
        let limit = attribute.limits.max_length;
        let max_chars = match (own(target.max_chars), limit) {
            (Some(own), Some(limit)) => Some(own.min(limit)),
            (own, limit) => own.or(limit),
        };
        let place = set.declaration.place_of_key(&path);
        self.templates.push(Written {
            template,
            place,
            key,
            html,
            when: target.when,
            improve: target.improve.clone(),
            budget: Budget {
                max_chars,
                max_bytes: own(target.max_bytes),
            },
            min_chars: own(target.min_chars).unwrap_or(0),
        });
        for family in &set.families {
            if let Some(other) = self.places.insert((*family, key), number) {
                let other = self
                    .templates
                    .get(usize::from(other))
                    .map(|other| other.place.to_string());
                let message = format!(
                    "`{name}` of this family, locale and channel is written twice, also in {}",
                    other.unwrap_or_default()
                );
                let fault = set
                    .declaration
                    .fault_of_key(&path, "E-COPY-TWICE", message)
                    .with_help("keep one");
                self.faults.push(fault);
            }
        }
    }

    fn check_conditions(&mut self, set: &Set<'_>, name: &str, target: &TargetFile) {
        let mut fault = |key: &str, message: &str, help: &str| {
            let path = ["sets", &set.number, "write", name, key];
            self.faults
                .push(set.declaration.fault(&path, "E-COPY-WHEN", message).with_help(help));
        };
        if target.when == When::Always && set.channel == 0 {
            let help = "name the set's channel, or improve flawed texts with `improve`";
            fault(
                "when",
                "only templates of a channel speak where there is a text already",
                help,
            );
        }
        if target.improve.contains(&Flaw::Short) && target.min_chars.is_none() {
            fault("improve", "what is too short is not said", "say `min_chars`");
        }
        if target.min_chars.is_some() && target.max_chars.is_some() && target.min_chars > target.max_chars {
            fault("min_chars", "`min_chars` is more than `max_chars`", "exchange them");
        }
    }

    fn forbidden(&mut self, written: &ForbiddenFile, declaration: &Declaration, number: &str) {
        let path = |key| ["lint", "forbidden", number, key];
        let locale = match &written.locale {
            Some(locale) => self.locale(locale, declaration, &path("locale")),
            None => Some(0),
        };
        let channel = match &written.channel {
            Some(channel) => self.channel(channel, declaration, &path("channel")),
            None => Some(0),
        };
        let mut attributes = Vec::new();
        for (n, name) in written.attributes.iter().enumerate() {
            let path = ["lint", "forbidden", number, "attributes", &n.to_string()];
            attributes.extend(self.attribute(name, declaration, &path));
        }
        if let (Some(locale), Some(channel)) = (locale, channel) {
            self.lint.forbidden.push(Forbidden {
                words: Forbidden::words(&written.words),
                locale,
                channel,
                attributes,
                why: written.why.clone(),
            });
        }
    }

    fn unknown_attribute(&self, name: &str) -> Mismatch {
        let texts = self.schema.attributes().map(|(_, attribute)| attribute);
        let texts = texts.filter(|attribute| matches!(attribute.kind, Kind::Text | Kind::RichText));
        Mismatch::new("E-UNKNOWN-ATTRIBUTE", format!("unknown attribute `{}`", excerpt(name)))
            .with_help(suggestion(name, texts.map(|attribute| &*attribute.code)))
    }

    fn attribute(&mut self, name: &str, declaration: &Declaration, path: &[&str]) -> Option<AttributeId> {
        let found = self.schema.by_code(name);
        if found.is_none() {
            let mismatch = self.unknown_attribute(name);
            let fault = declaration.fault(path, mismatch.code, mismatch.message);
            self.faults.push(fault.with_help(mismatch.help.unwrap_or_default()));
        }
        found
    }

    fn locale(&mut self, name: &str, declaration: &Declaration, path: &[&str]) -> Option<u8> {
        let found = self.schema.locale_number(name);
        if found.is_none() {
            let known = self.schema.locales().iter().map(String::as_str);
            let message = format!("unknown locale `{}`", excerpt(name));
            let fault = declaration.fault(path, "E-UNKNOWN-LOCALE", message);
            self.faults.push(fault.with_help(suggestion(name, known)));
        }
        found
    }

    fn channel(&mut self, name: &str, declaration: &Declaration, path: &[&str]) -> Option<u8> {
        let found = self.schema.channel_number(name);
        if found.is_none() {
            let known = self.schema.channels().iter().map(String::as_str);
            let message = format!("unknown channel `{}`", excerpt(name));
            let fault = declaration.fault(path, "E-UNKNOWN-CHANNEL", message);
            self.faults.push(fault.with_help(suggestion(name, known)));
        }
        found
    }

    fn vocabulary(&mut self, locale: u8) -> &Arc<Vocabulary> {
        let schema = self.schema;
        self.vocabularies
            .entry(locale)
            .or_insert_with(|| Arc::new(Vocabulary::new(schema, schema.locale_code(locale).unwrap_or_default())))
    }

    /// What to write for each family, and for products without one.
    fn plans(&self) -> Vec<Vec<Task>> {
        let families = self.schema.families();
        let mut plans = Vec::with_capacity(families.len() + 1);
        for n in 0..families.len() {
            let mut line = Vec::new();
            let mut next = u16::try_from(n).ok().map(FamilyId);
            while let Some(family) = next {
                line.push(Some(family));
                next = self
                    .schema
                    .family(family)
                    .parent
                    .filter(|_| line.len() <= families.len());
            }
            line.push(None);
            plans.push(self.plan(&line));
        }
        plans.push(self.plan(&[None]));
        plans
    }

    /// The tasks of a line of families, the nearest first, in the order in which they are done.
    fn plan(&self, line: &[Option<FamilyId>]) -> Vec<Task> {
        let keys: BTreeSet<Key> = self.places.keys().map(|(_, key)| *key).collect();
        let mut tasks: BTreeMap<Key, Task> = BTreeMap::new();
        for key in keys {
            let tries: Vec<u16> = line
                .iter()
                .filter_map(|family| self.places.get(&(*family, key)).copied())
                .collect();
            if !tries.is_empty() {
                tasks.insert(key, Task { key, tries });
            }
        }
        // What another template reads is written before it; texts for all channels before those of one. Where two read each
        // other, the first by name is written first.
        let mut ordered = Vec::with_capacity(tasks.len());
        let mut begun = BTreeSet::new();
        let mut keys: Vec<Key> = tasks.keys().copied().collect();
        keys.sort_by_key(|key| (key.channel, *key));
        for key in keys {
            self.visit(key, &tasks, &mut begun, &mut ordered);
        }
        ordered.into_iter().filter_map(|key| tasks.remove(&key)).collect()
    }

    fn visit(&self, key: Key, tasks: &BTreeMap<Key, Task>, begun: &mut BTreeSet<Key>, ordered: &mut Vec<Key>) {
        let mut stack = vec![(key, false)];
        while let Some((key, done)) = stack.pop() {
            if done {
                ordered.push(key);
                continue;
            }
            let Some(task) = tasks.get(&key).filter(|_| begun.insert(key)) else {
                continue;
            };
            stack.push((key, true));
            let reads = task.tries.iter().filter_map(|n| self.templates.get(usize::from(*n)));
            let reads: BTreeSet<AttributeId> = reads
                .flat_map(|written| written.template.reads.iter().copied())
                .collect();
            for attribute in reads.into_iter().rev() {
                let next = Key { attribute, ..key };
                if !begun.contains(&next) {
                    stack.push((next, false));
                }
            }
        }
    }

    fn lint(&mut self) -> Lint {
        let mut lint = std::mem::take(&mut self.lint);
        lint.attributes
            .extend(self.templates.iter().map(|written| written.key.attribute));
        for list in [&mut lint.attributes, &mut lint.repeatable] {
            list.sort_unstable();
            list.dedup();
        }
        for written in &self.templates {
            let length = lint.lengths.entry(written.key).or_insert(Length {
                min_chars: written.min_chars,
                budget: written.budget,
            });
            length.min_chars = length.min_chars.min(written.min_chars);
            length.budget = Budget {
                max_chars: wider(length.budget.max_chars, written.budget.max_chars),
                max_bytes: wider(length.budget.max_bytes, written.budget.max_bytes),
            };
        }
        lint
    }
}

fn wider(a: Option<usize>, b: Option<usize>) -> Option<usize> {
    Some(a?.max(b?))
}
