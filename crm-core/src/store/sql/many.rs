//! The statements of a commit as servers like them: rows in the order of their keys, and what is alike together.

use super::Expected;
use super::statements::{Shape, Texts, writing};
use super::store::{Schema, in_key_order, place};
use super::{Dialect, Statement};
use crate::store::{Change, ChangeSet, Check, ColumnType, Kind, Row, StoreError, Value, Write};
use std::iter::Peekable;
use std::sync::Arc;

/// How many rows go in one statement, if there are as many.
const MANY: usize = 64;
/// How many otherwise, at the most: each number of them is another text.
const FEW: usize = 16;

/// Parts of a list that have as few lengths as possible.
fn parts<T>(mut list: &[T]) -> impl Iterator<Item = &[T]> {
    std::iter::from_fn(move || {
        let length = if list.len() >= MANY { MANY } else { list.len().min(FEW) };
        let (part, rest) = list.split_at_checked(length).filter(|(part, _)| !part.is_empty())?;
        list = rest;
        Some(part)
    })
}

/// What follows and is like what came first.
fn run<T>(first: T, rest: &mut Peekable<impl Iterator<Item = T>>, alike: impl Fn(&T) -> bool) -> Vec<T> {
    let mut run = vec![first];
    run.extend(std::iter::from_fn(|| rest.next_if(&alike)));
    run
}

/// A row of which one integer column is set, whatever its version.
fn sets(write: &Write) -> Option<(&'static Kind, &'static str)> {
    match write {
        Write::Touch { kind, version: None, changes, .. } => match changes.as_slice() {
            [(column, Change::Set(Value::Integer(_)))] => Some((kind, column)),
            _ => None,
        },
        _ => None,
    }
}

impl Schema {
    /// The statements of a commit, if nothing depends on their order. Rows are locked one by one on servers:
    /// two commits that take them in the same order never wait for each other crosswise. PostgreSQL would need a
    /// second to find out, and eight commits that rely on what the others write never came to an end by trying
    /// again. And each statement is a round trip: rows of a kind that are relied on go together, new ones, rows that go, and
    /// rows of which one number is set.
    pub(super) fn in_order_of_rows(&self, changes: &ChangeSet) -> Result<Option<Vec<Statement>>, StoreError> {
        let reassigns = |write: &Write| matches!(write, Write::Reassign { .. });
        if !self.dialect.is_remote() || changes.writes.iter().any(reassigns) {
            return Ok(None);
        }
        let mut checks: Vec<_> = changes.checks.iter().collect();
        checks.sort_by_key(|check| (check.kind.name, check.id.as_str()));
        // A row that is relied on twice is one row of the answer.
        checks.dedup_by(|a, b| (a.kind, &a.id, a.version) == (b.kind, &b.id, b.version));
        let (sums, mut writes): (Vec<_>, Vec<_>) =
            in_key_order(&changes.writes).into_iter().partition(|write| matches!(write, Write::Add { .. }));
        writes.sort_by_key(|write| place(write));
        let mut statements = Vec::with_capacity(checks.len() + changes.writes.len());
        let org = changes.org.as_str();
        let (mut checks, mut writes) = (checks.into_iter().peekable(), writes.into_iter().peekable());
        loop {
            let until = writes.peek().map(|write| place(write));
            let before = |check: &&Check| until.is_none_or(|until| (check.kind.name, check.id.as_str()) <= until);
            if let Some(check) = checks.next_if(before) {
                let all = run(check, &mut checks, |next| next.kind == check.kind && before(next));
                let texts = self.texts(check.kind)?;
                statements.extend(parts(&all).map(|part| match part {
                    [check] => texts.check(org, &check.id, check.version),
                    part => texts.checks(org, part),
                }));
                continue;
            }
            let until = checks.peek().map(|check| (check.kind.name, check.id.as_str()));
            let before = |write: &&Write| until.is_none_or(|until| place(write) < until);
            let Some(first) = writes.next() else { break };
            match first {
                Write::Insert { kind, .. } => {
                    let alike = |next: &&Write| matches!(next, Write::Insert { kind: own, .. } if own == kind);
                    let all = run(first, &mut writes, |next| alike(next) && before(next));
                    let rows: Vec<&Row> = all.into_iter().filter_map(inserted).collect();
                    for part in parts(&rows) {
                        statements.push(self.texts(kind)?.inserts(org, part)?);
                    }
                }
                Write::Delete { kind, version, .. } => {
                    let alike = |next: &&Write| matches!(next, Write::Delete { kind: own, version: same, .. } if own == kind && same == version);
                    let all = run(first, &mut writes, |next| alike(next) && before(next));
                    let ids: Vec<&str> = all.into_iter().map(|write| place(write).1).collect();
                    let texts = self.texts(kind)?;
                    statements.extend(parts(&ids).map(|part| match part {
                        [id] => texts.delete(org, id, *version),
                        part => texts.deletes(org, part, *version),
                    }));
                }
                Write::Touch { .. } if sets(first).is_some() && self.dialect != Dialect::Dm => {
                    let alike = sets(first);
                    let all = run(first, &mut writes, |next| sets(next) == alike && before(next));
                    for part in parts(&all) {
                        statements.extend(match (part, alike) {
                            ([one], _) => self.write(org, one)?,
                            (part, Some((kind, column))) => self.texts(kind)?.sets(org, column, part)?,
                            (_, None) => Vec::new(),
                        });
                    }
                }
                write => statements.extend(self.write(org, write)?),
            }
        }
        for sum in sums {
            statements.extend(self.write(org, sum)?);
        }
        Ok(Some(statements))
    }
}

fn inserted(write: &Write) -> Option<&Row> {
    match write {
        Write::Insert { row, .. } => Some(row),
        _ => None,
    }
}

fn all_of(rows: usize) -> Expected {
    Expected::Rows(i64::try_from(rows).unwrap_or(i64::MAX))
}

impl Texts {
    /// Several rows that are relied on, in one statement that takes them in the order of their keys.
    pub(super) fn checks(&self, org: &str, of: &[&Check]) -> Statement {
        let ids = of.iter().map(|check| Value::from(check.id.as_str()));
        let keys = ids.chain(of.iter().flat_map(|check| [Value::from(check.id.as_str()), check.version.into()]));
        Statement {
            sql: self.shaped(Shape::Checks(of.len())),
            parameters: std::iter::once(Value::from(org)).chain(keys).collect(),
            columns: Arc::new([ColumnType::Integer]),
            expected: all_of(of.len()),
            adds_up: None,
        }
    }

    /// Several new rows in one statement.
    pub(super) fn inserts(&self, org: &str, rows: &[&Row]) -> Result<Statement, StoreError> {
        let parameters = rows.iter().map(|row| self.inserted(org, row)).collect::<Result<Vec<_>, _>>()?;
        let expected = all_of(rows.len());
        Ok(writing(&self.shaped(Shape::Inserts(rows.len())), parameters.concat(), expected))
    }

    /// Several of one version.
    pub(super) fn deletes(&self, org: &str, ids: &[&str], version: i64) -> Statement {
        let keys = ids.iter().map(|id| Value::from(*id));
        let parameters = [org.into(), version.into()].into_iter().chain(keys).collect();
        let expected = all_of(ids.len());
        writing(&self.shaped(Shape::Deletes(ids.len())), parameters, expected)
    }

    /// An integer column of several rows: one statement, or two where an update does not tell whether the rows are there.
    pub(super) fn sets(
        &self,
        org: &str,
        column: &'static str,
        writes: &[&Write],
    ) -> Result<Vec<Statement>, StoreError> {
        let position = super::statements::place(self.kind, column, &Value::Integer(0))?;
        let ids: Vec<Value> = writes.iter().map(|write| place(write).1.into()).collect();
        let value = |write: &&Write| match write {
            Write::Touch { changes, .. } => changes.first().and_then(|(_, change)| match change {
                Change::Set(value) => Some(value.clone()),
                _ => None,
            }),
            _ => None,
        };
        let values = writes.iter().map(value).collect::<Option<Vec<_>>>();
        let values = values.ok_or_else(|| StoreError::Failed(format!("{} sets nothing", self.kind.name)))?;
        let pairs = ids.iter().cloned().zip(values).flat_map(|(id, value)| [id, value]);
        let key: Vec<Value> = std::iter::once(Value::from(org)).chain(ids.iter().cloned()).collect();
        let parameters = pairs.chain(key.iter().cloned()).collect();
        let sql = self.shaped(Shape::Sets(position, writes.len()));
        if !self.dialect.counts_changed_rows() {
            return Ok(vec![writing(&sql, parameters, all_of(writes.len()))]);
        }
        let exist = Statement {
            sql: self.shaped(Shape::StandAll(writes.len())),
            parameters: key,
            columns: Arc::new([ColumnType::Integer]),
            expected: all_of(writes.len()),
            adds_up: None,
        };
        Ok(vec![exist, writing(&sql, parameters, Expected::Any)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_have_few_lengths_and_leave_nothing_out() {
        for length in 0..400 {
            let list: Vec<usize> = (0..length).collect();
            let parts: Vec<&[usize]> = parts(&list).collect();
            assert_eq!(parts.concat(), list);
            assert!(parts.iter().all(|part| part.len() == MANY || (1..=FEW).contains(&part.len())));
        }
    }
}
