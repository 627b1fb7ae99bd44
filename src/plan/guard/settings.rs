//! The guards' settings: for all, for a supplier, for an attribute; and which are in force.
//!
//! What is said nearer wins: of a supplier before that of the workspace, of an attribute before what is said for the price as such.

use crate::plan::guard::share::Share;
use crate::schema::Schema;
use crate::schema::attribute::AttributeId;
use crate::value::Kind;
use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The guards' settings: in `estante.toml` for all, in `supplier.toml` for one supplier.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GuardSettings {
    /// Hold all withdrawals when more than this share of the known items is missing from a snapshot. Default 10%.
    pub missing_share: Option<Share>,
    /// Shares are only judged from this many items on. Default 20.
    pub least_items: Option<u32>,
    /// Hold a snapshot with fewer rows than this. Not judged by default.
    pub least_rows: Option<u64>,
    /// Hold an item whose price moves by more than this factor, up or down. Default "2".
    pub price_ratio: Option<String>,
    /// Hold every price change when more than this share of the items trips `price_ratio`. Default 5%.
    pub price_trips: Option<Share>,
    /// Hold every price change when more than this share of the items moves by more than a tenth. Default 20%.
    pub price_moves: Option<Share>,
    /// Hold every price change when at least this share of the changes has one factor: 10, 100, 1,000 or a VAT rate. Default 30%.
    pub common_factor: Option<Share>,
    /// Hold items that fall together on one new price when they are more than this share. Default 5%.
    pub same_price: Option<Share>,
    /// Hold items that lose their price when they are more than this share. Default 5%.
    pub blank_price: Option<Share>,
    /// Hold every stock change when the share of items in stock falls by more than this. Default 30%.
    pub stock_drop: Option<Share>,
    /// Hold a delivery whose files are smaller than this share of the median of the last five. Default 70%.
    pub least_size: Option<Share>,
    /// Hold an item, new ones too, whose price comes below this amount, whatever its currency. Not judged by default.
    pub price_floor: Option<String>,
    /// Hold an item, new ones too, whose price comes above this amount, whatever its currency. Not judged by default.
    pub price_ceiling: Option<String>,
    /// Hold an item, new ones too, whose price comes below its cost, where both are said in one currency. Default true.
    pub below_cost: Option<bool>,
    /// Hold an item one of whose amounts of money comes in another currency than before. Default true.
    pub currency: Option<bool>,
    /// Factors for other numbers than the price, by attribute: short for `ratio` in `attributes`.
    #[serde(default)]
    pub ratios: BTreeMap<String, String>,
    /// What is held of single attributes, by their codes; of the price, too, where it stands before the keys above.
    #[serde(default)]
    pub attributes: BTreeMap<String, AttributeSettings>,
    /// Hold a delivery whose newest file was written more than so many hours ago. Not judged by default.
    pub stale_after_hours: Option<u32>,
    /// Hold a delivery that has a header and no rows. Default true.
    pub no_rows: Option<bool>,
    /// Hold a delivery one of whose files ends in the middle of a record. Default true.
    pub cut_short: Option<bool>,
    /// Hold a delivery that does not end with a line end where the one before it did. Default true.
    pub last_line_end: Option<bool>,
}

/// What is held of one attribute. What is not said is not judged, of the price it has its default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AttributeSettings {
    /// Hold an item where the number moves by more than this factor, up or down.
    pub ratio: Option<String>,
    /// Hold every change of it when more than this share of the items trips `ratio`.
    pub trips: Option<Share>,
    /// Hold every change of it when more than this share of the items moves by more than a tenth.
    pub moves: Option<Share>,
    /// Hold every change of it when at least this share of the changes has one factor: 10, 100 or 1,000, a VAT rate of money, and the
    /// factors between inches, feet, pounds or ounces and metric units of measures.
    pub common_factor: Option<Share>,
    /// Hold items that fall together on one new number when they are more than this share.
    pub same: Option<Share>,
    /// Hold items that lose the value, whatever its kind, when they are more than this share.
    pub blank: Option<Share>,
    /// Hold an item, new ones too, whose number comes below this one.
    pub floor: Option<String>,
    /// Hold an item, new ones too, whose number comes above this one.
    pub ceiling: Option<String>,
    /// Hold an item, new ones too, where this amount of money comes below the cost in one currency.
    pub below_cost: Option<bool>,
    /// Hold an item where this amount of money comes in another currency than before. Default true.
    pub currency: Option<bool>,
}

/// The settings in force.
#[derive(Debug, Clone, PartialEq)]
pub struct Guards {
    pub missing_share: Share,
    pub least_items: usize,
    pub least_rows: Option<u64>,
    pub stock_drop: Share,
    pub least_size: Share,
    /// What is judged of single attributes, the price first, then by attribute.
    pub attributes: Vec<AttributeGuard>,
    pub stale_after_hours: Option<u32>,
    pub no_rows: bool,
    pub cut_short: bool,
    pub last_line_end: bool,
}

/// What is judged of one attribute.
#[derive(Debug, Clone, PartialEq)]
pub struct AttributeGuard {
    pub attribute: AttributeId,
    pub code: Box<str>,
    pub kind: Kind,
    /// True for the price, whose findings have their own codes.
    pub is_price: bool,
    pub ratio: Option<Decimal>,
    pub trips: Option<Share>,
    pub moves: Option<Share>,
    pub common_factor: Option<Share>,
    pub same: Option<Share>,
    pub blank: Option<Share>,
    pub floor: Option<Decimal>,
    pub ceiling: Option<Decimal>,
    pub below_cost: bool,
    pub currency: bool,
}

impl AttributeGuard {
    /// True where changes of a number are compared with what it was.
    pub fn compares_numbers(&self) -> bool {
        let shares = [self.trips, self.moves, self.common_factor, self.same];
        self.ratio.is_some() || shares.iter().any(Option::is_some)
    }

    fn judges(&self) -> bool {
        let one = self.floor.is_some() || self.ceiling.is_some() || self.below_cost || self.currency;
        one || self.blank.is_some() || self.compares_numbers()
    }
}

/// A setting that cannot be: its keys under `[guards]`, what is wrong with it, and its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadSetting {
    pub keys: Vec<String>,
    pub message: &'static str,
    pub text: String,
}

impl BadSetting {
    fn new(keys: &[&str], message: &'static str, text: &str) -> BadSetting {
        BadSetting {
            keys: keys.iter().map(|key| (*key).to_owned()).collect(),
            message,
            text: text.to_owned(),
        }
    }
}

impl Guards {
    /// The supplier's settings, else the workspace's, else the defaults.
    pub fn new(workspace: &GuardSettings, supplier: &GuardSettings, schema: &Schema) -> Result<Guards, BadSetting> {
        let price = schema.known().price;
        let mut told: BTreeSet<AttributeId> = price.into_iter().collect();
        for file in [workspace, supplier] {
            for code in file.attributes.keys() {
                told.insert(attribute(schema, &["attributes", code], code)?);
            }
            for code in file.ratios.keys() {
                told.insert(attribute(schema, &["ratios", code], code)?);
            }
        }
        // Ten euros are not ten dollars, whatever is said of the rest.
        let money = schema.attributes().filter(|(_, known)| known.kind == Kind::Money);
        told.extend(money.map(|(id, _)| id));
        let mut attributes = Vec::with_capacity(told.len());
        for id in told {
            let known = schema.attribute(id);
            let mut guard = AttributeGuard {
                attribute: id,
                code: known.code.clone(),
                kind: known.kind,
                is_price: Some(id) == price,
                ratio: None,
                trips: None,
                moves: None,
                common_factor: None,
                same: None,
                blank: None,
                floor: None,
                ceiling: None,
                below_cost: false,
                currency: known.kind == Kind::Money,
            };
            if guard.is_price {
                guard.put_defaults();
            }
            for file in [workspace, supplier] {
                guard.put(file)?;
            }
            if guard.trips.is_some() && guard.ratio.is_none() {
                let (keys, message) = (["attributes", &*guard.code, "trips"], "says nothing without `ratio`");
                return Err(BadSetting::new(&keys, message, "trips"));
            }
            attributes.extend(Some(guard).filter(AttributeGuard::judges));
        }
        attributes.sort_by_key(|guard| (!guard.is_price, guard.attribute));
        let share = |own: Option<Share>, all: Option<Share>, percent| own.or(all).unwrap_or(Share::percent(percent));
        let holds = |own: Option<bool>, all: Option<bool>| own.or(all).unwrap_or(true);
        Ok(Guards {
            missing_share: share(supplier.missing_share, workspace.missing_share, 10),
            least_items: supplier.least_items.or(workspace.least_items).unwrap_or(20) as usize,
            least_rows: supplier.least_rows.or(workspace.least_rows),
            stock_drop: share(supplier.stock_drop, workspace.stock_drop, 30),
            least_size: share(supplier.least_size, workspace.least_size, 70),
            attributes,
            stale_after_hours: supplier.stale_after_hours.or(workspace.stale_after_hours),
            no_rows: holds(supplier.no_rows, workspace.no_rows),
            cut_short: holds(supplier.cut_short, workspace.cut_short),
            last_line_end: holds(supplier.last_line_end, workspace.last_line_end),
        })
    }
}

fn attribute(schema: &Schema, keys: &[&str], code: &str) -> Result<AttributeId, BadSetting> {
    let found = schema.by_code(code);
    found.ok_or_else(|| BadSetting::new(keys, "not an attribute of the schema", code))
}

impl AttributeGuard {
    /// What is judged of the price where nothing is said.
    fn put_defaults(&mut self) {
        self.ratio = Some(Decimal::TWO);
        self.trips = Some(Share::percent(5));
        self.moves = Some(Share::percent(20));
        self.common_factor = Some(Share::percent(30));
        self.same = Some(Share::percent(5));
        self.blank = Some(Share::percent(5));
        self.below_cost = true;
    }

    /// Puts what a file says of the attribute over what is known.
    fn put(&mut self, file: &GuardSettings) -> Result<(), BadSetting> {
        if self.kind == Kind::Money {
            self.currency = file.currency.unwrap_or(self.currency);
        }
        if self.is_price {
            let said = AttributeSettings {
                ratio: file.price_ratio.clone(),
                trips: file.price_trips,
                moves: file.price_moves,
                common_factor: file.common_factor,
                same: file.same_price,
                blank: file.blank_price,
                floor: file.price_floor.clone(),
                ceiling: file.price_ceiling.clone(),
                below_cost: file.below_cost,
                currency: None,
            };
            self.put_own(&said, |setting| match setting {
                "ratio" => vec!["price_ratio"],
                "floor" => vec!["price_floor"],
                "ceiling" => vec!["price_ceiling"],
                other => vec![other],
            })?;
        }
        let code = self.code.clone();
        if let Some(factor) = file.ratios.get(&*code) {
            let said = AttributeSettings {
                ratio: Some(factor.clone()),
                ..AttributeSettings::default()
            };
            self.put_own(&said, |_| vec!["ratios", &*code])?;
        }
        match file.attributes.get(&*code) {
            Some(said) => self.put_own(said, |setting| vec!["attributes", &*code, setting]),
            None => Ok(()),
        }
    }

    /// The same of one table; `keys` says where a setting stands.
    fn put_own<'k>(
        &mut self,
        said: &AttributeSettings,
        keys: impl Fn(&'static str) -> Vec<&'k str>,
    ) -> Result<(), BadSetting> {
        let is_number = [Kind::Integer, Kind::Decimal, Kind::Measure, Kind::Money].contains(&self.kind);
        let needs = |is_so: bool, message: &'static str, setting: &'static str, is_said: bool| match is_said && !is_so {
            true => Err(BadSetting::new(&keys(setting), message, &self.code)),
            false => Ok(()),
        };
        let number = |setting, is_said| needs(is_number, "not an attribute that is a number", setting, is_said);
        number("ratio", said.ratio.is_some())?;
        number("trips", said.trips.is_some())?;
        number("moves", said.moves.is_some())?;
        number("common_factor", said.common_factor.is_some())?;
        number("same", said.same.is_some())?;
        number("floor", said.floor.is_some())?;
        number("ceiling", said.ceiling.is_some())?;
        let is_money = self.kind == Kind::Money;
        let money = |setting, is_said| needs(is_money, "not an attribute that is money", setting, is_said);
        money("below_cost", said.below_cost.is_some())?;
        money("currency", said.currency.is_some())?;
        let factor = |text: &String| match text.trim().parse::<Decimal>() {
            Ok(ratio) if ratio > Decimal::ONE => Ok(ratio),
            _ => Err(BadSetting::new(&keys("ratio"), "not a factor above 1", text)),
        };
        // What is not money may well be below zero.
        let amount = |setting, text: &String| match text.trim().parse::<Decimal>() {
            Ok(amount) if amount >= Decimal::ZERO || !is_money => Ok(amount),
            _ => Err(BadSetting::new(&keys(setting), "not an amount", text)),
        };
        let ratio = said.ratio.as_ref().map(factor).transpose()?;
        let floor = said.floor.as_ref().map(|text| amount("floor", text)).transpose()?;
        let ceiling = said.ceiling.as_ref().map(|text| amount("ceiling", text)).transpose()?;
        self.ratio = ratio.or(self.ratio);
        self.floor = floor.or(self.floor);
        self.ceiling = ceiling.or(self.ceiling);
        self.trips = said.trips.or(self.trips);
        self.moves = said.moves.or(self.moves);
        self.common_factor = said.common_factor.or(self.common_factor);
        self.same = said.same.or(self.same);
        self.blank = said.blank.or(self.blank);
        self.below_cost = said.below_cost.unwrap_or(self.below_cost);
        self.currency = said.currency.unwrap_or(self.currency);
        Ok(())
    }
}
