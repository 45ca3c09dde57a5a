//! Exact decimals, which are texts in JSON.

use super::Currency;
use crate::error::{Error, Violation};
use serde::{Deserialize, Serialize};

/// Digits behind the point, at the most.
const PLACES: u32 = 6;
/// The greatest magnitude of a decimal without its point, and of a count of minor units: 2^53 - 1.
pub(crate) const MOST: i64 = 9_007_199_254_740_991;

/// An exact decimal 小数 of at most 6 places, written `1234.50`: quantities, prices, rates, amounts. Without its
/// point it is below 2^53. A number of JSON is none: languages read those as floats.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify), tsify(type = "string"))]
pub struct Decimal {
    mantissa: i64,
    places: u32,
}

#[cfg(feature = "uniffi")]
uniffi::custom_type!(Decimal, String, { lower: |number| number.to_string(), try_lift: |text| Ok(text.parse()?) });

impl Decimal {
    /// Nothing.
    pub const ZERO: Decimal = Decimal { mantissa: 0, places: 0 };
    /// One.
    pub const ONE: Decimal = Decimal { mantissa: 1, places: 0 };

    /// So many minor units of a currency, with all its digits.
    pub(crate) fn of_minor(amount: i64, currency: Currency) -> Self {
        Decimal { mantissa: amount, places: currency.digits() }
    }

    /// As minor units of a currency; `None` where it has more places than the currency, or is too great.
    pub fn minor(self, currency: Currency) -> Option<i64> {
        let short = self.shortest();
        let more = currency.digits().checked_sub(short.places)?;
        short.mantissa.checked_mul(10_i64.pow(more)).filter(|amount| amount.abs() <= MOST)
    }

    /// Without zeros at the end.
    pub(crate) fn shortest(mut self) -> Self {
        while self.places > 0 && self.mantissa % 10 == 0 {
            self.mantissa /= 10;
            self.places -= 1;
        }
        self
    }

    /// As a count of the smallest that a decimal can tell apart.
    pub(crate) fn millionths(self) -> i128 {
        i128::from(self.mantissa) * 10_i128.pow(PLACES.saturating_sub(self.places))
    }

    pub(crate) fn is_zero(self) -> bool {
        self.mantissa == 0
    }

    pub(crate) fn mantissa(self) -> i64 {
        self.mantissa
    }

    pub(crate) fn places(self) -> u32 {
        self.places
    }

    /// Whether it lies between two whole numbers, both included.
    pub(crate) fn is_within(self, least: i64, most: i64) -> bool {
        let one = 10_i128.pow(self.places);
        (i128::from(least) * one..=i128::from(most) * one).contains(&i128::from(self.mantissa))
    }
}

impl std::fmt::Display for Decimal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let one = 10_u64.pow(self.places);
        let sign = if self.mantissa < 0 { "-" } else { "" };
        let (whole, rest) = (self.mantissa.unsigned_abs() / one, self.mantissa.unsigned_abs() % one);
        match self.places {
            0 => write!(f, "{sign}{whole}"),
            places => write!(f, "{sign}{whole}.{rest:0width$}", width = places as usize),
        }
    }
}

impl std::str::FromStr for Decimal {
    type Err = Error;
    /// Takes `-?[0-9]+(.[0-9]{1,6})?` below 2^53 without its point.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it has another form or is out of range.
    fn from_str(text: &str) -> Result<Self, Error> {
        let malformed = || Error::from(Violation::malformed("decimal"));
        let (sign, digits) = text.strip_prefix('-').map_or((1, text), |digits| (-1, digits));
        let (whole, rest) = digits.split_once('.').unwrap_or((digits, ""));
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || whole.len() + rest.len() > 17 || !all_digits(whole) || !all_digits(rest) {
            return Err(malformed());
        }
        if digits.ends_with('.') || rest.len() > PLACES as usize {
            return Err(malformed());
        }
        let mantissa: i64 = format!("{whole}{rest}").parse().map_err(|_| malformed())?;
        if mantissa > MOST {
            return Err(malformed());
        }
        Ok(Decimal { mantissa: sign * mantissa, places: u32::try_from(rest.len()).unwrap_or(PLACES) })
    }
}

impl Serialize for Decimal {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(|_| serde::de::Error::custom("not an exact decimal in quotes"))
    }
}

#[cfg(feature = "openapi")]
impl schemars::JsonSchema for Decimal {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Decimal".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": r"^-?[0-9]+(\.[0-9]{1,6})?$"})
    }
}
