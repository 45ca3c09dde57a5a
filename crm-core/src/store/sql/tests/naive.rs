//! What a search means, said as simply as possible.

use crate::store::{Comparison, Direction, Filter, Has, Kind, Row, Search, Value};

fn value<'a>(kind: &Kind, row: &'a Row, column: &str) -> &'a Value {
    &row.values[kind.position(column).unwrap()]
}

pub(super) fn passes(kind: &Kind, rows: &[Row], row: &Row, filter: &Filter) -> bool {
    match filter {
        Filter::All(all) => all.iter().all(|f| passes(kind, rows, row, f)),
        Filter::Any(any) => any.iter().any(|f| passes(kind, rows, row, f)),
        Filter::Not(not) => !passes(kind, rows, row, not),
        Filter::Is(column, comparison, with) => {
            let value = value(kind, row, column);
            match comparison {
                Comparison::Equal => value == with,
                Comparison::Less => value < with,
                Comparison::AtMost => value <= with,
                Comparison::Greater => value > with,
                Comparison::AtLeast => value >= with,
            }
        }
        Filter::Related(others) => {
            let of_row = rows.iter().filter(|other| *value(kind, other, others.column) == Value::from(row.id.as_str()));
            let of_row = of_row.filter(|other| passes(kind, rows, other, &others.filter));
            match others.has {
                Has::One => of_row.count() > 0,
                Has::Sum(column, comparison, least) => {
                    let sum: i128 =
                        of_row.map(|other| i128::from(value(kind, other, column).as_integer().unwrap())).sum();
                    comparison.holds(&sum, &i128::from(least))
                }
            }
        }
        Filter::In(column, values) => values.contains(value(kind, row, column)),
        Filter::Contains(column, needle) => match value(kind, row, column) {
            Value::Bytes(bytes) => needle.is_empty() || bytes.windows(needle.len()).any(|w| w == needle),
            _ => unreachable!(),
        },
    }
}

fn in_scope(row: &Row, search: &Search) -> bool {
    let scope = search.scope.as_ref();
    scope.is_none_or(|scope| scope.values.contains(value(search.kind, row, scope.column)))
}

pub(super) fn find(rows: &[Row], search: &Search) -> Vec<Row> {
    let key = |row: &Row| (search.order.map(|column| value(search.kind, row, column).clone()), row.id.clone());
    let ascending = search.direction == Direction::Ascending;
    let behind = |row: &Row| match &search.after {
        None => true,
        Some(after) if ascending => key(row) > *after,
        Some(after) => key(row) < *after,
    };
    let before_end = |row: &Row| search.until.as_ref().is_none_or(|until| row.id < *until);
    let fits = |row: &&Row| {
        before_end(row) && in_scope(row, search) && passes(search.kind, rows, row, &search.filter) && behind(row)
    };
    let mut found: Vec<Row> = rows.iter().filter(fits).cloned().collect();
    found.sort_by_key(key);
    if !ascending {
        found.reverse();
    }
    found.truncate(usize::try_from(search.limit).unwrap());
    found
}

pub(super) fn count(rows: &[Row], search: &Search, cap: i64) -> Option<i64> {
    let ranged = |row: &&Row| search.range().all(|range| passes(search.kind, rows, row, range));
    let scope: Vec<&Row> = rows.iter().filter(|row| in_scope(row, search)).filter(ranged).collect();
    let hits = scope.iter().filter(|row| passes(search.kind, rows, row, &search.filter)).count();
    (i64::try_from(scope.len()).unwrap() < cap).then_some(i64::try_from(hits).unwrap())
}
