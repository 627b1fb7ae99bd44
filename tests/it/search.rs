//! Searches as a user meets them: what is found, how well, and that the index follows the catalog.

use crate::support::{Shop, project};
use serde_json::Value;

/// SKUs of the hits, in order.
fn skus(document: &Value) -> Vec<String> {
    let hits = document["hits"].as_array().expect("hits are told");
    hits.iter()
        .map(|hit| hit["sku"].as_str().expect("a hit has a SKU").to_owned())
        .collect()
}

fn search(shop: &Shop, query: &str) -> Value {
    shop.done(&["search", query, "--json", "--quiet"]).json()
}

#[derive(serde::Deserialize)]
struct Cases {
    query: Vec<Case>,
}

#[derive(serde::Deserialize)]
struct Case {
    kind: String,
    text: String,
    want: Vec<String>,
}

/// The mean of 1 / place of the first product that was wanted, among the first ten.
#[test]
fn queries_find_what_their_askers_want() {
    use estante::workspace::Workspace;
    use estante::workspace::progress::Silent;
    use estante::workspace::search::{Opened, Question};
    let shop = Shop::sample();
    shop.done(&["run", "--quiet", "--channel", "google-es"]);
    let text =
        std::fs::read_to_string(project().join("tests/cases/search/relevance.toml")).expect("the cases are there");
    let cases: Cases = toml::from_str(&text).expect("the cases are TOML");
    assert!(cases.query.len() >= 60, "only {} queries", cases.query.len());
    let workspace = Workspace::open(shop.folder(), Some(2)).expect("the workspace opens");
    let mut opened = Opened::new(&workspace, &Silent::default()).expect("the index opens");
    let session = opened.session(&workspace).expect("the index can be asked");
    let mut sums = std::collections::BTreeMap::<&str, (f64, f64)>::new();
    let mut missed = Vec::new();
    for case in &cases.query {
        let question = Question {
            query: &case.text,
            limit: 10,
            ..Question::default()
        };
        let answer = session
            .ask(&question)
            .unwrap_or_else(|failure| panic!("{}: {failure}", case.text));
        let place = answer.hits.iter().position(|hit| case.want.contains(&hit.sku));
        let worth = place.map_or(0.0, |place| 1.0 / (place + 1) as f64);
        if place != Some(0) {
            missed.push(format!("{worth:.2} {}", case.text));
        }
        for kind in [case.kind.as_str(), "all"] {
            let sum = sums.entry(kind).or_default();
            *sum = (sum.0 + worth, sum.1 + 1.0);
        }
    }
    for (kind, (sum, count)) in &sums {
        println!("MRR@10 of {count} queries, {kind}: {:.3}", sum / count);
    }
    let (sum, count) = sums["all"];
    assert!(
        sum / count >= 0.9,
        "MRR@10 is {:.3}; not first:\n{}",
        sum / count,
        missed.join("\n")
    );
}

#[test]
fn the_document_is_the_contract_s() {
    let shop = Shop::sample_of(&["ferreteria-aranda"]);
    shop.run(&["search", "taladro"]).ended(2);
    shop.done(&["run", "--quiet"]);
    let args = [
        "search", "taladro", "--facet", "brand", "--facet", "voltage", "--limit", "3", "--offset", "1",
    ];
    let document = shop.done(&[&args[..], &["--sort", "-price", "--json"]].concat()).json();
    let keys: Vec<&str> = document
        .as_object()
        .expect("an object")
        .keys()
        .map(String::as_str)
        .collect();
    for key in [
        "schema_version",
        "query",
        "total",
        "took_ms",
        "hits",
        "facets",
        "suggestion",
    ] {
        assert!(keys.contains(&key), "{key} is missing from {keys:?}");
    }
    assert_eq!(document["hits"].as_array().map(Vec::len), Some(3));
    let hit = &document["hits"][0];
    for key in ["sku", "title", "score", "fields"] {
        assert!(!hit[key].is_null(), "{key} is missing from {hit}");
    }
    let counted: u64 = document["facets"]["brand"]
        .as_array()
        .expect("brands are counted")
        .iter()
        .map(|pair| pair[1].as_u64().expect("a count"))
        .sum();
    assert!(counted > 0 && counted <= document["total"].as_u64().expect("a total"));
    assert!(document["facets"]["voltage"].to_string().contains("18"), "{document:#}");
    let text = shop.done(&["search", "-kremora taladro", "--quiet"]).out;
    assert!(text.contains("products") && !text.contains("Kremora"), "{text}");
    // A fault tells its place, and what was likely meant.
    let refused = shop.run(&["search", "taladro colr:rojo"]).ended(2).err;
    assert_eq!(
        refused,
        "error[E-QUERY-NAME] query:9: there is no attribute `colr` to ask for\n  \
         taladro colr:rojo\n          ^^^^\n  did you mean `color`?\n"
    );
    let refused = shop.run(&["search", "taladro colr:rojo", "--json"]).ended(2).json();
    assert_eq!(refused["error"], "there is no attribute `colr` to ask for");
    assert_eq!(refused["help"], Value::Null);
    assert_eq!(refused["diagnostics"][0]["help"], "did you mean `color`?");
    shop.run(&["search", "--facet", "description"]).ended(2);
    shop.run(&["search", "--sort", "pricee"]).ended(2);
    shop.run(&["search", "--locale", "xx"]).ended(2);
}

#[test]
fn the_index_follows_the_catalog() {
    let shop = Shop::sample_of(&["ferreteria-aranda"]);
    let ran = shop.done(&["run", "--json", "--quiet"]).json();
    let products = ran["products"].as_u64().expect("a count");
    assert_eq!(ran["index"]["indexed"].as_u64(), Some(products));
    // Nothing changed, nothing is indexed.
    let again = shop.done(&["run", "--json", "--quiet"]).json();
    assert_eq!(again["index"]["indexed"].as_u64(), Some(0));
    // An edit is found at once, and no more once it is taken back.
    let sku = skus(&search(&shop, "taladro"))[0].clone();
    shop.done(&["product", "set", &sku, "name@es=Perforadora zafiro"]);
    assert_eq!(skus(&search(&shop, "zafiro")), std::slice::from_ref(&sku));
    assert_eq!(skus(&search(&shop, "batch:2")), std::slice::from_ref(&sku));
    shop.done(&["verify"]);
    shop.done(&["undo", "2"]);
    assert_eq!(search(&shop, "\"perforadora zafiro\"")["total"], 0);
    shop.done(&["verify"]);
    // What an undone import made goes.
    shop.done(&["undo", "1"]);
    let left = search(&shop, "")["total"].as_u64();
    assert_eq!(left, shop.done(&["verify", "--json"]).json()["indexed"].as_u64());
    shop.done(&["verify"]);
}

#[test]
fn a_search_waits_for_nobody_who_writes() {
    let shop = Shop::sample_of(&["ferreteria-aranda"]);
    shop.done(&["run", "--quiet", "--channel", "google-es"]);
    let before = search(&shop, "taladro");
    let sku = skus(&before)[0].clone();
    shop.done(&["product", "set", &sku, "name@es=Perforadora zafiro"]);
    let lock = std::fs::File::create(shop.path(".estante/index.lock")).expect("the lock is a file");
    lock.lock().expect("nobody else has it");
    let begun = std::time::Instant::now();
    let meanwhile = search(&shop, "taladro");
    assert!(begun.elapsed().as_secs() < 15, "it waited for the lock");
    assert_eq!(skus(&meanwhile), skus(&before));
    let note = "is of batch 1: the search index is being written by another process";
    assert!(meanwhile["notes"][0].to_string().contains(note), "{meanwhile:#}");
    // While somebody writes, the mark of it is theirs. What a killed writer left of it goes, once the index was looked at.
    let mark = ".estante/index/estante.writing";
    shop.write(mark, "");
    assert_eq!(skus(&search(&shop, "taladro")), skus(&before));
    assert!(shop.path(mark).exists());
    drop(lock);
    assert_eq!(skus(&search(&shop, "zafiro")), [sku]);
    shop.write(mark, "");
    search(&shop, "zafiro");
    assert!(
        !shop.path(mark).exists(),
        "every later search would look at the whole index"
    );
}

#[test]
fn a_lost_or_damaged_index_is_made_anew() {
    let shop = Shop::sample_of(&["ferreteria-aranda"]);
    shop.done(&["run", "--quiet", "--channel", "google-es"]);
    let all = search(&shop, "broca metal");
    let file = shop
        .files(".estante/index")
        .into_iter()
        .find(|(name, _)| name.ends_with(".idx"))
        .expect("the index has postings");
    let mut bytes = file.1.clone();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 16;
    shop.write(&file.0, &bytes);
    let told = shop.run(&["verify"]).ended(1).out;
    assert!(told.contains("search index is damaged"), "{told}");
    assert_eq!(search(&shop, "broca metal")["hits"], all["hits"]);
    shop.done(&["verify"]);
    std::fs::remove_dir_all(shop.path(".estante/index")).expect("the index can be removed");
    assert_eq!(search(&shop, "broca metal")["hits"], all["hits"]);
    // Another schema makes another index.
    shop.edit(
        "estante.toml",
        "locales = [\"es\", \"en\", \"de\", \"it\"]",
        "locales = [\"es\", \"en\", \"de\", \"it\", \"fr\"]",
    );
    assert_eq!(skus(&search(&shop, "broca metal")), skus(&all));
}

#[test]
fn verdicts_are_those_of_the_last_check() {
    let shop = Shop::sample_of(&["ferreteria-aranda"]);
    shop.done(&["import", "ferreteria-aranda", "--apply", "--quiet"]);
    let none = shop.run(&["search", "google-es:blocked"]).ended(2).err;
    assert!(
        none.contains("E-QUERY-VERDICT") && none.contains("channel check google-es"),
        "{none}"
    );
    let checked = shop
        .done(&[
            "channel",
            "check",
            "google-es",
            "--fail-on",
            "never",
            "--json",
            "--quiet",
        ])
        .json();
    for verdict in ["ready", "degraded", "blocked"] {
        let found = search(&shop, &format!("google-es:{verdict}"));
        assert_eq!(found["total"], checked[verdict], "{verdict}");
        assert_eq!(found["notes"].as_array().map(Vec::len), Some(0));
    }
    let cause = &checked["causes"][0];
    let code = cause["code"].as_str().expect("a cause has a code");
    let found = search(&shop, &format!("code:{code}"));
    assert!(found["total"].as_u64() >= cause["count"].as_u64(), "{code}: {found:#}");
    // Many questions read them once.
    {
        use estante::workspace::progress::Silent;
        use estante::workspace::search::{Opened, Question};
        let twin = shop.twin();
        let workspace = twin.workspace();
        let mut opened = Opened::new(&workspace, &Silent::default()).expect("the index opens");
        let session = opened.session(&workspace).expect("the index can be asked");
        let query = format!("google-es:ready OR code:{code}");
        let question = Question {
            query: &query,
            ..Question::default()
        };
        let first = session.ask(&question).expect("the query is good").total;
        std::fs::remove_dir_all(twin.path(".estante/channels")).expect("they can be removed");
        assert_eq!(session.ask(&question).expect("the query is good").total, first);
        assert!(first > 0);
    }
    // After a change they are still used, and said to be old.
    let sku = skus(&found).first().cloned().expect("some product has it");
    shop.done(&["product", "set", &sku, "brand=Otra"]);
    let old = search(&shop, "google-es:ready");
    assert!(
        old["notes"]
            .to_string()
            .contains("of batch 1, the catalog is at batch 2"),
        "{old:#}"
    );
    shop.done(&["channel", "check", "google-es", "--fail-on", "never", "--quiet"]);
    assert_eq!(
        search(&shop, "google-es:ready")["notes"].as_array().map(Vec::len),
        Some(0)
    );
}

#[test]
fn threads_do_not_show() {
    let shop = Shop::sample_of(&["ferreteria-aranda", "moda-levante"]);
    shop.done(&["run", "--quiet", "--channel", "google-es", "--threads", "1"]);
    let twin = Shop::sample_of(&["ferreteria-aranda", "moda-levante"]);
    twin.done(&["run", "--quiet", "--channel", "google-es", "--threads", "4"]);
    for query in ["broca", "camiseta negra", "tornillo inox stock>0", ""] {
        let of = |shop: &Shop, threads| {
            let args = [
                "search",
                query,
                "--json",
                "--quiet",
                "--facet",
                "brand",
                "--facet",
                "color",
                "--threads",
                threads,
            ];
            let mut document = shop.done(&args).json();
            document["took_ms"] = Value::Null;
            document
        };
        assert_eq!(of(&shop, "1"), of(&twin, "4"), "{query}");
    }
}
