//! SQLite, compiled in: an executor on a file of its own, and one on an open transaction of
//! the host.

mod error;
mod executor;
mod lent;
mod readers;
mod run;
#[cfg(test)]
mod tests;
mod writer;

pub use executor::{Durability, SqliteExecutor, SqliteOptions, WriteStats};
pub use lent::LentSqlite;
/// The version of rusqlite that [`LentSqlite`] takes connections of.
pub use rusqlite;

use super::{SqlOptions, SqlStore};
use crate::store::StoreError;
use std::path::Path;

/// A store in a SQLite file.
pub type SqliteStore = SqlStore<SqliteExecutor>;

impl SqliteStore {
    /// Opens a file, which is made if there is none; its directory must exist.
    ///
    /// # Errors
    /// Those of [`SqliteExecutor::open`] and [`SqlStore::open`].
    pub fn open_file(path: impl AsRef<Path>, file: SqliteOptions, options: SqlOptions) -> Result<Self, StoreError> {
        SqlStore::open(SqliteExecutor::open(path, file)?, options)
    }
}
