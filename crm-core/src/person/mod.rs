//! People of the organisation, kept in step with the host's users.

mod directory;
mod sync;

pub use directory::{Directory, DirectoryPerson};
pub(crate) use sync::MOST_SYNCED;
pub use sync::{PersonInput, SyncMode, SyncReport};

use crate::actor::UserId;
use crate::position::PositionId;
use crate::record::plain_record;
use crate::sorted::Sort as _;
use crate::store::Kind;
use serde::{Deserialize, Serialize};

/// People by the host's user id.
pub(crate) static PERSON: Kind = Kind::plain("person");

/// A person 人员 of the organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
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

/// Those whose names or ids contain the text, however it is written, by name.
fn matching<'p>(people: impl Iterator<Item = &'p Person>, text: &str) -> Vec<&'p Person> {
    let text = crate::text::fold(text);
    let holds = |own: &str| crate::text::fold(own).contains(&text);
    let mut found: Vec<&Person> = people.filter(|person| holds(&person.name) || holds(person.id.as_str())).collect();
    found.order_by_key(|person| (crate::text::sort_key(&person.name), person.id.clone()));
    found
}
