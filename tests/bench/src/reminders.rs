//! A tick when 200 are to be reminded, among many contracts, instalments and birthdays and among a tenth of them; and an inbox with
//! 10,000 old reminders.

use crate::contracts::{self, EPOCH};
use crate::generate::DAY;
use crate::recycling::{Clock, ticked};
use crate::report::{Measure, median, percentiles};
use crate::setup::{self, ORG};
use crate::{Options, Result};
use crm_core::store::sql::sqlite::Durability;
use crm_core::store::sql::sqlite::rusqlite::{Connection, params};
use crm_core::{Actor, Crm, PageRequest, ReminderQuery, ReminderShelf};
use serde_json::json;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How many are due.
pub const DUE: usize = 200;
pub const ROUNDS: usize = 9;
/// Days before the end of a contract on which it is told.
pub const LEAD: i64 = 7;
/// How many old reminders a person has.
const OLD: usize = 10_000;
const CALLS: usize = 300;

struct Figures {
    told: f64,
    nothing: f64,
    floor: f64,
    birthdays: i64,
    /// The 99th percentiles of pages of what waits and of what is over.
    pages: [f64; 2],
}

/// The day of an instant, as columns hold days.
pub fn today(now: i64) -> i64 {
    EPOCH + (now + 8 * 3_600_000).div_euclid(DAY)
}

/// Contacts have birthdays, and of contracts alone people are told; says how many birthdays there are.
pub fn prepared(crm: &Crm, bare: &Connection) -> Result<i64> {
    let host = Actor::system(ORG, "bench")?;
    let host = crm.as_user(&host);
    // Everybody was born in another month than those of the measure.
    bare.execute(
        "INSERT INTO crm_birthday (org_id, id, version, day, scope, body)
         SELECT org_id, 'contact:' || id, 1, printf('s%02d%02d', 4 + rowid % 5, 1 + rowid % 28), scope, '{}' FROM crm_contact
         WHERE NOT EXISTS (SELECT 1 FROM crm_birthday)",
        [],
    )?;
    let mut settings = host.settings()?;
    let leads = &mut settings.reminders.leads;
    (leads.contract_end, leads.instalment_due, leads.instalment_overdue) = (vec![LEAD as i32], vec![300], false);
    host.change_settings(settings)?;
    Ok(bare.query_row("SELECT COUNT(*) FROM crm_birthday", [], |row| row.get(0))?)
}

fn measured(dir: &Path, name: &str, contracts: usize) -> Result<Figures> {
    let path = dir.join(format!("reminders-{name}.db"));
    contracts::fill(&path, contracts)?;
    let clock = Arc::new(Clock::new());
    let crm = Crm::new(setup::store(&path, Durability::Normal)?, clock.clone());
    let system = Actor::system(ORG, "bench")?;
    let host = crm.as_user(&system);
    let bare = setup::bare(&path, "NORMAL")?;
    let birthdays = prepared(&crm, &bare)?;
    // What the generated rows leave to do is not what is measured.
    while ticked(&host)?.1 > 0 {}
    let (mut told, mut nothing, mut floors) = (vec![], vec![], vec![]);
    for _ in 0..ROUNDS {
        let ids = some(&bare, contracts)?;
        floors.push(by_bare_statements(&bare, &ids, clock.0.load(Ordering::Relaxed))?);
        clock.0.fetch_add(DAY, Ordering::Relaxed);
        let today = today(clock.0.load(Ordering::Relaxed));
        let mut ends =
            bare.prepare_cached("UPDATE crm_contract SET ends_on = ?1, settled = 0 WHERE org_id = ?2 AND id = ?3")?;
        for id in &ids {
            ends.execute(params![today + LEAD, ORG, id])?;
        }
        let before = reminders(&bare)?;
        told.push(ticked(&host)?.0);
        let made = reminders(&bare)? - before;
        if made != DUE as i64 {
            return Err(format!("{made} of {DUE} were told").into());
        }
        nothing.push(ticked(&host)?.0);
    }
    let pages = [ReminderShelf::Open, ReminderShelf::Ended].map(|shelf| pages(&bare, &crm, shelf));
    let [open, ended] = pages;
    Ok(Figures {
        told: median(&mut told),
        nothing: median(&mut nothing),
        floor: median(&mut floors),
        birthdays,
        pages: [open?, ended?],
    })
}

fn reminders(bare: &Connection) -> Result<i64> {
    Ok(bare.query_row("SELECT COUNT(*) FROM crm_reminder", [], |row| row.get(0))?)
}

/// Contracts here and there.
pub fn some(bare: &Connection, contracts: usize) -> Result<Vec<String>> {
    let every = (contracts / (2 * DUE)).clamp(1, 97) as i64;
    let mut some =
        bare.prepare_cached("SELECT id FROM crm_contract WHERE org_id = ?1 AND abs(random()) % ?3 = 0 LIMIT ?2")?;
    let found = some.query_map(params![ORG, DUE as i64, every], |row| row.get(0))?;
    Ok(found.collect::<std::result::Result<_, _>>()?)
}

/// The same contracts read by bare statements, with two rows written for each, in one transaction; then undone.
fn by_bare_statements(bare: &Connection, ids: &[String], now: i64) -> Result<f64> {
    let started = Instant::now();
    bare.execute_batch("BEGIN IMMEDIATE")?;
    for (place, id) in ids.iter().enumerate() {
        let mut read = bare.prepare_cached("SELECT body FROM crm_contract WHERE org_id = ?1 AND id = ?2")?;
        let body: String = read.query_row(params![ORG, id], |row| row.get(0))?;
        let mut insert =
            bare.prepare_cached("INSERT INTO crm_agenda (org_id, id, version, due, body) VALUES (?1, ?2, 1, ?3, ?4)")?;
        for table in 0..2 {
            insert.execute(params![ORG, format!("bare:{now}-{place}-{table}"), now + 4_000 * DAY, body])?;
        }
    }
    bare.execute_batch("ROLLBACK")?;
    Ok(started.elapsed().as_secs_f64() * 1_000.0)
}

/// The 99th percentile of the first page of the inbox of who has most, who has 10,000 old ones, too.
fn pages(bare: &Connection, crm: &Crm, shelf: ReminderShelf) -> Result<f64> {
    let person: String = bare.query_row(
        "SELECT substr(inbox, 3) FROM crm_reminder WHERE inbox LIKE 'o%' GROUP BY inbox ORDER BY COUNT(*) DESC LIMIT 1",
        [],
        |row| row.get(0),
    )?;
    let has: i64 =
        bare.query_row("SELECT COUNT(*) FROM crm_reminder WHERE inbox = 'e' || char(31) || ?1", [&person], |row| {
            row.get(0)
        })?;
    for place in has..OLD as i64 {
        bare.execute(
            "INSERT INTO crm_reminder (org_id, id, version, inbox, at, subject, react_by, kind, late, body)
             SELECT org_id, ?1, 1, 'e' || char(31) || ?2, at, '-', react_by, kind, late, body FROM crm_reminder
             WHERE inbox = 'o' || char(31) || ?2 LIMIT 1",
            params![format!("old-{place:05}"), person],
        )?;
    }
    let actor = Actor::user(ORG, &person)?;
    let session = crm.as_user(&actor);
    let mut times: Vec<Duration> = Vec::with_capacity(CALLS);
    for _ in 0..CALLS {
        let query = ReminderQuery { shelf, ..ReminderQuery::default() };
        let started = Instant::now();
        let page = session.reminders(query, PageRequest::first(20))?;
        times.push(started.elapsed());
        if page.items.is_empty() {
            return Err("an empty inbox".into());
        }
    }
    Ok(percentiles(&mut times).1)
}

/// How long a tick takes in which so many are to be reminded, whatever there is beside them.
pub fn run(options: &Options, dir: &Path) -> Result<()> {
    let large = ((1_000_000.0 * options.scale) as usize).max(5_000);
    let beside = [(large / 100).max(2_500), (large / 10).max(2_500)];
    let of_least = measured(dir, "least", beside[0])?;
    let of_small = measured(dir, "small", beside[1])?;
    let of_large = measured(dir, "large", large)?;
    let among_those = [of_least.told, of_small.told].map(|told| (told * 1_000.0).round() / 1_000.0);
    Measure {
        measure: "reminders/tick",
        value: of_large.told,
        unit: "ms",
        floor: Some(of_large.floor),
        judged: of_large.told,
        target: Some((50.0, false)),
        on: json!({
            "what": "ticks until nothing is due on a day on which contracts are to be told of",
            "contracts": large,
            "birthdays": of_large.birthdays,
            "due": DUE,
            "contracts_beside": beside,
            "among_those": among_those,
            "times_as_long": (of_large.told / of_small.told * 100.0).round() / 100.0,
            "with_nothing_due": (of_large.nothing * 1_000.0).round() / 1_000.0,
            "floor": "as many contracts read by bare statements, two rows written for each, in one transaction",
        }),
    }
    .print();
    for (measure, value) in ["reminders/inbox/open", "reminders/inbox/ended"].into_iter().zip(of_large.pages) {
        let on = json!({"what": "the first 20 of an inbox with 10,000 old reminders", "calls": CALLS});
        let target = Some((5.0, false));
        Measure { measure, value, unit: "ms p99", floor: None, judged: value, target, on }.print();
    }
    Ok(())
}
