//! SQLite takes the index that a search was made for, with or without rows and statistics.

use super::{KINDS, THING};
use crate::store::sql::SqlOptions;
use crate::store::sql::sqlite::{SqliteOptions, SqliteStore, rusqlite};
use crate::store::sql::statements::Texts;
use crate::store::sql::{Dialect, Statement, TablePrefix, search};
use crate::store::{Comparison, Direction, Filter, Search, Value};

fn plan(connection: &rusqlite::Connection, statement: &Statement) -> Vec<String> {
    let sql = format!("EXPLAIN QUERY PLAN {}", statement.sql);
    let mut explain = connection.prepare(&sql).unwrap();
    let lines = explain.raw_query().mapped(|row| row.get::<_, String>(3));
    lines.collect::<Result<_, _>>().unwrap()
}

#[test]
fn searches_take_their_index() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("crm.db");
    SqliteStore::open_file(&path, SqliteOptions::default(), SqlOptions::new(KINDS)).unwrap();
    let connection = rusqlite::Connection::open(&path).unwrap();
    let texts = Texts::new(Dialect::Sqlite, &TablePrefix::default(), &THING);
    // A filter that other indexes would serve.
    let filter = Filter::All(vec![Filter::equal("level", 1), Filter::Is("due", Comparison::Less, 2.into())]);
    let within = |n: i64| -> Vec<Value> { (0..n).map(|n| n.to_string().into()).collect() };
    let by_rank = Search::of(&THING).ordered("rank", Direction::Descending).limited(20);
    let behind = |search: Search, value: Option<Value>| Search { after: Some((value, "i".into())), ..search };
    let owned = |n| by_rank.clone().within("owner", within(n));
    let of_level = by_rank.clone().within("level", vec![1.into()]);
    let step = "INDEX crm_thing_owner_rank (org_id=? AND owner=? AND (rank,id)<(?,?))";
    let cases = [
        (by_rank.clone(), vec!["INDEX crm_thing_rank (org_id=?)"]),
        (behind(by_rank.clone(), Some(1.into())), vec!["INDEX crm_thing_rank (org_id=? AND (rank,id)<(?,?))"]),
        (owned(1), vec!["INDEX crm_thing_owner_rank (org_id=? AND owner=?)"]),
        (behind(owned(1), Some(1.into())).filtered(filter.clone()), vec![step]),
        (owned(30), vec!["COVERING INDEX crm_thing_owner_rank (org_id=? AND owner=?)", step]),
        (behind(owned(30), Some(1.into())), vec![step, step]),
        (owned(30).filtered(filter), vec!["INDEX crm_thing_owner_rank (org_id=? AND owner=?)", step]),
        (
            Search::of(&THING).within("owner", within(30)),
            vec![
                "COVERING INDEX crm_thing_owner (org_id=? AND owner=?)",
                "COVERING INDEX crm_thing_owner (org_id=? AND owner=? AND id>?)",
            ],
        ),
        // Few rows of a value, in the order of their keys: not the whole organisation in that order.
        (Search::of(&THING).within("grp", vec![vec![1].into()]), vec!["INDEX crm_thing_grp_name (org_id=? AND grp=?)"]),
        // One value of what stands between scope and order, where only some rows are in the index.
        (
            of_level.clone().filtered(Filter::equal("grp", vec![1, 7])),
            vec!["INDEX crm_thing_level_grp (org_id=? AND level=? AND grp=?)"],
        ),
        (
            of_level.clone().filtered(Filter::equal("grp", vec![0])),
            vec!["INDEX crm_thing_level (org_id=? AND level=?)"],
        ),
        (
            of_level
                .filtered(Filter::All(vec![Filter::Is("grp", Comparison::AtLeast, vec![1].into())]))
                .ordered("grp", Direction::Ascending),
            vec!["INDEX crm_thing_level_grp (org_id=? AND level=? AND grp>?)"],
        ),
        (
            Search::of(&THING)
                .within("grp", vec![vec![1].into(), vec![2].into()])
                .ordered("name", Direction::Ascending),
            vec![
                "COVERING INDEX crm_thing_grp_name (org_id=? AND grp=?)",
                "COVERING INDEX crm_thing_grp_name (org_id=? AND grp=? AND (name,id)>(?,?))",
            ],
        ),
    ];
    for (search, expected) in cases {
        let statement = search::find(Dialect::Sqlite, &texts, "o", &search, None).unwrap();
        let plan = plan(&connection, &statement);
        let mut seen = plan.iter().filter(|line| line.contains("crm_thing_") && !line.contains("autoindex"));
        for part in expected {
            let line = seen.next().map_or("", String::as_str);
            assert!(line.starts_with("SEARCH x") && line.ends_with(part), "{part}\n{plan:#?}\n{}", statement.sql);
        }
        assert!(!plan.iter().any(|line| line.contains("SCAN x") || line.contains("SCAN crm")), "{plan:#?}");
        let count = search::count(Dialect::Sqlite, &texts, "o", &search, 100).unwrap();
        let plan = self::plan(&connection, &count);
        assert!(plan.iter().any(|line| line.starts_with("SEARCH x") && line.contains("INDEX crm_thing_")), "{plan:#?}");
    }
    let due = search::due(Dialect::Sqlite, &texts, "due", 9, 10).unwrap();
    let plan = plan(&connection, &due);
    assert!(plan.iter().any(|line| line.ends_with("COVERING INDEX crm_thing_due (due<?)")), "{plan:#?}");
}
