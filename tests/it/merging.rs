//! Products made one and taken apart: what a merge and a split do, that both are taken back, and that the next delivery
//! respects them.

use crate::corner::{corner_shop, deliver, export, import, number, supplier, tally};
use crate::support::Shop;
use estante::workspace::inspect::{Beside, show};
use estante::workspace::progress::{Progress, Step};
use estante::workspace::run::run;
use serde_json::Value;
use std::sync::atomic::{AtomicUsize, Ordering};

const NORTE: &str = "sku;name;brand;price;stock;gtin
A1;Bosch drill driver GSR-18V;Bosch;99.00;3;
A2;Kingston memory DT-100 64 GB;Kingston;9.00;3;
A3;Acme hammer H-200;Acme;12.00;3;4006381333931
A4;Zeta mixer Z-900 red;Zeta;50.00;3;
A5;Garden hose 20 m;Hosa;15.00;3;
";
const SUR: &str = "sku;name;brand;price;stock;gtin
S1;Drill driver Bosch GSR18V blue;Bosch;95.00;2;
S2;Kingston memory DT100 128 GB;Kingston;9.50;2;
S3;Hammer H200 by Acme;Acme;11.00;2;4006381333931
S4;Lamp L-77;Lumo;20.00;2;
S5;Chair C-88;Seda;30.00;2;
";

fn shop() -> Shop {
    let shop = corner_shop();
    supplier(&shop, "norte", "rank = 10", NORTE);
    supplier(&shop, "sur", "rank = 20", SUR);
    import(&shop, "norte");
    import(&shop, "sur");
    shop
}

/// All that products say, who says it and where it came from, without the order of time.
fn state(shop: &Shop) -> String {
    let workspace = shop.workspace();
    let names = workspace
        .reader()
        .and_then(|reader| Ok(reader.shelf(None)?))
        .expect("the shelf reads");
    let mut told = String::new();
    for name in names {
        let mut shown = show(&workspace, &name.sku, Beside::ALL).expect("the product shows");
        shown.history.clear();
        told.push_str(&serde_json::to_string(&shown).expect("it is JSON"));
        told.push('\n');
    }
    told
}

/// SKUs of the product's layers by source.
fn sources(shop: &Shop, sku: &str) -> String {
    let shown = shop.done(&["product", "show", sku, "--layers", "--json"]).json();
    let layers = shown["layers"].as_array().expect("a product has layers");
    let told = |layer: &Value| {
        format!(
            "{} {}",
            layer["source"].as_str().unwrap_or(""),
            layer["sku"].as_str().unwrap_or("")
        )
    };
    let own = layers.iter().filter(|layer| {
        layer["source"]
            .as_str()
            .is_some_and(|source| source != "copy" && source != "specs")
    });
    format!(
        "{}: {}",
        shown["sku"].as_str().unwrap_or(""),
        own.map(told).collect::<Vec<_>>().join(", ")
    )
}

/// The batch that a command made.
fn batch(shop: &Shop, args: &[&str]) -> String {
    let mut args = args.to_vec();
    args.push("--json");
    number(&shop.done(&args).json(), "batch").to_string()
}

fn sound(shop: &Shop) {
    shop.done(&["verify"]);
}

#[test]
fn a_merge_is_kept_by_the_next_delivery_and_taken_back_whole() {
    let shop = shop();
    let (before, sold) = (state(&shop), export(&shop));
    shop.done(&["product", "set", "S1", "color=azul"]);
    let edited = state(&shop);
    let made = batch(&shop, &["product", "merge", "A1", "S1"]);
    assert_eq!(
        sources(&shop, "S1"),
        "A1: editor A1, supplier:norte A1, supplier:sur S1"
    );
    let offers = export(&shop);
    assert!(
        offers.contains_key("A1") && !offers.contains_key("S1") && offers["A1"]["color"] == "azul",
        "{offers:?}"
    );
    assert_eq!(shop.done(&["search", "gsr18v", "--json"]).json()["total"], 1);
    sound(&shop);
    // The supplier still speaks of its own SKU.
    for id in ["norte", "sur"] {
        assert_eq!(tally(&import(&shop, id)), "5 unchanged");
    }
    deliver(&shop, "sur", &SUR.replace("95.00", "94.00"));
    assert_eq!(tally(&import(&shop, "sur")), "1 changed, 4 unchanged");
    deliver(&shop, "sur", SUR);
    import(&shop, "sur");
    let told = shop.done(&["log", "A1"]).out;
    assert!(told.contains("supplier:sur  product: S1 → A1"), "{told}");
    assert!(shop.done(&["log", &made]).out.contains("I-MERGED"));
    assert!(
        shop.done(&["product", "show", "A1"])
            .out
            .contains("S1 is part of it since batch")
    );
    // What was delivered in between stays, the merge goes.
    shop.done(&["undo", &made]);
    assert_eq!(sources(&shop, "S1"), "S1: editor S1, supplier:sur S1");
    assert_eq!(state(&shop).lines().count(), edited.lines().count());
    sound(&shop);
    shop.done(&["product", "clear", "S1", "color"]);
    assert_eq!(export(&shop), sold);
    assert_eq!(before.lines().count(), state(&shop).lines().count());
    assert_eq!(shop.done(&["undo", &made, "--json"]).json()["batch"], Value::Null);
}

#[test]
fn what_both_were_said_by_hand_is_put_together_and_taken_apart() {
    let shop = shop();
    shop.done(&["product", "set", "A1", "color=rojo"]);
    shop.done(&["product", "set", "S1", "color=azul", "size=L"]);
    let before = state(&shop);
    let made = batch(&shop, &["product", "merge", "A1", "S1"]);
    let shown = shop.done(&["product", "show", "A1"]).out;
    assert!(
        shown.contains("rojo") && shown.contains("  L ") && !shown.contains("azul"),
        "{shown}"
    );
    sound(&shop);
    shop.done(&["undo", &made]);
    assert_eq!(state(&shop), before);
    sound(&shop);
}

#[test]
fn products_of_one_supplier_stay_two() {
    let shop = shop();
    let before = state(&shop);
    let refused = shop.run(&["product", "merge", "A1", "A2"]).ended(2);
    assert!(refused.err.contains("E-MERGE-SUPPLIER"), "{}", refused.err);
    shop.run(&["product", "merge", "A1", "A1"]).ended(2);
    shop.run(&["product", "split", "A1"]).ended(2);
    shop.run(&["match", "accept", "m1-99"]).ended(2);
    assert_eq!(state(&shop), before);
}

#[test]
fn a_split_is_remembered_when_the_supplier_comes_anew() {
    let shop = shop();
    assert_eq!(sources(&shop, "A3"), "A3: supplier:norte A3, supplier:sur S3");
    let before = state(&shop);
    let made = batch(&shop, &["product", "split", "S3"]);
    assert_eq!(sources(&shop, "S3"), "S3: supplier:sur S3");
    assert_eq!(sources(&shop, "A3"), "A3: supplier:norte A3");
    assert_eq!(tally(&import(&shop, "sur")), "5 unchanged");
    sound(&shop);
    // Its import is taken back and done again: the GTIN would join it, the decision does not.
    shop.done(&["undo", "2"]);
    assert_eq!(tally(&import(&shop, "sur")), "5 new");
    assert_eq!(sources(&shop, "S3"), "S3: supplier:sur S3");
    sound(&shop);
    shop.done(&["undo", &made]);
    let again = batch(&shop, &["product", "merge", "A3", "S3"]);
    assert_eq!(sources(&shop, "S3"), "A3: supplier:norte A3, supplier:sur S3");
    shop.done(&["undo", &again]);
    sound(&shop);

    let shop = self::shop();
    let made = batch(&shop, &["product", "split", "S3"]);
    shop.done(&["undo", &made]);
    assert_eq!(state(&shop), before);
    sound(&shop);
}

#[test]
fn a_merge_is_remembered_when_the_supplier_comes_anew() {
    let shop = shop();
    shop.done(&["product", "merge", "A1", "S1"]);
    shop.done(&["undo", "2"]);
    assert_eq!(sources(&shop, "A1"), "A1: supplier:norte A1");
    assert_eq!(tally(&import(&shop, "sur")), "5 new");
    assert_eq!(sources(&shop, "S1"), "A1: supplier:norte A1, supplier:sur S1");
    sound(&shop);
}

#[test]
fn a_plan_made_before_a_merge_is_stale() {
    let shop = shop();
    deliver(&shop, "sur", &SUR.replace("95.00", "94.00"));
    let plan = shop.done(&["import", "sur", "--json"]).json()["plan"]
        .as_str()
        .unwrap_or("")
        .to_owned();
    shop.done(&["product", "merge", "A1", "S1"]);
    let refused = shop.run(&["apply", &plan]).ended(5);
    assert!(refused.err.contains("merge"), "{}", refused.err);
}

#[test]
fn a_plan_with_new_items_waits_for_batches_that_are_no_matter_of_them() {
    let shop = shop();
    let more = format!("{SUR}S6;Hammer H300 by Acme;Acme;13.00;2;4006381333948\nS7;Rope 5 m;Seda;3.00;2;\n");
    deliver(&shop, "sur", &more);
    let planned = || {
        let plan = shop.done(&["import", "sur", "--json"]).json();
        assert_eq!(plan["new"], 2, "{plan:#}");
        plan["plan"].as_str().expect("it waits").to_owned()
    };
    let plan = planned();
    shop.done(&["product", "set", "A1", "brand=Kremora"]);
    deliver(&shop, "norte", &format!("{NORTE}A6;Nail;Acme;1.00;3;4006381333955\n"));
    assert_eq!(tally(&import(&shop, "norte")), "1 new, 5 unchanged");
    // By now the hammer is an item of the other supplier, too.
    let other = shop.twin();
    deliver(
        &other,
        "norte",
        &format!("{NORTE}A6;Acme H-300;Acme;1.00;3;4006381333948\n"),
    );
    import(&other, "norte");
    let refused = other.run(&["apply", &plan]).ended(5);
    assert!(refused.err.contains("supplier:norte"), "{}", refused.err);
    shop.done(&["apply", &plan]);
    assert_eq!(sources(&shop, "S6"), "S6: supplier:sur S6");
    sound(&shop);
}

#[test]
fn a_plan_whose_new_item_found_a_product_that_is_gone_is_stale() {
    let shop = corner_shop();
    supplier(&shop, "norte", "rank = 10", NORTE);
    supplier(&shop, "sur", "rank = 20", SUR);
    import(&shop, "norte");
    let plan = shop.done(&["import", "sur", "--json"]).json();
    let plan = plan["plan"].as_str().expect("it waits").to_owned();
    // The hammer was to join the other supplier's; an edit of that leaves it where it is.
    shop.done(&["product", "set", "A3", "brand=Kremora"]);
    let other = shop.twin();
    other.done(&["apply", &plan]);
    assert_eq!(
        sources(&other, "A3"),
        "A3: editor A3, supplier:norte A3, supplier:sur S3"
    );
    shop.done(&["undo", "2"]);
    shop.done(&["undo", "1"]);
    let refused = shop.run(&["apply", &plan]).ended(5);
    assert!(refused.err.contains("undo"), "{}", refused.err);
    sound(&shop);
}

fn listed(shop: &Shop) -> Vec<(String, String, String, bool)> {
    let document = shop.done(&["match", "list", "--json"]).json();
    let text = |value: &Value| value.as_str().unwrap_or("").to_owned();
    let candidates = document["candidates"].as_array().expect("there is a list");
    for candidate in candidates {
        assert!(
            candidate["score"]
                .as_f64()
                .is_some_and(|score| (50.0..=100.0).contains(&score)),
            "{candidate}"
        );
        assert!(
            candidate["reasons"].is_array() && candidate["contradictions"].is_array(),
            "{candidate}"
        );
    }
    let told = |one: &Value| (text(&one["id"]), text(&one["a"]), text(&one["b"]), one["sure"] == true);
    candidates.iter().map(told).collect()
}

#[test]
fn candidates_are_accepted_rejected_and_merged_by_themselves() {
    let shop = shop();
    let found = listed(&shop);
    let drill = found
        .iter()
        .find(|pair| pair.1 == "A1")
        .expect("the drill is found")
        .clone();
    assert_eq!((drill.2.as_str(), drill.3), ("S1", true));
    // The two memories differ by their capacity: listed or not, no machine merges them.
    assert!(found.iter().all(|pair| pair.1 != "A2" || !pair.3), "{found:?}");
    assert!(
        found.iter().all(|pair| pair.1 != "A3"),
        "what the GTIN joined is one product: {found:?}"
    );
    let rejected = batch(&shop, &["match", "reject", &drill.0]);
    assert!(listed(&shop).iter().all(|pair| pair.1 != "A1"));
    shop.done(&["undo", &rejected]);
    assert_eq!(listed(&shop), found);
    let before = state(&shop);
    let accepted = batch(&shop, &["match", "accept", &drill.0]);
    assert_eq!(sources(&shop, "S1"), "A1: supplier:norte A1, supplier:sur S1");
    shop.done(&["undo", &accepted]);
    assert_eq!(state(&shop), before);
    shop.run(&["match", "merge"]).ended(2);
    let settings = shop.read("estante.toml");
    shop.write("estante.toml", format!("{settings}\n[match]\nautomatic = 90\n"));
    let merged = batch(&shop, &["match", "merge"]);
    assert_eq!(sources(&shop, "S1"), "A1: supplier:norte A1, supplier:sur S1");
    assert_eq!(sources(&shop, "S2"), "S2: supplier:sur S2");
    shop.done(&["undo", &merged]);
    assert_eq!(state(&shop), before);
    // A score that is not listed is merged all the same.
    shop.edit("estante.toml", "automatic = 90", "automatic = 90\nlist = 100");
    assert!(listed(&shop).is_empty());
    let merged = batch(&shop, &["match", "merge"]);
    assert_eq!(sources(&shop, "S1"), "A1: supplier:norte A1, supplier:sur S1");
    shop.done(&["undo", &merged]);
    // A run does it too, and a second one finds nothing to do.
    assert_eq!(shop.done(&["run", "--json"]).json()["merged"], 1);
    assert_eq!(shop.done(&["run", "--json"]).json()["merged"], 0);
    sound(&shop);
}

#[test]
fn several_candidates_are_accepted_at_once_or_not_at_all() {
    let shop = corner_shop();
    let list = |of: char, dash: &str| {
        let line = |n: usize| format!("{of}{n};Bosch drill GSR{dash}18{n}V;Bosch;99.00;3;\n");
        "sku;name;brand;price;stock;gtin\n".to_owned() + &(1..4).map(line).collect::<String>()
    };
    supplier(&shop, "norte", "rank = 10", &list('A', "-"));
    supplier(&shop, "sur", "rank = 20", &list('S', ""));
    import(&shop, "norte");
    import(&shop, "sur");
    let before = state(&shop);
    let ids: Vec<String> = listed(&shop).into_iter().map(|pair| pair.0).collect();
    assert_eq!(ids.len(), 3);
    shop.run(&["match", "accept", &ids[0], "m1-6"]).ended(2);
    assert_eq!(state(&shop), before);
    let accepted = batch(&shop, &["match", "accept", &ids[0], &ids[2], &ids[0]]);
    assert_eq!(
        listed(&shop).into_iter().map(|pair| pair.0).collect::<Vec<_>>(),
        [ids[1].clone()]
    );
    shop.done(&["undo", &accepted]);
    assert_eq!(state(&shop), before);
    shop.run(&["match", "accept"]).ended(2);
    sound(&shop);
}

/// Three suppliers' drills, all alike: 1 (A1), 2 (S1) and 3 (E1).
fn three_alike() -> Shop {
    let shop = corner_shop();
    for (supplier_id, rank, sku, title) in [
        ("norte", 10, "A1", "Bosch drill driver GSR-18V"),
        ("sur", 20, "S1", "Bosch drill driver GSR18V"),
        ("este", 30, "E1", "Drill driver Bosch GSR-18V"),
    ] {
        let others = format!("{sku}x;{supplier_id} lamp;{supplier_id};7.00;3;\n");
        let list = format!("sku;name;brand;price;stock;gtin\n{sku};{title};Bosch;99.00;3;\n{others}");
        supplier(&shop, supplier_id, &format!("rank = {rank}"), &list);
        import(&shop, supplier_id);
    }
    shop
}

/// The ids of the candidates among the three drills, ascending.
fn ids_of(shop: &Shop) -> Vec<String> {
    let mut ids: Vec<String> = listed(shop).into_iter().map(|pair| pair.0).collect();
    ids.sort();
    ids
}

#[test]
fn several_candidates_do_not_join_what_a_person_told_apart() {
    let shop = three_alike();
    let ids = ids_of(&shop);
    assert_eq!(ids.len(), 3, "{ids:?}");
    shop.done(&["match", "reject", &ids[1]]);
    let before = state(&shop);
    let refused = shop.run(&["match", "accept", &ids[0], &ids[2]]).ended(2).err;
    assert!(refused.contains("a person said that they are two"), "{refused}");
    assert_eq!(state(&shop), before);
    shop.done(&["match", "accept", &ids[0]]);
    assert_eq!(sources(&shop, "A1"), "A1: supplier:norte A1, supplier:sur S1");
}

#[test]
fn the_oldest_of_several_stays_in_whatever_order_they_are_accepted() {
    let shop = three_alike();
    let before = state(&shop);
    let ids = ids_of(&shop);
    for order in [[1, 2], [2, 1], [0, 2], [2, 0]] {
        let accepted = batch(&shop, &["match", "accept", &ids[order[0]], &ids[order[1]]]);
        let told = sources(&shop, "A1");
        let mut layers: Vec<&str> = told.trim_start_matches("A1: ").split(", ").collect();
        layers.sort_unstable();
        assert_eq!(
            layers,
            ["supplier:este E1", "supplier:norte A1", "supplier:sur S1"],
            "{order:?}"
        );
        shop.done(&["undo", &accepted]);
        assert_eq!(state(&shop), before);
    }
    sound(&shop);
}

/// An id with a mistyped digit names two products as well.
#[test]
fn what_is_no_candidate_is_neither_accepted_nor_rejected() {
    let shop = shop();
    let before = state(&shop);
    assert!(listed(&shop).iter().all(|pair| pair.0 != "m4-8"));
    let refused = shop.run(&["match", "accept", "m4-8"]).ended(2).err;
    assert!(
        refused.contains("no candidate: A4 and S4") && refused.contains("estante product merge A4 S4"),
        "{refused}"
    );
    let refused = shop.run(&["match", "reject", "m1-2"]).ended(2).err;
    assert!(refused.contains("sells both A1 and A2"), "{refused}");
    assert_eq!(state(&shop), before);
}

/// Counts how often products are compared.
#[derive(Default)]
struct Comparisons(AtomicUsize);

impl Progress for Comparisons {
    fn begin(&self, step: &Step, _: u64) {
        if matches!(step, Step::Comparing) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn advance(&self, _: u64) {}

    fn end(&self) {}
}

#[test]
fn a_run_compares_only_what_it_has_not_seen() {
    let shop = shop();
    let settings = shop.read("estante.toml");
    shop.write("estante.toml", format!("{settings}\n[match]\nautomatic = 90\n"));
    let compared = || {
        let mut workspace = shop.workspace();
        let seen = Comparisons::default();
        let done = run(&mut workspace, &[], &[], &seen).expect("it runs");
        assert_eq!(workspace.close(), None);
        let merged = done.merged.map_or(0, |merged| merged.merged.len());
        (seen.0.into_inner(), merged)
    };
    assert_eq!(compared(), (1, 1));
    assert_eq!(compared(), (0, 0));
    deliver(&shop, "sur", &SUR.replace("95.00", "94.00"));
    assert_eq!(compared(), (1, 0));
    assert_eq!(compared(), (0, 0));
    shop.edit("estante.toml", "automatic = 90", "automatic = 80");
    assert_eq!(compared(), (1, 0));
}

/// What the program before wrote: the store without the tables of identity.
#[test]
fn a_store_of_the_layout_before_is_read_and_brought_up_by_the_first_writer() {
    let shop = shop();
    let sqlite = || rusqlite::Connection::open(shop.path(".estante/catalog.sqlite")).expect("the store opens");
    sqlite()
        .execute_batch("DROP TABLE moves; DROP TABLE merged; DROP TABLE decisions; PRAGMA user_version = 1;")
        .expect("the store is turned back");
    let layout = || -> i64 {
        sqlite()
            .query_row("PRAGMA user_version", [], |row| row.get(0))
            .expect("it has a layout")
    };
    // Readers take it as it is.
    let before = state(&shop);
    shop.done(&["verify"]);
    assert_ne!(
        shop.done(&["match", "list", "--json"]).json()["candidates"],
        Value::Array(Vec::new())
    );
    assert_eq!(layout(), 1);
    // A writer brings it up, and nothing that it holds changes.
    shop.done(&["product", "merge", "A1", "S1"]);
    assert_eq!(layout(), 2);
    let batch = shop.done(&["batches", "--json"]).json()["batches"][0]["id"].to_string();
    shop.done(&["undo", &batch]);
    assert_eq!(state(&shop), before);
    shop.done(&["verify"]);
    // One of a program to come is left alone.
    sqlite()
        .execute_batch("PRAGMA user_version = 3;")
        .expect("it is written");
    let refused = shop.run(&["product", "merge", "A1", "S1"]);
    assert_eq!(refused.code, Some(1));
    assert!(refused.err.contains("layout 3"), "{}", refused.err);
    assert_eq!(layout(), 3);
}

/// A known item that comes with another product's code stays what it is, and somebody is told.
#[test]
fn a_known_item_that_takes_anothers_code_is_told() {
    let shop = corner_shop();
    let list = |gtin: &str| format!("sku;name;price;stock;gtin\nA1;Uno;1.00;1;4006381333931\nA2;Dos;2.00;1;{gtin}\n");
    supplier(&shop, "norte", "", &list("4006381333948"));
    import(&shop, "norte");
    deliver(&shop, "norte", &list("4006381333931"));
    let told = import(&shop, "norte");
    let finding = told["diagnostics"]
        .as_array()
        .and_then(|found| found.iter().find(|finding| finding["code"] == "W-IDENTITY-CONFLICT"))
        .unwrap_or_else(|| panic!("nothing is told: {told:#}"));
    assert_eq!(
        (&finding["sku"], &finding["line"]),
        (&"A2".into(), &3.into()),
        "{finding}"
    );
    assert!(finding["message"].to_string().contains("GTIN of A1"), "{finding}");
}
