//! Pages and counts on SQLite are what a naive filter and sort gives.

use super::{KINDS, THING, naive};
use crate::OrgId;
use crate::store::sql::SqlOptions;
use crate::store::sql::sqlite::{Durability, SqliteOptions, SqliteStore};
use crate::store::{
    Answer, ChangeSet, Comparison, Direction, Filter, Has, Read, Related, Row, Scope, Search, Selection, Store as _,
    Value, Write,
};
use proptest::prelude::*;

fn integer() -> impl Strategy<Value = Value> {
    let extremes = prop::sample::select(vec![0, 1, -1, 2, 9, 10, -10, i64::MAX, i64::MIN, i64::MAX - 1, i64::MIN + 1]);
    prop_oneof![3 => -3i64..4, 1 => extremes].prop_map(Value::Integer)
}

fn text() -> impl Strategy<Value = Value> {
    prop::sample::select(vec!["-", "a", "ab", "a!", "a!b", "b", "A", "客户", "\u{10ffff}", "12", "1e2", "'\"\\%_", "~"])
        .prop_map(Value::from)
}

fn bytes() -> impl Strategy<Value = Value> {
    let few = prop::sample::select(vec![0u8, 1, 0x21, 0x30, 0x61, 0xff]);
    prop::collection::vec(few, 0..4).prop_map(Value::Bytes)
}

/// The columns of [`THING`] by type.
fn typed() -> impl Strategy<Value = (&'static str, Value)> {
    prop_oneof![
        (prop::sample::select(vec!["rank", "level", "due"]), integer()),
        (prop::sample::select(vec!["owner", "label"]), text()),
        (prop::sample::select(vec!["name", "grp"]), bytes()),
    ]
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let values = (text(), integer(), bytes(), text(), -1i64..2, integer(), bytes());
    let values = values.prop_map(|(a, b, c, d, e, f, g)| vec![a, b, c, d, e.into(), f, g]);
    let id = prop_oneof![Just("客".to_owned()), "[!-~]{1,3}", "[ab]{1,4}"];
    prop::collection::btree_map(id, values, 0..70).prop_map(|rows| {
        let row = |(id, values)| Row { id, version: 1, values, body: "{}".into() };
        rows.into_iter().map(row).collect()
    })
}

fn filter() -> impl Strategy<Value = Filter> {
    use Comparison::{AtLeast, AtMost, Equal, Greater, Less};
    let comparison = prop::sample::select(vec![Equal, Less, AtMost, Greater, AtLeast]);
    let same = |values: Vec<(&'static str, Value)>, column: &str| {
        values.into_iter().filter(|(c, _)| *c == column).map(|(_, v)| v).collect()
    };
    let leaf = prop_oneof![
        4 => (typed(), comparison).prop_map(|((column, value), comparison)| Filter::Is(column, comparison, value)),
        2 => prop::collection::vec(typed(), 1..8).prop_map(move |values| {
            let column = values[0].0;
            Filter::In(column, same(values, column))
        }),
        1 => Just(Filter::In("owner", Vec::new())),
        1 => (prop::sample::select(vec!["name", "grp"]), bytes()).prop_map(|(column, value)| match value {
            Value::Bytes(bytes) => Filter::Contains(column, bytes),
            _ => unreachable!(),
        }),
    ];
    let compared = (prop::sample::select(vec![Equal, Less, AtMost, Greater, AtLeast]), -3i64..4);
    let has =
        prop_oneof![Just(Has::One), compared.prop_map(|(comparison, value)| Has::Sum("level", comparison, value)),];
    let tree = leaf.prop_recursive(3, 8, 3, move |inner| {
        let has = has.clone();
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::All),
            prop::collection::vec(inner.clone(), 0..3).prop_map(Filter::Any),
            inner.clone().prop_map(|f| Filter::Not(Box::new(f))),
            (inner, has).prop_map(|(filter, has)| {
                Filter::Related(Box::new(Related { kind: &THING, column: "owner", filter: unrelated(filter), has }))
            }),
        ]
    });
    prop_oneof![1 => Just(Filter::All(Vec::new())), 1 => tree]
}

/// The same without what it asks of related rows.
fn unrelated(filter: Filter) -> Filter {
    let each = |list: Vec<Filter>| list.into_iter().map(unrelated).collect();
    match filter {
        Filter::All(list) => Filter::All(each(list)),
        Filter::Any(list) => Filter::Any(each(list)),
        Filter::Not(inner) => Filter::Not(Box::new(unrelated(*inner))),
        Filter::Related(others) => others.filter,
        other => other,
    }
}

fn scope() -> impl Strategy<Value = Option<Scope>> {
    let of = |column: &'static str, value: BoxedStrategy<Value>| {
        prop::collection::btree_set(value, 0..9)
            .prop_map(move |values| Some(Scope { column, values: values.into_iter().collect() }))
    };
    prop_oneof![
        1 => Just(None),
        4 => of("owner", text().boxed()),
        2 => of("level", (-1i64..3).prop_map(Value::Integer).boxed()),
        2 => of("grp", bytes().boxed()),
        1 => of("label", text().boxed()),
    ]
}

fn search() -> impl Strategy<Value = Search> {
    let order = prop_oneof![
        1 => Just((None, None)),
        3 => integer().prop_map(|v| (Some("rank"), Some(v))),
        2 => bytes().prop_map(|v| (Some("name"), Some(v))),
        1 => text().prop_map(|v| (Some("label"), Some(v))),
        1 => integer().prop_map(|v| (Some("due"), Some(v))),
    ];
    let direction = prop::sample::select(vec![Direction::Ascending, Direction::Descending]);
    let id = || prop::option::of("[!-~]{1,2}");
    (scope(), filter(), order, direction, id(), id(), 1i64..9).prop_map(
        |(scope, filter, (order, value), direction, id, end, limit)| Search {
            kind: &THING,
            until: end.filter(|_| order.is_none()),
            scope,
            filter,
            order,
            direction,
            after: id.map(|id| (value, id)),
            limit,
        },
    )
}

fn insert(row: Row) -> Write {
    Write::Insert { kind: &THING, row }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, ..ProptestConfig::default() })]

    #[test]
    fn a_page_is_what_filter_and_sort_give(
        rows in rows(),
        searches in prop::collection::vec((search(), 1i64..60), 40),
    ) {
        let directory = tempfile::tempdir().unwrap();
        let file = SqliteOptions { durability: Durability::Normal, ..SqliteOptions::default() };
        let store = SqliteStore::open_file(directory.path().join("crm.db"), file, SqlOptions::new(KINDS)).unwrap();
        let org = OrgId::new("o").unwrap();
        let mut changes = ChangeSet::new(org.clone());
        changes.writes.extend(rows.iter().cloned().map(insert));
        store.commit(&changes).unwrap();
        // Rows of another organisation are never seen.
        let mut others = ChangeSet { org: OrgId::new("p").unwrap(), ..changes };
        others.writes.push(insert(Row {
            id: "only there".into(),
            version: 1,
            values: vec!["a".into(), 0.into(), vec![0].into(), "a".into(), 0.into(), 0.into(), vec![0].into()],
            body: "{}".into(),
        }));
        store.commit(&others).unwrap();

        let reads: Vec<Read> = searches
            .iter()
            .flat_map(|(search, cap)| {
                let columns = Read::Columns { of: Selection::Page(search.clone()), columns: vec!["label", "rank"] };
                [Read::Find(search.clone()), Read::Count { search: search.clone(), cap: *cap }, columns]
            })
            .collect();
        let answers = store.read(&org, &reads).unwrap();
        for ((search, cap), answers) in searches.iter().zip(answers.chunks(3)) {
            prop_assert_eq!(&answers[0], &Answer::Rows(naive::find(&rows, search)), "{:?}", search);
            prop_assert_eq!(&answers[1], &Answer::Count(naive::count(&rows, search, *cap)), "{:?} {}", search, cap);
            let columns = naive::find(&rows, search).into_iter().map(|row| {
                let value = |column| row.values[THING.position(column).unwrap()].clone();
                let values = vec![value("label"), value("rank")];
                (row.id, values)
            });
            prop_assert_eq!(&answers[2], &Answer::Columns(columns.collect()), "columns of {:?}", search);
        }
        // Page by page the whole is found.
        if let Some((search, _)) = searches.first() {
            let mut search = Search { after: None, ..search.clone() };
            let whole = naive::find(&rows, &Search { limit: 10_000, ..search.clone() });
            let mut found = Vec::new();
            while let Answer::Rows(page) = store.read(&org, &[Read::Find(search.clone())]).unwrap().remove(0) {
                let Some(last) = page.last() else { break };
                let value = search.order.map(|column| last.values[THING.position(column).unwrap()].clone());
                search.after = Some((value, last.id.clone()));
                found.extend(page);
            }
            prop_assert_eq!(found, whole);
        }
    }
}
