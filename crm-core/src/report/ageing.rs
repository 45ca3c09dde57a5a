//! What is still to come in, and how long it is overdue (T3).

use super::activity::MOST_ROWS;
use super::figures::{ROLLUP, Series};
use super::whose::ReportOf;
use crate::crm::Session;
use crate::date::Date;
use crate::error::{Error, Violation};
use crate::money::{self, Currency, Decimal};
use crate::operations::op;
use crate::sorted::Sort as _;
use crate::store::{Direction, Read, Search, Value};
use crate::work::sums;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// By what ageing is told apart, beside currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum AgeingBy {
    /// By the person who has the duties.
    Person,
    /// By his position.
    Position,
}

/// What is open and was due in some days before today.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct AgeingBucket {
    /// Overdue for so many days at least.
    pub from_days: i32,
    /// Overdue for so many days at most; absent: however many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_days: Option<i32>,
    /// How many instalments.
    pub entries: i64,
    /// What is open of them.
    pub amount: Decimal,
}

/// What is open of somebody, in one currency.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct AgeingRow {
    /// The person or position, where they are told apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<String>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The currency.
    pub currency: Currency,
    /// Not due yet 未到期, today counted.
    pub not_due: Decimal,
    /// Overdue 逾期, all buckets.
    pub overdue: Decimal,
    /// 1 to 30 days, to 60, to 90, to 180, and more.
    pub buckets: Vec<AgeingBucket>,
}

/// What is open by how long it is overdue 逾期账龄.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct AgeingReport {
    /// The day from which is counted: today.
    pub on: Date,
    /// The rows, by name, then currency.
    pub rows: Vec<AgeingRow>,
}

/// The last days of the buckets.
const BUCKETS: [(i64, Option<i64>); 5] = [(1, Some(30)), (31, Some(60)), (61, Some(90)), (91, Some(180)), (181, None)];

/// Not due, then each bucket: entries and amount.
type Open = [[i64; 2]; BUCKETS.len() + 1];

impl Session<'_> {
    /// What instalments with a day still have open, by how long it has passed. An instalment is with whoever has the
    /// duties of its contract; one that waits for its milestone does not age.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the rights `report.view` and `payment.view`, and on [`ReportOf::All`] for who is no
    /// administrator; `figures_not_built`; `sum_too_great`.
    pub fn ageing_report(&self, of: ReportOf, by: Option<AgeingBy>) -> Result<AgeingReport, Error> {
        self.query(&op::ageing_report, |work| {
            let whose = work.whose(&of, "payment.view")?;
            let (context, today) = (work.context.clone(), work.today());
            let lines = match by {
                Some(AgeingBy::Person) => whose.lines_of_people(Series::Due, &context),
                _ => whose.lines(Series::Due, &context),
            };
            let search = Search::of(&ROLLUP)
                .within("line", lines.keys().cloned().map(Value::Text).collect())
                .ordered("period", Direction::Ascending);
            let groups = if by.is_some() { vec!["line", "value", "period"] } else { vec!["value", "period"] };
            let read = Read::Sum { search, by: groups, columns: vec!["entries", "amount"] };
            let mut open: BTreeMap<(String, Currency), Open> = BTreeMap::new();
            for (mut group, found) in sums(work.read(vec![read])?.into_iter().next()) {
                let line = by.is_some().then(|| group.remove(0));
                let whom = line.as_ref().and_then(Value::as_text).and_then(|line| lines.get(line));
                let ([Value::Text(value), Value::Integer(due)], [entries, amount]) =
                    (group.as_slice(), found.as_slice())
                else {
                    continue;
                };
                let Ok(currency) = Currency::new(value) else { continue };
                let key = match by {
                    None => None,
                    Some(AgeingBy::Person) => whom.and_then(|whom| whom.person.as_ref()).map(ToString::to_string),
                    Some(AgeingBy::Position) => whom.and_then(|whom| whom.position.as_ref()).map(ToString::to_string),
                };
                let late = today.number() - due;
                let place = BUCKETS.iter().position(|(from, to)| *from <= late && to.is_none_or(|to| late <= to));
                let row = open.entry((key.unwrap_or_default(), currency)).or_default();
                if let Some([sum_of_entries, sum]) = row.get_mut(place.map_or(0, |place| place + 1)) {
                    *sum_of_entries = money::sum([*sum_of_entries, *entries])?;
                    *sum = money::sum([*sum, *amount])?;
                }
            }
            open.retain(|_, row| row.iter().flatten().any(|number| *number != 0));
            if open.len() > MOST_ROWS {
                return Err(Violation::too_many("by", MOST_ROWS as i64).into());
            }
            let name = |key: &str| match by? {
                AgeingBy::Person => {
                    context.people.iter().find(|(id, _)| id.as_str() == key).map(|(_, person)| person.name.clone())
                }
                AgeingBy::Position => {
                    let id = crate::position::PositionId::new(key).ok()?;
                    context.positions.get(&id).map(|position| position.name.clone())
                }
            };
            let mut rows = Vec::with_capacity(open.len());
            for ((key, currency), [not_due, buckets @ ..]) in open {
                let told = |amount| Decimal::of_minor(amount, currency);
                let overdue = money::sum(buckets.iter().map(|[_, amount]| *amount))?;
                let days = |days: i64| i32::try_from(days).unwrap_or(i32::MAX);
                let bucket = |((from, to), [entries, amount]): (&(i64, Option<i64>), &[i64; 2])| AgeingBucket {
                    from_days: days(*from),
                    to_days: to.map(days),
                    entries: *entries,
                    amount: told(*amount),
                };
                rows.push(AgeingRow {
                    name: name(&key),
                    key: Some(key).filter(|key| !key.is_empty()),
                    currency,
                    not_due: told(not_due[1]),
                    overdue: told(overdue),
                    buckets: BUCKETS.iter().zip(&buckets).map(bucket).collect(),
                });
            }
            rows.order_by(|a, b| (&a.name, &a.key, a.currency).cmp(&(&b.name, &b.key, b.currency)));
            Ok(AgeingReport { on: today, rows })
        })
    }
}
