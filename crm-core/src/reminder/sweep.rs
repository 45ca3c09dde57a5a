//! The daily sweep: whom today's leads concern. A day is gone through at its hour, or late; none is left out, and none comes twice.

use super::birthday::{BIRTHDAY, keys_of};
use super::follow::owners_of;
use super::preferences::Leads;
use super::tell::{Alarm, subject};
use super::{REMINDER, Reminder, ReminderKind};
use crate::access::{Access, Scope, Standing};
use crate::actor::{Actor, UserId};
use crate::agenda::{self, Duty, Turn};
use crate::contact::{CONTACT, StoredContact};
use crate::contract::CONTRACT;
use crate::customer::{CUSTOMER, Customer, CustomerId, CustomerStatus};
use crate::date::Date;
use crate::error::Error;
use crate::id::{ContractId, InstalmentId, ShareId};
use crate::organisation::Days;
use crate::payment::INSTALMENT;
use crate::record::{Columns, Record, plain_record};
use crate::sharing::{SHARE, Share};
use crate::sorted::Gather as _;
use crate::store::{Change, Check, Comparison, Direction, Filter, Kind, Read, Row, Search, Value};
use crate::time::Timestamp;
use crate::work::{Stop, Work, rows};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// How far the sweep of an organisation has come.
pub(crate) static REMINDER_SWEEP: Kind = Kind { since: super::SINCE, ..Kind::plain("reminder_sweep") };

/// The subject of the one sweep, and the key of its row.
const DAILY: &str = "daily";
/// How many records one commit looks at.
const BATCH: usize = 200;
/// How many days one commit goes through.
const MOST_DAYS: usize = 31;
/// And after how many questions it goes through no more of them.
const MOST_STEPS: usize = 500;

/// Where the sweep stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Sweep {
    /// The day that it goes through, or is to go through next.
    day: Date,
    /// The last step of that day that was begun.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    step: Option<Step>,
    /// The last record of that step: the value of its order, and its id.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<(i64, String)>,
    /// What was there before the room is taken in first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    walk: Option<Walk>,
    #[serde(default)]
    version: i64,
}

plain_record!(Sweep, &REMINDER_SWEEP, |_sweep| DAILY.to_owned());

/// Which records of before are taken in, behind which one.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Walk {
    contacts: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    after: Option<String>,
}

/// What is asked on a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Asked {
    /// Whose occasion comes.
    Of(ReminderKind),
    /// Who did not react.
    Unheeded,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Step {
    asked: Asked,
    lead: i32,
    on: Date,
}

/// Goes through what today's leads concern.
pub(crate) static REMIND: Duty = Duty { kind: "remind", run: |work, _| work.sweep_reminders(), together: None };

/// A follow-up that was planned is due; many in one commit.
pub(crate) static REMIND_FOLLOW_UP: Duty = Duty {
    kind: "follow_up_due",
    run: |work, customer| Ok(work.follow_ups_due(&[customer.to_owned()])?.pop().unwrap_or(Turn::Done)),
    together: Some(|work, customers| work.follow_ups_due(customers)),
};

/// The sweep of a new organisation, which has nothing of before: it begins with the next hour at which people are told.
pub(crate) fn start(now: Timestamp, days: &Days, hour: i32) -> Result<[(&'static Kind, Row); 2], Error> {
    let today = days.of(now);
    let day = if now < days.at_hour(today, hour) { today } else { days.of(days.tomorrow(now)) };
    let sweep = Sweep { day, step: None, after: None, walk: None, version: 1 };
    let due = days.at_hour(day, hour);
    Ok([(&REMINDER_SWEEP, sweep.to_row()?), (&agenda::AGENDA, agenda::row(due, &REMIND, DAILY))])
}

impl Work<'_> {
    /// Reminders go by other settings from now on.
    pub(crate) fn sweep_soon(&mut self) {
        self.write(agenda::at(self.now, &REMIND, DAILY));
    }

    /// An organisation of before the room gets its sweep.
    pub(crate) fn start_reminders(&mut self) -> Result<(), Stop> {
        if self.get_one(&REMINDER_SWEEP, DAILY.to_owned())?.is_none() {
            self.sweep_soon();
        }
        Ok(())
    }

    /// Relies on how far the sweep has come: whoever is told at this moment is told after this, or before it was read.
    pub(super) fn rely_on_sweep(&mut self) -> Result<(), Stop> {
        if let Some(row) = self.get_one(&REMINDER_SWEEP, DAILY.to_owned())? {
            self.changes.checks.push(Check { kind: &REMINDER_SWEEP, id: row.id, version: row.version });
        }
        Ok(())
    }

    fn sweep_reminders(&mut self) -> Result<Turn, Stop> {
        let context = self.context.clone();
        let days = context.days(false);
        let hour = context.settings().reminders.hour;
        let Some(row) = self.get_one(&REMINDER_SWEEP, DAILY.to_owned())? else {
            let walk = Some(Walk { contacts: true, after: None });
            let sweep = Sweep { day: days.of(self.now), step: None, after: None, walk, version: 1 };
            self.insert(&REMINDER_SWEEP, sweep.to_row()?);
            return Ok(Turn::Begun);
        };
        let mut sweep = Sweep::from_row(&row)?;
        if let Some(walk) = sweep.walk.take() {
            sweep.walk = self.take_in(walk)?;
            self.update(&REMINDER_SWEEP, sweep.to_row()?);
            return Ok(Turn::Begun);
        }
        let leads = self.all_leads()?;
        let (mut left, mut asked) = (BATCH, 0);
        // After a silence several days on which there is nothing are gone through at once.
        for gone_through in 0..=MOST_DAYS {
            let due = days.at_hour(sweep.day, hour);
            if due > self.now {
                if gone_through > 0 {
                    self.update(&REMINDER_SWEEP, sweep.to_row()?);
                }
                return Ok(Turn::Again(due));
            }
            if gone_through == MOST_DAYS {
                break;
            }
            let steps = self.steps_of(sweep.day, &leads);
            asked += steps.len();
            for step in steps {
                let after = match sweep.step {
                    Some(begun) if step < begun => continue,
                    Some(begun) if step == begun => sweep.after.take(),
                    _ => None,
                };
                let (told, last) = self.step(step, after, left, &leads, due)?;
                sweep.step = Some(step);
                left = left.saturating_sub(told);
                if left == 0 {
                    sweep.after = last;
                    self.update(&REMINDER_SWEEP, sweep.to_row()?);
                    return Ok(Turn::Begun);
                }
            }
            let Some(next) = sweep.day.after() else { return Ok(Turn::Done) };
            sweep = Sweep { day: next, step: None, after: None, ..sweep };
            // What this day wrote the next one has to find.
            if left < BATCH || asked > MOST_STEPS {
                break;
            }
        }
        self.update(&REMINDER_SWEEP, sweep.to_row()?);
        Ok(Turn::Begun)
    }

    /// What is asked on a day, in order.
    fn steps_of(&self, day: Date, leads: &Leads) -> Vec<Step> {
        let settings = &self.context.settings().reminders;
        let mut steps = Vec::new();
        let mut ask = |asked, lead: i32, on: Option<Date>| steps.extend(on.map(|on| Step { asked, lead, on }));
        let paying = self.days_of_payments(day, settings.payments_before_holidays);
        for kind in ReminderKind::ALL {
            for lead in leads.all(kind) {
                let days = i64::from(lead);
                match kind {
                    ReminderKind::ContractEnd | ReminderKind::Birthday | ReminderKind::ShareEnd => {
                        ask(Asked::Of(kind), lead, day.plus_days(days));
                    }
                    ReminderKind::InstalmentDue => {
                        paying.iter().for_each(|own| ask(Asked::Of(kind), lead, own.plus_days(days)));
                    }
                    ReminderKind::InstalmentOverdue => ask(Asked::Of(kind), lead, day.before()),
                    // Told when they come.
                    ReminderKind::FollowUpDue | ReminderKind::RecycleWarning | ReminderKind::Reply => {}
                }
            }
        }
        ask(Asked::Unheeded, 0, Some(day));
        steps.sort();
        steps
    }

    /// The days of which payments are told on a day: days off on the last one that is worked before them.
    fn days_of_payments(&self, day: Date, before_holidays: bool) -> Vec<Date> {
        if !before_holidays {
            return vec![day];
        }
        let working = self.context.days(true);
        if !working.counts(day) {
            return Vec::new();
        }
        let next = working.after(day, 1);
        std::iter::successors(Some(day), |day| day.after()).take_while(|own| *own < next).collect()
    }

    /// Tells whom a step concerns, of at most so many records; says how many there were, and the last of them.
    fn step(
        &mut self,
        step: Step,
        after: Option<(i64, String)>,
        limit: usize,
        leads: &Leads,
        due: Timestamp,
    ) -> Result<(usize, Option<(i64, String)>), Stop> {
        let context = self.context.clone();
        let days = context.days(false);
        let on_day = |column| Filter::All(vec![Filter::equal(column, step.on.number())]);
        let (kind, search): (&'static Kind, Search) = match step.asked {
            Asked::Of(ReminderKind::ContractEnd) => {
                let open = Search::of(&CONTRACT).within("settled", vec![0.into()]);
                (&CONTRACT, open.filtered(on_day("ends_on")).ordered("ends_on", Direction::Ascending))
            }
            Asked::Of(ReminderKind::Birthday) => {
                // Nobody congratulates on what is over.
                if step.on < days.of(self.now) {
                    return Ok((0, None));
                }
                let keys = keys_of(step.on, &context.settings().reminders).into_iter().map(Value::Text).collect();
                (&BIRTHDAY, Search::of(&BIRTHDAY).within("day", keys))
            }
            Asked::Of(ReminderKind::ShareEnd) => {
                let Some(next) = step.on.after() else { return Ok((0, None)) };
                let (from, to) = (days.start(step.on).millis(), days.start(next).millis());
                let within = Filter::All(vec![
                    Filter::Is("ends_at", Comparison::AtLeast, from.into()),
                    Filter::Is("ends_at", Comparison::Less, to.into()),
                ]);
                (&SHARE, Search::of(&SHARE).filtered(within).ordered("ends_at", Direction::Ascending))
            }
            Asked::Unheeded => {
                let over = Filter::Is("react_by", Comparison::AtMost, step.on.number().into());
                let over = Filter::All(vec![over]);
                (&REMINDER, Search::of(&REMINDER).filtered(over).ordered("react_by", Direction::Ascending))
            }
            Asked::Of(_) => {
                let due = on_day("due_on");
                (&INSTALMENT, Search::of(&INSTALMENT).filtered(due).ordered("due_on", Direction::Ascending))
            }
        };
        let order = search.order;
        let mut search = search.limited(limit as i64);
        search.after = after.map(|(value, id)| (order.map(|_| value.into()), id));
        let found = rows(self.read(vec![Read::Find(search)])?.into_iter().next());
        let mut alarms = Vec::new();
        match step.asked {
            Asked::Of(about) => {
                let shared = if kind == &SHARE { self.shared_customers_there(&found)? } else { BTreeSet::new() };
                for row in &found {
                    if kind != &SHARE || shared.contains(&row.id) {
                        self.alarm(about, step, kind, row, leads, due, &mut alarms)?;
                    }
                }
            }
            Asked::Unheeded => self.alarm_superiors(&found, &mut alarms)?,
        }
        alarms.retain(|(alarm, person)| self.may_be_told(person, alarm.kind));
        self.remind(alarms)?;
        let value = |row: &Row| order.map_or(0, |order| Columns::of(kind, row).integer(order));
        let last = found.last().map(|row| (value(row), row.id.clone()));
        Ok((found.len(), last))
    }

    /// Whom a record concerns.
    #[allow(clippy::too_many_arguments)] // what a step knows
    fn alarm(
        &mut self,
        about: ReminderKind,
        step: Step,
        kind: &'static Kind,
        row: &Row,
        leads: &Leads,
        due_at: Timestamp,
        alarms: &mut Vec<(Alarm, UserId)>,
    ) -> Result<(), Stop> {
        let columns = Columns::of(kind, row);
        // Whoever changes it at this moment comes first, or finds what was told.
        self.changes.checks.push(Check { kind, id: row.id.clone(), version: row.version });
        let (subject, people) = if kind == &SHARE {
            let share = Share::from_row(row)?;
            let people = match (&share.person, &share.position) {
                (Some(person), _) => vec![person.clone()],
                (None, Some(position)) => self.context.positions.seated_at(position).to_vec(),
                (None, None) => Vec::new(),
            };
            let active = |person: &UserId| self.context.people.get(person).is_some_and(|person| person.active);
            (subject(ShareId::RECORD, &row.id), people.into_iter().filter(active).collect())
        } else {
            let scope = Scope::parse(&columns.text("scope").unwrap_or_default())?;
            if scope.standing != Standing::Active {
                return Ok(());
            }
            let subject = match kind {
                kind if kind == &CONTRACT => subject(ContractId::RECORD, &row.id),
                kind if kind == &INSTALMENT => subject(InstalmentId::RECORD, &row.id),
                // The key of a birthday is that of its record.
                _ => row.id.clone(),
            };
            let owner = self.context.stands_in_for(&scope.owner, scope.position.as_ref());
            (subject, owner.into_iter().collect::<Vec<_>>())
        };
        let days_before = Some(step.lead).filter(|_| about != ReminderKind::InstalmentOverdue);
        for person in people.into_iter().filter(|person| leads.tells(person, about, step.lead)) {
            let (subject, on) = (subject.clone(), step.on);
            let alarm = Alarm {
                kind: about,
                subject,
                on,
                at: None,
                days_before,
                due_at,
                escalated_from: None,
                announced: false,
            };
            alarms.push((alarm, person));
        }
        Ok(())
    }

    /// Shares whose customers are in somebody's hands.
    fn shared_customers_there(&mut self, found: &[Row]) -> Result<BTreeSet<String>, Stop> {
        let shares = Share::from_rows(found)?;
        let ids = shares.iter().map(|share| share.customer.to_string()).into_set().into_iter().collect();
        let mut there = BTreeSet::new();
        for row in self.get(&CUSTOMER, ids)? {
            if Customer::from_row(&row)?.status == CustomerStatus::Active {
                there.insert(row.id);
            }
        }
        let own = shares.iter().filter(|share| there.contains(&share.customer.to_string()));
        Ok(own.map(|share| share.id.to_string()).into_set())
    }

    /// Whether the roles of a person let him see what such a reminder is about.
    pub(super) fn may_be_told(&self, person: &UserId, kind: ReminderKind) -> bool {
        let rights: &[&str] = match kind {
            ReminderKind::ContractEnd => &["contract.view"],
            ReminderKind::InstalmentDue | ReminderKind::InstalmentOverdue => &["contract.view", "payment.view"],
            ReminderKind::Birthday => &["customer.view", "contact.view"],
            ReminderKind::Reply => &["follow_up.view"],
            ReminderKind::FollowUpDue | ReminderKind::RecycleWarning | ReminderKind::ShareEnd => &["customer.view"],
        };
        let actor = Actor::user(self.actor().org().as_str(), person.as_str());
        let told = |access: Access<'_>| {
            let known = kind != ReminderKind::Birthday || access.reads_birthdays();
            known && rights.iter().all(|own| access.may(own))
        };
        actor.and_then(|actor| Access::of(&self.context, &actor).map(told)).unwrap_or(false)
    }

    /// Nothing came of reminders: the nearest superiors of who has what they are about are told.
    fn alarm_superiors(&mut self, found: &[Row], alarms: &mut Vec<(Alarm, UserId)>) -> Result<(), Stop> {
        let unheeded = Reminder::from_rows(found)?;
        let owners = owners_of(self, &unheeded)?;
        for before in unheeded {
            self.save(&before, &Reminder { react_by: None, ..before.clone() })?;
            // Of what is gone there is nothing to tell.
            let Some(scope) = owners.get(&before.subject).filter(|scope| scope.standing == Standing::Active) else {
                continue;
            };
            let Some(superior) = self.context.superior_at(scope.position.as_ref(), &before.person) else { continue };
            let alarm = Alarm {
                kind: before.kind,
                subject: before.subject,
                on: before.on,
                at: before.at,
                days_before: before.days_before,
                due_at: self.now,
                escalated_from: Some(before.person),
                announced: false,
            };
            alarms.push((alarm, superior));
        }
        Ok(())
    }

    /// What became of each planned follow-up, in their order.
    fn follow_ups_due(&mut self, customers: &[String]) -> Result<Vec<Turn>, Stop> {
        let context = self.context.clone();
        let found = self.get(&CUSTOMER, customers.to_vec())?;
        let mut turns: BTreeMap<&str, Turn> = BTreeMap::new();
        let mut due: Vec<(Customer, Timestamp, UserId)> = Vec::new();
        for row in &found {
            let customer = Customer::from_row(row)?;
            let Some(at) = customer.next_follow_up_at.filter(|_| customer.status == CustomerStatus::Active) else {
                continue;
            };
            if at > self.now {
                turns.insert(&row.id, Turn::Again(at));
            } else if let Some(person) = context.stands_in_for(&customer.owner, customer.owner_position.as_ref()) {
                due.push((customer, at, person));
            }
        }
        let people: Vec<UserId> = due.iter().map(|(_, _, person)| person.clone()).collect();
        let leads = self.leads_of(&people)?;
        let mut alarms = Vec::new();
        for (customer, at, person) in due {
            if !leads.tells(&person, ReminderKind::FollowUpDue, 0) {
                continue;
            }
            // Whoever follows up at this moment comes first, or finds what was told.
            let stands = Value::from(at.millis());
            let stands = vec![("next_follow_up_at", Change::Replace(stands.clone(), stands))];
            self.touch(&CUSTOMER, customer.id, Some(customer.version), stands);
            let alarm = Alarm {
                kind: ReminderKind::FollowUpDue,
                subject: subject(CustomerId::RECORD, customer.id),
                on: context.days(false).of(at),
                at: Some(at),
                days_before: None,
                due_at: at,
                escalated_from: None,
                announced: false,
            };
            alarms.push((alarm, person));
        }
        self.remind(alarms)?;
        Ok(customers.iter().map(|id| turns.remove(id.as_str()).unwrap_or(Turn::Done)).collect())
    }

    /// Takes in birthdays and plans that were there before the room.
    fn take_in(&mut self, walk: Walk) -> Result<Option<Walk>, Stop> {
        let kind: &'static Kind = if walk.contacts { &CONTACT } else { &CUSTOMER };
        let search = Search { after: walk.after.map(|id| (None, id)), ..Search::of(kind).limited(BATCH as i64) };
        let page = rows(self.read(vec![Read::Find(search)])?.into_iter().next());
        for row in &page {
            let (record, birthday, plan) = if walk.contacts {
                ("contact", StoredContact::from_row(row)?.contact.birthday, None)
            } else {
                let customer = Customer::from_row(row)?;
                ("customer", customer.birthday, customer.next_follow_up_at)
            };
            let columns = Columns::of(kind, row);
            let scope = columns.value("scope").cloned().unwrap_or_else(|| "".into());
            // What lies in the recycle bin, or in a pool, comes with its way back.
            if scope.as_text().and_then(Standing::of_scope) != Some(Standing::Active) {
                continue;
            }
            if birthday.is_some() || plan.is_some() {
                self.changes.checks.push(Check { kind, id: row.id.clone(), version: row.version });
            }
            if let Some(birthday) = birthday {
                self.write(super::follow::birthday_of(subject(record, &row.id), &birthday, scope));
            }
            if let Some(at) = plan {
                self.write(agenda::at(at, &REMIND_FOLLOW_UP, &row.id));
            }
        }
        let last = page.last().map(|row| row.id.clone()).filter(|_| page.len() == BATCH);
        Ok(match last {
            Some(last) => Some(Walk { after: Some(last), ..walk }),
            None if walk.contacts => Some(Walk { contacts: false, after: None }),
            None => None,
        })
    }
}
