//! Contacts and shares of the sources.

use super::gather::{Merging, under};
use super::item::{Item, Standing};
use super::{ContactMerge, MergeEffect, MergeRefusal};
use crate::agenda;
use crate::contact::{CONTACT, Contact, MOST_CONTACTS, StoredContact};
use crate::custom_field::value_of;
use crate::customer::{Customer, MOST_PHONES};
use crate::duplicate::phone_key;
use crate::error::Violation;
use crate::history;
use crate::id::{ContactId, CustomerId, ShareId};
use crate::operations::op;
use crate::record::Record;
use crate::sharing::{MOST_SHARES, Rights, SHARE, SHARE_END, Share, ShareRight};
use crate::sorted::Gather as _;
use crate::store::{Change, Write};
use crate::text::{Checker, fold};
use crate::time::Timestamp;
use crate::work::{Stop, Work};
use std::collections::BTreeMap;

/// What moves a contact to another customer, and into its scope.
fn to(customer: &Customer) -> Vec<(&'static str, Change)> {
    vec![("customer", Change::Set(customer.id.to_string().into())), ("scope", Change::Set(customer.scope()))]
}

/// Whether two contacts look like the same person.
pub(super) fn looks_same(one: &Contact, other: &Contact) -> bool {
    if one.erased_at.is_some() || other.erased_at.is_some() {
        return false;
    }
    let named = fold(&one.name) == fold(&other.name);
    let mail = |contact: &Contact| contact.email.as_deref().map(fold);
    let phones = |contact: &Contact| contact.phones.iter().filter_map(|phone| phone_key(phone)).collect::<Vec<_>>();
    let (here, there) = (phones(one), phones(other));
    let reached = here.iter().any(|phone| there.contains(phone)) || (mail(one).is_some() && mail(one) == mail(other));
    let contradict = one.birthday.is_some() && other.birthday.is_some() && one.birthday != other.birthday;
    (reached || (named && (here.is_empty() || there.is_empty()))) && !contradict
}

/// A contact with what it lacks and another one has.
fn enriched(contact: &Contact, other: &Contact) -> Contact {
    let mut phones = contact.phones.clone();
    phones.extend(other.phones.iter().filter(|phone| !contact.phones.contains(phone)).cloned());
    phones.truncate(MOST_PHONES);
    let mut custom = contact.custom.clone();
    custom.extend(other.custom.iter().filter(|own| value_of(&contact.custom, own.field.as_str()).is_none()).cloned());
    custom.sort_by(|a, b| a.field.cmp(&b.field));
    let text = |own: &Option<String>, other: &Option<String>| own.clone().or_else(|| other.clone());
    Contact {
        gender: contact.gender.or(other.gender),
        title: text(&contact.title, &other.title),
        department: text(&contact.department, &other.department),
        phones,
        email: text(&contact.email, &other.email),
        wechat: text(&contact.wechat, &other.wechat),
        qq: text(&contact.qq, &other.qq),
        birthday: contact.birthday.or(other.birthday),
        address: text(&contact.address, &other.address),
        preferences: text(&contact.preferences, &other.preferences),
        note: text(&contact.note, &other.note),
        custom,
        ..contact.clone()
    }
}

/// A share while it is decided.
struct Sharing {
    share: Share,
    /// As it stood, and whose it was.
    was: Option<(Standing<Share>, CustomerId)>,
}

impl Work<'_> {
    /// Contacts: those that are the same people as ones of the survivor are taken up by them. Answers who looks the same, and
    /// who takes up whom.
    pub(super) fn merge_contacts(
        &mut self,
        merging: &mut Merging<'_>,
        wanted: &[ContactMerge],
    ) -> Result<(Vec<ContactMerge>, BTreeMap<ContactId, ContactId>), Stop> {
        let (survivor, after) = (merging.survivor, merging.after);
        let own = Standing::<StoredContact>::all(self.find_all(under(&CONTACT, survivor.id))?)?;
        merging.owns(&CONTACT, own.iter().map(|own| own.row.id.clone()));
        let mut moving = Vec::new();
        for source in merging.sources {
            let found = Standing::<StoredContact>::all(self.find_all(under(&CONTACT, source.id))?)?;
            moving.extend(found.into_iter().map(|contact| (source, contact)));
        }
        let mut check = Checker::new();
        for (place, pair) in wanted.iter().enumerate() {
            let path = |field: &str| format!("contacts[{place}].{field}");
            let known = moving.iter().any(|(_, contact)| contact.record.id == pair.contact);
            check.ensure(known, || Violation::unknown(path("contact")));
            let again = wanted.iter().take(place).any(|other| other.contact == pair.contact);
            check.ensure(!again, || Violation::repeated(path("contact")));
            let into = own.iter().find(|own| own.record.id == pair.into);
            check.ensure(into.is_some(), || Violation::unknown(path("into")));
            let erased = into.is_some_and(|into| into.record.erased_at.is_some());
            check.ensure(!erased, || Violation::not_allowed(path("into")));
        }
        check.done()?;
        if own.len() + moving.len() - wanted.len() > MOST_CONTACTS {
            return Err(MergeRefusal::TooManyContacts.into());
        }
        let same: BTreeMap<ContactId, ContactId> = wanted.iter().map(|pair| (pair.contact, pair.into)).into_map();
        let mut equal: Vec<ContactMerge> = Vec::new();
        let mut taken_up: BTreeMap<ContactId, Contact> = BTreeMap::new();
        let mut has_primary = own.iter().any(|own| own.record.primary);
        for (source, Standing { row, record }) in &moving {
            if let Some(into) = same.get(&record.id) {
                let known = own.iter().find(|own| own.record.id == *into).map(|own| own.record.contact.clone());
                if let Some(known) = taken_up.get(into).cloned().or(known) {
                    taken_up.insert(*into, enriched(&known, record));
                }
                self.write(Write::Delete { kind: &CONTACT, id: row.id.clone(), version: row.version });
                let item = Item::removed(&CONTACT, row, source.id, Some(MergeEffect::United));
                merging.items.push(Item { into: Some(*into), ..item.named(&record.name) });
                // Who it is from now on, should the person be erased.
                let taken_up_by = history::change("merged_into", None, Some(into.to_string().into()));
                self.remember(ContactId::RECORD, record.id, op::merge_customers.name, vec![taken_up_by])?;
                continue;
            }
            let free = |own: &&Standing<StoredContact>| !equal.iter().any(|pair| pair.into == own.record.id);
            if let Some(twin) = own.iter().filter(free).find(|own| looks_same(&own.record, record)) {
                equal.push(ContactMerge { contact: record.id, into: twin.record.id });
            }
            let item = if record.primary && has_primary {
                let mut deposed = record.clone();
                deposed.primary = false;
                let deposed = deposed.to_row()?;
                let item = Item::changed(&CONTACT, row, &deposed, source.id);
                self.write(Write::Update { kind: &CONTACT, row: deposed, changes: to(after) });
                Item { effect: Some(MergeEffect::Moved), ..item }
            } else {
                has_primary |= record.primary;
                self.touch(&CONTACT, record.id, None, to(after));
                Item::moved(&CONTACT, row, source.id, &["customer", "scope"])
            };
            merging.items.push(item.named(&record.name));
        }
        for Standing { row, record } in &own {
            let Some(contact) = taken_up.remove(&record.id).filter(|contact| *contact != record.contact) else {
                continue;
            };
            let contact = Contact { changed_at: self.now, changed_by: self.actor().name(), ..contact };
            let enriched = StoredContact { contact, scope: record.scope.clone() };
            let item = Item::changed(&CONTACT, row, &enriched.to_row()?, survivor.id);
            merging.items.push(item.named(&record.name));
            self.save(record, &enriched)?;
        }
        Ok((equal, same))
    }

    /// Shares, united at the higher right; and those of the owners who have the customer no longer. Answers whether somebody may
    /// do more with the survivor than before.
    pub(super) fn merge_shares(
        &mut self,
        merging: &mut Merging<'_>,
        keep_owners: Option<ShareRight>,
    ) -> Result<bool, Stop> {
        let (survivor, after) = (merging.survivor, merging.after);
        let before = merging.items.len();
        let own = Standing::<Share>::all(self.find_all(under(&SHARE, survivor.id))?)?;
        merging.owns(&SHARE, own.iter().map(|own| own.row.id.clone()));
        let sharing = |was: Standing<Share>, of| Sharing { share: was.record.clone(), was: Some((was, of)) };
        let mut all: Vec<Sharing> = own.into_iter().map(|own| sharing(own, survivor.id)).collect();
        let same = |one: &Share, other: &Share| one.person == other.person && one.position == other.position;
        for source in merging.sources {
            for own in Standing::<Share>::all(self.find_all(under(&SHARE, source.id))?)? {
                let (share, now) = (own.record.clone(), self.now);
                let to_owner = share.person.as_ref() == Some(&after.owner);
                let mut known = all.iter_mut().filter(|known| known.share.holds(now) && same(&known.share, &share));
                let effect = if to_owner {
                    MergeEffect::Dropped
                } else if share.holds(now) && known.any(|known| known.share.unite(share.rights(), share.ends_at)) {
                    MergeEffect::United
                } else {
                    all.push(sharing(own, source.id));
                    continue;
                };
                let version = own.row.version;
                self.write(Write::Delete { kind: &SHARE, id: own.row.id.clone(), version });
                let item = Item::removed(&SHARE, &own.row, source.id, Some(effect));
                merging.items.push(item.named(self.grantee(&share)));
            }
        }
        for source in merging.sources.iter().filter(|source| source.owner != after.owner) {
            let Some(right) = keep_owners else { break };
            let now = self.now;
            let has =
                |known: &&mut Sharing| known.share.holds(now) && known.share.person.as_ref() == Some(&source.owner);
            if all.iter_mut().filter(has).any(|known| known.share.unite(Rights::all(right), None)) {
                continue;
            }
            let share = Share {
                id: ShareId(self.draw()?),
                customer: survivor.id,
                person: Some(source.owner.clone()),
                position: None,
                right,
                panels: Vec::new(),
                ends_at: None,
                label: None,
                created_at: now,
                created_by: self.actor().name(),
                version: 1,
            };
            all.push(Sharing { share, was: None });
        }
        if all.iter().filter(|known| known.share.holds(self.now)).count() > MOST_SHARES {
            return Err(MergeRefusal::TooManyShares.into());
        }
        for Sharing { share, was } in all {
            let name = self.grantee(&share);
            let here = ("customer", Change::Set(survivor.id.to_string().into()));
            let Some((was, of)) = was else {
                let row = share.to_row()?;
                merging.items.push(Item::made(&SHARE, &row, survivor.id).named(name));
                self.insert(&SHARE, row);
                continue;
            };
            let (moves, raised) = (of != survivor.id, share != was.record);
            let item = match (moves, raised) {
                (false, false) => continue,
                (false, true) => {
                    self.save(&was.record, &share)?;
                    Item::changed(&SHARE, &was.row, &share.to_row()?, of)
                }
                (true, false) => {
                    self.touch(&SHARE, share.id, None, vec![here]);
                    Item::moved(&SHARE, &was.row, of, &["customer"])
                }
                (true, true) => {
                    let row = share.to_row()?;
                    let item = Item::changed(&SHARE, &was.row, &row, of);
                    let ends = Change::Set(share.ends_at.map_or(crate::record::NEVER, Timestamp::millis).into());
                    self.write(Write::Update { kind: &SHARE, row, changes: vec![here, ("ends_at", ends)] });
                    Item { effect: Some(MergeEffect::Moved), ..item }
                }
            };
            if let Some(end) = share.ends_at.filter(|end| Some(*end) != was.record.ends_at) {
                self.write(agenda::at(end, &SHARE_END, share.id));
            }
            merging.items.push(item.named(name));
        }
        let touched = merging.items.iter().skip(before).any(|item| item.effect != Some(MergeEffect::Dropped));
        Ok(touched)
    }

    /// With whom it is shared, as people call them.
    fn grantee(&self, share: &Share) -> String {
        let person = share.person.as_ref();
        let known = person.and_then(|person| self.context.people.get(person)).map(|person| person.name.clone());
        let position = share.position.as_ref();
        let held = position.and_then(|position| self.context.positions.get(position)).map(|own| own.name.clone());
        known.or(held).or(person.map(ToString::to_string)).unwrap_or_default()
    }
}
