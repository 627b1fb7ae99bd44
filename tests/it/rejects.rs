//! Rejected rows of XML, JSON and wide encodings: exactly they are kept, in a file that reads like the one they came from.

use crate::corner::{bare_shop, codes, tally, value};
use crate::support::Shop;
use calamine::{Data, Reader, Xlsx, open_workbook};
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook, XlsxError};
use serde_json::Value;

/// A supplier of `sku`, `name`, `price` in a file of that name.
fn shop_of(file: &str, settings: &str, content: impl AsRef<[u8]>) -> Shop {
    let shop = bare_shop();
    shop.write(
        "suppliers/norte/supplier.toml",
        format!(
            "name = \"Norte\"\n[file]\npath = [\"{file}\"]\n{settings}\n[read]\ncurrency = \"EUR\"\n[fields]\n\
             sku = {{ column = \"sku\" }}\nname = {{ column = \"name\" }}\nprice = {{ column = \"price\" }}\n"
        ),
    );
    shop.write(format!("suppliers/norte/{file}"), content);
    shop
}

#[track_caller]
fn import(shop: &Shop) -> Value {
    shop.done(&["import", "norte", "--apply", "--json"]).json()
}

/// The one file of rejected rows.
#[track_caller]
fn rejected(shop: &Shop, document: &Value) -> String {
    let folder = document["rejects"].as_str().expect("rejected rows lie somewhere");
    let files: Vec<String> = shop.files(folder).into_keys().collect();
    let [file] = &files[..] else {
        panic!("{files:?}");
    };
    file.clone()
}

/// Corrects the file of rejected rows and imports it.
#[track_caller]
fn import_again(shop: &Shop, file: &str, from: &str, to: &str) -> Value {
    shop.edit(file, from, to);
    shop.done(&["import", "norte", file, "--apply", "--json"]).json()
}

#[test]
fn one_rejected_record_of_a_minified_file_does_not_take_the_others_along() {
    let rows = [
        ("A", "1.00"),
        ("B", "2.00"),
        ("C", "3.00"),
        ("B", "2.50"),
        ("D", "4.00"),
    ];
    let xml = rows.map(|(sku, price)| format!("<p><sku>{sku}</sku><name>Item {sku}</name><price>{price}</price></p>"));
    let json = rows.map(|(sku, price)| format!(r#"{{"sku":"{sku}","name":"Item {sku}","price":"{price}"}}"#));
    let files = [
        ("list.xml", format!("<shop><list>{}</list></shop>", xml.concat())),
        ("list.json", format!("{{\"list\":[{}]}}", json.join(","))),
    ];
    for (file, content) in files {
        let shop = shop_of(file, "", &content);
        let document = import(&shop);
        assert_eq!(tally(&document), "3 new, 2 rejected", "{file}");
        assert_eq!(codes(&document), ["E-DUPLICATE-SKU@1"], "{file}");
        let message = document["diagnostics"][0]["message"].as_str().unwrap_or_default();
        assert_eq!(message, "the SKU stands in record 2 too, with other values", "{file}");
        let kept = rejected(&shop, &document);
        let text = shop.read(&kept);
        assert_eq!(
            (text.matches("Item").count(), text.matches("Item B").count()),
            (2, 2),
            "{text}"
        );

        // What the next delivery said of the others stays when the rejected rows come back.
        shop.write(format!("suppliers/norte/{file}"), content.replace("3.00", "3.30"));
        assert_eq!(tally(&import(&shop)), "1 changed, 2 unchanged, 2 rejected", "{file}");
        let again = import_again(&shop, &kept, "2.50", "2.00");
        assert_eq!(tally(&again), "1 new, 1 unchanged", "{file}: {}", shop.read(&kept));
        assert_eq!(value(&shop, "C", "price").as_deref(), Some("3.30 EUR"), "{file}");
    }
}

/// A price that is none, and a letter that ASCII does not have, behind a first record that is plain.
const SPANISH: &str = "<?xml version=\"1.0\" encoding=\"ENC\"?>\n<shop>\n <p><sku>A</sku><name>Plain</name><price>1.00</price></p>\n \
     <p><sku>B</sku><name>Año y piña</name><price>dos</price></p>\n</shop>\n";

#[test]
fn rejected_records_of_any_encoding_come_back_with_their_letters() {
    let latin = SPANISH.replace("ENC", "ISO-8859-1");
    let wide = SPANISH.replace("ENC", "UTF-16");
    let marked: Vec<u8> = "\u{feff}".encode_utf16().flat_map(u16::to_le_bytes).collect();
    let wide = wide.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>();
    let lines = "{\"sku\":\"A\",\"name\":\"Plain\",\"price\":\"1.00\"}\n{\"sku\":\"B\",\"name\":\"Año y piña\",\"price\":\"dos\"}\n";
    let table = "sku;name;price\nA;Plain;1.00\nB;Año y piña;dos\n";
    let latin_of = |text: &str| encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
    let utf16 = |text: &str| text.encode_utf16().flat_map(u16::to_be_bytes).collect::<Vec<u8>>();
    let record = "record = \"/shop/p\"";
    let encoding = "encoding = \"windows-1252\"";
    let files = [
        ("list.xml", record.to_owned(), latin_of(&latin)),
        (
            "list.xml",
            format!("{record}\n{encoding}"),
            latin_of(&latin.replace("ISO-8859-1", "UTF-8")),
        ),
        ("list.xml", record.to_owned(), [marked, wide].concat()),
        ("list.jsonl", encoding.to_owned(), latin_of(lines)),
        (
            "list.json",
            encoding.to_owned(),
            latin_of(&format!("[{}]", lines.trim().replace('\n', ","))),
        ),
        ("list.csv", String::new(), utf16(table)),
        ("list.csv", encoding.to_owned(), format!("\u{feff}{table}").into_bytes()),
    ];
    for (n, (file, settings, content)) in files.into_iter().enumerate() {
        let shop = shop_of(file, &settings, &content);
        let document = import(&shop);
        assert_eq!(tally(&document), "1 new, 1 rejected", "{n} {file}");
        let kept = rejected(&shop, &document);
        let again = import_again(&shop, &kept, "dos", "2.00");
        assert_eq!(tally(&again), "1 new", "{n} {file}: {}", shop.read(&kept));
        assert_eq!(value(&shop, "B", "name").as_deref(), Some("Año y piña"), "{n} {file}");
    }
}

#[test]
fn a_few_rows_are_not_guessed_anew() {
    // Alone, the rejected row reads like another encoding; one row is of another than the rest, and one is no text at all.
    let old = |text: &str| {
        let letters = [
            ("à", b'\x85'),
            ("é", b'\x82'),
            ("ò", b'\x95'),
            ("è", b'\x8a'),
            ("ù", b'\x97'),
        ];
        let mut bytes = Vec::new();
        for c in text.chars() {
            match letters.iter().find(|(letter, _)| letter.starts_with(c)) {
                Some((_, byte)) => bytes.push(*byte),
                None => bytes.extend_from_slice(c.to_string().as_bytes()),
            }
        }
        bytes
    };
    let first = "sku;name;price\nA;Caffè, già più caldo, però qualità;1.00\nB;Velocità è libertà, così;2.00\n"
        .replace("ì", "i");
    let table = [
        old(&first),
        old("C;Babà Sorrento;dos\n"),
        "D;Latón più;dos\n".as_bytes().to_vec(),
        b"E;\x01;dos\n".to_vec(),
    ];
    let shop = shop_of("list.csv", "", table.concat());
    let document = import(&shop);
    assert_eq!(tally(&document), "2 new, 3 rejected");
    assert_eq!(
        value(&shop, "A", "name").as_deref(),
        Some("Caffè, già più caldo, però qualità")
    );
    let kept = rejected(&shop, &document);
    assert_eq!(
        shop.read(&kept),
        "\u{feff}sku;name;price\nC;Babà Sorrento;dos\nD;Latón più;dos\nE;\u{1};dos\n"
    );
    shop.edit(&kept, "\u{1}", "Tè");
    let again = import_again(&shop, &kept, "dos", "2.00");
    assert_eq!(tally(&again), "3 new", "{}", shop.read(&kept));
    assert_eq!(value(&shop, "C", "name").as_deref(), Some("Babà Sorrento"));
    assert_eq!(value(&shop, "D", "name").as_deref(), Some("Latón più"));

    // Where an encoding is declared, all of the file is read by it, also what would be UTF-8.
    let usual = |text: &str| encoding_rs::WINDOWS_1252.encode(text).0.into_owned();
    for settings in ["", "encoding = \"windows-1252\""] {
        let shop = shop_of(
            "list.csv",
            settings,
            usual("sku;name;price\nA;Plain;1.00\nB;Häagen €;dos\n"),
        );
        let document = import(&shop);
        let kept = rejected(&shop, &document);
        assert_eq!(shop.read(&kept), "\u{feff}sku;name;price\nB;Häagen €;dos\n");
        assert_eq!(tally(&import_again(&shop, &kept, "dos", "2.00")), "1 new");
        assert_eq!(value(&shop, "B", "name").as_deref(), Some("Häagen €"));
    }
}

/// A delivery that brings nothing but rejected rows makes no batch; what reads the corrected ones must not write over them.
#[test]
fn a_file_that_is_corrected_is_never_written_over() {
    let rows: String = (0..4_000).map(|n| format!("S{n};Item number {n};dos\n")).collect();
    let shop = shop_of("list.csv", "", format!("sku;name;price\n{rows}"));
    let document = import(&shop);
    assert_eq!(tally(&document), "4000 rejected");
    assert_eq!(document["batch"], Value::Null);
    let kept = rejected(&shop, &document);
    assert!(shop.bytes(&kept).len() > 64 * 1024);
    // The same delivery the next morning makes no second folder.
    assert_eq!(import(&shop)["rejects"], document["rejects"]);
    // Half corrected it lies there while the delivery comes again.
    let half = shop.read(&kept).replacen(";dos\n", ";2.00\n", 2_000);
    shop.write(&kept, &half);
    let run = shop.done(&["run", "--json"]).json();
    let told = crate::corner::of_supplier(&run, "norte");
    assert_eq!(tally(told), "4000 rejected");
    assert_eq!(shop.read(&kept), half, "somebody is at it");
    let apart = rejected(&shop, told);
    assert_ne!(apart, kept);
    assert_eq!(shop.read(&apart).matches(";dos\n").count(), 4_000);
    // Named, it is read to its end, and what is still wrong lies in a file of its own.
    let again = shop.done(&["import", "norte", &kept, "--apply", "--json"]).json();
    assert_eq!(tally(&again), "2000 new, 2000 rejected");
    assert_eq!(shop.read(&kept), half);
    let last = rejected(&shop, &again);
    assert_eq!(shop.read(&last).matches(";dos\n").count(), 2_000);
    assert!(
        shop.files(".estante/rejects")
            .keys()
            .all(|name| name.ends_with("/list.csv"))
    );
}

#[test]
fn rejected_records_lie_in_what_stood_around_them() {
    let xml = "<shop><!-- <p><sku>A</sku></p> --><p><sku>A</sku></p>\n<p><sku>B</sku><price>dos</price></p>\n</shop>";
    let json = "{\"featured\": {\"sku\": \"A\"}, \"items\": [{\"sku\": \"A\"}, {\"sku\": \"B\", \"price\": \"dos\"}]}";
    let files = [
        ("list.xml", "record = \"/shop/p\"", xml),
        ("list.json", "record = \"items\"", json),
        ("list.json", "", json),
    ];
    for (file, settings, content) in files {
        let shop = shop_of(file, settings, content);
        let document = import(&shop);
        assert_eq!(tally(&document), "1 new, 1 rejected", "{file}");
        let kept = rejected(&shop, &document);
        let again = import_again(&shop, &kept, "dos", "2.00");
        assert_eq!(tally(&again), "1 new", "{file}: {}", shop.read(&kept));
    }
}

#[test]
fn rejected_records_that_do_not_read_alone_are_told() {
    // One record among the rejects repeats nothing but its pictures, so that these would be taken for the records.
    let record = |sku: &str, price: &str| {
        format!("<p><sku>{sku}</sku><price>{price}</price><i><u>1</u></i><i><u>2</u></i></p>\n")
    };
    let xml = format!("<shop>{}{}</shop>", record("A", "1.00"), record("B", "dos"));
    let shop = shop_of("list.xml", "", xml);
    let document = shop.done(&["import", "norte", "--json"]).json();
    assert_eq!(codes(&document), ["W-REJECTS-RECORD", "E-PRICE@2"]);
    let said = shop.done(&["import", "norte"]);
    assert!(said.out.contains("record = \"/shop/p\""), "{}", said.out);
    assert!(!said.out.contains("correct them and import that file"), "{}", said.out);

    // Nothing tells where the first of the records began.
    let far = format!("<shop><h>{}</h>", "<!-- far -->".repeat(400_000));
    let shop = shop_of(
        "list.xml",
        "record = \"/shop/p\"",
        far + &record("B", "dos") + "</shop>",
    );
    let document = shop.done(&["import", "norte", "--json"]).json();
    assert_eq!(codes(&document), ["W-REJECTS-BARE", "E-PRICE@1"]);
}

/// A document that closes is whole, whatever is wrong with its last record and with or without a line end behind it.
#[test]
fn a_last_record_that_is_refused_does_not_cut_its_document() {
    let check = |file: &str, fields: &str, content: &str| {
        for end in ["", "\n"] {
            let shop = bare_shop();
            let settings = format!("name = \"Norte\"\n[file]\npath = [\"{file}\"]\n{fields}");
            shop.write("suppliers/norte/supplier.toml", settings);
            shop.write(format!("suppliers/norte/{file}"), format!("{content}{end}"));
            let document = shop.run(&["import", "norte", "--json"]).json();
            assert_eq!(tally(&document), "1 new, 1 rejected", "{document:#}");
        }
    };
    let article = |sku: &str, more: &str| {
        format!(
            "<ARTICLE><SUPPLIER_AID>{sku}</SUPPLIER_AID><ARTICLE_DETAILS><DESCRIPTION_SHORT>N</DESCRIPTION_SHORT></ARTICLE_DETAILS>{more}</ARTICLE>"
        )
    };
    let variant = "<VARIANT><FVALUE>1</FVALUE><SUPPLIER_AID_SUPPLEMENT>-1</SUPPLIER_AID_SUPPLEMENT></VARIANT>";
    let alike = format!(
        "<ARTICLE_FEATURES><FEATURE><FNAME>Size</FNAME><VARIANTS>{variant}{variant}<VORDER>1</VORDER></VARIANTS></FEATURE></ARTICLE_FEATURES>"
    );
    check(
        "list.xml",
        "[fields]\nsku = { column = \"SUPPLIER_AID\" }\nname = { column = \"ARTICLE_DETAILS/DESCRIPTION_SHORT\" }\n",
        &format!(
            "<BMECAT version=\"1.2\"><HEADER><CATALOG><LANGUAGE>deu</LANGUAGE></CATALOG></HEADER><T_NEW_CATALOG>{}{}</T_NEW_CATALOG></BMECAT>",
            article("A", ""),
            article("B", &alike)
        ),
    );
    check(
        "list.json",
        "record = \"products\"\n[fields]\nsku = { column = \"s\" }\nname = { column = \"n\" }\n",
        r#"{"products":[{"s":"A","n":"b"},{"s":"\ud800","n":"c"}]}"#,
    );
}

#[test]
fn rejected_articles_keep_their_groups() {
    let article = |sku: &str, price: &str| {
        format!(
            "<ARTICLE><SUPPLIER_AID>{sku}</SUPPLIER_AID><ARTICLE_PRICE_DETAILS><ARTICLE_PRICE price_type=\"nrp\">\
             <PRICE_AMOUNT>{price}</PRICE_AMOUNT></ARTICLE_PRICE></ARTICLE_PRICE_DETAILS></ARTICLE>\n"
        )
    };
    let map = |sku: &str| {
        format!(
            "<ARTICLE_TO_CATALOGGROUP_MAP><ART_ID>{sku}</ART_ID><CATALOG_GROUP_ID>7</CATALOG_GROUP_ID></ARTICLE_TO_CATALOGGROUP_MAP>\n"
        )
    };
    let groups = "<CATALOG_GROUP_SYSTEM><CATALOG_STRUCTURE type=\"leaf\"><GROUP_ID>7</GROUP_ID><GROUP_NAME>Año</GROUP_NAME>\
                  <PARENT_ID>0</PARENT_ID></CATALOG_STRUCTURE></CATALOG_GROUP_SYSTEM>\n";
    let catalogue = |before: &str, behind: &str| {
        let articles = article("A", "1.00") + &article("B", "dos");
        format!(
            "<BMECAT version=\"1.2\"><HEADER><CATALOG><CURRENCY>EUR</CURRENCY></CATALOG></HEADER><T_NEW_CATALOG>{before}{articles}{behind}\
             </T_NEW_CATALOG></BMECAT>"
        )
    };
    let shop_of = |content: String| {
        let shop = bare_shop();
        shop.write(
            "suppliers/norte/supplier.toml",
            "name = \"Norte\"\n[file]\npath = [\"list.xml\"]\n[read]\ncurrency = \"EUR\"\n[fields]\n\
             sku = { column = \"SUPPLIER_AID\" }\nname = { column = \"group_name\" }\nprice = { column = \"price:nrp\" }\n",
        );
        shop.write("suppliers/norte/list.xml", content);
        shop
    };
    let maps = map("A") + &map("B");
    for content in [catalogue(groups, &maps), catalogue("", &format!("{maps}{groups}"))] {
        let shop = shop_of(content);
        let document = import(&shop);
        assert_eq!(tally(&document), "1 new, 1 rejected");
        let kept = rejected(&shop, &document);
        assert_eq!(
            tally(&import_again(&shop, &kept, "dos", "2.00")),
            "1 new",
            "{}",
            shop.read(&kept)
        );
        assert_eq!(
            value(&shop, "B", "name").as_deref(),
            Some("Año"),
            "{}",
            shop.read(&kept)
        );
    }
    let far: String = (0..15_000).map(|n| map(&format!("C{n}"))).collect();
    let shop = shop_of(catalogue(groups, &(far + &maps)));
    let document = import(&shop);
    assert!(
        codes(&document).iter().any(|code| code == "W-REJECTS-GROUPS"),
        "{:?}",
        codes(&document)
    );
}

/// A list as suppliers send it: a title, a blank row, the header in row 3; typed cells, a date, an error, and a price in words.
fn workbook() -> Result<Vec<u8>, XlsxError> {
    let mut book = Workbook::new();
    book.add_worksheet().set_name("Notas")?.write_string(0, 0, "Hola")?;
    let page = book.add_worksheet();
    page.set_name("Tarifa 2026")?;
    page.write_string(0, 0, "Distribuciones Norte")?;
    for (n, name) in ["sku", "name", "price", "since"].into_iter().enumerate() {
        page.write_string(2, n as u16, name)?;
    }
    let day = Format::new().set_num_format("dd/mm/yyyy");
    for (n, sku) in ["0001", "0002", "0003", "0004", "0005"].into_iter().enumerate() {
        let at = 3 + n as u32;
        page.write_string(at, 0, sku)?;
        page.write_string(at, 1, format!("=Item {sku}"))?;
        page.write_number(at, 2, 1_234.5 + n as f64)?;
        page.write_datetime_with_format(at, 3, ExcelDateTime::from_ymd(2026, 11, 20 + n as u8)?, &day)?;
    }
    page.write_string(4, 2, "consultar")?;
    page.write_formula(6, 2, Formula::new("=VLOOKUP(1,A1:B2,2)").set_result("#N/A"))?;
    book.save_to_buffer()
}

/// The workbook as another program saves it after a person changed it.
fn corrected(path: &std::path::Path, correct: &dyn Fn(&Data) -> Option<Data>) {
    let mut book: Xlsx<_> = open_workbook(path).expect("it is a workbook");
    let (name, range) = book.worksheets().remove(0);
    let (top, left) = range.start().expect("it holds something");
    let mut saved = Workbook::new();
    let page = saved.add_worksheet().set_name(name).expect("a name");
    let day = Format::new().set_num_format("yyyy-mm-dd");
    for (row, column, cell) in range.used_cells() {
        let (row, column) = (row as u32 + top, (column as u32 + left) as u16);
        let cell = correct(cell).unwrap_or_else(|| cell.clone());
        match cell {
            Data::Float(number) => page.write_number(row, column, number),
            Data::DateTime(moment) => page.write_number_with_format(row, column, moment.as_f64(), &day),
            cell => page.write_string(row, column, cell.to_string()),
        }
        .expect("a cell");
    }
    saved.save(path).expect("it can be saved");
}

#[test]
fn rejected_rows_of_a_workbook_are_a_workbook() {
    let content = workbook().expect("a workbook");
    for settings in ["", "sheet = \"Tarifa 2026\"\nheader_row = 3\n"] {
        let shop = shop_of("tarifa.xlsx", settings, &content);
        let first = import(&shop);
        assert_eq!(tally(&first), "3 new, 2 rejected", "{first:#}");
        let file = rejected(&shop, &first);
        assert!(file.ends_with("/tarifa.xlsx"), "{file}");
        let mut book: Xlsx<_> = open_workbook(shop.path(&file)).expect("it is a workbook");
        let (name, range) = book.worksheets().remove(0);
        let cells: Vec<String> = (range.used_cells())
            .map(|(row, _, cell)| format!("{row} {cell}"))
            .collect();
        assert_eq!(
            (name.as_str(), cells.join(", ").as_str()),
            (
                "Tarifa 2026",
                "0 Distribuciones Norte, 2 sku, 2 name, 2 price, 2 since, 3 0002, 3 =Item 0002, 3 consultar, 3 46347, \
                 4 0004, 4 =Item 0004, 4 #N/A, 4 46349"
            )
        );
        // The same bad file leaves the same rows, in the same folder.
        assert_eq!(rejected(&shop, &import(&shop)), file);
        // As they are they are refused as they were.
        let same = shop.done(&["import", "norte", &file, "--json"]).json();
        assert_eq!(tally(&same), "2 rejected", "{same:#}");
        assert_eq!(codes(&same), ["E-PRICE@4", "E-CELL-ERROR@5"]);
        corrected(&shop.path(&file), &|cell| match cell {
            Data::String(text) if text == "consultar" => Some(Data::Float(2_000.25)),
            Data::Error(_) => Some(Data::Float(1_237.5)),
            _ => None,
        });
        let again = shop.done(&["import", "norte", &file, "--apply", "--json"]).json();
        assert_eq!(tally(&again), "2 new", "{again:#}");
        assert_eq!(value(&shop, "0002", "price").as_deref(), Some("2000.25 EUR"));
        assert_eq!(value(&shop, "0002", "name").as_deref(), Some("=Item 0002"));
        assert_eq!(value(&shop, "0004", "price").as_deref(), Some("1237.50 EUR"));
    }
}
