//! Laws of batches and deltas: what is taken back is as if it had never been, and deltas add up to the whole.

use crate::corner::{Offers, corner_shop, deliver, export, import, number, offers, supplier, tally};
use crate::support::Shop;
use std::fmt::Write as _;

/// A delivery of a day: items come and go, prices and names move a little, some rows say nothing of a name.
fn delivery(day: u64) -> String {
    let mut text = String::from("sku;name;gtin;brand;mpn;model;color;price;stock\n");
    for n in (0..60).filter(|n| !(n + day).is_multiple_of(23)) {
        let name = if (n + day).is_multiple_of(11) {
            String::new()
        } else {
            format!("Item {n} of {}", (n + day) / 20)
        };
        let cents = 1_000 + n * 40 + (day * n) % 70;
        let model = if n.is_multiple_of(6) {
            format!("M{}", n / 12)
        } else {
            String::new()
        };
        writeln!(
            text,
            "A{n:02};{name};;Brontal;B-{n};{model};c{n};{}.{:02};{}",
            cents / 100,
            cents % 100,
            (n * 3 + day) % 9
        )
        .expect("a text takes all");
    }
    text
}

/// A shop with the first day's delivery on sale, and the filter that only what is in stock leaves.
fn first_day() -> Shop {
    let shop = corner_shop();
    shop.edit("channels/web.toml", "price != none", "price != none and stock > 0");
    supplier(&shop, "norte", "", &delivery(0));
    // A second source of the same products, so that values change hands.
    let other = delivery(7).replace("\nA", "\nB").replace(" of ", " von ");
    supplier(&shop, "sur", "rank = 200", &other);
    shop.done(&["run", "--quiet"]);
    shop
}

/// The whole export, made anew.
fn whole(shop: &Shop) -> Vec<u8> {
    shop.done(&["channel", "export", "web", "--full", "--quiet"]);
    shop.bytes("out/web/web.tsv")
}

#[test]
fn batches_taken_back_one_after_the_other_leave_no_trace() {
    let shop = first_day();
    let mut states = vec![whole(&shop)];
    let mut batches = Vec::new();
    for day in 1..5 {
        deliver(&shop, "norte", &delivery(day));
        let document = import(&shop, "norte");
        assert!(number(&document, "changed") > 10, "{}", tally(&document));
        batches.push(number(&document, "batch"));
        states.push(whole(&shop));
    }
    for (batch, before) in batches.iter().zip(&states).rev() {
        shop.done(&["undo", &batch.to_string()]);
        assert!(
            whole(&shop) == *before,
            "after `undo {batch}` the export is not what it was"
        );
        shop.done(&["verify"]);
    }
}

#[test]
fn what_a_later_batch_changed_again_is_kept_and_named() {
    let shop = first_day();
    deliver(&shop, "norte", &delivery(1));
    let first = number(&import(&shop, "norte"), "batch");
    deliver(&shop, "norte", &delivery(2));
    import(&shop, "norte");
    let before = whole(&shop);
    let undone = shop.done(&["undo", &first.to_string(), "--json"]).json();
    let kept = undone["kept"].as_array().expect("what is kept is named").len() as u64;
    assert!(kept > 10, "{undone:#}");
    if number(&undone, "restored") == 0 {
        assert!(whole(&shop) == before);
    }
    shop.done(&["verify"]);
}

#[test]
fn a_person_s_word_outlives_an_undone_import() {
    let shop = first_day();
    deliver(&shop, "norte", &delivery(1));
    let batch = number(&import(&shop, "norte"), "batch");
    shop.done(&["product", "set", "A05", "name@es=By hand", "price=99.00 EUR"]);
    shop.done(&["undo", &batch.to_string()]);
    let offer = &export(&shop)["A05"];
    assert_eq!(
        (offer["title"].as_str(), offer["price"].as_str()),
        ("By hand", "99.00 EUR")
    );
}

/// Puts a delta on what a channel has.
fn add_up(have: &mut Offers, shop: &Shop) {
    have.extend(offers(&shop.read("out/web/web-delta.tsv")));
    for sku in shop.read("out/web/web-removed.txt").lines() {
        assert!(have.remove(sku).is_some(), "{sku} is to be removed and never left");
    }
}

#[test]
fn deltas_add_up_to_the_whole_file() {
    let shop = first_day();
    let mut have = offers(&String::from_utf8(whole(&shop)).expect("the file is UTF-8"));
    let mut batches = Vec::new();
    for day in 1..8 {
        match day {
            4 => shop.done(&["product", "set", "A11", "name@es=By hand"]),
            6 => shop.done(&["undo", &format!("{}", batches[batches.len() - 1])]),
            _ => {
                deliver(&shop, "norte", &delivery(day));
                let document = import(&shop, "norte");
                batches.push(number(&document, "batch"));
                shop.done(&["batches"])
            }
        };
        let delta = shop.done(&["channel", "export", "web", "--delta", "--json"]).json();
        add_up(&mut have, &shop);
        assert_eq!(
            number(&delta["files"][0], "items"),
            offers(&shop.read("out/web/web-delta.tsv")).len() as u64
        );
        let twin = shop.twin();
        let full = offers(&String::from_utf8(whole(&twin)).expect("the file is UTF-8"));
        assert_eq!(have, full, "on day {day} the deltas do not add up to the whole");
    }
}

#[test]
fn a_delta_needs_a_file_to_be_made_against() {
    let shop = corner_shop();
    supplier(&shop, "norte", "", &delivery(0));
    import(&shop, "norte");
    let refused = shop.run(&["channel", "export", "web", "--delta"]).ended(2);
    assert!(refused.err.contains("--full"), "{}", refused.err);
    // A changed channel asks for a whole file too: what left before cannot be compared with it.
    export(&shop);
    shop.edit("channels/web.toml", "\"Web\"", "\"Web!\"");
    shop.edit("channels/web.toml", "About {{ sku }}", "All about {{ sku }}");
    shop.run(&["channel", "export", "web", "--delta"]).ended(2);
    assert!(export(&shop)["A01"]["description"].starts_with("All about"));
}
