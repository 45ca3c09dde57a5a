//! Deciding a merge: everything that it would do is decided here, for the preview and the commit alike.

use super::fields::{chosen, put};
use super::gather::Merging;
use super::item::{Item, Part, cut};
use super::{ContactMerge, MOST_FORMER, MOST_MOVED, MOST_SOURCES, Merge, MergeField, MergeInput, MergeRefusal};
use crate::access::{Access, FieldAccess, Need, Reach, Redact as _, fields_with_rights};
use crate::approval::APPROVAL;
use crate::contact::CONTACT;
use crate::custom_field;
use crate::customer::{CUSTOMER, Customer, CustomerId, CustomerStatus, FormerCustomer, all_keys, unique_custom};
use crate::error::{Error, Violation};
use crate::follow_up::FOLLOW_UP;
use crate::history::{self, FieldChange, as_value};
use crate::id::{ApprovalId, MergeId};
use crate::organisation::{UNIQUE_KEY, holder_of};
use crate::record::Record;
use crate::sorted::{Gather as _, Sort as _};
use crate::store::{Row, Write};
use crate::text::Checker;
use crate::work::{Stop, Work};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeSet;

/// Fields that a merge may change on the survivor, as they stand in its history and go back.
pub(super) const CHANGED: [&str; 18] = [
    "name",
    "short_name",
    "credit_code",
    "level",
    "stage",
    "source",
    "industry",
    "region",
    "address",
    "phones",
    "website",
    "email",
    "description",
    "birthday",
    "last_follow_up_at",
    "next_follow_up_at",
    "former",
    "approval",
];

/// A merge as it was decided.
pub(super) struct Decided {
    pub(super) merge: Merge,
    pub(super) customer: Customer,
    pub(super) sources: Vec<Customer>,
    pub(super) fields: Vec<MergeField>,
    pub(super) items: Vec<Item>,
    pub(super) equal_contacts: Vec<ContactMerge>,
    pub(super) fingerprint: String,
}

impl Work<'_> {
    /// The customers of a merge, the survivor first: each as the actor may merge it. Who only asks for approval needs to see
    /// them; what was approved needs nobody's rights.
    pub(super) fn members(
        &mut self,
        input: &MergeInput,
        asking: bool,
        approved: Option<ApprovalId>,
    ) -> Result<(Customer, Vec<Customer>), Stop> {
        let mut check = Checker::new();
        check.ensure(!input.sources.is_empty(), || Violation::required("sources"));
        check.ensure(input.sources.len() <= MOST_SOURCES, || Violation::too_many("sources", MOST_SOURCES as i64));
        for (place, source) in input.sources.iter().enumerate() {
            let again = input.sources.iter().take(place).any(|other| other == source);
            check.ensure(!again, || Violation::repeated(format!("sources[{place}]")));
        }
        check.optional_line("reason", &input.reason, 300);
        check.done()?;
        if input.sources.contains(&input.survivor) {
            return Err(MergeRefusal::WithItself.into());
        }
        if !asking && approved.is_none() {
            let access = self.access()?;
            access.allow("customer.edit")?;
            access.allow("customer.delete")?;
            if !input.contacts.is_empty() {
                ["contact.view", "contact.edit", "contact.delete"].iter().try_for_each(|right| access.allow(right))?;
            }
        }
        let mut all = Vec::new();
        for id in std::iter::once(input.survivor).chain(input.sources.iter().copied()) {
            let need = match (asking, id == input.survivor) {
                (true, _) => Need::whole(Reach::Read),
                (false, true) => Need::whole(Reach::Edit),
                (false, false) => Need::whole(Reach::Own),
            };
            let found = match approved {
                Some(_) => self.customer_as_stored(id)?.0,
                // Of a tombstone the one that it was merged into: he must see that, to be told of it.
                None => self.customer_with_shares(id, need)?.0,
            };
            if found.id != id || found.status == CustomerStatus::Merged {
                let into = found.merged_into.unwrap_or(found.id);
                return Err(MergeRefusal::AlreadyMerged { into: into.to_string() }.into());
            }
            match found.approval {
                Some(own) if Some(own) == approved => found.check_active()?,
                _ => found.check_open()?,
            }
            // One that was merged into another of them while they were read.
            let members = || std::iter::once(&input.survivor).chain(&input.sources).filter(|member| **member != id);
            if members().any(|member| found.has_been(*member)) {
                return Err(MergeRefusal::AlreadyMerged { into: id.to_string() }.into());
            }
            all.push(found);
        }
        let mut all = all.into_iter();
        let survivor = all.next().ok_or_else(|| crate::customer::not_found(input.survivor))?;
        let sources: Vec<Customer> = all.collect();
        if sources.iter().any(|source| source.kind != survivor.kind) {
            return Err(MergeRefusal::DifferentKinds.into());
        }
        Ok((survivor, sources))
    }

    /// Decides a merge. The decision stands in the changes of this work: they are committed, or shown.
    pub(super) fn decide_merge(
        &mut self,
        input: &MergeInput,
        asking: bool,
        approved: Option<ApprovalId>,
    ) -> Result<Decided, Stop> {
        let (survivor, sources) = self.members(input, asking, approved)?;
        let id = MergeId(self.draw()?);
        if approved.is_none() {
            self.check_choices(input)?;
        }
        let (mut after, fields) = chosen(&survivor, &sources, &input.fields)?;
        self.become_former(&survivor, &sources, &mut after)?;
        after.last_follow_up_at =
            sources.iter().map(|source| source.last_follow_up_at).fold(survivor.last_follow_up_at, Ord::max);
        let planned = std::iter::once(&survivor).chain(&sources).filter_map(|customer| customer.next_follow_up_at);
        after.next_follow_up_at = planned.min();
        after.approval = None;
        after.changed_at = self.now;
        after.changed_by = self.actor().name();

        let mut merging = Merging::new(&survivor, &after, &sources);
        self.check_family(&mut merging, input.parent_with_child)?;
        let (equal_contacts, same) = self.merge_contacts(&mut merging, &input.contacts)?;
        self.merge_follow_ups(&mut merging, &same)?;
        self.merge_contracts(&mut merging)?;
        self.merge_credit(&mut merging)?;
        let shares = self.merge_shares(&mut merging, input.keep_owners)?;
        if shares && !asking && approved.is_none() {
            // A sharee does not share on.
            self.customer_with_shares(survivor.id, Reach::Own)?;
        }
        self.merge_relations(&mut merging)?;
        self.merge_keys(&mut merging)?;
        let Merging { mut items, own, .. } = merging;
        if items.len() > MOST_MOVED {
            return Err(MergeRefusal::TooLarge.into());
        }
        let fingerprint = fingerprint(&survivor, &sources, &items, &self.access()?);
        if input.fingerprint.as_ref().is_some_and(|shown| *shown != fingerprint) {
            return Err(MergeRefusal::ChangedSincePreview.into());
        }

        let mut changes = history::changes(&survivor, &after, &CHANGED);
        changes.extend(custom_field::changes(&survivor.custom, &after.custom));
        self.keep_customers(id, &survivor, &after, &sources, &mut items)?;
        let merge = Merge {
            id,
            survivor: survivor.id,
            sources: sources.iter().map(|source| FormerCustomer::of(source, &self.context)).collect(),
            owners: sources.iter().map(|source| source.owner.clone()).collect(),
            changes: changes.clone(),
            reason: input.reason.as_ref().map(|reason| reason.trim().to_owned()).filter(|reason| !reason.is_empty()),
            at: self.now,
            by: self.actor().name(),
            undone_at: None,
            undone_by: None,
            place: survivor.version,
            version: 1,
        };
        self.keep_merge(&merge, &items, own)?;
        let operation = if approved.is_some() { "resolve_approval" } else { "merge_customers" };
        self.tell_merge(&merge, &after.name, changes, operation)?;
        self.customers_first();
        self.made(id);
        let mut customer = after;
        customer.version += 1;
        Ok(Decided { merge, customer, sources, fields, items, equal_contacts, fingerprint })
    }

    /// Who may not change a field does not choose what becomes of it either.
    fn check_choices(&self, input: &MergeInput) -> Result<(), Error> {
        let access = self.access()?;
        let mut check = Checker::new();
        for (place, choice) in input.fields.iter().enumerate() {
            let fields =
                if choice.field == "address" { vec!["address", "region"] } else { vec![choice.field.as_str()] };
            let edits = |field: &&str| access.field(&format!("customer.{field}")) == FieldAccess::Edit;
            check.ensure(fields.iter().all(edits), || Violation::not_allowed(format!("fields[{place}].field")));
        }
        // One contact gets of the other whatever it lacks.
        let mut of_contacts = fields_with_rights(access.context).filter(|field| field.starts_with("contact."));
        let all = of_contacts.all(|field| access.field(&field) == FieldAccess::Edit);
        check.ensure(input.contacts.is_empty() || all, || Violation::not_allowed("contacts"));
        check.done()
    }

    /// The survivor is found under what it was called and what the sources were.
    fn become_former(&self, survivor: &Customer, sources: &[Customer], after: &mut Customer) -> Result<(), Stop> {
        let values = |customer: &Customer| unique_custom(customer, &self.context);
        if after.name != survivor.name || values(after) != values(survivor) {
            after.former.push(FormerCustomer::of(survivor, &self.context));
        }
        for source in sources {
            after.former.push(FormerCustomer::of(source, &self.context));
            after.former.extend(source.former.iter().cloned());
        }
        if after.former.len() > MOST_FORMER {
            return Err(MergeRefusal::TooManyFormer.into());
        }
        Ok(())
    }

    /// Unique values of the sources are the survivor's from now on.
    fn merge_keys(&mut self, merging: &mut Merging<'_>) -> Result<(), Stop> {
        for source in merging.sources {
            let mut ids: Vec<String> = all_keys(source, &self.context).into_iter().map(|(key, _)| key.id).collect();
            ids.sort();
            for row in self.get(&UNIQUE_KEY, ids)? {
                if holder_of(&row).as_deref() != Some(source.id.to_string().as_str()) {
                    continue;
                }
                let body = serde_json::json!({"holder": merging.survivor.id}).to_string();
                let after = Row { body, ..row.clone() };
                merging.items.push(Item::changed(&UNIQUE_KEY, &row, &after, source.id).silent());
                self.update(&UNIQUE_KEY, after);
            }
        }
        Ok(())
    }

    /// Writes the survivor and the tombstones.
    fn keep_customers(
        &mut self,
        merge: MergeId,
        survivor: &Customer,
        after: &Customer,
        sources: &[Customer],
        items: &mut Vec<Item>,
    ) -> Result<(), Stop> {
        // Taken back, it does not wait for the approval that the merge had.
        let before = Customer { approval: None, ..survivor.clone() };
        items.push(Item::changed(&CUSTOMER, &before.to_row()?, &after.to_row()?, survivor.id).silent());
        self.save_as_read(survivor, after)?;
        if survivor.level != after.level && survivor.recycle_warning.is_some() {
            self.look_soon(after);
        }
        for source in sources {
            let tombstone = Customer {
                status: CustomerStatus::Merged,
                merged_into: Some(survivor.id),
                merge: Some(merge),
                approval: None,
                lock: None,
                ..source.clone()
            };
            self.save_as_read(source, &tombstone)?;
            self.redirect(source, survivor.id)?;
        }
        Ok(())
    }

    /// On servers whoever writes under a customer holds its row until he is done: the merge waits for that before it looks what
    /// there is to move.
    fn customers_first(&mut self) {
        let is_customer = |write: &Write| matches!(write, Write::Update { kind, .. } if *kind == &CUSTOMER);
        let writes = std::mem::take(&mut self.changes.writes);
        let (mut first, others): (Vec<Write>, Vec<Write>) = writes.into_iter().partition(is_customer);
        let id = |write: &Write| match write {
            Write::Update { row, .. } => row.id.clone(),
            _ => String::new(),
        };
        first.order_by(|a, b| id(a).cmp(&id(b)));
        first.extend(others);
        self.changes.writes = first;
    }

    /// What was merged into a customer before is answered with another one.
    pub(super) fn redirect(&mut self, of: &Customer, to: CustomerId) -> Result<(), Stop> {
        let ids: BTreeSet<String> =
            of.former.iter().filter(|former| former.id != of.id).map(|former| former.id.to_string()).into_set();
        for row in self.get(&CUSTOMER, ids.into_iter().collect())? {
            let tombstone = Customer::from_row(&row)?;
            // Names that a customer had itself are no tombstones.
            if tombstone.status == CustomerStatus::Merged {
                self.save(&tombstone, &Customer { merged_into: Some(to), ..tombstone.clone() })?;
            }
        }
        Ok(())
    }

    /// Keeps what it takes to take the merge back.
    fn keep_merge(
        &mut self,
        merge: &Merge,
        items: &[Item],
        own: std::collections::BTreeMap<String, Vec<String>>,
    ) -> Result<(), Stop> {
        self.insert(&super::MERGE, merge.to_row()?);
        let mut rows = cut(items, merge.id, 'i', |items| Part { items, ..Part::default() })?;
        let columns = crate::KINDS.iter().map(|kind| (kind.name.to_owned(), kind.columns.len())).into_map();
        rows.push(Part { columns, ..Part::default() }.row(merge.id, "k")?);
        for (kind, ids) in own {
            for (place, ids) in ids.chunks(4_000).enumerate() {
                let own = std::collections::BTreeMap::from([(kind.clone(), ids.to_vec())]);
                rows.push(Part { own, ..Part::default() }.row(merge.id, &format!("o{kind}{place:04}"))?);
            }
        }
        rows.into_iter().for_each(|row| self.insert(&super::MERGE_PART, row));
        Ok(())
    }

    /// Into the histories, and to the host.
    fn tell_merge(
        &mut self,
        merge: &Merge,
        survivor: &str,
        changes: Vec<FieldChange>,
        operation: &str,
    ) -> Result<(), Stop> {
        let names: Vec<&str> = merge.sources.iter().map(|source| source.name.as_str()).collect();
        let mut told: Vec<FieldChange> =
            changes.into_iter().filter(|change| !["former", "approval"].contains(&change.field.as_str())).collect();
        told.push(history::change("merged", None, Some(serde_json::json!(names))));
        if let Some(reason) = &merge.reason {
            told.push(history::change("reason", None, Some(reason.as_str().into())));
        }
        self.remember(CustomerId::RECORD, merge.survivor, operation, told)?;
        for source in &merge.sources {
            let into = history::change("merged_into", None, Some(survivor.into()));
            self.remember(CustomerId::RECORD, source.id, operation, vec![into])?;
        }
        let sources: Vec<CustomerId> = merge.sources.iter().map(|source| source.id).collect();
        let data = serde_json::json!({"merge": merge.id, "sources": sources});
        self.announce("customers_merged", CustomerId::RECORD, merge.survivor, data)?;
        Ok(())
    }
}

/// What a merge is decided on: the customers and what lies under the sources, as it stands for who merges. By what he does not read of it he
/// could find out what that is, by trying: for him those count by their being there that hold fields, and keys that are values not at all.
fn fingerprint(survivor: &Customer, sources: &[Customer], items: &[Item], access: &Access<'_>) -> String {
    let mut hash = Sha256::new();
    let restricted = access.restricts_fields();
    for customer in std::iter::once(survivor).chain(sources) {
        let mut customer = customer.clone();
        if restricted {
            customer.redact(access);
        }
        // Follow-ups move columns without a new version. What waits for approval was shown before it did.
        let mut value = as_value(&customer);
        for field in ["version", "approval", "changed_at", "changed_by"] {
            put(&mut value, field, None);
        }
        hash.update(value.to_string());
    }
    let mut own: Vec<&Item> = items.iter().filter(|item| item.from != survivor.id).collect();
    own.order_by(|a, b| (&a.kind, &a.id).cmp(&(&b.kind, &b.id)));
    for item in own {
        if restricted && item.kind == UNIQUE_KEY.name {
            continue;
        }
        let holds_fields = [CONTACT.name, FOLLOW_UP.name, APPROVAL.name].contains(&item.kind.as_str());
        let was = if restricted && holds_fields { "" } else { item.was.as_str() };
        hash.update(format!("\n{} {} {was}", item.kind, item.id));
    }
    let hash = hash.finalize();
    crate::text::hex(hash.get(..16).unwrap_or_default())
}
