//! Settings of the rules (P3, P4, P8).

use crate::dictionary::{self, EntryCode};
use crate::error::Violation;
use crate::id::PoolId;
use crate::organisation::Context;
use crate::text::Checker;
use serde::{Deserialize, Serialize};

/// When owners lose customers of a level to a pool: on the first day on which one of its limits is passed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct RecycleRule {
    /// The level; absent: customers of no level, and of those that no rule names.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub level: Option<EntryCode>,
    /// Whether it is on. One that was off and is on again counts from where it always counted.
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub enabled: bool,
    /// 未跟进: a customer goes when more days than this have passed since the last follow-up that counts, or since receipt; 1 to 3650.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub idle_days: Option<i32>,
    /// 未成交: when more have passed since receipt, and it is not dealt; 1 to 3650.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub undealt_days: Option<i32>,
    /// 最长保护期: when more have passed since receipt, whatever happened; 1 to 3650.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub holding_days: Option<i32>,
    /// The pool into which they go; absent: the standard one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub pool: Option<PoolId>,
}

/// What the rules do with a customer that is dealt 成交: has a contract in force or completed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum DealtRule {
    /// It stays with its owner.
    #[default]
    Kept,
    /// It stays until `dealt_days` after the end of its last contract; one without an end does not end.
    KeptUntil,
    /// It goes like any other.
    NotKept,
}

/// Settings of the rules that move customers to the pool by themselves 自动回收.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct RecyclingSettings {
    /// The rules, one for a level, at most 100. None: nothing goes by itself.
    pub rules: Vec<RecycleRule>,
    /// Levels whose customers no rule takes, at most 100.
    pub excluded_levels: Vec<EntryCode>,
    /// No rule takes a customer in so many days after receipt 默认保护期, 0 to 3650.
    pub protection_days: i32,
    /// What becomes of those that are dealt.
    pub dealt: DealtRule,
    /// For `kept_until`: days after the end of the last contract, 0 to 3650.
    pub dealt_days: i32,
    /// So many days before a customer goes its owner is warned, each 1 to 90, at most 5 of them. Nobody loses one in less than the
    /// smallest of them after his first warning, whatever changes. None: nobody is warned.
    pub warn_days: Vec<i32>,
    /// Whether working days 工作日 count, by the calendar of the host: limits and warnings are counted in them, and customers go on
    /// them only.
    pub working_days: bool,
}

impl Default for RecyclingSettings {
    fn default() -> Self {
        RecyclingSettings {
            rules: Vec::new(),
            excluded_levels: Vec::new(),
            protection_days: 0,
            dealt: DealtRule::default(),
            dealt_days: 0,
            warn_days: vec![3, 1],
            working_days: false,
        }
    }
}

const LONGEST: i32 = 3_650;
const MOST: usize = 100;

impl RecyclingSettings {
    /// Finds what is out of bounds, or names what is not there.
    pub(crate) fn check(&self, check: &mut Checker, context: &Context) {
        let knows_level = |level: &EntryCode| context.entry(dictionary::LEVEL, level.as_str()).is_some();
        let takes_in = |pool: PoolId| context.pools.get(&pool).is_some_and(|pool| !pool.retired);
        let day_counts = [("protection_days", self.protection_days), ("dealt_days", self.dealt_days)];
        for (field, days) in day_counts {
            check.ensure((0..=LONGEST).contains(&days), || Violation::out_of_range(field));
        }
        let lists = [("rules", self.rules.len()), ("excluded_levels", self.excluded_levels.len())];
        for (field, length) in lists {
            check.ensure(length <= MOST, || Violation::too_many(field, MOST as i64));
        }
        check.ensure(self.warn_days.len() <= 5, || Violation::too_many("warn_days", 5));
        for (place, days) in self.warn_days.iter().enumerate().take(5) {
            check.ensure((1..=90).contains(days), || Violation::out_of_range(format!("warn_days[{place}]")));
        }
        for (place, level) in self.excluded_levels.iter().enumerate().take(MOST) {
            check.ensure(knows_level(level), || Violation::unknown(format!("excluded_levels[{place}]")));
        }
        for (place, rule) in self.rules.iter().enumerate().take(MOST) {
            check.under(&format!("rules[{place}]"), |check| {
                check.ensure(rule.level.as_ref().is_none_or(knows_level), || Violation::unknown("level"));
                let earlier = self.rules.iter().take(place).any(|other| other.level == rule.level);
                check.ensure(!earlier, || Violation::repeated("level"));
                let limits = rule.limits();
                for (field, days) in limits {
                    let possible = days.is_none_or(|days| (1..=LONGEST).contains(&days));
                    check.ensure(possible, || Violation::out_of_range(field));
                }
                let none = limits.iter().all(|(_, days)| days.is_none());
                check.ensure(!(rule.enabled && none), || Violation::required("idle_days"));
                check.ensure(rule.pool.is_none_or(takes_in), || Violation::unknown("pool"));
                let somewhere = rule.pool.is_some() || context.standard_pool().is_some();
                check.ensure(!rule.enabled || somewhere, || Violation::required("pool"));
            });
        }
    }

    /// Whether a rule is on.
    pub(crate) fn any(&self) -> bool {
        self.rules.iter().any(|rule| rule.enabled)
    }

    /// Whether customers go to a pool by a rule that names it.
    pub(crate) fn names(&self, pool: PoolId) -> bool {
        self.rules.iter().any(|rule| rule.pool == Some(pool))
    }

    /// An entry of the levels became another: what was said of it is said of it no more.
    pub(crate) fn forget_level(&mut self, level: &EntryCode) {
        self.rules.retain(|rule| rule.level.as_ref() != Some(level));
        self.excluded_levels.retain(|own| own != level);
    }

    /// Days before a customer goes, the farthest first, each once.
    pub(super) fn leads(&self) -> Vec<i64> {
        let leads: std::collections::BTreeSet<i64> = self.warn_days.iter().map(|lead| i64::from(*lead)).collect();
        leads.into_iter().rev().collect()
    }

    /// The rule of a level, if one is on.
    pub(super) fn rule_of(&self, level: Option<&EntryCode>) -> Option<&RecycleRule> {
        if level.is_some_and(|level| self.excluded_levels.contains(level)) {
            return None;
        }
        let own = self.rules.iter().find(|rule| rule.level.is_some() && rule.level.as_ref() == level);
        own.or_else(|| self.rules.iter().find(|rule| rule.level.is_none())).filter(|rule| rule.enabled)
    }
}

impl RecycleRule {
    fn limits(&self) -> [(&'static str, Option<i32>); 3] {
        [("idle_days", self.idle_days), ("undealt_days", self.undealt_days), ("holding_days", self.holding_days)]
    }
}
