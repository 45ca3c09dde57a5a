//! Connections that only read: a few, opened when first needed.

use super::run;
use crate::store::sql::Statement;
use crate::store::{StoreError, Value};
use rusqlite::Connection;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

pub(super) struct Readers<F> {
    /// Opens one more.
    open: F,
    most: usize,
    pool: Mutex<Pool>,
    returned: Condvar,
}

struct Pool {
    idle: Vec<Connection>,
    /// How many there are, idle or not.
    made: usize,
}

/// A connection on loan. It goes back to the pool, or, when it is stuck in a transaction, away.
struct Loan<'a, F> {
    readers: &'a Readers<F>,
    connection: Option<Connection>,
}

impl<F: Fn() -> Result<Connection, StoreError>> Readers<F> {
    pub(super) fn new(most: usize, open: F) -> Self {
        Readers {
            open,
            most: most.max(1),
            pool: Mutex::new(Pool { idle: Vec::new(), made: 0 }),
            returned: Condvar::new(),
        }
    }

    /// Answers queries out of one snapshot.
    pub(super) fn read(&self, statements: &[Statement]) -> Result<Vec<Vec<Vec<Value>>>, StoreError> {
        let mut loan = Loan { readers: self, connection: self.take() };
        let connection = match &mut loan.connection {
            Some(connection) => connection,
            none => none.insert((self.open)()?),
        };
        run::read_at_once(connection, statements)
    }

    /// An idle connection, or `None` and the leave to open one.
    fn take(&self) -> Option<Connection> {
        let mut pool = self.pool();
        loop {
            if let Some(connection) = pool.idle.pop() {
                return Some(connection);
            }
            if pool.made < self.most {
                pool.made += 1;
                return None;
            }
            pool = self.returned.wait(pool).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<F> Drop for Loan<'_, F> {
    fn drop(&mut self) {
        let connection = self.connection.take().filter(|c| c.is_autocommit() || run::control(c, "ROLLBACK").is_ok());
        let mut pool = self.readers.pool.lock().unwrap_or_else(PoisonError::into_inner);
        match connection {
            Some(connection) => pool.idle.push(connection),
            None => pool.made -= 1,
        }
        drop(pool);
        self.readers.returned.notify_one();
    }
}
