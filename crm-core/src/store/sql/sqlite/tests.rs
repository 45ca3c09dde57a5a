//! The executors on SQLite: commits together and apart, transactions lent, files that are bad.

use super::{Durability, LentSqlite, SqliteOptions, SqliteStore};
use crate::OrgId;
use crate::store::sql::tests::{KINDS, THING};
use crate::store::sql::{Migrate, SqlOptions};
use crate::store::{
    Answer, Change, ChangeSet, Check, CommitError, Conflict, Read, Row, Search, Store, StoreError, Value, Write,
};
use rusqlite::Connection;
use std::path::Path;
use std::time::Duration;

fn org() -> OrgId {
    OrgId::new("o").unwrap()
}

fn row(id: &str, rank: i64) -> Row {
    Row {
        id: id.into(),
        version: 1,
        values: vec!["u".into(), rank.into(), vec![1].into(), "-".into(), 0.into(), rank.into(), Vec::new().into()],
        body: r#"{"a":"客户"}"#.into(),
    }
}

fn commit(store: &dyn Store, writes: Vec<Write>) -> Result<(), CommitError> {
    store.commit(&ChangeSet { writes, ..ChangeSet::new(org()) })
}

fn insert(id: &str, rank: i64) -> Write {
    Write::Insert { kind: &THING, row: row(id, rank) }
}

fn touch(id: &str, changes: Vec<(&'static str, Change)>) -> Write {
    Write::Touch { kind: &THING, id: id.into(), version: None, changes }
}

fn get(store: &dyn Store, id: &str) -> Option<Row> {
    let read = Read::Get { kind: &THING, ids: vec![id.into()] };
    match store.read(&org(), &[read]).unwrap().remove(0) {
        Answer::Rows(rows) => rows.into_iter().next(),
        _ => unreachable!(),
    }
}

fn all(store: &dyn Store) -> usize {
    let search = Read::Count { search: Search::of(&THING), cap: 1_000_000 };
    match store.read(&org(), &[search]).unwrap().remove(0) {
        Answer::Count(count) => usize::try_from(count.unwrap()).unwrap(),
        _ => unreachable!(),
    }
}

fn conflict(id: &str) -> Result<(), CommitError> {
    Err(CommitError::Conflict(Conflict { kind: "thing", id: id.into() }))
}

fn quick() -> SqliteOptions {
    SqliteOptions {
        durability: Durability::Normal,
        busy_timeout: Duration::from_millis(100),
        ..SqliteOptions::default()
    }
}

fn open(path: &Path) -> Result<SqliteStore, StoreError> {
    SqliteStore::open_file(path, quick(), SqlOptions::new(KINDS))
}

fn store() -> (tempfile::TempDir, SqliteStore) {
    let directory = tempfile::tempdir().unwrap();
    let store = open(&directory.path().join("crm.db")).unwrap();
    (directory, store)
}

#[test]
fn a_few_rows_are_looked_up_whole_while_others_write_here_and_elsewhere() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("crm.db");
    let open = || SqliteStore::open_file(&path, quick(), SqlOptions::new(KINDS)).unwrap();
    let (here, elsewhere) = (open(), open());
    commit(&here, vec![insert("a", 0), insert("b", 0)]).unwrap();
    // Both rows change together, by several threads and by another process's store.
    let changed = std::thread::scope(|scope| {
        let writers: Vec<_> = [&here, &here, &elsewhere]
            .into_iter()
            .map(|store| {
                scope.spawn(move || {
                    let both = || ["a", "b"].map(|id| touch(id, vec![("rank", Change::Add(1))]));
                    (0..200).for_each(|_| commit(store, both().into()).unwrap());
                })
            })
            .collect();
        let mut seen = std::collections::BTreeSet::new();
        while !writers.iter().all(std::thread::ScopedJoinHandle::is_finished) {
            let read = |id: &str| Read::Get { kind: &THING, ids: vec![id.into()] };
            let answers = here.read(&org(), &[read("a"), read("b")]).unwrap();
            let ranks: Vec<_> = answers
                .into_iter()
                .flat_map(|answer| match answer {
                    Answer::Rows(rows) => rows.into_iter().map(|row| row.values[1].clone()).collect::<Vec<_>>(),
                    _ => unreachable!(),
                })
                .collect();
            assert_eq!(ranks[0], ranks[1]);
            seen.insert(ranks[0].clone());
        }
        seen.len()
    });
    assert!(changed > 1, "nothing was seen to change");
    assert_eq!(get(&here, "a").unwrap().values[1], 600.into());
    // What another store wrote is seen here, and the connection is free to write again.
    commit(&elsewhere, vec![touch("a", vec![("rank", Change::Set(7.into()))])]).unwrap();
    assert_eq!(get(&here, "a").unwrap().values[1], 7.into());
    commit(&here, vec![insert("c", 0)]).unwrap();
    assert!(get(&elsewhere, "c").is_some());
}

#[test]
fn writes_do_what_they_say() {
    let (_directory, store) = store();
    commit(&store, vec![insert("a", 1), insert("b", 2)]).unwrap();
    assert_eq!(get(&store, "a"), Some(row("a", 1)));
    assert_eq!(commit(&store, vec![insert("c", 1), insert("b", 1)]), conflict("b"));
    assert_eq!(all(&store), 2);

    let update = |version| Write::Update {
        kind: &THING,
        row: Row { version, ..row("a", 9) },
        changes: vec![("rank", Change::Set(9.into())), ("due", Change::Set(9.into()))],
    };
    assert_eq!(commit(&store, vec![update(2)]), conflict("a"));
    commit(&store, vec![update(1)]).unwrap();
    assert_eq!(get(&store, "a"), Some(Row { version: 2, ..row("a", 9) }));

    let check = |id: &str, version| Check { kind: &THING, id: id.into(), version };
    let checked = |checks| store.commit(&ChangeSet { checks, writes: vec![insert("c", 3)], ..ChangeSet::new(org()) });
    assert_eq!(checked(vec![check("a", 2), check("b", 2)]), conflict("b"));
    assert_eq!(checked(vec![check("none", 1)]), conflict("none"));
    checked(vec![check("a", 2), check("b", 1)]).unwrap();

    let changes = vec![
        ("rank", Change::Max(5)),
        ("level", Change::Add(-4)),
        ("due", Change::Min(1)),
        ("owner", Change::Set("v".into())),
    ];
    commit(&store, vec![touch("c", changes)]).unwrap();
    commit(&store, vec![touch("c", vec![("rank", Change::Max(4))])]).unwrap();
    let touched = get(&store, "c").unwrap();
    let expected: Vec<Value> = vec!["v".into(), 5.into(), vec![1].into(), "-".into(), (-4).into(), 1.into()];
    assert_eq!((touched.version, &touched.values[..6]), (1, &expected[..]));
    assert_eq!(commit(&store, vec![touch("none", vec![("rank", Change::Add(1))])]), conflict("none"));

    let put = || Write::Put { kind: &THING, row: row("p", 7) };
    commit(&store, vec![put()]).unwrap();
    commit(&store, vec![put()]).unwrap();
    assert_eq!(get(&store, "p"), Some(Row { version: 2, ..row("p", 7) }));

    let add = || Write::Add { kind: &THING, row: row("s", 7), columns: vec!["rank", "level"] };
    commit(&store, vec![add()]).unwrap();
    commit(&store, vec![add()]).unwrap();
    let sum = get(&store, "s").unwrap();
    assert_eq!((sum.version, &sum.values[1], &sum.values[5]), (1, &14.into(), &7.into()));

    let reassign = Write::Reassign { kind: &THING, column: "owner", from: "u".into(), to: "w".into() };
    commit(&store, vec![reassign]).unwrap();
    assert_eq!(get(&store, "a").unwrap().values[0], "w".into());
    assert_eq!(get(&store, "c").unwrap().values[0], "v".into());

    let delete = |version| Write::Delete { kind: &THING, id: "b".into(), version };
    assert_eq!(commit(&store, vec![delete(2)]), conflict("b"));
    commit(&store, vec![delete(1)]).unwrap();
    assert_eq!(commit(&store, vec![delete(1)]), conflict("b"));
    assert_eq!(get(&store, "b"), None);

    // Keys in the order asked for, those that are not there left out.
    let ids = ["s", "none", "a", "p"].map(String::from).to_vec();
    let Answer::Rows(rows) = store.read(&org(), &[Read::Get { kind: &THING, ids }]).unwrap().remove(0) else {
        unreachable!()
    };
    assert_eq!(rows.iter().map(|row| row.id.as_str()).collect::<Vec<_>>(), ["s", "a", "p"]);
}

#[test]
fn what_does_not_fit_is_refused_everywhere_alike() {
    let (_directory, store) = store();
    let long = "客".repeat(192);
    let wrong = [
        Write::Insert { kind: &THING, row: Row { values: vec![], ..row("a", 1) } },
        insert(&long, 1),
        touch("a", vec![("rank", Change::Set("text".into()))]),
        touch("a", vec![("nothing", Change::Add(1))]),
        Write::Add { kind: &THING, row: row("a", 1), columns: vec!["owner"] },
    ];
    for write in wrong {
        assert!(matches!(commit(&store, vec![write]), Err(CommitError::Store(StoreError::Failed(_)))));
    }
    // A sum that leaves the integers is an error, and no float.
    commit(&store, vec![insert("a", i64::MAX)]).unwrap();
    let overflow = commit(&store, vec![touch("a", vec![("rank", Change::Add(1))])]);
    assert!(matches!(overflow, Err(CommitError::Store(StoreError::Failed(_)))));
    assert_eq!(get(&store, "a"), Some(row("a", i64::MAX)));
    let text = "客".repeat(191);
    commit(&store, vec![insert(&text, 1)]).unwrap();
}

#[test]
fn organisations_with_work_due() {
    let (_directory, store) = store();
    for (name, due) in [("c", 5), ("a", 9), ("b", 3), ("b", 4), ("d", 10)] {
        let write = insert(&format!("{name}{due}"), due);
        store.commit(&ChangeSet { writes: vec![write], ..ChangeSet::new(OrgId::new(name).unwrap()) }).unwrap();
    }
    let due = |until, limit| {
        let found = store.due_organisations(&THING, "due", until, limit).unwrap();
        found.iter().map(|org| org.as_str().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(due(9, 10), ["a", "b", "c"]);
    assert_eq!(due(9, 2), ["a", "b"]);
    assert!(due(2, 10).is_empty());
}

#[test]
fn concurrent_commits_share_transactions_and_do_not_disturb_each_other() {
    let directory = tempfile::tempdir().unwrap();
    let store =
        SqliteStore::open_file(directory.path().join("crm.db"), SqliteOptions::default(), SqlOptions::new(KINDS))
            .unwrap();
    commit(&store, vec![insert("there", 1)]).unwrap();
    let before = store.executor().write_stats();
    let (threads, each) = (64, 30);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            let store = &store;
            scope.spawn(move || {
                for n in 0..each {
                    let id = format!("{thread}-{n}");
                    // Every third breaks off at its second statement: its first leaves no trace.
                    if n % 3 == 0 {
                        let outcome = commit(store, vec![insert(&format!("no {id}"), 1), insert("there", 1)]);
                        assert_eq!(outcome, conflict("there"));
                        let broken = touch("there", vec![("rank", Change::Add(i64::MAX))]);
                        let outcome = commit(store, vec![insert(&format!("no {id}"), 1), broken]);
                        assert!(matches!(outcome, Err(CommitError::Store(_))));
                    }
                    commit(store, vec![insert(&id, n)]).unwrap();
                    assert!(get(store, &id).is_some());
                }
            });
        }
    });
    let stats = store.executor().write_stats();
    let (units, transactions) = (stats.units - before.units, stats.transactions - before.transactions);
    assert_eq!(units, threads * each);
    assert_eq!(all(&store), usize::try_from(units).unwrap() + 1);
    println!("{units} units in {transactions} transactions");
    assert!(units > 4 * transactions, "{units} units in {transactions} transactions");
}

#[test]
fn one_winner_of_a_race() {
    let (_directory, store) = store();
    for round in 0..50 {
        let id = format!("race {round}");
        let wins: usize = std::thread::scope(|scope| {
            let threads: Vec<_> =
                (0..8).map(|_| scope.spawn(|| commit(&store, vec![insert(&id, 1)]).is_ok())).collect();
            threads.into_iter().map(|thread| usize::from(thread.join().unwrap())).sum()
        });
        assert_eq!(wins, 1);
    }
}

#[test]
fn a_lent_transaction_takes_the_writes_along() {
    let (directory, store) = store();
    let mut host = Connection::open(directory.path().join("crm.db")).unwrap();
    assert!(matches!(LentSqlite::new(&host), Err(StoreError::Failed(_))));

    let transaction = host.transaction().unwrap();
    let lent = store.lend(LentSqlite::new(&transaction).unwrap()).unwrap();
    assert!(lent.joined() && !store.joined());
    commit(&lent, vec![insert("a", 1)]).unwrap();
    // A conflict undoes its own statements and leaves everything else usable.
    assert_eq!(commit(&lent, vec![insert("b", 1), insert("a", 1)]), conflict("a"));
    commit(&lent, vec![insert("c", 1)]).unwrap();
    let broken = vec![insert("d", 1), touch("c", vec![("rank", Change::Add(i64::MAX))])];
    assert!(commit(&lent, broken).is_err());
    assert_eq!(all(&lent), 2);
    assert_eq!(all(&store), 0);
    drop(lent);
    transaction.rollback().unwrap();
    assert_eq!(all(&store), 0);

    let transaction = host.transaction().unwrap();
    transaction.execute_batch("CREATE TABLE host (a)").unwrap();
    let lent = store.lend(LentSqlite::new(&transaction).unwrap()).unwrap();
    commit(&lent, vec![insert("a", 1)]).unwrap();
    drop(lent);
    transaction.commit().unwrap();
    assert_eq!(all(&store), 1);
}

#[test]
fn a_lent_connection_whose_transaction_ended_is_refused() {
    let (directory, store) = store();
    let host = Connection::open(directory.path().join("crm.db")).unwrap();
    host.execute_batch("BEGIN").unwrap();
    let lent = store.lend(LentSqlite::new(&host).unwrap()).unwrap();
    host.execute_batch("COMMIT").unwrap();
    assert!(matches!(commit(&lent, vec![insert("a", 1)]), Err(CommitError::Store(StoreError::Failed(_)))));
    assert!(matches!(lent.read(&org(), &[Read::Find(Search::of(&THING))]), Err(StoreError::Failed(_))));
    assert_eq!(all(&store), 0);
}

#[test]
fn damaged_rows_are_errors() {
    let (directory, store) = store();
    commit(&store, vec![insert("a", 1)]).unwrap();
    let host = Connection::open(directory.path().join("crm.db")).unwrap();
    host.execute_batch("UPDATE crm_thing SET body = CAST(x'ff' AS TEXT)").unwrap();
    let read = store.read(&org(), &[Read::Find(Search::of(&THING))]);
    assert!(matches!(read, Err(StoreError::Corrupt(_))), "{read:?}");
    host.execute_batch("UPDATE crm_thing SET body = '{}', org_id = ''").unwrap();
    let due = store.due_organisations(&THING, "due", 9, 9);
    assert!(matches!(due, Err(StoreError::Corrupt(_))), "{due:?}");
}

#[test]
fn bad_files_are_told_apart() {
    let directory = tempfile::tempdir().unwrap();
    let missing = open(&directory.path().join("none/crm.db"));
    assert!(matches!(missing, Err(StoreError::CannotOpen(_))), "{missing:?}");
    let is_directory = open(directory.path());
    assert!(matches!(is_directory, Err(StoreError::CannotOpen(_))), "{is_directory:?}");

    let text = directory.path().join("text");
    std::fs::write(&text, "no database, but long enough to be read as one".repeat(100)).unwrap();
    let before = std::fs::read(&text).unwrap();
    let refused = open(&text);
    assert!(matches!(refused, Err(StoreError::NotADatabase(_))), "{refused:?}");
    assert_eq!(std::fs::read(&text).unwrap(), before);

    let wide = directory.path().join("utf16.db");
    Connection::open(&wide).unwrap().execute_batch("PRAGMA encoding = 'UTF-16'; CREATE TABLE t (a)").unwrap();
    assert!(matches!(open(&wide), Err(StoreError::Engine(_))));
}

#[test]
fn a_damaged_page_is_an_error() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("crm.db");
    let store = open(&path).unwrap();
    commit(&store, (0..500).map(|n| insert(&format!("{n}"), n)).collect()).unwrap();
    drop(store);
    let mut bytes = std::fs::read(&path).unwrap();
    let page = 4096;
    for byte in &mut bytes[3 * page..] {
        *byte = 0xa5;
    }
    std::fs::write(&path, bytes).unwrap();
    let options = SqlOptions { migrate: Migrate::Off, ..SqlOptions::new(KINDS) };
    let store = SqliteStore::open_file(&path, quick(), options).unwrap();
    let read = store.read(&org(), &[Read::Find(Search::of(&THING))]);
    assert!(matches!(read, Err(StoreError::NotADatabase(_))), "{read:?}");
}

#[test]
fn a_file_that_cannot_be_written_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("crm.db");
    drop(open(&path).unwrap());
    let mut permissions = std::fs::metadata(&path).unwrap().permissions();
    permissions.set_readonly(true);
    std::fs::set_permissions(&path, permissions).unwrap();
    if std::fs::OpenOptions::new().append(true).open(&path).is_ok() {
        // The superuser writes whatever the permissions say; only the mapping is left to see.
        let host = Connection::open(&path).unwrap();
        host.execute_batch("PRAGMA query_only = 1").unwrap();
        let error = super::run::control(&host, "DELETE FROM crm_thing").unwrap_err();
        assert!(matches!(error, StoreError::ReadOnly(_)), "{error}");
    } else {
        assert!(matches!(open(&path), Err(StoreError::ReadOnly(_))));
    }
}

#[test]
fn a_file_that_somebody_else_writes_is_waited_for() {
    let (directory, store) = store();
    let host = Connection::open(directory.path().join("crm.db")).unwrap();
    host.execute_batch("BEGIN IMMEDIATE").unwrap();
    let busy = commit(&store, vec![insert("a", 1)]);
    assert!(matches!(busy, Err(CommitError::Store(StoreError::Busy(_)))), "{busy:?}");
    assert_eq!(all(&store), 0);
    host.execute_batch("COMMIT").unwrap();
    commit(&store, vec![insert("a", 1)]).unwrap();

    // For itself alone.
    let path = directory.path().join("alone.db");
    let host = Connection::open(&path).unwrap();
    host.execute_batch("PRAGMA locking_mode = EXCLUSIVE; CREATE TABLE t (a)").unwrap();
    assert!(matches!(open(&path), Err(StoreError::Busy(_))));
}

#[test]
fn a_full_disk_loses_nothing_that_was_acknowledged() {
    let (_directory, store) = store();
    commit(&store, vec![insert("a", 1)]).unwrap();
    store.executor().limit_pages();
    let mut written = 1;
    let large = |n: usize| Write::Insert {
        kind: &THING,
        row: Row { body: format!("\"{}\"", "x".repeat(20_000)), ..row(&format!("large {n}"), 1) },
    };
    let error = loop {
        match commit(&store, vec![large(written)]) {
            Ok(()) => written += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(error, CommitError::Store(StoreError::Full(_))), "{error}");
    assert_eq!(all(&store), written);
    // Units of others that came along with one that did not fit are written all the same.
    std::thread::scope(|scope| {
        for n in 0..32 {
            let store = &store;
            scope.spawn(move || {
                if n % 2 == 0 {
                    assert!(commit(store, vec![large(1_000 + n)]).is_err());
                } else {
                    commit(store, vec![touch("a", vec![("level", Change::Add(1))])]).unwrap();
                }
            });
        }
    });
    assert_eq!(get(&store, "a").unwrap().values[4], 16.into());
    assert_eq!(all(&store), written);
}
