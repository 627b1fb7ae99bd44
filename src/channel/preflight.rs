//! The report of a preflight: how many products are ready, degraded, blocked, and by which causes.
//!
//! Reports of parts of a feed, merged in the order of the feed, give the report of the whole, whatever the parts were.

use crate::channel::pack::Pack;
use crate::channel::rule::Rules;
use crate::channel::rule::fault::Fault;
use crate::channel::rule::finding::{Finding, NO_FIELD, Outcome, Verdict};
use crate::channel::rule::outside::Outside;
use crate::diagnostic::Severity;
use std::collections::BTreeMap;

/// How many products a cause names.
pub const SAMPLE: usize = 10;

/// Counts of verdicts and causes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Products that were checked.
    pub products: u64,
    /// Products that leave as they are.
    pub ready: u64,
    /// Products that leave with a value lost, or with a warning.
    pub degraded: u64,
    /// Products that do not leave.
    pub blocked: u64,
    tallies: BTreeMap<CauseKey, Tally>,
}

/// What makes two findings the same cause. The most serious outcome comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct CauseKey {
    outcome: Outcome,
    rule: u16,
    field: u16,
    fault: Fault,
}

#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Tally {
    count: u64,
    sample: Vec<String>,
}

/// One cause, in words, with the number of products behind it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Cause {
    /// Stable code: the rule's id, or `E-FIELD-…`, `W-FIELD-…` for what the field itself demands.
    pub code: String,
    /// Error blocks, warning degrades, info is a remark.
    pub severity: Severity,
    /// The field, if it stands in one.
    pub field: Option<String>,
    /// Number of products.
    pub count: u64,
    /// SKUs of the first products, in order.
    pub sample: Vec<String>,
    /// What is wrong.
    pub text: String,
    /// What the channel wants.
    pub help: Option<String>,
}

impl Report {
    /// Counts one product with all its findings.
    pub fn count(&mut self, sku: &str, verdict: Verdict, findings: &[Finding]) {
        self.products += 1;
        match verdict {
            Verdict::Ready => self.ready += 1,
            Verdict::Degraded => self.degraded += 1,
            Verdict::Blocked => self.blocked += 1,
        }
        for (place, finding) in findings.iter().enumerate() {
            let key = CauseKey::of(finding);
            // A product counts once per cause, however many of its values share it.
            if findings[..place].iter().any(|before| CauseKey::of(before) == key) {
                continue;
            }
            let tally = self.tallies.entry(key).or_default();
            tally.count += 1;
            if tally.sample.len() < SAMPLE {
                tally.sample.push(sku.to_string());
            }
        }
    }

    /// Adds the report of the part that follows.
    pub fn merge(&mut self, later: Report) {
        self.products += later.products;
        self.ready += later.ready;
        self.degraded += later.degraded;
        self.blocked += later.blocked;
        for (key, other) in later.tallies {
            let tally = self.tallies.entry(key).or_default();
            tally.count += other.count;
            let room = SAMPLE.saturating_sub(tally.sample.len());
            tally.sample.extend(other.sample.into_iter().take(room));
        }
    }

    /// The causes in words: errors first, then by number of products, then by code. Behind them, with a count of 0, stand the
    /// rules that nobody checks here, so that none is passed over in silence.
    pub fn causes(&self, pack: &Pack, rules: &Rules) -> Vec<Cause> {
        let mut out: Vec<Cause> = self
            .tallies
            .iter()
            .map(|(key, tally)| {
                let CauseKey {
                    outcome,
                    rule,
                    field,
                    fault,
                } = *key;
                let (code, text, help) = rules.words(
                    pack,
                    &Finding {
                        rule,
                        field,
                        fault,
                        outcome,
                        value: None,
                    },
                );
                Cause {
                    code: code.into_owned(),
                    severity: outcome.severity(),
                    field: (field != NO_FIELD).then(|| pack.name(field).to_string()),
                    count: tally.count,
                    sample: tally.sample.clone(),
                    text,
                    help,
                }
            })
            .collect();
        out.sort_by(|a, b| {
            let order = b.severity.cmp(&a.severity).then(b.count.cmp(&a.count));
            order.then_with(|| (&a.code, &a.field, &a.text).cmp(&(&b.code, &b.field, &b.text)))
        });
        let unchecked = rules.unchecked(pack, &Outside::default());
        out.extend(unchecked.into_iter().map(|diagnostic| Cause {
            code: diagnostic.code.into_owned(),
            severity: diagnostic.severity,
            field: None,
            count: 0,
            sample: Vec::new(),
            text: diagnostic.message,
            help: diagnostic.help,
        }));
        out
    }
}

impl CauseKey {
    fn of(finding: &Finding) -> CauseKey {
        CauseKey {
            outcome: finding.outcome,
            rule: finding.rule,
            field: finding.field,
            fault: finding.fault,
        }
    }
}
