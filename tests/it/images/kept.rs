//! What is kept between runs: only what changed is looked at again, and nothing that is not needed stays behind.

use crate::images::{images, shop_with_pictures};

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
    // Without a recipe nothing is made, and nothing of it stays.
    std::fs::remove_dir_all(shop.path(".estante/images")).expect("the state is there");
    shop.edit("estante.toml", "side = 300", "enabled = false");
    images(&shop);
    assert_eq!(
        shop.files("out/web/images").into_keys().collect::<Vec<_>>(),
        ["out/web/images/logo.jpg"]
    );
}
