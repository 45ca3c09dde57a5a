//! The executor on a file.

use super::error::store_error;
use super::readers::Readers;
use super::writer::Writer;
use crate::store::sql::{Dialect, Executor, Outcome, Statement};
use crate::store::{StoreError, Value};
use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// What a commit survives once it is acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// Loss of power. Each transaction waits for the disk; concurrent commits share the wait.
    #[default]
    Full,
    /// The end of the process, but not of the machine: after loss of power the last commits may
    /// be missing, never a part of one.
    Normal,
}

/// How a file is opened.
#[derive(Debug, Clone)]
pub struct SqliteOptions {
    /// What a commit survives; [`Durability::Full`] by default.
    pub durability: Durability,
    /// How long to wait for another process that writes; 5 seconds by default.
    pub busy_timeout: Duration,
    /// How many connections may read at once, at least 1; 4 by default.
    pub readers: i32,
    /// KiB of pages that each connection keeps in memory once it has read them; 65,536 by
    /// default. Lists over thousands of owners look at as many leaves of an index, lists of
    /// shares at as many rows: with less they are read from the file again for each page.
    pub cache_kib: i32,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        SqliteOptions {
            durability: Durability::Full,
            busy_timeout: Duration::from_secs(5),
            readers: 4,
            cache_kib: 65_536,
        }
    }
}

/// What the writer has done since it was opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WriteStats {
    /// Units of statements that were written, one for each commit of the store.
    pub units: i64,
    /// Transactions they were written in: with [`Durability::Full`] each is one fsync.
    pub transactions: i64,
}

type Open = Box<dyn Fn() -> Result<Connection, StoreError> + Send + Sync>;

/// SQLite on a file of its own, in WAL mode: readers do not wait for the writer, nor it for
/// them. May be shared between threads; other processes may use the file at the same time.
pub struct SqliteExecutor {
    writer: Writer,
    readers: Readers<Open>,
    path: PathBuf,
}

impl SqliteExecutor {
    /// Opens a file, which is made if there is none; its directory must exist.
    ///
    /// # Errors
    /// [`StoreError::CannotOpen`] when the file can't be opened or its directory is missing,
    /// [`StoreError::NotADatabase`] when it is something else or damaged, [`StoreError::ReadOnly`]
    /// when it can't be written, [`StoreError::Busy`] when another process has it for itself,
    /// [`StoreError::Engine`] when the SQLite linked in is older than 3.51.3 or can't do WAL
    /// where the file is.
    pub fn open(path: impl AsRef<Path>, options: SqliteOptions) -> Result<Self, StoreError> {
        supported()?;
        let path = path.as_ref().to_owned();
        let connection = connect(&path, &options, true)?;
        prepare_file(&connection)?;
        let writer = Writer::new(connection, &path);
        let readers = usize::try_from(options.readers).unwrap_or(1);
        let file = path.clone();
        let open: Open = Box::new(move || {
            let connection = connect(&file, &options, false)?;
            connection.pragma_update(None, "query_only", true).map_err(store_error)?;
            Ok(connection)
        });
        Ok(SqliteExecutor { writer, readers: Readers::new(readers, open), path })
    }

    /// What the writer has done so far.
    pub fn write_stats(&self) -> WriteStats {
        self.writer.stats()
    }

    /// Lets the file grow by some pages only, as a full disk would.
    #[cfg(test)]
    pub(super) fn limit_pages(&self) {
        self.writer.limit_pages();
    }
}

impl Executor for SqliteExecutor {
    fn dialect(&self) -> Dialect {
        Dialect::Sqlite
    }

    fn read(&self, statements: &[Statement]) -> Result<Vec<Vec<Vec<Value>>>, StoreError> {
        self.readers.read(statements)
    }

    fn look_up(&self, statements: &[Statement]) -> Result<Vec<Vec<Vec<Value>>>, StoreError> {
        self.writer.look_up(statements).unwrap_or_else(|| self.readers.read(statements))
    }

    fn adds_up(&self) -> bool {
        true
    }

    fn write(&self, statements: &[Statement]) -> Result<Outcome, StoreError> {
        self.writer.write(statements)
    }
}

impl fmt::Debug for SqliteExecutor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteExecutor").field("path", &self.path).finish_non_exhaustive()
    }
}

/// Refuses a SQLite that may lose commits: before 3.51.3 the reset of a WAL was a race.
pub(super) fn supported() -> Result<(), StoreError> {
    if rusqlite::version_number() < 3_051_003 {
        let version = rusqlite::version();
        return Err(StoreError::Engine(format!("SQLite {version} may lose commits in WAL mode: 3.51.3 is the least")));
    }
    Ok(())
}

/// Opens the file; only the first connection makes it, so that one that was taken away is not
/// answered as an empty one.
fn connect(path: &Path, options: &SqliteOptions, make: bool) -> Result<Connection, StoreError> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    flags.set(OpenFlags::SQLITE_OPEN_CREATE, make);
    let connection = Connection::open_with_flags(path, flags).map_err(store_error)?;
    configure(&connection, options).map_err(store_error)?;
    Ok(connection)
}

fn configure(connection: &Connection, options: &SqliteOptions) -> rusqlite::Result<()> {
    connection.busy_timeout(options.busy_timeout)?;
    connection.set_prepared_statement_cache_capacity(256);
    // What the file itself says (its schema) is not to run code or damage the file.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    // Plans do not depend on the values that are bound: else a statement is prepared anew whenever they change.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    // No mmap: a file that shrinks under it kills the process of the host.
    connection.pragma_update(None, "cache_size", -i64::from(options.cache_kib.max(64)))?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    let synchronous = match options.durability {
        Durability::Full => "FULL",
        Durability::Normal => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "wal_autocheckpoint", super::writer::CHECKPOINT_PAGES)?;
    connection.pragma_update(None, "journal_size_limit", super::writer::WAL_BYTES)
}

/// Sets what the file itself keeps, and finds out whether it is one that can be written.
fn prepare_file(connection: &Connection) -> Result<(), StoreError> {
    let mode = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0));
    let mode = mode.map_err(store_error)?;
    if connection.is_readonly("main").map_err(store_error)? {
        return Err(StoreError::ReadOnly("the file or its directory".into()));
    }
    if mode != "wal" {
        return Err(StoreError::Engine(format!("the journal stays in mode {mode}: WAL is not possible here")));
    }
    let encoding = connection.query_row("PRAGMA encoding", [], |row| row.get::<_, String>(0));
    match encoding.map_err(store_error)?.as_str() {
        "UTF-8" => Ok(()),
        other => Err(StoreError::Engine(format!("the database is in {other}, not in UTF-8"))),
    }
}
