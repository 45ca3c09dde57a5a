//! Random histories: whatever is done in whatever order, a store and the naive model agree.

use super::Make;
use super::filters::some_search;
use super::kinds::{BARE, ITEM, KINDS, TOTAL};
use super::model::Model;
use super::tools::{
    Client, Dice, Outcome, add, at, bare, check, delete, insert, item, put, restore, same, shown, total, update,
};
use crate::store::{Change, Check, CommitError, Kind, Row, Write};
use std::collections::BTreeSet;

const OWNERS: [&str; 3] = ["a", "b", "c"];

/// The version of a row that a command has read: mostly the right one.
fn read_version(dice: &mut Dice, model: &Model, kind: &'static Kind, id: &str) -> i64 {
    let rows = model.of(kind);
    let standing = rows.iter().find(|row| row.id == id);
    match (standing, dice.roll(12)) {
        (Some(row), 1..) => row.version,
        (Some(row), _) => row.version - 1,
        (None, _) => 1,
    }
}

fn some_item(dice: &mut Dice, id: &str) -> Row {
    let owner = dice.pick(&OWNERS).unwrap_or("a");
    let rank = dice.roll(9) - 4;
    item(id, owner, rank)
}

fn some_write(dice: &mut Dice, model: &Model, id: &str) -> Write {
    let rows = model.of(&ITEM);
    let standing = rows.iter().any(|row| row.id == id);
    let version = read_version(dice, model, &ITEM, id);
    match dice.roll(11) {
        0 | 1 if !standing || dice.roll(12) == 0 => insert(&ITEM, some_item(dice, id)),
        0..=3 => {
            let row = some_item(dice, id);
            match standing {
                true => update(&ITEM, at(&row, version)),
                false => put(&ITEM, row),
            }
        }
        4 if standing => delete(&ITEM, id, version),
        5 if standing || dice.roll(12) == 0 => {
            let owner = dice.pick(&OWNERS).unwrap_or("a");
            let by = dice.roll(20) - 10;
            let change = dice.pick(&[Change::Max(by), Change::Min(by), Change::Add(by)]);
            let rank = change.unwrap_or(Change::Add(1));
            Write::Touch {
                kind: &ITEM,
                id: id.to_owned(),
                version: None,
                changes: vec![("rank", rank), ("owner", Change::Set(owner.into()))],
            }
        }
        6 => put(&ITEM, some_item(dice, id)),
        7 => Write::Reassign {
            kind: &ITEM,
            column: "owner",
            from: dice.pick(&OWNERS).unwrap_or("a").into(),
            to: dice.pick(&OWNERS).unwrap_or("b").into(),
        },
        8 => put(&BARE, bare(id)),
        9 if dice.roll(2) == 0 => {
            let row = at(&some_item(dice, id), 1 + dice.roll(9));
            restore(&ITEM, row, (standing || dice.roll(12) == 0).then_some(version))
        }
        _ => {
            let sum = total(id, dice.roll(100) - 50, 1);
            let columns: &[&[&str]] = &[&["total"], &["number"], &["number", "total"]];
            add(sum, dice.pick(columns).unwrap_or(&["total"]))
        }
    }
}

fn some_changes(dice: &mut Dice, model: &Model) -> (Vec<Check>, Vec<Write>) {
    let ids = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"];
    let mut used = BTreeSet::new();
    let mut writes = Vec::new();
    let mut checks = Vec::new();
    for _ in 0..=dice.roll(7) {
        let id = dice.pick(&ids).unwrap_or("0");
        if !used.insert(id) {
            continue;
        }
        let standing = model.of(&ITEM).iter().any(|row| row.id == id);
        if dice.roll(8) == 0 && (standing || dice.roll(8) == 0) {
            let version = read_version(dice, model, &ITEM, id);
            checks.push(check(&ITEM, id, version));
        } else {
            writes.push(some_write(dice, model, id));
        }
    }
    (checks, writes)
}

pub(super) fn random_histories_follow_the_model(make: &Make<'_>) -> Outcome {
    let store = make();
    for seed in 1..=4 {
        let client = Client::new(&*store, &format!("seed {seed}"))?;
        let mut dice = Dice::new(seed * 1_000);
        let mut model = Model::default();
        for step in 0..35 {
            let (checks, writes) = some_changes(&mut dice, &model);
            let what = format!("seed {seed}, step {step}: {}", shown(&(&checks, &writes)));
            let expected = model.commit(&checks, &writes);
            let found = match client.try_commit(checks, writes) {
                Ok(()) => Ok(()),
                Err(CommitError::Conflict(conflict)) => Err((conflict.kind, conflict.id)),
                Err(CommitError::Store(e)) => return Err(format!("{what}: failed: {e}")),
            };
            same(&what, &found, &expected)?;
            let expected: Vec<_> = KINDS.iter().map(|k| (k.name, model.of(k))).collect();
            same(&what, &client.dump()?, &expected)?;
            let rows = model.of(&ITEM);
            let search = some_search(&mut dice, &rows);
            client.agrees(&rows, &search).map_err(|e| format!("{what}: {e}"))?;
        }
        let sums = model.of(&TOTAL).len();
        super::tools::holds(sums > 0, "the suite is wrong: no sums were made")?;
    }
    Ok(())
}
