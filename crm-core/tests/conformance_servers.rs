//! The stores on PostgreSQL and MariaDB (or MySQL) pass the conformance suite, each check in tables
//! of its own. The servers are named by `CRM_POSTGRES_URL` and `CRM_MYSQL_URL`; `tests/servers`
//! starts some. Without them nothing is certified: the tests say so, and fail where
//! `CRM_REQUIRE_SERVERS` is 1.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot open its store has failed")]

use crm_core::store::Store;
use crm_core::store::conformance::{self, Make};
use crm_core::store::sql::server::{Server, ServerExecutor, ServerOptions, sqlx};
use crm_core::store::sql::{SqlOptions, SqlStore, TablePrefix};
use std::sync::atomic::{AtomicI64, Ordering};

/// A prefix that no test before had: of the moment, and counted.
fn prefix() -> TablePrefix {
    static NEXT: AtomicI64 = AtomicI64::new(0);
    let millis = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_millis();
    let count = NEXT.fetch_add(1, Ordering::Relaxed);
    TablePrefix::new(format!("t{:x}{count:03x}_", millis & 0xff_ffff_ffff)).unwrap()
}

fn url(variable: &str) -> Option<String> {
    match std::env::var(variable) {
        Ok(url) if !url.is_empty() => Some(url),
        _ if std::env::var("CRM_REQUIRE_SERVERS").is_ok_and(|set| set == "1") => {
            panic!("{variable} is not set: start servers with tests/servers")
        }
        _ => {
            eprintln!("NOT CERTIFIED: {variable} is not set");
            None
        }
    }
}

fn open<S: Server>(url: &str, prefix: TablePrefix) -> SqlStore<ServerExecutor<S>> {
    let server = ServerOptions { connections: 10, ..ServerOptions::default() };
    SqlStore::connect(url, server, SqlOptions { prefix, ..SqlOptions::new(conformance::KINDS) }).unwrap()
}

fn certify<S: Server>(variable: &str) {
    let Some(url) = url(variable) else { return };
    let make: &Make<'_> = &|| Box::new(open::<S>(&url, prefix())) as Box<dyn Store + Send + Sync>;
    conformance::certify(make).assert_certified();
    let again = prefix();
    conformance::certify_reopen(&|| Box::new(open::<S>(&url, again.clone()))).assert_certified();
}

#[test]
fn postgres() {
    certify::<sqlx::Postgres>("CRM_POSTGRES_URL");
}

#[test]
fn mysql() {
    certify::<sqlx::MySql>("CRM_MYSQL_URL");
}
