//! Exports that are trees: Shopify's products in JSON, sheets of Icecat, and what Product Feed Protocol reads.

use crate::corner::{product, tally};
use crate::support::{Shop, shared};
use std::collections::BTreeMap;
use std::path::Path;

/// A workspace with a supplier `s` added from a file, and what adding told.
fn added(path: &str) -> (Shop, serde_json::Value) {
    let shop = Shop::new();
    shop.done(&["init", "."]);
    let told = shop.done(&["supplier", "add", path, "--name", "s", "--json"]).json();
    (shop, told)
}

/// Adds a file of this content, which a preset must know, and imports it.
#[track_caller]
fn imported(name: &str, content: &str, preset: &str) -> (Shop, String) {
    let shop = Shop::new();
    shop.done(&["init", "."]);
    shop.write(name, content);
    let told = shop.done(&["supplier", "add", name, "--name", "s", "--json"]).json();
    assert_eq!(told["preset"], preset, "{told:#}");
    let tally = tally(&shop.done(&["import", "s", "--apply", "--json"]).json());
    (shop, tally)
}

#[track_caller]
fn says(product: &BTreeMap<String, String>, expected: &[(&str, &str)]) {
    for (attribute, text) in expected {
        assert_eq!(
            product.get(*attribute).map(String::as_str),
            Some(*text),
            "{attribute} of {product:?}"
        );
    }
}

#[test]
fn products_of_shopify_in_json_are_their_variants() {
    let products = r#"{"products": [
{"id": 1, "title": "Camiseta", "handle": "camiseta", "body_html": "<p>De algodón</p>", "vendor": "Akme", "product_type": "Ropa", "tags": ["verano", "básicos"],
 "variants": [
  {"id": 11, "title": "M / Rojo", "option1": "M", "option2": "Rojo", "option3": null, "sku": "C-R-M", "price": "19.90", "grams": 250, "compare_at_price": "24.90", "available": true, "position": 1, "product_id": 1, "barcode": "4006381333931"},
  {"id": 12, "title": "M / Azul", "option1": "M", "option2": "Azul", "option3": null, "sku": "C-A-M", "price": "21.90", "grams": 250, "compare_at_price": null, "available": false, "position": 2, "product_id": 1, "barcode": "4006381333948"}],
 "images": [{"id": 1, "src": "https://img.example/c1.jpg", "position": 1}, {"id": 2, "src": "https://img.example/c2.jpg", "position": 2}],
 "options": [{"name": "Talla", "position": 1, "values": ["M"]}, {"name": "Color", "position": 2, "values": ["Rojo", "Azul"]}]},
{"id": 2, "title": "Taza", "handle": "taza", "body_html": "", "vendor": "Tassa", "product_type": "Casa", "tags": [],
 "variants": [{"id": 21, "title": "Default Title", "option1": "Default Title", "option2": null, "option3": null, "sku": "T-1", "price": "5.00", "grams": 400, "compare_at_price": null, "available": true}],
 "images": [], "options": [{"name": "Title", "position": 1, "values": ["Default Title"]}]}]}"#;
    let (shop, tally) = imported("products.json", products, "shopify");
    assert!(tally.starts_with("3 new"), "{tally}");
    says(
        &product(&shop, "C-A-M"),
        &[
            ("model", "camiseta"),
            ("name", "Camiseta"),
            ("brand", "Akme"),
            ("color", "blue"),
            ("size", "m"),
            ("price", "21.90 EUR"),
            ("gtin", "4006381333948"),
            ("weight", "0.25 kg"),
            ("availability", "out_of_stock"),
            ("keywords", "verano, básicos"),
            ("image", "https://img.example/c1.jpg, https://img.example/c2.jpg"),
        ],
    );
    let mug = product(&shop, "T-1");
    says(
        &mug,
        &[("model", "taza"), ("weight", "0.4 kg"), ("availability", "in_stock")],
    );
    assert!(!mug.contains_key("color") && !mug.contains_key("size"), "{mug:?}");
}

const SHEETS: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE ICECAT-interface SYSTEM "https://data.icecat.biz/dtd/ICECAT-interface_response.dtd">
<ICECAT-interface xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">
<Product Code="1" HighPic="https://img.example/h1.jpg" HighPicHeight="800" ID="1001" LowPic="https://img.example/l1.jpg" Name="Drill 18" Prod_id="DR-18" Quality="ICECAT" Title="Akme Drill 18 cordless">
<Category ID="55"><Name ID="77" Value="Drills" langid="1"/></Category>
<CategoryFeatureGroup ID="501" No="1"><FeatureGroup ID="9"><Name ID="1" Value="Weight &amp; dimensions" langid="1"/></FeatureGroup></CategoryFeatureGroup>
<EANCode EAN="4006381333931"/>
<ProductDescription ID="1" LongDesc="A drill.\nFor all." ShortDesc="A drill" URL="https://akme.example/dr18" langid="1"/>
<ProductFeature ID="7001" CategoryFeatureGroup_ID="501" No="100" Presentation_Value="1500 g" Value="1500"><Feature ID="94"><Measure ID="2" Sign="g"><Signs><Sign ID="1" langid="1">g</Sign></Signs></Measure><Name ID="5" Value="Weight" langid="1"/></Feature></ProductFeature>
<ProductFeature ID="7002" CategoryFeatureGroup_ID="501" No="99" Presentation_Value="Blue" Value="Blue"><Feature ID="1766"><Measure ID="29" Sign=""><Signs/></Measure><Name ID="6" Value="Product colour" langid="1"/></Feature></ProductFeature>
<ProductGallery><ProductPicture Pic="https://img.example/g1.jpg" Size="1"/><ProductPicture Pic="https://img.example/g2.jpg" Size="1"/></ProductGallery>
<ProductRelated ID="1"><Product ID="999" Prod_id="BAT-18"><Supplier ID="4" Name="Akme"/></Product></ProductRelated>
<ProductRelated ID="2"><Product ID="998" Prod_id="BAT-19"><Supplier ID="4" Name="Akme"/></Product></ProductRelated>
<SummaryDescription><ShortSummaryDescription langid="1">Akme Drill 18, blue</ShortSummaryDescription><LongSummaryDescription langid="1">Akme Drill 18. Weight: 1.5 kg</LongSummaryDescription></SummaryDescription>
<Supplier ID="4" Name="Akme"/>
</Product>
<Product Code="-1" ErrorMessage="The requested XML data-sheet is not present in the Icecat database." ID="??"/>
</ICECAT-interface>
"#;

const ANSWER: &str = r#"{"msg": "OK", "data": {"DemoAccount": false, "GeneralInfo": {"IcecatId": 1001, "Title": "Akme Drill 18 cordless", "Brand": "Akme", "BrandID": "4",
"ProductName": "Drill 18", "BrandPartCode": "DR-18", "GTIN": ["4006381333931"], "Category": {"CategoryID": "55", "Name": {"Value": "Drills", "Language": "EN"}},
"Description": {"ID": "1", "LongDesc": "A drill.\\nFor all.", "URL": "https://akme.example/dr18"},
"SummaryDescription": {"ShortSummaryDescription": "Akme Drill 18, blue", "LongSummaryDescription": "Akme Drill 18. Weight: 1.5 kg"}},
"Image": {"HighPic": "https://img.example/h1.jpg", "LowPic": "https://img.example/l1.jpg"},
"Gallery": [{"ID": 1, "Pic": "https://img.example/g1.jpg", "No": 1, "IsMain": "Y"}, {"ID": 2, "Pic": "https://img.example/g2.jpg", "No": 2, "IsMain": "N"}],
"FeaturesGroups": [{"ID": 501, "FeatureGroup": {"ID": "9", "Name": {"Value": "Weight & dimensions", "Language": "EN"}}, "Features": [
{"ID": 7001, "Value": "1500", "PresentationValue": "1500 g", "Feature": {"ID": "94", "Measure": {"ID": "2", "Signs": {"_": "g"}}, "Name": {"Value": "Weight", "Language": "EN"}}},
{"ID": 7002, "Value": "Blue", "PresentationValue": "Blue", "Feature": {"ID": "1766", "Measure": {"ID": "29", "Signs": {"_": ""}}, "Name": {"Value": "Product colour", "Language": "EN"}}}]}]}}
"#;

#[test]
fn sheets_of_icecat_are_equal_items_in_xml_and_json() {
    let (shop, tally) = imported("sheets.xml", SHEETS, "icecat");
    // The sheet of a product that is not there is left out.
    assert!(tally.starts_with("1 new"), "{tally}");
    let drill = product(&shop, "1001");
    says(
        &drill,
        &[
            ("mpn", "DR-18"),
            ("brand", "Akme"),
            ("name", "Akme Drill 18 cordless"),
            ("gtin", "4006381333931"),
            ("weight", "1.5 kg"),
            ("color", "blue"),
            ("short_description", "Akme Drill 18, blue"),
            (
                "image",
                "https://img.example/h1.jpg, https://img.example/g1.jpg, https://img.example/g2.jpg",
            ),
        ],
    );
    assert!(!drill["description"].contains('\\'), "{}", drill["description"]);
    for (name, content) in [("live.json", ANSWER.to_owned()), ("list.json", format!("[{ANSWER}]"))] {
        let (shop, tally) = imported(name, &content, "icecat");
        assert!(tally.starts_with("1 new"), "{name}: {tally}");
        assert_eq!(product(&shop, "1001"), drill, "{name}");
    }
}

#[test]
fn features_of_icecat_are_asked_for_by_name() {
    let wanted = "feature:Weight feature_value:Weight feature_unit:Weight feature:Width";
    crate::joined_rows::check(
        &[("sheets.xml", SHEETS)],
        "[file]\npath = [\"sheets.xml\"]\nonly = { \"@Code\" = [\"1\"] }",
        wanted,
        "4 1500 g | 1500 | g | –\nI-ROWS-LEFT rows left out, as `only` under [file] says: 1\n",
    );
    crate::joined_rows::check(
        &[("live.json", ANSWER)],
        "[file]\npath = [\"live.json\"]",
        wanted,
        "1 1500 g | 1500 | g | –\n",
    );
}

#[test]
fn names_of_features_may_hold_any_character() {
    let sheets = SHEETS.replace("\"Weight\"", "\"A&apos;b&quot;c[d&amp;e\"");
    let answer = ANSWER.replace("\"Weight\"", "\"A'b\\\"c[d&e\"");
    let wanted = "feature:A'b\"c[d&e feature_unit:A'b\"c[d&e";
    crate::joined_rows::check(
        &[("sheets.xml", &sheets)],
        "[file]\npath = [\"sheets.xml\"]\nonly = { \"@Code\" = [\"1\"] }",
        wanted,
        "4 1500 g | g\nI-ROWS-LEFT rows left out, as `only` under [file] says: 1\n",
    );
    crate::joined_rows::check(
        &[("live.json", &answer)],
        "[file]\npath = [\"live.json\"]",
        wanted,
        "1 1500 g | g\n",
    );
}

#[test]
fn what_product_feed_protocol_reads_comes_in() {
    let Some(data) = shared().map(|shared| shared.join("data/product-feed-protocol")) else {
        return;
    };
    let path = |name: &str| data.join(name).display().to_string();
    let mut first: Option<Vec<BTreeMap<String, String>>> = None;
    for name in [
        "tests__matrix__fixtures__adapter__input.csv",
        "tests__matrix__fixtures__adapter__input.json",
        "tests__matrix__fixtures__adapter__input.jsonl",
        "tests__matrix__fixtures__adapter__input.rows.json",
        "tests__matrix__fixtures__default.jsonl",
    ] {
        let (shop, _) = added(&path(name));
        let document = shop.done(&["import", "s", "--apply", "--json"]).json();
        assert!(tally(&document).starts_with("3 new"), "{name}: {}", tally(&document));
        let products: Vec<_> = ["SKU-001", "SKU-002", "SKU-003"].map(|sku| product(&shop, sku)).into();
        says(&products[2], &[("name", "Cinder Mug"), ("availability", "preorder")]);
        match &first {
            None => first = Some(products),
            Some(first) => assert_eq!(first, &products, "{name}"),
        }
    }
    for (name, expected) in [
        ("examples__01_minimal_quickstart__input__input.jsonl", "1 new"),
        ("examples__07_streaming_jsonl__input__input.jsonl", "50 new"),
        ("tests__matrix__fixtures__schema__openai.product_feed.jsonl", "5 new"),
        ("tests__matrix__fixtures__schema__stripe.product_feed.jsonl", "5 new"),
        // One of its prices is zero.
        (
            "tests__matrix__fixtures__schema__stripe.inventory_price_feed.jsonl",
            "4 new",
        ),
        ("tests__e2e__fixtures__shopify_bulk_input.jsonl", "3 new"),
        ("tests__e2e__fixtures__shopify_realtime_input.json", "4 new"),
    ] {
        let (shop, told) = added(&path(name));
        let document = shop.done(&["import", "s", "--apply", "--json"]).json();
        assert!(tally(&document).starts_with(expected), "{name}: {}", tally(&document));
        if name.contains("shopify") {
            assert_eq!(told["preset"], "product-feed-protocol", "{name}");
            let shirt = product(&shop, "CT-BLK-M");
            says(
                &shirt,
                &[
                    ("model", "gid://shopify/Product/456"),
                    ("brand", "BrandCo"),
                    ("weight", "0.3 kg"),
                    ("price", "29.99 EUR"),
                    ("list_price", "39.99 EUR"),
                    ("stock", "42"),
                    ("color", "black"),
                ],
            );
            assert!(
                shirt["image"].starts_with("https://cdn.shopify.com/classic-tee-main.jpg, "),
                "{shirt:?}"
            );
        }
    }
    // What is deleted never comes in as new; what has no id is rejected.
    let (shop, _) = added(&path("tests__e2e__fixtures__shopify_delete_input.json"));
    let document = shop.done(&["import", "s", "--apply", "--json"]).json();
    assert_eq!(document["new"], 0, "{document:#}");
    // A message about stock names no product.
    let file = path("tests__e2e__fixtures__shopify_inventory_input.json");
    let shop = Shop::new();
    shop.done(&["init", "."]);
    let refused = shop.run(&["supplier", "add", &file, "--name", "s"]).ended(3);
    assert!(
        refused.err.contains("E-NO-SKU") && Path::new(&file).exists(),
        "{}",
        refused.err
    );
}

#[test]
fn rows_of_deleted_products_are_known_by_their_column() {
    let shop = Shop::new();
    shop.done(&["init", "."]);
    shop.write(
        "list.csv",
        "sku,name,price,deleted\nA,One thing,1.50,0\nB,Two things,2.50,1\nC,Three things,3.50,0\n",
    );
    shop.done(&["supplier", "add", "list.csv", "--name", "s"]);
    let document = shop.done(&["import", "s", "--apply", "--json"]).json();
    assert_eq!(document["new"], 2, "{document:#}");
    let text = std::fs::read_to_string(shop.path("suppliers/s/supplier.toml")).expect("the file is there");
    assert!(text.contains("[file.removed]\ndeleted = [\"1\"]"), "{text}");
}
