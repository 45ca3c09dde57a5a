//! The daily sweep: whom a limit has reached comes onto the agenda.

use super::class::{self, AGAIN, ON_AGENDA};
use super::look::RECYCLE;
use crate::agenda::{self, Duty, Turn};
use crate::customer::CUSTOMER;
use crate::sorted::Gather as _;
use crate::store::{Change, Value};
use crate::work::{Stop, Work, columns_of};
use std::collections::BTreeMap;

/// The subject of the one sweep of an organisation.
pub(super) const DAILY: &str = "daily";

/// How many customers one commit puts on the agenda.
const BATCH: i64 = 500;

/// Looks whom a limit has reached: at the beginning of each day, and when the rules change.
pub(crate) static SWEEP: Duty = Duty { kind: "recycling", run: |work, _| work.sweep(), together: None };

impl Work<'_> {
    fn sweep(&mut self) -> Result<Turn, Stop> {
        let context = self.context.clone();
        let rules = &context.settings().pool.recycling;
        let days = context.days(rules.working_days);
        let mut searches = vec![class::again(BATCH)];
        searches.extend(rules.reached(&context, &days, self.now, BATCH));
        let answers = self.read(class::classes(searches))?;
        let found = answers.into_iter().flat_map(|answer| columns_of(Some(answer)));
        let found: BTreeMap<String, Vec<Value>> = found.into_map();
        let some = !found.is_empty();
        for (id, class) in found.into_iter().take(BATCH as usize) {
            let was = class.into_iter().next().unwrap_or_else(|| AGAIN.into());
            self.write(agenda::at(self.now, &RECYCLE, &id));
            self.touch(&CUSTOMER, id, None, vec![("recycling", Change::Replace(was, ON_AGENDA.into()))]);
        }
        Ok(match (some, rules.any()) {
            // They are due at once, and there may be more of them.
            (true, _) => Turn::Begun,
            (false, true) => Turn::Again(days.tomorrow(self.now)),
            // Those that waited are looked at once more, and then nobody is.
            (false, false) => Turn::Done,
        })
    }
}
