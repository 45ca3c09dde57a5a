//! A store in memory: for tests, for browsers without storage, and as the measure of the others.

mod search;
mod table;

use super::{
    Answer, Change, ChangeSet, CommitError, Conflict, Kind, Read, Related, Row, Selection, Store, StoreError, Value,
    Write, validate,
};
use crate::OrgId;
use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};
use table::{Part, Table};

/// A store that keeps everything in memory.
///
/// Clones share the same data. Commits follow one another; reads run beside each other. The
/// indexes of a [`Kind`] are kept as ordered sets, so that a page of a scope costs about what
/// it shows.
///
/// ```
/// let store = crm_core::store::MemoryStore::new();
/// let same = store.clone();
/// ```
#[derive(Debug, Clone, Default)]
pub struct MemoryStore {
    data: Arc<RwLock<BTreeMap<OrgId, Tables>>>,
}

/// The tables of an organisation by the names of their kinds.
type Tables = BTreeMap<&'static str, Table>;

/// What stood at a key before a write of the commit under way.
type Undo = Vec<(&'static Kind, String, Option<Row>)>;

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        MemoryStore::default()
    }
}

impl Store for MemoryStore {
    fn read(&self, org: &OrgId, reads: &[Read]) -> Result<Vec<Answer>, StoreError> {
        validate::reads(reads)?;
        // Held for the whole batch: that is what makes it one state. Nothing panics between a
        // commit's writes, so a poisoned lock still guards whole commits.
        let data = self.data.read().unwrap_or_else(PoisonError::into_inner);
        let tables = data.get(org);
        let table = |kind: &Kind| tables.and_then(|tables| tables.get(kind.name));
        let relations = |others: &Related, id: &str| search::related(table(others.kind), others, id);
        let answer = |read: &Read| {
            Ok(match read {
                Read::Get { kind, ids } => Answer::Rows(match table(kind) {
                    Some(table) => ids.iter().filter_map(|id| table.get(id)).cloned().collect(),
                    None => Vec::new(),
                }),
                Read::Columns { of, columns } => {
                    let kind = of.kind();
                    let rows: Vec<&Row> = match (table(kind), of) {
                        (None, _) => Vec::new(),
                        (Some(table), Selection::Keys { ids, .. }) => {
                            ids.iter().filter_map(|id| table.get(id)).collect()
                        }
                        (Some(table), Selection::Page(search)) => search::page(table, search, &relations),
                    };
                    let value =
                        |row: &Row, column: &str| kind.position(column).and_then(|p| row.values.get(p)).cloned();
                    let columns = |row: &Row| columns.iter().filter_map(|column| value(row, column)).collect();
                    Answer::Columns(rows.into_iter().map(|row| (row.id.clone(), columns(row))).collect())
                }
                Read::Find(search) => Answer::Rows(match table(search.kind) {
                    Some(table) => search::page(table, search, &relations).into_iter().cloned().collect(),
                    None => Vec::new(),
                }),
                Read::Count { search, cap } => Answer::Count(match table(search.kind) {
                    Some(table) => search::count(table, search, *cap, &relations),
                    None => Some(0),
                }),
                Read::Sum { search, by, columns } => {
                    let sums = match table(search.kind) {
                        Some(table) => search::sums(table, search, by, columns, &relations),
                        None => Some(Vec::new()),
                    };
                    let beyond = || StoreError::Failed(format!("{}: a sum does not fit 64 bits", search.kind.name));
                    return sums.map(Answer::Sums).ok_or_else(beyond);
                }
            })
        };
        reads.iter().map(answer).collect()
    }

    fn commit(&self, changes: &ChangeSet) -> Result<(), CommitError> {
        validate::changes(changes)?;
        let mut data = self.data.write().unwrap_or_else(PoisonError::into_inner);
        let tables = data.entry(changes.org.clone()).or_default();
        for check in &changes.checks {
            let standing = tables.get(check.kind.name).and_then(|t| t.get(&check.id));
            if standing.map(|row| row.version) != Some(check.version) {
                return Err(conflict(check.kind, &check.id));
            }
        }
        let mut undo = Undo::new();
        for write in &changes.writes {
            if let Err(error) = apply(tables, write, &mut undo) {
                for (kind, id, before) in undo.into_iter().rev() {
                    if let Some(table) = tables.get_mut(kind.name) {
                        table.set(&id, before);
                    }
                }
                return Err(error);
            }
        }
        Ok(())
    }

    fn due_organisations(
        &self,
        kind: &'static Kind,
        column: &'static str,
        until: i64,
        limit: i64,
    ) -> Result<Vec<OrgId>, StoreError> {
        validate::due(kind, column, limit)?;
        let data = self.data.read().unwrap_or_else(PoisonError::into_inner);
        let due = |tables: &Tables| {
            let smallest = tables.get(kind.name).and_then(|table| table.smallest(kind, column));
            matches!(smallest, Some(Part::Value(Value::Integer(i))) if *i <= until)
        };
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        let orgs = data.iter().filter(|(_, tables)| due(tables));
        Ok(orgs.take(limit).map(|(org, _)| org.clone()).collect())
    }
}

/// Carries out one write, or nothing of it where its precondition does not hold.
fn apply(tables: &mut Tables, write: &Write, undo: &mut Undo) -> Result<(), CommitError> {
    let kind = match write {
        Write::Insert { kind, .. }
        | Write::Update { kind, .. }
        | Write::Delete { kind, .. }
        | Write::Put { kind, .. }
        | Write::Restore { kind, .. }
        | Write::Touch { kind, .. }
        | Write::Add { kind, .. }
        | Write::Reassign { kind, .. } => *kind,
    };
    let table = tables.entry(kind.name).or_insert_with(|| Table::new(kind));
    let mut set = |table: &mut Table, id: &str, row: Option<Row>| {
        let before = table.set(id, row);
        undo.push((kind, id.to_owned(), before));
    };
    match write {
        Write::Insert { row, .. } => match table.get(&row.id) {
            Some(_) => return Err(conflict(kind, &row.id)),
            None => set(table, &row.id, Some(row.clone())),
        },
        Write::Update { row, changes, .. } => match table.get(&row.id) {
            Some(standing) if standing.version == row.version && replaceable(kind, standing, changes) => {
                let mut next = at_version(row, row.version.saturating_add(1));
                let values = next.values.iter_mut().zip(&standing.values);
                for ((value, stood), column) in values.zip(kind.columns) {
                    if column.live {
                        value.clone_from(stood);
                    }
                }
                for (column, change) in changes {
                    change_value(kind, &mut next, column, change)?;
                }
                set(table, &row.id, Some(next));
            }
            _ => return Err(conflict(kind, &row.id)),
        },
        Write::Delete { id, version, .. } => match table.get(id) {
            Some(standing) if standing.version == *version => set(table, id, None),
            _ => return Err(conflict(kind, id)),
        },
        Write::Put { row, .. } => {
            let version = match table.get(&row.id) {
                Some(standing) => standing.version.saturating_add(1),
                None => 1,
            };
            set(table, &row.id, Some(at_version(row, version)));
        }
        Write::Restore { row, from, .. } => match table.get(&row.id) {
            standing if standing.map(|row| row.version) == *from => set(table, &row.id, Some(row.clone())),
            _ => return Err(conflict(kind, &row.id)),
        },
        Write::Touch { id, version, changes, .. } => {
            let standing = table.get(id);
            let standing = standing
                .filter(|row| version.is_none_or(|version| version == row.version))
                .filter(|row| replaceable(kind, row, changes));
            let Some(standing) = standing else {
                return Err(conflict(kind, id));
            };
            let mut next = standing.clone();
            for (column, change) in changes {
                change_value(kind, &mut next, column, change)?;
            }
            set(table, id, Some(next));
        }
        Write::Add { row, columns, .. } => {
            let next = match table.get(&row.id) {
                Some(standing) => {
                    let mut next = standing.clone();
                    for column in columns {
                        let place = kind.position(column);
                        let delta = place.and_then(|p| row.values.get(p));
                        let delta = Change::Add(delta.and_then(Value::as_integer).unwrap_or(0));
                        change_value(kind, &mut next, column, &delta)?;
                    }
                    next
                }
                None => at_version(row, 1),
            };
            set(table, &row.id, Some(next));
        }
        Write::Reassign { column, from, to, .. } => {
            let change = Change::Set(to.clone());
            for id in table.having(kind, column, from) {
                if let Some(mut next) = table.get(&id).cloned() {
                    change_value(kind, &mut next, column, &change)?;
                    set(table, &id, Some(next));
                }
            }
        }
    }
    Ok(())
}

/// Whether columns that are to be replaced have the values that they must have.
fn replaceable(kind: &Kind, row: &Row, changes: &[(&'static str, Change)]) -> bool {
    changes.iter().all(|(column, change)| match change {
        Change::Replace(was, _) => kind.position(column).and_then(|place| row.values.get(place)) == Some(was),
        _ => true,
    })
}

fn change_value(kind: &Kind, row: &mut Row, column: &str, change: &Change) -> Result<(), StoreError> {
    let place = kind.position(column).and_then(|p| row.values.get_mut(p));
    let next = match (change, &place) {
        (Change::Set(value) | Change::Replace(_, value), _) => Some(value.clone()),
        (Change::Max(i), Some(Value::Integer(now))) => Some(Value::Integer(*i.max(now))),
        (Change::Min(i), Some(Value::Integer(now))) => Some(Value::Integer(*i.min(now))),
        (Change::Add(i), Some(Value::Integer(now))) => now.checked_add(*i).map(Value::Integer),
        _ => None,
    };
    match (place, next) {
        (Some(place), Some(next)) => {
            *place = next;
            Ok(())
        }
        // The types were seen to before: what is left is a sum that does not fit.
        _ => Err(StoreError::Failed(format!("{} {}: the sum in {column} does not fit 64 bits", kind.name, row.id))),
    }
}

fn at_version(row: &Row, version: i64) -> Row {
    Row { version, ..row.clone() }
}

fn conflict(kind: &Kind, id: &str) -> CommitError {
    CommitError::Conflict(Conflict { kind: kind.name, id: id.to_owned() })
}
