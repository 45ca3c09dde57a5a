//! What every store refuses before it does anything: change sets and questions that do not fit
//! the descriptions. Shared, so that all stores refuse the same.

use super::{
    Change, ChangeSet, Column, ColumnType, Filter, Has, Kind, Read, Related, Row, Search, Selection, StoreError, Value,
    Write,
};
use crate::sorted::Gather as _;
use std::collections::BTreeSet;

/// The greatest page and the greatest number of organisations asked for at once.
const GREATEST_LIMIT: i64 = 10_000;
/// The greatest length of an id and of a text column, in characters.
const TEXT_LENGTH: usize = 191;
/// The greatest length of a bytes column.
const BYTES_LENGTH: usize = 255;
/// How deep filters nest: everything that walks them recurses.
const FILTER_DEPTH: usize = 64;

/// Refuses a change set that is malformed, whatever the store holds.
pub(crate) fn changes(changes: &ChangeSet) -> Result<(), StoreError> {
    let mut written = BTreeSet::new();
    for write in &changes.writes {
        let (kind, id) = match write {
            Write::Insert { kind, row } | Write::Put { kind, row } | Write::Restore { kind, row, .. } => {
                row_fits(kind, row)?;
                (kind, &row.id)
            }
            Write::Update { kind, row, changes } => {
                row_fits(kind, row)?;
                changes_fit(kind, &row.id, changes)?;
                (kind, &row.id)
            }
            Write::Add { kind, row, columns } => {
                row_fits(kind, row)?;
                sums_fit(kind, columns)?;
                (kind, &row.id)
            }
            Write::Touch { kind, id, changes, .. } => {
                if changes.is_empty() {
                    return Err(refused(kind, id, "a touch names the columns it changes"));
                }
                changes_fit(kind, id, changes)?;
                (kind, id)
            }
            Write::Delete { kind, id, .. } => (kind, id),
            Write::Reassign { kind, column, from, to } => {
                reassign_fits(kind, column, from, to)?;
                continue;
            }
        };
        if let Write::Insert { row, .. } = write
            && row.version != 1
        {
            return Err(refused(kind, id, "an inserted row has version 1"));
        }
        if let Write::Restore { row, .. } = write
            && row.version < 1
        {
            return Err(refused(kind, id, "a row has a version of at least 1"));
        }
        if !written.insert((kind.name, id.as_str())) {
            return Err(refused(kind, id, "the row is written twice"));
        }
    }
    for check in &changes.checks {
        if written.contains(&(check.kind.name, check.id.as_str())) {
            let text = "the row is both checked and written";
            return Err(refused(check.kind, &check.id, text));
        }
    }
    Ok(())
}

/// Refuses a batch with a malformed question.
pub(crate) fn reads(reads: &[Read]) -> Result<(), StoreError> {
    reads.iter().try_for_each(|read| match read {
        Read::Get { kind, ids } => keys(kind, ids),
        Read::Columns { of, columns } => {
            columns.iter().try_for_each(|column| described(of.kind(), column).map(drop))?;
            match of {
                Selection::Keys { kind, ids } => keys(kind, ids),
                Selection::Page(search) => page(search),
            }
        }
        Read::Find(search) => page(search),
        Read::Count { search, cap } => {
            search.order.map(|name| described(search.kind, name)).transpose()?;
            if *cap < 1 {
                return Err(failed(search.kind, "the cap of a count is at least 1"));
            }
            selection(search)
        }
        Read::Sum { search, by, columns } => {
            search.order.map(|name| described(search.kind, name)).transpose()?;
            by.iter().try_for_each(|name| described(search.kind, name).map(drop))?;
            if columns.is_empty() {
                return Err(failed(search.kind, "nothing is to be added up"));
            }
            for name in columns {
                if described(search.kind, name)?.ty != ColumnType::Integer {
                    return Err(failed(search.kind, &format!("{name} is no integer")));
                }
            }
            selection(search)
        }
    })
}

fn keys(kind: &'static Kind, ids: &[String]) -> Result<(), StoreError> {
    // Thousands of keys come in order, mostly: then looking at neighbours is enough.
    if ids.is_sorted_by(|a, b| a < b) {
        return Ok(());
    }
    let mut seen = BTreeSet::new();
    match ids.iter().find(|id| !seen.insert(id.as_str())) {
        Some(id) => Err(refused(kind, id, "the key is asked for twice")),
        None => Ok(()),
    }
}

/// Refuses a question for [`Store::due_organisations`](super::Store::due_organisations) that no
/// index answers.
pub(crate) fn due(kind: &'static Kind, column: &str, limit: i64) -> Result<(), StoreError> {
    if described(kind, column)?.ty != ColumnType::Integer {
        return Err(failed(kind, &format!("{column} is no integer")));
    }
    let leads = |index: &super::Index| index.across && index.columns.first() == Some(&column);
    if !kind.indexes.iter().any(leads) {
        let text = format!("{column} leads no index across organisations");
        return Err(failed(kind, &text));
    }
    limit_fits(kind, limit)
}

fn page(search: &Search) -> Result<(), StoreError> {
    let kind = search.kind;
    limit_fits(kind, search.limit)?;
    let order = search.order.map(|name| described(kind, name)).transpose()?;
    match (&search.after, order) {
        (None, _) | (Some((None, _)), None) => {}
        (Some((Some(value), _)), Some(column)) => same_type(kind, column, value)?,
        _ => return Err(failed(kind, "the place to go on from is not of the order")),
    }
    if search.until.is_some() && search.order.is_some() {
        return Err(failed(kind, "ids end a page in their own order alone"));
    }
    selection(search)
}

fn selection(search: &Search) -> Result<(), StoreError> {
    if let Some(scope) = &search.scope {
        let column = described(search.kind, scope.column)?;
        for value in &scope.values {
            same_type(search.kind, column, value)?;
        }
        // Thousands of values come in order, mostly: then looking at neighbours is enough.
        let in_order = scope.values.is_sorted_by(|a, b| a < b) || scope.values.is_sorted_by(|a, b| a > b);
        if !in_order && scope.values.iter().into_set().len() < scope.values.len() {
            return Err(failed(search.kind, "a value of the scope is given twice"));
        }
    }
    filter(search.kind, &search.filter, FILTER_DEPTH, true)
}

fn filter(kind: &'static Kind, condition: &Filter, depth: usize, relates: bool) -> Result<(), StoreError> {
    let Some(deeper) = depth.checked_sub(1) else {
        return Err(failed(kind, "the filter is nested too deep"));
    };
    match condition {
        Filter::All(list) | Filter::Any(list) => list.iter().try_for_each(|f| filter(kind, f, deeper, relates)),
        Filter::Not(inner) => filter(kind, inner, deeper, relates),
        Filter::Related(_) if !relates => Err(failed(kind, "related rows ask nothing of others")),
        Filter::Related(others) => related(others, deeper),
        Filter::Is(column, _, value) => same_type(kind, described(kind, column)?, value),
        Filter::In(column, values) => {
            let column = described(kind, column)?;
            values.iter().try_for_each(|v| same_type(kind, column, v))
        }
        Filter::Contains(column, _) => match described(kind, column)?.ty {
            ColumnType::Bytes => Ok(()),
            _ => Err(failed(kind, &format!("{column} does not hold bytes"))),
        },
    }
}

fn related(others: &Related, depth: usize) -> Result<(), StoreError> {
    let kind = others.kind;
    let holder = described(kind, others.column)?;
    if holder.ty != ColumnType::Text
        || !kind.indexes.iter().any(|index| !index.across && index.columns.first() == Some(&others.column))
    {
        return Err(failed(kind, &format!("{} does not lead to related rows", others.column)));
    }
    if let Has::Sum(column, ..) = others.has {
        integer(kind, described(kind, column)?)?;
    }
    filter(kind, &others.filter, depth, false)
}

fn limit_fits(kind: &Kind, limit: i64) -> Result<(), StoreError> {
    if (1..=GREATEST_LIMIT).contains(&limit) { Ok(()) } else { Err(failed(kind, "a page has 1 to 10,000 rows")) }
}

/// Refuses a row that is not as its kind says.
pub(crate) fn row_fits(kind: &'static Kind, row: &Row) -> Result<(), StoreError> {
    if !text_fits(&row.id) {
        return Err(refused(kind, &row.id, "an id has 1 to 191 characters"));
    }
    if row.values.len() != kind.columns.len() {
        return Err(refused(kind, &row.id, "a row has one value per column"));
    }
    // Some engines end a text at NUL, others refuse it: nobody keeps it.
    if row.body.contains('\0') {
        return Err(refused(kind, &row.id, "a body holds no NUL"));
    }
    let mut values = kind.columns.iter().zip(&row.values);
    values.try_for_each(|(column, value)| value_fits(kind, column, value))
}

fn changes_fit(kind: &'static Kind, id: &str, changes: &[(&'static str, Change)]) -> Result<(), StoreError> {
    let mut seen = BTreeSet::new();
    for (name, change) in changes {
        let column = live(kind, name)?;
        match change {
            Change::Set(value) => value_fits(kind, column, value)?,
            Change::Replace(was, value) => {
                same_type(kind, column, was)?;
                value_fits(kind, column, value)?;
            }
            Change::Max(_) | Change::Min(_) | Change::Add(_) => integer(kind, column)?,
        }
        if !seen.insert(name) {
            return Err(refused(kind, id, "a column is changed twice"));
        }
    }
    Ok(())
}

fn sums_fit(kind: &'static Kind, columns: &[&'static str]) -> Result<(), StoreError> {
    if columns.is_empty() {
        return Err(failed(kind, "an addition names the columns it adds to"));
    }
    let mut seen = BTreeSet::new();
    for name in columns {
        integer(kind, live(kind, name)?)?;
        if !seen.insert(name) {
            return Err(failed(kind, &format!("{name} is added to twice")));
        }
    }
    Ok(())
}

fn reassign_fits(kind: &'static Kind, name: &str, from: &Value, to: &Value) -> Result<(), StoreError> {
    let column = live(kind, name)?;
    same_type(kind, column, from)?;
    value_fits(kind, column, to)
}

fn described(kind: &'static Kind, column: &str) -> Result<&'static Column, StoreError> {
    kind.column(column).ok_or_else(|| failed(kind, &format!("there is no column {column}")))
}

fn live(kind: &'static Kind, column: &str) -> Result<&'static Column, StoreError> {
    match described(kind, column)? {
        column if column.live => Ok(column),
        _ => Err(failed(kind, &format!("{column} is not live"))),
    }
}

fn integer(kind: &Kind, column: &Column) -> Result<(), StoreError> {
    match column.ty {
        ColumnType::Integer => Ok(()),
        _ => Err(failed(kind, &format!("{} is no integer", column.name))),
    }
}

/// Whether a value may be compared with a column.
fn same_type(kind: &Kind, column: &Column, value: &Value) -> Result<(), StoreError> {
    match (column.ty, value) {
        (ColumnType::Integer, Value::Integer(_))
        | (ColumnType::Text, Value::Text(_))
        | (ColumnType::Bytes, Value::Bytes(_)) => Ok(()),
        _ => Err(failed(kind, &format!("the value is not of the type of {}", column.name))),
    }
}

/// Whether a value may stand in a column.
fn value_fits(kind: &Kind, column: &Column, value: &Value) -> Result<(), StoreError> {
    same_type(kind, column, value)?;
    let fits = match value {
        Value::Integer(_) => true,
        Value::Text(text) => text_fits(text),
        Value::Bytes(bytes) => bytes.len() <= BYTES_LENGTH,
    };
    if fits {
        Ok(())
    } else {
        let text = format!("the value is out of the bounds of {}", column.name);
        Err(failed(kind, &text))
    }
}

/// Whether a text may be an id or stand in a column.
fn text_fits(text: &str) -> bool {
    // Characters are counted only where the bytes leave it open.
    let length_fits = text.len() <= TEXT_LENGTH || text.chars().nth(TEXT_LENGTH).is_none();
    !text.is_empty() && length_fits && !text.contains('\0')
}

fn failed(kind: &Kind, text: &str) -> StoreError {
    StoreError::Failed(format!("malformed, {}: {text}", kind.name))
}

fn refused(kind: &Kind, id: &str, text: &str) -> StoreError {
    // Ids may be of any length here: they may be what is refused.
    let id: String = id.chars().take(TEXT_LENGTH).collect();
    StoreError::Failed(format!("malformed, {} {id}: {text}", kind.name))
}
