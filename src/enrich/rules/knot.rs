//! Circles in a graph: which nodes can reach each other, and the shortest way from one back to itself.
//!
//! What the nodes stand for is left to `order`. Time and memory grow with nodes and edges and no faster, without recursion.

/// A graph: for each node those that it leads to.
pub type Edges = [Vec<u32>];

/// The knot of each node, by number: nodes are of one knot where each can reach the other. Those of a knot of one node stand in no
/// circle, as long as no node leads to itself.
///
/// Tarjan, Depth-first search and linear graph algorithms (SIAM J. Comput. 1, 1972), with a stack of its own.
pub fn knots(edges: &Edges) -> Vec<u32> {
    const UNSEEN: u32 = u32::MAX;
    let mut met = vec![UNSEEN; edges.len()];
    // The first node met that is reached from here, or the knot once it is known.
    let mut low = vec![UNSEEN; edges.len()];
    let mut knot = vec![UNSEEN; edges.len()];
    let mut open: Vec<u32> = Vec::new();
    let (mut count, mut made) = (0_u32, 0_u32);
    for root in 0..edges.len() as u32 {
        if met[root as usize] != UNSEEN {
            continue;
        }
        // A node and which of its edges comes next.
        let mut way: Vec<(u32, usize)> = vec![(root, 0)];
        while let Some((node, next)) = way.last_mut() {
            let at = *node as usize;
            if *next == 0 && met[at] == UNSEEN {
                (met[at], low[at]) = (count, count);
                count += 1;
                open.push(*node);
            }
            if let Some(to) = edges[at].get(*next) {
                *next += 1;
                let to_at = *to as usize;
                if met[to_at] == UNSEEN {
                    way.push((*to, 0));
                } else if knot[to_at] == UNSEEN {
                    low[at] = low[at].min(met[to_at]);
                }
                continue;
            }
            way.pop();
            if let Some((before, _)) = way.last() {
                low[*before as usize] = low[*before as usize].min(low[at]);
            }
            if low[at] == met[at] {
                while let Some(member) = open.pop() {
                    knot[member as usize] = made;
                    if member as usize == at {
                        break;
                    }
                }
                made += 1;
            }
        }
    }
    knot
}

/// The shortest way from a node back to itself: the nodes from it on, without it at the end. Only nodes of its own knot are walked, and no
/// more than `steps` edges, which are taken off; nothing where there is no way or not enough of them.
pub fn way_back(start: u32, edges: &Edges, knots: &[u32], steps: &mut usize) -> Option<Vec<u32>> {
    let mut from: Vec<Option<u32>> = vec![None; edges.len()];
    let mut queue = std::collections::VecDeque::from([start]);
    let within = knots[start as usize];
    while let Some(at) = queue.pop_front() {
        for next in &edges[at as usize] {
            *steps = steps.checked_sub(1)?;
            if *next == start {
                let mut chain = vec![at];
                let mut last = at;
                while last != start {
                    last = from[last as usize]?;
                    chain.push(last);
                }
                chain.reverse();
                return Some(chain);
            }
            if knots[*next as usize] == within && from[*next as usize].is_none() {
                from[*next as usize] = Some(at);
                queue.push_back(*next);
            }
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Whether there is a way, by walking all there are.
    fn reaches(edges: &Edges, start: u32) -> Vec<bool> {
        let mut seen = vec![false; edges.len()];
        let mut left = vec![start];
        while let Some(at) = left.pop() {
            for next in &edges[at as usize] {
                if !std::mem::replace(&mut seen[*next as usize], true) {
                    left.push(*next);
                }
            }
        }
        seen
    }

    proptest! {
        #[test]
        fn knots_are_those_that_reach_each_other(pairs in proptest::collection::vec((0_u32..12, 0_u32..12), 0..40)) {
            let mut edges: Vec<Vec<u32>> = vec![Vec::new(); 12];
            for (a, b) in pairs {
                if a != b {
                    edges[a as usize].push(b);
                }
            }
            let found = knots(&edges);
            let all: Vec<Vec<bool>> = (0..12).map(|n| reaches(&edges, n)).collect();
            for a in 0..12 {
                for b in 0..12 {
                    let one = a == b || all[a][b] && all[b][a];
                    prop_assert_eq!(found[a] == found[b], one, "{} {} {:?}", a, b, &edges);
                }
                let mut steps = 1_000;
                let way = way_back(a as u32, &edges, &found, &mut steps);
                prop_assert_eq!(way.is_some(), all[a][a]);
                let way = way.unwrap_or_default();
                let nexts = way.iter().cycle().skip(1);
                prop_assert!(way.iter().zip(nexts).all(|(one, next)| edges[*one as usize].contains(next)));
            }
        }
    }

    #[test]
    fn a_long_chain_needs_no_stack_and_a_short_purse_ends_the_walk() {
        let mut edges: Vec<Vec<u32>> = (0..200_000).map(|n| vec![n + 1]).collect();
        edges.push(vec![0]);
        let found = knots(&edges);
        assert!(found.iter().all(|knot| *knot == found[0]));
        assert_eq!(
            way_back(0, &edges, &found, &mut 200_001).map(|way| way.len()),
            Some(200_001)
        );
        assert_eq!(way_back(0, &edges, &found, &mut 200_000), None);
    }
}
