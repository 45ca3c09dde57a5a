//! Two hosts whose own transactions take the same rows in crossed order: none waits for good, none loses anything.

use crm_core::store::conformance;
use crm_core::store::sql::server::sqlx::{self, Connection as _};
use crm_core::store::sql::server::sqlx::{MySql, Postgres};
use crm_core::store::{ChangeSet, CommitError, Kind, Row, Search, Store, StoreError, Value, Write};
use crm_core::{
    Actor, Crm, CustomerId, Error, FollowUps, NewCustomer, NewFollowUp, OrgId, PageRequest, SystemEnvironment,
};
use crm_tests::servers::{ServerStore, Tested, open, prefix, url};
use crm_tests::{ORG, found};
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

const ROUNDS: i64 = 30;

/// What a host is told that has to begin its transaction anew.
#[derive(Debug)]
struct Again(String);

/// The library's kinds, and one of the suite's that holds sums.
fn kinds() -> (&'static [&'static Kind], &'static Kind) {
    let total = *conformance::KINDS.iter().find(|kind| kind.name == "conf_total").unwrap();
    let all: Vec<&'static Kind> = crm_core::KINDS.iter().copied().chain([total]).collect();
    (Box::leak(all.into_boxed_slice()), total)
}

/// One more in a sum.
fn add(store: &dyn Store, total: &'static Kind, sum: &str) -> Result<(), Again> {
    let mut changes = ChangeSet::new(OrgId::new(ORG).unwrap());
    let values = vec![Value::from("t"), Value::Integer(1), Value::Integer(0)];
    let row = Row { id: sum.to_owned(), version: 1, values, body: "{}".to_owned() };
    changes.writes.push(Write::Add { kind: total, row, columns: vec!["total"] });
    match store.commit(&changes) {
        Ok(()) => Ok(()),
        Err(CommitError::Store(StoreError::Busy(text))) => Err(Again(text)),
        Err(error) => panic!("a deadlock is told as something else: {error:?}"),
    }
}

/// One more follow-up on a customer.
fn follow(crm: &Crm, store: &dyn Store, customer: CustomerId) -> Result<(), Again> {
    let alice = Actor::user(ORG, "alice").unwrap();
    match crm.join(store).as_user(&alice).follow_up(customer, NewFollowUp::text("Called")) {
        Ok(_) => Ok(()),
        Err(Error::Unavailable { reason, retryable: true }) => Err(Again(reason)),
        Err(error) => panic!("a deadlock is told as something else: {error:?}"),
    }
}

/// A host: a transaction a round, each anew until it is committed. How often it had to begin anew.
fn host<S: Tested>(
    url: &str,
    (crm, store): (&Arc<Crm>, &ServerStore<S>),
    order: [(&'static str, CustomerId); 2],
    total: &'static Kind,
    both: &Arc<Barrier>,
) -> usize
where
    for<'c> &'c mut S::Connection: sqlx::Executor<'c, Database = S>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut again = 0;
    runtime.block_on(async {
        let mut connection = S::Connection::connect(url).await.unwrap();
        for _ in 0..ROUNDS {
            for attempt in 0.. {
                assert!(attempt < 50, "a host never comes through");
                let mut transaction = connection.begin().await.unwrap();
                let (crm, both) = (crm.clone(), both.clone());
                let work = store.lend_transaction(&mut transaction, move |lent| {
                    let [first, second] = order;
                    let began = add(lent, total, first.0).and_then(|()| follow(&crm, lent, first.1));
                    // Each holds what the other will want.
                    if attempt == 0 {
                        both.wait();
                    }
                    began.and_then(|()| add(lent, total, second.0)).and_then(|()| follow(&crm, lent, second.1))
                });
                match work.await.unwrap() {
                    Ok(()) => {
                        transaction.commit().await.unwrap();
                        break;
                    }
                    Err(Again(reason)) => {
                        println!("{}: {reason}", S::STORE);
                        again += 1;
                        transaction.rollback().await.unwrap();
                    }
                }
            }
            // Who began the next round while the other is still at this one would wait for him with a row in his hands.
            both.wait();
        }
        connection.close().await.unwrap();
    });
    again
}

fn crossed<S: Tested>()
where
    for<'c> &'c mut S::Connection: sqlx::Executor<'c, Database = S>,
{
    let Some(url) = url::<S>() else { return };
    let (kinds, total) = kinds();
    let store = Arc::new(open::<S>(&url, prefix(), kinds));
    let crm = Arc::new(Crm::new(store.clone(), SystemEnvironment));
    found(&crm, ORG, &[("alice", &[])], &[("agent", None, &["alice"])]);
    let alice = Actor::user(ORG, "alice").unwrap();
    let make = |name| crm.as_user(&alice).create_customer(NewCustomer::named(name)).unwrap().id;
    let (one, two) = (("one", make("One")), ("two", make("Two")));
    for sum in [one.0, two.0] {
        add(&*store, total, sum).unwrap();
    }
    let both = Arc::new(Barrier::new(2));
    let began = Instant::now();
    let anew: usize = std::thread::scope(|scope| {
        let (url, crm, store, both) = (&url, &crm, &*store, &both);
        let hosts = [[one, two], [two, one]];
        let hosts = hosts.map(|order| scope.spawn(move || host::<S>(url, (crm, store), order, total, both)));
        hosts.map(|host| host.join().unwrap()).into_iter().sum()
    });
    println!("{}: {ROUNDS} rounds, {anew} transactions begun anew, {:?}", S::STORE, began.elapsed());
    // They did cross, and who waits is told soon.
    assert!(anew as i64 >= ROUNDS, "{anew}");
    assert!(began.elapsed() < Duration::from_secs(60), "{:?}", began.elapsed());
    let org = OrgId::new(ORG).unwrap();
    let read = store.read(&org, &[crm_core::store::Read::Find(Search::of(total))]).unwrap();
    let Some(crm_core::store::Answer::Rows(sums)) = read.into_iter().next() else { panic!("no sums") };
    let sums: Vec<(&str, Option<i64>)> = sums.iter().map(|row| (row.id.as_str(), row.values[1].as_integer())).collect();
    assert_eq!(sums, [("one", Some(1 + 2 * ROUNDS)), ("two", Some(1 + 2 * ROUNDS))]);
    for (name, customer) in [one, two] {
        let of = crm.as_user(&alice).follow_ups(FollowUps::Of { customer }, PageRequest::first(500)).unwrap();
        assert_eq!(of.items.len() as i64, 2 * ROUNDS, "{name}");
    }
}

#[test]
fn h1_hosts_that_cross_on_postgres_both_come_through() {
    crossed::<Postgres>();
}

#[test]
fn h1_hosts_that_cross_on_mariadb_both_come_through() {
    crossed::<MySql>();
}
