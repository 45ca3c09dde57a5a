//! An actor at work: a method for each operation of the table.

use crate::crm::Inner;
use crm_core::*;
use std::sync::Arc;

/// On whose behalf calls are made, and under what names.
#[derive(Debug, Clone, uniffi::Record)]
pub struct Caller {
    /// The organisation.
    pub organisation: String,
    /// The user of the host; absent for the host itself.
    #[uniffi(default = None)]
    pub user: Option<String>,
    /// Why the host itself acts; it stands in the history. Absent for a user.
    #[uniffi(default = None)]
    pub system_reason: Option<String>,
    /// The key, 1 to 100 characters, under which the next command happens once: the same request
    /// under the same key within 30 days answers alike.
    #[uniffi(default = None)]
    pub idempotency_key: Option<String>,
    /// The host's request, at most 100 characters, as it stands in history, events and log.
    #[uniffi(default = None)]
    pub correlation_id: Option<String>,
}

/// One actor at work. Cheap; make one per request.
#[derive(Debug, uniffi::Object)]
pub struct Session {
    inner: Arc<Inner>,
    actor: Actor,
    idempotency_key: Option<String>,
    correlation_id: Option<String>,
}

impl Session {
    pub(crate) fn new(inner: Arc<Inner>, caller: Caller) -> Result<Self, Error> {
        let Caller { organisation, user, system_reason, idempotency_key, correlation_id } = caller;
        let actor = match (user, system_reason) {
            (Some(user), None) => Actor::user(organisation, user)?,
            (None, Some(reason)) => Actor::system(organisation, reason)?,
            (None, None) => return Err(Violation::required("user").into()),
            (Some(_), Some(_)) => return Err(Violation::not_allowed("system_reason").into()),
        };
        Ok(Session { inner, actor, idempotency_key, correlation_id })
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
