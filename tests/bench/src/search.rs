//! The quick search over all customers, by people who see few and many of them, with texts that many begin with.

use crate::generate::{self, Chance, Noon, manager, member};
use crate::report::{Measure, percentiles};
use crate::setup::{self, ORG};
use crate::{Options, Result};
use crm_core::store::sql::sqlite::Durability;
use crm_core::store::sql::sqlite::rusqlite::Connection;
use crm_core::{Actor, Crm};
use serde_json::json;
use std::path::Path;
use std::time::Instant;

/// How many are told.
const SHOWN: usize = 20;

/// What is typed: cities and trades that a twelfth begins with, brands, initials, names of contacts, phones.
const TEXTS: [&str; 20] = [
    "杭州",
    "上海",
    "云帆",
    "盛世长青",
    "杭州云帆华星",
    "有限公司",
    "hz",
    "hzyf",
    "yf",
    "sscq",
    "a",
    "c",
    "杭州云帆科技有限公司",
    "王",
    "王小明",
    "wxm",
    "138",
    "13800",
    "0571",
    "1234",
];

/// Fills a database, gives it its keys, and asks.
pub fn run(options: &Options, dir: &Path) -> Result<()> {
    let customers = ((1_000_000.0 * options.scale) as usize).max(5_000);
    let kept = options.dir.clone().filter(|_| options.keep);
    let path = kept.as_deref().unwrap_or(dir).join(format!("search-{customers}.db"));
    if !path.exists() {
        generate::fill(&path, customers, false)?;
        take_in(&path, customers)?;
    }
    let db = setup::bare(&path, "OFF")?;
    let (bytes, keys): (i64, i64) = db.query_row(
        "SELECT (SELECT sum(d.pgsize) FROM dbstat AS d JOIN sqlite_schema AS s ON s.name = d.name WHERE s.tbl_name = 'crm_customer_key'),
            (SELECT count(*) FROM crm_customer_key)",
        [],
        |row| Ok((row.get(0)?, row.get(1)?)),
    )?;
    Measure {
        measure: "search/bytes",
        value: bytes as f64 / customers as f64,
        unit: "bytes/customer",
        floor: None,
        judged: 0.0,
        target: None,
        on: json!({"customers": customers, "keys_of_a_customer": keys as f64 / customers as f64, "bytes_of_a_key": bytes / keys.max(1)}),
    }
    .print();
    let store = setup::store(&path, Durability::Normal)?;
    let crm = Crm::new(store, Noon);
    for (name, who) in [
        ("own", member(0, 0)),
        ("own-twentieth", member(3, 0)),
        ("30-owners", manager(0)),
        ("2000-owners", "director".to_owned()),
        ("shared-2000", member(6, 1)),
        ("all", "admin".to_owned()),
    ] {
        measure(&crm, &db, options, name, &who, customers)?;
    }
    Ok(())
}

/// The generator writes no keys: a tick takes them in, as after an update.
fn take_in(path: &Path, customers: usize) -> Result<()> {
    let db = setup::bare(path, "OFF")?;
    db.execute("UPDATE crm_name_index SET version = version + 1, body = json_set(json_remove(body, '$.keys'), '$.keys_walked', 'customer:')", [])?;
    drop(db);
    let crm = Crm::new(setup::store(path, Durability::Normal)?, Noon);
    let system = Actor::system(ORG, "bench")?;
    let started = Instant::now();
    loop {
        crm.as_user(&system).tick()?;
        if crm.as_user(&system).search_customers("-".to_owned(), None)?.complete {
            break;
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    Measure {
        measure: "search/backfill",
        value: customers as f64 / seconds,
        unit: "customers/s",
        floor: None,
        judged: 0.0,
        target: None,
        on: json!({"customers": customers, "seconds": seconds, "what": "keys of customers and contacts that were there before, by ticks"}),
    }
    .print();
    Ok(())
}

/// What bare statements need: the same ranges in each scope, and the customers that are shown.
fn bare(db: &Connection, scopes: &[String], text: &str) -> Result<usize> {
    let mut keys = db.prepare_cached(
        "SELECT id FROM crm_customer_key WHERE org_id = ?1 AND scope = ?2 AND id > ?3 AND id < ?4 ORDER BY id LIMIT 20",
    )?;
    let mut whole = db.prepare_cached(
        "SELECT id FROM crm_customer_key WHERE org_id = ?1 AND id > ?2 AND id < ?3 ORDER BY id LIMIT 20",
    )?;
    let digits = text.chars().all(|c| c.is_ascii_digit());
    let backwards: String = text.chars().rev().collect();
    let mut found: Vec<String> = Vec::new();
    for class in if digits { ["p", "q", "t", "u"] } else { ["n", "c", "w", "d"] } {
        let term = if ["t", "u"].contains(&class) { &backwards } else { text };
        let (from, until) = (format!("{class}{term}"), format!("{class}{term}{}", char::MAX));
        if scopes.is_empty() {
            let rows = whole.query_map((ORG, &from, &until), |row| row.get::<_, String>(0))?;
            found.extend(rows.collect::<std::result::Result<Vec<_>, _>>()?);
        }
        for scope in scopes {
            let rows = keys.query_map((ORG, scope, &from, &until), |row| row.get::<_, String>(0))?;
            found.extend(rows.collect::<std::result::Result<Vec<_>, _>>()?);
        }
    }
    let mut read = db.prepare_cached("SELECT body FROM crm_customer_key WHERE org_id = ?1 AND id = ?2")?;
    found.truncate(SHOWN);
    for id in &found {
        read.query_row((ORG, id), |row| row.get::<_, String>(0))?;
    }
    Ok(found.len())
}

fn measure(crm: &Crm, db: &Connection, options: &Options, name: &str, who: &str, customers: usize) -> Result<()> {
    let actor = Actor::user(ORG, who)?;
    // Where the customers that he sees stand.
    let mut scopes: Vec<String> = Vec::new();
    if name != "all" {
        let every = db
            .prepare("SELECT DISTINCT scope FROM crm_customer WHERE scope LIKE 'a%'")?
            .query_map([], |row| row.get::<_, String>(0))?
            .collect::<std::result::Result<Vec<_>, _>>()?;
        let team = if name == "30-owners" { "\u{1f}t00\u{1f}".to_owned() } else { format!("\u{1f}{who}") };
        scopes = every.into_iter().filter(|scope| name == "2000-owners" || scope.contains(&team)).collect();
    }
    let calls = if options.scale < 0.1 { 40 } else { 1_000 };
    let (mut times, mut floors, mut found, mut chance) = (Vec::new(), Vec::new(), 0, Chance(7));
    for call in 0..calls + 40 {
        let text =
            if call % 4 == 3 { format!("{:04}", chance.below(10_000)) } else { TEXTS[call % TEXTS.len()].to_owned() };
        let started = Instant::now();
        let answer = crm.as_user(&actor).search_customers(text.clone(), None)?;
        let took = started.elapsed();
        let started = Instant::now();
        bare(db, &scopes, &text)?;
        // The first fill caches.
        if call >= 40 {
            times.push(took);
            floors.push(started.elapsed());
            found += answer.customers.len();
        }
    }
    let (p50, p99) = percentiles(&mut times);
    let (floor_p50, floor) = percentiles(&mut floors);
    Measure {
        measure: &format!("search/{name}"),
        value: p99,
        unit: "ms p99",
        floor: Some(floor),
        judged: p99,
        target: Some((20.0, false)),
        on: json!({"customers": customers, "scopes": scopes.len(), "calls": calls, "p50": p50, "floor_p50": floor_p50,
            "found_each": found as f64 / calls as f64}),
    }
    .print();
    Ok(())
}
