//! Who wins where several sources say a value: settings in, exports and reasons out.

use crate::corner::{corner_shop, deliver, export, import, supplier, value};
use crate::support::Shop;

const HAMMER: &str = "4006381333931";

/// One hammer of two suppliers; the better trusted has a stock feed beside its list.
fn hammers() -> Shop {
    let shop = corner_shop();
    let head = "sku;gtin;name;description;brand;price;stock\n";
    supplier(
        &shop,
        "norte",
        "rank = 10",
        &format!("{head}A1;{HAMMER};Hammer;;Acme;12.00;0\n"),
    );
    supplier(
        &shop,
        "sur",
        "rank = 20\nsku_prefix = \"S-\"",
        &format!("{head}S1;{HAMMER};Claw hammer by Acme;Of steel;ACME;11.00;5\n"),
    );
    supplier(
        &shop,
        "existencias",
        "rank = 5\nadds_to = \"norte\"",
        "sku;stock\nA1;7\n",
    );
    for id in ["norte", "sur", "existencias"] {
        import(&shop, id);
    }
    shop
}

/// Price and stock of the hammer.
#[track_caller]
fn offer(shop: &Shop) -> (String, String) {
    let told = |attribute| value(shop, "A1", attribute).unwrap_or_default();
    (told("price"), told("stock"))
}

/// Why a source's word on an attribute does not win: cause and words; empty where it does.
#[track_caller]
fn loss(shop: &Shop, source: &str, attribute: &str) -> (String, String) {
    let shown = shop.done(&["product", "show", "A1", "--layers", "--json"]).json();
    let layers = shown["layers"].as_array().expect("a product has layers");
    let layer = layers.iter().find(|layer| layer["source"] == source);
    let values = layer
        .and_then(|layer| layer["values"].as_array())
        .expect("the source speaks");
    let claim = values
        .iter()
        .find(|claim| claim["attribute"] == attribute)
        .unwrap_or_else(|| panic!("{source} says no {attribute}"));
    assert_eq!(claim["wins"], claim["cause"].is_null());
    let text = |key: &str| claim[key].as_str().unwrap_or_default().to_owned();
    (text("cause"), text("reason"))
}

/// Appends to a file of the workspace.
fn append(shop: &Shop, path: &str, text: &str) {
    let before = shop.read(path);
    shop.write(path, format!("{before}\n{text}\n"));
}

fn pair(a: &str, b: &str) -> (String, String) {
    (a.to_owned(), b.to_owned())
}

#[test]
fn a_best_offer_leaves_the_house_as_one_suppliers() {
    let shop = hammers();
    assert_eq!(offer(&shop), pair("12.00 EUR", "7"));
    assert_eq!(export(&shop)["A1"]["price"], "12.00 EUR");

    append(&shop, "estante.toml", "[offer]\nbest = \"lowest\"");
    assert_eq!(offer(&shop), pair("11.00 EUR", "5"));
    assert_eq!(
        export(&shop)["A1"]["price"],
        "11.00 EUR",
        "the next export does not know of the setting"
    );
    let words = "not the best offer: that is supplier:sur's, by `price` under `lowest`";
    assert_eq!(loss(&shop, "supplier:norte", "price"), pair("offer", words));
    assert_eq!(loss(&shop, "supplier:existencias", "stock"), pair("offer", words));
    assert_eq!(loss(&shop, "supplier:sur", "price"), pair("", ""));
    assert_eq!(loss(&shop, "supplier:sur", "brand").0, "policy");
    assert!(shop.done(&["product", "show", "A1", "--layers"]).out.contains(words));

    // The stock feed counts together with the list: norte has stock, and the better rank.
    shop.edit("estante.toml", "best = \"lowest\"", "best = \"rank\"");
    assert_eq!(offer(&shop), pair("12.00 EUR", "7"));
    assert_eq!(
        loss(&shop, "supplier:norte", "stock").0,
        "policy",
        "its own stock feed wins"
    );
    // A person's word wins under every setting, and for its attribute alone.
    shop.done(&["product", "set", "A1", "price=13.00 EUR"]);
    assert_eq!(offer(&shop), pair("13.00 EUR", "7"));
    assert_eq!(loss(&shop, "supplier:sur", "price"), pair("editor", "the editor wins"));
}

/// Its offer is taken even where it says nothing of what decides: a price of nobody with another's stock would be no offer.
#[test]
fn an_owner_of_what_decides_has_the_best_offer() {
    let shop = corner_shop();
    let list = |price: &str, stock: u8| format!("sku;gtin;name;price;stock\nA1;4006381333931;Hammer;{price};{stock}\n");
    supplier(&shop, "norte", "rank = 10", &list("12.00", 9));
    supplier(
        &shop,
        "sur",
        "rank = 20\nsku_prefix = \"S-\"\nowns = [\"price\"]",
        &list("", 3),
    );
    for id in ["norte", "sur"] {
        import(&shop, id);
    }
    append(&shop, "estante.toml", "[offer]\nbest = \"lowest\"");
    assert_eq!(value(&shop, "A1", "price"), None);
    assert_eq!(value(&shop, "A1", "stock").as_deref(), Some("3"));
}

#[test]
fn an_owner_alone_says_what_it_owns() {
    let shop = hammers();
    assert_eq!(value(&shop, "A1", "description").as_deref(), Some("Of steel"));
    assert_eq!(value(&shop, "A1", "brand").as_deref(), Some("Acme"));
    export(&shop);
    let top = "owns = [\"brand\", \"name\", \"description\"]";
    shop.edit("suppliers/sur/supplier.toml", "rank = 20", &format!("rank = 20\n{top}"));
    assert_eq!(value(&shop, "A1", "brand").as_deref(), Some("ACME"));
    let offer = &export(&shop)["A1"];
    assert_eq!((&*offer["title"], &*offer["brand"]), ("Claw hammer by Acme", "ACME"));
    assert_eq!(
        loss(&shop, "supplier:norte", "name"),
        pair("owned", "owned by supplier:sur")
    );
    // A blank of the owner is a blank, and people speak over everybody.
    shop.edit("suppliers/sur/supplier.toml", top, "");
    shop.edit(
        "suppliers/norte/supplier.toml",
        "rank = 10",
        "rank = 10\nowns = [\"description\"]",
    );
    assert_eq!(value(&shop, "A1", "description"), None);
    assert_eq!(
        loss(&shop, "supplier:sur", "description"),
        pair("owned", "owned by supplier:norte")
    );
    shop.done(&["product", "set", "A1", "description=Said by hand"]);
    assert!(value(&shop, "A1", "description").is_some_and(|text| text.contains("Said by hand")));

    shop.edit("suppliers/norte/supplier.toml", "\"description\"", "\"descripton\"");
    let refused = shop.run(&["schema", "check"]).ended(3);
    let all = format!("{}{}", refused.out, refused.err);
    assert!(
        all.contains("unknown attribute `descripton`") && all.contains("did you mean `description`?"),
        "{all}"
    );
}

#[test]
fn what_is_locked_waits_for_a_person() {
    let shop = hammers();
    shop.edit(
        "schemas/all.toml",
        "brand = { kind = \"text\" }",
        "brand = { kind = \"text\", locked = true }",
    );
    let waiting = || {
        let found = shop.done(&["search", "overridden:brand", "--json"]).json();
        found["total"].as_u64().unwrap_or_else(|| panic!("{found:#}"))
    };
    assert_eq!(value(&shop, "A1", "brand"), None);
    let words = "locked: only people say it";
    assert_eq!(loss(&shop, "supplier:norte", "brand"), pair("locked", words));
    assert_eq!(waiting(), 1, "suppliers propose what nobody said");
    shop.done(&["product", "set", "A1", "brand=Acme & Sons"]);
    assert_eq!(export(&shop)["A1"]["brand"], "Acme & Sons");
    assert_eq!(loss(&shop, "supplier:sur", "brand"), pair("locked", words));
    assert_eq!(waiting(), 0);
    // The owner of what is locked says it, as people do.
    shop.done(&["product", "clear", "A1", "brand"]);
    shop.edit(
        "suppliers/sur/supplier.toml",
        "rank = 20",
        "rank = 20\nowns = [\"brand\"]",
    );
    assert_eq!(value(&shop, "A1", "brand").as_deref(), Some("ACME"));
    assert_eq!(waiting(), 0);
}

#[test]
fn families_and_suppliers_have_a_say_in_who_wins() {
    let shop = hammers();
    export(&shop);
    shop.edit(
        "suppliers/sur/supplier.toml",
        "rank = 20",
        "rank = 20\nrank_for = { brand = 1 }",
    );
    assert_eq!(export(&shop)["A1"]["brand"], "ACME");
    assert_eq!(
        loss(&shop, "supplier:norte", "brand"),
        pair("policy", "supplier:sur wins by the policy `rank`")
    );
    append(
        &shop,
        "schemas/all.toml",
        "family = { kind = \"identifier\" }\n[families.hammers]\npolicy = { name = \"longest\" }",
    );
    shop.done(&["product", "set", "A1", "family=hammers"]);
    assert_eq!(export(&shop)["A1"]["title"], "Claw hammer by Acme");
    assert_eq!(
        loss(&shop, "supplier:norte", "name"),
        pair(
            "policy",
            "supplier:sur wins by the policy `longest` of the family hammers"
        )
    );
    shop.edit("suppliers/sur/supplier.toml", "{ brand", "{ brnad");
    let refused = shop.run(&["schema", "check"]).ended(3);
    let all = format!("{}{}", refused.out, refused.err);
    assert!(all.contains("unknown attribute `brnad`"), "{all}");
}

#[test]
fn a_best_offer_is_decided_by_a_part_of_offers() {
    for (text, told) in [
        ("by = \"prize\"", "unknown attribute `prize`"),
        ("by = \"name\"", "`name` is no part of a supplier's offer"),
        ("by = \"kept\"", "`kept` is of kind text, of which none is the least"),
    ] {
        let shop = corner_shop();
        append(
            &shop,
            "schemas/all.toml",
            "kept = { kind = \"text\", role = \"offer\" }",
        );
        append(&shop, "estante.toml", &format!("[offer]\nbest = \"lowest\"\n{text}"));
        let refused = shop.run(&["schema", "check"]).ended(3);
        let all = format!("{}{}", refused.out, refused.err);
        assert!(all.contains(told), "{text}: {all}");
    }
}

/// What a waiting plan says of a change: whether the product would say so, and the cause and the reason where not.
#[track_caller]
fn planned(shop: &Shop, plan: &str, attribute: &str) -> (Option<bool>, String, String) {
    let shown = shop.done(&["plan", "show", plan, "--json"]).json();
    let values = shown["changes"][0]["values"].as_array().expect("an entry has values");
    let change = values
        .iter()
        .find(|change| change["attribute"] == attribute)
        .unwrap_or_else(|| panic!("{attribute} does not change: {shown:#}"));
    let text = |key: &str| change[key].as_str().unwrap_or_default().to_owned();
    (change["wins"].as_bool(), text("cause"), text("reason"))
}

#[test]
fn a_plan_says_where_a_change_would_not_be_the_products() {
    let shop = hammers();
    let plan = |shop: &Shop, id: &str| {
        let told = shop.done(&["import", id, "--json"]).json();
        told["plan"].as_str().expect("a plan waits").to_owned()
    };
    let change = |row: &str| format!("sku;gtin;name;description;brand;price;stock\nS1;{HAMMER};{row}\n");
    let lost = |cause: &str, reason: &str| (Some(false), cause.to_owned(), reason.to_owned());
    let won = || (Some(true), String::new(), String::new());

    // The name goes by rank; the description is nobody else's; the brand becomes what the better ranked one says already.
    deliver(&shop, "sur", &change("Claw hammer;Of iron;Acme;11.50;5"));
    let waiting = plan(&shop, "sur");
    let words = "supplier:norte wins by the policy `rank`";
    assert_eq!(planned(&shop, &waiting, "name"), lost("policy", words));
    assert_eq!(planned(&shop, &waiting, "description"), won());
    assert_eq!(planned(&shop, &waiting, "brand"), won());
    let shown = shop.done(&["plan", "show", &waiting]).out;
    let line = format!("Claw hammer by Acme → Claw hammer  not the product's: {words}");
    assert!(shown.contains(&line), "{shown}");
    let page = shop.done(&["plan", "show", &waiting, "--html"]).out;
    assert!(page.contains("no es del producto: supplier:norte wins"), "{page}");

    // It is told by the settings of now, and by what people said since.
    append(&shop, "estante.toml", "[offer]\nbest = \"lowest\"");
    assert_eq!(planned(&shop, &waiting, "price"), won());
    shop.done(&["product", "set", "A1", "price=13.00 EUR"]);
    assert_eq!(planned(&shop, &waiting, "price"), lost("editor", "the editor wins"));
    shop.done(&["apply", &waiting]);
    assert_eq!(value(&shop, "A1", "description").as_deref(), Some("Of iron"));
    assert_eq!(value(&shop, "A1", "name").as_deref(), Some("Hammer"));

    // One who was never heard before joins the product, and is believed where its settings say so.
    supplier(
        &shop,
        "este",
        "rank = 15\nrank_for = { name = 1 }\nsku_prefix = \"E-\"",
        &change("Best hammer;;;14.00;").replace("S1", "E1"),
    );
    let waiting = plan(&shop, "este");
    assert_eq!(planned(&shop, &waiting, "name"), won());
    assert_eq!(planned(&shop, &waiting, "price"), lost("editor", "the editor wins"));
    shop.done(&["apply", &waiting]);
    assert_eq!(value(&shop, "A1", "name").as_deref(), Some("Best hammer"));

    // Nothing is known of what is yet to be made.
    supplier(
        &shop,
        "oeste",
        "rank = 90\nsku_prefix = \"O-\"",
        "sku;name;price\nO1;Saw;9.00\n",
    );
    let waiting = plan(&shop, "oeste");
    assert_eq!(planned(&shop, &waiting, "name"), (None, String::new(), String::new()));
}

/// Another price in the same row makes its name no newer.
#[test]
fn the_newest_word_is_the_one_that_changed_last() {
    let shop = corner_shop();
    shop.edit(
        "schemas/all.toml",
        "max_length = 200",
        "max_length = 200, policy = \"newest\"",
    );
    let list =
        |sku: &str, name: &str, price: &str| format!("sku;gtin;name;price;stock\n{sku};{HAMMER};{name};{price};1\n");
    supplier(&shop, "norte", "", &list("A1", "Hammer", "10.00"));
    supplier(&shop, "sur", "sku_prefix = \"S-\"", &list("S1", "Claw hammer", "11.00"));
    for id in ["norte", "sur"] {
        import(&shop, id);
    }
    deliver(&shop, "norte", &list("A1", "Hammer 500 g", "10.00"));
    import(&shop, "norte");
    deliver(&shop, "sur", &list("S1", "Claw hammer", "11.50"));
    import(&shop, "sur");
    assert_eq!(value(&shop, "A1", "name").as_deref(), Some("Hammer 500 g"));
    // Who said what, and with which batch, in the layer of each.
    let shown = shop.done(&["product", "show", "A1", "--layers", "--json"]).json();
    let claims = shown["layers"][1]["values"].as_array().expect("sur speaks");
    let batch = |attribute: &str| {
        let claim = claims.iter().find(|claim| claim["attribute"] == attribute);
        claim.and_then(|claim| claim["batch"].as_i64())
    };
    assert_eq!((batch("name"), batch("price")), (Some(2), Some(4)));
}

#[test]
fn suppliers_that_add_to_each_other_are_refused() {
    let shop = corner_shop();
    for (id, base) in [
        ("norte", "sur"),
        ("sur", "este"),
        ("este", "norte"),
        ("alone", "alone"),
        ("beside", "norte"),
    ] {
        supplier(&shop, id, &format!("adds_to = \"{base}\""), "sku;price\nA1;1.00\n");
    }
    let refused = shop.run(&["schema", "check", "--json"]).ended(3).json();
    let circles: Vec<String> = refused["diagnostics"]
        .as_array()
        .expect("findings")
        .iter()
        .filter(|finding| finding["code"] == "E-ADDS-TO-CIRCLE")
        .map(|finding| format!("{}: {}", finding["file"], finding["message"]))
        .collect();
    assert_eq!(circles.len(), 4, "{refused:#}");
    assert!(
        circles.iter().any(|circle| circle.contains("alone -> alone")),
        "{circles:?}"
    );
    assert!(
        circles
            .iter()
            .any(|circle| circle.contains("sur -> este -> norte -> sur")),
        "{circles:?}"
    );
}
