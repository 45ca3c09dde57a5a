//! The host's own transaction (H1): what the CRM does inside it stands or falls with it.

use crm_core::store::sql::SqlStore;
use crm_core::store::sql::sqlite::rusqlite::Connection;
use crm_core::store::sql::sqlite::{LentSqlite, SqliteStore};
use crm_core::{
    Actor, Crm, CustomerEdit, CustomerId, NewContact, NewCustomer, PersonInput, Session, SyncMode, TestEnvironment,
};
use crm_tests::{ORG, START, dump, found, open_sqlite, position, refused};
use std::sync::Arc;

/// A host with a table of its own in the CRM's file.
struct Host {
    crm: Crm,
    store: Arc<SqliteStore>,
    connection: Connection,
    clock: Arc<TestEnvironment>,
    _directory: tempfile::TempDir,
}

fn host() -> Host {
    let directory = tempfile::tempdir().unwrap();
    let store = Arc::new(open_sqlite(directory.path()));
    let clock = Arc::new(TestEnvironment::at(START).unwrap());
    let crm = Crm::new(store.clone(), clock.clone());
    found(
        &crm,
        ORG,
        &[("alice", &[]), ("mona", &[])],
        &[("manager", None, &["mona"]), ("agent", Some("manager"), &["alice"])],
    );
    let connection = Connection::open(directory.path().join("crm.db")).unwrap();
    connection.busy_timeout(std::time::Duration::from_secs(5)).unwrap();
    connection.execute_batch("CREATE TABLE orders (customer TEXT NOT NULL)").unwrap();
    Host { crm, store, connection, clock, _directory: directory }
}

impl Host {
    /// Runs `act` with both sides in one transaction, which then ends as told.
    fn transaction<T>(&self, end: &str, act: impl FnOnce(&SqlStore<LentSqlite<'_>>, &Connection) -> T) -> T {
        self.connection.execute_batch("BEGIN IMMEDIATE").unwrap();
        let lent = self.store.lend(LentSqlite::new(&self.connection).unwrap()).unwrap();
        let result = act(&lent, &self.connection);
        drop(lent);
        self.connection.execute_batch(end).unwrap();
        result
    }

    fn orders(&self) -> i64 {
        self.connection.query_row("SELECT count(*) FROM orders", [], |row| row.get(0)).unwrap()
    }

    fn alice(&self) -> Session<'_> {
        self.crm.as_user(&alice())
    }
}

fn alice() -> Actor {
    Actor::user(ORG, "alice").unwrap()
}

fn order(connection: &Connection, customer: CustomerId) {
    connection.execute("INSERT INTO orders VALUES (?1)", [customer.to_string()]).unwrap();
}

#[test]
fn h1_the_hosts_row_and_the_customer_commit_together() {
    let host = host();
    let made = host.transaction("COMMIT", |lent, connection| {
        let session = host.crm.join(lent).as_user(&alice());
        let made = session
            .create_customer(NewCustomer {
                contacts: vec![NewContact { name: "C".to_owned(), ..Default::default() }],
                ..NewCustomer::named("Both")
            })
            .unwrap();
        order(connection, made.id);
        // Inside, it is seen; outside, not yet.
        assert_eq!(session.customer(made.id).unwrap(), made);
        refused(host.alice().customer(made.id), "not_found");
        made
    });
    assert_eq!((host.alice().customer(made.id).unwrap(), host.orders()), (made, 1));
}

#[test]
fn h1_the_hosts_row_and_the_customer_roll_back_together() {
    let host = host();
    let before = dump(&*host.store, ORG);
    let made = host.transaction("ROLLBACK", |lent, connection| {
        let session = host.crm.join(lent).as_user(&alice()).idempotent("order-1");
        let made = session.create_customer(NewCustomer::named("Neither")).unwrap();
        order(connection, made.id);
        made.id
    });
    refused(host.alice().customer(made), "not_found");
    assert_eq!((dump(&*host.store, ORG), host.orders()), (before, 0));
    // The key is free again, for the next try.
    let again = host.alice().idempotent("order-1").create_customer(NewCustomer::named("Neither")).unwrap();
    assert_ne!(again.id, made);
}

#[test]
fn h1_a_refused_or_conflicting_call_leaves_the_transaction_usable() {
    let host = host();
    let old = host.alice().create_customer(NewCustomer::named("Old")).unwrap();
    let made = host.transaction("COMMIT", |lent, connection| {
        let session = host.crm.join(lent).as_user(&alice());
        order(connection, old.id);
        refused(session.create_customer(NewCustomer::named("old")), "same_name");
        refused(session.create_customer(NewCustomer::named(" ")), "invalid");
        refused(session.edit_customer(old.id, CustomerEdit { version: 9, ..CustomerEdit::default() }), "conflict");
        refused(session.customer("0193a000-0000-7000-8000-00000000dead".parse().unwrap()), "not_found");
        // A store that is told something wrong undoes all of it, and only that.
        let malformed = crm_core::store::ChangeSet {
            writes: vec![
                crm_core::store::Write::Delete { kind: crm_core::KINDS[7], id: "alice".to_owned(), version: 1 },
                crm_core::store::Write::Delete { kind: crm_core::KINDS[7], id: "nobody".to_owned(), version: 1 },
            ],
            ..crm_core::store::ChangeSet::new(
                ORG.parse::<String>().map(|org| crm_core::OrgId::new(org).unwrap()).unwrap(),
            )
        };
        crm_core::store::Store::commit(lent, &malformed).unwrap_err();
        session.create_customer(NewCustomer::named("New")).unwrap()
    });
    assert_eq!(host.alice().customer(made.id).unwrap(), made);
    assert_eq!(host.orders(), 1);
    assert_eq!(host.alice().customer(old.id).unwrap(), old);
}

#[test]
fn h1_a_batch_inside_a_transaction_rolls_back_whole() {
    let host = host();
    let ids: Vec<CustomerId> =
        (0..3).map(|n| host.alice().create_customer(NewCustomer::named(format!("{n}"))).unwrap().id).collect();
    let before = dump(&*host.store, ORG);
    let act = |end: &str| {
        host.transaction(end, |lent, _| {
            let plans = ids
                .iter()
                .map(|customer| crm_core::NextFollowUp {
                    customer: *customer,
                    at: Some(host.crm.now().unwrap().plus_days(1)),
                })
                .collect();
            host.crm.join(lent).as_user(&alice()).plan_follow_ups(plans).unwrap().done
        })
    };
    assert_eq!(act("ROLLBACK"), 3);
    assert_eq!(dump(&*host.store, ORG), before);
    assert_eq!(act("COMMIT"), 3);
    assert!(host.alice().customer(ids[2]).unwrap().next_follow_up_at.is_some());
}

#[test]
fn h1_what_was_read_inside_is_not_kept_after_a_rollback() {
    let host = host();
    host.alice().menu().unwrap();
    let system = Actor::system(ORG, "sync").unwrap();
    let hers =
        host.crm.as_user(&Actor::user(ORG, "mona").unwrap()).create_customer(NewCustomer::named("Mona's")).unwrap().id;
    for end in ["ROLLBACK", "COMMIT"] {
        host.transaction(end, |lent, _| {
            let joined = host.crm.join(lent);
            joined
                .as_user(&system)
                .sync_people(vec![PersonInput::new("nora", "Nora").unwrap()], SyncMode::Delta)
                .unwrap();
            let swap =
                vec![position("manager", None, &["alice"]), position("agent", Some("manager"), &["mona", "nora"])];
            joined.as_user(&system).sync_positions(swap, SyncMode::Delta, false).unwrap();
            // Inside, the new positions hold at once: alice is above mona now, nora may act.
            joined.as_user(&Actor::user(ORG, "nora").unwrap()).menu().unwrap();
            let below =
                NewCustomer { owner: Some(crm_tests::user("mona")), ..NewCustomer::named(format!("Below {end}")) };
            joined.as_user(&alice()).create_customer(below).unwrap();
            // Outside, the old ones.
            refused(host.crm.as_user(&Actor::user(ORG, "nora").unwrap()).menu(), "actor_unknown");
            refused(host.alice().customer(hers), "not_found");
        });
        let outside = host.crm.as_user(&Actor::user(ORG, "nora").unwrap()).menu();
        if end == "ROLLBACK" {
            refused(outside, "actor_unknown");
            let below = NewCustomer { owner: Some(crm_tests::user("mona")), ..NewCustomer::named("Below, outside") };
            refused(host.alice().create_customer(below), "owner_outside_subtree");
        } else {
            outside.unwrap();
        }
    }
    // A rolled back version may come again with other contents: nobody mistakes it.
    for (name, end) in [("first", "ROLLBACK"), ("second", "COMMIT")] {
        host.transaction(end, |lent, _| {
            host.crm
                .join(lent)
                .as_user(&system)
                .sync_people(vec![PersonInput::new("otto", name).unwrap()], SyncMode::Delta)
                .unwrap();
            host.crm.join(lent).as_user(&system).people(None).unwrap();
        });
    }
    let people = host.crm.as_user(&system).people(Some("otto".to_owned())).unwrap();
    assert_eq!(people[0].name, "second");
    host.clock.advance(1);
}

#[test]
fn h1_a_connection_without_a_transaction_is_refused() {
    let host = host();
    assert!(LentSqlite::new(&host.connection).is_err());
}
