//! Edits that rest on what was seen: written while it is so, refused once somebody said something else.

use crate::corner::{codes, corner_shop, deliver, import, supplier, value};
use crate::support::{Answer, Shop};
use serde_json::Value;

const LIST: &str = "sku;name;price;stock\nA1;Taladro;10.00;3\nA2;Sierra;20.00;5\n";

fn shop() -> Shop {
    let shop = corner_shop();
    supplier(&shop, "norte", "", LIST);
    import(&shop, "norte");
    shop
}

/// Refused, and nothing is written.
#[track_caller]
fn refused(shop: &Shop, args: &[&str]) -> Answer {
    let before = shop.done(&["batches", "--json"]).json();
    let mut args = args.to_vec();
    args.push("--json");
    let answer = shop.run(&args).ended(5);
    assert_eq!(shop.done(&["batches", "--json"]).json(), before);
    answer
}

#[track_caller]
fn message(answer: &Answer) -> String {
    answer.json()["diagnostics"][0]["message"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

#[test]
fn an_edit_passes_while_it_is_as_it_was_seen() {
    let shop = shop();
    let done = shop.done(&[
        "product",
        "set",
        "A1",
        "name=Taladro Kremora",
        "--was",
        "Taladro",
        "--json",
    ]);
    assert_eq!(done.json()["changed"], serde_json::json!(["name@es"]));
    // As it is shown, or as it is typed; `color` is said by nobody.
    let args = [
        "product",
        "set",
        "A1",
        "price=11",
        "color=rojo",
        "--was",
        "10",
        "--was",
        "",
    ];
    shop.done(&args);
    assert_eq!(value(&shop, "A1", "price").as_deref(), Some("11.00 EUR"));
    // Done once, it may be asked again: it is as wanted.
    assert_eq!(shop.done(&args[..]).out.trim(), "A1: nothing to change");
    shop.done(&["product", "clear", "A1", "price", "--was", "11.00 EUR"]);
    assert_eq!(value(&shop, "A1", "price").as_deref(), Some("10.00 EUR"));
    // A value that begins like a flag is a value.
    shop.done(&["product", "set", "A1", "color=-1", "--was", "rojo"]);
    shop.done(&["product", "set", "A1", "color=azul", "--was", "-1"]);
}

#[test]
fn what_an_import_changed_meanwhile_is_not_overwritten_unseen() {
    let shop = shop();
    deliver(&shop, "norte", &LIST.replace("Taladro", "Taladro percutor"));
    import(&shop, "norte");
    let answer = refused(
        &shop,
        &["product", "set", "A1", "name=Taladro Kremora", "--was", "Taladro"],
    );
    let told = answer.json();
    assert_eq!(codes(&told), ["E-CHANGED-SINCE"]);
    assert_eq!(
        (
            &told["diagnostics"][0]["sku"],
            &told["diagnostics"][0]["value"],
            &told["exit_code"]
        ),
        (&Value::from("A1"), &Value::from("Taladro"), &Value::from(5))
    );
    let at = shop.done(&["log", "2", "--json"]).json()["at"]
        .as_str()
        .unwrap_or("none")
        .to_owned();
    assert_eq!(
        message(&answer),
        format!(
            "name@es was \"Taladro\", and by now supplier:norte says \"Taladro percutor\" since batch 2 of {at} \
             (suppliers/norte/list.csv:2)"
        )
    );
    let help = told["diagnostics"][0]["help"].as_str().unwrap_or_default().to_owned();
    assert!(
        help.contains("estante product show A1 --history") && help.contains("--was \"Taladro percutor\""),
        "{help}"
    );
    assert_eq!(value(&shop, "A1", "name").as_deref(), Some("Taladro percutor"));
    shop.done(&[
        "product",
        "set",
        "A1",
        "name=Taladro Kremora",
        "--was",
        "Taladro percutor",
    ]);
}

#[test]
fn the_second_of_two_editors_is_told_of_the_first() {
    let shop = shop();
    shop.done(&["product", "set", "A1", "name=Uno", "--was", "Taladro"]);
    let answer = refused(&shop, &["product", "set", "A1", "name=Dos", "--was", "Taladro"]);
    assert!(
        message(&answer).contains("by now editor says \"Uno\" since batch 2 of "),
        "{}",
        answer.out
    );
    let answer = refused(&shop, &["product", "clear", "A1", "name", "--was", "Taladro"]);
    assert!(message(&answer).contains("editor says \"Uno\""), "{}", answer.out);
    // Of several, one that moved stops all, and each that moved is told.
    let args = ["product", "set", "A1", "name=Dos", "stock=9", "color=rojo"];
    let answer = refused(
        &shop,
        &[&args[..], &["--was", "Taladro", "--was", "3", "--was", "azul"]].concat(),
    );
    assert_eq!(codes(&answer.json()), ["E-CHANGED-SINCE", "E-CHANGED-SINCE"]);
    assert_eq!(value(&shop, "A1", "stock").as_deref(), Some("3"));
    let said = shop
        .run(&[&args[..], &["--was", "Uno", "--was", "4", "--was", ""]].concat())
        .ended(5)
        .err;
    assert!(
        said.contains("E-CHANGED-SINCE") && said.contains("nothing was changed"),
        "{said}"
    );
}

#[test]
fn what_nobody_says_any_more_and_what_nobody_said() {
    let shop = shop();
    shop.done(&["product", "set", "A1", "color=rojo"]);
    shop.done(&["product", "clear", "A1", "color"]);
    let answer = refused(&shop, &["product", "set", "A1", "color=azul", "--was", "rojo"]);
    let told = message(&answer);
    assert!(
        told.starts_with("color was \"rojo\", and by now nobody says anything since batch 3 of ")
            && told.ends_with(", by editor"),
        "{told}"
    );
    shop.done(&["product", "set", "A1", "color=azul"]);
    let answer = refused(&shop, &["product", "set", "A1", "color=verde", "--was", ""]);
    assert!(
        message(&answer).starts_with("color said nothing, and by now editor says \"azul\" since batch 4"),
        "{}",
        answer.out
    );
}

#[test]
fn what_was_seen_is_said_of_every_value_or_of_none() {
    let shop = shop();
    let refused = shop
        .run(&["product", "set", "A1", "name=Uno", "stock=1", "--was", "Taladro"])
        .ended(2);
    assert!(
        refused.err.contains("--was stands 1 times for 2 values"),
        "{}",
        refused.err
    );
    // A fault of the command is told before any conflict.
    shop.run(&["product", "set", "A1", "stock=muchos", "--was", "4"])
        .ended(3);
    shop.run(&["product", "clear", "A1", "nada", "--was", "4"]).ended(3);
}
