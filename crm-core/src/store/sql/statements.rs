//! Statements of fixed shape: rendered once for a kind (or once for a set of columns) and kept,
//! so that a commit builds no text.

use super::dialect::{json_keys, name};
use super::merge::{self, inserting, merging};
use super::{Dialect, Expected, Statement, TablePrefix};
use crate::store::{Change, ColumnType, Kind, StoreError, Value};
use std::collections::HashMap;
use std::fmt::Write as _;
use std::sync::{Arc, PoisonError, RwLock};

/// Everything about a kind that a statement needs.
#[derive(Debug)]
pub(super) struct Texts {
    pub(super) kind: &'static Kind,
    /// The table's name, without quotes.
    pub(super) table: String,
    /// What the names of all tables begin with.
    pub(super) prefix: TablePrefix,
    /// The types of `id, version, <columns>, body`.
    pub(super) row: Arc<[ColumnType]>,
    pub(super) dialect: Dialect,
    get_one: Arc<str>,
    get_many: Arc<str>,
    check: Arc<str>,
    insert: Arc<str>,
    restore: Arc<str>,
    delete: Arc<str>,
    put: Arc<str>,
    /// What depends on a set of columns, rendered when first needed. As many as the domain's
    /// code has places that touch, add or reassign.
    shaped: RwLock<HashMap<Shape, Arc<str>>>,
}

/// A statement for some columns, by their places in the kind.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) enum Shape {
    /// Body and columns that are not live, with some that are.
    Update(Vec<(usize, Turn)>),
    /// Live columns alone; at a version, or at whichever.
    Touch(Vec<(usize, Turn)>, bool),
    /// Whether a row is there to be touched: at a version, and with values that it must have.
    Stands(Vec<usize>, bool),
    Add(Vec<usize>),
    /// Several rows that are relied on.
    Checks(usize),
    /// Several new rows.
    Inserts(usize),
    /// Several rows that go, all of one version.
    Deletes(usize),
    /// An integer column of several rows.
    Sets(usize, usize),
    /// Whether several rows are there to be changed.
    StandAll(usize),
    Reassign(usize),
    /// Some columns by key.
    Columns(Vec<usize>),
}

/// [`Change`] without its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Turn {
    Set,
    Max,
    Min,
    Add,
    Replace,
}

/// A text that is being written, counting its placeholders.
pub(super) struct Text {
    dialect: Dialect,
    sql: String,
    places: usize,
}

impl Text {
    pub(super) fn new(dialect: Dialect, sql: &str) -> Self {
        Text { dialect, sql: sql.to_owned(), places: 0 }
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.dialect
    }

    pub(super) fn add(mut self, sql: &str) -> Self {
        self.sql.push_str(sql);
        self
    }

    pub(super) fn name(mut self, name: &str) -> Self {
        self.sql.push_str(&self.dialect.quote(name));
        self
    }

    pub(super) fn bind(mut self) -> Self {
        self.places += 1;
        self.sql.push_str(&self.dialect.placeholder(self.places));
        self
    }

    /// Each item written by `item`, with commas between.
    pub(super) fn list<T>(mut self, items: impl IntoIterator<Item = T>, item: impl Fn(Self, T) -> Self) -> Self {
        for (place, one) in items.into_iter().enumerate() {
            if place > 0 {
                self.sql.push_str(", ");
            }
            self = item(self, one);
        }
        self
    }

    /// ` WHERE org_id = ? AND id = ?`
    fn at_key(self) -> Self {
        self.add(" WHERE ").name("org_id").add(" = ").bind().add(" AND ").name("id").add(" = ").bind()
    }

    /// ` AND column = ?` for each
    fn having<'c>(mut self, places: impl Iterator<Item = usize>, column: impl Fn(&usize) -> &'c str) -> Self {
        for place in places {
            self = self.add(" AND ").name(column(&place)).add(" = ").bind();
        }
        self
    }

    /// ` AND version = ?`
    fn at_version(self) -> Self {
        self.add(" AND ").name("version").add(" = ").bind()
    }

    pub(super) fn done(self) -> Arc<str> {
        self.sql.into()
    }
}

impl Texts {
    pub(super) fn new(dialect: Dialect, prefix: &TablePrefix, kind: &'static Kind) -> Self {
        let table = prefix.table(kind.name);
        let text = |sql: &str| Text::new(dialect, sql);
        let columns = || kind.columns.iter().map(|c| c.name).chain(["body"]);
        let row = [ColumnType::Text, ColumnType::Integer].into_iter();
        let row = row.chain(kind.columns.iter().map(|c| c.ty)).chain([ColumnType::Text]).collect();
        let read = ["id", "version"].into_iter().chain(columns());
        let select = text("SELECT ").list(read, |t, c| t.name("x").add(".").name(c)).sql;
        let insert = |versioned| insert_absent(dialect, &table, kind, 1, versioned).done();

        let put = upsert(dialect, &table, kind)
            .list(columns(), |t, c| replace(t.name(c).add(" = "), c))
            .add(", ")
            .name("version")
            .add(" = ")
            .name(&table)
            .add(".")
            .name("version")
            .add(" + 1");
        let put = inserting(put, kind, false);
        Texts {
            kind,
            row,
            dialect,
            prefix: prefix.clone(),
            get_one: text(&select).add(" FROM ").name(&table).add(" AS ").name("x").at_key().done(),
            get_many: get_many(dialect, &table, &select),
            check: text("SELECT ")
                .name("version")
                .add(" FROM ")
                .name(&table)
                .at_key()
                .at_version()
                .add(dialect.shared_lock())
                .done(),
            insert: insert(false),
            restore: insert(true),
            delete: text("DELETE FROM ").name(&table).at_key().at_version().done(),
            put: put.done(),
            shaped: RwLock::default(),
            table,
        }
    }

    pub(super) fn get(&self, org: &str, ids: &[String]) -> Statement {
        let (sql, parameters) = match ids {
            [id] => (&self.get_one, vec![org.into(), id.as_str().into()]),
            ids => (&self.get_many, vec![json_keys(ids).into(), org.into()]),
        };
        Statement { sql: sql.clone(), parameters, columns: self.row.clone(), expected: Expected::Any, adds_up: None }
    }

    /// Some columns of rows by key.
    pub(super) fn columns(&self, org: &str, ids: &[String], columns: &[&'static str]) -> Result<Statement, StoreError> {
        let known = |column: &&'static str| {
            let known = self.kind.position(column).zip(self.kind.column(column));
            known.ok_or_else(|| StoreError::Failed(format!("{} has no column {column}", self.kind.name)))
        };
        let known = columns.iter().map(known).collect::<Result<Vec<_>, _>>()?;
        let types = known.iter().map(|(_, column)| column.ty);
        Ok(Statement {
            columns: std::iter::once(ColumnType::Text).chain(types).collect(),
            sql: self.shaped(Shape::Columns(known.into_iter().map(|(place, _)| place).collect())),
            parameters: vec![json_keys(ids).into(), org.into()],
            expected: Expected::Any,
            adds_up: None,
        })
    }

    pub(super) fn check(&self, org: &str, id: &str, version: i64) -> Statement {
        Statement {
            sql: self.check.clone(),
            parameters: vec![org.into(), id.into(), version.into()],
            columns: Arc::new([ColumnType::Integer]),
            expected: Expected::Rows(1),
            adds_up: None,
        }
    }

    pub(super) fn insert(&self, org: &str, row: &crate::store::Row) -> Result<Statement, StoreError> {
        Ok(writing(&self.insert, self.inserted(org, row)?, Expected::Rows(1)))
    }

    /// The names of `id, version, <columns>, body`.
    pub(super) fn names(&self) -> impl Iterator<Item = &'static str> {
        ["id", "version"].into_iter().chain(self.kind.columns.iter().map(|c| c.name)).chain(["body"])
    }

    /// An insert at the row's own version.
    pub(super) fn restore(&self, org: &str, row: &crate::store::Row) -> Result<Statement, StoreError> {
        let mut parameters = self.inserted(org, row)?;
        parameters.insert(2, row.version.into());
        Ok(writing(&self.restore, parameters, Expected::Rows(1)))
    }

    pub(super) fn put(&self, org: &str, row: &crate::store::Row) -> Result<Statement, StoreError> {
        Ok(writing(&self.put, self.inserted(org, row)?, Expected::Any))
    }

    pub(super) fn update(
        &self,
        org: &str,
        row: &crate::store::Row,
        changes: &[(&'static str, Change)],
    ) -> Result<Statement, StoreError> {
        self.fits(row)?;
        let mut parameters = Vec::with_capacity(row.values.len() + changes.len() + 4);
        let columns = row.values.iter().zip(self.kind.columns);
        parameters.extend(columns.filter(|(_, c)| !c.live).map(|(value, _)| value.clone()));
        parameters.push(row.body.as_str().into());
        let turns = self.turns(changes, &mut parameters)?;
        parameters.extend([org.into(), row.id.as_str().into(), row.version.into()]);
        parameters.extend(replaced(changes).map(|(_, was)| was.clone()));
        let sql = self.shaped(Shape::Update(turns));
        Ok(writing(&sql, parameters, Expected::Rows(1)))
    }

    /// The shape of changes to live columns; their values join the parameters.
    fn turns(
        &self,
        changes: &[(&'static str, Change)],
        parameters: &mut Vec<Value>,
    ) -> Result<Vec<(usize, Turn)>, StoreError> {
        let turn = |(column, change): &(&'static str, Change)| {
            let (turn, value) = match change {
                Change::Set(value) => (Turn::Set, value.clone()),
                Change::Max(value) => (Turn::Max, Value::Integer(*value)),
                Change::Min(value) => (Turn::Min, Value::Integer(*value)),
                Change::Add(value) => (Turn::Add, Value::Integer(*value)),
                Change::Replace(_, value) => (Turn::Replace, value.clone()),
            };
            let place = place(self.kind, column, &value)?;
            parameters.push(value);
            Ok((place, turn))
        };
        changes.iter().map(turn).collect()
    }

    pub(super) fn delete(&self, org: &str, id: &str, version: i64) -> Statement {
        writing(&self.delete, vec![org.into(), id.into(), version.into()], Expected::Rows(1))
    }

    /// One statement, or two where an update does not tell whether the row is there.
    pub(super) fn touch(
        &self,
        org: &str,
        id: &str,
        version: Option<i64>,
        changes: &[(&'static str, Change)],
    ) -> Result<(Option<Statement>, Statement), StoreError> {
        let mut parameters = Vec::with_capacity(changes.len() + 3);
        let turns = self.turns(changes, &mut parameters)?;
        let sql = self.shaped(Shape::Touch(turns, version.is_some()));
        let mut key: Vec<Value> = vec![org.into(), id.into()];
        key.extend(version.map(Value::Integer));
        key.extend(replaced(changes).map(|(_, was)| was.clone()));
        parameters.extend(key.iter().cloned());
        if !self.dialect.counts_changed_rows() {
            return Ok((None, writing(&sql, parameters, Expected::Rows(1))));
        }
        let places = replaced(changes).map(|(column, was)| place(self.kind, column, was));
        let exists = Statement {
            sql: self.shaped(Shape::Stands(places.collect::<Result<_, _>>()?, version.is_some())),
            parameters: key,
            columns: Arc::new([ColumnType::Integer]),
            expected: Expected::Rows(1),
            adds_up: None,
        };
        Ok((Some(exists), writing(&sql, parameters, Expected::Any)))
    }

    pub(super) fn add(
        &self,
        org: &str,
        row: &crate::store::Row,
        columns: &[&'static str],
    ) -> Result<Statement, StoreError> {
        let places = columns.iter().map(|column| place(self.kind, column, &Value::Integer(0)));
        let shape = Shape::Add(places.collect::<Result<_, _>>()?);
        Ok(writing(&self.shaped(shape), self.inserted(org, row)?, Expected::Any))
    }

    pub(super) fn reassign(
        &self,
        org: &str,
        column: &'static str,
        from: &Value,
        to: &Value,
    ) -> Result<Statement, StoreError> {
        place(self.kind, column, from)?;
        let sql = self.shaped(Shape::Reassign(place(self.kind, column, to)?));
        Ok(writing(&sql, vec![to.clone(), org.into(), from.clone()], Expected::Any))
    }

    /// The parameters of an insert, in the order of [`insert`].
    pub(super) fn inserted(&self, org: &str, row: &crate::store::Row) -> Result<Vec<Value>, StoreError> {
        self.fits(row)?;
        let mut parameters = Vec::with_capacity(row.values.len() + 3);
        parameters.extend([org.into(), row.id.as_str().into()]);
        parameters.extend(row.values.iter().cloned());
        parameters.push(row.body.as_str().into());
        Ok(parameters)
    }

    /// A row that is not what the description says would be refused by one engine, cut short
    /// by the next and taken by a third: refused here, it is the same everywhere.
    fn fits(&self, row: &crate::store::Row) -> Result<(), StoreError> {
        let fits = row.values.len() == self.kind.columns.len()
            && short(&row.id)
            && row.values.iter().zip(self.kind.columns).all(|(value, column)| match value {
                Value::Integer(_) => column.ty == ColumnType::Integer,
                Value::Text(text) => column.ty == ColumnType::Text && short(text),
                Value::Bytes(bytes) => column.ty == ColumnType::Bytes && bytes.len() <= 255,
            });
        if fits {
            Ok(())
        } else {
            let problem = format!("row {} does not fit the description of {}", row.id, self.kind.name);
            Err(StoreError::Failed(problem))
        }
    }

    pub(super) fn shaped(&self, shape: Shape) -> Arc<str> {
        let known = self.shaped.read().unwrap_or_else(PoisonError::into_inner).get(&shape).cloned();
        known.unwrap_or_else(|| {
            let sql = self.render(&shape);
            let mut shaped = self.shaped.write().unwrap_or_else(PoisonError::into_inner);
            shaped.entry(shape).or_insert(sql).clone()
        })
    }

    /// Assignments to live columns.
    fn turned(&self, update: Text, turns: &[(usize, Turn)]) -> Text {
        update.list(turns, |text, (place, turn)| {
            let c = self.kind.columns.get(*place).map_or("", |c| c.name);
            let text = text.name(c).add(" = ");
            match turn {
                Turn::Set | Turn::Replace => text.bind(),
                Turn::Add => text.name(c).add(" + ").bind(),
                Turn::Max | Turn::Min => {
                    text.add(self.dialect.extreme(*turn == Turn::Max)).add("(").name(c).add(", ").bind().add(")")
                }
            }
        })
    }

    fn render(&self, shape: &Shape) -> Arc<str> {
        let column = |place: &usize| self.kind.columns.get(*place).map_or("", |c| c.name);
        let update = Text::new(self.dialect, "UPDATE ").name(&self.table).add(" SET ");
        match shape {
            Shape::Update(turns) => {
                let plain = self.kind.columns.iter().filter(|c| !c.live).map(|c| c.name);
                let update = update
                    .list(plain.chain(["body"]), |t, c| t.name(c).add(" = ").bind())
                    .add(", ")
                    .name("version")
                    .add(" = ")
                    .name("version")
                    .add(" + 1");
                let update = if turns.is_empty() { update } else { update.add(", ") };
                self.turned(update, turns).at_key().at_version().having(replaces(turns), column).done()
            }
            Shape::Touch(turns, at_version) => {
                let update = self.turned(update, turns).at_key();
                let update = if *at_version { update.at_version() } else { update };
                update.having(replaces(turns), column).done()
            }
            Shape::Stands(places, at_version) => {
                let select = Text::new(self.dialect, "SELECT ").name("version").add(" FROM ").name(&self.table);
                let select = select.at_key();
                let select = if *at_version { select.at_version() } else { select };
                select.having(places.iter().copied(), column).add(" FOR UPDATE").done()
            }
            Shape::Add(places) => {
                if self.dialect == Dialect::Dm && places.is_empty() {
                    // What a merge finds its row by it can't assign.
                    return insert_absent(self.dialect, &self.table, self.kind, 1, false).done();
                }
                let insert = upsert(self.dialect, &self.table, self.kind);
                // With no column to add up the row must only be there afterwards.
                let places: Vec<&str> = places.iter().map(column).collect();
                if places.is_empty() {
                    return insert.name("id").add(" = ").name(&self.table).add(".").name("id").done();
                }
                let sums = insert.list(places, |text, c| {
                    let text = text.name(c).add(" = ").name(&self.table).add(".").name(c);
                    replace(text.add(" + "), c)
                });
                inserting(sums, self.kind, false).done()
            }
            Shape::Checks(rows) => {
                let select = Text::new(self.dialect, "SELECT ").name("version").add(" FROM ").name(&self.table);
                let select = select.add(" WHERE ").name("org_id").add(" = ").bind().add(" AND ").name("id");
                let select = select.add(" IN (").list(0..*rows, |text, _| text.bind()).add(") AND ").name("version");
                let select = select.add(" = CASE ").name("id");
                let select = (0..*rows).fold(select, |text, _| text.add(" WHEN ").bind().add(" THEN ").bind());
                // Rows are locked as they are found, in this order.
                select.add(" END ORDER BY ").name("id").add(self.dialect.shared_lock()).done()
            }
            Shape::Deletes(rows) => {
                let delete = Text::new(self.dialect, "DELETE FROM ").name(&self.table).add(" WHERE ").name("org_id");
                let delete = delete.add(" = ").bind().add(" AND ").name("version").add(" = ").bind();
                let delete = delete.add(" AND ").name("id").add(" IN (").list(0..*rows, |text, _| text.bind());
                delete.add(")").done()
            }
            Shape::Sets(place, rows) => {
                let set = update.name(column(place)).add(" = CASE ").name("id");
                let set = (0..*rows).fold(set, |text, _| text.add(" WHEN ").bind().add(" THEN ").bind());
                let set = set.add(" END WHERE ").name("org_id").add(" = ").bind().add(" AND ").name("id");
                set.add(" IN (").list(0..*rows, |text, _| text.bind()).add(")").done()
            }
            Shape::StandAll(rows) => {
                let select = Text::new(self.dialect, "SELECT ").name("version").add(" FROM ").name(&self.table);
                let select = select.add(" WHERE ").name("org_id").add(" = ").bind().add(" AND ").name("id");
                select.add(" IN (").list(0..*rows, |text, _| text.bind()).add(") FOR UPDATE").done()
            }
            Shape::Inserts(rows) => insert_absent(self.dialect, &self.table, self.kind, *rows, false).done(),
            Shape::Columns(places) => {
                let read = std::iter::once("id").chain(places.iter().map(column));
                let select = Text::new(self.dialect, "SELECT ").list(read, |t, c| t.name("x").add(".").name(c));
                get_many(self.dialect, &self.table, &select.sql)
            }
            Shape::Reassign(place) => update
                .name(column(place))
                .add(" = ")
                .bind()
                .add(" WHERE ")
                .name("org_id")
                .add(" = ")
                .bind()
                .add(" AND ")
                .name(column(place))
                .add(" = ")
                .bind()
                .done(),
        }
    }
}

/// Columns that a change replaces, with the values that they must have.
fn replaced<'c>(changes: &'c [(&'static str, Change)]) -> impl Iterator<Item = (&'static str, &'c Value)> {
    changes.iter().filter_map(|(column, change)| match change {
        Change::Replace(was, _) => Some((*column, was)),
        _ => None,
    })
}

/// The places of columns that are replaced.
fn replaces(turns: &[(usize, Turn)]) -> impl Iterator<Item = usize> {
    turns.iter().filter(|(_, turn)| *turn == Turn::Replace).map(|(place, _)| *place)
}

/// At most 191 characters.
fn short(text: &str) -> bool {
    text.len() <= 191 || text.chars().count() <= 191
}

/// The place of a column that holds values such as this one.
pub(super) fn place(kind: &Kind, column: &str, value: &Value) -> Result<usize, StoreError> {
    let ty = match value {
        Value::Integer(_) => ColumnType::Integer,
        Value::Text(_) => ColumnType::Text,
        Value::Bytes(_) => ColumnType::Bytes,
    };
    let place = kind.columns.iter().position(|c| c.name == column && c.ty == ty);
    place.ok_or_else(|| StoreError::Failed(format!("{} has no column {column} of type {ty:?}", kind.name)))
}

pub(super) fn writing(sql: &Arc<str>, parameters: Vec<Value>, expected: Expected) -> Statement {
    Statement { sql: sql.clone(), parameters, columns: Arc::new([]), expected, adds_up: None }
}

/// `INSERT INTO t (org_id, id, version, <columns>, body) VALUES (?, ?, 1, ?..)`, for several rows as well, or with the
/// version as a parameter.
fn inserts(dialect: Dialect, table: &str, kind: &Kind, rows: usize, versioned: bool) -> Text {
    let columns = || kind.columns.iter().map(|c| c.name).chain(["body"]);
    let row = |text: Text| {
        let keyed = text.add("(").bind().add(", ").bind().add(", ");
        let versioned = if versioned { keyed.bind() } else { keyed.add("1") };
        versioned.add(", ").list(columns(), |text, _| text.bind()).add(")")
    };
    Text::new(dialect, "INSERT INTO ")
        .name(table)
        .add(" (")
        .list(["org_id", "id", "version"].into_iter().chain(columns()), Text::name)
        .add(") VALUES ")
        .list(0..rows, |text, _| row(text))
}

/// An insert that leaves rows alone whose key is there, and does not count them.
fn insert_absent(dialect: Dialect, table: &str, kind: &Kind, rows: usize, versioned: bool) -> Text {
    if dialect == Dialect::Dm {
        return merge::insert(dialect, table, kind, rows, versioned);
    }
    let insert = inserts(dialect, table, kind, rows, versioned);
    match dialect {
        // With CLIENT_FOUND_ROWS, which JDBC sets, `ON DUPLICATE KEY UPDATE id = id` would
        // answer one row for a key that was there. Lengths are checked before, so that
        // nothing else is ignored.
        Dialect::Mysql | Dialect::Mariadb => Text { sql: insert.sql.replacen("INSERT", "INSERT IGNORE", 1), ..insert },
        _ => insert.add(" ON CONFLICT (").list(["org_id", "id"], Text::name).add(") DO NOTHING"),
    }
}

/// An insert or update, up to the assignments that happen when the key is there.
fn upsert(dialect: Dialect, table: &str, kind: &Kind) -> Text {
    match dialect {
        Dialect::Dm => merging(dialect, table, kind, 1, false).add(" WHEN MATCHED THEN UPDATE SET "),
        _ => conflict(inserts(dialect, table, kind, 1, false)),
    }
}

/// An insert, up to the assignments that happen when the key is there.
fn conflict(insert: Text) -> Text {
    match insert.dialect {
        Dialect::Mysql | Dialect::Mariadb => insert.add(" ON DUPLICATE KEY UPDATE "),
        _ => insert.add(" ON CONFLICT (").list(["org_id", "id"], Text::name).add(") DO UPDATE SET "),
    }
}

/// The value that the insert would have given to a column.
fn replace(text: Text, column: &str) -> Text {
    match text.dialect {
        Dialect::Mysql | Dialect::Mariadb => text.add("VALUES(").name(column).add(")"),
        Dialect::Dm => text.name("n").add(".").name(column),
        _ => text.add("excluded.").name(column),
    }
}

/// The keys lead: one seek for each.
fn get_many(dialect: Dialect, table: &str, select: &str) -> Arc<str> {
    let mut keys = sea_query::Query::select();
    keys.column(sea_query::Asterisk).from_function(dialect.set(ColumnType::Text, &[]), name("k"));
    // The set's table as the dialect says it, taken over from the renderer.
    let (sql, _) = dialect.render(&keys);
    let from = sql.split_once(" FROM ").map_or(sql.as_str(), |(_, from)| from);
    let mut text = Text::new(dialect, select);
    text.places = 1;
    let _ = write!(text.sql, " FROM {from} CROSS JOIN ");
    text.name(table)
        .add(" AS ")
        .name("x")
        .add(" WHERE ")
        .name("x")
        .add(".")
        .name("org_id")
        .add(" = ")
        .bind()
        .add(" AND ")
        .name("x")
        .add(".")
        .name("id")
        .add(" = ")
        .name("k")
        .add(".")
        .name("value")
        .done()
}
