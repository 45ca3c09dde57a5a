//! Statements on a connection.

use crate::store::sql::{Dialect, Expected, Outcome, Statement};
use crate::store::{ColumnType, StoreError, Value};
use sqlx::mysql::{MySqlConnectOptions, MySqlConnection, MySqlRow};
use sqlx::postgres::{PgConnectOptions, PgConnection, PgRow};
use sqlx::{AssertSqlSafe, Connection, Error, MySql, Postgres, Row as _};
use std::future::Future;

/// What differs between the servers on the wire. Implemented by sqlx's `Postgres` and `MySql`.
pub trait Server: sqlx::Database + Wire {}
impl Server for Postgres {}
impl Server for MySql {}

pub(super) mod private {
    use super::*;

    pub trait Wire: sqlx::Database {
        /// Begins a transaction that writes: what is there when a statement runs counts, so that
        /// a decision made of older rows fails by its row count and not by an error.
        const BEGIN: &'static str;
        /// Begins a transaction that reads one state.
        const BEGIN_READ: &'static str;
        /// What else a unit that failed may have left on the connection.
        const CLEAN: Option<&'static str>;
        /// Asks what [`Wire::recognised`] looks at: only texts.
        const PROBE: &'static str;
        const PROBED: usize;

        /// How to connect, and how many prepared statements a connection keeps where the URL does not say it.
        fn understood(url: &str, statements: usize) -> Result<<Self::Connection as Connection>::Options, Error>;
        /// What a new connection is told; the limit of a statement is in milliseconds.
        fn session(limit: u64) -> String;
        /// What the server is, out of what the probe answered, or why it can't be used.
        fn recognised(probed: &[&str]) -> Result<Dialect, StoreError>;
        fn rows(
            connection: &mut Self::Connection,
            statement: &Statement,
        ) -> impl Future<Output = Result<Vec<Vec<Value>>, Error>> + Send;
        fn affected(
            connection: &mut Self::Connection,
            statement: &Statement,
        ) -> impl Future<Output = Result<i64, Error>> + Send;
        /// Runs texts of our own without parameters, several in one round trip.
        fn control(
            connection: &mut Self::Connection,
            sql: impl sqlx::SqlSafeStr + Send,
        ) -> impl Future<Output = Result<(), Error>> + Send;
    }
}
use private::Wire;

/// The number of rows that a statement returns or affects.
async fn affect<S: Wire>(connection: &mut S::Connection, statement: &Statement) -> Result<i64, Error> {
    if statement.columns.is_empty() {
        return S::affected(connection, statement).await;
    }
    Ok(i64::try_from(S::rows(connection, statement).await?.len()).unwrap_or(i64::MAX))
}

/// Runs writes until one does not meet its expectation.
pub(super) async fn write<S: Wire>(connection: &mut S::Connection, statements: &[Statement]) -> Result<Outcome, Error> {
    for (place, statement) in statements.iter().enumerate() {
        let rows = affect::<S>(connection, statement).await?;
        if let Expected::Rows(expected) = statement.expected
            && rows != expected
        {
            return Ok(Outcome::Unexpected { statement: place });
        }
    }
    Ok(Outcome::Done)
}

/// A statement with its parameters. The text is rendered by the library out of descriptions and
/// checked prefixes; all that is input travels as a parameter.
macro_rules! query {
    ($database:ty, $statement:expr) => {{
        let statement: &Statement = $statement;
        let mut query = sqlx::query::<$database>(AssertSqlSafe(statement.sql.clone()));
        for parameter in &statement.parameters {
            query = match parameter {
                Value::Integer(i) => query.bind(*i),
                Value::Text(t) => query.bind(t.as_str()),
                Value::Bytes(b) => query.bind(b.as_slice()),
            };
        }
        query
    }};
}

/// The rows that a statement affects. One without parameters goes as a text: prepared, it would be given up right after,
/// and the server leaves the two packets of that unanswered for up to 40 ms (Nagle and delayed acknowledgement).
macro_rules! affected {
    ($database:ty, $connection:expr, $statement:expr) => {{
        let done = match $statement.parameters.is_empty() {
            true => sqlx::raw_sql(AssertSqlSafe($statement.sql.clone())).execute($connection).await?,
            false => query!($database, $statement).execute($connection).await?,
        };
        Ok(count(done.rows_affected()))
    }};
}

/// The values of a row, as the types that they should have.
macro_rules! values {
    ($name:ident, $row:ty) => {
        fn $name(row: &$row, types: &[ColumnType]) -> Result<Vec<Value>, Error> {
            let value = |(place, ty): (usize, &ColumnType)| match ty {
                ColumnType::Integer => row.try_get_unchecked::<i64, _>(place).map(Value::Integer),
                ColumnType::Bytes => row.try_get_unchecked::<Vec<u8>, _>(place).map(Value::Bytes),
                ColumnType::Text => {
                    let bytes = row.try_get_unchecked::<Vec<u8>, _>(place)?;
                    String::from_utf8(bytes).map(Value::Text).map_err(|error| Error::Decode(error.into()))
                }
            };
            types.iter().enumerate().map(value).collect()
        }
    };
}
values!(postgres_values, PgRow);
values!(mysql_values, MySqlRow);

/// The name in a URL of how many prepared statements a connection keeps.
const CAPACITY: &str = "statement-cache-capacity=";

/// What a decision may be made of.
const PRIMARY: &str = "a replica, or set to read only: name the primary";

fn count(rows: u64) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

impl Wire for Postgres {
    const BEGIN: &'static str = "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE";
    const BEGIN_READ: &'static str = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
    const CLEAN: Option<&'static str> = None;
    const PROBE: &'static str = "SELECT current_setting('server_version_num'), current_setting('server_encoding'), \
         CASE WHEN pg_is_in_recovery() THEN 'on' ELSE current_setting('default_transaction_read_only') END";
    const PROBED: usize = 3;

    fn understood(url: &str, statements: usize) -> Result<PgConnectOptions, Error> {
        let options: PgConnectOptions = url.parse()?;
        Ok(if url.contains(CAPACITY) { options } else { options.statement_cache_capacity(statements) })
    }

    fn session(limit: u64) -> String {
        format!(
            "SET statement_timeout = {limit}; SET idle_in_transaction_session_timeout = {}",
            limit.saturating_mul(2)
        )
    }

    fn recognised(probed: &[&str]) -> Result<Dialect, StoreError> {
        let [version, encoding, read_only] = probed else {
            return Err(StoreError::Engine("it does not say what it is".into()));
        };
        if version.parse::<i64>().unwrap_or(0) < 130_000 {
            return Err(StoreError::Engine(format!("PostgreSQL {version}: 13 is the least")));
        }
        if *encoding != "UTF8" {
            return Err(StoreError::Engine(format!(
                "the database is in {encoding}, not in UTF8: CREATE DATABASE name ENCODING 'UTF8' TEMPLATE template0"
            )));
        }
        if *read_only == "on" {
            return Err(StoreError::ReadOnly(PRIMARY.into()));
        }
        Ok(Dialect::Postgres)
    }

    async fn rows(connection: &mut PgConnection, statement: &Statement) -> Result<Vec<Vec<Value>>, Error> {
        let rows = query!(Postgres, statement).fetch_all(connection).await?;
        rows.iter().map(|row| postgres_values(row, &statement.columns)).collect()
    }

    async fn affected(connection: &mut PgConnection, statement: &Statement) -> Result<i64, Error> {
        affected!(Postgres, connection, statement)
    }

    async fn control(connection: &mut PgConnection, sql: impl sqlx::SqlSafeStr + Send) -> Result<(), Error> {
        let sql = sql.into_sql_str();
        sqlx::raw_sql(sql).execute(connection).await.map(drop)
    }
}

impl Wire for MySql {
    const BEGIN: &'static str = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED; START TRANSACTION READ WRITE";
    const BEGIN_READ: &'static str = "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ; \
         START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY";
    // A migration that failed holds its lock until the connection ends.
    const CLEAN: Option<&'static str> = Some("DO RELEASE_ALL_LOCKS()");
    const PROBE: &'static str = "SELECT CONCAT(VERSION(), ''), COALESCE(DATABASE(), ''), CONCAT(@@character_set_connection, ''), \
         CONCAT(@@read_only, '')";
    const PROBED: usize = 4;

    fn understood(url: &str, statements: usize) -> Result<MySqlConnectOptions, Error> {
        let options: MySqlConnectOptions = url.parse()?;
        Ok(if url.contains(CAPACITY) { options } else { options.statement_cache_capacity(statements) })
    }

    fn session(limit: u64) -> String {
        let seconds = limit.div_ceil(1_000).max(1);
        // MariaDB and MySQL each have their own limit of a statement, and skip the other's.
        format!(
            "SET SESSION sql_mode = 'STRICT_ALL_TABLES,NO_ENGINE_SUBSTITUTION', innodb_lock_wait_timeout = {seconds} \
             /*M! , max_statement_time = {seconds} */ /*!80000 , max_execution_time = {limit} */"
        )
    }

    fn recognised(probed: &[&str]) -> Result<Dialect, StoreError> {
        let [version, database, charset, read_only] = probed else {
            return Err(StoreError::Engine("it does not say what it is".into()));
        };
        // Some say "5.5.5-" before, for clients that are older than MariaDB.
        let plain = version.strip_prefix("5.5.5-").unwrap_or(version);
        let mut numbers = plain.split(|c: char| !c.is_ascii_digit()).map(|part| part.parse::<u32>().unwrap_or(0));
        let found = [numbers.next(), numbers.next(), numbers.next()].map(Option::unwrap_or_default);
        let (dialect, least) = match version.contains("MariaDB") {
            true => (Dialect::Mariadb, [10, 6, 0]),
            // The first with lateral joins and with a binary collation that does not pad.
            false => (Dialect::Mysql, [8, 0, 17]),
        };
        if found < least {
            let [major, minor, patch] = least;
            return Err(StoreError::Engine(format!("{dialect:?} {version}: {major}.{minor}.{patch} is the least")));
        }
        if database.is_empty() {
            return Err(StoreError::CannotOpen("the URL names no database".into()));
        }
        if *charset != "utf8mb4" {
            return Err(StoreError::Engine(format!("the connection speaks {charset}: SET NAMES utf8mb4")));
        }
        if !matches!(read_only.to_ascii_uppercase().as_str(), "0" | "OFF") {
            return Err(StoreError::ReadOnly(PRIMARY.into()));
        }
        Ok(dialect)
    }

    async fn rows(connection: &mut MySqlConnection, statement: &Statement) -> Result<Vec<Vec<Value>>, Error> {
        let rows = query!(MySql, statement).fetch_all(connection).await?;
        rows.iter().map(|row| mysql_values(row, &statement.columns)).collect()
    }

    async fn affected(connection: &mut MySqlConnection, statement: &Statement) -> Result<i64, Error> {
        affected!(MySql, connection, statement)
    }

    async fn control(connection: &mut MySqlConnection, sql: impl sqlx::SqlSafeStr + Send) -> Result<(), Error> {
        let sql = sql.into_sql_str();
        sqlx::raw_sql(sql).execute(connection).await.map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_that_are_too_old_foreign_or_read_only_are_refused() {
        let postgres = <Postgres as Wire>::recognised;
        assert_eq!(postgres(&["150004", "UTF8", "off"]).unwrap(), Dialect::Postgres);
        assert!(matches!(postgres(&["120010", "UTF8", "off"]), Err(StoreError::Engine(text)) if text.contains("13")));
        assert!(
            matches!(postgres(&["150004", "LATIN1", "off"]), Err(StoreError::Engine(text)) if text.contains("CREATE DATABASE"))
        );
        assert!(matches!(postgres(&["150004", "UTF8", "on"]), Err(StoreError::ReadOnly(_))));
        assert!(matches!(postgres(&[]), Err(StoreError::Engine(_))));
        let mysql = <MySql as Wire>::recognised;
        assert_eq!(mysql(&["8.0.36", "oa", "utf8mb4", "0"]).unwrap(), Dialect::Mysql);
        assert_eq!(mysql(&["5.5.5-10.11.6-MariaDB-0+deb12u1", "oa", "utf8mb4", "OFF"]).unwrap(), Dialect::Mariadb);
        for old in ["5.7.44", "8.0.16", "10.5.23-MariaDB", "5.5.5-10.3.1-MariaDB", "what"] {
            assert!(matches!(mysql(&[old, "oa", "utf8mb4", "0"]), Err(StoreError::Engine(_))), "{old}");
        }
        assert!(matches!(mysql(&["8.4.0", "", "utf8mb4", "0"]), Err(StoreError::CannotOpen(_))));
        assert!(
            matches!(mysql(&["8.4.0", "oa", "latin1", "0"]), Err(StoreError::Engine(text)) if text.contains("SET NAMES"))
        );
        for read_only in ["1", "ON"] {
            assert!(matches!(mysql(&["8.4.0", "oa", "utf8mb4", read_only]), Err(StoreError::ReadOnly(_))));
        }
    }
}
