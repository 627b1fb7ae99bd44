//! The whole way of a feed: chunks checked apart and settled in order give the same file and report, however it was cut.

use super::{drafts, pack};
use crate::channel::chunk::{Preflight, Step};
use crate::channel::format::Writer;
use crate::channel::format::column::Column;
use crate::channel::pack::Pack;
use crate::channel::preflight::Report;
use crate::channel::rule::Rules;
use crate::channel::rule::compiler::Market;
use crate::channel::rule::outside::Outside;
use crate::product::listing::{Content, Listing};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::convert::Infallible;

pub const PACK: &str = r#"
identity = { key = ["id"], group = "group" }
formats = [{ id = "csv", kind = "csv" }, { id = "json", kind = "json" }, { id = "rows", kind = "csv", rows = "grouped" }]
fields = [
    { name = "id", type = "string", required = "always", row = "variant" },
    { name = "group", type = "string", row = "every" },
    { name = "title", type = "string", row = "product", max_length = 3, too_long = "cut" },
    { name = "color", type = "string" },
]
rules = [
    { id = "unique-id", severity = "reject", text = "id is unique.", check = { unique = { field = "id" } } },
    { id = "variants", severity = "reject", text = "Variants differ.", check = { distinct_within_group = { group = "group", fields = ["color"] } } },
    { id = "together", severity = "reject", text = "Rows of a group stand together.", check = { contiguous = { field = "group" } } },
]
"#;

/// Files of one pass: each whole, with its number of items.
#[derive(Debug, PartialEq)]
pub struct Written {
    pub files: Vec<(String, usize)>,
    pub report: Report,
    pub leaving: Vec<(i64, u64)>,
}

fn run(
    pack: &Pack,
    rules: &Rules,
    writer: &Writer,
    parts: &[Vec<Listing>],
    wanted: &dyn Fn(i64, u64) -> bool,
) -> Written {
    let preflight = Preflight {
        pack,
        rules,
        writer: Some(writer),
        form: writer,
        outside: Outside::default(),
    };
    let mut pass = preflight.pass();
    let mut files = vec![(writer.head(), 0)];
    let mut leaving = Vec::new();
    for part in parts {
        let mut chunk = preflight.chunk(drafts(part.clone()));
        let mut write = |step: Step<'_>| -> Result<(), Infallible> {
            put(&mut files, writer, step);
            Ok(())
        };
        pass.settle(&mut chunk, wanted, &mut |_| Ok(Vec::new()), &mut write)
            .unwrap_or_else(|never| match never {});
        leaving.extend(
            chunk
                .items
                .iter()
                .filter(|item| item.hash != 0)
                .map(|item| (item.listing.product, item.hash)),
        );
    }
    Written {
        files: whole(files, writer),
        report: pass.finish(),
        leaving,
    }
}

/// Does what a pass asks for, to files in memory.
pub fn put(files: &mut Vec<(Vec<u8>, usize)>, writer: &Writer, step: Step<'_>) {
    let (text, items) = files.last_mut().expect("there is a first one");
    match step {
        Step::Write(bytes, count) | Step::Carry(bytes, count) => {
            text.extend_from_slice(bytes);
            *items += count;
        }
        Step::Between(bytes) => text.extend_from_slice(bytes),
        Step::NextFile => files.push((writer.head(), 0)),
    }
}

/// The files with their ends.
pub fn whole(files: Vec<(Vec<u8>, usize)>, writer: &Writer) -> Vec<(String, usize)> {
    let finish = |(mut text, items): (Vec<u8>, usize)| {
        text.extend_from_slice(&writer.tail());
        (String::from_utf8(text).expect("UTF-8"), items)
    };
    files.into_iter().map(finish).collect()
}

pub fn listing(product: usize, id: &str, group: &str, color: &str) -> Listing {
    let one = |text: &str| {
        if text.is_empty() {
            Content::Empty
        } else {
            Content::One(text.to_string())
        }
    };
    Listing {
        product: product as i64,
        sku: format!("S{product}"),
        model: (!group.is_empty()).then(|| group.to_string()),
        contents: vec![one(id), one(group), one("Guante"), one(color)],
    }
}

pub fn writer(pack: &Pack, format: &str) -> Writer {
    let columns: Vec<Column> = (0..4)
        .map(|field| Column {
            field,
            parts: Vec::new(),
        })
        .collect();
    let format = pack.format(format).expect("a format");
    Writer::new(pack, format, &columns, &BTreeMap::new()).expect("a writer")
}

/// Cuts a feed after some places, but never inside a group.
pub fn cut(listings: &[Listing], places: &[usize]) -> Vec<Vec<Listing>> {
    let mut parts: Vec<Vec<Listing>> = vec![Vec::new()];
    for (place, listing) in listings.iter().enumerate() {
        let inside = place > 0 && listing.model.is_some() && listings[place - 1].model == listing.model;
        if places.contains(&place) && !inside {
            parts.push(Vec::new());
        }
        if let Some(part) = parts.last_mut() {
            part.push(listing.clone());
        }
    }
    parts
}

#[test]
fn what_must_be_unique_is_compared_over_all_parts() {
    let pack = pack(&toml::from_str(PACK).expect("TOML"));
    let rules = Rules::compile(&pack, &Market::default()).expect("rules");
    let writer = writer(&pack, "rows");
    let parts = [
        vec![
            listing(1, "a", "g", "rojo"),
            listing(2, "b", "g", "azul"),
            listing(3, "c", "", ""),
        ],
        // The first id again; a group that was there; and two variants of one colour.
        vec![listing(4, "A", "", ""), listing(5, "d", "g", "verde")],
        vec![
            listing(6, "e", "h", "rojo"),
            listing(7, "f", "h", "rojo"),
            listing(8, "", "h", "azul"),
        ],
    ];
    let written = run(&pack, &rules, &writer, &parts, &|_, _| true);
    assert_eq!(
        written.files,
        [(
            "id,group,title,color\na,g,Gua,rojo\nb,g,,azul\nc,,Gua,\ne,h,Gua,rojo\n".to_string(),
            4
        )]
    );
    let causes: Vec<String> = written
        .report
        .causes(&pack, &rules)
        .iter()
        .map(|cause| format!("{} {} {:?}", cause.code, cause.count, cause.sample))
        .collect();
    assert_eq!(
        causes,
        [
            "E-FIELD-MISSING 1 [\"S8\"]",
            "together 1 [\"S5\"]",
            "unique-id 1 [\"S4\"]",
            "variants 1 [\"S7\"]",
            "W-FIELD-LENGTH 8 [\"S1\", \"S2\", \"S3\", \"S4\", \"S5\", \"S6\", \"S7\", \"S8\"]"
        ]
    );
    let Report {
        products,
        ready,
        degraded,
        blocked,
        ..
    } = written.report;
    assert_eq!((products, ready, degraded, blocked), (8, 0, 4, 4));
    assert_eq!(
        written.leaving.iter().map(|(product, _)| *product).collect::<Vec<_>>(),
        [1, 2, 3, 6]
    );
    // A delta holds whole groups.
    let changed = run(&pack, &rules, &writer, &parts, &|product, _| product == 2);
    assert_eq!(
        changed.files,
        [("id,group,title,color\na,g,Gua,rojo\nb,g,,azul\n".to_string(), 2)]
    );
    assert_eq!(changed.leaving, written.leaving);
}

#[test]
fn a_full_file_is_followed_by_another() {
    let mut table: toml::Table = toml::from_str(PACK).expect("TOML");
    let formats: toml::Table =
        toml::from_str("formats = [{ id = \"json\", kind = \"json\", max_items = 2 }]").expect("TOML");
    table.insert("formats".to_string(), formats["formats"].clone());
    let pack = pack(&table);
    let rules = Rules::compile(&pack, &Market::default()).expect("rules");
    let writer = writer(&pack, "json");
    let parts = [
        (1..=3).map(|n| listing(n, &n.to_string(), "", "")).collect(),
        vec![listing(4, "4", "", ""), listing(5, "5", "", "")],
    ];
    let written = run(&pack, &rules, &writer, &parts, &|_, _| true);
    let texts: Vec<(&str, usize)> = written
        .files
        .iter()
        .map(|(text, items)| (text.as_str(), *items))
        .collect();
    assert_eq!(
        texts,
        [
            (
                "[\n{\"id\":\"1\",\"title\":\"Gua\"},\n{\"id\":\"2\",\"title\":\"Gua\"}\n]\n",
                2
            ),
            (
                "[\n{\"id\":\"3\",\"title\":\"Gua\"},\n{\"id\":\"4\",\"title\":\"Gua\"}\n]\n",
                2
            ),
            ("[\n{\"id\":\"5\",\"title\":\"Gua\"}\n]\n", 1),
        ]
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]
    /// File, report and hashes do not depend on how a feed is cut into parts.
    #[test]
    fn parts_do_not_show(
        rows in prop::collection::vec(("[a-d]{1,2}|", "|[g-i]", "|[rs]"), 0..30),
        places in prop::collection::vec(0usize..30, 0..10),
    ) {
        let pack = pack(&toml::from_str(PACK).expect("TOML"));
        let rules = Rules::compile(&pack, &Market::default()).expect("rules");
        let listings: Vec<Listing> =
            rows.iter().enumerate().map(|(n, (id, group, color))| listing(n, id, group, color)).collect();
        for format in ["csv", "json", "rows"] {
            let writer = writer(&pack, format);
            let whole = run(&pack, &rules, &writer, std::slice::from_ref(&listings), &|_, _| true);
            let parts = run(&pack, &rules, &writer, &cut(&listings, &places), &|_, _| true);
            prop_assert_eq!(&whole.files, &parts.files);
            prop_assert_eq!(&whole.report, &parts.report);
            prop_assert_eq!(&whole.leaving, &parts.leaving);
            let items: usize = whole.files.iter().map(|(_, items)| items).sum();
            let Report { products, ready, degraded, blocked, .. } = whole.report;
            prop_assert_eq!(products, ready + degraded + blocked);
            prop_assert_eq!(items as u64, ready + degraded);
        }
    }
}
