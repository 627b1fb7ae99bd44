//! What guards held, on the days after: which delivery is a measure for the next, whose word is the newer one, and what a plan and
//! an undo tell of it.

use crate::corner::{codes, corner_shop, deliver, export, import, number, supplier, tally};
use crate::support::Shop;
use estante::plan::{PlanReader, PlanWriter};
use serde_json::{Value, json};
use std::fmt::Write as _;

/// A list of ten items at these prices, in stock; the others cost 20 euros.
fn list(prices: &[&str]) -> String {
    let mut text = String::from("sku;price;stock\n");
    for n in 0..10 {
        writeln!(text, "S{n};{};5", prices.get(n).unwrap_or(&"20.00")).expect("a text takes all");
    }
    text
}

fn accept(shop: &Shop, batch: u64, wanted: &[&str]) -> Value {
    let batch = batch.to_string();
    shop.done(&[&["batches", "--json", "--held", &batch, "--accept"], wanted].concat())
        .json()
}

#[test]
fn a_cut_delivery_is_no_measure_for_the_next() {
    let shop = corner_shop();
    supplier(&shop, "norte", "", &list(&[]));
    import(&shop, "norte");
    let before = export(&shop);
    let mut batch = 0;
    for price in ["21.00", "22.00"] {
        deliver(&shop, "norte", list(&[price]).trim_end());
        let document = import(&shop, "norte");
        assert_eq!(codes(&document), ["G-NO-LAST-LINE-END"], "{price}");
        assert_eq!(tally(&document), "9 unchanged, 1 held");
        assert_eq!(export(&shop), before);
        batch = number(&document, "batch");
    }
    // A person says that it is whole: from then on this supplier's files may end so.
    assert_eq!(accept(&shop, batch, &["G-NO-LAST-LINE-END"])["accepted"], json!(["S0"]));
    deliver(&shop, "norte", list(&["23.00"]).trim_end());
    assert_eq!(tally(&import(&shop, "norte")), "1 changed, 9 unchanged");
    assert_eq!(export(&shop)["S0"]["price"], "23.00 EUR");
}

#[test]
fn a_part_of_a_cut_delivery_makes_it_no_measure() {
    let shop = corner_shop();
    supplier(&shop, "norte", "", &list(&[]));
    import(&shop, "norte");
    let cut = |prices: [&str; 2]| {
        deliver(&shop, "norte", list(&prices).trim_end());
        let document = import(&shop, "norte");
        (tally(&document), number(&document, "batch"))
    };
    let (told, batch) = cut(["21.00", "21.00"]);
    assert_eq!(told, "8 unchanged, 2 held");
    accept(&shop, batch, &["S0"]);
    let (told, batch) = cut(["22.00", "22.00"]);
    assert_eq!(told, "8 unchanged, 2 held");
    // One after the other they are all of it.
    accept(&shop, batch, &["S0"]);
    accept(&shop, batch, &["S1"]);
    assert_eq!(cut(["23.00", "22.00"]).0, "1 changed, 9 unchanged");
}

#[test]
fn an_old_delivery_does_not_outvote_a_newer_one() {
    let shop = corner_shop();
    supplier(&shop, "norte", "", &list(&[]));
    import(&shop, "norte");
    let held = |prices: &[&str]| {
        deliver(&shop, "norte", &list(prices));
        number(&import(&shop, "norte"), "batch")
    };
    let (first, second) = (held(&["200.00"]), held(&["300.00"]));
    let (first, wanted) = (first.to_string(), ["batches", "--held"]);
    let refused = shop.run(&[&wanted[..], &[&first, "--accept", "S0"]].concat()).ended(2);
    assert!(refused.err.contains("later delivery"), "{}", refused.err);
    assert_eq!(accept(&shop, second, &["S0"])["accepted"], json!(["S0"]));
    assert_eq!(export(&shop)["S0"]["price"], "300.00 EUR");
}

#[test]
fn a_part_of_a_list_outvotes_only_what_it_has() {
    let shop = corner_shop();
    supplier(&shop, "norte", "mode = \"delta\"", &list(&[]));
    import(&shop, "norte");
    let held = |list: &str| {
        deliver(&shop, "norte", list);
        number(&import(&shop, "norte"), "batch")
    };
    let first = held(&list(&["200.00", "200.00"]));
    let second = held("sku;price;stock\nS0;300.00;5\n");
    let told = accept(&shop, first, &["G-PRICE-RATIO"]);
    assert_eq!(told["accepted"], json!(["S1"]));
    assert_eq!(told["left"][0]["sku"], "S0");
    let why = told["left"][0]["why"].as_str().unwrap_or_default();
    assert!(why.contains(&format!("batch {second} holds a later word")), "{told:#}");
    accept(&shop, second, &["S0"]);
    assert_eq!(export(&shop)["S0"]["price"], "300.00 EUR");
    assert_eq!(export(&shop)["S1"]["price"], "200.00 EUR");
}

#[test]
fn a_new_item_of_a_supplier_that_is_gone_is_left() {
    let shop = corner_shop();
    supplier(
        &shop,
        "norte",
        "guards = { price_floor = \"1\" }",
        "sku;price;stock\nA;2.00;5\nB;0.10;5\n",
    );
    let batch = number(&import(&shop, "norte"), "batch");
    std::fs::remove_dir_all(shop.path("suppliers/norte")).expect("it is there");
    let told = accept(&shop, batch, &["B"]);
    assert_eq!((&told["accepted"], &told["left"][0]["sku"]), (&json!([]), &json!("B")));
    assert!(told["batch"].is_null(), "{told:#}");
}

#[test]
fn a_plan_to_take_back_says_what_is_left_to_do() {
    let shop = corner_shop();
    supplier(&shop, "norte", "", &list(&[]));
    import(&shop, "norte");
    deliver(&shop, "norte", &list(&["21.00"]));
    let batch = number(&import(&shop, "norte"), "batch").to_string();
    let planned = shop.done(&["undo", &batch, "--plan", "--json"]).json();
    assert_eq!((&planned["restored"], &planned["undone_by"]), (&json!(1), &Value::Null));
    let reason = planned["changes"][0]["reason"].as_str().unwrap_or_default();
    assert!(
        reason.contains("S0") && reason.contains("supplier:norte"),
        "{planned:#}"
    );
    let by = shop.done(&["undo", &batch, "--json"]).json()["batch"].clone();
    let planned = shop.done(&["undo", &batch, "--plan", "--json"]).json();
    assert_eq!((&planned["restored"], &planned["undone_by"]), (&json!(0), &by));
    let told = shop.done(&["undo", &batch, "--plan"]).out;
    assert!(
        told.contains(&format!("batch {batch} was taken back by batch {by}")),
        "{told}"
    );
}

#[test]
fn a_plan_does_not_reject_what_passes() {
    let shop = corner_shop();
    supplier(&shop, "norte", "", &list(&[]));
    import(&shop, "norte");
    deliver(
        &shop,
        "norte",
        &list(&["21.00"])
            .replace("S1;20.00;5", "S1;20.00;many")
            .replace("S2;20.00", "S2;cheap")
            .replace("S3;20.00;5\n", "S3;24.00;5\nS3;25.00;5\n"),
    );
    let document = shop.done(&["import", "norte", "--json"]).json();
    let plan = document["plan"].as_str().unwrap_or_default().to_owned();
    let shown = shop.done(&["plan", "show", &plan, "--json"]).json();
    let kinds = |kind: &str| -> Vec<String> {
        let entries = shown["changes"].as_array().into_iter().flatten();
        let of = entries.filter(|entry| entry["kind"] == kind);
        of.map(|entry| entry["sku"].as_str().unwrap_or_default().to_owned())
            .collect()
    };
    // The one that stands there twice is shown with its values, and told once.
    assert_eq!(kinds("rejected"), ["S3", "S1", "S2"], "{shown:#}");
    assert_eq!(kinds("changed"), ["S0"], "{shown:#}");
}

/// A last row that does not read, without a line end behind it, is where a connection broke: nothing of the file is taken.
#[test]
fn a_file_that_ends_in_the_middle_of_a_record_is_held() {
    let shop = corner_shop();
    supplier(&shop, "norte", "", &list(&[]));
    import(&shop, "norte");
    let whole = list(&["21.00"]);
    let cut = format!("{}S10;5.00;1;2", whole);
    deliver(&shop, "norte", &cut);
    let document = import(&shop, "norte");
    assert!(codes(&document).contains(&"G-CUT-SHORT".to_owned()), "{document:#}");
    let told = shop.done(&["batches", "--json", "--held", "2"]).json();
    let held = told["held"].as_array().expect("what was held").iter();
    let reasons: Vec<_> = held
        .map(|held| (held["sku"].clone(), held["reason"]["code"].clone()))
        .collect();
    assert_eq!(reasons, [(json!("S0"), json!("G-CUT-SHORT"))], "{told:#}");
    assert_eq!(export(&shop)["S0"]["price"], "20.00 EUR");
    // The same row with its line end is a bad row and no more.
    deliver(&shop, "norte", &format!("{cut}\n"));
    assert_eq!(export(&shop)["S0"]["price"], "20.00 EUR");
    let document = import(&shop, "norte");
    assert_eq!(tally(&document), "1 changed, 9 unchanged, 1 rejected", "{document:#}");
}

/// A plan whose reasons are lost still says that an item is held.
#[test]
fn what_is_held_for_a_reason_that_is_lost_stays_held() {
    let shop = corner_shop();
    supplier(&shop, "norte", "", &list(&[]));
    import(&shop, "norte");
    deliver(&shop, "norte", &list(&["200.00", "21.00"]));
    let document = shop.done(&["import", "norte", "--json"]).json();
    let name = document["plan"].as_str().expect("a plan waits").to_owned();
    let path = shop.path(format!(".estante/plans/{name}.plan"));
    let (mut plan, mut summary) = PlanReader::open(&path).expect("the plan reads");
    assert_eq!(summary.reasons.len(), 1);
    summary.reasons.clear();
    let mut again = PlanWriter::create(&path).expect("a plan is written");
    while let Some((entry, verdict)) = plan.entry().expect("the plan reads") {
        let number = again.add(&entry).expect("a plan is written");
        again.judge(number, verdict);
    }
    again.finish(&mut summary).expect("a plan is written");
    shop.done(&["apply", &name]);
    let told = shop.done(&["batches", "--json", "--held", "2"]).json();
    assert_eq!(told["held"].as_array().map(Vec::len), Some(1), "{told:#}");
    assert_eq!(told["held"][0]["reason"]["code"], "G-HELD");
    assert_eq!(
        (
            export(&shop)["S0"]["price"].as_str(),
            export(&shop)["S1"]["price"].as_str()
        ),
        ("20.00 EUR", "21.00 EUR")
    );
    // It is settled like any other.
    assert_eq!(accept(&shop, 2, &["G-HELD"])["accepted"], json!(["S0"]));
}
