//! Cells as suppliers write them, through an import: what they come to, and what is said of them.

use crate::corner::{bare_shop, codes, deliver, import, supplier, tally, value};

#[test]
fn stock_that_is_said_unsurely_costs_no_row() {
    let shop = bare_shop();
    let list = "sku;name;price;stock\nA;A;1.00;>50\nB;B;1.00;> 60\nC;C;1.00;<5\nD;D;1.00;agotado\nE;E;1.00;7\nF;F;1.00;+10\nG;G;1.00;en stock\n";
    supplier(&shop, "list", "", list);
    let document = import(&shop, "list");
    assert_eq!(tally(&document), "6 new, 1 rejected", "{document:#}");
    assert_eq!(
        codes(&document),
        ["I-STOCK-AT-LEAST@2", "I-STOCK-AT-MOST@4", "E-STOCK-WORD@8"]
    );
    let message = document["diagnostics"][0]["message"].as_str();
    assert_eq!(message, Some("a stock of so many or more, read as so many (3 cells)"));
    let stock = ["A", "B", "C", "D", "E", "F"].map(|sku| value(&shop, sku, "stock").unwrap_or_default());
    assert_eq!(stock, ["50", "60", "0", "0", "7", "10"]);

    // A map goes before, and a bound that it does not know is read all the same.
    let fields = shop.read("suppliers/list/supplier.toml").replace(
        "stock = { column = \"stock\", optional = true }",
        "stock = { column = \"stock\", map = \"stock\" }",
    );
    let maps = "[maps.stock]\n\">50\" = \"99\"\n\"en stock\" = \"3\"\n\"<5\" = \"1\"\n";
    shop.write("suppliers/list/supplier.toml", format!("{fields}\n{maps}"));
    deliver(&shop, "list", list);
    let document = import(&shop, "list");
    assert_eq!(codes(&document), ["I-STOCK-AT-LEAST@3"], "{document:#}");
    let stock = ["A", "B", "C", "G"].map(|sku| value(&shop, sku, "stock").unwrap_or_default());
    assert_eq!(stock, ["99", "60", "1", "3"]);
}

#[test]
fn one_cell_of_several_values_fills_several_fields() {
    let shop = bare_shop();
    shop.write(
        "schemas/sides.toml",
        "[attributes]\nlength = { kind = \"measure\", unit = \"cm\" }\nheight = { kind = \"measure\", unit = \"cm\" }\n\
         pieces = { kind = \"integer\" }\ncontent = { kind = \"measure\", unit = \"ml\" }\nlaunched = { kind = \"date\" }\n",
    );
    shop.write(
        "suppliers/list/supplier.toml",
        "name = \"List\"\n[file]\npath = [\"list.jsonl\"]\n[read]\ndates = \"epoch\"\nnumbers = \"1234,56\"\n[fields]\nsku = { column = \"sku\" }\n\
         length = { column = \"sides\", steps = [{ dimension = 1 }] }\nheight = { column = \"sides\", steps = [{ dimension = 3 }], unit = \"cm\" }\n\
         pieces = { column = \"pack\", steps = [{ pack = \"count\" }] }\ncontent = { column = \"pack\", steps = [{ pack = \"content\" }] }\n\
         gtin = { column = \"codes\" }\nlaunched = { column = \"at\" }\n",
    );
    shop.write(
        "suppliers/list/list.jsonl",
        "{\"sku\":\"A\",\"sides\":\"L10,5xA20xH30mm\",\"pack\":\"12PZ X 300ML\",\"codes\":\"8412345678905, 8412345678912\",\"at\":1704067200}\n\
         {\"sku\":\"B\",\"sides\":\"10 x 20 x 30\",\"pack\":\"6x1,5L\",\"at\":\"1704067200\"}\n\
         {\"sku\":\"C\",\"sides\":\"grande\",\"pack\":\"surtido\",\"at\":\"2024-01-01\"}\n",
    );
    let document = import(&shop, "list");
    assert_eq!(tally(&document), "3 new", "{document:#}");
    assert_eq!(
        codes(&document),
        [
            "W-GTIN-MULTIPLE@1",
            "E-MEASURE-UNIT@2",
            "E-PACK@3",
            "E-DIMENSIONS@3",
            "E-DATE@3",
            "E-DIMENSIONS@3",
            "E-PACK@3"
        ],
        "{document:#}"
    );
    let told = |sku: &str| {
        let names = ["length", "height", "pieces", "content", "gtin", "launched"];
        names
            .map(|name| value(&shop, sku, name).unwrap_or_default())
            .join(" | ")
    };
    assert_eq!(told("A"), "1.05 cm | 3 cm | 12 | 300 ml | 8412345678905 | 2024-01-01");
    assert_eq!(told("B"), " | 30 cm | 6 | 1500 ml |  | 2024-01-01");
    assert_eq!(told("C"), " |  |  |  |  | ");
}

#[test]
fn numbers_of_the_format_keep_their_value_beside_texts_and_in_sums() {
    let shop = bare_shop();
    shop.write(
        "schemas/weight.toml",
        "[attributes]\nweight = { kind = \"measure\", unit = \"kg\" }\nvolume = { kind = \"decimal\" }\n",
    );
    shop.write(
        "suppliers/list/supplier.toml",
        "name = \"List\"\n[file]\npath = [\"list.jsonl\"]\n[read]\nnumbers = \"1.234,56\"\n[fields]\nsku = { column = \"sku\" }\n\
         weight = { template = \"{{ row['w'] }} {{ row['u'] }}\" }\nvolume = { columns = [\"base\", \"more\"], steps = [\"sum\"] }\n",
    );
    // The first tells its weight as a number, the second as the supplier writes; of the third nothing is said that could be added to.
    shop.write(
        "suppliers/list/list.jsonl",
        "{\"sku\":\"A\",\"w\":1.525,\"u\":\"kg\",\"base\":1.5,\"more\":\"0,25\"}\n\
         {\"sku\":\"B\",\"w\":\"1.525,5\",\"u\":\"g\",\"base\":\"1.000,5\",\"more\":2}\n\
         {\"sku\":\"C\",\"w\":2,\"u\":\"kg\",\"base\":\"\",\"more\":3}\n",
    );
    let document = import(&shop, "list");
    assert_eq!(
        (tally(&document), codes(&document)),
        ("3 new".to_owned(), vec![]),
        "{document:#}"
    );
    let of = |attribute: &str| ["A", "B", "C"].map(|sku| value(&shop, sku, attribute).unwrap_or_default());
    assert_eq!(of("weight"), ["1.525 kg", "1.5255 kg", "2 kg"]);
    assert_eq!(of("volume"), ["1.75", "1002.5", "3"]);
    // A surcharge alone is no price; pieces in one of two houses are pieces.
    shop.edit("suppliers/list/supplier.toml", "volume = {", "price = {");
    shop.edit(
        "suppliers/list/supplier.toml",
        "[read]\n",
        "[read]\ncurrency = \"EUR\"\n",
    );
    import(&shop, "list");
    let prices = ["A", "B", "C"].map(|sku| value(&shop, sku, "price"));
    assert_eq!(
        prices,
        [Some("1.75 EUR".to_owned()), Some("1002.50 EUR".to_owned()), None]
    );
}
