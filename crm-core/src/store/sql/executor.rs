//! The second port: who runs the SQL that the library renders.

use super::Dialect;
use crate::store::{ColumnType, StoreError, Value};

/// Runs rendered SQL on a database: on SQLite inside the library, on a host's own connection
/// (JDBC, sqlx) outside it. It decides nothing and knows no table.
///
/// Methods block. An implementation that is shared between threads is `Send + Sync`; one that
/// lends the open transaction of a host need not be.
pub trait Executor {
    /// The dialect the SQL is to be rendered in.
    fn dialect(&self) -> Dialect;

    /// Runs queries out of one state of the database and answers them in their order.
    ///
    /// # Errors
    /// [`StoreError`] when a query fails.
    fn read(&self, statements: &[Statement]) -> Result<Vec<Vec<Vec<Value>>>, StoreError>;

    /// As [`Executor::read`], for queries that look a few rows up by their keys: an executor may answer them where
    /// longer ones would be in the way.
    ///
    /// # Errors
    /// As [`Executor::read`].
    fn look_up(&self, statements: &[Statement]) -> Result<Vec<Vec<Vec<Value>>>, StoreError> {
        self.read(statements)
    }

    /// Runs statements in order, all or nothing: in a transaction of its own, or, when
    /// [`Executor::joined`], between a savepoint and its release in the host's. The first
    /// statement whose number of rows (returned by a query, affected by any other) is not the
    /// expected one ends it: everything is rolled back, and its place is answered.
    ///
    /// # Errors
    /// [`StoreError`] when a statement fails; nothing is written then, unless the failure was
    /// that of the commit itself.
    fn write(&self, statements: &[Statement]) -> Result<Outcome, StoreError>;

    /// Whether it adds rows up itself where [`Statement::adds_up`] asks for it. One to which rows cost next to nothing is
    /// quicker at that than a database that sorts them into groups.
    fn adds_up(&self) -> bool {
        false
    }

    /// Whether it works inside a transaction of the host, which it never commits.
    fn joined(&self) -> bool {
        false
    }
}

/// One rendered statement with its parameters.
#[derive(Debug, Clone)]
pub struct Statement {
    /// The SQL, with the placeholders of the dialect. The same text recurs: an executor may
    /// keep it prepared.
    pub sql: std::sync::Arc<str>,
    /// The values of the placeholders, in order.
    pub parameters: Vec<Value>,
    /// The types of the columns that it returns; empty when it returns none.
    pub columns: std::sync::Arc<[ColumnType]>,
    /// How many rows it must return or affect.
    pub expected: Expected,
    /// Rows that are alike in so many leading columns are to be answered as one, in the order of these, with the sums of the
    /// other columns, which are integers. Absent, where the database groups them, and unless [`Executor::adds_up`].
    pub adds_up: Option<usize>,
}

/// How many rows a statement must return or affect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Any number.
    Any,
    /// Exactly so many.
    Rows(i64),
}

/// How [`Executor::write`] ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Everything was written.
    Done,
    /// Nothing was written: the statement at this place (from 0) did not meet its expectation.
    Unexpected {
        /// The place of the statement.
        statement: usize,
    },
}
