//! Many clients that write at once.

use crate::report::{Measure, median};
use crate::setup::{self, Mark, ORG};
use crate::{Options, Result};
use crm_core::store::sql::sqlite::Durability;
use crm_core::{Actor, Crm, SystemEnvironment};
use serde_json::json;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// The word that makes this program write as one of 64 clients, for `strace` to count its fsyncs.
pub const CHILD: &str = "commits-child";

const CLIENTS: usize = 64;

static NUMBER: AtomicUsize = AtomicUsize::new(0);

/// Creates customers from so many threads for a while: how many, in how many seconds.
pub fn write(crm: &Crm, threads: usize, seconds: f64) -> Result<(usize, f64)> {
    let alice = Actor::user(ORG, "alice")?;
    let started = Instant::now();
    let until = Duration::from_secs_f64(seconds);
    let client = || -> Result<usize> {
        let mut done = 0;
        while started.elapsed() < until {
            let number = NUMBER.fetch_add(1, Ordering::Relaxed);
            crm.as_user(&alice).idempotent(format!("create-{number}")).create_customer(setup::customer(number)?)?;
            done += 1;
        }
        Ok(done)
    };
    let done = std::thread::scope(|scope| -> Result<usize> {
        let clients: Vec<_> = (0..threads).map(|_| scope.spawn(client)).collect();
        let mut all = 0;
        for client in clients {
            all += client.join().map_err(|_| "a client broke off")??;
        }
        Ok(all)
    })?;
    Ok((done, started.elapsed().as_secs_f64()))
}

/// Rates of one thread and of 64, and how many commits share an fsync.
pub fn run(options: &Options, dir: &Path) -> Result<()> {
    let seconds = options.seconds;
    let (full, full_store) = setup::small(&dir.join("full.db"), Durability::Full)?;
    let (normal, _) = setup::small(&dir.join("normal.db"), Durability::Normal)?;
    let floor_path = dir.join("full-floor.db");
    drop(setup::small(&floor_path, Durability::Full)?);
    let looking = setup::bare(&dir.join("full.db"), "FULL")?;
    let bare = setup::bare(&floor_path, "FULL")?;
    let (mut one_full, mut one_normal, mut many, mut company, mut floors) = (vec![], vec![], vec![], vec![], vec![]);
    let rounds = options.rounds.min(5);
    for warm in 0..=rounds {
        let rate = |(done, seconds): (usize, f64)| done as f64 / seconds;
        let one = rate(write(&full, 1, seconds)?);
        let fast = rate(write(&normal, 1, seconds)?);
        let mark = Mark::of(&looking)?;
        let before = full_store.stats();
        let (done, took) = write(&full, CLIENTS, seconds)?;
        let after = full_store.stats();
        let together = (after.units - before.units) as f64 / (after.transactions - before.transactions).max(1) as f64;
        // The same rows, as many to a transaction, by one thread.
        let rows = mark.since(&looking, done)?;
        let started = Instant::now();
        rows.replay(&bare, (together.round() as usize).max(1))?;
        let floor = done as f64 / started.elapsed().as_secs_f64();
        if warm > 0 {
            one_full.push(one);
            one_normal.push(fast);
            many.push(done as f64 / took);
            company.push(together);
            floors.push(floor);
        }
    }
    let (one_full, one_normal, many) = (median(&mut one_full), median(&mut one_normal), median(&mut many));
    let on = json!({
        "what": "creating customers with one contact and an idempotency key",
        "clients": CLIENTS,
        "commit": "SQLite, WAL, synchronous=FULL",
        "seconds_of_a_round": seconds,
        "rounds": rounds,
        "one_thread_full": one_full.round(),
        "one_thread_normal": one_normal.round(),
    });
    let target = (10.0 * one_full).min(0.6 * one_normal);
    Measure {
        measure: "commits/rate",
        value: many,
        unit: "customers/s",
        floor: Some(median(&mut floors)),
        judged: many,
        target: Some((target, true)),
        on: on.clone(),
    }
    .print();
    Measure {
        measure: "commits/of-a-transaction",
        value: median(&mut company),
        unit: "commits per transaction",
        floor: None,
        judged: median(&mut company),
        target: Some((16.0, true)),
        on: on.clone(),
    }
    .print();
    match fsyncs(dir, seconds)? {
        Some((commits, fsyncs)) => {
            let value = commits as f64 / fsyncs.max(1) as f64;
            let on = json!({"clients": CLIENTS, "commit": "SQLite, WAL, synchronous=FULL", "commits": commits, "fsyncs": fsyncs,
                "counted_by": "strace -f, fsync and fdatasync, checkpoints included"});
            Measure {
                measure: "commits/of-an-fsync",
                value,
                unit: "commits per fsync",
                floor: None,
                judged: value,
                target: Some((16.0, true)),
                on,
            }
            .print();
        }
        None => eprintln!("commits/of-an-fsync: not measured, strace is missing"),
    }
    Ok(())
}

/// Commits of 64 clients and the fsyncs that the kernel saw meanwhile.
fn fsyncs(dir: &Path, seconds: f64) -> Result<Option<(usize, usize)>> {
    let path = dir.join("strace.db");
    drop(setup::small(&path, Durability::Full)?);
    let counts = dir.join("strace.txt");
    let output = Command::new("strace")
        .args(["-f", "-c", "--seccomp-bpf", "-e", "trace=fsync,fdatasync", "-o"])
        .arg(&counts)
        .arg(std::env::current_exe()?)
        .arg(CHILD)
        .arg(&path)
        .arg(seconds.to_string())
        .output();
    let Ok(output) = output else { return Ok(None) };
    if !output.status.success() {
        eprintln!("{}", String::from_utf8_lossy(&output.stderr));
        return Ok(None);
    }
    let commits = String::from_utf8(output.stdout)?.trim().parse()?;
    let mut seen = 0;
    for line in std::fs::read_to_string(&counts)?.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let [_, _, _, calls, .., name] = words.as_slice()
            && matches!(*name, "fsync" | "fdatasync")
        {
            seen += calls.parse::<usize>()?;
        }
    }
    Ok(Some((commits, seen)))
}

/// Writes as 64 clients and prints how many commits there were.
pub fn child(mut args: impl Iterator<Item = String>) -> Result<()> {
    let path = args.next().ok_or("no file")?;
    let seconds = args.next().ok_or("no time")?.parse()?;
    let store = setup::store(Path::new(&path), Durability::Full)?;
    let crm = Crm::new(store, SystemEnvironment);
    let (done, _) = write(&crm, CLIENTS, seconds)?;
    println!("{done}");
    Ok(())
}
