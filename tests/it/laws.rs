//! Laws of the catalog, on deliveries made at random: the same delivery twice is the same as once, and what is applied and taken
//! back leaves everything as it was, exported files byte for byte; so does a split after a merge (`parted`), and
//! what is taken back in any order (`any_order`).
//!
//! Each case is two days of two suppliers who sell some of the same, with a person's edit between. `ESTANTE_CASES` sets how many;
//! the default is small enough for every day.

mod any_order;
mod parted;

use crate::corner::{corner_shop, deliver, supplier};
use crate::support::{Shop, law, on_the_shelf};
use estante::plan::Summary;
use estante::workspace::Workspace;
use estante::workspace::edit;
use estante::workspace::export::{Mode, export};
use estante::workspace::progress::Silent;
use estante::workspace::run::import_one;
use estante::workspace::undo::undo;
use estante::workspace::verify::verify;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use std::cell::RefCell;
use std::fmt::{Debug, Write};

/// Cases of every day.
const CASES: u32 = 1_000;
/// Cases that share a store, each with items of its own.
const SHARED: u32 = 25;
/// Items that a supplier may have in a case.
const ITEMS: usize = 4;
const SUPPLIERS: [&str; 3] = ["norte", "sur", "este"];
/// Of these, those that deliver in the law of taking back.
const DELIVERING: usize = 2;
/// Codes that both suppliers may give in a case; the first is none.
const GTINS: usize = 4;

/// What a row says, each by its place in a list of few; none: the row is not there.
type Row = Option<(usize, usize, usize, usize)>;
type List = [Row; ITEMS];

/// What is done on a day.
#[derive(Debug, Clone)]
enum Step {
    Delivery(usize, List),
    /// A person says the colour of an item, where it is sold.
    Edit(usize, usize),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let row = prop_oneof![1 => Just(None), 4 => (0..GTINS, 0..3_usize, 0..4_usize, 0..3_usize).prop_map(Some)];
    let list = prop::array::uniform4(row);
    let step = prop_oneof![
        5 => (0..DELIVERING, list).prop_map(|(supplier, list)| Step::Delivery(supplier, list)),
        1 => (0..ITEMS, 0..3_usize).prop_map(|(item, colour)| Step::Edit(item, colour)),
    ];
    prop::collection::vec(step, 2)
}

struct Bench {
    shop: Shop,
    workspace: Workspace,
    cases: u32,
}

/// How often something was met, so that laws about nothing are seen.
#[derive(Debug, Default)]
struct Met {
    applied: u32,
    changed: u64,
    withdrawn: u64,
    /// Products of two suppliers.
    joined: u32,
    edited: u32,
    held: u32,
}

impl Bench {
    fn new() -> Bench {
        let shop = corner_shop();
        for id in SUPPLIERS {
            supplier(
                &shop,
                id,
                &format!("sku_prefix = \"{id}-\"\n"),
                "sku;price\nbase;9.00\n",
            );
        }
        let mut workspace = shop.workspace();
        workspace.open_catalog().expect("nobody else writes");
        Bench {
            shop,
            workspace,
            cases: 0,
        }
    }

    /// The rows of a list, of this case.
    fn rows(&self, list: &[Row]) -> String {
        let mut rows = String::new();
        for (n, row) in list.iter().enumerate() {
            let Some((gtin, name, price, stock)) = *row else {
                continue;
            };
            let name = ["", "Taladro", "Taladro percutor"][name];
            let price = ["10.00", "10.50", "11.00", "11.20"][price];
            let gtin = self.gtin(gtin);
            let _ = writeln!(rows, "c{}-{n};{name};{price};{};{gtin}", self.cases, [1, 2, 5][stock]);
        }
        rows
    }

    /// A code of this case, with its check digit (GS1 General Specifications, 7.9).
    fn gtin(&self, n: usize) -> String {
        if n == 0 {
            return String::new();
        }
        let digits = format!("84{:08}{n:02}", self.cases);
        let weighed = digits.bytes().rev().zip([3, 1].into_iter().cycle());
        let sum: u32 = weighed.map(|(digit, weight)| u32::from(digit - b'0') * weight).sum();
        format!("{digits}{}", (10 - sum % 10) % 10)
    }

    fn deliver(&self, supplier: usize, rows: &str) {
        let list = format!("sku;name;price;stock;gtin\nbase;Base;9.00;1;\n{rows}");
        deliver(&self.shop, SUPPLIERS[supplier], &list);
    }

    fn import(&mut self, supplier: usize) -> Result<(Summary, Option<i64>), TestCaseError> {
        let done = import_one(&mut self.workspace, SUPPLIERS[supplier], &Silent::default())
            .map_err(|failure| TestCaseError::fail(format!("{failure}: {:?}", failure.diagnostics)))?;
        prop_assert!(done.failure.is_none(), "{:?}", done.failure);
        Ok((done.summary, done.batch))
    }

    /// All that stands on the shelf, with where it came from.
    fn state(&self) -> Result<String, TestCaseError> {
        let own = format!("c{}-", self.cases);
        let found = on_the_shelf(&self.workspace, |sku| sku.contains(&own))
            .map_err(|failure| TestCaseError::fail(format!("{failure:?}")))?;
        Ok(found
            .iter()
            .map(|(product, layers)| {
                let files = layers.iter().filter(|layer| layer.origin.line > 0).count();
                format!("{files} files say of {product:?}\n{layers:?}\n")
            })
            .collect())
    }

    fn exported(&mut self) -> Result<Vec<u8>, TestCaseError> {
        export(&mut self.workspace, "web", Mode::Full, &Silent::default())
            .map_err(|failure| TestCaseError::fail(format!("{failure}: {:?}", failure.diagnostics)))?;
        Ok(self.shop.bytes("out/web/web.tsv"))
    }
}

fn check(bench: &mut Bench, steps: &Vec<Step>, met: &mut Met) -> Result<(), TestCaseError> {
    bench.cases += 1;
    let mut file = bench.exported()?;
    for step in steps {
        let state = bench.state()?;
        let batch = match step {
            Step::Delivery(supplier, list) => {
                bench.deliver(*supplier, &bench.rows(list));
                let (summary, batch) = bench.import(*supplier)?;
                let after = bench.state()?;
                met.joined += u32::from(after.contains("2 files say of"));
                let held = summary.tally.held + summary.missing_held;
                met.changed += summary.tally.changed;
                met.withdrawn += summary.tally.missing;
                met.held += u32::from(held > 0);
                // Twice is once.
                let (again, none) = bench.import(*supplier)?;
                if held == 0 {
                    let tally = &again.tally;
                    prop_assert_eq!((tally.new, tally.changed, tally.missing), (0, 0, 0), "{:?}", again);
                    prop_assert_eq!(none, None);
                }
                prop_assert_eq!(&bench.state()?, &after);
                batch
            }
            Step::Edit(item, colour) => {
                let sku = format!("norte-c{}-{item}", bench.cases);
                let colour = ["rojo", "azul", "verde"][*colour];
                let done = edit::set(&mut bench.workspace, &sku, &[format!("color={colour}")]);
                met.edited += u32::from(done.is_ok());
                done.ok().and_then(|edited| edited.batch)
            }
        };
        let Some(batch) = batch else { continue };
        met.applied += 1;
        // Taken back, everything is as it was; and the same batch is taken back once.
        let exported = bench.exported()?;
        let failed = |failure: estante::workspace::failure::Failure| TestCaseError::fail(format!("{failure}"));
        undo(&mut bench.workspace, batch).map_err(failed)?;
        prop_assert_eq!(bench.state()?, state, "batch {}", batch);
        prop_assert_eq!(&bench.exported()?, &file, "batch {}", batch);
        let twice = undo(&mut bench.workspace, batch).map_err(failed)?;
        prop_assert_eq!(twice.undone.batch, None);
        // What comes again is what it was.
        if let Step::Delivery(supplier, _) = step {
            bench.import(*supplier)?;
            file = bench.exported()?;
            prop_assert_eq!(&file, &exported, "batch {} again", batch);
        }
    }
    Ok(())
}

#[test]
fn twice_is_once_and_what_is_taken_back_never_was() {
    hold(CASES, steps(), check, |met: &Met| {
        [met.applied, met.joined, met.edited]
            .map(u64::from)
            .into_iter()
            .chain([met.changed, met.withdrawn])
            .collect()
    });
}

/// Holds a law against cases, some of which share a store, and panics with the smallest that breaks it. `kinds` are the counts of what must
/// have been met, or it was no law about anything.
fn hold<S: Strategy, M: Debug + Default>(
    cases: u32,
    of: S,
    check: fn(&mut Bench, &S::Value, &mut M) -> Result<(), TestCaseError>,
    kinds: fn(&M) -> Vec<u64>,
) {
    let (bench, met) = (RefCell::new(Bench::new()), RefCell::new(M::default()));
    let outcome = law(cases, 200).run(&of, |case| {
        let mut bench = bench.borrow_mut();
        if bench.cases == SHARED {
            let faults = verify(&bench.workspace).expect("it is looked at").faults;
            prop_assert!(faults.is_empty(), "{faults:?}");
            *bench = Bench::new();
        }
        check(&mut bench, &case, &mut met.borrow_mut())
    });
    let met = met.into_inner();
    println!("{met:?}");
    if let Err(error) = outcome {
        panic!("{error}");
    }
    assert!(
        kinds(&met).iter().all(|count| *count > 0),
        "not everything was met: {met:?}"
    );
}
