//! The agenda: work that time causes, done by [`tick`](crate::Session::tick).

use crate::access::Standing;
use crate::crm::{Crm, Session};
use crate::customer::{CUSTOMER, Customer};
use crate::error::Error;
use crate::idempotency::IDEMPOTENCY;
use crate::operations::op;
use crate::record::Record;
use crate::sharing::{SHARE, Share};
use crate::store::{
    Change, Column, ColumnType, Comparison, Direction, Filter, Index, Kind, Read, Row, Search, Value, Write,
};
use crate::time::Timestamp;
use crate::work::rows;
use crate::{Actor, OrgId};
use serde::{Deserialize, Serialize};

/// What is due, and when. The key is `kind:subject`, so that a thing is due once.
pub(crate) static AGENDA: Kind = Kind {
    name: "agenda",
    columns: &[Column::live("due", ColumnType::Integer)],
    indexes: &[
        Index::on("due", &["due"]),
        Index {
            name: "due_across",
            columns: &["due"],
            since: 1,
            across: true,
        },
    ],
    since: 1,
};

/// A customer in the recycle bin goes for good.
pub(crate) const PURGE: &str = "purge";
/// A share ends.
pub(crate) const SHARE_END: &str = "share_end";
/// Old idempotency keys and such are thrown away.
const HOUSEKEEPING: &str = "housekeeping";

/// What a tick did.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
pub struct TickReport {
    /// Things done that were due.
    pub done: i32,
    /// Whether more is due already: tick again.
    pub more: bool,
}

fn row(due: Timestamp, kind: &str, subject: &str) -> Row {
    Row {
        id: format!("{kind}:{subject}"),
        version: 1,
        values: vec![Value::Integer(due.millis())],
        body: "{}".to_owned(),
    }
}

/// Puts something on the agenda, or moves it.
pub(crate) fn at(due: Timestamp, kind: &str, subject: &str) -> Write {
    Write::Put {
        kind: &AGENDA,
        row: row(due, kind, subject),
    }
}

/// The daily housekeeping of a new organisation.
pub(crate) fn housekeeping(now: Timestamp) -> Result<Row, Error> {
    Ok(row(now.plus_days(1), HOUSEKEEPING, "daily"))
}

impl Crm {
    /// Organisations that have something due, at most 1,000, by id: whom to tick.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub fn due_organisations(&self) -> Result<Vec<OrgId>, Error> {
        Ok(self
            .store()
            .due_organisations(&AGENDA, "due", self.now().millis(), 1_000)?)
    }

    /// Ticks every organisation that has something due, until nothing is: what a host's
    /// scheduler calls every minute, from as many processes as it likes.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub fn tick_all(&self) -> Result<TickReport, Error> {
        let mut total = TickReport::default();
        loop {
            let mut done = 0;
            let mut failure = None;
            for org in self.due_organisations()? {
                let actor = Actor::system(org.as_str(), "tick")?;
                // One organisation's trouble is not another's.
                match self.as_user(&actor).tick() {
                    Ok(report) => done += report.done,
                    Err(error) => failure = failure.or(Some(error)),
                }
            }
            total.done += done;
            if done == 0 {
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
        const BATCH: i64 = 100;
        let due = self.query(&op::tick, |work| {
            let due = Search::of(&AGENDA)
                .filtered(Filter::Is("due", Comparison::AtMost, work.now.millis().into()))
                .ordered("due", Direction::Ascending)
                .limited(BATCH);
            Ok(rows(work.read(vec![Read::Find(due)])?.into_iter().next()))
        })?;
        let mut report = TickReport {
            done: 0,
            more: due.len() as i64 >= BATCH,
        };
        // What can't be done does not hold up what stands behind it.
        let mut failure = None;
        for item in due {
            match self.do_due(&item.id) {
                Ok(done) => report.done += i32::from(done),
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        failure.map_or(Ok(report), Err)
    }

    /// Does one thing of the agenda in one commit; says whether it was still due.
    fn do_due(&self, id: &str) -> Result<bool, Error> {
        Session::clone(self).not_idempotent().command(
            &op::tick,
            &id,
            |work| {
                let Some(item) = work.get_one(&AGENDA, id.to_owned())? else {
                    return Ok(false);
                };
                let due = item.values.first().and_then(Value::as_integer).unwrap_or_default();
                if due > work.now.millis() {
                    return Ok(false);
                }
                let (kind, subject) = id.split_once(':').unwrap_or((id, ""));
                match kind {
                    PURGE => {
                        let known = work.get_one(&CUSTOMER, subject.to_owned())?;
                        if let Some(customer) = known.map(|row| Customer::from_row(&row)).transpose()?
                            && customer.standing() == Standing::Deleted
                        {
                            work.purge_customer(&customer)?;
                        }
                    }
                    SHARE_END => {
                        let known = work.get_one(&SHARE, subject.to_owned())?;
                        if let Some(share) = known.map(|row| Share::from_row(&row)).transpose()?
                            && !share.holds(work.now)
                        {
                            work.end_share_row(&share)?;
                        }
                    }
                    HOUSEKEEPING => {
                        let expired = Search::of(&IDEMPOTENCY)
                            .filtered(Filter::Is("expires_at", Comparison::AtMost, work.now.millis().into()))
                            .ordered("expires_at", Direction::Ascending)
                            .limited(1_000);
                        let expired = rows(work.read(vec![Read::Find(expired)])?.into_iter().next());
                        let more = expired.len() >= 1_000;
                        for row in expired {
                            work.write(Write::Delete {
                                kind: &IDEMPOTENCY,
                                id: row.id,
                                version: row.version,
                            });
                        }
                        let next = if more {
                            work.now.plus_millis(1)
                        } else {
                            work.now.plus_days(1)
                        };
                        work.write(Write::Update {
                            kind: &AGENDA,
                            row: item,
                            changes: vec![("due", Change::Set(next.millis().into()))],
                        });
                        return Ok(true);
                    }
                    // A newer version of the library put it there and will know it.
                    _ => return Ok(false),
                }
                work.write(Write::Delete {
                    kind: &AGENDA,
                    id: item.id,
                    version: item.version,
                });
                Ok(true)
            },
            |_, _| Ok(false),
        )
    }
}
