//! Products found: the index caught up where the catalog moved, asked, and the page filled from the catalog.

use crate::catalog::Reader;
use crate::catalog::stored::ProductName;
use crate::diagnostic::excerpt;
use crate::index::Index;
use crate::index::document::cut;
use crate::index::filter::{Cause, Outside, Waits};
use crate::index::search::{Answer, Engine, Request, SearchError};
use crate::index::typo::respelled;
use crate::product::Product;
use crate::product::layer::Layer;
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::value::text::fold;
use crate::value::{Kind, Value};
use crate::workspace::Workspace;
use crate::workspace::export;
use crate::workspace::failure::{Failure, FailureKind};
use crate::workspace::inspect::find;
use crate::workspace::last_imports;
use crate::workspace::products::Shelf;
use crate::workspace::progress::Progress;
use crate::workspace::refresh::{Standing, open, refresh};
use crate::workspace::verdicts::Verdicts;
use crate::workspace::waiting::{OfSupplier, Waiting};
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Most products of one page.
pub const MOST_HITS: usize = 10_000;
/// Last place that can be asked for.
pub const LAST_PLACE: usize = 1_000_000;
/// Code of what is told where the index is older than the catalog.
const BEHIND: &str = "W-INDEX-BEHIND";
/// Longest value that a hit shows, in characters.
const LONGEST_VALUE: usize = 300;

/// What is asked.
#[derive(Debug, Clone, Default)]
pub struct Question<'q> {
    pub query: &'q str,
    pub limit: usize,
    pub offset: usize,
    pub sort: Option<&'q str>,
    pub facets: &'q [String],
    pub locale: Option<&'q str>,
}

/// A product found.
#[derive(Debug, Clone, PartialEq, serde::Serialize)]
pub struct Hit {
    pub sku: String,
    pub title: String,
    pub score: f64,
    /// Its values as a person reads them, by attribute.
    pub fields: BTreeMap<String, String>,
}

/// What was found.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Searched {
    pub query: String,
    pub total: u64,
    /// Milliseconds from question to answer, in an index that is open.
    pub took_ms: f64,
    pub hits: Vec<Hit>,
    /// In the order asked for.
    pub facets: Vec<(String, Vec<(String, u64)>)>,
    /// The query as it was most likely meant; what was found is for it.
    pub suggestion: Option<String>,
    /// True where no product has all the words, and those with most of them are shown.
    pub relaxed: bool,
    /// What a person should know of the answer.
    pub notes: Vec<String>,
}

/// An index opened for questions.
pub struct Opened {
    index: Index,
    notes: Vec<String>,
}

impl Opened {
    /// Opens the index, brought up to the catalog first. Where that cannot be done at once (another process writes it, the
    /// disk does not let), what is there is used, and said so.
    pub fn new(workspace: &Workspace, progress: &dyn Progress) -> Result<Opened, Failure> {
        let Standing { index, refreshed } = refresh(workspace, Duration::ZERO, progress);
        match (index, refreshed) {
            (Some(index), Ok(_)) => Ok(Opened {
                index,
                notes: Vec::new(),
            }),
            (Some(index), Err(failure)) => {
                let help = failure
                    .help
                    .as_ref()
                    .map_or_else(String::new, |help| format!("; {help}"));
                let note = format!(
                    "the index could not be brought up to the catalog and is of batch {}: {failure}{help} [{BEHIND}]",
                    index.holding.sequence
                );
                Ok(Opened {
                    index,
                    notes: vec![note],
                })
            }
            (None, Err(failure)) => Err(Failure {
                message: format!(
                    "the catalog has no search index of its settings yet, and none can be made: {failure}"
                ),
                ..failure
            }),
            (None, Ok(_)) => Err(Failure::usage("there is nothing to search yet")
                .with_help("`estante run` imports the suppliers and indexes their products")),
        }
    }

    /// Begins to ask. Parts of the index are searched side by side.
    pub fn session<'o>(&'o mut self, workspace: &'o Workspace) -> Result<Session<'o>, Failure> {
        let searcher = self.index.searcher(workspace.threads)?;
        let engine = Engine::new(
            &self.index.layout,
            &workspace.settings.schema,
            searcher,
            &workspace.settings.synonyms,
        )
        .map_err(|error| broken(&error))?;
        Ok(Session {
            workspace,
            engine,
            reader: workspace.reader()?,
            trust: workspace.trust()?,
            notes: &self.notes,
            sequence: self.index.holding.sequence,
            judged: RefCell::default(),
            blocking: RefCell::default(),
            waiting: Waiting::default(),
        })
    }
}

/// Many questions to one state of the index.
pub struct Session<'o> {
    workspace: &'o Workspace,
    engine: Engine<'o>,
    reader: Reader,
    trust: crate::merge::policy::Trust,
    notes: &'o [String],
    sequence: i64,
    /// By channel, what it found when it was last asked; read once.
    judged: RefCell<BTreeMap<String, Option<Rc<Judged>>>>,
    /// By number of the product, how many channels block it; counted once.
    blocking: RefCell<Option<Arc<Vec<u8>>>>,
    /// What imports left for a person; read once.
    waiting: Waiting,
}

/// The verdicts of a channel, and what a person should know of their age.
struct Judged {
    verdicts: Verdicts,
    note: Option<String>,
}

impl Session<'_> {
    /// Answers a question. A query that means nothing is a failure with its place and help.
    pub fn ask(&self, question: &Question<'_>) -> Result<Searched, Failure> {
        let begun = Instant::now();
        if question.limit > MOST_HITS || question.offset > LAST_PLACE {
            return Err(Failure::usage(format!(
                "a page has at most {MOST_HITS} products and begins at {LAST_PLACE} or before"
            )));
        }
        let (answer, mut notes) = self.answer(question)?;
        let schema = &self.workspace.settings.schema;
        let locale = question.locale.and_then(|code| schema.locale_number(code)).unwrap_or(1);
        let shelf = Shelf::new(&self.workspace.settings, &self.trust);
        let products = self.products(&shelf, &answer)?;
        let mut hits = Vec::with_capacity(answer.found.len());
        let mut texts = Vec::new();
        for found in &answer.found {
            // A product that went since the index was brought up is passed over.
            let Some(product) = products.get(&found.product) else {
                continue;
            };
            if !answer.corrections.is_empty() {
                texts.extend(readable(product, schema));
            }
            hits.push(hit(product, schema, locale, found.score));
        }
        if answer.relaxed {
            notes.push("no product has all the words; these have most of them".to_owned());
        }
        Ok(Searched {
            query: question.query.to_owned(),
            total: answer.total,
            suggestion: respelled(question.query, &answer.corrections, &texts),
            relaxed: answer.relaxed,
            facets: answer.facets,
            hits,
            notes,
            took_ms: (begun.elapsed().as_secs_f64() * 1e5).round() / 100.0,
        })
    }

    /// The products that were found, by their numbers. Those of one model are read together.
    fn products(&self, shelf: &Shelf<'_>, answer: &Answer) -> Result<BTreeMap<i64, Product>, Failure> {
        let wanted: BTreeSet<i64> = answer.found.iter().map(|found| found.product).collect();
        let mut products = BTreeMap::new();
        for id in &wanted {
            if products.contains_key(id) {
                continue;
            }
            let Some(name) = self.reader.product_by_id(*id)? else {
                continue;
            };
            let place = shelf.siblings(&self.reader, &name)?;
            let read = shelf.group(&self.reader, &place)?.into_iter();
            products.extend(
                read.filter(|product| wanted.contains(&product.id))
                    .map(|product| (product.id, product)),
            );
        }
        Ok(products)
    }

    /// The numbers and names of what is found, without its values; with what a person should know of the answer.
    fn answer(&self, question: &Question<'_>) -> Result<(Answer, Vec<String>), Failure> {
        let known = Known {
            session: self,
            notes: RefCell::new(BTreeSet::new()),
        };
        let request = Request {
            query: question.query,
            offset: question.offset,
            limit: question.limit,
            sort: question.sort,
            facets: question.facets,
            locale: question.locale,
        };
        let answer = self.engine.search(&request, &known).map_err(|error| match error {
            SearchError::Query(fault) => Failure {
                drawn: fault.drawn(question.query),
                ..Failure::usage(&fault.message).with_diagnostic(fault.diagnostic(question.query))
            },
            error => broken(&error),
        })?;
        let mut notes = self.notes.to_vec();
        notes.extend(known.notes.into_inner());
        Ok((answer, notes))
    }

    /// How many products a query finds, the SKUs of the first `most` of them in an order, and what a person should know of both.
    pub fn count(
        &self,
        query: &str,
        sort: Option<&str>,
        most: usize,
    ) -> Result<(u64, Vec<String>, Vec<String>), Failure> {
        let question = Question {
            query,
            limit: most,
            sort,
            ..Question::default()
        };
        let (answer, notes) = self.answer(&question)?;
        let first = answer.found.into_iter().map(|found| found.sku).collect();
        Ok((answer.total, first, notes))
    }

    /// What imports left for a person, by supplier.
    pub fn waiting(&self, kind: Waits) -> Result<Rc<Vec<OfSupplier>>, Failure> {
        self.waiting.of(&self.reader, &self.workspace.settings, kind)
    }

    /// By number of the product, how many channels block it.
    fn blocking(&self, judged: impl Iterator<Item = Rc<Judged>>) -> Arc<Vec<u8>> {
        let mut known = self.blocking.borrow_mut();
        if let Some(known) = known.as_ref() {
            return Arc::clone(known);
        }
        let mut counts: Vec<u8> = Vec::new();
        for judged in judged {
            for product in judged.verdicts.of("blocked") {
                let Ok(at) = usize::try_from(product) else { continue };
                if counts.len() <= at {
                    counts.resize(at + 1, 0);
                }
                counts[at] = counts[at].saturating_add(1);
            }
        }
        Arc::clone(known.insert(Arc::new(counts)))
    }

    /// The products that a query means to the letter, the best first, at most `most`: slips are not forgiven, and no word is left out.
    pub fn meant(&self, query: &str, most: usize) -> Result<Named, Failure> {
        let question = Question {
            query,
            limit: most,
            ..Question::default()
        };
        let (answer, _) = self.answer(&question)?;
        let mut names = Vec::new();
        if answer.corrections.is_empty() && !answer.relaxed {
            for found in &answer.found {
                names.extend(self.reader.product_by_id(found.product)?);
            }
        }
        if names.is_empty() {
            let message = format!(
                "no product has the SKU `{0}`, and the search finds none for it",
                excerpt(query)
            );
            return Err(Failure::usage(message).with_help("`estante search` shows what is near"));
        }
        Ok(Named {
            beyond: answer.total.saturating_sub(names.len() as u64),
            names,
        })
    }

    /// Reads the verdicts of a channel, and looks whether they are of the index and of the channel's settings.
    fn judged(&self, code: &str) -> Option<Judged> {
        let settings = &self.workspace.settings;
        let verdicts = Verdicts::read(&Verdicts::path(&settings.store, code))?;
        let channel = settings.channels.iter().find(|channel| channel.code == code);
        let same = channel.is_some_and(|channel| export::fingerprint(self.workspace, channel) == verdicts.fingerprint);
        let renew = format!("`estante channel check {code}` judges anew");
        let note = if verdicts.sequence < self.sequence {
            Some(format!(
                "verdicts of {code} are of batch {}, the catalog is at batch {}; {renew}",
                verdicts.sequence, self.sequence
            ))
        } else {
            (!same).then(|| format!("verdicts of {code} were made with other settings; {renew}"))
        };
        Some(Judged { verdicts, note })
    }
}

/// Asks one question.
pub fn search(workspace: &Workspace, question: &Question<'_>, progress: &dyn Progress) -> Result<Searched, Failure> {
    let asked = |progress| Opened::new(workspace, progress)?.session(workspace)?.ask(question);
    match asked(progress) {
        // The engine stumbles over what is damaged: the index is looked at closely and made anew once.
        Err(failure) if failure.kind == FailureKind::Broken => {
            if let Some(index) = open(workspace)? {
                if index.is_whole() {
                    return Err(failure);
                }
                index.distrust();
            }
            asked(progress)
        }
        answer => answer,
    }
}

/// Products that a person named.
#[derive(Debug, Default)]
pub struct Named {
    pub names: Vec<ProductName>,
    /// Products that the query means beside these.
    pub beyond: u64,
}

/// The products that a person names: each word a SKU, or all together a query. At most `most` of a query.
pub fn named(workspace: &Workspace, words: &[String], most: usize, progress: &dyn Progress) -> Result<Named, Failure> {
    let reader = workspace.reader()?;
    let mut names = Vec::with_capacity(words.len());
    for sku in words {
        match find(&reader, sku) {
            Ok(name) => names.push(name),
            Err(failure) if failure.kind != FailureKind::Usage => return Err(failure),
            Err(_) => break,
        }
    }
    if names.len() == words.len() {
        return Ok(Named { names, beyond: 0 });
    }
    Opened::new(workspace, progress)?
        .session(workspace)?
        .meant(&words.join(" "), most)
}

fn broken(error: &SearchError) -> Failure {
    Failure::new(FailureKind::Broken, error.to_string())
}

/// The texts from which a corrected word takes its spelling.
fn readable(product: &Product, schema: &Schema) -> Vec<String> {
    let of_text = |kind| matches!(kind, Kind::Text);
    product
        .values
        .iter()
        .filter(|resolved| of_text(schema.attribute(resolved.key.attribute).kind))
        .map(|resolved| resolved.value.to_text().into_owned())
        .collect()
}

fn hit(product: &Product, schema: &Schema, locale: u8, score: i64) -> Hit {
    let mut fields = BTreeMap::new();
    for resolved in &product.values {
        let id = resolved.key.attribute;
        let attribute = schema.attribute(id);
        if attribute.kind == Kind::RichText || fields.contains_key(&*attribute.code) {
            continue;
        }
        let value = product.value(id, locale, 0).or_else(|| product.any(id));
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            let text: String = value.to_text().chars().take(LONGEST_VALUE).collect();
            fields.insert(attribute.code.to_string(), text);
        }
    }
    if let Some(family) = product.family {
        fields.insert("family".to_owned(), schema.family(family).code.to_string());
    }
    if !product.active {
        fields.insert("active".to_owned(), "false".to_owned());
    }
    let name = schema.known().name;
    let title = name.and_then(|id| product.value(id, locale, 0).or_else(|| product.any(id)));
    Hit {
        sku: product.sku.clone(),
        title: title.map_or_else(String::new, |value| value.to_text().into_owned()),
        score: score as f64 / 10_000.0,
        fields,
    }
}

/// What channels and batches know of products, for one question.
struct Known<'k> {
    session: &'k Session<'k>,
    notes: RefCell<BTreeSet<String>>,
}

impl Known<'_> {
    /// The verdicts of a channel; older ones are used, and said to be old.
    fn judged(&self, code: &str) -> Option<Rc<Judged>> {
        let mut all = self.session.judged.borrow_mut();
        let judged = match all.get(code) {
            Some(judged) => judged.clone(),
            None => {
                let judged = self.session.judged(code).map(Rc::new);
                all.insert(code.to_owned(), judged.clone());
                judged
            }
        };
        if let Some(note) = judged.as_ref().and_then(|judged| judged.note.as_ref()) {
            self.notes.borrow_mut().insert(note.clone());
        }
        judged
    }
}

impl Outside for Known<'_> {
    fn suppliers(&self) -> Vec<String> {
        let settings = &self.session.workspace.settings;
        let mut ids: BTreeSet<String> = settings.suppliers.iter().map(|supplier| supplier.id.clone()).collect();
        // Suppliers whose folder is gone still have products.
        for (_, name) in self.session.reader.sources().unwrap_or_default() {
            ids.extend(name.strip_prefix("supplier:").map(str::to_owned));
        }
        ids.into_iter().collect()
    }

    fn verdict(&self, channel: &str, verdict: &str) -> Result<Vec<i64>, (String, String)> {
        match self.judged(channel) {
            Some(judged) => Ok(judged.verdicts.of(verdict)),
            None => Err((
                format!("{channel} has not judged the products yet"),
                format!("`estante channel check {channel}` does"),
            )),
        }
    }

    fn code(&self, code: &str) -> Result<Vec<i64>, (String, String)> {
        let mut products = Vec::new();
        let mut known = BTreeSet::new();
        let mut any = false;
        for channel in self.session.workspace.settings.schema.channels() {
            if let Some(judged) = self.judged(channel) {
                any = true;
                products.extend(judged.verdicts.with_code(code));
                known.extend(judged.verdicts.codes().iter().cloned());
            }
        }
        if !any {
            let help = "`estante channel check CHANNEL` judges them";
            return Err(("no channel has judged the products yet".to_owned(), help.to_owned()));
        }
        if !known.contains(code) {
            let note = format!("no channel found `{}`", excerpt(code));
            let near = crate::declaration::nearest::nearest(code, known.iter().map(String::as_str));
            let near = near.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
            self.notes.borrow_mut().insert(format!("{note}{near}"));
        }
        Ok(products)
    }

    fn fresh(&self) -> Result<BTreeSet<i64>, (String, String)> {
        let batches = self.session.reader.tallies();
        let batches = batches.map_err(|error| (error.to_string(), "`estante verify` tells more".to_owned()))?;
        last_imports::fresh(&self.session.reader, &batches)
            .map_err(|failure| (failure.to_string(), "`estante verify` tells more".to_owned()))
    }

    fn said_before(
        &self,
        product: i64,
        attribute: AttributeId,
        value: &str,
        fresh: &dyn Fn(i64) -> bool,
    ) -> Result<bool, (String, String)> {
        let session = self.session;
        let said = last_imports::said_before(&session.reader, &session.workspace.settings.schema, product, fresh);
        let failed = |failure: Failure| (failure.to_string(), "`estante verify` tells more".to_owned());
        let Some(said) = said.map_err(failed)? else {
            return Ok(true);
        };
        let value = fold(value);
        let is = |text: &str| fold(cut(text)) == value;
        let says = |layer: &Layer| {
            let said = layer.values.iter().filter(|(key, _)| key.attribute == attribute);
            said.into_iter().any(|(_, said)| match said {
                Value::Options(codes) => codes.iter().any(|code| is(code)),
                said => is(&said.to_text()),
            })
        };
        // What no source says now is derived of what they say, or a rule's: nobody knows since when.
        Ok(said.before.iter().any(says) || !said.now.iter().any(says))
    }

    fn left(&self, kind: Waits, cause: &Cause<'_>) -> Result<Vec<i64>, (String, String)> {
        let (session, settings) = (self.session, &self.session.workspace.settings);
        let found = session.waiting.products(&session.reader, settings, kind, cause);
        let (found, note) = found.map_err(|failure| (failure.to_string(), "`estante verify` tells more".to_owned()))?;
        self.notes.borrow_mut().extend(note);
        Ok(found)
    }

    fn blocking(&self) -> Arc<Vec<u8>> {
        let channels = self.session.workspace.settings.channels.iter();
        let judged: Vec<_> = channels
            .map(|channel| (&channel.code, self.judged(&channel.code)))
            .collect();
        for (code, _) in judged.iter().filter(|(_, judged)| judged.is_none()) {
            // In the words of a condition on its verdicts, so that both are told once.
            let note = format!("{code} has not judged the products yet; `estante channel check {code}` does");
            self.notes.borrow_mut().insert(note);
        }
        self.session
            .blocking(judged.into_iter().filter_map(|(_, judged)| judged))
    }

    fn touched(&self, batch: i64) -> Result<Vec<i64>, (String, String)> {
        let failed = |error: String| (error, "`estante verify` tells more".to_owned());
        let reader = &self.session.reader;
        match reader.batch(batch).map_err(|error| failed(error.to_string()))? {
            None => Err((
                format!("there is no batch {batch}"),
                "`estante batches` lists them".to_owned(),
            )),
            Some(_) => {
                if batch <= reader.forgotten().map_err(|error| failed(error.to_string()))? {
                    let note = format!(
                        "what batch {batch} changed is past retention; found is only what still says what it said"
                    );
                    self.notes.borrow_mut().insert(note);
                }
                reader.touched(batch).map_err(|error| failed(error.to_string()))
            }
        }
    }
}
