//! Backups: taken while the shop works, put back whole or not at all.

use crate::corner::{corner_shop, deliver, export, import, supplier, tally};
use crate::support::Shop;

const FIRST: &str = "sku;name;price;stock\nA;Uno;10.00;5\nB;Dos;20.00;5\n";
const SECOND: &str = "sku;name;price;stock\nA;Uno;11.00;5\nB;Dos;20.00;5\nC;Tres;30.00;1\n";

/// A shop with a backup of its first day in `day-1`, and a second day.
fn two_days() -> (Shop, crate::corner::Offers) {
    let shop = corner_shop();
    supplier(&shop, "norte", "", FIRST);
    assert_eq!(tally(&import(&shop, "norte")), "2 new");
    let first = export(&shop);
    let told = shop.done(&["backup", "day-1", "--json"]).json();
    assert_eq!((&told["products"], &told["sequence"]), (&2.into(), &1.into()));
    deliver(&shop, "norte", SECOND);
    assert_eq!(tally(&import(&shop, "norte")), "1 new, 1 changed, 1 unchanged");
    assert_ne!(export(&shop), first);
    (shop, first)
}

#[test]
fn a_backup_put_back_is_the_shop_of_that_day() {
    let (shop, first) = two_days();
    shop.done(&["restore", "day-1"]);
    assert_eq!(export(&shop), first);
    shop.done(&["verify"]);
    assert_eq!(shop.done(&["search", "", "--json"]).json()["total"], 2);
    // The day goes on from there, and kept deliveries are there too.
    assert_eq!(tally(&import(&shop, "norte")), "1 new, 1 changed, 1 unchanged");
    assert_eq!(
        tally(&shop.done(&["import", "norte", "--again", "1", "--json"]).json()),
        "1 changed, 1 unchanged, 1 missing"
    );
    assert!(shop.path(".estante/before-restore/1/catalog.sqlite").is_file());
}

#[test]
fn a_damaged_store_is_mended_by_its_backup() {
    let (shop, first) = two_days();
    shop.write(".estante/catalog.sqlite", "rubbish");
    assert_ne!(shop.run(&["search", ""]).code, Some(0));
    shop.done(&["restore", "day-1"]);
    assert_eq!(export(&shop), first);
}

#[test]
fn a_backup_that_is_not_whole_changes_nothing() {
    let (shop, _) = two_days();
    let now = export(&shop);
    let refused = |what: &str| {
        let ended = shop.run(&["restore", "day-1", "--json"]).ended(3).json();
        assert_eq!(ended["diagnostics"][0]["code"], "E-BACKUP", "{what}: {ended:#}");
        assert_eq!(export(&shop), now, "{what}");
    };
    let manifest = String::from_utf8(shop.bytes("day-1/backup.json")).expect("it is text");
    shop.write(
        "day-1/backup.json",
        manifest.replace("catalog.sqlite", "../catalog.sqlite"),
    );
    refused("a path out of the backup");
    shop.write("day-1/backup.json", "{");
    refused("a list that does not read");
    shop.write("day-1/backup.json", &manifest);
    let mut bytes = shop.bytes("day-1/catalog.sqlite");
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(shop.path("day-1/catalog.sqlite"), bytes).expect("it can be written");
    refused("a bit that turned");
    std::fs::remove_file(shop.path("day-1/catalog.sqlite")).expect("it is there");
    refused("a missing catalog");
    std::fs::remove_file(shop.path("day-1/backup.json")).expect("it is there");
    refused("a missing list");
    // What is there is never written over.
    assert_eq!(shop.run(&["backup", "day-1"]).code, Some(2));
}

#[test]
fn a_damaged_delivery_is_mended_too() {
    let (shop, _) = two_days();
    let backed_up = shop.files("day-1/deliveries");
    assert!(!backed_up.is_empty());
    for (path, whole) in &backed_up {
        // As long as before, so that its size does not tell.
        shop.write(path.replace("day-1", ".estante"), "x".repeat(whole.len()));
    }
    shop.write(".estante/images/journal.jsonl", "of another catalog");
    shop.done(&["restore", "day-1"]);
    for (path, whole) in &backed_up {
        assert_eq!(shop.bytes(path.replace("day-1", ".estante")), *whole);
    }
    assert!(!shop.path(".estante/images/journal.jsonl").exists());
}

#[test]
fn every_restore_keeps_what_was_there() {
    let (shop, first) = two_days();
    shop.done(&["restore", "day-1"]);
    shop.done(&["restore", "day-1"]);
    assert_ne!(
        shop.bytes(".estante/before-restore/1/catalog.sqlite"),
        shop.bytes(".estante/before-restore/2/catalog.sqlite")
    );
    // Put back by hand, it is the second day.
    std::fs::copy(
        shop.path(".estante/before-restore/1/catalog.sqlite"),
        shop.path(".estante/catalog.sqlite"),
    )
    .expect("it can be copied");
    assert_ne!(export(&shop), first);
}

#[test]
fn a_backup_lies_outside_the_store() {
    let (shop, _) = two_days();
    for inside in [
        ".estante/day",
        ".estante/new/day",
        "./.estante/../.estante/day",
        "..",
        ".",
    ] {
        assert_eq!(shop.run(&["backup", inside]).code, Some(2), "{inside}");
    }
    assert!(!shop.path(".estante/new").exists());
    // What a user has there is his.
    shop.write("day-2.part/own.txt", "mine");
    shop.done(&["backup", "day-2"]);
    assert_eq!(shop.bytes("day-2.part/own.txt"), b"mine");
    let files = shop.files("day-2");
    let names: Vec<&String> = files.keys().filter(|name| !name.contains("/deliveries/")).collect();
    assert_eq!(names, ["day-2/backup.json", "day-2/catalog.sqlite"]);
    let files = shop.files("");
    let left: Vec<&String> = files.keys().filter(|name| name.contains(".part")).collect();
    assert_eq!(left, ["day-2.part/own.txt"]);
}

/// Deliveries on another disk that is not there.
#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_not_passed_over() {
    let (shop, _) = two_days();
    std::fs::rename(shop.path(".estante/deliveries"), shop.path("disk")).expect("it can be moved");
    std::os::unix::fs::symlink(shop.path("disk"), shop.path(".estante/deliveries")).expect("links are made");
    shop.done(&["backup", "day-2"]);
    assert_eq!(shop.files("day-2").len(), shop.files("day-1").len() + 1);
    std::fs::rename(shop.path("disk"), shop.path("elsewhere")).expect("it can be moved");
    let refused = shop.run(&["backup", "day-3"]).ended(1).err;
    assert!(refused.contains("deliveries"), "{refused}");
    assert!(!shop.path("day-3").exists());
}

#[test]
fn a_backup_of_another_layout_is_refused() {
    let (shop, _) = two_days();
    let mut bytes = shop.bytes("day-1/catalog.sqlite");
    bytes[60..64].copy_from_slice(&99_u32.to_be_bytes());
    let hash = |bytes: &[u8]| blake3::hash(bytes).to_hex().to_string();
    let manifest = String::from_utf8(shop.bytes("day-1/backup.json")).expect("it is text");
    let manifest = manifest.replace(&hash(&shop.bytes("day-1/catalog.sqlite")), &hash(&bytes));
    shop.write("day-1/backup.json", manifest);
    std::fs::write(shop.path("day-1/catalog.sqlite"), bytes).expect("it can be written");
    let ended = shop.run(&["restore", "day-1"]).ended(3);
    assert!(ended.err.contains("layout 99"), "{}", ended.err);
    shop.done(&["verify"]);
}

#[test]
fn nothing_is_backed_up_where_nothing_is() {
    let shop = corner_shop();
    assert_ne!(shop.run(&["backup", "day-0"]).code, Some(0));
    assert!(!shop.path("day-0").exists() && !shop.path("day-0.part").exists());
}
