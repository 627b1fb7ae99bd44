//! Rows to items and findings, by a table.

mod hostile;
mod suggestions;
mod titles;

use crate::declaration::Declaration;
use crate::diagnostic::{Diagnostic, Severity};
use crate::mapping::Mapping;
use crate::mapping::apply::Scratch;
use crate::mapping::settings::{FieldSettings, ReadSettings, ValueMap};
use crate::product::item::{Item, Said};
use crate::product::record::{Cell, Records};
use crate::schema::Schema;
use crate::schema::load::load_texts;
use std::collections::BTreeMap;
use std::sync::Arc;

#[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
struct SupplierFile {
    #[serde(default)]
    read: ReadSettings,
    #[serde(default)]
    fields: BTreeMap<String, FieldSettings>,
    #[serde(default)]
    maps: BTreeMap<String, ValueMap>,
}

const SCHEMA: &str = r#"
[attributes]
name = { kind = "text", localizable = true, max_length = 40 }
description = { kind = "rich_text", localizable = true }
brand = { kind = "text" }
gtin = { kind = "gtin" }
mpn = { kind = "identifier" }
model = { kind = "identifier" }
family = { kind = "identifier" }
category = { kind = "identifier" }
price = { kind = "money", role = "offer", scopable = true }
cost = { kind = "money", role = "offer" }
deposit = { kind = "money", role = "offer", min = "0" }
list_price = { kind = "money", role = "offer" }
stock = { kind = "integer", role = "offer", min = "0" }
weight = { kind = "measure", unit = "kg", decimals = 3, max = "1000" }
power = { kind = "decimal", decimals = 1 }
color = { kind = "option", options = "colors" }
colors = { kind = "options", options = "colors" }
tags = { kind = "options", options = "colors", open = true }
fragile = { kind = "boolean" }
launched = { kind = "date" }
image = { kind = "media" }
web = { kind = "url" }
related = { kind = "reference" }
specs = { kind = "table" }
condition = { kind = "text" }
[options.colors.values.red]
labels = { es = "Rojo", en = "Red" }
synonyms = ["ROJO PASIÓN", "rot"]
[options.colors.values.blue]
labels = { es = "Azul" }
[families.drills]
attributes = ["name"]
[categories.tools]
labels = { es = "Herramientas" }
[categories.drills]
labels = { es = "Taladros" }
parent = "tools"
family = "drills"
"#;

pub fn schema() -> Schema {
    let locales = ["es".to_string(), "en".to_string()];
    load_texts(&[("schema.toml", SCHEMA)], &locales, &["google-es".to_string()])
        .unwrap_or_else(|faults| panic!("{}", told(&faults)))
}

fn told(findings: &[Diagnostic]) -> String {
    findings.iter().map(|finding| finding.to_string() + "\n").collect()
}

fn compile(supplier: &str) -> Result<Mapping, Vec<Diagnostic>> {
    let declaration = Declaration::parse(supplier.to_string(), "supplier.toml")?;
    let file: SupplierFile = declaration.check()?;
    Mapping::compile(&file.read, &file.fields, &file.maps, &schema(), &declaration)
}

fn shown(item: &Item, schema: &Schema) -> String {
    let mut line = item.sku.clone();
    for (key, said) in &item.said {
        let text = match said {
            Said::Value(value) => value.to_text().into_owned(),
            Said::Clear => "(clear)".to_string(),
        };
        line.push_str(&format!(" | {}={text}", schema.key_text(*key)));
    }
    line + "\n"
}

/// Items of records, then the findings, without the file.
fn mapped(mapping: &Mapping, records: &Records) -> String {
    let schema = schema();
    let file: Arc<str> = "feed.csv".into();
    let (mut scratch, mut diagnostics, mut out) = (Scratch::default(), Vec::new(), String::new());
    for record in records.iter() {
        match mapping.sku(&record) {
            Err(finding) => diagnostics.push(finding),
            Ok(sku) => match mapping.apply(record, &sku, &file, &mut scratch, &mut diagnostics) {
                Some(item) => out.push_str(&shown(&item, &schema)),
                None => out.push_str(&format!("{sku} refused\n")),
            },
        }
    }
    for finding in &mut diagnostics {
        finding.place.file = None;
        finding.help = None;
    }
    out + &told(&diagnostics)
}

/// Records of a CSV text, as the mapping wants them.
fn records(mapping: &Mapping, csv: &[u8], delimiter: u8) -> Records {
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(csv);
    let header = reader.headers().unwrap().clone();
    let columns: Vec<Option<usize>> = mapping
        .wanted()
        .iter()
        .map(|column| header.iter().position(|name| name == column))
        .collect();
    let mut records = Records::default();
    for row in reader.records() {
        let row = row.unwrap();
        let line = row.position().map_or(0, |position| position.line());
        records.begin(line, b"");
        for column in &columns {
            match column.and_then(|n| row.get(n)) {
                Some(text) => records.push_text(text),
                None => records.push_absent(),
            }
        }
    }
    records
}

#[track_caller]
fn check(supplier: &str, csv: &str, expected: &str) {
    let mapping = compile(supplier).unwrap_or_else(|faults| panic!("{}", told(&faults)));
    let got = mapped(&mapping, &records(&mapping, csv.as_bytes(), b';'));
    assert_eq!(got, expected);
}

#[track_caller]
fn check_faults(supplier: &str, expected: &str) {
    let got = compile(supplier).map_or_else(|faults| told(&faults), |_| String::new());
    assert_eq!(got, expected);
}

#[test]
fn a_spanish_price_list_becomes_items() {
    check(
        r##"
[read]
locale = "es"
currency = "EUR"
numbers = "1.234,56"
dates = "DD/MM/YYYY"
prices = "net"
vat = "21"
empty = ["-"]
clear = ["#BORRAR"]
[fields]
sku = { column = "Referencia" }
name = { column = "Descripción", steps = ["squeeze"] }
"name@en" = { column = "Description" }
brand = { column = "Marca", map = "marcas", unknown = "keep" }
gtin = { column = "EAN" }
price = { column = "Tarifa" }
cost = { column = "Neto" }
stock = { column = "Stock", map = "stock" }
weight = { column = "Peso", unit = "g" }
color = { column = "Color" }
launched = { column = "Alta" }
fragile = { column = "Frágil" }
category = { column = "Familia", map = "familias" }
image = { columns = ["Foto1", "Foto2"] }
condition = { value = "new" }
[maps.marcas]
"BOSCH*" = "Bosch"
[maps.stock]
"bajo pedido" = "0"
"> 10" = "10"
[maps.familias]
"TAL*" = "drills"
"##,
        "Referencia;Descripción;Description;Marca;EAN;Tarifa;Neto;Stock;Peso;Color;Alta;Frágil;Familia;Foto1;Foto2\n\
         00123;Taladro  percutor;Hammer drill;BOSCH GMBH;8412345678905;1.234,50;800,00;26.067,00;2.500;ROJO PASIÓN;31/12/2026;sí;Taladros y más;a.jpg;b.jpg\n\
         A-2;;;-;;10,00;;bajo pedido;1,5 kg;#BORRAR;;no;Herramientas;;a.jpg\n\
         A-3;-;;;;;;;;;;;;;\n",
        "00123 | brand=Bosch | category=drills | color=red | condition=new | cost=800.00 EUR | fragile=true | gtin=8412345678905 \
         | image=a.jpg, b.jpg | launched=2026-12-31 | name@es=Taladro percutor | name@en=Hammer drill | price=1493.75 EUR \
         | stock=26067 | weight=2.5 kg\n\
         A-2 | color=(clear) | condition=new | fragile=false | image=a.jpg | price=12.10 EUR | stock=0 | weight=1.5 kg\n\
         A-3 | condition=new\n\
         :3:Familia: A-2: a text that the value map does not know (found \"Herramientas\") [E-UNKNOWN-WORD]\n",
    );
}

#[test]
fn every_finding_of_a_row_is_told() {
    check(
        r#"
[read]
currency = "EUR"
numbers = "1234.56"
[fields]
sku = { column = "sku" }
name = { column = "name" }
gtin = { column = "ean" }
price = { column = "price" }
list_price = { column = "pvp" }
stock = { column = "stock" }
weight = { column = "weight", unit = "kg" }
color = { column = "color" }
image = { column = "image", split = "|" }
"#,
        "sku;name;ean;price;pvp;stock;weight;color;image\n\
         1;ok;8412345678906;12.50;0;5;5000;verde;a.jpg|../b.jpg\n\
         2;ok;8 412345 678905;0;9;1.5;1;rojo;\n\
         3;0123456789012345678901234567890123456789x;;-1;;-3;1 m;;\n\
         4;ok;;#N/A;;;;;\n",
        "1 | image=a.jpg | name@es=ok | price=12.50 EUR | stock=5\n\
         2 refused\n\
         3 refused\n\
         4 refused\n\
         :2:color: 1: a text that is no option of `colors` (found \"verde\") [E-UNKNOWN-OPTION]\n\
         :2:ean: 1: a check digit that does not fit the other digits (found \"8412345678906\") [W-GTIN-CHECK-DIGIT]\n\
         :2:image: 1: a path that leaves its folder (found \"../b.jpg\") [E-MEDIA]\n\
         :2:pvp: 1: an amount of zero, taken for no amount (found \"0\") [W-PRICE-ZERO]\n\
         :2:weight: 1: is more than 1000 kg, the most that `weight` allows (found \"5000\") [E-TOO-LARGE]\n\
         :3:ean: 2: a code cleaned of signs that are not digits; its check digit fits (found \"8 412345 678905\") [W-GTIN-REPAIRED]\n\
         :3:price: 2: a price of zero, which is never published (found \"0\") [E-PRICE-ZERO]\n\
         :3:stock: 2: a number with decimals where a whole one is asked for (found \"1.5\") [E-INTEGER]\n\
         :4:name: 3: has 41 characters, `name` allows 40 (found \"0123456789012345678901234567890123456789x\") [W-TOO-LONG]\n\
         :4:price: 3: an amount below zero (found \"-1\") [E-PRICE-NEGATIVE]\n\
         :4:stock: 3: is less than 0, the least that `stock` allows (found \"-3\") [E-TOO-SMALL]\n\
         :4:weight: 3: m is a unit of length, where mass is asked for (found \"1 m\") [E-MEASURE-DIMENSION]\n\
         :5:price: 4: not a price: it holds no digit (found \"#N/A\") [E-PRICE]\n",
    );
}

#[test]
fn values_are_found_by_the_names_beside_them() {
    check(
        r#"
[fields]
sku = { column = "id" }
color = { named = { names = "Attribute {n} name", values = "Attribute {n} value", is = ["Color", "Colour"] } }
condition = { named = { names = "Groups", values = "Values", is = ["State"], between = "|", until = ":" } }
"#,
        "id;Attribute 1 name;Attribute 1 value;Attribute 2 name;Attribute 2 value;Groups;Values\n\
         A;Size;red;COLOUR;blue;size|state:0;small:0|used:1\n\
         B;Color; Rojo ;;;;\n\
         C;Color;red;Colour;blue;state;\n\
         D;;blue;Size;red;size|state;small\n",
        "A | color=blue | condition=used\n\
         B | color=red\n\
         C\n\
         D\n\
         :4:Attribute {n} name, Attribute {n} value: C: several values where the attribute holds one (found \"red | blue\") [E-VALUE-SEVERAL]\n",
    );
}

#[test]
fn names_beside_values_are_asked_for_as_they_can_be() {
    check_faults(
        r#"
[fields]
sku = { column = "id" }
color = { named = { names = "name {n}", values = "value", is = ["Color"] } }
condition = { named = { names = "name", values = "value", is = ["-"] } }
"#,
        "supplier.toml:4:19: one of `names` and `values` is numbered, the other is not [E-FIELD-NAMED]; write `{n}` in both, or in none\n\
         supplier.toml:5:23: no name is wanted, or a sign is empty [E-FIELD-NAMED]; `is` lists names such as \"Color\"; leave out the signs that are not needed\n",
    );
}

#[test]
fn every_fault_of_the_settings_is_told() {
    check_faults(
        r##"[read]
locale = "de"
prices = "net"
empty = ["-", "x"]
clear = ["X"]
[fields.nam]
column = "A"
[fields."price@es"]
column = "A"
[fields.brand]
column = "A"
value = "Bosch"
[fields.mpn]
[fields.color]
column = "A"
map = "farben"
[fields.colors]
columns = ["A", "B"]
map = "colors"
[fields.weight]
column = "A"
unit = "cm"
[fields.stock]
column = "A"
unit = "pieces"
steps = [{ replace = { from = "" } }]
[fields.price]
column = "A"
[fields.launched]
value = "mañana"
[fields.condition]
columns = ["A", "B"]
[fields.name]
template = "{{ Marca }}"
[fields."name@es"]
column = "A"
[fields.category]
column = "A"
map = "categories"
[maps.colors]
"ROJO" = "rojo oscuro"
"VERDE" = "red"
"verde" = "blue"
[maps.categories]
"TAL" = "drill"
"##,
        r#"supplier.toml:2:10: unknown locale `de` [E-UNKNOWN-LOCALE]; known are `es`, `en`
supplier.toml:3:10: the prices are net, and no `vat` says how to make them gross [E-VAT]; say `vat = "21"`, or what the percentage is
supplier.toml:5:9: `x` stands in `empty` and in `clear` [E-EMPTY-AND-CLEAR]; a cell either says nothing or takes a value away
supplier.toml:6:2: no field `sku`, the supplier's own key [E-NO-SKU]; add [fields.sku] with the column of the article number
supplier.toml:6:9: unknown attribute `nam` [E-UNKNOWN-ATTRIBUTE]; did you mean `name`?
supplier.toml:8:9: `price` has no value per locale [E-NOT-LOCALIZABLE]; leave the locale out, or say `localizable = true` of `price`
supplier.toml:12:9: the field says column and value at once [E-FIELD-SOURCE]; say exactly one of `column`, `columns`, `named`, `value` and `template`
supplier.toml:13:1: the field `mpn` does not say where its value comes from [E-FIELD-SOURCE]; say exactly one of `column`, `columns`, `named`, `value` and `template`
supplier.toml:16:7: no value map `farben` [E-UNKNOWN-MAP]; known are `categories`, `colors`
supplier.toml:22:8: cm is a unit of length, `weight` is a mass [E-UNIT-DIMENSION]; name a unit of mass
supplier.toml:25:8: `unit` is for measure, `stock` is integer [E-KEY-OF-OTHER-KIND]; take it out
supplier.toml:26:9: step 1 (replace): an empty text to look for [E-STEP]; write the text, in quotes
supplier.toml:30:9: `mañana` is no value of `launched`: not a day in the order YYYY-MM-DD [E-FIELD-VALUE]; write the year with four digits
supplier.toml:32:11: `condition` holds one value, the field gives several [E-FIELD-SEVERAL]; choose one with the step `first`, or `join` them
supplier.toml:34:12: the template uses `Marca`, which is not there [E-TEMPLATE]; columns are written row['Marca']
supplier.toml:35:9: `name` and `name@es` are one value [E-FIELD-TWICE]; one of them has to name another locale, or go
supplier.toml:41:10: `rojo oscuro` is no value of `colors`: a text that is no option of `colors` [E-MAP-VALUE]; known are `blue`, `red`
supplier.toml:43:11: `verde` reads like another word of this map that means something else [E-MAP-TWICE]; accents, case and punctuation do not count; take one of them out
supplier.toml:45:9: `drill` is no value of `category`: a text that names no category of the schema [E-MAP-VALUE]; did you mean `drills`? known are `drills`, `tools`
"#,
    );
}

#[test]
fn files_of_other_columns_are_refused() {
    let mapping = compile(
        "[fields]\nsku = { column = \"Ref\" }\nname = { column = \"Nombre\" }\nbrand = { column = \"Marca\", optional = true }\n\
         \"name@en\" = { template = \"{{ row['Marca'] }} {{ row['Name'] }}\" }",
    )
    .unwrap();
    assert_eq!(mapping.wanted(), ["Ref", "Marca", "Nombre", "Name"]);
    let check = |found: [bool; 4], header: &[&str], expected: &str| {
        let header: Vec<String> = header.iter().map(|name| name.to_string()).collect();
        assert_eq!(told(&mapping.check_header(&found, &header, "f.csv")), expected);
    };
    check([true; 4], &["Ref", "Marca", "Nombre", "Name"], "");
    check(
        [false; 4],
        &["<html>"],
        "f.csv: the file has none of the columns that the mapping names [E-NO-COLUMNS]; it has `<html>`; check that this is the \
         right file, and `header_row` and `delimiter` in [file]\n",
    );
    check(
        [false, true, false, true],
        &["Marca", "Name", "nombres", "REF."],
        "f.csv:Ref: no column `Ref`, which the SKU is made of [E-COLUMN-SKU]; did the supplier rename it to `REF.`?\n\
         f.csv:Nombre: no column `Nombre`, so `name` says nothing [W-COLUMN-MISSING]; did the supplier rename it to `nombres`?\n",
    );
}

#[test]
fn cells_keep_the_type_their_format_gave_them() {
    let mapping = compile(
        r#"[read]
currency = "EUR"
numbers = "1.234,56"
[fields]
sku = { column = "sku" }
price = { column = "price", steps = [{ multiply = "2" }] }
weight = { column = "weight", unit = "kg" }
stock = { column = "stock" }
mpn = { column = "mpn" }
fragile = { column = "fragile" }
launched = { column = "launched" }
name = { column = "name" }
colors = { column = "colors" }
image = { column = "image" }
"#,
    )
    .unwrap();
    assert_eq!(
        mapping.wanted(),
        [
            "sku", "colors", "fragile", "image", "launched", "mpn", "name", "price", "stock", "weight"
        ]
    );
    let mut records = Records::default();
    records.begin(1, b"");
    records.push_number("12");
    records.push_list(&[Cell::Text("rojo"), Cell::Text("Azul"), Cell::Text("ROJO PASIÓN")]);
    records.push_boolean(true);
    records.push_list(&[Cell::Text("a.jpg"), Cell::Absent, Cell::Text("a.jpg")]);
    records.push_moment("2026-11-22T00:00:00");
    records.push_number("0815");
    records.push_list(&[Cell::Text("uno"), Cell::Text("dos")]);
    records.push_number("1.234");
    records.push_number("3");
    records.push_number("1.25");
    records.begin(2, b"");
    records.push_moment("2026-01-02");
    records.begin(3, b"");
    records.push_text("x");
    records.push_error("#N/A");
    records.push_absent();
    records.push_absent();
    records.push_number("45000");
    records.push_moment("2026-02-01");
    records.push_error("#REF!");
    records.push_boolean(false);
    assert_eq!(
        mapped(&mapping, &records),
        "12 | colors=red, blue | fragile=true | image=a.jpg | launched=2026-11-22 | mpn=0815 | price=2.468 EUR | stock=3 | weight=1.25 kg\n\
         x refused\n\
         :1:name: 12: several values where the attribute holds one (found \"uno | dos\") [E-VALUE-SEVERAL]\n\
         :2:sku: a date instead of a SKU (2026-01-02) [E-SKU-CELL]\n\
         :3:colors: x: an error, or a number that its format does not allow (found \"#N/A\") [E-CELL-ERROR]\n\
         :3:launched: x: not a day in the order YYYY-MM-DD (found \"45000\") [E-DATE]\n\
         :3:mpn: x: a date where a identifier is asked for (found \"2026-02-01\") [E-CELL-DATE]\n\
         :3:name: x: an error, or a number that its format does not allow (found \"#REF!\") [E-CELL-ERROR]\n\
         :3:price: x: not a number (found \"false\") [E-NUMBER]\n",
    );
}

#[test]
fn templates_and_steps_make_texts_of_the_row() {
    check(
        r##"[read]
empty = ["N/A"]
[fields]
sku = { template = "{{ row['Ref'] }}-{{ row['Talla'] }}", steps = ["upper", { strip_suffix = "-" }] }
name = { template = "{{ row['Marca'] }} {{ row['Modelo']|upper }}", steps = ["squeeze"] }
model = { column = "Ref" }
image = { column = "Fotos", split = ";", steps = [{ prefix = "img/" }] }
condition = { column = "Estado", steps = [{ default = "nuevo" }] }
web = { template = "https://x.example/{{ row['Ref'] }}" }
tags = { column = "Tags", split = "," }
related = { column = "Ver", split = "," }
specs = { column = "Ficha" }
[fields."price@@google-es"]
column = "Precio"
currency = "USD"
"##,
        "Ref;Talla;Marca;Modelo;Fotos;Estado;Tags;Ver;Ficha;Precio\n\
         a1;38;Bosch;gsr;1.jpg;;rojo, Nuevo ;A-1, A-2;\"Peso|2 kg\nAlto|3 cm\";$12.50\n\
         a2;;N/A; ;1.jpg; usado;;;;12.345\n\
         ;;;;;;;;;\n",
        "A1-38 | condition=nuevo | image=img/1.jpg | model=a1 | name@es=Bosch GSR | price@@google-es=12.50 USD | related=A-1, A-2 \
         | specs=Peso | 2 kg\nAlto | 3 cm | tags=red, Nuevo | web=https://x.example/a1\n\
         A2 refused\n\
         :4:Precio: A2: a number that may be in thousands or have three decimals (found \"12.345\") [E-NUMBER-AMBIGUOUS]\n\
         :5:Ref, Talla: a record without a SKU (found \"\") [E-SKU-BLANK]\n",
    );
}

#[test]
fn equal_rows_have_equal_hashes_whatever_stands_around_them() {
    let supplier = "[fields]\nsku = { column = \"a\" }\nname = { column = \"b\" }\nmpn = { column = \"c\" }";
    let mapping = compile(supplier).unwrap();
    let hash = |mapping: &Mapping, csv: &str| {
        let records = records(mapping, csv.as_bytes(), b';');
        mapping.row_hash(&records.get(0).unwrap())
    };
    let first = hash(&mapping, "a;b;c\n1;x;5\n");
    assert_eq!(
        first,
        hash(&mapping, "c;zzz;b;a\n5;new;x;1\n"),
        "unused columns and the order of columns do not count"
    );
    assert_ne!(
        first,
        hash(&mapping, "a;c;b\n1;x;5\n"),
        "the same bytes under other headers"
    );
    assert_ne!(first, hash(&mapping, "a;b;c\n1;x5;\n"));
    let other = compile(&supplier.replace("\"c\" }", "\"c\", steps = [\"upper\"] }")).unwrap();
    assert_ne!(first, hash(&other, "a;b;c\n1;x;5\n"), "other settings");
    assert_eq!(
        mapping.fingerprint(),
        compile(&format!("# comment\n{supplier}")).unwrap().fingerprint()
    );
}

#[test]
fn rules_are_told_in_words() {
    let mapping = compile(
        "[read]\nprices = \"net\"\nvat = \"21\"\n[fields]\nsku = { column = \"a\" }\nprice = { column = \"b\", steps = [\"trim\"] }\n\
         colors = { columns = [\"c\", \"d\"], map = \"m\" }\ncondition = { value = \"new\" }\n[maps.m]\nrojo = \"red\"",
    )
    .unwrap();
    let rules: Vec<String> = mapping
        .columns()
        .iter()
        .map(|(key, (column, rule))| format!("{key} <- {column}: {rule}"))
        .collect();
    assert_eq!(
        rules,
        [
            "colors <- c, d: map m; read as options",
            "condition <- new: the same for all; read as text",
            "price <- b: steps trim; read as money 1234.56; plus 21 % VAT",
        ]
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    /// A row is an item or is refused with a reason, whatever its cells hold; what an item says is sorted.
    #[test]
    fn any_row_is_mapped_or_refused_with_a_reason(
        cells in proptest::collection::vec("\\PC{0,12}|[0-9]{1,5}[.,][0-9]{0,3} ?(€|kg|m)?|#X|-", 24),
        typed in proptest::collection::vec(0u8..6, 24),
    ) {
        let schema = schema();
        let mut supplier = String::from(
            "[read]\ncurrency = \"EUR\"\nprices = \"net\"\nvat = \"21\"\nempty = [\"-\"]\nclear = [\"#X\"]\n[fields]\nsku = { column = \"sku\" }\n"
        );
        for (n, (_, attribute)) in schema.attributes().enumerate() {
            let split = if attribute.kind.is_list() { ", split = \",\"" } else { "" };
            supplier.push_str(&format!("{} = {{ column = \"{n}\"{split} }}\n", attribute.code));
        }
        let mapping = compile(&supplier).unwrap();
        let mut records = Records::default();
        records.begin(7, b"");
        for (n, name) in mapping.wanted().iter().enumerate() {
            let cell = cells[n % cells.len()].as_str();
            match typed[n % typed.len()] {
                _ if name == "sku" => records.push_text("A"),
                0 => records.push_absent(),
                1 => records.push_number("12.5"),
                2 => records.push_boolean(n % 2 == 0),
                3 => records.push_list(&[Cell::Text(cell), Cell::Error("x"), Cell::Text("b")]),
                _ => records.push_text(cell),
            }
        }
        let (mut scratch, mut findings) = (Scratch::default(), Vec::new());
        let record = records.get(0).unwrap();
        match mapping.apply(record, "A", &"f".into(), &mut scratch, &mut findings) {
            Some(item) => proptest::prop_assert!(item.said.is_sorted_by(|a, b| a.0 < b.0)),
            None => proptest::prop_assert!(findings.iter().any(|finding| finding.severity == Severity::Error)),
        }
    }
}
