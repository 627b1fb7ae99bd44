//! What is kept between runs: only what changed is looked at again, and nothing that is not needed stays behind.

use crate::images::{images, photograph, shop_with_pictures};

#[test]
fn files_of_an_old_recipe_go_although_the_state_is_lost() {
    let shop = shop_with_pictures();
    shop.write("out/web/images/logo.jpg", "mine");
    shop.done(&["import", "norte", "--apply", "-q"]);
    images(&shop);
    let first: Vec<String> = shop.files("out/web/images").into_keys().collect();
    std::fs::remove_dir_all(shop.path(".estante/images")).expect("the state is there");
    shop.edit("estante.toml", "side = 400", "side = 300");
    images(&shop);
    let second: Vec<String> = shop.files("out/web/images").into_keys().collect();
    assert_eq!((first.len(), second.len()), (5, 5), "{second:?}");
    let both: Vec<&String> = first.iter().filter(|name| second.contains(name)).collect();
    assert_eq!(both, ["out/web/images/logo.jpg"]);
    // Nor does what the old recipe made stay in the store.
    assert_eq!(shop.files(".estante/media/derived").len(), 4);
    // Without a recipe nothing is made, and nothing of it stays.
    std::fs::remove_dir_all(shop.path(".estante/images")).expect("the state is there");
    shop.edit("estante.toml", "side = 300", "enabled = false");
    images(&shop);
    assert_eq!(
        shop.files("out/web/images").into_keys().collect::<Vec<_>>(),
        ["out/web/images/logo.jpg"]
    );
    assert_eq!(shop.files(".estante/media/derived").len(), 0);
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
