//! What all targets do with the bytes they are given: a file is made of them, looked at as `supplier add` does, and read to its
//! end as an import does. Beside panics, hangs and hunger, for which the fuzzer itself looks, a few laws must hold.
//!
//! Containers with checksums are packed here around the bytes, so that the fuzzer reaches what is inside.

use estante::feed;
use estante::feed::failure::FeedError;
use estante::feed::settings::{FileSettings, Format};
use estante::feed::sniff::discover;
use estante::product::record::{Cell, Records};
use std::path::PathBuf;
use std::sync::OnceLock;

/// Parts of a container, in an input.
pub const BETWEEN: &[u8] = b"\n=====\n";

/// Where the input lies while it is read: one file a process, in the system's folder of passing files, which `fuzz/run` puts into
/// memory.
fn place(name: &str) -> PathBuf {
    static FOLDER: OnceLock<PathBuf> = OnceLock::new();
    let folder = FOLDER.get_or_init(|| {
        let folder = std::env::temp_dir().join(format!("estante-fuzz-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        folder
    });
    folder.join(name)
}

/// Reads the bytes as a file of this name: by its content, and as the formats that a supplier's file may declare.
pub fn attack(bytes: &[u8], name: &str, declared: &[Format]) {
    let path = place(name);
    std::fs::write(&path, bytes).expect("a file can be written");
    match discover(&path, name, &FileSettings::default(), 200) {
        Err(error) => refused(&error),
        Ok(found) => {
            let columns: Vec<String> = found
                .columns
                .iter()
                .take(40)
                .map(|column| column.header.clone())
                .collect();
            read(&path, &found.settings(name), &columns);
        }
    }
    let usual = ["sku", "name", "2", "@id", "price:nrp", "group_name", "a/b[@c='1']", "."];
    let named = [
        "number",
        "scale:*",
        "price:*",
        "content_price:*",
        "feature:Farbe",
        "class_name:*",
        "mime:*",
        "udx:NAME",
        "details:EAN",
    ];
    let in_xml = ["a[b=1]/c", "a[2]", ":a", "^/a", "^/a[b=1]"];
    let in_json = ["a[b=1].c", "a[2]", "^.a", "^.a[b=1]"];
    let more = match declared {
        [Format::Bmecat, ..] => &named[..],
        [Format::Xml, ..] => &in_xml[..],
        [Format::Json, ..] => &in_json[..],
        _ => &[],
    };
    let usual: Vec<String> = usual.iter().chain(more).map(|field| field.to_string()).collect();
    let is_tree = |format: &Format| matches!(format, Format::Json | Format::Jsonl | Format::Xml);
    for format in declared {
        let settings = FileSettings {
            format: Some(*format),
            ..FileSettings::default()
        };
        read(&path, &settings, &usual);
        if is_tree(format) {
            let settings = FileSettings {
                items: Some("a".to_owned()),
                ..settings
            };
            read(&path, &settings, &usual);
        }
    }
}

/// Whoever is refused is told why and what to do.
fn refused(error: &FeedError) {
    let finding = error.diagnostic();
    assert!(finding.code.starts_with("E-"), "{finding:?}");
    assert!(!finding.message.is_empty(), "{finding:?}");
    assert!(
        finding.help.as_ref().is_some_and(|help| !help.is_empty()),
        "{finding:?}"
    );
}

fn read(path: &std::path::Path, settings: &FileSettings, wanted: &[String]) {
    let mut reading = match feed::open(path, "feed", 0, settings, wanted) {
        Ok(reading) => reading,
        Err(error) => return refused(&error),
    };
    let mut batch = Records::default();
    let mut rows = 0;
    loop {
        match reading.next(&mut batch) {
            Err(error) => return refused(&error),
            Ok(false) => break,
            Ok(true) => {}
        }
        for record in batch.iter() {
            rows += 1;
            assert!(record.line() > 0, "lines are counted from 1");
            match record.fault() {
                Some(fault) => assert!(fault.code.starts_with("E-"), "{fault:?}"),
                None => (0..record.len()).for_each(|n| touch(record.cell(n))),
            }
        }
    }
    // No row is lost on the way.
    assert_eq!(reading.finish().rows, rows);
}

/// Goes through a cell to its end.
fn touch(cell: Cell<'_>) {
    if let Cell::List(cells) = cell {
        cells.iter().for_each(touch);
    }
}

/// The parts of an input, as the files of a zip archive; an input that is an archive already stays as it is.
pub fn zipped(bytes: &[u8], names: &[&str], fixed: &[(&str, &str)]) -> Vec<u8> {
    if bytes.starts_with(b"PK") {
        return bytes.to_vec();
    }
    let mut files: Vec<(&str, &[u8])> = fixed.iter().map(|(name, text)| (*name, text.as_bytes())).collect();
    files.extend(names.iter().copied().zip(parts(bytes)));
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    let count = files.len() as u16;
    for (name, content) in files {
        let mut sum = flate2::Crc::new();
        sum.update(content);
        let mut common = Vec::new();
        common.extend([20, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        common.extend(sum.sum().to_le_bytes());
        common.extend((content.len() as u32).to_le_bytes());
        common.extend((content.len() as u32).to_le_bytes());
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0; 2]);
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(&common);
        directory.extend([0; 6]);
        directory.extend((0o100_644_u32 << 16).to_le_bytes());
        directory.extend((out.len() as u32).to_le_bytes());
        directory.extend(name.as_bytes());
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(content);
    }
    let start = out.len() as u32;
    let size = directory.len() as u32;
    out.extend(directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend(count.to_le_bytes());
    out.extend(count.to_le_bytes());
    out.extend(size.to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0; 2]);
    out
}

fn parts(bytes: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    let mut rest = bytes;
    while let Some(at) = rest.windows(BETWEEN.len()).position(|part| part == BETWEEN) {
        found.push(&rest[..at]);
        rest = &rest[at + BETWEEN.len()..];
    }
    found.push(rest);
    found
}

/// The bytes as the stream `Workbook` of a compound file; an input that is such a file already stays as it is.
pub fn compound(bytes: &[u8]) -> Vec<u8> {
    const SECTOR: usize = 512;
    const END: u32 = 0xffff_fffe;
    const FREE: u32 = 0xffff_ffff;
    if bytes.starts_with(b"\xd0\xcf\x11\xe0") {
        return bytes.to_vec();
    }
    // Sectors: one of the directory, those of the stream, those of the table.
    let streams = bytes.len().div_ceil(SECTOR).max(1);
    let tables = (streams + 1).div_ceil(127) + 1;
    let first_table = 1 + streams;
    let mut head = vec![0; SECTOR];
    head[..8].copy_from_slice(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1]);
    head[24..32].copy_from_slice(&[0x3e, 0, 3, 0, 0xfe, 0xff, 9, 0]);
    head[32] = 6;
    let mut set = |at: usize, number: u32| head[at..at + 4].copy_from_slice(&number.to_le_bytes());
    set(44, tables as u32);
    set(48, 0);
    // Streams of any size stand in sectors of their own.
    set(56, 0);
    set(60, END);
    set(68, END);
    (0..109).for_each(|n| set(76 + n * 4, FREE));
    (0..tables.min(109)).for_each(|n| set(76 + n * 4, (first_table + n) as u32));
    let entry = |name: &str, kind: u8, start: u32, size: u32| {
        let mut entry = vec![0; 128];
        for (n, unit) in name.encode_utf16().enumerate() {
            entry[n * 2..n * 2 + 2].copy_from_slice(&unit.to_le_bytes());
        }
        entry[64..66].copy_from_slice(&((name.len() as u16 + 1) * 2).to_le_bytes());
        entry[66] = kind;
        entry[116..120].copy_from_slice(&start.to_le_bytes());
        entry[120..124].copy_from_slice(&size.to_le_bytes());
        entry
    };
    let mut out = head;
    out.extend(entry("Root Entry", 5, END, 0));
    out.extend(entry("Workbook", 2, 1, bytes.len() as u32));
    out.extend(vec![0; 256]);
    out.extend(bytes);
    out.resize(SECTOR * (2 + streams), 0);
    let mut table = vec![END];
    table.extend((1..streams as u32).map(|n| n + 1));
    table.push(END);
    table.resize(tables * SECTOR / 4, FREE);
    out.extend(table.iter().flat_map(|number| number.to_le_bytes()));
    out
}
