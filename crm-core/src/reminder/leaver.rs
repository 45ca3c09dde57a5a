//! What waits for somebody who is deactivated goes to who stands in for him (A7).

use super::follow::owners_of;
use super::{REMINDER, Reminder, ReminderState};
use crate::actor::UserId;
use crate::agenda::{Duty, Turn};
use crate::record::Record;
use crate::store::{Direction, Read, Search};
use crate::work::{Stop, Work, rows};

/// The reminders of somebody who was deactivated, some hundred at a time.
pub(crate) static REMIND_LEAVER: Duty = Duty {
    kind: "remind_leaver",
    run: |work, person| match UserId::new(person) {
        Ok(person) => work.pass_reminders_on(&person),
        Err(_) => Ok(Turn::Done),
    },
    together: None,
};

impl Work<'_> {
    fn pass_reminders_on(&mut self, leaver: &UserId) -> Result<Turn, Stop> {
        const BATCH: i64 = 200;
        let context = self.context.clone();
        if context.people.get(leaver).is_none_or(|person| person.active) {
            return Ok(Turn::Done);
        }
        // Whoever has its address still has it when he comes back: then it is to be published anew.
        self.withdraw_feed(leaver)?;
        let inboxes = [ReminderState::Open, ReminderState::Snoozed].map(|state| Reminder::inbox(state, leaver));
        let search = Search::of(&REMINDER).within("inbox", inboxes.to_vec());
        let search = search.ordered("at", Direction::Ascending).limited(BATCH);
        let waiting = Reminder::from_rows(&rows(self.read(vec![Read::Find(search)])?.into_iter().next()))?;
        let owners = owners_of(self, &waiting)?;
        for before in &waiting {
            let position = owners.get(&before.subject).and_then(|scope| scope.position.as_ref());
            let stands_in = context.stands_in_for(leaver, position);
            let after = match stands_in {
                Some(person) if before.kind.is_of_owner() => Reminder { person, ..before.clone() },
                // What was said to him alone is nobody else's.
                _ => before.ended(ReminderState::Settled, self.now),
            };
            self.save(before, &after)?;
        }
        Ok(if (waiting.len() as i64) < BATCH { Turn::Done } else { Turn::Begun })
    }
}
