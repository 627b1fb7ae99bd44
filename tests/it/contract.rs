//! What scripts rely on: the commands, their flags, exit codes and JSON keys, as the command line's contract has them.

use crate::corner::{corner_shop, deliver, prepared, supplier};
use crate::support::Shop;
use serde_json::Value;
use std::collections::BTreeSet;

/// A shop after a run with something of everything: two suppliers, a rejected row, a held price, a plan that waits.
fn shop_with_everything() -> Shop {
    let shop = corner_shop();
    let list = "sku;name;brand;mpn;price;stock\nA;One;Brontal;B-1;10.00;5\nB;Two;Brontal;B-2;20.00;0\nC;Three;;;x;1\n";
    supplier(&shop, "norte", "rank = 10", list);
    supplier(
        &shop,
        "sur",
        "rank = 20",
        "sku;name;brand;mpn;price;stock\nS1;Uno;BRONTAL;B1;9.00;2\n",
    );
    shop.done(&["run", "--quiet"]);
    deliver(
        &shop,
        "norte",
        &list.replace("10.00", "99.00").replace("20.00", "21.00"),
    );
    shop.done(&["import", "norte", "--quiet"]);
    shop
}

/// An object must have these members; more are welcome.
#[track_caller]
fn members(value: &Value, expected: &str) {
    let Some(object) = value.as_object() else {
        panic!("no object: {value:#}")
    };
    let found: BTreeSet<&str> = object.keys().map(String::as_str).collect();
    let missing: Vec<&str> = expected.split(' ').filter(|key| !found.contains(key)).collect();
    assert!(missing.is_empty(), "{missing:?} are missing of {value:#}");
}

/// A document of a command, which must end so; it has a version and these members.
#[track_caller]
fn document(shop: &Shop, args: &[&str], code: i32, expected: &str) -> Value {
    let mut args = args.to_vec();
    args.push("--json");
    let answer = shop.run(&args).ended(code);
    let document = answer.json();
    assert_eq!(document["schema_version"], 1, "`{}`", answer.asked);
    members(&document, expected);
    document
}

/// The first of a list, which must not be empty.
#[track_caller]
fn first<'d>(document: &'d Value, key: &str) -> &'d Value {
    document[key]
        .get(0)
        .unwrap_or_else(|| panic!("`{key}` is empty in {document:#}"))
}

const DELIVERY: &str = "supplier files read new changed unchanged missing held rejected attributes diagnostics seconds";
const CHECK: &str = "channel pack products ready degraded blocked causes";
const FINDING: &str = "code severity file line column sku value message help";

#[test]
fn imports_and_plans_tell_what_the_contract_says() {
    let shop = shop_with_everything();
    let planned = document(&shop, &["import", "norte"], 0, &format!("plan {DELIVERY}"));
    assert!(planned["plan"].is_string() && planned.get("batch").is_none());
    members(first(&planned, "files"), "path format encoding delimiter rows");
    assert_eq!(planned["diagnostics"].as_array().map(Vec::len), Some(2));
    planned["diagnostics"]
        .as_array()
        .into_iter()
        .flatten()
        .for_each(|finding| members(finding, FINDING));
    let codes: BTreeSet<&str> = planned["diagnostics"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|f| f["code"].as_str())
        .collect();
    assert_eq!(codes.into_iter().collect::<Vec<_>>(), ["E-PRICE", "G-PRICE-RATIO"]);

    let plans = document(&shop, &["plan", "list"], 0, "plans");
    members(first(&plans, "plans"), "plan supplier");
    let plan = planned["plan"].as_str().expect("it is a name");
    let shown = document(
        &shop,
        &["plan", "show", plan],
        0,
        "plan supplier changes findings unlisted",
    );
    let kinds: BTreeSet<&str> = shown["changes"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|change| change["kind"].as_str())
        .collect();
    assert_eq!(kinds.into_iter().collect::<Vec<_>>(), ["changed", "held", "rejected"]);
    for change in shown["changes"].as_array().into_iter().flatten() {
        members(change, "sku kind values reason");
        change["values"]
            .as_array()
            .into_iter()
            .flatten()
            .for_each(|value| members(value, "attribute locale channel before after"));
    }
    let one = document(
        &shop,
        &["plan", "show", plan, "--sku", "B", "--attribute", "price"],
        0,
        "changes",
    );
    assert_eq!(one["changes"].as_array().map(Vec::len), Some(1));
    document(&shop, &["plan", "discard", "p1"], 2, "error exit_code diagnostics");

    let applied = document(&shop, &["apply", plan], 0, &format!("batch {DELIVERY}"));
    assert!(applied["batch"].is_u64() && applied.get("plan").is_none());
    let batch = applied["batch"].to_string();
    let batches = document(&shop, &["batches"], 0, "batches");
    members(
        first(&batches, "batches"),
        "id at kind source tally files findings undone_by",
    );
    let newest = first(&batches, "batches");
    assert_eq!(newest["findings"]["G-PRICE-RATIO"], 1, "{newest:#}");
    assert!(
        newest.get("diagnostics").is_none() && newest["files"][0].get("layout").is_none(),
        "{newest:#}"
    );
    let held = document(&shop, &["batches", "--held", &batch], 0, "batch held");
    members(first(&held, "held"), "sku line reason settled");
    let shown = document(
        &shop,
        &["log", &batch],
        0,
        "id at kind source tally files findings diagnostics changes more",
    );
    members(
        first(&shown, "changes"),
        "sku batch at source attribute before after file line column rule",
    );
    assert!(shown["files"][0].get("layout").is_none(), "{shown:#}");
    assert_eq!(shown["diagnostics"].as_array().map(Vec::len), Some(2));
    let log = document(&shop, &["log", "B", "--field", "price"], 0, "sku changes");
    assert_eq!(log["changes"].as_array().map(Vec::len), Some(2), "{log:#}");
    members(
        first(&log, "changes"),
        "batch at source attribute before after file line column rule",
    );
    document(&shop, &["undo", &batch], 0, "undone batch restored removed kept");
    document(&shop, &["import", "norte", "--apply"], 0, &format!("batch {DELIVERY}"));
    // Nothing to change: neither a plan nor a batch.
    let nothing = document(&shop, &["import", "sur"], 0, DELIVERY);
    assert_eq!(
        (&nothing["plan"], nothing["unchanged"].as_u64()),
        (&Value::Null, Some(1))
    );
}

#[test]
fn a_run_tells_of_suppliers_and_channels() {
    let shop = shop_with_everything();
    let run = document(
        &shop,
        &["run"],
        0,
        "suppliers channels products changed_nothing seconds",
    );
    let supplier = first(&run, "suppliers");
    members(supplier, &format!("batch error {DELIVERY}"));
    members(first(supplier, "files"), "path format encoding delimiter rows");
    let channel = first(&run, "channels");
    members(channel, &format!("{CHECK} files removed"));
    members(first(channel, "files"), "path bytes items blake3");
}

#[test]
fn products_tell_their_values_and_layers() {
    let shop = shop_with_everything();
    let shown = document(
        &shop,
        &["product", "show", "A", "--layers", "--history"],
        0,
        "sku family values layers",
    );
    members(
        first(&shown, "values"),
        "attribute locale channel value source batch file line column rule",
    );
    let layers = shown["layers"].as_array().expect("layers are a list");
    assert_eq!(layers.len(), 2, "brand and part number make one product of two");
    for layer in layers {
        members(layer, "source sku batch values");
        members(first(layer, "values"), "attribute value wins reason file line column");
    }
    members(first(&shown, "history"), "batch source attribute before after");
    document(&shop, &["product", "set", "A", "color=red"], 0, "sku batch changed");
    document(&shop, &["product", "clear", "A", "color"], 0, "sku batch changed");
}

#[test]
fn channels_tell_what_they_refuse_and_write() {
    let shop = shop_with_everything();
    let channels = document(&shop, &["channel", "list"], 0, "channels");
    members(first(&channels, "channels"), "channel name pack");
    let checked = document(&shop, &["channel", "check", "web"], 0, CHECK);
    assert_eq!(checked["products"], 2);
    let exported = document(
        &shop,
        &["channel", "export", "web", "--full"],
        0,
        &format!("{CHECK} files removed"),
    );
    members(first(&exported, "files"), "path bytes items blake3");
    let delta = document(
        &shop,
        &["channel", "export", "web", "--delta"],
        0,
        &format!("{CHECK} files removed"),
    );
    assert_eq!(delta["removed"], 0);
    let explained = document(
        &shop,
        &["channel", "explain", "web", "A"],
        0,
        "sku verdict fields diagnostics",
    );
    assert_eq!(explained["verdict"], "ready");
    // The sample has causes to tell of.
    let sample = &prepared().document["channels"][0];
    members(first(sample, "causes"), "code severity field count sample");
}

/// Checking, exporting and explaining are one preflight: they count the same.
#[test]
fn a_check_says_what_an_export_does() {
    let prepared = prepared();
    for exported in prepared.document["channels"]
        .as_array()
        .expect("a run tells of channels")
    {
        let id = exported["channel"].as_str().expect("it is named");
        let checked = prepared
            .shop
            .done(&["channel", "check", id, "--json", "--fail-on", "never"])
            .json();
        for key in ["products", "ready", "degraded", "blocked", "causes"] {
            assert_eq!(
                checked[key], exported[key],
                "{id}: `channel check` and `run` differ in `{key}`"
            );
        }
    }
}

#[test]
fn suppliers_schema_and_store_tell_what_they_are() {
    let shop = shop_with_everything();
    let suppliers = document(&shop, &["supplier", "list"], 0, "suppliers");
    members(first(&suppliers, "suppliers"), "supplier name rank mode files");
    let id = suppliers["suppliers"][0]["supplier"]
        .as_str()
        .expect("an id")
        .to_owned();
    let expected = "supplier files read rejected unmapped unknown drift findings refused paste accepted";
    document(&shop, &["supplier", "check", &id], 0, expected);
    let valid = document(&shop, &["schema", "check"], 0, "valid counts diagnostics");
    assert_eq!(valid["valid"], true);
    let written = document(&shop, &["schema", "json-schema", "schemas-out"], 0, "files");
    for file in written["files"].as_array().expect("files are told") {
        let text = shop.read(file.as_str().expect("a path"));
        let schema: Value = serde_json::from_str(&text).expect("a JSON Schema is JSON");
        members(&schema, "$schema title properties");
    }
    let sound = document(&shop, &["verify"], 0, "sound products layers files faults");
    assert_eq!(
        (
            sound["sound"].as_bool(),
            sound["products"].as_u64(),
            sound["layers"].as_u64()
        ),
        (Some(true), Some(2), Some(3))
    );
    shop.write("new.csv", "sku,name,price\nZ,Zed,3.00\n");
    let added = document(
        &shop,
        &["supplier", "add", "new.csv", "--name", "este"],
        0,
        "format encoding delimiter header_row locale record_path columns evidence preset file",
    );
    members(
        first(&added, "columns"),
        "header index attribute confidence reason sample",
    );
}

#[test]
fn verify_finds_what_was_tampered_with() {
    let shop = shop_with_everything();
    shop.write(
        "out/web/web.tsv",
        shop.read("out/web/web.tsv").replace("10.00", "01.00"),
    );
    let found = document(&shop, &["verify"], 1, "sound faults");
    assert_eq!(found["sound"], false);
    assert!(found["faults"].to_string().contains("out/web/web.tsv"), "{found:#}");
    // The next full export mends it.
    shop.done(&["channel", "export", "web", "--full", "--quiet"]);
    shop.done(&["verify"]);
}

#[test]
fn every_exit_code_means_what_it_says() {
    let shop = shop_with_everything();
    // 0: done, whatever was found, unless asked otherwise.
    shop.run(&["run"]).ended(0);
    shop.run(&["import", "norte", "--fail-on", "never"]).ended(0);
    // 2: what is not there, or means nothing.
    for args in [
        &["--nonsense"][..],
        &["run", "--nonsense"],
        &["nonsense"],
        &[],
        &["import", "nobody"],
        &["run", "--supplier", "nobody"],
        &["run", "--channel", "nowhere"],
        &["channel", "check", "nowhere"],
        &["product", "show", "NOTHING"],
        &["apply", "p999"],
        &["plan", "show", "p999"],
        &["undo", "999"],
        &["batches", "--held", "999"],
        &["channel", "explain", "web", "NOTHING"],
        &["run", "--quiet", "--verbose"],
        &["channel", "export", "web", "--full", "--delta"],
        &["-C", "nowhere", "run"],
        &["run", "--threads", "many"],
    ] {
        let answer = shop.run(args);
        assert_eq!(
            answer.code,
            Some(2),
            "`estante {}`: {}{}",
            answer.asked,
            answer.out,
            answer.err
        );
        assert!(!answer.err.is_empty(), "`estante {}` says nothing", answer.asked);
    }
    // 3: invalid input or configuration.
    shop.write("broken.csv", "sku;name\n\"A;One\n");
    shop.run(&["import", "norte", "broken.csv"]).ended(3);
    shop.run(&["import", "norte", "nowhere.csv"]).ended(3);
    shop.run(&["product", "set", "A", "price=cheap"]).ended(3);
    // 4: finished, and something was stopped.
    shop.run(&["import", "norte", "--fail-on", "blocked"]).ended(4);
    shop.run(&["run", "--fail-on", "blocked"]).ended(4);
    let blocked = corner_shop();
    supplier(&blocked, "norte", "", "sku;name;price;stock\nA;;10.00;\n");
    blocked.done(&["run", "--quiet"]);
    blocked.run(&["channel", "check", "web"]).ended(4);
    blocked.run(&["channel", "check", "web", "--fail-on", "never"]).ended(0);
    // 5: a stale plan (the lock is journey's).
    deliver(
        &shop,
        "norte",
        &shop.read("suppliers/norte/list.csv").replace("21.00", "22.00"),
    );
    let plan = shop.done(&["import", "norte", "--json"]).json()["plan"]
        .as_str()
        .expect("a plan waits")
        .to_owned();
    shop.done(&["import", "norte", "--apply"]);
    shop.run(&["apply", &plan]).ended(5);
    // 1: something broke on the way.
    shop.write(".estante/catalog.sqlite", "this is no database");
    shop.run(&["product", "show", "A"]).ended(1);
}

/// Every command that `--help` names, with those below it.
fn commands(shop: &Shop, above: &[&str], found: &mut Vec<Vec<String>>) {
    let mut args = above.to_vec();
    args.push("--help");
    let help = shop.done(&args);
    assert!(
        help.out.contains("Usage:") && help.err.is_empty(),
        "`{}`: {}",
        help.asked,
        help.out
    );
    found.push(above.iter().map(|part| (*part).to_owned()).collect());
    let below = help
        .out
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty());
    for line in below {
        // A description that is wrapped stands further in.
        let Some(name) = line.strip_prefix("  ").filter(|line| !line.starts_with(' ')) else {
            continue;
        };
        let name = name.split_whitespace().next().expect("a command has a name");
        if name != "help" {
            commands(shop, &[above, &[name]].concat(), found);
        }
    }
}

#[test]
fn every_command_of_the_contract_is_there_and_explains_itself() {
    let shop = Shop::new();
    let mut found = Vec::new();
    commands(&shop, &[], &mut found);
    let found: BTreeSet<String> = found.into_iter().map(|parts| parts.join(" ")).collect();
    for command in [
        "demo",
        "init",
        "run",
        "supplier add",
        "supplier list",
        "supplier check",
        "import",
        "plan list",
        "plan show",
        "plan discard",
        "apply",
        "undo",
        "batches",
        "product show",
        "product set",
        "product clear",
        "sheet out",
        "sheet in",
        "enrich specs",
        "channel list",
        "channel check",
        "channel export",
        "channel explain",
        "log",
        "todo",
        "schema check",
        "schema json-schema",
        "verify",
        "completions",
        "man",
    ] {
        assert!(found.contains(command), "`{command}` is not there: {found:?}");
        let args: Vec<&str> = command.split(' ').chain(["--nonsense"]).collect();
        shop.run(&args).ended(2);
        let short: Vec<&str> = command.split(' ').chain(["-h"]).collect();
        shop.done(&short);
    }
    for flag in [
        "-C",
        "--json",
        "--quiet",
        "--verbose",
        "--threads",
        "--no-color",
        "--version",
    ] {
        assert!(shop.done(&["--help"]).out.contains(flag), "{flag}");
    }
    assert!(shop.done(&["--version"]).out.starts_with("estante "));
    assert!(shop.done(&["man"]).out.contains(".TH estante"));
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(shop.done(&["completions", shell]).out.len() > 1_000, "{shell}");
    }
}

#[test]
fn sheets_tell_what_the_contract_says() {
    let shop = shop_with_everything();
    let out = document(
        &shop,
        &["sheet", "out", "A", "-o", "a.xlsx"],
        0,
        "file rows columns seconds",
    );
    assert_eq!(out["rows"], 1);
    let keys = "file read changed unchanged held rejected attributes conflicts diagnostics plan batch seconds";
    let came = document(&shop, &["sheet", "in", "a.xlsx"], 0, keys);
    assert_eq!((came["unchanged"].as_u64(), &came["batch"]), (Some(1), &Value::Null));
    document(&shop, &["sheet", "in", "b.xlsx"], 3, "error exit_code diagnostics");
}

#[test]
fn failures_are_told_as_json_too_and_stdout_holds_data_only() {
    let shop = shop_with_everything();
    let refused = shop.run(&["apply", "p999", "--json"]).ended(2);
    let document = refused.json();
    members(&document, "schema_version error help exit_code diagnostics");
    assert_eq!(document["exit_code"], 2);
    assert!(!refused.err.is_empty(), "people read stderr");
    let plain = shop.run(&["apply", "p999"]).ended(2);
    assert_eq!(plain.out, "");
    let quiet = shop.done(&["import", "sur", "--quiet"]);
    assert_eq!(quiet.err, "");
}

#[test]
fn another_folder_is_worked_in_by_name() {
    let shop = shop_with_everything();
    let away = Shop::new();
    let folder = shop.folder().to_string_lossy().into_owned();
    let there = away.done(&["-C", &folder, "run", "--json"]).json();
    assert_eq!(there["suppliers"][0]["files"][0]["path"], "suppliers/norte/list.csv");
    assert_eq!(there["channels"][0]["files"][0]["path"], "out/web/web.tsv");
    assert!(
        std::fs::read_dir(away.folder())
            .expect("it is readable")
            .next()
            .is_none(),
        "something was written here"
    );
}

/// A body that somebody changed behind the program's back is told by whoever reads it, and what is sound is shown as before.
#[test]
fn what_was_changed_in_the_store_is_not_believed() {
    let shop = shop_with_everything();
    let catalog = rusqlite::Connection::open(shop.path(".estante/catalog.sqlite")).expect("it is a database");
    let sku: String = catalog
        .query_row(
            "SELECT sku FROM layers WHERE body LIKE '%10.00 EUR%' LIMIT 1",
            [],
            |row| row.get(0),
        )
        .expect("something costs ten euros");
    let changed = catalog.execute(
        "UPDATE layers SET body = replace(body, '10.00 EUR', '90.00 EUR') WHERE sku = ?1",
        [&sku],
    );
    assert!(changed.is_ok_and(|rows| rows > 0));
    drop(catalog);
    for args in [&["product", "show", &sku][..], &["channel", "export", "web", "--full"]] {
        let failed = shop.run(args).ended(1);
        assert!(
            failed.err.contains(&format!("`{sku}` does not match its checksum")),
            "{args:?}: {}",
            failed.err
        );
        assert!(!failed.out.contains("90.00"), "{}", failed.out);
    }
    let found = shop.run(&["verify", "--json"]).ended(1).json();
    assert!(found["faults"].to_string().contains(&sku), "{found:#}");
}

/// Who may not write reads all the same, as long as nobody else writes.
#[cfg(unix)]
#[test]
fn a_folder_that_cannot_be_written_is_read() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    let shop = shop_with_everything();
    let sku = shop.done(&["search", "", "--json"]).json()["hits"][0]["sku"]
        .as_str()
        .expect("something is there")
        .to_owned();
    let root = std::fs::metadata(shop.folder()).is_ok_and(|folder| folder.uid() == 0);
    let run = |args: &[&str]| {
        let mut command = shop.command(args);
        // Rights do not count for the superuser.
        if root {
            command.uid(65_534).gid(65_534);
        }
        let output = command.output().expect("the program starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };
    let lock = |mode: u32| {
        let rights = |mode| std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(shop.path(".estante/catalog.sqlite"), rights(mode & 0o666))
            .expect("rights can be given");
        std::fs::set_permissions(shop.path(".estante"), rights(mode)).expect("rights can be given");
    };
    lock(0o555);
    for args in [&["product", "show", &sku][..], &["log", &sku], &["batches"]] {
        let (code, out, err) = run(args);
        assert_eq!(code, Some(0), "{args:?}: {out}{err}");
        assert!(!out.is_empty(), "{args:?}");
    }
    let (code, out, err) = run(&["product", "set", &sku, "brand=Other"]);
    assert!(code != Some(0) && err.contains("ermission"), "{code:?} {out}{err}");
    // The index is asked as it is; of one that is older, and of none, it is said.
    let asked = || {
        ["search", "todo"].map(|command| {
            let args = [command, "--json", ""];
            let (code, out, err) = run(&args[..if command == "search" { 3 } else { 2 }]);
            (code, serde_json::from_str::<Value>(&out).unwrap_or_default(), err)
        })
    };
    for (code, told, err) in asked() {
        assert_eq!(code, Some(0), "{err}");
        assert!(!told["notes"].to_string().contains("W-INDEX-BEHIND"), "{told:#}");
    }
    lock(0o755);
    shop.done(&["product", "set", &sku, "brand=Other"]);
    lock(0o555);
    for (code, told, err) in asked() {
        assert_eq!(code, Some(0), "{err}");
        let notes = told["notes"].to_string();
        assert!(
            notes.contains("W-INDEX-BEHIND") && notes.contains("nothing may be written there"),
            "{told:#}"
        );
        assert!(notes.contains("index.lock"), "{told:#}");
    }
    lock(0o755);
    std::fs::remove_dir_all(shop.path(".estante/index")).expect("the index goes");
    lock(0o555);
    for (code, _, err) in asked() {
        assert_eq!(code, Some(1), "{err}");
        assert!(
            err.contains("no search index") && err.contains("nothing may be written there"),
            "{err}"
        );
    }
    // What another program has not written home is not passed over.
    lock(0o755);
    shop.write(".estante/catalog.sqlite-wal", vec![1; 64]);
    lock(0o555);
    let (code, _, err) = run(&["product", "show", &sku]);
    assert!(
        code != Some(0) && err.contains("nothing may be written"),
        "{code:?} {err}"
    );
    lock(0o755);
}
