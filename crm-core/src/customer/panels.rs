//! The view of a customer (C4): everything on one page, in one call.

use super::Customer;
use crate::access::Reach;
use crate::contact::{Contact, StoredContact, contacts_of};
use crate::crm::Session;
use crate::error::Error;
use crate::follow_up::{FollowUpView, latest_of};
use crate::id::CustomerId;
use crate::operations::op;
use crate::record::Record;
use crate::relation::{RelationView, relations_of};
use crate::sorted::Sort as _;
use crate::store::Read;
use crate::work::rows;
use serde::{Deserialize, Serialize};

/// A customer and what lies under it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct CustomerPanels {
    /// The customer.
    pub customer: Customer,
    /// Its contacts, the primary one first; empty without the right `contact.view`.
    pub contacts: Vec<Contact>,
    /// Its relations to customers that the actor sees.
    pub relations: Vec<RelationView>,
    /// The latest 20 follow-ups with their replies; empty without the right `follow_up.view`.
    pub follow_ups: Vec<FollowUpView>,
    /// What the actor may do with it: any of `edit`, `assign`, `share`, `delete`, `restore`, `add_contact`, `edit_contact`,
    /// `remove_contact`, `follow_up`.
    pub allowed: Vec<String>,
}

impl Session<'_> {
    /// A customer with its panels: contacts, relations, follow-ups.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.view`; [`Error::NotFound`].
    pub fn customer_panels(&self, customer: CustomerId) -> Result<CustomerPanels, Error> {
        self.query(&op::customer_panels, |work| {
            let (found, shares) = work.customer_with_shares(customer, Reach::Read)?;
            let customer = found.id;
            let [from, to] = relations_of(customer);
            let mut answers = work
                .read(vec![
                    Read::Find(contacts_of(customer)),
                    Read::Find(from),
                    Read::Find(to),
                    Read::Find(latest_of(customer, 20)),
                ])?
                .into_iter();
            let mut contacts: Vec<Contact> =
                StoredContact::from_rows(&rows(answers.next()))?.into_iter().map(|stored| stored.contact).collect();
            contacts.order_by_key(|contact| (!contact.primary, contact.created_at, contact.id));
            let mut relations = rows(answers.next());
            relations.extend(rows(answers.next()));
            let follow_ups = rows(answers.next());
            let relations = work.relation_views(customer, &relations)?;
            let may = |right: &str| work.access().is_ok_and(|access| access.may(right));
            let (sees_contacts, sees_follow_ups) = (may("contact.view"), may("follow_up.view"));
            let reaches = |reach: Reach| work.check_reach(&found, &shares, reach).is_ok();
            let (active, open) = (found.check_active().is_ok(), found.check_open().is_ok());
            let doable = [
                ("edit", open && may("customer.edit") && reaches(Reach::Edit)),
                ("assign", open && may("customer.assign") && reaches(Reach::Own)),
                ("merge", open && may("customer.merge") && (work.needs_approval("merge") || reaches(Reach::Edit))),
                ("share", open && may("sharing.create") && reaches(Reach::Own)),
                ("delete", open && may("customer.delete") && reaches(Reach::Own)),
                ("restore", !active && may("customer.delete") && reaches(Reach::Own)),
                ("add_contact", active && may("contact.create") && reaches(Reach::Edit)),
                ("edit_contact", active && sees_contacts && may("contact.edit") && reaches(Reach::Edit)),
                ("remove_contact", active && sees_contacts && may("contact.delete") && reaches(Reach::Edit)),
                ("follow_up", active && may("follow_up.create") && reaches(Reach::Edit)),
            ];
            let allowed = doable.iter().filter(|(_, allowed)| *allowed).map(|(name, _)| (*name).to_owned()).collect();
            let follow_ups = if sees_follow_ups { work.follow_up_views(&follow_ups)? } else { Vec::new() };
            Ok(CustomerPanels {
                customer: found,
                contacts: if sees_contacts { contacts } else { Vec::new() },
                relations,
                follow_ups,
                allowed,
            })
        })
    }
}
