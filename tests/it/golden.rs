//! Golden exports: a shop of three suppliers, cut down to what can be read in review, through every channel; and the hashes
//! of the whole sample's exports.
//!
//! Where an export changed for a good reason: `ESTANTE_BLESS=1 cargo test golden`, then read the difference.

use crate::corner::prepared;
use crate::support::{Shop, project};
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::PathBuf;

fn golden(name: &str) -> PathBuf {
    project().join("tests/golden").join(name)
}

/// Compares with the golden file, or writes it anew where that is asked for.
fn check(name: &str, found: &[u8]) {
    let path = golden(name);
    if std::env::var_os("ESTANTE_BLESS").is_some() {
        std::fs::create_dir_all(golden("")).expect("the folder can be made");
        std::fs::write(&path, found).expect("the golden file can be written");
        return;
    }
    let expected = std::fs::read(&path).unwrap_or_default();
    if expected == found {
        return;
    }
    let (expected, found) = (
        String::from_utf8_lossy(&expected).into_owned(),
        String::from_utf8_lossy(found).into_owned(),
    );
    let line = expected.lines().zip(found.lines()).take_while(|(a, b)| a == b).count();
    let near = |text: &str| {
        text.lines()
            .skip(line.saturating_sub(3))
            .take(10)
            .collect::<Vec<_>>()
            .join("\n")
    };
    panic!(
        "tests/golden/{name} differs from line {} on\n--- golden\n{}\n--- found\n{}\nif it shall be so: ESTANTE_BLESS=1 cargo test golden",
        line + 1,
        near(&expected),
        near(&found)
    );
}

/// Three suppliers: a list, a catalogue that sells some of the same under the same EAN, variants.
fn small_shop() -> Shop {
    let shop = Shop::sample_of(&["ferreteria-aranda", "stahlberg-werkzeuge", "northgate"]);
    let eans = cut_aranda(&shop);
    cut_stahlberg(&shop, &eans);
    cut_northgate(&shop);
    shop
}

/// The header and lines 62 to 85: drills, some with faults. Gives their EANs.
fn cut_aranda(shop: &Shop) -> BTreeSet<String> {
    let file = "sample_feeds/ferreteria-aranda/tarifa-2026-11.csv";
    let bytes = shop.bytes(file);
    let lines: Vec<&[u8]> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    let kept = [&lines[..1], &lines[61..85]].concat();
    shop.write(file, kept.concat());
    let digits = |cell: &&[u8]| cell.len() == 13 && cell.iter().all(u8::is_ascii_digit);
    let cells = kept.iter().flat_map(|line| line.split(|byte| *byte == b';'));
    cells
        .filter(digits)
        .map(|cell| String::from_utf8_lossy(cell).into_owned())
        .collect()
}

/// The articles with these EANs, and four others.
fn cut_stahlberg(shop: &Shop, eans: &BTreeSet<String>) {
    let file = "sample_feeds/stahlberg-werkzeuge/katalog-2026.xml";
    let text = shop.read(file);
    let (mut kept, mut inside, mut others) = (String::new(), None, 0);
    for line in text.split_inclusive('\n') {
        let tag = line.trim_start();
        if tag.starts_with("<ARTICLE>") || tag.starts_with("<ARTICLE mode") {
            inside = Some(String::new());
        }
        let Some(article) = &mut inside else {
            kept.push_str(line);
            continue;
        };
        article.push_str(line);
        if tag.starts_with("</ARTICLE>") {
            let known = eans.iter().any(|ean| article.contains(ean.as_str()));
            others += usize::from(!known);
            if known || others <= 4 {
                kept.push_str(article);
            }
            inside = None;
        }
    }
    shop.write(file, kept);
}

/// All colours of the first five models; each accessory stands on a line of its own.
fn cut_northgate(shop: &Shop) {
    let file = "sample_feeds/northgate/products.json";
    let text = shop.read(file);
    let group = |line: &str| {
        line.split_once("\"group\": \"")
            .and_then(|(_, rest)| Some(rest.split_once('"')?.0.to_owned()))
    };
    let mut groups: Vec<String> = text.lines().filter_map(group).take(8).collect();
    groups.dedup();
    groups.truncate(5);
    let products = text
        .lines()
        .filter(|line| group(line).is_some_and(|group| groups.contains(&group)));
    let products: Vec<&str> = products.map(|line| line.trim_end_matches(',')).collect();
    let head = text.lines().take_while(|line| !line.contains("\"sku\""));
    let tail = text.lines().rev().take_while(|line| !line.contains("\"sku\""));
    let (head, mut tail): (Vec<&str>, Vec<&str>) = (head.collect(), tail.collect());
    tail.reverse();
    shop.write(
        file,
        format!("{}\n{}\n{}\n", head.join("\n"), products.join(",\n"), tail.join("\n")),
    );
}

#[test]
fn a_small_shop_leaves_through_every_channel_as_it_always_did() {
    let shop = small_shop();
    let run = shop.done(&["run", "--json"]).json();
    let channels = run["channels"].as_array().expect("a run tells of channels");
    assert!(channels.len() >= 2);
    let mut verdicts = String::new();
    for channel in channels {
        let id = channel["channel"].as_str().expect("it is named");
        let [products, ready, degraded, blocked] =
            ["products", "ready", "degraded", "blocked"].map(|key| channel[key].as_u64().expect("a number"));
        assert!(ready + degraded > 10, "{id}: too few leave to be worth a golden file");
        writeln!(
            verdicts,
            "{id}: {products} products, {ready} ready, {degraded} degraded, {blocked} blocked"
        )
        .expect("a text takes all");
        for cause in channel["causes"].as_array().expect("causes are a list") {
            let sample: Vec<&str> = cause["sample"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|sku| sku.as_str())
                .collect();
            writeln!(
                verdicts,
                "  {} {} {} {}: {}",
                cause["severity"].as_str().unwrap_or_default(),
                cause["count"],
                cause["code"].as_str().unwrap_or_default(),
                cause["field"].as_str().unwrap_or_default(),
                sample.join(" ")
            )
            .expect("a text takes all");
        }
        for file in channel["files"].as_array().expect("files are a list") {
            let path = file["path"].as_str().expect("a path");
            check(path.rsplit('/').next().expect("a name"), &shop.bytes(path));
        }
    }
    check("verdicts.txt", verdicts.as_bytes());
}

#[test]
fn the_whole_sample_leaves_with_the_same_hashes() {
    let mut hashes = String::new();
    // Pictures are the same on every run, but processors differ in the last bit of a pixel; their names do not.
    let files = prepared().shop.files("out").into_iter();
    for (name, bytes) in files.filter(|(name, _)| !name.contains("/images")) {
        writeln!(hashes, "{}  {name}", blake3::hash(&bytes).to_hex()).expect("a text takes all");
    }
    assert!(hashes.lines().count() >= 4, "{hashes}");
    check("hashes.txt", hashes.as_bytes());
}
