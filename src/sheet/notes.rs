//! What a product still needs, in words: by channel, the attributes that its family requires and nobody says.

use crate::product::Product;
use crate::product::completeness;
use crate::sheet::cell::Style;

/// Characters of a note; a product that misses more is known by the first.
const LONGEST: usize = 2_000;

/// What each channel misses; empty for a product that is complete. `channels` are numbers of channel and locale as in `Key`,
/// channel 0 for a catalog without channels.
pub fn notes(style: &Style<'_>, product: &Product, channels: &[(u8, u8)]) -> String {
    let schema = style.schema;
    let mut notes = String::new();
    for (channel, locale) in channels {
        let Some(completeness) = completeness::of(product, schema, *locale, *channel) else {
            continue;
        };
        if completeness.missing.is_empty() {
            continue;
        }
        let names: Vec<&str> = (completeness.missing.iter())
            .map(|id| schema.attribute(*id).labels.text(style.locale))
            .collect();
        if !notes.is_empty() {
            notes.push_str("; ");
        }
        let name = schema.channel_code(*channel).unwrap_or(style.words.catalog);
        notes.push_str(&format!("{name}: {} {}", style.words.missing, names.join(", ")));
    }
    if let Some((end, _)) = notes.char_indices().nth(LONGEST) {
        notes.truncate(end);
        notes.push('…');
    }
    notes
}
