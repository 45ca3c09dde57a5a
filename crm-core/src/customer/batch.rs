//! Batches 批量 (C9): up to 500 items, each answered by itself, one audit entry for the whole.

use super::{Customer, CustomerEdit, Transfer};
use crate::access::Reach;
use crate::crm::Session;
use crate::error::{Error, Violation};
use crate::id::{ApprovalId, CustomerId};
use crate::operations::{Operation, op};
use crate::record::NEVER;
use crate::sharing::SharePanel;
use crate::store::{Change, Value};
use crate::time::Timestamp;
use crate::work::Work;
use serde::{Deserialize, Serialize};

/// The answer to a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct BatchAnswer {
    /// One answer per item, in the order of the items.
    pub items: Vec<BatchItem>,
    /// How many were done.
    pub done: i32,
    /// How many were not.
    pub failed: i32,
}

/// What became of one item of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct BatchItem {
    /// The customer.
    pub customer: CustomerId,
    /// The request that was made of the host, which decides first; absent: nobody was asked. A repeat under the same
    /// idempotency key names the same request, decided by now or not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<ApprovalId>,
    /// The code of the error; absent when it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The error in English and Chinese, in this order; empty when it was done.
    #[serde(default)]
    pub texts: Vec<String>,
}

/// One customer's edit in a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct CustomerEditItem {
    /// The customer.
    pub customer: CustomerId,
    /// The changes.
    pub edit: CustomerEdit,
}

/// One customer's next follow-up in a batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct NextFollowUp {
    /// The customer.
    pub customer: CustomerId,
    /// When, not in the past; absent: none is planned any more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub at: Option<Timestamp>,
}

/// The place of the audit entry among the items: behind any.
const AUDIT: usize = usize::MAX;

impl Session<'_> {
    /// Moves customers to another owner, up to 500, item by item. Where the settings say so the host is asked first: the
    /// customer stays and is frozen until it has decided.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.assign`; [`Error::Invalid`]. What is
    /// wrong with one customer is said in its item.
    pub fn transfer_customers(&self, customers: Vec<CustomerId>, transfer: Transfer) -> Result<BatchAnswer, Error> {
        self.batch(
            &op::transfer_customers,
            customers,
            |id| *id,
            |session, customer| {
                session.command(
                    &op::transfer_customers,
                    &(customer, &transfer),
                    |work| work.transfer_customer(*customer, &transfer),
                    |work, ids| work.transfer_made(ids),
                )
            },
        )
    }

    /// Edits customers, up to 500, item by item.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there are too many. What is wrong with one customer is said in
    /// its item.
    pub fn edit_customers(&self, edits: Vec<CustomerEditItem>) -> Result<BatchAnswer, Error> {
        self.batch(
            &op::edit_customers,
            edits,
            |item| item.customer,
            |session, item| session.edit_customer(item.customer, item.edit.clone()).map(|_| None),
        )
    }

    /// Plans the next follow-ups of customers, up to 500, item by item.
    ///
    /// # Errors
    /// [`Error::Invalid`] when there are too many. What is wrong with one customer is said in
    /// its item.
    pub fn plan_follow_ups(&self, plans: Vec<NextFollowUp>) -> Result<BatchAnswer, Error> {
        self.batch(
            &op::plan_follow_ups,
            plans,
            |item| item.customer,
            |session, item| {
                session.command(
                    &op::plan_follow_ups,
                    item,
                    |work| {
                        let need = (Reach::Edit, SharePanel::FollowUps);
                        let before = work.customer_with_shares(item.customer, need)?.0;
                        before.check_active()?;
                        if let Some(at) = item.at {
                            crate::follow_up::check_next(at, work.now, "at")?;
                        }
                        let next = item.at.map_or(NEVER, Timestamp::millis);
                        work.touch_customer(&before, vec![("next_follow_up_at", Change::Set(Value::Integer(next)))]);
                        let after = Customer { next_follow_up_at: item.at, ..before.clone() };
                        let changes = crate::history::changes(&before, &after, &["next_follow_up_at"]);
                        work.remember("customer", before.id, "plan_follow_ups", changes)?;
                        let data = serde_json::json!({"at": item.at});
                        work.announce("follow_up_planned", "customer", before.id, data)?;
                        work.made(before.id);
                        Ok(None)
                    },
                    |work, ids| work.customer_made(ids).map(|_| None),
                )
            },
        )
    }

    /// Carries out a batch: one command per item, then one audit entry.
    pub(crate) fn batch<I: Serialize>(
        &self,
        operation: &'static Operation,
        items: Vec<I>,
        customer: impl Fn(&I) -> CustomerId,
        mut each: impl FnMut(&Session<'_>, &I) -> Result<Option<ApprovalId>, Error>,
    ) -> Result<BatchAnswer, Error> {
        let list = operation.arguments.first().copied().unwrap_or("items");
        if items.is_empty() {
            return Err(Violation::required(list).into());
        }
        if items.len() > 500 {
            return Err(Violation::too_many(list, 500).into());
        }
        self.check_key()?;
        // Who may not do it at all is told so once.
        self.query(operation, |_| Ok(()))?;
        let mut answer = BatchAnswer { items: Vec::with_capacity(items.len()), done: 0, failed: 0 };
        // What stops one item for want of a store stops all that follow; what was done before
        // stands, and is answered.
        let mut stopped: Option<Error> = None;
        for (place, item) in items.iter().enumerate() {
            let customer = customer(item);
            let done = match &stopped {
                Some(error) => Err(error.clone()),
                // One alone is entered where it is done: most batches are of one.
                None if items.len() == 1 => each(&self.item(place).entered_as(operation), item),
                None => each(&self.item(place), item),
            };
            let (approval, error) = match done {
                Ok(approval) => (approval, None),
                Err(error) => (None, Some(error)),
            };
            if let Some(error @ (Error::Unavailable { .. } | Error::ActorUnknown { .. })) = &error {
                if answer.done == 0 {
                    return Err(error.clone());
                }
                stopped = Some(error.clone());
            }
            match error {
                None => {
                    answer.done += 1;
                    answer.items.push(BatchItem { customer, approval, error: None, texts: Vec::new() });
                }
                Some(error) => {
                    answer.failed += 1;
                    answer.items.push(BatchItem {
                        customer,
                        approval: None,
                        error: Some(error.code().to_owned()),
                        texts: vec![error.text(crate::Language::English), error.text(crate::Language::Chinese)],
                    });
                }
            }
        }
        if answer.done > 0 && stopped.is_none() && items.len() > 1 {
            self.item(AUDIT).command(
                operation,
                &"audit",
                |work| Ok(work.enter_batch(operation, answer.done, answer.failed)?),
                |_, _| Ok(()),
            )?;
        }
        Ok(answer)
    }
}

impl Work<'_> {
    /// The audit entry of a batch.
    pub(crate) fn enter_batch(&mut self, operation: &Operation, done: i32, failed: i32) -> Result<(), Error> {
        let data = serde_json::json!({"operation": operation.name, "done": done, "failed": failed});
        let id = self.draw()?;
        let change = crate::history::change("batch", None, Some(data.clone()));
        self.remember("batch", id, operation.name, vec![change])?;
        self.announce("batch_done", "batch", id, data)
    }
}
