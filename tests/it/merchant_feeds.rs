//! Feeds that shops write for Google Merchant Center, taken as a supplier's: RSS, Atom and text give the same items.

use crate::corner::{product, tally};
use crate::support::Shop;
use std::collections::BTreeMap;

/// What products say, by the names of the specification; `summary` and so on are left to the formats.
const PRODUCTS: [&[(&str, &str)]; 2] = [
    &[
        ("id", "C-1-R"),
        ("title", "Camiseta roja"),
        ("description", "De algodón, muy suave."),
        ("link", "https://tienda.example/c1?c=r"),
        ("image_link", "https://tienda.example/i/c1r.jpg"),
        ("additional_image_link", "https://tienda.example/i/c1r-2.jpg"),
        ("additional_image_link", "https://tienda.example/i/c1r-3.jpg"),
        ("availability", "in_stock"),
        ("price", "19.99 EUR"),
        ("sale_price", "14.99 EUR"),
        ("gtin", "4006381333931"),
        ("mpn", "C1R"),
        ("brand", "Akme"),
        ("condition", "new"),
        ("google_product_category", "632"),
        ("product_type", "Ferretería > Varios"),
        ("item_group_id", "C-1"),
        ("color", "Rojo"),
        ("size", "M"),
        ("shipping_weight", "0.25 kg"),
    ],
    &[
        ("id", "C-1-A"),
        ("title", "Camiseta azul"),
        ("description", "De algodón."),
        ("link", "https://tienda.example/c1?c=a"),
        ("image_link", "https://tienda.example/i/c1a.jpg"),
        ("availability", "out of stock"),
        ("price", "21.50 EUR"),
        ("gtin", "4006381333948"),
        ("brand", "Akme"),
        ("condition", "new"),
        ("item_group_id", "C-1"),
        ("color", "Azul"),
        ("size", "L"),
        ("shipping_weight", "300 g"),
    ],
];

fn elements(product: &[(&str, &str)], plain: &[&str]) -> String {
    let element = |(name, text): &(&str, &str)| {
        let prefix = if plain.contains(name) { "" } else { "g:" };
        let text = text.replace('&', "&amp;").replace('>', "&gt;");
        format!("<{prefix}{name}>{text}</{prefix}{name}>\n")
    };
    product.iter().map(element).collect()
}

fn rss() -> String {
    // Elements of RSS itself without a prefix, and a price of something else inside.
    let item = |product: &&[(&str, &str)]| {
        let shipping = "<g:shipping><g:country>ES</g:country><g:price>4.99 EUR</g:price></g:shipping>";
        format!(
            "<item>{}{shipping}</item>\n",
            elements(product, &["title", "link", "description"])
        )
    };
    let items: String = PRODUCTS.iter().map(item).collect();
    format!(
        "<?xml version=\"1.0\"?>\n<rss version=\"2.0\" xmlns:g=\"http://base.google.com/ns/1.0\"><channel><title>Tienda</title>\
         <link>https://tienda.example</link><description>Todo</description>\n{items}</channel></rss>\n"
    )
}

fn atom() -> String {
    let entry = |product: &&[(&str, &str)]| {
        // Atom has an id and a date of its own, and its link is an attribute.
        let inside = elements(product, &["title"])
            .replace("g:description>", "summary>")
            .lines()
            .filter(|line| !line.starts_with("<g:link>"))
            .collect::<String>();
        let text = |wanted: &str| {
            product
                .iter()
                .find(|(name, _)| *name == wanted)
                .map_or("", |(_, text)| text)
        };
        format!(
            "<entry><id>tag:tienda.example,2026:{}</id><updated>2026-11-20T18:30:02Z</updated><link href=\"{}\"/>{inside}</entry>\n",
            text("id"),
            text("link")
        )
    };
    let entries: String = PRODUCTS.iter().map(entry).collect();
    format!(
        "<?xml version=\"1.0\"?>\n<feed xmlns=\"http://www.w3.org/2005/Atom\" xmlns:g=\"http://base.google.com/ns/1.0\"><title>Tienda</title>\
         <id>tag:tienda.example,2026:1</id>\n{entries}</feed>\n"
    )
}

/// Tabs between the cells; names with spaces or underscores.
fn text(space: &str) -> String {
    let names: Vec<&str> = PRODUCTS[0].iter().map(|(name, _)| *name).collect();
    let mut columns: Vec<&str> = Vec::new();
    for name in names {
        if !columns.contains(&name) {
            columns.push(name);
        }
    }
    let line = |product: &&[(&str, &str)]| {
        let cell = |column: &&str| {
            let values = product.iter().filter(|(name, _)| name == column).map(|(_, text)| *text);
            values.collect::<Vec<&str>>().join(",")
        };
        columns.iter().map(cell).collect::<Vec<String>>().join("\t") + "\n"
    };
    let rows: String = PRODUCTS.iter().map(line).collect();
    format!("{}\n{rows}", columns.join("\t").replace('_', space))
}

#[test]
fn merchant_feeds_in_three_forms_are_equal_items() {
    let mut first: Option<Vec<BTreeMap<String, String>>> = None;
    for (name, content) in [
        ("feed.xml", rss()),
        ("atom.xml", atom()),
        ("feed.txt", text(" ")),
        ("feed.tsv", text("_")),
    ] {
        let shop = Shop::new();
        shop.done(&["init", "."]);
        shop.write(name, &content);
        let added = shop.done(&["supplier", "add", name, "--name", "s", "--json"]).json();
        assert_eq!(added["preset"], "google", "{name}");
        let document = shop.done(&["import", "s", "--apply", "--json"]).json();
        assert!(tally(&document).starts_with("2 new"), "{name}: {}", tally(&document));
        let products = ["C-1-R", "C-1-A"].map(|sku| product(&shop, sku)).to_vec();
        let red = &products[0];
        for (attribute, said) in [
            ("model", "C-1"),
            ("price", "19.99 EUR"),
            ("sale_price", "14.99 EUR"),
            ("availability", "in_stock"),
            ("weight", "0.25 kg"),
            ("url", "https://tienda.example/c1?c=r"),
            ("category", "hardware"),
            ("color", "red"),
            ("gtin", "4006381333931"),
        ] {
            assert_eq!(
                red.get(attribute).map(String::as_str),
                Some(said),
                "{name}: {attribute} of {red:?}"
            );
        }
        assert_eq!(red["image"].matches("https://").count(), 3, "{name}: {}", red["image"]);
        assert_eq!(products[1]["availability"], "out_of_stock", "{name}");
        match &first {
            None => first = Some(products),
            Some(first) => assert_eq!(first, &products, "{name}"),
        }
    }
}
