//! Drafts from asking to deciding: what is missing, asked for within its budget; what was answered, checked against the facts
//! of today; what a person accepts, as a batch of a layer of its own.

use crate::catalog::stored::ProductName;
use crate::diagnostic::Diagnostic;
use crate::enrich::draft::claim::{Claim, Evidence};
use crate::enrich::draft::fact::FactSheet;
use crate::enrich::draft::finding::{Limits, check};
use crate::enrich::draft::prompt::{Parameters, Wish, body, estimate, hash};
use crate::enrich::draft::recording::{Answer, Decision, FORMAT, Recording, Review, Usage, id};
use crate::product::item::Said;
use crate::product::layer::Layer;
use crate::product::origin::Source;
use crate::product::{By, Product};
use crate::workspace::Workspace;
use crate::workspace::draft_call::{CallFault, Caller};
use crate::workspace::draft_settings::{Drafting, Target};
use crate::workspace::draft_store::{DraftStore, Kept};
use crate::workspace::edit::{Saying, say, value};
use crate::workspace::failure::Failure;
use crate::workspace::inspect::find;
use crate::workspace::products::Shelf;
use crate::workspace::progress::{Progress, Step};
use std::collections::{BTreeMap, BTreeSet};

/// What became of a draft.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Nobody decided on it.
    Waiting,
    /// The facts or the settings changed since; the next `draft make` asks anew.
    Stale,
    Accepted,
    Rejected,
}

/// A draft as it is shown.
#[derive(Debug, serde::Serialize)]
pub struct ShownDraft {
    pub id: String,
    pub sku: String,
    pub target: String,
    pub state: State,
    /// Nothing stands against it.
    pub clean: bool,
    pub text: String,
    pub findings: Vec<Diagnostic>,
    pub claims: Vec<Claim>,
    pub model: Option<String>,
    pub endpoint: String,
    pub request_hash: String,
    pub usage: Usage,
    pub review: Option<Review>,
}

/// What a run of asking did.
#[derive(Debug, Default, serde::Serialize)]
pub struct Made {
    /// Drafts that were made anew.
    pub made: u64,
    /// Missing texts whose draft was there already.
    pub replayed: u64,
    /// Missing texts of products of which too few facts are known.
    pub thin: u64,
    /// Requests that got no answer.
    pub failed: u64,
    /// Missing texts that were not asked for: the limit or the budget was reached.
    pub left: u64,
    pub calls: u64,
    pub tokens: u64,
    /// Ids of the drafts that were made, in order of SKU and attribute.
    pub drafts: Vec<String>,
    pub diagnostics: Vec<Diagnostic>,
}

/// What a decision did.
#[derive(Debug, Default)]
pub struct Decided {
    pub batch: Option<i64>,
    /// Ids that were decided on.
    pub done: Vec<String>,
    /// Drafts that cannot be accepted as they are.
    pub blocked: Vec<ShownDraft>,
}

/// A request and the texts it is for.
struct Job {
    body: String,
    hash: String,
    /// SKU and attribute.
    wanted: Vec<(String, String)>,
}

fn drafting(workspace: &Workspace) -> Result<&Drafting, Failure> {
    workspace.settings.drafts.as_ref().ok_or_else(|| {
        Failure::usage("drafts are off: estante.toml has no [drafts]")
            .with_help("name an endpoint, a model and targets there; docs/drafts.md tells how")
    })
}

/// The request for a text of a product.
fn request(drafting: &Drafting, target: &Target, sheet: &FactSheet, workspace: &Workspace) -> String {
    let attribute = workspace.settings.schema.attribute(target.key.attribute);
    let wish = Wish {
        label: attribute.labels.text(&sheet.locale),
        max_chars: target.max_chars,
        markup: target.markup,
        instructions: &target.instructions,
    };
    let settings = &drafting.settings;
    let parameters = Parameters {
        model: &settings.model,
        temperature: settings.temperature,
        max_tokens: settings.max_tokens,
        seed: settings.seed,
    };
    body(&wish, sheet, &parameters)
}

/// The first target for each attribute and locale that wants a text of this product.
fn targets<'d>(drafting: &'d Drafting, product: &Product, workspace: &Workspace) -> Vec<&'d Target> {
    let mut found: Vec<&Target> = Vec::new();
    for target in &drafting.targets {
        let new = !found.iter().any(|other| other.key == target.key);
        if new && target.wants(product, &workspace.settings.schema) {
            found.push(target);
        }
    }
    found.sort_by_key(|target| target.key);
    found
}

/// Does somebody say the text. Copy that was composed is nobody's word, and a draft stands above it.
fn is_said(product: &Product, target: &Target, but_drafts: bool) -> bool {
    let said = product.resolved(target.key.attribute, target.key.locale, 0);
    said.is_some_and(|said| !said.value.is_empty() && !matches!(said.by, By::Copy(_)) && !(but_drafts && said.by.is_draft()))
}

/// Asks for the texts that nobody says. `skus` and `attribute` narrow it, `limit` is the most drafts made anew.
pub fn make(
    workspace: &Workspace,
    skus: &[String],
    attribute: Option<&str>,
    limit: Option<u64>,
    progress: &dyn Progress,
) -> Result<Made, Failure> {
    let drafting = drafting(workspace)?;
    if let Some(attribute) = attribute
        && !drafting.targets.iter().any(|target| names(target, attribute))
    {
        let known: Vec<&str> = drafting.targets.iter().map(|target| target.name.as_str()).collect();
        return Err(Failure::usage(format!("no target of [drafts] asks for `{attribute}`"))
            .with_help(format!("asked for are: {}", known.join(", "))));
    }
    let caller = Caller::new(drafting)?;
    let store = DraftStore::new(&drafting.folder);
    let _lock = store.lock()?;
    let (kept, diagnostics) = store.read()?;
    let mut made = Made {
        diagnostics,
        ..Made::default()
    };
    let jobs = missing(workspace, drafting, skus, attribute, limit, &kept, &mut made)?;
    // The answer to the same request for another product is not asked for again.
    let mut known: BTreeMap<&str, &Recording> = BTreeMap::new();
    for kept in &kept {
        known.entry(&kept.recording.request_hash).or_insert(&kept.recording);
    }
    let (old, new): (Vec<Job>, Vec<Job>) = jobs.into_iter().partition(|job| known.contains_key(job.hash.as_str()));
    let keep = |job: &Job, answer: &Answer| -> Result<Vec<String>, Failure> {
        let mut ids = Vec::new();
        for (sku, target) in &job.wanted {
            let recording = Recording::new(sku, target, &drafting.settings.endpoint, &job.body, answer.clone())
                .map_err(|error| Failure::usage(error.to_string()))?;
            store.write(&recording)?;
            ids.push(recording.id);
        }
        Ok(ids)
    };
    for job in &old {
        if let Some(recording) = known.get(job.hash.as_str()) {
            made.drafts.extend(keep(job, &recording.answer)?);
        }
    }
    progress.begin(&Step::Drafting, new.len() as u64);
    ask(drafting, &caller, &new, &keep, &mut made, progress)?;
    progress.end();
    made.made = made.drafts.len() as u64;
    made.calls = drafting.settings.most_calls - caller.left();
    Ok(made)
}

fn names(target: &Target, attribute: &str) -> bool {
    target.name == attribute || target.name.split('@').next() == Some(attribute)
}

/// The requests for what is missing, each once, in the order of the shelf.
fn missing(
    workspace: &Workspace,
    drafting: &Drafting,
    skus: &[String],
    attribute: Option<&str>,
    limit: Option<u64>,
    kept: &[Kept],
    made: &mut Made,
) -> Result<Vec<Job>, Failure> {
    let reader = workspace.reader()?;
    let trust = workspace.trust()?;
    let schema = &workspace.settings.schema;
    let shelf = Shelf::new(&workspace.settings, &trust);
    let names_of: Vec<ProductName> = match skus {
        [] => reader.shelf(None)?,
        skus => skus.iter().map(|sku| find(&reader, sku)).collect::<Result<_, _>>()?,
    };
    let there: BTreeSet<&str> = kept.iter().map(|kept| kept.recording.id.as_str()).collect();
    let mut jobs: Vec<Job> = Vec::new();
    let mut by_hash: BTreeMap<String, usize> = BTreeMap::new();
    let mut seen: BTreeSet<String> = BTreeSet::new();
    let mut wanted = 0;
    for name in names_of {
        let product = shelf.product(&reader, &name)?;
        if !product.active {
            continue;
        }
        for target in targets(drafting, &product, workspace) {
            if attribute.is_some_and(|attribute| !names(target, attribute)) || is_said(&product, target, false) {
                continue;
            }
            let sheet = FactSheet::of(&product, schema, target.key);
            if sheet.facts.len() < drafting.settings.least_facts as usize {
                made.thin += 1;
                continue;
            }
            let body = request(drafting, target, &sheet, workspace);
            let hash = hash(&body);
            let id = id(&product.sku, &target.name, &hash);
            if !seen.insert(id.clone()) {
                continue;
            }
            if there.contains(id.as_str()) {
                made.replayed += 1;
                continue;
            }
            if limit.is_some_and(|limit| wanted >= limit) {
                made.left += 1;
                continue;
            }
            wanted += 1;
            let text = (product.sku.clone(), target.name.clone());
            match by_hash.get(&hash).and_then(|n| jobs.get_mut(*n)) {
                Some(job) => job.wanted.push(text),
                None => {
                    by_hash.insert(hash.clone(), jobs.len());
                    jobs.push(Job {
                        body,
                        hash,
                        wanted: vec![text],
                    });
                }
            }
        }
    }
    Ok(jobs)
}

/// Asks in rounds of as many calls as may run at a time, so that what the budget allows does not depend on which answer is
/// the quickest. Each answer is kept as soon as it is there.
fn ask(
    drafting: &Drafting,
    caller: &Caller,
    jobs: &[Job],
    keep: &(dyn Fn(&Job, &Answer) -> Result<Vec<String>, Failure> + Sync),
    made: &mut Made,
    progress: &dyn Progress,
) -> Result<(), Failure> {
    let settings = &drafting.settings;
    let mut rest = jobs;
    while !rest.is_empty() {
        let mut round = 0;
        let mut reserved = made.tokens;
        for job in rest.iter().take(settings.concurrency as usize) {
            reserved = reserved.saturating_add(estimate(&job.body, settings.max_tokens));
            if round as u64 >= caller.left() || reserved > settings.most_tokens {
                break;
            }
            round += 1;
        }
        if round == 0 {
            break;
        }
        let (now, later) = rest.split_at(round);
        let answers: Vec<Result<(Answer, Vec<String>), Stop>> = std::thread::scope(|scope| {
            let asked: Vec<_> = now
                .iter()
                .map(|job| {
                    scope.spawn(move || {
                        let answer = caller.ask(&job.body).map_err(Stop::Call)?;
                        let ids = keep(job, &answer).map_err(Stop::Disk)?;
                        Ok((answer, ids))
                    })
                })
                .collect();
            asked
                .into_iter()
                .map(|thread| thread.join().unwrap_or_else(|_| Err(Stop::broken())))
                .collect()
        });
        rest = later;
        let mut hopeless = false;
        for (job, answer) in now.iter().zip(answers) {
            match answer {
                Ok((answer, ids)) => {
                    let counted = match answer.usage.total_tokens {
                        0 => answer
                            .usage
                            .prompt_tokens
                            .saturating_add(answer.usage.completion_tokens),
                        total => total,
                    };
                    let counted = if counted == 0 {
                        estimate(&job.body, settings.max_tokens)
                    } else {
                        counted
                    };
                    made.tokens = made.tokens.saturating_add(counted);
                    made.drafts.extend(ids);
                }
                Err(Stop::Disk(failure)) => return Err(failure),
                Err(Stop::Call(fault)) => {
                    made.failed += job.wanted.len() as u64;
                    hopeless |= fault.hopeless;
                    let (sku, target) = job.wanted.first().cloned().unwrap_or_default();
                    made.diagnostics.push(
                        Diagnostic::error("E-DRAFT-CALL", format!("no draft of {target}: {}", fault.message))
                            .of(sku)
                            .with_help("look at the endpoint and at [drafts], then run `estante draft make` again"),
                    );
                }
            }
        }
        progress.advance(round as u64);
        if hopeless {
            break;
        }
    }
    let left: u64 = rest.iter().map(|job| job.wanted.len() as u64).sum();
    if left > 0 {
        made.left += left;
        made.diagnostics.push(
            Diagnostic::info(
                "I-DRAFT-BUDGET",
                format!("{left} missing texts were not asked for in this run"),
            )
            .with_help("run it again, or raise most_calls or most_tokens in [drafts]"),
        );
    }
    Ok(())
}

/// Why an answer is not kept.
enum Stop {
    Call(CallFault),
    Disk(Failure),
}

impl Stop {
    fn broken() -> Stop {
        Stop::Call(CallFault {
            message: "the call broke down".to_owned(),
            hopeless: false,
        })
    }
}

/// All drafts by SKU and attribute, checked against what is known today; and the files that do not read.
pub fn list(workspace: &Workspace) -> Result<(Vec<ShownDraft>, Vec<Diagnostic>), Failure> {
    let drafting = drafting(workspace)?;
    let (kept, faults) = DraftStore::new(&drafting.folder).read()?;
    let looking = Looking::new(workspace, drafting)?;
    let drafts = kept
        .into_iter()
        .map(|kept| looking.shown(kept))
        .collect::<Result<_, _>>()?;
    Ok((drafts, faults))
}

/// Drafts looked at against products.
struct Looking<'w> {
    workspace: &'w Workspace,
    drafting: &'w Drafting,
    reader: crate::catalog::Reader,
    trust: crate::merge::policy::Trust,
    draft_source: Option<crate::catalog::stored::SourceId>,
}

impl<'w> Looking<'w> {
    fn new(workspace: &'w Workspace, drafting: &'w Drafting) -> Result<Looking<'w>, Failure> {
        let reader = workspace.reader()?;
        let name = Source::Draft.to_string();
        let draft_source = reader.sources()?.into_iter().find(|(_, own)| *own == name);
        Ok(Looking {
            workspace,
            drafting,
            reader,
            trust: workspace.trust()?,
            draft_source: draft_source.map(|(id, _)| id),
        })
    }

    fn shown(&self, kept: Kept) -> Result<ShownDraft, Failure> {
        let Kept { recording, review } = kept;
        let schema = &self.workspace.settings.schema;
        let text = recording.text().to_owned();
        let (mut claims, mut findings, mut state) = (Vec::new(), Vec::new(), State::Waiting);
        let mut stale = |why: &str, state: &mut State| {
            *state = State::Stale;
            findings.push(
                Diagnostic::error("E-DRAFT-STALE", why)
                    .with_help("`estante draft make` asks anew, with what is known now"),
            );
        };
        let name = self.reader.product(&recording.sku)?;
        let product = match &name {
            Some(name) => {
                let shelf = Shelf::new(&self.workspace.settings, &self.trust);
                Some(shelf.product(&self.reader, name)?)
            }
            None => None,
        };
        let target = product.as_ref().and_then(|product| {
            let all = targets(self.drafting, product, self.workspace);
            all.into_iter().find(|target| target.name == recording.target)
        });
        match (&product, target) {
            (Some(product), Some(target)) => {
                let sheet = FactSheet::of(product, schema, target.key);
                let now = request(self.drafting, target, &sheet, self.workspace);
                if hash(&now) != recording.request_hash {
                    stale("the facts or the settings changed since it was asked for", &mut state);
                }
                if is_said(product, target, true) {
                    findings.push(
                        Diagnostic::error("E-DRAFT-SAID", "somebody says the text by now")
                            .with_help("reject the draft, or accept it with --override and a reason"),
                    );
                }
                let evidence = Evidence::new(&sheet, product, schema);
                let limits = Limits {
                    locale: &sheet.locale,
                    max_chars: target.max_chars,
                    markup: target.markup,
                };
                let (found, mut wrong) = check(&text, &evidence, &limits);
                claims = found;
                findings.append(&mut wrong);
                if let Err(mismatch) = value(schema, target.key, &text, self.workspace.settings.currency) {
                    findings.push(Diagnostic::error(mismatch.code, mismatch.message));
                }
            }
            (None, _) => stale("its product is gone", &mut state),
            (_, None) => stale("no target of [drafts] asks for it any more", &mut state),
        }
        if recording.answer.finish_reason.as_deref() == Some("length") {
            findings.push(
                Diagnostic::error("E-DRAFT-CUT", "the answer was cut off at max_tokens")
                    .with_help("raise max_tokens in [drafts]"),
            );
        }
        if let (Some(name), Some(target)) = (&name, target)
            && self.holds(name, target, &text)?
        {
            state = State::Accepted;
        } else if review
            .as_ref()
            .is_some_and(|review| review.decision == Decision::Rejected)
        {
            state = State::Rejected;
        }
        for finding in &mut findings {
            finding.sku = Some(recording.sku.clone());
        }
        Ok(ShownDraft {
            clean: findings.is_empty(),
            id: recording.id,
            sku: recording.sku,
            target: recording.target,
            state,
            text,
            findings,
            claims,
            model: recording.answer.model,
            endpoint: recording.endpoint,
            request_hash: recording.request_hash,
            usage: recording.answer.usage,
            review,
        })
    }

    /// Does the product's layer of drafts say this text: then it was accepted, and not taken back.
    fn holds(&self, name: &ProductName, target: &Target, text: &str) -> Result<bool, Failure> {
        let Some(source) = self.draft_source else {
            return Ok(false);
        };
        let Some(stored) = self.reader.layer(name.id, source)? else {
            return Ok(false);
        };
        let schema = &self.workspace.settings.schema;
        let layer =
            Layer::read_body(&stored.body, schema).map_err(|error| Failure::damaged(&name.sku, &error.to_string()))?;
        let own = value(schema, target.key, text, self.workspace.settings.currency).ok();
        Ok(own.is_some() && layer.value(target.key) == own.as_ref())
    }
}

/// The drafts of these ids; each may be shortened as long as it means one draft.
pub fn chosen(workspace: &Workspace, ids: &[String]) -> Result<Vec<ShownDraft>, Failure> {
    let (mut drafts, _) = list(workspace)?;
    let mut found = BTreeSet::new();
    for id in ids {
        let mut places = drafts
            .iter()
            .enumerate()
            .filter(|(_, draft)| draft.id.starts_with(id.as_str()));
        match (places.next(), places.next()) {
            (Some((n, _)), None) if id.len() >= 4 => drop(found.insert(n)),
            (Some(_), Some(_)) => return Err(Failure::usage(format!("`{id}` means several drafts; write more of it"))),
            _ => {
                return Err(
                    Failure::usage(format!("there is no draft `{id}`")).with_help("`estante draft list` lists them")
                );
            }
        }
    }
    let mut n = 0;
    drafts.retain(|_| {
        n += 1;
        found.contains(&(n - 1))
    });
    Ok(drafts)
}

/// Accepts drafts as one batch: those of the ids, or all that wait and have nothing against them. What has something against
/// it needs a reason to be accepted all the same.
pub fn accept(
    workspace: &mut Workspace,
    ids: &[String],
    all_clean: bool,
    reason: Option<&str>,
) -> Result<Decided, Failure> {
    let store = DraftStore::new(&drafting(workspace)?.folder);
    let _lock = store.lock()?;
    let drafts = match all_clean {
        true => {
            let all = list(workspace)?.0.into_iter();
            all.filter(|draft| draft.clean && draft.state == State::Waiting)
                .collect()
        }
        false => chosen(workspace, ids)?,
    };
    let mut decided = Decided::default();
    let (mut sayings, mut reviews, mut overridden) = (BTreeMap::<i64, Saying>::new(), Vec::new(), Vec::new());
    for draft in drafts {
        if draft.state == State::Accepted {
            continue;
        }
        if !draft.clean && reason.is_none() {
            decided.blocked.push(draft);
            continue;
        }
        let saying = saying(workspace, &draft)?;
        let entry = sayings.entry(saying.product.id).or_insert_with(|| Saying {
            product: saying.product.clone(),
            said: BTreeMap::new(),
        });
        entry.said.extend(saying.said);
        for finding in &draft.findings {
            let words = format!("accepted against {}: {}", finding.code, reason.unwrap_or_default());
            let mut note = Diagnostic::info("I-DRAFT-OVERRIDDEN", words).of(draft.sku.clone());
            note.value = finding.value.clone();
            overridden.push(note.with_help("nothing to do: the reason is kept with the batch"));
        }
        reviews.push((
            draft.id.clone(),
            review(workspace, Decision::Accepted, reason, &draft.findings),
        ));
        decided.done.push(draft.id);
    }
    // A decision without its batch counts as none; so it is written first.
    for (id, review) in &reviews {
        store.decide(id, review)?;
    }
    if !sayings.is_empty() {
        let sayings = sayings.into_values().collect();
        decided.batch = say(workspace, &Source::Draft, "draft", sayings, overridden)?.batch;
    }
    Ok(decided)
}

/// What a draft says, as a value of its product.
fn saying(workspace: &Workspace, draft: &ShownDraft) -> Result<Saying, Failure> {
    let gone = || Failure::conflict(format!("draft {} is for a text that nobody has any more", draft.id));
    let schema = &workspace.settings.schema;
    let product = workspace.reader()?.product(&draft.sku)?.ok_or_else(gone)?;
    let key = crate::schema::scope::Key::parse(schema, &draft.target).map_err(|_| gone())?;
    let value = value(schema, key, &draft.text, workspace.settings.currency).map_err(|mismatch| {
        let fault = Diagnostic::error(mismatch.code, mismatch.message).of(draft.sku.clone());
        Failure::invalid(format!("draft {} cannot be said", draft.id), vec![fault])
    })?;
    Ok(Saying {
        product,
        said: BTreeMap::from([(key, Said::Value(value))]),
    })
}

/// Rejects drafts: they stay, so that the same question is not asked again.
pub fn reject(workspace: &Workspace, ids: &[String], reason: Option<&str>) -> Result<Decided, Failure> {
    let store = DraftStore::new(&drafting(workspace)?.folder);
    let _lock = store.lock()?;
    let drafts = chosen(workspace, ids)?;
    if let Some(accepted) = drafts.iter().find(|draft| draft.state == State::Accepted) {
        return Err(Failure::usage(format!("draft {} is accepted", accepted.id))
            .with_help("`estante undo BATCH` takes it back, `estante batches` tells the batch"));
    }
    let mut decided = Decided::default();
    for draft in drafts {
        store.decide(&draft.id, &review(workspace, Decision::Rejected, reason, &[]))?;
        decided.done.push(draft.id);
    }
    Ok(decided)
}

fn review(workspace: &Workspace, decision: Decision, reason: Option<&str>, findings: &[Diagnostic]) -> Review {
    let told = |finding: &Diagnostic| {
        format!(
            "{}: {}",
            finding.code,
            finding.value.as_deref().unwrap_or(&finding.message)
        )
    };
    Review {
        format: FORMAT,
        decision,
        reason: reason.map(str::to_owned),
        overridden: findings.iter().map(told).collect(),
        at: workspace.moment.clone(),
    }
}
