//! Documents in, records out, through the door that everybody uses.

use crate::feed;
use crate::feed::decode::Stream;
use crate::feed::settings::FileSettings;
use crate::feed::shown::show;
use crate::feed::xml_rule::find_record;
use crate::product::record::Records;
use std::path::Path;

fn read(
    open: impl FnOnce(&FileSettings, &[String]) -> Result<feed::Reading, feed::failure::FeedError>,
    record: Option<&str>,
    wanted: &[&str],
) -> String {
    let wanted: Vec<String> = wanted.iter().map(|field| field.to_string()).collect();
    let settings = FileSettings {
        record: record.map(str::to_string),
        ..FileSettings::default()
    };
    let mut out = String::new();
    let mut batch = Records::default();
    let end = open(&settings, &wanted).and_then(|mut reading| {
        while reading.next(&mut batch)? {
            for record in batch.iter() {
                let cells = (0..record.len())
                    .map(|n| show(record.cell(n)))
                    .collect::<Vec<_>>()
                    .join("|");
                let fault = record
                    .fault()
                    .map(|fault| format!(" !{}", fault.code))
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
        for diagnostic in report.diagnostics {
            out.push_str(&format!(" {}", diagnostic.code));
        }
        Ok(())
    });
    if let Err(error) = end {
        out.push_str(&format!("{} {:?} {}", error.code(), error.line(), error.message()));
    }
    out
}

fn check(content: impl AsRef<[u8]>, record: Option<&str>, wanted: &[&str], expected: &str) {
    let content = content.as_ref();
    let open = |settings: &FileSettings, wanted: &[String]| {
        feed::open_stream(Stream::of_bytes(content, "feed.xml")?, 0, settings, wanted)
    };
    assert_eq!(
        read(open, record, wanted),
        expected.trim(),
        "{}",
        String::from_utf8_lossy(content)
    );
}

const SHOP: &str = r#"<?xml version="1.0"?>
<shop xmlns:g="urn:g">
 <!-- two products -->
 <product id="A"><name>Caf&#233; &amp; <![CDATA[<b>]]></name><img>1</img><img>2</img><g:price cur="EUR">1,50</g:price></product>
 <product id='B &lt;'>
  <name/><attr><k>Color</k><v>red</v></attr><attr><k>Size</k><v>L</v></attr>
 </product>
</shop>
"#;

#[test]
fn languages_are_told_apart_by_attribute() {
    let name = |language: &str, text: &str| format!("<name lang=\"{language}\">{text}</name>");
    let product = |id: &str, names: String| format!("<p><id>{id}</id>{names}</p>");
    let shop = format!(
        "<shop>{}\n{}</shop>",
        product("A", name("en", "Drill") + &name("es", "Taladro")),
        product("B", name("en", "Saw"))
    );
    let wanted = ["id", "name[@lang=es]", "name[@lang='en']"];
    check(
        &shop,
        Some("p"),
        &wanted,
        "1: A|Taladro|Drill\n2: B|∅|Saw\nxml UTF-8 2 xxx",
    );
}

#[test]
fn values_are_found_by_path() {
    let wanted = [
        "@id",
        "name",
        "img",
        "price",
        "price/@cur",
        "attr[k=Size]/v",
        "g:price",
        "stock",
    ];
    let expected = "4: A|Café & <b>|[1, 2]|1,50|EUR|∅|1,50|∅\n5: B <||∅|∅|∅|L|∅|∅\nxml UTF-8 2 xxxxxxx-";
    for record in [None, Some("/shop/product"), Some("product"), Some("//product")] {
        check(SHOP, record, &wanted, expected);
    }
    check(SHOP, Some("/product"), &["@id"], "xml UTF-8 0 x");
}

#[test]
fn broken_documents_are_refused_whole() {
    let cut = &SHOP[..SHOP.len() - 60];
    check(
        cut,
        None,
        &["@id"],
        "E-FILE-TRUNCATED Some(6) the file is cut off: 3 elements never close",
    );
    check(
        "<a><p><b>1</b></p><p><b>2</c></p></a>",
        None,
        &["b"],
        "E-XML-SYNTAX Some(1) the XML is broken: ill-formed document: expected `</b>`, but `</c>` was found",
    );
    check(
        "<a><p><b>1</b></p></a><a/>",
        None,
        &["b"],
        "E-XML-SYNTAX Some(1) a second root element follows the first",
    );
    check(
        "<a><p><b>1 & 2</b></p><p><b/></p></a>",
        None,
        &["b"],
        "E-XML-SYNTAX Some(1) the XML is broken: ill-formed document: entity or character reference not closed: `;` not found before end of input",
    );
    check(
        "<a><p><b>ni\u{f1}o</b></p></a>".replace('\u{f1}', "\u{1}"),
        Some("p"),
        &["b"],
        "1: ni\u{1}o !E-ROW-CONTROL\nxml UTF-8 1 x",
    );
    check(
        b"<a><p><b>ni\xf1o</b></p></a>",
        Some("p"),
        &["b"],
        "E-XML-ENCODING Some(1) the file holds bytes that are no text in its encoding",
    );
}

#[test]
fn entities_are_never_expanded() {
    let external = "<!DOCTYPE r [<!ENTITY x SYSTEM \"file:///etc/hostname\">]><r><p><b>&x;</b></p></r>";
    let refused = "E-XML-ENTITY Some(1) the text refers to the entity \"x\", which is never expanded";
    check(external, Some("p"), &["b"], refused);
    check(
        external.replace("<b>&x;", "<b a=\"&x;\">"),
        Some("p"),
        &["b/@a"],
        refused,
    );
    check(
        "<!DOCTYPE r [<!ENTITY x \"y\">]><r><p><b>1</b></p></r>",
        Some("p"),
        &["b"],
        "1: 1\nxml UTF-8 1 x",
    );
    check(
        "<!DOCTYPE r SYSTEM \"x.dtd\"><r><p><b>&nbsp;1</b></p><p><b>2</b></p></r>",
        Some("p"),
        &["b"],
        "1: 1 !E-ROW-ENTITY\n1: 2\nxml UTF-8 2 x",
    );
    check(
        "<!DOCTYPE r [<!ENTITY % p SYSTEM \"x\"> %p;]><r><p/></r>",
        Some("p"),
        &["b"],
        "E-XML-ENTITY Some(1) the document type refers to a parameter entity, which is never opened",
    );
}

#[test]
fn encodings_are_declared_marked_or_set() {
    let declared = b"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><a><p><b>ni\xf1o</b></p></a>";
    check(declared, Some("p"), &["b"], "1: niño\nxml windows-1252 1 x");
    let text = "\u{feff}<?xml version=\"1.0\" encoding=\"UTF-16\"?><a><p><b>niño</b></p></a>";
    let utf16: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    check(utf16, Some("p"), &["b"], "1: niño\nxml UTF-16BE 1 x");
}

#[test]
fn limits_hold() {
    let deep = format!("<a><p>{}", "<x>".repeat(200));
    check(
        deep,
        Some("p"),
        &["b"],
        "E-XML-DEPTH Some(1) more than 128 elements stand inside each other",
    );
    let attributes: String = (0..300).map(|n| format!(" a{n}=\"\"")).collect();
    check(
        format!("<a{attributes}></a>"),
        Some("p"),
        &["b"],
        "E-XML-ATTRIBUTES Some(1) an element has more than 256 attributes or namespace declarations",
    );
    let long = "x".repeat(1200 * 1024);
    check(
        format!("<a><p><b>{long}</b></p></a>"),
        Some("p"),
        &["b"],
        "E-XML-TOKEN Some(1) a tag or text is longer than 1048576 bytes",
    );
}

#[test]
fn the_record_is_the_element_that_repeats() {
    let find = |text: &str| find_record(text.as_bytes());
    assert_eq!(find(SHOP).as_deref(), Some("/shop/product"));
    assert_eq!(
        find("<rss><channel><title>t</title><item><a/></item><item><a/><b/></item>").as_deref(),
        Some("/rss/channel/item")
    );
    assert_eq!(
        find("<c><head><x/></head><product><n>1</n></product></c>").as_deref(),
        Some("/c/product")
    );
    assert_eq!(find("<c><i>1</i><i>2</i></c>").as_deref(), Some("/c/i"));
    assert_eq!(find("<c>text</c>"), None);
}

const CATALOGUE: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<BMECAT version="1.2" xmlns="http://www.bmecat.org/bmecat/1.2/bmecat_new_catalog">
<HEADER><CATALOG><LANGUAGE>deu</LANGUAGE><CURRENCY>EUR</CURRENCY><MIME_ROOT>/img</MIME_ROOT></CATALOG></HEADER>
<T_NEW_CATALOG>
<CATALOG_GROUP_SYSTEM>
<CATALOG_STRUCTURE type="root"><GROUP_ID>1</GROUP_ID><GROUP_NAME>Katalog</GROUP_NAME><PARENT_ID>0</PARENT_ID></CATALOG_STRUCTURE>
<CATALOG_STRUCTURE type="node"><GROUP_ID>2</GROUP_ID><GROUP_NAME>Maschinen</GROUP_NAME><PARENT_ID>1</PARENT_ID></CATALOG_STRUCTURE>
<CATALOG_STRUCTURE type="leaf"><GROUP_ID>3</GROUP_ID><GROUP_NAME>Bohrer</GROUP_NAME><PARENT_ID>2</PARENT_ID></CATALOG_STRUCTURE>
</CATALOG_GROUP_SYSTEM>
<ARTICLE mode="new"><SUPPLIER_AID>A1</SUPPLIER_AID>
<ARTICLE_FEATURES><FEATURE><FNAME>Farbe</FNAME><FVALUE>rot</FVALUE><FVALUE>blau</FVALUE></FEATURE>
<FEATURE><FNAME>Gewicht</FNAME><FVALUE>2.5</FVALUE><FUNIT>KGM</FUNIT></FEATURE><FEATURE><FNAME>Norm</FNAME><FVALUE>-</FVALUE></FEATURE></ARTICLE_FEATURES>
<ARTICLE_PRICE_DETAILS><ARTICLE_PRICE price_type="net_list"><PRICE_AMOUNT>100</PRICE_AMOUNT><LOWER_BOUND>10</LOWER_BOUND></ARTICLE_PRICE>
<ARTICLE_PRICE price_type="net_list"><PRICE_AMOUNT>1250.50</PRICE_AMOUNT><PRICE_FACTOR>0.8</PRICE_FACTOR></ARTICLE_PRICE>
<ARTICLE_PRICE price_type="nrp"><PRICE_AMOUNT>13,20</PRICE_AMOUNT><PRICE_CURRENCY>CHF</PRICE_CURRENCY></ARTICLE_PRICE></ARTICLE_PRICE_DETAILS>
<MIME_INFO><MIME><MIME_SOURCE>a.jpg</MIME_SOURCE><MIME_PURPOSE>normal</MIME_PURPOSE></MIME>
<MIME><MIME_TYPE>url</MIME_TYPE><MIME_SOURCE>http://x</MIME_SOURCE><MIME_PURPOSE>others</MIME_PURPOSE></MIME></MIME_INFO></ARTICLE>
<ARTICLE><SUPPLIER_AID>A2</SUPPLIER_AID>
<ARTICLE_FEATURES><FEATURE><FNAME>Farbe</FNAME><VARIANTS><VARIANT><FVALUE>rot</FVALUE></VARIANT><VARIANT><FVALUE>grün</FVALUE></VARIANT></VARIANTS></FEATURE></ARTICLE_FEATURES>
<ARTICLE_PRICE_DETAILS><ARTICLE_PRICE price_type="net_list"><PRICE_AMOUNT>9.90</PRICE_AMOUNT><PRICE_QUANTITY>100</PRICE_QUANTITY></ARTICLE_PRICE></ARTICLE_PRICE_DETAILS></ARTICLE>
<ARTICLE_TO_CATALOGGROUP_MAP><ART_ID>A1</ART_ID><CATALOG_GROUP_ID>3</CATALOG_GROUP_ID></ARTICLE_TO_CATALOGGROUP_MAP>
</T_NEW_CATALOG></BMECAT>"#;

#[test]
fn a_catalogue_gives_prices_features_pictures_and_groups() {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), CATALOGUE).unwrap();
    let open =
        |settings: &FileSettings, wanted: &[String]| feed::open(Path::new(file.path()), "c.xml", 0, settings, wanted);
    let wanted = [
        "SUPPLIER_AID",
        "@mode",
        "price:net_list",
        "price:nrp",
        "currency:nrp",
        "currency:net_list",
        "feature:Farbe",
        "feature_unit:Gewicht",
        "feature:Norm",
        "mime:*",
        "group",
        "group_path",
        "header:MIME_ROOT",
        "ARTICLE_FEATURES/FEATURE[FNAME=Gewicht]/FVALUE",
    ];
    assert_eq!(
        read(open, None, &wanted),
        "\
10: A1|new|#1000.4|!13,20|CHF|EUR|[rot, blau]|KGM|∅|a.jpg|3|Maschinen > Bohrer|/img|2.5
18: A2|∅|#0.099|∅|∅|EUR|[rot, grün]|∅|∅|∅|∅|∅|/img|∅
bmecat UTF-8 2 xxxxxxxx-xxxxx I-BMECAT-TRANSACTION W-BMECAT-VARIANTS I-BMECAT-QUANTITY I-BMECAT-SCALES"
    );
}
