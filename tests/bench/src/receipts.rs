//! Recording a receipt that pays an instalment, under an idempotency key and with a voucher number.

use crate::report::{Measure, median};
use crate::setup::{self, Mark, ORG};
use crate::views::processor_time;
use crate::{Options, Result};
use crm_core::store::sql::sqlite::{Durability, rusqlite};
use crm_core::{Actor, ContractId, Crm, Date, NewContract, NewInstalment, NewReceipt, SystemEnvironment};
use rusqlite::types::Value;
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

/// Signed contracts of one customer, each with a plan of two instalments.
fn contracts(crm: &Crm, count: usize, today: Date) -> Result<Vec<ContractId>> {
    let alice = crm.as_user(&Actor::user(ORG, "alice")?);
    let customer = alice.create_customer(setup::customer(0)?)?.id;
    let mut made = Vec::with_capacity(count);
    for number in 0..count {
        let new = NewContract {
            number: Some(format!("B-{number}")),
            ..NewContract::of("设备采购合同", "1000".parse()?)
        };
        let contract = alice.create_contract(customer, new)?;
        alice.submit_contract(contract.id, 1, None)?;
        let due = |amount: &str| -> Result<_> { Ok(NewInstalment::of(amount.parse()?, today)) };
        alice.set_payment_plan(contract.id, 0, vec![due("600")?, due("400")?])?;
        made.push(contract.id);
    }
    Ok(made)
}

/// Sums of the reports by table and id: columns with what stands there.
type Sums = BTreeMap<(&'static str, String), Vec<(String, i64)>>;

/// The tables of sums.
const TABLES: [&str; 2] = ["crm_rollup", "crm_rollup_year"];
/// What else their rows have.
const OTHER_COLUMNS: [&str; 9] = ["org_id", "id", "version", "body", "line", "value", "period", "year", "fold_at"];

fn sums(connection: &rusqlite::Connection) -> Result<Sums> {
    let mut sums = Sums::new();
    for table in TABLES {
        let mut statement = connection.prepare_cached(&format!("SELECT * FROM {table} WHERE org_id = ?1"))?;
        let columns: Vec<String> = statement.column_names().into_iter().map(str::to_owned).collect();
        let rows = statement.query_map([ORG], |row| {
            let own = columns.iter().filter(|column| !OTHER_COLUMNS.contains(&column.as_str()));
            let sums = own.map(|column| Ok((column.clone(), row.get(column.as_str())?)));
            Ok(((table, row.get("id")?), sums.collect::<rusqlite::Result<_>>()?))
        })?;
        sums.extend(rows.collect::<rusqlite::Result<Vec<_>>>()?);
    }
    Ok(sums)
}

/// What each of so many equal receipts added to the sums.
fn added(before: &Sums, after: &Sums, receipts: usize) -> Result<Sums> {
    let receipts = receipts as i64;
    let mut added = Sums::new();
    for (place, after) in after {
        let before = before.get(place).ok_or("a sum that was not there before")?;
        let mut more = Vec::new();
        for ((column, after), (_, before)) in after.iter().zip(before) {
            let difference = after - before;
            if difference % receipts != 0 {
                return Err(format!("{column}: {difference} by {receipts} equal receipts").into());
            }
            // Only what changes.
            if difference != 0 {
                more.push((column.clone(), difference / receipts));
            }
        }
        if !more.is_empty() {
            added.insert(place.clone(), more);
        }
    }
    Ok(added)
}

/// Columns of the rows that a receipt changes, as they stand then.
const CONTRACT: &str = "received, allocated, next_due_on, payment_revision, unreceived";
const INSTALMENT: &str = "open, due_on, body";

fn values(connection: &rusqlite::Connection, sql: &str, width: usize, key: &str) -> Result<Vec<Vec<Value>>> {
    let mut statement = connection.prepare_cached(sql)?;
    let rows = statement.query_map([ORG, key], |row| (0..width).map(|place| row.get(place)).collect())?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The rate through the whole library, and of the same rows written by bare statements: new rows inserted, the contract
/// and its instalment updated by their keys and versions, the sums of the reports by their keys.
pub fn run(options: &Options, dir: &Path) -> Result<()> {
    let (ours, theirs) = (dir.join("receipts.db"), dir.join("receipts-floor.db"));
    let round = if options.scale < 0.1 { 300 } else { 2_000 };
    let today: Date = "2020-01-05".parse()?;
    let known = {
        let (crm, _) = setup::small(&ours, Durability::Normal)?;
        let mut made = contracts(&crm, round * (options.rounds + 1) + 1, today)?;
        // The first receipt makes the sums of its month: all others add to them.
        if let Some(first) = made.pop() {
            let alice = Actor::user(ORG, "alice")?;
            crm.as_user(&alice).record_receipt(first, NewReceipt::of("600".parse()?, today))?;
        }
        made
    };
    std::fs::copy(&ours, &theirs)?;
    let crm = Crm::new(setup::store(&ours, Durability::Normal)?, SystemEnvironment);
    let alice = Actor::user(ORG, "alice")?;
    let looking = setup::bare(&ours, "NORMAL")?;
    let bare = setup::bare(&theirs, "NORMAL")?;
    let (mut library, mut floor, mut ratios, mut works) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    let (mut shape, mut sums_changed) = (json!(null), 0);
    // The first round of each warms up.
    for (turn, contracts) in known.chunks(round).enumerate() {
        let (mark, before) = (Mark::of(&looking)?, sums(&looking)?);
        let (started, worked) = (Instant::now(), processor_time());
        for (place, contract) in contracts.iter().enumerate() {
            let receipt = NewReceipt {
                voucher: Some(format!("SK-{turn}-{place}")),
                payer: Some("杭州云帆科技".to_owned()),
                ..NewReceipt::of("600".parse()?, today)
            };
            crm.as_user(&alice).idempotent(format!("receipt-{turn}-{place}")).record_receipt(*contract, receipt)?;
        }
        let ours = round as f64 / started.elapsed().as_secs_f64();
        let our_work = processor_time().saturating_sub(worked);
        let rows = mark.since(&looking, round)?;
        let added = added(&before, &sums(&looking)?, round)?;
        let mut changed = Vec::with_capacity(round);
        for contract in contracts {
            let key = contract.to_string();
            let sql = format!("SELECT {CONTRACT} FROM crm_contract WHERE org_id = ?1 AND id = ?2");
            let money = values(&looking, &sql, 5, &key)?;
            let sql = format!(
                "SELECT {INSTALMENT}, id FROM crm_instalment WHERE org_id = ?1 AND contract = ?2 AND version = 2"
            );
            let paid = values(&looking, &sql, 4, &key)?;
            let (Some(money), [paid]) = (money.into_iter().next(), paid.as_slice()) else {
                return Err(format!("contract {key} has no one instalment that was paid").into());
            };
            changed.push((key, money, paid.clone()));
        }
        let mut touch = bare.prepare(&format!(
            "UPDATE crm_contract SET ({CONTRACT}) = (?3, ?4, ?5, ?6, ?7) WHERE org_id = ?1 AND id = ?2 AND version = 2"
        ))?;
        let mut update = bare.prepare(&format!(
            "UPDATE crm_instalment SET version = 2, ({INSTALMENT}) = (?2, ?3, ?4) WHERE org_id = ?1 AND id = ?5 AND version = 1"
        ))?;
        let mut adding = Vec::new();
        for ((table, id), more) in &added {
            let set: Vec<String> =
                more.iter().map(|(column, more)| format!("{column} = {column} + ({more})")).collect();
            let sql = format!("UPDATE {table} SET {} WHERE org_id = ?1 AND id = ?2", set.join(", "));
            adding.push((bare.prepare(&sql)?, id));
        }
        let (started, worked) = (Instant::now(), processor_time());
        rows.replay_with(&bare, 1, |place| {
            let Some((key, money, paid)) = changed.get(place) else { return Ok(()) };
            let own = [Value::from(ORG.to_owned()), Value::from(key.clone())];
            let touched = touch.execute(rusqlite::params_from_iter(own.iter().chain(money)))?;
            let updated = update.execute(rusqlite::params_from_iter(own.iter().take(1).chain(paid)))?;
            for (statement, id) in &mut adding {
                statement.execute([ORG, id.as_str()])?;
            }
            if (touched, updated) == (1, 1) { Ok(()) } else { Err(format!("{key}: {touched}, {updated}").into()) }
        })?;
        let theirs = round as f64 / started.elapsed().as_secs_f64();
        let their_work = processor_time().saturating_sub(worked);
        if turn > 0 {
            library.push(ours);
            floor.push(theirs);
            ratios.push(ours / theirs);
            works.push(their_work.as_secs_f64() / our_work.as_secs_f64());
        }
        (shape, sums_changed) = (rows.shape, added.len());
    }
    let ratio = median(&mut ratios);
    Measure {
        measure: "receipts",
        value: median(&mut library),
        unit: "receipts/s",
        floor: Some(median(&mut floor)),
        judged: ratio,
        target: Some((0.5, true)),
        on: json!({
            "what": "a receipt with a voucher and an idempotency key that pays one of two instalments, a transaction each, one thread",
            "rows_of_each": shape,
            "rows_changed": {"crm_contract": 1, "crm_instalment": 1, "crm_rollup, crm_rollup_year": sums_changed},
            "commit": "SQLite, WAL, synchronous=NORMAL",
            "rounds": options.rounds,
            "receipts_of_a_round": round,
            "median_of_ratios": (ratio * 1000.0).round() / 1000.0,
            // What the clock does not tell on a busy machine, where the library's two threads wait for each other.
            "median_of_ratios_of_the_processors_time": (median(&mut works) * 1000.0).round() / 1000.0,
        }),
    }
    .print();
    Ok(())
}
