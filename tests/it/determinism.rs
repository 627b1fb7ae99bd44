//! The same inputs give the same bytes, whatever the threads, the order of rows, files and suppliers, or the folder.

use crate::corner::{corner_shop, demonstrated, prepared, supplier};
use crate::support::Shop;
use std::collections::BTreeMap;
use std::fmt::Write as _;

#[test]
fn one_thread_writes_what_many_write_in_another_workspace() {
    let (alone, many) = (demonstrated().0.files("here/out"), prepared().shop.files("out"));
    let below = |name: &String| name.trim_start_matches("here/").to_owned();
    assert_eq!(
        alone.keys().map(below).collect::<Vec<_>>(),
        many.keys().cloned().collect::<Vec<_>>()
    );
    for (name, bytes) in &alone {
        assert!(
            *bytes == many[&below(name)],
            "{name} depends on the threads or on the workspace"
        );
    }
}

/// Three suppliers that sell much of the same: by GTIN, by brand and part number, with variants, and each something of its
/// own. Lines without their header, in an order that means something to nobody.
fn lists() -> [Vec<String>; 3] {
    let mut lists = [Vec::new(), Vec::new(), Vec::new()];
    for n in 0_u64..240 {
        for (s, list) in lists.iter_mut().enumerate() {
            let s = s as u64;
            // Each sells two thirds of it.
            if n % 3 == s {
                continue;
            }
            let gtin = if n % 5 < 3 { gtin13(n) } else { String::new() };
            // Where there is no GTIN, the maker's number tells.
            let (brand, mpn) = if n % 5 >= 2 {
                ("Brontal", format!("BT-{n:03}"))
            } else {
                ("", String::new())
            };
            let model = if n % 4 == 0 {
                format!("M{}", n / 8)
            } else {
                String::new()
            };
            let price = 500 + n * 17 + s * 31;
            let name = if (n + s).is_multiple_of(7) {
                String::new()
            } else {
                format!("Artículo {n} de {s}")
            };
            list.push(format!(
                "{}{n:03};{name};{gtin};{brand};{mpn};{model};c{};{}.{:02};{}\n",
                ["A", "B", "C"][s as usize],
                n % 8,
                price / 100,
                price % 100,
                (n * 7 + s) % 5
            ));
        }
    }
    lists
}

const HEAD: &str = "sku;name;gtin;brand;mpn;model;color;price;stock\n";
const IDS: [&str; 3] = ["alfa", "beta", "gama"];
const TOPS: [&str; 3] = ["rank = 10", "rank = 20", "rank = 20"];

fn gtin13(n: u64) -> String {
    let body = format!("952{n:09}");
    let sum: u32 = body
        .bytes()
        .enumerate()
        .map(|(at, digit)| u32::from(digit - b'0') * if at % 2 == 0 { 1 } else { 3 })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

/// Every second from the front, then the rest from the back.
fn shuffled<T: Clone>(items: &[T]) -> Vec<T> {
    let (even, odd): (Vec<_>, Vec<_>) = items.iter().cloned().enumerate().partition(|(n, _)| n % 2 == 0);
    even.into_iter()
        .chain(odd.into_iter().rev())
        .map(|(_, item)| item)
        .collect()
}

fn shop_of(lists: &[Vec<String>; 3]) -> Shop {
    let shop = corner_shop();
    for (n, list) in lists.iter().enumerate() {
        supplier(&shop, IDS[n], TOPS[n], &format!("{HEAD}{}", list.concat()));
    }
    shop
}

/// What leaves through the channel, without the manifest's neighbours.
fn exports(shop: &Shop) -> BTreeMap<String, Vec<u8>> {
    shop.done(&["channel", "export", "web", "--full", "--quiet"]);
    let files = shop.files("out");
    assert!(
        files.len() >= 2 && files["out/web/web.tsv"].len() > 10_000,
        "there is little to compare"
    );
    files
}

#[track_caller]
fn same(one: &BTreeMap<String, Vec<u8>>, other: &BTreeMap<String, Vec<u8>>, by: &str) {
    assert_eq!(one.keys().collect::<Vec<_>>(), other.keys().collect::<Vec<_>>());
    for (name, bytes) in one {
        if *bytes == other[name] {
            continue;
        }
        let (one, other) = (String::from_utf8_lossy(bytes), String::from_utf8_lossy(&other[name]));
        let first = one.lines().zip(other.lines()).find(|(a, b)| a != b);
        panic!("{name} depends on {by}: {first:#?}");
    }
}

#[test]
fn the_order_of_rows_does_not_show() {
    let lists = lists();
    let plain = shop_of(&lists);
    plain.done(&["run", "--quiet"]);
    let expected = exports(&plain);
    let titles = String::from_utf8_lossy(&expected["out/web/web.tsv"])
        .matches("Artículo")
        .count();
    assert!(titles > 150, "{titles} products leave");

    let mixed = shop_of(&lists.clone().map(|list| shuffled(&list)));
    mixed.done(&["run", "--quiet"]);
    same(&exports(&mixed), &expected, "the order of rows");
    // And the next delivery in another order changes nothing.
    for (id, list) in IDS.iter().zip(&lists) {
        crate::corner::deliver(&mixed, id, &format!("{HEAD}{}", list.concat()));
    }
    assert_eq!(mixed.done(&["run", "--json"]).json()["changed_nothing"], true);
}

#[test]
fn names_and_number_of_files_do_not_show() {
    let lists = lists();
    let whole = shop_of(&lists);
    whole.done(&["run", "--quiet"]);
    let expected = exports(&whole);
    for names in [["1.csv", "2.csv", "3.csv"], ["z.csv", "m.csv", "a.csv"]] {
        let parted = shop_of(&lists);
        parted.edit("suppliers/alfa/supplier.toml", "\"list.csv\"", "\"parts/*.csv\"");
        for (name, part) in names.iter().zip(lists[0].chunks(lists[0].len() / 3 + 1)) {
            parted.write(
                format!("suppliers/alfa/parts/{name}"),
                format!("{HEAD}{}", part.concat()),
            );
        }
        let run = parted.done(&["run", "--json"]).json();
        assert_eq!(run["suppliers"][0]["files"].as_array().map(Vec::len), Some(3));
        same(&exports(&parted), &expected, "the files' names");
    }
}

#[test]
fn the_order_in_which_suppliers_arrive_does_not_show() {
    let lists = lists();
    let mut expected = None;
    for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0], [2, 0, 1]] {
        let shop = shop_of(&lists);
        for n in order {
            shop.done(&["import", IDS[n], "--apply", "--quiet"]);
        }
        let found = exports(&shop);
        match &expected {
            None => expected = Some(found),
            Some(expected) => same(&found, expected, "the order in which suppliers arrive"),
        }
    }
}

#[test]
fn the_sample_suppliers_in_any_order_give_one_shelf() {
    // What adds to Aranda's products comes after Aranda; that is part of what it says.
    let orders = [
        ["ferreteria-aranda", "aranda-stock", "northgate"],
        ["northgate", "ferreteria-aranda", "aranda-stock"],
    ];
    let mut expected: Option<BTreeMap<String, Vec<u8>>> = None;
    for order in orders {
        let shop = Shop::sample_of(&order);
        for id in order {
            shop.done(&["import", id, "--apply", "--quiet"]);
        }
        for channel in ["google-es", "mirakl", "shopify", "tienda-jsonld"] {
            shop.done(&["channel", "export", channel, "--quiet"]);
        }
        let found = shop.files("out");
        match &expected {
            None => expected = Some(found),
            Some(expected) => same(&found, expected, "the order in which suppliers arrive"),
        }
    }
}

#[test]
fn today_s_delivery_after_yesterday_s_gives_what_it_gives_alone() {
    let lists = lists();
    let dearer: [Vec<String>; 3] = lists.clone().map(|list| {
        list.iter()
            .enumerate()
            .map(|(n, line)| {
                if n % 9 == 0 {
                    line.replace("Artículo", "Pieza")
                } else {
                    line.clone()
                }
            })
            .collect()
    });
    let fresh = shop_of(&dearer);
    fresh.done(&["run", "--quiet"]);
    let grown = shop_of(&lists);
    grown.done(&["run", "--quiet"]);
    for (id, list) in IDS.iter().zip(&dearer) {
        let mut text = String::from(HEAD);
        list.iter()
            .for_each(|line| write!(text, "{line}").expect("a text takes all"));
        crate::corner::deliver(&grown, id, &text);
    }
    grown.done(&["run", "--quiet"]);
    same(&exports(&grown), &exports(&fresh), "what was delivered before");
}
