//! A database by its address, for programs that take one from a command line or a configuration.

use super::server::ServerOptions;
use super::sqlite::SqliteOptions;
use super::{MysqlStore, PostgresStore, SqlOptions, SqliteStore};
use crate::store::{Store, StoreError};
use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

/// Where a store is: `sqlite:PATH`, `postgres://...` or `mysql://...` (`mariadb://...` as well).
///
/// ```
/// use crm_core::store::sql::Database;
///
/// let database: Database = "postgres://crm:secret@db.example/oa?sslmode=require".parse()?;
/// assert_eq!(database.to_string(), "postgres://db.example/oa");
/// assert!("oracle://db.example/oa".parse::<Database>().is_err());
/// # Ok::<(), crm_core::store::StoreError>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub enum Database {
    /// A SQLite file, made when absent.
    Sqlite(PathBuf),
    /// PostgreSQL, by its URL.
    Postgres(String),
    /// MySQL or MariaDB, by its URL.
    Mysql(String),
}

impl Database {
    /// The forms that are understood, for help texts.
    pub const FORMS: &str = "sqlite:PATH | postgres://... | mysql://...";

    /// Opens a store there.
    ///
    /// # Errors
    /// Those of [`SqliteStore::open_file`] and of `SqlStore::connect`.
    pub fn open(&self, options: SqlOptions) -> Result<Arc<dyn Store + Send + Sync>, StoreError> {
        Ok(match self {
            Database::Sqlite(path) => Arc::new(SqliteStore::open_file(path, SqliteOptions::default(), options)?),
            Database::Postgres(url) => Arc::new(PostgresStore::connect(url, ServerOptions::default(), options)?),
            Database::Mysql(url) => Arc::new(MysqlStore::connect(url, ServerOptions::default(), options)?),
        })
    }
}

impl FromStr for Database {
    type Err = StoreError;

    fn from_str(text: &str) -> Result<Self, StoreError> {
        match text.split_once(':') {
            Some(("postgres" | "postgresql", _)) => Ok(Database::Postgres(text.to_owned())),
            Some(("mysql", _)) => Ok(Database::Mysql(text.to_owned())),
            Some(("mariadb", rest)) => Ok(Database::Mysql(format!("mysql:{rest}"))),
            Some(("sqlite", path)) if !path.is_empty() => Ok(Database::Sqlite(path.into())),
            // Not the text itself: it may hold a password.
            _ => Err(StoreError::CannotOpen(format!("its address is none of {}", Database::FORMS))),
        }
    }
}

impl fmt::Display for Database {
    /// Without the account and the options: passwords are nobody's business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Database::Sqlite(path) => write!(f, "{}", path.display()),
            Database::Postgres(url) | Database::Mysql(url) => {
                let (scheme, rest) = url.split_once("://").unwrap_or((url, ""));
                let place = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
                write!(f, "{scheme}://{}", place.split('?').next().unwrap_or(place))
            }
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Database({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_named_by_its_scheme_and_shown_without_its_password() {
        let shown = |text: &str| text.parse::<Database>().map(|database| format!("{database:?}"));
        assert_eq!(shown("sqlite:a.db").unwrap(), "Database(a.db)");
        assert_eq!(
            shown("postgres://me:secret@db:5433/oa?password=secret").unwrap(),
            "Database(postgres://db:5433/oa)"
        );
        assert_eq!(shown("mariadb://me:se@cret@db/oa").unwrap(), "Database(mysql://db/oa)");
        for wrong in ["", "sqlite:", "a.db", "oracle://me:secret@db/oa"] {
            assert!(!shown(wrong).unwrap_err().to_string().contains("secret"));
        }
    }
}
