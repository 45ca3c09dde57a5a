//! Tables come to be, grow, and are refused when they are not what they should be.

use super::{KINDS, NOTE, THING, column, index};
use crate::OrgId;
use crate::store::sql::sqlite::{SqliteExecutor, SqliteOptions, SqliteStore, rusqlite::Connection};
use crate::store::sql::{Dialect, Migrate, SqlOptions, TablePrefix, schema_ddl};
use crate::store::{Answer, ChangeSet, Column, ColumnType, Kind, Read, Repeats, Row, Store as _, StoreError, Write};
use std::path::Path;

/// [`THING`] as an older library knew it.
static OLD_THING: Kind = Kind {
    name: "thing",
    columns: &[
        column("owner", ColumnType::Text, true, 1),
        column("rank", ColumnType::Integer, true, 1),
        column("name", ColumnType::Bytes, false, 1),
        column("label", ColumnType::Text, false, 1),
        column("level", ColumnType::Integer, true, 1),
        column("due", ColumnType::Integer, true, 1),
    ],
    indexes: &[
        index("rank", &["rank"], 1),
        index("level", &["level", "rank"], 1),
        index("owner", &["owner"], 1),
        index("owner_rank", &["owner", "rank"], 1),
        index("owner_name", &["owner", "name"], 1),
        index("owner_label", &["owner", "label"], 1),
        crate::store::Index { across: true, ..crate::store::Index::on("due", &["due"]) },
    ],
    since: 1,
};
static OLD_KINDS: &[&Kind] = &[&OLD_THING];

fn open(path: &Path, kinds: &'static [&'static Kind], migrate: Migrate) -> Result<SqliteStore, StoreError> {
    SqliteStore::open_file(path, SqliteOptions::default(), SqlOptions { migrate, ..SqlOptions::new(kinds) })
}

/// The schema, so that nothing done can be overlooked.
fn schema(path: &Path) -> Vec<(String, String)> {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection.prepare("SELECT name, coalesce(sql, '') FROM sqlite_schema ORDER BY name").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    rows.collect::<Result<_, _>>().unwrap()
}

#[test]
fn old_rows_get_the_defaults_of_added_columns() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("crm.db");
    let org = OrgId::new("o").unwrap();
    let old = open(&path, OLD_KINDS, Migrate::Auto).unwrap();
    let values = vec!["u".into(), 1.into(), vec![1].into(), "-".into(), 2.into(), 3.into()];
    let mut row = Row { id: "i".into(), version: 1, values, body: "{}".into() };
    let insert = Write::Insert { kind: &OLD_THING, row: row.clone() };
    old.commit(&ChangeSet { writes: vec![insert], ..ChangeSet::new(org.clone()) }).unwrap();
    drop(old);

    assert_eq!(open(&path, KINDS, Migrate::Verify).unwrap_err(), StoreError::NotMigrated { found: 1, known: 3 });
    let new = open(&path, KINDS, Migrate::Auto).unwrap();
    row.values.push(Vec::new().into());
    let get = |kind| Read::Get { kind, ids: vec!["i".into()] };
    let answers = new.read(&org, &[get(&THING), get(&NOTE)]).unwrap();
    assert_eq!(answers, [Answer::Rows(vec![row]), Answer::Rows(Vec::new())]);
    drop(new);

    // Grown or made at once, the schema is the same; and opening again changes nothing.
    let grown = schema(&path);
    open(&path, KINDS, Migrate::Auto).unwrap();
    open(&path, KINDS, Migrate::Verify).unwrap();
    assert_eq!(schema(&path), grown);
    let fresh = directory.path().join("fresh.db");
    open(&fresh, KINDS, Migrate::Auto).unwrap();
    assert_eq!(schema(&fresh), grown);
    assert_eq!(open(&path, OLD_KINDS, Migrate::Auto).unwrap_err(), StoreError::Newer { found: 3, known: 1 });
    assert_eq!(schema(&path), grown);
}

/// A kind, and the same with columns that repeat what its rows have.
static DEAL: Kind =
    Kind { name: "deal", columns: &[column("owner", ColumnType::Text, true, 1)], indexes: &[], since: 1 };
static DEALS: &[&Kind] = &[&DEAL];
static GROWN_DEAL: Kind = Kind {
    columns: &[
        column("owner", ColumnType::Text, true, 1),
        Column { repeats: Some(Repeats::Body("currency")), ..column("currency", ColumnType::Text, false, 2) },
        Column { repeats: Some(Repeats::Beginning("owner")), ..column("sort", ColumnType::Text, true, 2) },
    ],
    ..DEAL
};
static GROWN_DEALS: &[&Kind] = &[&GROWN_DEAL];

#[test]
fn columns_that_repeat_are_filled_where_rows_are_there() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("crm.db");
    let org = OrgId::new("o").unwrap();
    let row = |id: &str, body: &str, currency: Option<&str>| {
        let values = ["ux".into()]
            .into_iter()
            .chain(currency.into_iter().flat_map(|currency| [currency.into(), "u".into()]))
            .collect();
        Row { id: id.into(), version: 1, values, body: body.into() }
    };
    let bodies =
        [("a", r#"{"currency":"USD","no":1}"#, "USD"), ("b", r#"{"no":2}"#, "-"), ("c", r#"{"currency":null}"#, "-")];
    let old = open(&path, DEALS, Migrate::Auto).unwrap();
    let writes = bodies.iter().map(|(id, body, _)| Write::Insert { kind: &DEAL, row: row(id, body, None) }).collect();
    old.commit(&ChangeSet { writes, ..ChangeSet::new(org.clone()) }).unwrap();
    drop(old);
    let new = open(&path, GROWN_DEALS, Migrate::Auto).unwrap();
    let ids = bodies.iter().map(|(id, ..)| (*id).to_owned()).collect();
    let answers = new.read(&org, &[Read::Get { kind: &GROWN_DEAL, ids }]).unwrap();
    let expected = bodies.iter().map(|(id, body, currency)| row(id, body, Some(currency))).collect();
    assert_eq!(answers, [Answer::Rows(expected)]);
    for (dialect, text) in [
        (Dialect::Sqlite, "json_extract(\"body\", '$.currency')"),
        (Dialect::Postgres, "\"body\"::json ->> 'currency'"),
        (Dialect::Kingbase, "\"body\"::json ->> 'currency'"),
        (Dialect::Mariadb, "JSON_UNQUOTE(JSON_EXTRACT(`body`, '$.currency'))"),
        (Dialect::Dm, "JSON_VALUE(\"body\", '$.currency')"),
    ] {
        let ddl = schema_ddl(dialect, &TablePrefix::default(), GROWN_DEALS, 1, 2);
        assert!(ddl.contains(text), "{ddl}");
    }
}

#[test]
fn ddl_for_an_administrator_does_the_same() {
    let directory = tempfile::tempdir().unwrap();
    let (by_hand, auto) = (directory.path().join("hand.db"), directory.path().join("auto.db"));
    let prefix = TablePrefix::default();
    for (from, to) in [(0, 1), (1, 99)] {
        let ddl = schema_ddl(Dialect::Sqlite, &prefix, KINDS, from, to);
        Connection::open(&by_hand).unwrap().execute_batch(&ddl).unwrap();
    }
    open(&by_hand, KINDS, Migrate::Verify).unwrap();
    open(&auto, KINDS, Migrate::Auto).unwrap();
    assert_eq!(schema(&by_hand), schema(&auto));
}

#[test]
fn what_is_not_ours_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("crm.db");
    let host = Connection::open(&path).unwrap();
    host.execute_batch("PRAGMA user_version = 7; CREATE TABLE thing (a); INSERT INTO thing VALUES (1);").unwrap();
    open(&path, KINDS, Migrate::Auto).unwrap();
    let version: i64 = host.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    let value: i64 = host.query_row("SELECT a FROM thing", [], |row| row.get(0)).unwrap();
    assert_eq!((version, value), (7, 1));

    // Two stores of other prefixes live side by side.
    let prefix = TablePrefix::new("other_").unwrap();
    let executor = SqliteExecutor::open(&path, SqliteOptions::default()).unwrap();
    crate::store::sql::SqlStore::open(executor, SqlOptions { prefix, ..SqlOptions::new(KINDS) }).unwrap();

    // A table of the host's that has the name of one of ours.
    let path = directory.path().join("taken.db");
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE crm_thing (a)").unwrap();
    let before = schema(&path);
    assert!(matches!(open(&path, KINDS, Migrate::Auto), Err(StoreError::Schema(_))));
    assert_eq!(schema(&path), before);
}

#[test]
fn tables_that_are_not_as_left_are_refused() {
    let damages = [
        "UPDATE crm_migration SET state = 'started' WHERE number = 2",
        "UPDATE crm_migration SET checksum = 'x' WHERE number = 1",
        "DELETE FROM crm_migration WHERE number = 1",
        "DELETE FROM crm_migration",
        "DROP TABLE crm_migration",
        "DROP TABLE crm_note",
        "ALTER TABLE crm_thing DROP COLUMN body",
    ];
    for damage in damages {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("crm.db");
        open(&path, KINDS, Migrate::Auto).unwrap();
        Connection::open(&path).unwrap().execute_batch(damage).unwrap();
        let before = schema(&path);
        for migrate in [Migrate::Auto, Migrate::Verify] {
            let error = open(&path, KINDS, migrate).unwrap_err();
            assert!(matches!(error, StoreError::Schema(_)), "{damage}: {error}");
        }
        assert_eq!(schema(&path), before);
        open(&path, KINDS, Migrate::Off).unwrap();
    }
}

#[test]
fn many_processes_may_migrate_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("crm.db");
    std::thread::scope(|scope| {
        let open = || open(&path, KINDS, Migrate::Auto).map(drop);
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(open)).collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), Ok(()));
        }
    });
    open(&path, KINDS, Migrate::Verify).unwrap();
}
