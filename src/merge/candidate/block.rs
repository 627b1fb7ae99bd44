//! Which products are compared at all: those that share a rare word, a part number, or two words that are rare together.
//!
//! The cost is bounded: a product has at most fifty keys (ten words, fifteen pairs of words, a GTIN, and the 24 part numbers
//! that are kept of its longer text), a key that more than `WIDEST` products share is passed over, and each product is compared
//! with its `MOST_PARTNERS` likeliest partners only. However alike a million products are, each costs at most fifty times `WIDEST`
//! looks.

use crate::merge::candidate::features::Features;
use crate::merge::candidate::rarity::Rarity;
use std::sync::atomic::{AtomicUsize, Ordering};
use xxhash_rust::xxh3::xxh3_64;

/// Products that may share a key.
pub const WIDEST: usize = 200;
/// Keys of a product: its rarest words, and pairs of them.
const MOST_WORDS: usize = 10;
const MOST_PAIRED: usize = 6;
/// Partners of a product that are compared in full.
pub const MOST_PARTNERS: usize = 12;
/// Products that a thread takes at a time.
const PORTION: usize = 1024;

/// Pairs to be compared, the lower number first, each once, in order; and how many keys were too common.
pub struct Blocks {
    pub pairs: Vec<(u32, u32)>,
    pub too_common: usize,
}

/// Finds the pairs. `is_out` says of two products that they are no pair whatever they say.
pub fn pairs(
    products: &[Features],
    rarity: &Rarity,
    threads: usize,
    is_out: &(dyn Fn(u32, u32) -> bool + Sync),
) -> Blocks {
    let mut entries: Vec<(u64, u32, f32)> = Vec::new();
    for part in in_parts(products.len(), threads, |range| {
        let mut entries = Vec::new();
        for n in range {
            keys(&products[n], rarity, |key, weight| {
                entries.push((key, n as u32, weight))
            });
        }
        entries
    }) {
        entries.extend(part);
    }
    entries.sort_unstable_by_key(|(key, product, _)| (*key, *product));
    entries.dedup_by_key(|(key, product, _)| (*key, *product));
    // What nobody shares is nobody's key.
    let mut blocks: Vec<(u32, u32)> = Vec::new();
    let mut own: Vec<(u32, u32, f32)> = Vec::new();
    let mut too_common = 0;
    let mut start = 0;
    for group in entries.chunk_by(|a, b| a.0 == b.0) {
        if group.len() > WIDEST {
            too_common += 1;
        } else if group.len() > 1 {
            let block = blocks.len() as u32;
            own.extend(group.iter().map(|(_, product, weight)| (*product, block, *weight)));
            blocks.push((start as u32, group.len() as u32));
        }
        start += group.len();
    }
    let members: Vec<u32> = entries.iter().map(|(_, product, _)| *product).collect();
    drop(entries);
    own.sort_unstable_by_key(|(product, block, _)| (*product, *block));
    let mut pairs: Vec<(u32, u32)> = Vec::new();
    let found = in_parts(products.len(), threads, |range| {
        let mut found = Vec::new();
        let mut sums = vec![0.0_f32; products.len()];
        let mut met: Vec<u32> = Vec::new();
        for n in range {
            let n = n as u32;
            let from = own.partition_point(|(product, ..)| *product < n);
            for (_, block, weight) in own[from..].iter().take_while(|(product, ..)| *product == n) {
                let (start, length) = blocks[*block as usize];
                for other in &members[start as usize..(start + length) as usize] {
                    if *other == n {
                        continue;
                    }
                    let sum = &mut sums[*other as usize];
                    if *sum == 0.0 {
                        met.push(*other);
                    }
                    *sum += weight;
                }
            }
            met.sort_unstable_by(|a, b| sums[*b as usize].total_cmp(&sums[*a as usize]).then(a.cmp(b)));
            let likely = met.iter().filter(|other| !is_out(n, **other)).take(MOST_PARTNERS);
            found.extend(likely.map(|other| (n.min(*other), n.max(*other))));
            for other in met.drain(..) {
                sums[other as usize] = 0.0;
            }
        }
        found
    });
    for part in found {
        pairs.extend(part);
    }
    pairs.sort_unstable();
    pairs.dedup();
    Blocks { pairs, too_common }
}

/// The keys of a product with their weight.
fn keys(features: &Features, rarity: &Rarity, mut each: impl FnMut(u64, f32)) {
    let mut words: Vec<(u32, u64)> = features.words.iter().map(|word| (rarity.count(*word), *word)).collect();
    words.sort_unstable();
    for (count, word) in words.iter().take(MOST_WORDS) {
        if *count > 1 && *count as usize <= WIDEST {
            each(*word, rarity.weight(*word) as f32);
        }
    }
    for gtin in &features.gtins {
        each(xxh3_64(&gtin.to_le_bytes()), 100.0);
    }
    // What a longer text tells of part numbers is a key too, where somebody's title has it.
    for told in &features.told {
        if rarity.count(*told) > 0 {
            each(*told, rarity.weight(*told) as f32);
        }
    }
    // Words that only exist once pair with nobody's.
    let shared: Vec<&(u32, u64)> = words.iter().filter(|(count, _)| *count > 1).take(MOST_PAIRED).collect();
    for (n, (_, first)) in shared.iter().enumerate() {
        for (_, second) in &shared[n + 1..] {
            let mut both = [0; 16];
            both[..8].copy_from_slice(&first.min(second).to_le_bytes());
            both[8..].copy_from_slice(&first.max(second).to_le_bytes());
            each(
                xxh3_64(&both),
                0.5 * (rarity.weight(*first) + rarity.weight(*second)) as f32,
            );
        }
    }
}

/// Does `count` jobs in portions on several threads; the results come in the order of the jobs, whatever the threads.
pub fn in_parts<R: Send>(count: usize, threads: usize, work: impl Fn(std::ops::Range<usize>) -> R + Sync) -> Vec<R> {
    let portion = PORTION.max(count.div_ceil(4096));
    let parts = count.div_ceil(portion);
    let next = AtomicUsize::new(0);
    let mut done: Vec<(usize, R)> = std::thread::scope(|scope| {
        let take = || {
            let mut done = Vec::new();
            loop {
                let part = next.fetch_add(1, Ordering::Relaxed);
                if part >= parts {
                    return done;
                }
                done.push((part, work(part * portion..count.min((part + 1) * portion))));
            }
        };
        let others: Vec<_> = (1..threads.clamp(1, parts.max(1))).map(|_| scope.spawn(take)).collect();
        let mut done = take();
        for other in others {
            // A thread that broke down breaks the caller down as well.
            match other.join() {
                Ok(part) => done.extend(part),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        done
    });
    done.sort_by_key(|(part, _)| *part);
    done.into_iter().map(|(_, result)| result).collect()
}
