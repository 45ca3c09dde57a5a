//! The storage port: [`Store`], what it is asked ([`Read`]) and told ([`ChangeSet`]), and the
//! stores that come with the library.
//!
//! A store knows nothing of customers. It keeps [`Row`]s of described [`Kind`]s and answers
//! four questions; the rules of the domain stand before it and never inside.

mod change;
#[cfg(feature = "testing")]
pub mod conformance;
mod kind;
mod memory;
mod read;
mod row;
#[cfg(feature = "sql")]
pub mod sql;
pub(crate) mod validate;

pub use change::{Change, ChangeSet, Check, Conflict, Write};
pub use kind::{Column, ColumnType, Index, Kind, Repeats};
pub use memory::MemoryStore;
pub use read::{Answer, Comparison, Direction, Filter, Has, Read, Related, SEPARATOR, Scope, Search, Selection};
pub use row::{Row, Value};

use crate::OrgId;

/// Where the CRM keeps its rows.
///
/// Two stores come with the library; a host may write its own and certify
/// it with the conformance suite (feature `testing`). All methods block, may be called
/// from many threads at once where the implementation is `Sync`, and never panic on what is
/// stored.
///
/// # Contract
///
/// - **Reads of one batch see one state**: the same commits, all of each or none.
/// - **A commit is all or nothing.** Every precondition of the change set is tested against
///   the state it is applied to, as if commits happened one after another. If one does not hold,
///   nothing is written and the first failing row (checks first, then writes in their order) is
///   named in [`CommitError::Conflict`].
/// - **What is malformed is refused** with [`StoreError::Failed`] before anything is done: a
///   column the kind does not have, a value of another type or beyond the bounds of its
///   column, a row written twice. So is a sum beyond 64 bits.
/// - **A commit that returned `Ok` is seen by every later read** and survives what the store
///   promises to survive.
/// - **After an error other than a conflict** the commit may or may not have happened; the
///   caller finds out by its idempotency key.
/// - Organisations are apart: nothing reads or writes across them, but for
///   [`Store::due_organisations`].
pub trait Store {
    /// Answers the questions of a batch, in their order, out of one state of the organisation.
    ///
    /// # Errors
    /// [`StoreError`] when the store can't be read.
    fn read(&self, org: &OrgId, reads: &[Read]) -> Result<Vec<Answer>, StoreError>;

    /// Carries out a change set, all of it or nothing.
    ///
    /// # Errors
    /// [`CommitError::Conflict`] when a precondition does not hold, [`CommitError::Store`] when
    /// the store can't be written.
    fn commit(&self, changes: &ChangeSet) -> Result<(), CommitError>;

    /// Organisations that have a row of `kind` whose integer column `column`, which leads an
    /// index of its own across organisations, is at most `until`; at most `limit` (1 to 10,000),
    /// in the order of their ids. The one question asked across organisations: who has work due.
    ///
    /// # Errors
    /// [`StoreError`] when the store can't be read.
    fn due_organisations(
        &self,
        kind: &'static Kind,
        column: &'static str,
        until: i64,
        limit: i64,
    ) -> Result<Vec<OrgId>, StoreError>;

    /// Whether the store works inside a transaction of the host. Then nothing is retried,
    /// nothing read is kept beyond the call, and what was written is only certain when the host
    /// commits.
    fn joined(&self) -> bool {
        false
    }

    /// Whether commits run beside each other: one that writes a row then holds up every other that writes it, until it
    /// has ended or the host has ended its transaction. Where commits stand in line anyway, a sum that all add to
    /// costs nobody more.
    fn concurrent(&self) -> bool {
        false
    }
}

/// A shared store, of which the caller keeps a handle: a host lends its own transaction to it.
impl<S: Store + ?Sized> Store for std::sync::Arc<S> {
    fn read(&self, org: &OrgId, reads: &[Read]) -> Result<Vec<Answer>, StoreError> {
        (**self).read(org, reads)
    }

    fn commit(&self, changes: &ChangeSet) -> Result<(), CommitError> {
        (**self).commit(changes)
    }

    fn due_organisations(
        &self,
        kind: &'static Kind,
        column: &'static str,
        until: i64,
        limit: i64,
    ) -> Result<Vec<OrgId>, StoreError> {
        (**self).due_organisations(kind, column, until, limit)
    }

    fn joined(&self) -> bool {
        (**self).joined()
    }

    fn concurrent(&self) -> bool {
        (**self).concurrent()
    }
}

/// Why a commit did not happen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommitError {
    /// A precondition did not hold; nothing was written.
    #[error("precondition failed at {} {}", .0.kind, .0.id)]
    Conflict(Conflict),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What is wrong with a store. The texts are for the log of the host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Somebody else holds it for longer than the time given; trying again may help.
    #[error("the database is locked by somebody else: {0}")]
    Busy(String),
    /// No room is left on the disk.
    #[error("the disk of the database is full: {0}")]
    Full(String),
    /// It can't be written.
    #[error("the database can't be written: {0}")]
    ReadOnly(String),
    /// The file is no database, or a damaged one.
    #[error("not a database, or a damaged one: {0}")]
    NotADatabase(String),
    /// The file or server can't be reached or opened.
    #[error("the database can't be opened: {0}")]
    CannotOpen(String),
    /// The tables were made by a newer version of the library.
    #[error("the database has migration {found}, this library knows {known}: use a newer library")]
    Newer {
        /// The greatest migration of the database.
        found: i32,
        /// The greatest migration of this library.
        known: i32,
    },
    /// The tables need migrations, which the caller did not ask for.
    #[error("the database has migration {found}, this library needs {known}: migrate it first")]
    NotMigrated {
        /// The greatest migration of the database.
        found: i32,
        /// The greatest migration of this library.
        known: i32,
    },
    /// A migration began and did not end, or the tables are not what the migrations say.
    #[error("the tables are not as the migrations left them: {0}")]
    Schema(String),
    /// The engine is of a version that is refused, with the reason.
    #[error("the database engine is refused: {0}")]
    Engine(String),
    /// A row can't be read as what it should be.
    #[error("a row is damaged: {0}")]
    Corrupt(String),
    /// A failure of input and output, or of the host's executor.
    #[error("the database failed: {0}")]
    Failed(String),
}
