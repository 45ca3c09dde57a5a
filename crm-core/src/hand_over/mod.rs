//! Handing over 交接: what somebody has goes to another one, as one job.

mod held;
mod list;
mod plan;
mod preview;
mod run;
mod stays;

pub use plan::HandOverRefusal;
pub(crate) use run::HAND_OVER_RUN;

use crate::actor::UserId;
use crate::customer::Customer;
pub use crate::id::HandOverId;
use crate::page::page;
use crate::position::PositionId;
use crate::record::{Columns, Record};
use crate::store::{Column, ColumnType, Index, Kind, Value};
use crate::time::Timestamp;
use held::SharedWith;
use serde::{Deserialize, Serialize};

/// The migration that brought them.
const SINCE: i32 = 14;

/// Hand-overs by id.
pub(crate) static HAND_OVER: Kind = Kind {
    name: "hand_over",
    columns: &[
        Column { since: SINCE, ..Column::projected("started_by", ColumnType::Text) },
        Column { since: SINCE, ..Column::projected("started_at", ColumnType::Integer) },
    ],
    indexes: &[
        Index { since: SINCE, ..Index::on("started", &["started_at"]) },
        Index { since: SINCE, ..Index::on("started_by", &["started_by", "started_at"]) },
    ],
    since: SINCE,
};

/// What goes from whom to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct HandOverInput {
    /// Whose it is, also somebody who left; absent: whoever had it at the position and does not hold that any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub from: Option<UserId>,
    /// Only what is had at this position: customers and contracts. Absent: everything. Without `from`, of those who do not act at it
    /// any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub position: Option<PositionId>,
    /// Who gets it: the caller, or somebody below him; anybody for an administrator.
    pub to: UserId,
    /// The position at which he gets it; absent: the one that is handed over if he holds it, else his main one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub to_position: Option<PositionId>,
    /// What of it; none named: all that the caller may hand over.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub parts: Vec<HandOverPart>,
    /// Until when who had the customers may still read them; absent: not at all. It can't be given for who was deactivated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub keep_reader_until: Option<Timestamp>,
    /// Why, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub reason: Option<String>,
}

impl HandOverInput {
    /// Everything that somebody has.
    pub fn of(from: UserId, to: UserId) -> Self {
        HandOverInput {
            from: Some(from),
            position: None,
            to,
            to_position: None,
            parts: Vec::new(),
            keep_reader_until: None,
            reason: None,
        }
    }
}

/// A part of what somebody has. They are handed over in this order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum HandOverPart {
    /// Customers that he owns, with what is planned next on them. What lies in the recycle bin stays there in his name.
    Customers,
    /// The duties of contracts that are not void, with their open instalments. The performance of signed ones stays.
    Contracts,
    /// What others share with him as a person; an administrator hands it over.
    Shares,
    /// His places as administrator and member of pools; who keeps the settings hands them over.
    Pools,
}

/// How much of what.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(default)]
pub struct HandOverCounts {
    /// Customers.
    pub customers: i32,
    /// Next follow-ups that are planned on them.
    pub planned_follow_ups: i32,
    /// Contracts.
    pub contracts: i32,
    /// Instalments of theirs that are not paid.
    pub open_instalments: i32,
    /// Shares.
    pub shares: i32,
    /// Pools.
    pub pools: i32,
}

/// What stays where it is, and why. It is told to who may see it, by the name that it has when it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct HandOverStay {
    /// The part that it belongs to.
    pub part: HandOverPart,
    /// The id of the customer or contract.
    pub id: String,
    /// Its name.
    #[serde(default)]
    pub name: String,
    /// The code of the error.
    pub error: String,
    /// The error in English and Chinese, in this order.
    pub texts: Vec<String>,
}

crate::access::nothing_to_redact!(HandOverStay);

/// What a hand-over would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct HandOverPreview {
    /// The position at which it would be received.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_position: Option<PositionId>,
    /// The parts that would be handed over.
    pub parts: Vec<HandOverPart>,
    /// How much would go.
    pub moves: HandOverCounts,
    /// What would stay; at most 100.
    #[serde(default)]
    pub stays: Vec<HandOverStay>,
    /// How much would stay.
    pub stay_count: i32,
}

/// How far a hand-over has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum HandOverState {
    /// It was interrupted, or somebody else carries it out right now: [`tick`](crate::Session::tick) takes it up within minutes.
    Running,
    /// All that could go has gone.
    Finished,
    /// It could not go on, and what it had not come to stays: who was to get it can't any more. `error` says why.
    Stopped,
}

/// A hand-over 交接.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct HandOver {
    /// The id.
    pub id: HandOverId,
    /// From whom; absent: from whoever had it at the position before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<UserId>,
    /// The position at which it was had; absent: at any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<PositionId>,
    /// Who gets it.
    pub to: UserId,
    /// At which position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_position: Option<PositionId>,
    /// What of it.
    pub parts: Vec<HandOverPart>,
    /// Until when who had the customers may still read them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub keep_reader_until: Option<Timestamp>,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How far it has come.
    pub state: HandOverState,
    /// What has gone so far.
    pub moved: HandOverCounts,
    /// What stayed; at most 100.
    #[serde(default)]
    pub stays: Vec<HandOverStay>,
    /// How much stayed of what it has come to.
    pub stay_count: i32,
    /// The code of what stopped it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// When it began.
    pub started_at: Timestamp,
    /// Who began it.
    pub started_by: String,
    /// When it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// The version.
    #[serde(default)]
    pub version: i64,
}

page! {
    /// A page of hand-overs, the last one first.
    HandOverPage of HandOver
}

impl HandOverCounts {
    fn of_customers(customers: &[Customer]) -> Self {
        let count = |customers: usize| i32::try_from(customers).unwrap_or(i32::MAX);
        let planned = customers.iter().filter(|customer| customer.next_follow_up_at.is_some()).count();
        HandOverCounts { customers: count(customers.len()), planned_follow_ups: count(planned), ..Self::default() }
    }

    fn of_shares(customers: &[SharedWith]) -> Self {
        let shares = customers.iter().map(|shared| shared.his.len()).sum::<usize>();
        HandOverCounts { shares: i32::try_from(shares).unwrap_or(i32::MAX), ..Self::default() }
    }

    fn add(&mut self, more: HandOverCounts) {
        self.customers += more.customers;
        self.planned_follow_ups += more.planned_follow_ups;
        self.contracts += more.contracts;
        self.open_instalments += more.open_instalments;
        self.shares += more.shares;
        self.pools += more.pools;
    }
}

/// As it is stored: with where it stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Kept {
    #[serde(flatten)]
    told: HandOver,
    /// The scopes of customers and contracts that are handed over, as they were when it began: whoever began it disposed of them.
    #[serde(default)]
    scopes: Vec<String>,
    /// Whether who began it may see payments.
    #[serde(default)]
    payments: bool,
    /// Of its parts, how many are done.
    #[serde(default)]
    done: usize,
    /// The pass over the part that it is at.
    #[serde(default)]
    pass: Pass,
}

/// A way through all of a part. When something went another one follows, so that what comes in meanwhile goes too; not without end, or
/// two that hand over to each other would never be done.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
struct Pass {
    /// Behind which key it goes on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
    /// Whether something went.
    #[serde(default)]
    moved: bool,
    /// How many passes were before it.
    #[serde(default)]
    before: i32,
    /// What stayed.
    #[serde(default)]
    stays: Vec<HandOverStay>,
    #[serde(default)]
    stay_count: i32,
}

impl Record for Kept {
    const KIND: &'static Kind = &HAND_OVER;

    fn key(&self) -> String {
        self.told.id.to_string()
    }
    fn version(&self) -> i64 {
        self.told.version
    }
    fn columns(&self) -> Vec<Value> {
        vec![self.told.started_by.as_str().into(), self.told.started_at.millis().into()]
    }
    fn refresh(&mut self, row: &Columns<'_>) {
        self.told.version = row.version();
    }
}
