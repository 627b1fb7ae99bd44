//! Guards of single attributes: what is asked of the price can be asked of every number, and the loss of every value.

use crate::corner::{codes, corner_shop, deliver, import, number, supplier, tally};
use crate::support::Shop;
use serde_json::Value;
use std::fmt::Write as _;

/// A shop that knows weights, costs, sale prices and temperatures.
fn shop(guards: &str) -> Shop {
    let shop = corner_shop();
    let more = "weight = { kind = \"measure\", unit = \"kg\" }\ncost = { kind = \"money\", role = \"offer\" }
sale_price = { kind = \"money\", role = \"offer\" }\nwarmth = { kind = \"integer\" }\n";
    shop.edit("schemas/all.toml", "color = {", &format!("{more}color = {{"));
    supplier(&shop, "norte", "", "");
    let columns = "weight = { column = \"weight\", unit = \"g\", optional = true }
cost = { column = \"cost\", optional = true }\nsale_price = { column = \"sale\", optional = true }
warmth = { column = \"warmth\", optional = true }\n";
    let file = "suppliers/norte/supplier.toml";
    shop.write(file, format!("{}{columns}\n{guards}", shop.read(file)));
    shop
}

/// Forty items: SKU, price, weight in grams (blank for none), colour.
fn list(weight: impl Fn(u64) -> Option<u64>) -> String {
    let mut text = String::from("sku;price;weight;color\n");
    for n in 0..40 {
        let weight = weight(n).map_or_else(String::new, |grams| grams.to_string());
        writeln!(text, "S{n:02};{}.00;{weight};C{n}", 10 + n).expect("a text takes all");
    }
    text
}

fn grams(n: u64) -> u64 {
    400 + 37 * n
}

/// What comes of two deliveries, the first of which is taken whole.
#[track_caller]
fn comes(guards: &str, next: &str) -> (Shop, Value) {
    let shop = shop(guards);
    deliver(&shop, "norte", &list(|n| Some(grams(n))));
    assert_eq!(tally(&import(&shop, "norte")), "40 new");
    deliver(&shop, "norte", next);
    let document = import(&shop, "norte");
    (shop, document)
}

/// The message of the first finding with a code.
fn message(document: &Value, code: &str) -> String {
    let findings = document["diagnostics"].as_array().into_iter().flatten();
    let mut texts = findings.filter(|finding| finding["code"] == code);
    let text = texts
        .next()
        .map(|finding| finding["message"].as_str().unwrap_or_default());
    text.unwrap_or_else(|| panic!("no {code} in {document:#}")).to_owned()
}

#[test]
fn pounds_read_as_kilograms_hold_every_weight() {
    let guards = "[guards.attributes.weight]\ncommon_factor = \"30%\"\n";
    let pounds = list(|n| Some(grams(n) * 2_204_622 / 1_000_000));
    let (shop, document) = comes(guards, &pounds);
    assert_eq!(tally(&document), "40 held");
    assert_eq!(
        message(&document, "G-COMMON-FACTOR"),
        "40 of 40 changes of `weight` share the factor 2.204622622, which is between pounds and kilograms"
    );
    // Each weight changed for itself shares nothing.
    deliver(&shop, "norte", &list(|n| Some(grams(n) * (110 + n * 9) / 100)));
    assert_eq!(tally(&import(&shop, "norte")), "40 changed");
    // Nobody watches weights unless told so.
    let (_, document) = comes("", &pounds);
    assert_eq!(tally(&document), "40 changed");
}

#[test]
fn numbers_that_move_together_or_far_are_held_as_prices_are() {
    let guards = "[guards.attributes.weight]\nratio = \"3\"\ntrips = \"10%\"\nmoves = \"50%\"\nsame = \"25%\"\n";
    // One wild weight holds its item.
    let (shop, document) = comes(guards, &list(|n| Some(if n == 7 { 40 } else { grams(n) + n % 2 })));
    assert_eq!(tally(&document), "19 changed, 20 unchanged, 1 held");
    assert_eq!(codes(&document), ["G-RATIO"]);
    assert_eq!(
        message(&document, "G-RATIO"),
        "`weight` moves by more than a factor of 3"
    );
    // Twenty of them hold all changes.
    deliver(
        &shop,
        "norte",
        &list(|n| Some(if n < 20 { grams(n) * (4 + n) } else { grams(n) + 5 })),
    );
    let document = import(&shop, "norte");
    assert_eq!(tally(&document), "40 held");
    assert_eq!(
        message(&document, "G-VALUES-TRIP"),
        "`weight` moves by more than a factor of 3 in 20 of 40 items"
    );
    deliver(&shop, "norte", &list(|n| Some(grams(n) * (115 + n % 10) / 100)));
    let document = import(&shop, "norte");
    assert_eq!(
        message(&document, "G-VALUES-MOVE"),
        "`weight` moves by more than a tenth in 40 of 40 items"
    );
    deliver(
        &shop,
        "norte",
        &list(|n| Some(if n % 2 == 0 { 1_000 } else { grams(n) + 1 })),
    );
    let document = import(&shop, "norte");
    assert!(
        message(&document, "G-SAME-VALUE").starts_with("20 items fall together"),
        "{document:#}"
    );
    assert_eq!(number(&document, "held"), 20);
    // They are settled like any other, by their code.
    let batch = number(&document, "batch").to_string();
    let told = shop
        .done(&["batches", "--json", "--held", &batch, "--accept", "G-SAME-VALUE"])
        .json();
    assert_eq!(told["accepted"].as_array().map(Vec::len), Some(20), "{told:#}");
    shop.done(&["verify"]);
}

#[test]
fn values_that_many_items_lose_are_held() {
    let guards = "[guards.attributes]\nweight = { blank = \"30%\" }\ncolor = { blank = \"30%\" }\n";
    let some = |most: u64| list(move |n| (n >= most).then(|| grams(n)));
    // Below the least number of items, and below the share, nothing is said.
    let (shop, document) = comes(guards, &some(19));
    assert_eq!(
        (tally(&document), codes(&document)),
        ("40 unchanged".to_owned(), vec![])
    );
    deliver(&shop, "norte", &some(25));
    let document = import(&shop, "norte");
    assert_eq!(tally(&document), "15 unchanged, 25 held");
    assert_eq!(message(&document, "G-VALUE-BLANK"), "25 of 40 items lost `weight`");
    // What is cleared is lost as well, and would be gone.
    let cleared = list(|n| Some(grams(n)))
        .lines()
        .enumerate()
        .fold(String::new(), |text, (n, line)| {
            let color = line.rsplit(';').next().unwrap_or_default();
            match (1..=30).contains(&n) {
                true => text + line.strip_suffix(color).unwrap_or(line) + "#BORRAR\n",
                false => text + line + "\n",
            }
        });
    deliver(&shop, "norte", &cleared);
    let document = import(&shop, "norte");
    assert_eq!(tally(&document), "10 unchanged, 30 held", "{document:#}");
    assert_eq!(message(&document, "G-VALUE-BLANK"), "30 of 40 items lost `color`");
    let shown = shop.done(&["product", "show", "S00", "--json"]).json();
    assert_eq!(shown["values"][0]["value"], "C0", "{shown:#}");
    // A column that is not there says nothing.
    deliver(&shop, "norte", "sku;price\nS00;10.00\nS01;11.00\n");
    assert_eq!(number(&import(&shop, "norte"), "held"), 0);
}

#[test]
fn floors_ceilings_costs_and_currencies_are_told_of_each_attribute() {
    let guards =
        "[guards.attributes]\nwarmth = { floor = \"-20\", ceiling = \"60\" }\nsale_price = { below_cost = true }\n";
    let shop = shop(guards);
    let head = "sku;price;sale;cost;warmth\n";
    let first = "A;30.00;20.00;10.00;-20\nB;30.00;20.00;10.00;61\nC;30.00;9.00;10.00;0\nD;30.00;20.00;10.00;-21\n";
    deliver(&shop, "norte", &[head, first].concat());
    let document = import(&shop, "norte");
    assert_eq!(tally(&document), "1 new, 3 held");
    assert_eq!(codes(&document), ["G-BELOW-COST", "G-VALUE-FLOOR", "G-VALUE-CEILING"]);
    assert_eq!(message(&document, "G-BELOW-COST"), "`sale_price` is below the cost");
    assert_eq!(message(&document, "G-VALUE-FLOOR"), "`warmth` is below -20");
    // Any amount of money in another currency is held, unless it is meant.
    let second = "A;30.00;20.00 USD;10.00;-20\n";
    deliver(&shop, "norte", &[head, second].concat());
    let document = shop.done(&["import", "norte", "--json"]).json();
    assert_eq!(
        message(&document, "G-CURRENCY"),
        "`sale_price` is in another currency than before"
    );
    let file = "suppliers/norte/supplier.toml";
    shop.edit(file, "below_cost = true", "currency = false");
    let document = shop.done(&["import", "norte", "--json"]).json();
    assert!(!codes(&document).contains(&"G-CURRENCY".to_owned()), "{document:#}");
}

/// What is said nearer wins: the supplier before the workspace, the attribute before the price as such.
#[test]
fn what_is_said_nearer_holds() {
    let next = list(|n| Some(grams(n) * if n == 3 { 6 } else { 1 })).replace("S05;15.00", "S05;50.00");
    let told = |workspace: &str, own: &str| {
        let shop = shop(own);
        let settings = shop.read("estante.toml");
        shop.write("estante.toml", format!("{settings}\n{workspace}"));
        deliver(&shop, "norte", &list(|n| Some(grams(n))));
        assert_eq!(tally(&import(&shop, "norte")), "40 new");
        deliver(&shop, "norte", &next);
        codes(&import(&shop, "norte"))
    };
    let all = "[guards]\nprice_ratio = \"4\"\nratios = { weight = \"5\" }\n";
    assert_eq!(told(all, ""), ["G-RATIO"]);
    assert_eq!(
        told(all, "[guards.attributes]\nprice.ratio = \"3\"\nweight.ratio = \"7\"\n"),
        ["G-PRICE-RATIO"]
    );
    assert_eq!(told(all, "[guards]\nratios = { weight = \"7\" }\n"), [""; 0]);
    let nearer = "[guards]\nprice_ratio = \"2\"\n[guards.attributes]\nprice.ratio = \"4\"\n";
    assert_eq!(told(nearer, ""), [""; 0]);
    assert_eq!(told(nearer, "[guards]\nprice_ratio = \"3\"\n"), ["G-PRICE-RATIO"]);
}

#[test]
fn settings_that_say_nothing_are_told() {
    for (guards, what) in [
        ("color = { ratio = \"2\" }", "not an attribute that is a number"),
        ("weight = { below_cost = true }", "not an attribute that is money"),
        ("weight = { trips = \"5%\" }", "says nothing without `ratio`"),
        ("weight = { ratio = \"0.5\" }", "not a factor above 1"),
        ("cost = { floor = \"-1\" }", "not an amount"),
        ("wieght = { ratio = \"2\" }", "not an attribute of the schema"),
        ("weight = { ratios = \"2\" }", "ratio"),
    ] {
        let shop = shop(&format!("[guards.attributes]\n{guards}\n"));
        let told = shop.run(&["import", "norte", "--json"]).ended(3).json();
        let fault = &told["diagnostics"][0];
        assert!(fault.to_string().contains(what), "{guards}: {told:#}");
        assert!(fault["line"].as_u64() > Some(20), "{guards}: {told:#}");
    }
}

/// What is asked of a file as a whole can be left out for suppliers who send such files.
#[test]
fn files_that_always_look_broken_are_taken_where_the_settings_say_so() {
    let whole = list(|n| Some(grams(n)));
    let next = whole.replace("S00;10.00", "S00;10.50");
    let (shop, document) = comes("[guards]\nlast_line_end = false\n", next.trim_end());
    assert_eq!(tally(&document), "1 changed, 39 unchanged");
    assert_eq!(codes(&document), [""; 0]);
    let told = |setting: &str, next: &str| {
        let (_, document) = comes(&format!("[guards]\n{setting}\n"), next);
        codes(&document)
    };
    let empty = "sku;price;weight;color\n";
    assert!(told("no_rows = true", empty).contains(&"G-NO-ROWS".to_owned()));
    assert!(!told("no_rows = false", empty).contains(&"G-NO-ROWS".to_owned()));
    let cut = format!("{whole}S90;5.00;1;c;d");
    assert!(told("", &cut).contains(&"G-CUT-SHORT".to_owned()));
    assert!(!told("cut_short = false\nlast_line_end = false", &cut).contains(&"G-CUT-SHORT".to_owned()));
    shop.done(&["verify"]);
}
