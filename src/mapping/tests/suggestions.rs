//! Suggestions for feeds written here; those for real feeds are measured by the gold mappings of `tests/cases/mapping`.

use crate::declaration::Declaration;
use crate::mapping::Mapping;
use crate::mapping::draft::{Draft, write_supplier_toml};
use crate::mapping::settings::{FieldSettings, ReadSettings, ValueMap};
use crate::mapping::shape::ColumnSample;
use crate::mapping::suggest::{Given, suggest};
use crate::mapping::suggestion::Suggestion;
use crate::schema::Schema;
use crate::schema::load::load_texts;
use crate::schema::starter::STARTER;
use crate::value::price::Currency;
use std::collections::BTreeMap;

#[derive(serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
#[allow(dead_code)]
struct SupplierFile {
    name: String,
    mode: String,
    file: BTreeMap<String, String>,
    #[serde(default)]
    read: ReadSettings,
    fields: BTreeMap<String, FieldSettings>,
    #[serde(default)]
    maps: BTreeMap<String, ValueMap>,
}

fn starter() -> Schema {
    let locales = ["es".to_string(), "en".to_string()];
    match load_texts(&STARTER, &locales, &[]) {
        Ok(schema) => schema,
        Err(faults) => panic!("{faults:?}"),
    }
}

/// The columns of a CSV text, as many rows as `supplier add` looks at.
fn columns(csv: &[u8], delimiter: u8) -> Vec<ColumnSample> {
    let text = String::from_utf8_lossy(csv);
    let text = text.trim_start_matches('\u{feff}');
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(delimiter)
        .flexible(true)
        .from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let sample = |name: &str| ColumnSample {
        header: name.trim().to_string(),
        ..ColumnSample::default()
    };
    let mut columns: Vec<ColumnSample> = header.iter().map(sample).collect();
    for row in reader.records().take(500) {
        let Ok(row) = row else { continue };
        for (column, value) in columns.iter_mut().zip(row.iter()) {
            column.rows += 1;
            if !value.trim().is_empty() {
                column.filled += 1;
                column.samples.push(value.to_string());
            }
        }
    }
    columns
}

/// What was taken for what, in one line each; and the draft compiles against the same schema.
fn told(suggestion: &Suggestion, schema: &Schema) -> String {
    let draft = Draft {
        name: "Test",
        file: "format = \"csv\"",
        currency: Currency::parse("EUR").ok(),
    };
    let text = write_supplier_toml(suggestion, &draft);
    let declaration =
        Declaration::parse(text.clone(), "supplier.toml").unwrap_or_else(|faults| panic!("{faults:?}\n{text}"));
    let file: SupplierFile = declaration
        .check()
        .unwrap_or_else(|faults| panic!("{faults:?}\n{text}"));
    if let Err(faults) = Mapping::compile(&file.read, &file.fields, &file.maps, schema, &declaration) {
        panic!("{faults:?}\n{text}");
    }
    let pairs: Vec<String> = suggestion
        .columns
        .iter()
        .filter_map(|column| Some(format!("{} -> {}", column.header, column.attribute.as_ref()?)))
        .collect();
    pairs.join("\n")
}

#[track_caller]
fn check_csv(csv: &str, delimiter: u8, expected: &str) {
    let schema = starter();
    let suggestion = suggest(&columns(csv.as_bytes(), delimiter), &schema, Given::default());
    assert_eq!(told(&suggestion, &schema), expected);
}

#[test]
fn a_spanish_price_list_is_understood() {
    check_csv(
        "Código;Artículo;Marca;Familia;Subfamilia;EAN;Precio s/IVA;P.V.P.R.;Existencias;Peso (g);Foto 1;Foto 2;Alta;Observ.\n\
         001;Taladro con batería para los talleres;BOSCH;Herramientas;Taladros;8412345678905;1.234,50 €;1.500,00 €;5;2500;a.jpg;b.jpg;31/12/2025;x\n\
         002;Sierra de calar con maleta y sin cable;BOSCH;Herramientas;Sierras;8412345678912;89,00 €;120,00 €;agotado;1800;c.jpg;;01/02/2026;\n\
         003;Tornillo para las maderas del jardín;FISCHER;Tornillería;Tornillos;8412345678929;0,05 €;0,09 €;>100;5;d.jpg;;15/03/2026;\n",
        b';',
        "Código -> sku\nArtículo -> name\nMarca -> brand\nSubfamilia -> category\nEAN -> gtin\nPrecio s/IVA -> price\n\
         P.V.P.R. -> list_price\nExistencias -> stock\nPeso (g) -> weight\nFoto 1 -> image\nFoto 2 -> image",
    );
}

#[test]
fn a_draft_says_why_and_what_is_left() {
    let schema = starter();
    let csv = "Ref;Nombre;PVP s/IVA;Stock;Peso;\u{3a9} \"x\"\n1;Llave \"fija\";1,50;agotado;12;a\n2;Llave inglesa;2,75;-;9;b\n3;Martillo;10,00;7;21;c\n";
    let suggestion = suggest(&columns(csv.as_bytes(), b';'), &schema, Given::default());
    let draft = Draft {
        name: "Ferretería \"Sol\"",
        file: "path = [\"tarifa.csv\"]\ndelimiter = \";\"\n",
        currency: Currency::parse("EUR").ok(),
    };
    let expected = r##"#:schema ../../docs/schema/supplier.json
# A first mapping, proposed from the headers and the first values. Correct it, then `estante import`.
name = "Ferretería \"Sol\""
mode = "snapshot"                # the delivery lists all that is sold; "delta": only what changed
# ? `PVP s/IVA` is without VAT; 21 % is a guess: correct `vat`

[file]
path = ["tarifa.csv"]
delimiter = ";"

[read]
locale = "es"                    # es, by the headers
currency = "EUR"                 # the feed does not say it; the workspace's
numbers = "1.234,56"             # 1.234,56, proven by `PVP s/IVA`
prices = "net"                   # net, by the header `PVP s/IVA`
vat = "21"
empty = ["-"]
clear = ["#CLEAR", "#BORRAR"]    # cells that take a value away

[fields.sku]
column = "Ref"                   # 98 %: header (en es pt); no other column is the key; every record has another value, e.g. 1

[fields.name]
column = "Nombre"                # 95 %: header (es), e.g. Llave "fija"

[fields.price]
column = "PVP s/IVA"             # 94 %: header (es); no other column is the price; 100 % numbers, e.g. 1,50

[fields.stock]
column = "Stock"                 # 85 %: header (en es fr); 50 % numbers only, e.g. agotado

[fields.weight]
# ? nothing says the unit of bare numbers; kg is a guess
column = "Peso"                  # 97 %: header (es it pt); 100 % numbers, e.g. 12
unit = "kg"

# Columns that nothing uses:
#   Ω "x" (a): neither header nor values are known
"##;
    assert_eq!(write_supplier_toml(&suggestion, &draft), expected);
}

#[test]
fn sides_are_mapped_one_by_one_where_the_header_says_their_order() {
    let schema = starter();
    let steps = |csv: &str| {
        let suggestion = suggest(&columns(csv.as_bytes(), b';'), &schema, Given::default());
        let fields = ["length", "width", "height"].into_iter().filter_map(|name| {
            let field = suggestion.fields.get(name)?;
            let column = field.column.as_deref().unwrap_or_default();
            Some(format!(
                "{name}: {column} {:?} {}",
                field.steps,
                field.unit.as_deref().unwrap_or("-")
            ))
        });
        let asked = suggestion
            .questions
            .iter()
            .filter(|(_, question)| question.contains("sides") || question.contains("bare"));
        let asked = asked.map(|(field, question)| format!("{field}? {question}"));
        fields.chain(asked).collect::<Vec<String>>()
    };
    assert_eq!(
        steps("Ref;Nombre;Medidas LxAnxAl\n1;Mesa;120x80x75 cm\n2;Silla;45 x 40,5 x 90 cm\n3;Banco;100x30x45 cm\n"),
        [
            "length: Medidas LxAnxAl [Dimension(1)] -",
            "width: Medidas LxAnxAl [Dimension(2)] -",
            "height: Medidas LxAnxAl [Dimension(3)] -"
        ]
    );
    // The height has a column of its own, and bare numbers have the unit of the header.
    assert_eq!(
        steps(
            "Ref;Nombre;Dimensiones (ancho x largo x alto) cm;Alto (mm)\n1;Mesa;80x120x75;750\n2;Silla;40x45x90;900\n3;Banco;30x100x45;450\n"
        ),
        [
            "length: Dimensiones (ancho x largo x alto) cm [Dimension(2)] cm",
            "width: Dimensiones (ancho x largo x alto) cm [Dimension(1)] cm",
            "height: Alto (mm) [] mm"
        ]
    );
    assert_eq!(
        steps("Ref;Nombre;Dimensiones\n1;Mesa;120x80x75 cm\n2;Silla;45x40x90 cm\n3;Banco;100x30x45 cm\n"),
        [
            "? `Dimensiones` holds 3 sides and does not say which comes first: map it to `length`, `width`, `height` with the step `{ dimension = 1 }` and so on"
        ]
    );
    assert_eq!(
        steps("Ref;Nombre;Dimensiones\n1;Mesa;grande\n2;Silla;pequeña\n3;Banco;grande\n"),
        [""; 0]
    );
}

proptest::proptest! {
    #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
    /// Whatever a feed holds, its draft is a supplier's file without a fault.
    #[test]
    fn any_draft_compiles(
        headers in proptest::collection::vec("\\PC{0,12}|(Precio|Stock|Peso|Color|EAN|Categoría|name|image)[ _-]?(\\(kg\\)|s/IVA|en|2)?", 1..6),
        cells in proptest::collection::vec("\\PC{0,8}|[0-9]{1,4}[.,][0-9]{2} ?€?|[0-9]{1,13}|sí|no|>10|a\\|b\\.jpg", 0..40),
    ) {
        let schema = starter();
        let mut columns: Vec<ColumnSample> =
            headers.iter().map(|header| ColumnSample { header: header.clone(), ..ColumnSample::default() }).collect();
        for (n, cell) in cells.iter().enumerate() {
            let column = &mut columns[n % headers.len()];
            column.rows += 1;
            column.filled += 1;
            column.samples.push(cell.clone());
        }
        let suggestion = suggest(&columns, &schema, Given::default());
        let draft = Draft { name: "x", file: "", currency: None };
        // Without a key nothing is written.
        if suggestion.fields.contains_key("sku") {
            let text = write_supplier_toml(&suggestion, &draft);
            let declaration = Declaration::parse(text.clone(), "supplier.toml").unwrap();
            let file: SupplierFile = declaration.check().unwrap();
            let compiled = Mapping::compile(&file.read, &file.fields, &file.maps, &schema, &declaration);
            proptest::prop_assert!(compiled.is_ok(), "{:?}\n{}", compiled.err(), text);
        }
    }
}
