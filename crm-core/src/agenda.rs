//! The agenda: work that time causes, done by [`tick`](crate::Session::tick). What the work is, each room says
//! itself with a [`Duty`].

use crate::access::REVEAL;
use crate::crm::{Crm, Session};
use crate::duplicate::LOOKUP;
use crate::error::Error;
use crate::event;
use crate::idempotency::IDEMPOTENCY;
use crate::import::IMPORT_ROW;
use crate::operations::op;
use crate::record::Columns;
use crate::store::{
    Change, Column, ColumnType, Comparison, Direction, Filter, Index, Kind, Read, Row, Search, Value, Write,
};
use crate::time::Timestamp;
use crate::work::{Stop, Work, rows};
use crate::{Actor, OrgId};
use serde::{Deserialize, Serialize};

/// What is due, and when. The key is `kind:subject`, so that a thing is due once.
pub(crate) static AGENDA: Kind = Kind {
    name: "agenda",
    columns: &[Column::live("due", ColumnType::Integer)],
    indexes: &[Index::on("due", &["due"]), Index { across: true, ..Index::on("due_across", &["due"]) }],
    since: 1,
};

/// Work that time causes; [`DUTIES`](crate::DUTIES) lists those of all rooms.
pub(crate) struct Duty {
    /// What stands before the subject in the key on the agenda; it stays for ever.
    pub(crate) kind: &'static str,
    /// Does it for a subject, in one commit. Whether there is still something to do it finds out itself.
    pub(crate) run: fn(&mut Work<'_>, &str) -> Result<Turn, Stop>,
    /// Does it for many subjects in one commit, where that costs less; what became of each, in their order.
    pub(crate) together: Option<Together>,
}

/// See [`Duty::together`].
type Together = fn(&mut Work<'_>, &[String]) -> Result<Vec<Turn>, Stop>;

/// What became of a thing on the agenda.
pub(crate) enum Turn {
    /// It was not due any more, or is of a kind that only a newer library knows.
    NotNow,
    /// It was done and leaves the agenda.
    Done,
    /// Part of it was done; it stays due.
    Begun,
    /// It was done, and is due again then.
    Again(Timestamp),
}

/// Old idempotency keys and such are thrown away, once a day.
pub(crate) static HOUSEKEEPING: Duty = Duty {
    kind: "housekeeping",
    run: |work, _| {
        work.start_reminders()?;
        Ok(if work.throw_away()? { Turn::Begun } else { Turn::Again(work.now.plus_days(1)) })
    },
    together: None,
};

/// What a tick did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct TickReport {
    /// Things done that were due.
    pub done: i32,
    /// Things that could not be done: each is tried again an hour later.
    #[serde(default)]
    pub failed: i32,
    /// Whether more is due already: tick again.
    pub more: bool,
}

impl Duty {
    /// The key of a subject on the agenda.
    pub(crate) fn key(&self, subject: impl std::fmt::Display) -> String {
        format!("{}:{subject}", self.kind)
    }
}

/// Something on the agenda, as a row.
pub(crate) fn row(due: Timestamp, duty: &Duty, subject: impl std::fmt::Display) -> Row {
    Row { id: duty.key(subject), version: 1, values: vec![Value::Integer(due.millis())], body: "{}".to_owned() }
}

/// Puts something on the agenda, or moves it.
pub(crate) fn at(due: Timestamp, duty: &Duty, subject: impl std::fmt::Display) -> Write {
    Write::Put { kind: &AGENDA, row: row(due, duty, subject) }
}

/// The daily housekeeping of a new organisation.
pub(crate) fn housekeeping(now: Timestamp) -> Result<Row, Error> {
    Ok(row(now.plus_days(1), &HOUSEKEEPING, "daily"))
}

impl Crm {
    /// Organisations that have something due, at most 1,000, by id: whom to tick.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub fn due_organisations(&self) -> Result<Vec<OrgId>, Error> {
        let mut due = self.store().due_organisations(&AGENDA, "due", self.now()?.millis(), 1_000)?;
        due.extend(self.organisations_to_fold()?);
        due.extend(self.organisations_with_new_names()?);
        due.sort();
        due.dedup();
        due.truncate(1_000);
        Ok(due)
    }

    /// Ticks every organisation that has something due, until nothing is: what a host's
    /// scheduler calls every minute, from as many processes as it likes.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub fn tick_all(&self) -> Result<TickReport, Error> {
        // Of one organisation, before the next has its turn: 2,000,000 names.
        const PASSES: usize = 200;
        let mut total = TickReport::default();
        loop {
            let mut pass = TickReport::default();
            let (mut failure, mut idle) = (None, true);
            for org in self.due_organisations()? {
                let actor = Actor::system(org.as_str(), "tick")?;
                // One organisation's trouble is not another's.
                for _ in 0..PASSES {
                    match self.as_user(&actor).do_what_is_due() {
                        Ok((report, folded)) => {
                            pass.done += report.done;
                            pass.failed += report.failed;
                            idle &= report.done + report.failed == 0 && !folded;
                            // Names of before an update are not due by themselves.
                            if folded && report.more {
                                continue;
                            }
                        }
                        // It is being imported: not there yet, although its agenda is.
                        Err(Error::ActorUnknown { .. }) => {}
                        Err(error) => failure = failure.or(Some(error)),
                    }
                    break;
                }
            }
            total.done += pass.done;
            total.failed += pass.failed;
            if idle {
                return failure.map_or(Ok(total), Err);
            }
        }
    }
}

impl Session<'_> {
    /// Does what is due in the actor's organisation, some hundred things at a time. Safe to call
    /// from many processes at once, as often as one likes, after any time of silence.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `settings.manage_settings`.
    pub fn tick(&self) -> Result<TickReport, Error> {
        Ok(self.do_what_is_due()?.0)
    }

    /// What it did of the agenda, and whether it folded sums or names: of that nobody sees anything.
    fn do_what_is_due(&self) -> Result<(TickReport, bool), Error> {
        const BATCH: i64 = 100;
        // Batches of names.
        const NAMES: usize = 20;
        let (due, closed) = self.query(&op::tick, |work| {
            if work.context.closed() {
                return Ok((Vec::new(), true));
            }
            let due = Search::of(&AGENDA)
                .filtered(Filter::Is("due", Comparison::AtMost, work.now.millis().into()))
                .ordered("due", Direction::Ascending)
                .limited(BATCH);
            Ok((rows(work.read(vec![Read::Find(due)])?.into_iter().next()), false))
        })?;
        let sums = !closed && self.fold_sums()?;
        let mut report = TickReport { done: 0, failed: 0, more: due.len() as i64 >= BATCH };
        let mut due: Vec<String> = due.into_iter().map(|item| item.id).collect();
        for duty in crate::DUTIES.iter().filter(|duty| duty.together.is_some()) {
            let (theirs, others): (Vec<_>, Vec<_>) = due.into_iter().partition(|id| split(id).0 == duty.kind);
            due = others;
            match self.do_together(duty, &theirs) {
                Ok(done) => report.done += done,
                Err(error) if is_the_stores(&error) => return Err(error),
                // One of them can't be done: each by itself, so that it does not hold up the others.
                Err(_) => due.extend(theirs),
            }
        }
        for id in due {
            match self.do_due(&id) {
                Ok(Turn::NotNow) => {}
                Ok(Turn::Done) => report.done += 1,
                Ok(Turn::Again(next)) => {
                    report.done += 1;
                    // After a silence there is much to catch up with.
                    report.more |= self.engine.environment.now()? >= next;
                }
                Ok(Turn::Begun) => {
                    report.done += 1;
                    report.more = true;
                }
                Err(error) if is_the_stores(&error) => return Err(error),
                Err(_) => {
                    // What can't be done does not hold up what stands behind it.
                    self.postpone(&id)?;
                    report.failed += 1;
                }
            }
        }
        // Last: what is wrong with a list of names holds up nothing else.
        let (names, more_names) = if closed { (false, false) } else { self.fold_names(NAMES)? };
        report.more |= more_names;
        Ok((report, sums || names))
    }

    /// Moves a thing of the agenda on by an hour.
    fn postpone(&self, id: &str) -> Result<(), Error> {
        Session::clone(self).not_idempotent().command(
            &op::tick,
            &id,
            |work| {
                if let Some(item) = work.get_one(&AGENDA, id.to_owned())? {
                    let later = work.now.plus_millis(3_600_000).millis();
                    work.touch(&AGENDA, id, Some(item.version), vec![("due", Change::Max(later))]);
                }
                Ok(())
            },
            |_, _| Ok(()),
        )
    }

    /// Does things of one duty in one commit; says how many were due still.
    fn do_together(&self, duty: &Duty, ids: &[String]) -> Result<i32, Error> {
        let Some(together) = duty.together.filter(|_| !ids.is_empty()) else { return Ok(0) };
        Session::clone(self).not_idempotent().command(
            &op::tick,
            &ids,
            |work| {
                let mut due = work.get(&AGENDA, ids.to_vec())?;
                due.retain(|item| Columns::of(&AGENDA, item).integer("due") <= work.now.millis());
                let subjects: Vec<String> = due.iter().map(|item| split(&item.id).1.to_owned()).collect();
                let turns = together(work, &subjects)?;
                let done = i32::try_from(due.len()).unwrap_or(i32::MAX);
                due.into_iter().zip(turns).for_each(|(item, turn)| work.turned(item, &turn));
                Ok(done)
            },
            |_, _| Ok(0),
        )
    }

    /// Does one thing of the agenda in one commit.
    fn do_due(&self, id: &str) -> Result<Turn, Error> {
        if id.starts_with(HOUSEKEEPING.kind) {
            let numbering = Session::clone(self).not_idempotent();
            while numbering.number_events()? {}
        }
        Session::clone(self).not_idempotent().command(
            &op::tick,
            &id,
            |work| {
                let Some(item) = work.get_one(&AGENDA, id.to_owned())? else {
                    return Ok(Turn::NotNow);
                };
                let due = Columns::of(&AGENDA, &item).integer("due");
                if due > work.now.millis() {
                    return Ok(Turn::NotNow);
                }
                let (kind, subject) = split(id);
                let Some(duty) = crate::DUTIES.iter().find(|duty| duty.kind == kind) else {
                    // A newer version of the library put it there and will know it.
                    return Ok(Turn::NotNow);
                };
                let turn = (duty.run)(work, subject)?;
                work.turned(item, &turn);
                Ok(turn)
            },
            |_, _| Ok(Turn::NotNow),
        )
    }
}

/// The kind of work and the subject of a key.
fn split(id: &str) -> (&str, &str) {
    id.split_once(':').unwrap_or((id, ""))
}

/// A store that can't answer will not answer the next question either.
fn is_the_stores(error: &Error) -> bool {
    matches!(error, Error::Unavailable { retryable: true, .. } | Error::ActorUnknown { .. })
}

impl Work<'_> {
    /// Takes a thing off the agenda, or puts it where it is due again.
    fn turned(&mut self, item: Row, turn: &Turn) {
        match turn {
            Turn::NotNow | Turn::Begun => {}
            Turn::Done => self.write(Write::Delete { kind: &AGENDA, id: item.id, version: item.version }),
            Turn::Again(next) => {
                let due = vec![("due", Change::Set(next.millis().into()))];
                self.write(Write::Update { kind: &AGENDA, row: item, changes: due });
            }
        }
    }

    /// Throws away idempotency keys whose time is over and events that nobody waits for; says
    /// whether there may be more.
    fn throw_away(&mut self) -> Result<bool, Stop> {
        const BATCH: i64 = 1_000;
        let expired = Search::of(&IDEMPOTENCY)
            .filtered(Filter::Is("expires_at", Comparison::AtMost, self.now.millis().into()))
            .ordered("expires_at", Direction::Ascending)
            .limited(BATCH);
        let expired = rows(self.read(vec![Read::Find(expired)])?.into_iter().next());
        let old = self.old_events(BATCH)?;
        let lookups = self.old_lookups(BATCH)?;
        let reveals = self.old_reveals(BATCH)?;
        let imported = self.old_import_rows(BATCH)?;
        let found = [expired.len(), old.len(), lookups.len(), reveals.len(), imported.len()];
        let more = found.into_iter().any(|found| found as i64 >= BATCH);
        let doomed = expired.into_iter().map(|row| (&IDEMPOTENCY, row));
        let doomed = doomed.chain(old.into_iter().map(|row| (&event::EVENT, row)));
        let doomed = doomed.chain(lookups.into_iter().map(|row| (&LOOKUP, row)));
        let doomed = doomed.chain(imported.into_iter().map(|row| (&IMPORT_ROW, row)));
        for (kind, row) in doomed.chain(reveals.into_iter().map(|row| (&REVEAL, row))) {
            self.write(Write::Delete { kind, id: row.id, version: row.version });
        }
        Ok(more)
    }
}
