//! The memory store keeps the contract of the port.

use crm_core::store::{MemoryStore, conformance};

crm_core::store_conformance!(memory, MemoryStore::new);

#[test]
fn certify_runs_the_same_checks() {
    let report = conformance::certify(&|| Box::new(MemoryStore::new()));
    report.assert_certified();
    assert!(report.passed.iter().map(String::as_str).eq(conformance::checks()));
}

#[test]
fn clones_share_their_data() {
    let store = MemoryStore::new();
    conformance::certify_reopen(&|| Box::new(store.clone())).assert_certified();
}

#[test]
fn a_store_that_forgets_is_not_certified() {
    let report = conformance::certify_reopen(&|| Box::new(MemoryStore::new()));
    assert!(report.failed("what_is_committed_outlives_the_store"));
}
