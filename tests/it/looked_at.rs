//! Looked at before it is done: a plan as a page, and what an undo would change.

use crate::corner::{corner_shop, deliver, export, import, supplier, tally};
use serde_json::json;

const FIRST: &str = "sku;name;price;stock\nA;Uno;10.00;5\nB;Dos;20.00;5\nC;Tres;30.00;5\n";
const SECOND: &str =
    "sku;name;price;stock\nA;Uno;11.00;5\nB;Dos & <b>dos</b>;20.00;5\nD;Cuatro;9.00;1\nC;Tres;300.00;5\n";

#[test]
fn a_plan_is_a_page_that_needs_nothing_else() {
    let shop = corner_shop();
    supplier(&shop, "norte", "", FIRST);
    import(&shop, "norte");
    deliver(&shop, "norte", SECOND);
    let plan = shop.done(&["import", "norte", "--json"]).json();
    let name = plan["plan"].as_str().expect("a plan waits").to_owned();
    let page = shop.done(&["plan", "show", &name, "--html"]).out;
    assert!(
        page.starts_with("<!doctype html>") && page.ends_with("</html>\n"),
        "{page}"
    );
    for expected in [
        "held · retenidos 1",
        "changed · cambiados 2",
        "new · nuevos 1",
        "<td class=\"old\">10.00 EUR<td class=\"now\">11.00 EUR",
        "Dos &amp; &lt;b&gt;dos&lt;/b&gt;",
        "G-PRICE-RATIO",
    ] {
        assert!(page.contains(expected), "{expected}: {page}");
    }
    // What was asked of the held one stands first.
    assert!(page.find("300.00 EUR") < page.find("11.00 EUR"), "{page}");
    assert_eq!(shop.run(&["plan", "show", &name, "--html", "--json"]).code, Some(2));
    assert_eq!(shop.run(&["plan", "show", "p99", "--html"]).code, Some(2));
}

#[test]
fn what_an_undo_would_change_is_shown_exactly_and_nothing_is_done() {
    let shop = corner_shop();
    supplier(&shop, "norte", "", FIRST);
    import(&shop, "norte");
    deliver(&shop, "norte", &SECOND.replace("300.00", "31.00"));
    assert_eq!(tally(&import(&shop, "norte")), "1 new, 3 changed");
    shop.done(&["product", "set", "A", "name@es=A mano"]);
    let now = export(&shop);
    let planned = shop.done(&["undo", "2", "--plan", "--json"]).json();
    assert_eq!(
        (&planned["restored"], &planned["removed"], &planned["kept"]),
        (&json!(3), &json!(1), &json!([]))
    );
    let told: Vec<String> = planned["changes"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|entry| {
            let values = entry["values"].as_array().into_iter().flatten();
            let values = values.map(|value| format!(" {} {}>{}", value["attribute"], value["before"], value["after"]));
            format!("{} {}{}", entry["kind"], entry["sku"], values.collect::<String>()).replace('"', "")
        })
        .collect();
    assert_eq!(
        told,
        [
            "changed A price 11.00 EUR>10.00 EUR",
            "changed B name Dos & <b>dos</b>>Dos",
            "changed C price 31.00 EUR>30.00 EUR",
            "missing D name Cuatro>null price 9.00 EUR>null stock 1>null",
        ]
    );
    // Nothing is done, not even a batch.
    assert_eq!(export(&shop), now);
    assert_eq!(
        shop.done(&["batches", "--json"]).json()["batches"]
            .as_array()
            .map(Vec::len),
        Some(3)
    );
    shop.done(&["undo", "2"]);
    let after = export(&shop);
    assert_eq!(
        (&*after["A"]["title"], &*after["A"]["price"], after.len()),
        ("A mano", "10.00 EUR", 3)
    );
    let again = shop.done(&["undo", "2", "--plan", "--json"]).json();
    assert_eq!((&again["changes"], &again["plan"]), (&json!([]), &json!(null)));
    assert_eq!(shop.run(&["undo", "99", "--plan"]).code, Some(2));
}

/// The plan of an undo waits like any other: listed, shown, applied or thrown away.
#[test]
fn the_plan_of_an_undo_waits_and_is_applied() {
    let shop = corner_shop();
    supplier(&shop, "norte", "", FIRST);
    import(&shop, "norte");
    let before = export(&shop);
    deliver(&shop, "norte", &SECOND.replace("300.00", "31.00"));
    import(&shop, "norte");
    // B is changed once more: what that says stays.
    deliver(
        &shop,
        "norte",
        &SECOND
            .replace("300.00", "31.00")
            .replace("Dos & <b>dos</b>", "Dos y dos"),
    );
    assert_eq!(tally(&import(&shop, "norte")), "1 changed, 3 unchanged");
    let now = export(&shop);
    let planned = shop.done(&["undo", "2", "--plan", "--json"]).json();
    let plan = planned["plan"].as_str().expect("a plan waits").to_owned();
    assert_eq!(planned["kept"], json!(["B"]));
    let listed = shop.done(&["plan", "list", "--json"]).json()["plans"][0].clone();
    assert_eq!((&listed["plan"], &listed["undoes"]), (&json!(plan), &json!(2)));
    assert_eq!(
        (
            &listed["tally"]["changed"],
            &listed["tally"]["missing"],
            &listed["tally"]["held"]
        ),
        (&json!(2), &json!(1), &json!(1))
    );
    assert!(shop.done(&["plan", "list"]).out.contains("undo of batch 2"));
    let shown = shop.done(&["plan", "show", &plan, "--json"]).json();
    assert_eq!(
        (&shown["undoes"], &shown["changes"].as_array().map(Vec::len)),
        (&json!(2), &Some(4))
    );
    assert_eq!(shown["changes"][0], planned["changes"][0]);
    assert_eq!(
        (&shown["changes"][3]["sku"], &shown["changes"][3]["reason"]),
        (
            &json!("B"),
            &json!("a later batch changed it, or what was before is past retention: it stays as it is [I-UNDO-KEPT]")
        )
    );
    let one = shop
        .done(&["plan", "show", &plan, "--sku", "A", "--attribute", "price"])
        .out;
    assert!(
        one.contains("price: 11.00 EUR → 10.00 EUR") && one.contains("the undo of batch 2"),
        "{one}"
    );
    let page = shop.done(&["plan", "show", &plan, "--html"]).out;
    assert!(
        page.contains(&format!("{plan}: undo 2")) && page.contains("it stays as it is"),
        "{page}"
    );
    assert_eq!(export(&shop), now);

    // What has moved since makes it stale, and is named; what is no matter of it does not.
    shop.done(&["product", "set", "C", "name@es=A mano"]);
    deliver(
        &shop,
        "norte",
        &SECOND
            .replace("300.00", "32.00")
            .replace("Dos & <b>dos</b>", "Dos y dos"),
    );
    import(&shop, "norte");
    let stale = shop.run(&["apply", &plan]).ended(5);
    assert!(
        stale.err.contains("batch 5") && stale.err.contains("estante undo 2 --plan"),
        "{}",
        stale.err
    );
    shop.done(&["plan", "discard", &plan]);
    shop.done(&["undo", "5"]);
    let planned = shop.done(&["undo", "2", "--plan", "--json"]).json();
    let plan = planned["plan"].as_str().expect("a plan waits").to_owned();
    supplier(&shop, "sur", "", "sku;name;price;stock\nZ;Otro;1.00;1\n");
    import(&shop, "sur");
    let done = shop.done(&["apply", &plan, "--json"]).json();
    assert_eq!(
        (&done["undone"], &done["restored"], &done["removed"]),
        (&json!(2), &json!(2), &json!(1))
    );
    assert_eq!(shop.run(&["apply", &plan]).code, Some(2));
    let after = export(&shop);
    assert_eq!(after["A"], before["A"]);
    assert_eq!((&*after["C"]["title"], &*after["C"]["price"]), ("A mano", "30.00 EUR"));
    assert!(!after.contains_key("D"));
    // Taken back by hand in the meantime, there is nothing left of it.
    let planned = shop.done(&["undo", "3", "--plan", "--json"]).json();
    let plan = planned["plan"].as_str().expect("a plan waits").to_owned();
    shop.done(&["undo", "3"]);
    shop.run(&["apply", &plan]).ended(5);
    shop.done(&["plan", "discard", &plan]);
    shop.done(&["verify"]);
}

#[test]
fn a_product_is_shown_by_what_it_is_made_of_and_nothing_else() {
    use crate::support::{Shop, project};
    use estante::workspace::{Workspace, inspect};
    let shop = Shop::sample_of(&["ferreteria-aranda"]);
    shop.done(&["run"]);
    let sku = "FA-003007";
    let shown = |workspace: &Workspace| {
        let shown = inspect::show(workspace, sku, inspect::Beside::ALL).expect("a product of the sample");
        serde_json::to_value(&shown).expect("it has a JSON form")
    };
    let whole = shown(&shop.workspace());
    let part = Workspace::open_for_product(shop.folder(), None).expect("a sound workspace");
    assert_eq!(whole, shown(&part));
    assert!(whole["completeness"].as_array().is_some_and(|all| !all.is_empty()));

    // What a channel's file says is nothing to a product: silent here, told where channels are read.
    let channel = std::fs::read_dir(project().join("channels"))
        .expect("the sample's channels")
        .flatten();
    let channel = channel
        .map(|entry| entry.path())
        .find(|path| path.is_file())
        .expect("a channel");
    let channel = format!("channels/{}", channel.file_name().expect("a name").to_string_lossy());
    let sound = shop.read(&channel);
    shop.write(&channel, "pack = \"nowhere\"\nnosuch = 1\n");
    shop.done(&["product", "show", sku]);
    for told in [&["schema", "check"][..], &["search", "camiseta"], &["run"]] {
        let answer = shop.run(told);
        assert_ne!(answer.code, Some(0), "{told:?}");
        assert!(answer.err.contains("E-UNKNOWN-KEY"), "{told:?}: {}", answer.err);
    }
    shop.write(&channel, sound);

    // What products are made of is told by every command.
    for file in [
        "schemas/broken.toml",
        "rules/broken.toml",
        "copy/broken.toml",
        "estante.toml",
    ] {
        let before = shop.path(file).is_file().then(|| shop.read(file));
        shop.write(file, format!("nosuch = 1\n{}", before.as_deref().unwrap_or_default()));
        let answer = shop.run(&["product", "show", sku]);
        assert_ne!(answer.code, Some(0), "{file}");
        assert!(answer.err.contains("E-UNKNOWN-KEY"), "{file}: {}", answer.err);
        match before {
            Some(before) => _ = shop.write(file, before),
            None => std::fs::remove_file(shop.path(file)).expect("the broken file is gone"),
        }
    }
    shop.done(&["product", "show", sku]);
}
