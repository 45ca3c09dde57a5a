//! An executor on an open transaction of the host.

use super::ServerExecutor;
use super::error::store_error;
use super::wire::{self, Server};
use crate::store::sql::{Dialect, Executor, Outcome, SqlStore, Statement};
use crate::store::{StoreError, Value};
use sqlx::Transaction;
use std::marker::PhantomData;
use std::ops::DerefMut as _;
use std::sync::mpsc;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What is asked of the task that holds the transaction, each with the way back.
enum Asked {
    Read(Vec<Statement>, mpsc::SyncSender<Result<Vec<Vec<Vec<Value>>>, StoreError>>),
    Write(Vec<Statement>, mpsc::SyncSender<Result<Outcome, StoreError>>),
}

/// The host's transaction, lent for as long as [`SqlStore::lend_transaction`] runs.
pub struct LentServer<S> {
    ask: UnboundedSender<Asked>,
    dialect: Dialect,
    server: PhantomData<fn() -> S>,
}

impl<S: Server> SqlStore<ServerExecutor<S>> {
    /// Lends an open transaction of the host to `work`, which runs on a thread where it may block,
    /// while the task that waits here serves it. The runtime may have one thread or many. Give the store
    /// that `work` gets to [`Crm::join`](crate::Crm::join): what the library writes becomes part of the transaction,
    /// between a savepoint and its release, and is kept or lost with it.
    ///
    /// The transaction is neither committed nor rolled back; after a conflict or any other refusal it
    /// is as it was before. Nothing is retried: the host decides. On PostgreSQL use READ COMMITTED,
    /// the default; under MySQL's default, REPEATABLE READ, another try in the same transaction reads
    /// what the first one read. A deadlock takes the whole transaction with it on MySQL.
    ///
    /// # Errors
    /// [`StoreError::Failed`] when `work` panicked.
    pub async fn lend_transaction<T: Send + 'static>(
        &self,
        transaction: &mut Transaction<'_, S>,
        work: impl FnOnce(&SqlStore<LentServer<S>>) -> T + Send + 'static,
    ) -> Result<T, StoreError> {
        let (ask, asked) = unbounded_channel();
        let lent = self.lend(LentServer { ask, dialect: self.executor().dialect(), server: PhantomData })?;
        let working = tokio::task::spawn_blocking(move || work(&lent));
        // Ends when the work has dropped what was lent to it.
        serve::<S>(transaction.deref_mut(), asked).await;
        working.await.map_err(|error| StoreError::Failed(format!("the work on a lent transaction broke off: {error}")))
    }
}

async fn serve<S: Server>(connection: &mut S::Connection, mut asked: UnboundedReceiver<Asked>) {
    while let Some(asked) = asked.recv().await {
        // Who asked and does not wait any more has broken off.
        match asked {
            Asked::Read(statements, answer) => drop(answer.send(read::<S>(connection, &statements).await)),
            Asked::Write(statements, answer) => drop(answer.send(write::<S>(connection, &statements).await)),
        }
    }
}

async fn read<S: Server>(
    connection: &mut S::Connection,
    statements: &[Statement],
) -> Result<Vec<Vec<Vec<Value>>>, StoreError> {
    S::control(connection, "SAVEPOINT crm_unit").await.map_err(store_error)?;
    let mut sets = Vec::with_capacity(statements.len());
    for statement in statements {
        match S::rows(connection, statement).await {
            Ok(rows) => sets.push(rows),
            Err(error) => {
                // On PostgreSQL any error would end the host's transaction.
                S::control(connection, UNDO).await.map_err(store_error)?;
                return Err(store_error(error));
            }
        }
    }
    S::control(connection, "RELEASE SAVEPOINT crm_unit").await.map_err(store_error)?;
    Ok(sets)
}

async fn write<S: Server>(connection: &mut S::Connection, statements: &[Statement]) -> Result<Outcome, StoreError> {
    S::control(connection, "SAVEPOINT crm_unit").await.map_err(store_error)?;
    let outcome = wire::write::<S>(connection, statements).await.map_err(store_error);
    let end = match outcome {
        Ok(Outcome::Done) => "RELEASE SAVEPOINT crm_unit",
        _ => UNDO,
    };
    let ended = S::control(connection, end).await.map_err(store_error);
    match (outcome, ended) {
        // The first error says why: a deadlock on MySQL takes the savepoint with it.
        (Err(error), _) => Err(error),
        (outcome, ended) => ended.and(outcome),
    }
}

const UNDO: &str = "ROLLBACK TO SAVEPOINT crm_unit; RELEASE SAVEPOINT crm_unit";

impl<S> LentServer<S> {
    fn ask<T>(&self, asked: impl FnOnce(mpsc::SyncSender<Result<T, StoreError>>) -> Asked) -> Result<T, StoreError> {
        let over = || StoreError::Failed("the transaction is not lent any more".into());
        let (answer, answered) = mpsc::sync_channel(1);
        self.ask.send(asked(answer)).map_err(|_| over())?;
        answered.recv().map_err(|_| over())?
    }
}

impl<S: Server> Executor for LentServer<S> {
    fn dialect(&self) -> Dialect {
        self.dialect
    }

    fn read(&self, statements: &[Statement]) -> Result<Vec<Vec<Vec<Value>>>, StoreError> {
        self.ask(|answer| Asked::Read(statements.to_vec(), answer))
    }

    fn write(&self, statements: &[Statement]) -> Result<Outcome, StoreError> {
        self.ask(|answer| Asked::Write(statements.to_vec(), answer))
    }

    fn joined(&self) -> bool {
        true
    }
}

impl<S> std::fmt::Debug for LentServer<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LentServer").finish_non_exhaustive()
    }
}
