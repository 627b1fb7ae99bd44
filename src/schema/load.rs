//! Reads `schemas/`, and makes a schema of what stands there or tells every fault at once.
//!
//! What a single declared thing must be is left to its own file; here the files are put together.

use crate::declaration::Declaration;
use crate::diagnostic::{Diagnostic, Place, excerpt};
use crate::schema::Schema;
use crate::schema::attribute::{Attribute, AttributeId, MOST_ATTRIBUTES};
use crate::schema::category::{Category, CategoryId, MOST_CATEGORIES};
use crate::schema::family::{COMMON, Family, FamilyId, Surroundings};
use crate::schema::file::{AttributeFile, CategoryFile, FamilyFile, OptionListFile, SchemaFile};
use crate::schema::known::Known;
use crate::schema::option_list::{OptionList, OptionsId, OptionsIds};
use crate::schema::report::{Faults, Report};
use crate::schema::tree;
use crate::value::unit::{UnitDefinition, Units};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::Path;
use std::sync::Arc;

/// Most locales, and most channels, of a workspace: keys number them in one byte.
pub const MOST_SCOPES: usize = 200;
/// Most families and option lists.
const MOST_OTHERS: usize = 20_000;
/// More faults than this are not told, only that there are more.
const MOST_FAULTS: usize = 2_000;
/// Most files of a schema.
const MOST_FILES: usize = 2_000;

/// Reads every `.toml` file below a folder, in the order of their paths. `shown_root` is what places are relative to.
///
/// `locales` (the default first) and `channels` are the workspace's.
pub fn load(
    folder: &Path,
    shown_root: &Path,
    locales: &[String],
    channels: &[String],
) -> Result<Schema, Vec<Diagnostic>> {
    let shown = |path: &Path| {
        path.strip_prefix(shown_root)
            .unwrap_or(path)
            .to_string_lossy()
            .replace('\\', "/")
    };
    let mut files = Vec::new();
    for entry in walkdir::WalkDir::new(folder)
        .follow_links(true)
        .max_depth(16)
        .sort_by_file_name()
    {
        match entry {
            Ok(entry) if entry.file_type().is_dir() => {}
            Ok(entry) if entry.path().extension().is_some_and(|extension| extension == "toml") => {
                files.push(Declaration::read(entry.path(), &shown(entry.path())));
            }
            Ok(_) => {}
            Err(error) => {
                let place = Place::file(shown(error.path().unwrap_or(folder)));
                files.push(Err(vec![
                    Diagnostic::error("E-FILE-UNREADABLE", format!("cannot read the schema: {error}")).at(place),
                ]));
            }
        }
    }
    if files.is_empty() {
        let message = "there is no schema: no .toml file in this folder";
        let place = Place::file(shown(folder));
        let help = "`estante init` writes one to begin with; `schemas` in estante.toml names the folder";
        return Err(vec![
            Diagnostic::error("E-NO-SCHEMA", message).at(place).with_help(help),
        ]);
    }
    assemble(files, locales, channels)
}

/// The same from texts with the names to show for them.
pub fn load_texts(texts: &[(&str, &str)], locales: &[String], channels: &[String]) -> Result<Schema, Vec<Diagnostic>> {
    let files = texts
        .iter()
        .map(|(shown, text)| Declaration::parse(text.to_string(), shown))
        .collect();
    assemble(files, locales, channels)
}

/// One declared thing, and the number of its file. Without content it does not fit its type, which is told already.
struct Written<T> {
    file: usize,
    content: Option<T>,
}

/// The tables of one kind, of all files, by code.
type Table<T> = BTreeMap<String, Written<T>>;

/// All files put together.
struct Gathered {
    files: Vec<Option<Declaration>>,
    faults: Faults,
    /// Every file has correct syntax, so that every name is known.
    complete: bool,
    attributes: Table<AttributeFile>,
    lists: Table<OptionListFile>,
    families: Table<FamilyFile>,
    categories: Table<CategoryFile>,
    units: Table<UnitDefinition>,
}

fn assemble(
    files: Vec<Result<Declaration, Vec<Diagnostic>>>,
    locales: &[String],
    channels: &[String],
) -> Result<Schema, Vec<Diagnostic>> {
    let mut gathered = gather(files);
    let schema = gathered.schema(locales, channels);
    if gathered.faults.is_empty() {
        return Ok(schema);
    }
    let column = |fault: &Diagnostic| {
        fault
            .place
            .column
            .as_deref()
            .and_then(|column| column.parse::<u64>().ok())
    };
    gathered
        .faults
        .sort_by_cached_key(|(file, fault)| (*file, fault.place.line, column(fault), fault.code.to_string()));
    let more = gathered.faults.len().saturating_sub(MOST_FAULTS);
    let mut told: Vec<Diagnostic> = gathered
        .faults
        .into_iter()
        .take(MOST_FAULTS)
        .map(|(_, fault)| fault)
        .collect();
    if more > 0 {
        told.push(Diagnostic::error(
            "E-MORE-FAULTS",
            format!("{more} more faults of the schema are not listed"),
        ));
    }
    Err(told)
}

fn gather(files: Vec<Result<Declaration, Vec<Diagnostic>>>) -> Gathered {
    let mut all = Gathered {
        files: Vec::with_capacity(files.len()),
        faults: Vec::new(),
        complete: true,
        attributes: BTreeMap::new(),
        lists: BTreeMap::new(),
        families: BTreeMap::new(),
        categories: BTreeMap::new(),
        units: BTreeMap::new(),
    };
    for (n, file) in files.into_iter().enumerate() {
        let file = match file {
            Ok(_) if n >= MOST_FILES => {
                if n == MOST_FILES {
                    let message = format!("the schema has more than {MOST_FILES} files");
                    all.faults.push((n, Diagnostic::error("E-SCHEMA-SIZE", message)));
                }
                all.complete = false;
                all.files.push(None);
                continue;
            }
            Ok(file) => file,
            Err(faults) => {
                all.faults.extend(faults.into_iter().map(|fault| (n, fault)));
                all.complete = false;
                all.files.push(None);
                continue;
            }
        };
        let checked = file.check::<SchemaFile>();
        all.files.push(Some(file));
        let Some(Some(file)) = all.files.get(n) else { continue };
        let tables = match checked {
            Ok(whole) => Tables {
                attributes: some(whole.attributes),
                lists: some(whole.options),
                families: some(whole.families),
                categories: some(whole.categories),
                units: some(whole.units),
            },
            Err(faults) => {
                all.faults.extend(faults.into_iter().map(|fault| (n, fault)));
                Tables {
                    attributes: file.entries("attributes"),
                    lists: file.entries("options"),
                    families: file.entries("families"),
                    categories: file.entries("categories"),
                    units: file.entries("units"),
                }
            }
        };
        let files = &all.files;
        let faults = &mut all.faults;
        add(&mut all.attributes, tables.attributes, "attributes", n, files, faults);
        add(&mut all.lists, tables.lists, "options", n, files, faults);
        add(&mut all.families, tables.families, "families", n, files, faults);
        add(&mut all.categories, tables.categories, "categories", n, files, faults);
        add(&mut all.units, tables.units, "units", n, files, faults);
    }
    all
}

/// The tables of one file.
struct Tables {
    attributes: BTreeMap<String, Option<AttributeFile>>,
    lists: BTreeMap<String, Option<OptionListFile>>,
    families: BTreeMap<String, Option<FamilyFile>>,
    categories: BTreeMap<String, Option<CategoryFile>>,
    units: BTreeMap<String, Option<UnitDefinition>>,
}

fn some<T>(table: BTreeMap<String, T>) -> BTreeMap<String, Option<T>> {
    table.into_iter().map(|(code, content)| (code, Some(content))).collect()
}

/// Adds a file's table to those of the files before. Faults: `E-DECLARED-TWICE`, `E-BAD-CODE`.
fn add<T>(
    all: &mut Table<T>,
    table: BTreeMap<String, Option<T>>,
    name: &'static str,
    n: usize,
    files: &[Option<Declaration>],
    faults: &mut Faults,
) {
    let Some(Some(file)) = files.get(n) else { return };
    for (code, content) in table {
        let path = [name, code.as_str()];
        // Units have codes of their own (`°C`), checked where they are read.
        if name != "units" && !is_code(&code) {
            let message = format!("`{}` cannot be a code", excerpt(&code));
            let help = "begin with a small letter, go on with small letters, digits and `_`, at most 64; what people read stands in `labels`";
            faults.push((n, file.fault_of_key(&path, "E-BAD-CODE", message).with_help(help)));
        }
        if let Some(first) = all.get(&code) {
            let place = files
                .get(first.file)
                .and_then(Option::as_ref)
                .map(|file| file.place_of_key(&path));
            let message = format!("`{name}.{}` is declared twice", excerpt(&code));
            let help = format!("it already stands in {}; keep one", place.unwrap_or_default());
            faults.push((n, file.fault_of_key(&path, "E-DECLARED-TWICE", message).with_help(help)));
        }
        if let Entry::Vacant(place) = all.entry(code) {
            place.insert(Written { file: n, content });
        }
    }
}

/// `[a-z][a-z0-9_]*`, at most 64 characters.
fn is_code(code: &str) -> bool {
    code.len() <= 64
        && code.bytes().next().is_some_and(|byte| byte.is_ascii_lowercase())
        && code
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

impl Gathered {
    /// The schema of what was gathered. It is only good where there are no faults in the end.
    fn schema(&mut self, locales: &[String], channels: &[String]) -> Schema {
        self.check_sizes(locales, channels);
        let default_locale = locales.first().map(String::as_str).unwrap_or_default();
        let units = self.units();
        let mut faults = std::mem::take(&mut self.faults);

        let list_ids: OptionsIds = self
            .lists
            .keys()
            .zip(0..)
            .map(|(code, n)| (code.clone(), OptionsId(n)))
            .collect();
        let mut lists = Vec::with_capacity(self.lists.len());
        for (code, written) in &self.lists {
            let Some((content, mut report)) = self.reported("options", code, written, &mut faults) else {
                continue;
            };
            lists.push(OptionList::checked(content, default_locale, &mut report));
        }

        let attribute_ids: BTreeMap<String, AttributeId> = self
            .attributes
            .keys()
            .zip(0..)
            .map(|(code, n)| (code.clone(), AttributeId(n)))
            .collect();
        let mut attributes = BTreeMap::new();
        let mut known = Known::default();
        for ((code, written), n) in self.attributes.iter().zip(0..) {
            let Some((content, mut report)) = self.reported("attributes", code, written, &mut faults) else {
                continue;
            };
            let attribute = Attribute::checked(content, &list_ids, &units, default_locale, &mut report);
            known.note(AttributeId(n), &attribute, &mut report);
            attributes.insert(AttributeId(n), attribute);
        }

        let family_ids: BTreeMap<String, FamilyId> = self
            .families
            .keys()
            .zip(0..)
            .map(|(code, n)| (code.clone(), FamilyId(n)))
            .collect();
        let around = Surroundings {
            attributes: &attribute_ids,
            checked: &attributes,
            channels,
            default_locale,
        };
        let families = self.family_list(&family_ids, &around, &mut faults);
        let categories = self.category_list(&family_ids, default_locale, &mut faults);

        self.faults = faults;
        Schema {
            fingerprint: self.fingerprint(locales, channels),
            locked: attributes.values().any(|attribute| attribute.locked),
            attributes: attributes.into_values().collect(),
            lists: lists.into(),
            family_policies: families.iter().any(|family| !family.policies.is_empty()),
            families: families.into(),
            categories: categories.into(),
            units,
            locales: locales.into(),
            channels: channels.into(),
            known,
        }
    }

    fn family_list(
        &self,
        ids: &BTreeMap<String, FamilyId>,
        around: &Surroundings<'_>,
        faults: &mut Faults,
    ) -> Vec<Family> {
        let implied = self.families.contains_key(COMMON).then_some(COMMON);
        let parents: BTreeMap<&str, Option<&str>> = (self.families.iter())
            .map(|(code, written)| {
                let said = written.content.as_ref().and_then(|family| family.parent.as_deref());
                (code.as_str(), said.or(implied.filter(|common| common != code)))
            })
            .collect();
        let mut families = Vec::with_capacity(self.families.len());
        for (code, written) in &self.families {
            let Some((content, mut report)) = self.reported("families", code, written, faults) else {
                continue;
            };
            let line = tree::line(code, &parents, "family", "E-UNKNOWN-FAMILY", &mut report);
            let above = line
                .len()
                .checked_sub(2)
                .and_then(|n| line.get(n))
                .and_then(|parent| ids.get(*parent))
                .copied();
            let line: Vec<&FamilyFile> = line
                .iter()
                .filter_map(|code| self.families.get(*code)?.content.as_ref())
                .collect();
            families.push(Family::checked(content, above, &line, around, &mut report));
        }
        families
    }

    fn category_list(
        &self,
        families: &BTreeMap<String, FamilyId>,
        default_locale: &str,
        faults: &mut Faults,
    ) -> Vec<Category> {
        let ids: BTreeMap<&str, CategoryId> = self
            .categories
            .keys()
            .zip(0..)
            .map(|(code, n)| (code.as_str(), CategoryId(n)))
            .collect();
        let parents: BTreeMap<&str, Option<&str>> = (self.categories.iter())
            .map(|(code, written)| {
                (
                    code.as_str(),
                    written.content.as_ref().and_then(|category| category.parent.as_deref()),
                )
            })
            .collect();
        let mut categories = Vec::with_capacity(self.categories.len());
        for (code, written) in &self.categories {
            let Some((content, mut report)) = self.reported("categories", code, written, faults) else {
                continue;
            };
            let line = tree::line(code, &parents, "category", "E-UNKNOWN-CATEGORY", &mut report);
            let line: Vec<(CategoryId, &CategoryFile)> = line
                .iter()
                .filter_map(|code| Some((*ids.get(code)?, self.categories.get(*code)?.content.as_ref()?)))
                .collect();
            categories.push(Category::checked(content, &line, families, default_locale, &mut report));
        }
        categories
    }

    /// The units with the workspace's. Where a definition is no good its code is known all the same, so that the attributes
    /// of this unit are not told for it.
    fn units(&mut self) -> Arc<Units> {
        let nothing = |code: &str| UnitDefinition {
            dimension: code.to_string(),
            factor: "1".to_string(),
            offset: "0".to_string(),
            ..UnitDefinition::default()
        };
        let mut extra: BTreeMap<String, UnitDefinition> = BTreeMap::new();
        for (code, written) in &self.units {
            match &written.content {
                Some(definition) => extra.insert(code.clone(), definition.clone()),
                None if Units::builtin().find(code).is_none() => extra.insert(code.clone(), nothing(code)),
                None => None,
            };
        }
        let mismatches = match Units::with(&extra) {
            Ok(units) => return units,
            Err(mismatches) => mismatches,
        };
        for (code, mismatch) in mismatches {
            extra.remove(&code);
            if Units::builtin().find(&code).is_none() {
                extra.insert(code.clone(), nothing(&code));
            }
            let Some(written) = self.units.get(&code) else { continue };
            let Some(Some(file)) = self.files.get(written.file) else {
                continue;
            };
            let mut fault = file.fault(&["units", &code], mismatch.code, mismatch.message);
            fault.help = mismatch.help;
            self.faults.push((written.file, fault));
        }
        Units::with(&extra).unwrap_or_else(|_| Units::builtin().clone())
    }

    /// A declared thing with the report for its faults; `None` where it has no content.
    fn reported<'a, T>(
        &'a self,
        table: &'static str,
        code: &'a str,
        written: &'a Written<T>,
        faults: &'a mut Faults,
    ) -> Option<(&'a T, Report<'a>)> {
        let file = self.files.get(written.file)?.as_ref()?;
        let report = Report {
            number: written.file,
            file,
            path: [table, code],
            complete: self.complete,
            faults,
        };
        Some((written.content.as_ref()?, report))
    }

    fn check_sizes(&mut self, locales: &[String], channels: &[String]) {
        for (what, count, most) in [
            ("attributes", self.attributes.len(), MOST_ATTRIBUTES),
            ("option lists", self.lists.len(), MOST_OTHERS),
            ("families", self.families.len(), MOST_OTHERS),
            ("categories", self.categories.len(), MOST_CATEGORIES),
            ("locales", locales.len(), MOST_SCOPES),
            ("channels", channels.len(), MOST_SCOPES),
        ] {
            if count > most {
                let message = format!("the workspace has {count} {what}, at most {most} are allowed");
                self.faults
                    .push((self.files.len(), Diagnostic::error("E-SCHEMA-SIZE", message)));
            }
        }
    }

    /// A hash of the contents, whatever file they stand in.
    fn fingerprint(&self, locales: &[String], channels: &[String]) -> u64 {
        fn content<T: serde::Serialize>(table: &Table<T>) -> BTreeMap<&str, &T> {
            table
                .iter()
                .filter_map(|(code, written)| Some((code.as_str(), written.content.as_ref()?)))
                .collect()
        }
        let whole = (
            (content(&self.attributes), content(&self.lists), content(&self.families)),
            (content(&self.categories), content(&self.units)),
            (locales, channels),
        );
        // Maps of texts and numbers always serialize.
        let bytes = serde_json::to_vec(&whole).unwrap_or_default();
        xxhash_rust::xxh3::xxh3_64(&bytes)
    }
}
