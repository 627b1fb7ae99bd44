//! The first steps: an empty folder, a demonstration, an unknown file, a configuration that is not right yet.

use crate::corner::{bare_shop, codes, corner_shop, demonstrated, number, supplier};
use crate::support::{Shop, project};
use estante::declaration::sound;
use estante::workspace::supplier_settings::SupplierFile;

#[test]
fn init_then_an_unknown_file_then_a_google_feed() {
    let shop = Shop::new();
    let written = shop.done(&["init"]);
    assert_eq!(written.code, Some(0));
    shop.done(&["schema", "check"]);
    // A workspace without suppliers runs.
    shop.done(&["run", "--quiet"]);
    shop.write(
        "incoming/precios.csv",
        "Referencia;Descripción;Marca;EAN;PVP;Existencias;Foto\n\
         TX-01;Taladro percutor 750 W;Brontal;9521000010017;89,90;4;https://media.example/tx-01.jpg\n\
         TX-02;Lijadora orbital 300 W;Brontal;9521000010024;59,00;12;https://media.example/tx-02.jpg\n\
         TX-03;Sierra de calar 650 W;Kremora;9521000010031;74,50;7;https://media.example/tx-03.jpg\n",
    );
    let added = shop
        .done(&["supplier", "add", "incoming/precios.csv", "--name", "precios", "--json"])
        .json();
    assert_eq!(
        (
            added["format"].as_str(),
            added["delimiter"].as_str(),
            added["header_row"].as_u64()
        ),
        (Some("csv"), Some(";"), Some(1))
    );
    let columns = added["columns"].as_array().expect("columns are told");
    let attribute = |header: &str| {
        columns
            .iter()
            .find(|column| column["header"] == header)
            .map(|column| column["attribute"].clone())
    };
    for (header, expected) in [
        ("Referencia", "sku"),
        ("Descripción", "name"),
        ("Marca", "brand"),
        ("EAN", "gtin"),
        ("PVP", "price"),
        ("Existencias", "stock"),
    ] {
        assert_eq!(attribute(header), Some(expected.into()), "{header}");
    }
    let file = added["file"].as_str().expect("the mapping is written");
    assert!(shop.path(file).is_file(), "{file}");
    let run = shop.done(&["run", "--json"]).json();
    assert_eq!(
        (
            number(&run["suppliers"][0], "new"),
            number(&run["suppliers"][0], "rejected")
        ),
        (3, 0)
    );
    let feed = shop.read("out/google/google.xml");
    assert_eq!(
        feed.matches("<item>").count(),
        3,
        "{}",
        shop.done(&["channel", "check", "google", "--fail-on", "never"]).out
    );
    assert!(feed.contains("<g:price>89.90 EUR</g:price>"), "{feed}");
    // Its own files are not written over.
    shop.run(&["init"]).ended(2);
}

#[test]
fn an_added_supplier_s_file_is_read_where_it_lies() {
    let shop = Shop::new();
    let away = Shop::new();
    shop.done(&["init"]);
    away.write("tarifa.csv", "sku;name;price;stock\nA;One;1.00;5\n");
    let path = away.path("tarifa.csv");
    shop.done(&["supplier", "add", &path.to_string_lossy(), "--name", "fuera"]);
    assert_eq!(number(&shop.done(&["run", "--json"]).json()["suppliers"][0], "read"), 1);
    away.write("tarifa.csv", "sku;name;price;stock\nA;One;1.00;5\nB;Two;2.00;3\n");
    assert_eq!(number(&shop.done(&["run", "--json"]).json()["suppliers"][0], "new"), 1);
}

#[test]
fn the_demonstration_is_the_sample_workspace_imported() {
    let (shop, told) = demonstrated();
    assert!(
        told.out.contains("Try next:") && told.out.contains("products in the catalog."),
        "{}",
        told.out
    );
    for file in [
        "estante.toml",
        "sample_feeds/northgate/products.json",
        "schemas/attributes.toml",
    ] {
        let carried = shop.bytes(format!("here/{file}"));
        assert!(
            carried == std::fs::read(project().join(file)).expect("it is there"),
            "{file} is not the sample's"
        );
    }
    // What it advises works.
    for line in told.out.lines().filter_map(|line| line.trim().strip_prefix("estante ")) {
        let mut args = vec!["-C", "here"];
        args.extend(line.split(' '));
        let answer = shop.run(&args);
        let refused = line.starts_with("channel check") && answer.code == Some(4);
        assert!(
            answer.code == Some(0) || refused,
            "`estante {line}` ended with {:?}\n{}",
            answer.code,
            answer.err
        );
    }
    shop.run(&["demo", "here"]).ended(2);
}

/// The configuration must be refused with these findings, each with its file and line.
#[track_caller]
fn refused(shop: &Shop, expected: &[(&str, &str, u64)]) {
    let document = shop.run(&["schema", "check", "--json"]).ended(3).json();
    let told = document["diagnostics"].as_array().expect("faults are told");
    for (code, file, line) in expected {
        let found = told
            .iter()
            .find(|fault| fault["code"] == *code && fault["file"] == *file && fault["line"] == *line);
        let Some(fault) = found else {
            panic!("no {code} at {file}:{line} among {told:#?}")
        };
        assert!(
            fault["message"].as_str().is_some_and(|message| !message.is_empty()),
            "{fault:#}"
        );
    }
    assert_eq!(told.len(), expected.len(), "more faults than were planted: {told:#?}");
    // The same for people, drawn with the line; and any command is refused so.
    let spoken = shop.run(&["run"]).ended(3);
    for (code, file, _) in expected {
        assert!(
            spoken.err.contains(code) && spoken.err.contains(file),
            "no {code} of {file} in\n{}",
            spoken.err
        );
    }
    assert!(
        !shop.path(".estante").exists() && !shop.path("out").exists(),
        "an invalid workspace was written to"
    );
}

#[test]
fn every_fault_of_the_workspace_file_is_told_at_once() {
    let shop = bare_shop();
    shop.write(
        "estante.toml",
        "name = 7\nlocales = [\"es\"]\ncurrency = \"EUR\"\ncurency = \"USD\"\n[guards]\nprise_ratio = \"2\"\n",
    );
    refused(
        &shop,
        &[
            ("E-WRONG-TYPE", "estante.toml", 1),
            ("E-UNKNOWN-KEY", "estante.toml", 4),
            ("E-UNKNOWN-KEY", "estante.toml", 6),
        ],
    );
    let spoken = shop.run(&["run"]).ended(3).err;
    assert!(
        spoken.contains("price_ratio"),
        "the nearest name is not told:\n{spoken}"
    );
}

#[test]
fn every_fault_of_the_schema_is_told_at_once() {
    let shop = bare_shop();
    shop.write("schemas/more.toml", "[attributes.name]\nkind = \"text\"\n\n[attributes.weight]\nkind = \"mesure\"\n\n[families.lamps]\nattributes = [\"watts\"]\n");
    // A schema with faults hides none of other files.
    shop.write(
        "suppliers/sur/supplier.toml",
        "name = \"Sur\"\nrnak = 3\n[file]\npath = \"a.csv\"\n[fields]\nsku = \"a\"\n",
    );
    let first = shop
        .read("schemas/all.toml")
        .lines()
        .position(|line| line.starts_with("name ="))
        .expect("there is a name") as u64
        + 1;
    let document = shop.run(&["schema", "check", "--json"]).ended(3).json();
    let told = codes(&document);
    for part in ["E-UNKNOWN-WORD@5", "E-UNKNOWN-ATTRIBUTE@8", "E-UNKNOWN-KEY@2"] {
        assert!(told.contains(&part.to_owned()), "no {part} among {told:?}");
    }
    let twice = document["diagnostics"]
        .as_array()
        .and_then(|told| told.iter().find(|fault| fault["code"] == "E-DECLARED-TWICE"));
    let twice = twice.expect("a code declared twice is told").to_string();
    assert!(
        twice.contains("schemas/more.toml") && twice.contains(&format!("schemas/all.toml:{first}")),
        "both places are named: {twice}"
    );
}

#[test]
fn every_fault_of_suppliers_and_channels_is_told_at_once() {
    let shop = corner_shop();
    supplier(&shop, "norte", "", "sku\n");
    supplier(&shop, "sur", "", "sku\n");
    shop.write(
        "suppliers/norte/supplier.toml",
        "name = \"Norte\"\nranc = 3\n[file]\npath = [\"list.csv\"]\n[fields.sku]\ncolumn = \"sku\"\n",
    );
    shop.write("suppliers/sur/supplier.toml", "name = \"Sur\"\n[file]\npath = [\"list.csv\"]\n[fields.sku]\ncolumn = \"sku\"\n[fields.prize]\ncolumn = \"p\"\n[fields.color]\ncolumn = \"c\"\nmap = \"colours\"\n");
    shop.edit(
        "channels/web.toml",
        "gtin = { attribute = \"gtin\" }",
        "gtin = { attribute = \"gtinn\" }",
    );
    let line = shop
        .read("channels/web.toml")
        .lines()
        .position(|line| line.contains("gtinn"))
        .expect("it is there") as u64
        + 1;
    refused(
        &shop,
        &[
            ("E-UNKNOWN-KEY", "suppliers/norte/supplier.toml", 2),
            ("E-UNKNOWN-ATTRIBUTE", "suppliers/sur/supplier.toml", 6),
            ("E-UNKNOWN-MAP", "suppliers/sur/supplier.toml", 10),
            ("E-UNKNOWN-ATTRIBUTE", "channels/web.toml", line),
        ],
    );
}

#[test]
fn a_file_that_is_no_toml_is_refused_with_its_line() {
    let shop = corner_shop();
    supplier(&shop, "norte", "", "sku\n");
    shop.edit("suppliers/norte/supplier.toml", "[file]", "[file");
    let document = shop.run(&["schema", "check", "--json"]).ended(3).json();
    assert!(
        codes(&document).iter().any(|code| code.starts_with("E-TOML-SYNTAX@")),
        "{document:#}"
    );
}

#[test]
fn a_supplier_without_a_file_does_not_stop_the_others() {
    let shop = corner_shop();
    supplier(&shop, "norte", "", "sku;name;price;stock\nA;One;1.00;5\n");
    supplier(&shop, "sur", "", "sku;name;price;stock\nB;Two;2.00;5\n");
    std::fs::remove_file(shop.path("suppliers/norte/list.csv")).expect("it was there");
    let run = shop.run(&["run", "--json"]).ended(3).json();
    assert_eq!(run["suppliers"][0]["error"]["diagnostics"][0]["code"], "E-FILE-NONE");
    assert_eq!(number(&run["suppliers"][1], "new"), 1);
    assert_eq!(run["channels"][0]["files"][0]["items"], 1);
    // The one that failed keeps what it said before.
    shop.write("suppliers/norte/list.csv", "sku;name;price;stock\nA;One;1.00;5\n");
    shop.done(&["run", "--quiet"]);
    shop.write("suppliers/norte/list.csv", "");
    let run = shop.run(&["run", "--json"]).ended(3).json();
    assert_eq!(run["suppliers"][0]["error"]["diagnostics"][0]["code"], "E-FILE-EMPTY");
    assert_eq!(
        shop.done(&["channel", "check", "web", "--json", "--fail-on", "never"])
            .json()["products"],
        2
    );
}

/// What was found sound is not held against its JSON Schema again; what changed is, and a bent list says nothing.
#[test]
fn a_file_that_was_sound_is_looked_at_again_once_it_changes() {
    let shop = Shop::sample_of(&["ferreteria-aranda"]);
    let list = ".estante/sound";
    shop.done(&["schema", "check"]);
    assert!(!shop.path(list).exists(), "a command that only reads wrote");
    shop.done(&["import", "ferreteria-aranda", "--apply"]);
    let kept = shop.bytes(list);
    // What the program is, and one hash a file of the configuration.
    assert!(kept.len() > 10 * 16 && kept.len().is_multiple_of(16), "{}", kept.len());
    let file = "sample_feeds/ferreteria-aranda/supplier.toml";
    let whole = shop.read(file);
    let odd = format!("oddity = 1\n{whole}");
    for bytes in [&kept[..], &kept[..kept.len() - 3], b"", b"no list at all"] {
        shop.write(list, bytes);
        shop.done(&["schema", "check"]);
        shop.write(file, &odd);
        let told = shop.run(&["schema", "check", "--json"]).ended(3);
        assert!(told.out.contains("E-UNKNOWN-KEY"), "{}", told.out);
        shop.write(file, &whole);
    }
    // Even where a list calls a file sound that is not, it does not become another file: what reads it refuses it.
    let believed = sound::hash::<SupplierFile>(&odd).to_le_bytes();
    shop.write(list, [&kept[..], &believed].concat()).write(file, &odd);
    let told = shop.run(&["schema", "check", "--json"]).ended(3);
    let is_believed = told.out.contains("E-BAD-VALUE") && !told.out.contains("E-UNKNOWN-KEY");
    assert!(is_believed, "the list was not read: {}", told.out);
    shop.write(list, &kept).write(file, whole);
    shop.edit("estante.toml", "store = \".estante\"", "store = 7");
    let told = shop.run(&["schema", "check", "--json"]).ended(3);
    assert!(told.out.contains("E-WRONG-TYPE"), "{}", told.out);
    shop.edit("estante.toml", "store = 7", "store = \".estante\"");
    shop.done(&["product", "set", "000900", "stock=3"]);
    assert_eq!(shop.bytes(list), kept, "the same files, another list");
}
