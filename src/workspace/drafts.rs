//! Drafts asked for: what is missing, within the budget of a run. What becomes of the answers is left to `draft_review`.

use crate::catalog::stored::ProductName;
use crate::diagnostic::Diagnostic;
use crate::enrich::draft::fact::FactSheet;
use crate::enrich::draft::prompt::{Parameters, Wish, body, estimate, hash};
use crate::enrich::draft::recording::{Answer, Recording, id};
use crate::product::{By, Product};
use crate::workspace::Workspace;
use crate::workspace::draft_call::{CallFault, Caller};
use crate::workspace::draft_settings::{Drafting, Target};
use crate::workspace::draft_store::{DraftStore, Kept};
use crate::workspace::failure::Failure;
use crate::workspace::inspect::find;
use crate::workspace::products::Shelf;
use crate::workspace::progress::{Progress, Step};
use std::collections::{BTreeMap, BTreeSet};

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

/// A request and the texts it is for.
struct Job {
    body: String,
    hash: String,
    /// SKU and attribute.
    wanted: Vec<(String, String)>,
}

/// How drafts are made; errors where they are off.
pub fn drafting(workspace: &Workspace) -> Result<&Drafting, Failure> {
    workspace.settings.drafts.as_ref().ok_or_else(|| {
        Failure::usage("drafts are off: estante.toml has no [drafts]")
            .with_help("name an endpoint, a model and targets there; docs/drafts.md tells how")
    })
}

/// The request for a text of a product.
pub fn request(drafting: &Drafting, target: &Target, sheet: &FactSheet, workspace: &Workspace) -> String {
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
pub fn targets<'d>(drafting: &'d Drafting, product: &Product, workspace: &Workspace) -> Vec<&'d Target> {
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
pub fn is_said(product: &Product, target: &Target, but_drafts: bool) -> bool {
    let said = product.resolved(target.key.attribute, target.key.locale, 0);
    said.is_some_and(|said| {
        let nobody_s = matches!(said.by, By::Copy(_)) || (but_drafts && said.by.is_draft());
        !nobody_s && !said.value.is_empty()
    })
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

/// Keeps an answer as soon as it is there; gives what stands against it.
type Keep<'a> = dyn Fn(&Job, &Answer) -> Result<Vec<String>, Failure> + Sync + 'a;

/// Asks in rounds of as many calls as may run at a time, so that what the budget allows does not depend on which answer is
/// the quickest. Each answer is kept as soon as it is there.
fn ask(
    drafting: &Drafting,
    caller: &Caller,
    jobs: &[Job],
    keep: &Keep<'_>,
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
