//! `supplier check`: what a mapping does not know of the newest feed, and how it learns it.

use crate::corner::{bare_shop, value};
use crate::support::Shop;
use serde_json::Value;

const SCHEMA: &str = r#"
[attributes]
tone = { kind = "option", options = "tones" }
reserve = { kind = "integer", role = "offer" }
[options.tones]
values.red = { labels = { es = "Rojo" } }
values.yellow = { labels = { es = "Amarillo" } }
values.blue = { labels = { es = "Azul" } }
"#;

const SETTINGS: &str = r#"name = "Norte"   # the house in the north

[file]
path = ["list.csv"]
[read]
currency = "EUR"

[fields]
sku = { column = "sku" }
reserve = { column = "stock" }
[fields.tone]
column = "tono"     # as printed
map = "tonos"
[maps.tonos]
# by hand
"COLORADO" = "red"
"MARINO*" = "blue"

[guards]
least_items = 5
"#;

const LIST: &str = "sku;tono;stock;nota\nA;ROJOS;agotado;x\nB;Rojos;3;y\nC;Amarilo;>100;\nD;FUCSIA;4;\nE;\"Fucsia\";4;\nF;Colorado;5;\nG;AZUL CLARO;1;\nH;rojo;2;\n";

fn shop() -> Shop {
    let shop = bare_shop();
    shop.write("schemas/tones.toml", SCHEMA);
    shop.write("suppliers/norte/supplier.toml", SETTINGS);
    shop.write("suppliers/norte/list.csv", LIST);
    shop
}

/// `field word rows -> value, clear` of each unknown word.
fn words(document: &Value) -> Vec<String> {
    let words = document["unknown"].as_array().expect("words are told");
    let told = |word: &Value| {
        let near = word["nearest"].as_array().and_then(|near| near.first());
        let near = near.and_then(|near| near["value"].as_str()).unwrap_or("?");
        let sure = if word["clear"] == true { "" } else { " perhaps" };
        let text = |key: &str| word[key].as_str().unwrap_or_default().to_owned();
        format!("{} {} {} ->{sure} {near}", text("field"), text("word"), word["rows"])
    };
    words.iter().map(told).collect()
}

#[test]
fn unknown_words_and_unmapped_columns_are_told_and_nothing_is_written() {
    let shop = shop();
    let before = shop.files("");
    let checked = shop.done(&["supplier", "check", "norte", "--json"]).json();
    assert_eq!(
        words(&checked),
        [
            "reserve >100 1 -> perhaps ?",
            "reserve agotado 1 -> 0",
            "tone FUCSIA 2 -> perhaps ?",
            "tone ROJOS 2 -> red",
            "tone AZUL CLARO 1 -> perhaps blue",
            "tone Amarilo 1 -> yellow",
            "tone rojo 1 -> red",
        ]
    );
    assert_eq!(checked["unmapped"][0]["column"], "nota");
    assert_eq!(checked["unmapped"][0]["samples"][0], "x");
    assert_eq!(checked["accepted"], Value::Null);
    let paste = checked["paste"].as_str().unwrap();
    assert!(
        paste.contains("[maps.tonos]\n# \"FUCSIA\" = \"\"  # 2 rows\n\"ROJOS\" = \"red\"  # 2 rows; "),
        "{paste}"
    );
    assert!(
        paste.contains("# add to [fields.reserve]: map = \"reserve\", unknown = \"keep\"\n[maps.reserve]\n"),
        "{paste}"
    );
    let text = shop.done(&["supplier", "check", "norte"]).out;
    for part in ["nota", "FUCSIA", "[maps.tonos]", "--accept"] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(shop.files("") == before, "a check writes nothing");
    shop.run(&["supplier", "check", "norte", "--fail-on", "blocked"])
        .ended(4);
    shop.run(&["supplier", "check", "nobody"]).ended(2);
}

#[test]
fn words_are_counted_the_same_with_any_number_of_threads() {
    let shop = shop();
    let rows = |n: usize| format!("S{n};palabra {};1;\n", n % 700);
    shop.write(
        "suppliers/norte/list.csv",
        format!("sku;tono;stock;nota\n{}", (0..20_000).map(rows).collect::<String>()),
    );
    let one = shop
        .done(&["supplier", "check", "norte", "--json", "--threads", "1"])
        .out;
    assert_eq!(
        shop.done(&["supplier", "check", "norte", "--json", "--threads", "4"])
            .out,
        one
    );
}

#[test]
fn clear_meanings_are_accepted_once_and_the_file_stays_as_it_is_written() {
    let shop = shop();
    let accepted = shop.done(&["supplier", "check", "norte", "--accept", "--json"]).json()["accepted"].clone();
    assert_eq!(accepted["file"], "suppliers/norte/supplier.toml");
    assert_eq!(accepted["written"].as_array().map(Vec::len), Some(4), "{accepted:#}");
    let text = shop.read("suppliers/norte/supplier.toml");
    for part in [
        "name = \"Norte\"   # the house in the north",
        "column = \"tono\"     # as printed",
        "# by hand\n\"COLORADO\" = \"red\"\n\"MARINO*\" = \"blue\"\n",
        "ROJOS = \"red\"",
        "Amarilo = \"yellow\"",
        "# \"FUCSIA\" = \"\"  # 2 rows",
        "# \"AZUL CLARO\" = \"\"  # 1 row; blue (holds `azul`)",
        "reserve = { column = \"stock\", map = \"reserve\", unknown = \"keep\" }",
        "agotado = \"0\"",
        // More than a hundred is no number of pieces for sure.
        "# \">100\" = \"\"  # 1 row",
        "[guards]\nleast_items = 5\n",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    // What is accepted holds, and what is left to the person is asked once.
    let again = shop.done(&["supplier", "check", "norte", "--accept", "--json"]).json();
    assert_eq!(
        words(&again),
        [
            "reserve >100 1 -> perhaps ?",
            "tone FUCSIA 2 -> perhaps ?",
            "tone AZUL CLARO 1 -> perhaps blue"
        ]
    );
    assert_eq!(shop.read("suppliers/norte/supplier.toml"), text);
    shop.write(
        "suppliers/norte/supplier.toml",
        text.replace("# \">100\" = \"\"", "\">100\" = \"100\""),
    );
    shop.done(&["import", "norte", "--apply"]);
    assert_eq!(value(&shop, "C", "reserve").as_deref(), Some("100"));
    assert_eq!(value(&shop, "C", "tone").as_deref(), Some("yellow"));
    assert_eq!(value(&shop, "A", "reserve").as_deref(), Some("0"));
    assert_eq!(value(&shop, "D", "tone"), None);
}

#[test]
fn a_file_written_on_windows_stays_one() {
    let shop = shop();
    let settings = format!("\u{feff}# [maps.tonos]\n{SETTINGS}")
        .replace("name = \"Norte\"", "name = \"\"\"\n[maps.tonos]\n\"\"\"");
    shop.write("suppliers/norte/supplier.toml", settings.replace('\n', "\r\n"));
    shop.done(&["supplier", "check", "norte", "--accept"]);
    let text = shop.read("suppliers/norte/supplier.toml");
    assert!(
        text.contains("\r\n[maps.tonos]\r\n# \"FUCSIA\" = \"\"  # 2 rows\r\n"),
        "{text}"
    );
    assert!(
        text.starts_with("\u{feff}# [maps.tonos]\r\nname = \"\"\"\r\n[maps.tonos]\r\n\"\"\""),
        "{text}"
    );
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "{text:?}");
    shop.done(&["supplier", "check", "norte", "--accept"]);
    assert_eq!(shop.read("suppliers/norte/supplier.toml"), text);
}

#[test]
fn fields_of_one_map_ask_for_a_word_once() {
    let shop = shop();
    shop.write(
        "schemas/more.toml",
        "[attributes]\ntone_two = { kind = \"option\", options = \"tones\" }\n",
    );
    let two = "[fields.tone_two]\ncolumn = \"nota\"\nmap = \"tonos\"\n[maps.tonos]\n";
    shop.edit("suppliers/norte/supplier.toml", "[maps.tonos]\n", two);
    shop.write(
        "suppliers/norte/list.csv",
        "sku;tono;stock;nota\nA;FUCSIA;1;FUCSIA\nB;ROJOS;1;ROJOS\n",
    );
    let checked = shop.done(&["supplier", "check", "norte", "--json"]).json();
    let paste = checked["paste"].as_str().unwrap();
    assert_eq!(
        paste.matches("FUCSIA").count() + paste.matches("[maps.tonos]").count(),
        2,
        "{paste}"
    );
    shop.done(&["supplier", "check", "norte", "--accept"]);
    let text = shop.read("suppliers/norte/supplier.toml");
    assert_eq!(text.matches("FUCSIA").count(), 1, "{text}");
    assert_eq!(text.matches("ROJOS").count(), 1, "{text}");
}

/// A column of free texts takes no room from the words of others, and what is left out is said.
#[test]
fn many_words_are_cut_off_by_field_and_counted() {
    let shop = shop();
    let rows = |n: usize| format!("S{n};palabra {n};{};\n", if n == 0 { "agotado" } else { "1" });
    let list: String = (0..2_500).map(rows).collect();
    shop.write("suppliers/norte/list.csv", format!("sku;tono;stock;nota\n{list}"));
    let checked = shop.done(&["supplier", "check", "norte", "--json"]).json();
    assert_eq!(words(&checked)[0], "reserve agotado 1 -> 0");
    assert_eq!(words(&checked).len(), 501);
    assert_eq!(checked["unknown_beyond"], 2_000);
    let text = shop.done(&["supplier", "check", "norte"]).out;
    assert!(text.contains("2,000 values are words that are not listed"), "{text}");
}

#[test]
fn a_check_tells_what_changed_though_an_import_would_be_refused() {
    let shop = shop();
    shop.done(&["import", "norte", "--apply"]);
    shop.write("suppliers/norte/list.csv", LIST.replace("tono", "tonos"));
    shop.run(&["import", "norte"]).ended(3);
    let checked = shop
        .run(&["supplier", "check", "norte", "--json", "--fail-on", "blocked"])
        .ended(4)
        .json();
    assert_eq!(checked["drift"][0]["code"], "E-DRIFT-RENAMED");
    assert_eq!(checked["unmapped"][0]["column"], "tonos");
}
