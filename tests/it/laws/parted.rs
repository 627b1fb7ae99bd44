//! A split, or an undo, leaves what was before the merge: whoever sells the products, whoever edited them, and merge upon merge.

use super::{Bench, GTINS, Row, SUPPLIERS, hold};
use estante::workspace::edit;
use estante::workspace::failure::FailureKind;
use estante::workspace::inspect::{Beside, find, show};
use estante::workspace::merging::{merge, split};
use estante::workspace::undo::undo;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;

/// Cases of every day; `ESTANTE_CASES` sets another number.
const CASES: u32 = 1_000;
/// Items that a supplier may have in a case.
const ITEMS: usize = 2;

/// An item: whose, and which.
type Which = (usize, usize);

/// Products of three suppliers, what a person said of some, and what is made one, then taken apart from the last to the first.
#[derive(Debug, Clone)]
struct Case {
    lists: [[Row; ITEMS]; SUPPLIERS.len()],
    edits: Vec<(Which, bool)>,
    /// The second becomes part of the first; parted by a split, or by an undo, which alone parts what a person said of both.
    merges: Vec<((Which, Which), bool)>,
    /// Who delivers the same again at the end.
    again: usize,
}

fn case() -> impl Strategy<Value = Case> {
    // Most products are one supplier's, since two of which one sells both stay two.
    let code = || prop_oneof![2 => Just(0), 1 => 0..GTINS];
    let row = move || prop_oneof![1 => Just(None), 9 => (code(), 0..3_usize, 0..4_usize, 0..3_usize).prop_map(Some)];
    let list = move || [row(), row()];
    let which = || (0..SUPPLIERS.len(), 0..ITEMS);
    // Of two suppliers.
    let pair = move || {
        (which(), 1..SUPPLIERS.len(), 0..ITEMS)
            .prop_map(|(one, on, item)| (one, ((one.0 + on) % SUPPLIERS.len(), item)))
    };
    (
        [list(), list(), list()],
        prop::collection::vec((which(), any::<bool>()), 0..3),
        prop::collection::vec((pair(), prop::bool::weighted(0.3)), 1..4),
        0..SUPPLIERS.len(),
    )
        .prop_map(|(lists, edits, merges, again)| Case {
            lists,
            edits,
            merges,
            again,
        })
}

/// How often something was met, so that a law about nothing is seen.
#[derive(Debug, Default)]
struct Met {
    splits: u32,
    undone: u32,
    refused: u32,
    /// Merges of products that are merged already.
    upon: u32,
    edited: u32,
    /// Products of several suppliers that became part of another.
    joined: u32,
}

impl Bench {
    fn is_edited(&self, sku: &str) -> bool {
        let shown = show(&self.workspace, sku, Beside::ALL);
        shown.is_ok_and(|shown| shown.layers.iter().any(|layer| layer.source == "editor"))
    }
}

fn check(bench: &mut Bench, case: &Case, met: &mut Met) -> Result<(), TestCaseError> {
    bench.cases += 1;
    let failed = |failure: estante::workspace::failure::Failure| {
        TestCaseError::fail(format!("{failure}: {:?}", failure.diagnostics))
    };
    let number = bench.cases;
    let sku = |(supplier, item): Which| format!("{}-c{number}-{item}", SUPPLIERS[supplier]);
    for (supplier, list) in case.lists.iter().enumerate() {
        bench.deliver(supplier, &bench.rows(list));
        bench.import(supplier)?;
    }
    for (which, colour) in &case.edits {
        let said = if *colour { "color=rojo" } else { "size=L" };
        met.edited += u32::from(edit::set(&mut bench.workspace, &sku(*which), &[said.to_owned()]).is_ok());
    }
    let exported = bench.exported()?;
    let mut now = bench.state()?;
    let mut merged = Vec::new();
    for ((one, other), by_undo) in &case.merges {
        let (one, other) = (sku(*one), sku(*other));
        let part = bench.workspace.reader().and_then(|reader| find(&reader, &other)).ok();
        let both_edited = bench.is_edited(&one) && bench.is_edited(&other);
        match merge(&mut bench.workspace, &one, &other) {
            Ok(done) => {
                let part = part.map(|part| part.sku).unwrap_or_default();
                prop_assert_eq!(done.merged.last().map(|(_, gone)| gone), Some(&part));
                let before = std::mem::replace(&mut now, bench.state()?);
                prop_assert_ne!(&before, &now);
                merged.push((done.batch, part, *by_undo || both_edited, before));
            }
            // No product of this SKU, one and the same, or a supplier sells both.
            Err(failure) => {
                met.refused += 1;
                prop_assert_eq!(failure.kind, FailureKind::Usage, "{:?}", failure);
                prop_assert_eq!(&bench.state()?, &now);
            }
        }
    }
    met.upon += u32::from(merged.len() > 1);
    let any = !merged.is_empty();
    while let Some((batch, part, by_undo, before)) = merged.pop() {
        match (by_undo, batch) {
            (true, Some(batch)) => {
                met.undone += 1;
                undo(&mut bench.workspace, batch).map_err(failed)?;
            }
            _ => {
                met.splits += 1;
                let parted = split(&mut bench.workspace, &part, None).map_err(failed)?;
                met.joined += u32::from(parted.moved.iter().filter(|(source, _)| source != "editor").count() > 1);
                prop_assert_eq!(&parted.sku, &part);
            }
        }
        prop_assert_eq!(&bench.state()?, &before, "{} is its own again", part);
    }
    if any {
        prop_assert_eq!(&bench.exported()?, &exported);
        // What was one and is two again stays so.
        let now = bench.state()?;
        let (summary, _) = bench.import(case.again)?;
        let tally = &summary.tally;
        prop_assert_eq!((tally.new, tally.changed, tally.missing), (0, 0, 0), "{:?}", summary);
        prop_assert_eq!(&bench.state()?, &now);
    }
    Ok(())
}

#[test]
fn a_split_leaves_what_was_before_the_merge() {
    hold(CASES, case(), check, |met: &Met| {
        let kinds = [met.splits, met.undone, met.refused, met.upon, met.edited, met.joined];
        kinds.map(u64::from).into()
    });
}
