//! Creating a customer with one contact under an idempotency key.

use crate::report::{Measure, median};
use crate::setup::{self, Mark, ORG, Shared};
use crate::{Options, Result};
use crm_core::store::sql::sqlite::Durability;
use crm_core::store::{Answer, ChangeSet, CommitError, Kind, Read, Store, StoreError, Write};
use crm_core::{Actor, Crm, OrgId, SystemEnvironment};
use serde_json::json;
use std::path::Path;
use std::time::Instant;

/// The rate through the whole library, and of the same rows by bare statements: rounds of both take turns, the rows
/// of a round are read back from the library's file and written to the other one.
pub fn run(options: &Options, dir: &Path) -> Result<()> {
    let (ours, theirs) = (dir.join("create.db"), dir.join("create-floor.db"));
    drop(setup::small(&ours, Durability::Normal)?);
    std::fs::copy(&ours, &theirs)?;
    let store = setup::store(&ours, Durability::Normal)?;
    let crm = Crm::new(store.clone(), SystemEnvironment);
    let alice = Actor::user(ORG, "alice")?;
    let looking = setup::bare(&ours, "NORMAL")?;
    let bare = setup::bare(&theirs, "NORMAL")?;
    let round = if options.scale < 0.1 { 500 } else { 4_000 };
    let (mut library, mut floor, mut ratios) = (Vec::new(), Vec::new(), Vec::new());
    let mut shape = json!(null);
    let mut number = 0;
    // The first round of each warms up.
    for warm in 0..=options.rounds {
        let inputs = (number..number + round).map(setup::customer).collect::<Result<Vec<_>>>()?;
        let mark = Mark::of(&looking)?;
        let started = Instant::now();
        for (place, input) in inputs.into_iter().enumerate() {
            crm.as_user(&alice).idempotent(format!("create-{}", number + place)).create_customer(input)?;
        }
        let ours = round as f64 / started.elapsed().as_secs_f64();
        let rows = mark.since(&looking, round)?;
        let started = Instant::now();
        rows.replay(&bare, 1)?;
        let theirs = round as f64 / started.elapsed().as_secs_f64();
        number += round;
        if warm > 0 {
            library.push(ours);
            floor.push(theirs);
            ratios.push(ours / theirs);
        }
        shape = rows.shape;
    }
    let ratio = median(&mut ratios);
    Measure {
        measure: "create",
        value: median(&mut library),
        unit: "customers/s",
        floor: Some(median(&mut floor)),
        judged: ratio,
        target: Some((0.6, true)),
        on: json!({
            "what": "a customer with one contact and an idempotency key, a transaction each, one thread",
            "rows_of_each": shape,
            "commit": "SQLite, WAL, synchronous=NORMAL",
            "rounds": options.rounds,
            "customers_of_a_round": round,
            "median_of_ratios": (ratio * 1000.0).round() / 1000.0,
        }),
    }
    .print();
    indexed(options, dir)
}

/// A store that keeps no index of names: its rows are left out of every commit.
struct WithoutIndex(Shared);

impl Store for WithoutIndex {
    fn read(&self, org: &OrgId, reads: &[Read]) -> std::result::Result<Vec<Answer>, StoreError> {
        self.0.read(org, reads)
    }
    fn commit(&self, changes: &ChangeSet) -> std::result::Result<(), CommitError> {
        let of_the_index = |write: &Write| matches!(write, Write::Insert { kind, .. } if ["name_tail", "match_key"].contains(&kind.name));
        let mut changes = changes.clone();
        changes.writes.retain(|write| !of_the_index(write));
        self.0.commit(&changes)
    }
    fn due_organisations(
        &self,
        kind: &'static Kind,
        column: &'static str,
        until: i64,
        limit: i64,
    ) -> std::result::Result<Vec<OrgId>, StoreError> {
        self.0.due_organisations(kind, column, until, limit)
    }
}

/// What the index of names costs: the rate of creating and folding beside the rate on a store that leaves the index's rows out.
fn indexed(options: &Options, dir: &Path) -> Result<()> {
    let open = |name: &str| -> Result<Shared> {
        let path = dir.join(name);
        drop(setup::small(&path, Durability::Normal)?);
        setup::store(&path, Durability::Normal)
    };
    let with = Crm::new(open("create-indexed.db")?, SystemEnvironment);
    let without = Crm::new(WithoutIndex(open("create-plain.db")?), SystemEnvironment);
    let alice = Actor::user(ORG, "alice")?;
    let round = if options.scale < 0.1 { 500 } else { 4_000 };
    let create = |crm: &Crm, number: usize, tick: bool| -> Result<(f64, f64)> {
        let inputs = (number..number + round).map(setup::customer).collect::<Result<Vec<_>>>()?;
        let started = Instant::now();
        for (place, input) in inputs.into_iter().enumerate() {
            crm.as_user(&alice).idempotent(format!("create-{}", number + place)).create_customer(input)?;
        }
        let created = started.elapsed().as_secs_f64();
        if tick {
            crm.tick_all()?;
        }
        Ok((round as f64 / created, round as f64 / started.elapsed().as_secs_f64()))
    };
    let (mut ours, mut plain, mut ratios, mut folding) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for warm in 0..=options.rounds {
        let number = warm * round;
        let (created, folded) = create(&with, number, true)?;
        let (without, _) = create(&without, number, false)?;
        if warm > 0 {
            ours.push(created);
            plain.push(without);
            ratios.push(created / without);
            folding.push(folded / without);
        }
    }
    let ratio = median(&mut ratios);
    Measure {
        measure: "create/indexed",
        value: median(&mut ours),
        unit: "customers/s",
        floor: Some(median(&mut plain)),
        judged: ratio,
        target: Some((0.7, true)),
        on: json!({
            "what": "creating with the index of names beside creating on a store that leaves out its rows",
            "with_the_folding_of_a_tick": (median(&mut folding) * 1000.0).round() / 1000.0,
            "rounds": options.rounds,
            "customers_of_a_round": round,
        }),
    }
    .print();
    Ok(())
}
