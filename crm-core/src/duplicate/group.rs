//! Groups of duplicates among all customers (D4): the search for them as it is seen from outside, and the groups that it found.

use super::check::{DuplicateReason, DuplicateVerdict, score};
use super::dismissed::{Fingerprints, fingerprint_of, pair_key};
use super::entry::{Entry, short_id};
use super::key::values_of;
use super::look::compare;
use super::search::{End, Run, apart};
use super::similarity::{CERTAIN, Compared};
use crate::access::Reaches;
use crate::actor::UserId;
use crate::crm::Session;
use crate::customer::{CUSTOMER, Customer, CustomerId};
use crate::error::{Error, Violation};
use crate::operations::op;
use crate::page::{PageRequest, encode_cursor, list_identity, page};
use crate::record::{Record, plain_record};
use crate::sharing::SharePanel;
use crate::sorted::{Gather as _, Sort as _};
use crate::store::{ColumnType, Kind, Read, Row, Search, StoreError};
use crate::time::Timestamp;
use crate::work::{Stop, Work, rows};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The migration that made these tables.
pub(super) const SINCE: i32 = 9;

/// The last search: one row.
pub(crate) static DUPLICATE_SEARCH: Kind = Kind { since: SINCE, ..Kind::plain("duplicate_search") };

/// What searches found: the key is the search and the place, the highest score first.
pub(crate) static DUPLICATE_GROUP: Kind = Kind { since: SINCE, ..Kind::plain("duplicate_group") };

/// How many rows are looked at for a page: who sees few customers gets a short one.
const LOOKED_AT: usize = 1_000;

/// What became of a search for groups of duplicates.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum DuplicateSearchState {
    /// There was none yet.
    #[default]
    Never,
    /// It goes on, unless its process ended: then [`updated_at`](DuplicateSearch::updated_at) stands still.
    Running,
    /// It came to its end: its groups are shown.
    Finished,
    /// It was cancelled, or another one began: the groups of the one before are still shown.
    Cancelled,
}

/// A search for groups of duplicates, and how far it has come.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct DuplicateSearch {
    /// What became of it.
    pub state: DuplicateSearchState,
    /// From which score on two are taken for the same.
    pub score: i32,
    /// Who began it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// When.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub started_at: Option<Timestamp>,
    /// When it said last how far it has come.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated_at: Option<Timestamp>,
    /// How far it has come, of 100.
    pub percent: i32,
    /// Customers that it goes through.
    pub customers: i64,
    /// Pairs that it compared.
    pub compared: i64,
    /// Groups that it found.
    pub groups: i64,
    /// Groups that it found and did not keep: 100,000 are kept, those of the highest scores.
    pub left_out: i64,
    /// How often so many customers were like each other in one respect (the same phone, or nearly the same name), that not
    /// everyone of them was compared with everyone, but with who comes next.
    pub crowded: i64,
    /// Whether every customer was there to be found. Customers of before an update may not be for some time; a later search
    /// finds them.
    pub complete: bool,
}

impl DuplicateSearch {
    /// The same, at its end.
    pub(super) fn finished(&self, now: Timestamp) -> Self {
        let state = DuplicateSearchState::Finished;
        DuplicateSearch { state, percent: 100, updated_at: Some(now), ..self.clone() }
    }
}

/// The search whose groups are shown.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Shown {
    pub(super) run: String,
    pub(super) score: i32,
}

/// The row of the last search.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Kept {
    /// What stands before the keys of its groups.
    pub(super) run: String,
    /// Whether it shall end.
    pub(super) cancel: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) shown: Option<Shown>,
    pub(super) told: DuplicateSearch,
    #[serde(default)]
    pub(super) version: i64,
}

plain_record!(Kept, &DUPLICATE_SEARCH, |_kept| DUPLICATE_SEARCH.name.to_owned());

/// The row of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Grouped {
    #[serde(rename = "c")]
    pub(super) customers: Vec<String>,
    #[serde(default, rename = "x", skip_serializing_if = "std::ops::Not::not")]
    pub(super) cut: bool,
}

/// The key of a group.
pub(super) fn group_key(run: &str, place: usize) -> String {
    format!("{run}/{place:06}")
}

/// A customer of a group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct DuplicateMember {
    /// The customer.
    pub customer: CustomerId,
    /// Its name.
    pub name: String,
    /// Its owner.
    pub owner: UserId,
    /// His name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_name: Option<String>,
}

/// Two customers of a group that are alike.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct DuplicatePair {
    /// The one.
    pub one: CustomerId,
    /// The other.
    pub other: CustomerId,
    /// From 0 to 1,000, which is the same.
    pub score: i32,
    /// What the score means by the settings.
    pub verdict: DuplicateVerdict,
    /// Why, the strongest first.
    pub reasons: Vec<DuplicateReason>,
}

/// Customers of which each is like another: to be merged, or dismissed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct DuplicateGroup {
    /// The greatest score of its pairs.
    pub score: i32,
    /// The customers, at most 20, the oldest first.
    pub customers: Vec<DuplicateMember>,
    /// Who is like whom, the most alike first.
    pub pairs: Vec<DuplicatePair>,
    /// Whether others are like these, for whom there was no room: they stand in other groups, or come with the next search.
    pub cut: bool,
}

page! {
    /// A page of groups of duplicates.
    DuplicateGroupPage of DuplicateGroup
}

impl Session<'_> {
    /// Searches all customers of the organisation for duplicates 全库查重 (D4), and keeps groups of them to be looked at with
    /// [`Session::duplicate_groups`]. It takes some time (a million customers: a minute), during which others go on working, see by
    /// [`Session::duplicate_search`] how far it has come, and end it by [`Session::cancel_duplicate_search`]. Two are taken for the same from
    /// the score `likely` of the settings on, or from another one that is given, at least `possible`; below `likely` not every
    /// pair is found. Branches of one company, and the same name in other places, are no duplicates by their names alone.
    ///
    /// Groups of an earlier search are shown until this one is finished. One that goes on is cancelled by it.
    ///
    /// ```
    /// # #[cfg(feature = "system")] {
    /// # use crm_core::{Actor, Crm, DuplicateSearchState, NewCustomer, NewOrganisation, PageRequest};
    /// # let crm = Crm::in_memory();
    /// # let host = Actor::system("acme", "set-up")?;
    /// # crm.as_user(&host).create_organisation(NewOrganisation::named("Acme"))?;
    /// # let mut alice = crm_core::PersonInput::new("alice", "Alice")?;
    /// # alice.host_roles.push("crm_admin".to_owned());
    /// # crm.as_user(&host).sync_people(vec![alice], crm_core::SyncMode::Delta)?;
    /// let alice = Actor::user("acme", "alice")?;
    /// for name in ["杭州云帆科技有限公司", "云帆科技（杭州）有限公司", "宁波远洋贸易有限公司"] {
    ///     crm.as_user(&alice).create_customer(NewCustomer::named(name))?;
    /// }
    /// let search = crm.as_user(&alice).find_duplicate_groups(None)?;
    /// assert_eq!((search.state, search.customers, search.groups), (DuplicateSearchState::Finished, 3, 1));
    /// let groups = crm.as_user(&alice).duplicate_groups(PageRequest::first(20))?.items;
    /// assert_eq!((groups[0].customers.len(), groups[0].pairs[0].reasons[0].code.as_str()), (2, "same_name"));
    /// # }
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `settings.manage_settings`; [`Error::Invalid`].
    pub fn find_duplicate_groups(&self, score: Option<i32>) -> Result<DuplicateSearch, Error> {
        self.check_key()?;
        let session = Session::clone(self).not_idempotent();
        let (run, told) = session.command(
            &op::find_duplicate_groups,
            &score,
            |work| work.begin_search(score),
            |_, _| Ok((String::new(), DuplicateSearch::default())),
        )?;
        match Run::new(&session, run.clone(), told.clone()).carry_out() {
            Ok(finished) => Ok(finished),
            Err(End::Error(error)) => Err(error),
            Err(End::Cancelled) => {
                let cancelled = session.command(
                    &op::find_duplicate_groups,
                    &score,
                    |work| work.end_search(&run, &told),
                    |_, _| Ok(DuplicateSearch::default()),
                )?;
                session.sweep_groups(None)?;
                Ok(cancelled)
            }
        }
    }

    /// The last search for groups of duplicates, and how far it has come.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `settings.manage_settings`.
    pub fn duplicate_search(&self) -> Result<DuplicateSearch, Error> {
        self.query(&op::duplicate_search, |work| {
            Ok(work.duplicate_search()?.map(|(_, kept)| kept.told).unwrap_or_default())
        })
    }

    /// Ends a search for groups of duplicates that goes on: it stops at its next step. Answers the search as it stands; where none
    /// goes on nothing happens.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `settings.manage_settings`.
    pub fn cancel_duplicate_search(&self) -> Result<DuplicateSearch, Error> {
        let cancel = |work: &mut Work<'_>| {
            let Some((row, kept)) = work.duplicate_search()? else { return Ok(DuplicateSearch::default()) };
            if kept.told.state != DuplicateSearchState::Running {
                return Ok(kept.told);
            }
            // Its process may have ended long ago: nobody waits for it.
            let state = DuplicateSearchState::Cancelled;
            let told = DuplicateSearch { state, updated_at: Some(work.now), ..kept.told.clone() };
            let kept = Kept { cancel: true, told: told.clone(), ..kept };
            work.update(&DUPLICATE_SEARCH, Row { version: row.version, ..kept.to_row()? });
            Ok(told)
        };
        self.command(&op::cancel_duplicate_search, &(), cancel, |work, _| {
            Ok(work.duplicate_search()?.map(|(_, kept)| kept.told).unwrap_or_default())
        })
    }

    /// Groups of duplicates that the last finished search found (D4), the highest score first, as they are today: who is no more
    /// like the others, is gone, or may not be opened by the actor is left out, and so is a pair that was dismissed; of
    /// a group of which fewer than two are left nothing is told. Where much is left out, pages are short, and one that has none
    /// is not the last if there is a next.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.merge`; [`Error::Invalid`]; `cursor_foreign`, also when another
    /// search was finished since.
    pub fn duplicate_groups(&self, page: PageRequest) -> Result<DuplicateGroupPage, Error> {
        self.query(&op::duplicate_groups, |work| {
            let limit = usize::try_from(page.limit()?).unwrap_or_default();
            let shown = work.duplicate_search()?.and_then(|(_, kept)| kept.shown);
            let (run, least) = shown.map(|shown| (shown.run, shown.score)).unwrap_or_default();
            let list = list_identity(work.actor(), op::duplicate_groups.name, &run);
            let mut after = page.place(&list, ColumnType::Integer)?.map_or_else(|| format!("{run}/"), |(_, id)| id);
            let (mut items, mut looked, mut next) = (Vec::new(), 0, None);
            while !run.is_empty() && items.len() < limit {
                if looked >= LOOKED_AT {
                    next = Some(encode_cursor(&list, &(Some(0.into()), after)));
                    break;
                }
                let wanted = limit - items.len();
                let search = Search {
                    after: Some((None, after.clone())),
                    // One more: whether there is a next.
                    ..Search::of(&DUPLICATE_GROUP).limited(i64::try_from(wanted + 1).unwrap_or_default())
                };
                let mut found = rows(work.read(vec![Read::Find(search)])?.into_iter().next());
                found.retain(|row| row.id.split('/').next() == Some(run.as_str()));
                let more = found.len() > wanted;
                found.truncate(wanted);
                let Some(last) = found.last() else { break };
                after = last.id.clone();
                looked += found.len();
                items.extend(work.groups_of_today(&found, least)?);
                if !more {
                    break;
                }
                if items.len() >= limit {
                    next = Some(encode_cursor(&list, &(Some(0.into()), after.clone())));
                }
            }
            Ok(DuplicateGroupPage { items, next, count: None })
        })
    }
}

/// A customer of a group, as it is today.
struct Member {
    customer: Customer,
    entry: Entry,
    names: Vec<Compared>,
    values: Vec<String>,
}

impl Work<'_> {
    /// The last search, with its row.
    pub(super) fn duplicate_search(&mut self) -> Result<Option<(Row, Kept)>, Stop> {
        let row = self.get_one(&DUPLICATE_SEARCH, DUPLICATE_SEARCH.name.to_owned())?;
        row.map(|row| Ok((row.clone(), Kept::from_row(&row)?))).transpose()
    }

    /// Begins a search, whatever became of the last one.
    fn begin_search(&mut self, score: Option<i32>) -> Result<(String, DuplicateSearch), Stop> {
        let settings = &self.context.settings().duplicates;
        let score = score.unwrap_or(settings.likely);
        if !(settings.possible..=CERTAIN).contains(&score) {
            return Err(Error::from(Violation::out_of_range("score")).into());
        }
        let run = short_id(&self.draw()?.to_string());
        let told = DuplicateSearch {
            state: DuplicateSearchState::Running,
            score,
            by: Some(self.actor().name()),
            started_at: Some(self.now),
            updated_at: Some(self.now),
            ..DuplicateSearch::default()
        };
        let standing = self.duplicate_search()?;
        let shown = standing.as_ref().and_then(|(_, kept)| kept.shown.clone());
        let kept = Kept { run: run.clone(), cancel: false, shown, told: told.clone(), version: 1 };
        match standing {
            Some((row, _)) => self.update(&DUPLICATE_SEARCH, Row { version: row.version, ..kept.to_row()? }),
            None => self.insert(&DUPLICATE_SEARCH, kept.to_row()?),
        }
        Ok((run, told))
    }

    /// What is told of a search that was cancelled.
    fn end_search(&mut self, run: &str, told: &DuplicateSearch) -> Result<DuplicateSearch, Stop> {
        Ok(match self.duplicate_search()? {
            Some((_, kept)) if kept.run == run => kept.told,
            // Another one took its place.
            _ => DuplicateSearch { state: DuplicateSearchState::Cancelled, updated_at: Some(self.now), ..told.clone() },
        })
    }

    /// What is left of groups today, for the actor.
    fn groups_of_today(&mut self, found: &[Row], least: i32) -> Result<Vec<DuplicateGroup>, Stop> {
        let mut groups: Vec<Grouped> = Vec::new();
        for row in found {
            groups.push(
                serde_json::from_str(&row.body)
                    .map_err(|error| StoreError::Corrupt(format!("{} {}: {error}", DUPLICATE_GROUP.name, row.id)))?,
            );
        }
        let ids: BTreeSet<String> = groups.iter().flat_map(|group| group.customers.iter().cloned()).into_set();
        let standing = self.get(&CUSTOMER, ids.into_iter().collect())?;
        let reached = self.reach_of_rows(&standing)?;
        let mut members: BTreeMap<String, Member> = BTreeMap::new();
        let access = self.access()?;
        let restricted = access.restricts_fields();
        let opens = |reached: &Option<Reaches>| reached.is_some_and(|reached| reached.opens(SharePanel::Information));
        for (row, _) in standing.iter().zip(reached).filter(|(_, reached)| opens(reached)) {
            let customer = Customer::from_row(row)?;
            if customer.is_live() {
                let (entry, mut values) = (Entry::of(&customer), values_of(&customer));
                values.retain(|value| access.reads_value(value));
                let names = entry.names.iter().cloned().map(Compared::new).collect();
                members.insert(row.id.clone(), Member { customer, entry, names, values });
            }
        }
        let settings = self.context.settings().duplicates.clone();
        let alike = |one: &Member, other: &Member| -> Option<DuplicatePair> {
            let values: Vec<&String> = one.values.iter().filter(|value| other.values.contains(value)).collect();
            let likeness = compare(&one.names, one.entry.person, other.entry.clone());
            let (score, reasons) = score(&likeness, &values, true);
            let differ = match (one.names.first(), other.names.first()) {
                (Some(one), Some(other)) => apart(one.name(), other.name(), &values),
                _ => false,
            };
            let verdict = settings.verdict(score).unwrap_or(DuplicateVerdict::Possible);
            let pair = DuplicatePair { one: one.customer.id, other: other.customer.id, score, verdict, reasons };
            (score >= least && !differ).then_some(pair)
        };
        let mut pairs: Vec<Vec<DuplicatePair>> = Vec::new();
        let mut today = Fingerprints::new();
        for group in &groups {
            let own: Vec<&Member> = group.customers.iter().filter_map(|id| members.get(id)).collect();
            let mut found = Vec::new();
            for (place, one) in own.iter().enumerate() {
                found.extend(own.iter().skip(place + 1).filter_map(|other| alike(one, other)));
            }
            for member in own.iter().filter(|_| !found.is_empty()) {
                today.extend([fingerprint_of(&member.customer)?]);
            }
            pairs.push(found);
        }
        let key = |pair: &DuplicatePair| pair_key(&pair.one.to_string(), &pair.other.to_string());
        let dismissed = self.dismissed(pairs.iter().flatten().map(key).collect())?;
        let mut told = Vec::new();
        for (group, mut pairs) in groups.iter().zip(pairs) {
            pairs.retain(|pair| !dismissed.hold(&pair.one.to_string(), &pair.other.to_string(), &today));
            pairs.order_by(|a, b| b.score.cmp(&a.score));
            let Some(score) = pairs.first().map(|pair| pair.score) else { continue };
            let left: BTreeSet<CustomerId> = pairs.iter().flat_map(|pair| [pair.one, pair.other]).into_set();
            let own = group.customers.iter().filter_map(|id| members.get(id));
            let member = |member: &Member| DuplicateMember {
                customer: member.customer.id,
                name: member.customer.name.clone(),
                owner: member.customer.owner.clone(),
                owner_name: self.context.people.get(&member.customer.owner).map(|person| person.name.clone()),
            };
            let mut customers: Vec<(Timestamp, DuplicateMember)> = own
                .filter(|one| left.contains(&one.customer.id))
                .map(|one| (one.customer.created_at, member(one)))
                .collect();
            customers.order_by(|a, b| (a.0, a.1.customer).cmp(&(b.0, b.1.customer)));
            let customers = customers.into_iter().map(|(_, member)| member).collect();
            // Who is left out may be like these by what he does not read.
            let cut = group.cut && !restricted;
            told.push(DuplicateGroup { score, customers, pairs, cut });
        }
        Ok(told)
    }
}
