//! Which of many pictures look alike, without comparing each with all.
//!
//! Fingerprints that differ in at most `most` bits are equal in one of `most` + 1 bands of their bits, so that only those with
//! an equal band are compared. Whether a group is a defect is left to who knows the products.

use crate::enrich::images::look::Look;
use std::collections::HashMap;

/// Pictures of one band that each is compared with: where a band says nothing (white backgrounds), the others tell.
const COMPARED: usize = 64;
/// Groups that pictures which are joined by others may be taken apart into.
const LEADERS: usize = 64;

/// Groups of pictures that look alike, as positions in `looks`: each picture in one group, alone where it is like no other.
/// All pictures of a group are like its first. Groups are in the order of their first pictures, and so are the pictures in them.
pub fn groups(looks: &[Look], most: u32) -> Vec<Vec<usize>> {
    let bands = most.saturating_add(1).min(128);
    let mut first: Vec<u32> = (0..looks.len() as u32).collect();
    let mut order: Vec<u32> = first.clone();
    order.retain(|n| looks[*n as usize].says_something());
    let alike = |a: u32, b: u32| looks[a as usize].is_like(&looks[b as usize], most);
    for band in 0..bands {
        // A band takes its bits from all over the picture.
        let mask = (band..128)
            .step_by(bands as usize)
            .fold(0_u128, |mask, bit| mask | 1 << bit);
        let key = |n: &u32| looks[*n as usize].joined() & mask;
        order.sort_unstable_by_key(|n| (key(n), looks[*n as usize].joined(), *n));
        for run in order.chunk_by(|a, b| key(a) == key(b)) {
            for (at, one) in run.iter().enumerate() {
                for other in run.iter().skip(at + 1).take(COMPARED) {
                    let (a, b) = (root(&mut first, *one), root(&mut first, *other));
                    if a != b && alike(*one, *other) {
                        first[a.max(b) as usize] = a.min(b);
                    }
                }
            }
        }
    }
    let mut groups: Vec<Vec<usize>> = Vec::new();
    // A chain of small steps leads from any picture to any other: what is joined is taken apart by likeness to the first.
    let mut leaders: HashMap<u32, Vec<usize>> = HashMap::new();
    for n in 0..looks.len() as u32 {
        let own = leaders.entry(root(&mut first, n)).or_default();
        let found = own.iter().find(|group| alike(groups[**group][0] as u32, n));
        match found.copied() {
            Some(group) => groups[group].push(n as usize),
            None => {
                if own.len() < LEADERS {
                    own.push(groups.len());
                }
                groups.push(vec![n as usize]);
            }
        }
    }
    groups
}

/// The first picture that one is joined to; the way there gets shorter.
fn root(first: &mut [u32], n: u32) -> u32 {
    let mut at = n;
    while first[at as usize] != at {
        first[at as usize] = first[first[at as usize] as usize];
        at = first[at as usize];
    }
    at
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn look(bits: u128) -> Look {
        Look {
            bits: [(bits >> 64) as u64, bits as u64],
            mean: [100; 3],
        }
    }

    /// Bits that look like nothing else (SplitMix64).
    fn mixed(n: u64) -> u64 {
        let mut mixed = n.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ mixed >> 31
    }

    /// Every pair of these was kept once: a thousand million.
    #[test]
    fn fifty_thousand_alike_are_one_group() {
        let base = u128::from(mixed(1)) << 64 | u128::from(mixed(2));
        let looks: Vec<Look> = (0..50_000).map(|n| look(base ^ 1 << (n % 128))).collect();
        let found = groups(&looks, 6);
        assert_eq!((found.len(), found[0].len()), (1, 50_000));
    }

    #[test]
    fn a_hundred_thousand_unlike_stand_alone() {
        let looks: Vec<Look> = (0..100_000)
            .map(|n| look(u128::from(mixed(n)) << 64 | u128::from(mixed(n + 1_000_000))))
            .collect();
        assert_eq!(groups(&looks, 6).len(), looks.len());
        // Empty pictures are like nothing.
        assert_eq!(groups(&[look(3), look(3)], 6), [[0], [1]]);
    }

    #[test]
    fn a_chain_of_small_steps_is_not_one_picture() {
        let looks: Vec<Look> = (0..20).map(|n| look(u128::MAX << (n * 5))).collect();
        let pairs: Vec<Vec<usize>> = (0..10).map(|n| vec![n * 2, n * 2 + 1]).collect();
        assert_eq!(groups(&looks, 6), pairs);
    }

    proptest! {
        #[test]
        fn two_are_a_group_where_they_are_alike(
            bits in any::<u128>(),
            flips in proptest::collection::btree_set(0_u32..128, 0..14),
            most in 0_u32..12,
        ) {
            let flipped = flips.iter().fold(bits, |bits, flip| bits ^ 1 << flip);
            let looks = [look(bits), look(flipped)];
            let expected = if looks[0].is_like(&looks[1], most) { 1 } else { 2 };
            prop_assert_eq!(groups(&looks, most).len(), expected);
        }
    }
}
