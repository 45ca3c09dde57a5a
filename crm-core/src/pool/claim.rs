//! Claiming 领取 and assigning 分配 out of a pool (P6).

use super::{PoolRefusal, PoolStay};
use crate::access::{Access, Standing};
use crate::actor::UserId;
use crate::crm::Session;
use crate::customer::{self, BatchAnswer, Customer, CustomerId, CustomerStatus};
use crate::error::Error;
use crate::history;
use crate::operations::op;
use crate::position::PositionId;
use crate::text::Checker;
use crate::work::{Stop, Work};
use serde::{Deserialize, Serialize};

/// To whom customers of a pool go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct Assignment {
    /// The new owner: who sees the customer in the pool, or stands below the caller; anybody for an administrator of the organisation.
    pub to: UserId,
    /// The position at which he gets them; absent: his main one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub to_position: Option<PositionId>,
    /// Why, at most 200 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[cfg_attr(feature = "uniffi", uniffi(default = None))]
    pub reason: Option<String>,
}

impl Session<'_> {
    /// Claims customers out of a pool, up to 500, item by item. Of those who claim one at once exactly one gets it; the others spend
    /// nothing of their day's claims.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `pool.claim`; [`Error::Invalid`]. What is wrong with one customer is said in its item:
    /// `not_found`, `invalid` (the position), `claim_by_system`, `already_claimed` (for a day after it was), `not_in_pool`, `claim_limit`, `holding_limit`, `cool_down`.
    pub fn claim_customers(
        &self,
        customers: Vec<CustomerId>,
        position: Option<PositionId>,
    ) -> Result<BatchAnswer, Error> {
        self.batch(
            &op::claim_customers,
            customers,
            |customer| *customer,
            |session, customer| {
                session.command(
                    &op::claim_customers,
                    &(customer, &position),
                    |work| work.claim_customer(*customer, position.as_ref()).map(|()| None),
                    |_, _| Ok(None),
                )
            },
        )
    }

    /// Assigns customers of a pool, up to 500, item by item: the pool's administrators, and superiors to those below them whatever they
    /// see in the pool. From an administrator who had one of late may have it again at once.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `pool.assign`; [`Error::Invalid`]. What is wrong with one customer is said in its item:
    /// `not_found`, `invalid`, `already_claimed`, `not_in_pool`, `holding_limit`, `cool_down`, `outside_pool`, `owner_deactivated`, `owner_outside_subtree`.
    pub fn assign_customers(&self, customers: Vec<CustomerId>, assignment: Assignment) -> Result<BatchAnswer, Error> {
        self.batch(
            &op::assign_customers,
            customers,
            |customer| *customer,
            |session, customer| {
                session.command(
                    &op::assign_customers,
                    &(customer, &assignment),
                    |work| work.assign_customer(*customer, &assignment).map(|()| None),
                    |_, _| Ok(None),
                )
            },
        )
    }
}

impl Work<'_> {
    fn claim_customer(&mut self, id: CustomerId, position: Option<&PositionId>) -> Result<(), Stop> {
        let before = self.customer_in_pool(id)?;
        let context = self.context.clone();
        let access = Access::of(&context, self.actor())?;
        let person = access.person().ok_or(PoolRefusal::NoPerson)?.id.clone();
        self.check_cooled(&before, &person)?;
        let fields = ["customers", "position"];
        let (owner, position) =
            customer::owner(&context, &access, Some(&person), position, fields, op::claim_customers.right)?;
        self.hold_claimed(&owner, before.id)?;
        self.give(&before, owner, position, None, (op::claim_customers.name, "customer_claimed"))
    }

    fn assign_customer(&mut self, id: CustomerId, assignment: &Assignment) -> Result<(), Stop> {
        let mut check = Checker::new();
        let reason = check.optional_line("reason", &assignment.reason, 200);
        check.done()?;
        let before = self.customer_in_pool(id)?;
        let context = self.context.clone();
        let access = Access::of(&context, self.actor())?;
        let (to, position) = (Some(&assignment.to), assignment.to_position.as_ref());
        let fields = ["to", "to_position"];
        let Standing::Pooled(pool) = before.standing() else { return Err(PoolRefusal::NotInPool.into()) };
        let (owner, position) = if access.administers(pool) {
            let (owner, position) = customer::anybody(&context, &assignment.to, position, fields)?;
            let theirs = crate::actor::Actor::user(self.actor().org().as_str(), owner.as_str())?;
            let sees = Access::of(&context, &theirs)?.sees_in_pool(pool, before.owner_position.as_ref());
            if !access.sees_all() && !sees && !access.is_superior_of(position.as_ref()) {
                return Err(PoolRefusal::OutsidePool { person: owner.to_string() }.into());
            }
            (owner, position)
        } else {
            if access.person().is_some_and(|person| person.id == assignment.to) {
                // That would be a claim without its limits.
                return Err(Error::Forbidden { module: "pool".to_owned(), right: "assign".to_owned() }.into());
            }
            let (owner, position) =
                customer::owner(&context, &access, to, position, fields, op::assign_customers.right)?;
            self.check_cooled(&before, &owner)?;
            (owner, position)
        };
        self.hold(&owner, &[before.id])?;
        self.give(&before, owner, position, reason, (op::assign_customers.name, "customer_assigned"))
    }

    /// Whether the actor is somebody who may have it again, if it was his.
    pub(crate) fn may_claim(&self, customer: &Customer) -> Result<bool, Error> {
        let person = self.access()?.person().map(|person| person.id.clone());
        Ok(person.is_some_and(|person| self.check_cooled(customer, &person).is_ok()))
    }

    /// Who lost it to a pool of late does not have it back so soon.
    fn check_cooled(&self, customer: &Customer, person: &UserId) -> Result<(), Error> {
        let days = i64::from(self.context.settings().pool.cool_down_days);
        let lost = customer.former_owners.iter().rev().find(|former| former.person == *person);
        // Where there is none, a clock that went back makes none.
        match lost.map(|former| former.until.plus_days(days)).filter(|until| days > 0 && self.now < *until) {
            Some(until) => Err(PoolRefusal::CoolDown { until: until.to_string() }.into()),
            None => Ok(()),
        }
    }

    /// A customer that the actor sees in a pool. Who saw it there before is told that it is gone.
    fn customer_in_pool(&mut self, id: CustomerId) -> Result<Customer, Stop> {
        let (mut found, mut shares) = self.customer_as_stored(id)?;
        if let Some(survivor) = found.merged_into {
            (found, shares) = self.customer_as_stored(survivor)?;
        }
        let access = self.access()?;
        access.allow("customer.view")?;
        let seen = access.reach_into(&found.stands(), &shares, self.now).is_some();
        if found.status == CustomerStatus::Pooled {
            return if seen { Ok(found) } else { Err(customer::not_found(id).into()) };
        }
        // Only who may still look at a list of it is told: later an id says nothing of what became of the customer.
        let of_late = |stay: &&PoolStay| stay.left_at.is_some_and(|left| self.now < left.plus_days(1));
        let left = found.pool_stay.as_ref().filter(of_late).filter(|_| found.status == CustomerStatus::Active);
        let own = access.person().is_some_and(|person| person.id == found.owner);
        let saw = |stay: &PoolStay| access.sees_in_pool(stay.pool, stay.former_position.as_ref());
        Err(match left {
            Some(stay) if !own && (seen || saw(stay)) => PoolRefusal::AlreadyClaimed.into(),
            _ if seen => PoolRefusal::NotInPool.into(),
            _ => customer::not_found(id).into(),
        })
    }

    /// Takes a customer out of its pool: it is a new one for its owner.
    fn give(
        &mut self,
        before: &Customer,
        owner: UserId,
        position: Option<PositionId>,
        reason: Option<String>,
        (operation, event): (&str, &str),
    ) -> Result<(), Stop> {
        let mut after = before.clone();
        after.be_received(owner, position, self.now);
        after.status = CustomerStatus::Active;
        if let Some(stay) = &mut after.pool_stay {
            stay.left_at = Some(self.now);
        }
        after.changed_at = self.now;
        after.changed_by = self.actor().name();
        self.save(before, &after)?;
        self.follow_scope(&[&after])?;
        let mut changes = history::changes(before, &after, &["status", "owner", "owner_position"]);
        if let Some(reason) = reason {
            changes.push(history::change("reason", None, Some(reason.into())));
        }
        self.remember(CustomerId::RECORD, before.id, operation, changes)?;
        let data = serde_json::json!({"to": after.owner, "pool": after.pool_stay.as_ref().map(|stay| stay.pool)});
        self.notify(event, CustomerId::RECORD, before.id, std::slice::from_ref(&after.owner), data)?;
        self.made(before.id);
        Ok(())
    }
}
