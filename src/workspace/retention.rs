//! Retention: for how long what batches changed is kept, so that they can be taken back.
//!
//! The `[history]` table of `estante.toml` says it; every command that wrote applies it at its end. Nothing is ever let go
//! unless a setting says so. The last batch is always kept.

use crate::catalog::retention::{Kept, States};
use crate::catalog::stored::SourceId;
use crate::catalog::{Catalog, Reader};
use crate::product::origin::Source;
use crate::workspace::failure::Failure;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The `[history]` table: for how long batches can be taken back. The limits hold together: what is past any of them goes, but
/// for the last batch. Without one, all is kept.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct HistorySettings {
    /// Days for which a batch can be taken back.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub keep_days: Option<u32>,
    /// How many batches can be taken back, counted from the last one; edits are batches too.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub keep_batches: Option<u32>,
    /// Size of all history, in MiB: the oldest goes first.
    #[serde(default)]
    #[schemars(range(min = 1))]
    pub max_mb: Option<u64>,
}

impl HistorySettings {
    /// Whether anything is ever let go.
    pub fn is_limited(&self) -> bool {
        self.keep_days.is_some() || self.keep_batches.is_some() || self.max_mb.is_some()
    }

    /// The limits as they are written.
    pub fn shown(&self) -> String {
        let limits = [
            self.keep_days.map(|days| format!("keep_days = {days}")),
            self.keep_batches.map(|batches| format!("keep_batches = {batches}")),
            self.max_mb.map(|size| format!("max_mb = {size}")),
        ];
        limits.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }

    /// The last batch that is past a limit, 0 where none is. `kept` are the batches with history, the newest first; `stayed` the bytes
    /// that older ones keep for what people said; `moment` is now.
    pub fn cut(&self, kept: &[Kept], stayed: u64, moment: &str) -> i64 {
        let now = moment.parse::<jiff::Timestamp>().ok();
        let mut bytes = stayed;
        for (n, batch) in kept.iter().enumerate() {
            bytes = bytes.saturating_add(batch.bytes);
            // Of a moment that does not read nothing is known; it goes with those around it.
            let made = batch.at.parse::<jiff::Timestamp>().ok();
            let days = now
                .zip(made)
                .map(|(now, made)| now.duration_since(made).as_hours() / 24);
            let past = |limit: Option<u64>, is: u64| limit.is_some_and(|limit| is > limit);
            let is_past = past(self.keep_batches.map(u64::from), n as u64 + 1)
                || past(self.max_mb.map(|size| size.saturating_mul(1 << 20)), bytes)
                || past(
                    self.keep_days.map(u64::from),
                    days.map_or(0, |days| days.max(0).unsigned_abs()),
                );
            if is_past && n > 0 {
                return batch.batch;
            }
        }
        0
    }
}

/// What retention let go, or would.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Gone {
    /// The last batch that cannot be taken back any more.
    pub through: i64,
    pub batches: u64,
    /// Past states of layers.
    pub states: u64,
    pub bytes: u64,
}

/// What is past retention and would go.
pub fn past(reader: &Reader, settings: &HistorySettings, moment: &str) -> Result<Gone, Failure> {
    let gone = batches_past(reader, settings, moment)?;
    if gone.batches == 0 {
        return Ok(gone);
    }
    let States { states, bytes } = reader.forgettable(gone.through, editor(reader)?)?;
    Ok(Gone { states, bytes, ..gone })
}

/// The batches past retention.
fn batches_past(reader: &Reader, settings: &HistorySettings, moment: &str) -> Result<Gone, Failure> {
    if !settings.is_limited() {
        return Ok(Gone::default());
    }
    let kept = reader.kept()?;
    let through = settings.cut(&kept, reader.stayed()?.bytes, moment);
    Ok(Gone {
        through,
        batches: kept.iter().filter(|batch| batch.batch <= through).count() as u64,
        ..Gone::default()
    })
}

/// Lets go of what is past retention; gives what went. What a person's word is compared with stays.
pub fn retain(catalog: &mut Catalog, settings: &HistorySettings, moment: &str) -> Result<Gone, Failure> {
    let reader = catalog.reader()?;
    let gone = batches_past(&reader, settings, moment)?;
    if gone.batches == 0 {
        return Ok(gone);
    }
    let editor = editor(&reader)?;
    drop(reader);
    let States { states, bytes } = catalog.forget(gone.through, editor)?;
    Ok(Gone { states, bytes, ..gone })
}

fn editor(reader: &Reader) -> Result<Option<SourceId>, Failure> {
    let editor = Source::Editor.to_string();
    let mut sources = reader.sources()?.into_iter();
    Ok(sources.find(|(_, name)| *name == editor).map(|(id, _)| id))
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: &str = "2026-11-23T10:00:00Z";

    fn kept(batches: &[(i64, &str, u64)]) -> Vec<Kept> {
        let kept = batches.iter().map(|(batch, at, mb)| Kept {
            batch: *batch,
            at: (*at).to_owned(),
            states: 1,
            bytes: mb << 20,
        });
        kept.collect()
    }

    #[test]
    fn the_strictest_limit_holds_and_the_last_batch_is_kept() {
        let batches = kept(&[
            (9, "2026-11-01T10:00:00Z", 5),
            (8, "2026-10-20T10:00:00Z", 5),
            (6, "2026-10-19T10:00:00Z", 0),
            (5, "2026-01-01T10:00:00Z", 1),
        ]);
        let check = |keep_days, keep_batches, max_mb, expected| {
            let settings = HistorySettings {
                keep_days,
                keep_batches,
                max_mb,
            };
            assert_eq!(settings.cut(&batches, 0, NOW), expected, "{}", settings.shown());
        };
        check(None, None, None, 0);
        check(Some(1_000), Some(4), Some(11), 0);
        check(Some(34), None, None, 6);
        check(Some(33), None, None, 8);
        check(Some(1), None, None, 8);
        check(None, Some(1), None, 8);
        check(None, Some(3), None, 5);
        check(None, None, Some(10), 5);
        check(None, None, Some(9), 8);
        check(None, None, Some(1), 8);
        check(Some(34), Some(3), Some(9), 8);
        // What stays of older ones takes its room too.
        let size = HistorySettings {
            max_mb: Some(11),
            ..HistorySettings::default()
        };
        assert_eq!((size.cut(&batches, 0, NOW), size.cut(&batches, 1 << 20, NOW)), (0, 5));
        // A clock that went back, and a moment that does not read, let nothing go by days.
        let odd = kept(&[(3, "", 0), (2, "2027-01-01T00:00:00Z", 0), (1, "yesterday", 0)]);
        let days = HistorySettings {
            keep_days: Some(1),
            ..HistorySettings::default()
        };
        assert_eq!(days.cut(&odd, 0, NOW), 0);
    }
}
