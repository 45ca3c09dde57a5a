//! Sales positions 销售岗位: a tree, with people who hold them.

mod sync;
mod tree;

pub use sync::{AccessChange, PositionInput, PositionRefusal, PositionSyncReport};
pub(crate) use tree::PositionTree;

use crate::actor::{UserId, host_id};
use crate::error::{Error, Violation};
use crate::record::plain_record;
use crate::store::Kind;
use serde::{Deserialize, Serialize};

host_id! {
    /// A position, by the host's id of it.
    PositionId, "position"
}

/// Positions by id.
pub(crate) static POSITION: Kind = Kind::plain("position");

/// A position 岗位. Its holders do not see each other's customers; those who hold a position
/// above see all of theirs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Position {
    /// The host's id.
    pub id: PositionId,
    /// The name.
    pub name: String,
    /// The position above; none for a root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parent: Option<PositionId>,
    /// Who holds it; nobody: it is vacant, and keeps what is below it.
    #[serde(default)]
    pub holders: Vec<UserId>,
    /// Whether it was removed. It is held by nobody and shown nowhere, but the customers that were
    /// received there stay visible to those above.
    #[serde(default)]
    pub removed: bool,
    /// The version.
    #[serde(default)]
    pub version: i64,
}

plain_record!(Position, &POSITION, |position| position.id.to_string());
