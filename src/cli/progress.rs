//! Progress drawn on a terminal, told in plain lines elsewhere.

use crate::cli::output::{Output, count};
use crate::workspace::progress::{Progress, Step};
use indicatif::{ProgressBar, ProgressStyle};
use std::sync::Mutex;
use std::time::Duration;

/// Draws a bar where stderr is a terminal; else says one line a step.
pub struct Drawn<'o> {
    output: &'o Output,
    bar: Mutex<Option<ProgressBar>>,
}

impl<'o> Drawn<'o> {
    pub fn new(output: &'o Output) -> Drawn<'o> {
        Drawn {
            output,
            bar: Mutex::new(None),
        }
    }
}

fn words(step: &Step) -> String {
    match step {
        Step::Reading { supplier } => format!("reading {supplier}"),
        Step::Applying { supplier } => format!("applying {supplier}"),
        Step::Texts => "reading texts".to_owned(),
        Step::Naming => "looking for the products of pictures".to_owned(),
        Step::Picturing => "measuring and deriving pictures".to_owned(),
        Step::Exporting { channel } => format!("exporting {channel}"),
        Step::Indexing => "indexing".to_owned(),
        Step::Sheet => "the sheet's rows".to_owned(),
        Step::Comparing => "comparing products".to_owned(),
        Step::Trying => "trying rules".to_owned(),
        Step::Drafting => "asking for drafts".to_owned(),
    }
}

impl Progress for Drawn<'_> {
    fn begin(&self, step: &Step, total: u64) {
        if !self.output.animated {
            match total {
                0 => self.output.say(&words(step)),
                total => self.output.say(&format!("{} ({})", words(step), count(total))),
            }
            return;
        }
        let bar = match total {
            0 => ProgressBar::new_spinner(),
            total => ProgressBar::new(total),
        };
        let template = match total {
            0 => "{spinner} {msg} {human_pos} ({per_sec})",
            _ => "{bar:24} {msg} {human_pos}/{human_len} ({per_sec})",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        bar.set_message(words(step));
        bar.enable_steady_tick(Duration::from_millis(100));
        if let Ok(mut current) = self.bar.lock() {
            *current = Some(bar);
        }
    }

    fn advance(&self, by: u64) {
        if let Ok(current) = self.bar.lock()
            && let Some(bar) = current.as_ref()
        {
            bar.inc(by);
        }
    }

    fn end(&self) {
        if let Ok(mut current) = self.bar.lock()
            && let Some(bar) = current.take()
        {
            bar.finish_and_clear();
        }
    }
}
