//! All candidates of a catalog: the pairs compared, scored, and of each product the best partner at each seller.
//!
//! What comes out does not depend on the number of threads, and of equal scores the first by number wins.

use crate::merge::candidate::block::{in_parts, pairs};
use crate::merge::candidate::contradiction::contradictions;
use crate::merge::candidate::features::Features;
use crate::merge::candidate::number::is_agreed;
use crate::merge::candidate::rarity::Rarity;
use crate::merge::candidate::score::{score, signals};
use crate::merge::candidate::wall::is_tallied;
use std::collections::HashMap;

/// By how much the best partner must lead the next one before a machine may merge by itself, in thousandths.
const LEAD: u16 = 300;
/// Stands for products that nobody sells.
const NOBODY: u16 = u16::MAX;

/// Two products that may be one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Candidate {
    /// Their positions, the lower first.
    pub a: u32,
    pub b: u32,
    /// In thousandths.
    pub score: u16,
    /// The best score of another partner of one of the two, at the same seller; 0 where there is none.
    pub rival: u16,
    /// True where they say what cannot both be true of one product.
    pub contradicted: bool,
    /// True where the part numbers agree, each side's own included.
    pub numbered: bool,
    /// True where every number and every size of one title stands in the other.
    pub tallied: bool,
}

impl Candidate {
    /// True where a machine may merge them by itself: sure by the threshold (in thousandths), by part number, without a
    /// contradiction, with the same numbers in both titles, and far ahead of every other partner.
    pub fn is_sure(&self, threshold: u16) -> bool {
        self.score >= threshold
            && self.numbered
            && self.tallied
            && !self.contradicted
            && self.score >= self.rival.saturating_add(LEAD)
    }
}

/// What was found, the surest first.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    pub candidates: Vec<Candidate>,
    /// Pairs that were compared in full.
    pub compared: usize,
    /// Keys that more products share than are compared with each other.
    pub too_common: usize,
    pub rarity: Rarity,
}

/// Compares products. `is_decided` says of two that somebody decided on them; `lowest` is the score to be listed, in
/// thousandths; of lower ones nobody may ask whether they are sure.
pub fn find(
    products: &[Features],
    is_decided: &(dyn Fn(u32, u32) -> bool + Sync),
    lowest: u16,
    threads: usize,
) -> Found {
    let rarity = Rarity::of(products.iter().map(|product| &*product.words));
    let at = |n: u32| &products[n as usize];
    let is_out = |a: u32, b: u32| at(a).is_two(at(b)) || is_decided(a, b);
    let blocks = pairs(products, &rarity, threads, &is_out);
    let parts = in_parts(blocks.pairs.len(), threads, |range| {
        let scored = blocks.pairs[range]
            .iter()
            .map(|(a, b)| (score(&signals(at(*a), at(*b), &rarity)), *a, *b));
        scored
            // A rival is looked for as far below as it can be in the way.
            .filter(|(score, ..)| score.saturating_add(LEAD) >= lowest)
            .collect::<Vec<_>>()
    });
    let mut scored: Vec<(u16, u32, u32)> = parts.into_iter().flatten().collect();
    scored.sort_unstable_by(|one, other| other.0.cmp(&one.0).then((one.1, one.2).cmp(&(other.1, other.2))));
    let mut candidates: Vec<Candidate> = Vec::new();
    // Who a product is paired with at a seller, by position among the candidates.
    let mut paired: HashMap<(u32, u16), u32> = HashMap::new();
    for (score, a, b) in scored {
        let sides = |one: u32, other: u32| {
            sellers(at(other))
                .iter()
                .map(move |seller| (one, *seller))
                .collect::<Vec<_>>()
        };
        let mut slots = sides(a, b);
        slots.extend(sides(b, a));
        let taken: Vec<u32> = slots.iter().filter_map(|slot| paired.get(slot).copied()).collect();
        for holder in &taken {
            let rival = &mut candidates[*holder as usize].rival;
            *rival = score.max(*rival);
        }
        if taken.is_empty() && score >= lowest {
            let (one, other) = (at(a), at(b));
            let contradicted = !contradictions(one, other, &rarity).is_empty();
            let numbered = is_agreed(one, other, &rarity);
            paired.extend(slots.into_iter().map(|slot| (slot, candidates.len() as u32)));
            candidates.push(Candidate {
                a,
                b,
                score,
                rival: 0,
                contradicted,
                numbered,
                tallied: numbered && !contradicted && is_tallied(one, other),
            });
        }
    }
    Found {
        candidates,
        compared: blocks.pairs.len(),
        too_common: blocks.too_common,
        rarity,
    }
}

fn sellers(product: &Features) -> &[u16] {
    if product.sellers.is_empty() {
        &[NOBODY]
    } else {
        &product.sellers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::merge::candidate::view::{Spec, View};

    /// `seller | brand | number | price | title`, or with `colour=` a said value behind.
    fn products(lines: &str) -> Vec<Features> {
        let read = |line: &str| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let gtin = cells.get(5).and_then(|cell| cell.strip_prefix("gtin=")?.parse().ok());
            let colour = cells.get(5).and_then(|cell| cell.strip_prefix("colour="));
            Features::of(&View {
                sellers: vec![cells[0].parse().unwrap()],
                brand: cells[1].into(),
                numbers: vec![cells[2].to_owned()],
                price: cells[3].parse::<i64>().ok().map(|price| price * 10_000),
                title: cells[4].into(),
                gtins: gtin.into_iter().collect(),
                specs: colour
                    .map(|value| Spec {
                        attribute: 7,
                        value: value.into(),
                        telling: true,
                    })
                    .into_iter()
                    .collect(),
                ..View::default()
            })
        };
        lines.trim().lines().map(read).collect()
    }

    fn check(lines: &str, expected: &str) {
        let products = products(lines);
        let told = |threads| {
            let found = find(&products, &|_, _| false, 500, threads);
            let line = |pair: &Candidate| {
                let sure = if pair.is_sure(900) { " sure" } else { "" };
                let contradicted = if pair.contradicted { " contradicted" } else { "" };
                format!("{}-{}{sure}{contradicted}", pair.a, pair.b)
            };
            found.candidates.iter().map(line).collect::<Vec<_>>().join("\n")
        };
        assert_eq!(told(1), expected, "{lines}");
        assert_eq!(told(3), expected, "{lines}");
    }

    #[test]
    fn one_product_of_two_sellers_is_found_and_twins_are_kept_apart() {
        let others = "1 | Acme | A100-1 | 10 | Acme hammer A100-1\n1 | Acme | B200-1 | 12 | Acme saw B200-1\n2 | Zeta | Z3-9 | 50 | Zeta mixer Z3-9";
        check(
            &format!(
                "{others}\n1 | Bosch | GSR-18V | 99 | Bosch drill driver GSR-18V\n2 | Bosch | GSR18V | 101 | Drill driver Bosch GSR18V blue"
            ),
            "3-4 sure",
        );
        // One capacity is not another, however alike everything else is.
        check(
            &format!(
                "{others}\n1 | Kingston | KDT-1 | 20 | Kingston DataTraveler memory 64 GB KDT-1\n2 | Kingston | KDT1 | 20 | Kingston DataTraveler memory 128 GB KDT-1"
            ),
            "3-4 contradicted",
        );
        check(
            &format!(
                "{others}\n1 | Moda | CS-44X | 20 | Moda shirt CS-44X | colour=red\n2 | Moda | CS44X | 20 | Moda shirt CS-44X | colour=blue"
            ),
            "3-4 contradicted",
        );
        // One GTIN with two part numbers is for a person to look at, in whatever language the titles are.
        check(
            &format!(
                "{others}\n1 | Torn | AB-77 | 20 | Tornillo rosca 9021 | gtin=4006381333931\n2 | Torn | XY-88 | 21 | Screw Torn 9021 | gtin=4006381333931"
            ),
            "3-4 contradicted",
        );
        // What a comma parts is one number, in Spanish as in English.
        check(
            &format!(
                "{others}\n1 | Laken | TX15 | 20 | Botella termo acero 1,5 L Laken TX15\n2 | Laken | TX15 | 22 | Botella termo acero 2,5 L Laken TX15"
            ),
            "3-4 contradicted",
        );
        check(
            &format!(
                "{others}\n1 | Bosch | GBA-12V | 40 | Bosch GBA-12V batería 2,5 Ah\n2 | Bosch | GBA12V | 42 | Bosch GBA12V battery 2.5 Ah"
            ),
            "3-4 sure",
        );
        // A disc of blue rays is no blue disc.
        check(
            &format!(
                "{others}\n1 | Sony | BDP-S1700 | 80 | Sony BDP-S1700 Blu-ray player black\n2 | Sony | BDPS1700 | 82 | Sony BDPS1700 Blu-ray player"
            ),
            "3-4 sure",
        );
        check(
            &format!(
                "{others}\n1 | Sony | BDP-S1700 | 80 | Sony BDP-S1700 Blu-ray player\n2 | Sony | BDPS1700 | 82 | Sony BDPS1700 disc player black"
            ),
            "3-4",
        );
        // A seller does not sell one product twice.
        check(
            &format!(
                "{others}\n1 | Bosch | GSR18V | 99 | Bosch drill GSR18V\n1 | Bosch | GSR18V | 99 | Bosch drill GSR18V"
            ),
            "",
        );
    }

    /// What only one title counts, measures or sizes is for a person to look at, known unit or not.
    #[test]
    fn figures_that_one_title_lacks_are_never_sure() {
        let check = |one: &str, other: &str, expected: &str| {
            let lines = format!(
                "1 | Acme | A100-1 | 10 | Acme hammer A100-1\n1 | Acme | B200-1 | 12 | Acme saw B200-1\n2 | Zeta | Z3-9 | 50 | Zeta mixer Z3-9\n\
                 1 | Laken | TX1000 | 20 | {one} Laken TX1000\n2 | Laken | | 21 | {other} Laken TX-1000"
            );
            super::tests::check(&lines, expected);
        };
        let bottle = "Botella termo acero 500 ml";
        for pack in [
            "Pack 6 Botella termo acero 500 ml",
            "Pack de 6 Botella termo acero 500 ml",
            "6x Botella termo acero 500 ml",
            "6 x Botella termo acero 500 ml",
            "6 x 500 ml Botella termo acero",
            "Botella termo acero 6x500 ml",
            "Botella termo acero 6x500ml",
            "Botella termo acero 500 ml x6",
            "Botella termo acero 500 ml x 6",
            "Botella termo acero 500 ml (x6)",
            "6er-Pack Botella termo acero 500 ml",
            "6er Pack Botella termo acero 500 ml",
            "Lote 3 Botella termo acero 500 ml",
            "Doppelpack Botella termo acero 500 ml",
            "Botella termo acero 500 ml caja de 6 botellas",
            "Botella termo acero 500 ml, confezione da 6",
            "Botella termo acero 500 ml, lot de 6",
        ] {
            check(bottle, pack, "3-4 contradicted");
        }
        for (one, other) in [
            ("Botella termo acero 1,5 L", "Botella termo acero 6x1,5 L"),
            ("Tornillo caja de 100", "Tornillo caja de 200"),
            ("Tornillo caja 100 unidades", "Tornillo caja 102 unidades"),
            ("Cable acero 10 m grosor 2 mm", "Cable acero 10 m grosor 4 mm"),
            ("Ibuprofeno comprimido 400 mg", "Ibuprofeno comprimido 600 mg"),
            ("Cable 2 m sección 1,5 mm2", "Cable 2 m sección 2,5 mm²"),
            ("Bombilla 1.500 lm", "Bombilla 500 lm"),
            ("Manguera riego 1 1/2\"", "Manguera riego 1/2\""),
            ("Bidón 1½ L", "Bidón 2 L"),
            ("Bidón ½ L", "Bidón 2 L"),
        ] {
            check(one, other, "3-4 contradicted");
        }
        for (one, other) in [
            ("Ibuprofeno gel 2,5 %", "Ibuprofeno gel 5 %"),
            ("Tornillo 4,5x40", "Tornillo 4,5x60"),
            ("Tornillo M8 acero", "Tornillo M10 acero"),
            ("Zapatilla trail talla 42", "Zapatilla trail talla 43"),
            ("Zapatilla trail talla XL", "Zapatilla trail talla S"),
            ("Cable acero de 2 x 2 m", "Cable acero de 2 m"),
            ("Pantalla 46 cm", "Pantalla 45,9 cm"),
        ] {
            check(one, other, "3-4");
        }
        for (one, other) in [
            ("Batería 1.500 mAh", "Batería 1500 mAh"),
            ("Saco cemento 1.500 kg", "Saco cemento 1500 kg"),
            ("Saco cemento 1.500 kg", "Saco cemento 1,5 kg"),
            ("Manguera riego 1,234 m", "Manguera riego 1.234 m"),
            ("Botella agua 12,5 cl", "Botella agua 125 ml"),
            ("Bidón 1½ L", "Bidón 1.5 L"),
            ("Manguera 1 1/2\"", "Manguera 1,5\""),
            ("Disco SSD 1 TB", "Disco SSD 1.024 GB"),
            ("Botella 6 x 500 ml", "Botella 500 ml pack de 6"),
            ("Botella 2 uds", "Doppelpack Botella"),
            ("Botella acero", "Botella acero 1 ud"),
            ("Camiseta trail XL", "Camiseta trail XL"),
            ("CAMISETA TRAIL L", "Camiseta trail L"),
            ("Tornillo M8 acero", "Tornillo acero M8"),
            ("Cable 10 x 20 cm", "Cable 10x20cm"),
        ] {
            check(one, other, "3-4 sure");
        }
    }

    /// Whether a pair is sure does not depend on the score that is listed.
    #[test]
    fn rivals_below_the_list_are_seen() {
        // Plain words, other ones for every three products; the partners share so many with the first.
        let letter = |n: usize| char::from(b'a' + n as u8);
        let mut lines = Vec::new();
        for (n, price) in [10, 11, 14, 20, 30].into_iter().enumerate() {
            for (best, next) in (0..=10).flat_map(|best| (0..=10).map(move |next| (best, next))) {
                let title = |of: char, shared: usize| {
                    let first = |at: usize| if at < shared { 'x' } else { of };
                    let word = |at| {
                        format!(
                            "{}{}{}{}{}",
                            first(at),
                            letter(n),
                            letter(best),
                            letter(next),
                            letter(at)
                        )
                    };
                    (0..10).map(word).collect::<Vec<_>>().join(" ")
                };
                lines.push(format!("1 | | | 10 | {}", title('x', 10)));
                lines.push(format!("2 | | | 10 | {}", title('y', best)));
                lines.push(format!("2 | | | {price} | {}", title('z', next)));
            }
        }
        let products = products(&lines.join("\n"));
        let found = |lowest| find(&products, &|_, _| false, lowest, 2).candidates;
        let all = found(1);
        let hidden = |pair: &&Candidate| (500..600).contains(&pair.score) && (201..300).contains(&pair.rival);
        assert!(all.iter().any(|pair| hidden(&pair)));
        let sure = |candidates: Vec<Candidate>| -> Vec<(u32, u32, bool)> {
            let listed = candidates.iter().filter(|pair| pair.score >= 500);
            listed
                .map(|pair| (pair.a, pair.b, pair.score < pair.rival.saturating_add(LEAD)))
                .collect()
        };
        assert_eq!(sure(found(500)), sure(all));
    }

    #[test]
    fn many_alike_cost_no_more_than_the_bound() {
        let lines: Vec<String> = (0..3_000)
            .map(|n| format!("{} | Acme | | 10 | Acme plain shirt", n % 2))
            .collect();
        let products = products(&lines.join("\n"));
        let found = find(&products, &|_, _| false, 500, 2);
        assert_eq!((found.compared, found.too_common > 0), (0, true));
    }
}
