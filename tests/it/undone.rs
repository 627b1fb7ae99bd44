//! Batches taken back after others came: value by value, what nobody has said something of since is as it was before.

use crate::corner::{corner_shop, deliver, export, import, supplier};
use crate::support::Shop;
use serde_json::{Value, json};

/// Lists of two items, of which each day says something else.
fn day(first: &str, second: &str) -> String {
    format!("sku;name;color;price;stock\nA;{first}\nB;{second}\n")
}

fn shop(days: &[(&str, &str)]) -> Shop {
    let shop = corner_shop();
    let mut days = days.iter();
    let (first, second) = days.next().expect("there is a first day");
    supplier(&shop, "norte", "", &day(first, second));
    import(&shop, "norte");
    for (first, second) in days {
        deliver(&shop, "norte", &day(first, second));
        import(&shop, "norte");
    }
    shop
}

/// What a product says of an attribute, and the batch that said it.
fn said(shop: &Shop, sku: &str, attribute: &str) -> (Value, Value) {
    let shown = shop.done(&["product", "show", sku, "--json"]).json();
    let values = shown["values"].as_array().expect("values").iter();
    let found = values.clone().find(|value| value["attribute"] == attribute);
    found.map_or((Value::Null, Value::Null), |value| {
        (value["value"].clone(), value["batch"].clone())
    })
}

#[test]
fn what_later_batches_left_alone_is_taken_back_and_the_rest_is_listed() {
    let shop = shop(&[
        ("Uno;rojo;10.00;1", "Dos;azul;20.00;1"),
        ("Primero;verde;11.00;1", "Dos;azul;21.00;1"),
        ("Primero;verde;12.00;5", "Dos;azul;21.00;7"),
    ]);
    let planned = shop.done(&["undo", "2", "--plan", "--json"]).json();
    let values: Vec<String> = planned["changes"]
        .as_array()
        .expect("changes")
        .iter()
        .flat_map(|entry| {
            let values = entry["values"].as_array().cloned().unwrap_or_default();
            let sku = entry["sku"].as_str().unwrap_or_default().to_owned();
            values.into_iter().map(move |value| {
                format!(
                    "{sku} {} {}",
                    value["attribute"].as_str().unwrap_or_default(),
                    value["after"].as_str().unwrap_or("–")
                )
            })
        })
        .collect();
    assert_eq!(values, ["A color rojo", "A name Uno", "B price 20.00 EUR"]);
    let done = shop.done(&["undo", "2", "--json"]).json();
    assert_eq!((&done["restored"], &done["kept"]), (&json!(2), &json!(["A"])));
    assert_eq!(done["kept_values"], json!([{ "sku": "A", "attribute": "price" }]));
    let told = |sku: &str| ["name", "color", "price", "stock"].map(|attribute| said(&shop, sku, attribute));
    assert_eq!(
        told("A"),
        [("Uno", 1), ("rojo", 1), ("12.00 EUR", 3), ("5", 3)].map(|(value, batch)| (json!(value), json!(batch)))
    );
    assert_eq!(
        told("B"),
        [("Dos", 1), ("azul", 1), ("20.00 EUR", 1), ("7", 3)].map(|(value, batch)| (json!(value), json!(batch)))
    );
    // Twice is once.
    assert_eq!(shop.done(&["undo", "2", "--json"]).json()["batch"], Value::Null);
    // What came before the third day was taken back: it does not come back with it.
    shop.done(&["undo", "3"]);
    assert_eq!(said(&shop, "A", "price"), (json!("10.00 EUR"), json!(1)));
    assert_eq!(said(&shop, "A", "stock"), (json!("1"), json!(1)));
    assert_eq!(said(&shop, "B", "stock"), (json!("1"), json!(1)));
    // The supplier's list of today is read anew, and is as it would have been.
    let again = import(&shop, "norte");
    assert_eq!(
        (&again["changed"], &again["unchanged"]),
        (&json!(2), &json!(0)),
        "{again:#}"
    );
    assert_eq!(said(&shop, "A", "price").0, "12.00 EUR");
    shop.done(&["verify"]);
}

/// In any order, what came after a day is taken back to that day.
#[test]
fn all_batches_taken_back_in_any_order_leave_the_first_day() {
    let days = [
        ("Uno;rojo;10.00;1", "Dos;azul;20.00;1"),
        ("Primero;rojo;11.00;1", "Dos;azul;21.00;2"),
        ("Primero;verde;12.00;5", "Segundo;azul;22.00;2"),
        ("Uno;verde;13.00;5", "Segundo;;23.00;3"),
    ];
    let whole = shop(&days);
    let first = export(&shop(&days[..1]));
    for order in [
        ["2", "3", "4"],
        ["4", "3", "2"],
        ["3", "4", "2"],
        ["2", "4", "3"],
        ["3", "2", "4"],
        ["4", "2", "3"],
    ] {
        let shop = whole.twin();
        // Of a batch all of which was said again since there is nothing to take back, until what came since is.
        for batch in order.iter().chain(&order) {
            shop.done(&["undo", batch]);
        }
        assert_eq!(export(&shop), first, "{order:?}");
        assert_eq!(said(&shop, "A", "name"), (json!("Uno"), json!(1)), "{order:?}");
        shop.done(&["verify"]);
    }
}

/// A person's edits are taken back one by one, whatever was said of the same product since.
#[test]
fn an_edit_is_taken_back_beneath_later_ones() {
    let shop = shop(&[("Uno;rojo;10.00;1", "Dos;azul;20.00;1")]);
    shop.done(&["product", "set", "A", "name@es=A mano"]);
    shop.done(&["product", "set", "A", "color=negro"]);
    shop.done(&["product", "set", "A", "color=blanco", "brand=Casa"]);
    shop.done(&["undo", "2"]);
    assert_eq!(
        (said(&shop, "A", "name"), said(&shop, "A", "color").0),
        ((json!("Uno"), json!(1)), json!("blanco"))
    );
    let kept = shop.done(&["undo", "3"]).out;
    assert!(kept.contains("A (color)"), "{kept}");
    shop.done(&["undo", "4"]);
    assert_eq!(
        (said(&shop, "A", "color").0, said(&shop, "A", "brand").0),
        (json!("negro"), Value::Null)
    );
    shop.done(&["undo", "3"]);
    assert_eq!(said(&shop, "A", "color"), (json!("rojo"), json!(1)));
    let log = shop.done(&["log", "A", "--json"]).json();
    assert!(
        log["changes"].as_array().is_some_and(|changes| changes.len() >= 8),
        "{log:#}"
    );
    shop.done(&["verify"]);
}

/// Where a batch was taken back as far as nobody had said something since, the batch that had does not bring the rest back.
#[test]
fn a_batch_does_not_bring_back_what_was_taken_back_beneath_it() {
    let shop = shop(&[
        ("Uno;rojo;10.00;5", "Dos;azul;20.00;1"),
        ("Uno;verde;10.00;1", "Dos;azul;21.00;1"),
        ("Uno;negro;10.00;2", "Dos;azul;21.00;2"),
    ]);
    // Of A all was said again, of B the price is taken back.
    let done = shop.done(&["undo", "2", "--json"]).json();
    assert_eq!((&done["restored"], &done["kept"]), (&json!(1), &json!(["A"])));
    shop.done(&["undo", "3"]);
    for (sku, attribute, value) in [
        ("A", "color", "rojo"),
        ("A", "stock", "5"),
        ("B", "price", "20.00 EUR"),
        ("B", "stock", "1"),
    ] {
        assert_eq!(
            said(&shop, sku, attribute),
            (json!(value), json!(1)),
            "{sku} {attribute}"
        );
    }
    shop.done(&["verify"]);
}

/// What a batch that was taken back said for the first time does not come back with what was said over it.
#[test]
fn a_first_word_does_not_come_back() {
    let shop = shop(&[("Uno;rojo;10.00;1", "Dos;azul;20.00;1")]);
    shop.done(&["product", "set", "A", "name@es=Primero", "price=12.00"]);
    shop.done(&["product", "set", "A", "name@es=Segundo"]);
    shop.done(&["undo", "2"]);
    assert_eq!(
        (said(&shop, "A", "name").0, said(&shop, "A", "price").0),
        (json!("Segundo"), json!("10.00 EUR"))
    );
    shop.done(&["undo", "3"]);
    assert_eq!(said(&shop, "A", "name"), (json!("Uno"), json!(1)));
    let layers = shop.done(&["product", "show", "A", "--layers", "--json"]).json()["layers"].clone();
    assert_eq!(layers.as_array().map(Vec::len), Some(1), "{layers:#}");
    shop.done(&["verify"]);
}

/// What others said since of the same values stays, and is listed with who says it.
#[test]
fn what_others_said_since_is_listed() {
    let shop = shop(&[
        ("Uno;rojo;10.00;1", "Dos;azul;20.00;1"),
        ("Primero;rojo;11.00;1", "Dos;azul;20.00;1"),
    ]);
    shop.done(&["product", "set", "A", "name@es=A mano", "color=negro"]);
    let listed = json!([{ "sku": "A", "attribute": "name@es", "source": "editor", "batch": 3 }]);
    let planned = shop.done(&["undo", "2", "--plan", "--json"]).json();
    assert_eq!(planned["said_since"], listed);
    let done = shop.twin().done(&["undo", "2", "--json"]).json();
    assert_eq!((&done["said_since"], &done["kept"]), (&listed, &json!([])));
    let plan = planned["plan"].as_str().expect("a plan waits");
    let text = shop.done(&["apply", plan]).out;
    assert!(
        text.contains("said by others since, which stays: A name@es (editor, batch 3)"),
        "{text}"
    );
    assert_eq!(
        (said(&shop, "A", "name").0, said(&shop, "A", "price").0),
        (json!("A mano"), json!("10.00 EUR"))
    );
}

/// Lets go of the history of all but the last batches.
fn prune(shop: &Shop, keep: usize) {
    let settings = shop.read("estante.toml");
    shop.write(
        "estante.toml",
        format!("{settings}\n[history]\nkeep_batches = {keep}\n"),
    );
    shop.done(&["history", "prune", "--apply"]);
}

/// Where an older batch was taken back later and its history is let go, nobody knows what lay beneath: what it may have touched stays as it
/// is, and is told. Neither goes what stands, nor comes back what was taken back.
#[test]
fn what_nobody_knows_any_more_stays_as_it_is() {
    let shop = shop(&[
        ("Uno;rojo;10.00;5", "Dos;azul;20.00;1"),
        ("Primero;verde;10.00;1", "Dos;azul;20.00;1"),
        ("Primero;negro;10.00;2", "Dos;azul;20.00;1"),
    ]);
    // B goes with its only batch; A stays as it came, since later ones speak of it.
    let done = shop.done(&["undo", "1", "--json"]).json();
    assert_eq!((&done["removed"], &done["kept"]), (&json!(1), &json!(["A"])));
    let whole = shop.twin();
    whole.done(&["undo", "3"]);
    assert_eq!(said(&whole, "A", "color"), (json!("verde"), json!(2)));
    prune(&shop, 2);
    let planned = shop.done(&["undo", "3", "--plan"]).out;
    assert!(planned.contains("past retention"), "{planned}");
    let done = shop.done(&["undo", "3", "--json"]).json();
    assert_eq!((&done["batch"], &done["kept"]), (&Value::Null, &json!(["A"])));
    let text = shop.done(&["undo", "3"]).out;
    assert!(text.contains("past retention: A"), "{text}");
    assert_eq!(said(&shop, "A", "color"), (json!("negro"), json!(3)));
    shop.done(&["verify"]);
}

#[test]
fn what_was_taken_back_stays_so_without_its_history() {
    let shop = shop(&[("Uno;rojo;10.00;1", "Dos;azul;20.00;1")]);
    shop.done(&["product", "set", "A", "name@es=Primero", "color=gris"]);
    shop.done(&["product", "set", "A", "name@es=Segundo", "price=12.00"]);
    shop.done(&["product", "set", "B", "color=gris"]);
    deliver(&shop, "norte", &day("Uno;rojo;10.00;9", "Dos;azul;20.00;1"));
    import(&shop, "norte");
    shop.done(&["undo", "2"]);
    prune(&shop, 4);
    let done = shop.done(&["undo", "3", "--json"]).json();
    assert_eq!((&done["batch"], &done["kept"]), (&Value::Null, &json!(["A"])));
    let words = ["name", "color", "price"].map(|attribute| said(&shop, "A", attribute).0);
    assert_eq!(words, ["Segundo", "rojo", "12.00 EUR"].map(Value::from));
    // What it cannot have touched goes back: a product that is younger, and the supplier's own words.
    shop.done(&["undo", "4"]);
    assert_eq!(said(&shop, "B", "color"), (json!("azul"), json!(1)));
    shop.done(&["undo", "5"]);
    assert_eq!(said(&shop, "A", "stock"), (json!("1"), json!(1)));
    shop.done(&["verify"]);
}
