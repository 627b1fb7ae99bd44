//! Files made to break a reader, sent through the whole program: every verdict of the threat list, and no panic, hang or
//! hunger on any other.
//!
//! `hostile_feed` asks the readers alone; here a person imports the file and looks at what came of it. The files lie in the
//! shared data folder and are read in place; where it is absent the tests say so and pass.

use crate::corner::{bare_shop, codes, corner_shop, number, offers, product, tally};
use crate::support::{Answer, Shop, shared};
use estante::catalog::Reader;
use estante::feed::settings::Format;
use estante::workspace::Workspace;
use estante::workspace::apply::apply;
use estante::workspace::delivery::Which;
use estante::workspace::import::plan;
use estante::workspace::progress::Silent;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{Duration, Instant};

/// What a person must see of a file.
enum Verdict {
    /// The whole file is refused with this code, and nothing is changed.
    Refused(&'static str),
    /// It comes to these numbers with these findings.
    Takes(&'static str, &'static [&'static str]),
}

use Verdict::{Refused, Takes};

/// Columns of the mapping: attribute and where it stands.
type Fields = &'static [(&'static str, &'static str)];

const OFFER: Fields = &[("sku", "sku"), ("price", "price")];
const NAMED: Fields = &[("sku", "sku"), ("name", "name"), ("price", "price")];
const TEXT: Fields = &[("sku", "sku"), ("description", "description")];
const BMECAT: Fields = &[
    ("sku", "SUPPLIER_AID"),
    ("name", "ARTICLE_DETAILS/DESCRIPTION_SHORT"),
    ("price", "ARTICLE_PRICE_DETAILS/ARTICLE_PRICE/PRICE_AMOUNT"),
];
const ANY: Fields = &[("sku", ".")];
const COLUMNS: Fields = &[("sku", "1"), ("name", "2"), ("description", "3")];

/// Every row of `expected.csv` that concerns a reader of this program, in its order; pictures are none of its business yet.
const VERDICTS: &[(&str, Fields, Verdict)] = &[
    (
        "xml/bmecat_ok_50.xml",
        BMECAT,
        Takes("50 new", &["I-BMECAT-TRANSACTION"]),
    ),
    (
        "xml/bmecat_truncated_mid_article.xml",
        BMECAT,
        Refused("E-FILE-TRUNCATED"),
    ),
    (
        "xml/bmecat_doctype_internal_subset.xml",
        BMECAT,
        Takes("50 new", &["I-BMECAT-TRANSACTION"]),
    ),
    (
        "xml/bmecat_doctype_external_id_only.xml",
        BMECAT,
        Takes("50 new", &["I-BMECAT-TRANSACTION"]),
    ),
    ("xml/xxe_file.xml", ANY, Refused("E-XML-ENTITY")),
    ("xml/xxe_http_loopback.xml", ANY, Refused("E-XML-ENTITY")),
    ("xml/deep_100k.xml.gz", ANY, Refused("E-XML-DEPTH")),
    ("xml/attrs_80k_one_tag.xml.gz", ANY, Refused("E-XML-ATTRIBUTES")),
    ("xml/xmlns_5000_one_tag.xml.gz", ANY, Refused("E-XML-ATTRIBUTES")),
    ("xml/text_node_64MiB.xml.gz", ANY, Refused("E-RECORD-SIZE")),
    ("zip/gz_bomb_256MiB.csv.gz", COLUMNS, Refused("E-ARCHIVE-RATIO")),
    ("zip/gz_in_gz_2GiB.csv.gz.gz", OFFER, Refused("E-ARCHIVE-NESTED")),
    ("zip/gz_truncated.csv.gz", COLUMNS, Refused("E-FILE-TRUNCATED")),
    ("zip/gz_trailing_garbage.csv.gz", OFFER, Refused("E-GZIP-DAMAGED")),
    ("zip/gz_two_members.csv.gz", OFFER, Takes("2 new", &[])),
    ("zip/zip_bomb_256MiB.zip", OFFER, Refused("E-ARCHIVE-RATIO")),
    ("zip/zip_overlap_500x16MiB.zip", OFFER, Refused("E-ARCHIVE-DUPLICATE")),
    ("zip/zip_overlap_500_names.zip", OFFER, Refused("E-ARCHIVE-LIES")),
    ("zip/zip_nested_5_levels.zip", OFFER, Refused("E-ARCHIVE-NESTED")),
    ("zip/zip_slip.zip", OFFER, Refused("E-ARCHIVE-NAME")),
    ("zip/zip_symlink_then_file.zip", OFFER, Refused("E-ARCHIVE-LINK")),
    ("zip/zip_device_fifo.zip", OFFER, Refused("E-ARCHIVE-LINK")),
    ("zip/zip_lying_size.zip", OFFER, Refused("E-ARCHIVE-SIZE")),
    ("zip/zip_bad_crc.zip", OFFER, Refused("E-ARCHIVE-CRC")),
    ("zip/zip_truncated.zip", OFFER, Refused("E-ARCHIVE-DAMAGED")),
    ("zip/zip_two_feeds.zip", OFFER, Refused("E-ARCHIVE-AMBIGUOUS")),
    ("xlsx/ok_2x2.xlsx", OFFER, Takes("1 new", &[])),
    ("xlsx/sparse_A1_XFD1048576.xlsx", OFFER, Refused("E-SHEET-LIMIT")),
    ("xlsx/dimension_lie.xlsx", COLUMNS, Takes("1 new", &[])),
    ("xlsx/sheet_bomb_256MiB.xlsx", OFFER, Refused("E-ARCHIVE-RATIO")),
    ("xlsx/dtd_in_sheet.xlsx", OFFER, Refused("E-WORKBOOK-DTD")),
    (
        "xlsx/formula_and_error_cells.xlsx",
        &[
            ("sku", "5"),
            ("name", "2"),
            ("price", "4"),
            ("stock", "1"),
            ("description", "3"),
        ],
        Takes(
            "1 rejected",
            &["E-CELL-ERROR@1", "E-CELL-ERROR@1", "E-CELL-ERROR@1", "E-CELL-ERROR@1"],
        ),
    ),
    ("csv/empty.csv", OFFER, Refused("E-FILE-EMPTY")),
    ("csv/header_only.csv", OFFER, Takes("", &["G-NO-ROWS"])),
    ("csv/bom_only.csv", OFFER, Refused("E-FILE-EMPTY")),
    ("csv/html_error_page.csv", OFFER, Refused("E-FILE-HTML")),
    ("csv/truncated_mid_record.csv", NAMED, Refused("E-FILE-TRUNCATED")),
    ("csv/unclosed_quote.csv", NAMED, Refused("E-CSV-OPEN-QUOTE")),
    (
        "csv/field_2MiB.csv.gz",
        &[("sku", "sku"), ("description", "d")],
        Takes("1 rejected", &["E-ROW-FIELD-SIZE@2"]),
    ),
    (
        "csv/columns_10000.csv",
        &[("sku", "sku"), ("name", "c0")],
        Refused("E-COLUMNS"),
    ),
    (
        "csv/ragged.csv",
        OFFER,
        Takes("1 new, 2 rejected", &["E-ROW-WIDTH@3", "E-ROW-WIDTH@4"]),
    ),
    ("csv/duplicate_header.csv", OFFER, Refused("E-HEADER-DUPLICATE")),
    (
        "csv/duplicate_sku_conflict.csv",
        OFFER,
        Takes("2 rejected", &["E-DUPLICATE-SKU@3"]),
    ),
    ("csv/header_reordered.csv", OFFER, Takes("1 new", &[])),
    (
        "csv/column_shift.csv",
        NAMED,
        Takes("1 new, 1 rejected", &["E-ROW-WIDTH@3"]),
    ),
    ("csv/latin1.csv", NAMED, Takes("1 new", &[])),
    (
        "csv/invalid_utf8.csv",
        NAMED,
        Takes("1 new, 1 rejected", &["E-ROW-ENCODING@2"]),
    ),
    ("csv/nul_bytes.csv", NAMED, Takes("1 rejected", &["E-ROW-CONTROL@2"])),
    ("csv/mixed_eol_lone_cr.csv", OFFER, Takes("3 new", &[])),
    (
        "csv/formula_cells.csv",
        NAMED,
        Takes("3 new, 1 rejected", &["E-PRICE-NEGATIVE@2"]),
    ),
    (
        "csv/unicode_skus.csv",
        NAMED,
        Takes(
            "3 new, 6 rejected",
            &[
                "E-IDENTIFIER-INVISIBLE@4",
                "E-DUPLICATE-SKU@6",
                "E-IDENTIFIER-INVISIBLE@8",
                "E-DUPLICATE-SKU@10",
            ],
        ),
    ),
    (
        "csv/log_injection.csv",
        NAMED,
        Takes("1 new, 2 rejected", &["E-IDENTIFIER-INVISIBLE@2", "E-ROW-CONTROL@4"]),
    ),
    ("csv/html_xss_descriptions.csv", TEXT, Takes("6 new", &[])),
    (
        "csv/template_injection.csv",
        &[("sku", "sku"), ("name", "name")],
        Takes("5 new", &[]),
    ),
    ("csv/prompt_injection.csv", TEXT, Takes("5 new", &[])),
    // Nothing is fetched; what is no address of a web server is no picture either.
    (
        "csv/image_urls_ssrf.csv",
        &[("sku", "sku"), ("image", "image")],
        Takes(
            "27 new, 1 rejected",
            &[
                "E-MEDIA@17",
                "E-MEDIA@18",
                "E-MEDIA@19",
                "E-ROW-WIDTH@20",
                "E-URL-CREDENTIALS@21",
                "E-URL-CREDENTIALS@23",
                "E-MEDIA@24",
                "E-MEDIA@28",
            ],
        ),
    ),
    (
        "csv/image_names_traversal.csv",
        &[("sku", "sku"), ("image", "image_name")],
        Takes(
            "10 new",
            &["E-MEDIA@2", "E-MEDIA@3", "E-MEDIA@4", "E-MEDIA@5", "E-MEDIA@11"],
        ),
    ),
    ("json/deep_100k.json.gz", OFFER, Refused("E-JSON-DEPTH")),
    (
        "json/duplicate_keys.json",
        OFFER,
        Takes("1 rejected", &["E-ROW-DUPLICATE-KEY@1"]),
    ),
    (
        "json/number_zoo.json",
        OFFER,
        Takes(
            "4 new, 3 rejected",
            &["E-CELL-ERROR@1", "E-PRICE-ZERO@1", "E-PRICE-ZERO@1"],
        ),
    ),
    (
        "json/lone_surrogate.json",
        &[("sku", "sku"), ("name", "name")],
        Takes("1 rejected", &["E-ROW-JSON@1"]),
    ),
    ("json/truncated.json", OFFER, Refused("E-FILE-TRUNCATED")),
    (
        "json/ndjson_bad_line.ndjson",
        OFFER,
        Takes("2 new, 1 rejected", &["E-ROW-JSON@2"]),
    ),
];

/// A workspace whose one supplier delivers this file.
fn shop_with(file: &Path, fields: Fields) -> Shop {
    let shop = bare_shop();
    let name = file.file_name().expect("a file has a name").to_string_lossy();
    shop.write(
        format!("suppliers/x/{name}"),
        std::fs::read(file).unwrap_or_else(|e| panic!("{}: {e}", file.display())),
    );
    let numbered = fields.iter().all(|(_, column)| column.parse::<u32>().is_ok());
    let header = if numbered { "header_row = 0\n" } else { "" };
    let numbers = if name == "latin1.csv" { "1234,56" } else { "1234.56" };
    let mut text = format!(
        "name = \"X\"\n[file]\npath = [\"{name}\"]\n{header}[read]\ncurrency = \"EUR\"\nnumbers = \"{numbers}\"\n[fields]\n"
    );
    for (attribute, column) in fields {
        let optional = if *attribute == "sku" { "" } else { ", optional = true" };
        text.push_str(&format!("{attribute} = {{ column = \"{column}\"{optional} }}\n"));
    }
    shop.write("suppliers/x/supplier.toml", text);
    shop
}

/// Time a file may take: of computing, so that what else a machine does counts for nothing.
pub const TIME: Duration = Duration::from_secs(10);
/// Time after which whoever waits for something waits in vain, on a machine that does much else.
const HANG: Duration = Duration::from_secs(60);
/// Memory a file may take, in kB.
pub const MEMORY: u64 = 256 << 10;

/// What a program took to its end.
#[derive(Debug, Clone, Copy)]
pub struct Spent {
    pub time: Duration,
    /// Most memory at a time in kB; 0 where the system does not tell.
    pub memory: u64,
}

/// Runs the program; it must end in time, by itself, within the memory a file may take.
fn watched(shop: &Shop, args: &[&str], file: &str) -> Answer {
    let (answer, _) = watch(shop, args).unwrap_or_else(|fault| panic!("{file}: {fault}"));
    answer
}

/// Runs the program and says what it took, or in which way it did not keep to the limits.
pub fn watch(shop: &Shop, args: &[&str]) -> Result<(Answer, Spent), String> {
    let begun = Instant::now();
    let mut child = shop
        .command(args)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program starts");
    let mut streams = (
        child.stdout.take().expect("it is piped"),
        child.stderr.take().expect("it is piped"),
    );
    let read = |stream: &mut dyn std::io::Read| {
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).expect("the pipe is readable");
        String::from_utf8(bytes).map_err(|e| format!("the program's words are not UTF-8: {e}"))
    };
    std::thread::scope(|scope| {
        let out = scope.spawn(|| read(&mut streams.0));
        let err = scope.spawn(|| read(&mut streams.1));
        let (mut memory, mut time) = (0, Duration::ZERO);
        let code = loop {
            if let Some(status) = child.try_wait().expect("the program can be waited for") {
                break status.code();
            }
            memory = memory.max(peak_of(child.id()).unwrap_or(0));
            time = time.max(computed(child.id()).unwrap_or(Duration::ZERO));
            if time > TIME || begun.elapsed() > HANG {
                child.kill().expect("the program can be ended");
                child.wait().expect("it has ended");
                return Err(format!(
                    "the program hangs: {time:.1?} of computing in {:.1?}",
                    begun.elapsed()
                ));
            }
            std::thread::sleep(Duration::from_millis(2));
        };
        if memory >= MEMORY {
            return Err(format!("{memory} kB of memory"));
        }
        let answer = Answer {
            asked: args.join(" "),
            code,
            out: out.join().expect("stdout reads")?,
            err: err.join().expect("stderr reads")?,
        };
        Ok((answer, Spent { time, memory }))
    })
}

/// What a process has computed so far, in hundredths of a second, where the system tells (proc_pid_stat(5), 2024: fields 14, 15).
fn computed(process: u32) -> Option<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name of the program stands in brackets and may hold anything.
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    let ticks = |field: usize| fields.get(field)?.parse::<u64>().ok();
    Some(Duration::from_millis((ticks(11)? + ticks(12)?) * 10))
}

/// The most memory a program had so far, in kB, where the system tells.
///
/// A process that was just made still has the memory of the one that made it, and counts only once it is a program of its own:
/// the system lets the maker go on a moment before (execve, Linux 6: `exec_mmap` releases the parent before it changes the memory).
fn peak_of(process: u32) -> Option<u64> {
    let program = |process: &str| std::fs::read_link(format!("/proc/{process}/exe")).ok();
    if program(&process.to_string())? == program("self")? {
        return None;
    }
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    status.lines().find_map(|line| {
        line.strip_prefix("VmHWM:")?
            .trim()
            .strip_suffix("kB")?
            .trim()
            .parse()
            .ok()
    })
}

/// The files of the threat list, or none where the shared folder is absent.
fn generated() -> Option<PathBuf> {
    shared().map(|shared| shared.join("data/hostile/generated"))
}

#[test]
fn the_table_has_every_file_of_the_threat_list() {
    let Some(folder) = generated() else { return };
    let list = std::fs::read_to_string(folder.join("expected.csv")).expect("the list is there");
    let elsewhere = ["csv/guard/", "csv/price_cut_at_eof.csv", "csv/price_zoo.csv", "img/"];
    let mut named = 0;
    for row in list.lines().skip(1) {
        let file = row.split(',').next().expect("a row begins with a file");
        named += 1;
        let known =
            VERDICTS.iter().any(|(name, _, _)| *name == file) || elsewhere.iter().any(|other| file.starts_with(other));
        assert!(known, "{file} has no verdict here");
    }
    assert!(named >= 90, "{named}");
}

#[test]
fn every_file_of_the_threat_list_comes_to_its_verdict() {
    let Some(folder) = generated() else { return };
    // What a file would have the program call.
    let trap = std::net::TcpListener::bind("127.0.0.1:9").ok();
    if let Some(trap) = &trap {
        trap.set_nonblocking(true)
            .expect("a socket can be asked without waiting");
    }
    let mut wrong = Vec::new();
    for (file, fields, verdict) in VERDICTS {
        let shop = shop_with(&folder.join(file), fields);
        let before = shop.files("");
        let answer = watched(&shop, &["import", "x", "--apply", "--json"], file);
        let document = answer.json();
        let told = codes(&document);
        let right = match verdict {
            Refused(code) => {
                let refused = answer.code == Some(3) && told.iter().any(|told| told.split('@').next() == Some(*code));
                refused && document["help"].is_null() && help_is_told(&document)
            }
            Takes(numbers, findings) => answer.code == Some(0) && tally(&document) == *numbers && told == *findings,
        };
        if !right {
            let numbers = if answer.code == Some(0) {
                tally(&document)
            } else {
                String::new()
            };
            wrong.push(format!(
                "{file}: ended with {:?}: {numbers} {told:?}\n{}",
                answer.code, answer.err
            ));
        }
        assert!(!answer.err.contains("panicked"), "{file}: {}", answer.err);
        let forged = answer.err.lines().any(|line| line.starts_with("2026-01-01 ERROR"));
        assert!(!forged && !answer.err.contains('\x1b'), "{file}: {:?}", answer.err);
        // What is in a file is written nowhere but into the store.
        for name in shop.files("").keys() {
            assert!(
                before.contains_key(name) || name.starts_with(".estante/"),
                "{file}: {name} was written"
            );
        }
        let sequence = Reader::open(&shop.path(".estante")).and_then(|reader| reader.sequence());
        let changed = matches!(verdict, Takes(numbers, _) if numbers.contains("new"));
        assert_eq!(sequence.expect("the store is readable"), i64::from(changed), "{file}");
    }
    for place in ["/abs_escape.csv", "/tmp/escape.csv", "/escape.csv"] {
        assert!(!Path::new(place).exists(), "{place} was written");
    }
    if let Some(trap) = trap {
        assert!(trap.accept().is_err(), "something was called");
    }
    assert!(
        wrong.is_empty(),
        "{} verdicts are wrong:\n{}",
        wrong.len(),
        wrong.join("\n")
    );
}

/// Whoever's file is refused is told what to do.
fn help_is_told(document: &Value) -> bool {
    let mut findings = document["diagnostics"].as_array().into_iter().flatten();
    findings.all(|finding| finding["help"].as_str().is_some_and(|help| !help.is_empty()))
}

fn imported(file: &str, fields: Fields) -> Option<Shop> {
    let shop = shop_with(&generated()?.join(file), fields);
    shop.done(&["import", "x", "--apply", "--quiet"]);
    Some(shop)
}

#[test]
fn an_old_encoding_keeps_its_letters() {
    let Some(shop) = imported("csv/latin1.csv", NAMED) else {
        return;
    };
    let product = product(&shop, "A");
    assert_eq!(
        (product["name"].as_str(), product["price"].as_str()),
        ("Größe 5 m²", "1.50 EUR")
    );
}

#[test]
fn formulas_are_texts() {
    let Some(shop) = imported("csv/formula_cells.csv", NAMED) else {
        return;
    };
    assert_eq!(product(&shop, "+49")["name"], "@SUM(1)");
    assert_eq!(product(&shop, "-A")["name"], "=1");
    assert!(product(&shop, "＝1")["name"].ends_with("=1"));
    shop.run(&["product", "show", "=1+1"]).ended(2);
}

#[test]
fn numbers_of_json_are_exact() {
    let Some(shop) = imported("json/number_zoo.json", OFFER) else {
        return;
    };
    for (sku, price) in [("b", "0.10 EUR"), ("c", "9007199254740993.00 EUR"), ("e", "1.10 EUR")] {
        assert_eq!(product(&shop, sku)["price"], price);
    }
    // A price may be rounded to the cent, and is never a float's idea of itself.
    assert!(
        product(&shop, "g")["price"].starts_with("12345678901234567890.12"),
        "{:?}",
        product(&shop, "g")
    );
}

#[test]
fn lines_on_both_sides_of_a_bad_one_are_read() {
    let Some(shop) = imported("json/ndjson_bad_line.ndjson", OFFER) else {
        return;
    };
    assert_eq!(
        (
            product(&shop, "A")["price"].as_str(),
            product(&shop, "C")["price"].as_str()
        ),
        ("1.00 EUR", "3.00 EUR")
    );
    shop.run(&["product", "show", "B"]).ended(2);
}

/// Declared notation (blank: none), and the prices that hold in it; `-` is silence, all other rows are rejected. Where nothing
/// is declared, what could be thousands or decimals is rejected too.
const ZOO: [(&str, &str); 4] = [
    (
        "",
        "p16 0.01 EUR, p17 99999999999999999999.99 EUR, p21 12.50 EUR, p22 12.50 EUR, p26 -, p29 12.50 EUR, p31 0.50 EUR",
    ),
    (
        "1234.56",
        "p03 1.234 EUR, p16 0.01 EUR, p17 99999999999999999999.99 EUR, p21 12.50 EUR, p22 12.50 EUR, p26 -, \
         p29 12.50 EUR, p31 0.50 EUR, p36 12.345 EUR",
    ),
    (
        "1.234,56",
        "p01 1234.56 EUR, p03 1234.00 EUR, p04 1.234 EUR, p08 12.50 EUR, p09 12.505 EUR, p26 -, p36 12345.00 EUR",
    ),
    (
        "1,234.56",
        "p02 1234.56 EUR, p03 1.234 EUR, p04 1234.00 EUR, p09 12505.00 EUR, p16 0.01 EUR, \
         p17 99999999999999999999.99 EUR, p21 12.50 EUR, p22 12.50 EUR, p26 -, p29 12.50 EUR, p31 0.50 EUR, p36 12.345 EUR",
    ),
];

#[test]
fn a_price_is_exact_or_rejected_and_never_guessed() {
    let Some(folder) = generated() else { return };
    for (numbers, expected) in ZOO {
        let shop = shop_with(&folder.join("csv/price_zoo.csv"), OFFER);
        let declared = if numbers.is_empty() {
            String::new()
        } else {
            format!("numbers = \"{numbers}\"")
        };
        shop.edit("suppliers/x/supplier.toml", "numbers = \"1234.56\"", &declared);
        let document = shop.done(&["import", "x", "--json"]).json();
        assert_eq!(number(&document, "read"), 36);
        assert_eq!(number(&document, "new") + number(&document, "rejected"), 36);
        let plan = shop.done(&["plan", "show", "p1", "--json"]).json();
        let taken = plan["changes"]
            .as_array()
            .into_iter()
            .flatten()
            .filter(|change| change["kind"] == "new");
        let prices: Vec<String> = taken
            .map(|change| {
                let price = change["values"][0]["after"].as_str().unwrap_or("-");
                format!("{} {price}", change["sku"].as_str().unwrap_or_default())
            })
            .collect();
        assert_eq!(prices.join(", "), expected, "read as `{numbers}`");
    }
}

#[test]
fn a_price_cut_at_the_end_of_the_file_is_held() {
    let Some(folder) = generated() else { return };
    let shop = shop_with(&folder.join("csv/price_cut_at_eof.csv"), OFFER);
    let cut = shop.read("suppliers/x/price_cut_at_eof.csv");
    shop.write("suppliers/x/price_cut_at_eof.csv", format!("{cut}.50\n"));
    shop.done(&["import", "x", "--apply", "--quiet"]);
    shop.write("suppliers/x/price_cut_at_eof.csv", cut);
    let document = shop.done(&["import", "x", "--apply", "--json"]).json();
    assert_eq!(tally(&document), "1 unchanged, 1 held");
    assert_eq!(codes(&document), ["G-NO-LAST-LINE-END"]);
    assert_eq!(product(&shop, "B")["price"], "1234.50 EUR");
}

/// The corner shop with a channel, fed with a file of the list as `sku` and one more column.
fn published(file: &str, attribute: &str, column: &str) -> Option<crate::corner::Offers> {
    let path = generated()?.join(file);
    let shop = corner_shop();
    let text = std::fs::read_to_string(&path).unwrap_or_else(|e| panic!("{file}: {e}"));
    shop.write("suppliers/x/list.csv", text);
    shop.write(
        "suppliers/x/supplier.toml",
        format!(
            "name = \"X\"\n[file]\npath = [\"list.csv\"]\n[read]\ncurrency = \"EUR\"\n[fields]\nsku = {{ column = \"sku\" }}\n\
             {attribute} = {{ column = \"{column}\" }}\nprice = {{ value = \"5.00\" }}\nstock = {{ value = \"5\" }}\n"
        ),
    );
    shop.done(&["run", "--quiet"]);
    shop.done(&["verify"]);
    Some(offers(&shop.read("out/web/web.tsv")))
}

#[test]
fn a_supplier_s_template_is_text() {
    let Some(offers) = published("csv/template_injection.csv", "name", "name") else {
        return;
    };
    let titles: Vec<&str> = offers.values().map(|offer| offer["title"].as_str()).collect();
    let literal = [
        "{{7*7}}",
        "${7*7}",
        "{% for i in range(999999999) %}x{% endfor %}",
        "{{ self.__init__ }}",
    ];
    assert_eq!(titles[..4], literal);
    assert!(titles[4].contains("999999999"), "{}", titles[4]);
}

#[test]
fn active_content_does_not_leave_the_house() {
    let Some(offers) = published("csv/html_xss_descriptions.csv", "description", "description") else {
        return;
    };
    assert_eq!(offers.len(), 6);
    for (sku, offer) in offers {
        let text = offer["description"].to_lowercase();
        for part in ["<script", "onerror", "onbegin", "javascript:", "url(", "<img", "<svg"] {
            assert!(!text.contains(part), "{sku}: {text}");
        }
    }
}

#[test]
fn words_to_a_machine_change_no_price() {
    let Some(offers) = published("csv/prompt_injection.csv", "description", "description") else {
        return;
    };
    assert_eq!(offers.len(), 5);
    assert!(offers.values().all(|offer| offer["price"] == "5.00 EUR"));
}

/// Plans an import of every file of the folders in this process, as each of the formats, and applies the small
/// plans to one store. Gives how many files were taken and how many refused. In the end the store is sound and the channel is written.
fn attack(folders: &[&str], formats: &[Option<Format>], fields: Fields) -> Option<(usize, usize)> {
    let root = shared()?.join("data/hostile");
    let mut files: Vec<PathBuf> = Vec::new();
    for folder in folders {
        let entries = walkdir::WalkDir::new(root.join(folder))
            .sort_by_file_name()
            .into_iter()
            .flatten();
        files.extend(
            entries
                .filter(|entry| entry.file_type().is_file())
                .map(walkdir::DirEntry::into_path),
        );
    }
    assert!(!files.is_empty(), "{folders:?} hold nothing");
    let shop = corner_shop();
    let columns: String = fields
        .iter()
        .map(|(attribute, column)| format!("{attribute} = {{ column = \"{column}\", optional = true }}\n"))
        .collect();
    let columns = columns.replacen(", optional = true", "", 1);
    shop.write(
        "suppliers/x/supplier.toml",
        format!(
            "name = \"X\"\nmode = \"delta\"\non_drift = \"warn\"\n[file]\npath = [\"none\"]\n[read]\ncurrency = \"EUR\"\n[fields]\n{columns}"
        ),
    );
    let numbered = fields.iter().all(|(_, column)| column.parse::<u32>().is_ok());
    let (done, wait) = std::sync::mpsc::channel();
    let folder = shop.folder().to_owned();
    let jobs: Vec<(PathBuf, Option<Format>)> = files
        .iter()
        .flat_map(|file| formats.iter().map(|format| (file.clone(), *format)))
        .collect();
    let names: Vec<String> = jobs
        .iter()
        .map(|(file, format)| format!("{} as {format:?}", file.display()))
        .collect();
    let worker = std::thread::spawn(move || {
        let mut workspace = Workspace::open(&folder, Some(2)).expect("the workspace is valid");
        workspace.open_catalog().expect("nobody else writes");
        let (mut taken, mut refused) = (0, 0);
        for (file, format) in jobs {
            let settings = &mut workspace.settings.suppliers[0].file;
            settings.format = format;
            settings.header_row = numbered.then_some(0).filter(|_| {
                !matches!(
                    format,
                    Some(Format::Xml | Format::Json | Format::Jsonl | Format::Bmecat)
                )
            });
            let supplier = &workspace.settings.suppliers[0];
            match plan(
                &workspace,
                supplier,
                &Which::Files(vec![file]),
                "p1",
                &Silent::default(),
            ) {
                Ok(planned) => {
                    if planned.summary.tally.new < 100 {
                        apply(&mut workspace, &planned.path, &[], &Silent::default())
                            .expect("a plan just made applies");
                    }
                    taken += 1;
                }
                Err(failure) => {
                    assert_eq!(failure.exit_code(), 3, "{failure}");
                    assert!(!failure.diagnostics.is_empty(), "{failure}");
                    refused += 1;
                }
            }
            done.send(()).expect("somebody waits");
        }
        assert_eq!(workspace.close(), None);
        (taken, refused)
    });
    for name in &names {
        let waited = wait.recv_timeout(HANG);
        if waited.is_err() {
            assert!(worker.is_finished(), "{name} hangs");
            let panic = worker
                .join()
                .err()
                .and_then(|panic| panic.downcast::<String>().ok())
                .unwrap_or_default();
            panic!("{name} breaks the program: {panic}");
        }
    }
    let counts = worker.join().expect("all files were read");
    shop.done(&["verify"]);
    shop.done(&["channel", "export", "web", "--quiet"]);
    shop.done(&["undo", "1"]);
    Some(counts)
}

#[test]
fn no_table_breaks_the_program() {
    let folders = [
        "arrow-csv-fuzz",
        "csv-spectrum",
        "duckdb-csv",
        "kuhn-utf8",
        "utf8tests",
        "blns",
        "payloadbox",
    ];
    let fields: Fields = &[
        ("sku", "1"),
        ("name", "2"),
        ("description", "3"),
        ("price", "4"),
        ("brand", "5"),
    ];
    if let Some((taken, refused)) = attack(&folders, &[None], fields) {
        assert!(taken > 100 && refused > 0, "{taken} taken, {refused} refused");
    }
}

#[test]
fn no_document_breaks_the_program() {
    let folders = ["libxml2-xml", "defusedxml", "json-testsuite", "dompurify-xss", "blns"];
    let formats = [
        None,
        Some(Format::Xml),
        Some(Format::Bmecat),
        Some(Format::Json),
        Some(Format::Jsonl),
    ];
    if let Some((taken, refused)) = attack(
        &folders,
        &formats,
        &[("sku", "."), ("name", "a"), ("description", "b"), ("brand", "@id")],
    ) {
        assert!(taken > 50 && refused > 100, "{taken} taken, {refused} refused");
    }
}

#[test]
fn no_container_breaks_the_program() {
    let folders = [
        "apache-poi-xlsx",
        "calamine-xls",
        "safearchive",
        "zip-rs-invalid",
        "seed-corpora",
    ];
    let fields: Fields = &[
        ("sku", "1"),
        ("name", "2"),
        ("description", "3"),
        ("price", "4"),
        ("brand", "5"),
    ];
    if let Some((taken, refused)) = attack(&folders, &[None], fields) {
        assert!(taken > 10 && refused > 10, "{taken} taken, {refused} refused");
    }
}
