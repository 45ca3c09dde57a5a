//! Statements on a connection.

use super::error::store_error;
use crate::store::sql::{Expected, Outcome, Statement};
use crate::store::{ColumnType, StoreError, Value};
use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{CachedStatement, Connection, Rows, ToSql};
use std::collections::HashMap;

/// A parameter, without a copy.
struct Parameter<'a>(&'a Value);

impl ToSql for Parameter<'_> {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self.0 {
            Value::Integer(i) => ValueRef::Integer(*i),
            Value::Text(t) => ValueRef::Text(t.as_bytes()),
            Value::Bytes(b) => ValueRef::Blob(b),
        }))
    }
}

/// Runs one of our own short statements: `BEGIN`, `COMMIT` and the like.
pub(super) fn control(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(sql).map_err(store_error)?;
    statement.raw_execute().map(drop).map_err(store_error)
}

/// Runs writes until one does not meet its expectation.
pub(super) fn write(connection: &Connection, statements: &[Statement]) -> Result<Outcome, StoreError> {
    for (place, statement) in statements.iter().enumerate() {
        let rows = affect(connection, statement).map_err(store_error)?;
        if let Expected::Rows(expected) = statement.expected
            && rows != expected
        {
            return Ok(Outcome::Unexpected { statement: place });
        }
    }
    Ok(Outcome::Done)
}

/// Runs queries out of one snapshot. One that fails may leave the transaction open.
pub(super) fn read_at_once(
    connection: &Connection,
    statements: &[Statement],
) -> Result<Vec<Vec<Vec<Value>>>, StoreError> {
    if let [statement] = statements {
        return Ok(vec![read(connection, statement)?]);
    }
    control(connection, "BEGIN DEFERRED")?;
    let sets = statements.iter().map(|statement| read(connection, statement)).collect();
    control(connection, "COMMIT")?;
    sets
}

/// Runs a query.
pub(super) fn read(connection: &Connection, statement: &Statement) -> Result<Vec<Vec<Value>>, StoreError> {
    let mut prepared = prepare(connection, statement).map_err(store_error)?;
    let mut rows = prepared.raw_query();
    if let Some(by) = statement.adds_up {
        return added_up(&mut rows, &statement.columns, by);
    }
    let mut set = Vec::new();
    while let Some(row) = rows.next().map_err(store_error)? {
        let mut values = Vec::with_capacity(statement.columns.len());
        for (place, ty) in statement.columns.iter().enumerate() {
            values.push(value(row.get_ref(place).map_err(store_error)?, *ty)?);
        }
        set.push(values);
    }
    Ok(set)
}

/// Adds rows up that are alike in so many leading columns. SQLite has no other way to groups than to sort all rows with all
/// their columns, which took longer than reading them.
fn added_up(rows: &mut Rows<'_>, columns: &[ColumnType], by: usize) -> Result<Vec<Vec<Value>>, StoreError> {
    let mut groups: HashMap<Vec<u8>, (Vec<Value>, Vec<i64>)> = HashMap::new();
    let mut key = Vec::new();
    let (grouped, summed) = columns.split_at(by.min(columns.len()));
    while let Some(row) = rows.next().map_err(store_error)? {
        key.clear();
        for place in 0..grouped.len() {
            match row.get_ref(place).map_err(store_error)? {
                ValueRef::Integer(i) => key.extend(i.to_be_bytes()),
                ValueRef::Text(bytes) | ValueRef::Blob(bytes) => {
                    key.extend(bytes.len().to_be_bytes());
                    key.extend(bytes);
                }
                other => return Err(StoreError::Corrupt(format!("{} found in a group", other.data_type()))),
            }
        }
        if !groups.contains_key(&key) {
            let group =
                grouped.iter().enumerate().map(|(place, ty)| value(row.get_ref(place).map_err(store_error)?, *ty));
            groups.insert(key.clone(), (group.collect::<Result<_, _>>()?, vec![0; summed.len()]));
        }
        let Some((_, sums)) = groups.get_mut(&key) else { continue };
        for (place, sum) in (grouped.len()..).zip(sums) {
            let more = row.get_ref(place).map_err(store_error)?.as_i64();
            let more = more.map_err(|_| StoreError::Corrupt("a column that is added up is no integer".into()))?;
            let beyond = || StoreError::Failed("a sum does not fit 64 bits".into());
            *sum = sum.checked_add(more).ok_or_else(beyond)?;
        }
    }
    let mut groups: Vec<(Vec<Value>, Vec<i64>)> = groups.into_values().collect();
    groups.sort();
    let row =
        |(group, sums): (Vec<Value>, Vec<i64>)| group.into_iter().chain(sums.into_iter().map(Value::Integer)).collect();
    Ok(groups.into_iter().map(row).collect())
}

fn prepare<'c>(connection: &'c Connection, statement: &Statement) -> rusqlite::Result<CachedStatement<'c>> {
    let mut prepared = connection.prepare_cached(&statement.sql)?;
    for (place, parameter) in statement.parameters.iter().enumerate() {
        prepared.raw_bind_parameter(place + 1, Parameter(parameter))?;
    }
    Ok(prepared)
}

/// The number of rows that a statement returns or affects.
fn affect(connection: &Connection, statement: &Statement) -> rusqlite::Result<i64> {
    let mut prepared = prepare(connection, statement)?;
    if statement.columns.is_empty() {
        return Ok(i64::try_from(prepared.raw_execute()?).unwrap_or(i64::MAX));
    }
    let mut rows = prepared.raw_query();
    let mut count = 0;
    while rows.next()?.is_some() {
        count += 1;
    }
    Ok(count)
}

/// A value of the type that its column should have.
fn value(stored: ValueRef<'_>, ty: ColumnType) -> Result<Value, StoreError> {
    match (ty, stored) {
        (ColumnType::Integer, ValueRef::Integer(i)) => Ok(Value::Integer(i)),
        (ColumnType::Text, ValueRef::Text(text)) => match std::str::from_utf8(text) {
            Ok(text) => Ok(Value::Text(text.to_owned())),
            Err(_) => Err(StoreError::Corrupt("a text is not UTF-8".into())),
        },
        (ColumnType::Bytes, ValueRef::Blob(bytes)) => Ok(Value::Bytes(bytes.to_owned())),
        (ty, stored) => Err(StoreError::Corrupt(format!("{ty:?} expected, {} found", stored.data_type()))),
    }
}

/// Runs writes between a savepoint and its release; undoes them, and only them, when one fails
/// or does not meet its expectation. The outer error says that the savepoint itself failed: then
/// nobody knows what of the writes stands, and the whole transaction must be rolled back.
pub(super) fn in_savepoint(
    connection: &Connection,
    statements: &[Statement],
) -> Result<Result<Outcome, StoreError>, StoreError> {
    control(connection, "SAVEPOINT crm_unit")?;
    let outcome = write(connection, statements);
    if !matches!(outcome, Ok(Outcome::Done)) && !connection.is_autocommit() {
        // Some errors end the whole transaction; then there is nothing left to go back to.
        control(connection, "ROLLBACK TO crm_unit")?;
    }
    if !connection.is_autocommit() {
        control(connection, "RELEASE crm_unit")?;
    }
    Ok(outcome)
}
