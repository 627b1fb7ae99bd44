//! Why two products may be one and why they may not, in words.

use crate::merge::candidate::amount::{Dimension, Quantity};
use crate::merge::candidate::contradiction::{Contradiction, both, brands, contradictions};
use crate::merge::candidate::features::Features;
use crate::merge::candidate::number::{Agreement, agreement};
use crate::merge::candidate::rarity::Rarity;
use crate::merge::candidate::score::likeness;
use crate::merge::candidate::view::View;
use crate::merge::candidate::vocabulary::colour_name;
use crate::merge::candidate::word::Words;

/// What speaks for two products being one, and what against it. `name` gives the name of an attribute.
pub fn reasons(a: &View, b: &View, rarity: &Rarity, name: &dyn Fn(u32) -> String) -> (Vec<String>, Vec<String>) {
    let (one, other) = (Features::of(a), Features::of(b));
    let mut reasons = Vec::new();
    let (how, shown) = agreement(&one, &other, rarity);
    let (mine, theirs) = shown.unwrap_or_default();
    if one.gtins.iter().any(|gtin| other.gtins.contains(gtin)) {
        reasons.push("the GTIN is the same".to_owned());
    }
    match how {
        Agreement::Same => reasons.push(format!("part number {mine} on both sides")),
        Agreement::Told => reasons.push(format!("part number {mine} of one in the text of the other")),
        Agreement::Near | Agreement::Stem => {
            reasons.push(format!("part numbers {mine} and {theirs} begin or end alike"))
        }
        Agreement::Unsaid | Agreement::Other | Agreement::Differ => {}
    }
    if brands(&one, &other) == Some(true) {
        reasons.push(format!(
            "brand {}",
            if a.brand.is_empty() { &b.brand } else { &a.brand }
        ));
    }
    let alike = likeness(&one, &other, rarity).0 * 100.0;
    reasons.push(format!("titles {alike:.0} % alike"));
    if let (Some(mine), Some(theirs)) = (a.price.filter(|price| *price > 0), b.price.filter(|price| *price > 0)) {
        let ratio = mine.max(theirs) as f64 / mine.min(theirs) as f64;
        if ratio < 1.5 {
            reasons.push(format!("prices {:.0} % apart", (ratio - 1.0) * 100.0));
        }
    }
    let said = both(&one, &other).filter(|(_, same, _)| *same);
    reasons.extend(said.map(|(attribute, ..)| format!("{} is the same", name(attribute))));
    let (titles, others) = (Words::of(&a.title), Words::of(&b.title));
    let against = contradictions(&one, &other, rarity)
        .into_iter()
        .map(|found| match found {
            Contradiction::Gtin => "other GTINs".to_owned(),
            Contradiction::Number => format!("part numbers {mine} and {theirs}"),
            Contradiction::Brand => format!("brands {} and {}", a.brand, b.brand),
            Contradiction::Quantity(dimension) => {
                let amounts = |words: &Words| told(&words.quantities, dimension);
                format!("{} {} and {}", dimension.name(), amounts(&titles), amounts(&others))
            }
            Contradiction::Pack => "one is a pack, the other does not say so".to_owned(),
            Contradiction::Colour => format!("colour {} and {}", colours(titles.colours), colours(others.colours)),
            Contradiction::Condition => "one is used, refilled or a stand-in, the other does not say so".to_owned(),
            Contradiction::Spec(attribute) => {
                let value = |view: &View| {
                    let spec = view.specs.iter().find(|spec| spec.attribute == attribute);
                    spec.map(|spec| spec.value.clone()).unwrap_or_default()
                };
                format!("{} {} and {}", name(attribute), value(a), value(b))
            }
        });
    (reasons, against.collect())
}

fn colours(bits: u32) -> String {
    let named: Vec<&str> = (0..32).filter(|n| bits & (1 << n) != 0).map(colour_name).collect();
    named.join("/")
}

fn told(quantities: &[Quantity], dimension: Dimension) -> String {
    let (factor, unit) = match dimension {
        Dimension::Pack => (1e3, ""),
        Dimension::Memory => (1e3, " GB"),
        Dimension::Length => (1e3, " mm"),
        Dimension::Mass => (1e3, " g"),
        Dimension::Volume => (1e3, " ml"),
        Dimension::Power => (1e3, " W"),
        Dimension::Voltage => (1e3, " V"),
        Dimension::Charge => (1e3, " mAh"),
        Dimension::Frequency => (1e3, " MHz"),
        Dimension::Pixels => (1e3, " MP"),
        Dimension::Light => (1e3, " lm"),
        Dimension::Area => (1e3, " mm2"),
    };
    let of = quantities.iter().filter(|quantity| quantity.dimension == dimension);
    let amounts: Vec<String> = of
        .map(|quantity| format!("{}{unit}", quantity.amount as f64 / factor))
        .collect();
    amounts.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_speaks_for_and_against_is_said_in_words() {
        let a = View {
            title: "Kingston DataTraveler 64 GB black DT-100".into(),
            brand: "Kingston".into(),
            price: Some(100_000),
            ..View::default()
        };
        let b = View {
            title: "DataTraveler DT100 128GB white".into(),
            brand: "Kingston".into(),
            price: Some(110_000),
            ..View::default()
        };
        let (one, other) = (Features::of(&a), Features::of(&b));
        let rarity = Rarity::of([&*one.words, &*other.words].into_iter());
        let (reasons, against) = reasons(&a, &b, &rarity, &|_| String::new());
        assert_eq!(
            reasons,
            [
                "part number dt100 on both sides",
                "brand Kingston",
                "titles 13 % alike",
                "prices 10 % apart"
            ]
        );
        assert_eq!(against, ["capacity 64 GB and 128 GB", "colour black and white"]);
    }
}
