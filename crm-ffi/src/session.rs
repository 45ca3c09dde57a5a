//! An actor at work: a method for each operation of the table.

use crate::crm::Inner;
use crm_core::*;
use std::sync::Arc;

/// One actor at work. Cheap; make one per request.
#[derive(Debug, uniffi::Object)]
pub struct Session {
    inner: Arc<Inner>,
    actor: Actor,
    idempotency_key: Option<String>,
    correlation_id: Option<String>,
}

impl Session {
    pub(crate) fn new(inner: Arc<Inner>, actor: Actor) -> Self {
        Session { inner, actor, idempotency_key: None, correlation_id: None }
    }

    fn call<T>(&self, work: impl FnOnce(crm_core::Session<'_>) -> Result<T, Error>) -> Result<T, Error> {
        let crm = self.inner.get()?;
        let mut session = crm.as_user(&self.actor);
        if let Some(key) = &self.idempotency_key {
            session = session.idempotent(key.as_str());
        }
        if let Some(id) = &self.correlation_id {
            session = session.correlated(id.as_str());
        }
        work(session)
    }
}

#[uniffi::export]
impl Session {
    /// The same actor, whose next command is idempotent under a key of 1 to 100 characters: the same request
    /// under the same key within 30 days happens once and answers alike.
    pub fn idempotent(&self, key: String) -> Arc<Session> {
        Arc::new(Session {
            inner: self.inner.clone(),
            actor: self.actor.clone(),
            idempotency_key: Some(key),
            correlation_id: self.correlation_id.clone(),
        })
    }

    /// The same actor, in a request of the host that is named in history, events and log.
    pub fn correlated(&self, id: String) -> Arc<Session> {
        Arc::new(Session {
            inner: self.inner.clone(),
            actor: self.actor.clone(),
            idempotency_key: self.idempotency_key.clone(),
            correlation_id: Some(id),
        })
    }

    /// Any operation by its name, input and answer in JSON: for hosts that mount an API.
    ///
    /// # Errors
    /// `operation_unknown`; `invalid` with the path of the field; whatever the operation answers.
    pub fn dispatch(&self, operation: String, json: String) -> Result<String, Error> {
        self.call(|session| session.dispatch(&operation, &json))
    }
}

/// A method for each operation, named and documented as in the core.
macro_rules! methods {
    ($($(#[doc = $doc:literal])+ $mode:ident $name:ident($($field:ident: $type:ty),* $(,)?) -> $output:ty, $right:literal;)*) => {
        #[uniffi::export]
        impl Session {
            $($(#[doc = $doc])+
            ///
            /// # Errors
            /// Those of the operation.
            pub fn $name(&self, $($field: $type),*) -> Result<$output, Error> {
                self.call(|session| session.$name($($field),*))
            })*
        }
    };
}
crm_core::for_each_operation!(methods);
