//! What a commit changes for reminders: birthdays and plans are noted, open reminders are settled, or go to who has the subject now.
//! Every command comes by here before its commit; rooms know nothing of it. Of a share, whether it ends on the day that was told, and of a
//! reply, whether it is still there, is seen when a reminder is read.

use super::birthday::{BIRTHDAY, keys_of};
use super::settings::ReminderSettings;
use super::sweep::REMIND_FOLLOW_UP;
use super::tell::{id_of, subject};
use super::{REMINDER, Reminder, ReminderKind, ReminderState};
use crate::access::{Scope, Standing};
use crate::agenda;
use crate::contact::CONTACT;
use crate::contract::CONTRACT;
use crate::customer::CUSTOMER;
use crate::error::Error;
use crate::id::{ContactId, ContractId, CustomerId, InstalmentId, ReminderId};
use crate::payment::INSTALMENT;
use crate::pool::RecycleWarning;
use crate::record::{Columns, NEVER, Record};
use crate::sorted::Gather as _;
use crate::store::{Change, Check, Kind, Row, Search, StoreError, Value, Write};
use crate::time::Birthday;
use crate::work::{Stop, Work};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

/// How a kind of records that reminders are about is called in their subjects.
fn record_of(kind: &Kind) -> Option<&'static str> {
    [
        (&CUSTOMER, CustomerId::RECORD),
        (&CONTACT, ContactId::RECORD),
        (&CONTRACT, ContractId::RECORD),
        (&INSTALMENT, InstalmentId::RECORD),
    ]
    .into_iter()
    .find(|(own, _)| *own == kind)
    .map(|(_, record)| record)
}

/// The kinds of them.
static SUBJECTS: [&Kind; 4] = [&CUSTOMER, &CONTACT, &CONTRACT, &INSTALMENT];

/// Live columns that say something to reminders.
const TELLING: [&str; 3] = ["scope", "next_follow_up_at", "recycle_warning"];

/// What a record is for reminders.
#[derive(Debug, Default, PartialEq)]
struct Standpoint {
    /// Its occasions, by kind: a day or an instant.
    occasions: Vec<(ReminderKind, i64)>,
    birthday: Option<(Birthday, Value)>,
    /// In whose hands it is; of what is in nobody's there is nothing to remind.
    scope: Option<Scope>,
}

/// Of records who may be born.
#[derive(Deserialize)]
struct Born {
    #[serde(default)]
    birthday: Option<Birthday>,
}

fn born(row: &Row) -> Result<Option<Birthday>, Error> {
    let born: Born = serde_json::from_str(&row.body)
        .map_err(|error| StoreError::Corrupt(format!("the birthday of {}: {error}", row.id)))?;
    Ok(born.birthday)
}

impl Standpoint {
    fn of(kind: &'static Kind, row: &Row) -> Result<Self, Error> {
        let columns = Columns::of(kind, row);
        let day = |column: &str| Some(columns.integer(column)).filter(|day| *day != NEVER);
        let scope = columns.text("scope").map(|scope| Scope::parse(&scope)).transpose()?;
        let scope = scope.filter(|scope| scope.standing == Standing::Active);
        let mut own = Standpoint::default();
        if scope.is_none() {
            return Ok(own);
        }
        if kind == &CONTRACT {
            let open = columns.integer("settled") == 0;
            own.occasions.extend(day("ends_on").filter(|_| open).map(|day| (ReminderKind::ContractEnd, day)));
        } else if kind == &INSTALMENT {
            let kinds = [ReminderKind::InstalmentDue, ReminderKind::InstalmentOverdue];
            own.occasions.extend(day("due_on").into_iter().flat_map(|day| kinds.map(|kind| (kind, day))));
        } else {
            let place = columns.value("scope").cloned().unwrap_or_else(|| "".into());
            own.birthday = born(row)?.map(|birthday| (birthday, place));
            if kind == &CUSTOMER {
                own.occasions.extend(day("next_follow_up_at").map(|at| (ReminderKind::FollowUpDue, at)));
                let warning = columns.text("recycle_warning").and_then(|text| RecycleWarning::of_column(&text));
                own.occasions.extend(warning.map(|told| (ReminderKind::RecycleWarning, told.goes_at.millis())));
            }
        }
        own.scope = scope;
        Ok(own)
    }

    fn plan(&self) -> Option<i64> {
        self.occasions.iter().find(|(kind, _)| *kind == ReminderKind::FollowUpDue).map(|(_, at)| *at)
    }

    /// Whether a reminder is about something that still is so.
    fn holds(&self, reminder: &Reminder, settings: &ReminderSettings) -> bool {
        match reminder.kind {
            ReminderKind::Birthday => {
                let own = self.birthday.as_ref().map(|(birthday, _)| birthday.key());
                own.is_some_and(|own| keys_of(reminder.on, settings).contains(&own))
            }
            kind => self.occasions.contains(&(kind, reminder.moment())),
        }
    }
}

/// The row of a birthday.
pub(super) fn birthday_of(subject: String, birthday: &Birthday, scope: Value) -> Write {
    let row = Row { id: subject, version: 1, values: vec![birthday.key().into(), scope], body: "{}".to_owned() };
    Write::Put { kind: &BIRTHDAY, row }
}

impl Work<'_> {
    /// Adds to the decision what it changes for reminders.
    pub(crate) fn follow_reminders(&mut self) -> Result<(), Stop> {
        let (mut writes, mut gone) = (Vec::new(), Vec::new());
        let mut moved: BTreeMap<String, (Standpoint, Standpoint)> = BTreeMap::new();
        let mut plans: BTreeMap<String, (String, Option<i64>, Option<i64>)> = BTreeMap::new();
        for (at, kind, id) in self.telling_writes() {
            let Some(record) = record_of(kind) else { continue };
            let new = matches!(self.changes.writes.get(at), Some(Write::Insert { .. }));
            if !new && !self.has_seen(kind, &id) {
                self.get_one(kind, id.clone())?;
            }
            let before = self.seen(kind, &id).filter(|_| !new);
            let Some(write) = self.changes.writes.get(at) else { continue };
            let after = write.makes(before);
            let of = |row: Option<&Row>| row.map(|row| Standpoint::of(kind, row)).transpose();
            let (before, after) = (of(before)?.unwrap_or_default(), of(after.as_ref())?.unwrap_or_default());
            if before == after {
                continue;
            }
            let subject = subject(record, &id);
            if before.birthday != after.birthday {
                match &after.birthday {
                    Some((birthday, scope)) => writes.push(birthday_of(subject.clone(), birthday, scope.clone())),
                    None => gone.push(subject.clone()),
                }
            }
            if before.plan() != after.plan() || (before.scope != after.scope && after.plan().is_some()) {
                plans.insert(REMIND_FOLLOW_UP.key(&id), (id.clone(), before.plan(), after.plan()));
            }
            // Of a new record nothing was told.
            if !new {
                moved.insert(subject, (before, after));
            }
        }
        for row in self.get(&BIRTHDAY, gone)? {
            writes.push(Write::Delete { kind: &BIRTHDAY, id: row.id, version: row.version });
        }
        // Before the reminders: a tick that tells of a plan at this moment takes it off the agenda, and one of the two is first.
        let ids = plans.iter().filter(|(_, (_, was, _))| was.is_some()).map(|(key, _)| key.clone()).collect();
        let standing = self.get(&agenda::AGENDA, ids)?.into_iter().map(|row| (row.id.clone(), row)).into_map();
        for (key, (id, was, plan)) in plans {
            let due = plan.map(crate::Timestamp::saturating);
            match (standing.get(&key), due) {
                (Some(row), None) => {
                    writes.push(Write::Delete { kind: &agenda::AGENDA, id: key, version: row.version });
                }
                (Some(row), Some(_)) if was == plan => {
                    self.changes.checks.push(Check { kind: &agenda::AGENDA, id: key, version: row.version });
                }
                (Some(row), Some(due)) => {
                    let due = vec![("due", Change::Set(due.millis().into()))];
                    writes.push(Write::Update { kind: &agenda::AGENDA, row: row.clone(), changes: due });
                }
                (None, Some(due)) if was != plan => writes.push(agenda::at(due, &REMIND_FOLLOW_UP, &id)),
                (None, _) => {}
            }
        }
        writes.into_iter().for_each(|write| self.write(write));
        self.move_reminders(&moved)
    }

    /// Writes that say something to reminders: their place, and the record that they are about.
    fn telling_writes(&self) -> Vec<(usize, &'static Kind, String)> {
        let telling = |(at, write): (usize, &Write)| {
            if let Write::Touch { changes, .. } = write
                && !changes.iter().any(|(column, _)| TELLING.contains(column))
            {
                return None;
            }
            let (kind, id) = write.row()?;
            record_of(kind).map(|_| (at, kind, id.to_owned()))
        };
        self.changes.writes.iter().enumerate().filter_map(telling).collect()
    }

    /// Settles open reminders of what is not so any more, and gives those of what changed hands to who has it.
    fn move_reminders(&mut self, moved: &BTreeMap<String, (Standpoint, Standpoint)>) -> Result<(), Stop> {
        if moved.is_empty() {
            return Ok(());
        }
        self.rely_on_sweep()?;
        let subjects = moved.keys().map(|subject| subject.as_str().into()).collect();
        let context = self.context.clone();
        let deleted = |write: &Write| match write {
            Write::Delete { kind, id, .. } if **kind == REMINDER => Some(id.clone()),
            _ => None,
        };
        let deleted = self.changes.writes.iter().filter_map(deleted).into_set();
        for row in self.find_all(Search::of(&REMINDER).within("subject", subjects))? {
            // Who erases a person has them gone already.
            if deleted.contains(&row.id) {
                continue;
            }
            let before = Reminder::from_row(&row)?;
            let Some((was, is)) = moved.get(&before.subject) else { continue };
            let settled = || before.ended(ReminderState::Settled, self.now);
            let holds = is.holds(&before, &context.settings().reminders);
            let after = if !holds && before.is_open() {
                settled()
            } else if !holds || (was.scope == is.scope && before.is_open()) {
                continue;
            } else {
                let owner = is.scope.as_ref();
                let owner = owner.and_then(|own| context.stands_in_for(&own.owner, own.position.as_ref()));
                match owner {
                    Some(person) if before.escalated_from.is_none() => {
                        // What was settled, and is so again, waits again.
                        let waiting = if before.is_open() { before.clone() } else { before.reopened() };
                        Reminder { person, ..waiting }
                    }
                    // It was his superior's, or there is nobody.
                    _ if before.is_open() => settled(),
                    _ => continue,
                }
            };
            self.save(&before, &after)?;
        }
        Ok(())
    }
}

/// Those of the reminders that are about something that is still so.
pub(super) fn still_so(work: &mut Work<'_>, reminders: &[Reminder]) -> Result<BTreeSet<ReminderId>, Stop> {
    let settings = work.context.settings().reminders.clone();
    let mut holding = BTreeSet::new();
    for kind in SUBJECTS {
        let Some(record) = record_of(kind) else { continue };
        let own = |reminder: &Reminder| id_of(&reminder.subject, record).map(str::to_owned);
        let ids = reminders.iter().filter_map(own).into_set().into_iter().collect();
        for row in work.get(kind, ids)? {
            let is = Standpoint::of(kind, &row)?;
            let of_row = reminders.iter().filter(|reminder| own(reminder).as_ref() == Some(&row.id));
            holding.extend(of_row.filter(|reminder| is.holds(reminder, &settings)).map(|reminder| reminder.id));
        }
    }
    // What was said to a person alone is so as long as it shows.
    holding.extend(reminders.iter().filter(|own| !own.kind.is_of_owner()).map(|own| own.id));
    Ok(holding)
}

/// Whose subject an open reminder is, by the place of its owner; none of what nobody has.
pub(super) fn owners_of(work: &mut Work<'_>, reminders: &[Reminder]) -> Result<BTreeMap<String, Scope>, Stop> {
    let mut scopes = BTreeMap::new();
    for kind in SUBJECTS {
        let Some(record) = record_of(kind) else { continue };
        let own = reminders.iter().filter_map(|own| id_of(&own.subject, record));
        let ids = own.map(str::to_owned).into_set().into_iter().collect();
        let selection = crate::store::Selection::Keys { kind, ids };
        for (id, values) in work.columns(selection, vec!["scope"])? {
            if let Some(Value::Text(scope)) = values.first() {
                scopes.insert(subject(record, id), Scope::parse(scope)?);
            }
        }
    }
    Ok(scopes)
}
