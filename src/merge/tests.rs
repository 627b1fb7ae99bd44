//! The laws of the golden record: the order of layers never shows, the editor wins, withdrawn offers are gone.

use crate::merge::claim::Spoken;
use crate::merge::model::{check_axes, inherit};
use crate::merge::policy::{BestOffer, Standing, Trust};
use crate::merge::resolve::{resolve, resolve_lent};
use crate::product::item::{Item, Said};
use crate::product::layer::Layer;
use crate::product::origin::Origin;
use crate::product::{By, Product};
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::schema::load::load_texts;
use crate::schema::policy::Policy;
use crate::schema::scope::Key;
use proptest::prelude::*;
use std::collections::BTreeMap;

const SCHEMA: &str = r#"
attributes.name = { kind = "text", localizable = true, policy = "longest" }
attributes.brand = { kind = "text" }
attributes.note = { kind = "text", policy = "newest" }
attributes.image = { kind = "media", policy = "union" }
attributes.price = { kind = "money", role = "offer", policy = "lowest-in-stock" }
attributes.stock = { kind = "integer", role = "offer", policy = "highest" }
attributes.lead = { kind = "integer", role = "offer" }
attributes.seal = { kind = "text", locked = true }
attributes.family = { kind = "identifier" }
families.tools = { policy = { brand = "longest", stock = "lowest" } }
families.saws = { parent = "tools", policy = { stock = "newest" } }
"#;

fn schema() -> Schema {
    let locales = ["es".to_owned(), "en".to_owned()];
    load_texts(&[("schema.toml", SCHEMA)], &locales, &[]).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// The editor, then drafts, then b before a: rank goes before id.
fn trust() -> Trust {
    owned(&[])
}

/// The same where suppliers (`a`, `b`, `c`) own attributes.
fn owned(owners: &[(&str, &str)]) -> Trust {
    ranked(owners, &[])
}

/// The same where `a` has ranks of its own for attributes.
fn ranked(owners: &[(&str, &str)], ranks: &[(&str, u32)]) -> Trust {
    let schema = schema();
    let mut own_ranks: Vec<(AttributeId, u32)> = ranks
        .iter()
        .filter_map(|(code, rank)| Some((schema.by_code(code)?, *rank)))
        .collect();
    own_ranks.sort_unstable();
    let of = |id: &str| -> Vec<AttributeId> {
        let own = owners.iter().filter(|(owner, _)| *owner == id);
        own.filter_map(|(_, code)| schema.by_code(code)).collect()
    };
    let (a, b, c) = (of("a"), of("b"), of("c"));
    let sources = ["supplier:a", "supplier:b", "supplier:c", "editor", "draft"].map(str::to_owned);
    Trust::new(&sources, |id| match id {
        "a" => Some(Standing {
            rank: 20,
            owns: &a,
            ranks: &own_ranks,
            ..Standing::default()
        }),
        "b" => Some(Standing {
            rank: 10,
            owns: &b,
            ..Standing::default()
        }),
        _ => Some(Standing {
            rank: 30,
            adds_to: Some("supplier:a"),
            owns: &c,
            ..Standing::default()
        }),
    })
}

fn layer(schema: &Schema, source: u16, batch: i64, withdrawn: bool, body: &str) -> Spoken {
    let layer = Layer::read_body(body, schema).unwrap();
    Spoken {
        source,
        origin: Origin {
            batch,
            file: 0,
            line: 1,
        },
        withdrawn,
        layer,
    }
}

fn told(product: &Product, schema: &Schema) -> String {
    let values: Vec<String> = product
        .values
        .iter()
        .map(|value| format!("{}={}", schema.key_text(value.key), value.value.to_text()))
        .collect();
    values.join("; ")
}

fn check(layers: &[(u16, i64, bool, &str)], expected: &str) {
    check_with(&trust(), layers, expected);
}

#[track_caller]
fn check_with(trust: &Trust, layers: &[(u16, i64, bool, &str)], expected: &str) {
    let schema = schema();
    let layers: Vec<Spoken> = layers
        .iter()
        .map(|(source, batch, gone, body)| layer(&schema, *source, *batch, *gone, body))
        .collect();
    let product = resolve(1, "S".into(), layers, &schema, trust);
    assert_eq!(told(&product, &schema), expected);
}

/// Offers taken as a whole, by price.
fn best(policy: Policy) -> Trust {
    let by = schema().by_code("price").expect("there is a price");
    trust().with_offer(Some(BestOffer { by, policy }))
}

#[test]
fn policies_decide() {
    let a = r#"{"brand":"A","image":["1","2"],"name@es":"Taladro percutor","note":"old","price":"9.00 EUR","stock":0}"#;
    let b = r#"{"brand":"B","image":["2","3"],"name@es":"Taladro","note":"new","price":"10.00 EUR","stock":4}"#;
    let expected = "brand=B; image=2, 3, 1; name@es=Taladro percutor; note=new; price=10.00 EUR; stock=4";
    check(&[(0, 1, false, a), (1, 2, false, b)], expected);
    check(&[(1, 2, false, b), (0, 1, false, a)], expected);
}

/// One long address is not more than three.
#[test]
fn the_longest_list_has_most_members() {
    let schema = SCHEMA.replace("policy = \"union\"", "policy = \"longest\"");
    let locales = ["es".to_owned(), "en".to_owned()];
    let schema = load_texts(&[("schema.toml", &schema)], &locales, &[]).unwrap_or_else(|faults| panic!("{faults:?}"));
    let few = layer(
        &schema,
        1,
        1,
        false,
        r#"{"image":["https://shop.example/a/very/long/address.jpg"]}"#,
    );
    let many = layer(&schema, 0, 1, false, r#"{"image":["1","2","3"]}"#);
    let product = resolve(1, "S".into(), vec![few, many], &schema, &trust());
    assert_eq!(told(&product, &schema), "image=1, 2, 3");
}

/// Equal values on the axes of different families are not equal axes.
#[test]
fn axes_are_compared_within_a_family() {
    let text = "attributes.size = { kind = \"text\" }\nattributes.volume = { kind = \"text\" }\nattributes.family = { kind = \"identifier\" }\n\
        families.shirts = { attributes = [\"size\"], axes = [\"size\"] }\nfamilies.cans = { attributes = [\"volume\"], axes = [\"volume\"] }\n";
    let schema =
        load_texts(&[("schema.toml", text)], &["es".to_owned()], &[]).unwrap_or_else(|faults| panic!("{faults:?}"));
    let made = |sku: &str, body: &str| {
        resolve(
            1,
            sku.into(),
            vec![layer(&schema, 1, 1, false, body)],
            &schema,
            &trust(),
        )
    };
    let shirt = made("A", r#"{"family":"shirts","size":"5"}"#);
    let can = made("B", r#"{"family":"cans","volume":"5"}"#);
    let other = made("C", r#"{"family":"cans","volume":"5"}"#);
    assert_eq!(check_axes(&[&shirt, &can], &schema), []);
    assert_eq!(check_axes(&[&shirt, &can, &other], &schema).len(), 1);
}

#[test]
fn the_editor_wins_under_every_policy() {
    let a = r#"{"brand":"A","name@es":"Un nombre muy largo","price":"9.00 EUR","stock":3}"#;
    let editor = r#"{"name@es":"Corto","price":"12.00 EUR"}"#;
    check(
        &[(0, 5, false, a), (3, 1, false, editor)],
        "brand=A; name@es=Corto; price=12.00 EUR; stock=3",
    );
}

#[test]
fn an_accepted_draft_stands_between_the_editor_and_the_suppliers() {
    let a = r#"{"brand":"A","stock":3}"#;
    let draft = r#"{"brand":"D"}"#;
    check(&[(1, 9, false, a), (4, 1, false, draft)], "brand=D; stock=3");
    let editor = r#"{"brand":"E"}"#;
    check(&[(4, 9, false, draft), (3, 1, false, editor)], "brand=E");
    // Under every policy, also where a supplier's is longer.
    let long = r#"{"name@es":"Un nombre muy largo"}"#;
    check(
        &[(0, 9, false, long), (4, 1, false, r#"{"name@es":"Corto"}"#)],
        "name@es=Corto",
    );
    // Who gave the value is told, to a variant too, and a draft alone keeps nothing on sale.
    let schema = schema();
    let read = |source, body| layer(&schema, source, 1, false, body);
    let model = resolve(1, "M".into(), vec![read(1, a), read(4, draft)], &schema, &trust());
    assert_eq!(
        model.values.iter().map(|value| value.by).collect::<Vec<_>>(),
        [By::Draft(1), By::Layer(0)]
    );
    let mut variant = resolve(2, "V".into(), vec![read(4, r#"{"name@es":"N"}"#)], &schema, &trust());
    assert!(!variant.active);
    inherit(&mut variant, &model, &schema);
    assert_eq!(
        variant.values.iter().map(|value| value.by).collect::<Vec<_>>(),
        [By::ModelDraft, By::Draft(0)]
    );
}

#[test]
fn what_was_withdrawn_offers_nothing_and_still_describes() {
    let a = r#"{"brand":"A","name@es":"Sierra","price":"9.00 EUR","stock":3}"#;
    let b = r#"{"name@es":"Sierra de calar","price":"10.00 EUR","stock":1}"#;
    check(
        &[(0, 1, true, a), (1, 1, false, b)],
        "brand=A; name@es=Sierra de calar; price=10.00 EUR; stock=1",
    );
    check(&[(0, 1, true, a)], "brand=A; name@es=Sierra");
    let schema = schema();
    let active = |layers: Vec<Spoken>| resolve(1, "S".into(), layers, &schema, &trust()).active;
    assert!(!active(vec![layer(&schema, 0, 1, true, a)]));
    // A stock feed alone keeps nothing on sale.
    assert!(!active(vec![
        layer(&schema, 0, 1, true, a),
        layer(&schema, 2, 1, false, r#"{"stock":3}"#)
    ]));
}

#[test]
fn a_best_offer_is_one_suppliers_as_a_whole() {
    let a = r#"{"lead":5,"price":"9.00 EUR","stock":0}"#;
    let b = r#"{"brand":"B","price":"10.00 EUR","stock":4}"#;
    let layers = [(0, 7, false, a), (1, 2, false, b)];
    let (of_a, of_b) = (
        "brand=B; lead=5; price=9.00 EUR; stock=0",
        "brand=B; price=10.00 EUR; stock=4",
    );
    // Each attribute by its own policy: the price of one, the lead time of the other.
    check(&layers, "brand=B; lead=5; price=10.00 EUR; stock=4");
    check_with(&best(Policy::Lowest), &layers, of_a);
    check_with(&best(Policy::LowestInStock), &layers, of_b);
    check_with(&best(Policy::Rank), &layers, of_b);
    check_with(&best(Policy::Newest), &layers, of_a);
    // A person's word wins attribute by attribute, and chooses no supplier.
    let editor = r#"{"price":"1.00 EUR"}"#;
    let layers = [layers[0], layers[1], (3, 1, false, editor)];
    check_with(
        &best(Policy::LowestInStock),
        &layers,
        "brand=B; price=1.00 EUR; stock=4",
    );
}

#[test]
fn a_feed_that_adds_to_a_supplier_counts_together_with_it() {
    let a = r#"{"price":"9.00 EUR","stock":0}"#;
    let b = r#"{"lead":1,"price":"10.00 EUR","stock":4}"#;
    let c = r#"{"lead":2,"stock":3}"#;
    let layers = [(0, 1, false, a), (1, 1, false, b), (2, 1, false, c)];
    check_with(&best(Policy::LowestInStock), &layers, "lead=2; price=9.00 EUR; stock=3");
    // So it does where each attribute goes by its own policy.
    check(&layers, "lead=1; price=9.00 EUR; stock=4");
    // What the house itself took off the list is not sold by its stock feed, however low the price.
    let c = r#"{"lead":2,"price":"1.00 EUR","stock":3}"#;
    let layers = [(0, 1, true, a), (1, 1, false, b), (2, 1, false, c)];
    check_with(&best(Policy::Lowest), &layers, "lead=1; price=10.00 EUR; stock=4");
}

#[test]
fn amounts_in_different_currencies_are_not_compared() {
    let a = r#"{"lead":5,"price":"9.00 USD"}"#;
    let b = r#"{"lead":4,"price":"10.00 EUR"}"#;
    let layers = [(0, 1, false, a), (1, 1, false, b)];
    check_with(&best(Policy::Lowest), &layers, "lead=4; price=10.00 EUR");
    // Without a price of anybody the best trusted offer is taken; without an offer there is nothing to choose.
    let layers = [(0, 1, false, r#"{"lead":5}"#), (1, 1, false, r#"{"stock":2}"#)];
    check_with(&best(Policy::Lowest), &layers, "stock=2");
    let layers = [(0, 1, false, r#"{"lead":5}"#), (1, 1, false, r#"{"brand":"B"}"#)];
    check_with(&best(Policy::Lowest), &layers, "brand=B; lead=5");
}

#[test]
fn an_owners_word_counts_even_where_it_says_nothing() {
    let a = r#"{"name@es":"A","price":"9.00 EUR"}"#;
    let b = r#"{"brand":"B","name@en":"Bee","name@es":"Bee","stock":4}"#;
    let layers = [(0, 1, false, a), (1, 1, false, b)];
    let trust = owned(&[("a", "brand"), ("a", "name"), ("a", "lead")]);
    check_with(&trust, &layers, "name@es=A; price=9.00 EUR; stock=4");
    let schema = schema();
    let read = |layers: &[(u16, i64, bool, &str)]| {
        let layers = layers
            .iter()
            .map(|(source, batch, gone, body)| layer(&schema, *source, *batch, *gone, body));
        resolve(1, "S".into(), layers.collect(), &schema, &trust)
    };
    let blank = |layers| {
        let product: Product = read(layers);
        let codes = product.blank.iter().map(|id| schema.attribute(*id).code.to_string());
        codes.collect::<Vec<_>>().join(" ")
    };
    assert_eq!(blank(&layers), "brand lead");
    assert_eq!(blank(&layers[..1]), "brand lead");
    assert_eq!(blank(&layers[1..]), "");
    // A person speaks over the owner; who does not have the product, or took it off, owns nothing of it.
    let editor = r#"{"brand":"E"}"#;
    check_with(
        &trust,
        &[layers[0], layers[1], (3, 1, false, editor)],
        "brand=E; name@es=A; price=9.00 EUR; stock=4",
    );
    let all_of_b = "brand=B; name@es=Bee; name@en=Bee; stock=4";
    check_with(&trust, &layers[1..], all_of_b);
    check_with(&trust, &[(0, 1, true, a), layers[1]], all_of_b);
}

#[test]
fn the_better_trusted_of_two_owners_counts_with_the_feeds_that_add_to_it() {
    let a = r#"{"brand":"A"}"#;
    let b = r#"{"brand":"Bee"}"#;
    let c = r#"{"brand":"C","note":"C"}"#;
    let layers = [(0, 1, false, a), (1, 1, false, b), (2, 1, false, c)];
    check_with(&owned(&[("a", "brand"), ("b", "brand")]), &layers, "brand=Bee; note=C");
    check_with(
        &owned(&[("a", "brand"), ("b", "brand")]),
        &[layers[0], layers[2]],
        "brand=A; note=C",
    );
    check_with(&owned(&[("a", "note")]), &layers, "brand=Bee; note=C");
    check_with(&owned(&[("c", "brand")]), &layers, "brand=C; note=C");
    // What is owned is no part of another's best offer.
    let by = schema().by_code("price").expect("there is a price");
    let terms = BestOffer {
        by,
        policy: Policy::Lowest,
    };
    let trust = owned(&[("a", "stock")]).with_offer(Some(terms));
    let a = r#"{"lead":1,"price":"9.00 EUR","stock":0}"#;
    let b = r#"{"lead":2,"price":"8.00 EUR","stock":4}"#;
    check_with(
        &trust,
        &[(0, 1, false, a), (1, 1, false, b)],
        "lead=2; price=8.00 EUR; stock=0",
    );
}

#[test]
fn what_is_locked_is_said_by_people_and_owners() {
    let a = r#"{"brand":"A","seal":"A"}"#;
    let b = r#"{"seal":"B"}"#;
    let (layers, people) = ([(0, 1, false, a), (1, 1, false, b)], (3, 1, false, r#"{"seal":"E"}"#));
    check(&layers, "brand=A");
    check(&layers[..1], "brand=A");
    check(&[layers[0], people], "brand=A; seal=E");
    check(&[people], "seal=E");
    check(&[(4, 1, false, b), layers[0]], "brand=A; seal=B");
    let trust = owned(&[("a", "seal")]);
    check_with(&trust, &layers, "brand=A; seal=A");
    check_with(&trust, &layers[..1], "brand=A; seal=A");
    check_with(&trust, &layers[1..], "");
    // What its owner said still stands when the owner no longer sells it.
    check_with(&trust, &[(0, 1, true, a), layers[1]], "brand=A; seal=A");
}

#[test]
fn a_family_says_who_wins_among_its_products() {
    let a = r#"{"brand":"Longer","stock":3}"#;
    let b = |family: &str| format!(r#"{{"brand":"B","family":"{family}","stock":4}}"#);
    let (tools, saws) = (b("tools"), b("saws"));
    check(
        &[(0, 1, false, a), (1, 2, false, &tools)],
        "brand=Longer; family=tools; stock=3",
    );
    // What a family does not say it inherits.
    check(
        &[(0, 1, false, a), (1, 2, false, &saws)],
        "brand=Longer; family=saws; stock=4",
    );
    check(
        &[(0, 1, false, a), (1, 2, false, r#"{"brand":"B","stock":4}"#)],
        "brand=B; stock=4",
    );
    // The model's family holds where the product's own sources say none.
    let schema = schema();
    let layers = vec![
        layer(&schema, 0, 1, false, a),
        layer(&schema, 1, 1, false, r#"{"brand":"B"}"#),
    ];
    let product = resolve_lent(1, "S".into(), layers, schema.family_by_code("tools"), &schema, &trust());
    assert_eq!(told(&product, &schema), "brand=Longer; stock=3");
}

#[test]
fn a_supplier_has_a_rank_of_its_own_for_an_attribute() {
    let a = r#"{"brand":"A","lead":1}"#;
    let b = r#"{"brand":"B","lead":2}"#;
    let layers = [(0, 1, false, a), (1, 1, false, b)];
    check(&layers, "brand=B; lead=2");
    check_with(&ranked(&[], &[("brand", 5)]), &layers, "brand=A; lead=2");
    // It also settles which of two owners counts.
    let owners = [("a", "lead"), ("b", "lead")];
    check_with(&ranked(&owners, &[("lead", 5)]), &layers, "brand=B; lead=1");
    check_with(&ranked(&owners, &[]), &layers, "brand=B; lead=2");
}

/// Settings as a workspace may have them: owners, ranks, and whose offer is taken.
fn settings() -> impl Strategy<Value = Trust> {
    let supplier = prop::sample::select(vec!["a", "b", "c"]);
    let attribute = prop::sample::select(vec!["brand", "name", "price", "stock", "seal", "family"]);
    let owners = prop::collection::vec((supplier, attribute.clone()), 0..4);
    let ranks = prop::collection::vec((attribute, 1..40_u32), 0..3);
    let policies = [Policy::Rank, Policy::Newest, Policy::Lowest, Policy::LowestInStock];
    let offer = prop::option::of((
        prop::sample::select(vec!["price", "stock"]),
        prop::sample::select(policies.to_vec()),
    ));
    (owners, ranks, offer).prop_map(|(owners, mut ranks, offer)| {
        ranks.sort_unstable();
        ranks.dedup_by_key(|(code, _)| *code);
        let offer = offer.and_then(|(code, policy)| {
            let by = schema().by_code(code)?;
            Some(BestOffer { by, policy })
        });
        ranked(&owners, &ranks).with_offer(offer)
    })
}

fn bodies() -> impl Strategy<Value = Vec<(u16, i64, bool, String)>> {
    let body = ("[a-c]{0,3}", "[a-c]{0,3}", 0..4_u32, 0..3_i64, prop::bool::ANY).prop_map(
        |(brand, name, price, stock, says)| {
            let mut parts = vec![format!(r#""stock":{stock}"#)];
            if says {
                let currency = if name.len() == 1 { "USD" } else { "EUR" };
                parts.push(format!(r#""price":"{price}.50 {currency}","seal":"{price}""#));
            }
            if name.len() > 1 {
                parts.push(format!(r#""family":"{}""#, if says { "tools" } else { "saws" }));
            }
            if !brand.is_empty() {
                parts.push(format!(r#""brand":"{brand}","note":"{brand}","image":["{brand}","x"]"#));
            }
            if !name.is_empty() {
                parts.push(format!(r#""name@en":"{name}","name@es":"{name}""#));
            }
            format!("{{{}}}", parts.join(","))
        },
    );
    let layer = |source: u16| (Just(source), 1..4_i64, prop::bool::ANY, body.clone());
    (layer(0), layer(1), layer(2), layer(3)).prop_map(|(a, b, c, d)| vec![a, b, c, d])
}

/// How often the laws are tried: 1,000 times, or as `ESTANTE_CASES` says.
fn cases() -> ProptestConfig {
    let asked = std::env::var("ESTANTE_CASES").ok().and_then(|text| text.parse().ok());
    ProptestConfig::with_cases(asked.unwrap_or(1_000))
}

proptest! {
    #![proptest_config(cases())]

    #[test]
    fn the_order_of_layers_never_shows(
        (layers, other) in bodies().prop_flat_map(|layers| (Just(layers.clone()), Just(layers).prop_shuffle())),
        trust in settings(),
    ) {
        let schema = schema();
        let read = |order: &[(u16, i64, bool, String)]| {
            let spoken = order.iter().map(|(source, batch, gone, body)| layer(&schema, *source, *batch, *gone, body)).collect();
            told(&resolve(1, "S".into(), spoken, &schema, &trust), &schema)
        };
        prop_assert_eq!(read(&layers), read(&other));
    }

    #[test]
    fn bodies_read_back_with_their_origins(layers in bodies()) {
        let schema = schema();
        let read = |body: &str| Layer::read_body(body, &schema).unwrap();
        let origin = |batch| Origin { batch, file: 0, line: 9 };
        let mut now = read(&layers[0].3);
        // When each value became what it is.
        let mut since: BTreeMap<Key, i64> = now.values.iter().map(|(key, _)| (*key, 1)).collect();
        for (n, (_, _, _, body)) in layers.iter().enumerate().skip(1) {
            let values = read(body).values;
            let changed = values.iter().filter(|(key, value)| now.value(*key) != Some(value));
            since.extend(changed.map(|(key, _)| (*key, n as i64 + 1)));
            let said = values.into_iter().map(|(key, value)| (key, Said::Value(value))).collect();
            let next = now.overlaid(Item { sku: "S".into(), line: 1, file: 0, said }, origin(n as i64));
            let mut body = String::new();
            next.write_body(&schema, &mut body);
            now = read(&body);
            prop_assert_eq!(&now, &next);
            // What the item changed comes from it; what it said again, or was silent about, from where it came from.
            let own = origin(n as i64 + 1);
            for (key, _) in &now.values {
                prop_assert_eq!(Some(&now.origin(*key, own).batch), since.get(key), "{}", body);
            }
        }
    }
}
