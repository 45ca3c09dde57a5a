//! Business dates: days of the organisation, without an hour.

use crate::error::{Error, Violation};
use chrono::{Datelike as _, NaiveDate};
use serde::{Deserialize, Serialize};

/// A day 日期, written `2026-11-23`; of the years 1900 to 9999.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify), tsify(type = "string"))]
pub struct Date(NaiveDate);

#[cfg(feature = "uniffi")]
uniffi::custom_type!(Date, String, { lower: |day| day.to_string(), try_lift: |text| Ok(text.parse()?) });

impl Date {
    pub(crate) fn of(day: NaiveDate) -> Self {
        Date(day)
    }

    /// Days since the first of the year 1, for columns.
    pub(crate) fn number(self) -> i64 {
        self.0.num_days_from_ce().into()
    }

    /// Months since the first of the year 0, for columns.
    pub(crate) fn month_number(self) -> i64 {
        i64::from(self.0.year()) * 12 + i64::from(self.0.month0())
    }

    /// The first day of such a month.
    pub(crate) fn first_of_month(month: i64) -> Option<Date> {
        let year = i32::try_from(month.div_euclid(12)).ok()?;
        NaiveDate::from_ymd_opt(year, u32::try_from(month.rem_euclid(12)).ok()? + 1, 1).map(Date)
    }

    pub(crate) fn naive(self) -> NaiveDate {
        self.0
    }

    /// The day after.
    pub(crate) fn after(self) -> Option<Date> {
        self.0.succ_opt().map(Date)
    }

    /// The day before.
    pub(crate) fn before(self) -> Option<Date> {
        self.0.pred_opt().map(Date)
    }

    /// The Monday of its week.
    pub(crate) fn monday(self) -> Date {
        Date::numbered(self.number() - i64::from(self.0.weekday().num_days_from_monday())).unwrap_or(self)
    }

    /// The day of a [`number`](Date::number); none for nought.
    pub(crate) fn numbered(number: i64) -> Option<Self> {
        let days = i32::try_from(number).ok().filter(|days| *days > 0)?;
        NaiveDate::from_num_days_from_ce_opt(days).map(Date)
    }

    /// So many days later; none beyond the last year.
    pub(crate) fn plus_days(self, days: i64) -> Option<Self> {
        Date::numbered(self.number().checked_add(days)?).filter(|day| (1900..=9999).contains(&day.0.year()))
    }

    /// So many months later, on the same day of the month or its last.
    pub(crate) fn plus_months(self, months: u32) -> Option<Self> {
        self.0.checked_add_months(chrono::Months::new(months)).map(Date).filter(|day| day.0.year() <= 9999)
    }
}

impl std::fmt::Display for Date {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.0.year(), self.0.month(), self.0.day())
    }
}

impl std::str::FromStr for Date {
    type Err = Error;
    /// # Errors
    /// [`Error::Invalid`] when it is no day of this form, or of a year before 1900.
    fn from_str(text: &str) -> Result<Self, Error> {
        let malformed = || Error::from(Violation::malformed("date"));
        let well_formed = text.len() == 10
            && text.bytes().enumerate().all(|(at, byte)| match at {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !well_formed {
            return Err(malformed());
        }
        let mut parts = text.split('-').map(str::parse::<u32>);
        let (Some(Ok(year)), Some(Ok(month)), Some(Ok(day))) = (parts.next(), parts.next(), parts.next()) else {
            return Err(malformed());
        };
        let year = i32::try_from(year).ok().filter(|year| *year >= 1900).ok_or_else(malformed)?;
        NaiveDate::from_ymd_opt(year, month, day).map(Date).ok_or_else(malformed)
    }
}

impl Serialize for Date {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Date {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(|_| serde::de::Error::custom("not a day such as 2026-11-23"))
    }
}

#[cfg(feature = "openapi")]
impl schemars::JsonSchema for Date {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Date".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "date"})
    }
}
