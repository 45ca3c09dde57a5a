//! What reminders, calendars and events tell of the birthday of a person who is erased (C8).

use super::feed::without_birthdays;
use super::{CALENDAR_FEED, REMINDER, Reminder, ReminderKind};
use crate::event::{EVENT, Event};
use crate::id::ContactId;
use crate::record::Record;
use crate::store::{Comparison, Filter, Row, Search, Write};
use crate::work::{Stop, Work};
use std::collections::BTreeSet;

impl Work<'_> {
    /// Deletes reminders of the birthdays of contacts, lets published calendars forget them, and takes them out of events; says how many
    /// reminders and events that were.
    pub(crate) fn forget_birthdays(&mut self, contacts: &BTreeSet<String>) -> Result<(i32, i32), Stop> {
        let subjects: Vec<String> = contacts.iter().map(|id| format!("{}:{id}", ContactId::RECORD)).collect();
        let (mut reminders, mut events) = (0_i32, 0_i32);
        // Those that are done stand under no subject any more.
        let kind = ReminderKind::Birthday.as_str();
        let birthdays = Search::of(&REMINDER).filtered(Filter::Is("kind", Comparison::Equal, kind.into()));
        for row in self.find_all(birthdays)? {
            if subjects.contains(&Reminder::from_row(&row)?.subject) {
                self.write(Write::Delete { kind: &REMINDER, id: row.id, version: row.version });
                reminders = reminders.saturating_add(1);
            }
        }
        for row in self.find_all(Search::of(&CALENDAR_FEED))? {
            if let Some(row) = without_birthdays(&row, &subjects)? {
                self.update(&CALENDAR_FEED, row);
            }
        }
        if reminders == 0 {
            // Nobody was told.
            return Ok((0, 0));
        }
        for row in self.find_all(Search::of(&EVENT))? {
            // Most speak of something else, and need not be read.
            if !contacts.iter().any(|id| row.body.contains(id.as_str())) {
                continue;
            }
            let mut event = Event::from_row(&row)?;
            let about = event.data.get("subject").and_then(|subject| subject.as_str());
            if about.is_some_and(|about| subjects.iter().any(|own| own == about)) {
                event.data = serde_json::json!({ "kind": ReminderKind::Birthday });
                self.update(&EVENT, Row { version: row.version, ..event.to_row()? });
                events = events.saturating_add(1);
            }
        }
        Ok((reminders, events))
    }
}
