//! Looking at customers on the agenda: warning their owners, moving them to the pool.

use super::class::{self, DEALT, ON_AGENDA};
use super::rule::{Facts, Step};
use super::{RecycleReason, RecycleWarning};
use crate::actor::UserId;
use crate::agenda::{Duty, Turn};
use crate::customer::{CUSTOMER, Customer, CustomerId};
use crate::id::PoolId;
use crate::pool::{PoolEntry, PoolStay, open_pool};
use crate::record::{Columns, Record};
use crate::store::{Change, Value};
use crate::time::Timestamp;
use crate::work::{Stop, Work};
use std::collections::BTreeMap;

/// What the rules say of a customer; many in one commit.
pub(crate) static RECYCLE: Duty = Duty {
    kind: "recycle",
    run: |work, customer| Ok(work.look_at(&[customer.to_owned()])?.pop().unwrap_or(Turn::Done)),
    together: Some(|work, customers| work.look_at(customers)),
};

impl Work<'_> {
    /// What became of each, in their order.
    fn look_at(&mut self, ids: &[String]) -> Result<Vec<Turn>, Stop> {
        let context = self.context.clone();
        let rules = &context.settings().pool.recycling;
        let days = context.days(rules.working_days);
        let rows = self.get(&CUSTOMER, ids.to_vec())?;
        let mut customers: BTreeMap<String, (Customer, Value)> = BTreeMap::new();
        for row in &rows {
            let customer = Customer::from_row(row)?;
            let class = Columns::of(&CUSTOMER, row).value("recycling").cloned();
            if let Some(class) = class.filter(|_| customer.is_watched()) {
                customers.insert(row.id.clone(), (customer, class));
            }
        }
        let deals = self.deals_of(customers.keys().cloned().collect())?;
        let mut going: Vec<(String, RecycleReason, Option<PoolId>)> = Vec::new();
        let mut warned: Vec<(CustomerId, RecycleWarning, UserId)> = Vec::new();
        let mut turns: BTreeMap<String, Turn> = BTreeMap::new();
        for (id, (customer, class)) in &customers {
            let facts = Facts::of(customer, deals.get(id).map_or(&[], Vec::as_slice), days.of(self.now));
            let step = rules.step(&facts, &days, self.now);
            let level = || class::watched(customer.level.as_ref());
            let (becomes, warning, turn) = match step {
                Step::Never => (level(), None, Turn::Done),
                Step::WhileDealt => (DEALT.to_owned(), None, Turn::Done),
                // What keeps it is none of the limits by which the sweep searches.
                Step::Watch(next) if rules.reaches(&facts, &days, self.now) => {
                    (ON_AGENDA.to_owned(), None, Turn::Again(next))
                }
                Step::Watch(_) => (level(), None, Turn::Done),
                Step::Wait(next) => (ON_AGENDA.to_owned(), customer.recycle_warning, Turn::Again(next)),
                Step::Warn(warning) => {
                    let told = Facts { warning: Some(warning), ..facts.clone() };
                    let next = match rules.step(&told, &days, self.now) {
                        Step::Wait(next) => next,
                        _ => days.tomorrow(self.now),
                    };
                    warned.extend(self.warn_owner(customer, &warning)?.map(|person| (customer.id, warning, person)));
                    (ON_AGENDA.to_owned(), Some(warning), Turn::Again(next))
                }
                // What waits for the host's decision stays as it is until then.
                Step::Recycle(..) if customer.approval.is_some() => {
                    (ON_AGENDA.to_owned(), customer.recycle_warning, Turn::Again(days.tomorrow(self.now)))
                }
                Step::Recycle(reason, pool) => {
                    going.push((id.clone(), reason, pool));
                    turns.insert(id.clone(), Turn::Done);
                    continue;
                }
            };
            self.look_ended(customer, class, becomes.into(), warning);
            turns.insert(id.clone(), turn);
        }
        self.recycle(&customers, going)?;
        self.remind_of_warnings(warned)?;
        Ok(ids.iter().map(|id| turns.remove(id).unwrap_or(Turn::Done)).collect())
    }

    /// Writes what a look came to, if the customer is still as it was looked at: who follows up at this moment comes first.
    fn look_ended(&mut self, customer: &Customer, class: &Value, becomes: Value, warning: Option<RecycleWarning>) {
        let idle: Value = customer.idle_since.millis().into();
        let warned = |warning: Option<RecycleWarning>| super::warning::column(warning.as_ref());
        let changes = vec![
            ("recycling", Change::Replace(class.clone(), becomes)),
            ("idle_since", Change::Replace(idle.clone(), idle)),
            // Rows of before the rules have it in their bodies alone.
            ("received_at", Change::Set(customer.received_at.millis().into())),
            ("recycle_warning", Change::Replace(warned(customer.recycle_warning), warned(warning))),
        ];
        self.touch(&CUSTOMER, customer.id, Some(customer.version), changes);
    }

    /// What somebody's following up changes of a warning: that it is cleared, unless the customer goes as soon whatever its owner does.
    /// Whoever warned at this moment comes first.
    pub(crate) fn warning_after(
        &mut self,
        customer: &Customer,
        followed_up: Timestamp,
    ) -> Result<Vec<(&'static str, Change)>, Stop> {
        let context = self.context.clone();
        let rules = &context.settings().pool.recycling;
        if !rules.any() && customer.recycle_warning.is_none() {
            return Ok(Vec::new());
        }
        let was = super::warning::column(customer.recycle_warning.as_ref());
        let stays = vec![("recycle_warning", Change::Replace(was.clone(), was.clone()))];
        if customer.recycle_warning.is_none() {
            return Ok(stays);
        }
        let days = context.days(rules.working_days);
        let deals = self.deals_of(vec![customer.id.to_string()])?.into_values().next().unwrap_or_default();
        let facts = Facts::of(customer, &deals, days.of(self.now));
        let facts = Facts { idle_since: customer.idle_since.max(followed_up), ..facts };
        match rules.step(&facts, &days, self.now) {
            Step::Wait(_) | Step::Recycle(..) => Ok(stays),
            // Not one that would be given now, in its place.
            Step::Warn(_) if rules.stands(&facts, &days) => Ok(stays),
            _ => Ok(vec![
                ("recycle_warning", Change::Replace(was, super::warning::column(None))),
                ("recycling", Change::Set(class::AGAIN.into())),
            ]),
        }
    }

    /// A customer of whose going its owner was told has become another one to the rules: the next tick asks them.
    pub(crate) fn look_soon(&mut self, customer: &Customer) {
        self.write(crate::agenda::at(self.now, &RECYCLE, customer.id));
    }

    /// Warns who has a customer; says whom.
    fn warn_owner(&mut self, customer: &Customer, warning: &RecycleWarning) -> Result<Option<UserId>, Stop> {
        let told = self.context.stands_in_for(&customer.owner, customer.owner_position.as_ref());
        let data = serde_json::json!({
            "owner": customer.owner, "goes_at": warning.goes_at, "days": warning.days, "reason": warning.reason,
        });
        self.notify("customer_recycle_warned", CustomerId::RECORD, customer.id, told.as_slice(), data)?;
        Ok(told)
    }

    /// Moves customers to pools.
    fn recycle(
        &mut self,
        customers: &BTreeMap<String, (Customer, Value)>,
        going: Vec<(String, RecycleReason, Option<PoolId>)>,
    ) -> Result<(), Stop> {
        if going.is_empty() {
            return Ok(());
        }
        let context = self.context.clone();
        let of = going.iter().filter_map(|(id, ..)| Some(customers.get(id)?.0.id));
        let mut shares = self.shares_by_customer(of)?;
        let mut gone = Vec::new();
        for (id, reason, pool) in going {
            let Some((before, _)) = customers.get(&id) else { continue };
            let pool = open_pool(&context, pool)?.id;
            let stay = PoolStay {
                pool,
                entry: PoolEntry::Recycled,
                at: self.now,
                by: self.actor().name(),
                former_owner: before.owner.clone(),
                former_position: before.owner_position.clone(),
                reason: None,
                rule: Some(reason),
                note: None,
                left_at: None,
            };
            let shares = shares.remove(&before.id).unwrap_or_default();
            gone.push(self.pool_customer(before, &shares, stay, Vec::new())?);
        }
        let gone: Vec<&Customer> = gone.iter().collect();
        self.follow_scope(&gone)
    }
}
