//! Merges of merges, and what deliveries and undoing do between them: every product stands once, and every SKU leads to where its
//! item is.

use crate::corner::{corner_shop, deliver, export, import, number, supplier, tally};
use crate::support::Shop;
use estante::catalog::stored::SourceId;
use estante::workspace::Workspace;
use estante::workspace::edit;
use estante::workspace::export::Mode;
use estante::workspace::inspect::{Beside, find, show};
use estante::workspace::merging::{merge, split};
use estante::workspace::progress::Silent;
use estante::workspace::run::import_one;
use estante::workspace::undo::undo;
use estante::workspace::verify::verify;
use proptest::prelude::*;
use std::sync::OnceLock;

const NORTE: &str = "sku;name;brand;price;stock
A1;Bosch drill driver GSR-18V;Bosch;99.00;3
A2;Acme hammer H-200;Acme;12.00;3
";
const SUR: &str = "sku;name;brand;price;stock
S1;Drill driver Bosch GSR18V blue;Bosch;95.00;2
S2;Hammer H200 by Acme;Acme;11.00;2
";
const TRES: &str = "sku;name;brand;price;stock
T1;Bosch GSR-18V drill;Bosch;97.00;1
T2;Lamp L-77;Lumo;20.00;2
";

/// Batches 1, 2 and 3 are the imports of norte, sur and tres.
fn shop() -> Shop {
    let shop = corner_shop();
    for (id, rank, list) in [("norte", 10, NORTE), ("sur", 20, SUR), ("tres", 30, TRES)] {
        supplier(&shop, id, &format!("rank = {rank}"), list);
        import(&shop, id);
    }
    shop
}

/// The SKU of the product that an SKU leads to, with those of its suppliers and the editor's.
#[track_caller]
fn sources(shop: &Shop, sku: &str) -> String {
    let workspace = shop.workspace();
    let shown = show(&workspace, sku, Beside::ALL).unwrap_or_else(|failure| panic!("{sku}: {failure:?}"));
    let own = shown.layers.iter().filter(|layer| layer.source != "specs");
    let told: Vec<String> = own
        .filter(|layer| layer.source != "copy")
        .map(|layer| format!("{} {}", layer.source.trim_start_matches("supplier:"), layer.sku))
        .collect();
    format!("{}: {}", shown.sku, told.join(", "))
}

/// All that stands on the shelf.
fn state(shop: &Shop) -> String {
    let workspace = shop.workspace();
    let names = workspace.reader().and_then(|reader| Ok(reader.shelf(None)?));
    let mut told = String::new();
    for name in names.expect("the shelf reads") {
        let mut shown = show(&workspace, &name.sku, Beside::ALL).expect("the product shows");
        shown.history.clear();
        told.push_str(&serde_json::to_string(&shown).expect("it is JSON"));
        told.push('\n');
    }
    told
}

fn batch(shop: &Shop, args: &[&str]) -> String {
    let mut args = args.to_vec();
    args.push("--json");
    number(&shop.done(&args).json(), "batch").to_string()
}

fn sound(shop: &Shop) {
    shop.done(&["verify"]);
}

#[test]
fn the_sku_of_a_part_is_not_given_out() {
    let shop = shop();
    export(&shop);
    let merged = batch(&shop, &["product", "merge", "A1", "S1"]);
    deliver(&shop, "tres", &format!("{TRES}S1;Garden hose 20 m;Hosa;15.00;3\n"));
    assert_eq!(tally(&import(&shop, "tres")), "1 new, 2 unchanged");
    assert_eq!(sources(&shop, "S1"), "A1: norte A1, sur S1");
    assert_eq!(sources(&shop, "tres-S1"), "tres-S1: tres S1");
    shop.done(&["product", "set", "S1", "color=azul"]);
    assert_eq!(sources(&shop, "A1"), "A1: editor A1, norte A1, sur S1");
    sound(&shop);
    shop.done(&["undo", &merged]);
    assert_eq!(sources(&shop, "S1"), "S1: sur S1");
    assert_eq!(sources(&shop, "tres-S1"), "tres-S1: tres S1");
    sound(&shop);
}

#[test]
fn a_part_that_nobody_supplies_comes_anew_as_itself_once_its_merge_is_gone() {
    for exported in [false, true] {
        let shop = shop();
        if exported {
            export(&shop);
        }
        let merged = batch(&shop, &["product", "merge", "A1", "S1"]);
        shop.done(&["undo", "2"]);
        assert_eq!(sources(&shop, "S1"), "A1: norte A1");
        sound(&shop);
        shop.done(&["undo", &merged]);
        sound(&shop);
        assert_eq!(tally(&import(&shop, "sur")), "2 new");
        assert_eq!(sources(&shop, "S1"), "S1: sur S1", "exported: {exported}");
        assert_eq!(sources(&shop, "A1"), "A1: norte A1");
        sound(&shop);
    }
}

/// What an editor said of a product whose supplier left in between is its own again.
#[test]
fn what_an_editor_said_of_a_part_outlives_its_supplier() {
    let shop = shop();
    shop.done(&["product", "set", "A1", "color=rojo"]);
    shop.done(&["product", "set", "S1", "size=L"]);
    let merged = batch(&shop, &["product", "merge", "A1", "S1"]);
    shop.done(&["undo", "2"]);
    shop.done(&["undo", &merged]);
    assert_eq!(sources(&shop, "S1"), "S1: editor S1");
    let shown = shop.done(&["product", "show", "A1"]).out;
    assert!(shown.contains("rojo") && !shown.contains("  L "), "{shown}");
    sound(&shop);
}

#[test]
fn undoing_a_merge_leaves_products_alone_that_went_on() {
    let shop = shop();
    let before = state(&shop);
    let first = batch(&shop, &["product", "merge", "S1", "T1"]);
    let second = batch(&shop, &["product", "merge", "A1", "S1"]);
    assert_eq!(sources(&shop, "T1"), "A1: norte A1, sur S1, tres T1");
    let parted = batch(&shop, &["product", "split", "T1"]);
    assert_eq!(sources(&shop, "S1"), "A1: norte A1, sur S1");
    let held = state(&shop);
    // Its layer is no more where the merge left it.
    shop.done(&["undo", &first]);
    assert_eq!(state(&shop), held);
    assert_eq!(sources(&shop, "S1"), "A1: norte A1, sur S1");
    assert_eq!(sources(&shop, "T1"), "T1: tres T1");
    sound(&shop);
    shop.done(&["undo", &parted]);
    assert_eq!(sources(&shop, "T1"), "A1: norte A1, sur S1, tres T1");
    sound(&shop);
    shop.done(&["undo", &second]);
    assert_eq!(sources(&shop, "T1"), "S1: sur S1, tres T1");
    assert_eq!(sources(&shop, "A1"), "A1: norte A1");
    sound(&shop);
    shop.done(&["product", "split", "T1"]);
    assert_eq!(state(&shop), before);
    sound(&shop);
}

#[test]
fn undoing_a_merge_makes_nobody_a_part_who_was_none() {
    for exported in [false, true] {
        let shop = shop();
        if exported {
            export(&shop);
        }
        let merged = batch(&shop, &["product", "merge", "A1", "S1"]);
        shop.done(&["undo", "1"]);
        assert_eq!(sources(&shop, "A1"), "A1: sur S1");
        shop.done(&["undo", &merged]);
        assert_eq!(sources(&shop, "S1"), "S1: sur S1");
        let shown = shop.run(&["product", "show", "A1", "--json"]);
        assert!(!shown.out.contains("S1"), "{}", shown.out);
        sound(&shop);
        assert_eq!(tally(&import(&shop, "norte")), "2 new");
        assert_eq!(sources(&shop, "A1"), "A1: norte A1");
        sound(&shop);
    }
}

#[test]
fn undoing_a_split_leaves_what_a_later_merge_made() {
    let shop = shop();
    shop.done(&["product", "merge", "A1", "T1"]);
    let parted = batch(&shop, &["product", "split", "T1"]);
    let later = batch(&shop, &["product", "merge", "S1", "A1"]);
    let held = state(&shop);
    shop.done(&["undo", &parted]);
    assert_eq!(state(&shop), held);
    sound(&shop);
    shop.done(&["undo", &later]);
    assert_eq!(sources(&shop, "A1"), "A1: norte A1");
    assert_eq!(sources(&shop, "T1"), "T1: tres T1");
    sound(&shop);
}

#[test]
fn the_supplier_that_is_named_leaves_alone() {
    let shop = shop();
    shop.done(&["product", "merge", "S1", "T1"]);
    shop.done(&["product", "merge", "A1", "S1"]);
    let shown = shop.done(&["product", "show", "A1", "--json"]).json();
    assert_eq!(
        shown["merged"].to_string(),
        r#"[{"batch":4,"sku":"T1"},{"batch":5,"sku":"S1"}]"#
    );
    shop.done(&["product", "split", "T1", "--supplier", "tres"]);
    assert_eq!(sources(&shop, "T1"), "T1: tres T1");
    assert_eq!(sources(&shop, "A1"), "A1: norte A1, sur S1");
    let shown = shop.done(&["product", "show", "T1", "--json"]).json();
    assert_eq!(shown["merged"].to_string(), "[]");
    sound(&shop);
    // It is two with both, so that neither takes it up when it comes anew.
    shop.done(&["undo", "3"]);
    shop.done(&["product", "split", "S1"]);
    assert_eq!(tally(&import(&shop, "tres")), "2 new");
    for sku in ["A1", "S1", "T1"] {
        assert!(sources(&shop, sku).starts_with(sku) && !sources(&shop, sku).contains(", "));
    }
    let listed = shop.done(&["match", "list", "--json"]).json()["candidates"].to_string();
    assert!(!listed.contains("T1"), "{listed}");
    sound(&shop);

    // The other way round: the SKU of what was merged takes all along that came with it, the supplier's item does not.
    let shop = self::shop();
    shop.done(&["product", "merge", "S1", "T1"]);
    let merged = batch(&shop, &["product", "merge", "A1", "S1"]);
    let parted = batch(&shop, &["product", "split", "S1"]);
    assert_eq!(sources(&shop, "T1"), "S1: sur S1, tres T1");
    shop.done(&["undo", &parted]);
    shop.done(&["product", "split", "S1", "--supplier", "sur"]);
    assert_eq!(sources(&shop, "S1"), "S1: sur S1");
    assert_eq!(sources(&shop, "T1"), "A1: norte A1, tres T1");
    let shown = shop.done(&["product", "show", "A1", "--json"]).json();
    assert_eq!(shown["merged"].to_string(), r#"[{"batch":4,"sku":"T1"}]"#);
    sound(&shop);
    shop.done(&["undo", &merged]);
    sound(&shop);
}

/// An editor's word goes with the product that it was said of, under its SKU.
#[test]
fn the_editors_layer_has_the_sku_of_its_product() {
    let shop = shop();
    shop.done(&["product", "set", "T1", "color=azul"]);
    shop.done(&["product", "merge", "S1", "T1"]);
    shop.done(&["product", "merge", "A1", "S1"]);
    assert_eq!(sources(&shop, "A1"), "A1: editor A1, norte A1, sur S1, tres T1");
    shop.done(&["product", "split", "T1"]);
    assert_eq!(sources(&shop, "T1"), "T1: editor T1, tres T1");
    sound(&shop);
}

#[test]
fn a_part_is_neither_found_nor_counted_nor_sold() {
    for exported in [false, true] {
        let shop = shop();
        if exported {
            export(&shop);
        }
        let total = |words: &str| number(&shop.done(&["search", words, "--json"]).json(), "total");
        assert_eq!((total(""), total("S1")), (6, 1));
        let merged = batch(&shop, &["product", "merge", "A1", "S1"]);
        assert_eq!((total(""), total("S1")), (5, 1), "exported: {exported}");
        sound(&shop);
        let counted = shop.done(&["verify", "--json"]).json();
        assert_eq!(number(&counted, "products"), 5, "{counted}");
        if exported {
            // What was sold and is a part now is told as gone.
            let delta = shop.done(&["channel", "export", "web", "--delta", "--json"]).json();
            assert_eq!(number(&delta, "removed"), 1);
            assert_eq!(shop.read("out/web/web-removed.txt"), "S1\n");
        }
        assert!(!export(&shop).contains_key("S1"));
        sound(&shop);
        shop.done(&["undo", &merged]);
        assert_eq!((total(""), total("S1")), (6, 1));
        assert!(export(&shop).contains_key("S1"));
        sound(&shop);
    }
}

/// A store of the program that gave SKUs of parts out again.
#[test]
fn a_product_whose_sku_was_given_out_says_what_it_is_called_now() {
    let shop = shop();
    let merged = batch(&shop, &["product", "merge", "A1", "S1"]);
    let sqlite = rusqlite::Connection::open(shop.path(".estante/catalog.sqlite")).expect("the store opens");
    sqlite
        .execute("UPDATE products SET sku = 'S1' WHERE sku = 'T2'", [])
        .expect("the store is written");
    drop(sqlite);
    shop.done(&["undo", &merged]);
    assert_eq!(sources(&shop, "S1-2"), "S1-2: sur S1");
    assert_eq!(sources(&shop, "S1"), "S1: tres T2");
    let batch = shop.done(&["batches", "--json"]).json()["batches"][0]["id"].to_string();
    let told = shop.done(&["log", &batch]).out;
    assert!(told.contains("W-SKU-TAKEN") && told.contains("S1-2"), "{told}");
}

/// What the program of the day before wrote: the layout is the same, and a table and a few indexes are not there yet.
#[test]
fn a_store_without_the_table_of_splits_gets_it_from_the_first_writer() {
    let shop = shop();
    shop.done(&["product", "merge", "A1", "S1"]);
    let sqlite = rusqlite::Connection::open(shop.path(".estante/catalog.sqlite")).expect("the store opens");
    sqlite
        .execute_batch(
            "DROP TABLE unmerged; DROP INDEX moves_by_home; DROP INDEX moves_by_target; DROP INDEX moves_by_sku;
             DROP INDEX merged_by_target; DROP INDEX merged_by_batch;",
        )
        .expect("the store is turned back");
    drop(sqlite);
    assert_eq!(sources(&shop, "S1"), "A1: norte A1, sur S1");
    sound(&shop);
    let parted = batch(&shop, &["product", "split", "S1"]);
    shop.done(&["undo", &parted]);
    assert_eq!(sources(&shop, "S1"), "A1: norte A1, sur S1");
    sound(&shop);
}

fn base() -> &'static Shop {
    static BASE: OnceLock<Shop> = OnceLock::new();
    BASE.get_or_init(shop)
}

/// One thing that people do.
#[derive(Debug, Clone)]
enum Step {
    Merge(usize, usize),
    Split(usize, bool),
    /// Of the so-manieth batch from the end.
    Undo(usize),
    Import(usize),
    Edit(usize),
    Export,
}

const SKUS: [&str; 6] = ["A1", "A2", "S1", "S2", "T1", "T2"];
const SUPPLIERS: [&str; 3] = ["norte", "sur", "tres"];

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (0..6usize, 0..6usize).prop_map(|(a, b)| Step::Merge(a, b)),
        2 => (0..6usize, any::<bool>()).prop_map(|(sku, named)| Step::Split(sku, named)),
        4 => (0..6usize).prop_map(Step::Undo),
        2 => (0..3usize).prop_map(Step::Import),
        1 => (0..6usize).prop_map(Step::Edit),
        1 => Just(Step::Export),
    ]
}

/// Does a step; what cannot be done is refused and changes nothing.
fn take(workspace: &mut Workspace, step: &Step) {
    match step {
        Step::Merge(a, b) => drop(merge(workspace, SKUS[*a], SKUS[*b])),
        Step::Split(sku, named) => drop(split(workspace, SKUS[*sku], named.then_some(SUPPLIERS[sku / 2]))),
        Step::Undo(back) => {
            let last = workspace.reader().expect("it reads").sequence().expect("it counts");
            drop(undo(workspace, last - *back as i64));
        }
        Step::Import(supplier) => {
            let done = import_one(workspace, SUPPLIERS[*supplier], &Silent::default()).expect("it imports");
            assert!(done.failure.is_none(), "{:?}", done.failure);
        }
        Step::Edit(sku) => drop(edit::set(workspace, SKUS[*sku], &["color=verde".to_owned()])),
        Step::Export => {
            estante::workspace::export::export(workspace, "web", Mode::Current, &Silent::default())
                .expect("it exports");
        }
    }
}

/// An SKU leads to the product that has it for its own, or had it and is part of another, or to the one that has the supplier's
/// item.
fn all_found(workspace: &Workspace) {
    let reader = workspace.reader().expect("it reads");
    let sources = reader.sources().expect("they read");
    let number = |id: &str| -> Option<SourceId> {
        let wanted = format!("supplier:{id}");
        sources
            .iter()
            .find(|(_, name)| *name == wanted)
            .map(|(number, _)| *number)
    };
    for (n, sku) in SKUS.iter().enumerate() {
        let item = number(SUPPLIERS[n / 2]).map(|source| (source, (*sku).to_owned()));
        let place = item.and_then(|item| reader.product_of(&item).expect("it reads"));
        let Some(place) = place else { continue };
        let found = find(&reader, sku).unwrap_or_else(|failure| panic!("{sku} is lost: {failure:?}"));
        let parts = reader.parts_of(found.id).expect("they read");
        let is_named = found.sku == *sku || parts.iter().any(|part| part.sku == *sku);
        assert!(found.id == place || is_named, "{sku} leads to {}", found.sku);
        assert!(!reader.layers(found.id).expect("they read").is_empty());
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 200, ..ProptestConfig::default() })]

    /// Whatever is merged, split, taken back, edited, exported and delivered, in whatever order: the store is sound after every
    /// step, and every SKU that is supplied is found.
    #[test]
    fn chains_of_merges_leave_the_store_sound(steps in prop::collection::vec(step(), 1..14)) {
        let shop = base().twin();
        let mut workspace = shop.workspace();
        for (n, step) in steps.iter().enumerate() {
            take(&mut workspace, step);
            let faults = verify(&workspace).expect("it is looked at").faults;
            prop_assert!(faults.is_empty(), "after step {n} {step:?}: {faults:?}");
            all_found(&workspace);
        }
        // Delivered anew, nothing is missing, and what stands once is not made twice.
        for supplier in SUPPLIERS {
            import_one(&mut workspace, supplier, &Silent::default()).expect("it imports");
        }
        let reader = workspace.reader().expect("it reads");
        for sku in SKUS {
            prop_assert!(find(&reader, sku).is_ok(), "{} is lost", sku);
        }
        prop_assert!(reader.count().expect("it counts") <= 6 + 6);
        drop(reader);
        assert_eq!(workspace.close(), None);
        shop.done(&["search", "drill", "--quiet"]);
        shop.done(&["verify", "--quiet"]);
    }
}
