//! Telling people, once.

use super::follow::owners_of;
use super::{REMINDER, Reminder, ReminderKind, ReminderState};
use crate::access::Standing;
use crate::actor::UserId;
use crate::agenda::{Duty, Turn};
use crate::customer::CustomerId;
use crate::date::Date;
use crate::error::Error;
use crate::follow_up::Reply;
use crate::id::{ReminderId, ReplyId};
use crate::pool::RecycleWarning;
use crate::record::Record;
use crate::sorted::Gather as _;
use crate::time::Timestamp;
use crate::work::{Stop, Work};
use sha2::{Digest as _, Sha256};

/// Something that a person is to be told of.
#[derive(Debug, Clone)]
pub(crate) struct Alarm {
    pub(super) kind: ReminderKind,
    pub(super) subject: String,
    /// The occasion.
    pub(super) on: Date,
    pub(super) at: Option<Timestamp>,
    pub(super) days_before: Option<i32>,
    /// When it is to be told.
    pub(super) due_at: Timestamp,
    pub(super) escalated_from: Option<UserId>,
    /// Whether an event of its own tells the host: of what happens now the room says itself to whom.
    pub(super) announced: bool,
}

/// A record as the subject of reminders.
pub(super) fn subject(record: &str, id: impl std::fmt::Display) -> String {
    format!("{record}:{id}")
}

/// The id in a subject that is such a record.
pub(super) fn id_of<'s>(subject: &'s str, record: &str) -> Option<&'s str> {
    subject.strip_prefix(record)?.strip_prefix(':')
}

/// The id that says what was hashed, and nothing else.
pub(super) fn named_by(hash: Sha256) -> uuid::Uuid {
    let mut bytes = [0; 16];
    bytes.iter_mut().zip(hash.finalize()).for_each(|(own, byte)| *own = byte);
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

impl Alarm {
    /// Of what happens now.
    fn at_once(kind: ReminderKind, subject: String, at: Timestamp, on: Date, now: Timestamp) -> Self {
        Alarm { kind, subject, on, at: Some(at), days_before: None, due_at: now, escalated_from: None, announced: true }
    }

    /// The id of what a person is told: the same for the same subject, occasion, lead and person.
    fn id(&self, person: &UserId) -> ReminderId {
        let occasion = self.at.map_or_else(|| self.on.number(), Timestamp::millis);
        let mut hash = Sha256::new();
        for part in [self.kind.as_str(), &self.subject, person.as_str()] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part);
        }
        hash.update(occasion.to_be_bytes());
        hash.update(self.days_before.unwrap_or(-1).to_be_bytes());
        // What was his own, and comes back to him as somebody's superior, is another one.
        hash.update([u8::from(self.escalated_from.is_some())]);
        ReminderId(named_by(hash))
    }
}

impl Work<'_> {
    /// Tells people, by way of the host, and puts it into their inboxes. Who was told already is not told again; what was settled since
    /// waits again.
    pub(crate) fn remind(&mut self, alarms: Vec<(Alarm, UserId)>) -> Result<(), Stop> {
        if alarms.is_empty() {
            return Ok(());
        }
        let alarms = alarms.into_iter().map(|(alarm, person)| (alarm.id(&person), (alarm, person))).into_map();
        let ids = alarms.keys().map(ToString::to_string).collect();
        let known = Reminder::from_rows(&self.get(&REMINDER, ids)?)?;
        let known = known.into_iter().map(|reminder| (reminder.id, reminder)).into_map();
        let context = self.context.clone();
        let today = context.days(false).of(self.now);
        let wait = i64::from(context.settings().reminders.escalate_after_days);
        for (id, (alarm, person)) in alarms {
            if let Some(before) = known.get(&id) {
                // What it is about went away, and came back as it was.
                if before.state == ReminderState::Settled {
                    self.save(before, &Reminder { person, ..before.reopened() })?;
                }
                continue;
            }
            let late = context.days(false).of(alarm.due_at) < today;
            let escalates = wait > 0 && alarm.kind.escalates() && alarm.escalated_from.is_none();
            let reminder = Reminder {
                id,
                kind: alarm.kind,
                person,
                subject: alarm.subject,
                on: alarm.on,
                at: alarm.at,
                days_before: alarm.days_before,
                due_at: alarm.due_at,
                told_at: self.now,
                late,
                escalated_from: alarm.escalated_from,
                state: ReminderState::Open,
                until: None,
                ended_at: None,
                react_by: escalates.then(|| today.plus_days(wait)).flatten(),
                version: 1,
            };
            self.insert(&REMINDER, reminder.to_row()?);
            if !alarm.announced {
                self.announce_reminder(&reminder)?;
            }
        }
        Ok(())
    }

    /// Hands a reminder to the host. What it is about in words, the host asks for as the person it is for: he may see less than
    /// he did.
    fn announce_reminder(&mut self, reminder: &Reminder) -> Result<(), Error> {
        let data = serde_json::json!({
            "kind": reminder.kind, "subject": reminder.subject, "on": reminder.on, "at": reminder.at,
            "days_before": reminder.days_before, "late": reminder.late, "escalated_from": reminder.escalated_from,
        });
        let told = std::slice::from_ref(&reminder.person);
        self.notify("reminder_due", ReminderId::RECORD, reminder.id, told, data)
    }

    /// Whether a reminder is about something that its person still has, or stands above. Of what was said to him alone the host is told
    /// once: what became of it shows in his inbox.
    fn still_concerns(&mut self, reminder: &Reminder) -> Result<bool, Stop> {
        let owners = owners_of(self, std::slice::from_ref(reminder))?;
        let Some(scope) = owners.get(&reminder.subject).filter(|scope| scope.standing == Standing::Active) else {
            return Ok(false);
        };
        let position = scope.position.as_ref();
        let own = self.context.stands_in_for(&scope.owner, position).as_ref() == Some(&reminder.person);
        let above = reminder.escalated_from.is_some() && self.context.stands_above(&reminder.person, position);
        Ok((own || above) && self.may_be_told(&reminder.person, reminder.kind))
    }

    /// Owners were warned that customers go.
    pub(crate) fn remind_of_warnings(&mut self, warned: Vec<(CustomerId, RecycleWarning, UserId)>) -> Result<(), Stop> {
        if warned.is_empty() {
            return Ok(());
        }
        let people: Vec<UserId> = warned.iter().map(|(_, _, person)| person.clone()).collect();
        let leads = self.leads_of(&people)?;
        let kind = ReminderKind::RecycleWarning;
        let mut alarms = Vec::new();
        for (customer, warning, person) in warned {
            if leads.tells(&person, kind, 0) {
                let on = self.context.days(false).of(warning.goes_at);
                let subject = subject(CustomerId::RECORD, customer);
                let alarm = Alarm::at_once(kind, subject, warning.goes_at, on, self.now);
                alarms.push((Alarm { days_before: Some(warning.days), ..alarm }, person));
            }
        }
        self.remind(alarms)
    }

    /// Somebody replied.
    pub(crate) fn remind_of_reply(&mut self, reply: &Reply, people: &[UserId]) -> Result<(), Stop> {
        if people.is_empty() {
            return Ok(());
        }
        let leads = self.leads_of(people)?;
        let on = self.context.days(false).of(reply.at);
        let alarm = Alarm::at_once(ReminderKind::Reply, subject(ReplyId::RECORD, reply.id), reply.at, on, self.now);
        let told = people.iter().filter(|person| leads.tells(person, ReminderKind::Reply, 0));
        self.remind(told.map(|person| (alarm.clone(), person.clone())).collect())
    }
}

/// A reminder that rested is open again.
pub(crate) static REMIND_AGAIN: Duty = Duty {
    kind: "remind_again",
    run: |work, id| {
        let known = work.get_one(&REMINDER, id.to_owned())?.map(|row| Reminder::from_row(&row)).transpose()?;
        let Some(before) = known.filter(|known| known.state == ReminderState::Snoozed) else { return Ok(Turn::Done) };
        match before.until.filter(|until| *until > work.now) {
            Some(until) => Ok(Turn::Again(until)),
            None => {
                let after = Reminder { state: ReminderState::Open, ..before.clone() };
                work.save(&before, &after)?;
                if work.still_concerns(&after)? {
                    work.announce_reminder(&after)?;
                }
                Ok(Turn::Done)
            }
        }
    },
    together: None,
};
