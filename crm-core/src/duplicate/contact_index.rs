//! By which keys contacts are found that may be alike: one row for each, in the commit that brings the contact.
//!
//! A key only says whom to compare: who is compared is read as he is today.

use super::contact::{ComparedContact, ContactDraft};
use super::index::NameIndex;
use crate::access::{Reaches, Scope};
use crate::contact::{CONTACT, Contact, StoredContact};
use crate::id::ContactId;
use crate::record::Record;
use crate::sharing::SharePanel;
use crate::sorted::{Gather as _, Sort as _};
use crate::store::{Answer, Check, Kind, Read, Row, SEPARATOR, Search, Selection, Value, Write};
use crate::work::{Stop, Work, rows};
use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

/// Who has a key: the key of a row is the key, a separator and the contact.
pub(crate) static CONTACT_KEY: Kind = Kind { since: 10, ..Kind::plain("contact_key") };

/// The version of keys: of another one, contacts are gone through anew.
pub(super) const CONTACT_KEYS: i32 = 1;

/// Of how many contacts that have a key it is asked whether the actor may see them.
const MOST_HOLDERS: i64 = 2_000;
/// How many that he may see are compared with one that is entered.
const MOST_COMPARED: usize = 1_000;

/// How many contacts of before are taken in with one commit.
const BATCH: i64 = 200;

impl ContactDraft {
    /// All that is compared of a contact.
    pub(crate) fn of(contact: &Contact) -> ContactDraft {
        ContactDraft {
            name: contact.name.clone(),
            phones: contact.phones.clone(),
            email: contact.email.clone(),
            birthday: contact.birthday,
            address: contact.address.clone(),
            contact: Some(contact.id),
        }
    }
}

/// The keys of the rows by which a contact is found; none of a person who was erased.
fn ids_of(contact: &Contact) -> BTreeSet<String> {
    if contact.erased_at.is_some() {
        return BTreeSet::new();
    }
    contact_keys_of(&ContactDraft::of(contact), contact.id)
}

/// The keys of the rows by which a contact is found of whom this is known.
pub(crate) fn contact_keys_of(draft: &ContactDraft, contact: ContactId) -> BTreeSet<String> {
    let keys = ComparedContact::new(draft).keys();
    keys.into_iter().map(|key| format!("{key}{SEPARATOR}{contact}")).into_set()
}

fn key_row(id: String) -> Row {
    Row { id, version: 1, values: Vec::new(), body: "{}".to_owned() }
}

/// Contacts of customers that the actor may open, by the keys that they have.
pub(super) struct Holders {
    of_key: BTreeMap<String, Vec<String>>,
    /// Whether a key has more holders than were looked at.
    pub(super) more: bool,
}

impl Holders {
    /// Whom to compare with one that is asked for, those with the most keys in common first; and whether that is all of them.
    pub(super) fn of(&self, asked: &ComparedContact) -> (Vec<String>, bool) {
        let mut common: BTreeMap<&String, usize> = BTreeMap::new();
        for contact in asked.keys().iter().filter_map(|key| self.of_key.get(key)).flatten() {
            *common.entry(contact).or_default() += 1;
        }
        let mut held: Vec<(Reverse<usize>, &String)> =
            common.into_iter().map(|(contact, keys)| (Reverse(keys), contact)).collect();
        let all = held.len() <= MOST_COMPARED;
        if !all {
            held.order_by(Ord::cmp);
            held.truncate(MOST_COMPARED);
        }
        (held.into_iter().map(|(_, contact)| contact.clone()).collect(), all)
    }
}

impl Work<'_> {
    /// Writes by which keys the contacts are found that the decision changes.
    pub(crate) fn index_contacts(&mut self) -> Result<(), Stop> {
        let (mut added, mut dropped) = (Vec::new(), Vec::new());
        for write in &self.changes.writes {
            let (id, after) = match write {
                Write::Insert { kind, row } if *kind == &CONTACT => {
                    // Nobody had its id before.
                    for id in ids_of(&StoredContact::from_row(row)?.contact) {
                        added.push(Write::Insert { kind: &CONTACT_KEY, row: key_row(id) });
                    }
                    continue;
                }
                Write::Update { kind, row, .. } | Write::Restore { kind, row, .. } if *kind == &CONTACT => {
                    (&row.id, Some(StoredContact::from_row(row)?))
                }
                Write::Delete { kind, id, .. } if *kind == &CONTACT => (id, None),
                _ => continue,
            };
            let before = self.seen(&CONTACT, id).map(StoredContact::from_row).transpose()?;
            let of = |contact: Option<StoredContact>| contact.map(|contact| ids_of(&contact)).unwrap_or_default();
            let (had, has) = (of(before), of(after));
            for id in has.difference(&had) {
                // One may have been left behind by somebody who was as this one is now.
                added.push(Write::Put { kind: &CONTACT_KEY, row: key_row(id.clone()) });
            }
            dropped.extend(had.difference(&has).cloned());
        }
        for write in added {
            self.write(write);
        }
        if dropped.is_empty() {
            return Ok(());
        }
        // Not all need to be there: contacts of before may wait to be taken in, and one could be taken in as it was.
        self.rely_on_index(NameIndex::has_all_contacts)?;
        dropped.sort();
        for row in self.get(&CONTACT_KEY, dropped)? {
            self.write(Write::Delete { kind: &CONTACT_KEY, id: row.id, version: row.version });
        }
        Ok(())
    }

    /// Deletes those of the keys that are there.
    pub(crate) fn delete_contact_keys(&mut self, keys: Vec<String>) -> Result<(), Stop> {
        for keys in keys.chunks(500) {
            for row in self.get(&CONTACT_KEY, keys.to_vec())? {
                self.write(Write::Delete { kind: &CONTACT_KEY, id: row.id, version: row.version });
            }
        }
        Ok(())
    }

    /// Takes in contacts that were there before their keys, some at a time; answers the last one, and none at the end.
    pub(super) fn walk_contacts(&mut self, from: Option<String>) -> Result<Option<String>, Stop> {
        let search = Search { after: from.map(|id| (None, id)), ..Search::of(&CONTACT).limited(BATCH) };
        let page = rows(self.read(vec![Read::Find(search)])?.into_iter().next());
        for found in &page {
            // Whoever changes it meanwhile did not see its keys.
            self.changes.checks.push(Check { kind: &CONTACT, id: found.id.clone(), version: found.version });
            for id in ids_of(&StoredContact::from_row(found)?.contact) {
                self.write(Write::Put { kind: &CONTACT_KEY, row: key_row(id) });
            }
        }
        Ok(page.last().map(|row| row.id.clone()).filter(|_| page.len() as i64 == BATCH))
    }

    /// Who has one of the keys of what is asked, of those whom the actor may see: nobody else takes a place.
    pub(super) fn holders_of_keys(&mut self, asked: &[ComparedContact]) -> Result<Holders, Stop> {
        let keys = asked.iter().flat_map(ComparedContact::keys).into_set();
        let search = |key: &String| Read::Columns {
            of: Selection::Page(Search::beginning(&CONTACT_KEY, key).limited(MOST_HOLDERS)),
            columns: Vec::new(),
        };
        let answers = self.read(keys.iter().map(search).collect())?;
        let (mut of_key, mut more) = (BTreeMap::new(), false);
        for (key, answer) in keys.into_iter().zip(answers) {
            let Answer::Columns(found) = answer else { continue };
            more |= found.len() as i64 >= MOST_HOLDERS;
            let holders = found.iter().filter_map(|(id, _)| id.rsplit(SEPARATOR).next().map(str::to_owned)).collect();
            of_key.insert(key, holders);
        }
        let open = self.open_contacts(of_key.values().flatten().cloned().into_set())?;
        of_key.values_mut().for_each(|holders: &mut Vec<String>| holders.retain(|contact| open.contains(contact)));
        Ok(Holders { of_key, more })
    }

    /// Those of the contacts whose customers the actor may open.
    fn open_contacts(&mut self, contacts: BTreeSet<String>) -> Result<BTreeSet<String>, Stop> {
        let selection = Selection::Keys { kind: &CONTACT, ids: contacts.into_iter().collect() };
        let (mut customers, mut of_customer) = (BTreeMap::new(), Vec::new());
        for (contact, values) in self.columns(selection, vec!["customer", "scope"])? {
            if let [Value::Text(customer), Value::Text(scope)] = &values[..] {
                customers.insert(customer.clone(), Scope::parse(scope)?);
                of_customer.push((contact, customer.clone()));
            }
        }
        let ids: Vec<&str> = customers.keys().map(String::as_str).collect();
        let scopes: Vec<Scope> = customers.values().cloned().collect();
        let reached = self.reach_of(&ids, &scopes)?;
        let opens = |reached: &Option<Reaches>| reached.is_some_and(|reached| reached.opens(SharePanel::Contacts));
        let open = ids.into_iter().zip(reached).filter(|(_, reached)| opens(reached)).map(|(id, _)| id).into_set();
        let of_open = of_customer.into_iter().filter(|(_, customer)| open.contains(customer.as_str()));
        Ok(of_open.map(|(contact, _)| contact).into_set())
    }
}
