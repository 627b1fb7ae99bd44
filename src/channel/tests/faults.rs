//! A channel file that is wrong: every fault is told, with its place.

use crate::channel::tests::compose::{channel, schema};

#[test]
fn every_fault_of_a_channel_is_told_with_its_place() {
    let check = |text: &str, expected: &[&str]| {
        let faults = channel(text, &schema()).err().unwrap_or_default();
        assert_eq!(faults, expected, "{text}");
    };
    check(
        r#"name = "Shop"
pack = "case"
format = "cvs"
locale = "fr"
currency = "EURO"
domain = "tienda.example"
media = "m"
file = "../shop.csv"
filter = "stok > 0"
custom = ["mine"]

[price]
multiply = "0"
attributes = ["prize"]

[fields]
titel = { attribute = "name" }
title = { template = "{{ nmae }}" }
text = { template = "{% if %}" }
money = { attribute = "brand" }
size = { measure = { attribute = "weight", unit = "cm" } }
pairs = { groups = [{ nam = { value = "x" }, value = { attribute = "colour" } }] }
many = { list = [{ axis_name = 0 }, { attribute = "sise" }] }
"#,
        &[
            "shop.toml:3:10: the pack case has no format `cvs` [E-CHANNEL-FORMAT]; did you mean `csv`? known are `csv`, `api`",
            "shop.toml:4:10: the workspace has no locale `fr` [E-UNKNOWN-LOCALE]; known are `es`, `en`",
            "shop.toml:5:12: not a currency [E-CURRENCY]; write a code of ISO 4217, such as EUR",
            "shop.toml:6:10: `tienda.example` is no http or https address [E-CHANNEL-DOMAIN]; write it as https://tienda.example",
            "shop.toml:7:9: `m` is no http or https address [E-CHANNEL-DOMAIN]; write it as https://tienda.example/media",
            "shop.toml:8:8: `../shop.csv` is no name of a file [E-CHANNEL-FILE]; write letters, digits, `-`, `_` and `.`; the folder is out/<channel>",
            "shop.toml:9:10: unknown attribute `stok` [E-UNKNOWN-ATTRIBUTE]; did you mean `stock`?",
            "shop.toml:10:11: the column `mine` of your own comes from nowhere [E-CHANNEL-CUSTOM]; say under [fields] what fills it",
            "shop.toml:13:12: `multiply` must be above zero [E-CHANNEL-PRICE]; write a number such as \"1.05\" or \"0.95\"",
            "shop.toml:14:15: unknown attribute `prize` [E-UNKNOWN-ATTRIBUTE]; did you mean `price`?",
            "shop.toml:16:1: id is required and comes from nowhere [E-CHANNEL-REQUIRED]; add it: \"id\" = { attribute = \"…\" }",
            "shop.toml:17:1: fields names the field titel, which the pack case does not have [E-PACK-FIELD]; did you mean `title`?",
            "shop.toml:18:22: unknown attribute `nmae` [E-UNKNOWN-ATTRIBUTE]; did you mean `name`?",
            "shop.toml:19:21: no template: syntax error: unexpected end of block [E-TEMPLATE]",
            "shop.toml:20:23: `brand` is of kind text and the field wants an amount with its currency [E-CHANNEL-KIND]; name an attribute of kind money",
            "shop.toml:21:51: kg measures mass, cm measures length [E-MEASURE-DIMENSION]; choose a unit of the same dimension",
            "shop.toml:22:23: the field has no part `nam` [E-CHANNEL-PART]; did you mean `name`? known are `name`, `value`, `cost`",
            "shop.toml:22:68: unknown attribute `colour` [E-UNKNOWN-ATTRIBUTE]; did you mean `color`?",
            "shop.toml:23:32: axes are counted from 1 [E-CHANNEL-AXIS]; write 1, 2 or 3",
            "shop.toml:23:51: unknown attribute `sise` [E-UNKNOWN-ATTRIBUTE]; did you mean `size`?",
        ],
    );
    check(
        "name = \"Shop\"\npack = \"case\"\nlocale = \"es\"\nformat = \"api\"\nfields = { id = { attribute = \"sku\" } }",
        &["shop.toml:4:10: the format api is described only and cannot be written to a file [E-CHANNEL-FORMAT]"],
    );
    check(
        "name = \"Shop\"\npack = \"case\"\nlocale = \"es\"\nfields = { id = { attribut = \"sku\" } }",
        &[
            "shop.toml:4:19: unknown word `attribut` for `fields.id` [E-UNKNOWN-WORD]; did you mean `attribute`? known are `attribute`, `value`, `template`, `category`, `availability`, `condition`, `image`, `axis_name`, `axis_value`, `measure`, `words`, `when`, `drafted`, `undrafted`, `first_of`, `list`, `groups`, `details`",
        ],
    );
}
