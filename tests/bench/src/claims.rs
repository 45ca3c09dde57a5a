//! 64 people who claim out of one pool at once.

use crate::report::{Measure, median};
use crate::setup::{self, ORG, Shared};
use crate::{Options, Result};
use crm_core::store::sql::sqlite::Durability;
use crm_core::store::{Answer, ChangeSet, CommitError, Kind, Read, Row, Store, StoreError, Write};
use crm_core::{Actor, Crm, CustomerId, NewCustomer, OrgId, PersonInput, PositionInput, SyncMode, SystemEnvironment};
use serde_json::json;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

const CLIENTS: usize = 64;

thread_local! {
    /// Which of them a thread is.
    static CLIENT: std::cell::Cell<usize> = const { std::cell::Cell::new(0) };
}

/// A store that keeps what each client committed, to be committed again.
#[derive(Clone)]
struct Recording {
    store: Shared,
    commits: Arc<Vec<Mutex<Vec<ChangeSet>>>>,
}

impl Store for Recording {
    fn read(&self, org: &OrgId, reads: &[Read]) -> std::result::Result<Vec<Answer>, StoreError> {
        self.store.read(org, reads)
    }
    fn commit(&self, changes: &ChangeSet) -> std::result::Result<(), CommitError> {
        self.store.commit(changes)?;
        if let Some(own) = self.commits.get(CLIENT.get()) {
            own.lock().unwrap_or_else(PoisonError::into_inner).push(changes.clone());
        }
        Ok(())
    }
    fn due_organisations(
        &self,
        kind: &'static Kind,
        column: &'static str,
        until: i64,
        limit: i64,
    ) -> std::result::Result<Vec<OrgId>, StoreError> {
        self.store.due_organisations(kind, column, until, limit)
    }
    fn concurrent(&self) -> bool {
        self.store.concurrent()
    }
}

fn person(place: usize) -> String {
    format!("p{place}")
}

/// An organisation of 64 colleagues with so many customers in its pool.
fn founded(store: &Recording, pooled: usize) -> Result<(Crm, Vec<CustomerId>)> {
    let crm = Crm::new(store.clone(), SystemEnvironment);
    setup::people(&crm)?;
    let system = crm.as_user(&Actor::system(ORG, "bench")?);
    let people = (0..CLIENTS).map(|place| PersonInput::new(&person(place), &person(place)));
    system.sync_people(people.collect::<std::result::Result<_, _>>()?, SyncMode::Delta)?;
    let names: Vec<String> = (0..CLIENTS).map(person).collect();
    let mut holders: Vec<&str> = names.iter().map(String::as_str).collect();
    holders.push("alice");
    system.sync_positions(vec![PositionInput::new("east", "East", None, &holders)?], SyncMode::Delta, false)?;
    let mut settings = system.settings()?;
    settings.pool.claims_per_day = 0;
    system.change_settings(settings)?;
    let alice = crm.as_user(&Actor::user(ORG, "alice")?);
    let pool = alice.pools()?.first().ok_or("no pool")?.id;
    let made = (0..pooled).map(|number| -> Result<CustomerId> {
        let new = NewCustomer { pool: Some(pool), ..setup::customer(number)? };
        Ok(alice.create_customer(new)?.id)
    });
    let made = made.collect::<Result<_>>()?;
    Ok((crm, made))
}

/// Does something from 64 threads until all of it is done: how often it won, and in how many seconds.
fn together(all: usize, job: impl Fn(usize, usize) -> Result<bool> + Sync) -> Result<(usize, f64)> {
    let next = AtomicUsize::new(0);
    let started = Instant::now();
    let won = std::thread::scope(|scope| -> Result<usize> {
        let clients: Vec<_> = (0..CLIENTS)
            .map(|client| {
                let (next, job) = (&next, &job);
                scope.spawn(move || -> Result<usize> {
                    CLIENT.set(client);
                    let mut won = 0;
                    loop {
                        let place = next.fetch_add(1, Ordering::Relaxed);
                        if place >= all {
                            return Ok(won);
                        }
                        won += usize::from(job(client, place)?);
                    }
                })
            })
            .collect();
        let mut won = 0;
        for client in clients {
            won += client.join().map_err(|_| "a client broke off")??;
        }
        Ok(won)
    })?;
    Ok((won, started.elapsed().as_secs_f64()))
}

/// How many claims a second are settled, beside how many rows a second the store compares and sets.
pub fn run(options: &Options, dir: &Path) -> Result<()> {
    let pooled = if options.scale < 0.1 { 1_000 } else { 10_000 };
    let org = OrgId::new(ORG)?;
    let customer: &'static Kind = crm_core::KINDS.iter().find(|kind| kind.name == "customer").ok_or("no customers")?;
    let (mut claims, mut floors, mut ratios) = (vec![], vec![], vec![]);
    let (mut again, mut rows_of_a_claim) = (vec![], 0);
    let mut lost = 0;
    for round in 0..options.rounds.min(3) {
        let path = dir.join(format!("claims-{round}.db"));
        let store = setup::store(&path, Durability::Normal)?;
        let recording =
            Recording { store: store.clone(), commits: Arc::new((0..CLIENTS).map(|_| Mutex::default()).collect()) };
        let (crm, made) = founded(&recording, pooled)?;
        recording.commits.iter().for_each(|own| own.lock().unwrap_or_else(PoisonError::into_inner).clear());
        let copy = dir.join(format!("claims-{round}-again.db"));
        setup::bare(&path, "NORMAL")?.execute("VACUUM INTO ?1", [copy.to_str().ok_or("a path that is no text")?])?;
        // Every customer is claimed by two, one right after the other.
        let (won, seconds) = together(2 * pooled, |client, place| {
            let actor = Actor::user(ORG, person(client))?;
            let answer = crm.as_user(&actor).claim_customers(vec![made[place / 2]], None)?;
            match answer.items[0].error.as_deref() {
                None => Ok(true),
                Some("already_claimed" | "not_in_pool") => Ok(false),
                Some(other) => Err(other.to_owned().into()),
            }
        })?;
        if won != pooled {
            return Err(format!("{won} of {pooled} were claimed").into());
        }
        lost = 2 * pooled - won;
        // What the claims wrote, written once more by who finds everything as he read it; the second one finds another.
        let commits: Vec<Vec<ChangeSet>> = recording
            .commits
            .iter()
            .map(|own| std::mem::take(&mut *own.lock().unwrap_or_else(PoisonError::into_inner)))
            .collect();
        rows_of_a_claim = commits.iter().flatten().map(|changes| changes.writes.len()).max().unwrap_or_default();
        let fresh = setup::store(&copy, Durability::Normal)?;
        let (set, same) = together(CLIENTS, |_, client| {
            let mut set = 0;
            for changes in &commits[client] {
                set += usize::from(fresh.commit(changes).is_ok());
                set += usize::from(fresh.commit(changes).is_ok());
            }
            Ok(set == commits[client].len())
        })?;
        if set != CLIENTS {
            return Err(format!("{set} of {CLIENTS} clients could write their claims again").into());
        }
        let ids: Vec<String> = made.iter().map(ToString::to_string).collect();
        let mut rows: Vec<Row> = Vec::new();
        for some in ids.chunks(500) {
            match store.read(&org, &[Read::Get { kind: customer, ids: some.to_vec() }])?.pop() {
                Some(Answer::Rows(found)) => rows.extend(found),
                _ => return Err("no rows".into()),
            }
        }
        // The same row set by who finds it at the version that he read; the second one finds another.
        let (set, bare) = together(2 * pooled, |_, place| {
            let mut changes = ChangeSet::new(org.clone());
            changes.writes.push(Write::Update { kind: customer, row: rows[place / 2].clone(), changes: Vec::new() });
            Ok(store.commit(&changes).is_ok())
        })?;
        if set != pooled {
            return Err(format!("{set} of {pooled} were set").into());
        }
        let (ours, theirs) = (pooled as f64 / seconds, pooled as f64 / bare);
        claims.push(ours);
        floors.push(theirs);
        ratios.push(ours / theirs);
        again.push(pooled as f64 / same);
    }
    let ratio = median(&mut ratios);
    let again = median(&mut again);
    let claims = median(&mut claims);
    Measure {
        measure: "claims",
        value: claims,
        unit: "claims/s",
        floor: Some(median(&mut floors)),
        judged: ratio,
        target: Some((0.5, true)),
        on: json!({
            "what": "customers with one contact claimed out of a pool, each by two people one right after the other",
            "clients": CLIENTS,
            "pooled": pooled,
            "lost": lost,
            "rows_of_a_claim": rows_of_a_claim,
            "the_same_commits_alone": again.round(),
            "of_the_same_commits": (claims / again * 1000.0).round() / 1000.0,
            "floor": "the customer's row alone compared and set by the store, as often, from as many threads",
            "commit": "SQLite, WAL, synchronous=NORMAL",
            "median_of_ratios": (ratio * 1000.0).round() / 1000.0,
        }),
    }
    .print();
    Ok(())
}
