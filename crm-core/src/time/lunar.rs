//! The lunar calendar 农历, from a dense table made of the crate `icu_calendar`, which would be a twentieth of the wasm module.
//!
//! `lunar.bin`: three bytes for each year, lowest first: 13 bits for its months in order, the leap month included, 1 for those of 30 days;
//! four for the month that its leap month follows, 0 for none; six for the days from 20 January to its first day.

use chrono::{Days, NaiveDate};

static TABLE: &[u8] = include_bytes!("lunar.bin");
/// The first year.
const FIRST: i32 = 1899;

/// A day of the lunar calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct LunarDay {
    /// The month, 1 to 12.
    pub(crate) month: u32,
    /// Whether it is the leap month 闰月 that follows that one.
    pub(crate) leap: bool,
    /// The day, 1 to 30.
    pub(crate) day: u32,
    /// Whether it is the last day of its month.
    pub(crate) last: bool,
    /// Whether the year has a leap month that follows this month.
    pub(crate) leap_follows: bool,
}

/// A year: the lengths of its months, and which of them is the leap month.
struct Year {
    first: NaiveDate,
    long: u32,
    leap: u32,
}

impl Year {
    fn of(year: i32) -> Option<Self> {
        let place = usize::try_from(year.checked_sub(FIRST)?).ok()?.checked_mul(3)?;
        let [low, middle, high] = TABLE.get(place..place.checked_add(3)?)? else { return None };
        let packed = u32::from(*low) | u32::from(*middle) << 8 | u32::from(*high) << 16;
        let first = NaiveDate::from_ymd_opt(year, 1, 20)?.checked_add_days(Days::new((packed >> 17).into()))?;
        Some(Year { first, long: packed & 0x1fff, leap: packed >> 13 & 0xf })
    }
}

impl LunarDay {
    /// The lunar day of a day; none before 1899 and after 2100.
    pub(crate) fn of(day: NaiveDate) -> Option<Self> {
        use chrono::Datelike as _;
        let own = Year::of(day.year()).filter(|year| year.first <= day);
        let year = own.or_else(|| Year::of(day.year() - 1))?;
        let mut left = u32::try_from((day - year.first).num_days()).ok()?;
        // After the month that the leap month follows all stand one place later.
        for place in 0..13 {
            let length = 29 + (year.long >> place & 1);
            if left >= length {
                left -= length;
                continue;
            }
            let leap = year.leap > 0 && place == year.leap;
            let month = if year.leap > 0 && place >= year.leap { place } else { place + 1 };
            let leap_follows = !leap && year.leap == month;
            return Some(LunarDay { month, leap, day: left + 1, last: left + 1 == length, leap_follows });
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::same_as_kept;
    use chrono::Datelike as _;
    use icu_calendar::cal::ChineseTraditional;

    const LAST: i32 = 2100;

    fn by_crate(day: NaiveDate) -> icu_calendar::Date<ChineseTraditional> {
        let iso = icu_calendar::Date::try_new_iso(day.year(), day.month() as u8, day.day() as u8).unwrap();
        iso.to_calendar(ChineseTraditional::new())
    }

    fn packed(year: i32) -> u32 {
        let beginning = NaiveDate::from_ymd_opt(year, 1, 20).unwrap();
        let is_first = |day: &NaiveDate| {
            let lunar = by_crate(*day);
            lunar.month().ordinal == 1 && lunar.day_of_month().0 == 1
        };
        let mut at = beginning.iter_days().find(is_first).unwrap();
        let mut packed = ((at - beginning).num_days() as u32) << 17;
        for place in 0..by_crate(at).months_in_year() {
            let lunar = by_crate(at);
            if lunar.month().to_input().is_leap() {
                packed |= u32::from(lunar.month().number()) << 13;
            }
            packed |= u32::from(lunar.days_in_month() == 30) << place;
            at = at.checked_add_days(Days::new(lunar.days_in_month().into())).unwrap();
        }
        packed
    }

    #[test]
    fn the_table_is_the_crates() {
        let table: Vec<u8> = (FIRST..=LAST).flat_map(|year| packed(year).to_le_bytes().into_iter().take(3)).collect();
        same_as_kept(&table, "src/time/lunar.bin");
    }

    #[test]
    fn r4_every_day_is_as_in_the_crate() {
        let mut at = NaiveDate::from_ymd_opt(1900, 1, 31).unwrap();
        let end = NaiveDate::from_ymd_opt(LAST, 12, 31).unwrap();
        while at <= end {
            let theirs = by_crate(at);
            let ours = LunarDay::of(at).unwrap();
            let month = theirs.month();
            let found = (u32::from(month.number()), month.to_input().is_leap(), u32::from(theirs.day_of_month().0));
            assert_eq!((ours.month, ours.leap, ours.day), found, "{at}");
            assert_eq!(ours.last, theirs.day_of_month().0 == theirs.days_in_month(), "{at}");
            at = at.succ_opt().unwrap();
        }
    }

    #[test]
    fn beyond_the_table_there_is_no_lunar_day() {
        for (year, known) in [(1898, false), (1900, true), (2100, true), (2102, false), (9999, false)] {
            assert_eq!(LunarDay::of(NaiveDate::from_ymd_opt(year, 6, 15).unwrap()).is_some(), known, "{year}");
        }
    }
}
