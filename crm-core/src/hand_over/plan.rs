//! What a hand-over is about: from whom, to whom, which parts, and where they stand.

use super::{HandOver, HandOverCounts, HandOverInput, HandOverPart, HandOverState, Kept, Pass};
use crate::access::{Access, Scope, Standing, scopes_of};
use crate::actor::UserId;
use crate::customer::owner;
use crate::error::{Error, Violation, refusals};
use crate::id::HandOverId;
use crate::organisation::Context;
use crate::position::PositionId;
use crate::store::Value;
use crate::text::Checker;
use crate::work::{Stop, Work};
use std::collections::BTreeSet;

refusals! {
    /// Why something can't be handed over so.
    pub enum HandOverRefusal {
        /// Transfers are approved one by one.
        NeedsAdministrator = "hand_over_needs_administrator", "Transfers need approval here: an administrator hands over, or each customer is transferred", "本单位移交客户须经审批：请由管理员办理交接，或逐个移交客户";
    }
}

/// All parts, in their order.
const ALL: [HandOverPart; 4] =
    [HandOverPart::Customers, HandOverPart::Contracts, HandOverPart::Shares, HandOverPart::Pools];

impl Work<'_> {
    /// A hand-over as it would begin now.
    pub(super) fn plan_hand_over(&self, input: &HandOverInput) -> Result<Kept, Stop> {
        let context = self.context.clone();
        let access = Access::of(&context, self.actor())?;
        let mut check = Checker::new();
        let reason = check.optional_line("reason", &input.reason, 200);
        let until = input.keep_reader_until;
        check.ensure(until.is_none_or(|until| until > self.now && until <= self.now.farthest()), || {
            Violation::out_of_range("keep_reader_until")
        });
        check.ensure(input.from.is_some() || input.position.is_some(), || Violation::required("from"));
        let from = input.from.as_ref();
        check.ensure(from.is_none_or(|from| context.people.contains_key(from)), || Violation::unknown("from"));
        let acts = from.is_none_or(|from| !context.people.contains_key(from) || context.is_active(from));
        check.ensure(acts || until.is_none(), || Violation::not_allowed("keep_reader_until"));
        let position = input.position.as_ref();
        check.ensure(position.is_none_or(|position| context.positions.get(position).is_some()), || {
            Violation::unknown("position")
        });
        for (place, part) in input.parts.iter().enumerate().take(ALL.len() + 1) {
            let before = input.parts.get(..place).unwrap_or_default();
            check.ensure(!before.contains(part), || Violation::repeated(format!("parts[{place}]")));
        }
        check.done()?;
        let held = position.filter(|position| context.positions.held_by(&input.to).contains(position));
        let at = input.to_position.as_ref().or(held);
        let (to, to_position) =
            owner(&context, &access, Some(&input.to), at, ["to", "to_position"], "customer.assign")?;
        let scopes = scopes(&context, &access, from, position);
        let there = Scope::new(Standing::Active, to_position.clone(), to.clone());
        let scopes: Vec<Scope> = scopes.into_iter().filter(|scope| *scope != there).collect();
        // Of one's own only what is had at one position can go, to another.
        if from == Some(&to) && (position.is_none() || scopes.is_empty()) {
            return Err(Violation::not_allowed("to").into());
        }
        if scopes.is_empty() && !access.sees_all() {
            // Nothing of it is the caller's to give.
            let field = if input.from.is_some() { "from" } else { "position" };
            return Err(Violation::not_allowed(field).into());
        }
        let parts = parts(&access, input, from == Some(&to))?;
        if parts.contains(&HandOverPart::Customers) && self.needs_approval("transfer") && !access.sees_all() {
            return Err(HandOverRefusal::NeedsAdministrator.into());
        }
        Ok(Kept {
            told: HandOver {
                id: HandOverId(self.draw()?),
                from: input.from.clone(),
                position: input.position.clone(),
                to,
                to_position,
                parts,
                keep_reader_until: until,
                reason,
                state: HandOverState::Running,
                moved: HandOverCounts::default(),
                stays: Vec::new(),
                stay_count: 0,
                error: None,
                started_at: self.now,
                started_by: self.actor().name(),
                finished_at: None,
                version: 1,
            },
            scopes: scopes.iter().filter_map(|scope| scope.to_value().as_text().map(str::to_owned)).collect(),
            payments: access.may("payment.view"),
            done: 0,
            pass: Pass::default(),
        })
    }
}

/// Where that stands which is handed over, as far as the caller disposes of it.
fn scopes(context: &Context, access: &Access<'_>, from: Option<&UserId>, position: Option<&PositionId>) -> Vec<Scope> {
    let all: Vec<Scope> = match (from, position) {
        (Some(from), Some(position)) => {
            vec![Scope::new(Standing::Active, Some(position.clone()), from.clone())]
        }
        (Some(from), None) => {
            let person = context.people.get(from).into_iter();
            let columns = person.flat_map(|person| scopes_of(Standing::Active, person));
            columns.filter_map(|column| Scope::parse(column.as_text()?).ok()).collect()
        }
        (None, position) => {
            let holds =
                |person: &UserId| position.is_some_and(|position| context.positions.held_by(person).contains(position));
            let gone = |person: &&UserId| !(holds(person) && context.is_active(person));
            let seated: BTreeSet<&UserId> =
                position.into_iter().flat_map(|position| context.positions.seated_at(position)).filter(gone).collect();
            let scope = |person: &UserId| Scope::new(Standing::Active, position.cloned(), person.clone());
            seated.into_iter().map(scope).collect()
        }
    };
    all.into_iter().filter(|scope| access.disposes_of(scope)).collect()
}

/// The parts that are handed over: those that were named, each of which the caller must be allowed, or all that he may.
fn parts(access: &Access<'_>, input: &HandOverInput, to_himself: bool) -> Result<Vec<HandOverPart>, Error> {
    // What somebody has as a person has no position.
    let personal = input.from.is_some() && input.position.is_none() && !to_himself;
    let may = |part: HandOverPart| match part {
        HandOverPart::Customers => access.allow("customer.view"),
        HandOverPart::Contracts => access.allow("contract.view").and_then(|()| access.allow("contract.assign")),
        HandOverPart::Shares | HandOverPart::Pools if !personal => Err(Violation::not_allowed("parts").into()),
        // They are no superior's to give: the customers are others'.
        HandOverPart::Shares if !access.sees_all() => Err(Violation::not_allowed("parts").into()),
        HandOverPart::Shares => access.allow("sharing.create"),
        HandOverPart::Pools => access.allow("settings.manage_settings"),
    };
    if input.parts.is_empty() {
        let parts: Vec<HandOverPart> = ALL.into_iter().filter(|part| may(*part).is_ok()).collect();
        // Who may hand over nothing is told so.
        return if parts.is_empty() { may(HandOverPart::Customers).map(|()| parts) } else { Ok(parts) };
    }
    input.parts.iter().try_for_each(|part| may(*part))?;
    Ok(ALL.into_iter().filter(|part| input.parts.contains(part)).collect())
}

impl Kept {
    /// The scopes, as searches take them.
    pub(super) fn within(&self) -> Vec<Value> {
        self.scopes.iter().map(|scope| scope.as_str().into()).collect()
    }

    /// The part that it is at; none when all are done.
    pub(super) fn part(&self) -> Option<HandOverPart> {
        self.told.parts.get(self.done).copied()
    }
}
