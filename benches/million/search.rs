//! Searches over the finished catalog, in one process: how long each takes with three facets, what the index costs, and what
//! the same texts cost in the engine as it comes.

use crate::child::own_processor;
use estante::catalog::Reader;
use estante::query::words::{Language, terms};
use estante::value::{Kind, Value};
use estante::workspace::Workspace;
use estante::workspace::failure::{Failure, FailureKind};
use estante::workspace::inspect::{Beside, show};
use estante::workspace::parallel::in_order;
use estante::workspace::products::Shelf;
use estante::workspace::progress::Silent;
use estante::workspace::refresh::{PATIENCE, folder, refresh};
use estante::workspace::search::{Opened, Question};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::json;
use std::path::Path;
use std::time::Instant;
use tantivy::schema::{FAST, STORED, STRING, Schema as Fields, TEXT};
use tantivy::{IndexWriter, TantivyDocument};

/// Slowest queries that are named.
const SHOWN: usize = 12;

/// What was measured.
pub struct Searches {
    pub queries: usize,
    /// Milliseconds.
    pub p50: f64,
    pub p99: f64,
    pub worst: f64,
    /// The slowest of them with their milliseconds and what they found, the slowest first.
    pub slowest: Vec<(f64, u64, String)>,
    /// Queries that found nothing; a measurement of those would flatter.
    pub empty: usize,
    /// Milliseconds of showing one of the products with all there is of it, in a program that runs: the median, the slowest but for one
    /// in a hundred, the slowest.
    pub shows: [f64; 3],
    pub made: Option<Made>,
}

/// What the index costs.
pub struct Made {
    pub ours: Making,
    /// The plain engine with the same values.
    pub plain: Making,
}

/// Seconds to make an index anew, by the clock and of the processor, and its bytes.
#[derive(Clone, Copy)]
pub struct Making {
    pub seconds: f64,
    pub processor: f64,
    pub bytes: u64,
}

impl Making {
    fn json(&self) -> serde_json::Value {
        json!({"seconds": self.seconds, "processor_seconds": self.processor, "bytes": self.bytes})
    }

    /// The shorter of two; what else a machine does only makes it longer.
    fn or(self, other: Making) -> Making {
        Making {
            seconds: self.seconds.min(other.seconds),
            processor: self.processor.min(other.processor),
            bytes: other.bytes,
        }
    }
}

impl Made {
    fn tell(&self) {
        let Made { ours, plain } = self;
        for (name, made) in [("index made anew", ours), ("plain engine with the same values", plain)] {
            println!(
                "{name}: {:.1} s, {:.1} s of the processor, {:.0} MB",
                made.seconds,
                made.processor,
                made.bytes as f64 / 1e6
            );
        }
        println!(
            "{:.2} times the time, {:.2} times the processor, {:.2} times the size",
            ours.seconds / plain.seconds,
            ours.processor / plain.processor,
            ours.bytes as f64 / plain.bytes as f64
        );
    }
}

impl Searches {
    pub fn json(&self) -> serde_json::Value {
        json!({
            "queries": self.queries, "p50_ms": self.p50, "p99_ms": self.p99, "worst_ms": self.worst,
            "empty": self.empty, "show_ms": self.shows,
            "index": self.made.as_ref().map(|made| json!({"ours": made.ours.json(), "plain": made.plain.json()})),
        })
    }

    pub fn tell(&self) {
        println!(
            "\n{} searches with three facets: p50 {:.1} ms, p99 {:.1} ms, worst {:.1} ms, {} found nothing; the slowest:",
            self.queries, self.p50, self.p99, self.worst, self.empty
        );
        for (took, total, query) in &self.slowest {
            println!("  {took:.1} ms, {total} found: {query}");
        }
        let [p50, p99, worst] = self.shows;
        println!(
            "a product with layers and history, by the running program: p50 {p50:.2} ms, p99 {p99:.2} ms, worst {worst:.2} ms"
        );
        if let Some(made) = &self.made {
            made.tell();
        }
    }
}

/// Makes the index of a workspace that was imported, and the plain one, so many times by turns, and tells the shortest of each.
pub fn index(root: &Path, threads: Option<u64>, times: u64) -> Result<(), String> {
    let workspace = Workspace::open(root, threads.map(|n| n as usize)).map_err(|failure| failure.to_string())?;
    let mut best = made(&workspace)?;
    best.tell();
    for _ in 1..times {
        let again = made(&workspace)?;
        again.tell();
        best = Made {
            ours: best.ours.or(again.ours),
            plain: best.plain.or(again.plain),
        };
    }
    println!("the shortest of each:");
    best.tell();
    Ok(())
}

/// Measures a workspace that was imported; where `again`, the searches alone.
pub fn measure(root: &Path, threads: Option<u64>, samples: usize, again: bool) -> Result<Searches, String> {
    let told = |failure: Failure| failure.to_string();
    let workspace = Workspace::open(root, threads.map(|n| n as usize)).map_err(told)?;
    let made = match again {
        true => None,
        false => Some(made(&workspace)?),
    };
    let mut opened = Opened::new(&workspace, &Silent::default()).map_err(told)?;
    let session = opened.session(&workspace).map_err(told)?;
    let all = session
        .ask(&Question {
            limit: samples.max(1),
            offset: samples * 3,
            ..Question::default()
        })
        .map_err(told)?;
    let queries = queries(&all.hits);
    let facets = ["brand", "category", "color"].map(str::to_owned);
    let ask = |query: &str| {
        session
            .ask(&Question {
                query,
                limit: 20,
                facets: &facets,
                ..Question::default()
            })
            .map_err(told)
    };
    // Once unmeasured: the files come into memory, as they are in a shop that searches all day.
    for query in &queries {
        ask(query)?;
    }
    let mut times: Vec<(f64, u64, &str)> = Vec::with_capacity(queries.len());
    let mut empty = 0;
    for query in &queries {
        let answer = ask(query)?;
        empty += usize::from(answer.total == 0);
        times.push((answer.took_ms, answer.total, query));
    }
    times.sort_by(|a, b| a.0.total_cmp(&b.0));
    let at = |share: f64| times[((times.len() - 1) as f64 * share) as usize].0;
    let (p50, p99) = (at(0.5), at(0.99));
    // Each once and no product twice, so that none is in memory for having been shown.
    let mut shows = Vec::with_capacity(all.hits.len());
    for hit in &all.hits {
        let begun = Instant::now();
        let shown = show(&workspace, &hit.sku, Beside::ALL).map_err(told)?;
        shows.push(begun.elapsed().as_secs_f64() * 1e3);
        if shown.values.is_empty() || shown.layers.is_empty() {
            return Err(format!("nothing is shown of {}", hit.sku));
        }
    }
    shows.sort_by(f64::total_cmp);
    let shows = [0.5, 0.99, 1.0].map(|share| shows[((shows.len() - 1) as f64 * share) as usize]);
    let worst = times.last().map_or(0.0, |last| last.0);
    let slowest = times.iter().rev().take(SHOWN);
    let slowest = slowest
        .map(|(took, total, query)| (*took, *total, (*query).to_owned()))
        .collect();
    Ok(Searches {
        queries: queries.len(),
        p50,
        p99,
        worst,
        slowest,
        empty,
        shows,
        made,
    })
}

fn made(workspace: &Workspace) -> Result<Made, String> {
    let index = folder(workspace);
    if index.exists() {
        std::fs::remove_dir_all(&index).map_err(|e| e.to_string())?;
    }
    let (begun, used) = (Instant::now(), own_processor());
    let standing = refresh(workspace, PATIENCE, &Silent::default());
    standing.refreshed.map_err(|failure| failure.to_string())?;
    let ours = Making {
        seconds: begun.elapsed().as_secs_f64(),
        processor: own_processor() - used,
        bytes: super::size(&index),
    };
    let plain = plain(workspace).map_err(|e| e.to_string())?;
    Ok(Made { ours, plain })
}

/// What people type, made from real products: names in part, brands, codes, slips, conditions; common words too.
fn queries(hits: &[estante::workspace::search::Hit]) -> Vec<String> {
    let mut queries: Vec<String> = [
        "taladro",
        "taladros percutores",
        "stock>0",
        "",
        "color:rojo stock>0",
        "price:10..20",
        "weight:<500g -color:negro",
        "image:none OR stock:0",
    ]
    .map(str::to_owned)
    .to_vec();
    for (n, hit) in hits.iter().enumerate() {
        let words: Vec<&str> = hit.title.split_whitespace().collect();
        let word = |at: usize| words.get(at).copied().unwrap_or("taladro");
        let brand = hit.fields.get("brand").map_or("", String::as_str);
        queries.push(match n % 8 {
            0 => format!("{} {}", word(0), word(1)),
            1 => format!("{} {} {}", word(0), word(2), brand),
            2 => hit.sku.clone(),
            3 => hit.fields.get("mpn").cloned().unwrap_or_default(),
            4 => format!("{} brand:\"{brand}\" stock>0", word(0)),
            5 => format!("{} color:rojo price:<500", word(0)),
            6 => {
                // Two letters of the second word change places.
                let mut letters: Vec<char> = word(1).chars().collect();
                if letters.len() > 4 {
                    letters.swap(2, 3);
                }
                format!("{} {}", word(0), letters.into_iter().collect::<String>())
            }
            _ => format!("\"{} {}\"", word(1), word(2)),
        });
    }
    // A query of stop words alone asks for nothing.
    queries.retain(|query| query.is_empty() || !terms(query, Language::Spanish).is_empty());
    queries
}

/// The engine as it comes, with the same values: texts with its own analyzer, codes and options as they are,
/// numbers as columns; texts that are not searched are in neither. In both is counted that products are read and resolved, and their texts looked at for what contradicts a source.
fn plain(workspace: &Workspace) -> Result<Making, Box<dyn std::error::Error>> {
    let told = |failure: Failure| failure.to_string();
    let folder = tempfile::tempdir()?;
    let (begun, used) = (Instant::now(), own_processor());
    let store = workspace.settings.store.as_path();
    let trust = workspace.trust().map_err(told)?;
    let shelf = Shelf::new(&workspace.settings, &trust);
    let schema = &workspace.settings.schema;
    let mut builder = Fields::builder();
    let sku = builder.add_text_field("sku", STRING | STORED);
    let fields: Vec<_> = schema
        .attributes()
        .map(|(_, attribute)| match attribute.kind {
            Kind::Text | Kind::RichText => builder.add_text_field(&attribute.code, TEXT),
            Kind::Integer | Kind::Decimal | Kind::Measure | Kind::Money => builder.add_i64_field(&attribute.code, FAST),
            _ => builder.add_text_field(&attribute.code, STRING | FAST),
        })
        .collect();
    let index = tantivy::Index::create_in_dir(folder.path(), builder.build())?;
    let mut writer: IndexWriter<TantivyDocument> =
        index.writer_with_num_threads(workspace.threads, workspace.threads * (96 << 20))?;
    writer.set_merge_policy(Box::new(tantivy::indexer::NoMergePolicy));
    let reader = workspace
        .reader()
        .and_then(|reader| Ok(reader.steady()?))
        .map_err(told)?;
    let names = reader.shelf(None)?;
    let chunks: Vec<_> = names.chunks(256).collect();
    let engine = |error: tantivy::TantivyError| Failure::new(FailureKind::Broken, error.to_string());
    in_order(
        workspace.threads,
        chunks.len(),
        || Ok(Reader::open(store)?.steady()?),
        |reader: &mut Reader, job| {
            for name in chunks[job] {
                let (products, _) = shelf.group_seen(reader, std::slice::from_ref(name), &mut |_| {})?;
                let Some(product) = products.first() else { continue };
                let mut document = TantivyDocument::default();
                document.add_text(sku, &product.sku);
                for resolved in &product.values {
                    let id = resolved.key.attribute;
                    let field = fields[usize::from(id.0)];
                    if !schema.attribute(id).searchable {
                        continue;
                    }
                    match &resolved.value {
                        Value::Measure(measure) => document.add_i64(field, units(measure.amount)),
                        Value::Money(price) => document.add_i64(field, units(price.amount)),
                        Value::Integer(number) => document.add_i64(field, *number),
                        Value::Decimal(number) => document.add_i64(field, units(*number)),
                        value => document.add_text(field, value.to_text()),
                    }
                }
                writer.add_document(document).map_err(engine)?;
            }
            Ok(())
        },
        |()| Ok(()),
    )
    .map_err(told)?;
    writer.commit()?;
    writer.wait_merging_threads()?;
    Ok(Making {
        seconds: begun.elapsed().as_secs_f64(),
        processor: own_processor() - used,
        bytes: super::size(folder.path()),
    })
}

fn units(number: Decimal) -> i64 {
    (number * Decimal::ONE_HUNDRED).to_i64().unwrap_or(0)
}
