//! What the rows of each kind need, with their indexes: written through the facade, so that nothing is left out.

use crate::report::Measure;
use crate::setup::{self, ORG};
use crate::{Options, Result};
use crm_core::store::sql::sqlite::Durability;
use crm_core::{Actor, CustomerEdit, NewFollowUp};
use serde_json::json;
use std::collections::BTreeMap;
use std::path::Path;

/// Follow-ups of each customer.
const FOLLOW_UPS: usize = 5;

/// Bytes a row, of each kind, and what a customer with a contact and its follow-ups comes to.
pub fn run(options: &Options, dir: &Path) -> Result<()> {
    let path = dir.join("sizes.db");
    let (crm, store) = setup::small(&path, Durability::Normal)?;
    let customers = ((100_000.0 * options.scale) as usize).max(200);
    let alice = Actor::user(ORG, "alice")?;
    let session = || crm.as_user(&alice);
    for number in 0..customers {
        let customer = session().idempotent(format!("create-{number}")).create_customer(setup::customer(number)?)?;
        let id = customer.id;
        for visit in 0..FOLLOW_UPS {
            let text =
                format!("第{visit}次拜访:与采购经理沟通了下一季度的采购计划,对方希望先看样品,约定下周再谈价格。");
            session().idempotent(format!("visit-{number}-{visit}")).follow_up(id, NewFollowUp::text(&text))?;
        }
        let address = Some(format!("西湖区文三路 478 号华星时代广场 {number} 室"));
        let edit = CustomerEdit { version: customer.version, address, ..CustomerEdit::default() };
        session().idempotent(format!("edit-{number}")).edit_customer(id, edit)?;
    }
    drop((crm, store));
    let connection = setup::bare(&path, "NORMAL")?;
    let mut bytes: BTreeMap<String, i64> = BTreeMap::new();
    let mut query = connection.prepare(
        "SELECT s.tbl_name, sum(d.pgsize) FROM dbstat AS d JOIN sqlite_schema AS s ON s.name = d.name GROUP BY 1",
    )?;
    for row in query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))? {
        let (table, size) = row?;
        bytes.insert(table, size);
    }
    let (mut rows, mut written, mut of_a_row) = (serde_json::Map::new(), 0.0, BTreeMap::new());
    for (table, size) in &bytes {
        let count: i64 = connection.query_row(&format!("SELECT count(*) FROM \"{table}\""), [], |row| row.get(0))?;
        // What is there once is no matter of customers.
        if count as usize >= customers {
            let each = count as f64 / customers as f64;
            rows.insert(table.clone(), json!({ "bytes_of_a_row": size / count, "rows_of_a_customer": each }));
            written += *size as f64 / customers as f64;
            of_a_row.insert(table.as_str(), *size as f64 / count as f64);
        }
    }
    Measure {
        measure: "sizes",
        value: written,
        unit: "bytes/customer",
        floor: None,
        judged: written,
        target: None,
        on: json!({
            "what": "a customer with one contact, five follow-ups and an edit; indexes, events and idempotency keys included",
            "customers": customers,
            "follow_ups_of_each": FOLLOW_UPS,
            "kinds": rows,
        }),
    }
    .print();
    for organisations in [100, 1_000, 10_000, 100_000] {
        let of = |table: &str| of_a_row.get(table).copied().ok_or_else(|| format!("no rows of {table} were measured"));
        expected(organisations, of)?;
    }
    Ok(())
}

/// Of so many organisations, what share has how many people and customers.
const ORGANISATIONS: [(f64, f64, f64); 3] = [(0.80, 5.0, 200.0), (0.18, 30.0, 2_000.0), (0.02, 300.0, 30_000.0)];
const YEARS: f64 = 3.0;
const CONTACTS: f64 = 1.5;
const UNIQUE_KEYS: f64 = 2.0;
/// Of a customer in a year.
const VISITS: f64 = 6.0;
const EDITS: f64 = 3.0;
/// New customers of a year, as a part of all.
const NEW: f64 = 0.2;
const WORKING_DAYS: f64 = 250.0;
/// Lists and records that a person opens on a working day.
const PAGES: f64 = 60.0;
/// The part of a day's work that falls into its busiest hour.
const BUSIEST: f64 = 0.2;
/// How long events wait that every consumer has, and idempotency keys.
const EVENT_DAYS: f64 = 7.0;
const KEY_DAYS: f64 = 30.0;

/// What so many organisations come to, by the assumptions above and the bytes measured: the table of `docs/scaling.md`.
fn expected(organisations: u32, bytes: impl Fn(&str) -> std::result::Result<f64, String>) -> Result<()> {
    let organisations = f64::from(organisations);
    let mean = |of: fn(&(f64, f64, f64)) -> f64| ORGANISATIONS.iter().map(|group| group.0 * of(group)).sum::<f64>();
    let (people, customers) = (organisations * mean(|group| group.1), organisations * mean(|group| group.2));
    let commands_of_a_year = VISITS + EDITS + NEW;
    let kept = bytes("crm_customer")?
        + CONTACTS * bytes("crm_contact")?
        + UNIQUE_KEYS * bytes("crm_unique_key")?
        + YEARS * (VISITS * bytes("crm_follow_up")? + EDITS * bytes("crm_history")?);
    let passing =
        commands_of_a_year / 365.0 * (EVENT_DAYS * bytes("crm_event")? + KEY_DAYS * bytes("crm_idempotency")?);
    let commands = customers * commands_of_a_year / WORKING_DAYS;
    let peak = |of_a_day: f64| of_a_day * BUSIEST / 3_600.0;
    Measure {
        measure: &format!("sizes/{organisations}-organisations"),
        value: customers * (kept + passing) / 1e9,
        unit: "GB",
        floor: None,
        judged: 0.0,
        target: None,
        on: json!({
            "people": people.round(),
            "customers": customers.round(),
            "bytes_of_a_customer": (kept + passing).round(),
            "gb_of_the_largest_organisation": (ORGANISATIONS[2].2 * (kept + passing) / 1e7).round() / 100.0,
            "commands_of_a_day": commands.round(),
            "commands_per_second_in_the_busiest_hour": (peak(commands) * 10.0).round() / 10.0,
            "pages_per_second_in_the_busiest_hour": (peak(people * PAGES) * 10.0).round() / 10.0,
        }),
    }
    .print();
    Ok(())
}
