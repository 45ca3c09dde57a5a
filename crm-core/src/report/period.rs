//! Months, quarters and years of an organisation, whose year begins in a month of its own.

use crate::date::Date;
use crate::error::{Error, Violation};
use serde::{Deserialize, Serialize};

/// How a report is cut by time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum ReportPer {
    /// 按月
    #[default]
    Month,
    /// 按季: three months of the fiscal year.
    Quarter,
    /// 按年: the fiscal year, named by the year in which it begins.
    Year,
    /// Not at all: one figure for the whole time.
    Whole,
}

/// Months of a report, at the most.
pub(super) const MOST_MONTHS: i64 = 120;

/// Whole months from one to another, both included, cut into periods.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) first: i64,
    pub(crate) last: i64,
    per: ReportPer,
    /// The month in which the year begins, 1 to 12.
    begins: i64,
}

impl Span {
    /// The months in which two days lie and those between.
    pub(crate) fn of(from: Date, to: Date, per: ReportPer, begins: i32) -> Result<Self, Error> {
        let (first, last) = (from.month_number(), to.month_number());
        if last < first {
            return Err(Violation::out_of_range("query.to").into());
        }
        if last - first >= MOST_MONTHS {
            return Err(Violation::too_many("query.to", MOST_MONTHS).into());
        }
        Ok(Span { first, last, per, begins: i64::from(begins) })
    }

    /// The same, so many months earlier.
    pub(super) fn earlier(self, months: i64) -> Span {
        Span { first: self.first - months, last: self.last - months, ..self }
    }

    /// How many months a period has.
    pub(super) fn period_months(self) -> i64 {
        match self.per {
            ReportPer::Month => 1,
            ReportPer::Quarter => 3,
            ReportPer::Year => 12,
            ReportPer::Whole => self.last - self.first + 1,
        }
    }

    /// The first month of the period in which a month lies.
    pub(crate) fn period_of(self, month: i64) -> i64 {
        let start = match self.per {
            ReportPer::Whole => self.first,
            _ => self.begins - 1,
        };
        start + (month - start).div_euclid(self.period_months()) * self.period_months()
    }

    /// The days of a period that lie within.
    pub(crate) fn days(self, period: i64) -> Option<(Date, Date)> {
        let (first, last) = (period.max(self.first), (period + self.period_months() - 1).min(self.last));
        Some((Date::first_of_month(first)?, Date::first_of_month(last + 1)?.before()?))
    }

    /// The name of a period: `2026-11`, `2026Q4`, `2026`.
    pub(crate) fn name(self, period: i64) -> String {
        let (year, month) = (period.div_euclid(12), period.rem_euclid(12));
        let fiscal = (period - (self.begins - 1)).div_euclid(12);
        let of_year = (period - (self.begins - 1)).rem_euclid(12);
        match self.per {
            ReportPer::Month => format!("{year:04}-{:02}", month + 1),
            ReportPer::Quarter => format!("{fiscal:04}Q{}", of_year / 3 + 1),
            ReportPer::Year => format!("{fiscal:04}"),
            ReportPer::Whole => String::new(),
        }
    }
}
