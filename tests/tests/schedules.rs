//! Commands that meet at one instant, in random orders of what they read and commit, on the memory store (P4, P6).

use crm_core::store::{Answer, ChangeSet, CommitError, Kind, MemoryStore, Read, Store, StoreError};
use crm_core::{Actor, Crm, CustomerId, CustomerStatus, NewCustomer, NewFollowUp, OrgId, RecycleRule, TestEnvironment};
use crm_tests::{ORG, found};
use shuttle::thread;
use std::sync::Arc;

/// A store before whose every call another thread may have its turn.
struct Interleaved(MemoryStore);

impl Store for Interleaved {
    fn read(&self, org: &OrgId, reads: &[Read]) -> Result<Vec<Answer>, StoreError> {
        thread::yield_now();
        self.0.read(org, reads)
    }

    fn commit(&self, changes: &ChangeSet) -> Result<(), CommitError> {
        thread::yield_now();
        self.0.commit(changes)
    }

    fn due_organisations(
        &self,
        kind: &'static Kind,
        column: &'static str,
        until: i64,
        limit: i64,
    ) -> Result<Vec<OrgId>, StoreError> {
        thread::yield_now();
        self.0.due_organisations(kind, column, until, limit)
    }
}

const DAY: i64 = 86_400_000;

/// A customer of alice's whose warning is over: the next tick takes it.
fn due(crm: &Crm, clock: &TestEnvironment) -> CustomerId {
    let people: [(&str, &[&str]); 4] = [("alice", &[]), ("bob", &[]), ("mona", &[]), ("adam", &["crm_admin"])];
    found(crm, ORG, &people, &[("manager", None, &["mona"]), ("agent", Some("manager"), &["alice", "bob"])]);
    let system = Actor::system(ORG, "tick").unwrap();
    let host = crm.as_user(&system);
    let customer =
        crm.as_user(&Actor::user(ORG, "alice").unwrap()).create_customer(NewCustomer::named("Due")).unwrap().id;
    let mut settings = host.settings().unwrap();
    settings.pool.recycling.warn_days = vec![1];
    settings.pool.recycling.rules = vec![RecycleRule { enabled: true, idle_days: Some(5), ..RecycleRule::default() }];
    host.change_settings(settings).unwrap();
    clock.advance(10 * DAY);
    while host.tick().unwrap().more {}
    while host.tick().unwrap().done > 0 {}
    assert!(crm.as_user(&Actor::user(ORG, "alice").unwrap()).customer(customer).unwrap().recycle_warning.is_some());
    clock.advance(2 * DAY);
    customer
}

#[test]
fn p4_p6_a_tick_a_follow_up_and_a_claim_at_one_instant_end_in_one_of_the_legal_ways() {
    let rounds = std::env::var("CRM_SCHEDULES").ok().and_then(|n| n.parse().ok()).unwrap_or(1_000);
    let ends = Arc::new(std::sync::Mutex::new(std::collections::BTreeMap::<&str, usize>::new()));
    let seen = ends.clone();
    shuttle::check_random(
        move || {
            let clock = Arc::new(TestEnvironment::at("2026-11-23T01:00:00Z").unwrap());
            let crm = Arc::new(Crm::new(Interleaved(MemoryStore::new()), clock.clone()));
            let customer = due(&crm, &clock);
            let (first, second) = (crm.clone(), crm.clone());
            let tick = thread::spawn(move || {
                let host = first.as_user(&Actor::system(ORG, "tick").unwrap());
                let mut failed = 0;
                for _ in 0..2 {
                    failed += host.tick().unwrap().failed;
                }
                failed
            });
            let claim = thread::spawn(move || {
                let bob = second.as_user(&Actor::user(ORG, "bob").unwrap());
                bob.claim_customers(vec![customer], None).unwrap().items.remove(0).error
            });
            let alice = crm.as_user(&Actor::user(ORG, "alice").unwrap());
            let written = alice.follow_up(customer, NewFollowUp::text("In time"));
            let claimed = claim.join().unwrap();
            assert_eq!(tick.join().unwrap(), 0, "nothing is put off");
            let now = crm.as_user(&Actor::user(ORG, "adam").unwrap()).customer(customer).unwrap();
            let (owner, at) = (now.owner.to_string(), crm.now().unwrap());
            let end = match (now.status, owner.as_str()) {
                (CustomerStatus::Active, "alice") => {
                    // Who followed up in time keeps it, and nobody could claim what was in no pool.
                    written.unwrap();
                    assert_eq!(now.idle_since, at);
                    assert!(now.recycle_warning.is_none() && now.pool_stay.is_none() && claimed.is_some());
                    "kept"
                }
                (CustomerStatus::Pooled, "alice") => {
                    assert!(written.is_err() && claimed.is_some(), "{written:?} {claimed:?}");
                    assert!(now.pool_stay.is_some_and(|stay| stay.rule.is_some()));
                    "taken"
                }
                (CustomerStatus::Active, "bob") => {
                    assert!(written.is_err() && claimed.is_none(), "{written:?} {claimed:?}");
                    assert!(now.recycle_warning.is_none() && now.received_at == at);
                    "claimed"
                }
                other => panic!("{other:?}"),
            };
            *seen.lock().unwrap().entry(end).or_default() += 1;
        },
        rounds,
    );
    // Each of them came up: the schedules differ.
    assert_eq!(ends.lock().unwrap().len(), 3, "{:?}", ends.lock().unwrap());
}
