//! The one connection that writes, and the queue before it.
//!
//! There is no thread of our own. A caller that finds nobody writing leads: it runs its unit in
//! a transaction. Whoever comes meanwhile queues; when the leader is done, it hands the lead to
//! the first in the queue, who runs everything that waits in one transaction, each unit in its
//! savepoint, with one fsync for all. So nobody waits for company, and the more callers there
//! are, the more share a commit.

use super::executor::WriteStats;
use super::run;
use crate::store::sql::{Outcome, Statement};
use crate::store::{StoreError, Value};
use rusqlite::Connection;
use std::collections::VecDeque;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Pages of the WAL after which SQLite copies it into the file. Four times its default: the
/// fsyncs of a checkpoint are shared by more commits.
pub(super) const CHECKPOINT_PAGES: i64 = 4_000;

/// What the WAL may keep on disk when it is empty.
pub(super) const WAL_BYTES: i64 = 4 * CHECKPOINT_PAGES * 4_096;

/// How many transactions pass between looks at the WAL's size.
const LOOK_EVERY: i64 = 64;

/// Units in one transaction, at the most: bounds what a reader's memory and a crash may cost.
const BATCH: usize = 512;

type Result<T = Outcome> = std::result::Result<T, StoreError>;

pub(super) struct Writer {
    gate: Mutex<Gate>,
    connection: Mutex<Connection>,
    wal: PathBuf,
    units: AtomicI64,
    transactions: AtomicI64,
}

#[derive(Default)]
struct Gate {
    led: bool,
    waiting: VecDeque<Arc<Ticket>>,
}

/// A unit that waits. Its statements are copied, since another thread runs them.
struct Ticket {
    statements: Vec<Statement>,
    turn: Mutex<Turn>,
    called: Condvar,
}

enum Turn {
    Waits,
    Leads,
    Done(Result),
}

impl Ticket {
    fn call(&self, turn: Turn) {
        *lock(&self.turn) = turn;
        self.called.notify_one();
    }

    /// Waits for the result; `None` is the lead.
    fn wait(&self) -> Option<Result> {
        let mut turn = lock(&self.turn);
        loop {
            match std::mem::replace(&mut *turn, Turn::Waits) {
                Turn::Waits => turn = self.called.wait(turn).unwrap_or_else(PoisonError::into_inner),
                Turn::Leads => return None,
                Turn::Done(result) => return Some(result),
            }
        }
    }
}

/// The lead. However it ends, even by a panic, the units taken along get an answer and the next
/// one in the queue leads.
struct Lead<'a> {
    writer: &'a Writer,
    others: Vec<Arc<Ticket>>,
}

impl Lead<'_> {
    fn answer(&mut self, results: impl IntoIterator<Item = Result>) {
        for (ticket, result) in self.others.drain(..).zip(results) {
            ticket.call(Turn::Done(result));
        }
    }
}

impl Drop for Lead<'_> {
    fn drop(&mut self) {
        self.answer(std::iter::repeat(Err(StoreError::Failed("the writing thread broke off".into()))));
        let mut gate = lock(&self.writer.gate);
        match gate.waiting.pop_front() {
            Some(heir) => heir.call(Turn::Leads),
            None => gate.led = false,
        }
    }
}

impl Writer {
    pub(super) fn new(connection: Connection, file: &Path) -> Self {
        let mut wal = file.as_os_str().to_owned();
        wal.push("-wal");
        Writer {
            gate: Mutex::default(),
            connection: Mutex::new(connection),
            wal: wal.into(),
            units: AtomicI64::new(0),
            transactions: AtomicI64::new(0),
        }
    }

    pub(super) fn stats(&self) -> WriteStats {
        WriteStats {
            units: self.units.load(Ordering::Relaxed),
            transactions: self.transactions.load(Ordering::Relaxed),
        }
    }

    #[cfg(test)]
    pub(super) fn limit_pages(&self) {
        let connection = lock(&self.connection);
        let pages: i64 = connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
        connection.pragma_update(None, "max_page_count", pages + 20).unwrap();
    }

    pub(super) fn write(&self, statements: &[Statement]) -> Result {
        if let Some(ticket) = self.queue(statements) {
            if let Some(result) = ticket.wait() {
                return result;
            }
            // Those answered last are about to come back: let them, they share the fsync.
            std::thread::yield_now();
        }
        let mut lead = Lead { writer: self, others: Vec::new() };
        {
            let mut gate = lock(&self.gate);
            let company = gate.waiting.len().min(BATCH);
            lead.others.extend(gate.waiting.drain(..company));
        }
        let connection = lock(&self.connection);
        let units: Vec<&[Statement]> =
            std::iter::once(statements).chain(lead.others.iter().map(|ticket| ticket.statements.as_slice())).collect();
        let mut results = self.run(&connection, &units).into_iter();
        let own = results.next();
        drop(connection);
        lead.answer(results);
        own.unwrap_or_else(|| Err(StoreError::Failed("the writer has no answer".into())))
    }

    /// Answers queries for a few rows, unless somebody writes: the pages that this connection wrote are still there, while
    /// any other one has to read them again. Whoever comes to write meanwhile waits as long as these few rows take.
    pub(super) fn look_up(&self, statements: &[Statement]) -> Option<Result<Vec<Vec<Vec<Value>>>>> {
        if lock(&self.gate).led {
            return None;
        }
        let connection = self.connection.try_lock().ok().filter(|connection| connection.is_autocommit())?;
        let answer = run::read_at_once(&connection, statements);
        roll_back(&connection);
        Some(answer)
    }

    /// Queues behind the one who leads; `None` when nobody did, and now the caller does.
    fn queue(&self, statements: &[Statement]) -> Option<Arc<Ticket>> {
        let mut gate = lock(&self.gate);
        if !gate.led {
            gate.led = true;
            return None;
        }
        drop(gate);
        // Copied without the gate; whether somebody still leads must be asked again then.
        let ticket =
            Arc::new(Ticket { statements: statements.to_vec(), turn: Mutex::new(Turn::Waits), called: Condvar::new() });
        gate = lock(&self.gate);
        if !gate.led {
            gate.led = true;
            return None;
        }
        gate.waiting.push_back(ticket.clone());
        Some(ticket)
    }

    /// Runs units and answers each.
    fn run(&self, connection: &Connection, units: &[&[Statement]]) -> Vec<Result> {
        let results = match units {
            [unit] => vec![self.alone(connection, unit)],
            units => match self.together(connection, units) {
                Ok(results) => results,
                // One of them broke the transaction of all, and nothing was written.
                Err(Broken) => units.iter().map(|unit| self.alone(connection, unit)).collect(),
            },
        };
        let written = results.iter().filter(|result| matches!(result, Ok(Outcome::Done))).count();
        self.units.fetch_add(i64::try_from(written).unwrap_or(0), Ordering::Relaxed);
        results
    }

    /// One unit in its own transaction.
    fn alone(&self, connection: &Connection, unit: &[Statement]) -> Result {
        self.begin(connection)?;
        match run::write(connection, unit) {
            Ok(Outcome::Done) => self.commit(connection).map(|()| Outcome::Done),
            other => {
                roll_back(connection);
                other
            }
        }
    }

    /// Many units in one transaction, each in its savepoint.
    fn together(&self, connection: &Connection, units: &[&[Statement]]) -> std::result::Result<Vec<Result>, Broken> {
        if let Err(error) = self.begin(connection) {
            return Ok(units.iter().map(|_| Err(error.clone())).collect());
        }
        let mut results = Vec::with_capacity(units.len());
        for unit in units {
            match run::in_savepoint(connection, unit) {
                Ok(result) if !connection.is_autocommit() => results.push(result),
                _ => {
                    roll_back(connection);
                    return Err(Broken);
                }
            }
        }
        let done = |result: &Result| matches!(result, Ok(Outcome::Done));
        if !results.iter().any(done) {
            roll_back(connection);
        } else if let Err(error) = self.commit(connection) {
            let lost = |result| {
                if done(&result) { Err(error.clone()) } else { result }
            };
            results = results.into_iter().map(lost).collect();
        }
        Ok(results)
    }

    fn begin(&self, connection: &Connection) -> Result<()> {
        if !connection.is_autocommit() {
            // Left open by a thread that broke off.
            roll_back(connection);
        }
        run::control(connection, "BEGIN IMMEDIATE")
    }

    fn commit(&self, connection: &Connection) -> Result<()> {
        if let Err(error) = run::control(connection, "COMMIT") {
            roll_back(connection);
            return Err(error);
        }
        if self.transactions.fetch_add(1, Ordering::Relaxed) % LOOK_EVERY == 0 {
            self.bound_wal(connection);
        }
        Ok(())
    }

    /// Where there is always somebody reading, the WAL never starts anew by itself and would
    /// grow for ever. When it is far over its size, new readers wait once until it is copied.
    fn bound_wal(&self, connection: &Connection) {
        let size = std::fs::metadata(&self.wal).map_or(0, |file| file.len());
        if i64::try_from(size).unwrap_or(i64::MAX) <= WAL_BYTES {
            return;
        }
        // A reader that stays (a host's long transaction) must not hold up the writers: next time.
        let timeout = connection.query_row("PRAGMA busy_timeout", [], |row| row.get::<_, u32>(0));
        let _ = connection.busy_timeout(Duration::from_millis(100));
        let _ = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()));
        let _ = connection.busy_timeout(Duration::from_millis(timeout.unwrap_or(5_000).into()));
    }
}

/// The transaction was ended by an error of one unit.
struct Broken;

fn roll_back(connection: &Connection) {
    if !connection.is_autocommit() {
        // Fails only where the transaction has ended by itself.
        let _ = run::control(connection, "ROLLBACK");
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
