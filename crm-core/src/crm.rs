//! The facade: [`Crm`], and the [`Session`] in which a person acts. Load, decide, commit.

use crate::access::Access;
use crate::actor::{Actor, Who};
use crate::environment::Environment;
use crate::error::{CallRefusal, Error, Violation};
use crate::event;
use crate::history::{self, FieldChange};
use crate::idempotency;
use crate::operations::Operation;
use crate::organisation::{Context, ContextCache, ORGANISATION};
use crate::record::Record;
use crate::store::{Answer, Change, ChangeSet, Check, CommitError, Kind, Read, Row, Store, Write};
use crate::time::Timestamp;
use serde::Serialize;
use std::sync::Arc;

/// How often a command is decided anew when others changed what it relied on.
const ATTEMPTS: usize = 12;

/// The CRM: a store, an environment, and what is remembered of organisations between calls.
///
/// Make one per process and share it; it is `Send + Sync` and cheap to clone.
///
/// ```
/// # #[cfg(feature = "system")] {
/// let crm = crm_core::Crm::in_memory();
/// # }
/// ```
#[derive(Clone)]
pub struct Crm {
    store: Arc<dyn Store + Send + Sync>,
    engine: Arc<Engine>,
}

pub(crate) struct Engine {
    environment: Arc<dyn Environment>,
    contexts: ContextCache,
}

impl std::fmt::Debug for Crm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Crm").finish_non_exhaustive()
    }
}

impl Crm {
    /// Over a store and an environment.
    pub fn new(store: impl Store + Send + Sync + 'static, environment: impl Environment + 'static) -> Self {
        Crm {
            store: Arc::new(store),
            engine: Arc::new(Engine {
                environment: Arc::new(environment),
                contexts: ContextCache::default(),
            }),
        }
    }

    /// In memory, with the system's clock: for tries, tests and browsers.
    #[cfg(feature = "system")]
    pub fn in_memory() -> Self {
        Crm::new(crate::store::MemoryStore::new(), crate::environment::SystemEnvironment)
    }

    /// In a SQLite file, made when absent, with the system's clock; every commit is on the disk
    /// when its call returns.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the file can't be opened, is no database, or belongs to a
    /// newer version of the library.
    #[cfg(all(feature = "system", feature = "rusqlite"))]
    pub fn sqlite(path: impl AsRef<std::path::Path>) -> Result<Self, Error> {
        use crate::store::sql::{SqlOptions, SqliteStore, sqlite::SqliteOptions};
        let store = SqliteStore::open_file(path, SqliteOptions::default(), SqlOptions::new(crate::KINDS))?;
        Ok(Crm::new(store, crate::environment::SystemEnvironment))
    }

    /// What `actor` can do. Make one per request; it is free.
    pub fn as_user<'a>(&'a self, actor: &Actor) -> Session<'a> {
        self.engine.session(self.store.as_ref(), actor)
    }

    /// The same CRM on another store: one that works inside an open transaction of the host.
    /// What is done there stands or falls with the host's commit; a [`Error::Conflict`] leaves
    /// the transaction usable, and the host decides whether to go on.
    ///
    /// ```
    /// # #[cfg(all(feature = "rusqlite", feature = "system"))] {
    /// use crm_core::store::sql::sqlite::{LentSqlite, SqliteOptions, SqliteStore, rusqlite};
    /// use crm_core::{Actor, Crm, KINDS, NewOrganisation, SystemEnvironment, store::sql::SqlOptions};
    /// use std::sync::Arc;
    ///
    /// # let dir = tempfile::tempdir()?;
    /// # let path = dir.path().join("host.db");
    /// let store = Arc::new(SqliteStore::open_file(&path, SqliteOptions::default(), SqlOptions::new(KINDS))?);
    /// let crm = Crm::new(store.clone(), SystemEnvironment);
    ///
    /// let mut connection = rusqlite::Connection::open(&path)?; // the host's own
    /// connection.execute_batch("CREATE TABLE host_order (id INTEGER)")?;
    /// let transaction = connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    /// transaction.execute("INSERT INTO host_order VALUES (1)", [])?;
    /// let lent = store.lend(LentSqlite::new(&transaction)?)?;
    /// let host = Actor::system("acme", "set-up")?;
    /// crm.join(&lent).as_user(&host).create_organisation(NewOrganisation::named("Acme"))?;
    /// transaction.rollback()?; // neither the order nor the organisation is there
    /// assert!(crm.as_user(&host).settings().is_err());
    /// # }
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn join<'a>(&'a self, store: &'a dyn Store) -> Joined<'a> {
        Joined {
            engine: &self.engine,
            store,
        }
    }

    /// The store, for tools that read all of it.
    pub fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    /// The time of the environment.
    pub fn now(&self) -> Timestamp {
        self.engine.environment.now()
    }
}

/// The CRM inside an open transaction of the host; see [`Crm::join`].
#[derive(Clone, Copy)]
pub struct Joined<'a> {
    engine: &'a Engine,
    store: &'a dyn Store,
}

impl std::fmt::Debug for Joined<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Joined").finish_non_exhaustive()
    }
}

impl<'a> Joined<'a> {
    /// What `actor` can do, inside the transaction.
    pub fn as_user(&self, actor: &Actor) -> Session<'a> {
        self.engine.session(self.store, actor)
    }
}

impl Engine {
    fn session<'a>(&'a self, store: &'a dyn Store, actor: &Actor) -> Session<'a> {
        Session {
            engine: self,
            store,
            actor: actor.clone(),
            idempotency_key: None,
            correlation_id: None,
        }
    }
}

/// One actor at work: a method for each thing a person does. Every method checks the actor's
/// rights before it looks at anything, and answers a hidden record like an absent one.
#[derive(Clone)]
pub struct Session<'a> {
    engine: &'a Engine,
    store: &'a dyn Store,
    actor: Actor,
    idempotency_key: Option<String>,
    correlation_id: Option<String>,
}

impl std::fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session")
            .field("actor", &self.actor)
            .finish_non_exhaustive()
    }
}

impl Session<'_> {
    /// Makes the next commands idempotent under a key of the caller's, 1 to 100 characters: the
    /// same request under the same key within 30 days happens once and answers alike; another
    /// request under it is refused.
    #[must_use]
    pub fn idempotent(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Without the key: for what is done on the way.
    pub(crate) fn not_idempotent(mut self) -> Self {
        self.idempotency_key = None;
        self
    }

    /// Names the host's request, at most 100 characters, in history and events.
    #[must_use]
    pub fn correlated(mut self, id: impl Into<String>) -> Self {
        self.correlation_id = Some(id.into());
        self
    }

    /// Who acts.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Answers a question: `ask` reads and computes, on one version of the organisation.
    pub(crate) fn query<T>(
        &self,
        operation: &'static Operation,
        mut ask: impl FnMut(&mut Work<'_>) -> Result<T, Stop>,
    ) -> Result<T, Error> {
        let draws = Draws::default();
        let mut fresh = false;
        for _ in 0..ATTEMPTS {
            let mut work = Work::new(self, self.context(fresh)?, &draws, None)?;
            let asked = work
                .allowed(operation)
                .map_err(Stop::from)
                .and_then(|()| ask(&mut work));
            match work.on_todays_grounds(asked) {
                Ok(answer) => return Ok(answer),
                Err(Stop::Error(error)) => return Err(error),
                Err(Stop::Stale) => fresh = true,
                Err(Stop::Replay(_)) => break,
            }
        }
        Err(CallRefusal::Contended.into())
    }

    /// Carries out a command: `decide` loads facts and writes its decision into the work;
    /// `recall` answers a repeat of an idempotent request from the ids it made then.
    pub(crate) fn command<T>(
        &self,
        operation: &'static Operation,
        request: &impl Serialize,
        mut decide: impl FnMut(&mut Work<'_>) -> Result<T, Stop>,
        mut recall: impl FnMut(&mut Work<'_>, &[String]) -> Result<T, Stop>,
    ) -> Result<T, Error> {
        let key = match &self.idempotency_key {
            Some(key) => Some(idempotency::Claim::new(&self.actor, key, operation.name, request)?),
            None => None,
        };
        let draws = Draws::default();
        let mut replay: Option<Vec<String>> = None;
        let mut fresh = false;
        for _ in 0..ATTEMPTS {
            draws.rewind();
            let mut work = Work::new(self, self.context(fresh)?, &draws, key.as_ref())?;
            let decided = match &replay {
                Some(ids) => {
                    work.claim = None;
                    recall(&mut work, ids)
                }
                None => work
                    .allowed(operation)
                    .map_err(Stop::from)
                    .and_then(|()| decide(&mut work)),
            };
            let answer = match work.on_todays_grounds(decided) {
                Ok(answer) => answer,
                Err(Stop::Error(error)) => return Err(error),
                Err(Stop::Stale) => {
                    fresh = true;
                    continue;
                }
                Err(Stop::Replay(ids)) => {
                    replay = Some(ids);
                    continue;
                }
            };
            if replay.is_some() {
                return Ok(answer);
            }
            match work.commit() {
                Ok(()) => return Ok(answer),
                Err(CommitError::Store(error)) => return Err(error.into()),
                Err(CommitError::Conflict(conflict)) => {
                    if self.store.joined() {
                        return Err(Error::Conflict {
                            record: conflict.kind.to_owned(),
                            id: conflict.id,
                        });
                    }
                }
            }
        }
        Err(CallRefusal::Contended.into())
    }

    fn context(&self, fresh: bool) -> Result<Arc<Context>, Error> {
        self.engine
            .contexts
            .get(self.store, &self.actor.org, fresh)?
            .ok_or_else(|| Error::ActorUnknown {
                user: self.actor.name(),
            })
    }

    /// Runs one item of a batch as a command of its own, with the item's share of the
    /// idempotency key.
    pub(crate) fn item(&self, place: usize) -> Self {
        let mut session = self.clone();
        session.idempotency_key = self.idempotency_key.as_ref().map(|key| format!("{key}#{place}"));
        session
    }

    /// What creates an organisation goes around the context, which is not there yet.
    pub(crate) fn found_organisation(
        &self,
        make: impl FnOnce(&mut Founding) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if !matches!(self.actor.who, Who::System(_)) {
            return Err(Error::ActorUnknown {
                user: self.actor.name(),
            });
        }
        let mut founding = Founding {
            now: self.engine.environment.now(),
            changes: ChangeSet::new(self.actor.org.clone()),
        };
        make(&mut founding)?;
        match self.store.commit(&founding.changes) {
            Ok(()) => Ok(()),
            Err(CommitError::Conflict(_)) => Err(CallRefusal::OrganisationExists.into()),
            Err(CommitError::Store(error)) => Err(error.into()),
        }
    }
}

/// What a new organisation is made of.
pub(crate) struct Founding {
    pub(crate) now: Timestamp,
    pub(crate) changes: ChangeSet,
}

/// Ids drawn in a command: decided anew, it gets the same ones.
#[derive(Default)]
struct Draws {
    drawn: std::cell::RefCell<Vec<uuid::Uuid>>,
    next: std::cell::Cell<usize>,
}

impl Draws {
    fn rewind(&self) {
        self.next.set(0);
    }

    fn draw(&self, environment: &dyn Environment, now: Timestamp) -> uuid::Uuid {
        let mut drawn = self.drawn.borrow_mut();
        let place = self.next.get();
        self.next.set(place + 1);
        if let Some(id) = drawn.get(place) {
            return *id;
        }
        let entropy = environment.entropy();
        let [_, _, _, _, _, _, random @ ..] = entropy;
        let millis = u64::try_from(now.millis()).unwrap_or_default();
        let id = uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid();
        drawn.push(id);
        id
    }
}

/// Why the work on a call ends early. Inside: what happened; [`Error`] is what a caller can act on.
#[derive(Debug)]
pub(crate) enum Stop {
    /// It is answered with an error.
    Error(Error),
    /// The organisation changed since its context was read: again, with the new one.
    Stale,
    /// The request was carried out before, with these ids.
    Replay(Vec<String>),
}

impl<E: Into<Error>> From<E> for Stop {
    fn from(error: E) -> Self {
        Stop::Error(error.into())
    }
}

/// One attempt at a call: what it knows and what it has decided so far.
pub(crate) struct Work<'w> {
    session: &'w Session<'w>,
    pub(crate) context: Arc<Context>,
    pub(crate) now: Timestamp,
    draws: &'w Draws,
    claim: Option<&'w idempotency::Claim>,
    /// The version of an expired key of an earlier request, to be replaced.
    expired_claim: Option<i64>,
    verified: bool,
    checks_context: bool,
    pub(crate) changes: ChangeSet,
    /// Ids by which an idempotent request is answered again.
    made: Vec<String>,
}

impl<'w> Work<'w> {
    fn new(
        session: &'w Session<'w>,
        context: Arc<Context>,
        draws: &'w Draws,
        claim: Option<&'w idempotency::Claim>,
    ) -> Result<Self, Error> {
        if session
            .correlation_id
            .as_ref()
            .is_some_and(|id| id.chars().count() > 100)
        {
            return Err(Violation::too_long("correlation_id", 100).into());
        }
        Ok(Work {
            session,
            context,
            now: session.engine.environment.now(),
            draws,
            claim,
            expired_claim: None,
            verified: false,
            checks_context: true,
            changes: ChangeSet::new(session.actor.org.clone()),
            made: Vec::new(),
        })
    }

    /// The actor.
    pub(crate) fn actor(&self) -> &Actor {
        &self.session.actor
    }

    /// Who may do and see what.
    pub(crate) fn access(&self) -> Result<Access<'_>, Error> {
        Access::of(&self.context, &self.session.actor)
    }

    fn allowed(&self, operation: &Operation) -> Result<(), Error> {
        self.access()?.allow(operation.right)
    }

    /// A new id.
    pub(crate) fn draw(&self) -> uuid::Uuid {
        self.draws.draw(self.session.engine.environment.as_ref(), self.now)
    }

    /// Reads facts. The first batch also tells whether the context is of today and the request
    /// was not carried out before.
    pub(crate) fn read(&mut self, mut reads: Vec<Read>) -> Result<Vec<Answer>, Stop> {
        if self.verified {
            return Ok(self.session.store.read(&self.session.actor.org, &reads)?);
        }
        let asked = reads.len();
        reads.push(Read::Get {
            kind: &ORGANISATION,
            ids: vec![ORGANISATION.name.to_owned()],
        });
        if let Some(claim) = self.claim {
            reads.push(claim.question());
        }
        let mut answers = self.session.store.read(&self.session.actor.org, &reads)?;
        let mut own = answers.split_off(asked.min(answers.len())).into_iter();
        let version = rows(own.next()).into_iter().next().map(|row| row.version);
        if version != Some(self.context.version) {
            return Err(Stop::Stale);
        }
        self.verified = true;
        if let (Some(claim), Some(row)) = (self.claim, rows(own.next()).into_iter().next()) {
            match claim.answered_by(&row, self.now)? {
                Some(ids) => return Err(Stop::Replay(ids)),
                None => self.expired_claim = Some(row.version),
            }
        }
        Ok(answers)
    }

    /// Rows by key.
    pub(crate) fn get(&mut self, kind: &'static Kind, ids: Vec<String>) -> Result<Vec<Row>, Stop> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        Ok(rows(self.read(vec![Read::Get { kind, ids }])?.into_iter().next()))
    }

    /// One row by key.
    pub(crate) fn get_one(&mut self, kind: &'static Kind, id: String) -> Result<Option<Row>, Stop> {
        Ok(self.get(kind, vec![id])?.into_iter().next())
    }

    /// Every row of a search, however many pages it takes.
    pub(crate) fn find_all(&mut self, mut search: crate::store::Search) -> Result<Vec<Row>, Stop> {
        let mut all = Vec::new();
        loop {
            let page = rows(self.read(vec![Read::Find(search.clone())])?.into_iter().next());
            let last = page.last().cloned();
            let full = page.len() as i64 >= search.limit;
            all.extend(page);
            match last {
                Some(last) if full => {
                    let value = search.order.and_then(|column| {
                        let place = search.kind.position(column)?;
                        last.values.get(place).cloned()
                    });
                    search.after = Some((value, last.id));
                }
                _ => return Ok(all),
            }
        }
    }

    /// An answer or a refusal counts only on the organisation as it is now: where nothing was
    /// read yet, its version still has to be looked at.
    fn on_todays_grounds<T>(&mut self, decided: Result<T, Stop>) -> Result<T, Stop> {
        if !self.verified && !matches!(decided, Err(Stop::Stale | Stop::Replay(_))) {
            self.read(Vec::new())?;
        }
        decided
    }

    /// Adds a write to the decision.
    pub(crate) fn write(&mut self, write: Write) {
        self.changes.writes.push(write);
    }

    /// A new row.
    pub(crate) fn insert(&mut self, kind: &'static Kind, row: Row) {
        self.write(Write::Insert { kind, row });
    }

    /// A changed row, which must stand at the version it was read at; its live columns stay.
    pub(crate) fn update(&mut self, kind: &'static Kind, row: Row) {
        self.write(Write::Update {
            kind,
            row,
            changes: Vec::new(),
        });
    }

    /// A changed record, with the live columns in which it differs from what was read.
    pub(crate) fn save<R: Record>(&mut self, before: &R, after: &R) -> Result<(), Error> {
        let row = Row {
            version: before.version(),
            ..after.to_row()?
        };
        let changes = R::KIND
            .columns
            .iter()
            .zip(before.columns().into_iter().zip(&row.values))
            .filter(|(column, (was, becomes))| column.live && was != *becomes)
            .map(|(column, (_, becomes))| (column.name, Change::Set(becomes.clone())))
            .collect();
        self.write(Write::Update {
            kind: R::KIND,
            row,
            changes,
        });
        Ok(())
    }

    /// Changes live columns of a row that must exist.
    pub(crate) fn touch(
        &mut self,
        kind: &'static Kind,
        id: impl ToString,
        version: Option<i64>,
        changes: Vec<(&'static str, Change)>,
    ) {
        if !changes.is_empty() {
            self.write(Write::Touch {
                kind,
                id: id.to_string(),
                version,
                changes,
            });
        }
    }

    /// Notes an id by which an idempotent request is answered again.
    pub(crate) fn made(&mut self, id: impl ToString) {
        self.made.push(id.to_string());
    }

    /// The command changes the organisation itself: its row gets a new version, so that every
    /// process loads the context anew.
    pub(crate) fn change_organisation(
        &mut self,
        organisation: &crate::organisation::Organisation,
    ) -> Result<(), Error> {
        self.checks_context = false;
        let row = organisation.to_row(self.context.version)?;
        self.update(&ORGANISATION, row);
        Ok(())
    }

    /// Writes what changed into the history of a record.
    pub(crate) fn remember(
        &mut self,
        record: &str,
        id: impl ToString,
        operation: &str,
        changes: Vec<FieldChange>,
    ) -> Result<(), Error> {
        if changes.is_empty() {
            return Ok(());
        }
        let row = history::entry(
            self.draw(),
            record,
            &id.to_string(),
            self.now,
            &self.session.actor.name(),
            operation,
            self.session.correlation_id.as_deref(),
            changes,
        )?;
        self.insert(&history::HISTORY, row);
        Ok(())
    }

    /// Tells the host what happened, once the commit stands.
    pub(crate) fn announce(
        &mut self,
        kind: &str,
        record: &str,
        id: impl ToString,
        data: serde_json::Value,
    ) -> Result<(), Error> {
        let row = event::unnumbered(
            self.draw(),
            kind,
            record,
            &id.to_string(),
            self.now,
            &self.session.actor.name(),
            self.session.correlation_id.as_deref(),
            data,
        )?;
        self.insert(&event::EVENT, row);
        Ok(())
    }

    fn commit(&mut self) -> Result<(), CommitError> {
        if self.changes.is_empty() && self.claim.is_none() {
            return Ok(());
        }
        if self.checks_context {
            self.changes.checks.push(Check {
                kind: &ORGANISATION,
                id: ORGANISATION.name.to_owned(),
                version: self.context.version,
            });
        }
        if let Some(claim) = self.claim {
            let write = claim.keep(std::mem::take(&mut self.made), self.now, self.expired_claim);
            self.changes.writes.push(write);
        }
        self.session.store.commit(&self.changes)
    }
}

/// The rows of an answer; none when it is of another kind.
pub(crate) fn rows(answer: Option<Answer>) -> Vec<Row> {
    match answer {
        Some(Answer::Rows(rows)) => rows,
        _ => Vec::new(),
    }
}

/// The number of an answer.
pub(crate) fn counted(answer: Option<Answer>) -> Option<i64> {
    match answer {
        Some(Answer::Count(count)) => count,
        _ => None,
    }
}
