//! The first page of every list with its count, on a server that holds the rows of the generated SQLite file. Each list
//! must answer on the server what it answers on the file, to the byte.

use super::bare::{self, Bare};
use super::{Tables, durable};
use crate::generate::{self, Noon};
use crate::report::{Measure, percentiles};
use crate::setup::{self, ORG};
use crate::views::{LEAST_CALLS, PATIENCE, cases, cpu_time, most_calls};
use crate::{Options, Result};
use crm_core::store::sql::server::sqlx::Connection as _;
use crm_core::store::sql::sqlite::Durability;
use crm_core::store::sql::sqlite::rusqlite::Connection;
use crm_core::store::sql::sqlite::rusqlite::types::Value as Cell;
use crm_core::store::{Answer, Kind, Read, Row, Store, Value};
use crm_core::{Actor, Crm, KINDS, OrgId, PageRequest};
use serde_json::json;
use std::path::Path;
use std::time::Instant;

/// Rows of one `INSERT`: their parameters must be fewer than 65,536.
const TOGETHER: usize = 400;
const PREFIX: &str = "bench_views_";
const TARGET: f64 = 20.0;

/// Fills the server and measures the lists.
pub fn run<S: Bare>(options: &Options, url: &str, dir: &Path) -> Result<()> {
    let customers = ((1_000_000.0 * options.scale) as usize).max(5_000);
    let file = format!("lists-{customers}.db");
    let kept = options.dir.as_deref().filter(|_| options.keep).map(|dir| dir.join(&file));
    let path = kept.unwrap_or_else(|| dir.join(&file));
    if !path.exists() {
        generate::fill(&path, customers, false)?;
    }
    let sqlite = Crm::new(setup::store(&path, Durability::Full)?, Noon);
    let mut tables = Tables::<S>::open(url, PREFIX, 4)?;
    tables.keep = options.keep;
    let org = OrgId::new(ORG)?;
    let head = Read::Get { kind: kind("organisation")?, ids: vec!["organisation".into()] };
    let there = matches!(tables.store.read(&org, &[head])?.as_slice(), [Answer::Rows(rows)] if !rows.is_empty());
    if !there {
        let started = Instant::now();
        fill::<S>(url, &path)?;
        eprintln!("{customers} customers brought to {} in {:.0} s", S::WORD, started.elapsed().as_secs_f64());
    }
    let crm = Crm::new(tables.store.clone(), Noon);
    let (mut worst, mut measured, mut over, mut over_at_median, mut differing) = ((0.0, String::new()), 0, 0, 0, 0);
    for case in cases()? {
        let name = format!("servers/views/{}/{}", S::WORD, case.name.trim_start_matches("views/"));
        if case.of_follow_ups() || !options.wants(&name) {
            continue;
        }
        let actor = Actor::user(ORG, case.actor.as_str())?;
        let page = || PageRequest::first(20).counted();
        let (here, there) = (case.shown(&crm, &actor, page())?, case.shown(&sqlite, &actor, page())?);
        let agrees = here == there;
        if !agrees {
            differing += 1;
            eprintln!("{name}: the server answers otherwise than SQLite");
        }
        let most = most_calls(options);
        let (mut times, mut worked) = (Vec::new(), Vec::new());
        let began = Instant::now();
        while times.len() < most && (times.len() < LEAST_CALLS || began.elapsed() < PATIENCE) {
            let (started, work) = (Instant::now(), cpu_time());
            case.ask(&crm, &actor, page())?;
            times.push(started.elapsed());
            worked.push(cpu_time().saturating_sub(work));
        }
        let calls = times.len();
        let (p50, p99) = percentiles(&mut times);
        let (_, own_p99) = percentiles(&mut worked);
        measured += 1;
        over += usize::from(p99 > TARGET);
        over_at_median += usize::from(p50 > TARGET);
        if p99 > worst.0 {
            worst = (p99, name.clone());
        }
        let round = |value: f64| (value * 1_000.0).round() / 1_000.0;
        Measure {
            measure: &name,
            value: p99,
            unit: "ms p99",
            floor: None,
            judged: p99,
            target: Some((TARGET, false)),
            on: json!({"customers": customers, "owners": case.owners, "calls": calls, "p50": round(p50),
                "processor_of_the_client_p99": round(own_p99), "agrees_with_sqlite": agrees}),
        }
        .print();
    }
    if measured > 0 {
        Measure {
            measure: &format!("servers/views/{}", S::WORD),
            value: worst.0,
            unit: "ms p99",
            floor: None,
            judged: worst.0,
            target: Some((TARGET, false)),
            on: json!({"what": "the worst of the lists: first page of 20 with its count, every order", "list": worst.1,
                "customers": customers, "lists": measured, "lists_over_target": over, "medians_over_target": over_at_median,
                "server": durable::<S>(url)?}),
        }
        .print();
    }
    if differing > 0 {
        return Err(format!("{differing} lists differ from those of SQLite").into());
    }
    Ok(())
}

fn kind(name: &str) -> Result<&'static Kind> {
    Ok(KINDS.iter().find(|kind| kind.name == name).ok_or("no such kind")?)
}

/// Brings every row of the file to the server. Indexes are made afterwards, as an administrator would.
fn fill<S: Bare>(url: &str, path: &Path) -> Result<()> {
    let file = Connection::open(path)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let mut server = S::Connection::connect(url).await?;
        for kind in KINDS {
            let large = matches!(kind.name, "customer" | "contact");
            let indexes = || kind.indexes.iter().filter(|_| large);
            for index in indexes() {
                S::say(&mut server, S::drop_index(&format!("{PREFIX}{}", kind.name), index.name).into()).await?;
            }
            let columns: String = kind.columns.iter().map(|column| format!("\"{}\", ", column.name)).collect();
            let mut read =
                file.prepare(&format!("SELECT id, version, {columns}body FROM crm_{} ORDER BY id", kind.name))?;
            let width = kind.columns.len();
            let mut rows = read.query([])?;
            let mut batch = Vec::with_capacity(TOGETHER);
            S::say(&mut server, S::START.into()).await?;
            loop {
                let row = rows.next()?;
                let last = row.is_none();
                if let Some(row) = row {
                    let values = (2..2 + width).map(|place| Ok(value(row.get(place)?)));
                    batch.push(Row {
                        id: row.get(0)?,
                        version: row.get(1)?,
                        values: values.collect::<Result<_>>()?,
                        body: row.get(2 + width)?,
                    });
                }
                if batch.len() == TOGETHER || (last && !batch.is_empty()) {
                    S::run(&mut server, bare::insert::<S>(PREFIX, kind, batch.len()), bare::values(&batch)).await?;
                    batch.clear();
                }
                if last {
                    break;
                }
            }
            S::say(&mut server, "COMMIT".into()).await?;
            for index in indexes() {
                let table = format!("{PREFIX}{}", kind.name);
                let columns: Vec<String> = index.columns.iter().map(|column| S::quote(column)).collect();
                let columns = match index.across {
                    true => format!("{}, org_id", columns.join(", ")),
                    false => format!("org_id, {}, id", columns.join(", ")),
                };
                let made = format!("CREATE INDEX {table}_{} ON {table} ({columns})", index.name);
                S::say(&mut server, made.into()).await?;
            }
            S::say(&mut server, S::analyse(&format!("{PREFIX}{}", kind.name)).into()).await?;
        }
        Ok(server.close().await?)
    })
}

fn value(cell: Cell) -> Value {
    match cell {
        Cell::Integer(integer) => Value::Integer(integer),
        Cell::Text(text) => Value::Text(text),
        Cell::Blob(bytes) => Value::Bytes(bytes),
        // No column of the library holds these.
        Cell::Null | Cell::Real(_) => Value::Text(String::new()),
    }
}
