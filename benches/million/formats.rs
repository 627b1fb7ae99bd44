//! The same generated products in every format that suppliers send: read and mapped into items on all cores, as a first import
//! does before it compares and plans. Each reading is a process of its own, so that its peak memory is its own.

use crate::child;
use crate::rows::{HEADER, Vocabulary};
use estante::mapping::apply::Scratch;
use estante::product::record::Records;
use estante::workspace::Workspace;
use estante::workspace::failure::Failure;
use estante::workspace::supplier_settings::Supplier;
use flate2::write::DeflateEncoder;
use flate2::{Compression, Crc};
use serde_json::{Value, json};
use std::fmt::Write as _;
use std::fs::File;
use std::hint::black_box;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex};
use std::time::Instant;

/// Name, ending, and what stands for `[file]` and the columns in the supplier's file.
const FORMATS: [(&str, &str, &str); 5] = [
    (
        "csv",
        "csv",
        "format = \"csv\"\nencoding = \"utf-8\"\ndelimiter = \";\"\nheader_row = 1",
    ),
    ("xml", "xml", "format = \"xml\"\nrecord = \"/catalog/product\""),
    ("bmecat", "xml", "format = \"bmecat\""),
    ("jsonl", "jsonl", "format = \"jsonl\""),
    ("xlsx", "xlsx", "format = \"xlsx\"\nheader_row = 1"),
];

/// Cells of a row of the price list, in their order; a quoted one without its quotes.
fn cells(row: &str) -> Vec<&str> {
    let mut cells = Vec::with_capacity(20);
    let mut rest = row.trim_end_matches('\n');
    loop {
        let (cell, behind) = match rest.strip_prefix('"').and_then(|quoted| quoted.split_once('"')) {
            Some((cell, behind)) => (cell, behind.strip_prefix(';')),
            None => match rest.split_once(';') {
                Some((cell, behind)) => (cell, Some(behind)),
                None => (rest, None),
            },
        };
        cells.push(cell);
        match behind {
            Some(behind) => rest = behind,
            None => return cells,
        }
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}

/// What XML calls a column: letters without accents, no spaces.
fn tag(column: &str) -> String {
    let small = column.to_lowercase().replace(['ó', 'ò'], "o").replace('í', "i");
    small.chars().filter(char::is_ascii_alphanumeric).collect()
}

/// What the path of a column is in a format.
fn column(format: &str, column: &str) -> String {
    match (format, column) {
        ("xml", column) => tag(column),
        ("bmecat", "Referencia") => "SUPPLIER_PID".to_owned(),
        ("bmecat", "EAN") => "PRODUCT_DETAILS/INTERNATIONAL_PID".to_owned(),
        ("bmecat", "Marca") => "PRODUCT_DETAILS/MANUFACTURER_NAME".to_owned(),
        ("bmecat", "Ref. fabricante") => "PRODUCT_DETAILS/MANUFACTURER_PID".to_owned(),
        ("bmecat", "Nombre") => "PRODUCT_DETAILS/DESCRIPTION_SHORT".to_owned(),
        ("bmecat", "Descripción") => "PRODUCT_DETAILS/DESCRIPTION_LONG".to_owned(),
        ("bmecat", "PVP") => "price:nrp".to_owned(),
        ("bmecat", "Coste") => "price:net_customer".to_owned(),
        ("bmecat", "Foto 1") => "mime:normal".to_owned(),
        ("bmecat", "Foto 2") => "mime:detail".to_owned(),
        ("bmecat", column) => format!("feature:{}", column.split(" (").next().unwrap_or(column)),
        (_, column) => column.to_owned(),
    }
}

/// The price list's supplier file, with the columns as the format calls them.
fn supplier(format: &str, ending: &str, file: &str, shop: &Path) -> std::io::Result<String> {
    let mut text = std::fs::read_to_string(shop.join("suppliers/norte/supplier.toml"))?;
    let (from, to) = (text.find("[file]").unwrap_or(0), text.find("[read]").unwrap_or(0));
    text.replace_range(from..to, &format!("[file]\npath = [\"feed.{ending}\"]\n{file}\n\n"));
    for name in HEADER.split(';') {
        text = text.replace(&format!("\"{name}\""), &format!("\"{}\"", column(format, name)));
    }
    Ok(match format {
        // BMEcat knows the decimal point only.
        "bmecat" => text.replace("1.234,56", "1234.56"),
        _ => text,
    })
}

/// The price with a decimal point.
fn pointed(price: &str) -> String {
    price.replace('.', "").replace(',', ".")
}

fn record(format: &str, names: &[&str], tags: &[String], row: &str, out: &mut String) {
    let cells = cells(row);
    match format {
        "csv" => out.push_str(row),
        "xml" => {
            out.push_str("  <product>\n");
            for (tag, cell) in tags.iter().zip(&cells) {
                let _ = writeln!(out, "    <{tag}>{}</{tag}>", escaped(cell));
            }
            out.push_str("  </product>\n");
        }
        "jsonl" => {
            let members: serde_json::Map<String, Value> = (names.iter().zip(&cells))
                .map(|(name, cell)| ((*name).to_owned(), Value::from(*cell)))
                .collect();
            let _ = writeln!(out, "{}", Value::Object(members));
        }
        _ => bmecat(names, &cells, out),
    }
}

fn bmecat(names: &[&str], cells: &[&str], out: &mut String) {
    let of = |name: &str| names.iter().position(|other| *other == name).map_or("", |at| cells[at]);
    let _ = writeln!(
        out,
        "    <PRODUCT mode=\"new\">\n      <SUPPLIER_PID>{}</SUPPLIER_PID>\n      <PRODUCT_DETAILS>\n        \
         <DESCRIPTION_SHORT>{}</DESCRIPTION_SHORT>\n        <DESCRIPTION_LONG>{}</DESCRIPTION_LONG>\n        \
         <INTERNATIONAL_PID type=\"gtin\">{}</INTERNATIONAL_PID>\n        <MANUFACTURER_PID>{}</MANUFACTURER_PID>\n        \
         <MANUFACTURER_NAME>{}</MANUFACTURER_NAME>\n      </PRODUCT_DETAILS>\n      <PRODUCT_FEATURES>",
        of("Referencia"),
        escaped(of("Nombre")),
        escaped(of("Descripción")),
        of("EAN"),
        of("Ref. fabricante"),
        escaped(of("Marca"))
    );
    for name in [
        "Familia",
        "Stock",
        "Peso (g)",
        "Largo",
        "Ancho",
        "Alto",
        "Color",
        "Material",
        "Garantía",
        "País",
    ] {
        let shown = name.split(" (").next().unwrap_or(name);
        let _ = writeln!(
            out,
            "        <FEATURE><FNAME>{shown}</FNAME><FVALUE>{}</FVALUE></FEATURE>",
            escaped(of(name))
        );
    }
    out.push_str(
        "      </PRODUCT_FEATURES>\n      <PRODUCT_ORDER_DETAILS><ORDER_UNIT>C62</ORDER_UNIT></PRODUCT_ORDER_DETAILS>\n      \
         <PRODUCT_PRICE_DETAILS>\n",
    );
    for (kind, name) in [("nrp", "PVP"), ("net_customer", "Coste")] {
        let _ = writeln!(
            out,
            "        <PRODUCT_PRICE price_type=\"{kind}\"><PRICE_AMOUNT>{}</PRICE_AMOUNT><PRICE_CURRENCY>EUR</PRICE_CURRENCY></PRODUCT_PRICE>",
            pointed(of(name))
        );
    }
    out.push_str("      </PRODUCT_PRICE_DETAILS>\n      <MIME_INFO>\n");
    for (purpose, name) in [("normal", "Foto 1"), ("detail", "Foto 2")] {
        let source = of(name);
        if !source.is_empty() {
            let _ = writeln!(
                out,
                "        <MIME><MIME_TYPE>image/jpeg</MIME_TYPE><MIME_SOURCE>{source}</MIME_SOURCE><MIME_PURPOSE>{purpose}</MIME_PURPOSE></MIME>"
            );
        }
    }
    out.push_str("      </MIME_INFO>\n    </PRODUCT>\n");
}

/// Writes a file of at least so many bytes; gives its rows.
fn write(path: &Path, format: &str, bytes: u64) -> std::io::Result<u64> {
    let vocabulary = Vocabulary::new();
    let names: Vec<&str> = HEADER.split(';').collect();
    let tags: Vec<String> = names.iter().map(|name| tag(name)).collect();
    let (head, foot) = match format {
        "csv" => (format!("{HEADER}\n"), ""),
        "xml" => ("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<catalog>\n".to_owned(), "</catalog>\n"),
        "bmecat" => (
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<BMECAT version=\"2005\" xmlns=\"http://www.bmecat.org/bmecat/2005fd\">\n  \
             <HEADER><CATALOG><LANGUAGE default=\"true\">spa</LANGUAGE><CATALOG_ID>N</CATALOG_ID><CATALOG_VERSION>1.0</CATALOG_VERSION>\
             <CURRENCY>EUR</CURRENCY></CATALOG><SUPPLIER><SUPPLIER_NAME>Norte</SUPPLIER_NAME></SUPPLIER></HEADER>\n  <T_NEW_CATALOG>\n"
                .to_owned(),
            "  </T_NEW_CATALOG>\n</BMECAT>\n",
        ),
        "xlsx" => return workbook(path, &vocabulary, bytes),
        _ => (String::new(), ""),
    };
    let mut file = BufWriter::with_capacity(1 << 20, File::create(path)?);
    file.write_all(head.as_bytes())?;
    let (mut rows, mut written) = (0, 0);
    let (mut row, mut out) = (String::new(), String::new());
    while written < bytes {
        row.clear();
        out.clear();
        vocabulary.row(rows, 1, 0, &mut row);
        record(format, &names, &tags, &row, &mut out);
        file.write_all(out.as_bytes())?;
        written += out.len() as u64;
        rows += 1;
    }
    file.write_all(foot.as_bytes())?;
    file.flush()?;
    Ok(rows)
}

/// A workbook as Excel writes it: numbers as numbers, texts in the table of shared texts. As many rows as `bytes` of a CSV have, and
/// no more than 1,000,000.
fn workbook(path: &Path, vocabulary: &Vocabulary, bytes: u64) -> std::io::Result<u64> {
    let rows = (bytes / 494).clamp(1, 1_000_000);
    let mut zip = Zip::new(path)?;
    zip.add("[Content_Types].xml", "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"xml\" ContentType=\"application/xml\"/><Default Extension=\"rels\" ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/><Override PartName=\"/xl/workbook.xml\" ContentType=\"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml\"/></Types>")?;
    zip.add("_rels/.rels", "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument\" Target=\"xl/workbook.xml\"/></Relationships>")?;
    zip.add("xl/workbook.xml", "<?xml version=\"1.0\" encoding=\"UTF-8\"?><workbook xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\" xmlns:r=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships\"><sheets><sheet name=\"Tarifa\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>")?;
    zip.add("xl/_rels/workbook.xml.rels", "<?xml version=\"1.0\" encoding=\"UTF-8\"?><Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\"><Relationship Id=\"rId1\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet\" Target=\"worksheets/sheet1.xml\"/><Relationship Id=\"rId2\" Type=\"http://schemas.openxmlformats.org/officeDocument/2006/relationships/sharedStrings\" Target=\"sharedStrings.xml\"/></Relationships>")?;
    let main = "xmlns=\"http://schemas.openxmlformats.org/spreadsheetml/2006/main\"";
    // Texts go to a file of their own, since both parts are written at once.
    let mut texts = tempfile::tempfile()?;
    let mut shared = BufWriter::new(&mut texts);
    let mut known = std::collections::HashMap::new();
    let mut part = zip.begin("xl/worksheets/sheet1.xml")?;
    let mut out = format!("<?xml version=\"1.0\" encoding=\"UTF-8\"?><worksheet {main}><sheetData>");
    let mut row = String::new();
    for n in 0..=rows {
        row.clear();
        match n {
            0 => row.push_str(HEADER),
            n => vocabulary.row(n - 1, 1, 0, &mut row),
        }
        let _ = write!(out, "<row r=\"{}\">", n + 1);
        for (at, cell) in cells(&row).into_iter().enumerate() {
            let place = char::from(b'A' + at as u8);
            let number = pointed(cell);
            let is_number = n > 0 && matches!(at, 7..=13 | 18) && !cell.is_empty();
            if is_number {
                let _ = write!(out, "<c r=\"{place}{}\"><v>{number}</v></c>", n + 1);
            } else if !cell.is_empty() {
                let next = known.len();
                let id = *known.entry(cell.to_owned()).or_insert(next);
                if id == next {
                    write!(shared, "<si><t>{}</t></si>", escaped(cell))?;
                }
                let _ = write!(out, "<c r=\"{place}{}\" t=\"s\"><v>{id}</v></c>", n + 1);
            }
        }
        out.push_str("</row>");
        if out.len() > 1 << 19 || n == rows {
            if n == rows {
                out.push_str("</sheetData></worksheet>");
            }
            part.write(out.as_bytes())?;
            out.clear();
        }
    }
    zip.end(part)?;
    shared.flush()?;
    drop(shared);
    let mut part = zip.begin("xl/sharedStrings.xml")?;
    part.write(
        format!(
            "<?xml version=\"1.0\" encoding=\"UTF-8\"?><sst {main} uniqueCount=\"{}\">",
            known.len()
        )
        .as_bytes(),
    )?;
    use std::io::{Read, Seek};
    texts.rewind()?;
    let mut buffer = vec![0; 1 << 20];
    loop {
        match texts.read(&mut buffer)? {
            0 => break,
            n => part.write(&buffer[..n])?,
        }
    }
    part.write(b"</sst>")?;
    zip.end(part)?;
    zip.close()?;
    Ok(rows)
}

/// A zip archive, its parts one after the other (PKWARE APPNOTE 6.3.10, sections 4.3.7, 4.3.9 and 4.3.12).
struct Zip {
    file: BufWriter<File>,
    at: u64,
    directory: Vec<u8>,
    parts: u16,
}

struct Part {
    name: String,
    begun: u64,
    sum: Crc,
    plain: u64,
    packed: DeflateEncoder<Vec<u8>>,
}

impl Part {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.sum.update(bytes);
        self.plain += bytes.len() as u64;
        self.packed.write_all(bytes)
    }
}

impl Zip {
    fn new(path: &Path) -> std::io::Result<Zip> {
        Ok(Zip {
            file: BufWriter::with_capacity(1 << 20, File::create(path)?),
            at: 0,
            directory: Vec::new(),
            parts: 0,
        })
    }

    fn begin(&mut self, name: &str) -> std::io::Result<Part> {
        Ok(Part {
            name: name.to_owned(),
            begun: self.at,
            sum: Crc::new(),
            plain: 0,
            packed: DeflateEncoder::new(Vec::new(), Compression::new(1)),
        })
    }

    fn add(&mut self, name: &str, text: &str) -> std::io::Result<()> {
        let mut part = self.begin(name)?;
        part.write(text.as_bytes())?;
        self.end(part)
    }

    fn end(&mut self, part: Part) -> std::io::Result<()> {
        let packed = part.packed.finish()?;
        let mut common = vec![20, 0, 0, 0, 8, 0, 0, 0, 0, 0];
        common.extend(part.sum.sum().to_le_bytes());
        common.extend((packed.len() as u32).to_le_bytes());
        common.extend((part.plain as u32).to_le_bytes());
        common.extend((part.name.len() as u16).to_le_bytes());
        common.extend([0; 2]);
        self.file.write_all(b"PK\x03\x04")?;
        self.file.write_all(&common)?;
        self.file.write_all(part.name.as_bytes())?;
        self.file.write_all(&packed)?;
        self.at += 4 + common.len() as u64 + part.name.len() as u64 + packed.len() as u64;
        self.directory.extend(b"PK\x01\x02\x14\x00");
        self.directory.extend(&common);
        self.directory.extend([0; 10]);
        self.directory.extend((part.begun as u32).to_le_bytes());
        self.directory.extend(part.name.as_bytes());
        self.parts += 1;
        Ok(())
    }

    fn close(mut self) -> std::io::Result<()> {
        self.file.write_all(&self.directory)?;
        self.file.write_all(b"PK\x05\x06\0\0\0\0")?;
        self.file.write_all(&self.parts.to_le_bytes())?;
        self.file.write_all(&self.parts.to_le_bytes())?;
        self.file.write_all(&(self.directory.len() as u32).to_le_bytes())?;
        self.file.write_all(&(self.at as u32).to_le_bytes())?;
        self.file.write_all(&[0; 2])?;
        self.file.flush()
    }
}

/// Writes each format's file of so many megabytes and reads it; tells bytes, rows and memory.
pub fn measure(folder: &Path, megabytes: u64, only: Option<&str>, threads: Option<u64>) -> Result<(), String> {
    let told = |what: &Path, error: std::io::Error| format!("{}: {error}", what.display());
    println!(
        "| format | MB | rows | seconds | MB/s | rows/s | processor | peak memory |\n|---|---:|---:|---:|---:|---:|---:|---:|"
    );
    for (format, ending, file) in FORMATS
        .into_iter()
        .filter(|(format, ..)| only.is_none_or(|only| only == *format))
    {
        let home = folder.join("suppliers").join(format);
        std::fs::create_dir_all(&home).map_err(|error| told(&home, error))?;
        let text = supplier(format, ending, file, folder).map_err(|error| told(folder, error))?;
        let settings = home.join("supplier.toml");
        std::fs::write(&settings, text).map_err(|error| told(&settings, error))?;
        let feed = home.join(format!("feed.{ending}"));
        let rows = write(&feed, format, megabytes << 20).map_err(|error| told(&feed, error))?;
        let bytes = std::fs::metadata(&feed).map_err(|error| told(&feed, error))?.len();
        let program = std::env::current_exe().map_err(|error| error.to_string())?;
        let mut command = Command::new(program);
        command.args(["--read", format, "--keep"]).arg(folder);
        if let Some(threads) = threads {
            command.args(["--threads", &threads.to_string()]);
        }
        let mut best: Option<(f64, u64, child::Cost)> = None;
        // What else the machine does only makes it longer.
        for _ in 0..3 {
            let cost = child::run(&mut command).map_err(|error| format!("{format}: {error}"))?;
            let answer: Value =
                serde_json::from_str(&cost.out).map_err(|error| format!("{format}: {error}: {}", cost.out))?;
            super::expect(&answer, "items", rows)?;
            let seconds = answer["seconds"].as_f64().unwrap_or_default();
            if best.as_ref().is_none_or(|(shortest, ..)| seconds < *shortest) {
                best = Some((seconds, answer["peak"].as_u64().unwrap_or(cost.peak), cost));
            }
        }
        let Some((seconds, peak, cost)) = best else { continue };
        println!(
            "| {format} | {:.0} | {rows} | {seconds:.2} | {:.0} | {:.0} | {:.1} s | {:.0} MB |",
            bytes as f64 / 1e6,
            bytes as f64 / 1e6 / seconds,
            rows as f64 / seconds,
            cost.processor,
            peak as f64 / 1e6
        );
        std::fs::remove_dir_all(&home).map_err(|error| told(&home, error))?;
    }
    Ok(())
}

/// Reads one supplier's file into items and says how many, and how long it took.
pub fn read_one(folder: &Path, supplier: &str, threads: Option<u64>) -> Result<(), String> {
    let told = |failure: Failure| format!("{failure}: {:?}", failure.diagnostics);
    let workspace = Workspace::open(folder, threads.map(|n| n as usize)).map_err(told)?;
    let supplier = workspace.settings.supplier(supplier).map_err(told)?;
    let ending = FORMATS
        .iter()
        .find(|(format, ..)| *format == supplier.id)
        .map_or("csv", |(_, ending, _)| ending);
    let name = format!("feed.{ending}");
    let path = folder.join("suppliers").join(&supplier.id).join(&name);
    let begun = Instant::now();
    let (items, others, finding) = items(&workspace, supplier, &path)?;
    println!(
        "{}",
        json!({"items": items, "others": others, "seconds": begun.elapsed().as_secs_f64(), "first_finding": finding, "peak": child::own_peak()})
    );
    Ok(())
}

/// One thread reads, the others map, as in an import, with bounded queues between them. Gives the items, the records that are none,
/// and the first finding.
fn items(workspace: &Workspace, supplier: &Supplier, path: &Path) -> Result<(u64, u64, Option<String>), String> {
    let mapping = &supplier.mapping;
    let shown: Arc<str> = path.file_name().unwrap_or_default().to_string_lossy().into();
    let mut reading = estante::feed::open(path, &shown, 0, &supplier.file, mapping.wanted())
        .map_err(|error| error.diagnostic().to_string())?;
    let (send, batches) = sync_channel::<Records>(workspace.threads * 2);
    let (spare, spares) = sync_channel::<Records>(workspace.threads * 4);
    let batches = Mutex::new(batches);
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..workspace.threads.max(1))
            .map(|_| {
                let (spare, batches, shown) = (spare.clone(), &batches, &shown);
                scope.spawn(move || {
                    let (mut items, mut others, mut finding) = (0, 0, None);
                    let (mut scratch, mut findings) = (Scratch::default(), Vec::new());
                    let next = || batches.lock().ok().and_then(|batches| batches.recv().ok());
                    while let Some(batch) = next() {
                        for record in batch.iter() {
                            let item = mapping
                                .sku(&record)
                                .ok()
                                .and_then(|sku| mapping.apply(record, &sku, shown, &mut scratch, &mut findings));
                            match black_box(item) {
                                Some(_) => items += 1,
                                None => others += 1,
                            }
                        }
                        finding = finding.or(findings.first().map(ToString::to_string));
                        findings.clear();
                        // A full shelf of spare batches is no loss.
                        let _ = spare.try_send(batch);
                    }
                    (items, others, finding)
                })
            })
            .collect();
        let mut broken = None;
        loop {
            let mut batch = spares.try_recv().unwrap_or_default();
            batch.clear();
            match reading.next(&mut batch) {
                Ok(true) if send.send(batch).is_ok() => {}
                Ok(_) => break,
                Err(error) => {
                    broken = Some(error.diagnostic().to_string());
                    break;
                }
            }
        }
        drop(send);
        let mut whole = (0, 0, None);
        for worker in workers {
            let (items, others, finding) = worker.join().map_err(|_| "a thread broke".to_owned())?;
            whole = (whole.0 + items, whole.1 + others, whole.2.or(finding));
        }
        broken.map_or(Ok(whole), Err)
    })
}
