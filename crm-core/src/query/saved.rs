//! Saved queries 查询策略 (Q2): a list of customers with its filter, order and columns, kept under a name.
//!
//! A saved query holds no rows and no right: each time it runs it is asked as if its reader had typed it.

use crate::actor::UserId;
use crate::crm::Session;
use crate::custom_field::CUSTOM;
use crate::customer::{CustomerFilter, CustomerPage, CustomerQuery, FIELDS};
use crate::dictionary::EntryCode;
use crate::error::{Error, Violation, refusals};
use crate::id::SavedQueryId;
use crate::operations::op;
use crate::page::PageRequest;
use crate::position::PositionId;
use crate::record::{Record, Removed, plain_record};
use crate::sharing::Share;
use crate::sorted::{Gather as _, Sort as _};
use crate::store::{Kind, Read, Row, Search, Write};
use crate::text::Checker;
use crate::time::Timestamp;
use crate::work::{Stop, Work, rows};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// The migration of the room.
const SINCE: i32 = 17;

/// Saved queries by id.
pub(crate) static SAVED_QUERY: Kind = Kind { since: SINCE, ..Kind::plain("saved_query") };

/// For whom they are: a row for each by the key of who sees it and the id.
pub(crate) static SAVED_QUERY_FOR: Kind = Kind { since: SINCE, ..Kind::plain("saved_query_for") };

/// What a person has pinned, by his id.
pub(crate) static SAVED_QUERY_MARKS: Kind = Kind { since: SINCE, ..Kind::plain("saved_query_marks") };

/// What stands before a person under whom those are counted that he keeps.
const OWN: &str = "own:";
/// The key of everyone.
const EVERYONE: &str = "everyone";
/// The most queries of one person.
const MOST: usize = 200;
/// The most people and positions that one query is for.
const MOST_READERS: usize = 100;
/// The most columns.
const MOST_COLUMNS: usize = 60;

/// A saved query 查询策略, as its reader sees it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct SavedQuery {
    /// The id.
    pub id: SavedQueryId,
    /// The name.
    pub name: String,
    /// What is asked.
    pub query: CustomerQuery,
    /// The fields that a list of it shows, in their order; none: as the host likes.
    #[serde(default)]
    pub columns: Vec<String>,
    /// Whose it is: he alone, and administrators, change it.
    pub owner: UserId,
    /// People for whom it is, too.
    #[serde(default)]
    pub people: Vec<UserId>,
    /// Positions for whose holders it is, too.
    #[serde(default)]
    pub positions: Vec<PositionId>,
    /// Whether it is for all.
    #[serde(default)]
    pub everyone: bool,
    /// Whether the reader has pinned it.
    #[serde(default)]
    pub pinned: bool,
    /// Whether the reader's list begins with it.
    #[serde(default)]
    pub standard: bool,
    /// When it was last changed.
    pub changed_at: Timestamp,
    /// The version.
    #[serde(default)]
    pub version: i64,
}

plain_record!(SavedQuery, &SAVED_QUERY, |saved| saved.id.to_string());

/// A query to save: one that is there is changed as a whole.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct SavedQueryInput {
    /// The query that is changed; absent: a new one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub id: Option<SavedQueryId>,
    /// The version that was read, of one that is changed: somebody else's change in between is a conflict.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = 0))]
    pub version: i64,
    /// The name, at most 60 characters.
    pub name: String,
    /// What is asked.
    pub query: CustomerQuery,
    /// The fields that a list of it shows, at most 60: names of a customer's own fields, and custom ones as `custom.` with
    /// their keys.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub columns: Vec<String>,
    /// People for whom it is, too; at most 100 with the positions.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub people: Vec<UserId>,
    /// Positions for whose holders it is, too.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = []))]
    pub positions: Vec<PositionId>,
    /// Whether it is for all; that needs the right `settings.manage_settings`.
    #[serde(default)]
    #[cfg_attr(feature = "uniffi", uniffi(default = false))]
    pub everyone: bool,
}

impl SavedQueryInput {
    /// A new one for the caller alone.
    pub fn named(name: impl Into<String>, query: impl Into<CustomerQuery>) -> Self {
        SavedQueryInput {
            id: None,
            version: 0,
            name: name.into(),
            query: query.into(),
            columns: Vec::new(),
            people: Vec::new(),
            positions: Vec::new(),
            everyone: false,
        }
    }
}

refusals! {
    /// Why a query can't be saved as asked.
    pub enum SavedQueryRefusal {
        /// One person keeps at most 200.
        TooMany = "too_many_saved_queries", "You have as many saved queries as there may be", "保存的查询数量已达上限";
        /// Somebody else keeps it.
        NotYours = "saved_query_not_yours", "Only who saved this query may change it", "只有保存该查询的人可以修改";
    }
}

/// What a person has marked.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Marks {
    person: String,
    #[serde(default)]
    pinned: BTreeSet<SavedQueryId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    standard: Option<SavedQueryId>,
    #[serde(default)]
    version: i64,
}

plain_record!(Marks, &SAVED_QUERY_MARKS, |marks| marks.person.clone());

impl SavedQuery {
    /// The keys of those who see it.
    fn readers(&self) -> BTreeSet<String> {
        let people = std::iter::once(&self.owner).chain(&self.people).map(Share::person_key);
        let positions = self.positions.iter().map(Share::position_key);
        people.chain(positions).chain(self.everyone.then(|| EVERYONE.to_owned())).into_set()
    }

    /// The rows by which they find it.
    fn reader_rows(&self) -> Vec<Row> {
        let own = format!("{OWN}{}", self.owner);
        let row = |reader: &String| Row {
            id: format!("{reader}\u{1f}{}", self.id),
            version: 1,
            values: Vec::new(),
            body: "{}".to_owned(),
        };
        self.readers().iter().chain([&own]).map(row).collect()
    }

    /// As a reader with these marks sees it.
    fn marked(mut self, marks: &Marks) -> Self {
        self.pinned = marks.pinned.contains(&self.id);
        self.standard = marks.standard == Some(self.id);
        self
    }
}

fn not_found(id: SavedQueryId) -> Error {
    Error::NotFound { record: SavedQueryId::RECORD.to_owned(), id: id.to_string() }
}

impl Session<'_> {
    /// The saved queries that are for the actor: pinned ones first, then by name.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.view`.
    pub fn saved_queries(&self) -> Result<Vec<SavedQuery>, Error> {
        self.query(&op::saved_queries, |work| {
            let marks = work.marks()?;
            let mut saved = work.saved_for_actor()?;
            saved = saved.into_iter().map(|saved| saved.marked(&marks)).collect();
            saved.order_by(|a, b| (!a.pinned, &a.name, a.id).cmp(&(!b.pinned, &b.name, b.id)));
            Ok(saved)
        })
    }

    /// Saves a query, or changes one.
    ///
    /// ```
    /// # #[cfg(feature = "system")] {
    /// # use crm_core::{Actor, Crm, NewOrganisation, PageRequest, PersonInput, SavedQueryInput, SyncMode, View};
    /// # let crm = Crm::in_memory();
    /// # let host = Actor::system("acme", "set-up")?;
    /// # crm.as_user(&host).create_organisation(NewOrganisation::named("Acme"))?;
    /// # crm.as_user(&host).sync_people(vec![PersonInput::new("alice", "Alice")?], SyncMode::Delta)?;
    /// let alice = Actor::user("acme", "alice")?;
    /// let idle = SavedQueryInput::named("一周未跟进", View::NotFollowedFor { days: 7 });
    /// let saved = crm.as_user(&alice).save_query(idle)?;
    /// crm.as_user(&alice).saved_query_customers(saved.id, PageRequest::first(20))?;
    /// # }
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.view`, and, for all, without `settings.manage_settings`;
    /// [`Error::Invalid`]; [`Error::NotFound`]; [`Error::Conflict`]; `too_many_saved_queries`, `saved_query_not_yours`.
    pub fn save_query(&self, query: SavedQueryInput) -> Result<SavedQuery, Error> {
        self.command(
            &op::save_query,
            &query,
            |work| work.keep_query(&query),
            |work, ids| {
                let id = ids.first().and_then(|id| id.parse().ok());
                let marks = work.marks()?;
                let id = id.ok_or_else(|| Error::from(Violation::unknown("query.id")))?;
                Ok(work.saved_query(id)?.marked(&marks))
            },
        )
    }

    /// Deletes a saved query.
    ///
    /// # Errors
    /// As [`Session::save_query`].
    pub fn delete_saved_query(&self, query: SavedQueryId) -> Result<Removed, Error> {
        self.command(
            &op::delete_saved_query,
            &query,
            |work| {
                let saved = work.own_saved_query(query)?;
                for row in saved.reader_rows() {
                    work.write(Write::Delete { kind: &SAVED_QUERY_FOR, id: row.id, version: row.version });
                }
                work.write(Write::Delete { kind: &SAVED_QUERY, id: query.to_string(), version: saved.version });
                work.made(query);
                Ok(Removed::new(SavedQueryId::RECORD, query))
            },
            |_, _| Ok(Removed::new(SavedQueryId::RECORD, query)),
        )
    }

    /// Pins a saved query for the actor, or makes it what his list begins with; at most one is.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.view`; [`Error::NotFound`].
    pub fn mark_saved_query(&self, query: SavedQueryId, pinned: bool, standard: bool) -> Result<SavedQuery, Error> {
        self.command(
            &op::mark_saved_query,
            &(query, pinned, standard),
            |work| {
                let saved = work.saved_query(query)?;
                let mut marks = work.marks()?;
                // Those that are gone, or not for him any more, are forgotten on the way.
                let seen = work.saved_for_actor()?.into_iter().map(|saved| saved.id).into_set();
                marks.pinned.retain(|id| seen.contains(id));
                if pinned {
                    marks.pinned.insert(query);
                } else {
                    marks.pinned.remove(&query);
                }
                if standard {
                    marks.standard = Some(query);
                } else {
                    marks.standard = marks.standard.filter(|id| *id != query);
                }
                let row = marks.to_row()?;
                match marks.version {
                    0 => work.insert(&SAVED_QUERY_MARKS, Row { version: 1, ..row }),
                    _ => work.update(&SAVED_QUERY_MARKS, row),
                }
                work.made(query);
                Ok(saved.marked(&marks))
            },
            |work, _| {
                let marks = work.marks()?;
                Ok(work.saved_query(query)?.marked(&marks))
            },
        )
    }

    /// A page of what a saved query finds, for the actor.
    ///
    /// # Errors
    /// [`Error::NotFound`]; as [`Session::customers`], also where its owner saw more than the actor does.
    pub fn saved_query_customers(&self, query: SavedQueryId, page: PageRequest) -> Result<CustomerPage, Error> {
        let saved = self.query(&op::saved_query_customers, |work| work.saved_query(query))?;
        self.customers(saved.query, page)
    }
}

impl Work<'_> {
    /// What asks for an entry of a dictionary asks for the one that it is merged into.
    pub(crate) fn saved_queries_follow(
        &mut self,
        dictionary: &str,
        from: &EntryCode,
        into: &EntryCode,
    ) -> Result<(), Stop> {
        for saved in SavedQuery::from_rows(&self.find_all(Search::of(&SAVED_QUERY))?)? {
            let mut after = saved.clone();
            let CustomerFilter { level, stage, source, industry, .. } = &mut after.query.filter;
            for (of, held) in [("level", level), ("stage", stage), ("source", source), ("industry", industry)] {
                if of == dictionary && held.as_ref() == Some(from) {
                    *held = Some(into.clone());
                }
            }
            after.query.matching = after.query.matching.map(|matching| matching.with_code(dictionary, from, into));
            if after != saved {
                self.update(&SAVED_QUERY, after.to_row()?);
            }
        }
        Ok(())
    }

    fn marks(&mut self) -> Result<Marks, Stop> {
        let person = self.actor().name();
        let row = self.get_one(&SAVED_QUERY_MARKS, person.clone())?;
        let known = row.as_ref().map(Marks::from_row).transpose()?;
        Ok(known.unwrap_or(Marks { person, ..Marks::default() }))
    }

    /// The keys under which queries for the actor stand.
    fn reader_keys(&self) -> Result<Vec<String>, Error> {
        let keys = self.access()?.grantee_keys();
        let keys = keys.iter().filter_map(|key| key.as_text().map(str::to_owned));
        Ok(keys.chain([EVERYONE.to_owned()]).collect())
    }

    fn saved_for_actor(&mut self) -> Result<Vec<SavedQuery>, Stop> {
        let of = |key: &String| Read::Find(Search::beginning(&SAVED_QUERY_FOR, key));
        let reads = self.reader_keys()?.iter().map(of).collect();
        let found = self.read(reads)?.into_iter().flat_map(|answer| rows(Some(answer)));
        let ids: BTreeSet<String> = found.filter_map(|row| row.id.split('\u{1f}').nth(1).map(str::to_owned)).into_set();
        let found = self.get(&SAVED_QUERY, ids.into_iter().collect())?;
        Ok(SavedQuery::from_rows(&found)?)
    }

    /// A saved query that is for the actor, or that he keeps as an administrator.
    fn saved_query(&mut self, id: SavedQueryId) -> Result<SavedQuery, Stop> {
        let row = self.get_one(&SAVED_QUERY, id.to_string())?.ok_or_else(|| not_found(id))?;
        let saved = SavedQuery::from_row(&row)?;
        let readers = saved.readers();
        let seen = self.reader_keys()?.iter().any(|key| readers.contains(key));
        if seen || self.access()?.may("settings.manage_settings") { Ok(saved) } else { Err(not_found(id).into()) }
    }

    /// A saved query that the actor may change.
    fn own_saved_query(&mut self, id: SavedQueryId) -> Result<SavedQuery, Stop> {
        let saved = self.saved_query(id)?;
        let own = saved.owner.as_str() == self.actor().name();
        if own || self.access()?.may("settings.manage_settings") {
            return Ok(saved);
        }
        Err(SavedQueryRefusal::NotYours.into())
    }

    fn keep_query(&mut self, input: &SavedQueryInput) -> Result<SavedQuery, Stop> {
        let before = input.id.map(|id| self.own_saved_query(id)).transpose()?;
        if let Some(before) = &before
            && before.version != input.version
        {
            return Err(Error::Conflict { record: SavedQueryId::RECORD.to_owned(), id: before.id.to_string() }.into());
        }
        if input.everyone && before.as_ref().is_none_or(|before| !before.everyone) {
            self.access()?.allow("settings.manage_settings")?;
        }
        let name = self.check_query(input)?;
        let owner = match &before {
            Some(before) => before.owner.clone(),
            // The host itself keeps none: nobody would find it.
            None => {
                self.access()?.person().map(|person| person.id.clone()).ok_or_else(|| Violation::required("owner"))?
            }
        };
        let id = match &before {
            Some(before) => before.id,
            None => SavedQueryId(self.draw()?),
        };
        let saved = SavedQuery {
            id,
            name,
            query: input.query.clone(),
            columns: input.columns.clone(),
            owner,
            people: input.people.clone(),
            positions: input.positions.clone(),
            everyone: input.everyone,
            pinned: false,
            standard: false,
            changed_at: self.now,
            version: before.as_ref().map_or(1, |before| before.version),
        };
        let had = before.as_ref().map(SavedQuery::reader_rows).unwrap_or_default();
        let has = saved.reader_rows();
        for row in has.iter().filter(|row| !had.iter().any(|had| had.id == row.id)) {
            self.insert(&SAVED_QUERY_FOR, row.clone());
        }
        for row in had.iter().filter(|row| !has.iter().any(|has| has.id == row.id)) {
            self.write(Write::Delete { kind: &SAVED_QUERY_FOR, id: row.id.clone(), version: row.version });
        }
        self.made(id);
        match before {
            None => {
                let own = Search::beginning(&SAVED_QUERY_FOR, &format!("{OWN}{}", saved.owner)).limited(MOST as i64);
                let own = rows(self.read(vec![Read::Find(own)])?.into_iter().next());
                if own.len() >= MOST {
                    return Err(SavedQueryRefusal::TooMany.into());
                }
                self.insert(&SAVED_QUERY, saved.to_row()?);
                Ok(saved)
            }
            Some(_) => {
                self.update(&SAVED_QUERY, saved.to_row()?);
                let marks = self.marks()?;
                let version = saved.version + 1;
                Ok(SavedQuery { version, ..saved }.marked(&marks))
            }
        }
    }

    /// Finds what is wrong with a query to save; the name, cleaned.
    fn check_query(&mut self, input: &SavedQueryInput) -> Result<String, Stop> {
        let context = self.context.clone();
        let mut check = Checker::new();
        let name = check.line("name", &input.name, 60);
        check.ensure(input.columns.len() <= MOST_COLUMNS, || Violation::too_many("columns", MOST_COLUMNS as i64));
        for (place, column) in input.columns.iter().enumerate().take(MOST_COLUMNS) {
            let known = match column.strip_prefix(CUSTOM) {
                Some(key) => context.field(crate::Customized::Customer, key).is_some(),
                None => FIELDS.contains(&column.as_str()),
            };
            check.ensure(known, || Violation::unknown(format!("columns[{place}]")));
            let again = input.columns.iter().take(place).any(|other| other == column);
            check.ensure(!again, || Violation::repeated(format!("columns[{place}]")));
        }
        check.optional_line("query.filter.text", &input.query.filter.text, 60);
        let readers = input.people.len() + input.positions.len();
        check.ensure(readers <= MOST_READERS, || Violation::too_many("people", MOST_READERS as i64));
        for (place, person) in input.people.iter().enumerate().take(MOST_READERS) {
            check.ensure(context.people.contains_key(person), || Violation::unknown(format!("people[{place}]")));
        }
        for (place, position) in input.positions.iter().enumerate().take(MOST_READERS) {
            let known = context.positions.get(position).is_some_and(|position| !position.removed);
            check.ensure(known, || Violation::unknown(format!("positions[{place}]")));
        }
        check.done()?;
        // What its owner could not ask is not saved.
        self.check_customer_query(&input.query)?;
        Ok(name)
    }
}
