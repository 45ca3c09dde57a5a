//! By which keys the quick search finds customers: one row for each, in the commit that brings what it says.
//!
//! A key is a class, a term, and behind a separator what it was made of and whose it is; it stands in the scope of its
//! customer, so that what somebody searches are ranges of the scopes that he sees, and nothing else takes a place among
//! what he finds.

use super::{CUSTOMER, Customer, CustomerKind};
use crate::access::{Scope, Standing};
use crate::contact::{CONTACT, Contact, StoredContact};
use crate::duplicate::{CompanyName, MOST_FORMER, long_id, phone_key, short_id};
use crate::error::Error;
use crate::record::{Columns, Record};
use crate::sorted::Gather as _;
use crate::store::{Change, Check, Column, ColumnType, Index, Kind, Read, Row, SEPARATOR, Search, Value, Write};
use crate::text::{first_pinyin, fold};
use crate::work::{Stop, Work, rows};
use std::collections::{BTreeMap, BTreeSet};

const SINCE: i32 = 18;

/// Keys of the quick search, by themselves.
pub(crate) static CUSTOMER_KEY: Kind = Kind {
    name: "customer_key",
    columns: &[Column { since: SINCE, ..Column::projected("scope", ColumnType::Text) }],
    indexes: &[Index { since: SINCE, ..Index::on("scope", &["scope"]) }],
    since: SINCE,
};

/// The version of keys: of another one, all are gone through anew. Also another one when
/// [`crate::duplicate::NAME_VERSION`] finds other brands.
pub(crate) const CUSTOMER_KEYS: i32 = 1;

/// How much of a text is a key, in characters; what is typed is cut alike.
const LONGEST: usize = 24;
/// How much of initials.
const MOST_INITIALS: usize = 12;
/// In how many ways initials are told of one name with characters of several readings.
const MOST_READINGS: usize = 4;
/// At how many words behind the first one a name is found.
const MOST_WORDS: usize = 3;
/// How many records of before are taken in with one commit.
const BATCH: i64 = 200;

/// Characters of names that are read in two ways, with the letters with which those begin.
const READINGS: [(char, [char; 2]); 17] = [
    ('重', ['z', 'c']),
    ('长', ['c', 'z']),
    ('厦', ['x', 's']),
    ('行', ['x', 'h']),
    ('单', ['d', 's']),
    ('曾', ['z', 'c']),
    ('解', ['j', 'x']),
    ('仇', ['c', 'q']),
    ('区', ['q', 'o']),
    ('查', ['c', 'z']),
    ('盛', ['s', 'c']),
    ('乐', ['l', 'y']),
    ('覃', ['q', 't']),
    ('沈', ['s', 'c']),
    ('万', ['w', 'm']),
    ('车', ['c', 'j']),
    ('翟', ['z', 'd']),
];

/// What keys are of, each found by itself; in the order in which they rank.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Class {
    /// The beginning of a name, or of its initials.
    Name,
    /// The beginning of a contact's name, or of its initials.
    Contact,
    /// The beginning of a phone.
    Phone,
    /// The beginning of a contact's phone.
    ContactPhone,
    /// A later word of a name.
    Word,
    /// A later word of a contact's name.
    ContactWord,
    /// The end of a phone, backwards.
    Tail,
    /// The end of a contact's phone, backwards.
    ContactTail,
}

impl Class {
    fn letter(self) -> char {
        match self {
            Class::Name => 'n',
            Class::Contact => 'c',
            Class::Phone => 'p',
            Class::ContactPhone => 'q',
            Class::Word => 'w',
            Class::ContactWord => 'd',
            Class::Tail => 't',
            Class::ContactTail => 'u',
        }
    }

    /// Whether it is of a contact.
    pub(super) fn is_contacts(self) -> bool {
        matches!(self, Class::Contact | Class::ContactPhone | Class::ContactWord | Class::ContactTail)
    }

    /// Whether it tells of phones.
    pub(super) fn is_phones(self) -> bool {
        matches!(self, Class::Phone | Class::ContactPhone | Class::Tail | Class::ContactTail)
    }

    /// Whether it is of a beginning.
    pub(super) fn is_beginning(self) -> bool {
        matches!(self, Class::Name | Class::Contact | Class::Phone | Class::ContactPhone)
    }

    /// What ids begin with whose term begins with this one.
    pub(super) fn start(self, term: &str) -> String {
        format!("{}{term}", self.letter())
    }
}

/// What a key was made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    /// As an answer says it.
    pub(super) by: &'static str,
    /// The text, as it stands in the record.
    pub(super) text: String,
}

/// What is behind the separator of an id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Whose {
    pub(super) customer: String,
    pub(super) contact: Option<String>,
}

impl Whose {
    /// Of an id, with the term before it.
    pub(super) fn of(id: &str) -> Option<(&str, Whose)> {
        let (term, whose) = id.split_once(SEPARATOR)?;
        // A letter for what it was made of, then ids of 22 characters each.
        let ids = whose.get(1..)?;
        let (record, behind) = ids.split_at_checked(22)?;
        let record = long_id(record);
        let whose = match behind {
            "" => Whose { customer: record, contact: None },
            customer => Whose { customer: long_id(customer), contact: Some(record) },
        };
        Some((term, whose))
    }
}

/// The letters and digits of a text, as names are compared.
pub(super) fn letters_of(text: &str) -> String {
    CompanyName::of_person(text).key
}

/// A term, as long as keys are.
pub(super) fn cut(term: &str) -> String {
    term.chars().take(LONGEST).collect()
}

/// The initials of a text in its readings; none of a text without Chinese characters.
fn initials(letters: &str, most: usize) -> Vec<String> {
    let mut all = vec![String::new()];
    let mut chinese = false;
    for c in letters.chars().take(MOST_INITIALS) {
        let reading = first_pinyin(c).and_then(|syllable| syllable.chars().next());
        chinese |= reading.is_some();
        let Some(first) = reading.or(Some(c).filter(char::is_ascii_alphanumeric)) else { continue };
        let readings = READINGS.iter().find(|(own, _)| *own == c).map(|(_, readings)| readings);
        let other = readings.and_then(|readings| readings.iter().find(|reading| **reading != first)).copied();
        if let Some(other) = other.filter(|_| all.len() < most) {
            let mut others = all.clone();
            others.iter_mut().for_each(|text| text.push(other));
            all.iter_mut().for_each(|text| text.push(first));
            all.extend(others);
        } else {
            all.iter_mut().for_each(|text| text.push(first));
        }
    }
    if !chinese {
        return Vec::new();
    }
    all.truncate(most);
    all.retain(|text| text.len() > 1);
    all
}

/// What stands from each later word of a name on: behind blanks and brackets, behind a place, behind a surname.
fn later_words(name: &str, letters: &str, person: bool) -> BTreeSet<String> {
    let mut starts = BTreeSet::new();
    let folded = fold(name);
    let words: Vec<&str> = folded.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    for place in 1..words.len().min(MOST_WORDS + 1) {
        starts.insert(letters_of(&words.get(place..).unwrap_or_default().concat()));
    }
    if person {
        let count = letters.chars().count();
        let is_chinese = letters.chars().all(|c| first_pinyin(c).is_some());
        if is_chinese && (2..=4).contains(&count) {
            starts.insert(letters.chars().skip(1).collect());
        }
    } else {
        let parts = CompanyName::of(name);
        // Of several places people may begin with the second one.
        let first: String = parts.region.chars().take(2).collect();
        if parts.region != first
            && let Some(behind) = letters.strip_prefix(&first).filter(|_| !first.is_empty())
        {
            starts.insert(behind.strip_prefix(['省', '市', '区', '县']).unwrap_or(behind).to_owned());
        }
        let brand = letters_of(&parts.brand);
        if let Some(behind) = letters.find(&brand).filter(|at| *at > 0).and_then(|at| letters.get(at..)) {
            starts.insert(behind.to_owned());
        }
    }
    starts.remove("");
    starts.remove(letters);
    starts
}

/// Keys while they are gathered.
struct Keys {
    /// Whose they are, as it stands behind what they were made of.
    whose: String,
    found: BTreeMap<String, Origin>,
}

impl Keys {
    fn add(&mut self, class: Class, term: &str, of: char, origin: &Origin) {
        if !term.is_empty() {
            let id = format!("{}{SEPARATOR}{of}{}", class.start(&cut(term)), self.whose);
            self.found.entry(id).or_insert_with(|| origin.clone());
        }
    }

    /// A name, and what stands in it from later words on.
    fn add_name(&mut self, [whole, later]: [Class; 2], of: char, person: bool, origin: &Origin) {
        let letters = letters_of(&origin.text);
        self.add(whole, &letters, of, origin);
        for initials in initials(&letters, MOST_READINGS) {
            self.add(whole, &initials, of, origin);
        }
        for word in later_words(&origin.text, &letters, person) {
            self.add(later, &word, of, origin);
            for initials in initials(&word, MOST_READINGS / 2) {
                self.add(later, &initials, of, origin);
            }
        }
    }

    fn add_phones(&mut self, [whole, tail]: [Class; 2], by: &'static str, phones: &[String]) {
        for phone in phones {
            let Some(key) = phone_key(phone) else { continue };
            let digits = key.rsplit(':').next().unwrap_or_default();
            let origin = Origin { by, text: phone.clone() };
            self.add(whole, digits, 'p', &origin);
            self.add(tail, &digits.chars().rev().collect::<String>(), 'p', &origin);
        }
    }
}

/// The keys by which a customer is found, and what each was made of; none of one that is in no list.
pub(super) fn keys_of(customer: &Customer) -> BTreeMap<String, Origin> {
    let mut keys = Keys { whose: short_id(&customer.id.to_string()), found: BTreeMap::new() };
    if !customer.is_live() {
        return keys.found;
    }
    let person = customer.kind == CustomerKind::Person;
    let names = [Class::Name, Class::Word];
    keys.add_name(names, 'n', person, &Origin { by: "name", text: customer.name.clone() });
    if let Some(short) = &customer.short_name {
        keys.add_name(names, 's', person, &Origin { by: "short_name", text: short.clone() });
    }
    let former = || customer.former.iter().take(MOST_FORMER);
    for name in former().flat_map(|former| [Some(&former.name), former.short_name.as_ref()]).flatten() {
        keys.add_name(names, 'f', person, &Origin { by: "former_name", text: name.clone() });
    }
    let phones = [Class::Phone, Class::Tail];
    keys.add_phones(phones, "phone", &customer.phones);
    for former in former() {
        keys.add_phones(phones, "phone", &former.phones);
    }
    keys.found
}

/// The keys by which the customer of a contact is found.
pub(super) fn keys_of_contact(contact: &Contact) -> BTreeMap<String, Origin> {
    let [own, customer] = [contact.id.to_string(), contact.customer.to_string()].map(|id| short_id(&id));
    let mut keys = Keys { whose: format!("{own}{customer}"), found: BTreeMap::new() };
    let name = Origin { by: "contact", text: contact.name.clone() };
    keys.add_name([Class::Contact, Class::ContactWord], 'n', true, &name);
    keys.add_phones([Class::ContactPhone, Class::ContactTail], "contact_phone", &contact.phones);
    keys.found
}

/// The keys of a row, and in which scope they stand.
fn keys_of_row(kind: &'static Kind, row: &Row) -> Result<BTreeMap<String, Value>, Error> {
    let scope = Scope::parse(&Columns::of(kind, row).text("scope").unwrap_or_default())?;
    let live = matches!(scope.standing, Standing::Active | Standing::Pooled(_));
    let keys = match live {
        false => BTreeMap::new(),
        true if *kind == CUSTOMER => keys_of(&Customer::from_row(row)?),
        true => keys_of_contact(&StoredContact::from_row(row)?.contact),
    };
    let scope = scope.to_key();
    Ok(keys.into_keys().map(|id| (id, scope.clone())).into_map())
}

fn key_row(id: String, scope: Value) -> Row {
    Row { id, version: 1, values: vec![scope], body: "{}".to_owned() }
}

/// Whether keys may follow from what a write does to live columns.
fn moves(changes: &[(&'static str, Change)]) -> bool {
    changes.iter().any(|(column, _)| ["scope", "customer"].contains(column))
}

impl Work<'_> {
    /// Writes by which keys the quick search finds what the decision changes.
    pub(crate) fn index_customer_keys(&mut self) -> Result<(), Stop> {
        let mut touched = Vec::new();
        for (at, write) in self.changes.writes.iter().enumerate() {
            let Some((kind, id)) = write.row().filter(|(kind, _)| [&CUSTOMER, &CONTACT].contains(kind)) else {
                continue;
            };
            match write {
                // Nothing else that is live tells anything of a key.
                Write::Touch { changes, .. } if !moves(changes) => {}
                _ => touched.push((at, kind, id.to_owned())),
            }
        }
        for kind in [&CUSTOMER, &CONTACT] {
            // Mostly the command has read what it changes.
            let unseen = touched.iter().filter(|(at, own, id)| {
                let new = matches!(self.changes.writes.get(*at), Some(Write::Insert { .. }));
                *own == kind && !new && !self.has_seen(kind, id)
            });
            let unseen: Vec<String> = unseen.map(|(_, _, id)| id.clone()).into_set().into_iter().collect();
            if !unseen.is_empty() {
                self.get(kind, unseen)?;
            }
        }
        let (mut added, mut dropped) = (Vec::new(), BTreeSet::new());
        for (at, kind, id) in touched {
            let Some(write) = self.changes.writes.get(at) else { continue };
            if let Write::Insert { row, .. } = write {
                // Nobody had its id before.
                let keys = keys_of_row(kind, row)?;
                added.extend(keys.into_iter().map(|(id, scope)| (id, scope, true)));
                continue;
            }
            let before = self.seen(kind, &id).cloned();
            let after = write.makes(before.as_ref());
            let of = |row: Option<&Row>| row.map_or_else(|| Ok(BTreeMap::new()), |row| keys_of_row(kind, row));
            let (had, has) = (of(before.as_ref())?, of(after.as_ref())?);
            dropped.extend(had.keys().filter(|id| !has.contains_key(*id)).cloned());
            let moved = has.into_iter().filter(|(id, scope)| had.get(id) != Some(scope));
            added.extend(moved.map(|(id, scope)| (id, scope, false)));
        }
        let changes = !dropped.is_empty() || added.iter().any(|(.., new)| !new);
        for (id, scope, new) in added {
            let row = key_row(id, scope);
            self.write(match new {
                true => Write::Insert { kind: &CUSTOMER_KEY, row },
                // It may be there, where it stood in another scope, or not yet, where it was there before keys were.
                false => Write::Put { kind: &CUSTOMER_KEY, row },
            });
        }
        if changes {
            self.rely_on_customer_keys()?;
        }
        for row in self.get(&CUSTOMER_KEY, dropped.into_iter().collect())? {
            self.write(Write::Delete { kind: &CUSTOMER_KEY, id: row.id, version: row.version });
        }
        Ok(())
    }

    /// Takes in customers, then contacts, that were there before their keys, some at a time; answers how far it has come, and none
    /// at the end.
    pub(crate) fn walk_customer_keys(&mut self, from: Option<String>) -> Result<Option<String>, Stop> {
        let (kind, after) = match from.as_deref().and_then(|from| from.split_once(':')) {
            Some(("contact", after)) => (&CONTACT, after),
            Some((_, after)) => (&CUSTOMER, after),
            None => (&CUSTOMER, ""),
        };
        let mut search = Search::of(kind).limited(BATCH);
        search.after = Some((None, after.to_owned())).filter(|_| !after.is_empty());
        let page = rows(self.read(vec![Read::Find(search)])?.into_iter().next());
        // Whoever changes one of them meanwhile, or moves it to another scope, gives its customer another version.
        let mut relied_on: BTreeMap<String, i64> = BTreeMap::new();
        if *kind == CONTACT {
            let customers = page.iter().filter_map(|row| Columns::of(kind, row).text("customer")).into_set();
            for row in self.get(&CUSTOMER, customers.into_iter().collect())? {
                relied_on.insert(row.id, row.version);
            }
        }
        self.changes.checks.extend(relied_on.into_iter().map(|(id, version)| Check { kind: &CUSTOMER, id, version }));
        for found in &page {
            self.changes.checks.push(Check { kind, id: found.id.clone(), version: found.version });
            for (id, scope) in keys_of_row(kind, found)? {
                self.write(Write::Put { kind: &CUSTOMER_KEY, row: key_row(id, scope) });
            }
        }
        let full = page.len() as i64 == BATCH;
        Ok(match page.last().filter(|_| full) {
            Some(last) => Some(format!("{}:{}", kind.name, last.id)),
            None if *kind == CUSTOMER => Some("contact:".to_owned()),
            None => None,
        })
    }
}
