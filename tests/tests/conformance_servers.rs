//! The stores on PostgreSQL and MariaDB (or MySQL) pass the conformance suite, each check in tables that are empty.

use crm_core::OrgId;
use crm_core::store::conformance::{self, KINDS, Make};
use crm_core::store::sql::server::sqlx::{MySql, Postgres};
use crm_core::store::sql::{Executor as _, Expected, Statement, TablePrefix};
use crm_core::store::{Answer, ChangeSet, CommitError, Kind, Read, Store, StoreError};
use crm_tests::servers::{ServerStore, Tested, open, prefix, url};
use std::sync::{Arc, Mutex};

/// Sets of tables that no check has: to empty them is quicker than to make others.
type Free<S> = Mutex<Vec<Lent<S>>>;
type Lent<S> = (TablePrefix, Arc<ServerStore<S>>);

/// A store for one check, which gives its tables back.
struct Emptied<S: Tested> {
    lent: Lent<S>,
    free: Arc<Free<S>>,
}

impl<S: Tested> Emptied<S> {
    fn take(url: &str, free: &Arc<Free<S>>) -> Self {
        let lent = free.lock().unwrap().pop().unwrap_or_else(|| {
            let prefix = prefix();
            (prefix.clone(), Arc::new(open::<S>(url, prefix, KINDS)))
        });
        let empty = |kind: &&Kind| Statement {
            sql: format!("DELETE FROM {}{}", lent.0.as_str(), kind.name).into(),
            parameters: Vec::new(),
            columns: Arc::new([]),
            expected: Expected::Any,
        };
        lent.1.executor().write(&KINDS.iter().map(empty).collect::<Vec<_>>()).unwrap();
        Emptied { lent, free: free.clone() }
    }
}

impl<S: Tested> Drop for Emptied<S> {
    fn drop(&mut self) {
        // A check that failed may have left threads behind that still write.
        if !std::thread::panicking() {
            self.free.lock().unwrap().push(self.lent.clone());
        }
    }
}

impl<S: Tested> Store for Emptied<S> {
    fn read(&self, org: &OrgId, reads: &[Read]) -> Result<Vec<Answer>, StoreError> {
        self.lent.1.read(org, reads)
    }
    fn commit(&self, changes: &ChangeSet) -> Result<(), CommitError> {
        self.lent.1.commit(changes)
    }
    fn due_organisations(
        &self,
        kind: &'static Kind,
        column: &'static str,
        until: i64,
        limit: i64,
    ) -> Result<Vec<OrgId>, StoreError> {
        self.lent.1.due_organisations(kind, column, until, limit)
    }
}

fn certify<S: Tested>() {
    let Some(url) = url::<S>() else { return };
    let free: Arc<Free<S>> = Arc::default();
    let make: &Make<'_> = &|| Box::new(Emptied::<S>::take(&url, &free)) as Box<dyn Store + Send + Sync>;
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
