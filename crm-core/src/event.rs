//! Events 事件: what happened, for the host. Written unnumbered in the commit, numbered by a
//! short one of its own before they are read: the order of commits is not the order of numbers
//! on a server, and a reader's cursor must never skip.

use crate::crm::Session;
use crate::error::{CallRefusal, Error, Violation};
use crate::id::EventId;
use crate::operations::op;
use crate::organisation::GUARD;
use crate::record::{Columns, Record};
use crate::store::{
    Change, Column, ColumnType, Comparison, Direction, Filter, Index, Kind, Read, Row, Search, StoreError, Value,
};
use crate::text::Checker;
use crate::time::Timestamp;
use crate::work::{Stop, Work, rows};
use serde::{Deserialize, Serialize};

/// Events; `number` is 0 until they are numbered.
pub(crate) static EVENT: Kind = Kind {
    name: "event",
    columns: &[Column::live("number", ColumnType::Integer)],
    indexes: &[Index::on("number", &["number"])],
    since: 1,
};

/// How far each consumer has come.
pub(crate) static EVENT_CONSUMER: Kind = Kind::plain("event_consumer");

/// Something that happened. The form carries a version; fields may be added to it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(schemars::JsonSchema))]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
#[cfg_attr(feature = "tsify", derive(tsify::Tsify))]
pub struct Event {
    /// The version of the form: 1.
    pub v: i32,
    /// The id: the same event may arrive twice.
    pub id: EventId,
    /// Its number: events of an organisation are read in the order of their numbers, from 1.
    #[serde(default)]
    pub number: i64,
    /// What happened: `customer_created`, `follow_up_replied`, ...
    pub kind: String,
    /// The kind of record it happened to.
    pub record: String,
    /// The record's id.
    pub subject: String,
    /// When.
    pub at: Timestamp,
    /// Who did it: a user of the host, or `system:` and a reason.
    pub by: String,
    /// The host's request, where it was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub correlation_id: Option<String>,
    /// What else belongs to it, by kind.
    #[cfg_attr(feature = "tsify", tsify(type = "unknown"))]
    pub data: serde_json::Value,
}

impl Record for Event {
    const KIND: &'static Kind = &EVENT;

    fn key(&self) -> String {
        self.id.to_string()
    }
    fn version(&self) -> i64 {
        1
    }
    fn columns(&self) -> Vec<Value> {
        vec![self.number.into()]
    }
    fn refresh(&mut self, row: &Columns<'_>) {
        self.number = row.integer("number");
    }
}

#[allow(clippy::too_many_arguments)] // each is a field of the event
pub(crate) fn unnumbered(
    id: uuid::Uuid,
    kind: &str,
    record: &str,
    subject: &str,
    at: Timestamp,
    by: &str,
    correlation_id: Option<&str>,
    data: serde_json::Value,
) -> Result<Row, Error> {
    Event {
        v: 1,
        id: EventId(id),
        number: 0,
        kind: kind.to_owned(),
        record: record.to_owned(),
        subject: subject.to_owned(),
        at,
        by: by.to_owned(),
        correlation_id: correlation_id.map(str::to_owned),
        data,
    }
    .to_row()
}

const NUMBERING: &str = "event_numbering";

#[derive(Serialize, Deserialize)]
struct Numbering {
    last: i64,
}

/// The row that keeps the last number given out.
pub(crate) fn numbering_guard() -> Row {
    numbering_row(0, 1)
}

fn numbering_row(last: i64, version: i64) -> Row {
    let body = crate::json::text(&Numbering { last }).unwrap_or_default();
    Row { id: NUMBERING.to_owned(), version, values: Vec::new(), body }
}

#[derive(Serialize, Deserialize)]
struct Consumer {
    acknowledged: i64,
}

impl Session<'_> {
    /// Events that a consumer has not acknowledged yet, in the order of their numbers, at most
    /// `limit` (1 to 1,000). Until they are acknowledged they are given again: at least once. An
    /// event waits 90 days.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `event.view`; [`Error::Invalid`].
    pub fn events(&self, consumer: String, limit: i32) -> Result<Vec<Event>, Error> {
        let limit = match limit {
            1..=1_000 => i64::from(limit),
            _ => return Err(Violation::out_of_range("limit").into()),
        };
        let consumer = consumer_id(&consumer)?;
        let numbering = Session::clone(self).not_idempotent();
        loop {
            match numbering.number_events() {
                Ok(true) => {}
                Ok(false) => break,
                // An organisation on the move can be read: what has no number yet gets it when it has arrived.
                Err(Error::Refused(refusal)) if refusal.code == CallRefusal::CLOSED => break,
                Err(error) => return Err(error),
            }
        }
        self.query(&op::events, |work| {
            let seen = work.get_one(&EVENT_CONSUMER, consumer.clone())?;
            let seen = seen.map_or(Ok(0), |row| acknowledged(&row))?;
            let unseen = Search::of(&EVENT)
                .filtered(Filter::Is("number", Comparison::Greater, Value::Integer(seen.max(0))))
                .ordered("number", Direction::Ascending)
                .limited(limit);
            let found = rows(work.read(vec![Read::Find(unseen)])?.into_iter().next());
            Ok(Event::from_rows(&found)?)
        })
    }

    /// Acknowledges a consumer's events up to a number: they are not given to it again.
    ///
    /// # Errors
    /// [`Error::Forbidden`] without the right `event.edit`; [`Error::Invalid`] when the number was never given out.
    pub fn acknowledge_events(&self, consumer: String, up_to: i64) -> Result<i64, Error> {
        let consumer = consumer_id(&consumer)?;
        self.command(
            &op::acknowledge_events,
            &(&consumer, up_to),
            |work| {
                let mut answers = work
                    .read(vec![
                        Read::Get { kind: &EVENT_CONSUMER, ids: vec![consumer.clone()] },
                        Read::Get { kind: &GUARD, ids: vec![NUMBERING.to_owned()] },
                    ])?
                    .into_iter();
                let known = rows(answers.next()).into_iter().next();
                let (last, _) = last_number(rows(answers.next()).first())?;
                if !(0..=last).contains(&up_to) {
                    return Err(Violation::out_of_range("up_to").into());
                }
                let before = known.as_ref().map_or(Ok(0), acknowledged)?;
                let body = crate::json::text(&Consumer { acknowledged: up_to.max(before) }).unwrap_or_default();
                let mut row = Row { id: consumer.clone(), version: 1, values: Vec::new(), body };
                match known {
                    Some(known) => {
                        row.version = known.version;
                        work.update(&EVENT_CONSUMER, row);
                    }
                    None => work.insert(&EVENT_CONSUMER, row),
                }
                work.made(up_to.max(before));
                Ok(up_to.max(before))
            },
            |_, made| Ok(made.first().and_then(|number| number.parse().ok()).unwrap_or(up_to)),
        )
    }

    /// Numbers events that have none yet, some hundreds at a time; says whether there may be more.
    pub(crate) fn number_events(&self) -> Result<bool, Error> {
        const BATCH: i64 = 500;
        self.command(
            &op::events,
            &(),
            |work| {
                let pending = Search::of(&EVENT).within("number", vec![0.into()]).limited(BATCH);
                let mut answers = work
                    .read(vec![Read::Find(pending), Read::Get { kind: &GUARD, ids: vec![NUMBERING.to_owned()] }])?
                    .into_iter();
                let pending = rows(answers.next());
                let (mut last, version) = last_number(rows(answers.next()).first())?;
                if pending.is_empty() {
                    return Ok(false);
                }
                let more = pending.len() as i64 >= BATCH;
                for row in pending {
                    last += 1;
                    work.touch(&EVENT, row.id, None, vec![("number", Change::Set(last.into()))]);
                }
                work.update(&GUARD, numbering_row(last, version));
                Ok(more)
            },
            |_, _| Ok(false),
        )
    }
}

fn consumer_id(consumer: &str) -> Result<String, Error> {
    let mut check = Checker::new();
    let consumer = check.line("consumer", consumer, 64);
    check.done()?;
    Ok(consumer)
}

fn acknowledged(row: &Row) -> Result<i64, Error> {
    let consumer: Consumer = serde_json::from_str(&row.body)
        .map_err(|error| StoreError::Corrupt(format!("event_consumer {}: {error}", row.id)))?;
    Ok(consumer.acknowledged)
}

fn last_number(row: Option<&Row>) -> Result<(i64, i64), Error> {
    let row = row.ok_or_else(|| StoreError::Corrupt("the numbering of events is gone".to_owned()))?;
    let numbering: Numbering =
        serde_json::from_str(&row.body).map_err(|error| StoreError::Corrupt(format!("guard {}: {error}", row.id)))?;
    Ok((numbering.last, row.version))
}

/// Days for which an event is kept that every consumer has acknowledged.
const ACKNOWLEDGED_DAYS: i64 = 7;
/// Days for which an event waits for its consumers.
const WAITING_DAYS: i64 = 90;

impl Work<'_> {
    /// The oldest events that nobody waits for any more.
    pub(crate) fn old_events(&mut self, limit: i64) -> Result<Vec<Row>, Stop> {
        let consumers = self.find_all(Search::of(&EVENT_CONSUMER))?;
        let mut all_have = consumers.iter().map(acknowledged).collect::<Result<Vec<_>, _>>()?;
        all_have.sort();
        let all_have = all_have.first().copied().unwrap_or_default();
        let numbered = Search::of(&EVENT)
            .filtered(Filter::Is("number", Comparison::Greater, 0.into()))
            .ordered("number", Direction::Ascending)
            .limited(limit);
        let mut old = Vec::new();
        for row in rows(self.read(vec![Read::Find(numbered)])?.into_iter().next()) {
            let event = Event::from_row(&row)?;
            let days = if event.number <= all_have { ACKNOWLEDGED_DAYS } else { WAITING_DAYS };
            if event.at.plus_days(days) > self.now {
                break;
            }
            old.push(row);
        }
        Ok(old)
    }

    /// Tells the named people, by way of the host, that something concerns them.
    pub(crate) fn notify(
        &mut self,
        kind: &str,
        record: &str,
        id: impl ToString,
        people: &[crate::actor::UserId],
        mut data: serde_json::Value,
    ) -> Result<(), Error> {
        if people.is_empty() {
            return Ok(());
        }
        if let Some(data) = data.as_object_mut() {
            data.insert("notify".to_owned(), serde_json::json!(people));
        }
        self.announce(kind, record, id, data)
    }
}
