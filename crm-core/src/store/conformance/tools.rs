//! What the checks are written with. A check answers what is wrong instead of panicking, so
//! that it runs where a panic can't be caught (wasm) and its text reaches other languages.

use super::kinds::{AGENDA, ITEM, KINDS, TOTAL};
use super::model;
use crate::OrgId;
use crate::store::{
    Answer, Change, ChangeSet, Check, CommitError, Kind, Read, Row, Search, Selection, Store, StoreError, Value, Write,
};
use std::fmt::Debug;

/// How a check ends: with what is wrong, if anything is.
pub(super) type Outcome = Result<(), String>;

/// Everything an organisation has, by kind.
pub(super) type Dump = Vec<(&'static str, Vec<Row>)>;

/// A store seen by one organisation; an error of the store is what is wrong with it.
#[derive(Clone)]
pub(super) struct Client<'s> {
    pub(super) store: &'s (dyn Store + Send + Sync),
    pub(super) org: OrgId,
}

impl<'s> Client<'s> {
    pub(super) fn new(store: &'s (dyn Store + Send + Sync), org: &str) -> Result<Self, String> {
        let org = OrgId::new(org).map_err(|e| format!("the suite is wrong: {e}"))?;
        Ok(Client { store, org })
    }

    pub(super) fn read(&self, reads: &[Read]) -> Result<Vec<Answer>, String> {
        let answers = self.store.read(&self.org, reads);
        let answers = answers.map_err(|e| format!("a read failed: {e}"))?;
        same("number of answers", &answers.len(), &reads.len())?;
        Ok(answers)
    }

    pub(super) fn get(&self, kind: &'static Kind, ids: &[&str]) -> Result<Vec<Row>, String> {
        let ids = ids.iter().map(|id| (*id).to_owned()).collect();
        one_rows(self.read(&[Read::Get { kind, ids }])?)
    }

    /// A row that must be there.
    pub(super) fn row(&self, kind: &'static Kind, id: &str) -> Result<Row, String> {
        let found = self.get(kind, &[id])?.pop();
        found.ok_or_else(|| format!("{} {} is not there", kind.name, short(id)))
    }

    pub(super) fn find(&self, search: &Search) -> Result<Vec<Row>, String> {
        one_rows(self.read(&[Read::Find(search.clone())])?)
    }

    pub(super) fn count(&self, search: &Search, cap: i64) -> Result<Option<i64>, String> {
        let search = search.clone();
        match self.read(&[Read::Count { search, cap }])?.pop() {
            Some(Answer::Count(count)) => Ok(count),
            other => Err(format!("a count answered {}", shown(&other))),
        }
    }

    /// All rows of all kinds of the suite.
    pub(super) fn dump(&self) -> Result<Dump, String> {
        let reads: Vec<Read> = KINDS.iter().map(|k| Read::Find(Search::of(k))).collect();
        let kinds = KINDS.iter().zip(self.read(&reads)?);
        kinds.map(|(kind, answer)| Ok((kind.name, one_rows(vec![answer])?))).collect()
    }

    pub(super) fn try_commit(&self, checks: Vec<Check>, writes: Vec<Write>) -> Result<(), CommitError> {
        self.store.commit(&ChangeSet { org: self.org.clone(), checks, writes })
    }

    /// A commit that must succeed.
    pub(super) fn commit(&self, writes: Vec<Write>) -> Outcome {
        let done = self.try_commit(Vec::new(), writes);
        done.map_err(|e| format!("a commit whose preconditions hold did not happen: {e}"))
    }

    /// Rows that are not there yet.
    pub(super) fn insert(&self, kind: &'static Kind, rows: &[Row]) -> Outcome {
        let inserts = rows.iter().cloned();
        self.commit(inserts.map(|row| Write::Insert { kind, row }).collect())
    }

    /// A commit that must fail because of one row and change nothing.
    pub(super) fn conflicts(&self, checks: Vec<Check>, writes: Vec<Write>, kind: &Kind, id: &str) -> Outcome {
        let before = self.dump()?;
        match self.try_commit(checks, writes) {
            Err(CommitError::Conflict(c)) => {
                same("row named by the conflict", &(c.kind, c.id.as_str()), &(kind.name, id))?
            }
            Err(CommitError::Store(e)) => return Err(format!("failed instead of a conflict: {e}")),
            Ok(()) => {
                return Err(format!("a commit happened in spite of {} {id}", kind.name));
            }
        }
        same("content after a conflict", &self.dump()?, &before)
    }

    /// A commit that must be refused as malformed and change nothing.
    pub(super) fn refuses(&self, what: &str, checks: Vec<Check>, writes: Vec<Write>) -> Outcome {
        let before = self.dump()?;
        match self.try_commit(checks, writes) {
            Err(CommitError::Store(StoreError::Failed(_))) => {}
            other => return Err(format!("not refused but {}: {what}", shown(&other))),
        }
        same(what, &self.dump()?, &before)
    }

    /// Compares the answer to a search with that of the naive model over the rows.
    pub(super) fn agrees(&self, rows: &[Row], search: &Search) -> Outcome {
        let ids = |rows: Vec<Row>| rows.into_iter().map(|row| row.id).collect::<Vec<_>>();
        let expected = model::page(rows, search);
        let columns = search.kind.columns.iter().rev().map(|column| column.name).collect();
        let columns = Read::Columns { of: Selection::Page(search.clone()), columns };
        let mut answers = self.read(&[Read::Find(search.clone()), columns])?;
        let columns = answers.pop();
        let found = one_rows(answers)?;
        if found == expected {
            let expected = expected.into_iter().map(|row| (row.id, row.values.into_iter().rev().collect())).collect();
            return same(&format!("columns of {}", shown(search)), &columns, &Some(Answer::Columns(expected)));
        }
        let what = format!("rows of {}", shown(search));
        same(&what, &ids(found), &ids(expected))?;
        Err(format!("the right ids with wrong contents: {what}"))
    }
}

/// The rows of a single answer.
pub(super) fn one_rows(mut answers: Vec<Answer>) -> Result<Vec<Row>, String> {
    match answers.pop() {
        Some(Answer::Rows(rows)) => Ok(rows),
        other => Err(format!("rows were asked for, {} answered", shown(&other))),
    }
}

/// What is found is what is expected.
pub(super) fn same<T: PartialEq + Debug>(what: &str, found: &T, expected: &T) -> Outcome {
    if found == expected {
        return Ok(());
    }
    Err(format!("{what}:\n  found    {}\n  expected {}", shown(found), shown(expected)))
}

/// It holds.
pub(super) fn holds(condition: bool, what: &str) -> Outcome {
    condition.then_some(()).ok_or_else(|| what.to_owned())
}

/// A value for people, shortened.
pub(super) fn shown(value: &impl Debug) -> String {
    short(&format!("{value:?}"))
}

fn short(text: &str) -> String {
    let mut shortened: String = text.chars().take(1_500).collect();
    if shortened.len() < text.len() {
        shortened.push('…');
    }
    shortened
}

/// A row of [`ITEM`] with something in every column.
pub(super) fn item(id: &str, owner: &str, rank: i64) -> Row {
    Row {
        id: id.to_owned(),
        version: 1,
        values: vec![
            owner.into(),
            rank.into(),
            format!("label of {}", id.len()).into(),
            Value::Bytes(id.as_bytes().iter().take(200).copied().collect()),
            (rank % 3).into(),
        ],
        body: format!("{{\"rank\":{rank}}}"),
    }
}

/// A row of [`ITEM`] with a value in one of its columns.
pub(super) fn item_with(id: &str, column: &str, value: impl Into<Value>) -> Row {
    let mut row = item(id, "o", 0);
    set(&ITEM, &mut row, column, value.into());
    row
}

/// Puts a value into a column of a row.
pub(super) fn set(kind: &Kind, row: &mut Row, column: &str, value: Value) {
    let place = kind.position(column);
    if let Some(own) = place.and_then(|place| row.values.get_mut(place)) {
        *own = value;
    }
}

/// A row of [`TOTAL`].
pub(super) fn total(id: &str, total: i64, number: i64) -> Row {
    Row { id: id.to_owned(), version: 1, values: vec!["t".into(), total.into(), number.into()], body: "{}".to_owned() }
}

/// A row of [`AGENDA`].
pub(super) fn agenda(id: &str, due: i64) -> Row {
    Row { id: id.to_owned(), version: 1, values: vec![due.into(), "s".into()], body: "{}".to_owned() }
}

/// A row of [`BARE`].
pub(super) fn bare(id: &str) -> Row {
    Row { id: id.to_owned(), version: 1, values: Vec::new(), body: "{}".to_owned() }
}

/// An example row of a kind of the suite.
pub(super) fn example(kind: &'static Kind, id: &str) -> Row {
    if *kind == ITEM {
        item(id, "o", 7)
    } else if *kind == TOTAL {
        total(id, 10, 1)
    } else if *kind == AGENDA {
        agenda(id, 5)
    } else {
        bare(id)
    }
}

/// A row at another version.
pub(super) fn at(row: &Row, version: i64) -> Row {
    Row { version, ..row.clone() }
}

pub(super) fn insert(kind: &'static Kind, row: Row) -> Write {
    Write::Insert { kind, row }
}

/// An update of everything: the live columns are set, too.
pub(super) fn update(kind: &'static Kind, row: Row) -> Write {
    let columns = kind.columns.iter().zip(&row.values);
    let changes = columns
        .filter(|(column, _)| column.live)
        .map(|(column, value)| (column.name, Change::Set(value.clone())))
        .collect();
    Write::Update { kind, row, changes }
}

/// An update that leaves live columns alone but for these changes.
pub(super) fn update_but(kind: &'static Kind, row: Row, changes: Vec<(&'static str, Change)>) -> Write {
    Write::Update { kind, row, changes }
}

/// A touch that relies on a version.
pub(super) fn touch_at(kind: &'static Kind, id: &str, version: i64, changes: Vec<(&'static str, Change)>) -> Write {
    Write::Touch { kind, id: id.to_owned(), version: Some(version), changes }
}

pub(super) fn put(kind: &'static Kind, row: Row) -> Write {
    Write::Put { kind, row }
}

pub(super) fn restore(kind: &'static Kind, row: Row, from: Option<i64>) -> Write {
    Write::Restore { kind, row, from }
}

pub(super) fn delete(kind: &'static Kind, id: &str, version: i64) -> Write {
    let id = id.to_owned();
    Write::Delete { kind, id, version }
}

pub(super) fn add(row: Row, columns: &[&'static str]) -> Write {
    let columns = columns.to_vec();
    let kind = &TOTAL;
    Write::Add { kind, row, columns }
}

pub(super) fn check(kind: &'static Kind, id: &str, version: i64) -> Check {
    let id = id.to_owned();
    Check { kind, id, version }
}

/// A small generator of numbers that are the same on every machine (SplitMix64).
pub(super) struct Dice(u64);

impl Dice {
    pub(super) fn new(seed: u64) -> Self {
        Dice(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// From 0 to `sides` - 1.
    pub(super) fn roll(&mut self, sides: i64) -> i64 {
        let sides = u64::try_from(sides).unwrap_or(1).max(1);
        i64::try_from(self.next() % sides).unwrap_or(0)
    }

    /// One of several.
    pub(super) fn pick<T: Clone>(&mut self, of: &[T]) -> Option<T> {
        let place = self.roll(i64::try_from(of.len()).unwrap_or(1));
        of.get(usize::try_from(place).unwrap_or(0)).cloned()
    }
}
