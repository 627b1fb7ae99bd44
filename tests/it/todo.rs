//! The worklists as an editor sees them: what is counted is what the search then shows.

use crate::corner::{corner_shop, deliver, import, supplier};
use crate::support::Shop;
use serde_json::Value;
use std::collections::BTreeMap;

fn lists(shop: &Shop) -> (BTreeMap<String, (Option<String>, u64)>, Value) {
    let told = shop.done(&["todo", "--json"]).json();
    let lists = told["lists"].as_array().expect("lists").iter().map(|list| {
        let text = |key: &str| list[key].as_str().map(str::to_owned);
        (
            text("name").expect("a name"),
            (text("query"), list["count"].as_u64().expect("a count")),
        )
    });
    (lists.collect(), told["notes"].clone())
}

#[test]
fn every_list_counts_what_its_query_finds() {
    let shop = Shop::sample_of(&["moda-levante", "northgate"]);
    shop.done(&["run"]);
    let (lists, notes) = lists(&shop);
    assert_eq!(notes.as_array().map(Vec::len), Some(0), "{notes}");
    let mut counted = 0;
    for (name, (query, count)) in &lists {
        let query = query.as_ref().unwrap_or_else(|| panic!("{name} is no query"));
        let found = shop.done(&["search", query, "--json", "--limit", "1"]).json();
        assert_eq!(found["total"].as_u64(), Some(*count), "{name}: {query}");
        counted += count;
    }
    assert!(counted > 0, "{lists:?}");
    for name in [
        "blocked:google-es",
        "incomplete:shopify",
        "no-picture",
        "held:northgate",
        "overridden",
        "unknown-words:northgate",
        "conflicts:moda-levante",
    ] {
        assert!(lists.contains_key(name), "{name} is not among {lists:?}");
    }
    let shown = shop.done(&["todo"]).out;
    assert!(
        shown.contains("estante search \"google-es:blocked\" --sort -worth"),
        "{shown}"
    );
    assert!(!shown.contains("held:northgate"), "nothing was held: {shown}");
}

/// What the texts say and is no value is read once for the index, and again with its evidence: both find the same products.
#[test]
fn suggestions_and_contradictions_are_those_that_enrichment_shows() {
    let shop = Shop::sample_of(&["moda-levante", "northgate"]);
    shop.done(&["run"]);
    let told = shop.done(&["enrich", "specs", "*", "--json"]).json();
    let mut counted: BTreeMap<String, u64> = BTreeMap::new();
    for product in told["products"].as_array().expect("products") {
        let mut seen: Vec<String> = Vec::new();
        for spec in product["specs"].as_array().expect("specs") {
            let attribute = spec["attribute"].as_str().expect("an attribute");
            let condition = match spec["standing"].as_str() {
                Some("suggestion") => "suggested",
                Some("contradicts") => "contradicted",
                _ => continue,
            };
            seen.push(format!("{condition}:{attribute}"));
            seen.push(format!("{condition}:any"));
        }
        seen.sort();
        seen.dedup();
        for condition in seen {
            *counted.entry(condition).or_default() += 1;
        }
    }
    assert!(counted.len() >= 4, "{counted:?}");
    for (condition, count) in counted {
        let found = shop.done(&["search", &condition, "--json", "--limit", "1"]).json();
        assert_eq!(found["total"].as_u64(), Some(count), "{condition}");
    }
}

#[test]
fn what_nobody_judged_yet_says_how_it_is_judged() {
    let shop = Shop::sample_of(&["moda-levante"]);
    shop.done(&["import", "moda-levante", "--apply"]);
    let (lists, notes) = lists(&shop);
    assert!(!lists.contains_key("blocked:google-es"), "{lists:?}");
    assert!(notes.to_string().contains("estante channel check google-es"), "{notes}");
    assert!(lists.contains_key("incomplete:google-es"), "{lists:?}");
}

#[test]
fn an_edit_moves_a_product_off_its_list() {
    let shop = Shop::sample_of(&["openfoodfacts-es"]);
    shop.done(&["import", "openfoodfacts-es", "--apply"]);
    let without = lists(&shop).0["no-price"].1;
    let missing = shop.done(&["search", "active:yes missing:price", "--json"]).json();
    let sku = missing["hits"][0]["sku"]
        .as_str()
        .expect("a product without a price")
        .to_owned();
    shop.done(&["product", "set", &sku, "price=12.50"]);
    assert_eq!(lists(&shop).0["no-price"].1, without - 1);
}

#[test]
fn enrichment_is_shown_of_what_a_query_finds() {
    let shop = Shop::sample_of(&["moda-levante"]);
    shop.done(&["import", "moda-levante", "--apply"]);
    let found = shop.done(&["search", "vestido", "--json", "--limit", "200"]).json();
    let told = shop.done(&["enrich", "specs", "vestido", "--json"]).json();
    assert_eq!(told["looked_at"], found["total"]);
    let copied = shop.done(&["enrich", "copy", "--preview", "vestido", "--json"]).json();
    assert!(
        copied["products"].as_array().is_some_and(|shown| !shown.is_empty()),
        "{copied}"
    );
    // A slip is not forgiven here: other products would be shown as if they were meant.
    let refused = shop.run(&["enrich", "specs", "vestidoo"]).ended(2);
    assert!(refused.err.contains("estante search"), "{}", refused.err);
}

#[test]
fn what_was_held_is_listed_until_its_batch_is_taken_back() {
    let shop = corner_shop();
    let list = |prices: [&str; 4]| {
        let rows = (0..4).map(|n| format!("S{n};P{n};Brontal;M{n}M;{};1\n", prices[n]));
        format!("sku;name;brand;mpn;price;stock\n{}", rows.collect::<String>())
    };
    supplier(&shop, "a", "", &list(["10.00", "10.00", "10.00", "10.00"]));
    import(&shop, "a");
    assert_eq!(lists(&shop).0["held:a"].1, 0);
    deliver(&shop, "a", &list(["99.00", "99.00", "10.50", "10.50"]));
    import(&shop, "a");
    assert_eq!(lists(&shop).0["held:a"].1, 2);
    assert!(shop.done(&["todo"]).out.contains("estante batches --held 2"));
    // The good file, which changes nothing, settles it once.
    let twin = shop.twin();
    deliver(&twin, "a", &list(["10.00", "10.00", "10.50", "10.50"]));
    assert_eq!(import(&twin, "a")["batch"], 3);
    assert_eq!(lists(&twin).0["held:a"].1, 0);
    assert_eq!(import(&twin, "a")["batch"], Value::Null);
    let found = || shop.done(&["search", "held:any", "--json"]).json()["total"].clone();
    assert_eq!(found(), 2);
    shop.done(&["undo", "2"]);
    assert_eq!((lists(&shop).0["held:a"].1, found()), (0, Value::from(0)));
}

/// What a supplier changes under a person's word waits until the person has looked at it.
#[test]
fn a_suppliers_change_under_an_edit_waits() {
    let shop = corner_shop();
    supplier(
        &shop,
        "norte",
        "",
        "sku;name;price;stock\nA;Uno;10.00;5\nB;Dos;20.00;5\n",
    );
    import(&shop, "norte");
    shop.done(&["product", "set", "A", "name@es=Uno a mano", "price=12"]);
    let waiting = || {
        let of = |query: &str| shop.done(&["search", query, "--json"]).json()["total"].as_u64();
        (of("overridden:any"), of("overridden:name"), of("overridden:price"))
    };
    // Another stock is no change of what was said by hand.
    deliver(&shop, "norte", "sku;name;price;stock\nA;Uno;10.00;6\nB;Dos;20.00;5\n");
    import(&shop, "norte");
    assert_eq!(waiting(), (Some(0), Some(0), Some(0)));
    deliver(&shop, "norte", "sku;name;price;stock\nA;Uno;11.00;6\nB;Dos;21.00;5\n");
    import(&shop, "norte");
    assert_eq!(waiting(), (Some(1), Some(0), Some(1)));
    let (lists, _) = lists(&shop);
    assert_eq!(lists["overridden"].1, 1, "{lists:?}");
    // The supplier comes to say what the person said.
    deliver(&shop, "norte", "sku;name;price;stock\nA;Uno;12.00;6\nB;Dos;21.00;5\n");
    import(&shop, "norte");
    assert_eq!(waiting(), (Some(0), Some(0), Some(0)));
    // Or the person says it anew.
    deliver(&shop, "norte", "sku;name;price;stock\nA;Uno;9.00;6\nB;Dos;21.00;5\n");
    import(&shop, "norte");
    assert_eq!(waiting(), (Some(1), Some(0), Some(1)));
    shop.done(&["product", "set", "A", "price=13"]);
    assert_eq!(waiting(), (Some(0), Some(0), Some(0)));
}

/// Day one knows nothing, so nothing is new; what a later delivery brings first is, until the next one.
#[test]
fn brands_that_no_product_had_before_are_listed_until_the_next_delivery() {
    let shop = corner_shop();
    let rows = |brands: &[&str]| {
        let rows = brands.iter().enumerate();
        let rows = rows.map(|(n, brand)| format!("S{n};P{n};{brand};M{n}M;{}.50;{n}\n", n + 1));
        format!("sku;name;brand;mpn;price;stock\n{}", rows.collect::<String>())
    };
    let of = |name: &str| {
        let (lists, _) = lists(&shop);
        lists.get(name).map(|(_, count)| *count)
    };
    supplier(&shop, "a", "", &rows(&["Brontal", "Kremora"]));
    import(&shop, "a");
    assert_eq!(of("unseen-brand"), Some(0));
    // A second supplier comes with a brand that is known, in other letters, and one that is not.
    let second = "sku;name;brand;mpn;price;stock\nX1;Q1;BRONTAL;Q1Q;5.00;1\nX2;Q2;Tulvar;Q2Q;5.00;1\n";
    supplier(&shop, "b", "", second);
    import(&shop, "b");
    assert_eq!(of("unseen-brand"), Some(1));
    deliver(
        &shop,
        "a",
        &rows(&["Brontal", "Kremora", "Zeltia", "Zeltia", "Kremora"]),
    );
    import(&shop, "a");
    assert_eq!(of("unseen-brand"), Some(3));
    let found = shop
        .done(&[
            "search",
            "unseen:brand",
            "--facet",
            "brand",
            "--sort",
            "-worth",
            "--json",
        ])
        .json();
    assert_eq!(
        found["facets"]["brand"],
        serde_json::json!([["Zeltia", 2], ["Tulvar", 1]]),
        "{found}"
    );
    // What is worth most stands first, there and in the list.
    let told = shop.done(&["todo", "--json"]).json();
    let list = told["lists"].as_array().expect("lists").iter();
    let list = list
        .clone()
        .find(|list| list["name"] == "unseen-brand")
        .expect("the list");
    assert_eq!(list["first"], serde_json::json!(["S3", "S2", "X2"]), "{list}");
    assert_eq!(
        list["command"],
        "estante search \"active:yes unseen:brand\" --sort -worth"
    );
    // Since the first batch, and since the second.
    let since = |batch: &str| {
        let told = shop.done(&["todo", "--since", batch, "--json"]).json();
        let lists = told["lists"].as_array().expect("lists");
        let count = |name: &str| {
            let mut named = lists.iter().filter(|list| list["name"] == name);
            named.next().expect("the list")["count"].as_u64()
        };
        (count("unseen-brand"), count(&format!("new-since:{batch}")))
    };
    assert_eq!(since("1"), (Some(3), Some(5)));
    assert_eq!(since("2"), (Some(2), Some(3)));
    assert_eq!(since("3"), (Some(0), Some(0)));
    shop.run(&["todo", "--since", "9"]).ended(2);
    // The next delivery of the same supplier has seen them.
    deliver(
        &shop,
        "a",
        &rows(&["Brontal", "Kremora", "Zeltia", "Zeltia", "Brontal"]),
    );
    import(&shop, "a");
    assert_eq!(of("unseen-brand"), Some(1));
}

/// A price without a rate has no worth; a rate is a setting, and the index follows it.
#[test]
fn worth_is_compared_in_one_currency_by_rates_that_are_said() {
    let shop = corner_shop();
    let rows = "sku;name;price;stock\nA;Uno;10.00 EUR;5\nB;Dos;20.00 USD;5\nC;Tres;1.00 EUR;400\nD;Cuatro;9.00 EUR;\n";
    supplier(&shop, "norte", "", rows);
    import(&shop, "norte");
    let order = || {
        let found = shop.done(&["search", "*", "--sort", "-worth", "--json"]).json();
        let hits = found["hits"].as_array().expect("hits").iter();
        hits.map(|hit| hit["sku"].as_str().unwrap_or_default().to_owned())
            .collect::<String>()
    };
    assert_eq!(order(), "CABD");
    assert_eq!(lists(&shop).0["unrated"].1, 1);
    let file = shop.path("estante.toml");
    let settings = std::fs::read_to_string(&file).expect("settings");
    std::fs::write(&file, format!("{settings}\n[worth]\nrates = {{ USD = \"0.92\" }}\n")).expect("settings");
    assert_eq!(order(), "CBAD");
    assert_eq!(lists(&shop).0["unrated"].1, 0);
    std::fs::write(
        &file,
        format!("{settings}\n[worth]\nrates = {{ EUR = \"1\", USD = \"0\" }}\n"),
    )
    .expect("settings");
    let refused = shop.run(&["todo"]).ended(3);
    assert!(
        refused.err.contains("E-BAD-VALUE") && refused.err.contains("rates"),
        "{}",
        refused.err
    );
}

/// A brand is new too where known products take it on; a price that changes with all of them makes none.
#[test]
fn a_brand_that_known_products_take_on_was_never_seen_either() {
    let shop = corner_shop();
    let rows = |brands: &[&str], price: usize| {
        let rows = brands.iter().enumerate();
        let rows = rows.map(|(n, brand)| format!("S{n};P{n};{brand};M{n}M;{price}.50;{n}\n"));
        format!("sku;name;brand;mpn;price;stock\n{}", rows.collect::<String>())
    };
    let unseen = |query: &str| {
        let found = shop.done(&["search", query, "--sort", "sku", "--json"]).json();
        let hits = found["hits"].as_array().expect("hits").iter();
        hits.map(|hit| hit["sku"].as_str().unwrap_or_default().to_owned())
            .collect::<String>()
    };
    supplier(&shop, "a", "", &rows(&["Brontal", "Kremora", "Kremora", "Brontal"], 10));
    import(&shop, "a");
    deliver(&shop, "a", &rows(&["Nimbra", "Kremora", "Kremora", "Zeltia"], 11));
    import(&shop, "a");
    assert_eq!(unseen("unseen:brand"), "S0S3");
    // Nimbra in other letters is known since the delivery before.
    deliver(&shop, "a", &rows(&["Nimbra", "Tulvar", "Kremora", "NIMBRA"], 12));
    import(&shop, "a");
    assert_eq!(unseen("unseen:brand"), "S1");
    assert_eq!(unseen("unseen:brand>1"), "S0S1S3");
    // What is past retention is not called new.
    let file = shop.path("estante.toml");
    let settings = std::fs::read_to_string(&file).expect("settings");
    std::fs::write(&file, format!("{settings}\n[history]\nkeep_batches = 1\n")).expect("settings");
    shop.done(&["history", "prune", "--apply"]);
    assert_eq!(unseen("unseen:brand"), "S1");
    assert_eq!(unseen("unseen:brand>1"), "S1");
}

/// What a person says of a product after its supplier does not hide what the supplier brought.
#[test]
fn an_edit_hides_no_new_brand() {
    let shop = corner_shop();
    let list = |brand: &str| format!("sku;name;brand;price;stock\nS0;Uno;{brand};10.50;1\nS1;Dos;Kremora;10.50;1\n");
    supplier(&shop, "a", "", &list("Brontal"));
    import(&shop, "a");
    deliver(&shop, "a", &list("Nimbra"));
    import(&shop, "a");
    let unseen = || shop.done(&["search", "unseen:brand", "--json"]).json()["total"].clone();
    assert_eq!(unseen(), 1);
    shop.done(&["product", "set", "S0", "name=Dicho"]);
    assert_eq!(unseen(), 1);
}
