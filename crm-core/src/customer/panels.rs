//! The view of a customer (C4): everything on one page, in one call.

use super::{Customer, CustomerStatus};
use crate::access::{Need, Reach, Reaches};
use crate::contact::{Contact, StoredContact, contacts_of};
use crate::crm::Session;
use crate::error::Error;
use crate::follow_up::{FollowUpView, latest_of};
use crate::id::CustomerId;
use crate::operations::op;
use crate::record::Record;
use crate::relation::{RelationView, relations_of};
use crate::sharing::SharePanel;
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
    /// The customer; of one whose information is not shared with the actor, the number and the name.
    pub customer: Customer,
    /// The panels that are open to the actor: those for whose module he has the right `view`, by whatever role, and that ownership, a share or the
    /// pool of the customer opens to him. What stands on the others is empty here.
    pub open: Vec<SharePanel>,
    /// Its contacts, the primary one first.
    pub contacts: Vec<Contact>,
    /// Its relations to customers that the actor sees.
    pub relations: Vec<RelationView>,
    /// The latest 20 follow-ups with their replies.
    pub follow_ups: Vec<FollowUpView>,
    /// What the actor may do with it: any of `edit`, `assign`, `merge`, `share`, `lock`, `unlock`, `release`, `claim`,
    /// `assign_from_pool`, `delete`, `restore`, `add_contact`, `edit_contact`,
    /// `remove_contact`, `follow_up`, `attach_document`, `create_contract`, `record_prepayment`.
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
            let reaches = work.access()?.reach_into(&found.stands(), &shares, work.now);
            let pool = work.pool_of(&found)?.filter(|_| reaches == Some(Reaches::NONE)).cloned();
            let shows = |panel| pool.as_ref().is_some_and(|pool| pool.shows(panel));
            let open: Vec<SharePanel> = {
                let access = work.access()?;
                let opens = |panel: &SharePanel| {
                    let open = reaches.is_some_and(|reaches| reaches.opens(*panel)) || shows(*panel);
                    open && access.may(&format!("{}.view", panel.module()))
                };
                SharePanel::ALL.into_iter().filter(opens).collect()
            };
            let informed = open.contains(&SharePanel::Information);
            let relations = if informed { work.relation_views(customer, &relations)? } else { Vec::new() };
            let may = |right: &str| work.access().is_ok_and(|access| access.may(right));
            let sees_contacts = open.contains(&SharePanel::Contacts);
            let sees_follow_ups = open.contains(&SharePanel::FollowUps);
            let reaches = |reach: Reach| work.check_reach(&found, &shares, reach).is_ok();
            let edits = |panel| work.check_reach(&found, &shares, (Reach::Edit, panel)).is_ok();
            let to_merge = if work.needs_approval("merge") { Reach::Read } else { Reach::Edit };
            let merges = work.check_reach(&found, &shares, Need::whole(to_merge)).is_ok();
            let pooled = found.status == CustomerStatus::Pooled;
            let assigns = pooled && may("pool.assign");
            let (active, free) = (found.check_active().is_ok(), found.check_open().is_ok());
            let doable = [
                ("edit", free && may("customer.edit") && reaches(Reach::Edit)),
                ("assign", free && may("customer.assign") && reaches(Reach::Own)),
                ("merge", free && may("customer.merge") && merges),
                ("share", free && may("sharing.create") && reaches(Reach::Own)),
                ("lock", free && found.lock.is_none() && may("customer.edit") && reaches(Reach::Own)),
                ("unlock", free && found.lock.is_some() && may("customer.edit") && reaches(Reach::Own)),
                ("release", (free || pooled) && may("pool.release") && reaches(Reach::Own)),
                ("claim", pooled && may("pool.claim") && work.may_claim(&found)?),
                ("assign_from_pool", assigns && (reaches(Reach::Own) || !work.access()?.subordinates().is_empty())),
                ("delete", free && may("customer.delete") && reaches(Reach::Own)),
                ("restore", found.status == CustomerStatus::Deleted && may("customer.delete") && reaches(Reach::Own)),
                ("add_contact", active && may("contact.create") && edits(SharePanel::Contacts)),
                ("edit_contact", active && sees_contacts && may("contact.edit") && edits(SharePanel::Contacts)),
                ("remove_contact", active && sees_contacts && may("contact.delete") && edits(SharePanel::Contacts)),
                ("follow_up", active && may("follow_up.create") && edits(SharePanel::FollowUps)),
                ("attach_document", active && may("document.create") && edits(SharePanel::Documents)),
                ("create_contract", active && may("contract.create") && edits(SharePanel::Contracts)),
                ("record_prepayment", active && may("payment.create") && edits(SharePanel::Receipts)),
            ];
            let allowed = doable.iter().filter(|(_, allowed)| *allowed).map(|(name, _)| (*name).to_owned()).collect();
            let mut follow_ups = if sees_follow_ups { work.follow_up_views(&follow_ups)? } else { Vec::new() };
            if let Some(pool) = &pool {
                let context = work.context.clone();
                contacts = contacts.into_iter().map(|contact| pool.shown_contact(contact, &context)).collect();
                for view in &mut follow_ups {
                    view.follow_up = pool.shown_follow_up(view.follow_up.clone(), &context);
                }
            }
            Ok(CustomerPanels {
                open,
                customer: work.as_seen(found, &shares)?,
                contacts: if sees_contacts { contacts } else { Vec::new() },
                relations,
                follow_ups,
                allowed,
            })
        })
    }
}
