//! The hot paths one by one, on generated rows: what one product costs in each stage.
//!
//! `cargo bench --bench hot` runs all, `cargo bench --bench hot -- resolve` the ones whose name holds the word. Figures are for
//! `ROWS` products; the throughput beside them is what counts.

mod images;
#[path = "../million/rows.rs"]
mod rows;

use divan::counter::{BytesCount, ItemsCount};
use divan::{Bencher, black_box};
use estante::declaration::Declaration;
use estante::enrich::copy::Copy;
use estante::mapping::apply::Scratch;
use estante::merge::claim::Spoken;
use estante::merge::policy::Trust;
use estante::merge::resolve::resolve;
use estante::plan::diff::changed_keys;
use estante::product::item::Item;
use estante::product::layer::Layer;
use estante::product::origin::Origin;
use estante::product::record::Records;
use estante::product::{By, Product, Resolved};
use estante::schema::scope::Key;
use estante::workspace::settings::Settings;
use estante::workspace::supplier_settings::Supplier;
use std::path::Path;
use std::sync::{Arc, LazyLock};

const ROWS: usize = 4_000;

/// A workspace with one delivery, and what each stage makes of it.
struct Shop {
    folder: tempfile::TempDir,
    settings: Settings,
    bytes: u64,
    batches: Vec<Records>,
    items: Vec<Item>,
    layers: Vec<Layer>,
    bodies: Vec<String>,
}

static SHOP: LazyLock<Shop> = LazyLock::new(Shop::new);

impl Shop {
    fn new() -> Shop {
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        let project = Path::new(env!("CARGO_MANIFEST_DIR"));
        let files = [
            "estante.toml",
            "schemas/products.toml",
            "suppliers/norte/supplier.toml",
            "channels/google.toml",
        ];
        let mut copies: Vec<_> = files
            .iter()
            .map(|file| (project.join("benches/million/shop").join(file), *file))
            .collect();
        copies.push((
            project.join("channels/packs/google-merchant.toml"),
            "channels/packs/google-merchant.toml",
        ));
        for (from, to) in copies {
            let to = folder.path().join(to);
            std::fs::create_dir_all(to.parent().expect("it lies in the folder")).expect("a folder can be made");
            std::fs::copy(from, to).expect("the workspace's files are there");
        }
        let feed = folder.path().join("suppliers/norte/tarifa.csv");
        let bytes = rows::Vocabulary::new()
            .write(&feed, ROWS as u64, 1, 0)
            .expect("the feed can be written");
        let settings = match Settings::load(folder.path()) {
            Ok(settings) => settings,
            Err(failure) => panic!("{failure}: {:#?}", failure.diagnostics),
        };
        let mut shop = Shop {
            folder,
            settings,
            bytes,
            batches: Vec::new(),
            items: Vec::new(),
            layers: Vec::new(),
            bodies: Vec::new(),
        };
        shop.batches = shop.read();
        shop.items = shop.map();
        shop.layers = shop.items.iter().cloned().map(Layer::first).collect();
        shop.bodies = shop.layers.iter().map(|layer| shop.body(layer)).collect();
        assert_eq!(shop.items.len(), ROWS, "every generated row is an item");
        shop
    }

    fn supplier(&self) -> &Supplier {
        &self.settings.suppliers[0]
    }

    /// Bytes to records.
    fn read(&self) -> Vec<Records> {
        let supplier = self.supplier();
        let path = self.folder.path().join("suppliers/norte/tarifa.csv");
        let mut reading = estante::feed::open(&path, "tarifa.csv", 0, &supplier.file, supplier.mapping.wanted())
            .unwrap_or_else(|error| panic!("{:?}", error.diagnostic()));
        let mut batches = Vec::new();
        loop {
            let mut batch = Records::default();
            match reading.next(&mut batch) {
                Ok(true) => batches.push(batch),
                Ok(false) => return batches,
                Err(error) => panic!("{:?}", error.diagnostic()),
            }
        }
    }

    /// Records to items.
    fn map(&self) -> Vec<Item> {
        let mapping = &self.supplier().mapping;
        let (file, mut scratch, mut findings): (Arc<str>, _, _) = ("tarifa.csv".into(), Scratch::default(), Vec::new());
        let mut items = Vec::with_capacity(ROWS);
        for record in self.batches.iter().flat_map(Records::iter) {
            let Ok(sku) = mapping.sku(&record) else { continue };
            items.extend(mapping.apply(record, &sku, &file, &mut scratch, &mut findings));
        }
        items
    }

    fn body(&self, layer: &Layer) -> String {
        let mut body = String::with_capacity(1024);
        layer.write_body(&self.settings.schema, &mut body);
        body
    }

    fn spoken(&self, n: usize, sources: u16) -> Vec<Spoken> {
        let origin = Origin {
            batch: 1,
            file: 0,
            line: n as u64 + 2,
        };
        (0..sources)
            .map(|source| Spoken {
                source,
                origin,
                withdrawn: false,
                layer: self.layers[n].clone(),
            })
            .collect()
    }
}

fn main() {
    LazyLock::force(&SHOP);
    divan::main();
}

/// Bytes of a CSV to records.
#[divan::bench]
fn csv_to_records(bencher: Bencher) {
    bencher
        .counter(BytesCount::new(SHOP.bytes))
        .counter(ItemsCount::new(ROWS))
        .bench(|| SHOP.read());
}

/// What an unchanged row costs beside its parse: its SKU and its hash.
#[divan::bench]
fn hash_of_a_row(bencher: Bencher) {
    let mapping = &SHOP.supplier().mapping;
    bencher.counter(ItemsCount::new(ROWS)).bench(|| {
        for record in SHOP.batches.iter().flat_map(Records::iter) {
            black_box(mapping.sku(&record).is_ok());
            black_box(mapping.row_hash(&record));
        }
    });
}

/// Records to items: 20 fields of all kinds.
#[divan::bench]
fn record_to_item(bencher: Bencher) {
    bencher.counter(ItemsCount::new(ROWS)).bench(|| SHOP.map());
}

/// What an item would change in its layer.
#[divan::bench]
fn item_against_layer(bencher: Bencher) {
    bencher.counter(ItemsCount::new(ROWS)).bench(|| {
        for (item, layer) in SHOP.items.iter().zip(&SHOP.layers) {
            black_box(changed_keys(item, layer));
        }
    });
}

/// A layer to the body that the store keeps.
#[divan::bench]
fn layer_to_body(bencher: Bencher) {
    bencher.counter(ItemsCount::new(ROWS)).bench(|| {
        for layer in &SHOP.layers {
            black_box(SHOP.body(layer));
        }
    });
}

/// A stored body to a layer.
#[divan::bench]
fn body_to_layer(bencher: Bencher) {
    bencher.counter(ItemsCount::new(ROWS)).bench(|| {
        for body in &SHOP.bodies {
            black_box(Layer::read_body(body, &SHOP.settings.schema).is_ok());
        }
    });
}

/// What the texts of a product say (about 350 bytes): only what nobody says is looked for; with doubts, as the index wants to
/// know them, every attribute of its family.
#[divan::bench(args = [false, true])]
fn specs_of_a_product(bencher: Bencher, doubts: bool) {
    let trust = Trust::new(&["supplier:s0".to_owned()], |_| None);
    let (schema, enrichment) = (&SHOP.settings.schema, &SHOP.settings.enrichment);
    let said: Vec<_> = (0..ROWS)
        .map(|n| resolve(n as i64, String::new(), SHOP.spoken(n, 1), schema, &trust))
        .collect();
    bencher
        .counter(ItemsCount::new(ROWS))
        .with_inputs(|| said.clone())
        .bench_local_refs(|products| {
            for product in products {
                let product = std::slice::from_mut(product);
                if doubts {
                    black_box(enrichment.derive_doubted(product, schema));
                } else {
                    enrichment.derive(product, schema);
                }
            }
        });
}

/// The same with the sample workspace's schema: some hundred attributes, all options and units, nothing said beside the texts.
#[divan::bench]
fn specs_of_a_sample_product(bencher: Bencher) {
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let settings = match Settings::load(project) {
        Ok(settings) => settings,
        Err(failure) => panic!("{failure}: {:#?}", failure.diagnostics),
    };
    let schema = &settings.schema;
    let text = |code: &str, text: &str| Resolved {
        key: Key {
            locale: 1,
            ..Key::of(schema.by_code(code).expect("the sample has texts"))
        },
        value: estante::value::Value::Text(text.to_owned()),
        by: By::Layer(0),
        origin: Origin::default(),
    };
    let mut values = vec![
        text(
            "name",
            "Taladro percutor a batería 18V GSB 18V-55, par máximo 60 Nm, con 2 baterías de 4 Ah y maletín",
        ),
        text(
            "description",
            "Taladro percutor profesional sin escobillas para madera, metal y mampostería. Portabrocas metálico de 1,5-13 mm. \
             Velocidad en vacío: 0-1.900 rpm. Peso: 1,8 kg. Incluye cargador rápido y maletín. No incluye juego de brocas. \
             Compatible con todas las baterías de 18 V. Garantía: 3 años.",
        ),
    ];
    values.sort_by_key(|value| value.key);
    let product = Product {
        family: schema.family_by_code("drills"),
        values,
        ..Product::default()
    };
    bencher
        .counter(ItemsCount::new(ROWS))
        .with_inputs(|| vec![product.clone(); ROWS])
        .bench_local_refs(|products| {
            for product in products {
                settings.enrichment.derive(std::slice::from_mut(product), schema);
            }
        });
}

/// Layers of one or three suppliers to the golden record.
#[divan::bench(args = [1, 3])]
fn resolve_layers(bencher: Bencher, sources: u16) {
    let names: Vec<String> = (0..sources).map(|n| format!("supplier:s{n}")).collect();
    let trust = Trust::new(&names, |_| None);
    bencher
        .counter(ItemsCount::new(ROWS))
        .with_inputs(|| (0..ROWS).map(|n| SHOP.spoken(n, sources)).collect::<Vec<_>>())
        .bench_values(|products| {
            for (n, layers) in products.into_iter().enumerate() {
                black_box(resolve(n as i64, String::new(), layers, &SHOP.settings.schema, &trust));
            }
        });
}

/// Templates as a shop has them: a name of parts, a description with facts, a meta title made of the name.
const TEMPLATES: &str = r#"
[[sets]]
locale = "es"
[sets.write.name]
template = "{{ brand }}[[ {{ mpn }}]][[ de {{ material|lower }}]][[, {{ color|small }}]][[, {{ weight }}]]"
max_chars = 120
[sets.write.description]
template = "<p>{{ name }}[[ de {{ brand|unless_in(name) }}]].[[ {{ vary([\"De\", \"Hecho en\"]) }} {{ material|lower }}.]]</p>[[<ul>{{ facts(\"weight\", \"length\", \"width\", \"height\", \"color\") }}</ul>]]"
min_chars = 20
"#;

/// The products of the shop, with or without the texts that the templates write.
fn shelf(said: bool) -> Vec<Product> {
    let schema = &SHOP.settings.schema;
    let texts = [schema.by_code("name"), schema.by_code("description")];
    let trust = Trust::new(&["supplier:s".to_owned()], |_| None);
    let products = (0..ROWS).map(|n| resolve(n as i64, format!("SKU-{n}"), SHOP.spoken(n, 1), schema, &trust));
    products
        .map(|mut product| {
            if !said {
                product
                    .values
                    .retain(|value| !texts.contains(&Some(value.key.attribute)));
            }
            product
        })
        .collect()
}

/// Names and descriptions by templates: of products that say them, and of products that do not.
#[divan::bench(args = [true, false])]
fn copy_of_products(bencher: Bencher, said: bool) {
    let file = Declaration::parse(TEMPLATES.to_owned(), "copy.toml");
    let file = file.unwrap_or_else(|faults| panic!("{faults:#?}"));
    let copy = Copy::compile(&[file], &SHOP.settings.schema);
    let copy = copy.unwrap_or_else(|faults| panic!("{faults:#?}"));
    bencher
        .counter(ItemsCount::new(ROWS))
        .with_inputs(|| shelf(said))
        .bench_values(|mut products| {
            products.iter_mut().for_each(|product| copy.derive(product));
            products
        });
}
