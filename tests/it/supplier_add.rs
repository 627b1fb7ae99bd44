//! A new supplier from a file: what is proposed loads, reads the file as it was looked at, and nothing else is written.

use crate::corner::{bare_shop, codes, tally};
use crate::support::Shop;

/// A workspace with a supplier made of this file.
#[track_caller]
fn added(name: &str, content: impl AsRef<[u8]>, args: &[&str]) -> (Shop, serde_json::Value) {
    let shop = bare_shop();
    shop.write(name, content);
    let document = shop
        .done(&[&["supplier", "add", name, "--name", "norte", "--json"], args].concat())
        .json();
    (shop, document)
}

/// What an import of the proposed mapping says.
#[track_caller]
fn imported(shop: &Shop) -> String {
    let document = shop.done(&["import", "norte", "--json"]).json();
    format!("{} {}", tally(&document), codes(&document).join(" "))
}

#[test]
fn a_file_without_a_key_is_refused_and_nothing_is_written() {
    let shop = bare_shop();
    shop.write("list.csv", "color,price\nred,1.00\nred,1.00\nblue,2.00\n");
    let refused = shop.run(&["supplier", "add", "list.csv"]).ended(3);
    assert!(refused.err.contains("E-NO-SKU"), "{}", refused.err);
    assert!(
        refused.err.contains("color, price") && refused.err.contains("--sku COLUMN"),
        "{}",
        refused.err
    );
    assert!(!shop.path("suppliers/list").exists());
    shop.done(&["supplier", "list"]);

    // A person knows better.
    let refused = shop.run(&["supplier", "add", "list.csv", "--sku", "colour"]).ended(2);
    assert!(refused.err.contains("there are: color, price"), "{}", refused.err);
    let document = shop
        .done(&["supplier", "add", "list.csv", "--sku", "color", "--json"])
        .json();
    assert_eq!(document["columns"][0]["attribute"], "sku");
    shop.done(&["supplier", "list"]);
}

#[test]
fn guesses_are_told_in_whole_percents_and_not_at_all_where_nobody_asks() {
    let (shop, document) = added("list.csv", "sku,name,price\nA1,One,1.00\nA2,Two,2.50\n", &[]);
    for column in document["columns"].as_array().expect("there are columns") {
        let text = column["confidence"].to_string();
        assert!(text.len() <= 4, "{text} is no number of two decimals");
    }
    let quiet = shop.done(&["-q", "supplier", "add", "list.csv", "--name", "sur"]);
    assert_eq!((quiet.out.as_str(), quiet.err.as_str()), ("", ""));
}

/// What the settings declare does not turn off what is found otherwise.
#[test]
fn a_file_is_read_as_it_was_looked_at() {
    let padded =
        "sku   , name             , price\nA1    , \"Paper, white\"   , 1.50\nA2    , \"Paper, red\"     , 2.50\n";
    let escaped = "sku,name,price\nA1,\"5\\\" pipe, steel\",1.50\nA2,\"Pipe \\\"big\\\"\",2.50\n";
    let sign = "sku;name;price\nA1;\";1.50\nA2;rad;2.50\n";
    for (content, name) in [(padded, "Paper, white"), (escaped, "5\" pipe, steel"), (sign, "\"")] {
        let (shop, document) = added("list.csv", content, &[]);
        assert_eq!(document["columns"][1]["sample"], name, "{content}");
        assert_eq!(imported(&shop).trim(), "2 new", "{content}");
    }
}

/// The attribute of each column, in their order.
fn attributes(document: &serde_json::Value) -> String {
    let columns = document["columns"].as_array().expect("there are columns");
    let attribute = |column: &serde_json::Value| column["attribute"].as_str().unwrap_or("-").to_owned();
    columns.iter().map(attribute).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_header_of_two_rows_names_its_columns() {
    let rows = "TA-1;Taladro;10,00;49,90\nTA-2;Sierra;8,00;39,90\n";
    let (shop, document) = added(
        "list.csv",
        format!("Datos del articulo;;Precios;\nRef;Nombre;Coste;PVP\n{rows}"),
        &[],
    );
    assert_eq!(attributes(&document), "sku name - price");
    assert_eq!(document["header_row"], 2);
    assert_eq!(imported(&shop).trim(), "2 new");
    let (shop, document) = added(
        "list.csv",
        format!("Ref;Nombre;Precio;\n;;con IVA;sin IVA\n{rows}"),
        &[],
    );
    assert_eq!(document["header_row"], 1);
    assert_eq!(document["columns"][2]["header"], "Precio / con IVA");
    assert!(attributes(&document).starts_with("sku name price"), "{document:#}");
    assert_eq!(imported(&shop).trim(), "2 new");
}

#[test]
fn a_list_without_a_header_is_known_by_its_values() {
    let list = "TA-100;8412345678905;Taladro percutor 600 W;49,90;12\nSC-200;8412345678912;Sierra de calar 500 W;39,95;0\n\
                DE-001;8412345678929;Destornillador de estrella;4,50;103\n";
    let (shop, document) = added("list.csv", list, &[]);
    assert_eq!(attributes(&document), "sku gtin name price stock");
    assert_eq!(document["header_row"], serde_json::Value::Null);
    assert_eq!(imported(&shop).split(' ').take(2).collect::<Vec<_>>(), ["3", "new"]);
}

#[test]
fn a_catalogue_is_known_by_its_standard() {
    let article = |mode: &str, aid: &str| {
        format!(
            "<ARTICLE mode=\"{mode}\"><SUPPLIER_AID>{aid}</SUPPLIER_AID><ARTICLE_DETAILS><DESCRIPTION_SHORT>Hemd {aid}</DESCRIPTION_SHORT>\
             </ARTICLE_DETAILS><ARTICLE_PRICE_DETAILS><ARTICLE_PRICE price_type=\"net_customer\"><PRICE_AMOUNT>17.20</PRICE_AMOUNT>\
             </ARTICLE_PRICE><ARTICLE_PRICE price_type=\"net_list\"><PRICE_AMOUNT>20.00</PRICE_AMOUNT></ARTICLE_PRICE>\
             </ARTICLE_PRICE_DETAILS></ARTICLE>"
        )
    };
    let catalogue = format!(
        "<BMECAT version=\"1.2\"><HEADER><CATALOG><CURRENCY>EUR</CURRENCY></CATALOG></HEADER><T_NEW_CATALOG>{}{}</T_NEW_CATALOG></BMECAT>",
        article("new", "H1"),
        article("update", "H2")
    );
    let (shop, document) = added("list.xml", &catalogue, &[]);
    let columns = document["columns"].as_array().expect("there are columns");
    let mapped: Vec<String> = columns
        .iter()
        .filter(|column| !column["attribute"].is_null())
        .map(|column| format!("{} {}", column["header"], column["attribute"]).replace('"', ""))
        .collect();
    assert_eq!(
        mapped,
        [
            "SUPPLIER_AID sku",
            "ARTICLE_DETAILS/DESCRIPTION_SHORT name",
            "price:net_list price"
        ]
    );
    assert!(imported(&shop).starts_with("2 new"), "{}", imported(&shop));
}

#[test]
fn variants_of_a_catalogue_come_in_by_themselves() {
    let variant = |value: &str, text: &str| {
        format!("<VARIANT><FVALUE>{value}</FVALUE><SUPPLIER_AID_SUPPLEMENT>{text}</SUPPLIER_AID_SUPPLEMENT></VARIANT>")
    };
    let article = |aid: &str, name: &str| {
        format!(
            "<ARTICLE><SUPPLIER_AID>{aid}</SUPPLIER_AID><ARTICLE_DETAILS><DESCRIPTION_SHORT>{name}</DESCRIPTION_SHORT></ARTICLE_DETAILS>\
             <ARTICLE_FEATURES><FEATURE><FNAME>Farbe</FNAME><VARIANTS>{}{}<VORDER>1</VORDER></VARIANTS></FEATURE></ARTICLE_FEATURES>\
             <ARTICLE_PRICE_DETAILS><ARTICLE_PRICE price_type=\"nrp\"><PRICE_AMOUNT>20.00</PRICE_AMOUNT></ARTICLE_PRICE></ARTICLE_PRICE_DETAILS></ARTICLE>",
            variant("rot", "-R"),
            variant("blau", "-B")
        )
    };
    let catalogue = format!(
        "<BMECAT version=\"1.2\"><HEADER><CATALOG><CURRENCY>EUR</CURRENCY></CATALOG></HEADER><T_NEW_CATALOG>{}{}</T_NEW_CATALOG></BMECAT>",
        article("H1", "Hemd"),
        article("B1", "Bluse")
    );
    let (shop, _) = added("list.xml", &catalogue, &[]);
    assert!(imported(&shop).starts_with("4 new"), "{}", imported(&shop));
    shop.done(&["import", "norte", "--apply"]);
    for (sku, model) in [("H1-R", "H1"), ("H1-B", "H1"), ("B1-R", "B1")] {
        assert_eq!(
            crate::corner::value(&shop, sku, "model").as_deref(),
            Some(model),
            "{sku}"
        );
    }
}

#[test]
fn weights_have_the_unit_that_stands_beside() {
    let shop = Shop::new();
    shop.done(&["init", "."]);
    shop.write(
        "list.csv",
        "sku,name,weight,weight-unit\nA,One,500,GRAM\nB,Two,2,KILOGRAM\n",
    );
    shop.done(&["supplier", "add", "list.csv", "--name", "norte"]);
    shop.done(&["import", "norte", "--apply"]);
    let weight = |sku: &str| crate::corner::value(&shop, sku, "weight");
    assert_eq!(
        (weight("A").as_deref(), weight("B").as_deref()),
        (Some("0.5 kg"), Some("2 kg"))
    );
}

#[test]
fn a_key_of_several_columns_is_proposed_as_such() {
    let mut list = String::from("Permit no.,Pack no.,Name\n");
    for n in 0..24 {
        list.push_str(&format!("{},{},Tablets {}\n", 57_000 + n / 3, n % 3 + 1, n / 4));
    }
    let (shop, document) = added("list.csv", &list, &[]);
    assert_eq!(attributes(&document), "sku sku name");
    assert!(imported(&shop).starts_with("24 new"), "{}", imported(&shop));
}
