//! Archives built by hand, sound and lying, and what is made of them.

use crate::feed::archive::Archive;
use std::io::Read;
use std::sync::Arc;

/// A file to pack: its name and content, and what the directory says of it where that is not the truth.
struct Packed<'a> {
    name: &'a str,
    content: &'a [u8],
    size: Option<u32>,
    mode: u32,
    flags: u16,
    header: Option<u32>,
}

fn file<'a>(name: &'a str, content: &'a [u8]) -> Packed<'a> {
    Packed {
        name,
        content,
        size: None,
        mode: 0o100644,
        flags: 0,
        header: None,
    }
}

fn pack(files: &[Packed<'_>]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut directory = Vec::new();
    for file in files {
        let mut sum = flate2::Crc::new();
        sum.update(file.content);
        let header = file.header.unwrap_or(out.len() as u32);
        let size = file.content.len() as u32;
        // Version, flags, method, time, checksum, sizes, length of the name, of the rest.
        let common = |declared: u32| {
            let mut bytes = Vec::new();
            bytes.extend(20u16.to_le_bytes());
            bytes.extend(file.flags.to_le_bytes());
            bytes.extend([0; 6]);
            bytes.extend(sum.sum().to_le_bytes());
            bytes.extend(size.to_le_bytes());
            bytes.extend(declared.to_le_bytes());
            bytes.extend((file.name.len() as u16).to_le_bytes());
            bytes.extend([0; 2]);
            bytes
        };
        if file.header.is_none() {
            out.extend(b"PK\x03\x04");
            out.extend(common(size));
            out.extend(file.name.as_bytes());
            out.extend(file.content);
        }
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(common(file.size.unwrap_or(size)));
        directory.extend([0; 6]);
        directory.extend((file.mode << 16).to_le_bytes());
        directory.extend(header.to_le_bytes());
        directory.extend(file.name.as_bytes());
    }
    let start = out.len() as u32;
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend((files.len() as u16).to_le_bytes());
    out.extend((files.len() as u16).to_le_bytes());
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0; 2]);
    out
}

/// The content of the feed in the archive, or the code of the refusal.
fn read(bytes: Vec<u8>, inside: Option<&str>) -> Result<String, &'static str> {
    let shown = Arc::from("feed.zip");
    let archive = Archive::of_memory(bytes, &shown).map_err(|error| error.code())?;
    let entry = archive.feed(inside).map_err(|error| error.code())?.clone();
    let mut out = String::new();
    let mut reader = archive.read(&entry).map_err(|error| error.code())?;
    match reader.read_to_string(&mut out) {
        Ok(_) => Ok(out),
        Err(error) => Err(crate::feed::failure::FeedError::from_io(&shown, &error).code()),
    }
}

#[test]
fn the_one_feed_is_read() {
    let files = [
        file("__MACOSX/._a.csv", b"x"),
        file("img/1.jpg", b"x"),
        file("export/a.csv", b"sku\n"),
    ];
    assert_eq!(read(pack(&files), None).as_deref(), Ok("sku\n"));
    let two = [file("a.csv", b"a"), file("b.csv", b"b")];
    assert_eq!(read(pack(&two), None), Err("E-ARCHIVE-AMBIGUOUS"));
    assert_eq!(read(pack(&two), Some("b*")).as_deref(), Ok("b"));
    assert_eq!(read(pack(&two), Some("c.csv")), Err("E-ARCHIVE-NO-FEED"));
    assert_eq!(read(pack(&[file("img/1.jpg", b"x")]), None), Err("E-ARCHIVE-NO-FEED"));
    assert_eq!(read(pack(&[file("a.zip", b"x")]), None), Err("E-ARCHIVE-NESTED"));
}

#[test]
fn archives_that_lie_are_refused() {
    let one = |change: fn(&mut Packed<'_>)| {
        let mut packed = file("a.csv", b"sku\n");
        change(&mut packed);
        read(pack(&[packed]), None)
    };
    assert_eq!(one(|_| {}).as_deref(), Ok("sku\n"));
    assert_eq!(one(|file| file.size = Some(3)), Err("E-ARCHIVE-SIZE"));
    assert_eq!(one(|file| file.size = Some(5)), Err("E-ARCHIVE-SIZE"));
    assert_eq!(one(|file| file.mode = 0o120777), Err("E-ARCHIVE-LINK"));
    assert_eq!(one(|file| file.flags = 1), Err("E-ARCHIVE-PASSWORD"));
    assert_eq!(one(|file| file.name = "../a.csv"), Err("E-ARCHIVE-NAME"));
    assert_eq!(one(|file| file.name = "C:\\a.csv"), Err("E-ARCHIVE-NAME"));
    assert_eq!(one(|file| file.header = Some(7)), Err("E-ARCHIVE-DAMAGED"));
    let inner = pack(&[file("b.csv", b"b")]);
    // The content of one entry is another entry, header and all.
    let header = 30 + "a.csv".len() as u32;
    let overlap = [
        file("a.csv", &inner),
        Packed {
            header: Some(header),
            ..file("b.csv", b"b")
        },
    ];
    assert_eq!(read(pack(&overlap), None), Err("E-ARCHIVE-OVERLAP"));
    assert_eq!(
        read(pack(&[file("a.csv", b"a"), file("a.csv", b"b")]), None),
        Err("E-ARCHIVE-DUPLICATE")
    );
    let mut damaged = pack(&[file("a.csv", b"sku\n")]);
    damaged[36] ^= 1;
    assert_eq!(read(damaged, None), Err("E-ARCHIVE-CRC"));
}

#[test]
fn no_cut_of_an_archive_is_read() {
    let whole = pack(&[file("a.csv", b"sku\nA\n")]);
    for len in 0..whole.len() {
        assert!(read(whole[..len].to_vec(), None).is_err(), "{len} bytes");
    }
}
