//! Erasing what is known of a person (C8, 个人信息保护法): in the contact, its history, its keys, its reminders and calendars, what the host is
//! yet to be told, and what merges keep to be taken back.
//!
//! What stays: that there was a contact, whose it was, when its fields changed and by whom; and texts that people wrote of their own,
//! such as follow-ups, since nobody knows of whom they speak. A customer who is a person is a party to contracts and receipts: it is
//! deleted and purged as any other, once the law lets them go.

use super::commands::not_found;
use super::{CONTACT, Contact, ContactRefusal, ERASED_NAME, StoredContact};
use crate::access::Reach;
use crate::crm::Session;
use crate::customer::{CUSTOMER, Customer};
use crate::duplicate::{ContactDraft, contact_keys_of};
use crate::error::Error;
use crate::history::{self, CONTACT_REASON, FieldChange, HISTORY, HistoryEntry};
use crate::id::{ContactId, CustomerId};
use crate::merge::KeptMerges;
use crate::operations::op;
use crate::record::Record;
use crate::sorted::Gather as _;
use crate::store::{Row, Search, Value};
use crate::text::Checker;
use crate::time::{Birthday, Timestamp};
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The most rows that one erasure changes.
const MOST_ROWS: usize = 20_000;

/// What was erased of a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Erasure {
    /// The contact that was named.
    pub contact: ContactId,
    /// All contacts that are this person: the one that was named, those that were united with it in merges that stand, by id.
    pub contacts: Vec<ContactId>,
    /// Entries of histories that lost their values. This, `reminders` and `events` are 0 for who does not read every field of contacts.
    pub history: i32,
    /// Rows of merge records that lost what they kept of the person.
    pub merges: i32,
    /// Reminders of the birthday that are gone.
    pub reminders: i32,
    /// Events that tell of the birthday no more.
    pub events: i32,
}

/// Fields of entries that say nothing of a person.
const IMPERSONAL: [&str; 5] = ["primary", "erased", "reason", "customer", "merged_into"];

/// What is found of a person.
#[derive(Default)]
struct Found {
    contacts: BTreeSet<ContactId>,
    rows: Vec<StoredContact>,
    /// Their rows as they stand.
    stored: Vec<Row>,
    histories: Vec<Row>,
    customers: BTreeSet<CustomerId>,
    names: BTreeSet<String>,
    /// What the person was known by, in parts.
    drafts: Vec<(ContactId, ContactDraft)>,
    born: bool,
}

impl Contact {
    /// The contact without anything of the person.
    pub(crate) fn erased(&self, at: Timestamp) -> Contact {
        Contact {
            id: self.id,
            customer: self.customer,
            primary: self.primary,
            name: ERASED_NAME.to_owned(),
            gender: None,
            title: None,
            department: None,
            phones: Vec::new(),
            email: None,
            wechat: None,
            qq: None,
            birthday: None,
            address: None,
            preferences: None,
            note: None,
            custom: Vec::new(),
            created_at: self.created_at,
            created_by: self.created_by.clone(),
            changed_at: at,
            changed_by: self.changed_by.clone(),
            erased_at: Some(self.erased_at.unwrap_or(at)),
            version: self.version,
        }
    }
}

impl Session<'_> {
    /// Erases what is known of a person, for good: the fields of the contact, the values in its history and in those of the customers that
    /// it was of, the keys by which it is found, reminders of the birthday and what published calendars remember of them, events that tell
    /// of the birthday, and what merges keep of it. Contacts that were united with it in merges that stand are the same person, and erased
    /// with it. A merge that is taken back later brings nothing back. The contact stays under the name [`ERASED_NAME`], and can be removed.
    ///
    /// A contact that was removed, or united with another one, can be erased, too. Texts that people wrote of their own are not looked
    /// through: follow-ups, replies, documents, signatories of contracts, reasons of merges. What a customer has itself (the phone of a company, a
    /// customer who is a person) is the customer's.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `settings.manage_settings`; [`Error::NotFound`], also of a contact that is gone for who is no
    /// administrator; [`Error::Invalid`] for a reason of more than 300 characters; `erasure_too_large`.
    pub fn erase_person(&self, contact: ContactId, reason: Option<String>) -> Result<Erasure, Error> {
        self.command(
            &op::erase_person,
            &(contact, &reason),
            |work| work.erase_person(contact, &reason),
            |_, made| {
                let number = |place: usize| made.get(place).and_then(|number| number.parse().ok()).unwrap_or_default();
                let contacts = made.iter().skip(4).filter_map(|id| id.parse().ok()).collect();
                Ok(Erasure {
                    contact,
                    contacts,
                    history: number(0),
                    merges: number(1),
                    reminders: number(2),
                    events: number(3),
                })
            },
        )
    }
}

impl Work<'_> {
    fn erase_person(&mut self, contact: ContactId, reason: &Option<String>) -> Result<Erasure, Stop> {
        let mut check = Checker::new();
        let reason = check.optional_line("reason", reason, 300);
        check.done()?;
        if !self.access()?.sees_all() {
            self.contact_within(contact, Reach::Edit)?;
        }
        let (found, merges) = self.find_person(contact)?;
        let ids: BTreeSet<String> = found.contacts.iter().map(ToString::to_string).into_set();
        let standing = self
            .get(&CUSTOMER, found.rows.iter().map(|row| row.customer.to_string()).into_set().into_iter().collect())?;
        let standing = Customer::from_rows(&standing)?;

        let by = self.actor().name();
        let erase = |before: &StoredContact| {
            let contact = Contact { changed_by: by.clone(), ..before.erased(self.now) };
            (before.clone(), StoredContact { contact, scope: before.scope.clone() })
        };
        let erased: Vec<(StoredContact, StoredContact)> =
            found.rows.iter().filter(|row| row.erased_at.is_none()).map(erase).collect();
        let mut stands = Vec::with_capacity(erased.len());
        for (before, after) in &erased {
            let row = found.stored.iter().find(|row| row.id == before.key()).cloned();
            stands.extend(row.map(|row| Ok::<_, Error>((row, after.to_row()?))).transpose()?);
        }
        let history = self.blank_histories(&found)?;
        let merges = self.blank_merges(&found.contacts, &stands, merges)?;
        let (mut reminders, mut events) = (0, 0);
        if found.born {
            (reminders, events) = self.forget_birthdays(&ids)?;
        }
        self.forget_keys(&found)?;
        for (before, after) in &erased {
            self.save(before, after)?;
        }
        let answer =
            Erasure { contact, contacts: found.contacts.iter().copied().collect(), history, merges, reminders, events };
        for number in [history, merges, reminders, events] {
            self.made(number);
        }
        found.contacts.iter().for_each(|id| self.made(id));
        if self.changes.writes.is_empty() {
            return Ok(answer);
        }
        // A merge that is decided at this moment would keep what is erased.
        for customer in &standing {
            self.bump_customer(customer)?;
        }
        for id in &found.contacts {
            let mut told = vec![history::change("erased", None, Some(true.into()))];
            told.extend(reason.as_ref().map(|reason| history::change("reason", None, Some(reason.as_str().into()))));
            self.remember(ContactId::RECORD, id, op::erase_person.name, told)?;
        }
        let customer = found.rows.iter().find(|row| row.id == contact).or(found.rows.first()).map(|row| row.customer);
        let data = serde_json::json!({"customer": customer, "contacts": answer.contacts});
        self.announce("person_erased", ContactId::RECORD, contact, data)?;
        if self.changes.writes.len() > MOST_ROWS {
            return Err(ContactRefusal::ErasureTooLarge.into());
        }
        Ok(answer)
    }

    /// Everything that there is of a person, whatever contacts and customers it leads over.
    fn find_person(&mut self, contact: ContactId) -> Result<(Found, KeptMerges), Stop> {
        let mut found = Found::default();
        let mut merges = self.kept_merges()?;
        let mut ahead = vec![contact];
        loop {
            while let Some(id) = ahead.pop() {
                if found.contacts.insert(id) {
                    ahead.extend(self.look_at_contact(id, &mut found)?);
                }
            }
            let customers = found.customers.len();
            self.merges_around(&mut merges, &mut found.customers)?;
            let images = merges.images_of(&found.contacts)?;
            for image in &images {
                found.names.insert(image.name.clone());
                found.born |= image.birthday.is_some();
                found.drafts.push((image.id, ContactDraft::of(image)));
            }
            let known: Vec<&Contact> = found.rows.iter().map(|row| &row.contact).chain(&images).collect();
            ahead = merges.same_person(&found.contacts, &known)?;
            if ahead.is_empty() && customers == found.customers.len() {
                break;
            }
        }
        found.names.extend(merges.names_of(&found.contacts));
        found.names.remove(ERASED_NAME);
        if found.rows.is_empty() && found.histories.is_empty() {
            return Err(not_found(contact).into());
        }
        Ok((found, merges))
    }

    /// What there is of one contact itself; answers which other one took it up, where it is gone.
    fn look_at_contact(&mut self, id: ContactId, found: &mut Found) -> Result<Option<ContactId>, Stop> {
        let stored = self.get_one(&CONTACT, id.to_string())?;
        let row = stored.as_ref().map(StoredContact::from_row).transpose()?;
        found.stored.extend(stored);
        let of = Value::Text(format!("{}:{id}", ContactId::RECORD));
        let histories = self.find_all(Search::of(&HISTORY).within("subject", vec![of]))?;
        let mut into = None;
        for entry in HistoryEntry::from_rows(&histories)? {
            for change in &entry.changes {
                for value in [&change.was, &change.became].into_iter().flatten() {
                    found.learn(id, &change.field, value);
                }
                let id = |value: &Option<serde_json::Value>| Some(value.as_ref()?.as_str()?.to_owned());
                match change.field.as_str() {
                    "customer" => found.customers.extend(id(&change.was).and_then(|id| id.parse::<CustomerId>().ok())),
                    "merged_into" if row.is_none() => into = id(&change.became).and_then(|id| id.parse().ok()).or(into),
                    _ => {}
                }
            }
        }
        found.histories.extend(histories);
        if let Some(row) = row {
            found.customers.insert(row.customer);
            if let Some(customer) = self.get_one(&CUSTOMER, row.customer.to_string())? {
                found.customers.extend(Customer::from_row(&customer)?.former.iter().map(|former| former.id));
            }
            found.names.insert(row.name.clone());
            found.born |= row.birthday.is_some();
            found.rows.push(row);
        }
        Ok(into)
    }

    /// Takes the values out of the histories of the contacts, and the names out of those of their customers.
    fn blank_histories(&mut self, found: &Found) -> Result<i32, Stop> {
        let mut blanked = 0_i32;
        for row in &found.histories {
            let personal = |change: &mut FieldChange| {
                let blank =
                    !IMPERSONAL.contains(&change.field.as_str()) && (change.was.is_some() || change.became.is_some());
                if blank {
                    (change.was, change.became) = (None, None);
                }
                blank
            };
            blanked += self.blank_entry(row, |entry| {
                entry.changes.iter_mut().filter_map(|own| personal(own).then_some(())).count() > 0
            })?;
        }
        let subjects: Vec<Value> =
            found.customers.iter().map(|id| Value::Text(format!("{}:{id}", CustomerId::RECORD))).collect();
        for row in self.find_all(Search::of(&HISTORY).within("subject", subjects))? {
            blanked += self.blank_entry(&row, |entry| {
                let mut named = false;
                let mut others = false;
                for change in entry.changes.iter_mut().filter(|change| change.field == "contact") {
                    let mut mine = false;
                    for value in [&mut change.was, &mut change.became].into_iter().flatten() {
                        if value.as_str().is_some_and(|name| found.names.contains(name)) {
                            *value = ERASED_NAME.into();
                            mine = true;
                        }
                    }
                    named |= mine;
                    others |= !mine;
                }
                let mut reasons = false;
                // Of an entry that names nobody it can't be told of whom it speaks.
                for change in entry.changes.iter_mut().filter(|own| own.field == CONTACT_REASON && (named || !others)) {
                    reasons |= change.was.is_some() || change.became.is_some();
                    (change.was, change.became) = (None, None);
                }
                named || reasons
            })?;
        }
        Ok(blanked)
    }

    fn blank_entry(&mut self, row: &Row, blank: impl FnOnce(&mut HistoryEntry) -> bool) -> Result<i32, Stop> {
        let mut entry = HistoryEntry::from_row(row)?;
        if !blank(&mut entry) {
            return Ok(0);
        }
        self.update(&HISTORY, Row { version: row.version, ..entry.to_row()? });
        Ok(1)
    }

    /// Keys of what the contacts were once, should any be left; those of what they are go with the commit.
    fn forget_keys(&mut self, found: &Found) -> Result<(), Stop> {
        let now: BTreeSet<String> =
            found.rows.iter().flat_map(|row| contact_keys_of(&ContactDraft::of(&row.contact), row.id)).into_set();
        let once = found.drafts.iter().flat_map(|(id, draft)| contact_keys_of(draft, *id));
        let once = once.filter(|key| !now.contains(key)).into_set();
        self.delete_contact_keys(once.into_iter().collect())
    }
}

impl Found {
    /// A value out of the history.
    fn learn(&mut self, id: ContactId, field: &str, value: &serde_json::Value) {
        let text = || value.as_str().map(str::to_owned);
        let mut draft = ContactDraft::default();
        match field {
            "name" => {
                let Some(name) = text() else { return };
                self.names.insert(name.clone());
                draft.name = name;
            }
            "phones" => draft.phones = serde_json::from_value(value.clone()).unwrap_or_default(),
            "email" => draft.email = text(),
            "address" => draft.address = text(),
            "birthday" => {
                self.born = true;
                draft.birthday = serde_json::from_value::<Birthday>(value.clone()).ok();
            }
            _ => return,
        }
        self.drafts.push((id, draft));
    }
}
