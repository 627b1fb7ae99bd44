//! Faults of TOML files: all of them, in order, each with its place.

use crate::declaration::{Declaration, json_schema};
use crate::diagnostic::Diagnostic;
use schemars::JsonSchema;
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Shop {
    /// The name that customers see.
    name: String,
    /// Trust, lower is better.
    #[serde(default)]
    rank: Option<u8>,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    fallback: Option<Mode>,
    #[serde(default)]
    locales: Vec<String>,
    #[serde(default)]
    fields: BTreeMap<String, Field>,
    #[serde(default)]
    #[schemars(with = "Option<String>")]
    address: Option<std::net::Ipv4Addr>,
    #[serde(default)]
    #[schemars(regex(pattern = "^[A-Z]{3}$"))]
    currency: Option<String>,
    #[serde(default)]
    ratio: Option<f64>,
}

#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    #[default]
    Snapshot,
    /// Only what changed.
    DeltaOnly,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct Field {
    column: String,
    #[serde(default)]
    steps: Vec<Step>,
}

#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[allow(dead_code)]
enum Step {
    /// Blanks off both ends.
    Trim,
    Squeeze,
    /// One text for another.
    Replace {
        from: String,
        #[serde(default)]
        to: String,
    },
    Pick(u32),
}

fn told(faults: Vec<Diagnostic>) -> String {
    faults.iter().map(|fault| fault.to_string() + "\n").collect()
}

/// What is told about a text; nothing where it is good.
fn check(text: &str, expected: &str) {
    let found = Declaration::parse(text.to_string(), "shop.toml").and_then(|file| file.check::<Shop>());
    assert_eq!(found.map_or_else(told, |_| String::new()), expected, "{text}");
}

#[test]
fn a_good_file_is_read() {
    check(
        r#"
name = "Demo"
rank = 255
mode = "delta-only"
fallback = "snapshot"
locales = ["es", "en"]
address = "127.0.0.1"
currency = "EUR"
ratio = 2
[fields.name]
column = "Descripción"
steps = ["trim", "squeeze", { replace = { from = "C/" } }, { pick = 1 }]
[fields."name@en"]
column = "B"
"#,
        "",
    );
}

#[test]
fn all_faults_are_told_in_order() {
    check(
        r#"nmae = "x"
mode = "delta"
rank = 256
locales = "es"
[fields.name]
colum = 3
steps = ["trin", { replace = { form = 1 } }]
"#,
        "\
shop.toml:1:1: unknown key `nmae` [E-UNKNOWN-KEY]; did you mean `name`? known are `address`, `currency`, `fallback`, \
`fields`, `locales`, `mode`, `name`, `rank`, `ratio`
shop.toml:1:1: missing key `name` [E-MISSING-KEY]; add `name`: The name that customers see.
shop.toml:2:8: unknown word `delta` for `mode` [E-UNKNOWN-WORD]; did you mean `delta-only`? known are `snapshot`, `delta-only`
shop.toml:3:8: `rank` is 256, allowed is from 0 to 255 [E-BAD-VALUE]
shop.toml:4:11: `locales` must be a list, not text [E-WRONG-TYPE]; write it in brackets: [ … ]
shop.toml:5:1: missing key `column` in `fields.name` [E-MISSING-KEY]
shop.toml:6:1: unknown key `colum` in `fields.name` [E-UNKNOWN-KEY]; did you mean `column`? known are `column`, `steps`
shop.toml:7:10: unknown word `trin` for `fields.name.steps[0]` [E-UNKNOWN-WORD]; did you mean `trim`? known are `squeeze`, `trim`, `replace`, `pick`
shop.toml:7:30: missing key `from` in `fields.name.steps[1].replace` [E-MISSING-KEY]
shop.toml:7:32: unknown key `form` in `fields.name.steps[1].replace` [E-UNKNOWN-KEY]; did you mean `from`? known are `from`, `to`
",
    );
}

#[test]
fn wrong_types_are_told_with_the_remedy() {
    check(
        r#"name = 2026-11-22
rank = "10"
fallback = true
ratio = "2.5"
currency = "euro"
[fields]
name = "Descripción"
[fields."name@en"]
column = 3
"#,
        "\
shop.toml:1:8: `name` must be text, not a date [E-WRONG-TYPE]; write it in quotes: \"2026-11-22\"
shop.toml:2:8: `rank` must be a whole number, not text [E-WRONG-TYPE]; write it without quotes: 10
shop.toml:3:12: `fallback` must be text, not true or false [E-WRONG-TYPE]; write it in quotes: \"true\"
shop.toml:4:9: `ratio` must be a number, not text [E-WRONG-TYPE]; write it without quotes: 2.5
shop.toml:5:12: `currency` is `euro`, which does not match `^[A-Z]{3}$` [E-BAD-VALUE]
shop.toml:7:8: `fields.name` must be a table, not text [E-WRONG-TYPE]
shop.toml:9:10: `fields.\"name@en\".column` must be text, not a whole number [E-WRONG-TYPE]; write it in quotes: \"3\"
",
    );
}

#[test]
fn a_choice_is_told_under_the_form_that_was_meant() {
    check(
        r#"name = "x"
[fields.name]
column = "B"
steps = [
  "replace",
  { trim = true },
  { replace = { from = "a" }, pick = 1 },
  { replacc = { from = "a" } },
  { pick = -1 },
  3,
]
"#,
        "\
shop.toml:5:3: `fields.name.steps[0]` says `replace` without its settings [E-BAD-VALUE]; write it as a table: { replace = … }
shop.toml:6:3: `fields.name.steps[1]` gives `trim` settings [E-BAD-VALUE]; write \"trim\", it has no settings
shop.toml:7:3: `fields.name.steps[2]` has 2 keys, exactly one chooses what it is [E-BAD-VALUE]; known are `squeeze`, `trim`, `replace`, `pick`
shop.toml:8:5: unknown word `replacc` for `fields.name.steps[3]` [E-UNKNOWN-WORD]; did you mean `replace`? known are `squeeze`, `trim`, `replace`, `pick`
shop.toml:9:12: `fields.name.steps[4].pick` is -1, allowed is from 0 to 4294967295 [E-BAD-VALUE]
shop.toml:10:3: `fields.name.steps[5]` must be text or a table, not a whole number [E-WRONG-TYPE]; write it in quotes: \"3\"
",
    );
}

#[test]
fn syntax_faults_have_a_place_one_for_each_line() {
    check(
        "name = \"x\"\r\nrank = = 3\r\nmode = \"é\" \"\r\n[fields]\r\n[fields]\r\n",
        "\
shop.toml:2:8: extra `=`, expected nothing [E-TOML-SYNTAX]
shop.toml:3:12: unexpected key or value, expected newline, `#` [E-TOML-SYNTAX]
shop.toml:5:2: duplicate key [E-TOML-SYNTAX]
",
    );
}

#[test]
fn what_only_deserializing_shows_has_a_place() {
    check(
        "\u{feff}name = \"x\"\naddress = \"127.0.0.256\"\n",
        "shop.toml:2:11: invalid IPv4 address syntax [E-BAD-VALUE]\n",
    );
}

#[test]
fn a_path_becomes_a_place() {
    let text = "name = 'é' # x\nlocales = ['é', 'x']\n[fields.a]\ncolumn = 'x'\n[fields]\nb.column = 'y'\n";
    let file = Declaration::parse(text.to_string(), "shop.toml").unwrap();
    for (path, value, key) in [
        (&[][..], "1:1", "1:1"),
        (&["name"][..], "1:8", "1:1"),
        (&["locales", "1"][..], "2:17", "2:17"),
        (&["locales", "7"][..], "2:11", "2:1"),
        (&["fields"][..], "5:1", "5:2"),
        (&["fields", "a"][..], "3:1", "3:9"),
        (&["fields", "a", "column"][..], "4:10", "4:1"),
        (&["fields", "a", "steps", "0"][..], "3:1", "3:9"),
        (&["fields", "b", "column"][..], "6:12", "6:3"),
    ] {
        assert_eq!(file.place(path).to_string(), format!("shop.toml:{value}"), "{path:?}");
        assert_eq!(
            file.place_of_key(path).to_string(),
            format!("shop.toml:{key}"),
            "{path:?}"
        );
    }
}

#[test]
fn files_that_cannot_be_read_are_told() {
    let folder = tempfile::tempdir().unwrap();
    let read = |name: &str| Declaration::read(&folder.path().join(name), name).map_or_else(told, |_| String::new());
    std::fs::write(folder.path().join("latin.toml"), b"a = 1\nb = \"\xe9\"\n").unwrap();
    std::fs::write(folder.path().join("good.toml"), "a = 1\n").unwrap();
    std::fs::write(folder.path().join("large.toml"), "#".repeat(8 * 1024 * 1024 + 1)).unwrap();
    std::fs::create_dir(folder.path().join("folder.toml")).unwrap();
    assert_eq!(read("good.toml"), "");
    assert_eq!(
        read("latin.toml"),
        "latin.toml:2: the file holds a byte that is not UTF-8 [E-NOT-UTF8]; save it with the encoding UTF-8\n"
    );
    assert_eq!(
        read("large.toml"),
        "large.toml: the file has more than 8 MiB [E-FILE-TOO-LARGE]\n"
    );
    assert_eq!(
        read("folder.toml"),
        "folder.toml: this is not a file [E-FILE-UNREADABLE]\n"
    );
    assert!(read("none.toml").starts_with("none.toml: cannot read the file: "));
}

#[test]
fn nesting_is_bounded() {
    let brackets = format!("name = {}{}", "[".repeat(100_000), "]".repeat(100_000));
    let dotted = format!("{}.x = 1", vec!["a"; 100_000].join("."));
    let key = format!("{} = ", vec!["a"; 75].join("."));
    let both = format!("{key}{}1{}", format!("{{ {key}").repeat(70), " }".repeat(70));
    for text in [brackets, dotted, both] {
        let told = told(Declaration::parse(text, "deep.toml").unwrap_err());
        assert!(told.contains("recurs") || told.contains("too deep"), "{told}");
    }
}

#[test]
fn many_faults_are_counted() {
    let text: String = (0..600).map(|n| format!("unknown{n} = 1\n")).collect();
    let faults = Declaration::parse(text, "shop.toml")
        .unwrap()
        .check::<Shop>()
        .unwrap_err();
    assert_eq!(faults.len(), 501);
    assert_eq!(
        faults[500].to_string(),
        "shop.toml: 101 more faults in this file are not listed [E-MORE-FAULTS]"
    );
}

#[test]
fn the_schema_for_editors_is_stable() {
    let text = json_schema::<Shop>("Shop");
    assert_eq!(text, json_schema::<Shop>("Shop"));
    let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(schema["title"], "Shop");
    assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema");
    assert_eq!(schema["properties"]["rank"]["description"], "Trust, lower is better.");
}

/// The tree gives what the `toml` crate gives of the same text, for every kind of value and every file of the sample.
#[test]
fn a_tree_reads_as_its_text_does() {
    let kinds = "a = 'x'\nb = \"\\u00e9\"\nc = 1\nd = 0x7f\ne = 9223372036854775807\nf = 1.5e3\ng = inf\nh = true\ni = false\n\
                 j = [1, [2.5, 'y'], {k = 'z'}]\nl.m.n = 'deep'\n[o]\n'p q' = []\n[[r]]\ns = 1\n[[r]]\n";
    let mut texts = vec![("kinds.toml".to_owned(), kinds.to_owned())];
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    for folder in ["schemas", "sample_feeds", "channels", "copy", "rules"] {
        for entry in walkdir::WalkDir::new(root.join(folder)) {
            let path = entry.expect("the sample is there").into_path();
            if path.extension().is_some_and(|ending| ending == "toml") {
                let text = std::fs::read_to_string(&path).expect("it reads");
                texts.push((path.display().to_string(), text));
            }
        }
    }
    assert!(texts.len() > 30, "{} files", texts.len());
    for (name, text) in texts {
        let expected: serde_json::Value = toml::from_str(&text).expect("it is TOML");
        let declaration = Declaration::parse(text, &name).expect("it is TOML");
        let read: serde_json::Value = declaration.check().expect("it fits");
        assert_eq!(read, expected, "{name}");
    }
    // What no type asks for is told at its place.
    for (text, place, message) in [
        (
            "a = 1\nb = [1979-05-27]",
            "b.toml:2:6",
            "invalid type: a date or time without quotes",
        ),
        (
            "a = 1_000_000_000_000_000_000_000_000_000_000_000_000_000",
            "b.toml:1:5",
            "invalid value",
        ),
    ] {
        let told = Declaration::parse(text.to_owned(), "b.toml").and_then(|file| file.check::<serde_json::Value>());
        let told = told.expect_err("it does not fit");
        assert!(
            told[0].to_string().contains(place) && told[0].message.contains(message),
            "{told:?}"
        );
    }
}
