//! All of a commit or nothing, and who is to blame.

use super::Make;
use super::kinds::{AGENDA, BARE, ITEM, TOTAL};
use super::model::Model;
use super::tools::{Client, Outcome, add, agenda, at, bare, check, delete, insert, item, put, same, total, update};
use crate::store::{Change, Search, Write};

/// Rows to work on.
fn standing() -> Vec<Write> {
    let mut writes: Vec<Write> = (0..12).map(|i| insert(&ITEM, item(&format!("item {i}"), "o", i))).collect();
    writes.push(insert(&TOTAL, total("sum", 100, 1)));
    writes.push(insert(&AGENDA, agenda("due", 50)));
    writes.push(insert(&BARE, bare("taken")));
    writes
}

fn touch(id: &str, change: Change) -> Write {
    Write::Touch { kind: &ITEM, id: id.into(), version: None, changes: vec![("rank", change)] }
}

/// A change set with every form of write.
fn good() -> Vec<Write> {
    vec![
        insert(&ITEM, item("new", "o", 1)),
        update(&ITEM, item("item 0", "p", 100)),
        delete(&ITEM, "item 1", 1),
        put(&ITEM, item("item 2", "q", 5)),
        put(&ITEM, item("put", "q", 5)),
        touch("item 3", Change::Add(40)),
        add(total("sum", 5, 1), &["total", "number"]),
        add(total("another", 5, 1), &["total", "number"]),
        Write::Reassign { kind: &ITEM, column: "owner", from: "o".into(), to: "r".into() },
        insert(&BARE, bare("free")),
        delete(&AGENDA, "due", 1),
        update(&BARE, bare("taken")),
    ]
}

pub(super) fn all_or_nothing_at_every_position(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    client.commit(standing())?;
    let bad = [
        (insert(&ITEM, item("item 9", "z", 1)), &ITEM, "item 9"),
        (update(&ITEM, at(&item("item 9", "z", 1), 2)), &ITEM, "item 9"),
        (delete(&ITEM, "item 9", 2), &ITEM, "item 9"),
        (touch("absent", Change::Add(1)), &ITEM, "absent"),
        (delete(&TOTAL, "absent", 1), &TOTAL, "absent"),
    ];
    for (write, kind, id) in bad {
        for position in 0..=good().len() {
            let mut writes = good();
            writes.insert(position, write.clone());
            let told = client.conflicts(Vec::new(), writes, kind, id);
            told.map_err(|e| format!("write {position} fails: {e}"))?;
        }
    }
    client.conflicts(vec![check(&ITEM, "item 9", 2)], good(), &ITEM, "item 9")?;
    // What was torn nowhere is whole when nothing fails.
    let mut model = Model::default();
    let _ = model.commit(&[], &standing());
    let _ = model.commit(&[], &good());
    client.commit(good())?;
    for (kind, rows) in client.dump()? {
        let expected = model.rows.iter().filter(|(k, _)| k.name == kind);
        let mut expected: Vec<_> = expected.map(|(_, row)| row.clone()).collect();
        expected.sort_by(|a, b| a.id.cmp(&b.id));
        same(kind, &rows, &expected)?;
    }
    Ok(())
}

pub(super) fn a_large_commit_is_whole(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    let rows = |owner| (0..1_500).map(move |i| item(&format!("row {i}"), owner, i));
    let mut writes: Vec<Write> = rows("o").map(|row| insert(&ITEM, row)).collect();
    client.commit(writes.clone())?;
    writes = rows("p").map(|row| update(&ITEM, row)).collect();
    writes.push(insert(&ITEM, item("row 0", "q", 1)));
    // The last of 1,501 writes fails. (It is another row than the ones updated.)
    let last = insert(&BARE, bare("taken"));
    client.commit(vec![last.clone()])?;
    writes.pop();
    writes.push(last);
    client.conflicts(Vec::new(), writes.clone(), &BARE, "taken")?;
    writes.pop();
    client.commit(writes)?;
    let search = Search::of(&ITEM).within("owner", vec!["p".into()]);
    same("rows updated", &client.count(&search, 10_000)?, &Some(1_500))
}

pub(super) fn conflict_names_the_first_failing_row(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    client.commit(standing())?;
    let first_check = check(&ITEM, "item 1", 9);
    let second_check = check(&BARE, "absent", 1);
    let failing = [
        (insert(&BARE, bare("taken")), &BARE, "taken"),
        (update(&ITEM, at(&item("item 5", "o", 1), 3)), &ITEM, "item 5"),
        (touch("absent", Change::Max(1)), &ITEM, "absent"),
        (delete(&AGENDA, "due", 7), &AGENDA, "due"),
        (insert(&TOTAL, total("sum", 1, 1)), &TOTAL, "sum"),
        (delete(&ITEM, "item 6", 2), &ITEM, "item 6"),
    ];
    for turn in 0..failing.len() {
        let mut order = failing.to_vec();
        order.rotate_left(turn);
        let Some((_, kind, id)) = order.first().cloned() else {
            continue;
        };
        let mut writes = vec![add(total("new sum", 1, 1), &["total"]), insert(&ITEM, item("fine", "o", 1))];
        writes.extend(order.into_iter().map(|(write, _, _)| write));
        let holding = vec![check(&ITEM, "item 0", 1)];
        client.conflicts(holding, writes.clone(), kind, id)?;
        let checks = vec![check(&ITEM, "item 0", 1), first_check.clone(), second_check.clone()];
        client.conflicts(checks, writes.clone(), &ITEM, "item 1")?;
        let checks = vec![second_check.clone(), first_check.clone()];
        client.conflicts(checks, writes, &BARE, "absent")?;
    }
    Ok(())
}

pub(super) fn an_empty_change_set_does_nothing(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    client.commit(Vec::new())?;
    client.commit(standing())?;
    let before = client.dump()?;
    client.commit(Vec::new())?;
    same("content", &client.dump()?, &before)
}

pub(super) fn sums_beyond_64_bits_are_refused(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    let columns: &[&str] = &["total", "number"];
    client.insert(&ITEM, &[item("a", "o", i64::MAX - 1), item("b", "o", 1)])?;
    client.insert(&TOTAL, &[total("low", i64::MIN + 1, 0), total("t", 1, 0)])?;
    let before_it = || add(total("t", 1, 1), columns);
    let beyond = [
        touch("a", Change::Add(2)),
        touch("a", Change::Add(i64::MAX)),
        add(total("low", -2, 0), columns),
        add(total("low", i64::MIN, 0), columns),
    ];
    for write in beyond {
        let writes = vec![before_it(), update(&ITEM, item("b", "p", 2)), write];
        client.refuses("a sum beyond 64 bits", Vec::new(), writes)?;
    }
    client.commit(vec![touch("a", Change::Add(1)), add(total("low", -1, 0), columns)])?;
    let rank = client.row(&ITEM, "a")?;
    let expected = item("a", "o", i64::MAX).values.into_iter().nth(1);
    same("the greatest sum", &rank.values.into_iter().nth(1), &expected)?;
    let low = client.row(&TOTAL, "low")?;
    same("the smallest sum", &low, &total("low", i64::MIN, 0))
}
