//! What a host gives beside a place for the rows: clock and chance, a directory, a log, panels.

use crm_core::{DirectoryPerson, HostFailure, LogEntry, OrgId, PanelPage, PanelQuestion, Timestamp};
use std::sync::Arc;

/// What a part of the host fails with.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, uniffi::Error)]
pub enum HostError {
    /// It failed; the call that asked for it is answered with `unavailable`.
    #[error("{reason}")]
    Failed {
        /// What happened, for the log.
        reason: String,
    },
}

/// An exception that the host did not declare is a failure like any other.
impl From<uniffi::UnexpectedUniFFICallbackError> for HostError {
    fn from(error: uniffi::UnexpectedUniFFICallbackError) -> Self {
        HostError::Failed { reason: error.reason }
    }
}

impl From<HostError> for HostFailure {
    fn from(error: HostError) -> Self {
        HostFailure::new(error.to_string())
    }
}

/// Clock and random source of a host; without one the system's are used.
#[uniffi::export(foreign)]
pub trait HostEnvironment: Send + Sync {
    /// The time.
    ///
    /// # Errors
    /// [`HostError`] when the host can't tell.
    fn now(&self) -> Result<Timestamp, HostError>;

    /// Sixteen random bytes, for an id.
    ///
    /// # Errors
    /// [`HostError`] when there are none.
    fn entropy(&self) -> Result<Vec<u8>, HostError>;
}

/// People whom the host knows.
#[uniffi::export(foreign)]
pub trait HostDirectory: Send + Sync {
    /// People of the organisation whose names or ids hold the text, at most `limit`.
    ///
    /// # Errors
    /// [`HostError`] when the directory can't answer.
    fn search_people(&self, organisation: OrgId, text: String, limit: i32) -> Result<Vec<DirectoryPerson>, HostError>;
}

/// The host's own data on customers.
#[uniffi::export(foreign)]
pub trait HostPanels: Send + Sync {
    /// A page of the rows of a panel. Who asks sees the customer and the panel.
    ///
    /// # Errors
    /// [`HostError`] when the rows can't be had, or the source is not known.
    fn panel_rows(&self, question: PanelQuestion) -> Result<PanelPage, HostError>;
}

/// The log of the host. Called on the thread of the call, at its end.
#[uniffi::export(foreign)]
pub trait HostLog: Send + Sync {
    /// Takes an entry.
    ///
    /// # Errors
    /// [`HostError`]: the call is over, so nobody hears of it.
    fn log(&self, entry: LogEntry) -> Result<(), HostError>;
}

pub(crate) struct Environment(pub(crate) Arc<dyn HostEnvironment>);

impl crm_core::Environment for Environment {
    fn now(&self) -> Result<Timestamp, HostFailure> {
        Ok(self.0.now()?)
    }

    fn entropy(&self) -> Result<[u8; 16], HostFailure> {
        let bytes = self.0.entropy()?;
        bytes.try_into().map_err(|bytes: Vec<u8>| {
            HostFailure::new(format!("the host's random source gave {} bytes, 16 were asked for", bytes.len()))
        })
    }
}

pub(crate) struct Directory(pub(crate) Arc<dyn HostDirectory>);

impl crm_core::Directory for Directory {
    fn search_people(&self, org: &OrgId, text: &str, limit: i32) -> Result<Vec<DirectoryPerson>, HostFailure> {
        Ok(self.0.search_people(org.clone(), text.to_owned(), limit)?)
    }
}

pub(crate) struct Panels(pub(crate) Arc<dyn HostPanels>);

impl crm_core::PanelSource for Panels {
    fn panel_rows(&self, question: &PanelQuestion) -> Result<PanelPage, HostFailure> {
        Ok(self.0.panel_rows(question.clone())?)
    }
}

pub(crate) struct Log(pub(crate) Arc<dyn HostLog>);

impl crm_core::LogSink for Log {
    fn log(&self, entry: LogEntry) {
        // A log that fails is the host's to mend: the call has been carried out.
        drop(self.0.log(entry));
    }
}
