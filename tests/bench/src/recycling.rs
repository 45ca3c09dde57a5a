//! A tick when 100 customers are to be warned of, and when 100 are to go, among many and among a tenth of them.

use crate::generate::{self, DAY, NOW};
use crate::report::{Measure, median};
use crate::setup::{self, ORG};
use crate::{Options, Result};
use crm_core::store::sql::sqlite::Durability;
use crm_core::store::sql::sqlite::rusqlite::{Connection, params};
use crm_core::{Actor, Crm, Environment, HostFailure, RecycleRule, Session, Timestamp};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

/// How many are due.
const DUE: usize = 100;
const ROUNDS: usize = 9;

/// A clock that is set.
pub struct Clock(pub AtomicI64);

impl Clock {
    /// One that stands at the day of the generated rows.
    pub fn new() -> Self {
        Clock(AtomicI64::new(NOW))
    }
}

impl Environment for Clock {
    fn now(&self) -> std::result::Result<Timestamp, HostFailure> {
        Ok(Timestamp::saturating(self.0.load(Ordering::Relaxed)))
    }
    fn entropy(&self) -> std::result::Result<[u8; 16], HostFailure> {
        crm_core::SystemEnvironment.entropy()
    }
}

/// Ticks until nothing is due; how long it took, in milliseconds, and what was done.
pub fn ticked(host: &Session<'_>) -> Result<(f64, i32)> {
    let started = Instant::now();
    let mut done = 0;
    loop {
        let report = host.tick()?;
        if report.failed > 0 {
            return Err(format!("{} failed", report.failed).into());
        }
        done += report.done;
        if !report.more {
            return Ok((started.elapsed().as_secs_f64() * 1_000.0, done));
        }
    }
}

struct Figures {
    warned: f64,
    gone: f64,
    nothing: f64,
    floor: f64,
}

fn measured(dir: &Path, customers: usize) -> Result<Figures> {
    let path = dir.join(format!("recycling-{customers}.db"));
    generate::fill(&path, customers, false)?;
    let bare = setup::bare(&path, "NORMAL")?;
    let clock = Arc::new(Clock::new());
    let crm = Crm::new(setup::store(&path, Durability::Normal)?, clock.clone());
    let system = Actor::system(ORG, "bench")?;
    let host = crm.as_user(&system);
    let mut settings = host.settings()?;
    settings.pool.recycling.warn_days = vec![1];
    settings.pool.recycling.rules =
        vec![RecycleRule { enabled: true, idle_days: Some(3_650), ..RecycleRule::default() }];
    host.change_settings(settings)?;
    // What the generated rows leave to do is not what is measured.
    while ticked(&host)?.1 > 0 {}
    let (mut warned, mut gone, mut nothing, mut floors) = (vec![], vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        let now = clock.0.load(Ordering::Relaxed);
        let ids = some(&bare)?;
        floors.push(by_bare_statements(&bare, &ids, now)?);
        let mut idle = bare.prepare_cached("UPDATE crm_customer SET idle_since = ?1 WHERE org_id = ?2 AND id = ?3")?;
        for id in &ids {
            idle.execute(params![now - 3_652 * DAY, ORG, id])?;
        }
        // The next day each is warned of, the day after it goes.
        for figures in [&mut warned, &mut gone] {
            clock.0.fetch_add(DAY, Ordering::Relaxed);
            let (took, done) = ticked(&host)?;
            if done < DUE as i32 {
                return Err(format!("{done} of {DUE} were due").into());
            }
            figures.push(took);
        }
        nothing.push(ticked(&host)?.0);
        let pooled: i64 = bare.query_row(
            "SELECT COUNT(*) FROM crm_customer WHERE org_id = ?1 AND id IN (SELECT value FROM json_each(?2)) AND recycling = 'x'",
            params![ORG, serde_json::to_string(&ids)?],
            |row| row.get(0),
        )?;
        if pooled != DUE as i64 {
            return Err(format!("{pooled} of {DUE} went").into());
        }
    }
    Ok(Figures {
        warned: median(&mut warned),
        gone: median(&mut gone),
        nothing: median(&mut nothing),
        floor: median(&mut floors),
    })
}

/// Customers that a rule watches, here and there.
fn some(bare: &Connection) -> Result<Vec<String>> {
    let mut some = bare.prepare_cached(
        "SELECT id FROM crm_customer WHERE org_id = ?1 AND recycling LIKE 'r%' ORDER BY random() LIMIT ?2",
    )?;
    let found = some.query_map(params![ORG, DUE as i64], |row| row.get(0))?;
    Ok(found.collect::<std::result::Result<_, _>>()?)
}

/// The same customers read and set by bare statements, with a row of history and of events for each, in one transaction; then undone.
fn by_bare_statements(bare: &Connection, ids: &[String], now: i64) -> Result<f64> {
    let started = Instant::now();
    bare.execute_batch("BEGIN IMMEDIATE")?;
    for (place, id) in ids.iter().enumerate() {
        let mut read = bare.prepare_cached("SELECT body FROM crm_customer WHERE org_id = ?1 AND id = ?2")?;
        let body: String = read.query_row(params![ORG, id], |row| row.get(0))?;
        let mut set = bare.prepare_cached(
            "UPDATE crm_customer SET scope = 'p', standing = 'p', recycling = 'x', version = version + 1, body = ?3 WHERE org_id = ?1 AND id = ?2",
        )?;
        set.execute(params![ORG, id, body])?;
        let mut contacts =
            bare.prepare_cached("UPDATE crm_contact SET scope = 'p' WHERE org_id = ?1 AND customer = ?2")?;
        contacts.execute(params![ORG, id])?;
        let mut remember =
            bare.prepare_cached("INSERT INTO crm_agenda (org_id, id, version, due, body) VALUES (?1, ?2, 1, ?3, ?4)")?;
        for table in 0..2 {
            remember.execute(params![ORG, format!("bare:{now}-{place}-{table}"), now + 4_000 * DAY, body])?;
        }
    }
    bare.execute_batch("ROLLBACK")?;
    Ok(started.elapsed().as_secs_f64() * 1_000.0)
}

/// How long a tick takes in which so many are due, whatever there is beside them.
pub fn run(options: &Options, dir: &Path) -> Result<()> {
    let large = ((1_000_000.0 * options.scale) as usize).max(5_000);
    let small = (large / 10).max(2_500);
    let of_small = measured(dir, small)?;
    let of_large = measured(dir, large)?;
    let figures =
        [("recycling/warned", of_large.warned, of_small.warned), ("recycling/gone", of_large.gone, of_small.gone)];
    for (measure, value, beside) in figures {
        Measure {
            measure,
            value,
            unit: "ms",
            floor: Some(of_large.floor),
            judged: value,
            target: Some((20.0, false)),
            on: json!({
                "what": "ticks until nothing is due: the day's sweep, and looking at whom it found",
                "customers": large,
                "due": DUE,
                "customers_beside": small,
                "among_those": (beside * 1_000.0).round() / 1_000.0,
                "times_as_long": (value / beside * 100.0).round() / 100.0,
                "with_nothing_due": (of_large.nothing * 1_000.0).round() / 1_000.0,
                "floor": "as many customers and contacts read and set by bare statements, two rows written for each, in one transaction",
            }),
        }
        .print();
    }
    Ok(())
}
