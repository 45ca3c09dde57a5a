//! Handing over, in bounded commits; a tick takes up what was interrupted.

use super::held::{Held, SharedWith};
use super::stays::{MOST_NAMED, Stays};
use super::{HAND_OVER, HandOver, HandOverCounts, HandOverId, HandOverInput, HandOverPart, HandOverState, Kept, Pass};
use crate::actor::UserId;
use crate::agenda::{self, Duty, Turn};
use crate::contract::Contract;
use crate::crm::Session;
use crate::customer::{Customer, CustomerId, Handing, approved_owner};
use crate::error::Error;
use crate::operations::op;
use crate::record::Record;
use crate::work::{Stop, Work};

/// How long nothing may come of a hand-over until a tick takes it up.
const INTERRUPTED: i64 = 60_000;

/// How often a part is gone through again, at the most.
const MOST_REPEATS: i32 = 3;

/// Goes on with a hand-over that was interrupted.
pub(crate) static HAND_OVER_RUN: Duty = Duty {
    kind: "hand_over",
    run: |work, id| match work.hand_over_some(id) {
        Ok(told) if told.state == HandOverState::Running => Ok(Turn::Begun),
        Ok(_) | Err(Stop::Error(Error::NotFound { .. })) => Ok(Turn::Done),
        Err(stop) => Err(stop),
    },
    together: None,
};

impl Session<'_> {
    /// Hands over 交接 what somebody has to another one: a leaver's customers, the duties of his contracts, what is planned on both, what is
    /// shared with him and his places in pools; or what was had at a position, to its next holder. See what it would do by
    /// [`Session::preview_hand_over`].
    ///
    /// It answers when all of it is done, in commits of at most 50 customers or 10 contracts each (inside a host's transaction they are one).
    /// What stood when it was interrupted stands, and a [`tick`](Session::tick) goes on with the rest, as it was begun, whatever became of who
    /// began it; the same request under the same idempotency key goes on with it, too. What can't go (it waits for approval, or the new
    /// owner may have no more) stays where it is and is named in the answer: hand over again, to the same person or another, when it can.
    /// Shares end or stay with a change of owner as the settings say; where transfers need approval, an administrator hands over without.
    ///
    /// ```
    /// # #[cfg(feature = "system")] {
    /// # use crm_core::{Actor, Crm, HandOverInput, HandOverState, NewCustomer, NewOrganisation, PersonInput, SyncMode, UserId};
    /// # let crm = Crm::in_memory();
    /// # let host = Actor::system("acme", "set-up")?;
    /// # crm.as_user(&host).create_organisation(NewOrganisation::named("Acme"))?;
    /// # let mut people = vec![PersonInput::new("alice", "Alice")?, PersonInput::new("bob", "Bob")?, PersonInput::new("carol", "Carol")?];
    /// # people[0].host_roles.push("crm_admin".to_owned());
    /// # people[1].host_roles.push("crm_sales".to_owned());
    /// # crm.as_user(&host).sync_people(people, SyncMode::Delta)?;
    /// let (alice, bob) = (Actor::user("acme", "alice")?, Actor::user("acme", "bob")?);
    /// crm.as_user(&bob).create_customer(NewCustomer::named("杭州云帆科技有限公司"))?;
    /// crm.as_user(&alice).deactivate_person(UserId::new("bob")?)?;
    /// let handed = crm.as_user(&alice).hand_over(HandOverInput::of(UserId::new("bob")?, UserId::new("carol")?))?;
    /// assert_eq!((handed.state, handed.moved.customers, handed.stay_count), (HandOverState::Finished, 1, 0));
    /// # }
    /// # Ok::<(), crm_core::Error>(())
    /// ```
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `customer.assign`, or, for a part that was named, without `customer.view`; `contract.view` and
    /// `contract.assign`; `sharing.create`; `settings.manage_settings`; [`Error::Invalid`]: `not_allowed` for somebody who does not work below the caller, or a part that is not his to
    /// give; `owner_deactivated`, `owner_outside_subtree`, `hand_over_needs_administrator`.
    pub fn hand_over(&self, hand_over: HandOverInput) -> Result<HandOver, Error> {
        let mut told = self.command(
            &op::hand_over,
            &hand_over,
            |work| work.begin_hand_over(&hand_over),
            |work, ids| {
                let id = ids.first().cloned().unwrap_or_default();
                Ok(work.kept_hand_over(&id)?.told)
            },
        )?;
        let session = Session::clone(self).not_idempotent();
        while told.state == HandOverState::Running {
            let id = told.id.to_string();
            let page = |work: &mut Work<'_>| {
                let told = work.hand_over_some(&id)?;
                if told.state == HandOverState::Running {
                    // A tick takes up only what nobody goes on with.
                    work.write(agenda::at(work.now.plus_millis(INTERRUPTED), &HAND_OVER_RUN, &id));
                }
                Ok(told)
            };
            match session.command(&op::hand_over, &id, page, |_, _| not_found(&id)) {
                Ok(next) => told = next,
                // The host's transaction may go on or not: it is told.
                Err(error) if self.store.joined() => return Err(error),
                // What has begun is gone on with by a tick.
                Err(_) => break,
            }
        }
        if !told.stays.is_empty() {
            let named = self.query(&op::hand_over, |work| {
                let mut stays = told.stays.clone();
                work.name_stays([&mut stays])?;
                Ok(stays)
            });
            // It is done, whether or not names can be read.
            told.stays = named.unwrap_or_default();
        }
        Ok(told)
    }
}

fn not_found<T>(id: &str) -> Result<T, Stop> {
    Err(Error::NotFound { record: HandOverId::RECORD.to_owned(), id: id.to_owned() }.into())
}

impl Work<'_> {
    fn begin_hand_over(&mut self, input: &HandOverInput) -> Result<HandOver, Stop> {
        let kept = self.plan_hand_over(input)?;
        self.insert(&HAND_OVER, kept.to_row()?);
        self.write(agenda::at(self.now.plus_millis(INTERRUPTED), &HAND_OVER_RUN, kept.told.id));
        self.made(kept.told.id);
        Ok(kept.told)
    }

    fn kept_hand_over(&mut self, id: &str) -> Result<Kept, Stop> {
        match self.get_one(&HAND_OVER, id.to_owned())? {
            Some(row) => Ok(Kept::from_row(&row)?),
            None => not_found(id),
        }
    }

    /// Hands over as much as goes in one commit; answers how far it has come.
    fn hand_over_some(&mut self, id: &str) -> Result<HandOver, Stop> {
        let before = self.kept_hand_over(id)?;
        if before.told.state != HandOverState::Running {
            return Ok(before.told);
        }
        let mut kept = before.clone();
        self.on_behalf_of(kept.told.started_by.clone());
        let receives = approved_owner(&self.context, &kept.told.to, kept.told.to_position.as_ref());
        let page = receives.map_err(Stop::from).and_then(|_| self.hand_over_page(&mut kept));
        match page {
            Ok(()) => {}
            // What a store can't do now it may do later: of the others nothing goes, and they would be refused again.
            Err(Stop::Error(error)) if !matches!(error, Error::Unavailable { .. } | Error::ActorUnknown { .. }) => {
                self.forget_decision();
                kept = before.clone();
                kept.told.state = HandOverState::Stopped;
                kept.told.error = Some(error.code().to_owned());
            }
            Err(stop) => return Err(stop),
        }
        if kept.told.state == HandOverState::Running && kept.part().is_none() {
            kept.told.state = HandOverState::Finished;
        }
        let ended = kept.told.state != HandOverState::Running;
        if ended {
            kept.told.finished_at = Some(self.now);
            let starter = UserId::new(&kept.told.started_by).ok();
            let told = [Some(kept.told.to.clone()), starter.filter(|starter| *starter != kept.told.to)];
            let told: Vec<UserId> =
                told.into_iter().flatten().filter(|person| self.context.is_active(person)).collect();
            let data = serde_json::json!({
                "from": kept.told.from, "position": kept.told.position, "to": kept.told.to, "state": kept.told.state,
                "error": kept.told.error, "moved": kept.told.moved, "stay_count": kept.told.stay_count,
            });
            // Whoever watches is told in any case.
            match told.as_slice() {
                [] => self.announce("handed_over", HandOverId::RECORD, kept.told.id, data)?,
                told => self.notify("handed_over", HandOverId::RECORD, kept.told.id, told, data)?,
            }
        }
        self.save(&before, &kept)?;
        kept.told.version += 1;
        Ok(kept.told)
    }

    /// A page of the part that it is at.
    fn hand_over_page(&mut self, kept: &mut Kept) -> Result<(), Stop> {
        let Some(part) = kept.part() else { return Ok(()) };
        let pass = std::mem::take(&mut kept.pass);
        let mut stays = Stays { named: pass.stays, count: pass.stay_count };
        let after = pass.after.as_ref();
        let (went, next) = match part {
            HandOverPart::Customers => {
                let held = self.held_customers(kept, after, &mut 0)?;
                let went = HandOverCounts::of_customers(&held.moves);
                self.give_customers(kept, &held.moves)?;
                (went, stays.take_up(part, held))
            }
            HandOverPart::Contracts => {
                let held = self.held_contracts(kept, after)?;
                let went = self.counts_of_contracts(kept, &held.moves)?;
                self.give_contracts(kept, &held.moves)?;
                (went, stays.take_up(part, held))
            }
            HandOverPart::Shares => {
                let held = self.held_shares(kept, after)?;
                let went = HandOverCounts::of_shares(&held.moves);
                self.give_shares(kept, &held)?;
                (went, stays.take_up(part, held))
            }
            HandOverPart::Pools => {
                let pools = match kept.told.from.clone() {
                    Some(from) => self.replace_in_pools(&from, &kept.told.to, op::hand_over.name)?,
                    None => 0,
                };
                (HandOverCounts { pools, ..HandOverCounts::default() }, None)
            }
        };
        kept.told.moved.add(went);
        let moved = pass.moved || went != HandOverCounts::default();
        match next {
            Some(next) => {
                kept.pass = Pass { after: Some(next), moved, stays: stays.named, stay_count: stays.count, ..pass }
            }
            // Once more from the beginning, for what came in meanwhile.
            None if moved && pass.before < MOST_REPEATS => {
                kept.pass = Pass { before: pass.before + 1, ..Pass::default() };
            }
            None => {
                kept.done += 1;
                kept.told.stays.extend(stays.named);
                kept.told.stays.truncate(MOST_NAMED);
                kept.told.stay_count += stays.count;
            }
        }
        Ok(())
    }

    fn give_customers(&mut self, kept: &Kept, customers: &[Customer]) -> Result<(), Stop> {
        let told = &kept.told;
        let others: Vec<CustomerId> =
            customers.iter().filter(|customer| customer.owner != told.to).map(|customer| customer.id).collect();
        if !others.is_empty() {
            self.hold(&told.to, &others)?;
        }
        let mut shares = self.shares_by_customer(customers.iter().map(|customer| customer.id))?;
        let mut given = Vec::with_capacity(customers.len());
        for before in customers {
            let after = self.handed(before, told.to.clone(), told.to_position.clone())?;
            let active = self.context.is_active(&before.owner);
            let handing = Handing {
                // Between its beginning and now the day may have come.
                keep_reader_until: told.keep_reader_until.filter(|until| active && *until > self.now),
                reason: told.reason.as_deref(),
                operation: op::hand_over.name,
                hand_over: Some(told.id),
            };
            let shares = shares.remove(&before.id).unwrap_or_default();
            self.give_customer(before, &after, &shares, &handing)?;
            given.push(after);
        }
        self.follow_scope(&given.iter().collect::<Vec<_>>())
    }

    fn give_contracts(&mut self, kept: &Kept, contracts: &[Contract]) -> Result<(), Stop> {
        for before in contracts {
            let told = &kept.told;
            self.give_contract(before, &told.to, told.to_position.as_ref(), op::hand_over.name, Some(told.id))?;
        }
        Ok(())
    }

    fn give_shares(&mut self, kept: &Kept, held: &Held<SharedWith>) -> Result<(), Stop> {
        for shared in &held.moves {
            self.give_shares_of(&shared.customer, &shared.his, &shared.known, &kept.told.to)?;
        }
        Ok(())
    }

    pub(super) fn counts_of_contracts(&mut self, kept: &Kept, contracts: &[Contract]) -> Result<HandOverCounts, Stop> {
        let open_instalments = if kept.payments { self.open_instalments(contracts)? } else { 0 };
        let contracts = i32::try_from(contracts.len()).unwrap_or(i32::MAX);
        Ok(HandOverCounts { contracts, open_instalments, ..HandOverCounts::default() })
    }
}
