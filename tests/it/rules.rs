//! Rules from file to feed: tried before they work, shown with their origin, exported and indexed again when they change, never over a
//! person's word; and conditions that find what a search finds.

use crate::corner::{corner_shop, export, import, supplier};
use crate::support::Shop;
use serde_json::Value;

const RULES: &str = r##"
[[rule]]
id = "short-brand"
description = "No brand is no brand."
when = "brand:/^(n\\/a|sin marca)$/"
then = [{ clear = "brand" }]

[[rule]]
id = "hammers-are-brontal"
when = "name:martillos missing:brand"
then = [{ set = { attribute = "brand", value = "Brontal" } }, { concatenate = { to = "color", parts = [{ text = "de" }, { attribute = "brand" }, { attribute = "mpn" }] } }]

[[rule]]
id = "two-for-one"
when = "stock>1"
then = [{ calculate = { attribute = "price", formula = "round(price * 2 - 0.01 EUR, 2)" } }]
[[rule.example]]
given = { stock = "2", price = "10 EUR" }
expect = { price = "19.99 EUR" }
"##;

fn shop() -> Shop {
    let shop = corner_shop();
    let list = "sku;name;brand;mpn;price;stock\nA01;Martillo;N/A;B-1;10.50;3\nA02;Sierra;Sin marca;;11.50;1\nA03;Gran martillo;Acme;;;9\n";
    supplier(&shop, "norte", "", list);
    import(&shop, "norte");
    shop
}

fn field<'o>(offers: &'o crate::corner::Offers, sku: &str, name: &str) -> &'o str {
    &offers[sku][name]
}

fn hits(shop: &Shop, query: &str) -> Vec<String> {
    let found = shop.done(&["search", query, "--json"]).json();
    let hits = found["hits"].as_array().cloned().unwrap_or_default();
    let skus = hits.iter().filter_map(|hit| hit["sku"].as_str().map(str::to_owned));
    let mut skus: Vec<String> = skus.collect();
    skus.sort();
    skus
}

#[test]
fn rules_stand_between_people_and_suppliers() {
    let shop = shop();
    let before = export(&shop);
    assert_eq!(field(&before, "A01", "brand"), "N/A");
    shop.write("rules/all.toml", RULES);
    // The configuration moved, so the next export and the next search show what follows from it.
    let after = export(&shop);
    assert_eq!(field(&after, "A01", "brand"), "Brontal");
    assert_eq!(field(&after, "A01", "price"), "20.99 EUR");
    assert_eq!(field(&after, "A02", "brand"), "Noname");
    assert_eq!(field(&after, "A02", "price"), "11.50 EUR");
    assert_eq!(hits(&shop, "missing:brand"), ["A02"]);
    assert_eq!(hits(&shop, "price:20..21"), ["A01"]);

    let shown = shop.done(&["product", "show", "A01", "--layers"]).out;
    for line in [
        "rules",
        "price",
        "rules/all.toml:14",
        "two-for-one",
        "the rule two-for-one wins",
        "the rule hammers-are-brontal wins",
    ] {
        assert!(shown.contains(line), "{line} in {shown}");
    }

    let shown = shop.done(&["product", "show", "A02", "--layers"]).out;
    assert!(shown.contains("a rule takes it away"), "{shown}");

    // A person's word stands, and rules heed it.
    shop.done(&["product", "set", "A01", "brand=N/A", "price=5 EUR", "--quiet"]);
    let edited = export(&shop);
    assert_eq!(field(&edited, "A01", "brand"), "N/A");
    assert_eq!(field(&edited, "A01", "price"), "5.00 EUR");
    let shown = shop.done(&["product", "show", "A01", "--json"]).json();
    let rules = shown["layers"]
        .as_array()
        .into_iter()
        .flatten()
        .find(|layer| layer["source"] == "rules");
    let claims = rules
        .and_then(|layer| layer["values"].as_array())
        .expect("the rules have a layer");
    assert_eq!(claims.len(), 2, "{claims:#?}");
    for claim in claims {
        assert_eq!(
            (&claim["wins"], &claim["reason"]),
            (&Value::from(false), &Value::from("the editor wins"))
        );
        assert_eq!(claim["file"], "rules/all.toml");
    }
    // Without its rules the shop is as it was.
    shop.done(&["product", "clear", "A01", "brand", "price", "--quiet"]);
    std::fs::remove_dir_all(shop.path("rules")).expect("the folder can be removed");
    assert_eq!(export(&shop), before);
}

#[test]
fn rules_are_tried_before_they_work() {
    let shop = shop();
    let refused = shop.run(&["rules", "try"]).ended(2);
    assert!(refused.err.contains("the workspace has no rules"), "{}", refused.err);
    shop.write("rules/all.toml", RULES.replace("missing:brand\"", "brand:none\""));
    let listed = shop.done(&["rules", "list", "--json"]).json();
    let ids: Vec<&str> = listed["rules"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|rule| rule["rule"].as_str())
        .collect();
    assert_eq!(ids, ["short-brand", "hammers-are-brontal", "two-for-one"]);
    assert_eq!(
        listed["rules"][1]["then"],
        serde_json::json!(["set brand", "concatenate color"])
    );

    let files = shop.files("");
    let tried = shop.done(&["rules", "try", "--json"]).json();
    assert_eq!(
        (&tried["looked_at"], &tried["changed"]),
        (&Value::from(3), &Value::from(2))
    );
    let counts = |n: usize| {
        let rule = &tried["rules"][n];
        ["products", "changed", "values", "kept"].map(|key| rule[key].as_u64().expect("it is a number"))
    };
    assert_eq!(
        (counts(0), counts(1), counts(2)),
        ([2, 2, 2, 0], [1, 1, 2, 0], [2, 1, 1, 0])
    );
    assert_eq!(
        tried["rules"][2]["stopped"],
        serde_json::json!({ "`price` says nothing": 1 })
    );
    let values = tried["products"][0]["values"].as_array().expect("values are a list");
    let shown = |value: &Value| {
        format!(
            "{} {} {} {}",
            value["rule"], value["attribute"], value["before"], value["after"]
        )
        .replace('"', "")
    };
    assert_eq!(
        values.iter().map(shown).collect::<Vec<String>>(),
        [
            "short-brand brand N/A null",
            "hammers-are-brontal brand null Brontal",
            "hammers-are-brontal color null de B-1",
            "two-for-one price 10.50 EUR 20.99 EUR",
        ]
    );
    // One rule, on what a query finds.
    let one = shop
        .done(&["rules", "try", "two-for-one", "stock>0", "price>0", "--json"])
        .json();
    assert_eq!(
        (one["rules"].as_array().map(Vec::len), &one["looked_at"]),
        (Some(1), &Value::from(2))
    );
    let text = shop
        .done(&["rules", "try", "two-for-one", "A01", "A03", "--limit", "1"])
        .out;
    assert!(text.contains("price: 10.50 EUR → 20.99 EUR  two-for-one"), "{text}");
    assert!(text.contains("two-for-one: 1 × `price` says nothing"), "{text}");
    // An index may have been made for the query; nothing else is written.
    let index = |name: &String| name.starts_with(".estante/index") || name.starts_with(".estante/catalog");
    let kept = |files: &std::collections::BTreeMap<String, Vec<u8>>| {
        files
            .iter()
            .filter(|(name, _)| !index(name))
            .map(|(name, bytes)| (name.clone(), bytes.clone()))
            .collect::<Vec<_>>()
    };
    assert_eq!(kept(&files), kept(&shop.files("")));
}

#[test]
fn an_unsound_rule_stops_the_command_with_its_place() {
    let shop = shop();
    shop.write(
        "rules/all.toml",
        RULES.replace("19.99 EUR", "20 EUR").replace("stock>1", "stok>1"),
    );
    let refused = shop.run(&["schema", "check"]).ended(3);
    assert!(refused.err.contains("rules/all.toml:15"), "{}", refused.err);
    assert!(refused.err.contains("did you mean `stock`?"), "{}", refused.err);
    shop.write("rules/all.toml", RULES.replace("19.99 EUR", "20 EUR"));
    let refused = shop.run(&["schema", "check"]).ended(3);
    assert!(
        refused
            .err
            .contains("the example expects `20.00 EUR` and gets `19.99 EUR`"),
        "{}",
        refused.err
    );
    let twice = "[[rule]]\nid = \"again\"\nthen = [{ set = { attribute = \"price\", value = \"1 EUR\" } }]\n";
    shop.write("rules/all.toml", format!("{RULES}{twice}"));
    let checked = shop.done(&["schema", "check"]).out;
    assert!(
        checked.contains("W-RULE-OVERWRITES") && checked.contains("4 rules"),
        "{checked}"
    );
}

/// What a rule is for is what a search finds, condition by condition, over the sample shop.
#[test]
fn rules_and_searches_speak_one_language() {
    let shop = Shop::sample();
    // Rules come before templates, and do not see what those write.
    std::fs::remove_dir_all(shop.path("copy")).expect("the folder can be removed");
    shop.done(&["run", "--quiet"]);
    let queries = [
        "name:taladro",
        "name:taladros -brand:torvanda",
        "name:\"juego de brocas\"",
        "name@en:drill OR name@de:bohrmaschine",
        "description:bater*",
        "brand=torvanda",
        "voltage:18v",
        "weight:<2kg",
        "weight:500g..1500g",
        "price:..9,99 stock>0",
        "category:tools",
        "family:power_tools -family:drills",
        "missing:image",
        "image>2",
        "color:negro,blanco",
        "-missing:color (stock=0 OR price>100)",
        "has:gtin missing:mpn",
        "missing:name@en",
        "cordless:si",
        "active:no OR active:yes",
        "material:algodon",
    ];
    let rules: Vec<String> = queries
        .iter()
        .enumerate()
        .map(|(n, query)| {
            let query = toml::Value::String((*query).to_owned());
            // A value that nothing else reads, so that no rule changes what the next is for.
            format!("[[rule]]\nid = \"q{n}\"\nwhen = {query}\nthen = [{{ add = {{ attribute = \"documents\", values = [\"https://a.example/{n}.pdf\"] }} }}]\n")
        })
        .collect();
    shop.write("rules/zz-queries.toml", rules.concat());
    let tried = shop.done(&["rules", "try", "--limit", "0", "--json"]).json();
    let mut found = 0;
    for (n, query) in queries.iter().enumerate() {
        let of_rule = tried["rules"]
            .as_array()
            .into_iter()
            .flatten()
            .find(|rule| rule["rule"] == format!("q{n}"));
        let products = of_rule
            .and_then(|rule| rule["products"].as_u64())
            .expect("the rule was tried");
        let total = shop.done(&["search", query, "--limit", "0", "--json"]).json()["total"].as_u64();
        assert_eq!(Some(products), total, "{query}");
        found += u64::from(products > 0);
    }
    assert!(found >= 18, "only {found} of the queries find anything");
}
