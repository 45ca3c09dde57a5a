//! What a store is told to do: all of it or nothing.

use super::{Kind, Row, Value};
use crate::OrgId;

/// Preconditions and writes of one command. See [`Store::commit`](super::Store::commit) for
/// the contract.
///
/// No row is written twice and none is both checked and written in one change set.
#[derive(Debug, Clone)]
pub struct ChangeSet {
    /// The organisation all rows belong to.
    pub org: OrgId,
    /// Rows that must stand at a version but are not written.
    pub checks: Vec<Check>,
    /// The writes, each with its own precondition.
    pub writes: Vec<Write>,
}

impl ChangeSet {
    /// An empty change set.
    pub fn new(org: OrgId) -> Self {
        ChangeSet { org, checks: Vec::new(), writes: Vec::new() }
    }

    /// Whether it would do nothing at all.
    pub fn is_empty(&self) -> bool {
        self.checks.is_empty() && self.writes.is_empty()
    }
}

/// A row that is relied on: it must stand at this version when the commit happens. Takes a
/// shared lock on servers, so that a row everyone relies on (the organisation) is no hot row.
#[derive(Debug, Clone)]
pub struct Check {
    /// The kind.
    pub kind: &'static Kind,
    /// The row's key.
    pub id: String,
    /// The version it must have.
    pub version: i64,
}

/// One write of a [`ChangeSet`].
#[derive(Debug, Clone)]
pub enum Write {
    /// A new row at version 1. Precondition: no row has its key. (A unique value is a row of
    /// its own whose key is the value.)
    Insert {
        /// The kind.
        kind: &'static Kind,
        /// The row; its version must be 1.
        row: Row,
    },
    /// The body of a row and its columns that are not live, replaced; live columns stay as they
    /// are but for `changes`, so that an edit does not undo what others touched meanwhile.
    /// Precondition: the row stands at `row.version`, and so does what a [`Change::Replace`] among
    /// the changes asks; it stands at one more afterwards.
    Update {
        /// The kind.
        kind: &'static Kind,
        /// The row as it shall be, but with the version it was read at. Its values of live
        /// columns do not matter.
        row: Row,
        /// Live columns and what happens to them.
        changes: Vec<(&'static str, Change)>,
    },
    /// Removes a row. Precondition: the row stands at this version.
    Delete {
        /// The kind.
        kind: &'static Kind,
        /// The row's key.
        id: String,
        /// The version it must have.
        version: i64,
    },
    /// A row put in place whatever stood there: inserted at version 1, or replaced with its
    /// version one more. No precondition.
    Put {
        /// The kind.
        kind: &'static Kind,
        /// The row; its version does not matter.
        row: Row,
    },
    /// A row as it stood in another store, at its own version, which is at least 1. Precondition:
    /// no row has its key, or, where `from` names a version, the row stands at that one and is
    /// replaced whole, live columns and version too.
    Restore {
        /// The kind.
        kind: &'static Kind,
        /// The row as it shall be.
        row: Row,
        /// The version of the row that gives way to it.
        from: Option<i64>,
    },
    /// Live columns of a row, changed without a new version. Precondition: the row exists, stands
    /// at `version` where one is given, and what a [`Change::Replace`] among the changes asks holds.
    Touch {
        /// The kind.
        kind: &'static Kind,
        /// The row's key.
        id: String,
        /// The version that the decision relies on.
        version: Option<i64>,
        /// Columns and what happens to them.
        changes: Vec<(&'static str, Change)>,
    },
    /// Deltas to integer columns of a row that is made (version 1, the given row) when absent.
    /// No precondition; commutes with other `Add`s.
    Add {
        /// The kind.
        kind: &'static Kind,
        /// The row to insert when there is none; otherwise its integer columns named in
        /// `columns` are added to the ones that stand there.
        row: Row,
        /// The columns to add up. All are integers and live.
        columns: Vec<&'static str>,
    },
    /// A live column of every row that has one value, set to another. No precondition.
    Reassign {
        /// The kind.
        kind: &'static Kind,
        /// The column, which is live. Cheap where it leads an index, else a walk over the
        /// organisation's rows.
        column: &'static str,
        /// The value it has now.
        from: Value,
        /// The value it gets.
        to: Value,
    },
}

/// What happens to a live column in [`Write::Touch`] and [`Write::Update`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It gets the value.
    Set(Value),
    /// It becomes the greater of itself and the integer.
    Max(i64),
    /// It becomes the smaller of itself and the integer.
    Min(i64),
    /// The integer is added.
    Add(i64),
    /// It gets the second value. Precondition of the write: it has the first.
    Replace(Value, Value),
}

/// A precondition that did not hold. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Conflict {
    /// The kind's name.
    pub kind: &'static str,
    /// The key of the row whose precondition failed.
    pub id: String,
}

impl Write {
    /// The row that it changes; none of what changes all that have a value.
    pub(crate) fn row(&self) -> Option<(&'static Kind, &str)> {
        match self {
            Write::Insert { kind, row }
            | Write::Update { kind, row, .. }
            | Write::Put { kind, row }
            | Write::Restore { kind, row, .. }
            | Write::Add { kind, row, .. } => Some((kind, row.id.as_str())),
            Write::Delete { kind, id, .. } | Write::Touch { kind, id, .. } => Some((kind, id.as_str())),
            Write::Reassign { .. } => None,
        }
    }

    /// The row as it stands afterwards.
    pub(crate) fn makes(&self, before: Option<&Row>) -> Option<Row> {
        match self {
            Write::Insert { row, .. } | Write::Put { row, .. } | Write::Restore { row, .. } => Some(row.clone()),
            Write::Update { kind, row, changes } => {
                let mut next = row.clone();
                // Live columns stay as they are.
                for (place, column) in kind.columns.iter().enumerate().filter(|(_, column)| column.live) {
                    let standing = before.and_then(|before| before.values.get(place));
                    if let (Some(standing), Some(value)) = (standing, next.values.get_mut(place)) {
                        *value = standing.clone();
                    }
                    debug_assert!(kind.position(column.name) == Some(place));
                }
                Some(touched(next, kind, changes))
            }
            Write::Touch { kind, changes, .. } => before.map(|before| touched(before.clone(), kind, changes)),
            Write::Delete { .. } => None,
            Write::Add { .. } | Write::Reassign { .. } => before.cloned(),
        }
    }
}

/// A row with changes of its live columns.
fn touched(mut row: Row, kind: &Kind, changes: &[(&'static str, Change)]) -> Row {
    for (column, change) in changes {
        let Some(value) = kind.position(column).and_then(|place| row.values.get_mut(place)) else { continue };
        let now = value.as_integer().unwrap_or_default();
        *value = match change {
            Change::Set(next) | Change::Replace(_, next) => next.clone(),
            Change::Max(next) => Value::Integer(now.max(*next)),
            Change::Min(next) => Value::Integer(now.min(*next)),
            Change::Add(more) => Value::Integer(now.saturating_add(*more)),
        };
    }
    row
}
