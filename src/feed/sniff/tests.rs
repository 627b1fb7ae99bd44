//! Files in, what was found out.

use crate::feed::settings::FileSettings;
use crate::feed::sniff::discover;

fn check(name: &str, content: impl AsRef<[u8]>, expected: &str) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, content).unwrap();
    let found = discover(&path, name, &FileSettings::default(), 100).unwrap();
    let mut out = format!(
        "{} {} {} header {:?} record {:?}\n",
        found.format,
        found.encoding,
        found.delimiter.clone().unwrap_or_default(),
        found.header_row,
        found.record_path
    );
    for column in &found.columns {
        let many = if column.multiple { "*" } else { "" };
        out.push_str(&format!(
            "{}{many}: {} {}\n",
            column.header,
            column.filled,
            column.samples.join(" | ")
        ));
    }
    assert_eq!(out, expected);
    // What was found reads the file again, the same way.
    let again = discover(&path, name, &found.settings(name), 100).unwrap();
    assert_eq!(again.columns, found.columns);
    assert!(
        found
            .evidence
            .iter()
            .any(|(what, why)| what == "format" && !why.is_empty())
    );
}

#[test]
fn a_row_of_small_numbers_is_no_header_of_a_table_with_headings() {
    check(
        "t.csv",
        "A-100;12,50;7\nTornillos;;\nA-101;8,25;2\nA-102;3;2\nClavos;;\nA-103;1,50;3\nA-104;1,75;9\n",
        "\
csv UTF-8 ; header None record None
1: 5 A-100 | A-101 | A-102 | A-103 | A-104
2: 5 12,50 | 8,25 | 3 | 1,50 | 1,75
3: 5 7 | 2 | 3 | 9
@section: 4 Tornillos | Clavos
",
    );
}

#[test]
fn tables_are_found() {
    check(
        "t.csv",
        "Tarifa\n\nRef.;Nombre;;PVP\nA;Uno;;1,50\nB;Dos;;\n",
        "\
csv UTF-8 ; header Some(3) record None
Ref.: 2 A | B
Nombre: 2 Uno | Dos
3: 0 
PVP: 1 1,50
",
    );
    check(
        "t.txt",
        b"8412345678905\t1.50\ta\xf1o\n8412345678912\t2.50\tni\xf1o\n",
        "\
csv windows-1252 \t header None record None
1: 2 8412345678905 | 8412345678912
2: 2 1.50 | 2.50
3: 2 año | niño
",
    );
}

#[test]
fn trees_are_found() {
    check(
        "t.xml",
        "<s xmlns:g='u'><p id='1'><n>a</n><i>x</i><i>y</i><t>p</t><g:t>q</g:t></p><p id='2'><n/></p></s>",
        "\
xml UTF-8  header None record Some(\"/s/p\")
@id: 2 1 | 2
n: 1 a
i*: 1 x | y
:t: 1 p
g:t: 1 q
",
    );
    check(
        "t.json",
        r#"{"d":[{"sku":"A","p":{"a":1.5},"v":[{"s":"x"},{"s":"y"}]},{"sku":"B","e":null}]}"#,
        "\
json UTF-8  header None record Some(\"d\")
sku: 2 A | B
p.a: 1 1.5
v.s*: 1 x | y
",
    );
    check(
        "t.ndjson",
        "{\"sku\":\"A\"}\n{\"sku\":\"B\",\"n\":true}\n",
        "\
jsonl UTF-8  header None record None
sku: 2 A | B
n: 1 true
",
    );
}

#[test]
fn catalogues_are_found() {
    check("c.xml", "<BMECAT version='1.2'><HEADER><CATALOG><CURRENCY>EUR</CURRENCY></CATALOG></HEADER><T_NEW_CATALOG>
<ARTICLE><SUPPLIER_AID>A</SUPPLIER_AID><ARTICLE_FEATURES><FEATURE><FNAME>Farbe</FNAME><FVALUE>rot</FVALUE></FEATURE></ARTICLE_FEATURES>
<ARTICLE_PRICE_DETAILS><ARTICLE_PRICE price_type='nrp'><PRICE_AMOUNT>2</PRICE_AMOUNT></ARTICLE_PRICE></ARTICLE_PRICE_DETAILS></ARTICLE>
</T_NEW_CATALOG></BMECAT>", "\
bmecat UTF-8  header None record None
SUPPLIER_AID: 1 A
ARTICLE_FEATURES/FEATURE/FNAME: 1 Farbe
ARTICLE_FEATURES/FEATURE/FVALUE: 1 rot
ARTICLE_PRICE_DETAILS/ARTICLE_PRICE/@price_type: 1 nrp
ARTICLE_PRICE_DETAILS/ARTICLE_PRICE/PRICE_AMOUNT: 1 2
price:nrp: 1 2
currency:nrp: 1 EUR
feature:Farbe: 1 rot
");
}

#[test]
fn refused_records_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.csv");
    let evidence = |content: &[u8]| {
        std::fs::write(&path, content).unwrap();
        let found = discover(&path, "t.csv", &FileSettings::default(), 100).unwrap();
        let mut all = found.evidence.into_iter();
        all.by_ref()
            .find(|(what, _)| what == "encoding")
            .into_iter()
            .chain(all.find(|(what, _)| what == "records"))
            .map(|(_, why)| why)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        evidence(b"sku;name\nA;a\n"),
        ["all of the first 1 records are valid UTF-8"]
    );
    assert_eq!(
        evidence(b"sku;name\nA;a\nB;\xff\xfe\xc0\xaf\nC;c;c\nD;\xff\xfe\xc0\xaf\nE;\xc3\xb1\n"),
        [
            "3 of the first 5 records are valid UTF-8; 2 are that in no way, nor text in another encoding",
            "3 of the first 5 are refused as they stand (E-ROW-ENCODING)"
        ]
    );
}
