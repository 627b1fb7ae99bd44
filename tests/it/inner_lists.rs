//! Items in a list inside of each record, values by the name beside them: JSON, lines of JSON and XML say the same.

use crate::joined_rows::check;
use crate::support::Shop;

const JSON: &str = r#"{"products": [
{"handle": "shirt", "brand": {"name": "Akme"}, "variants": [{"sku": "S-R", "price": 10.50}, {"sku": "S-B", "price": 11}], "images": [{"src": "a"}, {"src": "b"}]},
{"handle": "mug", "brand": {"name": "Tassa"}, "variants": [{"sku": "M", "price": "5"}], "images": []},
{"handle": "none", "brand": {"name": "Akme"}, "variants": []},
{"handle": "bad", "brand": {"name": "Akme"}, "variants": [{"sku": "X", "sku": "Y"}, {"sku": "Z"}, null]}
]}"#;

const SETTINGS: &str = r#"
[file]
path = ["feed.json"]
items = "variants"
"#;

const ITEMS: &str = "
2 S-R | 10.50 | shirt | Akme | a+b
2 S-B | 11 | shirt | Akme | a+b
3 M | 5 | mug | Tassa | –
5 E-ROW-DUPLICATE-KEY
5 Z | – | bad | Akme | –
I-ITEMS-NONE records without a member of the list that `items` under [file] names: 1
";

#[test]
fn items_inside_of_records_have_what_is_said_around_them() {
    let wanted = "sku price ^.handle ^.brand.name ^.images.src";
    let items = ITEMS.replace("5 E-ROW", "5  E-ROW");
    check(
        &[("feed.json", JSON)],
        &format!("{SETTINGS}record = \"products\""),
        wanted,
        &items,
    );
    check(&[("feed.json", JSON)], SETTINGS, wanted, &items);

    let inside = JSON
        .replace("{\"products\": [\n", "")
        .replace("},\n", "}\n")
        .replace("]}\n]}", "]}");
    let lines: Vec<&str> = inside.lines().collect();
    let expected: String = items
        .lines()
        .map(|line| match line.split_once(' ') {
            Some((number, rest)) if number.parse::<u64>().is_ok() => {
                format!("{} {rest}\n", number.parse::<u64>().unwrap_or(0) - 1)
            }
            _ => format!("{line}\n"),
        })
        .collect();
    check(
        &[("feed.jsonl", &(lines.join("\n") + "\n"))],
        &SETTINGS.replace("feed.json", "feed.jsonl"),
        wanted,
        &expected,
    );
}

#[test]
fn items_inside_of_elements_have_what_is_said_around_them() {
    let xml = "<catalog>
<category name=\"Ropa\"><title>Todo</title><products><product sku=\"S-R\"><price>10</price></product><product sku=\"S-B\"/></products></category>
<category name=\"Casa\"><products><product sku=\"M\"><price>5</price></product></products></category>
<category name=\"Vacío\"><products/></category>
</catalog>";
    check(
        &[("feed.xml", xml)],
        "[file]\npath = [\"feed.xml\"]\nrecord = \"/catalog/category\"\nitems = \"products/product\"",
        "@sku price ^/@name ^/title",
        "
2 S-R | 10 | Ropa | Todo
2 S-B | – | Ropa | Todo
3 M | 5 | Casa | –
I-ITEMS-NONE records without a member of the list that `items` under [file] names: 1
",
    );
}

#[test]
fn a_record_that_swells_by_its_items_is_refused() {
    let long = "x".repeat(1 << 20);
    let variants = vec!["{\"sku\": \"A\"}"; 100].join(",");
    let feed = format!(
        "[{{\"text\": \"{long}\", \"variants\": [{variants}]}},\n{{\"text\": \"short\", \"variants\": [{{\"sku\": \"B\"}}]}}]"
    );
    check(
        &[("feed.json", &feed)],
        SETTINGS,
        "sku ^.text",
        "1  E-ITEMS-SIZE\n2 B | short\n",
    );

    // Members that say nothing take room as well, and so do spaces.
    let items = vec!["{\"sku\": \"A\"}"; 20_000].join(",");
    for member in ["true", "\"\"", "{}"] {
        let tags = vec![member; 1_000].join(",");
        let feed =
            format!("[{{\"tags\": [{tags}], \"variants\": [{items}]}},\n{{\"variants\": [{{\"sku\": \"B\"}}]}}]");
        let expected = "1  E-ITEMS-SIZE\n2 B | –\n";
        check(&[("feed.json", &feed)], SETTINGS, "sku ^.tags", expected);
    }
    let items = "<v><sku>A</sku></v>".repeat(2_000);
    for (tag, times) in [
        ("<tag/>".to_owned(), 20_000),
        (format!("<tag>{}</tag>", " ".repeat(900_000)), 1),
    ] {
        let feed = format!("<r><p>{}{items}</p>\n<p><v><sku>B</sku></v></p></r>", tag.repeat(times));
        check(
            &[("feed.xml", &feed)],
            "[file]\npath = [\"feed.xml\"]\nrecord = \"p\"\nitems = \"v\"",
            "sku ^/tag",
            "1  E-ITEMS-SIZE\n2 B | –\n",
        );
    }
}

#[test]
fn items_are_asked_of_trees_only() {
    check(
        &[("feed.csv", "sku,variants\nA,B\n")],
        "[file]\npath = [\"feed.csv\"]\nitems = \"variants\"",
        "sku",
        "E-FILE-SETTING `items` under [file] names a list inside of records, which only XML and JSON have\n",
    );
    check(
        &[("feed.xml", "<BMECAT><T_NEW_CATALOG><ARTICLE/></T_NEW_CATALOG></BMECAT>")],
        "[file]\npath = [\"feed.xml\"]\nitems = \"VARIANT\"",
        "number",
        "E-FILE-SETTING `items` under [file] is not of BMEcat, whose VARIANTS are read as items\n",
    );
}

#[test]
fn values_of_json_are_found_by_what_stands_beside_them() {
    let feed = r#"[{"sku": "A", "attributes": [{"name": "Color", "value": "red"}, {"name": "Size", "values": ["M", "L"]}, {"name": "Width [cm]", "value": 3}],
"groups": [{"members": [{"key": {"id": 7}, "on": true, "text": "seven"}]}, {"members": [{"key": {"id": 8}, "text": "eight"}]}], "one": {"a": "1", "b": "x"}, "w [kg]": 2}]"#;
    check(
        &[("feed.json", feed)],
        "[file]\npath = [\"feed.json\"]",
        "attributes[name=Color].value attributes[name='Size'].values attributes[name=Colour].value attributes[2].values attributes[1].name \
         groups.members[key.id=8].text groups.members[on=true].text groups.members[key.id=7][on=true].text one[a=1].b one[a=2].b",
        "1 red | M+L | – | M+L | Color | eight | seven | seven | x | –\n",
    );
}

#[test]
fn rejected_items_come_with_the_record_around_them() {
    let shop = Shop::new();
    shop.done(&["init", "."]);
    shop.write(
        "suppliers/s/supplier.toml",
        "name = \"S\"\n[file]\npath = [\"feed.json\"]\nitems = \"variants\"\n[read]\ncurrency = \"EUR\"\n[fields.sku]\ncolumn = \"sku\"\n\
         [fields.name]\ncolumn = \"^.title\"\n[fields.price]\ncolumn = \"price\"\n",
    );
    shop.write(
        "suppliers/s/feed.json",
        "[{\"title\": \"Shirt\", \"variants\": [{\"sku\": \"S-R\", \"price\": 10}, {\"price\": 11}]},\n{\"title\": \"Mug\", \"variants\": [{\"sku\": \"M\", \"price\": 5}]}]\n",
    );
    let imported = shop.done(&["import", "s", "--apply", "--json"]).json();
    assert_eq!(
        (imported["new"].as_u64(), imported["rejected"].as_u64()),
        (Some(2), Some(1)),
        "{imported:#}"
    );
    let rejects: Vec<std::path::PathBuf> = walkdir::WalkDir::new(shop.path(".estante/rejects"))
        .into_iter()
        .flatten()
        .filter(|entry| entry.file_type().is_file())
        .map(|entry| entry.path().to_owned())
        .collect();
    let texts: Vec<String> = rejects
        .iter()
        .filter_map(|path| std::fs::read_to_string(path).ok())
        .collect();
    let whole = texts
        .iter()
        .find(|text| text.contains("\"Shirt\""))
        .expect("the record is kept");
    assert!(whole.contains("\"S-R\"") && !whole.contains("\"Mug\""), "{whole}");
    assert_eq!(whole.matches("\"Shirt\"").count(), 1, "{whole}");
}
