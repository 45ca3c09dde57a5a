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
use crate::record::Record;
use crate::relation::{RELATION, Relation, relations_of};
use crate::sharing::{SHARE, shares_of};
use crate::store::{Change, Search, Write};
use crate::work::{Stop, Work};

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
                let after = work.move_bin(&before, CustomerStatus::Deleted, "delete_customer")?;
                work.write(agenda::at(
                    work.now.plus_days(days.into()),
                    agenda::PURGE,
                    &customer.to_string(),
                ));
                work.announce("customer_deleted", "customer", customer, serde_json::json!({}))?;
                Ok(after)
            },
            |work, ids| work.customer_made(ids),
        )
    }

    /// Takes a customer out of the recycle bin; its name and number must still be free.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.delete`, or for a sharee;
    /// [`Error::NotFound`]; `not_in_recycle_bin`, `same_name`, `number_taken`.
    pub fn restore_customer(&self, customer: CustomerId) -> Result<Customer, Error> {
        self.command(
            &op::restore_customer,
            &customer,
            |work| {
                let before = work.customer_with_shares(customer, Reach::Own)?.0;
                if before.status != CustomerStatus::Deleted {
                    return Err(CustomerRefusal::NotInRecycleBin.into());
                }
                work.claim_keys(&before, None)?;
                let after = work.move_bin(&before, CustomerStatus::Active, "restore_customer")?;
                let purge = format!("{}:{customer}", agenda::PURGE);
                if let Some(row) = work.get_one(&agenda::AGENDA, purge)? {
                    work.write(Write::Delete {
                        kind: &agenda::AGENDA,
                        id: row.id,
                        version: row.version,
                    });
                }
                work.announce("customer_restored", "customer", customer, serde_json::json!({}))?;
                Ok(after)
            },
            |work, ids| work.customer_made(ids),
        )
    }
}

impl Work<'_> {
    fn move_bin(&mut self, before: &Customer, status: CustomerStatus, operation: &str) -> Result<Customer, Stop> {
        let mut after = before.clone();
        after.status = status;
        after.deleted_at = (status == CustomerStatus::Deleted).then_some(self.now);
        after.changed_at = self.now;
        after.changed_by = self.actor().name();
        self.save(before, &after)?;
        self.follow_scope(&after)?;
        let changes = history::changes(before, &after, &["status"]);
        self.remember("customer", after.id, operation, changes)?;
        self.made(after.id);
        after.version += 1;
        Ok(after)
    }

    /// Contacts stand in the scope of their customer.
    pub(crate) fn follow_scope(&mut self, customer: &Customer) -> Result<(), Stop> {
        for contact in self.find_all(crate::contact::contacts_of(customer.id))? {
            self.touch(
                &CONTACT,
                contact.id,
                None,
                vec![("scope", Change::Set(customer.scope()))],
            );
        }
        Ok(())
    }

    /// Removes a customer and all that lies under it, for good. Its history stays, of which
    /// nobody but administrators of the database can see anything any more.
    pub(crate) fn purge_customer(&mut self, customer: &Customer) -> Result<(), Stop> {
        let id = customer.id.to_string();
        let of_customer = |kind| Search::of(kind).within("customer", vec![id.as_str().into()]);
        let mut doomed = Vec::new();
        for row in self.find_all(of_customer(&CONTACT))? {
            doomed.push((&CONTACT, row));
        }
        for row in self.find_all(of_customer(&FOLLOW_UP))? {
            let replies = Search::of(&REPLY).within("follow_up", vec![row.id.as_str().into()]);
            for reply in self.find_all(replies)? {
                doomed.push((&REPLY, reply));
            }
            doomed.push((&FOLLOW_UP, row));
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
        for (kind, row) in doomed {
            self.write(Write::Delete {
                kind,
                id: row.id,
                version: row.version,
            });
        }
        self.write(Write::Delete {
            kind: &CUSTOMER,
            id: id.clone(),
            version: customer.version,
        });
        self.announce("customer_purged", "customer", id, serde_json::json!({}))?;
        Ok(())
    }
}
