//! The stores on PostgreSQL and MariaDB (or MySQL) pass the conformance suite, each check in tables of its own.

use crm_core::store::Store;
use crm_core::store::conformance::{self, Make};
use crm_core::store::sql::server::sqlx::{MySql, Postgres};
use crm_tests::servers::{Tested, open, prefix, url};

fn certify<S: Tested>() {
    let Some(url) = url::<S>() else { return };
    let make: &Make<'_> = &|| Box::new(open::<S>(&url, prefix(), conformance::KINDS)) as Box<dyn Store + Send + Sync>;
    conformance::certify(make).assert_certified();
    let again = prefix();
    conformance::certify_reopen(&|| Box::new(open::<S>(&url, again.clone(), conformance::KINDS))).assert_certified();
}

#[test]
fn postgres() {
    certify::<Postgres>();
}

#[test]
fn mariadb() {
    certify::<MySql>();
}
