//! Where pictures are looked for: folders, archives, suppliers' folders; and what is told of those that cannot be looked into.

use crate::corner::corner_shop;
use crate::images::{codes, images, photograph, pictures, shop_with_pictures, supplier};
use crate::support::Shop;

/// A zip archive of these files, without compression.
fn zipped(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let (mut out, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let mut sum = flate2::Crc::new();
        sum.update(content);
        let (start, size) = (out.len() as u32, content.len() as u32);
        // Version, flags, method, time, checksum, sizes, length of the name, of the rest.
        let mut common = vec![20, 0, 0, 0, 0, 0, 0, 0, 0, 0];
        for number in [sum.sum(), size, size] {
            common.extend(number.to_le_bytes());
        }
        common.extend((name.len() as u16).to_le_bytes());
        common.extend([0; 2]);
        out.extend(b"PK\x03\x04");
        out.extend(&common);
        out.extend(name.as_bytes());
        out.extend(content);
        directory.extend(b"PK\x01\x02\x14\x03");
        directory.extend(common);
        directory.extend([0; 10]);
        directory.extend(start.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let start = out.len() as u32;
    out.extend(&directory);
    out.extend(b"PK\x05\x06\0\0\0\0");
    for _ in 0..2 {
        out.extend((files.len() as u16).to_le_bytes());
    }
    out.extend((directory.len() as u32).to_le_bytes());
    out.extend(start.to_le_bytes());
    out.extend([0; 2]);
    out
}

/// The end of an archive that says to hold so many files.
fn claiming(files: u64) -> Vec<u8> {
    let mut out = b"PK\x06\x06".to_vec();
    out.extend(44_u64.to_le_bytes());
    out.extend([45, 0, 45, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    for number in [files, files, 0, 0] {
        out.extend(number.to_le_bytes());
    }
    out.extend(b"PK\x06\x07\0\0\0\0");
    out.extend([0; 8]);
    out.extend([1, 0, 0, 0]);
    out.extend(b"PK\x05\x06\0\0\0\0");
    out.extend([0xff; 12]);
    out.extend([0; 2]);
    out
}

/// Message and value of the findings with a code.
fn said(document: &serde_json::Value, code: &str) -> Vec<String> {
    let findings = document["diagnostics"].as_array().into_iter().flatten();
    let text = |finding: &serde_json::Value, key: &str| finding[key].as_str().unwrap_or_default().to_owned();
    findings
        .filter(|finding| finding["code"] == code)
        .map(|finding| format!("{} | {}", text(finding, "message"), text(finding, "value")))
        .collect()
}

#[test]
fn pictures_come_out_of_archives_and_suppliers_folders() {
    let shop = shop_with_pictures();
    shop.write("suppliers/norte/fotos/sierra.jpg", photograph(7, 500, 500));
    // More files than an archive of feeds may have.
    let mut files: Vec<(String, Vec<u8>)> = (0..10_001).map(|n| (format!("notes/{n}.txt"), Vec::new())).collect();
    files.push(("zip/AR-300.jpg".to_owned(), photograph(8, 500, 500)));
    shop.write("media/more.zip", zipped(&files));
    shop.done(&["import", "norte", "--apply", "-q"]);
    let found = images(&shop);
    assert_eq!(
        pictures(&shop, "AR-300"),
        "fotos/nada.jpg, media/more.zip/zip/AR-300.jpg by supplier:norte"
    );
    assert_eq!(
        pictures(&shop, "AR-200"),
        "fotos/sierra.jpg, media/B-88.jpg by supplier:norte"
    );
    assert_eq!(
        (&found["products"], &found["said"]),
        (&3.into(), &1.into()),
        "{found:#}"
    );
    // Each is made for the channel.
    let made: Vec<String> = shop.files("out/web/images").into_keys().collect();
    let of = |sku: &str| made.iter().filter(|name| name.contains(sku)).count();
    assert_eq!((of("AR-100"), of("AR-200"), of("AR-300")), (3, 2, 1), "{made:?}");
}

#[test]
fn a_run_tells_what_costs_pictures() {
    let shop = shop_with_pictures();
    let whole = zipped(&[("AR-300_2.jpg".to_owned(), photograph(8, 500, 500))]);
    shop.write("media/cut.zip", &whole[..whole.len() - 30]);
    shop.write("media/vast.zip", claiming(200_001));
    let told = shop.done(&["run"]).out;
    for expected in [
        "E-IMAGE-KIND",
        "E-ARCHIVE-DAMAGED",
        "E-ARCHIVE-LIMIT",
        "the archive has 200001 entries, the limit is 200000",
        "put the pictures into several archives",
    ] {
        assert!(told.contains(expected), "{expected}: {told}");
    }
    assert!(!told.contains("W-IMAGE-SMALL"), "{told}");
    assert!(shop.done(&["run"]).out.contains("E-ARCHIVE-DAMAGED"));
}

#[cfg(unix)]
#[test]
fn folders_that_are_not_looked_into_are_told() {
    use std::os::unix::fs::symlink;
    let shop = shop_with_pictures();
    shop.edit(
        "estante.toml",
        "folders = [\"media\"]",
        "folders = [\"media\", \"fotos\", \"none/*/fotos\"]",
    );
    shop.write("elsewhere/AR-300.jpg", photograph(7, 500, 500));
    let link = |from: &str, to: &str| symlink(shop.path(from), shop.path(to)).expect("a link can be made");
    link("elsewhere", "media/nas");
    link("elsewhere/AR-300.jpg", "media/AR-300_2.jpg");
    link("estante.toml", "media/notes.txt");
    shop.write(
        format!("media/{}AR-300_3.jpg", "deep/".repeat(16)),
        photograph(8, 500, 500),
    );
    shop.done(&["import", "norte", "--apply", "-q"]);
    let deep = format!("media{}", "/deep".repeat(16));
    assert_eq!(
        said(&images(&shop), "W-IMAGE-FOLDER"),
        [
            "there is no such folder | ".to_owned(),
            "2 files or folders are links, which are not followed | media/AR-300_2.jpg, media/nas".to_owned(),
            format!("1 files or folders lie too deep: what is below them is not looked at | {deep}"),
        ]
    );
    // An empty folder is nothing to tell, and nothing else has changed.
    std::fs::create_dir(shop.path("fotos")).expect("a folder can be made");
    std::fs::remove_file(shop.path("media/nas")).expect("it was there");
    let left = said(&images(&shop), "W-IMAGE-FOLDER");
    assert_eq!(
        (left.len(), left[0].as_str()),
        (
            2,
            "1 files or folders are links, which are not followed | media/AR-300_2.jpg"
        )
    );
}

#[test]
fn a_value_that_names_a_folder_is_looked_for_once() {
    let shop: Shop = corner_shop();
    supplier(
        &shop,
        "norte",
        "rank = 10",
        "sku;name;brand;mpn;price;stock;image\nA1;Uno;Brontal;M1M;1.00;1;fotos/uno.jpg\n",
    );
    std::fs::create_dir_all(shop.path("suppliers/norte/fotos/uno.jpg")).expect("a folder can be made");
    let settings = shop.read("estante.toml");
    shop.write("estante.toml", format!("{settings}\n[images]\nfolders = []\n"));
    shop.done(&["import", "norte", "--apply", "-q"]);
    assert_eq!(codes(&images(&shop)), ["W-IMAGE-ABSENT"]);
    let again = shop.done(&["enrich", "images"]);
    assert!(!again.err.contains("looking for the products"), "{}", again.err);
    // The picture comes: it is seen.
    std::fs::remove_dir(shop.path("suppliers/norte/fotos/uno.jpg")).expect("it is empty");
    shop.write("suppliers/norte/fotos/uno.jpg", photograph(1, 600, 600));
    let found = shop.done(&["enrich", "images"]);
    assert!(found.err.contains("looking for the products"), "{}", found.err);
    assert_eq!(images(&shop)["products"], 1);
}

#[test]
fn a_picture_that_comes_later_is_seen() {
    let shop = corner_shop();
    supplier(
        &shop,
        "norte",
        "rank = 10",
        "sku;name;brand;mpn;price;stock;image\nA1;Uno;Brontal;M1M;1.00;1;fotos/uno.jpg\nA2;Dos;Brontal;M2M;1.00;1;\n",
    );
    let settings = shop.read("estante.toml");
    let table = "[images]\nfolders = [\"media\"]\nlists = [\"list.csv\"]\n";
    shop.write("estante.toml", format!("{settings}\n{table}"));
    shop.write("media/fotos/uno.jpg", photograph(1, 600, 600));
    shop.write("list.csv", "file,sku\nelsewhere/2.jpg,A2\n");
    shop.done(&["import", "norte", "--apply", "-q"]);
    let first = images(&shop);
    // What a supplier names is not unmatched, whatever its name says.
    assert_eq!(codes(&first), ["W-IMAGE-LIST"], "{first:#}");
    assert_eq!((&first["pictures"], &first["unmatched"]), (&1.into(), &0.into()));
    // The supplier's own folder comes first.
    shop.write("suppliers/norte/fotos/uno.jpg", photograph(2, 600, 600));
    let own = images(&shop);
    assert_eq!((&own["pictures"], &own["changed"]), (&1.into(), &1.into()), "{own:#}");
    // The other one is nobody's now.
    assert_eq!(codes(&own), ["I-IMAGE-UNMATCHED", "W-IMAGE-LIST"], "{own:#}");
    shop.write("elsewhere/2.jpg", photograph(3, 600, 600));
    let listed = images(&shop);
    assert_eq!(codes(&listed), ["I-IMAGE-UNMATCHED"], "{listed:#}");
    assert_eq!((&listed["pictures"], &listed["changed"]), (&2.into(), &1.into()));
}

/// A shop's folder that everybody may write to.
#[cfg(unix)]
fn opened(shop: &Shop) {
    use std::os::unix::fs::PermissionsExt;
    let mut found = vec![shop.folder().to_owned()];
    while let Some(path) = found.pop() {
        let all = std::fs::Permissions::from_mode(0o777);
        std::fs::set_permissions(&path, all).expect("rights can be given");
        if path.is_dir() {
            let entries = std::fs::read_dir(&path).expect("it is readable");
            found.extend(entries.flatten().map(|entry| entry.path()));
        }
    }
}

#[cfg(unix)]
#[test]
fn rights_that_are_given_later_are_seen() {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    use std::os::unix::process::CommandExt;
    let shop = shop_with_pictures();
    shop.done(&["import", "norte", "--apply", "-q"]);
    opened(&shop);
    let root = std::fs::metadata(shop.folder()).is_ok_and(|folder| folder.uid() == 0);
    let run = || {
        let mut command = shop.command(&["enrich", "images", "--json"]);
        // Rights do not count for the superuser.
        if root {
            command.uid(65_534).gid(65_534);
        }
        let output = command.output().expect("the program starts");
        let told = String::from_utf8_lossy(&output.stdout).into_owned();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        serde_json::from_str::<serde_json::Value>(&told).unwrap_or_else(|e| panic!("{e}: {told} {error}"))
    };
    let give = |mode: u32| {
        let rights = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(shop.path("media/B-88.jpg"), rights).expect("rights can be given");
    };
    give(0o000);
    let first = run();
    assert!(codes(&first).contains(&"E-IMAGE-READ".to_owned()), "{first:#}");
    assert_eq!(first["products"], 1);
    assert_eq!(run()["changed_nothing"], true);
    give(0o644);
    let second = run();
    assert!(!codes(&second).contains(&"E-IMAGE-READ".to_owned()), "{second:#}");
    assert_eq!(second["products"], 2);
}
