//! Where the CRM keeps its data: a file, or a server.

use crate::demo;
use crm_core::store::sql::server::ServerOptions;
use crm_core::store::sql::{MysqlStore, PostgresStore, SqlOptions};
use crm_core::{Crm, Error};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;

/// A database, as the command line names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Database {
    /// A SQLite file, made when absent.
    Sqlite(PathBuf),
    /// PostgreSQL, by its URL.
    Postgres(String),
    /// MySQL or MariaDB, by its URL.
    Mysql(String),
}

/// The forms that are understood, in help and in refusals.
pub(crate) const FORMS: &str = "sqlite:PATH | postgres://... | mysql://...";

impl FromStr for Database {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let scheme = text.split_once(':').map(|(scheme, _)| scheme);
        match scheme {
            Some("postgres" | "postgresql") => Ok(Database::Postgres(text.to_owned())),
            Some("mysql" | "mariadb") => Ok(Database::Mysql(text.replacen("mariadb:", "mysql:", 1))),
            Some("sqlite") if text.len() > "sqlite:".len() => {
                Ok(Database::Sqlite(text.trim_start_matches("sqlite:").into()))
            }
            // Not the text itself: it may hold a password.
            _ => Err(format!("it takes {FORMS}")),
        }
    }
}

impl fmt::Display for Database {
    /// Without the account: its password is nobody's business.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Database::Sqlite(path) => write!(f, "{}", path.display()),
            Database::Postgres(url) | Database::Mysql(url) => {
                let (scheme, rest) = url.split_once("://").unwrap_or((url, ""));
                let rest = rest.rsplit_once('@').map_or(rest, |(_, place)| place);
                write!(f, "{scheme}://{}", rest.split('?').next().unwrap_or(rest))
            }
        }
    }
}

impl Database {
    /// Opens it; tables and file are made when absent.
    pub(crate) fn open(&self) -> Result<Crm, Error> {
        match self {
            Database::Sqlite(path) => Crm::sqlite(path),
            Database::Postgres(url) => Crm::postgres(url),
            Database::Mysql(url) => Crm::mysql(url),
        }
    }

    /// Tells the demo story into it, unless something is there already: a file, or the organisation.
    /// Of two hosts that begin at once on one server one tells it, while the other serves what there is.
    pub(crate) fn tell_the_demo(&self) -> Result<(), Error> {
        let told = match self {
            Database::Sqlite(path) if path.exists() => return Ok(()),
            Database::Sqlite(path) => return demo::create(path),
            Database::Postgres(url) => demo::load(Arc::new(PostgresStore::connect(url, busy(), options())?)),
            Database::Mysql(url) => demo::load(Arc::new(MysqlStore::connect(url, busy(), options())?)),
        };
        match told {
            Err(Error::Refused(refusal)) if refusal.code == "organisation_exists" => Ok(()),
            told => told,
        }
    }

    /// Where a report about an import is put.
    pub(crate) fn beside(&self) -> &Path {
        match self {
            Database::Sqlite(path) => path,
            Database::Postgres(_) | Database::Mysql(_) => Path::new("oa-host"),
        }
    }
}

fn options() -> SqlOptions {
    SqlOptions::new(crm_core::KINDS)
}

/// The story is told by many at once.
fn busy() -> ServerOptions {
    ServerOptions { connections: 32, ..ServerOptions::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_named_by_its_scheme_and_shown_without_its_password() {
        let shown = |text: &str| text.parse::<Database>().map(|database| database.to_string());
        assert_eq!(shown("sqlite:a.db").unwrap(), "a.db");
        assert_eq!(
            shown("postgres://me:secret@db.example:5433/oa?sslmode=require").unwrap(),
            "postgres://db.example:5433/oa"
        );
        assert_eq!(shown("mariadb://me:se@cret@db/oa").unwrap(), "mysql://db/oa");
        for wrong in ["", "sqlite:", "a.db", "oracle://me:secret@db/oa"] {
            assert!(!shown(wrong).unwrap_err().contains("secret"));
        }
    }
}
