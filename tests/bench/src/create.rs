//! Creating a customer with one contact under an idempotency key.

use crate::report::{Measure, median};
use crate::setup::{self, Mark, ORG};
use crate::{Options, Result};
use crm_core::Actor;
use crm_core::store::sql::sqlite::Durability;
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
    let crm = crm_core::Crm::new(store.clone(), crm_core::SystemEnvironment);
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
    Ok(())
}
