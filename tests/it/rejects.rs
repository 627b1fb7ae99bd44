//! Rejected rows of XML, JSON and wide encodings: exactly they are kept, in a file that reads like the one they came from.

use crate::corner::{bare_shop, codes, tally, value};
use crate::support::Shop;
use serde_json::Value;

/// A supplier of `sku`, `name`, `price` in a file of that name.
fn shop_of(file: &str, settings: &str, content: impl AsRef<[u8]>) -> Shop {
    let shop = bare_shop();
    shop.write(
        "suppliers/norte/supplier.toml",
        format!(
            "name = \"Norte\"\n[file]\npath = [\"{file}\"]\n{settings}\n[read]\ncurrency = \"EUR\"\n[fields]\n\
             sku = {{ column = \"sku\" }}\nname = {{ column = \"name\" }}\nprice = {{ column = \"price\" }}\n"
        ),
    );
    shop.write(format!("suppliers/norte/{file}"), content);
    shop
}

#[track_caller]
fn import(shop: &Shop) -> Value {
    shop.done(&["import", "norte", "--apply", "--json"]).json()
}

/// The one file of rejected rows.
#[track_caller]
fn rejected(shop: &Shop, document: &Value) -> String {
    let folder = document["rejects"].as_str().expect("rejected rows lie somewhere");
    let files: Vec<String> = shop.files(folder).into_keys().collect();
    let [file] = &files[..] else {
        panic!("{files:?}");
    };
    file.clone()
}

/// Corrects the file of rejected rows and imports it.
#[track_caller]
fn import_again(shop: &Shop, file: &str, from: &str, to: &str) -> Value {
    shop.edit(file, from, to);
    shop.done(&["import", "norte", file, "--apply", "--json"]).json()
}

#[test]
fn one_rejected_record_of_a_minified_file_does_not_take_the_others_along() {
    let rows = [
        ("A", "1.00"),
        ("B", "2.00"),
        ("C", "3.00"),
        ("B", "2.50"),
        ("D", "4.00"),
    ];
    let xml = rows.map(|(sku, price)| format!("<p><sku>{sku}</sku><name>Item {sku}</name><price>{price}</price></p>"));
    let json = rows.map(|(sku, price)| format!(r#"{{"sku":"{sku}","name":"Item {sku}","price":"{price}"}}"#));
    let files = [
        ("list.xml", format!("<shop><list>{}</list></shop>", xml.concat())),
        ("list.json", format!("{{\"list\":[{}]}}", json.join(","))),
    ];
    for (file, content) in files {
        let shop = shop_of(file, "", &content);
        let document = import(&shop);
        assert_eq!(tally(&document), "3 new, 2 rejected", "{file}");
        assert_eq!(codes(&document), ["E-DUPLICATE-SKU@1"], "{file}");
        let message = document["diagnostics"][0]["message"].as_str().unwrap_or_default();
        assert_eq!(message, "the SKU stands in record 2 too, with other values", "{file}");
        let kept = rejected(&shop, &document);
        let text = shop.read(&kept);
        assert_eq!(
            (text.matches("Item").count(), text.matches("Item B").count()),
            (2, 2),
            "{text}"
        );

        // What the next delivery said of the others stays when the rejected rows come back.
        shop.write(format!("suppliers/norte/{file}"), content.replace("3.00", "3.30"));
        assert_eq!(tally(&import(&shop)), "1 changed, 2 unchanged, 2 rejected", "{file}");
        let again = import_again(&shop, &kept, "2.50", "2.00");
        assert_eq!(tally(&again), "1 new, 1 unchanged", "{file}: {}", shop.read(&kept));
        assert_eq!(value(&shop, "C", "price").as_deref(), Some("3.30 EUR"), "{file}");
    }
}
