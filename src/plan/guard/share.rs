//! A share in percent, as settings write it.

use rust_decimal::Decimal;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A share written in percent (`10%`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(try_from = "String", into = "String")]
#[schemars(with = "String", extend("pattern" = r"^[0-9]{1,3}(\.[0-9]{1,2})?%$"))]
pub struct Share(Decimal);

impl Share {
    /// A share in whole percent.
    pub const fn percent(percent: u32) -> Share {
        Share(Decimal::from_parts(percent, 0, 0, false, 2))
    }

    /// True where `part` of `whole` is more than this share.
    pub fn exceeded(self, part: usize, whole: usize) -> bool {
        Decimal::from(part) > self.0 * Decimal::from(whole)
    }

    /// True where `part` of `whole` is this share or more.
    pub fn reached(self, part: usize, whole: usize) -> bool {
        Decimal::from(part) >= self.0 * Decimal::from(whole)
    }
}

impl TryFrom<String> for Share {
    type Error = String;

    fn try_from(text: String) -> Result<Share, String> {
        let number = text
            .trim()
            .strip_suffix('%')
            .and_then(|number| number.trim().parse::<Decimal>().ok());
        match number {
            Some(number) if number >= Decimal::ZERO && number <= Decimal::ONE_HUNDRED => {
                Ok(Share(number / Decimal::ONE_HUNDRED))
            }
            _ => Err(format!("`{text}` is not a share such as \"10%\"")),
        }
    }
}

impl From<Share> for String {
    fn from(share: Share) -> String {
        format!("{}%", (share.0 * Decimal::ONE_HUNDRED).normalize())
    }
}
