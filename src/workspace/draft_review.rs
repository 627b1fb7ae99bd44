//! Drafts decided on: checked against the facts of today; what a person accepts becomes a batch of a layer of its own.

use crate::catalog::Reader;
use crate::catalog::stored::{ProductName, SourceId};
use crate::diagnostic::Diagnostic;
use crate::enrich::draft::claim::{Claim, Evidence};
use crate::enrich::draft::fact::FactSheet;
use crate::enrich::draft::finding::{Limits, check};
use crate::enrich::draft::prompt::hash;
use crate::enrich::draft::recording::{Decision, FORMAT, Review, Usage};
use crate::merge::policy::Trust;
use crate::product::item::Said;
use crate::product::layer::Layer;
use crate::product::origin::Source;
use crate::schema::scope::Key;
use crate::schema::typed::typed;
use crate::workspace::Workspace;
use crate::workspace::draft_settings::{Drafting, Target};
use crate::workspace::draft_store::{DraftStore, Kept};
use crate::workspace::drafts::{drafting, is_said, request, targets};
use crate::workspace::edit::{Saying, say};
use crate::workspace::failure::Failure;
use crate::workspace::products::Shelf;
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

/// What a decision did.
#[derive(Debug, Default)]
pub struct Decided {
    pub batch: Option<i64>,
    /// Ids that were decided on.
    pub done: Vec<String>,
    /// Drafts that cannot be accepted as they are.
    pub blocked: Vec<ShownDraft>,
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
    reader: Reader,
    trust: Trust,
    draft_source: Option<SourceId>,
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
                if let Err(mismatch) = typed(schema, target.key, &text, self.workspace.settings.currency) {
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
        let own = typed(schema, target.key, text, self.workspace.settings.currency).ok();
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
    let key = Key::parse(schema, &draft.target).map_err(|_| gone())?;
    let value = typed(schema, key, &draft.text, workspace.settings.currency).map_err(|mismatch| {
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
