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

/// The names of what the archive holds.
fn kept(shop: &Shop) -> Vec<String> {
    let files = shop.files(".estante/deliveries").into_keys();
    files
        .map(|name| name.rsplit('/').next().unwrap_or_default().to_owned())
        .collect()
}

/// A shop whose supplier names its products by a column that the first delivery has beside another.
fn shop_with_two_names() -> Shop {
    let shop = bare_shop();
    supplier(
        &shop,
        "norte",
        "",
        "sku;name;title;price\nA;Uno;One;1.00\nB;Dos;Two;2.00\n",
    );
    shop
}

#[test]
fn an_applied_delivery_is_kept_and_read_again_under_another_mapping() {
    let shop = shop_with_two_names();
    shop.done(&["import", "norte"]);
    let hash = blake3::hash(&shop.bytes("suppliers/norte/list.csv"))
        .to_hex()
        .to_string();
    assert_eq!(kept(&shop), [format!("{hash}.gz")], "a plan keeps what it was made of");
    shop.run(&["import", "norte", "--again"]).ended(2);
    // Applied when the file is gone.
    std::fs::remove_file(shop.path("suppliers/norte/list.csv")).unwrap();
    let applied = shop.done(&["apply", "p1", "--json"]).json();
    assert_eq!(applied["files"][0]["blake3"], hash);
    shop.run(&["import", "norte"]).ended(3);
    // The supplier's settings change, the file is the one of then.
    shop.edit(
        "suppliers/norte/supplier.toml",
        "name = { column = \"name\"",
        "name = { column = \"title\"",
    );
    let planned = shop.done(&["import", "norte", "--again", "--json"]).json();
    assert_eq!(tally(&planned), "2 changed");
    assert_eq!(planned["files"][0]["path"], "suppliers/norte/list.csv");
    assert_eq!(
        value(&shop, "A", "name").as_deref(),
        Some("Uno"),
        "it is a plan like any other"
    );
    let again = shop
        .done(&["import", "norte", "--again", "1", "--apply", "--json"])
        .json();
    assert_eq!(
        (&again["batch"], tally(&again)),
        (&serde_json::json!(2), "2 changed".to_owned())
    );
    assert_eq!(value(&shop, "A", "name").as_deref(), Some("One"));
    assert!(shop.files(".estante/again").is_empty(), "nothing passing stays");
    // What is taken back can be read again too.
    shop.done(&["undo", "2"]);
    assert_eq!(
        tally(&shop.done(&["import", "norte", "--again", "--json"]).json()),
        "2 changed"
    );
    for args in [["--again", "9"], ["--again", "x"], ["list.csv", "--again"]] {
        shop.run(&[&["import", "norte"][..], &args].concat()).ended(2);
    }
}

#[test]
fn a_damaged_delivery_is_found() {
    let shop = shop_with_two_names();
    shop.done(&["import", "norte", "--apply"]);
    assert_eq!(shop.done(&["verify", "--json"]).json()["deliveries"], 1);
    let (name, _) = shop.files(".estante/deliveries").pop_first().unwrap();
    shop.write(&name, "rubbish");
    let found = shop.run(&["verify", "--json"]).ended(1).json();
    assert!(found["faults"].to_string().contains(&name), "{found:#}");
    assert!(
        shop.run(&["import", "norte", "--again"])
            .ended(1)
            .err
            .contains("verify")
    );
}

#[test]
fn as_many_deliveries_are_kept_as_the_settings_say() {
    let list = |n: usize| format!("sku;name;title;price\nA;Uno {n};One;1.00\n");
    for (keep, expected) in [
        ("", 4),
        ("[deliveries]\nkeep = 2\n", 2),
        ("[deliveries]\nkeep = 0\n", 0),
    ] {
        let shop = shop_with_two_names();
        shop.write("estante.toml", format!("{}{keep}", shop.read("estante.toml")));
        supplier(&shop, "sur", "", "sku;name;price\nS;Ese;1.00\n");
        shop.done(&["import", "sur", "--apply"]);
        for n in 0..4 {
            shop.write("suppliers/norte/list.csv", list(n));
            shop.done(&["import", "norte", "--apply"]);
        }
        // The same file again makes no batch and keeps nothing more.
        assert_eq!(
            shop.done(&["import", "norte", "--apply", "--json"]).json()["batch"],
            serde_json::Value::Null
        );
        let others = usize::from(expected > 0);
        assert_eq!(
            kept(&shop).len(),
            expected + others,
            "{keep}: each supplier has its own"
        );
        let first = shop.run(&["import", "norte", "--again", "2"]);
        assert_eq!(first.code, Some(if expected == 4 { 0 } else { 2 }), "{}", first.err);
        if expected == 2 {
            assert_eq!(
                tally(&shop.done(&["import", "norte", "--again", "4", "--json"]).json()),
                "1 changed"
            );
        }
    }
}

/// What is packed already is kept as it came; a corrected file of rejected rows stays a part of a delivery when it is read again.
#[test]
fn packed_files_and_parts_are_read_again_as_they_were() {
    let shop = bare_shop();
    supplier(&shop, "norte", "", LIST);
    shop.write(
        "suppliers/norte/list.csv",
        zstd("sku;name;price\nA;Uno;1.00\nB;Dos;2.00\nC;Tres;x\n"),
    );
    let told = shop.done(&["import", "norte", "--apply", "--json"]).json();
    assert_eq!(tally(&told), "2 new, 1 rejected");
    assert!(
        kept(&shop).iter().all(|name| !name.ends_with(".gz")),
        "{:?}",
        kept(&shop)
    );
    assert_eq!(
        tally(&shop.done(&["import", "norte", "--again", "--json"]).json()),
        "2 unchanged, 1 rejected"
    );
    let (rejects, _) = shop.files(".estante/rejects").pop_first().unwrap();
    shop.edit(&rejects, ";x", ";3.00");
    assert_eq!(
        tally(&shop.done(&["import", "norte", &rejects, "--apply", "--json"]).json()),
        "1 new"
    );
    shop.edit(
        "suppliers/norte/supplier.toml",
        "stock = {",
        "size = { column = \"name\" }\nstock = {",
    );
    let again = shop.done(&["import", "norte", "--again", "--json"]).json();
    assert_eq!(
        (tally(&again), &again["missing"]),
        ("1 changed".to_owned(), &serde_json::json!(0))
    );
}
