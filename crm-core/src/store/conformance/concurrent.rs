//! Many at once.

use super::Make;
use super::kinds::{BARE, ITEM, TOTAL};
use super::model::value_of;
use super::tools::{Client, Outcome, add, at, bare, check, insert, item, one_rows, same, total, update};
use crate::store::{Answer, Change, CommitError, Read, Search, Write};
use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::thread;

const THREADS: usize = 8;

/// What each of the threads found out, all having begun at the same moment.
fn race<T: Send>(each: impl Fn(usize) -> T + Sync) -> Result<Vec<T>, String> {
    let start = Barrier::new(THREADS);
    let (start, each) = (&start, &each);
    thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|i| {
                scope.spawn(move || {
                    start.wait();
                    each(i)
                })
            })
            .collect();
        let joined = threads.into_iter().map(thread::ScopedJoinHandle::join);
        let joined: Result<Vec<T>, _> = joined.collect();
        joined.map_err(|_| "the store panicked in a thread".to_owned())
    })
}

/// The only one who won; all others lost by a conflict at this row.
fn one_winner(results: Vec<Result<(), CommitError>>, id: &str) -> Result<usize, String> {
    let mut winners = Vec::new();
    for (i, result) in results.into_iter().enumerate() {
        match result {
            Ok(()) => winners.push(i),
            Err(CommitError::Conflict(conflict)) => same("a loser", &conflict.id, &id.to_owned())?,
            Err(CommitError::Store(e)) => return Err(format!("a racer failed: {e}")),
        }
    }
    match winners.as_slice() {
        [winner] => Ok(*winner),
        _ => Err(format!("winners: {winners:?} instead of one")),
    }
}

pub(super) fn one_insert_of_a_key_wins(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    for round in 0..12 {
        let key = format!("key {round}");
        let results = race(|i| {
            let mine = format!("{round} {i}");
            let rank = i64::try_from(i).unwrap_or(-1);
            // What comes with the key comes with the winner only.
            let writes = vec![insert(&TOTAL, total(&mine, rank, 1)), insert(&ITEM, item(&key, "o", rank))];
            client.try_commit(Vec::new(), writes)
        })?;
        let winner = one_winner(results, &key)?;
        let rank = i64::try_from(winner).unwrap_or(-1);
        same("the winner's row", &client.row(&ITEM, &key)?, &item(&key, "o", rank))?;
        let with_it = total(&format!("{round} {winner}"), rank, 1);
        let came = client.find(&Search::of(&TOTAL))?.into_iter();
        let came: Vec<_> = came.filter(|row| row.id.starts_with(&format!("{round} "))).collect();
        same("what came with it", &came, &vec![with_it])?;
    }
    Ok(())
}

pub(super) fn one_update_of_a_version_wins(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    client.insert(&ITEM, &[item("row", "o", -1)])?;
    for version in 1..=12 {
        let results = race(|i| {
            let rank = i64::try_from(i).unwrap_or(-1);
            let mine = at(&item("row", "o", rank), version);
            client.try_commit(Vec::new(), vec![update(&ITEM, mine)])
        })?;
        let rank = i64::try_from(one_winner(results, "row")?).unwrap_or(-1);
        let expected = at(&item("row", "o", rank), version + 1);
        same("the winner's row", &client.row(&ITEM, "row")?, &expected)?;
    }
    Ok(())
}

/// Two rows, each commit relies on one and writes the other: of two that cross, one must lose.
pub(super) fn commits_that_cross_do_not_both_win(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    client.insert(&ITEM, &[item("left", "o", 0), item("right", "o", 0)])?;
    for _ in 0..12 {
        let versions = client.get(&ITEM, &["left", "right"])?;
        let version = |place: usize| versions.get(place).map_or(0, |row| row.version);
        let results = race(|i| {
            let (relied, written) = match i % 2 {
                0 => (("left", version(0)), ("right", version(1))),
                _ => (("right", version(1)), ("left", version(0))),
            };
            let checks = vec![check(&ITEM, relied.0, relied.1)];
            let row = at(&item(written.0, "o", 1), written.1);
            client.try_commit(checks, vec![update(&ITEM, row)])
        })?;
        let won = results.iter().filter(|result| result.is_ok()).count();
        if let Some(Err(CommitError::Store(e))) = results.iter().find(|r| matches!(r, Err(CommitError::Store(_)))) {
            return Err(format!("a commit failed instead of losing: {e}"));
        }
        same("winners of crossing commits", &won, &1)?;
    }
    Ok(())
}

/// 8 threads add 200 times each, several rows at once, each thread in an order of its own.
pub(super) fn no_addition_is_lost(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    let touched: Vec<_> = (0..THREADS).map(|i| item(&format!("t{i}"), "o", 0)).collect();
    client.insert(&ITEM, &touched)?;
    let results = race(|i| {
        for _ in 0..25 {
            let mut writes: Vec<Write> =
                (0..THREADS).map(|n| add(total(&format!("sum {n}"), 3, 1), &["total", "number"])).collect();
            writes.push(Write::Touch {
                kind: &ITEM,
                id: format!("t{}", i % 2),
                version: None,
                changes: vec![("rank", Change::Add(1))],
            });
            writes.rotate_left(i);
            client.try_commit(Vec::new(), writes)?;
        }
        Ok::<(), CommitError>(())
    })?;
    for result in results {
        result.map_err(|e| format!("an addition did not happen: {e}"))?;
    }
    let sums = client.find(&Search::of(&TOTAL))?;
    let expected: Vec<_> = (0..THREADS).map(|n| total(&format!("sum {n}"), 3 * 200, 200)).collect();
    same("sums of 200 additions", &sums, &expected)?;
    let touched = client.get(&ITEM, &["t0", "t1", "t2"])?;
    let ranks: Vec<_> = touched.iter().map(|r| value_of(&ITEM, r, "rank")).collect();
    same("touched 100 times", &ranks, &[100, 100, 0].map(Into::into).to_vec())
}

/// Two rows that always move together are never seen apart.
pub(super) fn a_batch_reads_one_state(make: &Make<'_>) -> Outcome {
    let store = make();
    let client = Client::new(&*store, "acme")?;
    client.insert(&ITEM, &[item("left", "o", 0), item("right", "o", 0)])?;
    client.insert(&BARE, &[bare("0")])?;
    let done = AtomicBool::new(false);
    let commits = AtomicI64::new(0);
    thread::scope(|scope| {
        let writer = scope.spawn(|| {
            for n in 1..1_000_000 {
                if done.load(Ordering::Relaxed) {
                    break;
                }
                // Both rows move to another owner, and a row's key follows their number.
                let owner = if n % 2 == 0 { "o" } else { "p" };
                let rows = ["left", "right"].map(|id| at(&item(id, owner, n), n));
                let mut writes: Vec<Write> = rows.map(|row| update(&ITEM, row)).to_vec();
                writes.push(super::tools::delete(&BARE, &format!("{}", n - 1), 1));
                writes.push(insert(&BARE, bare(&format!("{n}"))));
                client.commit(writes)?;
                commits.store(n, Ordering::Relaxed);
            }
            Ok::<(), String>(())
        });
        let mut seen = Ok(());
        for batch in 0..100_000 {
            let enough = batch >= 400 && commits.load(Ordering::Relaxed) >= 40;
            seen = apart(&client);
            if seen.is_err() || enough || writer.is_finished() {
                break;
            }
        }
        done.store(true, Ordering::Relaxed);
        let written = writer.join();
        seen?;
        written.map_err(|_| "the store panicked in the writer".to_owned())?
    })
}

/// Reads the two rows several times in one batch, by key, by search and by count.
fn apart(client: &Client<'_>) -> Outcome {
    let get = |id: &str| Read::Get { kind: &ITEM, ids: vec![id.to_owned()] };
    let of = |owner: &str| Search::of(&ITEM).within("owner", vec![owner.into()]);
    let mut reads = vec![Read::Find(Search::of(&BARE))];
    for _ in 0..4 {
        reads.extend([get("left"), Read::Find(of("o")), Read::Find(of("p")), get("right")]);
    }
    let (search, cap) = (of("o"), 10);
    reads.push(Read::Count { search, cap });
    let mut answers = client.read(&reads)?.into_iter();
    let taken = one_rows(answers.next().into_iter().collect())?;
    let number = taken.first().map(|row| row.id.clone());
    same("keys taken", &taken.len(), &1)?;
    let mut owned = 0;
    for _ in 0..4 {
        let mut rows = Vec::new();
        for place in 0..4 {
            let found = one_rows(answers.next().into_iter().collect())?;
            if place == 1 {
                owned = found.len();
            }
            rows.extend(found);
        }
        let numbers: Vec<Option<String>> = rows
            .iter()
            .map(|row| value_of(&ITEM, row, "rank").as_integer())
            .map(|rank| rank.map(|rank| rank.to_string()))
            .collect();
        // Each row by its key and by its owner: four times, all of the same commit.
        let expected = vec![number.clone(); 4];
        same("numbers of rows that move together", &numbers, &expected)?;
    }
    let owned = Answer::Count(i64::try_from(owned).ok());
    same("count and rows of one owner", &answers.next(), &Some(owned))
}
