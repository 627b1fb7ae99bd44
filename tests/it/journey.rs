//! The journeys of people through the program: the first run, the next, a plan looked at and applied, and taken back.

mod copy;
mod layers;
mod start;
mod terminal;
mod undo;

use crate::corner::{codes, number, of_supplier, prepared, tally};
use crate::support::{Shop, project};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

/// What the nine suppliers deliver, as sample_feeds/README.md tells it.
const RECORDS: [(&str, u64); 9] = [
    ("ferreteria-aranda", 1_073),
    ("aranda-stock", 305),
    ("stahlberg-werkzeuge", 710),
    ("openfoodfacts-es", 2_200),
    ("mayorista-duero", 1_642),
    ("importazioni-friuli", 400),
    ("moda-levante", 719),
    ("northgate", 432),
    ("harbor-home", 157),
];

/// The list of a member, which must be there.
#[track_caller]
fn list<'d>(document: &'d Value, key: &str) -> &'d [Value] {
    document[key]
        .as_array()
        .unwrap_or_else(|| panic!("`{key}` is no list in {document:#}"))
}

/// The channels of the sample workspace.
const CHANNELS: [&str; 4] = ["google-es", "mirakl", "shopify", "tienda-jsonld"];

#[test]
fn the_first_run_accounts_for_every_record_of_every_supplier() {
    let run = &prepared().document;
    assert_eq!(run["schema_version"], 1);
    assert_eq!(run["changed_nothing"], false);
    let told: Vec<&str> = list(run, "suppliers")
        .iter()
        .filter_map(|supplier| supplier["supplier"].as_str())
        .collect();
    assert_eq!(told.len(), RECORDS.len(), "{told:?}");
    for (id, records) in RECORDS {
        let supplier = of_supplier(run, id);
        assert_eq!(supplier["error"], Value::Null, "{id} was not imported");
        assert_eq!(number(supplier, "read"), records, "{id}");
        let tally = tally(supplier);
        assert_eq!(
            ["new", "unchanged", "held", "rejected"]
                .map(|key| number(supplier, key))
                .iter()
                .sum::<u64>(),
            records,
            "{id}: {tally}"
        );
        let rows: u64 = list(supplier, "files").iter().map(|file| number(file, "rows")).sum();
        assert_eq!(rows, records, "{id}");
    }
    // One is offered below its cost.
    assert_eq!(number(of_supplier(run, "mayorista-duero"), "held"), 1);
    assert!(number(run, "products") > 5_000, "{}", number(run, "products"));
}

#[test]
fn the_first_run_writes_every_channel_and_tells_what_it_wrote() {
    let prepared = prepared();
    let channels = list(&prepared.document, "channels");
    let ids: Vec<&str> = channels
        .iter()
        .filter_map(|channel| channel["channel"].as_str())
        .collect();
    assert_eq!(ids, CHANNELS);
    for channel in channels {
        let id = channel["channel"].as_str().expect("it is named");
        let [products, ready, degraded, blocked] =
            ["products", "ready", "degraded", "blocked"].map(|key| number(channel, key));
        assert_eq!(products, ready + degraded + blocked, "{id}");
        assert!(ready > 1_000 && blocked > 0, "{id}: {ready} ready, {blocked} blocked");
        let mut items = 0;
        for file in list(channel, "files") {
            let path = file["path"].as_str().expect("a path is text");
            assert!(path.starts_with(&format!("out/{id}/")), "{path}");
            let bytes = prepared.shop.bytes(path);
            assert_eq!(number(file, "bytes"), bytes.len() as u64, "{path}");
            assert_eq!(file["blake3"], blake3::hash(&bytes).to_hex().as_str(), "{path}");
            assert_eq!(number(file, "items"), items_in(Path::new(path), &bytes), "{path}");
            items += number(file, "items");
        }
        // Blocked products never leave, all others do; what a format says in several rows counts as rows.
        match id {
            "google-es" => assert_eq!(items, ready + degraded),
            _ => assert!(items >= ready + degraded, "{id}: {items}"),
        }
        // What the program cannot check is said as a remark, of no product.
        for cause in list(channel, "causes")
            .iter()
            .filter(|cause| cause["severity"] != "info")
        {
            assert!(
                number(cause, "count") > 0 && !list(cause, "sample").is_empty(),
                "{id}: {cause:#}"
            );
        }
        let manifest: Value = serde_json::from_slice(&prepared.shop.bytes(format!("out/{id}/manifest.json")))
            .expect("a manifest is JSON");
        assert_eq!(manifest["files"], channel["files"], "{id}");
    }
    // Plain lines, and nothing but the document on stdout.
    assert!(prepared.answer.out.starts_with('{') && prepared.answer.out.ends_with("}\n"));
}

/// Listings in an exported file, counted by another way than the program's.
fn items_in(path: &Path, bytes: &[u8]) -> u64 {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("xml") => bytes
            .windows(b"<item>".len())
            .filter(|window| window == b"<item>")
            .count() as u64,
        Some("jsonl") => bytes
            .split(|byte| *byte == b'\n')
            .filter(|line| !line.is_empty())
            .count() as u64,
        Some("csv") => csv::ReaderBuilder::new()
            .delimiter(if bytes.starts_with(b"sku;") { b';' } else { b',' })
            .from_reader(bytes)
            .records()
            .filter(|row| row.is_ok())
            .count() as u64,
        other => panic!("{other:?} is a format this test does not know"),
    }
}

/// Bytes and moment of every file below a folder.
fn stamps(shop: &Shop, under: &str) -> BTreeMap<String, (SystemTime, Vec<u8>)> {
    let stamp = |name: &String| {
        std::fs::metadata(shop.path(name))
            .and_then(|meta| meta.modified())
            .expect("it is there")
    };
    shop.files(under)
        .into_iter()
        .map(|(name, bytes)| (name.clone(), (stamp(&name), bytes)))
        .collect()
}

#[test]
fn the_second_run_changes_nothing_and_leaves_the_files_alone() {
    let shop = prepared().shop.twin();
    let before = stamps(&shop, "out");
    let second = shop.done(&["run", "--json"]).json();
    assert_eq!(second["changed_nothing"], true);
    for (id, _) in RECORDS {
        let (first, second) = (of_supplier(&prepared().document, id), of_supplier(&second, id));
        assert_eq!(
            number(second, "new") + number(second, "changed") + number(second, "missing"),
            0,
            "{id}: {}",
            tally(second)
        );
        // What was rejected is rejected again, with the same words.
        assert_eq!(number(first, "rejected"), number(second, "rejected"), "{id}");
        assert_eq!(second["batch"], Value::Null, "{id}");
    }
    for (first, second) in list(&prepared().document, "channels")
        .iter()
        .zip(list(&second, "channels"))
    {
        assert_eq!(second["untouched"], true);
        assert_eq!(first["files"], second["files"]);
        assert_eq!(first["causes"], second["causes"]);
    }
    assert!(stamps(&shop, "out") == before, "an exported file was written again");
    assert!(shop.done(&["run"]).out.contains("Nothing changed since the last run."));
    shop.done(&["verify"]);
}

#[test]
fn the_summary_is_for_people() {
    let shop = Shop::sample_of(&["ferreteria-aranda", "aranda-stock"]);
    let answer = shop.done(&["run"]);
    for part in [
        "Tienda Estante",
        "supplier",
        "ferreteria-aranda",
        "1,073",
        "google-es",
        "shopify",
        "blocked",
        "products in the catalog.",
    ] {
        assert!(answer.out.contains(part), "no {part} in\n{}", answer.out);
    }
    assert!(
        !answer.out.contains('\x1b') && !answer.err.contains('\x1b'),
        "colour off a terminal"
    );
    assert!(answer.err.contains("reading ferreteria-aranda"), "{}", answer.err);
    let quiet = shop.done(&["run", "--quiet"]);
    assert_eq!(quiet.err, "");
    let only = shop
        .done(&["run", "--supplier", "aranda-stock", "--channel", "shopify", "--json"])
        .json();
    assert_eq!((list(&only, "suppliers").len(), list(&only, "channels").len()), (1, 1));
}

#[test]
fn one_product_of_several_suppliers_tells_where_each_value_is_from() {
    // Line 65 of Aranda's list; Stahlberg sells it under the same EAN, and the daily stock speaks of it.
    let shop = &prepared().shop;
    let whole = shop
        .done(&["product", "show", "FA-003021", "--layers", "--json"])
        .json();
    let layers = list(&whole, "layers");
    let sources: Vec<&str> = layers.iter().filter_map(|layer| layer["source"].as_str()).collect();
    assert_eq!(
        sources,
        [
            "supplier:aranda-stock",
            "supplier:ferreteria-aranda",
            "supplier:stahlberg-werkzeuge",
            "copy",
            "specs"
        ]
    );
    let mut winners = 0;
    for layer in layers {
        let id = layer["source"]
            .as_str()
            .expect("it is named")
            .trim_start_matches("supplier:");
        for claim in list(layer, "values") {
            let file = claim["file"].as_str().unwrap_or_else(|| panic!("no file: {claim:#}"));
            let from = match id {
                "copy" => "copy/".to_owned(),
                // Read out of a supplier's text, which has its place.
                "specs" => "sample_feeds/".to_owned(),
                id => format!("sample_feeds/{id}/"),
            };
            assert!(file.starts_with(&from), "{file}");
            assert!(claim["line"].as_u64().is_some_and(|line| line > 0), "{claim:#}");
            assert!(claim["column"].is_string() || claim["rule"].is_string(), "{claim:#}");
            match claim["wins"] == true {
                true => winners += 1,
                false => assert!(claim["reason"].is_string(), "it loses without a reason: {claim:#}"),
            }
        }
    }
    // The golden record holds the winners and nothing else, and names their sources.
    let values = list(&whole, "values");
    assert!(
        winners > 0 && winners <= values.len(),
        "{winners} winners, {} values",
        values.len()
    );
    let names: Vec<(&str, &str)> = values
        .iter()
        .filter(|value| value["attribute"] == "name")
        .filter_map(|value| Some((value["locale"].as_str()?, value["source"].as_str()?)))
        .collect();
    assert_eq!(
        names,
        [("es", "copy"), ("en", "copy"), ("de", "supplier:stahlberg-werkzeuge")]
    );
    // The line it names is the line it stands on.
    let aranda = layers
        .iter()
        .find(|layer| layer["source"] == "supplier:ferreteria-aranda")
        .expect("it was seen above");
    let mpn = list(aranda, "values")
        .iter()
        .find(|claim| claim["attribute"] == "mpn")
        .expect("Aranda gives a part number");
    let line = mpn["line"].as_u64().expect("a line") as usize;
    let feed = std::fs::read(project().join(mpn["file"].as_str().expect("a file"))).expect("the feed is there");
    let row = feed
        .split(|byte| *byte == b'\n')
        .nth(line - 1)
        .expect("the line is there");
    let said = mpn["value"].as_str().expect("a value").as_bytes();
    assert!(
        row.windows(said.len()).any(|window| window == said),
        "line {line} does not hold {mpn:#}"
    );
    // People see the same.
    let text = shop.done(&["product", "show", "FA-003021", "--layers"]).out;
    assert!(
        text.contains("supplier:stahlberg-werkzeuge") && text.contains("wins by the policy"),
        "{text}"
    );
}

/// The workspace of one supplier after a run, whose next delivery moves twenty prices by three percent.
fn next_delivery() -> (Shop, &'static str) {
    let supplier = "ferreteria-aranda";
    let shop = Shop::sample_of(&[supplier]);
    shop.done(&["run", "--quiet"]);
    let file = "sample_feeds/ferreteria-aranda/tarifa-2026-11.csv";
    let mut moved = 0;
    let lines: Vec<Vec<u8>> = shop
        .bytes(file)
        .split_inclusive(|byte| *byte == b'\n')
        .enumerate()
        .map(|(n, line)| match dearer(line).filter(|_| n > 62 && moved < 20) {
            Some(line) => {
                moved += 1;
                line
            }
            None => line.to_vec(),
        })
        .collect();
    assert_eq!(moved, 20, "the feed has too few plain prices");
    shop.write(file, lines.concat());
    (shop, supplier)
}

/// A line of Aranda's list with a price of the form `12,50` raised by three percent.
fn dearer(line: &[u8]) -> Option<Vec<u8>> {
    let header = std::fs::read(project().join("sample_feeds/ferreteria-aranda/tarifa-2026-11.csv")).ok()?;
    let head = header.split(|byte| *byte == b'\r').next()?;
    let column = head.split(|byte| *byte == b';').position(|name| name == b"PVP s/IVA")?;
    let mut cells: Vec<Vec<u8>> = line.split(|byte| *byte == b';').map(<[u8]>::to_vec).collect();
    if cells.len() != head.split(|byte| *byte == b';').count() || line.contains(&b'"') {
        return None;
    }
    let price = std::str::from_utf8(cells.get(column)?).ok()?;
    let (euros, cents) = price.split_once(',')?;
    let cents: u64 = (cents.len() == 2).then(|| format!("{euros}{cents}").parse().ok())??;
    let raised = cents.checked_mul(103)? / 100;
    cells[column] = format!("{},{:02}", raised / 100, raised % 100).into_bytes();
    (raised != cents).then(|| cells.join(&b';'))
}

/// The catalog's bytes and the exports: all that a plan must leave alone.
fn kept(shop: &Shop) -> (Vec<u8>, BTreeMap<String, Vec<u8>>) {
    (shop.bytes(".estante/catalog.sqlite"), shop.files("out"))
}

#[test]
fn a_plan_writes_nothing_apply_does_and_undo_takes_it_back_to_the_byte() {
    let (shop, supplier) = next_delivery();
    let before = kept(&shop);

    let planned = shop.done(&["import", supplier, "--json"]).json();
    assert_eq!(number(&planned, "changed"), 20, "{}", tally(&planned));
    assert_eq!(planned["attributes"], serde_json::json!({ "price": 20 }));
    let plan = planned["plan"].as_str().expect("a plan waits").to_owned();
    assert!(kept(&shop) == before, "a plan wrote more than itself");

    let shown = shop.done(&["plan", "show", &plan, "--json"]).json();
    let changes: Vec<&Value> = list(&shown, "changes")
        .iter()
        .filter(|change| change["kind"] == "changed")
        .collect();
    assert_eq!(changes.len(), 20);
    for change in changes {
        let [value] = list(change, "values") else {
            panic!("more than the price changes: {change:#}")
        };
        assert_eq!(value["attribute"], "price");
        assert_ne!(value["before"], value["after"]);
        assert!(
            value["before"].as_str().is_some_and(|price| price.ends_with(" EUR")),
            "{value:#}"
        );
    }
    assert!(shop.done(&["plan", "list"]).out.contains(&plan));

    let applied = shop.done(&["apply", &plan, "--json"]).json();
    assert_eq!(number(&applied, "changed"), 20);
    let batch = number(&applied, "batch").to_string();
    assert_eq!(
        list(&shop.done(&["plan", "list", "--json"]).json(), "plans").len(),
        0,
        "an applied plan still waits"
    );
    for channel in CHANNELS {
        shop.done(&["channel", "export", channel, "--quiet"]);
    }
    assert!(shop.files("out") != before.1, "applied prices do not leave the house");

    let undone = shop.done(&["undo", &batch, "--json"]).json();
    assert_eq!((number(&undone, "restored"), number(&undone, "removed")), (20, 0));
    for channel in CHANNELS {
        shop.done(&["channel", "export", channel, "--quiet"]);
    }
    assert!(
        shop.files("out") == before.1,
        "after undo the exports are not what they were"
    );

    let catalog = kept(&shop);
    let again = shop.done(&["undo", &batch, "--json"]).json();
    assert_eq!(again["batch"], Value::Null);
    assert!(kept(&shop) == catalog, "undoing twice changed something");
    shop.done(&["verify"]);
}

#[test]
fn a_stale_plan_is_refused_and_says_what_moved() {
    let (shop, supplier) = next_delivery();
    let plan = shop.done(&["import", supplier, "--json"]).json()["plan"]
        .as_str()
        .expect("a plan waits")
        .to_owned();
    let batch = number(&shop.done(&["import", supplier, "--apply", "--json"]).json(), "batch");
    let catalog = kept(&shop);
    let refused = shop.run(&["apply", &plan]).ended(5);
    assert!(
        refused
            .err
            .contains(&format!("batch {batch} (import of supplier:{supplier})")),
        "{}",
        refused.err
    );
    assert!(
        refused.err.contains(&format!("estante import {supplier}")),
        "{}",
        refused.err
    );
    assert!(kept(&shop) == catalog, "a refused plan changed something");
    shop.done(&["plan", "discard", &plan]);
    assert_eq!(list(&shop.done(&["plan", "list", "--json"]).json(), "plans").len(), 0);
}

#[test]
fn a_plan_of_another_mapping_is_refused() {
    let (shop, supplier) = next_delivery();
    let plan = shop.done(&["import", supplier, "--json"]).json()["plan"]
        .as_str()
        .expect("a plan waits")
        .to_owned();
    shop.edit(
        "sample_feeds/ferreteria-aranda/supplier.toml",
        "vat = \"21\"",
        "vat = \"10\"",
    );
    let refused = shop.run(&["apply", &plan]).ended(5);
    assert!(refused.err.contains("another mapping"), "{}", refused.err);
}

#[test]
fn undoing_a_first_import_takes_the_products_away() {
    let shop = Shop::sample_of(&["harbor-home"]);
    let batch = number(
        &shop.done(&["import", "harbor-home", "--apply", "--json"]).json(),
        "batch",
    )
    .to_string();
    shop.done(&["undo", &batch]);
    let check = shop
        .done(&["channel", "check", "google-es", "--json", "--fail-on", "never"])
        .json();
    assert_eq!(number(&check, "products"), 0);
    shop.run(&["product", "show", "HH1016"]).ended(2);
    // The delivery can be had back.
    let again = shop.done(&["import", "harbor-home", "--apply", "--json"]).json();
    assert!(
        number(&again, "new") + number(&again, "changed") > 100,
        "{}",
        tally(&again)
    );
    shop.done(&["verify"]);
}

/// Rejected rows are there to be corrected: the files they lie in are read like the files they came from, whatever the format.
#[test]
fn rejected_rows_of_every_format_are_read_again() {
    let prepared = prepared();
    let mut wrong = Vec::new();
    for (id, _) in RECORDS {
        let told = of_supplier(&prepared.document, id);
        let Some(folder) = told["rejects"].as_str() else {
            continue;
        };
        let files: Vec<String> = prepared.shop.files(folder).into_keys().collect();
        assert!(!files.is_empty(), "{id}: nothing lies in {folder}");
        let mut args = vec!["import", id, "--json"];
        args.extend(files.iter().map(String::as_str));
        let answer = prepared.shop.twin().run(&args);
        let again = answer.json();
        if answer.code != Some(0) {
            wrong.push(format!("{id}: {}", codes(&again).join(" ")));
        } else if (number(&again, "read"), number(&again, "missing")) != (number(told, "rejected"), 0) {
            wrong.push(format!(
                "{id}: {} rows were rejected, now {}",
                told["rejected"],
                tally(&again)
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "rejected rows cannot be imported again:\n{}",
        wrong.join("\n")
    );
}
