//! Who acts: an organisation and a user of the host.

use crate::error::{Error, Violation};
use serde::{Deserialize, Serialize};

macro_rules! host_id {
    ($(#[$doc:meta])* $name:ident, $field:literal) => {
        $(#[$doc])*
        ///
        /// Opaque text of the host, 1 to 64 characters, without control characters or blanks
        /// at its ends; compared byte by byte.
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
        #[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        #[cfg(feature = "uniffi")]
        uniffi::custom_type!($name, String, { lower: |id| id.0, try_lift: |text| Ok($name::new(text)?) });

        impl $name {
            /// Takes over an id of the host.
            ///
            /// # Errors
            /// [`Error::Invalid`] when it is empty, too long or holds control characters.
            pub fn new(id: impl Into<String>) -> Result<Self, Error> {
                let id = id.into();
                let problem = if id.is_empty() || id.trim() != id {
                    Some(Violation::required($field))
                } else if id.chars().count() > 64 {
                    Some(Violation::too_long($field, 64))
                } else if id.chars().any(char::is_control) {
                    Some(Violation::control_character($field))
                } else if id == "-" {
                    Some(Violation::not_allowed($field))
                } else {
                    None
                };
                match problem {
                    Some(violation) => Err(violation.into()),
                    None => Ok($name(id)),
                }
            }

            /// The id as the host gave it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Error;
            fn try_from(id: String) -> Result<Self, Error> {
                $name::new(id)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
pub(crate) use host_id;

host_id! {
    /// An organisation 组织 (tenant) of the host. Every row begins with it.
    OrgId, "org"
}

host_id! {
    /// A user of the host, as the host names him.
    UserId, "user"
}

/// On whose behalf a call is made. The host makes it from its own session; nothing in a request
/// may name another one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Actor {
    pub(crate) org: OrgId,
    pub(crate) who: Who,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Who {
    User(UserId),
    System(String),
}

impl Actor {
    /// A person of the organisation.
    ///
    /// ```
    /// let alice = crm_core::Actor::user("acme", "alice")?;
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Invalid`] when one of the ids is empty, too long or holds control characters, or
    /// when the user's begins with `system:`: so the system is named in history and events.
    pub fn user(org: impl Into<String>, user: impl Into<String>) -> Result<Self, Error> {
        let (org, user) = (OrgId::new(org)?, UserId::new(user)?);
        if user.as_str().starts_with("system:") {
            return Err(Violation::not_allowed("user").into());
        }
        Ok(Actor { org, who: Who::User(user) })
    }

    /// The host itself, for what no person does: setting up, keeping people and positions in
    /// step, ticks, call-backs. The reason stands in the history.
    ///
    /// # Errors
    /// [`Error::Invalid`] when the id of the organisation is not valid, or the reason is empty
    /// or longer than 64 characters.
    pub fn system(org: impl Into<String>, reason: impl Into<String>) -> Result<Self, Error> {
        Ok(Actor { org: OrgId::new(org)?, who: Who::System(UserId::new(reason)?.into()) })
    }

    /// The organisation.
    pub fn org(&self) -> &OrgId {
        &self.org
    }

    /// The name under which the actor stands in history and events: the user, or
    /// `system:reason`.
    pub fn name(&self) -> String {
        match &self.who {
            Who::User(user) => user.to_string(),
            Who::System(reason) => format!("system:{reason}"),
        }
    }
}
