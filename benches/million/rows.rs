//! A price list of any length, the same on every machine: about 0.5 KB a row, words and brands as unevenly used as real
//! ones, references and GTINs scattered so that no order helps the store.

use std::fmt::Write as _;
use std::io::{BufWriter, Write};
use std::path::Path;

/// The header, 20 columns.
pub const HEADER: &str = "Referencia;EAN;Marca;Ref. fabricante;Nombre;Descripción;Familia;PVP;Coste;Stock;Peso (g);Largo;Ancho;Alto;\
                      Color;Material;Foto 1;Foto 2;Garantía;País";

const FAMILIES: [(&str, &str); 12] = [
    ("Taladros percutores", "Taladro"),
    ("Martillos", "Martillo"),
    ("Sierras", "Sierra"),
    ("Lámparas", "Lámpara"),
    ("Grifos", "Grifo"),
    ("Pinturas", "Pintura"),
    ("Cerraduras", "Cerradura"),
    ("Escaleras", "Escalera"),
    ("Estanterías", "Estantería"),
    ("Bombas", "Bomba"),
    ("Cables", "Cable"),
    ("Guantes", "Guante"),
];
const COLORS: [&str; 10] = [
    "Rojo",
    "AZUL",
    "verde",
    "Negro",
    "Blanco",
    "gris perla",
    "Plomo",
    "Amarillo",
    "Marrón",
    "",
];
const MATERIALS: [&str; 6] = [
    "Acero inoxidable",
    "Aluminio",
    "Polipropileno",
    "Madera de haya",
    "Latón",
    "-",
];
const COUNTRIES: [&str; 6] = ["España", "Alemania", "Italia", "Portugal", "China", "Francia"];
/// The words that stand first in every Zipf table: they make half of all text.
const COMMON: &str = "de con para y el la en alta uso una gran por del acero profesional sin hasta mayor calidad resistente ideal \
                      trabajo ajuste mango ergonómico base sistema doble rápido seguro potencia batería motor interior exterior \
                      fácil montaje incluye juego piezas punta disco velocidad máxima peso ligero cuerpo metal garantía hogar taller";
const SYLLABLES: [&str; 24] = [
    "ba", "ce", "di", "fo", "gu", "la", "me", "ni", "po", "ru", "sa", "te", "vi", "zo", "cha", "lle", "tra", "ple",
    "cri", "dor", "ción", "mento", "nal", "ño",
];
const WORDS: usize = 30_000;
const BRANDS: usize = 2_000;
const STEPS: u64 = 1 << 18;

/// SplitMix64: small, well mixed, the same everywhere.
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}

/// The texts that rows are made of.
pub struct Vocabulary {
    words: Vec<String>,
    brands: Vec<String>,
    /// Which of `words` comes at each of `STEPS` steps: a draw from it is a draw by Zipf's law.
    zipf: Vec<u16>,
}

impl Vocabulary {
    pub fn new() -> Vocabulary {
        let mut dice = Dice(1);
        let mut invent = |least: usize| {
            let parts = least + dice.below(3);
            (0..parts)
                .map(|_| SYLLABLES[dice.below(SYLLABLES.len())])
                .collect::<String>()
        };
        let mut words: Vec<String> = COMMON.split_whitespace().map(str::to_owned).collect();
        while words.len() < WORDS {
            words.push(invent(2));
        }
        let brands = (0..BRANDS)
            .map(|n| {
                let name = invent(2);
                let (first, rest) = name.split_at(name.chars().next().map_or(0, char::len_utf8));
                format!("{}{rest} {n}", first.to_uppercase())
            })
            .collect();
        // The harmonic sum as integers, so that no machine rounds differently: weight of rank r is 2^32 / r.
        let weights: Vec<u64> = (1..=WORDS as u64).map(|rank| (1 << 32) / rank).collect();
        let whole: u64 = weights.iter().sum();
        let mut zipf = Vec::with_capacity(STEPS as usize);
        let (mut word, mut reached) = (0, weights[0]);
        for step in 0..STEPS {
            while reached < whole / STEPS * step && word + 1 < WORDS {
                word += 1;
                reached += weights[word];
            }
            zipf.push(word as u16);
        }
        Vocabulary { words, brands, zipf }
    }

    fn word(&self, dice: &mut Dice) -> &str {
        &self.words[self.zipf[dice.below(self.zipf.len())] as usize]
    }

    /// Appends row `n` of a list. On day 2, one row in `every` (0: none) has another price and stock.
    pub fn row(&self, n: u64, day: u32, every: u64, out: &mut String) {
        let mut dice = Dice(n.wrapping_mul(0x2545_f491_4f6c_dd1d) ^ 7);
        let (family, noun) = FAMILIES[dice.below(FAMILIES.len())];
        let brand = {
            // The rank of a brand by Zipf's law too: the product of two draws leans to the first ones.
            let rank = dice.below(BRANDS) * dice.below(BRANDS) / BRANDS;
            &self.brands[rank]
        };
        let sku = (n * 48_271 + 11) % 100_000_000;
        let item = (n * 6_180_339_887 + 13) % 10_000_000_000;
        let _ = write!(out, "N{sku:08};");
        write_gtin(840_000_000_000 + item, out);
        let _ = write!(
            out,
            ";{brand};{:X}-{};{noun}",
            item * 31 % 0xff_ffff,
            dice.below(900) + 100
        );
        for _ in 0..3 + dice.below(5) {
            out.push(' ');
            out.push_str(self.word(&mut dice));
        }
        let _ = write!(out, " {} mm;", 5 + dice.below(600));
        let quoted = dice.below(10) == 0;
        if quoted {
            out.push('"');
        }
        for sentence in 0..3 + dice.below(2) {
            if sentence > 0 {
                out.push_str(if quoted { ";  " } else { ". " });
            }
            for word in 0..7 + dice.below(7) {
                if word > 0 {
                    out.push(' ');
                }
                out.push_str(self.word(&mut dice));
            }
        }
        out.push_str(if quoted { "\"" } else { "." });
        let mut cents = 199 + (dice.below(2_000) * dice.below(200)) as u64;
        let mut stock = dice.below(400).saturating_sub(60);
        if day == 2 && changes(n, every) {
            let mut change = Dice(n ^ 0xdead_beef);
            // Between 4 % down and 4 % up, in tenths of a percent, never nothing: no factor that a guard would know.
            let permille = 960 + [3, 7, 11, 18, 23, 28, 33, 36, 46, 51, 57, 64, 69, 74, 78][change.below(15)];
            cents = (cents * permille / 1_000).max(1) + 1;
            stock += 1 + change.below(5);
        }
        let cost = cents * 61 / 100;
        let _ = write!(out, ";{family};");
        write_amount(cents, out);
        out.push(';');
        write_amount(cost, out);
        let _ = write!(
            out,
            ";{stock};{};{};{};{};{};{}",
            40 + dice.below(9_000),
            10 + dice.below(2_000),
            10 + dice.below(900),
            5 + dice.below(500),
            COLORS[dice.below(COLORS.len())],
            MATERIALS[dice.below(MATERIALS.len())]
        );
        let _ = write!(out, ";https://img.norte.example/p/{sku:08}_1.jpg;");
        if dice.below(3) > 0 {
            let _ = write!(out, "https://img.norte.example/p/{sku:08}_2.jpg");
        }
        let _ = writeln!(
            out,
            ";{};{}",
            [12, 24, 36][dice.below(3)],
            COUNTRIES[dice.below(COUNTRIES.len())]
        );
    }

    /// Writes a whole list.
    pub fn write(&self, path: &Path, rows: u64, day: u32, every: u64) -> std::io::Result<u64> {
        let mut file = BufWriter::with_capacity(1 << 20, std::fs::File::create(path)?);
        let mut buffer = String::with_capacity(1 << 20);
        let mut bytes = HEADER.len() as u64 + 1;
        writeln!(file, "{HEADER}")?;
        for n in 0..rows {
            self.row(n, day, every, &mut buffer);
            if buffer.len() > 1 << 19 || n + 1 == rows {
                bytes += buffer.len() as u64;
                file.write_all(buffer.as_bytes())?;
                buffer.clear();
            }
        }
        file.flush()?;
        Ok(bytes)
    }
}

/// Whether row `n` is another one on day 2, where one in `every` is.
pub fn changes(n: u64, every: u64) -> bool {
    every > 0 && n % every == 37 % every
}

/// Twelve digits and their check digit (GS1 General Specifications 26.0, section 7.9: weights 3 and 1 from the right).
fn write_gtin(twelve: u64, out: &mut String) {
    let mut sum = 0;
    let mut rest = twelve;
    let mut weight = 3;
    while rest > 0 {
        sum += rest % 10 * weight;
        weight = 4 - weight;
        rest /= 10;
    }
    let _ = write!(out, "{twelve:012}{}", (10 - sum % 10) % 10);
}

/// Cents in the Spanish way: `1.234,50`.
fn write_amount(cents: u64, out: &mut String) {
    let euros = cents / 100;
    if euros >= 1_000 {
        let _ = write!(out, "{}.{:03},{:02}", euros / 1_000, euros % 1_000, cents % 100);
    } else {
        let _ = write!(out, "{euros},{:02}", cents % 100);
    }
}
