//! Instants and days. An instant is UTC, a day is the organisation's.

mod zone;

use crate::error::{Error, Violation};
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveDateTime};
use serde::{Deserialize, Serialize};
use zone::Zone;

/// An instant: milliseconds since 1970-01-01 UTC, between the years 1900 and 9999; written
/// as `2026-11-23T07:05:00.000Z`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify), tsify(type = "string"))]
pub struct Timestamp(i64);

#[cfg(feature = "uniffi")]
uniffi::custom_type!(Timestamp, i64, {
    lower: |at| at.millis(),
    try_lift: |millis| Ok(Timestamp::from_millis(millis)?),
});

impl Timestamp {
    const FIRST: i64 = -2_208_988_800_000;
    const LAST: i64 = 253_402_300_799_999;

    /// From milliseconds since 1970-01-01 UTC.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it lies before 1900 or after 9999.
    pub fn from_millis(millis: i64) -> Result<Self, Error> {
        if (Self::FIRST..=Self::LAST).contains(&millis) {
            Ok(Timestamp(millis))
        } else {
            Err(Violation::out_of_range("timestamp").into())
        }
    }

    /// Like [`Timestamp::from_millis`], but held within the bounds.
    pub const fn saturating(millis: i64) -> Self {
        if millis < Self::FIRST {
            Timestamp(Self::FIRST)
        } else if millis > Self::LAST {
            Timestamp(Self::LAST)
        } else {
            Timestamp(millis)
        }
    }

    /// Milliseconds since 1970-01-01 UTC.
    pub const fn millis(self) -> i64 {
        self.0
    }

    /// So many milliseconds later (earlier when negative), held within the bounds.
    #[must_use]
    pub const fn plus_millis(self, millis: i64) -> Self {
        Timestamp::saturating(self.0.saturating_add(millis))
    }

    /// So many times 24 hours later.
    #[must_use]
    pub const fn plus_days(self, days: i64) -> Self {
        self.plus_millis(days.saturating_mul(86_400_000))
    }

    /// How far ahead anything is planned or shared: some ten years. What lies farther is a slip of the pen.
    pub(crate) const fn farthest(self) -> Timestamp {
        self.plus_days(3_660)
    }

    fn utc(self) -> DateTime<chrono::Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or_default()
    }
}

impl Timestamp {
    /// As it is written. A page has hundreds: the formatting machinery would be a tenth of the work on it.
    fn written(self) -> [u8; 24] {
        use chrono::Timelike as _;
        let at = self.utc();
        let (date, time) = (at.date_naive(), at.time());
        let mut text = *b"0000-00-00T00:00:00.000Z";
        let mut put = |end: usize, mut value: u32| {
            // Digits from the last on, until nothing is left of the value.
            for digit in text.get_mut(..end).unwrap_or_default().iter_mut().rev().take_while(|at| at.is_ascii_digit()) {
                *digit = b'0' + (value % 10) as u8;
                value /= 10;
            }
        };
        put(4, date.year().unsigned_abs());
        put(7, date.month());
        put(10, date.day());
        put(13, time.hour());
        put(16, time.minute());
        put(19, time.second());
        put(23, time.nanosecond() / 1_000_000 % 1_000);
        text
    }
}

impl std::fmt::Display for Timestamp {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(std::str::from_utf8(&self.written()).unwrap_or_default())
    }
}

impl std::str::FromStr for Timestamp {
    type Err = Error;
    /// Takes RFC 3339 with any offset.
    ///
    /// # Errors
    /// [`Error::Invalid`] when it is not RFC 3339 or out of range.
    fn from_str(text: &str) -> Result<Self, Error> {
        let at = DateTime::parse_from_rfc3339(text).map_err(|_| Error::from(Violation::malformed("timestamp")))?;
        Timestamp::from_millis(at.timestamp_millis())
    }
}

impl Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(std::str::from_utf8(&self.written()).unwrap_or_default())
    }
}

impl<'de> Deserialize<'de> for Timestamp {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        text.parse().map_err(|_| serde::de::Error::custom("not an instant of RFC 3339"))
    }
}

#[cfg(feature = "openapi")]
impl schemars::JsonSchema for Timestamp {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Timestamp".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "format": "date-time"})
    }
}

/// A time zone by its IANA name, such as `Asia/Shanghai`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify), tsify(type = "string"))]
pub struct TimeZone(&'static str);

impl Serialize for TimeZone {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0)
    }
}

impl<'de> Deserialize<'de> for TimeZone {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        TimeZone::named(&name).map_err(serde::de::Error::custom)
    }
}

#[cfg(feature = "uniffi")]
uniffi::custom_type!(TimeZone, String, {
    lower: |zone| zone.name().to_owned(),
    try_lift: |name| Ok(TimeZone::named(&name)?),
});

impl TimeZone {
    /// China's.
    pub const SHANGHAI: TimeZone = TimeZone("Asia/Shanghai");

    /// By its IANA name.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there is no such zone.
    pub fn named(name: &str) -> Result<Self, Error> {
        Zone::named(name).map(|zone| TimeZone(zone.name)).ok_or_else(|| Violation::unknown("time_zone").into())
    }

    /// What the clocks of the zone show at an instant.
    fn local(self, at: Timestamp) -> NaiveDateTime {
        let seconds = at.millis().div_euclid(1_000);
        let local = seconds + Zone::named(self.0).map_or(0, |zone| zone.offset_at(seconds));
        DateTime::from_timestamp(local, 0).unwrap_or_default().naive_utc()
    }

    /// The first instant at which they show it, unless they leave it out.
    fn first_showing(self, local: NaiveDateTime) -> Option<i64> {
        Zone::named(self.0)?.first_showing(local.and_utc().timestamp())?.checked_mul(1_000)
    }

    /// The day on which the instant falls.
    pub fn day_of(self, at: Timestamp) -> NaiveDate {
        self.local(at).date()
    }

    /// The day `days` after the one on which the instant falls (before, when negative).
    pub fn day_after(self, at: Timestamp, days: i64) -> NaiveDate {
        let day = self.day_of(at);
        let shift = Days::new(days.unsigned_abs());
        let shifted = if days < 0 { day.checked_sub_days(shift) } else { day.checked_add_days(shift) };
        shifted.unwrap_or(day)
    }

    /// The first instant of a day. Where a day has no midnight, the first instant it has.
    pub fn start_of(self, day: NaiveDate) -> Timestamp {
        self.at_hour(day, 0)
    }

    /// When the clocks of the zone first show an hour (0 to 23) of a day, or, where they leave it out, what comes after it.
    pub(crate) fn at_hour(self, day: NaiveDate, hour: i32) -> Timestamp {
        let midnight = day.and_time(chrono::NaiveTime::MIN) + chrono::TimeDelta::hours(hour.into());
        // A daylight-saving gap at midnight is short, but zones that changed sides of the date
        // line left out a whole day: then it is the start of the next.
        (0..=104)
            .find_map(|quarters| {
                let local = midnight.checked_add_signed(chrono::TimeDelta::minutes(15 * quarters))?;
                self.first_showing(local)
            })
            .map_or_else(|| Timestamp::saturating(midnight.and_utc().timestamp_millis()), Timestamp::saturating)
    }

    /// The IANA name.
    pub fn name(self) -> &'static str {
        self.0
    }

    /// The instant as a person of the zone reads it: `2026-11-23 15:05`.
    pub fn local_text(self, at: Timestamp) -> String {
        use chrono::Timelike as _;
        let local = self.local(at);
        format!("{:04}-{:02}-{:02} {:02}:{:02}", local.year(), local.month(), local.day(), local.hour(), local.minute())
    }

    /// The instant that a person of the zone means by `2026-11-23T15:05` (or with a blank
    /// between, or a day alone); `None` when it is not of that form. Of an hour that comes
    /// twice it is the first.
    pub fn instant_of(self, local: &str) -> Option<Timestamp> {
        let local = local.trim().replace(' ', "T");
        let local = if local.len() == 10 { format!("{local}T00:00") } else { local };
        let (day, clock) = local.split_once('T')?;
        let mut day = day.splitn(3, '-').map(str::parse::<u32>);
        let (year, month, date) = (day.next()?.ok()?, day.next()?.ok()?, day.next()?.ok()?);
        let mut clock = clock.splitn(3, ':').map(str::parse::<u32>);
        let (hour, minute) = (clock.next()?.ok()?, clock.next()?.ok()?);
        let at = NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, date)?.and_hms_opt(hour, minute, 0)?;
        Timestamp::from_millis(self.first_showing(at)?).ok()
    }
}

impl TryFrom<String> for TimeZone {
    type Error = Error;
    fn try_from(name: String) -> Result<Self, Error> {
        TimeZone::named(&name)
    }
}

impl From<TimeZone> for String {
    fn from(zone: TimeZone) -> String {
        zone.name().to_owned()
    }
}

#[cfg(feature = "openapi")]
impl schemars::JsonSchema for TimeZone {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "TimeZone".into()
    }
    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({"type": "string", "description": "An IANA name, such as Asia/Shanghai."})
    }
}

/// A birthday 生日, solar 公历 or lunar 农历, whose year need not be known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct Birthday {
    /// The calendar of month and day.
    pub calendar: Calendar,
    /// The year, 1900 to 2100, where it is known; of a lunar one the year in which its lunar year began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub year: Option<i32>,
    /// The month, 1 to 12.
    pub month: i32,
    /// The day: within the month for solar ones, 1 to 30 for lunar ones.
    pub day: i32,
    /// Whether a lunar month is the leap month 闰月 behind the ordinary one.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub leap_month: bool,
}

/// The calendar of a birthday.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum Calendar {
    /// 公历
    Solar,
    /// 农历
    Lunar,
}

impl Birthday {
    /// Whether there can be such a day.
    pub fn is_possible(&self) -> bool {
        let year = self.year.unwrap_or(2000); // a leap year: 29 February may be a birthday
        if !(1900..=2100).contains(&year) || !(1..=12).contains(&self.month) {
            return false;
        }
        match self.calendar {
            Calendar::Lunar => (1..=30).contains(&self.day),
            Calendar::Solar => {
                !self.leap_month
                    && u32::try_from(self.month).is_ok_and(|month| {
                        u32::try_from(self.day).is_ok_and(|day| NaiveDate::from_ymd_opt(year, month, day).is_some())
                    })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_to_the_last_digit_and_read_again() {
        for (millis, text) in [
            (Timestamp::FIRST, "1900-01-01T00:00:00.000Z"),
            (-1, "1969-12-31T23:59:59.999Z"),
            (0, "1970-01-01T00:00:00.000Z"),
            (951_782_400_007, "2000-02-29T00:00:00.007Z"),
            (1_795_395_600_120, "2026-11-23T01:00:00.120Z"),
            (Timestamp::LAST, "9999-12-31T23:59:59.999Z"),
        ] {
            let at = Timestamp::saturating(millis);
            assert_eq!(at.to_string(), text);
            assert_eq!(serde_json::to_string(&at).unwrap(), format!("\"{text}\""));
            assert_eq!(text.parse::<Timestamp>().unwrap(), at);
        }
    }
}
