//! What the library tells the log of the host: one entry per call, without anybody's data.

use crate::actor::OrgId;
use crate::crm::Session;
use crate::error::Error;
use crate::operations::Operation;
use serde::{Deserialize, Serialize};

/// How much an entry matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// A question that was answered, an item of a batch.
    Debug,
    /// A command that was carried out, or refused by a rule.
    Info,
    /// A command that met somebody else's change and did not come through.
    Warn,
    /// The store or the host failed.
    Error,
}

/// One call. It names records and people by nothing but the actor: texts of customers never come into a log.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct LogEntry {
    /// How much it matters.
    pub level: LogLevel,
    /// The operation.
    pub operation: String,
    /// The organisation.
    pub organisation: OrgId,
    /// Who called.
    pub actor: String,
    /// The host's request, where it was named.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// The code of the error; absent when it was carried out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// What failed, where the store or the host did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// Where entries go. Called on the thread of the call, at its end.
pub trait LogSink: Send + Sync {
    /// Takes an entry. What goes wrong here stays here: the call is over.
    fn log(&self, entry: LogEntry);
}

impl Session<'_> {
    /// Tells the host's log how a call ended.
    pub(crate) fn noted<T>(&self, operation: &Operation, answer: Result<T, Error>) -> Result<T, Error> {
        self.note(operation, answer.as_ref().err());
        // Refusals leave in the organisation's words, wherever they were decided.
        answer.map_err(|error| match (&error, self.known_context()) {
            (Error::Refused(_), Some(context)) => error.in_words_of(&context.organisation.glossary),
            _ => error.in_words_of(&[]),
        })
    }

    fn note(&self, operation: &Operation, error: Option<&Error>) {
        let Some((least, sink)) = &self.engine.log else { return };
        let level = match error {
            _ if self.is_item() => LogLevel::Debug,
            None | Some(Error::Refused(_) | Error::Invalid { .. } | Error::NotFound { .. }) if !operation.command => {
                LogLevel::Debug
            }
            Some(Error::Unavailable { .. }) => LogLevel::Error,
            Some(Error::Conflict { .. }) => LogLevel::Warn,
            Some(Error::Refused(refusal)) if refusal.code == "contended" => LogLevel::Warn,
            _ => LogLevel::Info,
        };
        if level < *least {
            return;
        }
        let reason = match error {
            Some(Error::Unavailable { reason, .. }) => Some(reason.clone()),
            _ => None,
        };
        sink.log(LogEntry {
            level,
            operation: operation.name.to_owned(),
            organisation: self.actor.org.clone(),
            actor: self.actor.name(),
            correlation_id: self.correlation_id.clone(),
            code: error.map(|error| error.code().to_owned()),
            reason,
        });
    }
}
