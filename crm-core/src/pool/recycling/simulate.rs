//! What other rules would have done (P4).

use super::rule::Facts;
use super::{RecycleReason, RecyclingSettings};
use crate::actor::UserId;
use crate::contract::Deal;
use crate::crm::Session;
use crate::customer::{Customer, CustomerId};
use crate::date::Date;
use crate::error::{Error, Violation};
use crate::follow_up::{FOLLOW_UP, FollowUp};
use crate::operations::op;
use crate::organisation::{Context, Days};
use crate::record::Record;
use crate::sorted::Sort as _;
use crate::store::{Comparison, Direction, Filter, Search, Value};
use crate::text::Checker;
use crate::time::Timestamp;
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Rules to be tried on what happened.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct RecyclingSimulationQuery {
    /// The rules.
    pub rules: RecyclingSettings,
    /// The first day.
    pub from: Date,
    /// The last day, not in the future; at most 400 days with the first one.
    pub to: Date,
    /// Goes on behind this person, as the answer before said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub after: Option<UserId>,
}

/// What a person would have lost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct SimulatedOwner {
    /// The person.
    pub owner: UserId,
    /// His customers: those that he has.
    pub customers: i64,
    /// How many of them would have gone.
    pub gone: i64,
    /// Of those: because nobody followed up.
    pub idle: i64,
    /// Because no deal came of them.
    pub undealt: i64,
    /// Because they were held too long.
    pub held: i64,
    /// Some of them, the first to go first; at most 20, and only such as the actor sees.
    pub examples: Vec<SimulatedCustomer>,
}

/// A customer that would have gone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct SimulatedCustomer {
    /// The customer.
    pub customer: CustomerId,
    /// Its name.
    pub name: String,
    /// When it would have gone.
    pub at: Timestamp,
    /// Why.
    pub reason: RecycleReason,
}

/// What rules would have done, person by person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct RecyclingSimulation {
    /// People who have customers, by id.
    pub owners: Vec<SimulatedOwner>,
    /// Behind whom the next answer begins; absent: these were the last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next: Option<UserId>,
}

/// With so many customers an answer ends.
const LOOKED_AT: i64 = 2_000;
const EXAMPLES: usize = 20;
const LONGEST: i64 = 400;

impl Session<'_> {
    /// What rules would have done in a time that is past: of the customers that people have today, those that would have gone to a pool
    /// since they received them, per person, with what was followed up and signed in that time. It changes nothing. Customers that
    /// changed hands count for who has them, from when he received them; those that are locked do not count from then on.
    ///
    /// Some thousand customers are looked at for an answer; `next` says where the next one begins.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `settings.manage_settings`; [`Error::Invalid`]: rules that could not be saved,
    /// `out_of_range` for the days.
    pub fn simulate_recycling(&self, simulation: RecyclingSimulationQuery) -> Result<RecyclingSimulation, Error> {
        self.query(&op::simulate_recycling, |work| work.simulate_recycling(&simulation))
    }
}

impl Work<'_> {
    fn simulate_recycling(&mut self, query: &RecyclingSimulationQuery) -> Result<RecyclingSimulation, Stop> {
        let context = self.context.clone();
        let mut check = Checker::new();
        check.under("rules", |check| query.rules.check(check, &context));
        if !self.access()?.reads("customer.level") {
            // By a rule for a level he would find out who has it.
            for (place, rule) in query.rules.rules.iter().enumerate() {
                check.ensure(rule.level.is_none(), || Violation::unknown(format!("rules.rules[{place}].level")));
            }
        }
        let today = self.today();
        let longest = query.from.plus_days(LONGEST).is_some_and(|last| query.to < last);
        check.ensure(query.from <= query.to, || Violation::out_of_range("from"));
        check.ensure(query.to <= today && longest, || Violation::out_of_range("to"));
        check.done()?;
        let days = context.days(query.rules.working_days);
        let from = days.start(query.from);
        let to = query.to.after().map_or(self.now, |next| days.start(next).plus_millis(-1)).min(self.now);
        let mut simulation = RecyclingSimulation { owners: Vec::new(), next: None };
        let (mut looked_at, mut last): (i64, Option<&UserId>) = (0, None);
        let people = context.people.keys().filter(|person| query.after.as_ref().is_none_or(|after| *person > after));
        for person in people {
            if looked_at >= LOOKED_AT {
                simulation.next = last.cloned();
                break;
            }
            last = Some(person);
            looked_at += 1;
            let own = match self.own_customers(person) {
                Some(own) => Customer::from_rows(&self.find_all(own.limited(1_000))?)?,
                None => continue,
            };
            if own.is_empty() {
                continue;
            }
            looked_at += own.len() as i64;
            let period = Period { rules: &query.rules, days: &days, from, to };
            simulation.owners.push(self.simulated(&context, person, &own, &period)?);
        }
        Ok(simulation)
    }

    fn simulated(
        &mut self,
        context: &Context,
        person: &UserId,
        customers: &[Customer],
        period: &Period<'_>,
    ) -> Result<SimulatedOwner, Stop> {
        let mut owner = SimulatedOwner {
            owner: person.clone(),
            customers: customers.len() as i64,
            gone: 0,
            idle: 0,
            undealt: 0,
            held: 0,
            examples: Vec::new(),
        };
        let mut gone = Vec::new();
        for some in customers.chunks(200) {
            let ids: Vec<String> = some.iter().map(|customer| customer.id.to_string()).collect();
            let deals = self.deals_of(ids)?;
            let follow_ups = self.follow_ups_that_count(context, some, period)?;
            for customer in some {
                let key = customer.id.to_string();
                let own = deals.get(&key).map(Vec::as_slice).unwrap_or_default();
                let happened = follow_ups.get(&key).map(Vec::as_slice).unwrap_or_default();
                if let Some((at, reason)) = period.gone(customer, own, happened) {
                    let name = customer.name.clone();
                    let gone_so = SimulatedCustomer { customer: customer.id, name, at, reason };
                    gone.push((gone_so, self.sees_all_of(customer)?));
                }
            }
        }
        owner.gone = gone.len() as i64;
        for (own, _) in &gone {
            let count = match own.reason {
                RecycleReason::Idle => &mut owner.idle,
                RecycleReason::Undealt => &mut owner.undealt,
                RecycleReason::Held => &mut owner.held,
            };
            *count += 1;
        }
        // Who does not see a customer is told how many, not which.
        let shown = gone.into_iter().filter_map(|(own, seen)| seen.then_some(own));
        let mut examples: Vec<SimulatedCustomer> = shown.collect();
        examples.order_by_key(|own| (own.at, own.customer));
        examples.truncate(EXAMPLES);
        owner.examples = examples;
        Ok(owner)
    }

    /// When customers were followed up so that it counts, in order.
    fn follow_ups_that_count(
        &mut self,
        context: &Context,
        customers: &[Customer],
        period: &Period<'_>,
    ) -> Result<BTreeMap<String, Vec<Timestamp>>, Stop> {
        let owners: BTreeMap<CustomerId, &Customer> = customers.iter().map(|own| (own.id, own)).collect();
        let first = customers.iter().map(|own| own.received_at).min().unwrap_or(period.from);
        let ids: Vec<Value> = customers.iter().map(|own| own.id.to_string().into()).collect();
        let written = Search::of(&FOLLOW_UP)
            .within("customer", ids)
            .filtered(Filter::All(vec![
                Filter::Is("at", Comparison::AtLeast, first.millis().into()),
                Filter::Is("at", Comparison::AtMost, period.to.millis().into()),
            ]))
            .ordered("at", Direction::Ascending);
        let mut counted: BTreeMap<String, Vec<Timestamp>> = BTreeMap::new();
        for follow_up in FollowUp::from_rows(&self.find_all(written)?)? {
            let Some(customer) = owners.get(&follow_up.customer) else { continue };
            let by_superior = context.stands_above(&follow_up.author, customer.owner_position.as_ref());
            let by_superior = by_superior && follow_up.author != customer.owner;
            if follow_up.at >= customer.received_at && follow_up.counts(by_superior, &context.settings().follow_up) {
                counted.entry(follow_up.customer.to_string()).or_default().push(follow_up.at);
            }
        }
        Ok(counted)
    }
}

/// Rules and the time in which they are tried.
struct Period<'p> {
    rules: &'p RecyclingSettings,
    days: &'p Days,
    from: Timestamp,
    to: Timestamp,
}

impl Period<'_> {
    /// When a customer would have gone, and why.
    fn gone(
        &self,
        customer: &Customer,
        deals: &[Deal],
        followed_up: &[Timestamp],
    ) -> Option<(Timestamp, RecycleReason)> {
        let begins = self.from.max(customer.received_at);
        let locked = customer.lock.as_ref().map_or(self.to, |lock| lock.at.min(self.to));
        let mut moments: Vec<Timestamp> = followed_up.iter().copied().filter(|at| *at > begins).collect();
        moments.extend(deals.iter().map(|deal| self.days.start(deal.since)).filter(|at| *at > begins));
        moments.push(locked.plus_millis(1));
        moments.order_by_key(|at| *at);
        let last = |until: Timestamp| followed_up.iter().copied().filter(|at| *at <= until).max();
        let mut facts = Facts {
            level: customer.level.as_ref(),
            received_at: customer.received_at,
            idle_since: customer.received_at,
            warning: None,
            dealt: None,
        };
        let mut at = begins;
        for moment in moments {
            if at > locked {
                break;
            }
            facts.idle_since = last(at).unwrap_or(customer.received_at).max(customer.received_at);
            facts.dealt = Deal::last(deals, self.days.of(at));
            let until = moment.plus_millis(-1).min(locked);
            if let Some((at, reason, _)) = self.rules.goes(&mut facts, self.days, at, until) {
                return Some((at, reason));
            }
            at = at.max(moment);
        }
        None
    }
}
