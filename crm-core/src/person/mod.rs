//! People of the organisation, kept in step with the host's users.

mod sync;

pub(crate) use sync::MOST_SYNCED;
pub use sync::{PersonInput, SyncMode, SyncReport};

use crate::actor::UserId;
use crate::position::PositionId;
use crate::record::plain_record;
use crate::store::Kind;
use serde::{Deserialize, Serialize};

/// People by the host's user id.
pub(crate) static PERSON: Kind = Kind::plain("person");

/// A person 人员 of the organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct Person {
    /// The host's user id.
    pub id: UserId,
    /// The name that others see.
    pub name: String,
    /// Whether he may act. What a deactivated person owns stays with his superiors.
    pub active: bool,
    /// The host's own roles, to be mapped to roles here.
    #[serde(default)]
    pub host_roles: Vec<String>,
    /// His main position 主岗位, where he holds several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub main_position: Option<PositionId>,
    /// Positions he holds or ever held: customers received there stay there until transferred.
    #[serde(default)]
    pub seats: Vec<PositionId>,
    /// The version.
    #[serde(default)]
    pub version: i64,
}

plain_record!(Person, &PERSON, |person| person.id.to_string());
