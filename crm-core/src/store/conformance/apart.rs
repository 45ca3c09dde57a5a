//! Organisations are apart, but for the question who has work due.

use super::Make;
use super::kinds::{AGENDA, ITEM, KINDS, TOTAL};
use super::tools::{Client, Outcome, add, agenda, check, delete, example, insert, item, put, same, total, update};
use crate::OrgId;
use crate::store::{Change, Direction, Read, Search, Store, Write};

/// Names that a store which folds text or takes it for a pattern would confuse.
const ORGS: [&str; 7] = ["acme", "ACME", "acmé", "acme\u{301}", "acm_", "%", "宏远"];

fn clients(store: &(dyn Store + Send + Sync)) -> Result<Vec<Client<'_>>, String> {
    ORGS.iter().map(|org| Client::new(store, org)).collect()
}

pub(super) fn organisations_are_apart_in_reads(make: &Make<'_>) -> Outcome {
    let store = make();
    let clients = clients(&*store)?;
    let nobody = Client::new(&*store, "nobody")?;
    for (i, client) in (0_i64..).zip(&clients) {
        // The same ids and values in all of them, and a number that tells them apart.
        let mut writes: Vec<Write> = KINDS.iter().map(|k| insert(k, example(k, "same"))).collect();
        writes.push(insert(&ITEM, item("own", "o", 1_000 + i)));
        writes.push(insert(&ITEM, item(&format!("only {i}"), "o", 7)));
        client.commit(writes)?;
    }
    for (i, client) in (0_i64..).zip(&clients) {
        let own = item("own", "o", 1_000 + i);
        let only = item(&format!("only {i}"), "o", 7);
        let others = ["own", "only 0", "only 1", "only 2", "only 3", "only 4", "only 5", "only 6"];
        let found = client.get(&ITEM, &others)?;
        same("rows by key", &found, &vec![own.clone(), only.clone()])?;
        let foreign = (0..).zip(others.iter().skip(1)).filter(|(j, _)| *j != i);
        for (_, id) in foreign {
            let found = client.get(&ITEM, &[id])?;
            same("a row of somebody else", &found, &Vec::new())?;
        }
        let rows = vec![only, own, item("same", "o", 7)];
        for search in [
            Search::of(&ITEM),
            Search::of(&ITEM).ordered("rank", Direction::Descending),
            Search::of(&ITEM).within("owner", vec!["o".into()]),
            Search::of(&ITEM).within("owner", vec!["o".into(), "p".into()]).ordered("rank", Direction::Ascending),
        ] {
            client.agrees(&rows, &search)?;
            same("count", &client.count(&search, 4)?, &Some(3))?;
            same("capped count", &client.count(&search, 3)?, &None)?;
            same("of nobody", &nobody.find(&search)?, &Vec::new())?;
        }
    }
    Ok(())
}

pub(super) fn organisations_are_apart_in_writes(make: &Make<'_>) -> Outcome {
    let store = make();
    let clients = clients(&*store)?;
    for client in &clients {
        let rows = KINDS.iter().map(|kind| insert(kind, example(kind, "same")));
        client.commit(rows.collect())?;
    }
    let Some((first, others)) = clients.split_first() else {
        return Ok(());
    };
    let before: Vec<_> = others.iter().map(Client::dump).collect::<Result<_, _>>()?;
    let columns: &[&str] = &["total", "number"];
    let writes = [
        update(&ITEM, item("same", "p", 8)),
        Write::Touch { kind: &ITEM, id: "same".into(), version: None, changes: vec![("rank", Change::Set(9.into()))] },
        Write::Reassign { kind: &ITEM, column: "owner", from: "p".into(), to: "o".into() },
        Write::Reassign { kind: &ITEM, column: "owner", from: "o".into(), to: "q".into() },
        put(&ITEM, item("same", "r", 1)),
        add(total("same", 5, 5), columns),
        insert(&ITEM, item("new", "o", 1)),
        delete(&ITEM, "same", 3),
        delete(&AGENDA, "same", 1),
    ];
    for write in writes {
        let text = format!("others after {write:?}");
        first.commit(vec![write])?;
        let after: Vec<_> = others.iter().map(Client::dump).collect::<Result<_, _>>()?;
        same(&text, &after, &before)?;
    }
    // Neither do preconditions look across: what the first one has, others may insert, and
    // what it lacks, they have.
    for other in others {
        other.conflicts(vec![check(&ITEM, "new", 1)], Vec::new(), &ITEM, "new")?;
        other.commit(vec![insert(&ITEM, item("new", "o", 1)), delete(&ITEM, "same", 1)])?;
    }
    first.conflicts(Vec::new(), vec![delete(&TOTAL, "same", 2)], &TOTAL, "same")
}

fn due(client: &Client<'_>, until: i64, limit: i64) -> Result<Vec<String>, String> {
    let found = client.store.due_organisations(&AGENDA, "due", until, limit);
    let found: Vec<OrgId> = found.map_err(|e| format!("due_organisations failed: {e}"))?;
    Ok(found.into_iter().map(String::from).collect())
}

pub(super) fn due_organisations_are_those_with_work(make: &Make<'_>) -> Outcome {
    let store = make();
    let clients = clients(&*store)?;
    let Some(any) = clients.first() else {
        return Ok(());
    };
    let nothing: Vec<String> = Vec::new();
    same("an empty store", &due(any, i64::MAX, 10)?, &nothing)?;
    // Organisation n has work at 10n and, twice, much later.
    for (i, client) in (1_i64..).zip(&clients) {
        let rows = [10 * i, 1_000, 1_000].map(|d| (d, client));
        let rows = (0..).zip(rows);
        let rows: Vec<_> = rows.map(|(n, (d, _))| agenda(&format!("{n}"), d)).collect();
        client.insert(&AGENDA, &rows)?;
    }
    let sorted = |orgs: &[&str]| {
        let mut orgs: Vec<String> = orgs.iter().map(|org| (*org).to_owned()).collect();
        orgs.sort();
        orgs
    };
    for until in [9, 10, 25, 30, 70, 999, 1_000, i64::MAX] {
        let count = usize::try_from(until / 10).unwrap_or(0).min(ORGS.len());
        let expected = sorted(ORGS.get(..count).unwrap_or(&[]));
        same(&format!("due until {until}"), &due(any, until, 10)?, &expected)?;
        let expected: Vec<String> = expected.into_iter().take(2).collect();
        same("at most two", &due(any, until, 2)?, &expected)?;
    }
    same("due long ago", &due(any, i64::MIN, 10)?, &nothing)?;
    // Done or put off, it is not due any more.
    any.commit(vec![delete(&AGENDA, "0", 1)])?;
    for client in clients.iter().skip(1).take(1) {
        client.commit(vec![Write::Touch {
            kind: &AGENDA,
            id: "0".into(),
            version: None,
            changes: vec![("due", Change::Max(500))],
        }])?;
    }
    same("done and put off", &due(any, 30, 10)?, &sorted(&["acmé"]))
}

pub(super) fn due_organisations_refuses_other_columns(make: &Make<'_>) -> Outcome {
    let store = make();
    for (kind, column, limit) in [
        (&AGENDA, "subject", 10),
        (&AGENDA, "absent", 10),
        (&ITEM, "rank", 10),
        (&AGENDA, "due", 0),
        (&AGENDA, "due", 10_001),
    ] {
        let answer = store.due_organisations(kind, column, 0, limit);
        super::tools::holds(
            matches!(answer, Err(crate::store::StoreError::Failed(_))),
            &format!("due_organisations by {column}, at most {limit}: {answer:?}"),
        )?;
    }
    // Asked of one kind, not of all.
    let client = Client::new(&*store, "acme")?;
    client.insert(&ITEM, &[item("a", "o", 1)])?;
    let reads = [Read::Find(Search::of(&AGENDA))];
    same("no agenda", &super::tools::one_rows(client.read(&reads)?)?, &Vec::new())?;
    same("nobody", &due(&client, i64::MAX, 10)?, &Vec::new())
}
