//! Whether a row passes a filter.

use crate::store::{Comparison, Filter, Kind, Row, Value};

/// Whether the row passes. Filters are validated before, so that every column is known.
pub(super) fn passes(kind: &Kind, row: &Row, filter: &Filter) -> bool {
    match filter {
        Filter::All(all) => all.iter().all(|f| passes(kind, row, f)),
        Filter::Any(any) => any.iter().any(|f| passes(kind, row, f)),
        Filter::Not(inner) => !passes(kind, row, inner),
        Filter::Is(column, comparison, value) => {
            value_of(kind, row, column).is_some_and(|own| match comparison {
                Comparison::Equal => own == value,
                Comparison::Less => own < value,
                Comparison::AtMost => own <= value,
                Comparison::Greater => own > value,
                Comparison::AtLeast => own >= value,
            })
        }
        Filter::In(column, values) => {
            value_of(kind, row, column).is_some_and(|own| values.contains(own))
        }
        Filter::Contains(column, part) => match value_of(kind, row, column) {
            // Windows of no size do not exist; everything contains nothing.
            Some(Value::Bytes(own)) => {
                part.is_empty() || own.windows(part.len()).any(|w| w == part)
            }
            _ => false,
        },
    }
}

/// A row's value of a column.
pub(super) fn value_of<'r>(kind: &Kind, row: &'r Row, column: &str) -> Option<&'r Value> {
    kind.position(column)
        .and_then(|place| row.values.get(place))
}
