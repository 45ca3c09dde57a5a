//! On which days birthdays fall, solar and lunar (R4).
//!
//! Of a day it is said which birthdays fall on it, never when somebody's next one is: nothing that is stored has to be written anew
//! every year, and what the settings say of leap days and leap months holds at once.

use super::settings::{LeapDayRule, LeapMonthRule, ReminderSettings};
use super::{SINCE, column, index};
use crate::date::Date;
use crate::store::{Column, ColumnType, Kind};
use crate::time::{Birthday, Calendar};
use chrono::{Datelike as _, NaiveDate};
use icu_calendar::cal::ChineseTraditional;

/// Who has a birthday, by the record: `contact:` or `customer:` and an id. The scope is that of its customer.
pub(crate) static BIRTHDAY: Kind = Kind {
    name: "birthday",
    columns: &[column(Column::live("day", ColumnType::Text)), column(Column::live("scope", ColumnType::Text))],
    indexes: &[index("day", &["day"]), index("scope", &["scope", "day"])],
    since: SINCE,
};

/// A day of the lunar calendar.
struct LunarDay {
    month: u32,
    leap: bool,
    day: u32,
    /// Whether it is the last of its month.
    last: bool,
}

impl LunarDay {
    fn of(day: NaiveDate) -> Option<Self> {
        let (month, date) = (u8::try_from(day.month()).ok()?, u8::try_from(day.day()).ok()?);
        let iso = icu_calendar::Date::try_new_iso(day.year(), month, date).ok()?;
        let lunar = iso.to_calendar(ChineseTraditional::new());
        let (month, day) = (lunar.month().to_input(), lunar.day_of_month().0);
        let last = day >= lunar.days_in_month();
        Some(LunarDay { month: month.number().into(), leap: month.is_leap(), day: day.into(), last })
    }

    /// Whether the leap month follows the month of this day.
    fn leap_follows(&self, day: NaiveDate) -> bool {
        // A month has 29 or 30 days: this many later it is the next one.
        let later = chrono::Days::new(u64::from(31_u32.saturating_sub(self.day)));
        let next = day.checked_add_days(later).and_then(LunarDay::of);
        next.is_some_and(|next| next.leap && next.month == self.month)
    }
}

fn key(calendar: char, month: u32, day: u32) -> String {
    format!("{calendar}{month:02}{day:02}")
}

impl Birthday {
    /// Under which it is found: whatever its year.
    pub(super) fn key(&self) -> String {
        let calendar = match (self.calendar, self.leap_month) {
            (Calendar::Solar, _) => 's',
            (Calendar::Lunar, false) => 'l',
            (Calendar::Lunar, true) => 'm',
        };
        let part = |part: i32| u32::try_from(part).unwrap_or_default();
        key(calendar, part(self.month), part(self.day))
    }
}

/// The keys of the birthdays that fall on a day.
pub(super) fn keys_of(day: Date, settings: &ReminderSettings) -> Vec<String> {
    let day = day.naive();
    let mut keys = vec![key('s', day.month(), day.day())];
    let beside = match settings.leap_day {
        LeapDayRule::Before => (2, 28),
        LeapDayRule::After => (3, 1),
    };
    if !day.leap_year() && (day.month(), day.day()) == beside {
        keys.push(key('s', 2, 29));
    }
    let Some(known) = LunarDay::of(day) else { return keys };
    let ordinary = settings.leap_month == LeapMonthRule::Ordinary;
    // Who was born in a leap month has his birthday once a year: in the ordinary one, unless this year has his.
    let leap = if known.leap { !ordinary } else { ordinary || !known.leap_follows(day) };
    let mut put = |date: u32| {
        // Who was born in an ordinary month has it in that one alone.
        keys.extend((!known.leap).then(|| key('l', known.month, date)));
        keys.extend(leap.then(|| key('m', known.month, date)));
    };
    put(known.day);
    if known.last && known.day == 29 {
        put(30);
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sorted::Gather as _;
    use std::collections::BTreeMap;

    fn settings(leap_day: LeapDayRule, leap_month: LeapMonthRule) -> ReminderSettings {
        ReminderSettings { leap_day, leap_month, ..ReminderSettings::default() }
    }

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    fn falls(birthday: &str, on: &str, settings: &ReminderSettings) -> bool {
        keys_of(day(on), settings).iter().any(|key| key == birthday)
    }

    #[test]
    fn r4_29_february_falls_on_the_day_of_the_settings() {
        for (rule, on, not) in
            [(LeapDayRule::Before, "2026-02-28", "2026-03-01"), (LeapDayRule::After, "2026-03-01", "2026-02-28")]
        {
            let settings = settings(rule, LeapMonthRule::Ordinary);
            assert!(falls("s0229", on, &settings));
            assert!(!falls("s0229", not, &settings));
            assert!(falls("s0229", "2028-02-29", &settings));
            assert!(!falls("s0229", "2028-02-28", &settings) && !falls("s0229", "2028-03-01", &settings));
        }
    }

    #[test]
    fn r4_known_days_of_the_lunar_calendar() {
        let ordinary = settings(LeapDayRule::Before, LeapMonthRule::Ordinary);
        let leap = settings(LeapDayRule::Before, LeapMonthRule::Leap);
        // New year, mid-autumn, and the sixth month twice in 2025.
        assert!(falls("l0101", "2026-02-17", &ordinary));
        assert!(falls("l0815", "2026-09-25", &ordinary));
        assert!(falls("l0601", "2025-06-25", &ordinary) && !falls("l0601", "2025-07-25", &ordinary));
        assert!(falls("m0601", "2025-06-25", &ordinary) && !falls("m0601", "2025-07-25", &ordinary));
        assert!(!falls("m0601", "2025-06-25", &leap) && falls("m0601", "2025-07-25", &leap));
        // Without the leap month it is the ordinary one.
        assert!(falls("m0601", "2026-07-14", &leap));
        // The last month of the year of 2025 has 29 days: its thirtieth is the twenty-ninth.
        assert!(falls("l1230", "2026-02-16", &ordinary) && falls("l1229", "2026-02-16", &ordinary));
    }

    #[test]
    fn r4_every_birthday_comes_once_in_each_of_its_years() {
        for rule in [LeapMonthRule::Ordinary, LeapMonthRule::Leap] {
            let settings = settings(LeapDayRule::Before, rule);
            // From one lunar new year to another, 30 lunar years later.
            let (mut at, end) = (day("2020-01-25"), day("2050-01-23"));
            let mut seen: BTreeMap<String, usize> = BTreeMap::new();
            while at < end {
                keys_of(at, &settings).into_iter().for_each(|key| *seen.entry(key).or_default() += 1);
                at = at.after().unwrap();
            }
            let lunar = seen.iter().filter(|(key, _)| !key.starts_with('s'));
            let wrong: Vec<_> = lunar.filter(|(_, times)| **times != 30).collect();
            assert!(wrong.is_empty(), "{rule:?}: {wrong:?}");
            let months = (1..=12).flat_map(|month| (1..=30).map(move |date| (month, date)));
            let all = months.flat_map(|(month, date)| ['l', 'm'].map(|calendar| key(calendar, month, date))).into_set();
            assert!(all.iter().all(|key| seen.contains_key(key)));
        }
    }

    /// The day of a lunar date by the other calendar; the thirtieth of a month of 29 days is the one before.
    fn by_the_other(year: u16, month: u8, leap: bool, date: u8) -> Option<Date> {
        let of = |date| chinese_lunisolar_calendar::LunisolarDate::from_ymd(year, month, leap, date).ok();
        let found = of(date).or_else(|| (date == 30).then(|| of(29)).flatten())?;
        Some(Date::of(found.to_naive_date()))
    }

    #[test]
    fn r4_every_birthday_from_1930_to_2030_falls_where_another_calendar_says() {
        use chinese_lunisolar_calendar::LunisolarDate;
        let days = |from: &str, to: &str| {
            let last = day(to);
            std::iter::successors(Some(day(from)), |day| day.after()).take_while(move |day| *day <= last)
        };
        let (mut lunar, mut solar) = (std::collections::BTreeSet::new(), std::collections::BTreeSet::new());
        for born in days("1930-01-01", "2030-12-31") {
            let born = born.naive();
            solar.insert((born.month(), born.day()));
            let known = LunisolarDate::from_date(born).unwrap();
            let month = known.to_lunar_month();
            lunar.insert((month.to_u8(), month.is_leap_month(), known.to_lunar_day().to_u8()));
        }
        // Leap months, and day 30 of both kinds of months, were there.
        assert_eq!(solar.len(), 366);
        assert!(lunar.len() > 12 * 30 + 200 && lunar.iter().any(|(_, leap, date)| *leap && *date == 30));
        let mut compared = 0;
        for (leap_day, leap_month) in
            [(LeapDayRule::Before, LeapMonthRule::Ordinary), (LeapDayRule::After, LeapMonthRule::Leap)]
        {
            let settings = settings(leap_day, leap_month);
            let mut ours: BTreeMap<String, Vec<Date>> = BTreeMap::new();
            for on in days("2020-01-01", "2050-12-31") {
                keys_of(on, &settings).into_iter().for_each(|key| ours.entry(key).or_default().push(on));
            }
            let within = |on: &Date| (2020..=2050).contains(&on.naive().year());
            for (month, leap, date) in lunar.iter().copied() {
                // One for each lunar year: the last months of one lie in the next solar year.
                let expected = (2018..=2051).filter_map(|year| {
                    let own =
                        (leap && leap_month == LeapMonthRule::Leap).then(|| by_the_other(year, month, true, date));
                    own.flatten().or_else(|| by_the_other(year, month, false, date))
                });
                let expected: Vec<Date> = expected.filter(within).collect();
                let name = key(if leap { 'm' } else { 'l' }, month.into(), date.into());
                assert_eq!(ours.get(&name), Some(&expected), "{name} {leap_month:?}");
                compared += expected.len();
            }
            for (month, date) in solar.iter().copied() {
                let expected: Vec<Date> = (2020..=2050)
                    .map(|year| {
                        let beside = if leap_day == LeapDayRule::Before { (2, 28) } else { (3, 1) };
                        let of = |(month, date)| NaiveDate::from_ymd_opt(year, month, date);
                        Date::of(of((month, date)).or_else(|| of(beside)).unwrap())
                    })
                    .collect();
                let name = key('s', month, date);
                assert_eq!(ours.get(&name), Some(&expected), "{name} {leap_day:?}");
                compared += expected.len();
            }
        }
        assert!(compared > 50_000, "{compared}");
    }
}
