//! Sharing 共享: a customer opened to people or positions that do not own it.

mod commands;
mod panel;

pub(crate) use commands::{SHARE_END, SHARES_UNDER, shares_of};
pub use commands::{ShareInput, SharingRefusal};
pub(crate) use panel::{Rights, rights_of};
pub use panel::{SharePanel, SharedPanel};

use crate::actor::UserId;
use crate::customer::CustomerId;
use crate::id::ShareId;
use crate::position::PositionId;
use crate::record::{Columns, NEVER, Record};
use crate::store::{Column, ColumnType, Index, Kind, Value};
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// Shares of customers.
pub(crate) static SHARE: Kind = Kind {
    name: "share",
    columns: &[
        Column::live("customer", ColumnType::Text),
        Column::live("grantee", ColumnType::Text),
        Column::live("ends_at", ColumnType::Integer),
        Column::projected("created_at", ColumnType::Integer),
        Column { since: 11, ..Column::projected("panels", ColumnType::Text) },
    ],
    indexes: &[
        Index::on("customer", &["customer"]),
        Index::on("grantee", &["grantee", "created_at"]),
        Index { since: crate::reminder::SINCE, ..Index::on("ends", &["ends_at"]) },
    ],
    since: 1,
};

/// With how many a customer is shared.
pub(crate) const MOST_SHARES: usize = 200;

/// A customer shared with a person or with the holders of a position.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Share {
    /// The id.
    pub id: ShareId,
    /// The customer.
    pub customer: CustomerId,
    /// The person it is shared with; else it is a position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub person: Option<UserId>,
    /// The position whose holders it is shared with; else it is a person.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<PositionId>,
    /// To read or to edit: all six panels; where panels are named, the most that it allows on one of them.
    pub right: ShareRight,
    /// The panels that it opens; none named: all six. Whatever they are, it opens the customer's number and name.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub panels: Vec<SharedPanel>,
    /// When it ends; absent: with a change of owner (where the settings say so), or when revoked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ends_at: Option<Timestamp>,
    /// Why: 售前, 服务, ...
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// When it was shared.
    pub created_at: Timestamp,
    /// Who shared it.
    pub created_by: String,
    /// The version.
    #[serde(default)]
    pub version: i64,
}

/// What a share allows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum ShareRight {
    /// To read it and all that lies under it.
    #[default]
    Read,
    /// To edit it and to follow up, too.
    Edit,
}

impl Share {
    /// What it allows on each panel.
    pub(crate) fn rights(&self) -> Rights {
        if self.panels.is_empty() { Rights::all(self.right) } else { Rights::named(&self.panels) }
    }

    /// Takes another one up, to the higher right, if that holds as long: nobody may edit beyond the day until which he was to. Says
    /// whether it did.
    pub(crate) fn unite(&mut self, rights: Rights, ends_at: Option<Timestamp>) -> bool {
        let longer = |one: Option<Timestamp>, other: Option<Timestamp>| {
            one.is_none_or(|one| other.is_some_and(|other| other <= one))
        };
        let (own, own_end) = (self.rights(), self.ends_at);
        let both = own.united(rights);
        if both == own && longer(own_end, ends_at) {
            return true;
        }
        if own_end == ends_at || both == rights && longer(ends_at, own_end) {
            (self.right, self.panels) = both.told();
            self.ends_at = ends_at;
            return true;
        }
        false
    }

    /// Whether it still holds.
    pub(crate) fn holds(&self, now: Timestamp) -> bool {
        self.ends_at.is_none_or(|end| now < end)
    }

    pub(crate) fn person_key(person: &UserId) -> String {
        format!("u:{person}")
    }

    pub(crate) fn position_key(position: &PositionId) -> String {
        format!("p:{position}")
    }

    fn grantee_key(&self) -> String {
        match (&self.person, &self.position) {
            (Some(person), _) => Share::person_key(person),
            (None, Some(position)) => Share::position_key(position),
            (None, None) => crate::record::ABSENT.to_owned(),
        }
    }

    /// As it stands in the customer's history and in events.
    pub(crate) fn told(&self) -> serde_json::Value {
        let mut told = serde_json::json!({"with": self.grantee_key(), "right": self.right, "ends_at": self.ends_at});
        if let Some(told) = told.as_object_mut().filter(|_| !self.panels.is_empty()) {
            told.insert("panels".to_owned(), serde_json::json!(self.panels));
        }
        told
    }
}

impl Record for Share {
    const KIND: &'static Kind = &SHARE;

    fn key(&self) -> String {
        self.id.to_string()
    }
    fn version(&self) -> i64 {
        self.version
    }
    fn columns(&self) -> Vec<Value> {
        vec![
            self.customer.to_string().into(),
            self.grantee_key().into(),
            self.ends_at.map_or(NEVER, Timestamp::millis).into(),
            self.created_at.millis().into(),
            Rights::named(&self.panels).to_value(),
        ]
    }
    fn refresh(&mut self, row: &Columns<'_>) {
        self.version = row.version();
        if let Some(Ok(customer)) = row.text("customer").map(|customer| customer.parse()) {
            self.customer = customer;
        }
        self.ends_at = row.instant("ends_at");
    }
}
