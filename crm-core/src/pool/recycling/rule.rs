//! When a rule takes a customer from its owner (P3, P4): pure, told everything it needs.

use super::{DealtRule, RecycleReason, RecycleWarning, RecyclingSettings};
use crate::contract::Deal;
use crate::customer::Customer;
use crate::date::Date;
use crate::dictionary::EntryCode;
use crate::id::PoolId;
use crate::organisation::Days;
use crate::time::Timestamp;

/// What the rules look at.
#[derive(Debug, Clone)]
pub(super) struct Facts<'f> {
    pub(super) level: Option<&'f EntryCode>,
    pub(super) received_at: Timestamp,
    pub(super) idle_since: Timestamp,
    pub(super) warning: Option<RecycleWarning>,
    /// Whether it has a contract in force or completed, and when the last of those ends, if all do.
    pub(super) dealt: Option<Option<Date>>,
}

impl<'f> Facts<'f> {
    pub(super) fn of(customer: &'f Customer, deals: &[Deal], today: Date) -> Self {
        Facts {
            level: customer.level.as_ref(),
            received_at: customer.received_at,
            idle_since: customer.idle_since,
            warning: customer.recycle_warning,
            dealt: Deal::last(deals, today),
        }
    }
}

/// What is to be done with a customer now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// No rule takes it, whatever time passes; no warning stands.
    Never,
    /// None takes it as long as it is dealt as it is; no warning stands.
    WhileDealt,
    /// Nothing is due before then, and no warning stands.
    Watch(Timestamp),
    /// The warning stands; it is looked at again then.
    Wait(Timestamp),
    /// The owner is warned, first or again.
    Warn(RecycleWarning),
    /// It goes.
    Recycle(RecycleReason, Option<PoolId>),
}

/// When a rule takes a customer, and which.
struct Due<'r> {
    day: Date,
    reason: RecycleReason,
    pool: Option<&'r PoolId>,
}

impl RecyclingSettings {
    /// The day on which the rules take a customer, warnings aside; of several limits that are passed the first one.
    fn due(&self, facts: &Facts<'_>, days: &Days) -> Result<Due<'_>, Step> {
        let rule = self.rule_of(facts.level).ok_or(Step::Never)?;
        let (idle, received) = (days.of(facts.idle_since), days.of(facts.received_at));
        let past = |from: Date, limit: Option<i32>| limit.map(|limit| days.after(from, i64::from(limit) + 1));
        let undealt = rule.undealt_days.filter(|_| facts.dealt.is_none());
        let limits = [
            (past(idle, rule.idle_days), RecycleReason::Idle),
            (past(received, undealt), RecycleReason::Undealt),
            (past(received, rule.holding_days), RecycleReason::Held),
        ];
        let first = limits.into_iter().filter_map(|(day, reason)| Some((day?, reason))).min_by_key(|(day, _)| *day);
        let Some((mut day, reason)) = first else {
            // It may be without a deal again one day.
            return Err(if undealt == rule.undealt_days { Step::Never } else { Step::WhileDealt });
        };
        if self.protection_days > 0 {
            day = day.max(days.after(received, i64::from(self.protection_days) + 1));
        }
        match (self.dealt, facts.dealt) {
            (DealtRule::Kept, Some(_)) => return Err(Step::WhileDealt),
            (DealtRule::KeptUntil, Some(ends)) => {
                let ends = ends.ok_or(Step::WhileDealt)?;
                day = day.max(days.after(ends, i64::from(self.dealt_days) + 1));
            }
            _ => {}
        }
        Ok(Due { day: days.from(day), reason, pool: rule.pool.as_ref() })
    }

    /// Whether the warning stands: the customer does not go later than was told.
    pub(super) fn stands(&self, facts: &Facts<'_>, days: &Days) -> bool {
        let Some(warning) = facts.warning else { return false };
        self.due(facts, days).is_ok_and(|due| due.day <= days.of(warning.goes_at))
    }

    /// What is to be done with a customer that is its owner's and not locked.
    pub(super) fn step(&self, facts: &Facts<'_>, days: &Days, now: Timestamp) -> Step {
        let Due { day: due, reason, pool } = match self.due(facts, days) {
            Ok(due) => due,
            Err(step) => return step,
        };
        let leads = self.leads();
        let today = days.of(now);
        let go = |step: fn(Timestamp) -> Step| match days.counts(today) {
            true => Step::Recycle(reason, pool.copied()),
            false => step(days.start(days.from(today))),
        };
        let (Some(most), Some(least)) = (leads.first(), leads.last()) else {
            // Nobody is warned; what was told before all were switched off holds still.
            return match facts.warning {
                Some(warning) if due <= days.of(warning.goes_at) && now < warning.goes_at => {
                    Step::Wait(warning.goes_at)
                }
                _ if today < due => Step::Watch(days.start(due)),
                _ => go(Step::Watch),
            };
        };
        // A warning stands as long as the customer does not go later than was told.
        // One of the future is of a clock that ran ahead.
        let told = |warning: &RecycleWarning| warning.warned_at <= now.plus_days(1);
        let stands = self.stands(facts, days);
        let Some(warning) = facts.warning.filter(|warning| stands && told(warning)) else {
            let from = days.before(due, *most);
            if today < from {
                return Step::Watch(days.start(from));
            }
            let soonest = days.later(now, *least);
            let goes_at = days.start(due).max(soonest);
            let goes_on = days.of(goes_at);
            let nearest = leads.iter().rev().find(|lead| days.before(goes_on, **lead) <= today);
            return Step::Warn(RecycleWarning {
                warned_at: now,
                goes_at,
                days: in_days(nearest.unwrap_or(most)),
                reason,
            });
        };
        let goes_at = warning.goes_at.max(days.later(warning.warned_at, *least));
        if now >= goes_at {
            return go(Step::Wait);
        }
        let goes_on = days.of(goes_at);
        let not_told = |lead: &&i64| **lead < i64::from(warning.days);
        match leads.iter().rev().filter(not_told).find(|lead| days.before(goes_on, **lead) <= today) {
            Some(lead) => Step::Warn(RecycleWarning { days: in_days(lead), goes_at, reason, ..warning }),
            None => {
                let next = leads.iter().find(not_told).map(|lead| days.start(days.before(goes_on, *lead)));
                Step::Wait(next.map_or(goes_at, |next| next.min(goes_at)))
            }
        }
    }

    /// When a customer goes, if nothing happens to it, it is looked at for the first time at `at`, and then whenever something is due;
    /// none that goes after `until`.
    pub(super) fn goes(
        &self,
        facts: &mut Facts<'_>,
        days: &Days,
        mut at: Timestamp,
        until: Timestamp,
    ) -> Option<(Timestamp, RecycleReason, Option<PoolId>)> {
        while at <= until {
            let next = match self.step(facts, days, at) {
                Step::Never | Step::WhileDealt => {
                    facts.warning = None;
                    return None;
                }
                Step::Recycle(reason, pool) => return Some((at, reason, pool)),
                Step::Warn(warning) => {
                    facts.warning = Some(warning);
                    continue;
                }
                Step::Watch(next) => {
                    facts.warning = None;
                    next
                }
                Step::Wait(next) => next,
            };
            // It is never so: what is due is done. A rule that asked for the same again would hold up everybody.
            at = next.max(at.plus_millis(1));
        }
        None
    }
}

fn in_days(lead: &i64) -> i32 {
    i32::try_from(*lead).unwrap_or(i32::MAX)
}
