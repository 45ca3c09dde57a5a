//! The days that count (P8): natural days, or working days 工作日 by the host's calendar.

use crate::crm::Session;
use crate::date::Date;
use crate::error::{Error, Violation};
use crate::history;
use crate::operations::op;
use crate::organisation::Context;
use crate::sorted::Gather as _;
use crate::text::Checker;
use crate::time::{TimeZone, Timestamp};
use crate::work::{Stop, Work};
use chrono::{Datelike as _, Weekday};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Which days are worked 工作日. Without a word of the host's: Monday to Friday.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct WorkCalendar {
    /// Days off 节假日, at most 1,000; those that fall on a Saturday or Sunday may be among them.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub holidays: Vec<Date>,
    /// Saturdays and Sundays that are worked 调休上班, at most 1,000.
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub workdays: Vec<Date>,
}

/// The most days of either kind.
const MOST_DAYS: usize = 1_000;

impl WorkCalendar {
    /// The days in their order, each once.
    fn checked(&self) -> Result<Self, Error> {
        let mut check = Checker::new();
        let mut list = |field: &str, days: &[Date]| -> Vec<Date> {
            check.ensure(days.len() <= MOST_DAYS, || Violation::too_many(field, MOST_DAYS as i64));
            let days: BTreeSet<Date> = days.iter().take(MOST_DAYS).copied().into_set();
            days.into_iter().collect()
        };
        let calendar =
            WorkCalendar { holidays: list("holidays", &self.holidays), workdays: list("workdays", &self.workdays) };
        for (place, day) in self.workdays.iter().enumerate().take(MOST_DAYS) {
            let field = || format!("workdays[{place}]");
            check.ensure(is_weekend(*day), || Violation::not_allowed(field()));
            check.ensure(calendar.holidays.binary_search(day).is_err(), || Violation::not_allowed(field()));
        }
        check.done()?;
        Ok(calendar)
    }
}

fn is_weekend(day: Date) -> bool {
    matches!(day.naive().weekday(), Weekday::Sat | Weekday::Sun)
}

impl Session<'_> {
    /// Which days are worked, as the host said last.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `settings.view`.
    pub fn work_calendar(&self) -> Result<WorkCalendar, Error> {
        self.query(&op::work_calendar, |work| Ok(work.context.organisation.calendar.clone()))
    }

    /// Says which days are worked, in place of what was said before: the host hands on its calendar once it knows the holidays of a
    /// year. What counts working days counts by it from then on.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `settings.manage_settings`; [`Error::Invalid`]: `too_many`, `not_allowed` for a workday that
    /// is no Saturday or Sunday, or a holiday too.
    pub fn sync_work_calendar(&self, calendar: WorkCalendar) -> Result<WorkCalendar, Error> {
        self.command(
            &op::sync_work_calendar,
            &calendar,
            |work| work.keep_calendar(&calendar),
            |work, _| Ok(work.context.organisation.calendar.clone()),
        )
    }
}

impl Work<'_> {
    /// Says which days are worked, in place of what was said before.
    pub(crate) fn keep_calendar(&mut self, calendar: &WorkCalendar) -> Result<WorkCalendar, Stop> {
        let calendar = calendar.checked()?;
        let mut organisation = self.context.organisation.clone();
        let changes = history::changes(&organisation.calendar, &calendar, &["holidays", "workdays"]);
        if !changes.is_empty() {
            organisation.calendar = calendar.clone();
            self.change_organisation(&organisation)?;
            self.remember_setting("calendar", op::sync_work_calendar.name, changes)?;
            self.announce("settings_changed", "settings", "settings", serde_json::json!({}))?;
            if self.context.settings().pool.recycling.working_days {
                self.look_at_all_again();
            }
        }
        Ok(calendar)
    }
}

impl Context {
    /// The days that count: all, or those that are worked.
    pub(crate) fn days(&self, working: bool) -> Days {
        let zone = self.settings().time_zone;
        if working { Days::working(zone, &self.organisation.calendar) } else { Days::natural(zone) }
    }
}

/// Counts days in a time zone.
pub(crate) struct Days {
    zone: TimeZone,
    /// Days off and worked days; none: every day counts.
    working: Option<(BTreeSet<Date>, BTreeSet<Date>)>,
}

/// More days than any limit and all holidays between.
const FARTHEST: i64 = 20_000;

impl Days {
    pub(crate) fn natural(zone: TimeZone) -> Self {
        Days { zone, working: None }
    }

    pub(crate) fn working(zone: TimeZone, calendar: &WorkCalendar) -> Self {
        let set = |days: &[Date]| days.iter().copied().into_set();
        Days { zone, working: Some((set(&calendar.holidays), set(&calendar.workdays))) }
    }

    /// The day of an instant.
    pub(crate) fn of(&self, at: Timestamp) -> Date {
        Date::of(self.zone.day_of(at))
    }

    /// When a day begins.
    pub(crate) fn start(&self, day: Date) -> Timestamp {
        self.zone.start_of(day.naive())
    }

    /// When the clocks show an hour of a day.
    pub(crate) fn at_hour(&self, day: Date, hour: i32) -> Timestamp {
        self.zone.at_hour(day.naive(), hour)
    }

    /// When the day after that of an instant begins.
    pub(crate) fn tomorrow(&self, at: Timestamp) -> Timestamp {
        self.zone.start_of(self.zone.day_after(at, 1))
    }

    /// Whether a day counts.
    pub(crate) fn counts(&self, day: Date) -> bool {
        let Some((holidays, workdays)) = &self.working else { return true };
        workdays.contains(&day) || (!is_weekend(day) && !holidays.contains(&day))
    }

    /// The n-th day that counts after a day; the day itself for 0.
    pub(crate) fn after(&self, day: Date, n: i64) -> Date {
        self.step(day, n, 1)
    }

    /// The n-th day that counts before a day; the day itself for 0.
    pub(crate) fn before(&self, day: Date, n: i64) -> Date {
        self.step(day, n, -1)
    }

    /// The day itself if it counts, or the next one that does.
    pub(crate) fn from(&self, day: Date) -> Date {
        if self.counts(day) { day } else { self.after(day, 1) }
    }

    /// Before which instant something must lie for at least `n` days that count, at least one, to have begun since its day.
    pub(crate) fn past(&self, now: Timestamp, n: i64) -> Timestamp {
        let today = self.of(now);
        let last = if self.counts(today) { today } else { self.before(today, 1) };
        self.start(self.before(last, n - 1))
    }

    /// So many days that count later, at the same time of the day.
    pub(crate) fn later(&self, at: Timestamp, n: i64) -> Timestamp {
        let day = self.of(at);
        let into = at.millis() - self.start(day).millis();
        self.start(self.after(day, n)).plus_millis(into)
    }

    fn step(&self, day: Date, n: i64, by: i64) -> Date {
        if self.working.is_none() {
            return day.plus_days(n * by).unwrap_or(day);
        }
        let (mut at, mut left) = (day, n);
        for _ in 0..FARTHEST {
            if left <= 0 {
                break;
            }
            let Some(next) = at.plus_days(by) else { break };
            at = next;
            left -= i64::from(self.counts(at));
        }
        at
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn day(text: &str) -> Date {
        text.parse().unwrap()
    }

    #[test]
    fn p8_a_week_of_holidays_and_the_sundays_that_make_up_for_it() {
        let calendar = WorkCalendar {
            holidays: (1..=7).map(|n| day(&format!("2026-10-0{n}"))).collect(),
            workdays: vec![day("2026-09-27"), day("2026-10-10")],
        };
        let days = Days::working(TimeZone::SHANGHAI, &calendar.checked().unwrap());
        assert!(days.counts(day("2026-09-27")) && !days.counts(day("2026-10-01")) && !days.counts(day("2026-10-11")));
        assert_eq!(days.after(day("2026-09-30"), 1), day("2026-10-08"));
        assert_eq!(days.after(day("2026-09-30"), 3), day("2026-10-10"));
        assert_eq!(days.before(day("2026-10-08"), 1), day("2026-09-30"));
        assert_eq!(days.from(day("2026-10-03")), day("2026-10-08"));
    }

    #[test]
    fn p8_a_calendar_that_contradicts_itself_is_refused() {
        let odd = WorkCalendar { holidays: vec![day("2026-10-10")], workdays: vec![day("2026-10-10")] };
        assert!(odd.checked().is_err());
        let friday = WorkCalendar { workdays: vec![day("2026-10-09")], ..WorkCalendar::default() };
        assert!(friday.checked().is_err());
        let many = WorkCalendar { holidays: vec![day("2026-10-09"); 1_001], ..WorkCalendar::default() };
        assert!(many.checked().is_err());
    }

    proptest! {
        /// The threshold of a search and the counting of days from each row are one.
        #[test]
        fn p8_what_lies_before_the_threshold_has_seen_so_many_days(
            (now, since) in (0i64..40_000_000, 0i64..40_000_000),
            n in 1i64..40,
            working: bool,
            holidays in proptest::collection::btree_set(0i64..463, 0..60),
        ) {
            let from = day("2026-01-01");
            let holidays: Vec<Date> = holidays.into_iter().filter_map(|n| from.plus_days(n)).collect();
            let calendar = WorkCalendar { holidays, workdays: Vec::new() };
            let zone = TimeZone::named("America/New_York").unwrap();
            let days = if working { Days::working(zone, &calendar) } else { Days::natural(zone) };
            let base = days.start(from).millis();
            let (now, since) = (Timestamp::saturating(base + now * 1_000), Timestamp::saturating(base + since * 1_000));
            let seen = days.after(days.of(since), n) <= days.of(now);
            prop_assert_eq!(since < days.past(now, n), seen);
        }
    }
}
