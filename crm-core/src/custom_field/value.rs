//! Values of custom fields, and how they are compared.

use super::FieldType;
use crate::actor::{UserId, host_id};
use crate::date::Date;
use crate::dictionary::EntryCode;
use crate::error::{Error, Violation};
use crate::money::{Decimal, Money};
use crate::sorted::Sort as _;
use crate::store::Value;
use crate::text::fold;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

host_id! {
    /// The key of a custom field: a small letter, then up to 39 more small letters, digits and `_`. It stays when the
    /// label changes.
    FieldKey, "key"
}

impl FieldKey {
    /// Whether it has the form of a key that may be given to a new field.
    pub(crate) fn is_well_formed(&self) -> bool {
        let mut bytes = self.as_str().bytes();
        let begins = bytes.next().is_some_and(|first| first.is_ascii_lowercase());
        begins
            && self.as_str().len() <= 40
            && bytes.all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    }
}

/// A value of a custom field. In JSON it is an object with its type, as in `{"date": "2026-03-01"}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum FieldValue {
    /// Of texts, phones, e-mail addresses, links and automatic numbers.
    Text(String),
    /// A whole number below 2^53.
    Integer(i64),
    /// An exact decimal.
    Decimal(Decimal),
    /// An amount of a currency.
    Money(Money),
    /// A day.
    Date(Date),
    /// An instant.
    Time(Timestamp),
    /// 是/否
    YesNo(bool),
    /// The code of an option.
    OneOf(EntryCode),
    /// The codes of options, in the order of the options.
    ManyOf(Vec<EntryCode>),
    /// A person of the organisation.
    Person(UserId),
}

/// What a custom field of a record holds. A field that holds nothing is not listed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct CustomValue {
    /// The field.
    pub field: FieldKey,
    /// Its value.
    pub value: FieldValue,
}

/// The value of a field of a record.
pub(crate) fn value_of<'v>(values: &'v [CustomValue], field: &str) -> Option<&'v FieldValue> {
    values.iter().find(|own| own.field.as_str() == field).map(|own| &own.value)
}

/// What a column of a value holds at the most, in bytes.
pub(crate) const LONGEST: usize = 255;

/// The column of a field that holds nothing: below all others, and not empty, which some databases take for NULL.
pub(crate) fn absent() -> Value {
    Value::nothing()
}

/// What stands before every value.
const PRESENT: u8 = 1;
/// What stands around the code of each option that is chosen.
const AROUND: u8 = 0x1f;

impl FieldValue {
    /// A type that it is of.
    pub(crate) fn ty(&self) -> FieldType {
        match self {
            FieldValue::Text(_) => FieldType::Text,
            FieldValue::Integer(_) => FieldType::Integer,
            FieldValue::Decimal(_) => FieldType::Decimal,
            FieldValue::Money(_) => FieldType::Money,
            FieldValue::Date(_) => FieldType::Date,
            FieldValue::Time(_) => FieldType::Time,
            FieldValue::YesNo(_) => FieldType::YesNo,
            FieldValue::OneOf(_) => FieldType::OneOf,
            FieldValue::ManyOf(_) => FieldType::ManyOf,
            FieldValue::Person(_) => FieldType::Person,
        }
    }

    /// Whether it is no longer than any field takes.
    pub(crate) fn is_bounded(&self) -> bool {
        match self {
            FieldValue::Text(text) => text.len() <= 16_000,
            FieldValue::ManyOf(codes) => codes.len() <= super::MOST_OPTIONS,
            _ => true,
        }
    }

    /// Whether it is of the type.
    pub(crate) fn is_of(&self, ty: FieldType) -> bool {
        self.ty() == ty || (self.ty() == FieldType::Text && ty.is_text())
    }

    /// The column by which records are found and put in order: bytes that sort as the values do.
    pub(crate) fn column(&self) -> Value {
        let mut bytes = vec![PRESENT];
        match self {
            FieldValue::Text(text) => bytes.extend(folded(text)),
            FieldValue::Integer(number) => bytes.extend(ascending(i128::from(*number))),
            FieldValue::Decimal(number) => bytes.extend(ascending(number.millionths())),
            FieldValue::Money(money) => {
                bytes.extend(money.currency.code().as_bytes());
                bytes.extend(ascending(money.amount.millionths()));
            }
            FieldValue::Date(date) => bytes.extend(ascending(i128::from(date.number()))),
            FieldValue::Time(at) => bytes.extend(ascending(i128::from(at.millis()))),
            FieldValue::YesNo(yes) => bytes.push(u8::from(*yes)),
            FieldValue::OneOf(code) => bytes.extend(code.as_str().as_bytes()),
            FieldValue::ManyOf(codes) => {
                bytes.push(AROUND);
                for code in in_order(codes) {
                    bytes.extend(code.as_str().as_bytes());
                    bytes.push(AROUND);
                }
            }
            FieldValue::Person(person) => bytes.extend(person.as_str().as_bytes()),
        }
        bytes.truncate(LONGEST);
        Value::Bytes(bytes)
    }

    /// What the column of a choice of many contains if this option is among them.
    pub(crate) fn among(code: &EntryCode) -> Vec<u8> {
        [&[AROUND], code.as_str().as_bytes(), &[AROUND]].concat()
    }

    /// What makes it the same as another value, for fields whose values are unique.
    pub(crate) fn same(&self) -> String {
        match self {
            FieldValue::Text(text) => fold(text),
            FieldValue::Integer(number) => number.to_string(),
            FieldValue::Decimal(number) => number.shortest().to_string(),
            FieldValue::Money(money) => format!("{} {}", money.currency.code(), money.amount.shortest()),
            FieldValue::Date(date) => date.to_string(),
            FieldValue::Time(at) => at.millis().to_string(),
            FieldValue::YesNo(yes) => yes.to_string(),
            FieldValue::OneOf(code) => code.to_string(),
            FieldValue::ManyOf(codes) => {
                in_order(codes).into_iter().map(EntryCode::as_str).collect::<Vec<_>>().join(",")
            }
            FieldValue::Person(person) => person.to_string(),
        }
    }
}

/// Choices in an order that stays when the options get another one.
fn in_order(codes: &[EntryCode]) -> Vec<&EntryCode> {
    let mut codes: Vec<&EntryCode> = codes.iter().collect();
    codes.order_by(Ord::cmp);
    codes
}

/// A text as its column has it.
pub(crate) fn folded(text: &str) -> Vec<u8> {
    use sha2::Digest as _;
    let folded = fold(text);
    if folded.len() < LONGEST {
        return folded.into_bytes();
    }
    // What does not fit still tells two texts apart.
    let hash = crate::text::hex(sha2::Sha256::digest(folded.as_bytes()).get(..8).unwrap_or_default());
    let mut end = LONGEST - 1 - hash.len();
    while !folded.is_char_boundary(end) {
        end -= 1;
    }
    let start = folded.get(..end).unwrap_or_default();
    [start.as_bytes(), hash.as_bytes()].concat()
}

/// A number as bytes that sort as numbers do.
fn ascending(number: i128) -> [u8; 16] {
    (number ^ i128::MIN).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn decimals() -> impl Strategy<Value = Decimal> {
        (-9_007_199_254_740_991_i64..=9_007_199_254_740_991, 0_u32..=6).prop_map(|(mantissa, places)| {
            let one = 10_i64.pow(places);
            let sign = if mantissa < 0 { "-" } else { "" };
            let (whole, rest) = (mantissa.abs() / one, mantissa.abs() % one);
            let text = if places == 0 {
                format!("{sign}{whole}")
            } else {
                format!("{sign}{whole}.{rest:0width$}", width = places as usize)
            };
            text.parse().unwrap()
        })
    }

    proptest! {
        #[test]
        fn q3_columns_sort_as_the_values_do(a in any::<i64>(), b in any::<i64>(), c in decimals(), d in decimals()) {
            let integer = |n| FieldValue::Integer(n).column();
            prop_assert_eq!(integer(a).cmp(&integer(b)), a.cmp(&b));
            let decimal = |n| FieldValue::Decimal(n).column();
            let (x, y) = (c.millionths(), d.millionths());
            prop_assert_eq!(decimal(c).cmp(&decimal(d)), x.cmp(&y));
            prop_assert!(absent() < integer(a));
            prop_assert!(absent() < decimal(c));
        }

        #[test]
        fn q3_texts_written_differently_have_one_column(text in "[ -~]{0,100}") {
            let wide: String = text
                .chars()
                .map(|c| match c {
                    ' ' => '\u{3000}',
                    c => char::from_u32(u32::from(c) + 0xfee0).unwrap(),
                })
                .collect();
            let column = |text: &str| FieldValue::Text(text.to_owned()).column();
            prop_assert_eq!(column(&text), column(&wide));
            prop_assert_eq!(column(&text), column(&text.to_uppercase()));
        }

        #[test]
        fn q3_columns_of_texts_are_bounded(text in "\\PC{0,400}") {
            let Value::Bytes(bytes) = FieldValue::Text(text).column() else { panic!("no bytes") };
            prop_assert!(bytes.len() <= LONGEST);
            prop_assert!(std::str::from_utf8(&bytes).is_ok());
        }
    }

    #[test]
    fn q3_one_and_one_point_zero_are_one_value() {
        let decimal = |text: &str| FieldValue::Decimal(text.parse().unwrap());
        assert_eq!(decimal("1").column(), decimal("1.000").column());
        assert_eq!(decimal("1").same(), decimal("1.000").same());
    }

    #[test]
    fn q3_keys_are_plain() {
        let well_formed = |key: &str| FieldKey::new(key).is_ok_and(|key| key.is_well_formed());
        for key in ["area", "a1_b", "x"] {
            assert!(well_formed(key), "{key}");
        }
        for key in
            ["", "Area", "1a", "_a", "__proto__", "a-b", "面积", "ａrea", "a b", &"a".repeat(41), "a\u{0}b", "a.b"]
        {
            assert!(!well_formed(key), "{key}");
        }
    }
}
