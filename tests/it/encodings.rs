//! Old encodings, declared and found: the bytes are written by hand from the tables of unicode.org (MAPPINGS/VENDORS), so that
//! nothing of ours says what they mean.

use crate::corner::{bare_shop, value};
use crate::support::Shop;
use estante::feed::sniff::discover;

/// A name in an encoding: what `encoding` may be called, the bytes, and the text that they are.
const NAMES: [(&[&str], &[u8], &str); 13] = [
    (
        &["windows-1250", "cp1250"],
        b"\xa3o\xbfe cz\xea\x9cci, \x9arouby",
        "Łoże części, šrouby",
    ),
    (
        &["windows-1251", "win1251"],
        b"\xc4\xf0\xe5\xeb\xfc \xb8\xeb\xea\xe0",
        "Дрель ёлка",
    ),
    (
        &["windows-1252", "latin1", "iso-8859-1"],
        b"Ca\xf1a 12 \x80 \x93C\x9cur\x94",
        "Caña 12 € “Cœur”",
    ),
    (
        &["windows-1253", "cp1253"],
        b"\xc4\xf1\xdc\xf0\xe1\xed\xef \xa2\xeb\xf6\xe1",
        "Δράπανο Άλφα",
    ),
    (
        &["windows-1254", "iso-8859-9"],
        b"\xddstanbul da\xf0 ku\xfe \xf6\xfc\xe7\xfd",
        "İstanbul dağ kuş öüçı",
    ),
    (
        &["windows-1255", "cp1255"],
        b"\xee\xf7\xe3\xe7\xe4 \xa4 12",
        "מקדחה ₪ 12",
    ),
    (&["windows-1256", "cp1256"], b"\xe3\xcb\xde\xc7\xc8 \x81", "مثقاب پ"),
    (
        &["windows-1257", "cp1257"],
        b"Gr\xe0\xfet\xebs \xd0vie\xe8ia \xf0\xe2",
        "Grąžtės Šviečia šā",
    ),
    (
        &["windows-1258", "cp1258"],
        b"\xd0\xf5n \xfd \xe3 12 \xfe",
        "Đơn ư ă 12 ₫",
    ),
    (&["iso-8859-15"], b"12 \xa4 c\xbdur \xa6\xb8", "12 € cœur Šž"),
    (
        &["macintosh", "mac", "x-mac-roman"],
        b"Ca\x96a, se\x96al \x8e \xdb \xcf",
        "Caña, señal é € œ",
    ),
    (
        &["cp850", "ibm850", "850"],
        b"Ca\xa4a \xb5 \xe4 \xd2 \x9b \xe7",
        "Caña Á õ Ê ø þ",
    ),
    (
        &["cp437", "ibm437", "437"],
        b"Ca\xa4a \xf1 2 \xfb \x9e \xe4",
        "Caña ± 2 √ ₧ Σ",
    ),
];

fn list(name: &[u8]) -> Vec<u8> {
    [b"sku;name;price\nA-1;", name, b";12.50\nA-2;Hammer;3.00\n"].concat()
}

fn shop_of(encoding: &str, content: &[u8]) -> Shop {
    let shop = bare_shop();
    shop.write(
        "suppliers/norte/supplier.toml",
        format!(
            "name = \"Norte\"\n[file]\npath = [\"list.csv\"]\n{encoding}\n[read]\ncurrency = \"EUR\"\n[fields]\nsku.column = \"sku\"\n\
             name.column = \"name\"\nprice.column = \"price\"\n"
        ),
    );
    shop.write("suppliers/norte/list.csv", content);
    shop.done(&["import", "norte", "--apply", "--quiet"]);
    shop
}

#[test]
fn declared_encodings_are_read_letter_by_letter() {
    for (labels, bytes, text) in NAMES {
        for label in labels {
            let shop = shop_of(&format!("encoding = \"{label}\""), &list(bytes));
            assert_eq!(value(&shop, "A-1", "name").as_deref(), Some(text), "{label}");
            assert_eq!(value(&shop, "A-2", "name").as_deref(), Some("Hammer"), "{label}");
        }
    }
    // UTF-16 without a mark, of either order.
    let text = String::from_utf8(list("Caña ±".as_bytes())).expect("it is text");
    let little: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    let big: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (label, bytes) in [("utf-16le", &little), ("utf-16be", &big)] {
        for declared in [format!("encoding = \"{label}\""), String::new()] {
            let shop = shop_of(&declared, bytes);
            assert_eq!(
                value(&shop, "A-1", "name").as_deref(),
                Some("Caña ±"),
                "{label} {declared}"
            );
        }
    }
}

/// Names as a shop of the country has them, in the encoding that they are found in, and how they begin.
const FOUND: [(&str, &[u8], &str); 6] = [
    (
        "windows-1250",
        b"Wiertarka udarowa z g\xb3owic\xb9; wkr\xeatarka; \x9cruba \xbf\xf3\xb3ta",
        "Wiertarka udarowa z głowicą",
    ),
    (
        "windows-1251",
        b"\xc4\xf0\xe5\xeb\xfc \xf3\xe4\xe0\xf0\xed\xe0\xff; \xce\xf2\xe2\xb8\xf0\xf2\xea\xe0",
        "Дрель ударная",
    ),
    (
        "windows-1253",
        b"\xc4\xf1\xdc\xf0\xe1\xed\xef \xea\xf1\xef\xf5\xf3\xf4\xe9\xea\xfc; \xc2\xdf\xe4\xe1",
        "Δράπανο κρουστικό",
    ),
    (
        "windows-1254",
        b"Kad\xfdn ayakkab\xfds\xfd ye\xfeil, k\xfc\xe7\xfck da\xf0; \xddki \xe7ocuk g\xf6mle\xf0i",
        "Kadın ayakkabısı yeşil, küçük dağ",
    ),
    (
        "windows-1255",
        b"\xee\xf7\xe3\xe7\xe4 \xe7\xf9\xee\xec\xe9\xfa; \xee\xe1\xf8\xe2 \xf0\xe8\xf2\xef",
        "מקדחה חשמלית",
    ),
    (
        "windows-1256",
        b"\xe3\xcb\xde\xc7\xc8 \xdf\xe5\xd1\xc8\xc7\xc6\xed; \xe3\xdd\xdf",
        "مثقاب كهربائي",
    ),
];

#[test]
fn pages_of_other_scripts_and_of_turkey_and_poland_are_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("list.csv");
    for (encoding, bytes, text) in FOUND {
        std::fs::write(&path, list(&[b"\"", bytes, b"\""].concat())).expect("a file");
        let found = discover(&path, "list.csv", &Default::default(), 100).expect("it is read");
        assert_eq!(found.encoding, encoding);
        let name = &found.columns[1].samples[0];
        assert!(name.starts_with(text), "{encoding}: {name}");
    }
}
