//! The recycle bin 回收站 (C8).

use super::{CUSTOMER, Customer, CustomerRefusal, CustomerStatus};
use crate::access::Reach;
use crate::agenda;
use crate::contact::CONTACT;
use crate::crm::Session;
use crate::error::Error;
use crate::follow_up::{FOLLOW_UP, REPLY};
use crate::history;
use crate::id::CustomerId;
use crate::operations::op;
use crate::organisation::UNIQUE_KEY;
use crate::record::{Columns, Record};
use crate::relation::{RELATION, Relation, relations_of};
use crate::sharing::{SHARE, shares_of};
use crate::store::{Change, Direction, Read, Search, Write};
use crate::text::Checker;
use crate::work::{Stop, Work, rows};

impl Session<'_> {
    /// Puts a customer into the recycle bin, where it stays for the days of the settings. It
    /// leaves every list at once, its name and number are free.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.delete`, or for a sharee;
    /// [`Error::NotFound`]; `in_recycle_bin`.
    pub fn delete_customer(&self, customer: CustomerId) -> Result<Customer, Error> {
        self.command(
            &op::delete_customer,
            &customer,
            |work| {
                let before = work.customer_with_shares(customer, Reach::Own)?.0;
                before.check_active()?;
                work.release_keys(&before)?;
                let days = work.context.settings().recycle_bin_days;
                let after = work.move_bin(&before, before.clone(), CustomerStatus::Deleted, "delete_customer")?;
                work.write(agenda::at(work.now.plus_days(days.into()), agenda::PURGE, &customer.to_string()));
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
    /// `number_taken`.
    pub fn restore_customer(&self, customer: CustomerId, name: Option<String>) -> Result<Customer, Error> {
        self.command(
            &op::restore_customer,
            &(customer, &name),
            |work| {
                let before = work.customer_with_shares(customer, Reach::Own)?.0;
                if before.status != CustomerStatus::Deleted {
                    return Err(CustomerRefusal::NotInRecycleBin.into());
                }
                let mut renamed = before.clone();
                if let Some(name) = &name {
                    let mut check = Checker::new();
                    renamed.name = check.line("name", name, 200);
                    check.done()?;
                }
                let purge = format!("{}:{customer}", agenda::PURGE);
                if let Some(row) = work.get_one(&agenda::AGENDA, purge)? {
                    let due = Columns::of(&agenda::AGENDA, &row).integer("due");
                    if due <= work.now.millis() {
                        // What lies under it may be gone already.
                        return Err(CustomerRefusal::PastRestoring.into());
                    }
                    work.write(Write::Delete { kind: &agenda::AGENDA, id: row.id, version: row.version });
                }
                work.claim_keys(&renamed, None)?;
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
        after.deleted_at = (status == CustomerStatus::Deleted).then_some(self.now);
        after.changed_at = self.now;
        after.changed_by = self.actor().name();
        self.save(before, &after)?;
        self.follow_scope(&after)?;
        let changes = history::changes(before, &after, &["name", "status"]);
        self.remember("customer", after.id, operation, changes)?;
        self.made(after.id);
        after.version += 1;
        Ok(after)
    }

    /// Contacts stand in the scope of their customer.
    pub(crate) fn follow_scope(&mut self, customer: &Customer) -> Result<(), Stop> {
        for contact in self.find_all(crate::contact::contacts_of(customer.id))? {
            self.touch(&CONTACT, contact.id, None, vec![("scope", Change::Set(customer.scope()))]);
        }
        Ok(())
    }

    /// Removes a customer and all that lies under it, for good: some hundred follow-ups at a time,
    /// the customer itself last. Says whether it is gone. Its history stays, of which nobody but
    /// administrators of the database can see anything any more.
    pub(crate) fn purge_customer(&mut self, customer: &Customer) -> Result<bool, Stop> {
        const BATCH: i64 = 200;
        let id = customer.id.to_string();
        let of_customer = |kind| Search::of(kind).within("customer", vec![id.as_str().into()]);
        let follow_ups = of_customer(&FOLLOW_UP).ordered("at", Direction::Ascending).limited(BATCH);
        let follow_ups = rows(self.read(vec![Read::Find(follow_ups)])?.into_iter().next());
        let begun = follow_ups.len() as i64 >= BATCH;
        let written = follow_ups.iter().map(|row| row.id.as_str().into()).collect();
        let mut doomed = Vec::new();
        for reply in self.find_all(Search::of(&REPLY).within("follow_up", written))? {
            doomed.push((&REPLY, reply));
        }
        doomed.extend(follow_ups.into_iter().map(|row| (&FOLLOW_UP, row)));
        if !begun {
            for row in self.find_all(of_customer(&CONTACT))? {
                doomed.push((&CONTACT, row));
            }
            for row in self.find_all(shares_of(customer.id))? {
                doomed.push((&SHARE, row));
            }
            for search in relations_of(customer.id) {
                for row in self.find_all(search)? {
                    let key = Relation::from_row(&row)?.unique_key_id();
                    if let Some(key) = self.get_one(&UNIQUE_KEY, key)? {
                        doomed.push((&UNIQUE_KEY, key));
                    }
                    doomed.push((&RELATION, row));
                }
            }
        }
        for (kind, row) in doomed {
            self.write(Write::Delete { kind, id: row.id, version: row.version });
        }
        if begun {
            self.rely_on_customer(customer);
            return Ok(false);
        }
        self.write(Write::Delete { kind: &CUSTOMER, id: id.clone(), version: customer.version });
        self.announce("customer_purged", "customer", id, serde_json::json!({}))?;
        Ok(true)
    }
}
