//! The turn of updates of a BMEcat catalogue: each follows a transfer, and one that never came is noticed.
//!
//! `prev_version` of the transactions (BMEcat 1.2, 2003): a whole catalogue is transfer 0, each update of it one more. What
//! becomes of an update out of turn is left to `drift`.

use crate::product::batch::DeliveredFile;
use crate::workspace::layout::Look;

/// Which transfer was taken last, while the files of a delivery are gone through in their order.
pub struct Turn {
    /// What the last delivery ended with.
    start: Option<u32>,
    last: Option<u32>,
    /// A file of this delivery was gone through.
    is_under_way: bool,
    /// An update that was taken long ago, where those after it have not come up to the start yet.
    old: Option<OutOfTurn>,
}

/// An update that does not follow what was taken before it.
pub struct OutOfTurn {
    pub shown: String,
    pub message: String,
    /// A delivery in between is lost; else there was none that it could follow.
    pub is_lost: bool,
}

impl Turn {
    pub fn after(before: &[DeliveredFile]) -> Turn {
        let mut transfers = before.iter().filter_map(|file| file.layout.as_ref()?.transfer);
        let last = transfers.next_back();
        Turn {
            start: last,
            last,
            is_under_way: false,
            old: None,
        }
    }

    /// Takes the next file of the delivery.
    pub fn take(&mut self, look: &Look) -> Option<OutOfTurn> {
        let Some(follows) = look.follows else {
            if let Some(whole) = look.layout.transfer {
                // Whatever came before a whole catalogue does not matter any more.
                (self.last, self.old, self.is_under_way) = (Some(whole), None, true);
            }
            return None;
        };
        let out_of_turn = |message: String, is_lost: bool| OutOfTurn {
            shown: look.shown.clone(),
            message,
            is_lost,
        };
        let mut found = None;
        match (follows, self.last) {
            (_, None) => {
                let message = "an update of a catalogue of which nothing was taken before";
                found = Some(out_of_turn(message.to_owned(), false));
            }
            // The same update again changes nothing.
            (Some(previous), Some(last)) if previous == last || previous.checked_add(1) == Some(last) => {}
            (Some(previous), Some(last)) => {
                let told = match self.is_under_way {
                    true => "comes before it",
                    false => "was taken last",
                };
                let message = format!("the update follows transfer {previous}, and transfer {last} {told}");
                let lost = out_of_turn(message, true);
                // In a folder that gathers updates lie those of long ago as well: they are fine if all that came since lie there.
                match previous < last && !self.is_under_way {
                    true => self.old = Some(lost),
                    false => found = Some(lost),
                }
            }
            (None, Some(_)) => {}
        }
        self.last = look.layout.transfer.or(self.last);
        self.is_under_way = true;
        if self.last >= self.start {
            self.old = None;
        }
        found
    }

    /// What is still to be said after the last file.
    pub fn end(self) -> Option<OutOfTurn> {
        self.old
    }
}
