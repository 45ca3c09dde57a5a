//! Locking 锁定 a customer, so that no rule takes it from its owner (P7).

use super::PoolRefusal;
use crate::access::Reach;
use crate::crm::Session;
use crate::customer::{BatchAnswer, Customer, CustomerId};
use crate::error::Error;
use crate::history;
use crate::operations::{Operation, op};
use crate::text::Checker;
use crate::time::Timestamp;
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};

/// A lock 锁定: no rule takes the customer from its owner. It ends with a change of owner.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct CustomerLock {
    /// Since when.
    pub at: Timestamp,
    /// Who locked it.
    pub by: String,
    /// Why.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl Session<'_> {
    /// Locks customers, up to 500, item by item, so that no rule takes them from their owner. Whoever disposes of one may.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.edit`; [`Error::Invalid`]. What is wrong with one customer is said in its item:
    /// `not_found`, `locked_already`, `lock_limit`, `in_pool`, `in_recycle_bin`, `customer_pending`.
    pub fn lock_customers(&self, customers: Vec<CustomerId>, reason: Option<String>) -> Result<BatchAnswer, Error> {
        let mut check = Checker::new();
        let reason = check.optional_line("reason", &reason, 200);
        check.done()?;
        self.lock_each(&op::lock_customers, customers, &reason, |work, before| {
            if before.lock.is_some() {
                return Err(PoolRefusal::LockedAlready.into());
            }
            work.hold_locked(&before.owner)?;
            Ok(Some(CustomerLock { at: work.now, by: work.actor().name(), reason: reason.clone() }))
        })
    }

    /// Unlocks customers, up to 500, item by item.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.edit`; [`Error::Invalid`]. What is wrong with one customer is said in its item:
    /// `not_found`, `not_locked`, `in_pool`, `in_recycle_bin`, `customer_pending`.
    pub fn unlock_customers(&self, customers: Vec<CustomerId>) -> Result<BatchAnswer, Error> {
        self.lock_each(&op::unlock_customers, customers, &None, |_, before| {
            before.lock.as_ref().map(|_| None).ok_or_else(|| PoolRefusal::NotLocked.into())
        })
    }

    fn lock_each(
        &self,
        operation: &'static Operation,
        customers: Vec<CustomerId>,
        reason: &Option<String>,
        lock: impl Fn(&mut Work<'_>, &Customer) -> Result<Option<CustomerLock>, Stop>,
    ) -> Result<BatchAnswer, Error> {
        self.batch(
            operation,
            customers,
            |customer| *customer,
            |session, customer| {
                session.command(
                    operation,
                    &(customer, reason),
                    |work| {
                        let before = work.customer_with_shares(*customer, Reach::Own)?.0;
                        before.check_open()?;
                        let lock = lock(work, &before)?;
                        let mut after = Customer { lock, ..before.clone() };
                        after.changed_at = work.now;
                        after.changed_by = work.actor().name();
                        work.save_as_read(&before, &after)?;
                        let kind = if after.lock.is_some() { "customer_locked" } else { "customer_unlocked" };
                        let changes = history::changes(&before, &after, &["lock"]);
                        work.remember(CustomerId::RECORD, before.id, operation.name, changes)?;
                        work.announce(kind, CustomerId::RECORD, before.id, serde_json::json!({"owner": before.owner}))?;
                        work.made(before.id);
                        Ok(None)
                    },
                    // Who locked it may not see it any more.
                    |_, _| Ok(None),
                )
            },
        )
    }
}
