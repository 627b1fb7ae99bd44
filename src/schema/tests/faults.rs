//! One bad case for each fault; the good cases stand in `tests`.

use crate::schema::tests::read;

/// What is told of one file: nothing where it is good.
#[track_caller]
fn check(text: &str, expected: &str) {
    let told = match read(&[("a.toml", text)]) {
        Ok(_) => String::new(),
        Err(faults) => faults.iter().map(|fault| fault.to_string() + "\n").collect(),
    };
    assert_eq!(told, expected, "{text}");
}

#[test]
fn attributes_with_faults() {
    check(
        r#"
[attributes.Name]
kind = "text"
labels = { Spanish = "Nombre" }
[attributes.weight]
kind = "measure"
[attributes.power]
kind = "measure"
unit = "Wat"
min = "5"
max = "1"
[attributes.color]
kind = "option"
options = "colours"
max_length = 20
[attributes.size]
kind = "options"
policy = "lowest"
[attributes.stock]
kind = "integer"
min = "0.5"
max = "1.000,5"
pattern = "x"
[attributes.price]
kind = "text"
pattern = "([a-z"
unit = "kg"
open = true
[attributes.gtin]
kind = "gtin"
localizable = true
[attributes.sku]
kind = "identifier"
[attributes.note]
kind = "txt"
max_lenght = 3
[options.colors.values.red]
"#,
        r#"a.toml:2:13: `Name` cannot be a code [E-BAD-CODE]; begin with a small letter, go on with small letters, digits and `_`, at most 64; what people read stands in `labels`
a.toml:4:12: `Spanish` is no locale [E-BAD-LOCALE]; write a language (`es`) or a language and a region (`es-MX`)
a.toml:5:1: missing key `unit`, which attributes of kind measure need [E-MISSING-KEY]; name the unit that its values are kept in: unit = "kg"
a.toml:9:8: unknown unit `Wat` [E-UNKNOWN-UNIT]; did you mean `W`?
a.toml:11:7: `max` 1 is less than `min` 5 [E-BAD-LIMITS]; exchange them
a.toml:14:11: unknown option list `colours` [E-UNKNOWN-LIST]; did you mean `colors`? known are `colors`
a.toml:15:1: `max_length` is not for attributes of kind option [E-KEY-OF-OTHER-KIND]; it is for text, rich_text, identifier, url
a.toml:16:1: missing key `options`, which attributes of kind options need [E-MISSING-KEY]; name the list that its values are of: options = "colors"
a.toml:18:10: this policy is not for attributes of kind options [E-POLICY-KIND]; it is for integer, decimal, measure, money, date, datetime
a.toml:21:7: `min` is `0.5`, which is no whole number [E-BAD-NUMBER]; write digits: "5"
a.toml:22:7: `max` is `1.000,5`, which is no whole number [E-BAD-NUMBER]; write digits: "5"
a.toml:23:1: `pattern` is not for attributes of kind integer [E-KEY-OF-OTHER-KIND]; it is for text, identifier, url
a.toml:25:8: `price` must be of kind money [E-WRONG-KIND]; the program reads this attribute; give another thing another code
a.toml:26:11: `pattern` is no regular expression: unclosed character class [E-BAD-PATTERN]; see https://docs.rs/regex for what a pattern may hold (no look-around, no back-references)
a.toml:27:1: `unit` is not for attributes of kind text [E-KEY-OF-OTHER-KIND]; it is for measure
a.toml:28:1: `open` is not for attributes of kind text [E-KEY-OF-OTHER-KIND]; it is for option, options
a.toml:31:15: `gtin` is the same everywhere, so it cannot be localizable [E-NO-SCOPE]; take `localizable` out
a.toml:32:13: `sku` is no attribute: every product has one [E-RESERVED-CODE]; take it out; feeds and channels know it without
a.toml:35:8: unknown word `txt` for `attributes.note.kind` [E-UNKNOWN-WORD]; did you mean `text`? known are `text`, `rich_text`, `integer`, `decimal`, `measure`, `money`, `boolean`, `date`, `datetime`, `option`, `options`, `gtin`, `identifier`, `url`, `media`, `reference`, `table`
a.toml:36:1: unknown key `max_lenght` in `attributes.note` [E-UNKNOWN-KEY]; did you mean `max_length`? known are `decimals`, `group`, `kind`, `labels`, `localizable`, `locked`, `max`, `max_length`, `min`, `open`, `options`, `pattern`, `policy`, `role`, `scopable`, `searchable`, `specs`, `unit`
"#,
    );
}

#[test]
fn option_lists_with_faults() {
    check(
        r#"
[options.colors.values.red]
labels = { es = "Rojo" }
synonyms = ["ROJO!", "???", "azúl"]
[options.colors.values.blue]
labels = { es = "Azul" }
[options.colors.values."Dark Blue"]
[options.colors.values.dark_red]
synonyms = ["dark-red"]
[options.classes.values.a]
labels = { es = "A" }
[options.classes.values.a_plus]
labels = { es = "A+" }
"#,
        r#"a.toml:4:22: `???` has no letter or digit to be compared by [E-BAD-SYNONYM]; take it out, or map it in the supplier's file
a.toml:4:29: `azúl` means `red` and `blue` [E-SAME-OPTION]; let one of them have it; accents, case and punctuation do not count
a.toml:7:24: `Dark Blue` is no code of an option [E-BAD-CODE]; write small letters, digits, `_`, `-` and `.`, at most 64; what people read stands in `labels`
"#,
    );
}

#[test]
fn families_with_faults() {
    check(
        r#"
[attributes.name]
kind = "text"
[attributes.color]
kind = "text"
[attributes.image]
kind = "media"
[families.tools]
parent = "tolls"
attributes = ["nmae"]
required = ["name", "color"]
required_for = { google = ["image"] }
axes = ["image", "color", "name", "name"]
[families.a]
parent = "c"
[families.b]
parent = "a"
[families.c]
parent = "b"
[families.d]
parent = "c"
attributes = ["image"]
axes = ["image"]
"#,
        r#"a.toml:9:10: unknown family `tolls` [E-UNKNOWN-FAMILY]; known are `a`, `b`, `c`, `d`
a.toml:10:15: unknown attribute `nmae` [E-UNKNOWN-ATTRIBUTE]; did you mean `name`? known are `color`, `image`, `name`
a.toml:11:13: the family does not have the attribute `name` [E-NOT-IN-FAMILY]; add it to the family's `attributes`
a.toml:11:21: the family does not have the attribute `color` [E-NOT-IN-FAMILY]; add it to the family's `attributes`
a.toml:12:27: unknown channel `google` [E-UNKNOWN-CHANNEL]; did you mean `google-es`? known are `google-es`, `shopify`
a.toml:12:28: the family does not have the attribute `image` [E-NOT-IN-FAMILY]; add it to the family's `attributes`
a.toml:13:8: has 4 axes, at most 3 tell variants apart [E-TOO-MANY-AXES]; channels take no more; put the others into the name
a.toml:13:9: `image` is of kind media, by which variants are not told apart [E-AXIS-KIND]; an axis is an option, a text or a measure
a.toml:13:9: the family does not have the attribute `image` [E-NOT-IN-FAMILY]; add it to the family's `attributes`
a.toml:13:18: the family does not have the attribute `color` [E-NOT-IN-FAMILY]; add it to the family's `attributes`
a.toml:13:27: the family does not have the attribute `name` [E-NOT-IN-FAMILY]; add it to the family's `attributes`
a.toml:13:35: the axis `name` stands twice [E-AXIS-TWICE]; keep one
a.toml:13:35: the family does not have the attribute `name` [E-NOT-IN-FAMILY]; add it to the family's `attributes`
a.toml:15:10: the family is above itself: `a` under `c` under `b` under `a` [E-CIRCLE]; take one `parent` out of the circle
a.toml:23:9: `image` is of kind media, by which variants are not told apart [E-AXIS-KIND]; an axis is an option, a text or a measure
"#,
    );
}

#[test]
fn policies_of_families_with_faults() {
    check(
        r#"
[attributes.name]
kind = "text"
[attributes.category]
kind = "identifier"
[families.tools]
policy = { nmae = "longest", name = "lowest", category = "newest" }
"#,
        r#"a.toml:7:12: unknown attribute `nmae` [E-UNKNOWN-ATTRIBUTE]; did you mean `name`? known are `category`, `name`
a.toml:7:37: this policy is not for attributes of kind text [E-POLICY-KIND]; it is for integer, decimal, measure, money, date, datetime
a.toml:7:47: `category` decides of which family a product is, so that no family has a say in it [E-POLICY-OF-FAMILY]; write the policy into [attributes.category]
"#,
    );
}

#[test]
fn categories_with_faults() {
    let mut text = String::new();
    for n in 0..34 {
        text += &format!("[categories.c{n:02}]\nparent = \"c{:02}\"\n", n + 1);
    }
    check(
        &format!(
            "{text}{}",
            r#"
[categories.c34]
[categories.self]
parent = "self"
[categories.drills]
parent = "tool"
family = "drill"
google = 0
[categories.tools]
shopify = 12
"#
        ),
        r#"a.toml:2:10: the category stands more than 32 deep [E-TOO-DEEP]; put it higher in the tree
a.toml:4:10: the category stands more than 32 deep [E-TOO-DEEP]; put it higher in the tree
a.toml:6:10: the category stands more than 32 deep [E-TOO-DEEP]; put it higher in the tree
a.toml:72:10: the category is above itself: `self` under `self` [E-CIRCLE]; take one `parent` out of the circle
a.toml:74:10: unknown category `tool` [E-UNKNOWN-CATEGORY]; did you mean `tools`?
a.toml:75:10: unknown family `drill` [E-UNKNOWN-FAMILY]; none is known here
a.toml:76:10: `categories.drills.google` is 0, allowed is from 1 to 4294967295 [E-BAD-VALUE]
a.toml:78:11: `categories.tools.shopify` must be text, not a whole number [E-WRONG-TYPE]; write it in quotes: "12"
"#,
    );
}

#[test]
fn units_with_faults() {
    check(
        r#"
[units.stein]
dimension = "mass"
factor = "many"
[units.kg]
dimension = "length"
[units.box]
factor = "2"
[attributes.weight]
kind = "measure"
unit = "box"
"#,
        r#"a.toml:2:1: the factor of a unit is neither a decimal nor a fraction [E-UNIT]; write it as 0.0254 or 5/9
a.toml:5:1: kg already stands for another unit [E-UNIT-TWICE]; it means kg of mass; choose another code
a.toml:7:1: missing key `dimension` in `units.box` [E-MISSING-KEY]; add `dimension`: What it measures: `mass`, `length`, … Units of one dimension convert into each other.
"#,
    );
}

#[test]
fn what_is_declared_twice_names_both_places() {
    let faults = read(&[
        ("a.toml", "[attributes.name]\nkind = 'text'\n[families.x]\n"),
        ("b.toml", "\n[families.x]\n[attributes.name]\nkind = 'url'\n"),
    ]);
    let told: Vec<String> = faults.unwrap_err().iter().map(|fault| fault.to_string()).collect();
    assert_eq!(
        told,
        [
            r#"b.toml:2:11: `families.x` is declared twice [E-DECLARED-TWICE]; it already stands in a.toml:3:11; keep one"#,
            r#"b.toml:3:13: `attributes.name` is declared twice [E-DECLARED-TWICE]; it already stands in a.toml:1:13; keep one"#,
        ]
    );
}

#[test]
fn a_file_that_cannot_be_read_hides_no_other_fault() {
    let faults = read(&[
        ("a.toml", "[attributes.name\n"),
        (
            "b.toml",
            "[families.x]\nattributes = ['name']\naxes = 3\n[options.y]\nlabels = { English = 'Y' }\n",
        ),
    ]);
    let told: Vec<String> = faults.unwrap_err().iter().map(|fault| fault.to_string()).collect();
    assert_eq!(
        told,
        [
            r#"a.toml:1:17: unclosed table, expected `]` [E-TOML-SYNTAX]"#,
            r#"b.toml:3:8: `families.x.axes` must be a list, not a whole number [E-WRONG-TYPE]; write it in brackets: [ … ]"#,
            r#"b.toml:5:12: `English` is no locale [E-BAD-LOCALE]; write a language (`es`) or a language and a region (`es-MX`)"#,
        ]
    );
}

#[test]
fn a_schema_too_large_is_refused() {
    let text: String = (0..4_001)
        .map(|n| format!("[attributes.a{n}]\nkind = 'text'\n"))
        .collect();
    check(
        &text,
        "the workspace has 4001 attributes, at most 4000 are allowed [E-SCHEMA-SIZE]\n",
    );
}

#[test]
fn thousands_of_faults_are_told_in_good_time() {
    let text: String = (0..3_000)
        .map(|n| format!("[categories.c{n}]\nparent = \"d{n}\"\n"))
        .collect();
    let faults = read(&[("a.toml", &text)]).unwrap_err();
    assert_eq!(faults.len(), 2_001);
    assert_eq!(
        faults[2_000].to_string(),
        "1000 more faults of the schema are not listed [E-MORE-FAULTS]"
    );
}
