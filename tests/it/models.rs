//! Variants and their models: found by titles where the feed says nothing, and moved by hand.

use crate::corner::{LIST, corner_shop, deliver, export, import, supplier};
use crate::support::Shop;
use serde_json::Value;
use std::collections::BTreeMap;

const FAMILIES: &str = r#"
[attributes]
family = { kind = "identifier" }
tint = { kind = "option", options = "tints" }
[options.tints.values.red]
labels = { es = "Rojo", en = "Red" }
[options.tints.values.blue]
labels = { es = "Azul", en = "Blue" }
[families.shirts]
attributes = ["name", "tint", "size"]
axes = ["tint", "size"]
"#;

const FIELDS: &str = r#"
tint = { column = "tint", optional = true }
size = { column = "size", optional = true }
family = { value = "shirts" }
"#;

const MODELS: &str = "[models]\nfrom_title = true\n";

/// A supplier of shirts, whose models come from titles where `models` says so.
fn shirts(shop: &Shop, id: &str, models: &str, rows: &str) {
    shop.write("schemas/families.toml", FAMILIES);
    let web = shop.read("channels/web.toml");
    let own = "color = { attribute = \"color\" }";
    let axes = "color = { attribute = \"tint\" }\nsize = { attribute = \"size\" }";
    shop.write("channels/web.toml", web.replace(own, axes));
    shop.write(
        format!("suppliers/{id}/supplier.toml"),
        format!("{LIST}{FIELDS}{models}"),
    );
    deliver(shop, id, rows);
}

/// The model of each product.
fn models(shop: &Shop, skus: &[&str]) -> Vec<Option<String>> {
    let model = |sku: &&str| {
        let shown = shop.done(&["product", "show", sku, "--json"]).json();
        shown["model"].as_str().map(str::to_owned)
    };
    skus.iter().map(model).collect()
}

/// The same, as letters: `a` for the first model, `.` for none.
fn letters(shop: &Shop, skus: &[&str]) -> String {
    let mut known: BTreeMap<String, char> = BTreeMap::new();
    let mut text = String::new();
    for model in models(shop, skus) {
        let next = char::from(b'a' + known.len() as u8);
        text.push(model.map_or('.', |model| *known.entry(model).or_insert(next)));
    }
    text
}

const ROWS: &str = "sku;name;tint;size;model;price;stock\n\
    A1;Camiseta básica roja M;red;M;;10.00;1\n\
    A2;Camiseta básica azul L;blue;L;;10.00;1\n\
    A3;Camiseta básica azul XL;blue;XL;G-7;10.00;1\n\
    A4;Camiseta premium azul XL;blue;XL;;12.00;1\n\
    A5;Gorra;blue;;;5.00;1\n";
const SKUS: [&str; 5] = ["A1", "A2", "A3", "A4", "A5"];

#[test]
fn titles_make_models_where_the_feed_says_none() {
    let shop = corner_shop();
    shirts(&shop, "norte", "", ROWS);
    import(&shop, "norte");
    assert_eq!(letters(&shop, &SKUS), "..a..");
    // The rule is a setting of the mapping: the same delivery is read anew under it, and the plan shows what it does.
    shirts(&shop, "norte", MODELS, ROWS);
    let told = import(&shop, "norte");
    assert_eq!(told["attributes"]["model"], 3, "{told}");
    assert_eq!(letters(&shop, &SKUS), "aabc.");
    assert_eq!(models(&shop, &["A3"]), [Some("G-7".to_owned())]);
    let offers = export(&shop);
    assert_eq!(offers["A1"]["item_group_id"], offers["A2"]["item_group_id"]);
    assert!(offers["A1"]["item_group_id"].starts_with("camiseta-basica-"));
    // It is a value like any other: it has its origin, and its batch can be taken back.
    let shown = shop.done(&["product", "show", "A1", "--json"]).json();
    let values = shown["values"].as_array().expect("values").iter();
    let model = values
        .clone()
        .find(|value| value["attribute"] == "model")
        .expect("a model");
    assert_eq!(
        (&model["source"], &model["line"]),
        (&Value::from("supplier:norte"), &Value::from(2))
    );
    // The order of the rows does not matter, nor whether they came before.
    let twin = corner_shop();
    let mut lines: Vec<&str> = ROWS.lines().collect();
    lines[1..].reverse();
    shirts(&twin, "norte", MODELS, &(lines.join("\n") + "\n"));
    import(&twin, "norte");
    assert_eq!(models(&twin, &SKUS), models(&shop, &SKUS));
    shop.done(&["undo", "2"]);
    assert_eq!(letters(&shop, &SKUS), "..a..");
}

/// A blank cell is no opinion: what the title, the axes and the model were is what they are.
#[test]
fn blank_cells_leave_a_variant_where_it_is() {
    let shop = corner_shop();
    let list = |rows: &str| format!("sku;name;brand;tint;size;model;price;stock\n{rows}");
    let first = "A1;Camiseta básica roja M;Acme;red;M;;10.00;1\nA2;Camiseta básica azul L;Acme;blue;L;;10.00;1\n\
                 A3;Camiseta básica azul XL;Acme;blue;XL;G-7;10.00;1\n";
    shirts(&shop, "norte", MODELS, &list(first));
    import(&shop, "norte");
    let before = models(&shop, &["A1", "A2", "A3"]);
    assert_eq!(letters(&shop, &["A1", "A2", "A3"]), "aab");
    let blank =
        "A1;Camiseta básica roja M;;;;;11.00;1\nA2;;Acme;;;;11.00;1\nA3;Camiseta básica azul XL;Acme;;XL;;11.00;1\n";
    deliver(&shop, "norte", &list(blank));
    let told = import(&shop, "norte");
    assert_eq!(
        (&told["changed"], &told["attributes"]["model"]),
        (&3.into(), &Value::Null),
        "{told}"
    );
    assert_eq!(models(&shop, &["A1", "A2", "A3"]), before);
    // One word of the title is enough to leave, with the brand that was said before.
    deliver(
        &shop,
        "norte",
        &list("A1;Camiseta premium roja M;;;;;11.00;1\nA2;;Acme;;;;11.00;2\nA3;Camiseta básica azul XL;;;;;11.00;2\n"),
    );
    let told = import(&shop, "norte");
    assert_eq!(told["held"], 0, "{told}");
    assert_eq!(letters(&shop, &["A1", "A2", "A3"]), "abc");
    deliver(&shop, "norte", &list(first));
    import(&shop, "norte");
    assert_eq!(models(&shop, &["A1", "A2", "A3"]), before);
}

#[test]
fn a_variant_goes_to_another_model_with_its_title() {
    let shop = corner_shop();
    let rows = |title: &str| {
        format!("sku;name;tint;size;price;stock\nA1;Camiseta básica roja M;red;M;10.00;1\nA2;{title};blue;L;10.00;1\n")
    };
    let settings = MODELS;
    shirts(&shop, "norte", settings, &rows("Camiseta básica azul L"));
    let path = "suppliers/norte/supplier.toml";
    let without = shop
        .read(path)
        .replace("model = { column = \"model\", optional = true }\n", "");
    shop.write(path, &without);
    import(&shop, "norte");
    assert_eq!(letters(&shop, &["A1", "A2"]), "aa");
    deliver(&shop, "norte", &rows("Camiseta premium azul L"));
    import(&shop, "norte");
    assert_eq!(letters(&shop, &["A1", "A2"]), "ab");
    // A title that is nothing but axes makes no model, and the earlier one goes.
    deliver(&shop, "norte", &rows("Azul L"));
    import(&shop, "norte");
    assert_eq!(letters(&shop, &["A1", "A2"]), "a.");
}

/// Two suppliers never come to one model by their titles, nor does the rule undo what is one product.
#[test]
fn titles_of_two_suppliers_are_two_models() {
    let shop = corner_shop();
    let rows = |a: &str, b: &str| {
        format!(
            "sku;name;brand;mpn;tint;size;price;stock\n{a}1;Camiseta básica roja M;Brontal;B-100M;red;M;10.00;1\n{a}2;Camiseta básica azul L;Brontal;{b};blue;L;10.00;1\n"
        )
    };
    shirts(&shop, "norte", MODELS, &rows("N", "B-200L"));
    shirts(&shop, "sur", MODELS, &rows("S", "B-300L"));
    import(&shop, "norte");
    import(&shop, "sur");
    // N1 and S1 are one product by brand and part number, which keeps the model of the supplier that is trusted more.
    assert_eq!(letters(&shop, &["N1", "N2", "S2"]), "aab");
}

#[test]
fn a_person_moves_variants_and_no_import_moves_them_back() {
    let shop = corner_shop();
    shirts(&shop, "norte", MODELS, ROWS);
    import(&shop, "norte");
    let moved = shop
        .done(&["product", "move", "A4", "A5", "--with", "A1", "--json"])
        .json();
    assert_eq!(moved["moved"].as_array().map(Vec::len), Some(2), "{moved}");
    let batch = moved["batch"].to_string();
    assert_eq!(letters(&shop, &SKUS), "aabaa");
    // A5 says no size: the variants cannot all be told apart.
    assert!(moved["diagnostics"].to_string().contains("W-AXIS-EMPTY"), "{moved}");
    // Another title, another price: the person's word stays.
    deliver(
        &shop,
        "norte",
        &ROWS.replace("premium", "extra").replace("12.00", "12.50"),
    );
    import(&shop, "norte");
    assert_eq!(letters(&shop, &SKUS), "aabaa");
    assert_eq!(
        shop.done(&["product", "move", "A4", "--with", "A1", "--json"]).json()["batch"],
        Value::Null
    );
    shop.done(&["product", "move", "A2", "--model", "M-1"]);
    shop.done(&["product", "move", "A1", "--alone"]);
    assert_eq!(
        models(&shop, &["A2", "A1"]),
        [Some("M-1".to_owned()), Some("A1".to_owned())]
    );
    assert_eq!(export(&shop)["A2"]["item_group_id"], "M-1");
    // What was said by hand is taken back by hand, or with its batch.
    shop.done(&["product", "clear", "A2", "model"]);
    shop.done(&["undo", &batch]);
    assert_eq!(
        models(&shop, &["A2"])[0]
            .as_deref()
            .map(|model| model.starts_with("camiseta-basica-")),
        Some(true)
    );
    assert_eq!(models(&shop, &["A5"]), [None]);
    shop.done(&["verify"]);
    for wrong in [
        vec!["product", "move", "A1"],
        vec!["product", "move", "A1", "--model", "X", "--alone"],
        vec!["product", "move", "A1", "--with", "A5"],
        vec!["product", "move", "A9", "--alone"],
    ] {
        shop.run(&wrong).ended(2);
    }
    shop.run(&["product", "move", "A1", "--model", " "]).ended(3);
}

#[test]
fn a_schema_without_axes_is_told() {
    let shop = corner_shop();
    shop.write("suppliers/norte/supplier.toml", format!("{LIST}{MODELS}"));
    let refused = shop.run(&["schema", "check"]).ended(3);
    assert!(
        refused.err.contains("axes") || refused.out.contains("axes"),
        "{}{}",
        refused.out,
        refused.err
    );
}

const PLAIN: &str = "sku;name;brand;model;price;stock;color\n";

/// A drill of norte, and shirts of sur whose group has its number.
fn drill_and_shirts(top: &str) -> Shop {
    let shop = corner_shop();
    supplier(&shop, "norte", "", &format!("{PLAIN}100;Taladro;Bosch;;50.00;1;\n"));
    let shirts = "S1;Camiseta roja;;100;10.00;1;rojo\nS2;Camiseta azul;;100;10.00;1;azul\n";
    supplier(&shop, "sur", top, &format!("{PLAIN}{shirts}"));
    shop
}

#[test]
fn the_number_of_a_group_never_takes_anothers_product_off_sale() {
    let shop = drill_and_shirts("");
    import(&shop, "norte");
    let told = import(&shop, "sur");
    assert_eq!((&told["new"], &told["rejected"]), (&2.into(), &0.into()), "{told}");
    let finding = told["diagnostics"]
        .as_array()
        .and_then(|found| found.iter().find(|finding| finding["code"] == "E-MODEL-FOREIGN"))
        .unwrap_or_else(|| panic!("no finding: {told:#}"));
    assert_eq!(
        (&finding["line"], &finding["column"], &finding["sku"]),
        (&2.into(), &"model".into(), &"S1".into()),
        "{finding}"
    );
    assert_eq!(models(&shop, &["100", "S1"]), [None, None]);
    let offers = export(&shop);
    assert_eq!(offers.keys().collect::<Vec<_>>(), ["100", "S1", "S2"]);
    assert_eq!(offers["S1"]["brand"], "Noname");
    // The next price leaves everything as it is.
    let list = shop.read("suppliers/sur/list.csv").replace("10.00", "10.50");
    deliver(&shop, "sur", &list);
    import(&shop, "sur");
    assert_eq!(export(&shop)["100"]["price"], "50.00 EUR");

    // The group first, the drill later: its SKU is taken.
    let shop = drill_and_shirts("");
    import(&shop, "sur");
    import(&shop, "norte");
    assert_eq!(export(&shop).keys().collect::<Vec<_>>(), ["S1", "S2", "norte-100"]);
    assert_eq!(letters(&shop, &["S1", "S2"]), "aa");

    // With a prefix they never meet.
    let shop = drill_and_shirts("sku_prefix = \"SU-\"");
    import(&shop, "norte");
    import(&shop, "sur");
    assert_eq!(export(&shop).keys().collect::<Vec<_>>(), ["100", "SU-S1", "SU-S2"]);
    assert_eq!(models(&shop, &["SU-S1"]), [Some("SU-100".to_owned())]);
}

#[test]
fn a_parent_is_found_behind_its_suppliers_prefix() {
    let shop = corner_shop();
    let rows = "P;Camiseta;Acme;;;;\nV1;;;P;10.00;1;rojo\nV2;;;X-P;11.00;1;azul\n";
    supplier(&shop, "norte", "sku_prefix = \"X-\"", &format!("{PLAIN}{rows}"));
    import(&shop, "norte");
    assert_eq!(letters(&shop, &["X-V1", "X-V2"]), "aa");
    let offers = export(&shop);
    assert_eq!(offers.keys().collect::<Vec<_>>(), ["X-V1", "X-V2"]);
    assert_eq!(
        (&*offers["X-V1"]["title"], &*offers["X-V2"]["brand"]),
        ("Camiseta", "Acme")
    );
    // A feed that adds to it speaks of the same models.
    supplier(&shop, "grupos", "adds_to = \"norte\"", "sku;model\nV1;Q\n");
    shop.edit("suppliers/norte/supplier.toml", "sku_prefix", "rank = 200\nsku_prefix");
    import(&shop, "grupos");
    assert_eq!(models(&shop, &["X-V1"]), [Some("X-Q".to_owned())]);
}

#[test]
fn groups_of_two_suppliers_under_one_number_are_told() {
    let shop = corner_shop();
    let rows = |sku: &str, gtin: &str| {
        format!("sku;name;model;price;stock;gtin\n{sku}1;Uno;7;1.00;1;{gtin}\n{sku}2;Dos;7;2.00;1;\n")
    };
    supplier(&shop, "norte", "", &rows("N", ""));
    supplier(&shop, "sur", "", &rows("S", ""));
    import(&shop, "norte");
    let told = shop.done(&["run", "--json"]).json();
    let text = told.to_string();
    assert!(
        text.contains("W-MODEL-SHARED") && text.contains("N1 of supplier:norte and S1 of supplier:sur"),
        "{told:#}"
    );
    // Where they sell one product together, they mean the same.
    let shop = corner_shop();
    let gtin = "4006381333931";
    supplier(&shop, "norte", "", &rows("N", gtin));
    supplier(&shop, "sur", "", &rows("S", gtin));
    import(&shop, "norte");
    let told = shop.done(&["run", "--json"]).json();
    assert!(!told.to_string().contains("W-MODEL-SHARED"), "{told:#}");
    assert_eq!(letters(&shop, &["N1", "N2", "S2"]), "aaa");
}

#[test]
fn moving_tells_what_becomes_of_the_one_whose_sku_is_the_code() {
    let shop = corner_shop();
    let rows = "P1;Taladro;;;50.00;1;\nA1;Uno;;;1.00;1;\nA2;Dos;;A1;2.00;1;\nA3;Tres;;A1;3.00;1;\n";
    supplier(&shop, "norte", "", &format!("{PLAIN}{rows}"));
    import(&shop, "norte");
    // A1 is the record of a model: it cannot stand alone beside its variants.
    let refused = shop.run(&["product", "move", "A1", "--alone"]).ended(2);
    assert!(refused.err.contains("record of a model"), "{}", refused.err);
    let moved = shop
        .done(&["product", "move", "A2", "--model", "  P1 ", "--json"])
        .json();
    assert_eq!(moved["moved"][0]["model"], "P1");
    assert!(moved["diagnostics"].to_string().contains("W-MODEL-RECORD"), "{moved}");
    shop.done(&["undo", &moved["batch"].to_string()]);
    // A variant whose SKU is the code of others gets a code that is free.
    shop.done(&["product", "move", "P1", "--model", "A1"]);
    shop.done(&["product", "move", "A3", "--model", "P1"]);
    shop.done(&["product", "move", "P1", "--alone"]);
    assert_eq!(
        models(&shop, &["P1", "A3"]),
        [Some("P1-2".to_owned()), Some("P1".to_owned())]
    );
}

#[test]
fn changed_settings_put_products_under_other_models() {
    let shop = corner_shop();
    let rows = |sku: &str, model: &str| {
        format!(
            "sku;name;model;price;stock;gtin;color\n{sku}1;Uno;{model};1.00;1;4006381333931;rojo\n{sku}2;Dos;{model};2.00;1;;azul\n"
        )
    };
    supplier(&shop, "norte", "rank = 10", &rows("N", "GN"));
    supplier(&shop, "sur", "rank = 20", &rows("S", "GS"));
    import(&shop, "norte");
    import(&shop, "sur");
    let group = |shop: &Shop| {
        let offers = export(shop);
        ["N1", "N2", "S2"].map(|sku| offers[sku]["item_group_id"].clone())
    };
    assert_eq!(group(&shop), ["GN", "GN", "GS"]);
    assert_eq!(letters(&shop, &["N1", "N2", "S2"]), "aab");
    shop.edit(
        "suppliers/sur/supplier.toml",
        "rank = 20",
        "rank = 20\nowns = [\"model\"]",
    );
    assert_eq!(group(&shop), ["GS", "GN", "GS"]);
    let siblings = |shop: &Shop| {
        let found = shop.done(&["search", "model:GS", "--json"]).json();
        found["total"].as_u64()
    };
    assert_eq!(siblings(&shop), Some(2));
    shop.done(&["verify"]);
    let batches = shop.done(&["batches", "--json"]).json();
    let newest = &batches["batches"][0];
    assert_eq!(
        (&newest["kind"], &newest["tally"]["changed"]),
        (&"settings".into(), &1.into()),
        "{batches:#}"
    );
    // It cannot be taken back but by the settings, and settles once.
    let refused = shop.run(&["undo", &newest["id"].to_string()]).ended(2);
    assert!(refused.err.contains("follows the settings"), "{}", refused.err);
    shop.edit("suppliers/sur/supplier.toml", "\nowns = [\"model\"]", "");
    assert_eq!(group(&shop), ["GN", "GN", "GS"]);
    // Locked, only people say it; unlocked, all are heard again.
    shop.edit(
        "schemas/all.toml",
        "model = { kind = \"identifier\" }",
        "model = { kind = \"identifier\", locked = true }",
    );
    assert_eq!(group(&shop), ["", "", ""]);
    shop.edit("schemas/all.toml", ", locked = true", "");
    assert_eq!(group(&shop), ["GN", "GN", "GS"]);
    let count = shop.done(&["batches", "--json"]).json()["batches"]
        .as_array()
        .map(Vec::len);
    group(&shop);
    assert_eq!(
        shop.done(&["batches", "--json"]).json()["batches"]
            .as_array()
            .map(Vec::len),
        count
    );
}

#[test]
fn an_import_tells_of_variants_that_cannot_be_told_apart() {
    let shop = corner_shop();
    shirts(&shop, "norte", "", &ROWS.replace("XL;;12.00", "XL;G-7;12.00"));
    let told = import(&shop, "norte");
    assert_eq!(told["findings"]["W-AXES-EQUAL"], 1, "{told:#}");
}
