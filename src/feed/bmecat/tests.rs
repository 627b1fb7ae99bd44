//! Catalogues in, records out, through the door that everybody uses.

use crate::feed;
use crate::feed::failure::FeedError;
use crate::feed::settings::FileSettings;
use crate::feed::shown::show;
use crate::product::record::Records;

/// Reads a catalogue whose header and transaction hold these elements: a line for each record, then the findings; or why it is
/// refused.
#[track_caller]
fn check(header: &str, content: &str, wanted: &[&str], expected: &str) {
    assert_eq!(
        read(header, content, wanted).unwrap_or_else(|error| error.code().to_string()),
        expected.trim()
    );
}

fn read(header: &str, content: &str, wanted: &[&str]) -> Result<String, FeedError> {
    let document = format!(
        "<BMECAT><HEADER><CATALOG><LANGUAGE>deu</LANGUAGE>{header}</CATALOG></HEADER><T_NEW_CATALOG>{content}</T_NEW_CATALOG></BMECAT>"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("c.xml");
    std::fs::write(&path, document).expect("a file");
    let wanted: Vec<String> = wanted.iter().map(|field| field.to_string()).collect();
    let mut reading = feed::open(&path, "c.xml", 0, &FileSettings::default(), &wanted)?;
    let mut out = Vec::new();
    let mut batch = Records::default();
    while reading.next(&mut batch)? {
        for record in batch.iter() {
            let cells: Vec<String> = (0..record.len()).map(|n| show(record.cell(n))).collect();
            let fault = record.fault().map_or(String::new(), |fault| format!(" {}", fault.code));
            out.push(format!("{}{fault}", cells.join(" | ")));
        }
    }
    let codes = reading.finish().diagnostics.into_iter().map(|finding| finding.code);
    out.extend(
        codes
            .map(|code| code.to_string())
            .filter(|code| code != "I-BMECAT-TRANSACTION"),
    );
    Ok(out.join("\n"))
}

fn price(kind: &str, amount: &str, more: &str) -> String {
    format!("<ARTICLE_PRICE price_type=\"{kind}\"><PRICE_AMOUNT>{amount}</PRICE_AMOUNT>{more}</ARTICLE_PRICE>")
}

fn article(aid: &str, inside: &str) -> String {
    format!("<ARTICLE><SUPPLIER_AID>{aid}</SUPPLIER_AID>{inside}</ARTICLE>")
}

fn ordered(inside: &str) -> String {
    format!("<ARTICLE_ORDER_DETAILS>{inside}</ARTICLE_ORDER_DETAILS>")
}

const EUR: &str = "<CURRENCY>EUR</CURRENCY>";

#[test]
fn a_scale_is_a_table_and_its_smallest_quantity_the_price() {
    let bound = |bound: &str| format!("<LOWER_BOUND>{bound}</LOWER_BOUND>");
    let content = [
        article(
            "A",
            &[
                price("net_list", "8.00", &bound("100")),
                price("net_list", "10.00", &bound("1")),
                price("net_list", "9.00", &bound("10")),
                price("nrp", "15.00", ""),
            ]
            .concat(),
        ),
        article("B", &price("net_list", "5", &bound("10"))),
        article(
            "C",
            &(price("net_list", "5", &bound("ten")) + &price("net_list", "6", "")),
        ),
    ];
    check(
        EUR,
        &content.concat(),
        &[
            "number",
            "price:net_list",
            "scale:net_list",
            "price:nrp",
            "price:gros_list",
        ],
        "
A | #10 | [1 | 10 | EUR, 10 | 9 | EUR, 100 | 8 | EUR] | #15 | ∅
B | #5 | 10 | 5 | EUR | ∅ | ∅
C | !LOWER_BOUND ten | [!LOWER_BOUND ten, 1 | 6 | EUR] | ∅ | ∅
",
    );
    check(EUR, &content[0], &["price:net_list"], "#10\nI-BMECAT-SCALES");
}

#[test]
fn a_price_for_a_hundred_is_not_the_price_of_one() {
    let based = |number: &str, unit: &str, factor: &str| {
        let base = format!("<PRICE_BASE><PRICE_UNIT>{unit}</PRICE_UNIT>{factor}</PRICE_BASE>");
        let order = "<ORDER_UNIT>PK</ORDER_UNIT><CONTENT_UNIT>C62</CONTENT_UNIT><NO_CU_PER_OU>50</NO_CU_PER_OU>";
        article(number, &(ordered(order) + &price("net_list", "0.25", &base)))
    };
    let content = [
        article(
            "A",
            &(ordered(
                "<ORDER_UNIT>PK</ORDER_UNIT><CONTENT_UNIT>C62</CONTENT_UNIT><NO_CU_PER_OU>50</NO_CU_PER_OU><PRICE_QUANTITY>100</PRICE_QUANTITY>",
            ) + &price("net_list", "990", "<TAX>0.19</TAX>")),
        ),
        article(
            "B",
            &(ordered("<ORDER_UNIT>PK</ORDER_UNIT><PRICE_QUANTITY>0</PRICE_QUANTITY>") + &price("net_list", "5", "")),
        ),
        article(
            "C",
            &(ordered("<ORDER_UNIT>PK</ORDER_UNIT><PRICE_QUANTITY>x</PRICE_QUANTITY>") + &price("net_list", "5", "")),
        ),
        article(
            "D",
            &(ordered("<ORDER_UNIT>MTR</ORDER_UNIT>")
                + &price(
                    "net_list",
                    "5",
                    "<PRICE_BASE><PRICE_UNIT>KGM</PRICE_UNIT><PRICE_UNIT_FACTOR>0.2</PRICE_UNIT_FACTOR></PRICE_BASE>",
                )),
        ),
        article(
            "E",
            &(ordered("<ORDER_UNIT>MTR</ORDER_UNIT>")
                + &price("net_list", "5", "<PRICE_BASE><PRICE_UNIT>MTR</PRICE_UNIT></PRICE_BASE>")),
        ),
        article(
            "F",
            "<ARTICLE_PRICE price_type=\"net_list\"><PRICE_FORMULA/></ARTICLE_PRICE>",
        ),
        based("G", "C62", ""),
        based("H", "C62", "<PRICE_UNIT_FACTOR>50</PRICE_UNIT_FACTOR>"),
        based("I", "C62", "<PRICE_UNIT_FACTOR>0.02</PRICE_UNIT_FACTOR>"),
        based("J", "C62", "<PRICE_UNIT_FACTOR>1</PRICE_UNIT_FACTOR>"),
        based("K", "PK", "<PRICE_UNIT_FACTOR>x</PRICE_UNIT_FACTOR>"),
    ];
    check(
        EUR,
        &content.concat(),
        &[
            "number",
            "price:net_list",
            "content_price:net_list",
            "tax:net_list",
            "order:ORDER_UNIT",
            "order:PRICE_QUANTITY",
        ],
        "
A | #9.9 | #0.198 | #0.19 | PK | 100
B | !5 x 1 / 0 | !5 x 1 / 0 | ∅ | PK | 0
C | !5 with a factor or quantity that is no number | !5 with a factor or quantity that is no number | ∅ | PK | x
D | !a price for 0.2 KGM of an article ordered by MTR | !a price for 0.2 KGM of an article ordered by MTR | ∅ | MTR | ∅
E | #5 | ∅ | ∅ | MTR | ∅
F | !PRICE_FORMULA | !PRICE_FORMULA | ∅ | ∅ | ∅
G | #12.5 | #0.25 | ∅ | PK | ∅
H | #12.5 | #0.25 | ∅ | PK | ∅
I | #12.5 | #0.25 | ∅ | PK | ∅
J | !a price for 1 C62 of an article ordered by PK | !a price for 1 C62 of an article ordered by PK | ∅ | PK | ∅
K | !a price for x PK of an article ordered by PK | !a price for x PK of an article ordered by PK | ∅ | PK | ∅
I-BMECAT-QUANTITY
I-BMECAT-BASE
",
    );
}

#[test]
fn prices_of_other_currencies_and_territories_are_asked_for() {
    let of = |amount: &str, currency: &str, territory: &str| {
        let currency = match currency {
            "" => String::new(),
            currency => format!("<PRICE_CURRENCY>{currency}</PRICE_CURRENCY>"),
        };
        let territory = match territory {
            "" => String::new(),
            territory => format!("<TERRITORY>{territory}</TERRITORY>"),
        };
        price("nrp", amount, &format!("{currency}{territory}"))
    };
    let content = [
        article(
            "A",
            &[of("9.900", "CHF", "CH"), of("10", "", "DE"), of("11", "EUR", "AT")].concat(),
        ),
        article("B", &of("9.125", "CHF", "")),
        article("C", &[of("10", "", "AT"), of("11", "", "ES")].concat()),
    ]
    .concat();
    let wanted = [
        "number",
        "price:nrp",
        "currency:nrp",
        "price:nrp[PRICE_CURRENCY=CHF]",
        "price:nrp[TERRITORY=AT]",
    ];
    check(
        &format!("<TERRITORY>DE</TERRITORY>{EUR}"),
        &content,
        &wanted,
        "
A | #10 | EUR | 9.9 CHF | #11
B | 9.1250 CHF | CHF | 9.1250 CHF | ∅
C | [#10, #11] | EUR | ∅ | #10
I-BMECAT-PRICES
",
    );
    // Where the catalogue has no currency of its own, none of several wins.
    check(
        "",
        &article("A", &[of("10", "EUR", ""), of("7", "GBP", "")].concat()),
        &["price:nrp", "price:nrp[PRICE_CURRENCY=GBP]"],
        "[10 EUR, 7 GBP] | 7 GBP",
    );
}

#[test]
fn variants_are_articles_of_their_own() {
    let variants = |name: &str, order: &str, variants: &[(&str, &str)]| {
        let list: String = variants
            .iter()
            .map(|(value, supplement)| {
                format!("<VARIANT><FVALUE>{value}</FVALUE><SUPPLIER_AID_SUPPLEMENT>{supplement}</SUPPLIER_AID_SUPPLEMENT></VARIANT>")
            })
            .collect();
        format!("<FEATURE><FNAME>{name}</FNAME><VARIANTS>{list}{order}</VARIANTS></FEATURE>")
    };
    let features = |inside: &str| format!("<ARTICLE_FEATURES>{inside}</ARTICLE_FEATURES>");
    let code = "<ARTICLE_DETAILS><EAN>4006381333931</EAN><DESCRIPTION_SHORT>Hemd</DESCRIPTION_SHORT></ARTICLE_DETAILS>";
    let content = [
        article(
            "H",
            &(code.to_string()
                + &features(
                    &(variants("Größe", "<VORDER>2</VORDER>", &[("M", "-M"), ("L", "-L")])
                        + &variants("Farbe", "<VORDER>1</VORDER>", &[("rot", ".01"), ("blau", ".02")])
                        + "<FEATURE><FNAME>Stoff</FNAME><FVALUE>Leinen</FVALUE></FEATURE>"),
                )
                + &price("nrp", "20", "")),
        ),
        article("I", &(code.to_string() + &price("nrp", "30", ""))),
        article("J", &features(&variants("Farbe", "", &[("rot", ""), ("blau", "")]))),
        article("K", &features(&variants("Farbe", "", &[("rot", "1"), ("blau", "1")]))),
        article("L", &features(&variants("Farbe", "", &[("rot", "-R")]))),
        "<ARTICLE_TO_CATALOGGROUP_MAP><ART_ID>H</ART_ID><CATALOG_GROUP_ID>7</CATALOG_GROUP_ID></ARTICLE_TO_CATALOGGROUP_MAP>".to_string(),
    ];
    let many: Vec<(String, String)> = (0..60).map(|n| (format!("v{n}"), format!("-{n}"))).collect();
    let many: Vec<(&str, &str)> = many
        .iter()
        .map(|(value, text)| (value.as_str(), text.as_str()))
        .collect();
    check(
        EUR,
        &content.concat(),
        &[
            "SUPPLIER_AID",
            "base_number",
            "feature:Farbe",
            "feature:Größe",
            "feature:Stoff",
            "details:EAN",
            "price:nrp",
            "group",
        ],
        "
H.01-M | H | rot | M | Leinen | ∅ | #20 | 7
H.01-L | H | rot | L | Leinen | ∅ | #20 | 7
H.02-M | H | blau | M | Leinen | ∅ | #20 | 7
H.02-L | H | blau | L | Leinen | ∅ | #20 | 7
I | ∅ | ∅ | ∅ | ∅ | 4006381333931 | #30 | ∅
J | ∅ | [rot, blau] | ∅ | ∅ | ∅ | ∅ | ∅
K | ∅ | [rot, blau] | ∅ | ∅ | ∅ | ∅ | ∅ E-BMECAT-VARIANTS
L-R | L | rot | ∅ | ∅ | ∅ | ∅ | ∅
I-BMECAT-VARIANTS
W-BMECAT-VARIANT-CODE
W-BMECAT-VARIANTS
",
    );
    check(
        EUR,
        &article("M", &features(&(variants("a", "", &many) + &variants("b", "", &many)))),
        &["number"],
        "M E-BMECAT-VARIANTS",
    );
}

#[test]
fn features_are_known_by_the_systems_of_the_catalogue() {
    let system = "<CLASSIFICATION_SYSTEM><CLASSIFICATION_SYSTEM_NAME>ETIM-8.0</CLASSIFICATION_SYSTEM_NAME>\
        <ALLOWED_VALUES><ALLOWED_VALUE><ALLOWED_VALUE_ID>EV000072</ALLOWED_VALUE_ID><ALLOWED_VALUE_NAME>Rot</ALLOWED_VALUE_NAME></ALLOWED_VALUE></ALLOWED_VALUES>\
        <UNITS><UNIT><UNIT_ID>EU570448</UNIT_ID><UNIT_NAME>Millimeter</UNIT_NAME><UNIT_SHORTNAME>mm</UNIT_SHORTNAME></UNIT></UNITS>\
        <CLASSIFICATION_SYSTEM_FEATURE_TEMPLATES>\
        <CLASSIFICATION_SYSTEM_FEATURE_TEMPLATE><FT_ID>EF000007</FT_ID><FT_NAME>Farbe</FT_NAME></CLASSIFICATION_SYSTEM_FEATURE_TEMPLATE>\
        <CLASSIFICATION_SYSTEM_FEATURE_TEMPLATE><FT_ID>EF000008</FT_ID><FT_NAME>Breite</FT_NAME><FEATURE_CONTENT><FT_UNIT_IDREF>EU570448</FT_UNIT_IDREF></FEATURE_CONTENT></CLASSIFICATION_SYSTEM_FEATURE_TEMPLATE>\
        </CLASSIFICATION_SYSTEM_FEATURE_TEMPLATES>\
        <CLASSIFICATION_GROUPS><CLASSIFICATION_GROUP><CLASSIFICATION_GROUP_ID>EC001234</CLASSIFICATION_GROUP_ID><CLASSIFICATION_GROUP_NAME>Schrauben</CLASSIFICATION_GROUP_NAME></CLASSIFICATION_GROUP></CLASSIFICATION_GROUPS>\
        </CLASSIFICATION_SYSTEM>\
        <FEATURE_SYSTEM><FEATURE_SYSTEM_NAME>udf_X-1.0</FEATURE_SYSTEM_NAME><FEATURE_GROUP><FEATURE_GROUP_ID>5</FEATURE_GROUP_ID><FEATURE_GROUP_NAME>Kleinteile</FEATURE_GROUP_NAME>\
        <FEATURE_TEMPLATE><FT_NAME>Höhe</FT_NAME><FT_UNIT>CMT</FT_UNIT></FEATURE_TEMPLATE></FEATURE_GROUP></FEATURE_SYSTEM>";
    let product = "<PRODUCT><SUPPLIER_PID>P</SUPPLIER_PID><PRODUCT_FEATURES><REFERENCE_FEATURE_SYSTEM_NAME>ETIM-8.0</REFERENCE_FEATURE_SYSTEM_NAME>\
        <REFERENCE_FEATURE_GROUP_ID>EC001234</REFERENCE_FEATURE_GROUP_ID>\
        <FEATURE><FNAME>EF000007</FNAME><FVALUE>EV000072</FVALUE></FEATURE>\
        <FEATURE><FT_IDREF>EF000008</FT_IDREF><FVALUE>10</FVALUE><FVALUE>12</FVALUE></FEATURE>\
        <FEATURE><FNAME>EF000009</FNAME><FVALUE>-</FVALUE><FVALUE_DETAILS>NA</FVALUE_DETAILS></FEATURE></PRODUCT_FEATURES>\
        <PRODUCT_FEATURES><REFERENCE_FEATURE_SYSTEM_NAME>udf_X-1.0</REFERENCE_FEATURE_SYSTEM_NAME><REFERENCE_FEATURE_GROUP_ID>5</REFERENCE_FEATURE_GROUP_ID>\
        <FEATURE><FNAME>Höhe</FNAME><FVALUE>3</FVALUE></FEATURE><FEATURE><FNAME>Tiefe</FNAME><FVALUE>4</FVALUE><FUNIT>MMT</FUNIT></FEATURE></PRODUCT_FEATURES></PRODUCT>";
    check(
        EUR,
        &format!("{system}{product}"),
        &[
            "feature:Farbe",
            "feature:EF000007",
            "feature:Breite",
            "feature_unit:Breite",
            "feature:EF000009",
            "feature:Höhe",
            "feature_unit:Höhe",
            "feature_unit:Tiefe",
            "class:etim",
            "class_name:ETIM",
            "class_name:*",
        ],
        "Rot | Rot | [10, 12] | mm | ∅ | 3 | CMT | MMT | EC001234 | Schrauben | [Schrauben, Kleinteile]",
    );
}

#[test]
fn extensions_references_pictures_and_details_have_short_names() {
    let content = article(
        "A",
        "<ARTICLE_DETAILS><DESCRIPTION_SHORT>Bohrer</DESCRIPTION_SHORT><MANUFACTURER_AID>M-1</MANUFACTURER_AID><EAN>4006381333931</EAN></ARTICLE_DETAILS>\
        <USER_DEFINED_EXTENSIONS><UDX.EDXF.BRAND_NAME>Akme</UDX.EDXF.BRAND_NAME><UDX.X.LIST><UDX.X.LIST.NAME>a</UDX.X.LIST.NAME><UDX.X.LIST.NAME>b</UDX.X.LIST.NAME></UDX.X.LIST></USER_DEFINED_EXTENSIONS>\
        <MIME_INFO><MIME><MIME_SOURCE>b.jpg</MIME_SOURCE><MIME_PURPOSE>normal</MIME_PURPOSE><MIME_ORDER>2</MIME_ORDER></MIME>\
        <MIME><MIME_SOURCE>/a.jpg</MIME_SOURCE><MIME_DESCR>MD01</MIME_DESCR><MIME_PURPOSE>normal</MIME_PURPOSE><MIME_ORDER>1</MIME_ORDER></MIME>\
        <MIME><MIME_SOURCE>https://x.example/c.pdf</MIME_SOURCE><MIME_PURPOSE>data_sheet</MIME_PURPOSE></MIME></MIME_INFO>\
        <ARTICLE_REFERENCE type=\"accessories\"><ART_ID_TO>Z1</ART_ID_TO></ARTICLE_REFERENCE>\
        <ARTICLE_REFERENCE type=\"sparepart\" quantity=\"2\"><ART_ID_TO>Z2</ART_ID_TO></ARTICLE_REFERENCE>",
    ) + "<PRODUCT><SUPPLIER_PID>B</SUPPLIER_PID><PRODUCT_DETAILS><DESCRIPTION_SHORT>Feile</DESCRIPTION_SHORT><DESCRIPTION_SHORT lang=\"eng\">File</DESCRIPTION_SHORT>\
        <MANUFACTURER_PID>M-2</MANUFACTURER_PID><INTERNATIONAL_PID type=\"gtin\">4006381333948</INTERNATIONAL_PID></PRODUCT_DETAILS>\
        <PRODUCT_FEATURES><FEATURE><FNAME lang=\"deu\">Farbe</FNAME><FNAME lang=\"eng\">Colour</FNAME><FVALUE lang=\"eng\">red</FVALUE><FVALUE lang=\"deu\">rot</FVALUE></FEATURE></PRODUCT_FEATURES>\
        <PRODUCT_REFERENCE type=\"accessories\"><PROD_ID_TO>Z3</PROD_ID_TO></PRODUCT_REFERENCE></PRODUCT>";
    check(
        "<MIME_ROOT>https://img.example/root/</MIME_ROOT>",
        &content,
        &[
            "number",
            "details:MANUFACTURER_AID",
            "details:EAN",
            "details:DESCRIPTION_SHORT",
            "details@eng:DESCRIPTION_SHORT",
            "PRODUCT_DETAILS/DESCRIPTION_SHORT[@lang=deu]",
            "feature:Farbe",
            "feature@eng:Colour",
        ],
        "
A | M-1 | 4006381333931 | Bohrer | ∅ | ∅ | ∅ | ∅
B | M-2 | 4006381333948 | Feile | File | Feile | rot | red
",
    );
    check(
        "<MIME_ROOT>https://img.example/root/</MIME_ROOT>",
        &content,
        &["udx:BRAND_NAME", "udx:UDX.EDXF.BRAND_NAME", "udx:NAME", "mime:normal", "mime:MD01", "mime:data_sheet", "reference:accessories", "reference:*"],
        "
Akme | Akme | [a, b] | [https://img.example/root/a.jpg, https://img.example/root/b.jpg] | https://img.example/root/a.jpg | https://x.example/c.pdf | Z1 | [Z1, Z2]
∅ | ∅ | ∅ | ∅ | ∅ | ∅ | Z3 | Z3
",
    );
}

#[test]
fn maps_that_an_update_takes_off_are_none() {
    let map = |mode: &str, group: &str| {
        format!(
            "<ARTICLE_TO_CATALOGGROUP_MAP mode=\"{mode}\"><ART_ID>A</ART_ID><CATALOG_GROUP_ID>{group}</CATALOG_GROUP_ID></ARTICLE_TO_CATALOGGROUP_MAP>"
        )
    };
    check(
        "",
        &(article("A", "") + &map("delete", "1") + &map("new", "2")),
        &["group"],
        "2",
    );
}

fn group(id: &str, parent: &str, name: &str) -> String {
    format!(
        "<CATALOG_STRUCTURE><GROUP_ID>{id}</GROUP_ID><GROUP_NAME>{name}</GROUP_NAME><PARENT_ID>{parent}</PARENT_ID></CATALOG_STRUCTURE>"
    )
}

fn map(article: &str, group: &str) -> String {
    format!(
        "<ARTICLE_TO_CATALOGGROUP_MAP><ART_ID>{article}</ART_ID><CATALOG_GROUP_ID>{group}</CATALOG_GROUP_ID></ARTICLE_TO_CATALOGGROUP_MAP>"
    )
}

#[test]
fn groups_that_are_their_own_parents_end() {
    let content = [
        article("A", "") + &article("B", ""),
        group("0", "0", "Root") + &group("1", "0", "Tools"),
        group("2", "4", "Drills") + &group("3", "2", "Hammers") + &group("4", "3", "Saws"),
        map("A", "1") + &map("B", "2"),
    ];
    check("", &content.concat(), &["group_path"], "Tools\nHammers > Saws > Drills");
}

#[test]
fn groups_are_bounded() {
    let refused = |content: &str| check("", &(article("A", "") + content), &["group_path"], "E-BMECAT-LIMIT");
    let long = "n".repeat(1_001);
    refused(&group("1", "0", &long));
    refused(&group(&long, "0", "n"));
    refused(&map("A", &long));
    let groups = |count: u32| (0..count).map(|n| map("A", &n.to_string())).collect::<String>();
    refused(&groups(1_001));
    check("", &(article("A", "") + &groups(1_000)), &["group_name"], "∅");
    // Thirty names of 999 bytes stand above each of forty groups.
    let line = |leaves: usize| {
        let name = "n".repeat(999);
        let parents = (1..=30).map(|n| group(&n.to_string(), &(n - 1).to_string(), &name));
        let leaves = (0..leaves).map(|n| group(&format!("L{n}"), "30", "leaf") + &map("A", &format!("L{n}")));
        parents.chain(leaves).collect::<String>()
    };
    refused(&line(40));
    check(
        "",
        &(article("A", "") + &line(40)),
        &["group_name"],
        &format!("[{}]", ["leaf"; 40].join(", ")),
    );
    refused(&format!(
        "<CATALOG_STRUCTURE>{}</CATALOG_STRUCTURE>",
        "<X/>".repeat(500_001)
    ));
}

#[test]
fn systems_are_bounded_and_a_feature_is_found_by_its_last_name() {
    let feature = |id: &str, name: &str| {
        format!(
            "<CLASSIFICATION_SYSTEM_FEATURE_TEMPLATE><FT_ID>{id}</FT_ID><FT_NAME>{name}</FT_NAME></CLASSIFICATION_SYSTEM_FEATURE_TEMPLATE>"
        )
    };
    let system = |name: &str, inside: &str| {
        format!("<FEATURE_SYSTEM><FEATURE_SYSTEM_NAME>{name}</FEATURE_SYSTEM_NAME>{inside}</FEATURE_SYSTEM>")
    };
    let has = "<ARTICLE_FEATURES><FEATURE><FNAME>E1</FNAME><FVALUE>7</FVALUE></FEATURE></ARTICLE_FEATURES>";
    let wanted = ["feature:Farbe", "feature:Colour"];
    let renamed = system(
        "S",
        &(feature("E1", "Farbe") + &feature("E2", "Farbe") + &feature("E1", "Colour")),
    );
    check("", &(renamed + &article("A", has)), &wanted, "∅ | 7");

    let long = "n".repeat(1_001);
    for faulty in [
        system(&long, ""),
        system("S", &feature(&long, "n")),
        system("S", &feature("E1", &long)),
    ] {
        check("", &(faulty + &article("A", has)), &wanted, "E-BMECAT-LIMIT");
    }

    // As many numbers of one name as there may be are still looked up at once.
    let same: String = (0..20_000).map(|n| feature(&format!("E{n}"), "Farbe")).collect();
    let features: String = (0..20_000)
        .map(|n| format!("<FEATURE><FNAME>E{n}</FNAME><FVALUE>{n}</FVALUE></FEATURE>"))
        .collect();
    let content = system("S", &same) + &article("A", &format!("<ARTICLE_FEATURES>{features}</ARTICLE_FEATURES>"));
    let read = read("", &content, &["feature:Farbe"]).unwrap_or_default();
    assert_eq!(read.matches(", ").count(), 19_999);
}

#[test]
fn a_scale_of_ever_more_steps_is_none() {
    let steps: String = (1..=5_000)
        .map(|n| price("net_list", &n.to_string(), &format!("<LOWER_BOUND>{n}</LOWER_BOUND>")))
        .collect();
    check(
        EUR,
        &article("A", &steps),
        &["scale:net_list", "price:net_list"],
        "!a scale of 5000 steps | #1",
    );
    let equal: String = (0..20_000).map(|n| price("net_list", &n.to_string(), "")).collect();
    let read = read(EUR, &article("A", &equal), &["price:net_list"]).unwrap_or_default();
    assert_eq!(read.matches(", ").count(), 19_999);
}

#[test]
fn what_stands_inside_of_another_variant_is_not_there() {
    let variant = |n: &str| {
        format!(
            "<VARIANT><FVALUE>{n}</FVALUE><SUPPLIER_AID_SUPPLEMENT>-{n}</SUPPLIER_AID_SUPPLEMENT><UDX.X.COLOR>c{n}</UDX.X.COLOR>{}</VARIANT>",
            price("nrp", n, "")
        )
    };
    let variants = format!(
        "<FEATURE><FNAME>Size</FNAME><VARIANTS>{}{}</VARIANTS></FEATURE>",
        variant("1"),
        variant("2")
    );
    check(
        EUR,
        &article("A", &format!("<ARTICLE_FEATURES>{variants}</ARTICLE_FEATURES>")),
        &["number", "udx:COLOR", "price:nrp"],
        "A-1 | c1 | #1\nA-2 | c2 | #2\nI-BMECAT-VARIANTS",
    );
}

#[test]
fn variants_that_swell_are_refused() {
    let variants = |count: usize, supplement: &str| {
        let list: String = (0..count)
            .map(|n| {
                format!("<VARIANT><FVALUE>{n}</FVALUE><SUPPLIER_AID_SUPPLEMENT>{supplement}{n}</SUPPLIER_AID_SUPPLEMENT></VARIANT>")
            })
            .collect();
        format!(
            "<ARTICLE_FEATURES><FEATURE><FNAME>Size</FNAME><VARIANTS>{list}</VARIANTS></FEATURE></ARTICLE_FEATURES>"
        )
    };
    let long = format!("<KEYWORD>{}</KEYWORD>", "k".repeat(900_000));
    let content = [
        article("A", ""),
        article("B", &(long.repeat(2) + &variants(50, "-"))),
        article("C", &("<KEYWORD/>".repeat(6_000) + &variants(1_000, "-"))),
        article("D", &variants(2, &"s".repeat(1_001))),
        article(&"n".repeat(900_000), &variants(100, "-")),
        article("F", ""),
    ];
    check(
        "",
        &content.concat(),
        &["number", "KEYWORD"],
        "
A | ∅
 E-BMECAT-VARIANTS
 E-BMECAT-VARIANTS
D | ∅ E-BMECAT-VARIANTS
 E-BMECAT-VARIANTS
F | ∅",
    );
}
