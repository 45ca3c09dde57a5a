//! What the errors of servers mean to a caller.

use crate::store::StoreError;
use sqlx::Error;
use sqlx::mysql::MySqlDatabaseError;

/// The code of an error of the database: SQLSTATE, or the number that MySQL gives it.
fn code(error: &Error) -> Option<String> {
    let database = error.as_database_error()?;
    match database.try_downcast_ref::<MySqlDatabaseError>() {
        Some(mysql) => Some(mysql.number().to_string()),
        None => database.code().map(|code| code.into_owned()),
    }
}

/// Whether the server rolled the transaction back because of others: a serialization failure, a
/// deadlock, a lock that was not given in time. The same transaction may succeed another time.
pub(super) fn is_race(error: &Error) -> bool {
    matches!(code(error).as_deref(), Some("40001" | "40P01" | "1213" | "1205"))
}

/// Whether the connection is of no use any more.
pub(super) fn is_broken(error: &Error) -> bool {
    match error {
        Error::Database(_) => {
            // The server ends, or ended us.
            matches!(code(error).as_deref(), Some("57P01" | "57P02" | "57P03" | "1053" | "1927" | "2006" | "2013"))
        }
        Error::ColumnDecode { .. } | Error::Decode(_) | Error::Encode(_) => false,
        _ => true,
    }
}

pub(super) fn store_error(error: Error) -> StoreError {
    let text = error.to_string();
    match (&error, code(&error).as_deref()) {
        (Error::PoolTimedOut, _) => StoreError::Busy("all connections are in use, or none can be had".into()),
        // Lock or statement timeout, cancelled; too many connections; deadlock.
        (_, Some("55P03" | "57014" | "53300" | "40001" | "40P01")) => StoreError::Busy(text),
        (_, Some("1205" | "1213" | "3024" | "1969" | "1040" | "1203" | "1226")) => StoreError::Busy(text),
        (_, Some("53100" | "1021" | "1114" | "3675")) => StoreError::Full(text),
        (_, Some("25006" | "1290" | "1792" | "1836")) => StoreError::ReadOnly(text),
        // Authorization, no such database, starting or ending.
        (_, Some("28000" | "28P01" | "3D000" | "57P01" | "57P02" | "57P03" | "1044" | "1045" | "1049" | "1053")) => {
            StoreError::CannotOpen(text)
        }
        (Error::Io(_) | Error::Tls(_) | Error::PoolClosed | Error::Configuration(_), _) => StoreError::CannotOpen(text),
        (Error::ColumnDecode { .. } | Error::Decode(_), _) => StoreError::Corrupt(text),
        _ => StoreError::Failed(text),
    }
}
