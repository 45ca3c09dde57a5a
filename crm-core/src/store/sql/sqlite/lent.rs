//! An executor on a connection of the host.

use super::{error::store_error, run};
use crate::store::sql::{Dialect, Executor, Outcome, Statement};
use crate::store::{StoreError, Value};
use rusqlite::Connection;

/// The host's connection, lent for as long as his transaction is open: what the library writes
/// becomes part of it, between a savepoint and its release, and is kept or lost with it.
///
/// Make a store of it with [`SqlStore::lend`](crate::store::sql::SqlStore::lend). Nothing about
/// the connection is changed. Open the transaction with `BEGIN IMMEDIATE`: a deferred one whose
/// snapshot has grown old can't be written in, and is answered with [`StoreError::Busy`].
#[derive(Debug)]
pub struct LentSqlite<'a> {
    connection: &'a Connection,
}

impl<'a> LentSqlite<'a> {
    /// Borrows a connection inside a transaction.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when no transaction is open, [`StoreError::Engine`] when
    /// the database is not in UTF-8 or the SQLite linked in is too old.
    pub fn new(connection: &'a Connection) -> Result<Self, StoreError> {
        super::executor::supported()?;
        let lent = LentSqlite { connection };
        lent.open()?;
        let encoding = connection
            .prepare_cached("PRAGMA encoding")
            .and_then(|mut pragma| pragma.query_row([], |row| row.get::<_, String>(0)));
        match encoding.map_err(store_error)?.as_str() {
            "UTF-8" => Ok(lent),
            // Text would sort by other bytes.
            other => Err(StoreError::Engine(format!("the database is in {other}, not in UTF-8"))),
        }
    }

    fn open(&self) -> Result<(), StoreError> {
        if self.connection.is_autocommit() {
            return Err(StoreError::Failed(
                "the lent connection has no open transaction: begin one before, and commit it after".into(),
            ));
        }
        Ok(())
    }
}

impl Executor for LentSqlite<'_> {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn read(&self, statements: &[Statement]) -> Result<Vec<Vec<Vec<Value>>>, StoreError> {
        self.open()?;
        statements.iter().map(|statement| run::read(self.connection, statement)).collect()
    }

    fn adds_up(&self) -> bool {
        true
    }

    fn write(&self, statements: &[Statement]) -> Result<Outcome, StoreError> {
        self.open()?;
        run::in_savepoint(self.connection, statements)?
    }

    fn joined(&self) -> bool {
        true
    }
}
