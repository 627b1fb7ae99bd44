//! What imports left for a person waits until something settles it, whatever else is delivered meanwhile; and what they brought first
//! is told apart from what only changed.

use crate::corner::{corner_shop, deliver, import, number, supplier};
use crate::support::Shop;
use serde_json::{Value, json};

/// How much waits, by the name of its list; and the command that shows it.
fn waits(shop: &Shop, name: &str) -> (u64, String) {
    let told = shop.done(&["todo", "--json"]).json();
    let lists = told["lists"].as_array().expect("lists");
    let list = lists.iter().find(|list| list["name"] == name);
    let command = |list: &Value| list["command"].as_str().unwrap_or_default().to_owned();
    list.map_or((0, String::new()), |list| (number(list, "count"), command(list)))
}

/// The SKUs that `batches --held` shows as waiting.
fn open(shop: &Shop, batch: &str) -> Vec<String> {
    let told = shop.done(&["batches", "--json", "--held", batch]).json();
    let held = told["held"].as_array().expect("what was held").iter();
    let open = held.filter(|held| held["settled"].is_null());
    open.map(|held| held["sku"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// The SKUs that a query finds, after the list of a name was seen to count as many.
#[track_caller]
fn found(shop: &Shop, query: &str, name: &str) -> String {
    let told = shop.done(&["search", query, "--sort", "sku", "--json"]).json();
    let hits = told["hits"].as_array().expect("hits").iter();
    let skus: String = hits.map(|hit| hit["sku"].as_str().unwrap_or_default()).collect();
    assert_eq!(told["total"].as_u64(), Some(waits(shop, name).0), "{query}: {skus}");
    skus
}

fn rows(rows: &[(&str, &str)]) -> String {
    let rows = rows.iter().map(|(sku, price)| format!("{sku};{price};5\n"));
    format!("sku;price;stock\n{}", rows.collect::<String>())
}

/// A supplier of parts, with A and B held at ten times their price by batch 2.
fn shop_of_parts() -> Shop {
    let shop = corner_shop();
    let prices = [("A", "10.00"), ("B", "10.00"), ("C", "10.00"), ("D", "10.00")];
    supplier(&shop, "a", "mode = \"delta\"", &rows(&prices));
    import(&shop, "a");
    deliver(&shop, "a", &rows(&[("A", "100.00"), ("B", "100.00")]));
    import(&shop, "a");
    shop
}

#[test]
fn what_was_held_of_a_part_waits_beyond_the_next_part() {
    let shop = shop_of_parts();
    let both = (2, "estante batches --held 2".to_owned());
    assert_eq!(waits(&shop, "held:a"), both);
    // Another SKU.
    deliver(&shop, "a", &rows(&[("C", "10.50")]));
    import(&shop, "a");
    assert_eq!((waits(&shop, "held:a"), open(&shop, "2").len()), (both, 2));
    // Another word of one of them is held too: it is the newer one.
    deliver(&shop, "a", &rows(&[("A", "200.00")]));
    assert_eq!(import(&shop, "a")["batch"], 4);
    let command = "estante batches --held 4 && estante batches --held 2";
    assert_eq!(waits(&shop, "held:a"), (2, command.to_owned()));
    assert_eq!(
        (open(&shop, "2"), open(&shop, "4")),
        (vec!["B".into()], vec!["A".into()])
    );
    // Accepted, rejected, taken back.
    shop.done(&["batches", "--held", "4", "--accept", "A"]);
    assert_eq!(waits(&shop, "held:a").0, 1);
    shop.done(&["batches", "--held", "2", "--reject", "B"]);
    assert_eq!((waits(&shop, "held:a").0, open(&shop, "2").len()), (0, 0));
    shop.done(&["undo", "6"]);
    assert_eq!((waits(&shop, "held:a").0, open(&shop, "2")), (1, vec!["B".into()]));
}

/// What is held is a search, as settled as the store says, whatever becomes of it and of the index.
#[test]
fn what_was_held_is_searched_for() {
    let shop = shop_of_parts();
    let held = |query: &str| found(&shop, query, "held:a");
    assert_eq!(held("held:a"), "AB");
    for query in ["held:any", "held:price", "held:G-PRICE-RATIO"] {
        assert_eq!(held(query), "AB", "{query}");
    }
    let total = |query: &str| shop.done(&["search", query, "--json"]).json()["total"].clone();
    assert_eq!(
        (total("held:stock"), total("held:none"), total("held:G-STALE")),
        (json!(0), json!(2), json!(0))
    );
    shop.done(&["batches", "--held", "2", "--accept", "A"]);
    assert_eq!(held("held:a"), "B");
    shop.done(&["batches", "--held", "2", "--reject", "B"]);
    assert_eq!(held("held:a"), "");
    shop.done(&["undo", "4"]);
    assert_eq!(held("held:a"), "B");
    shop.done(&["undo", "3"]);
    std::fs::remove_dir_all(shop.path(".estante/index")).expect("the index goes");
    assert_eq!(held("held:a"), "AB");
    for (query, told) in [
        ("held:b", "neither a supplier nor an attribute"),
        ("held:prise", "did you mean `price`?"),
        ("conflict:price", "in doubt as a whole"),
    ] {
        let refused = shop.run(&["search", query]).ended(2);
        assert!(refused.err.contains(told), "{query}: {}", refused.err);
    }
    let note = shop.done(&["search", "held:G-PRICE-RATIOS", "--json"]).json()["notes"].to_string();
    assert!(note.contains("nothing waits with `G-PRICE-RATIOS`"), "{note}");
}

/// A new item that is held is no product yet: the search cannot find it, and the list says so.
#[test]
fn what_is_held_and_not_made_yet_is_counted_beside_the_products() {
    let shop = shop_of_parts();
    // Cut in its last line, nothing of it is taken.
    deliver(&shop, "a", rows(&[("A", "11.00"), ("N", "12.00")]).trim_end());
    let document = import(&shop, "a");
    assert_eq!(document["held"], 2, "{document:#}");
    assert_eq!(found(&shop, "held:a", "held:a"), "AB");
    let told = shop.done(&["todo", "--json"]).json();
    let list = told["lists"].as_array().expect("lists").iter();
    let list = list.clone().find(|list| list["name"] == "held:a").expect("the list");
    assert_eq!(
        (&list["without_product"], &list["query"]),
        (&json!(1), &json!("held:a"))
    );
    let text = shop.done(&["todo"]);
    assert!(text.out.contains("  estante search \"held:a\""), "{}", text.out);
    assert!(
        text.err.contains("held:a: 1 more held and not made yet"),
        "{}",
        text.err
    );
    // What is found goes out as a sheet, like any other search.
    let sheet = shop
        .done(&["sheet", "out", "held:a", "-o", "held.xlsx", "--json"])
        .json();
    assert_eq!(sheet["rows"], 2, "{sheet:#}");
}

/// The old word said again settles what was held of the item, though it changes nothing.
#[test]
fn an_old_price_said_anew_settles_what_was_held() {
    let shop = shop_of_parts();
    deliver(&shop, "a", &rows(&[("C", "10.50")]));
    import(&shop, "a");
    deliver(&shop, "a", &rows(&[("A", "10.00")]));
    let document = import(&shop, "a");
    assert_eq!((&document["batch"], &document["unchanged"]), (&json!(4), &json!(1)));
    assert_eq!((waits(&shop, "held:a").0, open(&shop, "2")), (1, vec!["B".into()]));
    // Once is enough.
    assert_eq!(import(&shop, "a")["batch"], Value::Null);
    shop.done(&["undo", "4"]);
    assert_eq!(waits(&shop, "held:a").0, 2);
}

/// A later delivery of all there is has compared everything anew, and both commands know it.
#[test]
fn a_whole_delivery_settles_what_was_held_before() {
    let shop = corner_shop();
    let list = |price: &str| rows(&[("A", price), ("B", "10.00"), ("C", "10.00"), ("D", "10.00")]);
    supplier(&shop, "a", "", &list("10.00"));
    import(&shop, "a");
    for price in ["100.00", "200.00"] {
        deliver(&shop, "a", &list(price));
        import(&shop, "a");
    }
    assert_eq!(waits(&shop, "held:a"), (1, "estante batches --held 3".to_owned()));
    assert_eq!((open(&shop, "2").len(), open(&shop, "3").len()), (0, 1));
}

/// Corrected rows that come back are no delivery: what that held, and brought, still waits.
#[test]
fn rejected_rows_that_come_back_hide_nothing() {
    let shop = corner_shop();
    let list = |a: &str, brand: &str, e: &str| {
        let rows = [("A", a, "Brontal"), ("B", "10.00", brand), ("E", e, "Brontal")];
        let rows = rows.map(|(sku, price, brand)| format!("{sku};{price};{brand};5\n"));
        format!(
            "sku;price;brand;stock\n{}C;10.00;Brontal;5\nD;10.00;Brontal;5\n",
            rows.concat()
        )
    };
    supplier(&shop, "a", "", &list("10.00", "Brontal", "10.00"));
    import(&shop, "a");
    deliver(
        &shop,
        "a",
        &list("100.00", "Nimbra", "10.00").replace("E;10.00", ";10.00"),
    );
    let document = import(&shop, "a");
    let both = || (waits(&shop, "held:a").0, waits(&shop, "unseen-brand").0);
    assert_eq!(both(), (1, 1), "{document:#}");
    let folder = document["rejects"].as_str().expect("rejected rows lie somewhere");
    let file = shop.files(folder).into_keys().next().expect("a file");
    shop.edit(&file, "\n;10.00", "\nF;10.00");
    assert_eq!(
        shop.done(&["import", "a", &file, "--apply", "--json"]).json()["batch"],
        3
    );
    assert_eq!(both(), (1, 1));
    // The good file settles it.
    deliver(
        &shop,
        "a",
        &list("10.00", "Nimbra", "10.00").replace("D;10.00", "F;10.00;Brontal;5\nD;10.00"),
    );
    import(&shop, "a");
    assert_eq!(both(), (0, 0));
}

/// The settings of a supplier whose families go through a map.
fn worded(maps: &str) -> String {
    format!(
        "name = \"A\"\n[file]\npath = [\"list.csv\"]\n[read]\ncurrency = \"EUR\"\n[fields]\nsku = {{ column = \"sku\" }}\n\
         price = {{ column = \"price\" }}\ncolor = {{ column = \"color\", map = \"colors\", unknown = \"reject_value\" }}\n[maps.colors]\nrojo = \"red\"\n{maps}"
    )
}

#[test]
fn a_word_that_nothing_knows_waits_until_it_is_mapped() {
    let shop = corner_shop();
    let list =
        |a: &str, color: &str| format!("sku;price;color\nA;{a};{color}\nB;10.00;lila\nC;10.00;rojo\nD;10.00;ocre\n");
    shop.write("suppliers/a/supplier.toml", worded(""));
    deliver(&shop, "a", &list("10.00", "lila"));
    import(&shop, "a");
    let words = || found(&shop, "unknown:a", "unknown-words:a").len();
    assert_eq!(words(), 3);
    let of = |query: &str| found(&shop, query, "unknown-words:a");
    assert_eq!(
        (of("unknown:color"), of("unknown:E-UNKNOWN-WORD")),
        ("ABD".into(), "ABD".into())
    );
    assert_eq!(shop.done(&["search", "unknown:price", "--json"]).json()["total"], 0);
    // Rows that come unchanged are not read again, and stand; one that changes is.
    deliver(&shop, "a", &list("10.50", "lila"));
    import(&shop, "a");
    assert_eq!(words(), 3);
    deliver(&shop, "a", &list("10.80", "rojo"));
    import(&shop, "a");
    assert_eq!(words(), 2);
    // One word gets a meaning, another one is told to mean nothing: both are settled.
    shop.write("suppliers/a/supplier.toml", worded("lila = \"purple\"\n"));
    import(&shop, "a");
    assert_eq!(words(), 1);
    shop.write("suppliers/a/supplier.toml", worded("lila = \"purple\"\nocre = \"\"\n"));
    let document = import(&shop, "a");
    assert_eq!((words(), &document["unchanged"]), (0, &json!(4)));
    assert_eq!(import(&shop, "a")["batch"], Value::Null);
    shop.done(&["undo", &number(&document, "batch").to_string()]);
    assert_eq!(words(), 1);
}

#[test]
fn a_product_in_doubt_waits_until_somebody_decides_or_its_code_changes() {
    let shop = corner_shop();
    let list = |price: &str, gtin: &str| format!("sku;price;gtin\nA;{price};4006381333931\nB;10.00;{gtin}\nC;10.00;\n");
    supplier(&shop, "a", "", &list("10.00", "4006381333931"));
    import(&shop, "a");
    let conflicts = || {
        let found = found(&shop, "conflict:a", "conflicts:a");
        assert!(found.is_empty() || found == "A" || found == "AB", "{found}");
        waits(&shop, "conflicts:a")
    };
    assert_eq!(conflicts(), (2, "estante log 1".to_owned()));
    deliver(&shop, "a", &list("10.50", "4006381333931"));
    import(&shop, "a");
    assert_eq!(conflicts(), (2, "estante log 1".to_owned()));
    deliver(&shop, "a", &list("10.50", "5901234123457"));
    import(&shop, "a");
    assert_eq!(conflicts().0, 1);
}

fn unseen(shop: &Shop) -> String {
    let found = shop.done(&["search", "unseen:brand", "--sort", "sku", "--json"]).json();
    let hits = found["hits"].as_array().expect("hits").iter();
    hits.map(|hit| hit["sku"].as_str().unwrap_or_default()).collect()
}

fn branded(brand: &str, price: usize) -> String {
    format!(
        "sku;name;brand;price;stock\nA;Uno;{brand};{price}.50;1\nB;Dos;{brand};{price}.50;1\nC;Tres;Kremora;{price}.50;1\n"
    )
}

/// What a rule makes of a brand stands in no supplier's list: a price that changes does not make it new.
#[test]
fn a_brand_that_a_rule_makes_is_not_new_with_every_price() {
    let shop = corner_shop();
    let rule = "[[rule]]\nid = \"bosch\"\nwhen = \"brand:Bosch\"\nthen = [{ set = { attribute = \"brand\", value = \"Bosch\" } }]\n";
    shop.write("rules/brands.toml", rule);
    supplier(&shop, "a", "", &branded("BOSCH GmbH", 10));
    import(&shop, "a");
    deliver(&shop, "a", &branded("BOSCH GmbH", 11));
    import(&shop, "a");
    let told = shop.done(&["product", "show", "A", "--json"]).json();
    assert!(told["values"].to_string().contains("\"Bosch\""), "{told:#}");
    assert_eq!(unseen(&shop), "");
    deliver(&shop, "a", &branded("Nimbra", 12));
    import(&shop, "a");
    assert_eq!(unseen(&shop), "AB");
}

/// The index keeps the first 160 bytes of a name; what a supplier said before is compared as far.
#[test]
fn a_long_name_is_not_new_with_every_price() {
    let shop = corner_shop();
    let long = "Ferretería y Suministros Industriales de la Comarca ".repeat(5);
    supplier(&shop, "a", "", &branded(&long, 10));
    import(&shop, "a");
    deliver(&shop, "a", &branded(&long, 11));
    import(&shop, "a");
    assert_eq!(unseen(&shop), "");
}

/// A variant that did not change takes a new brand on from its model's own record.
#[test]
fn a_new_brand_of_a_model_is_found_on_its_variants() {
    let shop = corner_shop();
    let list = |brand: &str| {
        format!(
            "sku;name;brand;model;price;stock\nM;Uno;{brand};;;\nM-1;Rojo;;M;10.50;1\nM-2;Azul;;M;10.50;1\nC;Tres;Kremora;;10.50;1\n"
        )
    };
    supplier(&shop, "a", "", &list("Brontal"));
    import(&shop, "a");
    deliver(&shop, "a", &list("Nimbra"));
    import(&shop, "a");
    assert_eq!(unseen(&shop), "MM-1M-2");
    deliver(&shop, "a", &list("Nimbra").replace("10.50", "11.50"));
    import(&shop, "a");
    assert_eq!(unseen(&shop), "");
}

/// The variants of one model are read together, once for a page; and a model that large is told.
#[test]
fn a_page_of_one_large_model_costs_little_more_than_one_hit() {
    let shop = corner_shop();
    let rows = (0..2_001).map(|n| format!("S{n};Taladro {n};0;10.50;1\n"));
    supplier(
        &shop,
        "a",
        "",
        &format!("sku;name;model;price;stock\n{}", rows.collect::<String>()),
    );
    let report = shop.done(&["run", "--json"]).json();
    let told = report.to_string();
    assert!(
        told.contains("W-MODEL-LARGE") && told.contains("2001 variants"),
        "{told}"
    );
    let took = |limit: &str| {
        let found = shop.done(&["search", "taladro", "--limit", limit, "--json"]).json();
        assert_eq!(found["hits"].as_array().map(Vec::len), limit.parse().ok());
        found["took_ms"].as_f64().unwrap_or_default()
    };
    let (one, page) = (took("1"), took("60"));
    println!("{one} ms for one hit, {page} ms for sixty");
    assert!(page < one * 12.0, "{one} ms for one hit, {page} ms for sixty");
}
