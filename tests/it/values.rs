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
