//! Creating a customer with one contact under an idempotency key, one client.

use super::bare::{self, Bare, Statements};
use super::{Seen, Tables, prefix};
use crate::report::{Measure, median};
use crate::setup::{self, ORG};
use crate::{Options, Result};
use crm_core::Actor;
use serde_json::json;
use std::time::Instant;

/// Rounds of the library and of bare statements that write the very same rows, in turns, into tables of the same
/// server, each over a pool of one connection.
pub fn run<S: Bare>(options: &Options, url: &str) -> Result<()> {
    let (crm, ours) = Tables::<S>::small(url, &prefix("bc"), 1)?;
    let (_, rows_floor) = Tables::<S>::small(url, &prefix("bf"), 1)?;
    let (_, tables_floor) = Tables::<S>::small(url, &prefix("bt"), 1)?;
    let alice = Actor::user(ORG, "alice")?;
    let mut seen = Seen::default();
    seen.fresh(&*ours.store)?;
    let round = if options.scale < 0.1 { 50 } else { 1_000 };
    let (mut library, mut rows, mut tables, mut ratios) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let mut shape = json!({});
    for warm in 0..=options.rounds {
        let from = warm * round;
        let inputs = (from..from + round).map(setup::customer).collect::<Result<Vec<_>>>()?;
        let started = Instant::now();
        for (place, input) in inputs.into_iter().enumerate() {
            crm.as_user(&alice).idempotent(format!("create-{}", from + place)).create_customer(input)?;
        }
        let library_rate = round as f64 / started.elapsed().as_secs_f64();
        let fresh = seen.fresh(&*ours.store)?;
        let rate = |floor: &Tables<S>, how| -> Result<f64> {
            let commands = bare::commands::<S>(&floor.prefix, &fresh, round, how)?;
            Ok(round as f64 / bare::replay::<S>(url, &floor.prefix, commands, 1)?)
        };
        let each_row = rate(&rows_floor, Statements::EachRow)?;
        let each_table = rate(&tables_floor, Statements::EachTable)?;
        shape = fresh.iter().map(|(kind, rows)| (kind.name.to_owned(), json!(rows.len() / round))).collect();
        // The first round of each warms up.
        if warm > 0 {
            library.push(library_rate);
            rows.push(each_row);
            tables.push(each_table);
            ratios.push(library_rate / each_row);
        }
    }
    let ratio = median(&mut ratios);
    Measure {
        measure: &format!("servers/create/{}", S::WORD),
        value: median(&mut library),
        unit: "customers/s",
        floor: Some(median(&mut rows)),
        judged: ratio,
        target: Some((0.6, true)),
        on: json!({
            "what": "a customer with one contact and an idempotency key, a transaction each, one client; the floor: a statement for each row",
            "rows_of_each": shape,
            "commit": super::durable::<S>(url)?,
            "rounds": options.rounds,
            "customers_of_a_round": round,
            "median_of_ratios": (ratio * 1000.0).round() / 1000.0,
            "floor_with_a_statement_for_each_table": median(&mut tables).round(),
        }),
    }
    .print();
    Ok(())
}
