//! Documents in, records out, through the door that everybody uses.

use crate::feed;
use crate::feed::decode::Stream;
use crate::feed::json::find_list;
use crate::feed::settings::FileSettings;
use crate::feed::shown::show;
use crate::product::record::Records;

fn read(content: &[u8], record: Option<&str>, wanted: &[&str]) -> String {
    let wanted: Vec<String> = wanted.iter().map(|field| field.to_string()).collect();
    let settings = FileSettings {
        record: record.map(str::to_string),
        ..FileSettings::default()
    };
    let mut out = String::new();
    let mut batch = Records::default();
    let end = Stream::of_bytes(content, "feed.json").and_then(|stream| {
        let mut reading = feed::open_stream(stream, 0, &settings, &wanted)?;
        while reading.next(&mut batch)? {
            for record in batch.iter() {
                let cells = (0..record.len())
                    .map(|n| show(record.cell(n)))
                    .collect::<Vec<_>>()
                    .join("|");
                let fault = record
                    .fault()
                    .map(|fault| format!("!{}", fault.code))
                    .unwrap_or_default();
                out.push_str(&format!("{}: {cells}{fault}\n", record.line()));
            }
        }
        let found = reading
            .found()
            .iter()
            .map(|found| if *found { 'x' } else { '-' })
            .collect::<String>();
        let report = reading.finish();
        out.push_str(&format!(
            "{} {} {} {found}",
            report.format, report.encoding, report.rows
        ));
        Ok(())
    });
    if let Err(error) = end {
        out.push_str(&format!("{} {:?} {}", error.code(), error.line(), error.message()));
    }
    out
}

fn check(content: &str, record: Option<&str>, wanted: &[&str], expected: &str) {
    assert_eq!(read(content.as_bytes(), record, wanted), expected.trim(), "{content}");
}

#[test]
fn records_come_from_a_list_wherever_it_is() {
    let wanted = ["sku", "price.amount", "tags", "variants.sku", "stock"];
    let product =
        r#"{"sku":"A","price":{"amount":1.10,"x":[1]},"tags":["a","b"],"variants":[{"sku":"A1"},{"sku":"A2"}]}"#;
    let expected = "1: A|#1.10|[a, b]|[A1, A2]|∅\njson UTF-8 1 xxxx-";
    check(&format!("[{product}]"), None, &wanted, expected);
    check(
        &format!(r#"{{"meta":{{"n":1}},"data":{{"products":[{product}]}},"next":null}}"#),
        None,
        &wanted,
        expected,
    );
    check(
        &format!(r#"{{"a":[{{}},{{}}],"b":[{product}]}}"#),
        Some("b"),
        &wanted,
        expected,
    );
    check(product, Some("."), &wanted, expected);
    check("[]", None, &["sku"], "json UTF-8 0 x");
}

#[test]
fn a_document_without_a_list_is_one_record() {
    check(
        "{\"sku\":\"A\",\"price\":{\"amount\":2}}\n",
        None,
        &["sku", "price.amount"],
        "1: A|#2\njson UTF-8 1 xx",
    );
}

#[test]
fn values_keep_their_types_and_digits() {
    check(
        r#"[{"a":1e400,"b":9007199254740993,"c":-0,"d":1E-7,"e":true,"f":null,"g":"","h":{"k":[1, 2]},"i.j":"dot","l":[]}]"#,
        None,
        &["a", "b", "c", "d", "e", "f", "g", "h", "h.k", "i.j", "l"],
        "1: !1e400|#9007199254740993|#-0|#0.0000001|?true|∅||{\"k\":[1, 2]}|[#1, #2]|dot|∅\njson UTF-8 1 xxxxx-xxxx-",
    );
}

#[test]
fn bad_records_are_refused_alone() {
    check(
        "[{\"sku\":\"A\",\"p\":1,\"p\":2},\n{\"sku\":\"B\\ud800\"},\n{\"sku\":\"x\\u0000\"},\n7,\n{\"sku\":\"C\"}]",
        None,
        &["sku"],
        "
1: !E-ROW-DUPLICATE-KEY
2: !E-ROW-JSON
3: !E-ROW-CONTROL
4: !E-ROW-JSON
5: C
json UTF-8 5 x",
    );
    check(
        "{\"sku\":\"A\"}\n{\"sku\":\"B\",\n\n{\"sku\":\"C\"}",
        None,
        &["sku"],
        "
1: A
2: !E-ROW-JSON
4: C
jsonl UTF-8 3 x",
    );
}

#[test]
fn broken_documents_are_refused_whole() {
    check(
        "[{\"sku\":\"A\"},{\"sku\":\"B\",\"pri",
        None,
        &["sku"],
        "E-FILE-TRUNCATED Some(1) the JSON is cut off: a bracket never closes",
    );
    check(
        "{\"p\":[{\"sku\":\"A\"}]",
        None,
        &["sku"],
        "E-FILE-TRUNCATED Some(1) the JSON is cut off: a bracket never closes",
    );
    check(
        "[{\"sku\":\"A\"}\n{\"sku\":\"B\"}]",
        None,
        &["sku"],
        "E-JSON-SYNTAX Some(2) the JSON is broken: a comma is missing",
    );
    check(
        "[{\"sku\":\"A\"}] x",
        None,
        &["sku"],
        "E-JSON-SYNTAX Some(1) the JSON is broken: something follows the end of the document",
    );
    check(
        "{\"a\":[{}],\"a\":[]}",
        None,
        &["sku"],
        "E-JSON-SYNTAX Some(1) the JSON is broken: the key \"a\" is there twice",
    );
    check(
        "{\"a\":1}",
        Some("b"),
        &["sku"],
        "E-RECORD-PATH Some(1) no list of records at \"b\": there is no key \"b\"",
    );
    let deep = format!("[{}", "[".repeat(100));
    check(
        &deep,
        None,
        &["sku"],
        "E-JSON-DEPTH Some(1) more than 64 brackets stand inside each other",
    );
    check(
        "{\"sku\":\"A\"}\n{\"sku\":\"B\"}\n{\"sku\":\"C\",\"pr",
        None,
        &["sku"],
        "
E-FILE-TRUNCATED Some(3) the last line is cut off: it is no JSON and has no line end",
    );
}

#[test]
fn other_encodings_are_turned_into_utf_8() {
    assert_eq!(
        read(b"[{\"sku\":\"ni\xf1o\"}]", None, &["sku"]),
        "1: niño\njson windows-1252 1 x"
    );
    assert_eq!(
        read(b"\xef\xbb\xbf[{\"sku\":\"A\"}]", None, &["sku"]),
        "1: A\njson UTF-8 1 x"
    );
}

#[test]
fn the_list_is_the_one_that_lies_least_deep() {
    let find = |text: &str| find_list(text.as_bytes());
    assert_eq!(find(r#"[{"a":[{}]}]"#).as_deref(), Some(""));
    assert_eq!(
        find(r#"{"m":{"l":[{},{}]},"data":[{"v":[{},{},{}]}"#).as_deref(),
        Some("data")
    );
    assert_eq!(find(r#"{"f":[{}],"p":[{},{}]}"#).as_deref(), Some("p"));
    assert_eq!(find(r#"{"a":[1,2]}"#), None);
}

#[test]
fn members_are_counted_from_1() {
    check(
        r#"[{"a":[{"b":1},{"b":2}]}]"#,
        None,
        &["a[1].b", "a[2].b", "a[3].b"],
        "1: #1|#2|∅\njson UTF-8 1 xx-",
    );
    check(
        r#"[{"a":[{"b":1}]}]"#,
        None,
        &["a[0].b"],
        "E-FIELD-PATH None \"a[0].b\" is no path: members are counted from 1",
    );
    check(
        r#"[{"a":[{"b":[{"c":[{"d":[{"e":1}],"x":2}],"x":2}],"x":2},{"x":3}]}]"#,
        None,
        &["a[b[c[d[e=1].e=1].x=2].x=2].x"],
        "1: #2\njson UTF-8 1 x",
    );
    check(
        r#"[{"a":1}]"#,
        None,
        &["a[b[c[d[e[f=1]=1]=1]=1]=1]"],
        "E-FIELD-PATH None \"a[b[c[d[e[f=1]=1]=1]=1]=1]\" is no path: conditions stand too deep inside each other",
    );
    // Of tables made flat.
    check(
        r#"[{"images[0]":"x","images[1].src":"y","w [kg]":2,"o":{"p[0]":"z"}}]"#,
        None,
        &["images[0]", "images[1].src", "w [kg]", "o.p[0]"],
        "1: x|y|#2|z\njson UTF-8 1 xxxx",
    );
}
