//! The CRM's SQL on a connection of the host.

use crm_core::store::sql::{Dialect, Executor, Expected, Migrate, Outcome, SqlOptions, Statement, TablePrefix};
use crm_core::store::{ColumnType, StoreError, Value};
use std::sync::Arc;

/// The dialect of a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum SqlDialect {
    /// SQLite, from 3.51.3.
    Sqlite,
    /// PostgreSQL.
    Postgres,
    /// MySQL 8, with `utf8mb4`.
    Mysql,
    /// MariaDB from 10.6, with `utf8mb4`.
    Mariadb,
    /// KingbaseES 人大金仓, keeping the empty text apart from NULL. Its SQL is tested as text, not run.
    Kingbase,
    /// DM 8 达梦, UTF-8, case sensitive, comparing trailing blanks. Its SQL is tested as text, not run.
    Dm,
}

/// What a column of an answer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum SqlColumn {
    /// A signed 64-bit integer.
    Integer,
    /// Text.
    Text,
    /// Bytes.
    Bytes,
}

/// A value of a parameter or of an answer; never NULL.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Enum)]
pub enum SqlValue {
    /// A signed 64-bit integer.
    Integer {
        /// The number.
        number: i64,
    },
    /// Text.
    Text {
        /// The text.
        text: String,
    },
    /// Bytes.
    Bytes {
        /// The bytes.
        bytes: Vec<u8>,
    },
}

/// One rendered statement with its parameters. The same text recurs: keep it prepared.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SqlStatement {
    /// The SQL, with the placeholders of the dialect (`$1` for PostgreSQL and Kingbase, `?` for the others).
    pub sql: String,
    /// The values of the placeholders, in order.
    pub parameters: Vec<SqlValue>,
    /// The types of the columns that it returns; empty when it returns no rows.
    pub columns: Vec<SqlColumn>,
    /// How many rows it must return or affect; absent: any number.
    pub expected: Option<i64>,
}

/// One row of an answer.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SqlRow {
    /// The values, one per column.
    pub values: Vec<SqlValue>,
}

/// The answer to one query.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SqlAnswer {
    /// The rows, in order.
    pub rows: Vec<SqlRow>,
}

/// How a write ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum WriteOutcome {
    /// Everything was written.
    Done,
    /// Nothing was written: the statement at this place (from 0) did not return or affect as many
    /// rows as expected.
    Unexpected {
        /// The place of the statement.
        statement: i32,
    },
}

/// What an executor fails with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum ExecutorError {
    /// Somebody else holds the database for longer than the time given; trying again may help.
    #[error("{reason}")]
    Busy {
        /// What happened, for the log.
        reason: String,
    },
    /// No room is left.
    #[error("{reason}")]
    Full {
        /// What happened, for the log.
        reason: String,
    },
    /// It can't be written.
    #[error("{reason}")]
    ReadOnly {
        /// What happened, for the log.
        reason: String,
    },
    /// It can't be reached.
    #[error("{reason}")]
    Unreachable {
        /// What happened, for the log.
        reason: String,
    },
    /// The engine, its encoding or its settings are refused.
    #[error("{reason}")]
    Refused {
        /// What to change.
        reason: String,
    },
    /// Anything else.
    #[error("{reason}")]
    Failed {
        /// What happened, for the log.
        reason: String,
    },
}

/// An exception that the host did not declare is a failure like any other.
impl From<uniffi::UnexpectedUniFFICallbackError> for ExecutorError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        ExecutorError::Failed { reason: error.reason }
    }
}

impl From<ExecutorError> for StoreError {
    fn from(error: ExecutorError) -> Self {
        match error {
            ExecutorError::Busy { reason } => StoreError::Busy(reason),
            ExecutorError::Full { reason } => StoreError::Full(reason),
            ExecutorError::ReadOnly { reason } => StoreError::ReadOnly(reason),
            ExecutorError::Unreachable { reason } => StoreError::CannotOpen(reason),
            ExecutorError::Refused { reason } => StoreError::Engine(reason),
            ExecutorError::Failed { reason } => StoreError::Failed(reason),
        }
    }
}

/// Runs the CRM's SQL on the host's own connection. It decides nothing and knows no table.
///
/// Called on the thread of the call, so that a connection bound to the thread's transaction is the one
/// that is used. Errors of the database are thrown as [`ExecutorError`]; a conflict is none: it is
/// seen from row counts.
#[uniffi::export(foreign)]
pub trait HostExecutor: Send + Sync {
    /// The dialect that the SQL is to be rendered in; asked once.
    ///
    /// # Errors
    /// [`ExecutorError`].
    fn dialect(&self) -> Result<SqlDialect, ExecutorError>;

    /// Runs queries out of one state of the database and answers them in their order.
    ///
    /// # Errors
    /// [`ExecutorError`] when one fails.
    fn read(&self, statements: Vec<SqlStatement>) -> Result<Vec<SqlAnswer>, ExecutorError>;

    /// Runs statements in order, all or nothing: in a transaction of its own, or, inside the host's,
    /// between a savepoint and its release. The first statement whose number of rows (returned by a query,
    /// affected by any other) is not the expected one ends it: everything is rolled back, and its place is
    /// answered.
    ///
    /// # Errors
    /// [`ExecutorError`] when a statement fails; nothing is written then, unless the failure
    /// was that of the commit itself.
    fn write(&self, statements: Vec<SqlStatement>) -> Result<WriteOutcome, ExecutorError>;

    /// Whether the calling thread is inside a transaction of the host, which the executor then joins
    /// and never commits.
    ///
    /// # Errors
    /// [`ExecutorError`].
    fn in_transaction(&self) -> Result<bool, ExecutorError>;
}

/// What opening a store does about its tables.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum MigrateMode {
    /// Makes them, and brings them up to date.
    Auto,
    /// Refuses tables that are not up to date; changes nothing.
    Verify,
    /// Neither looks at them nor changes them.
    Off,
}

/// How the tables of the CRM stand in the host's database.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct SqlSettings {
    /// What table names begin with; absent: `crm_`.
    #[uniffi(default = None)]
    pub prefix: Option<String>,
    /// What is done about the tables; absent: they are made and brought up to date.
    #[uniffi(default = None)]
    pub migrate: Option<MigrateMode>,
}

impl SqlSettings {
    pub(crate) fn options(&self, kinds: &'static [&'static crm_core::store::Kind]) -> Result<SqlOptions, StoreError> {
        let mut options = SqlOptions::new(kinds);
        if let Some(prefix) = &self.prefix {
            options.prefix = TablePrefix::new(prefix)?;
        }
        options.migrate = match self.migrate {
            None | Some(MigrateMode::Auto) => Migrate::Auto,
            Some(MigrateMode::Verify) => Migrate::Verify,
            Some(MigrateMode::Off) => Migrate::Off,
        };
        Ok(options)
    }
}

/// A host's executor, as the core knows executors.
pub(crate) struct Bridge {
    host: Arc<dyn HostExecutor>,
    dialect: Dialect,
}

impl Bridge {
    pub(crate) fn new(host: Arc<dyn HostExecutor>) -> Result<Self, StoreError> {
        let dialect = match host.dialect()? {
            SqlDialect::Sqlite => Dialect::Sqlite,
            SqlDialect::Postgres => Dialect::Postgres,
            SqlDialect::Mysql => Dialect::Mysql,
            SqlDialect::Mariadb => Dialect::Mariadb,
            SqlDialect::Kingbase => Dialect::Kingbase,
            SqlDialect::Dm => Dialect::Dm,
        };
        Ok(Bridge { host, dialect })
    }
}

impl Executor for Bridge {
    fn dialect(&self) -> Dialect {
        self.dialect
    }

    fn read(&self, statements: &[Statement]) -> Result<Vec<Vec<Vec<Value>>>, StoreError> {
        let answers = self.host.read(statements.iter().map(outward).collect())?;
        if answers.len() != statements.len() {
            let (asked, given) = (statements.len(), answers.len());
            return Err(StoreError::Failed(format!("the host's executor answers {given} of {asked} queries")));
        }
        let inward = |(answer, statement): (SqlAnswer, &Statement)| {
            answer.rows.into_iter().map(|row| row_inward(row, &statement.columns)).collect()
        };
        answers.into_iter().zip(statements).map(inward).collect()
    }

    fn write(&self, statements: &[Statement]) -> Result<Outcome, StoreError> {
        match self.host.write(statements.iter().map(outward).collect())? {
            WriteOutcome::Done => Ok(Outcome::Done),
            WriteOutcome::Unexpected { statement } => match usize::try_from(statement) {
                Ok(statement) if statement < statements.len() => Ok(Outcome::Unexpected { statement }),
                _ => Err(StoreError::Failed(format!("the host's executor names statement {statement}"))),
            },
        }
    }

    fn joined(&self) -> bool {
        // Where it can't be told nothing is kept and nothing retried, as inside a transaction.
        self.host.in_transaction().unwrap_or(true)
    }
}

fn outward(statement: &Statement) -> SqlStatement {
    SqlStatement {
        sql: statement.sql.to_string(),
        parameters: statement.parameters.iter().cloned().map(value_outward).collect(),
        columns: statement.columns.iter().map(|column| column_outward(*column)).collect(),
        expected: match statement.expected {
            Expected::Any => None,
            Expected::Rows(rows) => Some(rows),
        },
    }
}

fn column_outward(column: ColumnType) -> SqlColumn {
    match column {
        ColumnType::Integer => SqlColumn::Integer,
        ColumnType::Text => SqlColumn::Text,
        ColumnType::Bytes => SqlColumn::Bytes,
    }
}

fn value_outward(value: Value) -> SqlValue {
    match value {
        Value::Integer(number) => SqlValue::Integer { number },
        Value::Text(text) => SqlValue::Text { text },
        Value::Bytes(bytes) => SqlValue::Bytes { bytes },
    }
}

/// A row of the answer, which must be of the columns asked for.
fn row_inward(row: SqlRow, columns: &[ColumnType]) -> Result<Vec<Value>, StoreError> {
    if row.values.len() != columns.len() {
        let (asked, given) = (columns.len(), row.values.len());
        return Err(StoreError::Failed(format!("the host's executor answers {given} columns of {asked}")));
    }
    let value = |(value, column): (SqlValue, &ColumnType)| match (value, column) {
        (SqlValue::Integer { number }, ColumnType::Integer) => Ok(Value::Integer(number)),
        (SqlValue::Text { text }, ColumnType::Text) => Ok(Value::Text(text)),
        (SqlValue::Bytes { bytes }, ColumnType::Bytes) => Ok(Value::Bytes(bytes)),
        (_, column) => Err(StoreError::Failed(format!("the host's executor answers something else than {column:?}"))),
    };
    row.values.into_iter().zip(columns).map(value).collect()
}
