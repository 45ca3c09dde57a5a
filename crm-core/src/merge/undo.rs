//! Taking a merge back: what stands as the merge left it goes back, everything else stays and is named.

use super::fields::{as_customer, put};
use super::gather::{KEYS, under};
use super::item::{Item, Part, Standing, cut, part_of};
use super::money::pinned_money;
use super::plan::CHANGED;
use super::{MERGE, MERGE_PART, Merge, MergeEffect, MergeItem, MergeRefusal, Unmerged};
use crate::access::Reach;
use crate::actor::UserId;
use crate::agenda;
use crate::contact::{CONTACT, StoredContact};
use crate::contract::CONTRACT;
use crate::custom_field::{self, Customized};
use crate::customer::{CUSTOMER, Customer, CustomerId, CustomerStatus, Under, all_keys};
use crate::history;
use crate::id::MergeId;
use crate::organisation::{UNIQUE_KEY, holder_of, unique_key_row};
use crate::record::{Columns, Record};
use crate::relation::{RELATION, Relation};
use crate::sharing::{SHARE, SHARE_END, Share};
use crate::sorted::Gather as _;
use crate::store::{Change, Kind, Read, Row, Search, Write};
use crate::work::{Stop, Work, rows};
use std::collections::{BTreeMap, BTreeSet};

/// A merge while it is taken back.
pub(super) struct Undoing {
    pub(super) merge: Merge,
    pub(super) survivor: Customer,
    /// As they will be again.
    pub(super) sources: Vec<Customer>,
    pub(super) part: Part,
    /// The rows of its things as they are now, by kind and key.
    pub(super) now: BTreeMap<(&'static str, String), Row>,
    /// Units that stay.
    pub(super) stays: BTreeSet<String>,
    pub(super) stayed: Vec<MergeItem>,
}

pub(super) fn kind_of(name: &str) -> Option<&'static Kind> {
    crate::KINDS.iter().copied().find(|kind| kind.name == name)
}

/// What goes back together with a thing.
pub(super) fn unit(item: &Item) -> String {
    item.unit.clone().unwrap_or_else(|| format!("{}:{}", item.kind, item.id))
}

impl Undoing {
    fn row(&self, kind: &'static Kind, id: &str) -> Option<&Row> {
        self.now.get(&(kind.name, id.to_owned()))
    }

    fn source(&self, id: CustomerId) -> Option<&Customer> {
        self.sources.iter().find(|source| source.id == id)
    }

    /// Whether a thing stands as the merge left it.
    pub(super) fn is_untouched(&self, kind: &'static Kind, item: &Item) -> bool {
        let row = self.row(kind, &item.id);
        let columns = self.part.columns.get(kind.name).copied().unwrap_or(kind.columns.len());
        let here = match (item.columns.contains_key("customer"), row) {
            (true, Some(row)) => Columns::of(kind, row).text("customer") == Some(self.survivor.id.to_string()),
            _ => true,
        };
        here && item.stands_as_left(kind, row, columns)
    }

    fn stays(&mut self, item: &Item) {
        if let Some(shown) = item.shown() {
            self.stayed.push(MergeItem { effect: MergeEffect::ChangedSince, ..shown });
        }
    }
}

impl Work<'_> {
    /// Decides what taking a merge back does.
    pub(super) fn decide_unmerge(&mut self, id: MergeId) -> Result<Unmerged, Stop> {
        let (merge, survivor, own) = self.merge_within(id, Reach::Edit)?;
        self.access()?.allow("customer.edit")?;
        if merge.undone_at.is_some() {
            return Err(MergeRefusal::MergeUndone.into());
        }
        if let Some(later) = self.later_merge(&merge, &survivor)? {
            return Err(MergeRefusal::UndoneFirst { merge: later.to_string() }.into());
        }
        survivor.check_open()?;
        let part = Part::gathered(&self.find_all(part_of(id))?)?;
        // Contracts that come with a source go back with it.
        self.deals_moved.insert(survivor.id);
        let mut sources = Vec::new();
        let ids: Vec<String> = merge.sources.iter().map(|source| source.id.to_string()).collect();
        let tombstones = Customer::from_rows(&self.get(&CUSTOMER, ids)?)?;
        for tombstone in &tombstones {
            let status = CustomerStatus::Active;
            sources.push(Customer { status, merged_into: None, merge: None, ..tombstone.clone() });
        }
        let mut gains: BTreeMap<UserId, Vec<CustomerId>> = BTreeMap::new();
        for source in &sources {
            gains.entry(source.owner.clone()).or_default().push(source.id);
        }
        for (owner, more) in gains {
            self.hold(&owner, &more)?;
        }
        let mut undoing = Undoing {
            merge,
            survivor,
            sources,
            part,
            now: BTreeMap::new(),
            stays: BTreeSet::new(),
            stayed: Vec::new(),
        };
        self.read_again(&mut undoing)?;
        self.find_what_stays(&mut undoing)?;
        let came = self.find_what_came(&undoing)?;

        let items = std::mem::take(&mut undoing.part.items);
        let survivor_item = items.iter().find(|item| item.kind == CUSTOMER.name);
        let survivor = self.survivor_goes_back(&mut undoing, survivor_item, &items)?;
        let keeps: Vec<String> = all_keys(&survivor, &self.context).into_iter().map(|(key, _)| key.id).collect();
        let mut contacts = Vec::new();
        for item in &items {
            let Some(kind) = kind_of(&item.kind) else { continue };
            if kind == &CUSTOMER {
                continue;
            }
            if undoing.stays.contains(&unit(item)) {
                undoing.stays(item);
                continue;
            }
            match kind.name {
                "contact" => contacts.push(item),
                "relation" => self.relation_goes_back(&mut undoing, item)?,
                "share" => self.share_goes_back(&undoing, item)?,
                "unique_key" => self.key_goes_back(&undoing, item, &keeps)?,
                _ => self.goes_back(&undoing, kind, item)?,
            }
        }
        self.contacts_go_back(&undoing, &contacts)?;
        let mut customers = Vec::new();
        for (tombstone, source) in tombstones.iter().zip(&undoing.sources) {
            self.save(tombstone, source)?;
            self.redirect(source, source.id)?;
            customers.push(Customer { version: tombstone.version + 1, ..source.clone() });
        }
        undoing.stayed.extend(came);
        let merge = self.keep_undone(&undoing)?;
        let stayed = self.only_shown(undoing.stayed, own)?;
        let (mut told, mut seen): (Vec<Customer>, Vec<CustomerId>) = (Vec::new(), Vec::new());
        for customer in customers {
            if let Some((customer, whole)) = self.in_sight(customer)? {
                seen.extend(whole.then_some(customer.id));
                told.push(customer);
            }
        }
        let merge = merge.only_of(&seen);
        Ok(Unmerged { merge, survivor, customers: told, stayed })
    }

    /// Everything that the merge had to do with, as it is now.
    fn read_again(&mut self, undoing: &mut Undoing) -> Result<(), Stop> {
        let mut asked: BTreeMap<&'static str, (&'static Kind, BTreeSet<String>)> = BTreeMap::new();
        for item in &undoing.part.items {
            if let Some(kind) = kind_of(&item.kind) {
                asked.entry(kind.name).or_insert_with(|| (kind, BTreeSet::new())).1.insert(item.id.clone());
            }
        }
        for (kind, ids) in asked.into_values() {
            let ids: Vec<String> = ids.into_iter().collect();
            for some in ids.chunks(KEYS) {
                let found = self.get(kind, some.to_vec())?;
                undoing.now.extend(found.into_iter().map(|row| ((kind.name, row.id.clone()), row)));
            }
        }
        Ok(())
    }

    /// A thing that stands as it was left.
    fn goes_back(&mut self, undoing: &Undoing, kind: &'static Kind, item: &Item) -> Result<(), Stop> {
        let now = undoing.row(kind, &item.id);
        let scope = undoing.source(item.from).map(Customer::scope);
        match (&item.before, now) {
            (Some(before), Some(now)) => {
                let row = self.as_fields_are(kind, before.row(kind, &item.id, Some(now))?)?;
                let row = Row { version: now.version, ..row };
                let mut changes = Vec::new();
                for (place, column) in kind.columns.iter().enumerate().filter(|(_, column)| column.live) {
                    let (Some(was), Some(is)) = (row.values.get(place), now.values.get(place)) else { continue };
                    changes.push(match (column.name, &scope) {
                        // A contact of the survivor stands where that does now; any other in the scope of its customer.
                        ("scope", None) => continue,
                        ("scope", Some(scope)) => ("scope", Change::Set(scope.clone())),
                        // It is as it was read, or this is decided again.
                        (name, _) => (name, Change::Replace(is.clone(), was.clone())),
                    });
                }
                self.write(Write::Update { kind, row, changes });
            }
            (Some(before), None) => {
                let row = self.as_fields_are(kind, before.row(kind, &item.id, None)?)?;
                self.write(Write::Restore { kind, row, from: None });
            }
            (None, Some(now)) if item.made => {
                self.write(Write::Delete { kind, id: item.id.clone(), version: now.version });
            }
            (None, Some(now)) if !item.columns.is_empty() => {
                let mut changes = Vec::new();
                for (column, was) in &item.columns {
                    let Some(column) = kind.column(column) else { continue };
                    // In the scope of its customer, whatever that is now.
                    let was = scope.clone().filter(|_| column.name == "scope").unwrap_or_else(|| was.as_str().into());
                    changes.push((column.name, Change::Set(was)));
                }
                if kind == &CONTRACT {
                    // As at the merge: money that comes at this moment must see where its contract goes.
                    changes.extend(pinned_money(now));
                    self.write(Write::Update { kind, row: now.clone(), changes });
                } else {
                    self.touch(kind, &item.id, Some(now.version), changes);
                }
            }
            _ => {}
        }
        Ok(())
    }

    fn key_goes_back(&mut self, undoing: &Undoing, item: &Item, keeps: &[String]) -> Result<(), Stop> {
        if item.unit.is_some() {
            return self.goes_back(undoing, &UNIQUE_KEY, item);
        }
        let Some(before) = &item.before else { return Ok(()) };
        let now = undoing.row(&UNIQUE_KEY, &item.id);
        let row = before.row(&UNIQUE_KEY, &item.id, now)?;
        match now {
            None => self.insert(&UNIQUE_KEY, Row { version: 1, ..row }),
            Some(now) if holder_of(now) == Some(undoing.survivor.id.to_string()) && !keeps.contains(&item.id) => {
                self.update(&UNIQUE_KEY, Row { version: now.version, ..row });
            }
            Some(_) => {
                let source = undoing.source(item.from);
                if item.id.starts_with("customer_number") {
                    let number = source.map(|source| source.number.clone()).unwrap_or_default();
                    return Err(MergeRefusal::NumberTaken { number }.into());
                }
                if item.id.starts_with("customer_name") {
                    let name = source.map(|source| source.name.clone()).unwrap_or_default();
                    return Err(MergeRefusal::NameTaken { name }.into());
                }
                if let Some(taken) = custom_field::value_taken(&item.id) {
                    return Err(taken.into());
                }
                // A credit code or a phone: whoever took it meanwhile was allowed to, and holds it.
            }
        }
        Ok(())
    }

    /// A share goes back while it still holds.
    fn share_goes_back(&mut self, undoing: &Undoing, item: &Item) -> Result<(), Stop> {
        let now = undoing.row(&SHARE, &item.id);
        if let Some(before) = &item.before {
            let share = Share::from_row(&before.row(&SHARE, &item.id, now)?)?;
            if now.is_none() && !share.holds(self.now) {
                return Ok(());
            }
            if let Some(end) = share.ends_at {
                self.write(agenda::at(end, &SHARE_END, share.id));
            }
        }
        self.goes_back(undoing, &SHARE, item)
    }

    /// A relation goes back to the customer that it was of; its other end is wherever that is today.
    fn relation_goes_back(&mut self, undoing: &mut Undoing, item: &Item) -> Result<(), Stop> {
        let now = undoing.row(&RELATION, &item.id).cloned();
        let was = match (&item.before, &now) {
            (Some(before), _) => Relation::from_row(&before.row(&RELATION, &item.id, None)?)?,
            (None, Some(now)) => {
                let end = |column: &str| item.columns.get(column).and_then(|id| id.parse::<CustomerId>().ok());
                let known = Relation::from_row(now)?;
                // Only the end that was a source's goes back: the other one is where it went since.
                let source = |end: &CustomerId| undoing.source(*end).is_some();
                let (first, second) = (end("first").filter(source), end("second").filter(source));
                Relation { first: first.unwrap_or(known.first), second: second.unwrap_or(known.second), ..known }
            }
            (None, None) => return Ok(()),
        };
        let ends = [was.first, was.second];
        let others: Vec<String> =
            ends.iter().filter(|end| undoing.source(**end).is_none()).map(ToString::to_string).collect();
        let others = Customer::from_rows(&self.get(&CUSTOMER, others)?)?;
        let known = |end: CustomerId| others.iter().find(|other| other.id == end);
        if ends.iter().any(|end| undoing.source(*end).is_none() && known(*end).is_none()) {
            // The other customer is gone for good, and the relation with it.
            return Ok(());
        }
        let place = |end: CustomerId| known(end).and_then(|other| other.merged_into).unwrap_or(end);
        let back = self.placed(&was, place);
        let key = back.unique_key_id();
        let made = |write: &Write| matches!(write, Write::Insert { row, .. } if row.id == key);
        let stands = self.changes.writes.iter().any(made) || self.get_one(&UNIQUE_KEY, key.clone())?.is_some();
        if stands || back.first == back.second {
            undoing.stays(item);
            return Ok(());
        }
        match &now {
            Some(now) => {
                let current = Relation::from_row(now)?;
                if let Some(old) = self.get_one(&UNIQUE_KEY, current.unique_key_id())? {
                    self.write(Write::Delete { kind: &UNIQUE_KEY, id: old.id, version: old.version });
                }
                self.move_relation(&current, &back);
            }
            None => {
                let kept = item.before.as_ref().map(|before| before.row(&RELATION, &item.id, None)).transpose()?;
                if let Some(mut row) = kept {
                    row.values = back.columns();
                    self.write(Write::Restore { kind: &RELATION, row, from: None });
                }
            }
        }
        self.insert(&UNIQUE_KEY, unique_key_row(key, &item.id));
        if was.hierarchical && !self.changes.writes.iter().any(is_guard) {
            let guard = self.guard_of_parents()?;
            self.update(&crate::organisation::GUARD, guard);
        }
        Ok(())
    }

    /// Contacts: whoever is left without a primary one gets one.
    fn contacts_go_back(&mut self, undoing: &Undoing, items: &[&Item]) -> Result<(), Stop> {
        let mut back: BTreeMap<String, (CustomerId, StoredContact, Option<StoredContact>)> = BTreeMap::new();
        let mut primary: BTreeSet<CustomerId> = BTreeSet::new();
        let mut left: Vec<Standing<StoredContact>> =
            Standing::all(self.find_all(under(&CONTACT, undoing.survivor.id))?)?;
        for item in items {
            let now = undoing.row(&CONTACT, &item.id).map(StoredContact::from_row).transpose()?;
            let kept = item.before.as_ref().map(|before| before.row(&CONTACT, &item.id, None)).transpose()?;
            let kept = kept.map(|row| StoredContact::from_row(&self.as_fields_are(&CONTACT, row)?)).transpose()?;
            let Some(contact) = kept.or_else(|| now.clone()) else { continue };
            let of = item.from;
            if contact.primary {
                primary.insert(of);
            }
            if of != undoing.survivor.id {
                left.retain(|own| own.row.id != item.id);
            }
            back.insert(item.id.clone(), (of, contact, now));
        }
        let mut crowned: BTreeSet<CustomerId> = BTreeSet::new();
        for item in items {
            let Some((of, contact, now)) = back.get(&item.id) else { continue };
            let crown = *of != undoing.survivor.id && !primary.contains(of) && crowned.insert(*of);
            match (crown, now) {
                (false, _) => self.goes_back(undoing, &CONTACT, item)?,
                (true, now) => {
                    // Its primary one changed since and stays away.
                    let mut contact = contact.clone();
                    contact.primary = true;
                    let row =
                        Row { version: now.as_ref().map_or(contact.version, |now| now.version), ..contact.to_row()? };
                    let scope =
                        undoing.source(*of).map(Customer::scope).unwrap_or_else(|| contact.scope.as_str().into());
                    let changes = vec![("customer", Change::Set(of.to_string().into())), ("scope", Change::Set(scope))];
                    match now {
                        Some(_) => self.write(Write::Update { kind: &CONTACT, row, changes }),
                        None => self.write(Write::Restore { kind: &CONTACT, row, from: None }),
                    }
                }
            }
        }
        let headless = !left.is_empty() && !left.iter().any(|own| own.record.primary);
        let written: BTreeSet<&str> = back.keys().map(String::as_str).into_set();
        if let Some(first) = left.iter().find(|own| !written.contains(own.row.id.as_str())).filter(|_| headless) {
            let mut crowned = first.record.clone();
            crowned.primary = true;
            self.save(&first.record, &crowned)?;
        }
        Ok(())
    }

    /// The survivor gives back what it took over, as far as nobody changed it since.
    fn survivor_goes_back(
        &mut self,
        undoing: &mut Undoing,
        item: Option<&Item>,
        items: &[Item],
    ) -> Result<Customer, Stop> {
        let now = undoing.survivor.clone();
        let before = match item {
            Some(item) if undoing.is_untouched(&CUSTOMER, item) => item.before.as_ref(),
            _ => None,
        };
        if let Some(before) = before {
            let id = now.id.to_string();
            let row = self.as_fields_are(&CUSTOMER, before.row(&CUSTOMER, &id, undoing.row(&CUSTOMER, &id))?)?;
            let (version, recycle_warning) = (now.version, now.recycle_warning);
            let was = Customer { version, recycle_warning, ..Customer::from_row(&row)? };
            self.save_as_read(&now, &was)?;
            return Ok(Customer { version: now.version + 1, ..was });
        }
        let mut value = custom_field::spread(&now);
        for change in &undoing.merge.changes.clone() {
            if change.field == "approval" {
                continue;
            }
            let current = value.get(&change.field).filter(|value| history::is_something(value)).cloned();
            if current == change.became {
                put(&mut value, &change.field, change.was.as_ref());
            } else if current != change.was {
                undoing.stayed.push(MergeItem {
                    record: CustomerId::RECORD.to_owned(),
                    id: now.id.to_string(),
                    name: change.field.clone(),
                    from: now.id,
                    effect: MergeEffect::ChangedSince,
                });
            }
        }
        let mut back = as_customer(value, &now)?;
        // What a field held before it came to hold something else is nothing that it can have.
        back.custom.retain(|own| self.fits_its_field(Customized::Customer, own));
        back.changed_at = self.now;
        back.changed_by = self.actor().name();
        // What it is called no longer is nobody's, but for what goes back to the sources.
        let kept: Vec<String> = all_keys(&back, &self.context).into_iter().map(|(key, _)| key.id).collect();
        let mut free: Vec<String> = all_keys(&now, &self.context).into_iter().map(|(key, _)| key.id).collect();
        free.retain(|id| {
            !kept.contains(id) && !items.iter().any(|item| item.kind == UNIQUE_KEY.name && item.id == *id)
        });
        for key in self.get(&UNIQUE_KEY, free)? {
            if holder_of(&key) == Some(now.id.to_string()) {
                self.write(Write::Delete { kind: &UNIQUE_KEY, id: key.id, version: key.version });
            }
        }
        self.save_as_read(&now, &back)?;
        let mut changes = history::changes(&now, &back, &CHANGED);
        changes.extend(custom_field::changes(&now.custom, &back.custom));
        changes.retain(|change| change.field != "former");
        self.remember(CustomerId::RECORD, now.id, "unmerge", changes)?;
        Ok(Customer { version: now.version + 1, ..back })
    }

    /// Marks the merge as taken back, and tells everyone.
    fn keep_undone(&mut self, undoing: &Undoing) -> Result<Merge, Stop> {
        let before = &undoing.merge;
        let by = self.actor().name();
        let after = Merge { undone_at: Some(self.now), undone_by: Some(by), ..before.clone() };
        self.save(before, &after)?;
        for row in cut(&undoing.stayed, before.id, 's', |stayed| Part { stayed, ..Part::default() })? {
            self.insert(&MERGE_PART, row);
        }
        let names: Vec<&str> = before.sources.iter().map(|source| source.name.as_str()).collect();
        let gone = history::change("merged", Some(serde_json::json!(names)), None);
        self.remember(CustomerId::RECORD, before.survivor, "unmerge", vec![gone])?;
        for source in &before.sources {
            let out_of = history::change("merged_into", Some(undoing.survivor.name.as_str().into()), None);
            self.remember(CustomerId::RECORD, source.id, "unmerge", vec![out_of])?;
        }
        let sources: Vec<CustomerId> = before.sources.iter().map(|source| source.id).collect();
        let data = serde_json::json!({"merge": before.id, "sources": sources});
        self.announce("merge_undone", CustomerId::RECORD, before.survivor, data)?;
        self.made(before.id);
        Ok(Merge { version: after.version + 1, ..after })
    }
}

fn is_guard(write: &Write) -> bool {
    matches!(write, Write::Update { kind, .. } if *kind == &crate::organisation::GUARD)
}

/// Merges go with their survivor, and what was merged into it.
pub(crate) static MERGES_UNDER: Under = Under {
    purge: |work, customer| {
        const BATCH: i64 = 200;
        let Some(row) = work.get_one(&CUSTOMER, customer.to_string())? else { return Ok(true) };
        let known = Customer::from_row(&row)?;
        let mut ids: Vec<CustomerId> = known.former.iter().map(|former| former.id).chain([customer]).collect();
        ids.sort();
        ids.dedup();
        let keys = ids.iter().map(|id| id.to_string().into()).collect();
        let merges = Search::of(&MERGE).within("survivor", keys).limited(BATCH);
        let merges = rows(work.read(vec![Read::Find(merges)])?.into_iter().next());
        let of = merges.iter().map(|row| row.id.as_str().into()).collect();
        let parts = Search::of(&MERGE_PART).within("merge", of).limited(20);
        let parts = rows(work.read(vec![Read::Find(parts)])?.into_iter().next());
        let whole = parts.is_empty() && (merges.len() as i64) < BATCH;
        for row in &parts {
            work.write(Write::Delete { kind: &MERGE_PART, id: row.id.clone(), version: row.version });
        }
        // A merge goes when nothing of it is left.
        for row in merges.iter().filter(|_| parts.is_empty()) {
            work.write(Write::Delete { kind: &MERGE, id: row.id.clone(), version: row.version });
        }
        if whole {
            let tombstones = ids.iter().filter(|id| **id != customer).map(ToString::to_string).collect();
            for row in work.get(&CUSTOMER, tombstones)? {
                if Customer::from_row(&row)?.merged_into == Some(customer) {
                    work.write(Write::Delete { kind: &CUSTOMER, id: row.id, version: row.version });
                }
            }
        }
        Ok(whole)
    },
    follow: None,
};
