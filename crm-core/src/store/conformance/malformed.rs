//! What does not fit the descriptions is refused and changes nothing.

use super::Make;
use super::kinds::{BARE, ITEM, TOTAL};
use super::tools::{
    Client, Outcome, add, at, bare, check, delete, holds, insert, item, item_with, put, restore, total, update,
};
use crate::store::{
    Change, ChangeSet, Comparison, Direction, Filter, Has, Kind, Read, Related, Row, Search, Selection, StoreError,
    Value, Write,
};

fn touch(kind: &'static Kind, changes: Vec<(&'static str, Change)>) -> Write {
    let id = "a".to_owned();
    Write::Touch { kind, id, version: None, changes }
}

fn reassign(column: &'static str, from: Value, to: Value) -> Write {
    Write::Reassign { kind: &ITEM, column, from, to }
}

/// Single writes that are malformed, with what is wrong with them.
fn malformed() -> Vec<(&'static str, Write)> {
    let with = |column, value: Value| insert(&ITEM, item_with("n", column, value));
    let values = |values: Vec<Value>| Row { values, ..item("n", "o", 1) };
    let long = |length| "中".repeat(length);
    let body = Row { body: "{\"a\":\"\0\"}".to_owned(), ..item("n", "o", 1) };
    vec![
        ("an empty id", insert(&ITEM, item("", "o", 1))),
        ("an empty id put", put(&BARE, bare(""))),
        ("an id of 192 characters", insert(&BARE, bare(&long(192)))),
        ("a NUL in an id", put(&BARE, bare("a\0b"))),
        ("a NUL in a body", insert(&ITEM, body)),
        ("version 2 inserted", insert(&ITEM, at(&item("n", "o", 1), 2))),
        ("version 0 inserted", insert(&BARE, at(&bare("n"), 0))),
        ("version 0 restored", restore(&ITEM, at(&item("n", "o", 1), 0), None)),
        ("a NUL restored", restore(&BARE, bare("a\0b"), None)),
        ("no values", insert(&ITEM, values(vec![]))),
        ("too many values", insert(&BARE, values(vec![1.into()]))),
        ("an integer as text", with("owner", 1.into())),
        ("a text as integer", with("rank", "1".into())),
        ("a text as bytes", with("sort_key", "a".into())),
        ("bytes as text", with("label", Value::Bytes(vec![65]))),
        ("an empty text", with("label", "".into())),
        ("a text of 192 characters", with("label", long(192).into())),
        ("a NUL in a text", with("label", "a\0".into())),
        ("256 bytes", with("sort_key", Value::Bytes(vec![1; 256]))),
        ("an update of 256 bytes", update(&ITEM, item_with("a", "sort_key", vec![0; 256]))),
        ("a touch of nothing", touch(&ITEM, vec![])),
        ("an unknown column touched", touch(&ITEM, vec![("absent", Change::Max(1))])),
        ("a column that is not live", touch(&ITEM, vec![("amount", Change::Add(1))])),
        ("a text added to", touch(&ITEM, vec![("owner", Change::Add(1))])),
        ("the greater of a text", touch(&ITEM, vec![("owner", Change::Max(1))])),
        ("a text set to an integer", touch(&ITEM, vec![("owner", Change::Set(1.into()))])),
        ("a text set to nothing", touch(&ITEM, vec![("owner", Change::Set("".into()))])),
        ("a column touched twice", touch(&ITEM, vec![("rank", Change::Add(1)), ("rank", Change::Add(1))])),
        ("id touched", touch(&ITEM, vec![("id", Change::Set("b".into()))])),
        ("version touched", touch(&ITEM, vec![("version", Change::Add(1))])),
        ("an unknown sum", add(total("a", 1, 1), &["absent"])),
        ("a sum of texts", add(total("a", 1, 1), &["title"])),
        ("a sum twice", add(total("a", 1, 1), &["total", "total"])),
        ("no sum", add(total("a", 1, 1), &[])),
        ("no values to add", add(bare("a"), &["total"])),
        ("an unknown column reassigned", reassign("absent", "a".into(), "b".into())),
        ("a column reassigned that is not live", reassign("label", "a".into(), "b".into())),
        ("a text reassigned to an integer", reassign("owner", "o".into(), 1.into())),
        ("an integer reassigned", reassign("owner", 1.into(), "o".into())),
        ("reassigned to the empty text", reassign("owner", "o".into(), "".into())),
    ]
}

pub(super) fn malformed_writes_are_refused(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    client.insert(&ITEM, &[item("a", "o", 1), item("b", "o", 1)])?;
    client.insert(&TOTAL, &[total("a", 1, 1)])?;
    for (what, write) in malformed() {
        // Behind a good write, which must not remain, and before one that would conflict:
        // malformed comes first.
        let good = insert(&ITEM, item("good", "o", 1));
        client.refuses(what, Vec::new(), vec![good.clone(), write.clone()])?;
        let stale = delete(&ITEM, "b", 9);
        client.refuses(what, Vec::new(), vec![stale, good, write])?;
    }
    Ok(())
}

pub(super) fn rows_written_twice_are_refused(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    client.insert(&ITEM, &[item("a", "o", 1)])?;
    let forms = || {
        [
            insert(&ITEM, item("a", "p", 2)),
            update(&ITEM, item("a", "p", 2)),
            delete(&ITEM, "a", 1),
            put(&ITEM, item("a", "p", 3)),
            restore(&ITEM, item("a", "p", 4), Some(1)),
            touch(&ITEM, vec![("rank", Change::Add(1))]),
        ]
    };
    let good = || insert(&BARE, bare("good"));
    for first in forms() {
        for second in forms() {
            let writes = vec![good(), first.clone(), second];
            client.refuses("a row written twice", Vec::new(), writes)?;
        }
        let checks = vec![check(&ITEM, "a", 1)];
        client.refuses("a row checked and written", checks, vec![good(), first])?;
    }
    let sum = add(total("s", 1, 1), &["total"]);
    client.refuses("a sum twice", Vec::new(), vec![sum.clone(), good(), sum])?;
    // The same id of another kind is another row.
    client.commit(vec![insert(&BARE, bare("a")), insert(&TOTAL, total("a", 1, 1)), update(&ITEM, item("a", "o", 1))])
}

pub(super) fn malformed_questions_are_refused(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    client.insert(&ITEM, &[item("a", "o", 1)])?;
    let of = || Search::of(&ITEM);
    let relation = |column, has, filter| Filter::Related(Box::new(Related { kind: &ITEM, column, filter, has }));
    let is = |column, value: Value| Filter::Is(column, Comparison::Less, value);
    let deep = (0..1_000).fold(Filter::All(vec![]), |filter, _| Filter::Not(Box::new(filter)));
    let after = |order: Option<&'static str>, value: Option<Value>| {
        let mut search = of();
        search.order = order;
        search.after = Some((value, "a".to_owned()));
        search
    };
    let selections = [
        ("an unknown scope", of().within("absent", vec![])),
        ("id as scope", of().within("id", vec!["a".into()])),
        ("a scope of another type", of().within("owner", vec!["o".into(), 1.into()])),
        ("a scope twice", of().within("owner", vec!["o".into(), "p".into(), "o".into()])),
        ("an unknown column", of().filtered(is("absent", 1.into()))),
        ("sql as column", of().filtered(is("rank = 1 OR rank", 1.into()))),
        ("another type", of().filtered(is("rank", "1".into()))),
        ("a list of another type", of().filtered(Filter::In("rank", vec![1.into(), "1".into()]))),
        ("an unknown list", of().filtered(Filter::In("absent", vec![]))),
        ("a relation by an unknown column", of().filtered(relation("absent", Has::One, Filter::All(vec![])))),
        ("a relation by a number", of().filtered(relation("rank", Has::One, Filter::All(vec![])))),
        (
            "a sum of texts",
            of().filtered(relation("label", Has::Sum("owner", Comparison::Less, 1), Filter::All(vec![]))),
        ),
        (
            "a relation within one",
            of().filtered(relation("label", Has::One, relation("label", Has::One, Filter::All(vec![])))),
        ),
        ("contained in text", of().filtered(Filter::Contains("label", vec![1]))),
        (
            "wrong within others",
            of().filtered(Filter::Any(vec![Filter::All(vec![]), Filter::Not(Box::new(is("absent", 1.into())))])),
        ),
        ("a filter 1,000 deep", of().filtered(deep)),
    ];
    let pages = [
        ("an unknown order", of().ordered("absent", Direction::Ascending)),
        ("version as order", of().ordered("version", Direction::Ascending)),
        ("no rows", of().limited(0)),
        ("less than no rows", of().limited(-1)),
        ("too many rows", of().limited(10_001)),
        ("a place without order", after(None, Some(1.into()))),
        ("an order without place", after(Some("rank"), None)),
        (
            "an end by id in another order",
            Search { until: Some("b".to_owned()), ..after(Some("rank"), Some(1.into())) },
        ),
        ("a place of another type", after(Some("rank"), Some("1".into()))),
    ];
    let mut questions = Vec::new();
    for (what, search) in selections {
        let counted = search.clone();
        let read = Read::Count { search: counted, cap: 10 };
        questions.push((what, read));
        questions.push((what, Read::Find(search)));
    }
    for (what, search) in pages {
        let of = Selection::Page(search.clone());
        questions.push((what, Read::Columns { of, columns: vec!["rank"] }));
        questions.push((what, Read::Find(search)));
    }
    for cap in [0, -1, i64::MIN] {
        let search = of();
        questions.push(("a cap below 1", Read::Count { search, cap }));
    }
    let ids = ["a", "b", "a"].map(str::to_owned).to_vec();
    questions.push(("a key twice", Read::Get { kind: &ITEM, ids: ids.clone() }));
    questions.push((
        "a key twice for columns",
        Read::Columns { of: Selection::Keys { kind: &ITEM, ids }, columns: vec!["rank"] },
    ));
    for column in ["absent", "id", "body", "rank, body"] {
        for of in [Selection::Keys { kind: &ITEM, ids: vec!["a".to_owned()] }, Selection::Page(Search::of(&ITEM))] {
            questions.push(("a column that is none", Read::Columns { of, columns: vec!["rank", column] }));
        }
    }
    for (what, read) in questions {
        let answer = client.store.read(&client.org, &[Read::Find(of()), read]);
        let refused = matches!(answer, Err(StoreError::Failed(_)));
        holds(refused, &format!("{what}: not refused"))?;
    }
    Ok(())
}

/// A change set whose checks alone are wrong is no conflict when it is malformed as well.
pub(super) fn malformed_comes_before_conflict(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    let changes = ChangeSet {
        org: client.org.clone(),
        checks: vec![check(&ITEM, "absent", 1)],
        writes: vec![insert(&ITEM, item("", "o", 1))],
    };
    let answer = client.store.commit(&changes);
    let expected = matches!(answer, Err(crate::store::CommitError::Store(StoreError::Failed(_))));
    holds(expected, &format!("malformed and conflicting: {answer:?}"))
}
