//! The facade: [`Crm`], and the [`Session`] in which a person acts. Load, decide, commit.

use crate::access::Redact;
use crate::actor::{Actor, Who};
use crate::environment::Environment;
use crate::error::{CallRefusal, Error};
use crate::idempotency;
use crate::log::{LogLevel, LogSink};
use crate::operations::{Operation, op};
use crate::organisation::{Context, ContextCache};
use crate::page::{MOST_ROWS, PageRequest};
use crate::panel::PanelSource;
use crate::person::Directory;
use crate::store::{ChangeSet, CommitError, Store};
use crate::time::Timestamp;
use crate::work::{Draws, Stop, Work};
use serde::Serialize;
use std::sync::Arc;

/// How often a command is decided anew when others changed what it relied on.
const ATTEMPTS: usize = 12;

/// What decides a command; it is given the ids of a request that was carried out already.
type Decide<'d> = dyn FnMut(&mut Work<'_>, Option<&[String]>) -> Result<(), Stop> + 'd;

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

/// What the host gives, and what is remembered.
#[derive(Clone)]
pub(crate) struct Engine {
    pub(crate) environment: Arc<dyn Environment>,
    pub(crate) directory: Option<Arc<dyn Directory>>,
    pub(crate) panels: Option<Arc<dyn PanelSource>>,
    /// The least level that is told, and to whom.
    pub(crate) log: Option<(LogLevel, Arc<dyn LogSink>)>,
    contexts: Arc<ContextCache>,
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
                directory: None,
                panels: None,
                log: None,
                contexts: Arc::default(),
            }),
        }
    }

    /// Asks this directory of the host when people are looked for (`search_people`).
    #[must_use]
    pub fn with_directory(self, directory: impl Directory + 'static) -> Self {
        self.changed(|engine| engine.directory = Some(Arc::new(directory)))
    }

    /// Asks this source of the host for the rows of panels (`panel_rows`).
    #[must_use]
    pub fn with_panels(self, source: impl PanelSource + 'static) -> Self {
        self.changed(|engine| engine.panels = Some(Arc::new(source)))
    }

    /// Tells this log of the host about calls, from a level on.
    #[must_use]
    pub fn with_log(self, least: LogLevel, sink: impl LogSink + 'static) -> Self {
        self.changed(|engine| engine.log = Some((least, Arc::new(sink))))
    }

    fn changed(self, change: impl FnOnce(&mut Engine)) -> Self {
        let mut engine = Engine::clone(&self.engine);
        change(&mut engine);
        Crm { store: self.store, engine: Arc::new(engine) }
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

    /// On PostgreSQL, with the system's clock: `postgres://user:password@host/database`.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the server can't be reached, is older than supported, a replica or of
    /// another encoding than UTF-8, or when the tables belong to a newer version of the library.
    #[cfg(all(feature = "system", feature = "sqlx"))]
    pub fn postgres(url: &str) -> Result<Self, Error> {
        use crate::store::sql::{PostgresStore, SqlOptions, server::ServerOptions};
        let store = PostgresStore::connect(url, ServerOptions::default(), SqlOptions::new(crate::KINDS))?;
        Ok(Crm::new(store, crate::environment::SystemEnvironment))
    }

    /// On MySQL or MariaDB, with the system's clock: `mysql://user:password@host/database`.
    ///
    /// # Errors
    /// As [`Crm::postgres`].
    #[cfg(all(feature = "system", feature = "sqlx"))]
    pub fn mysql(url: &str) -> Result<Self, Error> {
        use crate::store::sql::{MysqlStore, SqlOptions, server::ServerOptions};
        let store = MysqlStore::connect(url, ServerOptions::default(), SqlOptions::new(crate::KINDS))?;
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
        Joined { engine: &self.engine, store }
    }

    /// The store, for tools that read all of it.
    pub fn store(&self) -> &dyn Store {
        self.store.as_ref()
    }

    /// The time of the environment.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the host's clock fails.
    pub fn now(&self) -> Result<Timestamp, Error> {
        Ok(self.engine.environment.now()?)
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
            part: None,
            batch: None,
            correlation_id: None,
            most_rows: MOST_ROWS,
        }
    }
}

/// One actor at work: a method for each thing a person does. Every method checks the actor's
/// rights before it looks at anything, and answers a hidden record like an absent one.
#[derive(Clone)]
pub struct Session<'a> {
    pub(crate) engine: &'a Engine,
    pub(crate) store: &'a dyn Store,
    pub(crate) actor: Actor,
    idempotency_key: Option<String>,
    /// The place in a batch, whose key it has.
    part: Option<usize>,
    /// The batch of which it carries out the only item, whose commit has the audit entry, too.
    batch: Option<&'static Operation>,
    pub(crate) correlation_id: Option<String>,
    /// The most rows of a page of those lists that can be exported.
    most_rows: i32,
}

impl std::fmt::Debug for Session<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("actor", &self.actor).finish_non_exhaustive()
    }
}

impl Session<'_> {
    /// Reads lists by longer pages: a page over many scopes costs their number, besides its rows.
    #[must_use]
    pub(crate) fn by_pages_of(mut self, most: i32) -> Self {
        self.most_rows = most;
        self
    }

    /// How many rows a page has that is asked for.
    pub(crate) fn rows_of(&self, page: &PageRequest) -> Result<i64, Error> {
        page.limit_up_to(self.most_rows)
    }

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

    /// The same call as somebody else, who asked for it beforehand.
    pub(crate) fn acting_as(&self, actor: Actor) -> Self {
        Session { actor, ..self.clone() }.not_idempotent()
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
    pub(crate) fn query<T: Redact>(
        &self,
        operation: &'static Operation,
        mut ask: impl FnMut(&mut Work<'_>) -> Result<T, Stop>,
    ) -> Result<T, Error> {
        let mut answer = None;
        let asked = self.answer(operation, &mut |work| {
            let told = ask(work)?;
            answer = Some(work.redacted(told)?);
            Ok(())
        });
        self.noted(operation, asked.and_then(|()| answer.ok_or_else(|| CallRefusal::Contended.into())))
    }

    /// Not generic: it exists once, not once for each question.
    fn answer(
        &self,
        operation: &'static Operation,
        ask: &mut dyn FnMut(&mut Work<'_>) -> Result<(), Stop>,
    ) -> Result<(), Error> {
        let draws = Draws::default();
        let mut fresh = false;
        for _ in 0..ATTEMPTS {
            let mut work = Work::new(self, self.context(fresh)?, &draws, None)?;
            let asked = work.allowed(operation).map_err(Stop::from).and_then(|()| ask(&mut work));
            match work.on_todays_grounds(asked) {
                Ok(()) => return Ok(()),
                Err(Stop::Error(error)) => return Err(error),
                Err(Stop::Stale) => fresh = true,
                Err(Stop::Replay(_)) => break,
            }
        }
        Err(CallRefusal::Contended.into())
    }

    /// Carries out a command: `decide` loads facts and writes its decision into the work;
    /// `recall` answers a repeat of an idempotent request from the ids it made then.
    pub(crate) fn command<T: Redact>(
        &self,
        operation: &'static Operation,
        request: &impl Serialize,
        mut decide: impl FnMut(&mut Work<'_>) -> Result<T, Stop>,
        mut recall: impl FnMut(&mut Work<'_>, &[String]) -> Result<T, Stop>,
    ) -> Result<T, Error> {
        let key = self.idempotency_key.as_ref();
        let claim =
            key.map(|key| idempotency::Claim::new(&self.actor, key, self.part, operation.name, request)).transpose();
        let mut answer = None;
        let done = claim.and_then(|claim| {
            self.carry_out(operation, claim.as_ref(), &mut |work, replay| {
                let told = match replay {
                    Some(ids) => recall(work, ids)?,
                    None => decide(work)?,
                };
                answer = Some(work.redacted(told)?);
                Ok(())
            })
        });
        self.noted(operation, done.and_then(|()| answer.ok_or_else(|| CallRefusal::Contended.into())))
    }

    /// Not generic: it exists once, not once for each command.
    fn carry_out(
        &self,
        operation: &'static Operation,
        key: Option<&idempotency::Claim>,
        decide: &mut Decide<'_>,
    ) -> Result<(), Error> {
        let draws = Draws::default();
        let mut replay: Option<Vec<String>> = None;
        let mut fresh = false;
        for _ in 0..ATTEMPTS {
            draws.rewind();
            let mut work = Work::new(self, self.context(fresh)?, &draws, key)?.for_command();
            if replay.is_some() {
                work.claim = None;
            }
            let decided =
                work.allowed(operation).map_err(Stop::from).and_then(|()| decide(&mut work, replay.as_deref()));
            match work.on_todays_grounds(decided) {
                Ok(()) => {}
                Err(Stop::Error(error)) => return Err(error),
                Err(Stop::Stale) => {
                    fresh = true;
                    continue;
                }
                Err(Stop::Replay(ids)) => {
                    replay = Some(ids);
                    continue;
                }
            }
            if replay.is_some() {
                return Ok(());
            }
            // Everything that writes comes by here, and its commit relies on the version that says so.
            if work.writes() && work.context.closed() {
                return Err(CallRefusal::OrganisationClosed.into());
            }
            if let Some(batch) = self.batch.filter(|_| !work.changes.is_empty()) {
                work.enter_batch(batch, 1, 0)?;
            }
            match work
                .look_at_deals()
                .and_then(|()| work.add_figures())
                .and_then(|()| work.index_names())
                .and_then(|()| work.index_contacts())
                .and_then(|()| work.hold_unique_fields())
                .and_then(|()| work.index_customer_keys())
                .and_then(|()| work.follow_reminders())
                .and_then(|()| Ok(work.index_fields()?))
            {
                Ok(()) => {}
                Err(Stop::Error(error)) => return Err(error),
                Err(Stop::Stale) => {
                    fresh = true;
                    continue;
                }
                Err(Stop::Replay(_)) => break,
            }
            match work.commit() {
                Ok(()) => return Ok(()),
                Err(CommitError::Store(error)) => return Err(error.into()),
                Err(CommitError::Conflict(conflict)) => {
                    if self.store.joined() {
                        return Err(Error::Conflict { record: conflict.kind.to_owned(), id: conflict.id });
                    }
                }
            }
        }
        Err(CallRefusal::Contended.into())
    }

    /// The context as far as it was read.
    pub(crate) fn known_context(&self) -> Option<Arc<Context>> {
        self.engine.contexts.known(&self.actor.org)
    }

    fn context(&self, fresh: bool) -> Result<Arc<Context>, Error> {
        self.engine
            .contexts
            .get(self.store, &self.actor.org, fresh)?
            .ok_or_else(|| Error::ActorUnknown { user: self.actor.name() })
    }

    /// Runs one item of a batch as a command of its own, with the item's share of the
    /// idempotency key.
    pub(crate) fn item(&self, place: usize) -> Self {
        Session { part: Some(place), ..self.clone() }
    }

    /// Enters what it does as a batch of its own.
    pub(crate) fn entered_as(self, batch: &'static Operation) -> Self {
        Session { batch: Some(batch), ..self }
    }

    /// Whether it carries out one item of a batch.
    pub(crate) fn is_item(&self) -> bool {
        self.part.is_some()
    }

    /// Refuses a key that is none, before a batch begins.
    pub(crate) fn check_key(&self) -> Result<(), Error> {
        self.idempotency_key.as_deref().map_or(Ok(()), idempotency::check_key)
    }

    /// What creates an organisation goes around the context, which is not there yet.
    pub(crate) fn found_organisation(
        &self,
        make: impl FnOnce(&mut Founding) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.noted(&op::create_organisation, self.found(make))
    }

    fn found(&self, make: impl FnOnce(&mut Founding) -> Result<(), Error>) -> Result<(), Error> {
        if !matches!(self.actor.who, Who::System(_)) {
            return Err(Error::ActorUnknown { user: self.actor.name() });
        }
        let mut founding =
            Founding { now: self.engine.environment.now()?, changes: ChangeSet::new(self.actor.org.clone()) };
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
