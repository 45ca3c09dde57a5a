//! One store over every SQL database.
//!
//! [`SqlStore`] renders what the [`Store`](crate::store::Store) port asks for in the
//! [`Dialect`] of an [`Executor`], which runs it: on SQLite inside the library
//! (`sqlite`, behind the feature `rusqlite`), on PostgreSQL, MySQL and MariaDB (`server`, behind the
//! feature `sqlx`), on a host's own connection outside it.

#[cfg(all(feature = "rusqlite", feature = "sqlx"))]
mod database;
mod ddl;
mod dialect;
mod executor;
mod many;
mod merge;
mod migrate;
mod prefix;
mod search;
#[cfg(feature = "sqlx")]
pub mod server;
#[cfg(feature = "rusqlite")]
pub mod sqlite;
mod statements;
mod store;
#[cfg(test)]
pub(crate) mod tests;
mod together;

#[cfg(all(feature = "rusqlite", feature = "sqlx"))]
pub use database::Database;
pub use dialect::Dialect;
pub use executor::{Executor, Expected, Outcome, Statement};
pub use migrate::{Migrate, schema_ddl};
pub use prefix::TablePrefix;
#[cfg(feature = "sqlx")]
pub use server::{MysqlStore, PostgresStore};
#[cfg(feature = "rusqlite")]
pub use sqlite::SqliteStore;
pub use store::{SqlOptions, SqlStore};
