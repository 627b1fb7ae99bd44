//! Where deliveries come from: folders, packed files, the archive of what was applied, addresses.

use crate::corner::{bare_shop, codes, supplier, tally, value};
use crate::support::Shop;
use std::process::Command;

const LIST: &str = "sku;name;price\nA;Uno;1.00\nB;Dos;2.00\n";

#[test]
fn a_folder_is_one_delivery() {
    let shop = bare_shop();
    supplier(&shop, "norte", "", LIST);
    shop.edit("suppliers/norte/supplier.toml", "list.csv", "drop");
    shop.run(&["import", "norte"]).ended(3);
    shop.write("suppliers/norte/drop/b/two.csv", "sku;name;price\nB;Dos;2.00\n");
    shop.write("suppliers/norte/drop/one.csv", "sku;name;price\nA;Uno;1.00\n");
    shop.write("suppliers/norte/drop/terms.pdf", "%PDF-1.4");
    let told = shop.done(&["import", "norte", "--apply", "--json"]).json();
    assert_eq!(tally(&told), "2 new");
    let files: Vec<&str> = told["files"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|file| file["path"].as_str())
        .collect();
    assert_eq!(
        files,
        ["suppliers/norte/drop/b/two.csv", "suppliers/norte/drop/one.csv"]
    );
    assert_eq!(codes(&told), ["I-FILE-LEFT-OUT"]);
    assert_eq!(told["diagnostics"][0]["file"], "suppliers/norte/drop/terms.pdf");
    // The same folder, named by hand; and one that brings nothing.
    let again = shop.done(&["import", "norte", "suppliers/norte/drop", "--json"]).json();
    assert_eq!(tally(&again), "2 unchanged");
    shop.write("empty/picture.png", "\u{89}PNG");
    let refused = shop.run(&["import", "norte", "empty", "--json"]).ended(3).json();
    assert_eq!(codes(&refused), ["E-FOLDER-FEEDS"]);
    let checked = shop.done(&["supplier", "check", "norte", "--json"]).json();
    assert_eq!(checked["findings"]["I-FILE-LEFT-OUT"], 1, "{checked:#}");
}

/// A zstd file of one block that is stored as it is, with the length of its content (RFC 8878, 3.1.1).
fn zstd(text: &str) -> Vec<u8> {
    let size = u32::try_from(text.len()).unwrap();
    let mut packed = vec![0x28, 0xb5, 0x2f, 0xfd, 0xa0];
    packed.extend(size.to_le_bytes());
    packed.extend(&(1 | size << 3).to_le_bytes()[..3]);
    packed.extend(text.as_bytes());
    packed
}

#[test]
fn a_zstd_file_is_read_and_a_broken_one_refused() {
    let shop = bare_shop();
    supplier(&shop, "norte", "", LIST);
    let packed = zstd(LIST);
    shop.write("list.csv.zst", &packed);
    assert_eq!(
        tally(&shop.done(&["import", "norte", "list.csv.zst", "--json"]).json()),
        "2 new"
    );
    let refused = |content: &[u8]| {
        shop.write("other.zst", content);
        codes(&shop.run(&["import", "norte", "other.zst", "--json"]).ended(3).json())
    };
    assert_eq!(refused(&packed[..packed.len() - 3]), ["E-FILE-TRUNCATED"]);
    assert_eq!(refused(&[&packed[..], b"x"].concat()), ["E-FILE-TRUNCATED"]);
    assert_eq!(refused(&[&packed[..], b"rubbish"].concat()), ["E-ZSTD-DAMAGED"]);
    let mut lying = packed.clone();
    lying[5] += 1;
    assert_eq!(refused(&lying), ["E-ZSTD-DAMAGED"]);
    assert_eq!(refused(&zstd("PK\u{3}\u{4}rest of an archive")), ["E-ARCHIVE-NESTED"]);
    // What another program packs, where it is there.
    shop.write("wide.csv", LIST.replace("Uno", &"Uno ".repeat(2_000)));
    let zstd = Command::new("zstd")
        .args(["-q", "wide.csv"])
        .current_dir(shop.folder())
        .status();
    if zstd.is_ok_and(|status| status.success()) {
        assert_eq!(
            tally(&shop.done(&["import", "norte", "wide.csv.zst", "--json"]).json()),
            "2 new"
        );
    }
    assert_eq!(value(&shop_after(&shop), "A", "name").as_deref(), Some("Uno"));
}

/// The shop once the packed list is applied.
fn shop_after(shop: &Shop) -> Shop {
    let twin = shop.twin();
    twin.done(&["import", "norte", "list.csv.zst", "--apply"]);
    twin
}
