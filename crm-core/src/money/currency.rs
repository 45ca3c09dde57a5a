//! Currencies by their codes of ISO 4217, with the digits of their minor units.

use crate::error::{Error, Violation};
use serde::{Deserialize, Serialize};

/// Those of two digits.
const TWO: &str = "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF \
    CHF CNY COP CRC CUP CVE CZK DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GTQ GYD HKD HNL HTG HUF IDR ILS INR \
    IRR JMD KES KGS KHR KPW KYD KZT LAK LBP LKR LRD LSL MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK MXN MYR MZN NAD NGN NIO \
    NOK NPR NZD PAB PEN PGK PHP PKR PLN QAR RON RSD RUB SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS \
    TMT TOP TRY TTD TWD TZS UAH USD UYU UZS VES WST XCD YER ZAR ZMW";
/// Those of none.
const NONE: &str = "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX VND VUV XAF XOF XPF";
/// Those of three.
const THREE: &str = "BHD IQD JOD KWD LYD OMR TND";

/// A currency 币种 by its code of ISO 4217, such as `CNY`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify), tsify(type = "string"))]
#[serde(try_from = "String", into = "String")]
pub struct Currency {
    code: [u8; 3],
    digits: u32,
}

#[cfg(feature = "uniffi")]
uniffi::custom_type!(Currency, String, { lower: |own| own.to_string(), try_lift: |code| Ok(Currency::new(&code)?) });

impl Currency {
    /// 人民币
    pub const CNY: Currency = Currency { code: *b"CNY", digits: 2 };

    /// By its code.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there is no such currency.
    pub fn new(code: &str) -> Result<Self, Error> {
        let unknown = || Error::from(Violation::unknown("currency"));
        let bytes: [u8; 3] = code.as_bytes().try_into().map_err(|_| unknown())?;
        // Every record of money comes by here: chunks of a code and a space are compared faster than pieces are split.
        let among = |list: &str| list.as_bytes().chunks(4).any(|known| known.starts_with(&bytes));
        let digits = [(TWO, 2), (NONE, 0), (THREE, 3)].into_iter().find(|(list, _)| among(list));
        digits.map(|(_, digits)| Currency { code: bytes, digits }).ok_or_else(unknown)
    }

    /// The digits of its minor unit.
    pub fn digits(self) -> u32 {
        self.digits
    }

    /// The code.
    pub fn code(&self) -> &str {
        std::str::from_utf8(&self.code).unwrap_or_default()
    }
}

impl std::fmt::Display for Currency {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.code())
    }
}

impl TryFrom<String> for Currency {
    type Error = Error;
    fn try_from(code: String) -> Result<Self, Error> {
        Currency::new(&code)
    }
}

impl From<Currency> for String {
    fn from(currency: Currency) -> String {
        currency.to_string()
    }
}

#[cfg(feature = "openapi")]
impl schemars::JsonSchema for Currency {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Currency".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "pattern": "^[A-Z]{3}$", "description": "A code of ISO 4217."})
    }
}
