//! The store itself: what the port asks, as statements for an executor.

use super::statements::Texts;
use super::{Dialect, Executor, Migrate, Outcome, Statement, TablePrefix, migrate, search, together};
use crate::OrgId;
use crate::store::{
    Answer, ChangeSet, CommitError, Conflict, Kind, Read, Row, Selection, Store, StoreError, Value, Write, validate,
};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// How a [`SqlStore`] is opened.
#[derive(Debug, Clone)]
pub struct SqlOptions {
    /// What table names begin with; `crm_` by default.
    pub prefix: TablePrefix,
    /// The kinds that are stored. The store refuses any other.
    pub kinds: &'static [&'static Kind],
    /// Whether the tables are made and brought up to date; [`Migrate::Auto`] by default.
    pub migrate: Migrate,
}

impl SqlOptions {
    /// The defaults, for some kinds.
    pub fn new(kinds: &'static [&'static Kind]) -> Self {
        SqlOptions { prefix: TablePrefix::default(), kinds, migrate: Migrate::default() }
    }
}

/// A [`Store`] over an [`Executor`].
#[derive(Debug)]
pub struct SqlStore<E> {
    executor: E,
    schema: Arc<Schema>,
}

/// What does not depend on the connection: shared by an opened store and those lent from it.
#[derive(Debug)]
pub(super) struct Schema {
    pub(super) dialect: Dialect,
    kinds: HashMap<&'static str, Texts>,
    /// Statements for several reads by key.
    together: RwLock<together::Rendered>,
}

impl<E: Executor> SqlStore<E> {
    /// A store over an executor. Looks after the tables as [`SqlOptions::migrate`] says.
    ///
    /// # Errors
    /// [`StoreError::Newer`] when a newer library made the tables, [`StoreError::NotMigrated`]
    /// when they need migrations and only [`Migrate::Verify`] was asked for,
    /// [`StoreError::Schema`] when they are not what their migrations left; others when the
    /// database fails.
    pub fn open(executor: E, options: SqlOptions) -> Result<Self, StoreError> {
        migrate::run(&executor, &options)?;
        let dialect = executor.dialect();
        let texts = options.kinds.iter().map(|kind| (kind.name, Texts::new(dialect, &options.prefix, kind)));
        let kinds = texts.collect();
        Ok(SqlStore { executor, schema: Arc::new(Schema { dialect, kinds, together: RwLock::default() }) })
    }

    /// The same store over another executor, such as the open transaction of a host: its
    /// options and rendered statements are shared, nothing is looked at or migrated.
    ///
    /// # Errors
    /// [`StoreError::Engine`] when the executor speaks another dialect.
    pub fn lend<X: Executor>(&self, executor: X) -> Result<SqlStore<X>, StoreError> {
        if executor.dialect() != self.schema.dialect {
            let (ours, theirs) = (self.schema.dialect, executor.dialect());
            return Err(StoreError::Engine(format!("a store on {ours:?} can't work on {theirs:?}")));
        }
        Ok(SqlStore { executor, schema: self.schema.clone() })
    }

    /// The executor below.
    pub fn executor(&self) -> &E {
        &self.executor
    }
}

impl Schema {
    pub(super) fn texts(&self, kind: &Kind) -> Result<&Texts, StoreError> {
        let texts = self.kinds.get(kind.name);
        texts.ok_or_else(|| StoreError::Failed(format!("the store was opened without the kind {}", kind.name)))
    }

    /// The statement of a question; sums by groups without the groups where the executor adds up.
    fn reading(&self, org: &str, read: &Read, adds_up: bool) -> Result<Statement, StoreError> {
        match read {
            Read::Get { kind, ids } => Ok(self.texts(kind)?.get(org, ids)),
            Read::Columns { of: Selection::Keys { kind, ids }, columns } => {
                self.texts(kind)?.columns(org, ids, columns)
            }
            Read::Columns { of: Selection::Page(search), columns } => {
                search::find(self.dialect, self.texts(search.kind)?, org, search, Some(columns))
            }
            Read::Find(search) => search::find(self.dialect, self.texts(search.kind)?, org, search, None),
            Read::Count { search, cap } => search::count(self.dialect, self.texts(search.kind)?, org, search, *cap),
            Read::Sum { search, by, columns } => {
                let apart = adds_up && !by.is_empty();
                search::sum(self.dialect, self.texts(search.kind)?, org, search, by, columns, apart)
            }
        }
    }

    /// The statements of a change set, each with the row it stands for.
    fn writing<'a>(&self, changes: &'a ChangeSet) -> Result<Vec<(Statement, Place<'a>)>, StoreError> {
        let org = changes.org.as_str();
        let mut statements = Vec::with_capacity(changes.checks.len() + changes.writes.len());
        for check in &changes.checks {
            let statement = self.texts(check.kind)?.check(org, &check.id, check.version);
            statements.push((statement, (check.kind.name, check.id.as_str())));
        }
        for write in in_key_order(&changes.writes) {
            statements.extend(self.write(org, write)?.into_iter().map(|statement| (statement, place(write))));
        }
        Ok(statements)
    }

    /// One write: a statement, or two where the first looks whether the row is there.
    pub(super) fn write(&self, org: &str, write: &Write) -> Result<Vec<Statement>, StoreError> {
        Ok(match write {
            Write::Insert { kind, row } => vec![self.texts(kind)?.insert(org, row)?],
            Write::Update { kind, row, changes } => vec![self.texts(kind)?.update(org, row, changes)?],
            Write::Delete { kind, id, version } => vec![self.texts(kind)?.delete(org, id, *version)],
            Write::Put { kind, row } => vec![self.texts(kind)?.put(org, row)?],
            Write::Restore { kind, row, from } => {
                let texts = self.texts(kind)?;
                let gives_way = from.map(|version| texts.delete(org, &row.id, version));
                gives_way.into_iter().chain([texts.restore(org, row)?]).collect()
            }
            Write::Touch { kind, id, version, changes } => {
                let (exists, touch) = self.texts(kind)?.touch(org, id, *version, changes)?;
                exists.into_iter().chain([touch]).collect()
            }
            Write::Add { kind, row, columns } => vec![self.texts(kind)?.add(org, row, columns)?],
            Write::Reassign { kind, column, from, to } => vec![self.texts(kind)?.reassign(org, column, from, to)?],
        })
    }

    /// Reads by key of several kinds that one statement can answer.
    fn together<'a>(&'a self, reads: &[&'a Read]) -> Result<Option<Vec<together::Keyed<'a>>>, StoreError> {
        if !self.dialect.unites_reads() || reads.len() < 2 {
            return Ok(None);
        }
        let keys = |read: &&'a Read| match read {
            Read::Get { kind, ids } if ids.len() <= together::KEYS => {
                Some(self.texts(kind).map(|texts| (texts, &ids[..])))
            }
            _ => None,
        };
        reads.iter().map(keys).collect::<Option<Result<_, _>>>().transpose()
    }

    /// The text of a statement for several reads, rendered once for their kinds and how many keys each has.
    fn text_together(&self, of: &[together::Keyed<'_>]) -> Arc<str> {
        let shape: Vec<_> = of.iter().map(|(texts, ids)| (texts.kind.name, ids.len())).collect();
        let known = self.together.read().unwrap_or_else(PoisonError::into_inner).get(&shape).cloned();
        known.unwrap_or_else(|| {
            let text = together::text(self.dialect, of);
            self.together.write().unwrap_or_else(PoisonError::into_inner).entry(shape).or_insert(text).clone()
        })
    }
}

/// Fewer rows than this are looked up.
const FEW: usize = 64;

/// How many keys are asked for, where it is keys.
fn keys_of(read: &Read) -> Option<usize> {
    match read {
        Read::Get { ids, .. } | Read::Columns { of: Selection::Keys { ids, .. }, .. } => Some(ids.len()),
        _ => None,
    }
}

/// The kind and the id that a write is about.
pub(super) fn place(write: &Write) -> Place<'_> {
    match write {
        Write::Insert { kind, row }
        | Write::Update { kind, row, .. }
        | Write::Put { kind, row }
        | Write::Restore { kind, row, .. }
        | Write::Add { kind, row, .. } => (kind.name, &row.id),
        Write::Delete { kind, id, .. } | Write::Touch { kind, id, .. } => (kind.name, id),
        Write::Reassign { kind, .. } => (kind.name, ""),
    }
}

/// The writes in their order, but sums last and by their keys: two commits that add to the same rows take their locks in
/// the same order, and wait for each other instead of standing in each other's way. Where a whole set is reassigned, sums
/// keep their place, since they may belong to it.
pub(super) fn in_key_order(writes: &[Write]) -> Vec<&Write> {
    let key = |write: &Write| match write {
        Write::Add { kind, row, .. } => Some((kind.name, row.id.clone())),
        _ => None,
    };
    let mut ordered: Vec<&Write> = writes.iter().collect();
    if !writes.iter().any(|write| matches!(write, Write::Reassign { .. })) {
        ordered.sort_by_key(|write| key(write));
    }
    ordered
}

/// The kind and the id that a statement is about.
pub(super) type Place<'a> = (&'static str, &'a str);

impl<E: Executor> Store for SqlStore<E> {
    fn read(&self, org: &OrgId, reads: &[Read]) -> Result<Vec<Answer>, StoreError> {
        validate::reads(reads)?;
        // A question for nothing is answered without the database.
        let asked: Vec<&Read> = reads.iter().filter(|read| !asks_nothing(read)).collect();
        let mut sets = if asked.is_empty() {
            Vec::new()
        } else if let Some(together) = self.schema.together(&asked)? {
            let sql = self.schema.text_together(&together);
            let statement = together::statement(sql, org.as_str(), &together);
            together::apart(&together, next(&mut self.executor.read(&[statement])?.into_iter())?)?
        } else {
            let adds_up = self.executor.adds_up();
            let statements = asked.iter().map(|read| self.schema.reading(org.as_str(), read, adds_up));
            let statements = statements.collect::<Result<Vec<_>, _>>()?;
            match asked.iter().map(|read| keys_of(read)).sum::<Option<usize>>() {
                Some(..FEW) => self.executor.look_up(&statements)?,
                _ => self.executor.read(&statements)?,
            }
        }
        .into_iter();
        let answer = |read: &Read| match read {
            Read::Get { .. } if asks_nothing(read) => Ok(Answer::Rows(Vec::new())),
            Read::Columns { .. } if asks_nothing(read) => Ok(Answer::Columns(Vec::new())),
            Read::Get { ids, .. } => Ok(Answer::Rows(in_order(rows(next(&mut sets)?)?, ids, |row| &row.id)?)),
            Read::Columns { of: Selection::Keys { ids, .. }, .. } => {
                Ok(Answer::Columns(in_order(keyed(next(&mut sets)?)?, ids, |(id, _)| id)?))
            }
            Read::Columns { .. } => Ok(Answer::Columns(keyed(next(&mut sets)?)?)),
            Read::Find(_) => Ok(Answer::Rows(rows(next(&mut sets)?)?)),
            Read::Count { cap, .. } => counted(next(&mut sets)?, *cap),
            Read::Sum { by, .. } => summed(next(&mut sets)?, by.len()),
        };
        reads.iter().map(answer).collect()
    }

    fn commit(&self, changes: &ChangeSet) -> Result<(), CommitError> {
        validate::changes(changes)?;
        if changes.is_empty() {
            return Ok(());
        }
        // Inside the host's transaction once: its rows are locked in the order of its calls anyway, and nothing is tried again.
        if !self.executor.joined()
            && let Some(crossless) = self.schema.in_order_of_rows(changes)?
            && self.executor.write(&crossless)? == Outcome::Done
        {
            return Ok(());
        }
        // In their own order, in which the first that fails is to be named. That everything holds by
        // now is as good.
        let (statements, places): (Vec<_>, Vec<_>) = self.schema.writing(changes)?.into_iter().unzip();
        match self.executor.write(&statements)? {
            Outcome::Done => Ok(()),
            Outcome::Unexpected { statement } => match places.get(statement) {
                Some((kind, id)) => Err(CommitError::Conflict(Conflict { kind, id: (*id).to_owned() })),
                None => Err(StoreError::Failed(format!("the executor names statement {statement}")).into()),
            },
        }
    }

    fn due_organisations(
        &self,
        kind: &'static Kind,
        column: &'static str,
        until: i64,
        limit: i64,
    ) -> Result<Vec<OrgId>, StoreError> {
        validate::due(kind, column, limit)?;
        let due = search::due(self.schema.dialect, self.schema.texts(kind)?, column, until, limit)?;
        let set = next(&mut self.executor.read(&[due])?.into_iter())?;
        let organisation = |row: Vec<Value>| match row.into_iter().next() {
            Some(Value::Text(org)) => OrgId::new(org).map_err(|_| damaged("an organisation has no proper id")),
            _ => Err(damaged("an organisation is no text")),
        };
        set.into_iter().map(organisation).collect()
    }

    fn joined(&self) -> bool {
        self.executor.joined()
    }

    fn concurrent(&self) -> bool {
        self.schema.dialect.is_remote()
    }
}

fn damaged(problem: &str) -> StoreError {
    StoreError::Corrupt(problem.to_owned())
}

/// Whether a question names no keys.
fn asks_nothing(read: &Read) -> bool {
    matches!(read, Read::Get { ids, .. } | Read::Columns { of: Selection::Keys { ids, .. }, .. } if ids.is_empty())
}

/// The next set of rows that an executor answered.
fn next(sets: &mut impl Iterator<Item = Vec<Vec<Value>>>) -> Result<Vec<Vec<Value>>, StoreError> {
    sets.next().ok_or_else(|| StoreError::Failed("the executor answers fewer questions than it was asked".into()))
}

/// Groups and sums out of `<by>, <sums>`.
fn summed(set: Vec<Vec<Value>>, by: usize) -> Result<Answer, StoreError> {
    let group = |mut values: Vec<Value>| {
        let sums = values.split_off(by.min(values.len()));
        let sums = sums.iter().map(|sum| sum.as_integer().ok_or_else(|| damaged("a sum is no integer")));
        Ok((values, sums.collect::<Result<Vec<_>, StoreError>>()?))
    };
    Ok(Answer::Sums(set.into_iter().map(group).collect::<Result<_, StoreError>>()?))
}

/// Rows out of `id, version, <columns>, body`.
fn rows(set: Vec<Vec<Value>>) -> Result<Vec<Row>, StoreError> {
    let row = |mut values: Vec<Value>| {
        let body = values.pop();
        let mut values = values.into_iter();
        match (values.next(), values.next(), body) {
            (Some(Value::Text(id)), Some(Value::Integer(version)), Some(Value::Text(body))) => {
                Ok(Row { id, version, values: values.collect(), body })
            }
            _ => Err(damaged("a row lacks its key, its version or its body")),
        }
    };
    set.into_iter().map(row).collect()
}

/// Values behind the key of their row.
fn keyed(set: Vec<Vec<Value>>) -> Result<Vec<(String, Vec<Value>)>, StoreError> {
    let keyed = |mut values: Vec<Value>| {
        if values.is_empty() {
            return Err(damaged("a row lacks its key"));
        }
        match values.remove(0) {
            Value::Text(id) => Ok((id, values)),
            _ => Err(damaged("a key is no text")),
        }
    };
    set.into_iter().map(keyed).collect()
}

/// What was found, in the order of the keys asked for. What was not asked for is no answer.
fn in_order<T>(found: Vec<T>, ids: &[String], id: impl Fn(&T) -> &String) -> Result<Vec<T>, StoreError> {
    // Mostly the database answers in the order in which it was asked.
    let mut asked = ids.iter();
    if found.iter().all(|one| asked.any(|asked| asked == id(one))) {
        return Ok(found);
    }
    let mut found: HashMap<String, T> = found.into_iter().map(|one| (id(&one).clone(), one)).collect();
    let ordered = ids.iter().filter_map(|id| found.remove(id)).collect();
    match found.is_empty() {
        true => Ok(ordered),
        false => Err(damaged("a row was answered whose key was not asked for")),
    }
}

fn counted(set: Vec<Vec<Value>>, cap: i64) -> Result<Answer, StoreError> {
    match set.into_iter().next().as_deref() {
        Some([Value::Integer(seen), Value::Integer(hits)]) => Ok(Answer::Count((*seen < cap).then_some(*hits))),
        _ => Err(damaged("a count is no number")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::{Column, ColumnType};

    static SUM: Kind =
        Kind { name: "sum", columns: &[Column::live("total", ColumnType::Integer)], indexes: &[], since: 1 };

    fn row(id: &str) -> Row {
        Row { id: id.to_owned(), version: 1, values: vec![1.into()], body: "{}".to_owned() }
    }

    #[test]
    fn sums_come_last_by_key_unless_a_set_is_reassigned() {
        let add = |id: &str| Write::Add { kind: &SUM, row: row(id), columns: vec!["total"] };
        let insert = |id: &str| Write::Insert { kind: &SUM, row: row(id) };
        let order = |writes: &[Write]| -> Vec<String> {
            let id = |write: &&Write| match write {
                Write::Add { row, .. } | Write::Insert { row, .. } => row.id.clone(),
                _ => "all".to_owned(),
            };
            in_key_order(writes).iter().map(id).collect()
        };
        assert_eq!(order(&[add("c"), insert("z"), add("a"), insert("b")]), ["z", "b", "a", "c"]);
        let all = Write::Reassign { kind: &SUM, column: "total", from: 1.into(), to: 2.into() };
        assert_eq!(order(&[add("c"), all, add("a")]), ["c", "all", "a"]);
    }

    #[test]
    fn a_row_that_nobody_asked_for_is_no_answer() {
        let ids = ["a", "b", "c"].map(str::to_owned);
        let answered = |found: &[&str]| in_order(found.iter().map(|id| row(id)).collect(), &ids, |row| &row.id);
        let order = |found: &[&str]| answered(found).unwrap().into_iter().map(|row| row.id).collect::<Vec<_>>();
        assert_eq!(order(&["c", "a"]), ["a", "c"]);
        assert_eq!(order(&[]), [""; 0]);
        assert!(matches!(answered(&["a", "x"]), Err(StoreError::Corrupt(_))));
    }
}
