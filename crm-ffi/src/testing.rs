//! The conformance suite, for the author of an executor.

use crate::executor::{Bridge, ExecutorError, HostExecutor};
use crm_core::OrgId;
use crm_core::store::conformance::{self, KINDS};
use crm_core::store::sql::{SqlOptions, SqlStore};
use crm_core::store::{Answer, ChangeSet, CommitError, Kind, Read, Store, StoreError};
use std::sync::Arc;

/// Makes executors on new, empty databases.
#[uniffi::export(foreign)]
pub trait ExecutorFactory: Send + Sync {
    /// An executor on a database without tables of the CRM.
    ///
    /// # Errors
    /// [`ExecutorError`].
    fn fresh(&self) -> Result<Arc<dyn HostExecutor>, ExecutorError>;
}

/// A check that failed.
#[derive(Debug, Clone, uniffi::Record)]
pub struct ConformanceFailure {
    /// The check.
    pub check: String,
    /// What is wrong, for the author of the executor.
    pub text: String,
}

/// What became of the checks.
#[derive(Debug, Clone, uniffi::Record)]
pub struct ConformanceReport {
    /// The checks that passed.
    pub passed: Vec<String>,
    /// Those that failed.
    pub failed: Vec<ConformanceFailure>,
}

/// Runs the conformance suite on executors of a host, each check on a fresh one.
#[uniffi::export]
pub fn certify_executor(factory: Arc<dyn ExecutorFactory>) -> ConformanceReport {
    let report = conformance::certify(&|| -> Box<dyn Store + Send + Sync> {
        let opened = factory
            .fresh()
            .map_err(StoreError::from)
            .and_then(|executor| SqlStore::open(Bridge::new(executor)?, SqlOptions::new(KINDS)));
        match opened {
            Ok(store) => Box::new(store),
            Err(error) => Box::new(Unopened(error)),
        }
    });
    ConformanceReport {
        passed: report.passed,
        failed: report
            .failed
            .into_iter()
            .map(|failure| ConformanceFailure { check: failure.check, text: failure.text })
            .collect(),
    }
}

/// Stands for a store that could not be opened: it fails every check, and says why.
struct Unopened(StoreError);

impl Store for Unopened {
    fn read(&self, _: &OrgId, _: &[Read]) -> Result<Vec<Answer>, StoreError> {
        Err(self.0.clone())
    }

    fn commit(&self, _: &ChangeSet) -> Result<(), CommitError> {
        Err(self.0.clone().into())
    }

    fn due_organisations(&self, _: &'static Kind, _: &'static str, _: i64, _: i64) -> Result<Vec<OrgId>, StoreError> {
        Err(self.0.clone())
    }
}
