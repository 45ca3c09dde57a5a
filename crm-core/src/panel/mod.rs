//! Panels 自定义关联数据视图 of the host's own data on a customer (A6): who sees them is kept here, their rows come from the host.

mod commands;
mod source;

pub use crate::id::PanelId;
pub(crate) use commands::MOST_PANELS;
pub use commands::PanelInput;
pub use source::{PanelCell, PanelPage, PanelQuestion, PanelRow, PanelRows, PanelSource};

use crate::access::{Access, RoleId};
use crate::actor::UserId;
use crate::position::PositionId;
use crate::record::plain_record;
use crate::store::Kind;
use serde::{Deserialize, Serialize};

const SINCE: i32 = 18;

/// Panels by id.
pub(crate) static PANEL: Kind = Kind { since: SINCE, ..Kind::plain("panel") };

/// A panel of the host's own data 自定义面板, as it stands on every customer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Panel {
    /// The id.
    pub id: PanelId,
    /// The title 标题.
    pub title: String,
    /// Where its rows come from: a name that the host knows.
    pub source: String,
    /// Its columns 列, in their order.
    #[serde(default)]
    pub columns: Vec<PanelColumn>,
    /// Who sees it: who has one of these roles. Without roles, positions and people everybody who sees the customer's information.
    #[serde(default)]
    pub roles: Vec<RoleId>,
    /// Who sees it: who holds one of these positions.
    #[serde(default)]
    pub positions: Vec<PositionId>,
    /// Who sees it: these people.
    #[serde(default)]
    pub people: Vec<UserId>,
    /// Its place among the panels: the least comes first.
    #[serde(default)]
    pub order: i32,
    /// Whether nobody sees it any more.
    #[serde(default)]
    pub retired: bool,
    /// The version, to be given back with a change.
    #[serde(default)]
    pub version: i64,
}

plain_record!(Panel, &PANEL, |panel| panel.id.to_string());

/// A column of a panel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct PanelColumn {
    /// The key by which the host gives its values: a small letter, then at most 39 small letters, digits and underlines.
    pub key: String,
    /// The label, at most 30 characters.
    pub label: String,
    /// What its values are.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub kind: Option<PanelColumnKind>,
}

/// What the values of a column are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum PanelColumnKind {
    /// A text.
    #[default]
    Text,
    /// A decimal number, as `-12.50`.
    Number,
    /// A day, as `2026-11-23`.
    Date,
    /// An instant, as `2026-11-23T01:00:00Z`.
    Instant,
}

impl Panel {
    /// Whether nobody is named, so that everybody sees it.
    pub(crate) fn is_for_everyone(&self) -> bool {
        self.roles.is_empty() && self.positions.is_empty() && self.people.is_empty()
    }

    /// Whether it is for the actor; what is retired is for nobody. The system sees all.
    pub(crate) fn is_for(&self, access: &Access<'_>) -> bool {
        let Some(person) = access.person() else { return !self.retired };
        let held = access.positions();
        let roles = || access.context.roles.iter().filter(|role| self.roles.contains(&role.id));
        let named = || {
            self.people.contains(&person.id)
                || self.positions.iter().any(|position| held.contains(position))
                || roles().any(|role| role.is_held_by(person, held))
        };
        !self.retired && (self.is_for_everyone() || named())
    }
}
