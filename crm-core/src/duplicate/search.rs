//! The search for duplicates among all customers (D4): how it goes on, step by step, and what it leaves behind.
//!
//! It reads the index of names and the values that customers have to the letter, finds pairs ([`Blocking`]), compares them, and
//! writes groups of customers, of which everything else is worked out when they are looked at. Nothing of what it holds in the
//! meantime is needed by anybody: killed, it is begun again.

use super::blocking::{Blocking, PASSES};
use super::check::score;
use super::dismissed::{Dismissals, Fingerprints};
use super::entry::Entry;
use super::group::{DUPLICATE_GROUP, DUPLICATE_SEARCH, DuplicateSearch, Grouped, Kept, Shown, group_key};
use super::grouping::{Alike, Group, grouped};
use super::index::{NAME_ENTRY, NAME_TAIL, plain_row};
use super::key::{MATCH_KEY, MOST_HOLDERS};
use super::look::{Likeness, compare};
use super::name::CompanyName;
use super::similarity::Compared;
use crate::crm::Session;
use crate::error::Error;
use crate::operations::op;
use crate::record::Record;
use crate::sorted::Sort as _;
use crate::store::{Kind, Read, Row, Search, Selection, Write};
use crate::work::{Stop, Work, columns_of, rows};
use std::cmp::Reverse;
use std::collections::HashMap;

/// How many groups are kept, those of the highest score.
const MOST_GROUPS: usize = 100_000;
/// How many pairs that have a value in common are looked at.
const MOST_SHARING: usize = 30_000_000;
/// Rows that are read at once.
const PAGE: i64 = 10_000;
/// After how many pairs it is said how far it has come.
const STEP: usize = 100_000;
/// Rows that are written at once.
const BATCH: usize = 500;
/// From which score on people of the same name alone are no duplicates.
const NAMESAKES: i32 = 700;

/// What two have in common to the letter, as bits: in the order of [`VALUES`].
const VALUES: [&str; 4] = ["credit:", "phone:", "email:", "domain:"];

/// Whether two customers say of themselves that they are not the same: another branch, which an equal credit code alone outweighs,
/// or the same name in another place, which anything that both have outweighs.
pub(super) fn apart(one: &CompanyName, other: &CompanyName, values: &[&String]) -> bool {
    let told = |name: &CompanyName| name.branch.replace(['市', '省', '区', '县'], "");
    let elsewhere = !one.region.contains(&other.region) && !other.region.contains(&one.region);
    let same_code = || values.iter().any(|value| value.starts_with("credit:"));
    (told(one) != told(other) && !same_code()) || (elsewhere && values.is_empty())
}

/// Everybody who is compared.
#[derive(Default)]
struct Everyone {
    ids: Vec<u128>,
    places: HashMap<u128, u32>,
    /// The entries of the index, one behind the other, and where each ends.
    bodies: String,
    ends: Vec<usize>,
}

fn number(id: &str) -> Option<u128> {
    uuid::Uuid::try_parse(id).ok().map(|id| id.as_u128())
}

impl Everyone {
    fn len(&self) -> usize {
        self.ids.len()
    }

    /// Adds who stands in an entry; whoever was there already stays as he is.
    fn add(&mut self, body: &str) -> Result<Option<Entry>, Error> {
        let entry = Entry::from_body(body)?;
        let place = u32::try_from(self.ids.len()).unwrap_or(u32::MAX);
        let Some(id) = number(&entry.customer).filter(|_| place < 1 << 30) else { return Ok(None) };
        if self.places.contains_key(&id) {
            return Ok(None);
        }
        self.places.insert(id, place);
        self.ids.push(id);
        self.bodies.push_str(body);
        self.ends.push(self.bodies.len());
        Ok(Some(entry))
    }

    fn entry(&self, place: u32) -> Result<Entry, Error> {
        let place = place as usize;
        let start = place.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or_default();
        let end = self.ends.get(place).copied().unwrap_or_default();
        Entry::from_body(self.bodies.get(start..end).unwrap_or_default())
    }

    fn id(&self, place: u32) -> u128 {
        self.ids.get(place as usize).copied().unwrap_or_default()
    }

    fn written(&self, place: u32) -> String {
        uuid::Uuid::from_u128(self.id(place)).as_hyphenated().to_string()
    }
}

/// A pair of places with what both have to the letter: in the order of the first, then of the second.
fn pair(one: u32, other: u32, values: u64) -> u64 {
    (u64::from(one.min(other)) << 34) | (u64::from(one.max(other)) << 4) | values
}

fn places(pair: u64) -> (u32, u32) {
    ((pair >> 34) as u32, ((pair >> 4) & 0x3fff_ffff) as u32)
}

/// A search that goes on.
pub(super) struct Run<'s> {
    session: &'s Session<'s>,
    run: String,
    least: i32,
    told: DuplicateSearch,
}

/// Why a search ends early.
pub(super) enum End {
    /// Somebody cancelled it, or began another one.
    Cancelled,
    Error(Error),
}

impl<E: Into<Error>> From<E> for End {
    fn from(error: E) -> Self {
        End::Error(error.into())
    }
}

impl<'s> Run<'s> {
    pub(super) fn new(session: &'s Session<'s>, run: String, told: DuplicateSearch) -> Self {
        Run { session, run, least: told.score, told }
    }

    /// All of it; what it tells at the end.
    pub(super) fn carry_out(mut self) -> Result<DuplicateSearch, End> {
        self.sweep(Some(&self.run.clone()))?;
        self.fold()?;
        let mut blocking = Blocking::default();
        let everyone = self.read_names(&mut blocking)?;
        let mut pairs = self.read_values(&everyone)?;
        for pass in 0..PASSES {
            let found = blocking.pass(pass, self.least);
            pairs.extend(found.pairs.into_iter().map(|(one, other)| pair(one, other, 0)));
            self.told.crowded += i64::try_from(found.crowded).unwrap_or(i64::MAX);
            self.step(45 + 8 * i32::try_from(pass).unwrap_or_default(), &[])?;
        }
        pairs.sort_unstable();
        pairs.dedup();
        let alike = self.compare(&everyone, &blocking, pairs)?;
        drop(blocking);
        let alike = self.without_dismissed(&everyone, alike)?;
        let mut groups = grouped(&alike, everyone.len());
        drop(alike);
        let left_out = groups.len().saturating_sub(MOST_GROUPS);
        groups.truncate(MOST_GROUPS);
        self.told.left_out = i64::try_from(left_out).unwrap_or(i64::MAX);
        self.write(&everyone, groups)?;
        let finished = self.finish()?;
        self.sweep(Some(&self.run.clone()))?;
        Ok(finished)
    }

    /// Says how far it has come, with rows that come with that; or learns that it shall end.
    fn step(&mut self, percent: i32, groups: &[Row]) -> Result<(), End> {
        self.told.percent = percent;
        let (run, told) = (&self.run, &self.told);
        let goes_on = self.session.command(
            &op::find_duplicate_groups,
            &(),
            |work| {
                let Some(row) = work.get_one(&DUPLICATE_SEARCH, DUPLICATE_SEARCH.name.to_owned())? else {
                    return Ok(false);
                };
                let kept = Kept::from_row(&row)?;
                if kept.run != *run || kept.cancel {
                    return Ok(false);
                }
                groups.iter().for_each(|row| work.insert(&DUPLICATE_GROUP, row.clone()));
                let told = DuplicateSearch { updated_at: Some(work.now), ..told.clone() };
                let kept = Kept { told, ..kept };
                work.update(&DUPLICATE_SEARCH, Row { version: row.version, ..kept.to_row()? });
                Ok(true)
            },
            |_, _| Ok(false),
        )?;
        if goes_on { Ok(()) } else { Err(End::Cancelled) }
    }

    /// New names enter the index first.
    fn fold(&mut self) -> Result<(), End> {
        const NAMES: usize = 20;
        while let (_, true) = self.session.fold_names(NAMES)? {
            self.step(1, &[])?;
        }
        Ok(())
    }

    /// A page of the rows of a kind, behind an id.
    fn page(&self, kind: &'static Kind, after: Option<String>) -> Result<Vec<Row>, Error> {
        self.session.query(&op::find_duplicate_groups, |work| {
            let search = Search { after: after.clone().map(|id| (None, id)), ..Search::of(kind).limited(PAGE) };
            Ok(rows(work.read(vec![Read::Find(search)])?.into_iter().next()))
        })
    }

    /// Everybody, by the names that stand in the index and those that wait.
    fn read_names(&mut self, blocking: &mut Blocking) -> Result<Everyone, End> {
        let index = self.session.query(&op::find_duplicate_groups, |work| work.name_index())?;
        self.told.complete = index.is_complete();
        let mut everyone = Everyone::default();
        for kind in [&NAME_ENTRY, &NAME_TAIL] {
            let mut after = None;
            loop {
                let page = self.page(kind, after)?;
                for row in &page {
                    let Some(entry) = everyone.add(&row.body)? else { continue };
                    // Many people have the same name.
                    let by_name = !entry.person || self.least <= NAMESAKES;
                    let names: Vec<Compared> = entry.names.into_iter().filter(|_| by_name).map(Compared::new).collect();
                    blocking.push(&names);
                }
                after = page.last().map(|row| row.id.clone());
                self.told.customers = i64::try_from(everyone.len()).unwrap_or(i64::MAX);
                let share = self.told.customers.saturating_mul(28) / index.next.max(self.told.customers).max(1);
                self.step(2 + i32::try_from(share).unwrap_or_default(), &[])?;
                if (page.len() as i64) < PAGE {
                    break;
                }
            }
        }
        Ok(everyone)
    }

    /// Pairs that have a value in common.
    fn read_values(&mut self, everyone: &Everyone) -> Result<Vec<u64>, End> {
        let mut pairs: Vec<u64> = Vec::new();
        let (mut value, mut holders) = (String::new(), Vec::new());
        let mut after: Option<String> = None;
        let mut pages = 0_usize;
        loop {
            let page = self.session.query(&op::find_duplicate_groups, |work| {
                let place = after.clone().map(|id| (None, id));
                let search = Search { after: place, ..Search::of(&MATCH_KEY).limited(PAGE) };
                let read = Read::Columns { of: Selection::Page(search), columns: Vec::new() };
                Ok(columns_of(work.read(vec![read])?.into_iter().next()))
            })?;
            for (id, _) in &page {
                let Some((held, holder)) = id.split_once('\u{1f}') else { continue };
                if held != value {
                    self.told.crowded += i64::from(sharing(&value, &mut holders, &mut pairs));
                    value = held.to_owned();
                }
                holders.extend(number(holder).and_then(|id| everyone.places.get(&id)));
            }
            pages += 1;
            let last = page.last().map(|(id, _)| id.clone());
            if (page.len() as i64) < PAGE {
                break;
            }
            after = last;
            if pages.is_multiple_of(10) {
                self.step(30 + i32::try_from(pages / 30).unwrap_or_default().min(8), &[])?;
            }
        }
        self.told.crowded += i64::from(sharing(&value, &mut holders, &mut pairs));
        self.step(40, &[])?;
        Ok(pairs)
    }

    /// The pairs that are alike, the most alike first.
    fn compare(&mut self, everyone: &Everyone, blocking: &Blocking, pairs: Vec<u64>) -> Result<Vec<Alike>, End> {
        let mut alike = Vec::new();
        let mut current: Option<(u32, bool, Vec<Compared>)> = None;
        let (mut looked, total) = (0_usize, pairs.len());
        for same in pairs.chunk_by(|a, b| a >> 4 == b >> 4) {
            if looked / STEP != (looked + same.len()) / STEP {
                let share = 20_usize.saturating_mul(looked) / total.max(1);
                self.step(64 + i32::try_from(share).unwrap_or_default(), &[])?;
            }
            looked += same.len();
            let bits = same.iter().fold(0, |bits, pair| bits | (pair & 15));
            let (one, other) = places(same.first().copied().unwrap_or_default());
            if !worth_it(bits, self.least, |least| blocking.may_be_alike(one, other, least)) {
                continue;
            }
            if current.as_ref().is_none_or(|(place, ..)| *place != one) {
                let entry = everyone.entry(one)?;
                current = Some((one, entry.person, entry.names.into_iter().map(Compared::new).collect()));
            }
            let Some((_, person, names)) = &current else { continue };
            let entry = everyone.entry(other)?;
            let (own, theirs) = (names.first().map(Compared::name), entry.names.first().cloned());
            let likeness = compare(names, *person, entry);
            self.told.compared += 1;
            let values: Vec<String> = values_of_bits(bits);
            let values: Vec<&String> = values.iter().collect();
            let score = score_of(&likeness, &values);
            let differ = own.zip(theirs.as_ref()).is_some_and(|(own, theirs)| apart(own, theirs, &values));
            if score >= self.least && !differ {
                alike.push(Alike { score, one, other });
            }
        }
        alike.order_by_key(|pair| {
            let (a, b) = (everyone.id(pair.one), everyone.id(pair.other));
            (Reverse(pair.score), a.min(b), a.max(b))
        });
        Ok(alike)
    }

    /// Without the pairs that somebody said are none, as long as both are what they were.
    fn without_dismissed(&mut self, everyone: &Everyone, mut alike: Vec<Alike>) -> Result<Vec<Alike>, End> {
        let mut dismissals = Dismissals::default();
        let mut after = None;
        loop {
            let page = self.page(&super::dismissed::DISMISSED, after)?;
            dismissals.extend(&page)?;
            after = page.last().map(|row| row.id.clone());
            if (page.len() as i64) < PAGE {
                break;
            }
        }
        if dismissals.is_empty() {
            return Ok(alike);
        }
        let mut ids = dismissals.customers();
        ids.sort();
        let mut today = Fingerprints::default();
        for ids in ids.chunks(BATCH) {
            let found = self.session.query(&op::find_duplicate_groups, |work| work.fingerprints(ids.to_vec()))?;
            today.extend(found);
        }
        alike.retain(|pair| !dismissals.hold(&everyone.written(pair.one), &everyone.written(pair.other), &today));
        // Of who is gone for good nobody says anything.
        for gone in dismissals.of_others_than(&today).chunks(BATCH) {
            self.session.command(
                &op::find_duplicate_groups,
                &(),
                |work| {
                    for row in work.get(&super::dismissed::DISMISSED, gone.to_vec())? {
                        work.write(Write::Delete {
                            kind: &super::dismissed::DISMISSED,
                            id: row.id,
                            version: row.version,
                        });
                    }
                    Ok(())
                },
                |_, _| Ok(()),
            )?;
        }
        Ok(alike)
    }

    /// Writes the groups, the highest score first.
    fn write(&mut self, everyone: &Everyone, groups: Vec<Group>) -> Result<(), End> {
        let total = groups.len();
        for (batch, groups) in groups.chunks(BATCH).enumerate() {
            let mut written = Vec::with_capacity(groups.len());
            for (place, group) in groups.iter().enumerate() {
                let mut customers: Vec<String> = group.members.iter().map(|member| everyone.written(*member)).collect();
                customers.sort();
                let grouped = Grouped { customers, cut: group.cut };
                written.push(plain_row(group_key(&self.run, batch * BATCH + place), 1, &grouped)?);
            }
            self.told.groups += i64::try_from(groups.len()).unwrap_or(i64::MAX);
            let share = 13_usize.saturating_mul(batch * BATCH) / total.max(1);
            self.step(86 + i32::try_from(share).unwrap_or_default(), &written)?;
        }
        Ok(())
    }

    /// From now on its groups are shown.
    fn finish(&self) -> Result<DuplicateSearch, End> {
        let (run, told) = (&self.run, &self.told);
        let finished = self.session.command(
            &op::find_duplicate_groups,
            &(),
            |work| {
                let Some((row, kept)) = work.duplicate_search()?.filter(|(_, kept)| kept.run == *run && !kept.cancel)
                else {
                    return Ok(None);
                };
                let told = told.finished(work.now);
                let shown = Some(Shown { run: run.clone(), score: told.score });
                let kept = Kept { told: told.clone(), shown, ..kept };
                work.update(&DUPLICATE_SEARCH, Row { version: row.version, ..kept.to_row()? });
                Ok(Some(told))
            },
            |_, _| Ok(None),
        )?;
        finished.ok_or(End::Cancelled)
    }

    /// Removes the groups of other searches than the one that is shown and one that goes on.
    fn sweep(&self, own: Option<&str>) -> Result<(), Error> {
        self.session.sweep_groups(own)
    }
}

/// Who shares a value; says whether they are too many to be told.
fn sharing(value: &str, holders: &mut Vec<u32>, pairs: &mut Vec<u64>) -> bool {
    let bit = VALUES.iter().position(|kind| value.starts_with(kind)).map_or(0, |place| 1 << place);
    let many = i64::try_from(holders.len()).unwrap_or(i64::MAX) > MOST_HOLDERS || pairs.len() > MOST_SHARING;
    if bit != 0 && !many {
        for (at, one) in holders.iter().enumerate() {
            pairs.extend(holders.iter().skip(at + 1).map(|other| pair(*one, *other, bit)));
        }
    }
    let crowded = bit != 0 && many && holders.len() > 1;
    holders.clear();
    crowded
}

/// Whether a pair with these values in common can have a score, by what names must still bring.
fn worth_it(bits: u64, least: i32, may_be_alike: impl Fn(i32) -> bool) -> bool {
    // Names alone were asked already; the same credit code is enough.
    if bits == 0 || bits & 1 != 0 {
        return true;
    }
    let more =
        [150, 150, 100].iter().zip([2, 4, 8]).filter(|(_, bit)| bits & bit != 0).map(|(more, _)| more).sum::<i32>();
    let alone = score_of(&Likeness::default(), &values_of_bits(bits).iter().collect::<Vec<_>>());
    alone >= least || may_be_alike(least - more)
}

fn values_of_bits(bits: u64) -> Vec<String> {
    let has = |place: usize| bits & (1 << place) != 0;
    VALUES.iter().enumerate().filter(|(place, _)| has(*place)).map(|(_, kind)| (*kind).to_owned()).collect()
}

fn score_of(likeness: &Likeness, values: &[&String]) -> i32 {
    score(likeness, values, true).0
}

impl Session<'_> {
    /// Removes groups of searches, some at a time: all but those that are shown, and those of a search that goes on.
    pub(super) fn sweep_groups(&self, own: Option<&str>) -> Result<(), Error> {
        let swept = |work: &mut Work<'_>| -> Result<bool, Stop> {
            let shown = work.duplicate_search()?.and_then(|(_, kept)| kept.shown).map(|shown| shown.run);
            let mut search = Search::of(&DUPLICATE_GROUP).limited(BATCH as i64);
            loop {
                let found = rows(work.read(vec![Read::Find(search.clone())])?.into_iter().next());
                let of = |row: &Row| row.id.split('/').next().unwrap_or_default().to_owned();
                let stays = |run: &str| Some(run) == own || Some(run) == shown.as_deref();
                let Some(last) = found.last() else { return Ok(false) };
                // Behind all of a search that stays.
                let behind = if stays(&of(last)) { format!("{}0", of(last)) } else { last.id.clone() };
                search.after = Some((None, behind));
                let mut any = false;
                for row in found.into_iter().filter(|row| !stays(&of(row))) {
                    any = true;
                    work.write(Write::Delete { kind: &DUPLICATE_GROUP, id: row.id, version: row.version });
                }
                if any {
                    return Ok(true);
                }
            }
        };
        while self.command(&op::find_duplicate_groups, &(), swept, |_, _| Ok(false))? {}
        Ok(())
    }
}
