//! The executor on a pool of connections.

use super::error::{is_broken, is_race, store_error};
use super::wire::{self, Server};
use crate::store::sql::{Dialect, Executor, Expected, Outcome, Statement};
use crate::store::{ColumnType, StoreError, Value};
use sqlx::pool::{PoolConnection, PoolOptions};
use sqlx::{AssertSqlSafe, Connection as _, Error, Pool};
use std::fmt;
use std::future::Future;
use std::hash::{BuildHasher as _, Hasher as _};
use std::sync::{Arc, mpsc};
use std::time::Duration;
use tokio::runtime::Runtime;

/// How often a transaction is tried that the server rolls back because of others, or whose
/// connection is found dead before it began.
const TRIES: u32 = 10;

/// Prepared statements that a connection keeps: all of them in practice, for one that is given up costs as
/// much as many that are kept. MySQL has 16,382 for all connections.
const STATEMENTS: usize = 256;

/// How a server is used.
#[derive(Debug, Clone)]
pub struct ServerOptions {
    /// Connections at the most, at least 1; 16 by default.
    pub connections: i32,
    /// How long to wait for a free connection, or for a new one; 10 seconds by default.
    pub connect_timeout: Duration,
    /// How long a statement may take, waiting for locks included; 30 seconds by default. A server
    /// that does not answer at all is given up a second later.
    pub statement_timeout: Duration,
}

impl Default for ServerOptions {
    fn default() -> Self {
        ServerOptions {
            connections: 16,
            connect_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(30),
        }
    }
}

/// Runs statements on a server, over a pool of connections. May be shared between threads.
pub struct ServerExecutor<S: Server> {
    shared: Arc<Shared<S>>,
    dialect: Dialect,
    /// Only gone while it is dropped.
    runtime: Option<Runtime>,
}

/// Runs statements on PostgreSQL, from 13.
pub type PostgresExecutor = ServerExecutor<sqlx::Postgres>;

/// Runs statements on MySQL, from 8.0.17, or MariaDB, from 10.6.
pub type MysqlExecutor = ServerExecutor<sqlx::MySql>;

struct Shared<S: Server> {
    pool: Pool<S>,
    limit: Duration,
}

/// How an attempt failed.
struct Failure {
    error: StoreError,
    /// Nothing was written, and the same again may succeed.
    again: bool,
}

impl<S: Server> ServerExecutor<S> {
    /// Connects to a server.
    ///
    /// # Errors
    /// [`StoreError::CannotOpen`] when it can't be reached, does not let us in, or the URL is
    /// none of its kind; [`StoreError::Engine`] when it is older than supported or its encoding
    /// is not UTF-8; [`StoreError::ReadOnly`] when it is a replica.
    pub fn connect(url: &str, options: ServerOptions) -> Result<Self, StoreError> {
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(2)
            .thread_name("crm-sql")
            .enable_all()
            .build()
            .map_err(|error| StoreError::CannotOpen(error.to_string()))?;
        let limit = u64::try_from(options.statement_timeout.as_millis()).unwrap_or(u64::MAX).clamp(1, 86_400_000);
        let session: Arc<str> = S::session(limit).into();
        let pool = PoolOptions::<S>::new()
            .max_connections(u32::try_from(options.connections).unwrap_or(1).max(1))
            .acquire_timeout(options.connect_timeout)
            // A ping before each use is a round trip; a dead connection shows when it begins.
            .test_before_acquire(false)
            .after_connect(move |connection, _| {
                let session = session.clone();
                Box::pin(async move { S::control(connection, AssertSqlSafe(session)).await })
            });
        let how = S::understood(url, STATEMENTS).map_err(|error| match error {
            // The text of others may hold the URL, and with it a password.
            Error::Configuration(_) => StoreError::CannotOpen("the URL can't be understood".into()),
            error => store_error(error),
        })?;
        let pool = {
            // The pool looks for its runtime when it is made.
            let _inside = runtime.enter();
            pool.connect_lazy_with(how)
        };
        let limit = Duration::from_millis(limit).saturating_add(Duration::from_secs(1));
        let shared = Arc::new(Shared { pool, limit });
        let dialect = wait(&runtime, probe(shared.clone(), options.connect_timeout))?;
        Ok(ServerExecutor { shared, dialect, runtime: Some(runtime) })
    }

    /// Runs a task on the runtime of the executor and waits for what it answers.
    fn wait<T: Send + 'static>(
        &self,
        task: impl Future<Output = Result<T, StoreError>> + Send + 'static,
    ) -> Result<T, StoreError> {
        match &self.runtime {
            Some(runtime) => wait(runtime, task),
            None => Err(ended()),
        }
    }
}

/// Asks the server what it is; not over the pool, which would go on trying until its time is out.
async fn probe<S: Server>(shared: Arc<Shared<S>>, timeout: Duration) -> Result<Dialect, StoreError> {
    let question = Statement {
        sql: S::PROBE.into(),
        parameters: Vec::new(),
        columns: [ColumnType::Text].repeat(S::PROBED).into(),
        expected: Expected::Any,
        adds_up: None,
    };
    let how = shared.pool.connect_options();
    let mut connection = limited(timeout, S::Connection::connect_with(&how)).await.map_err(store_error)?;
    let rows = limited(shared.limit, S::rows(&mut connection, &question)).await.map_err(store_error);
    let _ = connection.close().await;
    let rows = rows?;
    let probed: Vec<&str> = rows.iter().flatten().filter_map(Value::as_text).collect();
    S::recognised(&probed)
}

fn wait<T: Send + 'static>(
    runtime: &Runtime,
    task: impl Future<Output = Result<T, StoreError>> + Send + 'static,
) -> Result<T, StoreError> {
    let (answer, answered) = mpsc::sync_channel(1);
    runtime.spawn(async move {
        // Nobody waits any more when the caller's thread has ended.
        let _ = answer.send(task.await);
    });
    answered.recv().map_err(|_| ended())?
}

fn ended() -> StoreError {
    StoreError::Failed("the executor ends".into())
}

impl<S: Server> Drop for ServerExecutor<S> {
    fn drop(&mut self) {
        // Dropped from within somebody's runtime, ours may not wait for its threads.
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

/// What takes longer than the limit has failed.
async fn limited<T>(limit: Duration, what: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::time::timeout(limit, what).await.unwrap_or_else(|_| {
        Err(Error::Io(std::io::Error::new(std::io::ErrorKind::TimedOut, "the server does not answer in time")))
    })
}

impl<S: Server> Shared<S> {
    /// A connection with a transaction begun.
    async fn begin(&self, begin: &'static str) -> Result<PoolConnection<S>, Failure> {
        let acquired = self.pool.acquire().await;
        let mut connection = acquired.map_err(|error| Failure { error: store_error(error), again: false })?;
        match limited(self.limit, S::control(&mut connection, begin)).await {
            Ok(()) => Ok(connection),
            Err(error) => {
                connection.close_on_drop();
                Err(Failure { again: is_broken(&error), error: store_error(error) })
            }
        }
    }

    /// Ends what failed and finds out whether it may be tried again.
    async fn undo(&self, mut connection: PoolConnection<S>, error: Error) -> Failure {
        let again = is_race(&error);
        if is_broken(&error) || !self.roll_back(&mut connection).await {
            connection.close_on_drop();
        }
        Failure { error: store_error(error), again }
    }

    async fn roll_back(&self, connection: &mut S::Connection) -> bool {
        let rolled_back = limited(self.limit, S::control(connection, "ROLLBACK")).await.is_ok();
        match S::CLEAN {
            Some(clean) if rolled_back => limited(self.limit, S::control(connection, clean)).await.is_ok(),
            _ => rolled_back,
        }
    }

    async fn try_write(&self, statements: &[Statement]) -> Result<Outcome, Failure> {
        let mut connection = self.begin(S::BEGIN).await?;
        let limit = self.limit.saturating_mul(u32::try_from(statements.len()).unwrap_or(u32::MAX).max(1));
        match limited(limit, wire::write::<S>(&mut connection, statements)).await {
            Ok(Outcome::Done) => {}
            Ok(outcome) => {
                if !self.roll_back(&mut connection).await {
                    connection.close_on_drop();
                }
                return Ok(outcome);
            }
            Err(error) => return Err(self.undo(connection, error).await),
        }
        match limited(self.limit, S::control(&mut connection, "COMMIT")).await {
            Ok(()) => Ok(Outcome::Done),
            // The server says that it did not.
            Err(error) if error.as_database_error().is_some() => Err(self.undo(connection, error).await),
            Err(error) => {
                connection.close_on_drop();
                let error = StoreError::Failed(format!("whether the commit happened is not known: {error}"));
                Err(Failure { error, again: false })
            }
        }
    }

    async fn try_read(&self, statements: &[Statement]) -> Result<Vec<Vec<Vec<Value>>>, Failure> {
        if let [statement] = statements {
            // A single statement sees one state by itself.
            let acquired = self.pool.acquire().await;
            let mut connection = acquired.map_err(|error| Failure { error: store_error(error), again: false })?;
            return match limited(self.limit, S::rows(&mut connection, statement)).await {
                Ok(rows) => Ok(vec![rows]),
                Err(error) => {
                    let again = is_broken(&error) || is_race(&error);
                    if is_broken(&error) {
                        connection.close_on_drop();
                    }
                    Err(Failure { error: store_error(error), again })
                }
            };
        }
        let mut connection = self.begin(S::BEGIN_READ).await?;
        let mut sets = Vec::with_capacity(statements.len());
        for statement in statements {
            match limited(self.limit, S::rows(&mut connection, statement)).await {
                Ok(rows) => sets.push(rows),
                Err(error) => {
                    let broken = is_broken(&error);
                    let failure = self.undo(connection, error).await;
                    return Err(Failure { again: failure.again || broken, ..failure });
                }
            }
        }
        if limited(self.limit, S::control(&mut connection, "COMMIT")).await.is_err() {
            connection.close_on_drop();
        }
        Ok(sets)
    }
}

/// Tries until something else is told than that it may be tried again, a bounded number of times.
async fn until_told<T, F>(attempt: impl Fn() -> F + Send) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, Failure>> + Send,
{
    let mut tried = 0;
    loop {
        match attempt().await {
            Err(failure) if failure.again && tried < TRIES => back_off(tried).await,
            result => return result.map_err(|failure| failure.error),
        }
        tried += 1;
    }
}

/// Waits before another try, a random time below a bound that soon grows beyond the second after
/// which PostgreSQL looks for deadlocks: who came back sooner would be part of the next one.
async fn back_off(tried: u32) {
    let random = std::hash::RandomState::new().build_hasher().finish();
    let most = 1_u64 << tried.saturating_mul(2).min(11);
    tokio::time::sleep(Duration::from_micros(random % (most * 1_000))).await;
}

impl<S: Server> Executor for ServerExecutor<S> {
    fn dialect(&self) -> Dialect {
        self.dialect
    }

    fn read(&self, statements: &[Statement]) -> Result<Vec<Vec<Vec<Value>>>, StoreError> {
        let (shared, statements) = (self.shared.clone(), statements.to_vec());
        self.wait(async move { until_told(|| shared.try_read(&statements)).await })
    }

    fn write(&self, statements: &[Statement]) -> Result<Outcome, StoreError> {
        let (shared, statements) = (self.shared.clone(), statements.to_vec());
        self.wait(async move { until_told(|| shared.try_write(&statements)).await })
    }
}

impl<S: Server> fmt::Debug for ServerExecutor<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Not the options of the connection: they hold the password.
        f.debug_struct("ServerExecutor").field("server", &S::NAME).finish_non_exhaustive()
    }
}
