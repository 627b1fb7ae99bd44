use crate::declaration::Declaration;
use crate::diagnostic::Diagnostic;
use crate::mapping::Mapping;
use crate::mapping::apply::Scratch;
use crate::mapping::settings::{FieldSettings, ReadSettings, ValueMap};
use crate::product::item::{Item, Said};
use crate::product::record::Records;
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
