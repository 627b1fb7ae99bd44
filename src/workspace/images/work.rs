//! The costly part on all cores: pictures read, fetched, decoded once, measured, and derived for every recipe that is new.

use crate::diagnostic::{Diagnostic, Place};
use crate::enrich::images::decode::decode;
use crate::enrich::images::derive::{Recipe, derive};
use crate::enrich::images::measure::measure;
use crate::enrich::images::refusal::Refusal;
use crate::enrich::images::settings::LimitSettings;
use crate::workspace::failure::Failure;
use crate::workspace::images::archives::Archives;
use crate::workspace::images::fetch::Fetcher;
use crate::workspace::images::journal::Journal;
use crate::workspace::images::media::{Media, put};
use crate::workspace::images::sources::Found;
use crate::workspace::images::state::{Content, DerivedFile, Fetched, Made, SeenFile, State, Worked};
use crate::workspace::parallel::in_order;
use crate::workspace::progress::Progress;
use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, PoisonError};

/// One picture to be known.
#[derive(Debug, Clone)]
pub enum Job {
    /// A file, by its path.
    File(String, Found),
    Address(String),
}

/// What a picture is to be made into, and with what.
pub struct Work<'a> {
    pub limits: LimitSettings,
    /// By their codes.
    pub recipes: &'a BTreeMap<String, Recipe>,
    pub media: &'a Media,
    pub fetcher: Option<&'a Fetcher>,
    pub archives: &'a Archives,
    pub threads: usize,
}

/// What one job came to.
#[derive(Default)]
struct Done {
    /// Hash of the bytes; none where there are none.
    content: Option<String>,
    failed: Option<Refusal>,
    finding: Option<Diagnostic>,
    what: Option<Content>,
    made: Vec<(String, Made)>,
}

impl Done {
    /// The same as the state takes it.
    fn noted(self, job: &Job) -> Worked {
        let mut worked = Worked::default();
        match job {
            Job::File(path, found) => {
                let seen = match &self.content {
                    Some(content) => Ok(SeenFile {
                        on_disk: found.path.clone(),
                        stamp: found.stamp,
                        content: content.clone(),
                    }),
                    None => Err(found.inside.is_none().then(|| found.path.clone())),
                };
                worked.file = Some((path.clone(), seen));
            }
            Job::Address(address) => {
                let fetched = match (&self.content, self.failed) {
                    (Some(content), _) => Some(Fetched::Content(content.clone())),
                    (None, failed) => failed.map(Fetched::Failed),
                };
                worked.address = fetched.map(|fetched| (address.clone(), fetched));
            }
        }
        if let Some(content) = self.content {
            worked.what = self.what.map(|what| (content.clone(), what));
            let made = self.made.into_iter();
            worked.made = made.map(|(recipe, made)| (recipe, content.clone(), made)).collect();
        }
        worked
    }
}

/// What all jobs came to.
#[derive(Debug, Default)]
pub struct Results {
    pub findings: Vec<Diagnostic>,
    pub fetched: u64,
    pub made: u64,
}

impl Work<'_> {
    /// Does the jobs and notes in the state what came of them; what is new goes into the journal at once. Of a picture that did
    /// not change nothing is read.
    pub fn run(
        &self,
        jobs: &[Job],
        state: &mut State,
        journal: &mut Journal,
        progress: &dyn Progress,
    ) -> Result<Results, Failure> {
        let claimed = Mutex::new(HashSet::new());
        let before = &*state;
        let mut all = Vec::with_capacity(jobs.len());
        let mut results = Results::default();
        let mut in_turn = jobs.iter();
        in_order(
            self.threads,
            jobs.len(),
            || Ok(()),
            |(): &mut (), job| self.one(&jobs[job], before, &claimed),
            |mut done| {
                results.findings.extend(done.finding.take());
                if let Some(job) = in_turn.next() {
                    let worked = done.noted(job);
                    if worked.is_news(before) {
                        journal.note(&worked)?;
                        results.fetched += u64::from(worked.is_fetched(before));
                        results.made += worked.made.len() as u64;
                        all.push(worked);
                    }
                }
                progress.advance(1);
                Ok(())
            },
        )?;
        for worked in all {
            state.take(worked);
        }
        Ok(results)
    }

    fn one(&self, job: &Job, state: &State, claimed: &Mutex<HashSet<String>>) -> Result<Done, Failure> {
        let mut bytes = None;
        let known = match job {
            Job::File(path, found) => {
                let seen = state.files.get(path);
                seen.filter(|seen| seen.stamp == found.stamp && seen.on_disk == found.path)
                    .map(|seen| seen.content.clone())
            }
            Job::Address(address) => match state.addresses.get(address) {
                Some(Fetched::Content(content)) => Some(content.clone()),
                _ => None,
            },
        };
        // What the store lost is fetched or read again.
        let lost = |content: &String| {
            matches!(state.contents.get(content), Some(Content::Picture(_))) && !self.media.original(content).is_file()
        };
        let content = match known.filter(|content| state.contents.contains_key(content) && !lost(content)) {
            Some(content) => content,
            None => {
                let read = match self.bytes(job) {
                    Ok(read) => read,
                    Err(done) => return Ok(*done),
                };
                let content = Media::name(&read);
                bytes = Some(read);
                content
            }
        };
        let mut done = Done {
            content: Some(content.clone()),
            ..Done::default()
        };
        let known = state.contents.get(&content);
        let picture = match known {
            Some(Content::Refused(_)) => return Ok(done),
            Some(Content::Picture(_)) => true,
            None => false,
        };
        let missing: Vec<(&String, &Recipe)> = self
            .recipes
            .iter()
            .filter(|(code, _)| {
                let made = state.made.get(*code).and_then(|made| made.get(&content));
                match made {
                    Some(Made::File(file)) => {
                        let there = std::fs::metadata(self.media.derived(code, &content));
                        !there.is_ok_and(|there| there.len() == file.bytes)
                    }
                    Some(Made::Refused(_)) => false,
                    None => true,
                }
            })
            .collect();
        if picture && missing.is_empty() && bytes.is_none() {
            return Ok(done);
        }
        // Of equal contents one is worked on.
        let mine = claimed
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(content.clone());
        if !mine {
            return Ok(done);
        }
        let bytes = match bytes {
            Some(bytes) => bytes,
            None => self.media.read(&content)?,
        };
        let decoded = match decode(&bytes, &self.limits) {
            Ok(decoded) => decoded,
            Err(refusal) => {
                done.what = Some(Content::Refused(refusal));
                return Ok(done);
            }
        };
        self.media.keep(&content, &bytes)?;
        if !picture {
            done.what = Some(match measure(&decoded, bytes.len() as u64) {
                Ok(measures) => Content::Picture(measures),
                Err(refusal) => Content::Refused(refusal),
            });
        }
        for (code, recipe) in missing {
            let made = match derive(&decoded, recipe) {
                Ok(derived) => {
                    put(&self.media.derived(code, &content), &derived.bytes)?;
                    Made::File(DerivedFile {
                        format: derived.kind.name().to_owned(),
                        width: derived.width,
                        height: derived.height,
                        bytes: derived.bytes.len() as u64,
                        blake3: Media::name(&derived.bytes),
                    })
                }
                Err(refusal) => Made::Refused(refusal),
            };
            done.made.push((code.clone(), made));
        }
        Ok(done)
    }

    /// The bytes of a job, or what is to be said where there are none.
    fn bytes(&self, job: &Job) -> Result<Vec<u8>, Box<Done>> {
        match job {
            Job::File(path, found) => self.archives.read(found, self.limits.max_bytes).map_err(|mut finding| {
                finding.place = Place::file(path.as_str());
                Box::new(Done {
                    finding: Some(*finding),
                    ..Done::default()
                })
            }),
            Job::Address(address) => {
                let Some(fetcher) = self.fetcher else {
                    return Err(Box::default());
                };
                fetcher.fetch(address).map_err(|unfetched| {
                    let refusal = unfetched.refusal;
                    let told = Diagnostic::warning("W-IMAGE-FETCH", refusal.message.clone())
                        .with_value(address)
                        .with_help(refusal.help.clone());
                    Box::new(Done {
                        finding: (!unfetched.silent).then_some(told),
                        failed: Some(refusal),
                        ..Done::default()
                    })
                })
            }
        }
    }
}
