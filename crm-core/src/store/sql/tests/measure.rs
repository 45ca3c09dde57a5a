//! Figures, not tests: `cargo test --release -p crm-core --features rusqlite -- --ignored
//! --nocapture --test-threads 1 measure`. `CRM_MEASURE_DIR` keeps the files for the next run.

use super::{KINDS, THING};
use crate::OrgId;
use crate::store::sql::SqlOptions;
use crate::store::sql::sqlite::{Durability, SqliteOptions, SqliteStore, rusqlite};
use crate::store::{Answer, ChangeSet, Comparison, Direction, Filter, Read, Row, Search, Store as _, Value, Write};
use std::path::PathBuf;
use std::time::{Duration, Instant};

const ROWS: i64 = 1_000_000;
const OWNERS: i64 = 2_000;

fn id(n: i64) -> String {
    format!("0190b8f4-{:04x}-7{:03x}-8000-{n:012x}", n >> 16, n & 0xfff)
}

fn owner(n: i64) -> Value {
    format!("0190b8f4-0000-7000-9000-{n:012x}").into()
}

fn row(n: i64, owner_of: i64, rank: i64) -> Row {
    let name = n.wrapping_mul(0x9e37_79b9_7f4a_7c15_u64 as i64).to_be_bytes().to_vec();
    let body = format!(
        r#"{{"name":"上海某某信息技术有限公司{n}","note":"{}"}}"#,
        "x".repeat(250)
    );
    let grp = vec![u8::try_from(n & 7).unwrap()];
    Row {
        id: id(n),
        version: 1,
        values: vec![
            owner(owner_of),
            rank.into(),
            name.into(),
            "-".into(),
            (n % 5).into(),
            n.into(),
            grp.into(),
        ],
        body,
    }
}

fn open(path: PathBuf, durability: Durability) -> SqliteStore {
    let options = SqliteOptions {
        durability,
        ..SqliteOptions::default()
    };
    SqliteStore::open_file(path, options, SqlOptions::new(KINDS)).unwrap()
}

/// A table whose owner and order are given by functions of the number.
fn filled(file: &str, owner_of: impl Fn(i64) -> i64, rank: impl Fn(i64) -> i64) -> SqliteStore {
    let directory = std::env::var_os("CRM_MEASURE_DIR").map_or_else(std::env::temp_dir, PathBuf::from);
    let path = directory.join(file);
    let there = path.exists();
    let store = open(path, Durability::Normal);
    if !there {
        let started = Instant::now();
        for from in (0..ROWS).step_by(10_000) {
            let insert = |n| Write::Insert {
                kind: &THING,
                row: row(n, owner_of(n), rank(n)),
            };
            let writes = (from..from + 10_000).map(insert).collect();
            store
                .commit(&ChangeSet {
                    writes,
                    ..ChangeSet::new(OrgId::new("org").unwrap())
                })
                .unwrap();
        }
        println!("{file}: filled in {:.1} s", started.elapsed().as_secs_f64());
    }
    store
}

/// The median of some runs.
fn time(title: &str, store: &SqliteStore, read: &Read) -> Answer {
    let org = OrgId::new("org").unwrap();
    let mut answer = None;
    let mut times: Vec<Duration> = (0..21)
        .map(|_| {
            let started = Instant::now();
            answer = Some(store.read(&org, std::slice::from_ref(read)).unwrap().remove(0));
            started.elapsed()
        })
        .collect();
    times.sort();
    println!(
        "  {title:60} {:8.3} ms (worst {:.3})",
        times[10].as_secs_f64() * 1e3,
        times[20].as_secs_f64() * 1e3
    );
    answer.unwrap()
}

fn pages(store: &SqliteStore, order: &'static str) {
    for owners in [1, 30, OWNERS] {
        for filtered in [false, true] {
            let filter = match filtered {
                true => Filter::Is("name", Comparison::Less, vec![0x40].into()),
                false => Filter::All(Vec::new()),
            };
            let search = Search::of(&THING)
                .within("owner", (0..owners).map(owner).collect())
                .ordered(order, Direction::Descending)
                .filtered(filter)
                .limited(50);
            let title = format!("{owners} owners by {order}{}", if filtered { ", filtered" } else { "" });
            let mut after = search.clone();
            if let Answer::Rows(rows) = time(&title, store, &Read::Find(search.clone())) {
                let Some(last) = rows.last() else { continue };
                let place = THING.position(order).unwrap();
                after.after = Some((Some(last.values[place].clone()), last.id.clone()));
            }
            time(&format!("{title}, second page"), store, &Read::Find(after.clone()));
            if let Some((_, id)) = &mut after.after {
                *id = self::id(ROWS / 500);
            }
            time(&format!("{title}, other place"), store, &Read::Find(after));
            time(
                &format!("{title}, count to 1000"),
                store,
                &Read::Count {
                    search: search.clone(),
                    cap: 1_000,
                },
            );
        }
    }
    let all = Search::of(&THING).ordered("rank", Direction::Descending).limited(50);
    time("organisation by rank", store, &Read::Find(all.clone()));
    time(
        "organisation, count to 10,000",
        store,
        &Read::Count {
            search: all,
            cap: 10_000,
        },
    );
    time(
        "get one",
        store,
        &Read::Get {
            kind: &THING,
            ids: vec![id(7)],
        },
    );
    time(
        "get 50",
        store,
        &Read::Get {
            kind: &THING,
            ids: (0..50).map(|n| id(n * 977)).collect(),
        },
    );
}

#[test]
#[ignore = "measures"]
fn measure_pages() {
    println!("owners mixed");
    let store = filled("mixed.db", |n| n * 7_919 % OWNERS, |n| n);
    pages(&store, "rank");
    pages(&store, "name");
    println!("all orders equal");
    pages(&filled("equal.db", |n| n * 7_919 % OWNERS, |_| 5), "rank");
    println!("owner by owner, as an import leaves them, the asked for being the oldest of the table");
    pages(&filled("blocks.db", |n| n / (ROWS / (OWNERS * 2)), |n| n), "rank");
}

#[test]
#[ignore = "measures"]
fn measure_inserts() {
    let directory = tempfile::tempdir().unwrap();
    let commits = 20_000;
    let org = OrgId::new("org").unwrap();
    let store = open(directory.path().join("store.db"), Durability::Normal);
    let rows: Vec<Row> = (0..commits).map(|n| row(n, n % 30, n)).collect();
    let started = Instant::now();
    for row in &rows {
        let insert = Write::Insert {
            kind: &THING,
            row: row.clone(),
        };
        store
            .commit(&ChangeSet {
                writes: vec![insert],
                ..ChangeSet::new(org.clone())
            })
            .unwrap();
    }
    let ours = started.elapsed().as_secs_f64();

    drop(open(directory.path().join("bare.db"), Durability::Normal));
    let bare = rusqlite::Connection::open(directory.path().join("bare.db")).unwrap();
    bare.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA wal_autocheckpoint = 4000;")
        .unwrap();
    let mut begin = bare.prepare("BEGIN IMMEDIATE").unwrap();
    let mut commit = bare.prepare("COMMIT").unwrap();
    let mut insert = bare
        .prepare(
            "INSERT INTO crm_thing (org_id, id, version, owner, rank, name, label, level, due, grp, body) \
             VALUES ('org', ?, 1, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .unwrap();
    let started = Instant::now();
    for row in &rows {
        begin.raw_execute().unwrap();
        let mut values = row.values.iter();
        let mut next = || match values.next().unwrap() {
            Value::Integer(i) => rusqlite::types::Value::Integer(*i),
            Value::Text(t) => rusqlite::types::Value::Text(t.clone()),
            Value::Bytes(b) => rusqlite::types::Value::Blob(b.clone()),
        };
        insert
            .execute(rusqlite::params![
                row.id,
                next(),
                next(),
                next(),
                next(),
                next(),
                next(),
                next(),
                row.body
            ])
            .unwrap();
        commit.raw_execute().unwrap();
    }
    let theirs = started.elapsed().as_secs_f64();
    let rate = |seconds: f64| commits as f64 / seconds;
    println!(
        "one by one: store {:.0}/s, bare {:.0}/s, ratio {:.2}",
        rate(ours),
        rate(theirs),
        theirs / ours
    );

    for threads in [1, 4, 16, 64] {
        for durability in [Durability::Full, Durability::Normal] {
            let store = open(directory.path().join(format!("{threads}{durability:?}.db")), durability);
            let before = store.executor().write_stats();
            let each = 6_400 / threads;
            let started = Instant::now();
            std::thread::scope(|scope| {
                for thread in 0..threads {
                    let (store, org) = (&store, &org);
                    scope.spawn(move || {
                        for n in 0..each {
                            let row = row(thread * each + n, n % 30, n);
                            let insert = Write::Insert { kind: &THING, row };
                            store
                                .commit(&ChangeSet {
                                    writes: vec![insert],
                                    ..ChangeSet::new(org.clone())
                                })
                                .unwrap();
                        }
                    });
                }
            });
            let seconds = started.elapsed().as_secs_f64();
            let stats = store.executor().write_stats();
            let (units, transactions) = (stats.units - before.units, stats.transactions - before.transactions);
            println!(
                "{threads} threads, {durability:?}: {:.0}/s, {:.1} units a transaction",
                units as f64 / seconds,
                units as f64 / transactions as f64
            );
        }
    }
}
