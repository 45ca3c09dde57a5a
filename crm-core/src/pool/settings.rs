//! Settings of pools.

use super::RecyclingSettings;
use crate::error::Violation;
use crate::text::Checker;
use serde::{Deserialize, Serialize};

/// Settings of the customer pool 客户池, for all pools of the organisation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct PoolSettings {
    /// How many levels of superiors of the former owner's position see a customer in a pool without members, vacant positions counted, and
    /// with each of them everyone below; 0 to 100. With 0 those at and below the position itself see it.
    pub levels_up: i32,
    /// How many customers a person may claim a day, 0 to 10,000; 0: as many as he likes.
    pub claims_per_day: i32,
    /// How many customers a person may have, 0 to 10,000; 0: as many as he likes. It binds whatever gives him one: claiming,
    /// assigning, creating, transfers, restoring, merges taken back.
    pub most_held: i32,
    /// Whether customers count that are dealt: have a contract in force or completed.
    pub count_dealt: bool,
    /// Whether customers count that are locked.
    pub count_locked: bool,
    /// How long somebody may not have a customer again that he lost to a pool: times 24 hours, 0 to 3650; 0: he may at once. It binds
    /// claims and what superiors assign, not what administrators do.
    pub cool_down_days: i32,
    /// How many of a person's customers may be locked, 0 to 10,000; 0: as many as he likes.
    pub most_locked: i32,
    /// When customers go to a pool by themselves.
    pub recycling: RecyclingSettings,
}

impl Default for PoolSettings {
    fn default() -> Self {
        PoolSettings {
            levels_up: 1,
            claims_per_day: 20,
            most_held: 500,
            count_dealt: true,
            count_locked: true,
            cool_down_days: 7,
            most_locked: 20,
            recycling: RecyclingSettings::default(),
        }
    }
}

impl PoolSettings {
    /// Finds what is out of bounds.
    pub(crate) fn check(&self, check: &mut Checker) {
        let bounds = [
            ("levels_up", self.levels_up, 100),
            ("claims_per_day", self.claims_per_day, 10_000),
            ("most_held", self.most_held, 10_000),
            ("cool_down_days", self.cool_down_days, 3_650),
            ("most_locked", self.most_locked, 10_000),
        ];
        for (field, value, most) in bounds {
            check.ensure((0..=most).contains(&value), || Violation::out_of_range(field));
        }
    }
}
