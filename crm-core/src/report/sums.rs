//! Reading sums, whatever the rows in which they stand.

use super::figures::{ROLLUP, ROLLUP_YEAR, SUMS, SUMS_OF_MONTHS, Series};
use crate::store::{Answer, Comparison, Direction, Filter, Read, Search, Value};
use crate::work::sums;
use std::ops::Range;

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

    /// What to ask for it.
    pub(super) fn reads(&self) -> Vec<Read> {
        self.parts().into_iter().map(|part| self.read(&part)).collect()
    }

    /// Years of which the same months are asked for: of the first and the last one not all may be.
    fn parts(&self) -> Vec<Part> {
        let whole = |periods| Part { periods, months: 0..12 };
        let Some((first, last)) = self.span else { return vec![whole(None)] };
        if !self.by_year {
            return vec![whole(self.span)];
        }
        let month = |period: i64| usize::try_from(period.rem_euclid(12)).unwrap_or_default();
        let (begins, ends) = (first.div_euclid(12), last.div_euclid(12));
        let mut parts: Vec<Part> = Vec::new();
        for year in begins..=ends {
            let from = if year == begins { month(first) } else { 0 };
            let months = from..if year == ends { month(last) + 1 } else { 12 };
            match parts.last_mut() {
                Some(Part { periods: Some((_, last)), months: same }) if *same == months => *last = year,
                _ => parts.push(Part { periods: Some((year, year)), months }),
            }
        }
        parts
    }

    fn read(&self, part: &Part) -> Read {
        let (kind, period) = if self.by_year { (&ROLLUP_YEAR, "year") } else { (&ROLLUP, "period") };
        let lines = self.lines.iter().cloned().map(Value::Text).collect();
        let mut search = Search::of(kind).within("line", lines).ordered(period, Direction::Ascending);
        if let Some((first, last)) = part.periods {
            search = search.filtered(Filter::All(vec![
                Filter::Is(period, Comparison::AtLeast, first.into()),
                Filter::Is(period, Comparison::AtMost, last.into()),
            ]));
        }
        let by = if self.by_line { vec!["line", "value", period] } else { vec!["value", period] };
        let columns = match self.by_year {
            true => {
                let sums = self.places.iter().filter_map(|place| SUMS_OF_MONTHS.get(*place));
                sums.filter_map(|months| months.get(part.months.clone())).flatten().copied().collect()
            }
            false => self.places.iter().filter_map(|place| SUMS.get(*place)).copied().collect(),
        };
        Read::Sum { search, by, columns }
    }

    /// Line (where they are told apart), value and period with the columns asked for, out of the answers to what was asked;
    /// months of nothing are left out.
    pub(super) fn told(&self, answers: &mut impl Iterator<Item = Answer>) -> Vec<(Vec<Value>, Vec<i64>)> {
        if !self.by_year {
            return sums(answers.next());
        }
        let mut told = Vec::new();
        for part in self.parts() {
            for (group, amounts) in sums(answers.next()) {
                let Some(year) = group.last().and_then(Value::as_integer) else { continue };
                for (place, month) in part.months.clone().enumerate() {
                    let amounts: Vec<i64> = amounts.iter().skip(place).step_by(part.months.len()).copied().collect();
                    if amounts.iter().all(|amount| *amount == 0) {
                        continue;
                    }
                    let mut group = group.clone();
                    if let Some(period) = group.last_mut() {
                        *period = Value::Integer(year * 12 + month as i64);
                    }
                    told.push((group, amounts));
                }
            }
        }
        told
    }
}

/// Periods of a table, and the months of each that are asked for where it is a year.
struct Part {
    periods: Option<(i64, i64)>,
    months: Range<usize>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn t2_of_the_first_and_the_last_year_only_the_months_asked_for_are_read() {
        let parts = |first: (i64, i64), last: (i64, i64)| -> Vec<_> {
            let span = (first.0 * 12 + first.1 - 1, last.0 * 12 + last.1 - 1);
            let parts = Summed::of(Series::Signed, Vec::new(), false, &["amount"]).within(span).parts();
            parts.into_iter().map(|part| (part.periods.unwrap(), part.months)).collect()
        };
        assert_eq!(
            parts((2024, 12), (2026, 11)),
            [((2024, 2024), 11..12), ((2025, 2025), 0..12), ((2026, 2026), 0..11)]
        );
        assert_eq!(parts((2024, 1), (2026, 12)), [((2024, 2026), 0..12)]);
        assert_eq!(parts((2026, 3), (2026, 3)), [((2026, 2026), 2..3)]);
        assert_eq!(parts((2024, 1), (2026, 2)), [((2024, 2025), 0..12), ((2026, 2026), 0..2)]);
    }
}
