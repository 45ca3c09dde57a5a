//! The index of names: which customers' names have a gram.
//!
//! A new or changed name goes into the tail with the commit that brings it: one row, which waits for nobody. `tick`
//! folds the tail: each name gets an ordinal, an entry under it, and a place in the list of each of its grams. Lists are
//! cut into chunks, of which the last one grows; what is asked reads the chunks that it can afford. An ordinal whose
//! entry is gone means nothing, so that lists are never gone through.

use super::contact_index::CONTACT_KEYS;
use super::entry::{Entry, edition_of, named, short_id};
use super::key::{MATCH_KEY, match_id, match_row, values_of};
use super::name::NAME_VERSION;
use super::postings::{Postings, count};
use crate::crm::{Crm, Session};
use crate::customer::{CUSTOMER, CUSTOMER_KEYS, Customer};
use crate::error::{CallRefusal, Error};
use crate::json;
use crate::operations::op;
use crate::record::{Record, plain_record};
use crate::store::{Check, Column, ColumnType, Direction, Index, Kind, Read, Row, Search, StoreError, Write};
use crate::work::{Stop, Work, rows};
use crate::{Actor, OrgId};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The migration that made these tables.
pub(super) const SINCE: i32 = 8;

/// Ordinals by gram: `edition gram` is the list that grows, `edition gram/number` what was closed of it.
pub(crate) static NAME_GRAM: Kind = Kind { since: SINCE, ..Kind::plain("name_gram") };

/// Names as they are compared, by ordinal.
pub(crate) static NAME_ENTRY: Kind = Kind { since: SINCE, ..Kind::plain("name_entry") };

/// The ordinal of a customer's name.
pub(crate) static NAME_OF: Kind = Kind { since: SINCE, ..Kind::plain("name_of") };

/// Names by customer that have no ordinal yet.
pub(crate) static NAME_TAIL: Kind = Kind {
    name: "name_tail",
    columns: &[Column { since: SINCE, ..Column::projected("fold_at", ColumnType::Integer) }],
    indexes: &[Index { across: true, since: SINCE, ..Index::on("fold_across", &["fold_at"]) }],
    since: SINCE,
};

/// How far the index has come: one row.
pub(crate) static NAME_INDEX: Kind = Kind { since: SINCE, ..Kind::plain("name_index") };

/// How many ordinals a list has that is closed.
pub(super) const CHUNK: usize = 256;

/// How many names are folded in one commit.
const BATCH: i64 = 500;

/// How far the index has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct NameIndex {
    /// The version of names as they stand in it.
    edition: i32,
    /// The first ordinal of this edition.
    since: i64,
    /// The next ordinal.
    pub(super) next: i64,
    /// The last customer that was gone through of those that were there before the index.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    walked: Option<String>,
    /// Whether all of them were.
    complete: bool,
    /// Whether there may be lists of an older edition.
    #[serde(default)]
    outdated: bool,
    /// The last contact that was gone through of those that were there before their keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    contacts_walked: Option<String>,
    /// The version of keys by which every contact is found.
    #[serde(default)]
    contacts: i32,
    /// How far those were gone through that were there before the keys of the quick search.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    keys_walked: Option<String>,
    /// The version of keys by which the quick search finds everybody.
    #[serde(default)]
    keys: i32,
    #[serde(default)]
    version: i64,
}

crate::access::nothing_to_redact!(NameIndex);

plain_record!(NameIndex, &NAME_INDEX, |_index| NAME_INDEX.name.to_owned());

impl NameIndex {
    /// Before anything was folded.
    fn empty() -> Self {
        NameIndex {
            edition: NAME_VERSION,
            since: 1,
            next: 1,
            walked: None,
            complete: false,
            outdated: false,
            contacts_walked: None,
            contacts: 0,
            keys_walked: None,
            keys: 0,
            version: 0,
        }
    }

    /// Of a new organisation: nobody was there before it.
    fn new() -> Self {
        NameIndex { complete: true, contacts: CONTACT_KEYS, keys: CUSTOMER_KEYS, version: 1, ..NameIndex::empty() }
    }

    /// Out of its row, in today's edition.
    pub(super) fn of(row: Option<&Row>) -> Result<Self, Error> {
        let index = row.map(NameIndex::from_row).transpose()?.unwrap_or_else(NameIndex::empty);
        if index.edition >= NAME_VERSION {
            // What a newer version of the library made it keeps up itself.
            return Ok(index);
        }
        // Everything is gone through again; ordinals go on.
        Ok(NameIndex {
            edition: NAME_VERSION,
            since: index.next,
            walked: None,
            complete: false,
            outdated: true,
            ..index
        })
    }

    /// Whether every contact is found by its keys.
    pub(super) fn has_all_contacts(&self) -> bool {
        self.contacts >= CONTACT_KEYS
    }

    /// Whether the quick search finds everybody.
    fn has_all_keys(&self) -> bool {
        self.keys >= CUSTOMER_KEYS
    }

    /// Whether every customer that is not in the tail is in it.
    pub(super) fn is_complete(&self) -> bool {
        self.complete && self.edition == NAME_VERSION
    }
}

/// The body of a list: how many parts of it are closed, and the text of its ordinals.
#[derive(Serialize, Deserialize)]
struct Listed<'l> {
    #[serde(default, rename = "c")]
    closed: usize,
    #[serde(rename = "o")]
    ordinals: &'l str,
}

/// The body of a row that tells the ordinal of a name.
#[derive(Serialize, Deserialize)]
struct Numbered {
    #[serde(rename = "o")]
    ordinal: i64,
}

/// The key of a gram's list.
pub(super) fn list_key(gram: &str) -> String {
    format!("{NAME_VERSION:02}{gram}")
}

/// The key of a closed part of it.
pub(super) fn chunk_key(list: &str, chunk: usize) -> String {
    format!("{list}/{chunk}")
}

/// The key of an entry.
pub(super) fn entry_key(ordinal: i64) -> String {
    format!("{ordinal:09}")
}

/// The list of a gram that grows: how many parts of it are closed, and the ordinals behind them.
#[derive(Debug, Clone, Default)]
pub(super) struct List {
    pub(super) closed: usize,
    open: String,
}

impl List {
    pub(super) fn from_body(body: &str) -> Result<Self, Error> {
        let Listed { closed, ordinals } = serde_json::from_str(body)
            .map_err(|error| Error::from(StoreError::Corrupt(format!("no list of names: {error}"))))?;
        Ok(List { closed, open: ordinals.to_owned() })
    }

    /// How many ordinals it has.
    pub(super) fn count(&self) -> usize {
        self.closed * CHUNK + self.open_count()
    }

    /// How many of them stand in the part that grows.
    pub(super) fn open_count(&self) -> usize {
        count(&self.open)
    }

    /// The part that grows.
    pub(super) fn open_text(&self) -> &str {
        &self.open
    }
}

impl Crm {
    /// Organisations with names that are not in the index yet, by id; at most 1,000.
    pub(crate) fn organisations_with_new_names(&self) -> Result<Vec<OrgId>, Error> {
        Ok(self.store().due_organisations(&NAME_TAIL, "fold_at", self.now()?.millis(), 1_000)?)
    }
}

impl Session<'_> {
    /// Takes new names into the index, `batches` times some hundred at the most; says whether there were any, and whether there
    /// may be more.
    pub(crate) fn fold_names(&self, batches: usize) -> Result<(bool, bool), Error> {
        // Whoever it is that comes by: what the index holds is nobody's.
        let mut step = Session::clone(self).not_idempotent();
        step.actor = Actor::system(self.actor.org.as_str(), "tick")?;
        let mut folded = false;
        for _ in 0..batches {
            match step.command(&op::tick, &(), |work| work.fold_some_names(), |_, _| Ok(false)) {
                Ok(false) => return Ok((folded, false)),
                Ok(true) => folded = true,
                // Somebody else folds them.
                Err(Error::Conflict { .. }) => return Ok((folded, false)),
                Err(Error::Refused(refusal)) if refusal.code == CallRefusal::CONTENDED => return Ok((folded, false)),
                Err(error) => return Err(error),
            }
        }
        Ok((folded, true))
    }
}

impl Work<'_> {
    /// How far the index has come.
    pub(super) fn name_index(&mut self) -> Result<NameIndex, Stop> {
        Ok(NameIndex::of(self.get_one(&NAME_INDEX, NAME_INDEX.name.to_owned())?.as_ref())?)
    }

    /// Takes the names that the decision changes into the tail, or out of the index. Every command comes by here
    /// before its commit, behind what adds to the figures: rows of customers were read by then.
    pub(crate) fn index_names(&mut self) -> Result<(), Stop> {
        let changed = |write: &Write| match write {
            Write::Insert { kind, row } | Write::Update { kind, row, .. } if *kind == &CUSTOMER => {
                Some((row.id.clone(), Some(row.clone())))
            }
            Write::Delete { kind, id, .. } if *kind == &CUSTOMER => Some((id.clone(), None)),
            _ => None,
        };
        let customers: Vec<_> = self.changes.writes.iter().filter_map(changed).collect();
        let mut relied_on = false;
        for (id, after) in customers {
            let before = self.seen(&CUSTOMER, &id).map(Customer::from_row).transpose()?;
            let after = after.map(|row| Customer::from_row(&row)).transpose()?;
            // What lies in the recycle bin is nobody's duplicate; what was merged is found with what it was merged into.
            let (before, after) = (before.filter(Customer::is_live), after.filter(Customer::is_live));
            let relies = self.index_values(before.as_ref(), after.as_ref())? && before.is_some();
            if relies && !std::mem::replace(&mut relied_on, true) {
                self.rely_on_walk()?;
            }
            if before.as_ref().map(named) == after.as_ref().map(named) {
                continue;
            }
            if before.is_some() {
                if !std::mem::replace(&mut relied_on, true) {
                    self.rely_on_walk()?;
                }
                self.unindex(&id)?;
            }
            if let Some(after) = after {
                let now = self.now.millis();
                let entry = Entry::of(&after);
                let tailed = self.changes.writes.iter().rposition(
                    |write| matches!(write, Write::Delete { kind, id: of, .. } if *kind == &NAME_TAIL && *of == id),
                );
                match tailed.and_then(|at| self.changes.writes.get_mut(at)) {
                    // It was in the tail already.
                    Some(write) => {
                        let version = match write {
                            Write::Delete { version, .. } => *version,
                            _ => 1,
                        };
                        let row = entry.tail_row(version, now)?;
                        *write = Write::Update { kind: &NAME_TAIL, row, changes: Vec::new() };
                    }
                    None => self.insert(&NAME_TAIL, entry.tail_row(1, now)?),
                }
            }
        }
        Ok(())
    }

    /// What is found to the letter stands for itself: it needs no folding. Says whether anything changed.
    fn index_values(&mut self, before: Option<&Customer>, after: Option<&Customer>) -> Result<bool, Stop> {
        let Some(id) = after.or(before).map(|customer| customer.id.to_string()) else { return Ok(false) };
        let (had, has) = (before.map(values_of).unwrap_or_default(), after.map(values_of).unwrap_or_default());
        if had == has {
            return Ok(false);
        }
        let mut standing = Vec::new();
        if before.is_some() {
            // Not all that it had needs to be there: an update may have made other values of it.
            let mut ids: Vec<String> = had.iter().chain(&has).map(|value| match_id(value, &id)).collect();
            ids.sort();
            ids.dedup();
            standing = self.get(&MATCH_KEY, ids)?;
        }
        for value in has.iter().filter(|value| !standing.iter().any(|row| row.id == match_id(value, &id))) {
            self.insert(&MATCH_KEY, match_row(value, &id));
        }
        for row in standing {
            if !has.iter().any(|value| row.id == match_id(value, &id)) {
                self.write(Write::Delete { kind: &MATCH_KEY, id: row.id, version: row.version });
            }
        }
        Ok(true)
    }

    /// While customers of before the index are taken in, one that is renamed or removed could be taken in as it was: then
    /// this decision relies on how far that has come.
    fn rely_on_walk(&mut self) -> Result<(), Stop> {
        self.rely_on_index(|index| index.complete)
    }

    /// Whether the quick search finds everybody who was there before it.
    pub(crate) fn has_all_customer_keys(&mut self) -> Result<bool, Stop> {
        Ok(self.name_index()?.has_all_keys())
    }

    /// While those of before get the keys of the quick search, one that changes could be taken in as it was.
    pub(crate) fn rely_on_customer_keys(&mut self) -> Result<(), Stop> {
        self.rely_on_index(NameIndex::has_all_keys)
    }

    /// Relies on how far the index has come, unless it has come so far.
    pub(super) fn rely_on_index(&mut self, done: fn(&NameIndex) -> bool) -> Result<(), Stop> {
        let inserted = |write: &Write| matches!(write, Write::Insert { kind, .. } if *kind == &NAME_INDEX);
        let relies = self.changes.checks.iter().any(|check| check.kind == &NAME_INDEX);
        if relies || self.changes.writes.iter().any(inserted) {
            return Ok(());
        }
        match self.get_one(&NAME_INDEX, NAME_INDEX.name.to_owned())? {
            None => self.insert(&NAME_INDEX, Row { version: 1, ..NameIndex::empty().to_row()? }),
            Some(row) if done(&NameIndex::of(Some(&row))?) => {}
            Some(row) => self.changes.checks.push(Check { kind: &NAME_INDEX, id: row.id, version: row.version }),
        }
        Ok(())
    }

    /// Takes a customer's name out of the index.
    fn unindex(&mut self, id: &str) -> Result<(), Stop> {
        let ids = || vec![id.to_owned()];
        let standing =
            vec![Read::Get { kind: &NAME_OF, ids: vec![short_id(id)] }, Read::Get { kind: &NAME_TAIL, ids: ids() }];
        let mut answers = self.read(standing)?.into_iter();
        for row in rows(answers.next()) {
            self.write(Write::Delete { kind: &NAME_ENTRY, id: entry_key(ordinal(&row)), version: 1 });
            self.write(Write::Delete { kind: &NAME_OF, id: row.id, version: row.version });
        }
        for row in rows(answers.next()) {
            self.write(Write::Delete { kind: &NAME_TAIL, id: row.id, version: row.version });
        }
        Ok(())
    }

    /// One step of bringing the index up to date; says whether there was something to do.
    fn fold_some_names(&mut self) -> Result<bool, Stop> {
        let reads = vec![
            Read::Get { kind: &NAME_INDEX, ids: vec![NAME_INDEX.name.to_owned()] },
            Read::Find(Search::of(&NAME_TAIL).limited(BATCH)),
        ];
        let mut answers = self.read(reads)?.into_iter();
        let standing = rows(answers.next()).into_iter().next();
        let tail = rows(answers.next());
        let mut index = NameIndex::of(standing.as_ref())?;
        if index.edition > NAME_VERSION {
            return Ok(false);
        }
        if !tail.is_empty() {
            let entries = self.waiting(&tail)?;
            for row in tail {
                self.write(Write::Delete { kind: &NAME_TAIL, id: row.id, version: row.version });
            }
            self.add_names(&mut index, entries)?;
        } else if !index.complete {
            self.walk(&mut index)?;
        } else if index.outdated {
            self.drop_outdated(&mut index)?;
        } else if !index.has_all_contacts() {
            index.contacts_walked = self.walk_contacts(index.contacts_walked.take())?;
            index.contacts = if index.contacts_walked.is_none() { CONTACT_KEYS } else { index.contacts };
        } else if !index.has_all_keys() {
            index.keys_walked = self.walk_customer_keys(index.keys_walked.take())?;
            index.keys = if index.keys_walked.is_none() { CUSTOMER_KEYS } else { index.keys };
        } else {
            return Ok(false);
        }
        match standing {
            Some(row) => self.update(&NAME_INDEX, Row { version: row.version, ..index.to_row()? }),
            None => self.insert(&NAME_INDEX, Row { version: 1, ..index.to_row()? }),
        }
        Ok(true)
    }

    /// The names that wait; those that were understood by another version of the library, anew.
    fn waiting(&mut self, tail: &[Row]) -> Result<Vec<Entry>, Stop> {
        let outdated = |row: &&Row| edition_of(row) != NAME_VERSION;
        let ids: Vec<String> = tail.iter().filter(outdated).map(|row| row.id.clone()).collect();
        let anew: BTreeMap<String, Row> =
            self.get(&CUSTOMER, ids)?.into_iter().map(|row| (row.id.clone(), row)).collect();
        let entry = |row: &Row| match anew.get(&row.id) {
            Some(customer) => Ok(Entry::of(&Customer::from_row(customer)?)),
            None => Entry::from_body(&row.body),
        };
        Ok(tail.iter().map(entry).collect::<Result<Vec<_>, Error>>()?)
    }

    /// Takes in customers that were there before the index, some at a time.
    fn walk(&mut self, index: &mut NameIndex) -> Result<(), Stop> {
        let mut search = Search::of(&CUSTOMER).limited(BATCH);
        search.after = index.walked.clone().map(|id| (None, id));
        let page = rows(self.read(vec![Read::Find(search)])?.into_iter().next());
        index.complete = (page.len() as i64) < BATCH;
        index.walked = page.last().map(|row| row.id.clone()).filter(|_| !index.complete);
        let mut ids: Vec<String> = page.iter().map(|row| short_id(&row.id)).collect();
        ids.sort();
        let known = self.get(&NAME_OF, ids)?;
        let mut entries = Vec::new();
        for row in page {
            let short = short_id(&row.id);
            if known.iter().any(|known| known.id == short && ordinal(known) >= index.since) {
                continue;
            }
            // Whoever renames or removes it meanwhile relies on how far the index has come.
            self.changes.checks.push(Check { kind: &CUSTOMER, id: row.id.clone(), version: row.version });
            let customer = Customer::from_row(&row)?;
            if !customer.is_live() {
                continue;
            }
            for value in values_of(&customer) {
                self.write(Write::Put { kind: &MATCH_KEY, row: match_row(&value, &row.id) });
            }
            entries.push(Entry::of(&customer));
        }
        self.add_names(index, entries)
    }

    /// Gives names their ordinals.
    fn add_names(&mut self, index: &mut NameIndex, entries: Vec<Entry>) -> Result<(), Stop> {
        let mut lists: BTreeMap<String, Vec<i64>> = BTreeMap::new();
        let mut customers: Vec<String> = entries.iter().map(|entry| short_id(&entry.customer)).collect();
        customers.sort();
        let known: BTreeMap<String, Row> =
            self.get(&NAME_OF, customers)?.into_iter().map(|row| (row.id.clone(), row)).collect();
        if known.values().any(|row| ordinal(row) >= index.next) {
            // Somebody else has folded names since the index was read.
            return Err(Stop::Stale);
        }
        for entry in entries {
            let grams = entry.grams();
            let id = short_id(&entry.customer);
            let before = known.get(&id);
            if let Some(before) = before {
                self.write(Write::Delete { kind: &NAME_ENTRY, id: entry_key(ordinal(before)), version: 1 });
            }
            if grams.is_empty() {
                // What has no letters is never found.
                if let Some(before) = before {
                    let (id, version) = (before.id.clone(), before.version);
                    self.write(Write::Delete { kind: &NAME_OF, id, version });
                }
                continue;
            }
            let ordinal = index.next;
            index.next += 1;
            let body = entry.body()?;
            self.insert(&NAME_ENTRY, Row { id: entry_key(ordinal), version: 1, values: Vec::new(), body });
            let told = Numbered { ordinal };
            match before {
                Some(before) => {
                    self.update(&NAME_OF, plain_row(before.id.clone(), before.version, &told)?);
                }
                None => self.insert(&NAME_OF, plain_row(id, 1, &told)?),
            }
            for gram in grams {
                lists.entry(list_key(&gram)).or_default().push(ordinal);
            }
        }
        let keys: Vec<String> = lists.keys().cloned().collect();
        let standing: BTreeMap<String, Row> =
            self.get(&NAME_GRAM, keys)?.into_iter().map(|row| (row.id.clone(), row)).collect();
        for (key, ordinals) in lists {
            let known = standing.get(&key);
            let mut list = known.map(|row| List::from_body(&row.body)).transpose()?.unwrap_or_default();
            let mut open = Postings::of(&list.open);
            for ordinal in ordinals {
                open.push(ordinal);
                if open.count() == CHUNK {
                    let closed = std::mem::take(&mut open);
                    let id = chunk_key(&key, list.closed);
                    self.insert(&NAME_GRAM, plain_row(id, 1, &Listed { closed: 0, ordinals: closed.text() })?);
                    list.closed += 1;
                }
            }
            let body = Listed { closed: list.closed, ordinals: open.text() };
            match known {
                Some(row) => self.update(&NAME_GRAM, plain_row(key, row.version, &body)?),
                None => self.insert(&NAME_GRAM, plain_row(key, 1, &body)?),
            }
        }
        Ok(())
    }

    /// Removes lists of older editions, some at a time.
    fn drop_outdated(&mut self, index: &mut NameIndex) -> Result<(), Stop> {
        let first = Search::of(&NAME_GRAM).limited(BATCH);
        let lists = rows(self.read(vec![Read::Find(first)])?.into_iter().next());
        let (mut dropped, todays) = (0, format!("{NAME_VERSION:02}"));
        for row in lists.into_iter().filter(|row| !row.id.starts_with(&todays)) {
            self.write(Write::Delete { kind: &NAME_GRAM, id: row.id, version: row.version });
            dropped += 1;
        }
        index.outdated = dropped > 0;
        Ok(())
    }
}

/// The index of an organisation that is being founded.
pub(crate) fn new_index() -> Result<Row, Error> {
    NameIndex::new().to_row()
}

/// The names in the tail, the newest first.
pub(super) fn newest_in_tail(limit: i64) -> Search {
    let mut search = Search::of(&NAME_TAIL).limited(limit);
    search.direction = Direction::Descending;
    search
}

/// The ordinal that a row of [`NAME_OF`] tells; 0 where it tells none.
fn ordinal(row: &Row) -> i64 {
    serde_json::from_str(&row.body).map(|Numbered { ordinal }| ordinal).unwrap_or_default()
}

pub(super) fn plain_row(id: String, version: i64, body: &(impl Serialize + ?Sized)) -> Result<Row, Error> {
    let body = json::text(body).map_err(|error| Error::from(StoreError::Corrupt(format!("{id}: {error}"))))?;
    Ok(Row { id, version, values: Vec::new(), body })
}
