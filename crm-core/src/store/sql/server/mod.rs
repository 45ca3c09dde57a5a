//! PostgreSQL, MySQL and MariaDB: executors on a pool of connections, and on an open transaction
//! of the host.
//!
//! The library is synchronous. Each executor owns a small runtime of its own; a caller waits on
//! a channel, from any thread: one of a runtime as well, which it blocks meanwhile (use
//! `spawn_blocking` where that matters). It never looks for the caller's runtime.

mod error;
mod executor;
mod lent;
mod wire;

pub use executor::{MysqlExecutor, PostgresExecutor, ServerExecutor, ServerOptions};
pub use lent::LentServer;
/// The version of sqlx whose transactions [`SqlStore::lend_transaction`] takes.
pub use sqlx;
pub use wire::Server;

use super::{SqlOptions, SqlStore};
use crate::store::StoreError;

/// A store on PostgreSQL.
pub type PostgresStore = SqlStore<PostgresExecutor>;

/// A store on MySQL or MariaDB.
pub type MysqlStore = SqlStore<MysqlExecutor>;

impl<S: Server> SqlStore<ServerExecutor<S>> {
    /// Connects to a server: `postgres://user:password@host/database` or `mysql://...`, with
    /// what sqlx takes behind a question mark (`sslmode=verify-full&sslrootcert=ca.pem` on PostgreSQL,
    /// `ssl-mode=VERIFY_IDENTITY&ssl-ca=ca.pem` on MySQL).
    ///
    /// # Errors
    /// Those of [`ServerExecutor::connect`] and [`SqlStore::open`].
    pub fn connect(url: &str, server: ServerOptions, options: SqlOptions) -> Result<Self, StoreError> {
        SqlStore::open(ServerExecutor::connect(url, server)?, options)
    }
}
