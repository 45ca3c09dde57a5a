//! Each write and each read on its own.

use super::Make;
use super::kinds::{BARE, ITEM, KINDS, TOTAL};
use super::model::{Model, value_of};
use super::tools::{
    Client, Outcome, add, at, bare, check, delete, example, insert, item, item_with, one_rows, put, restore, same, set,
    total, touch_at, update, update_but,
};
use crate::store::{Answer, Change, Direction, Filter, Kind, Read, Row, Search, Value, Write};

pub(super) fn get_keeps_the_order_and_leaves_out_the_absent(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    let nothing: Vec<Row> = Vec::new();
    same("an empty store", &client.get(&ITEM, &["a"])?, &nothing)?;
    same("no keys", &client.get(&ITEM, &[])?, &nothing)?;
    for kind in KINDS {
        let rows: Vec<Row> = ["a", "b", "c", "d"].map(|id| example(kind, id)).to_vec();
        client.insert(kind, &rows)?;
        let found = client.get(kind, &["d", "absent", "a", "A", "c"])?;
        let expected = ["d", "a", "c"].map(|id| example(kind, id)).to_vec();
        same(kind.name, &found, &expected)?;
    }
    Ok(())
}

pub(super) fn get_answers_many_keys(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    let ids: Vec<String> = (0..2_500).map(|i| format!("row-{i}")).collect();
    let rows: Vec<Row> = ids.iter().map(|id| bare(id)).collect();
    for part in rows.chunks(1_000) {
        client.insert(&BARE, part)?;
    }
    let mut asked: Vec<&str> = ids.iter().map(String::as_str).rev().collect();
    asked.push("absent");
    let found = client.get(&BARE, &asked)?;
    let expected: Vec<Row> = rows.into_iter().rev().collect();
    same("2,500 keys", &found, &expected)
}

pub(super) fn answers_stand_in_the_place_of_their_questions(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    same("no questions", &client.read(&[])?, &Vec::new())?;
    client.insert(&ITEM, &[item("a", "o", 1), item("b", "o", 2)])?;
    client.insert(&BARE, &[bare("x")])?;
    let search = Search::of(&ITEM);
    let cap = 10;
    let reads = [
        Read::Find(Search::of(&BARE)),
        Read::Count { search: search.clone(), cap },
        Read::Get { kind: &ITEM, ids: vec!["none".into()] },
        Read::Find(search.ordered("rank", Direction::Descending)),
        Read::Get { kind: &ITEM, ids: vec!["a".into()] },
    ];
    let expected = vec![
        Answer::Rows(vec![bare("x")]),
        Answer::Count(Some(2)),
        Answer::Rows(Vec::new()),
        Answer::Rows(vec![item("b", "o", 2), item("a", "o", 1)]),
        Answer::Rows(vec![item("a", "o", 1)]),
    ];
    same("a mixed batch", &client.read(&reads)?, &expected)
}

pub(super) fn insert_makes_version_1(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    for kind in KINDS {
        client.insert(kind, &[example(kind, "a")])?;
        same(kind.name, &client.row(kind, "a")?, &example(kind, "a"))?;
    }
    Ok(())
}

pub(super) fn insert_conflicts_with_a_standing_row(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    for kind in KINDS {
        client.insert(kind, &[example(kind, "a")])?;
        let again = vec![insert(kind, example(kind, "a"))];
        client.conflicts(Vec::new(), again.clone(), kind, "a")?;
        // A key is free again once its row is gone.
        client.commit(vec![delete(kind, "a", 1)])?;
        client.commit(again)?;
        same(kind.name, &client.row(kind, "a")?.version, &1)?;
    }
    Ok(())
}

pub(super) fn update_replaces_and_counts_versions(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    client.insert(&ITEM, &[item("a", "o", 1), item("b", "o", 1)])?;
    for version in 1..=3 {
        let mut row = item("a", &format!("owner {version}"), version * 10);
        row.version = version;
        client.commit(vec![update(&ITEM, row.clone())])?;
        let found = client.row(&ITEM, "a")?;
        same("the updated row", &found, &at(&row, version + 1))?;
    }
    same("the row beside", &client.row(&ITEM, "b")?, &item("b", "o", 1))?;
    // The same content again is a new version all the same.
    let standing = client.row(&ITEM, "a")?;
    client.commit(vec![update(&ITEM, standing.clone())])?;
    let found = client.row(&ITEM, "a")?;
    same("updated with itself", &found, &at(&standing, 5))?;
    client.insert(&BARE, &[bare("x")])?;
    client.commit(vec![update(&BARE, bare("x"))])?;
    same("a row without columns", &client.row(&BARE, "x")?.version, &2)
}

pub(super) fn update_leaves_live_columns_alone(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    client.insert(&ITEM, &[item("a", "o", 1)])?;
    // What others touched since the row was read stays; a named change takes part.
    client.commit(vec![touch(&ITEM, "a", vec![("rank", Change::Set(7.into()))])])?;
    client.commit(vec![update_but(&ITEM, item("a", "other", 5), Vec::new())])?;
    let mut expected = item("a", "other", 5);
    set(&ITEM, &mut expected, "owner", "o".into());
    set(&ITEM, &mut expected, "rank", 7.into());
    let found = client.row(&ITEM, "a")?;
    same("live columns stayed", &found, &at(&expected, 2))?;
    let changes = vec![("rank", Change::Add(3)), ("owner", Change::Set("p".into()))];
    client.commit(vec![update_but(&ITEM, at(&expected, 2), changes)])?;
    set(&ITEM, &mut expected, "owner", "p".into());
    set(&ITEM, &mut expected, "rank", 10.into());
    let found = client.row(&ITEM, "a")?;
    same("named ones changed", &found, &at(&expected, 3))?;
    let stale = update_but(&ITEM, at(&expected, 2), vec![("rank", Change::Add(1))]);
    client.conflicts(Vec::new(), vec![stale], &ITEM, "a")?;
    same("a stale update", &client.row(&ITEM, "a")?, &at(&expected, 3))
}

pub(super) fn touch_relies_on_a_version_where_one_is_given(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    client.insert(&ITEM, &[item("a", "o", 1)])?;
    let to = |rank: i64| vec![("rank", Change::Set(rank.into()))];
    client.commit(vec![touch_at(&ITEM, "a", 1, to(2))])?;
    client.commit(vec![touch_at(&ITEM, "a", 1, to(2))])?;
    for (id, version) in [("a", 2), ("a", 0), ("b", 1)] {
        let stale = touch_at(&ITEM, id, version, to(3));
        client.conflicts(Vec::new(), vec![stale], &ITEM, id)?;
    }
    let mut expected = item("a", "o", 1);
    set(&ITEM, &mut expected, "rank", 2.into());
    same("touched at its version", &client.row(&ITEM, "a")?, &expected)
}

pub(super) fn reassign_walks_where_no_index_helps(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    client.insert(&TOTAL, &[total("a", 1, 0), total("b", 2, 1), total("c", 1, 1)])?;
    client.commit(vec![Write::Reassign { kind: &TOTAL, column: "total", from: 1.into(), to: 9.into() }])?;
    for (id, expected) in [("a", 9), ("b", 2), ("c", 9)] {
        let row = client.row(&TOTAL, id)?;
        same(id, &value_of(&TOTAL, &row, "total"), &Value::from(expected))?;
    }
    Ok(())
}

pub(super) fn replace_relies_on_the_value(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    client.insert(&ITEM, &[item("a", "o", 1)])?;
    let from = |was: i64, to: i64| vec![("rank", Change::Replace(was.into(), to.into()))];
    client.commit(vec![touch(&ITEM, "a", from(1, 5))])?;
    client.commit(vec![touch_at(&ITEM, "a", 1, from(5, 5))])?;
    for stale in [touch(&ITEM, "a", from(1, 6)), touch_at(&ITEM, "a", 1, from(4, 6)), touch(&ITEM, "b", from(1, 6))] {
        let id = if matches!(&stale, Write::Touch { id, .. } if id == "b") { "b" } else { "a" };
        client.conflicts(Vec::new(), vec![stale], &ITEM, id)?;
    }
    let mut expected = item("a", "o", 1);
    set(&ITEM, &mut expected, "rank", 5.into());
    same("replaced once", &client.row(&ITEM, "a")?, &expected)?;
    let stale = update_but(&ITEM, expected.clone(), from(1, 7));
    client.conflicts(Vec::new(), vec![stale], &ITEM, "a")?;
    client.commit(vec![update_but(&ITEM, expected.clone(), from(5, 7))])?;
    set(&ITEM, &mut expected, "rank", 7.into());
    same("replaced in an update", &client.row(&ITEM, "a")?, &at(&expected, 2))
}

pub(super) fn update_conflicts_with_another_version(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    for kind in KINDS {
        client.insert(kind, &[example(kind, "a")])?;
        client.commit(vec![update(kind, example(kind, "a"))])?;
        for version in [1, 3, 0, -1, -2, i64::MIN, i64::MAX] {
            let stale = update(kind, at(&example(kind, "a"), version));
            client.conflicts(Vec::new(), vec![stale], kind, "a")?;
        }
        for version in [0, 1] {
            let absent = update(kind, at(&example(kind, "b"), version));
            client.conflicts(Vec::new(), vec![absent], kind, "b")?;
        }
    }
    Ok(())
}

pub(super) fn delete_removes(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    for kind in KINDS {
        client.insert(kind, &[example(kind, "a"), example(kind, "b")])?;
        client.commit(vec![update(kind, example(kind, "a"))])?;
        client.commit(vec![delete(kind, "a", 2)])?;
        let left = client.find(&Search::of(kind))?;
        same(kind.name, &left, &vec![example(kind, "b")])?;
    }
    Ok(())
}

pub(super) fn delete_conflicts_with_another_version(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    for kind in KINDS {
        client.insert(kind, &[example(kind, "a")])?;
        client.commit(vec![update(kind, example(kind, "a"))])?;
        for version in [1, 3, 0, -1, i64::MAX] {
            client.conflicts(Vec::new(), vec![delete(kind, "a", version)], kind, "a")?;
        }
        client.conflicts(Vec::new(), vec![delete(kind, "b", 1)], kind, "b")?;
    }
    Ok(())
}

pub(super) fn check_relies_without_writing(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    client.insert(&ITEM, &[item("relied on", "o", 1)])?;
    client.insert(&BARE, &[bare("relied on")])?;
    let checks = vec![check(&ITEM, "relied on", 1), check(&BARE, "relied on", 1)];
    let writes = vec![insert(&TOTAL, total("t", 1, 1))];
    let done = client.try_commit(checks.clone(), writes);
    done.map_err(|e| format!("the checks hold and the commit did not happen: {e}"))?;
    let done = client.try_commit(checks, Vec::new());
    done.map_err(|e| format!("checks alone that hold: {e}"))?;
    let expected = item("relied on", "o", 1);
    same("a checked row", &client.row(&ITEM, "relied on")?, &expected)?;
    same("what was written", &client.row(&TOTAL, "t")?, &total("t", 1, 1))
}

pub(super) fn check_conflicts_with_another_version(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    client.insert(&ITEM, &[item("a", "o", 1)])?;
    client.commit(vec![update(&ITEM, item("a", "o", 2))])?;
    let writes = || vec![insert(&TOTAL, total("t", 1, 1))];
    for version in [1, 3, 0, -1, i64::MAX] {
        client.conflicts(vec![check(&ITEM, "a", version)], writes(), &ITEM, "a")?;
        client.conflicts(vec![check(&ITEM, "a", version)], Vec::new(), &ITEM, "a")?;
    }
    let absent = vec![check(&ITEM, "a", 2), check(&ITEM, "absent", 1)];
    client.conflicts(absent, writes(), &ITEM, "absent")?;
    // The key of one kind is not that of another.
    client.conflicts(vec![check(&BARE, "a", 2)], writes(), &BARE, "a")
}

fn touch(kind: &'static Kind, id: &str, changes: Vec<(&'static str, Change)>) -> Write {
    let id = id.to_owned();
    Write::Touch { kind, id, version: None, changes }
}

pub(super) fn touch_changes_live_columns_without_version(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    client.insert(&ITEM, &[item("a", "o", 10), item("b", "o", 10)])?;
    client.commit(vec![update(&ITEM, item("a", "o", 10))])?;
    let mut expected = at(&item("a", "o", 10), 2);
    let mut rank = |change: Change, now: i64| {
        client.commit(vec![touch(&ITEM, "a", vec![("rank", change.clone())])])?;
        set(&ITEM, &mut expected, "rank", now.into());
        same(&format!("{change:?}"), &client.row(&ITEM, "a")?, &expected)
    };
    rank(Change::Max(9), 10)?;
    rank(Change::Max(11), 11)?;
    rank(Change::Min(12), 11)?;
    rank(Change::Min(-5), -5)?;
    rank(Change::Add(3), -2)?;
    rank(Change::Add(-10), -12)?;
    rank(Change::Set(100.into()), 100)?;
    rank(Change::Set(i64::MIN.into()), i64::MIN)?;
    rank(Change::Max(i64::MAX), i64::MAX)?;
    let two = vec![("owner", Change::Set("p".into())), ("rank", Change::Add(-7))];
    client.commit(vec![touch(&ITEM, "a", two)])?;
    set(&ITEM, &mut expected, "owner", "p".into());
    set(&ITEM, &mut expected, "rank", (i64::MAX - 7).into());
    same("two columns", &client.row(&ITEM, "a")?, &expected)?;
    same("the row beside", &client.row(&ITEM, "b")?, &item("b", "o", 10))?;
    // An open form is not broken: the version read before still holds.
    client.commit(vec![update(&ITEM, at(&item("a", "q", 1), 2))])
}

pub(super) fn touch_conflicts_with_an_absent_row(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    client.insert(&ITEM, &[item("a", "o", 1)])?;
    for change in [Change::Set(2.into()), Change::Max(0), Change::Add(0)] {
        let absent = touch(&ITEM, "b", vec![("rank", change.clone())]);
        client.conflicts(Vec::new(), vec![absent], &ITEM, "b")?;
        // A touch that changes nothing is no conflict: the row exists.
        let noop = match change {
            Change::Set(_) => Change::Set(1.into()),
            other => other,
        };
        client.commit(vec![touch(&ITEM, "a", vec![("rank", noop)])])?;
    }
    same("touched in vain", &client.row(&ITEM, "a")?, &item("a", "o", 1))
}

pub(super) fn put_inserts_or_replaces(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    for (given, stands) in [(1, 1), (1, 2), (77, 3), (-1, 4)] {
        let row = at(&item("a", &format!("owner {stands}"), stands), given);
        client.commit(vec![put(&ITEM, row.clone())])?;
        same("the row put", &client.row(&ITEM, "a")?, &at(&row, stands))?;
    }
    client.commit(vec![put(&BARE, bare("x")), put(&TOTAL, total("x", 1, 1))])?;
    client.commit(vec![put(&BARE, bare("x"))])?;
    same("a bare row", &client.row(&BARE, "x")?, &at(&bare("x"), 2))?;
    let dump = client.find(&Search::of(&ITEM))?;
    same("number of rows", &dump.len(), &1)
}

pub(super) fn restore_keeps_the_version(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    for kind in KINDS {
        let row = at(&example(kind, "a"), 41);
        client.commit(vec![restore(kind, row.clone(), None)])?;
        same(kind.name, &client.row(kind, "a")?, &row)?;
        client.conflicts(Vec::new(), vec![restore(kind, row.clone(), None)], kind, "a")?;
        client.conflicts(Vec::new(), vec![restore(kind, row.clone(), Some(40))], kind, "a")?;
        client.conflicts(Vec::new(), vec![restore(kind, at(&row, 1), Some(1))], kind, "a")?;
        client.conflicts(Vec::new(), vec![restore(kind, example(kind, "b"), Some(1))], kind, "b")?;
        client.commit(vec![insert(kind, example(kind, "c"))])?;
        client.conflicts(Vec::new(), vec![restore(kind, at(&example(kind, "c"), 1), None)], kind, "c")?;
    }
    // In the place of another everything gives way: version, body, and live columns, too.
    let other = Row { body: "{\"other\":true}".into(), ..at(&item("a", "p", 9), 7) };
    client.commit(vec![restore(&ITEM, other.clone(), Some(41))])?;
    same("the row restored", &client.row(&ITEM, "a")?, &other)?;
    client.commit(vec![update(&ITEM, other.clone())])?;
    same("and updated", &client.row(&ITEM, "a")?, &at(&other, 8))
}

pub(super) fn add_makes_then_sums(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    let both: &[&str] = &["total", "number"];
    client.commit(vec![add(at(&total("t", 5, 1), 9), both)])?;
    same("made", &client.row(&TOTAL, "t")?, &total("t", 5, 1))?;
    let mut delta = total("t", -20, 1);
    delta.values.splice(..1, ["another title".into()]);
    delta.body = "{\"another\":true}".into();
    client.commit(vec![add(delta.clone(), both)])?;
    // Only the named columns: title, body and version are the first one's.
    same("added", &client.row(&TOTAL, "t")?, &total("t", -15, 2))?;
    client.commit(vec![add(delta, &["total"])])?;
    same("one column", &client.row(&TOTAL, "t")?, &total("t", -35, 2))?;
    client.commit(vec![add(total("t", 1_i64 << 62, 0), both)])?;
    let expected = total("t", (1_i64 << 62) - 35, 2);
    same("a great sum", &client.row(&TOTAL, "t")?, &expected)?;
    // The order of additions does not matter.
    let deltas = [3, -7, 11, 0, 1_000_000];
    for delta in deltas {
        let writes = vec![add(total("u", delta, 1), both), add(total("v", 1, 1), both)];
        client.commit(writes)?;
    }
    for delta in deltas.iter().rev() {
        client.commit(vec![add(total("w", *delta, 1), both)])?;
    }
    let sums = client.get(&TOTAL, &["u", "w", "v"])?;
    let expected = vec![total("u", 1_000_007, 5), total("w", 1_000_007, 5), total("v", 5, 5)];
    same("sums", &sums, &expected)
}

fn reassign(column: &'static str, from: impl Into<Value>, to: impl Into<Value>) -> Write {
    Write::Reassign { kind: &ITEM, column, from: from.into(), to: to.into() }
}

pub(super) fn reassign_moves_all_and_only_those(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    let owners = ["ann", "Ann", "ann ", "bob", "ann%", "an"];
    let mut model = Model::default();
    let mut rows = Vec::new();
    for i in 0..300 {
        let owner = owners.iter().cycle().nth(i).copied().unwrap_or("ann");
        rows.push(insert(&ITEM, item(&format!("{i}"), owner, 1)));
    }
    let steps = [
        rows,
        vec![update(&ITEM, item("0", "ann", 1))],
        vec![reassign("owner", "ann", "bob")],
        vec![reassign("owner", "nobody", "bob")],
        vec![reassign("owner", "bob", "bob")],
        vec![reassign("rank", 1, -1)],
        vec![reassign("owner", "ann%", "c"), reassign("rank", -1, 3)],
    ];
    for step in steps {
        let _ = model.commit(&[], &step);
        client.commit(step)?;
        let found = client.find(&Search::of(&ITEM))?;
        same("after a reassignment", &found, &model.of(&ITEM))?;
    }
    Ok(())
}

pub(super) fn reassign_takes_its_turn_among_the_writes(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    client.insert(&ITEM, &[item("old", "a", 1), item("other", "b", 1)])?;
    client.commit(vec![
        insert(&ITEM, item("before", "a", 1)),
        reassign("owner", "a", "b"),
        insert(&ITEM, item("behind", "a", 1)),
        reassign("owner", "b", "c"),
    ])?;
    let rows = client.get(&ITEM, &["old", "other", "before", "behind"])?;
    let owners: Vec<Value> = rows.iter().map(|r| value_of(&ITEM, r, "owner")).collect();
    let expected = ["c", "c", "c", "a"].map(Value::from).to_vec();
    same("owners, in the order of the writes", &owners, &expected)
}

/// Whether searches by index find rows where the last write put them.
pub(super) fn searches_follow_every_write(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    let mut model = Model::default();
    let mut moved = item_with("c", "label", "moved");
    set(&ITEM, &mut moved, "sort_key", Value::Bytes(vec![0]));
    let steps = [
        ["a", "b", "c", "d"].map(|id| insert(&ITEM, item(id, "o", 5))).to_vec(),
        vec![update(&ITEM, item("a", "p", -5))],
        vec![touch(&ITEM, "b", vec![("rank", Change::Add(1))])],
        vec![put(&ITEM, moved), put(&ITEM, item("e", "p", 0))],
        vec![reassign("owner", "p", "o")],
        vec![delete(&ITEM, "d", 1), reassign("rank", 0, 9)],
    ];
    for step in steps {
        let _ = model.commit(&[], &step);
        client.commit(step)?;
        let rows = model.of(&ITEM);
        for column in ["rank", "label", "sort_key"] {
            for owner in ["o", "p"] {
                let search = Search::of(&ITEM).ordered(column, Direction::Ascending);
                client.agrees(&rows, &search)?;
                let owned = search.clone().within("owner", vec![owner.into()]);
                client.agrees(&rows, &owned)?;
                client.agrees(&rows, &search.filtered(Filter::equal("owner", owner)))?;
                let cap = 100;
                let reads = [Read::Count { search: owned.clone(), cap }, Read::Find(owned)];
                let mut answers = client.read(&reads)?;
                let found = one_rows(answers.split_off(1))?;
                let found = i64::try_from(found.len()).ok();
                same("count and page", &answers, &vec![Answer::Count(found)])?;
            }
        }
    }
    Ok(())
}
