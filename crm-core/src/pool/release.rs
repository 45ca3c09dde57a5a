//! Moving customers to a pool (P2).

use super::{FormerOwner, MOST_FORMER_OWNERS, Pool, PoolEntry, PoolId, PoolRefusal, PoolStay};
use crate::access::Reach;
use crate::actor::UserId;
use crate::crm::Session;
use crate::customer::{BatchAnswer, Customer, CustomerId, CustomerStatus};
use crate::dictionary::{self, EntryCode};
use crate::error::{Error, Violation};
use crate::history;
use crate::operations::op;
use crate::organisation::Context;
use crate::position::PositionId;
use crate::sharing::Share;
use crate::text::Checker;
use crate::time::Timestamp;
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};

/// Into which pool customers go, and why.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct Release {
    /// The pool; absent: the standard one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub pool: Option<PoolId>,
    /// Why, a code of the dictionary `release_reason`; this or a note.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub reason: Option<EntryCode>,
    /// Why, in words, at most 200 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub note: Option<String>,
}

impl Session<'_> {
    /// Moves customers to a pool, up to 500, item by item. Whoever disposes of a customer may; a pool's administrators move what is in it
    /// to another pool, where it keeps its former owner and since when it is in a pool. The plan of a next follow-up, the lock and all shares end; contacts and what was written go along; contracts and
    /// their plans keep their own owners.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `pool.release`; [`Error::Invalid`] when there are none, or too many. What is wrong with one
    /// customer is said in its item: `not_found`, `invalid` (also without a reason), `no_pool`, `in_that_pool`, `in_recycle_bin`,
    /// `customer_pending`.
    pub fn release_customers(&self, customers: Vec<CustomerId>, release: Release) -> Result<BatchAnswer, Error> {
        self.batch(
            &op::release_customers,
            customers,
            |customer| *customer,
            |session, customer| {
                session.command(
                    &op::release_customers,
                    &(customer, &release),
                    |work| work.release_customer(*customer, &release).map(|()| None),
                    // Who released it may see it no more.
                    |_, _| Ok(None),
                )
            },
        )
    }
}

/// The pool that was named, or the standard one, if something may go there.
pub(crate) fn open_pool(context: &Context, named: Option<PoolId>) -> Result<&Pool, Error> {
    match named {
        Some(pool) => {
            let pool = context.pools.get(&pool).ok_or_else(|| Violation::unknown("pool"))?;
            if pool.retired { Err(Violation::not_allowed("pool").into()) } else { Ok(pool) }
        }
        None => context.standard_pool().ok_or_else(|| PoolRefusal::NoPool.into()),
    }
}

/// The stay of a customer that is created in a pool.
pub(crate) fn created_there(
    pool: PoolId,
    at: Timestamp,
    by: &str,
    owner: &UserId,
    position: Option<&PositionId>,
) -> PoolStay {
    PoolStay {
        pool,
        entry: PoolEntry::Created,
        at,
        by: by.to_owned(),
        former_owner: owner.clone(),
        former_position: position.cloned(),
        reason: None,
        rule: None,
        note: None,
        left_at: None,
    }
}

impl Work<'_> {
    fn release_customer(&mut self, id: CustomerId, release: &Release) -> Result<(), Stop> {
        let context = self.context.clone();
        let mut check = Checker::new();
        let note = check.optional_line("note", &release.note, 200);
        let reason = release.reason.as_ref();
        dictionary::check_code(&mut check, &context, dictionary::RELEASE_REASON, "reason", reason, None);
        check.ensure(reason.is_some() || note.is_some(), || Violation::required("reason"));
        check.done()?;
        let pool = open_pool(&context, release.pool)?.id;
        let (before, shares) = self.customer_with_shares(id, Reach::Own)?;
        if let Some(stay) = before.pool_stay.as_ref().filter(|_| before.status == CustomerStatus::Pooled) {
            if stay.pool == pool {
                return Err(PoolRefusal::InThatPool.into());
            }
            // It moves from pool to pool: how it came to be in one stays.
            let stay = PoolStay { pool, ..stay.clone() };
            let why = [("reason", reason.map(ToString::to_string)), ("note", note)];
            let why = why.into_iter().filter_map(|(field, why)| Some(history::change(field, None, Some(why?.into()))));
            let after = self.pool_customer(&before, &shares, stay, why.collect())?;
            return self.follow_scope(&[&after]);
        }
        before.check_open()?;
        let stay = PoolStay {
            pool,
            entry: PoolEntry::Released,
            at: self.now,
            by: self.actor().name(),
            former_owner: before.owner.clone(),
            former_position: before.owner_position.clone(),
            reason: release.reason.clone(),
            rule: None,
            note,
            left_at: None,
        };
        let after = self.pool_customer(&before, &shares, stay, Vec::new())?;
        self.follow_scope(&[&after])
    }

    /// Moves a customer to a pool; what stands in its scope is to follow.
    pub(super) fn pool_customer(
        &mut self,
        before: &Customer,
        shares: &[Share],
        stay: PoolStay,
        why: Vec<history::FieldChange>,
    ) -> Result<Customer, Stop> {
        let mut after = before.clone();
        let rule = stay.rule;
        if before.status != CustomerStatus::Pooled {
            after.former_owners.push(FormerOwner { person: before.owner.clone(), until: self.now });
            let over = after.former_owners.len().saturating_sub(MOST_FORMER_OWNERS);
            after.former_owners.drain(..over);
        }
        after.status = CustomerStatus::Pooled;
        after.pool_stay = Some(stay);
        after.lock = None;
        // It was the former owner's plan.
        after.next_follow_up_at = None;
        after.changed_at = self.now;
        after.changed_by = self.actor().name();
        // Who plans or follows up at this moment comes before it, or is told that it is in the pool.
        self.save_as_read(before, &after)?;
        for share in shares {
            self.end_share_row(share)?;
        }
        let changes = history::changes(before, &after, &["status", "pool_stay", "lock", "next_follow_up_at"]);
        // Who moves it from pool to pool is no rule.
        let rule = rule.filter(|_| before.status != CustomerStatus::Pooled);
        let operation = if rule.is_some() { op::tick.name } else { op::release_customers.name };
        self.remember(CustomerId::RECORD, before.id, operation, changes.into_iter().chain(why).collect())?;
        let pool = after.pool_stay.as_ref().map(|stay| stay.pool);
        if before.status == CustomerStatus::Pooled {
            let from = before.pool_stay.as_ref().map(|stay| stay.pool);
            let data = serde_json::json!({"from_pool": from, "pool": pool});
            self.announce("customer_moved_to_pool", CustomerId::RECORD, before.id, data)?;
        } else if let Some(reason) = rule {
            let data = serde_json::json!({"from": before.owner, "pool": pool, "reason": reason});
            let told = self.context.stands_in_for(&before.owner, before.owner_position.as_ref());
            match &told {
                Some(person) => {
                    let told = std::slice::from_ref(person);
                    self.notify("customer_recycled", CustomerId::RECORD, before.id, told, data)?;
                }
                None => self.announce("customer_recycled", CustomerId::RECORD, before.id, data)?,
            }
        } else {
            let data = serde_json::json!({"from": before.owner, "pool": pool});
            let told = std::slice::from_ref(&before.owner);
            self.notify("customer_released", CustomerId::RECORD, before.id, told, data)?;
        }
        self.made(before.id);
        Ok(after)
    }
}
