//! What is kept between runs: only what changed is looked at again, and nothing that is not needed stays behind.

use crate::corner::{corner_shop, deliver};
use crate::images::{images, photograph, pictures, shop_with_pictures, supplier};
use crate::support::Shop;

/// Products that a run of the step looks at, as it tells on the way; none where nothing changed at all.
fn looked_at(shop: &Shop) -> Option<usize> {
    let told = shop.done(&["enrich", "images"]).err;
    let at = told.find("looking for the products of pictures (")?;
    let count = told[at..].split(['(', ')']).nth(1)?;
    count.parse().ok()
}

/// The same workspace, with all that is known of its pictures forgotten.
fn forgetful(shop: &Shop) -> Shop {
    let twin = shop.twin();
    std::fs::remove_dir_all(twin.path(".estante/images")).expect("the state is there");
    twin
}

const HEAD: &str = "sku;name;brand;mpn;model;color;price;stock;image\n";

#[test]
fn only_products_that_changed_are_looked_at() {
    let shop = corner_shop();
    let mut rows: Vec<String> = (10..40)
        .map(|n| format!("S{n};Pieza {n};Brontal;M{n}M;;;{n}.00;1;fotos/{n}.jpg"))
        .collect();
    let list = |rows: &[String]| format!("{HEAD}{}\n", rows.join("\n"));
    supplier(&shop, "norte", "rank = 10\nmode = \"delta\"", &list(&rows));
    let estante = shop.read("estante.toml");
    shop.write(
        "estante.toml",
        format!("{estante}\n[images]\nderive = {{ side = 100 }}\n"),
    );
    for n in [10, 11, 12] {
        shop.write(format!("suppliers/norte/fotos/{n}.jpg"), photograph(n, 500, 500));
    }
    for n in [12, 13, 14] {
        shop.write(format!("media/S{n}.jpg"), photograph(n + 5, 500, 500));
    }
    let step = |what: &str, expected: Option<usize>| {
        assert_eq!(looked_at(&shop), expected, "{what}");
        // It comes to the same as if nothing had been known.
        let anew = forgetful(&shop);
        let (mut kept, mut fresh) = (images(&shop), images(&anew));
        for told in [&mut kept, &mut fresh] {
            for (key, same) in [
                ("seconds", 0.into()),
                ("made", 0.into()),
                ("changed_nothing", true.into()),
            ] {
                told[key] = same;
            }
        }
        assert_eq!(kept, fresh, "{what}");
        assert_eq!(fresh["batch"], serde_json::Value::Null, "{what}: {fresh:#}");
        assert_eq!(shop.files("out"), anew.files("out"), "{what}");
    };
    let import = || {
        let told = shop.done(&["import", "norte", "--apply", "--json"]).json();
        told["batch"].to_string()
    };
    import();
    step("the first time", Some(30));
    step("again", None);
    // Another price, another picture, a picture less, a new product: four of thirty-one.
    rows[0] = rows[0].replace("10.00", "10.50");
    rows[3] = rows[3].replace("fotos/13.jpg", "fotos/10.jpg");
    rows[2] = rows[2].replace("fotos/12.jpg", "#BORRAR");
    rows.push("S40;Pieza 40;Brontal;M40M;;;40.00;1;fotos/11.jpg".to_owned());
    deliver(&shop, "norte", &list(&rows));
    let batch = import();
    step("a delivery", Some(4));
    // Where it is taken back, the new product is gone, and its picture with it.
    shop.done(&["undo", &batch]);
    step("the undo", Some(3));
    shop.done(&["product", "set", "S20", "image=fotos/none.jpg"]);
    step("a person", Some(1));
    // A file that another name asks for may be anybody's.
    shop.write("media/S30.jpg", photograph(3, 500, 500));
    step("a new file", Some(30));
    // A changed file is read, and no product for it.
    shop.write("media/S14.jpg", photograph(60, 500, 500));
    step("a changed file", None);
}

/// Names in the folder of the channel's pictures.
fn made(shop: &Shop) -> Vec<String> {
    let files = shop.files("out/web/images").into_keys();
    files
        .filter_map(|path| path.rsplit('/').next().map(str::to_owned))
        .collect()
}

#[test]
fn only_files_that_are_noted_are_taken_away() {
    let shop = shop_with_pictures();
    // A date is a hash by its form.
    let own = ["foto_1-20240315.jpg", "logo.jpg", "plan_2-0123abcd.part"];
    for name in own {
        shop.write(format!("out/web/images/{name}"), "mine");
    }
    shop.done(&["import", "norte", "--apply", "-q"]);
    images(&shop);
    let first = made(&shop);
    shop.edit("estante.toml", "side = 400", "side = 300");
    images(&shop);
    let second = made(&shop);
    assert_eq!((first.len(), second.len()), (7, 7), "{second:?}");
    let both: Vec<&String> = first.iter().filter(|name| second.contains(name)).collect();
    assert_eq!(both, own);
    // Nor does what the old recipe made stay in the store.
    assert_eq!(shop.files(".estante/media/derived").len(), 4);
    // Where the state is lost, nobody knows any more whose the files are.
    let lost = forgetful(&shop);
    lost.edit("estante.toml", "side = 300", "side = 200");
    images(&lost);
    let third = made(&lost);
    assert!(
        third.len() == 11 && second.iter().all(|name| third.contains(name)),
        "{third:?}"
    );
    lost.edit("estante.toml", "side = 200", "enabled = false");
    images(&lost);
    assert_eq!(made(&lost), second);
    // Without a recipe nothing is made, and nothing of it stays.
    shop.write(".estante/media/derived/notes/a.txt", "mine");
    shop.edit("estante.toml", "side = 300", "enabled = false");
    images(&shop);
    assert_eq!(made(&shop), own);
    assert_eq!(shop.files(".estante/media/derived").len(), 1);
}

#[cfg(unix)]
#[test]
fn nothing_behind_a_link_is_taken_away() {
    for link in ["out/web/images", "out/web"] {
        let shop = shop_with_pictures();
        shop.done(&["import", "norte", "--apply", "-q"]);
        images(&shop);
        let first = made(&shop);
        std::fs::rename(shop.path(link), shop.path("elsewhere")).expect("it can be moved");
        std::os::unix::fs::symlink(shop.path("elsewhere"), shop.path(link)).expect("a link can be made");
        shop.edit("estante.toml", "side = 400", "side = 300");
        images(&shop);
        let left: Vec<String> = shop.files("elsewhere").into_keys().collect();
        let stays = |name: &&String| left.iter().any(|path| path.ends_with(*name));
        assert_eq!(first.iter().filter(stays).count(), 4, "{link}: {left:?}");
        shop.edit("estante.toml", "side = 300", "enabled = false");
        images(&shop);
        assert_eq!(shop.files("elsewhere").len(), left.len(), "{link}");
    }
}

#[test]
fn a_channel_that_is_gone_takes_its_pictures_with_it() {
    let shop = shop_with_pictures();
    shop.write("channels/shop.toml", shop.read("channels/web.toml"));
    shop.done(&["run", "-q"]);
    shop.write("out/shop/images/logo.jpg", "mine");
    let of = |channel: &str| shop.files(&format!("out/{channel}/images")).len();
    assert_eq!((of("web"), of("shop")), (4, 5));
    std::fs::remove_file(shop.path("channels/shop.toml")).expect("it was there");
    shop.done(&["run", "-q"]);
    assert_eq!((of("web"), of("shop")), (4, 1));
    std::fs::remove_dir_all(shop.path("out/shop")).expect("it was there");
    shop.done(&["verify"]);
}

#[test]
fn originals_that_nothing_shows_are_counted_and_kept() {
    let shop = shop_with_pictures();
    shop.done(&["import", "norte", "--apply", "-q"]);
    images(&shop);
    let unused = || {
        let told = shop.done(&["verify", "--json"]).json();
        (told["unused_pictures"].as_u64(), told["unused_bytes"].as_u64())
    };
    assert_eq!(unused(), (Some(0), Some(0)));
    let before = shop.bytes("media/B-88.jpg");
    shop.write("media/B-88.jpg", photograph(9, 500, 500));
    images(&shop);
    assert_eq!(unused(), (Some(1), Some(before.len() as u64)));
    assert!(
        shop.done(&["verify"])
            .out
            .contains("1 originals that nothing shows any more")
    );
    let originals = shop
        .files(".estante/media")
        .into_values()
        .filter(|kept| *kept == before);
    assert_eq!(originals.count(), 1);
    assert_eq!(shop.files(".estante/media/derived").len(), 4);
    // The whole store may go: what is shown is read again.
    std::fs::remove_dir_all(shop.path(".estante/media")).expect("it is there");
    assert!(images(&shop)["batch"].is_null());
    assert_eq!(unused(), (Some(0), Some(0)));
}

#[test]
fn a_killed_run_is_gone_on_with() {
    let shop = corner_shop();
    let rows: Vec<String> = (100..130)
        .map(|n| format!("S{n};Pieza {n};Brontal;M{n}M;;;{n}.00;1;"))
        .collect();
    supplier(&shop, "norte", "rank = 10", &format!("{HEAD}{}\n", rows.join("\n")));
    let estante = shop.read("estante.toml");
    let settings = format!("{estante}\n[images]\nderive = {{ side = 100 }}\n");
    shop.write("estante.toml", settings);
    for n in 100..130 {
        shop.write(format!("media/S{n}.jpg"), photograph(n, 400, 400));
    }
    // What is refused is kept like the rest.
    shop.write("media/S100.jpg", "<html>");
    shop.done(&["import", "norte", "--apply", "-q"]);
    let mut running = shop
        .command(&["enrich", "images", "--threads", "1", "-q"])
        .spawn()
        .expect("the program starts");
    let journal = shop.path(".estante/images/journal.jsonl");
    let lines = || std::fs::read_to_string(&journal).map_or(0, |text| text.lines().count());
    while lines() < 6 && running.try_wait().expect("it can be asked").is_none() {
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
    running.kill().expect("it was running");
    running.wait().expect("it ended");
    // An empty line, the settings, and one line for each picture; the state itself is written at the end alone.
    let done = lines() as u64 - 2;
    assert!((4..30).contains(&done), "{done}");
    assert!(!shop.path(".estante/images/state.json").exists());
    // The last line was cut off, as where the power fails.
    let text = shop.read(".estante/images/journal.jsonl");
    shop.write(".estante/images/journal.jsonl", &text[..text.len() - 20]);
    let whole = forgetful(&shop);
    let (mut left, mut all) = (images(&shop), images(&whole));
    assert_eq!(all["made"], 29);
    // Of what was worked out the refused one is tried again, under settings that may be others.
    assert_eq!(left["made"].as_u64(), Some(29 - (done - 2)), "{done}");
    for told in [&mut left, &mut all] {
        told["made"] = 0.into();
        told["seconds"] = 0.into();
    }
    assert_eq!(left, all);
    assert_eq!(shop.files("out"), whole.files("out"));
    assert!(!journal.exists());
    assert_eq!(looked_at(&shop), None);
    assert!(!journal.exists());
}

#[test]
fn another_order_of_suppliers_is_another_question() {
    let shop = corner_shop();
    let list =
        |name: &str, mpn: &str| format!("sku;name;brand;mpn;price;stock;image\nX1;{name};Brontal;{mpn};1.00;1;\n");
    supplier(&shop, "norte", "rank = 10\nsku_prefix = \"N-\"", &list("Uno", "M1M"));
    supplier(&shop, "sur", "rank = 20\nsku_prefix = \"S-\"", &list("Dos", "M2M"));
    supplier(&shop, "fotos", "rank = 30\nadds_to = \"norte\"", &list("", ""));
    shop.write("suppliers/fotos/media/X1.jpg", photograph(1, 600, 600));
    let estante = shop.read("estante.toml");
    let settings = format!("{estante}\n[images]\nfolders = [\"suppliers/*/media\"]\n");
    shop.write("estante.toml", settings);
    shop.done(&["import", "norte", "--apply", "-q"]);
    shop.done(&["import", "sur", "--apply", "-q"]);
    let owner = || {
        images(&shop);
        ["N-X1", "S-X1"].map(|sku| !pictures(&shop, sku).is_empty())
    };
    assert_eq!(owner(), [true, false]);
    shop.edit(
        "suppliers/fotos/supplier.toml",
        "adds_to = \"norte\"",
        "adds_to = \"sur\"",
    );
    assert_eq!(owner(), [false, true]);
}

/// Old archives leave names that are no UTF-8; what is known of the other pictures is not lost with them.
#[cfg(unix)]
#[test]
fn names_that_are_no_text_are_told_and_nothing_else_is_forgotten() {
    use std::os::unix::ffi::OsStrExt;
    let shop = corner_shop();
    supplier(
        &shop,
        "norte",
        "rank = 10",
        &format!("{HEAD}S10;Pieza;Brontal;M10;;;10.00;1;\n"),
    );
    let estante = shop.read("estante.toml");
    shop.write("estante.toml", format!("{estante}\n[images]\nfolders = [\"media\"]\n"));
    shop.write("media/S10.jpg", photograph(10, 500, 500));
    let folder = shop.path("media").join(std::ffi::OsStr::from_bytes(b"f\xe9"));
    std::fs::create_dir_all(&folder).expect("a folder");
    std::fs::write(folder.join("S10_2.jpg"), photograph(11, 500, 500)).expect("a picture");
    let told = images(&shop);
    let finding = (told["diagnostics"].as_array().into_iter().flatten())
        .find(|finding| finding["code"] == "W-IMAGE-FOLDER")
        .expect("it is told");
    assert!(
        finding["message"].as_str().unwrap_or_default().contains("no UTF-8"),
        "{finding}"
    );
    shop.done(&["verify", "--quiet"]);
    assert_eq!(looked_at(&shop), None);
}
