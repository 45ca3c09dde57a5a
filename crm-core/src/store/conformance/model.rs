//! A naive store that stores are compared with: lists that are walked from end to end, written
//! apart from every store of the library so that it does not share their mistakes.

use crate::store::{Change, Check, Comparison, Direction, Filter, Has, Kind, Row, Search, Value, Write};

/// One organisation's rows with their kinds, in no order.
#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    pub(super) rows: Vec<(&'static Kind, Row)>,
}

impl Model {
    /// The rows of a kind in the order of their ids.
    pub(super) fn of(&self, kind: &'static Kind) -> Vec<Row> {
        let rows = self.rows.iter().filter(|(k, _)| *k == kind);
        let mut rows: Vec<Row> = rows.map(|(_, row)| row.clone()).collect();
        rows.sort_by(|a, b| a.id.as_bytes().cmp(b.id.as_bytes()));
        rows
    }

    fn version(&self, kind: &Kind, id: &str) -> Option<i64> {
        let mut rows = self.rows.iter();
        let found = rows.find(|(k, row)| *k == kind && row.id == id);
        found.map(|(_, row)| row.version)
    }

    /// Carries out a change set or names the row whose precondition fails.
    pub(super) fn commit(&mut self, checks: &[Check], writes: &[Write]) -> Result<(), (&'static str, String)> {
        for Check { kind, id, version } in checks {
            if self.version(kind, id) != Some(*version) {
                return Err((kind.name, id.clone()));
            }
        }
        for write in writes {
            let (kind, id, holds) = match write {
                Write::Insert { kind, row } => (kind, &row.id, self.version(kind, &row.id).is_none()),
                Write::Update { kind, row, .. } => {
                    let holds = self.version(kind, &row.id) == Some(row.version);
                    (kind, &row.id, holds)
                }
                Write::Restore { kind, row, from } => (kind, &row.id, self.version(kind, &row.id) == *from),
                Write::Delete { kind, id, version } => (kind, id, self.version(kind, id) == Some(*version)),
                Write::Touch { kind, id, version, .. } => {
                    let standing = self.version(kind, id);
                    let holds = standing.is_some_and(|s| version.is_none_or(|v| v == s));
                    (kind, id, holds)
                }
                Write::Put { .. } | Write::Add { .. } | Write::Reassign { .. } => continue,
            };
            if !holds {
                return Err((kind.name, id.clone()));
            }
        }
        writes.iter().for_each(|write| self.write(write));
        Ok(())
    }

    fn change(&mut self, kind: &'static Kind, id: &str, changes: &[(&'static str, Change)]) {
        for (column, change) in changes {
            self.each(kind, column, |row, value| {
                if row == id {
                    *value = match (change, value.as_integer().unwrap_or(0)) {
                        (Change::Set(to) | Change::Replace(_, to), _) => to.clone(),
                        (Change::Max(i), now) => Value::Integer(now.max(*i)),
                        (Change::Min(i), now) => Value::Integer(now.min(*i)),
                        (Change::Add(i), now) => Value::Integer(now + i),
                    }
                }
            });
        }
    }

    fn write(&mut self, write: &Write) {
        match write {
            Write::Update { kind, row, changes } => {
                for (k, standing) in &mut self.rows {
                    if k != kind || standing.id != row.id {
                        continue;
                    }
                    standing.version += 1;
                    standing.body.clone_from(&row.body);
                    let values = standing.values.iter_mut().zip(&row.values);
                    for ((stood, value), column) in values.zip(kind.columns) {
                        if !column.live {
                            stood.clone_from(value);
                        }
                    }
                }
                self.change(kind, &row.id, changes);
            }
            Write::Insert { kind, row } | Write::Put { kind, row } => {
                let version = self.version(kind, &row.id).unwrap_or(0) + 1;
                self.rows.retain(|(k, r)| k != kind || r.id != row.id);
                self.rows.push((kind, Row { version, ..row.clone() }));
            }
            Write::Restore { kind, row, .. } => {
                self.rows.retain(|(k, r)| k != kind || r.id != row.id);
                self.rows.push((kind, row.clone()));
            }
            Write::Delete { kind, id, .. } => {
                self.rows.retain(|(k, r)| k != kind || r.id != *id);
            }
            Write::Touch { kind, id, changes, .. } => self.change(kind, id, changes),
            Write::Add { kind, row, columns } => {
                if self.version(kind, &row.id).is_none() {
                    self.rows.push((kind, Row { version: 1, ..row.clone() }));
                    return;
                }
                for column in columns {
                    let delta = value_of(kind, row, column).as_integer().unwrap_or(0);
                    self.each(kind, column, |id, value| {
                        if id == row.id {
                            *value = Value::Integer(value.as_integer().unwrap_or(0) + delta);
                        }
                    });
                }
            }
            Write::Reassign { kind, column, from, to } => {
                self.each(kind, column, |_, value| {
                    if value == from {
                        *value = to.clone();
                    }
                });
            }
        }
    }

    fn each(&mut self, kind: &Kind, column: &str, mut change: impl FnMut(&str, &mut Value)) {
        let place = kind.columns.iter().position(|c| c.name == column);
        for (k, row) in &mut self.rows {
            if *k == kind
                && let Some(value) = place.and_then(|p| row.values.get_mut(p))
            {
                change(&row.id, value);
            }
        }
    }
}

/// The page a search must answer, out of all rows of its kind.
pub(super) fn page(rows: &[Row], search: &Search) -> Vec<Row> {
    let kind = search.kind;
    let key = |row: &Row| {
        let value = search.order.map(|order| value_of(kind, row, order));
        (value.map(|v| plain(&v)), row.id.as_bytes().to_vec())
    };
    let mut found: Vec<&Row> = rows.iter().filter(|row| selected(rows, row, search)).collect();
    found.sort_by_key(|row| key(row));
    if search.direction == Direction::Descending {
        found.reverse();
    }
    if let Some((value, id)) = &search.after {
        let place = (value.as_ref().map(plain), id.as_bytes().to_vec());
        found.retain(|row| match search.direction {
            Direction::Ascending => key(row) > place,
            Direction::Descending => key(row) < place,
        });
    }
    found.truncate(usize::try_from(search.limit).unwrap_or(0));
    found.into_iter().cloned().collect()
}

/// The count a search must answer, out of all rows of its kind.
pub(super) fn count(rows: &[Row], search: &Search, cap: i64) -> Option<i64> {
    let ranged = |row: &&Row| search.range().all(|range| passes(search.kind, rows, row, range));
    let scoped = rows.iter().filter(|row| in_scope(row, search)).filter(ranged).count();
    let found = rows.iter().filter(|row| selected(rows, row, search)).count();
    let number = |n: usize| i64::try_from(n).unwrap_or(i64::MAX);
    (number(scoped) < cap).then(|| number(found))
}

fn in_scope(row: &Row, search: &Search) -> bool {
    search.scope.as_ref().is_none_or(|scope| {
        let own = value_of(search.kind, row, scope.column);
        scope.values.contains(&own)
    })
}

fn selected(rows: &[Row], row: &Row, search: &Search) -> bool {
    let before_end = search.until.iter().all(|until| row.id.as_bytes() < until.as_bytes());
    before_end && in_scope(row, search) && passes(search.kind, rows, row, &search.filter)
}

/// Whether a row passes a filter, where all rows of its kind are these; only rows of its own kind relate to it.
pub(super) fn passes(kind: &Kind, rows: &[Row], row: &Row, filter: &Filter) -> bool {
    match filter {
        Filter::All(list) => !list.iter().any(|f| !passes(kind, rows, row, f)),
        Filter::Any(list) => list.iter().filter(|f| passes(kind, rows, row, f)).count() > 0,
        Filter::Not(inner) => !passes(kind, rows, row, inner),
        Filter::Is(column, comparison, value) => {
            let order = plain(&value_of(kind, row, column)).cmp(&plain(value));
            is_so(order, *comparison)
        }
        Filter::In(column, values) => values.contains(&value_of(kind, row, column)),
        Filter::Related(others) => {
            let of_row = |other: &&Row| value_of(kind, other, others.column) == Value::from(row.id.as_str());
            let of_row = rows.iter().filter(of_row).filter(|other| passes(kind, rows, other, &others.filter));
            match others.has {
                Has::One => of_row.count() > 0,
                Has::Sum(column, comparison, value) => {
                    let sum: i64 = of_row.map(|other| plain(&value_of(kind, other, column)).0).sum();
                    is_so(sum.cmp(&value), comparison)
                }
            }
        }
        Filter::Contains(column, part) => match value_of(kind, row, column) {
            Value::Bytes(own) => (0..=own.len()).any(|i| own.iter().skip(i).take(part.len()).eq(part)),
            _ => false,
        },
    }
}

fn is_so(order: std::cmp::Ordering, comparison: Comparison) -> bool {
    match comparison {
        Comparison::Equal => order.is_eq(),
        Comparison::Less => order.is_lt(),
        Comparison::AtMost => order.is_le(),
        Comparison::Greater => order.is_gt(),
        Comparison::AtLeast => order.is_ge(),
    }
}

/// A value as a number or as bytes, whose order is the order of every store.
fn plain(value: &Value) -> (i64, Vec<u8>) {
    match value {
        Value::Integer(i) => (*i, Vec::new()),
        Value::Text(text) => (0, text.as_bytes().to_vec()),
        Value::Bytes(bytes) => (0, bytes.clone()),
    }
}

/// A row's value; the suite names no column that is not there.
pub(super) fn value_of(kind: &Kind, row: &Row, column: &str) -> Value {
    let place = kind.columns.iter().position(|c| c.name == column);
    let value = place.and_then(|place| row.values.get(place));
    value.cloned().unwrap_or(Value::Integer(i64::MIN))
}
