//! Units, their dimensions and exact factors: the built-in table and the workspace's own units on top.
//!
//! The built-in units are data (`units.tsv` beside this file). Factors are fractions of decimals, so that inches, feet and
//! degrees Fahrenheit convert without a rounding of ours.

use crate::value::mismatch::Mismatch;
use crate::value::number::{self, Notation};
use crate::value::text::{fold, nearest};
use rust_decimal::Decimal;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Arc, OnceLock};

/// A unit as settings write it.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnitDefinition {
    /// What it measures: `mass`, `length`, … Units of one dimension convert into each other.
    pub dimension: String,
    /// How many base units of the dimension one of this is: an exact decimal or a fraction of two, as in `5/9`.
    #[serde(default = "one")]
    pub factor: String,
    /// What is added after multiplying, in base units: 0 but for temperatures. A decimal or a fraction.
    #[serde(default = "zero")]
    pub offset: String,
    /// Name of the unit by locale.
    #[serde(default)]
    pub labels: BTreeMap<String, String>,
    /// Other ways to write it; case counts where two units differ by nothing else (`mW`, `MW`).
    #[serde(default)]
    pub aliases: Vec<String>,
}

fn one() -> String {
    "1".to_string()
}

fn zero() -> String {
    "0".to_string()
}

/// A unit that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// The code, as values write it: `kg`.
    pub code: Box<str>,
    /// What it measures.
    pub dimension: Box<str>,
    /// Name by locale.
    pub labels: BTreeMap<String, String>,
    factor: Fraction,
    offset: Fraction,
}

impl Unit {
    /// True where its zero is not that of its dimension: `°C`, whose degrees are differences in one place and points in another.
    pub fn is_shifted(&self) -> bool {
        !self.offset.over.is_zero()
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Fraction {
    over: Decimal,
    under: Decimal,
}

impl Fraction {
    fn parse(text: &str) -> Option<Fraction> {
        let read = |text: &str| number::parse(text, Notation::Plain).ok();
        let (over, under) = match text.split_once('/') {
            Some((over, under)) => (read(over)?, read(under)?),
            None => (read(text)?, Decimal::ONE),
        };
        (!under.is_zero()).then_some(Fraction { over, under })
    }

    fn times(self, other: Fraction) -> Option<Fraction> {
        Some(Fraction {
            over: self.over.checked_mul(other.over)?,
            under: self.under.checked_mul(other.under)?,
        })
    }

    fn plus(self, other: Fraction) -> Option<Fraction> {
        let over = self
            .over
            .checked_mul(other.under)?
            .checked_add(other.over.checked_mul(self.under)?)?;
        Some(Fraction {
            over,
            under: self.under.checked_mul(other.under)?,
        })
    }

    fn minus(self, other: Fraction) -> Option<Fraction> {
        self.plus(Fraction {
            over: -other.over,
            under: other.under,
        })
    }

    fn inverse(self) -> Fraction {
        Fraction {
            over: self.under,
            under: self.over,
        }
    }

    fn equals(self, other: Fraction) -> bool {
        self.minus(other).is_some_and(|difference| difference.over.is_zero())
    }
}

/// A table of units, looked up by code or alias.
#[derive(Debug, Clone, Default)]
pub struct Units {
    units: Vec<Unit>,
    exact: HashMap<Cow<'static, str>, u32, Spelled>,
    /// Made of `exact` when it is first needed.
    loose: OnceLock<Loose>,
}

/// Units by lower-case spelling; `None` where two units share it.
type Loose = HashMap<String, Option<u32>, Spelled>;

/// Hash of short words (FNV-1a). Its words come from settings and not from feeds, so nobody can choose them to collide.
#[derive(Clone, Copy)]
struct Spelling(u64);

type Spelled = BuildHasherDefault<Spelling>;

impl Default for Spelling {
    fn default() -> Spelling {
        Spelling(0xcbf2_9ce4_8422_2325)
    }
}

impl Hasher for Spelling {
    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = (self.0 ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
        }
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// The lines of the shipped table, by code.
fn shipped() -> BTreeMap<&'static str, Shipped> {
    let line = |line: &'static str| {
        let mut columns = line.split('\t');
        let mut column = || columns.next().unwrap_or_default();
        let (code, dimension, factor) = (column(), column(), column());
        let (factor, offset) = factor.split_once(" + ").unwrap_or((factor, "0"));
        let labels = ["es", "en"].map(|locale| (locale.to_string(), column().to_string()));
        let definition = UnitDefinition {
            dimension: dimension.to_string(),
            factor: factor.to_string(),
            offset: offset.to_string(),
            labels: labels.into(),
            aliases: Vec::new(),
        };
        (code, (definition, column()))
    };
    include_str!("units.tsv")
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(line)
        .collect()
}

fn between_bars(words: &'static str) -> impl Iterator<Item = Cow<'static, str>> {
    words.split('|').filter(|word| !word.is_empty()).map(Cow::Borrowed)
}

/// A unit but for its aliases, and these between bars.
type Shipped = (UnitDefinition, &'static str);

impl Units {
    /// The units that the program ships.
    pub fn builtin() -> &'static Arc<Units> {
        static UNITS: OnceLock<Arc<Units>> = OnceLock::new();
        UNITS.get_or_init(|| {
            let shipped = shipped();
            let spellings = shipped
                .values()
                .map(|(_, aliases)| 2 + aliases.matches('|').count())
                .sum();
            let mut units = Units {
                units: Vec::with_capacity(shipped.len()),
                exact: HashMap::with_capacity_and_hasher(spellings, Spelled::default()),
                loose: OnceLock::new(),
            };
            for (code, (definition, aliases)) in shipped {
                // A test proves that the table has no fault.
                let _ = units.add(code.into(), definition, &mut between_bars(aliases));
            }
            Arc::new(units)
        })
    }

    /// The built-in units and those of a workspace. All faults of the definitions are given at once, by unit code.
    ///
    /// A definition of a built-in code may add labels and aliases; it must not change dimension, factor or offset.
    pub fn with(extra: &BTreeMap<String, UnitDefinition>) -> Result<Arc<Units>, Vec<(String, Mismatch)>> {
        let mut units = Units::builtin().clone();
        let mut faults = Vec::new();
        for (code, definition) in extra {
            let aliases = definition.aliases.iter().map(|alias| alias.trim().to_string().into());
            let own = Arc::make_mut(&mut units);
            if let Err(mismatch) = own.add(code.clone().into(), definition.clone(), &mut { aliases }) {
                faults.push((code.clone(), mismatch));
            }
        }
        if faults.is_empty() { Ok(units) } else { Err(faults) }
    }

    /// The unit of a code or alias: exactly as written, or else without regard to case where only one unit is meant.
    pub fn find(&self, alias: &str) -> Option<&Unit> {
        if let Some(at) = self.exact.get(alias) {
            return self.units.get(*at as usize);
        }
        let trimmed = alias.trim().trim_end_matches('.');
        let at = match self.exact.get(trimmed) {
            Some(at) => *at,
            None => (*self.loose().get(trimmed.to_lowercase().as_str())?)?,
        };
        let unit = self.units.get(at as usize)?;
        // Who writes a small m before a capital means milli: mPa is not MPa, though mpa and MPA may be.
        let milli = trimmed
            .strip_prefix('m')
            .is_some_and(|rest| rest.contains(char::is_uppercase));
        (!milli || !unit.code.starts_with('M')).then_some(unit)
    }

    fn loose(&self) -> &Loose {
        self.loose.get_or_init(|| {
            let mut loose = Loose::with_capacity_and_hasher(self.exact.len(), Spelled::default());
            for (spelling, at) in &self.exact {
                loose
                    .entry(spelling.to_lowercase())
                    .and_modify(|known| {
                        if *known != Some(*at) {
                            *known = None;
                        }
                    })
                    .or_insert(Some(*at));
            }
            loose
        })
    }

    /// The code of the unit most like a word, for "did you mean".
    pub fn nearest(&self, word: &str) -> Option<&str> {
        if fold(word).len() < 3 {
            return None;
        }
        let mut spellings: Vec<&str> = self.exact.keys().map(|spelling| &**spelling).collect();
        spellings.sort_unstable();
        let spelling = nearest(word, spellings)?;
        self.find(spelling).map(|unit| &*unit.code)
    }

    /// Every unit, in the order of its code within the built-in table, then the workspace's.
    pub fn iter(&self) -> impl Iterator<Item = &Unit> {
        self.units.iter()
    }

    /// True where any unit measures this.
    pub fn has_dimension(&self, dimension: &str) -> bool {
        self.units.iter().any(|unit| *unit.dimension == *dimension)
    }

    /// An amount in another unit of its dimension: exact where a decimal can say it, else rounded in the 28th digit.
    pub fn convert(&self, amount: Decimal, from: &str, to: &str) -> Result<Decimal, Mismatch> {
        self.exchange(from, to)?.apply(amount)
    }

    /// The way from one unit to another, looked up once for many amounts.
    pub fn exchange(&self, from: &str, to: &str) -> Result<Exchange, Mismatch> {
        let unknown = |code: &str| {
            Mismatch::new("E-MEASURE-UNIT", format!("{code} is not in the table of units"))
                .with_help("add it with [units.…] in the schema")
        };
        let from = self.find(from).ok_or_else(|| unknown(from))?;
        let to = self.find(to).ok_or_else(|| unknown(to))?;
        if from.dimension != to.dimension {
            return Err(Mismatch::new(
                "E-MEASURE-DIMENSION",
                format!(
                    "{} measures {}, {} measures {}",
                    from.code, from.dimension, to.code, to.dimension
                ),
            )
            .with_help("choose a unit of the same dimension"));
        }
        Ok(Exchange {
            same: from.code == to.code,
            factors: (from.factor, to.factor),
            offsets: (from.offset, to.offset),
        })
    }

    /// Every unit with every way to write it, in the order of `iter`; the ways in no order.
    pub fn all_spellings(&self) -> Vec<(&Unit, Vec<&str>)> {
        let mut all: Vec<(&Unit, Vec<&str>)> = self.units.iter().map(|unit| (unit, Vec::new())).collect();
        for (spelling, at) in &self.exact {
            if let Some((_, spellings)) = all.get_mut(*at as usize) {
                spellings.push(spelling);
            }
        }
        all
    }

    /// Every way to write the unit of a code or alias, sorted.
    pub fn spellings(&self, alias: &str) -> Vec<&str> {
        let Some(unit) = self.find(alias) else {
            return Vec::new();
        };
        let ours = |at: &u32| {
            self.units
                .get(*at as usize)
                .is_some_and(|found| found.code == unit.code)
        };
        let mut spellings: Vec<&str> = self
            .exact
            .iter()
            .filter(|(_, at)| ours(at))
            .map(|(spelling, _)| &**spelling)
            .collect();
        spellings.sort_unstable();
        spellings
    }

    fn add(
        &mut self,
        code: Cow<'static, str>,
        definition: UnitDefinition,
        aliases: &mut dyn Iterator<Item = Cow<'static, str>>,
    ) -> Result<(), Mismatch> {
        let fraction = |text: &str, what: &str| {
            Fraction::parse(text).ok_or_else(|| {
                Mismatch::new(
                    "E-UNIT",
                    format!("the {what} of a unit is neither a decimal nor a fraction"),
                )
                .with_help("write it as 0.0254 or 5/9")
            })
        };
        if code.trim().is_empty() || code.len() > 32 || code.contains(char::is_control) || code.trim() != code {
            return Err(
                Mismatch::new("E-UNIT", "a unit without a usable code").with_help("use 1 to 32 visible characters")
            );
        }
        let dimension = definition.dimension.trim();
        if dimension.is_empty() {
            return Err(Mismatch::new("E-UNIT", "a unit without a dimension")
                .with_help("say what it measures, for example mass"));
        }
        let (factor, offset) = (
            fraction(&definition.factor, "factor")?,
            fraction(&definition.offset, "offset")?,
        );
        if factor.over <= Decimal::ZERO || factor.under <= Decimal::ZERO {
            return Err(
                Mismatch::new("E-UNIT", "a unit whose factor is not above zero").with_help("write it as 0.0254 or 5/9")
            );
        }
        let unit = Unit {
            code: (*code).into(),
            dimension: dimension.into(),
            labels: definition.labels,
            factor,
            offset,
        };
        let at = match self.exact.get(&code).copied() {
            Some(at) => {
                let known = &mut self.units[at as usize];
                let same = *known.code == *code
                    && known.dimension == unit.dimension
                    && known.factor.equals(factor)
                    && known.offset.equals(offset);
                if !same {
                    return Err(
                        Mismatch::new("E-UNIT-TWICE", format!("{code} already stands for another unit")).with_help(
                            format!("it means {} of {}; choose another code", known.code, known.dimension),
                        ),
                    );
                }
                known.labels.extend(unit.labels);
                at
            }
            None => {
                self.units.push(unit);
                (self.units.len() - 1) as u32
            }
        };
        let mut twice = None;
        for spelling in std::iter::once(code).chain(aliases) {
            match self.exact.get(&spelling) {
                Some(other) if *other != at => twice = Some(spelling),
                Some(_) => {}
                None => {
                    self.exact.insert(spelling, at);
                }
            }
        }
        self.loose = OnceLock::new();
        match twice {
            Some(spelling) => Err(
                Mismatch::new("E-UNIT-TWICE", format!("{spelling} already stands for another unit"))
                    .with_help("drop the alias, or write it differently"),
            ),
            None => Ok(()),
        }
    }
}

/// The way from one unit to another of its dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exchange {
    same: bool,
    factors: (Fraction, Fraction),
    offsets: (Fraction, Fraction),
}

impl Exchange {
    /// The amount in the other unit.
    pub fn apply(&self, amount: Decimal) -> Result<Decimal, Mismatch> {
        if self.same {
            return Ok(amount);
        }
        self.exact(amount)
            .ok_or_else(|| Mismatch::new("E-NUMBER-SIZE", "an amount too large to convert").with_help("check its unit"))
    }

    /// Multiplies first and divides once at the end, so that nothing is rounded on the way.
    fn exact(&self, amount: Decimal) -> Option<Decimal> {
        let mut value = Fraction {
            over: amount,
            under: Decimal::ONE,
        }
        .times(self.factors.0)?;
        if !self.offsets.0.over.is_zero() || !self.offsets.1.over.is_zero() {
            value = value.plus(self.offsets.0)?.minus(self.offsets.1)?;
        }
        let value = value.times(self.factors.1.inverse())?;
        Some(value.over.checked_div(value.under)?.normalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(amount: &str, from: &str, to: &str, expected: &str) {
        let amount = amount.parse().unwrap();
        let got = Units::builtin()
            .convert(amount, from, to)
            .map_or_else(|mismatch| mismatch.code.to_string(), number::to_text);
        assert_eq!(got, expected, "{amount} {from} in {to}");
    }

    #[test]
    fn the_shipped_table_has_no_fault() {
        let mut units = Units::default();
        for (code, (definition, aliases)) in shipped() {
            let added = units.add(code.into(), definition, &mut between_bars(aliases));
            assert_eq!(added, Ok(()), "{code}");
        }
        let lines = include_str!("units.tsv").lines();
        let told = lines.filter(|line| !line.is_empty() && !line.starts_with('#')).count();
        assert_eq!(units.iter().count(), told, "a code stands in two lines");
        assert!(told >= 90, "{told}");
        for unit in units.iter() {
            assert!(
                unit.labels.contains_key("es") && unit.labels.contains_key("en"),
                "{}",
                unit.code
            );
        }
    }

    #[test]
    fn conversions_are_exact() {
        check("1", "in", "mm", "25.4");
        check("500", "g", "kg", "0.5");
        check("1", "lb", "g", "453.59237");
        check("32", "°F", "°C", "0");
        check("98.6", "°F", "°C", "37");
        check("-40", "°C", "°F", "-40");
        check("20", "°C", "K", "293.15");
        check("90", "km/h", "m/s", "25");
        check("1", "h", "min", "60");
        check("1", "m3/h", "l/min", "16.666666666666666666666666667");
        check("3000", "rpm", "Hz", "E-MEASURE-DIMENSION");
        check("1", "kg", "stein", "E-MEASURE-UNIT");
        check("79228162514264337593543950335", "km", "mm", "E-NUMBER-SIZE");
    }

    #[test]
    fn units_are_found_as_people_write_them() {
        let code = |alias: &str| {
            Units::builtin()
                .find(alias)
                .map(|unit| unit.code.to_string())
                .unwrap_or_default()
        };
        for (alias, expected) in [
            ("KGM", "kg"),
            ("Kgs.", "kg"),
            ("kilogramos", "kg"),
            ("Pulgadas", "in"),
            ("\"", "in"),
            ("Stück", "pc"),
            ("uds", "pc"),
            ("H87", "pc"),
            ("C62", "pc"),
            ("mW", "mW"),
            ("MW", "MW"),
            ("m²", "m2"),
            ("L", "l"),
            ("ltr", "l"),
            ("N.m", "Nm"),
            ("mPa", ""),
            ("mpa", "MPa"),
            ("MM", "mm"),
            ("U/min", "rpm"),
            ("dB(A)", "dB"),
            ("ºC", "°C"),
            ("GB", "GB"),
            ("Mbit", "Mbit"),
            ("nonsense", ""),
            ("", ""),
        ] {
            assert_eq!(code(alias), expected, "{alias}");
        }
    }

    #[test]
    fn a_workspace_adds_units_and_cannot_bend_the_known() {
        let define = |dimension: &str, factor: &str, aliases: &[&str]| UnitDefinition {
            dimension: dimension.to_string(),
            factor: factor.to_string(),
            offset: "0".to_string(),
            labels: BTreeMap::new(),
            aliases: aliases.iter().map(|alias| alias.to_string()).collect(),
        };
        let extra = BTreeMap::from([
            ("arroba".to_string(), define("mass", "11.5", &["@"])),
            ("kg".to_string(), define("mass", "1", &["kilitos"])),
        ]);
        // The shipped ones were asked for in other letters before.
        assert!(Units::builtin().find("KILOGRAMOS").is_some() && Units::builtin().find("ARROBA").is_none());
        let units = Units::with(&extra).unwrap();
        assert_eq!(units.find("ARROBA").map(|unit| &*unit.code), Some("arroba"));
        assert_eq!(units.convert(Decimal::TWO, "@", "kilitos").unwrap(), Decimal::from(23));
        let bad = BTreeMap::from([
            ("g".to_string(), define("mass", "0.002", &[])),
            ("x".to_string(), define("mass", "many", &[])),
            ("y".to_string(), define("mass", "1/0", &[])),
            ("z".to_string(), define("mass", "1", &["kg"])),
        ]);
        let faults = Units::with(&bad).unwrap_err();
        let faults: Vec<_> = faults
            .iter()
            .map(|(code, mismatch)| format!("{code}: {}", mismatch.code))
            .collect();
        assert_eq!(faults, ["g: E-UNIT-TWICE", "x: E-UNIT", "y: E-UNIT", "z: E-UNIT-TWICE"]);
    }

    proptest! {
        #[test]
        fn there_and_back_is_the_same(amount in -1_000_000i64..1_000_000, pick in any::<prop::sample::Index>(), other in any::<prop::sample::Index>()) {
            let units: Vec<&Unit> = Units::builtin().iter().collect();
            let from = pick.get(&units);
            let same: Vec<&&Unit> = units.iter().filter(|unit| unit.dimension == from.dimension).collect();
            let to = other.get(&same);
            let amount = Decimal::new(amount, 2);
            let there = Units::builtin().convert(amount, &from.code, &to.code).unwrap();
            let back = Units::builtin().convert(there, &to.code, &from.code).unwrap();
            let loss = (back - amount).abs();
            prop_assert!(loss <= Decimal::new(1, 8), "{amount} {} -> {there} {} -> {back}", from.code, to.code);
        }
    }
}
