//! Queries as they are read, whatever is typed, and what conditions find in a small index.

use crate::index::document::{Documents, Doubted, Note};
use crate::index::filter::{Cause, Outside, Waits};
use crate::index::search::{Answer, Engine, Request, SearchError};
use crate::index::synonyms::{Synonyms, SynonymsFile};
use crate::index::typo::respelled;
use crate::index::worth::Worth;
use crate::index::{Holding, Index};
use crate::product::origin::Origin;
use crate::product::{By, Product, Resolved};
use crate::query::parse;
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::schema::load::load;
use crate::schema::scope::Key;
use crate::value::Value;
use crate::value::price::Currency;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;

mod stakes;

const SCHEMA: &str = r#"
[attributes.name]
kind = "text"
localizable = true
labels = { es = "Nombre" }
[attributes.description]
kind = "rich_text"
localizable = true
labels = { es = "Descripción" }
[attributes.meta_title]
kind = "text"
localizable = true
searchable = false
[attributes.brand]
kind = "text"
labels = { es = "Marca" }
[attributes.mpn]
kind = "identifier"
[attributes.gtin]
kind = "gtin"
[attributes.category]
kind = "identifier"
[attributes.stock]
kind = "integer"
[attributes.price]
kind = "money"
[attributes.weight]
kind = "measure"
unit = "kg"
labels = { es = "Peso" }
[attributes.voltage]
kind = "measure"
unit = "V"
labels = { es = "Tensión" }
[attributes.cordless]
kind = "boolean"
[attributes.released]
kind = "date"
[attributes.color]
kind = "option"
options = "colors"
[attributes.image]
kind = "media"
[options.colors.values.red]
labels = { es = "Rojo", en = "Red" }
[options.colors.values.navy]
labels = { es = "Azul marino", en = "Navy" }
[categories.tools]
labels = { es = "Herramientas" }
[categories.drills]
parent = "tools"
labels = { es = "Taladros" }
"#;

struct Shop {
    _folder: tempfile::TempDir,
    schema: Schema,
    index: Index,
    synonyms: Synonyms,
}

struct Nothing;

impl Outside for Nothing {
    fn suppliers(&self) -> Vec<String> {
        vec!["norte".into()]
    }
    fn verdict(&self, _: &str, verdict: &str) -> Result<Vec<i64>, (String, String)> {
        Ok(if verdict == "blocked" { vec![2] } else { Vec::new() })
    }
    fn code(&self, _: &str) -> Result<Vec<i64>, (String, String)> {
        Ok(vec![1, 3])
    }
    fn touched(&self, _: i64) -> Result<Vec<i64>, (String, String)> {
        Ok(Vec::new())
    }
    fn fresh(&self) -> Result<BTreeSet<i64>, (String, String)> {
        Ok(BTreeSet::from([6]))
    }
    fn said_before(&self, _: i64, _: AttributeId, _: &str, _: &dyn Fn(i64) -> bool) -> Result<bool, (String, String)> {
        Ok(true)
    }
    fn left(&self, waits: Waits, cause: &Cause<'_>) -> Result<Vec<i64>, (String, String)> {
        Ok(match (waits, cause) {
            (Waits::Held, Cause::Any) => vec![1, 3],
            (Waits::Held, Cause::Supplier("norte")) => vec![1],
            (Waits::Unknown, Cause::Attribute(_)) => vec![2],
            (Waits::Conflict, Cause::Code("W-GTIN-SHARED")) => vec![3, 99],
            _ => Vec::new(),
        })
    }
    fn blocking(&self) -> Arc<Vec<u8>> {
        Arc::new(Vec::new())
    }
}

/// A product of texts such as `name@es=Taladro`, read as the store reads them.
fn product(schema: &Schema, id: i64, sku: &str, values: &[(&str, &str)]) -> Product {
    let mut resolved: Vec<Resolved> = values
        .iter()
        .map(|(key, json)| {
            let key = Key::parse(schema, key).unwrap();
            let kind = schema.attribute(key.attribute).kind;
            Resolved {
                key,
                value: Value::from_json(kind, json).unwrap(),
                by: By::Layer(0),
                origin: Origin::default(),
            }
        })
        .collect();
    resolved.sort_by_key(|resolved| resolved.key);
    Product {
        id,
        sku: sku.into(),
        active: true,
        values: resolved,
        ..Product::default()
    }
}

impl Shop {
    fn new() -> Shop {
        let folder = tempfile::tempdir().unwrap();
        let schemas = folder.path().join("schemas");
        std::fs::create_dir_all(&schemas).unwrap();
        std::fs::write(schemas.join("all.toml"), SCHEMA).unwrap();
        let locales = ["es".to_owned(), "en".to_owned()];
        let schema = load(&schemas, folder.path(), &locales, &["web".to_owned()]).unwrap();
        let products = [
            product(
                &schema,
                1,
                "A-1",
                &[
                    ("name@es", r#""Taladro percutor GSB 18V-55""#),
                    ("name@en", r#""Hammer drill GSB 18V-55""#),
                    ("description@es", r#""<p>Con maletín y juego de brocas</p>""#),
                    ("meta_title@es", r#""Taladro en oferta""#),
                    ("brand", r#""Bosch""#),
                    ("mpn", r#""0.601.9H5.302""#),
                    ("category", r#""drills""#),
                    ("stock", "5"),
                    ("weight", r#""1.9 kg""#),
                    ("voltage", r#""18 V""#),
                    ("cordless", "true"),
                    ("released", r#""2026-02-10""#),
                    ("color", r#""navy""#),
                    ("image", r#"["a.jpg","b.jpg"]"#),
                ],
            ),
            product(
                &schema,
                2,
                "A-2",
                &[
                    ("name@es", r#""Taladro de columna""#),
                    ("brand", r#""Böhler""#),
                    ("category", r#""drills""#),
                    ("stock", "0"),
                    ("weight", r#""25.5 kg""#),
                    ("cordless", "false"),
                    ("color", r#""red""#),
                ],
            ),
            product(
                &schema,
                3,
                "B-007",
                &[
                    ("name@es", r#""Martillo de carpintero""#),
                    ("description@es", r#""Para clavar; no sirve de taladro""#),
                    ("category", r#""tools""#),
                    ("gtin", r#""4006381333931""#),
                    ("weight", r#""2 kg""#),
                ],
            ),
        ];
        let worth = Worth::of_currency(Currency::parse("EUR").unwrap());
        let index = Index::create(&folder.path().join("index"), &schema, 1).unwrap();
        let mut documents = Documents::new(&index.layout, &schema, &[1, 1], &worth);
        let note = Note {
            supplier: Some("norte".into()),
            sku: "S-9".into(),
            batches: vec![4],
            created: 4,
        };
        // The texts of the second say a voltage unsurely, and another weight than its source.
        let (voltage, weight) = (
            [schema.by_code("voltage").unwrap()],
            [schema.by_code("weight").unwrap()],
        );
        let made = products.iter().map(|product| {
            let doubted = match product.id {
                2 => Doubted {
                    suggested: &voltage,
                    contradicted: &weight,
                    overridden: &weight,
                },
                _ => Doubted::default(),
            };
            documents.document(product, std::slice::from_ref(&note), doubted)
        });
        let writer = index.writer(1, 3).unwrap();
        writer.add(made.collect()).unwrap();
        let holding = Holding {
            sequence: 4,
            fingerprint: 1,
            products: 3,
        };
        writer.commit(holding).unwrap();
        let synonyms = SynonymsFile {
            groups: [(
                "es".to_owned(),
                vec![vec!["perforadora".to_owned(), "taladro".to_owned()]],
            )]
            .into(),
        };
        Shop {
            index: Index::open(&folder.path().join("index"), &schema, 1).unwrap().unwrap(),
            schema,
            synonyms: Synonyms::new(&synonyms),
            _folder: folder,
        }
    }

    fn ask(&mut self, query: &str) -> Result<Answer, SearchError> {
        let searcher = self.index.searcher(1).unwrap();
        let engine = Engine::new(&self.index.layout, &self.schema, searcher, &self.synonyms)?;
        let request = Request {
            query,
            limit: 10,
            ..Request::default()
        };
        engine.search(&request, &Nothing)
    }
}

fn check(queries: &[(&str, &str)]) {
    let mut shop = Shop::new();
    for (query, expected) in queries {
        let answer = shop.ask(query).unwrap_or_else(|error| panic!("{query}: {error}"));
        let found: Vec<&str> = answer.found.iter().map(|found| found.sku.as_str()).collect();
        assert_eq!(found.join(" "), *expected, "{query}");
        assert_eq!(answer.total as usize, found.len(), "{query}");
    }
}

#[test]
fn words_are_found_by_stem_and_the_name_counts_most() {
    check(&[
        ("", "A-1 A-2 B-007"),
        ("taladros", "A-2 A-1 B-007"),
        ("perforadora columna", "A-2"),
        ("PERCÚTOR", "A-1"),
        ("hammer drills", "A-1"),
        ("maletin", "A-1"),
        ("\"juego de brocas\"", "A-1"),
        ("\"brocas juego\"", ""),
        ("taladro -columna", "A-1 B-007"),
        ("columna OR carpintero", "A-2 B-007"),
        ("(columna OR carpintero) weight<3", "B-007"),
        ("azul marino", "A-1"),
        ("rojo", "A-2"),
        ("tala*", "A-1 A-2 B-007"),
        // A sign is no word that a product must have.
        ("taladro - columna", "A-2"),
        ("taladro / columna", "A-2"),
        ("taladro & \"-\" columna *", "A-2"),
        ("taladro -/ columna", "A-2"),
        ("*", "A-1 A-2 B-007"),
        ("- & /", "A-1 A-2 B-007"),
    ]);
}

#[test]
fn identifiers_are_found_without_their_separators() {
    check(&[
        ("GSB-18V", "A-1"),
        ("gsb18v", "A-1"),
        ("gsb 18v", "A-1"),
        ("gsb 18 v 55", "A-1"),
        ("18v", "A-1"),
        ("18 V", "A-1"),
        ("06019H5302", "A-1"),
        ("0601.9h5", "A-1"),
        ("b007", "B-007"),
        ("4006381333931", "B-007"),
        ("04006381333931", "B-007"),
        ("40063813", "B-007"),
        ("s9 columna", "A-2"),
        ("sku:a-1", "A-1"),
        ("sku:a*", "A-1 A-2"),
        ("mpn:06019H5302", "A-1"),
        ("mpn:060*", "A-1"),
        ("gtin:4006381333931", "B-007"),
    ]);
}

#[test]
fn conditions_are_exact() {
    check(&[
        ("brand:bosch", "A-1"),
        ("marca:BÖHLER", "A-2"),
        ("tensión:18v", "A-1"),
        ("tensio\u{301}n:18v", "A-1"),
        ("descripción:taladro", "B-007"),
        ("descripción@es:(maletín OR taladro)", "A-1 B-007"),
        ("brand=bosc", ""),
        ("oferta", ""),
        ("has:meta_title", "A-1"),
        ("missing:meta_title@es", "A-2 B-007"),
        ("stock>0", "A-1"),
        ("stock:0", "A-2"),
        ("stock<=5", "A-1 A-2"),
        ("-stock>0", "A-2 B-007"),
        ("weight:<2kg", "A-1"),
        ("weight:<=2000g", "A-1 B-007"),
        ("peso:1,9", "A-1"),
        ("weight:2..30kg", "A-2 B-007"),
        ("weight:..1900g", "A-1"),
        ("weight:30..2", ""),
        ("cordless:sí", "A-1"),
        ("cordless:no", "A-2"),
        ("released:2026-01-01..2026-03-01", "A-1"),
        ("released<2026-02-10", ""),
        ("color:rojo", "A-2"),
        ("color:\"azul marino, red\"", "A-1 A-2"),
        ("color:red,navy", "A-1 A-2"),
        ("color:none", "B-007"),
        ("image:none", "A-2 B-007"),
        ("image:any", "A-1"),
        ("image>1", "A-1"),
        ("missing:brand", "B-007"),
        ("has:description", "A-1 B-007"),
        ("missing:name@en", "A-2 B-007"),
        ("name@en:drill", "A-1"),
        ("description:taladro", "B-007"),
        ("category:tools", "A-1 A-2 B-007"),
        ("category:Taladros", "A-1 A-2"),
        ("supplier:norte batch:4", "A-1 A-2 B-007"),
        ("web:blocked", "A-2"),
        ("code:E-ANY -web:blocked", "A-1 B-007"),
        ("active:no", ""),
        ("complete<100", ""),
        ("brand:(bosch OR böhler)", "A-1 A-2"),
        ("brand:(bosch)", "A-1"),
        ("brand:(bosch / *)", "A-1"),
        ("-brand:(bosch) category:tools", "A-2 B-007"),
        ("name:(taladro -columna)", "A-1"),
        ("name:(\"de columna\" OR (martillo carpintero))", "A-2 B-007"),
        ("suggested:voltage", "A-2"),
        ("suggested:tensión", "A-2"),
        ("suggested:any", "A-2"),
        ("suggested:none", "A-1 B-007"),
        ("suggested:weight", ""),
        ("contradicted:(weight OR voltage)", "A-2"),
        ("contradicted:any", "A-2"),
        ("overridden:weight", "A-2"),
        ("overridden:none", "A-1 B-007"),
        ("held:any", "A-1 B-007"),
        ("held:none", "A-2"),
        ("held:norte", "A-1"),
        ("unknown:color", "A-2"),
        ("conflict:W-GTIN-SHARED", "B-007"),
        ("conflict:any", ""),
        ("stock>(1)", "A-1"),
        ("(stock:(0 OR 5) weight<3) taladro", "A-1"),
    ]);
}

#[test]
fn slips_are_forgiven_and_the_spelling_is_told() {
    let mut shop = Shop::new();
    for (query, suggestion, expected) in [
        ("talarro columna", "taladro columna", "A-2"),
        ("martilo", "martillo", "B-007"),
        ("carpinteor stock:none", "carpintero stock:none", "B-007"),
    ] {
        let answer = shop.ask(query).unwrap();
        assert_eq!(
            answer.found.iter().map(|found| found.sku.as_str()).collect::<Vec<_>>(),
            [expected],
            "{query}"
        );
        let texts = ["Taladro de columna".to_owned(), "Martillo de carpintero".to_owned()];
        assert_eq!(
            respelled(query, &answer.corrections, &texts).as_deref(),
            Some(suggestion)
        );
    }
    // A code is taken as it was said, and most of the words are better than nothing.
    assert_eq!(shop.ask("99x").unwrap().total, 0);
    let most = shop.ask("martillo carpintero zanahoria").unwrap();
    assert!(most.relaxed && most.found[0].sku == "B-007");
}

#[test]
fn faults_point_at_their_place() {
    let mut shop = Shop::new();
    for (query, code, at) in [
        ("taladro colr:red", "E-QUERY-NAME", "colr"),
        ("ñandú:red", "E-QUERY-NAME", "ñandú"),
        ("color:blu", "E-QUERY-OPTION", "blu"),
        ("category:toolz", "E-QUERY-OPTION", "toolz"),
        ("stock>many", "E-QUERY-VALUE", "many"),
        ("weight<2furlongs", "E-QUERY-VALUE", "2furlongs"),
        ("weight<2V", "E-QUERY-VALUE", "2V"),
        ("color>red", "E-QUERY-KIND", "red"),
        ("meta_title:oferta", "E-QUERY-KIND", "oferta"),
        ("cordless:maybe", "E-QUERY-VALUE", "maybe"),
        ("released:soon", "E-QUERY-VALUE", "soon"),
        ("web:blokced", "E-QUERY-VALUE", "blokced"),
        ("supplier:sur", "E-QUERY-VALUE", "sur"),
        ("complete:shop<80", "E-QUERY-VALUE", "shop<80"),
        ("name@de:x", "E-QUERY-NAME", "name@de:x"),
        ("\"taladro", "E-QUERY-QUOTE", "\"taladro"),
        ("(taladro", "E-QUERY-BRACKET", "("),
        ("taladro)", "E-QUERY-BRACKET", ")"),
        ("taladro OR", "E-QUERY-OPERATOR", "OR"),
        ("taladro OR / ", "E-QUERY-OPERATOR", "OR"),
        ("NOT / taladro", "E-QUERY-OPERATOR", "NOT"),
        ("stock: 5", "E-QUERY-VALUE", "stock:"),
        ("taladro brand:(bosch", "E-QUERY-BRACKET", "("),
        ("-brand:((bosch)", "E-QUERY-BRACKET", "("),
        ("brand:()", "E-QUERY-VALUE", "brand:()"),
        ("brand:(bosch -())", "E-QUERY-VALUE", "brand:(bosch -()"),
        ("color:(red OR blu)", "E-QUERY-OPTION", "blu"),
        ("colr:(red OR blu)", "E-QUERY-NAME", "colr"),
        ("brand:/bosch|makita/ taladro", "E-QUERY-PATTERN", "/bosch|makita/"),
        ("sku:/(/", "E-QUERY-PATTERN", "/(/"),
        ("stock:/5/", "E-QUERY-KIND", "/5/"),
    ] {
        match shop.ask(query) {
            Err(SearchError::Query(fault)) => {
                assert_eq!((fault.code, &query[fault.start..fault.end]), (code, at), "{query}");
                assert!(!fault.help.is_empty(), "{query}");
            }
            other => panic!("{query}: {other:?}"),
        }
    }
    let deep = "(".repeat(60) + "a" + &")".repeat(60);
    assert!(matches!(shop.ask(&deep), Err(SearchError::Query(fault)) if fault.code == "E-QUERY-DEPTH"));
    let long = "a ".repeat(3_000);
    assert!(matches!(shop.ask(&long), Err(SearchError::Query(fault)) if fault.code == "E-QUERY-TOO-LONG"));
    for (one, last) in [
        ("a ", "last"),
        ("a* ", "last*"),
        ("sku:a* ", "last*"),
        ("a OR ", "last"),
    ] {
        let most = one.repeat(32);
        assert!(shop.ask(most.trim_end_matches("OR ")).is_ok(), "{most}");
        match shop.ask(&(most.clone() + last)) {
            Err(SearchError::Query(fault)) => {
                assert_eq!((fault.code, fault.start), ("E-QUERY-TOO-LONG", most.len()), "{most}");
            }
            other => panic!("{most}: {other:?}"),
        }
    }
}

/// Words that nothing has, all different and unlike any other.
fn unknown(count: u8) -> Vec<String> {
    let letter = |n: u8| char::from(b'a' + n);
    (0..count)
        .map(|n| format!("wqxz{0}{0}{1}{1}", letter(n % 16), letter(n / 16)))
        .collect()
}

#[test]
fn a_query_of_many_unknown_words_costs_little() {
    let mut shop = Shop::new();
    let answer = shop.ask(&unknown(32).join(" ")).unwrap();
    assert_eq!(answer.total, 0);
    assert!(answer.passes <= 2, "{} passes over the dictionaries", answer.passes);
    assert!(answer.rounds <= 9, "{} rounds", answer.rounds);
    // So many are corrected, in the order of the query, and no more.
    for (before, found) in [(15, 1), (16, 0)] {
        let mut words = unknown(before);
        words.push("martilo".to_owned());
        assert_eq!(shop.ask(&words.join(" OR ")).unwrap().total, found, "behind {before}");
    }
    // Small words do not count among those of which most must be there.
    assert!(shop.ask("el martillo de la zanahoria").unwrap().relaxed);
}

#[test]
fn a_damaged_index_is_made_anew() {
    let shop = Shop::new();
    let folder = shop._folder.path().join("index");
    for entry in std::fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let Some("idx" | "term" | "fast" | "pos") = path.extension().and_then(|ending| ending.to_str()) else {
            continue;
        };
        let good = std::fs::read(&path).unwrap();
        let mut bad = good.clone();
        bad[good.len() / 3] ^= 8;
        std::fs::write(&path, bad).unwrap();
        assert!(
            Index::open(&folder, &shop.schema, 1).unwrap().is_none(),
            "{}",
            path.display()
        );
        std::fs::write(&path, good).unwrap();
    }
    assert!(Index::open(&folder, &shop.schema, 1).unwrap().is_some());
    assert!(
        Index::open(&folder, &shop.schema, 2).unwrap().is_none(),
        "another fingerprint"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_query_panics(query in r#"([a-z0-9ñ:<>=."()* -]|OR|AND|NOT|stock>|weight:|"|\PC){0,40}"#) {
        if let Err(fault) = parse(&query) {
            prop_assert!(query.is_char_boundary(fault.start) && query.is_char_boundary(fault.end));
            fault.drawn(&query);
        }
    }
}

#[test]
fn no_query_stops_the_engine() {
    let mut shop = Shop::new();
    for query in [
        "*",
        "-*",
        "\"\"",
        "()",
        "a:*",
        "name:*",
        "mpn:*",
        "sku:*",
        "brand:\"\"",
        "weight:..",
        "stock:..5",
        "color:,",
        "ñ*",
        "\u{10ffff}*",
        "\u{7f}*",
        "½",
        "18",
        "-18v",
        "complete:<",
        "a OR b OR c",
        "NOT NOT taladro",
        "- - -",
        "1/2\"",
    ] {
        let _ = shop.ask(query);
    }
}
