//! How many customers a person may have, and claim a day (P6).

use super::{HOLDER, PoolRefusal};
use crate::access::{Standing, scopes_of};
use crate::actor::UserId;
use crate::crm::Session;
use crate::customer::{CUSTOMER, CustomerId};
use crate::date::Date;
use crate::error::Error;
use crate::operations::op;
use crate::page::COUNT_CAP;
use crate::record::{Record, plain_record};
use crate::sorted::Gather as _;
use crate::store::{Direction, Filter, Read, Search, Selection};
use crate::work::{Stop, Work, columns_of, counted};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// What a person took of late.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Holder {
    person: UserId,
    /// The day on which he claimed last, and how many on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claimed_on: Option<Date>,
    #[serde(default)]
    claims: i32,
    #[serde(default)]
    version: i64,
}

plain_record!(Holder, &HOLDER, |holder| holder.person.to_string());

impl Holder {
    fn claimed(&self, today: Date) -> i32 {
        // A clock that went back gives nobody a second day.
        if self.claimed_on.is_some_and(|day| day >= today) { self.claims } else { 0 }
    }
}

/// Limits below this are always counted under the row of the person.
const FAR: i64 = 64;

/// What a person may still take.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct ClaimAllowance {
    /// Customers that he claimed today.
    pub claimed_today: i32,
    /// How many he may still claim today; absent: as many as he likes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claims_left: Option<i32>,
    /// Customers that he has, as far as they count for the limit; where all count, no more than one beyond it is counted.
    pub held: i32,
    /// How many more he may have; absent: as many as he likes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub holding_left: Option<i32>,
    /// Customers of his that are locked.
    pub locked: i32,
    /// How many more may be locked; absent: as many as he likes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locks_left: Option<i32>,
}

/// What is left of a limit, of which 0 is none.
fn left(limit: i32, used: i32) -> Option<i32> {
    (limit > 0).then(|| limit.saturating_sub(used).max(0))
}

impl Session<'_> {
    /// How many customers the actor may still claim today, have and lock.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `pool.view`; `claim_by_system`.
    pub fn claim_allowance(&self) -> Result<ClaimAllowance, Error> {
        self.query(&op::claim_allowance, |work| {
            let person = work.access()?.person().ok_or(PoolRefusal::NoPerson)?.id.clone();
            let settings = work.context.settings().pool.clone();
            let today = work.today();
            let claimed_today = work.holder(&person)?.map_or(0, |holder| holder.claimed(today));
            let held = work.held(&person, i64::from(settings.most_held))?;
            let locked = work.locked(&person)?;
            let number = |count: i64| i32::try_from(count).unwrap_or(i32::MAX);
            Ok(ClaimAllowance {
                claimed_today,
                claims_left: left(settings.claims_per_day, claimed_today),
                held: number(held),
                holding_left: left(settings.most_held, number(held)),
                locked: number(locked),
                locks_left: left(settings.most_locked, number(locked)),
            })
        })
    }
}

impl Work<'_> {
    fn holder(&mut self, person: &UserId) -> Result<Option<Holder>, Stop> {
        let row = self.get_one(&HOLDER, person.to_string())?;
        Ok(row.map(|row| Holder::from_row(&row)).transpose()?)
    }

    /// A person gets customers: refused beyond the limit of the settings.
    pub(crate) fn hold(&mut self, person: &UserId, customers: &[CustomerId]) -> Result<(), Stop> {
        self.take(person, customers, false)
    }

    /// Those of some customers that would be too many for a person; `taken` is how many others he gets before them, and is raised by
    /// those of these that he may have.
    pub(crate) fn over_holding(
        &mut self,
        person: &UserId,
        customers: &[CustomerId],
        taken: &mut i64,
    ) -> Result<BTreeSet<CustomerId>, Stop> {
        let settings = self.context.settings().pool.clone();
        let most = i64::from(settings.most_held);
        if most == 0 || customers.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut counted = customers.to_vec();
        if !settings.count_dealt {
            let dealt = self.dealt(customers.iter().map(ToString::to_string).collect())?;
            counted.retain(|customer| !dealt.contains(&customer.to_string()));
        }
        let room = (most - self.held(person, most)? - *taken).clamp(0, counted.len() as i64);
        *taken += room;
        Ok(counted.into_iter().skip(usize::try_from(room).unwrap_or_default()).into_set())
    }

    /// The same of one that he claims himself, which counts for the day as well.
    pub(super) fn hold_claimed(&mut self, person: &UserId, customer: CustomerId) -> Result<(), Stop> {
        self.take(person, &[customer], true)
    }

    fn take(&mut self, person: &UserId, customers: &[CustomerId], claims: bool) -> Result<(), Stop> {
        let settings = self.context.settings().pool.clone();
        let most = i64::from(settings.most_held);
        if most == 0 && !claims {
            return Ok(());
        }
        // Whoever gets one has none of them locked.
        let mut more = customers.len() as i64;
        if !settings.count_dealt {
            more -= self.dealt(customers.iter().map(ToString::to_string).collect())?.len() as i64;
        }
        // Far from the limit nobody waits for another: it would take as many commands at one instant as half of it.
        if !claims && most >= FAR && self.held(person, most)? + more <= most / 2 {
            return Ok(());
        }
        // First the row, then the count: who comes between the two changes the row.
        let known = self.holder(person)?;
        let today = self.today();
        let claimed = known.as_ref().map_or(0, |holder| holder.claimed(today));
        if claims && settings.claims_per_day > 0 && claimed >= settings.claims_per_day {
            return Err(PoolRefusal::ClaimLimit { limit: settings.claims_per_day.to_string() }.into());
        }
        // One that does not count is not too many for who has too many.
        if most > 0 && more > 0 && self.held(person, most)? + more > most {
            let (person, limit) = (person.to_string(), most.to_string());
            return Err(PoolRefusal::HoldingLimit { person, limit }.into());
        }
        let day = known.as_ref().and_then(|holder| holder.claimed_on).filter(|day| *day >= today).unwrap_or(today);
        self.keep_holder(person, known, |holder| {
            if claims {
                (holder.claimed_on, holder.claims) = (Some(day), claimed + 1);
            }
        })
    }

    /// One more of a person's customers is locked: refused beyond the limit of the settings.
    pub(super) fn hold_locked(&mut self, person: &UserId) -> Result<(), Stop> {
        let most = i64::from(self.context.settings().pool.most_locked);
        if most == 0 {
            return Ok(());
        }
        let known = self.holder(person)?;
        if self.locked(person)? >= most {
            let (person, limit) = (person.to_string(), most.to_string());
            return Err(PoolRefusal::LockLimit { person, limit }.into());
        }
        self.keep_holder(person, known, |_| ())
    }

    /// Writes the row of a person, changed or not: of two that both have counted one counts again.
    fn keep_holder(
        &mut self,
        person: &UserId,
        known: Option<Holder>,
        change: impl FnOnce(&mut Holder),
    ) -> Result<(), Stop> {
        let new = known.is_none();
        let mut holder = known.unwrap_or(Holder { person: person.clone(), claimed_on: None, claims: 0, version: 1 });
        change(&mut holder);
        let row = holder.to_row()?;
        if new {
            self.insert(&HOLDER, row)
        } else {
            self.update(&HOLDER, row)
        }
        Ok(())
    }

    /// How many customers a person has, as far as they count for a limit; of more than that one more.
    fn held(&mut self, person: &UserId, most: i64) -> Result<i64, Stop> {
        let settings = self.context.settings().pool.clone();
        let Some(own) = self.own_customers(person) else { return Ok(0) };
        if settings.count_dealt && settings.count_locked {
            let cap = if most > 0 { most + 1 } else { COUNT_CAP };
            let count = self.read(vec![Read::Count { search: own, cap }])?.into_iter().next();
            return Ok(counted(count).unwrap_or(cap));
        }
        let own = if settings.count_locked { own } else { own.filtered(all_that("locked", 0)) };
        let ids = self.all_ids(own)?;
        let held = ids.len() as i64;
        if settings.count_dealt {
            return Ok(held);
        }
        Ok(held - self.dealt(ids)?.len() as i64)
    }

    /// How many customers of a person are locked.
    pub(super) fn locked(&mut self, person: &UserId) -> Result<i64, Stop> {
        match self.own_customers(person) {
            Some(own) => Ok(self.all_ids(own.filtered(all_that("locked", 1)))?.len() as i64),
            None => Ok(0),
        }
    }

    pub(super) fn own_customers(&self, person: &UserId) -> Option<Search> {
        let scopes = scopes_of(Standing::Active, self.context.people.get(person)?);
        Some(Search::of(&CUSTOMER).within("scope", scopes).ordered("created_at", Direction::Ascending))
    }

    fn all_ids(&mut self, mut search: Search) -> Result<Vec<String>, Stop> {
        let mut all = Vec::new();
        loop {
            let read = Read::Columns { of: Selection::Page(search.clone()), columns: vec!["created_at"] };
            let page = columns_of(self.read(vec![read])?.into_iter().next());
            let full = page.len() as i64 >= search.limit;
            let last = page.last().map(|(id, values)| (values.first().cloned(), id.clone()));
            all.extend(page.into_iter().map(|(id, _)| id));
            match last {
                Some(last) if full => search.after = Some(last),
                _ => return Ok(all),
            }
        }
    }
}

fn all_that(column: &'static str, is: i64) -> Filter {
    Filter::All(vec![Filter::equal(column, is)])
}
