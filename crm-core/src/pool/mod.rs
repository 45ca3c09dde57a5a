//! The customer pool 客户池 (公海): customers without an owner, for those to claim who see them there.

mod claim;
mod commands;
mod holding;
mod lock;
mod recycling;
mod release;
mod settings;
mod sight;

pub use claim::Assignment;
pub(crate) use commands::MOST_POOLS;
pub use commands::PoolInput;
pub use holding::ClaimAllowance;
pub use lock::CustomerLock;
pub use recycling::{
    DealtRule, RecycleReason, RecycleRule, RecycleWarning, RecyclingItem, RecyclingPreview, RecyclingSettings,
    RecyclingSimulation, RecyclingSimulationQuery, SimulatedCustomer, SimulatedOwner,
};
pub(crate) use recycling::{RECYCLE, SWEEP, class_of, warning_column};
pub use release::Release;
pub(crate) use release::{created_there, open_pool};
pub use settings::PoolSettings;

use crate::actor::UserId;
use crate::dictionary::EntryCode;
use crate::error::refusals;
pub use crate::id::PoolId;
use crate::organisation::Context;
use crate::position::PositionId;
use crate::record::plain_record;
use crate::store::Kind;
use crate::time::Timestamp;
use serde::{Deserialize, Serialize};

/// The migration that brought the pool.
pub(crate) const SINCE: i32 = 12;

/// The migration that brought the rules.
pub(crate) const RULES: i32 = 13;

/// Pools by id.
pub(crate) static POOL: Kind = Kind { since: SINCE, ..Kind::plain("pool") };

/// What a person took of late. Whoever gives him a customer near the limit writes this row, so that two do not pass it together.
pub(crate) static HOLDER: Kind = Kind { since: SINCE, ..Kind::plain("customer_holder") };

impl Context {
    /// The pools in which a person has a place, as administrator or member.
    pub(crate) fn pools_of(&self, person: &UserId) -> impl Iterator<Item = &Pool> {
        self.pools.values().filter(|pool| pool.administrators.contains(person) || pool.people.contains(person))
    }
}

/// A pool.
///
/// Who sees what in it: its administrators everything; where it has members, they, everything. In a pool without members a customer is
/// seen by the superiors of the position at which it was owned, as many levels up as the settings say, and by everyone below those. This
/// goes by the tree as it is when somebody looks; a position that was removed counts as the one above it.
/// What was owned at no position everybody sees who has the right `pool.view`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Pool {
    /// The id.
    pub id: PoolId,
    /// The name.
    pub name: String,
    /// Whether customers go there where no pool is named. One pool is that.
    pub standard: bool,
    /// Who sees everything in it and assigns it.
    #[serde(default)]
    pub administrators: Vec<UserId>,
    /// Members 成员: people.
    #[serde(default)]
    pub people: Vec<UserId>,
    /// Members: the holders of these positions and of all below them.
    #[serde(default)]
    pub positions: Vec<PositionId>,
    /// What is hidden of a customer and its contacts until it is claimed; not from administrators.
    #[serde(default)]
    pub hidden: Vec<PoolField>,
    /// Whether follow-ups of before are shown.
    #[serde(default)]
    pub show_follow_ups: bool,
    /// Whether nothing goes there any more.
    #[serde(default)]
    pub retired: bool,
    /// The version, to be given back with a change.
    #[serde(default)]
    pub version: i64,
}

plain_record!(Pool, &POOL, |pool| pool.id.to_string());

/// What a pool may hide of a customer and its contacts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum PoolField {
    /// 电话
    Phones,
    /// 邮箱
    Email,
    /// 微信
    Wechat,
    /// QQ
    Qq,
    /// 地址
    Address,
}

impl PoolField {
    /// Every one.
    pub const ALL: [PoolField; 5] =
        [PoolField::Phones, PoolField::Email, PoolField::Wechat, PoolField::Qq, PoolField::Address];
}

/// How a customer came into a pool.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum PoolEntry {
    /// It was created there.
    Created,
    /// Somebody released it.
    Released,
    /// A rule took it from its owner.
    Recycled,
}

/// A customer's stay in a pool: the one it is in, or was in last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct PoolStay {
    /// The pool.
    pub pool: PoolId,
    /// How it came there.
    pub entry: PoolEntry,
    /// When.
    pub at: Timestamp,
    /// Who brought it there.
    pub by: String,
    /// Who owned it before; where it was created there: who created it, or whom he named.
    pub former_owner: UserId,
    /// At which position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub former_position: Option<PositionId>,
    /// Why, a code of the dictionary `release_reason`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<EntryCode>,
    /// Which limit of the rules it had passed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rule: Option<RecycleReason>,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// When it left the pool; absent: it is there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub left_at: Option<Timestamp>,
}

/// Who lost a customer to a pool, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct FormerOwner {
    /// The person.
    pub person: UserId,
    /// Until when it was his.
    pub until: Timestamp,
}

/// Former owners that a customer remembers, the latest ones.
const MOST_FORMER_OWNERS: usize = 20;

refusals! {
    /// Why something can't be done with a pool.
    pub enum PoolRefusal {
        /// Somebody else was faster.
        AlreadyClaimed = "already_claimed", "Somebody has claimed the customer already", "该客户已被领取";
        /// The customer is in no pool.
        NotInPool = "not_in_pool", "The customer is not in the {pool}", "该客户不在{pool}中";
        /// It is in that pool already.
        InThatPool = "in_that_pool", "The customer is in this {pool} already", "该客户已在此{pool}中";
        /// So many were claimed today as a person may.
        ClaimLimit { limit } = "claim_limit", "You have claimed as many customers today as you may", "今日领取数量已达上限";
        /// The person has as many customers as he may.
        HoldingLimit { person, limit } = "holding_limit", "The person has as many customers as one may have", "该人员拥有的客户数已达上限";
        /// The person locked as many customers as he may.
        LockLimit { person, limit } = "lock_limit", "The owner has locked as many customers as one may", "该销售锁定的客户数已达上限";
        /// Who lost it to a pool may not have it again so soon.
        CoolDown { until } = "cool_down", "Who had this customer may not have it again so soon", "该人员曾是此客户的所属销售，冷却期内不可再次获得";
        /// The system has no customers of its own.
        NoPerson = "claim_by_system", "Only a person claims", "只有人员可以领取";
        /// He to whom it shall be assigned does not see it in the pool.
        OutsidePool { person } = "outside_pool", "The person does not see the customer in the {pool}", "该人员不在此{pool}的可见范围内";
        /// The organisation has no pool.
        NoPool = "no_pool", "There is no {pool} yet", "尚未设置{pool}";
        /// The standard pool stays, until another one is that.
        StandardPool = "standard_pool", "The standard {pool} can't be retired: make another one the standard first", "默认{pool}不可停用，请先指定其他默认{pool}";
        /// A rule moves customers there.
        PoolInRules = "pool_in_rules", "A rule moves customers to this {pool}: change the rule first", "回收规则仍指向此{pool}，请先修改规则";
        /// There are customers in it.
        PoolNotEmpty = "pool_not_empty", "There are customers in the {pool}: move them first", "{pool}中仍有客户，请先移出";
        /// It is locked already.
        LockedAlready = "locked_already", "The customer is locked already", "该客户已锁定";
        /// It is not locked.
        NotLocked = "not_locked", "The customer is not locked", "该客户未锁定";
    }
}
