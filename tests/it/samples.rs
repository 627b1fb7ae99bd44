//! The faults planted in the sample feeds: what sample_feeds/README.md says of a line is what the program says of it.
//!
//! The tables of the page are the cases, so that text and truth cannot drift apart.

use crate::corner::{number, of_supplier, prepared};
use crate::support::project;
use serde_json::Value;
use std::collections::BTreeMap;

/// A row of a table: one planted fault.
#[derive(Debug)]
struct Planted {
    supplier: String,
    line: u64,
    /// The supplier's own SKU, blank where the record has none.
    sku: String,
    wrong: String,
    happens: String,
}

impl Planted {
    /// The code that is promised, where one is.
    fn code(&self) -> Option<&str> {
        self.happens.split('`').skip(1).step_by(2).find(|word| {
            let shape = |c: char| c.is_ascii_uppercase() || c == '-' || c.is_ascii_digit();
            word.len() > 2 && ["E-", "W-", "I-", "G-"].contains(&&word[..2]) && word.chars().all(shape)
        })
    }
}

fn planted() -> Vec<Planted> {
    let page = std::fs::read_to_string(project().join("sample_feeds/README.md")).expect("the page is there");
    let mut supplier = String::new();
    let mut found = Vec::new();
    for line in page.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            supplier = heading.to_owned();
        }
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").map(str::trim).collect();
        let [at, sku, wrong, happens] = cells[..] else { continue };
        let Ok(at) = at.parse() else { continue };
        let sku = if sku == "(none)" { "" } else { sku };
        found.push(Planted {
            supplier: supplier.clone(),
            line: at,
            sku: sku.to_owned(),
            wrong: wrong.to_owned(),
            happens: happens.to_owned(),
        });
    }
    found
}

/// Findings of a supplier's delivery at a line.
fn findings<'d>(supplier: &str, line: u64) -> Vec<&'d Value> {
    let told = of_supplier(&prepared().document, supplier);
    let all = told["diagnostics"].as_array().expect("findings are a list");
    all.iter().filter(|finding| finding["line"] == line).collect()
}

fn has_code(finding: &Value, code: &str) -> bool {
    finding["code"] == code
}

#[test]
fn the_page_tells_of_every_supplier() {
    let rows = planted();
    let mut by_supplier: BTreeMap<&str, (usize, usize)> = BTreeMap::new();
    for row in &rows {
        let counts = by_supplier.entry(&row.supplier).or_default();
        counts.0 += 1;
        counts.1 += usize::from(row.code().is_some());
    }
    assert_eq!(by_supplier.len(), 9, "{by_supplier:?}");
    assert!(
        rows.len() >= 250 && rows.iter().filter(|row| row.code().is_some()).count() >= 100,
        "{by_supplier:?}"
    );
}

#[test]
fn every_promised_code_is_told_at_its_line() {
    let rows = planted();
    let mut wrong = Vec::new();
    for row in &rows {
        let Some(code) = row.code() else { continue };
        let told = findings(&row.supplier, row.line);
        let hits: Vec<&&Value> = told.iter().filter(|finding| has_code(finding, code)).collect();
        // Several rows may promise one code at one line: it must be told as often.
        let promised = rows
            .iter()
            .filter(|other| (&other.supplier, other.line, other.code()) == (&row.supplier, row.line, Some(code)))
            .count();
        let named = row.sku.is_empty() || hits.iter().all(|finding| finding["sku"] == row.sku.as_str());
        let file = hits.iter().all(|finding| {
            finding["file"]
                .as_str()
                .is_some_and(|file| file.starts_with(&format!("sample_feeds/{}/", row.supplier)))
        });
        if hits.len() < promised || !named || !file {
            wrong.push(format!(
                "{}:{} {} ({}): {code} × {promised}, told is {told:#?}",
                row.supplier, row.line, row.sku, row.wrong
            ));
        }
    }
    assert!(
        wrong.is_empty(),
        "{} promises are not kept:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

#[test]
fn what_is_right_is_not_complained_of() {
    let quiet = [
        "no diagnostic",
        "no remark needed",
        "read as 1",
        "one quotation mark",
        "all the same: 2",
        "repaired by the step",
    ];
    let mut looked = 0;
    for row in planted()
        .iter()
        .filter(|row| quiet.iter().any(|words| row.happens.contains(words)))
    {
        looked += 1;
        let told = findings(&row.supplier, row.line);
        assert!(
            told.is_empty(),
            "{}:{} {} ({}): {told:#?}",
            row.supplier,
            row.line,
            row.sku,
            row.wrong
        );
    }
    assert!(looked > 40, "{looked}");
}

/// What is wrong between rows is told of one of them.
#[test]
fn conflicts_of_identity_are_reported_and_nothing_is_merged() {
    let mut looked = 0;
    for row in planted()
        .iter()
        .filter(|row| row.happens.contains("reported") && row.happens.contains("merged"))
    {
        looked += 1;
        let told = of_supplier(&prepared().document, &row.supplier)["diagnostics"]
            .as_array()
            .expect("findings are a list");
        let hit = told.iter().any(|finding| {
            ["W-IDENTITY-CONFLICT", "W-GTIN-SHARED"]
                .iter()
                .any(|code| has_code(finding, code))
                && (finding["line"] == row.line || finding["sku"] == row.sku.as_str())
        });
        assert!(hit, "{}:{} {} ({})", row.supplier, row.line, row.sku, row.wrong);
        let product = prepared().shop.done(&["product", "show", &row.sku, "--json"]).json();
        let layers = product["layers"].as_array().expect("a product has layers");
        let own = layers
            .iter()
            .filter(|layer| layer["source"] == format!("supplier:{}", row.supplier))
            .count();
        assert_eq!(own, 1, "{}: {product:#}", row.sku);
    }
    assert!(looked >= 6, "{looked}");
}

/// Two variants of one model with equal axis values leave on no channel.
#[test]
fn variants_that_cannot_be_told_apart_are_blocked() {
    let rows: Vec<Planted> = planted()
        .into_iter()
        .filter(|row| row.happens.contains("equal axis values"))
        .collect();
    assert_eq!(rows.len(), 2, "{rows:#?}");
    for channel in prepared().document["channels"]
        .as_array()
        .expect("a run tells of channels")
        .iter()
        // Offers and structured data stand alone: nothing compares them with their siblings.
        .filter(|channel| channel["channel"] == "google-es" || channel["channel"] == "shopify")
    {
        for row in &rows {
            let model = row.sku.split('-').next().expect("a SKU begins with its model");
            let causes = channel["causes"].as_array().expect("causes are a list");
            let blocked = causes.iter().filter(|cause| {
                cause["severity"] == "error" && cause["text"].to_string().contains("another variant has the same")
            });
            let named = blocked
                .flat_map(|cause| cause["sample"].as_array().into_iter().flatten())
                .any(|sku| sku.to_string().contains(model));
            assert!(named, "{} is not blocked for {}", channel["channel"], row.sku);
        }
    }
}

/// Rows that the page rejects are the rows that are rejected: no more and no fewer.
#[test]
fn as_many_rows_are_rejected_as_the_page_says() {
    for told in prepared().document["suppliers"]
        .as_array()
        .expect("a run tells of suppliers")
    {
        let supplier = told["supplier"].as_str().expect("it is named");
        let mut lines: Vec<u64> = Vec::new();
        let mut more = 0;
        for row in planted()
            .iter()
            .filter(|row| row.supplier == supplier && row.happens.contains("rejected"))
        {
            lines.push(row.line);
            // `one of 34`: the others are of the same kind.
            let others = row
                .wrong
                .rsplit_once("one of ")
                .and_then(|(_, n)| n.parse::<u64>().ok());
            more += others.map_or(0, |n| n - 1) + u64::from(row.happens.contains("both"));
        }
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(number(told, "rejected"), lines.len() as u64 + more, "{supplier}");
    }
}
