//! The recycle bin 回收站 (C8).

use super::{CUSTOMER, Customer, CustomerRefusal, CustomerStatus};
use crate::access::Reach;
use crate::agenda::{self, Duty, Turn};
use crate::crm::Session;
use crate::error::Error;
use crate::history;
use crate::id::CustomerId;
use crate::operations::op;
use crate::record::{Columns, Record};
use crate::sorted::Gather as _;
use crate::store::{Value, Write};
use crate::text::Checker;
use crate::work::{Stop, Work};
use std::collections::BTreeMap;

impl Session<'_> {
    /// Puts a customer into the recycle bin, where it stays for the days of the settings. It
    /// leaves every list at once, its name and number are free.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.delete`, or for a sharee;
    /// [`Error::NotFound`]; `in_recycle_bin`, `customer_pending`, `has_contracts`, `has_receipts`.
    pub fn delete_customer(&self, customer: CustomerId) -> Result<Customer, Error> {
        self.command(
            &op::delete_customer,
            &customer,
            |work| {
                let before = work.customer_with_shares(customer, Reach::Own)?.0;
                before.check_open()?;
                let customer = before.id;
                work.check_no_contracts(customer)?;
                work.check_no_receipts(customer)?;
                work.release_keys(&before)?;
                let days = work.context.settings().recycle_bin_days;
                let after = work.move_bin(&before, before.clone(), CustomerStatus::Deleted, "delete_customer")?;
                work.write(agenda::at(work.now.plus_days(days.into()), &PURGE, customer));
                work.announce("customer_deleted", "customer", customer, serde_json::json!({}))?;
                Ok(after)
            },
            |work, ids| work.customer_made(ids),
        )
    }

    /// Takes a customer out of the recycle bin, under another name where its own was taken
    /// meanwhile; its number must still be free.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.delete`, or for a sharee;
    /// [`Error::NotFound`]; [`Error::Invalid`]; `not_in_recycle_bin`, `past_restoring`, `same_name`,
    /// `number_taken`, `holding_limit`, and what the settings refuse: `same_credit_code`, `same_phone`, `certain_duplicate`.
    pub fn restore_customer(&self, customer: CustomerId, name: Option<String>) -> Result<Customer, Error> {
        self.command(
            &op::restore_customer,
            &(customer, &name),
            |work| {
                let before = work.customer_with_shares(customer, Reach::Own)?.0;
                let customer = before.id;
                if before.status != CustomerStatus::Deleted {
                    return Err(CustomerRefusal::NotInRecycleBin.into());
                }
                let mut renamed = before.clone();
                if let Some(name) = &name {
                    let mut check = Checker::new();
                    renamed.name = check.line("name", name, 200);
                    check.done()?;
                }
                let purge = PURGE.key(customer);
                if let Some(row) = work.get_one(&agenda::AGENDA, purge)? {
                    let due = Columns::of(&agenda::AGENDA, &row).integer("due");
                    if due <= work.now.millis() {
                        // What lies under it may be gone already.
                        return Err(CustomerRefusal::PastRestoring.into());
                    }
                    work.write(Write::Delete { kind: &agenda::AGENDA, id: row.id, version: row.version });
                }
                work.hold(&renamed.owner, &[renamed.id])?;
                work.claim_keys(&renamed, None)?;
                // What is only warned of was there before.
                work.check_likeness(&renamed, None, Some(&"restore_customer".to_owned()))?;
                let after = work.move_bin(&before, renamed, CustomerStatus::Active, "restore_customer")?;
                work.announce("customer_restored", "customer", customer, serde_json::json!({}))?;
                Ok(after)
            },
            |work, ids| work.customer_made(ids),
        )
    }
}

impl Work<'_> {
    fn move_bin(
        &mut self,
        before: &Customer,
        mut after: Customer,
        status: CustomerStatus,
        operation: &str,
    ) -> Result<Customer, Stop> {
        after.status = status;
        // A lock counts among its owner's, who may lock another one meanwhile.
        after.lock = None;
        after.deleted_at = (status == CustomerStatus::Deleted).then_some(self.now);
        after.changed_at = self.now;
        after.changed_by = self.actor().name();
        self.save_as_read(before, &after)?;
        self.follow_scope(&[&after])?;
        let changes = history::changes(before, &after, &["name", "status", "lock"]);
        self.remember("customer", after.id, operation, changes)?;
        self.made(after.id);
        after.version += 1;
        Ok(after)
    }

    /// What stands in the scope of its customer moves with it.
    pub(crate) fn follow_scope(&mut self, customers: &[&Customer]) -> Result<(), Stop> {
        crate::UNDER_CUSTOMER.iter().filter_map(|under| under.follow).try_for_each(|follow| follow(self, customers))
    }

    /// Removes a customer and all that lies under it, for good: some hundred rows of it at a time,
    /// the customer itself last. Says whether it is gone. Its history stays, of which nobody but
    /// administrators of the database can see anything any more.
    fn purge_customer(&mut self, customer: &Customer) -> Result<bool, Stop> {
        for under in crate::UNDER_CUSTOMER {
            if !(under.purge)(self, customer.id)? {
                self.rely_on_customer(customer);
                return Ok(false);
            }
        }
        let id = customer.id.to_string();
        self.write(Write::Delete { kind: &CUSTOMER, id: id.clone(), version: customer.version });
        self.announce("customer_purged", "customer", id, serde_json::json!({}))?;
        Ok(true)
    }
}

/// Moves what stands in the scopes of customers to where those are now.
type Follow = fn(&mut Work<'_>, &[&Customer]) -> Result<(), Stop>;

/// Where customers are now, by id.
pub(crate) fn scopes_by_id(customers: &[&Customer]) -> BTreeMap<String, Value> {
    customers.iter().map(|customer| (customer.id.to_string(), customer.scope())).into_map()
}

/// What a room keeps under a customer; [`UNDER_CUSTOMER`](crate::UNDER_CUSTOMER) lists those of all rooms,
/// what may be much first.
pub(crate) struct Under {
    /// Removes it for good, some hundred rows at a time; says whether all of it is gone with this commit.
    pub(crate) purge: fn(&mut Work<'_>, CustomerId) -> Result<bool, Stop>,
    /// Where it stands in the scope of its customer: moves it there, of many customers at once.
    pub(crate) follow: Option<Follow>,
}

/// A customer in the recycle bin goes for good.
pub(crate) static PURGE: Duty = Duty {
    kind: "purge",
    run: |work, customer| {
        let known = work.get_one(&CUSTOMER, customer.to_owned())?;
        if let Some(customer) = known.map(|row| Customer::from_row(&row)).transpose()?
            && customer.status == CustomerStatus::Deleted
            && !work.purge_customer(&customer)?
        {
            return Ok(Turn::Begun);
        }
        Ok(Turn::Done)
    },
    together: None,
};
