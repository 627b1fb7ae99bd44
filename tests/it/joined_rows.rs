//! Products that are spread over rows, parents and files: what becomes one item, and what of it is told.

use crate::corner::{bare_shop, product, tally};
use crate::support::{Shop, shared};
use estante::feed;
use estante::feed::settings::FileSettings;
use estante::product::record::{Cell, Records};
use serde::Deserialize;
use std::collections::BTreeMap;
use std::fmt::Write;

#[derive(Deserialize)]
struct Settings {
    file: FileSettings,
}

fn text(cell: Cell<'_>) -> String {
    match cell {
        Cell::Absent => "–".to_owned(),
        Cell::Text(text) | Cell::Number(text) | Cell::Moment(text) | Cell::Error(text) => text.trim().to_owned(),
        Cell::Boolean(is) => is.to_string(),
        Cell::List(cells) => cells.iter().map(text).collect::<Vec<String>>().join("+"),
    }
}

/// Reads `feed.csv` of some files under settings and gives what `wanted` columns say: a line for each record, what is refused
/// with its code, then the findings of the file.
#[track_caller]
pub fn check(files: &[(&str, &str)], settings: &str, wanted: &str, expected: &str) {
    let folder = tempfile::tempdir().expect("a folder");
    for (name, content) in files {
        std::fs::write(folder.path().join(name), content).expect("a file");
    }
    let (name, _) = files[0];
    let Settings { mut file } = toml::from_str(settings).expect("settings");
    file.folder = folder.path().to_owned();
    let wanted: Vec<String> = wanted.split_whitespace().map(str::to_owned).collect();
    assert_eq!(told(&folder.path().join(name), &file, &wanted), expected.trim_start());
}

fn told(path: &std::path::Path, file: &FileSettings, wanted: &[String]) -> String {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    let mut out = String::new();
    let mut reading = match feed::open(path, &name, 0, file, wanted) {
        Ok(reading) => reading,
        Err(error) => return format!("{} {}\n", error.code(), error.message()),
    };
    let missing: Vec<&str> = (wanted.iter().zip(reading.found()))
        .filter(|(_, found)| !**found)
        .map(|(name, _)| name.as_str())
        .collect();
    if !missing.is_empty() {
        let _ = writeln!(out, "without {}", missing.join(" "));
    }
    let mut batch = Records::default();
    loop {
        match reading.next(&mut batch) {
            Ok(true) => {}
            Ok(false) => break,
            Err(error) => {
                let _ = writeln!(out, "{} {}", error.code(), error.message());
                return out;
            }
        }
        for record in batch.iter() {
            let cells: Vec<String> = (0..record.len()).map(|n| text(record.cell(n))).collect();
            let fault = record.fault().map_or(String::new(), |fault| format!(" {}", fault.code));
            let _ = writeln!(out, "{} {}{fault}", record.line(), cells.join(" | "));
        }
    }
    for finding in reading.finish().diagnostics {
        let _ = writeln!(out, "{} {}", finding.code, finding.message);
    }
    out
}

const SHOP: &str = "\
Handle,Title,Option,SKU,Price,Picture
shirt,Shirt,Red,S-R,10,a.jpg
shirt,,Blue,S-B,11,b.jpg
shirt,,,,,c.jpg
mug,Mug,,M,5,m.jpg
";

#[test]
fn rows_of_one_product_make_its_variants() {
    check(
        &[("feed.csv", SHOP)],
        r#"
        [file]
        path = ["feed.csv"]
        [file.group]
        by = ["Handle"]
        inherit = ["Tit*"]
        item = ["SKU", "Price"]
        lists = ["Picture"]
        "#,
        "SKU Handle Title Option Price Picture",
        "
2 S-R | shirt | Shirt | Red | 10 | a.jpg+b.jpg+c.jpg
3 S-B | shirt | Shirt | Blue | 11 | a.jpg+b.jpg+c.jpg
5 M | mug | Mug |  | 5 | m.jpg
I-GROUPED items made of the 4 rows: 3
",
    );
}

#[test]
fn a_row_without_a_name_belongs_to_the_product_above() {
    check(
        &[(
            "feed.csv",
            "name,text,sku\nEasel,Wood,E1\n,,E2\n  ,Steel,E3\nPaper,,P1\n",
        )],
        "[file]\npath = [\"feed.csv\"]\n[file.group]\nby = [\"name\"]\ninherit = [\"*\"]\n",
        "sku name text",
        "
2 E1 | Easel | Wood
3 E2 | Easel | Wood
4 E3 | Easel | Steel
5 P1 | Paper | \n",
    );
}

#[test]
fn nothing_is_made_of_a_product_that_is_not_whole() {
    // Line 3 has a cell too many; what it says of the shirt is not known. Line 6 is far from its product.
    check(
        &[(
            "feed.csv",
            "Handle,Title,SKU\nshirt,Shirt,S1\nshirt,,S2,?\nshirt,,S3\nmug,Mug,M1\nshirt,,S4\n",
        )],
        "[file]\npath = [\"feed.csv\"]\n[file.group]\nby = [\"Handle\"]\ninherit = [\"Title\"]\n",
        "SKU Title",
        "
2 S1 | Shirt E-GROUP-BROKEN
3 S2 |  E-ROW-WIDTH
4 S3 |  E-GROUP-BROKEN
5 M1 | Mug
6 S4 |  E-GROUP-SCATTERED
",
    );
}

/// A refused row that does not say whose it is may have been the last of one product, or the first of the next.
#[test]
fn a_row_of_nobody_spoils_the_products_on_both_sides_of_it() {
    check(
        &[(
            "feed.csv",
            "Handle,Title,SKU\nshirt,Shirt,S1\n,Mug,M1,?\nmug,,M2\nmug,,M3\nrug,Rug,R1\n",
        )],
        "[file]\npath = [\"feed.csv\"]\n[file.group]\nby = [\"Handle\"]\ninherit = [\"Title\"]\n",
        "SKU Title",
        "
2 S1 | Shirt E-GROUP-BROKEN
3 M1 | Mug E-ROW-WIDTH
4 M2 |  E-GROUP-BROKEN
5 M3 |  E-GROUP-BROKEN
6 R1 | Rug
",
    );
}

#[test]
fn a_row_for_each_locale_makes_one_item() {
    check(
        &[(
            "feed.csv",
            "sku,locale,name,price\nA,en_US,Drill,9\nA,es_ES,Taladro,9\nB,es_ES,Sierra,7\n",
        )],
        "[file]\npath = [\"feed.csv\"]\n[file.group]\nby = [\"sku\"]\nlocale = \"locale\"\n",
        "sku name@es_ES name@en_US price",
        "
2 A | Taladro | Drill | 9
4 B | Sierra | – | 7
I-GROUPED items made of the 3 rows: 2
",
    );
}

#[test]
fn variants_inherit_from_parents_of_the_same_file_wherever_they_stand() {
    check(
        &[(
            "feed.csv",
            "id,sku,parent,name,text,price\n1,P,,Boot,Leather,\n2,P-41,P,,,50\n3,P-42,id:1,Boot 42,,51\n4,Q,,Sock,,3\n5,X-1,X,,,1\n6,G,,Coat,,\n7,G-1,H,,,70\n8,H,G,,Wool,\n9,p,,Pin,,2\n",
        )],
        r#"
        [file]
        path = ["feed.csv"]
        [file.joined.parent]
        on = ["parent"]
        key = ["sku", "id:{id}"]
        inherit = ["name", "text"]
        "#,
        "sku name text price parent:sku parent:price",
        "
3 P-41 | Boot | Leather | 50 | P | \n4 P-42 | Boot 42 | Leather | 51 | P | \n5 Q | Sock |  | 3 | – | –
6 X-1 |  |  | 1 | – | –
8 G-1 | Coat | Wool | 70 | H | \n10 p | Pin |  | 2 | – | –
\
W-JOIN-MISSING no row of `parent` has the name that a record asks for, \"X\" in line 6 first: 1 times
I-JOIN-PARENTS rows that others name as their parents, which are no items: 3
",
    );
}

/// Nothing is made of half a family: what is refused of it is known to the others.
#[test]
fn refused_parents_and_variants_are_seen_by_the_rest() {
    let parent = "[file]\npath = [\"feed.csv\"]\n[file.joined.parent]\non = [\"parent\"]\nkey = [\"sku\"]\ninherit = [\"name\"]\n";
    // The only variant of P is refused, and P is still a parent; Q is refused, and so is what inherits from it.
    check(
        &[(
            "feed.csv",
            "sku,parent,name\nP,,Boot\nP-1,P,,x\nQ,,Sock,x\nQ-1,Q,\nR,,Hat\n",
        )],
        parent,
        "sku name",
        "
3 P-1 |  E-ROW-WIDTH
4 Q | Sock E-ROW-WIDTH
5 Q-1 |  E-JOIN-BROKEN
6 R | Hat
I-JOIN-PARENTS rows that others name as their parents, which are no items: 1
",
    );
    check(
        &[("feed.csv", "sku,parent,name\nA,B,\nB,A,\nC,B,\nD,,Dot\n")],
        parent,
        "sku name",
        "
2 A |  E-JOIN-CYCLE
3 B |  E-JOIN-CYCLE
4 C | \n5 D | Dot
",
    );
}

/// What many items share is held once.
#[test]
fn long_texts_of_a_product_are_not_multiplied() {
    let text = "x".repeat(600_000);
    let rows = |n: usize, row: &dyn Fn(usize) -> String| (0..n).map(row).collect::<String>();
    let grouped = format!(
        "id,sku,text,image\nA,A-0,{text},{text}.jpg\n{}",
        rows(3_000, &|n| format!("A,A-{n}x,,\n"))
    );
    let product = format!("id,text\n1,{text}\n");
    let variants = format!("id,sku\n{}", rows(3_000, &|n| format!("1,V-{n}\n")));
    let headings = format!("sku,name,price\n{text},,\n{}", rows(4_000, &|n| format!("S-{n},N,1\n")));
    for (feed, more, settings, items) in [
        (
            &grouped,
            "",
            "[file.group]\nby = [\"id\"]\ninherit = [\"text\"]\nlists = [\"image\"]\n",
            3_001,
        ),
        (
            &product,
            &*variants,
            "[file.joined.v]\npath = [\"more.csv\"]\non = [\"id\"]\nkey = [\"id\"]\nseveral = \"items\"\n",
            3_000,
        ),
        (&headings, "", "section_rows = true\n", 4_001),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("feed.csv");
        std::fs::write(&path, feed).expect("a file");
        std::fs::write(folder.path().join("more.csv"), more).expect("a file");
        let Settings { mut file } =
            toml::from_str(&format!("[file]\npath = [\"feed.csv\"]\n{settings}")).expect("settings");
        file.folder = folder.path().to_owned();
        let wanted = ["sku", "text", "image", "v:sku", "@section"].map(str::to_owned);
        let mut reading = feed::open(&path, "feed.csv", 0, &file, &wanted).expect("it opens");
        let (mut batch, mut count) = (Records::default(), 0);
        while reading.next(&mut batch).expect("it reads") {
            count += batch.len();
            assert!(
                batch.bytes() < 24 << 20,
                "{settings}: {} bytes in a batch",
                batch.bytes()
            );
        }
        assert_eq!(count, items, "{settings}");
    }
}

#[test]
fn a_parent_may_list_its_variants() {
    check(
        &[(
            "feed.csv",
            "sku,text,variants\nA-1,,\nA,Warm,\"sku=A-1,size=1|sku=A-2,size=2\"\nA-2,Own,\nB,Alone,\n",
        )],
        r#"
        [file]
        path = ["feed.csv"]
        [file.joined.parent]
        on = ["sku"]
        key = ["variants"]
        key_pattern = 'sku=([^,|]+)'
        inherit = ["text"]
        optional = true
        "#,
        "sku text parent:sku",
        "
2 A-1 | Warm | A
4 A-2 | Own | A
5 B | Alone | –
I-JOIN-PARENTS rows that others name as their parents, which are no items: 1
",
    );
}

const PRODUCTS: &str = "id;name;groups\n1;Lamp;10,11\n2;Chair;11\n3;Rug;\n";

#[test]
fn a_second_file_lists_values_or_makes_items() {
    let variants = "product;sku;colour\n1;L-R;red\n1;L-B;blue\n2;C;grey\n9;Z;none\n";
    check(
        &[("feed.csv", PRODUCTS), ("variants.csv", variants)],
        r#"
        [file]
        path = ["feed.csv"]
        [file.joined.variant]
        path = ["variants.csv"]
        on = ["id"]
        key = ["product"]
        several = "items"
        optional = true
        "#,
        "id name variant:sku variant:colour",
        "
2 1 | Lamp | L-R | red
2 1 | Lamp | L-B | blue
3 2 | Chair | C | grey
4 3 | Rug | – | –
",
    );
    let pictures = "product;file\n1;a.jpg\n1;b.jpg\n2;c.jpg\n2;c.jpg\n";
    check(
        &[("feed.csv", PRODUCTS), ("pictures.csv", pictures)],
        "[file]\npath = [\"feed.csv\"]\n[file.joined.picture]\npath = [\"pic*.csv\"]\non = [\"id\"]\nkey = [\"product\"]\nseveral = \"lists\"\noptional = true\n",
        "id picture:file picture:none",
        "
without picture:none
2 1 | a.jpg+b.jpg | –
3 2 | c.jpg | –
4 3 | – | –
",
    );
    // Which of two rows is meant is not guessed.
    check(
        &[("feed.csv", PRODUCTS), ("pictures.csv", pictures)],
        "[file]\npath = [\"feed.csv\"]\n[file.joined.picture]\npath = [\"pictures.csv\"]\non = [\"id\"]\nkey = [\"product\"]\noptional = true\n",
        "id picture:file",
        "
2 1 | – E-JOIN-SEVERAL
3 2 | c.jpg
4 3 | –
",
    );
}

#[test]
fn a_file_of_translations_says_each_locale() {
    check(
        &[
            ("feed.csv", PRODUCTS),
            ("texts.csv", "ID;lang;name\n1;es;Lámpara\n1;de;Lampe\n2;de;Stuhl\n"),
        ],
        "[file]\npath = [\"feed.csv\"]\n[file.joined.text]\npath = [\"texts.csv\"]\non = [\"id\"]\nkey = [\"ID\"]\nlocale = \"lang\"\n",
        "id text:name@es text:name@de",
        "
2 1 | Lámpara | Lampe
3 2 | – | Stuhl
4 3 | – | –
W-JOIN-MISSING no row of `text` has the name that a record asks for, \"3\" in line 4 first: 1 times
",
    );
}

#[test]
fn rows_that_say_other_words_are_left_out() {
    check(
        &[(
            "feed.csv",
            "sku,status,name\nA,active,One\nB,draft,Two\nC, active ,Three\nD\n",
        )],
        "[file]\npath = [\"feed.csv\"]\nonly = { status = [\"active\"] }\n",
        "sku name",
        "
2 A | One
4 C | Three
5 D | – E-ROW-WIDTH
I-ROWS-LEFT rows left out, as `only` under [file] says: 1
",
    );
}

#[test]
fn headings_between_the_rows_are_their_section() {
    let list = "Ref;Nombre;Marca;PVP\nHERRAMIENTAS;;;\nA1;Taladro;Brontal;10\nA2;Sierra;Brontal;20\n;Jardín;;\nB1;Pala;Verde;5\nB2;Rastrillo;;\nB3;Azada;Verde;7\nX\n";
    check(
        &[("feed.csv", list)],
        "[file]\npath = [\"feed.csv\"]\nsection_rows = true\n",
        "Ref @section PVP",
        "
3 A1 | HERRAMIENTAS | 10
4 A2 | HERRAMIENTAS | 20
6 B1 | Jardín | 5
7 B2 | Jardín | \n8 B3 | Jardín | 7
9 X | Jardín | – E-ROW-WIDTH
I-SECTIONS headings between the rows: 2
",
    );
    // A file that has them is known by itself, and its headings are proposed as categories.
    let shop = Shop::new();
    shop.done(&["init", "."]);
    shop.write("list.csv", list.replace("X\n", ""));
    shop.done(&["supplier", "add", "list.csv", "--name", "s", "--quiet"]);
    let told = shop.done(&["import", "s", "--apply", "--json"]).json();
    assert_eq!(tally(&told), "5 new", "{told}");
    let settings = shop.read("suppliers/s/supplier.toml");
    assert!(
        settings.contains("[fields.category]\ncolumn = \"@section\""),
        "{settings}"
    );
}

#[test]
fn settings_that_cannot_be_meant_are_refused() {
    for (settings, code) in [
        (
            "[file.group]\nby = []",
            "E-FILE-SETTING `[file.group] by` names no column",
        ),
        (
            "[file.joined.\"a b\"]\non = [\"x\"]\nkey = [\"y\"]",
            "E-FILE-SETTING a joined table is called \"a b\", which is no word",
        ),
        (
            "[file.joined.a]\non = []\nkey = [\"y\"]",
            "E-FILE-SETTING [file.joined.a] needs `on` and `key`",
        ),
        (
            "[file.joined.a]\non = [\"x\"]\nkey = [\"y\"]\nkey_pattern = \"(\"",
            "E-FILE-SETTING [file.joined.a]: `key_pattern` is no pattern",
        ),
        (
            "only = { stat = [\"x\"] }",
            "E-FILE-COLUMN no column `stat`, which [file] names",
        ),
        (
            "removed = { gone = [\"x\"] }",
            "E-FILE-COLUMN no column `gone`, which [file] names",
        ),
        (
            "[file.group]\nby = [\"handle\", \"id\"]",
            "E-FILE-COLUMN no column `handle`, `id`, which [file.group] by names",
        ),
        (
            "[file.group]\nby = [\"sku\"]\nlists = [\"image\"]",
            "E-FILE-COLUMN no column `image`, which [file.group] names",
        ),
        (
            "[file.joined.a]\non = [\"parent\"]\nkey = [\"sku\"]",
            "E-FILE-COLUMN no column `parent`, which [file.joined.a] on names",
        ),
        (
            "[file.joined.a]\non = [\"sku\"]\nkey = [\"id:{ID}\"]",
            "E-FILE-COLUMN no column `ID`, which [file.joined.a] key names",
        ),
        (
            "[file.joined.a]\npath = [\"none.csv\"]\non = [\"sku\"]\nkey = [\"y\"]",
            "E-FILE-NONE no file matches \"none.csv\"",
        ),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("feed.csv");
        std::fs::write(&path, "sku,name\nA,B\n").expect("a file");
        let settings = format!("[file]\npath = [\"feed.csv\"]\n{settings}");
        let Settings { mut file } = toml::from_str(&settings).expect("settings");
        file.folder = folder.path().to_owned();
        let told = told(&path, &file, &["sku".to_owned()]);
        assert!(told.starts_with(code), "{settings}: {told}");
    }
}

/// A product of a million rows is a wrong setting, not a product.
#[test]
fn a_product_without_an_end_is_refused() {
    let rows: String = (0..5_000).map(|n| format!("same,{n}\n")).collect();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("feed.csv");
    std::fs::write(&path, format!("group,sku\n{rows}")).expect("a file");
    let Settings { file } =
        toml::from_str("[file]\npath = [\"feed.csv\"]\n[file.group]\nby = [\"group\"]").expect("settings");
    let told = told(&path, &file, &["sku".to_owned()]);
    assert!(
        told.starts_with("E-GROUP-SIZE the product \"same\" has more than 4096 rows"),
        "{told}"
    );
}

/// A rejected variant comes with the rows that say the rest of it, once, and is whole when it comes back.
#[test]
fn rejected_items_come_with_what_they_are_made_of() {
    for (file, content, wrong, right, kept) in [
        (
            "by = [\"model\"]\ninherit = [\"name\"]\nlists = [\"image\"]\n",
            "sku,model,name,price,image\nA-1,A,Lamp,10,a.jpg\nA-2,A,,1O,b.jpg\nA-3,A,,1O,\nB,B,Rug,7,\n",
            "1O",
            "12",
            "sku,model,name,price,image\nA-1,A,Lamp,10,a.jpg\nA-2,A,,1O,b.jpg\nA-3,A,,1O,\n",
        ),
        (
            "on = [\"model\"]\nkey = [\"sku\"]\ninherit = [\"name\", \"image\"]\n",
            "sku,model,name,price,image\nA,,Lamp,,a.jpg\nA-1,A,,10,\nA-2,A,,1O,b.jpg\nA-3,A,,1O,\nB,,Rug,7,\n",
            "1O",
            "12",
            "sku,model,name,price,image\nA,,Lamp,,a.jpg\nA-2,A,,1O,b.jpg\nA,,Lamp,,a.jpg\nA-3,A,,1O,\n",
        ),
    ] {
        let table = if file.starts_with("by") {
            "group"
        } else {
            "joined.parent"
        };
        let shop = bare_shop();
        shop.write(
            "suppliers/s/supplier.toml",
            format!(
                "name = \"S\"\n[file]\npath = [\"list.csv\"]\n[file.{table}]\n{file}[read]\ncurrency = \"EUR\"\n[fields]\nsku.column = \"sku\"\nmodel.column = \"model\"\nname.column = \"name\"\nprice.column = \"price\"\nimage.column = \"image\"\n"
            ),
        );
        shop.write("suppliers/s/list.csv", content);
        let first = shop.done(&["import", "s", "--apply", "--json"]).json();
        assert!(tally(&first).ends_with("2 rejected"), "{first}");
        let rejects = first["rejects"].as_str().expect("rejects").to_owned();
        let path = shop.path(&rejects);
        let path = if path.is_dir() { path.join("list.csv") } else { path };
        let text = std::fs::read_to_string(&path).expect("the rejected rows");
        assert_eq!(text.trim_start_matches('\u{feff}'), kept);
        std::fs::write(&path, text.replace(wrong, right)).expect("corrected");
        let again = shop
            .done(&["import", "s", &path.display().to_string(), "--apply", "--json"])
            .json();
        assert!(matches!(&*tally(&again), "2 new" | "2 new, 1 unchanged"), "{again}");
        let shown = product(&shop, "A-3");
        assert_eq!((&*shown["name"], &*shown["price"]), ("Lamp", "12.00 EUR"));
        assert!(shown["image"].starts_with("a.jpg"));
    }
}

/// A file, the system that wrote it, how many of its items are new and rejected, and what one of them says.
type Export = (
    &'static str,
    &'static str,
    u64,
    u64,
    &'static str,
    &'static [&'static str],
);

/// What `supplier add` and `import` make of exports of shop systems, without a line written by hand.
#[test]
fn exports_of_shop_systems_come_in_by_themselves() {
    let Some(data) = shared().map(|shared| shared.join("data")) else {
        return;
    };
    let exports: [Export; 7] = [
        (
            "woocommerce/sample_products.csv",
            "woocommerce",
            23,
            0,
            "woo-hoodie-blue-logo",
            &[
                "name=Hoodie - Blue, Yes",
                "color=blue",
                "model=woo-hoodie",
                "price=45.00 EUR",
            ],
        ),
        (
            "prestashop/products_import.csv",
            "prestashop",
            // One more is sold below its cost, and held.
            25,
            // Two references of the sample file stand there twice.
            4,
            "RP-Nano-Yellow-16GB",
            &["price=140.00 EUR", "stock=10", "color=yellow", "model=1", "brand=Apple"],
        ),
        (
            "akeneo-icecat-demo/products.csv",
            "akeneo",
            1239,
            0,
            "Tshirt-divided-blue-s",
            &["brand=akeneo", "model=model-tshirt-divided-blue", "size=s"],
        ),
        (
            "magento2/ConfigurableSampleData__products.csv",
            "magento",
            1847,
            0,
            "MH01-XS-Black",
            &[
                "model=MH01",
                "color=black",
                "size=xs",
                "price=52.00 EUR",
                "image=m/h/mh01-black_main.jpg",
            ],
        ),
        (
            "unopim/products.csv",
            "unopim",
            12,
            0,
            "configurable-product-1-red",
            &[
                "name=Configurable Product 1",
                "model=configurable-product-1",
                "color=red",
            ],
        ),
        (
            "spree/products.csv",
            "spree",
            87,
            0,
            "AUTOMATIC-ESPRESSO-MACHINE-SILVER",
            &["name=Automatic Espresso Machine", "color=silver", "price=879.99 USD"],
        ),
        (
            "vendure/multiple-products-multiple-variants.csv",
            "vendure",
            10,
            0,
            "PPS14",
            &["name=Perfect Paper Stretcher", "model=Perfect-paper-stretcher"],
        ),
    ];
    for (file, preset, new, rejected, sku, says) in exports {
        let shop = Shop::new();
        shop.done(&["init", "."]);
        let path = data.join(file).display().to_string();
        let added = shop.done(&["supplier", "add", &path, "--name", "s", "--json"]).json();
        assert_eq!(added["preset"], preset, "{file}");
        let imported = shop.done(&["import", "s", "--apply", "--json"]).json();
        assert_eq!(
            (&imported["new"], &imported["rejected"]),
            (&new.into(), &rejected.into()),
            "{file}: {imported}"
        );
        let shown = product(&shop, sku);
        for said in says {
            let (attribute, value) = said.split_once('=').unwrap_or_default();
            assert_eq!(
                shown.get(attribute).map(String::as_str),
                Some(value),
                "{file}: {shown:?}"
            );
        }
    }
}

/// Adds a supplier by its file alone and imports it: the preset that was found, and what became of the rows.
#[track_caller]
fn added(content: &str) -> (Shop, String, String) {
    let shop = Shop::new();
    shop.done(&["init", "."]);
    shop.write("export.csv", content);
    let added = shop
        .done(&["supplier", "add", "export.csv", "--name", "s", "--json"])
        .json();
    let told = shop.done(&["import", "s", "--apply", "--json"]).json();
    (
        shop,
        added["preset"].as_str().unwrap_or_default().to_owned(),
        tally(&told),
    )
}

#[test]
fn an_export_of_shopify_comes_in_by_itself() {
    let (shop, preset, told) = added(
        "Handle,Title,Body (HTML),Vendor,Type,Option1 Name,Option1 Value,Option2 Name,Option2 Value,Variant SKU,Variant Grams,\
         Variant Inventory Qty,Variant Price,Variant Barcode,Image Src,Image Position,Status\n\
         camiseta,Camiseta básica,<p>Algodón</p>,Brontal,Camisetas,Color,Rojo,Talla,M,CAM-R-M,180,4,19.90,4006381333931,https://cdn.example/a.jpg,1,active\n\
         camiseta,,,,,,Azul,,L,CAM-A-L,200,0,21.90,8412345678905,https://cdn.example/b.jpg,2,\n\
         camiseta,,,,,,,,,,,,,,https://cdn.example/c.jpg,3,\n\
         taza,Taza,<p>Loza</p>,Brontal,Tazas,Title,Default Title,,,TAZA,350,12,7.50,,https://cdn.example/t.jpg,1,active\n",
    );
    assert_eq!((&*preset, &*told), ("shopify", "3 new"));
    let blue = product(&shop, "CAM-A-L");
    let said = |attribute: &str| blue.get(attribute).map(String::as_str);
    assert_eq!(said("name"), Some("Camiseta básica"));
    assert_eq!(said("color"), Some("blue"));
    assert_eq!(said("price"), Some("21.90 EUR"));
    assert_eq!(said("model"), Some("camiseta"));
    assert_eq!(said("weight"), Some("0.2 kg"));
    assert_eq!(
        said("image"),
        Some("https://cdn.example/a.jpg, https://cdn.example/b.jpg, https://cdn.example/c.jpg")
    );
}

/// Two products of Vendure may have one name.
#[test]
fn products_of_one_name_are_told_apart() {
    let (shop, preset, told) = added(
        "name,slug,description,assets,facets,optionGroups,optionValues,sku,price\n\
         Shirt,shirt-a,First text,a.jpg,,size,S,SA-S,10\n,,,,,,M,SA-M,10\nShirt,shirt-b,,,,size,S,SB-S,12\n,,,,,,M,SB-M,12\n",
    );
    assert_eq!((&*preset, &*told), ("vendure", "4 new"));
    let other = product(&shop, "SB-M");
    assert_eq!(other.get("model").map(String::as_str), Some("shirt-b"));
    assert_eq!(other.get("description"), None, "{other:?}");
    assert_eq!(product(&shop, "SA-M")["description"], "First text");
}

/// An export of Magento repeats products in a row for each store view, and sells one thing in several configurables.
#[test]
fn store_views_repeat_no_product() {
    let (shop, preset, told) = added(
        "sku,store_view_code,attribute_set_code,product_type,product_websites,name,price,additional_attributes,configurable_variations\n\
         P-R,,Top,simple,base,Shirt red,10,color=Red,\n\
         P,,Top,configurable,base,Shirt,10,,\"sku=P-R,color=Red\"\n\
         Q,,Top,configurable,base,Set,10,,\"sku=P-R,color=Red\"\n\
         P-R,es,,,,Camisa roja,,,\nP,es,,,,Camisa,,,\n",
    );
    assert_eq!((&*preset, &*told), ("magento", "1 new"));
    let shirt = product(&shop, "P-R");
    assert_eq!(
        (&*shirt["name"], &*shirt["model"], &*shirt["color"]),
        ("Shirt red", "P", "red")
    );
}

/// Rows of one product that are rejected for different reasons are written once, and come back as one product.
#[test]
fn rejected_rows_of_a_product_are_written_once() {
    let shop = bare_shop();
    shop.write(
        "suppliers/s/supplier.toml",
        "name = \"S\"\n[file]\npath = [\"list.csv\"]\n[file.group]\nby = [\"model\"]\ninherit = [\"name\"]\n[read]\ncurrency = \"EUR\"\n\
         [fields]\nsku.column = \"sku\"\nname.column = \"name\"\nprice.column = \"price\"\n",
    );
    let list = "sku,model,name,price\nA-1,A,Lamp,1O\nA-2,A,,10\nB-1,B,Rug,1O\nA-2,C,Cup,3\n";
    shop.write("suppliers/s/list.csv", list);
    let told = shop.done(&["import", "s", "--apply", "--json"]).json();
    assert_eq!(tally(&told), "4 rejected", "{told}");
    let path = shop.path(told["rejects"].as_str().expect("rejects")).join("list.csv");
    let text = std::fs::read_to_string(&path).expect("the rejected rows");
    assert_eq!(text.matches("A-1,A,Lamp").count(), 1, "{text}");
    std::fs::write(&path, text.replace("1O", "10").replace("A-2,C", "C-1,C")).expect("corrected");
    let again = shop
        .done(&["import", "s", &path.display().to_string(), "--apply", "--json"])
        .json();
    assert_eq!(tally(&again), "4 new", "{again}");
}

#[test]
fn exports_of_woocommerce_come_in_other_languages() {
    let spanish = "ID,Tipo,SKU,Nombre,Publicado,Descripción,Inventario,Precio normal,Categorías,Imágenes,Superior,\
         Nombre del atributo 1,Valor(es) del atributo 1\n\
         7,variable,GORRA,Gorra,1,De lana,,,Gorras,https://cdn.example/g.jpg,,Color,\"Rojo, Azul\"\n\
         8,variation,GORRA-R,Gorra - Rojo,1,,3,\"12,50\",,,id:7,Color,Rojo\n\
         9,variation,GORRA-A,Gorra - Azul,1,,0,\"12,90\",,,GORRA,Color,Azul\n\
         10,simple,TAZA,Taza,1,De loza,9,\"7,50\",Tazas,https://cdn.example/t.jpg,,,\n";
    let german = "ID,Typ,Artikelnummer,Name,Veröffentlicht,Beschreibung,Lager,Regulärer Preis,Kategorien,Bilder,Übergeordnetes Produkt,\
         Attribut 1 Name,Attribut 1 Wert(e)\n\
         7,variable,GORRA,Mütze,1,De lana,,,Mützen,https://cdn.example/g.jpg,,Farbe,\"Rot, Blau\"\n\
         8,variation,GORRA-R,Mütze - Rot,1,,3,\"12,50\",,,id:7,Farbe,Rot\n\
         9,variation,GORRA-A,Mütze - Blau,1,,0,\"12,90\",,,GORRA,Farbe,Blau\n\
         10,simple,TAZA,Tasse,1,Aus Ton,9,\"7,50\",Tassen,https://cdn.example/t.jpg,,,\n";
    for (system, export) in [("woocommerce-es", spanish), ("woocommerce-de", german)] {
        let (shop, preset, told) = added(export);
        assert_eq!((&*preset, &*told), (system, "3 new"));
        let red = product(&shop, "GORRA-R");
        let said = |attribute: &str| red.get(attribute).map(String::as_str);
        assert_eq!(said("color"), Some("red"), "{red:?}");
        assert_eq!(said("price"), Some("12.50 EUR"));
        assert_eq!(said("model"), Some("GORRA"));
        assert_eq!(said("description"), Some("De lana"));
        assert_eq!(said("image"), Some("https://cdn.example/g.jpg"));
        assert_eq!(
            product(&shop, "GORRA-A").get("model").map(String::as_str),
            Some("GORRA")
        );
    }
}

/// One list of products in four formats.
#[test]
fn the_same_products_in_four_formats_are_equal_items() {
    let Some(data) = shared().map(|shared| shared.join("data")) else {
        return;
    };
    let mut first: Option<Vec<BTreeMap<String, String>>> = None;
    for format in ["csv", "xlsx", "xls", "xml"] {
        let shop = Shop::new();
        shop.done(&["init", "."]);
        let path = data
            .join("bagisto")
            .join(format!("products.{format}"))
            .display()
            .to_string();
        shop.done(&["supplier", "add", &path, "--name", "s", "--quiet"]);
        shop.done(&["import", "s", "--apply", "--quiet"]);
        let skus = [
            "SP-00",
            "GP-00",
            "BP-00",
            "BKP-DEFAULT-00",
            "BKP-APT-00",
            "BKP-TABLE-00",
            "BKP-RENTAL-00",
            "BKP-EVENT-00",
        ];
        let most = [8, 1, 1, 4, 3, 3, 4, 1];
        let products: Vec<BTreeMap<String, String>> = (skus.iter().zip(most))
            .flat_map(|(sku, most)| (1..=most).map(move |n| format!("{sku}{n}")))
            .map(|sku| product(&shop, &sku))
            .collect();
        assert_eq!(products.len(), 25);
        assert_eq!(products[4]["model"], "CP-001");
        match &first {
            None => first = Some(products),
            Some(first) => assert_eq!(first, &products, "{format}"),
        }
    }
}

#[test]
fn translations_of_spree_lie_beside_its_products() {
    let Some(data) = shared().map(|shared| shared.join("data/spree")) else {
        return;
    };
    let shop = Shop::new();
    shop.done(&["init", "."]);
    let settings = std::fs::read_to_string(shop.path("estante.toml")).expect("the settings");
    let locales = settings
        .lines()
        .find(|line| line.starts_with("locales"))
        .expect("the locales");
    shop.write(
        "estante.toml",
        settings.replace(locales, "locales = [\"es\", \"en\", \"de\", \"fr\"]"),
    );
    for name in ["products.csv", "product_translations.csv"] {
        shop.write(name, std::fs::read(data.join(name)).expect("a file"));
    }
    shop.done(&["supplier", "add", "products.csv", "--name", "s", "--quiet"]);
    let document = shop.done(&["import", "s", "--apply", "--json"]).json();
    assert!(tally(&document).starts_with("87 new"), "{}", tally(&document));
    let shown = shop
        .done(&[
            "product",
            "show",
            "--json",
            "--",
            "AUTOMATIC-ESPRESSO-MACHINE-MATTE-BLACK",
        ])
        .json();
    let values = shown["values"].as_array().expect("a product has values");
    let mut names: Vec<(&str, &str)> = (values.iter())
        .filter(|value| value["attribute"] == "name")
        .filter_map(|value| Some((value["locale"].as_str()?, value["value"].as_str()?)))
        .collect();
    names.sort_unstable();
    assert_eq!(
        names,
        [
            ("de", "Kaffeevollautomat"),
            ("en", "Automatic Espresso Machine"),
            ("fr", "Machine Espresso Automatique")
        ]
    );
}
