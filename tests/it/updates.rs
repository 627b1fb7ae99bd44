//! Deliveries that say what changed: updates of BMEcat catalogues, and rows that take a product off.

use crate::corner::{bare_shop, codes, product, tally};
use crate::support::Shop;

/// A BMEcat 1.2 file of one transaction.
fn bmecat(transaction: &str, articles: &str) -> String {
    let end = transaction.split(' ').next().unwrap_or_default();
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<BMECAT version=\"1.2\"><HEADER><CATALOG><LANGUAGE>deu</LANGUAGE>\
         <CATALOG_ID>C</CATALOG_ID><CATALOG_VERSION>1.0</CATALOG_VERSION><CURRENCY>EUR</CURRENCY></CATALOG></HEADER>\n\
         <{transaction}>\n{articles}</{end}></BMECAT>\n"
    )
}

fn article(mode: &str, id: &str, name: Option<&str>, price: &str) -> String {
    let details = name.map_or(String::new(), |name| {
        format!("<ARTICLE_DETAILS><DESCRIPTION_SHORT>{name}</DESCRIPTION_SHORT></ARTICLE_DETAILS>")
    });
    format!(
        "<ARTICLE{mode}><SUPPLIER_AID>{id}</SUPPLIER_AID>{details}<ARTICLE_PRICE_DETAILS><ARTICLE_PRICE price_type=\"net_list\">\
         <PRICE_AMOUNT>{price}</PRICE_AMOUNT></ARTICLE_PRICE></ARTICLE_PRICE_DETAILS></ARTICLE>\n"
    )
}

const SUPPLIER: &str = r#"name = "Werk"
[file]
path = ["catalogue.xml"]
[fields]
sku.column = "SUPPLIER_AID"
name.column = "ARTICLE_DETAILS/DESCRIPTION_SHORT"
price.column = "price:net_list"
[read]
currency = "EUR"
"#;

fn catalogue() -> Shop {
    let shop = bare_shop();
    shop.write("suppliers/w/supplier.toml", SUPPLIER);
    let articles: String = [("A", "Anker", "1.00"), ("B", "Bohrer", "2.00"), ("C", "Zange", "3.00")]
        .map(|(id, name, price)| article("", id, Some(name), price))
        .concat();
    deliver(&shop, "T_NEW_CATALOG", &articles, "3 new");
    shop
}

#[track_caller]
fn deliver(shop: &Shop, transaction: &str, articles: &str, expected: &str) -> serde_json::Value {
    shop.write("suppliers/w/catalogue.xml", bmecat(transaction, articles));
    let told = shop.done(&["import", "w", "--apply", "--json"]).json();
    assert_eq!(tally(&told), expected, "{told:#}");
    told
}

/// An update names some articles whole; those that it does not name are still sold.
#[test]
fn an_update_of_products_changes_and_takes_off_what_it_names() {
    let shop = catalogue();
    let articles = [
        article(" mode=\"update\"", "A", Some("Anker M8"), "1.50"),
        article(" mode=\"delete\"", "B", Some("Bohrer"), "2.00"),
        article(" mode=\"new\"", "D", Some("Dübel"), "0.10"),
        article(" mode=\"delete\"", "X", Some("Unbekannt"), "9.00"),
    ]
    .concat();
    let told = deliver(
        &shop,
        "T_UPDATE_PRODUCTS prev_version=\"0\"",
        &articles,
        "1 new, 1 changed, 1 missing",
    );
    assert!(
        codes(&told).iter().any(|code| code.starts_with("I-REMOVED-UNKNOWN@")),
        "{told:#}"
    );
    assert_eq!(product(&shop, "A")["name"], "Anker M8");
    assert_eq!(product(&shop, "C")["price"], "3.00 EUR");
    let hits = shop.done(&["search", "supplier:w", "--json"]).json();
    let off: Vec<&str> = (hits["hits"].as_array().into_iter().flatten())
        .filter(|hit| hit["fields"]["active"] == "false")
        .filter_map(|hit| hit["sku"].as_str())
        .collect();
    assert_eq!(off, ["B"], "{hits}");
    // Taken off twice is taken off; named again it is back.
    let off = article(" mode=\"delete\"", "B", Some("Bohrer"), "2.00");
    deliver(&shop, "T_UPDATE_PRODUCTS prev_version=\"1\"", &off, "");
    let on = article(" mode=\"new\"", "B", Some("Bohrer"), "2.20");
    deliver(&shop, "T_UPDATE_PRODUCTS prev_version=\"2\"", &on, "1 changed");
    assert_eq!(product(&shop, "B")["price"], "2.20 EUR");
}

/// A file of prices says nothing of names, and takes nothing off.
#[test]
fn an_update_of_prices_changes_prices_only() {
    let shop = catalogue();
    deliver(
        &shop,
        "T_UPDATE_PRICES prev_version=\"0\"",
        &article(" mode=\"update\"", "A", None, "1.10"),
        "1 changed",
    );
    let anchor = product(&shop, "A");
    assert_eq!((&*anchor["name"], &*anchor["price"]), ("Anker", "1.10 EUR"));
    assert_eq!(product(&shop, "B")["price"], "2.00 EUR");
    // The next catalogue lists all again, and what it does not have is gone.
    let articles = [
        article("", "A", Some("Anker"), "1.00"),
        article("", "B", Some("Bohrer"), "2.00"),
    ]
    .concat();
    deliver(&shop, "T_NEW_CATALOG", &articles, "1 changed, 1 unchanged, 1 missing");
}

/// A delivery between two updates that never came is noticed: prices would be changed that were never set.
#[test]
fn updates_are_taken_in_turn() {
    let shop = catalogue();
    let prices = |cents: &str| {
        let article = |(id, euros): (&str, &str)| article(" mode=\"update\"", id, None, &format!("{euros}.{cents}"));
        [("A", "1"), ("B", "2"), ("C", "3")].map(article).concat()
    };
    deliver(&shop, "T_UPDATE_PRICES prev_version=\"0\"", &prices("10"), "3 changed");
    // The same file lies there tomorrow.
    deliver(
        &shop,
        "T_UPDATE_PRICES prev_version=\"0\"",
        &prices("10"),
        "3 unchanged",
    );
    shop.write(
        "suppliers/w/catalogue.xml",
        bmecat("T_UPDATE_PRICES prev_version=\"4\"", &prices("20")),
    );
    let refused = shop.run(&["import", "w", "--apply"]).ended(3);
    assert!(refused.err.contains("E-DRIFT-UPDATE"), "{}", refused.err);
    assert!(
        refused
            .err
            .contains("follows transfer 4, and transfer 1 was taken last"),
        "{}",
        refused.err
    );
    shop.done(&["import", "w", "--apply", "--on-drift", "warn", "--quiet"]);
    assert_eq!(product(&shop, "A")["price"], "1.20 EUR");
    // Nothing to build on is told, and taken.
    let shop = bare_shop();
    shop.write("suppliers/w/supplier.toml", SUPPLIER);
    let told = deliver(
        &shop,
        "T_UPDATE_PRODUCTS prev_version=\"3\"",
        &article("", "A", Some("Anker"), "1.00"),
        "1 new",
    );
    assert!(codes(&told).contains(&"W-DRIFT-UPDATE".to_owned()), "{told:#}");
}

/// Several updates in one delivery follow each other, and a folder that gathers them is read whole every day.
#[test]
fn updates_that_lie_together_follow_each_other() {
    let shop = bare_shop();
    shop.write("suppliers/w/supplier.toml", SUPPLIER.replace("catalogue.xml", "drop"));
    let put = |n: u32, price: &str| {
        let id = ["A", "B", "C", "D"][n as usize];
        let (transaction, name) = match n {
            0 => ("T_NEW_CATALOG".to_owned(), Some("Anker")),
            n => (format!("T_UPDATE_PRODUCTS prev_version=\"{}\"", n - 1), Some("Bohrer")),
        };
        let file = format!("suppliers/w/drop/{n}.xml");
        shop.write(file, bmecat(&transaction, &article("", id, name, price)));
    };
    let import = |expected: &str| {
        let told = shop.done(&["import", "w", "--apply", "--json"]).json();
        assert_eq!(tally(&told), expected, "{told:#}");
        assert!(!codes(&told).iter().any(|code| code.contains("-DRIFT-")), "{told:#}");
    };
    put(0, "1.00");
    import("1 new");
    // Two at once, then one a day beside all that lies there already.
    put(1, "2.00");
    put(2, "3.00");
    import("2 new, 1 unchanged");
    put(3, "4.00");
    import("1 new, 3 unchanged");
    import("4 unchanged");
    // The whole catalogue is put away: those of long ago still lead up to the last.
    std::fs::remove_file(shop.path("suppliers/w/drop/0.xml")).unwrap();
    import("3 unchanged");
    // One of long ago alone, or with a hole behind it, would take back what came since.
    for (gone, expected) in [
        ("2.xml", "follows transfer 2, and transfer 1 comes before it"),
        ("3.xml", "follows transfer 0, and transfer 3 was taken last"),
    ] {
        std::fs::remove_file(shop.path(format!("suppliers/w/drop/{gone}"))).unwrap();
        let refused = shop.run(&["import", "w", "--apply"]).ended(3).err;
        assert!(
            refused.contains("E-DRIFT-UPDATE") && refused.contains(expected),
            "{refused}"
        );
    }
    // A whole catalogue begins anew, whatever lies before it.
    shop.write(
        "suppliers/w/drop/9.xml",
        bmecat("T_NEW_CATALOG", &article("", "A", Some("Anker"), "1.00")),
    );
    let told = shop.done(&["import", "w", "--json"]).json();
    assert!(
        !codes(&told).iter().any(|code| code.contains("DRIFT-UPDATE")),
        "{told:#}"
    );
}

/// What an update says twice of one article is refused, whichever comes first.
#[test]
fn an_article_is_not_taken_off_and_changed_at_once() {
    let shop = catalogue();
    let off = article(" mode=\"delete\"", "A", Some("Anker"), "1.00");
    let on = article(" mode=\"update\"", "A", Some("Anker M8"), "1.50");
    for articles in [format!("{off}{on}"), format!("{on}{off}")] {
        let told = deliver(&shop, "T_UPDATE_PRODUCTS prev_version=\"0\"", &articles, "2 rejected");
        assert!(
            codes(&told).iter().any(|code| code.starts_with("E-DUPLICATE-SKU@")),
            "{told:#}"
        );
        assert_eq!(product(&shop, "A")["name"], "Anker");
    }
}

/// Any feed may say with a word that a product is no longer sold.
#[test]
fn rows_may_take_a_product_off() {
    let shop = bare_shop();
    shop.write(
        "suppliers/w/supplier.toml",
        "name = \"W\"\nmode = \"delta\"\n[file]\npath = [\"list.csv\"]\nremoved = { state = [\"out\", \"deleted\"] }\n[fields]\n\
         sku.column = \"sku\"\nname.column = \"name\"\n",
    );
    shop.write("suppliers/w/list.csv", "sku,name,state\nA,One,\nB,Two,new\nC,Three,\n");
    assert_eq!(tally(&shop.done(&["import", "w", "--apply", "--json"]).json()), "3 new");
    shop.write("suppliers/w/list.csv", "sku,name,state\nA,,deleted\nB,Two,new\n");
    assert_eq!(
        tally(&shop.done(&["import", "w", "--apply", "--json"]).json()),
        "1 unchanged, 1 missing"
    );
    assert_eq!(product(&shop, "C")["name"], "Three");
}

/// What a delivery offers and takes off at once is refused, known before or not.
#[test]
fn a_product_is_not_offered_and_taken_off_at_once() {
    let shop = bare_shop();
    shop.write(
        "suppliers/w/supplier.toml",
        "name = \"W\"\nmode = \"delta\"\n[file]\npath = [\"list.csv\"]\nremoved = { del = [\"true\"] }\n[fields]\n\
         sku.column = \"sku\"\nname.column = \"name\"\n",
    );
    for list in ["A,One,\nA,,true\nB,Two,\n", "A,,true\nA,One,\nB,Two,\n"] {
        shop.write("suppliers/w/list.csv", format!("sku,name,del\n{list}"));
        let told = shop.done(&["import", "w", "--json"]).json();
        assert_eq!(tally(&told), "1 new, 2 rejected", "{told:#}");
    }
}
