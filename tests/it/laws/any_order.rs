//! Batches taken back in any order leave what was before them: deliveries that say, clear, bring and take off, and what people say and
//! take back between them.

use super::{Bench, hold};
use estante::product::{By, Product};
use estante::workspace::edit;
use estante::workspace::failure::Failure;
use estante::workspace::undo::{apply, plan, undo};
use estante::workspace::verify::verify;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use std::collections::BTreeMap;
use std::fmt::Write as _;

/// Cases of every day; `ESTANTE_CASES` sets another number.
const CASES: u32 = 1_000;
/// Cases of history that is let go, each in two stores.
const LET_GO_CASES: u32 = 250;
/// Items of the supplier; the last is not there on the first day.
const ITEMS: usize = 3;

/// Name, colour, model, price and stock, each by its place in a list of few; none: the row is not there.
type Row = Option<[usize; 5]>;

#[derive(Debug, Clone)]
enum Step {
    Delivery([Row; ITEMS]),
    /// A person says something of an item.
    Set(usize, usize),
    /// A person takes something back.
    Clear(usize, usize),
}

#[derive(Debug, Clone)]
struct Case {
    first: [Row; ITEMS],
    steps: Vec<Step>,
    /// In which order batches are taken back, and whether by a plan.
    order: Vec<(u32, bool)>,
    /// After how many of them history is let go, and of how many batches of the case.
    let_go: (usize, usize),
}

fn case() -> impl Strategy<Value = Case> {
    let values = || prop::array::uniform5(0..4_usize);
    let row = move || prop_oneof![1 => Just(None), 6 => values().prop_map(Some)];
    let step = prop_oneof![
        4 => [row(), row(), row()].prop_map(Step::Delivery),
        2 => (0..ITEMS, 0..EDITS.len()).prop_map(|(item, said)| Step::Set(item, said)),
        1 => (0..ITEMS, 0..KEYS.len()).prop_map(|(item, key)| Step::Clear(item, key)),
    ];
    let first = (values(), values()).prop_map(|(one, other)| [Some(one), Some(other), None]);
    let order = prop::collection::vec((any::<u32>(), prop::bool::weighted(0.3)), 6);
    let steps = prop::collection::vec(step, 2..6);
    (first, steps, order, (0..4_usize, 1..5_usize)).prop_map(|(first, steps, order, let_go)| Case {
        first,
        steps,
        order,
        let_go,
    })
}

const EDITS: [&str; 6] = [
    "name@es=A mano",
    "name@es=Otra vez",
    "color=gris",
    "price=9.00",
    "brand=Casa",
    "model=Z",
];
const KEYS: [&str; 4] = ["name@es", "color", "price", "model"];

/// How often something was met, so that a law about nothing is seen.
#[derive(Debug, Default)]
struct Met {
    undone: u32,
    planned: u32,
    /// Batches that were taken back while a later one stood.
    beneath: u32,
    kept: u32,
    held: u32,
    /// History that held anything.
    let_go: u32,
}

impl Bench {
    fn list(&self, rows: &[Row]) -> String {
        let mut text = String::from("sku;name;color;model;price;stock\nbase;Base;;;9.00;1\n");
        for (n, row) in rows.iter().enumerate() {
            let Some([name, color, model, price, stock]) = *row else {
                continue;
            };
            let _ = writeln!(
                text,
                "c{}-{n};{};{};{};{};{}",
                self.cases,
                ["Uno", "Dos", "Tres", ""][name],
                ["rojo", "azul", "", "#BORRAR"][color],
                ["M", "N", "", "#BORRAR"][model],
                ["10.00", "10.50", "11.00", "11.20"][price],
                [0, 1, 2, 5][stock]
            );
        }
        text
    }

    fn take_in(&mut self, rows: &[Row]) -> Result<(Option<i64>, u64), TestCaseError> {
        crate::corner::deliver(&self.shop, "norte", &self.list(rows));
        let (summary, batch) = self.import(0)?;
        Ok((batch, summary.tally.held + summary.missing_held))
    }

    /// What the products of this case say, and who since when; not where a layer was written last.
    fn says(&self) -> Result<String, TestCaseError> {
        let own = format!("c{}-", self.cases);
        let found = crate::support::on_the_shelf(&self.workspace, |sku| sku.contains(&own)).map_err(failed)?;
        let mut text = String::new();
        for (product, layers) in &found {
            let offered: Vec<_> = layers.iter().map(|layer| (layer.source, layer.withdrawn)).collect();
            let _ = writeln!(text, "{} {:?} {offered:?}", product.sku, product.model);
            said(product, &mut text);
        }
        Ok(text)
    }
}

fn said(product: &Product, text: &mut String) {
    for resolved in &product.values {
        let by = matches!(resolved.by, By::Layer(_));
        let _ = writeln!(
            text,
            "  {:?} {:?} {:?} {by}",
            resolved.key, resolved.value, resolved.origin
        );
    }
}

fn failed(failure: Failure) -> TestCaseError {
    TestCaseError::fail(format!("{failure}: {:?}", failure.diagnostics))
}

/// Takes a batch back, at once or by a plan; true where there was something to take back.
fn take_back(bench: &mut Bench, batch: i64, by_plan: bool, met: &mut Met) -> Result<bool, TestCaseError> {
    let done = match by_plan {
        false => undo(&mut bench.workspace, batch).map_err(failed)?,
        true => {
            let planned = plan(&mut bench.workspace, batch).map_err(failed)?;
            let Some(name) = planned.plan else { return Ok(false) };
            met.planned += 1;
            let path = bench.workspace.find_plan(&name).map_err(failed)?;
            apply(&mut bench.workspace, &path).map_err(failed)?
        }
    };
    met.kept += u32::from(!done.undone.kept_values.is_empty());
    Ok(done.undone.batch.is_some())
}

/// Brings the days of a case; gives what was said before them, and their batches.
fn play(bench: &mut Bench, case: &Case, met: &mut Met) -> Result<(String, Vec<i64>), TestCaseError> {
    bench.cases += 1;
    let (_, held) = bench.take_in(&case.first)?;
    prop_assert_eq!(held, 0);
    let before = bench.says()?;
    let mut batches = Vec::new();
    for step in &case.steps {
        let sku = |item: &usize| format!("norte-c{}-{item}", bench.cases);
        let batch = match step {
            Step::Delivery(rows) => {
                let (batch, held) = bench.take_in(rows)?;
                met.held += u32::from(held > 0);
                batch
            }
            Step::Set(item, said) => {
                let done = edit::set(&mut bench.workspace, &sku(item), &[EDITS[*said].to_owned()]);
                done.ok().and_then(|edited| edited.batch)
            }
            Step::Clear(item, key) => {
                let done = edit::clear(&mut bench.workspace, &sku(item), &[KEYS[*key].to_owned()]);
                done.ok().and_then(|edited| edited.batch)
            }
        };
        batches.extend(batch);
    }
    Ok((before, batches))
}

fn check(bench: &mut Bench, case: &Case, met: &mut Met) -> Result<(), TestCaseError> {
    let (before, batches) = play(bench, case, met)?;
    let mut order: Vec<(u32, bool, i64)> = (case.order.iter().zip(&batches))
        .map(|((place, by_plan), batch)| (*place, *by_plan, *batch))
        .collect();
    order.sort_unstable();
    // Of a batch all of which was said again since there is nothing to take back, until what came since is.
    while !order.is_empty() {
        let left = order.len();
        let newest = order.iter().map(|(.., batch)| *batch).max();
        let mut next = Vec::new();
        for one in order {
            match take_back(bench, one.2, one.1, met)? {
                true => {
                    met.undone += 1;
                    met.beneath += u32::from(Some(one.2) != newest);
                }
                false => next.push(one),
            }
        }
        order = next;
        if order.len() == left {
            break;
        }
    }
    prop_assert_eq!(&bench.says()?, &before, "not taken back: {:?}", order);
    Ok(())
}

#[test]
fn what_is_taken_back_in_any_order_never_was() {
    hold(CASES, case(), check, |met: &Met| {
        [met.undone, met.planned, met.beneath, met.kept].map(u64::from).into()
    });
}

/// What is said, by product.
fn by_product(says: &str) -> BTreeMap<String, String> {
    let mut products: Vec<(String, String)> = Vec::new();
    for line in says.lines() {
        match (line.starts_with(' '), products.last_mut()) {
            (true, Some((_, said))) => said.push_str(line),
            _ => products.push((line.split(' ').next().unwrap_or_default().to_owned(), line.to_owned())),
        }
    }
    products.into_iter().collect()
}

/// Takes the same back in a store that lets go of history and in one that does not, both made for it: what is let go is of all cases.
fn check_let_go(_: &mut Bench, case: &Case, met: &mut Met) -> Result<(), TestCaseError> {
    let (mut pruned, mut whole) = (Bench::new(), Bench::new());
    let (_, batches) = play(&mut pruned, case, met)?;
    prop_assert_eq!(&play(&mut whole, case, met)?.1, &batches);
    let mut order: Vec<(u32, i64)> = (case.order.iter().zip(&batches))
        .map(|((place, _), batch)| (*place, *batch))
        .collect();
    order.sort_unstable();
    let mut through = 0;
    for (n, (_, batch)) in order.into_iter().enumerate() {
        if n == case.let_go.0 {
            through = *batches.get(case.let_go.1 - 1).unwrap_or(&0);
            let (catalog, _) = pruned.workspace.catalog_and_settings().map_err(failed)?;
            let editor = catalog.source("editor").expect("there is one");
            let gone = catalog.forget(through, Some(editor)).expect("it is let go");
            met.let_go += u32::from(gone.states > 0);
        }
        if batch <= through {
            continue;
        }
        let said = pruned.says()?;
        let told = undo(&mut pruned.workspace, batch).map_err(failed)?.undone;
        let meant = undo(&mut whole.workspace, batch).map_err(failed)?.undone;
        met.undone += u32::from(told.batch.is_some());
        if (&told.kept, &told.kept_values) != (&meant.kept, &meant.kept_values) {
            // What nobody knows any more stays as it is, and is told.
            let is_told = meant.kept.iter().all(|sku| told.kept.contains(sku))
                && meant.kept_values.iter().all(|(sku, _)| told.kept.contains(sku));
            prop_assert!(is_told, "batch {} without {}: {:?} {:?}", batch, through, told, meant);
            // Each place as one of the two says it: taken back, or as it was and told.
            let (left, done) = (by_product(&said), by_product(&whole.says()?));
            for (sku, says) in by_product(&pruned.says()?) {
                let is_kept = told.kept.iter().any(|kept| sku.ends_with(kept.as_str()));
                let stays = is_kept && left.get(&sku) == Some(&says);
                prop_assert!(
                    stays || done.get(&sku) == Some(&says),
                    "{} {:?} {:?}",
                    says,
                    told,
                    meant
                );
            }
            met.kept += 1;
            // From here on the two are not the same catalog.
            break;
        }
        prop_assert_eq!(
            &pruned.says()?,
            &whole.says()?,
            "batch {} without {}: {:?} {:?}",
            batch,
            through,
            told,
            meant
        );
        prop_assert_eq!(told.batch, meant.batch);
        met.beneath += u32::from(through > 0 && told.batch.is_some());
    }
    let faults = verify(&pruned.workspace).expect("it is looked at").faults;
    prop_assert!(faults.is_empty(), "{faults:?}");
    Ok(())
}

#[test]
fn history_that_is_let_go_brings_nothing_back_and_takes_nothing_away() {
    hold(LET_GO_CASES, case(), check_let_go, |met: &Met| {
        [met.undone, met.beneath, met.kept, met.let_go].map(u64::from).into()
    });
}
