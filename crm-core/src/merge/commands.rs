//! Merging, its preview, and reading merges.

use super::item::{Part, part_of};
use super::{MERGE, Merge, MergeAnswer, MergeInput, MergePreview, MergeView, Unmerged};
use crate::access::{Need, Reach};
use crate::approval::Request;
use crate::crm::Session;
use crate::customer::{Customer, CustomerId};
use crate::error::Error;
use crate::history;
use crate::id::{ApprovalId, MergeId};
use crate::operations::op;
use crate::record::Record;
use crate::sharing::SharePanel;
use crate::store::{Direction, Read, Search};
use crate::work::{Stop, Work, rows};

/// The most merges of a customer that are listed.
const MOST_LISTED: i64 = 200;

impl Session<'_> {
    /// What a merge would do: it is decided as [`Session::merge_customers`] decides it, and refused for the same reasons, but not
    /// committed.
    ///
    /// # Errors
    /// As [`Session::merge_customers`].
    pub fn preview_merge(&self, merge: MergeInput) -> Result<MergePreview, Error> {
        self.query(&op::preview_merge, |work| {
            let asking = work.needs_approval("merge");
            let decided = work.decide_merge(&merge, asking, None)?;
            let own = !asking && work.customer_with_shares(merge.survivor, Reach::Own).is_ok();
            let items = work.shown_items(&decided.items, own)?;
            let mut customer = decided.customer;
            customer.version -= 1;
            let access = work.access()?;
            // Who they are is told by how they are reached, and when they were born.
            let telling = ["contact.phones", "contact.email", "contact.birthday"];
            let may_see = access.may("contact.view") && telling.iter().all(|field| access.reads(field));
            Ok(MergePreview {
                customer,
                sources: decided.sources,
                fields: decided.fields,
                items,
                equal_contacts: if may_see { decided.equal_contacts } else { Vec::new() },
                needs_approval: asking,
                fingerprint: decided.fingerprint,
            })
        })
    }

    /// Merges customers into one (D5): everything that lies under the sources moves to the survivor, shares are united at the
    /// higher right, relations that would be of a customer to itself go. From then on the ids of the sources answer with the
    /// survivor (D6). Where the settings ask for approval, it waits for that, and the customers are frozen until then.
    ///
    /// ```
    /// # #[cfg(feature = "system")] {
    /// # use crm_core::{Actor, Crm, MergeInput, NewCustomer, NewOrganisation};
    /// # let crm = Crm::in_memory();
    /// # let host = Actor::system("acme", "set-up")?;
    /// # crm.as_user(&host).create_organisation(NewOrganisation::named("Acme"))?;
    /// # crm.as_user(&host).sync_people(vec![crm_core::PersonInput::new("alice", "Alice")?], crm_core::SyncMode::Delta)?;
    /// # let customer = |name: &str| NewCustomer { owner: crm_core::UserId::new("alice").ok(), ..NewCustomer::named(name) };
    /// let session = crm.as_user(&host);
    /// let kept = session.create_customer(customer("杭州云帆科技有限公司"))?;
    /// let twin = session.create_customer(customer("云帆科技（杭州）"))?;
    /// let merged = session.merge_customers(MergeInput::of(kept.id, vec![twin.id]))?;
    /// assert_eq!(session.customer(twin.id)?.id, kept.id);
    /// let undone = session.unmerge(merged.merge.unwrap().id)?;
    /// assert_eq!(undone.customers[0].name, "云帆科技（杭州）");
    /// assert!(undone.stayed.is_empty());
    /// # }
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the rights `customer.merge`, `customer.edit` and `customer.delete`, or for who does not dispose
    /// of the sources; [`Error::NotFound`]; [`Error::Invalid`]; refusals of [`MergeRefusal`](super::MergeRefusal); `relation_circle`,
    /// `in_recycle_bin`, `customer_pending`.
    pub fn merge_customers(&self, merge: MergeInput) -> Result<MergeAnswer, Error> {
        self.command(
            &op::merge_customers,
            &merge,
            |work| {
                if work.needs_approval("merge") {
                    return work.ask_for_merge(&merge);
                }
                let decided = work.decide_merge(&merge, false, None)?;
                Ok(MergeAnswer { customer: decided.customer, merge: Some(decided.merge), approval: None })
            },
            |work, ids| work.merge_made(merge.survivor, ids),
        )
    }

    /// The merges into a customer, the newest first; at most 200.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.view`; [`Error::NotFound`].
    pub fn merges(&self, customer: CustomerId) -> Result<Vec<Merge>, Error> {
        self.query(&op::merges, |work| {
            let customer = work.customer_with_shares(customer, (Reach::Read, SharePanel::Information))?.0;
            let mut told = Vec::new();
            for merge in work.merges_into(&[customer.id])? {
                told.push(work.as_told(merge)?);
            }
            Ok(told)
        })
    }

    /// A merge with all that it did.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.view`; [`Error::NotFound`].
    pub fn merge(&self, merge: MergeId) -> Result<MergeView, Error> {
        self.query(&op::merge, |work| work.merge_view(merge))
    }

    /// Takes a merge back (D7): the sources come back with what was their own. What changed or came after the merge stays with
    /// the survivor and is named. Later merges into the same customer, or of it, are taken back first.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the rights `customer.merge` and `customer.edit`, or for who may only read the survivor;
    /// [`Error::NotFound`]; `merge_undone`, `later_merge_first`, `name_taken_since`, `number_taken_since`, `in_recycle_bin`,
    /// `customer_pending`, `in_pool`, `holding_limit`.
    pub fn unmerge(&self, merge: MergeId) -> Result<Unmerged, Error> {
        self.command(
            &op::unmerge,
            &merge,
            |work| work.decide_unmerge(merge),
            |work, _| {
                let view = work.merge_view(merge)?;
                let (survivor, shares) = work.customer_with_shares(view.merge.survivor, Reach::Read)?;
                let survivor = work.as_seen(survivor, &shares)?;
                let mut customers = Vec::new();
                for source in &view.merge.sources {
                    let customer = work.customer_as_stored(source.id)?.0;
                    customers.extend(work.in_sight(customer)?.map(|(customer, _)| customer));
                }
                Ok(Unmerged { merge: view.merge, survivor, customers, stayed: view.stayed })
            },
        )
    }
}

pub(super) fn not_found(merge: impl ToString) -> Error {
    Error::NotFound { record: MergeId::RECORD.to_owned(), id: merge.to_string() }
}

impl Work<'_> {
    /// The merges into customers, the newest first.
    pub(super) fn merges_into(&mut self, customers: &[CustomerId]) -> Result<Vec<Merge>, Stop> {
        let ids = customers.iter().map(|id| id.to_string().into()).collect();
        let own = Search::of(&MERGE).within("survivor", ids).ordered("place", Direction::Descending);
        let found = rows(self.read(vec![Read::Find(own.limited(MOST_LISTED))])?.into_iter().next());
        Ok(Merge::from_rows(&found)?)
    }

    /// A merge into a customer that the actor sees.
    pub(super) fn merge_within(&mut self, id: MergeId, need: Reach) -> Result<(Merge, Customer, bool), Stop> {
        let row = self.get_one(&MERGE, id.to_string())?.ok_or_else(|| not_found(id))?;
        let merge = Merge::from_row(&row)?;
        let found = self.customer_with_shares(merge.survivor, Need::whole(need));
        let (survivor, shares) = found.map_err(|stop| match stop {
            Stop::Error(Error::NotFound { .. }) => not_found(id).into(),
            other => other,
        })?;
        let own = self.check_reach(&survivor, &shares, Reach::Own).is_ok();
        Ok((merge, survivor, own))
    }

    /// The merge that has to be taken back before another one.
    pub(super) fn later_merge(&mut self, merge: &Merge, survivor: &Customer) -> Result<Option<MergeId>, Stop> {
        if survivor.id != merge.survivor {
            let stored = self.customer_as_stored(merge.survivor)?.0;
            return Ok(stored.merge);
        }
        let all = self.merges_into(&[merge.survivor])?;
        let later = all.iter().find(|other| other.undone_at.is_none() && other.place > merge.place);
        Ok(later.map(|later| later.id))
    }

    fn merge_view(&mut self, id: MergeId) -> Result<MergeView, Stop> {
        let (merge, survivor, own) = self.merge_within(id, Reach::Read)?;
        let part = Part::gathered(&self.find_all(part_of(id))?)?;
        let later = if merge.undone_at.is_some() { None } else { self.later_merge(&merge, &survivor)? };
        let access = self.access()?;
        let may = ["customer.merge", "customer.edit"].iter().all(|right| access.may(right));
        let reaches = self.customer_with_shares(merge.survivor, Need::whole(Reach::Edit)).is_ok();
        let undoable = merge.undone_at.is_none() && later.is_none() && may && reaches && survivor.check_open().is_ok();
        let mut items = self.shown_items(&part.items, own)?;
        let stayed = self.only_shown(part.stayed, own)?;
        let merge = self.as_told(merge)?;
        if merge.undone_at.is_some() {
            // What went back is told with its customer.
            let known = |item: &super::MergeItem| merge.sources.iter().any(|source| source.id == item.from);
            items.retain(|item| item.from == merge.survivor || known(item));
        }
        Ok(MergeView { merge, items, stayed, undoable, later })
    }

    /// Keeps the wish, and freezes the customers until the host has decided.
    fn ask_for_merge(&mut self, input: &MergeInput) -> Result<MergeAnswer, Stop> {
        // What would be refused is not asked for.
        let decided = self.decide_merge(input, true, None)?;
        self.changes.writes.clear();
        self.changes.checks.clear();
        self.made.clear();
        let (survivor, sources) = self.members(input, true, None)?;
        // What is approved is what was shown when it was asked for; what came meanwhile goes along.
        let asked = MergeInput { fingerprint: None, ..input.clone() };
        let request = Request {
            command: "merge",
            contract: None,
            receipt: None,
            customer: &survivor,
            transfer: None,
            merge: Some(asked),
            reason: decided.merge.reason.clone(),
            snapshot: history::as_value(&decided.customer),
        };
        let approval = self.request_approval(request)?;
        let mut frozen = survivor.clone();
        for customer in std::iter::once(&survivor).chain(&sources) {
            let mut after = Customer { approval: Some(approval), ..customer.clone() };
            after.changed_at = self.now;
            after.changed_by = self.actor().name();
            self.save(customer, &after)?;
            let changes = history::changes(customer, &after, &["approval"]);
            self.remember(CustomerId::RECORD, customer.id, "merge_customers", changes)?;
            if customer.id == survivor.id {
                frozen = Customer { version: after.version + 1, ..after };
            }
        }
        self.made(approval);
        Ok(MergeAnswer { customer: frozen, merge: None, approval: Some(approval) })
    }

    /// Goes on, or back, as the host decided.
    pub(crate) fn decided_merge(&mut self, id: ApprovalId, input: &MergeInput, approved: bool) -> Result<(), Stop> {
        if approved {
            self.decide_merge(input, false, Some(id))?;
            return Ok(());
        }
        for customer in std::iter::once(input.survivor).chain(input.sources.iter().copied()) {
            let before = self.customer_as_stored(customer)?.0;
            if before.approval != Some(id) {
                continue;
            }
            let mut thawed = Customer { approval: None, ..before.clone() };
            thawed.changed_at = self.now;
            thawed.changed_by = self.actor().name();
            self.save(&before, &thawed)?;
            let changes = history::changes(&before, &thawed, &["approval"]);
            self.remember(CustomerId::RECORD, customer, "resolve_approval", changes)?;
        }
        Ok(())
    }

    /// Answers a repeated merge.
    fn merge_made(&mut self, survivor: CustomerId, ids: &[String]) -> Result<MergeAnswer, Stop> {
        let (customer, shares) = self.customer_with_shares(survivor, Reach::Read)?;
        let whole = self.check_reach(&customer, &shares, Need::whole(Reach::Read)).is_ok();
        let customer = self.as_seen(customer, &shares)?;
        let id = ids.first().cloned().unwrap_or_default();
        let row = self.get_one(&MERGE, id.clone())?;
        let merge = row.map(|row| Merge::from_row(&row)).transpose()?;
        let approval = if merge.is_none() { id.parse().ok() } else { None };
        let merge = merge.filter(|_| whole).map(|merge| self.as_told(merge)).transpose()?;
        Ok(MergeAnswer { customer, merge, approval })
    }
}
