//! New customers and follow-ups by day, week, month and person (T1).

use super::figures::{Place, ROLLUP, Series};
use super::period::{ReportPer, Span};
use super::whose::{ReportOf, Whose};
use crate::actor::UserId;
use crate::crm::Session;
use crate::date::Date;
use crate::error::{Error, Violation};
use crate::operations::op;
use crate::sorted::Gather as _;
use crate::store::{Comparison, Direction, Filter, Read, Search, Value};
use crate::work::{Stop, Work, sums};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How activity is cut by time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum ActivityPer {
    /// 按日
    Day,
    /// 按周: from Monday on.
    Week,
    /// 按月
    #[default]
    Month,
}

/// Which activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct ActivityQuery {
    /// Whose.
    pub of: ReportOf,
    /// From this day on; by month, from the first of its month.
    pub from: Date,
    /// To this day, included; by month, to the last of its month. By day or week at most 93 days.
    pub to: Date,
    /// How it is cut.
    #[serde(default)]
    pub per: ActivityPer,
    /// Whether people are told apart.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub by_person: bool,
}

/// What was done in a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ActivityRow {
    /// The first day.
    pub from: Date,
    /// The last day.
    pub to: Date,
    /// The person, where they are told apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<UserId>,
    /// His name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// New customers 新增客户, of those that he owns now.
    pub new_customers: i64,
    /// Follow-ups 跟单 that he did.
    pub follow_ups: i64,
}

/// Activity in order of time, then of people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ActivityReport {
    /// One row for each period, or for each person and period in which something was done.
    pub rows: Vec<ActivityRow>,
    /// All new customers.
    pub new_customers: i64,
    /// All follow-ups.
    pub follow_ups: i64,
}

/// Days of a report by day or week, at the most.
const MOST_DAYS: i64 = 93;
/// Rows of a report, at the most.
pub(crate) const MOST_ROWS: usize = 20_000;

impl Session<'_> {
    /// New customers and follow-ups per day, week or month, of all together or person by person.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the rights `report.view`, `customer.view` and `follow_up.view`, and on
    /// [`ReportOf::All`] for who is no administrator; [`Error::Invalid`]; `figures_not_built`.
    pub fn activity_report(&self, query: ActivityQuery) -> Result<ActivityReport, Error> {
        self.query(&op::activity_report, |work| {
            work.access()?.allow("follow_up.view")?;
            let whose = work.whose(&query.of, "customer.view")?;
            if work.context.organisation.figures() != Some(work.context.settings().time_zone) {
                return Err(super::ReportRefusal::FiguresNotBuilt.into());
            }
            let by_month = query.per == ActivityPer::Month;
            let span = Span::of(query.from, query.to, ReportPer::Month, 1)?;
            let (first, last) = match by_month {
                true => (span.first, span.last),
                false => (query.from.number(), query.to.number()),
            };
            if last < first {
                return Err(Violation::out_of_range("query.to").into());
            }
            if !by_month && last - first >= MOST_DAYS {
                return Err(Violation::too_many("query.to", MOST_DAYS).into());
            }
            let [new, done] = match by_month {
                true => [Series::NewOfMonth, Series::FollowUpsOfMonth],
                false => [Series::NewOfDay, Series::FollowUpsOfDay],
            };
            let customers = work.activity(&whose, new, (first, last))?;
            let follow_ups = work.activity(&whose, done, (first, last))?;
            let start = |period: i64| match (query.per, Date::numbered(period)) {
                (ActivityPer::Week, Some(day)) => day.monday().number().max(first),
                _ => period,
            };
            let mut rows: BTreeMap<(i64, Option<UserId>), [i64; 2]> = BTreeMap::new();
            if !query.by_person {
                rows.extend((first..=last).map(|period| ((start(period), None), [0, 0])));
            }
            let mut totals = [0_i64; 2];
            for (which, found) in [customers, follow_ups].into_iter().enumerate() {
                for ((person, period), count) in found.into_iter().filter(|(_, count)| *count != 0) {
                    let row = rows.entry((start(period), person.filter(|_| query.by_person))).or_default();
                    for sum in [row.get_mut(which), totals.get_mut(which)].into_iter().flatten() {
                        *sum = sum.saturating_add(count);
                    }
                }
            }
            if rows.len() > MOST_ROWS {
                return Err(Violation::too_many("query.of", MOST_ROWS as i64).into());
            }
            let days = |period: i64| match query.per {
                ActivityPer::Month => span.days(period),
                ActivityPer::Day => Date::numbered(period).map(|day| (day, day)),
                ActivityPer::Week => {
                    let monday = Date::numbered(period)?.monday().number();
                    Some((Date::numbered(period)?, Date::numbered((monday + 6).min(last))?))
                }
            };
            let context = work.context.clone();
            let rows = rows.into_iter().filter_map(|((period, person), [new_customers, follow_ups])| {
                let (from, to) = days(period)?;
                let name = person.as_ref().and_then(|id| context.people.get(id)).map(|person| person.name.clone());
                Some(ActivityRow { from, to, person, name, new_customers, follow_ups })
            });
            let [new_customers, follow_ups] = totals;
            Ok(ActivityReport { rows: rows.collect(), new_customers, follow_ups })
        })
    }
}

impl Work<'_> {
    /// Counts by person and period.
    fn activity(
        &mut self,
        whose: &Whose,
        series: Series,
        (first, last): (i64, i64),
    ) -> Result<BTreeMap<(Option<UserId>, i64), i64>, Stop> {
        let context = self.context.clone();
        let lines: BTreeMap<String, Option<UserId>> = match series {
            Series::NewOfDay | Series::NewOfMonth => {
                whose.lines_of_people(series, &context).into_iter().map(|(line, whom)| (line, whom.person)).into_map()
            }
            _ => whose
                .authors
                .iter()
                .map(|author| (series.line(&Place::Author(author.to_string()), &context), Some(author.clone())))
                .into_map(),
        };
        let search = Search::of(&ROLLUP)
            .within("line", lines.keys().cloned().map(Value::Text).collect())
            .ordered("period", Direction::Ascending)
            .filtered(Filter::All(vec![
                Filter::Is("period", Comparison::AtLeast, first.into()),
                Filter::Is("period", Comparison::AtMost, last.into()),
            ]));
        let read = Read::Sum { search, by: vec!["line", "period"], columns: vec!["entries"] };
        let mut counts = BTreeMap::new();
        for (group, found) in sums(self.read(vec![read])?.into_iter().next()) {
            if let [Value::Text(line), Value::Integer(period)] = group.as_slice() {
                let person = lines.get(line).cloned().flatten();
                *counts.entry((person, *period)).or_default() += found.first().copied().unwrap_or_default();
            }
        }
        Ok(counts)
    }
}
