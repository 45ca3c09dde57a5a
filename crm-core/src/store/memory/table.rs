//! The rows of one kind and organisation with their indexes.

use crate::store::{Kind, Row, Value};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound::Excluded;

/// Rows by id, and the indexes over them.
#[derive(Debug)]
pub(super) struct Table {
    rows: BTreeMap<String, Row>,
    /// The described ones behind the one of the ids alone.
    pub(super) indexes: Vec<Index>,
}

/// An ordered set of entries, one per row.
#[derive(Debug)]
pub(super) struct Index {
    /// The places of its columns in the values of a row.
    pub(super) columns: Vec<usize>,
    entries: BTreeSet<Entry>,
}

/// A row's place in an index, or a place between rows where a range is cut.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Entry {
    pub(super) parts: Vec<Part>,
    /// Never empty for a row, so that an empty one stands before all rows with these parts.
    pub(super) id: String,
}

/// A value, or what is greater than any.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Part {
    Value(Value),
    Top,
}

/// Entries of an index in order.
pub(super) type Range<'t> = std::collections::btree_set::Range<'t, Entry>;

impl Entry {
    /// The place before all rows whose parts begin with these.
    pub(super) fn before(parts: Vec<Part>) -> Self {
        let id = String::new();
        Entry { parts, id }
    }

    /// The place behind all rows whose parts begin with these.
    pub(super) fn behind(mut parts: Vec<Part>) -> Self {
        parts.push(Part::Top);
        Entry::before(parts)
    }
}

impl Index {
    /// The entries between two places; `None` when there is nothing between.
    pub(super) fn range(&self, from: Entry, to: Entry) -> Option<Range<'_>> {
        // An empty range is answered here: the set would panic.
        (from < to).then(|| self.entries.range((Excluded(from), Excluded(to))))
    }

    fn entry(&self, row: &Row) -> Entry {
        let parts = self.columns.iter();
        let parts = parts.filter_map(|place| row.values.get(*place));
        Entry { parts: parts.cloned().map(Part::Value).collect(), id: row.id.clone() }
    }
}

impl Table {
    /// An empty table. An index goes as far as its columns are known, so that a wrong
    /// description costs speed and not the answer.
    pub(super) fn new(kind: &'static Kind) -> Self {
        let described = kind.indexes.iter().map(|index| index.columns);
        let indexes = std::iter::once(&[] as &[&str]).chain(described);
        let index = |columns: &[&'static str]| Index {
            columns: columns.iter().map_while(|c| kind.position(c)).collect(),
            entries: BTreeSet::new(),
        };
        Table { rows: BTreeMap::new(), indexes: indexes.map(index).collect() }
    }

    pub(super) fn get(&self, id: &str) -> Option<&Row> {
        self.rows.get(id)
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = &Row> {
        self.rows.values()
    }

    /// Puts a row in place, or removes it, and answers what stood there.
    pub(super) fn set(&mut self, id: &str, row: Option<Row>) -> Option<Row> {
        let before = self.rows.remove(id);
        for index in &mut self.indexes {
            let old = before.as_ref().map(|row| index.entry(row));
            let new = row.as_ref().map(|row| index.entry(row));
            if old == new {
                continue;
            }
            if let Some(old) = old {
                index.entries.remove(&old);
            }
            if let Some(new) = new {
                index.entries.insert(new);
            }
        }
        if let Some(row) = row {
            self.rows.insert(id.to_owned(), row);
        }
        before
    }

    /// The ids of the rows whose column has a value: out of the index that the column leads, else
    /// by a walk.
    pub(super) fn having(&self, kind: &Kind, column: &str, value: &Value) -> Vec<String> {
        if self.led_by(kind, column).is_none() {
            let place = kind.position(column);
            let has = |row: &&Row| place.and_then(|place| row.values.get(place)) == Some(value);
            return self.rows().filter(has).map(|row| row.id.clone()).collect();
        }
        let prefix = vec![Part::Value(value.clone())];
        let range = self
            .led_by(kind, column)
            .and_then(|index| index.range(Entry::before(prefix.clone()), Entry::behind(prefix)));
        let entries = range.into_iter().flatten();
        entries.map(|entry| entry.id.clone()).collect()
    }

    /// The smallest value of a column that leads an index.
    pub(super) fn smallest(&self, kind: &Kind, column: &str) -> Option<&Part> {
        self.led_by(kind, column)?.entries.first()?.parts.first()
    }

    fn led_by(&self, kind: &Kind, column: &str) -> Option<&Index> {
        let place = kind.position(column)?;
        let mut indexes = self.indexes.iter();
        indexes.find(|index| index.columns.first() == Some(&place))
    }
}
