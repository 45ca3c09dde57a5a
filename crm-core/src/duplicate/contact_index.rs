//! By which keys contacts are found that may be alike: one row for each, in the commit that brings the contact.
//!
//! A key only says whom to compare: who is compared is read as he is today.

use super::contact::{ComparedContact, ContactDraft};
use super::index::NameIndex;
use crate::contact::{CONTACT, Contact, StoredContact};
use crate::record::Record;
use crate::sorted::Gather as _;
use crate::store::{Check, Kind, Read, Row, Search, Write};
use crate::work::{Stop, Work, rows};
use std::collections::BTreeSet;

/// Who has a key: the key of a row is the key, a separator and the contact.
pub(crate) static CONTACT_KEY: Kind = Kind { since: 10, ..Kind::plain("contact_key") };

/// The version of keys: of another one, contacts are gone through anew.
pub(super) const CONTACT_KEYS: i32 = 1;

/// What parts a key from the contact.
const SEPARATOR: char = '\u{1f}';

/// Of how many that have a key one is told.
const MOST_HOLDERS: usize = 100;

/// How many contacts of before are taken in with one commit.
const BATCH: i64 = 500;

/// All that is compared of a contact.
pub(super) fn draft_of(contact: &Contact) -> ContactDraft {
    ContactDraft {
        name: contact.name.clone(),
        phones: contact.phones.clone(),
        email: contact.email.clone(),
        birthday: contact.birthday,
        address: contact.address.clone(),
        contact: Some(contact.id),
    }
}

/// The keys of the rows by which a contact is found.
fn ids_of(contact: &Contact) -> BTreeSet<String> {
    let keys = ComparedContact::new(&draft_of(contact)).keys();
    keys.into_iter().map(|key| format!("{key}{SEPARATOR}{}", contact.id)).into_set()
}

fn key_row(id: String) -> Row {
    Row { id, version: 1, values: Vec::new(), body: "{}".to_owned() }
}

/// Those who have a key.
pub(super) struct Holders {
    /// Contacts, each once.
    pub(super) contacts: BTreeSet<String>,
    /// Whether there are more than are told.
    pub(super) more: bool,
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

    /// Who has one of the keys of what is asked.
    pub(super) fn holders_of_keys(&mut self, asked: &ComparedContact) -> Result<Holders, Stop> {
        let begins: Vec<String> = asked.keys().into_iter().map(|key| format!("{key}{SEPARATOR}")).collect();
        let search = |begin: &String| {
            let search = Search { after: Some((None, begin.clone())), ..Search::of(&CONTACT_KEY) };
            Read::Find(search.limited(MOST_HOLDERS as i64 + 1))
        };
        let answers = self.read(begins.iter().map(search).collect())?;
        let (mut contacts, mut more) = (BTreeSet::new(), false);
        for (begin, answer) in begins.iter().zip(answers) {
            let found = rows(Some(answer));
            let holding = found.iter().filter_map(|row| row.id.strip_prefix(begin.as_str()));
            more |= holding.clone().nth(MOST_HOLDERS).is_some();
            contacts.extend(holding.take(MOST_HOLDERS).map(str::to_owned));
        }
        Ok(Holders { contacts, more })
    }
}
