//! Reading sums, whatever the rows in which they stand.

use super::figures::{ROLLUP, ROLLUP_YEAR, SUMS, SUMS_OF_MONTHS, Series};
use crate::store::{Answer, Comparison, Direction, Filter, Read, Search, Value};
use crate::work::sums;

/// Sums of the lines of one series, by value and period, and by line where they are told apart.
pub(super) struct Summed {
    by_year: bool,
    by_line: bool,
    /// The first and the last period.
    span: Option<(i64, i64)>,
    lines: Vec<String>,
    /// Places of the asked for among [`SUMS`].
    places: Vec<usize>,
}

impl Summed {
    /// Of the columns that are named, any of [`SUMS`].
    pub(super) fn of(series: Series, lines: Vec<String>, by_line: bool, columns: &[&str]) -> Self {
        let place = |column: &&str| SUMS.iter().position(|own| own == column);
        let places = columns.iter().filter_map(place).collect();
        Summed { by_year: series.by_year(), by_line, span: None, lines, places }
    }

    /// From one period to another.
    pub(super) fn within(self, span: (i64, i64)) -> Self {
        Summed { span: Some(span), ..self }
    }

    pub(super) fn read(&self) -> Read {
        let (kind, period) = if self.by_year { (&ROLLUP_YEAR, "year") } else { (&ROLLUP, "period") };
        let lines = self.lines.iter().cloned().map(Value::Text).collect();
        let mut search = Search::of(kind).within("line", lines).ordered(period, Direction::Ascending);
        if let Some((first, last)) = self.span {
            let of = |period: i64| if self.by_year { period.div_euclid(12) } else { period };
            search = search.filtered(Filter::All(vec![
                Filter::Is(period, Comparison::AtLeast, of(first).into()),
                Filter::Is(period, Comparison::AtMost, of(last).into()),
            ]));
        }
        let by = if self.by_line { vec!["line", "value", period] } else { vec!["value", period] };
        let columns = match self.by_year {
            true => self.places.iter().filter_map(|place| SUMS_OF_MONTHS.get(*place)).flatten().copied().collect(),
            false => self.places.iter().filter_map(|place| SUMS.get(*place)).copied().collect(),
        };
        Read::Sum { search, by, columns }
    }

    /// Line (where they are told apart), value and period with the columns asked for; months of nothing are left out.
    pub(super) fn told(&self, answer: Option<Answer>) -> Vec<(Vec<Value>, Vec<i64>)> {
        let found = sums(answer);
        if !self.by_year {
            return found;
        }
        let mut told = Vec::with_capacity(found.len());
        for (group, amounts) in found {
            let Some(year) = group.last().and_then(Value::as_integer) else { continue };
            for (month, place) in (year * 12..).zip(0..12) {
                if self.span.is_some_and(|(first, last)| !(first..=last).contains(&month)) {
                    continue;
                }
                let amounts: Vec<i64> = amounts.iter().skip(place).step_by(12).copied().collect();
                if amounts.iter().all(|amount| *amount == 0) {
                    continue;
                }
                let mut group = group.clone();
                if let Some(period) = group.last_mut() {
                    *period = month.into();
                }
                told.push((group, amounts));
            }
        }
        told
    }
}
