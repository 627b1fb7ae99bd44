//! Retention: for how long batches can be taken back, what is told of those that cannot, and that nothing else is lost with them.

use crate::corner::{corner_shop, deliver, import, supplier};
use crate::support::Shop;
use serde_json::Value;

/// A price list of these prices, of the products S0, S1, …
fn list(prices: &[&str]) -> String {
    let rows = prices.iter().enumerate();
    let rows = rows.map(|(n, price)| format!("S{n};Producto {n};{price};{}\n", n + 1));
    format!("sku;name;price;stock\n{}", rows.collect::<String>())
}

fn limited(shop: &Shop, limits: &str) {
    let settings = shop.read("estante.toml");
    let settings = settings.split("\n[history]").next().unwrap_or_default().to_owned();
    shop.write("estante.toml", format!("{settings}\n[history]\n{limits}\n"));
}

fn kept(shop: &Shop) -> Value {
    shop.done(&["history", "--json"]).json()
}

/// Batches 1 to `last`, each another price of the same product.
fn priced(shop: &Shop, last: usize) {
    for n in 1..=last {
        let rows = list(&[&format!("{}.00", 10 + n), "5.00"]);
        match n {
            1 => supplier(shop, "norte", "", &rows),
            _ => deliver(shop, "norte", &rows),
        }
        import(shop, "norte");
    }
}

#[test]
fn nothing_goes_unless_a_limit_says_so() {
    let shop = corner_shop();
    assert_eq!(kept(&shop)["batches"], 0);
    priced(&shop, 4);
    let told = kept(&shop);
    assert_eq!((&told["batches"], &told["oldest"]), (&Value::from(4), &Value::from(1)));
    assert_eq!(
        (&told["states"], &told["changed_values"]),
        (&Value::from(3), &Value::from(3))
    );
    assert_eq!(
        shop.done(&["history", "prune", "--apply", "--json"]).json()["batches"],
        0
    );
    shop.done(&["undo", "1"]);
    shop.done(&["undo", "2"]);
}

#[test]
fn what_is_past_retention_cannot_be_taken_back_and_says_why() {
    let shop = corner_shop();
    priced(&shop, 5);
    limited(&shop, "keep_batches = 2");
    // Reading lets nothing go, nor does looking what would.
    let dry = shop.done(&["history", "prune", "--json"]).json();
    assert_eq!(
        (&dry["through"], &dry["states"]),
        (&Value::from(3), &Value::from(2)),
        "{dry}"
    );
    assert!(shop.done(&["history", "prune"]).out.contains("nothing was changed"));
    assert_eq!(kept(&shop)["batches"], 5);
    let gone = shop.done(&["history", "prune", "--apply", "--json"]).json();
    assert_eq!(
        (&gone["through"], &gone["states"]),
        (&Value::from(3), &Value::from(2)),
        "{gone}"
    );
    assert_eq!(kept(&shop)["batches"], 2);
    for batch in ["1", "3"] {
        for args in [vec!["undo", batch], vec!["undo", batch, "--plan"]] {
            let refused = shop.run(&args).ended(2);
            for told in ["E-PAST-RETENTION", "keep_batches = 2", "[history]"] {
                assert!(refused.err.contains(told), "{told}: {}", refused.err);
            }
        }
    }
    // Its line stays, with its findings and numbers.
    let batches = shop.done(&["batches", "--json"]).json();
    assert_eq!(batches["batches"].as_array().map(Vec::len), Some(5), "{batches}");
    assert!(shop.done(&["log", "2"]).out.contains("price: 1 changed"));
    // A limit that is lifted brings nothing back.
    limited(&shop, "");
    shop.run(&["undo", "3"]).ended(2);
    shop.done(&["undo", "4"]);
    shop.done(&["verify"]);
}

#[test]
fn every_command_that_writes_applies_retention_at_its_end() {
    let shop = corner_shop();
    limited(&shop, "keep_batches = 2");
    priced(&shop, 5);
    assert_eq!(
        (&kept(&shop)["oldest"], &kept(&shop)["states"]),
        (&Value::from(4), &Value::from(2))
    );
    shop.done(&["product", "set", "S1", "name@es=Otro"]);
    assert_eq!(kept(&shop)["oldest"], 5);
    shop.done(&["undo", "5"]);
    // An undo is a batch too.
    assert_eq!(kept(&shop)["oldest"], 6);
    assert_eq!(shop.done(&["product", "show", "S0", "--json"]).json()["sku"], "S0");
}

/// A history that has lost its beginning does not claim that the oldest value it knows was the first.
#[test]
fn a_product_whose_history_was_let_go_says_so() {
    let shop = corner_shop();
    priced(&shop, 5);
    let told = |sku: &str| shop.done(&["log", sku, "--field", "price", "--json"]).json()["changes"].clone();
    let before = told("S0");
    limited(&shop, "keep_batches = 2");
    shop.done(&["history", "prune", "--apply"]);
    let after = told("S0");
    let rows = after.as_array().expect("changes");
    let pairs: Vec<(i64, &str)> = rows
        .iter()
        .map(|row| {
            (
                row["batch"].as_i64().unwrap_or_default(),
                row["after"].as_str().unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(
        pairs,
        [(5, "15.00 EUR"), (4, "14.00 EUR"), (3, "13.00 EUR")],
        "{before}"
    );
    assert_eq!(rows[2]["forgotten"], true, "{after}");
    assert_eq!(rows[1]["forgotten"], Value::Null, "{after}");
    assert!(shop.done(&["log", "S0"]).out.contains("past retention"));
    // What never changed came with its first batch, as before.
    assert_eq!(told("S1")[0]["batch"], 1);
    let found = shop.done(&["search", "batch:2", "--json"]).json();
    assert!(found["notes"].to_string().contains("past retention"), "{found}");
}

/// What a supplier said when a person spoke is needed for as long as the person's word stands.
#[test]
fn a_change_under_an_edit_is_not_lost_with_the_history() {
    let shop = corner_shop();
    priced(&shop, 1);
    // What a supplier said before anybody spoke is compared with nothing.
    for price in ["12.00", "11.00"] {
        deliver(&shop, "norte", &list(&[price, "5.00"]));
        import(&shop, "norte");
    }
    shop.done(&["product", "set", "S0", "price=99"]);
    // What a person said before is the past of nobody's word but their own.
    for color in ["rojo", "azul", "verde"] {
        shop.done(&["product", "set", "S0", &format!("color={color}")]);
    }
    for n in 3..=6 {
        deliver(&shop, "norte", &list(&[&format!("{}.00", 10 + n), "5.00"]));
        import(&shop, "norte");
    }
    let waiting = || shop.done(&["search", "overridden:price", "--json"]).json()["total"].clone();
    assert_eq!(waiting(), 1);
    limited(&shop, "keep_batches = 1");
    shop.done(&["history", "prune", "--apply"]);
    std::fs::remove_dir_all(shop.path(".estante/index")).expect("the index is there");
    assert_eq!(waiting(), 1);
    // One state of the four stays for it, and one more of the last batch.
    let connection = rusqlite::Connection::open(shop.path(".estante/catalog.sqlite")).expect("the store opens");
    let states: i64 = connection
        .query_row("SELECT count(*) FROM history", [], |row| row.get(0))
        .expect("it counts");
    assert_eq!(states, 2);
    drop(connection);
    // The supplier comes back to what it said then: nothing waits.
    deliver(&shop, "norte", &list(&["11.00", "5.00"]));
    import(&shop, "norte");
    assert_eq!(waiting(), 0);
}

/// Edits that alternate with a supplier's changes keep what was said when each word was said, not all that was said between.
#[test]
fn of_many_edits_stays_what_each_word_is_compared_with() {
    let shop = corner_shop();
    limited(&shop, "keep_batches = 1");
    priced(&shop, 1);
    shop.done(&["product", "set", "S0", "price=99"]);
    for n in 0..8 {
        deliver(&shop, "norte", &list(&[&format!("1{n}.50"), "5.00"]));
        import(&shop, "norte");
        shop.done(&["product", "set", "S0", &format!("color=c{n}")]);
    }
    let told = kept(&shop);
    // The first after the price was said; none after the last colour. And what the last edit replaced, whose colour may come back:
    // with what the supplier said when it was said.
    let states = |told: &Value| told["states"].clone();
    assert_eq!(
        (states(&told), states(&told["stayed"])),
        (Value::from(3), Value::from(2)),
        "{told}"
    );
    assert!(told["stayed"]["bytes"].as_u64() > Some(0), "{told}");
    let shown = shop.done(&["history"]).out;
    assert!(shown.contains("2 of the past states"), "{shown}");
    let waiting =
        |field: &str| shop.done(&["search", &format!("overridden:{field}"), "--json"]).json()["total"].clone();
    assert_eq!(waiting("price"), 1);
    // What is told to go is what goes.
    limited(&shop, "");
    for n in 0..3 {
        deliver(&shop, "norte", &list(&[&format!("2{n}.50"), "5.00"]));
        import(&shop, "norte");
    }
    limited(&shop, "keep_batches = 1");
    let before = kept(&shop);
    let dry = shop.done(&["history", "prune", "--json"]).json();
    let gone = shop.done(&["history", "prune", "--apply", "--json"]).json();
    let after = kept(&shop);
    for key in ["states", "bytes"] {
        assert_eq!(dry[key], gone[key], "{key}");
        let of = |told: &Value| told[key].as_u64().unwrap_or_default();
        assert_eq!(of(&before) - of(&gone), of(&after), "{key}: {before} {gone} {after}");
    }
    assert_eq!(waiting("price"), 1);
}

/// What is done stays done where pruning fails after it; the next command tries again.
#[test]
fn pruning_that_fails_is_a_warning() {
    let shop = corner_shop();
    priced(&shop, 4);
    limited(&shop, "keep_batches = 1");
    let store = || rusqlite::Connection::open(shop.path(".estante/catalog.sqlite")).expect("the store opens");
    // As on a full disk, where nothing can be written any more.
    let refuse =
        "CREATE TRIGGER full BEFORE DELETE ON history BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END";
    store().execute_batch(refuse).expect("a trigger");
    for args in [vec!["--json"], vec!["--quiet"], vec![]] {
        let told = shop.done(
            &[
                &[
                    "product",
                    "set",
                    "S1",
                    &format!("name@es=Otro {}", args.len() + args.concat().len()),
                ],
                &*args,
            ]
            .concat(),
        );
        for part in ["W-NOT-TIDIED", "is done", "disk is full", "tries again"] {
            assert!(told.err.contains(part), "{part}: {}", told.err);
        }
    }
    assert_eq!(kept(&shop)["batches"], 7);
    // Who asks for nothing but that is told that it failed.
    shop.run(&["history", "prune", "--apply"]).ended(1);
    store().execute_batch("DROP TRIGGER full").expect("it goes");
    let told = shop.done(&["product", "set", "S1", "name@es=Otra"]);
    assert!(!told.err.contains("W-NOT-TIDIED"), "{}", told.err);
    assert_eq!(kept(&shop)["batches"], 1);
}

/// Pages that history leaves are taken up by the next batches; `--compact` gives them back.
#[test]
fn the_store_stops_growing_and_compact_makes_it_small() {
    let shop = corner_shop();
    limited(&shop, "keep_batches = 1");
    let round = |n: usize| {
        let rows = (0..400).map(|row| format!("S{row};Producto {row};20.00;{}\n", 100 + n));
        let rows = format!("sku;name;price;stock\n{}", rows.collect::<String>());
        match n {
            0 => supplier(&shop, "norte", "", &rows),
            _ => deliver(&shop, "norte", &rows),
        }
        assert_eq!(import(&shop, "norte")["held"], 0);
        kept(&shop)["file_bytes"].as_u64().unwrap_or_default()
    };
    let sizes: Vec<u64> = (0..9).map(round).collect();
    assert!(sizes[8] <= sizes[4] + 64 * 1024, "{sizes:?}");
    limited(&shop, "max_mb = 1000");
    shop.done(&["product", "set", "S1", "name@es=Otro"]);
    limited(&shop, "keep_batches = 1");
    shop.done(&["history", "prune", "--apply", "--compact"]);
    let told = kept(&shop);
    assert_eq!(
        (&told["states"], &told["free_bytes"]),
        (&Value::from(0), &Value::from(0)),
        "{told}"
    );
    assert!(told["file_bytes"].as_u64() < Some(sizes[8]), "{told} {sizes:?}");
    shop.done(&["verify"]);
    shop.run(&["history", "prune", "--compact"]).ended(2);
}

/// A store that was written before sizes were noted is counted once.
#[test]
fn a_store_without_sizes_is_counted() {
    let shop = corner_shop();
    priced(&shop, 3);
    let before = kept(&shop);
    let connection = rusqlite::Connection::open(shop.path(".estante/catalog.sqlite")).expect("the store opens");
    connection.execute_batch("DROP TABLE history_sizes").expect("it goes");
    drop(connection);
    assert_eq!(kept(&shop)["bytes"], before["bytes"]);
    shop.done(&["product", "set", "S1", "name@es=Otro"]);
    assert_eq!(kept(&shop)["states"], before["states"]);
    assert_eq!(kept(&shop)["bytes"], before["bytes"]);
}

/// docs/store.md says what a changed value costs; it is measured here, on products of half a kilobyte.
#[test]
fn a_changed_value_costs_what_the_handbook_says() {
    let shop = corner_shop();
    let text = "Percutor de dos velocidades con maletín, empuñadura lateral, tope de profundidad y cargador rápido. "
        .repeat(3);
    let rows = |day: usize| {
        let mut rows = "sku;name;description;brand;gtin;price;stock\n".to_owned();
        for n in 0..2_000_usize {
            // A fifth of the prices and half of the stocks are another every day.
            let price = 10 + n % 40 + if n % 5 == day % 5 { day % 2 } else { 0 };
            let stock = 5 + if n % 2 == day % 2 { day } else { 0 };
            rows.push_str(&format!(
                "F-{n:05};Taladro percutor {n} W;{text};Brontal;;{price}.50;{stock}\n"
            ));
        }
        rows
    };
    supplier(&shop, "norte", "", &rows(0));
    import(&shop, "norte");
    for day in 1..4 {
        deliver(&shop, "norte", &rows(day));
        import(&shop, "norte");
    }
    let told = kept(&shop);
    let number = |key: &str| told[key].as_u64().unwrap_or_default();
    println!(
        "{} changed values in {} states: {} bytes a value, {} bytes a state",
        number("changed_values"),
        number("states"),
        number("bytes_per_changed_value"),
        number("bytes") / number("states").max(1)
    );
    assert!(number("states") >= 3_000, "{told}");
    assert!((200..600).contains(&number("bytes_per_changed_value")), "{told}");
}
