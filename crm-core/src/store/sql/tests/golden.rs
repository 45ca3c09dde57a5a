//! The SQL of each dialect, compared with what was looked at and found right. With `CRM_BLESS`
//! set, the files are written anew.

use super::{KINDS, NOTE, THING};
use crate::store::sql::statements::Texts;
use crate::store::sql::{Dialect, Statement, TablePrefix, schema_ddl, search, together};
use crate::store::{Change, Check, Comparison, Direction, Filter, Has, Related, Row, Search, Value};
use std::fmt::Write as _;

fn related(has: Has, filter: Filter) -> Filter {
    Filter::Related(Box::new(Related { kind: &THING, column: "owner", filter, has }))
}

fn searches() -> Vec<(&'static str, Search)> {
    let filter = Filter::All(vec![
        Filter::Is("level", Comparison::AtLeast, 2.into()),
        Filter::Not(Box::new(Filter::In("level", vec![7.into(), 8.into()]))),
        Filter::Any(vec![
            Filter::Contains("name", vec![0xe5, 0xbc]),
            Filter::equal("label", "a"),
            Filter::Any(Vec::new()),
        ]),
    ]);
    let after = |search: Search, value: Option<Value>| Search { after: Some((value, "i9".into())), ..search };
    let two = || vec!["u1".into(), "u2".into()];
    let bytes = || vec![vec![0x01].into(), Vec::new().into()];
    vec![
        ("organisation by id, behind", after(Search::of(&THING).limited(20), None)),
        ("organisation by the beginning of ids", Search::beginning(&THING, "i9").limited(20)),
        (
            "organisation by rank, filtered, behind",
            after(
                Search::of(&THING).ordered("rank", Direction::Descending).filtered(filter.clone()).limited(20),
                Some(5.into()),
            ),
        ),
        (
            "one owner by rank, filtered, behind",
            after(
                Search::of(&THING)
                    .within("owner", vec!["u1".into()])
                    .ordered("rank", Direction::Ascending)
                    .filtered(filter.clone())
                    .limited(20),
                Some(5.into()),
            ),
        ),
        (
            "two owners by rank, filtered, behind",
            after(
                Search::of(&THING)
                    .within("owner", two())
                    .ordered("rank", Direction::Descending)
                    .filtered(filter.clone())
                    .limited(20),
                Some(5.into()),
            ),
        ),
        (
            "two owners by rank, related",
            Search::of(&THING)
                .within("owner", two())
                .ordered("rank", Direction::Ascending)
                .filtered(Filter::All(vec![
                    related(Has::One, Filter::equal("level", 1)),
                    Filter::Not(Box::new(related(Has::Sum("due", Comparison::Greater, 7), Filter::All(Vec::new())))),
                ]))
                .limited(20),
        ),
        ("two owners by id", Search::of(&THING).within("owner", two()).limited(20)),
        (
            "two groups by name",
            Search::of(&THING).within("grp", bytes()).ordered("name", Direction::Ascending).limited(20),
        ),
        (
            "two owners by label",
            Search::of(&THING).within("owner", two()).ordered("label", Direction::Descending).limited(20),
        ),
        (
            "two levels by due, which no index serves",
            Search::of(&THING)
                .within("level", vec![1.into(), 2.into()])
                .ordered("due", Direction::Ascending)
                .limited(20),
        ),
    ]
}

fn document(dialect: Dialect) -> String {
    let prefix = TablePrefix::default();
    let mut text = schema_ddl(dialect, &prefix, KINDS, 0, 9);
    let mut add = |title: &str, statement: Statement| {
        let parameters = statement.parameters;
        writeln!(text, "\n-- {title}\n{}\n-- {parameters:?}", statement.sql).unwrap();
    };
    let texts = Texts::new(dialect, &prefix, &THING);
    let row = Row {
        id: "i1".into(),
        version: 3,
        values: vec!["u1".into(), 5.into(), vec![1].into(), "-".into(), 0.into(), 9.into(), Vec::new().into()],
        body: "{}".into(),
    };
    add("get one", texts.get("o", &["i1".into()]));
    add("get many", texts.get("o", &["i1".into(), "i2".into()]));
    add("columns of many", texts.columns("o", &["i1".into(), "i2".into()], &["rank", "owner"]).unwrap());
    add("check", texts.check("o", "i1", 3));
    let relied_on = ["i1", "i2"].map(|id| Check { kind: &THING, id: id.into(), version: 3 });
    add("check several", texts.checks("o", &relied_on.iter().collect::<Vec<_>>()));
    add("insert", texts.insert("o", &row).unwrap());
    add("update", texts.update("o", &row, &[]).unwrap());
    let moved = [("owner", Change::Set("u2".into())), ("rank", Change::Max(7))];
    add("update with live columns", texts.update("o", &row, &moved).unwrap());
    add("delete", texts.delete("o", "i1", 3));
    add("restore", texts.restore("o", &row).unwrap());
    add("put", texts.put("o", &row).unwrap());
    let changes = [
        ("owner", Change::Set("u2".into())),
        ("rank", Change::Max(7)),
        ("due", Change::Min(7)),
        ("level", Change::Add(1)),
    ];
    for (title, version) in [("touch", None), ("touch at a version", Some(3))] {
        let (exists, touch) = texts.touch("o", "i1", version, &changes).unwrap();
        exists.into_iter().chain([touch]).for_each(|s| add(title, s));
    }
    add("add", texts.add("o", &row, &["rank", "level"]).unwrap());
    add("add nothing", texts.add("o", &row, &[]).unwrap());
    add("reassign", texts.reassign("o", "owner", &"u1".into(), &"u2".into()).unwrap());
    add("due", search::due(dialect, &texts, "due", 9, 10).unwrap());
    for (title, search) in searches() {
        add(title, search::find(dialect, &texts, "o", &search, None).unwrap());
        add(&format!("count: {title}"), search::count(dialect, &texts, "o", &search, 100).unwrap());
    }
    let search = Search::of(&THING).within("owner", vec!["u1".into(), "u2".into()]).limited(20);
    let search = search.ordered("rank", Direction::Descending);
    let columns: &[&'static str] = &["label", "rank"];
    add("columns of two owners by rank", search::find(dialect, &texts, "o", &search, Some(columns)).unwrap());
    let range = Filter::All(vec![
        Filter::Is("rank", Comparison::AtLeast, 1.into()),
        Filter::Is("rank", Comparison::AtMost, 9.into()),
    ]);
    for (title, search) in [
        ("sums of everything", Search::of(&THING)),
        ("sums of an owner", Search::of(&THING).within("owner", vec!["u1".into()])),
        (
            "sums of two owners within ranks",
            Search::of(&THING)
                .within("owner", vec!["u1".into(), "u2".into()])
                .ordered("rank", Direction::Ascending)
                .filtered(range),
        ),
    ] {
        add(title, search::sum(dialect, &texts, "o", &search, &["owner", "name"], &["level", "due"], false).unwrap());
        add(&format!("{title}, in one"), search::sum(dialect, &texts, "o", &search, &[], &["level"], false).unwrap());
    }
    let note = Texts::new(dialect, &prefix, &NOTE);
    let row = Row { id: "n".into(), version: 1, values: Vec::new(), body: "{}".into() };
    add("insert without columns", note.insert("o", &row).unwrap());
    add("put without columns", note.put("o", &row).unwrap());
    if dialect.is_remote() {
        add("insert two", note.inserts("o", &[&row, &Row { id: "m".into(), ..row.clone() }]).unwrap());
        add("delete two", note.deletes("o", &["k", "m"], 1));
    }
    if dialect.unites_reads() {
        let (things, notes) = (["i1".to_owned(), "i2".to_owned()], ["n".to_owned()]);
        let reads: [together::Keyed<'_>; 2] = [(&texts, &things), (&note, &notes)];
        add("reads of two kinds", together::statement(together::text(dialect, &reads), "o", &reads));
    }
    text
}

fn compare(dialect: Dialect, file: &str, golden: &str) {
    let document = document(dialect);
    if std::env::var_os("CRM_BLESS").is_some() {
        let path = format!("{}/src/store/sql/tests/golden/{file}", env!("CARGO_MANIFEST_DIR"));
        std::fs::write(path, &document).unwrap();
    } else {
        assert_eq!(document, golden);
    }
}

#[test]
fn sqlite() {
    compare(Dialect::Sqlite, "sqlite.sql", include_str!("golden/sqlite.sql"));
}

#[test]
fn postgres() {
    compare(Dialect::Postgres, "postgres.sql", include_str!("golden/postgres.sql"));
}

#[test]
fn mysql() {
    compare(Dialect::Mysql, "mysql.sql", include_str!("golden/mysql.sql"));
}

#[test]
fn mariadb() {
    compare(Dialect::Mariadb, "mariadb.sql", include_str!("golden/mariadb.sql"));
}

#[test]
fn kingbase() {
    compare(Dialect::Kingbase, "kingbase.sql", include_str!("golden/kingbase.sql"));
}

#[test]
fn dm() {
    compare(Dialect::Dm, "dm.sql", include_str!("golden/dm.sql"));
}

#[test]
fn prefixes_are_plain_identifiers() {
    for good in ["crm_", "a", "x1_", "abcdefghijklmnop"] {
        assert_eq!(TablePrefix::new(good).unwrap().as_str(), good);
    }
    for bad in ["", "_a", "1a", "A", "a-b", "a\"b", "a b", "客户", "abcdefghijklmnopq", "a;"] {
        assert!(TablePrefix::new(bad).is_err(), "{bad}");
    }
}
