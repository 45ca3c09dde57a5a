//! `crm-bench duplicates NAMES QUERIES [STORE]...`: how well and how fast the check for duplicates finds names.
//!
//! NAMES is a gzipped list of names, one a line; QUERIES a gzipped tsv with the columns `kind`, `query` and `true_name`, of
//! which kind `none` is in no index. Stores are `memory`, `sqlite`, `postgres`, `mariadb`; the first two when none is named.
//! For each store one line of JSON.

use crate::Result;
use crate::report::percentiles;
use crate::setup::ORG;
use crm_core::store::sql::SqlOptions;
use crm_core::store::sql::server::sqlx::{MySql, Postgres};
use crm_core::store::sql::server::{ServerExecutor, ServerOptions};
use crm_core::store::sql::sqlite::{Durability, SqliteOptions, SqliteStore, rusqlite};
use crm_core::store::sql::{SqlStore, TablePrefix};
use crm_core::store::{Answer, MemoryStore, Read, Search, Store};
use crm_core::{
    Actor, Crm, DuplicateDraft, DuplicateVerdict, NameRule, NewCustomer, NewOrganisation, OrgId, Session,
    SystemEnvironment,
};
use serde_json::json;
use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// The tables of the index of names.
const TABLES: [&str; 5] = ["name_index", "name_gram", "name_entry", "name_of", "name_tail"];

/// The lines of a gzipped file.
pub fn lines(path: &str) -> Result<Vec<String>> {
    let mut text = String::new();
    flate2::read::GzDecoder::new(std::fs::File::open(path)?).read_to_string(&mut text)?;
    Ok(text.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect())
}

/// The command.
pub fn run(mut args: impl Iterator<Item = String>) -> Result<()> {
    let (Some(names), Some(queries)) = (args.next(), args.next()) else {
        return Err("crm-bench duplicates NAMES QUERIES [memory|sqlite|postgres|mariadb]...".into());
    };
    let names = lines(&names)?;
    let queries: Vec<[String; 3]> = lines(&queries)?
        .iter()
        .skip(1)
        .filter_map(|line| {
            let mut fields = line.split('\t').map(str::to_owned);
            Some([fields.next()?, fields.next()?, fields.next().unwrap_or_default()])
        })
        .collect();
    let stores: Vec<String> = args.collect();
    let stores = if stores.is_empty() { vec!["memory".to_owned(), "sqlite".to_owned()] } else { stores };
    for store in stores {
        on(&store, &names, &queries)?;
    }
    Ok(())
}

fn on(name: &str, names: &[String], queries: &[[String; 3]]) -> Result<()> {
    let dir = tempfile::tempdir()?;
    let url = |variable: &str| std::env::var(variable).map_err(|_| format!("{variable} names no server"));
    match name {
        "memory" => {
            let store = Arc::new(MemoryStore::new());
            let sizes = store.clone();
            measure(name, store, names, queries, || text_bytes(&sizes))
        }
        "sqlite" => {
            let path = dir.path().join("names.db");
            let file = SqliteOptions { durability: Durability::Normal, ..SqliteOptions::default() };
            let store = Arc::new(SqliteStore::open_file(&path, file, SqlOptions::new(crm_core::KINDS))?);
            measure(name, store, names, queries, || file_bytes(&path))
        }
        "postgres" => server::<Postgres>(name, &url("CRM_POSTGRES_URL")?, names, queries),
        "mariadb" => server::<MySql>(name, &url("CRM_MYSQL_URL")?, names, queries),
        other => Err(format!("unknown store {other}").into()),
    }
}

fn server<S: crate::servers::Bare>(name: &str, url: &str, names: &[String], queries: &[[String; 3]]) -> Result<()> {
    let options = SqlOptions { prefix: TablePrefix::new("dup_")?, ..SqlOptions::new(crm_core::KINDS) };
    let store: Arc<SqlStore<ServerExecutor<S>>> = Arc::new(SqlStore::connect(url, ServerOptions::default(), options)?);
    let sizes = store.clone();
    measure(name, store, names, queries, || text_bytes(&sizes))
}

/// What the rows of the index hold.
fn text_bytes(store: &dyn Store) -> Result<i64> {
    let org = OrgId::new(ORG)?;
    let mut bytes = 0;
    for kind in crm_core::KINDS.iter().filter(|kind| TABLES.contains(&kind.name)) {
        let mut search = Search::of(kind);
        loop {
            let answer = store.read(&org, &[Read::Find(search.clone())])?.pop();
            let Some(Answer::Rows(rows)) = answer else { break };
            bytes += rows.iter().map(|row| row.id.len() + row.body.len() + 8 * (1 + row.values.len())).sum::<usize>();
            match rows.last() {
                Some(last) if rows.len() as i64 >= search.limit => search.after = Some((None, last.id.clone())),
                _ => break,
            }
        }
    }
    Ok(bytes as i64)
}

/// What the pages of the index take, indexes included.
fn file_bytes(path: &Path) -> Result<i64> {
    let connection = rusqlite::Connection::open(path)?;
    let mut query = connection.prepare(
        "SELECT s.tbl_name, sum(d.pgsize) FROM dbstat AS d JOIN sqlite_schema AS s ON s.name = d.name GROUP BY 1",
    )?;
    let mut bytes = 0;
    for row in query.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?)))? {
        let (table, size) = row?;
        bytes += if TABLES.iter().any(|own| table == format!("crm_{own}")) { size } else { 0 };
    }
    Ok(bytes)
}

/// An organisation in which names may come twice, and who acts in it.
pub(crate) fn founded(store: impl Store + Send + Sync + 'static) -> Result<(Crm, Actor)> {
    let crm = Crm::new(store, SystemEnvironment);
    let host = Actor::system(ORG, "bench")?;
    let session = || crm.as_user(&host);
    session().create_organisation(NewOrganisation::named("Bench"))?;
    session().sync_people(vec![crm_core::PersonInput::new("alice", "Alice")?], crm_core::SyncMode::Delta)?;
    let mut settings = session().settings()?;
    settings.same_name = NameRule::Allow;
    settings.pool.most_held = 0;
    session().change_settings(settings)?;
    Ok((crm, host))
}

fn measure<S: Store + Send + Sync + 'static>(
    name: &str,
    store: S,
    names: &[String],
    queries: &[[String; 3]],
    bytes: impl Fn() -> Result<i64>,
) -> Result<()> {
    let (crm, host) = founded(store)?;
    let session = || crm.as_user(&host);
    let alice = crm_core::UserId::new("alice")?;
    let began = Instant::now();
    for name in names {
        let name: String = name.chars().take(200).collect();
        session().create_customer(NewCustomer { owner: Some(alice.clone()), ..NewCustomer::named(name) })?;
    }
    let created = began.elapsed();
    let began = Instant::now();
    crm.tick_all()?;
    let folded = began.elapsed();
    let mut kinds: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    let (mut none, mut certain, mut likely, mut incomplete) = (0, 0, 0, 0);
    let mut times: Vec<Duration> = Vec::new();
    // What is prepared once is prepared.
    for [_, query, _] in queries.iter().take(50) {
        check(&session(), query)?;
    }
    for [kind, query, wanted] in queries {
        let began = Instant::now();
        let found = check(&session(), query)?;
        times.push(began.elapsed());
        incomplete += usize::from(!found.complete);
        if kind == "none" {
            none += 1;
            let at_least = |verdict: DuplicateVerdict| found.hits.iter().any(|hit| hit.verdict >= verdict);
            certain += usize::from(at_least(DuplicateVerdict::Certain));
            likely += usize::from(at_least(DuplicateVerdict::Likely));
            continue;
        }
        let place = found.hits.iter().position(|hit| hit.name == *wanted);
        let counts = kinds.entry(kind).or_default();
        counts[0] += usize::from(place == Some(0));
        counts[1] += usize::from(place.is_some());
        counts[2] += 1;
    }
    let share = |part: usize, of: usize| if of == 0 { 0.0 } else { (part as f64 / of as f64 * 1e4).round() / 1e4 };
    let all = kinds.values().fold([0; 3], |sum, own| [sum[0] + own[0], sum[1] + own[1], sum[2] + own[2]]);
    let recall = |[first, ten, of]: &[usize; 3]| json!({"queries": of, "recall@1": share(*first, *of), "recall@10": share(*ten, *of)});
    let mut sorted = times.clone();
    let (p50, p99) = percentiles(&mut sorted);
    let p95 = sorted[(sorted.len() * 95).div_ceil(100).clamp(1, sorted.len()) - 1].as_secs_f64() * 1e3;
    let ms = |value: f64| (value * 1e3).round() / 1e3;
    println!(
        "{}",
        json!({
            "measure": format!("duplicates/{name}"),
            "names": names.len(),
            "overall": recall(&all),
            "kinds": kinds.iter().map(|(kind, counts)| (*kind, recall(counts))).collect::<BTreeMap<_, _>>(),
            "none": {"queries": none, "certain": share(certain, none), "likely": share(likely, none)},
            "incomplete": incomplete,
            "seconds_to_create": (created.as_secs_f64() * 10.0).round() / 10.0,
            "seconds_to_build": (folded.as_secs_f64() * 10.0).round() / 10.0,
            "index_bytes_per_name": bytes()? / names.len().max(1) as i64,
            "ms": {"p50": ms(p50), "p95": ms(p95), "p99": ms(p99)},
        })
    );
    Ok(())
}

fn check(session: &Session<'_>, query: &str) -> Result<crm_core::DuplicateCheck> {
    Ok(session.check_duplicates(DuplicateDraft::named(query.chars().take(200).collect::<String>()))?)
}
