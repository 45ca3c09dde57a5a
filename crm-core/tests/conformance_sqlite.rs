//! The SQLite store passes the conformance suite, each check in a file of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot open its store has failed")]

use crm_core::OrgId;
use crm_core::store::sql::sqlite::{Durability, SqliteOptions};
use crm_core::store::sql::{SqlOptions, SqliteStore};
use crm_core::store::{Answer, ChangeSet, CommitError, Kind, Read, Store, StoreError, conformance};

/// A store in a directory that goes with it.
struct InTempDir {
    store: SqliteStore,
    _dir: tempfile::TempDir,
}

impl InTempDir {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        InTempDir { store, _dir: dir }
    }
}

fn open(dir: &std::path::Path) -> SqliteStore {
    let file = SqliteOptions { durability: Durability::Normal, ..SqliteOptions::default() };
    SqliteStore::open_file(dir.join("crm.db"), file, SqlOptions::new(conformance::KINDS)).unwrap()
}

impl Store for InTempDir {
    fn read(&self, org: &OrgId, reads: &[Read]) -> Result<Vec<Answer>, StoreError> {
        self.store.read(org, reads)
    }
    fn commit(&self, changes: &ChangeSet) -> Result<(), CommitError> {
        self.store.commit(changes)
    }
    fn due_organisations(
        &self,
        kind: &'static Kind,
        column: &'static str,
        until: i64,
        limit: i64,
    ) -> Result<Vec<OrgId>, StoreError> {
        self.store.due_organisations(kind, column, until, limit)
    }
}

crm_core::store_conformance!(sqlite, InTempDir::new);

#[test]
fn what_was_committed_is_there_after_reopening() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().to_owned();
    conformance::certify_reopen(&|| Box::new(open(&path))).assert_certified();
}
