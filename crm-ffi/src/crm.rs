//! The one long-lived object.

use crate::executor::{Bridge, HostExecutor, SqlSettings};
use crate::host::{Directory, Environment, HostDirectory, HostEnvironment, HostLog, HostPanels, Log, Panels};
use crate::session::{Caller, Session};
use crm_core::duplicate::{CompanyName, NameSimilarity};
use crm_core::store::sql::{SqlOptions, SqlStore, SqliteStore, sqlite::SqliteOptions};
use crm_core::store::{MemoryStore, Store, StoreError};
use crm_core::{
    CoreText, DataMap, Error, KINDS, Language, LogLevel, OPERATIONS, Problem, Refusal, SystemEnvironment, TickReport,
};
use std::sync::{Arc, PoisonError, RwLock};

/// What the host gives beside a place for the rows. What is absent the library does itself.
#[derive(Clone, Default, uniffi::Record)]
pub struct CrmOptions {
    /// Clock and random source; absent: the system's.
    #[uniffi(default = None)]
    pub environment: Option<Arc<dyn HostEnvironment>>,
    /// People to choose from; absent: those of the organisation.
    #[uniffi(default = None)]
    pub directory: Option<Arc<dyn HostDirectory>>,
    /// Where calls are noted; absent: nowhere.
    #[uniffi(default = None)]
    pub log: Option<Arc<dyn HostLog>>,
    /// From which level on; absent: `info`.
    #[uniffi(default = None)]
    pub log_level: Option<LogLevel>,
    /// The host's own data on customers; absent: panels have no rows.
    #[uniffi(default = None)]
    pub panels: Option<Arc<dyn HostPanels>>,
}

impl std::fmt::Debug for CrmOptions {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("CrmOptions").field("log_level", &self.log_level).finish_non_exhaustive()
    }
}

/// The CRM: one per process, shared by all threads, closed at the end.
#[derive(Debug, uniffi::Object)]
pub struct Crm {
    inner: Arc<Inner>,
}

/// What sessions share with the object they come from: the CRM, until it is closed.
#[derive(Debug)]
pub(crate) struct Inner(RwLock<Option<crm_core::Crm>>);

impl Inner {
    /// The CRM for a call, which keeps it until its end.
    pub(crate) fn get(&self) -> Result<crm_core::Crm, Error> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).clone().ok_or_else(closed)
    }
}

fn closed() -> Error {
    Error::Refused(Refusal {
        code: "closed".to_owned(),
        data: DataMap::new(),
        english: "The CRM was closed".to_owned(),
        chinese: "CRM 已关闭".to_owned(),
    })
}

fn opened(store: impl Store + Send + Sync + 'static, options: CrmOptions) -> Arc<Crm> {
    let mut crm = match options.environment {
        Some(environment) => crm_core::Crm::new(store, Environment(environment)),
        None => crm_core::Crm::new(store, SystemEnvironment),
    };
    if let Some(directory) = options.directory {
        crm = crm.with_directory(Directory(directory));
    }
    if let Some(panels) = options.panels {
        crm = crm.with_panels(Panels(panels));
    }
    if let Some(log) = options.log {
        crm = crm.with_log(options.log_level.unwrap_or(LogLevel::Info), Log(log));
    }
    Arc::new(Crm { inner: Arc::new(Inner(RwLock::new(Some(crm)))) })
}

#[uniffi::export]
impl Crm {
    /// In memory: for tries and tests.
    #[uniffi::constructor(default(options = None))]
    pub fn in_memory(options: Option<CrmOptions>) -> Arc<Self> {
        opened(MemoryStore::new(), options.unwrap_or_default())
    }

    /// In a SQLite file, made when absent; every commit is on the disk when its call returns.
    ///
    /// # Errors
    /// `unavailable` when the file can't be opened, is no database, or belongs to a newer version.
    #[uniffi::constructor(default(options = None))]
    pub fn sqlite(path: String, options: Option<CrmOptions>) -> Result<Arc<Self>, Error> {
        let store = SqliteStore::open_file(path, SqliteOptions::default(), SqlOptions::new(KINDS))?;
        Ok(opened(store, options.unwrap_or_default()))
    }

    /// On the host's own database: the CRM renders its SQL, the host's executor runs it.
    ///
    /// # Errors
    /// `unavailable` when the executor fails, or the tables can't be used.
    #[uniffi::constructor(default(settings = None, options = None))]
    pub fn on_host(
        executor: Arc<dyn HostExecutor>,
        settings: Option<SqlSettings>,
        options: Option<CrmOptions>,
    ) -> Result<Arc<Self>, Error> {
        let settings = settings.unwrap_or(SqlSettings { prefix: None, migrate: None });
        let store = SqlStore::open(Bridge::new(executor)?, settings.options(KINDS)?)?;
        Ok(opened(store, options.unwrap_or_default()))
    }

    /// What a caller can do.
    ///
    /// # Errors
    /// `invalid` when an id is empty, too long or holds control characters; `closed`.
    pub fn session(&self, caller: Caller) -> Result<Arc<Session>, Error> {
        self.inner.get()?;
        Ok(Arc::new(Session::new(self.inner.clone(), caller)?))
    }

    /// Ticks every organisation that has something due, until nothing is.
    ///
    /// # Errors
    /// `unavailable`, `closed`.
    pub fn tick_all(&self) -> Result<TickReport, Error> {
        self.inner.get()?.tick_all()
    }

    /// Organisations that have something due, at most 1,000, by id.
    ///
    /// # Errors
    /// `unavailable`, `closed`.
    pub fn due_organisations(&self) -> Result<Vec<String>, Error> {
        Ok(self.inner.get()?.due_organisations()?.into_iter().map(String::from).collect())
    }

    /// Closes the CRM: calls that are on their way end as they would, later ones are refused with `closed`.
    pub fn close_store(&self) {
        drop(self.inner.0.write().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// The names of all operations, each a method of a session.
#[uniffi::export]
pub fn operation_names() -> Vec<String> {
    OPERATIONS.iter().map(|operation| operation.name.to_owned()).collect()
}

/// The arguments of an operation, in their order; `null` when there is none of this name.
#[uniffi::export]
pub fn operation_arguments(operation: String) -> Option<Vec<String>> {
    let known = crm_core::Operation::named(&operation)?;
    Some(known.arguments.iter().map(|name| (*name).to_owned()).collect())
}

/// Understands the name of a company: where, who, what, in which legal form. Needs no CRM.
#[uniffi::export]
pub fn company_name(name: String) -> CompanyName {
    crm_core::duplicate::company_name(&name)
}

/// How alike two names of companies are, from 0 to 1,000, and why. Needs no CRM.
#[uniffi::export]
pub fn name_similarity(one: String, other: String) -> NameSimilarity {
    crm_core::duplicate::name_similarity(&one, &other)
}

/// An error as problem details (RFC 9457), in JSON: the body for a host that answers over HTTP.
///
/// # Errors
/// `unavailable` when it can't be written.
#[uniffi::export]
pub fn problem_json(error: Error, language: Language) -> Result<String, Error> {
    written(&Problem::of(&error, language))
}

/// What there is to say of an error.
#[derive(Debug, Clone, uniffi::Record)]
pub struct ErrorFacts {
    /// Code, data, violations and status, with the text in English.
    pub problem: Problem,
    /// The text in Chinese.
    pub chinese: String,
}

/// What there is to say of an error.
#[uniffi::export]
pub fn error_facts(error: Error) -> ErrorFacts {
    ErrorFacts { problem: Problem::of(&error, Language::English), chinese: error.text(Language::Chinese) }
}

/// The module as a host registers it, in JSON (H4).
///
/// # Errors
/// `unavailable` when it can't be written.
#[uniffi::export]
pub fn plugin_manifest_json() -> Result<String, Error> {
    written(&crm_core::plugin_manifest())
}

/// Every text of the library, with terms in braces: what a translation has to say.
#[uniffi::export]
pub fn texts() -> Vec<CoreText> {
    crm_core::texts()
}

fn written(value: &impl serde::Serialize) -> Result<String, Error> {
    serde_json::to_string(value).map_err(|error| StoreError::Corrupt(error.to_string()).into())
}
