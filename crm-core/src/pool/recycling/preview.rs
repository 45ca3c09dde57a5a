//! What would go by itself (P4).

use super::RecycleReason;
use super::class::{self, ON_AGENDA};
use super::look::RECYCLE;
use super::rule::Facts;
use super::sweep::{DAILY, SWEEP};
use crate::access::Standing;
use crate::actor::UserId;
use crate::agenda::AGENDA;
use crate::crm::Session;
use crate::customer::{CUSTOMER, Customer, CustomerId};
use crate::date::Date;
use crate::error::{Error, Violation};
use crate::operations::op;
use crate::pool::{PoolId, open_pool};
use crate::position::PositionId;
use crate::record::{Columns, Record};
use crate::sorted::{Gather as _, Sort as _};
use crate::store::{Comparison, Direction, Filter, Read, Search};
use crate::time::Timestamp;
use crate::work::{Stop, Work, columns_of, rows};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A customer that goes to a pool by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct RecyclingItem {
    /// The customer.
    pub customer: CustomerId,
    /// Its name.
    pub name: String,
    /// Its number.
    pub number: String,
    /// Who loses it.
    pub owner: UserId,
    /// At which position.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner_position: Option<PositionId>,
    /// When it goes.
    pub goes_at: Timestamp,
    /// Why.
    pub reason: RecycleReason,
    /// Whether the owner was warned of it.
    pub warned: bool,
    /// Into which pool.
    pub pool: PoolId,
}

/// What goes to pools by itself until the end of a day, if nothing happens until then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct RecyclingPreview {
    /// The customers, the first to go first; at most 1,000.
    pub items: Vec<RecyclingItem>,
    /// Whether that are all of them that the actor sees.
    pub complete: bool,
}

/// How many customers a preview looks at, and how many it shows.
const LOOKED_AT: i64 = 10_000;
const SHOWN: usize = 1_000;

/// Of how many owners' scopes all customers are looked at.
const FEW_SCOPES: usize = 64;

/// How far ahead, in days.
const FARTHEST: i64 = 400;

impl Session<'_> {
    /// Which of the customers that the actor sees go to a pool by themselves until the end of a day, when, why and where to: what ticks
    /// will do by the rules as they are, if nobody follows up, locks, signs or changes anything. `owner` asks about one person's alone.
    ///
    /// Ticks are taken to come as soon as something is due; one that comes later warns later, and what it warns of late goes late.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `pool.view`; [`Error::Invalid`]: `out_of_range` for a day that is past or more than 400
    /// days ahead, `unknown` for the person.
    pub fn preview_recycling(&self, until: Date, owner: Option<UserId>) -> Result<RecyclingPreview, Error> {
        self.query(&op::preview_recycling, |work| {
            let today = work.today();
            if until < today || today.plus_days(FARTHEST).is_some_and(|farthest| until > farthest) {
                return Err(Violation::out_of_range("until").into());
            }
            work.preview_recycling(until, owner.as_ref())
        })
    }
}

impl Work<'_> {
    fn preview_recycling(&mut self, until: Date, owner: Option<&UserId>) -> Result<RecyclingPreview, Stop> {
        let context = self.context.clone();
        let today = self.today();
        let rules = &context.settings().pool.recycling;
        let days = context.days(rules.working_days);
        let end = until.after().map_or(self.now, |next| days.start(next).plus_millis(-1));
        let mut preview = RecyclingPreview { items: Vec::new(), complete: true };
        if !rules.any() {
            return Ok(preview);
        }
        // Who sees few owners' customers is not cut off by what is due to others.
        let (own, sees_all) = {
            let access = self.access()?;
            (access.visible_scopes(Standing::Active), access.sees_all())
        };
        let searches = match owner {
            Some(owner) => {
                context.people.get(owner).ok_or_else(|| Violation::unknown("owner"))?;
                self.own_customers(owner).into_iter().map(|own| own.limited(LOOKED_AT)).collect()
            }
            None if own.len() <= FEW_SCOPES && !sees_all => {
                vec![Search::of(&CUSTOMER).within("scope", own).ordered("created_at", Direction::Ascending)]
            }
            None => {
                let mut searches = vec![class::again(LOOKED_AT)];
                searches.extend(rules.reached(&context, &days, end, LOOKED_AT));
                searches
            }
        };
        let mut found: BTreeSet<String> = BTreeSet::new();
        for answer in self.read(class::classes(searches))? {
            let page = columns_of(Some(answer));
            preview.complete &= (page.len() as i64) < LOOKED_AT;
            found.extend(page.into_iter().map(|(id, _)| id));
        }
        if found.len() as i64 > LOOKED_AT {
            preview.complete = false;
            found = found.into_iter().take(LOOKED_AT as usize).collect();
        }
        let (waiting, all) = self.looks_until(end)?;
        preview.complete &= all;
        if owner.is_none() {
            found.extend(waiting.keys().cloned());
        }
        let sweep = self.get_one(&AGENDA, SWEEP.key(DAILY))?;
        let sweep = sweep.map_or(end, |row| Timestamp::saturating(Columns::of(&AGENDA, &row).integer("due")));
        let found: Vec<String> = found.into_iter().collect();
        for some in found.chunks(500) {
            let deals = self.deals_of(some.to_vec())?;
            for row in self.get(&CUSTOMER, some.to_vec())? {
                let customer = Customer::from_row(&row)?;
                if !customer.is_watched() || customer.approval.is_some() || !self.sees_all_of(&customer)? {
                    continue;
                }
                let on_agenda = Columns::of(&CUSTOMER, &row).text("recycling").as_deref() == Some(ON_AGENDA);
                let look = match waiting.get(&row.id) {
                    Some(due) if on_agenda => *due,
                    // It is looked at after the end.
                    None if on_agenda => continue,
                    // It was to be looked at for what no longer is: it will be, all the same.
                    Some(due) => sweep.min(*due),
                    None => sweep,
                };
                let mut facts = Facts::of(&customer, deals.get(&row.id).map_or(&[], Vec::as_slice), today);
                if let Some((goes_at, reason, pool)) = rules.goes(&mut facts, &days, look.max(self.now), end) {
                    preview.items.push(RecyclingItem {
                        customer: customer.id,
                        pool: open_pool(&context, pool)?.id,
                        warned: customer.recycle_warning.is_some(),
                        name: customer.name,
                        number: customer.number,
                        owner: customer.owner,
                        owner_position: customer.owner_position,
                        goes_at,
                        reason,
                    });
                }
            }
        }
        preview.items.order_by_key(|item| (item.goes_at, item.customer));
        preview.complete &= preview.items.len() <= SHOWN;
        preview.items.truncate(SHOWN);
        Ok(preview)
    }

    /// Customers on the agenda, and when they are looked at, until an instant; and whether these are all.
    fn looks_until(&mut self, until: Timestamp) -> Result<(BTreeMap<String, Timestamp>, bool), Stop> {
        let due = Search::of(&AGENDA)
            .filtered(Filter::Is("due", Comparison::AtMost, until.millis().into()))
            .ordered("due", Direction::Ascending)
            .limited(LOOKED_AT);
        let found = rows(self.read(vec![Read::Find(due)])?.into_iter().next());
        let all = (found.len() as i64) < LOOKED_AT;
        let looks = found.iter().filter_map(|row| {
            let customer = row.id.strip_prefix(RECYCLE.kind)?.strip_prefix(':')?;
            Some((customer.to_owned(), Timestamp::saturating(Columns::of(&AGENDA, row).integer("due"))))
        });
        Ok((looks.into_map(), all))
    }

    /// Whether the actor sees everything of a customer without a share: as its owner, above him, or in the whole organisation.
    pub(super) fn sees_all_of(&self, customer: &Customer) -> Result<bool, Error> {
        let access = self.access()?;
        Ok(access.may("customer.view") && access.reach_into(&customer.stands(), &[], self.now).is_some())
    }
}
